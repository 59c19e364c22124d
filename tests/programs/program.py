# SPDX-License-Identifier: MIT
"""A real program under conntrail-emu: what it needs, its scenario, and what must have come of it."""

import os
import shutil
import subprocess
import sys

import network
import world

PATIENCE = 180
WHERE = world.WHERE
NAME = "example.test"
VENDORS = ("acme", "bravo")
URL = f"http://{WHERE}/hello"
HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "../../examples")
PYTHON = shutil.which("python3", path="/usr/bin") or sys.executable  # which every user may start
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
UNPRIVILEGED = "CONNTRAIL_PROGRAMS_UNPRIVILEGED" in os.environ
CACHE = os.path.join(os.path.dirname(world.BUILD), "ci-logs/programs")
ALL = []

# Answers every question with WHERE. It listens by TCP last: then the next program is started.
NAME_SERVER = r"""
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
keep = socket.create_server(("127.0.0.1", 0))
while True:
    data, client = server.recvfrom(2000)
    end = data.index(b"\0", 12) + 5
    wanted = data[end - 4:end - 2] == b"\0\1"
    reply = data[:2] + b"\x81\x80\0\1\0" + bytes([wanted]) + b"\0\0\0\0" + data[12:end]
    server.sendto(reply + (b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(sys.argv[2]) if wanted else b""), client)
"""


class Failure(Exception):
    """The program did not do what it must."""


class Missing(Exception):
    """What is needed is not installed."""


def program(name, *needs, root=False):
    """A test of this name. It skips where one of the commands is not installed. ROOT: what it does wants root."""
    def register(function):
        if not root or not UNPRIVILEGED:
            ALL.append((name, needs, function))
        return function
    return register


def need(*commands):
    missing = [c for c in commands if not shutil.which(c)]
    if missing:
        raise Missing("not installed: " + " ".join(missing))


def expect(condition, what):
    if not condition:
        raise Failure(what)


class Test(world.World):
    """A folder that the test's users may read, and the runs in it."""

    def __init__(self):
        super().__init__()
        os.chmod(self.folder, 0o755)

    def origin(self):
        server = super().origin()
        server["command"][0] = PYTHON
        return server

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def folder_of(self, name, user=None):
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        if user:
            shutil.chown(path, user)
        return path

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def output(self, *command):
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout

    def builds(self, *command, within=None, **environment):
        """Whether it could; in LOG, what was said."""
        with open(self.path("build.log"), "w", encoding="utf-8") as log:
            return subprocess.run(command, cwd=within or self.folder, stdout=log, stderr=log, check=False,
                                  timeout=PATIENCE, env={**os.environ, **environment}).returncode == 0

    def build(self, *command, **options):
        expect(self.builds(*command, **options), f"{command[0]} failed: {self.read('build.log')[-1500:]}")

    def names(self):
        """A name server for the scenario, and its routes: from wherever this system's are."""
        with open("/etc/resolv.conf", encoding="utf-8") as file:
            servers = [line.split()[1] for line in file if line.startswith("nameserver ")]
        place = f"127.0.0.1:{world.free_port(world.socket.SOCK_DGRAM)}"
        server = {"name": "names", "command": [PYTHON, "-c", NAME_SERVER, place.rpartition(":")[2], WHERE]}
        return server, {f"[{s}]:53" if ":" in s else f"{s}:53": place for s in servers or ["127.0.0.1"]}

    def through(self, proxies, programs=(), routes=None, names=False, **more):
        """Services in this order: each redirects what is routed to its proxy's command."""
        routes = routes or {f"{WHERE}:80": "origin"}
        started, services = list(programs) or [self.origin()], []
        for name, command in proxies.items():
            started.append({"name": name + "-proxy", "command": command})
            services.append({"name": name, "redirect": [
                {"rule": f"tcp {WHERE} port {place.rpartition(':')[2]}", "to": name + "-proxy"} for place in routes]})
        if names:
            server, places = self.names()
            started.insert(0, server)
            routes = {**routes, **places}
        return self.scenario({"programs": started, "services": services, "routes": routes, **more})

    def two_vendors(self, programs=(), routes=None, **more):
        return self.through({name: [world.PROXY, "127.0.0.1"] for name in VENDORS}, programs, routes, **more)

    def unprivileged(self):
        """How the whole of a run is nobody's: its trail, and the folder."""
        subprocess.run(["chown", "-R", "65534:65534", self.folder], check=True)
        return {"before": AS_NOBODY, "cwd": self.folder, "env": {**os.environ, "HOME": self.folder}}

    def supervise(self, scenario, *command, before=(), options=(), seconds=PATIENCE, **more):
        """What conntrail-emu run ended with; BEFORE stands in front of it, as strace."""
        if UNPRIVILEGED and "setpriv" not in before:
            more = {**self.unprivileged(), **more}
            before = (*more.pop("before"), *before)
        if os.path.exists(self.trail):
            os.remove(self.trail)
        return subprocess.run([*before, world.COMMAND, "run", "--quiet", "--fail-on", "none", "--trail", self.trail,
                               *options, scenario, "--", *command], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", errors="replace", timeout=seconds, check=False, **more)

    def got(self, done, text, code=0):
        expect(done.returncode == code and text in done.stdout,
               f"wanted exit code {code} and {text!r}: exit code {done.returncode}, stdout {done.stdout[-800:]!r}, "
               f"stderr {done.stderr[-1500:]!r}")

    def delivered(self, count=1, at_least=False):
        """Connections that came to the server, each with the records of both vendors; nothing was done wrong."""
        found = [e for e in self.events("delivered") if e["protocol"] == "tcp"]
        expect(len(found) == count or (at_least and len(found) > count),
               f"{len(found)} delivered, not {count}: {[e['text'] for e in self.events()][-15:]}")
        expect(all(e.get("hops") == len(VENDORS) for e in found), f"records are missing: {found[-1]}")
        for kind in ("misuse", "loop"):
            expect(not self.events(kind), f"{kind}: {[e['text'] for e in self.events(kind)]}")

    def told(self, *texts):
        """Exactly these sentences are in the trail about what could not be supervised."""
        found = [e["text"] for e in self.events("unsupervised")]
        expect(all(any(t in f for t in texts) for f in found) and all(any(t in f for f in found) for t in texts),
               f"unsupervised: {found}, wanted {texts}")

    def page(self, *command, count=1, output="hello-world", told=(), **options):
        """The page, through the proxies of both vendors."""
        done = self.supervise(self.two_vendors(), *command, **options)
        self.got(done, output)
        self.delivered(count)
        self.told(*told)
        return done

    def by_name(self, *command, output="hello-world", **environment):
        """The page, of a server whose name the scenario's name server knows."""
        done = self.supervise(self.two_vendors(names=True), *command, env={**os.environ, **environment})
        self.got(done, output or "")
        self.delivered()
        self.told()

    def blocked(self, *command):
        """The same program has nothing where a service blocks it."""
        path = self.scenario({"services": [{"name": "acme", "block": ["tcp any"]}]})
        done = self.supervise(path, *command)
        expect("hello-world" not in done.stdout and self.events("blocked"), f"not blocked: {done}")


def attempt(function, needs):
    """Runs one test. Returns what was wrong, or why it is skipped."""
    before = network.packets_that_left()
    try:
        need(*needs)
        with Test() as test:
            function(test)
        left = network.packets_that_left() - before
        return ("not ok", f"{left} packets left for the network outside") if left else ("ok", "")
    except Missing as why:
        return "skip", str(why)
    except (Failure, subprocess.SubprocessError, OSError) as why:
        return "not ok", f"{type(why).__name__}: {why}"
