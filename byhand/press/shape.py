"""Shape text with HarfBuzz, as WeasyPrint does: the glyphs of a face, and their widths."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import uharfbuzz as hb
from msgspec import Struct

from byhand.fonts import FACES

DIGITS = "0123456789"
NUMBER_CHARACTERS = f"{DIGITS}abcdef−.,/()·+=÷ ∞"  # what a number, a worked line or a hash is written with
PICTURE_CHARACTERS = (
    "".join(map(chr, range(32, 127))) + "·×→←↑↓≠≤≥√½⅓¼⅔¾²ᵀ⁻|“”’…–′μσαβγεθπΣ⊕⊙"
)  # of the pictures' own texts
MOST_LETTERS = 500  # of a line
FRACTION_SIZES = [(n, m) for n in (1, 2, 3) for m in (1, 2, 3)]  # n digits over m, which the fonts draw built


class ShapedText(Struct, frozen=True):
    """A text that is shaped."""

    shown: bytes
    """Its glyphs, as PDF shows them."""
    width: int
    """The width in thousandths of the font's size."""
    glyphs: frozenset[int]


@cache
def shape(face: str, text: str) -> ShapedText:
    """A text shaped in a face, with built fractions."""
    font, shaped = _font(face), _shaped(_font(face), text)
    parts, width = [], 0
    for (glyph, _), place in shaped:
        more = place.x_advance - font.get_glyph_h_advance(glyph)
        parts.append(f"{glyph:04x}" + (f">{-more}<" if more else ""))
        width += place.x_advance
    return ShapedText(f"[<{''.join(parts)}>] TJ".encode(), width, frozenset(glyph for (glyph, _), _ in shaped))


def width(face: str, text: str) -> int:
    """The width of a text in thousandths of the font's size; of a letter that the face lacks, as much as the size."""
    return sum(place.x_advance if glyph else 1000 for (glyph, _), place in _shaped(_font(face), text))


def cut(face: str, text: str, room: float) -> str:
    """A text that is no wider than this, in thousandths of the font's size: else as much of it as fits, and “…”."""
    fits = (text[:length].rstrip() + "…" for length in range(min(len(text), MOST_LETTERS) - 1, 0, -1))
    return text if width(face, text) <= room else next((each for each in fits if width(face, each) <= room), "…")


@cache
def alphabet(face: str, letters: str) -> dict[int, tuple[str, int]]:
    """The glyphs of these letters, of a blank and of all built fractions: the character that each stands for, and its
    width.
    """
    fractions = (digit * n + "/" + digit * m for digit in DIGITS for n, m in FRACTION_SIZES)
    return glyphs_of(face, [" ".join([*letters, *fractions])])  # shaped as one text, in a tenth of the time


def glyphs_of(face: str, texts: Iterable[str]) -> dict[int, tuple[str, int]]:
    """The glyphs of these texts: the character that each stands for, and its width."""
    font = _font(face)
    characters = {glyph: character for text in texts for (glyph, character), _ in _shaped(font, text)}
    return {glyph: (characters[glyph], font.get_glyph_h_advance(glyph)) for glyph in sorted(characters) if glyph}


def has(face: str, letter: str) -> bool:
    """Whether a face has a letter."""
    return _font(face).get_nominal_glyph(ord(letter)) is not None


@cache
def ascent(face: str) -> float:
    """How far the letters of a face may rise above the baseline, relative to their size."""
    return float(_font(face).get_font_extents("ltr").ascender / 1000)


@cache
def descent(face: str) -> float:
    """How far the letters of a face may fall below the baseline, relative to their size, as a negative number."""
    return float(_font(face).get_font_extents("ltr").descender / 1000)


@cache
def middle(face: str) -> float:
    """How far the baseline of a face is below the middle of its line, relative to its size."""
    extents = _font(face).get_font_extents("ltr")
    return float((extents.ascender + extents.descender) / 2000)


def subset(face: str, glyphs: set[int]) -> bytes:
    """The font file of a face with these glyphs only, which keep their numbers."""
    wanted = hb.SubsetInput()
    wanted.sets(hb.SubsetInputSets.GLYPH_INDEX).update(glyphs)
    wanted.sets(hb.SubsetInputSets.DROP_TABLE_TAG).update(map(_tag, ("GSUB", "GPOS", "GDEF", "name", "post")))
    wanted.flags = hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NOTDEF_OUTLINE
    return bytes(hb.subset(_font(face).face, wanted).blob.data)


def _tag(name: str) -> int:
    return int.from_bytes(name.encode(), "big")


@cache
def _font(face: str) -> Any:
    (font,) = (known.font for known in FACES if known.name == face)
    return hb.Font(hb.Face(hb.Blob(font)))


def _shaped(font: Any, text: str) -> list[tuple[tuple[int, str], Any]]:
    """Each glyph with the character that it stands for, and its position."""
    buffer = hb.Buffer()
    buffer.add_str(str(text))  # it takes no text of a kind of its own
    buffer.guess_segment_properties()
    hb.shape(font, buffer, {"afrc": True})
    glyphs = [(info.codepoint, text[info.cluster]) for info in buffer.glyph_infos]
    return list(zip(glyphs, buffer.glyph_positions or [], strict=True))  # none for no text
