"""Transformers and their parts: each model records its steps on a tape, and returns one result or several."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from byhand.model.builder import Builder
from byhand.model.config import Config
from byhand.model.layers import (
    attention,
    batch_norm,
    block,
    decoder_block,
    embedding,
    head,
    mean_surprisal,
    mlp,
    norm,
    softmax,
    unembedding,
)
from byhand.model.names import ATTN, ATTN_OUT, DECODER, ENCODER, RESID_MID, RESID_PRE
from byhand.model.registry import model
from byhand.ops.attention import row_argmax
from byhand.ops.linear import add
from byhand.ops.norms import column_mean
from byhand.ops.shapes import gather_rows
from byhand.tape import Matrix


@model("attention-head", one_head=True)
def _attention_head(build: Builder) -> Matrix:
    """One head of attention, without W_O."""
    return head(build.stream(RESID_PRE), ATTN, 0, build.config)


@model("multi-head-attention")
def _multi_head_attention(build: Builder) -> Matrix:
    """An attention layer: all heads, and W_O."""
    return attention(build.stream(RESID_PRE), ATTN, build.config)


@model("cross-attention", only={"attention_dir": ("bidirectional",)})
def _cross_attention(build: Builder) -> Matrix:
    """A decoder's attention to the rows of an encoder: queries from the decoder, keys and values from the encoder."""
    x, memory, out = build.stream(DECODER), build.source(), "decoder.0.hook_cross_attn_out"
    return attention(x, "decoder.0.cross_attn", build.config, memory, out)


@model("layer-norm", only={"norm_position": ("post",)})
def _layer_norm(build: Builder) -> Matrix:
    """The norm of each row of the stream, or of its sum with `hook_attn_out` where that is given."""
    x = build.stream(RESID_PRE)
    if ATTN_OUT in build.tape.numbers:
        added = build.stream(ATTN_OUT, "out")
        with build.tape.part("add1"):
            x = add(x, added, name=RESID_MID)
    return norm(x, "blocks.0.ln1", build.config)


@model("batch-norm", part="ln1", only={"correction": (), "normalization_type": (), "normalized_shape": ()})
def _batch_norm(build: Builder) -> Matrix:
    """BatchNorm: each column normalised over the rows.

    LayerNorm of the same rows, each by itself and all together, and the means of the columns of `other.x`, if that is
    given, are computed only when requested.
    """
    c, x = build.config, build.stream(RESID_PRE)
    if "other.x" in build.tape.numbers:
        column_mean(build.matrix("other.x", ("pos", "d_model")), name="other.mean")
    norm(x, "blocks.0.ln1", c)
    norm(x, "blocks.0.all.ln1", replace(c, n_ctx=x.rows, normalized_shape=x.shape))
    return batch_norm(x, "blocks.0.bn", c)


@model("feed-forward")
def _feed_forward(build: Builder) -> Matrix:
    """The feed-forward network."""
    return mlp(build.middle(), "blocks.0.mlp", build.config)


@model("block")
def _block(build: Builder) -> Matrix:
    """One transformer block, pre-norm or post-norm."""
    return block(build.stream(RESID_PRE), "blocks.0", build.config)


def stack(build: Builder, x: Matrix, name: str, layer_of: Callable[[Matrix, str], Matrix]) -> Matrix:
    """A stack of layers, each on the result of the one before. The rows that a layer reads may be given as its
    hook_resid_pre.
    """
    for layer in range(build.config.n_layers):
        start = f"{name}.{layer}.hook_resid_pre"  # after the first layer, the same rows as the result before it
        given = layer > 0 and start in build.tape.numbers
        x = layer_of(build.tape.given(start, x.shape, x.axes) if given else x, f"{name}.{layer}")
    return x


@model("gpt", reads_words=True, says_words=True)
def _gpt(build: Builder) -> Matrix:
    """A whole small language model, from the tokens to the next token."""
    c = build.config
    x = embedding(build.tape, build.values.ids(), c, build.positions)
    x = stack(build, x, "blocks", lambda x, at: block(x, at, c))
    if c.norm_position == "pre":
        x = norm(x, "ln_final", c)
    said = next_token(x, c)
    if not build.values.target:
        _loss_of_text(build, build.tape["probs"])
    return said


def _loss_of_text(build: Builder, probs: Matrix) -> None:
    """How well a text's own words were told before, computed only when requested: the last word has none after it.

    Shapes: (pos, d_vocab) → (1, 1).
    """
    ids = build.values.ids()
    if len(ids) > 1:
        sizes = {"i": (len(ids) - 1, "past")}
        known = gather_rows(probs, name="probs.known", sizes=sizes, rows=tuple(range(len(ids) - 1)))
        mean_surprisal(known, ids[1:], build.config.softmax_base)


def next_token(x: Matrix, config: Config) -> Matrix:
    """The tokens with the largest logits. The probabilities are computed only when requested."""
    logits = unembedding(x, config)
    with x.tape.part("unembed"):
        softmax(logits, "probs", config.softmax_base)
        return row_argmax(logits, name="next_token")


@model("encoder", only={"attention_dir": ("bidirectional",)})
def _encoder(build: Builder) -> Matrix:
    """A stack of blocks in which every token sees every other."""
    return _encoded(build, build.stream(ENCODER))


def _encoded(build: Builder, x: Matrix) -> Matrix:
    """The result of an encoder that reads x."""
    seeing_all = replace(build.config, attention_dir="bidirectional")
    return stack(build, x, "encoder", lambda x, at: block(x, at, seeing_all))


@model("encoder-decoder", says_words=True)
def _encoder_decoder(build: Builder) -> Matrix:
    """An encoder, and a decoder that attends to its own past and to the encoder's result; with a vocabulary, the next
    tokens.

    The decoder's self-attention is masked. The encoder's, and the attention between them, is not.
    """
    memory = _encoded(build, build.source())
    causal = replace(build.config, attention_dir="causal")
    x = stack(build, build.stream(DECODER), "decoder", lambda x, at: decoder_block(x, memory, at, causal))
    return next_token(x, build.config) if build.config.d_vocab else x
