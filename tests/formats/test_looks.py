"""Pages in somebody's own look: in its colours and no others, within their bounds, and read back."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner
from every_sheet import FULL, ORDER
from page_layout import drawn, keeps_in_place, laid_out
from PIL import Image

from byhand.cli import main
from byhand.errors import ConfigError
from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import generate, prepare
from byhand.press import check_face, shared
from byhand.reading.verdict import Finding
from byhand.reading.verify import report, verify
from byhand.worksheet.looks import look_of, words_of
from byhand.worksheet.sheet import load_sheet

OWN = "tint:%23eef4ff;ink:%23102a43;shade:%23d0e0f0;pen:%238a1c4a;lit:%23ffe08a"
SHEETS = ORDER if FULL else ("attention-head", "softmax", "gpt-backward")
USUAL = ("#111111", "#555555", "#888888", "#e2e2e2", "#1c3f94", "#ffffff")
COLOUR = re.compile(rb"([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG)\b")


def pages(name, **asked):
    return Pages(lower(*prepare(load_sheet(name), Options(**asked))))


def command(*words):
    return CliRunner().invoke(main, list(map(str, words)))


def drawn_in(path):
    """The colours that a PDF draws with."""
    with pikepdf.open(path) as file:
        streams = [bytes(part.read_bytes()) for page in file.pages for part in page_streams(page)]
    parts = {match.groups() for stream in streams for match in COLOUR.finditer(stream)}
    return {"#" + "".join(f"{round(255 * float(part)):02x}" for part in each) for each in parts}


def page_streams(page):
    contents = page.obj.Contents
    return contents if isinstance(contents, pikepdf.Array) else [contents]


def test_a_page_is_in_the_colours_of_its_look_on_paper_and_on_a_screen(tmp_path):
    look = look_of(OWN)
    for path in generate("linear-layer", Options(look=OWN, seed=3, formats=("html", "pdf")), tmp_path):
        if path.suffix == ".pdf":
            assert not drawn_in(path) & {*USUAL}
            assert {look.tint, look.ink, look.shade} <= drawn_in(path)
            assert path.stem != "key" or look.pen in drawn_in(path)
            continue
        page = path.read_text(encoding="utf-8")
        assert page.count(f"--look-pen:{look.pen}") == 1
        assert {"var(--look-pen)", "var(--look-tint)"} <= {*re.findall(r"var\(--look-\w+\)", page)}
        drawings = {colour for _, colour in re.findall(r' (fill|stroke)="(#\w+)"', page)}
        assert look.ink in drawings
        assert not drawings & {*USUAL, "#111", "#555", "#fff"}


def test_a_page_in_no_look_says_nothing_of_looks():
    page = pages("softmax", seed=0)
    for html in (page.html("key", "screen"), page.html("key", "print")):
        assert "look" not in html.partition("</head>")[0].replace("looks", "")


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_page_with_words_apart_keeps_within_its_bounds(sheet, caplog):
    caplog.set_level(logging.WARNING)
    look = words_of("dyslexia")
    document = drawn(laid_out(pages(sheet, seed=3, look=look).printed("key")))
    keeps_in_place(document, "a4")
    assert not caplog.records, [record.getMessage() for record in caplog.records]


def test_colours_are_filled_into_the_page_of_all_runs_and_words_apart_are_not():
    for look, is_filled in ((OWN, True), (words_of("dyslexia"), False)):
        made = shared(pages("softmax", seed=3, look=look), "key", "a4", cache=False, fills=False)
        assert (made is not None) == is_filled


@pytest.fixture
def own(tmp_path):
    """The file of a look with a logo."""
    Image.new("RGB", (60, 30), "#0a5").save(tmp_path / "logo.png")
    (tmp_path / "own.toml").write_text('like = "colour-blind"\nlogo = "logo.png"\nname = "Our school"\n')
    return tmp_path / "own.toml"


def test_pages_with_a_logo_and_with_words_apart_are_read_back(own, tmp_path):
    for look in ("dyslexia", own):
        made = command("generate", "scores", "--look", look, "--format", "html,pdf,pdf-form", "--out", tmp_path / "o")
        assert made.exit_code == 0, made.stderr
        for path in made.stdout.split():
            assert verify(path).finding is Finding.RIGHT, path
            if path.endswith("key.html"):
                page = Path(path).read_text(encoding="utf-8")
    assert "Our school</div>" in page
    assert "img-src data:" in page
    other = tmp_path / "other.html"
    other.write_text(page.replace("pen%3A%25230072b2", "pen%3A%2523005500"), encoding="utf-8")
    assert "it was changed" in report(other)[0][0]
    other.write_text(page.replace("look=shade", "look=shede"), encoding="utf-8")
    assert report(other)[0] == [
        "cannot be verified: it says that it looks like no page of ours: no entry 'shede'; did you mean 'shade'?"
    ]


def test_a_class_and_a_paper_take_a_look(own, tmp_path):
    (tmp_path / "roster.csv").write_text("name,id\nAda,1\n")
    (tmp_path / "exam.toml").write_text('title = "T"\n[[parts]]\nsheet = "scores"\n')
    made = command("class", "scores", "--roster", tmp_path / "roster.csv", "--look", own, "--out", tmp_path / "c")
    assert "laid out by themselves" not in made.stderr
    assert "2 files, 2 right" in command("verify", tmp_path / "c").stdout
    asked = "--look", own, "--format", "pdf", "--view", "worksheet"
    made = command("generate", tmp_path / "exam.toml", *asked, "--out", tmp_path / "e")
    (path,) = made.stdout.split()
    assert verify(path).finding is Finding.RIGHT
    with pikepdf.open(path) as file:
        assert [bool(page.get_images()) for page in file.pages][:2] == [True, True]  # the cover, and the sheet


def test_what_a_look_cannot_do_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = command("generate", "scores", "--look", "colour-blind", "--format", "md", "--view", "key")
    assert made.stderr == "byhand: --look changes nothing in md: what opens such a file has a look of its own\n"
    (tmp_path / "look.toml").write_text('face = "No Such Face"\n')
    (tmp_path / "byhand.toml").write_text('look = "look.toml"\n')
    made = command("generate", "scores")
    assert made.exit_code == 1
    line = r"byhand: face 'No Such Face': no such font is installed; the nearest is '.*'"
    assert re.fullmatch(line, made.stderr.splitlines()[-1])


def test_an_installed_face_sets_the_words_and_figures_keep_theirs(tmp_path):
    try:
        check_face("DejaVu Sans")
    except ConfigError:
        pytest.skip("it needs DejaVu Sans")
    look = "face:DejaVu%20Sans"
    for path in generate("scores", Options(look=look, formats=("pdf",), views=("worksheet",)), tmp_path):
        with pikepdf.open(io.BytesIO(path.read_bytes())) as file:
            fonts = {str(font.BaseFont) for page in file.pages for font in page.Resources.Font.values()}
        for face in ("DejaVu", "byhand-Sans"):
            assert any(face in font for font in fonts), fonts
        assert verify(path).finding is Finding.RIGHT
