"""Every learned parameter by its full name, and its shape, as in TransformerLens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from byhand.errors import UnknownNameError
from byhand.model.config import Config

HEADED = (
    "attn.W_Q", "attn.W_K", "attn.W_V", "attn.W_O", "attn.b_Q", "attn.b_K", "attn.b_V", "attn.rel_pos_bias",
    "attn.W_UK", "attn.W_UV", "attn.W_KR", "attn.r_w_bias", "attn.r_r_bias", "attn.W_R",
)  # fmt: skip


def attention_shapes(config: Config, at: str) -> dict[str, tuple[int, ...]]:
    """The parameters of an attention layer and their shapes. at: the name of the layer, such as blocks.0.attn."""
    c, crosses = config, at.endswith("cross_attn")
    shapes: dict[str, tuple[int, ...]] = {
        f"{at}.W_Q": (c.n_heads, c.d_model, c.d_head), f"{at}.b_Q": (c.n_heads, c.d_head),
        f"{at}.W_O": (c.n_heads, c.d_v, c.d_model), f"{at}.b_O": (c.d_model,),
    }  # fmt: skip
    if c.kv_lora_rank and not crosses:
        width = c.turned_width
        shapes |= {f"{at}.W_KR": (1, c.d_model, width)} if width else {}
        shapes |= {
            f"{at}.W_DKV": (c.d_model, c.kv_lora_rank), f"{at}.W_UK": (c.n_heads, c.kv_lora_rank, c.d_head - width),
            f"{at}.W_UV": (c.n_heads, c.kv_lora_rank, c.d_v),
        }  # fmt: skip
    else:
        shapes |= {
            f"{at}.W_K": (c.key_value_heads, c.d_model, c.d_head), f"{at}.b_K": (c.key_value_heads, c.d_head),
            f"{at}.W_V": (c.key_value_heads, c.d_model, c.d_v), f"{at}.b_V": (c.key_value_heads, c.d_v),
        }  # fmt: skip
    if c.positional_embedding_type == "relative_positional_bias" and ".0." in at:
        shapes[f"{at}.rel_pos_bias"] = c.n_heads, c.relative_attention_num_buckets
    if c.num_buckets and not crosses:
        del shapes[f"{at}.W_K"], shapes[f"{at}.b_K"]
        shapes[f"{at}.W_R"] = c.n_heads, c.d_head, c.num_buckets // 2
    if c.positional_embedding_type == "relative" and not crosses:
        shared = {f"{at}.rel_pos_keys": (2 * c.max_relative_position + 1, c.d_head)}
        biases = dict.fromkeys((f"{at}.r_w_bias", f"{at}.r_r_bias"), (c.n_heads, c.d_head))
        by_sines = {f"{at}.W_KR": (c.n_heads, c.d_model, c.d_head)} | biases
        shapes |= by_sines if c.has_sines_of_distances else shared
    if c.linformer_k and not crosses:
        shapes |= dict.fromkeys((f"{at}.E", f"{at}.F"), (c.linformer_k, c.n_ctx))
    return shapes


def learned(at: str, config: Config) -> str:
    """The name that a layer's parameters begin with: its own, such as blocks.1.attn, or that of the first layer if
    all layers share theirs.
    """
    return of_first(at) if config.share_layers else at


def of_first(at: str) -> str:
    """The name of the same part of the first layer: blocks.0.attn for blocks.1.attn."""
    return re.sub(r"\.\d+\.", ".0.", at, count=1)


def norm_shapes(config: Config, at: str) -> dict[str, tuple[int, ...]]:
    """The parameters of a norm and their shapes."""
    shape = config.normalized_shape or (config.d_model,)
    return {f"{at}.w": shape, f"{at}.b": shape}


def block_shapes(config: Config, at: str, norms: Sequence[str] = ("ln1", "ln2")) -> dict[str, tuple[int, ...]]:
    """The parameters of a block and their shapes. at: the name of the block, such as blocks.0."""
    c, shapes = config, attention_shapes(config, f"{at}.attn")
    for norm in norms:
        shapes |= norm_shapes(c, f"{at}.{norm}")
    return shapes | mlp_shapes(c, f"{at}.mlp")


def mlp_shapes(config: Config, at: str) -> dict[str, tuple[int, ...]]:
    """The parameters of a feed-forward network and their shapes; of several, with those of their router."""
    c = config
    if not c.num_experts:
        return _network_shapes(c, at)
    shapes: dict[str, tuple[int, ...]] = {f"{at}.W_gate": (c.d_model, c.num_experts)}
    for expert in range(c.num_experts):
        shapes |= _network_shapes(c, f"{at}.experts.{expert}")
    return shapes


def _network_shapes(config: Config, at: str) -> dict[str, tuple[int, ...]]:
    """The parameters of one feed-forward network and their shapes."""
    c = config
    gate = {f"{at}.W_gate": (c.d_model, c.d_mlp)} if c.gated_mlp else {}
    return gate | {
        f"{at}.W_in": (c.d_model, c.d_mlp), f"{at}.b_in": (c.d_mlp,),
        f"{at}.W_out": (c.d_mlp, c.d_model), f"{at}.b_out": (c.d_model,),
    }  # fmt: skip


# parameters that a lesson has of its own, each with its shape, as sizes of the config or numbers; a model names them
OF_LESSONS: dict[str, tuple[str | int, ...]] = {}


def parameter_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """Every parameter of every model and its shape: of blocks, encoders, decoders, and layers by themselves."""
    c = config
    shapes: dict[str, tuple[int, ...]] = {
        "embed.W_E": (c.d_vocab, c.d_model),
        "pos_embed.W_pos": (c.n_ctx, c.d_model),
        "unembed.W_U": (c.d_model, c.d_vocab), "unembed.b_U": (c.d_vocab,),
    }  # fmt: skip
    for name, sizes in OF_LESSONS.items():
        shapes[name] = tuple(size if isinstance(size, int) else getattr(c, size) for size in sizes)
    for layer in range(1 if c.share_layers else c.n_layers):
        shapes |= block_shapes(c, f"blocks.{layer}") | block_shapes(c, f"encoder.{layer}")
        shapes |= block_shapes(c, f"decoder.{layer}", ("ln1", "ln2", "ln3"))
        shapes |= attention_shapes(c, f"decoder.{layer}.cross_attn")
    return shapes | norm_shapes(c, "ln_final") | norm_shapes(c, "blocks.0.bn")


def shape_of(name: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of a parameter, or of one head's part of it, as of blocks.0.attn.W_Q[1].

    Raises: UnknownNameError.
    """
    base, head = re.fullmatch(r"(.*?)(?:\[(\d{1,5})\])?", name, re.DOTALL).groups()  # type: ignore[union-attr]
    shape = shapes.get(base)
    if shape is None or (head and not (has_heads(base) and int(head) < shape[0])):
        raise UnknownNameError("parameter", name, _alike(base, shapes))
    return shape[1:] if head else shape


def has_heads(name: str) -> bool:
    """Whether a parameter has a head axis, the first."""
    return name.endswith(HEADED)


def _alike(name: str, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """The names that an error suggests: those of the layer in this name, or of the first, and those of no layer."""
    match = re.search(r"\.(\d{1,5})\.", name)
    layer = f".{match[1]}." if match and f"blocks.{match[1]}.ln1.w" in shapes else ".0."
    return [known for known in shapes if layer in known or not re.search(r"\.\d+\.", known)]
