# SPDX-License-Identifier: MIT
"""What the tests of conntrail-emu share. Each is a program: `NAME_test.py BUILD_FOLDER`."""

import atexit
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
COMMAND = os.path.join(BUILD, "backend-emu/cli/conntrail-emu")
PROXY = os.path.join(BUILD, "examples/minimal_proxy")
REFERENCE = os.path.join(BUILD, "examples/reference-proxy/reference_proxy")
FORGETFUL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "original_dst_proxy.py")
PATIENCE = 200  # seconds, of a machine that is busy
WHERE = "93.184.216.34"
SLOW = re.compile(r"^conntrail-emu: program \d+ of \d+: .* does not listen yet \(\d+ of \d+ s\)\n", re.MULTILINE)

_failed = 0
_passed = 0
_marks = []  # of ports, until this program ends


@atexit.register
def _end_children():
    """Where a test dies of an exception, its service would go on."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            for child in file.read().split():
                os.kill(int(child), signal.SIGTERM)
    except OSError:
        pass


def expect(condition, what):
    """Counts; says what was wrong."""
    global _failed, _passed
    if condition:
        _passed += 1
    else:
        _failed += 1
        print(f"not ok: {what}", flush=True)


def finish():
    print(f"{_passed} passed, {_failed} failed")
    sys.exit(1 if _failed or not _passed else 0)


def need(*programs):
    """Ends the test as skipped where one is not installed."""
    missing = [p for p in programs if not shutil.which(p)]
    if missing:
        print(f"skipped: not installed: {' '.join(missing)}")
        sys.exit(77)


def may_make_a_network():
    """Root may; in a container, which takes CAP_SYS_ADMIN away, not even root."""
    return subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def has_capability(number):
    """Whether this process has it in effect: a number of linux/capability.h."""
    with open("/proc/self/status", encoding="ascii") as file:
        return int(dict(line.split(":", 1) for line in file)["CapEff"], 16) >> number & 1 == 1


def in_a_namespace(test, seconds=800):
    """Runs the test in a network namespace of its own: this program once more."""
    inside = "CONNTRAIL_TEST_INSIDE"
    if os.environ.get(inside):
        test()
        return
    if not shutil.which("ip") or not may_make_a_network():
        print("skipped: a network namespace wants root, CAP_SYS_ADMIN and ip")
        sys.exit(77)
    sys.exit(subprocess.run(["unshare", "-n", sys.executable, *sys.argv], env={**os.environ, inside: "1"},
                            check=False, timeout=seconds).returncode)


def _is_marked(port):
    """By a name as conntrail-emu has it for the ports that it chooses: no other test has the port, and no run."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0conntrail-emu-port-{port}")
    except OSError:
        mark.close()
        return False
    _marks.append(mark)
    return True


def free_port(kind=socket.SOCK_STREAM):
    """A port that is free, and that the system gives to no socket that asks for any: until the program
    that is to have it is there, other tests on this machine connect by the thousand."""
    for _ in range(1000):
        port = random.randrange(10000, 32768)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if _is_marked(port):
            return port
    raise OSError("no port is free")


class World:
    """A folder, with a file to fetch and a scenario."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="conntrail-test-")
        self.trail = os.path.join(self.folder, "trail")
        with open(os.path.join(self.folder, "hello"), "w", encoding="ascii") as file:
            file.write("hello-world\n")

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        shutil.rmtree(self.folder, ignore_errors=True)

    def origin(self):
        return {"name": "origin", "command": [
            sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1",
            "--directory", self.folder]}

    def scenario(self, content):
        """Its programs have time to listen, also where the machine is busy."""
        if not isinstance(content, str) and "programs" in content:
            content = {**content, "programs": [{"ready_within": PATIENCE, **p} for p in content["programs"]]}
        path = os.path.join(self.folder, "scenario.json")
        with open(path, "w", encoding="utf-8") as file:
            if isinstance(content, str):
                file.write(content)
            else:
                json.dump(content, file)
        return path

    def direct(self):
        """One service, that takes connections to the file's server itself."""
        return self.scenario({
            "programs": [self.origin()],
            "services": [{"name": "acme", "redirect": [
                {"rule": "tcp 93.184.216.0/24 port 80", "to": "origin"}]}]})

    def reference(self, name, workers=2):
        """The command of a reference proxy, in a configuration of its own."""
        path = os.path.join(self.folder, name + ".json")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"listen": [{"tcp": "127.0.0.1:0"}], "workers": workers,
                       "log": "warning"}, file)
        return [REFERENCE, path]

    def nginx_stream(self, name):
        """The command of an nginx that relays, and knows nothing of records."""
        path = os.path.join(self.folder, name + ".nginx")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; worker_processes 1; pid {path}.pid; error_log {path}.log; events {{ }}
stream {{ server {{ listen 127.0.0.1:{free_port()}; proxy_pass {WHERE}:80; }} }}
""")
        return ["nginx", "-p", self.folder, "-c", path]

    def chain(self, vendors, proxies):
        """Services in this order, each with a proxy's command; PLACE is replaced by an address."""
        programs = [self.origin()]
        services = []
        for name in vendors:
            command = [w.replace("PLACE", f"127.0.0.1:{free_port()}") for w in proxies[name]]
            programs.append({"name": name + "-proxy", "command": command})
            services.append({"name": name, "redirect": [
                {"rule": "tcp 93.184.216.0/24 port 80", "to": name + "-proxy"}]})
        return self.scenario({"programs": programs, "services": services,
                              "routes": {f"{WHERE}:80": "origin"}})

    def run(self, scenario, *program, fail_on="none", **options):
        """The test itself looks at what happened. That a program is slow to listen is the machine's (run_test.py)."""
        done = subprocess.run(
            [COMMAND, "run", "--fail-on", fail_on, "--trail", self.trail, scenario, "--", *program],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=PATIENCE, check=False, **options)
        done.stderr = SLOW.sub("", done.stderr)
        if os.path.exists(self.trail):
            with open(self.trail, "rb") as file:
                expect(file.read()[-1:] == b"\n", "the trail ends within a line")
        return done

    def serve(self, scenario, path=None, **options):
        """A supervisor that programs can attach themselves to."""
        return Served(self, scenario, path, options)

    def events(self, kind=None):
        """While a service runs, the last line may be one whose end is still being written."""
        with open(self.trail, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file if line.endswith("\n")]
        return [e for e in lines[1:] if kind is None or e["kind"] == kind]


class Served:
    """conntrail-emu serve, from its first line to its end by SIGTERM."""

    def __init__(self, w, scenario, path, options):
        command = [COMMAND, "serve", "--fail-on", "none", "--quiet", "--trail", w.trail, scenario]
        if path:
            command[2:2] = ["--socket", path]
        self.running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, **options)
        line = self.running.stdout.readline()
        self.path = line.strip().partition("=")[2]
        expect(line == f"CONNTRAIL_EMU_SOCKET={path or self.path}\n", f"serve said {line!r}")
        self.code = self.said = None

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.running.terminate()
        self.said = self.running.communicate(timeout=PATIENCE)[1]
        self.code = self.running.returncode


def wait_for(condition, seconds=PATIENCE):
    """Whether it becomes true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_gone(marker):
    """Whether no process has this text in its command line any more. None of them ends by itself so early."""
    return wait_for(lambda: not children_of_nobody(marker), 30)


def children(process):
    """Those of its first thread."""
    with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def name_of(process):
    """Of the program that it runs, as the kernel has it."""
    with open(f"/proc/{process}/comm", encoding="ascii") as file:
        return file.read().strip()


def hold_below(process):
    """A descriptor of each process below it: readable once that one has ended."""
    held = []
    try:
        for child in children(process):
            held += [os.pidfd_open(child), *hold_below(child)]
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        pass
    return held


def children_of_nobody(marker):
    """Processes whose command line holds this text."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/cmdline", "rb") as file:
                if marker.encode() in file.read() and int(number) != os.getpid():
                    found.append(int(number))
        except OSError:
            pass
    return found
