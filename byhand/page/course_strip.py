"""The strip on page 1, where no part of the model has been met: the groups of the course, and one's sheets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import fsum

from byhand.page.drawing import Drawing, Rect
from byhand.page.map_panel import LABEL, LOOKS, NUMBER
from byhand.pictures.labels import Label, words
from byhand.pictures.shapes import Graphic
from byhand.worksheet.document import Document
from byhand.worksheet.order import groups
from byhand.worksheet.sheet import Named

# all in mm
HIGH, PAD, GAP = 6.4, 1.4, 2.6  # of the box of a group: its height, its margins, and the least gap behind it
TOP, WEDGE = 10.0, 4.0  # of the panel, and of the wedge that opens into it
ROW, SQUARE, TEXT = 5.2, 4.0, 2.65  # of a sheet in the panel: its row, the box of its number, its title
LEFT, BEHIND = 4.0, 1.8  # the margin of the panel, and what is between a number and its title
MOST_ROWS = 3  # of sheets in two columns; more sheets stand in three


def graphic(document: Document, width: float) -> Graphic:
    """The strip of a sheet of the course."""
    say, drawing = document.messages.say, Drawing()
    names = [(group, say(f"course.groups.{group}")) for group in groups()]
    labels = _labels([name for _, name in names], width)
    boxes = _row(labels, width)
    at = next(i for i, group in enumerate(groups()) if group == document.group)
    for left, right in pairwise(boxes):
        drawing.line((left.right, left.y), (right.left, right.y))
    for i, (box, label) in enumerate(zip(boxes, labels, strict=True)):
        _box(drawing, box, label, "done" if i < at else "here" if i == at else "later")
    columns, size = _columns(document.beside, width)
    rows = len(columns[0][1])
    panel = Rect(width / 2, TOP + (rows * ROW + 2) / 2, width, rows * ROW + 2)
    drawing.ground(panel)
    drawing.wedge(boxes[at], panel, boxes[at].bottom)
    for x, sheets in columns:
        for i, sheet in enumerate(sheets):
            y = TOP + 1 + ROW * (i + 0.5)
            number, own = sheet.number, document.number
            state = "done" if number < own else "here" if number == own else "later"
            _box(drawing, Rect(x + SQUARE / 2, y, SQUARE, SQUARE), words(str(number), NUMBER), state)
            title = words(sheet.title, size)
            drawing.text(x + SQUARE + BEHIND, y + 0.9, title, anchor="start", bold=state == "here")
    return Graphic(width, panel.bottom + 0.4, said(document), drawing.shapes)


def said(document: Document) -> str:
    """The strip in a sentence."""
    say = document.messages.say
    names = ", ".join(say(f"course.groups.{group}") for group in groups())
    sheets = ", ".join(sheet.called for sheet in document.beside)
    return say("course.spoken", groups=names, group=say(f"course.groups.{document.group}"), sheets=sheets)


def _columns(sheets: Sequence[Named], width: float) -> tuple[list[tuple[float, Sequence[Named]]], float]:
    """The sheets of a group in columns, each with its left edge, and the size of their titles: two columns of the
    same width; or three with the same gap after the longest title of each, which are smaller where they are too long.
    """
    count = 2 if len(sheets) <= 2 * MOST_ROWS else 3
    rows = -(-len(sheets) // count)
    columns = [sheets[i * rows : (i + 1) * rows] for i in range(count)]
    if count == 2:
        return [(LEFT + i * width / 2, column) for i, column in enumerate(columns)], TEXT
    need = [max(words(sheet.title, TEXT).width for sheet in column) for column in columns]
    room = width - 2 * LEFT - count * (SQUARE + BEHIND)
    size = min(1.0, (room - (count - 1) * GAP) / fsum(need))
    gap = (room - fsum(need) * size) / (count - 1) + SQUARE + BEHIND
    return [(LEFT + fsum(need[:i]) * size + gap * i, column) for i, column in enumerate(columns)], TEXT * size


def _labels(names: Sequence[str], width: float) -> list[Label]:
    """The names of the groups as labels, smaller where they are too long for one row."""
    room = width - 0.4 - 2 * PAD * len(names) - GAP * (len(names) - 1)
    need = fsum(words(name, LABEL).width for name in names)
    return [words(name, LABEL * min(1.0, room / need)) for name in names]


def _row(labels: Sequence[Label], width: float) -> list[Rect]:
    """The boxes of the groups, over the whole width."""
    wide = [label.width + 2 * PAD for label in labels]
    gap = (width - 0.4 - fsum(wide)) / (len(wide) - 1)
    lefts = [0.2 + fsum(wide[:i]) + gap * i for i in range(len(wide))]
    return [Rect(left + w / 2, HIGH / 2 + 0.2, w, HIGH) for left, w in zip(lefts, wide, strict=True)]


def _box(drawing: Drawing, at: Rect, label: Label, state: str) -> None:
    fill, outline, ink = LOOKS[state]
    drawing.box(at, fill, outline)
    drawing.text(at.x, at.y + 0.85, label, ink, bold=state == "here")
