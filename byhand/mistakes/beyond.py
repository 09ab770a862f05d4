"""Foils of the later sheets: encoders, losses, sampling, the cache, and counting."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from byhand import ops
from byhand.mistakes.registry import mistake
from byhand.tape import Step, Tape

LAST_OF_A_NORM = (".standardized", ".hook_scale")  # what w and b are applied to, or where there are none, the last


@mistake("norm-before-sum")
def _norm_before_sum(step: Step, tape: Tape) -> Iterable[Step]:
    """The layer's result normalised before it is added to the stream, where their sum should be."""
    if _normalised(step, tape):
        return [replace(step, op=ops.copy, inputs=step.inputs[1:])]
    ends = any(name.endswith(LAST_OF_A_NORM) for name in step.inputs)
    stream = next((s for s in tape.steps.values() if _normalised(s, tape) == step.name), None) if ends else None
    if stream is None:
        return [step]
    alone = f"{step.name}.alone"
    return [replace(step, name=alone), replace(step, op=ops.add, inputs=(stream.inputs[0], alone), params={})]


def _normalised(step: Step, tape: Tape) -> str:
    """The normalised sum of stream and layer, where a step is a sum that nothing else reads; else ""."""
    if step.op is not ops.add:
        return ""
    readers = [s for s in tape.steps.values() if step.name in s.inputs]
    if not readers or any(".ln" not in s.name for s in readers):
        return ""
    at = readers[0].name.rpartition(".")[0]
    last = next(at + end for end in LAST_OF_A_NORM if at + end in tape.steps)
    return next(s.name for s in tape.steps.values() if last in s.inputs)


def _future_hidden(step: Step, where: str) -> Iterable[Step]:
    """The scores of some attention masked."""
    if step.op is None or not re.search(rf"{where}attn\.hook_attn_scores\[\d+\]$", step.name):
        return [step]
    seen = step.name.replace("hook_attn_scores", "scores_seen")
    return [replace(step, name=seen), replace(step, op=ops.mask_future, inputs=(seen,), params={})]


@mistake("mask-in-encoder")
def _mask_in_encoder(step: Step, tape: Tape) -> Iterable[Step]:
    """The encoder's tokens kept from seeing what comes after them."""
    return _future_hidden(step, r"^encoder\.\d+\.")


@mistake("mask-across")
def _mask_across(step: Step, tape: Tape) -> Iterable[Step]:
    """The decoder kept from seeing what comes later in the source."""
    return _future_hidden(step, "cross_")


@mistake("gradient-sign")
def _gradient_sign(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradient with its signs turned round, y − p in place of p − y."""
    return [replace(step, inputs=step.inputs[::-1]) if step.name == "logits.grad" else step]


@mistake("perplexity-averaged")
def _perplexity_averaged(step: Step, tape: Tape) -> Iterable[Step]:
    """Each token's number of equal choices averaged, in place of the bits."""
    perplexity = tape.steps.get("perplexity")
    if perplexity is not None and step.name == "loss":
        each = replace(perplexity, name="loss.choices", inputs=step.inputs, shape=tape[step.inputs[0]].shape)
        return [each, replace(step, inputs=(each.name,))]
    return [replace(step, op=ops.copy, params={}) if step.name == "perplexity" else step]


@mistake("temperature-on-probabilities")
def _temperature_on_probabilities(step: Step, tape: Tape) -> Iterable[Step]:
    """Probabilities, not logits, divided by the temperature."""
    if step.op is ops.divided_by_each:
        return [replace(step, op=ops.gather_rows, inputs=step.inputs[:1], params={"rows": (0,) * step.shape[0]})]
    heat = next((s.inputs[1] for s in tape.steps.values() if s.op is ops.divided_by_each), None)
    if step.name != "probs" or heat is None:
        return [step]
    return [replace(step, name="probs.cold"), replace(step, inputs=("probs.cold", heat))]


@mistake("not-renormalised")
def _not_renormalised(step: Step, tape: Tape) -> Iterable[Step]:
    """What is kept not divided by its sum, so that it does not add up to 1."""
    kept = step.op is ops.normalize_rows and tape[step.inputs[0]].step.op is ops.keep_entries
    return [replace(step, op=ops.copy, inputs=step.inputs[:1]) if kept else step]


@mistake("query-from-cache")
def _query_from_cache(step: Step, tape: Tape) -> Iterable[Step]:
    """The query of the token before, as if queries were cached, too."""
    if step.name != "new.q":
        return [step]
    queries = tape["blocks.0.attn.hook_q[0]"]
    return [replace(step, op=ops.gather_rows, inputs=(queries.name,), params={"rows": (queries.rows - 2,)})]


@mistake("mac-as-one")
def _mac_as_one(step: Step, tape: Tape) -> Iterable[Step]:
    """A multiplication and its addition counted as one FLOP."""
    times = step.params.get("times", 1)
    product = step.name.startswith("flops.") and step.name != "flops.backward" and times > 1
    return [replace(step, params={"times": times // 2}) if product else step]


@mistake("embedding-twice")
def _embedding_twice(step: Step, tape: Tape) -> Iterable[Step]:
    """The embedding counted again as the unembedding, though the two are tied."""
    tied = step.name == "params" and "params.embed" in tape.steps and "params.unembed" not in tape.steps
    return [replace(step, inputs=(*step.inputs, "params.embed")) if tied else step]


@mistake("heads-counted-again")
def _heads_counted_again(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights of attention times the number of heads, though the heads share its width."""
    return [replace(step, inputs=(*step.inputs, "n_heads")) if step.name == "params.qkv.W" else step]


@mistake("kernels-not-shared")
def _kernels_not_shared(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights of a convolution counted again for each position, though all positions share them."""
    maps = [s for s in tape.steps.values() if s.op is ops.slide]
    counted = step.name == "count.weights" and maps
    return [replace(step, params={**step.params, "times": maps[0].shape[0]}) if counted else step]
