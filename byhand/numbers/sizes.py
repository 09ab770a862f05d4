"""Sizes of the first of two models that are counted: drawn for a seed, or all that the search would accept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from byhand.arithmetic.copies import as_array, differing, each, together
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Expr, Ref, refs
from byhand.effort import STEP, operations, writing
from byhand.model.weights import Values
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.evenness import BAND
from byhand.numbers.limits import Limits
from byhand.numbers.quality import UGLY
from byhand.numbers.registry import Instance, Task, search
from byhand.tape import Tape

SIZES = {  # as many heads as the map shows
    "n_layers": (1, 2), "d_model": (4, 6, 8), "d_head": (2, 3, 4), "d_mlp": (6, 8, 12, 16),
    "d_vocab": (5, 6, 7, 8, 9, 10), "n_ctx": (3, 4, 5),
}  # fmt: skip
TOKENS = (450, 600, 900, 1200, 1800, 3600)
SECONDS = (2, 4, 5)  # for each FLOP: whole shares of a machine
Sizes = dict[str, int]


def _every_size(task: Task, expected: float) -> list[Values]:
    """All sizes that may be drawn, are within limits, and take about as long as expected."""
    own = task.own
    every = [dict(zip(SIZES, each, strict=True)) for each in product(*SIZES.values())]
    every = [sizes for sizes in every if _fits(own, sizes)]
    tape = _run(task, every)
    flops, parameters = (as_array(each(int, tape.values(name)[0][0])).tolist() for name in ("flops", "params"))
    every = [
        sizes | {"seconds": flops[k] * seconds, "train_tokens": tokens}
        for k, sizes in enumerate(every)
        for seconds, tokens in product(SECONDS, TOKENS)
        if _short(parameters[k], tokens)
    ]
    promising = _promising(_run(task, every), len(every), task.limits, expected)
    return [_with(own, every[k]) for k in np.flatnonzero(promising)]


@search("sizing", like_own=True, every=_every_size)
def _draw_sizes(task: Task, dice: Dice) -> Iterator[Instance]:
    """Other sizes; shares and days that are short."""
    own, drawn = task.own, {name: sizes[dice.one_below(len(sizes))] for name, sizes in SIZES.items()}
    tape = task.model.run(_with(own, drawn), RATIONALS)
    flops, parameters = (int(tape.values(name)[0][0]) for name in ("flops", "params"))
    tokens = [n for n in TOKENS if _short(parameters, n)]
    if tokens and _fits(own, drawn):
        seconds = flops * SECONDS[dice.one_below(len(SECONDS))]
        drawn |= {"seconds": seconds, "train_tokens": tokens[dice.one_below(len(tokens))]}
        yield Instance(dict(_with(own, drawn).inputs), {})


def _with(own: Values, first: Sizes) -> Values:
    """The values with these numbers of the first model."""
    rows = {name: [[number, *own.inputs[name][0][1:]]] for name, number in first.items()}
    return replace(own, inputs={**own.inputs, **rows})


def _fits(own: Values, sizes: Sizes) -> bool:
    return bool(own.inputs["n_heads"][0][0] * sizes["d_head"] <= sizes["d_model"])


def _short(parameters: int, tokens: int) -> bool:
    """Whether a number of days is."""
    return parameters * tokens % 3600 == 0


def _run(task: Task, every: Sequence[Sizes]) -> Tape:
    """The runs of all these sizes, as copies of one."""
    domain, numbers = together(RATIONALS, every)
    return task.model.run(_with(task.own, numbers), domain)


def _promising(tape: Tape, count: int, limits: Limits, expected: float) -> Bools:
    """The copies, of so many, that are within limits, and take about as long as expected."""
    time, ugly, small = np.zeros(count), np.zeros(count, int), np.ones(count, bool)

    def value(ref: Ref) -> Any:
        i, j = ref.index
        return tape.values(ref.matrix)[i][j]  # type: ignore[index]

    def seconds(cell: Expr, x: Any) -> Any:
        read = list(dict.fromkeys(refs(cell)))
        return each(
            lambda x, *own: operations(cell, dict(zip(read, own, strict=True)).__getitem__) + writing(x),
            x, *map(value, read),
        )  # fmt: skip

    for step in tape.used():
        time += STEP * (step.op is not None)
        for i, j in product(*map(range, step.shape)):
            x = tape.values(step.name)[i][j]
            ugly += as_array(each(lambda x: max(abs(x.numerator), x.denominator) > UGLY, x))
            small &= as_array(each(lambda x: x.denominator <= limits.denominator, x))
            small &= as_array(each(lambda x: x.denominator > 1 or abs(x) <= limits.integer, x))
            if step.op:
                time += as_array(each(float, seconds(tape.cell(step.name, i, j), x)))
    small &= np.logical_not(differing(tape.domain))
    fits: Bools = small & (ugly <= limits.ugly) & (abs(time - expected) <= BAND * expected)
    return fits
