"""The whole way of `byhand mark`: from files of answers to files of marks, all or none."""

import csv
import io
import json
import shutil
from functools import partial

import pytest
from click.testing import CliRunner
from every_sheet import a_share
from msgspec.structs import replace
from pypdf import PdfReader, PdfWriter
from sheets import key, sheet

from byhand.classroom.again import Class, own_copies
from byhand.classroom.classes import make_class
from byhand.classroom.roster import Student
from byhand.cli import main
from byhand.errors import AnswersError, SheetError
from byhand.formats import Setup
from byhand.formats.pdf import filled, filled_form
from byhand.marking.mark import mark as marked
from byhand.notation.marks import MARK, mark_number
from byhand.options import Options
from byhand.page.page import lower
from byhand.secret import made_secret
from byhand.worksheet.sheet import load_sheet, parse_sheet

NAME = "dot-product"
ROSTER = [Student("Ada", "s1"), Student("Bo", "s2"), Student("Cy", "s3")]


def run(*args, formats="json,csv"):
    return CliRunner().invoke(main, list(map(str, (*args, *(["--format", formats] if formats else [])))))


mark = partial(marked, formats=("json", "csv"))


def wrong_and_right(tmp_path, **entries):
    """A file with a student who has all right, and one who has the first answer wrong and leaves one out."""
    document, _ = sheet(NAME, seed=2)
    right = key(document)
    first, second = list(right)[:2]
    students = [{"id": "right", "answers": right}, {"id": "wrong", "answers": {**right, first: "99", second: ""}}]
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"schema": 1, "sheet": NAME, "seed": 2, "students": students, **entries}))
    return path, first, second


def test_answers_become_marks(tmp_path):
    path, first, second = wrong_and_right(tmp_path)
    told = run("mark", path, "--out", tmp_path)
    assert told.exit_code == 0, told.output
    folder = tmp_path / f"{NAME}-marks"
    right, wrong = json.loads((folder / "marks.json").read_text())
    assert right["points"] == right["of"] == wrong["of"]
    assert {blank["id"]: blank["verdict"] for blank in wrong["blanks"]}[first] == "wrong"
    assert [blank["id"] for blank in wrong["blanks"] if blank["verdict"] == "missing"] == [second]
    assert wrong["causes"][0]["cells"] == [first]
    with (folder / "marks.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["right", "wrong"]
    assert rows[0]["points"] == right["points"]
    assert f"right  {right['points']} / {right['of']}" in told.output


def test_what_cannot_be_read_is_told_with_an_example(tmp_path):
    document, _ = sheet(NAME, seed=2)
    right = key(document)
    path, (first, second, *_) = tmp_path / "answers.json", right
    students = [
        {"id": "a", "answers": right}, {"id": "b", "answers": {**right, first: "99"}},
        {"id": "c", "answers": {**right, first: "01-Feb", second: "2/7/2024"}},
        {"id": "d", "answers": {**right, first: "99", second: "2/7/2024"}},
    ]  # fmt: skip
    path.write_text(json.dumps({"sheet": NAME, "seed": 2, "students": students}))
    a, b, c, d = run("mark", path, "--out", tmp_path).stdout.splitlines()
    assert "cannot be read" not in a + b
    assert c.endswith("  2 cannot be read, such as '01-Feb'")
    assert d.endswith("; 1 cannot be read, such as '2/7/2024'")
    assert "step 1: " in d


def test_the_same_answers_give_the_same_bytes_in_any_number_of_processes(tmp_path):
    path, *_ = wrong_and_right(tmp_path)
    made = [mark(path, out=tmp_path / str(jobs), jobs=jobs).folder for jobs in (1, 2)]
    assert [(made[0] / name).read_bytes() for name in ("marks.json", "marks.csv")] == [
        (made[1] / name).read_bytes() for name in ("marks.json", "marks.csv")
    ]


def test_a_blank_file_names_every_blank_and_is_all_missing(tmp_path):
    file = tmp_path / "blank.json"
    assert (
        run(
            "mark", "--blank", "softmax", "--seed", 3, "--orientation", "columns", "--out", file, formats=""
        ).exit_code
        == 0
    )
    document, _ = sheet("softmax", seed=3, orientation="columns")
    ids = [each.id for section in document.sections for each in (*section.blanks, *section.replies)]
    assert list(json.loads(file.read_text())["students"][0]["answers"]) == ids
    assert run("mark", file, "--out", tmp_path).exit_code == 0
    (marks,) = json.loads((tmp_path / "softmax-marks" / "marks.json").read_text())
    assert {blank["verdict"] for blank in marks["blanks"]} == {"missing"}


@pytest.mark.parametrize("option", ["--points", "--groups", "--history"])
def test_a_blank_file_is_not_asked_for_with_what_marks(option, tmp_path):
    refused = run("mark", "--blank", "softmax", option, tmp_path, formats="")
    assert refused.exit_code == 2
    assert refused.stderr.endswith(f"--blank writes a file to fill in, and marks nothing; leave out {option}\n")


REFUSED = [
    ({"byhand": "0.1.0"}, (), "the student 'right' had numbers with the hash 0000000, and these have"),
    ({"seed": 3}, (), "answers.json, student 'right': no blank '3/inverse/q/2,3'; did you mean '3/inverse/q/2,1'?"),
    ({}, ("--seed", "4"), "says itself which numbers it answers (seed)"),
    ({}, ("--sheet", "softmax"), "answers the sheet dot-product, not softmax"),
    ({"options": {"places": 99}}, (), "options: Expected `int` <= 12 - at `$.places`"),
    ({"sheet": "dot-produkt"}, (), "no sheet 'dot-produkt'; did you mean 'dot-product'?"),
]


@pytest.mark.parametrize(("entries", "args", "message"), REFUSED, ids=[message for *_, message in REFUSED])
def test_answers_to_other_numbers_are_refused_and_nothing_is_written(tmp_path, entries, args, message):
    path, *_ = wrong_and_right(tmp_path, **entries)
    said = json.loads(path.read_text())
    for student in said["students"]:
        student["hash"] = "0000000" if "byhand" in entries else ""
    path.write_text(json.dumps(said))
    told = run("mark", path, *args, "--out", tmp_path)
    assert told.exit_code == 1
    assert message in told.output
    assert not list(tmp_path.rglob("marks.*"))


def test_of_a_student_in_two_files_the_first_is_marked(tmp_path):
    path, *_ = wrong_and_right(tmp_path)
    other = tmp_path / "other.json"
    student = json.loads(path.read_text())["students"][0]
    other.write_text(json.dumps({"sheet": NAME, "seed": 2, "students": [student, {"id": "x"}, {"id": "x"}]}))
    told = run("mark", path, other, "--out", tmp_path)
    assert told.exit_code == 1
    assert [line for line in told.stderr.splitlines() if "not marked" in line] == [
        "byhand: not marked: other.json: the student 'right' is in answers.json, too; the first is marked, so give only one of them",
        "byhand: not marked: other.json: the student 'x' is twice in it; the first is marked, so give only one of them",
    ]
    assert [marks["student"] for marks in json.loads((tmp_path / f"{NAME}-marks" / "marks.json").read_text())] == [
        "right", "wrong", "x",
    ]  # fmt: skip


def test_help_checks_and_time_on_a_screen_are_in_every_file(tmp_path):
    _, run_ = sheet(NAME, seed=2)
    told = {"hints": {"1/ask/x/1,1": 2, "1/ask/x/1,2": 4}, "checks": {"1": 2, "3": 1}, "seconds": {"1": 95, "2": 30}}
    students = [
        {"id": "a", "hash": run_.hash, **told},
        {"id": "b", "hash": run_.hash},
        {"id": "c", "hash": run_.hash, "hints": {}},
    ]
    (tmp_path / "answers.json").write_text(json.dumps({"sheet": NAME, "seed": 2, "students": students}))
    assert run("mark", tmp_path / "answers.json", "--out", tmp_path, formats="json,csv,html").exit_code == 0
    folder = tmp_path / f"{NAME}-marks"
    assert [each["work"] for each in json.loads((folder / "marks.json").read_text())] == [
        told, None, {"hints": {}, "checks": {}, "seconds": {}},
    ]  # fmt: skip
    with (folder / "marks.csv").open(encoding="utf-8-sig") as file:
        rows = [(row["hints"], row["checks"], row["minutes"]) for row in csv.DictReader(file)]
    assert rows == [("2", "3", "2"), ("", "", ""), ("0", "0", "0")]
    assert (
        "On a screen, 2 students took, each in the middle, help with 2 cells, 3 checks, and 2 minutes."
        in (folder / "report.html").read_text()
    )
    with (folder / "report.csv").open(encoding="utf-8-sig") as file:
        rows = [
            (row["hints"], row["checks"], row["minutes"]) for row in csv.DictReader(file) if row["table"] == "student"
        ]
    assert rows == [("2", "3", "2"), ("", "", ""), ("0", "0", "0")]
    (page,) = (folder / "marked").glob("a-*.html")
    assert "On the screen: help with 2 cells, 3 checks, 2 minutes." in page.read_text()


def test_a_folder_of_files_is_marked_in_the_order_of_their_names(tmp_path):
    document, _ = sheet(NAME, seed=2)
    folder = tmp_path / "handed in"
    folder.mkdir()
    for name in ("b", "a"):
        student = {"sheet": NAME, "seed": 2, "id": name, "answers": key(document)}
        (folder / name).write_text(json.dumps(student))
    assert len(mark(folder, out=tmp_path).points) == 2
    assert [m["student"] for m in json.loads((tmp_path / f"{NAME}-marks" / "marks.json").read_text())] == ["a", "b"]


def test_points_by_section_are_a_file_s(tmp_path):
    path, *_ = wrong_and_right(tmp_path)
    points = tmp_path / "points.json"
    points.write_text('{"1": 40}')
    made = mark(path, out=tmp_path, points=points)
    right, _ = json.loads((made.folder / "marks.json").read_text())
    assert {section["number"]: section["of"] for section in right["sections"]}[1] == "40"
    points.write_text('{"foils": {"no-sqr": "half"}}')
    assert "did you mean 'no-sqrt'?" in run("mark", path, "--points", points, "--out", tmp_path).output


def test_points_of_a_section_of_words_are_a_file_s(tmp_path):
    path, *_ = wrong_and_right(tmp_path)
    replies = [reply for reply in sheet(NAME, seed=2)[0].replies() if reply.role == "lines"]
    (tmp_path / "points.json").write_text(json.dumps({replies[0].id.partition("/")[0]: 40}))
    made = mark(path, out=tmp_path, points=tmp_path / "points.json")
    right, _ = json.loads((made.folder / "marks.json").read_text())
    assert next(each["of"] for each in right["open"] if each["id"] == replies[0].id) == "40"


def test_points_by_section_are_a_sheet_s_unless_a_file_has_others(tmp_path, monkeypatch):
    own = load_sheet(NAME)
    text = f"---\ntitle: T\nmodel: {own.model.name}\ngoal: G\npoints: {{1: 40, 3: 9}}\n---\n{own.body}"
    found = replace(parse_sheet(NAME, text), values=own.values, in_place=own.in_place, promises=own.promises)
    monkeypatch.setattr("byhand.marking.mark.load_sheet", lambda *_: found)
    path, *_ = wrong_and_right(tmp_path)
    points = tmp_path / "points.json"
    points.write_text('{"3": 7}')
    made = mark(path, out=tmp_path, points=points)
    right, _ = json.loads((made.folder / "marks.json").read_text())
    worth = {section["number"]: section["of"] for section in right["sections"]}
    assert (worth[1], worth[3]) == ("40", "7")


@pytest.mark.parametrize("points", ["{a: 1}", "{1: -1}", "{1: 1.5}"])
def test_other_points_in_a_sheet_are_refused(points):
    with pytest.raises(SheetError, match="points: write whole numbers by the number of a section"):
        parse_sheet(NAME, f"---\ntitle: T\nmodel: dot-product\ngoal: G\npoints: {points}\n---\n")


def test_a_teacher_has_the_last_word_also_when_it_is_marked_again(tmp_path):
    path, first, _ = wrong_and_right(tmp_path)
    changes = tmp_path / "changes.csv"
    changes.write_text(f'student,blank,verdict,points\nwrong,"{first}",right,\n')
    made = mark(path, out=tmp_path, overrides=changes)
    again = mark(path, out=tmp_path)
    for folder in (made.folder, again.folder):
        _, wrong = json.loads((folder / "marks.json").read_text())
        blank = next(blank for blank in wrong["blanks"] if blank["id"] == first)
        assert (blank["verdict"], blank["override"]) == ("right", {"verdict": "right"})
        assert blank["points"] == blank["of"]


def test_where_no_answers_say_whose_they_are_a_change_of_a_student_is_refused(tmp_path):
    path, first, _ = wrong_and_right(tmp_path)
    (_, wrong) = json.loads(path.read_text())["students"]
    path.write_text(json.dumps({"schema": 1, "sheet": NAME, "seed": 2, "answers": wrong["answers"]}))
    changes = tmp_path / "changes.csv"
    changes.write_text(f'student,blank,verdict\nwrong,"{first}",right\n')
    with pytest.raises(AnswersError, match="no student 'wrong': no answers that were given say whose they are"):
        mark(path, out=tmp_path, overrides=changes)
    changes.write_text(f'student,blank,verdict\n,"{first}",right\n')
    (marks,) = json.loads((mark(path, out=tmp_path, overrides=changes).folder / "marks.json").read_text())
    assert next(blank for blank in marks["blanks"] if blank["id"] == first)["verdict"] == "right"


@pytest.mark.parametrize(("row", "message"), [
    ("wrong,9/ask/x,right,", "student 'wrong': the sheet has no blank '9/ask/x' to change"),
    ("wrong,{first},fine,", "no verdict 'fine'; there are: right, followed, wrong, missing, unreadable"),
    ("wrong,{first},,much", "'much' is not a number"),
    ("wrong,{first},,", "changes nothing"),
    ("wrong,{first},,99", "student 'wrong': 99 points for {first_}, which is worth"),
    ("wrong,{words},,3.5", "student 'wrong': 3.5 points for {words}, which is worth 3; --points says what a section is worth"),
    ('wrong,{first},,"1,000"', "'1,000' is not a number"),
    ("wrong,{first},,1,5", "line 2 has 5 fields, and its headings are 4; write points as 1.5 or \"1,5\""),
    ("wrong,{first},right,\nwrong,{first},,0", "line 3 changes '{first_}' of that student once more"),
    ("Wrong,{first},right,", "changes.csv: no student 'Wrong'; did you mean 'wrong'?"),
    ("*,{first},right,", "changes.csv: no student '*'; there are: right, wrong"),
])  # fmt: skip
def test_a_change_that_cannot_be_made_is_refused(tmp_path, row, message):
    path, first, _ = wrong_and_right(tmp_path)
    changes = tmp_path / "changes.csv"
    words = next(reply.id for reply in sheet(NAME, seed=2)[0].replies() if reply.role == "lines")
    changes.write_text("student,blank,verdict,points\n" + row.format(first=f'"{first}"', words=words))
    told = run("mark", path, "--overrides", changes, "--out", tmp_path)
    assert told.exit_code == 1
    assert message.format(first_=first, words=words) in told.output
    assert not list(tmp_path.rglob("marks.*"))


@pytest.mark.parametrize(("heads", "row"), [
    ("student,blank,points", 'wrong,"{}","0,5"'), ("student;blank;points", "wrong;{};0,5"), ("student\tblank\tpoints", "wrong\t{}\t1/2"),
])  # fmt: skip
def test_points_may_have_a_decimal_comma(tmp_path, heads, row):
    path, *_ = wrong_and_right(tmp_path)
    words = next(reply.id for reply in sheet(NAME, seed=2)[0].replies() if reply.role == "lines")
    (tmp_path / "changes.csv").write_text(f"{heads}\n{row.format(words)}\n")
    made = mark(path, out=tmp_path, overrides=tmp_path / "changes.csv")
    _, wrong = json.loads((made.folder / "marks.json").read_text())
    assert next(each["points"] for each in wrong["open"] if each["id"] == words) == "1/2"


@pytest.fixture(scope="module", params=a_share(["layer-norm", "sampling"]))  # one page for all; each by itself
def school(request, tmp_path_factory):
    """A class whose copies are renamed, or have any of the sheet's numbers; with a secret."""
    folder = tmp_path_factory.mktemp("school")
    secret = made_secret(folder / "secret")
    options = Options(seed=0, secret=secret)
    return make_class(request.param, ROSTER, options, folder).folder, secret


@pytest.fixture(scope="module")
def marked_school(school, tmp_path_factory):
    """The copies of the class, each with its own numbers, and the folder of its marks."""
    folder, secret = school
    of_class, out = Class.in_folder(folder, secret), tmp_path_factory.mktemp("marks")
    made = marked(folder / "index.csv", out=out, class_folder=folder, secret=secret, formats=("json", "html"))
    return of_class, list(own_copies(of_class.plan, of_class.copies)), made.folder


def test_a_class_is_marked_with_each_student_s_own_numbers(marked_school):
    of_class, copies, folder = marked_school
    assert [own.run.hash for own in copies] == [copy.hash for copy in of_class.copies]
    assert len({own.run.hash for own in copies}) == len(ROSTER)
    marks = json.loads((folder / "marks.json").read_text())
    assert {blank["verdict"] for student in marks for blank in student["blanks"]} == {"right"}
    assert [(m["student"], m["name"]) for m in marks] == [(s.id, s.name) for s in ROSTER]
    for own, student in zip(copies, marks, strict=True):
        fill = partial(MARK.sub, lambda mark, own=own: own.texts(mark_number(mark[0])))
        keys = [fill(reply.right) for reply in own.document.replies() if not reply.options]
        assert [answer["key"] for answer in student["open"]] == keys


def test_a_class_is_not_marked_without_its_secret_or_with_another(school, tmp_path):
    folder, _ = school
    told = run("mark", folder / "index.csv", "--class", folder)
    assert (told.exit_code, told.stderr) == (
        1,
        f"byhand: {folder} was made with a secret; name with --secret what byhand class was given\n",
    )
    made_secret(tmp_path / "other")
    told = run("mark", folder / "index.csv", "--class", folder, "--secret", tmp_path / "other")
    assert "was made with another secret" in told.stderr


def test_who_is_not_in_the_class_is_refused_and_who_handed_nothing_in_is_told(school, tmp_path):
    folder, secret = school
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps([{"id": "s9", "answers": {}}]))
    told = run("mark", answers, "--class", folder, "--secret", folder.parent / "secret", "--out", tmp_path)
    assert told.stderr == "byhand: answers.json: the class has no student 's9'; did you mean 's3'?\n"
    answers.write_text(json.dumps([{"id": "S2", "answers": {}}]))
    told = run("mark", answers, "--class", folder, "--secret", folder.parent / "secret", "--out", tmp_path)
    assert told.stderr == "byhand: answers.json: the class has no student 'S2'; did you mean 's2'?\n"
    answers.write_text(json.dumps([{"id": "s2", "answers": {}}]))
    assert [s.id for s in mark(answers, class_folder=folder, secret=secret, out=tmp_path).absent] == ["s1", "s3"]


def test_a_folder_without_a_class_is_no_class(tmp_path):
    path, *_ = wrong_and_right(tmp_path)
    assert run("mark", tmp_path / "x", "--class", tmp_path).stderr.endswith("x: No such file or directory\n")
    assert "holds no finished class" in run("mark", path, "--class", tmp_path).stderr


def test_a_class_of_a_sheet_that_has_changed_is_not_marked(school, tmp_path):
    folder, _ = school
    changed = shutil.copytree(folder, tmp_path / "changed")
    said = json.loads((changed / "class.json").read_text())
    (changed / "class.json").write_text(json.dumps(said | {"body": said["body"] + "A line more."}))
    told = run("mark", folder / "index.csv", "--class", changed, "--secret", folder.parent / "secret").stderr
    assert "is no longer the one that" in told
    assert told.endswith("use the byhand that made it, or make the class again\n")


def test_each_student_has_a_marked_page_and_old_ones_are_taken_away(tmp_path):
    path, *_ = wrong_and_right(tmp_path)
    told = run("mark", path, "--out", tmp_path, formats="html,pdf")
    assert "wrong  " in told.output
    home = tmp_path / f"{NAME}-marks" / "marked"
    stems = [Student(name, name).stem for name in ("right", "wrong")]
    assert sorted(each.name for each in home.iterdir()) == sorted(f"{s}.{f}" for s in stems for f in ("html", "pdf"))
    assert "99" in (home / f"{stems[1]}.html").read_text()
    assert (home / f"{stems[1]}.pdf").read_bytes().startswith(b"%PDF")
    assert not (tmp_path / f"{NAME}-marks" / "marks.json").exists()
    assert (tmp_path / f"{NAME}-marks" / "report.pdf").read_bytes().startswith(b"%PDF")
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "students": said["students"][:1]}))
    run("mark", path, "--out", tmp_path, formats="html")
    assert [each.name for each in home.iterdir()] == [f"{stems[0]}.html"]


def test_a_class_s_marked_pages_have_each_student_s_own_numbers(marked_school):
    _, copies, folder = marked_school
    for own in copies:
        page = (folder / "marked" / f"{own.copy.student.stem}.html").read_text(encoding="utf-8")
        assert own.copy.hash in page
        assert own.copy.student.name in page
        assert not MARK.search(page)


def test_another_format_of_marks_is_refused(tmp_path):
    assert "no format of marks 'pdv'; did you mean 'pdf'?" in run("mark", "x", formats="pdv").output


def filled_by_pypdf(pdf, answers):
    """A form filled in by pypdf."""
    reader = PdfReader(io.BytesIO(pdf))
    writer, kinds = PdfWriter(clone_from=reader), reader.get_fields()
    texts = {name.replace(".", "·"): text for name, text in answers.items()}
    values = {name: f"/{text}" if kinds[name]["/FT"] == "/Btn" else text for name, text in texts.items()}
    for page in writer.pages:
        writer.update_page_form_field_values(page, values)
    writer.write(out := io.BytesIO())
    return out.getvalue()


def test_filled_forms_are_marked_by_the_names_of_their_files(tmp_path):
    document, run_ = sheet(NAME, seed=2)
    form, right = filled_form(lower(document, run_), Setup()), key(document)
    first = next(iter(right))
    folder = tmp_path / "handed in"
    folder.mkdir()
    (folder / "ada.pdf").write_bytes(filled_by_pypdf(form, right))
    (folder / "bo.pdf").write_bytes(filled_by_pypdf(form, {**right, first: "99"}))
    assert run("mark", folder, "--out", tmp_path).exit_code == 0
    ada, bo = json.loads((tmp_path / f"{NAME}-marks" / "marks.json").read_text())
    assert (ada["student"], bo["student"]) == ("ada", "bo")
    assert {blank["verdict"] for blank in (*ada["blanks"], *ada["choices"])} == {"right"}
    assert bo["causes"][0]["cells"] == [first]


def test_a_pdf_without_fields_is_refused_in_a_line(tmp_path):
    page = tmp_path / "page.pdf"
    page.write_bytes(pdf_of_sheet())
    told = run("mark", page, "--out", tmp_path)
    assert told.stderr.startswith("byhand: page.pdf: it has no fields; byhand generate --format pdf-form writes")


def pdf_of_sheet():
    document, run_ = sheet(NAME, seed=2)
    return filled(lower(document, run_), "worksheet", Setup())


def test_several_marked_pages_are_bound_for_the_printer(tmp_path):
    path, *_ = wrong_and_right(tmp_path)
    folder = marked(path, out=tmp_path, formats=("pdf",), report=False).folder
    own = [len(PdfReader(each).pages) for each in sorted((folder / "marked").iterdir())]
    assert len(PdfReader(folder / "marked.pdf").pages) == sum(count + count % 2 for count in own)
    assert not (folder / "report.pdf").exists()
