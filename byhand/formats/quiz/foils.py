"""What the classic mistakes make of the blanks of a section that is answered by itself, from what it prints."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cached_property
from typing import Any

from msgspec import Struct

from byhand.formats.quiz.spelling import Number, number
from byhand.mistakes import changes_of
from byhand.notation.number import plain
from byhand.page.page import Page
from byhand.page.reader import Mistaken, Rewritten
from byhand.tape import Place
from byhand.worksheet.document import Blank, Section

MADE, FOLLOWS = 25, 50  # per cent: for a mistake, and for what is right from the numbers of a mistake before it
LONGEST_FOIL = 12  # characters: nobody writes down a longer one


class Foil(Struct, frozen=True):
    """A wrong answer."""

    value: Number
    """What is written."""
    mistakes: tuple[str, ...]
    """The mistakes that give it."""
    credit: int
    """The credit in per cent."""


class Foils(Struct, frozen=True, dict=True):
    """The wrong answers that the classic mistakes give on a sheet."""

    page: Page

    def of(self, section: Section) -> dict[str, tuple[Foil, ...]]:
        """By blank, the wrong answers of who makes one mistake throughout the section, or in this cell only."""
        blanks = [blank for blank in section.blanks if blank.role in ("ask", "entry")]
        asked = frozenset(blank.cell.step for blank in blanks)
        by_blank: dict[str, dict[Number, tuple[list[str], int]]] = {blank.id: {} for blank in blanks}
        for name, mistake in self._mistakes.items():
            if not any(map(mistake.tells, asked)):
                continue
            throughout, alone = self._of(mistake, asked), {step: self._of(mistake, {step}) for step in asked}
            for blank in blanks:
                self._add(by_blank[blank.id], name, blank, throughout, alone[blank.cell.step])
        return {
            name: tuple(Foil(value, tuple(names), credit) for value, (names, credit) in foils.items())
            for name, foils in by_blank.items()
        }

    def _add(
        self, foils: dict[Number, tuple[list[str], int]], name: str, blank: Blank, throughout: Mistaken,
        alone: Mistaken,
    ) -> None:  # fmt: skip
        right = number(blank.cell.value)
        here, along = _written(alone, blank), _written(throughout, blank)
        made_here = here not in (None, right)
        for value in dict.fromkeys((here, along)):
            if value is None or value == right:
                continue
            credit = MADE if made_here else FOLLOWS
            names, before = foils.setdefault(value, ([], credit))
            names.append(name)
            foils[value] = names, max(before, credit)

    @cached_property
    def _mistakes(self) -> Mapping[str, Rewritten]:
        """The mistakes that can be made."""
        run, asked = self.page.run, self.page.reader.asked_steps
        return {name: Rewritten(run, made, asked) for name, made in changes_of(run).items()}

    def _of(self, mistake: Rewritten, asked: Set[str]) -> Mistaken:
        """The numbers of somebody who makes a mistake in some steps, and has all others printed right."""

        def front(place: Place) -> Any:
            name, i, j = place
            is_printed = name not in asked or mistake.whole[name].op is None
            return self.page.run.values(name)[i][j] if is_printed else mistaken.value(place)

        mistaken = Mistaken(mistake, front, self.page.run.domain.settle, elsewhere=asked)
        return mistaken


def _written(mistaken: Mistaken, blank: Blank) -> Number | None:
    """What stands in a blank; None where nothing can be computed, or nothing that is written down."""
    try:
        value = mistaken.value(blank.cell.place)
    except ArithmeticError:
        return None
    return None if value is None or len(plain(value)) > LONGEST_FOIL else number(value)
