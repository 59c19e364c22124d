#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python loads conntrail's shared libraries by ctypes: libc comes first there (E7).

The product's library works, on the real kernel. An emulation is refused, and points to the command.

    ctypes_test.py FOLDER    where libconntrail.so and libconntrail-emu.so are
"""
import ctypes
import os
import socket
import sys

NOT_REDIRECTED = -20


class Module(ctypes.Structure):
    """dlfcn.h: Dl_info."""

    _fields_ = [("name", ctypes.c_char_p), ("base", ctypes.c_void_p),
                ("symbol", ctypes.c_char_p), ("address", ctypes.c_void_p)]


def module_of(function):
    """The file that a function came from, as the dynamic linker names it."""
    info = Module()
    assert ctypes.CDLL(None).dladdr(ctypes.cast(function, ctypes.c_void_p), ctypes.byref(info)) != 0
    return info.name.decode()


def expect(is_so, what):
    """Fails with what was seen."""
    if not is_so:
        sys.exit(f"ctypes_test: {what}")


def check_product(product):
    """A connection that was not redirected."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    accepted, _ = listener.accept()
    size = ctypes.c_size_t(0)
    status = product.conntrail_query_records(accepted.fileno(), None, 0, ctypes.byref(size))
    expect(status == NOT_REDIRECTED, f"the product's library answered {status}")
    for each in (client, accepted, listener):
        each.close()


def check_refusal(emulation):
    """No emulation, and why."""
    emulation.conntrail_emu_create.restype = ctypes.c_void_p
    emulation.conntrail_emu_refusal.restype = ctypes.c_char_p
    expect(emulation.conntrail_emu_create(None) is None, "it created an emulation")
    said = emulation.conntrail_emu_refusal().decode()
    libc = module_of(ctypes.CDLL(None).socket)
    wanted = (f"socket() in this process is that of {libc} and does not lead to conntrail: link the "
              "program itself with libconntrail-emu, ahead of libc; shared: with "
              "-Wl,--no-as-needed; static: without --exclude-libs. A program that loads it while it "
              "runs, as Python, node and java do, cannot be watched from within: run it under "
              "conntrail-emu")
    expect(said == wanted, f"it said: {said}")


def main():
    """For a library of this script's own, and for one that the whole process sees."""
    folder = sys.argv[1]
    product = ctypes.CDLL(os.path.join(folder, "libconntrail.so"))
    check_product(product)
    for mode in (ctypes.RTLD_LOCAL, ctypes.RTLD_GLOBAL):
        check_refusal(ctypes.CDLL(os.path.join(folder, "libconntrail-emu.so"), mode=mode))
    check_product(product)


main()
