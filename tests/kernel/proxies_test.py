# SPDX-License-Identifier: MIT
"""
The example proxies in production: behind nft REDIRECT and TPROXY, TCP and UDP, IPv4 and IPv6, for
clients on another host and on the proxy's own.
"""

import contextlib
import itertools
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile

import namespaces
from namespaces import DESTINATIONS, FAMILY, MARK, PATIENCE, PROXY_PORT, PROXY_USER, RULES

BUILD = os.path.abspath(sys.argv[1])
LANGUAGES = os.path.join(namespaces.EXAMPLES, "languages")
TOP = os.path.dirname(os.path.abspath(namespaces.EXAMPLES))
BY_USER = f"meta skuid {PROXY_USER} accept"
UDP_RIGHTS = "+net_admin,+net_bind_service"

_failed = _passed = 0


def expect(condition, what):
    global _failed, _passed
    if condition:
        _passed += 1
    else:
        _failed += 1
        print(f"not ok: {what}", flush=True)


# ---- The proxies ---------------------------------------------------------------------------------


class Program:
    """A proxy that runs. Its log is read as it comes."""

    def __init__(self, command, ready):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.said = b""
        for _ in range(ready):
            if not self.process.stdout.readline().startswith(b"ready "):
                self.end()
                raise RuntimeError(f"{' '.join(command)}: {self.said.decode()}")

    def expect_line(self, text):
        """Waits until the log has this text."""
        while text.encode() not in self.said:
            ready, _, _ = select.select([self.process.stderr], [], [], PATIENCE)
            more = os.read(self.process.stderr.fileno(), 65536) if ready else b""
            if not more:
                expect(False, f"{self.command} says not {text!r} but {self.said.decode()!r}")
                return
            self.said += more
        expect(True, text)

    def end(self):
        """What it said at last."""
        self.process.terminate()
        self.said += self.process.communicate(timeout=PATIENCE)[1]
        return self.said.decode()


def small_programs(folder, options):
    """The minimal proxy and the UDP relay, at all addresses of both families."""
    place = f"[::]:{PROXY_PORT}"
    return [Program([*options.before, os.path.join(folder, name), *options.words(), place], 1)
            for name in ("minimal_proxy", "udp_relay")]


def reference_program(folder, options):
    path = os.path.join(folder, "proxy.json")
    listen = [{kind: f"{place}:{PROXY_PORT}", **options.members()}
              for kind, place in itertools.product(("tcp", "udp"), ("0.0.0.0", "[::]"))]
    with open(path, "w", encoding="ascii") as file:
        json.dump({"listen": listen, "workers": 2, "log": "info", "log_time": False, **options.top()}, file)
    return [Program([*options.before, os.path.join(folder, "reference_proxy"), path], 4)]


class Options:
    def __init__(self, mode, mark=0, before=()):
        self.transparent, self.mark, self.before = mode == "tproxy", mark, before

    def words(self):
        return [*(["--transparent"] if self.transparent else []),
                *(["--mark", str(self.mark)] if self.mark else [])]

    def members(self):
        return {"transparent": True} if self.transparent else {}

    def top(self):
        return {"mark": self.mark} if self.mark else {}


@contextlib.contextmanager
def proxies(start, folder, options):
    """They run meanwhile."""
    namespaces.forget_flows()
    running = start(folder, options)
    try:
        yield running
    finally:
        for one in running:
            one.end()


# ---- The clients ---------------------------------------------------------------------------------


def answer_of(text, asked, destination):
    """The client that the server saw, where the answer is the destination's own; else None."""
    words = text.split()
    right = words[:2] == [asked + ":", destination] and len(words) == 5
    return (words[3], int(words[4])) if right else None


def fetch(version, destination):
    """The server's answer and the client's own address and port."""
    with socket.socket(FAMILY[version], socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.connect((destination, 80))
        client.sendall(b"tcp")
        text = b""
        while more := client.recv(1000):
            text += more
        return text.decode(), client.getsockname()[:2]


def check_tcp(version, what):
    for destination in DESTINATIONS[version]:
        text, own = fetch(version, destination)
        seen = answer_of(text, "tcp", destination)
        expect(seen and seen != own, f"{what} tcp: {destination} answered {text!r}")


def packets_dropped():
    """Of all networks of this machine: more came to a processor than its queue has room for, or netdev_max_backlog."""
    with open("/proc/net/softnet_stat", encoding="ascii") as file:
        return sum(int(line.split()[1], 16) for line in file)


def ask(client, destination, text):
    """The answer, which must come from the destination itself. Asked again where the kernel says that it dropped
    packets meanwhile, and never else."""
    for _ in range(5):
        before = packets_dropped()
        client.sendto(text.encode(), (destination, 53))
        try:
            answer, source = client.recvfrom(1000)
        except TimeoutError:
            if packets_dropped() == before:
                break
            continue
        expect(source[:2] == (destination, 53), f"{text}: {destination} answered as {source}")
        return answer.decode()
    return "nothing"


def source_address(version, destination):
    """Of this host's addresses the one that it sends from."""
    with socket.socket(FAMILY[version], socket.SOCK_DGRAM) as probe:
        probe.connect((destination, 53))
        return probe.getsockname()[0]


def check_udp(version, what):
    """One socket asks two destinations, twice: two flows, each with its own socket at the server."""
    seen = {}
    with socket.socket(FAMILY[version], socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        for turn in ("first", "again"):
            for destination in DESTINATIONS[version]:
                text = ask(client, destination, turn)
                seen[turn, destination] = answer_of(text, turn, destination)
                expect(seen[turn, destination], f"{what} udp: {destination} answered {text!r}")
        port = client.getsockname()[1]
    for destination in DESTINATIONS[version]:
        expect(seen["first", destination] == seen["again", destination], f"{what} udp: {seen}")
        own = (source_address(version, destination), port)
        expect(seen["first", destination] and seen["first", destination] != own,
               f"{what} udp: it did not pass through the relay")


def check_clients(network, what, version):
    with network.client.inside():
        check_tcp(version, f"{what}, remote client, IPv{version}")
        check_udp(version, f"{what}, remote client, IPv{version}")
    check_tcp(version, f"{what}, local client, IPv{version}")
    check_udp(version, f"{what}, local client, IPv{version}")


# ---- The cases -----------------------------------------------------------------------------------

STARTERS = {"small": small_programs, "reference": reference_program}
ALL = list(itertools.product(RULES, STARTERS.items()))


def everybody_is_served(network, folder):
    for mode, (name, start) in ALL:
        namespaces.load_rules(RULES[mode])
        with proxies(start, folder, Options(mode, MARK)) as running:
            for version in FAMILY:
                check_clients(network, f"{name} behind {mode}", version)
        for one in running:
            lines = one.said.decode().replace("info:", "").splitlines()
            expect(not [line for line in lines if "warning" in line or "error" in line or
                        "reference_proxy" not in line], f"{name} behind {mode} said {lines}")


def an_address_of_the_proxys_host_is_a_destination(network, folder):
    """TPROXY to a server on the proxy's host: only the listener's port distinguishes it from a client that
    asked the proxy itself (K8)."""
    namespaces.load_rules(namespaces.TPROXY_OWN)
    for name, start in STARTERS.items():
        with proxies(start, folder, Options("tproxy", MARK)), network.client.inside():
            for version, destination in namespaces.PROXY.items():
                text, own = fetch(version, destination)
                seen = answer_of(text, "tcp", destination)
                expect(seen and seen != own, f"{name}: {destination} answered {text!r}")


def a_user_is_exempt(network, folder):
    """The proxies run as a user of their own, with no more rights than they need."""
    if not may_be(PROXY_USER):
        print("left out: this machine lets a test map no second user")
        return
    for mode, (name, start) in ALL:
        rights = f"{UDP_RIGHTS},+net_raw" if mode == "tproxy" else UDP_RIGHTS
        before = ["setpriv", "--reuid", str(PROXY_USER), "--regid", str(PROXY_USER),
                  "--clear-groups", "--inh-caps", rights, "--ambient-caps", rights]
        namespaces.load_rules(RULES[mode], BY_USER)
        with proxies(start, folder, Options(mode, before=before)):
            for version in FAMILY:
                check_clients(network, f"{name} by user behind {mode}", version)


def may_be(user):
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return any(int(line.split()[2]) > user for line in file)


def without_exemption_it_is_a_loop(network, folder):
    """The proxy's own connections come back to it. It recognises them, refuses, and goes on."""
    for mode, (name, start) in ALL:
        with proxies(start, folder, Options(mode, MARK)) as running:
            for version in FAMILY:
                destination = DESTINATIONS[version][0]
                namespaces.load_rules(RULES[mode], "")
                try:
                    text, _ = fetch(version, destination)
                except ConnectionResetError:
                    text = ""
                expect(text == "", f"{name} behind {mode}: {text!r} came through a loop")
                running[0].expect_line("must exempt the proxy's own connections")
                with socket.socket(FAMILY[version], socket.SOCK_DGRAM) as client:
                    client.sendto(b"first", (destination, 53))
                    running[-1].expect_line("must exempt the relay's own datagrams")
                namespaces.load_rules(RULES[mode])
                check_clients(network, f"{name} behind {mode}, after a loop", version)
        if start == reference_program:
            loops = re.findall(rb'"loops":([0-9]+)', running[0].said)
            expect(loops[-1:] == [b"2"], f"{name} behind {mode}: the counter says {loops}")


def who_was_not_redirected_is_refused(network, folder):
    """A client that asks the proxy itself."""
    for mode in RULES:
        namespaces.load_rules(RULES[mode])
        with proxies(small_programs, folder, Options(mode, MARK)) as (tcp, udp):
            for version, address in ((4, "127.0.0.1"), (6, "::1")):
                with socket.create_connection((address, PROXY_PORT), PATIENCE) as client:
                    expect(client.recv(1) == b"", f"{mode}: IPv{version} was served")
                with socket.socket(FAMILY[version], socket.SOCK_DGRAM) as client:
                    client.sendto(b"first", (address, PROXY_PORT))
            for one in (tcp, udp):
                one.expect_line("original destination: ")


def a_right_that_is_missing_is_named(network, folder):
    """Each sentence says what the process needs."""
    before = ["setpriv", "--bounding-set", "-net_admin,-net_raw"]
    namespaces.load_rules(RULES["redirect"])
    with proxies(small_programs, folder, Options("redirect", before=before)) as (_, relay):
        with network.client.inside(), socket.socket(FAMILY[4], socket.SOCK_DGRAM) as client:
            client.sendto(b"first", (DESTINATIONS[4][0], 53))
            relay.expect_line("CAP_NET_ADMIN")
    for options in (Options("tproxy", before=before), Options("redirect", MARK, before)):
        for start in (small_programs, reference_program):
            try:
                start(folder, options)
                expect(False, f"{options.words()} without the right to it")
            except RuntimeError as error:
                expect("prepare" in str(error) or "listen" in str(error), error)


# The proxies in other languages are not exempt by themselves: clients of this host are not redirected.
NOT_FROM_HERE = "accept"


def proxies_in_python_serve(network, _):
    """TCP behind both; UDP behind TPROXY, which alone gives the destination without a look-up."""
    for mode, text in RULES.items():
        namespaces.load_rules(text, NOT_FROM_HERE)
        names = ("tcp_proxy.py", "udp_proxy.py") if mode == "tproxy" else ("tcp_proxy.py",)
        more = ["--transparent"] if mode == "tproxy" else []
        running = [Program([sys.executable, os.path.join(LANGUAGES, "python", name), place, *more], 1)
                   for name in names for place in (f"0.0.0.0:{PROXY_PORT}", f"[::]:{PROXY_PORT}")]
        with network.client.inside():
            for version in FAMILY:
                check_tcp(version, f"Python behind {mode}, IPv{version}")
                if mode == "tproxy":
                    check_udp(version, f"Python behind {mode}, IPv{version}")
        for one in running:
            expect(one.end() == "", f"Python behind {mode} said {one.said}")


def a_proxy_in_go_serves(network, folder):
    if not shutil.which("go"):
        print("left out: go is not installed")
        return
    built = os.path.join(folder, "tcp_proxy")
    namespaces.run("go", "build", "-o", built, ".", cwd=os.path.join(LANGUAGES, "go"),
                   env={**os.environ, "GOCACHE": os.path.join(folder, "go"), "CGO_ENABLED": "0"})
    namespaces.load_rules(RULES["redirect"], NOT_FROM_HERE)
    program = Program([built, f"[::]:{PROXY_PORT}"], 1)
    with network.client.inside():
        for version in FAMILY:
            check_tcp(version, f"Go, IPv{version}")
    expect(program.end() == "", f"Go said {program.said}")


def copy_programs(folder):
    """To a folder that every user may read."""
    os.chmod(folder, 0o755)
    for name in ("minimal_proxy", "udp_relay", "reference-proxy/reference_proxy"):
        shutil.copy(os.path.join(BUILD, "examples", name), folder)


def main():
    namespaces.enter()
    network = namespaces.Network()
    wanted = sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="conntrail-kernel-") as folder:
        copy_programs(folder)
        for case in (everybody_is_served, an_address_of_the_proxys_host_is_a_destination,
                     a_user_is_exempt, without_exemption_it_is_a_loop,
                     who_was_not_redirected_is_refused, a_right_that_is_missing_is_named,
                     proxies_in_python_serve, a_proxy_in_go_serves):
            if not wanted or case.__name__ in wanted:
                case(network, folder)
    network.end()
    print(f"{_passed} passed, {_failed} failed")
    sys.exit(1 if _failed or not _passed else 0)


main()
