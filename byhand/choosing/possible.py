"""Which configurations have numbers worth computing by hand; of the others, why not, and the nearest that has."""

from __future__ import annotations

from byhand.errors import ConfigError, UnknownNameError
from byhand.model.config import Config

MODELS = ("softmax", "attention-head", "multi-head-attention", "layer-norm", "feed-forward", "block", "gpt")
_HEADS = ("attention-head", "multi-head-attention", "block", "gpt")
_NORMS = ("layer-norm", "block", "gpt")
_FEEDS = ("feed-forward", "block", "gpt")
_WHOLE = ("block", "gpt")


def check(model: str, config: Config, n: int) -> None:
    """Refuse a configuration for which no numbers can be chosen.

    Raises: ConfigError with the reason and the nearest that works; UnknownNameError.
    """
    if model not in MODELS:
        raise UnknownNameError("model with numbers of its own", model, MODELS)
    if model == "softmax":
        return
    if not 3 <= n <= 5:
        raise ConfigError(
            f"numbers are chosen for 3 to 5 tokens, not {n}; use n_ctx={3 if n < 3 else 5}, or give values"
        )
    if config.d_model not in (4, 8):
        _refuse_width(model, config)
    if model in _NORMS:
        _check_norm(model, config)
    if model in _HEADS:
        _check_heads(model, config, n)
    if model in _FEEDS:
        if config.act_fn != "relu":
            raise ConfigError(f"act_fn={config.act_fn!r} is never rational; use act_fn='relu'")
        if not 4 <= config.d_mlp <= 8:
            near = 4 if config.d_mlp < 4 else 8
            raise ConfigError(f"numbers are chosen for d_mlp from 4 to 8, not {config.d_mlp}; use d_mlp={near}")
    if model in _WHOLE and config.attn_only:
        raise ConfigError(
            "numbers are not chosen for attn_only; use attn_only=false, or the sheet multi-head-attention"
        )
    if model == "gpt" and config.positional_embedding_type == "sinusoidal":
        raise ConfigError(
            "sinusoidal positions leave no whole stream to choose; use positional_embedding_type='standard'"
        )


def _refuse_width(model: str, config: Config) -> None:
    d = config.d_model
    near = 4 if d < 7 else 8
    if model in _NORMS and config.normalization_type == "LN" and d == 3:
        raise ConfigError("LayerNorm of 3 features is never rational; use d_model=4 or normalization_type=null")
    if model in _NORMS and config.normalization_type == "LN" and d == 2:
        raise ConfigError("LayerNorm of 2 features is always 1 and −1; use d_model=4")
    if config.normalization_type is None and 2 <= d <= 8 and model != "layer-norm":
        return
    if model in ("attention-head", "multi-head-attention", "feed-forward") and 2 <= d <= 8:
        return
    raise ConfigError(f"numbers are chosen for d_model 4 and 8, not {d}; use d_model={near}, or give values")


def _check_norm(model: str, config: Config) -> None:
    if config.normalization_type == "RMS":
        raise ConfigError("numbers are not yet chosen under RMSNorm; use normalization_type='LN', or give values")
    if config.normalization_type is None:
        if model == "layer-norm":
            raise ConfigError("normalization_type=null leaves no norm to compute; use normalization_type='LN'")
        return
    if config.eps:
        raise ConfigError(f"a root with eps={config.eps} is not rational; use eps=0")
    if model in _WHOLE and config.d_model == 8 and config.norm_position == "post":
        raise ConfigError("numbers are not chosen for d_model=8 with norm_position='post'; use d_model=4 or 'pre'")


def _check_heads(model: str, config: Config, n: int) -> None:
    heads = 1 if model == "attention-head" else config.n_heads
    if config.use_attn_scale and config.d_head != 4:
        raise ConfigError(
            f"√d_head = √{config.d_head} makes no small whole scores; use d_head=4 or use_attn_scale=false"
        )
    if not 2 <= config.d_head <= 4:
        raise ConfigError(f"numbers are chosen for d_head from 2 to 4, not {config.d_head}; use d_head=4")
    if heads > 2:
        raise ConfigError(f"numbers are chosen for 1 or 2 heads, not {heads}; use n_heads=2")
    if n == 5 and heads == 2 and config.attention_dir == "bidirectional":
        raise ConfigError(
            "two heads over all of 5 tokens take too long to find; use n_ctx=4 or attention_dir='causal'"
        )
    width = heads * config.d_v
    if width > 8:
        raise ConfigError(f"n_heads={heads} × d_v={config.d_v} is more than 8; use d_v={8 // heads}")
    if model in _WHOLE and config.normalization_type == "LN":
        if n > 4:
            raise ConfigError(
                f"{n} tokens under LayerNorm take too long to find; use n_ctx=4 or normalization_type=null"
            )
        if config.d_model == 8 and (width < 8 or n > 3):
            raise ConfigError(
                f"d_model=8 under LayerNorm needs n_heads × d_v = 8 and 3 tokens; use d_v={8 // heads}, n_ctx=3"
            )
        if width < 4:
            raise ConfigError(f"n_heads={heads} × d_v={config.d_v} is too narrow; use d_v={-(-4 // heads)}")
