"""Mistakes in norms and in the residual stream, by hand on a small example."""

from fractions import Fraction

from small_runs import POST, PRE, rows

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import cells_changed, changes, foil
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.ops.linear import add
from byhand.tape import Tape
from byhand.worksheet.sheet import load_sheet


def norm():
    values = Values(
        Config(d_model=4, n_ctx=2), inputs={"blocks.0.hook_resid_pre": [[3, 1, 3, 1], [5, -1, 1, 3]]}, weights={}
    )
    return MODELS["layer-norm"].run(values, RATIONALS, force=False)


def test_a_norm_over_the_sequence():
    wrong = foil(norm(), "norm-over-sequence")
    assert rows(wrong, "blocks.0.ln1.mean") == [[4, 0, 2, 2]]
    assert rows(wrong, "blocks.0.ln1.centered") == [[-1, 1, 1, -1], [1, -1, -1, 1]]
    assert rows(wrong, "blocks.0.ln1.hook_scale") == [[1, 1, 1, 1]]
    assert rows(wrong, "blocks.0.ln1.hook_normalized") == [[-1, 1, 1, -1], [1, -1, -1, 1]]


def test_a_norm_of_all_numbers_is_none_over_the_sequence():
    sheet = load_sheet("layer-norm-or-batch-norm")
    tape = sheet.model.run(sheet.given(letters=False), RATIONALS)
    wrong = foil(tape, "norm-over-sequence")
    for name in ("row_mean", "mean", "centered", "row_square", "variance", "hook_scale", "hook_normalized"):
        assert rows(wrong, f"blocks.0.all.ln1.{name}") == rows(tape, f"blocks.0.all.ln1.{name}")
    assert rows(wrong, "blocks.0.ln1.hook_normalized") != rows(tape, "blocks.0.ln1.hook_normalized")


def test_a_variance_with_one_less():
    assert rows(norm(), "blocks.0.ln1.variance") == [[1], [5]]
    assert rows(foil(norm(), "n-minus-one"), "blocks.0.ln1.variance") == [[Fraction(4, 3)], [Fraction(20, 3)]]


def test_the_residual_stream_forgotten():
    tape = Tape(RATIONALS, {"x": [[1, 2]], "f": [[10, 20]]})
    add(tape.given("x", (1, 2)), tape.given("f", (1, 2)), name="blocks.0.hook_resid_mid")
    assert rows(foil(tape, "no-residual"), "blocks.0.hook_resid_mid") == [[10, 20]]


def test_the_layer_normalised_before_the_sum():
    assert rows(POST, "blocks.0.ln1.hook_normalized") == [[-1, 1]]
    assert rows(foil(POST, "norm-before-sum"), "blocks.0.ln1.hook_normalized") == [[3, 3]]
    assert cells_changed(POST, "norm-before-sum") > 0
    assert not changes(PRE, "norm-before-sum"), "before a branch, a norm reads the stream"
