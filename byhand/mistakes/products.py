"""Mistakes in products: the dot product, the product of two matrices, and numbers times how often they count."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.ops.attention import column_sum, normalize_rows
from byhand.ops.linear import affine, affine_rows, copy, dot_rows, matmul, multiply, row_dots
from byhand.tape import Step, Tape

MATRIX_PRODUCT = "AB"  # of the model matrix-product, the step that is taught
# products whose factors may be swapped by mistake
TAUGHT = ("hook_q", "hook_k", "hook_v", "hook_attn_out", MATRIX_PRODUCT)


@mistake(
    told="The products of a dot product left {side_by_side}.",
    mend="Add the products up: a dot product is one number.",
)
def products_not_added(step: Step, tape: Tape) -> Iterable[Step]:
    """The dot products of rows become the product entry by entry, as wide as the operands; not where numbers are
    divided by them, since one divides by one number.
    """
    divides = (other.op is normalize_rows and step.name in other.inputs for other in tape.steps.values())
    if step.op is not row_dots or any(divides):
        return [step]
    pair = tape.steps[step.inputs[0]]
    return [replace(step, op=multiply, shape=pair.shape, axes=pair.axes)]


@mistake(
    told="{Rows} of a square weight in place of its {columns}: the product with its transpose.",
    mend="Multiply each {row} that goes in by a {column} of the weight, pair by pair, and add up.",
)
def transposed(step: Step, tape: Tape) -> Iterable[Step]:
    """A product with a square matrix becomes the product with its transpose."""
    across = {matmul: dot_rows, affine: affine_rows}
    if step.op not in across or not step.stem.endswith(TAUGHT):
        return [step]
    rows, cols = tape.steps[step.inputs[1]].shape
    return [replace(step, op=across[step.op]) if rows == cols else step]


@mistake(
    told="Everything counted once, however often it was read or said.",
    mend="Multiply each by how often it was read or said ($n$).",
)
def counted_once(step: Step, tape: Tape) -> Iterable[Step]:
    """What was read or said many times counts as if it had been read or said once."""
    if "counts" not in step.inputs or step.op is None:
        return [step]
    rest = tuple(name for name in step.inputs if name != "counts")
    return [replace(step, op=column_sum if step.op is matmul else copy, inputs=rest, params={})]
