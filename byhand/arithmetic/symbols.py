"""Letters and surds: a number system of sympy expressions.

sympy is a number system here and never the record of the student's arithmetic: it reorders what it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from byhand.arithmetic.domains import Domain, LeavesDomainError, Lookup
from byhand.arithmetic.expr import NEG_INF, Div, Expr, Fn, Mul, Num, Ref, evaluate


class Symbols(Domain):
    """sympy expressions in real letters; −∞ is sympy's −oo.

    Raises: LeavesDomainError where a result depends on the unknown sign or order of letters.
    """

    name = "symbolic"
    advice = "give numbers for the letters"

    def num(self, value: Any) -> Any:
        if value == NEG_INF:
            return sympy.S.NegativeInfinity
        exact = Fraction(value)
        return sympy.Rational(exact.numerator, exact.denominator)

    def letter(self, name: str) -> Any:
        return sympy.Symbol(name, real=True)

    def div(self, a: Any, b: Any) -> Any:
        if b.is_zero or sympy.simplify(b) == 0:
            raise ZeroDivisionError
        return a / b

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        match name, *args:
            case "pow", base, exponent:
                return sympy.S.Zero if exponent == sympy.S.NegativeInfinity else base**exponent
            case "sqrt", x:
                if x.is_negative:
                    raise LeavesDomainError(f"√({x}) is not a real number")
                return sympy.sqrt(x)
            case "max", *_:
                return args[_first_largest(args)]
            case "argmax", *_:
                return sympy.Integer(_first_largest(args))
            case "sin", x:
                return sympy.sin(x)
            case "cos", x:
                return sympy.cos(x)
            case "sinpi", x:
                return sympy.sin(x * sympy.pi)
            case "cospi", x:
                return sympy.cos(x * sympy.pi)
            case "gelu", x:
                return x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2
            case ("e",):
                return sympy.E
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def settle(self, node: Expr, values: Lookup) -> Any:
        value = evaluate(node, values, self)
        if value.is_Rational or value.is_Symbol or value.is_infinite:
            return value
        return sympy.expand(sympy.radsimp(sympy.cancel(value)))


def _first_largest(args: Sequence[Any]) -> int:
    """The index of the largest of some expressions, the first of equals."""
    best = 0
    for i in range(1, len(args)):
        difference = sympy.simplify(args[i] - args[best])
        if difference.is_positive:
            best = i
        elif not difference.is_nonpositive:
            raise LeavesDomainError(f"which is larger, {args[best]} or {args[i]}, depends on the letters")
    return best


def tree(value: sympy.Expr) -> Expr:
    """A sympy expression as a tree, in a fixed order of terms: for printing."""
    match value:
        case sympy.Rational():
            return Num(Fraction(int(value.p), int(value.q)))
        case sympy.Symbol():
            return Ref(value.name)
        case sympy.Add():
            return _sum(value)
        case sympy.Mul():
            return _product(value)
        case sympy.Pow() if value.exp == sympy.Rational(1, 2):
            return Fn("sqrt", (tree(value.base),))
        case sympy.Pow():
            return Fn("pow", (tree(value.base), tree(value.exp)))
        case sympy.exp():
            return Fn("pow", (Fn("e"), tree(value.exp)))
        case _ if value == sympy.S.NegativeInfinity:
            return Num(NEG_INF)
        case _ if value == sympy.E:
            return Fn("e")
        case _ if value == sympy.pi:
            return Fn("pi")
        case sympy.Function():
            return Fn(value.func.__name__.lower(), tuple(tree(a) for a in value.args))
        case _:
            raise TypeError(f"no tree for {value!r}")


def _product(value: sympy.Mul) -> Expr:
    """Factors in sympy's printing order, the number first; what is not a number below the line is divided by."""
    number, rest = value.as_coeff_Mul()
    above, below = rest.as_numer_denom()
    result = None if number == 1 and above != 1 else tree(number)
    for factor in above.as_ordered_factors() if above != 1 else ():
        result = tree(factor) if result is None else Mul(result, tree(factor))
    assert result is not None
    return result if below == 1 else Div(result, tree(below))


def _sum(value: sympy.Add) -> Expr:
    """Terms in sympy's printing order; a negative term is subtracted."""
    first, *rest = value.as_ordered_terms()
    result = tree(first)
    for term in rest:
        negative = term.could_extract_minus_sign()
        result = result - tree(-term) if negative else result + tree(term)
    return result


SYMBOLS = Symbols()
