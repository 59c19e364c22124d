# SPDX-License-Identifier: MIT
"""The reference as manual pages of section 3: one for each function, and one for each header."""
import os
import re

# What to link, by header.
COMPONENTS = {"event": "conntrail-event", "emu": "conntrail-emu", "emu_profile": "conntrail-emu",
              "emu_files": "conntrail-emu-files"}


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = text.replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def words(text):
    """Text for people: a hyphen stays one."""
    text = text.replace("\\", "\\e").strip()
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def inlines(parts):
    shown = []
    for text, target in parts:
        text = text.replace("\\", "\\e")
        shown.append(text if target is None else f"\\fB{text}\\fR")
    return re.sub(r"^([.'])", r"\\&\1", "".join(shown).strip())


def sentences(text):
    """A sentence a line, as manual pages have it."""
    return re.sub(r"(?<=[a-z0-9)][.]) (?=[A-Z])", "\n", text)


def blocks(items):
    parts = []
    for kind, content in items:
        if kind == "code":
            parts.append(".PP\n.RS 4\n.nf\n" + escape(content) + "\n.fi\n.RE")
        else:
            parts.append((".PP\n" if parts else "") + sentences(inlines(content)))
    return "\n".join(part for part in parts if part.strip())


def tagged(rows):
    return "\n".join(f".TP\n.B {escape(name)}" + (f"\n{text}" if text else "") for name, text in rows)


class Manual:
    """Of the C headers: a function of the C++ header does what that of C does, and has its page."""

    def __init__(self, headers, version, date):
        self.headers = [header for header in headers if header.path.endswith(".h")]
        self.version = version
        self.date = date

    def top(self, name):
        return f'.\\" SPDX-License-Identifier' ': MIT\n.\\" Made by ci/reference.\n' \
            f'.TH {escape(name.upper())} 3 "{self.date}" "conntrail {self.version}" "conntrail"'

    @staticmethod
    def page_name(header):
        name = os.path.basename(header.path)[:-2]
        return "conntrail" if name == "conntrail" else "conntrail_" + name + ".h"

    @staticmethod
    def name_line(name, brief):
        brief = brief.rstrip(". ")
        return f".SH NAME\n{escape(name)} \\- {brief}"

    @staticmethod
    def synopsis(header, declaration=""):
        base = os.path.basename(header.path)[:-2]
        module = COMPONENTS.get(base, "conntrail")
        lines = [".SH LIBRARY", f"pkg\\-config module {escape(module)}", ".SH SYNOPSIS", ".nf",
                 f".B #include <{header.path}>"]
        if declaration:
            lines += [".PP", ".B " + escape(declaration)]
        return "\n".join(lines + [".fi"])

    def values(self, documentation):
        parts = [blocks(documentation.result)] if documentation.result else []
        for kind, name, text in documentation.values:
            parts.append(".PP\n" + blocks(text) if kind == "text" else tagged([(name, blocks(text))]))
        return parts

    def function(self, header, member):
        documentation = member.documentation
        parts = [self.top(member.name), self.name_line(member.name, inlines(documentation.brief)),
                 self.synopsis(header, member.declaration), ".SH DESCRIPTION", blocks([("text", documentation.brief)])]
        if documentation.text:
            parts += [".PP", blocks(documentation.text)]
        if documentation.parameters:
            parts += [".SH PARAMETERS", tagged([(name, blocks(text)) for name, text in documentation.parameters])]
        if documentation.result or documentation.values:
            parts += [".SH RETURN VALUE"] + self.values(documentation)
        parts += [".SH NOTES"] if documentation.notes else []
        parts += [tagged([(label, inlines(text))]) for label, text in documentation.notes]
        parts += [".SH SEE ALSO", f".BR {escape(self.page_name(header))} (3)"]
        return "\n".join(part for part in parts if part) + "\n"

    def overview(self, header):
        name = self.page_name(header)
        documentation = header.documentation
        parts = [self.top(name), self.name_line(name, inlines(documentation.brief)), self.synopsis(header),
                 ".SH DESCRIPTION", blocks([("text", documentation.brief)])]
        if documentation.text:
            parts += [".PP", blocks(documentation.text)]
        rows = [(member.name, inlines(member.documentation.brief)) for member in header.members]
        parts += [".SH CONTENTS", tagged(rows), ".SH SEE ALSO"]
        others = [self.page_name(other) for other in self.headers if other is not header]
        parts += [f".BR {escape(other)} (3)" + ("," if other != others[-1] else "") for other in others]
        return "\n".join(part for part in parts if part) + "\n"

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        pages = {}
        for header in self.headers:
            pages[self.page_name(header)] = self.overview(header)
            for member in header.functions():
                pages[member.name] = self.function(header, member)
        for name, text in pages.items():
            with open(os.path.join(folder, name + ".3"), "w", encoding="utf-8") as file:
                file.write(text)
