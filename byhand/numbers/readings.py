"""Models whose weights are the lesson: a seed draws the words that are read, and changes no number.

    @reads("adder")
    def _sums() -> Iterator[Reading]:
        for a, b in product(range(10), repeat=2):
            yield Reading((str(a), "+", str(b), "="), str((a + b) % 10))

A lesson lists all that its model may be given, each with the word that is right after it. A test runs them all, which
proves that the model works. A seed draws one of them that is as long as the sheet's own words, and with which the
sheet keeps its promises; and so does a student in a class. A mistake that does not show in some words is harmless
there: only a promise asks for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from byhand.loading import load_lesson
from byhand.model import Model
from byhand.model.weights import Values
from byhand.numbers.promises import broken_of_sheet
from byhand.symmetry.draw import Draw


class Reading(Struct, frozen=True):
    """What a model may be given."""

    words: tuple[str, ...]
    says: str
    """The word that is right after them."""


ListAll = Callable[[], Iterable[Reading]]
_READINGS: dict[str, ListAll] = {}  # by sheet


def reads(sheet: str) -> Callable[[ListAll], ListAll]:
    """Register a function that lists all that the model of a sheet may be given."""

    def register(list_all: ListAll) -> ListAll:
        _READINGS[sheet] = list_all
        return list_all

    return register


def draws_words(sheet: str) -> bool:
    """Whether the seeds of a sheet draw words, and no numbers."""
    load_lesson(sheet)
    return sheet in _READINGS


def readings(sheet: str) -> tuple[Reading, ...]:
    """All that the model of a sheet may be given; nothing of a sheet whose seeds draw numbers."""
    return tuple(_READINGS[sheet]()) if draws_words(sheet) else ()


def drawn(sheet: str, model: Model, values: Values, promises: Sequence[str]) -> tuple[Values, ...]:
    """The values with all the words that a seed may draw. Those of seed 0 come first, and seeds 1, 2, 3, … have the
    next ones, in an order without a pattern.

    values: the sheet's own. promises: the names of its own promises.
    """
    from byhand.numbers.choice import evaluated  # numpy, which a sheet's own words do without

    own = tuple(map(str, values.tokens))
    listed = [each.words for each in readings(sheet) if len(each.words) == len(own) and each.words != own]
    order = Draw(f"byhand/{sheet}/words").order(len(listed))
    others = (replace(values, tokens=listed[place]) for place in order)
    return (values, *(each for each in others if not broken_of_sheet(evaluated(model, each), promises)))
