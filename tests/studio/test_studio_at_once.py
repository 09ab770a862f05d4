"""Changes of a paper one right after the other, in two windows, by two users, and by dragging."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile

import pytest
from windows import Window

SHOWN = """async () => {
  const read = async (how) => {
    const bytes = await (await fetch(document.querySelector("#picture").src, { cache: how })).arrayBuffer();
    return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].join();
  };
  return await read("force-cache") === await read("reload");
}"""


def of_window(studio, window):
    """The folder of a window's paper."""
    return studio.folder / re.search(r"/papers/([^?#/]+)", window.page.url)[1]


def parts(studio, window) -> list[dict]:
    return tomllib.loads((of_window(studio, window) / "exam.toml").read_text("utf-8"))["parts"]


def check_what_is_shown(window: Window) -> None:
    """The picture is that of the paper as it is saved, and the fields are those of a new window."""
    window.settle()
    assert not window.errors()
    read = """() => [document.querySelector("#picture").src.split("/")[6], ...new FormData(document.querySelector("#paper"))]"""
    shown = window.page.evaluate(read)
    assert window.page.evaluate(SHOWN)
    new = window.another()
    new.goto(window.page.url)
    new.wait_for_selector("#picture")
    assert new.evaluate(read) == shown


def test_of_quick_changes_the_last_state_is_saved_and_shown(opened, studio):
    window = opened()
    window.begin("Quick")
    window.press("#add-attention-head")
    steps = "#part-attention-head .steps input[type=checkbox]"
    for n in range(3, window.page.locator(steps).count()):
        window.page.locator(steps).nth(n).uncheck()
    window.settle()
    window.slow_down(300)
    page = window.page
    page.fill("[name=points-0-1]", "2,5")
    page.fill("[name=points-0-2]", "1")
    page.click(f"{steps} >> nth=2")
    page.dblclick("#add-softmax")
    page.fill("[name=points-0-1]", "4")
    page.fill("[name=points-0-2]", "3")
    for _ in range(6):
        page.click("#next-seed")
    page.click("label:has(#view-key)")
    page.click("#up-softmax")
    page.fill("#title", "Quicker")
    page.locator("#title").blur()
    check_what_is_shown(window)
    softmax, attention = parts(studio, window)
    assert (attention["steps"], attention["points"], softmax["sheet"]) == ("1-2", {"1": 4, "2": 3}, "softmax")
    said = (of_window(studio, window) / "exam.toml").read_text("utf-8")
    assert 'title = "Quicker"' in said
    assert json.loads((of_window(studio, window) / "studio.json").read_text())["options"]["seed"] == 7
    assert "/key/" in page.get_attribute("#picture", "src")


def test_a_sheet_is_dragged_into_the_paper_and_a_part_to_another_place(opened, studio):
    window = opened((1366, 2400))  # high enough that all is in sight: while Playwright drags, nothing may scroll
    window.begin("Dragged")

    def drag(what: str, where: str, at: dict | None = None) -> list[str]:
        window.page.drag_and_drop(what, where, target_position=at)
        window.settle()
        return [part["sheet"] for part in parts(studio, window)]

    assert drag("[data-sheet=softmax]", "#paper .empty") == ["softmax"]
    above = {"x": 40, "y": 4}
    assert drag("[data-sheet=linear-layer]", "#part-softmax", above) == ["linear-layer", "softmax"]
    assert drag("[data-sheet=dot-product]", "#part-softmax", above) == ["linear-layer", "dot-product", "softmax"]
    assert drag("#part-softmax .grip", "#part-linear-layer", above) == ["softmax", "linear-layer", "dot-product"]
    assert drag("#part-softmax .grip", ".write summary") == ["linear-layer", "dot-product", "softmax"]
    assert drag("#part-linear-layer .grip", "#part-linear-layer") == ["linear-layer", "dot-product", "softmax"]
    assert drag("[data-sheet=layer-norm]", "#page") == ["linear-layer", "dot-product", "softmax"]
    check_what_is_shown(window)


def test_of_two_windows_the_later_one_is_told_what_the_other_did(opened, studio):
    window = opened()
    window.begin("Two windows")
    window.press("#add-softmax")
    other = window.beside()
    window.press("#add-linear-layer")
    other.fill("[name=points-0]", "5")
    assert [part["sheet"] for part in parts(studio, window)] == ["softmax", "linear-layer"]
    assert other.errors() == [
        "This paper was changed in another window. Here it is as it stands now, without your last change."
    ]
    other.fill("[name=points-0]", "5")
    assert other.errors() == []
    assert parts(studio, window)[0]["points"] == 5
    check_what_is_shown(other)


@pytest.mark.usefixtures("long")
def test_two_users_at_once_have_their_own_papers_and_classes(opened, department):
    classes = {}
    windows = {user: opened(at=department.address) for user in department.tokens}
    for user, window in windows.items():
        window.log_in(department.tokens[user])
        window.begin(f"Of {user}")
        window.press("#add-linear-layer" if user == "ada" else "#add-softmax")
        window.page.fill("[name=typed]", f"{user} One\n{user} Two")
        window.press("#take")
    for window in windows.values():
        window.page.click("#make-class")
    for user, window in windows.items():
        window.page.wait_for_selector(".job.done")
        classes[user] = zipfile.ZipFile(window.downloaded("text=All files, zip")).namelist()
    for user, other, sheet in (("ada", "noor", "linear-layer"), ("noor", "ada", "softmax")):
        copies = [name for name in classes[user] if "/worksheets/" in name]
        assert len(copies) == 2
        assert all(user in name for name in copies)
        assert any(f"/{sheet}/" in name for name in classes[user])
        page = windows[user].page
        page.goto(windows[user].origin)
        assert f"Of {user}" in page.inner_text("main")
        assert other not in page.inner_text("main")
        for path in (f"of-{other}", f"of-{other}/exam.toml", f"of-{other}/jobs/1/all.zip"):
            assert page.request.get(f"{windows[user].origin}/papers/{path}").status == 404
