"""The backward pass of whole models: against the derivative of every cell, against differences, and in its texts."""

import json
import math
import random
import re
from collections import defaultdict
from fractions import Fraction

import pytest
from click.testing import CliRunner
from every_sheet import a_share
from judged import CASES, FOLDER, STREAM, changed_number, given_options, small
from logarithms import Logarithms
from msgspec.structs import replace

from byhand.arithmetic.derivative import pushed
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Num, evaluate
from byhand.arithmetic.floats import FLOATS
from byhand.backward import backward, part_of, record_gradients
from byhand.cli import main
from byhand.errors import ByHandError, ConfigError, ValuesError, WitnessError
from byhand.model import MODELS
from byhand.model.names import grad_name
from byhand.model.weights import UPSTREAM, Values
from byhand.ops.attention import power_of
from byhand.own_numbers import run_values
from byhand.record import as_table, as_text, read
from byhand.tape import Tape
from byhand.witness.judge import judge

INSTANCE = json.loads((FOLDER / "gradients" / "gpt_backward_instance.json").read_text(encoding="utf-8"))
PRINTED = {  # as they are printed with the instance: the last row, before which all are 0
    "logits.grad": "1/8 1/2 -3/4 1/32 1/16 1/32",
    "blocks.0.hook_resid_post_grad": "3/8 -9/8 9/8 -3/8",
    "blocks.0.mlp.hook_pre_grad": "0 0 15/8 0 3/8 0",
    "blocks.0.hook_resid_mid_grad": "5/4 -5/2 5/2 -5/4",
    "blocks.0.attn.z.grad": "5/4 0 -5/4 -5/2",
    "blocks.0.attn.hook_attn_scores_grad[0]": "-5/4 5/4 0",
    "blocks.0.attn.hook_attn_scores_grad[1]": "5/8 5/8 -5/4",
}


def instance(**changes):
    """The values of the published instance, with other options."""
    return Values.of(INSTANCE | {"config": INSTANCE["config"] | changes})


def parts_of(tape, name):
    """The numbers of a step's gradient, and the power of ln b beside each of them; nothing for a step without one."""
    total = grad_name(name)
    names = [n for n in (total, *(part_of(total, power) for power in range(9))) if n in tape.steps]
    return [(tape.values(n), power_in(tape.steps[n].times)) for n in names]


def power_in(times):
    """The power of ln b that stands beside numbers."""
    if not times:
        return 0
    assert re.fullmatch(r"ln [23]|\(ln [23]\)[²³⁴⁵⁶⁷⁸⁹]", times)
    return "²³⁴⁵⁶⁷⁸⁹".index(times[-1]) + 2 if times[-1] in "²³⁴⁵⁶⁷⁸⁹" else 1


def operations_before(tape, name):
    """The operations by which a step is computed."""
    before = {name}
    for step in reversed(tape.steps.values()):
        before |= {*step.inputs} if step.name in before else set()
    return {tape.steps[name].op_name for name in before}


def by_cells(tape, seed):
    """The gradient of every cell of the steps that were evaluated: what comes from the cells whose trees read it.

    seed: gradients of some cells, with which it begins.
    """
    found = defaultdict(int, seed)
    for step in reversed([step for step in tape.used() if step.op]):
        for i in range(step.shape[0]):
            for j in range(step.shape[1]):
                if found[step.name, i, j]:
                    for ref, share in pushed(tape.cell(step.name, i, j), Num(found[step.name, i, j])):
                        found[ref.matrix, *ref.index] += evaluate(share, tape.value, tape.domain)
    return found


def check(tape, of, seed, ln, agree=lambda a, b: a == b):
    """Hold every recorded gradient against that of its cells, and say how many steps have one."""
    forward, cells, checked = [step.name for step in tape.used()], by_cells(tape, seed), 0
    record_gradients(tape, of)
    for name in forward:
        parts, (rows, cols) = parts_of(tape, name), tape.steps[name].shape
        for i in range(rows if parts else 0):
            for j in range(cols):
                found = sum(values[i][j] * ln**power for values, power in parts)
                assert agree(found, cells[name, i, j]), (name, i, j)
        checked += bool(parts)
    return checked


def nearly(a, b):
    return a == pytest.approx(b, rel=1e-9, abs=1e-9)


# ---- the published instance ----


def test_the_printed_gradients_of_the_published_instance():
    run = run_values("gpt", instance(), backward=True)
    assert (run.texts["loss"], run.loss, run.target) == ((("2",),), "loss", ("flew",))
    for name, last in PRINTED.items():
        *before, row = run.texts[name]
        assert " ".join(row) == last
        assert {x for row in before for x in row} == {"0"}


@pytest.mark.parametrize("ln", [Fraction(2, 3), Fraction(-7, 2)])
def test_every_gradient_of_the_published_instance_is_that_of_its_cells(ln):
    """With another number in the place of ln 2, so that it stands beside just those numbers that it belongs to."""
    tape = MODELS["gpt"].run(instance(), Logarithms(ln))
    assert tape.values("loss") == ((2,),)
    assert check(tape, "loss", {("loss", 0, 0): Fraction(1)}, ln) == 53


@pytest.mark.parametrize(
    "changes", [{}, {"softmax_base": "e", "tie_word_embeddings": True}, {"n_layers": 2, "normalization_type": "RMS"}]
)
def test_every_gradient_is_what_a_small_step_changes(changes):
    """Differences know nothing of operations, trees or logarithms."""
    values, dice, by = small("gpt", **changes), random.Random(0), 2.0**-16
    tape = MODELS["gpt"].run(replace(values, target=(2,)), FLOATS)
    tape.values("loss")
    givens = [step for step in tape.used() if step.op is None]
    record_gradients(tape, "loss")
    ln = 1 if values.config.softmax_base == "e" else math.log(2)
    for name, (rows, cols) in ((step.name, step.shape) for step in givens):
        i, j = dice.randrange(rows), dice.randrange(cols)
        losses = []
        for step in (by, -by):
            moved = [
                [x + step * ((k, m) == (i, j)) for m, x in enumerate(row)] for k, row in enumerate(tape.values(name))
            ]
            losses.append(tape.replay(numbers={name: moved}).values("loss")[0][0])
        found = sum(values[i][j] * ln**power for values, power in parts_of(tape, name))
        assert found == pytest.approx((losses[0] - losses[1]) / (2 * by), rel=1e-5, abs=1e-6), name


# ---- other models and options ----

OTHERS = [case for case in CASES if case[0] != "cross-entropy"]  # whose own last steps are the gradient of its logits


@pytest.mark.parametrize("target", [(2,), (1, 4, 2)])
@pytest.mark.parametrize(
    "config", [{"n_layers": 2}, {"n_layers": 2, "share_layers": True}, {"tie_word_embeddings": True}]
)
def test_layers_and_embeddings_that_share_weights_add_their_gradients(config, target):
    values = given_options("gpt", **config, normalization_type=None)
    tape = MODELS["gpt"].run(replace(values, target=target), FLOATS)
    tape.values("loss")
    assert check(tape, "loss", {("loss", 0, 0): 1.0}, math.log(2), nearly) > 20
    assert {step.times for step in tape.steps.values()} == {
        "",
        "ln 2",
        *(["(ln 2)²"] if "n_layers" in config else []),
    }


@pytest.mark.parametrize(
    ("model", "config"), a_share(OTHERS, 2), ids=lambda c: c if isinstance(c, str) else ",".join(c) or "plain"
)
def test_the_gradients_of_every_variant_of_a_model_are_those_of_its_cells(model, config):
    values, dice = small(model, **config), random.Random(model)
    tape = MODELS[model].run(values, FLOATS)
    if tape.loss:
        pytest.skip("it has its gradients already")
    of = "logits" if "logits" in tape.steps else tape.results[0]
    if MODELS[model].says_words and "probs" in tape.steps:
        tape, of = MODELS[model].run(replace(values, target=(2,)), FLOATS), "loss"
        tape.values(of)
    if "attention_kernel" in config:  # whose slope at 0 is that from below, which a tree with a maximum does not have
        x = [[x + dice.uniform(0.1, 0.2) for x in row] for row in tape.values(STREAM)]
        tape = tape.replay(numbers={STREAM: x})
        tape.values(of)
    seed = {(of, i, j): dice.uniform(-1, 1) for i in range(tape[of].rows) for j in range(tape[of].cols)}
    if of == "loss":
        seed = {("loss", 0, 0): 1.0}
    else:
        tape.numbers[UPSTREAM] = [[seed[of, i, j] for j in range(tape[of].cols)] for i in range(tape[of].rows)]
    if "row_argmax" in operations_before(tape, of):
        with pytest.raises(
            ValuesError,
            match=r"^no gradient goes back through .*: the place of the largest number does not .*: it jumps$",
        ):
            record_gradients(tape, of)
        return
    base = values.config.softmax_base
    assert check(tape, of, seed, 1 if base == "e" else math.log(base), nearly)


# ---- what is recorded ----


def test_base_e_needs_no_logarithm_beside_its_numbers():
    run = run_values("gpt", instance(softmax_base="e"), "float", backward=True)
    assert {step.times for step in run.steps.values()} == {""}
    assert "blocks.0.hook_resid_pre_grad" in run.steps
    assert not [name for name in run.steps if name.endswith((".values", ".scores"))]


def test_the_twin_in_base_e_has_the_gradients_that_the_docs_say():
    """As PyTorch has it: queries and unembedding times ln 2, and a loss in nats."""
    ln, weights = math.log(2), dict(INSTANCE["weights"])
    weights["blocks.0.attn.W_Q"] = [[[x * ln for x in row] for row in head] for head in weights["blocks.0.attn.W_Q"]]
    weights["unembed.W_U"] = [[x * ln for x in row] for row in weights["unembed.W_U"]]
    entries = INSTANCE | {"weights": weights, "config": INSTANCE["config"] | {"softmax_base": "e"}}
    twin = run_values("gpt", Values.of(json.loads(json.dumps(entries), parse_float=str)), "float", backward=True)
    ours = run_values("gpt", instance(), backward=True)
    assert twin.values("loss")[0][0] == pytest.approx(2 * ln)
    factors = {
        "unembed.W_U": 1,
        "attn.W_Q[0]": ln,
        "attn.W_K[1]": ln**2,
        "attn.W_V[1]": ln,
        "attn.W_O": ln,
        "mlp.W_in": ln,
        "ln2.w": ln,
    }
    for end, factor in factors.items():
        (name,) = (grad_name(name) for name in ours.steps if name.endswith(end))
        for mine, theirs in zip(ours.values(name), twin.values(name), strict=True):
            assert theirs == pytest.approx([float(x) * factor for x in mine])


def test_powers_of_two_bases_have_no_common_logarithm():
    tape = Tape(RATIONALS, {"x": [[1]], UPSTREAM: [[1]]})
    power_of(power_of(tape.given("x", (1, 1)), name="y", base=2), name="z", base=3)
    with pytest.raises(ConfigError, match=r"^the steps have powers of 2 and of 3; use one base, or base e$"):
        record_gradients(tape, "z")


def test_what_the_gradient_of_a_step_consists_of():
    """The two parts of what comes to the first norm, the mean and the mean along it of each, and what comes by whom."""
    run = run_values("gpt", instance(), backward=True)
    pre = "blocks.0.hook_resid_pre_grad"
    assert pre not in run.steps
    assert (run[f"{pre}.values"].times, run[f"{pre}.scores"].times) == ("", "ln 2")
    assert run[f"{pre}.values"].inputs == (
        f"{pre}.values.by.blocks.0.ln1.standardized",
        "blocks.0.hook_resid_mid_grad",
    )
    assert [run[f"blocks.0.ln1.{name}"].op_name for name in ("grad_mean.scores", "grad_along.values")] == [
        "row_mean", "mean_product",
    ]  # fmt: skip
    assert run["blocks.0.attn.hook_pattern.dot[1]"].op_name == "row_dots"
    by = "blocks.0.ln1.hook_normalized_grad.scores.by.blocks.0.attn"
    assert run["blocks.0.ln1.hook_normalized_grad.scores"].inputs == tuple(
        f"{by}.hook_{letter}.{head}" for head in (0, 1) for letter in "qk"
    )
    within = ("mean", "centered", "variance", "hook_scale")
    assert not [name for name in within if grad_name(f"blocks.0.ln1.{name}") in run.steps]
    assert run["blocks.0.mlp.W_in.grad"].part == run["blocks.0.mlp.W_in"].part == "mlp"
    assert run["blocks.0.mlp.W_in.grad"].axes == run["blocks.0.mlp.W_in"].axes


def test_the_mean_loss_of_all_tokens():
    run = run_values("gpt", instance(), "float", backward=True, loss="all")
    assert run.target == ("bird", "flew", "flew")
    assert "probs.known" not in run.steps
    ours, probs = run.values("logits.grad"), run.values("probs")
    for row, (grads, shares) in enumerate(zip(ours, probs, strict=True)):
        assert grads == pytest.approx([(p - (j == (1, 2, 2)[row])) / 3 for j, p in enumerate(shares)])
    assert run_values("gpt", instance(), backward=True, loss="last").texts["loss"] == (("2",),)


def test_a_loss_that_is_no_fraction_is_left_out_and_its_gradients_are_there():
    told = []
    run = run_values("gpt", instance(), backward=True, loss="all", tell=told.append)
    assert "loss" not in run.steps
    assert sum(Fraction(x) for x in run.texts["logits.grad"][0]) == 0
    assert told == [
        "the loss is left out: loss_per_token, row 1, column 1: log 2 of 16/425 is not a whole number; "
        "use --numbers decimal"
    ]


def test_a_run_goes_on_with_the_gradients_that_it_would_have_had():
    values = instance()
    forward, whole = run_values("gpt", values), run_values("gpt", values, backward=True)
    assert as_text(backward(forward, "loss")) == as_text(whole)
    assert as_text(backward(read(as_text(forward)), "loss")) == as_text(whole)
    assert as_text(read(as_text(whole))) == as_text(whole)
    assert list(whole.steps)[: len(forward.steps)] == list(forward.steps)
    with pytest.raises(ValuesError, match=r"^the run has a step logits\.grad"):
        backward(whole, "loss")


@pytest.mark.parametrize(
    ("numbers", "base"), [("exact", 2), ("float", 2), ("decimal", 2), ("decimal", "e"), ("decimal", 3)]
)
def test_the_witness_agrees_and_finds_a_changed_number(numbers, base):
    run = run_values("gpt", instance(softmax_base=base), numbers, 3, backward=True)
    dice = random.Random(numbers)
    assert {step.times for step in run.steps.values()} == ({""} if base == "e" else {"", f"ln {base}"})
    judge(run)
    changed = [name for name in run.steps if name not in run_values("gpt", instance()).steps]
    for name in dice.sample(changed, 12):
        i, j = (dice.randrange(size) for size in run[name].shape)
        wrong = (
            str(Fraction(run.texts[name][i][j]) + 1) if numbers == "exact" else str(float(run.texts[name][i][j]) + 1)
        )
        with pytest.raises(WitnessError):
            judge(changed_number(run, name, i, j, wrong))


# ---- on the command line ----


def command(tmp_path, entries, *options):
    path = tmp_path / "my.json"
    path.write_text(json.dumps(entries))
    return CliRunner().invoke(main, ["run", options[0], "--values", str(path), *options[1:]])


def test_gradients_are_printed_with_what_stands_beside_them(tmp_path):
    printed = command(tmp_path, INSTANCE, "gpt", "--backward").stdout
    assert "\nloss  1 × 1  column_mean\n  2\n" in printed
    assert "\nblocks.0.attn.W_Q.grad[0] · ln 2  4 × 4  dot_columns\n  -5/2  0  -5/4  -5/4\n" in printed
    assert printed == as_table(run_values("gpt", instance(), backward=True)) + "\n"
    assert "grad" not in command(tmp_path, INSTANCE, "gpt").stdout


def test_run_json_has_the_gradients_and_verify_looks_at_each(tmp_path):
    file, runner = tmp_path / "run.json", CliRunner()
    assert command(tmp_path, INSTANCE, "gpt", "--backward", "--loss", "all", "--json", str(file)).exit_code == 0
    record = json.loads(file.read_text())
    assert (record["schema"], record["target"], record["loss"]) == (3, ["bird", "flew", "flew"], "loss")
    assert runner.invoke(main, ["verify", str(file)]).output.endswith(": right\n")
    by_name = {step["name"]: step for step in record["steps"]}
    by_name["blocks.0.attn.W_K.grad[1]"]["times"] = "ln 3"
    file.write_text(json.dumps(record))
    assert (
        "blocks.0.attn.W_K.grad[1]: its times is 'ln 3'; gpt makes 'ln 2'"
        in runner.invoke(main, ["verify", str(file)]).output
    )


NORM = {"config": {"d_model": 2, "n_ctx": 1, "eps": 0}, "inputs": {"blocks.0.hook_resid_pre": [[1, 3]]}}


def test_a_model_without_logits_has_an_upstream_gradient(tmp_path):
    entries = NORM | {"inputs": NORM["inputs"] | {UPSTREAM: [[1, 0]]}, "weights": {"blocks.0.ln1.w": [2, 1]}}
    run = run_values("layer-norm", Values.of(entries), backward=True)
    assert run.loss == "blocks.0.ln1.hook_normalized"
    assert run.texts["blocks.0.ln1.w.grad"] == (("-1", "0"),)
    assert run.texts["blocks.0.hook_resid_pre_grad"] == (("0", "0"),)  # of two numbers, one is always −1


WITHOUT_TARGET = {key: entry for key, entry in INSTANCE.items() if key != "target"}
REFUSED = [
    (["layer-norm", "--backward"], NORM, "layer-norm has no loss; give upstream, the gradient of blocks.0.ln1.hook_normalized, under inputs"),
    (["gpt", "--backward"], WITHOUT_TARGET | {"tokens": ["the"]}, "gpt has no loss; give target, the right word after the last token"),
    (["layer-norm", "--backward"], NORM | {"target": "a"}, "target is given, and the model says no words, and so has no loss; leave it out"),
    (["layer-norm", "--backward"], NORM | {"inputs": NORM["inputs"] | {UPSTREAM: [[1]]}}, "upstream is 1 × 1; the model needs 1 × 2"),
    (["cross-entropy", "--backward"], {"inputs": {"logits": [[0, 1]]}, "tokens": [0, 1], "target": [1]},
     "target is given, and the model has a loss of its own; leave it out"),
    (["cross-entropy", "--backward"], {"config": {"softmax_base": 2}, "inputs": {"logits": [[0, 0]]}, "tokens": [0, 1]},
     "the run has a step logits.grad already; take the gradient of a run without gradients"),
    (["gpt", "--backward", "--loss", "all"], WITHOUT_TARGET, "a loss needs the word that is right after the last token; give it as target"),
    (["gpt", "--backward"], INSTANCE | {"target": ["bird", "flew"]}, "target has 2 words; give one, for the last token, or 3, one for each"),
    (["gpt", "--backward"], INSTANCE | {"target": "fly"}, "token 'fly' is not in the vocabulary; its words are the, bird, flew, away, on, mat"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "entries", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_has_no_gradients_is_told_in_one_line(options, entries, message, tmp_path):
    result = command(tmp_path, entries, *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"byhand: {message}\n"


def test_a_step_that_is_no_loss_needs_its_gradient():
    run = run_values("layer-norm", Values.of(NORM))
    with pytest.raises(
        ValuesError, match=r"^blocks\.0\.hook_resid_pre is 1 × 2, and a loss is one number; give its gradient as the"
    ):
        backward(run, "blocks.0.hook_resid_pre")
    with pytest.raises(ByHandError, match="no step 'loss'"):
        backward(run, "loss")


def test_gradients_are_named_as_transformerlens_names_them():
    assert grad_name("blocks.0.attn.hook_q[0]") == "blocks.0.attn.hook_q_grad[0]"
    assert grad_name("blocks.0.attn.W_Q[1]") == "blocks.0.attn.W_Q.grad[1]"
    assert grad_name("blocks.0.attn.hook_pattern.exp[0]") == "blocks.0.attn.hook_pattern.exp.grad[0]"
    assert grad_name("logits") == "logits.grad"
    assert part_of("blocks.0.attn.hook_q_grad[0]", 2) == "blocks.0.attn.hook_q_grad.scores2[0]"
