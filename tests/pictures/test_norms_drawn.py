"""The pictures of norms, kernels and neurons say what the numbers of every seed say, and have room for them."""

import re

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.choose import choose
from byhand.model.weights import complete
from byhand.notation.text import listed, value_text
from byhand.options import Options
from byhand.pictures import PICTURES
from byhand.pictures.canvas import PEN_AREA
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet

SAY = messages("en").say


def drawn(name, sheet, steps, seed, level=None, has_words=True, **options):
    """The sketch of a sheet's picture, and the steps that it is drawn from. has_words: whether it names the tokens."""
    loaded = load_sheet(sheet)
    values = choose(loaded, Options(seed=seed, level=level))[0]
    tape = loaded.model.run(complete(values), RATIONALS)
    rows = [tape.values(step) for step in steps]
    words = {"tokens": values.words()} if has_words else {}
    return PICTURES[name].sketch(SAY, rows, {**words, **options}), rows


@pytest.mark.parametrize("level", ["easy", "standard", "stretch"])
def test_a_token_is_shifted_and_stretched_whatever_the_seed(level):
    steps = [
        "blocks.0.hook_resid_mid",
        *(f"blocks.0.ln1.{x}" for x in ("mean", "centered", "hook_scale", "standardized")),
    ]
    for seed in range(1, 13):
        sketch, (x, _, _, scale, results) = drawn("shift_and_stretch", "layer-norm", steps, seed, level)
        assert f"x: {', '.join(map(value_text, x[-1]))};" in sketch.key_says
        assert len({abs(value) for value in results[-1]}) > 1
        assert f"σ = {value_text(scale[-1][0])}" in sketch.key_says
        assert sketch.pen.count("<circle") == 3 * 4
        assert "x: " not in sketch.worksheet_says


@pytest.mark.parametrize("columns", [False, True])
def test_the_number_that_three_norms_read_has_three_results(columns):
    ends = ("mean", "hook_scale", "hook_normalized")
    steps = ["blocks.0.hook_resid_pre", *(f"blocks.0.{at}.{end}" for at in ("ln1", "all.ln1", "bn") for end in ends)]
    for seed in range(13):
        sketch, _ = drawn("row_or_column", "layer-norm-or-batch-norm", steps, seed, columns=columns)
        assert len({*re.findall(r"becomes (\S+)\.", sketch.key_says)}) == 3
        assert sketch.pen.count(f'fill="{PEN_AREA}"') == 2, "one norm reads nothing of the new word"
        assert "It reads" not in sketch.worksheet_says


def test_as_many_neurons_are_filled_as_speak():
    steps = ["blocks.0.hook_resid_mid", "blocks.0.mlp.hook_post"]
    for seed in range(13):
        sketch, (_, post) = drawn("same_machine", "feed-forward", steps, seed)
        awake = [sum(value > 0 for value in row) for row in post]
        assert sketch.pen.count("<circle") == sum(awake[1:])
        assert sketch.printed.count("<circle") == 3 * len(post[0]) + awake[0]


def test_a_kernel_stops_at_every_pixel():
    steps = ["blocks.0.hook_resid_mid", "blocks.0.conv_in.kernel[0]"]
    sketch, _ = drawn("kernel_stick", "one-by-one-convolution", steps, 3)
    assert sketch.key_says.endswith("It stops at like, fish, too, and finds 3 answers.")
    assert sketch.pen.count("<rect") == 2


@pytest.mark.parametrize("columns", [False, True])
def test_two_kernels_stand_beside_the_pixels_of_which_one_is_ringed(columns):
    steps = ["aside.pixels", "aside.one.W", "aside.wide.W"]
    for seed in range(13):
        sketch, (pixels, _, (wide,)) = drawn(
            "two_kernels", "one-by-one-convolution", steps, seed, has_words=False, columns=columns
        )
        assert sketch.printed.count("<rect") == 2 * 5 + (1 + 3) + 2
        assert sketch.printed.count("<circle") == 1
        assert not sketch.pen
        assert f"pixel 3, {value_text(pixels[0][2])}, is ringed" in sketch.worksheet_says
        assert f"of the weights {listed(wide)}." in sketch.worksheet_says
        assert re.findall(r"are (\d) of .* and (\d)", sketch.key_says) == [("1", "3")]
