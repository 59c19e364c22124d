# SPDX-License-Identifier: MIT
"""A proxy whose work moves from thread to thread, as Go's does: one thread accepts and asks, another sets the records
and connects. What the asking thread connects for reasons of its own is never taken for a loop (R7). A proxy that
forgets the records is named by its entries."""

import sys

import world

# One thread accepts, asks and looks after its upstream's health; another connects. With "forget" no records are set.
PROXY = r"""
import queue, socket, struct, sys, threading

LEVEL, RECORDS_SIZE, RECORDS = 0x434E54, 16, 0x100
FORGETS = sys.argv[1:] == ["forget"]
work, done = queue.Queue(), queue.Queue()

def carry(one, other):
    try:
        while data := one.recv(65536): other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (one, other):
            try: end.shutdown(socket.SHUT_RDWR)
            except OSError: pass

def connect_onward():
    while True:
        accepted, records, where = work.get()
        outbound = socket.socket()
        try:
            if not FORGETS: outbound.setsockopt(LEVEL, RECORDS, records)
            outbound.connect(where)
            for pair in ((accepted, outbound), (outbound, accepted)):
                threading.Thread(target=carry, args=pair, daemon=True).start()
        except OSError:
            accepted.shutdown(socket.SHUT_RDWR)
        done.put(None)

def look_at_upstream(where):
    with socket.socket() as health:
        health.connect(where)
        listener.accept()[0].close()  # redirected, as any connection without records

def ask(accepted):
    size, = struct.unpack("I", accepted.getsockopt(LEVEL, RECORDS_SIZE, 4))
    raw = accepted.getsockopt(socket.SOL_IP, 80, 16)
    where = (socket.inet_ntoa(raw[4:8]), int.from_bytes(raw[2:4], "big"))
    return accepted.getsockopt(LEVEL, RECORDS, 1024)[:size], where

# After the first connection it looks at its upstream, while a connection waits that it asked about, or did not yet.
def serve():
    where, count = None, 0
    while True:
        accepted, _ = listener.accept()
        count += 1
        if count == 3 and not FORGETS: look_at_upstream(where)
        records, where = ask(accepted)
        if count == 2 and not FORGETS: look_at_upstream(where)
        work.put((accepted, records, where))
        if not FORGETS: done.get()

listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=connect_onward, daemon=True).start()
serve()
"""
MOST_ENTRIES = 11


def scenario(w, *arguments):
    return w.scenario({
        "programs": [{"name": "migrating", "command": [sys.executable, "-c", PROXY, *arguments]}, w.origin()],
        "services": [{"name": "acme", "redirect": [{"rule": "tcp 93.184.216.34 port 80", "to": "migrating"}]}],
        "routes": {"93.184.216.34:80": "origin"}})


world.need("curl")
ADDRESS = f"http://{world.WHERE}/hello"
FETCH = f"curl -sS --fail -m 100 {ADDRESS} && curl -sS --fail -m 100 {ADDRESS} && curl -sS --fail -m 100 {ADDRESS}"
with world.World() as w:
    done = w.run(scenario(w), "sh", "-c", FETCH)
    world.expect(done.stdout == "hello-world\n" * 3, f"not every client got the page: {done}")
    world.expect(w.events("loop") == [], f"what the asking thread connects is no loop: {w.events('loop')}")
    world.expect(len(w.events("delivered")) == 3, f"delivered: {w.events('delivered')}")
    world.expect(len(w.events("redirected")) == 5, "three clients and two looks at the upstream are redirected")
    world.expect(w.events("misuse") == [], f"misuse: {w.events('misuse')}")

    done = w.run(scenario(w, "forget"), "curl", "-sS", "-m", "100", ADDRESS)
    world.expect(done.returncode != 0 and done.stdout == "", f"the client got an answer: {done}")
    loops = w.events("loop")
    world.expect(len(loops) >= 1 and all(e["service"] == "acme" for e in loops), f"no loop is named: {done.stderr}")
    entries = len(w.events("redirected"))
    world.expect(1 < entries <= MOST_ENTRIES, f"{entries} entries before the loop is named")
world.finish()
