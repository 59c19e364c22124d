#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What ci/probe expects of the files that conntrail-probe writes (docs/reference/probe-format.md).

    probe_files.py form FILE            the file has the documented form
    probe_files.py nameless FILE WORD.. none of the words is in it
    probe_files.py wine FILE            the answers are those of a bare Wine
    probe_files.py table PROFILE FILE   the answers are those of docs/reference/behaviour.md's table
    probe_files.py same FILE FILE       the same answers to every row, and the same profile
    probe_files.py agree FILE FILE      the same answers in each situation that both have, 15 at least
"""

import json
import re
import sys

NOT_FOUND = "0x80320008"


class Wrong(Exception):
    """What is wrong with a file."""


def expect(is_so, what):
    if not is_so:
        raise Wrong(what)


def read(name):
    def no_twins(pairs):
        keys = [key for key, _ in pairs]
        expect(len(keys) == len(set(keys)), f"{name}: a key stands twice: {keys}")
        return dict(pairs)

    with open(name, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=no_twins)


def rows_of(file):
    return {row["id"]: row for row in file["measurements"]["rows"]}


# ---- The documented form ------------------------------------------------------------------------

TOP = ["format", "name", "base", "origin", "answers", "behaviour", "measurements"]
ROW = {"id", "clause", "situation", "call", "size", "asked", "answers", "obstacle", "microseconds"}
ANSWER = {"return", "error", "bytes", "changed", "needed", "overlapped", "value", "obstacle"}


def check_answer_of_profile(answer):
    expect(set(answer) == {"native", "bytes"}, f"keys of an answer: {answer}")
    expect(isinstance(answer["native"], int) or answer["native"].startswith("0x"), f"native: {answer}")
    expect(isinstance(answer["bytes"], int) or answer["bytes"] in ("size", "untouched"), f"bytes: {answer}")


def check_row(row):
    expect(set(row) <= ROW and {"id", "clause", "asked", "answers"} <= set(row), f"keys of {row}")
    expect(row["asked"] == 0 or len(row["answers"]) <= row["asked"], f"answers of {row['id']}")
    expect((row["asked"] == 0) == ("obstacle" in row), f"an obstacle, or answers: {row['id']}")
    for answer in row["answers"]:
        expect(set(answer) <= ANSWER, f"keys of an answer of {row['id']}: {answer}")


def form(name):
    file = read(name)
    expect(list(file) == TOP, f"keys: {list(file)}")
    expect(file["format"] == "conntrail profile 1", "format")
    expect(1 <= len(file["name"]) <= 63, "name")
    expect(all(isinstance(text, str) for text in file["origin"].values()), "origin has texts only")
    for operation in file["answers"].values():
        for answers in operation.values():
            expect(1 <= len(answers) <= 32, "1 to 32 answers in turn")
            for answer in answers:
                check_answer_of_profile(answer)
    rows = file["measurements"]["rows"]
    expect(len({row["id"] for row in rows}) == len(rows) > 100, "rows, each with an id of its own")
    for row in rows:
        check_row(row)
    asked = [row["asked"] for row in rows if row["asked"] > 0]
    expect(asked and min(asked) >= 8, "each row is asked eight times at least")


def nameless(name, *words):
    with open(name, encoding="utf-8") as file:
        text = file.read()
    for word in words:
        found = re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
        expect(found is None, f"{word} is in {name}")


# ---- Wine, as it was measured (docs/how-to/windows-profile.md) ----------------------------------


def only(row):
    expect(len(row["answers"]) == 1, f"{row['id']}: answers differ: {row['answers']}")
    return row["answers"][0]


def wine(name):
    file = read(name)
    rows = rows_of(file)
    for situation, answers in file["answers"]["query records"].items():
        expect(answers == [{"native": 10045, "bytes": 0}], f"{situation}: {answers}")
    pending = only(rows["event/accepted"])
    expect((pending["return"], pending["error"]) == (-1, 997), "an overlapped query pends")
    expect(pending["overlapped"] == {"by": "result", "ntstatus": "0xC00000BB", "error": 10045, "bytes": 0},
           f"its event is never set, and its result is there: {pending}")
    packet = only(rows["port/accepted"])["overlapped"]
    expect((packet["by"], packet["error"]) == ("port", 50), f"the port's packet has Win32's number: {packet}")
    expect(only(rows["records/accepted/no-count"])["error"] == 10014, "byte count NULL")
    expect(only(rows["message/long"])["return"] == 0, "control data of a send is ignored")
    expect(only(rows["option/ip-60/set-4"])["error"] == 10042, "option 60 is not known")
    expect("wine" in file["measurements"]["system"], "the system says that it is Wine")


# ---- The table of docs/reference/behaviour.md -------------------------------------------------------------


def answers(*pairs):
    return [{"native": native, "bytes": count} for native, count in pairs]


# Which answers come in turn, in whatever order; and the behaviour. `measured` has one row of its own.
TABLES = {
    "documented": {
        "no buffer": answers((122, "size")),
        "tiny buffer": answers((10022, 0)),
        "too small": answers((122, "size")),
        "not redirected": answers((NOT_FOUND, 0)),
        "done": answers((0, "size")),
        "begun queries": "complete",
        "first message": "records",
    },
    "contrary": {
        "no buffer": answers((0, "size"), (122, "size"), (10014, "size"), (10055, "size"), (10022, 0)),
        "tiny buffer": answers((10022, 0), (122, "size"), (10014, "size")),
        "too small": answers((122, "size"), (10014, "size"), (10040, "size"), (10055, "size"), (10022, 0)),
        "not redirected": answers((NOT_FOUND, 0), (1168, 0), (10022, 0)),
        "done": answers((0, "untouched"), (0, 0), (0, "size")),
        "begun queries": "pend",
        "first message": "context",
    },
}
TABLES["measured"] = {**TABLES["documented"], "not redirected": answers((10022, 0))}
# The same under every profile (Q7 to Q10, S2, S4 to S6, R10).
EVERYWHERE = {
    "query records": {
        "fresh": (10057, 0), "bound": (10057, 0), "listening": (10057, 0), "datagram": (10057, 0),
        "not a socket": (10038, 0), "other socket": (10022, 0),
    },
    "set records": {
        "foreign": (10022, 0), "empty": (10022, 0), "listening": (10022, 0), "datagram": (10022, 0),
        "connected": (10022, 0), "unprivileged": (10013, 0), "not a socket": (10038, 0),
    },
}


def check_in_turn(what, seen, wanted):
    expect(all(answer in wanted for answer in seen), f"{what}: {seen}")
    expect(all(answer in seen for answer in wanted), f"{what}: not all of {wanted} in {seen}")
    expect(len(wanted) > 1 or len(seen) == 1, f"{what}: one answer, many times: {seen}")


def table(profile, name):
    file = read(name)
    wanted = TABLES[profile]
    for operation in ("query records", "query context"):
        for situation in ("no buffer", "tiny buffer", "too small", "not redirected"):
            check_in_turn(f"{operation}, {situation}", file["answers"][operation][situation], wanted[situation])
    check_in_turn("a set's count", file["answers"]["set records"]["done"], wanted["done"])
    for key in ("begun queries", "first message"):
        expect(file["behaviour"].get(key) == wanted[key], f"{key}: {file['behaviour'].get(key)}")
    for operation, situations in EVERYWHERE.items():
        for situation, answer in situations.items():
            check_in_turn(f"{operation}, {situation}", file["answers"][operation][situation], answers(answer))
    expect(only(rows_of(file)["peer/redirected-client"])["value"] == "destination", "R10")


# ---- Two files ------------------------------------------------------------------------------------


def comparable(row):
    return {key: value for key, value in row.items() if key != "microseconds"}


def same(one, other):
    first, second = read(one), read(other)
    first_rows, second_rows = rows_of(first), rows_of(second)
    expect(list(first_rows) == list(second_rows), "other rows")
    for name, row in first_rows.items():
        expect(comparable(row) == comparable(second_rows[name]),
               f"{name}:\n  {comparable(row)}\n  {comparable(second_rows[name])}")
    for part in ("answers", "behaviour"):
        expect(first[part] == second[part], f"{part} differ")


def situations_of(name):
    plain = {}
    for operation, situations in read(name)["answers"].items():
        for situation, answers_in_turn in situations.items():
            plain[operation, situation] = [(each["native"], each["bytes"]) for each in answers_in_turn]
    return plain


def agree(one, other):
    first, second = situations_of(one), situations_of(other)
    both = sorted(set(first) & set(second))
    expect(len(both) >= 15, f"only {len(both)} situations are in both")
    for where in both:
        expect(first[where] == second[where], f"{where}: {first[where]} and {second[where]}")


def main(words):
    commands = {"form": form, "nameless": nameless, "wine": wine, "table": table, "same": same, "agree": agree}
    if len(words) < 2 or words[0] not in commands:
        sys.exit(__doc__)
    try:
        commands[words[0]](*words[1:])
    except Wrong as wrong:
        sys.exit(f"probe_files.py: {wrong}")


main(sys.argv[1:])
