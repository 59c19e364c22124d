# SPDX-License-Identifier: MIT
"""Proxies in other languages, which know the numbers of conntrail/linux.h and no library."""

import os
import sys

import world

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/languages/python")
VENDORS = ("acme", "bravo")
LARGEST = 65536
# With it the records of two redirects are as large as records can be.
PADDING = 32700
UDP_WHERE = "192.0.2.53"

ECHO = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
listeners = socket.create_server(("127.0.0.1", 0))
while True:
    data, client = server.recvfrom(2000)
    server.sendto(b"echo of " + data, client)
"""

CLIENT = f"""
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(100)
for text in (b"first", b"again"):
    client.sendto(text, ("{UDP_WHERE}", 53))
    data, sender = client.recvfrom(2000)
    print(data.decode(), *sender)
"""


# conntrail-emu starts the next program when this one listens for TCP: as soon as it says "ready".
LISTENS_WHEN_READY = """
import builtins, runpy, socket, sys
say, listeners = print, []
def print_and_listen(*words, **options):
    listeners.append(socket.create_server(("127.0.0.1", 0)))
    say(*words, **options)
builtins.print = print_and_listen
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def tcp_command(place):
    return [sys.executable, os.path.join(EXAMPLES, "tcp_proxy.py"), place]


def udp_command(place):
    return [sys.executable, "-c", LISTENS_WHEN_READY, os.path.join(EXAMPLES, "udp_proxy.py"), place]


def sizes(w, kind):
    return sorted({e["size"] for e in w.events(kind)})


def check_trail(w, delivered, what):
    kinds = [e["kind"] for e in w.events()]
    took = sorted(e["service"] for e in w.events("redirected"))
    world.expect(took == sorted(VENDORS), f"{what}: redirected by {took}")
    world.expect(kinds.count("delivered") == delivered and "loop" not in kinds and
                 "misuse" not in kinds, f"{what}: {kinds}")


def tcp(w, padding):
    """Through the proxies of two vendors; the second carries the records of both."""
    programs, services = [w.origin()], []
    for name in VENDORS:
        place = f"127.0.0.1:{world.free_port()}"
        programs.append({"name": name + "-proxy", "command": tcp_command(place)})
        services.append({"name": name, "record_padding": padding, "redirect": [
            {"rule": f"tcp {world.WHERE} port 80", "to": name + "-proxy"}]})
    done = w.run(w.scenario({"programs": programs, "services": services,
                             "routes": {f"{world.WHERE}:80": "origin"}}),
                 "curl", "-sS", "-m", "100", f"http://{world.WHERE}/hello")
    world.expect(done.stdout == "hello-world\n", f"tcp: {done}")
    check_trail(w, 1, f"tcp, padding {padding}")
    return sizes(w, "records set")


def udp(w, padding):
    echo = os.path.join(w.folder, "echo.py")
    with open(echo, "w", encoding="ascii") as file:
        file.write(ECHO)
    port = world.free_port(world.socket.SOCK_DGRAM)
    programs = [{"name": "echo", "command": [sys.executable, echo, str(port)]}]
    services = []
    for name in VENDORS:
        place = f"127.0.0.1:{world.free_port(world.socket.SOCK_DGRAM)}"
        programs.append({"name": name + "-proxy", "command": udp_command(place)})
        services.append({"name": name, "record_padding": padding, "redirect": [
            {"rule": f"udp {UDP_WHERE} port 53", "to": place}]})
    done = w.run(w.scenario({"programs": programs, "services": services,
                             "routes": {f"{UDP_WHERE}:53": f"127.0.0.1:{port}"}}),
                 sys.executable, "-c", CLIENT)
    wanted = "".join(f"echo of {text} {UDP_WHERE} 53\n" for text in ("first", "again"))
    world.expect(done.stdout == wanted, f"udp: {done}")
    check_trail(w, 1, f"udp, padding {padding}")
    return sizes(w, "records received")


def refused(w):
    """A client that was not redirected: the proxy says so, and serves the next one."""
    place = f"127.0.0.1:{world.free_port()}"
    scenario = w.scenario({
        "programs": [w.origin(), {"name": "proxy", "command": tcp_command(place)}],
        "services": [{"name": "acme", "redirect": [
            {"rule": f"tcp {world.WHERE} port 80", "to": "proxy"}]}],
        "routes": {f"{world.WHERE}:80": "origin"}})
    done = w.run(scenario, "sh", "-c", f"curl -sS -m 100 http://{place}/hello; "
                 f"curl -sS -m 100 http://{world.WHERE}/hello")
    world.expect(done.stdout == "hello-world\n", f"refused: {done}")
    world.expect("the connection was not redirected" in done.stderr, f"refused: {done}")


world.need("curl")
with world.World() as w:
    refused(w)
    for carry in (tcp, udp):
        carry(w, 0)
        carried = carry(w, PADDING)
        world.expect(carried[-1:] == [LARGEST], f"{carry.__name__}: records of {carried} bytes")
world.finish()
