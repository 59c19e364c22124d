# SPDX-License-Identifier: MIT
"""The clients of a scenario: in turn, at once, with the exit codes that they are to have; alone, and before PROGRAM."""

import os
import signal
import subprocess
import sys
import xml.etree.ElementTree

import world

SHELL = "sh"


def client(name, script, **more):
    return {"name": name, "command": [SHELL, "-c", script], **more}


def run(*words, **options):
    return subprocess.run([world.COMMAND, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=world.PATIENCE, check=False, **options)


def in_turn(w):
    """Each once the one before has ended; PROGRAM last."""
    path = w.scenario({"clients": [client("a", "echo a; read x || echo a ends"), client("b", "echo b")]})
    done = run("run", "--quiet", path)
    world.expect((done.returncode, done.stdout, done.stderr) == (0, "a\na ends\nb\n", ""), f"in turn: {done}")
    done = run("run", "--quiet", path, "--", SHELL, "-c", "echo PROGRAM; exit 6")
    world.expect((done.returncode, done.stdout) == (6, "a\na ends\nb\nPROGRAM\n"), f"beside PROGRAM: {done}")


def at_once(w):
    """Two that wait for each other, and one that comes after both."""
    pipes = [os.path.join(w.folder, name) for name in ("left", "right")]
    for pipe in pipes:
        os.mkfifo(pipe)
    with_previous = {"start": "with previous"}
    path = w.scenario({"clients": [
        client("a", f"echo >{pipes[0]}; read x <{pipes[1]}"),
        client("b", f"read x <{pipes[0]}; echo >{pipes[1]}; exit 4", exit_code=4, **with_previous),
        client("c", "echo last", start="after previous")]})
    done = run("run", "--quiet", path)
    world.expect((done.returncode, done.stdout, done.stderr) == (0, "last\n", ""), f"at once: {done}")


def exit_codes(w):
    """Every client runs; each that ended in another way than it should is named."""
    junit, tap = os.path.join(w.folder, "junit.xml"), os.path.join(w.folder, "tap")
    path = w.scenario({"clients": [client("a", "exit 7"), client("b", "kill -11 $$", exit_code=3),
                                   client("c", "echo c; exit 5", exit_code=5)]})
    done = run("run", "--quiet", "--tap", tap, "--junit", junit, path)
    world.expect(done.returncode == 123 and done.stdout == "c\n" and done.stderr ==
                 "conntrail-emu: failed: exit code of client a: 7, where 0 was expected\n"
                 "conntrail-emu: failed: exit code of client b: 139, where 3 was expected\n", f"exit codes: {done}")
    with open(tap, encoding="utf-8") as file:
        world.expect(file.read() == "TAP version 13\n1..5\nok 1 - loop\nok 2 - misuse\n"
                     "not ok 3 - exit code of client a\n  ---\n  wanted: 0\n  got: 7\n  ...\n"
                     "not ok 4 - exit code of client b\n  ---\n  wanted: 3\n  got: 139\n  ...\n"
                     "ok 5 - exit code of client c\n", "TAP")
    suite = xml.etree.ElementTree.parse(junit).getroot()
    world.expect((suite.get("tests"), suite.get("failures")) == ("5", "2"), f"JUnit: {suite.attrib}")
    done = run("run", "--quiet", path, "--", SHELL, "-c", "exit 9")
    world.expect(done.returncode == 9, f"PROGRAM's code comes first: {done}")
    done = run("run", "--quiet", path, "--", "true")
    world.expect(done.returncode == 123 and done.stderr.count("failed: ") == 2, f"and the verdict then: {done}")


def as_clients(w):
    """They are redirected, are called by their names, and know where programs are."""
    origin = {**w.origin(), "command": [sys.executable, "-m", "http.server", "${PORT}", "--bind", "127.0.0.1",
                                        "--directory", w.folder]}
    curl = ["curl", "-sS", "-m", "100", f"http://{world.WHERE}/hello"]
    path = w.scenario({
        "programs": [origin],
        "clients": [{"name": "one", "command": curl}, {"name": "two", "command": curl, "start": "with previous"},
                    client("near", "curl -sS http://127.0.0.1:$WHERE/hello", env={"WHERE": "${origin.PORT}"}),
                    {"name": "reads", "command": ["cat"], "stdin": {"text": "at ${origin.PORT}\n"}}],
        "services": [{"name": "acme", "exempt_programs": ["two"], "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": "origin"}]}],
        "routes": {f"{world.WHERE}:80": "127.0.0.1:${origin.PORT}"},
        "expect": {"redirected": {"acme": 1}, "exempted": {"acme": 1}}})
    done = run("run", "--trail", w.trail, path)
    lines = done.stdout.splitlines()
    world.expect(done.returncode == 0 and lines[:3] == ["hello-world"] * 3 and lines[3].startswith("at ") and
                 lines[3][3:].isdigit(), f"clients: {done}")
    world.expect({e["program"] for e in w.events("connecting")} == {"one", "two"}, f"names: {w.events('connecting')}")
    world.expect(run("check", path).stdout == f"{path}: valid\n", "exempting a client is no note")


def example(w):
    """examples/scenarios/whole-test.json, as it is; and with an expectation that is not met."""
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(f"{top}/examples/scenarios/whole-test.json", encoding="utf-8") as file:
        text = file.read().replace("../../build/gcc", world.BUILD).replace("../..", top)
    done = run("run", "--quiet", w.scenario(text))
    world.expect(done.returncode == 0 and "failed" not in done.stderr, f"whole-test.json: {done}")
    done = run("run", "--quiet", w.scenario(text.replace('"exit_code": 7', '"exit_code": 6')))
    world.expect(done.returncode == 123 and "conntrail-emu: failed: exit code of client blocked: 7, where 6 was expected"
                 in done.stderr, f"whole-test.json with another code: {done}")


def without(w):
    """Neither PROGRAM nor clients; and serve, which has none to start."""
    done = run("run", w.direct())
    world.expect(done.returncode == 2 and done.stderr ==
                 'conntrail-emu: run wants SCENARIO -- PROGRAM, or a scenario with "clients"\n', f"nothing: {done}")
    with w.serve(w.scenario({"clients": [client("a", "echo started >&2")]})) as served:
        pass
    world.expect(served.code == 0 and served.said ==
                 "conntrail-emu: serve starts none of the scenario's clients; run does\n", f"serve: {served.said!r}")


def ends(w):
    """By the time limit, by a signal, and where one cannot be started in the middle."""
    late = os.path.join(w.folder, "late")
    path = w.scenario({"limits": {"seconds": 3}, "clients": [client("a", "true"), client("b", "exec sleep 61.5"),
                                                             client("c", "true")]})
    done = run("run", "--quiet", path)
    world.expect(done.returncode == 124 and done.stderr ==
                 "conntrail-emu: limits.seconds (3) of the scenario are over: all is ended\n"
                 "conntrail-emu: failed: exit code of client b: not ended, where 0 was expected\n"
                 "conntrail-emu: failed: exit code of client c: not started, where 0 was expected\n", f"time: {done}")
    world.expect(world.is_gone("sleep\x0061.5"), "the time is over, and a client is left")
    path = w.scenario({"clients": [client("a", "echo up; exec sleep 62.5"), client("b", "true")]})
    running = subprocess.Popen([world.COMMAND, "run", "--quiet", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    running.stdout.readline()
    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=world.PATIENCE)[1]
    world.expect(running.returncode == 143 and said.startswith("conntrail-emu: signal 15 came while a client ran\n"),
                 f"SIGTERM: {running.returncode} {said!r}")
    world.expect(world.is_gone("sleep\x0062.5"), "after SIGTERM a client is left")
    with open(late, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexit 0\n")
    os.chmod(late, 0o755)
    path = w.scenario({"clients": [client("a", f"rm {late}"), {"name": "b", "command": [late]}]})
    done = run("run", "--quiet", path)
    world.expect(done.returncode == 125 and done.stderr == f"conntrail-emu: {late}: No such file or directory\n",
                 f"gone in the meantime: {done}")


world.need("curl")
with world.World() as w:
    for part in (in_turn, at_once, exit_codes, as_clients, example, without, ends):
        part(w)
world.finish()
