"""How microgpt learns from one letter: a worked instance, slopes, mistakes, and how it goes on with microgpt."""

from fractions import Fraction
from math import log
from pathlib import Path

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.choose import choose
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

SHEET, BEFORE = load_sheet("microgpt-trains"), load_sheet("microgpt")
X, W_U = "blocks.0.hook_resid_post", "unembed.W_U"


def run(name=""):
    """The sheet's own numbers, worked out apart from byhand."""
    tape = MODELS["microgpt-trains"].run(Values.of(SHEET.values), RATIONALS)
    return foil(tape, name) if name else tape


def row(tape, name):
    (numbers,) = tape.values(name)
    return [Fraction(x) for x in numbers]


def over(under, *numbers):
    return [Fraction(x, under) for x in numbers]


def test_a_step_by_hand():
    tape = run()
    assert row(tape, "logits") == [1, 1, 2, 3, 0, 0]
    assert row(tape, "probs") == over(18, 2, 2, 4, 8, 1, 1)
    assert row(tape, "logits.grad") == over(18, 2, -16, 4, 8, 1, 1)
    assert row(tape, "right.w") == [-1, -2, 0, -1]
    assert row(tape, "right.gradient") == over(27, 8, 24, -64, -32)
    assert row(tape, "right.gradient") == [slopes[1] for slopes in tape.values(f"{W_U}.grad")]
    assert row(tape, "right.sign") == [1, 1, -1, -1]
    assert row(tape, "right.w_stepped") == over(4, -7, -11, 3, -1)
    assert row(tape, "right.logit_stepped") == [5]
    assert row(tape, "right.rise") == row(tape, "right.lift") == [4]
    assert row(tape, "again.logits") == [1, 5, 2, 3, 0, 0]
    assert row(tape, "probs.again") == over(48, 2, 32, 4, 8, 1, 1)


def test_two_mistakes():
    assert row(run("memories-not-corrected"), "right.sign") == over(2, 3, 3, -3, -3)
    assert row(run("gradient-as-step"), "right.sign") == over(27, 8, 24, -64, -32)


def test_it_goes_on_with_microgpts_own_numbers():
    before = prepare(BEFORE, Options())[1]
    assert row(run(), X) == [*before.values(X)[-1]]
    assert run().values(W_U) == before.values(W_U)
    assert row(run(), "probs") == [*before.values("probs")[-1]]


@pytest.mark.parametrize("seed", [1, 2, 3, 5])
def test_it_goes_on_with_microgpt_of_the_same_seed(seed):
    made, before = prepare(SHEET, Options(seed=seed))[1], prepare(BEFORE, Options(seed=seed))[1]
    assert row(made, X) == [*before.values(X)[-1]]
    assert made.values(W_U) == before.values(W_U)


def test_most_seeds_go_on():
    taken = [
        choose(SHEET, Options(seed=seed))[0].weights[W_U] == choose(BEFORE, Options(seed=seed))[0].weights[W_U]
        for seed in range(1, 21)
    ]
    assert sum(taken) > 10


@pytest.mark.parametrize("seed", [0, 4, 7, 14, 53])
def test_gradients_are_slopes_of_the_surprise(seed):
    made = prepare(SHEET, Options(seed=seed))[1]
    x, weights = row(made, X), made.values(W_U)
    right = row(made, "logits.grad.one_hot").index(1)

    def loss(moved, by):
        own = [w[right] + by * (k == moved) for k, w in enumerate(weights)]
        columns = [own if j == right else [w[j] for w in weights] for j in range(6)]
        powers = [2 ** float(sum(a * b for a, b in zip(x, column, strict=True))) for column in columns]
        return log(sum(powers) / powers[right], 2)

    for k, gradient in enumerate(row(made, "right.gradient")):
        slope = (loss(k, 2**-12) - loss(k, -(2**-12))) / 2**-11
        assert slope == pytest.approx(float(gradient), abs=1e-5)


@pytest.mark.parametrize("seed", range(0, 51, 3))
def test_in_each_seed_all_four_weights_lift_the_logit_to_a_likely_letter(seed):
    made = prepare(SHEET, Options(seed=seed))[1]
    (rate,), (rise,) = row(made, "rate"), row(made, "right.rise")
    right, after = row(made, "logits.grad.one_hot").index(1), row(made, "probs.again")
    moved = [b - a for a, b in zip(row(made, "right.w"), row(made, "right.w_stepped"), strict=True)]
    assert {abs(each) for each in moved} == {rate}
    assert all(each * x > 0 for each, x in zip(moved, row(made, X), strict=True))
    assert rise == rate * sum(map(abs, row(made, X)))
    assert row(made, "probs")[right] == Fraction(1, 9)
    assert after[right] == max(after) >= Fraction(1, 2)


def test_a_letter_that_follows_makes_a_name_and_a_name_may_be_over():
    letters = {prepare(SHEET, Options(seed=seed))[1].tokens[-1] for seed in range(15)}
    assert letters == {"a", "l", "m", "n", "·"}


def test_the_weights_that_the_page_counts_are_those_of_microgpt():
    weights = BEFORE.values["weights"].values()
    assert sum(_count(each) for each in weights) == 172
    golden = Path(__file__).parent.parent / "golden" / "microgpt-trains-worksheet.txt"
    assert "Our program has 172 weights" in golden.read_text(encoding="utf-8")


def _count(entry):
    return sum(map(_count, entry)) if isinstance(entry, list) else 1
