# SPDX-License-Identifier: MIT
"""exempt_programs: a service lets pass whoever is called so, and nobody else (clause R8)."""

import os
import subprocess
import sys

import wire
import world

URL = f"http://{world.WHERE}/hello"
# Its own connection, its child's and that of a program that its child becomes.
FAMILY = f"""
import os, subprocess, urllib.request
def get(): print(urllib.request.urlopen("{URL}").read().decode(), end="", flush=True)
get()
if os.fork() == 0: get(); os._exit(0)
os.wait()
subprocess.run(["curl", "-sS", "-m", "20", "{URL}"])
"""


def scenario(w, *exempt):
    """Who is redirected is told so; who is not has the origin's file."""
    os.makedirs(os.path.join(w.folder, "other"), exist_ok=True)
    with open(os.path.join(w.folder, "other", "hello"), "w", encoding="ascii") as file:
        file.write("redirected\n")
    other = w.origin()
    other["name"] = "other"
    other["command"][-1] = os.path.join(w.folder, "other")
    return w.scenario({
        "programs": [w.origin(), other],
        "services": [{"name": "acme", "exempt_programs": list(exempt), "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": "other"}]}],
        "routes": {f"{world.WHERE}:80": "origin"}})


def by_name(w):
    path = scenario(w, "curl")
    done = w.run(path, "curl", "-sS", "-m", "20", URL)
    world.expect(done.stdout == "hello-world\n", f"curl is exempt: {done}")
    said = [(e["kind"], e.get("service"), e["program"]) for e in w.events()][:3]
    world.expect(said == [("connecting", None, "curl"), ("exempted", "acme", "curl"),
                          ("delivered", None, "curl")], f"curl's trail: {said}")
    world.expect("exempted for nothing" not in done.stderr, f"curl came: {done.stderr}")
    done = w.run(path, "wget", "-q", "-O", "-", "-T", "20", "-t", "1", URL)
    world.expect(done.stdout == "redirected\n", f"wget is not exempt: {done}")
    world.expect(f'{path}:1:' in done.stderr and '"curl" was exempted for nothing' in done.stderr,
                 f"curl did not come: {done.stderr}")


def family(w):
    python = os.path.basename(sys.executable)
    for exempt, expected in (((python,), "hello-world\n"), (("curl",), "redirected\n")):
        done = w.run(scenario(w, *exempt), sys.executable, "-c", FAMILY)
        world.expect(done.stdout == 3 * expected, f"{exempt}: {done}")
        world.expect(len(w.events("exempted")) == (3 if exempt == (python,) else 0),
                     f"{exempt}: {[e['kind'] for e in w.events()]}")


def proxy(w):
    """A proxy without records loops, unless its service knows it as its own: nginx' worker is a
    forked child."""
    for exempt in ([], ["acme-proxy"]):
        content = {"programs": [w.origin(), {"name": "acme-proxy",
                                             "command": w.nginx_stream("acme")}],
                   "services": [{"name": "acme", "exempt_programs": exempt, "redirect": [
                       {"rule": "tcp 93.184.216.0/24 port 80", "to": "acme-proxy"}]}],
                   "routes": {f"{world.WHERE}:80": "origin"}}
        done = w.run(w.scenario(content), "curl", "-sS", "-m", "20", URL)
        world.expect((done.stdout == "hello-world\n") == bool(exempt), f"nginx, {exempt}: {done}")
        world.expect(bool(w.events("loop")) != bool(exempt), f"nginx, {exempt}: loops")
        told = {e["program"] for e in w.events("exempted")}
        world.expect(told == set(exempt), f"nginx, {exempt}: exempted {told}")


def attached(w):
    path = os.path.join(w.folder, "service")
    running = subprocess.Popen([world.COMMAND, "serve", "--quiet", "--trail", w.trail, "--socket",
                                path, scenario(w, "curl", "other", "crul")],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    running.stdout.readline()
    done = subprocess.run([world.COMMAND, "attach", path, "--", "curl", "-sS", "-m", "20", URL],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=world.PATIENCE, check=False)
    world.expect(done.stdout == "hello-world\n", f"attached: {done}")
    reused(path)
    running.terminate()
    said = running.communicate(timeout=world.PATIENCE)[1]
    world.expect(said.count("exempted for nothing") == 1 and '"crul" was exempted' in said,
                 f"who did not come: {said}")


def greet(path, program, process):
    """A process that says who it is; what became of its connect to WHERE."""
    channel = wire.connect(path)
    channel.send(wire.request(wire.HELLO, arguments=(wire.VERSION, 0, 0, 0),
                              payload=program.encode(), process=process))
    channel.recv(200000)
    channel.send(wire.request(wire.CREATE, 1, process=process) +
                 wire.request(wire.CONNECTING, 1, where=wire.address(world.WHERE, 80),
                              process=process))
    return channel, wire.REPLY.unpack_from(channel.recv(200000))


def reused(path):
    """An id that the system gives again is whose it is now."""
    ways = []
    for program in ("curl", "wget", "", "curl"):
        channel, reply = greet(path, program, 4711)
        channel.close()
        ways.append(reply[9])
    world.expect(ways[0] == ways[3] and ways[1] == ways[2] and ways[0] != ways[1],
                 f"one id, four programs: sent to the ports {ways}")


world.need("curl", "wget", "nginx")
with world.World() as w:
    by_name(w)
    family(w)
    proxy(w)
    attached(w)
world.finish()
