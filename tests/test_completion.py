"""What a shell completes: commands, options, and the names of sheets, models, formats and languages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from click.shell_completion import BashComplete
from every_sheet import ORDER

from byhand.cli import main
from byhand.model import MODELS
from byhand.worksheet.front import EXTRA_PAGES


def completed(*words):
    *before, last = words
    complete = BashComplete(main, {}, "byhand", "_BYHAND_COMPLETE")
    return [item.value for item in complete.get_completions(before, last)]


@pytest.mark.parametrize("before", [("show",), ("class",), ("mark", "--blank"), ("mark", "--sheet")])  # fmt: skip
def test_sheets_are_completed(before):
    assert completed(*before, "") == sorted(ORDER)
    assert completed(*before, "attention-") == ["attention-backward", "attention-head", "attention-in-letters"]


@pytest.mark.parametrize("before", [("generate",), ("generate", "gpt")])
def test_sheets_and_the_pages_beside_them_are_completed(before):
    assert completed(*before, "") == sorted((*ORDER, *EXTRA_PAGES))
    assert completed(*before, "attention-") == ["attention-backward", "attention-head", "attention-in-letters"]


def test_models_languages_and_choices_are_completed():
    assert completed("run", "") == sorted(MODELS)
    assert completed("list", "--language", "") == ["en"]
    assert completed("generate", "--paper", "") == ["a4", "letter", "a3"]
    assert "--orientation" in completed("generate", "--o")
    assert {"generate", "class", "mark", "verify"} <= {*completed("")}


def test_formats_are_completed_one_after_the_other():
    assert completed("generate", "--format", "pdf") == ["pdf", "pdf-form"]
    assert completed("generate", "--format", "html,t") == ["html,tex", "html,txt"]
    assert completed("class", "--format", "moo") == ["moodle"]


def test_sheets_of_ones_own_are_completed(folder):
    (folder / "worksheets" / "attention-for-us.md").write_text("")
    assert "attention-for-us" in completed("generate", "attention-f")


SHELLS = {"bash": "complete -p byhand", "zsh": "echo ${_comps[byhand]}", "fish": "complete -c byhand"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_takes_what_the_readme_says(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    (tmp_path / "byhand").write_text(
        f'#!/bin/sh\nexec {sys.executable} -c \'from byhand.cli import main; main(prog_name="byhand")\' "$@"\n'
    )
    (tmp_path / "byhand").chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    takes = {
        "bash": 'eval "$(_BYHAND_COMPLETE=bash_source byhand)"',
        "zsh": 'autoload -Uz compinit; compinit -u; eval "$(_BYHAND_COMPLETE=zsh_source byhand)"',
        "fish": "_BYHAND_COMPLETE=fish_source byhand | source",
    }[shell]
    script = f"{takes}\n{SHELLS[shell]}\n"
    done = subprocess.run([shell, "-c", script], env=env, capture_output=True, text=True, timeout=60)
    assert "byhand" in done.stdout, done.stderr
