# SPDX-License-Identifier: MIT
"""Runs the tests of tests/programs in the form of the Test Anything Protocol: `run.py BUILD_FOLDER [NAME...]`. A NAME
is that of a test, or of several: its first word."""

import sys
import time

import network
import program
import daemons  # pylint: disable=unused-import
import databases  # pylint: disable=unused-import
import languages  # pylint: disable=unused-import
import names  # pylint: disable=unused-import
import proxies  # pylint: disable=unused-import
import servers  # pylint: disable=unused-import
import tools  # pylint: disable=unused-import


def chosen(wanted):
    found = [t for t in program.ALL if not wanted or t[0] in wanted or t[0].split()[0] in wanted]
    unknown = [n for n in wanted if not any(n in (t[0], t[0].split()[0]) for t in found)]
    if unknown:
        sys.exit(f"programs: no program is called {', '.join(unknown)}: use " + ", ".join(t[0] for t in program.ALL))
    return found


def report(number, name, outcome, why, seconds):
    if outcome == "not ok":
        print("\n".join("# " + line for line in why.splitlines()))
    mark = f" # SKIP {why}" if outcome == "skip" else f" ({seconds:.1f} s)"
    print(f"{'ok' if outcome == 'skip' else outcome} {number} - {name}{mark}", flush=True)


def main(wanted):
    tests = chosen(wanted)
    network.enter()
    good = network.counts_an_unsupervised_packet()
    report(1, "the network outside counts packets", "ok" if good else "not ok", "it does not", 0)
    for number, (name, needs, function) in enumerate(tests, 2):
        begin = time.monotonic()
        outcome, why = program.attempt(function, needs)
        good = good and outcome != "not ok"
        report(number, name, outcome, why, time.monotonic() - begin)
    print(f"1..{len(tests) + 1}")
    return 0 if good else 1


sys.exit(main(sys.argv[2:]))
