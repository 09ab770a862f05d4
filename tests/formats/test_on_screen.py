"""Every page for a screen: valid HTML, named fields, one choice where there is one, and colours that can be read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import pytest
from every_sheet import a_share, in_turn
from kinds import kinds_and_run
from tinyhtml5.parser import HTMLParser

from byhand.formats.html.book import Book
from byhand.formats.html.page import POLICY, Pages, without_rare
from byhand.formats.html.script import source_hash
from byhand.marking.marked_page import MarkedPages
from byhand.marking.marker import Marker
from byhand.marking.report import Report
from byhand.marking.tally import Tally
from byhand.options import Options
from byhand.page.look import COLOURS
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.front import sheet_files
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet

SHEETS = sorted(sheet_files())
TEMPLATES = Path(__file__).parents[2] / "templates"
NAMESPACE = re.compile(r"\{.*\}")
DARKEST, READABLE = "#e2e2e2", 4.5  # behind words that are not white; the least contrast (WCAG 2.2, 1.4.3)


@cache
def pages(sheet):
    return Pages(lower(*(kinds_and_run() if sheet == "kinds" else prepare(load_sheet(sheet), Options()))))


def html(sheet, view):
    return pages(sheet).html(view, "screen")


def faults(page: str) -> list[str]:
    """What is wrong with a page for a screen."""
    parser = HTMLParser()
    root = parser.parse(page)
    return [*(f"{error} at {place}" for place, error, _ in parser.errors), *_faults(root)]


def _faults(root) -> Iterator[str]:
    every = list(root.iter())
    around = {child: each for each in every for child in each}
    tags = Counter(map(tag, every))
    if not root.get("lang"):
        yield "no language"
    if not any(tag(each) == "title" and text(each) for each in every):
        yield "no title"
    if (tags["main"], tags["h1"]) != (1, 1):
        yield f"{tags['main']} main, {tags['h1']} h1"
    levels = [int(tag(each)[1]) for each in every if re.fullmatch("h[1-6]", tag(each))]
    yield from (f"h{b} follows h{a}" for a, b in pairwise(levels) if b > a + 1)
    for each in every:
        name = each.get("aria-label") or ""
        hidden = any(other.get("aria-hidden") == "true" for other in within(each, around))
        match tag(each):
            case "input" | "textarea" if not name.strip():
                yield "a field without a name"
            case "input" if each.get("type") == "radio" and not each.get("name"):
                yield f"{name} is not one of several"
            case "svg" if not hidden and (each.get("role") != "img" or not name.strip()):
                yield "a drawing without a name"
            case "th" if each.get("scope") not in ("row", "col"):
                yield f"{text(each)} heads nothing"
            case "ul" | "ol" if {tag(child) for child in each} - {"li"}:
                yield "a list of other things"
            case "a" if each.get("href") and not text(each):
                yield "a link without words"
            case "meta" if each.get("name") == "viewport" and re.search("scalable|maximum", each.get("content")):
                yield "it cannot be enlarged"
        if each.get("role") == "radiogroup" and not name.strip():
            yield "a group without a name"
        if int(each.get("tabindex", 0)) > 0:
            yield "an order of its own"
    ids = Counter(each.get("id") for each in every if each.get("id"))
    yield from (f"{name} is there twice" for name, count in ids.items() if count > 1)


def tag(element) -> str:
    return NAMESPACE.sub("", element.tag) if isinstance(element.tag, str) else ""


def text(element) -> str:
    return " ".join("".join(element.itertext()).split())


def within(element, around):
    while element is not None:
        yield element
        element = around.get(element)


@pytest.mark.parametrize(
    ("sheet", "view"), [*product(["kinds"], ["worksheet", "key"]), *a_share(in_turn("worksheet", "key"), 3)]
)
def test_a_page_for_a_screen_is_valid_and_accessible(sheet, view):
    assert faults(html(sheet, view)) == []


def test_worked_lines_an_index_a_marked_page_and_a_report_are_valid_and_accessible():
    document, run = prepare(load_sheet("attention-head"), Options())
    marks, tally = Marker.of(document, run).mark({}, "1", "Ada"), Tally()
    tally.add(marks)
    assert faults(html("attention-head", "worked")) == []
    assert (
        faults(dict(Book((pages("softmax"),), ("worksheet", "key"), 0, messages()).folder("a4"))["index.html"]) == []
    )
    assert faults(MarkedPages(lower(document, run)).html(marks, "Ada")) == []
    assert faults(Report(document, tally).html()) == []


def test_the_policy_comes_first_in_the_head():
    page = html("softmax", "key")
    assert re.match(rf'<!doctype html>\s*<html lang="en">\s*<head>{re.escape(POLICY)}\s*<meta charset="utf-8">', page)
    assert page.count(POLICY) == 1
    assert '<meta name="color-scheme" content="light">' in page


def test_a_heading_has_a_space_between_its_number_and_its_words():
    root = HTMLParser().parse(html("attention-head", "worksheet"))
    heads = [text(each) for each in root.iter() if tag(each) == "h2"]
    assert "1 Scores" in heads
    assert not any(re.match(r"\d+[A-Z]", head) for head in heads)


def test_of_several_boxes_one_can_be_ticked_and_there_is_a_field_for_words():
    root = HTMLParser().parse(html("kinds", "worksheet"))
    fields = [each for each in root.iter() if tag(each) in ("input", "textarea")]
    groups = Counter(each.get("name") for each in fields if each.get("type") == "radio")
    assert sorted(groups.values()) == [2, 2, 2, 4, 6]  # three claims, four matrices, six words
    words = [each.get("aria-label") for each in fields if tag(each) == "textarea"]
    assert "because: Each row of the pattern adds up to 1." in words
    assert "Find the error" in words
    assert not any(each.get("data-field") for each in root.iter())


def test_every_colour_of_words_can_be_read():
    styles = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.css"))
    named = [COLOURS[name] for name in re.findall(r"[ {;]color: {{ colours\.(\w+)", styles)]
    colours = {*named, *re.findall(r"[ {;]color: (#\w+)", styles)} - {"#fff", "#ffffff"}
    in_drawings = {
        colour for sheet in SHEETS for colour in re.findall(r'<text [^>]*fill="(#\w+)"', html(sheet, "key"))
    } - {"#fff", "#ffffff"}
    for colour in colours | in_drawings:
        assert contrast(colour, DARKEST) >= READABLE, colour
    assert min(contrast("#fff", dark) for dark in ("#111", "#444")) >= READABLE


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_policy_allows_the_script_of_a_worksheet_and_nothing_else():
    page = html("softmax", "worksheet")
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(script) == 1
    assert policy.split("; ")[:2] == ["default-src 'none'", f"script-src {source_hash(script[0])}"]
    assert not re.findall(r"<[^>]* on\w+=", page.partition("<script")[0])
    assert "<script" not in html("softmax", "key")


def test_a_page_leaves_out_the_rules_for_what_it_does_not_hold():
    rules = ".gap{a:b}", ".gap i,.guess :is(p,i){a:b}", ".gap,h2{a:b}", "h2:not(.gap,.guess)+p{a:b}", ".gaps{a:b}"
    css = "/* the fonts */@media print{" + "".join(rules) + "}"
    body = '<p class="guess n"><i class=gap></i></p><p>class="gap"</p>'
    assert without_rare(css, body) == css
    guessed = body.replace(" class=gap", "")
    assert without_rare(css, guessed) == css.replace(rules[0], "")
    assert without_rare(css, "<p>.gap .guess</p>") == css.replace(rules[0] + rules[1], "")
    assert [".guess .number{" in html(sheet, "worksheet") for sheet in ("gpt", "softmax")] == [False, True]


def test_the_longest_sheet_that_answers_has_under_400_kilobytes():
    assert len(html("gpt", "worksheet").encode()) < 400_000
