"""The marks of a figure as one SVG behind its table: brackets, tiles, arrows and dots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any

from byhand.notation.marks import Radius, written
from byhand.page.grid import PHONE_LABEL_EM, PHONE_SMALL_LABEL_EM, Grid, Line, Mark
from byhand.page.look import COLOURS

FOOT = 1.3  # mm: the feet of a bracket
AIR = 0.5  # mm by which a bracket in print stands off the cells in it, at each side where no others follow
DOT, FRAME = 2.9, (6.0, 7.0)  # mm: the radius of the dot of weight 1; the width and height of a frame
LABEL_ROOM = 1.2  # mm: from a label to its matrix on a phone
INK, PEN = "#111", COLOURS["pen"]
# of brackets and of tiles; on a phone screen.css has it
BRACKET_LOOK, TILE_LOOK = (
    f' fill="{fill}" stroke="{stroke}" stroke-width="{width}"'
    for fill, stroke, width in (("none", INK, 0.32), ("#e2e2e2", "#888", 0.18))
)


def drawing(grid: Grid, phone: bool, shown: bool) -> str:
    """The SVG of a figure, in the measures of print or of a phone. shown: whether to draw the dots (answers)."""
    width, height = (grid.phone_width, grid.phone_height) if phone else (grid.width, grid.height)
    parts = [_mark(grid, mark, phone, shown) for mark in grid.marks]
    parts += [label for line in (grid.phone_lines if phone else ()) for label in _labels(grid, line)]
    if not parts:
        return ""
    return (
        f'<div class="behind {"phone" if phone else "wide"}" aria-hidden="true"><svg width="{_n(width)}mm" '
        f'height="{_n(height)}mm" viewBox="0 0 {_n(width)} {_n(height)}">{"".join(parts)}</svg></div>'
    )


def _mark(grid: Grid, mark: Mark, phone: bool, shown: bool) -> str:
    left, top, right, bottom = grid.box(mark.top, mark.left, mark.bottom, mark.right, phone=phone)
    match mark.kind:
        case "bracket":
            if not phone:
                left -= AIR * (not _has_cell(grid, mark.top, mark.left - 1))
                right += AIR * (not _has_cell(grid, mark.top, mark.right))
            feet = f"h{_n(-FOOT)}V{_n(bottom)}h{_n(FOOT)}"
            path = (
                f"M{_n(left + FOOT)} {_n(top)}{feet}M{_n(right - FOOT)} {_n(top)}h{_n(FOOT)}V{_n(bottom)}h{_n(-FOOT)}"
            )
            return f'<path d="{path}"{"" if phone else BRACKET_LOOK}/>'
        case "tile":
            place = f'x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(bottom - top)}"'
            return f"<rect {place}{'' if phone else TILE_LOOK}/>"
        case "right" if phone and grid.phone_lines:
            return ""  # the row stands in the line above
        case "right":
            return _arrow(left + 1.0, (top + bottom) / 2, right - 0.6, (top + bottom) / 2)
        case "down":
            return _arrow((left + right) / 2, top + 0.3, (left + right) / 2, bottom - 0.4)
        case "dots":
            return _dots(grid, mark, phone, shown)
        case _:
            raise TypeError(f"not a mark: {mark!r}")


def _has_cell(grid: Grid, row: int, col: int) -> bool:
    """Whether a number or a blank stands in a place of the grid."""
    slot = grid.slots.get((row, col))
    return slot is not None and slot.cell is not None


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    """An arrow: a line with a small filled head."""
    head, half = 1.1, 0.5
    if to_y == y:
        tip = f"M{_n(to_x)} {_n(to_y)}l{_n(-head)} {_n(-half)}v{_n(2 * half)}z"
    else:
        tip = f"M{_n(to_x)} {_n(to_y)}l{_n(-half)} {_n(-head)}h{_n(2 * half)}z"
    line = f'<path d="M{_n(x)} {_n(y)}L{_n(to_x)} {_n(to_y)}" stroke="{INK}" stroke-width="0.25"/>'
    return f'{line}<path d="{tip}" fill="{INK}"/>'


def _dots(grid: Grid, mark: Mark, phone: bool, shown: bool) -> str:
    """A frame for each cell of a pattern and, if shown, a dot whose area is proportional to the weight."""
    parts = []
    for r in range(mark.top, mark.bottom):
        for c in range(mark.left, mark.right):
            x, y = _centre(grid, r, c, phone)
            width, height = FRAME
            parts.append(f"M{_n(x - width / 2)} {_n(y - height / 2)}h{width}v{height}h{-width}z")
    named = "" if shown else ' class="frames"'  # a page for the screen draws dots from the answers
    frames = f'<path{named} d="{"".join(parts)}" fill="none" stroke="#999" stroke-width="0.18"/>'
    if not shown or grid.dots is None:
        return frames
    circles = []
    for i, j, weight in grid.weights:
        x, y = _centre(grid, mark.top + i, mark.left + j, phone)
        drawn = written(radius, weight)
        circles.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{drawn}" fill="{PEN}"/>')
    return frames + "".join(circles)


def radius(weight: Any) -> Radius:
    """The radius of the dot of a weight, in mm."""
    return Radius(_n(DOT * math.sqrt(min(float(weight), 1))))


def _centre(grid: Grid, row: int, col: int, phone: bool) -> tuple[float, float]:
    left, top, right, bottom = grid.box(row, col, row + 1, col + 1, phone=phone)
    return (left + right) / 2, (top + bottom) / 2


def _labels(grid: Grid, line: Line) -> Iterator[str]:
    """The labels of rows that stand again before a line of matrices on a phone."""
    for row, slot in line.labels:
        em, token = (PHONE_LABEL_EM, ' class="token"') if slot.cls == "token" else (PHONE_SMALL_LABEL_EM, "")
        _, top, _, bottom = grid.box(row, line.left, row + 1, line.right, phone=True)
        for n, piece in enumerate(slot.pieces):
            y = (top + bottom) / 2 + em * (0.35 + n - (len(slot.pieces) - 1) / 2)
            yield f'<text{token} x="{_n(line.room - LABEL_ROOM)}" y="{_n(y)}">{escape(piece)}</text>'


def _n(x: float) -> str:
    return f"{x:.2f}".rstrip("0").rstrip(".")
