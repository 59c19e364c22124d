# SPDX-License-Identifier: MIT
"""What ends or hinders a supervised run: every party killed, no descriptors, programs that cannot be
read, run in run, and what doctor says."""

import os
import shutil
import signal
import subprocess
import sys

import world

WAYS = os.path.join(world.BUILD, "tests/supervisor/ways")
FETCH = (WAYS, "plain", world.WHERE, "80")
SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
# Ignores SIGTERM, in a session of its own.
STUBBORN = """mkfifo {0}/said; (setsid sh -c 'trap "" TERM; echo $$ >{0}/said; exec >/dev/null
while :; do sleep 1; done' &) ; exec cat {0}/said"""


def start(w, *program):
    return subprocess.Popen([world.COMMAND, "run", "--quiet", "--trail", w.trail, w.direct(), "--", *program],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)


def killed(w):
    """kill -9 of the outer process, and of the supervisor."""
    for who in ("outer", "supervisor"):
        running = start(w, *SLEEPER)
        running.stdout.readline()
        victim = running.pid if who == "outer" else world.children(running.pid)[0]
        os.kill(victim, signal.SIGKILL)
        code = running.wait(timeout=world.PATIENCE)
        running.stdout.close()
        world.expect(code == (-9 if who == "outer" else 137), f"{who} killed: {code}")
        world.expect(world.is_gone(w.folder), f"{who} killed: {world.children_of_nobody(w.folder)}")


def left_behind(w):
    done = start(w, "sh", "-c", STUBBORN.format(w.folder))
    said, _ = done.communicate(timeout=world.PATIENCE)
    world.expect(done.returncode == 0 and said and not os.path.exists(f"/proc/{said.strip()}"),
                 f"a stubborn daemon was left behind: {said}")


def narrow(w):
    """With hardly a descriptor it refuses by name, and goes on."""
    script = f"""
import socket, sys, time
kept = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(1)]
failed = 0
for i in range(60):
    try: kept[0].sendto(b"x", ("192.0.2.%d" % (i + 1), 7))
    except OSError: failed += 1
kept[0].close()
for i in range(100):
    try:
        s = socket.create_connection(("{world.WHERE}", 80)); break
    except OSError: time.sleep(0.05)
s.sendall(b"GET /hello HTTP/1.0\\r\\n\\r\\n"); print(failed > 0, s.makefile().read()[-12:], end="")
"""
    scenario = w.scenario({
        "programs": [w.origin()],
        "services": [{"name": "acme", "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": "origin"},
            {"rule": "udp 192.0.2.0/24 port 7", "to": "127.0.0.1:9"}]}]})
    done = w.run(scenario, sys.executable, "-c", script,
                 preexec_fn=lambda: __import__("resource").setrlimit(
                     __import__("resource").RLIMIT_NOFILE, (40, 40)))
    world.expect(done.stdout == "True hello-world\n", f"no descriptors: {done.stdout} {done.stderr[-900:]}")
    world.expect("no free descriptor" in done.stderr, f"nothing names it: {done.stderr[-900:]}")


def unreadable(w):
    """An unprivileged supervisor, and a program that it may not read: refused, never let through."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        print("not checked: programs that cannot be read want root and setpriv")
        return
    place = os.path.join(w.folder, "closed")
    shutil.copy(WAYS, place)
    os.chmod(place, 0o711)
    os.chmod(w.folder, 0o777)
    done = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", world.COMMAND, "run",
         w.scenario({}), "--", place, "plain", "127.0.0.1", "9"],
        capture_output=True, text=True, check=False, timeout=world.PATIENCE, cwd="/")
    world.expect("Network is down" in done.stdout and "cannot be reached" in done.stderr,
                 f"not readable: {done}")


def elsewhere(w):
    """In a network namespace of its own a program cannot be redirected, and nothing gets out."""
    if not world.may_make_a_network():
        print("not checked: another network namespace wants root and CAP_SYS_ADMIN")
        return
    datagram = ("import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                f"for act in (lambda: s.sendto(b'x', ('{world.WHERE}', 7)), lambda: s.connect(('{world.WHERE}', 7))):\n"
                "    try: act(); print('passed')\n    except OSError as e: print(e.errno)\n")
    for command, wanted in ((FETCH, "unreachable"), ((sys.executable, "-c", datagram), "101\n101\n")):
        done = w.run(w.direct(), "unshare", "-n", *command)
        world.expect(wanted in done.stdout and "network namespace of its own" in done.stderr,
                     f"another namespace: {done}")


def nested(w):
    done = w.run(w.direct(), world.COMMAND, "run", w.scenario({}), "--", "true")
    world.expect(done.returncode == 125 and "already supervised" in done.stderr, f"run in run: {done}")


def not_files(w):
    fifo = os.path.join(w.folder, "fifo")
    os.mkfifo(fifo)
    for path in (fifo, w.folder):
        done = w.run(w.scenario({}), path)
        world.expect(done.returncode == 125 and "is no file" in done.stderr, f"{path}: {done}")


# A container's filter: pidfd_getfd (438) fails with EPERM. Then becomes the command given.
CONTAINER = """
import ctypes, os, struct, sys
code = b"".join(struct.pack("=HBBI", *line) for line in (
    (0x20, 0, 0, 0), (0x15, 0, 1, 438), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)))
buffer = ctypes.create_string_buffer(code, len(code))
program = ctypes.create_string_buffer(struct.pack("HP", 4, ctypes.addressof(buffer)))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


def forbidden(w):
    """In a container without CAP_SYS_PTRACE: the missing right, its cure, and what works without it."""
    done = subprocess.run([sys.executable, "-c", CONTAINER, world.COMMAND, "doctor"], capture_output=True, text=True,
                          check=False, timeout=world.PATIENCE)
    world.expect(done.returncode == 1 and "MISSING  a program's descriptors are borrowed" in done.stdout and
                 "docker run --cap-add SYS_PTRACE" in done.stdout and "conntrail::emulation" in done.stdout,
                 f"doctor in a container: {done}")
    done = subprocess.run([sys.executable, "-c", CONTAINER, world.COMMAND, "run", w.direct(), "--", *FETCH],
                          capture_output=True, text=True, check=False, timeout=world.PATIENCE)
    world.expect(done.returncode != 0 and "pidfd_getfd" in done.stderr and "SYS_PTRACE" in done.stderr,
                 f"run in a container: {done}")


def doctor():
    done = subprocess.run([world.COMMAND, "doctor"], capture_output=True, text=True, check=False,
                          timeout=world.PATIENCE)
    lines = done.stdout.splitlines()
    world.expect(done.returncode == 0 and len(lines) == 6 and all(l.startswith("ok ") for l in lines),
                 f"doctor: {done}")


with world.World() as w:
    os.chmod(w.folder, 0o755)
    doctor()
    forbidden(w)
    not_files(w)
    nested(w)
    killed(w)
    left_behind(w)
    narrow(w)
    unreadable(w)
    elsewhere(w)
    done = w.run(w.direct(), *FETCH)
    world.expect(done.stdout == "hello-world\n", f"afterwards: {done}")
world.finish()
