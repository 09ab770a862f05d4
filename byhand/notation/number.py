"""Numbers as text: parse what a person or a file writes, and write what a file holds."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from reprlib import Repr
from typing import Any

from byhand.arithmetic.copies import varies
from byhand.arithmetic.domain import MOST_BITS
from byhand.arithmetic.expr import NEG_INF
from byhand.errors import ValuesError
from byhand.notation.marks import written

LETTER = re.compile(r"(?![eπ])[A-Za-zα-ωΑ-Ω](_?[0-9]{1,2})?|[eπ]_?[0-9]{1,2}")  # e and π alone are numbers
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?(\s*/\s*[0-9]+)?")
LONGEST_NUMBER = 60  # characters of a given number
LARGEST_EXPONENT = 324  # in absolute value: the smallest float64 is 5 · 10⁻³²⁴
LONGEST_RESULT = 2 * MOST_BITS // 3  # characters of a number in a run: a digit takes more than three bits


def parse(entry: object) -> Fraction | float | str:
    """The exact number that an entry stands for, −∞, or a letter's name.

    `parse("-1/2")` is Fraction(-1, 2), `parse(0.1)` is Fraction(1, 10), `parse("-inf")` is −∞, `parse("a")` is "a".

    Raises: ValuesError for anything else.
    """
    if type(entry) is Fraction:  # isinstance would ask int, float and str, too, whether they are one
        return entry
    if isinstance(entry, bool) or not isinstance(entry, int | float | str):
        raise ValuesError(f"{shown(entry)} is not a number; write one as 3, 0.25 or '-1/2'")
    return _parsed(entry)


@lru_cache(maxsize=1024, typed=True)  # a search reads the same small numbers again and again
def _parsed(entry: int | float | str) -> Fraction | float | str:
    """`parse`, of what may be a number."""
    if isinstance(entry, int):
        if abs(entry) >= 10**LONGEST_NUMBER:
            raise ValuesError(f"a number of more than {LONGEST_NUMBER} digits is too long for any sheet")
        return Fraction(entry)
    text = repr(float(entry)) if isinstance(entry, float) else entry.strip().replace("−", "-")
    if text in ("-inf", "-∞", "-Infinity"):
        return NEG_INF
    if LETTER.fullmatch(text):
        return text
    if len(text) > LONGEST_NUMBER:
        raise ValuesError(
            f"a number of {len(text)} characters is too long; {LONGEST_NUMBER} are enough for any sheet"
        )
    if not _NUMBER.fullmatch(text):
        raise ValuesError(f"{shown(entry)} is not a number; write one as 3, 0.25 or '-1/2'")
    top, _, bottom = text.replace(" ", "").partition("/")
    exponent = top.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > LARGEST_EXPONENT:
        raise ValuesError(f"{shown(entry)} is out of range; use exponents up to {LARGEST_EXPONENT}")
    if bottom and int(bottom) == 0:
        raise ValuesError(f"{shown(entry)} divides by 0")
    return Fraction(top) / int(bottom or 1)


def plain(value: Any) -> str:
    """A value as it stands in files: "3", "-1/2", "0.25", "-inf", "2*a - b". `parse` reads numbers and letters back.

    A float has as many digits as it takes to identify it.
    """
    if varies(value):
        return written(plain, value)
    if value == NEG_INF or str(value) == "-oo":
        return "-inf"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def exact_text(value: Any) -> str:
    """A printed number as text; where it is rounded, the exact one behind it, from which an unknown is found."""
    exact = getattr(value, "exact", None)
    return str(exact) if isinstance(exact, Fraction) else plain(value)


def shown(entry: object) -> str:
    """An entry as an error message quotes it: short and in one line, however long or deep the entry is."""
    try:
        text = _SHORT.repr(entry)
    except ValueError:  # an int with more digits than Python converts to text
        return "a huge number"
    return text if len(text) <= 40 else text[:37] + "…"


_SHORT = Repr()
_SHORT.maxlevel = 2
_SHORT.maxstring = 30
