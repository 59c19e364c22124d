# SPDX-License-Identifier: MIT
"""A program of the scenario that ends: which, how, and its last lines; and one whose output is not read."""

import os
import signal
import subprocess
import sys

import world

SERVER = "import os, socket, sys, time\ns = socket.create_server(('127.0.0.1', 0))\n"


def scenario(w, *command):
    return w.scenario({"programs": [{"name": "p", "command": list(command)}]})


def python(code):
    return sys.executable, "-c", code


def before(w):
    """Its last five lines, escaped, and no more."""
    lines = "".join(f"line {n}\n" for n in range(1, 8))
    done = w.run(scenario(w, *python(f"import sys\nsys.stderr.write({lines!r} + 'the \\x1b[31mend'); sys.exit(3)")),
                 "true")
    world.expect(done.returncode == 125 and done.stderr.endswith(
        'conntrail-emu: the program "p" ended before it listened: exit code 3; its last lines:\n'
        "  | line 4\n  | line 5\n  | line 6\n  | line 7\n  | the \\x1b[31mend\n"), f"exit code: {done}")
    world.expect(done.stderr.startswith(lines), f"all of it goes on: {done.stderr!r}")
    done = w.run(scenario(w, *python("import os; os.kill(os.getpid(), 11)")), "true")
    world.expect(done.returncode == 125 and done.stderr == 'conntrail-emu: the program "p" ended before it '
                 "listened: signal 11 (Segmentation fault)\n", f"signal: {done}")
    done = w.run(scenario(w, "sh", "-c", "sleep 60 & exit 0"), "true")
    world.expect(done.returncode == 125 and done.stderr == 'conntrail-emu: the program "p" ended before it '
                 "listened: exit code 0\nconntrail-emu: it went into the background; run it in the "
                 "foreground\n", f"background: {done}")


def listens_in_the_background(w):
    """It listened before it went there, so that the run goes on; it ends with the run."""
    daemon = scenario(w, *python(SERVER + "if os.fork():\n    os._exit(0)\nos.setsid()\ntime.sleep(63.5)"))
    done = w.run(daemon, "sh", "-c", "echo up; read x", fail_on="loop")
    world.expect(done.returncode == 1 and done.stdout == "up\n", f"a daemon: {done}")
    running = subprocess.Popen([world.COMMAND, "run", "--quiet", daemon, "--", "sh", "-c", "read x; exit 6"],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    told = "".join(running.stderr.readline() for _ in range(2))
    world.expect(told == 'conntrail-emu: the program "p" ended while the run went on: exit code 0\n'
                 "conntrail-emu: it went into the background; run it in the foreground\n", f"a daemon: {told!r}")
    rest = running.communicate("\n", timeout=world.PATIENCE)[1]
    world.expect(running.returncode == 6 and rest == "", f"a daemon: {running.returncode} {rest!r}")
    world.expect(world.is_gone("time.sleep(63.5)"), "a daemon is left")


def while_the_next_begins(w):
    """The first one listened, and ends while the second one does not listen yet: it is said at once."""
    first, second = (os.path.join(w.folder, name) for name in ("first", "second"))
    os.mkfifo(first)
    os.mkfifo(second)
    path = w.scenario({"programs": [
        {"name": "p", "command": list(python(SERVER + f"open({first!r}).read(); os.kill(os.getpid(), 6)"))},
        {"name": "q", "command": list(python(f"open({first!r}, 'w').close(); open({second!r}).read()\n" + SERVER +
                                             "time.sleep(60)"))}]})
    running = subprocess.Popen([world.COMMAND, "run", "--quiet", path, "--", "echo", "runs"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    told = running.stderr.readline()
    world.expect(told == 'conntrail-emu: the program "p" ended while the next one began: signal 6 (Aborted)\n',
                 f"while the next one began: {told!r}")
    with open(second, "w", encoding="ascii"):
        pass
    out, rest = running.communicate(timeout=world.PATIENCE)
    world.expect((running.returncode, out, rest) == (0, "runs\n", ""), f"then: {running.returncode} {out!r} {rest!r}")


def meanwhile(w):
    """It is said at once, and the run goes on."""
    pipe = os.path.join(w.folder, "pipe")
    os.mkfifo(pipe)
    dies = scenario(w, *python(SERVER + f"print('bye', flush=True)\nopen({pipe!r}).read(); sys.exit(4)"))
    said = 'the program "p" ended while the run went on: exit code 4; its last lines:\n  | bye\n'
    running = subprocess.Popen([world.COMMAND, "run", "--quiet", dies, "--", "sh", "-c",
                                f"echo >{pipe}; read x </dev/stdin; exit 6"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    told = "".join(running.stderr.readline() for _ in range(3))
    world.expect(told == f"bye\nconntrail-emu: {said}", f"at once: {told!r}")
    rest = running.communicate("\n", timeout=world.PATIENCE)[1]
    world.expect(running.returncode == 6 and rest == "", f"the run goes on: {running.returncode} {rest!r}")
    with w.serve(dies) as served:
        with open(pipe, "w", encoding="ascii"):
            pass
        told = "".join(served.running.stderr.readline() for _ in range(3))
    world.expect(told == f"bye\nconntrail-emu: {said}" and served.said == "", f"serve: {told!r} {served.said!r}")
    done = w.run(scenario(w, *python(SERVER + "time.sleep(60)")), "true")
    world.expect(done.stderr == "", f"ended with the run: {done.stderr!r}")


def unread(w):
    """A program whose output is not read waits; no other does."""
    path = w.scenario({"programs": [{"name": "p", "command": list(python(
        SERVER + "os.set_blocking(2, True)\nwhile True: os.write(2, b'x' * 65536)"))}, w.origin()],
        "services": [{"name": "acme", "redirect": [{"rule": "tcp 93.184.216.0/24 port 80", "to": "origin"}]}]})
    read, write = os.pipe()
    running = subprocess.Popen([world.COMMAND, "run", "--quiet", path, "--", "curl", "-sS", "-m", "100",
                                f"http://{world.WHERE}/hello"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=write, text=True)
    said = running.communicate(timeout=world.PATIENCE)[0]
    os.close(write)
    os.close(read)
    world.expect(running.returncode == 0 and said == "hello-world\n", f"unread: {running.returncode} {said}")
    world.expect(world.is_gone(w.folder), "unread: something is left")


def every_signal_is_named(w):
    done = w.run(scenario(w, *python(f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})")), "true")
    world.expect("signal 9 (Killed)" in done.stderr, f"killed: {done}")


world.need("curl")
with world.World() as w:
    before(w)
    listens_in_the_background(w)
    while_the_next_begins(w)
    meanwhile(w)
    unread(w)
    every_signal_is_named(w)
world.finish()
