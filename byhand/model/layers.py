"""The layers: functions from matrices to a matrix. Each step that they record on the tape is one line on paper.

`at` is the name that a layer's steps begin with, as in TransformerLens: blocks.0.attn, blocks.0.ln1, … A layer also
says to which part of the architecture its steps belong: embed, ln1, heads, out, add1, ln2, mlp, add2, ln_final or
unembed; in a decoder also cross, add_cross or ln3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from msgspec.structs import replace

from byhand.errors import ConfigError, ValuesError
from byhand.model.builder import Builder
from byhand.model.config import BIASES, DEFAULTS, OF_SOME, Config
from byhand.model.names import steps_of, symbols
from byhand.model.parameters import learned, of_first
from byhand.ops import ACTIVATIONS
from byhand.ops.attention import (
    divide_by_root,
    mask_buckets,
    mask_future,
    mask_pattern,
    normalize_columns,
    normalize_rows,
    power_of,
    row_argmax,
    row_sum,
    surprisal,
    zero_future,
)
from byhand.ops.linear import (
    add,
    add_all,
    affine,
    affine_rows,
    dot_rows,
    elu_plus_one,
    matmul,
    multiply,
    shift,
    slide,
    times_number,
)
from byhand.ops.norms import (
    center,
    center_all,
    center_columns,
    column_mean,
    column_mean_square,
    mean_square,
    root,
    row_mean,
    sample_variance,
    scale_and_shift,
    standardize,
    standardize_all,
    unit_rows,
)
from byhand.ops.positions import bucket_biases, falling, pick_by_distance, rotate, sinusoid
from byhand.ops.shapes import column_as_row, gather_entries, gather_rows, hstack, keep_largest, share_rows, vstack
from byhand.tape import Matrix, Op, Tape

ADDED = ("standard", "sinusoidal")  # positions that are added to the embeddings


# Options that change nothing in a head, or only beside another: a kind of positions, or use_local_attn
BESIDE_A_HEAD = frozenset({
    "gated_mlp", "num_experts", "experts_per_token", "n_key_value_heads", "share_layers", "knn", "lmbda",
    "rotary_dim", "rotary_adjacent_pairs", "rotary_base", "rotary_periods", "alibi_slopes", "max_relative_position",
    "relative_attention_num_buckets", "relative_attention_max_distance", "window_size", "attn_types", "attn_pattern",
})  # fmt: skip


def of_one_row(*read: str, **values: tuple[Any, ...]) -> dict[str, tuple[Any, ...]]:
    """What a model that reads one row of attention says of options (`Model.only`): it has a score and a power for
    each key, and no positions but those that are added to the rows. Any other option of attention, also a new one, is
    refused: the row would be read without it.

    read: options that it computes with all the same. values: of others, those that it computes with.
    """
    refused = [option for option in DEFAULTS if option in OF_SOME - BESIDE_A_HEAD - {*read}]
    return {"positional_embedding_type": ("sinusoidal", None), **dict.fromkeys(refused, ())} | values


OF_LAST_ROW = of_one_row("use_local_attn", positional_embedding_type=("sinusoidal", "rotary", *BIASES, None))


def linear(x: Matrix, weight: Matrix, bias: str, name: str) -> Matrix:
    """x W, plus the bias where one is given."""
    tape = x.tape
    if bias not in tape.numbers:
        return matmul(x, weight, name=name)
    return affine(x, weight, tape.given(bias, (1, weight.cols), ("", weight.axes[1])), name=name)


def softmax(scores: Matrix, name: str, base: int | str = "e") -> Matrix:
    """The powers of the scores, the sums of their rows, and each power over the sum of its row."""
    powers = power_of(scores, name=steps_of(name, "exp"), base=base)
    return normalize_rows(powers, row_sum(powers, name=steps_of(name, "sum")), name=name)


@symbols({
    "mean": r"\mu<p>", "centered": r"x - \mu", "variance": r"\sigma<p>^2", "mean_square": "r<p>^2",
    "hook_scale": r"\sigma<p>", "standardized": r"(x - \mu) \div \sigma", "hook_normalized": "N<p>",
    "w": "w<p>", "b": "b<p>", "row_mean": r"\text{means}", "row_square": r"\text{mean squares}",
})  # fmt: skip
def norm(x: Matrix, at: str, config: Config, name: str = "") -> Matrix:
    """LayerNorm or RMSNorm of each row, then w and b where they are given; x itself if the config has no norm.

    name: the name of the result, in place of hook_normalized. The variance is over d, as in PyTorch, unless the
    config has a correction. With a `normalized_shape` of two sizes, all numbers have one mean and one deviation.

    Source: Ba, Kiros & Hinton 2016; Zhang & Sennrich 2019.
    """
    name = name or f"{at}.hook_normalized"
    if config.normalization_type is None:
        return x
    part = "embed" if at == "embed.ln" else at.rpartition(".")[2]  # ln1, ln2, ln3 or ln_final
    with x.tape.part(part):
        if config.normalized_shape:
            return _norm_of_all(x, at, config, name)
        if config.normalization_type == "LN":
            centered = center(x, row_mean(x, name=f"{at}.mean"), name=f"{at}.centered")
            spread = (sample_variance if config.correction else mean_square)(centered, name=f"{at}.variance")
        else:
            centered = x
            spread = mean_square(x, name=f"{at}.mean_square")
        scale = root(spread, name=f"{at}.hook_scale", eps=config.eps)
        owner = learned(at, config)
        parameters = [f"{owner}.{part}" for part in ("w", "b")]
        if not any(p in x.tape.numbers for p in parameters):
            return standardize(centered, scale, name=name)
        return _with_parameters(standardize(centered, scale, name=f"{at}.standardized"), owner, name)


def _norm_of_all(x: Matrix, at: str, config: Config, name: str) -> Matrix:
    """LayerNorm or RMSNorm of all rows together: one mean and one deviation, then w and b where they are given, with
    a number for each of x. Since rows are of one length, the mean of all numbers is the mean of the rows' means.
    """
    n, _ = config.normalized_shape
    if x.rows != n:
        shape = list(config.normalized_shape)
        raise ConfigError(f"normalized_shape={shape} does not fit {x.rows} rows; use {[*x.shape]}, or {n} rows")
    centered, spread = x, f"{at}.mean_square"
    if config.normalization_type == "LN":
        means = row_mean(x, name=f"{at}.row_mean")
        centered = center_all(x, column_mean(means, name=f"{at}.mean"), name=f"{at}.centered")
        spread = f"{at}.variance"
    square = column_mean(mean_square(centered, name=f"{at}.row_square"), name=spread)
    scale, owner = root(square, name=f"{at}.hook_scale", eps=config.eps), learned(at, config)
    if not any(f"{owner}.{part}" in x.tape.numbers for part in "wb"):
        return standardize_all(centered, scale, name=name)
    standard = standardize_all(centered, scale, name=f"{at}.standardized")
    w, b = (x.tape.given(f"{owner}.{part}", x.shape, x.axes, default) for part, default in (("w", 1), ("b", 0)))
    return add(multiply(standard, w, name=f"{at}.scaled"), b, name=name)


def _with_parameters(standard: Matrix, at: str, name: str) -> Matrix:
    """Normalised rows times w plus b. A w that is left out is 1, a b that is left out 0."""
    shape, axes = (1, standard.cols), ("", standard.axes[1])
    w, b = (standard.tape.given(f"{at}.{part}", shape, axes, default) for part, default in (("w", 1), ("b", 0)))
    return scale_and_shift(standard, w, b, name=name)


@symbols({"bn.hook_normalized": r"(x - \mu) \div \sigma"})
def batch_norm(x: Matrix, at: str, config: Config) -> Matrix:
    """BatchNorm as in training: each column normalised over the rows of the batch, then w and b where they are given.

    The variance is over n, as in PyTorch.

    Source: Ioffe & Szegedy 2015.
    """
    name = f"{at}.hook_normalized"
    centered = center_columns(x, column_mean(x, name=f"{at}.mean"), name=f"{at}.centered")
    scale = root(column_mean_square(centered, name=f"{at}.variance"), name=f"{at}.hook_scale", eps=config.eps)
    if not any(f"{at}.{part}" in x.tape.numbers for part in ("w", "b")):
        return normalize_columns(centered, scale, name=name)
    return _with_parameters(normalize_columns(centered, scale, name=f"{at}.standardized"), at, name)


@symbols({
    "hook_q": "Q<h>", "W_Q": "W_{Q<,h>}", "b_Q": "b_{Q<,h>}", "hook_rot_q": "Q'<h>", "phi_q": r"\varphi(Q<h>)",
    "hook_k": "K<h>", "W_K": "W_{K<,h>}", "b_K": "b_{K<,h>}", "hook_rot_k": "K'<h>", "phi_k": r"\varphi(K<h>)",
    "hook_v": "V<h>", "W_V": "W_{V<,h>}", "b_V": "b_{V<,h>}",
    "attn.E": "E", "keys_short": r"K_{\text{short}<,h>}", "attn.F": "F", "values_short": r"V_{\text{short}<,h>}",
    "hook_pattern.exp": "P<h>", "hook_pattern.sum": "s<h>", "hook_pattern": "A<h>", "hook_z": "Z<h>",
})  # fmt: skip
def head(x: Matrix, at: str, h: int, config: Config, memory: Matrix | None = None) -> Matrix:
    """One head of attention: queries, keys, values, scores, pattern, and the mixture of the values.

    Heads of a group share keys and values, which have the group's number. Shapes: x (pos, d_model) → (pos, d_v).
    memory: (source, d_model), from which keys and values come in cross-attention.

    Source: Ainslie et al. 2023, for the groups.
    """
    tape, source, c = x.tape, memory or x, config
    if memory is None and c.mem_len:
        source = _seen(x, at, c)
    owner, group = learned(at, c), c.group(h)

    def project(letter: str, of: Matrix, n: int, width: int, axis: str) -> Matrix:
        name = f"{at}.hook_{letter}[{n}]"
        if name in tape.steps:  # of a head before, in the same group
            return tape[name]
        weight = tape.given(f"{owner}.W_{letter.upper()}[{n}]", (c.d_model, width), ("d_model", axis))
        return linear(of, weight, f"{owner}.b_{letter.upper()}[{n}]", name)

    with tape.part("heads" if memory is None else "cross"):
        q = project("q", x, h, c.d_head, "d_head")  # (pos, d_head)
        if memory is None and c.kv_lora_rank:
            k, v = keys_from_latent(source, at, h, c)
        else:
            hashed = memory is None and c.num_buckets > 0
            k = unit_rows(q, name=f"{at}.hook_k[{h}]") if hashed else project("k", source, group, c.d_head, "d_head")
            v = project("v", source, group, c.d_v, "d_v")  # (pos, d_v)
        if memory is None and c.turned_width:
            q = turned(q, f"{at}.hook_rot_q[{h}]", c)
            k = k if c.kv_lora_rank else turned(k, f"{at}.hook_rot_k[{group}]", c)
        if memory is None and c.linformer_k:
            k, v = (
                _shortened(part, f"{owner}.{name}", f"{at}.{of}_short[{group}]", c)
                for part, name, of in ((k, "E", "keys"), (v, "F", "values"))
            )
        if c.attention_kernel:
            q, k = (
                kernel_features(part, f"{at}.phi_{letter}[{n}]", c)
                for part, letter, n in ((q, "q", h), (k, "k", group))
            )
            pattern = _shares(q, k, at, h, causal=memory is None and c.attention_dir == "causal")  # (pos, pos)
        else:
            scores = _scores(q, k, at, h, c, crosses=memory is not None)  # (pos, pos)
            if memory is None and c.before_mask:
                _before_mask(scores, v, at, h, c)
            pattern = softmax(scores, f"{at}.hook_pattern[{h}]", c.softmax_base)
        return matmul(pattern, v, name=f"{at}.hook_z[{h}]")  # (pos, d_v)


@symbols({
    "unmasked_pattern.exp": "P'<h>", "unmasked_pattern.sum": "s'<h>", "unmasked_pattern": "A'<h>",
    "unmasked_z": "Z'<h>",
})  # fmt: skip
def _before_mask(scores: Matrix, values: Matrix, at: str, h: int, config: Config) -> None:
    """The pattern and the mixture that a head would have if the last step of its scores hid no future; nothing where
    the masked scores are given.

    Shapes: (pos, pos), (pos, d_v).
    """
    for name in scores.step.inputs:
        pattern = softmax(scores.tape[name], f"{at}.unmasked_pattern[{h}]", config.softmax_base)
        matmul(pattern, values, name=f"{at}.unmasked_z[{h}]")


def last_row(x: Matrix, name: str) -> Matrix:
    """The row of the last token. Shapes: (pos, width) → (1, width)."""
    return gather_rows(x, name=name, sizes={"i": (1, "new")}, rows=(x.rows - 1,))


def read(query: Matrix, keys: Matrix, values: Matrix, at: str, config: Config, head: str = "") -> Matrix:
    """What one query reads from keys and values.

    Shapes: (1, d_head), (pos, d_head), (pos, d_v) → (1, d_v).
    """
    return read_by(dot_rows(query, keys, name=f"{at}.scores{head}"), values, at, config, head)


def read_by(scores: Matrix, values: Matrix, at: str, config: Config, head: str = "") -> Matrix:
    """What is read from values by scores that are scaled if the config says so, and softmax.

    Shapes: (1, pos), (pos, d_v) → (1, d_v).
    """
    return _mixture(_scaled(scores, at, config, head), values, at, config, head)


def read_last(
    query: Matrix, keys: Matrix, values: Matrix, at: str, config: Config, layer: str, h: int, head: str = ""
) -> Matrix:
    """What the last token reads with its query alone: the last row of what `head` reads, if the options have only the
    values in OF_LAST_ROW.

    at, head: what the names of its steps begin with and end in. layer, h: the attention layer, and its head.
    Shapes: (1, d_head), (pos, d_head), (pos, d_v) → (1, d_v).
    """
    c, tape, n = config, query.tape, keys.rows
    scores = _scaled(dot_rows(query, keys, name=f"{at}.scores{head}"), at, c, head)  # (1, pos)
    if c.positional_embedding_type in BIASES:
        every = _bias(tape, layer, h, c, {"i": (n, "pos"), "j": (n, "pos")})
        scores = add(scores, last_row(every, f"{at}.bias{head}"), name=f"{at}.scores_biased{head}")
    if f"{layer}.mask" in tape.numbers:
        seen = last_row(tape.given(f"{layer}.mask", (n, n), ("pos", "pos")), f"{at}.mask{head}")
        scores = add(scores, seen, name=f"{at}.scores_visible{head}")
    if c.is_local(int(layer.split(".")[1])):
        hidden: dict[str, Any] = {"pattern": c.attn_pattern, "width": c.window_size, "first": n - 1}
        scores = mask_pattern(scores, name=f"{at}.scores_local{head}", **hidden)
    return _mixture(scores, values, at, c, head)


def _scaled(scores: Matrix, at: str, config: Config, head: str) -> Matrix:
    """Scores divided by √d_head, if the config says so."""
    if not config.use_attn_scale:
        return scores
    return divide_by_root(scores, name=f"{at}.scores_scaled{head}", of=config.d_head)


def _mixture(scores: Matrix, values: Matrix, at: str, config: Config, head: str) -> Matrix:
    """The mixture of values by the softmax of scores."""
    return matmul(softmax(scores, f"{at}.pattern{head}", config.softmax_base), values, name=f"{at}.z{head}")


def _once(op: Op, x: Matrix, name: str, *others: Matrix, **params: Any) -> Matrix:
    """The result of an operation. Where heads share it, the first of them records it, and the others find it."""
    return x.tape[name] if name in x.tape.steps else op(x, *others, name=name, **params)


def turned(x: Matrix, name: str, config: Config, start: int = 0) -> Matrix:
    """Queries or keys with their pairs of dimensions turned by the position, so that scores depend on distances.

    start: the position of the first row.
    """
    c = config
    angles: dict[str, Any] = {"periods": c.rotary_periods} if c.rotary_periods else {"base": c.rotary_base}
    angles |= {"start": start} if start else {}
    return _once(rotate, x, name, width=c.turned_width, adjacent=c.rotary_adjacent_pairs, **angles)


@symbols({"attn.mem": "M", "attn.seen": r"[\,M ;\; X\,] | [\,M \;\; X\,]"})
def _seen(x: Matrix, at: str, config: Config) -> Matrix:
    """The rows that keys and values come from: those that this layer read in the segment before, given as `attn.mem`,
    and then its own.

    Shapes: (pos, d_model) → (mem_len + pos, d_model).

    Source: Dai et al. 2019 (Transformer-XL).
    """
    past = x.tape.given(f"{at}.mem", (config.mem_len, config.d_model), ("mem", "d_model"))
    return _once(vstack, past, f"{at}.seen", x, sizes={"i": (config.mem_len + x.rows, "source")})


@symbols({
    "latent": "C", "k_content": r"C W_{\mathrm{UK}<,h>} | W_{\mathrm{UK}<,h>} C",
    "k_position": r"X W_{\mathrm{KR}} | W_{\mathrm{KR}} X",
    "W_DKV": r"W_{\mathrm{DKV}}", "W_UK": r"W_{\mathrm{UK}<,h>}", "W_UV": r"W_{\mathrm{UV}<,h>}",
    "W_KR": r"W_{\mathrm{KR}<,h>}",
})  # fmt: skip
def keys_from_latent(x: Matrix, at: str, h: int, config: Config) -> tuple[Matrix, Matrix]:
    """A head's keys and values, made from `attn.latent`, the only rows that all heads keep. Where positions are
    rotary, keys begin with a part from x that is turned, and that heads share.

    Shapes: (pos, d_model) → (pos, kv_lora_rank) → (pos, d_head), (pos, d_v).

    Source: DeepSeek-AI 2024 (DeepSeek-V2), section 2.1.
    """
    c, tape, owner, width = config, x.tape, learned(at, config), config.turned_width

    def product(of: Matrix, weight: str, axes: tuple[str, str], cols: int, name: str) -> Matrix:
        return _once(matmul, of, name, tape.given(f"{owner}.{weight}", (of.cols, cols), axes))

    latent = product(x, "W_DKV", ("d_model", "latent"), c.kv_lora_rank, f"{at}.latent")
    values = product(latent, f"W_UV[{h}]", ("latent", "d_v"), c.d_v, f"{at}.hook_v[{h}]")
    name = f"{at}.k_content[{h}]" if width else f"{at}.hook_k[{h}]"
    made = product(latent, f"W_UK[{h}]", ("latent", "d_head"), c.d_head - width, name)
    if not width:
        return made, values
    shared = product(x, "W_KR[0]", ("d_model", "d_rope"), width, f"{at}.k_position")
    parts = turned(shared, f"{at}.hook_rot_k[0]", c), made
    return hstack(*parts, name=f"{at}.hook_k[{h}]", sizes={"j": (c.d_head, "d_head")}), values


def _shortened(x: Matrix, weight: str, name: str, config: Config) -> Matrix:
    """Keys or values as fewer rows, each of which is a mixture of all of them. Heads share the weight.

    Shapes: (n_ctx, d_head) → (linformer_k, d_head).

    Source: Wang et al. 2020 (Linformer).

    Raises: ValuesError where there are fewer tokens than the weight has columns.
    """
    c = config
    if x.rows != c.n_ctx:
        raise ValuesError(f"{weight} shortens n_ctx={c.n_ctx} tokens, and there are {x.rows}; use as many")
    return _once(matmul, x.tape.given(weight, (c.linformer_k, c.n_ctx), ("short", "pos")), name, x)


def kernel_features(x: Matrix, name: str, config: Config) -> Matrix:
    """Queries or keys with every number above 0, as linear attention reads them: φ(x)."""
    return _once(elu_plus_one, x, name, base=config.softmax_base)


@symbols({"attn.norm": "s<h>"})
def _shares(q: Matrix, k: Matrix, at: str, h: int, causal: bool) -> Matrix:
    """The pattern of linear attention: dot products of queries and keys that are above 0, each over the sum of its
    row, `attn.norm`. So no token needs a row of scores: it needs only the sums of k vᵀ and of k over the others.

    Shapes: (pos, d_head), (source, d_head) → (pos, source).

    Source: Katharopoulos et al. 2020.
    """
    last = f"{at}.hook_attn_scores[{h}]"
    scores = dot_rows(q, k, name=f"{at}.scores_raw[{h}]" if causal else last)
    scores = zero_future(scores, name=last) if causal else scores
    return normalize_rows(scores, row_sum(scores, name=f"{at}.norm[{h}]"), name=f"{at}.hook_pattern[{h}]")


@symbols({
    "scores_raw": "S<h>", "scores_scaled": r"S<h> \div \sqrt{d_k}", "scores_biased": "S<h> + B<h>",
    "scores_visible": "S<h>", "scores_hashed": "S<h>", "scores_local": "M<h>", "hook_attn_scores": "M<h>",
})  # fmt: skip
def _scores(q: Matrix, k: Matrix, at: str, h: int, config: Config, crosses: bool) -> Matrix:
    """The scores as softmax reads them, step by step: dot products (the sum of two for relative positions), scaled,
    with a bias for the distance, with a mask of 0 and −∞ that is given as `{at}.mask`, without those that a local
    pattern or other buckets hide, and without the future.

    The last of these steps is hook_attn_scores. crosses: whether the keys are of another sequence, to which there are
    no distances, and no future. Shapes: (pos, d_head), (source, d_head) → (pos, source).
    """
    tape, c, mask = q.tape, config, f"{at}.mask"
    layer = int(at.split(".")[1])
    steps: list[tuple[str, Callable[[Matrix, str], Matrix]]] = []
    if c.use_attn_scale:
        steps.append(("scores_scaled", lambda x, name: divide_by_root(x, name=name, of=c.d_head)))
    if not crosses and c.positional_embedding_type in BIASES:
        sizes = dict(zip("ij", ((q.rows, q.axes[0]), (k.rows, k.axes[0])), strict=True))
        steps.append(("scores_biased", lambda x, name: add(x, _bias(tape, at, h, c, sizes), name=name)))
    if mask in tape.numbers:
        steps.append(("scores_visible", lambda x, name: add(x, tape.given(mask, x.shape, x.axes), name=name)))
    if not crosses and c.num_buckets:
        bucket, causal = _buckets(q, at, h, c), c.attention_dir == "causal"
        steps.append(("scores_hashed", lambda x, name: mask_buckets(x, bucket, bucket, name=name, causal=causal)))
    if not crosses and c.is_local(layer):
        pattern, width = c.attn_pattern, c.window_size
        steps.append(("scores_local", lambda x, name: mask_pattern(x, name=name, pattern=pattern, width=width)))
    if not crosses and c.attention_dir == "causal":
        past: dict[str, Any] = {"past": c.mem_len} if c.mem_len else {}
        steps.append(("", lambda x, name: mask_future(x, name=name, **past)))
    names = [f"{at}.{name}[{h}]" for name in ("scores_raw", *(name for name, _ in steps[:-1]))]
    first, *others = (*names[: len(steps)], f"{at}.hook_attn_scores[{h}]")
    relative = not crosses and c.positional_embedding_type == "relative"
    scores = _relative_scores(q, k, at, h, c, first) if relative else dot_rows(q, k, name=first)
    for (_, change), name in zip(steps, others, strict=True):
        scores = change(scores, name)
    return scores


@symbols({"W_R": "R<h>"})
def _buckets(q: Matrix, at: str, h: int, config: Config) -> Matrix:
    """The bucket of each query: the place of the largest of [q R; −q R], for random directions R.

    Shapes: (pos, d_head) → (pos, 1).

    Source: Kitaev, Kaiser & Levskaya 2020 (Reformer), section 2.
    """
    owner, shape = learned(at, config), (config.d_head, config.num_buckets // 2)
    return buckets(q, q.tape.given(f"{owner}.W_R[{h}]", shape, ("d_head", "direction")), at, f"[{h}]")


@symbols({
    "hash_along": "H<h>", "hash_against": "-H<h>", "attn.hash": r"[\,H<h> \;\; -H<h>\,] | [\,H<h> ;\; -H<h>\,]",
    "attn.bucket": r"\text{bucket}",
})  # fmt: skip
def buckets(q: Matrix, directions: Matrix, at: str, head: str = "") -> Matrix:
    """The place of the largest of [q R; −q R] for each row q, by given directions R.

    Shapes: (pos, d_head), (d_head, direction) → (pos, 1).
    """
    along = matmul(q, directions, name=f"{at}.hash_along{head}")
    against = times_number(along, name=f"{at}.hash_against{head}", by=-1)
    both = hstack(along, against, name=f"{at}.hash{head}", sizes={"j": (2 * directions.cols, "bucket")})
    return row_argmax(both, name=f"{at}.bucket{head}")


@symbols({
    "rel_pos_keys": "r<h>", "r_w_bias": "u<h>", "r_r_bias": "v<h>", "q_content": "(Q<h> + u<h>)",
    "q_position": "(Q<h> + v<h>)", "scores_content": "C<h>", "scores_by_distance": "D<h>",
    "scores_relative": r"S_{\text{distance}<,h>}", "scores_position": r"S_{\text{distance}<,h>}",
})  # fmt: skip
def _relative_scores(q: Matrix, k: Matrix, at: str, h: int, config: Config, name: str) -> Matrix:
    """Dot products of queries with keys, plus those of queries with a row for the distance.

    With max_relative_position, the rows are learned, `attn.rel_pos_keys`, and all heads share them; larger distances
    have the last. Else they are sines of the distance times `attn.W_KR`, and queries have a bias for each of the two
    products.

    Shapes: (pos, d_head), (source, d_head) → (pos, source).

    Source: Shaw, Uszkoreit & Vaswani 2018; Dai et al. 2019 (Transformer-XL), section 3.3.
    """
    c, tape, owner, reach = config, q.tape, learned(at, config), config.max_relative_position
    axes, asking = ("distance", "d_head"), {"content": q, "position": q}
    if reach:
        rows, start = tape.given(f"{owner}.rel_pos_keys", (2 * reach + 1, c.d_head), axes), reach
    else:
        rows, start = _rows_of_sines(tape, at, h, c, k.rows), q.rows - 1
        for part, bias in (("content", "r_w_bias"), ("position", "r_r_bias")):
            added = tape.given(f"{owner}.{bias}[{h}]", (1, c.d_head), ("", "d_head"), default=0)
            asking[part] = shift(q, added, name=f"{at}.q_{part}[{h}]")
    content = dot_rows(asking["content"], k, name=f"{at}.scores_content[{h}]")
    by_distance = dot_rows(asking["position"], rows, name=f"{at}.scores_by_distance[{h}]")  # (pos, distance)
    picked = f"{at}.{'scores_relative' if reach else 'scores_position'}[{h}]"
    sizes = {"j": (k.rows, k.axes[0])}
    return add(content, pick_by_distance(by_distance, name=picked, sizes=sizes, start=start), name=name)


def _rows_of_sines(tape: Tape, at: str, h: int, config: Config, count: int) -> Matrix:
    """A head's rows for distances, from the most distant to 0: their sines times `attn.W_KR`, unless they are given.

    Shapes: → (distance, d_head).
    """
    c, name, axes = config, f"{at}.rel_pos_keys[{h}]", ("d_model", "d_head")
    if name in tape.numbers:
        return tape.given(name, (count, c.d_head), ("distance", "d_head"))
    far = _distances(tape, f"{at.partition('.')[0]}.distances", c, count)
    return matmul(far, tape.given(f"{learned(at, c)}.W_KR[{h}]", (c.d_model, c.d_head), axes), name=name)


@symbols({"distances": "R"})
def _distances(tape: Tape, name: str, config: Config, count: int) -> Matrix:
    """Sines and cosines of as many distances, from the largest to 0, as a sinusoidal position has them.

    Shapes: → (distance, d_model).
    """
    if name not in tape.steps:  # of a head before
        near = waves(tape, config, count, f"{name}.near")
        gather_rows(near, name=name, sizes={"i": (count, "distance")}, rows=tuple(reversed(range(count))))
    return tape[name]


@symbols({"attn.bias": "B<h>", "rel_pos_bias": "b<h>"})
def _bias(tape: Tape, at: str, h: int, config: Config, sizes: Mapping[str, tuple[int, str]]) -> Matrix:
    """What is added to the scores of a head for the distance of two tokens.

    T5's table of biases is that of the first layer in all layers. Shapes: → (pos, pos).
    """
    c, name = config, f"{at}.bias[{h}]"
    if name in tape.steps:  # of all rows, where the last is read once more
        return tape[name]
    if c.positional_embedding_type == "alibi":
        return falling(name=name, tape=tape, sizes=sizes, slope=c.slopes[h])
    count = c.relative_attention_num_buckets
    table = tape.given(f"{of_first(at)}.rel_pos_bias[{h}]", (1, count), ("", "bucket"))
    return bucket_biases(table, name=name, sizes=sizes, buckets=count, furthest=c.relative_attention_max_distance,
                         both_ways=c.attention_dir != "causal")  # fmt: skip


@symbols({"hook_attn_out": "O", "hook_cross_attn_out": "C"})
def attention(x: Matrix, at: str, config: Config, memory: Matrix | None = None, out: str = "") -> Matrix:
    """An attention layer: what all heads read, times W_O. Shapes: (pos, d_model) → (pos, d_model)."""
    out = out or f"{at.rpartition('.')[0]}.hook_attn_out"
    with x.tape.part("out" if memory is None else "cross"):
        heads = [head(x, at, h, config, memory) for h in range(config.n_heads)]
        return output(heads, at, config, out)


@symbols({"W_O": "W_O", "b_O": "b_O"})
def output(heads: list[Matrix], at: str, config: Config, out: str) -> Matrix:
    """What heads read, side by side, times W_O; with use_attn_result, each head is multiplied by its part of W_O, and
    the products are added: the same numbers.

    Shapes: each (pos, d_v) → (pos, d_model).
    """
    return (_summed if config.use_attn_result else _side_by_side)(heads, at, config, out)


@symbols({"attn.z": "Z<h>", "cross_attn.z": "Z"})
def _side_by_side(heads: list[Matrix], at: str, config: Config, out: str) -> Matrix:
    """The heads side by side, times W_O, plus b_O where it is given."""
    c, tape, owner, width = config, heads[0].tape, learned(at, config), config.n_heads * config.d_v
    z = hstack(*heads, name=f"{at}.z", sizes={"j": (width, "d_z")})  # (pos, n_heads · d_v)
    parts = [tape.numbers.get(f"{owner}.W_O[{h}]", ()) for h in range(c.n_heads)]
    if all(parts):  # given head by head
        tape.numbers.setdefault(f"{owner}.W_O", tuple(row for part in parts for row in part))
    weight = tape.given(f"{owner}.W_O", (width, c.d_model), ("d_z", "d_model"))
    return linear(z, weight, f"{owner}.b_O", out)


@symbols({"hook_result": "O<h>"})
def _summed(heads: list[Matrix], at: str, config: Config, out: str) -> Matrix:
    """The sum over the heads of z times the head's part of W_O, plus b_O where it is given."""
    tape, owner = heads[0].tape, learned(at, config)
    stacked = tape.numbers.get(f"{owner}.W_O", ())
    parts = []
    for h, z in enumerate(heads):
        name = f"{owner}.W_O[{h}]"
        if stacked:
            tape.numbers.setdefault(name, stacked[h * config.d_v : (h + 1) * config.d_v])
        weight = tape.given(name, (config.d_v, config.d_model), ("d_v", "d_model"))
        parts.append(matmul(z, weight, name=f"{at}.hook_result[{h}]"))
    bias = f"{owner}.b_O"
    if bias not in tape.numbers:
        return add_all(*parts, name=out)
    summed = add_all(*parts, name=f"{at}.result")
    rows = gather_rows(tape.given(bias, (1, config.d_model), ("", "d_model")), name=f"{at}.b_O.rows",
                     sizes={"i": (summed.shape[0], "pos")}, rows=(0,) * summed.shape[0])  # fmt: skip
    return add(summed, rows, name=out)


def activation(x: Matrix, name: str, config: Config) -> Matrix:
    """The activation function of the config, entry by entry. SiLU has the base of softmax."""
    op = ACTIVATIONS[config.act_fn]
    return op(x, name=name, **of_config(op, config))


def of_config(op: Op, config: Config) -> dict[str, Any]:
    """The parameters of an activation function: the base of softmax, where its rule takes one."""
    return {"base": config.softmax_base} if "base" in signature(op.rule).parameters else {}


@symbols({"hook_mlp_out": "F"})
def mlp(x: Matrix, at: str, config: Config, out: str = "") -> Matrix:
    """The feed-forward network: two linear layers with an activation between them, applied to each position; or a
    mixture of several, of which each token takes from a few, as the router says (`routed`).

    Shapes: (pos, d_model) → (pos, d_mlp) → (pos, d_model).
    """
    result = out or f"{at.rpartition('.')[0]}.hook_mlp_out"
    with x.tape.part("mlp"):
        if config.num_experts:
            return mixed(x, routed(x, at, config), at, config, result)
        return _network(x, at, config, result)


@symbols({
    "W_in": r"W_{\mathrm{in}<,e>}", "hook_pre": "H<e>", "hook_post": "R<e>",
    "W_out": r"W_{\mathrm{out}<,e>}", "b_in": r"b_{\mathrm{in}}", "b_out": r"b_{\mathrm{out}}",
})  # fmt: skip
def _network(x: Matrix, at: str, config: Config, out: str) -> Matrix:
    """One feed-forward network, with a gate or without. Shapes: (pos, d_model) → (pos, d_mlp) → (pos, d_model)."""
    c, tape, owner = config, x.tape, learned(at, config)
    w_in = tape.given(f"{owner}.W_in", (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
    if c.gated_mlp:
        post = _gated(x, w_in, at, c)
    else:
        pre = linear(x, w_in, f"{owner}.b_in", f"{at}.hook_pre")  # (pos, d_mlp)
        post = activation(pre, f"{at}.hook_post", c)
    w_out = tape.given(f"{owner}.W_out", (c.d_mlp, c.d_model), ("d_mlp", "d_model"))
    return linear(post, w_out, f"{owner}.b_out", out)


@symbols({
    "W_gate": r"W_{\mathrm{gate}}", "router": "L", "router_probs": "P", "router_kept": r"\text{kept}",
    "hook_expert_weights": "G",
})  # fmt: skip
def routed(x: Matrix, at: str, config: Config) -> Matrix:
    """How much each token takes from each expert: a router gives it to a few, by the largest of its shares, which are
    then divided by their sum.

    Shapes: (pos, d_model) → (pos, num_experts).

    Source: Shazeer et al. 2017; Jiang et al. 2024 (Mixtral).
    """
    c, owner = config, learned(at, config)
    gate = x.tape.given(f"{owner}.W_gate", (c.d_model, c.num_experts), ("d_model", "expert"))
    shares = softmax(matmul(x, gate, name=f"{at}.router"), f"{at}.router_probs", c.softmax_base)
    return only_largest(shares, f"{at}.router_kept", f"{at}.hook_expert_weights", c.experts_per_token)


def only_largest(shares: Matrix, kept: str, name: str, count: int) -> Matrix:
    """The largest shares of each row, divided by their sum; 0 for the others. kept: the name of these before that."""
    largest = keep_largest(shares, name=kept, count=count)
    return normalize_rows(largest, row_sum(largest, name=f"{kept}.sum"), name=name)


@symbols({"out": "E<e>", "share": "g<e> E<e>"})
def mixed(x: Matrix, weights: Matrix, at: str, config: Config, out: str) -> Matrix:
    """What each token takes from the experts together. What one of these says is `experts.0.out`.

    Shapes: (pos, d_model), (pos, num_experts) → (pos, d_model).
    """
    parts = []
    for e in range(config.num_experts):
        expert = f"{at}.experts.{e}"
        said = _network(x, expert, config, f"{expert}.out")  # (pos, d_model)
        parts.append(share_rows(said, weights, name=f"{expert}.share", which=e))
    return add_all(*parts, name=out)


@symbols({"mlp.gate": "G", "hook_pre_linear": "U", "gated": r"G \odot U"})
def _gated(x: Matrix, w_in: Matrix, at: str, config: Config) -> Matrix:
    """Hidden units multiplied by their gates: act(x W_gate) ⊙ x W_in, then b_in where it is given, as in
    TransformerLens.

    Shapes: (pos, d_model) → (pos, d_mlp).

    Source: Shazeer 2020.
    """
    tape, owner = x.tape, learned(at, config)
    bias = f"{owner}.b_in"
    w_gate = tape.given(f"{owner}.W_gate", w_in.shape, w_in.axes)
    gate = activation(matmul(x, w_gate, name=f"{at}.hook_pre"), f"{at}.gate", config)
    units, name = matmul(x, w_in, name=f"{at}.hook_pre_linear"), f"{at}.hook_post"
    if bias not in tape.numbers:
        return multiply(gate, units, name=name)
    gated = multiply(gate, units, name=f"{at}.gated")
    return shift(gated, tape.given(bias, (1, w_in.cols), ("", w_in.axes[1])), name=name)


@symbols({"hook_resid_pre": "X", "hook_resid_mid": "X'", "hook_resid_post": "X''", "hook_normalized_resid_post": "Y"})
def block(x: Matrix, at: str, config: Config) -> Matrix:
    """A block: attention and then the feed-forward network, each added to the residual stream.

    Norms stand before the layers, as in GPT-2, or after the sums, as in Vaswani et al. 2017; then the names are those
    of TransformerLens's BertBlock.
    """
    c, out, last = config, f"{at}.hook_resid_post", f"{at}.hook_normalized_resid_post"
    once = out if c.attn_only and c.norm_position == "pre" else f"{at}.hook_resid_mid"
    x = _around(x, lambda y: attention(y, f"{at}.attn", c), f"{at}.ln1", once, "add1", c)
    if c.attn_only:
        return x
    return _around(x, lambda y: mlp(y, f"{at}.mlp", c), f"{at}.ln2", out, "add2", c, last)


def _around(
    x: Matrix, layer: Callable[[Matrix], Matrix], ln: str, name: str, part: str, config: Config, normalized: str = ""
) -> Matrix:
    """The residual stream plus the result of a layer, `name`, with a norm before the layer or after the sum.

    normalized: the name of the normalised sum.
    """
    before = config.norm_position == "pre"
    update = layer(norm(x, ln, config) if before else x)
    with x.tape.part(part):
        total = add(x, update, name=name)
    return total if before else norm(total, ln, config, normalized)


@symbols({"hook_resid_mid_cross": "X''", "decoder.hook_resid_post": "X'''"})
def decoder_block(x: Matrix, memory: Matrix, at: str, config: Config) -> Matrix:
    """A decoder's block: masked self-attention, attention to the encoder's result, and the feed-forward network, each
    added to the stream. The names are those of TransformerLens's T5Block.

    Shapes: x (pos, d_model), memory (source, d_model) → (pos, d_model).

    Source: Vaswani et al. 2017, section 3.1; pre-norm as in PyTorch's norm_first.
    """
    c, mid, out = config, f"{at}.hook_resid_mid", f"{at}.hook_cross_attn_out"
    last = f"{at}.hook_normalized_resid_post"
    x = _around(x, lambda y: attention(y, f"{at}.attn", c), f"{at}.ln1", mid, "add1", c)
    x = _around(
        x, lambda y: attention(y, f"{at}.cross_attn", c, memory, out), f"{at}.ln2", f"{mid}_cross", "add_cross", c
    )
    return _around(x, lambda y: mlp(y, f"{at}.mlp", c), f"{at}.ln3", f"{at}.hook_resid_post", "add2", c, last)


def convolution(x: Matrix, weight: Matrix, bias: str, at: str, name: str) -> Matrix:
    """A 1×1 convolution: each column of the weight is a kernel that slides over the positions, and makes one feature
    map.

    Shapes: x (pos, channels), weight (channels, kernels) → (pos, kernels).
    """
    tape, n = x.tape, x.rows
    maps = []
    for j in range(weight.cols):
        kernel = column_as_row(weight, name=f"{at}.kernel[{j}]", which=j)  # (1, channels)
        maps.append(slide(x, kernel, name=f"{at}.map[{j}]", sizes={"o": (n, x.axes[0])}))  # (pos, 1)
    width = {"j": (weight.cols, weight.axes[1])}
    if bias not in tape.numbers:
        return hstack(*maps, name=name, sizes=width)
    whole = hstack(*maps, name=f"{at}.maps", sizes=width)
    return shift(whole, tape.given(bias, (1, weight.cols), ("", weight.axes[1])), name=name)


@symbols({"W_U": "W_U", "b_U": "b_U", "logits": "L"})
def unembedding(x: Matrix, config: Config) -> Matrix:
    """The logits: a product with W_U, or with the transpose of W_E where the two are tied; plus b_U where it is
    given.

    Shapes: (pos, d_model) → (pos, d_vocab).
    """
    tape, c = x.tape, config
    if c.tie_word_embeddings:
        w_e = tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))  # no part of the unembedding
    with tape.part("unembed"):
        if not c.tie_word_embeddings:
            w_u = tape.given("unembed.W_U", (c.d_model, c.d_vocab), ("d_model", "d_vocab"))
            return linear(x, w_u, "unembed.b_U", "logits")
        if "unembed.b_U" in tape.numbers:
            return affine_rows(x, w_e, tape.given("unembed.b_U", (1, c.d_vocab), ("", "d_vocab")), name="logits")
        return dot_rows(x, w_e, name="logits")


@symbols({"embed.W_E": "W_E", "pos_embed.W_pos": "W_P", "hook_embed": "E", "hook_pos_embed": "P"})
def embedding(tape: Tape, ids: tuple[int, ...], config: Config, positions: int) -> Matrix:
    """Each token's row of W_E, plus its position where that is learned or sinusoidal. ids: the tokens as rows of W_E.

    Shapes: → (pos, d_model).
    """
    c, pos = config, {"i": (positions, "pos")}
    result = "blocks.0.hook_resid_pre"
    with tape.part("embed"):
        w_e = tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
        if c.positional_embedding_type not in ADDED:
            return gather_rows(w_e, name=result, sizes=pos, rows=ids)
        words = gather_rows(w_e, name="hook_embed", sizes=pos, rows=ids)  # (pos, d_model)
        if c.positional_embedding_type == "sinusoidal":
            return add(words, waves(tape, c, positions), name=result)
        w_pos = tape.given("pos_embed.W_pos", (c.n_ctx, c.d_model), ("n_ctx", "d_model"))
        places = gather_rows(w_pos, name="hook_pos_embed", sizes=pos, rows=tuple(range(positions)))
        return add(words, places, name=result)


def waves(tape: Tape, config: Config, positions: int, name: str = "hook_pos_embed") -> Matrix:
    """Sinusoidal positions, as in Vaswani et al. 2017.

    Shapes: → (pos, d_model).
    """
    sizes = {"i": (positions, "pos"), "j": (config.d_model, "d_model")}
    return sinusoid(
        name=name, tape=tape, sizes=sizes, width=config.d_model, periods=config.sinusoidal_periods,
        places=config.sinusoidal_places if config.sinusoidal_periods else 0,
    )  # fmt: skip


def right_words(build: Builder, rows: int, words: int) -> tuple[int, ...]:
    """The right word for each row of a text's predictions, which is the token that follows: its number, from 0.

    Raises: ValuesError where there is not one token more than rows.
    """
    tokens = build.values.ids(words)
    if len(tokens) != rows + 1:
        problem = f"there are {len(tokens)} tokens and {rows} rows of predictions"
        raise ValuesError(f"{problem}; give one token more than rows: the right word of a row is the token after it")
    return tokens[1:]


@symbols({"probs.exp": "E", "probs.sum": "s", "probs": "P", "probs.right": "p"})
def loss_of(build: Builder, logits: Matrix) -> tuple[Matrix, Matrix]:
    """The probabilities of logits, and the loss: the mean surprisal of the right words."""
    base, right = build.config.softmax_base, right_words(build, *logits.shape)
    probs = softmax(logits, "probs", base)
    return probs, mean_surprisal(probs, right, base)


@symbols({"probs.known": "P"})
def loss_of_target(build: Builder) -> Matrix:
    """The loss of the values' target: the mean surprisal of the right word after the last token, or after each.

    Raises: ValuesError where the model has no probabilities of words, a loss of its own, or another number of tokens.
    """
    tape, config, target = build.tape, build.config, build.values.target
    if "probs" not in tape.steps or "loss" in tape.steps:
        has = "has a loss of its own" if "loss" in tape.steps else "says no words, and so has no loss"
        raise ValuesError(f"target is given, and the model {has}; leave it out")
    probs = tape["probs"]
    right = replace(build.values, tokens=target).ids(probs.cols)
    if len(right) not in (1, probs.rows):
        raise ValuesError(
            f"target has {len(right)} words; give one, for the last token, or {probs.rows}, one for each"
        )
    known = probs if len(right) == probs.rows else last_row(probs, "probs.known")
    return mean_surprisal(known, right, config.softmax_base)


@symbols({"loss_per_token": r"\text{surprise}", "loss": r"\text{loss}"})
def mean_surprisal(probs: Matrix, right: tuple[int, ...], base: int | str) -> Matrix:
    """The mean surprisal of the right word of each row. Shapes: (pos, d_vocab) → (1, 1)."""
    chosen = gather_entries(probs, name="probs.right", cols=right)
    return column_mean(surprisal(chosen, name="loss_per_token", base=base), name="loss")
