# SPDX-License-Identifier: MIT
"""
A proxy's host between a client's and a server's, as three network namespaces in a user namespace of
their own: nothing of this machine is seen or changed. Each test is `NAME_test.py BUILD_FOLDER`.
"""

import atexit
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
NETLINK_NETFILTER = 12
SKIPPED = 77
PATIENCE = 20
PROXY_USER = 1000
PROXY_PORT = 9000
MARK = 0x434E
# The client's host, the proxy's host as the client sees it, and the server's two addresses.
CLIENT = {4: "10.1.0.2", 6: "fd01::2"}
PROXY = {4: "10.1.0.1", 6: "fd01::1"}
DESTINATIONS = {4: ("10.2.0.2", "10.2.0.3"), 6: ("fd02::2", "fd02::3")}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


# ---- Entering ------------------------------------------------------------------------------------


def _end_children():
    """A test that dies of an exception would leave its programs running."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        for child in file.read().split():
            with contextlib.suppress(OSError):
                os.kill(int(child), signal.SIGTERM)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def _map_users(pid):
    """All users that this one may map: root many, anybody else itself, as root there."""
    count = 65536 if os.geteuid() == 0 else 1
    user, group = os.geteuid(), os.getegid()
    for name, text in (("setgroups", "" if count > 1 else "deny"),
                       ("uid_map", f"0 {user} {count}"), ("gid_map", f"0 {group} {count}")):
        if text:
            with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
                file.write(text)


def enter():
    """Starts the test again in a user and network namespace. Returns inside."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program in ("ip", "nft", "nsenter", "setpriv", "unshare"):
        if not shutil.which(program):
            skip(f"not installed: {program}")
    ready, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child:
        os.close(ready[1])
        os.close(mapped[0])
        refusal = os.read(ready[0], 200).decode()
        try:
            if not refusal:
                _map_users(child)
        except OSError as error:
            refusal = f"users cannot be mapped: {error.strerror}"
        os.write(mapped[1], refusal.encode() or b"+")
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.close(ready[0])
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        error = os.strerror(ctypes.get_errno())
        os.write(ready[1], f"this machine forbids user and network namespaces: {error}".encode())
    os.close(ready[1])
    answer = os.read(mapped[0], 300).decode()
    if answer != "+":
        skip(answer)
    for descriptor in mapped:
        os.close(descriptor)
    atexit.register(_end_children)


# ---- Three hosts ---------------------------------------------------------------------------------


def run(*words, **options):
    """A program that must succeed, within the patience of the test."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=3 * PATIENCE, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}")
    return done.stdout


class Host:
    """A network namespace, which lives as long as a process that waits for its end."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec cat"], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.pid = self.holder.pid
        self.descriptor = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *words):
        return run("nsenter", f"--net=/proc/{self.pid}/ns/net", *words)

    @contextlib.contextmanager
    def inside(self):
        """Sockets that this thread makes meanwhile belong to this host."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        if libc.setns(self.descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(home, CLONE_NEWNET)
            os.close(home)

    def end(self):
        os.close(self.descriptor)
        self.holder.stdin.close()
        self.holder.wait(PATIENCE)
        self.holder.stdout.close()


def _take_addresses_as_they_are():
    """Nothing waits for duplicates of an address."""
    for which in ("all", "default"):
        with open(f"/proc/sys/net/ipv6/conf/{which}/accept_dad", "w", encoding="ascii") as file:
            file.write("0")


def _await_workers(run_there, device):
    """Workers of the kernel give a cable's end its queue, and let IPv6 addresses be used: what comes before is lost."""
    end = time.monotonic() + PATIENCE
    while "tentative" in run_there("ip", "address", "show", "dev", device) or \
            "state UP" not in run_there("ip", "link", "show", "dev", device):
        if time.monotonic() > end:
            raise RuntimeError(f"{device} does not become ready")


def _link(host, number, addresses):
    """This namespace has the first address of each network, the host the others."""
    # The kernel looks at a cable at once only where its ends have different indexes; else once a second for all.
    run("ip", "link", "add", f"to{number}", "index", str(20 + number), "type", "veth", "peer", "name", "eth0",
        "netns", str(host.pid))
    run("ip", "link", "set", f"to{number}", "up")
    host.run("ip", "link", "set", "eth0", "up")
    run("ip", "address", "add", f"10.{number}.0.1/24", "dev", f"to{number}")
    run("ip", "address", "add", f"fd0{number}::1/64", "dev", f"to{number}", "nodad")
    for address in addresses:
        width, extra = ("/64", ["nodad"]) if ":" in address else ("/24", [])
        host.run("ip", "address", "add", address + width, "dev", "eth0", *extra)
    _await_workers(run, f"to{number}")
    _await_workers(host.run, "eth0")


class Network:
    """The proxy's host is this process' own namespace; it forwards nothing."""

    def __init__(self):
        run("ip", "link", "set", "lo", "up")
        _take_addresses_as_they_are()
        self.client, self.server = Host(), Host()
        for host in (self.client, self.server):
            with host.inside():
                _take_addresses_as_they_are()
        _link(self.client, 1, CLIENT.values())
        _link(self.server, 2, DESTINATIONS[4] + DESTINATIONS[6])
        self.client.run("ip", "route", "add", "default", "via", "10.1.0.1")
        self.client.run("ip", "-6", "route", "add", "default", "via", "fd01::1")
        for family, everything in (("-4", "0.0.0.0/0"), ("-6", "::/0")):
            run("ip", family, "rule", "add", "fwmark", "1", "lookup", "100")
            run("ip", family, "route", "add", "local", everything, "dev", "lo", "table", "100")
        self.servers = Servers(self.server)

    def end(self):
        self.servers.end()
        self.client.end()
        self.server.end()


# ---- The rules -----------------------------------------------------------------------------------

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples")
EXEMPTION = f"meta mark {MARK:#x} accept"


def _read_rules(name):
    """The rules that docs/how-to has its readers load, with the exemption by mark."""
    with open(os.path.join(EXAMPLES, "nftables", name + ".nft"), encoding="ascii") as file:
        text = file.read()
    if text.count(EXEMPTION) != 1:
        raise RuntimeError(f"{name}.nft has no line {EXEMPTION!r}")
    return text


# Behind it the proxy takes what clients send to port 80 of its own host.
TPROXY_OWN = """
table inet proxy {
  chain pre {
    type filter hook prerouting priority mangle;
    meta mark 0x434e accept
    meta l4proto tcp socket transparent 1 meta mark set 1 accept
    tcp dport 80 meta mark set 1 tproxy to :9000 accept
  }
}
"""

RULES = {name: _read_rules(name) for name in ("redirect", "tproxy")}


def forget_flows():
    """Of the proxy's host. A client may get the port that a proxy had toward the same server, and is taken for it:
    by that flow's entry it is exempt. [D] linux/netfilter/nfnetlink_conntrack.h: IPCTNL_MSG_CT_DELETE of all."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        kernel.settimeout(PATIENCE)
        kernel.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 1 | 4, 0, 0, 0, 0, 0))
        _, kind, _, _, _, error = struct.unpack_from("=IHHIIi", kernel.recv(1000))
        if kind != 2 or error != 0:
            raise OSError(-error, "tracked flows are kept")


def load_rules(text, exempt=EXEMPTION):
    """With another exemption than by the proxy's mark, or with none."""
    text = text.replace(EXEMPTION, exempt)
    run("nft", "-f", "-", input="flush ruleset\n" + text)
    forget_flows()


# ---- Servers that say who asked ------------------------------------------------------------------


def endpoint(address):
    return f"{address[0]} {address[1]}"


class Servers:
    """At each destination, port 80 for TCP and 53 for UDP: each answers with its own address and
    the client's."""

    def __init__(self, host):
        self.sockets = []
        for version, address in PROXY.items():
            self._open(version, socket.SOCK_STREAM, (address, 80), self._serve_tcp)
        with host.inside():
            for version, addresses in DESTINATIONS.items():
                for address in addresses:
                    self._open(version, socket.SOCK_STREAM, (address, 80), self._serve_tcp)
                    self._open(version, socket.SOCK_DGRAM, (address, 53), self._serve_udp)

    def _open(self, version, kind, address, serve):
        made = socket.socket(FAMILY[version], kind)
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen(20)
        self.sockets.append(made)
        threading.Thread(target=serve, args=(made,), daemon=True).start()

    @staticmethod
    def _serve_tcp(listener):
        while True:
            try:
                accepted, client = listener.accept()
            except OSError:
                return
            with accepted, contextlib.suppress(OSError):
                accepted.settimeout(PATIENCE)
                asked = accepted.recv(100)
                me = accepted.getsockname()
                accepted.sendall(f"{asked.decode()}: {endpoint(me)} {endpoint(client)}".encode())

    @staticmethod
    def _serve_udp(server):
        while True:
            try:
                asked, client = server.recvfrom(100)
            except OSError:
                return
            if not asked:
                return
            me = server.getsockname()
            server.sendto(f"{asked.decode()}: {endpoint(me)} {endpoint(client)}".encode(), client)

    def end(self):
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
