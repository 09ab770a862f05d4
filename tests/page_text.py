"""Reading a page back, as text: what a person sees, without a look at how it was made."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SKIPPED = {"style", "title", "svg", "script"}
LINES = {"p", "h1", "h2", "tr", "div", "li", "section", "header", "figcaption", "footer"}


class Reader(HTMLParser):
    """A page as lines: a row of a table is one, its cells apart by two spaces, an empty box is _."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.line = ""
        self.skip = 0
        self.number = False  # of a section, which stands close to its title
        self.cell: str | None = None

    def handle_starttag(self, tag, attributes):
        if tag in SKIPPED:
            self.skip += 1
        if tag in LINES:
            self.flush()
        if tag in ("td", "th"):
            self.cell = dict(attributes).get("class") or ""
            self.line += "  "
            self.start = len(self.line)
        if tag == "input":
            self.line += "_"
        self.number = ("class", "n") in attributes

    def handle_endtag(self, tag):
        if tag in SKIPPED:
            self.skip -= 1
        self.number = False
        if tag in ("td", "th"):
            if len(self.line) == self.start and self.cell and self.cell[0] in "ak":
                self.line += "_"
            self.cell = None
        if tag in LINES:
            self.flush()

    def handle_data(self, data):
        if not self.skip:
            self.line += re.sub(r"\s+", " ", data) if self.cell is None and not self.number else data.strip()

    def flush(self):
        if self.line.strip():
            self.lines.append(self.line.rstrip())
        self.line = ""


def page_text(html: str) -> str:
    """The text of a page, line by line."""
    reader = Reader()
    reader.feed(html)
    reader.flush()
    return "\n".join(reader.lines) + "\n"


def cells(html: str) -> list[tuple[str, str]]:
    """Every td of the figures that holds a number or is to be filled in: its class and its text."""
    found = re.findall(
        r'<td class="?([agk](?: [tbp])*)(?: centred| flush)?"?(?: data-field="[^"]*")?>(.*?)</td>', html
    )
    return [(cls, re.sub(r"<[^>]*>", "", text)) for cls, text in found]
