"""How an answer may be typed, for programs that compare texts and know no fractions and no −∞.

spellings(Fraction(-3, 2))   → -3/2 −3/2 -6/4 … -1 1/2 … -1.5 …
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

from byhand.arithmetic.decimals import terminating
from byhand.arithmetic.domain import half_away, is_neg_inf
from byhand.notation.number import parse, plain

MULTIPLES = (2, 3, 4)  # by which a fraction that is not reduced may be longer
MOST_PLACES = 4  # of a decimal that is written in place of a fraction
LONGEST_DECIMAL = 12  # places
_INFINITY = ("inf", "∞", "oo", "infinity")
_YES, _NO, _NONE = ("yes", "y", "true"), ("no", "n", "false"), ("—", "–", "-", "none")

Number = Fraction | float  # a float is −∞


def number(value: Any) -> Number:
    """A value of a page as an exact number, or −∞: a decimal as it is printed."""
    parsed = parse(plain(value))
    assert not isinstance(parsed, str), "letters are refused before"
    return parsed


def decimal(value: Number) -> str | None:
    """A number as a decimal with a point; None where it has none, as a third and −∞ have, or a long one."""
    finite = terminating(value) if isinstance(value, Fraction) else None
    text = "" if finite is None else plain(finite)
    return text if text and len(text.partition(".")[2]) <= LONGEST_DECIMAL else None


def spellings(value: Number, unit: Fraction | None = None) -> tuple[str, ...]:
    """All texts that are taken for a number, the usual one first.

    unit: of decimals, that of the last place, by which a right answer may differ.
    """
    near = [value] if unit is None or is_neg_inf(value) else [value, value + unit, value - unit]
    return tuple(dict.fromkeys(text for each in near for text in _all(each)))


def short_spellings(value: Number) -> tuple[str, ...]:
    """The usual texts for a number: as few as can be, since a wrong answer is one of many."""
    if not isinstance(value, Fraction):
        return tuple(_signed(_INFINITY[:2]))
    usual = [text for text in (str(abs(value)), decimal(abs(value))) if text]
    return tuple(dict.fromkeys(_signed(usual) if value < 0 else usual))


def rounded_spellings(value: Number) -> tuple[str, ...]:
    """A number without an end as a decimal of two and of three places: what a calculator shows of 1/3."""
    if not isinstance(value, Fraction) or decimal(value) is not None:
        return ()
    rounded = (decimal(Fraction(half_away(value * 10**places), 10**places)) for places in (2, 3))
    texts = [text.replace("-", "") for text in rounded if text and Fraction(text)]
    return tuple(dict.fromkeys(_signed(texts) if value < 0 else texts))


def shape_spellings(text: str) -> tuple[str, ...]:
    """All texts that are taken for a text of a table of shapes: 3 × 4, yes, no, or a dash for none."""
    rows, times, cols = text.partition(" × ")
    if times:
        pairs = (f"{rows} {sign} {cols}" for sign in "×x*·")
        return tuple(each for pair in pairs for each in (pair, pair.replace(" ", "")))
    known = next((words for words in (_YES, _NO, _NONE) if text in words), ())
    return tuple(dict.fromkeys((text, *known)))


def _all(value: Number) -> Iterator[str]:
    if not isinstance(value, Fraction):
        return _signed(_INFINITY)
    if value > 0:
        return chain(_unsigned(value), (f"+{value}",))
    return _signed([*_unsigned(-value)]) if value < 0 else _unsigned(value)


def _signed(texts: Any) -> Iterator[str]:
    """Texts of a number below 0: with a hyphen, as it is typed, and with a minus sign."""
    return (sign + text for text in texts for sign in "-−")


def _unsigned(value: Fraction) -> Iterator[str]:
    top, bottom = value.numerator, value.denominator
    yield str(value)
    if bottom == 1:
        yield f"{top}.0"
        if top >= 1000:
            yield f"{top:,}"
        return
    yield from (f"{top * k}/{bottom * k}" for k in MULTIPLES)
    if top > bottom:
        yield f"{top // bottom} {top % bottom}/{bottom}"
    text = decimal(value)
    if text and len(text.partition(".")[2]) <= MOST_PLACES:
        yield text
        yield text.replace(".", ",")
        if text.startswith("0."):
            yield text[1:]
        if len(text.partition(".")[2]) == 1:
            yield f"{text}0"
