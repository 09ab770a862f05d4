"""Which configurations have numbers worth computing by hand; of the others, why not, and the nearest that has."""

from __future__ import annotations

from byhand.errors import ConfigError, UnknownNameError
from byhand.model.config import Config

_HEADS = ("attention-head", "multi-head-attention", "cross-attention")
_WHOLE = ("block", "gpt", "encoder", "encoder-decoder")
_DECODERS = ("cross-attention", "encoder-decoder")
_SURPRISED = ("cross-entropy", "perplexity")
# models whose numbers are the given ones in another order; those whose own say how many are needed, and how large
SMALL = ("dot-product", "matrix-product", "linear-layer", "mlp", "embedding", "positional-encoding")
LESSONS = ("convolution", "batch-norm", "transformer-by-hand", *_SURPRISED, "sampling", "kv-cache", "sizing")
MODELS = ("softmax", *_HEADS, "layer-norm", "feed-forward", *_WHOLE, *SMALL, *LESSONS)


def check(model: str, config: Config, n: int, source: int) -> None:
    """Refuse a configuration for which no numbers can be chosen. n: of tokens; source: of those that a decoder reads.

    Raises: ConfigError with the reason and the nearest that works; UnknownNameError.
    """
    if model not in MODELS:
        raise UnknownNameError("model with numbers of its own", model, MODELS)
    if model == "softmax":
        return
    if model in LESSONS:
        _check_lesson(model, config, n)
        return
    decodes = model in _DECODERS
    least = 2 if decodes else 3
    if not least <= n <= 5:
        near = least if n < least else 5
        raise ConfigError(f"numbers are chosen for {least} to 5 tokens, not {n}; use n_ctx={near}, or give values")
    if decodes and not 3 <= source <= 5:
        near = 3 if source < 3 else 5
        raise ConfigError(
            f"numbers are chosen for a source of 3 to 5 tokens, not {source}; use {near}, or give values"
        )
    normed = model in ("layer-norm", *_WHOLE)
    if config.d_model not in (4, 8):
        _refuse_width(model, config, normed)
    if normed:
        _check_norm(model, config)
    if model in (*_HEADS, *_WHOLE):
        _check_heads(model, config)
    if model in _WHOLE and config.normalization_type is not None:
        _check_sums(config)
    if config.softmax_base == 3:
        _check_threes(model, config)
    rare = (config.normalization_type, config.norm_position, config.d_model) == ("RMS", "pre", 4)
    if model == "encoder-decoder" and rare and config.n_heads > 1 and n > 3 and source > 4:
        raise ConfigError(
            f"hardly any numbers are known for {n} tokens that read {source}, with RMSNorm before the layers and "
            "d_model=4; use n_heads=1, a source of 4, d_model=8 or normalization_type='LN'"
        )
    if model in _WHOLE and config.n_layers > 4:
        raise ConfigError(f"numbers are chosen for 1 to 4 layers, not {config.n_layers}; use n_layers=4")
    if model == "encoder-decoder" and config.d_vocab > 50:
        raise ConfigError(f"numbers are chosen for up to 50 words, not {config.d_vocab}; use d_vocab=50")
    if model == "gpt" and config.n_ctx > 5:
        raise ConfigError(f"numbers are chosen for 3 to 5 positions, not {config.n_ctx}; use n_ctx=5, or give values")
    if model in ("feed-forward", *_WHOLE):
        if config.act_fn != "relu":
            raise ConfigError(f"act_fn={config.act_fn!r} is never rational; use act_fn='relu'")
        if not 4 <= config.d_mlp <= 8:
            near = 4 if config.d_mlp < 4 else 8
            raise ConfigError(f"numbers are chosen for d_mlp from 4 to 8, not {config.d_mlp}; use d_mlp={near}")
    if model == "encoder-decoder" and config.attn_only:
        raise ConfigError("a decoder's block is not without its feed-forward network; use attn_only=false")
    if model == "gpt" and config.positional_embedding_type == "sinusoidal":
        _check_waves(config)


def _check_lesson(model: str, config: Config, n: int) -> None:
    if model == "batch-norm" and (config.d_model, n) != (4, 4):
        raise ConfigError(f"BatchNorm beside LayerNorm is rational for 4 tokens and d_model=4, not {n} and "
                          f"{config.d_model}; use these, or give values")  # fmt: skip
    if model in _SURPRISED and config.softmax_base == 3 and config.d_vocab % 2 == 0:
        raise ConfigError(
            f"{config.d_vocab} powers of 3 never add up to one; use a vocabulary of an odd number of words, or base 2"
        )
    if model == "kv-cache":
        _check_heads("attention-head", config)
    if model in ("convolution", "transformer-by-hand") and config.act_fn != "relu":
        raise ConfigError(f"act_fn={config.act_fn!r} is never rational; use act_fn='relu'")


def _check_waves(config: Config) -> None:
    pairs = (config.d_model + 1) // 2
    whole = [p for p in config.sinusoidal_periods if (4 / p).denominator == 1]
    if len(whole) < pairs:
        near = ", ".join(str((4, 2)[i % 2]) for i in range(pairs))
        raise ConfigError(
            "sines and cosines are whole at quarter turns only, and numbers are chosen for those; use "
            f"sinusoidal_periods=[{near}]"
        )


def _refuse_width(model: str, config: Config, normed: bool) -> None:
    d = config.d_model
    near = 4 if d < 7 else 8
    if normed and config.normalization_type == "LN" and d == 3:
        raise ConfigError("LayerNorm of 3 features is never rational; use d_model=4 or normalization_type=null")
    if normed and config.normalization_type == "LN" and d == 2:
        raise ConfigError("LayerNorm of 2 features is always 1 and −1; use d_model=4")
    if 2 <= d <= 8 and (not normed or (config.normalization_type is None and model != "layer-norm")):
        return
    raise ConfigError(f"numbers are chosen for d_model 4 and 8, not {d}; use d_model={near}, or give values")


def _check_norm(model: str, config: Config) -> None:
    if config.normalization_type is None:
        if model == "layer-norm":
            raise ConfigError("normalization_type=null leaves no norm to compute; use normalization_type='LN'")
        return
    if config.eps:
        raise ConfigError(f"a root with eps={config.eps} is not rational; use eps=0")
    if config.correction:
        raise ConfigError("numbers are chosen for a variance over n, not n − 1; use correction=0, or give values")


def _check_heads(model: str, config: Config) -> None:
    heads = 1 if model == "attention-head" else config.n_heads
    if config.use_attn_scale and config.d_head != 4:
        raise ConfigError(
            f"√d_head = √{config.d_head} makes no small whole scores; use d_head=4 or use_attn_scale=false"
        )
    if not 2 <= config.d_head <= 4:
        raise ConfigError(f"numbers are chosen for d_head from 2 to 4, not {config.d_head}; use d_head=4")
    if config.n_heads > 2:
        raise ConfigError(f"numbers are chosen for 1 or 2 heads, not {config.n_heads}; use n_heads={min(heads, 2)}")
    width = heads * config.d_v
    if width > 8:
        raise ConfigError(f"n_heads={heads} × d_v={config.d_v} is more than 8; use d_v={8 // heads}")


def _check_sums(config: Config) -> None:
    """Whether W_O can make the sums that a norm reads."""
    width = config.n_heads * config.d_v
    least = 6 if config.d_model == 8 else 4
    if width < least:
        raise ConfigError(
            f"n_heads={config.n_heads} × d_v={config.d_v} is too narrow; use d_v={-(-least // config.n_heads)}"
        )


def _check_threes(model: str, config: Config) -> None:
    """Powers of 3 have totals of 5 and 7, which few columns of W_O make whole."""
    if model == "cross-attention" and config.n_heads * config.d_v < 3:
        raise ConfigError(
            f"n_heads={config.n_heads} × d_v={config.d_v} is too narrow for powers of 3; use softmax_base=2 or d_v=4"
        )
    encodes = model.startswith("encoder") or config.attention_dir == "bidirectional"
    normed = config.norm_position == "pre" or model == "encoder-decoder"  # what the heads read
    if model in _WHOLE and config.d_model == 4 and config.normalization_type and encodes and normed:
        raise ConfigError(
            "no numbers are known for powers of 3 where tokens that a norm made all see each other in 4 dimensions; "
            "use softmax_base=2"
        )
