"""Cross-attention: its numbers."""

from __future__ import annotations

from byhand.numbers.promises import has_one_largest, sheet_promise, steps_named
from byhand.tape import Tape


@sheet_promise
def queries_ask_for_several_things(tape: Tape) -> bool:
    """Each query has two numbers or more that are not 0."""
    return all(sum(map(bool, row)) > 1 for step in steps_named(tape, "hook_q") for row in tape.values(step.name))


@sheet_promise
def words_look_at_their_translation(tape: Tape) -> bool:
    """The first word looks most at the first word of the source, and the last at the last."""
    rows = tape.values(steps_named(tape, "hook_pattern")[0].name)
    both = rows[0], rows[-1]
    return all(map(has_one_largest, both)) and (both[0][0], both[1][-1]) == (max(both[0]), max(both[1]))
