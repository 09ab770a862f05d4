"""Foils: the classic mistakes, each run on the tape from the same numbers as the right way.

A foil rewrites steps: it is given each step of the right run and returns what a student who makes the mistake does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from byhand.errors import UnknownNameError
from byhand.ops import column_sum, copy, share_columns
from byhand.tape import Step, Tape

Rewrite = Callable[[Step], Iterable[Step]]


def _softmax_over_columns(step: Step) -> Iterable[Step]:
    """Each power divided by the sum of its column."""
    if step.name.partition("[")[0].endswith("hook_pattern.sum"):
        return [replace(step, op=column_sum, shape=(1, step.shape[0]), axes=("", step.axes[0]))]
    if step.name.partition("[")[0].endswith("hook_pattern"):
        return [replace(step, op=share_columns)]
    return [step]


def _no_sqrt(step: Step) -> Iterable[Step]:
    """Scores not divided by √d_head."""
    return [replace(step, op=copy, params={}) if step.op and step.op.name == "divide_by_root" else step]


def _no_residual(step: Step) -> Iterable[Step]:
    """The layer's result in place of the sum with the residual stream."""
    if step.op and step.op.name == "add" and step.name.endswith(("hook_resid_mid", "hook_resid_post")):
        return [replace(step, op=copy, inputs=step.inputs[1:])]
    return [step]


def _no_relu(step: Step) -> Iterable[Step]:
    """Negative hidden units kept."""
    return [replace(step, op=copy) if step.op and step.op.name == "relu" else step]


FOILS: dict[str, Rewrite] = {
    "softmax-over-columns": _softmax_over_columns,
    "no-sqrt": _no_sqrt,
    "no-residual": _no_residual,
    "no-relu": _no_relu,
}


def foil(tape: Tape, name: str) -> Tape:
    """The run with one mistake in it.

    Raises: UnknownNameError.
    """
    if name not in FOILS:
        raise UnknownNameError("foil", name, FOILS)
    return tape.replay(rewrite=FOILS[name])
