# SPDX-License-Identifier: MIT
"""The reference proxy as its user runs it: a configuration, real clients, signals, and what breaks."""

import datetime
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import world

LINGER = struct.pack("ii", 1, 0)
COUNTERS = re.compile(r"counters (\{.*\})")


class Proxy:
    """One that takes every connection to a listener of the test's."""

    def __init__(self, folder, **members):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(world.PATIENCE)
        target = members.pop("otherwise", "127.0.0.1:%d" % self.server.getsockname()[1])
        config = {"listen": [{"tcp": "127.0.0.1:0", "otherwise": target}], **members}
        path = os.path.join(folder, "proxy.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(config, file)
        self.process = subprocess.Popen([world.REFERENCE, path], stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ready = self.process.stdout.readline()
        self.port = int(ready.rsplit(":", 1)[1])
        world.expect(ready.startswith("ready tcp 127.0.0.1:"), f"said {ready!r}")

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), world.PATIENCE)

    def pair(self):
        client = self.connect()
        server = self.server.accept()[0]
        server.settimeout(world.PATIENCE)
        return client, server

    def processor_time(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            ticks = file.read().rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def end(self, number=signal.SIGTERM):
        """Its exit code, the counters and all that it said."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=world.PATIENCE)[1]
        self.server.shutdown(socket.SHUT_RDWR)  # ends threads that accept
        self.server.close()
        found = COUNTERS.findall(said)
        return self.process.returncode, json.loads(found[-1]) if found else {}, said


def ended_by_reset(one):
    try:
        return one.recv(1) != b"" and False
    except ConnectionResetError:
        return True


def reset(one):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    one.close()


def is_refused(proxy):
    """Reset, maybe before this program learns that it was connected."""
    try:
        return ended_by_reset(proxy.connect())
    except ConnectionResetError:
        return True


def resets(folder):
    proxy = Proxy(folder)
    client, server = proxy.pair()
    client.sendall(b"x")  # until it arrives, a reset may count as a connect that failed
    server.recv(1)
    reset(server)
    world.expect(ended_by_reset(client), "the server's reset does not reach the client")
    client, server = proxy.pair()
    client.sendall(b"x")
    server.recv(1)
    reset(client)
    world.expect(ended_by_reset(server), "the client's reset does not reach the server")
    code, counters, _ = proxy.end()
    world.expect(code == 0 and counters["broken"] == 2 and counters["open"] == 0, f"{counters}")


def slow_reader(folder):
    """What is not read is not taken from the sender; then all of it arrives."""
    proxy = Proxy(folder, limits={"buffers_mib": 1})
    for splice in (0, 1):
        client, server = proxy.pair()
        server.setblocking(False)
        sent, block, idle = 0, os.urandom(1 << 16), 0
        while idle < 20 and sent < 1 << 30:
            try:
                sent += server.send(block[sent % len(block):])
                idle = 0
            except BlockingIOError:
                idle += 1
                time.sleep(0.02)
        world.expect(sent < 64 << 20, f"{sent} bytes were taken for a client that does not read")
        server.close()
        received, right = 0, True
        while data := client.recv(1 << 20):
            for at in range(0, len(data), len(block)):
                begin = (received + at) % len(block)
                piece = data[at:at + len(block)]
                right = right and piece == (block + block)[begin:begin + len(piece)]
            received += len(data)
        world.expect(received == sent and right, f"{received} of {sent} bytes, right: {right}")
        client.close()
    code, counters, _ = proxy.end()
    world.expect(code == 0 and counters["ended"] == 2, f"{counters}")


def hungry(folder):
    """More stuck connections than buffers: who reads is served all the same."""
    proxy = Proxy(folder, limits={"buffers_mib": 1}, splice=False)
    pairs = [proxy.pair() for _ in range(24)]
    size = 12 << 20
    senders = [threading.Thread(target=lambda s=s: (s.sendall(bytes(size)), s.close()))
               for _, s in pairs]
    for sender in senders:
        sender.start()

    def spent_in_a_second():
        before = proxy.processor_time()
        time.sleep(1)
        return proxy.processor_time() - before
    # Once nothing moves any more.
    world.expect(world.wait_for(lambda: spent_in_a_second() < 0.3, 10) and spent_in_a_second() < 0.3,
                 "connections that wait take processor time")
    for client, _ in reversed(pairs):
        got = 0
        while data := client.recv(1 << 20):
            got += len(data)
        world.expect(got == size, f"{got} of {size} bytes without a buffer")
        client.close()
    for sender in senders:
        sender.join(world.PATIENCE)
    _, counters, _ = proxy.end()
    world.expect(counters["peeked"] > 0, f"each had a buffer: {counters}")
    world.expect(counters["ended"] == 24, f"{counters}")


def storm(folder):
    """Many connections at once, both ways, in pieces and pauses of any size, each end by itself."""
    for seed, members in enumerate((
            {"workers": 1, "splice": False}, {"workers": 3, "splice": True},
            {"workers": 2, "splice": True, "limits": {"buffers_mib": 1, "connections": 40}})):
        proxy = Proxy(folder, **members)
        wrong = []

        def send(one, chance, size):
            source, sent = random.Random(size).randbytes(1 << 16), 0
            while sent < size:
                piece = min(chance.choice((1, 100, 5000, 65536)), size - sent)
                begin = sent % len(source)
                one.sendall(source[begin:begin + piece])
                sent += min(piece, len(source) - begin)
                if chance.random() < 0.02:
                    time.sleep(0.005)
            one.shutdown(socket.SHUT_WR)

        def receive(one, chance, size):
            source, got = random.Random(size).randbytes(1 << 16), 0
            while data := one.recv(chance.choice((10, 1000, 1 << 17))):
                while data:
                    begin = got % len(source)
                    piece = source[begin:begin + len(data)]
                    if data[:len(piece)] != piece:
                        wrong.append(f"other bytes at {got} of {size}")
                        return
                    got, data = got + len(piece), data[len(piece):]
                if chance.random() < 0.02:
                    time.sleep(0.005)
            if got != size:
                wrong.append(f"{got} of {size} bytes")

        def both(one, number, outward, inward):
            chance = random.Random(seed * 1000 + number)
            one.settimeout(world.PATIENCE)
            sender = threading.Thread(target=send, args=(one, chance, outward))
            sender.start()
            try:
                receive(one, random.Random(number), inward)
            except OSError as error:
                wrong.append(str(error))
            sender.join(60)
            one.close()

        def client(number):
            one = proxy.connect()
            sizes = [random.Random(number).choice((0, 10, 70000, 900000)) for _ in range(2)]
            one.sendall(struct.pack("III", number, *sizes))
            both(one, number, *sizes)

        def server():
            one = proxy.server.accept()[0]
            head = b""
            while len(head) < 12:
                head += one.recv(12 - len(head))
            number, outward, inward = struct.unpack("III", head)
            both(one, number + 500, inward, outward)

        threads = [threading.Thread(target=client, args=(n,)) for n in range(100)]
        threads += [threading.Thread(target=server) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        code, counters, said = proxy.end()
        world.expect(not wrong, f"{members}: {wrong[:5]}")
        world.expect(code == 0 and counters["ended"] == 100, f"{members}: {counters} {said[-500:]}")


def times(folder):
    """Idle for too long; and a server that never answers to connect."""
    proxy = Proxy(folder, seconds={"idle": 4, "connect": 1})
    client, server = proxy.pair()
    for _ in range(5):
        time.sleep(1)
        used = time.monotonic()
        client.sendall(b"x")
        world.expect(server.recv(1) == b"x", "a connection in use was ended")
    world.expect(ended_by_reset(client), "an idle connection was not ended")
    world.expect(3 < time.monotonic() - used < 30, f"it was ended after {time.monotonic() - used} s")
    _, counters, said = proxy.end()
    world.expect(counters["idle_timed_out"] == 1 and "idle for too long" in said, said)
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    filling = [socket.socket() for _ in range(4)]
    for one in filling:
        one.setblocking(False)
        one.connect_ex(full.getsockname())
    proxy = Proxy(folder, otherwise="127.0.0.1:%d" % full.getsockname()[1], seconds={"connect": 1})
    client = proxy.connect()
    world.expect(ended_by_reset(client), "a connect without an answer was not ended")
    _, counters, said = proxy.end()
    world.expect(counters["connect_timed_out"] == 1 and "nobody answered" in said, said)


def log_times(folder):
    """Each line with the time in UTC, to the millisecond; without it where that is said."""
    line = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z reference_proxy: [a-z]+: .+")
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(milliseconds=1)
    said = Proxy(folder).end()[2].splitlines()
    after = datetime.datetime.now(datetime.timezone.utc)
    world.expect(len(said) == 2, f"{said}")
    for one in said:
        found = line.fullmatch(one)
        world.expect(found, f"no time in {one!r}")
        told = datetime.datetime.fromisoformat(found[1] + "+00:00")
        world.expect(before <= told <= after, f"{one!r} is not between {before} and {after}")
    said = Proxy(folder, log_time=False).end()[2].splitlines()
    world.expect(len(said) == 2 and all(one.startswith("reference_proxy: info: ") for one in said),
                 f"{said}")


def nobody_there(folder):
    proxy = Proxy(folder, otherwise=f"127.0.0.1:{world.free_port()}")
    world.expect(is_refused(proxy), "a refused connection is not passed on")
    _, counters, said = proxy.end()
    world.expect(counters["connect_failed"] == 1 and "Connection refused" in said, said)


def endings(folder):
    """Drains, gives up after its time, or at the second signal."""
    proxy = Proxy(folder, seconds={"drain": 30})
    client, server = proxy.pair()
    proxy.process.send_signal(signal.SIGINT)
    world.expect("ending" in proxy.process.stderr.readline(), "no word of its end")

    def takes_none():
        try:
            proxy.connect().close()
            return False
        except (ConnectionRefusedError, ConnectionResetError):
            return True
    world.expect(world.wait_for(takes_none), "a proxy that ends takes connections")
    client.sendall(b"still here")
    world.expect(server.recv(100) == b"still here", "a connection ended before its time")
    client.close()
    server.close()
    world.expect(proxy.process.wait(world.PATIENCE) == 0, "it does not end with its last connection")
    for members, signals in (({"seconds": {"drain": 1}}, 1), ({"seconds": {"drain": 600}}, 2)):
        proxy = Proxy(folder, **members)
        client, server = proxy.pair()
        for _ in range(signals - 1):
            proxy.process.send_signal(signal.SIGTERM)
            world.expect("ending" in proxy.process.stderr.readline(), f"{members}: no word of its end")
        code, _, _ = proxy.end()
        world.expect(code == 0 and ended_by_reset(client), f"{members}: exit {code}")


def descriptors(folder):
    """Out of descriptors it waits, and goes on when there are some."""
    proxy = Proxy(folder)
    subprocess.run(["prlimit", "--nofile=40:40", "--pid", str(proxy.process.pid)], check=True)
    results = []

    def ask():
        with proxy.connect() as client:
            client.sendall(b"GO")
            try:
                results.append(client.recv(10))
            except ConnectionResetError: # accepted, and no second descriptor for it
                results.append(None)

    def serve():
        while True:
            try:
                server = proxy.server.accept()[0]
            except OSError:
                return
            server.recv(2)
            time.sleep(0.1)
            server.sendall(b"DONE")
            server.close()

    threads = [threading.Thread(target=ask) for _ in range(40)]
    threads += [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads[:40]:
        thread.join(world.PATIENCE)
    code, counters, said = proxy.end()
    world.expect(len(results) == 40 and set(results) <= {b"DONE", None}, f"{results}")
    world.expect(results.count(b"DONE") > 20, f"{results}")
    world.expect(code == 0 and counters["accept_pauses"] > 0 and "Too many open files" in said, said)


def use(folder):
    def run(*words):
        return subprocess.run([world.REFERENCE, *words], stdin=subprocess.DEVNULL, timeout=10,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    path = os.path.join(folder, "other.json")
    with open(path, "w", encoding="ascii") as file:
        file.write('{"listen": [{"tcp": "127.0.0.1:99999"}]}')
    done = run("--check", path)
    world.expect(done.returncode == 2 and f"{path}: listen[0].tcp: write" in done.stderr, f"{done}")
    with open(path, "w", encoding="ascii") as file:
        file.write('{"listen": [{"tcp": "127.0.0.1:0"}]}')
    world.expect(run("--check", path).returncode == 0, "a good file")
    world.expect(run().returncode == 2 and "usage" in run().stderr, "no argument")
    world.expect("--check CONFIG" in run("--help").stdout, "--help")
    world.expect(run("--version").stdout.startswith("reference_proxy of conntrail "), "--version")
    example = os.path.join(os.path.dirname(world.FORGETFUL),
                           "../../examples/reference-proxy/proxy.json")
    world.expect(run("--check", example).returncode == 0, "the example is not valid")
    taken = socket.create_server(("127.0.0.1", 0))
    with open(path, "w", encoding="ascii") as file:
        json.dump({"listen": [{"tcp": "127.0.0.1:%d" % taken.getsockname()[1]}]}, file)
    done = run(path)
    world.expect(done.returncode == 1 and "Address already in use" in done.stderr, f"{done}")


with world.World() as w:
    for test in (use, resets, slow_reader, hungry, storm, times, log_times, nobody_there, endings, descriptors):
        if len(sys.argv) < 3 or test.__name__ in sys.argv[2:]:
            test(w.folder)
world.finish()
