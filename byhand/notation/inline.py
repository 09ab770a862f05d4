"""Formulas in a small part of LaTeX: `W_{Q,1}`, `X'`, `\\sqrt{d_k}`, `\\frac{1}{d}`.

Symbols, captions and formulas of sheets are written in it. A formula is parsed once, to a small tree of pieces, which
is written as HTML, as alternative text, or as texts in a line that each have a look. On the page a formula is text in
the maths font, like the cells: it can be searched, copied and read aloud, and looks the same in print, in any browser
and on a phone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from itertools import accumulate
from typing import Literal, TypeAlias

from msgspec import Struct

from byhand.errors import SheetError

LONGEST_FORMULA = 500  # characters
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]+|\d+(?:[.,]\d+)*|\s+|.", re.DOTALL)
SIGNS = {
    "cdot": "·", "div": "÷", "times": "×", "infty": "∞", "to": "→", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈",
    "sum": "∑", "odot": "⊙", "ast": "∗", "dots": "…", "pm": "±", "mp": "∓", "in": "∈", "max": "max", "min": "min",
    "sin": "sin", "cos": "cos", "log": "log", "ln": "ln",
}  # fmt: skip
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "varepsilon": "ε", "theta": "θ", "lambda": "λ", "mu": "μ",
    "pi": "π", "sigma": "σ", "omega": "ω", "varphi": "φ", "Phi": "Φ",
}  # fmt: skip
COMMANDS = {*SIGNS, *GREEK, "sqrt", "frac", "bar", "overline", "text", "mathrm", "operatorname", "textstyle"}
_RAISED = str.maketrans("0123456789+−()=abcdefghijklmnoprstuvwxyzT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾⁼ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ")
GRADIENT = "grad "  # a barred letter, read aloud in any language
_OPERATORS = {"-": "−", "'": "′", "*": "·"}
_ATOM = re.compile(r"[\w.]*")  # what needs no brackets under a root, or in a fraction that is written in a line

Kind = Literal[
    "letters", "upright", "math", "shape", "lowered", "raised", "root", "barred", "fraction", "above", "below",
    "source", "bead", "aloud",
]  # fmt: skip
TAGS: Mapping[Kind, tuple[str, str]] = {
    "letters": ("<i>", "</i>"), "upright": ('<span class="upright">', "</span>"),
    "math": ('<span class="math">', "</span>"), "shape": ('<span class="shape">', "</span>"),
    "lowered": ("<sub>", "</sub>"), "raised": ("<sup>", "</sup>"),
    "root": ('<span class="root">√<span class="radicand">', "</span></span>"),
    "barred": ('<span class="radicand">', "</span>"),
    "fraction": ('<span class="frac">', "</span>"), "above": ("<span>", "</span>"), "below": ("<span>", "</span>"),
    "source": ('<span class="source">', "</span>"), "bead": ("<b>", "</b>"),
    "aloud": ('<span class="aloud">', "</span>"),
}  # fmt: skip


class Part(Struct, frozen=True, array_like=True):
    """A part of a formula that is no plain text."""

    kind: Kind
    """Letters are in italics; what is barred is a gradient; a fraction has what is above its line and what is below.
    The tag of a matrix has its symbol, "math", and its shape. A source, from which sheet of the thread numbers are
    known, has a bead with the number of that sheet, and what is only read aloud.
    """
    inside: tuple[Piece, ...]


Piece: TypeAlias = str | Part


@cache
def inline(latex: str) -> str:
    """An inline formula as HTML.

    Raises: as `parsed`.
    """
    return tagged(parsed(latex))


@cache
def spoken(latex: str) -> str:
    """An inline formula as alternative text: `K^{\\mathrm{T}}` is Kᵀ, `\\sqrt{d_k}` is √d_k.

    What is longer than a formula is in words, and stays as it is.
    """
    if len(latex) > LONGEST_FORMULA:
        return latex
    for_the_eye = "\\ "  # a blank that is written as one
    return " ".join(_said(parsed(latex.replace(for_the_eye, ""))).replace("\u2009", "").split())


@cache
def parsed(latex: str) -> tuple[Piece, ...]:
    """The pieces of an inline formula.

    Raises: SheetError for a formula of more than LONGEST_FORMULA characters, which could be nested too deep for
    Python.
    """
    if len(latex) > LONGEST_FORMULA:
        raise SheetError(f"a formula has {len(latex):,} characters; {LONGEST_FORMULA} are enough for any page")
    return _joined(_pieces(iter(_TOKEN.findall(latex))))


def source(said: str, number: str) -> tuple[Part, ...]:
    """A source as parts of a formula. said: how it is read aloud, with the number of the sheet in it. The eye sees
    the number, and the words after it.
    """
    before, _, after = said.partition(number)
    words = after.lstrip(",.;: ")
    parts = Part("aloud", (f" {before}",)), Part("bead", (number,)), Part("aloud", (after.removesuffix(words),))
    return (Part("source", (*parts, words)),)


@cache
def checked(latex: str) -> str:
    """A formula that somebody has written, unchanged.

    Raises: SheetError for a command that this part of LaTeX does not have, and for a brace without its other one; as
    `parsed`.
    """
    tokens = _TOKEN.findall(latex)
    depths = [*accumulate((token == "{") - (token == "}") for token in tokens)]
    if depths and (min(depths) < 0 or depths[-1]):
        raise SheetError(f"the formula {latex} has a brace without its other one")
    if unknown := next((t for t in tokens if t[0] == "\\" and t[1:].isalpha() and t[1:] not in COMMANDS), None):
        known = ", ".join(f"\\{command}" for command in sorted(COMMANDS))
        raise SheetError(f"the formula {latex} has {unknown}; there are: {known}")
    parsed(latex)
    return latex


def tagged(pieces: Iterable[Piece], tags: Mapping[Kind, tuple[str, str]] = TAGS) -> str:
    """Pieces as HTML. tags: what stands before and after each kind of part."""
    return "".join(
        escape(piece) if isinstance(piece, str) else tagged(piece.inside, tags).join(tags[piece.kind])
        for piece in pieces
    )


def in_line(pieces: Iterable[Piece], around: frozenset[Kind] = frozenset()) -> Iterator[tuple[str, frozenset[Kind]]]:
    """The texts of pieces one after the other, each with the kinds of the parts that it is in.

    A fraction and the bar of a root, which cannot be drawn there, are written with signs. Whoever writes
    them draws the bar of a gradient.
    """
    for piece in pieces:
        if isinstance(piece, str):
            yield piece, around
            continue
        within = around | {piece.kind}
        if piece.kind in ("root", "below"):
            yield {"root": "√", "below": "/"}[piece.kind], within
        inside = [*in_line(piece.inside, within)]
        is_atom = _ATOM.fullmatch("".join(text for text, _ in inside))
        brackets = piece.kind in ("root", "above", "below") and not is_atom
        yield from [("(", within), *inside, (")", within)] if brackets else inside


def _said(pieces: Iterable[Piece], sign: bool = False) -> str:
    """Pieces as alternative text. sign: whether a power is written with a sign, as it is within a power."""
    return "".join(piece if isinstance(piece, str) else _part_said(piece, sign) for piece in pieces)


def _part_said(part: Part, sign: bool) -> str:
    inside = _said(part.inside, sign or part.kind == "raised")
    match part.kind:
        case "raised":
            return f"^{inside}" if sign else _raised(inside)
        case "lowered" | "root" | "barred" | "below":
            return {"lowered": "_", "root": "√", "barred": GRADIENT, "below": "/"}[part.kind] + inside
        case _:
            return inside


def _raised(power: str) -> str:
    """A power as a text: raised, where all of its letters can be, or else after a sign for it."""
    raised = power.translate(_RAISED)
    if not set(raised) & set(power):
        return raised
    return f"^{power}" if len(power) == 1 else f"^({power})"


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Pieces, of which neighbours that are plain text are one."""
    joined = list[Piece]()
    for piece in pieces:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)


def _pieces(tokens: Iterator[str], one: bool = False) -> Iterator[Piece]:
    """The pieces of the tokens up to a closing brace. one: only of the next token, or the next group in braces."""
    for token in tokens:
        if token == "}":
            return
        if token == "{":
            yield from _pieces(tokens)
        elif token in ("_", "^"):
            yield Part("lowered" if token == "_" else "raised", _argument(tokens))
        elif token.startswith("\\"):
            yield from _command(token[1:], tokens)
        elif token.isalpha() and token.isascii():
            yield Part("letters", (token,))
        else:
            yield _OPERATORS.get(token, token)
        if one:
            return


def _argument(tokens: Iterator[str]) -> tuple[Piece, ...]:
    return _joined(_pieces(tokens, one=True))


def _command(name: str, tokens: Iterator[str]) -> Iterator[Piece]:
    if name == "sqrt":
        yield Part("root", _argument(tokens))
    elif name in ("bar", "overline"):
        yield Part("barred", _argument(tokens))
    elif name == "frac":
        yield Part("fraction", (Part("above", _argument(tokens)), Part("below", _argument(tokens))))
    elif name == "text":
        yield Part("upright", _joined(_upright(_argument(tokens))))
    elif name in ("mathrm", "operatorname"):
        yield from _upright(_argument(tokens))
    elif name in GREEK:
        yield Part("letters", (GREEK[name],))
    elif name != "textstyle":
        yield SIGNS.get(name, "\u2009" if name in (",", ";", "!") else name)  # “\\ ” is a blank


def _upright(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces without italics."""
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
        elif piece.kind == "letters":
            yield from piece.inside
        else:
            yield Part(piece.kind, _joined(_upright(piece.inside)))
