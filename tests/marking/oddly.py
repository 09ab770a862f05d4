"""The many ways in which students write the same number."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import sympy
from students import NEG_INF, Number

MINUSES = "-−–—‐‑－"
BARS = "/∕⁄÷"
SPACES = ("", " ", "\u00a0", "\u2009", "\u202f")
BUILT = {Fraction(1, 2): "½", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔", Fraction(1, 4): "¼", Fraction(3, 4): "¾",
         Fraction(1, 5): "⅕", Fraction(2, 5): "⅖", Fraction(3, 5): "⅗", Fraction(4, 5): "⅘", Fraction(1, 6): "⅙",
         Fraction(5, 6): "⅚", Fraction(1, 8): "⅛", Fraction(3, 8): "⅜", Fraction(5, 8): "⅝", Fraction(7, 8): "⅞"}  # fmt: skip
ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10)  # Arabic, Persian, Devanagari, Bengali, Thai, full width
INFINITIES = ("−∞", "-∞", "-inf", "-INF", "-Inf", "- inf", "– ∞", "−oo", "-oo", "-infinity", "−Infinity")


def odd(value: Number, dice: Random) -> str:
    """A number as some student writes it."""
    if value == NEG_INF:
        return _among_spaces(dice.choice(INFINITIES), dice)
    value = Fraction(value)
    ways = [_whole] if value.denominator == 1 else [_fraction, _fraction, _signs_apart]
    if value.denominator > 1 and abs(value) > 1:
        ways.append(_mixed)
    if abs(value) % 1 in BUILT:
        ways.append(_built)
    places = _places(value)
    if places is not None and places <= 8:
        ways += [_decimal, _decimal, _percent]
    ways.append(_unreduced)
    if value > 0 and value.denominator == 1 and value <= 12:
        ways.append(_root)
    if (
        value > 0
        and {value.numerator, value.denominator} & {2, 4, 8, 16}
        and 1 in (value.numerator, value.denominator)
    ):
        ways.append(_power)
    text = dice.choice(ways)(abs(value), dice)
    sign = dice.choice(MINUSES) + dice.choice(("", "", " ")) if value < 0 else dice.choice(("", "", "", "+"))
    if text.startswith("("):  # both parts have their own signs
        a, b = text[1:-1].split("|")
        bar = dice.choice(BARS)
        both = dice.random() < 0.5
        signs = [both, not both] if value < 0 else [both, both]
        text = bar.join(
            (dice.choice(MINUSES) if minus else "") + part for part, minus in zip((a, b), signs, strict=True)
        )
        sign = ""
    return _in_digits(_among_spaces(sign + text, dice), dice)


def _whole(size: Fraction, dice: Random) -> str:
    return str(size) + dice.choice(("", "", ".", ".0", ",0"))


def _fraction(size: Fraction, dice: Random) -> str:
    return f"{size.numerator}{_bar(dice)}{size.denominator}"


def _unreduced(size: Fraction, dice: Random) -> str:
    by = dice.choice((2, 3, 4, 10))
    return f"{size.numerator * by}{_bar(dice)}{size.denominator * by}"


def _signs_apart(size: Fraction, dice: Random) -> str:
    return f"({size.numerator}|{size.denominator})"


def _mixed(size: Fraction, dice: Random) -> str:
    whole, rest = divmod(size.numerator, size.denominator)
    return f"{whole}{dice.choice(SPACES[1:])}{rest}{_bar(dice)}{size.denominator}"


def _built(size: Fraction, dice: Random) -> str:
    whole = size.numerator // size.denominator
    return (f"{whole}{dice.choice(('', ' '))}" if whole else "") + BUILT[size % 1]


def _root(size: Fraction, dice: Random) -> str:
    square = size.numerator**2
    return dice.choice((f"√{square}", f"sqrt({square})", f"√ {square}", f"√({square})"))


def _power(size: Fraction, dice: Random) -> str:
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    return f"2^{dice.choice(MINUSES) if exponent < 0 else ''}{abs(exponent)}"


def _decimal(size: Fraction, dice: Random) -> str:
    places = (_places(size) or 0) + dice.choice((0, 0, 1))
    text = f"{size.numerator * 10**places // size.denominator:0{places + 1}d}"
    whole, rest = text[: len(text) - places], text[len(text) - places :]
    if dice.random() < 0.1 and size:
        return f"{text}e-{places}"
    whole = "" if whole == "0" and rest and dice.random() < 0.3 else whole
    return f"{whole}{dice.choice('..,')}{rest}" if rest else whole


def _percent(size: Fraction, dice: Random) -> str:
    value = size * 100
    text = str(value) if value.denominator == 1 else _decimal(value, Random(1))
    return text + dice.choice(("%", " %"))


def _places(value: Fraction) -> int | None:
    """The decimal places of a number; None where its decimals do not end."""
    return next((n for n in range(30) if (value * 10**n).denominator == 1), None)


def _bar(dice: Random) -> str:
    space = dice.choice(SPACES)
    return space + dice.choice(BARS) + space


def _among_spaces(text: str, dice: Random) -> str:
    return dice.choice(SPACES) + text + dice.choice(SPACES)


def _in_digits(text: str, dice: Random) -> str:
    """The same with the digits of another script, now and then."""
    if dice.random() > 0.15:
        return text
    zero = dice.choice(ZEROS)
    return text.translate({ord("0") + n: chr(zero + n) for n in range(10)})


def odd_formula(formula: sympy.Expr, dice: Random) -> str:
    """An expression in letters as some student writes it: its terms in any order, with other signs of multiplication."""
    if formula.is_Rational:
        return odd(Fraction(int(formula.p), int(formula.q)), dice)
    return _among_spaces(_formula(dice.choice((formula, sympy.factor(formula), sympy.expand(formula))), dice), dice)


def _formula(formula: sympy.Expr, dice: Random) -> str:
    over, under = formula.as_numer_denom()
    if under != 1:
        return f"{_in_brackets(over, dice)}{_bar(dice)}{_in_brackets(under, dice)}"
    if formula.is_Add:
        space, text = dice.choice(("", " ")), ""
        for term in dice.sample(formula.args, len(formula.args)):
            minus = term.could_extract_minus_sign()
            sign = dice.choice("-−") if minus else "+" if text else ""
            text += (f"{space}{sign}{space}" if text else sign) + _formula(-term if minus else term, dice)
        return text
    if formula.is_Mul:
        if formula.could_extract_minus_sign():
            return dice.choice("-−") + _in_brackets(-formula, dice)
        number, *letters = formula.as_ordered_factors()
        sign = dice.choice(("*", "·", " · ", " * ", *((" ", "") if number.is_Rational else ())))
        return sign.join([_in_brackets(number, dice), *(_in_brackets(factor, dice) for factor in letters)])
    if formula.is_Pow:
        base, exponent = (_in_brackets(part, dice) for part in formula.args)
        return base + dice.choice(("^", "**")) + exponent
    return str(formula)


def _in_brackets(formula: sympy.Expr, dice: Random) -> str:
    text = _formula(formula, dice)
    return text if formula.is_Symbol or (formula.is_Integer and formula >= 0) else f"({text})"


def odd_text(text: str, dice: Random) -> str:
    """A word or the shape of a matrix as some student writes it."""
    if text[0].isdigit():
        return _in_digits(text.replace(" × ", dice.choice((" × ", "×", "x", " x ", "*", " X "))), dice)
    if text == "—":
        return dice.choice(("—", "-", "none", "–"))
    known = {"yes": ("yes", "Yes", "y", "true", "ja"), "no": ("no", "No", "n", "false")}
    return _among_spaces(dice.choice(known.get(text, (text, text.upper(), text.capitalize()))), dice)
