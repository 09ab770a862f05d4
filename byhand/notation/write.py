"""Trees as text in any notation: one fold over the tree sets the brackets, and a `Style` says how each node is
written.

A negative number is in brackets unless it stands first in a sum, or alone: `1/5·2 + 4/5·(−2) = −6/5`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from byhand.arithmetic.expr import NEG_INF, BigSum, Div, Expr, Fn, Index, Mul, Num, Ref, Scalar, Sub, Sum
from byhand.notation.marks import written_tree
from byhand.notation.number import plain

GROUPED = 1000  # the least whole number whose thousands are separated

SUM, PRODUCT, POWER, ATOM = range(1, 5)  # precedence levels, the weakest first


class Style(Struct, frozen=True):
    """A notation: a function or a text for each kind of node. The functions take the texts of a node's parts."""

    fraction: Callable[[str, str], str]
    """Takes the digits of numerator and denominator: a number, not a division."""
    times: str
    divide: Callable[[str, str], str]
    power: Callable[[str, str], str]
    root: Callable[[str], str]
    log: Callable[[str, str], str]
    """Takes the base and the argument."""
    call: Callable[[str, tuple[str, ...]], str]
    brackets: Callable[[str], str]
    big_sum: Callable[[str, str, str], str]
    ref: Callable[[Ref], str]
    letter: Callable[[str], str]
    constant: Callable[[str], str]
    divide_brackets: bool = True
    """Whether dividend and divisor need brackets; in a stacked fraction they do not."""
    power_brackets: bool = False
    """Whether an exponent needs brackets; a superscript does not."""
    thousands: str = ","
    """What separates groups of three digits."""
    kind: type[str] = str
    """The type of the texts."""


def write(node: Expr, style: Style, at_least: int = SUM) -> str:
    """The text of a tree, in brackets if its precedence is below `at_least`.

    If a number in it differs from copy to copy of a class, the text is a mark (notation/marks.py).
    """

    def write_one(tree: Expr) -> str:
        text, level = _write(tree, style)
        return style.kind(text if level >= at_least else style.brackets(text))

    return written_tree(write_one, node)


def terms(node: Expr, style: Style) -> list[str]:
    """The texts of the terms of a sum, so that a line can break between them; of any other tree, one text."""
    if not isinstance(node, Sum) or not node.terms:
        return [write(node, style)]
    return [write(term, style, PRODUCT if i else SUM) for i, term in enumerate(node.terms)]


def write_value(value: Scalar, style: Style) -> str:
    """The text of a value of any number system."""
    return style.kind(_value(value, style)[0])


def signed(text: str) -> str:
    """Digits with a true minus sign."""
    return text.replace("-", "−")


def _value(value: Scalar, style: Style) -> tuple[str, int]:
    """The text of a value, and its precedence."""
    if isinstance(value, int | Fraction):
        return _fraction(value.numerator, value.denominator, style.fraction, style.thousands)
    if isinstance(value, Index):
        return style.letter(value.name), ATOM
    if value == NEG_INF:
        return "−∞", SUM
    if isinstance(value, Decimal | float):
        text = _grouped(signed(plain(value)), style.thousands)
        return text, SUM if text.startswith("−") else ATOM
    from byhand.arithmetic.symbols import tree  # any other value is a sympy expression

    return _write(tree(value), style)


def _grouped(digits: str, thousands: str) -> str:
    """Digits with their thousands separated: of a whole number from GROUPED on, of a decimal from ten times that."""
    whole, point, rest = digits.partition(".")
    sign, number = ("−", whole[1:]) if whole.startswith("−") else ("", whole)
    if len(number) < len(str(GROUPED)) + bool(point):
        return digits
    return sign + f"{int(number):,}".replace(",", thousands) + point + rest


@lru_cache(10_000)  # a page has few numbers, and each of them often
def _fraction(
    numerator: int, denominator: int, fraction: Callable[[str, str], str], thousands: str
) -> tuple[str, int]:
    """The text of a whole number or a fraction, and its precedence. fraction, thousands: as a style has them."""
    if denominator == 1:
        return _grouped(signed(str(numerator)), thousands), SUM if numerator < 0 else ATOM
    return fraction(signed(str(numerator)), str(denominator)), SUM if numerator < 0 else PRODUCT


def _write(node: Expr, style: Style) -> tuple[str, int]:
    """The text of a tree, and its precedence."""

    def part(child: Expr, at_least: int) -> str:
        text, level = _write(child, style)
        return text if level >= at_least else style.brackets(text)

    match node:
        case Num(value):
            return _value(value, style)
        case Ref(name, ()):
            return style.letter(name), ATOM
        case Ref():
            return style.ref(node), ATOM
        case Sum(()):
            return "0", ATOM
        case Sum((term,)):
            return _write(term, style)
        case Sum(terms):
            rest = [part(t, PRODUCT) for t in terms[1:]]
            return " + ".join([part(terms[0], SUM), *rest]), SUM
        case Sub(Sum(()), right):
            return f"−{part(right, PRODUCT)}", SUM
        case Sub(left, right):
            return f"{part(left, SUM)} − {part(right, PRODUCT)}", SUM
        case Mul(left, right):
            joint = "" if _is_letters(right) and _is_coefficient(left) else style.times
            return part(left, PRODUCT) + joint + part(right, PRODUCT if _is_fraction(right) else POWER), PRODUCT
        case Div(left, right):
            if not style.divide_brackets:
                return style.divide(_write(left, style)[0], _write(right, style)[0]), ATOM
            return style.divide(part(left, PRODUCT), part(right, POWER)), PRODUCT
        case Fn("pow", (base, exponent)):
            raised = part(exponent, ATOM) if style.power_brackets else _write(exponent, style)[0]
            return style.power(part(base, ATOM), raised), POWER
        case Fn("sqrt", (x,)):
            return style.root(_write(x, style)[0]), POWER
        case Fn("log", (base, x)):
            return style.log(_write(base, style)[0], part(x, ATOM)), PRODUCT
        case Fn("sinpi" | "cospi" as name, (x,)):
            angle = part(x, PRODUCT) + style.times + style.constant("pi")
            return style.call(name[:3], (angle,)), ATOM
        case Fn(name, ()):
            return style.constant(name), ATOM
        case Fn(name, args):
            return style.call(name, tuple(_write(a, style)[0] for a in args)), ATOM
        case BigSum(index, count, body):
            last = count.name if isinstance(count, Index) else str(count)
            return style.big_sum(index.name, last, part(body, PRODUCT)), PRODUCT
        case _:
            raise TypeError(f"not a node: {node!r}")


def _is_fraction(node: Expr) -> bool:
    return isinstance(node, Num) and isinstance(node.value, Fraction) and node.value > 0


def _is_coefficient(node: Expr) -> bool:
    """Whether a factor needs no multiplication sign before a letter: a whole number, or letters, as 2, a² and 2a."""
    if isinstance(node, Num):
        return isinstance(node.value, Fraction) and node.value.denominator == 1
    return _is_letters(node) or (isinstance(node, Mul) and _is_coefficient(node.left) and _is_letters(node.right))


def _is_letters(node: Expr) -> bool:
    """Whether a tree is a letter or a power of one."""
    match node:
        case Ref(_, ()):
            return True
        case Fn("pow", (base, Num())):
            return _is_letters(base)
        case _:
            return False
