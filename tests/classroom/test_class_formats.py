"""A class in other formats: files of the same numbers for each student, and a question bank of all copies."""

import json
import re
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from cloze import read
from every_sheet import FULL, ORDER

from byhand.classroom.classes import make_class
from byhand.classroom.in_formats import FORM, PRINTED
from byhand.classroom.index import read_index
from byhand.classroom.plan import Plan
from byhand.classroom.roster import Student, anonymous
from byhand.classroom.students import CLASS_VIEWS, class_pages, judged_page, signed, with_pages
from byhand.cli import main
from byhand.errors import ConfigError
from byhand.formats import OWN
from byhand.options import Options
from byhand.page.page import lower
from byhand.press import LETTERS
from byhand.reading.page import read_html
from byhand.reading.pdf import read_pdf
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.secret import Secret
from byhand.worksheet.sheet import load_sheet

SHEET = "dot-product"
ROSTER = [Student("Ada Lovelace", "101", "A"), Student("Müller, Jürgen", "102"), Student("Zoë", "103")]
QUOTED = [Student("Ann O'Neil", "104"), Student('Bob "B" <&>', "o'1")]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("class")
    return make_class(SHEET, ROSTER, out=out, formats=("moodle", "html", "json", "pdf", "pdf-form"))


@pytest.fixture(scope="module")
def bank(made):
    return read((made.folder / "bank.xml").read_bytes())


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_a_view_has_stands_beside_its_pdf_and_other_files_have_a_folder(made):
    stems = [student.stem for student in ROSTER]
    files = {"bank.xml", "class.json", "class.pdf", "index.csv", "keys.pdf"}
    files |= {
        f"{folder}/{stem}{end}" for folder in ("worksheets", "keys") for stem in stems for end in (".pdf", ".html")
    }
    assert {*contents(made.folder)} == files | {f"forms/{s}.pdf" for s in stems} | {f"json/{s}.json" for s in stems}


def test_a_students_files_have_the_numbers_of_the_paper(made):
    hashes = {row["id"]: row["hash"] for row in read_index((made.folder / "index.csv").open("rb"))}
    for student in ROSTER:
        record = json.loads((made.folder / "json" / f"{student.stem}.json").read_bytes())
        assert record["hash"] == hashes[student.id]
        page = (made.folder / "worksheets" / f"{student.stem}.html").read_text("utf-8")
        assert f"numbers {hashes[student.id]}" in page
        assert student.name in page
    lines, finding = report(made.folder / "keys" / f"{ROSTER[0].stem}.html")
    assert finding is Finding.RIGHT, lines


ALONE = [(SHEET, {}), ("sampling", {"numbers": "decimal"}), ("linear-layer", {"orientation": "columns"})]


@pytest.mark.parametrize(("sheet", "options"), [(sheet, {}) for sheet in ORDER] if FULL else ALONE[1:2])
def test_a_students_page_in_every_format_is_the_one_that_is_written_by_itself(sheet, options):
    loaded = load_sheet(sheet)
    plan = Plan(loaded, Options(**options).on(loaded), LETTERS)
    try:
        base = class_pages(plan)
    except ConfigError:
        pytest.skip(f"{sheet} has one set of numbers only")
    formats = [format for format in OWN.values() if format.name not in (PRINTED, FORM)]
    for copy, page in with_pages(plan, base, [*(ROSTER if FULL else ROSTER[1:2]), *QUOTED]):
        document, run = judged_page(plan, base.numbers.of(copy.key), base.left, base.minutes)
        alone, setup = lower(signed(document, copy.student), run), plan.options.setup
        files = [(make, view) for format in formats for make in format.files.values() for view in CLASS_VIEWS]
        for make, view in files:
            assert make(page(), view, setup) == make(alone, view, setup), (copy.student, make, view)


def times_of(page):
    """The minutes that a page says that it takes: in its metadata, over its title, and in its table of sittings."""
    told = [row[-1] for table in page.tables if "minutes" in table.rows[0] for row in table.rows[1:]]
    whole = re.search(r"(\d+)minutes", page.texts[0])[1]  # a text that is read has no blanks
    assert sum(map(int, told or [whole])) == int(whole)
    return page.asked["minutes"], whole, told


@pytest.mark.parametrize("sheet", ["gpt", "encoder", SHEET] if FULL else ["gpt"])
def test_a_copy_says_in_every_format_that_it_takes_as_long_as_the_class(sheet, tmp_path):
    students, secret = ROSTER[:2], Secret("3" * 64)
    made = make_class(sheet, students, Options(secret=secret), tmp_path, formats=("html", "txt"))
    times = set()
    for folder in ("worksheets", "keys"):
        for student in students:
            paths = [made.folder / folder / f"{student.stem}.{end}" for end in ("pdf", "html", "txt")]
            pages = read_pdf(paths[0].read_bytes()), read_html(paths[1].read_text("utf-8"))
            times |= {str(times_of(page)) for page in pages}
            text = paths[2].read_text("utf-8")
            assert all(f"minutes: {minutes}\n" in text for minutes in times_of(pages[0])[2])
    assert len(times) == 1
    for path in paths[:2]:  # nobody knows, without the secret, with whose numbers the minutes of a class are counted
        lines, finding = report(path)
        assert finding is Finding.NUMBERS_ONLY, lines


SAME_FOR_ALL = ("True or false?", "Back to the riddle")  # what is right there, no number decides


def test_the_bank_has_each_step_as_a_category_of_all_variants(made, bank):
    categories = list(dict.fromkeys(question.category for question in bank))
    assert [category.rpartition("/")[2] for category in categories] == [
        "00 About this sheet", "01 Pair by pair", "02 Add up", "03 Backwards", "04 Backwards (2)", "05 True or false?",
        "06 Find the error", "07 Back to the riddle",
    ]  # fmt: skip
    for category in categories[1:]:
        own = [question for question in bank if question.category == category]
        assert [question.name.rpartition(" ")[2] for question in own] == ["0001", "0002", "0003"]
        texts = {tuple((field.kind, field.key) for field in question.fields) for question in own}
        assert len(texts) > 1 or not own[0].fields or category.endswith(SAME_FOR_ALL)
    assert len({question.idnumber for question in bank}) == len(bank)


def test_a_variant_of_the_bank_is_a_students_copy(made, bank):
    rows = [*read_index((made.folder / "index.csv").open("rb"))]
    own = [question for question in bank if question.category.endswith("/01 Pair by pair")]
    for row, question in zip(rows, own, strict=True):
        keys = [field.key for field in question.fields]
        assert [key.replace("-", "−") for key in keys] == row["answers"].split()[: len(keys)]


def test_the_bank_names_no_student_and_has_its_pictures_once(made, bank):
    text = (made.folder / "bank.xml").read_text("utf-8")
    assert not [student.name for student in ROSTER if student.name in text]
    assert {question.kind for question in bank if question.files} == {"description"}
    ElementTree.fromstring(text)


def test_a_class_again_is_the_same_bytes_and_more_formats_may_come(made):
    before = contents(made.folder)
    again = make_class(SHEET, ROSTER, out=made.folder.parent, formats=("moodle", "html", "json", "pdf-form"))
    assert contents(again.folder) == before
    assert again.mended == 0


def test_a_bank_is_refused_where_nothing_may_tell_what_is_right(tmp_path):
    arguments = [
        "class",
        SHEET,
        "--anonymous",
        "2",
        "--no-feedback",
        "--format",
        "moodle",
        "--out",
        str(tmp_path / "o"),
    ]
    result = CliRunner().invoke(main, arguments)
    told = "the format moodle holds what is right; leave out one of the two"
    assert (result.exit_code, result.stderr) == (1, f"byhand: --no-feedback: {told}\n")
    assert not (tmp_path / "o").exists()


@pytest.mark.skipif(not FULL, reason="five hundred copies take a minute; make test-formats makes them")
def test_five_hundred_variants_are_a_file_that_moodle_takes(tmp_path):
    """50 MB are what many servers take at most."""
    folder = make_class("attention-head", anonymous(500), out=tmp_path, formats=("moodle",), jobs=2).folder
    bank = (folder / "bank.xml").read_bytes()
    assert len(bank) < 50_000_000
    questions = [question for question in read(bank) if question.kind == "cloze"]
    assert len(questions) == 500 * 4
    for question in questions:
        assert all(field.mark(field.key).share == 1 for field in question.fields)
