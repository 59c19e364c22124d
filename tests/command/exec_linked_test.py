# SPDX-License-Identifier: MIT
"""Sockets that are kept across exec, in a program linked with conntrail: with sanitizers as well."""

import os

import exec_calls
import world

PROGRAM = os.path.join(world.BUILD, "tests/command/hands_over_linked")
# The preloaded library comes before a sanitizer's own, and stands aside in this program.
os.environ["ASAN_OPTIONS"] = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")

with world.World() as w:
    exec_calls.try_calls(w, PROGRAM)
    exec_calls.try_among_threads(w, PROGRAM, 30)
world.finish()
