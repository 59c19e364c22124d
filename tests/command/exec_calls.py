# SPDX-License-Identifier: MIT
"""Each call of libc's that starts a program, with a connection as its descriptor 0."""

import sys

import world

CALLS = ("execl", "execlp", "execle", "execv", "execve", "execvp", "execvpe", "fexecve", "execveat",
         "vfork", "posix_spawn", "posix_spawnp", "system", "popen")
ASK = f"""
import socket, sys
for _ in range(int(sys.argv[1])):
    with socket.create_connection(("{world.WHERE}", 80)) as s:
        print(s.makefile().read(), end="")
"""


def scenario(w, *command):
    return w.scenario({"programs": [{"name": "inetd", "command": list(command)}],
                       "services": [{"name": "acme", "redirect": [
                           {"rule": "tcp 93.184.216.0/24 port 80", "to": "inetd"}]}]})


def expect_answers(done, count, what):
    world.expect(done.returncode == 0 and done.stdout == f"{world.WHERE}\n" * count,
                 f"{what}: {done.stdout}{done.stderr[-2000:]}")


def expect_handed_over(w, count, what):
    """Each connection is one socket, whichever program has it; the second program is the one that asks, and
    closes it."""
    accepted, asked, closed = (w.events(kind) for kind in (
        "accepted", "original destination queried", "closed"))
    sockets = [e["socket"] for e in accepted]
    world.expect(len(sockets) == count, f"{what}: {len(sockets)} accepted")
    world.expect([e["socket"] for e in asked] == sockets, f"{what}: {sockets} asked by {asked}")
    world.expect(sorted(e["socket"] for e in closed) == sockets, f"{what}: {sockets} closed by {closed}")
    world.expect({(e["socket"], e["process"]) for e in closed} ==
                 {(e["socket"], e["process"]) for e in asked}, f"{what}: closed by {closed}")
    world.expect(not w.events("misuse"), f"{what}: {w.events('misuse')}")


def try_calls(w, program):
    for call in CALLS:
        done = w.run(scenario(w, program, call, "0"), sys.executable, "-c", ASK, "2")
        expect_answers(done, 2, call)
        expect_handed_over(w, 2, call)


def try_among_threads(w, program, rounds):
    """A search for what crosses an exec meets sockets of other threads that come and go."""
    for call in ("execv", "vfork", "posix_spawn"):
        done = w.run(scenario(w, program, call, "0", str(rounds)), sys.executable, "-c", ASK,
                     str(rounds))
        expect_answers(done, rounds, f"{call} among threads")
        expect_handed_over(w, rounds, f"{call} among threads")
        world.expect("Sanitizer" not in done.stderr, done.stderr[:6000])
