"""Glyphs that the sources of our fonts lack: small letters, and digits in the places of a stacked fraction."""

from __future__ import annotations

import unicodedata
from itertools import product
from typing import Any

SUBSCRIPTS = "ᵢⱼₖₗₘₙₚₜ"  # made from the letters if the source lacks them, as is ᵀ
DIGIT_SCALE, SMALL_SCALE = 0.84, 0.68
BAR, GAP = 0.046, 0.080  # em: the thickness of the bar, the space between bar and digit
OVERHANG, BEARING = 0.018, 0.075  # em: how far the bar extends beyond its digits, the space at its ends
MOST_DIGITS = 3  # of a numerator, and of a denominator


def _placed(font: Any, glyph: str, scale: float, dx: float, dy: float) -> Any:
    """A glyph made of another one, scaled and moved."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(font["glyf"])
    pen.addComponent(glyph, (scale, 0, 0, scale, round(dx), round(dy)))
    return pen.glyph(componentFlags=0x1004)  # the offset is not scaled


def _bar(left: float, bottom: float, right: float, top: float) -> Any:
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((left, bottom))
    for corner in ((left, top), (right, top), (right, bottom)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def _append(font: Any, glyphs: dict[str, tuple[Any, int]]) -> None:
    """Add glyphs to a font, each with its advance width."""
    order = [*font.getGlyphOrder(), *glyphs]
    for name, (glyph, advance) in glyphs.items():
        font["glyf"][name] = glyph
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (advance, glyph.xMin)  # a bearing other than xMin would move the outline
    font.setGlyphOrder(order)
    font["glyf"].setGlyphOrder(order)


def add_small_letters(font: Any) -> None:
    """Add the subscripts, and the raised T of a transpose, as scaled letters."""
    em, cmap, glyphs = font["head"].unitsPerEm, font.getBestCmap(), {}
    for character in [each for each in SUBSCRIPTS + "ᵀ" if ord(each) not in cmap]:
        letter = cmap[ord(unicodedata.normalize("NFKD", character))]
        small = _placed(font, letter, SMALL_SCALE, 0, (0.30 if character == "ᵀ" else -0.14) * em)
        glyphs[f"{letter}.small"] = small, round(SMALL_SCALE * font["hmtx"][letter][0] + 0.01 * em)
        for table in font["cmap"].tables:
            table.cmap[ord(character)] = f"{letter}.small"
    _append(font, glyphs)


def add_fractions(font: Any) -> None:
    """Add the feature `afrc`: for n digits over m, a glyph for each digit in each place, and a bar.

    All glyphs of a fraction have the same advance, and their outlines are moved from there into a stack. So the text
    of a fraction in a PDF is a plain row of characters.
    """
    from fontTools.feaLib.builder import addOpenTypeFeaturesFromString

    em, cmap = font["head"].unitsPerEm, font.getBestCmap()
    digits, slash = [cmap[ord(digit)] for digit in "0123456789"], cmap[ord("/")]
    minus, zero = font["glyf"][cmap[ord("−")]], font["glyf"][digits[0]]
    axis, half = round((minus.yMin + minus.yMax) / 2), round(BAR * em / 2)
    clear = half + GAP * em
    over, under = axis + clear - DIGIT_SCALE * zero.yMin, axis - clear - DIGIT_SCALE * zero.yMax
    for digit in digits:  # the italic 0 is a unit narrower than the others
        font["hmtx"][digit] = (font["hmtx"][digits[1]][0], font["hmtx"][digit][1])
    width = DIGIT_SCALE * font["hmtx"][digits[1]][0]
    glyphs: dict[str, tuple[Any, int]] = {}
    lookups, rules = [], [f"ignore sub [@D @POINT {slash}] @D';"]
    rules += [f"ignore sub @D' {'@D ' * n}{slash} {'@D ' * (MOST_DIGITS + 1)};" for n in range(MOST_DIGITS)]
    for n, m in product(range(MOST_DIGITS, 0, -1), repeat=2):
        places, length, called = n + 1 + m, max(n, m) * width + 2 * OVERHANG * em, []
        advance = round((length + 2 * BEARING * em) / places)
        for place in range(places):
            lookup, middle = f"place{n}{m}{place}", (places / 2 - place) * advance
            if place == n:
                plain, shown = [slash], [_bar(middle - length / 2, axis - half, middle + length / 2, axis + half)]
            else:
                plain, (dx, dy) = digits, (place - n / 2, over) if place < n else (place - n - 1 - m / 2, under)
                shown = [_placed(font, digit, DIGIT_SCALE, middle + dx * width, dy) for digit in digits]
            new = {f"{name}.{lookup}": (glyph, advance) for name, glyph in zip(plain, shown, strict=True)}
            glyphs |= new
            lookups.append(f"lookup {lookup} {{ sub [{' '.join(plain)}] by [{' '.join(new)}]; }} {lookup};")
            called.append(f"[{' '.join(plain)}]' lookup {lookup}")
        run = f"@D' {'@D ' * (n - 1)}{slash} {'@D ' * m}"
        rules += [f"ignore sub {run}{slash};", f"ignore sub {run}@POINT @D;", f"sub {' '.join(called)};"]
    _append(font, glyphs)
    classes = f"@D = [{' '.join(digits)}]; @POINT = [{cmap[ord('.')]} {cmap[ord(',')]}];"
    scripts = "languagesystem DFLT dflt; languagesystem grek dflt; languagesystem latn dflt;"
    code = "\n".join([scripts, classes, *lookups, "feature afrc {", *rules, "} afrc;"])
    addOpenTypeFeaturesFromString(font, code, tables={"GSUB"})
    font.tables.pop("Debg", None)  # added if FONTTOOLS_LOOKUP_DEBUGGING is set
