# SPDX-License-Identifier: MIT
"""conntrail-emu run: exit codes, the trail, and that nothing is left behind."""

import json
import os
import re
import signal
import subprocess
import sys

import world

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def start(w, *program):
    return subprocess.Popen(
        [world.COMMAND, "run", "--trail", w.trail, w.direct(), "--", *program],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True)


# A shell would have its own view of signals between two commands.
SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


def end_by(w, number, whole_group):
    running = start(w, *SLEEPER)
    running.stdout.readline()
    if whole_group:
        os.killpg(running.pid, number)
    else:
        running.send_signal(number)
    code = running.wait(timeout=world.PATIENCE)
    running.stdout.close()
    world.expect(world.is_gone(w.folder), f"signal {number} left {world.children_of_nobody(w.folder)}")
    return code


def terminal(*command, seen=lambda said: None):
    """What a command writes where it has a terminal, which is shown to the test as it comes."""
    master, slave = os.openpty()
    running = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                               env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    said = b""
    try:
        while more := os.read(master, 1 << 16):
            said += more
            seen(said.decode(errors="replace"))
    except OSError:  # its end, as Linux says it
        pass
    os.close(master)
    running.wait(timeout=world.PATIENCE)
    return said.decode()


LATE = """
import os, socket, sys, time
begin = time.monotonic()
while not os.path.exists(sys.argv[1]) and time.monotonic() < begin + float(sys.argv[2]): time.sleep(0.01)
s = socket.create_server(("127.0.0.1", 0)); time.sleep(60)
"""


class Late:
    """A program that listens once its line was seen, or after so many seconds."""

    def __init__(self, w, name, seconds):
        self.mark = os.path.join(w.folder, name)
        self.path = w.scenario({"programs": [{"name": "late", "ready_within": 30, "command": [
            sys.executable, "-c", LATE, self.mark, str(seconds)]}]})

    def let_it(self, line, said):
        if re.search(line, said):
            open(self.mark, "w", encoding="ascii").close()


def progress(w):
    """Long waits are shown: over one line on a terminal, in plain lines elsewhere. A second may be left out where the
    machine is busy."""
    line = r"conntrail-emu: program 1 of 1: late does not listen yet \([2468] of 30 s\)\n"
    late = Late(w, "plain", 20)
    running = subprocess.Popen([world.COMMAND, "run", late.path, "--", "true"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = running.stderr.readline()
    late.let_it(line, said)
    said += running.communicate(timeout=world.PATIENCE)[1]
    world.expect(running.returncode == 0 and re.fullmatch(f"({line})+", said), f"plain progress: {said!r}")
    line = "\r\033\\[Kconntrail-emu: program 1 of 1: late begins to listen \\([1-9] of 30 s\\)"
    late = Late(w, "terminal", 20)
    said = terminal(world.COMMAND, "run", late.path, "--", "true", seen=lambda said: late.let_it(line, said))
    world.expect(re.search(line, said), f"progress on a terminal: {said!r}")
    said = terminal(world.COMMAND, "run", "--quiet", Late(w, "quiet", 2.5).path, "--", "true")
    world.expect(said == "", f"quiet, and says {said!r}")


def time_limit(w):
    path = w.scenario({"limits": {"seconds": 1}})
    done = w.run(path, "sleep", "60")
    world.expect(done.returncode == 124 and "limits.seconds (1)" in done.stderr, f"time: {done}")
    world.expect(world.is_gone(w.folder), "the end of its time left a program behind")
    done = subprocess.run([world.COMMAND, "serve", "--quiet", path], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=world.PATIENCE, check=False)
    world.expect(done.returncode == 124, f"serve: {done}")


def colours(w):
    w.run(w.direct(), "curl", "-sS", "-m", "5", "http://198.51.100.1/")
    said = terminal(world.COMMAND, "trail", w.trail)
    red = [line for line in said.splitlines() if "\033[31m" in line]
    world.expect(len(red) == 1 and "refused" in red[0], f"red: {said!r}")
    done = subprocess.run([world.COMMAND, "trail", w.trail], capture_output=True, text=True,
                          check=False)
    world.expect("\033" not in done.stdout and "refused" in done.stdout, f"colours in a file: {done}")


def example(w):
    """What the guide says of contrary-kernel.json: the second connection fails, and no other."""
    with open(os.path.join(TOP, "examples/scenarios/contrary-kernel.json"), encoding="utf-8") as file:
        scenario = json.load(file)
    for program in scenario["programs"]:
        program["command"][0] = program["command"][0].replace("../../build/gcc", world.BUILD)
        program.pop("cwd", None)
    path = w.scenario(scenario)
    codes = w.run(path, "sh", "-c", "for i in 1 2 3; do curl -s -o /dev/null -w '%{http_code} ' "
                  f"http://{world.WHERE}/; done").stdout.split()
    world.expect(codes == ["200", "000", "200"], f"contrary-kernel.json: {codes}")
    world.expect([e["native"] for e in w.events("fault")] == [10050], "not the fault that is meant")


with world.World() as w:
    example(w)
    progress(w)
    time_limit(w)
    colours(w)
    for code in (0, 7, 255):
        done = w.run(w.direct(), "sh", "-c", f"exit {code}")
        world.expect(done.returncode == code, f"exit code {done.returncode}, not {code}")
    done = w.run(w.direct(), "sh", "-c", "kill -9 $$")
    world.expect(done.returncode == 137, f"killed: {done.returncode}")
    done = w.run(w.direct(), w.folder + "/nothing")
    world.expect(done.returncode == 125 and "No such file" in done.stderr, f"no program: {done}")
    done = w.run(w.scenario({"programs": [{"name": "p", "command": ["true"]}]}), "true")
    world.expect(done.returncode == 125 and '"p" ended before it listened' in done.stderr,
                 f"a proxy that ends: {done}")
    done = w.run(w.direct(), "curl", "-sS", f"http://{world.WHERE}/hello")
    world.expect(done.stdout == "hello-world\n", f"curl said {done}")
    kinds = [e["kind"] for e in w.events()]
    world.expect(kinds[:3] == ["connecting", "redirected", "accepted"], f"trail: {kinds}")
    shown = subprocess.run([world.COMMAND, "trail", w.trail], capture_output=True, text=True,
                           check=False).stdout
    world.expect(shown.count("\n") == len(kinds) and shown in done.stderr,
                 f"run prints what trail shows: {shown!r} in {done.stderr!r}")
    first = shown.splitlines()[0].split()
    world.expect(first[:2] == ["1", "curl"] and first[-3:] == ["connecting", "to", f"{world.WHERE}:80"],
                 f"who did what: {first}")
    done = w.run(w.direct(), "sh", "-c", f"curl -s http://{world.WHERE}/hello; exit 0")
    who = {(e.get("program"), e.get("command")) for e in w.events() if e["kind"] == "connecting"}
    world.expect(who == {("sh", "curl")} and "  sh:curl " in done.stderr, f"a shell's child: {who}")
    done = w.run(w.direct(), "curl", "-sS", "-m", "5", "http://198.51.100.1/")
    world.expect(done.returncode == 7 and w.events("refused"), "no route: refused, and named")
    world.expect(end_by(w, signal.SIGINT, True) == 130, "Ctrl-C")
    world.expect(end_by(w, signal.SIGTERM, False) == 143, "SIGTERM")
    running = start(w, "sh", "-c", "echo up; (setsid sleep 61 &) ; exit 0")
    running.communicate(timeout=world.PATIENCE)
    world.expect(not world.children_of_nobody("sleep\x0061"), "a daemon was left behind")
    running = start(w, *SLEEPER)
    running.stdout.readline()
    running.kill()
    running.wait(timeout=world.PATIENCE)
    running.stdout.close()
    world.expect(world.is_gone(w.folder), "kill -9 left a program behind")
world.finish()
