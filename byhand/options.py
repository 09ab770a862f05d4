"""The options of `generate`, of `class` and of the book, and who is told what they lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.errors import ConfigError
from byhand.formats import Setup
from byhand.worksheet.excerpt import Excerpt
from byhand.worksheet.folders import ENGLISH
from byhand.worksheet.views import VIEWS, Level, Orientation, Paper, View

if TYPE_CHECKING:  # pages from the cache need nothing of it
    from byhand.arithmetic.domain import Domain
    from byhand.arithmetic.systems import Rounding
    from byhand.secret import Secret
    from byhand.worksheet.inverse import LeftOut
    from byhand.worksheet.sheet import Sheet

LONGEST_SEED = 18  # digits: a page has room for them
OF_SECRET = "class"  # stands on a page in place of a seed, where a secret decides the numbers
USUAL_FORMATS = ("html", "pdf", "json")  # formats
Tell = Callable[[object], None]  # receives messages for the user


def unheard(line: object) -> None:
    """Drop a message: the default Tell."""


class Options(Struct, frozen=True):
    """The options of `generate`."""

    seed: int | None = None
    """0 for the sheet's own numbers, any other number for new ones; None means 0, or 1 where tokens, an answer or a
    level ask for new numbers."""
    numbers: str | None = None
    """The number system: exact, decimal or symbolic; None means the sheet's."""
    places: int | None = None
    """The decimal places of classroom decimals; None means the sheet's, mostly 2."""
    rounding: Rounding = "carry"
    """Whether a step carries rounded numbers or all digits."""
    base: int | str | None = None
    """The base of softmax; None means the sheet's."""
    orientation: Orientation = "rows"
    views: tuple[View, ...] = ("worksheet", "key")
    """The views to write."""
    formats: tuple[str, ...] = USUAL_FORMATS
    """The formats to write."""
    paper: Paper = "a4"
    large: bool = False
    """Whether pages are in large print."""
    look: str = ""
    """What pages look like, as worksheet/looks.py has it in one line; "" for as usual."""
    tokens: tuple[str, ...] = ()
    """The words of the sentence."""
    values: object = None
    """The entries of a values file, which replace the sheet's."""
    answer: str = ""
    """The words that gpt predicts."""
    level: Level | None = None
    """How large new numbers are, and how many hints the page gives."""
    cache: bool = True
    """Whether pages are taken from the cache."""
    weight_places: int | None = None
    """The places to which a file's weights are rounded."""
    language: str = ENGLISH
    """The language of the pages; a text that it lacks is in English."""
    left_out: LeftOut = field(default_factory=dict)
    """The entries that inverse exercises leave out; where none are named, those that are easy to find."""
    minutes: tuple[int, ...] = ()
    """The minutes of each sitting, or of a sheet that is one; where none are named, those that its numbers take."""
    secret: Secret | None = None
    """The secret of a class, whose numbers depend on it in place of the seed."""
    feedback: bool = True
    """As in Setup."""
    variants: int = 0
    """As in Setup."""
    nbgrader: bool = False
    """As in Setup."""
    excerpt: Excerpt = Excerpt()
    """What is taken of the sheet."""
    scan: bool = False
    """Whether the pages of a class have marks by which they are known when they come back."""

    def __post_init__(self) -> None:
        if self.seed is not None and abs(self.seed) >= 10**LONGEST_SEED:
            raise ConfigError(f"a page has room for a seed of up to {LONGEST_SEED} digits")

    def on(self, sheet: Sheet) -> Options:
        """These options for a sheet: numbers and decimal places that were not asked for are the sheet's.

        Raises: ConfigError where the sheet's values, or those given here, ask its model for what it does not read.
        """
        sheet.model.check_options(sheet.given(letters=False, tokens=self.tokens, other=self.values))
        return replace(self, numbers=self.numbers or sheet.numbers, places=self.places or sheet.places)

    @property
    def keeps_numbers(self) -> bool:
        """Whether the sheet's or the file's numbers are used, possibly in other places, and none are searched for."""
        return self.keeps_its_numbers or self.chosen_seed == 0

    @property
    def keeps_its_numbers(self) -> bool:
        """Whether letters or a file's numbers rule out new numbers, so that no other seed has others."""
        return self.numbers == "symbolic" or self.has_own_numbers

    @property
    def has_own_numbers(self) -> bool:
        """Whether a file has numbers of its own; one with only config and words has none."""
        only = isinstance(self.values, Mapping) and self.values.keys().isdisjoint({"inputs", "weights"})
        return self.values is not None and not only

    @property
    def chosen_seed(self) -> int:
        """The seed, or its default where none is given."""
        if self.seed is not None:
            return self.seed
        return int(not self.keeps_its_numbers and bool(self.tokens or self.answer or self.level))

    @property
    def seeded(self) -> Options:
        """These options with the seed that they stand for."""
        return replace(self, seed=self.chosen_seed)

    @property
    def told_by_class(self) -> dict[str, str]:
        """What the pages of a class say besides: that it has words, an answer or numbers of somebody's own, which
        only its file tells, since they may tell answers; and that pages have marks by which they are known.
        """
        own = self.tokens or self.answer or self.values is not None
        return {name: "yes" for name, says in (("own", own), ("scan", self.scan)) if says}

    @property
    def known_seed(self) -> int | None:
        """The seed that decided the numbers; None where a secret did."""
        return None if self.secret else self.chosen_seed

    @property
    def printed_seed(self) -> str:
        """What a page says that its seed is."""
        return OF_SECRET if self.secret else str(self.chosen_seed)

    @property
    def cached(self) -> bool:
        """Whether the cache may be used. It is not for what depends on a secret, since others may read it."""
        return self.cache and not self.secret

    @property
    def fills_pages(self) -> bool:
        """Whether files are filled at once into pages that other runs share, and these are kept: not with words or
        numbers of somebody's own, with letters, with templates of one's own, or with a secret.
        """
        from byhand.worksheet.program import program_key

        of_own = self.values is not None or self.tokens or self.answer or self.numbers == "symbolic"
        return bool(self.cached and not of_own and not self.variants and program_key())

    @property
    def domain(self) -> Domain:
        """The number system."""
        from byhand.arithmetic.systems import number_system

        return number_system(self.numbers or "exact", self.places or 2, self.rounding)

    @property
    def setup(self) -> Setup:
        """The options that formats need."""
        return Setup(
            self.paper, self.cache, self.feedback, self.variants, self.nbgrader, self.fills_pages, self.large,
            self.look,
        )  # fmt: skip


def views_asked(view: str | None) -> tuple[View, ...]:
    """The views that `--view` writes: worksheet and key by default, all three for "worked"."""
    return ("worksheet", "key") if view is None else VIEWS if view == "worked" else (view,)  # type: ignore[return-value]
