# SPDX-License-Identifier: MIT
"""No packet of a supervised program reaches a real address, whatever the program tries (E8).

In a network namespace of its own, with an address where a server waits that must hear nothing."""

import os
import socket
import subprocess

import world

ESCAPES = os.path.join(world.BUILD, "tests/supervisor/escapes")
REAL = "10.77.77.1"


class Server:
    """Hears TCP and UDP at the real address, at one port, and UDP at port 53."""

    def __init__(self):
        self.tcp = socket.create_server((REAL, 0), backlog=1000)
        self.port = self.tcp.getsockname()[1]
        self.datagrams = []
        for kind, where in ((0, (REAL, self.port)), (0, (REAL, 53)), (136, (REAL, self.port)), (0, ("127.0.0.53", 53))):
            try:
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, kind)
                s.bind(where)
                s.setblocking(False)
                self.datagrams.append(s)
            except OSError as e:
                print(f"not checked: protocol {kind}: {e}")
        self.tcp.setblocking(False)

    def heard(self):
        found = []
        for what in [self.tcp] + self.datagrams:
            try:
                while True:
                    if what is self.tcp:
                        what.accept()[0].close()
                        found.append("tcp")
                    else:
                        what.recv(100)
                        found.append("udp")
            except BlockingIOError:
                pass
        return found


def inside():
    for words in ("link set lo up", f"addr add {REAL}/32 dev lo"):
        subprocess.run(["ip", *words.split()], check=True)
    server = Server()
    bare = subprocess.run([ESCAPES, REAL, str(server.port)], stdout=subprocess.PIPE, text=True,
                          check=False, timeout=world.PATIENCE)
    world.expect(len(server.heard()) > 10, f"the server hears nobody at all: {bare.stdout}")
    with world.World() as w:
        done = w.run(w.scenario({}), ESCAPES, REAL, str(server.port))
        heard = server.heard()
        world.expect(not heard, f"the real address heard {len(heard)} times: {heard[:5]}")
        lines = done.stdout.splitlines()
        world.expect(len(lines) >= 30, f"{len(lines)} ways were tried: {done}")
        for line in lines:
            world.expect("SUCCEEDED" not in line, line)
        world.expect(len(w.events("refused")) > 10, "the trail tells of hardly a refusal")
        world.expect("raw socket" in done.stderr, f"nothing names the raw socket: {done.stderr[-500:]}")
    world.finish()


world.in_a_namespace(inside)
