# SPDX-License-Identifier: MIT
"""conntrail-emu run: exit codes, the trail, and that nothing is left behind."""

import os
import signal
import subprocess
import sys
import time

import world


def start(w, *program):
    return subprocess.Popen(
        [world.COMMAND, "run", "--trail", w.trail, w.direct(), "--", *program],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True)


def wait_gone(marker):
    for _ in range(100):
        if not world.children_of_nobody(marker):
            return True
        time.sleep(0.05)
    return False


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
    world.expect(wait_gone(w.folder), f"signal {number} left {world.children_of_nobody(w.folder)}")
    return code


with world.World() as w:
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
    world.expect("redirected" in done.stderr, "the trail is printed")
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
    world.expect(wait_gone(w.folder), "kill -9 left a program behind")
world.finish()
