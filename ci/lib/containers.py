# SPDX-License-Identifier: MIT
"""What the jobs of docs/how-to/ci.md, and .devcontainer, run in which image.

containers.py         prints their names
containers.py NAME    prints the image on the first line, then the commands, as lines of sh
"""

import json
import re
import sys

PAGE = "docs/how-to/ci.md"


def blocks():
    """Each block of code, by its section."""
    section = ""
    text = open(PAGE, encoding="utf-8").read()
    for found in re.finditer(r"^## ([^\n]*)$|^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        if found.group(1):
            section = found.group(1)
        else:
            yield section, found.group(2), found.group(3)


def only(pattern, text):
    found = re.findall(pattern, text, re.M)
    assert len(found) == 1, f"{PAGE}: {pattern} is there {len(found)} times"
    return found[0]


def dockerfile(text):
    commands = re.findall(r"^RUN ((?:.*\\\n)*.*)$", text, re.M)
    return only(r"^FROM (\S+)$", text), [command.replace("\\\n", " ") for command in commands]


def github(text):
    return only(r"^ *image: (\S+)$", text), re.findall(r"^ +- run: (.*)$", text, re.M)


def gitlab(text):
    script = only(r"^  script:\n((?:    - .*\n)+)", text)
    return only(r"^ *image: (\S+)$", text), re.findall(r"^    - (.*)$", script, re.M)


def jenkins(text):
    return only(r"image '(\S+)'", text), re.findall(r"^ *sh '(.*)'$", text, re.M)


def devcontainer(text):
    settings = json.loads(text)
    return settings["image"], [settings["postCreateCommand"]]


def jobs():
    kinds = {("GitHub Actions", "yaml"): ("github", github), ("GitLab CI", "yaml"): ("gitlab", gitlab),
             ("Jenkins", "groovy"): ("jenkins", jenkins),
             ("An image of your own", "dockerfile"): ("dockerfile", dockerfile)}
    found = {}
    for section, language, text in blocks():
        if (section, language) in kinds:
            name, read = kinds[section, language]
            found[name] = read(text)
    found["devcontainer"] = devcontainer(open(".devcontainer/devcontainer.json", encoding="utf-8").read())
    assert len(found) == len(kinds) + 1, f"{PAGE} has only {', '.join(found)}"
    assert all(commands for _, commands in found.values())
    return found


if len(sys.argv) == 1:
    print("\n".join(jobs()))
else:
    image, lines = jobs()[sys.argv[1]]
    print("\n".join([image, *lines]))
