"""How the tables of figures are set, for the pen to draw: the place of every cell is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from byhand.page.look import COLOURS, COLOURS_OF, LOOKS, Sizes
from byhand.page.table import LaidCell, LaidTable, Tick, edges
from byhand.press.pieces import (
    BOLD,
    BOLD_ITALIC,
    ITALIC,
    MATH,
    MM,
    PT,
    SANS,
    Piece,
    TextOf,
    TextStyle,
    UnknownLookError,
    pieces_of,
    stripped,
)


class CellStyle(Struct, frozen=True):
    """How the text of a cell is set."""

    text: TextStyle
    align: float = 0.5
    """½ where it is centred, 1 where it is aligned to the right."""
    room: float = 0.0
    """How many px are left free at the right."""
    valign: float = 0.5
    """0 at the top, ½ in the middle, 1 at the bottom."""
    line: float = 0.0
    """How many px there are from one line to the next."""


class TableCell(Struct, frozen=True):
    """A cell."""

    head: str
    """What it is the label of: col, row, or "" for neither."""
    span: int
    style: CellStyle
    lines: tuple[tuple[Piece, ...], ...]
    edges: tuple[float, float, float, float]
    """The widths of the lines at its left, top, right and bottom, in px."""
    dashed: bool
    """Whether those lines are dashed."""
    answer: bool
    """Whether only a key shows its text."""
    said: str = ""
    """What is read aloud in place of its text; "" for the text."""
    room: str = ""
    """The name of the field that it has room for."""


class Table(Struct, frozen=True):
    """A table."""

    name: str
    columns: tuple[float, ...]
    """Where each column begins and where the last one ends, in px."""
    rows: tuple[float, ...]
    """Where each row begins and where the last one ends, in px."""
    cells: tuple[tuple[TableCell, ...], ...]
    look: str = ""
    """The name of the look that it is set in, as of LOOKS."""

    @property
    def pieces(self) -> Iterator[Piece]:
        """The pieces of text in all cells."""
        return (piece for row in self.cells for cell in row for line in cell.lines for piece in line)


def table(laid: LaidTable, texts: TextOf) -> Table:
    """How a table is set.

    Raises: UnknownLookError.
    """
    cells = tuple(tuple(_cell(cell, laid, texts) for cell in row) for row in laid.cells)
    return Table(laid.name, edges(laid.columns), edges(laid.rows), cells, laid.look)


def _cell(cell: LaidCell, of: LaidTable, texts: TextOf) -> TableCell:
    """How a cell of a table is set."""
    look = LOOKS[of.look]
    classes, head = cell.classes.split(), cell.scope
    kind = classes[0] if classes else ""
    style = _label_style(classes, head, of) if head else _style(kind, classes, of)
    lines = [[*pieces_of(line, style.text, texts, look)] for line in cell.lines]
    if cell.tick:
        lines[0].insert(0, _tick(cell.tick, look))
    edge = 0.0 if head else {"a": look["edge"] * PT, "k": look["copy_edge"] * PT}.get(kind, 0.0)
    around = (edge * ("b" in classes), edge * ("t" in classes), edge, edge)
    answer = bool(edge) and "p" not in classes
    shown = tuple(tuple(stripped(line)) for line in lines)
    return TableCell(head, cell.span, style, shown, around, kind == "k", answer, cell.said, cell.field)


def _tick(tick: Tick, look: Sizes) -> Piece:
    """A box to tick, with its check."""
    check = TextStyle(BOLD, look["check"] * PT, COLOURS["written" if tick.check == "theirs" else "pen"])
    wide = (look["tick"] + look["tick_room"]) * MM
    return Piece(check, "✓" if tick.check else "", tick=wide, room=tick.field)


def _label_style(classes: Sequence[str], scope: str, of: LaidTable) -> CellStyle:
    """How the label of a row or a column of a table is set."""
    look, colours = LOOKS[of.look], COLOURS_OF[of.look]
    token, inner = "token" in classes, "inner" in classes
    size = look["token" if token and not inner else "label"] * PT
    style = CellStyle(TextStyle(SANS, size, colours["ink" if token else "grey"]), line=size)
    if scope == "row" and (token or inner):
        return replace(style, align=1.0, room=look["token_room" if token else "inner_room"] * MM)
    return replace(style, valign=1.0) if inner else style


def _style(kind: str, classes: Sequence[str], of: LaidTable) -> CellStyle:
    """How a cell of a table is set that is no label.

    Raises: UnknownLookError.
    """
    look, size = LOOKS[of.look], of.size
    match kind:
        case "g" | "a" | "k" if kind == "g" or "p" in classes:
            return CellStyle(TextStyle(MATH, look[size or "number"] * PT, COLOURS["ink"]))
        case "a" | "k" if size_of := next((name for name in classes if name.startswith("written")), ""):
            return CellStyle(TextStyle(SANS, look[size_of] * PT, COLOURS["written"]))
        case "a" | "k":
            face = (BOLD if kind == "a" else SANS) if of.look else BOLD_ITALIC if kind == "a" else ITALIC
            return CellStyle(TextStyle(face, look[size or "answer"] * PT, COLOURS["pen"]))
        case "sign":
            return CellStyle(TextStyle(MATH, look["sign"] * PT, COLOURS["ink"]))
        case "caption" | "":
            text, line = TextStyle(SANS, look["caption"] * PT, COLOURS["ink"]), look["caption_line"] * MM
            if "side" in classes:
                return CellStyle(text, align=1.0, room=look["side_room"] * MM)
            return CellStyle(text, valign=0.0, line=line)
    raise UnknownLookError
