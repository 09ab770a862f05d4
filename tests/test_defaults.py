"""byhand.toml: options that need not be typed. What is typed wins, and what is wrong in it is one line."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from byhand.cli import main
from byhand.defaults import NAME, OPTIONS, defaults


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """The user's folder for settings and the current one, both empty."""
    here, settings = tmp_path / "here", tmp_path / "settings"
    here.mkdir()
    (settings / "byhand").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(settings))
    return here, settings / "byhand"


def command(*arguments):
    return CliRunner().invoke(main, arguments)


def made(*arguments):
    """The files that a command makes, by their paths, as it prints them."""
    result = command("generate", "scores", "--no-cache", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.split()


def test_a_file_in_the_current_folder_is_as_if_typed(folders):
    (folders[0] / NAME).write_text(
        'format = ["md", "txt"]\nview = "key"\nout = "handouts"\norientation = "columns"\n'
    )
    assert made() == ["handouts/scores-seed0/key.md", "handouts/scores-seed0/key.txt"]
    assert "Columns are tokens" in (folders[0] / "handouts/scores-seed0/key.md").read_text()


def test_what_is_typed_wins_over_the_folder_and_the_folder_over_the_user(folders):
    here, own = folders
    (own / NAME).write_text('format = "md"\nview = "key"\nout = "own"\n')
    assert made() == ["own/scores-seed0/key.md"]
    (here / NAME).write_text('out = "here"\n')
    assert made() == ["here/scores-seed0/key.md"]
    assert made("--out", "typed", "--view", "worksheet") == ["typed/scores-seed0/worksheet.md"]


def test_debug_says_which_files_were_read(folders):
    here, own = folders
    assert "options are read from no byhand.toml\n" in command("--debug", "formats").stderr
    (own / NAME).write_text('paper = "letter"\n')
    (here / NAME).write_text('paper = "a4"\n')
    assert f"options are read from {own / NAME}, {NAME}\n" in command("--debug", "formats").stderr


def test_a_command_says_which_of_its_options_the_current_folder_decides(folders):
    """Its file may be another's, and may have the command write anywhere."""
    here, own = folders
    (own / NAME).write_text('paper = "letter"\n')
    assert command("generate", "dot-product", "--format", "md").stderr == ""
    (here / NAME).write_text('paper = "a4"\nsoftmax = 3\nformat = "md"\nout = "elsewhere"\njobs = 2\n')
    told = "byhand: byhand.toml in this folder says paper, softmax, format, out\n"
    assert command("generate", "dot-product").stderr == told
    assert command("list").stderr == ""


def test_a_file_asks_for_no_more_cores_than_there_are(folders):
    (folders[0] / NAME).write_text("jobs = 1000\n")
    assert defaults([folders[0] / NAME]) == {"jobs": os.cpu_count()}


def test_marking_asks_for_nothing_that_a_file_of_answers_says_itself(folders):
    (folders[0] / NAME).write_text('orientation = "columns"\nformat = "md"\nlevel = "easy"\nnumbers = "decimal"\n')
    assert command("mark", "--blank", "softmax", "--out", "blank.json").exit_code == 0
    assert '"level": "easy"' in (folders[0] / "blank.json").read_text()
    (folders[0] / NAME).write_text('orientation = "columns"\nlevel = "stretch"\n')
    result = command("mark", "blank.json", "--format", "json")
    assert result.exit_code == 0, result.output


WRONG = [
    ('papr = "a4"', "no option 'papr'; did you mean 'paper'?"),
    ('paper = "a5"', "paper = 'a5' is no value for it; use a4 or letter"),
    ("places = 0", "places = 0 is no value for it; use a whole number from 1 to 12"),
    ("places = true", "places = True is no value for it; use a whole number from 1 to 12"),
    ("softmax = 10", "softmax = 10 is no value for it; use 2, 3 or e"),
    ("softmax = 3.0", "softmax = 3.0 is no value for it; use 2, 3 or e"),
    ("paper = 1", "paper = 1 is no value for it; use a4 or letter"),
    ("places = 2.0", "places = 2.0 is no value for it; use a whole number from 1 to 12"),
    ("cache = 1", "cache = 1 is no value for it; use true or false"),
    ('format = "htm"', "no format 'htm'; did you mean 'html'?"),
    ("format = []", "format = [] is no value for it; use names of formats, such as [\"html\", \"pdf\"]"),
    ("[generate]", "no option 'generate'; did you mean "),
    ("paper = ", "byhand.toml is no TOML file: "),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_in_a_file_is_one_line(text, told, folders):
    (folders[0] / NAME).write_text(text + "\n")
    result = command("generate", "dot-product")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"byhand: {NAME}")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (folders[0] / "output").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 200_000, b"a = " + b"[" * 50_000])
def test_what_is_no_file_of_options_is_refused_in_one_line(content, folders):
    (folders[0] / NAME).write_bytes(content)
    result = command("list")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_every_option_of_a_file_is_one_of_the_command_line():
    options = {name.lstrip("-") for param in main.commands["generate"].params for name in param.opts}
    options |= {name.lstrip("-") for param in main.commands["class"].params for name in param.opts}
    assert OPTIONS.keys() <= options


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_an_option_of_a_file_may_be_what_it_may_be_when_it_is_typed(name):
    fits, _ = OPTIONS[name]
    params = main.commands["generate"].params + main.commands["class"].params
    kind = next(param.type for param in params if f"--{name}" in param.opts)
    if isinstance(kind, click.Choice):
        choices = {*kind.choices} - {"a3"}  # for the poster alone
        assert all(fits(int(each) if each.isdecimal() else each) for each in choices)
        assert not fits("another")
    elif isinstance(kind, click.IntRange):
        assert fits(kind.min)
        assert not fits(kind.min - 1)
        assert kind.max is None or (fits(kind.max) and not fits(kind.max + 1))
    else:
        text = ["text"] if name == "trust" else "text"  # of several folders
        assert fits(True) if isinstance(kind, click.types.BoolParamType) else fits(text)


def test_the_file_that_the_readme_shows_is_one(folders):
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    (folders[0] / NAME).write_text(re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)[1])
    assert "handouts/scores-seed0/key.ipynb" in made()
    assert all(f"`{name}`" in readme or f"\n{name} = " in readme for name in OPTIONS)
