"""What was made before is not made again, and a damaged or forbidden cache does no harm."""

from __future__ import annotations

import os
import pickle
import stat
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace

import msgspec
import pytest
from click.testing import CliRunner

from byhand import cache as room
from byhand.cache import as_data, cached, cached_by, from_data, state_of
from byhand.cli import main
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


@pytest.mark.skipif(os.name != "posix", reason="elsewhere, a file has no time of its last change")
def test_every_change_of_a_file_is_seen(tmp_path):
    (tmp_path / "inner").mkdir()
    file = tmp_path / "inner" / "file"
    file.write_text("one")
    states, about = [state_of(tmp_path)], file.stat()
    file.write_text("two")
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    states += [state_of(tmp_path), state_of(tmp_path)]
    file.rename(file.with_name("other"))
    states.append(state_of(tmp_path))
    assert [states.index(state) for state in states] == [0, 1, 1, 3]


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


def test_a_file_in_the_place_of_another_is_made_anew(home):
    cached("kind", counted([], b"one"), "a")
    (one,) = home.iterdir()
    content = one.read_bytes()
    cached("kind", counted([], b"two"), "b")
    (two,) = {*home.iterdir()} - {one}
    two.write_bytes(content)
    assert cached("kind", counted([], b"two"), "b") == b"two"


def test_what_a_killed_process_left_goes_when_something_is_kept(home):
    cached("kind", counted([]), "a")
    left = home / ".byhand-1234.part"
    left.mkdir()
    (left / "half").write_bytes(b"pa")
    cached("kind", counted([]), "b")
    assert [each for each in home.iterdir() if each.is_dir()] == []


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


# ---- whose files are read ----

needs_owners = pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owner's number here")


def test_the_cache_is_its_user_s_own(home, monkeypatch):
    before = os.umask(0o002)  # as where every user has a group of their own
    try:
        cached("kind", counted([]), "a")
    finally:
        os.umask(before)
    for path in (home.parent, home, *home.iterdir()):
        assert not path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_IRWXG)


@needs_owners
@pytest.mark.parametrize("mode", [stat.S_IWGRP, stat.S_IWOTH])
@pytest.mark.parametrize("where", ["home", "kind", "file"])
def test_what_others_may_write_to_is_not_read(home, mode, where):
    cached("kind", counted([], b"theirs"), "a")
    (file,) = home.iterdir()
    path, theirs = {"home": home.parent, "kind": home, "file": file}[where], file.read_bytes()
    path.chmod(path.stat().st_mode | mode)
    calls = []
    assert cached("kind", counted(calls), "a") == b"page"
    assert calls == [b"page"]
    if where == "file":  # it is replaced by one's own; in a folder of others, nothing is
        assert cached("kind", counted(calls), "a") == b"page"
        assert calls == [b"page"]
    else:
        assert file.read_bytes() == theirs


@needs_owners
def test_what_is_another_user_s_is_neither_read_nor_replaced(home, monkeypatch):
    cached("kind", counted([], b"theirs"), "a")
    (file,) = home.iterdir()
    theirs = file.read_bytes()
    monkeypatch.setattr(os, "getuid", lambda: os.stat(file).st_uid + 1)
    assert cached("kind", counted([]), "a") == b"page"
    assert file.read_bytes() == theirs


# ---- what is kept is data ----


@dataclass(frozen=True)
class Part:
    name: str
    at: tuple[tuple[int, float], ...]
    content: bytes
    share: Fraction = Fraction(1, 3)


def test_a_result_is_read_as_the_type_that_it_is_said_to_be(home):
    calls = []

    @cached_by("kind", lambda name: name)
    def made(name: str) -> dict[str, tuple[Part, ...]]:
        calls.append(name)
        return {name: (Part("π", ((1, 0.1), (2, -1e300)), bytes(range(256))),)}

    assert made("a") == made("a") == {"a": (Part("π", ((1, 0.1), (2, -1e300)), bytes(range(256))),)}
    assert calls == ["a"]


def test_files_are_read_as_they_were(home):
    calls, files = [], {"a.txt": b"", "b.pdf": b"\n{}\n\0", "ü": b"x"}

    @cached_by("kind", lambda: "key", files=True)
    def made() -> dict[str, bytes]:
        calls.append(files)
        return files

    assert [made(), made(), list(made())] == [files, files, list(files)]
    assert len(calls) == 1


class Trap:
    def __reduce__(self):
        return (os.system, ("exit 1",))


@pytest.mark.parametrize("made", [Trap(), lambda: None, len], ids=["object", "function", "built-in"])
def test_a_program_is_no_data(made):
    with pytest.raises(TypeError, match=r"is no data$"):
        as_data({"run": made, "as": Part})


def test_a_pickle_is_not_run(home):
    with pytest.raises(msgspec.MsgspecError):
        from_data(dict, pickle.dumps(Trap()))


# ---- the command ----


def test_files_that_another_process_deletes_meanwhile_are_not_counted(home, monkeypatch):
    for name in ("stays", "goes"):
        cached("sheets", name.encode, name)
    files = [*os.scandir(home.parent / "sheets")]
    os.remove(files[0])
    others = vars(os) | {"scandir": lambda folder: nullcontext(files)}
    monkeypatch.setattr(room, "os", SimpleNamespace(**others))  # of this room alone: pathlib asks it, too
    assert [len(sizes) for sizes in room.kept().values()] == [1]


def test_the_command_says_where_it_is_and_how_large_and_clears_it(home):
    cached("kind", counted([], os.urandom(10**6)), "a")
    cached("other", counted([], os.urandom(10**6)), "a")
    cached("other", counted([], os.urandom(10**6)), "b")
    told = CliRunner().invoke(main, ["cache"])
    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        str(home.parent),
        "kind           1 file      1.0 MB",
        "other          2 files     2.0 MB",
        "in all         3 files     3.0 MB",
    ]
    cleared = CliRunner().invoke(main, ["cache", "--clear"])
    assert cleared.stdout.splitlines() == [str(home.parent), "in all         0 files     0.0 MB"]
    assert cleared.exit_code == 0
    assert not [*home.parent.rglob("*")]


def test_a_cache_that_is_not_there_is_empty(home):
    assert CliRunner().invoke(main, ["cache", "--clear"]).stdout.splitlines()[1:] == [
        "in all         0 files     0.0 MB"
    ]


@needs_owners
def test_the_command_says_which_folder_is_not_used(home):
    cached("kind", counted([]), "a")
    home.chmod(0o777)
    told = CliRunner().invoke(main, ["cache"])
    assert (
        told.stderr
        == f"byhand: {home} is not used: it is another user's, or others may write to it; mend that, or remove it\n"
    )
