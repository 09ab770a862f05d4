"""How new numbers are found: for each model its search, and what the search requires of a configuration.

    @search("feed-forward", requires=FEED_FORWARD)
    def _feed_forward(task: Task, dice: Dice) -> Iterator[Instance]:
        ...

Most lessons only say how their givens are drawn (draw.py). A model without a search is given the numbers of its sheet
in another order (shuffled.py). A lesson has its search with its model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from byhand.errors import ConfigError
from byhand.model import Model
from byhand.model.config import OF_SOME, Config
from byhand.model.weights import Values
from byhand.notation.number import shown
from byhand.numbers.dice import Dice
from byhand.numbers.promises import FEW_TOKENS, Limits
from byhand.numbers.words import distractors
from byhand.numbers.words import sentence as any_sentence
from byhand.tape import Tape


class Task(Struct, frozen=True):
    """What a search has to find: new numbers for a model."""

    model: Model
    values: Values
    """The config, the words, and the sheet's numbers, which the new ones replace."""
    limits: Limits
    wanted: tuple[int | None, ...] = ()
    """For a model that says words, the id of the right word at each position; None where any word will do."""
    promises: tuple[str, ...] = ()
    """The names of the sheet's own promises."""
    picks_words: bool = False
    """Whether the seed may pick other words."""

    @property
    def config(self) -> Config:
        return self.values.config

    @property
    def n(self) -> int:
        """The number of tokens."""
        return len(self.values.tokens) or self.config.n_ctx

    @property
    def n_source(self) -> int:
        """The number of tokens that an encoder reads, where a decoder reads others."""
        return len(self.values.source) or self.config.n_ctx

    @property
    def has_wide(self) -> bool:
        """Whether every norm reads a wide row (norms.py): LayerNorm in four dimensions does. Among more than
        FEW_TOKENS that all see each other, hardly any heads would be found.
        """
        c, n = self.config, max(self.n, len(self.values.source))
        return (c.normalization_type, c.d_model) == ("LN", 4) and n <= FEW_TOKENS

    @property
    def is_bare(self) -> bool:
        """Whether norms have no w and b, and layers no biases."""
        return SEARCHES[self.model.name].bare

    @property
    def heads(self) -> int:
        """The number of heads that the model has."""
        return 1 if self.model.one_head else self.config.n_heads


Entries = dict[str, Any]  # numbers as in a values file: nested lists, by the name of a step or parameter


class Instance(Struct, frozen=True):
    """Numbers for one run."""

    inputs: Entries = {}
    """The numbers of given steps."""
    weights: Entries = {}
    """The numbers of parameters."""
    words: Mapping[str, tuple[str, ...]] = {}
    """Where the search draws words, too: the tokens, the source or the vocabulary, as many as there were."""


Find = Callable[[Task, Dice], Iterator[Instance]]
Finds = TypeVar("Finds", bound=Find)
Requirement = Callable[[Task], str]  # why a task has no numbers, and the nearest configuration that has; "" if it has
Others = Callable[[Sequence[str]], Sequence[str]]  # by the tokens of a sentence
Sentence = Callable[[int, int], tuple[tuple[str, ...], tuple[str, ...]]]  # by number and length: tokens and answers
ListAll = Callable[[Task, float], list[Values]]  # all numbers for a task that take about this many seconds


class Search(Struct, frozen=True):
    """How numbers are found for a model."""

    find: Find
    """Makes one attempt, and yields the instances that are worth a run."""
    requires: tuple[Requirement, ...] = ()
    """What is checked before the first attempt, in this order."""
    like_sheet: bool | Callable[[Task], bool] = False
    """Whether the sheet's numbers set the limits of the new ones, in size and in time."""
    list_all: ListAll | None = None
    """Lists all numbers, for a model that has few."""
    pace: float = 1.0
    """The mean time of this model's instances, as a multiple of the usual time of their steps (promises.py). Softmax
    alone has more fractions than in attention, so it takes longer; a lone layer has smaller numbers than the same
    layer in a block. Measured by `python bench/bench.py --only paces`."""
    bare: bool = False
    """Whether norms have no w and b, and layers no biases."""
    sentence: Sentence = any_sentence
    """The sentence of a seed, for a sheet whose words it picks."""
    others: Others = distractors
    """The words that fill up the vocabulary of a sentence."""

    def is_like_sheet(self, task: Task) -> bool:
        """Whether the sheet's numbers set the limits of a task's."""
        return self.like_sheet if isinstance(self.like_sheet, bool) else self.like_sheet(task)


SEARCHES: dict[str, Search] = {}


def search(
    model: str, *, requires: Sequence[Requirement] = (), like_sheet: bool | Callable[[Task], bool] = False,
    list_all: ListAll | None = None, pace: float = 1.0, bare: bool = False, sentence: Sentence = any_sentence,
    others: Others = distractors,
) -> Callable[[Finds], Finds]:  # fmt: skip
    """Register a function that finds numbers as the search of a model."""

    def register(find: Finds) -> Finds:
        SEARCHES[model] = Search(find, tuple(requires), like_sheet, list_all, pace, bare, sentence, others)
        return find

    return register


GoesOn = Callable[[Task, Tape], Iterator[Instance]]
GOES_ON: dict[str, tuple[str, GoesOn]] = {}  # by a sheet, the one whose numbers of the same seed it takes up, and how


def goes_on(sheet: str, *, after: str) -> Callable[[GoesOn], GoesOn]:
    """Register a function that takes up the numbers of another sheet's run: it yields what is worth a run of this
    sheet's model. Where nothing fits, the search finds others.
    """

    def register(taken_up: GoesOn) -> GoesOn:
        GOES_ON[sheet] = after, taken_up
        return taken_up

    return register


def is_plain(task: Task) -> str:
    """Requires none of the options that a transformer of 2017 does not have."""
    c = task.config
    used = {name: value for name, value in c.as_dict().items() if name in OF_SOME}
    if c.positional_embedding_type not in ("standard", "sinusoidal", None):
        used["positional_embedding_type"] = c.positional_embedding_type
    if not used:
        return ""
    name, value = next(iter(used.items()))
    return f"no numbers are searched for {name}={shown(value)}; leave it out, or give inputs and weights"


def exactly(tokens: int | None = None, **fields: Any) -> Requirement:
    """Requires these values of a configuration's fields, and this many tokens."""

    def requirement(task: Task) -> str:
        actual = {name: getattr(task.config, name) for name in fields}
        other = next((name for name, value in fields.items() if actual[name] != value), None)
        if other is not None:
            config_value, wanted = _told(actual[other]), _told(fields[other])
            return (
                f"numbers are chosen for {other}={wanted}, not {config_value}; use {other}={wanted}, or give values"
            )
        if tokens is not None and task.n != tokens:
            return f"numbers are chosen for {tokens} tokens, not {task.n}; use n_ctx={tokens}, or give values"
        return ""

    return requirement


def base_2_or_e(task: Task) -> str:
    """Requires base 2, or e: numbers that are chosen in base 2 are good in base e, too."""
    base = task.config.softmax_base
    return "" if base in (2, "e") else f"numbers are chosen for softmax_base=2 or e, not {base}; use one of them"


def _told(value: Any) -> str:
    """A value as a values file has it."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else shown(value)


def check(task: Task, requires: Sequence[Requirement]) -> None:
    """Refuse a task for which no numbers can be found.

    Raises: ConfigError with the reason and the nearest configuration that works.
    """
    for requirement in requires:
        if problem := requirement(task):
            raise ConfigError(problem)
