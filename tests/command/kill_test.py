# SPDX-License-Identifier: MIT
"""kill -9 of each party while a connection is made, 1,000 times, seeded.

The moment is a random one of the time that an exchange takes. Another client runs beside it: it
gets the right answer or an error, and after each round the world works again."""

import os
import random
import subprocess
import sys
import time

import world

ROUNDS = int(os.environ.get("CONNTRAIL_KILLS", "1000"))
SEED = int(os.environ.get("CONNTRAIL_SEED", "20261124"))
LONGEST = 0.012  # seconds: what an exchange with curl takes here
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


class Parties:
    def __init__(self, w):
        self.w = w
        self.path = os.path.join(w.folder, "service")
        self.ports = {"proxy": world.free_port(), "server": world.free_port()}
        self.running = {}
        self.scenario = w.scenario({
            "services": [{"name": "acme", "redirect": [
                {"rule": "tcp 93.184.216.0/24 port 80",
                 "to": f"127.0.0.1:{self.ports['proxy']}"}]}],
            "routes": {f"{world.WHERE}:80": f"127.0.0.1:{self.ports['server']}"}})

    def attach(self, *command, **options):
        return subprocess.Popen([world.COMMAND, "attach", self.path, "--", *command],
                                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)

    def start(self, who):
        if who == "service":
            if os.path.exists(self.path):
                os.unlink(self.path)
            self.running[who] = subprocess.Popen(
                [world.COMMAND, "serve", "--quiet", "--socket", self.path, self.scenario],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.running[who].stdout.readline()
        elif who == "proxy":
            self.running[who] = self.attach(world.PROXY, f"127.0.0.1:{self.ports[who]}",
                                            stdout=subprocess.DEVNULL)
            self.await_port(who)
        else:
            self.running[who] = subprocess.Popen(
                [sys.executable, "-c", SERVER, str(self.ports[who])], stdin=subprocess.DEVNULL)
            self.await_port(who)

    def await_port(self, who):
        """By the kernel's table: a connection would be one more client."""
        wanted = f"0100007F:{self.ports[who]:04X} 00000000:0000 0A"
        for _ in range(2000):
            with open("/proc/net/tcp", encoding="ascii") as table:
                if wanted in table.read():
                    return
            time.sleep(0.005)
        world.expect(False, f"the {who} does not come back")
        world.finish()

    def client(self):
        return self.attach("curl", "-sS", "-m", "20", f"http://{world.WHERE}/hello",
                           stdout=subprocess.PIPE)

    def end(self, who):
        gone = self.running.pop(who)
        gone.kill()
        gone.wait(timeout=world.PATIENCE)
        if gone.stdout:
            gone.stdout.close()

    def kill(self, who):
        self.end(who)
        if who == "service":  # whoever was its client starts anew, with a new one
            self.end("proxy")
        self.start(who)
        if who == "service":
            self.start("proxy")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.running['service'].pid}/fd"))


def answer(client):
    said, _ = client.communicate(timeout=world.PATIENCE)
    return client.returncode, said


def one_round(parties, chance):
    victim = chance.choices(("client", "proxy", "server", "service"), (70, 20, 5, 5))[0]
    first, beside = parties.client(), parties.client()
    time.sleep(chance.random() * LONGEST)
    if victim == "client":
        first.kill()
    else:
        parties.kill(victim)
    code, said = answer(first)
    if code == 0 and said != b"hello-world\n":
        world.expect(False, f"{victim} killed: {said!r}")
    code, said = answer(beside)
    if victim == "client":
        world.expect((code, said) == (0, b"hello-world\n"), f"beside a killed client: {code} {said!r}")
    elif code == 0:
        world.expect(said == b"hello-world\n", f"beside a killed {victim}: {said!r}")


world.need("curl")
with world.World() as w:
    parties = Parties(w)
    for who in ("service", "server", "proxy"):
        parties.start(who)
    chance = random.Random(SEED)
    world.expect(answer(parties.client()) == (0, b"hello-world\n"), "before the first kill")
    for number in range(ROUNDS):
        one_round(parties, chance)
        if number % 20 == 19:
            world.expect(answer(parties.client()) == (0, b"hello-world\n"), f"after round {number}")
    time.sleep(0.2)
    world.expect(parties.descriptors() < 20, f"the service holds {parties.descriptors()} files")
    for gone in list(parties.running.values()):
        gone.terminate()
        gone.wait(timeout=world.PATIENCE)
    world.expect(not world.children_of_nobody(w.folder), "processes were left behind")
    world.expect(not os.path.exists(parties.path), "the socket was left behind")
world.finish()
