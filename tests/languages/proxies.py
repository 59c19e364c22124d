# SPDX-License-Identifier: MIT
"""
What the tests of the languages share: a proxy that carries records, under conntrail-emu. Each test is a program:
NAME_test.py BUILD_FOLDER [FOLDER OF A SHARED LIBRARY].
"""
import contextlib
import os
import shutil
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
EXAMPLES = os.path.join(TOP, "examples/languages")
sys.path.insert(0, os.path.join(TOP, "tests/command"))
import world  # noqa: E402 (it stands in another folder)

KINDS = world.socket.SOCK_STREAM, world.socket.SOCK_DGRAM, world.socket.SOCK_DGRAM
VENDORS = ("acme", "bravo")
LARGEST = 65536
ANYWHERE = "127.0.0.1:0"
DIRECT = "93.184.216.35"
# With it the records of two redirects are as large as records can be.
PADDING = 32700


def build(*command, folder=None, **environment):
    """Ends the test with the compiler's own words if it fails, or if it warns."""
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=600, check=False,
                          env={**os.environ, **environment})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stdout}")
    world.expect("warning" not in done.stdout, f"{' '.join(command)}: {done.stdout}")
    return done.stdout


def passes(*command, **environment):
    """A test program that ends with 0."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=world.PATIENCE, check=False, env={**os.environ, **environment})
    world.expect(done.returncode == 0, f"{' '.join(command)}: {done}")


def carries_records(w, command, padding, **environment):
    """Through the proxies of two vendors; the second carries the records of both."""
    programs, services = [w.origin()], []
    for name in VENDORS:
        programs.append({"name": name + "-proxy", "command": [*command, ANYWHERE]})
        services.append({"name": name, "record_padding": padding, "redirect": [
            {"rule": f"tcp {world.WHERE} port 80", "to": name + "-proxy"}]})
    done = w.run(w.scenario({"programs": programs, "services": services,
                             "routes": {f"{world.WHERE}:80": "origin"}}),
                 "curl", "-sS", "-m", "40", f"http://{world.WHERE}/hello",
                 env={**os.environ, **environment})
    world.expect(done.stdout == "hello-world\n", f"padding {padding}: {done}")
    kinds = [event["kind"] for event in w.events()]
    world.expect(sorted(event["service"] for event in w.events("redirected")) == sorted(VENDORS),
                 f"padding {padding}: {kinds}")
    world.expect(kinds.count("delivered") == 1 and "loop" not in kinds and "misuse" not in kinds,
                 f"padding {padding}: {kinds}")
    return max((event["size"] for event in w.events("records set")), default=0)


def refuses_direct(w, command, **environment):
    """A client that was not redirected: the proxy says so, and serves the next one."""
    scenario = w.scenario({
        "programs": [w.origin(), {"name": "proxy", "command": [*command, ANYWHERE]}],
        "services": [{"name": "acme", "redirect": [
            {"rule": f"tcp {world.WHERE} port 80", "to": "proxy"}]}],
        "routes": {f"{world.WHERE}:80": "origin", f"{DIRECT}:80": "proxy"}})
    done = w.run(scenario, "sh", "-c", f"curl -sS -m 40 http://{DIRECT}/hello; "
                 f"curl -sS -m 40 http://{world.WHERE}/hello", env={**os.environ, **environment})
    world.expect(done.stdout == "hello-world\n", f"direct: {done}")
    world.expect("the connection was not redirected" in done.stderr, f"direct: {done}")


def serves(command, **environment):
    """All that is asked of a proxy in any language. Its last argument is ADDRESS:PORT."""
    with world.World() as w:
        refuses_direct(w, command, **environment)
        small = carries_records(w, command, 0, **environment)
        world.expect(0 < small < 1024, f"records of {small} bytes")
        large = carries_records(w, command, PADDING, **environment)
        world.expect(large == LARGEST, f"records of {large} bytes")


def skip_without(*programs):
    """Ends the test as skipped where a compiler is not installed."""
    world.need(*programs)


def library(name):
    """A library of the build folders; None if they have no such one."""
    paths = [os.path.join(os.path.abspath(folder), name) for folder in sys.argv[1:]]
    return next(filter(os.path.exists, paths), None)


def copy_of(name, folder):
    """A folder of examples/languages, to build in, with the scenarios where it looks for them."""
    copied = os.path.join(folder, "examples/languages", name)
    shutil.copytree(os.path.join(EXAMPLES, name), copied)
    shutil.copytree(os.path.join(TOP, "examples/scenarios"), os.path.join(folder, "examples/scenarios"))
    return copied


def shares_a_supervisor(command, folder, passed, **environment):
    """A test suite that starts a supervisor itself, and again as PROGRAM of `conntrail-emu run --control`."""
    environment = {**os.environ, **environment, "PATH": f"{os.path.dirname(world.COMMAND)}:{os.environ['PATH']}"}
    with world.World() as w:
        around = [world.COMMAND, "run", "--quiet", "--fail-on", "none", "--control", os.path.join(w.folder, "control"),
                  os.path.join(TOP, "examples/scenarios/one-service.json"), "--"]
        for words in (command, around + command):
            done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=2 * world.PATIENCE, check=False, env=environment)
            world.expect(done.returncode == 0 and passed in done.stdout, f"{words}: {done}")


def free_ports(*kinds):
    """Of each kind of socket one, and no two the same."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(world.socket.socket(type=kind)) for kind in kinds]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def calls_each_function(command, **environment):
    """A program that is client, proxy and server, with the ports of proxy, UDP proxy and UDP server."""
    with world.World() as w:
        tcp, proxy, server = free_ports(*KINDS)
        scenario = w.scenario({
            "services": [{"name": "acme", "record_padding": 3000, "redirect": [
                {"rule": f"tcp {world.WHERE} port 80", "to": f"127.0.0.1:{tcp}"},
                {"rule": f"udp {world.WHERE} port 53", "to": f"127.0.0.1:{proxy}"}]}],
            "routes": {f"{world.WHERE}:53": f"127.0.0.1:{server}"}})
        done = w.run(scenario, *command, *map(str, (tcp, proxy, server)), env={**os.environ, **environment})
        world.expect(done.returncode == 0 and done.stdout == "ok\n", f"{done}")
