"""A class whose pages come back: its marks, and the places of its boxes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pypdfium2
import pytest
import zxingcpp

from byhand.classroom.classes import make_class
from byhand.classroom.papers import make_paper_class
from byhand.classroom.places import PLACES_FILE, PlacesWriter, read_places
from byhand.classroom.roster import Student
from byhand.errors import ExtraError, OutputError, RosterError
from byhand.options import Options
from byhand.paper import paper_of
from byhand.press import said_by, scan_marks
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.worksheet.document import BETWEEN

SCHEMA = json.loads((Path(scan_marks.__file__).parents[1] / "places.schema.json").read_text("utf-8"))
STUDENTS = [Student("Ada", "a"), Student("Ben", "b", large=True)]
SCAN, DPI = Options(scan=True, seed=4), 100
PAPER = """
title = "A test"
[[parts]]
sheet = "softmax"
steps = "1"

[[parts]]
sheet = "linear-layer"
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    out = tmp_path_factory.mktemp("scan")
    sheet = make_class("attention-head", STUDENTS, SCAN, out).folder
    return sheet, make_paper_class(paper_of("exam", PAPER), STUDENTS, SCAN, out)[0].folder.parent


def worksheet(folder, student):
    (path,) = (path for path in (folder / "worksheets").iterdir() if path.stem == student.stem)
    return path


@pytest.mark.parametrize("which", [0, 1])
def test_the_file_of_places_keeps_its_schema(folders, which):
    jsonschema.validate(json.loads((folders[which] / PLACES_FILE).read_text("utf-8")), SCHEMA)


@pytest.mark.parametrize("which", [0, 1])
def test_marks_of_each_page_say_whose_it_is(folders, which):
    places = read_places(folders[which])
    for copy, student in zip(places.copies, STUDENTS, strict=True):
        assert copy.student == student.id
        pages = pypdfium2.PdfDocument(worksheet(folders[which], student))
        assert len(pages) == len(copy.pages)
        for number, page in enumerate(pages, 1):
            picture = page.render(scale=150 / 72, grayscale=True).to_pil()
            texts = [code.text for code in zxingcpp.read_barcodes(picture)]  # of any kind: there is no QR code
            assert sorted(map(said_by, texts)) == [(corner, number, copy.code) for corner in range(4)]


@pytest.mark.parametrize("which", [0, 1])
def test_boxes_stand_where_their_places_say(folders, which):
    """Each is white within, and all around it stands a line, dashed or not; but for lines to write on, and gaps."""
    places, framed = read_places(folders[which]), 0
    for copy, student in zip(places.copies, STUDENTS, strict=True):
        pages = pypdfium2.PdfDocument(worksheet(folders[which], student))
        for page, at in zip(pages, copy.pages, strict=True):
            picture = page.render(scale=DPI / 72, grayscale=True).to_numpy()
            for name, edges in places.pages[at].boxes.items():
                left, top, right, bottom = (edge * DPI / 25.4 for edge in edges)
                inside = picture[round(top) + 2 : round(bottom) - 1, round(left) + 2 : round(right) - 1]
                around = picture[round(top) - 3 : round(bottom) + 3, round(left) - 3 : round(right) + 3]
                assert inside.size, name
                if "/ask/" in name and BETWEEN not in name:
                    assert inside.min() > 200, name
                    dark = around < 160
                    assert dark[:6].any(0).mean() > 0.5, name
                    assert dark[:, :6].any(1).mean() > 0.5, name
                    framed += 1
    assert framed > 40


def test_keys_have_no_marks(folders):
    for folder in folders:
        for path in (folder / "keys").iterdir():
            for page in pypdfium2.PdfDocument(path):
                assert not zxingcpp.read_barcodes(page.render(scale=150 / 72).to_pil())


def test_all_is_verified(folders):
    for folder in folders:
        for path in folder.rglob("*.pdf"):
            if path.parent != folder:
                assert report(path)[1] is Finding.RIGHT, path


def test_the_same_class_without_marks_is_another(folders):
    with pytest.raises(OutputError, match="holds a class of other numbers or options"):
        make_class("attention-head", STUDENTS, Options(seed=4), folders[0].parent)


def test_two_copies_with_the_same_marks_are_refused():
    writer = PlacesWriter("softmax", (210.0, 297.0))
    writer.add("0" * 13, "a", [])
    with pytest.raises(
        OutputError, match=r"^the marks of 'a' and 'b' would be the same; give one of them another id"
    ):
        writer.add("0" * 13, "b", [])


def test_without_the_package_one_line_says_what_would_work(monkeypatch, tmp_path):
    monkeypatch.setattr(scan_marks, "is_installed", lambda package: False)
    with pytest.raises(ExtraError, match=r"drawn by zxing-cpp; .*byhand\[scan\]|drawn by zxing-cpp; .*\[scan\]"):
        make_class("softmax", STUDENTS, SCAN, tmp_path)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, r"has no places.json .*: it holds no class whose pages come back; byhand class --scan makes one"),
        (b"{}", r"was changed \(.*\); make the class again"),
    ],
)
def test_a_folder_without_places_is_told_of(tmp_path, content, told):
    if content is not None:
        (tmp_path / PLACES_FILE).write_bytes(content)
    with pytest.raises(RosterError, match=told):
        read_places(tmp_path)
