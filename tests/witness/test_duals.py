"""Dual numbers: every rule of the witness differentiates right, against differences; exact tangents are exact."""

import random
from fractions import Fraction

import pytest
from judged import EXAMPLES, example_of, record_of

from byhand.arithmetic.floats import FLOATS
from byhand.errors import WitnessError
from byhand.witness.duals import Dual, Duals
from byhand.witness.gradients import JUMPS, differentiated
from byhand.witness.letters import value_of
from byhand.witness.numbers import EXACT, digits, fraction
from byhand.witness.rules import PICKS, RULES
from byhand.witness.wiring import Wire, wires

STEP = Fraction(1, 10**20)  # the error of a central difference is some 1 / 10^40
CLOSE = Fraction(1, 10**30)
PICKED = {
    "keep_k": ([[[3, 1, 2]], [[2]]], {}),
    "keep_p": ([[[Fraction(1, 2), Fraction(1, 8), Fraction(3, 8)]], [[Fraction(3, 4)]]], {}),
    "keep_top": ([[[3, 1], [2, 5]]], {"count": 2}),
    "top": ([[[3, 1], [2, 5]]], {"count": 2, "after": 1}),
    "rows_of_top": ([[[1, 2], [3, 4]], [[3, 1], [2, 5]]], {"count": 2}),
}


CASES = [*EXAMPLES, *((name, 0) for name in PICKED)]


def wired(name, number):
    """An operation's wire, and the numbers of an example of it."""
    if name in PICKED:
        inputs, params = PICKED[name]
        return Wire(name, tuple(f"x{k}" for k in range(len(inputs))), params), inputs
    run = record_of(name, example_of(name, number), FLOATS)
    wire = wires(run)["y"]
    return wire, [[[value_of(x, {}) for x in row] for row in run.texts[x]] for x in wire.inputs]


def seeded(inputs, first, n):
    """Operands as dual numbers, each cell of those before the first that has no gradient moved by itself."""
    return [
        [[n.num(x) + Dual(0, {((k, i, j), 0): 1} if k < first else {}) for j, x in enumerate(row)]
         for i, row in enumerate(rows)]
        for k, rows in enumerate(inputs)
    ]  # fmt: skip


def generic(inputs, first, name):
    """Operands with random numbers in all of those that have a gradient, so that no two numbers are the same."""
    dice = random.Random(name)
    return [
        [[Fraction(dice.randint(10**5, 2 * 10**5), 10**6) for _ in row] for row in rows] if k < first else rows
        for k, rows in enumerate(inputs)
    ]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_every_rule_differentiates_as_differences_do(name, number):
    n, (wire, inputs) = digits(), wired(name, number)
    first = JUMPS.get(name, (len(inputs),))[0]
    inputs = generic(inputs, first, f"{name} {number}")
    found = differentiated("y", wire, seeded(inputs, first, Duals(n, "e")), Duals(n, "e"))

    def moved(k, i, j, by):
        changed = [[[*map(n.num, row)] for row in rows] for rows in inputs]
        changed[k][i][j] += n.num(by)
        rows = (RULES | PICKS)[name](n, *changed, **wire.params)
        return [x for row in rows for x in row]

    places = [
        (k, i, j) for k, rows in enumerate(inputs[:first]) for i, row in enumerate(rows) for j, _ in enumerate(row)
    ]
    assert not places or any(Duals(n, "e").num(x).tangent for row in found for x in row), f"add {name} to JUMPS"
    for k, i, j in places:
        pairs = zip(moved(k, i, j, STEP), moved(k, i, j, -STEP), (x for row in found for x in row), strict=True)
        for above, below, x in pairs:
            slope = 0 if above == below else (above - below) / (2 * n.num(STEP))  # both may be −∞
            assert abs(fraction(slope - Duals(n, "e").num(x).tangent.get(((k, i, j), 0), 0))) < CLOSE


@pytest.mark.parametrize("name", JUMPS)
def test_a_rule_without_a_gradient_says_what_jumps(name):
    wire, inputs = wired(name, 0)
    first, what = JUMPS[name]
    message = f"y has no gradient: {what} stays or jumps where numbers before it change a little"
    with pytest.raises(WitnessError, match=rf"^{message}$"):
        differentiated("y", wire, seeded(inputs, len(inputs), Duals(EXACT, 2)), Duals(EXACT, 2))
    differentiated("y", wire, seeded(inputs, first, Duals(EXACT, 2)), Duals(EXACT, 2))


@pytest.mark.parametrize("base", [2, 3])
def test_tangents_of_exact_numbers_have_powers_of_a_logarithm(base):
    n, x = Duals(EXACT, base), Dual(Fraction(2), {("x", 0): 1})
    power = n.power(base, x)
    assert (power.value, power.tangent) == (base**2, {("x", 1): base**2})
    assert n.power(base, n.power(base, x - 1)).tangent == {("x", 2): base ** (base + 1)}
    assert n.logarithm(power, base).tangent == {("x", 0): 1}
    assert n.logarithm(x * x, base).tangent == {("x", -1): 1}
    assert n.over(1, 1 + n.power(base, -x)).tangent == {("x", 1): Fraction(base**2, (base**2 + 1) ** 2)}
    assert n.root(x * x).tangent == {("x", 0): 1}


def test_a_logarithm_of_another_base_is_refused():
    with pytest.raises(
        WitnessError, match=r"^y: its gradient is not rational, as it has ln 3, where powers have the base 2$"
    ):
        differentiated("y", Wire("power_of", ("x",), {"base": 3}), [[[Dual(1, {("x", 0): 1})]]], Duals(EXACT, 2))


def test_nothing_goes_back_through_a_closed_gate():
    """relu'(0) is 0, as PyTorch has it."""
    x = seeded([[[-1, 0, 2]]], 1, Duals(EXACT, 2))
    (row,) = differentiated("y", Wire("relu", ("x",)), x, Duals(EXACT, 2))
    assert [y.tangent for y in row] == [{}, {}, {((0, 0, 2), 0): 1}]
