"""The text of a question as XHTML without styles: words, matrices as tables, and places for the answers.

Its classes: g, a printed number; p, a parameter; e, a blank; k, what is copied on paper; c, the name of a matrix; s,
a sign or a label; r, what stands under a root; t, what holds a table; q, a statement. Each platform has
its own way to give these a look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.fonts import alone
from byhand.formats.html.page import prose
from byhand.notation import inline
from byhand.notation.html import style
from byhand.notation.inline import Kind, tagged
from byhand.notation.write import terms, write_value
from byhand.page import map as architecture_map
from byhand.page import picture
from byhand.page.grid import Grid, Slot
from byhand.page.layout import strips
from byhand.page.page import Page
from byhand.page.parts import Entries as TableOfEntries
from byhand.page.parts import Example, Matrix, Options, Pencil, Text, Words, are_paragraphs, block_parts
from byhand.page.sections import laid_figures
from byhand.tape import shape_text
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import Blank, Block, Cell, Checkpoint, Claim, Figure, Panel, Reply, Strip
from byhand.worksheet.spoken import called

MAP = "map"  # the name of the picture of the architecture
TAGS: Mapping[Kind, tuple[str, str]] = {
    **inline.TAGS, "upright": ("<span>", "</span>"),
    "root": ('<span>√<span class="r">', "</span></span>"),
    "barred": ('<span class="r">', "</span>"),
    "fraction": ("<span>", "</span>"), "above": ("", ""), "below": ("/", ""),
}  # fmt: skip
STYLE = style(TAGS)

Entries = Mapping[int, int]  # the number of an entry, by the id of its cell: cells may be equal


class Body(Struct, frozen=True, eq=False):
    """The texts of a sheet's questions."""

    page: Page
    pictures: dict[str, bytes] = field(default_factory=dict)
    """The pictures in SVG by name, as they are met."""
    _called: dict[str, str] = field(default_factory=dict)

    def called(self, blank_id: str) -> str:
        """What a blank is called for those who hear the page."""
        if not self._called:
            self._called.update((spoken.id, spoken.name) for spoken in called(self.page.document))
        return self._called[blank_id]

    def about(self) -> Element:
        """What the sheet is about, its map, what its words mean, and how answers are typed."""
        d, say = self.page.document, self.page.messages.say
        self.pictures[MAP] = alone(self.page.map.svg)
        conventions = " ".join(_prose(line) for line in d.conventions)
        parts = [
            *map(_paragraph, d.opening),
            f'<p><img src="{MAP}" alt="{escape(architecture_map.said(d))}"/></p>',
        ]
        parts += [f"<p>{_prose(d.origin)}</p>"] if d.origin else []
        parts += [f"<p>{conventions}</p>"] if conventions else []
        parts += [f"<p>{escape(say('quiz.typed'))}</p>"]
        return parsed("".join([*parts, f"<p><small>{escape(d.foot)}</small></p>"]))

    def of_section(
        self, at: int, blanks: Sequence[Blank], chosen: Sequence[Reply], before: Sequence[Panel | Figure]
    ) -> Element:
        """The text of a section's question.

        blanks, chosen: what is to be answered; each gets a place by its number. before: matrices of steps before it
        that it needs. All other cells are printed.
        """
        section = self.page.sections[at].section
        entries = {id(blank.cell): n for n, blank in enumerate(blanks)}
        choices = {reply.id: n for n, reply in enumerate(chosen)}
        title = _prose(section.heading) if section.heading else escape(section.title)
        number = f"{section.number} " if section.number else ""
        words = [  # a checkpoint tells of a page that prints what was asked for, as every question does
            self._words(block, [reply for reply in section.replies if reply.asker is block], choices, entries)
            for block in section.words if not isinstance(block, Checkpoint)
        ]  # fmt: skip
        shown = [f"<p>{escape(self.page.messages.say('quiz.before'))}</p>", *self._printed(before)] if before else []
        figures = [
            self._figure(figure, entries, f"section{at}", bool(blanks or chosen))
            for figure in self.page.sections[at].laid
        ]
        ticks = [f'<p><choice n="{n}"/></p>' for n, reply in enumerate(chosen) if reply.role == "tick"]
        parts = [*words, *shown, *figures] if figures else [*shown, *words]
        return parsed("".join([f"<h4>{number}{title}</h4>", *parts, *ticks]))

    # words

    def _words(self, block: Block, replies: Sequence[Reply], choices: Mapping[str, int], entries: Entries) -> str:
        """A text or a question, and the places of the answers that it asks for."""
        pieces = list[str]()
        for part in block_parts(block, replies, self.page.messages):
            match part:
                case Text(lead=""):
                    pieces.append(_paragraph(part.words))
                case Text():
                    pieces.append(f"<p><b>{escape(part.lead)}</b> {_prose(part.words)}</p>")
                case Example():
                    worked = " + ".join(terms(self.page.worked_out(part.rule), STYLE))
                    pieces.append(f"<p><b>{escape(part.lead)}</b> {worked} = {_value(part.value)}</p>")
                case Matrix():
                    pieces += (_table(grid, entries) for grid in strips(Strip((part.panel,), ())))
                case TableOfEntries() if isinstance(block, Construction):
                    told = self.page.messages.say("quiz.unmarked", boxes=", ".join(block.heads))
                    pieces.append(f"<p><i>{escape(told)}</i></p>")
                case TableOfEntries():
                    pieces.append(self._named(block, entries))
                case Pencil():
                    named = f" {escape(' · '.join((*part.options, *part.cells)))}"
                    pieces.append(f"<p><b>{escape(part.lead)}</b> {_prose(part.words)}{named.rstrip()}</p>")
                case Options() if part.reply.id in choices:
                    pieces.append(f'<p><choice n="{choices[part.reply.id]}"/></p>')
        whole = "".join(pieces)
        is_one_of_several = len(choices) > 1 and any(reply.id in choices for reply in replies)
        return f'<div class="q">{whole}</div>' if isinstance(block, Claim) or is_one_of_several else whole

    # figures

    def _figure(self, figure: Any, entries: Entries, name: str, asks: bool) -> str:
        write = _FIGURES.get(figure.kind)
        if write:
            return write(self, figure, entries, name, asks)
        return self._named(figure.figure, entries)

    def _named(self, block: Block, entries: Entries) -> str:
        """The cells of a block by their names."""
        names = block.called(self.page.messages)
        rows = (
            f"<tr><th>{escape(name)}</th>{_number(entries, cell)}</tr>"
            for cell, name in zip(block.cells, names, strict=True)
        )
        return _scrolled("".join(rows)) if block.cells else ""

    def _printed(self, things: Sequence[Panel | Figure]) -> Iterator[str]:
        """Matrices side by side, and other figures, all printed."""
        panels = tuple(replace(each, role="given", right=None) for each in things if isinstance(each, Panel))
        if panels:
            for grid in strips(Strip(panels, ("",) * (len(panels) - 1))):
                yield _table(grid, {})
        for each in things:
            if isinstance(each, Figure):
                yield from (self._figure(laid, {}, "", True) for laid in laid_figures([each]))

    def _grid(self, grid: Any, entries: Entries, name: str, asks: bool) -> str:
        tags = " · ".join(
            f"{_formula(tag.panel.symbol)} {escape(shape_text(tag.panel.shape))}"
            + (f", {escape(tag.panel.note)}" if tag.panel.note else "")
            for tag in grid.tags
        )
        formula = f"<p>{_formula(grid.formula)}</p>" if grid.formula else ""
        return formula + _table(grid, entries) + (f"<p><small>{tags}</small></p>" if tags else "")

    def _table(self, laid: Any, entries: Entries, name: str, asks: bool) -> str:
        head = "".join(f"<th>{_prose(each.tokens)}</th>" for each in laid.table.head)
        rows = "".join(
            "<tr>" + "".join(
                _number(entries, entry) if isinstance(entry, Cell)
                else f'<td class="s">{_prose(entry.tokens)}</td>'
                for entry in row
            ) + "</tr>"
            for row in laid.table.rows
        )  # fmt: skip
        return _scrolled(f"<tr>{head}</tr>{rows}")

    def _boxes(self, laid: Any, entries: Entries, name: str, asks: bool) -> str:
        head = "".join(f"<th>{escape(label)}</th>" for label in laid.figure.labels)
        cells = "".join(_number(entries, cell) for cell in laid.figure.cells)
        return _scrolled(f"<tr>{head}</tr><tr>{cells}</tr>")

    def _picture(self, laid: Any, entries: Entries, name: str, asks: bool) -> str:
        if asks:
            return ""
        self.pictures[name] = alone(picture.svg(laid.figure, shown=False))
        return f'<p><img src="{name}" alt="{escape(picture.said(laid.figure, shown=False))}"/></p>'


_FIGURES: Mapping[str, Callable[[Body, Any, Entries, str, bool], str]] = {
    "grid": Body._grid, "table": Body._table, "boxes": Body._boxes, "picture": Body._picture,
}  # fmt: skip


def parsed(html: str) -> Element:
    """The XHTML of a text as one element."""
    return fromstring(f"<div>{html}</div>")


def _prose(words: Words) -> str:
    if isinstance(words, str):
        return escape(words)
    return prose(words, tied=False, formula=lambda latex: f"<span>{_formula(latex)}</span>")


def _formula(latex: str) -> str:
    return tagged(inline.parsed(latex), TAGS)


def _value(value: Any) -> str:
    return escape(value) if isinstance(value, str) else write_value(value, STYLE)


def _paragraph(words: Words) -> str:
    return _prose(words) if are_paragraphs(words) else f"<p>{_prose(words)}</p>"


def _table(grid: Grid, entries: Entries) -> str:
    """The table of a grid, with the names of matrices in the free corners before them."""
    slots = dict(grid.slots)
    for tag in grid.tags:
        slots.setdefault((tag.top - (tag.side == "right"), tag.left - 1), Slot("name", label=tag.panel.symbol))
    tiled = {
        (r, c)
        for mark in grid.marks if mark.kind == "tile"
        for r in range(mark.top, mark.bottom) for c in range(mark.left, mark.right)
    }  # fmt: skip
    end = grid.cols.index("o") if "o" in grid.cols else len(grid.cols)  # dots are for a pencil
    shown = {place: slot for place, slot in slots.items() if place[1] < end}
    rows = []
    for r, line in enumerate(replace(grid, cols=grid.cols[:end], slots=shown).slots_by_row()):
        cells, c = list[str](), 0
        for slot in line:
            cells.append(_td(slot, entries, "p" if (r, c) in tiled else "g"))
            c += slot.span
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return _scrolled("".join(rows))


def _scrolled(rows: str) -> str:
    """A table that a narrow screen can move sideways."""
    return f'<div class="t"><table>{rows}</table></div>'


def _td(slot: Slot, entries: Entries, kind: str) -> str:
    span = f' colspan="{slot.span}"' if slot.span > 1 else ""
    if slot.cell is not None:
        return _number(entries, slot.cell, "k" if slot.cls.startswith("k") else kind)
    if slot.scope:
        return f'<th scope="{slot.scope}">{escape(slot.label)}</th>'
    if slot.label:
        text = _formula(slot.label) if slot.cls == "name" or slot.cls.startswith("caption") else escape(slot.label)
        text += f" <small>{escape(slot.known.note)}</small>" if slot.known else ""
        return f'<td class="{"c" if slot.cls != "sign" else "s"}"{span}>{text}</td>'
    return f"<td{span}/>"


def _number(entries: Entries, cell: Cell, kind: str = "g") -> str:
    """The td of a cell. kind: its class where it is printed."""
    if id(cell) in entries:
        return f'<td class="e"><entry n="{entries[id(cell)]}"/></td>'
    return f'<td class="{kind}">{_value(cell.value)}</td>'
