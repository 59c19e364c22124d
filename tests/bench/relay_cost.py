# SPDX-License-Identifier: MIT
"""The reference proxy beside haproxy, nginx, redsocks and a plain relay, in turn, in one run.

relay_cost.py BUILD_FOLDER [PROXY ...]. The proxies that are not installed are left out, by name."""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
PEER = os.path.join(BUILD, "tests/bench/relay_peer")
PLAIN = os.path.join(BUILD, "tests/bench/plain_relay")
OURS = os.path.join(BUILD, "examples/reference-proxy/reference_proxy")
ROUNDS = int(os.environ.get("CONNTRAIL_RELAY_ROUNDS", "5"))
SECONDS = 1.5
# Name, connections at once, bytes of an answer.
LOADS = [("one stream, MiB/s", 1, 0), ("4 KiB answers a second", 64, 4096),
         ("64 KiB answers a second", 64, 65536)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A program that was started, its port, and the processor time of it and its children."""

    def __init__(self, command, port=None):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.port = port or int(self.process.stdout.readline().split(":")[-1])
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.01)
        sys.exit(f"relay_cost: {command[0]} does not listen")

    def milliseconds(self):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(children, encoding="ascii") as file:
            numbers = [str(self.process.pid), *file.read().split()]
        ticks = 0
        for number in numbers:
            with open(f"/proc/{number}/stat", encoding="ascii") as file:
                ticks += sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def written(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def ours(folder, target, splice):
    return Running([OURS, written(folder, f"ours{splice}.json", json.dumps(
        {"listen": [{"tcp": "127.0.0.1:0", "otherwise": f"127.0.0.1:{target}"}],
         "splice": splice, "log": "error"}))])


def haproxy(folder, target, options):
    port = free_port()
    path = written(folder, f"haproxy{len(options)}.cfg", f"""global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
{options}
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server s 127.0.0.1:{target}
""")
    return Running(["haproxy", "-q", "-db", "-f", path], port)


def nginx(folder, target):
    port = free_port()
    path = written(folder, "nginx.conf", f"""load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null crit;
events {{ worker_connections 4096; }}
stream {{ proxy_buffer_size 64k; server {{ listen 127.0.0.1:{port} backlog=1024; proxy_pass 127.0.0.1:{target}; }} }}
""")
    return Running(["nginx", "-p", folder, "-c", path], port)


def redsocks(folder, socks):
    port = free_port()
    path = written(folder, "redsocks.conf", f"""base {{ log = "stderr"; log_info = off; daemon = off;
 redirector = generic; redsocks_conn_max = 1000; }}
redsocks {{ local_ip = 127.0.0.1; local_port = {port}; ip = 127.0.0.1; port = {socks}; type = socks5; listenq = 1024; splice = on; }}
""")
    return Running(["redsocks", "-c", path], port)


SPLICE = "  option splice-response\n  option splice-request\n"
KINDS = {
    "reference": lambda folder, target, socks: ours(folder, target, True),
    "reference-copy": lambda folder, target, socks: ours(folder, target, False),
    "haproxy": lambda folder, target, socks: haproxy(folder, target, ""),
    "haproxy-splice": lambda folder, target, socks: haproxy(folder, target, SPLICE),
    "nginx": lambda folder, target, socks: nginx(folder, target),
    "redsocks-splice": lambda folder, target, socks: redsocks(folder, socks),
    "bufferevent": lambda folder, target, socks: Running([PLAIN, str(target)]),
}
NEEDS = {"haproxy": "haproxy", "haproxy-splice": "haproxy", "nginx": "nginx",
         "redsocks-splice": "redsocks"}


def measure(proxy, concurrency, size):
    before = proxy.milliseconds()
    begin = time.monotonic()
    done = subprocess.run([PEER, "load", "127.0.0.1", str(proxy.port), str(concurrency), str(size),
                           str(SECONDS)], stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    rate = float(done.stdout)
    whole = rate * (time.monotonic() - begin)  # with the warm-up
    spent = (proxy.milliseconds() - before) / whole
    return rate, spent * 1024 if size == 0 else spent * 1000


def report(index, rates, costs, names):
    what, _, size = LOADS[index]
    unit = "ms a GiB" if size == 0 else "us a connection"
    print(f"\nrelay: {what}; processor time of the proxy")
    for name in names:
        print(f"  {name:18}{statistics.median(rates[name]):10.0f}{statistics.median(costs[name]):9.0f} {unit}")
    others = [n for n in names if not n.startswith("reference")]
    if "reference" in names and others:
        best = max(others, key=lambda n: statistics.median(rates[n]))
        ratio = statistics.median(a / b for a, b in zip(rates["reference"], rates[best]))
        print(f"  reference / {best}: {ratio:.2f} (target 1 at least)")


def main():
    names = sys.argv[2:] or list(KINDS)
    for name in list(names):
        if name in NEEDS and not shutil.which(NEEDS[name]):
            print(f"relay: {name} is left out: not installed")
            names.remove(name)
    with tempfile.TemporaryDirectory() as folder:
        servers = [Running([PEER, "serve"]), Running([PEER, "socks"])]
        started = {}
        try:
            for name in names:
                started[name] = KINDS[name](folder, servers[0].port, servers[1].port)
            for index, (_, concurrency, size) in enumerate(LOADS):
                rates, costs = {n: [] for n in names}, {n: [] for n in names}
                for _ in range(ROUNDS):
                    for name in names:
                        rate, cost = measure(started[name], concurrency, size)
                        rates[name].append(rate)
                        costs[name].append(cost)
                report(index, rates, costs, names)
        finally:
            for running in [*started.values(), *servers]:
                running.end()


main()
