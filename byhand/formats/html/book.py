"""The course as a book: what it has beside its sheets in print, and a folder of pages for the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from byhand.formats import Setup
from byhand.formats.html.index import BOOK, card, front, in_groups, index
from byhand.formats.html.page import Pages, beside_each_other, rendered
from byhand.page.page import Page
from byhand.worksheet.lecturer import Lecturer, lecturer
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import LECTURER, VIEWS, Paper, View

WHOLE = "gpt"  # the sheet whose map, that of a whole model, stands on the cover
LECTURER_PAGE = "lecturer.html"


class Part(Struct, frozen=True):
    """A part of the book: the sheets in one view."""

    view: View
    title: str
    sheets: tuple[Pages, ...]

    def title_of(self, sheet: Pages) -> str:
        """What a sheet's page in this part is called in a link."""
        return sheet.d.title if self.view == "worksheet" else sheet.d.messages.say(f"views.{self.view}")


class Group(Struct, frozen=True):
    """A group of the course."""

    name: str
    sheets: list[tuple[int, Pages]]
    """Its sheets, with their places in the book, from 1."""


class Book(Struct, frozen=True):
    """A book of sheets, in the order of the course, with a part for each view."""

    sheets: tuple[Pages, ...]
    views: tuple[View, ...]
    seed: int
    messages: Messages

    @classmethod
    def of(cls, sheets: Sequence[Page], views: Sequence[View]) -> Book:
        """A book of these pages. Its seed is that of the sheets with new numbers, or else 0."""
        seed = max(page.run.seed or 0 for page in sheets)
        return cls(tuple(map(Pages, sheets)), tuple(sorted(views, key=VIEWS.index)), seed, sheets[0].messages)

    def front(self, setup: Setup, places: Mapping[str, int]) -> str:
        """What stands before the sheets in print: cover, lecturer's pages and contents.

        places: the page of each sheet, by its name in a part, such as worksheet/softmax.
        """
        return rendered(
            "book.html",
            "print",
            setup.paper,
            self.messages,
            large=setup.large,
            look=setup.look,
            places=places,
            **self._values(),
        )

    def opening(self, part: Part, setup: Setup) -> str:
        """The page with the title of a part in print."""
        return rendered(
            "book.html", "print", setup.paper, self.messages, large=setup.large, look=setup.look, **self._values(part)
        )

    @property
    def groups(self) -> list[Group]:
        """The sheets in the groups of the course; one's own sheets come last."""
        grouped = in_groups(enumerate(self.sheets, 1), lambda numbered: numbered[1].d.group, self.messages)
        return [Group(name, sheets) for name, sheets in grouped]

    @property
    def lecturer(self) -> Lecturer | None:
        """What the lecturer is told of the course; a book without keys is for students, and has none of it."""
        sheets = [(s.d.name, s.d.number, s.d.title, s.d.minutes) for s in self.sheets if s.d.group]
        if not sheets or self.views == VIEWS[:1]:
            return None
        return lecturer(sheets, self.messages, self.sheets[0].d.transposed)

    def folder(self, paper: Paper, setup: Setup | None = None) -> Iterator[tuple[str, str]]:
        """Pages for a screen by name: an index, and every sheet in every view. setup: what its worksheets answer."""
        values = self._values()
        of_sheets = [sheet.d.name for sheet in self.sheets]
        names = {view: beside_each_other(of_sheets, view) for view in self.views}
        pages = {
            sheet.d.name: [(part.title_of(sheet), names[part.view][sheet.d.name]) for part in self.parts]
            for sheet in self.sheets
        }
        yield "index.html", index(
            [card(sheet.d) for sheet in self.sheets], pages, self.messages, paper, str(self.seed), self._has_keys,
            LECTURER_PAGE if values["lecturer"] else "", (setup or Setup()).look,
        )  # fmt: skip
        if values["lecturer"]:
            yield (
                LECTURER_PAGE,
                rendered("lecturer.html", "screen", paper, self.messages, look=(setup or Setup()).look, **values),
            )
        for part in self.parts:
            leads = names[part.view]
            for sheet in part.sheets:
                yield leads[sheet.d.name], sheet.html(part.view, "screen", paper, leads=leads, setup=setup)

    @property
    def _has_keys(self) -> bool:
        return len(self.views) > 1

    @property
    def parts(self) -> Sequence[Part]:
        """The sheets in each view."""
        return [Part(view, self.messages.say(f"book.{view}"), self.sheets) for view in self.views]

    def _values(self, part: Part | None = None) -> dict[str, Any]:
        """What the template is given. part: the one whose title it is; None for what stands before the sheets."""
        minutes = [sheet.d.minutes for sheet in self.sheets]
        return front(minutes, self.messages, str(self.seed), self._has_keys) | {
            "view": "worksheet",
            "asked": BOOK,
            "parts": self.parts,
            "part": part,
            "groups": self.groups,
            "map": next((Markup(sheet.page.map) for sheet in self.sheets if sheet.d.name == WHOLE), ""),
            "lecturer": self.lecturer,
            "lecturer_page": LECTURER_PAGE,
        }


def folder(sheets: Sequence[Page], views: Sequence[View], setup: Setup) -> Mapping[str, bytes]:
    """The files of a book for the screen, and the page of the lecturer's half pages."""
    pages = dict[str, str]()
    if LECTURER in views:
        from byhand.formats.html.half_page import half_pages

        pages["half-pages.html"] = half_pages(sheets, "screen", setup)
    if of_sheets := [view for view in views if view != LECTURER]:
        pages |= Book.of(sheets, of_sheets).folder(setup.paper, setup)
    return {name: page.encode() for name, page in pages.items()}
