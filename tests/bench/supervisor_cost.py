# SPDX-License-Identifier: MIT
"""Programs under conntrail-emu against a namespace with nft's redirect, in turn, in one run.

supervisor_cost.py BUILD_FOLDER. Wants root, for the namespaces."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
COMMAND = os.path.join(BUILD, "backend-emu/cli/conntrail-emu")
PEER = os.path.join(BUILD, "tests/bench/plain_peer")
ROUNDS, CONNECTIONS = 9, 5000
WHERE = ("93.184.216.34", "80")
PORT = "7"  # in a namespace of its own
NAME = f"conntrail-bench-{os.getpid()}"
RULES = ("add table ip t; add chain ip t o {{ type nat hook output priority -100; }}; "
         "add rule ip t o tcp dport {} redirect to :{}").format(WHERE[1], PORT)


def quietly(*words, **options):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=True, timeout=60, **options)


def scenario(folder):
    path = os.path.join(folder, "scenario.json")
    with open(path, "w", encoding="ascii") as file:
        json.dump({"programs": [{"name": "peer", "command": [PEER, "listen", "0"]}],
                   "services": [{"name": "acme", "redirect": [
                       {"rule": f"tcp {WHERE[0]} port {WHERE[1]}", "to": "peer"}]}]}, file)
    return path


def by_supervisor(path, count):
    return quietly(COMMAND, "run", "--quiet", path, "--", PEER, "connect", *WHERE, str(count))


def by_namespace(count):
    inside = ("ip", "netns", "exec", NAME)
    quietly("ip", "netns", "add", NAME)
    try:
        quietly("ip", "-n", NAME, "link", "set", "lo", "up")
        quietly(*inside, "nft", RULES)
        with subprocess.Popen([*inside, PEER, "listen", PORT]) as server:
            try:
                while ":0007 " not in quietly(*inside, "cat", "/proc/net/tcp").stdout:
                    time.sleep(0.001)
                return quietly(*inside, PEER, "connect", "127.0.0.1", WHERE[1], str(count))
            finally:
                server.kill()
    finally:
        quietly("ip", "netns", "delete", NAME)


def clock(action, *arguments):
    begin = time.monotonic()
    action(*arguments)
    return time.monotonic() - begin


def report(what, ours, theirs, target):
    print(f"{what}: supervisor {statistics.median(ours):.1f}, namespace {statistics.median(theirs):.1f}, "
          f"ratio {statistics.median(a / b for a, b in zip(ours, theirs)):.2f} (target {target})")


if os.geteuid() != 0:
    print("supervisor_cost: not measured: namespaces want root")
    sys.exit(0)
with tempfile.TemporaryDirectory() as folder:
    path = scenario(folder)
    whole, rates = ([], []), ([], [])
    for _ in range(ROUNDS):
        whole[0].append(1000 * clock(by_supervisor, path, 1))
        whole[1].append(1000 * clock(by_namespace, 1))
        rates[0].append(CONNECTIONS / float(by_supervisor(path, CONNECTIONS).stdout))
        rates[1].append(CONNECTIONS / float(by_namespace(CONNECTIONS).stdout))
    report("a whole scenario, milliseconds", *whole, "0.3 at most")
    report("connections a second", *rates, "0.7 at least")
