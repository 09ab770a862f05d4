"""The numbers that a browser computes are the run's, cell by cell, in every number system."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from fractions import Fraction
from itertools import product

import pytest
from scripts import answers_of, named, needs_node, sheet_of

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Sum
from byhand.errors import ByHandError, SheetError
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.record import array
from byhand.tape import OPS
from byhand.worksheet.front import sheet_files
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet

pytestmark = needs_node
SHEETS = sorted(sheet_files())
CASES = (
    {}, {"numbers": "decimal", "base": "e"}, {"numbers": "decimal", "rounding": "once", "places": 3},
    {"base": 3, "orientation": "columns"}, {"numbers": "decimal", "base": 2, "rounding": "once", "level": "stretch"},
)  # fmt: skip
NUMBERS = """
function answer(sheet) {
  const run = new Run(sheet);
  new Rules(sheet, run);
  const upTo = (n) => Array.from({ length: n }, (_, k) => k);
  return sheet.steps.map(({ shape: [rows, columns] }, step) => upTo(rows).map((i) => upTo(columns).map((j) => run.text(step, i, j))));
}
"""
SETTLED = """
function answer([tree, places]) {
  return new RoundedCells(places, false).settle(parsed(tree), null).text;
}
"""


def runs(every: bool):
    """Runs of every sheet: of all seeds and cases, or the first that there is of these, by turns."""
    for at, name in enumerate(SHEETS):
        turn = at % len(CASES)
        for seed, case in product((0, 1, 2), CASES) if every else product((at % 2,), (*CASES[turn:], *CASES[:turn])):
            with suppress(ByHandError):  # not every sheet has numbers in every base
                document, run = prepare(load_sheet(name), Options(seed=seed, **case))
                if run.numbers != "symbolic":
                    yield document, run
                    if not every:
                        break


def test_every_number_of_every_sheet_is_pythons(every):
    known = [(sheet_of(document, run), run) for document, run in runs(every)]
    assert {run.sheet for _, run in known} >= {*SHEETS} - {"attention-in-letters"}
    for found, (sheet, run) in zip(answers_of(NUMBERS, [sheet for sheet, _ in known]), known, strict=True):
        for step, own in zip(sheet["steps"], found, strict=True):
            assert own == [list(row) for row in run.texts[step["name"]]], (run.sheet, run.seed, step["name"])


def number(text: str) -> Num:
    return Num(Fraction(text))


def trees() -> list[Expr]:
    """Trees whose values are not rational, near ties too, or are so although a part of them is not."""
    e, pi = Fn("e"), Fn("pi")
    found: list[Expr] = [Fn("pow", (e, number(x))) for x in ("0", "1", "-3", "1/2", "-7/3", "12", "-40", "25/8")]
    found += [Fn(name, (number(x),)) for name in ("sin", "cos", "sinpi", "cospi", "erf", "gelu")
              for x in ("0", "1", "-2/3", "355/113", "100", "-5/2")]  # fmt: skip
    found += [Fn("log", (number(base), number(x))) for base in ("2", "3", "10") for x in ("5", "1/7", "1000001", "1")]
    found += [Fn("sqrt", (number(x),)) for x in ("2", "3/7", "123456789", "1/1000000")]
    found += [Fn("log", (e, number("7/2"))), Mul(pi, pi), Fn("pow", (number("2"), number("1/2")))]
    found += [
        Mul(Fn("sqrt", (number("2"),)), Fn("sqrt", (number("2"),))),
        Div(Fn("pow", (e, number("3"))), number("7")),
    ]
    found += [Sum((Fn("max", (Fn("sqrt", (number("2"),)), number("1"))), number("1/200")))]
    found += [Fn("pow", (e, number("-1000"))), Mul(number("0"), Fn("pow", (e, number("1"))))]
    return found


@pytest.mark.parametrize("places", [0, 2, 7, 12])
def test_what_is_not_rational_is_rounded_as_it_must_be(places):
    expected = [str(format(Decimals(places).settle(tree, lambda ref: None), "f")) for tree in trees()]
    assert answers_of(SETTLED, [[array(tree), places] for tree in trees()]) == expected


def test_a_page_holds_no_number_that_the_student_is_to_find():
    for name in ("gpt", "attention-head", "dot-product", "linear-layer", "kv-cache", "sizing"):
        for level in ("standard", "stretch"):
            document, run = prepare(load_sheet(name), Options(seed=3, level=level))
            sheet = sheet_of(document, run)
            blanks = {(b.cell.step, *b.cell.at) for b in document.blanks() if b.cell.at and b.role != "copy"}
            for step in sheet["steps"]:
                if "values" in step:
                    shown = {(step["name"], i, j) for i, row in enumerate(step["values"])
                             for j, text in enumerate(row) if text is not None}  # fmt: skip
                    assert not shown & blanks
                else:
                    assert step.pop("printed", True) is True  # says that the page prints the step, and no number
                    assert set(step) == {"name", "op", "shape", "inputs", "rule" if "rule" in step else "rules"}
            printed = {(sheet["steps"][n]["name"], i, j) for n, i, j, _ in sheet.get("printed", [])}
            assert not printed & blanks
            assert json.dumps(sheet).count("right") == json.dumps(sheet["texts"]).count("right")


def test_help_has_the_words_of_each_operation_and_a_language_may_have_its_own(tmp_path, monkeypatch):
    for op in OPS.values():
        found = messages().rule(op)
        assert re.fullmatch(r"[A-Z0-9].*[^.]\.", found), (op.name, found)
        assert not re.search(r"[{}]", found), (op.name, found)
    monkeypatch.setenv("BYHAND_TEMPLATES", str(tmp_path))
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages/xx.toml").write_text('rules.row_sum = "Plusser la {row}."')
    document, run = prepare(load_sheet("softmax"), Options(language="xx"))
    assert dict(named({"rules": sheet_of(document, run)["texts"]["rules"]})) == {
        f"rules.{op.name}": op.said.replace("{row}", "row").replace("{column}", "column")
        for op in (step.op for step in run.steps.values())
        if op
    } | {"rules.row_sum": "Plusser la row."}
    (tmp_path / "messages/yy.toml").write_text('rules.row_sum = "Plusser la {line}."')
    with pytest.raises(SheetError, match=r"messages/yy.toml: rules.row_sum has no place \{line\}"):
        messages("yy")
