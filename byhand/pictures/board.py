"""A sketch for the board: a few words and arrows, which can be drawn with chalk in a minute.

    birds | *eat* | seeds            a row of words, with bars between them; *eat* is bold
    [4, −1] | ((1, 2)) | $W_Q$       in a box, in a ring, a formula; what stands between two bars may be empty
    eat -> seeds: 1/4                an arrow from one word to another, and what stands at it
    eat => birds: 1/2                a thick one; where a share stands at it, it is as thick as the share is large
    eat .> night                     a dashed one
    2.1 -- 2.2                       a line; the first word of the second row, where two words are the same
    > Thick: where “eat” looks.      a line to stand below the sketch

Along a row, arrows to the next word are straight and all others bows; where some lead back and some do not, or lead
farther back than the word before, all of the row are bows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import dist, fsum, hypot

from msgspec import Struct
from msgspec.structs import replace

from byhand.errors import SheetError, UnknownNameError
from byhand.notation.inline import spoken
from byhand.pictures.canvas import BUILT, SMALLEST, WHITE, Layer
from byhand.pictures.labels import Label, formula, words
from byhand.pictures.shapes import Point, Shape

WIDTH, HEIGHT = 82.0, 58.0  # mm: of the board
EDGE = 3.0  # mm: between its frame and what is drawn
TEXT, AT_ARROW = 3.6, 3.2  # mm: the sizes of words
MOST_ROWS, LONGEST_LINE = 8, 300  # of a sketch: rows, and characters
THIN, THICK, LINE = 0.45, 1.1, 0.35  # mm: of arrows, and of frames
OF_SHARE = (0.3, 1.2)  # mm: the width of an arrow for a share of 0, and how much more it is for one of 1
HIGH, PAD, GAP, TIP = 6.6, 2.0, 0.8, 2.4  # mm: a box, its margins, what is free around it, the head of an arrow
BOW, HIGHEST = 0.8, 23.0  # how much higher a row with bows is, as a share; mm: the height of a row at most
LEAST_GAP = 2.0  # mm: between two items of a row
APART = 0.12  # of an arrow: how far from its middle its label stands, away from where it meets others
DASH = (1.4, 1.0)
_ARROW = re.compile(r"(?P<start>.+?) (?P<kind>->|=>|\.>|--) (?P<end>.+?)(?:: (?P<label>.+))?")
_PLACE = re.compile(r"(\d+)\.(\d+)")
_FRACTION = re.compile(r"−?\d+(/\d+|\.\d+)?")
_LOOKS = {"box": re.compile(r"\[(.+)\]"), "ring": re.compile(r"\(\((.+)\)\)"), "": re.compile("(.*)")}
_BOLD = re.compile(r"\*(.+)\*")
Say = Callable[..., str]


class Item(Struct, frozen=True):
    """A word of the sketch."""

    text: str
    look: str
    """"box", "ring", or "" where nothing is drawn around it."""
    bold: bool

    @property
    def said(self) -> str:
        """The word as it is spoken."""
        return _said(self.text)


class Arrow(Struct, frozen=True):
    """An arrow from one word to another, both by row and place in it."""

    start: tuple[int, int]
    end: tuple[int, int]
    kind: str
    label: str

    @property
    def width(self) -> float:
        """Its width, in mm."""
        if self.kind != "=>":
            return THIN
        share = Fraction(self.label.replace("−", "-")) if _FRACTION.fullmatch(self.label) else None
        return OF_SHARE[0] + OF_SHARE[1] * float(share) if share is not None and 0 <= share <= 1 else THICK


class Board(Struct, frozen=True):
    """A sketch."""

    rows: tuple[tuple[Item, ...], ...]
    arrows: tuple[Arrow, ...]
    caption: str
    """What stands below it, in Markdown."""
    shapes: tuple[Shape, ...] = ()
    """What is drawn, in mm."""

    def said(self, say: Say) -> str:
        """The sketch in a sentence. say: as of a picture."""
        rows = "; ".join(", ".join(item.said for item in row if item.text) for row in self.rows)
        arrows = (
            say(
                "half_page.arrow_with" if arrow.label else "half_page.arrow", label=_said(arrow.label),
                **{way: self.rows[i][j].said for way, (i, j) in (("start", arrow.start), ("end", arrow.end))},
            )
            for arrow in self.arrows
        )  # fmt: skip
        return say("half_page.board_said", rows=rows, arrows="; ".join(arrows) or "—")


def board(text: str) -> Board:
    """Read a sketch, and draw it.

    Raises: SheetError where there is no room for it, or nothing on it; UnknownNameError for an arrow that leads to no
    word.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if long := next((line for line in lines if len(line) > LONGEST_LINE), ""):
        raise SheetError(f"a line has {len(long):,} characters; {LONGEST_LINE} are the most")
    found = [_ARROW.fullmatch(line) for line in lines]
    captions = [line[1:].strip() for line in lines if line.startswith(">")]
    rows = tuple(
        tuple(map(_item, line.split("|")))
        for line, arrow in zip(lines, found, strict=True) if not arrow and not line.startswith(">")
    )  # fmt: skip
    if not rows:
        raise SheetError("a board has a row of words, such as birds | eat | seeds")
    if len(rows) > MOST_ROWS:
        raise SheetError(f"there are {len(rows)} rows of words; a board has room for {MOST_ROWS}")
    places = {item.text: (i, j) for i, row in reversed([*enumerate(rows)]) for j, item in reversed([*enumerate(row)])}
    arrows = tuple(
        Arrow(_place(m["start"], rows, places), _place(m["end"], rows, places), m["kind"], m["label"] or "")
        for m, line in zip(found, lines, strict=True) if m and not line.startswith(">")
    )  # fmt: skip
    read = Board(rows, arrows, " ".join(captions))
    return replace(read, shapes=_Drawing(read).on.drawn)


def _item(text: str) -> Item:
    text = text.strip()
    look, inner = next((look, m[1].strip()) for look, shape in _LOOKS.items() if (m := shape.fullmatch(text)))
    bold = _BOLD.fullmatch(inner)
    return Item(bold[1] if bold else inner, look, bool(bold))


def _place(name: str, rows: Sequence[Sequence[Item]], places: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    if name in places:
        return places[name]
    if at := _PLACE.fullmatch(name):
        i, j = int(at[1]) - 1, int(at[2]) - 1
        if 0 <= i < len(rows) and 0 <= j < len(rows[i]):
            return i, j
    raise UnknownNameError("word on the board", name, filter(None, places))


def _is_formula(text: str) -> bool:
    return len(text) > 2 and text.startswith("$") and text.endswith("$")


def _said(text: str) -> str:
    """A word or a formula as it is spoken."""
    return spoken(text[1:-1]) if _is_formula(text) else text


def _label(text: str, size: float) -> Label:
    return formula(text[1:-1], size) if _is_formula(text) else words(text, size)


def _width(text: str, size: float) -> float:
    """The estimated width of a word or a number, in mm: a fraction is built."""
    if "/" in text and _FRACTION.fullmatch(text):
        return max(words(part, BUILT * size).width for part in text.split("/"))
    return _label(text, size).width


def _half(item: Item, size: float) -> float:
    """Half of the width of an item, with its frame."""
    return _width(item.text, size) * (1.06 if item.bold else 1.0) / 2 + (PAD if item.look else 0.3)


def _columns(rows: Sequence[Sequence[Item]]) -> tuple[list[float], float]:
    """Where the items of rows of one length stand, and the size of their type: in columns of one width or, where
    these are too narrow, with equal gaps.

    Raises: SheetError where no size has room.
    """
    room, count, size = WIDTH - 2 * EDGE, len(rows[0]), TEXT
    while fsum(widths := [max(2 * _half(item, size) for item in column) for column in zip(*rows, strict=True)]) > (
        room - LEAST_GAP * count
    ):
        size -= 0.1
        if size < SMALLEST:
            longest = max(rows, key=lambda row: fsum(_half(item, TEXT) for item in row))
            told = " | ".join(item.text for item in longest)
            raise SheetError(f"“{told}” has no room in one row; say it in fewer letters")
    if max(widths) <= room / count - LEAST_GAP:
        return [EDGE + room / count * (k + 0.5) for k in range(count)], size
    gap = (room - fsum(widths)) / count
    return [EDGE + fsum(widths[:k]) + gap * (k + 0.5) + widths[k] / 2 for k in range(count)], size


class _Room(Struct, frozen=True):
    """Where an item stands: its middle, half of its width and of its height, and the size of its type, in mm."""

    x: float
    y: float
    w: float
    h: float
    size: float

    def edge(self, to: Point) -> Point:
        """Where a straight line from the middle to another point leaves it."""
        dx, dy = to[0] - self.x, to[1] - self.y
        share = min((self.w + GAP) / abs(dx) if dx else 9e9, (self.h + GAP) / abs(dy) if dy else 9e9, 1.0)
        return self.x + share * dx, self.y + share * dy


class _Drawing:
    """A sketch as it is drawn: arrows, then words over them."""

    def __init__(self, board: Board) -> None:
        self.on = Layer()
        self.on.box(0.3, 0.3, WIDTH - 0.6, HEIGHT - 0.6, rx=1.5, width=LINE)
        self.bows = {a for a in board.arrows if a.start[0] == a.end[0] and self._is_bow(board, a)}
        self.starts = Counter(arrow.start for arrow in board.arrows)
        self.ends = Counter(arrow.end for arrow in board.arrows)
        self.rooms = [*self._rooms(board)]
        for arrow in board.arrows:
            self._arrow(arrow)
        for row, rooms in zip(board.rows, self.rooms, strict=True):
            for item, room in zip(row, rooms, strict=True):
                self._item(item, room)

    @staticmethod
    def _is_bow(board: Board, arrow: Arrow) -> bool:
        """Whether an arrow along a row is a bow: one that is not to the next word, and all where some lead each
        way.
        """
        steps = {a.end[1] - a.start[1] for a in board.arrows if a.start[0] == a.end[0] == arrow.start[0]}
        return abs(arrow.end[1] - arrow.start[1]) != 1 or (min(steps) < 0 and steps != {-1})

    def _rooms(self, board: Board) -> Iterator[list[_Room]]:
        """Where each item stands: rows one below the other, the items of a row spread over the width."""
        with_bows = {arrow.start[0] for arrow in self.bows}
        weights = [1 + BOW * (i in with_bows) for i in range(len(board.rows))]
        unit = min((HEIGHT - 2 * EDGE) / fsum(weights), HIGHEST)
        y = (HEIGHT - unit * fsum(weights)) / 2
        columns = {n: _columns([row for row in board.rows if len(row) == n]) for n in {*map(len, board.rows)}}
        for row, weight in zip(board.rows, weights, strict=True):
            middles, size = columns[len(row)]
            rooms = []
            for item, x in zip(row, middles, strict=True):
                high = HIGH / 2 + 0.9 * ("/" in item.text) if item.look else 0.7 * size
                half = max(_half(item, size), high if item.look else 0.0)
                rooms.append(_Room(x, y + unit * (weight - 0.5), half, high, size))
            yield rooms
            y += unit * weight

    def _item(self, item: Item, room: _Room) -> None:
        if item.look:
            self.on.box(
                room.x - room.w, room.y - room.h, 2 * room.w, 2 * room.h, fill=WHITE,
                width=0.9 if item.bold else LINE, rx=room.h if item.look == "ring" else 0.4,
            )  # fmt: skip
        self._write(room.x, room.y, item.text, room.size, item.bold)

    def _write(self, x: float, y: float, text: str, size: float, bold: bool = False) -> None:
        if _is_formula(text):
            self.on.math(x, y + 0.34 * size, text[1:-1], size)
        elif _FRACTION.fullmatch(text):
            self.on.number(x, y, text, size)
        elif text:
            self.on.text(x, y + 0.34 * size, text, size, bold=bold)

    def _arrow(self, arrow: Arrow) -> None:
        (a, b), (c, d) = arrow.start, arrow.end
        start, end, dash = self.rooms[a][b], self.rooms[c][d], DASH if arrow.kind == ".>" else ()
        if arrow in self.bows:
            self._bow(arrow, start, end, dash)
            return
        tail, tip = start.edge((end.x, end.y)), end.edge((start.x, start.y))
        length = max(dist(tail, tip), 0.1)
        way = (tip[0] - tail[0]) / length, (tip[1] - tail[1]) / length
        self._tipped(arrow, tip, way)
        back = TIP * 0.8 * (arrow.kind != "--")
        self.on.line(tail, (tip[0] - back * way[0], tip[1] - back * way[1]), width=arrow.width, dash=dash)
        flat = abs(way[0]) > 0.98
        # where arrows meet, what stands at them is apart from it
        share = 0.5 + APART * ((self.starts[arrow.start] > 1) - (self.ends[arrow.end] > 1))
        x, y = (a + share * (b - a) for a, b in zip(tail, tip, strict=True))
        self._at(arrow.label, x, y - (3.0 if flat else 0.0), not flat)

    def _bow(self, arrow: Arrow, start: _Room, end: _Room, dash: Sequence[float]) -> None:
        """A bow over a row: to the word itself a loop."""
        apart = end.x - start.x
        out = 0.0 if not apart else min(start.w, 2.0) * (1 if apart > 0 else -1)
        tail = (start.x + out if apart else start.x - 2.4, start.y - start.h - GAP)
        tip = (end.x if apart else end.x + 2.4, end.y - end.h - GAP)
        high = 12.0 if not apart else min(14.0, 8.0 + 0.14 * abs(apart))
        over = (tail[0] + tip[0]) / 2, min(tail[1], tip[1]) - high
        length = hypot(tip[0] - over[0], tip[1] - over[1])
        way = (tip[0] - over[0]) / length, (tip[1] - over[1]) / length
        self._tipped(arrow, tip, way)
        back = TIP * 0.8 * (arrow.kind != "--")
        self.on.arc(tail, over, (tip[0] - back * way[0], tip[1] - back * way[1]), arrow.width, dash=dash)
        top = (min(tail[1], tip[1]) + over[1] - arrow.width) / 2
        self._at(arrow.label, over[0], top - (3.4 if "/" in arrow.label else 2.0), False)

    def _tipped(self, arrow: Arrow, tip: Point, way: Point) -> None:
        if arrow.kind == "--":
            return
        self.on.head(tip, way, length=TIP, half=TIP * 0.42 + arrow.width * 0.3)

    def _at(self, label: str, x: float, y: float, on_white: bool) -> None:
        """What stands at an arrow."""
        if not label:
            return
        if on_white:
            half, high = _width(label, AT_ARROW) / 2 + 0.5, (2.9 if "/" in label else 2.0)
            self.on.box(x - half, y - high, 2 * half, 2 * high, fill=WHITE, width=0)
        self._write(x, y, label, AT_ARROW * (1.15 if "/" in label else 1.0))
