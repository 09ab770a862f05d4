"""A class takes every option of `generate` that decides numbers and words, and each of its files is verified."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from byhand.classroom.again import Class, own_copies
from byhand.classroom.index import read_index
from byhand.cli import class_, generate, main
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.secret import Secret, read_secret

LAYER = """
[inputs]
x = [[1, 2, 0, 1], [0, 1, 1, -1], [2, 0, 1, 1]]
"""
PAPER = """
title = "A test"

[[parts]]
sheet = "attention-head"
steps = "Scores, Scale"

[[parts]]
sheet = "softmax"
"""


def byhand(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def made(tmp_path, *asked, students=2):
    result = byhand("class", *asked, "--anonymous", students, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    return folder


def runs_in(folder):
    of_class = Class.in_folder(folder)
    return [copy.run for copy in own_copies(of_class.plan, of_class.copies)]


def all_right(folder, *files, **knowing):
    files = files or [file for file in folder.rglob("*.pdf") if file.parent != folder]
    return bool(files) and {report(file, **knowing)[1] for file in files} == {Finding.RIGHT}


def test_a_class_has_the_options_of_numbers_that_generate_has():
    of_class = {param.name: param.opts for param in class_.params}
    apart = {"view", "book", "every", "variants", "nbgrader", "cache", "sheets"}  # of pages, or of a sheet alone
    assert {p.name: p.opts for p in generate.params if p.name not in apart}.items() <= of_class.items()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("softmax", "--softmax", "3"), lambda run: run.config.softmax_base == 3),
        (("attention-head", "--tokens", "dogs chase cats"), lambda run: run.tokens == ("dogs", "chase", "cats")),
        (("gpt", "--answer", "CAT"), lambda run: [run.vocabulary[int(t)] for (t,) in run.texts["next_token"]] == [*"CAT"]),
        (("attention-head", "--numbers", "symbolic"), lambda run: "a" in str(run.texts)),
    ],
    ids=["base", "words", "answer", "letters"],
)  # fmt: skip
def test_what_is_asked_for_holds_for_every_copy_and_every_file_is_right(tmp_path, asked, says):
    folder = made(tmp_path, *asked, students=4)
    runs = runs_in(folder)
    assert all(says(run) for run in runs)
    assert "symbolic" in asked or len({run.hash for run in runs}) > 1  # few numbers can be renamed beside letters
    assert all_right(folder)


def test_a_files_numbers_are_one_set_that_is_renamed_for_every_student(tmp_path):
    (tmp_path / "my.toml").write_text(LAYER, encoding="utf-8")
    result = byhand("class", "linear-layer", "--values", tmp_path / "my.toml", "--anonymous", 3, "--out", tmp_path)
    assert "1 set of numbers, each renamed" in result.output
    folder = tmp_path / "linear-layer-class0"
    runs = runs_in(folder)
    assert len({run.hash for run in runs}) == 3
    sizes = {tuple(tuple(number.lstrip("-") for number in row) for row in run.texts["x"]) for run in runs}
    assert sizes == {(("1", "2", "0", "1"), ("0", "1", "1", "1"), ("2", "0", "1", "1"))}
    assert all_right(folder)


def test_a_copy_outside_its_class_says_why_only_its_numbers_are_judged(tmp_path):
    folder = made(tmp_path, "attention-head", "--tokens", "dogs chase cats", students=1)
    (key,) = (folder / "keys").iterdir()
    (there := tmp_path / "alone" / "keys").mkdir(parents=True)
    shutil.copy(key, there / "key.pdf")
    (line, *_), finding = report(there / "key.pdf")
    assert finding is Finding.NUMBERS_ONLY
    assert "is not in that class's folder" in line


def test_a_class_of_words_of_ones_own_is_marked(tmp_path):
    folder = made(tmp_path, "attention-head", "--tokens", "dogs chase cats")
    with (folder / "index.csv").open("rb") as index:
        assert len([*read_index(index)]) == 2
    (tmp_path / "in").mkdir()
    shutil.copy(folder / "index.csv", tmp_path / "in" / "answers.csv")
    result = byhand("mark", tmp_path / "in", "--class", folder, "--format", "csv", "--out", tmp_path / "out")
    assert "2 marked" in result.output


def test_a_paper_takes_them_too(tmp_path):
    (tmp_path / "exam.toml").write_text(PAPER, encoding="utf-8")
    folder = made(tmp_path, tmp_path / "exam.toml", "--tokens", "dogs chase cats", "--softmax", "3")
    assert {run.tokens for run in runs_in(folder / "attention-head")} == {("dogs", "chase", "cats")}
    assert all_right(folder)


@pytest.mark.parametrize(
    ("sheet", "asked"),
    [
        ("attention-head", ()), ("attention-head", ("--tokens", "dogs chase cats")), ("gpt", ("--answer", "CAT")),
        ("attention-head", ("--secret", "class.secret")),
    ],
    ids=["alone", "words", "answer", "secret"],
)  # fmt: skip
def test_pages_and_runs_of_some_steps_are_verified_too(tmp_path, monkeypatch, sheet, asked):
    monkeypatch.chdir(tmp_path)
    part = PAPER.replace("attention-head", sheet).replace("Scores, Scale", "9-10" if sheet == "gpt" else "5-6")
    Path("exam.toml").write_text(part.rpartition("[[parts]]")[0], encoding="utf-8")
    folder = made(tmp_path, "exam.toml", *asked, "--format", "html,json", students=2)
    files = [*(folder / sheet).rglob("*.html"), *(folder / sheet).rglob("*.json")]
    files.remove(folder / sheet / "class.json")
    assert len(files) == 6
    assert all_right(folder, *files, secret=read_secret("class.secret") if "--secret" in asked else None)


def test_a_secret_is_not_that_of_a_class_of_a_seed(tmp_path):
    (tmp_path / "exam.toml").write_text(PAPER, encoding="utf-8")
    assert all_right(made(tmp_path, tmp_path / "exam.toml", students=1), secret=Secret("ab" * 32))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("linear-layer", "--answer", "CAT"), "says no words, so it has no answer"),
        (("linear-layer", "--values", "none.toml"), "none.toml"),
        (
            ("attention-head", "--tokens", "dogs,chase,cats"),
            "numbers are chosen for 3 to 5 tokens, not 1",
        ),
    ],
)
def test_nothing_is_written_of_a_class_that_cannot_be_made(tmp_path, asked, told):
    result = byhand("class", *asked, "--anonymous", 2, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert told in result.output
    assert not (tmp_path / "out").exists()
