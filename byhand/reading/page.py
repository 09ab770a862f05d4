"""A page as a person sees it: texts and tables in order. What markup hides, as labels for readers, is not read.

Blanks between words are left out, since print and screen break lines in other places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

from byhand.errors import UnreadableError

_FOOT = re.compile(r"byhand([0-9][\w.+-]*)·([^·]+)·seed([0-9]+)·numbers([0-9a-f]{7})")
_MINUTES = re.compile(r"about\d+min,\d+withpractice")  # an estimate of the sheet's, not of its numbers
_NAME = re.compile(r"^Name.*?Date(?=byhand)")  # a student's, between them
_VIEWS = {"Key": "key", "Worked": "worked", "NameDate": "worksheet"}  # with what a page of each view begins


@dataclass(frozen=True)
class Foot:
    """What stands at the foot of a page."""

    version: str
    sheet: str
    seed: str
    hash: str


@dataclass(frozen=True)
class Table:
    """Rows of texts, and which of them are labels."""

    rows: tuple[tuple[str, ...], ...]
    heads: tuple[tuple[bool, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many cells each row has."""
        return tuple(len(row) for row in self.rows)


@dataclass(frozen=True)
class Page:
    """What is read: texts and tables by turns, beginning and ending with a text."""

    texts: tuple[str, ...]
    tables: tuple[Table, ...]
    foot: Foot
    student: str = ""  # of a class: the id below the foot

    @property
    def view(self) -> str:
        """worksheet, key or worked."""
        begin = next((begin for begin in _VIEWS if self.texts[0].startswith(begin)), None)
        if begin is None:
            raise UnreadableError("it is no worksheet, key or worked page: its first words are others")
        return _VIEWS[begin]


@dataclass
class Collector:
    """A page being read, piece by piece."""

    texts: list[str] = field(default_factory=lambda: [""])
    tables: list[list[list[str]]] = field(default_factory=list)
    heads: list[list[list[bool]]] = field(default_factory=list)
    inside: str = ""  # "table", "row" or "cell"

    def open(self, what: str, head: bool = False) -> None:
        match what:
            case "table":
                self.tables.append([])
                self.heads.append([])
                self.texts.append("")
            case "row":
                self.tables[-1].append([])
                self.heads[-1].append([])
            case "cell":
                self.tables[-1][-1].append("")
                self.heads[-1][-1].append(head)
        self.inside = what

    def close(self, what: str) -> None:
        self.inside = {"cell": "row", "row": "table", "table": ""}[what]

    def text(self, text: str) -> None:
        if self.inside == "cell":
            self.tables[-1][-1][-1] += squeezed(text)
        else:
            self.texts[-1] += squeezed(text)

    def page(self, foot: Foot | None = None, elsewhere: Sequence[str] = ()) -> Page:
        """The page with its foot, if that is not said: which stands among its texts, or elsewhere.

        Raises: UnreadableError where there is none.
        """
        texts = "".join(self.texts) + squeezed(" ".join(elsewhere))
        found = [foot] if foot else [Foot(*f) for f in set(_FOOT.findall(texts))]
        if len(found) != 1:
            what = "several lines" if found else "no line"
            raise UnreadableError(
                f"it has {what} “byhand … · sheet · seed · numbers …” at its foot, as our pages have"
            )
        tables = (
            Table(tuple(map(tuple, rows)), tuple(map(tuple, heads)))
            for rows, heads in zip(self.tables, self.heads, strict=True)
        )
        first, *others = (_MINUTES.sub("", _FOOT.sub("", text)) for text in self.texts)
        below = (after for text, after in pairwise(elsewhere) if squeezed(text).endswith(found[0].hash))
        student = next(below, "").partition(" · ")[0].strip()
        return Page((_NAME.sub("NameDate", first), *others), tuple(tables), found[0], student)


def squeezed(text: str) -> str:
    """A text without blanks."""
    return re.sub(r"\s", "", text)


class _Reader(HTMLParser):
    """HTML's texts and tables; drawings, styles and the running line of print are left out."""

    SKIPPED = ("head", "style", "script", "svg", "template")
    TABLES = {"table": "table", "tr": "row", "td": "cell", "th": "cell"}  # noqa: RUF012 - of this class only
    VOID = ("br", "col", "hr", "img", "input", "link", "meta", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.found = Collector()
        self.skipping = 0  # how deep within what is left out

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag in self.VOID:
            return
        if self.skipping or tag in self.SKIPPED or ("class", "running") in attrs:
            self.skipping += 1
        elif tag in self.TABLES:
            self.found.open(self.TABLES[tag], head=tag == "th")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if self.skipping:
            self.skipping -= 1
        elif tag in self.TABLES:
            self.found.close(self.TABLES[tag])

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.found.text(data)


def read_html(html: str, foot: Foot | None = None) -> Page:
    """A page from its HTML, whose foot may be said.

    Raises: UnreadableError where it is none of byhand's.
    """
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, IndexError, KeyError):
        raise UnreadableError("its HTML does not parse: it is none of byhand's pages") from None
    return reader.found.page(foot)


def differences(found: str, expected: str) -> Iterator[tuple[str, str]]:
    """Where two texts differ: the words found and expected, with a little of what stands around them."""
    from difflib import SequenceMatcher

    if found == expected:
        return
    for kind, a, b, c, d in SequenceMatcher(None, found, expected, autojunk=False).get_opcodes():
        if kind != "equal":
            yield found[max(a - 20, 0) : b + 12], expected[max(c - 20, 0) : d + 12]
