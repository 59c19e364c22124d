# SPDX-License-Identifier: MIT
"""conntrail-emu check: each mistake is named with its place."""

import json
import os
import re
import subprocess

import world

MISTAKES = [
    ('{\n  "profil": "documented"\n}', '2:13: unknown key "profil"'),
    ('{\n  "profile": "documentd"\n}', '2:14: "documented"'),
    ('{ "services": {} }', "1:15: an object, where a list was expected"),
    ('{ "services": [ {} ] }', '1:17: "name" is missing'),
    ('{ "services": [\n {"name": "a", "redirect": [\n  {"rule": "tcp 1.2.3.4 prt 80", '
     '"to": "127.0.0.1:1"}]}]}', "3:12: "),
    ('{ "services": [{"name": "a", "redirect": [{"rule": "tcp 1.2.3.4 port 80",\n'
     '"to": "nobody"}]}]}', '2:7: "nobody": the name of a program'),
    ('{ "routes": {"93.184.216.34": "127.0.0.1:1"} }', "1:31: "),
    ('{ "programs": [{"name": "p", "command": []}] }', "1:41: a program and its arguments"),
    ('{ "programs": [{"name": "p", "command": ["x"]}, {"name": "p", "command": ["x"]}] }',
     '1:58: there is a program "p" already'),
    ('{ "faults": [{"operation": "connect", "service": "ghost"}] }', '1:50: "ghost" is no service'),
    ('{ "faults": [{"operation": "connect", "per_million": 2000000}] }', "1:54: 2000000, where 0"),
    ('{ "services": [{"name": "s", "context": "both"}] }', '1:41: "two addresses", "one'),
    ('{ "services": [{"name": "s", "guid": 7}] }', "1:38: a whole number, where a text"),
    ('{ "services": [{"name": "s",\n"guid": "{01234567-89ab-cdef-0123-456789abcdeg}"}] }',
     '2:9: "{01234567-89ab-cdef-0123-456789abcdeg}": a GUID was expected'),
    ('{ "services": [{"name": "s", "guid": "{01234567-89ab-cdef-0123-456789abcdef"}] }',
     "1:38: "),
    ('{ "services": [{"name": "s", "guid": "01234567-89ab-cdef-0123-456789abcdef"},\n'
     '{"name": "t", "guid": "{01234567-89AB-CDEF-0123-456789ABCDEF}"}] }',
     '2:23: the GUID of "t" is that of "s" already'),
    ('{ "services": [{"name": "s"},\n {"name": "s"}] }',
     '2:11: there is a redirect service "s" already'),
    ('{ "services": [{"name": "s", "exempt_programs": "curl"}] }', "1:49: a text, where a list"),
    ('{ "services": [{"name": "s", "exempt_programs": ["a",\n"/usr/bin/curl"]}] }',
     '2:1: "/usr/bin/curl": the name of a program of this scenario, or the file name of PROGRAM'),
    ('{ "services": [{"name": "s", "exempt_programs": ["' + 64 * "p" + '"]}] }', "1:50: "),
    ('{ "services": [{"name": "s", "exempt_programs": ["curl", "wget",\n"curl"]}] }',
     '2:1: "curl" is exempt already'),
    ('{ "limits": {"seconds": 0} }', "1:25: 0, where 1 to 3600"),
    ('{ "seed": -1 }', "1:11: -1, where 0"),
    ('{ "seed": 1, }', "1:14: not JSON"),
    ('{ "seed": 1, "seed": 2 }', "not JSON: duplicate"),
    ("", "not JSON"),
]


# Where a key that nobody knows is put, and where the schema lists those that there are.
OBJECTS = [
    ('{"x": 1}', ()),
    ('{"programs": [{"x": 1}]}', ("programs", "items")),
    ('{"services": [{"x": 1}]}', ("services", "items")),
    ('{"services": [{"redirect": [{"x": 1}]}]}', ("services", "items", "redirect", "items")),
    ('{"faults": [{"x": 1}]}', ("faults", "items")),
    ('{"limits": {"x": 1}}', ("limits",)),
]


def check_schema(w, top):
    """The schema, the command and the manual know the same keys."""
    with open(f"{top}/backend-emu/cli/scenario.schema.json", encoding="utf-8") as file:
        whole = json.load(file)
    with open(f"{top}/docs/conntrail-emu-scenario.5", encoding="utf-8") as file:
        manual = file.read()
    for text, steps in OBJECTS:
        at = whole
        for step in steps:
            at = at[step] if step == "items" else at["properties"][step]
        said = check(w.scenario(text)).stderr
        known = re.findall('"([^"]*)"', said.partition("there are: ")[2])
        world.expect(sorted(known) == sorted(at["properties"]), f"{text}: {said!r}, the schema "
                     f"has {sorted(at['properties'])}")
        for key in known:
            world.expect(re.search(fr"^\.BR? {re.escape(key)}\b", manual, re.MULTILINE),
                         f"{key!r} of {text} is not in the manual")
    example = re.search(r"^\.EX\n(.*?)^\.EE$", manual, re.MULTILINE | re.DOTALL)[1]
    done = check(w.scenario(example.replace("\\-", "-")))
    world.expect(done.stdout.endswith("sound\n"), f"the manual's example: {done}")


def check(path):
    return subprocess.run([world.COMMAND, "check", path], capture_output=True, text=True,
                          timeout=world.PATIENCE, check=False)


with world.World() as w:
    for text, expected in MISTAKES:
        path = w.scenario(text)
        done = check(path)
        said = done.stderr.strip()
        world.expect(done.returncode == 1, f"exit code {done.returncode} for {text!r}")
        world.expect(said.startswith(path + ":") and expected in said,
                     f"{text!r}: {said!r}, not {expected!r}")
    done = check(w.direct())
    world.expect(done.returncode == 0 and "sound" in done.stdout, f"sound one: {done}")
    done = check(w.scenario({"services": [
        {"name": f"s{i}", "guid": f"01234567-89ab-cdef-0123-4567890000{i:02x}"}
        for i in range(64)]}))
    world.expect(done.returncode == 0 and "sound" in done.stdout, f"64 GUIDs: {done}")
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    check_schema(w, top)
    done = check(w.scenario({"programs": [{"name": "p", "command": ["x"]}], "services": [
        {"name": "s", "redirect": [{"rule": f"tcp {prefix}", "to": "p"}
                                   for prefix in ("192.0.2.0/24", "2001:db8::/32", "any")]}]}))
    world.expect(done.returncode == 0, f"a program for both families: {done}")
    path = w.scenario({"programs": [{"name": "a/b", "command": ["x"]}],
                       "services": [{"name": "s", "exempt_programs": ["a/b", 63 * "p", "crul"]}]})
    done = check(path)
    world.expect(done.returncode == 0 and done.stdout.endswith("sound\n"), f"exempt: {done}")
    notes = [line for line in done.stdout.splitlines() if "note: no program" in line]
    world.expect(len(notes) == 2 and notes[1].startswith(f"{path}:1:") and '"crul"' in notes[1],
                 f"exempt: {notes}")
    for example in ("one-service", "two-vendors", "contrary-kernel"):
        done = check(f"{top}/examples/scenarios/{example}.json")
        world.expect(done.returncode == 0, f"{example}: {done}")
    done = check(w.folder + "/nothing")
    world.expect(done.returncode == 1 and "No such file" in done.stderr, f"no file: {done}")
world.finish()
