"""A page as a person sees it: texts and tables in order, without hidden text such as labels for screen readers.

What the page is, it says in its metadata, in no language; its texts are only compared with those of a reprint.

Spaces between words are left out, since print and screen break lines in different places.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.classroom.roster import Student
from byhand.errors import LONGEST_QUOTE, UnreadableError
from byhand.notation.number import shown
from byhand.options import LONGEST_SEED, OF_SECRET
from byhand.reading.tokens import VOID, End, Start, Text, tokens
from byhand.secret import Secret
from byhand.worksheet.asked import FIELDS, LARGE_ALONE, as_text, from_words
from byhand.worksheet.asked import NAME as ASKED
from byhand.worksheet.views import VIEWS, View

_UNSEEN = re.compile("[\\s\u00ad\u034f\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff]")  # and orders no text
# no page of ours has as many; the largest, with worked lines, has half a million characters, 14,000 tags and 20,000
# characters of text
LARGEST_HTML, MOST_TAGS, MOST_TEXT = 4_000_000, 200_000, 200_000
MOST_COMPARED = 10_000_000  # pairs of characters in which the differences of two texts are looked for one by one
_SAID = {  # what a page prints of itself: how it says it in its metadata
    "version": (r"[0-9][\w.+-]{0,39}", "a version such as 0.1.0"),
    "sheet": (".{1,100}", "a sheet’s name"),
    "seed": (
        rf"0|[1-9][0-9]{{0,{LONGEST_SEED - 1}}}|{OF_SECRET}",
        f"a whole number of at most {LONGEST_SEED} digits, or the word {OF_SECRET}",
    ),
    "hash": ("[0-9a-f]{7}", "seven digits, or letters from a to f"),
    "minutes": (
        "(0|[1-9][0-9]{0,5})(,(0|[1-9][0-9]{0,5})){0,9}",
        "a whole number for each sitting, such as 20 or 30,15",
    ),
}
_HOLDS = {  # files of several pages, which are not read
    "lecturer": "it is a lecturer’s half page, which has no numbers of its own; verify the sheet’s key",
    "sheets": "it is of several sheets; verify them one by one: the pages for the screen that are beside it, or what "
    "byhand generate writes without --book",
    "extra": "it is a page beside the sheets, which has no numbers; verify a sheet’s key",
    "marks": "it shows marks; verify the worksheet, or its key",
    "copies": "it has every copy of a class; verify them one by one, in the folders worksheets and keys beside it",
}
_MOVED = re.compile(r"\d{1,3}")  # by how many sets of numbers a copy is moved on; a class has some dozens
ALOUD = "aloud"  # the class of what is not printed, but only read aloud
MARGINS = ("foot", "running")  # the classes of elements that are printed in the margins; a footer is a foot, too


class Foot(Struct, frozen=True):
    """The foot of a page."""

    version: str
    sheet: str
    seed: str
    hash: str


class PageTable(Struct, frozen=True):
    """A table as rows of texts."""

    rows: tuple[tuple[str, ...], ...]
    heads: tuple[tuple[bool, ...], ...]
    """Which of the texts are labels."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of cells in each row."""
        return tuple(len(row) for row in self.rows)


class Page(Struct, frozen=True):
    """What is read: texts and tables by turns, beginning and ending with a text; and what the page says of itself."""

    texts: tuple[str, ...]
    tables: tuple[PageTable, ...]
    asked: Mapping[str, str]
    """What the page says that it was asked for."""
    margins: tuple[str, ...]
    """The texts that stand in the margins of each sheet of paper."""
    secret: Secret | None = None
    """The secret of its class, if it is known."""
    class_file: bytes = b""
    """The file of its class, if it is known and says more than the page tells."""

    @property
    def seed(self) -> int:
        """The seed; 0 where a class's secret stands in its place."""
        return 0 if self.of_secret else int(self.foot.seed)

    @property
    def of_secret(self) -> bool:
        """Whether a class's secret decided the numbers, and not a seed."""
        return self.foot.seed == OF_SECRET

    @property
    def secret_unknown(self) -> bool:
        """Whether the numbers can be made again, and their hash judged, only with a secret that is not known."""
        return self.of_secret and not self.secret

    @property
    def class_unknown(self) -> bool:
        """Whether its class has words or numbers of somebody's own, and the file that says them is not known."""
        return "own" in self.asked and not self.class_file

    def knowing(self, secret: Secret | None, class_file: bytes = b"") -> Page:
        """The page, with its class's secret if it is of one, and its class's file if it does not tell all."""
        return replace(
            self, secret=secret if self.of_secret else None, class_file=class_file if "own" in self.asked else b""
        )

    @property
    def foot(self) -> Foot:
        """What the page prints at its foot.

        Raises: UnreadableError where it does not say that, or cannot have it there.
        """
        return Foot(**{name: self.printed(name) for name in ("version", "sheet", "seed", "hash")})

    @property
    def student(self) -> Student | None:
        """The student of a class whose copy this is."""
        return student_in(self.asked)

    @property
    def has_fields(self) -> bool:
        """Whether it is a form to be filled in."""
        return FIELDS in self.asked

    @property
    def view(self) -> View:
        """worksheet, key or worked."""
        view = self.said("view", VIEWS)
        return VIEWS[VIEWS.index(view)]

    def said(self, name: str, known: Collection[str]) -> str:
        """What the page was asked for: one of these.

        Raises: UnreadableError where it is none of them.
        """
        choice = self.asked.get(name, "nothing")
        if choice not in known:
            raise UnreadableError(f"it says that its {name} is {choice}; there are: {', '.join(known)}")
        return choice

    def printed(self, name: str) -> str:
        """What the page prints of itself: its version, sheet, seed, hash, or the minutes that it takes.

        Raises: UnreadableError where it cannot be that.
        """
        (pattern, what), text = _SAID[name], as_text(self.asked.get(name, ""))
        if not re.fullmatch(pattern, text):
            raise UnreadableError(f"it says that its {name} is {shown(text)}; it should be {what}")
        return text


class Collector(Struct):
    """Collects the texts and tables of a page while it is read."""

    texts: list[str] = field(default_factory=lambda: [""])
    tables: list[list[list[str]]] = field(default_factory=list)
    heads: list[list[list[bool]]] = field(default_factory=list)
    inside: str = ""
    """What a text now stands in: "table", "row", "cell", or "" for none of these."""
    asked: str = ""
    """What the page's metadata say that it was asked for."""
    maker: str = ""
    """What the metadata say that made it."""

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
            self.tables[-1][-1][-1] += text
        else:
            self.texts[-1] += text

    def says(self) -> dict[str, str]:
        """What the page says of itself.

        Raises: UnreadableError where it does not, or is several pages.
        """
        asked = from_words(self.asked)
        if what := _HOLDS.get(asked.get("holds", "")):
            raise UnreadableError(what)
        if "hash" not in asked:
            of = self.maker if re.fullmatch(r"byhand [\w.+-]{1,40}", self.maker) else ""
            what = f"{of} printed it, as a page that" if of else "it is none of byhand's pages: it"
            raise UnreadableError(
                f"{what} does not say what it was asked for{'; verify it with that version' if of else ''}"
            )
        return asked

    def page(self, margins: Iterable[str]) -> Page:
        """The page, with what stands in its margins.

        Raises: UnreadableError where it does not say what it is.
        """
        asked = self.says()
        if sum(map(len, chain(self.texts, *chain(*self.tables)))) > MOST_TEXT:
            raise UnreadableError(f"it has over {MOST_TEXT:,} characters of text; no page of ours has as many")
        tables = (
            PageTable(tuple(tuple(map(squeezed, row)) for row in rows), tuple(map(tuple, heads)))
            for rows, heads in zip(self.tables, self.heads, strict=True)
        )
        return Page(tuple(map(squeezed, self.texts)), tuple(tables), asked, tuple(map(squeezed, margins)))


def student_in(words: Mapping[str, str]) -> Student | None:
    """The student whose copy a file is by the words that it says of itself; None where it is nobody's."""
    if not words.get("student"):
        return None
    return Student(
        as_text(words.get("named", "")),
        as_text(words["student"]),
        large=words.get("large") == LARGE_ALONE,
        moved=int(moved) if _MOVED.fullmatch(moved := words.get("moved", "")) else 0,
    )


def squeezed(text: str) -> str:
    """A text without spaces and what is not seen either; letters with accents in the usual form of Unicode."""
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text))


class _Reader:
    """HTML's texts and tables, and what its metadata say; drawings and styles are left out."""

    SKIPPED = ("head", "style", "script", "svg", "template", "textarea")
    TABLES = {"table": "table", "tr": "row", "td": "cell", "th": "cell"}  # noqa: RUF012 - of this class only

    def __init__(self, drawn: Callable[[str], str] = str) -> None:
        self.drawn = drawn
        self.collector = Collector()
        self.margins = dict.fromkeys(MARGINS, "")
        self.margin, self.deep = "", 0  # the element for a margin that is open, and the depth of open elements in it
        self.skipping = 0  # the depth of open elements within one that is left out

    def feed(self, html: str) -> None:
        """Read a page.

        Raises: UnreadableError for what neither byhand nor a browser writes; LookupError for an end without a
        beginning.
        """
        for token in tokens(html):
            match token:
                case Start(name, attributes):
                    self._start(name, attributes)
                case End(name) if name not in VOID:
                    self._end(name)
                case Text(text):
                    self._text(text)

    def _start(self, tag: str, known: Mapping[str, str]) -> None:
        if tag == "meta":
            if known.get("name") == ASKED:
                self.collector.asked = self.collector.asked or known.get("content", "")
            if known.get("name") == "generator":
                self.collector.maker = known.get("content", "")
        if tag in VOID:
            return
        if self.skipping or tag in self.SKIPPED or known.get("class") == ALOUD:
            self.skipping += 1
        elif self.deep or tag == "footer" or known.get("class") in MARGINS:
            self.margin = self.margin if self.deep else known["class"] if tag != "footer" else "foot"
            self.deep += 1
        elif tag in self.TABLES:
            self.collector.open(self.TABLES[tag], head=tag == "th")

    def _end(self, tag: str) -> None:
        if self.skipping:
            self.skipping -= 1
        elif self.deep:
            self.deep -= 1
        elif tag in self.TABLES:
            self.collector.close(self.TABLES[tag])

    def _text(self, text: str) -> None:
        if self.skipping:
            return
        if self.deep:
            self.margins[self.margin] += self.drawn(text)
        else:
            self.collector.text(self.drawn(text))


def read_html(html: str, drawn: Callable[[str], str] = str) -> Page:
    """A page from its HTML. Its margins are what it prints in each of MARGINS.

    drawn: the order of a text's letters.

    Raises: UnreadableError where it is none of byhand's.
    """
    if len(html) > LARGEST_HTML:
        raise UnreadableError(f"it has over {LARGEST_HTML:,} characters; no page of ours has as many")
    if html.count("<") > MOST_TAGS:
        raise UnreadableError(f"it has over {MOST_TAGS:,} tags; no page of ours has as many")
    reader = _Reader(drawn)
    try:
        reader.feed(html)
    except LookupError:
        raise UnreadableError("its tables end where none begins: it is none of byhand's pages") from None
    return reader.collector.page([*reader.margins.values()])


def differences(text: str, expected: str) -> Iterator[tuple[str, str]]:
    """Where two texts differ: the words found and expected, with some context."""
    from difflib import SequenceMatcher

    if text == expected:
        return
    start = _alike(text, expected)
    end = _alike(text[start:][::-1], expected[start:][::-1])
    ours, theirs = expected[start : len(expected) - end], text[start : len(text) - end]
    changes: list[tuple[str, int, int, int, int]] = [("replace", 0, len(theirs), 0, len(ours))]
    if len(ours) * len(theirs) < MOST_COMPARED:
        changes = SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes()  # type: ignore[assignment]
    for kind, a, b, c, d in changes:
        if kind != "equal":
            yield (
                cut(text[max(start + a - 20, 0) : start + b + 12]),
                cut(expected[max(start + c - 20, 0) : start + d + 12]),
            )


def _alike(a: str, b: str) -> int:
    """How many characters two texts have in common at their beginning."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def cut(text: str) -> str:
    """A text of a page as a message quotes it: no longer than a line or two."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"
