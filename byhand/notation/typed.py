"""What a text says that somebody typed: a number in any notation that is used by hand, or that there is none.

read("−3/6")   → −1/2, unreduced        read("1½")   → 3/2, a mixed number
read("0,5")    → 1/2, a decimal         read("2^-3") → 1/8, a power that was not worked out
read("3/√11")  → 0.9045…, a root        read("9·10⁻²") → 9/100, a decimal
read("1,000")  → 1000 or 1: a comma before three digits may be either

formula("2a − b", "ab") → "2*a-b", a formula in letters as Python writes it

A notebook holds these two as they stand here: they use the standard library alone.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct

from byhand.arithmetic.exact import exact_root
from byhand.arithmetic.expr import NEG_INF

LONGEST_ANSWER = 40  # characters of a number
LONGEST_FORMULA = 200  # characters of an answer in letters
SIGNIFICANT = 3  # digits of a rounding that is as good as what it is rounded from
LARGEST_POWER = 99  # an exponent, in absolute value
LONGEST_POWER = 10_000  # bits of a power, on the way to a number
Form = Literal[
    "", "unreduced", "mixed", "plus", "decimal", "percent", "root", "power", "rounded", "rounded otherwise",
    "another solution",
]  # fmt: skip
Kind = Literal["number", "missing", "unreadable"]

_MINUS = dict.fromkeys(map(ord, "−–—‐‑‒﹣－"), "-")
_SLASH = dict.fromkeys(map(ord, "∕⁄÷／:"), "/")
_SPACE = re.compile(r"\s+")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_OF_A_FRACTION = re.compile(r"(√|\^|\*\*)\s*([-+−]?[¼½¾⅐-⅞])")  # a root or a power
_LATEX = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ABOUT = re.compile(r"^\s*[≈≃≅]\s*|(?<=\d)\s*(?:…|\.\.\.)\s*$")  # before or behind a number that is rounded
_INFINITY = re.compile(r"([+-]?) ?(?:∞|oo|inf|infinity)", re.IGNORECASE)
_POINT = re.compile("[.,]")
_DECIMAL = r"(?:\d+(?:[.,]\d*)?|[.,]\d+)"
_GROUPS = re.compile(r"[+-]? ?\d{1,3}(?:(?:,\d{3}){2,}|(?:[ '’]\d{3})+)(?:\.\d+)?|[+-]? ?\d{1,3}(?:,\d{3})+\.\d+")
_GROUP = re.compile(r"(?<=\d)[, '’](?=\d{3})")
_MIXED = re.compile(r"([+-]?) ?(\d+) (\d+) ?/ ?(\d+)")
_QUOTIENT = re.compile(rf"([+-]?) ?({_DECIMAL}) ?/ ?([+-]?) ?({_DECIMAL})")
_NUMBER = re.compile(rf"([+-]?) ?({_DECIMAL})(?:(?:[eE]| ?[*·×] ?10 ?(?:\^|\*\*) ?\(?)([+-]?\d+)\)?)? ?(%?)")
_PIECE = re.compile(rf"{_DECIMAL}|√|sqrt|\^|\*\*|[-+*·×/()]", re.IGNORECASE)
_RAISING = re.compile(r"√|sqrt|\^|\*\*", re.IGNORECASE)
_TIMES = ("*", "·", "×", "/")
_FACTORS = (*_TIMES, "(", "√", "sqrt")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_LETTER = r"[A-Za-zα-ωΑ-Ω]_?\d{0,2}(?![A-Za-z(])|sqrt|√|abs(?=\()|[A-Za-zα-ωΑ-Ω]"
_TOKEN = re.compile(rf" *(?:(\d+(?:[.,]\d+)?)|({_LETTER})|(\*\*|[-+*/^()·×|]))")


class Reading(Struct, frozen=True):
    """What a text says."""

    kind: Kind
    values: tuple[Any, ...] = ()
    """The numbers that it may mean: none where it is missing or unreadable, two where a comma may be a point."""
    form: Form = ""
    """How it is written; "" for a whole number or a reduced fraction."""
    places: int | None = None
    """How many decimals it has."""


MISSING, UNREADABLE = Reading("missing"), Reading("unreadable")


@lru_cache(maxsize=100_000)
def read(text: str) -> Reading:
    """The number that a text says, in any notation that is used by hand."""
    plain = normalized(text)
    if plain in ("", "?", ".", "..", "..."):
        return MISSING
    if len(plain) > LONGEST_ANSWER:
        return UNREADABLE
    for reader in _READERS:
        if (reading := reader(plain)) is not None:
            return reading
    return UNREADABLE


def normalized(text: str) -> str:
    """A text with one kind of minus sign, slash, space and digit, and with ½ as 1/2; without what says that a number
    is rounded; and what is written for LaTeX as it is written by hand.
    """
    text = _ABOUT.sub("", text)
    if "\\" in text or "{" in text:
        text = _by_hand(text)
    if text.isascii():
        return _SPACE.sub(" ", text.replace(":", "/")).strip()
    text = _OF_A_FRACTION.sub(r"\1(\2)", text)
    text = _RAISED_RUN.sub(lambda raised: f"^({raised[0].translate(_RAISED)})", text)
    return _SPACE.sub(" ", "".join(map(_usual, text)).translate(_MINUS).translate(_SLASH)).strip()


def _by_hand(text: str) -> str:
    r"""A formula in LaTeX as it is written by hand: \frac{1}{\sqrt{3}} is (1)/(√(3))."""
    for command, sign in ((r"\sqrt", "√"), (r"\cdot", "*"), (r"\times", "*"), (r"\left", ""), (r"\right", "")):
        text = text.replace(command, sign)
    text = re.sub(r"([√^])\s*\{([^{}]*)\}", r"\1(\2)", text)
    return re.sub(r"[{}]", "", _LATEX.sub(r"(\1)/(\2)", text))


def _usual(character: str) -> str:
    """A character as it is usually typed."""
    if character == "…":
        return "..."
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(character) == "No" and "⁄" in (parts := unicodedata.normalize("NFKC", character)):
        return f" {parts}"  # a fraction, also behind a whole number
    return character


def _infinity(text: str) -> Reading | None:
    match = _INFINITY.fullmatch(text)
    return match and Reading("number", (NEG_INF if match[1] == "-" else math.inf,))


def _mixed(text: str) -> Reading | None:
    match = _MIXED.fullmatch(text)
    if not match:
        return None
    sign, whole, top, bottom = match.groups()
    if not int(bottom):
        return UNREADABLE
    return Reading("number", (_signed(sign, int(whole) + Fraction(int(top), int(bottom))),), "mixed")


def _quotient(text: str) -> Reading | None:
    match = _QUOTIENT.fullmatch(text)
    if not match:
        return None
    sign, top, below, bottom = match.groups()
    above, under = _decimal(top)[0], _decimal(bottom)[0]
    if not under:
        return UNREADABLE
    reduced = top.isdecimal() and bottom.isdecimal() and not below and math.gcd(int(top), int(bottom)) == 1
    form: Form = "" if reduced and under != 1 else "unreduced"
    exact = [len(re.sub("[.,]", "", x).lstrip("0")) for x in (top, bottom) if not x.isdecimal()]
    if above and exact and min(exact) >= SIGNIFICANT:  # of a rounded number, as 1/1.732 is
        value = _signed(below, _signed(sign, above / under))
        places = max(0, min(exact) - 1 - math.floor(math.log10(abs(value))))
        return Reading("number", (value,), "decimal", places)
    return Reading(
        "number", (_signed(below, _signed(sign, above / under)),), "plus" if form == "" and sign == "+" else form
    )


def _number(text: str) -> Reading | None:
    match = _NUMBER.fullmatch(_GROUP.sub("", text) if _GROUPS.fullmatch(text) else text)
    if not match:
        return None
    sign, digits, exponent, percent = match.groups()
    if exponent and abs(int(exponent)) > LARGEST_POWER:
        return UNREADABLE
    scale = Fraction(10) ** int(exponent or 0) / (100 if percent else 1)
    values = tuple(_signed(sign, value * scale) for value in _decimal(digits))
    whole = digits.isdecimal() and not exponent
    form: Form = "percent" if percent else ("plus" if sign == "+" else "") if whole else "decimal"
    after = 0 if digits.isdecimal() else len(_POINT.split(digits)[1])
    places = after - int(exponent or 0)
    return Reading("number", values, form, None if percent or places < 0 else places)


def _formula_of_numbers(text: str) -> Reading | None:
    """A number with roots or powers, as a calculator and a text have it: 3/√11, 2√3, 11^(1/2), 1 + √2.

    A sum is a number only if it cannot be worked out further.
    """
    pieces = _PIECE.findall(text)
    if not _RAISING.search(text) or "".join(pieces) != text.replace(" ", ""):
        return None
    left = [piece.lower() for piece in reversed(pieces)]
    try:
        value = _sum(left)
        float(value)  # an error for what is larger than any float
    except (ArithmeticError, IndexError):
        return UNREADABLE
    has_power = "^" in text or "**" in text
    return UNREADABLE if left else Reading(
        "number", (value,), "power" if has_power and isinstance(value, Fraction) else "root"
    )  # fmt: skip


def _sum(left: list[str]) -> Any:
    """The value of the pieces up to the end of a sum, which are taken away. left: the pieces, the next one last.

    Raises: ArithmeticError and IndexError where they say no number.
    """
    sign = left.pop() if left[-1] in ("+", "-") else ""
    value, is_sum = _signed(sign, _product(left)), False
    while left and left[-1] in ("+", "-"):
        sign, is_sum = left.pop(), True
        value += _signed(sign, _product(left))
    if is_sum and isinstance(value, Fraction):
        raise ArithmeticError("a sum that is not worked out")
    return value


def _product(left: list[str]) -> Any:
    """The value up to the end of a product, as in `_sum`. Before a root or a bracket, no sign is needed."""
    value = _factor(left)
    while left and left[-1] in _FACTORS:
        by = left.pop() if left[-1] in _TIMES else "*"
        other = _factor(left)
        value = value / other if by == "/" else value * other
    return value


def _factor(left: list[str]) -> Any:
    base = _atom(left)
    if not left or left[-1] not in ("^", "**"):
        return base
    left.pop()
    sign = left.pop() if left[-1] in ("+", "-") else ""
    return _raised(base, _signed(sign, _atom(left)))


def _atom(left: list[str]) -> Any:
    """A number, a root, or what stands in brackets, of which the last may be left out."""
    piece = left.pop()
    if piece in ("√", "sqrt"):
        return _raised(_atom(left), Fraction(1, 2))
    if piece == "(":
        value = _sum(left)
        if left and left.pop() != ")":
            raise ArithmeticError("a bracket that is not closed")
        return value
    if not piece[-1].isdecimal() and not piece[0].isdecimal():
        raise ArithmeticError("a sign where a number is due")
    return _decimal(piece)[0]


def _raised(base: Any, exponent: Any) -> Any:
    """A power, which is a float where it is not rational.

    Raises: ArithmeticError where it is no real number, or too large.
    """
    if not isinstance(exponent, Fraction) or max(abs(exponent.numerator), exponent.denominator) > LARGEST_POWER:
        raise ArithmeticError("no such power is used by hand")
    degree = exponent.denominator
    if base < 0 and degree > 1:
        raise ArithmeticError("a root of a negative number")
    if isinstance(base, Fraction):
        top, bottom = base.as_integer_ratio()
        if (max(abs(top), bottom).bit_length() - 1) * abs(exponent) > LONGEST_POWER:
            raise OverflowError
        roots = (top, bottom) if degree == 1 else (exact_root(top, degree), exact_root(bottom, degree))
        if None not in roots:
            return Fraction(*roots) ** exponent.numerator  # type: ignore[arg-type]
    return float(base) ** float(exponent)


def _signed(sign: str, value: Any) -> Any:
    return -value if sign == "-" else value


def _decimal(digits: str) -> tuple[Fraction, ...]:
    """The numbers that digits with a point or a comma may mean."""
    whole, after = _POINT.split(digits) if _POINT.search(digits) else (digits, "")
    as_point = Fraction(f"{whole or 0}.{after or 0}")
    grouped = "," in digits and len(after) == 3 and 0 < len(whole) <= 3 and int(whole) > 0
    return (as_point, Fraction(whole + after)) if grouped else (as_point,)


_READERS: tuple[Callable[[str], Reading | None], ...] = (_infinity, _mixed, _quotient, _number, _formula_of_numbers)


def formula(text: str, letters: Sequence[str]) -> str | None:
    """A formula in these letters and in numbers as Python writes it, with a sign for each product; None for any other
    text, and for two numbers side by side.
    """
    plain = normalized(text).translate(_LOWERED)
    if not plain or len(plain) > LONGEST_FORMULA:
        return None
    named = {letter.replace("_", ""): letter for letter in letters}
    pieces, at, before = list[str](), 0, ""  # before: the kind of the token before, and a root as such
    is_open = False  # whether a bar is, as in |a − b|
    while at < len(plain):
        token = _TOKEN.match(plain, at)
        if token is None:
            return None
        number, name, sign = token.groups()
        is_root = name in ("√", "sqrt")
        kind = "root" if is_root or name == "abs" else "number" if number else "letter" if name else sign
        if sign == "|":  # a bar closes the one before it, unless nothing stands between them
            is_open = not is_open or before not in ("number", "letter", ")")
            kind = "(" if is_open else ")"
        if kind == before == "number":
            return None
        if kind in ("number", "letter", "root", "(") and before in ("number", "letter", ")"):
            pieces.append("*")
        if is_root:
            text = "sqrt"
        elif sign == "|":
            text = "Abs(" if kind == "(" else ")"
        elif name == "abs":
            text = "Abs"
        elif name:
            text = named.get(name.replace("_", ""), "")
        else:
            text = _written(number) if number else {"^": "**", "·": "*", "×": "*"}.get(sign, sign)
        if not text:
            return None
        pieces.append(f"({text})" if before == "root" and kind in ("number", "letter") else text)
        before, at = kind, token.end()
    return "".join(pieces)


def _written(number: str) -> str:
    """A number of a formula: a decimal as a fraction in brackets."""
    return number if number.isdecimal() else f"({Fraction(number.replace(',', '.'))})"
