"""Whatever stands in a blank of any kind, a class is marked, and all that is written of it is what its files are."""

import csv
import json

import pytest
from every_sheet import FULL, ORDER, SHEETS, a_share, made

from byhand.classroom.again import Class, own_copies
from byhand.classroom.classes import make_class
from byhand.classroom.roster import Student
from byhand.marking.mark import mark
from byhand.notation.marks import MARK
from byhand.options import Options

NONSENSE = [
    "", "?", "—", "maybe", "9" * 45, "1/0", "0/0", "√", "-√2", "inf", "nan", "🙂", "x" * 5000, '{"a": 1}', "<b>&amp;", "a\nb\t",
    "\0", "\u202e", "\ue000", "\U000f0000", "2^99", "99^99", "1e99", "(3, 4)", "3 x 4", "=1+1", "½½",
    "10000000000^99", "(9^99)^99", "√2^(9^9)", "3.317", "3/√11", "1e-99",
]  # fmt: skip
SEED = 3
CHOICES = [("llama-block", "choice"), ("kv-cache", "tick"), ("softmax", "claim")]


def possible(document, run):
    """What may be written in each blank and each other answer, by its id: all that there is to choose from, its key,
    and nonsense.
    """
    words = list(map(str, run.vocabulary or ()))
    found = {
        blank.id: [blank.cell.text, *(words if blank.role == "word" else ()), *NONSENSE]
        for blank in document.blanks()
    }
    return found | {
        reply.id: [*reply.options, *reply.labels, *(("t", "NO") if reply.role == "claim" else ()), *NONSENSE]
        for reply in document.replies()
    }


def students(document, run):
    """Students of whom together every sixth answer has each of its values; with BYHAND_FULL=1, each answer."""
    texts = possible(document, run)
    for n in range(0, max(map(len, texts.values())), 1 if FULL else 6):
        answers = {name: each[(n + at) % len(each)] for at, (name, each) in enumerate(texts.items())}
        yield {"id": f"s{n}", "name": f"Ada {n}", "hash": run.hash, "answers": answers}


def marked(path, sheet, class_, formats, **asked):
    path.write_text(json.dumps({"sheet": sheet, "seed": SEED, "students": class_}))
    return mark(path, out=path.parent, formats=formats, **asked).folder


@pytest.mark.parametrize("sheet", a_share(ORDER, 6))
def test_any_answer_in_any_blank_is_marked(sheet, tmp_path):
    formats = ("json", "csv", "html") if sheet in SHEETS else ("json", "csv")
    document, run = made(sheet, SEED)
    class_ = list(students(document, run))
    folder = marked(tmp_path / "answers.json", sheet, class_, formats)
    found = json.loads((folder / "marks.json").read_text())
    assert [each["student"] for each in found] == [each["id"] for each in class_]
    for each, student in zip(found, class_, strict=True):
        told = [*each["blanks"], *each["choices"], *each["open"]]
        assert {answer["id"] for answer in told} == {*student["answers"]}
    with (folder / "marks.csv").open(encoding="utf-8-sig") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [each["id"] for each in class_]
    if "html" in formats:
        assert len(list((folder / "marked").glob("*.html"))) == len(class_)
        assert (folder / "report.html").exists()


@pytest.mark.parametrize(("sheet", "role"), CHOICES)
def test_each_option_is_right_or_not_by_its_number_and_its_label(sheet, role, tmp_path):
    document, _ = made(sheet, SEED)
    reply = next(each for each in document.replies() if each.role == role)
    said = [*zip(reply.options, reply.options, strict=True), *zip(reply.labels, reply.options, strict=False)]
    class_ = [{"id": f"s{n}", "answers": {reply.id: text}} for n, (text, _) in enumerate(said)]
    folder = marked(tmp_path / "answers.json", sheet, class_, ("json", "html"))
    for each, (_, option) in zip(json.loads((folder / "marks.json").read_text()), said, strict=True):
        (choice,) = [found for found in each["choices"] if found["id"] == reply.id]
        assert (choice["verdict"] == "right") == (option == reply.right)
        shown = reply.labels[int(option) - 1] if reply.labels else option
        assert choice["answer"] == shown
        (page,) = (folder / "marked").glob(f"{each['student']}-*.html")
        assert page.read_text().count('<span class="tick theirs">✓</span>') == 1


@pytest.mark.parametrize(("sheet", "role"), CHOICES if FULL else CHOICES[2:])
def test_in_a_class_each_option_is_marked_as_its_own_page_shows_it(sheet, role, tmp_path):
    asked = Options(seed=SEED)
    folder = make_class(sheet, [Student(f"N{n}", f"s{n}") for n in range(3)], asked, tmp_path).folder
    of_class, class_, expected = Class.in_folder(folder), [], {}
    for n, copy in enumerate(own_copies(of_class.plan, of_class.copies)):
        reply = next(each for each in copy.replies if each.role == role)
        option = reply.options[n % len(reply.options)]
        shown = reply.labels[int(option) - 1] if reply.labels else option
        key = reply.labels[int(reply.right) - 1] if reply.labels else reply.right
        assert not MARK.search(shown)
        expected[copy.copy.student.id] = (shown, key, option == reply.right)
        class_.append({"id": copy.copy.student.id, "hash": copy.copy.hash, "answers": {reply.id: shown}})
    marks = marked(tmp_path / "answers.json", sheet, class_, ("json", "html"), class_folder=folder)
    text = (marks / "marks.json").read_text()
    assert not MARK.search(text)
    found = {each["student"]: next(c for c in each["choices"] if c["id"] == reply.id) for each in json.loads(text)}
    assert {id_: (c["answer"], c["key"], c["verdict"] == "right") for id_, c in found.items()} == expected
    for page in (marks / "marked").glob("*.html"):
        assert page.read_text().count('<span class="tick theirs">✓</span>') == 1


PRINTED = ORDER if FULL else ["llama-block"]


@pytest.mark.parametrize("sheet", PRINTED)
def test_any_answer_is_printed(sheet, tmp_path):
    document, run = made(sheet, SEED)
    some = list(students(document, run))[:: 1 if FULL else 4]
    folder = marked(tmp_path / "answers.json", sheet, some, ("pdf",))
    assert len(list((folder / "marked").glob("*.pdf"))) == len(some)
    for name in ("report.pdf", "marked.pdf"):
        assert (folder / name).read_bytes().startswith(b"%PDF")
