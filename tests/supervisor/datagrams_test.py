# SPDX-License-Identifier: MIT
"""UDP of any program: the sender that it sees, every kind of call, waiting, and signals."""

import os
import sys

import world

ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", %d))
keep = socket.create_server(("127.0.0.1", 0))  # which is waited for
while True:
    d, a = s.recvfrom(70000); s.sendto(d, a)
"""
CLIENT = r"""
import select, signal, socket, struct, threading, time
there = ("192.0.2.7", 7)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def check(what, got, wanted):
    if got != wanted: print("WRONG", what, got, wanted)
s.sendto(b"one", there); check("recvfrom", s.recvfrom(100), (b"one", there))
s.sendmsg([b"t", b"wo"], [], 0, there)
d, c, f, a = s.recvmsg(100, 1000); check("recvmsg", (d, a), (b"two", there))
s.sendto(b"peeked", there)
check("peek", s.recvfrom(100, socket.MSG_PEEK), (b"peeked", there))
check("after peek", s.recvfrom(3), (b"pee", there))
s.sendto(b"0123456789", there)
d, c, f, a = s.recvmsg(4, 0, socket.MSG_TRUNC)
check("trunc", (d, f & socket.MSG_TRUNC, a), (b"0123", socket.MSG_TRUNC, there))
s.sendto(b"scatter", there); p, q = bytearray(3), bytearray(10)
n, c, f, a = s.recvmsg_into([p, q]); check("scatter", (n, bytes(p), bytes(q[:4]), a), (7, b"sca", b"tter", there))
s.sendmsg([b"p"] * 1024, [], 0, there); pieces = [bytearray(1) for _ in range(1024)]
n, c, f, a = s.recvmsg_into(pieces); check("most pieces", (n, b"".join(pieces), a), (1024, b"p" * 1024, there))
s.sendto(b"x" * 65507, there); check("largest", len(s.recvfrom(70000)[0]), 65507)
try: s.sendto(b"x" * 65508, there); print("WRONG: too long passed")
except OSError as e: check("too long", e.errno, 90)
s.settimeout(0.2); begin = time.monotonic()
try: s.recvfrom(10); print("WRONG: nothing came, yet")
except TimeoutError: pass
s.setblocking(True); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 300000))
begin = time.monotonic()
try: s.recvfrom(10); print("WRONG: nothing came, yet")
except BlockingIOError: check("SO_RCVTIMEO", 0.25 < time.monotonic() - begin < 20, True)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 0))
def later():
    time.sleep(0.1); s.sendto(b"late", there)
t = threading.Thread(target=later); t.start(); check("waits", s.recvfrom(10), (b"late", there)); t.join()
class Over(Exception): pass
def on_alarm(*_): raise Over
signal.signal(signal.SIGALRM, on_alarm)
try: signal.setitimer(signal.ITIMER_REAL, 0.2); s.recvfrom(10); print("WRONG: no signal")
except Over: pass
s.setsockopt(socket.IPPROTO_IP, 8, 1); s.sendto(b"info", there)
d, c, f, a = s.recvmsg(100, 1000); check("pktinfo", (d, a, [(l, t) for l, t, _ in c]), (b"info", there, [(0, 8)]))
k = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); k.connect(there)
check("getpeername", k.getpeername(), there)
k.send(b"connected"); check("recv", k.recv(100), b"connected")
k.send(b"from"); check("recvfrom connected", k.recvfrom(100), (b"from", there))
m = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); m.sendto(b"six", ("::ffff:192.0.2.7", 7))
check("mapped", m.recvfrom(100)[1][:2], ("::ffff:192.0.2.7", 7))
o = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try: o.sendto(b"out", ("198.51.100.9", 9)); print("WRONG: sent to nowhere")
except OSError as e: check("no route", e.errno, 101)
try: o.connect(("198.51.100.9", 9)); print("WRONG: connected to nowhere")
except OSError as e: check("no route", e.errno, 101)
for port in (53,):
    try: o.sendto(b"name", ("127.0.0.53", port)); print("WRONG: asked for a name")
    except OSError as e: check("port 53", e.errno, 111)
print("done")
"""
BATCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "batch.c")


def scenario(w):
    port = world.free_port(world.socket.SOCK_DGRAM)
    return w.scenario({
        "programs": [{"name": "echo", "command": [sys.executable, "-c", ECHO % port]}],
        "services": [{"name": "acme", "redirect": [
            {"rule": "udp 192.0.2.7 port 7", "to": f"127.0.0.1:{port}"}]}]})


def batch(w, name, *flags):
    path = os.path.join(w.folder, name)
    built = world.subprocess.run(["cc", "-D_GNU_SOURCE", *flags, BATCH, "-o", path],
                                 capture_output=True, check=False)
    if built.returncode != 0:
        print(f"not checked: {name}: cc makes none here")
        return
    done = w.run(scenario(w), path)
    world.expect(done.stdout == "4 sent, 4 came\n", f"{name}: {done}")


# At any port, and one of its own that it says; it listens nowhere. The first asks names by another socket before.
UDP_ONLY = """
import socket, sys
asks = socket.socket(type=socket.SOCK_DGRAM)
s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", int(sys.argv[1])))
while True:
    d, a = s.recvfrom(100); s.sendto(sys.argv[2].encode() + d, a)
"""
# TCP comes late, after UDP sockets that nothing is sent to.
BOTH = """
import socket
s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0))
unused = socket.socket(type=socket.SOCK_DGRAM); unused.bind(("127.0.0.1", 0))
listener = socket.create_server(("127.0.0.1", 0))
while True:
    a, _ = listener.accept(); a.sendall(b"tcp"); a.close()
"""
ASK = """
import socket
s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(100)
for port in (7, 8, 9): s.sendto(b"?", ("192.0.2.7", port)); print(s.recv(100).decode(), end=" ", flush=True)
print(socket.create_connection(("192.0.2.7", 80)).recv(10).decode())
"""


def listens_for_datagrams(w):
    """A program that has UDP sockets only counts as listening, and is reached where it is; one that TCP comes to does
    not before it listens."""
    def program(name, code, *more):
        return {"name": name, "command": [sys.executable, "-c", code, *more]}
    done = w.run(w.scenario({
        "programs": [program("any", UDP_ONLY, "0", "any"),
                     program("own", UDP_ONLY, str(world.free_port(world.socket.SOCK_DGRAM)), "own"),
                     program("routed", UDP_ONLY, "0", "routed"), program("unused", UDP_ONLY, "0", "unused"),
                     program("both", BOTH)],
        "services": [{"name": "acme", "redirect": [
            {"rule": "udp 192.0.2.0/24 port 7", "to": "any"}, {"rule": "udp 192.0.2.0/24 port 8", "to": "own"},
            {"rule": "udp 192.0.2.0/24 port 9", "to": "any"}, {"rule": "tcp 192.0.2.0/24 port 80", "to": "both"}]}]}),
                 sys.executable, "-c", ASK)
    world.expect(done.stdout == "any? own? any? tcp\n", f"UDP only: {done.stdout} {done.stderr[-900:]}")
    one = ASK.replace("(7, 8, 9)", "(7,)").partition("print(socket")[0]
    done = w.run(w.scenario({
        "programs": [program("routed", UDP_ONLY, "0", "routed")],
        "services": [{"name": "acme", "redirect": [{"rule": "udp 192.0.2.1 port 7", "to": "routed"}]}],
        "routes": {"192.0.2.7:7": "routed"}}), sys.executable, "-c", one)
    world.expect(done.stdout == "routed? ", f"a route: {done.stdout} {done.stderr[-900:]}")


with world.World() as w:
    done = w.run(scenario(w), sys.executable, "-c", CLIENT)
    world.expect(done.returncode == 0 and done.stdout == "done\n", f"calls: {done.stdout} {done.stderr[-1500:]}")
    world.expect(len(w.events("refused")) >= 1, "nothing says that a datagram was refused")
    batch(w, "batch")
    batch(w, "batch-static", "-static")
    batch(w, "batch-i386", "-m32")
    listens_for_datagrams(w)
world.finish()
