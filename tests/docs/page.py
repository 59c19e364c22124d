# SPDX-License-Identifier: MIT
"""The code blocks of a page of documentation.

A block is a dictionary: `language`, `mark` (the text of a comment "<!-- mark -->" on the line before),
`text`, `line`. CONTRIBUTING.md, "Documentation", says what the marks mean.
"""

import re

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]*)$")
MARK = re.compile(r"^ *<!-- (?P<mark>.*) -->$")


def blocks(text):
    found, opened, mark = [], None, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened = {"language": fence["language"], "mark": mark, "line": number, "text": "",
                      "indent": len(fence["indent"])}
        elif opened is not None and fence and not fence["language"]:
            found.append(opened)
            opened = None
        elif opened is not None:
            opened["text"] += line[opened["indent"]:] + "\n"
        marked = MARK.match(line)
        mark = marked["mark"] if marked and opened is None else ""
    if opened is not None:
        raise ValueError(f"line {opened['line']}: the code block does not end")
    return found


def commands(block):
    """The commands of a console block: (line, prompt, command, the output that is shown)."""
    found = []
    for offset, line in enumerate(block["text"].splitlines(), 1):
        typed = re.match(r"^([$#]) (.*)$", line)
        if found and found[-1][2].endswith("\\"):
            found[-1][2] += "\n" + line
        elif typed:
            found.append([block["line"] + offset, typed[1], typed[2], []])
        elif found:
            found[-1][3].append(line)
        else:
            raise ValueError(f"line {block['line'] + offset}: output before any command")
    return found
