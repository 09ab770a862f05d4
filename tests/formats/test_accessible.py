"""Every kind of PDF is what PDF/UA-1 asks for, as far as a program can tell; and what has no tags does not claim it."""

from __future__ import annotations

import io
import re
from functools import cache

import pikepdf
import pytest
from accessible import children, elements, faults, kind, rows
from every_sheet import FULL, ORDER, a_share
from kinds import kinds_and_run

from byhand.classroom.classes import make_class
from byhand.classroom.roster import Student
from byhand.formats import Setup
from byhand.formats.pdf import bound_book, filled, filled_form
from byhand.marking.marked_page import MarkedPages
from byhand.marking.marker import Marker
from byhand.marking.report import Report
from byhand.marking.tally import Tally
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet


@cache
def prepared(sheet, **options):
    return kinds_and_run(**options) if sheet == "kinds" else prepare(load_sheet(sheet), Options(**options))


def written(sheet, view, **options):
    return filled(lower(*prepared(sheet, **options)), view, Setup())


@pytest.mark.parametrize("sheet", [*a_share(ORDER, 24), "kinds"])
def test_a_sheet_and_its_key_are_accessible(sheet):
    assert faults(written(sheet, "worksheet")) == []
    assert faults(written(sheet, "key")) == []


@pytest.mark.parametrize("sheet", ["attention-head", "softmax", "kinds"])
def test_worked_lines_and_a_sheet_to_fill_in_are_accessible(sheet):
    assert faults(written(sheet, "worked")) == []
    assert faults(filled_form(lower(*prepared(sheet)), Setup())) == []


def test_a_sheet_with_tokens_as_columns_is_accessible():
    assert faults(written("attention-head", "key", orientation="columns")) == []


def test_a_book_is_accessible_and_its_links_say_where_they_lead():
    book = bound_book([lower(*prepared(sheet)) for sheet in ("layer-norm", "kinds")], ("worksheet", "key"), Setup())
    assert faults(book) == []
    with pikepdf.open(io.BytesIO(book)) as file:
        links = [link for page in file.pages for link in page.get("/Annots", ())]
        said = [str(link.Contents) for link in links]
        owners = [owner for owner, _ in elements(file) if kind(owner) == "Link"]
    assert len(owners) == len(links)
    assert all(re.search("LayerNorm|Kinds of question", each) for each in said)


@pytest.fixture(scope="module", params=["softmax", "attention-head"][: 1 + FULL])
def made(request, tmp_path_factory):
    roster = [Student("Ada Lovelace", "101"), Student("Müller, Jürgen", "104")]
    return make_class(request.param, roster, out=tmp_path_factory.mktemp("class"), forms=True).folder


@pytest.mark.parametrize("folder", ["worksheets", "keys", "forms"])
def test_the_copies_of_a_class_are_accessible(made, folder):
    copies = sorted((made / folder).iterdir())
    assert len(copies) == 2
    for copy in copies:
        assert faults(copy.read_bytes()) == []


@pytest.mark.parametrize("name", ["class.pdf", "keys.pdf"])
def test_all_copies_in_one_file_for_the_printer_have_no_tags_and_claim_none(made, name):
    with pikepdf.open(made / name) as file:
        assert "/StructTreeRoot" not in file.Root
        assert "/MarkInfo" not in file.Root
        assert "/Metadata" not in file.Root
        assert file.Root.ViewerPreferences.DisplayDocTitle
        assert str(file.Root.Lang) == "en"


def test_each_copy_of_a_class_says_of_its_picture_what_is_in_it(made):
    said = []
    for copy in sorted((made / "keys").iterdir()):
        with pikepdf.open(copy) as file:
            said.append([str(each.Alt) for each, _ in elements(file) if kind(each) == "Figure"])
    assert all(len(set(own)) == len(own) for own in said)
    if "softmax" in made.name:
        assert said[0] != said[1]


def test_a_marked_page_and_a_report_are_accessible():
    document, run = prepared("attention-head")
    marker = Marker.of(document, run)
    answers = {"4/ask/blocks.0.attn.scores_raw[0]/2,3": "4"}
    marks = [marker.mark(answers, "1", "Ada"), marker.mark({}, "2", "Ben")]
    tally = Tally()
    for each in marks:
        tally.add(each)
        assert faults(MarkedPages(lower(document, run)).pdf(each, each.name)) == []
    assert faults(Report(document, tally).pdf()) == []


def test_what_stands_in_the_margins_is_an_artifact_of_head_or_foot():
    with pikepdf.open(io.BytesIO(written("attention-head", "worksheet"))) as file:
        first, second, *_ = (page_content(page) for page in file.pages)
    assert (first.count(b"/Subtype/Header"), second.count(b"/Subtype/Header")) == (0, 3)  # title, name and date
    assert min(first.count(b"/Subtype/Footer"), second.count(b"/Subtype/Footer")) > 1


@pytest.mark.parametrize("view", ["worksheet", "key"])
def test_who_hears_a_page_is_told_of_dots_and_of_every_matrix(view):
    with pikepdf.open(io.BytesIO(written("attention-head", view))) as file:
        said = {str(each.Alt) for each, _ in elements(file) if "/Alt" in each}
        tables = {str(each.A.Summary) for each, _ in elements(file) if kind(each) == "Table" and "/A" in each}
    assert "as dots: for each share beside them, a dot as large as the share" in said
    assert {"S = Q Kᵀ", "Z = A V"} <= tables & said
    assert any(each.startswith("powers 2ˢ; sum; ") for each in tables)


def page_content(page):
    return b"".join(part.read_bytes() for part in page.Contents)


def test_every_header_is_found_by_its_name():
    with pikepdf.open(io.BytesIO(written("sizing", "worksheet"))) as file:
        names = {str(each.ID): each.objgen for each, _ in elements(file) if kind(each) == "TH"}
        index = list(file.Root.StructTreeRoot.IDTree.Names)
        assert [str(name) for name in index[::2]] == sorted(names)
        assert {str(name): head.objgen for name, head in zip(index[::2], index[1::2], strict=True)} == names


def test_a_table_of_texts_has_heads_of_columns_above_and_of_rows_at_the_left():
    with pikepdf.open(io.BytesIO(written("sizing", "worksheet"))) as file:
        tables = [each for each, _ in elements(file) if kind(each) == "Table" and "/A" not in each]
        cells = [[(kind(cell), str(cell.A.get("/Scope", ""))) for cell in children(row)] for row in rows(tables[0])]
    assert set(cells[0]) == {("TH", "/Column")}
    assert all(row[0] == ("TH", "/Row") and {what for what, _ in row[1:]} == {"TD"} for row in cells[1:])


FAULTY = {
    "untagged content (f)": lambda file: add(file, b"0 0 9 9 re f"),
    "Figure without an alternative text": lambda file: element(file, "Figure").__delitem__("/Alt"),
    "TH without a scope": lambda file: element(file, "TH").A.__delitem__("/Scope"),
    "its title is not shown": lambda file: file.Root.__delitem__("/ViewerPreferences"),
    "it names no language": lambda file: file.Root.__delitem__("/Lang"),
    "H3 follows H1": lambda file: element(file, "H2").__setattr__("S", pikepdf.Name.H3),
    "content belongs to no element": lambda file: add(file, b"/Span <</MCID 5000>> BDC 0 0 9 9 re f EMC"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_is_found(fault):
    with pikepdf.open(io.BytesIO(written("attention-head", "worksheet"))) as file:
        FAULTY[fault](file)
        file.save(out := io.BytesIO())
    assert any(fault in each for each in faults(out.getvalue()))


def element(file, wanted):
    return next(each for each, _ in elements(file) if kind(each) == wanted)


def add(file, operators):
    file.pages[0].contents_add(operators)
