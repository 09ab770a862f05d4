"""Letters and roots: the number system of sympy expressions.

sympy only gives the values of cells here. The student's arithmetic is recorded in our own trees (expr), since sympy
puts terms and factors into another order.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from fractions import Fraction

import sympy

from byhand.arithmetic.domain import (
    MOST_BITS,
    Domain,
    LeavesDomainError,
    NotRealError,
    Real,
    ValueOf,
    is_neg_inf,
    shown,
)
from byhand.arithmetic.expr import NEG_INF, Div, Expr, Fn, Mul, Num, Ref, Scalar, Sub, Sum, evaluate

# The largest quotient with roots or letters in its denominator, in operations: longer ones fit no page and slow
# sympy.
MOST_OPERATIONS = 30


class Symbols(Domain):
    """sympy expressions in real letters, and −∞.

    Raises: LeavesDomainError where a result depends on the unknown sign or order of letters.
    """

    name = "symbolic"
    advice = "give numbers for the letters, or use --numbers decimal"

    def num(self, value: Scalar) -> Scalar:
        if isinstance(value, Real):
            return value.within(self)
        if value == NEG_INF:
            return NEG_INF
        if isinstance(value, sympy.Basic):
            return value
        exact = Fraction(value)
        return sympy.Rational(exact.numerator, exact.denominator)

    def letter(self, name: str) -> Scalar:
        return sympy.Symbol(name, real=True)

    def exceeds(self, a: Scalar, bound: int) -> bool:
        return bool((a - bound).is_positive)

    def div(self, a: Scalar, b: Scalar) -> Scalar:
        if not is_neg_inf(b) and (b.is_zero or (not b.is_Rational and _is_zero(b))):
            raise ZeroDivisionError
        return super().div(a, b)

    def function(self, name: str, args: Sequence[Scalar]) -> Scalar:
        match name, *args:
            case "pow", base, exponent:
                return self._power(base, exponent)
            case "sqrt", x:
                if x.is_negative:
                    raise NotRealError(f"√({shown(x)}) is not a real number")
                return _root(x)
            case "log", base, x:
                if x.is_nonpositive:
                    raise NotRealError(f"log({shown(x)}) is not a real number")
                return sympy.log(x, base)
            case "max", _, *_:
                return args[_first_largest(args)]
            case "argmax", _, *_:
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
            case "erf", x:
                return sympy.erf(x)
            case ("e",):
                return sympy.E
            case ("pi",):
                return sympy.pi
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def settle(self, node: Expr, values: ValueOf) -> Scalar:
        value = evaluate(node, values, self)
        return value if is_neg_inf(value) else compact(value)

    def _power(self, base: Scalar, exponent: Scalar) -> Scalar:
        what = f"{shown(base)}^({shown(exponent)})"
        if base.is_zero and exponent.is_negative:
            raise ZeroDivisionError
        if base.is_negative and exponent.is_Rational and not exponent.is_Integer:
            raise NotRealError(f"{what} is not a real number")
        if base.is_Rational and exponent.is_Rational and base not in (0, 1, -1):
            size = max(abs(int(base.p)), int(base.q)).bit_length() - 1
            if abs(exponent) * size > MOST_BITS:
                raise LeavesDomainError(f"{what} is too long to write")
        return base**exponent


def compact(value: sympy.Expr) -> sympy.Expr:
    """The expression as a sum of products; if its denominator has letters or roots, as a quotient of two such sums.

    (a + b)² becomes a² + 2ab + b², and 2^a/(2^a + 2^b) stays one quotient.

    Raises: LeavesDomainError for a quotient of more than MOST_OPERATIONS operations.
    """
    if value.is_Rational or value.is_Symbol:
        return value
    if not value.as_numer_denom()[1].is_Rational:
        if (size := value.count_ops()) > MOST_OPERATIONS:
            raise LeavesDomainError(f"the value, as a formula, takes {size} operations, too many to write by hand")
        value = sympy.radsimp(sympy.cancel(value))
    top, bottom = (_expanded(part) for part in value.as_numer_denom())
    return _expanded(top / bottom) if bottom.is_Rational else top / bottom


def _root(x: sympy.Expr) -> sympy.Expr:
    """The root, without a root sign where it is one of a square: letters are real, so that of a² is |a|."""
    if x.free_symbols and x.is_polynomial() and x.count_ops() <= MOST_OPERATIONS:
        x = sympy.sqf(x)
    return sympy.sqrt(x)


def _expanded(value: sympy.Expr) -> sympy.Expr:
    """The expression as a sum of products, in which powers of one base are joined, as in 2^(a + b)."""
    value = sympy.expand(value, power_exp=False)
    has_letters_above = any(power.exp.free_symbols for power in value.atoms(sympy.Pow, sympy.exp))
    return sympy.powsimp(value) if has_letters_above else value


def _is_zero(value: sympy.Expr) -> bool:
    return bool(sympy.simplify(value) == 0 if value.is_number else sympy.expand(value) == 0)


def _first_largest(args: Sequence[Scalar]) -> int:
    """The index of the largest expression; of equal ones, the first."""
    best = 0
    for i in range(1, len(args)):
        if _is_larger(args[i], args[best]):
            best = i
    return best


def _is_larger(a: Scalar, b: Scalar) -> bool:
    if is_neg_inf(a) or is_neg_inf(b):
        return not is_neg_inf(a)
    difference = a - b
    if not difference.is_Rational:
        difference = sympy.simplify(difference)
    if difference.is_positive or difference.is_nonpositive:
        return bool(difference.is_positive)
    raise LeavesDomainError(f"which is larger, {shown(b)} or {shown(a)}, depends on the letters")


def read(text: str) -> sympy.Expr:
    """The expression that a text in sympy's notation stands for: "2*a - sqrt(2)".

    Raises: ValueError and SyntaxError for another text, and what the number system raises.
    """
    return _read(ast.parse(text, mode="eval").body)


def _read(node: ast.expr) -> sympy.Expr:
    match node:
        case ast.Constant(int() as value):
            return sympy.Integer(value)
        case ast.Name("E"):
            return sympy.E
        case ast.Name("pi"):
            return sympy.pi
        case ast.Name(name) if name not in _FUNCTIONS:
            return SYMBOLS.letter(name)
        case ast.UnaryOp(ast.USub(), operand):
            return -_read(operand)
        case ast.BinOp(left, ast.Add(), right):
            return _read(left) + _read(right)
        case ast.BinOp(left, ast.Sub(), right):
            return _read(left) - _read(right)
        case ast.BinOp(left, ast.Mult(), right):
            return _read(left) * _read(right)
        case ast.BinOp(left, ast.Div(), right):
            return SYMBOLS.div(_read(left), _read(right))
        case ast.BinOp(left, ast.Pow(), right):
            return SYMBOLS.fn("pow", (_read(left), _read(right)))
        case ast.Call(ast.Name(name), [argument], []) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_read(argument))
        case _:
            raise ValueError(f"not sympy's: {ast.dump(node)[:40]}")


_FUNCTIONS = {name: getattr(sympy, name) for name in ("sqrt", "exp", "log", "sin", "cos", "erf", "Abs")}


def tree(value: sympy.Expr) -> Expr:
    """A sympy expression as a tree, for printing. Terms and factors are in sympy's printing order."""
    match value:
        case sympy.Rational():
            return Num(Fraction(int(value.p), int(value.q)))
        case sympy.Symbol():
            return Ref(value.name)
        case sympy.Add():
            return _sum(value)
        case sympy.Mul():
            return _product(value)
        case sympy.Pow() if value.exp.is_Rational and value.exp < 0:
            return Div(Num(Fraction(1)), tree(1 / value))
        case sympy.Pow() if value.exp == sympy.Rational(1, 2):
            return Fn("sqrt", (tree(value.base),))
        case sympy.Pow():
            return Fn("pow", (tree(value.base), tree(value.exp)))
        case sympy.exp():
            return Fn("pow", (Fn("e"), tree(value.exp)))
        case sympy.log():
            return Fn("log", (Fn("e"), tree(value.args[0])))
        case sympy.Function():
            return Fn(value.func.__name__.lower(), tuple(tree(a) for a in value.args))
        case _ if value in _CONSTANTS:
            return Fn(_CONSTANTS[value])
        case _:
            raise TypeError(f"no tree for {value!r}")


_CONSTANTS = {sympy.E: "e", sympy.pi: "pi"}


def _product(value: sympy.Mul) -> Expr:
    """A product as a tree: the number first, then the other factors; a quotient if the denominator is no number.

    −x is the sum of no terms less x, which is written without a 0.
    """
    number, rest = value.as_coeff_Mul()
    if number < 0:
        return Sub(Sum(()), tree(-value))
    above, below = rest.as_numer_denom()
    if below != 1:
        return Div(tree(number.p * above), tree(number.q * below))
    factors = [tree(f) for f in above.as_ordered_factors()] if above != 1 else []
    if number != 1 or not factors:
        factors.insert(0, tree(number))
    result = factors[0]
    for factor in factors[1:]:
        result = Mul(result, factor)
    return result


def _sum(value: sympy.Add) -> Expr:
    """A sum as a tree, in which negative terms are subtracted."""
    first, *rest = value.as_ordered_terms()
    result = tree(first)
    for term in rest:
        negative = term.could_extract_minus_sign()
        result = result - tree(-term) if negative else result + tree(term)
    return result


SYMBOLS = Symbols()
