"""A lesson of somebody's own: its text and its Python, which runs only where it is trusted."""

import json
import pickle

import pytest
from click.testing import CliRunner

from byhand import loading
from byhand.arithmetic.exact import RATIONALS
from byhand.cli import main
from byhand.errors import ByHandError, UnknownNameError
from byhand.model import MODELS
from byhand.numbers.promises import sheet_promise_named
from byhand.numbers.refused import RULES
from byhand.witness.wiring import WIRINGS
from byhand.worksheet.order import order
from byhand.worksheet.sheet import parse_sheet

TEXT = """---
title: Squares
model: squared-numbers
goal: "You square numbers."
promises: ['largest("squared") > 8', 'number("squared", 0, 0) != number("squared", 0, 1)']
inputs:
  x: [[1, 2, 3], [2, -1, 0]]
---
## Squares

{{ given("x") }}

{{ ask("squared") }}
"""
STEPS = '''"""Squares: its steps."""

from pathlib import Path

from byhand.model.registry import model
from byhand.ops.linear import multiply
from byhand.witness.wiring import wiring

Path(__file__).with_name("has_run").touch()


@model("squared-numbers")
def _steps(build):
    """Each number times itself."""
    x = build.matrix("x", ("row", "entry"))
    return multiply(x, x, name="squared")
'''
SECOND = """

@wiring("squared-numbers")
def _second(w):
    w("squared", "multiply", "x", "x")
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder of one's own with a lesson; whatever it registers is forgotten afterwards."""
    folder = tmp_path / "course"
    (folder / "worksheets").mkdir(parents=True)
    (folder / "worksheets" / "squares.md").write_text(TEXT)
    (folder / "worksheets" / "squares.py").write_text(STEPS + SECOND)
    monkeypatch.setenv("BYHAND_TEMPLATES", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setattr(loading, "_trusted", [])
    yield folder
    loading.load_lesson.cache_clear()
    MODELS.pop("squared-numbers", None)
    WIRINGS.pop("squared-numbers", None)


def command(*words):
    return CliRunner().invoke(main, [*map(str, words)])


def generated(course, out, *more):
    return command("generate", "squares", "--seed", 3, "--format", "html,json", "--out", out, *more)


def test_its_python_does_not_run_unless_its_folder_is_trusted(course, tmp_path):
    made = generated(course, tmp_path / "out")
    assert made.exit_code == 1
    assert made.output.endswith(f"worksheets/squares.py may have it, which is read with --trust {course}\n")
    assert not (course / "worksheets" / "has_run").exists()
    assert not (tmp_path / "out").exists()


def test_a_list_has_every_other_sheet_and_says_in_a_line_why_one_is_left_out(course):
    (course / "worksheets" / "torn.md").write_text("---\ntitle: Torn\n")
    (course / "worksheets" / "whole.md").write_text(TEXT.replace("Squares", "Whole"))
    result = command("list", "--json")
    assert result.exit_code == 0
    assert [sheet["name"] for sheet in json.loads(result.stdout)] == [*order()]
    untrusted, torn, whole = result.stderr.splitlines()
    assert untrusted.startswith("byhand: squares.md: no model 'squared-numbers'; ")
    assert untrusted.endswith(f"; worksheets/squares.py may have it, which is read with --trust {course}")
    assert torn == "byhand: torn.md has no front matter; begin with --- and end it with ---"
    assert whole.startswith("byhand: whole.md: no model 'squared-numbers'; ")


def test_it_makes_pages_that_are_right(course, tmp_path):
    made = generated(course, tmp_path / "out", "--trust", course)
    assert made.exit_code == 0, made.output
    run = json.loads((tmp_path / "out" / "squares-seed3" / "run.json").read_text())
    assert run["quality"]["promises"] == {
        'largest("squared") > 8': True, 'number("squared", 0, 0) != number("squared", 0, 1)': True,
        **dict.fromkeys(RULES.values(), True),
    }  # fmt: skip
    verified = command("verify", tmp_path / "out", "--trust", course)
    assert verified.output.endswith("3 files, 3 right\n")


def test_without_a_second_it_is_consistent_with_itself_only(course, tmp_path):
    (course / "worksheets" / "squares.py").write_text(STEPS)
    assert generated(course, tmp_path / "out", "--trust", course).exit_code == 0
    verified = command("verify", tmp_path / "out", "--trust", course)
    assert "3 files, 0 right, 3 consistent with its own recording\n" in verified.output
    assert verified.exit_code == 1


def test_processes_beside_this_one_read_it(course, tmp_path):
    made = command("class", "squares", "--anonymous", 2, "--jobs", 2, "--format", "html", "--out", tmp_path / "out",
                   "--trust", course)  # fmt: skip
    assert made.exit_code == 0, made.output


def test_the_settings_may_trust_a_folder(course, tmp_path):
    settings = tmp_path / "settings" / "byhand" / "byhand.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"trust = ['{course}']\n")
    made = generated(course, tmp_path / "out")
    assert made.exit_code == 0, made.output


def test_the_current_folder_may_not(course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "byhand.toml").write_text(f"trust = ['{course}']\n")
    made = generated(course, tmp_path / "out")
    own = tmp_path / "settings" / "byhand" / "byhand.toml"
    assert made.output == f"byhand: byhand.toml: trust counts in your folder for settings only; write it into {own}\n"
    assert not (course / "worksheets" / "has_run").exists()


@pytest.mark.parametrize(
    ("python", "told"),
    [
        ("x = (1", "squares.py, line 1: '(' was never closed"),
        ("import byhand\n1 / 0\n", "squares.py, line 2: ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_that_fails_is_told_with_its_line(course, tmp_path, python, told):
    (course / "worksheets" / "squares.py").write_text(python)
    assert generated(course, tmp_path / "out", "--trust", course).output == f"byhand: {told}\n"


PROMISED = "---\ntitle: A\nmodel: softmax\ngoal: B\nconfig: {{softmax_base: 2}}\npromises: ['{}']\ninputs:\n  scores: [[0, 1, 2]]\n---\n## C\n"


def kept(promise):
    sheet = parse_sheet("own", PROMISED.format(promise))
    (name,) = {*sheet.promises} - {*RULES.values()}
    return sheet_promise_named(name)(sheet.model.run(sheet.given(letters=False), RATIONALS))


@pytest.mark.parametrize(
    ("promise", "keeps"),
    [
        ('largest("softmax", 0) > 1/2', True),
        ('number("scores", 0, 0) == 1', False),
        ('smallest("softmax") < 1/3 < largest("softmax") and number("softmax", 0, 2) * 7 - 4 == 0', True),
        ('total("softmax") == 1 and not largest("scores", row=0) == -2', True),
        ('largest("softmax", mistake="no-powers") == largest("softmax")', False),
    ],
)
def test_a_promise_may_be_an_expression(promise, keeps):
    assert kept(promise) is keeps


@pytest.mark.parametrize(
    ("promise", "told"),
    [
        ('largest("softmax"', 'largest("softmax" is no expression: \'(\' was never closed'),
        ("nine > 8", "nine has no meaning in a promise; compare number, largest, smallest, total, leads, and numbers"),
        ("2 ** 9 > 8", "2 ** 9 has no meaning in a promise; compare number, largest, smallest, total, leads, and numbers"),
        ('"".upper() == "A"', '"".upper() has no meaning in a promise; compare number, largest, smallest, total, leads, and numbers'),
        ('[x for x in "a"] == 1', '[x for x in "a"] has no meaning in a promise; compare number, largest, smallest, total, leads, and numbers'),
        ('number("scores", 0, 0) + 1', 'number("scores", 0, 0) + 1 is no comparison, which is true or false'),
        ('number("scores", 0, 9) > 1', 'the promise number("scores", 0, 9) > 1 has no value: tuple index out of range'),
        ('number("score", 0, 0) > 1', "no step 'score'; did you mean 'scores'?"),
    ],
)  # fmt: skip
def test_what_is_no_promise_is_told(promise, told):
    with pytest.raises(ByHandError) as caught:
        kept(promise)
    assert str(caught.value).removeprefix("own.md: promises: ").replace("'", '"') == told.replace("'", '"')


def test_an_error_reaches_another_process_as_it_is():
    error = pickle.loads(pickle.dumps(UnknownNameError("model", "gpd", ["gpt"])))
    assert (type(error), str(error), error.name) == (UnknownNameError, "no model 'gpd'; did you mean 'gpt'?", "gpd")
