"""Trees as plain text: worked lines, alternative text, messages. `(−1)·4 + 2² = 0`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from byhand.arithmetic.copies import varies
from byhand.arithmetic.expr import Expr, Index, Ref, Scalar
from byhand.notation.marks import written
from byhand.notation.write import Style, write, write_value

RAISED = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_ATOM = re.compile(r"\d+|[A-Za-zα-ωΑ-Ω][₀-₉]*")  # a number or letter, which needs no brackets in a root or exponent
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def index_text(at: int | Index) -> str:
    """An index as it is printed: counted from 1, or the letter of a symbolic index."""
    return at.name if isinstance(at, Index) else str(at + 1)


def indexed(name: str) -> tuple[str, str]:
    """A letter, and the digits that stand lowered after it: of a_1 and of a1, both are a and 1."""
    stem, digits = re.fullmatch(r"(.*?)_?(\d*)", name).groups()  # type: ignore[union-attr]
    return stem, digits


def _power(base: str, exponent: str) -> str:
    if re.fullmatch(r"−?\d+", exponent):
        return base + exponent.translate(RAISED)
    return f"{base}^{exponent}" if _ATOM.fullmatch(exponent) else f"{base}^({exponent})"


def _root(x: str) -> str:
    return f"√{x}" if _ATOM.fullmatch(x) else f"√({x})"


def _ref(ref: Ref) -> str:
    return f"{ref.matrix}[{', '.join(index_text(i) for i in ref.index)}]"


def _letter(name: str) -> str:
    stem, digits = indexed(name)
    return stem + digits.translate(_LOWERED)


def called(name: str, args: tuple[str, ...], write_name: Callable[[str], str] = str) -> str:
    """A function of some arguments. Of 0 and x, the place of the largest tells whether x is above 0: [x > 0] is 1 if
    it is, else 0 (Iverson's brackets).
    """
    match name, args:
        case "abs", (x,):
            return f"|{x}|"
        case "argmax", ("0", x):
            return f"[{x} > 0]"
        case _:
            return f"{write_name(name)}({', '.join(args)})"


TEXT = Style(
    fraction=lambda top, bottom: f"{top}/{bottom}",
    times="·",
    divide=lambda a, b: f"{a} ÷ {b}",
    power=_power,
    root=_root,
    log=lambda base, x: f"ln {x}" if base == "e" else f"log{base.translate(_LOWERED)} {x}",
    call=called,
    brackets=lambda x: f"({x})",
    big_sum=lambda index, count, body: f"Σ_{index} {body}",
    ref=_ref,
    letter=_letter,
    constant=lambda name: {"pi": "π"}.get(name, name),
)


def text(node: Expr) -> str:
    """A tree as plain text."""
    return write(node, TEXT)


def value_text(value: Scalar) -> str:
    """A value as plain text: "−6/5", "0.50", "−∞", "2a − b"; a word stays as it is. A mark if it differs from
    copy to copy of a class.
    """
    if varies(value):
        return written(value_text, value)
    return value if isinstance(value, str) else write_value(value, TEXT)


def listed(values: Iterable[Scalar]) -> str:
    """Values as one reads them out, one after the other: "1, −2, 0"."""
    return ", ".join(map(value_text, values))


def by_word(words: Iterable[str], values: Iterable[Scalar]) -> str:
    """Words as one reads them out, each with its value: "the 1/2, cat 1/4"."""
    return ", ".join(f"{word} {value_text(value)}" for word, value in zip(words, values, strict=True))
