"""Where a blank stands on the page, in words: the labels of its row and its column, and its matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from markupsafe import Markup, escape
from msgspec import Struct

from byhand.formats.html.page import prose
from byhand.notation.inline import inline
from byhand.worksheet.document import Cell, Document, Panel, Prose, Section, Table, WordBoxes


class Spot(Struct, frozen=True):
    """Where a blank stands."""

    section: Section
    panel: Panel | None
    """Its matrix, if it is in one."""
    labels: tuple[Markup, ...]
    """The labels of its row and its column, as HTML."""
    row: int = 0
    """The number of that row."""
    several: bool = False
    """Whether the section asks for several matrices."""


class Places(Struct, frozen=True, eq=False, dict=True):
    """Where the blanks of a document stand."""

    document: Document

    @cached_property
    def spots(self) -> Mapping[str, Spot]:
        """Where each blank stands, by its id."""
        return {
            blank.id: spots[id(blank.cell)]
            for section in self.document.sections
            for spots in [dict(self._spots(section))]
            for blank in section.blanks
            if id(blank.cell) in spots
        }

    def where(self, name: str, *, matrix: bool = False) -> Markup:
        """Where a blank stands, as HTML: its labels, and its matrix where it is needed or asked for."""
        spot = self.spots.get(name)
        if spot is None:
            return Markup()
        parts = [*spot.labels]
        if spot.panel is not None and (spot.several or matrix or not parts):
            parts.insert(0, matrix_name(spot.panel))
        return Markup(", ").join(part for part in parts if part)

    def _spots(self, section: Section) -> Iterable[tuple[int, Spot]]:
        """The cells of a section, by their identity, with their places."""
        asked = [panel for block in section.figures for panel in block.matrices if panel.has_blanks]
        for block in section.blocks:
            for panel in block.matrices:
                for i, row in enumerate(panel.cells):
                    for j, cell in enumerate(row):
                        yield id(cell), Spot(section, panel, self._labels(panel, i, j), i, len(asked) > 1)
            if isinstance(block, Table):
                for i, entries in enumerate(block.rows):
                    for head, entry in zip(block.head, entries, strict=True):
                        if isinstance(entry, Cell):
                            yield id(entry), Spot(section, None, _texts(_name(entries[0]), prose(head.tokens)), i)
            if isinstance(block, WordBoxes):
                for label, cell in zip(block.labels, block.cells, strict=True):
                    yield id(cell), Spot(section, None, _texts(escape(label)))

    def _labels(self, panel: Panel, i: int, j: int) -> tuple[Markup, ...]:
        """The labels of a cell; of a pair of tokens, the one that asks and an arrow to the one that answers."""
        row, column = escape(panel.rows[i]), escape(panel.cols[j])
        if panel.along == ("token", "token") and row and column:
            asks, answers = (column, row) if self.document.transposed else (row, column)
            return (Markup("{} → {}").format(asks, answers),)
        return _texts(row, column)


def matrix_name(panel: Panel) -> Markup:
    """The name of a matrix as HTML: its caption up to an equals sign, or its symbol."""
    name, equals, _ = (panel.caption or panel.symbol).partition(" = ")
    name += "}" * (bool(equals) and name.count("{") > name.count("}"))
    return Markup('<span class="math">{}</span>').format(Markup(inline(name))) if name else Markup()


def _name(entry: Any) -> Markup:
    return prose(entry.tokens) if isinstance(entry, Prose) else Markup()


def _texts(*labels: Markup) -> tuple[Markup, ...]:
    return tuple(label for label in labels if label)
