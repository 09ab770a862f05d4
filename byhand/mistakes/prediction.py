"""Mistakes with the model's answers: the loss, its gradient, and sampling."""

from __future__ import annotations

from collections.abc import Iterable

from byhand.mistakes.registry import mistake, skipped, source
from byhand.ops.attention import normalize_rows
from byhand.ops.shapes import keep_entries, keep_largest
from byhand.tape import Step, Tape


@mistake(
    told="What is kept not divided by its sum, so that it does not add up to 1.",
    mend="Divide what you kept by its own sum, so that it adds up to 1 again.",
)
def not_renormalised(step: Step, tape: Tape) -> Iterable[Step]:
    """The probabilities that are kept stay as they are."""
    kept = step.op is normalize_rows and source(step, tape).op in (keep_entries, keep_largest)
    return [skipped(step) if kept else step]
