"""Build the fonts of a page: subsets of two open typefaces, with stacked fractions added.

Text is Source Sans 3 (© Adobe), from the package fontpkg-source-sans-3: "byhand Sans", 400 and 600, roman and
italic. Mathematics is STIX Two Math (© The STIX Fonts Project Authors), from the package ziamath: "byhand Math",
and "byhand Math Italic", whose plain letters have the shapes of mathematical italics: a page says Q (U+0051) and
shows an italic Q. Both are under the SIL Open Font License 1.1, and so are the fonts built here; "Source" is a
Reserved Font Name, hence the new names. The records of copyright, trademark and licence are kept.

Every face has the feature `afrc` (`font-variant-numeric: stacked-fractions`): digits/digits, up to three over
three, are drawn as a stacked fraction, and stay `6/5` for search, copying and reading back. Longer numbers, decimal
points and second slashes are left alone. In a style sheet, set it after any `font` shorthand, which resets it;
name "byhand Math" after "byhand Sans", which lacks ∈ ⊕ ⌊ ⟶; keep maths at weight 400, or browsers smear it.
"""

from __future__ import annotations

import io
import unicodedata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from byhand.fonts.glyphs import SUBSCRIPTS, add_fractions, add_small_letters

SANS = ("fontpkg_source_sans_3", "files/SourceSans3[wght].ttf")
SANS_ITALIC = ("fontpkg_source_sans_3", "files/SourceSans3-Italic[wght].ttf")
MATH = ("ziamath", "fonts/STIXTwoMath-Regular.ttf")

SOURCES = {
    "sans-400.ttf": ("byhand Sans", 400, "normal", SANS),
    "sans-400-italic.ttf": ("byhand Sans", 400, "italic", SANS_ITALIC),
    "sans-600.ttf": ("byhand Sans", 600, "normal", SANS),
    "sans-600-italic.ttf": ("byhand Sans", 600, "italic", SANS_ITALIC),
    "math.ttf": ("byhand Math", 400, "normal", MATH),
    "math-italic.ttf": ("byhand Math Italic", 400, "italic", MATH),
}

SIGNS = (
    "\u00a0\u202f¬±²³·¹×÷‐‑‒–—‖‘’‚“”„†•…′″‹›⁄€ℓℝ←↑→↓↔↦⇒⟶∀∂∃∇∈∉∏∑−∗∘√∝∞∥∧∨∩∪∫∼≈≠≡≤≥⊂⊆⊕⊖⊗⊙⊤⊥⋅⋮⋯⋱⌈⌉⌊⌋⟨⟩"
    "■□●○☐☑✓∎ᵀⁱⁿ⁺⁻⁼⁽⁾₊₋₌₍₎ₐₑₒₓ⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉" + SUBSCRIPTS
)
GREEK = {*range(0x391, 0x3AA), *range(0x3B1, 0x3CA), *map(ord, "ϑϕϖϰϱϵ")}
COMMON = {*range(0x20, 0x7F), *range(0x2002, 0x200E), *map(ord, SIGNS)}
MATHS = COMMON | GREEK | {*map(ord, "ıȷ")}
LATIN = COMMON | {*range(0xA0, 0x180), *range(0x218, 0x21C), 0x1E9E, *range(0x300, 0x305), *range(0x306, 0x30D)}
OTHERS = {*range(0x400, 0x460), 0x490, 0x491, 0x1A0, 0x1A1, 0x1AF, 0x1B0, *range(0x1EA0, 0x1EFA)}  # of Kyiv and Huế
TEXT_CHARACTERS = LATIN | GREEK | {*range(0x384, 0x3CF)} | OTHERS
# what a page in English has; a page for the screen brings fonts along that have no more, if it needs no more
FEW = {*range(0x20, 0x7F), *map(ord, "\u00a0\u2009·×÷–—‘’“”…′″−√∞≤≥≈≠→←↑↓∑∏∈∂⊕⊙ᵀ°½¼¾±⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺₀₁₂₃₄₅₆₇₈₉✓é")}
EMPHASIS = {*range(0x20, 0x7F), *map(ord, "\u00a0–—‘’“”…−é")}  # of these, what a stressed word has
FEW_GREEK = {*map(ord, "αβγδεζηθλμνπρστφχψωΓΔΘΛΠΣΦΨΩ")}
WITHOUT_FRACTIONS = ("sans-400-italic.ttf", "math-italic.ttf")  # of those with few letters; and without kerning
LEGAL = [0, 7, 9, 13, 14]  # name records: copyright, trademark, designer, licence and its address


def build() -> dict[str, bytes]:
    """The files of the fonts by name, plain and compressed.

    The bytes depend on the installed packages only, not on the machine, the locale or the time.
    """
    from fontTools.varLib.instancer import instantiateVariableFont

    subsets = {source: _bytes(_kerned_subset(source)) for source in {each for *_, each in SOURCES.values()} - {MATH}}
    fonts = {}
    for name, (family, weight, style, source) in SOURCES.items():
        if source == MATH:
            font = _subset(source, MATHS, slanted=style == "italic")
        else:
            font = instantiateVariableFont(_open(subsets[source]), {"wght": weight}, inplace=True)
        add_small_letters(font)
        add_fractions(font)
        _rename(font, family, weight, style)
        fonts[name] = _bytes(font)
        fonts[packed(name)] = _bytes(_open(fonts[name]), "woff2")
        fonts[packed(name, few=True)] = _bytes(_with_few(fonts[name], name), "woff2")
    return fonts


def packed(name: str, few: bool = False) -> str:
    """The name of the compressed file of a font. few: of the one with few letters."""
    return name.replace(".ttf", "-few.woff2" if few else ".woff2")


def _with_few(data: bytes, name: str) -> Any:
    """A font with the letters of English, and its fractions where it needs them."""
    from fontTools.subset import Options, Subsetter

    font = _open(data)
    options = Options(hinting=False, notdef_outline=True, name_IDs=LEGAL)
    options.layout_features = [] if name in WITHOUT_FRACTIONS else ["kern", "afrc"]
    subsetter = Subsetter(options)
    letters = {*map(ord, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")}
    fewer = {"math-italic.ttf": letters, "sans-400-italic.ttf": EMPHASIS}
    greek = FEW_GREEK if SOURCES[name][-1] == MATH else set()  # which stands in for the other faces
    subsetter.populate(unicodes=fewer.get(name, FEW) | greek)
    subsetter.subset(font)
    return font


def locate(source: tuple[str, str]) -> Path:
    """The path of a file in an installed package, without importing the package."""
    package, inside = source
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {package} is not installed", name=package)
    return Path(spec.origin).parent / inside


def _open(data: bytes) -> Any:
    from fontTools.ttLib import TTFont

    return TTFont(io.BytesIO(data), lazy=True, recalcTimestamp=False)


def _bytes(font: Any, flavor: str | None = None) -> bytes:
    from fontTools.ttLib.tables.otBase import USE_HARFBUZZ_REPACKER

    font.flavor = flavor
    font.cfg[USE_HARFBUZZ_REPACKER] = False  # else the bytes would depend on whether uharfbuzz is installed
    font.save(out := io.BytesIO())
    return out.getvalue()


def _subset(source: tuple[str, str], characters: set[int], *, layout: bool = False, slanted: bool = False) -> Any:
    """A source subset to these characters, unhinted. layout: whether to keep kerning and mark positions."""
    from fontTools.subset import Options, Subsetter

    font = _open(locate(source).read_bytes())
    for tag in {"GSUB", "BASE", "MATH", "STAT", "gasp", *(() if layout else ("GDEF", "GPOS"))} & set(font.keys()):
        del font[tag]
    glyphs = font.getBestCmap()
    font["cmap"].tables = [table for table in font["cmap"].tables if table.format == 4]
    for table in font["cmap"].tables if slanted else ():
        table.cmap |= {plain: glyphs[italic] for plain, italic in _italics().items()}
    options = Options(hinting=False, glyph_names=True, notdef_outline=True, name_IDs=LEGAL)
    options.layout_features = ["kern", "mark", "mkmk"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    return font


def _kerned_subset(source: tuple[str, str]) -> Any:
    """A source subset to all text characters, with kerning for Latin only: Greek would double the pairs."""
    font, latin = _subset(source, TEXT_CHARACTERS), _subset(source, LATIN, layout=True)
    for tag in ("GDEF", "GPOS"):
        latin[tag].ensureDecompiled(recurse=True)
        font[tag] = latin[tag]
    return font


def _italics() -> dict[int, int]:
    """For each plain letter, the mathematical italic letter whose shape it takes."""
    codes = [*range(0x1D434, 0x1D455), *range(0x1D456, 0x1D468), *range(0x1D6E2, 0x1D6FB), *range(0x1D6FC, 0x1D71C)]
    italics = {int(unicodedata.decomposition(chr(code)).split()[1], 16): code for code in codes}
    return italics | {ord("h"): 0x210E, ord("ı"): 0x1D6A4, ord("ȷ"): 0x1D6A5}


def _rename(font: Any, family: str, weight: int, style: str) -> None:
    """Give a font our own names, and the flags of its weight and style."""
    semibold, italic = weight == 600, style == "italic"
    face = " ".join(["SemiBold"] * semibold + ["Italic"] * italic) or "Regular"
    full = f"{family.removesuffix(' Italic')} {face}"
    records = {1: family + " SemiBold" * semibold, 2: "Italic" if italic else "Regular", 3: f"byhand: {full}"}
    records |= {4: full, 5: "Version 1.000", 6: full.replace(" ", "-"), 16: family, 17: face}
    for number, text in records.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    font["name"].names.sort()
    font["OS/2"].usWeightClass = weight
    font["OS/2"].fsSelection = 0x80 | (0x01 if italic else 0x00 if semibold else 0x40)  # 0x80: heights as in hhea
    font["head"].macStyle = 0x02 if italic else 0x00
    font["post"].formatType = 3.0  # no glyph names
