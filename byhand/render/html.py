"""Documents as HTML, for the screen and, as WeasyPrint's input, for print: the same page in two media."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from byhand import __version__
from byhand.errors import SheetError
from byhand.notation.html import html, value_html
from byhand.notation.inline import inline, spoken
from byhand.notation.text import text
from byhand.render import map as architecture_map
from byhand.render.drawing import drawing
from byhand.render.fonts import data_url, font_face_css
from byhand.render.grid import FIGURE_WIDTH, Grid, Slot, Tag, falk, strips
from byhand.worksheet.document import Document, Falk, Figure, Panel, Section, Strip, View, WordBoxes
from byhand.worksheet.sheet import folders

Medium = Literal["print", "screen"]
Paper = Literal["a4", "letter"]
# mm; the live area is the same on both papers, and so are the page breaks (LOOK)
PAPERS = {
    "a4": {"size": "210mm 297mm", "side": 18.0, "top": 15.0, "bottom": 32.1, "foot": 10.1},
    "letter": {"size": "215.9mm 279.4mm", "side": 20.95, "top": 12.5, "bottom": 17.0, "foot": 0.0},
}


@dataclass(frozen=True)
class Lines:
    """The worked lines of one token: label, arithmetic and result of each cell."""

    label: str
    rows: tuple[tuple[str, Markup, Markup], ...]


def page(document: Document, view: View, medium: Medium, paper: Paper = "a4") -> str:
    """The HTML of one view of a document.

    Raises: SheetError where a template does not parse.
    """
    try:
        return _environment().get_template("page.html").render(
            d=document, view=view, medium=medium, paper=PAPERS[paper], version=__version__,
            shown=view != "worksheet", fonts=Markup(_fonts()) if medium == "screen" else "",
            map=Markup(architecture_map.svg(document)), groups=list(_groups(document.sections)),
        )  # fmt: skip
    except TemplateError as error:
        where = f" line {error.lineno}" if getattr(error, "lineno", None) else ""
        raise SheetError(f"template {getattr(error, 'name', None) or 'page.html'}{where}: {error.message}") from None


@cache
def _environment() -> Environment:
    loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders()])
    environment = ImmutableSandboxedEnvironment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "math": lambda latex: Markup(inline(latex)),
        "spoken": spoken,
        "value": lambda value: Markup(value_html(value)),
        "expr": lambda node: Markup(html(node)),
        "prose": prose,
        "mm": lambda x: f"{x:.3f}".rstrip("0").rstrip("."),
        "css_string": css_string,
    }
    environment.globals |= {
        "grids": grids, "drawing": lambda *args: Markup(drawing(*args)), "worked": worked, "is_boxes": is_boxes,
        "tag_place": tag_place, "blank_name": blank_name, "shape": shape,
    }  # fmt: skip
    return environment


@cache
def _fonts() -> str:
    return font_face_css(data_url)


def prose(tokens: Iterable[Any]) -> Markup:
    """Markdown tokens as HTML."""
    tokens = list(tokens)
    renderer = _markdown()
    if any(t.type == "inline" for t in tokens):
        return Markup(renderer.renderer.render(tokens, renderer.options, {}))
    return Markup(renderer.renderer.renderInline(tokens, renderer.options, {}))


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False})
    markdown.add_render_rule("math_inline", lambda self, tokens, at, options, env: _formula(tokens[at].content))
    return markdown


def _formula(latex: str) -> str:
    return f'<span class="math">{inline(latex)}</span>'


def css_string(value: str) -> Markup:
    """A string for CSS, safe in a style element."""
    kept = "".join(c if c.isalnum() or c in " .,·-–—_:" else f"\\{ord(c):x} " for c in value)
    return Markup(f'"{kept}"')


def is_boxes(figure: Figure) -> bool:
    """Whether a figure is a row of boxes for words."""
    return isinstance(figure, WordBoxes)


def grids(figure: Figure) -> list[Grid]:
    """The tables of a figure."""
    match figure:
        case Falk():
            return [falk(figure)]
        case Strip():
            return strips(figure)
        case WordBoxes():
            return []
        case _:
            raise TypeError(f"not a figure: {figure!r}")


def _groups(sections: Iterable[Section]) -> Iterator[tuple[Section, ...]]:
    """Sections as they stand below each other; two questions may stand side by side, a plain one first."""
    waiting: Section | None = None
    for section in sections:
        plain = section.is_question and not section.figures
        if waiting is not None:
            if section.is_question and section.figures:
                yield waiting, section
                waiting = None
                continue
            yield (waiting,)
            waiting = None
        if plain:
            waiting = section
        else:
            yield (section,)
    if waiting is not None:
        yield (waiting,)


def worked(figure: Figure, turned: bool) -> tuple[int, list[Lines]]:
    """The arithmetic of a figure's blanks, token by token, and how many of these stand side by side."""
    if isinstance(figure, WordBoxes):
        return 1, []
    panels = [figure.result] if isinstance(figure, Falk) else [p for p in figure.panels if p.kind == "ask"]
    groups = [lines for panel in panels for lines in _lines(panel, turned, len(panels) > 1)]
    widest = max((_width(panel) for panel in panels), default=0.0)
    return 3 if widest < 38 else 2 if widest < 66 else 1, groups


def _lines(panel: Panel, turned: bool, named: bool) -> Iterator[Lines]:
    cells = tuple(zip(*panel.cells, strict=True)) if turned else panel.cells
    tokens, dims = (panel.cols, panel.rows) if turned else (panel.rows, panel.cols)
    for token, row in zip(tokens, cells, strict=True):
        rows = tuple(
            (dim, Markup(html(cell.work)), Markup(value_html(cell.value)))
            for dim, cell in zip(dims, row, strict=True)
            if cell.work is not None
        )
        yield Lines(f"{token}, {spoken(panel.caption or panel.symbol)}" if named else token, rows)


def _width(panel: Panel) -> float:
    """About how wide a panel's longest worked line is, in mm."""
    lines = (text(c.work) for row in panel.cells for c in row if c.work is not None)
    return max((1.55 * len(line) for line in lines), default=0.0)


def tag_place(grid: Grid, tag: Tag) -> str:
    """Where a tag stands, as CSS; one at the right may use what is left of the figures' width."""
    if tag.side == "right":
        left, middle = grid.x(tag.right) + 2.5, (grid.y(tag.top) + grid.y(tag.bottom)) / 2
        return f"left:{left:.2f}mm;top:{middle:.2f}mm;width:{max(FIGURE_WIDTH - left, 12):.2f}mm"
    return f"left:{(grid.x(tag.left) + grid.x(tag.right)) / 2:.2f}mm;top:{grid.y(tag.top):.2f}mm"


def blank_name(slot: Slot) -> str:
    """What a screen reader says of a blank."""
    return spoken(slot.name)


def shape(panel: Panel) -> str:
    """3 × 4."""
    return " × ".join(str(n) for n in panel.shape)
