"""Judge gradients: one forward pass on dual numbers, from all steps that have a gradient to the loss.

Each cell of these steps is moved by itself, so that the tangent of the loss has ∂loss/∂cell of every cell at once. If
all cells are moved in two random directions instead, it has two sums of gradient · direction, in a tenth of the time.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from byhand.errors import WitnessError
from byhand.witness.duals import Dual, Duals, Tangent
from byhand.witness.named import Gradient, powers
from byhand.witness.numbers import EXACT, TOLERANCE, IrrationalError, is_close, shown
from byhand.witness.recorded import Recorded, computed_steps
from byhand.witness.rules import PICKS, RULES, Rows
from byhand.witness.wiring import Wire, gradients_to_judge

DIRECTIONS = 2
LONGEST = 2**40  # an entry of a direction: wrong gradients look right along one of as many directions
MOST_MOVED = 3000  # cells, each by itself in one pass: the time and the memory of a pass grow with their number
# The operands from which on a rule has no gradient, and what of its result jumps as they change; what is picked by
# PICKS is a parameter of a run, and stays
JUMPS = {
    "row_argmax": (0, "the place of the largest number"),
    "stretch_of": (0, "the number of a stretch"),
    "sign": (0, "the sign of a number"),
    "mask_buckets": (1, "whether two buckets are the same"),
}

Of = Mapping[str, tuple[str, int]]  # by a gradient's name, the step that is moved for it, and its power of ln b
Moved = Mapping[str, Sequence[Sequence[Tangent]]]
Difference = tuple[Any, Any, Any]  # the key in two tangents, and the number in each


def compare_gradients(
    run: Recorded, wired: Mapping[str, Wire], steps: Mapping[str, Rows], n: Duals, along: bool = False
) -> None:
    """Compare the gradients of a run with the tangents of its loss.

    steps: the numbers of all steps, not rounded. along: whether sums along random directions are enough, as they are
    for more than MOST_MOVED cells.

    Raises: WitnessError for the first cell that differs.
    """
    loss, wired = with_loss(run, wired)
    found = gradients_to_judge(run, wired)
    power = powers(run, found)
    alone, apart = moved_apart(found, wired)
    copies = apart.keys() - wired.keys()

    def differing(some: Of, moved: Moved) -> Iterator[Difference]:
        recorded, tangent = along_gradients(some, steps, moved, n), tangent_of(loss, apart, steps, moved, n)
        # of what comes by one reader, some powers may have no step of their own
        tangent = {key: x for key, x in tangent.items() if key in recorded or key[0][0] not in copies}
        return differences(recorded, tangent, n)

    of = {name: (step, power[name]) for name, step in alone.items()}
    whole = {name: at for name, at in of.items() if at[0] not in copies}
    batches = _batches(run, of)
    if (along or len(batches) > 1) and not [*differing(whole, directions(run, whole))]:
        return
    for some in batches:
        for ((step, i, j), exponent), has, right in differing(some, cells(run, some)):
            factor = f" · (ln {n.base})^{exponent}" if exponent else ""
            where = f"the gradient of {step}, row {i + 1}, column {j + 1}"
            raise WitnessError(f"{where}: the run has {shown(has)}{factor}, the witness {shown(right)}{factor}")


def _batches(run: Recorded, of: Of) -> list[Of]:
    """Gradients in their order, as many together as have MOST_MOVED cells; all of one step stay together."""
    batches, room = list[set[str]](), 0
    for step, (rows, cols) in _sizes(run, of).items():
        if not batches or rows * cols > room:
            batches.append(set())
            room = MOST_MOVED
        room -= rows * cols
        batches[-1].add(step)
    return [{name: at for name, at in of.items() if at[0] in batch} for batch in batches]


def with_loss(run: Recorded, wired: Mapping[str, Wire]) -> tuple[str, dict[str, Wire]]:
    """The step that gradients are of, and the wires of a run's computed steps and of that step: the loss; or, if the
    gradient of a result R is given, Σ upstream · R.
    """
    given = run.steps.keys() - computed_steps(run).keys()
    wired = {name: wire for name, wire in wired.items() if name not in given}
    if "upstream" not in given:
        return run.loss, wired
    wired["upstream.products"] = Wire("multiply", ("upstream", run.loss))
    wired["upstream.rows"] = Wire("row_sum", ("upstream.products",))
    wired["upstream.loss"] = Wire("column_sum", ("upstream.rows",))
    return "upstream.loss", wired


def moved_apart(found: Mapping[str, Gradient], wired: Mapping[str, Wire]) -> tuple[dict[str, str], dict[str, Wire]]:
    """The step that is moved for each gradient, and wires with a copy of a step that is moved for one reader alone.

    Raises: WitnessError where a reader does not read it.
    """
    moved, copied = dict[str, str](), dict(wired)
    known = {gradient.step for gradient in found.values() if not gradient.reader}
    for name, gradient in found.items():
        step = moved[name] = f"{gradient.step} for {gradient.reader}" if gradient.reader else gradient.step
        if gradient.reader:
            copied[step] = Wire("copy", (gradient.step,))
            for reader, k in _readings(gradient, known, wired):
                inputs = copied[reader].inputs
                copied[reader] = replace(copied[reader], inputs=(*inputs[:k], step, *inputs[k + 1 :]))
    return moved, copied


def _readings(gradient: Gradient, known: Collection[str], wired: Mapping[str, Wire]) -> list[tuple[str, int]]:
    """Where a step is read for a reader: by itself, or by steps on the way to it of which no gradient is known; with
    the number of the operand.

    Raises: WitnessError where it is not read.
    """
    readings = [
        (name, k)
        for name in on_the_way(gradient.reader, wired)
        if name == gradient.reader or name not in known
        for k, source in enumerate(wired[name].inputs if name in wired else ())
        if source == gradient.step
    ]
    if not readings:
        raise WitnessError(f"{gradient.reader} does not read {gradient.step}")
    return readings


def cells(run: Recorded, of: Of) -> Moved:
    """Each cell of the steps that have a gradient, moved by itself."""
    return {
        name: [[{((name, i, j), 0): 1} for j in range(cols)] for i in range(rows)]
        for name, (rows, cols) in _sizes(run, of).items()
    }


def directions(run: Recorded, of: Of) -> Moved:
    """All of these cells moved together, in random directions. They are drawn from the gradients themselves, so that
    no gradients can be made to fit them.
    """
    dice = random.Random(repr([run.texts[name] for name in of]))

    def step() -> Tangent:
        return {((k,), 0): dice.randint(1, LONGEST) for k in range(DIRECTIONS)}

    sizes = _sizes(run, of)
    return {name: [[step() for _ in range(cols)] for _ in range(rows)] for name, (rows, cols) in sizes.items()}


def _sizes(run: Recorded, of: Of) -> dict[str, tuple[int, int]]:
    return {moved: run.steps[name].shape for name, (moved, _) in of.items()}


def differences(recorded: Tangent, tangent: Tangent, n: Duals) -> Iterator[Difference]:
    """Where two tangents differ."""
    for key in {**recorded, **tangent}:
        has, right = recorded.get(key, 0), tangent.get(key, 0)
        if has != right and (n.of is EXACT or not is_close(right, has, TOLERANCE)):
            yield key, has, right


def along_gradients(of: Of, steps: Mapping[str, Rows], moved: Moved, n: Duals) -> Tangent:
    """Σ gradient · movement of all recorded gradients."""
    total: Tangent = {}
    for name, (step, power) in of.items():
        for row, movements in zip(steps[name], moved[step], strict=True):
            for x, movement in zip(row, movements, strict=True):
                for key, y in n.by_logarithm(movement, n.base, power).items():
                    total[key] = total.get(key, 0) + n.of.num(x) * y
    return total


def tangent_of(loss: str, wired: Mapping[str, Wire], steps: Mapping[str, Rows], moved: Moved, n: Duals) -> Tangent:
    """The tangent of the loss where the cells of some steps are moved.

    steps: the numbers of all steps; what they lack is computed.

    Raises: WitnessError where a rule on the way has no gradient, or the loss is not one number.
    """
    duals: dict[str, Rows] = {}
    for name in on_the_way(loss, wired):
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
    if [len(row) for row in duals[loss]] != [1]:
        raise WitnessError(f"{loss} is not one number, and so no loss")
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


def on_the_way(loss: str, wired: Mapping[str, Wire]) -> list[str]:
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
