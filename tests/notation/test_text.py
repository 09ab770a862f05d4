"""Plain text: what is printed is what was computed, with brackets where they are needed and nowhere else."""

import math
import re
from decimal import Decimal
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from trees import K, N, rational_trees

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import (
    NEG_INF,
    BigSum,
    Div,
    Fn,
    Index,
    Mul,
    Num,
    Ref,
    Sub,
    Sum,
    largest,
    sqrt,
    substitute,
)
from byhand.notation.latex import latex
from byhand.notation.text import TEXT, text, value_text
from byhand.notation.write import terms

# ---- a second reader of the notation, which shares no code with its writer ----

TOKEN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|max|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+| [+−÷] |, |.")
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


class Reader:
    """The tree of a line, as nested tuples; a sign after an operator is refused."""

    def __init__(self, line):
        self.tokens = TOKEN.findall(line)

    def next(self, *expected):
        if self.tokens and (not expected or self.tokens[0] in expected):
            return self.tokens.pop(0)
        if expected:
            return None
        raise SyntaxError("the line ends")

    def must(self, token):
        if not self.next(token):
            raise SyntaxError(f"no {token!r} before {self.tokens}")

    def line(self):
        tree = self.sum()
        if self.tokens:
            raise SyntaxError(f"left over: {self.tokens}")
        return tree

    def sum(self):
        tree = ("neg", self.product()) if self.next("−") else self.product()
        while sign := self.next(" + ", " − "):
            tree = (sign.strip(), tree, self.product())
        return tree

    def product(self):
        tree = self.power()
        while sign := self.next("·", " ÷ ", "/"):
            tree = ("·" if sign == "·" else "÷", tree, self.power())
        return tree

    def power(self):
        is_root = self.tokens[:1] == ["√"]  # √2² would be two things
        tree = self.atom()
        if self.tokens and self.tokens[0].translate(SUPERSCRIPTS) != self.tokens[0] and not is_root:
            return ("^", tree, self.raised())
        if self.next("^"):
            return ("^", tree, self.atom())
        return tree

    def raised(self):
        digits = self.next().translate(SUPERSCRIPTS)
        if not re.fullmatch(r"-?\d+", digits):
            raise SyntaxError(f"{digits} is no exponent")
        return int(digits)

    def atom(self):
        token = self.next()
        if token == "(":
            tree = self.sum()
            self.must(")")
            return tree
        if token == "√":
            return ("√", self.atom())
        if token == "max":
            self.must("(")
            args = [self.sum()]
            while self.next(", "):
                args.append(self.sum())
            self.must(")")
            return ("max", *args)
        if not token[0].isdigit():
            raise SyntaxError(f"{token!r} is no number")
        return ("num", Fraction(token.replace(",", "")))


def value(tree):
    kind, *parts = tree
    if kind == "num":
        return parts[0]
    parts = [value(part) if isinstance(part, tuple) else Fraction(part) for part in parts]
    match kind:
        case "neg":
            return -parts[0]
        case "+":
            return parts[0] + parts[1]
        case "−":
            return parts[0] - parts[1]
        case "·":
            return parts[0] * parts[1]
        case "÷":
            return parts[0] / parts[1]
        case "^":
            assert parts[1].denominator == 1
            return parts[0] ** int(parts[1])
        case "√":
            assert math.isqrt(int(parts[0])) ** 2 == parts[0]
            return Fraction(math.isqrt(int(parts[0])))
        case "max":
            return max(parts)


def pairs_of_brackets(line):
    opened = []
    for at, sign in enumerate(line):
        if sign == "(":
            opened.append(at)
        elif sign == ")":
            yield opened.pop(), at


def needed(line, pair):
    """Whether a line without a pair of brackets is another line, or none."""
    left, right = pair
    bare = line[:left] + line[left + 1 : right] + line[right + 1 :]
    try:
        return Reader(bare).line() != Reader(line).line()
    except SyntaxError:
        return True


@pytest.mark.parametrize(
    ("line", "expected"), [("1 + 2·3", 7), ("−1/2·4", -2), ("2·(−3)²", 18), ("8 ÷ 4 ÷ 2", 1), ("√(16)/2 − 1", 1)]
)
def test_the_reader_of_these_tests_reads(line, expected):
    assert value(Reader(line).line()) == expected


@pytest.mark.parametrize("line", ["1 + −2", "3·−2", "1 +", "(1", "a"])
def test_the_reader_of_these_tests_is_strict(line):
    with pytest.raises(SyntaxError):
        Reader(line).line()


# ---- printed = computed ----


@given(rational_trees(depth=4))
def test_what_is_printed_has_the_value_that_was_computed(tree_and_value):
    tree, expected = tree_and_value
    assert value(Reader(text(tree)).line()) == expected


@given(rational_trees(depth=4))
def test_terms_are_a_sum_in_pieces(tree_and_value):
    assert " + ".join(terms(tree_and_value[0], TEXT)) == text(tree_and_value[0])


@given(rational_trees(depth=3, leaves=st.integers(-99, 99)), st.integers(0, 3))
def test_classroom_decimals_are_read_back(tree_and_value, places):
    tree, expected = tree_and_value
    rounded = Decimals(places).settle(tree, lambda ref: None)
    assert value(Reader(value_text(rounded)).line()) == Fraction(rounded)
    assert abs(Fraction(rounded) - expected) <= Fraction(1, 2 * 10**places)


@given(rational_trees(depth=4))
def test_every_pair_of_brackets_is_needed(tree_and_value):
    line = text(tree_and_value[0])
    for pair in pairs_of_brackets(line):
        assert needed(line, pair), (line, pair)


@given(rational_trees(depth=4))
def test_the_minus_sign_is_the_true_one_and_never_follows_an_operator(tree_and_value):
    line = text(tree_and_value[0])
    assert "-" not in line
    assert not re.search(r"[+−·÷/√] ?−", line)


WRITTEN = [
    # a worked line: factors that are negative have brackets, terms only after the first
    (Sum((Num(-1) * Num(0), Num(1) * Num(0))), "(−1)·0 + 1·0"),
    (Sum((Num(-1), Num(-2), Num(3))), "−1 + (−2) + 3"),
    (Sum((Num(-1) * Num(4),)), "(−1)·4"),
    (Num(3) - Num(-2), "3 − (−2)"),
    (Num(-3) - Num(2), "−3 − 2"),
    (Num(2) * Num(Decimal("-0.50")), "2·(−0.50)"),
    (Num(Fraction(1, 5)) * Num(2) + Num(Fraction(4, 5)) * Num(-2), "1/5·2 + 4/5·(−2)"),
    (Num(2) * Num(Fraction(1, 2)), "2·1/2"),
    (Num(2) * Num(Fraction(-1, 2)), "2·(−1/2)"),
    # quotients
    (Num(-6) / Num(3), "(−6) ÷ 3"),
    (Num(6) / Num(-3), "6 ÷ (−3)"),
    (Num(1) / Num(Fraction(7, 4)), "1 ÷ (7/4)"),
    (Num(Fraction(1, 2)) / Num(Fraction(7, 4)), "1/2 ÷ (7/4)"),
    ((Num(1) + Num(2)) / Num(3), "(1 + 2) ÷ 3"),
    (Num(8) / (Num(4) / Num(2)), "8 ÷ (4 ÷ 2)"),
    (Num(8) / Num(4) / Num(2), "8 ÷ 4 ÷ 2"),
    (Num(8) / (Num(4) * Num(2)), "8 ÷ (4·2)"),
    (Num(4) / sqrt(4), "4 ÷ √4"),
    # powers and roots
    (Num(-2) ** 2, "(−2)²"),
    (Num(Fraction(1, 2)) ** 2, "(1/2)²"),
    (Num(2) ** -3, "2⁻³"),
    (Num(2) ** Fraction(1, 2), "2^(1/2)"),
    (Num(2) ** Num(Decimal("0.50")), "2^(0.50)"),
    (Num(2) ** Num(NEG_INF), "2^(−∞)"),
    (Fn("e") ** -1, "e⁻¹"),
    (2 ** Fn("pow", (Num(2), Num(3))), "2^(2³)"),
    ((Num(2) ** 2) ** 3, "(2²)³"),
    (sqrt(Num(2) ** 2), "√(2²)"),
    (sqrt(2) ** 2, "(√2)²"),
    (sqrt(Num(2) + 1), "√(2 + 1)"),
    (sqrt(Num(Fraction(1, 4))), "√(1/4)"),
    (sqrt(2) * sqrt(3), "√2·√3"),
    # functions
    (largest(0, Num(-3)), "max(0, −3)"),
    (Fn("sinpi", (Num(Fraction(1, 2)),)), "sin(1/2·π)"),
    (Fn("cospi", (Num(-1),)), "cos((−1)·π)"),
    (Fn("gelu", (Num(-1),)), "gelu(−1)"),
    (Num(7) * Fn("argmax", (Num(0), Num(-2))), "7·[−2 > 0]"),
    (Fn("argmax", (Num(1), Num(-2))), "argmax(1, −2)"),
    # sums and products in each other
    ((Num(1) + 2) * (Num(3) - 4), "(1 + 2)·(3 − 4)"),
    (Num(1) - (Num(2) - 3), "1 − (2 − 3)"),
    (Num(1) - (Num(2) + 3), "1 − (2 + 3)"),
    (Sum(()), "0"),
    (Sum((Num(-3),)), "−3"),
    # rules: cells and sums at symbolic indices, counted from 1 on paper
    (Ref("X", (0, 2)), "X[1, 3]"),
    (BigSum(K, N, Ref("X", (Index("i"), K)) * Ref("W", (K, 0))), "Σ_k X[i, k]·W[k, 1]"),
    (BigSum(K, N, Ref("X", (0, K)) - 1), "Σ_k (X[1, k] − 1)"),
    (BigSum(K, N, Ref("X", (0, K))) ** 2, "(Σ_k X[1, k])²"),
    (Num(N), "n"),
]


@pytest.mark.parametrize(("tree", "line"), WRITTEN)
def test_a_tree_as_text(tree, line):
    assert text(tree) == line


A, B = sympy.symbols("a b", real=True)
VALUES = [
    (0, "0"),
    (Fraction(-6, 5), "−6/5"),
    (Fraction(4), "4"),
    (Decimal("0.50"), "0.50"),
    (Decimal("-0.5"), "−0.5"),
    (Decimal("0E-7"), "0.0000000"),
    (NEG_INF, "−∞"),
    (-0.25, "−0.25"),
    (2 * A - B, "2a − b"),
    (-A, "−a"),
    (-2 * A * B, "−2ab"),
    (sympy.Rational(3, 5) * A, "3/5·a"),
    (-sympy.Rational(3, 5) * A + 1, "1 − 3/5·a"),
    (A**2 * B, "a²b"),
    (A / B, "a ÷ b"),
    (1 / (2 * A), "1 ÷ (2a)"),
    (-A / 2 / B, "−a ÷ (2b)"),
    (sympy.sqrt(2) / 2, "1/2·√2"),
    (-sympy.sqrt(2), "−√2"),
    (sympy.sqrt(A * B), "√(ab)"),
    (sympy.sqrt(A), "√a"),
    (2**A, "2^a"),
    (2 ** (-A), "2^(−a)"),
    (sympy.exp(A) * 3, "3·e^a"),
    (sympy.Symbol("x_12"), "x₁₂"),
    (sympy.Symbol("a1") * 2, "2a₁"),
    ("cat", "cat"),
]


@pytest.mark.parametrize(("number", "line"), VALUES)
def test_a_value_as_text(number, line):
    assert value_text(number) == line


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ((2 * A - B, sympy.Integer(3)), "(2a − b)·3"),
        ((-A, B), "(−a)·b"),
        ((A, B), "a·b"),
        ((sympy.Integer(2), A), "2·a"),
        ((Fraction(-1), Fraction(4)), "(−1)·4"),
    ],
)
def test_a_worked_line_of_letters_shows_each_factor(values, line):
    assert text(substitute(Ref("x", (0,)) * Ref("x", (1,)), lambda ref: values[ref.index[0]])) == line


def test_letters_in_a_sum_keep_their_brackets():
    assert text(Num(A - B) + Num(A - B)) == "a − b + (a − b)"
    assert text(Num(A) - Num(A - B)) == "a − (a − b)"


def test_the_printed_kinds_are_those_of_a_value():
    assert [type(tree) for tree in (Num(1) * 2, Num(1) / 2, Num(1) - 2)] == [Mul, Div, Sub]
    assert RATIONALS.settle(Num(1) / 2, lambda ref: None) == Fraction(1, 2)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (999, "999"), (1024, "1,024"), (10_000, "10,000"), (-124_337_664, "−124,337,664"),
        (Decimal("12345.6789"), "12,345.6789"), (Decimal("1096.63"), "1096.63"), (Decimal("0.12345"), "0.12345"),
    ],
)  # fmt: skip
def test_thousands_stand_apart(value, written):
    assert value_text(value) == written
    assert latex(Num(value)) == written.replace(",", "{,}").replace("−", "-")
