"""The witness judges gradients: all of a published model by differences, and every changed number is found."""

import json
import random
import re
from fractions import Fraction
from functools import cache
from itertools import islice

import pytest
from every_sheet import a_share
from judged import CASES, FOLDER, changed_number, run_on, small
from msgspec.structs import replace

from byhand.arithmetic.decimals import Decimals, DecimalsOnce
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.arithmetic.symbols import SYMBOLS
from byhand.backward import record_gradients
from byhand.errors import WitnessError
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.ops.linear import add, add_all, copy, dot_columns, dot_rows, matmul, multiply, row_dots
from byhand.ops.norms import center
from byhand.own_numbers import run_values
from byhand.runs import Run
from byhand.witness import gradients as module
from byhand.witness.duals import Duals
from byhand.witness.gradients import along_gradients, cells, compare_gradients, moved_apart, tangent_of
from byhand.witness.judge import computed, judge
from byhand.witness.letters import value_of
from byhand.witness.named import gradients, powers
from byhand.witness.numbers import EXACT, digits, fraction
from byhand.witness.wiring import STREAM, unwired, wires

INSTANCE = FOLDER / "gradients" / "gpt_backward_instance.json"
LAST = {  # what ../shared/STRANDS.md prints of it: the last rows of gradients, times a power of ln 2
    "logits": (0, "1/8 1/2 -3/4 1/32 1/16 1/32"), "blocks.0.hook_resid_post": (0, "3/8 -9/8 9/8 -3/8"),
    "blocks.0.mlp.hook_pre": (0, "0 0 15/8 0 3/8 0"), "blocks.0.hook_resid_mid": (0, "5/4 -5/2 5/2 -5/4"),
    "blocks.0.attn.z": (0, "5/4 0 -5/4 -5/2"), "blocks.0.attn.scores_scaled[0]": (1, "-5/4 5/4 0"),
    "blocks.0.attn.scores_scaled[1]": (1, "5/8 5/8 -5/4"),
}  # fmt: skip
NO_GRADIENT = {"loss", "next_token"}


VALUES = Values.of(json.loads(INSTANCE.read_text(encoding="utf-8")))


@cache
def instance():
    """The run of the published model, without gradients."""
    return run_values("gpt", VALUES)


@cache
def learned():
    """The same with gradients."""
    return run_values("gpt", VALUES, backward=True)


def numbers(run):
    return {name: [[value_of(x, {}) for x in row] for row in rows] for name, rows in run.texts.items()}


@cache
def tangent():
    """∂loss/∂cell of every cell of the published model, by the power of ln 2."""
    run = instance()
    each = {
        name: [[{((name, i, j), 0): 1} for j in range(cols)] for i in range(rows)]
        for name, (rows, cols) in ((name, step.shape) for name, step in run.steps.items())
    }
    return tangent_of("loss", wires(run), numbers(run), each, Duals(EXACT, 2))


def gradient(name, power):
    """A gradient as the witness finds it."""
    rows, cols = instance().steps[name].shape
    return [[tangent().get(((name, i, j), power), 0) for j in range(cols)] for i in range(rows)]


@pytest.mark.parametrize("name", LAST)
def test_gradients_of_the_published_model_are_those_that_were_published(name):
    power, row = LAST[name]
    assert gradient(name, power)[-1] == [*map(Fraction, row.split())]
    assert not any(map(any, gradient(name, power)[:-1]))
    assert not any(any(map(any, gradient(name, other))) for other in {-1, 0, 1, 2} - {power})


def loss_from(name, rows):
    """The loss of the published model with other numbers in a step, to sixty digits."""
    run, wired = instance(), wires(instance())
    steps = {given: x for given, x in numbers(run).items() if run.steps[given].op is None} | {name: rows}
    for other in wired:
        if other not in steps:
            steps[other] = computed(other, wired[other], steps, floats=False)
    return digits().num(steps["loss"][0][0])


def moved(rows, along, by):
    return [[x + by * y for x, y in zip(*pair, strict=True)] for pair in zip(rows, along, strict=True)]


def test_all_gradients_of_the_published_model_are_those_of_differences():
    """Along a random direction of each step and weight, by a central difference of sixty digits."""
    run, dice, n = instance(), random.Random(0), digits()
    step, found = Fraction(1, 10**20), 0
    for name in run.steps.keys() - NO_GRADIENT:
        rows = numbers(run)[name]
        if any(x == float("-inf") for row in rows for x in row):
            continue
        along = [[dice.randint(-9, 9) for _ in row] for row in rows]
        above, below = (loss_from(name, moved(rows, along, by)) for by in (step, -step))
        slope = fraction((above - below) / (2 * n.num(step)))
        said = sum(
            fraction(n.num(x) * y * n.logarithm(2) ** power)
            for power in (-1, 0, 1)
            for row, others in zip(gradient(name, power), along, strict=True)
            for x, y in zip(row, others, strict=True)
        )
        assert abs(slope - said) < Fraction(1, 10**30), name
        found += 1
    assert found > 60


WITHIN = r"\.(mean|centered|variance|hook_scale)$|(pattern|probs)\.(exp|sum)|^(probs|loss|next_token)"  # of one step


@pytest.mark.parametrize("of_class", [False, True])
def test_recorded_gradients_are_confirmed(of_class):
    judge(learned(), of_class)
    assert unwired(learned()) == []
    known = {gradient.step for gradient in gradients(learned()).values()}
    assert known == {name for name in instance().steps if not re.search(WITHIN, name)}


def changed_digits(run, dice):
    """A run with another digit in a number of a gradient, without end: the names of the step and of the run."""
    names = [*gradients(run)]
    while True:
        name = dice.choice(names)
        i, j = (dice.randrange(size) for size in run.steps[name].shape)
        text = run.texts[name][i][j]
        k = dice.choice([k for k, c in enumerate(text) if c.isdigit()])
        other = text[:k] + dice.choice([c for c in "123456789" if c != text[k]]) + text[k + 1 :]
        if Fraction(other) != Fraction(text):
            yield name, i, j, changed_number(run, name, i, j, other)


def test_a_thousand_changed_digits_are_found():
    """By the judge, and by the derivatives alone."""
    run, n = learned(), Duals(EXACT, 2)
    alone, apart = moved_apart(gradients(run), wires(run))
    of = {name: (step, powers(run, gradients(run))[name]) for name, step in alone.items()}
    moved, right_numbers = cells(run, of), numbers(run)
    right = tangent_of("loss", apart, right_numbers, moved, n)
    for name, i, j, wrong in islice(changed_digits(run, random.Random(0)), 1000):
        with pytest.raises(WitnessError, match=rf"^{re.escape(name)}, row {i + 1}, column {j + 1}: "):
            judge(wrong)
        steps = {**right_numbers, name: [[value_of(x, {}) for x in row] for row in wrong.texts[name]]}
        found = along_gradients({name: of[name]}, steps, moved, n)
        assert [key for key, x in found.items() if x != right.get(key, 0)] == [((of[name][0], i, j), of[name][1])]


@pytest.mark.parametrize("most", [1, 40, 300])
def test_a_large_run_is_moved_in_directions_and_then_in_parts(monkeypatch, most):
    monkeypatch.setattr(module, "MOST_MOVED", most)
    judge(learned())
    (name, i, j, wrong), *_ = changed_digits_of_whole(3)
    place = rf"^the gradient of {re.escape(gradients(wrong)[name].step)}, row {i + 1}, column {j + 1}: the run has "
    with pytest.raises(WitnessError, match=place):
        compare_gradients(wrong, wires(wrong), numbers(wrong), Duals(EXACT, 2))


def changed_digits_of_whole(seed, count=1):
    """Changes of gradients that are not those of one reader only."""
    changes = changed_digits(learned(), random.Random(seed))
    return [*islice((change for change in changes if not gradients(learned())[change[0]].reader), count)]


@pytest.mark.parametrize("along", [False, True])
def test_a_changed_digit_is_told_with_its_place(along):
    for name, i, j, wrong in changed_digits_of_whole(1, 5):
        of = gradients(wrong)[name].step
        place = rf"^the gradient of {re.escape(of)}, row {i + 1}, column {j + 1}: the run has "
        with pytest.raises(WitnessError, match=place):
            compare_gradients(wrong, wires(wrong), numbers(wrong), Duals(EXACT, 2), along)


AT = "blocks.0.attn"
X = [[1, 0, 2], [0, 1, 1], [2, 1, 0]]
WEIGHTS = {"W_Q": [[[1, 0], [0, 2], [1, 1]]], "W_K": [[[0, 1], [1, 0], [2, 1]]], "W_V": [[[1, 2], [0, 1], [1, 0]]]}
UPSTREAM = [[1, -2], [0, 3], [2, 1]]


def head(domain, base=2, upstream=UPSTREAM, center=center):
    """A causal head with its backward pass as one writes it on paper, in the names of its steps."""
    config = {"d_model": 3, "d_head": 2, "n_ctx": 3, "softmax_base": base, "use_attn_scale": False}
    weights = {f"{AT}.{name}": rows for name, rows in WEIGHTS.items()}
    values = Values.of({"config": config, "weights": weights, "inputs": {STREAM: X}})
    tape = MODELS["attention-head"].run(values, domain)
    tape.numbers["upstream"] = upstream
    x, q, k, v, pattern = (
        tape[name] for name in (STREAM, *(f"{AT}.hook_{x}[0]" for x in ("q", "k", "v", "pattern")))
    )
    power = "ln 2" if base == 2 else ""

    def by(letter, g, part):
        """What comes to x by q, k or v, whose gradient is g."""
        name = f"{STREAM}_grad{part if power else ''}"
        alone = f".by.{AT}.hook_{letter.lower()}.0" if part == ".scores" or not power else ""
        dot_columns(x, g, name=f"{AT}.W_{letter}.grad[0]")
        return dot_rows(g, tape[f"{AT}.W_{letter}[0]"], name=name + alone)

    z = copy(tape.given("upstream", (3, 2)), name=f"{AT}.hook_z_grad[0]")
    values_back = by("V", dot_columns(pattern, z, name=f"{AT}.hook_v_grad[0]"), ".values")
    shares = dot_rows(z, v, name=f"{AT}.hook_pattern_grad[0]")
    less = center(shares, row_dots(pattern, shares, name=f"{AT}.hook_pattern.dot[0]"), name="less")
    before = {*tape.steps}
    scores = multiply(pattern, less, name=f"{AT}.hook_attn_scores_grad[0]")
    raw = copy(scores, name=f"{AT}.scores_raw.grad[0]")
    queries_back = by("Q", matmul(raw, k, name=f"{AT}.hook_q_grad[0]"), ".scores")
    keys_back = by("K", dot_columns(raw, q, name=f"{AT}.hook_k_grad[0]"), ".scores")
    if power:
        add(queries_back, keys_back, name=f"{STREAM}_grad.scores")
    else:
        add_all(values_back, queries_back, keys_back, name=f"{STREAM}_grad")
    for name in tape.steps:
        tape.values(name)
    tape.loss = f"{AT}.hook_z[0]"
    run = Run.of(tape, "attention-head", values.config)
    tagged = {name: replace(step, times=power) for name, step in run.steps.items() if name not in before}
    return replace(run, steps={**run.steps, **tagged})


SYSTEMS = [RATIONALS, Decimals(3), DecimalsOnce(3), FLOATS]
HEADS = [(domain, base) for domain in SYSTEMS for base in (2, "e") if (domain, base) != (RATIONALS, "e")]


@pytest.mark.parametrize(("domain", "base"), HEADS)
@pytest.mark.parametrize("of_class", [False, True])
def test_a_head_that_went_back_is_right_in_every_number_system(domain, base, of_class):
    made = head(domain, base)
    judge(made, of_class)
    assert unwired(made) == ["less"]


def test_a_head_of_letters_that_went_back_is_right():
    judge(head(SYMBOLS, upstream=[["a", -2], [0, "b"], [2, 1]]))


def forgotten(shares, dots, name):
    """The gradient of a softmax as an element-wise function would have it."""
    return copy(shares, name=name)


@pytest.mark.parametrize(("domain", "base"), HEADS)
@pytest.mark.parametrize("of_class", [False, True])
def test_a_wrong_recipe_is_found_though_every_number_follows_from_it(domain, base, of_class):
    message = r"^the gradient of blocks\.0\.attn\.hook_attn_scores\[0\], row 1, column 1: the run has -"
    with pytest.raises(WitnessError, match=message):
        judge(head(domain, base, center=forgotten), of_class)


def test_a_factor_left_out_is_found():
    made = head(RATIONALS)
    name = f"{AT}.hook_q_grad[0]"
    wrong = replace(made, steps={**made.steps, name: replace(made.steps[name], times="")})
    with pytest.raises(
        WitnessError, match=r"^the gradient of blocks\.0\.attn\.hook_q\[0\], row 2, column 1: the run has"
    ):
        judge(wrong)
    wrong = replace(made, steps={**made.steps, name: replace(made.steps[name], times="ln 3")})
    with pytest.raises(WitnessError, match=rf"^{re.escape(name)} is times 'ln 3', which is no power of ln 2$"):
        judge(wrong)


def test_a_part_left_out_is_found():
    made = head(RATIONALS)
    rest = {name: step for name, step in made.steps.items() if name != f"{STREAM}_grad.scores"}
    with pytest.raises(
        WitnessError, match=r"^the gradient of blocks\.0\.hook_resid_pre, .* the run has 0 · \(ln 2\)\^1, "
    ):
        judge(replace(made, steps=rest))


@pytest.mark.parametrize(
    ("model", "config"), a_share(CASES, 4), ids=lambda c: c if isinstance(c, str) else ",".join(c) or "plain"
)
def test_the_witness_confirms_the_gradients_of_every_variant_of_a_model(model, config):
    values = small(model, **config)
    tape = MODELS[model].run(values, FLOATS)
    of = "logits" if "logits" in tape.steps else tape.results[0]
    tape.values(of)
    if tape[of].step.op_name in ("given", "row_argmax") or "mask_buckets" in {step.op_name for step in tape.used()}:
        pytest.skip("nothing is computed, or there is no gradient")
    if tape.loss:
        pytest.skip("it has its gradients already")
    judge(went_back(tape, of, model, values))


def went_back(tape, of, model, values):
    """The run of a tape with the gradients of a result, whose own is random."""
    dice = random.Random(model)
    tape.values(of)
    tape.numbers["upstream"] = [[dice.uniform(-1, 1) for _ in range(tape[of].cols)] for _ in range(tape[of].rows)]
    for name in record_gradients(tape, of):
        tape.values(name)
    return replace(run_on(tape, model, values), loss=of)


def test_gradients_of_a_loss_that_is_no_fraction_are_exact_all_the_same():
    run = run_values("gpt", VALUES, backward=True, loss="all")
    assert "loss" not in run.steps
    judge(run)
    judge(run, of_class=True)
    wrong = replace(run, target=("bird", "flew", "mat"))
    with pytest.raises(WitnessError, match=r"^the gradient of logits, row 3, column 3: the run has "):
        compare_gradients(wrong, wires(wrong), numbers(wrong), Duals(EXACT, 2))


def test_only_gradients_of_givens_are_judged_where_a_run_reads_other_steps_than_the_witness():
    """The rows of a cache are put below each other one by one; the witness puts them there at once."""
    values = small("writing")
    made = went_back(MODELS["writing"].run(values, FLOATS), "logits", "writing", values)
    judge(made)
    whole = {name: gradient.step for name, gradient in gradients(made).items() if not gradient.reader}
    given = {name for name, step in whole.items() if made.steps[step].op is None}
    assert given
    assert not given & {*unwired(made)}
    assert "round3.values.grad" in unwired(made)


def test_gradients_of_a_texts_own_words_have_a_second_wiring():
    run = run_values("gpt", replace(VALUES, target=()), backward=True)
    judge(run)
    assert unwired(run) == []
