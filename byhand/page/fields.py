"""Where a page has room for answers: the names of the fields that a PDF to fill in has there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Protocol

from byhand.worksheet.document import Block, Cell, Document, Panel, Section

Thing = Cell | Panel | Block


class Field(Protocol):
    """Names the field of a cell, of a matrix to tick, or of a part of a block; "" where there is none.

    The part of a block is an option, or the role of a reply in words.
    """

    def __call__(self, thing: Thing, part: object = "") -> str: ...


def nameless(thing: Thing, part: object = "") -> str:
    """No name: the page has no fields."""
    return ""


def fields(section: Section) -> Field:
    """The names of a section's fields."""

    def field(thing: Thing, part: object = "") -> str:
        return section.fields.get((id(thing), str(part)), "")

    return field


def numbered_fields(section: Section, document: Document) -> Field:
    """The names of a section's fields on a screen: of a blank, its number among all of the page, counted from 0."""
    names, numbers = fields(section), _numbers(document)

    def field(thing: Thing, part: object = "") -> str:
        name = names(thing, part)
        return numbers.get(name, name)

    return field


@lru_cache(2)
def _numbers(document: Document) -> Mapping[str, str]:
    return {blank.id: str(at) for at, blank in enumerate(document.blanks())}


def room(name: str) -> str:
    """The attribute of an element that is the room of a field; "" for no name."""
    return f' data-field="{escape(name)}"' if name else ""
