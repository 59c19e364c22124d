# SPDX-License-Identifier: MIT
"""Types the commands of a page of documentation, and compares what they print with what it shows.

    page_test.py SOURCE BUILD PAGE           fails at the first difference
    page_test.py --update SOURCE BUILD PAGE  writes into the page what the commands print now: read
                                             the difference before you commit it

The commands are typed into one shell, in a folder that looks like the source folder, with BUILD as
its build/gcc. CONTRIBUTING.md, "Documentation", describes the blocks.
"""

import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import page

PATIENCE = 600  # seconds; the tutorial builds the library
SKIPPED = 77
END = "end-of-command"
# What differs from run to run, and the word that takes its place in a comparison.
VARIES = [
    (re.compile(r"(127\.0\.0\.1|\[::1\]|\[::\])(:| port )\d{4,5}\b"), r"\1\2PORT"),
    (re.compile(r" +\d+  socket"), " PID  socket"),
    (re.compile(r"\b\d+/\d+/\d{4} \d\d:\d\d:\d\d\b"), "TIME"),
]


def normal(line):
    for pattern, word in VARIES:
        line = pattern.sub(word, line)
    return line.rstrip()


def matches(shown, printed):
    """Whether the lines are alike; a line "..." of the page stands for any lines."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(matches(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and normal(shown[0]) == normal(printed[0]) and matches(shown[1:], printed[1:])


class Shell:
    """One shell for a page; its output, errors included, comes line by line."""

    def __init__(self, folder, environment):
        self.process = subprocess.Popen(["bash", "--norc"], cwd=folder, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.rest = b""

    def send(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def line(self, deadline):
        while b"\n" not in self.rest:
            if not self.selector.select(max(0, deadline - time.monotonic())):
                raise TimeoutError(f"nothing came within {PATIENCE} seconds")
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                raise EOFError("the shell has ended")
            self.rest += read
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode(errors="replace")

    def run(self, command, shown):
        """The lines that the command prints, and its exit status."""
        deadline = time.monotonic() + PATIENCE
        background = command.endswith(" &")
        self.send(command if background else f"{command}\nprintf '\\n{END} %d\\n' $?")
        printed = []
        while not (background and matches(shown, printed)):
            line = self.line(deadline)
            if line.startswith(END):
                if printed and printed[-1] == "":
                    printed.pop()  # the line break before the end
                return printed, int(line.split()[1])
            printed.append(line)
        return printed, 0

    def end(self):
        self.process.stdin.close()
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()


class Page:
    def __init__(self, source, build, name):
        self.source, self.build, self.name = source, build, name
        with open(os.path.join(source, name), encoding="utf-8") as file:
            self.text = file.read()
        self.blocks = page.blocks(self.text)

    def missing(self):
        """The first program of the page's "needs" mark that is not here."""
        for words in re.findall(r"<!-- needs (.*) -->", self.text):
            for word in words.split():
                if word == "namespaces":
                    if subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode:
                        return "namespaces for users (unshare -Urn)"
                elif word == "supervisor":
                    emu = os.path.join(self.build, "backend-emu", "cli", "conntrail-emu")
                    if subprocess.run([emu, "doctor"], capture_output=True).returncode:
                        return "what conntrail-emu doctor names"
                elif not shutil.which(word):
                    return word
        return None

    def folder(self, top):
        """A folder that looks like the source folder, but whose new files go nowhere else."""
        folder = os.path.join(top, "conntrail")
        os.makedirs(os.path.join(folder, "build"))
        for entry in os.listdir(self.source):
            if entry not in ("build", ".git", "examples"):
                os.symlink(os.path.join(self.source, entry), os.path.join(folder, entry))
        # A scenario's paths are below its own folder.
        shutil.copytree(os.path.join(self.source, "examples"), os.path.join(folder, "examples"))
        os.symlink(self.build, os.path.join(folder, "build", "gcc"))
        return folder

    def environment(self):
        cli = os.path.join(self.build, "backend-emu", "cli")
        return {**os.environ, "PATH": f"{cli}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "PS1": "",
                "PYTHONUNBUFFERED": "1", "SHELL": "/bin/bash"}

    def perform(self, shell, block, differ):
        """Does what the block asks for; calls differ(line, command, printed) where it is not so."""
        written = re.match(r"write (\S+)$", block["mark"])
        if written:
            shell.run(f"cat >{written[1]} <<'END_OF_FILE'\n{block['text']}END_OF_FILE", [])
        if block["language"] != "console" or block["mark"].startswith("not run: "):
            return
        typed = page.commands(block)
        for line, _, command, shown in typed:
            printed, status = shell.run(command, shown)
            fails = block["mark"] == "fails" and line == typed[-1][0]
            if not matches(shown, printed) or (status != 0) != fails:
                differ(line, command, shown, printed, status)

    def run(self, differ):
        with tempfile.TemporaryDirectory() as top:
            shell = Shell(self.folder(top), self.environment())
            try:
                for block in self.blocks:
                    self.perform(shell, block, differ)
            finally:
                shell.end()

    def check(self):
        def differ(line, command, shown, printed, status):
            sys.exit("\n".join([f"{self.name}:{line}: $ {command}", f"exit status {status}; it printed",
                                *printed, "where the page shows", *shown]))
        self.run(differ)

    def update(self):
        lines, moved = self.text.splitlines(), 0

        def differ(line, command, shown, printed, status):
            nonlocal moved
            at = line + moved + command.count("\n")
            lines[at:at + len(shown)] = printed
            moved += len(printed) - len(shown)
            print(f"{self.name}:{line}: exit status {status}")
        self.run(differ)
        with open(os.path.join(self.source, self.name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def main():
    arguments = sys.argv[1:]
    update = arguments[0] == "--update"
    here = Page(os.path.realpath(arguments[update]), os.path.realpath(arguments[update + 1]),
                arguments[update + 2])
    missing = here.missing()
    if missing:
        print(f"skipped: {missing} is not here")
        sys.exit(SKIPPED)
    here.update() if update else here.check()


main()
