"""A page: what a sheet with its run becomes, once for all views and formats. Every format begins here.

page = lower(document, run)
page.parts("key")        → what stands there, in reading order
page.sections[0].laid    → the figures of a section, placed on their grids
page.reader              → where its reader finds a number, and what follows
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.expr import Expr, Ref, substitute
from byhand.notation.marks import PageTexts, texts_of_page
from byhand.page import map as architecture_map
from byhand.page.layout import strips
from byhand.page.measures import LARGE, PRINT, Measures
from byhand.page.parts import Part, end_of, head_of, parts_of
from byhand.page.reader import Reader, place_of
from byhand.page.sections import Grids, LaidSection
from byhand.pictures.shapes import Graphic
from byhand.runs import Run
from byhand.tape import Place
from byhand.worksheet.document import Blank, Document
from byhand.worksheet.looks import look_of
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import View


class Page(Struct, frozen=True, eq=False, dict=True):
    """What stands on the page of a sheet and its run, in every view."""

    document: Document
    """What the page was lowered from: what it says of itself, such as its name and its stamp, stands here."""
    run: Run
    """The run that it shows, which has the rule and the number of every cell."""
    head: tuple[Part, ...]
    """What stands before the first section, in reading order."""
    sections: tuple[LaidSection, ...]
    end: tuple[Part, ...]
    """What stands after the last section, in reading order."""
    texts: PageTexts | None = None
    """Of a page that many runs share: the texts that each decides, which stand in the place of its marks."""

    def parts(self, view: View) -> Iterator[Part]:
        """The whole page in a view, in reading order."""
        yield from self.head
        yield from chain.from_iterable(section.in_view(view) for section in self.sections)
        yield from self.end

    def worked_out(self, rule: Expr) -> Expr:
        """A rule with the numbers in it; a number that the page rounds is as it stands there."""

        def value(ref: Ref) -> Any:
            place = place_of(ref)
            return self._rounded[place] if place in self._rounded else self.run.value(ref)

        return substitute(rule, value)

    @cached_property
    def _rounded(self) -> Mapping[Place, Any]:
        """The numbers of the run that the page rounds, as it prints them."""
        cells = (cell for block in self.document.blocks for cell in block.cells)
        return {cell.place: cell.value for cell in cells if cell.places is not None and cell.at is not None}

    @property
    def messages(self) -> Messages:
        """The texts of its language."""
        return self.document.messages

    def mistake(self, name: str) -> tuple[str, str]:
        """What a student is told of a classic mistake, and how it is mended."""
        told, mend = (self.messages.mistake(name, part, self.document.transposed) for part in ("told", "mend"))
        return told, mend

    @property
    def stamp(self) -> Mapping[str, str]:
        """The seed and the hash of the run."""
        return {name: self.document.stamp.get(name, "") for name in ("seed", "hash")}

    @cached_property
    def map(self) -> Graphic:
        """The map of the sheet."""
        return architecture_map.graphic(self.document)

    @property
    def map_said(self) -> str:
        """The map in words, which stand in its place in large print."""
        return architecture_map.said(self.document).replace(" × ", "\u00a0×\u00a0")

    @cached_property
    def blanks(self) -> Mapping[int, Blank]:
        """The blanks, with their ids and roles, by the identity of their cells."""
        return {id(blank.cell): blank for blank in self.document.blanks()}

    @cached_property
    def called(self) -> Mapping[int, str]:
        """What each cell of a figure is called for those who hear the page, by its identity."""
        blocks = self.document.blocks
        named = (zip(block.cells, block.called(self.messages), strict=True) for block in blocks)
        return {id(cell): name for cell, name in chain.from_iterable(named)}

    @cached_property
    def reader(self) -> Reader:
        """Whoever has this page and nothing else: where they find a number, and what they can make of it."""
        return Reader(self.document, self.run)


def measures_of(document: Document) -> Measures:
    """How large the figures of a document are on paper."""
    if document.large:
        return replace(LARGE, part=document.messages.texts["figures.part"])
    return replace(PRINT, below=True) if look_of(document.look).sets_words else PRINT


def lower(document: Document, run: Run, grids: Grids = strips) -> Page:
    """The page of a document and its run. grids: breaks a strip of matrices into grids.

    A checkpoint that prints what the page before it asks for begins a page.
    """
    measures = measures_of(document)
    sections, asked = list[LaidSection](), set[Place]()  # asked: since a page was begun
    for section in document.sections:
        opens = bool(sections) and (section.opens or not asked.isdisjoint(section.checked_places))
        asked = {*section.asked_places, *(() if opens else asked)}
        sections.append(LaidSection(section, tuple(parts_of(section, document)), opens, grids, measures))
    return Page(
        document, run, tuple(head_of(document)), tuple(sections), tuple(end_of(document)), texts_of_page(run.domain)
    )
