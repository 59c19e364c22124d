# SPDX-License-Identifier: MIT
"""conntrail-emu serve and attach: programs that others start, several at once; who is turned away; and
that nothing is left, whichever process is killed."""

import os
import resource
import signal
import socket
import struct
import subprocess
import sys

import world

URL = f"http://{world.WHERE}/hello"
CURL = ("curl", "-sS", "-m", "100", URL)
STATIC = os.path.join(world.BUILD, "tests/supervisor/ways_static")
MOST_GROWTH = 256  # KiB
REQUEST = struct.Struct("=Ii64s")
REPLY = struct.Struct("=I252s")
# Nobody who is another user, though the socket lets everybody in.
OTHER_USER = """
import os, socket, struct, sys
os.setuid(65534)
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(struct.pack("=Ii64s", 1, 0, b"stranger"))
print(s.recv(1000)[4:].rstrip(b"\\0").decode(), end="")
"""


def attach(path, *command, **options):
    return subprocess.Popen([world.COMMAND, "attach", path, "--", *command], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **{"stdin": subprocess.DEVNULL, **options})


def answer(running):
    said, complaint = running.communicate(timeout=world.PATIENCE)
    return running.returncode, said, complaint


def together(w):
    """Each has its own listener, and its own name; what it was started with is its own."""
    with w.serve(w.direct()) as served:
        running = [attach(served.path, *CURL) for _ in range(8)]
        running.append(attach(served.path, "sh", "-c", " ".join(CURL) + "; :"))
        for one in running:
            world.expect(answer(one) == (0, "hello-world\n", ""), f"together: {one.args}")
        own = attach(served.path, "sh", "-c", 'read line; echo "$line $$ $1"', "sh", "an argument")
        world.expect(answer(own) == (0, f" {own.pid} an argument\n", ""), "its command line is kept")
        if os.path.exists(STATIC):
            code, said, _ = answer(attach(served.path, STATIC, "plain", world.WHERE, "80"))
            world.expect((code, said) == (0, "hello-world\n"), f"a static program: {code} {said}")
        code, _, complaint = answer(attach(served.path, w.folder + "/nothing"))
        world.expect(code == 125 and "No such file" in complaint, f"no program: {complaint}")
        code, _, complaint = answer(attach(served.path, w.folder))
        world.expect(code == 125 and "is no file" in complaint, f"a folder: {complaint}")
        world.expect(answer(attach(served.path, *CURL))[1] == "hello-world\n", "after those")
    names = [(e["program"], e.get("command")) for e in w.events("connecting")]
    world.expect(names.count(("curl", None)) == 9 and names.count(("sh", "curl")) == 1, f"{names}")
    world.expect(not w.events("misuse"), f"{w.events('misuse')}")
    world.expect(served.code == 0 and not os.path.exists(served.path), f"its end: {served.code}")


def nobody_there(w):
    path = os.path.join(w.folder, "stale")
    code, _, complaint = answer(attach(path, "true"))
    world.expect(code == 125 and "no supervisor is there" in complaint, f"nothing: {complaint}")
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stale.bind(path)
    stale.close()
    code, _, complaint = answer(attach(path, "true"))
    world.expect(code == 125 and "has left its socket behind" in complaint, f"stale: {complaint}")
    with w.serve(w.direct(), path) as served:
        world.expect(answer(attach(path, *CURL))[1] == "hello-world\n", "at a stale path")
        other = subprocess.run([world.COMMAND, "serve", "--socket", path, w.direct()], check=False,
                               capture_output=True, text=True, timeout=world.PATIENCE)
        world.expect(other.returncode == 125 and "Address already in use" in other.stderr,
                     f"two supervisors at one socket: {other}")
        world.expect(answer(attach(path, *CURL))[1] == "hello-world\n", "after another wanted it")
    world.expect(served.code == 0, f"{served.said}")
    code, _, complaint = answer(attach(w.trail, "true"))
    world.expect(code == 125 and complaint, f"a file that is no socket: {complaint}")
    code, _, complaint = answer(attach("/" + "x" * 107, "true"))
    world.expect(code == 125 and "too long" in complaint, f"a long path: {complaint}")
    done = subprocess.run([world.COMMAND, "serve", "--socket", "/" + "x" * 107, w.direct()],
                          check=False, capture_output=True, text=True, timeout=world.PATIENCE)
    world.expect(done.returncode == 125 and "too long" in done.stderr, f"a long path: {done}")


def succeeded(w):
    """A supervisor that ends leaves the socket of the next one at the same place alone."""
    path = os.path.join(w.folder, "succeeded")
    with w.serve(w.direct(), path) as first:
        os.unlink(path)
        with w.serve(w.direct(), path):
            first.running.terminate()
            first.running.wait(timeout=world.PATIENCE)
            code, said, complaint = answer(attach(path, *CURL))
            world.expect((code, said) == (0, "hello-world\n"), f"after another's end: {code} {said} {complaint}")
    world.expect(not os.path.exists(path), "the second supervisor's socket was left")


def connect(path):
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.connect(path)  # waits where the queue is full
    channel.settimeout(60)
    return channel


def hostile(w):
    """Malformed requests, descriptors that are no listener, silence: each is turned away."""
    with w.serve(w.direct(), os.path.join(w.folder, "socket")) as served:
        world.expect(os.stat(served.path).st_mode & 0o777 == 0o600, "rights for others")
        for frame in (b"x", bytes(71), bytes(73), bytes(100000)):
            with connect(served.path) as channel:
                channel.send(frame)
                world.expect(b"malformed" in channel.recv(1000), f"{len(frame)} bytes are taken")
        for version, number, word in ((2, 0, b"version"), (1, 0, b"listener"), (1, -1, b"cannot take"),
                                      (1, 1 << 30, b"cannot take")):
            with connect(served.path) as channel:
                channel.send(REQUEST.pack(version, number, b"p" * 64))
                is_in, why = REPLY.unpack(channel.recv(1000))
                world.expect(not is_in and word in why, f"{version} {number}: {why}")
        idle = [connect(served.path) for _ in range(100)]
        world.expect(answer(attach(served.path, *CURL))[1] == "hello-world\n", "beside idle ones")
        world.expect(all(channel.recv(10) == b"" for channel in idle), "idle ones are kept")
        if os.getuid() == 0:
            os.chmod(w.folder, 0o755)
            command = [sys.executable, "-c", OTHER_USER, served.path]
            done = subprocess.run(command, check=False, timeout=world.PATIENCE, capture_output=True, text=True)
            world.expect("PermissionError" in done.stderr, f"another user came in: {done}")
            os.chmod(served.path, 0o666)  # somebody's mistake: the user is compared as well
            done = subprocess.run(command, check=False, timeout=world.PATIENCE, capture_output=True, text=True)
            world.expect("is of another user" in done.stdout, f"another user is served: {done}")
        world.expect(answer(attach(served.path, *CURL))[1] == "hello-world\n", "after hostile ones")


def processor_time(process):
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lowest_free(process):
    """The number that the next descriptor would have."""
    used = {int(number) for number in os.listdir(f"/proc/{process}/fd")}
    return min(set(range(len(used) + 1)) - used)


def without_descriptors(w):
    """It can take nobody, does not spin, and goes on once it can."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with w.serve(w.direct()) as served:
        supervisor = world.children(served.running.pid)[0]
        world.expect(world.wait_for(lambda: len({lowest_free(supervisor) for _ in range(20)}) == 1), "restless")
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (lowest_free(supervisor), limit[1]))
        before = processor_time(supervisor)
        running = attach(served.path, *CURL)
        try:
            running.wait(timeout=1)
            world.expect(False, f"attached without a descriptor: {answer(running)}")
        except subprocess.TimeoutExpired:
            pass
        world.expect(processor_time(supervisor) - before < 0.5, "it spins")
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, limit)
        world.expect(answer(running)[1] == "hello-world\n", "once there are descriptors")


def killed(w):
    """What is attached is told, and lives; nothing else is left."""
    for who in ("outer", "supervisor"):
        for path in (None, os.path.join(w.folder, "socket")):
            with w.serve(w.direct(), path) as served:
                client = attach(served.path, "sh", "-c", "echo up; read x </dev/stdin; exec " +
                                " ".join(CURL), stdin=subprocess.PIPE)  # which answer() closes
                client.stdout.readline()
                victim = served.running.pid if who == "outer" else world.children(served.running.pid)[0]
                os.kill(victim, signal.SIGKILL)
                served.running.wait(timeout=world.PATIENCE)
                world.expect(world.is_gone(w.folder + "\0"), f"{who}: left processes")
                world.expect(world.wait_for(lambda: not os.path.exists(served.path)),
                             f"{who} killed: {served.path} is left")
                world.expect(path or world.wait_for(lambda: not os.path.exists(os.path.dirname(served.path))),
                             f"{who} killed: its folder is left")
                code, said, _ = answer(client)
                world.expect(code != 0 and "hello" not in said, f"{who} killed: {code} {said}")


def both_killed(w):
    """Then the socket stays until the next one comes."""
    environment = {**os.environ, "TMPDIR": w.folder}
    with w.serve(w.direct(), env=environment) as served:
        supervisor = world.children(served.running.pid)[0]
        os.kill(served.running.pid, signal.SIGSTOP)
        os.kill(supervisor, signal.SIGKILL)
        os.kill(served.running.pid, signal.SIGKILL)
        served.running.wait(timeout=world.PATIENCE)
    world.expect(os.path.exists(served.path), "who removed it?")
    with w.serve(w.direct(), env=environment):
        world.expect(not os.path.exists(os.path.dirname(served.path)), "a dead run's folder is kept")


def memory(process):
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


def many(w):
    """One after the other: neither descriptors nor memory grow."""
    with w.serve(w.direct()) as served:
        supervisor = world.children(served.running.pid)[0]
        descriptors = len(os.listdir(f"/proc/{supervisor}/fd"))
        for _ in range(50):
            answer(attach(served.path, "true"))
        # What was in use at once is kept for later use; what is never released grows each time.
        for _ in range(3):
            before = memory(supervisor)
            for _ in range(100):
                answer(attach(served.path, "true"))
            grown = memory(supervisor) - before
            if grown < MOST_GROWTH:
                break
        world.expect(world.wait_for(lambda: len(os.listdir(f"/proc/{supervisor}/fd")) <= descriptors),
                     "descriptors are kept")
        world.expect(grown < MOST_GROWTH, f"{grown} KiB more, again")


world.need("curl")
with world.World() as w:
    together(w)
    nobody_there(w)
    succeeded(w)
    hostile(w)
    without_descriptors(w)
    killed(w)
    both_killed(w)
    many(w)
world.finish()
