# SPDX-License-Identifier: MIT
"""Variables of a scenario: ports that the command chooses, in commands, environments, inputs, rules and routes."""

import os
import resource
import socket
import subprocess
import sys

import world

# Listens at each port that it is given, and sends what it was told.
SERVER = """
import os, select, socket, sys
all = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1:]]
said = os.environ.get("SAY", "") + sys.stdin.read()
while True:
    for s in select.select(all, [], [])[0]:
        c, _ = s.accept(); c.sendall(said.encode()); c.close()
"""
ASK = """
import os, socket, sys
for where in sys.argv[1:]:
    host, _, port = where.rpartition(":")
    print(socket.create_connection((host, port), 20).makefile().read())
"""


def server(name, *ports, **more):
    return {"name": name, "command": [sys.executable, "-c", SERVER, *ports], **more}


def everywhere(w):
    """One server that nobody gave a port, by its own name and by others; and a second port of its own."""
    first = server("first", "${PORT}", "${ADMIN}", ports=["ADMIN"], env={"SAY": "${PORT} ${first.PORT} $${PORT} $PORT"},
                   stdin={"text": " ${ADMIN}"})
    second = server("a.b", "${PORT}", env={"SAY": "${first.PORT} ${first.ADMIN} ${a.b.PORT} ${PORT}"})
    path = w.scenario({
        "programs": [first, second], "env": {"FIRST": "${first.PORT}", "SECOND": "${a.b.PORT}"},
        "services": [{"name": "acme", "redirect": [{"rule": "tcp 192.0.2.1 port 80", "to": "127.0.0.1:${a.b.PORT}"}]}],
        "routes": {"192.0.2.2:80": "127.0.0.1:${first.PORT}", "192.0.2.3:80": "127.0.0.1:${first.ADMIN}"}})
    done = w.run(path, sys.executable, "-c", ASK + "print(os.environ['FIRST'], os.environ['SECOND'])",
                 "192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80")
    world.expect(done.returncode == 0, f"everywhere: {done}")
    by_rule, by_route, admin, shared = done.stdout.splitlines()
    port, second_port = shared.split()
    ports = by_rule.split()
    world.expect(ports[0] == port and ports[2:] == [second_port] * 2, f"{by_rule!r} and {shared!r}")
    world.expect(by_route == admin == f"{port} {port} ${{PORT}} $PORT {ports[1]}", f"{by_route!r} {admin!r}")
    world.expect(len({port, second_port, ports[1]}) == 3, f"the ports differ: {ports}")
    return int(port)


def outside_of_what_the_system_gives(w):
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        low, high = map(int, file.read().split())
    if low < 11240 and high > 64535:
        return
    for _ in range(5):
        port = everywhere(w)
        world.expect(not low <= port <= high and port >= 10240, f"{port} is one of {low} to {high}")


def of_no_other_run(w):
    """Here two of the ports that may be are free: each is of one run, and the third has none."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
        file.write("11240 65535")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, 2048))
    places = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    kept = []
    for port in set(range(10240, 11240)) - {10500, 10901}:
        family, host = places[port % 2]
        kept.append(socket.socket(family, (socket.SOCK_STREAM, socket.SOCK_DGRAM)[port // 2 % 2]))
        kept[-1].bind((host, port))
    path = w.scenario({"programs": [server("p", "0")], "env": {"P": "${p.PORT}"}})  # nobody takes it
    waits = [world.COMMAND, "run", "--quiet", path, "--", "sh", "-c", "echo $P; read x"]
    runs = [subprocess.Popen(waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    ports = [run.stdout.readline() for run in runs]
    world.expect(sorted(ports) == ["10500\n", "10901\n"], f"two runs at once have {ports}")
    done = w.run(path, "true")
    with open(path, encoding="utf-8") as file:
        column = file.read().index('"${p.PORT}"') + 1
    world.expect(done.returncode == 125 and done.stderr == f'conntrail-emu: {path}:1:{column}: "P": no port is free '
                 "for ${p.PORT}\n", f"a third one: {done}")
    for run in runs:
        run.communicate("\n", timeout=world.PATIENCE)
    done = w.run(path, "sh", "-c", "echo $P")
    world.expect(done.stdout in ports, f"once they have ended: {done}")


def mistakes(w):
    """By check; and by run, before anything is started."""
    marker = os.path.join(w.folder, "started")
    a_known_one = '(Write $${ for the characters ${.)'
    first = '{"programs": [{"name": "acme", "command": ["touch", "' + marker + '", "x"]},\n{"name": "p", "ports": ["ADMIN"], '
    for rest, said in (
            ('"command": ["true", "${PROT}"]}]}',
             f'2:55: "command", entry 2: unknown variable "PROT"; did you mean "PORT"? {a_known_one}'),
            ('"command": ["true", "${amce.PORT}"]}]}',
             f'2:55: "command", entry 2: unknown variable "amce.PORT"; did you mean "acme.PORT"? {a_known_one}'),
            ('"command": ["true", "${acme.ADMIN}"]}]}',
             f'2:55: "command", entry 2: unknown variable "acme.ADMIN"; a known one is "PORT". {a_known_one}'),
            ('"command": ["true", "${HOME}"]}]}',
             f'2:55: "command", entry 2: unknown variable "HOME"; a known one is "PORT". {a_known_one}'),
            ('"command": ["true", "${}"]}]}',
             f'2:55: "command", entry 2: unknown variable ""; a known one is "PORT". {a_known_one}'),
            ('"command": ["true", "${PORT"]}]}',
             '2:55: "command", entry 2: "${PORT" has no "}"; write $${ for the characters ${'),
            ('"command": ["true"], "env": {"A": "${B}"}}]}',
             f'2:69: "A": unknown variable "B"; a known one is "PORT". {a_known_one}'),
            ('"command": ["true"], "stdin": {"text": "${B}"}}]}',
             f'2:74: "text": unknown variable "B"; a known one is "PORT". {a_known_one}'),
            ('"command": ["true"]}], "env": {"A": "${PORT}"}}',
             f'2:71: "A": unknown variable "PORT"; did you mean "p.PORT"? {a_known_one}'),
            ('"command": ["true"]}],\n"routes": {"192.0.2.1:80": "127.0.0.1:${PORT}"}}',
             f'3:28: "192.0.2.1:80": unknown variable "PORT"; did you mean "p.PORT"? {a_known_one}'),
            ('"command": ["true"]}],\n"services": [{"name": "s", "redirect": [{"rule": "tcp any", "to": "[::1]:${q.ADMIN}"}]}]}',
             f'3:67: "to": unknown variable "q.ADMIN"; did you mean "p.ADMIN"? {a_known_one}'),
            ('"command": ["true"]}],\n"routes": {"192.0.2.1:80": "127.0.0.1:$${PORT}"}}',
             '3:28: "${PORT}" in "127.0.0.1:${PORT}" is not a port: give a number from 1 to 65535')):
        path = w.scenario(first + rest)
        done = subprocess.run([world.COMMAND, "check", path], capture_output=True, text=True, check=False,
                              timeout=world.PATIENCE)
        world.expect(done.returncode == 1 and done.stderr == f"{path}:{said}\n", f"{rest}: {done.stderr}, not {said}")
        done = w.run(path, "true")
        world.expect(done.returncode == 125 and done.stderr == f"conntrail-emu: {path}:{said}\n" and
                     not os.path.exists(marker), f"run of {rest}: {done}")


with world.World() as w:
    if sys.argv[2:] == ["inside"]:
        of_no_other_run(w)
        world.finish()
    everywhere(w)
    outside_of_what_the_system_gives(w)
    mistakes(w)
    if subprocess.run(["unshare", "-Urn", "true"], check=False).returncode == 0:
        done = subprocess.run(["unshare", "-Urn", sys.executable, *sys.argv, "inside"], check=False, text=True,
                              stdout=subprocess.PIPE, timeout=4 * world.PATIENCE)
        world.expect(done.returncode == 0, f"in a network of its own: {done.stdout}")
    else:
        print("not checked: two runs and few ports: no namespaces here")
world.finish()
