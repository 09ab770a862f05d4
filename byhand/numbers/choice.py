"""Choose the numbers of an instance: search for candidates, run each on the tape, accept the first that keeps every
promise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

import byhand.numbers.search  # noqa: F401 - registers the searches of transformers
from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ConfigError, DomainError
from byhand.loading import load_lessons
from byhand.model import MODELS, Model
from byhand.model.weights import Values
from byhand.notation.number import shown
from byhand.numbers.dice import DRAW, Dice, SpentError
from byhand.numbers.promises import (
    Case,
    Limits,
    broken_of_sheet,
    foiled,
    limits_of,
    promised,
    quality,
    usual_time,
    whole_time,
    work_of,
)
from byhand.numbers.registry import GOES_ON, SEARCHES, Search, Task, check
from byhand.numbers.shuffled import rational, shuffled
from byhand.numbers.words import END, answers, new_words, sentence, vocabulary
from byhand.tape import Tape

MOST_WORK = 150_000_000  # of a search, as its dice count it: well under ten seconds; almost all need a tenth of one
ENOUGH_WORK = 12_000_000  # after this much, no more numbers are searched for, of which the easiest are taken


class Chosen(Struct, frozen=True):
    """Numbers for a run, and what is known of them."""

    values: Values
    quality: dict[str, Any]
    """The figures of run.json, such as the largest denominator."""
    seconds: float
    """The seconds that the run takes."""


def choose(
    model: Model, values: Values, seed: int, *, answer: Sequence[str] = (), level: str = "standard",
    pick_words: bool = False, sheet: str = "", promises: Sequence[str] = (), before: Tape | None = None,
) -> Chosen:  # fmt: skip
    """Numbers for a model. The same arguments give the same numbers, now and in every later release.

    values: config, tokens and vocabulary, and for a small model numbers that the new ones resemble. answer: the words
    that gpt is to say at the last positions. pick_words: whether the seed picks gpt's sentence, and its answers if
    `answer` is empty. sheet: the name of the sheet that the numbers are for, so that another sheet with the same seed
    has others. promises: the names of the sheet's own promises. before: the run of the sheet with which this one goes
    on (`goes_on`), whose numbers are taken where they fit.

    Method: rejection sampling. An instance of the search is accepted if its run keeps every promise. At the easy
    level, several are accepted, up to ENOUGH_WORK, and the one that needs the least time is taken.

    Raises: ConfigError for a configuration that cannot work, or where MOST_WORK finds no numbers; UnknownNameError,
    ValuesError.
    """
    if seed < 1:
        raise ConfigError(f"seed={seed} is not a seed; use 1 or more")
    base = values.config.softmax_base
    if before is not None and (chosen := _gone_on(model, values, sheet, promises, before)):
        return _easiest([chosen], base)
    dice, limits = Dice(f"{seed} {level} {sheet}".rstrip(), MOST_WORK), limits_of(level)
    accepted, has_candidates = list[Chosen](), False
    try:
        for chosen in _candidates(model, values, seed, dice, tuple(answer), limits, pick_words, promises):
            has_candidates = True
            if chosen is None:
                continue
            accepted.append(chosen)
            if len(accepted) == limits.drawn or dice.work > ENOUGH_WORK:
                break
    except SpentError:
        if accepted:  # fewer to take the easiest of
            return _easiest(accepted, base)
        answers = " or another answer" * bool(answer or pick_words)
        other = f"other options{answers}; another seed may have some, or none"
        none = "other options, or other numbers to begin with: no seed is likely to have some"
        raise ConfigError(
            f"no numbers for seed {seed} in {MOST_WORK // 10**6} million steps of the search, the most that it may "
            f"take; use {other if has_candidates else none}"
        ) from None
    return _easiest(accepted, base)


def _gone_on(model: Model, values: Values, sheet: str, promises: Sequence[str], before: Tape) -> Chosen | None:
    """Numbers that go on with those of another sheet's run, and keep the sheet's own promises. How large they are,
    and how long they take, that sheet has promised.
    """
    values = rational(values)
    for instance in GOES_ON[sheet][1](Task(model, values, Limits()), before):
        chosen = replace(values, inputs=instance.inputs, weights=instance.weights, **instance.words)
        tape = evaluated(model, chosen)
        if not broken_of_sheet(tape, promises) and all((foils := foiled(tape)).values()):
            figures = quality(tape) | {"promises": dict.fromkeys(promises, True), "foils": foils}
            return Chosen(chosen, figures, whole_time(tape))
    return None


def _easiest(accepted: Sequence[Chosen], base: int | str) -> Chosen:
    """The numbers whose run needs the least time, with this base of softmax."""
    easiest = min(accepted, key=lambda each: each.seconds)
    judged_in = easiest.values.config.softmax_base
    known = easiest.quality if base == judged_in else {**easiest.quality, "judged_in_base": judged_in}
    return replace(easiest, values=_in_base(easiest.values, base), quality=known)


def _candidates(
    model: Model, values: Values, seed: int, dice: Dice, answer: tuple[str, ...], limits: Limits, pick_words: bool,
    promises: Sequence[str],
) -> Iterator[Chosen | None]:  # fmt: skip
    """The numbers that a search finds, one after the other; None for those whose run breaks a promise.

    Raises: SpentError.
    """
    search, expected = SEARCHES.get(model.name), None
    if answer and not model.says_words:
        load_lessons()
        able = ", ".join(sorted(other.name for other in MODELS.values() if other.says_words))
        raise ConfigError(f"{model.name} says no words, so it has no answer; use {able}")
    if search is None:
        values = rational(values)
        while True:
            other, case = shuffled(model, values, dice, limits, promises)
            yield Chosen(other, case.quality, whole_time(evaluated(model, other)))  # without its pictures
    says_words = model.says_words and (model.reads_words or bool(values.vocabulary))
    if says_words:
        values, answer = _with_words(values, seed, answer, search, pick_words)
    check(Task(model, values, limits), search.requires)  # which may ask for the base
    values = rational(values)
    if search.is_like_sheet(Task(model, values, limits)):
        limits, expected = _measures(model, values, limits)
    wanted = _wanted(values, answer, seed) if says_words else ()
    task, work = Task(model, values, limits, wanted, tuple(promises), pick_words), 0
    while True:
        dice.pay(DRAW)  # also where an attempt draws nothing
        for instance in search.find(task, dice):
            chosen = replace(values, inputs=instance.inputs, weights=instance.weights, **instance.words)
            work = work or work_of(model.run(chosen, RATIONALS, force=False))  # each instance takes as much
            dice.pay(work)
            kept = accepted(model, chosen, limits, wanted, expected, promises)
            yield Chosen(chosen, kept.quality, kept.seconds) if kept else None
            if kept:
                break  # another attempt has other numbers throughout


def listed(
    model: Model, values: Values, level: str = "standard", promises: Sequence[str] = (), *, pick_words: bool = False
) -> list[Values]:
    """All numbers that may be chosen for a model, if its search can list them; else none.

    promises: the names of the sheet's own promises. pick_words: whether they may come with other words.
    """
    search = SEARCHES.get(model.name)
    if search is None or search.list_all is None:
        return []
    base, values = values.config.softmax_base, rational(values)
    limits, expected = _measures(model, values, limits_of(level))
    task = Task(model, values, limits, promises=tuple(promises), picks_words=pick_words)
    candidates = search.list_all(task, expected)
    if promises:
        candidates = [each for each in candidates if not broken_of_sheet(evaluated(model, each), promises)]
    return [_in_base(each, base) for each in candidates]


def accepted(
    model: Model, values: Values, limits: Limits, wanted: tuple[int | None, ...] = (), expected: float | None = None,
    promises: Sequence[str] = (),
) -> Case | None:  # fmt: skip
    """The run of an instance with its figures, if it keeps every promise; else None.

    expected: the seconds that the run should take; None for the usual time of its configuration. promises: the names
    of the sheet's own promises.
    """
    try:
        tape = evaluated(model, values)
        if expected is None:
            expected = usual_time(tape, values.config) * SEARCHES[model.name].pace
        case = promised(tape, limits, expected, wanted, promises)
    except DomainError:
        return None
    return case


def _measures(model: Model, values: Values, limits: Limits) -> tuple[Limits, float]:
    """The limits that the numbers of a small model's sheet set for new ones, and the seconds that these may take: in
    powers of 2 where the sheet's numbers are not rational in others.
    """
    try:
        tape = evaluated(model, values)
    except DomainError:
        tape = evaluated(model, _in_base(values, 2))
    figures = quality(tape)
    sizes = (("integer", "largest_integer"), ("denominator", "largest_denominator"), ("ugly", "ugly"))
    larger = {name: max(getattr(limits, name), figures[figure]) for name, figure in sizes}
    return replace(limits, **larger), whole_time(tape)


def _in_base(values: Values, base: int | str) -> Values:
    return replace(values, config=replace(values.config, softmax_base=base))


def evaluated(model: Model, values: Values) -> Tape:
    """The run in exact numbers."""
    return model.run(rational(values), RATIONALS)


def _with_words(
    values: Values, seed: int, answer: tuple[str, ...], search: Search, pick_words: bool
) -> tuple[Values, tuple[str, ...]]:
    """The values with gpt's sentence and vocabulary as words, and the answer as words.

    search: of the model. pick_words: whether the seed picks the sentence, and its answers if there are none.
    """
    known = values.vocabulary
    if pick_words or not values.tokens:
        tokens, next_words = (search.sentence if pick_words else sentence)(seed, values.config.n_ctx)
        answer = answer or next_words
    else:
        tokens = tuple(known[t] if isinstance(t, int) and t < len(known) else str(t) for t in values.tokens)
        answer = answer or ((END,) if END in known else ())
    words = vocabulary(tokens, answer, known, search.others(tokens))
    config = replace(values.config, d_vocab=len(words), n_ctx=max(values.config.n_ctx, len(tokens)))
    return replace(values, config=config, tokens=tokens, vocabulary=words), answer


def _wanted(values: Values, answer: tuple[str, ...], seed: int) -> tuple[int | None, ...]:
    """The id of the right word at each position; None where any word will do."""
    words = answers([str(t) for t in values.tokens], answer)
    if words[-1] is None:
        fresh = new_words(values.vocabulary, values.tokens)
        words = (*words[:-1], fresh[seed % len(fresh)] if fresh else None)
    if words[1:] and len(set(words)) == 1:
        raise ConfigError(
            f"an answer that is {shown(words[0])} after every token tells nothing apart; use one with another word"
        )
    return tuple(None if w is None else values.vocabulary.index(w) for w in words)
