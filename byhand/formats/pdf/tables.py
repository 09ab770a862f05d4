"""Take the tables of figures out of a page's HTML, for the pen to draw: the place of every cell is known beforehand.

In the place of each is an empty drawing, which WeasyPrint lays out, and which tells where the table is to be drawn.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import unescape
from itertools import accumulate, groupby
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.copies import MARK, mark_number
from byhand.formats.fonts import FACES
from byhand.formats.look import COLOURS, LOOK
from byhand.formats.pdf.shape import has, shape

MM, PT = 96 / 25.4, 4 / 3  # px
SANS, BOLD, ITALIC, BOLD_ITALIC = "sans-400.ttf", "sans-600.ttf", "sans-400-italic.ttf", "sans-600-italic.ttf"
MATH, MATH_ITALIC = "math.ttf", "math-italic.ttf"
PLACE = "byhand table "  # the alternative text of the drawing in the place of a table, before the table's number
TextOf = Callable[[int], str]  # from a mark's number to the text that a copy has in its place
TABLE = re.compile(
    r'<table aria-label="(?P<name>[^"]*)" data-columns="(?P<columns>[\d. ]+)" data-rows="(?P<rows>[\d. ]+)" '
    r'data-size="(?P<size>\w*)">\s*<colgroup>[^/]*</colgroup>(?P<body>.*?)</table>',
    re.DOTALL,
)
_SPACES = re.compile(r"[ \t\r\n]+")


class UnknownLookError(Exception):
    """A table that is left to WeasyPrint, as it has what no figure of ours has, or letters that our fonts lack."""


class TextStyle(Struct, frozen=True):
    """How a text is set.

    size, lift: in px, the latter above the baseline. under: the style of the root that it is under.
    """

    face: str
    size: float
    lift: float = 0.0
    under: TextStyle | None = None


class Piece(Struct, frozen=True):
    """A text in one face, or a box to tick with its check.

    slot: the mark that the text stands for. before: the space before it, in px. room: the name of the field that a
    box to tick has room for. check: the colour of its check.
    """

    style: TextStyle
    text: str
    slot: int | None = None
    tick: bool = False
    before: float = 0.0
    room: str = ""
    check: str = COLOURS["pen"]

    @property
    def width(self) -> float:
        """The width in px, with the space before it."""
        if self.tick:
            return (LOOK["tick"] + LOOK["tick_room"]) * MM
        return self.before + shape(self.style.face, self.text).width * self.style.size / 1000


class CellStyle(Struct, frozen=True):
    """How the text of a cell is set.

    align: ½ where it is centred, 1 where it is aligned to the right; room: what is left free at the right, in px.
    valign: 0 at the top, ½ in the middle, 1 at the bottom. line: from one line to the next, in px.
    """

    text: TextStyle
    colour: str
    align: float = 0.5
    room: float = 0.0
    valign: float = 0.5
    line: float = 0.0


class TableCell(Struct, frozen=True):
    """A cell.

    head: col or row, where it is the label of one. answer: whether only a key shows its text.
    edges: the widths of the lines at its left, top, right and bottom, in px; dashed: whether they are.
    said: what is read aloud in place of its text; "" for the text. room: the name of the field that it has room for.
    """

    head: str
    span: int
    style: CellStyle
    lines: tuple[tuple[Piece, ...], ...]
    edges: tuple[float, float, float, float]
    dashed: bool
    answer: bool
    said: str = ""
    room: str = ""


class Table(Struct, frozen=True):
    """A table. columns, rows: where each begins and where the last one ends, in px."""

    name: str
    columns: tuple[float, ...]
    rows: tuple[float, ...]
    cells: tuple[tuple[TableCell, ...], ...]

    @property
    def pieces(self) -> Iterator[Piece]:
        """The pieces of text in all cells."""
        return (piece for row in self.cells for cell in row for line in cell.lines for piece in line)


def cut_out(html: str, texts: TextOf) -> tuple[str, list[Table]]:
    """A page with an empty drawing in place of each table that the pen can draw, and these tables."""
    from xml.etree import ElementTree  # of which a page that is laid out already needs nothing

    tables: list[Table] = []
    embedded: set[str] = set()

    def drawing(found: re.Match[str]) -> str:
        try:
            table = _table(**found.groupdict(), texts=texts)
        except (UnknownLookError, ElementTree.ParseError):
            return found[0]
        tables.append(table)
        used = {piece.style.face for piece in table.pieces} - embedded
        embedded.update(used)
        letters = "".join(  # for WeasyPrint to embed their fonts
            f'<text font-family="{face.family}" font-weight="{face.weight}" '
            f'font-style="{"italic" if "italic" in face.name else "normal"}">0</text>'
            for face in FACES
            if face.name in used
        )
        return (
            f'<svg width="{table.columns[-1]:.3f}" height="{table.rows[-1]:.3f}" style="position:absolute;left:0;'
            f'top:0;overflow:visible"><title>{PLACE}{len(tables) - 1}</title>{letters}</svg>'
        )

    return TABLE.sub(drawing, html), tables


def _table(*, name: str, columns: str, rows: str, size: str, body: str, texts: TextOf) -> Table:
    """A table from its HTML.

    Raises: UnknownLookError; ParseError.
    """
    from xml.etree import ElementTree

    lines = ElementTree.fromstring(f"<table>{body.replace('<wbr>', '<wbr/>')}</table>")
    cells = tuple(tuple(_cell(cell, size, texts) for cell in line) for line in lines)
    table = Table(unescape(name), _edges(columns), _edges(rows), cells)
    if [len(table.columns) - 1] * (len(table.rows) - 1) != [sum(cell.span for cell in row) for row in cells]:
        raise UnknownLookError
    return table


def _edges(sizes: str) -> tuple[float, ...]:
    return tuple(accumulate((float(size) * MM for size in sizes.split()), initial=0.0))


def _cell(cell: Any, size: str, texts: TextOf) -> TableCell:
    classes = cell.get("class", "").split()
    kind = classes[0] if classes else ""
    head = cell.get("scope", "") if cell.tag == "th" else ""
    style = _label_style(classes, head) if head else _style(kind, classes, size)
    lines: list[list[Piece]] = [[]]
    for piece in _pieces(cell, style.text, texts):
        if piece is None:
            lines.append([])
        else:
            lines[-1].append(piece)
    edge = 0.0 if head else {"a": LOOK["edge"] * PT, "k": LOOK["copy_edge"] * PT}.get(kind, 0.0)
    edges = (edge * ("b" in classes), edge * ("t" in classes), edge, edge)
    answer = bool(edge) and "p" not in classes
    stripped = tuple(tuple(_stripped(line)) for line in lines)
    said = cell.get("aria-label", "")
    span, room = int(cell.get("colspan", 1)), cell.get("data-field", "")
    return TableCell(head, span, style, stripped, edges, kind == "k", answer, said, room)


def _label_style(classes: Sequence[str], scope: str) -> CellStyle:
    """How the label of a row or a column is set."""
    token, inner = "token" in classes, "inner" in classes
    size = LOOK["token" if token and not inner else "label"] * PT
    style = CellStyle(TextStyle(SANS, size), COLOURS["ink" if token else "grey"], line=size)
    if scope == "row" and (token or inner):
        return replace(style, align=1.0, room=LOOK["token_room" if token else "inner_room"] * MM)
    return replace(style, valign=1.0) if inner else style


def _style(kind: str, classes: Sequence[str], size: str) -> CellStyle:
    """How a cell that is no label is set. size: that of numbers, where it is another than usual.

    Raises: UnknownLookError.
    """
    match kind:
        case "g" | "a" if kind == "g" or "p" in classes:
            return CellStyle(TextStyle(MATH, LOOK[size or "number"] * PT), COLOURS["ink"])
        case "a" | "k" if size_of := next((name for name in classes if name.startswith("written")), ""):
            return CellStyle(TextStyle(SANS, LOOK[size_of] * PT), COLOURS["written"])
        case "a" | "k":
            face = BOLD_ITALIC if kind == "a" else ITALIC
            return CellStyle(TextStyle(face, LOOK[size or "answer"] * PT), COLOURS["pen"])
        case "sign":
            return CellStyle(TextStyle(MATH, LOOK["sign"] * PT), COLOURS["ink"])
        case "caption" | "":
            text, line = TextStyle(SANS, LOOK["caption"] * PT), LOOK["caption_line"] * MM
            if "side" in classes:
                return CellStyle(text, COLOURS["ink"], align=1.0, room=LOOK["side_room"] * MM)
            return CellStyle(text, COLOURS["ink"], valign=0.0, line=line)
    raise UnknownLookError


def _pieces(node: Any, style: TextStyle, texts: TextOf) -> Iterator[Piece | None]:
    """The pieces of an element's text; None where a new line begins.

    Raises: UnknownLookError.
    """
    yield from _texts(node.text, style, texts)
    for child in node:
        match child.tag, child.get("class", ""):
            case "wbr", "":
                yield None
            case "i", "m":
                yield from _pieces(child, replace(style, face=MATH_ITALIC), texts)
            case "span", "upright":
                yield from _pieces(child, replace(style, face=SANS), texts)
            case "span", "root" | "":  # a number of a copy is in a span without a class
                yield from _pieces(child, style, texts)
            case "span", "radicand":
                before = LOOK["bar_start"] * style.size
                for piece in _pieces(child, replace(style, under=style), texts):
                    yield piece and replace(piece, before=before)
                    before = 0.0
            case ("sub" | "sup") as way, "":
                size = LOOK["index"] * style.size
                lift = style.lift + LOOK[way] * size * (1 if way == "sup" else -1)
                yield from _pieces(child, replace(style, size=size, lift=lift), texts)
            case "span", "tick" | "tick on" | "tick theirs" as look:
                room, check = child.get("data-field", ""), COLOURS["written" if "theirs" in look else "pen"]
                text = TextStyle(BOLD, LOOK["check"] * PT)
                yield Piece(text, child.text or "", tick=True, room=room, check=check)
            case _:
                raise UnknownLookError
        yield from _texts(child.tail, style, texts)


def _texts(text: str | None, style: TextStyle, texts: TextOf) -> Iterator[Piece]:
    """A text in pieces of one face each, and with slots by themselves.

    Raises: UnknownLookError.
    """
    for part in re.split(f"({MARK.pattern})", _SPACES.sub(" ", text or "")):
        if MARK.fullmatch(part):
            mark = mark_number(part)
            if _faces(style.face, own := texts(mark)) != ((style.face, own),):
                raise UnknownLookError
            yield Piece(style, own, mark)
        else:
            for face, letters in _faces(style.face, part):
                yield Piece(replace(style, face=face), letters)


@lru_cache(10_000)
def _faces(face: str, text: str) -> tuple[tuple[str, str], ...]:
    """A text in parts that one face has all letters of: this face, or else another. Spaces have that of a neighbour.

    Raises: UnknownLookError where no face has a letter.
    """

    def face_of(letter: str) -> str:
        found = next((each for each in (face, SANS, MATH) if has(each, letter)), None)
        if found is None or unicodedata.combining(letter):
            raise UnknownLookError
        return found

    faces = [face_of(letter) for letter in text if letter != " "]
    of_next = iter(faces)
    last = faces[0] if faces else face
    found = [last := last if letter == " " else next(of_next) for letter in text]
    parts = groupby(zip(found, text, strict=True), lambda each: each[0])
    return tuple((own, "".join(letter for _, letter in part)) for own, part in parts)


def _stripped(line: Sequence[Piece]) -> Iterator[Piece]:
    """A line without spaces at its ends, and without those that follow others."""
    space = True
    for at, piece in enumerate(line):
        text = piece.text.lstrip(" ") if space else piece.text
        text = text.rstrip(" ") if at == len(line) - 1 else text
        space = text.endswith(" ") or (space and not text)
        if text or piece.tick:
            yield piece if text == piece.text else replace(piece, text=text)
