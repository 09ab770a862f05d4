"""The hand-cost model, counted by hand."""

from fractions import Fraction

import pytest

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.effort import minutes, seconds, writing
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.numbers.choice import choose
from byhand.ops.attention import divide_by_root, power_of
from byhand.ops.linear import add, copy, matmul, relu
from byhand.ops.norms import center, mean_square, root, row_mean
from byhand.tape import Tape

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
SIZES = {"d_model": 4, "n_heads": 2, "d_head": 4, "d_v": 2, "d_mlp": 6, "softmax_base": 2}


def step(op, *matrices, **params):
    tape = Tape(RATIONALS, dict(zip("abc", matrices, strict=False)))
    op(*(tape.given(n, (len(m), len(m[0]))) for n, m in tape.numbers.items()), name="y", **params)
    return tape


@pytest.mark.parametrize(
    ("tape", "expected"),
    [
        # 2·3 + 0·5: a product, a factor 0, a dot product, nothing to add, one glyph
        (step(matmul, [[2, 0]], [[3], [5]]), 15 + 1.5 + 0.4 + 2.0 + 0.6),
        # 1·4 + 2·3 = 10: a factor 1, a product, a dot product, an addition, two glyphs
        (step(matmul, [[1, 2]], [[4], [3]]), 15 + 0.8 + 1.5 + 2.0 + 1.3 + 1.2),
        # 12·3 = 36: a product with a second digit
        (step(matmul, [[12]], [[3]]), 15 + 1.5 + 3.0 + 2.0 + 1.2),
        # 1/2 · 3 = 3/2: a product with a fraction, three glyphs
        (step(matmul, [[HALF]], [[3]]), 15 + 1.5 + 3.0 + 2.0 + 1.8),
        # 1/2 + 1/3 = 5/6: an addition, unlike denominators, three glyphs
        (step(add, [[HALF]], [[THIRD]]), 15 + 1.3 + 5.0 + 1.8),
        # 1 − 3 = −2: an addition, two glyphs
        (step(center, [[1]], [[3]]), 15 + 1.3 + 1.2),
        # (3 + 5) ÷ 2 = 4: an addition, a division, one glyph
        (step(row_mean, [[3, 5]]), 15 + 1.3 + 2.0 + 0.6),
        # (3² + 1²) ÷ 2 = 5: two powers, an addition to a number of one digit, a division, one glyph
        (step(mean_square, [[3, 1]]), 15 + 4.0 + 1.3 + 2.0 + 0.6),
        (step(divide_by_root, [[8]], of=4), 15 + 2.0 + 0.6),
        (step(power_of, [[3]], base=2), 15 + 2.0 + 0.6),
        (step(root, [[9]]), 15 + 3.0 + 0.6),
        (step(relu, [[-3]]), 15 + 0.6),
        (step(copy, [[-7]]), 15 + 1.2),
    ],
)
def test_a_step_takes_the_sum_of_its_operations(tape, expected):
    assert seconds(tape, ["y"]) == pytest.approx(expected)


def test_a_given_costs_only_its_step():
    assert seconds(step(copy, [[5]]), ["a"]) == 15


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, 1), (89, 1), (91, 2), (35 * 60, 35), (39.4 * 60, 39), (42 * 60, 40), (43 * 60, 45)]
)
def test_minutes_are_whole_and_from_forty_on_to_five(seconds, said):
    assert minutes(seconds) == said


def test_writing_takes_time_for_each_sign():
    assert writing(-3) == pytest.approx(2 * 0.6)
    assert writing(Fraction(-13, 5)) == pytest.approx(5 * 0.6)
    assert writing("down") == pytest.approx(4 * 0.6)


@pytest.mark.parametrize("domain", [Decimals(2), FLOATS])
def test_other_number_systems_take_time_too(domain):
    values = choose(MODELS["attention-head"], Values(Config(**{**SIZES, "n_heads": 1})), 1).values
    tape = MODELS["attention-head"].run(values, domain)
    assert seconds(tape, [s.name for s in tape.used() if s.op]) > 300


@pytest.mark.parametrize("model", ["softmax", "layer-norm", "feed-forward", "attention-head", "block", "gpt"])
def test_two_seeds_of_one_sheet_take_as_long(model):
    config = Config(**{**SIZES, "n_heads": 1} if model == "attention-head" else SIZES)
    times = []
    for seed in range(1, 8):
        tape = MODELS[model].run(
            choose(MODELS[model], Values(config), seed, pick_words=model == "gpt").values, RATIONALS
        )
        times.append(seconds(tape, [s.name for s in tape.used() if s.op]))
    assert max(times) < 1.15 * min(times)
