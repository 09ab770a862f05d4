"""Gradients of a whole GPT: a worked instance, slopes of the surprise, its mistakes, and what its numbers keep."""

import re
from fractions import Fraction
from math import log, log2, sqrt

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import foil
from byhand.model.weights import complete
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import plain_words
from byhand.worksheet.sheet import load_sheet

ATTN, MLP, LN = "blocks.0.attn.", "blocks.0.mlp.", "blocks.0.ln2."
MID, POST = "blocks.0.hook_resid_mid_grad", "blocks.0.hook_resid_post_grad"
BRANCH = f"{MID}.by.{LN}standardized"
HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)


def own():
    return complete(load_sheet("gpt-backward").given(letters=False))


def run(name=""):
    tape = load_sheet("gpt-backward").model.run(own(), RATIONALS)
    return foil(tape, name) if name else tape


def halves(tape, name):
    return [[x / HALF for x in row] for row in tape.values(name)]


def quarters(tape, name):
    return [[x / QUARTER for x in row] for row in tape.values(name)]


def test_the_gradients_of_a_worked_instance():
    tape = run()
    assert tape.values("loss") == ((2,),)
    assert quarters(tape, "logits.grad") == [[-3, 1, 2]]
    assert halves(tape, "ln_final.standardized.grad") == [[5, -6, 6, 3]]
    assert (tape.values("ln_final.grad_mean"), tape.values("ln_final.grad_along")) == (((1,),), ((-3 * QUARTER,),))
    assert halves(tape, POST) == [[3, -5, 1, 1]]
    assert halves(tape, f"{MLP}hook_post_grad") == [[10, -4, -4, -1]]
    assert halves(tape, f"{MLP}hook_pre_grad") == [[10, 0, -4, 0]]
    assert halves(tape, f"{MLP}W_out.grad") == [[6, -10, 2, 2], [0] * 4, [3, -5, 1, 1], [0] * 4]
    assert halves(tape, f"{LN}standardized.grad") == [[8, -10, -8, 2]]
    assert halves(tape, BRANCH) == [[6, -2, -6, 2]]
    assert halves(tape, MID) == [[9, -7, -5, 3]]
    assert tape.values(f"{ATTN}z.grad") == ((1, 3, 3, 3),)


def test_the_gradients_of_both_heads():
    tape = run()
    assert quarters(tape, f"{ATTN}hook_v_grad[0]") == [[1, 3], [2, 6], [1, 3]]
    assert tape.values(f"{ATTN}hook_pattern_grad[0]") == ((-6, 5, 4),)
    assert halves(tape, f"{ATTN}scores.grad[0]") == [[-4, 3, 1]]
    assert quarters(tape, f"{ATTN}hook_q_grad[0]") == [[4, -6, -1, -3]]
    assert quarters(tape, f"{ATTN}hook_k_grad[0]") == [[4, 4, -8, 8], [-3, -3, 6, -6], [-1, -1, 2, -2]]
    assert tape.values(f"{ATTN}scores.grad[1]") == ((2, -1, -1),)


def test_the_factor_stands_behind_both_patterns():
    beside = {name for name, step in run().steps.items() if step.times == "ln 2"}
    names = ("scores.grad", "scores_raw.grad", "hook_q_grad", "hook_k_grad")
    assert beside == {f"{ATTN}{name}[{h}]" for name in names for h in (0, 1)}


@pytest.mark.parametrize(
    ("mistake", "step", "wrong"),
    [
        ("branch-only", MID, [[6, -2, -6, 2]]),
        ("relu-gate-forgotten", f"{MLP}hook_pre_grad", [[10, -4, -4, -1]]),
        ("gate-by-gradient", f"{MLP}hook_pre_grad", [[10, 0, 0, 0]]),
        ("weight-forgotten", "ln_final.standardized.grad", [[-5, -3, 3, 3]]),
        ("no-row-sum", f"{ATTN}scores.grad[0]", [[-3, 5, 2]]),
        ("no-sqrt-backward", f"{ATTN}scores_raw.grad[0]", [[-4, 3, 1]]),
    ],
)
def test_its_mistakes(mistake, step, wrong):
    assert halves(run(mistake), step) == wrong


@pytest.mark.parametrize("mistake", ["norm-as-constant", "no-mean-term"])
def test_what_a_norm_holds_back_is_not_forgotten_in_vain(mistake):
    wrong, right = run(mistake), run()
    for step in (POST, BRANCH):
        assert wrong.values(step) != right.values(step)
        assert sum(wrong.values(step)[0]) != sum(right.values(step)[0]) == 0


def surprise(given):
    """Of the last token of a block, in bits, at the first word; worked out apart from byhand."""

    def times(row, matrix):
        return [sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*matrix, strict=True)]

    def norm(row, at):
        mean = sum(row) / 4
        scale = sqrt(sum((x - mean) ** 2 for x in row) / 4)
        return [
            (x - mean) / scale * w + b for x, w, b in zip(row, given[f"{at}w"][0], given[f"{at}b"][0], strict=True)
        ]

    mixtures = []
    for h in range(2):
        (query,), keys, values = (given[f"{ATTN}hook_{x}[{h}]"] for x in "qkv")
        powers = [2 ** (sum(a * b for a, b in zip(query, key, strict=True)) / 2) for key in keys]
        mixtures += times([power / sum(powers) for power in powers], values)
    out = times(mixtures, given[f"{ATTN}W_O"])
    x = [a + b for a, b in zip(given["blocks.0.hook_resid_pre"][0], out, strict=True)]
    neurons = [max(0, h) for h in times(norm(x, LN), given[f"{MLP}W_in"])]
    x = [a + b for a, b in zip(x, times(neurons, given[f"{MLP}W_out"]), strict=True)]
    powers = [2**logit for logit in times(norm(x, "ln_final."), given["unembed.W_U"])]
    return -log2(powers[0] / sum(powers))


@pytest.mark.parametrize("seed", [0, 7, 33])
def test_each_gradient_is_the_slope_of_the_surprise(seed):
    made = prepare(load_sheet("gpt-backward"), Options(seed=seed))[1]
    givens = [name for name, step in made.steps.items() if step.op is None]
    given = {name: [[float(x) for x in row] for row in made.values(name)] for name in givens}
    assert surprise(given) == pytest.approx(2)

    def slope(name, i, j):
        moved = [
            [[x + step * ((a, b) == (i, j)) for b, x in enumerate(row)] for a, row in enumerate(given[name])]
            for step in (2**-12, -(2**-12))
        ]
        up, down = (surprise({**given, name: rows}) for rows in moved)
        return (up - down) / 2**-11

    gradients = {f"{MLP}W_out": (f"{MLP}W_out.grad", 1)}
    for letter, factor in (("q", log(2)), ("k", log(2)), ("v", 1)):
        gradients[f"{ATTN}hook_{letter}[0]"] = (f"{ATTN}hook_{letter}_grad[0]", factor)
    for name, (step, factor) in gradients.items():
        for i, row in enumerate(made.values(step)):
            for j, gradient in enumerate(row):
                assert slope(name, i, j) == pytest.approx(float(gradient) * factor, abs=1e-5)


@pytest.mark.parametrize("seed", range(0, 50, 5))
def test_what_is_said_is_true_of_every_seed(seed):
    made = prepare(load_sheet("gpt-backward"), Options(seed=seed))[1]
    right, *others = made.values("probs")[0]
    assert (right, max(others)) == (QUARTER, HALF)
    shares, scores = made.values(f"{ATTN}hook_pattern[0]")[0], made.values(f"{ATTN}scores.grad[0]")[0]
    assert shares.index(max(shares)) == 1
    assert min(scores) == scores[0] == -max(map(abs, scores))
    sums, back = made.values(f"{MLP}hook_pre")[0], made.values(f"{MLP}hook_post_grad")[0]
    assert sums[0] > 1
    assert [bool(g) for h, g in zip(sums, back, strict=True) if h < 0] == [True, True]
    for at in ("ln_final.", LN):
        assert len({*map(abs, made.values(f"{at}standardized")[0])}) == 3
        assert all(made.values(f"{at}{mean}") != ((0,),) for mean in ("grad_mean", "grad_along"))
    assert max(x.denominator for x in made.values(MID)[0]) <= 2


@pytest.mark.parametrize("seed", [0, *range(3, 60, 8)])
def test_the_key_names_all_numbers_that_lift_the_first_word(seed):
    document, made = prepare(load_sheet("gpt-backward"), Options(seed=seed))
    (task,) = (word for section in document.sections for word in section.words if isinstance(word, Construction))
    ranges = dict(re.findall(r"(\d) ((?:above|below) −?[\d/]+)", plain_words(task.told)))
    assert ranges

    def is_right(column, number):
        texts = (column, str(number))
        return task.judged(texts, made.value, document.messages)[0] == "right"

    for column in map(str, range(1, 5)):
        beyond, bound = ranges.get(column, "above 0").split()
        bound, way = Fraction(bound.replace("−", "-")), 1 if beyond == "above" else -1
        assert is_right(column, bound + way * QUARTER) == (column in ranges)
        assert not is_right(column, bound)
        assert not is_right(column, bound - way)
