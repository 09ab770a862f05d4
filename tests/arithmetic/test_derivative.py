"""The derivative of trees: against sympy's, and against what floats change by."""

import random
from fractions import Fraction

import pytest
import sympy
from judged import EXAMPLES, example_of, step_of
from trees import KINDS, NODES

from byhand.arithmetic.derivative import pushed, share
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import BigSum, Expr, Fn, Index, Ref, Sum, evaluate, expr, refs
from byhand.arithmetic.floats import FLOATS
from byhand.arithmetic.symbols import SYMBOLS
from byhand.notation.text import text
from byhand.tape import OPS

A, B, G = Ref("a"), Ref("b"), Ref("g")
E = Fn("e")
NUDGE = 2.0**-18
# every function in each of its arguments, at trees of two letters, where it is smooth
FUNCTIONS = [
    A ** (B + 2), (A + 1) ** B, E ** (A * B), Fn("pow", (expr(2), A - B)), A**3 / B,
    Fn("log", (expr(2), A + B)), Fn("log", (B + 1, A)), Fn("log", (E, A * A)), Fn("sqrt", (A * A + B,)),
    Fn("sin", (A * B,)), Fn("cos", (A - B,)), Fn("sinpi", (A / B,)), Fn("cospi", (A * A,)),
    Fn("erf", (A - B * B,)), Fn("gelu", (A * B - 1,)), A * Fn("pi") - B / A - (A - B),
]  # fmt: skip
PIECEWISE = [
    (Fn("max", (A, B * 2, expr(0))), {"a": 3, "b": 1}, (1, 0)),
    (Fn("max", (A, B * 2, expr(0))), {"a": 1, "b": 1}, (0, 2)),
    (Fn("max", (A, B * 2, expr(0))), {"a": -1, "b": -1}, (0, 0)),
    (Fn("max", (A, A)), {"a": 3, "b": 1}, (1, 0)),  # of equals, the first
    (Fn("max", (expr(0), A)), {"a": 0, "b": 1}, (0, 0)),  # as PyTorch has it at 0
    (Fn("argmax", (A, B)), {"a": 1, "b": 2}, (0, 0)),
    (Fn("choose", (Fn("argmax", (A, B)), A * 5, B * 7)), {"a": 1, "b": 2}, (0, 7)),
    (Fn("choose", (Fn("argmax", (A, B)), A * 5, B * 7)), {"a": 2, "b": 2}, (5, 0)),
]


def derivative(node, ref):
    return share(node, ref, expr(1))


@pytest.mark.parametrize("node", FUNCTIONS, ids=text)
@pytest.mark.parametrize("letter", [A, B], ids=text)
def test_a_derivative_is_that_of_sympy(node, letter):
    def symbolic(tree):
        return evaluate(tree, lambda ref: SYMBOLS.letter(ref.matrix), SYMBOLS)

    expected = sympy.diff(symbolic(node), SYMBOLS.letter(letter.matrix))
    difference = symbolic(derivative(node, letter)) - expected
    at = {SYMBOLS.letter("a"): sympy.Rational(7, 5), SYMBOLS.letter("b"): sympy.Rational(3, 4)}
    assert abs(sympy.N(difference.subs(at), 40, maxn=400)) < 1e-35


@pytest.mark.parametrize("node", FUNCTIONS, ids=text)
@pytest.mark.parametrize("letter", "ab")
def test_a_derivative_is_what_a_small_step_changes(node, letter):
    at = {"a": 1.4, "b": 0.75}

    def value(tree, numbers):
        return evaluate(tree, lambda ref: numbers[ref.matrix], FLOATS)

    ahead, behind = (value(node, at | {letter: at[letter] + step}) for step in (NUDGE, -NUDGE))
    found = value(derivative(node, Ref(letter)), at)
    assert found == pytest.approx((ahead - behind) / (2 * NUDGE), rel=1e-7, abs=1e-8)


@pytest.mark.parametrize(("node", "at", "slopes"), PIECEWISE, ids=lambda x: text(x) if isinstance(x, Expr) else None)
def test_what_is_largest_or_chosen_gets_all_and_what_tells_a_place_hands_nothing_on(node, at, slopes):
    found = [evaluate(derivative(node, ref), lambda ref: Fraction(at[ref.matrix]), RATIONALS) for ref in (A, B)]
    assert (*found,) == slopes


def test_shares_are_written_as_a_person_would_write_them():
    cell = Sum((Ref("x", (0, 0)) * Ref("w", (0, 1)), Ref("x", (0, 1)) * Ref("w", (1, 1))))
    assert [(text(ref), text(got)) for ref, got in pushed(cell, G)] == [
        ("x[1, 1]", "g·w[1, 2]"), ("w[1, 2]", "x[1, 1]·g"), ("x[1, 2]", "g·w[2, 2]"), ("w[2, 2]", "x[1, 2]·g"),
    ]  # fmt: skip
    assert share(A * A, A, G) == Sum((G * A, A * G))


def test_a_sum_of_a_known_count_is_written_out_and_one_of_an_unknown_count_has_no_shares():
    k = Index("k")
    row = BigSum(k, 2, Ref("x", (0, k)) * 3)
    assert [ref for ref, _ in pushed(row, G)] == [Ref("x", (0, 0)), Ref("x", (0, 1))]
    with pytest.raises(TypeError, match="bind its size first"):
        list(pushed(BigSum(k, Index("n"), Ref("x", (0, k))), G))


def test_every_kind_of_node_has_shares_and_nothing_else_has():
    for node in NODES.values():
        assert {ref for ref, _ in pushed(node, G)} <= {*refs(node)}
    assert {type(node) for node in NODES.values()} == KINDS
    with pytest.raises(TypeError, match="not a node"):
        list(pushed("x", G))
    with pytest.raises(TypeError, match="no derivative of 'tan' of 1 arguments"):
        list(pushed(Fn("tan", (A,)), G))


HIDING = ("mask_future", "mask_pattern", "mask_buckets")  # whose cells may be −∞


@pytest.mark.parametrize(("name", "n"), [case for case in EXAMPLES if case[0] not in HIDING])
def test_every_operations_cells_have_the_derivative_that_floats_find(name, n):
    example = example_of(name, n)
    dice = iter(random.Random(name).sample(range(10, 99), 60))
    numbers = [[[Fraction(next(dice), 41) for _ in row] for row in rows] for rows in example.operands]  # no two alike

    def value_of_sum(moved):
        return sum(sum(row) for row in step_of(OPS[name], example, FLOATS, moved).values)

    step = step_of(OPS[name], example, FLOATS, numbers)
    cells = [step.tape.cell("y", i, j) for i in range(step.rows) for j in range(step.cols)]
    for m, rows in enumerate(numbers):
        for i, row in enumerate(rows):
            for j in range(len(row)):
                nudged = []
                for by in (NUDGE, -NUDGE):
                    moved = [[list(row) for row in rows] for rows in numbers]
                    moved[m][i][j] = float(moved[m][i][j]) + by
                    nudged.append(value_of_sum(moved))
                trees = [share(cell, Ref(f"x{m}", (i, j)), expr(1)) for cell in cells]
                found = sum(evaluate(tree, step.tape.value, FLOATS) for tree in trees)
                assert found == pytest.approx((nudged[0] - nudged[1]) / (2 * NUDGE), rel=1e-5, abs=1e-6)
