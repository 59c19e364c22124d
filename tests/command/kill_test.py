# SPDX-License-Identifier: MIT
"""kill -9 of each party at each step of a connection, seeded: 1,000 times in ci/supervisor, a sample of 250 otherwise.

A step is a system call, before or after it: kill_at traces the party, and kills it there. Another
client runs beside it: it gets the right answer or an error, and after each round the world works again.
The server, which is no party of the emulation's, ends at a random moment."""

import os
import random
import select
import subprocess
import sys
import time

import world

ROUNDS = int(os.environ.get("CONNTRAIL_KILLS", "250"))
SEED = int(os.environ.get("CONNTRAIL_SEED", "20261124"))
MOST_GROWTH = 512  # KiB
LONGEST = 0.012  # seconds: what an exchange with curl takes here
KILL_AT = os.path.join(world.BUILD, "tests/command/kill_at")
# The steps of each party, and up to how many of each there are in an exchange.
STEPS = {
    "client": {"socket": 2, "connect": 2, "sendto": 3, "recvfrom": 3, "seccomp": 1, "execve": 2,
               "getsockname": 2, "close": 9},
    "proxy": {"accept4": 2, "getsockopt": 4, "setsockopt": 4, "socket": 2, "connect": 2, "recvmsg": 3,
              "epoll_wait": 6, "close": 4},
    "supervisor": {"ioctl": 20, "pidfd_getfd": 6, "process_vm_readv": 6, "getsockopt": 30, "accept4": 2,
                   "recvfrom": 4, "sendto": 4, "close": 20},
}
SERVER = """
import socket, sys, threading
s = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
while True:
    c, _ = s.accept(); c.settimeout(5)
    try:
        c.recv(4096); c.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: 12\\r\\n\\r\\nhello-world\\n")
    except OSError: pass
    c.close()
"""


def killed_at(step, *more):
    """What starts a party so that it is killed at a step."""
    return [] if step is None else [KILL_AT, step, *more]


class Parties:
    def __init__(self, w):
        self.w = w
        self.path = os.path.join(w.folder, "socket")
        self.ports = {"proxy": world.free_port(), "server": world.free_port()}
        self.running = {}
        self.said = open(os.path.join(w.folder, "said"), "ab")
        self.scenario = w.scenario({
            "services": [{"name": "acme", "redirect": [
                {"rule": "tcp 93.184.216.0/24 port 80",
                 "to": f"127.0.0.1:{self.ports['proxy']}"}]}],
            "routes": {f"{world.WHERE}:80": f"127.0.0.1:{self.ports['server']}"}})

    def attach(self, *command, step=None, **options):
        return subprocess.Popen([*killed_at(step), world.COMMAND, "attach", self.path, "--", *command],
                                stdin=subprocess.DEVNULL, stderr=self.said, **options)

    def start(self, who, step=None, is_awaited=True):
        if who == "supervisor":
            if os.path.exists(self.path):  # of a supervisor that was killed
                os.unlink(self.path)
            self.running[who] = subprocess.Popen(
                [*killed_at(step, "--child"), world.COMMAND, "serve", "--quiet", "--socket", self.path,
                 self.scenario],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.running[who].stdout.readline()
        elif who == "proxy":
            self.running[who] = self.attach(world.PROXY, f"127.0.0.1:{self.ports[who]}",
                                            step=step, stdout=subprocess.DEVNULL)
            if step is None and is_awaited:
                self.await_port(who)
            else:  # it, or its supervisor, may end before it listens
                time.sleep(0.03)
        else:
            self.running[who] = subprocess.Popen(
                [sys.executable, "-c", SERVER, str(self.ports[who])], stdin=subprocess.DEVNULL)
            self.await_port(who)

    def await_port(self, who):
        """By the kernel's table: a connection would be one more client."""
        wanted = f"0100007F:{self.ports[who]:04X} 00000000:0000 0A"
        end = time.monotonic() + world.PATIENCE
        while time.monotonic() < end:
            with open("/proc/net/tcp", encoding="ascii") as table:
                if wanted in table.read():
                    return
            time.sleep(0.005)
        with open(self.said.name, "rb") as said:
            world.expect(False, f"the {who} does not come back: {said.read()[-500:]}")
        world.finish()

    def client(self, step=None):
        return self.attach("curl", "-sS", "-m", "100", f"http://{world.WHERE}/hello",
                           step=step, stdout=subprocess.PIPE)

    def end(self, who):
        """With whom it traces, or supervises with: they end after it, and still listen until then."""
        gone = self.running.pop(who)
        below = world.hold_below(gone.pid)
        gone.kill()
        gone.wait(timeout=world.PATIENCE)
        for process in below:
            ended, _, _ = select.select([process], [], [], world.PATIENCE)
            world.expect(ended, f"{who} was killed, and what it had started goes on")
            os.close(process)
        if gone.stdout:
            gone.stdout.close()

    def renew(self, who, step=None):
        """The supervisor's programs start anew, with it."""
        self.end(who)
        if who == "supervisor":
            self.end("proxy")
        self.start(who, step)
        if who == "supervisor":
            self.start("proxy", is_awaited=step is None)

    def supervisor(self):
        return world.children(self.running["supervisor"].pid)[0]

    def memory(self):
        """KiB of the supervisor."""
        with open(f"/proc/{self.supervisor()}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmRSS")).split()[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.supervisor()}/fd"))


    def is_killed(self, victim):
        """The supervisor's outer process says so, and ends with it."""
        return world.wait_for(lambda: self.running[victim].poll() is not None, 1) and \
            self.running[victim].returncode == 137


def answer(client):
    said, _ = client.communicate(timeout=world.PATIENCE)
    return client.returncode, said


def choose_step(victim, chance):
    call = chance.choice(sorted(STEPS[victim]))
    return f"{call}:{chance.randint(1, STEPS[victim][call])}:{chance.choice(('before', 'after'))}"


def check(said, code, what):
    if code == 0 and said != b"hello-world\n":
        world.expect(False, f"{what}: {said!r}")


def one_round(parties, victim, chance):
    """Whether the victim came to the step that it had to die at."""
    step = choose_step(victim, chance) if victim in STEPS else None
    if victim in ("proxy", "supervisor"):
        parties.renew(victim, step)
    first = parties.client(step if victim == "client" else None)
    beside = parties.client()
    if victim == "server":
        time.sleep(chance.random() * LONGEST)
        parties.renew(victim)
    code, said = answer(first)
    check(said, code, f"{victim} killed at {step}")
    is_killed = code == 137 if victim == "client" else True
    code, said = answer(beside)
    check(said, code, f"beside {victim} killed at {step}")
    if victim == "client":
        world.expect((code, said) == (0, b"hello-world\n"),
                     f"beside a client killed at {step}: {code} {said!r}")
    elif victim in STEPS:
        is_killed = parties.is_killed(victim)
        parties.renew(victim)
    return is_killed


def run_rounds(parties, chance, victims, weights, rounds):
    killed = 0
    for number in range(rounds):
        killed += one_round(parties, chance.choices(victims, weights)[0], chance)
        if number % 20 == 19:
            world.expect(answer(parties.client()) == (0, b"hello-world\n"), f"after round {number}")
    return killed


world.need("curl")
with world.World() as w:
    parties = Parties(w)
    for who in ("supervisor", "server", "proxy"):
        parties.start(who)
    chance = random.Random(SEED)
    world.expect(answer(parties.client()) == (0, b"hello-world\n"), "before the first kill")
    kept = ROUNDS * 9 // 10
    killed = run_rounds(parties, chance, ("client", "proxy", "server"), (70, 25, 5), kept // 2)
    rounds = kept // 2
    # What was in use at once is kept for later use; what is never released grows each time.
    for _ in range(3):
        before = parties.memory()
        killed += run_rounds(parties, chance, ("client", "proxy", "server"), (70, 25, 5), kept - kept // 2)
        rounds += kept - kept // 2
        grown = parties.memory() - before
        if grown < MOST_GROWTH:
            break
    world.expect(grown < MOST_GROWTH, f"the supervisor grew again, by {grown} KiB")
    killed += run_rounds(parties, chance, ("supervisor",), (1,), ROUNDS - kept)
    rounds += ROUNDS - kept
    print(f"{killed} of {rounds} came to their step")
    world.expect(killed > rounds * 6 // 10, f"only {killed} of {rounds} came to their step")
    world.expect(world.wait_for(lambda: parties.descriptors() < 20), f"the supervisor holds {parties.descriptors()} files")
    for gone in list(parties.running.values()):
        gone.terminate()
        gone.wait(timeout=world.PATIENCE)
    world.expect(not world.children_of_nobody(w.folder), "processes were left behind")
    world.expect(not os.path.exists(parties.path), "the socket was left behind")
world.finish()
