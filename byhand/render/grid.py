"""Figures as one table each, with what surrounds a matrix (brackets, tiles, arrows) drawn behind it.

A figure is laid out once as columns and rows of kinds; two sets of measures, for print and for a phone, turn kinds
into millimetres, for the table and for the drawing alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from byhand.arithmetic.expr import NEG_INF
from byhand.notation.text import value_text
from byhand.worksheet.document import Cell, Falk, Panel, Strip

FIGURE_WIDTH = 118.0  # mm; LOOK
TAG_WIDTH = 17.0
SMALLEST_BLANK = 9.0  # mm wide: room for a pencil

# kinds of columns: l token label, d narrow label, g printed cell, a answer cell, j sign between, s small gap, o dots
# kinds of rows: c caption, h column labels, u printed cell above, t turn between operands, r answer row, f one for
# fractions
PRINT_WIDTHS = {"l": 13.0, "d": 5.0, "g": 8.0, "a": 11.0, "j": 7.0, "s": 3.0, "o": 7.0}
PRINT_HEIGHTS = {"c": 5.0, "h": 4.0, "u": 5.5, "t": 3.4, "r": 8.0, "f": 9.0, "e": 1.5}
PHONE_WIDTHS = {"l": 10.0, "d": 6.0, "g": 7.7, "a": 11.65, "j": 6.0, "s": 2.5, "o": 9.0}
PHONE_HEIGHTS = {"c": 6.0, "h": 5.5, "u": 8.0, "t": 5.0, "r": 11.65, "f": 11.65, "e": 2.0}


@dataclass(frozen=True)
class Slot:
    """One td or th: a value with its class, or a label."""

    cls: str
    cell: Cell | None = None
    label: str = ""
    scope: Literal["", "col", "row"] = ""
    span: int = 1
    name: str = ""  # what a reader is told that the blank is


@dataclass(frozen=True)
class Mark:
    """A bracket, a tile or a frame of dots round the cells from (top, left) up to (bottom, right), exclusive."""

    kind: Literal["bracket", "tile", "dots", "right", "down"]
    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Tag:
    """A matrix's name and shape: to the right of column `left`, or over the columns left to right."""

    panel: Panel
    side: Literal["right", "over"]
    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Grid:
    """A figure on its grid."""

    cols: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    slots: dict[tuple[int, int], Slot] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    formula: str = ""
    dots: Panel | None = None
    label: str = ""
    widths: dict[str, float] = field(default_factory=lambda: dict(PRINT_WIDTHS))
    phone_widths: dict[str, float] = field(default_factory=lambda: dict(PHONE_WIDTHS))
    small: bool = False

    def lines(self) -> list[tuple[str, list[Slot]]]:
        """The rows with their kinds; what is empty becomes one wide cell."""
        result = []
        for r, kind in enumerate(self.rows):
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
            result.append((kind, line))
        return result

    def x(self, col: int, *, phone: bool = False) -> float:
        """The left edge of a column, in mm."""
        widths = self.phone_widths if phone else self.widths
        return round(sum(widths[k] for k in self.cols[:col]), 3)

    def y(self, row: int, *, phone: bool = False) -> float:
        """The upper edge of a row, in mm."""
        heights = PHONE_HEIGHTS if phone else PRINT_HEIGHTS
        return round(sum(heights[k] for k in self.rows[:row]), 3)

    def add(self, kinds: str) -> int:
        """New columns; the index of the first."""
        self.cols += kinds
        return len(self.cols) - len(kinds)

    def put(self, panel: Panel, top: int, left: int) -> None:
        """The cells of a matrix, and what surrounds it."""
        for i, row in enumerate(panel.cells):
            for j, cell in enumerate(row):
                edge = (" t" if i == 0 else "") + (" b" if j == 0 else "") if panel.is_answer else ""
                cls = {"ask": "a", "copy": "k"}.get(panel.kind, "g")
                name = f"{panel.symbol} {panel.rows[i]} {panel.cols[j]}".strip()
                self.slots[top + i, left + j] = Slot(cls + edge, cell, name=name)
        bottom, right = top + panel.shape[0], left + panel.shape[1]
        if panel.kind == "given":
            self.marks.append(Mark("bracket", top, left, bottom, right))
        elif panel.kind == "parameter":
            self.marks.append(Mark("tile", top, left, bottom, right))

    def head(self, panel: Panel, top: int, left: int) -> None:
        """A matrix's column labels."""
        for j, label in enumerate(panel.cols):
            if label:
                self.slots[top, left + j] = Slot(panel.along[1], label=label, scope="col")

    def side(self, panel: Panel, top: int, left: int, cls: str = "") -> None:
        """A matrix's row labels."""
        for i, label in enumerate(panel.rows):
            if label:
                self.slots[top + i, left] = Slot(f"{panel.along[0]} {cls}".strip(), label=label, scope="row")


def falk(figure: Falk) -> Grid:
    """The grid of a product: one table whose headers head an operand and the result alike."""
    left, upper, result, bias = figure.left, figure.upper, figure.result, figure.bias
    (n, k), m = left.shape, upper.shape[1]
    across = bias is not None and bias.shape[1] == m and bias.shape[0] == 1  # a row of biases, above the result
    grid = Grid(formula=figure.formula, label=figure.formula)
    grid.add("l")
    at_left = grid.add(("a" if left.is_answer else "g") * k)
    at_bias = grid.add("sg") + 1 if bias is not None and not across else 0
    gap = grid.add("d")
    at_result = grid.add("a" * m)
    height = "f" if _has_fractions(left, result) else "r"
    over = "f" if upper.is_answer else "u"
    grid.rows = ["h"] + [over] * k + (["e", "u"] if across else []) + ["t"] + [height] * n
    below = len(grid.rows) - n
    grid.head(upper, 0, at_result)
    grid.side(replace(upper, along=("inner", "")), 1, gap)
    grid.put(upper, 1, at_result)
    grid.head(replace(left, along=("", "inner")), below - 1, at_left)
    grid.side(left, below, 0)
    grid.put(left, below, at_left)
    grid.put(result, below, at_result)
    grid.tags = [
        Tag(upper, "right", 1, at_result, 1 + k, at_result + m),
        Tag(result, "right", below, at_result, below + n, at_result + m),
        Tag(left, "over", below - 1, at_left, below - 1, at_left + k),
    ]
    if bias is not None and across:
        grid.put(bias, 2 + k, at_result)
        grid.tags.append(Tag(bias, "right", 2 + k, at_result, 3 + k, at_result + m))
    elif bias is not None:
        grid.put(bias, below, at_bias)
        grid.tags.append(Tag(bias, "over", below - 1, at_bias, below - 1, at_bias + 1))
    if figure.arrows:
        grid.marks.append(Mark("right", below, gap, below + 1, gap + 1))
        grid.marks.append(Mark("down", below - 1, at_result, below, at_result + 1))
    return _fitted(grid, FIGURE_WIDTH - TAG_WIDTH)


def strips(figure: Strip) -> list[Grid]:
    """The grids of a strip: one, or several below each other where it is too wide."""
    grids: list[Grid] = []
    panels, joints = list(figure.panels), ["", *figure.joints]
    start = 0
    for end in range(1, len(panels) + 1):
        rest = end == len(panels)
        part = replace(
            figure,
            panels=tuple(panels[start:end]),
            joints=tuple(joints[start + 1 : end]),
            dots=figure.dots and rest,
            above=figure.above if rest else (),
        )
        grid = _strip(part)
        if grid.x(len(grid.cols)) > FIGURE_WIDTH and end - start > 1:
            start = end - 1
            grid = _strip(replace(part, panels=tuple(panels[start:end]), joints=()))
            grids.append(grid)
        elif end - start == 1:
            grids.append(grid)
        else:
            grids[-1] = grid
    return grids


def _strip(figure: Strip) -> Grid:
    *_, last = figure.panels
    above = figure.above
    beside = bool(above) and above[0].shape[1] == 1 and last.shape[1] != 1  # columns of parameters
    grid = Grid(label="; ".join(p.caption or p.symbol for p in figure.panels))
    tallest = max(p.shape[0] for p in figure.panels)
    height = "f" if _has_fractions(*figure.panels) else "r"
    if not any(p.is_answer for p in figure.panels):
        height = "f" if height == "f" else "u"
    stacked = [] if beside else list(above)
    heads = ["h"] if any(any(p.cols) for p in figure.panels) else []
    grid.rows = ["c", *heads, *("u" for _ in stacked), *(["t"] if stacked else []), *([height] * tallest)]
    top = len(grid.rows) - tallest
    labels: tuple[str, ...] = ()
    for panel, joint in zip(figure.panels, ("", *figure.joints), strict=True):
        if grid.cols:
            at = grid.add("j" if joint else "s")
            if joint:
                grid.slots[top + (panel.shape[0] - 1) // 2, at] = Slot("sign", label=joint)
        if any(panel.rows) and panel.rows != labels:
            wide = panel.along[0] == "token" and any(len(label) > 2 for label in panel.rows)
            grid.side(panel, top, grid.add("l" if wide else "d"), "" if wide else "inner")
            labels = panel.rows
        if panel is last and beside:
            for parameter in above:
                at = grid.add("g")
                grid.slots[0, at] = Slot("caption", label=parameter.symbol)
                grid.put(parameter, top, at)
            grid.add("s")
        at = grid.add(("a" if panel.is_answer else "g") * panel.shape[1])
        grid.slots[0, at] = Slot("caption", label=panel.caption or panel.symbol, span=panel.shape[1])
        if heads:
            grid.head(panel, 1, at)
        grid.put(panel, top, at)
        if panel is last:
            for i, parameter in enumerate(stacked):
                grid.put(parameter, 1 + len(heads) + i, at)
                grid.slots[1 + len(heads) + i, at - 1] = Slot("caption", label=parameter.symbol)
    if figure.dots:
        grid.add("s")
        at = grid.add("o" * last.shape[1])
        grid.slots[0, at] = Slot("caption", label=r"\text{as dots}", span=last.shape[1])
        grid.dots = last
        grid.marks.append(Mark("dots", top, at, top + last.shape[0], at + last.shape[1]))
    return _fitted(grid, FIGURE_WIDTH)


def _fitted(grid: Grid, room: float) -> Grid:
    """Columns wide enough for their numbers, and narrow enough for the page."""
    for scale in (1.0, 0.8, 0.65):
        need = {"g": 0.0, "a": 0.0}
        for (_, col), slot in grid.slots.items():
            if slot.cell is not None:
                kind = grid.cols[col]
                need[kind] = max(need[kind], text_width(slot.cell) * scale + 1.6)
        grid.phone_widths |= {kind: max(PHONE_WIDTHS[kind], need[kind]) for kind in need}
        for least in ({"g": 8.0, "a": 11.0}, {"g": 7.0, "a": 10.0}, {"g": 6.0, "a": SMALLEST_BLANK}):
            grid.widths |= {kind: max(least[kind], need[kind]) for kind in need}
            if grid.x(len(grid.cols)) <= room:
                grid.small = scale < 1
                return grid
        grid.widths["l"] = 11.0
    return grid


def text_width(cell: Cell) -> float:
    """About how wide a value is in the cells' type, in mm; a fraction is as wide as the longer of its numbers."""
    text = value_text(cell.value)
    text = re.sub(r"(\d+)/(\d+)", lambda m: max(m[1], m[2], key=len), text)
    return sum(2.9 if c in "−∞+÷" else 1.0 if c in " .,·" else 2.1 for c in text)


def _has_fractions(*panels: Panel) -> bool:
    return any(
        isinstance(c.value, Fraction) and c.value.denominator != 1 for p in panels for row in p.cells for c in row
    )


def weights(panel: Panel) -> list[tuple[int, int, float]]:
    """Row, column and size of each dot of a pattern; letters have none."""
    found: list[tuple[int, int, float]] = []
    for i, row in enumerate(panel.cells):
        for j, cell in enumerate(row):
            try:
                weight = float(cell.value)
            except TypeError:
                continue
            if weight > 0 and weight != NEG_INF:
                found.append((i, j, weight))
    return found
