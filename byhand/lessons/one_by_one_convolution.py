"""The 1 × 1 convolution: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.layers import activation, convolution, mlp
from byhand.model.registry import model
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Dice
from byhand.numbers.feed_forward import is_relu
from byhand.numbers.promises import sheet_promise, transposed
from byhand.numbers.registry import Entries, Instance, Task, search
from byhand.numbers.search import find_feed_forward
from byhand.ops.linear import add_all, slide, slide_along, times_number
from byhand.pictures.canvas import (
    AXIS,
    CAPTION,
    FRAME,
    GREY,
    INK,
    LIGHT,
    NUMBER,
    TOKEN,
    WHITE,
    Canvas,
)
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import MIDDLE, STREAM, Wiring, wiring

# ---- the model ----


@model("convolution", part="mlp", only={"gated_mlp": (), "num_experts": (), "experts_per_token": ()})
def _steps(build: Builder) -> Matrix:
    """The feed-forward network as two 1×1 convolutions; and the number of weights of the first, here, over a
    colour picture, and in GPT-2.

    The same network as two linear layers is computed only when requested, and so is what two kernels find in a
    picture, `aside.pixels`, if that is given.
    """
    c, tape, x = build.config, build.tape, build.middle()
    if "aside.pixels" in tape.numbers:
        _picture(tape)
    w_in = tape.given("blocks.0.mlp.W_in", (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
    pre = convolution(x, w_in, "blocks.0.mlp.b_in", "blocks.0.conv_in", "blocks.0.conv_in.hook_pre")
    post = activation(pre, "blocks.0.conv_in.hook_post", c)
    w_out = tape.given("blocks.0.mlp.W_out", (c.d_mlp, c.d_model), ("d_mlp", "d_model"))
    result = convolution(post, w_out, "blocks.0.mlp.b_out", "blocks.0.conv_out", "blocks.0.hook_conv_out")
    mlp(x, "blocks.0.mlp", c)
    channels, kernels, colours = build.size("d_model"), build.size("d_mlp"), build.count("channels", 3)
    add_all(product_of(channels, kernels, name="count.weights"), kernels, name="count")
    add_all(product_of(colours, kernels, name="count.colour.weights"), kernels, name="count.colour")
    channels = build.count("gpt2.channels", 768)
    kernels = times_number(channels, name="count.gpt2.kernels", by=4)
    add_all(product_of(channels, kernels, name="count.gpt2.weights"), kernels, name="count.gpt2")
    return result


def _picture(tape: Tape) -> None:
    """What a kernel of one weight, and one of three, find in a picture of one channel, wherever all of the kernel
    lies on a line of pixels.
    """
    lines, across = 2, 5
    pixels = tape.given("aside.pixels", (lines, across), ("line", "pixel"))
    for name, width in (("aside.one", 1), ("aside.wide", 3)):
        kernel = tape.given(f"{name}.W", (1, width), ("", "weight"))
        slide_along(pixels, kernel, name=f"{name}.found", sizes={"o": (across - width + 1, "stop")})


# ---- the same, written down a second time ----


@wiring("convolution")
def _second(w: Wiring) -> None:
    """Kernels of width 1 (Lin et al. 2014), each a column of weights, as two layers; how many weights."""
    x, mlp = w.entering(MIDDLE, STREAM), "blocks.0.mlp"

    def layer(x: str, at: str, way: str, kernels: int, out: str) -> str:
        maps, bias = [], f"{mlp}.b_{way}"
        for j in range(kernels):
            kernel = w(f"{at}.kernel[{j}]", "column_as_row", f"{mlp}.W_{way}", which=j)
            maps.append(w(f"{at}.map[{j}]", "slide", x, kernel))
        if bias not in w.given:
            return w(out, "hstack", *maps)
        return w(out, "shift", w(f"{at}.maps", "hstack", *maps), bias)

    first, second, sizes = "blocks.0.conv_in", "blocks.0.conv_out", w.config
    post = w.activation(f"{first}.hook_post", layer(x, first, "in", sizes["d_mlp"], f"{first}.hook_pre"))
    layer(post, second, "out", sizes["d_model"], "blocks.0.hook_conv_out")
    w.network(x, mlp, "blocks.0.hook_mlp_out")
    for kernel in ("aside.one", "aside.wide"):
        w(f"{kernel}.found", "slide_along", "aside.pixels", f"{kernel}.W")
    w("count.gpt2.kernels", "times_number", "gpt2.channels", by=4)
    for name, rows, kernels in (
        ("count", "d_model", "d_mlp"),
        ("count.colour", "channels", "d_mlp"),
        ("count.gpt2", "gpt2.channels", "count.gpt2.kernels"),
    ):
        w(name, "add_all", w(f"{name}.weights", "multiply", rows, kernels), kernels)


# ---- its numbers ----


PICTURES_TRIED = 600
LARGEST_FOUND = 9  # by the wide kernel
FURTHEST_FROM_EDGES = 3  # what its weights add up to


@search("convolution", like_sheet=True, requires=[is_relu])
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """A feed-forward network whose units, as kernels, use their channels; and a picture with two kernels."""
    pixels = _pixels(dice.substream("pixels")) if "aside.pixels" in task.values.inputs else {}
    for found in find_feed_forward(task, dice, most_zeros=1):
        yield Instance(found.inputs | pixels, found.weights)


def _pixels(dice: Dice) -> Entries:
    """A picture of two lines of pixels, a kernel of one weight, and one of three that finds small numbers, another
    one wherever it stops on a line; if no draw fits, the first.
    """
    pixels = dice.below(6, PICTURES_TRIED, 2, 5)
    kernels = dice.choices(np.array([-2, -1, 1, 2]), PICTURES_TRIED, 3)
    found = np.einsum("nisw,nw->nis", np.lib.stride_tricks.sliding_window_view(pixels, 3, axis=2), kernels)
    differ = (np.diff(np.sort(found, axis=2), axis=2) > 0).all((1, 2)) & (np.ptp(kernels, 1) > 0)
    differ &= (kernels.sum(1) != 0) & (abs(kernels.sum(1)) <= FURTHEST_FROM_EDGES)
    first = int(np.argmax(differ & (abs(found).max((1, 2)) <= LARGEST_FOUND)))
    one = dice.choices(np.array([-2, 2, 3]), 1, 1)
    return {
        "aside.pixels": pixels[first].tolist(),
        "aside.one.W": one.tolist(),
        "aside.wide.W": kernels[first : first + 1].tolist(),
    }


@sheet_promise
def wide_kernel_reads_neighbours(tape: Tape) -> bool:
    """No pixel is darker than 0. Every weight of the wide kernel counts, and not all are alike; what it finds is
    small, and another number at each stop of a line. Its weights add up to a small number, but not to 0, as those of
    a kernel that finds edges do. The one weight of the other kernel changes what it
    lies on.
    """
    bright = min(map(min, tape.values("aside.pixels"))) >= 0
    (wide,), ((one,),) = tape.values("aside.wide.W"), tape.values("aside.one.W")
    found = tape.values("aside.wide.found")
    differ = all(len({*row}) == len(row) for row in found)
    small = all(abs(number) <= LARGEST_FOUND for row in found for number in row)
    return (
        bright
        and all(wide)
        and 0 < abs(sum(wide)) <= FURTHEST_FROM_EDGES
        and len({*wide}) > 1
        and one not in (0, 1)
        and differ
        and small
    )


@sheet_promise
def kernels_use_their_channels(tape: Tape) -> bool:
    """No kernel has more than one weight 0. No map is all 0, nor a token's maps, nor the last biases. What the last
    token's neurons find, which is asked for alone, is no row of the kernels that stand beside it.
    """
    kernels = transposed(tape.values("blocks.0.mlp.W_in"))
    maps = tape.values("blocks.0.conv_in.maps")
    sides = (*maps, *transposed(maps), *tape.values("blocks.0.mlp.b_out"))
    asked = [list(tape.values(f"blocks.0.conv_in.{step}")[-1]) for step in ("hook_pre", "hook_post")]
    apart = not any(list(row) in asked for row in transposed(kernels))
    return apart and all(kernel.count(0) <= 1 for kernel in kernels) and all(map(any, sides))


# ---- its mistakes ----


@mistake(
    told="The weights of a convolution counted again for each position, though all positions share them.",
    mend="Count each kernel once: it slides, and has the same weights at every position.",
    after="not-renormalised",
)
def kernels_not_shared(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights of a convolution are multiplied by the number of positions."""
    if step.name != "count.weights":
        return [step]
    feature_maps = [s for s in tape.steps.values() if s.op is slide]
    return [replace(step, params={**step.params, "times": s.shape[0]}) for s in feature_maps[:1]] or [step]


# ---- its picture ----

CUBE, BACK = 5.4, (2.0, -1.4)  # mm: the front of a cube, and the way to its back
STACK, STEP, FIRST = 7.2, 17.4, 26.6  # mm: the upper edge of the stacks, their pitch, and the first token's left edge
KERNEL_AT = 4.6  # mm: the left edge of the kernel
KERNEL_SIDE = "#cfcfcf"


@picture(height=44, minutes=1)
def kernel_stick(on: Canvas, x: Rows, kernel: Rows, *, tokens: Sequence[str]) -> None:
    """A row of pixels as deep as there are dimensions, and a kernel, a stick of weights, that slides along it. Below
    each pixel stands its answer.
    """
    weights = [value for row in kernel for value in row]
    n, d = len(x), len(x[0])
    if (n, d) != (3, 4):
        raise UndrawableError("three tokens of four numbers have room")
    foot = STACK + CUBE * d
    _cubes(on, KERNEL_AT, weights, LIGHT, KERNEL_SIDE)
    on.text(KERNEL_AT + CUBE / 2, foot + 4.0, on.say("pictures.kernel_stick.kernel"), CAPTION, bold=True)
    on.text(KERNEL_AT + CUBE / 2, foot + 7.6, on.say("pictures.kernel_stick.weights", n=d), CAPTION, colour=GREY)
    on.number(18.6, STACK + CUBE * d / 2 + 0.6, "∗", NUMBER + 1.0)
    for token in range(n):
        left = FIRST + STEP * token
        centre = left + CUBE / 2
        on.text(centre + 0.6, 3.6, tokens[token], TOKEN)
        _cubes(on, left, x[token], WHITE, "#f4f4f4")
        if token + 1 < n:
            y = STACK + CUBE * d / 2
            on.arrow((left + CUBE + 3.0, y), (left + STEP - 1.6, y), width=0.3, dash=(1.2, 0.8))
        on.arrow((centre, foot + 1.4), (centre, foot + 6.0), width=0.35)
        frame = on.pen if token else on
        frame.box(left - 0.9, STACK - 0.9, CUBE + 1.8, CUBE * d + 1.8, width=FRAME, rx=1.2)
    right = FIRST + STEP * (n - 1) + CUBE + BACK[0] + 2.4
    on.text(
        right, STACK + CUBE * d / 2, on.say("pictures.kernel_stick.deep", n=d), CAPTION, anchor="start", colour=GREY
    )
    on.blank(right + 3.4, foot + 5.4, n, 6.8, 6.8, 3.4)
    on.text(right + 8.4, foot + 6.4, on.say("pictures.kernel_stick.answers"), CAPTION, anchor="start", bold=True)
    on.said(
        on.say("pictures.kernel_stick.said", tokens=listed(tokens), n=d, weights=listed(weights)),
        on.say("pictures.kernel_stick.to_do"),
        on.say("pictures.kernel_stick.key", tokens=listed(tokens[1:]), n=n),
    )


def _cubes(on: Canvas, left: float, values: Sequence[Any], front: str, side: str) -> None:
    """A stack of cubes, with a number on the front of each."""
    dx, dy = BACK
    right = left + CUBE
    top = ((left, STACK), (left + dx, STACK + dy), (right + dx, STACK + dy), (right, STACK))
    on.line(*top, closed=True, fill=side, width=AXIS)
    for k, value in enumerate(values):
        y = STACK + CUBE * k
        flank = ((right, y), (right + dx, y + dy), (right + dx, y + CUBE + dy), (right, y + CUBE))
        on.line(*flank, closed=True, fill=side, width=AXIS)
        on.box(left, y, CUBE, CUBE, fill=front, width=AXIS)
        on.number(left + CUBE / 2, y + CUBE / 2, value, 3.4)


LYING, UPRIGHT = 8.4, 4.8  # mm: a pixel of a line that lies, and of one that stands
UNDER, APART = 5.0, 10.0  # mm: the first line under the words; from the picture to the kernels
DARKEST, LIGHTEST = 196, 255  # shades of grey: of the least bright pixel, and of the brightest


@picture(height=29, minutes=1, width=112)
def two_kernels(on: Canvas, x: Rows, one: Rows, wide: Rows, *, columns: bool = False) -> None:
    """A picture of two lines of pixels, and beside it two kernels. One pixel is ringed: which answers does it reach?

    columns: whether lines of pixels stand upright.
    """
    pixel = UPRIGHT if columns else LYING
    lines, across, ringed = len(x), len(x[0]), len(x[0]) // 2
    least, *_, most = sorted({value for row in x for value in row} | {0})

    def cell(left: float, top: float, line: int, place: int, value: Any, fill: str) -> Point:
        """A pixel or a weight, at its place of a line; its centre."""
        dx, dy = (line, place) if columns else (place, line)
        at = left + pixel * dx, top + pixel * dy
        on.box(*at, pixel, pixel, fill=fill, width=AXIS)
        centre = at[0] + pixel / 2, at[1] + pixel / 2
        on.number(*centre, value, 3.2 if columns else 3.5)
        return centre

    for line, row in enumerate(x):
        for place, value in enumerate(row):
            grey = DARKEST + int((LIGHTEST - DARKEST) * (value - least) / (most - least))
            centre = cell(0.0, UNDER, line, place, value, "#" + f"{grey:02x}" * 3)
            if (line, place) == (0, ringed):
                on.disc(*centre, 0.39 * pixel, fill="none", width=0.4, colour=INK)
    left = pixel * (lines if columns else across) + APART
    for name, kernel in (("one", one[0]), ("tall" if columns else "wide", wide[0])):
        on.text(left, UNDER - 1.8, on.say(f"pictures.two_kernels.{name}"), TOKEN, anchor="start", bold=True)
        for place, weight in enumerate(kernel):
            cell(left, UNDER, 0, place, weight, LIGHT)
        wide_as = 1 if columns else len(kernel)
        on.box(left, UNDER, pixel * wide_as, pixel * (len(kernel) if columns else 1), width=FRAME)
        left += 32.0
    on.said(
        on.say(
            "pictures.two_kernels.said", value=value_text(x[0][ringed]), n=ringed + 1, one=value_text(one[0][0]),
            weights=listed(wide[0]),
        ),
        on.say("pictures.two_kernels.to_do"),
        on.say("pictures.two_kernels.key", one=len(one[0]), wide=len(wide[0])),
    )  # fmt: skip
