"""The grid of a figure: a table for its matrices, and behind it a drawing of brackets, tiles and arrows.

The columns and rows of a grid have kinds. Two sets of measures, for print and for a phone, give each kind its size in
millimetres, both for the table and for the drawing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from itertools import groupby, zip_longest
from math import fsum
from numbers import Rational
from typing import Any, ClassVar, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.arithmetic.copies import categories, first
from byhand.arithmetic.expr import Div, Fn, nodes
from byhand.notation.marks import first_text, is_word, longest, written
from byhand.notation.text import value_text
from byhand.page.measures import PRINT, Measures
from byhand.worksheet.document import Cell, Panel

NARROW_TAG, TAG_WIDTH = 12.0, 17.0  # mm: of a tag on two lines, and on one
PHONE_CELL_EM, PHONE_LABEL_EM, PHONE_SMALL_LABEL_EM = 4.5, 4.23, 3.18  # mm, at 17, 16 and 12 px
USUAL_WORD = 5  # letters: a longer word may be parted
ROOM_FOR_WORD = 5  # letters: the least room for a word of a run
SLACK = 0.25  # mm by which a column may be narrower than its numbers need with all room round them

_LONG_NUMBER = re.compile(r"−?[\d.,]{5,}")  # for which a pencil needs a broad blank
PHONE_WIDTHS = {"l": 10.0, "d": 6.0, "g": 7.7, "w": 7.7, "a": 11.65, "b": 15.0, "j": 6.0, "s": 2.5, "o": 9.0}
PHONE_HEIGHTS = {"c": 6.0, "h": 5.5, "h2": 10.0, "h3": 14.5, "u": 8.0, "t": 5.0, "r": 11.65, "f": 11.65, "e": 2.0}
_ADVANCES = {
    **dict.fromkeys("−+=÷", 0.72), **dict.fromkeys("()", 0.357),
    "∞": 0.953, "·": 0.282, " ": 0.235, ".": 0.245, "√": 0.8,
}  # fmt: skip
_BUILT = re.compile(r"(?<!\d)(\d{1,3})/(\d{1,3})(?!\d)")


class Slot(Struct, frozen=True):
    """A cell of the table: a value or a label, with its CSS classes."""

    cls: str
    cell: Cell | None = None
    label: str = ""
    lines: int = 1
    """How many lines the label is broken into."""
    scope: Literal["", "col", "row"] = ""
    span: int = 1
    row: str = ""
    """What its row is called."""
    name: str = ""
    """The accessible name of a blank, or of a caption that does not say it all."""
    ticked: Panel | None = None
    """The matrix of a caption with a box to tick."""
    known: Panel | None = None
    """The matrix of a caption whose numbers are known from an earlier sheet."""

    @property
    def pieces(self) -> tuple[str, ...]:
        """The label, broken into its lines: between its words, where it has two."""
        if self.lines == 1:
            return (self.label,) if self.label else ()
        if self.is_two_words:
            return tuple(self.label.split(" "))
        size = self.letters(self.lines)
        return tuple(self.label[i : i + size] for i in range(0, len(self.label), size))

    @property
    def is_two_words(self) -> bool:
        """Whether the label has two words, between which it is broken."""
        return self.label.count(" ") == 1

    @property
    def is_before(self) -> bool:
        """Whether it is the name of a row to its right."""
        return self.cls == "caption side"

    def letters(self, lines: int) -> int:
        """The letters on a line if the label is broken into `lines`: at most 3 over a column, 2 before a row."""
        if lines > 1 and self.is_two_words:
            return max(map(len, self.label.split(" ")))
        most = longest(self.label)
        return -(-most // min(lines, 3 if self.scope == "col" else 2)) if most > USUAL_WORD else USUAL_WORD


class Mark(Struct, frozen=True):
    """A bracket, a tile or a frame of dots round the cells from (top, left) to (bottom, right), exclusive."""

    kind: Literal["bracket", "tile", "dots", "right", "down"]
    top: int
    left: int
    bottom: int
    right: int


class Tag(Struct, frozen=True):
    """The tag of a matrix, its name and shape: right of the column `left`, or over the columns `left` to `right`."""

    panel: Panel
    side: Literal["right", "over"]
    top: int
    left: int
    bottom: int
    right: int
    parted: bool = False
    """Whether name and shape are on two lines, as over a column of biases."""


class Line(Struct, frozen=True):
    """Matrices that on a phone stand below others: the columns from `left` to `right`, exclusive."""

    left: int
    right: int
    way: tuple[float, float]
    """By how much their cells are moved to the right, and down, in mm."""
    width: float
    """Where the line ends, in mm."""
    bottom: float
    """How far down the line ends, in mm."""
    room: float
    """The width of the labels before its first matrix, in mm, or before the sign that stands between them."""
    labels: tuple[tuple[int, Slot], ...]
    """The labels that stand there again, by their rows."""


def _nowhere(grid: Grid) -> Grid:
    raise TypeError("the figure is not laid out")


class Grid(Struct, dict=True):
    """A figure as rows and columns of slots, with its marks and tags."""

    cols: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    slots: dict[tuple[int, int], Slot] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    formula: str = ""
    formula_end: int = 0
    """The column up to which the formula may reach."""
    dots: Panel | None = None
    """The pattern that is drawn as dots."""
    weights: list[tuple[int, int, Any]] = field(default_factory=list)
    """The row, column and weight of each dot."""
    label: str = ""
    measures: Measures = PRINT
    widths: dict[str, float] = field(default_factory=dict)
    scale: float = 1.0
    """The factor for the type size of numbers."""
    outdent: float = 0.0
    """How many mm it begins before the place of figures, beside words."""
    on_phone: Callable[[Grid], Grid] = _nowhere
    """Sets its widths and lines on a phone. This is done when they are asked for, since print needs neither."""
    kind: ClassVar[str] = "grid"

    def __post_init__(self) -> None:
        self.widths = {**self.measures.widths, **self.widths}

    @cached_property
    def numbers(self) -> dict[str, float]:
        """The width of the widest number in each kind of column, in mm."""
        return widest(self, partial(number_width, em=self.measures.ems["number"]))

    @cached_property
    def phone_widths(self) -> dict[str, float]:
        """The widths of the kinds of columns on a phone, in mm."""
        return self.on_phone(self).phone_widths

    @cached_property
    def phone_lines(self) -> list[Line]:
        """The lines in which its matrices stand on a phone; none where it has room as it is."""
        return self.on_phone(self).phone_lines

    def slots_by_row(self) -> list[list[Slot]]:
        """The slots of each row; adjacent empty ones are merged into one."""
        result = []
        for r in range(len(self.rows)):
            line: list[Slot] = []
            c = 0
            while c < len(self.cols):
                slot = self.slots.get((r, c))
                if slot is None:
                    end = c + 1
                    while end < len(self.cols) and (r, end) not in self.slots:
                        end += 1
                    slot = Slot("", span=end - c)
                line.append(slot)
                c += slot.span
            result.append(line)
        return result

    @property
    def size(self) -> Literal["", "small", "smaller"]:
        """The type size of its numbers, by its name."""
        return "" if self.scale == 1 else "small" if self.scale > 0.7 else "smaller"

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of cells in each row."""
        return tuple(map(len, self.slots_by_row()))

    @property
    def stretches(self) -> list[tuple[str, int]]:
        """The kinds of the columns, and how many of a kind stand side by side."""
        return [(kind, len(list(same))) for kind, same in groupby(self.cols)]

    def x(self, col: int, *, phone: bool = False) -> float:
        """The left edge of a column, in mm."""
        widths = self.phone_widths if phone else self.widths
        return round(fsum([widths[k] for k in self.cols[:col]]), 3)

    def y(self, row: int, *, phone: bool = False) -> float:
        """The upper edge of a row, in mm."""
        heights = PHONE_HEIGHTS if phone else self.measures.heights
        return round(fsum([heights[k] for k in self.rows[:row]]), 3)

    @property
    def width(self) -> float:
        """The width in print, in mm."""
        return self.x(len(self.cols))

    @property
    def height(self) -> float:
        """The height in print, in mm."""
        return self.y(len(self.rows))

    @property
    def phone_width(self) -> float:
        """The width on a phone, in mm."""
        return max((line.width for line in self.phone_lines), default=self.x(len(self.cols), phone=True))

    @property
    def phone_height(self) -> float:
        """The height on a phone, in mm."""
        return max((line.bottom for line in self.phone_lines), default=self.y(len(self.rows), phone=True))

    def line(self, col: int) -> int:
        """The number, from 1, of the line in which a column stands on a phone; 0 if that is where it is in print."""
        lines = enumerate(self.phone_lines, 1)
        return next((n for n, line in lines if line.left <= col < line.right and line.way != (0.0, 0.0)), 0)

    def box(self, top: int, left: int, bottom: int, right: int, *, phone: bool) -> tuple[float, float, float, float]:
        """The left, upper, right and lower edge of cells, in mm: on a phone, where they stand in their line."""
        n = self.line(left) if phone else 0
        dx, dy = self.phone_lines[n - 1].way if n else (0.0, 0.0)
        x, y = partial(self.x, phone=phone), partial(self.y, phone=phone)
        return x(left) + dx, y(top) + dy, x(right) + dx, y(bottom) + dy

    @property
    def tagged_width(self) -> float:
        """The width with the tags on two lines, in mm."""
        return self.width + NARROW_TAG * bool(self.tags)

    @property
    def room(self) -> float:
        """The width that the grid needs, in mm; its tags may use what is left of the figures' width."""
        return max(self.measures.figure, self.tagged_width) if self.tags else self.width - self.outdent

    def add(self, kinds: str) -> int:
        """Add columns of these kinds; returns the index of the first."""
        self.cols += kinds
        return len(self.cols) - len(kinds)

    def put(self, panel: Panel, top: int, left: int) -> None:
        """Put the cells of a matrix on the grid, with its marks and its tag."""
        box = above, before = _box(panel)
        for i, row in enumerate(panel.cells):
            for j, cell in enumerate(row):
                name = f"{panel.caption or panel.symbol} {panel.rows[i]} {panel.cols[j]}".strip()
                self.slots[top + i, left + j] = Slot(
                    _classes(panel, cell, i, j, box), cell, row=panel.rows[i], name=name
                )
        bottom, right = top + panel.shape[0], left + panel.shape[1]
        if above:
            bottom = top + above
        elif before:
            right = left + before
        if panel.role == "given" or above or before:
            self.marks.append(Mark("bracket", top, left, bottom, right))
        elif panel.role == "parameter":
            self.marks.append(Mark("tile", top, left, bottom, right))

    def head(self, panel: Panel, top: int, left: int) -> None:
        """Put the column labels of a matrix on the grid."""
        for j, label in enumerate(panel.cols):
            if label:
                self.slots[top, left + j] = Slot(_known(panel.along[1]), label=label, scope="col")

    def side(self, panel: Panel, top: int, left: int, cls: str = "") -> None:
        """Put the row labels of a matrix on the grid."""
        for i, label in enumerate(panel.rows):
            if label:
                said = written(_quoted, label) if first_text(label) == "=" else label  # or it would be read as a sign
                self.slots[top + i, left] = Slot(_known(panel.along[0], cls), label=said, scope="row")


def _quoted(word: str) -> str:
    return f"“{word}”"


def answers(panel: Panel) -> str:
    """The kind of the columns of a matrix with blanks: broad where a number is long. A fraction is built."""
    cells = (cell for row in panel.cells for cell in row if cell.blank and not isinstance(cell.value, str))
    texts = (value_text(value) for cell in cells for value in categories(cell.value))
    return "b" if any(_LONG_NUMBER.fullmatch(text) for text in texts) else "a"


def _known(*kinds: str) -> str:
    """Those of the kinds of a label that look otherwise than others, as CSS classes."""
    return " ".join(kind for kind in kinds if kind in ("token", "inner"))


def _box(panel: Panel) -> tuple[int, int]:
    """The row and the column at which the box of an answer begins: what is before is given, as at the easy level."""
    if not (panel.is_answer and panel.has_blanks):
        return 0, 0
    if 1 in panel.shape and len(panel.flat) > 2 and sum(not cell.blank for cell in panel.flat) == 1:
        return 0, 0  # of a single row, a first cell that is worked as an example
    across, down = panel.cells, zip(*panel.cells, strict=True)
    row, col = (next(n for n, line in enumerate(each) if any(c.blank for c in line)) for each in (across, down))
    return row, col


def _classes(panel: Panel, cell: Cell, i: int, j: int, box: tuple[int, int]) -> str:
    """a: an answer, k: a copy, g: printed; with the edges t and b (upper, left) of a box, and p for print in one.

    box: the row and the column at which the box of an answer begins.
    """
    if not panel.is_answer:
        return "a t b" if cell.blank else "g"
    top, left = box
    if i < top or j < left:
        return "g"
    edges = " t" * (i == top) + " b" * (j == left)
    return ("a" if panel.role == "ask" else "k") + edges + " p" * (not cell.blank)


def unlike(shape: Sequence[int], other: Sequence[int]) -> int:
    """A distance between two shapes of tables: in how many cells their rows differ in length."""
    return sum(abs(a - b) for a, b in zip_longest(shape, other, fillvalue=0))


FITTED = "gwabld"  # the kinds of columns that are as wide as what is in them


def fitted(grid: Grid, room: float, most: float) -> Grid:
    """Set the widths of a grid's columns: wide enough for their numbers, and together at most `room`, or else `most`.

    If the columns do not fit, numbers are set smaller; if that does not help, long words are broken. Columns of
    printed numbers share the room that is left.
    """
    numbers, measures = grid.numbers, grid.measures
    least_scale = measures.least_fraction if "f" in grid.rows else 0.0
    for lines in (1, 2, 3):
        labels = widest(grid, partial(_label_width, measures, lines=lines))
        for scale, fits in (each for each in measures.scales if each[0] >= least_scale):
            need = {kind: max(numbers[kind] * scale + measures.number_room, labels[kind]) for kind in FITTED}
            for air, least in fits:
                grid.widths |= {**least} | {
                    k: need[k] + air * (k in "gw") if need[k] > least[k] + SLACK else least[k] for k in FITTED
                }
                grid.scale = scale
                if grid.width <= (room if scale == 1.0 else most):
                    return _finished(grid, room)
    return _finished(grid, room)


def _finished(grid: Grid, room: float) -> Grid:
    """Break labels that are wider than their columns, and make their rows higher."""
    measures = grid.measures
    wide = room + measures.gutter if {"g", "j"} <= set(grid.cols) else room
    for kind, most in measures.widest:
        if count := grid.cols.count(kind):
            wider = min(most, grid.widths[kind] + (wide - grid.width) / count)
            grid.widths[kind] = max(grid.widths[kind], wider)
    if "j" in grid.cols and grid.width < room:
        grid.widths["j"] = min(measures.airy_sign, grid.widths["j"] + (room - grid.width) / grid.cols.count("j"))
    grid.outdent = wide - room if grid.width > room else 0.0
    for (row, col), slot in grid.slots.items():
        lines = next((n for n in (1, 2) if _label_width(measures, slot, n) <= grid.widths[grid.cols[col]]), 3)
        if lines == 1:
            continue
        most = longest(slot.label) - slot.is_two_words  # the blank between them is left out
        parts = -(-most // slot.letters(lines))  # a short label stays whole
        if parts > 1:
            grid.slots[row, col] = replace(slot, lines=lines)
            if slot.scope == "col":
                grid.rows[row] = max(grid.rows[row], f"h{parts}", key=measures.heights.__getitem__)
    return grid


def widest(grid: Grid, width: Callable[[Slot], float]) -> dict[str, float]:
    """The width of the widest slot in each column, in mm. Captions and signs may be wider than their columns."""
    widest = dict.fromkeys(grid.measures.widths, 0.0)
    for (_, col), slot in grid.slots.items():
        if (slot_width := width(slot)) > widest[kind := grid.cols[col]]:
            widest[kind] = slot_width
    return widest


def number_width(slot: Slot, em: float) -> float:
    """The width that a number needs, in mm; 0 for what is none. em: the type size of numbers."""
    return text_width(slot.cell, em) if slot.cell is not None else 0.0


def _label_width(measures: Measures, slot: Slot, lines: int) -> float:
    """The width that a label on paper needs when broken into `lines`, in mm."""
    ems, spaces = measures.ems, (measures.beside, measures.over)
    return label_width(slot, lines, ems["token"], ems["label"], spaces)


def label_width(slot: Slot, lines: int, token: float, other: float, spaces: tuple[float, float]) -> float:
    """The width that a label needs when broken into `lines`. token, other: the type sizes of labels.

    spaces: those of a label of a row, and of a column, in mm.
    """
    if not slot.scope:
        return 0.0
    length = max(longest(slot.label), ROOM_FOR_WORD) if is_word(slot.label) else len(slot.label)
    size, letters = token if slot.cls == "token" else other, min(slot.letters(lines), length)
    return 0.5 * size * letters + spaces[slot.scope != "row"]


def text_width(cell: Cell, em: float) -> float:
    """The estimated width of a number in type of this size, in mm, with room for a minus sign.

    With that room, a renaming of dimensions that changes signs moves nothing on the page.
    """
    texts = [value_text(value) for value in categories(cell.value)]
    return max(ems(text if isinstance(cell.value, str) else "−" + text.removeprefix("−")) for text in texts) * em


@lru_cache(10_000)
def ems(text: str) -> float:
    """The width of a text in the maths face, in ems; fractions of up to three digits over three are stacked."""
    text = _BUILT.sub(lambda m: max(m[1], m[2], key=len), text)
    return fsum(_ADVANCES.get(c, 0.5) for c in text)


def has_fractions(*panels: Panel) -> bool:
    """Whether a matrix needs higher rows, for stacked fractions.

    So it does if it has some, or if its numbers are powers, or divided by a count or a cell, even if they are whole
    in this run, or if its sheet says that other seeds have some. The scale √d_k of scores is not counted: it is 1 or
    2 on most sheets.
    """
    if any(panel.fractions and isinstance(first(panel.flat[0].value), Rational) for panel in panels):
        return True
    cells = [cell for panel in panels for row in panel.cells for cell in row]
    return any(_is_fraction(value) for cell in cells for value in categories(cell.value)) or any(
        (isinstance(node, Div) and not isinstance(node.right, Fn)) or (isinstance(node, Fn) and node.name == "pow")
        for cell in cells
        if cell.rule is not None and isinstance(first(cell.value), Rational)
        for node in nodes(cell.rule)
    )


def _is_fraction(value: Any) -> bool:
    if isinstance(value, Fraction):
        return value.denominator != 1
    return not isinstance(value, Decimal | float | str) and "/" in value_text(value)


def weights(panel: Panel) -> list[tuple[int, int, Any]]:
    """The row, the column and the weight of each dot of a pattern; letters have no dots. The dot of a weight of 0 has
    no size: another run may look there.
    """
    return [
        (i, j, cell.value)
        for i, row in enumerate(panel.cells)
        for j, cell in enumerate(row)
        if any(map(_is_weight, categories(cell.value)))
    ]


def _is_weight(value: Any) -> bool:
    try:
        return float(value) >= 0
    except TypeError:
        return False
