"""Folders are verified: the copies of a class together, and everything else file by file."""

import os
import shutil
import signal
from collections import Counter

import pytest
from click.testing import CliRunner
from every_sheet import a_share

from byhand.cli import main
from byhand.reading import many
from byhand.reading.copies import class_of
from byhand.reading.many import Tally, files_in, findings_of
from byhand.reading.page import Page
from byhand.reading.pdf import said_in
from byhand.reading.verdict import Finding


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """A class of six, and a page of no class."""
    out = tmp_path_factory.mktemp("school")
    command = ["class", "feed-forward", "--anonymous", "6", "--seed", "5", "--out", str(out)]
    assert CliRunner().invoke(main, command).exit_code == 0
    command = ["generate", "feed-forward", "--view", "worksheet", "--format", "html,json", "--out", str(out)]
    assert CliRunner().invoke(main, command).exit_code == 0
    return out


def verified(*args):
    return CliRunner().invoke(main, ["verify", *map(str, args)])


def test_a_folder_is_verified_with_a_line_for_all(school):
    result = verified(school)
    assert result.stdout == (
        f"{school}: 14 files, 14 right; passed over: class.json, class.pdf, index.csv, keys.pdf\n"
    )
    assert result.exit_code == 0
    assert result.stderr == ""


def test_many_files_of_one_kind_are_named_together(tmp_path):
    for folder, count in (("canvas", 6), ("few", 2)):
        (tmp_path / folder).mkdir()
        for n in range(count):
            (tmp_path / folder / f"{folder}{n}.zip").write_bytes(b"")
    assert files_in(tmp_path) == ([], ["canvas/*.zip", "few0.zip", "few1.zip"])


def test_copies_are_compared_together_and_no_other_way(school, monkeypatch):
    """For each is right only if its bytes are those of a copy that was made anew."""
    monkeypatch.setattr(many, "report", lambda file, **options: pytest.fail(f"{file} is judged by itself"))
    files, _ = files_in(school / "feed-forward-class5")
    assert len(files) == 12
    assert list(findings_of(files, 1, onnx=False)) == [Tally(Counter({Finding.RIGHT: 12}), ())]


def test_what_is_judged_by_its_numbers_alone_is_named_and_counted_apart(school, tmp_path):
    (page,) = school.rglob("*.html")
    html = page.read_text(encoding="utf-8").replace("byhand 0.1.0 ·", "byhand 0.0.9 ·")
    (tmp_path / "old.html").write_text(html.replace("version=0.1.0", "version=0.0.9"), encoding="utf-8")
    (tmp_path / "new.html").write_bytes(page.read_bytes())
    result = verified(tmp_path)
    alone = "byhand 0.0.9 made it, and this is 0.1.0, so its numbers alone are judged: numbers only"
    named, summed = result.stdout.splitlines()
    assert named.startswith(f"{tmp_path / 'old.html'}: feed-forward, seed 0, ")
    assert named.endswith(alone)
    assert summed == f"{tmp_path}: 2 files, 1 right, 1 numbers only"
    assert result.exit_code == 3
    assert verified(tmp_path / "old.html").exit_code == 3
    assert verified(tmp_path / "new.html").exit_code == 0
    (tmp_path / "empty.html").touch()
    result = verified(tmp_path)
    assert result.stdout.endswith("3 files, 1 right, 1 numbers only, 1 cannot be verified\n")
    assert result.exit_code == 1


def test_the_help_says_what_a_file_can_be_found_to_be():
    told = " ".join(verified("--help").stdout.split())
    for each in Finding:
        assert f"{each.word} (exit {each.code}) {each.meaning}" in told


def test_only_what_is_judged_in_all_is_right_and_ends_well():
    for each in Finding:
        assert ("right" in each.word) == (each.code == 0) == (each is Finding.RIGHT)


@pytest.mark.parametrize("jobs", a_share([1, 2], 2, 1))
def test_wrong_files_are_named_in_a_line_each(school, tmp_path, monkeypatch, jobs):
    """Whatever is wrong with them; files that are named by themselves are told in full, as ever."""
    monkeypatch.setattr(many, "CHUNK", 4)
    folder = tmp_path / "a"
    shutil.copytree(school, folder)
    one, two, three, four, *_ = sorted((folder / "feed-forward-class5" / "worksheets").glob("*.pdf"))
    one.write_bytes(one.read_bytes()[:-40])
    two.write_bytes(b"")
    content = three.read_bytes()
    three.write_bytes(content.replace(b"student=3", b"student=4"))
    assert b"student=3" in content
    (page,) = folder.rglob("*.html")
    html = page.read_text(encoding="utf-8").replace("<td class=g>2<", "<td class=g>7<", 2)
    page.write_text(html, encoding="utf-8")
    result = verified(folder, four, "--jobs", jobs)
    lines = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert lines.keys() == {str(each) for each in (one, two, three, page, folder, four)}
    assert lines[str(folder)].startswith("14 files, 10 right, 2 cannot be verified, 2 WRONG; passed over: ")
    assert lines[str(one)].startswith("cannot be verified: it is no PDF that can be read")
    assert lines[str(two)] == "cannot be verified: it is empty"
    assert lines[str(three)].startswith(("WRONG: ", "cannot be verified: it was changed: "))
    assert lines[str(page)].startswith("WRONG: ")
    assert lines[str(four)].startswith("feed-forward, seed 5, worksheet: ")
    assert result.exit_code == 1


def test_one_name_that_cannot_be_printed_keeps_no_one_from_their_copy(school):
    files = sorted((school / "feed-forward-class5" / "keys").glob("*.pdf"))
    said = said_in(files[0].read_bytes())
    student = Page((), (), said, ()).student
    of = class_of(Page((), (), said, ()), files[0].read_bytes())
    unprintable = type(student)("\x07", "7")
    made = {student.id for student, _, _ in many.copies_again(of, [unprintable, student], [("key", False)])}
    assert made == {student.id}


def killed(files, onnx, secret):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_told_in_a_line(school, monkeypatch):
    monkeypatch.setattr(many, "CHUNK", 4)
    monkeypatch.setattr(many, "_findings", killed)
    result = verified(school, "--jobs", 2)
    assert result.exit_code == 1
    assert result.stderr == (
        "byhand: one of 2 processes was killed, perhaps for want of memory; fewer --jobs take less\n"
    )


def test_a_folder_without_pages_is_not_called_right(tmp_path):
    (tmp_path / "notes.txt").write_text("no page", encoding="utf-8")
    result = verified(tmp_path)
    assert result.exit_code == 1
    assert result.stdout == f"{tmp_path}: 0 files, 0 right; passed over: notes.txt\n"
