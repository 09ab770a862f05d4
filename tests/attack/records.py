"""Records, run.json: every change of a number or of a step is found; any other is an answer, or one clear line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from attack import attack, told
from attack.spoil import other_digit, spoiled_table
from byhand.errors import ByHandError, UnreadableError
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.reading.remade import judged
from byhand.record import as_text
from byhand.witness.judge import judge
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet

SHEETS = sorted(sheet_files())
STEP_KEYS = ("name", "op", "inputs", "shape", "axes", "part", "rule", "rules", "values")


@cache
def _text(sheet: str, numbers: str) -> str:
    """A sheet's record; in its own numbers, where it has none of these."""
    try:
        return as_text(prepare(load_sheet(sheet), Options(numbers=numbers))[1])
    except ByHandError:
        return as_text(prepare(load_sheet(sheet), Options())[1])


def _spoil_number(record: dict[str, Any], dice: Random) -> None:
    rows = dice.choice(record["steps"])["values"]
    row = dice.choice(rows)
    at = dice.randrange(len(row))
    digits = [m.start() for m in re.finditer(r"\d", row[at])]
    row[at] = other_digit(row[at], dice.choice(digits), dice) if digits else "7"


def _spoil_step(record: dict[str, Any], dice: Random) -> None:
    steps = record["steps"]
    at = dice.randrange(len(steps))
    match dice.randrange(4):
        case 0:
            del steps[at]
        case 1:
            steps.insert(dice.randrange(len(steps)), dict(steps[at]))
        case 2:
            steps[at]["name"] += "x"
        case 3:
            key = dice.choice([key for key in STEP_KEYS if key in steps[at]])
            steps[at][key] = dice.choice([None, "given", "copy", [], {}, [[]], 1, ["num", "1"], [["0"]], [10**9, 1]])


@attack(few=25, bounded=1_500, full=50_000)
def records(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Records, spoiled in a number, in a step, or anywhere."""
    for _ in range(count or 0):
        text = _text(dice.choice(SHEETS), dice.choice(("exact", "decimal", "symbolic")))
        record, before, spoil = (
            json.loads(text),
            json.loads(text),
            dice.choice((_spoil_number, _spoil_step, spoiled_table)),
        )
        spoil(record, dice)

        def act(record: Any = record, before: Any = before, must: bool = spoil is not spoiled_table) -> str:
            try:
                faults = judged(json.dumps(record), [judge]).faults
            except UnreadableError as error:
                faults = (str(error),)
            lines = [fault for fault in faults if "\n" in fault or not fault.isprintable()]
            if lines:
                return f"no clear line: {lines[0][:200]!r}"
            if must and not faults and record != before:
                return f"not found in {record['sheet']}: {_difference(before, record)}"
            return ""

        yield told(act)


def _difference(before: Any, record: Any) -> str:
    pairs = zip(before["steps"], record["steps"], strict=False)
    return next(
        (f"{a['name']}: {k}: {a[k]} → {b.get(k)}"[:200] for a, b in pairs for k in a if a[k] != b.get(k)), "steps"
    )
