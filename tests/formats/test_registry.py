"""Formats by name: ours, and one of another package, which is found without a change here."""

from __future__ import annotations

import re
import sys
from importlib import invalidate_caches

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from byhand.cli import main
from byhand.errors import ExtraError, UnknownNameError
from byhand.formats import OWN, Format, asked, known, names, ready
from byhand.options import Options
from byhand.pipeline import generate
from byhand.worksheet.views import VIEWS

COUNT = '''"""A format of another package: how many blanks a sheet has."""
from byhand.formats import Format


def count(page, view, setup):
    name, blanks, steps = page.document.name, page.document.blanks(), page.run.steps
    return f"{name}, {view}, {setup.paper}: {len(blanks)} of {len(steps)} steps".encode()


COUNT = Format("count", "how many blanks there are", {"{view}.count": count})
WANTING = Format("wanting", "what cannot be made", {"w.txt": count}, needs=("no_such_module",), install="pip install no-such")
NONE = "no format"
'''
POINTS = """[byhand.formats]
count = counting:COUNT
wanting = counting:WANTING
none = counting:NONE
gone = counting:GONE
"""


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """A package as pip installs it: a module, and a dist-info that says which formats are in it."""
    (tmp_path / "counting.py").write_text(COUNT)
    info = tmp_path / "counting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    invalidate_caches()
    yield
    sys.modules.pop("counting", None)


def command(*args):
    return CliRunner().invoke(main, args)


def test_ours_have_files_of_their_own():
    files = [file for format in OWN.values() for file in format.files]
    assert len(files) == len(set(files))
    assert all(re.fullmatch(r"(\{view\}|[a-z0-9-]+)\.[a-z]+", file) for file in files)
    assert all(format.files and format.about and format.name == name for name, format in OWN.items())
    assert {"{view}.html", "{view}.pdf", "run.json"} <= {*files}


def test_a_format_has_a_file_for_each_view_or_one_for_all():
    files = asked([OWN["json"], OWN["html"]], ["key", "worksheet"])
    assert [file for file, _, _ in files] == ["worksheet.html", "key.html", "run.json"]
    assert [view for _, _, view in asked([OWN["json"]], VIEWS)] == ["worked"]


def test_another_packages_format_is_written_like_ours(other_package, tmp_path):
    options = Options(formats=("count", "json"), views=("worksheet", "key"), paper="letter", cache=False)
    files = generate("dot-product", options, tmp_path / "out")
    assert [file.name for file in files] == ["worksheet.count", "key.count", "run.json"]
    assert files[1].read_text().startswith("dot-product, key, letter: ")
    result = command("generate", "dot-product", "--format", "count", "--view", "key", "--out", str(tmp_path / "o"))
    assert result.exit_code == 0, result.output
    assert result.output == f"{tmp_path / 'o' / 'dot-product-seed0' / 'key.count'}\n"


def test_another_packages_format_is_bound_sheet_by_sheet(other_package, tmp_path):
    arguments = ("--book", "--view", "key", "--format", "count", "--out", str(tmp_path))
    assert command("generate", "dot-product", "shapes", *arguments).exit_code == 0
    assert sorted(path.name for path in (tmp_path / "book-seed0").iterdir()) == [
        "dot-product-key.count",
        "shapes-key.count",
    ]


def test_other_packages_are_imported_only_for_what_is_asked(other_package):
    assert names() == [*OWN, "count", "gone", "none", "wanting"]
    ready("json")
    assert "counting" not in sys.modules
    known("count")
    assert "counting" in sys.modules


def columns(listed):
    """The columns of a list, which are two blanks apart or more."""
    return [re.split("  +", line) for line in listed.splitlines()]


def test_formats_are_listed_with_what_they_need(other_package):
    listed = columns(command("formats").stdout)
    assert listed[0] == ["html", "{view}.html", "a page for the screen and the phone"]
    assert ["count", "{view}.count", "how many blanks there are"] in listed
    assert ["wanting", "w.txt", "what cannot be made; needs no_such_module: pip install no-such"] in listed
    assert any(line[0] == "gone" and "cannot be loaded" in line[-1] for line in listed)


def test_our_list_is_a_few_lines_of_plain_text():
    listed = command("formats").output
    assert [line[:2] for line in columns(listed)] == [[name, ", ".join(format.files)] for name, format in OWN.items()]
    assert [line[2] for line in columns(listed)] == [OWN[name].about for name in OWN]
    begins = {line.index(about) for line, (*_, about) in zip(listed.splitlines(), columns(listed), strict=True)}
    assert len(begins) == 1


REFUSED = [
    ("wanting", r"^the format wanting needs no_such_module; pip install no-such$"),
    ("none", r"^the format none \(counting:NONE\) is no byhand\.formats\.Format$"),
    ("gone", r"^the format gone \(counting:GONE\) cannot be loaded: "),
]


@pytest.mark.parametrize(("name", "message"), REFUSED)
def test_what_cannot_be_used_is_said_before_anything_is_made(name, message, other_package, tmp_path):
    with pytest.raises(ExtraError, match=message) as error:
        generate("dot-product", Options(formats=("html", name), cache=False), tmp_path / "out")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_says_what_was_meant():
    with pytest.raises(UnknownNameError, match=r"^no format 'jsn'; did you mean 'json'\?$"):
        ready("jsn")
    result = command("generate", "--format", "html,jsn")
    assert result.exit_code == 2
    assert "no format 'jsn'; did you mean 'json'?" in result.output


@pytest.mark.parametrize("name", ["moodle", "count"])
def test_a_format_that_does_not_mind_feedback_is_refused_without(name, other_package, tmp_path):
    """So one that is new, or of another package, tells no answers by mistake."""
    out = tmp_path / "o"
    result = command("generate", "dot-product", "--no-feedback", "--format", f"html,{name}", "--out", str(out))
    told = f"the format {name} holds what is right; leave out one of the two"
    assert (result.exit_code, result.stderr) == (1, f"byhand: --no-feedback: {told}\n")
    assert not out.exists()


def test_what_one_of_ours_lacks_is_one_line(monkeypatch, tmp_path):
    """Without its package a format is refused with the command that installs it."""
    lacking = replace(OWN["pdf"], needs=("no_such_module",), install="pip install 'byhand[pdf]'")
    monkeypatch.setitem(OWN, "pdf", lacking)
    result = command("generate", "dot-product", "--format", "pdf", "--no-cache", "--out", str(tmp_path / "o"))
    assert (result.exit_code, result.stderr) == (
        1,
        "byhand: the format pdf needs no_such_module; pip install 'byhand[pdf]'\n",
    )


def test_a_format_is_a_value(other_package):
    assert isinstance(known("count"), Format)
    assert not known("count").missing
