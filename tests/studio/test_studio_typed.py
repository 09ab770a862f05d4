"""Answers from paper are typed in by keys alone, in Chromium."""

from __future__ import annotations

import json
from pathlib import Path


def test_answers_from_paper_are_typed_in_by_keys_alone(opened, studio, size):
    window = opened(size)
    window.begin("Typed in by keys")
    address = window.page.url
    folder = Path(studio.folder, address.rsplit("/", 1)[1])
    window.see("sheets")
    window.press("#add-softmax")
    window.see("paper")
    window.page.fill("[name=typed]", "name,id\nAmara,1\nBea,2")
    window.press("#take")
    window.page.click("#make-class")
    window.page.wait_for_selector(".job.done")
    window.page.goto(f"{address}/mark")
    window.press("#type")
    assert window.page.inner_text("#student option:checked") == "1 · Amara"  # the first of whom nothing is typed
    keys = window.page.keyboard

    def at() -> str:
        return str(window.page.evaluate("document.activeElement.getAttribute('aria-label')"))

    assert at().endswith("row 1, column 1")
    for text, key, place in (
        ("4", "Enter", "row 1, column 2"), ("1/2", "ArrowDown", "row 2, column 2"), ("-3", "ArrowUp", "row 1, column 2"),
        ("", "ArrowLeft", "row 1, column 1"), ("", "ArrowRight", "row 1, column 2"), ("", "Shift+Enter", "row 1, column 1"),
    ):  # fmt: skip
        keys.type(text)
        keys.press(key)
        assert at().endswith(place), (text, key)
    keys.type("12")  # in place of what stood there, since going to a field chooses all of it
    keys.press("ArrowLeft")
    keys.press("ArrowLeft")
    assert at().endswith("row 1, column 1")  # within a text, the arrow goes from digit to digit
    for _ in range(100):
        keys.press("Enter")
        if window.page.evaluate("document.activeElement.id") == "next":
            break
    assert window.focused() == "next"
    keys.press("Enter")
    window.page.wait_for_url("**student=2")
    (typed,) = json.loads((folder / "answers/typed-softmax.json").read_text())["students"]
    assert [*typed["answers"].values()] == ["12", "1/2", "-3"]
    assert window.page.inner_text("#student option:checked") == "2 · Bea"
    assert window.unusable() == []
