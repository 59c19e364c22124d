# SPDX-License-Identifier: MIT
"""How programs are started: environment, folder, standard input, and paths below the scenario's folder."""

import json
import os
import subprocess
import sys

import world

# Writes what it has got, then listens.
TELLS = """#!{python}
import json, os, socket, sys
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({{"cwd": os.getcwd(), "env": dict(os.environ), "stdin": sys.stdin.read(), "argv": sys.argv}}, file)
s = socket.create_server(("127.0.0.1", 0))
s.accept()
"""


class Folder:
    """A scenario in a folder of its own, beside a program that tells how it was started."""

    def __init__(self, w):
        self.w = w
        self.path = os.path.realpath(os.path.join(w.folder, "a folder"))
        os.makedirs(os.path.join(self.path, "bin"), exist_ok=True)
        os.makedirs(os.path.join(self.path, "work"), exist_ok=True)
        self.program = os.path.join(self.path, "bin", "tells")
        with open(self.program, "w", encoding="utf-8") as file:
            file.write(TELLS.format(python=sys.executable))
        os.chmod(self.program, 0o755)
        with open(os.path.join(self.path, "request"), "w", encoding="ascii") as file:
            file.write("from a file\n")

    def write(self, content):
        path = os.path.join(self.path, "scenario.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def started(self, how, run=("true",), **shared):
        """What the program found, started as `how` says; and the run."""
        told = os.path.join(self.path, "told")
        path = self.write({"programs": [{"name": "p", "command": ["bin/tells", told], **how}], **shared})
        done = self.w.run(path, *run, cwd="/", env={**os.environ, "GIVEN": "outside", "GONE": "outside"})
        world.expect(done.returncode == 0, f"{how}: {done}")
        with open(told, encoding="utf-8") as file:
            return json.load(file), done


def environment(f):
    print_all = (sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))")
    shared = {"GIVEN": "shared", "GONE": None, "BOTH": "shared", "EMPTY": ""}
    got, done = f.started({"env": {"BOTH": "own", "OWN": "its", "EMPTY": None}}, print_all, env=shared)
    expected = {"GIVEN": "shared", "GONE": None, "BOTH": "own", "OWN": "its", "EMPTY": None}
    world.expect({name: got["env"].get(name) for name in expected} == expected, f"env: {got['env']}")
    program = json.loads(done.stdout)
    expected = {"GIVEN": "shared", "GONE": None, "BOTH": "shared", "OWN": None, "EMPTY": ""}
    world.expect({name: program.get(name) for name in expected} == expected, f"PROGRAM's: {program}")
    world.expect(got["env"]["HOME"] == os.environ["HOME"], "the rest is that of the command")


def folders(f):
    got, done = f.started({}, ("pwd",))
    world.expect(got["cwd"] == f.path and got["argv"][0] == f.program, f"without cwd: {got}")
    world.expect(done.stdout == "/\n", f"PROGRAM stays where the command is: {done.stdout!r}")
    for place in ("work", "./work", os.path.join(f.path, "work")):
        got, _ = f.started({"cwd": place})
        world.expect(got["cwd"] == os.path.join(f.path, "work"), f"{place}: {got['cwd']}")
    pipe = f"/bin/bash -c '{world.COMMAND} run --quiet <(cat \"{f.path}/scenario.json\") -- true'"
    done = subprocess.run(pipe, shell=True, cwd=f.path, capture_output=True, text=True, check=False,
                          timeout=world.PATIENCE)
    world.expect(done.returncode == 0, f"a scenario from a pipe has the command's folder: {done}")


def search(f):
    """The PATH of the program itself counts, and a relative part of it is below its folder."""
    shared = {"env": {"PATH": f.path + "/bin:" + os.environ["PATH"]}}
    got, _ = f.started({"command": ["tells", os.path.join(f.path, "told")]}, **shared)
    world.expect(got["cwd"] == f.path, f"PATH for all: {got}")
    own = {"command": ["tells", os.path.join(f.path, "told")], "env": {"PATH": "../bin:/usr/bin"}, "cwd": "work"}
    got, _ = f.started(own)
    world.expect(got["cwd"] == f.path + "/work", f"a PATH of its own: {got}")
    tool = f.w.run(f.write({"env": {"PATH": f.path + "/bin"}}), "pwd")
    world.expect(tool.returncode == 125 and tool.stderr ==
                 "conntrail-emu: pwd: No such file or directory, in any folder of PATH\n", f"PROGRAM's PATH: {tool}")


def inputs(f):
    long = "a line of text\n" * 20000
    for how, expected in ((None, ""), ({"text": ""}, ""), ({"text": long}, long), ({"file": "request"}, "from a file\n"),
                          ({"file": f.path + "/request"}, "from a file\n")):
        got, _ = f.started({} if how is None else {"stdin": how})
        world.expect(got["stdin"] == expected, f"stdin {str(how)[:60]}: {got['stdin'][:60]!r}")


def mistakes(f):
    """Before anything is started; by check in the same words."""
    marker = os.path.join(f.path, "started")
    plain = os.path.join(f.path, "request")
    first = '{"programs": [{"name": "a", "command": ["touch", "' + marker + '"]},\n{"name": "p", "command": '
    for rest, said in (
            ('["./nothing"]}]}', f'2:27: "command", entry 1: {f.path}/./nothing: No such file or directory'),
            ('["no-such-program"]}]}',
             '2:27: "command", entry 1: no-such-program: No such file or directory, in any folder of PATH'),
            ('["no-such-program"], "env": {"PATH": null}}]}',
             '2:27: "command", entry 1: no-such-program: No such file or directory, in any folder of PATH'),
            ('["./request"]}]}', f'2:27: "command", entry 1: {f.path}/./request: Permission denied'),
            (f'["{plain}"]}}]}}', f'2:27: "command", entry 1: {plain}: Permission denied'),
            ('["bin/"]}]}', f'2:27: "command", entry 1: {f.path}/bin/ is no file, so it cannot be started'),
            ('["true"], "cwd": "nowhere"}]}', f'2:43: "cwd": {f.path}/nowhere: No such file or directory'),
            ('["true"], "cwd": "request"}]}', f'2:43: "cwd": {f.path}/request: Not a directory'),
            ('["true"], "stdin": {"file": "nothing"}}]}',
             f'2:54: "file": {f.path}/nothing: No such file or directory'),
            ('["true"], "stdin": {"file": "bin"}}]}', f'2:54: "file": {f.path}/bin: Is a directory')):
        path = f.write(first + rest)
        done = subprocess.run([world.COMMAND, "check", path], capture_output=True, text=True, check=False,
                              timeout=world.PATIENCE)
        world.expect(done.returncode == 1 and done.stderr == f"{path}:{said}\n", f"{rest}: {done}")
        done = f.w.run(path, "true")
        world.expect(done.returncode == 125 and done.stderr == f"conntrail-emu: {path}:{said}\n" and
                     not os.path.exists(marker), f"run of {rest}: {done}")


def no_program(f):
    """PROGRAM is looked for before a program of the scenario is started."""
    marker = os.path.join(f.path, "started")
    path = f.write({"programs": [{"name": "a", "command": ["touch", marker]}]})
    for word, said in (("no-such-program", "no-such-program: No such file or directory, in any folder of PATH"),
                       ("/nothing", "/nothing: No such file or directory"),
                       ("/tmp", "/tmp is no file, so it cannot be started")):
        done = f.w.run(path, word)
        world.expect(done.returncode == 125 and done.stderr == f"conntrail-emu: {said}\n" and
                     not os.path.exists(marker), f"{word}: {done}")


with world.World() as w:
    folder = Folder(w)
    for part in (environment, folders, search, inputs, mistakes, no_program):
        part(folder)
world.finish()
