"""The keys under which what this program makes is kept: they change with all that it is made by."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from byhand.worksheet import program
from byhand.worksheet.program import LIBRARIES, code

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def uncached(monkeypatch):
    monkeypatch.setattr(program, "cached", lambda kind, make, *parts: make())


@pytest.mark.parametrize("library", [*LIBRARIES])
def test_a_page_is_kept_for_the_libraries_that_made_it(library, uncached, monkeypatch):
    """So that another version of one of them makes it anew."""
    known, installed = code.__wrapped__(), program._installed()
    own = next(name for name in installed if re.sub("[-_.]+", "-", name.lower()).startswith(f"{library}-"))
    monkeypatch.setattr(program, "_installed", lambda: [re.sub(r"-\d.*\.dist", "-0.dist", own), *installed])
    assert code.__wrapped__() != known


def test_the_versions_of_libraries_are_those_that_they_say():
    assert dict(zip(LIBRARIES, program._versions(), strict=True)) == {name: version(name) for name in LIBRARIES}


def test_the_version_that_python_finds_first_counts(monkeypatch):
    two = ["PyYAML-6.0-py3.11-linux-x86_64.egg-info", "pyyaml-5.1.dist-info"]
    monkeypatch.setattr(program, "cached", lambda kind, make, *parts: "\0".join(parts).encode())
    keys = []
    for installed, first in ((two, "6.0"), (two[::-1], "5.1")):
        monkeypatch.setattr(program, "_installed", lambda installed=installed: installed)
        assert program._versions()[LIBRARIES.index("pyyaml")] == first
        keys.append(code.__wrapped__())
    assert keys[0] != keys[1]


def test_a_library_without_metadata_is_no_error(uncached, monkeypatch):
    monkeypatch.setattr(program, "_installed", list)
    assert len(code.__wrapped__()) == 64


def test_the_code_is_the_same_through_a_link(uncached, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(CHECKOUT, target_is_directory=True)
    env = {**os.environ, "PYTHONPATH": str(link), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    asked = "import byhand; from byhand.worksheet.program import code; print(byhand.__file__, code())"
    told = subprocess.check_output([sys.executable, "-c", asked], text=True, env=env, cwd=tmp_path).split()
    assert told == [str(link / "byhand" / "__init__.py"), code.__wrapped__()]
