# SPDX-License-Identifier: MIT
"""Reads what Doxygen found in the public headers: its XML, and the lists of X(...) in the headers."""
import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

# Text is a list of blocks: ("text", [inline]), ("code", string). An inline is (string, target or None).

# The lists that an enum's constants come from, and what stands before their names.
LISTS = {
    "conntrail_status": ("CONNTRAIL_", ["CONNTRAIL_SUCCESS_MAP", "CONNTRAIL_FAILURE_MAP"]),
    "conntrail_emu_event_kind": ("CONNTRAIL_EMU_", ["CONNTRAIL_EMU_EVENT_MAP"]),
    "conntrail_emu_misuse": ("CONNTRAIL_EMU_MISUSE_", ["CONNTRAIL_EMU_MISUSE_MAP"]),
    "conntrail_emu_situation": ("CONNTRAIL_EMU_SITUATION_", ["CONNTRAIL_EMU_SITUATION_MAP"]),
    "conntrail_emu_behaviour": ("CONNTRAIL_EMU_BEHAVIOUR_", ["CONNTRAIL_EMU_BEHAVIOUR_MAP"]),
}


@dataclass
class Documentation:
    brief: list = field(default_factory=list)
    text: list = field(default_factory=list)
    parameters: list = field(default_factory=list)  # (name, blocks)
    values: list = field(default_factory=list)  # ("value", name, blocks) or ("text", None, blocks)
    result: list = field(default_factory=list)
    notes: list = field(default_factory=list)  # (label, inlines)


@dataclass
class Member:
    kind: str  # function, typedef, enum, define, struct, class
    name: str
    line: int
    declaration: str
    documentation: Documentation
    fields: list = field(default_factory=list)  # (name, declaration, value, blocks): of a struct, an enum


@dataclass
class Header:
    path: str
    documentation: Documentation
    members: list

    def functions(self):
        return [member for member in self.members if member.kind == "function"]


def squeeze(text):
    return re.sub(r"\s+", " ", text)


def plain(element):
    return squeeze("".join(element.itertext())).strip() if element is not None else ""


class Reader:
    def __init__(self, xml_folder, header_folder):
        self.xml_folder = xml_folder
        self.header_folder = header_folder
        self.names = {}  # Doxygen's identifier: our name

    def parse(self, refid):
        return ElementTree.parse(os.path.join(self.xml_folder, refid + ".xml")).getroot().find("compounddef")

    def headers(self):
        index = ElementTree.parse(os.path.join(self.xml_folder, "index.xml")).getroot()
        compounds = [(entry.get("kind"), self.parse(entry.get("refid"))) for entry in index.findall("compound")
                     if entry.get("kind") in ("file", "struct", "class", "namespace")]
        for kind, compound in compounds:
            self.names[compound.get("id")] = compound.findtext("compoundname")
            for tag in ("memberdef", "enumvalue"):
                for member in compound.iter(tag):
                    if kind in ("file", "namespace"):
                        self.names[member.get("id")] = member.findtext("name")
        structs = [self.struct(compound) for kind, compound in compounds
                   if kind in ("struct", "class") and compound.get("prot") == "public"]
        spaces = [compound for kind, compound in compounds if kind == "namespace"]
        return [self.header(compound, structs, spaces) for kind, compound in compounds if kind == "file"]

    def header(self, compound, structs, spaces):
        path = compound.find("location").get("file")
        entries = [entry for each in [compound, *spaces] for entry in each.iter("memberdef")
                   if entry.find("location").get("file") == path]
        members = [self.member(entry) for entry in entries]
        here = [struct for where, struct in structs if where == path]
        known = {struct.name for struct in here}
        # "typedef struct x { } x" is one thing, and so is "typedef enum".
        enums = {member.name for member in members if member.kind == "enum"}
        members = [member for member in members
                   if not (member.kind == "typedef" and member.name in known | enums)]
        members = [member for member in members if not re.match(r"CONNTRAIL_[A-Z_]*_?H$", member.name)]
        members += here
        return Header(path, self.documentation(compound), sorted(members, key=lambda member: member.line))

    def struct(self, compound):
        location = compound.find("location")
        name, kind = compound.findtext("compoundname"), compound.get("kind")
        fields = [(entry.findtext("name"), (plain(entry.find("type")) + " " + entry.findtext("name") +
                   (entry.findtext("argsstring") or "")).lstrip(), "", self.all_text(entry))
                  for entry in compound.iter("memberdef") if entry.get("prot") == "public"]
        member = Member(kind, name, int(location.get("line")), f"{kind} {name}", self.documentation(compound), fields)
        return location.get("file"), member

    def member(self, entry):
        kind, name = entry.get("kind"), entry.findtext("name")
        path = entry.find("location").get("file")
        return Member(kind, name, int(entry.find("location").get("line")), self.declaration(entry),
                      self.documentation(entry), self.constants(entry, path) if kind == "enum" else [])

    def declaration(self, entry):
        kind, name = entry.get("kind"), entry.findtext("name")
        if kind == "define":
            parameters = ", ".join(plain(item) for item in entry.findall("param"))
            value = plain(entry.find("initializer"))
            return "#define " + name + (f"({parameters})" if parameters else "") + \
                (" " + value if value and len(value) < 60 else "")
        if kind == "enum":
            return "enum " + name
        text = re.sub(r"\bCONNTRAIL_(EVENT_|FILES_)?API\s+", "", plain(entry.find("type")))
        if kind == "typedef":
            text = "typedef " + text
        arguments = entry.findtext("argsstring") or ""
        text += ("" if text.endswith("*") else " ") + name + arguments
        if kind == "typedef" and arguments.startswith(")"):  # of a function pointer
            text = text.replace("(* ", "(*").replace("(*" + " ", "(*")
        return squeeze(text) + ";"

    def constants(self, entry, path):
        prefix, lists = LISTS.get(entry.findtext("name"), ("", []))
        described = {}
        for name in lists:
            described.update(self.listed(path, name))
        rows = []
        for value in entry.findall("enumvalue"):
            name = value.findtext("name")
            words = described.get(name[len(prefix):]) if prefix else None
            blocks = [("text", [(words, None)])] if words else self.all_text(value)
            number = self.number(plain(value.find("initializer")))
            rows.append((name, name, number, blocks))
        return rows

    @staticmethod
    def number(text):
        text = text.lstrip("= ").replace("CONNTRAIL_OUTBOUND_OFFSET", "1000")
        if re.fullmatch(r"[-+0-9() ]+", text):
            terms = re.findall(r"-\s*\d+|\d+", text.replace("(", "").replace(")", ""))
            return str(sum(int(term.replace(" ", "")) for term in terms))
        return text

    def listed(self, path, name):
        """The strings of each X(...) of a list in a header, by the X's name."""
        with open(os.path.join(self.header_folder, path), encoding="utf-8") as file:
            source = file.read()
        body = re.search(r"#define %s\(X\)((?:.*\\\n)*.*)" % name, source).group(1)
        body = re.sub(r"/\*.*?\*/", "", body.replace("\\\n", " "), flags=re.S)
        found = {}
        string = r'"(?:[^"\\]|\\.)*"'
        for entry in re.finditer(r"X\((\w+),\s*(-?\d+),((?:%s|[^()\"])*)\)" % string, body):
            groups = re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', entry.group(3))
            texts = ["".join(re.findall(string, group)).replace('""', "").strip('"').replace('\\"', '"')
                     for group in groups]
            found[entry.group(1)] = ": ".join(text for text in texts if text)
        return found

    # ---- Text -----------------------------------------------------------------------------------

    def documentation(self, entry):
        result = Documentation()
        for block in self.blocks(entry.find("briefdescription"), result):
            result.brief += block[1]
        result.text = self.blocks(entry.find("detaileddescription"), result)
        self.move_notes(result)
        return result

    def all_text(self, entry):
        ignored = Documentation()
        return self.blocks(entry.find("briefdescription"), ignored) + \
            self.blocks(entry.find("detaileddescription"), ignored)

    def blocks(self, element, into):
        found = []
        if element is not None:
            for paragraph in element.findall("para"):
                self.paragraph(paragraph, found, into)
        return found

    def paragraph(self, element, found, into):
        run = []

        def end():
            if any(text.strip() for text, _ in run):
                # Between two lists of values, a text belongs to them.
                block = ("text", list(run))
                if into.values and not self.is_notes(run):
                    into.values.append(("text", None, [block]))
                else:
                    found.append(block)
            run.clear()

        run.append((squeeze(element.text or ""), None))
        for child in element:
            if child.tag == "ref":
                run.append((plain(child), self.names.get(child.get("refid"))))
            elif child.tag == "computeroutput":
                run.append((plain(child), ""))
            elif child.tag == "verbatim":
                end()
                found.append(("code", (child.text or "").rstrip("\n")))
            elif child.tag == "parameterlist":
                end()
                self.parameters(child, into)
            elif child.tag == "simplesect" and child.get("kind") == "return":
                end()
                into.result += self.blocks(child, Documentation())
            else:
                raise SystemExit(f"reference: <{child.tag}> of Doxygen is not known")
            run.append((squeeze(child.tail or ""), None))
        end()

    def parameters(self, element, into):
        for item in element.findall("parameteritem"):
            name = plain(item.find("parameternamelist"))
            blocks = self.blocks(item.find("parameterdescription"), Documentation())
            if element.get("kind") == "param":
                into.parameters.append((name, blocks))
            else:
                into.values.append(("value", name, blocks))

    @staticmethod
    def is_notes(run):
        text = "".join(part for part, _ in run)
        return re.search(r"(^|[.;] )\s*(Ownership|Threads|Blocking): ", text) is not None

    @staticmethod
    def move_notes(documentation):
        """The sentences "Threads: any. Blocking: never. Since 0.1." become notes of their own."""
        kept = []
        pattern = re.compile(r"(?:(?<=^)|(?<=[.;] ))"
                             r"(Ownership: |Threads: |Blocking: |Clauses? (?=[A-Z]\d)|Since (?=\d))")
        for kind, content in documentation.text:
            if kind != "text" or not Reader.is_notes(content) and not pattern.match(content[0][0].lstrip()):
                kept.append((kind, content))
                continue
            before, label = [], None
            for text, target in content:
                pieces = pattern.split(text.lstrip() if not before and label is None else text)
                for index, piece in enumerate(pieces):
                    if index % 2:
                        label = piece.strip(" :")
                        documentation.notes.append((label, []))
                    elif piece:
                        (before if label is None else documentation.notes[-1][1]).append((piece, target))
            if any(text.strip() for text, _ in before):
                kept.append(("text", before))
        documentation.text = kept


def read(xml_folder, header_folder):
    headers = Reader(xml_folder, header_folder).headers()
    order = ["conntrail", "status", "datagram", "async", "event", "linux", "platform", "emu", "emu_profile"]

    def place(header):
        name = os.path.basename(header.path).removesuffix(".h")
        return (order.index(name) if name in order else len(order), name)

    return sorted(headers, key=place)
