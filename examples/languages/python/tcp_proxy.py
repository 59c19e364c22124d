#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A transparent TCP proxy with redirect records, by the numbers of include/conntrail/linux.h alone.

    tcp_proxy.py ADDRESS:PORT [--transparent]
"""
import errno
import socket
import struct
import sys
import threading

SOL_CONNTRAIL, RECORDS_SIZE, RECORDS, PIECE = 0x434E54, 16, 0x100, 1024
SO_ORIGINAL_DST, IP_TRANSPARENT = 80, 19


def destination_of(accepted, listener):
    """Where the client wanted to go: REDIRECT, TPROXY, or an emulated kernel."""
    local, peer = accepted.getsockname(), accepted.getpeername()
    is_ipv6 = accepted.family == socket.AF_INET6
    try:
        level, size = (socket.IPPROTO_IPV6, 28) if is_ipv6 else (socket.SOL_IP, 16)
        raw = accepted.getsockopt(level, SO_ORIGINAL_DST, size)
        address = socket.inet_ntop(accepted.family, raw[8:24] if is_ipv6 else raw[4:8])
        found = (address, *struct.unpack_from("!H", raw, 2), *local[2:])
    except FileNotFoundError:  # ENOENT: connection tracking does not know it
        found = local
    if found[:2] not in (local[:2], peer[:2]):
        return found
    if accepted.getsockopt(socket.SOL_IP, IP_TRANSPARENT) and local[1] != listener.getsockname()[1]:
        return local
    raise ValueError("the connection was not redirected")


def transfer_records(accepted, outbound):
    """Before connect. A real Linux has no redirect records, and nothing to transfer."""
    try:
        size, = struct.unpack("I", accepted.getsockopt(SOL_CONNTRAIL, RECORDS_SIZE, 4))
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENOPROTOOPT):
            return
        raise
    pieces = [accepted.getsockopt(SOL_CONNTRAIL, RECORDS + i, PIECE)
              for i in range((size + PIECE - 1) // PIECE)]
    outbound.setsockopt(SOL_CONNTRAIL, RECORDS, b"".join(pieces))


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(accepted, listener):
    with accepted, socket.socket(accepted.family) as outbound:
        try:
            destination = destination_of(accepted, listener)
            transfer_records(accepted, outbound)
            outbound.connect(destination)
        except (OSError, ValueError) as error:
            print("tcp_proxy.py:", error, file=sys.stderr, flush=True)
            return
        back = threading.Thread(target=pump, args=(outbound, accepted))
        back.start()
        pump(accepted, outbound)
        back.join()


def main():
    host, _, port = sys.argv[1].rpartition(":")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if "--transparent" in sys.argv:
            listener.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
        if listener.family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host.strip("[]"), int(port)))
        listener.listen()
        print("ready", *listener.getsockname()[:2], flush=True)
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=serve, args=(accepted, listener), daemon=True).start()


main()
