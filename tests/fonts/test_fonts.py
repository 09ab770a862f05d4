"""The faces: what they hold, what they are called, and that a fraction is drawn built and read back plain."""

from __future__ import annotations

import base64
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import weasyprint
from every_sheet import FULL
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from byhand import fonts
from byhand.fonts import faces as faces_module
from byhand.press import engine
from byhand.press import printing as pdf_module

EVERYWHERE = "0123456789−-+×·÷±=<>()[]{}/.,:;√∑∞≤≥≠≈…′→←↑↓“”‘’–—•⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁻₋ₖᵢⱼₙᵀ\u00a0\u2009\u200a\u202f"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzαβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
ONLY_TEXT = "€§©éèüßñçøåæœłčşőąıĐŽșțāάήЖжЇїҐґЂџёơƯễị"
ONLY_MATHS = "∈∉⊕⊗⊙⊤⟶⋯⋮⋱⌊⌋⌈⌉∎∘∼⟨⟩ϵϕϑℝℓ"
FRACTIONS = ["1/4", "−6/5", "12/35", "−12/7", "7/120", "123/456", "456/7", "90/8"]
PLAIN = ["1234/5", "1/2345", "12/35/2024", "0.5/2", "1/2.5"]
ALL = sorted(faces_module.SOURCES)


@pytest.fixture
def faces() -> dict[str, fonts.Face]:
    return {face.name: face for face in fonts.FACES}


def elsewhere(code: str, **environment: str) -> str:
    """What another Python prints."""
    command = [sys.executable, "-c", f"from byhand import fonts\n{code}"]
    paths = os.pathsep.join(filter(None, [str(Path(fonts.__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    variables = os.environ | {"PYTHONPATH": paths} | environment
    return subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout


def pdf(faces: dict[str, fonts.Face], face: str, texts: list[str]) -> PdfReader:
    """A page with a paragraph for each text, in one face, with fractions built."""
    family, weight, style, _ = faces_module.SOURCES[face]
    css = fonts.font_face_css(lambda font: font.data_url) + (
        f"p {{ font: {style} {weight} 11.5pt '{family}'; font-variant-numeric: stacked-fractions }}"
    )
    html = f"<html lang=en><title>t</title><style>{css}</style>" + "".join(f"<p>{text}" for text in texts)
    return PdfReader(io.BytesIO(weasyprint.HTML(string=html).write_pdf()))


def embedded(reader: PdfReader) -> list[Any]:
    return [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].get_object().values()]


def advances(reader: PdfReader) -> set[int]:
    """The advances of the glyphs that a document uses, in thousandths of an em."""
    found = set()
    for font in embedded(reader):
        for entry in font["/DescendantFonts"][0].get_object()["/W"]:
            if isinstance(entry.get_object(), list):
                found |= {round(width) for width in entry.get_object()}
    return found


def outline(font: TTFont, character: str) -> list[tuple[float, float]]:
    table = font["glyf"]
    return list(table[font.getBestCmap()[ord(character)]].getCoordinates(table)[0])


def test_built_fonts_are_found_without_font_tools(faces: dict[str, fonts.Face]) -> None:
    code = (
        "import sys\nprint(len(fonts.FACES[0].font), 'fontTools' in sys.modules, 'importlib.metadata' in sys.modules)"
    )
    here = str(len(faces["sans-400.ttf"].font))
    assert elsewhere(code).split() == [here, "False", "False"]


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def one_bit_changed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def as_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def forget() -> None:
    for kept in (fonts._file, fonts._built, fonts._built_before, engine._fetcher, engine._fonts):
        kept.cache_clear()


@pytest.fixture
def math(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[fonts.Face]:
    """The one face that there is: it takes a tenth of the time to build."""
    (face,) = (face for face in fonts.FACES if face.name == "math.ttf")
    monkeypatch.setattr(fonts, "FACES", (face,))
    monkeypatch.setattr(faces_module, "SOURCES", {"math.ttf": faces_module.SOURCES["math.ttf"]})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fonts, "BROUGHT", tmp_path / "brought")
    yield face
    forget()


def page(face: fonts.Face) -> tuple[bytes, str, bytes]:
    """The font, and a page that is printed with it."""
    forget()
    html = "<html lang=en><title>t</title><p style=\"font-family:'byhand Math'\">6/5 ∈ ℝ"
    return face.font, face.data_url, pdf_module.pdf(html)


@pytest.mark.parametrize("damage", [cut_in_half, empty, one_bit_changed, Path.unlink, as_a_folder])
def test_damaged_fonts_are_built_again_and_never_printed_with(
    damage: Callable[[Path], None], math: fonts.Face, tmp_path: Path
) -> None:
    sound = page(math)
    (file,) = (tmp_path / "cache" / "byhand" / "fonts").iterdir()
    damage(file)
    assert page(math) == sound


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the one face is kept for all tests of it."""
    return tmp_path_factory.mktemp("fonts") / "kept"


DAMAGES = (one_bit_changed, Path.unlink, cut_in_half, empty, as_a_folder)


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        *product(DAMAGES, ["math.ttf"]),
        *product(DAMAGES if FULL else DAMAGES[:2], ["math.woff2", fonts.TABLE]),
    ],
)
def test_fonts_that_were_built_before_are_taken_unless_they_are_damaged(
    damage: Callable[[Path], None], name: str, math: fonts.Face, tmp_path: Path, kept: Path
) -> None:
    if not kept.exists():
        fonts.bring(kept)
    shutil.copytree(kept, tmp_path / "brought")
    sound = page(math)
    assert not (tmp_path / "cache").exists()
    damage(tmp_path / "brought" / name)
    assert page(math) == sound


@pytest.mark.parametrize("change", ["code", "typeface"])
def test_fonts_of_other_code_or_other_typefaces_are_not_taken(
    change: str, math: fonts.Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "brought"
    with monkeypatch.context() as changed:
        if change == "code":
            for name in ("faces.py", "glyphs.py"):
                (tmp_path / name).write_text(f"# another {name}", encoding="utf-8")
            changed.setattr(fonts, "__file__", str(tmp_path / "fonts.py"))
        else:
            changed.setattr(fonts, "MATH", fonts.SANS)
        fonts._sources.cache_clear()
        fonts.bring(folder)
        forget()
        assert fonts._built_before()
    fonts._sources.cache_clear()
    forget()
    assert not fonts._built_before()
    assert math.font == faces_module.build()["math.ttf"]


def test_the_css_names_each_face_once(faces: dict[str, fonts.Face]) -> None:
    rules = fonts.font_face_css(lambda face: face.name).splitlines()
    assert rules[3] == (
        '@font-face { font-family: "byhand Sans"; font-weight: 600; font-style: italic; '
        'src: url("sans-600-italic.ttf") }'
    )
    assert [rule.split('"')[3] for rule in rules] == list(faces)


@pytest.mark.parametrize("name", ALL)
def test_a_data_url_holds_the_font_compressed(faces: dict[str, fonts.Face], name: str) -> None:
    kind, data = faces[name].data_url.split(",")
    assert kind == "data:font/woff2;base64"
    assert len(data) < 60_000
    packed, font = TTFont(io.BytesIO(base64.b64decode(data))), TTFont(io.BytesIO(faces[name].font))
    assert packed.flavor == "woff2"
    assert packed.reader.keys() == font.reader.keys()
    others = font.reader.keys() - {"head", "glyf", "loca"}  # a checksum, and outlines that are packed in another way
    assert all(packed.reader[tag] == font.reader[tag] for tag in others)
    assert all(outline(packed, letter) == outline(font, letter) for letter in LETTERS)


@pytest.mark.parametrize("name", ALL)
def test_a_face_has_the_characters_of_its_pages(faces: dict[str, fonts.Face], name: str) -> None:
    needed = EVERYWHERE + LETTERS + (ONLY_MATHS if name.startswith("math") else ONLY_TEXT)
    known = TTFont(io.BytesIO(faces[name].font)).getBestCmap()
    assert [character for character in needed if ord(character) not in known] == []


@pytest.mark.parametrize("name", ALL)
def test_a_face_has_our_name_and_its_makers_licence(faces: dict[str, fonts.Face], name: str) -> None:
    records = {record.nameID: record.toUnicode() for record in TTFont(io.BytesIO(faces[name].font))["name"].names}
    for number in (1, 3, 4, 6, 16):
        assert records[number].startswith("byhand")
        assert "Source" not in records[number]
    assert "SIL Open Font License" in records[13]
    assert ("STIX Fonts Project Authors" if name.startswith("math") else "Adobe") in records[0]


@pytest.mark.parametrize("name", ALL)
def test_figures_are_tabular(faces: dict[str, fonts.Face], name: str) -> None:
    font = TTFont(io.BytesIO(faces[name].font))
    assert len({font["hmtx"][font.getBestCmap()[ord(digit)]][0] for digit in "0123456789"}) == 1


@pytest.mark.parametrize("name", ALL)
def test_fractions_are_a_feature_of_every_script(faces: dict[str, fonts.Face], name: str) -> None:
    table = TTFont(io.BytesIO(faces[name].font))["GSUB"].table
    features = [record.FeatureTag for record in table.FeatureList.FeatureRecord]
    scripts = {
        record.ScriptTag: [features[index] for index in record.Script.DefaultLangSys.FeatureIndex]
        for record in table.ScriptList.ScriptRecord
    }
    assert scripts == {"DFLT": ["afrc"], "grek": ["afrc"], "latn": ["afrc"]}


@pytest.mark.parametrize(
    ("plain", "italic"),
    [
        ("Q", "𝑄"),
        ("h", "ℎ"),
        ("z", "𝑧"),
        ("α", "𝛼"),
        ("ε", "𝜀"),
        ("ϵ", "𝜖"),
        ("φ", "𝜑"),
        ("θ", "𝜃"),
        ("Σ", "𝛴"),
        ("7", "7"),
    ],
)
def test_plain_letters_look_italic_in_the_italic_maths_face(
    faces: dict[str, fonts.Face], plain: str, italic: str
) -> None:
    path = Path(str(distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")))
    source = TTFont(io.BytesIO(path.read_bytes()), lazy=True)
    assert outline(TTFont(io.BytesIO(faces["math-italic.ttf"].font)), plain) == outline(source, italic)
    assert outline(TTFont(io.BytesIO(faces["math.ttf"].font)), plain) == outline(source, plain)


@pytest.mark.parametrize("name", ALL)
def test_a_fraction_is_read_back_from_a_page_as_plain_text(
    faces: dict[str, fonts.Face], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    reader = pdf(faces, name, FRACTIONS)
    assert reader.pages[0].extract_text().split() == FRACTIONS
    assert all(font["/BaseFont"].partition("+")[2].startswith("byhand-") for font in embedded(reader))
    assert caplog.records == []


def test_a_fraction_is_read_back_where_harfbuzz_subset_is_missing(
    faces: dict[str, fonts.Face], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weasyprint.pdf.fonts.harfbuzz_subset", None)
    assert pdf(faces, "math.ttf", FRACTIONS).pages[0].extract_text().split() == FRACTIONS


@pytest.mark.parametrize("text", ["1/4", "12/3", "123/456"])
def test_the_letters_of_a_built_fraction_share_its_width_evenly(faces: dict[str, fonts.Face], text: str) -> None:
    assert len(advances(pdf(faces, "sans-600-italic.ttf", [text]))) == 1


def test_long_numbers_decimals_and_dates_stay_plain(faces: dict[str, fonts.Face]) -> None:
    reader = pdf(faces, "sans-400.ttf", PLAIN)
    font = TTFont(io.BytesIO(faces["sans-400.ttf"].font))
    assert advances(reader) == {font["hmtx"][font.getBestCmap()[ord(character)]][0] for character in "0/."}
    assert reader.pages[0].extract_text().split() == PLAIN


@pytest.mark.parametrize("face", fonts.FACES, ids=lambda face: face.name)
def test_a_font_with_few_letters_draws_them_as_the_whole_one(face: fonts.Face) -> None:
    whole = TTFont(io.BytesIO(face.font))
    few = TTFont(io.BytesIO(base64.b64decode(face.url(few=True).partition(",")[2])))
    assert few.flavor == "woff2"
    for letter in "aQz":
        assert outline(few, letter) == outline(whole, letter)
    assert len(few.getGlyphOrder()) < len(whole.getGlyphOrder())


def test_a_page_brings_the_whole_fonts_along_only_where_it_has_other_letters() -> None:
    page = '<body class="worksheet screen">The rain fell: −∞, √2.{}</body><script>"Ü"</script>'
    few, em, whole = (fonts.fonts_of(page.format(text)) for text in ("", "<em>one</em>", "Grüße"))
    assert few.count("@font-face") == 4
    assert em.count("@font-face") == 5
    assert len(few) < len(em) < len(whole)
