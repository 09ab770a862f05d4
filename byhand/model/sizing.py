"""How large a transformer is: parameters, FLOPs, bytes and days. Each figure is a step on the tape.

Sizes come from the config, or from inputs of the same names, where [[4, 768]] puts two models side by side.
"""

from __future__ import annotations

from fractions import Fraction

from byhand.errors import ConfigError
from byhand.model.builder import Builder
from byhand.model.registry import model
from byhand.ops.linear import add_all, multiply, percent, quotient, subtract
from byhand.tape import Matrix

# Figures that a config does not have, by their names under inputs, and their defaults: PyTorch's float32 has 4 bytes;
# AdamW stores two moments beside the weights, 3 copies; NVIDIA's A100 makes 312 · 10¹² FLOPs a second.
GIVEN: dict[str, int | Fraction] = {
    "bias": 0, "bytes_per_number": 4, "copies": 3, "batch": 1, "seconds": 1, "peak_flops": 312 * 10**12,
    "gpus": 8, "utilisation": Fraction(3, 10), "train_tokens": 10**9,
}  # fmt: skip
COUNTS = {"bias", "copies", "batch", "gpus", "train_tokens"}  # of these figures, the whole numbers


def product(*factors: Matrix, name: str, times: int = 1) -> Matrix:
    """Numbers multiplied."""
    return multiply(*factors, name=name, times=times)


def add_up(*terms: Matrix, name: str) -> Matrix:
    """Numbers added."""
    return add_all(*terms, name=name)


@model("sizing", counts=True, only={"n_key_value_heads": ()})
def _sizing(build: Builder) -> tuple[Matrix, ...]:
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
    memory = product(params, n["bytes_per_number"], n["copies"], name="checkpoint")
    return (params, *_shares(params, "params."), *flops, memory, *_time(n, params, flops[-1]))


def _parameters(build: Builder, n: dict[str, Matrix]) -> Matrix:
    """The parameters of each part, and of all."""
    tape, d, bias = build.tape, n["d_model"], n["bias"]
    width = product(n["n_heads"], n["d_head"], name="width")

    def norm(part: str) -> Matrix:
        with tape.part(part):
            return add_up(d, product(bias, d, name=f"params.{part}.b"), name=f"params.{part}")

    def layer(name: str, part: str, rows: Matrix, cols: Matrix, times: int = 1) -> Matrix:
        with tape.part(part):
            weights = product(rows, cols, name=f"{name}.W", times=times)
            return add_up(weights, product(bias, cols, name=f"{name}.b", times=times), name=name)

    with tape.part("embed"):
        positions = product(n["n_ctx"], d, name="params.pos_embed")
        embed = add_up(positions, product(n["d_vocab"], d, name="params.embed"), name="params.embeddings")
    with tape.part("heads"):
        attn = add_up(
            norm("ln1"),
            layer("params.qkv", "heads", d, width, times=3),
            layer("params.out", "out", width, d),
            name="params.attn",
        )
    with tape.part("mlp"):
        mlp = add_up(
            norm("ln2"),
            layer("params.mlp_in", "mlp", d, n["d_mlp"]),
            layer("params.mlp_out", "mlp", n["d_mlp"], d),
            name="params.mlp",
        )
    blocks = product(n["n_layers"], add_up(attn, mlp, name="params.block"), name="params.blocks")
    parts = [embed, blocks, norm("ln_final")]
    if not build.config.tie_word_embeddings:
        with tape.part("unembed"):
            parts.append(product(d, n["d_vocab"], name="params.unembed"))
    return add_up(*parts, name="params")


def _shares(whole: Matrix, prefix: str) -> list[Matrix]:
    """Each part's share of the whole, in per cent."""
    tape, found = whole.tape, []
    for step in [s for s in tape.steps.values() if s.name.startswith(prefix) and not s.name.endswith((".W", ".b"))]:
        with tape.part(step.part):
            found.append(percent(tape[step.name], whole, name=f"share.{step.name}"))
    return found


def _flops(n: dict[str, Matrix]) -> tuple[Matrix, ...]:
    """The FLOPs of the matrix products for one sequence: each part's share of the forward pass, and the FLOPs of the
    forward and the backward pass together.
    """
    tape = n["d_model"].tape
    tokens, d, width = n["n_ctx"], n["d_model"], tape["width"]
    with tape.part("heads"):
        qkv = product(tokens, d, width, name="flops.qkv", times=6)
        scores = product(tokens, tokens, width, name="flops.scores", times=2)
        mixture = product(tokens, tokens, width, name="flops.mixture", times=2)
        with tape.part("out"):
            out = product(tokens, width, d, name="flops.out", times=2)
        attn = add_up(qkv, scores, mixture, out, name="flops.attn")
    with tape.part("mlp"):
        mlp = add_up(
            product(tokens, d, n["d_mlp"], name="flops.mlp_in", times=2),
            product(tokens, n["d_mlp"], d, name="flops.mlp_out", times=2),
            name="flops.mlp",
        )
    blocks = product(n["n_layers"], add_up(attn, mlp, name="flops.block"), name="flops.blocks")
    with tape.part("unembed"):
        logits = product(tokens, d, n["d_vocab"], name="flops.unembed", times=2)
    forward = add_up(blocks, logits, name="flops.forward")
    shares = _shares(forward, "flops.")
    backward = product(forward, name="flops.backward", times=2)
    return (*shares, add_up(forward, backward, name="flops"))


def _time(n: dict[str, Matrix], params: Matrix, flops: Matrix) -> tuple[Matrix, ...]:
    """The share of a GPU's FLOPs that is used, the FLOPs that Chowdhery et al. count, and the days of a training."""
    tape, tokens = params.tape, n["n_ctx"]
    rate = quotient(product(flops, n["batch"], name="flops.batch"), n["seconds"], name="flops_per_second")
    used = percent(rate, n["peak_flops"], name="mfu")
    other = subtract(params, tape["params.pos_embed"], name="params.without_pos_embed")
    per_token = add_up(
        product(other, name="palm.params", times=6),
        product(n["n_layers"], tape["width"], tokens, name="palm.attn", times=12),
        name="palm.per_token",
    )
    work = product(params, n["train_tokens"], name="train.flops", times=6)
    speed = product(n["peak_flops"], n["gpus"], n["utilisation"], name="train.flops_per_second")
    seconds = quotient(work, speed, name="train.seconds")
    day = tape.given("seconds_a_day", params.shape, params.axes, default=86_400, fixed=True)
    return used, product(per_token, tokens, name="palm.flops"), quotient(seconds, day, name="train.days")
