"""Files are whole, on disk before they have their names, and nothing is left beside them."""

import os
import subprocess
import sys

import pytest

from byhand.files import mend, replace_file, staged, staging, write


@pytest.fixture
def synced(monkeypatch):
    """The files and folders that were synced, by their numbers; only synced files may be given names."""
    found, sync, rename = set(), os.fsync, os.replace

    def noting(descriptor):
        sync(descriptor)
        found.add(os.fstat(descriptor).st_ino)

    def checked(part, path):
        assert os.stat(part).st_ino in found
        rename(part, path)

    monkeypatch.setattr(os, "fsync", noting)
    monkeypatch.setattr(os, "replace", checked)
    return found


def test_files_are_on_disk_before_they_have_their_names(synced, tmp_path):
    write(tmp_path, {"a": b"1", "b": b"2"})
    assert tmp_path.stat().st_ino in synced  # and so are the names
    with staging(tmp_path) as parts:
        assert not mend(tmp_path / "c", b"3", parts)
        with staged(tmp_path / "d", parts) as file:
            file.write(b"4")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a": b"1", "b": b"2", "c": b"3", "d": b"4",
    }  # fmt: skip


def test_a_file_that_is_as_it_should_be_is_left_alone(tmp_path):
    path = tmp_path / "a"
    with staging(tmp_path) as parts:
        assert [mend(path, content, parts) for content in (b"1", b"1", b"2", b"2")] == [False, False, True, False]
    assert path.read_bytes() == b"2"


def test_a_file_that_is_not_finished_gets_no_name(tmp_path):
    def fail(file):
        file.write(b"1")
        raise KeyError

    with pytest.raises(KeyError), staging(tmp_path) as parts, staged(tmp_path / "a", parts) as file:
        fail(file)
    assert list(tmp_path.iterdir()) == []


STOPPED = """
import sys, time
from pathlib import Path
from byhand.files import staging
with staging(Path(sys.argv[1])) as parts:
    (parts / "half").write_bytes(b"1")
    print("written", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_left_is_removed_and_what_others_write_is_not(tmp_path):
    command = [sys.executable, "-c", STOPPED, tmp_path]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writing,
    ):
        assert [each.stdout.readline() for each in (killed, writing)] == ["written\n"] * 2
        killed.kill()
        killed.wait()
        assert len(list(tmp_path.iterdir())) == 2
        replace_file(tmp_path / "a", b"1")
        (left,) = {*tmp_path.iterdir()} - {tmp_path / "a"}
        assert (left / "half").read_bytes() == b"1"
        writing.kill()
    write(tmp_path, {"a": b"2"})
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
