"""byhand doctor: what it finds on a machine, and the command that mends what is missing."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from without_pango import WITHOUT_PANGO

from byhand import cache, doctor
from byhand.cli import main
from byhand.extras import install_command
from byhand.press.engine import PANGO, pango_command


def test_on_a_machine_that_has_all_nothing_needed_is_missing():
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 0
    about = [line.split()[0] for line in done.output.splitlines() if not line.startswith(" ")]
    assert about[:6] == ["byhand", "Pango", "fonts", "cache", "output", "terminal"]
    assert "docx" in about


def run(*asked, program=WITHOUT_PANGO, **environment):
    return subprocess.run([sys.executable, "-c", program, *asked], capture_output=True, text=True, errors="replace",
                          env={**os.environ, **environment})  # fmt: skip


def test_without_pango_it_says_the_command_that_installs_it():
    done = run("doctor")
    assert done.returncode == 1
    assert f"→ {pango_command()}" in done.stdout
    assert done.stderr == "byhand: worksheets cannot be printed here without Pango\n"


@pytest.mark.parametrize("program", PANGO)
def test_the_command_is_that_of_the_program_that_installs_things_here(program, monkeypatch):
    monkeypatch.setattr("byhand.press.engine.which", lambda name: name if name == program else None)
    assert pango_command() == PANGO[program]
    monkeypatch.setattr("sys.platform", "win32")
    assert "MSYS2" in pango_command()


def test_folders_that_cannot_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.doctor._writable", lambda folder: False)
    monkeypatch.setattr(cache, "home", lambda: tmp_path)
    found = {each.about: each for each in doctor.examined()}
    assert found["cache"].found == f"{tmp_path} cannot be written to"
    assert not found["cache"].needed
    assert found["output"].needed
    assert "XDG_CACHE_HOME" in found["cache"].mend
    monkeypatch.setattr("sys.platform", "win32")
    assert "WIN_PD_OVERRIDE_LOCAL_APPDATA" in doctor._cache().mend


def test_a_folder_that_is_a_file_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    assert doctor._writable(tmp_path / "new" / "inner")
    assert not doctor._writable(tmp_path / "file" / "inner")


def test_extras_are_listed_with_the_command_for_one_that_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "is_installed", lambda package: package != "python-docx")
    found = {each.about: each for each in doctor.examined()}
    assert found["docx"].found == "python-docx: not installed"
    assert found["docx"].mend == install_command("docx")
    assert not found["xlsx"].mend
    assert not {"dev", "site"} & {*found}


def test_a_terminal_that_lacks_a_sign_shows_another_and_is_told(tmp_path):
    program = "import sys; from byhand.cli import main; main(sys.argv[1:])"
    mistakes = run("foils", program=program, PYTHONIOENCODING="cp1252")
    assert mistakes.returncode == 0
    assert not mistakes.stderr
    assert "? Take the decay from the weight itself" in mistakes.stdout
    told = run("doctor", program=program, PYTHONIOENCODING="cp1252")
    assert "cp1252 has not all of" in told.stdout
    assert "set PYTHONUTF8=1" in told.stdout
