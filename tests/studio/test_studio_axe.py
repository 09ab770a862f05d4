"""What axe finds on the pages of the studio in all their states, wide and on a phone: nothing."""

from __future__ import annotations

import pytest
from pages import answers_of_class
from studios import Running
from windows import PHONE

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="make test-studio installs axe")


def findings(window, *parts) -> list[str]:
    """What axe finds on a page; parts: on a phone, in each of these parts of it."""
    found = []
    for part in parts or [""]:
        if part:
            window.see(part)
        for each in axe.Axe().run(window.page).response["violations"]:
            found += [f"{part} {each['id']}: {node['html'][:200]}" for node in each["nodes"]]
    return found


def test_axe_finds_nothing_while_a_paper_is_put_together_printed_and_marked(opened, tmp_path, size):
    studio = Running(tmp_path)
    try:
        window = opened(size, studio.address)
        desk = ("sheets", "page", "paper") if size == PHONE else ("",)
        found = {"no paper": findings(window)}
        window.begin("An exam")
        found["an empty paper"] = findings(window, *desk)
        address = window.page.url
        window.page.goto(f"{address}/mark")
        found["no class"] = findings(window)
        window.page.goto(f"{address}/report")
        found["no report"] = findings(window)
        window.page.goto(address)
        window.see("sheets")
        window.press("#add-linear-layer")
        window.press("#add-softmax")
        window.see("paper")
        window.press("text=Cover, help, order and your own words")
        window.press(".write summary")
        window.fill("#own-2", "Thank you.")
        found["a paper"] = findings(window, *desk)
        window.see("page")
        for view in ("key", "worked", "lecturer"):
            window.press(f"label:has(#view-{view})")
            found[view] = findings(window)
        window.see("paper")
        window.fill("[name=points-0]", "many")
        window.page.fill("[name=typed]", "name,id\nAmara,1\nBea,1")
        window.press("#take")
        assert len(window.errors()) == 2
        found["errors"] = findings(window, *desk)
        window.fill("[name=points-0]", "4")
        window.press("#remove-softmax")
        window.page.fill("[name=typed]", "Amara\nBea")
        window.press("#take")
        window.page.click("#make-class")
        window.page.wait_for_selector(".job.running")
        found["a class is being made"] = findings(window, *desk)
        window.page.wait_for_selector(".job.done")
        found["a class"] = findings(window, *desk)
        window.page.goto(f"{address}/mark")
        found["a class to mark"] = findings(window)
        window.page.goto(f"{address}/typed?student=Amara")
        found["answers from paper"] = findings(window)
        window.page.goto(f"{address}/mark")
        (class_,) = tmp_path.glob("*/made/1/*/class.json")
        answers = tmp_path / "all.json"
        answers.write_text(answers_of_class(class_.parent, "linear-layer"))
        window.page.set_input_files("[name=files]", answers)
        window.press("text=Take them")
        found["answers"] = findings(window)
        window.press("text=Mark them")
        window.page.wait_for_selector(".job.done")
        found["marked"] = findings(window)
        window.page.goto(f"{address}/report")
        window.settle()
        found["a report"] = findings(window)
        window.page.goto(window.origin)
        found["papers"] = findings(window)
    finally:
        studio.end()
    assert {state: each for state, each in found.items() if each} == {}


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_at_the_door(opened, studio, department, size, colours):
    shut = opened(size, studio.address.partition("?")[0], color_scheme=colours)
    found = {"not open": findings(shut)}
    window = opened(size, department.address, color_scheme=colours)
    found["a form"] = findings(window)
    window.fill("#token", "a guess")
    window.press("main button")
    assert window.page.get_attribute("#token", "aria-invalid") == "true"
    found["a wrong token"] = findings(window)
    window.log_in(department.tokens["ada"])
    found["inside"] = findings(window)
    assert {state: each for state, each in found.items() if each} == {}
    for each in (shut, window):
        each.faults = [fault for fault in each.faults if "403" not in fault]
