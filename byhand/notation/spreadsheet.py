"""Trees as formulas of a spreadsheet: `=B6*C11+C6*C12`, with functions of Excel, LibreOffice and Google Sheets.

−∞ is the text "-inf" there, since a spreadsheet has no such number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Ref, Sub, Sum, changed, expr
from byhand.notation.text import TEXT
from byhand.notation.write import Style, write

INFINITE = "-inf"
LOWEST = "-1E+300"  # stands for −∞ where numbers are compared
E = "EXP(1)"
CLOSE = "1E-9"  # how far apart numbers may be that are equal but for the rounding of float64
_PLAIN = re.compile(r"\w+")  # a name that needs no quotes


def _power(base: str, exponent: str) -> str:
    return f"EXP({exponent})" if base == E else f"{base}^{exponent}"


def _call(name: str, args: tuple[str, ...]) -> str:
    match name:
        case "choose":
            either = (quoted(INFINITE) if arg.endswith("∞") else arg for arg in args[1:])
            return f"CHOOSE(1+{args[0]},{','.join(either)})"
        case "argmax":
            return _first_largest(args)
        case "gelu":
            return f"({args[0]})*(1+ERF(({args[0]})/SQRT(2)))/2"
        case _:
            return f"{name.upper()}({','.join(args)})"


def _first_largest(args: tuple[str, ...]) -> str:
    """The index of the first of the largest arguments; texts, which are −∞, are none of these."""
    largest, formula = f"MAX({','.join(args)})-{CLOSE}", str(len(args) - 1)
    for index in range(len(args) - 2, -1, -1):
        formula = f"IF(AND(ISNUMBER({args[index]}),{args[index]}>={largest}),{index},{formula})"
    return formula


SPREADSHEET = replace(
    TEXT,
    fraction=lambda top, bottom: f"{top}/{bottom}",
    times="*",
    divide=lambda a, b: f"{a}/{b}",
    power=_power,
    root=lambda x: f"SQRT({x})",
    log=lambda base, x: f"LN({x})" if base == E else f"LOG({x},{base})",
    call=_call,
    constant=lambda name: {"e": E, "pi": "PI()"}[name],
    power_brackets=True,
    thousands="",
)


def cell_name(row: int, col: int, sheet: str = "", fixed: bool = False) -> str:
    """A cell's name, row and column counted from 0: B7; on another sheet, key!B7; `fixed`, $B$7."""
    letters, n = "", col + 1
    while n:
        n, rest = divmod(n - 1, 26)
        letters = chr(65 + rest) + letters
    dollar = "$" if fixed else ""
    return f"{sheet_name(sheet)}{dollar}{letters}{dollar}{row + 1}"


def sheet_name(sheet: str) -> str:
    """The name of a sheet before that of a cell; "" for none."""
    if not sheet:
        return ""
    return f"{sheet}!" if _PLAIN.fullmatch(sheet) and sheet.isascii() else "'" + sheet.replace("'", "''") + "'!"


def quoted(text: str) -> str:
    """A text within a formula."""
    return '"' + text.replace('"', '""') + '"'


def formula(node: Expr, cell: Callable[[Ref], str], infinite: Callable[[Ref], bool] = lambda ref: False) -> str:
    """The formula of a tree, without its equals sign.

    cell: the name of the cell in which a reference stands. infinite: whether −∞ may stand there.
    """
    if isinstance(node, Num) and node.value == -float("inf"):
        return quoted(INFINITE)
    style = replace(SPREADSHEET, ref=cell)
    if not isinstance(node, Ref) and (names := [*dict.fromkeys(map(cell, filter(infinite, _added(node))))]):
        tests = [f"{name}={quoted(INFINITE)}" for name in names]
        test = tests[0] if len(tests) == 1 else f"OR({','.join(tests)})"
        return f"IF({test},{quoted(INFINITE)},{_written(node, style)})"
    guarded = {cell(ref) for ref in _exponents(node) if infinite(ref)}
    if guarded:
        style = replace(style, power=lambda base, exponent: _guarded(base, exponent, guarded))
    return _written(node, style)


def _guarded(base: str, exponent: str, infinite: set[str]) -> str:
    """A power that is 0 where its exponent is −∞."""
    power = _power(base, exponent)
    return f"IF({exponent}={quoted(INFINITE)},0,{power})" if exponent in infinite else power


def _added(node: Expr) -> Iterator[Ref]:
    """The references for which a tree is −∞ as soon as one of them is: not the exponents, and what is compared."""
    match node:
        case Ref():
            yield node
        case Sum() | Sub() | Mul() | Div():
            for child in node.terms if isinstance(node, Sum) else (node.left, node.right):
                yield from _added(child)
        case _:
            return


def _exponents(node: Expr) -> Iterator[Ref]:
    match node:
        case Fn("pow", (_, Ref() as exponent)):
            yield exponent
        case Fn(_, args):
            for arg in args:
                yield from _exponents(arg)
        case Sum(terms):
            for term in terms:
                yield from _exponents(term)
        case Sub(left, right) | Mul(left, right) | Div(left, right):
            yield from _exponents(left)
            yield from _exponents(right)


def _written(node: Expr, style: Style) -> str:
    text = write(_without_signs(node), style).replace("−∞", quoted(INFINITE))
    return text.replace(" + ", "+").replace(" − ", "-").replace("−", "-")


def _without_signs(node: Expr) -> Expr:
    """The tree with −1 times a part in place of its negative: a spreadsheet takes −x² for (−x)²."""
    match node:
        case Sub(Sum(()), right):
            return Mul(expr(-1), _without_signs(right))
        case _:
            return changed(node, _without_signs)
