"""A kind of question of one's own: the example of docs/sheets.md as it stands there, one class and one template."""

import io
import re
import runpy
import subprocess
import sys
import zipfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from page_layout import boxes, laid_out
from page_text import page_text
from pypdf import PdfReader

import byhand
from byhand.effort import STEP
from byhand.errors import SheetError
from byhand.formats import OWN
from byhand.formats.html.page import Pages
from byhand.formats.quiz.questions import Quiz
from byhand.marking.marked_page import MarkedPages
from byhand.marking.marker import Marker
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import files_of, prepare
from byhand.reading.verify import verify
from byhand.worksheet import calls
from byhand.worksheet.document import Figure, Question, Reply, Section
from byhand.worksheet.folders import shipped
from byhand.worksheet.sheet import load_sheet, parse_sheet
from byhand.worksheet.views import VIEWS

DOCS = (Path(__file__).parents[2] / "docs" / "sheets.md").read_text(encoding="utf-8")
SECTION = DOCS.partition("## A kind of question of your own\n")[2]
FILES = dict(re.findall(r"^`my/([\w./-]+)`.*?^```\w+\n(.*?)^```", SECTION, re.DOTALL | re.MULTILINE))


@pytest.fixture
def own(folder, monkeypatch):
    """The example's files in a folder of templates, and its Python imported."""
    monkeypatch.setattr(calls, "CALLS", dict(calls.CALLS))
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return runpy.run_path(str(folder / "worksheets" / "pick-a-share.py"))


def test_the_example_is_one_class_one_template_and_a_sheet():
    assert list(FILES) == ["worksheets/pick-a-share.py", "blocks/pick.html", "worksheets/pick-a-share.md"]
    assert len(re.findall(r"^class ", FILES["worksheets/pick-a-share.py"], re.MULTILINE)) == 1


HIGH = 1.4  # of a stacked fraction, in ems


def test_fractions_in_lines_of_options_have_room(own, monkeypatch):
    many = tuple(Fraction(n, 7 * n + 1) for n in range(1, 31))
    monkeypatch.setitem(calls.CALLS, "pick", lambda context, *_: own["Pick"](many, 0))
    html = Pages(lower(*prepare(load_sheet("pick-a-share"), Options()))).html("worksheet", "print")
    options = [box for box in boxes(laid_out(html).pages[0]) if re.fullmatch(r" \d+/\d+", getattr(box, "text", ""))]
    assert len(options) == len(many)
    lines = sorted({box.position_y + box.height / 2 for box in options})
    assert len(lines) > 1
    assert min(below - line for line, below in pairwise(lines)) > HIGH * options[0].style["font_size"]


def test_the_question_is_on_the_page_and_counted(own):
    page, _ = prepare(load_sheet("pick-a-share"), Options())
    (pick,) = (block for block in page.blocks if isinstance(block, own["Pick"]))
    # powers 1, 1/2, 1/2; over the column's 4 + 1 the share would be 1/5, without powers 0 of −2
    assert [str(x) for x in pick.numbers] == ["1/5", "1/2", "0"]
    assert pick.numbers[pick.right] == 0.5
    assert page.sections[0].is_question
    assert (page.effort.questions, page.effort.blanks, page.effort.seconds) == (1, 0, 40.0)


def test_it_prints_in_every_view_and_is_read_back(own, folder):
    byhand.generate("pick-a-share", Options(views=VIEWS, cache=False), out=folder)
    out = folder / "pick-a-share-seed0"
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ["run.json", *(f"{view}.{kind}" for view in VIEWS for kind in ("html", "pdf"))]
    )
    for view in VIEWS:
        text = re.sub(r"\s", "", PdfReader(out / f"{view}.pdf").pages[0].extract_text())
        assert "1minute" in text
        assert ("✓" in text) is (view != "worksheet")
        assert (out / f"{view}.html").read_text(encoding="utf-8").count('class="option"') == 3
        for kind in ("html", "pdf"):
            assert not verify(out / f"{view}.{kind}").faults


def test_it_has_boxes_to_tick_on_a_form(own, folder):
    (path,) = byhand.generate("pick-a-share", Options(formats=("pdf-form",), cache=False), out=folder)
    (field,) = PdfReader(path).trailer["/Root"]["/AcroForm"]["/Fields"]
    kids = [kid.get_object() for kid in field.get_object()["/Kids"]]
    assert field.get_object()["/TM"] == "1/choice/1"
    assert [kid["/TU"] for kid in kids] == [f"Step 1, your choice: {n}" for n in ("1/5", "1/2", "0")]


def test_its_python_is_read_from_beside_its_sheet_where_the_folder_is_trusted(own, folder):
    command = [sys.executable, "-m", "byhand.cli", "generate", "pick-a-share", "--format", "md", "--out", str(folder)]
    trusted = subprocess.run([*command, "--trust", str(folder)], capture_output=True, text=True)
    assert (trusted.returncode, trusted.stderr) == (0, "")
    assert "- [ ] 1/5" in (folder / "pick-a-share-seed0" / "worksheet.md").read_text(encoding="utf-8")
    refused = subprocess.run(command, capture_output=True, text=True)
    assert (refused.returncode, refused.stderr) == (1, "byhand: pick-a-share.md line 13: 'pick' is undefined\n")


def everything(files):
    """What files say: all texts in archives, too."""
    found = []
    for name, data in files.items():
        if name.endswith((".docx", ".xlsx", ".zip")):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = b"".join(map(archive.read, archive.namelist()))
        found.append(data.decode(errors="replace"))
    return "".join(found)


@pytest.mark.parametrize("name", sorted(OWN.keys() - {"html", "pdf", "pdf-form", "json"}))  # above; the run alone
def test_it_can_be_answered_in_every_format(own, name):
    said = everything(files_of("pick-a-share", Options(formats=(name,), cache=False), print))
    page, _ = prepare(load_sheet("pick-a-share"), Options())
    ((reply,),) = (section.replies for section in page.sections)
    assert [*reply.labels] == ["1/5", "1/2", "0"]
    assert re.search(r"1/5\b(.|\n)*1/2\b|1/2\b(.|\n)*1/5\b", said)
    assert "share of the first score" in said


def test_a_marked_page_shows_what_was_ticked_and_what_is_right(own):
    page = lower(*prepare(load_sheet("pick-a-share"), Options()))
    html = MarkedPages(page).html(Marker.of(page.document, page.run).mark({"1/choice/1": "1"}))
    boxes = re.findall(r'<span class="tick[^"]*">✓?</span>', html)
    assert boxes == ['<span class="tick theirs">✓</span>', *['<span class="tick"></span>'] * 2]
    assert '<span class="mended">' in html
    assert "1/2" in html.partition('<span class="mended">')[2][:60]


def test_a_choice_without_labels_and_two_choices_in_a_block_are_refused(own):
    pick = own["Pick"]((1, 2), 0)
    with pytest.raises(SheetError, match=r"^pick: a reply has 2 options and 0 labels; give each option its label"):
        Reply(pick, "choice", "1", ("1", "2"))

    class Twice(own["Pick"]):
        def replies(self):
            return (*super().replies(), *super().replies())

    with pytest.raises(SheetError, match=r"^pick: a block asks for two choices; let the call make a block of each"):
        _ = Section(1, "Twice", (Twice((1, 2), 0),), ()).replies


def test_what_it_cannot_ask_is_said_with_the_line(own):
    text = FILES["worksheets/pick-a-share.md"].replace(', "softmax-over-columns", "no-powers"', "")
    with pytest.raises(SheetError) as caught:
        prepare(parse_sheet("pick-a-share", text), Options())
    assert str(caught.value) == (
        "pick-a-share.md line 13: none of these mistakes changes softmax in row 2 and column 1"
    )


def test_a_kind_without_a_template_is_said_with_the_folders(own, folder):
    (folder / "blocks" / "pick.html").unlink()
    with pytest.raises(SheetError) as caught:
        Pages(lower(*prepare(load_sheet("pick-a-share"), Options()))).html("key", "print")
    assert str(caught.value) == f"there is no template blocks/pick.html in {folder} or {shipped()}"


def test_the_guide_to_sheets_has_every_call():
    assert not [name for name in calls.CALLS if f"{name}(" not in DOCS]


SHEET = re.sub(r"\{\{ pick.*\}\}", "{{ mine() }}", FILES["worksheets/pick-a-share.md"])


def test_the_blanks_of_a_question_are_counted_and_worked_out(folder, monkeypatch):
    monkeypatch.setattr(calls, "CALLS", dict(calls.CALLS))

    class Sum(Question):
        """A number to be filled in."""

        kind = "sum"
        seconds = 0.0

        def __init__(self, cell):
            self.cell = cell

        @property
        def cells(self):
            return (self.cell,)

    @calls.call
    def mine(context):
        return Sum(calls.entry(context, "softmax.sum", 0))

    (folder / "blocks").mkdir()
    (folder / "blocks" / "sum.html").write_text('<p class="sum">{{ block.cell.text if shown }}</p>', encoding="utf-8")
    page, run = prepare(parse_sheet("sum", SHEET), Options())
    assert [(blank.cell.step, blank.cell.at) for blank in page.blanks()] == [("softmax.sum", (0, 0))]
    assert (page.effort.questions, page.effort.blanks) == (1, 1)
    assert page.effort.seconds > STEP
    assert page.sections[0].asked == ("softmax.sum",)
    assert not page.sections[0].is_question  # it asks for a step
    assert '<p class="sum">7</p>' in Pages(lower(page, run)).html("key", "print")
    (question,) = [question for question in Quiz(lower(page, run)).questions if question.entries]
    assert [entry.get("n") for entry in question.body.iter("entry")] == ["0"]


def test_a_figure_of_ones_own_stands_below_the_words(folder, monkeypatch):
    monkeypatch.setattr(calls, "CALLS", dict(calls.CALLS))

    class Space(Figure):
        """Room to draw in."""

        kind = "space"
        height = 30

    @calls.call
    def mine(context):
        return (Space(),)

    (folder / "blocks").mkdir()
    (folder / "blocks" / "space.html").write_text(
        '<div class="space" style="height:{{ laid.figure.height }}mm">Draw here.</div>', encoding="utf-8"
    )
    page, run = prepare(parse_sheet("space", SHEET), Options())
    html = Pages(lower(page, run)).html("worksheet", "print")
    assert page.sections[0].figures[1].kind == "space"
    assert '<section class="step drawn below"' in html
    assert "Draw here." in page_text(html)


def test_a_call_that_makes_no_word_and_no_figure_is_said_with_the_line(monkeypatch):
    monkeypatch.setattr(calls, "CALLS", dict(calls.CALLS))

    @calls.call
    def mine(context):
        return (*calls.hint(context, "Halve it."), "Twice.")

    with pytest.raises(SheetError) as caught:
        prepare(parse_sheet("mine", SHEET), Options())
    assert str(caught.value) == "mine.md line 13: mine() made 'Twice.', which is neither a TextBlock nor a Figure"


def test_of_two_in_a_step_each_item_of_canvas_asks_one(own, folder):
    path = folder / "worksheets" / "pick-a-share.md"
    one = '{{ pick("softmax", 1, 0, "softmax-over-columns", "no-powers") }}'
    text = path.read_text(encoding="utf-8")
    assert one in text
    other = '\n\nAnd of the second?\n\n{{ pick("softmax", 1, 1, "softmax-over-columns", "no-powers") }}'
    path.write_text(text.replace(one, f"{one}{other}"), encoding="utf-8")
    page = lower(*prepare(load_sheet("pick-a-share"), Options()))
    (question,) = (each for each in Quiz(page).questions if each.choices)
    marked = [each for each in question.body.iter() if each.get("class") == "q"]
    assert [len([*each.iter("choice")]) for each in marked] == [1, 1]


def test_the_same_question_asked_twice_is_two(own, folder):
    path = folder / "worksheets" / "pick-a-share.md"
    one = '{{ pick("softmax", 1, 0, "softmax-over-columns", "no-powers") }}'
    path.write_text(path.read_text(encoding="utf-8").replace(one, f"{one}\n\n{one}"), encoding="utf-8")
    page, _ = prepare(load_sheet("pick-a-share"), Options())
    one, other = (block for block in page.blocks if isinstance(block, own["Pick"]))
    assert one != other
    assert [(reply.id, reply.asker) for reply in page.replies()] == [("1/choice/1", one), ("1/choice/2", other)]
