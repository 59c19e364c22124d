# SPDX-License-Identifier: MIT
"""Profiles as files: each mistake is named with its place, what is printed can be read again, and a
scenario runs under a file as under the profile that it was printed from."""

import json
import os
import re
import subprocess
import sys

import world

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAD = '{"format": "conntrail profile 1", "name": "x", "base": "documented",\n'
RECORDS = HEAD + '"answers": {"query records": {\n'
ANSWER = RECORDS + '"fresh": [\n'
MISTAKES = [
    ("{}", '1:1: unknown key'),  # without "format" it is taken for a scenario, which it is not
    ('{"format": "conntrail profile 2"}', '1:12: "conntrail profile 2", where "conntrail profile 1"'),
    ('{"format": 1}', "1:12: a whole number, where a text"),
    ('{"format": "conntrail profile 1",\n"nam": "x"}', '2:8: unknown key "nam"; did you mean "name"?'),
    ('{"format": "conntrail profile 1",\n"author": "x"}', '2:11: unknown key "author"; there are: "$schema", '
     '"format", "name", "base", "origin", "answers", "behaviour", "measurements"'),
    ('{"format": "conntrail profile 1"}', '1:1: "name" is missing'),
    ('{"format": "conntrail profile 1", "name": "x"}', '1:1: "base" is missing'),
    ('{"format": "conntrail profile 1", "name": "x", "base": "contrary"}', '1:1: "answers" is missing'),
    ('{"format": "conntrail profile 1",\n"name": ""}', "2:9: a name of 0 bytes, where 1 to 63"),
    ('{"format": "conntrail profile 1",\n"name": "' + 64 * "n" + '"}', "2:9: a name of 64 bytes"),
    ('{"format": "conntrail profile 1",\n"base": "own"}', '2:9: "documented", "measured" or "contrary"'),
    (HEAD + '"origin": {"system": 10}}', "2:22: a whole number, where a text"),
    (HEAD + '"origin": []}', "2:11: a list, where an object"),
    (HEAD + '"answers": []}', "2:12: a list, where an object of operations"),
    (HEAD + '"answers": {"query record": {}}}', '2:29: unknown operation "query record"; there are: '
     '"query records", "query context", "set records", "enable messages", "send records", '
     '"original destination"'),
    (HEAD + '"answers": {"query records": []}}', "2:30: a list, where an object of situations"),
    (RECORDS + '"frsh": []}}}', '3:9: unknown situation "frsh"; there are: "no buffer", "tiny buffer"'),
    (RECORDS + '"no context": []}}}', '3:15: unknown situation "no context"'),
    (RECORDS + '"done": []}}}', '3:9: unknown situation "done"'),
    (RECORDS + '"fresh": {}}}}', "3:10: an object, where a list of answers"),
    (RECORDS + '"fresh": []}}}', "3:10: 0 answers, where 1 to 32"),
    (ANSWER + ",".join(33 * ['{"native": 1, "bytes": 0}']) + "]}}}", "3:10: 33 answers"),
    (ANSWER + "7]}}}", "4:1: a whole number, where an object"),
    (ANSWER + '{"native": 10057}]}}}', '4:1: "bytes" is missing'),
    (ANSWER + '{"bytes": 0}]}}}', '4:1: "native" is missing'),
    (ANSWER + '{"native": -1, "bytes": 0}]}}}', "4:12: a whole number of 32 bits, or a text such as"),
    (ANSWER + '{"native": 4294967296, "bytes": 0}]}}}', "4:12: a whole number of 32 bits, or"),
    (ANSWER + '{"native": "10057", "bytes": 0}]}}}', "4:12: a whole number of 32 bits, or a text"),
    (ANSWER + '{"native": "0x", "bytes": 0}]}}}', "4:12: "),
    (ANSWER + '{"native": "0x123456789", "bytes": 0}]}}}', "4:12: "),
    (ANSWER + '{"native": "0x1g", "bytes": 0}]}}}', "4:12: "),
    (ANSWER + '{"native": 1, "bytes": "all"}]}}}', '4:24: a whole number of 32 bits, "size" or "untouched"'),
    (ANSWER + '{"native": 1, "bytes": 0, "ntstatus": 5}]}}}', '4:39: a text such as "0xC0000225"'),
    (ANSWER + '{"native": 1, "bytes": 0, "offered": "a"}]}}}', "4:38: a whole number of 32 bits"),
    (ANSWER + '{"native": 1, "bytes": 0, "note": 5}]}}}', "4:35: a whole number, where a text"),
    (ANSWER + '{"native": 1, "bytes": 0, "hint": 5}]}}}', '4:35: unknown key "hint"; there are: "native", '
     '"bytes", "ntstatus", "offered", "note"'),
    (ANSWER + '{"native": 1, "bytes": 0},\n{"native": 1, "bytes": "size"}]}}}', '5:1: "size" where'),
    (ANSWER + '{"native": 0, "bytes": 4}]}}}', "4:1: success with bytes"),
    (RECORDS + '"too small": [{"native": 0, "bytes": "size"}]}}}', "3:15: success where"),
    (HEAD + '"behaviour": 5}', "2:14: a whole number, where an object"),
    (HEAD + '"behaviour": {"reply source": "relay"}}', '2:31: "destination" or "proxy" was expected'),
    (HEAD + '"behaviour": {"reply source": 1}}', '2:31: "destination" or "proxy" was expected'),
    (HEAD + '"behaviour": {"replies": "proxy"}}', '2:26: unknown behaviour "replies"'),
    (HEAD + '"name": "y"}', "not JSON: duplicate"),
]
WHOLE = """{
  "$schema": "somewhere", "format": "conntrail profile 1", "name": "whole", "base": "measured",
  "origin": {"system": "Windows 10.0.26100", "date": "2026-11-26"},
  "answers": {"query records": {"not redirected": [
      {"native": "0x80320008", "bytes": 0, "ntstatus": "0xC0220008", "offered": 64, "note": "n"},
      {"native": 10022, "bytes": "untouched"}]},
    "set records": {"done": [{"native": 0, "bytes": "size"}, {"native": 0, "bytes": 12}]}},
  "behaviour": {"cut messages": "partial"},
  "measurements": [{"anything": [1, null]}]
}"""


def command(*arguments):
    return subprocess.run([world.COMMAND, *arguments], capture_output=True, text=True,
                          timeout=world.PATIENCE, check=False)


def write(w, text, name="profile.json"):
    path = os.path.join(w.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def check_mistakes(w):
    for text, expected in MISTAKES[1:]:
        path = write(w, text)
        done = command("check", path)
        world.expect(done.returncode == 1 and done.stderr.startswith(path + ":") and
                     expected in done.stderr, f"{text!r}: {done.stderr!r}, not {expected!r}")
        # A scenario that names it fails alike, and before anything runs.
        done = command("check", w.scenario({"profile": "profile.json"}))
        world.expect(done.returncode == 1 and done.stderr.startswith(path + ":") and
                     expected in done.stderr, f"in a scenario: {done.stderr!r}")
    done = command("check", w.scenario('{\n"profile": "nothing.json"}'))
    world.expect(done.returncode == 1 and ':2:12: "' in done.stderr and
                 "nothing.json" in done.stderr, f"no file: {done}")


def check_whole(w):
    path = write(w, WHOLE)
    done = command("check", path)
    world.expect(done.returncode == 0 and done.stdout == f"{path}: valid\n", f"whole: {done}")
    shown = json.loads(command("profile", path).stdout)
    world.expect(shown["name"] == "whole" and shown["base"] == "measured", f"shown: {shown}")
    world.expect(shown["answers"] == {
        "query records": {"not redirected": [{"native": "0x80320008", "bytes": 0},
                                             {"native": 10022, "bytes": "untouched"}]},
        "set records": {"done": [{"native": 0, "bytes": "size"}, {"native": 0, "bytes": 12}]}},
                 f"shown: {shown}")
    world.expect(shown["behaviour"] == {"cut messages": "partial"}, f"shown: {shown}")


def check_printed(w):
    """What is compiled in, printed and read again, is the same."""
    for name in ("documented", "measured", "contrary"):
        printed = command("profile", name)
        path = write(w, printed.stdout)
        again = command("profile", path)
        world.expect(printed.returncode == 0 and again.stdout == printed.stdout, f"{name}: {again}")
    done = command("profile", "other")
    world.expect(done.returncode == 1 and "other: No such file" in done.stderr, f"other: {done}")


def check_schema(w):
    """The schema, the document and the command know the same words."""
    with open(f"{TOP}/backend-emu/files/profile.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    with open(f"{TOP}/docs/reference/profile-format.md", encoding="utf-8") as file:
        document = file.read()
    printed = json.loads(command("profile", "documented").stdout)
    answers = schema["properties"]["answers"]["properties"]
    known = {o: sorted(s["properties"]) for o, s in answers.items()}
    world.expect(known == {o: sorted(s) for o, s in printed["answers"].items()}, f"{known}")
    behaviour = schema["properties"]["behaviour"]["properties"]
    world.expect(list(behaviour) == list(printed["behaviour"]), f"{list(behaviour)}")
    words = [w for o, s in known.items() for w in (o, *s)]
    words += [w for k, v in behaviour.items() for w in (k, *v["enum"])]
    words += list(schema["properties"]) + list(schema["$defs"]["answer"]["properties"])
    for word in words:
        world.expect(f"`{word}`" in document or f'`"{word}"`' in document, f"{word!r} undocumented")
    example = re.search(r"^```json\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)[1]
    done = command("check", write(w, example))
    world.expect(done.returncode == 0, f"the document's example: {done}")
    for name in sorted(os.listdir(f"{TOP}/examples/profiles")):
        if name.endswith(".json"):
            done = command("check", f"{TOP}/examples/profiles/{name}")
            world.expect(done.returncode == 0, f"{name}: {done}")


def run_under(w, profile):
    scenario = w.scenario({
        "profile": profile,
        "programs": [w.origin(), {"name": "proxy", "command": w.reference("proxy")}],
        "services": [{"name": "acme", "record_padding": 3000, "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": "proxy"}]}],
        "routes": {f"{world.WHERE}:80": "origin"}})
    done = w.run(scenario, sys.executable, "-c", "import urllib.request as r; "
                 f"print(r.urlopen('http://{world.WHERE}/hello', timeout=20).read())")
    world.expect(done.returncode == 0 and "hello-world" in done.stdout, f"{profile}: {done}")
    return w.events()


def answers_of(events):
    return [(e["kind"], e.get("native", 0), e.get("size", 0)) for e in events
            if e["kind"] in ("records queried", "context queried", "records set", "assumed")]


def check_run(w):
    """Under a file as under the profile that it was printed from; and what it lacks is said."""
    write(w, command("profile", "contrary").stdout, "mine.json")
    world.expect(answers_of(run_under(w, "mine.json")) == answers_of(run_under(w, "contrary")),
                 "another profile than the one that was printed")
    write(w, HEAD + '"answers": {}}', "bare.json")
    bare = run_under(w, "bare.json")
    assumed = [(e["operation"], e["situation"], e["base"], e["native"]) for e in bare
               if e["kind"] == "assumed" and "native" in e]
    world.expect(("query records", "too small", "documented", 122) in assumed, f"{assumed}")
    said = [e["text"] for e in bare if e["kind"] == "assumed"]
    world.expect(said and 'the profile "x" does not say what "query' in said[0], f"{said}")
    world.expect([a for a in answers_of(bare) if a[0] != "assumed"] ==
                 answers_of(run_under(w, "documented")), "a bare file is not its base")


with world.World() as w:
    check_mistakes(w)
    check_whole(w)
    check_printed(w)
    check_schema(w)
    check_run(w)
world.finish()
