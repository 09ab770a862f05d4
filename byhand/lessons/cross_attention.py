"""Cross-attention: its numbers."""

from __future__ import annotations

from byhand.numbers.promises import has_one_largest, sheet_promise, steps_named
from byhand.tape import Tape


@sheet_promise
def queries_ask_for_several_things(tape: Tape) -> bool:
    """Each query has two numbers or more that are not 0."""
    return all(sum(map(bool, row)) > 1 for step in steps_named(tape, "hook_q") for row in tape.values(step.name))


@sheet_promise
def words_look_at_what_comes_next(tape: Tape) -> bool:
    """The first word looks most at the last word of the source, and the last at the one before it: each at the word
    whose translation comes next.
    """
    rows = tape.values(steps_named(tape, "hook_pattern")[0].name)
    both = rows[0], rows[-1]
    return all(map(has_one_largest, both)) and (both[0][-1], both[1][-2]) == (max(both[0]), max(both[1]))


@sheet_promise
def mixtures_lie_nearest_to_what_is_found(tape: Tape) -> bool:
    """Each mixture of three values of two numbers lies nearest to the value that has its largest share."""
    (value,), (pattern,), (mixed,) = (steps_named(tape, f"cross_attn.hook_{name}") for name in ("v", "pattern", "z"))
    values, shares = tape.values(value.name), tape.values(pattern.name)
    for row, z in zip(shares, tape.values(mixed.name), strict=True):
        far = [sum((a - b) ** 2 for a, b in zip(v, z, strict=True)) for v in values]
        if far.count(min(far)) > 1 or far.index(min(far)) != row.index(max(row)):
            return False
    return True
