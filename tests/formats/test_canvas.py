"""canvas.zip read back: what QTI 1.2 allows, what Canvas makes of it, and its numbers."""

import os
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from every_sheet import CASES, made
from kinds import kinds_and_run
from qti_player import CanvasItem, opened, rows
from qti_standard import QTI_1_2, local, problems
from quiz_pages import missing_rows

from byhand.cli import main
from byhand.formats.canvas import META, PACKAGE, QTI, canvas
from byhand.formats.moodle import moodle
from byhand.formats.quiz.questions import quiz_of
from byhand.formats.quiz.spelling import number
from byhand.notation.text import value_text
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

NUMERIC = [case for case in CASES if case[0] != "attention-in-letters"]
AT = "blocks.0.attn."


@lru_cache(maxsize=8)
def written(sheet, seed=3, **options):
    return opened(canvas(lower(*made(sheet, seed, **options))))


def parts(files):
    """The manifest, the test and its settings, each without its namespace."""
    names = [name for name in files if name.endswith(".xml")]
    trees = [ElementTree.fromstring(files[name]) for name in names]
    return [local(tree, space) for tree, space in zip(trees, (PACKAGE, QTI, META), strict=True)]


def items(sheet, seed=3, **options):
    return [CanvasItem(item) for item in parts(written(sheet, seed, **options))[1].iter("item")]


def of_sections(sheet, seed=3, **options):
    """Each section that asks for numbers or texts, with its item."""
    asking = [section for section in made(sheet, seed, **options)[0].sections if asked(section)]
    found = [
        i
        for i in items(sheet, seed, **options)
        if i.kind in ("fill_in_multiple_blanks_question", "numerical_question")
    ]
    assert len(asking) == len(found)
    return zip(asking, found, strict=True)


def asked(section):
    return [blank for blank in section.blanks if blank.role not in ("copy", "change")]


def named(section, item):
    """Each blank with its name in the item."""
    return {blank.id: f"b{n}" for n, blank in enumerate(asked(section), 1)}


@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_a_quiz_is_what_the_standard_allows(sheet, seed):
    files = written(sheet, seed)
    manifest, test, _ = parts(files)
    assert problems(test, QTI_1_2) == []
    idents = [item.root.get("ident") for item in items(sheet, seed)]
    assert len(set(idents)) == len(idents)
    for item in items(sheet, seed):
        own = [node.get("ident") for node in item.root.iter() if node.get("ident") and node is not item.root]
        assert len(set(own)) == len(own)
        for node in item.root.iter("displayfeedback"):
            assert item.root.find(f"itemfeedback[@ident='{node.get('linkrefid')}']") is not None
    hrefs = [file.get("href") for file in manifest.iter("file")]
    assert sorted(hrefs) == sorted({*files} - {"imsmanifest.xml"})
    resources = {resource.get("identifier") for resource in manifest.iter("resource")}
    assert {each.get("identifierref") for each in manifest.iter("dependency")} <= resources


@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_the_key_earns_all_and_its_numbers_are_the_runs(sheet, seed):
    document, run = made(sheet, seed)
    for section, item in of_sections(sheet, seed):
        names, key = named(section, item), {}
        for blank in asked(section):
            cell = blank.cell
            expected = run.texts[cell.step][cell.at[0]][cell.at[1]] if cell.at and cell.places is None else cell.value
            if item.kind == "numerical_question":
                key["response1"] = value_text(cell.value).replace("−", "-").replace(",", "")
                assert number(next(item.root.iter("varequal")).text) == number(expected)
                continue
            key[names[blank.id]] = first = item.answers[names[blank.id]][0]
            if blank.role in ("word", "text"):
                assert first == value_text(cell.value)
            else:
                assert number(first) == number(expected)
        assert item.score(key) == pytest.approx(100, abs=0.01)
        assert item.score({}) == 0
        assert item.score(dict.fromkeys(key, "77/78")) == 0
    assert document.stamp["hash"] in next(iter(written(sheet, seed).values())).decode()


@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_every_number_of_the_figures_is_printed_where_it_stands_on_the_page(sheet, seed):
    for section, item in of_sections(sheet, seed):
        sign = "____" if item.kind == "numerical_question" else None
        fields = {id(b.cell): sign or f"[{named(section, item)[b.id]}]" for b in asked(section)}
        assert missing_rows(section, fields, rows(item.html)) == []
        text = "".join(item.html.itertext())
        assert sign or all(text.count(field) == 1 for field in fields.values())


def test_one_slip_costs_one_blank():
    section, item = next(of_sections("attention-head"))
    names = named(section, item)
    key = {name: item.answers[name][0] for name in names.values()}
    one = key | {names[f"1/ask/{AT}scores_raw[0]/1,2"]: "5"}
    assert item.score(one) == pytest.approx(100 * (len(key) - 1) / len(key), abs=0.01)


def test_each_kind_of_question_is_canvases_own():
    kinds = [item.kind for item in items("causal-mask")]
    assert kinds == [
        *["text_only_question"] * 2, *["fill_in_multiple_blanks_question"] * 2, "essay_question",
        "fill_in_multiple_blanks_question", "text_only_question", "true_false_question",
        *["essay_question"] * 2, *["multiple_choice_question"] * 3,
    ]  # fmt: skip
    claim = next(item for item in items("causal-mask") if item.kind == "true_false_question")
    assert claim.answers["response1"] == ["true", "false"]
    assert sorted(claim.score({"response1": each}) for each in ("a1", "a2")) == [0, 100]
    assert "Without the mask" in "".join(claim.html.itertext())


def test_statements_are_asked_one_by_one():
    claims = [item for item in items("dot-product") if item.kind == "true_false_question"]
    texts = ["".join(item.html.itertext()) for item in claims]
    assert len(claims) == 2
    statements = [claim.called for claim in claims_of("dot-product") if claim.is_claim]
    assert [[statement in text for statement in statements] for text in texts] == [[True, False], [False, True]]


def claims_of(sheet):
    return [choice for question in quiz_of(lower(*made(sheet, 3))).questions for choice in question.choices]


def test_a_single_number_is_a_numerical_question_with_its_tolerance(tmp_path):
    """No sheet of the course asks for one number only, so this one does."""
    (tmp_path / "worksheets").mkdir()
    sheet = tmp_path / "worksheets" / "one.md"
    sheet.write_text(ONE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BYHAND_TEMPLATES", str(tmp_path))
        files = opened(canvas(lower(*prepare(load_sheet("one"), Options(numbers="decimal")))))
    (item,) = (CanvasItem(item) for item in parts(files)[1].iter("item"))
    assert item.kind == "numerical_question"
    assert [item.score({"response1": text}) for text in ("11", "11.0", "11.01", "11.02", "x")] == [
        100,
        100,
        100,
        0,
        0,
    ]
    assert problems(parts(files)[1], QTI_1_2) == []


ONE = """---
title: One number
model: matrix-product
inputs: {A: [[1, 2]], B: [[3], [4]]}
goal: "You multiply a row by a column."
---
## Multiply

{{ ask("AB") }}
"""


def test_every_kind_of_question_is_allowed_and_can_be_answered():
    test = parts(opened(canvas(lower(*kinds_and_run()))))[1]
    assert problems(test, QTI_1_2) == []
    found = [CanvasItem(item) for item in test.iter("item")]
    assert [item.facts["points_possible"] for item in found] == [
        "2.0", "1.0", "8.0", "3.0", "9.0", "1.0", "1.0", "1.0", "1.0", "1.0", "3.0",
        "0.0", "6.0", "3.0", "1.0", "3.0",
    ]  # fmt: skip
    word, tick = found[5], found[9]
    assert word.answers["response1"] == ["the", "cat", "sat", "down", "on", "mat"]
    assert [word.score({"response1": f"a{n}"}) for n in range(1, 7)] == [0, 0, 0, 0, 100, 0]
    assert [tick.score({"response1": f"a{n}"}) for n in range(1, 5)] == [0, 0, 100, 0]


def test_a_word_in_brackets_is_taken_for_no_blank():
    document, run = made("attention-head", 3, tokens=("[b1]", "[b2]", "b3"))
    found = (CanvasItem(item) for item in parts(opened(canvas(lower(document, run))))[1].iter("item"))
    text = "".join(next(item for item in found if item.answers).html.itertext())
    assert text.count("[b1]") == text.count("[b2]") == 1
    assert "[\u2060b1]" in text


def test_pictures_are_files_that_questions_name():
    files = written("attention-head")
    pictures = {name for name in files if name.endswith(".svg")}
    assert pictures == {"pictures/map.svg", "pictures/section0.svg"}
    _, test, meta = parts(files)
    texts = meta.findtext("description", "") + "".join(test.itertext())
    for picture in pictures:
        assert texts.count(f"$IMS-CC-FILEBASE$/{picture}") == 1
    assert (meta.findtext("one_question_at_a_time"), meta.findtext("cant_go_back")) == ("true", "true")
    worth = sum(float(item.facts["points_possible"]) for item in items("attention-head"))
    assert float(meta.findtext("points_possible")) == worth


def test_the_same_sheet_is_the_same_bytes_and_letters_are_refused(tmp_path):
    page = lower(*made("shapes", 3))
    moodle(page)  # asks for the same quiz in another order
    assert canvas(page) == canvas(lower(*made("shapes", 3)))
    arguments = ["attention-in-letters", "--format", "canvas,qti", "--out", str(tmp_path / "o")]
    result = CliRunner().invoke(main, ["generate", *arguments])
    assert result.exit_code == 1
    assert "which learning platforms cannot mark" in result.stderr


SCHEMAS = os.environ.get("BYHAND_QTI_SCHEMAS")


@pytest.mark.skipif(not SCHEMAS, reason="BYHAND_QTI_SCHEMAS names no folder of DTDs and XSDs")
@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_a_quiz_is_valid_by_the_dtd(sheet, seed):
    etree = pytest.importorskip("lxml.etree")
    found = next(Path(SCHEMAS).rglob("ims_qtiasiv1p2p1.dtd"), None)
    if found is None:
        pytest.skip(f"there is no ims_qtiasiv1p2p1.dtd in {SCHEMAS}")
    test = parts(written(sheet, seed))[1]
    dtd = etree.DTD(str(found))
    assert dtd.validate(etree.fromstring(ElementTree.tostring(test))), dtd.error_log
