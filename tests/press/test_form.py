"""A worksheet to fill in on the screen: a field for every answer, in its box, named, and read aloud in its place."""

from __future__ import annotations

import io
import re
from functools import cache

import pikepdf
import pytest
from every_sheet import ORDER, a_share, in_turn
from kinds import kinds_and_run, lesson
from page_pdf import different, pictures
from pypdf import PdfReader

from byhand.book import book
from byhand.errors import SheetError
from byhand.formats import Setup
from byhand.formats.pdf import filled, filled_form
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import generate, prepare
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.spoken import called

SHEETS, DPI = sorted(sheet_files()), 150
SCORES = "blocks.0.attn.scores_raw[0]"


@cache
def prepared(sheet, orientation="rows", seed=0):
    if sheet == "kinds":
        return kinds_and_run(orientation=orientation)
    return prepare(load_sheet(sheet), Options(orientation=orientation, seed=seed))


@cache
def form_of(sheet, orientation="rows", seed=0):
    return filled_form(lower(*prepared(sheet, orientation, seed)), Setup())


def widgets(pdf):
    """The page, the place and the field of each widget; where several widgets are one field, with their options."""
    for number, page in enumerate(PdfReader(io.BytesIO(pdf)).pages):
        for reference in page.get("/Annots", ()):
            widget = reference.get_object()
            field = widget["/Parent"] if "/T" not in widget else widget
            option = next((state for state in widget.get("/AP", {}).get("/N", {}) if state != "/Off"), "")
            yield number, [float(edge) for edge in widget["/Rect"]], field.get_object(), option.removeprefix("/")


@pytest.mark.parametrize("sheet", [*a_share(ORDER, 16, 2), "kinds"])
def test_every_answer_has_one_field(sheet):
    document, _ = prepared(sheet)
    reader = PdfReader(io.BytesIO(form_of(sheet)))
    fields = [reference.get_object() for reference in reader.trailer["/Root"]["/AcroForm"]["/Fields"]]
    assert [field["/TM"] for field in fields] == [
        each.id for section in document.sections for each in (*section.blanks, *section.replies)
    ]
    assert [field["/T"] for field in fields] == [field["/TM"].replace(".", "·") for field in fields]
    found = [(field["/TM"], option) for *_, field, option in widgets(form_of(sheet))]
    assert sorted(found) == sorted(
        [(blank.id, "") for blank in document.blanks()]
        + [
            (reply.id, option)
            for reply in document.replies()
            for option in (reply.options, ())[bool(reply.gap)] or ("",)
        ]
    )


BOXED = ("kinds", "sizing", "kv-cache", "logits-and-perplexity", "cross-entropy", "gpt")


@pytest.mark.parametrize(("sheet", "orientation"), in_turn("rows", "columns", among=a_share(BOXED)))
def test_a_field_lies_in_its_box(sheet, orientation):
    """In the picture of the page, a field for a number is white, and so is a box to tick; lines are just outside."""
    drawn = pictures(filled(lower(*prepared(sheet, orientation)), "worksheet", Setup()), DPI)
    scale = DPI / 72
    for page, (left, bottom, right, top), field, option in widgets(form_of(sheet, orientation)):
        picture = drawn[page]
        upper, under = (picture.shape[0] - edge * scale for edge in (top, bottom))
        if field.get("/Ff", 0) & 1 << 12:
            line = picture[round(under) - 3 : round(under) + 4, round(left * scale) + 8 : round(right * scale) - 8]
            assert (line.min(axis=0) < 240).all(), field["/TM"]
            continue
        edge = 2 if option else 0  # the line of a box to tick is part of it
        x, y = round(left * scale) + 1 + edge, round(upper) + 1 + edge
        right_x, lower_y = round(right * scale) - 1 - edge, round(under) - 1 - edge
        assert (picture[y:lower_y, x:right_x] > 250).all(), field["/TM"]
        for beside in (picture[y:lower_y, x - 8 : x], picture[y:lower_y, right_x : right_x + 8]):
            assert (beside.min(axis=1) < 200).mean() > 0.4, field["/TM"]  # a copy's line is dashed


@pytest.mark.parametrize("sheet", ["kinds", "attention-head", "shapes"])
def test_the_page_looks_as_the_worksheet_for_the_printer(sheet):
    assert different(form_of(sheet), filled(lower(*prepared(sheet)), "worksheet", Setup())) == 0


def test_fields_say_what_they_are_for(golden):
    reader = PdfReader(io.BytesIO(form_of("kinds")))
    lines = []
    for reference in reader.trailer["/Root"]["/AcroForm"]["/Fields"]:
        field = reference.get_object()
        lines.append(f"{field['/TM']}: {field['/TU']}")
        lines += [f"    {kid.get_object()['/TU']}" for kid in field.get("/Kids", ())]
    golden("kinds-fields.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_no_two_fields_are_called_alike(sheet, orientation):
    names = [spoken.name for spoken in called(prepared(sheet, orientation)[0])]
    assert len(set(names)) == len(names)


def test_a_label_that_stands_twice_is_numbered():
    document, _ = prepare(load_sheet("attention-head"), Options(seed=1, tokens=("the", "cat", "the")))
    names = {spoken.id: spoken.name for spoken in called(document)}
    assert names["1/ask/blocks.0.attn.scores_raw[0]/3,1"] == "Step 1, S, row 3 (the), column 1 (the)"
    assert names["1/ask/blocks.0.attn.scores_raw[0]/2,2"] == "Step 1, S, row cat, column cat"


@pytest.mark.parametrize("sheet", ["kinds", "attention-in-letters"])
def test_fields_are_read_aloud_where_they_stand(sheet):
    """Each is an element of the structure (PDF/UA): that of a number is in the cell of its table."""
    with pikepdf.open(io.BytesIO(form_of(sheet))) as file:
        nums = list(file.Root.StructTreeRoot.ParentTree.Nums)
        elements = dict(zip(map(int, nums[::2]), nums[1::2], strict=True))
        assert file.Root.StructTreeRoot.ParentTreeNextKey == max(elements) + 1
        found = []
        for page in file.pages:
            assert page.Tabs == "/S"
            for widget in page.Annots:
                element = elements[int(widget.StructParent)]
                (reference,) = element.K
                assert (element.S, reference.Type, reference.Obj.objgen) == ("/Form", "/OBJR", widget.objgen)
                assert element.Pg.objgen == widget.P.objgen == page.obj.objgen
                assert element.Alt == widget.TU
                assert (
                    "/TD" if widget.get("/FT") == "/Tx" and not widget.Ff & 1 << 12 else element.P.S
                ) == element.P.S
                found.append(widget.objgen)
        spoken = [node.K[0].Obj.objgen for node in in_order(file.Root.StructTreeRoot.K[0]) if node.S == "/Form"]
    assert sorted(spoken) == sorted(found)


def in_order(node):
    for child in node.get("/K", ()):
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child
            yield from in_order(child)


def test_what_is_typed_has_a_font_in_the_file():
    with pikepdf.open(io.BytesIO(form_of("kinds"))) as file:
        form = file.Root.AcroForm
        assert form.NeedAppearances
        font = form.DR.Font.Answer
        differences = list(font.Encoding.Differences)
        codes = {str(glyph): int(code) for code, glyph in zip(differences[::2], differences[1::2], strict=True)}
        assert {"/minus", "/infinity", "/radical"} <= codes.keys()
        widths = dict(zip(range(int(font.FirstChar), int(font.LastChar) + 1), map(int, font.Widths), strict=True))
        assert all(widths[code] for code in (*b" /,.+-0123456789abc", *codes.values()))
        assert "/FontFile2" in font.FontDescriptor
        assert all("/Answer 0 Tf" in str(field.DA) for field in form.Fields if field.FT == "/Tx")


def test_the_same_form_has_the_same_bytes():
    assert filled_form(lower(*prepared("shapes")), Setup(cache=False)) == form_of("shapes")


def test_another_run_has_its_own_words_in_its_fields():
    document, run = prepare(load_sheet("attention-head"), Options(seed=1, tokens=("a", "dog", "ran")))
    names = {field["/TU"] for *_, field, _ in widgets(filled_form(lower(document, run), Setup()))}
    assert "Step 1, S, row dog, column ran" in names
    assert not any("cat" in name for name in names)


def test_a_form_is_a_worksheet_whatever_the_view(tmp_path):
    (path,) = generate("dot-product", Options(views=("key",), formats=("pdf-form",)), tmp_path)
    assert path.name == "worksheet-form.pdf"
    reader = PdfReader(path)
    assert "view=worksheet" in reader.metadata["/byhand"]
    assert reader.metadata.title == prepared("dot-product")[0].title


def test_a_book_has_the_forms_of_its_sheets_one_by_one(tmp_path):
    paths = book(["dot-product", "shapes"], Options(formats=("pdf-form",)), tmp_path)
    assert [path.name for path in paths] == ["dot-product-worksheet-form.pdf", "shapes-worksheet-form.pdf"]
    assert paths[1].read_bytes() == form_of("shapes")


def test_a_template_that_gives_no_room_is_named(folder):
    (folder / "blocks").mkdir()
    (folder / "blocks" / "claim.html").write_text("<p>{{ block.tokens | prose }}</p>")
    with pytest.raises(SheetError, match=r"^the page has no room for 4/claim/1=true; its template says where"):
        generate("dot-product", Options(formats=("pdf-form",), cache=False), folder / "out")
    assert not (folder / "out").exists()


def test_what_is_asked_for_twice_is_refused():
    twice = f"## A\n\n{{% set m = blank('{SCORES}') %}}{{{{ strip(m, '→', m) }}}}\n"
    document, run = prepare(lesson(twice), Options())
    with pytest.raises(SheetError, match=rf"^the page asks twice for 1/ask/{re.escape(SCORES)}/1,1, so a form "):
        filled_form(lower(document, run), Setup(cache=False))


def test_a_cell_that_a_sheet_writes_twice_has_two_fields():
    body = f"## A\n\n{{% set c = count('{SCORES}') %}}{{{{ table(['', 'x', 'y'], ['a', c, c]) }}}}\n"
    pdf = filled_form(lower(*prepare(lesson(body), Options())), Setup(cache=False))
    assert [field["/TM"] for *_, field, _ in widgets(pdf)] == ["1/table/1", "1/table/2"]
