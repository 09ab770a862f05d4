"""The derivatives of a loss: one forward pass on dual numbers, from the steps whose cells are moved to the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from byhand.errors import WitnessError
from byhand.witness.duals import Dual, Duals, Tangent
from byhand.witness.numbers import IrrationalError
from byhand.witness.rules import PICKS, RULES, Rows
from byhand.witness.wiring import Wire

# The operands from which on a rule has no gradient, and what of its result jumps as they change
JUMPS = {
    "row_argmax": (0, "the place of the largest number"),
    "stretch_of": (0, "the number of a stretch"),
    "mask_buckets": (1, "whether two buckets are the same"),
    "keep_k": (1, "how many numbers are kept"),
    "keep_p": (1, "how many numbers are kept"),
    "rows_of_top": (1, "which rows are picked"),
}

Moved = Mapping[str, Sequence[Sequence[Tangent]]]


def tangent_of(loss: str, wired: Mapping[str, Wire], steps: Mapping[str, Rows], moved: Moved, n: Duals) -> Tangent:
    """The tangent of the loss, a matrix of one cell, where the cells of some steps are moved.

    steps: the numbers of all steps; what they lack is computed.

    Raises: WitnessError where a rule on the way has no gradient.
    """
    duals: dict[str, Rows] = {}
    for name in _on_the_way(loss, wired):
        wire = wired.get(name)
        inputs = [duals[source] for source in wire.inputs] if wire else []
        if wire and (name not in steps or _have_tangents(inputs)):
            rows = differentiated(name, wire, inputs, n)
        elif name in steps:
            rows = steps[name]
        else:
            raise WitnessError(f"the loss is computed from {name}, which the run does not hold")
        rows = [[n.num(x) for x in row] for row in rows]
        if name in moved:
            pairs = zip(rows, moved[name], strict=True)
            rows = [[x + Dual(0, y) for x, y in zip(*pair, strict=True)] for pair in pairs]
        duals[name] = rows
    return duals[loss][0][0].tangent  # type: ignore[no-any-return]


def _have_tangents(matrices: Sequence[Rows]) -> bool:
    return any(x.tangent for rows in matrices for row in rows for x in row)


def differentiated(name: str, wire: Wire, inputs: Sequence[Rows], n: Duals) -> Rows:
    """A step, computed from dual numbers.

    Raises: WitnessError where its rule has no gradient, or none in these numbers.
    """
    first, what = JUMPS.get(wire.rule, (len(inputs), ""))
    if _have_tangents(inputs[first:]):
        raise WitnessError(f"{name} has no gradient: {what} stays or jumps where numbers before it change a little")
    rule = RULES.get(wire.rule) or PICKS.get(wire.rule)
    if rule is None:
        raise WitnessError(f"{name}: the witness has no rule for {wire.rule!r}")
    try:
        return rule(n, *inputs, **wire.params)
    except IrrationalError as error:
        raise WitnessError(f"{name}: its gradient is not rational, {error}") from None
    except (ArithmeticError, LookupError, ValueError) as error:
        raise WitnessError(f"{name}: the witness cannot differentiate it: {error}") from None


def _on_the_way(loss: str, wired: Mapping[str, Wire]) -> list[str]:
    """The loss and all that it is computed from, each step after those that it reads.

    Raises: WitnessError where a step reads itself.
    """
    found, begun, stack = dict[str, None](), set[str](), [(loss, False)]
    while stack:
        name, is_read = stack.pop()
        if is_read:
            found[name] = None
        elif name not in found:
            if name in begun:
                raise WitnessError(f"{name} is computed from itself")
            begun.add(name)
            stack.append((name, True))
            stack += [(source, False) for source in (wired[name].inputs if name in wired else ())]
    return [*found]
