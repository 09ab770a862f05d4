"""The marked page: the student's own sheet, silent where it is right, with a note for each slip and not for each cell."""

from __future__ import annotations

import io
import re
from fractions import Fraction
from functools import cache

import page_layout
import pikepdf
import pypdfium2
import pytest
from every_sheet import in_turn
from kinds import kinds_and_run
from msgspec.structs import replace
from page_pdf import pictures
from page_text import page_text
from students import Page, Student

from byhand.formats import Setup
from byhand.formats.html.page import Pages
from byhand.formats.pdf import filled
from byhand.marking.marked_page import MarkedPages
from byhand.marking.marker import Marker
from byhand.marking.marks import OpenMark, Work
from byhand.marking.notes import Notes, capital, is_computed, state, tally, written
from byhand.mistakes.slips import PRIOR
from byhand.page.page import lower
from byhand.worksheet.document import in_halves
from byhand.worksheet.front import sheet_files
from byhand.worksheet.messages import messages

SHEETS = sorted(sheet_files())
AT = "blocks.0.attn."
SCORE = f"4/ask/{AT}scores_raw[0]/2,3"


@cache
def page_of(sheet="attention-head", **asked):
    return Page.of(sheet, **asked)


@cache
def pages_of_worksheet():
    page = page_of()
    return len(pypdfium2.PdfDocument(filled(lower(page.document, page.run), "worksheet", Setup())))


@cache
def marker(sheet="attention-head", **asked):
    page = page_of(sheet, **asked)
    return Marker.of(page.document, page.run)


def marks_of(answers, sheet="attention-head", **asked):
    return marker(sheet, **asked).mark(answers, "s1", "Ada")


def html(marks, medium="screen", sheet="attention-head", name="Ada Lovelace", orientation="rows", **options):
    page = page_of(sheet, orientation=orientation)
    return MarkedPages(lower(page.document, page.run), **options).html(marks, name, medium)


def pdf(marks, sheet="attention-head", name="Ada Lovelace", **options):
    page = page_of(sheet)
    return MarkedPages(lower(page.document, page.run), **options).pdf(marks, name)


def text(marks, **about):
    """The page as lines of text, without what only those hear who have it read aloud."""
    return page_text(re.sub(r'<span class="told">.*?</span>', "", html(marks, **about)))


def one_slip(number=4, **asked):
    """A student with one slip, in a score, and what follows from it."""
    return Student(page_of(**asked), written={SCORE: Fraction(number)}).answers()


def down_the_columns(**asked):
    """A student who takes softmax down the columns throughout."""
    page = page_of(**asked)
    return Student(page, mistaken=page.wrong["softmax-over-columns"]).answers()


def some_of_each():
    """A student with a slip, a classic mistake, an empty cell, one that cannot be read, and another form."""
    answers = down_the_columns() | {SCORE: "4"}
    answers[f"5/ask/{AT}scores_scaled[0]/2,3"] = "2"
    answers[f"5/ask/{AT}scores_scaled[0]/1,3"] = ""
    answers[f"2/ask/{AT}hook_k[0]/1,1"] = "~4"
    answers[f"6/ask/{AT}hook_pattern.exp[0]/3,2"] = "2/4"
    return answers


def test_a_sheet_without_slips_is_left_alone():
    found = html(marks_of(Student(page_of()).answers()))
    assert "All 83." in found
    assert 'class="strokes' not in found
    assert 'class="meaning"' not in found
    assert found.count("All right.") == 7


def test_one_slip_is_one_note_and_what_follows_is_right_from_their_own_numbers():
    found = text(marks_of(one_slip()))
    assert "One slip, not two mistakes. All that follows is right from your own numbers." in found
    assert "Look again at “Scores”." in found
    assert "1cat → sat: you have 4; it is 2. Perhaps" in found
    assert "(−1)·(−2) + 1·2 + (−3)·1 + (−1)·(−1) = 2." in found
    assert "4 ÷ √4 = 2 is right from your own numbers. With 1 mended: 1." in found


def test_what_cannot_be_read_is_no_slip():
    right = Student(page_of()).answers()
    first, second, third = [name for name in right if name.startswith("1/ask/")][:3]

    def lead(**changed):
        return " ".join(Notes(page_of().document, page_of().run, marks_of({**right, **changed})).lead)

    assert lead(**{first: "01-Feb"}).startswith("One cell cannot be read. Look again at ")
    assert lead(**{first: "01-Feb", second: "x"}).startswith("Two cells cannot be read.")
    assert lead(**{first: "01-Feb", third: "99"}).startswith("One slip.")
    assert "One cell cannot be read." in lead(**{first: "01-Feb", third: "99"})
    assert "read" not in lead(**{third: "99"})


def test_where_tokens_are_columns_an_arrow_still_leads_from_the_one_that_asks():
    answers = one_slip(orientation="columns")
    found = text(marks_of(answers, orientation="columns"), orientation="columns")
    assert "1cat → sat: you have 4; it is 2." in found


def test_a_classic_mistake_is_one_note_in_the_words_of_the_sheet():
    found = text(marks_of(down_the_columns()))
    assert "One slip, not fifteen mistakes." in found
    assert re.findall(r"^(\d)[A-Z]\w* cells\.", found, re.MULTILINE) == ["1"]
    assert "Each power divided by the sum of its column. Divide each power by the sum of its own row" in found


def test_the_marks_of_a_page_and_its_words_are_the_golden_ones(golden):
    answers = OpenMark("8/lines/1", "“the” only sees itself", "", Fraction(2), Fraction(2))
    golden("attention-head-marked.txt", page_text(html(replace(marks_of(some_of_each()), answers=(answers,)))))


@pytest.mark.parametrize("sheet", ["attention-head", "layer-norm", "sizing", "shapes", "gpt", "dot-product"])
def test_right_own_not_right_and_empty_are_all_computed_blanks(sheet):
    page = page_of(sheet)
    names = [blank.id for blank in page.blanks]
    answers = Student(page, written={names[0]: Fraction(7), names[-1]: Fraction(5)}).answers() | {names[1]: ""}
    marks = marks_of(answers, sheet)
    counts = tally(marks.blanks)
    assert sum(counts.values()) == sum(blank.role != "copy" for blank in page.blanks)
    found = html(marks, sheet=sheet)
    assert f"<b>{counts['right'] + counts['own']}</b> of {sum(counts.values())}</p>" in found
    drawn = re.findall(r'class="squares".*?aria-label="In order: (.*?)\."', found)
    assert sum(int(n) for line in drawn for n in re.findall(r"\d+", line)) == sum(counts.values())


def edges(content):
    """The lines of boxes in each page of a PDF: rectangles that are thin, by the place that they have there."""
    found = []
    with pikepdf.open(io.BytesIO(content)) as file:
        for page in file.pages:
            page.contents_coalesce()
            stream = page.Contents.read_bytes()
            boxes = re.findall(rb"(-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) re\n", stream)
            sizes = [tuple(float(x) for x in box) for box in boxes]
            found.append({box for box in sizes if min(box[2:]) < 1.3 < 20 < max(box[2:])})
    return found


def drawn_too(line, lines):
    """Whether a line is among these; pages laid out apart differ in the last digits of their places, in points."""
    return any(all(abs(a - b) < 0.02 for a, b in zip(line, other, strict=True)) for other in lines)


@pytest.mark.parametrize("sheet", ["attention-head", "layer-norm", "softmax"])
def test_worksheet_key_and_marked_page_have_the_same_boxes_at_the_same_places(sheet):
    page = page_of(sheet)
    answers = Student(page).answers()  # whose page has few notes: with many, steps grow
    worksheet, key = (edges(filled(lower(page.document, page.run), view, Setup())) for view in ("worksheet", "key"))
    marked = edges(pdf(marks_of(answers, sheet), sheet))
    assert all(len(own) > 10 for own in worksheet[:2])  # a page of questions alone has no boxes
    for own, of_key, theirs in zip(worksheet, key, marked, strict=False):
        assert own == of_key
        assert [line for line in own if not drawn_too(line, theirs)] == []


def numbered_titles(document):
    """The titles of the steps on each page."""
    return [[title for title in titles if title[0].isdecimal()] for titles in page_layout.titles(document)]


@cache
def titles_of_worksheet(sheet):
    page = page_of(sheet)
    return numbered_titles(page_layout.laid_out(Pages(lower(page.document, page.run)).printed("worksheet")))


STUDENTS = {
    "right": lambda page: Student(page).answers(),
    "nothing": lambda page: {},
    "sevens": lambda page: dict.fromkeys(Student(page).answers(), "7"),
    "unreadable": lambda page: dict.fromkeys(Student(page).answers(), "supercalifragilistic/12345678901234"),
}


SOME = ("attention-head", "multi-head-attention", "sizing", "sampling")


@pytest.mark.parametrize(
    ("sheet", "student"),
    in_turn("right", "sevens", "nothing", "unreadable", among=SOME),
)
def test_nothing_overlaps_and_the_page_breaks_where_the_worksheet_does(sheet, student):
    page = page_of(sheet)
    marks = marks_of(STUDENTS[student](page), sheet)
    document = page_layout.drawn(page_layout.laid_out(html(marks, "print", sheet)))
    page_layout.keeps_in_place(document, "a4")
    marked, wanted = ([*map(len, each)] for each in (numbered_titles(document), titles_of_worksheet(sheet)))
    if student in ("right", "nothing"):
        assert marked == wanted
    else:  # steps with many notes grow
        assert sum(marked) == sum(wanted)


def test_a_page_with_some_slips_breaks_where_the_worksheet_does():
    found = numbered_titles(page_layout.laid_out(html(marks_of(one_slip()), "print")))
    assert [*map(len, found)] == [*map(len, titles_of_worksheet("attention-head"))]


@pytest.mark.parametrize(("sheet", "student"), in_turn("right", "sevens", among=SOME))
def test_what_a_screen_says_of_the_work_has_room(sheet, student):
    marks = marks_of(STUDENTS[student](page_of(sheet)), sheet)
    worked = replace(
        marks, work=Work({"1/ask/x/1,1": 4} | dict.fromkeys("abcdefghijkl", 1), {"1": 120, "2": 7}, {"1": 6000})
    )
    plain, told = (page_layout.drawn(page_layout.laid_out(html(each, "print", sheet))) for each in (marks, worked))
    page_layout.keeps_in_place(told, "a4")
    assert numbered_titles(told) == numbered_titles(plain)
    assert "On the screen: help with 13 cells, 127 checks, 100 minutes." in html(worked, "screen", sheet)


def test_notes_stand_beside_their_step_on_paper_as_on_a_screen():
    answers = Student(page_of()).answers()
    noisy = {name: str((7 * at) % 11 - 5) if at % 3 == 0 else text for at, (name, text) in enumerate(answers.items())}
    marks = marks_of(noisy)
    on_paper, on_screen = (html(marks, medium) for medium in ("print", "screen"))
    notes = [re.findall(r'<ul class="notes">.*?</ul>', found, re.DOTALL) for found in (on_paper, on_screen)]
    assert notes[0] == notes[1]
    assert len(re.findall("<li>", "".join(notes[0]))) > 9


def test_each_marked_cell_says_what_it_is_to_those_who_have_it_read():
    marks = marks_of(some_of_each())
    with pikepdf.open(io.BytesIO(pdf(marks))) as file:
        told = [str(each.Alt) for each in file.objects
                if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/TD" and "/Alt" in each]  # fmt: skip
    notes = Notes(page_of().document, page_of().run, marks)
    told = [each for each in told if not each.startswith("as dots")]  # what is to be drawn is not marked
    assert sorted(told) == sorted(filter(None, map(notes.told, marks.blanks)))
    assert {"4, not right, note 2", "2, right from your own numbers", "empty", "2/4, right, the same as 1/2"} <= {
        *told
    }
    for each in told:
        assert each.partition(",")[2] in html(marks) or each == "empty"


def test_every_picture_has_an_alternative_text():
    with pikepdf.open(io.BytesIO(pdf(marks_of(some_of_each())))) as file:
        figures = [
            each for each in file.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"
        ]
        alternatives = [str(figure.get("/Alt", "")) for figure in figures]
    assert len(alternatives) == 2 + 7  # the map, the bar, and the squares of each step
    assert all(alternatives)
    for svg in re.findall("<svg[^>]*>", html(marks_of(some_of_each()))):
        before = svg + 'role="img"' if 'role="img"' in svg else svg
        assert 'aria-label="' in before or 'aria-hidden="true"' in svg or "viewBox" in svg


def test_the_states_differ_in_grey_and_no_colour_but_the_pen_is_used():
    marked = pdf(marks_of(some_of_each()))
    with pikepdf.open(io.BytesIO(marked)) as file:
        for page in file.pages:
            page.contents_coalesce()
            for colour in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG)\n", page.Contents.read_bytes()):
                red, green, blue = map(float, colour)
                pen = tuple(int("1c3f94"[i : i + 2], 16) / 255 for i in (0, 2, 4))
                assert red == green == blue or (red, green, blue) == pytest.approx(pen, abs=0.01)
    assert len(pictures(marked)) == pages_of_worksheet()
    shapes = {
        each: re.sub(r"[\d. ]+", "", html(marks_of(answers)).partition('class="squares"')[2].partition("</svg>")[0])
        for each, answers in {"empty": {}, "not": dict.fromkeys(one_slip(), "17"), "right": one_slip()}.items()
    }
    assert len(set(shapes.values())) == 3


HOSTILE = {
    "a tag": "<script>alert(1)</script>",
    "a template": "{{ 7 * 7 }}{% for x in y %}",
    "an entity": "&lt;&#x3c;",
    "a very long word": "9" * 5000,
    "many words": "a b " * 2000,
    "from right to left": "\u202eשלום \u2067עולם",
    "what cannot be printed": "\x00\x1b[31m\ue000\U000f0000\ud800",
    "a refresh": '"><meta http-equiv="refresh" content="0">',
    "lines": "1\n2\r\n3\t4\u2028",
}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
def test_nothing_that_a_student_writes_breaks_a_page(said):
    answers = one_slip() | {SCORE: said, f"1/ask/{AT}hook_q[0]/1,2": said}
    lines = OpenMark("8/lines/1", said, "", Fraction(3))
    marks = replace(marks_of(answers), answers=(lines,))
    usual = html(marks_of(one_slip() | {SCORE: "~", f"1/ask/{AT}hook_q[0]/1,2": "~"}))
    found = html(marks, name=said)
    assert "<script" not in found
    assert found.count("<meta") == usual.count("<meta")
    assert found.count("<td") == usual.count("<td")
    assert "49" not in re.findall(r">([^<]*)<", found)
    printed = pdf(marks, name=said)
    assert len(pypdfium2.PdfDocument(printed)) == pages_of_worksheet()


def test_an_answer_is_cut_where_its_box_ends_and_a_long_one_is_smaller():
    sizes = {"7": "written", "−123456": "written_small", "−12345678": "written_smaller"}
    for answer, size in sizes.items():
        found = html(marks_of(one_slip() | {SCORE: answer}))
        assert re.search(rf'<td class="a {size}"[^>]*>{re.escape(written(answer))}<', found), answer
    assert re.search(r"<td [^>]*>123456\d+…<", html(marks_of(one_slip() | {SCORE: "123456789012345678"})))


def test_the_same_marks_make_the_same_bytes():
    marks = marks_of(some_of_each())
    assert pdf(marks) == pdf(marks)
    assert pdf(marks) != pdf(marks, name="Grace Hopper")


def test_points_can_be_left_out_and_are_written_in_halves():
    marks = marks_of(some_of_each())
    assert f"{in_halves(marks.points)} of {in_halves(marks.worth)} points" in text(marks)
    assert "points" not in text(marks, points=False)
    assert [in_halves(Fraction(n, 2)) for n in (0, 1, 2, 63)] == ["0", "½", "1", "31½"]
    assert in_halves(Fraction(9, 4)) == "2.25"


def test_what_answers_in_words_are_worth_is_said_until_somebody_has_read_them():
    marks = marks_of(some_of_each())
    assert marks.waiting
    assert f"{in_halves(marks.waiting)} more for words, not read yet" in text(marks)
    read = replace(marks, answers=tuple(replace(each, points=each.worth) for each in marks.answers))
    assert read.exact.worth == marks.exact.worth + marks.exact.waiting
    assert "not read yet" not in text(read)


@pytest.mark.parametrize("name", ["gpt", "sizing", "sampling", "attention-in-letters"])
def test_no_sentence_says_wrong(name):
    page = page_of(name)
    answers = dict.fromkeys(Student(page).answers(), "17")
    found = html(marks_of(answers, name), sheet=name)
    notes = " ".join(re.findall(r'class="(?:notes|goal|before|meaning)[^>]*>(.*?)</(?:ul|p|div)>', found, re.DOTALL))
    assert notes
    assert not re.search(r"\b(wrong|incorrect|false|failed|grade)\b|%", re.sub("<[^>]*>", "", notes))


def test_every_kind_of_slip_has_a_name_a_sentence_and_a_remedy_in_the_words_of_the_sheet():
    english = messages()
    for kind in PRIOR:
        name, told, mend = (english.texts[f"slips.{kind}.{part}"] for part in ("name", "told", "mend"))
        assert not name[0].isupper() or name.startswith("ReLU")
        assert not told[0].isupper() or told.startswith("ReLU")
        assert not told.endswith(".")
        assert mend.endswith(".")
        for said in (name, told, mend):
            assert not re.search(r"(?<!\{)\b(rows?|columns?|wrong)\b", said), said


def test_where_tokens_are_columns_the_words_row_and_column_change_places():
    marks = marks_of(down_the_columns(orientation="columns"), orientation="columns")
    assert "Each power divided by the sum of its row." in text(marks, orientation="columns")


def test_a_guess_says_perhaps_and_a_habit_does_not():
    answers = one_slip()
    for i in range(1, 4):
        for j in range(1, 4):
            name = f"5/ask/{AT}scores_scaled[0]/{i},{j}"
            answers[name] = Student(page_of()).answers()[f"4/ask/{AT}scores_raw[0]/{i},{j}"]
    found = text(marks_of(answers))
    assert "Perhaps" in found.partition("5Scale and mask")[0]
    habit = found.partition("5Scale and mask")[2].partition("6Softmax")[0]
    assert "Scores not divided by √d_head." in habit
    assert "Perhaps" not in habit


def test_marks_are_shown_by_their_states():
    marks = marks_of(some_of_each())
    states = {state(mark) for mark in marks.blanks if is_computed(mark)}
    assert states == {"right", "own", "not", "empty"}
    legend = html(marks).partition('class="meaning"')[2].partition("</ul>")[0]
    for meaning in ("right", "right from your own number", "not right: the note says why", "empty", "another form"):
        assert meaning in legend


def test_what_is_ticked_or_written_on_lines_is_shown_and_what_it_is_stands_beside_it():
    document, run = kinds_and_run()
    answers = {blank.id: blank.cell.text for blank in document.blanks()}
    for reply in document.replies():
        others = [option for option in reply.options if option != reply.right]
        answers[reply.id] = others[0] if others else f"words of {reply.id}"
    marks = Marker.of(document, run).mark(answers)
    for medium in ("screen", "print"):
        found = MarkedPages(lower(document, run)).html(marks, "Ada", medium)
        assert found.count('<span class="tick theirs">✓</span>') == sum(
            bool(r.options) and not r.gap for r in document.replies()
        )
        for reply in document.replies():
            if reply.gap:
                word = reply.labels[int(answers[reply.id]) - 1] if reply.options else answers[reply.id]
                assert f">{word}</span>" in found
            else:
                assert reply.options or f">{answers[reply.id]}</p>" in found
        for key in ("on", "false", "true", "A"):
            assert f'It is <span class="key">{key}</span>.' in found
    assert MarkedPages(lower(document, run)).pdf(marks, "Ada").startswith(b"%PDF")


@pytest.mark.parametrize(("numbers", "said"), [
    ("decimal", "you have 9.99; it is 2."), ("symbolic", "you have 9.99; it is 2"),
])  # fmt: skip
def test_decimals_and_letters_have_notes_too(numbers, said):
    page = page_of(numbers=numbers)
    answers = {blank.id: blank.cell.text for blank in page.blanks} | {SCORE: "9.99"}
    marks = Marker.of(page.document, page.run).mark(answers)
    found = page_text(MarkedPages(lower(page.document, page.run)).html(marks, "Ada"))
    assert said in found
    assert "from your numbers" not in found
    assert MarkedPages(lower(page.document, page.run)).pdf(marks, "Ada").startswith(b"%PDF")


def test_a_sentence_begins_with_a_capital_but_not_what_somebody_wrote():
    assert capital("three cells are empty.") == "Three cells are empty."
    theirs = '<span class="key">a/2</span> is right.'
    assert capital(theirs) == theirs
