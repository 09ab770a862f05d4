"""Mistakes in counting: parameters and FLOPs."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.ops.linear import slide
from byhand.tape import Step, Tape


@mistake(
    told="A multiplication and its addition counted as one FLOP.",
    mend="Count two for each pair: one multiplication and one addition.",
)
def mac_as_one(step: Step, tape: Tape) -> Iterable[Step]:
    """The FLOPs of each product are halved."""
    times = step.params.get("times", 1)
    product = step.name.startswith("flops.") and step.name != "flops.backward" and times > 1
    return [replace(step, params={"times": times // 2}) if product else step]


@mistake(
    told="The embedding counted again as the unembedding, though the two are tied.",
    mend="Count W_E once: the unembedding is the same matrix again.",
)
def embedding_twice(step: Step, tape: Tape) -> Iterable[Step]:
    """The sum of all parameters counts the embedding twice, if there is no unembedding."""
    tied = step.name == "params" and "params.embed" in tape.steps and "params.unembed" not in tape.steps
    return [replace(step, inputs=(*step.inputs, "params.embed")) if tied else step]


@mistake(
    told="The weights of attention times the number of heads, though the heads share its width.",
    mend="Count these weights once for all heads: the heads share the width of the stream.",
)
def heads_counted_again(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights of queries, keys and values are multiplied by the number of heads."""
    return [replace(step, inputs=(*step.inputs, "n_heads")) if step.name == "params.qkv.W" else step]


@mistake(
    told="The weights of a convolution counted again for each position, though all positions share them.",
    mend="Count each kernel once: it slides, and has the same weights at every position.",
)
def kernels_not_shared(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights of a convolution are multiplied by the number of positions."""
    if step.name != "count.weights":
        return [step]
    feature_maps = [s for s in tape.steps.values() if s.op is slide]
    return [replace(step, params={**step.params, "times": s.shape[0]}) for s in feature_maps[:1]] or [step]
