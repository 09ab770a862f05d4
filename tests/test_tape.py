"""The tape: steps, their cells and values, replay."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Num, Ref, substitute
from byhand.arithmetic.floats import FLOATS
from byhand.arithmetic.symbols import SYMBOLS
from byhand.errors import DomainError, UnknownNameError, ValuesError
from byhand.notation.text import text, value_text
from byhand.ops.attention import divide_by_root, normalize_rows, power_of, row_argmax, row_sum
from byhand.ops.linear import add, affine, copy, matmul
from byhand.ops.norms import standardize
from byhand.tape import OPS, Step, Tape, example, op, shape_text

X, W = [[1, 2], [0, -1]], [[3, 0], [4, 5]]


def product(domain=RATIONALS, **numbers):
    """x w = y, and y's row sums."""
    tape = Tape(domain, {"x": X, "w": W, **numbers})
    x = tape.given("x", (2, 2), ("pos", "d_model"))
    w = tape.given("w", (2, 2), ("d_model", "d_head"))
    row_sum(matmul(x, w, name="y"), name="sum")
    return tape


def test_a_step_has_its_op_inputs_shape_and_axes():
    step = product()["y"].step
    assert (step.name, step.op, step.inputs) == ("y", matmul, ("x", "w"))
    assert (step.shape, step.axes) == ((2, 2), ("pos", "d_head"))


def test_the_tree_of_a_cell_is_the_arithmetic_that_gives_its_number():
    tape = product()
    assert text(tape.cell("y", 0, 1)) == "x[1, 1]·w[1, 2] + x[1, 2]·w[2, 2]"
    assert text(substitute(tape.cell("y", 1, 0), tape.value)) == "0·3 + (−1)·4"
    assert tape.values("y") == ((11, 10), (-4, -5))
    assert tape["y"].values == tape.values("y")


def test_a_given_is_its_own_arithmetic():
    assert product().cell("x", 1, 1) == Num(Fraction(-1))


def test_a_step_that_nobody_asks_for_is_never_evaluated():
    tape = Tape(RATIONALS, {"x": X})
    x = tape.given("x", (2, 2))
    copy(divide_by_root(x, name="impossible", of=2), name="beyond")
    row_sum(x, name="sum")
    assert tape.values("sum") == ((3,), (-1,))
    assert [step.name for step in tape.used()] == ["x", "sum"]
    assert [step.name for step in tape.needed("beyond")] == ["impossible", "beyond"]
    assert tape.needed("sum") == []


def test_a_given_step_takes_the_place_of_its_op_and_needs_none_of_its_inputs():
    tape = Tape(RATIONALS, {"y": [[7, 8], [9, 10]]})
    matmul(tape.given("x", (2, 2)), tape.given("w", (2, 2)), name="y")
    assert tape["y"].step.op is None
    assert tape["y"].step.inputs == ()
    assert row_sum(tape["y"], name="sum").values == ((15,), (19,))


def test_a_default_fills_what_is_left_out():
    tape = Tape(RATIONALS, {"w": [[2, 3]]})
    assert tape.given("w", (1, 2), default=1).values == ((2, 3),)
    assert tape.given("b", (1, 2), default=0).values == ((0, 0),)


def test_a_chain_of_steps_may_be_long():
    tape = Tape(RATIONALS, {"x0": [[1]]})
    step = tape.given("x0", (1, 1))
    for n in range(1, 3000):
        step = copy(step, name=f"x{n}")
    assert step.values == ((1,),)


def test_each_recorded_decimal_is_rounded_and_the_next_step_carries_it():
    tape = Tape(Decimals(1), {"x": [[Fraction(1, 4), Fraction(1, 4), Fraction(1, 4)]]})
    x = tape.given("x", (1, 3))
    rounded = copy(x, name="rounded")  # 0.25 → 0.3, although the given keeps its digits
    assert value_text(x.values[0][0]) == "0.25"
    assert row_sum(rounded, name="sum").values == ((Decimal("0.9"),),)
    assert row_sum(x, name="exact").values == ((Decimal("0.8"),),)


@pytest.mark.parametrize(
    ("times", "factor"),
    [("", 1), ("ln 2", math.log(2)), ("ln 3", math.log(3)), ("(ln 2)²", math.log(2) ** 2), ("1/ln 2", 1 / math.log(2)),
     ("1/(ln 2)¹²", math.log(2) ** -12)],
)  # fmt: skip
def test_what_stands_beside_the_numbers_of_a_step_is_a_number(times, factor):
    assert Step("y", None, (), {}, (1, 1), ("", ""), times=times).factor == pytest.approx(factor)


# ---- messages ----

MISSING = [
    (lambda tape: tape.given("q", (2, 3)).values, ValuesError, "q is missing; give it (2 × 3) or a later step"),
    (lambda tape: tape["hook_w"], UnknownNameError, "no step 'hook_w'; did you mean 'hook_x'?"),
    (lambda tape: tape.values("?"), UnknownNameError, "no step '?'; there are: hook_x"),
    (lambda tape: tape.cell("?", 0, 0), UnknownNameError, "no step '?'; there are: hook_x"),
    (lambda tape: tape.given("m", (2, 2)), ValuesError, "m is 1 × 3; the model needs 2 × 2"),
    (lambda tape: tape.given("empty", (1, 1)), ValuesError, "empty is 0 × 0; the model needs 1 × 1"),
    (lambda tape: tape.replay(numbers={"hook_y": [[1]]}), UnknownNameError,
     "no step 'hook_y'; did you mean 'hook_x'?"),
    (lambda tape: tape.given("a", (1, 1)).values, DomainError,
     "a: the letter 'a' is not a number; use --numbers symbolic"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "kind", "message"), MISSING)
def test_what_is_missing_or_misfit_is_named(act, kind, message):
    tape = Tape(RATIONALS, {"hook_x": X, "m": [[1, 2, 3]], "empty": [], "a": [["a"]]})
    tape.given("hook_x", (2, 2))
    with pytest.raises(kind) as caught:
        act(tape)
    assert str(caught.value) == message


def one_op(operation, *matrices, domain=RATIONALS, **params):
    tape = Tape(domain, {f"m{n}": rows for n, rows in enumerate(matrices)})
    givens = [tape.given(f"m{n}", (len(rows), len(rows[0]))) for n, rows in enumerate(matrices)]
    return operation(*givens, name="y", **params)


FAILING = [
    (normalize_rows, [[[0, 0], [1, 1]], [[0], [2]]], {}, RATIONALS,
     "y, row 1, column 1: row 1 adds up to 0: every one of its scores is masked, or its power rounds to 0"),
    (standardize, [[[1, 1], [0, 0]], [[1], [0]]], {}, RATIONALS,
     "y, row 2, column 1: row 2 has deviation 0 and cannot be normalised; use eps, or a row whose entries differ"),
    (divide_by_root, [[[1, 2]]], {"of": 3}, RATIONALS,
     "y, row 1, column 1: √(3) is not a rational number; use --numbers decimal"),
    (power_of, [[[0, Fraction(1, 2)]]], {}, RATIONALS,
     "y, row 1, column 2: 2^(1/2) is not a rational number; use --numbers decimal"),
    (power_of, [[[1]]], {"base": "e"}, RATIONALS,
     "y, row 1, column 1: e is not a rational number; use --numbers decimal"),
    (divide_by_root, [[[1]]], {"of": -1}, RATIONALS,
     "y, row 1, column 1: √(−1) is not a real number; use other numbers"),
    (power_of, [[[10_000]]], {}, FLOATS,
     "y, row 1, column 1: the value is too large for float64; use --numbers decimal"),
    (power_of, [[[10**6]]], {}, Decimals(2),
     "y, row 1, column 1: the value is too long to write; use --numbers float, or other numbers"),
    (matmul, [[[1, NEG_INF]], [[1], [1]]], {}, RATIONALS,
     "y, row 1, column 1: −∞ has no place in a product; use other numbers"),
    (row_argmax, [[["a", "b"]]], {}, SYMBOLS,
     "y, row 1, column 1: which is larger, a or b, depends on the letters; give numbers for the letters, or use --numbers decimal"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "matrices", "params", "domain", "message"), FAILING)
def test_a_step_without_a_value_names_itself_its_cell_and_what_would_work(
    operation, matrices, params, domain, message
):
    result = one_op(operation, *matrices, domain=domain, **params)
    with pytest.raises(DomainError) as caught:
        _ = result.values
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("operation", "matrices", "message"),
    [
        (matmul, ([[1, 2]], [[1, 2]]), "matmul: m1 is 1 × 2, but k is 2 elsewhere"),
        (add, ([[1, 2]], [[1], [2]]), "add: m1 is 2 × 1, but i is 1 elsewhere"),
        (affine, ([[1]], [[2]], [[3], [4]]), "affine: m2 is 2 × 1, but 1 is 1 here"),
    ],
)
def test_operands_that_do_not_fit_are_refused(operation, matrices, message):
    with pytest.raises(ValuesError) as caught:
        one_op(operation, *matrices)
    assert str(caught.value) == message


# ---- replay ----


def test_a_replay_in_another_domain_has_the_same_steps():
    tape = product().replay(FLOATS)
    assert tape.values("sum") == ((21.0,), (-9.0,))
    assert type(tape.values("sum")[0][0]) is float
    assert tape.steps == product().steps


def test_a_replay_with_other_numbers_changes_what_comes_after():
    tape = product().replay(numbers={"y": [[1, 1], [1, 1]]})
    assert tape.values("sum") == ((2,), (2,))
    assert [step.name for step in tape.used()] == ["y", "sum"]
    assert product().replay(numbers={"x": [[0, 0], [1, 0]]}).values("y") == ((0, 0), (3, 0))


def test_a_replay_can_rewrite_steps():
    def twice(step):
        if step.name != "sum":
            return [step]
        return [Step("double", add, ("y", "y"), {}, (2, 2), step.axes), replace(step, inputs=("double",))]

    tape = product().replay(rewrite=twice)
    assert list(tape.steps) == ["x", "w", "y", "double", "sum"]
    assert tape.values("sum") == ((42,), (-18,))
    assert product().values("sum") == ((21,), (-9,))


def test_a_replay_keeps_what_is_evaluated_and_does_not_follow_from_a_rewritten_step():
    tape, other = product(), [[1, 1], [0, 1]]
    known = tape.values("y")
    tape.values("sum")

    def rewritten(name):
        return tape.replay(rewrite=lambda step: [replace(step, params={"new": 1}) if step.name == name else step])

    assert rewritten("sum").values("y") is known
    assert [step.name for step in rewritten("sum").used()] == ["x", "w", "y"]
    assert [step.name for step in rewritten("y").used()] == ["x", "w"]
    assert tape.replay(numbers={"x": other}).values("y") is not known


def test_a_step_belongs_to_the_innermost_part_within_which_it_is_written():
    tape = Tape(RATIONALS, {"x": X})
    x = tape.given("x", (2, 2))
    with tape.part("outer"):
        copy(x, name="first")
        with tape.part("inner"):
            copy(tape.given("w", (2, 2)), name="second")
        copy(x, name="third")
    copy(x, name="last")
    parts = {name: step.part for name, step in tape.steps.items()}
    assert parts == {"x": "", "first": "outer", "w": "inner", "second": "inner", "third": "outer", "last": ""}
    assert tape.replay(numbers={"second": X}).steps["second"].part == "inner"


def test_a_part_ends_where_a_layer_fails():
    tape = Tape(RATIONALS, {"x": X})
    with pytest.raises(ValuesError), tape.part("mlp"):
        matmul(tape.given("x", (2, 2)), tape.given("w", (3, 1)), name="y")
    assert copy(tape["x"], name="after").step.part == ""


@pytest.mark.parametrize(
    ("name", "layer", "stem", "head"),
    [
        ("blocks.0.attn.hook_q[1]", "blocks.0", "attn.hook_q", 1),
        ("decoder.11.cross_attn.W_O", "decoder.11", "cross_attn.W_O", None),
        ("hook_pattern.exp[12]", "", "hook_pattern.exp", 12),
        ("ln_final.hook_normalized", "", "ln_final.hook_normalized", None),
    ],
)
def test_a_step_knows_its_layer_and_its_head(name, layer, stem, head):
    step = Tape(RATIONALS, {}).given(name, (1, 1)).step
    assert (step.layer, step.stem, step.head) == (layer, stem, head)


def test_letters_run_through_the_same_steps():
    tape = product(SYMBOLS, x=[["a", "b"], [1, 0]])
    assert [[value_text(v) for v in row] for row in tape.values("y")] == [["3a + 4b", "5b"], ["3", "0"]]
    assert text(substitute(tape.cell("y", 0, 0), tape.value)) == "a·3 + b·4"


def test_an_op_is_registered_under_its_name():
    assert OPS["matmul"] is matmul
    try:

        @op("ij->ji", formula=r"{0}^{{\mathrm{{T}}}}", said="Turn it.", example=example([[1, 2]], gives=[[1], [2]]))
        def transpose(a, i, j):
            """Rows become columns."""
            return a[j, i]

        assert transpose.columns == transpose.formula
        assert one_op(transpose, [[1, 2, 3]]).values == ((1,), (2,), (3,))
    finally:
        del OPS["transpose"]


def test_a_matrix_is_read_by_reference():
    x = product()["x"]
    assert x[0, 1] == Ref("x", (0, 1))
    assert (x.shape, x.rows, x.cols, x.axes) == ((2, 2), 2, 2, ("pos", "d_model"))


def test_a_shape_is_written_with_a_cross():
    assert shape_text((3, 4)) == "3 × 4"
