# SPDX-License-Identifier: MIT
"""Sockets that are passed to another process in a message (SCM_RIGHTS): there it is the same socket."""

import os
import sys

import exec_calls
import world

ANSWER = """
import os, socket, subprocess, sys
def answer(fd):
    with socket.socket(fileno=fd) as s:
        s.sendall(socket.inet_ntoa(s.getsockopt(socket.SOL_IP, 80, 16)[4:8]).encode() + b"\\n")
"""
WORKER = ANSWER + """
pair = socket.socket(fileno=0)
while True:
    if len(sys.argv) > 1:
        os.close(int.from_bytes(pair.recvmsg(1, socket.CMSG_LEN(4), socket.MSG_PEEK)[1][0][2], "little"))
    _, fds, _, _ = socket.recv_fds(pair, 1, 1)
    if not fds: break
    answer(fds[0]); pair.send(b"d")
"""
SERVE = ANSWER + """
listener = socket.create_server(("127.0.0.1", 0)); here, there = socket.socketpair()
worker = [sys.executable, "-c", os.environ["WORKER"]]
def accept(): return listener.accept()[0]
"""
TO_ANOTHER = SERVE + """
subprocess.Popen(worker + sys.argv[1:], stdin=there)
while True:
    with accept() as c: socket.send_fds(here, [b"x"], [c.fileno()])
    here.recv(1)
"""
TO_ITSELF = SERVE + """
while True:
    with accept() as c:
        socket.send_fds(here, [b"x"], [0, c.fileno(), c.fileno()])
        own = socket.recv_fds(there, 1, 3)[1]
    os.close(own[1]); answer(own[2])
"""
TO_NOBODY = SERVE + """
there.close()
while True:
    c = accept()
    try: socket.send_fds(here, [b"x"], [c.fileno()])
    except BrokenPipeError: answer(c.detach())
"""


def ask(w, code, *arguments):
    return w.run(exec_calls.scenario(w, sys.executable, "-c", code, *arguments),
                 sys.executable, "-c", exec_calls.ASK, "2", env={**os.environ, "WORKER": WORKER})


with world.World() as w:
    for what, arguments in (("passed", []), ("looked at, and passed", ["peek"])):
        exec_calls.expect_answers(ask(w, TO_ANOTHER, *arguments), 2, what)
        exec_calls.expect_handed_over(w, 2, what)
    for what, server in (("to itself", TO_ITSELF), ("to nobody", TO_NOBODY)):
        exec_calls.expect_answers(ask(w, server), 2, what)
        kinds = [e["kind"] for e in w.events()]
        world.expect(kinds.count("accepted") == kinds.count("closed") == 2, f"{what}: {kinds}")
world.finish()
