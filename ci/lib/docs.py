# SPDX-License-Identifier: MIT
"""What ci/rules/docs checks. Prints "file:line: what is wrong" for each finding."""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "tests/docs")
import page  # noqa: E402

LONGEST_LINE = 120
LONGEST_README = 120
RUN_LIST = "tests/docs/CMakeLists.txt"
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED_PAGE = re.compile(r"\bdocs/[a-z0-9/_-]+\.(?:md|[1-9])\b")
# Words and phrases that were taken out: what to write instead. Prose only: see prose().
WORDS = [
    (r"nobody re-?link(?:s|ed)", "unmodified program"),
    (r"nothing else in the way", "say what reports which failure"),
    (r"sent away", "rejected, disconnected"),
    (r"how (?:an?|the) \w+ is to be", "options for"),
    (r"assumes nothing", "state the limit"),
    (r"the want of|want of (?:memory|room)", "lack of"),
    (r"strangers?", "untracked socket, rejected client"),
    (r"be?queath(?:s|ed)?|bequests?|heirs?|testaments?", "hand-off"),
    (r"parcels?|letters? to|passages?", "send decision, message"),
    (r"doom(?:s|ed)?|plagued?|bur(?:y|ied)", "mark failed, close"),
    (r"(?:the|a|its|each|other) (?:house|floor|room)s?\b(?! for)", "architecture, layer, module"),
    (r"(?:the|its|each|own|other) faces?(?: of)?", "front end"),
    (r"carriers?", "relay socket"),
    (r"is told (?:so|by name|that)|are told so|be told so", "is reported, receives"),
    (r"tells? by name|told by name", "reports"),
    (r"speaks? (?:over|for it)", "say what supports it, or uses"),
    (r"goes in circles|go in circles", "loop"),
    (r"(?:the|its|each) words for", "names of"),
    (r"forgetful(?! proxy|_proxy)", "the service whose proxy did not transfer"),
    (r"struck by", "failed by"),
    (r"whoever asks", "the caller"),
    (r"by name, once", "once, with its name"),
]
# Words of code that were renamed; in names and comments of sources.
CODE_WORDS = [(r"bequ(?:est|eath)", "hand-off"), (r"testament", "hand-off"), (r"(?<![a-z])doom", "mark_failed"),
              (r"(?<![a-z])resident", "entry"), (r"\bwhoever\b", "name the actor"),
              (r"want of memory", "lack of memory")]


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-z", "--", *patterns], check=True, text=True,
                            capture_output=True).stdout
    return [name for name in listed.split("\0") if name and os.path.exists(name)]


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


class Findings:
    def __init__(self):
        self.count = 0

    def add(self, name, line, text):
        self.count += 1
        print(f"{name}:{line}: {text}")


def inside(block, number):
    return block["line"] < number <= block["line"] + block["text"].count("\n")


def check_lines(found, name, text, blocks):
    lines = text.splitlines()
    shown = [b for b in blocks if b["language"] in ("console", "text")]
    for number, line in enumerate(lines, 1):
        is_output = any(inside(b, number) for b in shown) and not re.match(r"^ *[$#] ", line)
        is_row = line.startswith("|")  # which nobody can wrap
        if len(line) > LONGEST_LINE and not is_output and not is_row:
            found.add(name, number, f"{len(line)} characters: {LONGEST_LINE} at most")
    if name == "README.md" and len(lines) > LONGEST_README:
        found.add(name, len(lines), f"{len(lines)} lines: {LONGEST_README} at most")


def without_code(text, blocks):
    """The lines of the page, those of code blocks empty."""
    return ["" if any(inside(b, number) for b in blocks) else line
            for number, line in enumerate(text.splitlines(), 1)]


def anchors(text):
    found, code = set(), False
    for line in text.splitlines():
        code ^= line.strip().startswith("```")
        heading = re.match(r"^#+ (.*?) *$", line)
        if heading and not code:
            plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
            base = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            anchor, again = base, 0
            while anchor in found:
                again += 1
                anchor = f"{base}-{again}"
            found.add(anchor)
    return found


def check_links(found, name, lines):
    for number, line in enumerate(lines, 1):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"^[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            place = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            if not os.path.exists(place):
                found.add(name, number, f"dead link: {target}")
            elif anchor and place.endswith(".md") and anchor not in anchors(read(place)):
                found.add(name, number, f"dead link: {target} has no such heading")


def check_named_pages(found):
    """Pages that comments, messages and scripts name."""
    for name in tracked(":!CHANGELOG.md", ":!ci/rules/try"):
        try:
            text = read(name)
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for target in NAMED_PAGE.findall(line):
                if not os.path.exists(target) and "NAME" not in target:
                    found.add(name, number, f"names {target}, which is not there")


def check_block(found, name, block, run):
    mark, language, line = block["mark"], block["language"], block["line"]
    if language in ("text", "mermaid"):
        if re.search(r"^[$#] ", block["text"], re.M):
            found.add(name, line, "commands are in a block of ```console")
    elif mark.startswith("not run: ") and len(mark) > len("not run: xxx"):
        return
    elif language == "console" and not re.match(r"write ", mark):
        if name not in run:
            found.add(name, line, f"a page whose commands are typed belongs into {RUN_LIST}")
    elif mark.startswith("write "):
        if name not in run:
            found.add(name, line, f"nothing compiles or runs this: the page is not in {RUN_LIST}")
    elif mark.startswith("run by "):
        test = mark.removeprefix("run by ")
        if not os.path.isfile(test) or os.path.basename(name) not in read(test):
            found.add(name, line, f"{test} does not name this page")
    elif not mark or not os.path.isfile(mark):
        found.add(name, line, "what compiles or runs this code? Write <!-- FILE -->, <!-- write NAME -->, "
                              "<!-- run by TEST --> or <!-- not run: why --> before it (CONTRIBUTING.md)")
    elif block["text"] not in read(mark):
        found.add(name, line, f"this code is not in {mark}: copy it from there again")


def check_indented(found, name, lines):
    for number, line in enumerate(lines, 1):
        if line.startswith("    ") and number > 1 and not lines[number - 2].strip():
            found.add(name, number, "code without a fence: use ```console or the name of its language")


def prose(name):
    """The lines in which words are looked for: all of a page, and the comments of a public header."""
    text = read(name)
    if name.endswith(".md"):
        return without_code(text, page.blocks(text))
    if name.endswith(".h"):
        return [said[0] if (said := re.search(r"/\*.*|^ *\*.*", line)) else "" for line in text.splitlines()]
    return text.splitlines()


def check_words(found, name):
    for number, line in enumerate(prose(name), 1):
        plain = re.sub(r"`[^`]*`|\]\([^)]*\)", "", line)
        for pattern, instead in WORDS:
            said = re.search(rf"\b(?:{pattern})\b", plain, re.I)
            if said:
                found.add(name, number, f"\"{said[0]}\": write {instead}")


def check_code_words(found):
    for name in tracked("*.c", "*.h", "tests/*.py"):
        for number, line in enumerate(read(name).splitlines(), 1):
            for pattern, instead in CODE_WORDS:
                said = re.search(pattern, line, re.I)
                if said:
                    found.add(name, number, f"\"{said[0]}\": write {instead}")


def main():
    found = Findings()
    run = re.findall(r"^ +(\S+\.md)$", read(RUN_LIST), re.M)
    for name in run:
        if not os.path.exists(name):
            found.add(RUN_LIST, 1, f"{name} is not there")
    for name in tracked("*.md"):
        text = read(name)
        try:
            blocks = page.blocks(text)
        except ValueError as problem:
            found.add(name, 1, str(problem))
            continue
        lines = without_code(text, blocks)
        check_lines(found, name, text, blocks)
        check_links(found, name, lines)
        check_indented(found, name, lines)
        for block in blocks:
            check_block(found, name, block, run)
    for name in tracked("*.md", "docs/*.[1-9]", "include/conntrail/*.h", ":!CHANGELOG.md"):
        check_words(found, name)
    check_named_pages(found)
    check_code_words(found)
    sys.exit(1 if found.count else 0)


main()
