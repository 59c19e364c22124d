# SPDX-License-Identifier: MIT
"""conntrail-emu check: each mistake is named with its place."""

import json
import os
import re
import subprocess

import world

PLACE = ('the name of a program of this scenario or an address with its port was expected')
GUID = ('a GUID was expected, in hexadecimal digits: "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}", or without the braces')
BAD_GUID = "{01234567-89ab-cdef-0123-456789abcdeg}"
LONG = "acme-of-a-very-long-name-that-nobody-wants"
EXEMPT = ('the name of a program of this scenario, or the file name of PROGRAM (without "/", at most 63 bytes) was '
          'expected')

HOST = ('the name of a host was expected, such as example.com: letters, digits, - and _, no dot at its end; others as '
        'punycode')

# A scenario, and all that is said of it behind "FILE:".
MISTAKES = [
    # Keys.
    ('{\n  "profil": "documented"\n}', '2:13: unknown key "profil"; did you mean "profile"?'),
    ('{"programs": [{"nmae": "p"}]}', '1:24: unknown key "nmae"; did you mean "name"?'),
    ('{"limits": {"minutes": 1}}',
     '1:24: unknown key "minutes"; there are: "trail_events", "untransferred", "seconds"'),
    ('{ "services": [ {} ] }', '1:17: "services", entry 1: "name" is missing here'),
    # One kind of value where another was expected.
    ('{ "services": {} }', '1:15: "services": an object, where a list was expected: put [ and ] around it'),
    ('{ "programs": [{"name": "p", "command": "nginx"}] }',
     '1:41: "command": a text, where a list was expected: write ["nginx"]'),
    ('{ "programs": [{"name": ["p"], "command": ["x"]}] }',
     '1:25: "name": a list, where a text was expected: write "p"'),
    ('{ "programs": [{"name": "p", "command": ["sleep",\n5]}] }',
     '2:1: "command", entry 2: a whole number, where a text was expected: write "5"'),
    ('{ "limits": {"seconds": "5"} }', '1:25: "seconds": a text, where a whole number was expected: write 5'),
    ('{ "real_network": "true" }', '1:19: "real_network": a text, where true or false was expected'),
    ('{ "routes": [] }', '1:13: "routes": a list, where an object of destinations was expected'),
    ('[]', '1:1: the scenario: a list, where an object was expected'),
    ('{ "services": [{"name": "s", "guid": 7}] }',
     '1:38: "guid": a whole number, where a text was expected: write "7"'),
    ('{ "services": [{"name": "s", "exempt_programs": "curl"}] }',
     '1:49: "exempt_programs": a text, where a list was expected: write ["curl"]'),
    # Values that cannot be.
    ('{ "programs": [{"name": "", "command": ["x"]}] }', '1:25: "name": an empty text'),
    ('{ "services": [{"name": "' + LONG + '"}] }',
     f'1:25: "name": "{LONG[:40]}..." has 42 bytes, and a name at most 31'),
    ('{\n  "profile": "documentd"\n}',
     '2:14: "profile": "documented", "measured", "contrary" or the path of a profile\'s file, which ends in ".json", '
     'was expected'),
    ('{ "services": [{"name": "s", "context": "both"}] }',
     '1:41: "context": "two addresses", "one address" or "none" was expected'),
    ('{ "services": [{"name": "s",\n"guid": "' + BAD_GUID + '"}] }', f'2:9: "guid": "{BAD_GUID}": {GUID}'),
    ('{ "services": [{"name": "s", "guid": "' + BAD_GUID[:-2] + 'f"}] }',
     f'1:38: "guid": "{BAD_GUID[:-2]}f": {GUID}'),
    ('{ "limits": {"seconds": 0} }', '1:25: "seconds": 0, where 1 to 3600 was expected'),
    ('{ "seed": -1 }', '1:11: "seed": -1, where 0 to 4294967295 was expected'),
    ('{ "faults": [{"operation": "connect", "per_million": 2000000}] }',
     '1:54: "per_million": 2000000, where 0 to 1000000 was expected'),
    ('{ "programs": [{"name": "p", "command": []}] }',
     '1:41: "command": a program and its arguments were expected'),
    ('{ "programs": [{"name": "p", "command": [""]}] }',
     '1:41: "command": a program and its arguments were expected'),
    # How programs are started.
    ('{ "env": ["A=1"] }', '1:10: "env": a list, where an object of names and texts was expected'),
    ('{ "env": {"A=1": "2"} }',
     '1:10: "env": "A=1" cannot be the name of a variable: no "=", and not empty'),
    ('{ "env": {"": "2"} }', '1:10: "env": "" cannot be the name of a variable: no "=", and not empty'),
    ('{ "env": {"A": "1",\n"PORT": 80} }',
     '2:9: "PORT": a whole number, where a text or null was expected: write "80"'),
    ('{ "programs": [{"name": "p", "command": ["true"], "env": {"A": false}}] }',
     '1:64: "A": "false", where a text or null was expected'),
    ('{ "programs": [{"name": "p", "command": ["true"], "ports": "A"}] }',
     '1:60: "ports": a text, where a list was expected: write ["A"]'),
    ('{ "programs": [{"name": "p", "command": ["true"], "ports": ["A", "1A"]}] }',
     '1:66: "ports", entry 2: "1A": a name of letters, digits and _ was expected, at most 31 bytes'),
    ('{ "programs": [{"name": "p", "command": ["true"], "ports": ["A.B"]}] }',
     '1:61: "ports", entry 1: "A.B": a name of letters, digits and _ was expected, at most 31 bytes'),
    ('{ "programs": [{"name": "p", "command": ["true"], "ports": ["PORT"]}] }',
     '1:61: "ports", entry 1: "PORT" is there without being named'),
    ('{ "programs": [{"name": "p", "command": ["true"], "ports": ["A", "A"]}] }',
     '1:66: "ports", entry 2: "A" is named already'),
    ('{ "programs": [{"name": "p", "command": ["true"], "cwd": ["/"]}] }',
     '1:58: "cwd": a list, where a text was expected: write "/"'),
    ('{ "programs": [{"name": "p", "command": ["true"], "stdin": "x"}] }',
     '1:60: "stdin": a text, where an object was expected: write {"file": "x"}, or {"text": "x"}'),
    ('{ "programs": [{"name": "p", "command": ["true"], "stdin": {}}] }',
     '1:60: "stdin": either "file" or "text" was expected'),
    ('{ "programs": [{"name": "p", "command": ["true"],\n"stdin": {"text": "", "file": "x"}}] }',
     '2:10: "stdin": either "file" or "text" was expected'),
    ('{ "programs": [{"name": "p", "command": ["true"], "stdin": {"path": "x"}}] }',
     '1:69: unknown key "path"; there are: "file", "text"'),
    # Rules and destinations, as the engine reads them.
    ('{ "services": [\n {"name": "a", "redirect": [\n  {"rule": "tcp 1.2.3.4 prt 80", "to": "127.0.0.1:1"}]}]}',
     '3:12: rule "tcp 1.2.3.4 prt 80", at byte 13: unknown word "prt"; did you mean "port"?'),
    ('{ "services": [{"name": "a", "block": ["port 80"]}]}',
     '1:40: rule "port 80" names no remote address: add a prefix such as 93.184.216.0/24, or "any"'),
    # Names of others.
    ('{ "services": [{"name": "a", "redirect": [{"rule": "tcp 1.2.3.4 port 80",\n"to": "nobody"}]}]}',
     f'2:7: "to": "nobody": {PLACE}'),
    ('{ "programs": [{"name": "p", "command": ["x"]}, {"name": "p", "command": ["x"]}] }',
     '1:58: "name": there is a program "p" already'),
    ('{ "faults": [{"operation": "connect", "service": "ghost"}] }',
     '1:50: "service": "ghost" is no service of this scenario'),
    ('{ "services": [{"name": "s", "exempt_programs": ["a",\n"/usr/bin/curl"]}] }',
     f'2:1: "exempt_programs", entry 2: "/usr/bin/curl": {EXEMPT}'),
    ('{ "services": [{"name": "s", "exempt_programs": ["' + 64 * "p" + '"]}] }',
     f'1:50: "exempt_programs", entry 1: "{60 * "p"}": {EXEMPT}'),
    ('{ "services": [{"name": "s", "exempt_programs": ["curl", "wget",\n"curl"]}] }',
     '2:1: "exempt_programs", entry 3: "curl" is exempt already'),
    # Clients.
    ('{ "clients": {"name": "c", "command": ["true"]} }',
     '1:14: "clients": an object, where a list was expected: put [ and ] around it'),
    ('{ "clients": [{"name": "c"}] }', '1:15: "clients", entry 1: "command" is missing here'),
    ('{ "clients": [{"name": "c", "command": ["true"], "exit_code": 256}] }',
     '1:63: "exit_code": 256, where 0 to 255 was expected'),
    ('{ "clients": [{"name": "c", "command": ["true"], "start": "at once"}] }',
     '1:59: "start": "after previous" or "with previous" was expected'),
    ('{ "clients": [{"name": "c", "command": ["true"]},\n{"name": "c", "command": ["true"]}] }',
     '2:10: "name": there is a client "c" already'),
    ('{ "clients": [{"name": "c", "command": ["true"]}],\n"programs": [{"name": "c", "command": ["true"]}] }',
     '1:24: "name": there is a program "c" already'),
    ('{ "clients": [{"name": "c", "command": ["true"]}, {"name": "d", "command": ["true", "${PORT}"]}] }',
     '1:85: "command", entry 2: unknown variable "PORT"; there are none, as there are no programs. '
     '(Write $${ for the characters ${.)'),
    ('{ "clients": [{"name": "c", "command": ["no-such-program"]}] }',
     '1:41: "command", entry 1: no-such-program: No such file or directory, in any folder of PATH'),
    # Hosts.
    ('{ "hosts": ["example.com"] }', '1:12: "hosts": a list, where an object of names was expected'),
    ('{ "hosts": {"example.com": 1} }',
     '1:28: "example.com": a whole number, where an address or a list of them was expected'),
    ('{ "hosts": {"example.com": "93.184.216.34:80"} }',
     '1:28: "example.com": "93.184.216.34:80": an IPv4 or IPv6 address without a port was expected'),
    ('{ "hosts": {"example.com": ["2606::1", "[2606::1]"]} }',
     '1:40: "example.com", entry 2: "[2606::1]": an IPv4 or IPv6 address without a port was expected'),
    ('{ "hosts": {"example.com": [""]} }', '1:29: "example.com", entry 1: an empty text'),
    ('{ "hosts": {"a.example": "192.0.2.1", "A.Example": "192.0.2.1"} }',
     '1:52: "A.Example": there is "a.example" already; case does not matter'),
    ('{ "hosts": {"192.0.2.1": "192.0.2.2"} }',
     '1:26: "192.0.2.1": an address, which programs do not resolve; write a name, or a route for the address'),
    ('{ "hosts": {"a": [' + ", ".join(f'"192.0.2.{n}"' for n in range(9)) + "]} }",
     '1:18: "a": 9 addresses of IPv4, and at most 8 fit'),
    *(('{ "hosts": {"' + name + '": "192.0.2.1"} }',
       f'1:{17 + len(name.encode())}: "{name}": {HOST}') for name in ("example.com.", "", "a..b", "a b", "bücher.example",
                                                           64 * "a")),
    # What is no JSON.
    ("", "1:1: the file is empty; a scenario is a JSON object: {}"),
    (" \n", "1:1: the file is empty; a scenario is a JSON object: {}"),
    ('\ufeff{ "seed": 1 }', "1:1: not JSON: a byte order mark begins the file; save it as UTF-8 without one"),
    ('{ "seed": 1, // of the faults\n "real_network": false }',
     "1:14: not JSON: a comment, which JSON does not have; remove it"),
    ('{\n  # of the faults\n "seed": 1 }', "2:3: not JSON: a comment, which JSON does not have; remove it"),
    ('{ "seed": 1, /* of the faults */ "limits": {} }',
     "1:14: not JSON: a comment, which JSON does not have; remove it"),
    ('{ "seed": 1, }', '1:14: not JSON: a comma stands before this "}"; remove it'),
    ('{ "programs": [\n{"name": "p", "command": ["x"]},\n ] }',
     '3:2: not JSON: a comma stands before this "]"; remove it'),
    ('{ "seed": 1, "seed": 2 }', '1:19: not JSON: duplicate object key near \'"seed"\''),
    ('{ "services": [{"name": "a#b", "guid": "//"} }', "1:46: not JSON: ']' expected near '}'"),
]
# What the engine says of a name or an address goes on behind this.
BEGINNINGS = [
    ('{ "routes": {"93.184.216.34": "127.0.0.1:1"} }', "1:31: "),
    ('{ "services": [{"name": "s", "guid": "01234567-89ab-cdef-0123-456789abcdef"},\n'
     '{"name": "t", "guid": "{01234567-89AB-CDEF-0123-456789ABCDEF}"}] }',
     '2:23: the GUID of "t" is that of "s" already'),
    ('{ "services": [{"name": "s"},\n {"name": "s"}] }',
     '2:11: there is a redirect service "s" already'),
]


# Where an unknown key is put, and where the schema lists those that there are.
OBJECTS = [
    ('{"x": 1}', ()),
    ('{"programs": [{"x": 1}]}', ("programs", "items")),
    ('{"programs": [{"stdin": {"x": 1}}]}', ("programs", "items", "stdin")),
    ('{"clients": [{"x": 1}]}', ("clients", "items")),
    ('{"services": [{"x": 1}]}', ("services", "items")),
    ('{"services": [{"redirect": [{"x": 1}]}]}', ("services", "items", "redirect", "items")),
    ('{"faults": [{"x": 1}]}', ("faults", "items")),
    ('{"limits": {"x": 1}}', ("limits",)),
    ('{"expect": {"x": 1}}', ("expect",)),
]


def check_schema(w, top):
    """The schema, the command and the manual know the same keys."""
    with open(f"{top}/backend-emu/cli/scenario.schema.json", encoding="utf-8") as file:
        whole = json.load(file)
    with open(f"{top}/docs/reference/conntrail-emu-scenario.5", encoding="utf-8") as file:
        manual = file.read()
    for text, steps in OBJECTS:
        at = whole
        for step in steps:
            at = at[step] if step == "items" else at["properties"][step]
            at = whole["$defs"][at["$ref"].rpartition("/")[2]] if "$ref" in at else at
        said = check(w.scenario(text)).stderr
        known = re.findall('"([^"]*)"', said.partition("there are: ")[2])
        world.expect(sorted(known) == sorted(at["properties"]), f"{text}: {said!r}, the schema "
                     f"has {sorted(at['properties'])}")
        for key in known:
            world.expect(re.search(fr"^\.BR? {re.escape(key)}\b", manual, re.MULTILINE),
                         f"{key!r} of {text} is not in the manual")
    example = re.search(r"^\.EX\n(.*?)^\.EE$", manual, re.MULTILINE | re.DOTALL)[1]
    done = check(w.scenario(example.replace("\\-", "-")))
    world.expect(done.stdout.endswith("valid\n"), f"the manual's example: {done}")


def check(path):
    return subprocess.run([world.COMMAND, "check", path], capture_output=True, text=True,
                          timeout=world.PATIENCE, check=False)


def refused(w, text):
    """By check; and by run, in the same words, before anything is started."""
    path = w.scenario(text)
    done = check(path)
    world.expect(done.returncode == 1 and done.stdout == "", f"{text!r}: {done}")
    marker = os.path.join(w.folder, "started")
    run = w.run(path, "touch", marker)
    world.expect(run.returncode != 0 and f"conntrail-emu: {done.stderr}" in run.stderr and
                 not os.path.exists(marker), f"run of {text!r}: {run}")
    return path, done.stderr.rstrip("\n")


def nothing_is_started(w):
    """A rule that is wrong is found before the first program listens."""
    marker = os.path.join(w.folder, "started")
    path = w.scenario({"programs": [{"name": "p", "command": ["touch", marker]}],
                       "services": [{"name": "s", "redirect": [{"rule": "tcp 1.2.3.4 prt 80", "to": "p"}]}]})
    done = w.run(path, "true")
    world.expect('did you mean "port"?' in done.stderr and not os.path.exists(marker), f"started: {done}")


with world.World() as w:
    nothing_is_started(w)
    for text, expected in MISTAKES:
        path, said = refused(w, text)
        world.expect(said == f"{path}:{expected}", f"{text!r}: {said!r}, not {expected!r}")
    for text, expected in BEGINNINGS:
        path, said = refused(w, text)
        world.expect(said.startswith(f"{path}:{expected}"), f"{text!r}: {said!r}, not {expected!r}")
    done = check(w.direct())
    world.expect(done.returncode == 0 and "valid" in done.stdout, f"sound one: {done}")
    done = check(w.scenario({"services": [
        {"name": f"s{i}", "guid": f"01234567-89ab-cdef-0123-4567890000{i:02x}"}
        for i in range(64)]}))
    world.expect(done.returncode == 0 and "valid" in done.stdout, f"64 GUIDs: {done}")
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    check_schema(w, top)
    done = check(w.scenario({"programs": [{"name": "p", "command": ["true"]}], "services": [
        {"name": "s", "redirect": [{"rule": f"tcp {prefix}", "to": "p"}
                                   for prefix in ("192.0.2.0/24", "2001:db8::/32", "any")]}]}))
    world.expect(done.returncode == 0, f"a program for both families: {done}")
    path = w.scenario({"programs": [{"name": "a/b", "command": ["true"]}],
                       "services": [{"name": "s", "exempt_programs": ["a/b", 63 * "p", "crul"]}]})
    done = check(path)
    world.expect(done.returncode == 0 and done.stdout.endswith("valid\n"), f"exempt: {done}")
    notes = [line for line in done.stdout.splitlines() if "note: no program" in line]
    world.expect(len(notes) == 2 and notes[1].startswith(f"{path}:1:") and '"crul"' in notes[1],
                 f"exempt: {notes}")
    for example in ("one-service", "two-vendors", "contrary-kernel", "whole-test"):
        with open(f"{top}/examples/scenarios/{example}.json", encoding="utf-8") as file:
            text = file.read().replace("../../build/gcc", world.BUILD).replace("../..", top)
        done = check(w.scenario(text))
        world.expect(done.returncode == 0, f"{example}: {done}")
    done = check(w.folder + "/nothing")
    world.expect(done.returncode == 1 and "No such file" in done.stderr, f"no file: {done}")
world.finish()
