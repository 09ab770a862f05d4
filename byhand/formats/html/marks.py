"""The marks of a figure as one drawing behind its table: brackets, tiles, arrows and dots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import Any

from byhand.notation.marks import Radius, written
from byhand.page.grid import PHONE_LABEL_EM, PHONE_SMALL_LABEL_EM, Grid, Line, Mark
from byhand.page.look import COLOURS
from byhand.pictures.labels import words
from byhand.pictures.shapes import Circle, Look, Path, Rectangle, Shape, Step, Text, mm, polygon, svg

FOOT = 1.3  # mm: the feet of a bracket
AIR = 0.5  # mm by which a bracket in print stands off the cells in it, at each side where no others follow
DOT, FRAME = 2.9, (6.0, 7.0)  # mm: the radius of the dot of weight 1; the width and height of a frame
LABEL_ROOM = 1.2  # mm: from a label to its matrix on a phone
INK, PEN = "#111", COLOURS["pen"]
BRACKET, TILE = Look("none", INK, 0.32), Look("#e2e2e2", "#888", 0.18)
LARGE_BRACKET, LARGE_TILE = Look("none", INK, 0.6), Look("#e2e2e2", INK, 0.5)


def drawing(grid: Grid, phone: bool, shown: bool, by_css: bool) -> str:
    """The SVG of a figure, in the measures of print or of a phone.

    shown: whether to draw the dots (answers). by_css: whether a style sheet has its size, and the look of
    brackets and tiles.
    """
    width, height = (grid.phone_width, grid.phone_height) if phone else (grid.width, grid.height)
    parts = _by_css(marks(grid, phone, shown)) if by_css else marks(grid, phone, shown)
    if not parts and not grid.marks:
        return ""
    size = "" if by_css else f'width="{mm(width)}mm" height="{mm(height)}mm" '
    return (
        f'<div class="behind {"phone" if phone else "wide"}" aria-hidden="true"><svg {size}'
        f'viewBox="0 0 {mm(width)} {mm(height)}">{svg(parts)}</svg></div>'
    )


def _by_css(parts: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """Shapes of which a style sheet has the look of tiles and of brackets: a path for each of both, then the rest."""
    tiles, brackets, rest = list[Step](), list[Step](), list[Shape]()
    for part in parts:
        match part:
            case Rectangle(x, y, width, height) if part.look in (TILE, LARGE_TILE):
                tiles += [("M", (x, y)), ("h", (width,)), ("v", (height,)), ("h", (-width,)), ("z", ())]
            case Path(steps) if part.look in (BRACKET, LARGE_BRACKET):
                brackets += steps
            case _:
                rest.append(part)
    paths = Path(tuple(tiles), Look(name="tile")), Path(tuple(brackets), Look())
    return (*(path for path in paths if path.steps), *rest)


def marks(grid: Grid, phone: bool, shown: bool) -> tuple[Shape, ...]:
    """What stands behind the table of a figure."""
    parts = chain.from_iterable(_mark(grid, mark, phone, shown) for mark in grid.marks)
    return (*parts, *chain.from_iterable(_labels(grid, line) for line in (grid.phone_lines if phone else ())))


def _mark(grid: Grid, mark: Mark, phone: bool, shown: bool) -> Iterator[Shape]:
    left, top, right, bottom = grid.box(mark.top, mark.left, mark.bottom, mark.right, phone=phone)
    large = grid.measures.is_large
    match mark.kind:
        case "bracket":
            goes_on = _has_cell(grid, mark.bottom, mark.left)  # as boxes, which the feet would lie on
            if not phone and not goes_on:
                left -= AIR * (not _has_cell(grid, mark.top, mark.left - 1))
                right += AIR * (not _has_cell(grid, mark.top, mark.right))
            steps = list[Step]()
            for x, foot in ((left, FOOT), (right, -FOOT)):
                steps += [("M", (x + foot, top)), ("h", (-foot,)), ("V", (bottom,))]
                steps += [] if goes_on else [("h", (foot,))]
            yield Path(tuple(steps), LARGE_BRACKET if large else BRACKET)
        case "tile":
            yield Rectangle(left, top, right - left, bottom - top, LARGE_TILE if large else TILE)
        case "right" if phone and grid.phone_lines:
            pass  # the row stands in the line above
        case "right":
            yield from _arrow(left + 1.0, (top + bottom) / 2, right - 0.6, (top + bottom) / 2)
        case "down":
            yield from _arrow((left + right) / 2, top + 0.3, (left + right) / 2, bottom - 0.4)
        case "dots":
            yield from _dots(grid, mark, phone, shown)
        case _:
            raise TypeError(f"not a mark: {mark!r}")


def _has_cell(grid: Grid, row: int, col: int) -> bool:
    """Whether a number or a blank stands in a place of the grid."""
    slot = grid.slots.get((row, col))
    return slot is not None and slot.cell is not None


def _arrow(x: float, y: float, to_x: float, to_y: float) -> Iterator[Path]:
    """An arrow: a line with a small filled head."""
    head, half = 1.1, 0.5
    across = to_y == y
    sides = (("l", (-head, -half)), ("v", (2 * half,))) if across else (("l", (-half, -head)), ("h", (2 * half,)))
    yield Path(polygon([(x, y), (to_x, to_y)]), Look(stroke=INK, width=0.25))
    yield Path((("M", (to_x, to_y)), *sides, ("z", ())), Look(INK))


def _dots(grid: Grid, mark: Mark, phone: bool, shown: bool) -> Iterator[Shape]:
    """A frame for each cell of a pattern and, if shown, a dot whose area is proportional to the weight."""
    width, height = FRAME
    frames = list[Step]()
    for r in range(mark.top, mark.bottom):
        for c in range(mark.left, mark.right):
            x, y = _centre(grid, r, c, phone)
            corner = x - width / 2, y - height / 2
            frames += [("M", corner), ("h", (width,)), ("v", (height,)), ("h", (-width,)), ("z", ())]
    # a page for the screen draws dots from the answers
    yield Path(
        tuple(frames), Look("none", INK if grid.measures.is_large else "#999", 0.18, name="" if shown else "frames")
    )
    if shown and grid.dots is not None:
        for i, j, weight in grid.weights:
            x, y = _centre(grid, mark.top + i, mark.left + j, phone)
            yield Circle(x, y, written(radius, weight), Look(PEN))


def radius(weight: Any) -> Radius:
    """The radius of the dot of a weight, in mm."""
    return Radius(mm(DOT * math.sqrt(min(float(weight), 1))))


def _centre(grid: Grid, row: int, col: int, phone: bool) -> tuple[float, float]:
    left, top, right, bottom = grid.box(row, col, row + 1, col + 1, phone=phone)
    return (left + right) / 2, (top + bottom) / 2


def _labels(grid: Grid, line: Line) -> Iterator[Text]:
    """The labels of rows that stand again before a line of matrices on a phone."""
    for row, slot in line.labels:
        em, token = (PHONE_LABEL_EM, "token") if slot.cls == "token" else (PHONE_SMALL_LABEL_EM, "")
        _, top, _, bottom = grid.box(row, line.left, row + 1, line.right, phone=True)
        for n, piece in enumerate(slot.pieces):
            y = (top + bottom) / 2 + em * (0.35 + n - (len(slot.pieces) - 1) / 2)
            yield Text(line.room - LABEL_ROOM, y, words(piece, 0.0), name=token)
