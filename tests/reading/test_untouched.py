"""Whatever byhand writes is right as it was written: of every sheet, in every view, format and option."""

import pytest
from every_sheet import FULL, ORDER, a_share, in_turn

from byhand.book import book
from byhand.classroom.classes import make_class
from byhand.classroom.roster import Student
from byhand.errors import ByHandError, ConfigError
from byhand.options import Options
from byhand.pipeline import generate
from byhand.reading.many import Tally, files_in, findings_of
from byhand.reading.verdict import Finding
from byhand.secret import Secret
from byhand.worksheet.views import VIEWS

READ = ("html", "pdf", "pdf-form", "json")  # formats
ASKED = [
    {},
    {"orientation": "columns", "numbers": "decimal", "base": "e", "paper": "letter"},
    {"numbers": "symbolic"},
    {"numbers": "decimal", "level": "easy", "seed": 4, "paper": "letter"},
    {"orientation": "columns", "level": "stretch", "seed": 5},
    {"numbers": "decimal", "base": "e", "rounding": "once", "places": 3},
    {"orientation": "columns", "numbers": "symbolic", "paper": "letter"},
    {"level": "easy", "seed": 2},
    {"orientation": "columns", "numbers": "decimal", "level": "stretch", "seed": 7, "paper": "letter"},
    {"orientation": "columns", "base": 3, "numbers": "decimal", "rounding": "once"},
    {"numbers": "decimal", "base": 3, "paper": "letter"},
]  # fmt: skip
STUDENTS = [Student("Ada Lovelace", "101"), Student("李雷", "李雷")]


def judged(folder, secret=None):
    """What the files of a folder are found to be, and which of them are not right."""
    files, _ = files_in(folder)
    (tally,) = findings_of(files, 1, onnx=False, secret=secret)
    return tally


def all_right(count):
    return Tally({Finding.RIGHT: count}, ())


@pytest.mark.parametrize(("sheet", "n"), in_turn(*range(len(ASKED)), among=a_share(ORDER, 12)))
def test_every_file_of_a_sheet_is_right(sheet, n, tmp_path):
    """Of each sheet in one view, which take turns, too; with BYHAND_FULL=1 in all."""
    views = VIEWS if FULL else (VIEWS[(ORDER.index(sheet) + n) % len(VIEWS)],)
    formats = READ if FULL or n % 3 == 0 else tuple(name for name in READ if name != "pdf-form")
    try:
        paths = generate(sheet, Options(views=views, formats=formats, **ASKED[n]), tmp_path)
    except ByHandError as error:
        assert not any(tmp_path.iterdir())
        pytest.skip(f"there is no such sheet: {error}")
    assert judged(tmp_path) == all_right(len(paths))
    assert len(paths) >= 2 * len(views) + 1


@pytest.mark.parametrize(
    ("sheet", "asked"),
    in_turn(
        {"secret": Secret("5" * 64), "paper": "letter"},
        {"seed": 5, "orientation": "columns"},
        {"seed": 6, "numbers": "decimal"},
        among=ORDER if FULL else ["feed-forward"],
    ),
)
def test_every_file_of_a_class_is_right(sheet, asked, tmp_path):
    """Those of each student, in the forms that are read."""
    try:
        make_class(sheet, STUDENTS, Options(**asked), tmp_path, forms=True, formats=("html", "json"))
    except ConfigError as error:
        assert not any(tmp_path.iterdir())
        pytest.skip(f"there is no such class: {error}")
    assert judged(tmp_path, asked.get("secret")) == all_right(6 * len(STUDENTS))


def test_every_page_of_a_book_is_right(tmp_path):
    """But for its PDF and its index, which are of several sheets."""
    book(["softmax", "family-tree"], Options(paper="letter"), tmp_path)
    assert judged(tmp_path) == all_right(6)
