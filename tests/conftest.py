"""What all the tests share. Standing here, it also lets every folder import `oracle`, `trees` and `page_text`."""

from __future__ import annotations

import gc
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from byhand.loading import load_lessons

settings.register_profile("byhand", deadline=None)  # a slow machine is no bug
settings.load_profile("byhand")
gc.set_threshold(100_000, 5, 2)  # Python's own thresholds cost the tests a tenth of their time
# Where no bytecode may be kept, every process that a test starts would compile all of byhand anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

load_lessons()  # so that tests can list every model, mistake, promise and picture

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what is printed now into tests/golden")
    parser.addoption("--every", action="store_true", help="try pages for the screen with all seeds and options")


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: some tests wait, for a browser or for a process that they have stopped."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    gc.freeze()  # what all tests need is never garbage


@pytest.fixture
def every(request: pytest.FixtureRequest) -> bool:
    """Whether to try all that there is, as `make test-screen` does."""
    return bool(request.config.getoption("--every"))


def unnumbered(text: str) -> str:
    """A page's text without the numbers of sheets, so that another sheet in the course changes no golden file."""
    text = re.sub(r"(worksheet|from sheet|sheet(?= \d+, “)) \d+", r"\1 №", text)
    return re.sub(r"(?m)(?<=^Before this: ).*", lambda before: re.sub(r"(^|; )\d+ ", r"\1", before[0]), text)


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """Compare a text with the one kept under a name, or with --update-golden keep it."""

    def compare(name: str, text: str) -> None:
        path, text = GOLDEN / name, unnumbered(text)
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no {path.name} yet: run pytest --update-golden and read what it wrote"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An own folder of sheets and templates, before the shipped one."""
    from byhand.formats.html import page as html

    (tmp_path / "worksheets").mkdir()
    monkeypatch.setenv("BYHAND_TEMPLATES", str(tmp_path))
    html._environment.cache_clear()
    yield tmp_path
    html._environment.cache_clear()
