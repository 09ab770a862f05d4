"""The studio in Chromium, as a lecturer uses it: by mouse, by keys alone, and on a phone."""

from __future__ import annotations

import tomllib
import zipfile

STUDENTS = [f"Student {n:02}" for n in range(1, 31)]


def saved(studio, window) -> dict:
    """What the file of the window's paper says."""
    name = window.page.url.partition("/papers/")[2].partition("?")[0]
    return tomllib.loads((studio.folder / name / "exam.toml").read_text("utf-8"))


def is_whole(file, students) -> None:
    """Whether a zip file has a class: a worksheet and a key for each, one file to print, and one of all keys."""
    packed = zipfile.ZipFile(file)
    assert packed.testzip() is None
    names = packed.namelist()
    for folder in ("worksheets", "keys"):
        assert sum(f"/{folder}/" in name and name.endswith(".pdf") for name in names) == students
    assert sum(name.endswith(("/class.pdf", "/keys.pdf")) for name in names) == 2


def test_a_class_of_thirty_is_put_together_and_downloaded(opened, studio, size, every):
    window = opened(size)
    students = STUDENTS if every else STUDENTS[:2]
    assert not window.unusable()
    window.begin(f"Thirty {size[0]}")
    for sheet in ("attention-head", "softmax"):
        window.see("sheets")
        assert not window.unusable()
        window.press(f"#add-{sheet}")
    window.see("paper")
    for sheet, left in (("attention-head", 2), ("softmax", 3)):
        boxes = window.page.locator(f"#part-{sheet} .steps input[type=checkbox]")
        for n in range(left, boxes.count()):
            boxes.nth(n).uncheck()
        window.settle()
    window.fill("[name=points-0-1]", "2,5")
    window.fill("[name=points-0-2]", "1")
    window.fill("[name=points-1]", "6")
    window.press(".write summary")
    window.fill("#own-2", "Thank you.")
    window.press("#up-2")
    assert not window.unusable()
    window.see("page")
    assert window.page.inner_text("#totals").startswith("2 sheets · 5 steps · about")
    assert not window.unusable()
    window.see("paper")
    window.page.fill("[name=typed]", "\n".join(students))
    window.press("text=Take these names")
    assert f"{len(students)} students, in roster.csv" in window.page.inner_text("#class")
    window.press("#make-class")
    window.page.wait_for_selector(".job.done")
    assert not window.errors()
    assert not window.unusable()
    is_whole(window.downloaded("text=All files, zip"), len(students))
    first, own, second = saved(studio, window)["parts"]
    assert (first["sheet"], first["steps"], first["points"]) == ("attention-head", "1-2", {"1": 2.5, "2": 1})
    assert own == {"text": "Thank you."}
    assert (second["sheet"], second["steps"], second["points"]) == ("softmax", "1-3", 6)


def test_all_of_it_is_done_by_keys_and_the_focus_is_always_seen(opened, studio):
    window = opened()
    keys = window.page.keyboard
    window.tab_to("title")
    keys.type("By keys")
    keys.press("Enter")
    window.settle()
    window.tab_to("find")
    keys.type("linear")
    window.tab_to("add-linear-layer")
    keys.press("Enter")
    window.settle()
    assert window.focused() == "add-linear-layer"
    window.tab_to("find", "Shift+Tab")
    keys.press("Control+A")
    keys.type("softmax")
    window.tab_to("add-softmax")
    keys.press("Space")
    window.settle()
    assert window.focused() == "add-softmax"
    window.tab_to("view-worksheet")
    keys.press("ArrowRight")
    window.settle()
    assert window.focused() == "view-key"
    window.tab_to("next")
    while window.page.is_enabled("#next"):
        assert window.focused() == "next"
        keys.press("Enter")
        window.settle()
    assert window.focused() == "before"
    window.tab_to("title")
    window.tab_to("down-linear-layer")
    keys.press("Enter")
    window.settle()
    assert window.focused() == "up-linear-layer"
    keys.press("Enter")
    window.settle()
    assert window.focused() == "down-linear-layer"
    window.tab_to("steps-0=2")
    keys.press("Space")
    window.settle()
    assert window.focused() == "steps-0=2"
    keys.press("Tab")
    window.tab_to("points-0=")
    keys.type("4")
    window.tab_to("remove-softmax")
    keys.press("Enter")
    window.settle()
    assert window.focused() == "show-linear-layer"
    window.tab_to("seed")
    keys.press("ArrowRight")
    window.tab_to("next-seed")
    keys.press("Enter")
    window.settle()
    assert window.focused() == "next-seed"
    window.tab_to("typed=")
    keys.type("Amara\nBea")
    window.tab_to("take")
    keys.press("Enter")
    window.settle()
    assert window.focused() == "take"
    assert "2 students" in window.page.inner_text("#class")
    window.tab_to("make-class")
    keys.press("Enter")
    window.page.wait_for_selector(".job.done")
    assert window.focused()
    (part,) = saved(studio, window)["parts"]
    assert (part["sheet"], part["points"]) == ("linear-layer", 4)
