"""page.json: a page with all that another program needs to write it. byhand/page.schema.json describes the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, count
from typing import Any

from msgspec import Struct

from byhand.arithmetic.expr import Expr
from byhand.formats import Setup
from byhand.formats.written import linear, markdown
from byhand.formats.written.inline import paragraphs
from byhand.notation.inline import spoken
from byhand.notation.number import plain
from byhand.notation.text import text, value_text
from byhand.page import map as architecture_map
from byhand.page.data import Data
from byhand.page.entries import EntryTable
from byhand.page.grid import Grid, Slot
from byhand.page.page import Page
from byhand.page.parts import (
    Blanks,
    Entries,
    Example,
    Formula,
    Goals,
    Heading,
    Matrix,
    Options,
    Part,
    Pencil,
    Product,
    Room,
    Sketch,
    Text,
    Title,
    Words,
    Worked,
    stands,
)
from byhand.page.sections import Boxes, Drawn, LaidFigure, LaidSection
from byhand.tape import shape_text
from byhand.worksheet.document import Cell, Panel
from byhand.worksheet.views import VIEWS, View, shows_answers

Json = Any
PRINTED = "printed"  # the role of a cell that is no blank, and the beginning of its id


def page_json(page: Page, view: View, setup: Setup) -> bytes:
    """A page as JSON, for all views; without feedback, it does not hold what is to be found."""
    return _PageJson(page, setup.feedback).text().encode()


class _PageJson(Struct, frozen=True, eq=False, dict=True):
    """A page as JSON."""

    page: Page
    tells: bool
    """Whether it holds the key's texts, and the rules."""

    @cached_property
    def data(self) -> Data:
        """What a page on a screen has as well."""
        return Data(self.page, self.tells)

    def text(self) -> str:
        """The file: what it is, a key a line; then lists, an entry a line."""
        lines = [f"  {_dumped(key)}: {_dumped(value)}" for key, value in self.about().items()]
        for name, entries in self.lists().items():
            body = ",\n".join(f"    {_dumped(entry)}" for entry in entries)
            lines.append(f"  {_dumped(name)}: [\n{body}\n  ]" if body else f"  {_dumped(name)}: []")
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def about(self) -> dict[str, Json]:
        """What the file says of itself."""
        document = self.page.document
        return self.data.head() | {
            "language": self.page.messages.language, "level": document.level, "minutes": document.minutes,
            "map": {"said": architecture_map.said(document), "svg": self.page.map.svg},
        }  # fmt: skip

    def lists(self) -> dict[str, Any]:
        """What stands on the page, in reading order, and what it refers to."""
        return {
            "head": map(self.part, self._told(self.page.head)),
            "sections": map(self.section, self.page.sections),
            "end": map(self.part, self._told(self.page.end)),
            "cells": map(self.cell, self.shown.values()),
            **self.data.rules(),
        }

    def section(self, laid: LaidSection) -> dict[str, Json]:
        """A section: its parts, where its figures place their cells, and what stands in front of its reader."""
        section = self.data.section(laid.section)
        if self.tells:
            for entry, reply in zip(section["replies"], laid.section.replies, strict=True):
                entry["answer"] = reply.right
        parts, figures = [*map(self.part, self._told(laid.parts))], [*map(self.figure, laid.laid)]
        return {"opens": laid.opens, "parts": parts, "figures": figures} | section

    def _told(self, parts: Iterable[Part]) -> Iterator[Part]:
        """The parts that the file has: what no worksheet shows, only where it holds what is to be found."""
        return (part for part in parts if self.tells or stands(part, "worksheet"))

    @property
    def views(self) -> tuple[View, ...]:
        """The views that the file has."""
        return tuple(view for view in VIEWS if self.tells or not shows_answers(view))

    # cells

    @cached_property
    def shown(self) -> Mapping[int, Cell]:
        """Each cell, by its identity."""
        seen = chain.from_iterable(section.seen for section in self.page.document.sections)
        return {id(each.cell): each.cell for each in seen}

    @cached_property
    def ids(self) -> Mapping[int, str]:
        """The id of each cell, by its identity: a blank's own, or its number among those that are printed."""
        numbers, blanks = count(1), self.page.blanks
        return {key: blanks[key].id if key in blanks else f"{PRINTED}/{next(numbers)}" for key in self.shown}

    def cell(self, cell: Cell) -> dict[str, Json]:
        """A cell: what it is, where it is in the run, and what stands in it."""
        blank = self.page.blanks.get(id(cell))
        entry: dict[str, Json] = {
            "id": self.ids[id(cell)],
            "role": blank.role if blank else PRINTED,
            "called": self.page.called[id(cell)],
        }
        if cell.step:
            entry["step"] = cell.step
        if cell.at is not None:
            entry["at"] = [*cell.at]
        if cell.shows != "run":
            entry["shows"] = cell.shows
        if cell.places is not None:
            entry["places"] = cell.places
        if self.tells or not blank:
            entry |= {"text": value_text(cell.value), "value": _value(cell.value)}
        return entry

    # parts

    def part(self, part: Part) -> dict[str, Json]:
        """A part, with the views in which it stands, where that is not all."""
        views = [view for view in self.views if stands(part, view)]
        return self._part(part) | ({"views": views} if len(views) < len(self.views) else {})

    def _part(self, part: Part) -> dict[str, Json]:
        match part:
            case Title():
                return {"kind": "title", "text": _words(part.words), "of": {v: part.views[v] for v in self.views}}
            case Heading():
                return {"kind": "heading", "number": part.number, "text": _words(part.words)}
            case Text():
                return {"kind": "text", "lead": part.lead, "tick": part.tick, "text": _words(part.words)}
            case Pencil():
                named = {"options": [*part.options], "cells": [*part.cells]}
                return {"kind": "guess", "lead": part.lead, "text": _words(part.words)} | named
            case Goals():
                return {"kind": "goals", "lead": part.lead, "lines": [*map(_words, part.lines)]}
            case Blanks():
                return {"kind": "lines", "names": [*part.names]}
            case Formula():
                return {"kind": "formula", "formula": _formula(part.latex)}
            case Product():
                matrices = [*map(self.matrix, part.matrices)]
                return {"kind": "product", "formula": _formula(part.figure.formula), "matrices": matrices}
            case Matrix():
                return {"kind": "matrix"} | self.matrix(part)
            case Entries():
                rows = [[self.ids[id(x)] if isinstance(x, Cell) else _words(x) for x in row] for row in part.rows]
                return {"kind": "table", "head": [*map(_words, part.head)], "rows": rows}
            case Options():
                return {"kind": "options"} | self.options(part)
            case Room():
                entry = {"kind": "room", "lead": part.lead, "lines": part.lines}
                entry |= {"reply": part.reply.id} if part.reply else {}
                return entry | ({"answer": _words(part.key)} if self.tells else {})
            case Sketch():
                drawn = {view: {"said": part.said(view), "svg": part.svg(view)} for view in self.views[:2]}
                return {"kind": "picture", "drawn": drawn}
            case Example():
                return {"kind": "example", "lead": part.lead} | self.worked(part.rule, part.value)
            case Worked():
                lines = [{"label": label} | self.worked(rule, value) for label, rule, value in part.lines.rows]
                return {"kind": "worked", "symbol": _formula(part.symbol), "label": part.lines.label, "lines": lines}

    def matrix(self, matrix: Matrix) -> dict[str, Json]:
        """A matrix: its names, its labels, and the ids of its cells."""
        panel = matrix.panel
        entry: dict[str, Json] = {
            "step": panel.step, "role": panel.role, "symbol": _formula(panel.symbol),
            "titles": [*map(_formula, matrix.titles)], "note": panel.note, "shape": [*panel.shape],
            "labels": {"rows": [*panel.rows], "columns": [*panel.cols]}, "cells": self.rows(panel),
        }  # fmt: skip
        if panel.right is not None:
            entry["tick"] = True
        return entry | ({"options": self.options(matrix.options)} if matrix.options else {})

    def options(self, options: Options) -> dict[str, Json]:
        """Options, of which the reply names the right one."""
        return {"reply": options.reply.id, "labels": [*options.labels]}

    def worked(self, rule: Expr, value: Any) -> dict[str, Json]:
        """A rule with the numbers in it, and what it gives."""
        return {"text": text(self.page.worked_out(rule)), "gives": value_text(value)}

    def rows(self, panel: Panel) -> list[list[str]]:
        """The ids of a matrix's cells."""
        return [[self.ids[id(cell)] for cell in row] for row in panel.cells]

    # places

    def figure(self, laid: LaidFigure) -> dict[str, Json]:
        """Where the cells of a figure stand, in mm."""
        if isinstance(laid, Grid):
            return {
                "kind": "grid", "label": spoken(laid.label),
                "columns": [_mm(laid.widths[kind]) for kind in laid.cols],
                "rows": [laid.measures.heights[kind] for kind in laid.rows],
                "slots": [self.slot(*at, slot) for at, slot in sorted(laid.slots.items())],
                "marks": [
                    {"kind": mark.kind, "from": [mark.top, mark.left], "to": [mark.bottom, mark.right]}
                    for mark in laid.marks
                ],
                "tags": [
                    {
                        "symbol": _formula(tag.panel.symbol), "shape": shape_text(tag.panel.shape),
                        "note": tag.panel.note, "side": tag.side, "from": [tag.top, tag.left],
                        "to": [tag.bottom, tag.right],
                    }
                    for tag in laid.tags
                ],
            } | ({"dots": self.rows(laid.dots)} if laid.dots else {})  # fmt: skip
        if isinstance(laid, EntryTable):
            rows = [[self.ids[id(x)] if isinstance(x, Cell) else None for x in row] for row in laid.table.rows]
            head: list[Json] = [[None for _ in laid.table.head]]
            sizes = {"columns": [*map(_mm, laid.widths)], "rows": [*map(_mm, laid.heights)]}
            return {"kind": "table", **sizes, "cells": head + rows}
        if isinstance(laid, Boxes):
            return {"kind": "boxes", "cells": [[self.ids[id(cell)] for cell in laid.figure.cells]]}
        if isinstance(laid, Drawn):
            return {"kind": "picture", "width": _mm(laid.room), "height": _mm(laid.height)}
        cells: Sequence[Cell] = laid.figure.cells  # type: ignore[attr-defined]
        return {"kind": "other", "cells": [[self.ids[id(cell)] for cell in cells]]}

    def slot(self, row: int, column: int, slot: Slot) -> dict[str, Json]:
        """What stands in a slot of a grid: a cell, a label of a row or a column, a caption, or a sign."""
        entry: dict[str, Json] = {"at": [row, column]} | ({"span": slot.span} if slot.span > 1 else {})
        if slot.cell is not None:
            return entry | {"cell": self.ids[id(slot.cell)]}
        if slot.scope:
            return entry | {"label": slot.label, "of": {"row": "row", "col": "column"}[slot.scope]}
        return entry | {"formula": _formula(slot.label)}


def _dumped(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _words(words: Words) -> dict[str, str]:
    """A text, as Markdown with formulas between dollars, and plain, with formulas as they are spoken."""
    return {
        name: "\n\n".join(paragraphs(words, marks))
        for name, marks in (("markdown", markdown.MARKS), ("plain", linear.MARKS))
    }


def _formula(latex: str) -> dict[str, str]:
    """A formula in LaTeX, and as it is spoken."""
    return {"latex": latex, "plain": spoken(latex)}


def _value(value: Any) -> str:
    """A value as run.json has it; a word as itself."""
    return str(value) if isinstance(value, str) else plain(value)


def _mm(length: float) -> float:
    return round(length, 2)
