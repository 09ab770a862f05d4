"""page.json: what the schema says of it is so, and somebody who knows only the schema can write a sheet of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from every_sheet import CASES, FULL, ORDER, in_turn, made
from jsonschema import Draft202012Validator
from kinds import kinds_and_run
from referencing import Registry, Resource
from stranger import Stranger

import byhand
from byhand.arithmetic.expr import NEG_INF, refs
from byhand.formats import Setup
from byhand.formats.page_json import page_json
from byhand.formats.written.markdown import BLANK, markdown
from byhand.notation.number import plain
from byhand.page.page import lower
from byhand.record import tree

SCHEMAS = [
    json.loads(Path(byhand.__file__).with_name(f"{name}.schema.json").read_text("utf-8")) for name in ("page", "run")
]
REGISTRY = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS)
VALIDATOR = Draft202012Validator(SCHEMAS[0], registry=REGISTRY)
NUMBER = re.compile(r"[−\d./,∞]+|_+")
ASKED = [
    {"orientation": orientation, "numbers": numbers}
    for orientation in ("rows", "columns")
    for numbers in ("exact", "decimal")
]


def file(document, run, feedback=True):
    return page_json(lower(document, run), "key", Setup(feedback=feedback)).decode()


def number_of(values, ref):
    return values[ref.matrix, *ref.index]


def fraction(text):
    return NEG_INF if text == "-inf" else Fraction(text)


def words_of(tokens):
    """The words of parsed Markdown without its markup and formulas."""
    for token in tokens:
        if token.type == "text":
            yield token.content
        yield from words_of(token.children or ())


def entries(markdown):
    """The entries of all tables of a file of Markdown, row by row, without heads and labels."""
    rows = [line[2:-2].split(" | ") for line in markdown.splitlines() if line.startswith("| ")]
    return [entry for row in rows for entry in row]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMAS[0])


@pytest.mark.parametrize(("sheet", "asked"), in_turn(*ASKED, among=ORDER if FULL else ORDER[::3]))
def test_a_page_is_as_the_schema_says(sheet, asked):
    document, run = made(
        sheet, **(asked if sheet != "attention-in-letters" else {"orientation": asked["orientation"]})
    )
    whole, bare = file(document, run), file(document, run, feedback=False)
    for each in (whole, bare):
        assert [error.message for error in VALIDATOR.iter_errors(json.loads(each))] == []
    assert whole == file(document, run)


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_a_stranger_who_knows_the_schema_writes_the_sheet(sheet, seed):
    document, run = made(sheet, seed)
    whole = file(document, run)
    worksheet, key = (Stranger(whole, view).text() for view in ("worksheet", "key"))
    right = Counter(blank.cell.text for blank in document.blanks())
    assert Counter(re.findall(r"\[([^\]]*)\]", key)) - Counter(re.findall(r"\[([^\]]*)\]", worksheet)) == right
    assert worksheet.count("[]") == len(document.blanks())
    for section in document.sections:
        assert section.title in key
        for block in section.words:
            missing = [each for each in words_of(getattr(block, "tokens", ())) if each.strip() not in key]
            assert missing == []


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_a_stranger_writes_the_numbers_in_the_order_of_the_page(sheet, seed):
    document, run = made(sheet, seed)
    page, whole = lower(document, run), file(document, run)
    for view in ("worksheet", "key"):
        text = Stranger(whole, view).text().replace("[]", BLANK)
        own = [entry.strip("[]") for line in text.splitlines() if "\t" in line for entry in line.split("\t")]
        theirs = entries(markdown(page, view, Setup()).decode())
        their = [re.sub(r"\*\*|\\(?=\W)", "", entry).strip() for entry in theirs]
        assert [*filter(NUMBER.fullmatch, own)] == [*filter(NUMBER.fullmatch, their)]


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_what_a_rule_reads_stands_in_front_of_its_reader_and_gives_the_blank(sheet, seed):
    document, run = made(sheet, seed)
    cells = {cell["id"]: cell for cell in json.loads(file(document, run))["cells"]}
    ruled = [cells[blank.id] for blank in document.blanks() if "rule" in cells[blank.id]]
    for cell in ruled:
        rule, read = tree(cell["rule"]), [cells[name] for name in cell["reads"]]
        places = dict.fromkeys((ref.matrix, *ref.index) for ref in refs(rule) if ref.index)
        assert [*places] == [(each["step"], *each["at"]) for each in read]
        assert cell["role"] == "inverse" or cell["id"] not in cell["reads"]
        if run.numbers == "exact" and "places" not in cell:
            value = {place: fraction(each["value"]) for place, each in zip(places, read, strict=True)}
            found = run.domain.settle(rule, partial(number_of, value))
            if cell["role"] == "word":
                assert run.vocabulary[int(found)] == cell["value"]
            else:
                assert plain(found) == cell["value"]
    assert {cell["role"] for cell in ruled} >= {blank.role for blank in document.blanks()} - {"text", "size", "copy"}


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_without_feedback_nothing_in_the_file_tells_right_from_wrong(sheet, seed):
    document, run = made(sheet, seed)
    bare = json.loads(file(document, run, feedback=False))
    cells = {cell["id"]: cell for cell in bare["cells"]}
    assert not any({"text", "value", "rule"} & cells[blank.id].keys() for blank in document.blanks())
    assert not any("answer" in reply for reply in bare["replies"])
    rest = json.dumps(bare | {"cells": [cell for cell in bare["cells"] if cell["role"] == "printed"]})
    assert '"worked"' not in rest
    assert '"answer"' not in rest


def test_every_kind_of_question_is_as_the_schema_says():
    document, run = kinds_and_run()
    whole = file(document, run)
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(whole))] == []
    replies = {reply["id"]: reply for reply in json.loads(whole)["replies"]}
    assert {name: reply["answer"] for name, reply in replies.items()} == {
        reply.id: reply.right for reply in document.replies()
    }
    key = Stranger(whole, "key").text()
    for reply in document.replies():
        if reply.role in ("because", "lines"):
            assert reply.right in key
    assert key.count("(x) ") == sum(bool(reply.options) for reply in document.replies())
