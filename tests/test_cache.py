"""What was made before is not made again, and a damaged or forbidden cache does no harm."""

from __future__ import annotations

import os

import pytest

from byhand import cache as room
from byhand.cache import cached
from byhand.worksheet.sandbox import Sandbox


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "byhand" / "kind"


def counted(calls, content=b"page"):
    def make():
        calls.append(content)
        return content

    return make


def test_it_is_made_once_for_the_same_parts(home):
    calls = []
    assert [cached("kind", counted(calls), "a", "b") for _ in range(3)] == [b"page"] * 3
    assert cached("kind", counted(calls, b"other"), "ab", "") == b"other"
    assert calls == [b"page", b"other"]
    assert len(list(home.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 100])
def test_what_is_damaged_is_made_anew(home, damage):
    cached("kind", counted([]), "a")
    (file,) = home.iterdir()
    file.write_bytes(damage)
    calls = []
    assert cached("kind", counted(calls), "a") == b"page"
    assert calls == [b"page"]
    assert cached("kind", counted(calls), "a") == b"page"
    assert calls == [b"page"]


def test_where_nothing_can_be_kept_nothing_is(home):
    home.parent.mkdir()
    home.write_text("a file")
    assert cached("kind", counted([]), "a") == b"page"


def test_the_oldest_go_first(home, monkeypatch):
    monkeypatch.setattr(room, "MOST_FILES", 2)
    for name in "abc":
        cached("kind", counted([]), name)
        for at, file in enumerate(sorted(home.iterdir(), key=lambda f: f.stat().st_mtime_ns)):
            os.utime(file, ns=(at, at))
    assert len(list(home.iterdir())) == 2
    calls = []
    cached("kind", counted(calls), "c")
    assert calls == []


def test_a_template_is_compiled_once_and_a_damaged_one_again(home):
    def rendered(**looks):
        return Sandbox(1_000_000, **looks).rendered_text("{{ '<' ~ 2 }}")

    compiled = home.parent / "compiled"
    assert [rendered(), rendered()] == ["<2", "<2"]
    (file,) = compiled.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert rendered() == "<2"
    assert rendered(autoescape=True) == "&lt;2"
    assert len(list(compiled.iterdir())) == 2
