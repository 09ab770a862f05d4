"""A page as a person sees it: texts and tables in order, without hidden text such as labels for screen readers.

Spaces between words are left out, since print and screen break lines in different places.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

from byhand.errors import UnknownNameError, UnreadableError
from byhand.worksheet.asked import NAME as ASKED
from byhand.worksheet.asked import from_words
from byhand.worksheet.document import VIEWS, View
from byhand.worksheet.messages import Messages, messages

_FOOT = {"version": r"[0-9][\w.+-]*", "sheet": "[^·]+?", "seed": "[0-9]+", "hash": "[0-9a-f]{7}"}


@dataclass(frozen=True)
class Foot:
    """The foot of a page."""

    version: str
    sheet: str
    seed: str
    hash: str


@dataclass(frozen=True)
class PageTable:
    """Rows of texts, and which of them are labels."""

    rows: tuple[tuple[str, ...], ...]
    heads: tuple[tuple[bool, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of cells in each row."""
        return tuple(len(row) for row in self.rows)


@dataclass(frozen=True)
class Page:
    """What is read: texts and tables by turns, beginning and ending with a text; and what the page was asked for."""

    texts: tuple[str, ...]
    tables: tuple[PageTable, ...]
    foot: Foot
    asked: Mapping[str, str]
    student: str = ""  # of a class: the id below the foot

    @property
    def view(self) -> View:
        """worksheet, key or worked."""
        view = self.said("view", VIEWS)
        return VIEWS[VIEWS.index(view)]

    def said(self, name: str, known: Collection[str]) -> str:
        """What the page was asked for: one of these.

        Raises: UnreadableError where it is none of them.
        """
        found = self.asked.get(name, "nothing")
        if found not in known:
            raise UnreadableError(f"it says that its {name} is {found}; there are: {', '.join(known)}")
        return found


@dataclass
class Collector:
    """Collects the texts and tables of a page while it is read."""

    texts: list[str] = field(default_factory=lambda: [""])
    tables: list[list[list[str]]] = field(default_factory=list)
    heads: list[list[list[bool]]] = field(default_factory=list)
    inside: str = ""  # "table", "row" or "cell"
    asked: str = ""  # what its metadata say that it was asked for
    maker: str = ""  # and what made it

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
        asked = from_words(self.asked)
        if not asked:
            of = self.maker if re.fullmatch(r"byhand [\w.+-]{1,40}", self.maker) else ""
            what = f"{of} printed it, as a page that" if of else "it is none of byhand's pages: it"
            raise UnreadableError(
                f"{what} does not say what it was asked for{'; verify it with that version' if of else ''}"
            )
        said = _messages(asked.get("language", ""))
        line = _pattern(said, "foot.line", **{name: f"(?P<{name}>{each})" for name, each in _FOOT.items()})
        texts = "".join(self.texts) + squeezed(" ".join(elsewhere))
        found = [foot] if foot else list({Foot(**match.groupdict()) for match in re.finditer(line, texts)})
        if len(found) != 1:
            what = "several lines" if found else "no line"
            raise UnreadableError(
                f"it has {what} “byhand … · sheet · seed · numbers …” at its foot, as our pages have"
            )
        tables = (
            PageTable(tuple(map(tuple, rows)), tuple(map(tuple, heads)))
            for rows, heads in zip(self.tables, self.heads, strict=True)
        )
        time = _pattern(said, "effort.time", minutes=r"\d+")  # an estimate of the sheet's, not of its numbers
        estimate = _pattern(said, "effort.line", time=time, practised=r"\d+", counted="")
        first, *others = (re.sub(estimate, "", re.sub(line, "", text)) for text in self.texts)
        name, date = (_pattern(said, f"top.{each}") for each in ("name", "date"))
        below = (after for text, after in pairwise(elsewhere) if squeezed(text).endswith(found[0].hash))
        student = next(below, "").partition(" · ")[0].strip()
        first = re.sub(f"^({name}).*?({date})(?=byhand)", r"\1\2", first)  # a student's, between them
        return Page((first, *others), tuple(tables), found[0], asked, student)


def _messages(language: str) -> Messages:
    try:
        return messages(language)
    except UnknownNameError as error:
        raise UnreadableError(f"it is in another language: {error}") from None


def _pattern(said: Messages, name: str, **places: str) -> str:
    """A text without blanks as a pattern, with one for each of its places."""
    kept = re.split(r"\{(\w+)\}", said.texts[name])
    return "".join(places[part] if at % 2 else re.escape(squeezed(part)) for at, part in enumerate(kept))


def squeezed(text: str) -> str:
    """A text without spaces."""
    return re.sub(r"\s", "", text)


class _Reader(HTMLParser):
    """HTML's texts and tables, and what its metadata say; drawings, styles and print's running line are left out."""

    SKIPPED = ("head", "style", "script", "svg", "template")
    TABLES = {"table": "table", "tr": "row", "td": "cell", "th": "cell"}  # noqa: RUF012 - of this class only
    VOID = ("br", "col", "hr", "img", "input", "link", "meta", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.found = Collector()
        self.skipping = 0  # the depth of open elements within one that is left out

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "meta":
            entry = {name: value or "" for name, value in attrs}
            if entry.get("name") == ASKED:
                self.found.asked = self.found.asked or entry.get("content", "")
            if entry.get("name") == "generator":
                self.found.maker = entry.get("content", "")
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
    """Where two texts differ: the words found and expected, with some context."""
    from difflib import SequenceMatcher

    if found == expected:
        return
    for kind, a, b, c, d in SequenceMatcher(None, found, expected, autojunk=False).get_opcodes():
        if kind != "equal":
            yield found[max(a - 20, 0) : b + 12], expected[max(c - 20, 0) : d + 12]
