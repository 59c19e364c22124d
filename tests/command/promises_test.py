# SPDX-License-Identifier: MIT
"""What conntrail-emu promises at the end of a run: what PROGRAM leaves behind, write errors, names that
no terminal should see, the summary, --strict."""

import json
import os
import shutil
import signal
import subprocess
import sys

import world

URL = f"http://{world.WHERE}/hello"
# Ignores SIGTERM, and is ended all the same.
DEAF = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('up', flush=True); time.sleep(60)"]


def command(*words, **options):
    return subprocess.run([world.COMMAND, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="surrogateescape", timeout=world.PATIENCE, check=False, **options)


def wait_all(w):
    """A daemon of PROGRAM's: ended with it, or waited for."""
    mark = os.path.join(w.folder, "mark")
    pipe = os.path.join(w.folder, "pipe")
    os.mkfifo(pipe)
    script = f"(setsid sh -c 'read x <{pipe}; echo done >{mark}' &); echo up"
    done = w.run(w.direct(), "sh", "-c", script)
    world.expect(done.returncode == 0 and not os.path.exists(mark), f"a daemon is ended: {done}")
    running = subprocess.Popen([world.COMMAND, "run", "--wait-all", w.direct(), "--", "sh", "-c", script],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    running.stdout.readline()
    with open(pipe, "w", encoding="ascii") as file:
        file.write("go\n")
    world.expect(running.wait(timeout=world.PATIENCE) == 0 and os.path.exists(mark), "--wait-all")
    running.stdout.close()
    running = subprocess.Popen([world.COMMAND, "run", "--wait-all", w.direct(), "--", "sh", "-c", script],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    running.stdout.readline()
    running.terminate()
    world.expect(running.wait(timeout=world.PATIENCE) in (0, 143), "--wait-all, and SIGTERM")
    running.stdout.close()
    world.expect(world.is_gone(w.folder), "--wait-all, and SIGTERM: something is left")


def deaf(w):
    running = subprocess.Popen([world.COMMAND, "run", "--quiet", w.direct(), "--", *DEAF],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    running.stdout.readline()
    running.terminate()
    world.expect(running.wait(timeout=world.PATIENCE) == 143, f"deaf: {running.returncode}")
    running.stdout.close()
    world.expect(world.is_gone(w.folder), "a deaf program is left")


def interrupted(w):
    """SIGINT to the command alone reaches PROGRAM."""
    running = subprocess.Popen([world.COMMAND, "run", "--quiet", w.direct(), "--", sys.executable, "-c",
                                "import time\ntry:\n  print('up', flush=True)\n  time.sleep(60)\n"
                                "except KeyboardInterrupt: raise SystemExit(9)"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    world.expect(running.wait(timeout=world.PATIENCE) == 9, f"SIGINT alone: {running.returncode}")
    running.stdout.close()


def broken_pipe(w):
    """Who reads stderr leaves: nothing is left behind, and PROGRAM's code is its own."""
    running = subprocess.Popen([world.COMMAND, "run", w.direct(), "--", "sh", "-c",
                                f"for i in 1 2 3; do curl -s -o /dev/null {URL}; done; exit 5"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    running.stderr.close()
    world.expect(running.wait(timeout=world.PATIENCE) == 5, f"no reader: {running.returncode}")
    world.expect(world.is_gone(w.folder), "no reader: something is left")


def write_errors(w):
    done = command("run", "--trail", "/dev/full", w.direct(), "--", "true")
    world.expect(done.returncode == 1 and "/dev/full: No space left on device" in done.stderr and
                 "not complete" in done.stderr, f"a full disc: {done}")
    done = command("run", "--trail", "/dev/full", w.direct(), "--", "sh", "-c", "exit 7")
    world.expect(done.returncode == 7 and "not complete" in done.stderr, f"PROGRAM's code: {done}")
    w.run(w.direct(), "curl", "-sS", URL)
    for how in ("", "--json", "--html"):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([world.COMMAND, "trail", *how.split(), w.trail], stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False)
        world.expect(done.returncode == 1 and "standard output: No space left" in done.stderr,
                     f"trail {how}: {done}")
    for words in (["trail", w.trail], ["doctor"], ["--help"], ["profile", "documented"]):
        done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", world.COMMAND, *words],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        world.expect(done.returncode == 1 and "standard output: Bad file" in done.stderr, f"{words}: {done}")
    # Closed, its number must not become the trail's.
    done = subprocess.run(["sh", "-c", 'exec "$@" >&- 2>&-', "sh", world.COMMAND, "run", "--trail", w.trail,
                           w.direct(), "--", "true"], stdin=subprocess.DEVNULL, check=False)
    with open(w.trail, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    world.expect(done.returncode == 0 and "conntrail_trail" in lines[0], f"closed streams: {done} {lines}")


def names(w):
    """Of programs, as their authors chose them."""
    for name, shown in ((b"red\x1b[31m\n", "red\\x1b[31m\\x0a"), (b"\xff-caf\xc3\xa9", "\\xff-café"),
                        (b"c1\xc2\x9b31m", "c1\\xc2\\x9b31m")):
        path = os.path.join(os.fsencode(w.folder), name)
        shutil.copy(shutil.which("curl"), path)
        done = subprocess.run([world.COMMAND, "run", "--trail", w.trail, w.direct(), "--", path, "-sS", URL],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=world.PATIENCE, check=False)
        world.expect(done.stdout == b"hello-world\n", f"{name}: {done}")
        told = done.stderr.decode()  # it is UTF-8, whatever the name
        world.expect(f"  {shown} " in told and "\033" not in told and "\u009b" not in told, f"{name}: {told}")
        programs = {e.get("program") for e in w.events("connecting")}
        wanted = name.decode() if b"\xff" not in name else shown
        world.expect(programs == {wanted}, f"{name}: {programs}")
        text = command("trail", w.trail)
        world.expect(f"  {shown} " in text.stdout, f"{name}: {text}")


def summary(w):
    done = w.run(w.chain(("acme",), {"acme": [world.PROXY, "PLACE"]}), "curl", "-sS", URL)
    world.expect("conntrail-emu: 1 TCP connection, 1 delivered\n" in done.stderr and
                 "  acme: redirected 1, permitted 1\n" in done.stderr, f"delivered: {done.stderr}")
    world.expect("never delivered" not in done.stderr, f"delivered: {done.stderr}")
    forgetful = [sys.executable, world.FORGETFUL, "PLACE"]
    done = w.run(w.chain(("acme",), {"acme": forgetful}), "curl", "-sS", "-m", "100", URL)
    redirected = len(w.events("redirected"))
    line = [l for l in done.stderr.splitlines() if "never delivered" in l]
    world.expect(len(line) == 1 and line[0].startswith(f"  never delivered to {world.WHERE}:80: ") and
                 f"entered the proxy of acme {redirected} time" in line[0] and redirected > 0, f"a loop: {line}")
    world.expect("loops refused 1" in done.stderr, f"a loop: {done.stderr}")
    done = w.run(w.scenario({"services": [{"name": "acme", "block": ["tcp any"]}]}), "sh", "-c",
                 f"curl -s -m 5 {URL}; curl -s -m 5 {URL}; :")
    world.expect(f"  acme: blocked 2\n  never delivered to {world.WHERE}:80: 2 connections\n" in done.stderr,
                 f"blocked: {done.stderr}")
    done = w.run(w.direct(), "true")
    world.expect(done.stderr.count("conntrail-emu:") == 0, f"nothing connected: {done.stderr}")


RAW = "import socket\ntry: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nexcept OSError as e: print(e.errno)"


def strict(w):
    done = w.run(w.direct(), sys.executable, "-c", RAW)
    told = w.events("unsupervised")
    world.expect(done.returncode == 0 and done.stdout == "1\n" and len(told) == 1 and
                 "raw socket" in told[0]["text"] and told[0]["program"].startswith("python"), f"{done} {told}")
    text = command("trail", w.trail)
    world.expect(text.returncode == 0 and "raw socket" in text.stdout, f"{text}")
    for program, code in (("pass", 0), (RAW, 126), (RAW + "\nraise SystemExit(3)", 126)):
        done = command("run", "--strict", w.direct(), "--", sys.executable, "-c", program)
        world.expect(done.returncode == code, f"--strict: {done}")
    done = command("run", "--strict", w.direct(), "--", w.folder + "/nothing")
    world.expect(done.returncode == 125, f"--strict, nothing begun: {done}")


def helps():
    for words in (["--help"], ["-h"], ["help"], ["run", "--help"], ["trail", "-h"]):
        done = command(*words)
        world.expect(done.returncode == 0 and "conntrail-emu run" in done.stdout, f"{words}: {done}")
    world.expect(command("run", "--nothing").returncode == 2, "an unknown option")


world.need("curl")
with world.World() as w:
    helps()
    wait_all(w)
    deaf(w)
    interrupted(w)
    broken_pipe(w)
    write_errors(w)
    names(w)
    summary(w)
    strict(w)
world.finish()
