"""What goes wrong while a lecturer works: processes that are killed, rosters that cannot be read, files that are huge."""

from __future__ import annotations

import os
import signal
import zipfile
from pathlib import Path

import pytest
from studios import Running
from windows import Window

LARGEST = 50_000_000
TOO_LARGE = "hat is over 50,000,000 bytes, the most at once; send fewer or smaller files"
NOT_THERE = "The studio does not answer. Look whether it still runs, and try again."


@pytest.fixture
def own(tmp_path):
    """A studio of this test alone."""
    running = Running(tmp_path)
    yield running
    running.end(signal.SIGKILL)


def begin_class(window: Window, students: int) -> None:
    """Put a paper together, and have its class made, of which the first copies are there."""
    window.begin("In trouble")
    window.press("#add-linear-layer")
    window.page.fill("[name=typed]", "\n".join(f"Student {n:02}" for n in range(students)))
    window.press("#take")
    window.page.click("#make-class")
    window.page.wait_for_selector(".job.running progress:not([value='0'])")


def processes(studio: Running, *words: str) -> list[int]:
    """The processes of a studio in whose command these words are."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            command = (each / "cmdline").read_bytes().decode().split("\0")
            if os.getpgid(int(each.name)) == studio.process.pid and {*words} <= {*command}:
                found.append(int(each.name))
        except OSError:  # it has ended
            pass
    return found


def made(window: Window) -> int:
    """How many worksheets the class has that is downloaded."""
    names = zipfile.ZipFile(window.downloaded(".job.done >> text=All files, zip")).namelist()
    return sum("/worksheets/" in name for name in names)


@pytest.mark.usefixtures("long")
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="where processes are is known on Linux only")
def test_a_process_that_is_killed_is_told_in_a_line_and_the_studio_goes_on(opened, own):
    window = opened(at=own.address)
    begin_class(window, 12)
    (command,) = processes(own, "class", "exam.toml")
    os.kill(command, signal.SIGKILL)
    window.page.wait_for_selector(".job.failed")
    assert window.errors() == ["its process was killed, perhaps for want of memory; ask again for what is missing"]
    window.until(lambda: not processes(own, "class", "exam.toml"))
    window.page.fill("[name=typed]", "Amara\nBea")
    window.press("#take")
    window.page.click("#make-class")
    window.page.wait_for_selector(".job.done")
    assert made(window) == 2
    for drawing in processes(own, "--multiprocessing-fork"):
        os.kill(drawing, signal.SIGKILL)
    before = window.page.get_attribute("#picture", "src")
    window.press("#next-seed")
    assert window.page.get_attribute("#picture", "src") != before
    assert not window.errors()


@pytest.mark.usefixtures("long")
def test_what_a_killed_studio_was_making_is_made_when_it_is_begun_again(opened, own):
    window = opened(at=own.address)
    begin_class(window, 8)
    own.end(signal.SIGKILL)
    window.page.click("#next-seed")
    window.page.wait_for_selector("#trouble:visible")
    assert window.errors() == [NOT_THERE]
    window.page.close()
    window.faults.clear()
    again = Running(own.folder)
    try:
        window = opened(at=again.address)
        window.page.click("main >> text=In trouble")
        window.page.wait_for_selector(".job.done")
        assert made(window) == 8
        assert not window.errors()
    finally:
        again.end()


def test_a_wrong_roster_is_told_line_by_line_and_the_names_before_are_kept(opened, studio, tmp_path):
    window = opened()
    window.begin("Wrong rosters")
    window.page.fill("[name=typed]", "Amara\nBea")
    window.press("#take")
    not_text = "wrong.csv is not UTF-8 (byte {}); save it as “CSV UTF-8”, or give the spreadsheet itself"
    wrong = {
        b"name;id\nAnn;1\nBen;1\nCem;1\n": [
            "wrong.csv line 3: 'Ben' has the id '1' of 'Ann' in line 2; give each student their own",
            "wrong.csv line 4: 'Cem' has the id '1' of 'Ann' in line 2; give each student their own",
        ],
        b"": ["wrong.csv is empty; its first line has headings: name, id and group"],
        bytes(range(256)): [not_text.format(128)],
        "name\nJürgen\n".encode("cp1252"): [not_text.format(6)],
    }
    for content, told in wrong.items():
        (tmp_path / "wrong.csv").write_bytes(content)
        window.page.set_input_files("[name=file]", tmp_path / "wrong.csv")
        window.settle()
        assert window.errors() == [*told, "the names that were there are kept: roster.csv"]
        assert "2 students, in roster.csv" in window.page.inner_text("#class")
    window.page.fill("[name=typed]", "Cem")
    window.press("#take")
    assert window.errors() == []
    assert "1 student, in roster.csv" in window.page.inner_text("#class")


def huge_file(folder: Path) -> Path:
    """A file that is larger than what may be sent at once."""
    with (folder / "huge.csv").open("wb") as file:
        file.truncate(LARGEST + 1)
    return folder / "huge.csv"


def test_a_huge_file_is_refused_in_a_line_and_the_page_goes_on(opened, studio, tmp_path):
    window = opened()
    window.begin("Huge")
    window.page.set_input_files("[name=file]", huge_file(tmp_path))
    assert window.errors() == [f"T{TOO_LARGE}."]
    window.page.fill("[name=typed]", "Amara")
    window.press("#take")
    assert window.errors() == []
    assert "1 student, in roster.csv" in window.page.inner_text("#class")


def test_without_scripts_a_huge_file_is_refused_in_a_line_and_the_page_before_is_there(opened, studio, tmp_path):
    window = opened(java_script_enabled=False)
    page = window.page
    page.fill("#title", "Huge, without scripts")
    page.click("text=Begin")
    page.set_input_files("[name=file]", huge_file(tmp_path))
    page.click("#take")
    page.wait_for_selector(f"text={TOO_LARGE}")
    page.go_back(wait_until="commit")
    page.fill("[name=typed]", "Amara")
    page.set_input_files("[name=file]", [])
    page.click("#take")
    page.wait_for_selector("text=1 student, in roster.csv")
    window.faults.clear()  # the browser tells of the refusal, perhaps late
