# SPDX-License-Identifier: MIT
"""The network outside of a run: an interface of a namespace of our own, which counts what leaves by it. No packet of
a supervised program may (E8)."""

import json
import os
import shutil
import socket
import subprocess
import sys

INSIDE = "CONNTRAIL_PROGRAMS_INSIDE"
# Both families have a way out. ICMPv6 is left out: the kernel itself reports its groups to its neighbours.
COUNTER = """
table inet outside {
  counter left { }
  chain output {
    type filter hook output priority 0
    oifname "outside" meta l4proto != ipv6-icmp counter name left
  }
}
"""


def enter():
    """Starts this program again in a network namespace. Returns inside, with the loopback interface and the one that
    is watched."""
    if os.environ.get(INSIDE):
        return build()
    missing = [p for p in ("unshare", "ip", "nft") if not shutil.which(p)]
    if os.geteuid() != 0 or missing:
        sys.exit(f"programs: a network namespace wants root, unshare, ip and nft (missing: {' '.join(missing) or 'root'})")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def build():
    for words in ("link set lo up", "link add outside type veth peer name nowhere",
                  "link set outside addrgenmode none", "link set nowhere up",
                  "addr add 10.77.77.2/24 dev outside", "addr add fd77::2/64 dev outside nodad",
                  "link set outside up", "route add default dev outside", "-6 route add default dev outside"):
        subprocess.run(["ip", *words.split()], check=True)
    subprocess.run(["nft", "-f", "-"], input=COUNTER, text=True, check=True)


def packets_that_left():
    listed = subprocess.run(["nft", "-j", "list", "counter", "inet", "outside", "left"], capture_output=True,
                            text=True, check=True)
    return next(item["counter"]["packets"] for item in json.loads(listed.stdout)["nftables"] if "counter" in item)


def counts_an_unsupervised_packet():
    before = packets_that_left()
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as s:
            s.setblocking(False)
            s.connect_ex(("93.184.216.34", 80))
            if kind == socket.SOCK_DGRAM:
                s.send(b"hello")
    return packets_that_left() - before >= 2
