"""The second witness: it knows every operation, confirms every run, and misses no changed number."""

import random
import re
import subprocess
import sys
from fractions import Fraction

import pytest
from every_sheet import a_share, in_turn, made
from judged import (
    CASES,
    EXAMPLES,
    OPTIONS_IN_TURN,
    PUBLISHED,
    WIRED,
    changed_number,
    exactly,
    example_of,
    given_options,
    published,
    random_numbers,
    record_of,
    run_on,
    small,
)  # fmt: skip
from msgspec.structs import replace

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.errors import ByHandError, DomainError, WitnessError
from byhand.model import MODELS
from byhand.model.config import DEFAULTS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.pipeline import generate, prepare
from byhand.runs import Run
from byhand.tape import OPS
from byhand.witness import wiring
from byhand.witness.judge import judge
from byhand.witness.letters import value_of
from byhand.witness.numbers import EXACT, digits, rounds_to
from byhand.witness.rules import RULES
from byhand.witness.wiring import Wiring
from byhand.worksheet.sheet import all_sheets, load_sheet

SHEETS = [sheet.name for sheet in all_sheets()]


@pytest.mark.parametrize(("name", "n"), EXAMPLES)
def test_every_operation_has_a_witness_that_agrees(name, n):
    assert name in RULES, f"add {name} to byhand/witness/rules.py"
    example = example_of(name, n)
    judge(record_of(name, example, exactly(name)))
    for domain in (FLOATS, Decimals(3)):
        judge(record_of(name, example, domain, random_numbers(example, seed=name)))


def test_the_witness_knows_no_other_operations():
    assert set(RULES) == set(OPS)


def test_the_witness_shares_no_code_with_what_it_judges():
    code = "import sys, byhand.witness.judge; print(*(m for m in sys.modules if m.startswith('byhand.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in done.stdout.split()}
    assert rooms == {"errors", "witness"}


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("domain", [FLOATS, Decimals(10)], ids=lambda d: d.name)
def test_the_witness_confirms_the_published_runs(name, domain):
    judge(published(name, domain))


@pytest.mark.parametrize(
    ("model", "config"), a_share(CASES, 3), ids=lambda c: c if isinstance(c, str) else ",".join(c) or "plain"
)
def test_the_witness_wires_every_variant_of_a_model_by_itself(model, config):
    values = small(model, **config)
    tape = MODELS[model].run(values, FLOATS)
    made = run_on(tape, model, values)
    assert wiring.unwired(made) == []
    judge(without_recorded_wires(made))


def without_recorded_wires(run):
    """The run as if it had not recorded what its steps do, and what they read."""
    bare = {name: replace(step, op=replace(step.op, name="unknown"), inputs=(), params={})
            for name, step in run.steps.items() if step.op}  # fmt: skip
    return replace(run, steps={**run.steps, **bare})


def is_confirmed(run):
    """Whether the witness confirms a run by a wiring of its own."""
    try:
        judge(run)
    except WitnessError:
        return False
    return not wiring.unwired(run)


@pytest.mark.parametrize(("model", "flips"), a_share(OPTIONS_IN_TURN))
def test_the_witness_misses_an_option_that_a_model_leaves_out(model, flips):
    for option, config in flips:
        try:
            values, asked = (given_options(model, **c) for c in (config | {option: DEFAULTS[option]}, config))
            runs = [
                run_on(MODELS[model].run(v, FLOATS), model, v)
                for v in (values, replace(asked, weights=values.weights))
            ]
        except ByHandError:
            continue  # the model refuses it, or it needs other weights
        without, rules = runs[0], [{s.name: (s.op, s.inputs, s.params) for s in run.steps.values()} for run in runs]
        judge(without)
        if rules[0] != rules[1]:
            assert not is_confirmed(replace(without, config=asked.config)), config


def test_every_model_has_a_second_wiring():
    assert set(wiring.WIRINGS) == set(MODELS), "add it to byhand/witness/wiring.py"


@pytest.mark.parametrize(("sheet", "numbers"), in_turn("exact", "decimal"))
def test_every_step_of_a_sheet_has_a_second_wiring(sheet, numbers):
    run = made(sheet, numbers=numbers)[1]
    assert wiring.unwired(run) == []
    judge(without_recorded_wires(run))


def run_of(sheet, **options):
    return prepare(load_sheet(sheet), Options(**options))[1]


CHANGED = [("gpt", {}), ("gpt", {"numbers": "decimal"}), ("multi-head-attention", {"numbers": "symbolic"}),
           ("layer-norm", {}), ("feed-forward", {"numbers": "decimal", "places": 4})]  # fmt: skip


@pytest.mark.parametrize(("sheet", "options"), CHANGED)
def test_no_changed_number_of_a_step_is_missed(sheet, options):
    made, dice = run_of(sheet, **options), random.Random(0)
    for name in (name for name, step in made.steps.items() if step.op):
        rows = made.texts[name]
        i, j = dice.randrange(len(rows)), dice.randrange(len(rows[0]))
        wrong = "7/3" if rows[i][j] == "-inf" else f"{rows[i][j]} + 1" if options.get("numbers") == "symbolic" else str(
            Fraction(rows[i][j]) + Fraction(1, 100))  # fmt: skip
        with pytest.raises(WitnessError, match=rf"^{re.escape(name)}, row {i + 1}, column {j + 1}: "):
            judge(changed_number(made, name, i, j, wrong))


def test_a_changed_given_is_found_where_it_is_read_first():
    wrong = changed_number(run_of("attention-head"), "blocks.0.attn.W_K[0]", 1, 2, "5")
    message = r"^blocks\.0\.attn\.hook_k\[0\], row 2, column 3: the run has 0, the witness 5$"
    with pytest.raises(WitnessError, match=message):
        judge(wrong)


def test_what_the_witness_has_in_place_of_a_float_is_told_in_twelve_digits():
    made = head_in_floats(1)
    with pytest.raises(WitnessError, match=r"hook_q\[0\], row 1, column 1: the run has 5, the witness 0\.57$"):
        judge(changed_number(made, "blocks.0.attn.hook_q[0]", 0, 0, "5"))
    with pytest.raises(WitnessError, match=r", row 2, column 1: the run has 5, the witness 0\.\d{12}$"):
        judge(changed_number(made, "blocks.0.attn.hook_pattern[0]", 1, 0, "5"))


def test_slopes_of_three_and_of_twelve_heads_are_those_of_the_authors():
    """Press, Smith and Lewis 2022, and their code: between powers of two, the others are every second one of twice as
    many heads.
    """
    three, twelve = (Wiring(DEFAULTS | {"n_heads": n}, ()) for n in (3, 12))
    assert [three.slope(h) for h in range(3)] == [Fraction(1, 16), Fraction(1, 256), Fraction(1, 4)]
    assert [float(twelve.slope(h)) for h in range(7, 12)] == pytest.approx(
        [2**-8, 2**-0.5, 2**-1.5, 2**-2.5, 2**-3.5]
    )


def test_a_wrong_wire_is_found():
    made, keys, queries = run_of("attention-head"), "blocks.0.attn.hook_k[0]", "blocks.0.attn.hook_q[0]"
    wired = {**made.steps, keys: replace(made.steps[keys], inputs=made.steps[queries].inputs)}
    with pytest.raises(WitnessError, match=r"^blocks\.0\.attn\.hook_k\[0\], row 1"):
        judge(replace(made, steps=wired, texts={**made.texts, keys: made.texts[queries]}))


@pytest.mark.parametrize("sheet", SHEETS)
def test_generate_writes_nothing_that_the_witness_denies(sheet, tmp_path, monkeypatch):
    denied = next(step.op.name for step in run_of(sheet).steps.values() if step.op)
    monkeypatch.setitem(RULES, denied, lambda n, *inputs, **params: [[0]])
    with pytest.raises(WitnessError):
        generate(sheet, Options(formats=("html", "json"), cache=False), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_that_lacks_what_a_step_reads_is_refused():
    made = run_of("layer-norm")
    _, *rest = made.steps
    without = replace(made, steps={n: made.steps[n] for n in rest}, texts={n: made.texts[n] for n in rest})
    with pytest.raises(
        WitnessError, match=r"^blocks\.0\.hook_resid_mid reads blocks\.0\.hook_resid_pre, which the run does not"
    ):
        judge(without)


HEAD = (
    "hook_q",
    "hook_k",
    "hook_v",
    "scores_raw",
    "hook_attn_scores",
    "hook_pattern.exp",
    "hook_pattern.sum",
    "hook_pattern",
    "hook_z",
)
ROUNDED_AWAY = 3  # of the digits that identify a float64, how many its rounding errors may change


def head_in_floats(size):
    """A head of attention in float64, whose values are of a size, and all of whose sums are of one sign."""
    q, v = [[[0.3, 0.7], [0.2, 0.6]]], [[[size * 1.1, size * 2.3], [size * 3.7, size * 4.9]]]
    weights = {f"blocks.0.attn.W_{letter}": w for letter, w in {"Q": q, "K": q, "V": v}.items()}
    inputs = {"blocks.0.hook_resid_pre": [[1.3, 0.9], [0.4, 2.1]]}
    config = {"d_model": 2, "n_ctx": 2, "attention_dir": "bidirectional"}
    values = Values.of({"config": config, "weights": weights, "inputs": inputs})
    return run_on(MODELS["attention-head"].run(values, FLOATS), "attention-head", values)


@pytest.mark.parametrize("size", [1e-150, 1e-9, 1, 1_000_000, 1e150])
def test_no_changed_digit_of_a_float_is_missed_whatever_the_size_of_others(size):
    made = head_in_floats(size)
    judge(made)
    for name in HEAD:
        name = f"blocks.0.attn.{name}[0]"
        text = made.texts[name][1][0]
        places = [k for k, c in enumerate(text.partition("e")[0]) if c.isdigit()]
        leading = next(n for n, k in enumerate(places) if text[k] != "0")
        for k in places[leading : leading + 17 - ROUNDED_AWAY]:
            other = text[:k] + str((int(text[k]) + 1) % 10) + text[k + 1 :]
            with pytest.raises(WitnessError, match=rf"^{re.escape(name)}, row 2, column 1: "):
                judge(changed_number(made, name, 1, 0, other))


@pytest.mark.parametrize("size", [1e-200, 1e-5, 1e8])
@pytest.mark.parametrize("model", WIRED)
def test_the_witness_confirms_floats_of_every_size(model, size):
    """Of odd weights, so that every sum and product is rounded; some underflow."""
    values, dice = small(model, softmax_base="e", act_fn="gelu", eps="0.1"), random.Random(model)

    def odd(entry):
        return [odd(item) for item in entry] if isinstance(entry, list) else dice.gauss(0, 1) * size

    values = replace(values, weights={name: odd(entry) for name, entry in values.weights.items()})
    try:
        made = run_on(MODELS[model].run(values, FLOATS), model, values)
    except DomainError:  # too large for float64
        assert size > 1
    else:
        judge(made)


NUMBERS = [
    ("3", 3), ("-1/2", Fraction(-1, 2)), ("0.25", Fraction(1, 4)), ("-inf", float("-inf")), ("2*a - b", Fraction(5)),
    ("(a + 1)**2/2", 8), ("a**(-1)", Fraction(1, 3)), ("sqrt(a + b + 2)", 2), ("4**(b/2)", 2),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_a_number_is_read_as_it_is_written(text, value):
    assert value_of(text, {"a": Fraction(3), "b": Fraction(1)} if "sqrt" not in text else {"a": 1, "b": 1}) == value


@pytest.mark.parametrize("text", ["", "1/0", "a", "f(2)", "__import__('os')", "a.b", "[1]", "3 if 1 else 2", "nan"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(WitnessError, match=r"is not a number$"):
        value_of(text, {})


ROUNDED = [
    (Fraction(1, 2), 1, 0, True), (Fraction(-1, 2), -1, 0, True), (Fraction(1, 2), 0, 0, False),
    (Fraction(1, 200), Fraction(1, 100), 2, True), (Fraction(1, 3), Fraction(33, 100), 2, True),
    (Fraction(1, 3), Fraction(34, 100), 2, False), (Fraction(1, 3), Fraction(333, 1000), 2, False),
]  # fmt: skip


@pytest.mark.parametrize(("value", "recorded", "places", "right"), ROUNDED)
def test_a_tie_goes_away_from_0(value, recorded, places, right):
    assert rounds_to(value, Fraction(recorded), places) is right


def test_roots_are_exact_where_they_can_be():
    assert EXACT.root(Fraction(9, 4)) == Fraction(3, 2)
    assert EXACT.power(8, Fraction(-2, 3)) == Fraction(1, 4)
    assert [EXACT.sine_of_turns(Fraction(k, 12)) for k in (0, 1, 3, 5, 6, 7, 9, 11)] == [0, Fraction(1, 2), 1, Fraction(1, 2), 0, Fraction(-1, 2), -1, Fraction(-1, 2)]  # fmt: skip
    assert abs(digits().root(2) ** 2 - 2) < 1e-50


def test_a_step_may_be_given_in_place_of_what_it_is_computed_from():
    qkv = {f"blocks.0.attn.hook_{x}[0]": rows for x, rows in {"q": [[1, 0]], "k": [[0, 1]], "v": [[3, 4]]}.items()}
    values = Values.of({"config": {"d_model": 2, "softmax_base": 2, "use_attn_scale": False}, "inputs": qkv})
    judge(Run.of(MODELS["attention-head"].run(values, RATIONALS), "attention-head", values.config))


def test_a_letter_called_e_is_no_base_of_powers():
    assert value_of("E**2 + pi", {"E": 3, "pi": 5}) == 14
    assert value_of("E**2", {}) == value_of("exp(2)", {}) != 9


def test_distances_of_sixteen_and_more_share_buckets_up_to_the_distance_that_a_config_leaves_out():
    """T5's own 128: with 129, a distance of 16 falls into the bucket before."""
    values = small(
        "attention-head",
        positional_embedding_type="relative_positional_bias",
        attention_dir="bidirectional",
        n_ctx=17,
    )
    stream = [[(3 * i + j) % 3 - 1 for j in range(4)] for i in range(17)]
    values = replace(values, inputs={"blocks.0.hook_resid_pre": stream})
    biases = values.weights["blocks.0.attn.rel_pos_bias"][0]
    assert biases[25] != biases[26]
    tape = MODELS["attention-head"].run(values, FLOATS)
    for name in tape.steps:
        tape.values(name)
    judge(run_on(tape, "attention-head", values))


@pytest.mark.parametrize("sheet", ["thread-head", "thread-mask"])
def test_what_a_head_does_before_its_mask_has_a_second_wiring(sheet):
    run = run_of(sheet)
    pattern, mixture = "blocks.0.attn.unmasked_pattern[0]", "blocks.0.attn.unmasked_z[0]"
    assert {pattern, mixture} <= run.steps.keys()
    judge(without_recorded_wires(run))
    assert wiring.wires(run)[mixture].inputs == (pattern, "blocks.0.attn.hook_v[0]")
    assert wiring.wires(run)["blocks.0.attn.unmasked_pattern.exp[0]"].inputs == ("blocks.0.attn.scores_scaled[0]",)
