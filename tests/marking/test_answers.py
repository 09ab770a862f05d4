"""Files of answers: the same answers from every form, and one line for what is none."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import byhand
from byhand.errors import AnswersError
from byhand.marking.answers import read_answers
from byhand.marking.blank import BlankAnswers
from byhand.options import Options
from byhand.options_file import FIELDS
from byhand.worksheet.sheet import load_sheet

BLANKS = ["1/ask/P/1,1", "1/ask/P/1,2", "1/ask/P/2,1", "1/ask/P/2,2"]
TEXTS = ["-3", "1/2", "−∞", ""]


def students(tmp_path, content, name="answers"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_answers(path).students(BLANKS))


def as_json(**student):
    return json.dumps({"schema": 1, "sheet": "softmax", "students": [student]})


ALIKE = {
    "answers by blank": as_json(id="a", answers=dict(zip(BLANKS, TEXTS, strict=True))),
    "a matrix": as_json(id="a", matrices={"1/ask/P": [["-3", "1/2"], ["−∞", ""]]}),
    "numbers and null": as_json(id="a", matrices={"1/ask/P": [[-3, "1/2"], ["−∞", None]]}),
    "answers before a matrix": as_json(
        id="a", answers={BLANKS[0]: "-3"}, matrices={"1/ask/P": [[7, "1/2"], ["−∞", ""]]}
    ),
    "one student alone": json.dumps(
        {"sheet": "softmax", "id": "a", "answers": dict(zip(BLANKS, TEXTS, strict=True))}
    ),
    "a list of students": json.dumps([{"id": "a", "answers": dict(zip(BLANKS, TEXTS, strict=True))}]),
    "what is said of the sheet after the students": json.dumps(
        {"students": [{"id": "a", "answers": dict(zip(BLANKS, TEXTS, strict=True))}], "sheet": "softmax"}
    ),
    "laid out in lines": json.dumps(
        json.loads(as_json(id="a", answers=dict(zip(BLANKS, TEXTS, strict=True)))), indent=1
    ),
    "with a byte order mark": "\ufeff" + as_json(id="a", answers=dict(zip(BLANKS, TEXTS, strict=True))),
    "csv by blank": 'id,"1/ask/P/1,1","1/ask/P/1,2","1/ask/P/2,1","1/ask/P/2,2"\na,-3,1/2,−∞,\n',
    "csv in order": "id;first;second;third;fourth\na;'-3;1/2;−∞;\n",
}


@pytest.mark.parametrize("content", ALIKE.values(), ids=ALIKE.keys())
def test_every_form_holds_the_same_answers(tmp_path, content):
    (student,) = students(tmp_path, content)
    assert student.id == "a"
    assert [student.answers.get(blank, "") for blank in BLANKS] == TEXTS


def test_a_column_of_answers_is_that_of_a_class_s_index(tmp_path):
    (student,) = students(tmp_path, "student,id,group,hash,answers\nAda,a,1,1234567,−3 1/2 −∞ 4\n")
    assert (student.id, student.name, student.hash) == ("a", "Ada", "1234567")
    assert list(student.answers.values()) == ["−3", "1/2", "−∞", "4"]


REFUSED = {
    "": "answers is empty",
    "{": "answers is no file of answers: it ends in the middle; send or save it once more",
    '{"students": [], "seed": -1, "colour": 1}': "answers is no file of answers: Object contains unknown field `colour`",
    '{"students": [{"id": "a"} {"id": "b"}]}': "answers is no file of answers: JSON is malformed: expected ',' or ']'",
    '{"students": [{"id": "a"}, 7]}': "answers is no file of answers: its students are no objects",
    '[{"id": "a"}': "answers is no file of answers: it ends in the middle; send or save it once more",
    as_json(
        id="a", answers={BLANKS[0]: {"a": {"b": {}}}}
    ): "answers, student 1: Expected `int | float | str | null`, got `object`",
    '{"schema": 2, "students": []}': "answers is of schema 2; this byhand reads schema 1",
    as_json(id=7): "answers, student 1: Expected `str`, got `int` - at `$.id`",
    as_json(
        id="a", answers={"1/ask/P/1,3": "1"}
    ): "answers, student 'a': no blank '1/ask/P/1,3'; did you mean '1/ask/P/1,2'?",
    as_json(
        id="a", matrices={"1/ask/P": [[1, 2, 3]]}
    ): "answers, student 'a': no blank '1/ask/P/1,3'; did you mean '1/ask/P/1,2'?",
    as_json(
        id="a", answers={BLANKS[0]: "1" * 6000}
    ): "answers, student 'a': 1/ask/P/1,1 holds 6,000 characters; an answer has up to 5,000",
    as_json(id="a\n"): "answers: the id 'a\\n' holds \\n, which cannot be printed",
    as_json(id="a" * 65): "answers: an id of 65 characters; 64 are the most",
    "PK\x03\x04": "answers: it cannot be opened as a spreadsheet (File is not a zip file); save it as .xlsx, or its answers as CSV",
    "id,colour\na,1\n": "answers has no answers under its headings 'id', 'colour'; give each of the 4 blanks a column (byhand mark --blank SHEET names them), or all of them one column, answers",
    'id,"1/ask/P/9,9"\na,1\n': "answers: no blank '1/ask/P/9,9'; did you mean '1/ask/P/2,2'?",
    "id,answers\na,1 2 3\n": "answers line 2: 3 answers for 4 blanks",
    'id,"1/ask/P/1,1"\na,1,2\n': "answers line 2 has 3 fields; its headings are 2",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_holds_no_answers_is_refused_in_one_line(tmp_path, content):
    with pytest.raises(AnswersError) as refused:
        students(tmp_path, content)
    assert str(refused.value).startswith(REFUSED[content])
    assert "\n" not in str(refused.value)


def test_students_are_read_one_by_one(tmp_path):
    path = tmp_path / "many.json"
    good = {"id": "a", "answers": {}}
    path.write_text(json.dumps({"students": [good, {"id": 1}]}))
    found = read_answers(path).students(BLANKS)
    assert next(found).id == "a"
    with pytest.raises(AnswersError, match="student 2"):
        next(found)


def test_texts_may_hold_what_json_is_made_of(tmp_path):
    texts = ['{"students": [', '}]"', "\\", '\\"{', "[,]"]
    written = [{"id": text, "answers": {BLANKS[0]: text}} for text in texts]
    for content in (json.dumps(written), json.dumps({"students": written, "byhand": '"students": [{'})):
        found = students(tmp_path, content)
        assert [(student.id, *student.answers.values()) for student in found] == [(text, text) for text in texts]


def test_more_files_may_be_handed_in_than_may_be_open(tmp_path):
    resource = pytest.importorskip("resource")
    for number in range(150):
        (tmp_path / f"{number}").write_text(as_json(id=f"{number}") if number % 2 else "id,answers\n1,1 2 3 4\n")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, limits[1]))
    try:
        files = [read_answers(path) for path in tmp_path.iterdir()]
        assert sum(len(list(file.students(BLANKS))) for file in files) == 150
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def schema():
    return json.loads((Path(byhand.__file__).parent / "answers.schema.json").read_text(encoding="utf-8"))


def test_what_byhand_writes_is_as_the_schema_says():
    validator = Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    written = BlankAnswers.of_sheet(load_sheet("softmax"), Options(seed=2, orientation="columns", numbers="decimal"))
    validator.validate(json.loads(written.json()))
    validator.validate(json.loads(ALIKE["answers by blank"]))
    for wrong in (
        {"students": []},
        {"students": [{"answers": {}}]},
        {"students": [{"id": "a", "answers": {"1": [1]}}]},
    ):
        assert not validator.is_valid(wrong)


def test_the_schema_has_every_option_that_a_file_may_have():
    properties = schema()["properties"]
    assert [*properties["options"]["properties"], "seed"] == [name for name in FIELDS if name != "seed"] + ["seed"]
