# SPDX-License-Identifier: MIT
"""Drives conntrail-emu by its control socket: docs/reference/control.md."""

import json
import os
import socket


class Refused(Exception):
    """Why the supervisor did not do it."""


class Control:
    """A connection. path: of the socket; the one of `conntrail-emu run --control` without it."""

    def __init__(self, path=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path or os.environ["CONNTRAIL_EMU_CONTROL"])
        self.answers = self.socket.makefile("rb")

    def ask(self, do, **more):
        """One request and its answer."""
        self.socket.sendall(json.dumps({"do": do, **more}).encode() + b"\n")
        line = self.answers.readline()
        if not line:
            raise Refused("the supervisor has ended")
        answer = json.loads(line)
        if not answer["ok"]:
            raise Refused(answer["error"])
        return answer

    def expect(self, **expected):
        """Fails with what was wanted and what came, and with the summary."""
        failed = self.ask("expect", expect=expected)["failed"]
        assert not failed, f"{failed}\n{self.ask('counts')['summary']}"

    def close(self):
        self.answers.close()
        self.socket.close()
