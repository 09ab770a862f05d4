"""How large is a model? Its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.arithmetic.copies import as_array, differing, each, together
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Expr, refs
from byhand.effort import STEP, operations, writing
from byhand.errors import ConfigError
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.registry import model
from byhand.model.weights import Values
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.promises import BAND, UGLY, Limits, sheet_promise
from byhand.numbers.registry import Instance, Task, search
from byhand.ops.linear import add_all, percent, quotient, subtract
from byhand.pictures.canvas import AXIS, CAPTION, GREY, GUIDE, HAIR, PEN_AREA, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----

# Figures that a config does not have, by their names under inputs, and their defaults: PyTorch's float32 has 4 bytes;
# AdamW stores two moments beside the weights, 3 copies; NVIDIA's A100 makes 312 · 10¹² FLOPs a second.
GIVEN: dict[str, int | Fraction] = {
    "bias": 0, "bytes_per_number": 4, "copies": 3, "batch": 1, "seconds": 1, "peak_flops": 312 * 10**12,
    "gpus": 8, "utilisation": Fraction(3, 10), "train_tokens": 10**9,
}  # fmt: skip
COUNTS = {"bias", "copies", "batch", "gpus", "train_tokens"}  # of these figures, the whole numbers


@model("sizing", counts=True, only={"n_key_value_heads": ()})
def _steps(build: Builder) -> tuple[Matrix, ...]:
    """The parameters of each part, the FLOPs of a forward and a backward pass over n_ctx tokens, the bytes of a
    checkpoint, and the days of a training.

    A multiplication and an addition are two FLOPs. Softmax, norms and masks are not counted, and a causal mask saves
    nothing. A backward pass counts as two forward passes. `bias` is 1 where layers and norms have biases, else 0.

    Source: Hoffmann et al. 2022, appendix F; Chowdhery et al. 2022, appendix B.
    """
    if build.config.d_v != build.config.d_head:
        raise ConfigError(f"sizing counts values of d_head={build.config.d_head}; leave d_v={build.config.d_v} out")
    sizes = ("n_layers", "d_model", "n_heads", "d_head", "d_mlp", "d_vocab", "n_ctx")
    cols = max((len(rows[0]) for rows in build.tape.numbers.values()), default=1)
    n = {name: build.size(name, cols) for name in sizes}
    for name, default in GIVEN.items():
        counts = name in COUNTS
        n[name] = build.count(name, int(default), cols) if counts else build.number(name, default, cols)
    params = _parameters(build, n)
    flops = _flops(n)
    memory = product_of(params, n["bytes_per_number"], n["copies"], name="checkpoint")
    return (params, *_shares(params, "params."), *flops, memory, *_time(n, params, flops[-1]))


def _parameters(build: Builder, n: dict[str, Matrix]) -> Matrix:
    """The parameters of each part, and of all."""
    tape, d, bias = build.tape, n["d_model"], n["bias"]
    width = product_of(n["n_heads"], n["d_head"], name="width")

    def norm(part: str) -> Matrix:
        with tape.part(part):
            return add_all(d, product_of(bias, d, name=f"params.{part}.b"), name=f"params.{part}")

    def layer(name: str, part: str, rows: Matrix, cols: Matrix, times: int = 1) -> Matrix:
        with tape.part(part):
            weights = product_of(rows, cols, name=f"{name}.W", times=times)
            return add_all(weights, product_of(bias, cols, name=f"{name}.b", times=times), name=name)

    with tape.part("embed"):
        positions = product_of(n["n_ctx"], d, name="params.pos_embed")
        embed = add_all(positions, product_of(n["d_vocab"], d, name="params.embed"), name="params.embeddings")
    with tape.part("heads"):
        attn = add_all(
            norm("ln1"),
            layer("params.qkv", "heads", d, width, times=3),
            layer("params.out", "out", width, d),
            name="params.attn",
        )
    with tape.part("mlp"):
        mlp = add_all(
            norm("ln2"),
            layer("params.mlp_in", "mlp", d, n["d_mlp"]),
            layer("params.mlp_out", "mlp", n["d_mlp"], d),
            name="params.mlp",
        )
    blocks = product_of(n["n_layers"], add_all(attn, mlp, name="params.block"), name="params.blocks")
    parts = [embed, blocks, norm("ln_final")]
    if not build.config.tie_word_embeddings:
        with tape.part("unembed"):
            parts.append(product_of(d, n["d_vocab"], name="params.unembed"))
    return add_all(*parts, name="params")


def _shares(whole: Matrix, prefix: str) -> list[Matrix]:
    """Each part's share of the whole, in per cent."""
    tape, shares = whole.tape, []
    for step in [s for s in tape.steps.values() if s.name.startswith(prefix) and not s.name.endswith((".W", ".b"))]:
        with tape.part(step.part):
            shares.append(percent(tape[step.name], whole, name=f"share.{step.name}"))
    return shares


def _flops(n: dict[str, Matrix]) -> tuple[Matrix, ...]:
    """The FLOPs of the matrix products for one sequence: each part's share of the forward pass, and the FLOPs of the
    forward and the backward pass together.
    """
    tape = n["d_model"].tape
    tokens, d, width = n["n_ctx"], n["d_model"], tape["width"]
    with tape.part("heads"):
        qkv = product_of(tokens, d, width, name="flops.qkv", times=6)
        scores = product_of(tokens, tokens, width, name="flops.scores", times=2)
        mixture = product_of(tokens, tokens, width, name="flops.mixture", times=2)
        with tape.part("out"):
            out = product_of(tokens, width, d, name="flops.out", times=2)
        attn = add_all(qkv, scores, mixture, out, name="flops.attn")
    with tape.part("mlp"):
        mlp = add_all(
            product_of(tokens, d, n["d_mlp"], name="flops.mlp_in", times=2),
            product_of(tokens, n["d_mlp"], d, name="flops.mlp_out", times=2),
            name="flops.mlp",
        )
    blocks = product_of(n["n_layers"], add_all(attn, mlp, name="flops.block"), name="flops.blocks")
    with tape.part("unembed"):
        logits = product_of(tokens, d, n["d_vocab"], name="flops.unembed", times=2)
    forward = add_all(blocks, logits, name="flops.forward")
    shares = _shares(forward, "flops.")
    backward = product_of(forward, name="flops.backward", times=2)
    return (*shares, add_all(forward, backward, name="flops"))


def _time(n: dict[str, Matrix], params: Matrix, flops: Matrix) -> tuple[Matrix, ...]:
    """The share of a GPU's FLOPs that is used, the FLOPs that Chowdhery et al. count, and the days of a training."""
    tape, tokens = params.tape, n["n_ctx"]
    rate = quotient(product_of(flops, n["batch"], name="flops.batch"), n["seconds"], name="flops_per_second")
    used = percent(rate, n["peak_flops"], name="mfu")
    other = subtract(params, tape["params.pos_embed"], name="params.without_pos_embed")
    per_token = add_all(
        product_of(other, name="palm.params", times=6),
        product_of(n["n_layers"], tape["width"], tokens, name="palm.attn", times=12),
        name="palm.per_token",
    )
    work = product_of(params, n["train_tokens"], name="train.flops", times=6)
    speed = product_of(n["peak_flops"], n["gpus"], n["utilisation"], name="train.flops_per_second")
    seconds = quotient(work, speed, name="train.seconds")
    day = tape.given("seconds_a_day", params.shape, params.axes, default=86_400, fixed=True)
    return used, product_of(per_token, tokens, name="palm.flops"), quotient(seconds, day, name="train.days")


# ---- the same, written down a second time ----


@wiring("sizing")
def _second(w: Wiring) -> None:
    """Parameters, each with its biases; FLOPs (Hoffmann et al. 2022, appendix F; Chowdhery et al. 2022, appendix B);
    bytes, and days.
    """
    d, n, layers, width = "d_model", "n_ctx", "n_layers", w("width", "multiply", "n_heads", "d_head")

    def params(part: str, *factors: str, times: int = 1) -> str:
        weights = w(f"params.{part}.W", "multiply", *factors, times=times)
        return with_bias(part, weights, factors[-1], times)

    def with_bias(part: str, weights: str, cols: str, times: int = 1) -> str:
        return w(f"params.{part}", "add_all", weights, w(f"params.{part}.b", "multiply", "bias", cols, times=times))

    def total(name: str, *parts: str) -> str:
        return w(name, "add_all", *parts)

    heads = params("qkv", d, width, times=3), params("out", width, d)
    mlp = params("mlp_in", d, "d_mlp"), params("mlp_out", "d_mlp", d)
    block = total(
        "params.block",
        total("params.attn", with_bias("ln1", d, d), *heads),
        total("params.mlp", with_bias("ln2", d, d), *mlp),
    )
    positions = w("params.pos_embed", "multiply", n, d)
    parts = [
        total("params.embeddings", positions, w("params.embed", "multiply", "d_vocab", d)),
        w("params.blocks", "multiply", layers, block),
        with_bias("ln_final", d, d),
    ]
    if not w.config["tie_word_embeddings"]:
        parts.append(w("params.unembed", "multiply", d, "d_vocab"))
    every = total("params", *parts)

    def flops(part: str, *factors: str, times: int = 2) -> str:
        return w(f"flops.{part}", "multiply", *factors, times=times)

    products = flops("qkv", n, d, width, times=6), flops("scores", n, n, width), flops("mixture", n, n, width)
    attn = total("flops.attn", *products, flops("out", n, width, d))
    ffn = total("flops.mlp", flops("mlp_in", n, d, "d_mlp"), flops("mlp_out", n, "d_mlp", d))
    blocks = flops("blocks", layers, total("flops.block", attn, ffn), times=1)
    forward = total("flops.forward", blocks, flops("unembed", n, d, "d_vocab"))
    step = total("flops", forward, flops("backward", forward))
    for whole, of in ((every, "params."), (forward, "flops.")):
        for name in (name for name in w.shapes if name.startswith(f"share.{of}")):
            w(name, "percent", name.removeprefix("share."), whole)

    w("checkpoint", "multiply", every, "bytes_per_number", "copies")
    rate = w("flops_per_second", "quotient", w("flops.batch", "multiply", step, "batch"), "seconds")
    w("mfu", "percent", rate, "peak_flops")
    others = w("params.without_pos_embed", "subtract", every, positions)
    palm = w("palm.params", "multiply", others, times=6), w("palm.attn", "multiply", layers, width, n, times=12)
    w("palm.flops", "multiply", total("palm.per_token", *palm), n)
    work = w("train.flops", "multiply", every, "train_tokens", times=6)
    speed = w("train.flops_per_second", "multiply", "peak_flops", "gpus", "utilisation")
    w("train.days", "quotient", w("train.seconds", "quotient", work, speed), "seconds_a_day")


# ---- its numbers ----

Sizes = dict[str, int]
# The sizes that the first of the two models may have. It keeps the sheet's number of heads, since the map shows them.
MODEL_SIZES = {
    "n_layers": (1, 2), "d_model": (4, 6, 8), "d_head": (2, 3, 4), "d_mlp": (8, 12, 16, 18, 24),
    "d_vocab": (5, 6, 7, 8, 9, 10, 12), "n_ctx": (3, 4, 5, 6),
}  # fmt: skip
TRAIN_TOKENS = (450, 600, 900, 1200, 1800, 3600)  # divisors of 3600, which `_days_are_short` asks for
SECONDS_PER_FLOP = (2, 4, 5)  # so that a half, a quarter or a fifth of the machine is used: short decimals


def every_size(task: Task, expected: float) -> list[Values]:
    """All sizes of the first model whose figures are within the limits, and take about the expected seconds to
    compute.

    Method: all candidates are run at once, as copies of one run (arithmetic/copies.py).
    """
    candidates = [dict(zip(MODEL_SIZES, sizes, strict=True)) for sizes in product(*MODEL_SIZES.values())]
    candidates = [sizes for sizes in candidates if _are_in_proportion(task.values, sizes)]
    tape = _run_of_all(task, candidates)
    flops, parameters = (as_array(each(int, tape.values(name)[0][0])).tolist() for name in ("flops", "params"))
    candidates = [
        sizes | {"seconds": flops[k] * seconds, "train_tokens": tokens}
        for k, sizes in enumerate(candidates)
        for seconds, tokens in product(SECONDS_PER_FLOP, TRAIN_TOKENS)
        if _days_are_short(parameters[k], tokens)
    ]
    fit = _fitting(_run_of_all(task, candidates), len(candidates), task.limits, expected)
    return [_with_sizes(task.values, candidates[k]) for k in np.flatnonzero(fit)]


@search("sizing", like_sheet=True, list_all=every_size)
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """Other sizes of the first model, with a share of the machine and a number of days that are short decimals.

    Method: rejection sampling.
    """
    drawn = {name: sizes[dice.one_below(len(sizes))] for name, sizes in MODEL_SIZES.items()}
    if not _are_in_proportion(task.values, drawn):
        return
    tape = task.model.run(_with_sizes(task.values, drawn), RATIONALS, force=False)
    flops, parameters = (int(tape.values(name)[0][0]) for name in ("flops", "params"))
    tokens = [n for n in TRAIN_TOKENS if _days_are_short(parameters, n)]
    if tokens:
        seconds = flops * SECONDS_PER_FLOP[dice.one_below(len(SECONDS_PER_FLOP))]
        drawn |= {"seconds": seconds, "train_tokens": tokens[dice.one_below(len(tokens))]}
        yield Instance(dict(_with_sizes(task.values, drawn).inputs), {})


def _with_sizes(values: Values, sizes: Mapping[str, Any]) -> Values:
    """The values with other sizes of the first model; the second model keeps those of the sheet."""
    rows = {name: [[number, *values.inputs[name][0][1:]]] for name, number in sizes.items()}
    return replace(values, inputs={**values.inputs, **rows})


def _are_in_proportion(values: Values, sizes: Sizes) -> bool:
    """Whether the heads side by side are as wide as the model, and the MLP two to four times as wide."""
    width = sizes["d_model"]
    return bool(
        values.inputs["n_heads"][0][0] * sizes["d_head"] == width and 2 * width <= sizes["d_mlp"] <= 4 * width
    )


def _days_are_short(parameters: int, tokens: int) -> bool:
    """Whether the days of a training are a short decimal.

    They are 6 · parameters · tokens FLOPs over the FLOPs of a day. The speed of the machine stays that of the sheet.
    """
    return parameters * tokens % 3600 == 0


def _run_of_all(task: Task, candidates: Sequence[Sizes]) -> Tape:
    """The runs of all these sizes, as copies of one."""
    domain, sizes = together(RATIONALS, {name: [each[name] for each in candidates] for name in candidates[0]})
    return task.model.run(_with_sizes(task.values, sizes), domain)


def _fitting(tape: Tape, count: int, limits: Limits, expected: float) -> Bools:
    """Copies of a run → which (count) have figures within the limits, and take about the expected seconds."""
    time, ugly, ok = np.zeros(count), np.zeros(count, int), np.ones(count, bool)

    def seconds(cell: Expr, x: Any) -> Any:
        read = list(dict.fromkeys(refs(cell)))
        return each(
            lambda x, *numbers: operations(cell, dict(zip(read, numbers, strict=True)).__getitem__) + writing(x),
            x, *map(tape.value, read),
        )  # fmt: skip

    for step in tape.used():
        time += STEP * (step.op is not None)
        for i, j in product(*map(range, step.shape)):
            x = tape.values(step.name)[i][j]
            ugly += as_array(each(lambda x: max(abs(x.numerator), x.denominator) > UGLY, x))
            ok &= as_array(each(lambda x: x.denominator <= limits.denominator, x))
            ok &= as_array(each(lambda x: x.denominator > 1 or abs(x) <= limits.integer, x))
            if step.op:
                time += as_array(each(float, seconds(tape.cell(step.name, i, j), x)))
    ok &= np.logical_not(differing(tape.domain))
    fitting: Bools = ok & (ugly <= limits.ugly) & (abs(time - expected) <= BAND * expected)
    return fitting


@sheet_promise
def sizes_are_in_proportion(tape: Tape) -> bool:
    """In each model the heads side by side are as wide as the stream, and the MLP is two to four times as wide."""
    streams, heads, hidden = (tape.values(name)[0] for name in ("d_model", "width", "d_mlp"))
    return heads == streams and all(2 <= m / d <= 4 for d, m in zip(streams, hidden, strict=True))


@sheet_promise
def results_are_told_apart(tape: Tape) -> bool:
    """Of the first model's sums, no two are equal."""
    sums = ("params.block", "params", "flops.blocks", "flops.forward", "flops.backward", "flops", "checkpoint")
    return len({tape.values(name)[0][0] for name in sums}) == len(sums)


# ---- its mistakes ----


@mistake(
    told="A multiplication and its addition counted as one FLOP.",
    mend="Count two for each pair: one multiplication and one addition.",
    after="not-renormalised",
)
def mac_as_one(step: Step, tape: Tape) -> Iterable[Step]:
    """The FLOPs of each product are halved."""
    times = step.params.get("times", 1)
    product = step.name.startswith("flops.") and step.name != "flops.backward" and times > 1
    return [replace(step, params={"times": times // 2}) if product else step]


@mistake(
    told="The embedding counted again as the unembedding, though the two are tied.",
    mend="Count W_E once: the unembedding is the same matrix again.",
    after="not-renormalised",
)
def embedding_twice(step: Step, tape: Tape) -> Iterable[Step]:
    """The sum of all parameters counts the embedding twice, if there is no unembedding."""
    tied = step.name == "params" and "params.embed" in tape.steps and "params.unembed" not in tape.steps
    return [replace(step, inputs=(*step.inputs, "params.embed")) if tied else step]


@mistake(
    told="The weights of attention times the number of heads, though the heads share its width.",
    mend="Count these weights once for all heads: the heads share the width of the stream.",
    after="not-renormalised",
)
def heads_counted_again(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights of queries, keys and values are multiplied by the number of heads."""
    return [replace(step, inputs=(*step.inputs, "n_heads")) if step.name == "params.qkv.W" else step]


# ---- its picture ----

WIDE, HIGH, TOP = 84.0, 30.0, 1.0  # mm: the area that stands for all parameters, and its top
MOST_BLOCKS = 48  # columns that can be told apart


@picture(height=40, minutes=1)
def parameter_area(
    on: Canvas, words: Rows, positions: Rows, qkv: Rows, out: Rows, mlp_in: Rows, mlp_out: Rows, layers: Rows,
    all_parameters: Rows, *, model: int,
) -> None:  # fmt: skip
    """The parameters of a model as an area: words, a line of positions, and in each block attention and an MLP.

    model: the column of the model.
    """
    n, whole = int(layers[0][model]), float(all_parameters[0][model])
    parts = {"words": words, "positions": positions}
    shares = {name: float(rows[0][model]) / whole for name, rows in parts.items()}
    shares |= {"attention": n * float(qkv[0][model] + out[0][model]) / whole}
    shares |= {"mlp": n * float(mlp_in[0][model] + mlp_out[0][model]) / whole}
    norms = on.say("pictures.parameter_area.norms", share=f"{100 * (1 - sum(shares.values())):.2f} %")
    if n > MOST_BLOCKS or shares["words"] < 0.15 or shares["mlp"] + shares["attention"] < 0.4:
        raise UndrawableError("the parts of this model have no room for their names")
    on.box(0.0, TOP, WIDE, HIGH, width=0.4)
    on.text(WIDE / 2, TOP + HIGH / 2 + 1.0, on.say("pictures.parameter_area.ask"), CAPTION, colour=GREY)
    for tenth in range(11):
        x = WIDE * tenth / 10
        on.line((x, TOP + HIGH), (x, TOP + HIGH + (1.4 if tenth % 5 else 2.0)), width=GUIDE)
    for share, anchor in ((0, "start"), (50, "middle"), (100, "end")):
        on.text(WIDE * share / 100, TOP + HIGH + 5.0, f"{share} %", 2.5, anchor=anchor, colour=GREY)
    pen, left, line = on.pen, WIDE * shares["words"], WIDE * shares["positions"]
    pen.box(0.0, TOP, left, HIGH, fill=WHITE, width=0.4)
    pen.box(left, TOP, max(line, GUIDE), HIGH, fill=pen.ink, width=0)
    right = left + line
    width = WIDE - right
    height = HIGH * shares["mlp"] / (shares["mlp"] + shares["attention"])
    pen.box(right, TOP, width, height, fill=PEN_AREA, width=0.4)
    pen.box(right, TOP + height, width, HIGH - height, fill=WHITE, width=0.4)
    for block in range(1, n):
        x = right + width * block / n
        pen.line((x, TOP), (x, TOP + HIGH), width=AXIS if n < 25 else HAIR)
    places = {"words": (left / 2, HIGH / 2), "mlp": (right + width / 2, height / 2),
              "attention": (right + width / 2, (height + HIGH) / 2)}  # fmt: skip
    said = {name: on.say(f"pictures.parameter_area.{name}", n=n) for name in (*places, "positions")}
    percents = {
        name: f"{100 * share:.0f} %" if share > 0.02 else f"{100 * share:.1f} %" for name, share in shares.items()
    }
    for name, (x, y) in places.items():
        if name != "words":
            pen.box(x - 13.0, TOP + y - 3.9, 26.0, 7.8, fill=WHITE, width=0)
        pen.text(x, TOP + y - 0.4, said[name], TOKEN)
        pen.text(x, TOP + y + 3.1, percents[name], CAPTION)
    pen.text(left + line / 2, TOP + HIGH + 5.0, f"{said['positions']}: {percents['positions']}", 2.5)
    pen.text(WIDE, TOP + HIGH + 8.6, norms, 2.5, anchor="end")
    on.said(
        on.say("pictures.parameter_area.said"),
        on.say("pictures.parameter_area.to_do"),
        f"{', '.join(f'{said[name]} {percents[name]}' for name in shares)}; {norms}.",
    )
