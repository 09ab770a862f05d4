"""The numbers of threads: a bank of base threads, searched for beforehand (tools/threads.py), and varied by seeds.

A base is the weights of one small GPT, by their names, with which the whole thread keeps its promises. Its rows of
words stand in the order of the sentence, and the joining word comes last.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec.structs import replace

from byhand.model import Model
from byhand.model.weights import Values
from byhand.symmetry.draw import Draw
from byhand.symmetry.renaming import renamed

BANK = "threads.jsonl"  # a base a line
WORDS = 4  # of the vocabulary


@cache
def _bank() -> tuple[str, ...]:
    return tuple((files(__package__) / BANK).read_text(encoding="utf-8").splitlines())


def bases() -> int:
    """How many base threads there are."""
    return len(_bank())


def base(number: int) -> dict[str, Any]:
    """The weights of a base thread by their names."""
    weights: dict[str, Any] = json.loads(_bank()[number])
    return weights


def of_seed(model: Model, values: Values, seed: int, in_place: Sequence[str], words: Sequence[str]) -> Values:
    """The values of a thread for a seed: those of one base, with other words, in another order of the vocabulary, and
    with neurons in another order.

    values: those of seed 0. words: the seed's sentence. Raises: ConfigError.
    """
    if seed == 0:
        return values
    spoken = dict(zip(values.vocabulary, words, strict=False))
    said = replace(
        values,
        tokens=tuple(spoken.get(str(word), word) for word in values.tokens),
        vocabulary=tuple(spoken.get(values.vocabulary[old], values.vocabulary[old]) for old in _order(seed)),
    )
    return renamed(model, with_base(said, seed % bases(), seed), f"thread/{seed}", in_place=in_place)


def with_base(values: Values, number: int, seed: int) -> Values:
    """The words of a seed with the weights of a base thread."""
    weights, order = base(number), _order(seed)
    weights["embed.W_E"] = [weights["embed.W_E"][old] for old in order]
    weights["unembed.W_U"] = [[row[old] for old in order] for row in weights["unembed.W_U"]]
    return replace(values, weights=weights)


def _order(seed: int) -> list[int]:
    """The order of a seed's vocabulary: for each of its words, the place in that of seed 0."""
    return list(range(WORDS)) if seed == 0 else list(Draw(f"byhand/thread/{seed}/vocabulary").order(WORDS))
