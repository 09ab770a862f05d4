"""The course as a folder: an index with a picture of each sheet, routes through them, and what is done of each."""

from __future__ import annotations

import re

import pytest
from browser import Browser, needs_chromium
from click.testing import CliRunner

from byhand.cli import main
from byhand.course import course, covers, write_index
from byhand.errors import UnreadableError
from byhand.options import Options
from byhand.pipeline import generate
from byhand.reading.verify import verify
from byhand.worksheet.order import routes

ASKED = Options(formats=("html",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an index of every sheet, two of which are there."""
    out = tmp_path_factory.mktemp("course")
    names = [sheet.name for sheet in course()]
    made = {name: [out / f"{name}-seed0" / "worksheet.html", out / f"{name}-seed0" / "key.html"] for name in names}
    for name in ("softmax", "dot-product"):
        assert sorted(generate(name, ASKED, out)) == sorted(made[name])
    write_index(made, ASKED, out)
    return out


def test_an_index_has_a_picture_of_every_sheet_in_the_order_of_the_course(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    names = [sheet.name for sheet in course()]
    assert re.findall(r'<li data-sheet="([^"]*)">', page) == names
    assert page.count('class="drawing"') == len(names)
    assert [card.name for card in covers() if "<svg" not in card.picture] == []
    assert re.findall(r'<h3>\d+ <a href="([^"]*)"', page) == [f"{name}-seed0/worksheet.html" for name in names]
    assert page.count("/key.html") == len(names)
    for route in routes():
        sittings = len(route.sittings) if route.name != "exam" else 0
        assert page.count("<details>") == len(routes()) - 1
        assert page.count("<li><a ") >= sittings


def test_a_sheet_leads_to_no_place_that_is_not_there(folder):
    page = (folder / "softmax-seed0" / "worksheet.html").read_text(encoding="utf-8")
    assert not re.findall(r' href="(?!#)([^"]*)"', page)


def test_a_folder_of_the_course_is_right_and_its_index_says_what_it_is(folder):
    result = CliRunner().invoke(main, ["verify", str(folder)])
    assert result.output == f"{folder}: 4 files, 4 right; passed over: index.html\n"
    with pytest.raises(UnreadableError, match=r"^it is of several sheets; verify them one by one"):
        verify(folder / "index.html")


@needs_chromium
def test_an_index_tells_what_is_done_where_the_browser_shares_it(folder):
    browser = Browser()
    try:
        browser.open(folder / "softmax-seed0" / "worksheet.html")
        browser.run("byhand.page.fields.get(byhand.page.known[0]).focus()")
        browser.type("4")
        done = browser.run("byhand.bar.count.textContent")
        browser.open(folder / "index.html", forget=False)
        shown = "[...document.querySelectorAll('[data-sheet]')].filter((card) => !card.querySelector('.done').hidden).map((card) => [card.dataset.sheet, card.querySelector('.done b').textContent])"
        assert browser.run(shown) == [["softmax", done]]
        assert browser.faults == []
        browser.sized(390, 844)
        assert browser.run("document.documentElement.scrollWidth") <= 390
    finally:
        browser.close()
