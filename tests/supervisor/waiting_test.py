# SPDX-License-Identifier: MIT
"""A connect that does not stand at once: time-outs, signals and death are as without a supervisor."""

import os
import sys

import world

FULL = """
import signal, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0); signal.pause()
"""
# Its queue takes two; whatever comes then waits for an answer that does not come.
CLIENT = r"""
import errno, os, select, signal, socket, struct, sys, threading, time
there = ("93.184.216.34", 80)
def check(what, got, wanted):
    if got != wanted: print("WRONG", what, got, wanted)
def new(seconds=0, microseconds=0):
    s = socket.socket()
    if seconds or microseconds:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", seconds, microseconds))
    return s
def failure(action, *arguments):
    begin = time.monotonic()
    try: action(*arguments)
    except OSError as e: return e.errno, time.monotonic() - begin
    return 0, time.monotonic() - begin
fill = []
while True:
    s = socket.socket(); s.setblocking(False); s.connect_ex(there); fill.append(s)
    if not select.select([], [s], [], 0.2)[1]: break
    if len(fill) > 20: print("WRONG: nothing ever waits"); break
s = new(0, 300000); error, took = failure(s.connect, there)
check("SO_SNDTIMEO", (error, 0.25 < took < 20), (errno.EINPROGRESS, True))
check("getpeername meanwhile", failure(s.getpeername)[0], errno.ENOTCONN)
class Over(Exception): pass
def on_alarm(*_): raise Over
signal.signal(signal.SIGALRM, on_alarm)
s = new(); begin = time.monotonic()
try: signal.setitimer(signal.ITIMER_REAL, 0.3); s.connect(there); print("WRONG: connected")
except Over: check("a handler", time.monotonic() - begin < 20, True)
s.setblocking(False); check("again", s.connect_ex(there), errno.EALREADY)
s = new(40); begin = time.monotonic()
try: signal.setitimer(signal.ITIMER_REAL, 0.3); s.connect(there); print("WRONG: connected")
except Over: check("a handler, with a limit", time.monotonic() - begin < 20, True)
except OSError as e: print("WRONG: the limit before the signal", e)
for number in (signal.SIGTERM, signal.SIGKILL):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL); new().connect(there); os._exit(0)
    time.sleep(0.2); begin = time.monotonic(); os.kill(child, number)
    check("killed", (os.WTERMSIG(os.waitpid(child, 0)[1]), time.monotonic() - begin < 20), (number, True))
def shut_down():
    try: s.shutdown(socket.SHUT_RDWR); return True
    except OSError: time.sleep(0.05); return False  # the thread did not begin to connect yet
s = new(); t = threading.Thread(target=lambda: got.append(failure(s.connect, there)[0])); got = []
t.start(); time.sleep(0.2); check("shutdown", any(shut_down() for _ in range(400)), True); t.join(20)
check("shut down by another thread", (t.is_alive(), bool(got and got[0])), (False, True))
refused = socket.socket(); refused.setblocking(False)
check("refused", refused.connect_ex(("93.184.216.99", 80)), errno.EINPROGRESS)
select.select([], [refused], [], 20)
check("refused, later", refused.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), errno.ECONNREFUSED)
check("refused, blocking", failure(new().connect, ("93.184.216.99", 80))[0], errno.ECONNREFUSED)
names = socket.socket(); names.setblocking(False)  # which the supervisor refuses, and no server
check("port 53", names.connect_ex(("127.0.0.53", 53)), errno.EINPROGRESS)
select.select([], [names], [], 20)
check("port 53, later", names.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), errno.ECONNREFUSED)
twice = socket.socket()
check("refused", [twice.connect_ex(("93.184.216.99", 80)) for _ in range(2)], [errno.ECONNREFUSED] * 2)
print("done", flush=True)
"""

with world.World() as w:
    path = w.scenario({
        "programs": [{"name": "full", "command": [sys.executable, "-c", FULL]}],
        "services": [{"name": "acme", "redirect": [
            {"rule": "tcp 93.184.216.34 port 80", "to": "full"},
            {"rule": "tcp 93.184.216.99 port 80", "to": f"127.0.0.1:{world.free_port()}"}]}]})
    done = w.run(path, sys.executable, "-c", CLIENT)
    world.expect(done.stdout == "done\n", f"waiting: {done.stdout} {done.stderr[-1500:]}")
world.finish()
