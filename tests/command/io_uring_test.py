# SPDX-License-Identifier: MIT
"""A connection that io_uring makes is not redirected, and told in the trail (X7). Skipped by name
where the kernel refuses io_uring."""

import os
import sys

import world

# By the kernel's own interface (linux/io_uring.h): one ring, one entry of IORING_OP_CONNECT.
CONNECT = """
import ctypes, mmap, os, socket, struct, sys
SETUP, ENTER, OP_CONNECT, OP_CLOSE, SQ_RING, CQ_RING, ENTRIES = 425, 426, 16, 19, 0, 0x8000000, 0x10000000
libc = ctypes.CDLL(None, use_errno=True)
parameters = ctypes.create_string_buffer(120)
ring = libc.syscall(SETUP, 4, parameters)
if ring < 0:
    print(os.strerror(ctypes.get_errno())); sys.exit(77)
_, sq_tail, _, _, _, _, sq_array = struct.unpack_from("7I", parameters, 40)
_, _, _, _, _, cq_entries = struct.unpack_from("6I", parameters, 80)
sq = mmap.mmap(ring, sq_array + 64, offset=SQ_RING)
cq = mmap.mmap(ring, cq_entries + 256, offset=CQ_RING)
entries = mmap.mmap(ring, 4 * 64, offset=ENTRIES)
done = 0
def submit(operation, fd, offset=0, address=0):
    global done
    struct.pack_into("BBHiQQIIQ", entries, 0, operation, 0, 0, fd, offset, address, 0, 0, 1)
    struct.pack_into("I", sq, sq_array + 4 * (done % 4), 0)
    struct.pack_into("I", sq, sq_tail, done + 1)
    assert libc.syscall(ENTER, ring, 1, 1, 1, None, 0) == 1
    result = struct.unpack_from("i", cq, cq_entries + 16 * done + 8)[0]
    done += 1
    return result
server = socket.create_server(("127.0.0.1", 0)); client = socket.socket()
to = ctypes.create_string_buffer(
    b"\\2\\0" + server.getsockname()[1].to_bytes(2, "big") + socket.inet_aton("127.0.0.1") + bytes(8), 16)
assert submit(OP_CONNECT, client.fileno(), 16, ctypes.addressof(to)) == 0
"""
ENDS = {"close": "client.close()", "exit": "server.accept()[0].detach(); server.detach(); client.detach()",
        "dup2 over it": "os.dup2(0, client.fileno())", "_exit": "os._exit(0)"}

if os.uname().machine != "x86_64":
    print("skipped: io_uring's system calls are only written for x86_64")
    sys.exit(77)
with world.World() as w:
    for what, how in ENDS.items():
        done = w.run(w.direct(), sys.executable, "-c", CONNECT + how)
        if done.returncode == 77:
            print(f"skipped: io_uring: this kernel refuses it: {done.stdout.strip()}")
            sys.exit(77)
        said = [e for e in w.events("misuse") if "io_uring" in e["misuse"]]
        world.expect(done.returncode == 0 and len(said) == 1, f"{what}: {done} {w.events()}")
    # A close by io_uring passes as well: then nothing tells. docs/conntrail-emu.md says so.
    done = w.run(w.direct(), sys.executable, "-c", CONNECT
                 + "assert submit(OP_CLOSE, client.detach()) == 0")
    world.expect(done.returncode == 0 and not w.events("misuse"), f"closed by io_uring: {done}")
world.finish()
