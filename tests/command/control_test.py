# SPDX-License-Identifier: MIT
"""--control: a socket by which tests change and read a run, whatever its other clients do."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time

import world

URL = f"http://{world.WHERE}/hello"
CURL = ["curl", "-sS", "-m", "100", URL]


class Client:
    """A connection, line by line."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)  # waits where many come at once
        self.socket.settimeout(world.PATIENCE)
        self.read = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.read.close()
        self.socket.close()

    def send(self, line):
        self.socket.sendall(line)

    def answer(self):
        line = self.read.readline()
        return json.loads(line) if line else None

    def is_ended(self):
        """What it did not read any more is no end in good order."""
        try:
            return self.read.read() == b""
        except ConnectionResetError:
            return True

    def raw(self, line):
        self.send(line + b"\n")
        return self.answer()

    def ask(self, do, **more):
        return self.raw(json.dumps({"do": do, **more}, separators=(",", ":")).encode())


class Service:
    """conntrail-emu serve --control."""

    def __init__(self, w, scenario, **options):
        self.path = os.path.join(w.folder, "control")
        self.running = subprocess.Popen(
            [world.COMMAND, "serve", "--quiet", "--fail-on", "none", "--trail", w.trail, "--control", self.path,
             scenario], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.socket = self.running.stdout.readline().strip().partition("=")[2]
        line = self.running.stdout.readline()
        world.expect(line == f"CONNTRAIL_EMU_CONTROL={self.path}\n", f"serve said {line!r}")

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        if self.running.poll() is None:
            self.running.terminate()
        said = self.running.communicate(timeout=world.PATIENCE)[1]
        world.expect("Sanitizer" not in said, said)
        world.expect(not os.path.exists(self.path), "the socket is left")

    def client(self):
        return Client(self.path)

    def connections(self):
        """Those that the supervisor has at its control socket."""
        with open("/proc/net/unix", encoding="utf-8") as file:
            lines = [line.split() for line in file]
        return sum(words[5:6] == ["03"] and words[7:] == [self.path] for words in lines)

    def attach(self, *command):
        return subprocess.run([world.COMMAND, "attach", self.socket, "--", *command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=world.PATIENCE, check=False)


def changed_by_requests(c):
    """The counts without what is told late: that a program's socket is closed."""
    counts = c.ask("counts")
    counts["events"].pop("closed")
    return counts


def refused(answer, wanted, about):
    world.expect(answer == {"ok": False, "error": wanted}, f"{about}: {answer}")


# ---- What each request does ----------------------------------------------------------------------


def reports(w, s):
    with s.client() as c:
        hello = c.ask("hello", id=7)
        world.expect(hello.pop("version") and hello == {
            "ok": True, "control": 1, "socket": s.socket, "programs": ["origin"], "id": 7}, f"hello: {hello}")
        world.expect(s.attach(*CURL).stdout == "hello-world\n", "curl")
        counts = c.ask("counts", id="text")
        world.expect(counts["id"] == "text" and counts["connections"] == 1 and counts["delivered"] == 0 and
                     counts["undelivered"] == 1 and counts["lost_events"] == 0, f"counts: {counts}")
        world.expect(counts["services"] == {"acme": {"redirected": 1, "permitted": 0, "exempted": 0, "blocked": 0,
                                                     "loop": 0}}, f"services: {counts['services']}")
        world.expect(len(counts["events"]) == 24 and counts["events"]["accepted"] == 1 and
                     counts["events"]["records set"] == 0, f"events: {counts['events']}")
        world.expect(len(counts["misuse"]) == 13 and not any(counts["misuse"].values()), f"misuse: {counts}")
        world.expect(counts["unreached"] == [{"destination": f"{world.WHERE}:80", "connections": 1,
                                              "entered": {"acme": 1}}], f"unreached: {counts['unreached']}")
        world.expect(counts["summary"].startswith("1 TCP connection, 0 delivered\n  acme: redirected 1\n"),
                     f"summary: {counts['summary']!r}")
        closed = c.ask("wait", kind="closed")  # told some time after curl's end
        world.expect(closed["ok"], f"curl's socket: {closed}")
        first = c.ask("trail", most=1)
        rest = c.ask("trail", after=1)
        world.expect(first["more"] and [e["number"] for e in first["events"]] == [1] and not rest["more"] and
                     [e["number"] for e in rest["events"]] == [2, 3, 4], f"trail: {first} {rest}")
        world.expect(world.wait_for(lambda: first["events"] + rest["events"] == w.events()), "the trail is the file's")
        met = c.ask("expect", expect={"redirected": {"acme": 1}, "connecting": 1})
        world.expect(met == {"ok": True, "met": True, "failed": []}, f"expect: {met}")
        unmet = c.ask("expect", expect={"redirected": 2, "delivered": 0, "blocked": {"acme": 1}})
        world.expect(unmet == {"ok": True, "met": False, "failed": [
            {"name": "redirected", "wanted": "2", "got": "1"},
            {"name": "blocked by acme", "wanted": "1", "got": "0"}]}, f"expect: {unmet}")


def waits(s):
    with s.client() as c, s.client() as other:
        c.ask("reset")
        now = time.monotonic()
        refused(c.ask("wait", kind="accepted", seconds=1), 'waited 1 s for 1 "accepted" that fit: 0 came', "no event")
        world.expect(0.9 <= time.monotonic() - now < 30, "the limit")
        c.send(b'{"do":"wait","kind":"redirected","service":"acme","program":"curl","count":2,"id":1}\n')
        c.send(b'{"do":"hello"}\n')
        s.attach(*CURL)
        world.expect(other.ask("hello")["ok"], "another client is served while one waits")
        world.expect(other.ask("wait", kind="closed")["ok"], "the first one's end is told before the second begins")
        s.attach(*CURL)
        event = c.answer()
        world.expect(event["id"] == 1 and event["event"]["kind"] == "redirected" and event["event"]["number"] == 6 and
                     event["event"]["destination"] == f"{world.WHERE}:80", f"the second: {event}")
        world.expect(c.answer()["control"] == 1, "what came behind a wait is answered behind it")
        past = c.ask("wait", kind="redirected", destination=f"{world.WHERE}:80")
        world.expect(past["event"]["number"] == 2, f"what has happened already: {past}")
        past = c.ask("wait", kind="redirected", after=2)
        world.expect(past["event"]["number"] == 6, f"after: {past}")
        refused(c.ask("wait", kind="redirected", after=6, seconds=1),
                'waited 1 s for 1 "redirected" that fit: 0 came', "after the last")
        for name, value in (("program", "wget"), ("destination", "93.184.216.35:80"), ("misuse", "OUTSIDE")):
            refused(c.ask("wait", kind="redirected", seconds=1, **{name: value}),
                    'waited 1 s for 1 "redirected" that fit: 0 came', name)
        other.send(b'{"do":"wait","kind":"loop","seconds":3600,"id":2}\n')
        other.send(b'{"do":"hello"}\n')
        world.expect(c.ask("hello")["ok"], "served")
        world.expect(c.ask("reset") == {"ok": True}, "reset")
        world.expect(other.answer() == {"ok": False, "error": "the emulation was reset by another client", "id": 2},
                     "a reset ends waits")
        world.expect(other.answer()["ok"], "and the connection goes on")


def additions(s):
    with s.client() as c:
        world.expect(c.ask("reset") == {"ok": True}, "reset")
        added = c.ask("add", services=[{"name": "bravo", "redirect": [
            {"rule": "tcp 198.51.100.0/24 port 80", "to": "origin"}], "block": ["tcp 198.51.100.0/24 port 81"]}],
                      routes={"203.0.113.1:80": "origin"},
                      faults=[{"operation": "connect", "native": 10061, "nth": 3}])
        world.expect(added == {"ok": True}, f"add: {added}")
        for host, out in (("203.0.113.1", "hello-world\n"), ("198.51.100.1", "hello-world\n"), ("198.51.100.2", "")):
            done = s.attach("curl", "-s", "-m", "100", f"http://{host}/hello")
            world.expect(done.stdout == out, f"{host}: {done}")
        met = c.ask("expect", expect={"redirected": {"bravo": 1, "acme": 0}, "delivered": 1, "fault": 1})
        world.expect(met["met"], f"what was added: {met}")
        before = changed_by_requests(c)
        refused(c.ask("add", services=[{"name": "charlie"}, {"name": "bravo"}]),
                'request:1:52: there is a redirect service "bravo" already: choose another name', "a name twice")
        refused(c.ask("add", services=[{"name": "delta"}], routes={"203.0.113.2:80": "[::1]:1"}),
                "request:1:70: the route of 203.0.113.2:80 leads to an IPv6 address, which an IPv4 socket cannot "
                "reach: serve it on 127.0.0.1", "the last part")
        world.expect(changed_by_requests(c) == before, "what is refused changes nothing")
        world.expect(c.ask("add", services=[{"name": "charlie"}, {"name": "delta"}]) == {"ok": True}, "names are free")
        world.expect(c.ask("reset") == {"ok": True}, "reset")
        counts = c.ask("counts")
        world.expect(list(counts["services"]) == ["acme"] and counts["connections"] == 0 and
                     not any(counts["events"].values()) and counts["summary"] == "", f"after a reset: {counts}")
        done = s.attach("curl", "-s", "-m", "100", "http://203.0.113.1/hello")
        world.expect(done.returncode == 7, f"the route is gone: {done}")
        world.expect(s.attach(*CURL).stdout == "hello-world\n", "what the scenario has is there")


def attached(s, w):
    """A program that attached itself is named as those of the scenario, and stays through a reset."""
    port = world.free_port()
    proxy = subprocess.Popen([world.COMMAND, "attach", s.socket, "--", world.PROXY, f"127.0.0.1:{port}"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with s.client() as c:
        def add():
            return c.ask("add", services=[{"name": "own", "redirect": [
                {"rule": "tcp 198.51.100.0/24", "to": "minimal_proxy"}]}], routes={"198.51.100.7:80": "origin"})
        c.ask("reset")
        world.expect(world.wait_for(lambda: add() == {"ok": True}), f"the proxy listens: {add()}")
        for turn in range(2):
            done = s.attach("curl", "-s", "-m", "100", "http://198.51.100.7/hello")
            world.expect(done.stdout == "hello-world\n", f"turn {turn}: {done}")
            wanted = {"redirected": {"own": 1, "acme": 0}, "delivered": 1, "undelivered": 0, "misuse": 0, "loop": 0}
            met = c.ask("expect", expect=wanted)
            world.expect(met["met"], f"turn {turn}: {met}")
            world.expect(c.ask("reset") == {"ok": True} and add() == {"ok": True}, f"turn {turn}: reset")
    proxy.terminate()
    proxy.wait(timeout=world.PATIENCE)
    world.expect(any(e["kind"] == "reset" for e in w.events()), "the trail's file says so")


def exemptions(s):
    """Of programs that run already, and again after a reset; so is what they cannot do."""
    program = ("import socket, sys\nfor line in sys.stdin:\n s = socket.socket(); s.connect(('198.51.100.9', 80)); "
               "s.close()\n try: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n except OSError: "
               "print('done', flush=True)\n")
    running = subprocess.Popen([world.COMMAND, "attach", s.socket, "--", sys.executable, "-c", program],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def connect():
        running.stdin.write("\n")
        running.stdin.flush()
        return running.stdout.readline()
    name = os.path.basename(sys.executable)
    with s.client() as c:
        for turn in range(2):
            c.ask("reset")
            routes = {"198.51.100.9:80": "origin"}
            c.ask("add", routes=routes)
            world.expect(connect() == "done\n", "a route")
            added = c.ask("add", services=[{"name": "mild", "exempt_programs": [name], "redirect": [
                {"rule": "tcp 198.51.100.0/24", "to": "origin"}]}])
            world.expect(added == {"ok": True} and connect() == "done\n", f"exempt: {added}")
            met = c.ask("expect", expect={"exempted": {"mild": 1}, "redirected": 0, "delivered": 2})
            world.expect(met["met"], f"turn {turn}: {met}")
            world.expect(c.ask("counts")["escapes"] == 1, f"reported once in turn {turn}")
    running.stdin.close()
    running.wait(timeout=world.PATIENCE)


# ---- What is refused -----------------------------------------------------------------------------

DOS = '"hello", "add", "wait", "counts", "trail", "expect", "reset" or "quit" was expected'
MESSAGES = (
    (b"", 'request:1:1: the line is empty; a request is a JSON object such as {"do":"counts"}'),
    (b"[]", "request:1:1: the request: a list, where an object was expected"),
    (b"{}", 'request:1:1: the request: "do" is missing here'),
    (b'{"do":7}', 'request:1:7: "do": a whole number, where a text was expected: write "7"'),
    (b'{"do":""}', 'request:1:7: "do": an empty text'),
    (b'{"do":"counts","do":"reset"}', "request:1:19: not JSON: duplicate object key near '\"do\"'"),
    (b'{"do":"count"}', f'request:1:7: "do": "count", where {DOS}'),
    (b'{"do":"counts","id":[1]}', 'request:1:21: "id": a list, where a whole number or a text was expected'),
    (b'{"do":"counts","service":"acme"}', 'request:1:26: unknown key "service"; there are: "do", "id"'),
    (b'{"do":"trail","aftr":1}', 'request:1:22: unknown key "aftr"; did you mean "after"?'),
    (b'{"do":"trail","most":0}', 'request:1:22: "most": 0, where 1 to 1000 was expected'),
    (b'{"do":"trail","most":1001}', 'request:1:22: "most": 1001, where 1 to 1000 was expected'),
    (b'{"do":"trail","after":-1}', 'request:1:23: "after": -1, where 0 to 9223372036854775807 was expected'),
    (b'{"do":"wait"}', 'request:1:1: the request: "kind" is missing here'),
    (b'{"do":"wait","kind":"deliverd"}', 'request:1:21: "kind": "deliverd", where a word of CONNTRAIL_EMU_EVENT_MAP in '
     'emu_trail.h was expected, such as "delivered"'),
    (b'{"do":"wait","kind":"misuse","misuse":"FORGOT"}', 'request:1:39: "misuse": "FORGOT", where a name of '
     'CONNTRAIL_EMU_MISUSE_MAP in emu_trail.h was expected, such as "NOT_TRANSFERRED"'),
    (b'{"do":"wait","kind":"loop","service":"acne"}',
     'request:1:38: "service": "acne" is no service of this emulation'),
    (b'{"do":"wait","kind":"loop","program":"' + b"p" * 64 + b'"}',
     'request:1:38: "program": 64 bytes, and a program\'s name has at most 63'),
    (b'{"do":"wait","kind":"loop","seconds":3601}', 'request:1:38: "seconds": 3601, where 1 to 3600 was expected'),
    (b'{"do":"wait","kind":"loop","count":0}', 'request:1:36: "count": 0, where 1 to 1048576 was expected'),
    (b'{"do":"expect"}', 'request:1:1: the request: "expect" is missing here'),
    (b'{"do":"expect","expect":{"delivred":1}}', 'request:1:37: unknown key "delivred"; did you mean "delivered"?'),
    (b'{"do":"expect","expect":{"redirected":{"acne":1}}}',
     'request:1:47: "acne": no service of this scenario is called "acne"'),
    (b'{"do":"add","profile":"measured"}',
     'request:1:23: unknown key "profile"; there are: "do", "id", "services", "routes", "faults"'),
    (b'{"do":"add","services":{"name":"b"}}',
     'request:1:24: "services": an object, where a list was expected: put [ and ] around it'),
    (b'{"do":"add","services":[{"name":"b","redirect":[{"rule":"tcp prt 80","to":"origin"}]}]}',
     'request:1:57: rule "tcp prt 80", at byte 5: unknown word "prt"; did you mean "port"?'),
    (b'{"do":"add","services":[{"name":"b","redirect":[{"rule":"tcp any","to":"nobody"}]}]}',
     'request:1:72: "to": "nobody": the name of a program of this scenario or an address with its port was expected'),
    (b'{"do":"add","faults":[{"operation":"connect","service":"b","native":1}]}',
     'request:1:56: "service": "b" is no service of this scenario'),
    (b'{"do":"add","faults":[{"operation":"connect"}]}',
     "request:1:23: a fault without a number would be a success: set native, such as 10045"),
    (b'{"do":"add"\0}', "request: holds a NUL byte; a request is JSON text"),
)


def messages(s):
    with s.client() as c:
        c.ask("reset")
        before = changed_by_requests(c)
        for line, wanted in MESSAGES:
            answer = c.raw(line)
            world.expect(answer is not None and answer.get("ok") is False and answer["error"].startswith(wanted),
                         f"{line}: {answer}")
        answer = c.raw(b'{"do":"wait","kind":"\xff"}')
        world.expect(answer["error"].startswith("request:1:"), f"no UTF-8: {answer}")
        world.expect(c.ask("trail", most=0, id="x")["id"] == "x", "a refusal has the id as well")
        world.expect(changed_by_requests(c) == before, "nothing has changed")


def hostile(s):
    whole = b'{"do":"add","services":[{"name":"pre","guid":"{12345678-1234-1234-1234-123456789abc}"}],"id":5}'
    with s.client() as c:
        for size in range(len(whole)):
            answer = c.raw(whole[:size])
            world.expect(answer is not None and answer["ok"] is False, f"a prefix of {size} bytes: {answer}")
        for at in range(len(whole) + 1):  # byte by byte
            c.send((whole + b"\n")[at:at + 1])
        world.expect(c.answer() == {"ok": True, "id": 5}, "the whole")
    with s.client() as c:
        c.send(b"{" * 300000)
        refused(c.answer(), "a line is longer than 262144 bytes, which no request is", "a long line")
        world.expect(c.is_ended(), "and the connection ends")
    with s.client() as c:
        refused(c.raw(b"[" * 200000), "request:1:2049: not JSON: maximum parsing depth reached near '['", "a deep one")
    with s.client() as c:
        c.send(b'{"do":"counts"}\n{"do":"he')
        c.socket.shutdown(socket.SHUT_WR)
        world.expect(c.answer()["ok"], "what was sent before the end is answered")
        refused(c.answer(), "the last line has no end: a request is one line, ended by a newline", "half a line")
        world.expect(c.is_ended(), "and the connection ends")
    for line in (b'{"do":"cou', b'{"do":"counts"}\n', b'{"do":"wait","kind":"loop"}\n', b'{"do":"trail"}\n' * 50):
        for _ in range(20):
            with s.client() as c:
                c.send(line)
    with s.client() as c:
        world.expect(c.ask("hello")["ok"], "clients that ended in the middle")


def crowd(s):
    """1,000 connections: 64 are served, the others learn why not, and all is well behind them."""
    world.expect(world.wait_for(lambda: s.connections() == 0), "those that ended before are still served")
    clients = [s.client() for _ in range(1000)]
    served = turned_away = 0
    for c in clients:
        try:
            c.send(b'{"do":"hello"}\n')
        except OSError:  # it was closed already
            pass
        try:
            answer = c.answer()
        except ConnectionError:
            answer = {"error": "64 clients are connected, and no more can be; close one"}
        served += answer.get("ok") is True
        turned_away += answer.get("error") == "64 clients are connected, and no more can be; close one"
    world.expect((served, turned_away) == (64, 936), f"a crowd: {served} served, {turned_away} turned away")
    for c in clients:
        c.__exit__()

    def is_served():
        with s.client() as c:
            return c.ask("hello").get("ok") is True
    world.expect(world.wait_for(is_served), "after the crowd")


def memory_of(process):
    """KiB of it and of its only child: the outer process only waits."""
    total = 0
    for number in [process, *world.children(process)]:
        with open(f"/proc/{number}/status", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    return total


def deaf(s):
    """Who reads nothing costs one answer, and holds nobody up."""
    c = s.client()
    c.socket.setblocking(False)
    with s.client() as other:
        for _ in range(200):
            s_events = other.ask("trail")["events"]
            if len(s_events) >= 8:
                break
            s.attach(*CURL)
        before = memory_of(s.running.pid)
        sent = 0
        try:
            for _ in range(1000):
                sent += c.socket.send(b'{"do":"counts"}\n' * 2048)
                other.ask("hello")
        except BlockingIOError:
            pass
        world.expect(sent > 200000, f"{sent} bytes were sent")
        for _ in range(50):
            world.expect(other.ask("hello")["ok"], "others are served")
        grown = memory_of(s.running.pid) - before
        world.expect(grown < 8192, f"{grown} KiB more for a client that reads nothing")
    c.__exit__()


# ---- The socket ----------------------------------------------------------------------------------


def places(w, s):
    mode = os.stat(s.path).st_mode
    world.expect(stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600, f"mode {mode:o}")

    def serve(path):
        return subprocess.run([world.COMMAND, "serve", "--quiet", "--control", path, w.direct()],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=world.PATIENCE,
                              check=False)
    done = serve(s.path)
    world.expect(done.returncode == 125 and f"conntrail-emu: {s.path}: Address already in use\n" in done.stderr,
                 f"in use: {done}")
    world.expect(os.path.exists(s.path), "it stays")
    done = serve(w.trail)
    world.expect(done.returncode == 125 and f"conntrail-emu: {w.trail}: Address already in use\n" in done.stderr and
                 os.path.exists(w.trail), f"a file that is no socket: {done}")
    done = serve("/" + "p" * 107)
    world.expect(done.returncode == 125 and ": the path is too long for a socket: at most 107 bytes\n" in done.stderr,
                 f"a long path: {done}")
    done = serve("/nonexistent/control")
    world.expect(done.returncode == 125 and "/nonexistent/control: No such file or directory\n" in done.stderr,
                 f"no folder: {done}")


def stale(w):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.path.join(w.folder, "control"))
    with Service(w, w.direct()) as s, s.client() as c:
        world.expect(c.ask("hello")["ok"], "a socket that was left is replaced")
        os.kill(world.children(s.running.pid)[0], signal.SIGKILL)
        s.running.wait(timeout=world.PATIENCE)


def other_user(w):
    """Only root can reach the socket of another user, and is refused as well."""
    if os.geteuid() != 0:
        return
    os.chmod(w.folder, 0o777)
    os.unlink(w.trail)
    with Service(w, w.scenario({}), user=65534, group=65534, extra_groups=[]) as s, s.client() as c:
        refused(c.answer(), "the supervisor is of another user", "another user")
        world.expect(c.is_ended(), "and the connection ends")


def programs_end(w):
    """A reset needs the scenario's programs."""
    with Service(w, w.direct()) as s, s.client() as c:
        origin = next(p for p in world.children_of_nobody(w.folder) if "http.server" in
                      open(f"/proc/{p}/cmdline", encoding="utf-8", errors="replace").read())
        os.kill(origin, signal.SIGKILL)
        wanted = w.direct() + ':1:'

        def is_refused():
            answer = c.ask("reset")
            return answer["ok"] is False and answer["error"].startswith(wanted) and \
                answer["error"].endswith(": that program listens nowhere")
        world.expect(world.wait_for(is_refused), f"{c.ask('reset')}")
        s.attach(*CURL)
        world.expect(is_refused() and c.ask("counts")["connections"] == 1, "a reset that is refused changes nothing")


def quits(w):
    with Service(w, w.direct()) as s, s.client() as c:
        world.expect(c.ask("quit", id=0) == {"ok": True, "id": 0}, "quit")
        world.expect(s.running.wait(timeout=world.PATIENCE) == 0, f"code {s.running.returncode}")


def run(w):
    """PROGRAM finds the socket in its environment, and is supervised itself."""
    path = os.path.join(w.folder, "control")
    program = (f"import json, os, socket, subprocess\nassert subprocess.run({CURL!r}).returncode == 0\n"
               "s = socket.socket(socket.AF_UNIX); s.connect(os.environ['CONNTRAIL_EMU_CONTROL'])\n"
               "s.sendall(b'{\"do\":\"expect\",\"expect\":{\"redirected\":1}}\\n')\n"
               "answer = json.loads(s.makefile().readline()); assert answer['met'], answer\n")
    done = subprocess.run([world.COMMAND, "run", "--quiet", "--control", "control", w.direct(), "--", sys.executable,
                           "-c", "import os; os.chdir('/')\n" + program], stdin=subprocess.DEVNULL, cwd=w.folder,
                          capture_output=True, text=True, timeout=world.PATIENCE, check=False)
    world.expect(done.returncode == 0 and not os.path.exists(path), f"run: {done}")


world.need("curl")
with world.World() as w:
    with Service(w, w.direct()) as s:
        reports(w, s)
        places(w, s)
        waits(s)
        additions(s)
        attached(s, w)
        exemptions(s)
        messages(s)
        hostile(s)
        crowd(s)
        deaf(s)
    stale(w)
    programs_end(w)
    quits(w)
    run(w)
    other_user(w)
world.finish()
