"""The report of a class: a page drawn by rules, and the rest, for one student and for thousands, with names and without."""

from __future__ import annotations

import io
import re
from fractions import Fraction
from functools import cache
from itertools import cycle
from math import ceil

import page_layout
import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner
from every_sheet import FULL, in_turn
from msgspec import structs
from msgspec.structs import replace
from page_text import page_text
from students import Page
from test_tally import marks_of_a_class, tally_of

from byhand.classroom.again import Class, own_copies
from byhand.classroom.index import read_index
from byhand.cli import main
from byhand.marking import charts, heat
from byhand.marking.marker import Marker
from byhand.marking.notes import STATES
from byhand.marking.report import Report
from byhand.marking.report_csv import COLUMNS, report_csv
from byhand.marking.tally import Tally
from byhand.notation.marks import MARK
from byhand.worksheet.document import in_halves

NAMES = ("Amara", "Anton", "Bea", "Carlos", "Chen", "Dilek", "Elif", "Farid", "Greta", "Hana", "Ines", "Jonas", "Kofi",
         "Leila", "Mira", "Nils", "Olga", "Rasmus", "Sara", "Tomás", "Ugo", "Wanda", "Yusuf", "Zoë")  # fmt: skip


@cache
def tally(count=24, sheet="attention-head"):
    """A class of any size; beyond thirty, students are like others."""
    marks = marks_of_a_class(sheet, min(count, 30))
    named = (
        replace(marks[k % len(marks)], student=f"id{k}", name=NAMES[k % 24] + (f" {k // 24}" if k >= 24 else ""))
        for k in range(count)
    )
    return tally_of(named)


def report(count=24, sheet="attention-head", **options):
    return Report(Page.of(sheet).document, tally(count, sheet), **options)


def test_the_words_of_a_report_are_the_golden_ones(golden):
    golden("attention-head-report.txt", page_text(report(absent=["Pia"], about="class 7b").html()))


@pytest.mark.parametrize(("count", "paper"), in_turn("a4", "letter", among=[1, 2, 8, 24, 3000]))
def test_the_first_page_of_a_report_has_what_matters_and_the_rest_comes_last(count, paper):
    first, *others = (
        page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(report(count).pdf(paper))
    )
    assert len(others) in (1, 2)
    for part in ("Points", "Steps", "Where the class slipped", "What they thought", "Hardest cells"):
        assert part in first
    whole = "".join((first, *others))
    assert whole.index("The rest") > whole.index("What they thought")


@pytest.mark.parametrize(
    ("sheet", "count"),
    [
        ("layer-norm", 20),
        ("softmax", 20),
        ("dot-product", 20),
        ("sizing", 20),
        ("shapes", 20),
        ("encoder-decoder", 20 if FULL else 5),
    ],
)
def test_every_sheet_has_a_report_on_which_nothing_leaves_the_page(sheet, count):
    found = report(count, sheet)
    document = page_layout.laid_out(found.html("print"))
    for page in document.pages:
        page_layout.inside(page, page_layout.papers(False)["a4"])
    titles = [title for page in page_layout.titles(document) for title in page]
    assert any("The rest" in title for title in titles)


def test_the_chart_of_points_says_the_same_quartiles_as_the_tally():
    found = report(24)
    first, median, third = (in_halves(found.tally.quantile(Fraction(k, 4))) for k in (1, 2, 3))
    said = found.points("screen")["plot"]
    assert f": half have {median} or more, the middle half {first} to {third}." in said


@pytest.mark.parametrize("count", [1, 8, 24, 3000, 12_345])
def test_the_points_have_a_dot_for_each_student_or_for_several(count):
    counts = dict.fromkeys(range(20, 61), 0)
    for k in range(count):
        counts[60 - min(int(k**0.5) % 41, 40)] += 1
    points = charts.Points({at: n for at, n in counts.items() if n}, 60, (40, 50, 55), [])
    several, stacks = points.students_of_a_dot, points.stacks
    assert sum(stacks.values()) == count
    plot = charts.points_plot(points, "middle half", "said")
    assert plot.count("<circle") == sum(ceil(n / several) for n in stacks.values())
    assert (several == 1) == (max(stacks.values()) <= 20)
    ys = [float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', plot)]
    assert min(ys) > 0
    assert max(ys) < charts.AXIS


def test_only_students_with_few_points_are_named_over_theirs():
    own = tally()
    low = Tally(
        **{
            **structs.asdict(own),
            "rows": [replace(row, halves=row.halves // (2 if k % 8 == 0 else 1)) for k, row in enumerate(own.rows)],
        }
    )
    found = Report(Page.of("attention-head").document, low).html()
    plot = found.partition('class="points-plot"')[2].partition("</svg>")[0]
    few = {row.name for row in low.rows if row.share < 0.6}
    named = {name for text in re.findall(r"<text[^>]*>([^<]*)</text>", plot) for name in NAMES if name in text}
    assert len(few) == 3
    assert named <= few
    assert named


@pytest.mark.parametrize(
    ("students", "tones"),
    [(1, (1, 2, 3, 4)), (8, (1, 2, 3, 4)), (24, (1, 2, 3, 5)), (100, (1, 8, 12, 20)), (3000, (1, 240, 360, 600))],
)
def test_the_tones_of_the_heat_scale_with_the_class(students, tones):
    assert heat.thresholds(students) == tones


def test_the_heat_has_every_computed_cell_once():
    for sheet in ("attention-head", "gpt", "sizing", "sampling", "kv-cache"):
        page = Page.of(sheet)
        shown = [name for matrix in heat.matrices(page.document) for name in matrix.asked]
        assert sorted(shown) == sorted(blank.id for blank in page.blanks if blank.role != "copy")


def test_the_bars_of_the_steps_are_all_answers():
    found = report()
    cells = sum(len(bar.counts) and sum(bar.counts.values()) for bar in found.bars)
    assert cells == 24 * 83
    for bar in found.bars:
        assert tuple(bar.counts) == STATES


def test_the_lead_follows_its_rules():
    lead = [sentence.striptags() for sentence in report().lead]
    median, worth = report().tally.quantile(Fraction(1, 2)), report().tally.worth
    assert lead[0].startswith("The class has it" if median >= worth * 85 / 100 else "Half of the class")
    assert report(1).lead[0].startswith("Amara reaches")


def test_without_names_no_name_and_no_id_is_left():
    own = report(names=False, absent=["Pia"])
    for found in (own.html(), own.html("print"), report_csv(own).decode("utf-8-sig")):
        for name in (*NAMES, "Pia"):
            assert not re.search(rf"\b{name}\b", found), name
        assert "id1" not in found
        assert "No. 1" in found
    assert report().html().count("Amara") > 0


def test_a_first_name_is_enough_where_nobody_else_has_it():
    marks = marks_of_a_class(count=3)
    names = ("Ada Lovelace", "Ada Byron", "Grace Hopper")
    own = Report(Page.of("attention-head").document, tally_of(
        replace(each, name=name, student=name) for each, name in zip(marks, names, strict=True)
    ))  # fmt: skip
    assert list(own.name_of.values()) == ["Ada Lovelace", "Ada Byron", "Grace"]


def test_every_chart_has_its_numbers_for_those_who_hear_it():
    found = report().html()
    assert 'aria-describedby="points-table"' in found
    assert '<table class="told" id="points-table">' in found
    with pikepdf.open(io.BytesIO(report().pdf())) as file:
        figures = [
            each for each in file.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"
        ]
        alternatives = [str(figure.get("/Alt", "")) for figure in figures]
    assert len(alternatives) == 1 + len(report().bars)
    assert sum(each.startswith("The points of 24 students, of 30:") for each in alternatives) == 1
    assert sum("right from their own, " in each for each in alternatives) == len(report().bars)
    assert re.search(r'<td class="tone\d" aria-label="1 · Q, the, 2: (\d+)">\1</td>', found)  # a table of its own


def test_the_report_is_grey():
    with pikepdf.open(io.BytesIO(report().pdf())) as file:
        page = file.pages[0]
        page.contents_coalesce()
        for colour in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG)\n", page.Contents.read_bytes()):
            assert len(set(colour)) == 1


def test_the_same_class_makes_the_same_bytes():
    assert report().pdf() == report().pdf()
    assert report().html() == report().html()
    assert report_csv(report()) == report_csv(report())


HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "=1+1",
    "x" * 5000,
    "\u202eשלום",
    "a\x00\x1b\n\ue000",
    '"><meta http-equiv=refresh>',
]


def report_of_those_who_write(*texts):
    """The report of nine students who take turns to be called so, and of whom the first ones write so, too."""
    marks = []
    for k, (each, said) in enumerate(zip(marks_of_a_class(count=9), cycle(texts), strict=False)):
        marks.append(replace(each, name=said, student=f"{said}{k}"))
        if k < len(texts):
            own = replace(each.answers[0], answer=said, key=said)
            blanks = [
                replace(blank, verdict="unreadable", answer=said) if at % 5 == 0 else blank
                for at, blank in enumerate(each.blanks)
            ]
            marks[k] = replace(marks[k], answers=(own,), blanks=tuple(blanks))
    document = Page.of("attention-head").document
    return Report(document, tally_of(marks), absent=texts, about=" ".join(texts))


@pytest.mark.parametrize("said", HOSTILE)
def test_nothing_that_a_student_writes_breaks_a_report(said):
    found = report_of_those_who_write(said)
    html = found.html()
    assert "<script" not in html
    assert html.count("<meta") == report().html().count("<meta")
    assert not FULL or len(pypdfium2.PdfDocument(found.pdf())) >= 2  # else all are printed together, below
    rows = report_csv(found).decode("utf-8-sig").splitlines()
    assert not [row for row in rows if re.search(r'(^|,)"[=+@-]', row)]


def test_a_report_of_all_that_students_write_is_printed():
    assert len(pypdfium2.PdfDocument(report_of_those_who_write(*HOSTILE).pdf())) >= 2


def test_the_csv_has_every_cell_and_every_student():
    own = report(absent=["Pia"])
    rows = [*read_index(io.BytesIO(report_csv(own)))]
    assert tuple(rows[0]) == COLUMNS
    of = {table: [row for row in rows if row["table"] == table] for table in {row["table"] for row in rows}}
    assert [row["id"] for row in of["cell"]] == list(own.tally.cells)
    assert [row["id"] for row in of["student"]] == [f"id{k}" for k in range(24)]
    assert [row["what"] for row in of["absent"]] == ["Pia"]
    assert len(of["step"]) == 7
    counted = sum(int(row["count"]) for row in of["answer"])
    assert counted == sum(cell.wrong for cell in own.tally.blanks.values())
    assert {"class", "rule", "idea", "slip", "words"} <= of.keys()


def test_a_class_whose_students_have_their_own_numbers_has_the_words_of_one(tmp_path):
    made = CliRunner().invoke(main, ["class", "softmax", "--anonymous", "3", "--seed", "5", "--out", str(tmp_path)])
    assert made.exit_code == 0, made.output
    of_class, own = Class.in_folder(tmp_path / "softmax-class5"), Tally()
    for copy in own_copies(of_class.plan, of_class.copies):
        own.add(replace(Marker.of(copy.document, copy.run), own_replies=copy.replies).mark({}, copy.copy.student.id))
        document, texts = copy.document, copy.texts
    for found in (Report(document, own, texts=texts), Report(document, own, texts=texts, names=False)):
        assert not MARK.search(found.html())
        assert not MARK.search(report_csv(found).decode("utf-8-sig"))
    assert found.pdf().startswith(b"%PDF")
    keys = {row["key"] for row in read_index(io.BytesIO(report_csv(found))) if row["table"] == "cell"}
    assert "" in keys  # where students have other numbers, there is no key of the class
