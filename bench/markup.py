"""The same figures in different markup: what is in the templates, and what could have been."""

from __future__ import annotations

import re
from collections.abc import Callable

from byhand.formats.html.page import Pages
from byhand.page.grid import Grid, Slot

FIGURES, LEAST, MOST = 24, 12, 52
FIGURE = re.compile(r'<figure class="grid.*?</figure>', re.DOTALL)
TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
ROWS, COLS = 4, 10  # of the tables of fractions
STYLES = """
.cells .td, .cells .th { white-space: nowrap; text-align: center; }
span.td, span.th { position: absolute; }
.two { display: inline-block; vertical-align: middle; text-align: center; font-size: 76%; line-height: 1.15; }
.two span { display: block; padding: 0 0.2em; }
.two span + span { border-top: 0.06em solid; }
"""
Counts = dict[str, tuple[int, int, str]]  # figures, boxes, what it is compared with


def variants(laid_out: Pages, views: dict[str, str]) -> tuple[str, dict[str, str], Counts]:
    """An empty page, pages of figures by the name of their markup, and how much is on them."""
    sections = [drawn for group in laid_out.groups for drawn in group]
    found = [grid for drawn in sections for grid in drawn.laid if isinstance(grid, Grid)]
    drawn = [html for html in FIGURE.findall(views["key"]) if "<table" in html and 'class="box"' in html]
    pairs = [(grid, html) for grid, html in zip(found, drawn, strict=True) if LEAST <= _boxes(grid) <= MOST]
    pairs = [pairs[i % len(pairs)] for i in range(FIGURES)]
    boxes = sum(_boxes(grid) for grid, _ in pairs)
    style = STYLE.search(views["key"])
    assert style is not None

    def page(body: str) -> str:
        head = f"<title>Markup</title>{style[0]}<style>{_classes(style[0])}{STYLES}</style>"
        return f'<!doctype html><html lang="en"><head>{head}</head><body class="key print">{body}</body></html>'

    drawn_as: dict[str, Callable[[Grid, str], str]] = {
        "table, as in the templates": lambda grid, html: html,
        "CSS grid of divs": lambda grid, html: TABLE.sub(_css_grid(grid), html),
        "absolutely placed spans": lambda grid, html: TABLE.sub(_spans(grid), html),
        "SVG, a text a cell": lambda grid, html: TABLE.sub(_svg(grid), html),
    }
    cells = {
        "table of integers": "5",
        "table of fractions, by the font": "5/6",
        "table of fractions, an inline-block of two spans": '<span class="two"><span>5</span><span>6</span></span>',
    }
    pages = {name: page("".join(draw(g, h) for g, h in pairs)) for name, draw in drawn_as.items()}
    pages |= {name: page(_table(cell) * FIGURES) for name, cell in cells.items()}
    counts = {name: (FIGURES, boxes, next(iter(drawn_as))) for name in drawn_as}
    counts |= {name: (FIGURES, FIGURES * ROWS * COLS, next(iter(cells))) for name in cells}
    return page(""), pages, counts


def _boxes(grid: Grid) -> int:
    return sum(len(line) for _, line in grid.lines())


def _classes(style: str) -> str:
    """The rules of table cells for elements with the classes td and th."""
    rules = re.findall(r"^[^\n{}]*\bt[dh]\b[^\n{}]*\{[^{}]*\}", style, re.MULTILINE)
    return "\n".join(re.sub(r"(?<![\w.-])(t[dh])\b(?=[^{}]*\{)", r".\1", rule) for rule in rules)


def _cells(grid: Grid) -> list[tuple[int, int, Slot, str]]:
    """Row, column, slot and content of each cell that has something in it."""
    from byhand.notation.html import value_html
    from byhand.notation.inline import inline

    cells = []
    for row, (_, line) in enumerate(grid.lines()):
        col = 0
        for slot in line:
            if slot.cell is not None:
                cells.append((row, col, slot, value_html(slot.cell.value)))
            elif slot.label:
                cells.append((row, col, slot, inline(slot.label) if slot.cls.startswith("caption") else slot.label))
            col += slot.span
    return cells


def _css_grid(grid: Grid) -> str:
    """A grid whose items stand at their lines."""
    cols = " ".join(f"{grid.x(c + 1) - grid.x(c):.2f}mm" for c in range(len(grid.cols)))
    rows = " ".join(f"{grid.y(r + 1) - grid.y(r):.2f}mm" for r in range(len(grid.rows)))
    items = "".join(
        f'<div class="{_class(slot)}" style="grid-area:{r + 1}/{c + 1}/auto/span {slot.span};'
        f'line-height:{grid.y(r + 1) - grid.y(r):.2f}mm">{text}</div>'
        for r, c, slot, text in _cells(grid)
    )
    look = f"position:relative;display:grid;grid-template-columns:{cols};grid-template-rows:{rows}"
    return f'<div class="cells" style="{look}">{items}</div>'


def _spans(grid: Grid) -> str:
    """Spans at their millimetres."""
    items = []
    for r, c, slot, text in _cells(grid):
        left, top, height = grid.x(c), grid.y(r), grid.y(r + 1) - grid.y(r)
        look = f"left:{left:.2f}mm;top:{top:.2f}mm;width:{grid.x(c + slot.span) - left:.2f}mm;height:{height:.2f}mm"
        items.append(f'<span class="{_class(slot)}" style="{look};line-height:{height:.2f}mm">{text}</span>')
    return f'<div class="cells">{"".join(items)}</div>'


def _svg(grid: Grid) -> str:
    """A text for each cell and one path for all blanks; what a screen reader meets is one picture."""
    texts, boxes = [], []
    for r, c, slot, text in _cells(grid):
        left, right, top, bottom = grid.x(c), grid.x(c + slot.span), grid.y(r), grid.y(r + 1)
        face, size = "byhand Sans", 2.8
        if slot.cell is not None:
            answer = slot.cls[0] in "ak"
            face, size = ("byhand Sans", 3.7) if answer else ("byhand Math", 4.06)
            if answer:
                boxes.append(f"M{left:.2f} {top:.2f}H{right:.2f}V{bottom:.2f}H{left:.2f}z")
        x, y = (left + right) / 2, (top + bottom) / 2 + 0.35 * size
        text = re.sub("<.*?>", "", text)
        texts.append(f'<text x="{x:.2f}" y="{y:.2f}" font-family="{face}" font-size="{size}">{text}</text>')
    look = f'width="{grid.width:.2f}mm" height="{grid.height:.2f}mm" viewBox="0 0 {grid.width:.2f} {grid.height:.2f}"'
    path = f'<path d="{"".join(boxes)}" fill="none" stroke="#111" stroke-width="0.28"/>' if boxes else ""
    return f'<svg {look} text-anchor="middle" role="img" aria-label="Figure">{path}{"".join(texts)}</svg>'


def _class(slot: Slot) -> str:
    return f"{'th' if slot.scope else 'td'} {slot.cls}".strip()


def _table(cell: str) -> str:
    row = f"<tr class='r'>{f'<td class=g>{cell}</td>' * COLS}</tr>"
    widths = "<colgroup>" + "<col style='width:8mm'>" * COLS + "</colgroup>"
    look = f"position:relative;table-layout:fixed;width:{8 * COLS}mm;border-spacing:0"
    return f'<table aria-label="Figure" style="{look}">{widths}{row * ROWS}</table>'
