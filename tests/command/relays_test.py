# SPDX-License-Identifier: MIT
"""UDP flows that have a relay socket, whose client and proxy are two processes: M7 and M9."""

import sys

import world

# Answers its clients, in the order given: how many it waits for, and from which on.
ECHO = """
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", int(sys.argv[1])))
socket.create_server(("127.0.0.1", 0))
heard = []
while True:
    heard.append(s.recvfrom(2000))
    if len(heard) == int(sys.argv[2]):
        for text, peer in reversed(heard):
            said = b"%d" % len(os.listdir("/proc/self/fd")) if text[:1] == b"?" else text.upper()
            s.sendto(said, peer)
        heard = []
"""
# One socket, several destinations, twice; a child of fork goes on with the same socket.
ASK = """
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(100)
hosts = ["192.0.2.%d" % n for n in range(53, 53 + int(sys.argv[1]))]
def ask(text):
    for host in hosts:
        s.sendto(text + host.encode(), (host, 53))
    answers = [s.recvfrom(2000) for _ in hosts]
    return sorted(a[0] + " " + t.decode() for t, a in answers)
print(ask(b"a "), ask(b"b "), flush=True)
if os.fork() == 0:
    os.close(2)  # the child's descriptors are its own
    extra = [open("/dev/null") for _ in range(3)]
    print(ask(b"c "), flush=True)
    os._exit(0)
os.wait()
print(ask(b"d "))
"""
# Descriptors of the proxy and of the command, which is the parent, before and after many flows.
COUNT = """
import os, socket, time
def ask(text, hosts=("192.0.2.53", "192.0.2.54")):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(100)
        for host in hosts:
            s.sendto(text, (host, 53))
        return [s.recv(2000) for _ in hosts]
def count():
    return max(map(int, ask(b"?"))), len(os.listdir("/proc/%d/fd" % os.getppid()))
ask(b"first")
before = count()
for _ in range(100):
    ask(b"more")
after = count()
for _ in range(100):  # a supervisor learns of the end of a UDP socket when the kernel frees it
    if after[1] <= before[1] + 2: break
    time.sleep(0.05); after = after[0], len(os.listdir("/proc/%d/fd" % os.getppid()))
print(all(b <= a + 2 for a, b in zip(before, after)), before, after)
"""


def scenario_of(w, count):
    port = world.free_port(world.socket.SOCK_DGRAM)
    return w.scenario({
        "programs": [{"name": "echo", "command": [sys.executable, "-c", ECHO, str(port), str(count)]}],
        "services": [{"name": "acme", "redirect": [
            {"rule": "udp 192.0.2.0/24 port 53", "to": f"127.0.0.1:{port}"}]}]})


def answers(count, text):
    hosts = [f"192.0.2.{n}" for n in range(53, 53 + count)]
    return str(sorted(f"{host} {text.upper()} {host}" for host in hosts))


with world.World() as w:
    done = w.run(scenario_of(w, 2), sys.executable, "-c", COUNT)
    world.expect(done.stdout.startswith("True "), f"descriptors: {done.stdout} {done.stderr}")
    world.expect(len(w.events("redirected")) == 206, "not a flow for each destination")
    for count in (2, 5):
        done = w.run(scenario_of(w, count), sys.executable, "-c", ASK, str(count))
        wanted = (f"{answers(count, 'a')} {answers(count, 'b')}\n{answers(count, 'c')}\n"
                  f"{answers(count, 'd')}\n")
        world.expect(done.returncode == 0 and done.stdout == wanted,
                     f"{count} destinations: {done.stdout!r}, not {wanted!r}; {done.stderr}")
        world.expect(len(w.events("redirected")) == count, "not a flow for each destination")
world.finish()
