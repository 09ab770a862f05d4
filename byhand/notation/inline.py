"""Formulas in a small part of LaTeX, as HTML and as plain text: `W_{Q,1}`, `X'`, `\\sqrt{d_k}`, `\\frac{1}{d}`.

Symbols, captions and formulas of sheets are written in it. On the page they are text in the maths font, like the
cells: they can be searched, copied and read aloud, and look the same in print, in any browser and on a phone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html import escape

from byhand.errors import SheetError

LONGEST_FORMULA = 500  # characters
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]+|\d+(?:[.,]\d+)*|\s+|.", re.DOTALL)
SIGNS = {
    "cdot": "·", "div": "÷", "times": "×", "infty": "∞", "to": "→", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈",
    "sum": "∑", "odot": "⊙", "dots": "…", "pm": "±", "in": "∈", "max": "max", "sin": "sin", "cos": "cos",
}  # fmt: skip
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "varepsilon": "ε", "theta": "θ", "lambda": "λ", "mu": "μ",
    "pi": "π", "sigma": "σ", "omega": "ω", "varphi": "φ",
}  # fmt: skip
_RAISED = str.maketrans("0123456789+−()=abcdefghijklmnoprstuvwxyzT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾⁼ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ")
_OPERATORS = {"-": "−", "'": "′", "*": "·"}


@cache
def inline(latex: str) -> str:
    """An inline formula as HTML.

    Raises: SheetError for a formula of more than LONGEST_FORMULA characters, which could be nested too deep for
    Python.
    """
    if len(latex) > LONGEST_FORMULA:
        raise SheetError(f"a formula has {len(latex):,} characters; {LONGEST_FORMULA} are enough for any page")
    return "".join(_html(iter(_TOKEN.findall(latex))))


@cache
def spoken(latex: str) -> str:
    """An inline formula as alternative text: `K^{\\mathrm{T}}` is Kᵀ, `\\sqrt{d_k}` is √d_k."""
    text = re.sub(r"\\(?:mathrm|text|textstyle|operatorname)\s*", "", latex).replace(r"\sqrt", "√")
    text = re.sub(r"\\frac\{(.*?)\}\{(.*?)\}", r"\1/\2", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: (SIGNS | GREEK).get(m[1], m[1]), text)
    text = re.sub(r"\\.", "", text).replace("-", "−").replace("'", "′")
    text = re.sub(r"\^(?:\{+([^{}]*)\}+|(.))", lambda m: _raised(m[1] or m[2] or ""), text)
    return re.sub(r"\s+", " ", re.sub(r"[{}]", "", text)).strip()


def _raised(power: str) -> str:
    """A power as a text: raised, where all of its letters can be, or else after a sign for it."""
    raised = power.translate(_RAISED)
    if not set(raised) & set(power):
        return raised
    return f"^{power}" if len(power) == 1 else f"^({power})"


def _html(tokens: Iterator[str], one: bool = False) -> Iterator[str]:
    """The HTML of the tokens up to a closing brace. one: only of the next token, or the next group in braces."""
    for token in tokens:
        if token == "}":
            return
        if token == "{":
            yield from _html(tokens)
        elif token == "_":
            yield f"<sub>{_argument(tokens)}</sub>"
        elif token == "^":
            yield f"<sup>{_argument(tokens)}</sup>"
        elif token.startswith("\\"):
            yield _command(token[1:], tokens)
        elif token.isalpha() and token.isascii():
            yield f'<i class="m">{token}</i>'
        else:
            yield escape(_OPERATORS.get(token, token))
        if one:
            return


def _argument(tokens: Iterator[str]) -> str:
    return "".join(_html(tokens, one=True))


def _command(name: str, tokens: Iterator[str]) -> str:
    if name == "sqrt":
        return f'<span class="root">√<span class="radicand">{_argument(tokens)}</span></span>'
    if name == "frac":
        above, below = _argument(tokens), _argument(tokens)
        return f'<span class="frac"><span>{above}</span><span>{below}</span></span>'
    if name in ("mathrm", "text", "operatorname"):
        upright = re.sub(r"</?i[^>]*>", "", _argument(tokens))
        return f'<span class="upright">{upright}</span>' if name == "text" else upright
    if name == "textstyle":
        return ""
    if name in GREEK:
        return f'<i class="m">{GREEK[name]}</i>'
    return escape(SIGNS.get(name, "\u2009" if name in (",", ";", "!") else name))  # “\\ ” is a blank
