"""The site: built with every link followed, read without a network, and searched as a lecturer would."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from browser import Browser, needs_chromium
from every_sheet import FULL, ORDER
from msgspec.structs import replace

from byhand.errors import UnknownNameError
from byhand.worksheet.thread import thread

WEBSITE = Path(__file__).resolve().parents[1] / "tools" / "website"
SHEETS = ("softmax", "scores", "attention-head")
SAID = "document.querySelector('.search-summary')?.textContent ?? ''"
FOUND = """[...new Set([...document.querySelectorAll("#search-results li a")].map((link) => new URL(link.href).pathname.split("/").pop().replace(".html", "")))]"""
pytestmark = [  # what its extensions ask of Sphinx is theirs to renew
    pytest.mark.filterwarnings("ignore::DeprecationWarning:sphinx"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


@pytest.fixture(scope="module")
def make():
    """The module that builds the site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(WEBSITE)
        yield pytest.importorskip(
            "make", reason="the site is built by packages of the group dev", exc_type=ImportError
        )


@pytest.fixture(scope="module")
def site(make, tmp_path_factory):
    """A site of three sheets; with BYHAND_FULL=1, of all."""
    out = tmp_path_factory.mktemp("website") / "site"
    make.build(out, () if FULL else SHEETS)
    return out


@pytest.fixture(scope="module")
def browser():
    opened = Browser()
    yield opened
    opened.close()


def test_each_sheet_has_its_page_its_picture_and_its_files(site):
    names = [*ORDER, *thread().sheets] if FULL else SHEETS
    gallery = (site / "index.html").read_text(encoding="utf-8")
    for name in names:
        page = (site / "course" / f"{name}.html").read_text(encoding="utf-8")
        files = {path.name for path in (site / "sheets" / f"{name}-seed0").iterdir()}
        assert files == {"card.webp", "page.webp", "worksheet.html", "worksheet.pdf", "key.pdf", "lecturer.pdf"}
        assert all(f"{name}-seed0/{file}" in page for file in files - {"card.webp"})
        assert f'href="course/{name}.html"' in gallery
    assert {path.name for path in site.parent.iterdir()} == {"site"}, "what it was made of is gone"


def test_a_page_of_a_sheet_says_what_it_asks_in_words_and_what_comes_before(site):
    page = (site / "course" / "scores.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    for words in ("which word will “bones” look at most?", "divide by the root of the right number", "5 Why the root",
                  "when did she divide?", "The scale is cosmetic", "19 minutes", "byhand generate scores --seed 7"):  # fmt: skip
        assert words in text, words
    assert 'href="softmax.html">7 Softmax' in page
    assert re.search(r'<img[^>]* alt="[^"]*Scores”\. You compare every query with every key', page)


def test_a_link_that_leads_nowhere_stops_the_build_and_the_site_before_stays(make, tmp_path, monkeypatch):
    written = make.write_course

    def with_a_lost_link(*asked):
        return replace(written(*asked), gallery='<a href="lost.html">lost</a>')

    monkeypatch.setattr(make, "write_course", with_a_lost_link)
    before = tmp_path / "site"
    before.mkdir()
    (before / make.MARK).write_text("before", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"index\.html: lost\.html leads nowhere"):
        make.build(before, ("shapes",))
    assert [path.read_text(encoding="utf-8") for path in before.iterdir()] == ["before"]


def test_a_folder_with_something_else_is_not_lost_and_an_unknown_sheet_is_told(make, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(SystemExit, match="holds something else than a site"):
        make.build(tmp_path, SHEETS)
    assert (tmp_path / "thesis.tex").exists()
    with pytest.raises(UnknownNameError, match="softmax"):
        make.build(tmp_path / "site", ("softmacks",))
    assert not (tmp_path / "site").exists()


def test_what_is_loaded_from_elsewhere_and_a_missing_place_are_told(make, tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="https://x.org">x</a><a href="#here">y</a>', encoding="utf-8"
    )
    (tmp_path / "b.html").write_text(
        '<a href="a.html#there">z</a><script src="//x.org/y.js"></script>', encoding="utf-8"
    )
    (tmp_path / "c.css").write_text('@import "https://x.org/z.css";', encoding="utf-8")
    assert make.faults(tmp_path) == [
        "b.html: a.html#there leads to a place that the page does not have",
        "b.html: //x.org/y.js is loaded from elsewhere",
        "c.css: loads something from elsewhere",
    ]


@needs_chromium
def test_pages_are_read_from_the_disk_without_a_network(site, browser):
    for width in (390, 1280):
        browser.sized(width, 900)
        for name in ("index", "course/scores", "reference/commands", "reference/values-file", "howto/graded"):
            browser.open(site / f"{name}.html")
            assert browser.faults == []
            assert browser.run("document.documentElement.scrollWidth") <= width, name
            fonts = "document.fonts.ready.then(() => document.fonts.check('16px \"byhand Sans\"'))"
            assert browser.run(fonts)
            boxes = "[...document.querySelectorAll('pre, .table-wrapper')].filter((box) => box.scrollWidth > box.clientWidth)"
            assert browser.run(f"{boxes}.every((box) => box.tabIndex === 0)"), "keys move what is too wide"
            lazy = "[...document.images].filter((image) => image.complete && !image.naturalWidth).map((image) => image.src)"
            assert browser.run(lazy) == []


OF_THREE = {
    "why divide by the root": "scores",
    "normalised exponential": "softmax",
    "self-attention": "attention-head",
}
OF_ALL = OF_THREE | {
    "tokenization": "byte-pairs",
    "masked attention": "causal-mask",
    "more than one head": "multi-head-attention",
    "gradient of softmax": "softmax-backward",
    "temperature": "sampling",
    "skip connection": "transformer-block",
    "number of parameters": "sizing",
    "learning rate": "training-step",
    "RoPE": "rotary",
    "machine translation": "encoder-decoder",
}


@needs_chromium
@pytest.mark.parametrize(("query", "sheet"), (OF_ALL if FULL else OF_THREE).items())
def test_the_search_finds_a_sheet_by_what_it_teaches(site, browser, query, sheet):
    browser.call("Page.navigate", url=f"{(site / 'search.html').as_uri()}?q={quote(query)}")
    browser.ready()
    browser.until(f"/finished|did not match/.test({SAID})")
    assert sheet in browser.run(FOUND)[:3]
