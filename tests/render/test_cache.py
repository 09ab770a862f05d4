"""What was laid out before is not laid out again, and a damaged or forbidden cache does no harm."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from byhand.render import cache
from byhand.render.cache import kept


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "byhand" / "laid-out"


def counted(calls, content=b"page"):
    def make():
        calls.append(content)
        return content

    return make


def test_it_is_made_once_for_the_same_parts(home):
    calls = []
    assert [kept(counted(calls), "a", "b") for _ in range(3)] == [b"page"] * 3
    assert kept(counted(calls, b"other"), "ab", "") == b"other"
    assert calls == [b"page", b"other"]
    assert len(list(home.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 100])
def test_what_is_damaged_is_made_anew(home, damage):
    kept(counted([]), "a")
    (file,) = home.iterdir()
    file.write_bytes(damage)
    calls = []
    assert kept(counted(calls), "a") == b"page"
    assert calls == [b"page"]
    assert kept(counted(calls), "a") == b"page"
    assert calls == [b"page"]


def test_where_nothing_can_be_kept_nothing_is(home):
    home.parent.mkdir()
    home.write_text("a file")
    assert kept(counted([]), "a") == b"page"


def test_the_oldest_go_first(home, monkeypatch):
    monkeypatch.setattr(cache, "MOST", 2)
    for name in "abc":
        kept(counted([]), name)
        for at, file in enumerate(sorted(home.iterdir(), key=lambda f: f.stat().st_mtime_ns)):
            os.utime(file, ns=(at, at))
    assert len(list(home.iterdir())) == 2
    calls = []
    kept(counted(calls), "c")
    assert calls == []


def test_a_second_generate_does_without_weasyprint(tmp_path):
    code = (
        "import sys; from byhand.cli import main; main(sys.argv[1:], standalone_mode=False);"
        "print('weasyprint' in sys.modules)"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    (tmp_path / "cache").mkdir()
    from platformdirs import user_cache_path

    (tmp_path / "cache" / "byhand").symlink_to(tmp_path / "own")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "fonts").symlink_to(user_cache_path("byhand") / "fonts")
    arguments = ["generate", "layer-norm", "--view", "key", "--format", "pdf", "--out", str(tmp_path / "out")]
    seen, files = [], []
    for more in ([], [], ["--no-cache"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments, *more],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        seen.append(done.stdout.splitlines()[-1])
        files.append((tmp_path / "out" / "layer-norm-seed0" / "key.pdf").read_bytes())
    assert seen == ["True", "False", "True"]
    assert len(set(files)) == 1
