"""Write figures as PDF operators: tables with their lines, numbers, labels and captions, and what stands beside and
behind them, as print.css has it. WeasyPrint would take three quarters of a page's time for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import fsum

from msgspec import Struct, field

from byhand.page.look import COLOURS, COLOURS_OF, LOOK, LOOKS
from byhand.pictures.shapes import Look, Rectangle
from byhand.press.beside import Label
from byhand.press.boxes import Line
from byhand.press.drawing import Drawing, drawing
from byhand.press.figures import Figure
from byhand.press.pieces import BOLD, MM, PT, Piece, TextStyle
from byhand.press.rooms import Edges
from byhand.press.shape import ascent, middle, shape
from byhand.press.stream import TextRun, rgb, tagged, text_at
from byhand.press.tables import CellStyle, Table, TableCell


class Pen(Struct):
    """Writes the figures of a page."""

    fonts: dict[str, str]
    """For each face, its name in the PDF."""
    mark: int
    """The next marked-content id (MCID)."""
    drawn: list[bytes] = field(default_factory=list)
    """What is written, as PDF operators."""
    answers: list[bytes] = field(default_factory=list)
    """What only a key shows."""
    blocks: list[Line] = field(default_factory=list)
    """The lines that have slots."""
    rooms: list[tuple[str, Edges, tuple[int, int], float]] = field(default_factory=list)
    """The rooms for fields in the table that is written: their names, their boxes, the cell of each, and how high a
    field is at most, as of Room."""
    at: tuple[int, int] = (0, 0)
    """The row and the column of the cell that is written."""
    look: str = ""
    """The name of the look that the figure is set in, as of LOOKS."""

    def draw(self, figure: Figure, x: float, y: float) -> tuple[bytes, list[list[range]], list[range]]:
        """The PDF operators of a figure without its answers and its slots, and the marks of each cell's texts and of
        each label's.
        """
        boxes, self.look = placed(figure.table, x, y), figure.table.look
        self.drawn, self.rooms, marks, of_labels = [], [], list[list[range]](), list[range]()
        if figure.behind.shapes:
            self.drawn.append(artifact(self.drawing(figure.behind, x, y)))
        self.drawn.append(_frames((cell for row in boxes for cell in row), figure.table.look))
        for i, row in enumerate(boxes):
            marks.append([])
            for j, (cell, box) in enumerate(row):
                first, self.at = self.mark, (i, j)
                if cell.room:
                    self.rooms.append((cell.room, _inner(cell, box), self.at, LOOKS[self.look]["field"]))
                for n, line in enumerate(cell.lines):
                    if line:
                        self.line(cell, line, box, n - (len(cell.lines) - 1) * cell.style.valign)
                marks[-1].append(range(first, self.mark))
        for label in figure.labels:
            first = self.mark
            self.label(label, x, y)
            of_labels.append(range(first, self.mark))
        return b"q\n%sQ\n" % b"".join(self.drawn), marks, of_labels

    def drawing(self, drawing: Drawing, x: float, y: float, scale: float = 1.0, turned: float = 0.0) -> bytes:
        """The PDF operators of a drawing, but for its slots. scale, turned: as of a Picture."""
        unit = MM * scale
        if turned:
            place = b"0 %.6f %.6f 0 %.3f %.3f" % (unit, -unit, x + turned * unit, y)
        else:
            place = b"%.6f 0 0 %.6f %.3f %.3f" % (unit, unit, x, y)
        written = [b"%s cm\n%s" % (place, drawing.shapes)]
        for words in drawing.texts:
            at = words.x - words.anchor * fsum(piece.width for piece in words.pieces)
            for piece in words.pieces:
                run = self.shown(b"", piece, at, words.y - piece.style.lift)
                written += [run.colour, b"\n", text_at(run, run.x, run.y, run.shown)]
                if root := piece.style.under:
                    written.append(_bar(root, at, words.y, at + piece.width))
                at += piece.width
        return b"".join(written)

    def label(self, label: Label, x: float, y: float) -> None:
        """Write what stands beside a table. x, y: the place of the figure."""
        middles = [list(map(_middle, [label.style, *_in_line(line)])) for line in label.lines]
        heights = [label.line + max(of_line) - min(of_line) for of_line in middles]
        top = y + label.y - label.shift[1] * fsum(heights)
        for line, of_line, height in zip(label.lines, middles, heights, strict=True):
            left = x + label.x - label.shift[0] * fsum(piece.width for piece in line)
            self.drawn += map(_written, self.runs(line, left, top + label.line / 2 + max(of_line), self.drawn))
            top += height

    def line(self, cell: TableCell, line: Sequence[Piece], box: Edges, lower: float) -> None:
        """Write a line of a cell. lower: by how many lines it is lower than an only line would be."""
        style, widths = cell.style, [piece.width for piece in line]
        left, top, right, bottom = _inner(cell, box)
        room = right - style.room - left - fsum(widths)
        x, y = left + max(room, 0.0) * style.align, _baseline(style, line, top, bottom) + lower * style.line
        layer = self.answers if cell.answer else self.drawn
        runs = self.runs(line, x, y, layer)
        if any(piece.slot is not None for piece in line):
            rigid = any(piece.tick or piece.before for piece in line)
            of_runs = tuple(width for piece, width in zip(line, widths, strict=True) if not piece.tick)
            view = "key" if cell.answer else ""
            self.blocks.append(Line(tuple(runs), of_runs, style.align, room, rigid=rigid, view=view))
        else:
            layer += map(_written, runs)

    def runs(self, line: Sequence[Piece], x: float, y: float, lines: list[bytes]) -> list[TextRun]:
        """The texts of a line that begins here. Its boxes to tick and the lines of its roots are written.

        lines: what these are added to.
        """
        runs = []
        for piece in line:
            if piece.pill and piece.pill[0]:
                lines.append(artifact(_pill(x + LOOKS[self.look]["pill_apart"] * MM, y, *piece.pill, self.look)))
            if piece.tick:
                self.tick(piece, x, y)
            else:
                runs.append(self.run(piece, x + piece.before, y - piece.style.lift))
            if root := piece.style.under:
                lines.append(artifact(_bar(root, x + piece.before, y, x + piece.width)))
            x += piece.width
        return runs

    def run(self, piece: Piece, x: float, y: float) -> TextRun:
        """A piece as a run of text with a mark of its own."""
        self.mark += 1
        return self.shown(b"/Span\n<</MCID %d>>\nBDC" % (self.mark - 1), piece, x, y)

    def shown(self, tag: bytes, piece: Piece, x: float, y: float) -> TextRun:
        """A piece as a run of text."""
        style, shown = piece.style, shape(piece.style.face, piece.text).shown
        return TextRun(tag, b"%s rg" % rgb(style.colour), x, y, self.fonts[style.face], style.size, shown, piece.slot)

    def tick(self, piece: Piece, x: float, y: float) -> None:
        """Write a box to tick; if it is ticked, the answers have it in their colour, with its check."""
        look = LOOKS[self.look]
        side, edge = look["tick"] * MM, look["tick_edge"] * PT
        top = y + look["tick_down"] * MM - side
        frame = box_to_tick(x, top, side, edge)
        self.drawn.append(artifact(filled(frame, COLOURS["ink"], b"f*")))
        if piece.room:
            self.rooms.append((piece.room, (x, top, x + side, top + side), self.at, 0.0))
        if piece.text:
            self.answers.append(artifact(filled(frame, piece.style.colour, b"f*")))
            width = shape(piece.style.face, piece.text).width * piece.style.size / 1000
            baseline = top + edge + side / 2 + middle(BOLD) * piece.style.size
            self.answers.append(_written(self.run(piece, x + max(side - width, 2 * edge) / 2, baseline)))


def placed(table: Table, x: float, y: float) -> list[list[tuple[TableCell, Edges]]]:
    """The cells of each row with their places, if the table is here."""
    rows = []
    for row, top, bottom in zip(table.cells, table.rows, table.rows[1:], strict=False):
        starts = accumulate((cell.span for cell in row), initial=0)
        edges = [x + table.columns[at] for at in starts]
        rows.append(
            [
                (cell, (left, y + top, right, y + bottom))
                for cell, left, right in zip(row, edges, edges[1:], strict=False)
            ]
        )
    return rows


def _inner(cell: TableCell, box: Edges) -> Edges:
    """What is within the lines of a cell."""
    (left, top, right, bottom), edges = box, cell.edges
    return left + edges[0], top + edges[1], right - edges[2], bottom - edges[3]


def _frames(cells: Iterator[tuple[TableCell, Edges]], name: str) -> bytes:
    """The lines of cells, and the ground of those that have lines on all sides. name: of their look."""
    look, colours = LOOKS[name], COLOURS_OF[name]
    ground, solid, dashed = b"", b"", b""
    for cell, (left, top, right, bottom) in cells:
        if all(cell.edges) and not cell.dashed:
            ground += rectangle(left, top, right, bottom)
        in_left, in_top, in_right, in_bottom = _inner(cell, (left, top, right, bottom))
        sides = ((left, top, in_left, bottom), (left, top, right, in_top), (in_right, top, right, bottom),
                 (left, in_bottom, right, bottom))  # fmt: skip
        for width, line in zip(cell.edges, sides, strict=True):
            if width and cell.dashed:
                dashed += _dashes(line, width)
            elif width:
                solid += rectangle(*line)
    pen = b"%s RG\n%.6f w\n" % (rgb(colours["grey"]), look["copy_edge"] * PT)
    return artifact(filled(ground, colours["ground"]) + filled(solid, colours["ink"]) + pen + dashed)


def _dashes(line: Edges, width: float) -> bytes:
    """A dashed line: dashes and spaces are as long as each other, and about three times as long as wide."""
    left, top, right, bottom = line
    length, across = max(right - left, bottom - top), right - left > bottom - top
    x, y = (0.0, width / 2) if across else (width / 2, 0.0)
    dash = length / (2 * (length // (6 * width)) + 1)
    return b"[%.6f] 0 d\n%.3f %.3f m\n%.3f %.3f l\nS\n" % (dash, left + x, top + y, right - x, bottom - y)


def _baseline(style: CellStyle, line: Sequence[Piece], top: float, bottom: float) -> float:
    """The baseline of a cell's only line, as CSS has it: each face is set in the middle of the line."""
    faces = {style.text.face, *(look.face for look in _in_line(line))}
    lower, upper = (style.text.size * of_two(map(middle, faces)) for of_two in (min, max))
    match style.valign:
        case 0.0:
            return top + style.line / 2 + upper
        case 1.0:
            return bottom - style.line / 2 + lower
        case _:
            return (top + bottom + lower + upper) / 2


def _middle(style: TextStyle) -> float:
    """How far the baseline of a text is below the middle of its line, in px."""
    return middle(style.face) * style.size


def _in_line(line: Iterable[Piece]) -> Iterator[TextStyle]:
    """The styles that decide how high a line is."""
    return (piece.style for piece in line if not piece.style.lift and not piece.tick and not piece.pill)


def box_to_tick(x: float, y: float, side: float, edge: float) -> bytes:
    """The path of a box to tick. x, y: its upper left corner. side, edge: its width and that of its lines."""
    outer = rectangle(x, y, x + side, y + side)
    return outer + rectangle(x + edge, y + edge, x + side - edge, y + side - edge)


def _pill(x: float, y: float, whole: float, bead: float, name: str) -> bytes:
    """The pill of a source, and the bead in it. x: its left edge; y: the baseline of its text. name: of its look."""
    look, colours = LOOKS[name], COLOURS_OF[name]
    high, radius = look["pill_high"], look["pill_high"] / 2
    top = y / MM - look["pill_mid"] - radius
    line = Look("none", colours["grey"], look["pill_edge"] * PT / MM)
    parts = (
        Rectangle(x / MM, top, bead / MM, high, Look(colours["bead"]), radius),
        Rectangle(x / MM, top, whole / MM, high, line, radius),
    )
    return b"%.6f 0 0 %.6f 0 0 cm\n%s" % (MM, MM, drawing(parts).shapes)


def _bar(root: TextStyle, left: float, y: float, right: float) -> bytes:
    """The line over what is under a root, or over the symbol of a gradient. y: the baseline."""
    bottom = y - root.lift - (ascent(root.face) + LOOK["bar_room"]) * root.size
    return filled(rectangle(left, bottom - LOOK["bar"] * root.size, right, bottom), root.colour)


def _written(run: TextRun) -> bytes:
    return tagged(run, text_at(run, run.x, run.y, run.shown))


def artifact(operators: bytes) -> bytes:
    """What is drawn and not read."""
    return b"/Artifact\nBMC\nq\n%sQ\nEMC\n" % operators


def filled(path: bytes, colour: str, operator: bytes = b"f") -> bytes:
    """A path filled with a colour such as #1c3f94; nothing where there is no path."""
    return b"%s rg\n%s%s\n" % (rgb(colour), path, operator) if path else b""


def line(left: float, right: float, y: float, width: float, colour: str) -> bytes:
    """A horizontal line."""
    return b"%s RG\n%.6f w\n%.3f %.3f m\n%.3f %.3f l\nS\n" % (rgb(colour), width, left, y, right, y)


def rectangle(left: float, top: float, right: float, bottom: float) -> bytes:
    """The path of a rectangle."""
    return b"%.3f %.3f %.3f %.3f re\n" % (left, top, right - left, bottom - top)
