# SPDX-License-Identifier: MIT
"""--fail-on, "expect" in a scenario, --junit and --tap: what makes a run fail, and what is said of it."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree

import world

URL = f"http://{world.WHERE}/hello"
CURL = ("curl", "-sS", "-m", "100", URL)
RAW = "import socket\ntry: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nexcept OSError: pass"


def command(*words):
    return subprocess.run([world.COMMAND, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=world.PATIENCE, check=False)


def failed(done):
    return [line for line in done.stderr.splitlines() if line.startswith("conntrail-emu: failed: ")]


def loop(w, workload=":"):
    """A proxy without records. PROGRAM is content whatever happens."""
    path = w.chain(("acme",), {"acme": [sys.executable, world.FORGETFUL, "PLACE"]})
    return path, ("sh", "-c", f"{' '.join(CURL)}; {workload}")


def fail_on(w):
    path, program = loop(w)
    for options, code, wanted in (
            ((), 123, "conntrail-emu: failed: loop: 1, where 0 was expected"),
            (("--fail-on", "loop"), 123, "conntrail-emu: failed: loop: 1, where 0 was expected"),
            (("--fail-on", "none"), 0, None), (("--fail-on", "refused,escape"), 0, None)):
        done = command("run", "--quiet", *options, path, "--", *program)
        said = failed(done)
        world.expect(done.returncode == code and (wanted in said if wanted else not said), f"{options}: {done}")
    path, program = loop(w, "exit 7")
    done = command("run", "--quiet", path, "--", *program)
    world.expect(done.returncode == 7 and failed(done), f"PROGRAM's code comes first: {done}")
    done = command("run", "--fail-on", "undelivered", "--quiet", w.direct(), "--", *CURL)
    world.expect(done.returncode == 123 and failed(done) == [
        "conntrail-emu: failed: undelivered: 1, where 0 was expected"], f"undelivered: {done}")
    done = command("run", "--fail-on", "escape", "--quiet", w.direct(), "--", sys.executable, "-c", RAW)
    world.expect(done.returncode == 123 and failed(done) == [
        "conntrail-emu: failed: escape: 1, where 0 was expected"], f"escape: {done}")
    done = command("run", "--fail-on", "refused", "--quiet", w.direct(), "--", "sh", "-c",
                   "curl -s -m 5 http://198.51.100.1/; :")
    world.expect(done.returncode == 123 and failed(done) == [
        "conntrail-emu: failed: refused: 1, where 0 was expected"], f"refused: {done}")
    done = command("run", "--quiet", w.direct(), "--", *CURL)
    world.expect(done.returncode == 0 and not failed(done), f"as it should be: {done}")
    for words in ("loops", "", "loop,", "loop,none"):
        done = command("run", "--fail-on", words, w.direct(), "--", "true")
        world.expect(done.returncode == 2 and "--fail-on wants" in done.stderr, f"{words}: {done}")


def served(w):
    path, program = loop(w)
    running = subprocess.Popen([world.COMMAND, "serve", "--quiet", path], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    socket = running.stdout.readline().strip().partition("=")[2]
    command("attach", socket, "--", *program)
    running.terminate()
    said = running.communicate(timeout=world.PATIENCE)[1]
    world.expect(running.returncode == 123 and "failed: loop: 1" in said, f"serve: {running.returncode} {said}")


def scenario(w, expect):
    path = w.chain(("acme", "bravo"), {name: [world.PROXY, "PLACE"] for name in ("acme", "bravo")})
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    return w.scenario({**content, "expect": expect})


def expectations(w):
    # Each of three decisions is of two services: two redirect, once each, and four let it be.
    good = {"delivered": 2, "misuse": 0, "redirected": {"acme": 2, "bravo": 2}, "undelivered": 0,
            "connecting": 6, "loop": 0, "permitted": 8}
    twice = ("sh", "-c", f"{' '.join(CURL)}; {' '.join(CURL)}")
    path = scenario(w, good)
    done = command("run", "--quiet", path, "--", *twice)
    world.expect(done.returncode == 0 and not failed(done), f"as expected: {done}")
    path = scenario(w, {**good, "delivered": 3, "redirected": {"acme": 2, "bravo": 1}})
    done = command("run", "--quiet", path, "--", *twice)
    world.expect(done.returncode == 123 and failed(done) == [
        "conntrail-emu: failed: delivered: 2, where 3 was expected",
        "conntrail-emu: failed: redirected by bravo: 2, where 1 was expected"], f"wanted and got: {done}")
    for expect, said in (({"delivred": 1}, 'unknown key "delivred"; did you mean "delivered"?'),
                         ({"delivered": "1"}, "a text, where a whole number was expected"),
                         ({"delivered": -1}, "-1, where 0 to 2147483647 was expected"),
                         ({"misuse": {"acme": 1}}, "an object, where a whole number was expected"),
                         ({"redirected": {"acne": 1}}, 'no service of this scenario is called "acne"'),
                         ([], "a list, where an object was expected")):
        done = command("check", scenario(w, expect))
        world.expect(done.returncode == 1 and said in done.stdout + done.stderr, f"{expect}: {done}")


def reports(w):
    junit, tap = os.path.join(w.folder, "junit.xml"), os.path.join(w.folder, "tap")
    path = scenario(w, {"delivered": 1, "redirected": {"acme": 2}})
    done = command("run", "--quiet", "--junit", junit, "--tap", tap, path, "--", *CURL)
    world.expect(done.returncode == 123, f"{done}")
    suite = xml.etree.ElementTree.parse(junit).getroot()
    cases = {c.get("name"): c.find("failure") for c in suite.findall("testcase")}
    world.expect(suite.get("name") == path and suite.get("tests") == "5" and suite.get("failures") == "1",
                 f"suite: {suite.attrib}")
    world.expect(list(cases) == ["loop", "misuse", "delivered", "redirected by acme", "PROGRAM's exit code"],
                 f"cases: {list(cases)}")
    world.expect([name for name, failure in cases.items() if failure is not None] == ["redirected by acme"]
                 and cases["redirected by acme"].get("message") == "1, where 2 was expected", "failures")
    with open(tap, encoding="utf-8") as file:
        world.expect(file.read() == "TAP version 13\n1..5\nok 1 - loop\nok 2 - misuse\nok 3 - delivered\n"
                     "not ok 4 - redirected by acme\n  ---\n  wanted: 2\n  got: 1\n  ...\n"
                     "ok 5 - PROGRAM's exit code\n", "TAP")
    done = command("run", "--quiet", "--junit", junit, w.direct(), "--", "sh", "-c", "exit 3")
    suite = xml.etree.ElementTree.parse(junit).getroot()
    world.expect(done.returncode == 3 and suite.get("failures") == "1", f"PROGRAM fails: {done} {suite.attrib}")
    for option in ("--junit", "--tap"):
        done = command("run", "--quiet", option, "/dev/full", w.direct(), "--", "true")
        world.expect(done.returncode == 1 and "/dev/full: No space left" in done.stderr, f"{option}: {done}")


world.need("curl")
with world.World() as w:
    fail_on(w)
    served(w)
    expectations(w)
    reports(w)
world.finish()
