# SPDX-License-Identifier: MIT
"""A proxy of two processes that transfers nothing: one accepts, the other is told the address and connects. No process
and no thread continues what it accepted. The loop is named by the entries of its proxy (R7): where the second process
is a child, and a Unix socket connects them; where it is another program, and a connection leads to it; and where the first one
serves one connection, and starts the second one."""

import sys

import world

# Accepts, and asks for the destination. The child gets both, with one end of a Unix socket, and connects.
PROXY = r"""
import os, socket, sys, threading

def carry(one, other):
    try:
        while data := one.recv(65536): other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (one, other):
            try: end.shutdown(socket.SHUT_RDWR)
            except OSError: pass

def both_ways(one, other):
    threading.Thread(target=carry, args=(one, other), daemon=True).start()
    carry(other, one)

def onward(near, port, address):
    try: far = socket.create_connection((address, port), 40)
    except OSError: near.shutdown(socket.SHUT_RDWR); return
    far.settimeout(None)
    both_ways(near, far)

front, back = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if os.fork() == 0:
    front.close()
    while True:
        data, descriptors, _, _ = socket.recv_fds(back, 64, 1)
        if not data: os._exit(0)
        port, address = data.decode().split()
        near = socket.socket(fileno=descriptors[0])
        threading.Thread(target=onward, args=(near, int(port), address), daemon=True).start()
back.close()
listener = socket.create_server(("127.0.0.1", 0))
while True:
    accepted, _ = listener.accept()
    where = accepted.getsockopt(socket.SOL_IP, 80, 16)
    ours, theirs = socket.socketpair()
    text = f"{int.from_bytes(where[2:4], 'big')} {socket.inet_ntoa(where[4:8])}"
    socket.send_fds(front, [text.encode()], [theirs.fileno()])
    theirs.close()
    threading.Thread(target=both_ways, args=(accepted, ours), daemon=True).start()
"""
# Two programs. The second one, whose port the first one is given, is told the address by the first bytes.
ACCEPTS = r"""
import socket, sys, threading
def carry(one, other):
    try:
        while data := one.recv(65536): other.sendall(data)
    finally: other.shutdown(socket.SHUT_WR)
listener = socket.create_server(("127.0.0.1", 0))
while True:
    near, _ = listener.accept()
    far = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    far.sendall(near.getsockopt(socket.SOL_IP, 80, 16)[2:8])
    for pair in ((near, far), (far, near)): threading.Thread(target=carry, args=pair, daemon=True).start()
"""
CONNECTS = r"""
import socket, sys, threading
def onward(near):
    where = near.recv(6, socket.MSG_WAITALL)
    try: far = socket.create_connection((socket.inet_ntoa(where[2:]), int.from_bytes(where[:2], "big")))
    except OSError: near.close(); return
    def carry(one, other):
        while data := one.recv(65536): other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    threading.Thread(target=carry, args=(near, far), daemon=True).start()
    carry(far, near)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=onward, args=(listener.accept()[0],), daemon=True).start()
"""
# A process for each connection, which starts a program that connects; a pipe of sockets is between the two.
SPAWNS = r"""
import os, socket, subprocess, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
while True:
    near, _ = listener.accept()
    if os.fork() == 0:
        listener.close()
        ours, theirs = socket.socketpair()
        subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=theirs, stdout=theirs)
        theirs.close()
        def carry(one, other):
            try:
                while data := one.recv(65536): other.sendall(data)
            finally: other.shutdown(socket.SHUT_WR)
        threading.Thread(target=carry, args=(near, ours), daemon=True).start()
        carry(ours, near)
        os._exit(0)
    near.close()
"""
SPAWNED = f"""
import os, socket
far = socket.create_connection(("{world.WHERE}", 80))
far.sendall(os.read(0, 65536))
while data := far.recv(65536): os.write(1, data)
"""
# It listens, and starts clients of itself, each one when the one before it is accepted.
OWN_CLIENTS = f"""
import socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.settimeout(40)
client = "import socket; s = socket.create_connection(('{world.WHERE}', 80)); s.recv(1); print('well')"
clients, accepted = [], []
for _ in range(6):
    clients.append(subprocess.Popen([sys.executable, "-c", client], stdout=subprocess.PIPE, text=True))
    accepted.append(listener.accept()[0])
for a in accepted: a.sendall(b"x")
print(sum(c.communicate()[0] == "well\\n" for c in clients))
"""
MOST_ENTRIES = 10


def check(w, what, programs, front):
    path = w.scenario({
        "programs": programs,
        "services": [{"name": "acme", "redirect": [{"rule": "tcp 93.184.216.34 port 80", "to": front}]}],
        "routes": {"93.184.216.34:80": front}})
    done = w.run(path, "curl", "-sS", "-m", "100", f"http://{world.WHERE}/hello")
    world.expect(done.returncode != 0 and done.stdout == "", f"{what}: the client got an answer: {done}")
    loops = w.events("loop")
    world.expect(len(loops) >= 1 and all(e["service"] == "acme" for e in loops), f"{what}: no loop is named: {done.stderr[-500:]}")
    entries = len(w.events("redirected"))
    world.expect(0 < entries <= MOST_ENTRIES, f"{what}: {entries} entries before the loop is named")


def own_clients(w):
    """Children of the process that listens are clients, and no loop."""
    port = str(world.free_port())
    path = w.scenario({"services": [
        {"name": "acme", "redirect": [{"rule": f"tcp {world.WHERE} port 80", "to": f"127.0.0.1:{port}"}]}]})
    done = w.run(path, sys.executable, "-c", OWN_CLIENTS, port)
    world.expect(done.stdout == "6\n" and not w.events("loop"), f"clients of their parent: {done}")


world.need("curl")
with world.World() as w:
    check(w, "a child", [{"name": "split", "command": [sys.executable, "-c", PROXY]}], "split")
    port = str(world.free_port())
    check(w, "another program", [{"name": "connects", "command": [sys.executable, "-c", CONNECTS, port]},
                                 {"name": "accepts", "command": [sys.executable, "-c", ACCEPTS, port]}], "accepts")
    check(w, "a program that is started", [{"name": "spawns", "command": [sys.executable, "-c", SPAWNS, SPAWNED]}], "spawns")
    own_clients(w)
world.finish()
