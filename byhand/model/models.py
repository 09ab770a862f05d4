"""The models: each writes its steps on a tape and returns its result. `run` is the way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from byhand.arithmetic.domains import Domain
from byhand.errors import UnknownNameError, ValuesError
from byhand.model.config import Config
from byhand.model.layers import attention, block, embedding, head, linear, mlp, norm, softmax
from byhand.model.weights import Values, numbers
from byhand.ops import pick_rows, row_argmax
from byhand.tape import Matrix, Tape


@dataclass(frozen=True)
class Job:
    """What a model is built from: a tape, and the values it runs on."""

    tape: Tape
    values: Values

    @property
    def config(self) -> Config:
        return self.values.config

    @property
    def positions(self) -> int:
        return self.values.positions()

    def stream(self, name: str) -> Matrix:
        """The residual stream as a given. Shape (pos, d_model)."""
        return self.tape.given(name, (self.positions, self.config.d_model), ("pos", "d_model"))


Model = Callable[[Job], Matrix]
RESID_PRE, RESID_MID = "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid"


def _softmax(job: Job) -> Matrix:
    """Powers and shares of given scores: input `scores`, result `softmax`."""
    rows = job.tape.numbers.get("scores")
    if rows is None:
        raise ValuesError("scores is missing; give it under inputs, as rows")
    scores = job.tape.given("scores", (len(rows), len(rows[0])), ("row", "entry"))
    return softmax(scores, "softmax", job.config.softmax_base)


def _attention_head(job: Job) -> Matrix:
    """One head of attention."""
    return head(job.stream(RESID_PRE), "blocks.0.attn", 0, job.config)


def _multi_head_attention(job: Job) -> Matrix:
    """All heads and W_O."""
    return attention(job.stream(RESID_PRE), "blocks.0.attn", job.config)


def _layer_norm(job: Job) -> Matrix:
    """Each row normalised, then w and b."""
    return norm(job.stream(RESID_PRE), "blocks.0.ln1", job.config)


def _feed_forward(job: Job) -> Matrix:
    """Two layers at each position."""
    return mlp(job.stream(RESID_MID), "blocks.0.mlp", job.config)


def _block(job: Job) -> Matrix:
    """One transformer block, pre-norm or post-norm."""
    return block(job.stream(RESID_PRE), "blocks.0", job.config)


def _gpt(job: Job) -> Matrix:
    """A whole small language model: tokens to the next token."""
    c = job.config
    if not c.d_vocab:
        raise ValuesError("gpt needs a vocabulary: give d_vocab, or a list of words")
    x = embedding(job.tape, job.values.ids(), c, job.positions)
    for layer in range(c.n_layers):
        start = f"blocks.{layer}.hook_resid_pre"  # after the first, another name for the last block's result
        x = block(job.stream(start) if layer and start in job.tape.numbers else x, f"blocks.{layer}", c)
    if c.norm_position == "pre":
        x = norm(x, "ln_final", c)
    w_u = job.tape.given("unembed.W_U", (c.d_model, c.d_vocab), ("d_model", "d_vocab"))
    logits = linear(x, w_u, "unembed.b_U", "logits")
    softmax(logits, "probs", c.softmax_base)
    return row_argmax(logits, name="next_token")


MODELS: dict[str, Model] = {
    "softmax": _softmax,
    "attention-head": _attention_head,
    "multi-head-attention": _multi_head_attention,
    "layer-norm": _layer_norm,
    "feed-forward": _feed_forward,
    "block": _block,
    "gpt": _gpt,
}


def complete(values: Values) -> Values:
    """The values with d_vocab taken from the vocabulary.

    Raises: ValuesError where the two disagree.
    """
    size, words = values.config.d_vocab, len(values.vocabulary)
    if not words or size == words:
        return values
    if size:
        raise ValuesError(f"d_vocab={size}, but the vocabulary has {words} words")
    return replace(values, config=replace(values.config, d_vocab=words))


def run(model: str, values: Values, domain: Domain, force: bool = True) -> Tape:
    """Run a model: a tape with its steps in a number system, evaluated, or with `force=False` when asked for.

    Raises: UnknownNameError for a model, a step or a parameter that does not exist; ValuesError, DomainError.
    """
    if model not in MODELS:
        raise UnknownNameError("model", model, MODELS)
    values = complete(values)
    tape = Tape(domain, numbers(values))
    result = MODELS[model](Job(tape, values))
    for name in values.inputs:
        tape[name]  # an unknown step is an error
    lookups = [step for step in tape.needed(result.name) if step.op is pick_rows]
    if any(not step.params["rows"] for step in lookups):
        raise ValuesError(f"tokens is missing; give words or ids, up to n_ctx={values.config.n_ctx} of them")
    if force:
        tape.values(result.name)
    return tape
