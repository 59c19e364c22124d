# SPDX-License-Identifier: MIT
"""The reference as HTML: a page for each header, and a first page with everything by name."""
import html
import os
import re

KINDS = {"function": "Functions", "struct": "Structures", "class": "Classes", "enum": "Enumerations", "typedef": "Types",
         "define": "Macros"}


def page_of(header):
    return os.path.basename(header.path).removesuffix(".h").replace(".", "_") + ".html"


class Pages:
    def __init__(self, headers, version):
        self.headers = headers
        self.version = version
        self.targets = {header.path: page_of(header) for header in headers}
        for header in headers:
            self.targets[os.path.basename(header.path)] = page_of(header)
            for member in header.members:
                self.targets[member.name] = f"{page_of(header)}#{member.name}"
                for name, *_ in member.fields if member.kind == "enum" else []:
                    self.targets[name] = f"{page_of(header)}#{name}"

    # ---- Text -----------------------------------------------------------------------------------

    def link(self, text, name):
        target = self.targets.get(name)
        return f'<a href="{target}">{html.escape(text)}</a>' if target else html.escape(text)

    def inlines(self, inlines):
        parts = []
        for text, target in inlines:
            if target == "":
                parts.append(f"<code>{html.escape(text)}</code>")
            elif target:
                parts.append(self.link(text, target))
            else:
                parts.append(self.constants(text))
        return "".join(parts).strip()

    def constants(self, text):
        """Names of constants in a text are links as well."""
        pieces = re.split(r"(\b(?:CONNTRAIL|SOL)_[A-Z0-9_]*[A-Z0-9]\b)", text)
        return "".join(self.link(piece, piece) if index % 2 else html.escape(piece)
                       for index, piece in enumerate(pieces))

    def blocks(self, blocks):
        return "\n".join(f"<pre>{html.escape(content)}</pre>" if kind == "code"
                         else f"<p>{self.inlines(content)}</p>" for kind, content in blocks)

    def overview_blocks(self, blocks):
        """A paragraph of a header's own text may begin with a word as its heading: "Threads. Every ..."."""
        shown = []
        for kind, content in blocks:
            text = self.blocks([(kind, content)])
            match = re.match(r"<p>([A-Z][a-z]+)\. ", text)
            shown.append(f"<p><strong>{match.group(1)}.</strong> " + text[match.end():] if match else text)
        return "\n".join(shown)

    def anchor(self, header, member):
        """The first of this name has the name; overloads are numbered."""
        same = [other for other in header.members if other.name == member.name]
        number = same.index(member)
        return member.name + (f"-{number + 1}" if number else "")

    # ---- Parts ----------------------------------------------------------------------------------

    def definitions(self, rows):
        return "<dl>" + "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows) + "</dl>" if rows else ""

    def values(self, values):
        parts, rows = [], []
        for kind, name, blocks in values:
            if kind == "text":
                parts += [self.definitions(rows), self.blocks(blocks)]
                rows = []
            else:
                shown = name if name == "others" else f"<code>{self.link(name, name)}</code>"
                rows.append((shown, self.blocks(blocks)))
        return "\n".join(parts + [self.definitions(rows)])

    def member(self, header, member):
        documentation = member.documentation
        anchor = self.anchor(header, member)
        parts = [f'<section class="member" id="{anchor}">', f'<h3><a href="#{anchor}">{member.name}</a></h3>',
                 f"<pre class=\"declaration\">{self.declaration(member)}</pre>",
                 f'<p class="brief">{self.inlines(documentation.brief)}</p>' if documentation.brief else "",
                 self.blocks(documentation.text)]
        if documentation.parameters:
            parts += ["<h4>Parameters</h4>", self.definitions(
                [(f"<code>{html.escape(name)}</code>", self.blocks(blocks))
                 for name, blocks in documentation.parameters])]
        if documentation.result or documentation.values:
            parts += ["<h4>Returns</h4>", self.blocks(documentation.result), self.values(documentation.values)]
        if member.fields:
            parts += ["<h4>Constants</h4>" if member.kind == "enum" else "<h4>Members</h4>", self.definitions(
                [self.field(member, *row) for row in member.fields])]
        parts += [f'<p class="note"><strong>{label}:</strong> {self.inlines(text)}</p>'
                  for label, text in documentation.notes]
        return "\n".join(part for part in parts + ["</section>"] if part)

    def declaration(self, member):
        text = html.escape(member.declaration)
        if member.kind == "function":
            text = re.sub(r" (\*?)(\w+)(?=\()", r"\n\1<b>\2</b>", text, count=1)
            text = text.replace(", ", ",\n    ").replace("(", "(\n    ", 1)
            text = text.replace("(\n    void)", "(void)").replace("(\n    )", "()")
        return text

    def field(self, member, name, declaration, number, blocks):
        anchor = f' id="{name}"' if member.kind == "enum" else ""
        value = f" = {html.escape(number)}" if number else ""
        return f"<code{anchor}>{html.escape(declaration)}{value}</code>", self.blocks(blocks)

    def contents(self, header):
        parts = []
        for kind, title in KINDS.items():
            members = [member for member in header.members if member.kind == kind]
            if members:
                parts.append(f"<h2>{title}</h2><ul class=\"contents\">" + "".join(
                    f'<li><a href="{page_of(header)}#{self.anchor(header, member)}">{member.name}</a> '
                    f"<span>{self.inlines(member.documentation.brief)}</span></li>" for member in members) + "</ul>")
        return "\n".join(parts)

    # ---- Pages ----------------------------------------------------------------------------------

    def frame(self, title, body, here):
        links = [("index.html", "Overview")]
        links += [(page_of(header), os.path.basename(header.path)) for header in self.headers]
        menu = "".join(f'<a href="{target}"{" aria-current=page" if target == here else ""}>{text}</a>'
                       for target, text in links)
        return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} - conntrail {self.version}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<header><a class="home" href="index.html">conntrail <small>{self.version}</small></a><nav>{menu}</nav></header>
<main>
{body}
</main>
</body>
</html>
"""

    def header_page(self, header):
        body = [f"<h1><code>#include &lt;{header.path}&gt;</code></h1>",
                f'<p class="brief">{self.inlines(header.documentation.brief)}</p>',
                self.overview_blocks(header.documentation.text), self.contents(header)]
        for kind, title in KINDS.items():
            members = [member for member in header.members if member.kind == kind]
            if members:
                body += [f"<h2>{title} in detail</h2>"] + [self.member(header, member) for member in members]
        return self.frame(os.path.basename(header.path), "\n".join(body), page_of(header))

    def first_page(self):
        body = ["<h1>API reference</h1>", "<p>One page for each public header. Each C function has a manual page in "
                "section 3 as well: <code>man conntrail_transfer_records</code>.</p>"]
        for header in self.headers:
            body += [f'<h2><a href="{page_of(header)}"><code>{header.path}</code></a></h2>',
                     f"<p>{self.inlines(header.documentation.brief)}</p>",
                     '<ul class="contents">' + "".join(
                         f'<li><a href="{page_of(header)}#{self.anchor(header, member)}">{member.name}</a> '
                         f"<span>{self.inlines(member.documentation.brief)}</span></li>"
                         for member in header.functions()) + "</ul>"]
        return self.frame("API reference", "\n".join(body), "index.html")

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        pages = {page_of(header): self.header_page(header) for header in self.headers}
        pages["index.html"] = self.first_page()
        for name, text in pages.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
