"""What `generate` and its kin can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from byhand.arithmetic.domain import Domain
from byhand.arithmetic.systems import Rounding, number_system
from byhand.formats import Paper, Setup
from byhand.worksheet.document import VIEWS, Level, Orientation, View
from byhand.worksheet.sheet import ENGLISH, Sheet

USUAL_FORMATS = ("html", "pdf", "json")  # formats


@dataclass(frozen=True)
class Options:
    """What `generate` can be asked for.

    seed: 0 for the sheet's own numbers, any other for new ones; None is 0, or 1 where tokens, an answer or a level
    need new ones. values: a values file's entries, which take the place of the sheet's. views: which are written.
    numbers: exact, decimal or symbolic; None is what the sheet has.
    places: of classroom decimals; rounding: whether a step goes on with rounded numbers or with all their digits.
    base: of softmax, where it is not the sheet's. answer: the words that gpt says.
    level: how large new numbers are, and how much the page gives away. cache: whether a page that was laid out before
    is taken from the cache. weight_places: what a file's weights are rounded to. language: of the pages; what it does
    not have is in English.
    """

    seed: int | None = None
    numbers: str | None = None
    places: int = 2
    rounding: Rounding = "carry"
    base: int | str | None = None
    orientation: Orientation = "rows"
    views: tuple[View, ...] = ("worksheet", "key")
    formats: tuple[str, ...] = USUAL_FORMATS
    paper: Paper = "a4"
    tokens: tuple[str, ...] = ()
    values: object = None
    answer: str = ""
    level: Level | None = None
    cache: bool = True
    weight_places: int | None = None
    language: str = ENGLISH

    def on(self, sheet: Sheet) -> Options:
        """The same, with the sheet's own numbers where none are asked for."""
        return replace(self, numbers=self.numbers or sheet.numbers)

    @property
    def kept(self) -> bool:
        """Whether the numbers are the sheet's or a file's own, in whatever places, and no new ones."""
        return self._own or self.chosen_seed == 0

    @property
    def _own(self) -> bool:
        """Whether letters or a teacher's numbers rule out new ones; a file may say sizes, choices and words alone."""
        only = isinstance(self.values, Mapping) and self.values.keys().isdisjoint({"inputs", "weights"})
        return self.numbers == "symbolic" or (self.values is not None and not only)

    @property
    def chosen_seed(self) -> int:
        """The seed, where none is given too."""
        if self.seed is not None:
            return self.seed
        return int(not self._own and bool(self.tokens or self.answer or self.level))

    @property
    def domain(self) -> Domain:
        """The number system."""
        return number_system(self.numbers or "exact", self.places, self.rounding)

    @property
    def setup(self) -> Setup:
        """What formats are told."""
        return Setup(self.paper, self.cache)


def views_asked(view: str | None) -> tuple[View, ...]:
    """The views that `--view` stands for: worked comes with worksheet and key."""
    return ("worksheet", "key") if view is None else VIEWS if view == "worked" else (view,)  # type: ignore[return-value]
