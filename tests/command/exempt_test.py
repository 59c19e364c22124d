# SPDX-License-Identifier: MIT
"""exempt_programs: a service permits programs of that name, and no others (clause R8)."""

import os
import subprocess
import sys

import world

URL = f"http://{world.WHERE}/hello"
# Its own connection, its child's and that of a program that its child becomes.
FAMILY = f"""
import os, subprocess, urllib.request
def get(): print(urllib.request.urlopen("{URL}").read().decode(), end="", flush=True)
get()
if os.fork() == 0: get(); os._exit(0)
os.wait()
subprocess.run(["curl", "-sS", "-m", "100", "{URL}"])
"""


def scenario(w, *exempt):
    """A redirected program gets the service's file; an exempted one the origin's."""
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
    done = w.run(path, "curl", "-sS", "-m", "100", URL)
    world.expect(done.stdout == "hello-world\n", f"curl is exempt: {done}")
    said = [(e["kind"], e.get("service"), e["program"]) for e in w.events()][:3]
    world.expect(said == [("connecting", None, "curl"), ("exempted", "acme", "curl"),
                          ("delivered", None, "curl")], f"curl's trail: {said}")
    world.expect("exempted for nothing" not in done.stderr, f"curl came: {done.stderr}")
    done = w.run(path, "wget", "-q", "-O", "-", "-T", "100", "-t", "1", URL)
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
        done = w.run(w.scenario(content), "curl", "-sS", "-m", "100", URL)
        world.expect((done.stdout == "hello-world\n") == bool(exempt), f"nginx, {exempt}: {done}")
        world.expect(bool(w.events("loop")) != bool(exempt), f"nginx, {exempt}: loops")
        told = {e["program"] for e in w.events("exempted")}
        world.expect(told == set(exempt), f"nginx, {exempt}: exempted {told}")


def attached(w):
    with w.serve(scenario(w, "curl", "other", "crul")) as served:
        for program, expected in (("curl", "hello-world\n"), ("wget", "redirected\n")):
            options = {"curl": ("-sS", "-m", "100"), "wget": ("-q", "-O", "-", "-T", "100", "-t", "1")}
            done = subprocess.run(
                [world.COMMAND, "attach", served.path, "--", program, *options[program], URL],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=world.PATIENCE,
                check=False)
            world.expect(done.stdout == expected, f"attached: {done}")
    world.expect(served.said.count("exempted for nothing") == 1 and '"crul" was exempted' in
                 served.said, f"who did not come: {served.said}")


world.need("curl", "wget", "nginx")
with world.World() as w:
    by_name(w)
    family(w)
    proxy(w)
    attached(w)
world.finish()
