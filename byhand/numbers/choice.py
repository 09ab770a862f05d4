"""Choose the numbers of an instance: search, run on the tape, keep what keeps every promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ConfigError, DomainError
from byhand.model import MODELS, Model
from byhand.model.weights import Values
from byhand.numbers.dice import Dice
from byhand.numbers.lessons import shuffled
from byhand.numbers.promises import Limits, limits_of, promised, quality, usual_time, whole_time
from byhand.numbers.registry import SEARCHES, Task, check
from byhand.numbers.words import answers, new_words, sentence, vocabulary
from byhand.tape import Tape

ATTEMPTS = 1000  # of the search, before it gives up: almost all need a few


@dataclass(frozen=True)
class Chosen:
    """Numbers for a run, and what is promised of them."""

    values: Values
    quality: dict[str, Any]


def choose(
    model: Model, values: Values, seed: int, *, answer: Sequence[str] = (), level: str = "standard",
    pick_words: bool = False,
) -> Chosen:  # fmt: skip
    """Numbers for a model: the same for the same arguments, for ever.

    values: gives config, tokens and vocabulary; its own numbers say how large and how many a small model's are.
    answer: the words that gpt says at the last positions. pick_words: gpt's sentence, and its answers where there are
    none, are picked by the seed.

    Raises: ConfigError for a configuration that cannot work; UnknownNameError, ValuesError.
    """
    if seed < 1:
        raise ConfigError(f"seed={seed} is not a seed; use 1 or more")
    limits, expected, search = limits_of(level), None, SEARCHES.get(model.name)
    if answer and not model.says_words:
        able = ", ".join(other.name for other in MODELS.values() if other.says_words)
        raise ConfigError(f"{model.name} says no words, so it has no answer; use {able}")
    if search is None:
        return _shuffled(model, values, seed, level)
    if model.says_words:
        values, answer = _worded(values, seed, tuple(answer), pick_words)
    check(Task(model, values, limits), search.requires)
    if search.like_own:
        limits, expected = _measures(model, values, limits)
    wanted = _wanted(values, tuple(answer), seed) if model.says_words else ()
    task, dice = Task(model, values, limits, wanted), Dice(f"{seed} {level}")
    for instance in chain.from_iterable(search.find(task, dice) for _ in range(ATTEMPTS)):
        chosen = replace(values, inputs=instance.inputs, weights=instance.weights)
        found = judged(model, chosen, limits, wanted, expected)
        if found is not None:
            return Chosen(chosen, found)
    other = "another seed or another answer" if answer else "another seed"
    raise ConfigError(f"no numbers for seed {seed} in {ATTEMPTS} attempts; use {other}")


def listed(model: Model, values: Values, level: str = "standard") -> list[Values]:
    """All numbers that may be chosen for a model where they are few enough to be listed; else none."""
    search = SEARCHES.get(model.name)
    if search is None or search.every is None:
        return []
    limits, expected = _measures(model, values, limits_of(level))
    return search.every(Task(model, values, limits), expected)


def _shuffled(model: Model, values: Values, seed: int, level: str) -> Chosen:
    """A small model's own numbers in another order.

    Raises: ConfigError.
    """
    found = shuffled(model, values, f"{seed} {level}", limits_of(level))
    if found is None:
        raise ConfigError(f"no numbers like the sheet's for seed {seed}; use another seed")
    return Chosen(*found)


def judged(
    model: Model, values: Values, limits: Limits, wanted: tuple[int | None, ...] = (), expected: float | None = None
) -> dict[str, Any] | None:
    """The quality of an instance whose run keeps every promise; None for any other.

    expected: the seconds that it should take, where they are not those that are usual.
    """
    try:
        tape = evaluated(model, values)
        if expected is None:
            expected = usual_time(tape, values.config) * SEARCHES[model.name].pace
        found = promised(tape, limits, expected, wanted)
    except DomainError:
        return None
    if found is not None and values.config.softmax_base == "e":
        found["judged_in_base"] = 2
    return found


def _measures(model: Model, own: Values, limits: Limits) -> tuple[Limits, float]:
    """What a small model's own numbers allow others: how large they may be, and how long they may take."""
    tape = evaluated(model, own)
    found = quality(tape)
    sizes = (("integer", "largest_integer"), ("denominator", "largest_denominator"), ("ugly", "ugly"))
    larger = {name: max(getattr(limits, name), found[figure]) for name, figure in sizes}
    return replace(limits, **larger), whole_time(tape)


def evaluated(model: Model, values: Values) -> Tape:
    """The run in exact numbers: in base 2 where base e would leave them, and quality says so."""
    config = values.config
    if config.softmax_base == "e":
        values = replace(values, config=replace(config, softmax_base=2))
    return model.run(values, RATIONALS)


def _worded(values: Values, seed: int, answer: tuple[str, ...], pick: bool) -> tuple[Values, tuple[str, ...]]:
    """gpt's sentence and vocabulary as words, and its answer."""
    known = values.vocabulary
    if pick or not values.tokens:
        tokens, own = sentence(seed, values.config.n_ctx)
        answer = answer or own
    else:
        tokens = tuple(known[t] if isinstance(t, int) and t < len(known) else str(t) for t in values.tokens)
    words = vocabulary(tokens, answer, known)
    config = replace(values.config, d_vocab=len(words), n_ctx=max(values.config.n_ctx, len(tokens)))
    return replace(values, config=config, tokens=tokens, vocabulary=words), answer


def _wanted(values: Values, answer: tuple[str, ...], seed: int) -> tuple[int | None, ...]:
    """The number of the right word at each position."""
    words = answers([str(t) for t in values.tokens], answer)
    if words[-1] is None:
        fresh = new_words(values.vocabulary, values.tokens)
        words = (*words[:-1], fresh[seed % len(fresh)] if fresh else None)
    return tuple(None if w is None else values.vocabulary.index(w) for w in words)
