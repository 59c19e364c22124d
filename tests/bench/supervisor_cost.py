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
WITHOUT_ENDINGS = os.path.join(BUILD, "tests/bench/conntrail_emu_without_endings")
PEER = os.path.join(BUILD, "tests/bench/plain_peer")
DATA = os.path.join(BUILD, "tests/bench/plain_data")
ROUNDS, CONNECTIONS, MEBIBYTES, ROUND_TRIPS = 9, 5000, 2048, 5000
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


def by_supervisor(path, count, *options, command=COMMAND):
    return quietly(command, "run", "--quiet", *options, path, "--", PEER, "connect", *WHERE, str(count))


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


def report_difference(what, longer, shorter, unit):
    print(f"{what}: {statistics.median(a - b for a, b in zip(longer, shorter)):.1f} {unit}")


def costs_of_parts(path, folder):
    """What writing the trail and the end of flows cost: the same run without the one or the other."""
    every, written, without = [], [], []
    for _ in range(ROUNDS):
        for times, options, command in ((every, (), COMMAND), (without, (), WITHOUT_ENDINGS),
                                        (written, ("--trail", os.path.join(folder, "trail")), COMMAND)):
            seconds = float(by_supervisor(path, CONNECTIONS, *options, command=command).stdout)
            times.append(1e6 * seconds / CONNECTIONS)
    print(f"a connection, microseconds: {statistics.median(every):.1f}")
    report_difference("of that the end of flows", every, without, "us")
    report_difference("beyond that, a trail that is written to a file", written, every, "us")


def data_scenario(folder, kind, rule):
    """The program `there`, and a service that redirects to it."""
    path = os.path.join(folder, f"{kind}.json")
    document = {"programs": [{"name": "there", "command": [DATA, kind, "0"]}],
                "services": [{"name": "acme", "redirect": [{"rule": rule, "to": "there"}]}]}
    with open(path, "w", encoding="ascii") as file:
        json.dump(document, file)
    return path


def listening_port(program, table):
    """The port where that process listens or is bound, by its own table of sockets."""
    folder = f"/proc/{program.pid}"
    while True:
        inodes = {os.readlink(os.path.join(folder, "fd", fd)) for fd in os.listdir(os.path.join(folder, "fd"))}
        with open(os.path.join(folder, "net", table), encoding="ascii") as file:
            for line in file.readlines()[1:]:
                words = line.split()
                if f"socket:[{words[9]}]" in inodes:
                    return str(int(words[1].split(":")[1], 16))
        time.sleep(0.001)


def seconds_of_data(prefix, mode, where, amount):
    return float(quietly(*prefix, DATA, mode, *where, str(amount)).stdout)


def compare_data(folder, kind, mode, amount):
    """Seconds without a supervisor, supervised and not redirected, and redirected."""
    plain, supervised, redirected = [], [], []
    table, protocol = ("tcp", "tcp") if kind == "sink" else ("udp", "udp")
    path = data_scenario(folder, kind, f"{protocol} {WHERE[0]} port {WHERE[1]}")
    # plain_data reads no records, which is a misuse of UDP.
    supervisor = (COMMAND, "run", "--quiet", "--fail-on", "none", path, "--")
    with subprocess.Popen([DATA, kind, "0"]) as there:
        try:
            port = listening_port(there, table)
            for _ in range(ROUNDS):
                plain.append(seconds_of_data((), mode, ("127.0.0.1", port), amount))
                supervised.append(seconds_of_data(supervisor, mode, ("127.0.0.1", port), amount))
                redirected.append(seconds_of_data(supervisor, mode, WHERE, amount))
        finally:
            there.kill()
    return plain, supervised, redirected


def report_stream(folder):
    plain, supervised, redirected = compare_data(folder, "sink", "send", MEBIBYTES)
    rates = [[MEBIBYTES / seconds for seconds in times] for times in (plain, supervised, redirected)]
    for what, ours in (("nothing redirected", rates[1]), ("redirected", rates[2])):
        print(f"data of a stream, {what}, MiB a second: supervised {statistics.median(ours):.0f}, "
              f"unsupervised {statistics.median(rates[0]):.0f}, "
              f"ratio {statistics.median(a / b for a, b in zip(ours, rates[0])):.2f} (target 0.98 at least)")


def report_round_trip(folder):
    plain, supervised, redirected = (
        [1e6 * seconds / ROUND_TRIPS for seconds in times]
        for times in compare_data(folder, "echo", "ask", ROUND_TRIPS))
    for what, ours in (("nothing redirected", supervised), ("redirected", redirected)):
        print(f"a UDP round trip with addresses, {what}, microseconds: supervised {statistics.median(ours):.1f}, "
              f"unsupervised {statistics.median(plain):.1f}, more by "
              f"{statistics.median(a - b for a, b in zip(ours, plain)):.1f} (target 25 at most)")


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
    costs_of_parts(path, folder)
    report_stream(folder)
    report_round_trip(folder)
