"""The second witness: it knows every operation, confirms every run, and misses no changed number."""

import copy
import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.errors import WitnessError
from byhand.formats.json import run_record
from byhand.model.config import Config
from byhand.model.models import MODELS, run
from byhand.model.weights import Values, parameter_shapes
from byhand.pipeline import Options, generate, prepare
from byhand.tape import OPS, Tape
from byhand.witness import wiring
from byhand.witness.judge import judge
from byhand.witness.letters import value_of
from byhand.witness.numbers import EXACT, digits, rounds_to
from byhand.witness.rules import RULES
from byhand.witness.wiring import DECODER, ENCODER, MIDDLE, STREAM
from byhand.worksheet.sheet import all_sheets, load_sheet

FOLDER = Path(__file__).parents[1] / "published"
CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
SHEETS = [sheet.name for sheet in all_sheets()]
PARAMS = {
    "power_of": {"base": 3},
    "divide_by_root": {"of": 2},
    "divide_by": {"of": 3},
    "root": {"eps": Fraction(1, 4)},
    "gather_rows": {"rows": (1, 0, 1)},
    "sinusoid": {"width": 3},
    "multiply": {"times": 3},
    "plus_number": {"by": 5},
    "times_number": {"by": 2},
    "one_hot": {"rows": (1, 0, 2)},
    "gather_entries": {"cols": (1, 0, 2)},
    "keep_entries": {"kept": ((1, 0, 1), (0, 1, 0), (0, 0, 0))},
    "surprisal": {"base": 3},
    "column_as_row": {"which": 1},
    "turns": {"periods": (4, 2)},
}
SIZES = {"i": 3, "j": 3, "k": 3, "1": 1, "*": 2, "w": 2}


def record_of(name, domain):
    """A run of one operation on small random numbers, all above 0 so that roots and quotients exist."""
    dice, op = random.Random(name), OPS[name]
    letters = [pair.removesuffix("…") for pair in op.signature.split("->")[0].split(",") if pair]
    letters += letters[-1:] if "…" in op.signature else []
    shapes = {f"x{n}": tuple(SIZES[letter] for letter in pair) for n, pair in enumerate(letters)}
    numbers = {
        x: [[Fraction(dice.randint(1, 9), 4) for _ in range(cols)] for _ in range(rows)]
        for x, (rows, cols) in shapes.items()
    }
    tape = Tape(domain, numbers)
    operands = [tape.given(x, shape, ("pos", "dim")) for x, shape in shapes.items()]
    sizes = {
        "hstack": {"j": (4, "dim")},
        "gather_rows": {"i": (3, "pos")},
        "sinusoid": {"i": (3, "pos"), "j": (3, "dim")},
        "one_hot": {"i": (3, "pos"), "j": (4, "dim")},
        "turns": {"i": (3, "pos"), "j": (2, "pair")},
        "vstack": {"i": (4, "pos")},
        "slide": {"o": (2, "pos")},
    }
    result = op(*operands, name="y", tape=tape, sizes=sizes.get(name), **PARAMS.get(name, {}))
    tape.values(result.name)
    return run_record(tape, "one operation", Config(), ())


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_operation_has_a_witness_that_agrees(name):
    assert name in RULES, f"add {name} to byhand/witness/rules.py"
    for domain in (FLOATS, Decimals(3)):
        judge(record_of(name, domain))


def test_the_witness_knows_no_other_operations():
    assert set(RULES) == set(OPS)


def test_the_witness_shares_no_code_with_what_it_judges():
    code = "import sys, byhand.witness.judge; print(*(m for m in sys.modules if m.startswith('byhand.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in done.stdout.split()}
    assert rooms == {"errors", "witness"}


def entries(case):
    config = dict(case["config"])
    made = {"config": config, "tokens": case.get("tokens"), "inputs": case["inputs"], "weights": case["weights"]}
    if case["model"] != "positional-encoding":
        return case["model"], made
    return "gpt", made | {"config": {**config, "d_vocab": 1}, "tokens": [0] * config["n_ctx"]}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("domain", [FLOATS, Decimals(10)], ids=lambda d: d.name)
def test_the_witness_confirms_the_published_runs(name, domain):
    model, made = entries(CASES[name])
    tape = run(model, Values.of(made), domain, force=False)
    tape.values("hook_pos_embed" if CASES[name]["model"] == "positional-encoding" else list(tape.steps)[-1])
    values = Values.of(made)
    judge(run_record(tape, model, values.config, [str(i) for i in values.ids()] if values.tokens else ()))


ROWS = [[3, 0, 1, -2], [-1, 2, 2, 0], [0, -3, 1, 1]]
GIVEN = {  # what each model starts from, where it is not the stream of a block
    "softmax": ["scores"], "gpt": [], "feed-forward": [MIDDLE], "mlp": ["x"], "linear-layer": ["x"],
    "dot-product": ["u", "v"], "cross-attention": [ENCODER, DECODER], "encoder": [ENCODER], "encoder-decoder": [ENCODER, DECODER],
}  # fmt: skip


def small(model, **config):
    """A run of a model with two heads, every bias and every norm's parameters."""
    dice = random.Random(model)
    sizes = {
        "d_model": 4,
        "n_heads": 2,
        "d_head": 4,
        "d_v": 2,
        "d_mlp": 3,
        "d_vocab": 5,
        "n_ctx": 3,
        "softmax_base": 2,
    }

    def numbers(*shape):
        return [numbers(*shape[1:]) for _ in range(shape[0])] if shape else dice.choice((-1, 0, 0, 1))

    config = sizes | config
    weights = {name: numbers(*shape) for name, shape in parameter_shapes(Config.of(config)).items()}
    inputs = dict.fromkeys(GIVEN.get(model, [STREAM]), ROWS)
    if model == "matrix-product":
        inputs = {"A": ROWS, "B": numbers(4, 2)}
    tokens = [3, 0, 4] if model == "gpt" else None
    return Values.of({"config": config, "weights": weights, "inputs": inputs, "tokens": tokens})


VARIANTS = [
    {},
    {"norm_position": "post", "act_fn": "gelu", "softmax_base": "e"},
    {"attn_only": True, "normalization_type": "RMS", "eps": "0.5"},
    {"attn_only": True, "norm_position": "post"},
    {
        "normalization_type": None,
        "attention_dir": "bidirectional",
        "use_attn_scale": False,
        "positional_embedding_type": "sinusoidal",
    },
    {"attention_dir": "bidirectional", "use_attn_result": True, "positional_embedding_type": None},
    {"correction": 1, "tie_word_embeddings": True},
    {
        "n_layers": 2,
        "normalization_type": "RMS",
        "positional_embedding_type": "sinusoidal",
        "sinusoidal_periods": [4, 12],
    },
]


@pytest.mark.parametrize("config", VARIANTS, ids=lambda c: ",".join(c) or "plain")
@pytest.mark.parametrize("model", sorted(set(MODELS) & set(wiring.MODELS)))
def test_the_witness_wires_every_variant_of_a_model_by_itself(model, config):
    values = small(model, **config)
    tape = run(model, values, FLOATS)
    record = run_record(tape, model, values.config, [str(i) for i in values.ids()])
    own = wiring.Wiring(record["config"], {s["name"] for s in record["steps"] if s["op"] == "given"}, values.ids())
    wiring.MODELS[model](own)
    beside = ("b_O.rows", "count", "count.weights")  # what the witness takes from the record
    for step in record["steps"]:
        if step["op"] != "given" and not step["name"].endswith(beside):
            assert step["name"] in own.wires
            step |= {"op": "unknown", "inputs": [], "params": {}}
    judge(record)


def run_of(sheet, **options):
    return prepare(load_sheet(sheet), Options(**options))[1]


CHANGED = [("gpt", {}), ("gpt", {"numbers": "decimal"}), ("multi-head-attention", {"numbers": "symbolic"}),
           ("layer-norm", {}), ("feed-forward", {"numbers": "decimal", "places": 4})]  # fmt: skip


@pytest.mark.parametrize(("sheet", "options"), CHANGED)
def test_no_changed_number_of_a_step_is_missed(sheet, options):
    record, dice = run_of(sheet, **options), random.Random(0)
    for at, step in enumerate(record["steps"]):
        if step["op"] == "given":
            continue
        wrong = copy.deepcopy(record)
        rows = wrong["steps"][at]["values"]
        i, j = dice.randrange(len(rows)), dice.randrange(len(rows[0]))
        rows[i][j] = "7/3" if rows[i][j] == "-inf" else f"{rows[i][j]} + 1" if options.get("numbers") == "symbolic" else str(
            Fraction(rows[i][j]) + Fraction(1, 100))  # fmt: skip
        with pytest.raises(
            WitnessError, match=rf"^{step['name']}".replace("[", r"\[") + f", row {i + 1}, column {j + 1}: "
        ):
            judge(wrong)


def test_a_changed_given_is_found_where_it_is_read_first():
    record = run_of("attention-head")
    step = next(s for s in record["steps"] if s["name"] == "blocks.0.attn.W_K[0]")
    step["values"][1][2] = "5"
    message = r"^blocks\.0\.attn\.hook_k\[0\], row 1, column 3: the run has -2, the witness 8$"
    with pytest.raises(WitnessError, match=message):
        judge(record)


def test_a_wrong_wire_is_found():
    record = run_of("attention-head")
    names = {s["name"]: s for s in record["steps"]}
    keys, queries = names["blocks.0.attn.hook_k[0]"], names["blocks.0.attn.hook_q[0]"]
    keys |= {"inputs": queries["inputs"], "values": queries["values"]}
    with pytest.raises(WitnessError, match=r"^blocks\.0\.attn\.hook_k\[0\], row 1"):
        judge(record)


@pytest.mark.parametrize("sheet", SHEETS)
def test_generate_writes_nothing_that_the_witness_denies(sheet, tmp_path, monkeypatch):
    denied = next(s["op"] for s in run_of(sheet)["steps"] if s["op"] != "given")
    monkeypatch.setitem(RULES, denied, lambda n, *inputs, **params: [[0]])
    with pytest.raises(WitnessError):
        generate(sheet, Options(formats=("html", "json"), cache=False), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_that_lacks_what_a_step_reads_is_refused():
    record = run_of("layer-norm")
    record["steps"] = record["steps"][1:]
    with pytest.raises(
        WitnessError, match=r"^blocks\.0\.hook_resid_mid reads blocks\.0\.hook_resid_pre, which the run does not"
    ):
        judge(record)


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
    judge(run_record(run("attention-head", values, RATIONALS), "attention-head", values.config, ()))
