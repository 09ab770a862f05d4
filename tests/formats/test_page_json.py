"""page.json: what the schema says of it is so, and somebody who knows only the schema can write a sheet of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from every_sheet import CASES, FULL, ORDER, a_share, in_turn, made
from jsonschema import Draft202012Validator
from kinds import kinds_and_run
from referencing import Registry, Resource
from stranger import Stranger

import byhand
from byhand.arithmetic.expr import NEG_INF
from byhand.arithmetic.systems import number_system
from byhand.formats import Setup
from byhand.formats.html.sheet import of_page
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
ON_SCREEN = Draft202012Validator({"$ref": f"{SCHEMAS[0]['$id']}#/$defs/on_screen"}, registry=REGISTRY)
NUMBER = re.compile(r"[−\d./,∞]+|_+")
ASKED = [
    {"orientation": orientation, "numbers": numbers}
    for orientation in ("rows", "columns")
    for numbers in ("exact", "decimal")
]


def file(document, run, feedback=True):
    return page_json(lower(document, run), "key", Setup(feedback=feedback)).decode()


class Computing:
    """What a stranger makes of the rules of a file, who has the numbers that are printed, and those of a key in its
    blanks.
    """

    def __init__(self, file):
        self.steps, self.printed, self.blanks, self.values = file["steps"], {}, [], {}
        names = {step["name"]: at for at, step in enumerate(self.steps)}
        value_of = {cell["id"]: cell["value"] for cell in file["cells"]}
        for cell in file["cells"]:
            if cell["role"] == "printed" and "at" in cell and cell.get("shows") != "mistake":
                self.printed[names[cell["step"]], *cell["at"]] = cell["value"]
        for section in file["sections"]:
            for role, step, stretches, *more in section["seen"]:
                for i, j in cells_of(stretches) or [(None, None)]:
                    if not role:
                        self.values.setdefault((step, i, j), self.printed[step, i, j])
                        continue
                    known = dict(more[0]) if more else {}
                    if "id" not in known:
                        known["id"] = f"{section['number']}/{role}/{self.steps[step]['name']}/{i + 1},{j + 1}"
                    known |= {"role": role, "place": (step, i, j), "value": value_of[known["id"]]}
                    self.blanks.append(known)
                    if i is not None:
                        self.values.setdefault((step, i, j), known["value"])

    def rule(self, step, i, j):
        """The tree of a cell; None for a given."""
        known = self.steps[step]
        if "rules" in known:
            return known["rules"][i][j]
        return bound(known["rule"], {"i": i, "j": j}) if "rule" in known else None

    def number(self, step, i, j):
        """The number at a place, as somebody finds it on the page, or else computes it."""
        if (step, i, j) in self.values:
            return fraction(self.values[step, i, j])
        rule = self.rule(step, i, j)
        return fraction(self.steps[step]["values"][i][j]) if rule is None else self.value(rule)

    def value(self, rule):
        return number_system("exact").settle(tree(named(rule)), lambda ref: self.number(int(ref.matrix), *ref.index))


def cells_of(stretches):
    """The cells of stretches, as the schema says."""
    found = []
    for i, j, count in zip(*[iter(stretches)] * 3, strict=True):
        found += [(i, j + n) if count > 0 else (i + n, j) for n in range(abs(count))]
    return found


def bound(node, letters):
    """A tree with numbers in place of its letters, and every Σ written out."""
    if node[0] == "bigsum":
        return ["sum", *(bound(node[3], {**letters, node[1]: k}) for k in range(node[2]))]
    if node[0] == "ref":
        return [*node[:2], *(letters.get(at, at) for at in node[2:])]
    return [bound(each, letters) if isinstance(each, list) else each for each in node]


def named(node):
    """A tree with the numbers of steps as names, as run.json's have them."""
    if node[0] == "ref":
        return ["ref", str(node[1]), *node[2:]]
    return [named(each) if isinstance(each, list) else each for each in node]


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


@pytest.mark.parametrize(("sheet", "asked"), in_turn(*ASKED, among=a_share(ORDER, 6)))
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
        lines = text.splitlines()
        rows = [
            line
            for line, after in zip(lines, [*lines[1:], ""], strict=True)
            if "\t" in line
            or line == BLANK
            or re.fullmatch(r"\[\S+\]", line)  # the key of a blank that stands by itself
            or (NUMBER.fullmatch(line) and "\t" in after)
        ]
        own = [entry.strip("[]") for line in rows for entry in line.split("\t")]
        theirs = entries(markdown(page, view, Setup()).decode())
        their = [re.sub(r"\*\*|\\(?=\W)", "", entry).strip() for entry in theirs]
        assert [*filter(NUMBER.fullmatch, own)] == [*filter(NUMBER.fullmatch, their)]


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_the_rules_give_what_the_key_has_in_each_blank(sheet, seed):
    document, run = made(sheet, seed)
    computing = Computing(json.loads(file(document, run)))
    assert {(each["id"], each["role"]) for each in computing.blanks} == {(b.id, b.role) for b in document.blanks()}
    if run.numbers != "exact":
        return
    found = Counter()
    for blank in computing.blanks:
        if blank["role"] in ("text", "change") or "places" in blank:
            continue
        is_own = blank["role"] in ("size", "inverse")
        rule = blank.get("rule") if is_own else computing.rule(*blank["place"])
        if rule is None:  # a copy of what is given, and a size that is looked up
            continue
        value = computing.value(rule)
        own = run.vocabulary[int(value)] if blank["role"] == "word" else plain(value)
        assert own == blank["value"], blank["id"]
        found[blank["role"]] += 1
    assert {*found} >= {blank.role for blank in document.blanks()} - {"text", "size", "copy", "entry", "change"}


@pytest.mark.parametrize(("sheet", "asked"), in_turn(*ASKED, among=ORDER if FULL else ORDER[::4]))
def test_a_page_on_a_screen_knows_what_the_file_has_in_the_same_shape(sheet, asked):
    document, run = made(
        sheet, **(asked if sheet != "attention-in-letters" else {"orientation": asked["orientation"]})
    )
    for feedback in (True, False):
        on_screen = json.loads(json.dumps(of_page(lower(document, run), Setup(feedback=feedback))))
        assert [error.message for error in ON_SCREEN.iter_errors(on_screen)] == []
        whole = json.loads(file(document, run, feedback and run.numbers != "symbolic"))
        for key in whole.keys() & on_screen.keys() - {"sections"}:
            assert on_screen[key] == whole[key]
        assert {"steps", "mistakes"} - on_screen.keys() == {"steps", "mistakes"} - whole.keys()
        for own, other in zip(on_screen["sections"], whole["sections"], strict=True):
            for reply in other["replies"]:
                reply.pop("answer", None)
            assert own.keys() - other.keys() == {"tables"}
            assert all(own[key] == other[key] for key in own.keys() - {"tables"})


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_without_feedback_nothing_in_the_file_tells_right_from_wrong(sheet, seed):
    document, run = made(sheet, seed)
    bare = json.loads(file(document, run, feedback=False))
    cells = {cell["id"]: cell for cell in bare["cells"]}
    assert not any({"text", "value"} & cells[blank.id].keys() for blank in document.blanks())
    assert all(step.keys() == {"name"} for step in bare["steps"])
    assert "mistakes" not in bare
    rest = json.dumps(bare | {"cells": [cell for cell in bare["cells"] if cell["role"] == "printed"]})
    assert '"worked"' not in rest
    assert '"answer"' not in rest
    assert '"rule"' not in rest


def test_every_kind_of_question_is_as_the_schema_says():
    document, run = kinds_and_run()
    whole = file(document, run)
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(whole))] == []
    replies = {reply["id"]: reply for section in json.loads(whole)["sections"] for reply in section["replies"]}
    assert {name: reply["answer"] for name, reply in replies.items()} == {
        reply.id: reply.right for reply in document.replies()
    }
    key = Stranger(whole, "key").text()
    for reply in document.replies():
        if reply.role in ("because", "lines"):
            assert reply.right in key
    assert key.count("(x) ") == sum(bool(reply.options) for reply in document.replies())
