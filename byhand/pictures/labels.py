"""Words and formulas in a drawing: their spans, and about how wide they are."""

from __future__ import annotations

from math import fsum

from msgspec import Struct

from byhand.notation.inline import in_line, parsed

SANS, MATH, ITALIC = "'byhand Sans',sans-serif", "'byhand Math',serif", "'byhand Math Italic','byhand Math',serif"
SMALL = 0.72  # the size of superscripts and subscripts, relative to the text
_WIDTHS = {
    **dict.fromkeys("ijlI.,:;'′|· ", 0.27), **dict.fromkeys("frt()-", 0.36), **dict.fromkeys("mwMW", 0.84),
    **dict.fromkeys("ABCDGHKNOQRUVXYZ", 0.64), **dict.fromkeys("0123456789", 0.5),
}  # fmt: skip


class Span(Struct, frozen=True, array_like=True):
    """Text in one face."""

    text: str
    face: str = SANS
    level: int = 0
    """1 for a superscript, −1 for a subscript, 0 on the baseline."""
    barred: bool = False
    """Whether a line stands over it, as over the symbol of a gradient."""


class Label(Struct, frozen=True, array_like=True):
    """A word or a formula, and its size in mm."""

    spans: tuple[Span, ...]
    size: float
    """The size of its type, in mm."""

    @property
    def width(self) -> float:
        """The estimated width, in mm."""
        ems = (fsum(_WIDTHS.get(c, 0.53) for c in span.text) * (SMALL if span.level else 1) for span in self.spans)
        return fsum(ems) * self.size


def words(text: str, size: float) -> Label:
    """A label of plain words."""
    return Label((Span(text),) if text else (), size)


def formula(latex: str, size: float) -> Label:
    """A label with an inline formula; one that is all \\text{…} is plain words."""
    if latex.startswith(r"\text{") and latex.find("}") == len(latex) - 1:
        return words(latex[6:-1], size)
    return Label(_spans(latex), size)


def _spans(latex: str) -> tuple[Span, ...]:
    """The spans of an inline formula. Commas and primes have the face of the text before them."""
    spans = list[Span]()
    for text, kinds in in_line(parsed(latex)):
        level, barred = ("raised" in kinds) - ("lowered" in kinds), "barred" in kinds
        last = spans[-1] if spans else Span("", MATH)
        face = ITALIC if "letters" in kinds else MATH if text.strip("′, ") else last.face
        if (last.face, last.level, last.barred) == (face, level, barred) and spans:
            text = spans.pop().text + text
        spans.append(Span(text, face, level, barred))
    return tuple(spans)
