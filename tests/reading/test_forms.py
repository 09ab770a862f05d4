"""What is filled in on a form is read back exactly, and what was changed is refused; nothing of a form is trusted."""

from __future__ import annotations

import io
import re
import zlib
from functools import cache

import pikepdf
import pytest
from chromium import WITHOUT_CHROMIUM, filled_by_chromium
from click.testing import CliRunner
from kinds import kinds_and_run
from msgspec.structs import replace
from page_pdf import pictures
from pikepdf import Array, Dictionary, Name, String
from pypdf import PdfReader, PdfWriter

from byhand.classroom.classes import make_class
from byhand.classroom.plan import Plan
from byhand.classroom.roster import Student
from byhand.classroom.students import class_pages, pdf_of, student_copies
from byhand.cli import main
from byhand.errors import UnreadableError
from byhand.formats import Setup
from byhand.formats.pdf import filled, filled_form
from byhand.options import Options
from byhand.page.page import lower
from byhand.page.printed import PrintPage
from byhand.pipeline import prepare
from byhand.press import LETTERS
from byhand.reading import forms
from byhand.reading.forms import MOST_FIELDS, filled_in
from byhand.reading.pdf import check_room
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.reading.ways import options_of
from byhand.worksheet.sheet import load_sheet

ANSWERS = {  # in the sheet of all kinds
    "1/inverse/blocks.0.hook_resid_pre/1,3": "−3", "1/inverse/blocks.0.attn.W_Q[0]/2,3": "-12/35",
    "2/inverse/blocks.0.attn.b_V[0]/1,1": "√2", "3/table/1": "yes", "3/table/2": "3 × 4",
    "5/ask/blocks.0.attn.scores_raw[0]/1,1": "−∞", "5/ask/blocks.0.attn.scores_raw[0]/3,2": "0,5",
    "5/choice/1": "5", "6/claim/1": "true", "6/claim/1/because": "“Sums” of 1 – das heißt: Σ = 1; κατά, 合計.",
    "6/claim/2": "false", "7/tick/1": "3", "7/lines/1": "First.\nThen (so to say) \\ another line.",
}  # fmt: skip
ROSTER = [Student("Ada Lovelace", "a.l@x.edu"), Student("Łukasz", "s/3·x"), Student("", "7")]


@cache
def blank():
    return filled_form(lower(*kinds_and_run()), Setup())


def by_pypdf(pdf, answers):
    """A form filled in by pypdf."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    values = {name.replace(".", "·"): f"/{text}" if is_choice(name) else text for name, text in answers.items()}
    for page in writer.pages:
        writer.update_page_form_field_values(page, values)
    writer.write(out := io.BytesIO())
    return out.getvalue()


def is_choice(name):
    return re.fullmatch(r"\d+/(claim|choice|tick)/\d+", name)


def answers_of(pdf, student=""):
    return {name: text for name, text in filled_in(pdf)[student].answers.items() if text}


def changed(pdf, change):
    with pikepdf.open(io.BytesIO(pdf)) as file:
        change(file)
        file.save(out := io.BytesIO())
    return out.getvalue()


def test_what_pypdf_fills_in_is_read_back_exactly():
    assert answers_of(by_pypdf(blank(), ANSWERS)) == ANSWERS


@pytest.mark.skipif(WITHOUT_CHROMIUM, reason="Chromium is not installed")
def test_what_chromiums_viewer_fills_in_is_read_back_exactly():
    """Typed and clicked as a person does it, and saved by the viewer."""
    assert answers_of(filled_by_chromium(blank(), ANSWERS)) == ANSWERS


def test_an_empty_form_has_every_answer_empty():
    document, _ = kinds_and_run()
    (form,) = filled_in(blank()).values()
    assert set(form.answers.values()) == {""}
    assert set(form.answers) == {each.id for each in (*document.blanks(), *document.replies())}


def test_a_form_says_what_it_answers():
    options = Options(seed=4, numbers="decimal", places=3, orientation="columns")
    document, run = prepare(load_sheet("scores"), options)
    form = filled_in(filled_form(lower(document, run), Setup()))[""]
    foot, asked = form.page.foot, options_of(form.page)
    assert (foot.sheet, foot.seed, foot.hash) == ("scores", "4", run.hash)
    assert (asked.numbers, asked.places, asked.rounding, asked.orientation) == ("decimal", 3, "carry", "columns")
    assert form.page.student is None


def test_what_is_filled_in_is_seen():
    """In the pen's colour, within its box."""
    answers = {"5/ask/blocks.0.attn.scores_raw[0]/1,1": "−∞", "6/claim/1": "true"}
    full = by_pypdf(blank(), answers)
    before, after = pictures(blank()), pictures(full)
    boxes = [
        (number, [float(edge) * 150 / 72 for edge in widget.get_object()["/Rect"]])
        for number, page in enumerate(PdfReader(io.BytesIO(full)).pages)
        for widget in page["/Annots"]
        if is_filled(widget.get_object(), answers)
    ]
    assert len(boxes) == 2
    for number, (left, bottom, right, top) in boxes:
        height = after[number].shape[0]
        rows, columns = slice(round(height - top), round(height - bottom) + 1), slice(round(left), round(right) + 1)
        assert (after[number][rows, columns] < before[number][rows, columns] - 60).sum() > 10
        before[number][rows, columns] = after[number][rows, columns] = 0
    assert all((one == other).all() for one, other in zip(before, after, strict=True))


def is_filled(widget, answers):
    return widget.get("/TM") in answers or widget.get("/AS", "/Off") != "/Off"


@cache
def forms_of_a_class(folder):
    made = make_class("dot-product", ROSTER, out=folder, forms=True)
    return made.folder, {each.id: (made.folder / "forms" / f"{each.stem}.pdf").read_bytes() for each in ROSTER}


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    return forms_of_a_class(tmp_path_factory.mktemp("class"))


def test_each_student_of_a_class_has_a_form(school):
    folder, forms = school
    assert len(list((folder / "forms").iterdir())) == len(ROSTER)
    hashes = set()
    for student in ROSTER:
        (found,) = filled_in(forms[student.id]).items()
        assert found[0] == student.id
        assert found[1].page.student == student
        hashes.add(found[1].page.foot.hash)
    assert len(hashes) == len(ROSTER)


def test_a_students_id_stands_before_the_names_of_fields(school):
    _, forms = school
    (top,) = PdfReader(io.BytesIO(forms["a.l@x.edu"])).trailer["/Root"]["/AcroForm"]["/Fields"]
    assert top.get_object()["/T"] == "a·l%40x·edu"
    first = top.get_object()["/Kids"][0].get_object()
    assert (first["/T"], first["/Parent"].get_object()["/T"]) == ("1/ask/elementwise/1,1", "a·l%40x·edu")


def test_forms_of_several_students_may_be_one_file(school):
    """As pypdf joins them; each student's answers, and what they answer, stay apart."""
    _, forms = school
    book = PdfWriter()
    for n, pdf in enumerate(forms.values()):
        book.append(io.BytesIO(by_pypdf(pdf, {"1/ask/elementwise/1,1": f"{n}/7", "4/claim/1": "false"})))
    book.write(out := io.BytesIO())
    found = filled_in(out.getvalue())
    assert list(found) == [student.id for student in ROSTER]
    for n, student in enumerate(ROSTER):
        assert answers_of(out.getvalue(), student.id) == {"1/ask/elementwise/1,1": f"{n}/7", "4/claim/1": "false"}
        (alone,) = filled_in(forms[student.id]).values()
        assert found[student.id].page == alone.page
    names = {(student, name) for student in found for name in found[student].answers}
    assert (
        len(names) == len(PdfReader(io.BytesIO(forms["7"])).get_fields()) * 3 - 3
    )  # of which the top one is no field


def test_a_class_is_the_same_again_and_with_other_jobs(school, tmp_path):
    folder, _ = school
    again = make_class("dot-product", ROSTER, out=tmp_path, forms=True, jobs=2).folder
    for file in folder.rglob("*.pdf"):
        assert (again / file.relative_to(folder)).read_bytes() == file.read_bytes()


def test_a_copy_that_is_laid_out_by_itself_has_a_form_too():
    plan = Plan(load_sheet("dot-product"), Options(numbers="exact"), LETTERS)
    pages, student = class_pages(plan), Student("Ada Lovelace", "14")  # whose numbers fill the class's page
    (filled_in_page,) = student_copies(plan, pages, [student])
    (alone,) = student_copies(plan, replace(pages, page=PrintPage("another")), [student])
    assert alone.laid_out_alone
    assert not filled_in_page.laid_out_alone
    one, other = (
        filled_in(pdf_of(copy, pages, "worksheet", fields=True))[student.id] for copy in (alone, filled_in_page)
    )
    assert one == other
    assert alone.called == filled_in_page.called


def test_a_form_is_the_students_worksheet_with_fields(school):
    folder, forms = school
    for student in ROSTER:
        own = (folder / "worksheets" / f"{student.stem}.pdf").read_bytes()
        for one, other in zip(pictures(own), pictures(forms[student.id]), strict=True):
            assert (one == other).all()


def test_forms_are_verified_and_filled_ones_are_for_byhand_mark(school, tmp_path):
    folder, forms = school
    lines = CliRunner().invoke(main, ["verify", str(folder)]).stdout
    assert f"{folder}: 9 files, 9 right" in lines
    (tmp_path / "form.pdf").write_bytes(filled_form(lower(*prepare(load_sheet("dot-product"), Options())), Setup()))
    assert report(tmp_path / "form.pdf")[0][0].endswith(": right")
    told = "it is filled in, and so no longer as byhand wrote it; byhand mark says what is right"
    for pdf in (forms["7"], (tmp_path / "form.pdf").read_bytes()):
        (tmp_path / "filled.pdf").write_bytes(by_pypdf(pdf, {"1/ask/elementwise/1,1": "3"}))
        assert report(tmp_path / "filled.pdf") == ([f"cannot be verified: {told}"], Finding.UNREADABLE)


def test_a_form_to_which_something_is_added_is_told_from_its_reprint(tmp_path):
    pdf = filled_form(lower(*prepare(load_sheet("shapes"), Options())), Setup())

    def hint(file):
        file.Root.AcroForm.Fields[0].TU = String("It is 3.")

    (tmp_path / "form.pdf").write_bytes(changed(pdf, hint))
    (line,), finding = report(tmp_path / "form.pdf")
    assert finding is Finding.UNREADABLE
    assert line.startswith("cannot be verified: it was changed: the reprint has not the same ")


def field(change, number=0):
    return lambda file: change(file.Root.AcroForm.Fields[number])


def set_name(name):
    return field(lambda field: setattr(field, "T", String(name)))


def without(number):
    def change(file):
        del file.Root.AcroForm.Fields[number]

    return change


def another(file):
    own = file.make_indirect(Dictionary(T=String("Comments"), FT=Name.Tx))
    file.Root.AcroForm.Fields.append(own)


def twice(file):
    file.Root.AcroForm.Fields.append(file.Root.AcroForm.Fields[0])


def many(file):
    own = file.make_indirect(Dictionary(T=String("1/x"), FT=Name.Btn))
    own.Kids = Array([file.make_indirect(Dictionary())] * MOST_FIELDS)
    file.Root.AcroForm.Fields = Array([own])


def test_a_form_may_have_as_many_fields_as_the_limit(monkeypatch):
    with pikepdf.open(io.BytesIO(blank())) as file:
        count = sum(1 + len(field.get("/Kids", ())) for field in file.Root.AcroForm.Fields)
    monkeypatch.setattr(forms, "MOST_FIELDS", count)
    assert len(filled_in(blank())) == 1
    monkeypatch.setattr(forms, "MOST_FIELDS", count - 1)
    with pytest.raises(UnreadableError, match=r"^it has over [\d,]+ fields; no page of ours has as many$"):
        filled_in(blank())


def in_itself(file):
    first = file.Root.AcroForm.Fields[0]
    first.Kids = Array([first])


def long(file):
    file.Root.AcroForm.Fields[0].V = file.make_stream(b"x" * 1_000_000)


def unnamed(file):
    for each in file.Root.AcroForm.Fields:
        del each.TM


def no_byhand(file):
    del file.docinfo["/byhand"]


def ticked(file):
    box = next(each for each in file.Root.AcroForm.Fields if each.FT == "/Btn")
    box.V = Name("/maybe")


REFUSED = [
    (set_name("Text1"), "its field 'Text1' was renamed; it is for '1/inverse/bl...resid_pre/1,3': fill in the form as byhand wrote it"),
    (another, "its field 'Comments' is none of byhand's; fill in the form as byhand wrote it"),
    (without(3), "it has 40 of its '41' fields; fill in the form as byhand wrote it"),
    (twice, "it has two fields '1/inverse/bl...resid_pre/1,3'; fill in the form as byhand wrote it"),
    (many, "it has over 20,000 fields; no page of ours has as many"),
    (in_itself, "its field '1/inverse/bl...resid_pre/1,3' was renamed; fill in the form as byhand wrote it"),
    (field(lambda each: setattr(each, "V", String("x" * 5001))), "a field of it holds 5,001 characters; 5,000 are the most"),
    (long, "a field of it holds 1,000,000 characters; 5,000 are the most"),
    (field(lambda each: setattr(each, "V", Array([]))), "a field of it holds no text; fill in the form as byhand wrote it"),
    (field(lambda each: setattr(each, "FT", Name.Ch)), "its field '1/inverse/bl...resid_pre/1,3' is of another kind than byhand writes; fill in the form as byhand wrote it"),
    (ticked, "its field '5/choice/1' is ticked as '/maybe', which none of its boxes is"),
    (no_byhand, "byhand 0.1.0 printed it, as a page that does not say what it was asked for; verify it with that version"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::pikepdf.PageCopyWarning")
@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_a_form_that_was_changed_is_refused_in_a_line(change, message):
    with pytest.raises(UnreadableError) as error:
        filled_in(changed(blank(), change))
    assert str(error.value) == message


def test_the_fields_of_one_student_are_not_anothers(school):
    def other(file):
        file.Root.AcroForm.Fields[0].T = String("another")

    with pytest.raises(
        UnreadableError, match=r"^its field 'another' was renamed; fill in the form as byhand wrote it$"
    ):
        filled_in(changed(school[1]["7"], other))


def test_a_page_without_fields_and_a_page_of_another_program_are_refused():
    with pytest.raises(
        UnreadableError, match=r"^it has no fields; byhand generate --format pdf-form writes a page that"
    ):
        filled_in(filled(lower(*kinds_and_run()), "worksheet", Setup()))
    other = PdfWriter()
    other.add_blank_page(100, 100)
    other.write(out := io.BytesIO())
    with pytest.raises(
        UnreadableError, match=r"^it is none of byhand's pages: it does not say what it was asked for$"
    ):
        filled_in(out.getvalue())
    with pytest.raises(UnreadableError, match=r"^it is no PDF that can be read \(PdfError\)$"):
        filled_in(b"%PDF-1.7 nothing")


def test_a_program_may_leave_the_mapping_names_out():
    full = by_pypdf(blank(), ANSWERS)
    assert answers_of(changed(full, unnamed)) == ANSWERS


@pytest.mark.parametrize("mode", list(pikepdf.ObjectStreamMode.__members__.values()))
@pytest.mark.parametrize("packed", [True, False])
def test_how_a_program_packs_its_file_is_no_difference(mode, packed):
    with pikepdf.open(io.BytesIO(by_pypdf(blank(), ANSWERS))) as file:
        file.save(out := io.BytesIO(), object_stream_mode=mode, compress_streams=packed)
    assert answers_of(out.getvalue()) == ANSWERS
    indirect = out.getvalue() + b"9999 0 obj\n<</Filter [/FlateDecode]/Length 3 0 R>>\nstream\n" + zlib.compress(b"x")
    check_room(indirect, saved=True)


@pytest.mark.parametrize("raw", [
    b"#", b"/a#b%[<", rb"\(#\)", b"((#))", rb"\\", rb"#\\\)\\", b")(", b"#) (", bytes(b for b in range(256) if b not in b"()\\"),
])  # fmt: skip
def test_a_form_is_read_whatever_bytes_its_identifier_has(raw):
    """Programs that save a form write raw bytes into the entries of the packed table of its objects."""
    with pikepdf.open(io.BytesIO(by_pypdf(blank(), ANSWERS))) as file:
        file.save(out := io.BytesIO(), object_stream_mode=pikepdf.ObjectStreamMode.generate)
    saved, count = re.subn(rb"/ID *\[ *<\w*> *<\w*> *\]", lambda _: b"/ID [(%s)(%s)]" % (raw, raw), out.getvalue())
    assert count == 1
    assert answers_of(saved) == ANSWERS


@pytest.mark.parametrize("entries", [
    b"/Filter/Fl#61teDecode", b"/A (b) /Filter/LZWDecode", b"/A (b) /Filter/L#5aWDecode /C (d)", b"/A (b)) /C (d)", b"/A (b",
    b"% (\n/Filter/L#5aWDecode % )", rb"/A (b\\) /Filter/L#5aWDecode (c\))", b"/ID [(a) (b)] /Filter /ASCII85Decode", b"/A (obj % ) /B",
    b"/Filter/LZWDecode(b)",
])  # fmt: skip
def test_a_way_of_packing_is_not_hidden_by_texts_and_comments(entries):
    with pytest.raises(
        UnreadableError, match=r"^it is packed in a way that is not read; save it with another program$"
    ):
        filled_in(blank() + b"9 0 obj\n<<%s/Length 5>>\nstream\n12345\nendstream" % entries)


BOMB = zlib.compress(bytes(30_000_000), 9)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (b"9 0 obj\n<</Filter/FlateDecode/Length 7 0 R>>\nstream\n" + BOMB + b"\nendstream", "it unpacks to over 20 MB; no page of ours is as long"),
        (b"9 0 obj\n<</Filter/LZWDecode/Length 5>>\nstream\n12345\nendstream", "it is packed in a way that is not read; save it with another program"),
        (bytes(10_000_000), "it has over 10 MB; no PDF of a page of ours is as long"),
        (b"1 0 R " * 200_001, "it has over 200,000 references; no page of ours has as many"),
    ],
)  # fmt: skip
def test_a_form_that_is_too_large_is_refused(more, message):
    with pytest.raises(UnreadableError) as error:
        filled_in(blank() + more)
    assert str(error.value) == message
