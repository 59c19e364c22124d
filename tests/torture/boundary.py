#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the wrappers (boundary.h) of conntrail's own calls, from the public headers, and prints the names.

Usage: boundary.py OUTPUT HEADER..."""
import re
import sys

REPEATED = {  # kinds of results that can name an error
    "conntrail_status": "torture_repeat_status(&call, outcome)",
    "conntrail_emu *": "torture_repeat_pointer(&call, outcome)",
    "conntrail_emu_service *": "torture_repeat_pointer(&call, outcome)",
    "size_t": 'torture_repeat_pointer(&call, outcome == 0 ? NULL : "")',
    "uint64_t": 'torture_repeat_refused(&call, outcome == 0)',
    "bool": "torture_repeat_refused(&call, !outcome)",
    "conntrail_event_listener *": "torture_repeat_null(&call, outcome)",
}
NOTED = {  # what a case that ends early leaves behind is ended by torture_end_emulations()
    "conntrail_emu_create": "torture_note_emulation(NULL, outcome)",
    "conntrail_emu_destroy": "torture_note_emulation(emu, NULL)",
}
DECLARATION = re.compile(r"CONNTRAIL_(?:EMU_|EVENT_)?API\s+([^;{]*?)\(([^;{]*?)\);", re.S)


def declarations(path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    for match in DECLARATION.finditer(text):
        head, parameters = (" ".join(part.split()) for part in match.groups())
        result, name = re.fullmatch(r"(.*?)(\w+)", head).groups()
        yield result.strip(), name, parameters


def arguments(parameters):
    if parameters == "void":
        return ""
    return ", ".join(re.search(r"(\w+)(\[\d*\])?$", one.strip()).group(1) for one in parameters.split(","))


def wrapper(result, name, parameters):
    call = f"__real_{name}({arguments(parameters)})"
    is_void = result == "void"
    lines = [f"{result} __real_{name}({parameters});", f"{result} __wrap_{name}({parameters});",
             f"{result} __wrap_{name}({parameters}) {{", f'  torture_call call = torture_call_begin("{name}");',
             f"  {call};" if is_void else f"  {result} outcome = {call};"]
    if result in REPEATED:
        lines += [f"  if ({REPEATED[result]}) {{", f"    outcome = {call};", "  }"]
    else:
        lines += ["  (void)call;"]
    if name in NOTED:
        lines += [f"  {NOTED[name]};"]
    lines += ["  torture_call_end();"]
    if not is_void:
        lines += ["  return outcome;"]
    return "\n".join([*lines, "}"])


def main(output, headers):
    found = [one for header in headers for one in declarations(header)]
    includes = ["#include <stddef.h>"] + [f'#include "conntrail/{header.rsplit("/", 1)[-1]}"' for header in headers]
    with open(output, "w", encoding="utf-8") as file:
        print("\n".join(includes), '#include "boundary.h"', *(wrapper(*one) for one in found), sep="\n", file=file)
    print(";".join(name for _, name, _ in found), end="")


main(sys.argv[1], sys.argv[2:])
