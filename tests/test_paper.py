"""A paper: what its file may say, and what is written and verified of it."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path

import pikepdf
import pytest
from accessible import faults
from click.testing import CliRunner
from page_pdf import with_another_glyph
from pypdf import PdfReader

from byhand.cli import main
from byhand.errors import ConfigError
from byhand.formats import OWN
from byhand.formats.html.page import pages as pages_for_print
from byhand.options import Options
from byhand.page.parts import Blanks
from byhand.paper import EXAMPLE, checked, example, files_of, missing, pages_of, paper_of, read_paper
from byhand.press.slotted import shared
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.worksheet.half_page import half_page

SMALL = """
title = "A test"
course = "Networks"
date = "12 January"
time = 30
text = "Write *clearly*."

[[parts]]
sheet = "softmax"
steps = "1, 5"
points = 6

[[parts]]
text = "Now a layer."

[[parts]]
sheet = "linear-layer"
steps = [2]
points = { 2 = 2.5 }
lines = 1
level = "easy"

[[parts]]
text = "Good luck!"
"""
USUAL = ("riddle", "minutes")  # in the head of each sheet
OPTIONS = Options(seed=7, formats=("html", "pdf", "json", "md"))


@cache
def pages():
    return pages_of(paper_of("test", SMALL), OPTIONS)


@cache
def files():
    return files_of(paper_of("test", SMALL), pages(), OPTIONS)


def byhand(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def text_of(pdf):
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_a_file_says_sheets_steps_points_texts_and_a_cover():
    paper = paper_of("test", SMALL)
    softmax, linear = paper.parts
    assert (softmax.excerpt.steps, softmax.excerpt.points) == (("1", "5"), {"": "6"})
    assert (linear.excerpt.steps, linear.excerpt.points, linear.level) == (("2",), {"2": "2.5"}, "easy")
    assert (linear.excerpt.before, linear.excerpt.after) == ("Now a layer.", "Good luck!")
    assert softmax.excerpt.head == USUAL  # the conventions stand on the cover


@pytest.mark.parametrize(
    ("line", "head"),
    [
        ("cover = false", (*USUAL, "date", "conventions")), ('head = ["map"]', ("map",)), ("help = false", ()),
        ("help = false\ncover = false", ("date", "conventions")), ("order = 'shuffled'", USUAL),
    ],
)  # fmt: skip
def test_what_stands_in_the_head_of_each_sheet_depends_on_the_occasion(line, head):
    assert paper_of("test", SMALL.replace("time", f"{line}\ntime")).parts[0].excerpt.head == head


@pytest.mark.parametrize("head", ['["map"]', '["riddle", "map"]', '["map", "before"]'])
def test_a_map_without_the_conventions_stands_above_the_first_step(head):
    text = f'title = "A"\ncover = false\nhead = {head}\n[[parts]]\nsheet = "softmax"\nsteps = "1"\n'
    paper, heights = paper_of("map", text), dict[str, float]()
    made = files_of(paper, pages_of(paper, OPTIONS), Options(seed=7, formats=("pdf",), views=("worksheet",)))
    PdfReader(io.BytesIO(made["worksheet.pdf"])).pages[0].extract_text(
        visitor_text=lambda words, user, at, *_: heights.setdefault(words.strip(), user[5] + user[3] * at[5])
    )
    assert abs(heights["A linear layer"] - heights["Your guess:"]) > 25  # points


def test_a_sheet_of_an_exam_has_neither_a_riddle_nor_minutes_and_the_cover_s_date_once():
    text = 'title = "Exam"\ndate = "12 January"\nhelp = false\n[[parts]]\nsheet = "attention-head"\npoints = 20\n'
    whole, exam = (paper_of("exam", each) for each in (text.replace("help = false\n", ""), text))
    for paper, has in ((whole, True), (exam, False)):
        (page,) = pages_of(paper, OPTIONS)
        first = text_of(
            files_of(paper, [page], Options(seed=7, formats=("pdf",), views=("worksheet",)))["worksheet.pdf"]
        )
        assert ("Which word should it ask?" in first[1]) is has
        assert [part.names for part in page.head if isinstance(part, Blanks)] == [("Name",)]
        assert any("Which word should it ask?" in f"{part}" for part in page.head) is has
        assert ("min" in page.document.series) is has
        assert "Date" not in first[1]
        assert "20 points" in first[1]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('title = "A test"', "", "Object missing required field `title`"),
        ('title = "A test"', 'title = " "', "a paper has a title"),
        ("time = 30", "time = -1", "time = -1; give minutes"),
        ("time = 30", 'time = "long"', "time: Expected `int`, got `str`"),
        ("time = 30", "hours = 1", "unknown field `hours`"),
        ('sheet = "softmax"', 'sheet = "softmaxx"', "part 1: no sheet 'softmaxx'; did you mean 'softmax'?"),
        ('sheet = "linear-layer"', 'sheet = "softmax"', "softmax is in it twice"),
        ('text = "Now a layer."', "", "part 2 has either a sheet or a text"),
        ("points = 6", "points = 0", "part 1, softmax: points: '0'; give a number from 1/2"),
        ("points = 6", "points = -1", "part 1, softmax: points: '-1'"),
        ("points = 6", "points = true", "part 1, points: Expected"),
        ("lines = 1", "lines = 99", "part 3, linear-layer: lines: 99"),
        ('level = "easy"', 'level = "hard"', "part 3, level: Invalid enum value 'hard'"),
        ("[[parts]]", "[[sheets]]", "unknown field `sheets`"),
        ("time = 30", "time = 30 minutes", "it is no TOML"),
    ],
)
def test_what_no_paper_can_say_is_refused_in_a_line_that_says_where(tmp_path, old, new, told):
    file = tmp_path / "test.toml"
    file.write_text(SMALL.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_paper(file)
    assert told in str(refused.value)
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


def test_a_paper_of_no_sheet_is_refused():
    with pytest.raises(ConfigError, match="it names no sheet"):
        paper_of("test", 'title = "A test"\nparts = []')


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"1, 5"', '"1, 12"', "softmax has the steps 1 to 8, and no step 12"),
        ("points = 6", "points = 0.5", "softmax: 1/2 points for 2 steps; give at least 1"),
        ("2 = 2.5", "1 = 2.5", "linear-layer: step 1 has points, and there is nothing to do in it here"),
    ],
)
def test_nothing_is_written_of_a_paper_that_cannot_be_made(tmp_path, old, new, told):
    file = tmp_path / "test.toml"
    file.write_text(SMALL.replace(old, new), encoding="utf-8")
    result = byhand("generate", file, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert told in result.output
    assert not (tmp_path / "out").exists()


def test_two_papers_of_one_name_are_refused(tmp_path):
    (tmp_path / "other").mkdir()
    for file in (tmp_path / "a.toml", tmp_path / "other" / "a.toml"):
        file.write_text(SMALL, encoding="utf-8")
    result = byhand("generate", tmp_path / "a.toml", tmp_path / "other" / "a.toml", "--out", tmp_path / "out")
    assert (result.exit_code, "two papers are called a" in result.output) == (1, True)


def test_the_pdf_has_a_cover_and_the_sheets_with_one_count_of_pages():
    cover, *sheets = text_of(files()["worksheet.pdf"])
    for said in (
        "A test",
        "Networks · 30 minutes · 8½ points",
        "Date 12 January",
        "Write clearly.",
        "Softmax 2 ",
        "In all 3 ",
    ):
        assert said in cover
    assert "Conventions" in cover
    assert not any("Conventions" in page for page in sheets)
    assert [re.search(r"page \d of \d", page)[0] for page in (cover, *sheets)] == [
        f"page {n} of {len(sheets) + 1}" for n in range(1, len(sheets) + 2)
    ]
    assert "Now a layer." in sheets[-1]
    assert "Good luck!" in sheets[-1]
    assert all("Key · page" in page or "key · page" in page for page in text_of(files()["key.pdf"]))
    assert "Networks · 12 January · 30 minutes · 8½ points" in text_of(files()["key.pdf"])[0]


def test_a_date_that_is_too_long_for_its_line_stands_over_the_title():
    cover = paper_of("test", SMALL.replace("12 January", "Monday, 12 January, hall 3")).of_pages(pages(), OPTIONS)
    assert (cover.short_date, cover.subtitle(cover.short_date)) == ("", cover.subtitle())
    assert "hall 3" in cover.subtitle()


def test_a_cover_has_either_the_minutes_that_students_have_or_those_that_sheets_take():
    assert "Minutes" not in text_of(files()["worksheet.pdf"])[0]
    free = paper_of("test", SMALL.replace("time = 30", ""))
    assert "Minutes" in text_of(files_of(free, pages(), OPTIONS)["worksheet.pdf"])[0]


def test_the_pdf_of_a_paper_is_accessible():
    assert [faults(files()[f"{view}.pdf"]) for view in ("worksheet", "key")] == [[], []]


@pytest.mark.parametrize("steps", ["1, 3", "3"])
def test_a_few_steps_are_filled_into_the_page_that_all_runs_share(steps):
    """Also where only the figures have letters of a face: a page that is laid out alone lacks tags, and takes longer."""
    text = f'title = "A"\nhelp = false\n[[parts]]\nsheet = "attention-head"\nsteps = "{steps}"\n'
    (page,) = pages_of(paper_of("few", text), OPTIONS)
    assert shared(pages_for_print(page), "worksheet", "a4", cache=False, fills=True)


def test_a_paper_without_a_cover_begins_with_its_first_sheet():
    paper = paper_of("test", SMALL.replace("time = 30", "cover = false\ntime = 30"))
    made = files_of(paper, pages_of(paper, Options(seed=7)), Options(seed=7, formats=("pdf",), views=("worksheet",)))
    first = text_of(made["worksheet.pdf"])[0]
    assert "Conventions" in first
    assert "page 1 of 2" in first


def test_every_other_format_has_files_of_each_sheet_and_html_an_index():
    names = {*files()}
    for sheet in ("softmax", "linear-layer"):
        assert {f"{sheet}-worksheet.html", f"{sheet}-key.html", f"{sheet}-key.md", f"{sheet}-run.json"} <= names
    index = files()["index.html"].decode()
    assert [name for name in names if name.endswith(".html") and name != "index.html" and name not in index] == []
    assert "8½" in index
    assert "(2½ points)" in files()["linear-layer-worksheet.md"].decode()


@pytest.mark.parametrize("name", [name for name in OWN if not OWN[name].missing])
def test_every_format_takes_a_paper(name):
    paper = paper_of("test", SMALL)
    assert files_of(paper, pages(), Options(seed=7, formats=(name,)))


def test_each_file_of_a_paper_is_verified(tmp_path):
    for name, content in files().items():
        (tmp_path / name).write_bytes(content)
    result = byhand("verify", tmp_path)
    assert "8 files, 8 right" in result.output


@pytest.mark.parametrize("view", ["worksheet", "key"])
def test_a_digit_that_was_changed_in_a_paper_is_found(tmp_path, view):
    with_another_glyph(io.BytesIO(files()[f"{view}.pdf"]), tmp_path / "changed.pdf")
    lines, finding = report(tmp_path / "changed.pdf")
    assert finding is Finding.WRONG
    assert any(line.startswith("page 2: the page has") for line in lines)


def test_what_a_paper_says_of_itself_is_not_trusted(tmp_path):
    with pikepdf.open(io.BytesIO(files()["worksheet.pdf"])) as pdf:
        pdf.docinfo["/byhand"] = str(pdf.docinfo["/byhand"]).replace("softmax", "linear-layer")
        pdf.save(tmp_path / "changed.pdf")
    assert report(tmp_path / "changed.pdf")[1] in (Finding.WRONG, Finding.UNREADABLE)


def test_a_paper_with_an_answer_of_ones_own_does_not_tell_it():
    paper = paper_of("test", SMALL)
    said = paper.said(Options(seed=7, answer="secret"))
    assert "secret" not in repr(said)
    assert said["own"] == "yes"


def test_a_lecturer_is_told_of_the_steps_that_are_taken_and_of_a_whole_sheet_what_to_skip():
    text = '[[parts]]\nsheet = "softmax"\nsteps = "1-2"\npoints = 8\n[[parts]]\nsheet = "attention-head"\npoints = 20'
    some, whole = (half_page(page.document) for page in pages_of(paper_of("exam", f'title = "T"\n{text}'), Options()))
    assert not some.skip
    assert {span.number for span in some.spans} == {0, 1, 2}
    assert whole.skip
    assert "If time is short" in [words for kind, words in whole.parts if kind == "heading"]


def test_check_says_steps_minutes_pages_points_and_what_may_be_missing():
    lines = [*checked(paper_of("test", SMALL.replace("time = 30", "time = 5")), Options(seed=7))]
    assert re.fullmatch(r"softmax +2 steps +\d+ minutes +\d pages?  6 points", lines[0])
    assert re.fullmatch(r"in all +3 steps +\d+ minutes +3 pages  8½ points", lines[2])
    assert "students have 5 minutes, and it takes about" in lines[3]
    without = paper_of("test", SMALL.replace("points = 6", ""))
    assert "softmax has no points, and others have" in [*missing(without, pages_of(without, Options(seed=7)))]
    words = paper_of("test", 'title = "T"\n[[parts]]\nsheet = "attention-head"\nsteps = "7"')
    (line,) = missing(words, pages_of(words, Options()))
    assert "step 7, “Now read it”, asks in words" in line


def test_check_says_which_numbers_that_are_printed_may_give_away_others():
    paper = paper_of("given", 'title = "A"\n[[parts]]\nsheet = "attention-head"\nsteps = "1, 3"\n')
    (line,) = missing(paper, pages_of(paper, Options()))
    assert line == (
        "attention-head: step 2, “Scale”, is left out, and its numbers are printed for a later one; they may give away "
        "those of step 1"
    )
    later = paper_of("later", 'title = "A"\n[[parts]]\nsheet = "attention-head"\nsteps = "3-4"\n')
    assert [*missing(later, pages_of(later, Options()))] == []  # it comes before both, and gives away neither


def test_a_paper_without_help_prints_no_hints_checks_and_guesses():
    bare = paper_of("bare", SMALL.replace("time", "help = false\ntime"))
    assert [part.excerpt.help for part in bare.parts] == [False, False]
    said = [" ".join(text_of(files_of(paper, pages_of(paper, OPTIONS), OPTIONS)["worksheet.pdf"]))
            for paper in (paper_of("test", SMALL), bare)]  # fmt: skip
    for word in ("Hint", "Check", "Your guess"):
        assert [word in text for text in said] == [True, False]


def test_new_writes_an_example_that_can_be_made_and_nothing_over_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert byhand("paper", "new").exit_code == 0
    assert Path("exam.toml").read_text(encoding="utf-8") == example("exam.toml")
    assert len(read_paper("exam.toml").parts) == 2
    again = byhand("paper", "new")
    assert (again.exit_code, "exam.toml is there already" in again.output) == (1, True)
    assert "the name of a paper ends in .toml" in byhand("paper", "new", "exam.txt").output
    assert "byhand paper new none.toml writes an example" in byhand("paper", "check", "none.toml").output
    assert byhand("paper", "check").exit_code == 0
    assert "# " in EXAMPLE
