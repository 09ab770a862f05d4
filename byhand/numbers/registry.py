"""How new numbers are found: for each model its search, and what the search requires of a configuration.

    @search("feed-forward", requires=FEED_FORWARD)
    def _feed_forward(task: Task, dice: Dice) -> Iterator[Instance]:
        ...

A model without a search has its sheet's own numbers in another order (lessons.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from byhand.errors import ConfigError
from byhand.model import Model
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.numbers.dice import Dice
from byhand.numbers.promises import Limits


@dataclass(frozen=True)
class Task:
    """What is looked for.

    own: the config and the words, and the numbers whose place is to be taken. wanted: the number of the right word at
    each position, for a model that says words; None where any word will do.
    """

    model: Model
    own: Values
    limits: Limits
    wanted: tuple[int | None, ...] = ()

    @property
    def config(self) -> Config:
        return self.own.config

    @property
    def n(self) -> int:
        """The number of tokens."""
        return len(self.own.tokens) or self.config.n_ctx

    @property
    def source(self) -> int:
        """The number of an encoder's tokens, where a decoder has others."""
        return len(self.own.source) or self.config.n_ctx

    @property
    def heads(self) -> int:
        return 1 if self.model.one_head else self.config.n_heads


Entries = dict[str, Any]  # numbers as a values file has them: nested lists, by the names of steps or parameters


@dataclass(frozen=True)
class Instance:
    """Numbers for one run."""

    inputs: Entries = field(default_factory=dict)
    weights: Entries = field(default_factory=dict)


Find = Callable[[Task, Dice], Iterator[Instance]]
Requirement = Callable[[Task], str]  # says why there are no numbers, and for what there are some; else ""


@dataclass(frozen=True)
class Search:
    """How numbers are found for a model.

    find: makes one attempt, which yields instances that are worth a run. requires: checked before, in this order.
    like_own: whether the sheet's own numbers say how large others may be and how long they may take.
    every: lists all numbers that take about so many seconds, where they are few enough to be listed.
    pace: the time that instances take, as a multiple of what is usual for their steps (promises.py): scores that are
    given are larger, a layer of its own has smaller numbers than one in a block.
    """

    find: Find
    requires: tuple[Requirement, ...] = ()
    like_own: bool = False
    every: Callable[[Task, float], list[Values]] | None = None
    pace: float = 1.0


SEARCHES: dict[str, Search] = {}


def search(
    model: str, *, requires: Sequence[Requirement] = (), like_own: bool = False,
    every: Callable[[Task, float], list[Values]] | None = None, pace: float = 1.0,
) -> Callable[[Find], Find]:  # fmt: skip
    """Register a function that finds numbers as the search of a model."""

    def register(find: Find) -> Find:
        SEARCHES[model] = Search(find, tuple(requires), like_own, every, pace)
        return find

    return register


def check(task: Task, requires: Sequence[Requirement]) -> None:
    """Refuse a task for which no numbers can be found.

    Raises: ConfigError with the reason and the nearest that works.
    """
    for requirement in requires:
        if problem := requirement(task):
            raise ConfigError(problem)
