"""Mistakes with the model's answers: the loss, its gradient, and sampling."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, skipped, source
from byhand.ops.attention import normalize_rows
from byhand.ops.linear import divided_by_each, dot_rows, matmul
from byhand.ops.shapes import gather_rows, keep_entries, keep_largest
from byhand.tape import Step, Tape


@mistake(
    told="Each token's number of equal choices averaged, in place of the bits.",
    mend="Take the mean of the surprises first, and raise the base to it once, at the end.",
)
def perplexity_averaged(step: Step, tape: Tape) -> Iterable[Step]:
    """The base is raised to each token's surprisal, before the mean is taken and not after it."""
    perplexity = tape.steps.get("perplexity")
    if perplexity is not None and step.name == "loss":
        powers = replace(perplexity, name="loss.choices", inputs=step.inputs, shape=tape[step.inputs[0]].shape)
        return [powers, replace(step, inputs=(powers.name,))]
    return [skipped(step) if step.name == "perplexity" else step]


@mistake(
    told="The logits made with W_E, the table of the embeddings, in place of W_U.",
    mend="Multiply by W_U: here the way out has weights of its own.",
)
def tied_unembedding(step: Step, tape: Tape) -> Iterable[Step]:
    """Microgpt's logits are dot products with the rows of W_E, as where the two are tied."""
    separate = step.name == "logits" and step.op is matmul and "embed.ln.hook_normalized" in tape.steps
    return [replace(step, op=dot_rows, inputs=(step.inputs[0], "embed.W_E")) if separate else step]


@mistake(
    told="The gradient with its signs turned round, y − p in place of p − y.",
    mend="Begin with the probability and subtract the right answer from it: p − y.",
)
def gradient_sign(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradient has its two terms exchanged."""
    return [replace(step, inputs=step.inputs[::-1]) if step.name == "logits.grad" else step]


@mistake(
    told="Probabilities, not logits, divided by the temperature.",
    mend="Divide the logits by the temperature first, and then take softmax.",
)
def temperature_on_probabilities(step: Step, tape: Tape) -> Iterable[Step]:
    """Each temperature has the undivided logits, and the division follows softmax."""
    if step.op is divided_by_each:
        return [replace(step, op=gather_rows, inputs=step.inputs[:1], params={"rows": (0,) * step.shape[0]})]
    if step.name != "probs" or "temperatures" not in tape.steps:
        return [step]
    return [replace(step, name="probs.cold"), replace(step, inputs=("probs.cold", "temperatures"))]


@mistake(
    told="What is kept not divided by its sum, so that it does not add up to 1.",
    mend="Divide what you kept by its own sum, so that it adds up to 1 again.",
)
def not_renormalised(step: Step, tape: Tape) -> Iterable[Step]:
    """The probabilities that are kept stay as they are."""
    kept = step.op is normalize_rows and source(step, tape).op in (keep_entries, keep_largest)
    return [skipped(step) if kept else step]


@mistake(
    told="All stored places counted, also those that are far away.",
    mend="Write 0 for every place but the nearest ones, and then divide by the sum of what is left.",
)
def all_places(step: Step, tape: Tape) -> Iterable[Step]:
    """No stored place is left out."""
    return [skipped(step) if step.name == "knn.kept" else step]


@mistake(
    told="Far places counted more than near ones: the powers had no minus.",
    mend="Put a minus before the squared distance: the nearer a place is, the larger its power.",
)
def far_counts_more(step: Step, tape: Tape) -> Iterable[Step]:
    """The squared distances themselves are the exponents."""
    return [skipped(step) if step.name == "knn.negative" else step]
