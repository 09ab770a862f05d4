"""A small evaluator of the formulas of a workbook, as another program than the one that wrote them.

Book(content) has the cells of a file as openpyxl reads them; book["key", "D7"] is computed anew, from what is set.
"""

from __future__ import annotations

import io
import math
import re

import openpyxl
from openpyxl.utils import get_column_letter, range_boundaries

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:E[+-]?\d+)?)|(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<cells>(?:'(?:[^']|'')+'!|\w+!)?\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?(?![\w(]))"""
    r"""|(?P<name>[A-Z]+)|(?P<sign><>|<=|>=|[-+*/^&=<>(),]))"""
)
BINARY = ({"=", "<>", "<", ">", "<=", ">="}, {"&"}, {"+", "-"}, {"*", "/"}, {"^"})  # the weakest first


class FormulaError(Exception):
    """#VALUE! and the like."""


def half_away(x, places):
    scaled = abs(x) * 10**places
    return math.copysign(math.floor(round(scaled, 9) + 0.5) / 10**places, x) if x else 0.0


class Book:
    """A workbook whose cells can be set, and are computed when they are asked for."""

    def __init__(self, content):
        self.book = openpyxl.load_workbook(io.BytesIO(content), rich_text=False)
        self.known = {}

    def formula(self, sheet, name):
        """What is written in a cell."""
        return self.book[sheet][name].value

    def set(self, sheet, name, value):
        self.book[sheet][name].value = value
        self.known = {}

    def __getitem__(self, at):
        if at not in self.known:
            written = self.formula(*at)
            is_formula = isinstance(written, str) and written.startswith("=")
            self.known[at] = Parser(self, at[0], written[1:]).result() if is_formula else written
        return self.known[at]

    def range(self, sheet, name):
        """The values of several cells, row by row."""
        left, top, right, bottom = range_boundaries(name.replace("$", ""))
        names = [f"{get_column_letter(c)}{r}" for r in range(top, bottom + 1) for c in range(left, right + 1)]
        return [self[sheet, each] for each in names]


class Parser:
    """Computes one formula."""

    def __init__(self, book, sheet, text):
        self.book, self.sheet, self.tokens, at = book, sheet, [], 0
        while at < len(text):
            found = TOKEN.match(text, at)
            assert found, f"no formula: {text!r} at {text[at:]!r}"
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.tokens.append(("end", ""))
        self.at = 0

    def result(self):
        value = self.values(self.binary(0)())
        assert self.tokens[self.at][0] == "end", self.tokens[self.at :]
        return value[0]

    @staticmethod
    def values(value):
        return value if isinstance(value, list) else [value]

    def take(self, *texts):
        kind, text = self.tokens[self.at]
        if kind == "sign" and text in texts:
            self.at += 1
            return text
        return ""

    def binary(self, level):
        """A function that computes: an argument of IF is only computed if it is chosen."""
        if level == len(BINARY):
            return self.signed()
        left = self.binary(level + 1)
        while sign := self.take(*BINARY[level]):
            left = self.applied(sign, left, self.binary(level + 1))
        return left

    def applied(self, sign, left, right):
        def compute():
            a, b = self.values(left())[0], self.values(right())[0]
            if sign == "&":
                return shown(a) + shown(b)
            if sign in BINARY[0]:
                return compared(sign, a, b)
            a, b = number(a), number(b)
            try:
                return {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__, "^": a.__pow__}[sign](b)
            except (ZeroDivisionError, OverflowError):
                raise FormulaError from None

        return compute

    def signed(self):
        if self.take("-"):
            below = self.signed()
            return lambda: -number(self.values(below())[0])
        return self.atom()

    def atom(self):
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return lambda: float(text)
        if kind == "text":
            return lambda: text[1:-1].replace('""', '"')
        if kind == "cells":
            sheet, _, name = text.rpartition("!")
            sheet = sheet.strip("'").replace("''", "'") or self.sheet
            return lambda: self.book.range(sheet, name) if ":" in name else self.book[sheet, name.replace("$", "")]
        if kind == "name":
            if text in ("TRUE", "FALSE"):
                return lambda: text == "TRUE"
            assert self.take("("), text
            args = []
            while not self.take(")"):
                args.append((self.binary(0), self.tokens[self.at - 1][0] == "cells"))
                self.take(",")
            return lambda: call(text, args)
        assert text == "(", text
        inner = self.binary(0)
        assert self.take(")")
        return inner


def number(x):
    if x is None:
        return 0.0
    if isinstance(x, bool | int | float):
        return float(x)
    if not re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+", x):  # a text that looks like a number is one
        raise FormulaError
    return float(x)


def shown(x):
    return str(int(x)) if isinstance(x, float) and x == int(x) else str(x)


def is_number(x):
    return isinstance(x, int | float) and not isinstance(x, bool)


def compared(sign, a, b):
    if sign in ("=", "<>"):
        alike = (is_number(a) or a is None) and (is_number(b) or b is None)
        same = (
            number(a) == number(b) if alike else isinstance(a, str) and isinstance(b, str) and a.lower() == b.lower()
        )
        return same == (sign == "=")
    order = [(2 if isinstance(x, str) else 1, x if isinstance(x, str) else number(x)) for x in (a, b)]
    return {
        "<": order[0] < order[1],
        ">": order[0] > order[1],
        "<=": order[0] <= order[1],
        ">=": order[0] >= order[1],
    }[sign]


def call(name, args):
    def value(n):
        found = args[n][0]()
        return found[0] if isinstance(found, list) else found

    def flat(*, numbers_only=False):
        """All values; of cells, only the numbers, if it is asked for."""
        for compute, is_cell in args:
            found = compute()
            for each in found if isinstance(found, list) else [found]:
                if not (numbers_only and (is_cell or isinstance(found, list)) and not is_number(each)):
                    yield each

    match name:
        case "IF":
            chosen = value(0)
            if isinstance(chosen, str):
                raise FormulaError
            return value(1) if chosen else value(2)
        case "IFERROR":
            try:
                return value(0)
            except FormulaError:
                return value(1)
        case "AND":
            return all(map(bool, [*flat()]))
        case "OR":
            return any(map(bool, [*flat()]))
        case "CHOOSE":
            return value(int(number(value(0))))
        case "INDEX":
            cells, at = args[0][0](), int(number(value(1)))
            if not 1 <= at <= len(cells):
                raise FormulaError
            return cells[at - 1]
        case "SUM":
            return sum(map(number, flat(numbers_only=True)))
        case "MAX":
            return max(map(number, flat(numbers_only=True)), default=0.0)
        case "SUMIF":
            return sum(number(b) for a, b in zip(args[0][0](), args[2][0](), strict=True) if a == value(1))
        case "ISBLANK":
            return value(0) is None
        case "ISNUMBER":
            return is_number(value(0))
        case "ISLOGICAL":
            return isinstance(value(0), bool)
        case "N":
            return number(value(0)) if is_number(value(0)) else 0.0
        case "ABS":
            return abs(number(value(0)))
        case "ROUND":
            return half_away(number(value(0)), int(value(1)))
        case "SQRT" | "LN" | "LOG":
            x, base = number(value(0)), number(value(1)) if len(args) > 1 else math.e
            if x < 0 or (x == 0 and name != "SQRT"):
                raise FormulaError
            return math.sqrt(x) if name == "SQRT" else math.log(x) / math.log(base)
        case "EXP" | "SIN" | "COS" | "ERF":
            return getattr(math, name.lower())(number(value(0)))
        case "PI":
            return math.pi
        case "TRIM":
            return " ".join(shown(value(0) or "").split())
        case "LOWER":
            return shown(value(0)).lower()
        case "SUBSTITUTE":
            return shown(value(0)).replace(value(1), value(2))
        case "FIND":
            at = shown(value(1)).find(value(0))
            if at < 0:
                raise FormulaError
            return float(at + 1)
        case "LEN":
            return float(len(shown(value(0))))
        case "LEFT":
            return shown(value(0))[: int(value(1))]
        case "MID":
            return shown(value(0))[int(value(1)) - 1 : int(value(1)) - 1 + int(value(2))]
        case "VALUE":
            return number(value(0))
    raise AssertionError(f"no function {name}")
