# SPDX-License-Identifier: MIT
"""Client ports that are used again at once: each connection has an accepted end of its own in the trail.

In a network namespace of its own, where there are few ports and no TIME_WAIT."""

import collections
import subprocess
import sys

import world

CONNECTIONS = 1500
FEW = {"ip_local_port_range": "40000 40015", "tcp_max_tw_buckets": "0"}
# Server and client end connections in turn, by a reset: nothing is left of one. The server asks about every third.
PARTY = """
import socket, struct, sys
def reset(s): s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
def await_reset(s):
    try: s.recv(1)
    except ConnectionResetError: pass
"""
SERVER = PARTY + """
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
for i in range(1 << 30):
    with listener.accept()[0] as s:
        s.recv(1)
        if i % 3 == 0: s.getsockopt(socket.SOL_IP, 80, 16)
        s.send(b"y")
        if i % 2: reset(s)
        else: await_reset(s)
"""
CLIENT = PARTY + f"""
ports = set()
for i in range({CONNECTIONS}):
    with socket.create_connection(("{world.WHERE}", 80)) as s:
        ports.add(s.getsockname()[1])
        s.send(b"x")
        s.recv(1)
        if i % 2: await_reset(s)
        else: reset(s)
print(len(ports))
"""


def inside():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, value in FEW.items():
        with open("/proc/sys/net/ipv4/" + name, "w", encoding="ascii") as file:
            file.write(value)
    with world.World() as w:
        done = w.run(w.scenario({
            "programs": [{"name": "server", "command": [sys.executable, "-c", SERVER, str(world.free_port())]}],
            "services": [{"name": "acme", "redirect": [{"rule": "tcp 93.184.216.0/24 port 80", "to": "server"}]}]}),
            sys.executable, "-c", CLIENT)
        world.expect(done.returncode == 0 and 0 < int(done.stdout) <= 16, f"{done.returncode} {done.stderr[-900:]}")
        kinds = collections.Counter(e["kind"] for e in w.events())
        origins = {e["from"] for e in w.events("accepted")}
        world.expect(kinds["accepted"] == len(origins) == kinds["redirected"] == CONNECTIONS, f"{kinds} {len(origins)}")
        world.expect(kinds["closed"] == CONNECTIONS, f"{kinds}")
    world.finish()


world.in_a_namespace(inside)
