# SPDX-License-Identifier: MIT
"""Name servers that ask another one, through the UDP relays of two vendors; and UDP in bulk."""

import json
import os

from program import NAME, NAME_SERVER, PYTHON, VENDORS, WHERE, expect, program
import program as tests

UPSTREAM = "192.0.2.1"
NEAR = "192.0.2.9"  # where clients ask


def udp_port():
    return tests.world.free_port(tests.world.socket.SOCK_DGRAM)


def relay(test, vendor, port):
    """It counts as listening by its TCP address."""
    conf = test.write(vendor + ".json", json.dumps({"listen": [{"udp": f"127.0.0.1:{port}"}, {"tcp": "127.0.0.1:0"}]}))
    return {"name": vendor + "-relay", "command": [tests.world.REFERENCE, conf]}


def through_relays(test, rule, place, programs, routes):
    """Datagrams of this rule are relayed by both vendors, to PLACE."""
    relays, services = [], []
    for vendor in VENDORS:
        port = udp_port()
        relays.append(relay(test, vendor, port))
        services.append({"name": vendor, "redirect": [{"rule": rule, "to": f"127.0.0.1:{port}"}]})
    return test.scenario({"programs": [*programs[:1], *relays, *programs[1:]], "services": services,
                          "routes": {place[0]: place[1], **routes}})


def forwards(test, forwarder, port):
    """What it forwards carries the records of both vendors."""
    up = udp_port()
    server = {"name": "names", "command": [PYTHON, "-c", NAME_SERVER, str(up), WHERE]}
    scenario = through_relays(test, f"udp {UPSTREAM} port 53", (f"{UPSTREAM}:53", f"127.0.0.1:{up}"),
                              [server, {"name": "forwarder", "command": forwarder}], {f"{NEAR}:53": f"127.0.0.1:{port}"})
    test.got(test.supervise(scenario, "dig", "+short", "+tries=2", f"@{NEAR}", "www.example.com"), WHERE)
    found = [e.get("hops") for e in test.events("delivered") if e.get("program") == "bravo-relay"]
    expect(found == [2], f"delivered by the second relay: {found}")
    expect(not test.events("misuse") and not test.events("loop"), f"{test.events('misuse')}")
    test.told()


@program("dig", "dig")
def dig(test):
    """libuv; from the scenario's name server."""
    test.got(test.supervise(test.two_vendors(names=True), "dig", "+short", "+tries=2", NAME), WHERE)


@program("dnsmasq", "dnsmasq", "dig")
def dnsmasq(test):
    port = tests.world.free_port()
    forwards(test, ["dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", f"--server={UPSTREAM}", "-p", str(port),
                    "--listen-address=127.0.0.1", "--bind-interfaces", "--user=nobody", "--pid-file="], port)


@program("unbound", "unbound", "dig")
def unbound(test):
    """libevent; each question from another port."""
    port = tests.world.free_port()
    forwards(test, ["unbound", "-d", "-c", test.write("unbound.conf", f"""
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "{test.folder}"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: {UPSTREAM}
""")], port)


@program("iperf3", "iperf3")
def iperf(test):
    """TCP through both vendors' proxies, three streams and their control connection."""
    server = {"name": "iperf", "command": ["iperf3", "-s", "-B", "127.0.0.1", "-p", str(tests.world.free_port())]}
    scenario = test.two_vendors([server], {f"{WHERE}:5201": "iperf"})
    test.got(test.supervise(scenario, "iperf3", "-c", WHERE, "-t", "1", "-P", "3"), "iperf Done")
    test.delivered(4)
    test.told()


@program("iperf3 udp", "iperf3")
def iperf_udp(test):
    """Its datagrams are relayed by both vendors; none is lost."""
    port = tests.world.free_port()
    server = {"name": "iperf", "command": ["iperf3", "-s", "-B", "127.0.0.1", "-p", str(port)]}
    scenario = through_relays(test, f"udp {WHERE} port 5201", (f"{WHERE}:5201", f"127.0.0.1:{port}"), [server], {})
    done = test.supervise(scenario, "iperf3", "-u", "-J", "-c", WHERE, "-t", "1", "-P", "2", "-b", "2M", "-l", "1000")
    test.got(done, '"end"')
    total = json.loads(done.stdout)["end"]["sum"]
    expect(total["lost_packets"] == 0 and total["packets"] > 100, f"{total}")
    test.told()
