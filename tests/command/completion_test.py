# SPDX-License-Identifier: MIT
"""What bash, zsh and fish make of a command line of conntrail-emu, each asked as its user asks it."""

import os
import pty
import select
import shutil
import subprocess
import time

import world

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = os.path.join(TOP, "backend-emu/cli/conntrail-emu.")
# Typed, and what its last word becomes; FOLDER holds scenario.json, other.txt and a folder.
COMPLETED = [
    ("", "ru", "run"),
    ("", "se", "serve"),
    ("", "att", "attach"),
    ("", "ch", "check"),
    ("", "pr", "profile"),
    ("profile ", "mea", "measured"),
    ("profile ", "FOLDER/s", "FOLDER/scenario.json"),
    ("", "tr", "trail"),
    ("", "--h", "--help"),
    ("", "--v", "--version"),
    ("run ", "--q", "--quiet"),
    ("run ", "--tr", "--trail"),
    ("run --quiet ", "--tr", "--trail"),
    ("run ", "--w", "--wait-all"),
    ("run ", "--fa", "--fail-on"),
    ("run --fail-on ", "mis", "misuse"),
    ("serve --junit ", "FOLDER/oth", "FOLDER/other.txt"),
    ("run ", "--str", "--strict"),
    ("serve ", "--str", "--strict"),
    ("run ", "FOLDER/s", "FOLDER/scenario.json"),
    ("run --quiet ", "FOLDER/s", "FOLDER/scenario.json"),
    ("run --trail ", "FOLDER/oth", "FOLDER/other.txt"),
    ("serve ", "--so", "--socket"),
    ("serve ", "--q", "--quiet"),
    ("serve --socket ", "FOLDER/oth", "FOLDER/other.txt"),
    ("serve ", "FOLDER/s", "FOLDER/scenario.json"),
    ("attach ", "FOLDER/oth", "FOLDER/other.txt"),
    ("check ", "FOLDER/s", "FOLDER/scenario.json"),
    ("trail ", "--j", "--json"),
    ("trail ", "--h", "--html"),
    ("trail ", "FOLDER/oth", "FOLDER/other.txt"),
    ("trail --html ", "FOLDER/oth", "FOLDER/other.txt"),
    ("run FOLDER/scenario.json -- ", "conntrail-tr", "conntrail-try"),
    ("attach FOLDER/other.txt -- ", "conntrail-tr", "conntrail-try"),
    ("run FOLDER/scenario.json -- conntrail-try ", "FOLDER/oth", "FOLDER/other.txt"),
]
# Nothing of another command's, and nothing of one's own behind "--".
LEFT = [
    ("", "x"),
    ("check ", "--q"),
    ("attach ", "--q"),
    ("run ", "--so"),
    ("serve ", "--w"),
    ("run ", "--js"),
    ("trail ", "--q"),
    ("run FOLDER/scenario.json -- conntrail-try ", "--q"),
    ("run FOLDER/scenario.json -- conntrail-try ", "atta"),
]


class Terminal:
    """A shell that has one, and after a key of the test's says what stands on its command line."""

    KEY, BEGIN, END, PROMPT = "\x18s", "<<", ">>", "READY"

    def __init__(self, w, command, setup):
        environment = {"PATH": f"{w.folder}/bin:{os.environ['PATH']}", "HOME": w.folder,
                       "ZDOTDIR": w.folder, "TERM": "dumb", "LC_ALL": "C"}
        with open(os.path.join(w.folder, ".zshrc"), "w", encoding="ascii") as file:
            file.write(f"stty cols 1000\nPS1={self.PROMPT}\n{setup}\n")
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(w.folder)
            os.execvpe(command[0], command, environment)
        self.read_until(self.PROMPT)

    def write(self, text):
        os.write(self.terminal, text.encode())

    def read_until(self, end):
        got = ""
        limit = time.monotonic() + world.PATIENCE
        while end not in got:
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
                raise TimeoutError(f"no {end!r} in {got!r}")
            got += os.read(self.terminal, 1 << 16).decode(errors="replace")
        return got

    def complete(self, line):
        self.write(line + "\t" + self.KEY)
        return self.read_until(self.END).rpartition(self.BEGIN)[2].partition(self.END)[0].rstrip()

    def end(self):
        self.write("exit\n")
        try:
            while os.read(self.terminal, 1 << 16):
                pass
        except OSError:  # its end, as Linux says it
            pass
        os.close(self.terminal)
        os.waitpid(self.process, 0)


def bash(w):
    return Terminal(w, ["bash", "--noprofile", "--rcfile", f"{w.folder}/.zshrc", "-i"], f"""
source '{SOURCE}bash'
say() {{ printf '<<%s>>' "$READLINE_LINE"; READLINE_LINE=; }}
bind -x '"\\C-xs": say'
""")


def zsh(w):
    functions = os.path.join(w.folder, "functions")
    os.mkdir(functions)
    shutil.copy(SOURCE + "zsh", os.path.join(functions, "_conntrail-emu"))
    return Terminal(w, ["zsh", "-d", "-i"], f"""
fpath=('{functions}' $fpath)
autoload -U compinit
compinit -u -D
say() {{ print -rn -- "<<$BUFFER>>"; BUFFER= }}
zle -N say
bindkey '^Xs' say
""")


class Fish:
    """Its own question; what it would offer, put on the line where it is one thing."""

    def __init__(self, w):
        self.folder = w.folder
        self.environment = {"PATH": f"{w.folder}/bin:{os.environ['PATH']}", "HOME": w.folder,
                            "TERM": "dumb", "LC_ALL": "C"}

    def complete(self, line):
        done = subprocess.run(["fish", "--no-config", "-c",
                               "source $argv[1]; complete -C $argv[2]", SOURCE + "fish", line],
                              cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=world.PATIENCE, check=False)
        world.expect(done.returncode == 0 and not done.stderr, f"fish: {line!r}: {done}")
        offered = {said.split("\t")[0] for said in done.stdout.splitlines()}
        before, _, word = line.rpartition(" ")
        return f"{before} {offered.pop() if len(offered) == 1 else word}"

    def end(self):
        pass


def program(w):
    """One whose name no other begins with."""
    os.mkdir(os.path.join(w.folder, "bin"))
    path = os.path.join(w.folder, "bin", "conntrail-try")
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n")
    os.chmod(path, 0o755)


world.need("bash", "zsh", "fish")
with world.World() as w:
    program(w)
    os.mkdir(os.path.join(w.folder, "folder"))
    for name in ("scenario.json", "other.txt"):
        open(os.path.join(w.folder, name), "w", encoding="ascii").close()
    for shell in (bash, zsh, Fish):
        asked = shell(w)
        for before, typed, becomes in COMPLETED + [(*line, None) for line in LEFT]:
            line = f"conntrail-emu {before}{typed}".replace("FOLDER", w.folder)
            wanted = f"conntrail-emu {before}{becomes or typed}".replace("FOLDER", w.folder)
            got = asked.complete(line)
            world.expect(got == wanted, f"{shell.__name__}: {line!r} becomes {got!r}")
        asked.end()
world.finish()
