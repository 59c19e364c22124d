# SPDX-License-Identifier: MIT
"""What processes tell the service through their rings: in which order it is done, who waits for
whom, and what becomes of a ring that no library writes. Decisions that are repeated unasked."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time

import wire
import world

SITE = wire.address(world.WHERE, 80)
HELD = socket.socket()  # its port is taken, and nobody listens there
HELD.bind(("127.0.0.1", 0))
PORT = HELD.getsockname()[1]
PROXY = wire.address("127.0.0.1", PORT)
NOT_FOUND, HOUR = 0x80320008, 3600 * 10**9

CONNECT = """
import os, socket, sys
def connect():
    with socket.socket() as s:
        return s.connect_ex(("93.184.216.34", 80))
"""


def serve(w, scenario):
    path = os.path.join(w.folder, "service")
    running = subprocess.Popen([world.COMMAND, "serve", "--quiet", "--trail", w.trail, "--socket",
                                path, scenario], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    world.expect(running.stdout.readline() != "", "the service did not start")
    return running, path


def attach(path, script, **options):
    return subprocess.Popen([world.COMMAND, "attach", path, "--", sys.executable, "-c", script],
                            text=True, **options)


def redirect(to, **more):
    return {"services": [{"name": "acme", "redirect": [
        {"rule": "tcp 93.184.216.0/24 port 80", "to": to}]}], **more}


def client(path, number=1):
    """A process whose socket was allowed to connect, and that has not said what became of it."""
    process = wire.Process(path)
    process.tell(wire.request(wire.CREATE, number), wakes=False)
    answer = process.ask(wire.request(wire.CONNECTING, number, where=SITE))
    world.expect(answer[:4] == (0, 0, 64, (socket.inet_aton("127.0.0.1"), PORT)),
                 f"connecting: {answer}")
    return process


def reported(port, number=1):
    return wire.request(wire.CONNECTED, number, where=wire.address("127.0.0.1", port))


def query(number):
    return wire.request(wire.IOCTL, number, (
        wire.QUERY_RECORDS, 1000, wire.GIVES_OUT | wire.GIVES_BYTES, 0))


def accept_and_ask(proxy, number, port):
    """Asks for the records of a connection from that port, and does not wait."""
    proxy.tell(wire.request(wire.ACCEPTED, 1, (number, 0, 0, 0), wire.address("127.0.0.1", port)),
               wakes=False)
    proxy.channel.send(query(number))


def test_waiting(path):
    proxy = wire.Process(path)
    proxy.tell(wire.request(wire.CREATE, 1), wire.request(wire.LISTENING, 1, where=PROXY))
    early = client(path)
    early.tell(reported(5551), wakes=False)
    accept_and_ask(proxy, 2, 5551)
    native, _, _, _, records = proxy.answer()
    world.expect(native == 0 and len(records) > 16, f"reported before: {native}")
    late = client(path)
    accept_and_ask(proxy, 3, 5552)
    world.expect(not proxy.is_answered_within(0.1), "answered before the client's report")
    late.tell(reported(5552))
    native, _, _, _, records = proxy.answer()
    world.expect(native == 0 and len(records) > 16, f"reported later: {native}")
    silent = client(path)
    accept_and_ask(proxy, 4, 5553)
    native = proxy.answer()[0]
    world.expect(native == NOT_FOUND, f"nobody reported it: {native}")
    silent.end()
    dying = client(path)
    accept_and_ask(proxy, 5, 5554)
    dying.end()
    native = proxy.answer()[0]
    world.expect(native == NOT_FOUND, f"its client died: {native}")
    gone = client(path)
    accept_and_ask(proxy, 6, 5555)
    proxy.end()  # while it waits
    gone.end()
    early.end()
    late.end()


def test_child(path):
    """A child has all that its parent told before fork, also what waits for another process."""
    proxy = wire.Process(path)
    proxy.tell(wire.request(wire.CREATE, 1), wire.request(wire.LISTENING, 1, where=PROXY))
    late = client(path)
    proxy.tell(wire.request(wire.ACCEPTED, 1, (2, 0, 0, 0), wire.address("127.0.0.1", 5561)))
    child = wire.Process(path, proxy)
    world.expect(not child.is_answered_within(0.1), "a child begins before its parent's time")
    late.tell(reported(5561))
    child.begin()
    native, _, _, _, records = child.ask(query(2))
    world.expect(native == 0 and len(records) > 16, f"a child's accepted socket: {native}")
    for process in (proxy, late, child):
        process.end()


def processes(w):
    return [e["process"] for e in w.events("connecting")]


def expect_last(w, who, what):
    """The trail's file is written after the answer."""
    for _ in range(200):
        if processes(w)[-len(who):] == who:
            break
        time.sleep(0.01)
    world.expect(processes(w)[-len(who):] == who, f"{what}: {processes(w)}")


def test_order(w, path):
    one, two = wire.Process(path), wire.Process(path)
    for process, who in ((one, 1001), (two, 1002)):
        process.tell(*(wire.request(wire.CREATE, n, process=who) for n in (1, 2)), wakes=False)
        process.ask(wire.request(wire.SYNC, process=who))
    time.sleep(0.05)  # until the service sleeps, and sees both rings at once
    now = time.monotonic_ns()
    for process, who, times in ((one, 1001, (2, 4)), (two, 1002, (1, 3))):
        for number, at in zip((1, 2), times):
            process.tell(wire.request(wire.REPEATING, number, where=SITE, second=PROXY,
                                      process=who), at=now - 1000 + at, wakes=False)
    one.ask(wire.request(wire.SYNC))
    expect_last(w, [1002, 1001, 1002, 1001], "in another order")
    two.tell(wire.request(wire.CREATE, 3, process=1003),
             wire.request(wire.REPEATING, 3, where=SITE, second=PROXY, process=1003),
             at=now + HOUR, wakes=False)
    two.ask(wire.request(wire.SYNC))  # a clock that goes wrong is its own affair
    expect_last(w, [1003], "what it told before it asked is not done")
    two.number(wire.Process.TAKEN, 12345)
    two.number(wire.Process.WAKING, 7)
    two.tell(wire.request(wire.CREATE, 4, process=1004),
             wire.request(wire.REPEATING, 4, where=SITE, second=PROXY, process=1004))
    two.ask(wire.request(wire.SYNC))
    expect_last(w, [1004], "the service believed what the ring says of itself")
    one.end()
    two.tell(wire.request(wire.CREATE, 5, process=1005),
             wire.request(wire.REPEATING, 5, where=SITE, second=PROXY, process=1005), wakes=False)
    two.end()
    expect_last(w, [1005], "what a process told before its end is lost")


def test_hostile(path):
    create = wire.request(wire.CREATE, 1)
    repeat = wire.request(wire.REPEATING, 1, where=SITE, second=PROXY)
    told = {
        "a target that was not decided": [create, wire.request(
            wire.REPEATING, 1, where=SITE, second=wire.address("127.0.0.1", PORT ^ 1))],
        "a decision for a bound socket": [create, wire.request(
            wire.BOUND, 1, where=wire.address("127.0.0.1", 5)), repeat],
        "a decision to nowhere": [create, wire.request(wire.REPEATING, 1, second=PROXY)],
        "a decision about no socket": [wire.request(wire.REPEATING, 9, where=SITE, second=PROXY)],
        "a question": [create, wire.request(wire.CONNECTING, 1, where=SITE)],
        "a greeting": [wire.request(wire.HELLO, arguments=(wire.VERSION, 0, 0, 0))],
        "a payload": [wire.request(wire.CREATE, 1, size=8)],
        "a name without an end": [wire.request(wire.CREATE, 1, user=b"a" * 64)],
        "no operation": [wire.request(wire.OPERATIONS_END)],
    }
    for what, requests in told.items():
        process = wire.Process(path)
        process.tell(*requests)
        world.expect(wire.is_sent_away(process.channel), f"{what} in a ring: kept")
    for written in (513, 1 << 31, (1 << 32) - 1):
        process = wire.Process(path)
        process.tell(create, *[wire.request(wire.BOUND, 1, where=PROXY)] * 511, wakes=False)
        process.ask(wire.request(wire.SYNC))
        process.tell(wire.request(wire.BOUND, 1, where=PROXY), wakes=False)  # so all of them are sound
        process.number(wire.Process.WRITTEN, (512 + written) % (1 << 32))
        process.channel.send(wire.request(wire.WAKE))
        world.expect(wire.is_sent_away(process.channel), f"{written} of 512 places: kept")
    process = wire.Process(path)
    for what in (lambda: os.ftruncate(process.memory, 0), lambda: os.ftruncate(process.memory, 1 << 20)):
        try:
            what()
            world.expect(False, "a process changed the size of its ring")
        except PermissionError:
            pass
    process.tell(*[create] + [wire.request(wire.BOUND, 1, where=PROXY)] * 511, wakes=False)
    world.expect(process.ask(wire.request(wire.SYNC))[0] == 0, "a full ring is refused")
    process.end()


def test_full(running, path):
    """A service that stands still for a moment holds up whoever has told it all that he can."""
    with attach(path, "import socket\nprint('here', flush=True)\ninput()\n"
                "for _ in range(5000): socket.socket().close()\nprint('done')",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE) as many:
        many.stdout.readline()
        running.send_signal(signal.SIGSTOP)
        many.stdin.write("\n")
        many.stdin.flush()
        time.sleep(0.3)
        world.expect(many.poll() is None, "10,000 requests fit into 512 places")
        running.send_signal(signal.SIGCONT)
        said, _ = many.communicate(timeout=world.PATIENCE)
        world.expect(many.returncode == 0 and said == "done\n", f"a full ring: {said}")


def test_dead(running, path):
    """Also who need not ask notices that nobody is there."""
    with attach(path, CONNECT + "print(connect(), connect(), flush=True)\ninput()\nprint(connect())",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        line = one.stdout.readline()
        world.expect(line == f"{errno.ECONNREFUSED} {errno.ECONNREFUSED}\n", f"before: {line}")
        running.kill()
        running.wait(timeout=world.PATIENCE)
        said, told = one.communicate("\n", timeout=world.PATIENCE)
        world.expect(said == f"{errno.ENETDOWN}\n" and path in told, f"after: {said}{told}")


def test_fork(w):
    # Each is heard by the server before the next: a server that is ended accepts nothing more.
    done = w.run(w.direct(), sys.executable, "-c", """
import os, socket, sys
def ask():
    with socket.create_connection(("93.184.216.34", 80)) as s:
        s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        return 0 if s.recv(5) == b"HTTP/" else 1
print(ask(), ask())
sys.stdout.flush()
child = os.fork()
if child == 0:
    os._exit(ask() | ask())
print(os.waitpid(child, 0)[1], ask())
""")
    who = processes(w)
    world.expect(done.stdout == "0 0\n0 0\n", f"{done.stdout}{done.stderr}")
    world.expect(len(who) == 5 and len(w.events("accepted")) == 5, f"not five connections: {who}")
    world.expect(who[0] == who[1] == who[4] and who[2] == who[3] != who[0],
                 f"a child's are its own: {who}")


def test_faults(w):
    """Where an answer may differ, each connection asks."""
    scenario = redirect("origin", programs=[w.origin()],
                        faults=[{"operation": "connect", "native": 10060, "nth": 3}])
    done = w.run(w.scenario(scenario), sys.executable, "-c",
                 CONNECT + "print(*(connect() for _ in range(4)))")
    world.expect(done.stdout == f"0 0 {errno.ETIMEDOUT} 0\n", f"{done.stdout}{done.stderr}")


with world.World() as w:
    running, path = serve(w, w.scenario(redirect(f"127.0.0.1:{PORT}")))
    test_waiting(path)
    test_child(path)
    test_order(w, path)
    test_hostile(path)
    test_full(running, path)
    client(path).end()
    test_dead(running, path)
    test_fork(w)
    test_faults(w)
world.finish()
