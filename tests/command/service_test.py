# SPDX-License-Identifier: MIT
"""Hostile clients of the service's socket are sent away, and the others are served."""

import os
import random
import resource
import subprocess
import sys
import time

import wire
import world

STRANGER = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
try:
    s.connect(sys.argv[1])
except PermissionError:
    sys.exit(13)
s.settimeout(1)  # at once, and not for having said nothing
try:
    sys.exit(14 if s.recv(100) == b"" else 1)
except ConnectionResetError:
    sys.exit(14)
"""


def serve(w):
    path = os.path.join(w.folder, "service")
    running = subprocess.Popen([world.COMMAND, "serve", "--quiet", "--trail", w.trail, "--socket",
                                path, w.direct()], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = running.stdout.readline()
    world.expect(line == f"CONNTRAIL_EMU_SERVICE={path}\n", f"serve said {line!r}")
    return running, path


def is_serving(path):
    done = subprocess.run([world.COMMAND, "attach", path, "--", "curl", "-sS", "-m", "20",
                           f"http://{world.WHERE}/hello"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=world.PATIENCE, check=False)
    return done.stdout == "hello-world\n"


def query(capacity):
    """Of a new socket's records, with room for so many bytes."""
    gives = wire.GIVES_OUT | wire.GIVES_BYTES
    return wire.request(wire.CREATE, 1) + wire.request(
        wire.IOCTL, 1, (wire.QUERY_RECORDS, capacity, gives, 0))


def malformed(path):
    frames = [b"x", bytes(151), wire.request(0), wire.request(wire.OPERATIONS_END), wire.request(65535),
              wire.request(wire.CREATE, 1), wire.request(wire.HELLO, payload=b"a" * 64),
              wire.request(2, 1), bytes(130 * 1024)]
    # The system cuts this one where a request ends: what is left is sound, and not what was sent.
    cut = b"".join(wire.request(wire.CREATE, n) for n in range(1, 862))
    cut += wire.request(wire.CREATE, 900, payload=bytes(48))
    world.expect(len(cut) == 128 * 1024, f"{len(cut)} bytes are not the limit of a frame")
    for frame in frames:
        channel = wire.connect(path)
        channel.send(frame)
        world.expect(wire.is_sent_away(channel), f"first frame {frame[:8]!r}: kept")
    later = [wire.request(wire.CREATE, 0), wire.request(wire.CREATE, 1, (4, 0, 0, 0)),
             wire.request(wire.CONNECTING, 9, where=wire.address("1.2.3.4", 80)),
             wire.request(wire.CREATE, 1) * 2, wire.request(wire.CREATE, 1, size=1 << 30),
             wire.request(wire.HELLO, arguments=(wire.VERSION, 0, 0, 0)),
             wire.request(wire.CREATE, 1) + wire.request(wire.CONNECTING, 1),
             wire.request(wire.CREATE, 1)[:100],
             wire.request(wire.CREATE, 1) + wire.request(wire.CONNECTING, 1,
                                                         where=wire.address("1.2.3.4", 80)) * 2,
             cut + wire.request(wire.CREATE, 901),
             query(wire.ANSWER_LIMIT + 1),
             wire.request(wire.CREATE, 1, (1, 0, 0, 0)) + wire.request(wire.SENDING, 1,
                                                                       payload=bytes(48))]
    channel, _ = wire.join(path)
    channel.send(query(wire.ANSWER_LIMIT))
    world.expect(channel.recv(200000) != b"", "a query for as much as may be is refused")
    for frame in later:
        channel, _ = wire.join(path)
        channel.send(frame)
        world.expect(wire.is_sent_away(channel), f"later frame {frame[:8]!r}: kept")


def fuzz(path, seed, rounds):
    chance = random.Random(seed)
    for _ in range(rounds):
        channel, _ = wire.join(path)
        channel.settimeout(0.02)
        try:
            for _ in range(chance.randrange(1, 12)):
                frame = bytearray(wire.request(
                    chance.randrange(0, wire.OPERATIONS_END + 2), chance.randrange(0, 4),
                    [chance.choice((0, 1, 2, 17, 1 << 16, (1 << 32) - 1)) for _ in range(4)],
                    chance.choice((None, wire.address("1.2.3.4", 80))),
                    chance.randbytes(chance.choice((0, 0, 8, 100)))))
                if chance.random() < 0.3:
                    frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)
                channel.send(wire.request(wire.CREATE, chance.randrange(1, 4),
                                          (chance.randrange(2), 0, 0, 0)))
                channel.send(frame)
                try:
                    channel.recv(200000)
                except TimeoutError:
                    pass
        except OSError:
            pass
        channel.close()


def memory_of(process):
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


world.need("curl")
with world.World() as w:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    running, path = serve(w)
    world.expect(os.stat(path).st_mode & 0o777 == 0o600, "the socket has rights for others")
    malformed(path)
    world.expect(is_serving(path), "not serving after malformed frames")
    idle = [wire.connect(path) for _ in range(1000)]
    world.expect(is_serving(path), "not serving beside 1,000 idle connections")
    time.sleep(3)
    world.expect(all(wire.is_sent_away(c) for c in idle), "idle connections were kept")
    fuzz(path, 20261124, 600)
    before = memory_of(running.pid)
    fuzz(path, 5, 600)
    world.expect(memory_of(running.pid) < before + 2048, "memory grows with hostile clients")
    world.expect(is_serving(path), "not serving after fuzzed frames")
    if os.getuid() == 0:
        os.chmod(w.folder, 0o755)
        done = subprocess.run([sys.executable, "-c", STRANGER, path], check=False, timeout=30)
        world.expect(done.returncode == 13, f"another user was let in: {done}")
        os.chmod(path, 0o666)  # somebody's mistake: the user is compared as well
        done = subprocess.run([sys.executable, "-c", STRANGER, path], check=False, timeout=30)
        world.expect(done.returncode == 14, f"another user was let in by the socket: {done}")
        os.chmod(path, 0o600)
    others = subprocess.run([world.COMMAND, "serve", "--socket", path, w.direct()], check=False,
                            capture_output=True, text=True, timeout=world.PATIENCE)
    world.expect(others.returncode == 125 and "Address already in use" in others.stderr,
                 f"two services at one socket: {others}")
    world.expect(is_serving(path), "not serving after another service wanted its socket")
    running.terminate()
    said = running.communicate(timeout=world.PATIENCE)[1]
    world.expect("said something malformed, 100" in said or "1000 strangers" in said, said[-300:])
    world.expect(not os.path.exists(path), "the socket was left behind")
    # A service that is gone is an error by name, at once.
    running, path = serve(w)
    client = subprocess.Popen(
        [world.COMMAND, "attach", path, "--", "sh", "-c", "read x; curl -sS -m 20 http://"
         f"{world.WHERE}/hello"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    time.sleep(0.3)
    running.kill()
    running.communicate(timeout=world.PATIENCE)
    begun = time.monotonic()
    _, said = client.communicate("\n", timeout=world.PATIENCE)
    world.expect(client.returncode == 7 and path in said and "ENETDOWN" in said, said)
    world.expect(time.monotonic() - begun < 10, "a dead service hung its client")
world.finish()
