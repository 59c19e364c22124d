# SPDX-License-Identifier: MIT
"""Each call of conntrail-emu that can fail, an allocation or a call of the system, fails once while it supervises two
proxies and torture_victim (victim.c): `supervisor_test.py BUILD_FOLDER [--all | NTH...]`.

In a network namespace of its own, with an address where a server waits that must hear nothing. Expected of each run:

- conntrail-emu ends by itself within the time limit, without a signal, and leaves no process behind;
- it ends with 125 and a sentence, where the call was one of its start; else
- each step of the program works or fails by name (NAMES, or a proxy's SENTENCES), at most one step fails, and the same
  steps work afterwards;
- the server has heard nothing; the supervisor has used little processor time, and holds no descriptor more.

A call by which conntrail-emu answers a program is not failed: the kernel refuses it only for a program that ended."""

import errno
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading

import world

EMU = os.path.join(world.BUILD, "tests/torture/torture_emu")
VICTIM = os.path.join(world.BUILD, "tests/torture/torture_victim")
REAL = "10.77.77.1"
STATE = struct.Struct("=I32s4I32s4x10Q")
TALLY = struct.Struct("=I32s")
SIZE, NAMES_KEPT = 8192, 96
LIMIT = 60
OFTEN = 20
# What a program may get where conntrail-emu lacks something, or cannot ask the kernel for it.
NAMES = {errno.ENOMEM, errno.ENOBUFS, errno.EMFILE, errno.ENETDOWN}
# The same as a proxy says it. It then closes its client's connection.
SENTENCES = re.compile(r"minimal_proxy: .*(not enough memory|network subsystem failed|Cannot allocate memory|"
                       r"No buffer space|Too many open files|Network is down)")
BY_PROXY = {"closed", str(errno.ECONNRESET), str(errno.EPIPE)}
STEPS = ("tcp", "udp", "passed", "executed", "real")


class Heard:
    """A server that nobody may reach."""

    def __init__(self):
        self.tcp = socket.create_server((REAL, 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((REAL, self.port))
        for one in (self.tcp, self.udp):
            one.setblocking(False)

    def anything(self):
        try:
            self.tcp.accept()[0].close()
            return "tcp"
        except BlockingIOError:
            pass
        try:
            self.udp.recv(100)
            return "udp"
        except BlockingIOError:
            return None


def echo_tcp(server):
    def serve(connection):
        with connection:
            while data := connection.recv(100):
                connection.sendall(data)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


def echo_udp(server):
    while True:
        data, peer = server.recvfrom(100)
        server.sendto(data, peer)


def echoes():
    """Where the scenario's destinations really are: not supervised."""
    tcp = socket.create_server(("127.0.0.1", 0), backlog=100)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    for target, server in ((echo_tcp, tcp), (echo_udp, udp)):
        threading.Thread(target=target, args=(server,), daemon=True).start()
    return tcp.getsockname()[1], udp.getsockname()[1]


def scenario(w):
    tcp, udp = echoes()
    rule = {"rule": "tcp 93.184.216.0/24 port 80"}
    return w.scenario({
        "programs": [{"name": f"{name}-proxy", "command": [world.PROXY, "127.0.0.1"]} for name in ("acme", "bravo")],
        "services": [
            {"name": "acme", "redirect": [{**rule, "to": "acme-proxy"},
                                          {"rule": "udp 192.0.2.0/24 port 7", "to": f"127.0.0.1:{udp}"}]},
            {"name": "bravo", "redirect": [{**rule, "to": "bravo-proxy"}]}],
        "routes": {f"{world.WHERE}:80": f"127.0.0.1:{tcp}"}})


class Run:
    """One run, with the n-th call failing, or the n-th of a name; 0: none."""

    def __init__(self, w, path, heard, nth, only=""):
        self.path = os.path.join(w.folder, "state")
        with open(self.path, "wb") as file:
            file.write(struct.pack("=I32s", nth, only.encode()).ljust(SIZE, b"\0"))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.process = subprocess.Popen(
            [EMU, "run", "--fail-on", "none", "--trail", w.trail, path, "--", VICTIM, REAL, str(heard.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            env={**os.environ, "CONNTRAIL_TORTURE": self.path}, start_new_session=True)
        self.is_late = False
        try:
            self.out, self.err = self.process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.is_late = True
            os.killpg(self.process.pid, signal.SIGKILL)
            self.out, self.err = self.process.communicate()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.code = self.process.returncode
        with open(self.path, "rb") as file:
            _, _, self.calls, self.has_failed, _, size, name, *stack = STATE.unpack(file.read(STATE.size))
            tallies = [TALLY.unpack(file.read(TALLY.size)) for _ in range(NAMES_KEPT)]
        self.tallies = {one.rstrip(b"\0").decode(): calls for calls, one in tallies if calls}
        self.name = name.rstrip(b"\0").decode()
        self.stack = stack[:size]
        self.steps = dict(line.rsplit(" ", 1) for line in self.out.splitlines())
        self.descriptors = int(self.steps.pop("descriptors", 0))

    def failed_steps(self):
        return [step for step, result in self.steps.items() if result != "ok"]


def all_steps():
    return {prefix + step for prefix in ("", "again ") for step in STEPS}


def judge_steps(run):
    failed = run.failed_steps()
    if set(run.steps) != all_steps():
        return f"the program did not end: {run.steps}"
    if len(failed) > 1:
        return f"more than one step failed: {run.steps}"
    if not failed:
        return None
    result = run.steps[failed[0]]
    is_named = (SENTENCES.search(run.err) if result in BY_PROXY else
                result.isdigit() and int(result) in NAMES)
    return None if is_named else f"no error by name: {failed[0]} {result}"


def judge(run, heard, usual):
    """What is wrong with the run, or None."""
    reached = heard.anything()
    if reached:
        return f"the real address heard {reached}"
    if run.is_late:
        return f"it did not end: {run.steps}"
    if run.code < 0 or run.code in (137, 139, 134):
        return f"ended by a signal: {run.code}"
    if "\ufffd" in run.err:
        return "it says what is no text"
    if run.code == 125:
        return None if "conntrail-emu: " in run.err else "exit code 125 without a sentence"
    if run.seconds > usual.seconds + 5:
        return f"{run.seconds:.1f} s of processor time"
    wrong = judge_steps(run)
    if wrong is None and run.descriptors > usual.descriptors:
        wrong = f"{run.descriptors} descriptors more, not {usual.descriptors}"
    return wrong


def chosen(usual):
    """Pairs of a number and a name."""
    words = [word for word in sys.argv[2:] if word != "--all"]
    if words:
        return [(int(word), "") for word in words]
    if "--all" in sys.argv:
        return [(nth, "") for nth in range(1, usual.calls + 1)]
    # One call of each name: the first, at the start; one from the middle, of what is called again and again.
    return [(calls // 2 if calls > OFTEN else 1, name) for name, calls in sorted(usual.tallies.items())]


def inside():
    for words in ("link set lo up", f"addr add {REAL}/32 dev lo"):
        subprocess.run(["ip", *words.split()], check=True)
    heard = Heard()
    count = {"said at start": 0, "a step failed by name": 0, "all worked": 0}
    with world.World() as w:
        path = scenario(w)
        usual = Run(w, path, heard, 0)
        world.expect(usual.code == 0 and not usual.failed_steps() and set(usual.steps) == all_steps() and
                     heard.anything() is None, f"it fails without a fault: {usual.code} {usual.out} {usual.err}")
        # What the supervisor holds for a moment is not the same in each run.
        usual.descriptors = max([usual.descriptors] + [Run(w, path, heard, 0).descriptors for _ in range(4)])
        for nth, only in chosen(usual):
            run = Run(w, path, heard, nth, only)
            wrong = judge(run, heard, usual)
            world.expect(wrong is None, f"call {nth}, {run.name}: {wrong}; exit code {run.code}\n   stack "
                         + " ".join(f"+{address:#x}" for address in run.stack) + f"\n   {run.err[-400:]!r}")
            world.expect(world.is_gone(w.folder), f"call {nth}, {run.name}: it left a process")
            if wrong is None:
                count["said at start" if run.code == 125 else
                      "a step failed by name" if run.failed_steps() else "all worked"] += 1
    print(f"torture: {usual.calls} calls, {count}")
    world.finish()


world.in_a_namespace(inside, seconds=None)  # of all calls: as long as it takes
