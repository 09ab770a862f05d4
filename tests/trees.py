"""Trees for the tests: one of each kind, and random ones with the value that plain Python gives them."""

from __future__ import annotations

from fractions import Fraction

import mpmath
from hypothesis import assume
from hypothesis import strategies as st

from byhand.arithmetic.expr import NEG_INF, BigSum, Div, Fn, Index, Mul, Num, Ref, Sub, Sum, expr

K, N = Index("k"), Index("n")
X = Ref("x", (0, 1))

# Every kind of node, and every function, at numbers that suit all the folds.
NODES = {
    "Num": expr(3),
    "Num, a fraction": expr(Fraction(-1, 2)),
    "Num, −∞": expr(NEG_INF),
    "Ref": X,
    "Ref, a letter": Ref("a"),
    "Sum": X + 1 + 2,
    "Sum of nothing": Sum(()),
    "Sub": X - 1,
    "Mul": X * 2,
    "Div": X / 2,
    "BigSum": BigSum(K, 2, Ref("x", (0, K)) * 2),
    **{name: Fn(name, (X,)) for name in ("sqrt", "sin", "cos", "sinpi", "cospi", "gelu", "erf")},
    "pow": X**2,
    "max": Fn("max", (expr(0), X)),
    "argmax": Fn("argmax", (expr(0), X)),
    "e": Fn("e"),
    "pi": Fn("pi"),
}
KINDS = {Num, Ref, Sum, Sub, Mul, Div, Fn, BigSum}

FRACTIONS = st.builds(Fraction, st.integers(-20, 20), st.integers(1, 12))
SMALL = st.integers(-9, 9)


@st.composite
def rational_trees(draw, depth=3, leaves=FRACTIONS):
    """A tree without references, and its value."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        value = Fraction(draw(leaves))
        return Num(value), value
    kind = draw(st.sampled_from(["sum", "sub", "mul", "div", "square", "power", "max", "root"]))
    if kind == "root":
        root = draw(st.integers(0, 12))
        return Fn("sqrt", (Num(Fraction(root * root)),)), Fraction(root)
    parts = [draw(rational_trees(depth - 1, leaves)) for _ in range(draw(st.integers(2, 3)) if kind == "sum" else 2)]
    (a, x), (b, y) = parts[:2]
    match kind:
        case "sum":
            return Sum(tuple(tree for tree, _ in parts)), sum((value for _, value in parts), Fraction(0))
        case "sub":
            return Sub(a, b), x - y
        case "mul":
            return Mul(a, b), x * y
        case "div":
            assume(y != 0)
            return Div(a, b), x / y
        case "square":
            return Fn("pow", (a, expr(2))), x**2
        case "power":
            exponent = draw(st.integers(-3, 3))
            assume(x != 0)
            return Fn("pow", (a, expr(exponent))), x**exponent
        case "max":
            return Fn("max", (a, b)), max(x, y)


DIGITS = 200


@st.composite
def real_trees(draw, depth=3):
    """A tree with roots and powers of e, and its value to 200 digits."""
    with mpmath.workdps(DIGITS):
        if depth == 0:
            value = draw(FRACTIONS)
            return Num(value), mpmath.mpf(value.numerator) / value.denominator
        kind = draw(st.sampled_from(["leaf", "sum", "sub", "mul", "div", "root", "exp", "max", "gelu", "sin"]))
        if kind == "leaf":
            return draw(real_trees(0))
        a, x = draw(real_trees(depth - 1))
        if kind == "root":
            return Fn("sqrt", (a * a + 1,)), mpmath.sqrt(x * x + 1)
        if kind == "exp":
            assume(abs(x) < 50)
            return Fn("e") ** a, mpmath.exp(x)
        if kind == "gelu":
            assume(abs(x) < 50)
            return Fn("gelu", (a,)), x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2
        if kind == "sin":
            return Fn("sin", (a,)), mpmath.sin(x)
        b, y = draw(real_trees(depth - 1))
        match kind:
            case "sum":
                return a + b, x + y
            case "sub":
                return a - b, x - y
            case "mul":
                return a * b, x * y
            case "div":
                assume(abs(y) > 1e-20)
                return a / b, x / y
            case "max":
                return Fn("max", (a, b)), max(x, y)
