"""What README and the pages for lecturers tell a stranger to type works."""

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
DOCS = Path(__file__).parent.parent / "docs"
PAGES = [DOCS / "index.md", DOCS / "install.md", *sorted((DOCS / "howto").glob("*.md"))]


def commands(text: str) -> list[str]:
    """The commands of byhand that a text tells one to type."""
    blocks = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    return re.findall(r"^(?:uvx --from \. )?byhand (.*?)(?:  .*)?$", blocks, re.MULTILINE)


COMMANDS = commands(README)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_commands_of_a_page_run_one_after_the_other(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class.csv").write_text("name,id\nAda Li,s1\n", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    assert commands(text)
    for command in commands(text):
        if command.startswith("mark handed-in") and not (tmp_path / "handed-in").exists():
            (tmp_path / "handed-in").mkdir()
            shutil.copy(next(tmp_path.rglob("index.csv")), "handed-in/answers.csv")
        result = CliRunner().invoke(main, command.split())
        assert result.exit_code == 0, (command, result.output)
    for file in re.findall(r"`((?:output|week3)/[^` ]+|words\.csv|term)`", text):
        assert (tmp_path / file).exists(), file


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
