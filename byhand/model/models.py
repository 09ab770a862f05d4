"""The models: each writes its steps on a tape and returns its result, or several. `run` is the way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from byhand.arithmetic.domains import Domain
from byhand.errors import UnknownNameError, ValuesError
from byhand.model.config import Config
from byhand.model.job import DECODER, ENCODER, RESID_MID, RESID_PRE, Job, Model
from byhand.model.layers import (
    attention,
    batch_norm,
    block,
    decoder_block,
    embedding,
    head,
    mlp,
    norm,
    softmax,
    unembedding,
)
from byhand.model.lessons import LESSONS
from byhand.model.sizing import sizing
from byhand.model.weights import Values, numbers
from byhand.ops import pick_rows, row_argmax
from byhand.tape import Matrix, Tape


def _attention_head(job: Job) -> Matrix:
    """One head of attention."""
    return head(job.stream(RESID_PRE), "blocks.0.attn", 0, job.config)


def _multi_head_attention(job: Job) -> Matrix:
    """All heads and W_O."""
    return attention(job.stream(RESID_PRE), "blocks.0.attn", job.config)


def _cross_attention(job: Job) -> Matrix:
    """A decoder's attention to the rows of an encoder: queries from the one, keys and values from the other."""
    at = "decoder.0"
    return attention(job.stream(DECODER), f"{at}.cross_attn", job.config, job.source(), f"{at}.hook_cross_attn_out")


def _layer_norm(job: Job) -> Matrix:
    """Each row normalised, then w and b."""
    return norm(job.stream(RESID_PRE), "blocks.0.ln1", job.config)


def _batch_norm(job: Job) -> Matrix:
    """Each column normalised over the rows; beside it, on the same rows, LayerNorm, for who asks."""
    x = job.stream(RESID_PRE)
    norm(x, "blocks.0.ln1", job.config)
    return batch_norm(x, "blocks.0.bn", job.config)


def _feed_forward(job: Job) -> Matrix:
    """Two layers at each position."""
    return mlp(job.stream(RESID_MID), "blocks.0.mlp", job.config)


def _block(job: Job) -> Matrix:
    """One transformer block, pre-norm or post-norm."""
    return block(job.stream(RESID_PRE), "blocks.0", job.config)


def _stack(job: Job, x: Matrix, name: str, layer_of: Callable[[Matrix, str], Matrix]) -> Matrix:
    """Layer after layer. What enters one may be given as its hook_resid_pre."""
    for layer in range(job.config.n_layers):
        start = f"{name}.{layer}.hook_resid_pre"  # after the first, another name for the last one's result
        given = layer > 0 and start in job.tape.numbers
        x = layer_of(job.tape.given(start, x.shape, x.axes) if given else x, f"{name}.{layer}")
    return x


def _gpt(job: Job) -> Matrix:
    """A whole small language model: tokens to the next token."""
    c = job.config
    if not c.d_vocab:
        raise ValuesError("gpt needs a vocabulary: give d_vocab, or a list of words")
    x = embedding(job.tape, job.values.ids(), c, job.positions)
    x = _stack(job, x, "blocks", lambda x, at: block(x, at, c))
    if c.norm_position == "pre":
        x = norm(x, "ln_final", c)
    return _spoken(x, c)


def _spoken(x: Matrix, config: Config) -> Matrix:
    """Logits, and the token with the largest; the probabilities are for who asks."""
    logits = unembedding(x, config)
    softmax(logits, "probs", config.softmax_base)
    return row_argmax(logits, name="next_token")


def _encoder(job: Job) -> Matrix:
    """A stack of blocks in which every token sees every other."""
    return _encoded(job, job.stream(ENCODER))


def _encoded(job: Job, x: Matrix) -> Matrix:
    seeing_all = replace(job.config, attention_dir="bidirectional")
    return _stack(job, x, "encoder", lambda x, at: block(x, at, seeing_all))


def _encoder_decoder(job: Job) -> Matrix:
    """An encoder, and a decoder that sees its own past and all that the encoder made; with a vocabulary, logits too.

    The decoder's own attention is masked, the encoder's and the one between them are not.
    """
    memory = _encoded(job, job.source())
    causal = replace(job.config, attention_dir="causal")
    x = _stack(job, job.stream(DECODER), "decoder", lambda x, at: decoder_block(x, memory, at, causal))
    return _spoken(x, job.config) if job.config.d_vocab else x


MODELS: dict[str, Model] = {
    **LESSONS,
    "attention-head": _attention_head,
    "multi-head-attention": _multi_head_attention,
    "cross-attention": _cross_attention,
    "layer-norm": _layer_norm,
    "batch-norm": _batch_norm,
    "feed-forward": _feed_forward,
    "block": _block,
    "encoder": _encoder,
    "gpt": _gpt,
    "encoder-decoder": _encoder_decoder,
    "sizing": sizing,
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
    made = MODELS[model](Job(tape, values))
    results = made if isinstance(made, tuple) else (made,)
    for name in values.inputs:
        tape[name]  # an unknown step is an error
    for result in results:
        lookups = [step for step in tape.needed(result.name) if step.op is pick_rows]
        if any(not step.params["rows"] for step in lookups):
            raise ValuesError(f"tokens is missing; give words or ids, up to n_ctx={values.config.n_ctx} of them")
        if force:
            tape.values(result.name)
    return tape
