"""The models: each writes its steps on a tape and returns its result, or several. `run` is the way in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from byhand.arithmetic.domain import Domain
from byhand.errors import (
    MOST_PROBLEMS,
    ByHandError,
    ConfigError,
    MisfitError,
    UnknownNameError,
    ValuesError,
    collecting,
    together,
)
from byhand.model.config import Config
from byhand.model.job import ATTN_OUT, DECODER, ENCODER, RESID_MID, RESID_PRE, Job, Model
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
from byhand.model.lessons import LESSONS, PARTS
from byhand.model.sizing import sizing
from byhand.model.weights import Values, complete, sound_numbers
from byhand.ops import add, gather_rows, row_argmax
from byhand.tape import Matrix, Step, Tape, shape_text


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
    """Each row normalised, then w and b: of the stream, or of its sum with `hook_attn_out` where that is given."""
    x = job.stream(RESID_PRE)
    if ATTN_OUT in job.tape.numbers:
        added = job.stream(ATTN_OUT, "out")
        with job.tape.part("add1"):
            x = add(x, added, name=RESID_MID)
    return norm(x, "blocks.0.ln1", job.config)


def _batch_norm(job: Job) -> Matrix:
    """Each column normalised over the rows; beside it, on the same rows, LayerNorm, for who asks."""
    x = job.stream(RESID_PRE)
    norm(x, "blocks.0.ln1", job.config)
    return batch_norm(x, "blocks.0.bn", job.config)


def _feed_forward(job: Job) -> Matrix:
    """Two layers at each position."""
    return mlp(job.middle(), "blocks.0.mlp", job.config)


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
    with x.tape.part("unembed"):
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


MOST_TERMS = 20_000_000  # of all sums of a run: a minute

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


def run(model: str, values: Values, domain: Domain, force: bool = True) -> Tape:
    """Run a model: a tape with its steps in a number system, evaluated, or with `force=False` when asked for.

    Raises: UnknownNameError for a model, a step or a parameter that does not exist; ValuesError, also where several
    problems are told at once, before anything is evaluated; DomainError.
    """
    if model not in MODELS:
        raise UnknownNameError("model", model, MODELS)
    problems: list[ByHandError] = []
    values = complete(values)
    tape, results = _written(model, values, domain, problems)
    needed = list({step.name: step for result in results for step in tape.needed(result.name)}.values())
    with collecting(problems):
        _check_tokens(needed, values)
    if force:
        with collecting(problems):
            _check_givens(tape, needed, values)
        with collecting(problems):
            _check_terms(tape, needed)
    if problems:
        raise together(problems)
    if force:
        for result in results:
            tape.values(result.name)
    return tape


def unread(tape: Tape, values: Values) -> list[str]:
    """The given parameters and steps that the evaluated steps did not read."""
    read = {step.name.partition("[")[0] for step in tape.used()}
    read_whole = {step.name for step in tape.used()}
    weights = [name for name in values.weights if name.partition("[")[0] not in read]
    return weights + [name for name in values.inputs if name not in read_whole]


def _written(
    model: str, values: Values, domain: Domain, problems: list[ByHandError]
) -> tuple[Tape, tuple[Matrix, ...]]:
    """A tape with the model's steps, nothing evaluated, and the results; what is wrong is added to the problems.

    Raises: ByHandError with the problems so far, where the steps cannot be written at all.
    """
    given = sound_numbers(values, problems)
    inputs_are_sound = values.inputs.keys() <= given.keys()
    while True:
        tape = Tape(domain, given)
        try:
            with tape.part(PARTS.get(model, "")):
                made = MODELS[model](Job(tape, values))
            break
        except MisfitError as misfit:  # the next may be of another shape, too
            problems.append(misfit)
            if misfit.step not in given or len(problems) > MOST_PROBLEMS:
                raise together(problems) from None
            del given[misfit.step]
        except ByHandError as error:  # which may be for want of an input that is not sound
            raise together([*problems, *([error] if inputs_are_sound else [])]) from None
    for name in values.inputs:
        if len(problems) <= MOST_PROBLEMS:
            with collecting(problems):
                tape[name]  # an unknown step is an error
    return tape, made if isinstance(made, tuple) else (made,)


def _check_tokens(needed: Sequence[Step], values: Values) -> None:
    """Raises: ValuesError where tokens are needed and not given."""
    if any(step.op is gather_rows and not step.params["rows"] for step in needed):
        raise ValuesError(f"tokens is missing; give words or ids, up to n_ctx={values.config.n_ctx} of them")


def _check_givens(tape: Tape, needed: Sequence[Step], values: Values) -> None:
    """Raises: ValuesError for matrices that are needed and not given at all, neither sound nor unsound."""
    known = values.inputs.keys() | values.weights.keys()
    givens = [step for step in needed if step.op is None and step.name not in tape.numbers]
    missing = [step for step in givens if step.name not in known and step.name.partition("[")[0] not in known]
    if len(missing) == 1:
        raise ValuesError(f"{missing[0].name} is missing; give it ({shape_text(missing[0].shape)}) or a later step")
    if missing:
        names = ", ".join(f"{step.name} ({shape_text(step.shape)})" for step in missing[:MOST_PROBLEMS])
        rest = f" and {len(missing) - MOST_PROBLEMS} more" if len(missing) > MOST_PROBLEMS else ""
        raise ValuesError(f"{names}{rest} are missing; give them or later steps")


def _check_terms(tape: Tape, needed: Sequence[Step]) -> None:
    """Raises: ConfigError where the run would take minutes."""
    terms = sum(
        step.shape[0] * step.shape[1] * max([1, *(tape.steps[name].shape[1] for name in step.inputs)])
        for step in needed
        if step.op
    )
    if terms > MOST_TERMS:
        raise ConfigError(f"the run adds up {terms:,} numbers; use sizes that make {MOST_TERMS:,}")
