"""Mistakes on the way from words to vectors: one-hot rows, and positions."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.ops.linear import add
from byhand.ops.positions import sinusoid
from byhand.ops.shapes import gather_rows, hstack
from byhand.tape import Step, Tape


@mistake(
    told="Positions written behind the words' numbers, not added to them.",
    mend="Add the position to the word number by number, so that the vector stays as long as it was.",
)
def appended(step: Step, tape: Tape) -> Iterable[Step]:
    """Positions stand beside the words, twice as wide, in place of their sum; only if no step reads that sum. Where
    positions are learned, later steps do, though a page need not show them.
    """
    if step.op is not add or step.inputs != ("hook_embed", "hook_pos_embed"):
        return [step]
    is_learned = tape.steps["hook_pos_embed"].op is gather_rows
    if is_learned or any(step.name in s.inputs for s in tape.steps.values()):
        return [step]
    return [replace(step, op=hstack, shape=(step.shape[0], 2 * step.shape[1]))]


@mistake(
    told="Position and dimension exchanged in the table of sines and cosines.",
    mend="Go on by one position with each {row}, and by one dimension with each {column}.",
)
def position_for_dimension(step: Step, tape: Tape) -> Iterable[Step]:
    """The table has dimensions as its rows and positions as its columns; only if it has no more rows than columns."""
    fits = step.op is sinusoid and step.shape[0] <= step.shape[1]
    return [replace(step, params={**step.params, "exchanged": True}) if fits else step]
