"""What README tells a stranger to type works."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from every_sheet import ORDER

from byhand.cli import main
from byhand.reading.verdict import Finding
from byhand.worksheet.order import group_of, groups

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = "\n".join(re.findall(r"```\n(.*?)```", README, re.DOTALL))
COMMANDS = re.findall(r"^byhand (.*?)(?:  .*)?$", BLOCKS, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values, _ = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)  # and a byhand.toml
    (tmp_path / "my.toml").write_text(values, encoding="utf-8")
    arguments = command.split()
    if arguments[0] == "verify":
        CliRunner().invoke(main, ["generate", "--view", "key", "--format", "pdf"])
    if arguments[:2] == ["mark", "handed-in"]:
        CliRunner().invoke(main, ["class", "attention-head", "--anonymous", "1"])
        (tmp_path / "handed-in").mkdir()
        shutil.copy("output/attention-head-class0/index.csv", "handed-in/answers.csv")
    elif arguments == ["mark", "answers.json"]:
        CliRunner().invoke(main, ["mark", "--blank", "softmax", "--out", "answers.json"])
    if "exam.toml" in arguments and "new" not in arguments:
        CliRunner().invoke(main, ["paper", "new", "exam.toml"])
    if arguments[0] in ("generate", "mark") and "--blank" not in arguments:  # PDFs have tests of their own
        arguments += ["--format", "html"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert result.output


def test_the_readme_has_the_sheets_in_the_order_of_the_course():
    table = README[README.index("| basics |") :].partition("\n\n")[0]
    named = re.findall(r"`([\w-]+)`", table)
    assert named == [name for name in ORDER if name in named]
    assert {group_of(name) for name in named} == set(groups())
    assert len(ORDER) >= len(named) > int(re.search(r"The course has over (\d+) sheets", README)[1])


def test_the_readme_says_what_a_file_can_be_found_to_be():
    assert re.findall(r"`([\w ]+)` \((\d)\)", README) == [(each.word, str(each.code)) for each in Finding]


def test_the_readme_shows_commands():
    assert len(COMMANDS) >= 9
