"""Systems other than the one at hand: what Windows and macOS lack, refuse, or write otherwise."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from byhand.classroom import workers
from byhand.classroom.roster import Student
from byhand.cli import main
from byhand.defaults import NAME, defaults
from byhand.errors import OutputError, SheetError
from byhand.files import mend, staged, staging, write
from byhand.marking.handed_in import HandedIn, whose
from byhand.model.files import load_entries
from byhand.paper import read_paper
from byhand.press import engine
from byhand.worksheet.sheet import load_sheet

# Python begins with it: it has no more of POSIX than on Windows. What is imported first knows Windows itself.
WITHOUT_POSIX = """
import click._termui_impl, concurrent.futures.process, multiprocessing.popen_spawn_posix, os, platformdirs.unix
import shutil, signal, subprocess, sys, tempfile, warnings

for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "pthread_kill", "setitimer"):
    delattr(signal, name)
for name in ("O_DIRECTORY", "O_NOFOLLOW", "fork", "geteuid", "getuid", "killpg", "mkfifo", "nice", "posix_fadvise",
             "sched_getaffinity", "statvfs"):
    delattr(os, name)

opened, shutil._use_fd_functions = os.open, False
def open_file(path, *how, **more):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return opened(path, *how, **more)
os.open = open_file

warnings.filterwarnings("error", category=EncodingWarning, module="byhand")  # for which Windows has another one
"""
IMPORT_ALL = """
from importlib import import_module
from pkgutil import walk_packages
import byhand
for module in walk_packages(byhand.__path__, "byhand."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
"""
SIGNS = """
from byhand.cli import main
for command in (["list"], ["show"], ["show", "gpt"], ["formats"], ["foils"], ["cache"], ["show", "ȳ"], ["generate", "--help"]):
    try:
        main(command)
    except SystemExit as ended:
        assert ended.code in (0, 1), command
"""


def run(*command, **environment):
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True,
                          env={**os.environ, **environment})  # fmt: skip


@pytest.fixture
def elsewhere(tmp_path):
    """The environment of a Python that has no more of POSIX than on Windows."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITHOUT_POSIX, encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(tmp_path / "site"), os.environ.get("PYTHONPATH", ""))))
    return {"PYTHONPATH": path, "PYTHONWARNDEFAULTENCODING": "1"}


def test_nothing_of_posix_is_needed_to_import_any_of_it(elsewhere):
    done = run("-c", IMPORT_ALL, **elsewhere)
    assert done.returncode == 0, done.stderr.decode()


def test_nothing_of_posix_is_needed_to_make_a_class_in_two_processes_and_to_verify_it(elsewhere, tmp_path):
    wanted = ("dot-product", "--anonymous", 3, "--format", "html")
    made = run("-m", "byhand.cli", "class", *wanted, "--jobs", 2, "--out", tmp_path / "out", **elsewhere)
    assert made.returncode == 0, made.stderr.decode()
    (folder,) = (tmp_path / "out").iterdir()
    assert len([*folder.glob("keys/*.html")]) == len([*folder.glob("worksheets/*.pdf")]) == 3
    assert not [*folder.glob(".byhand-*")]
    key = next(folder.glob("keys/*.pdf"))
    read = run("-m", "byhand.cli", "verify", key, **elsewhere)
    assert read.returncode == 0, read.stderr.decode()


def test_signs_that_a_terminal_lacks_end_no_command():
    done = run("-c", SIGNS, PYTHONIOENCODING="cp437")
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"? Take the decay from the weight itself" in done.stdout


def test_what_a_program_reads_is_utf_8_whatever_the_terminal_lacks():
    sheets = json.loads(run("-m", "byhand.cli", "list", "--json", PYTHONIOENCODING="cp1252").stdout)
    told = CliRunner().invoke(main, ["list", "--json"]).stdout
    assert sheets == json.loads(told)
    assert any(not sheet["title"].isascii() for sheet in sheets)


def as_windows_writes(path, text):
    """A text as Notepad saves it: with a mark of its encoding, and line ends of two characters."""
    path.write_text(text, encoding="utf-8-sig", newline="\r\n")
    return path


def test_files_that_windows_wrote_are_read_as_any_other(tmp_path, monkeypatch):
    text = 'title = "Übung"\n\n[[parts]]\nsheet = "softmax"\n\n[[parts]]\ntext = """\nTwo\nlines."""\n'
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "exam.toml").write_text(text, encoding="utf-8", newline="\n")
    assert read_paper(as_windows_writes(tmp_path / "exam.toml", text)) == read_paper(tmp_path / "plain" / "exam.toml")

    assert defaults([as_windows_writes(tmp_path / NAME, 'paper = "letter"\nlarge = true\n')]) == {
        "paper": "letter", "large": True,
    }  # fmt: skip
    for name, values in (("a.toml", 'tokens = ["Ö"]\n'), ("a.json", '{"tokens":\n ["Ö"]}\n')):
        assert load_entries(as_windows_writes(tmp_path / name, values)) == {"tokens": ["Ö"]}

    (tmp_path / "own" / "worksheets").mkdir(parents=True)
    shipped = Path(load_sheet.__code__.co_filename).parents[2] / "templates"
    for name in ("course.toml", "worksheets/dot-product.md"):
        as_windows_writes(tmp_path / "own" / name, (shipped / name).read_text(encoding="utf-8"))
    plain = load_sheet("dot-product").body
    monkeypatch.setenv("BYHAND_TEMPLATES", str(tmp_path / "own"))
    assert load_sheet("dot-product").body == plain
    assert CliRunner().invoke(main, ["show"]).exit_code == 0


DEVICES = ["CON", "prn", "Aux", "nul", "COM1", "LPT9"]  # no file of Windows can be called so, whatever its ending


def test_students_have_files_of_their_own_whatever_a_system_calls_one_name():
    called = [*DEVICES, "Ann", "ann", "ANN", "Ann.", "Ann ", "A/nn", "a\\nn", "José", "JOSE\u0301", "*?", "", "x" * 200]  # fmt: skip
    stems = [student.stem for name in called for student in (Student(name, name), Student(name, "7"))]
    assert len({*stems}) == len(stems)
    assert all(re.fullmatch(r"([a-z0-9-]+-)?[0-9a-f]{6,}", stem) for stem in stems)
    assert max(map(len, stems)) < 80


def test_a_file_that_a_mac_named_is_that_of_the_student_of_the_roster():
    files = [
        HandedIn(Path("a.json"), under="Jose\u0301 Li_12_assignsubmission_file"),
        HandedIn(Path("Jose\u0301.json")),
    ]
    assert [*whose(files)] == [("José Li 12", "José Li"), ("José", "")]


def test_papers_and_sheets_whose_names_differ_only_in_their_case_are_refused(tmp_path, monkeypatch):
    text = 'title = "A test"\n[[parts]]\nsheet = "softmax"\n'
    for name in ("exam.toml", "Exam.TOML"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(main, ["generate", "exam.toml", "Exam.TOML"])
    assert "two papers are called exam" in refused.stderr
    assert not (tmp_path / "output").exists()
    assert CliRunner().invoke(main, ["generate", "Exam.TOML", "--format", "md"]).exit_code == 0

    own = tmp_path / "own" / "worksheets" / "Softmax.md"
    own.parent.mkdir(parents=True)
    own.write_text("---\ntitle: Mine\n---\n", encoding="utf-8")
    monkeypatch.setenv("BYHAND_TEMPLATES", str(tmp_path / "own"))
    with pytest.raises(SheetError, match="there is a sheet softmax, whose files would have the same names"):
        load_sheet("Softmax")
    assert load_sheet("softmax").name == "softmax"


def refuse(monkeypatch, names):
    """Files that are open in another program, as Windows has it: they can neither be replaced nor written to."""
    rename, opened = os.replace, Path.open

    def replaced(part, path):
        if Path(path).name in names and Path(path).exists():
            raise PermissionError(13, "Access is denied", str(part), 5, str(path))
        rename(part, path)

    def open_file(path, mode="r", *how, **more):
        if path.name in names and mode == "r+b":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, mode, *how, **more)

    monkeypatch.setattr(os, "replace", replaced)
    monkeypatch.setattr(Path, "open", open_file)


def test_a_file_that_is_open_in_another_program_is_named_and_none_is_replaced(tmp_path, monkeypatch):
    before = {"a.pdf": b"1", "b.pdf": b"2"}
    write(tmp_path, before)
    refuse(monkeypatch, {"b.pdf"})
    told = f"{re.escape(str(tmp_path / 'b.pdf'))} cannot be replaced: it is open in another program"
    with staging(tmp_path) as parts:
        with pytest.raises(OutputError, match=told):
            mend(tmp_path / "b.pdf", b"3", parts)
        with pytest.raises(OutputError, match=told), staged(tmp_path / "b.pdf", parts) as file:
            file.write(b"3")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(OutputError, match=told):
        write(tmp_path, {"a.pdf": b"3", "b.pdf": b"4"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_windows_gets_no_more_processes_than_python_has_there(monkeypatch):
    class Pool:
        def __init__(self, jobs, *more, **named):
            self.jobs = jobs

        def shutdown(self, **how):
            pass

    monkeypatch.setattr(workers, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(sys, "platform", "win32")
    with workers.processes(100) as pool:
        assert pool.jobs == 61
    with workers.processes(2) as pool:
        assert pool.jobs == 2


def test_on_a_mac_pango_is_found_where_homebrew_puts_it(monkeypatch):
    engine.weasyprint()  # which is not imported again below
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("DYLD_FALLBACK_LIBRARY_PATH", "")
    monkeypatch.delenv("DYLD_FALLBACK_LIBRARY_PATH")
    engine._imported()
    assert os.environ["DYLD_FALLBACK_LIBRARY_PATH"].split(":")[0] == "/opt/homebrew/lib"
    monkeypatch.setenv("DYLD_FALLBACK_LIBRARY_PATH", "/mine")
    engine._imported()
    assert os.environ["DYLD_FALLBACK_LIBRARY_PATH"] == "/mine"
