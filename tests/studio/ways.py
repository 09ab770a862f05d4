"""The whole way of a lecturer from the first page to the class that is downloaded, in a window of any browser."""

from __future__ import annotations

import tomllib
import zipfile


def students(every) -> list[str]:
    """The names of a class: of thirty, or in a hurry of two."""
    return [f"Student {n:02}" for n in range(1, 31 if every else 3)]


def saved(studio, window) -> dict:
    """What the file of the window's paper says."""
    name = window.address.partition("/papers/")[2].partition("?")[0]
    return tomllib.loads((studio.folder / name / "exam.toml").read_text("utf-8"))


def is_whole(file, students) -> None:
    """Whether a zip file has a class: a worksheet and a key for each, one file to print, and one of all keys."""
    packed = zipfile.ZipFile(file)
    assert packed.testzip() is None
    names = packed.namelist()
    for folder in ("worksheets", "keys"):
        assert sum(f"/{folder}/" in name and name.endswith(".pdf") for name in names) == students
    assert sum(name.endswith(("/class.pdf", "/keys.pdf")) for name in names) == 2


def by_pointer(window, studio, students) -> None:
    """By mouse, or on a phone by touch."""
    assert not window.unusable()
    window.begin(f"Thirty {window.size[0]}")
    for sheet in ("attention-head", "softmax"):
        window.see("sheets")
        assert not window.unusable()
        window.press(f"#add-{sheet}")
    window.see("paper")
    for sheet, left in (("attention-head", 2), ("softmax", 3)):
        steps = f"#part-{sheet} .steps div"
        for n in range(left, window.run("(steps) => document.querySelectorAll(steps).length", steps)):
            window.hit(f"{steps}:nth-of-type({n + 1}) [type=checkbox]")
        window.settle()
    window.fill("[name=points-0-1]", "2,5")
    window.fill("[name=points-0-2]", "1")
    window.fill("[name=points-1]", "6")
    window.press(".write summary")
    window.fill("#own-2", "Thank you.")
    window.press("#up-2")
    assert not window.unusable()
    window.see("page")
    assert window.text("#totals").startswith("2 sheets · 5 steps · about")
    assert not window.unusable()
    window.see("paper")
    window.put("[name=typed]", "\n".join(students))
    window.press("#take")
    assert f"{len(students)} students, in roster.csv" in window.text("#class")
    window.press("#make-class")
    window.wait_for(".job.done")
    assert not window.errors()
    assert not window.unusable()
    is_whole(window.downloaded(".job.done a.strong"), len(students))
    first, own, second = saved(studio, window)["parts"]
    assert (first["sheet"], first["steps"], first["points"]) == ("attention-head", "1-2", {"1": 2.5, "2": 1})
    assert own == {"text": "Thank you."}
    assert (second["sheet"], second["steps"], second["points"]) == ("softmax", "1-3", 6)


def by_keys(window, studio) -> None:
    """By keys alone; what has the focus is always seen."""
    window.tab_to("title")
    window.type("By keys")
    window.key("Enter")
    window.settle()
    window.tab_to("find")
    window.type("linear")
    window.tab_to("add-linear-layer")
    window.key("Enter")
    window.settle()
    assert window.focused() == "add-linear-layer"
    window.tab_to("find", "Shift+Tab")
    window.key("Control+A")
    window.type("softmax")
    window.tab_to("add-softmax")
    window.key("Space")
    window.settle()
    assert window.focused() == "add-softmax"
    window.tab_to("view-worksheet")
    window.key("ArrowRight")
    window.settle()
    assert window.focused() == "view-key"
    window.tab_to("next")
    while window.run("() => document.querySelector('#next:enabled') !== null"):
        assert window.focused() == "next"
        window.key("Enter")
        window.settle()
    assert window.focused() == "before"
    window.tab_to("title")
    window.tab_to("down-linear-layer")
    window.key("Enter")
    window.settle()
    assert window.focused() == "up-linear-layer"
    window.key("Enter")
    window.settle()
    assert window.focused() == "down-linear-layer"
    window.tab_to("steps-0=2")
    window.key("Space")
    window.settle()
    assert window.focused() == "steps-0=2"
    window.key("Tab")
    window.tab_to("points-0=")
    window.type("4")
    window.tab_to("remove-softmax")
    window.key("Enter")
    window.settle()
    assert window.focused() == "show-linear-layer"
    window.tab_to("seed")
    window.key("ArrowRight")
    window.tab_to("next-seed")
    window.key("Enter")
    window.settle()
    assert window.focused() == "next-seed"
    window.tab_to("typed=")
    window.type("Amara\nBea")
    window.tab_to("take")
    window.key("Enter")
    window.settle()
    assert window.focused() == "take"
    assert "2 students" in window.text("#class")
    window.tab_to("make-class")
    window.key("Enter")
    window.wait_for(".job.done")
    assert window.focused()
    (part,) = saved(studio, window)["parts"]
    assert (part["sheet"], part["points"]) == ("linear-layer", 4)
