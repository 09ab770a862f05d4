"""What somebody gives: values files, rosters, sheets. Each is an answer, or one clear line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from judged import CASES, small

from attack import attack, told
from attack.spoil import spoiled_table, spoiled_text
from byhand.classroom.roster import read_roster
from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.own_numbers import load_values, run_values
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.witness.judge import judge
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet, parse_sheet

ROSTER = 'name,id,group\nAda Lovelace,1,A\n王平涛,2,A\n"Müller, Anna",3,B\nAda Lovelace,4,B\n'


@cache
def _entries(n: int) -> tuple[str, dict[str, Any]]:
    """A model, and a values file for it."""
    model, config = CASES[n]
    own = small(model, **config)
    entries = {"config": own.config.as_dict(), "inputs": dict(own.inputs), "weights": dict(own.weights)}
    return model, entries | ({"tokens": list(own.tokens)} if own.tokens else {})


def _packed(entries: dict[str, Any]) -> bytes:
    """The same as npz."""
    buffer = io.BytesIO()
    arrays = entries["weights"] | {f"inputs/{name}": rows for name, rows in entries["inputs"].items()}
    words = {key: json.dumps(entries[key]) for key in ("config", "tokens") if key in entries}
    np.savez(buffer, **{name: np.array(x) for name, x in (arrays | words).items()})
    return buffer.getvalue()


@attack(few=60, bounded=3_000, full=100_000)
def values(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Values files, spoiled in their tables or in their bytes, and run in any numbers."""
    for _ in range(count or 0):
        model, entries = deepcopy(_entries(dice.randrange(len(CASES))))
        path, numbers = (
            folder / dice.choice(("v.json", "v.json", "v.npz")),
            dice.choice(("exact", "decimal", "float")),
        )
        if path.suffix == ".npz":
            packed = bytearray(_packed(entries))
            for _ in range(dice.randrange(4)):
                packed[dice.randrange(len(packed))] = dice.randrange(256)
            path.write_bytes(packed)
        else:
            for _ in range(dice.randrange(4)):
                spoiled_table(entries, dice)
            text = json.dumps(entries)
            path.write_text(spoiled_text(text, dice) if dice.random() < 0.2 else text, errors="surrogatepass")

        def act(model: str = model, path: Path = path, numbers: str = numbers) -> str:
            judge(run_values(model, load_values(path), numbers))
            return ""

        yield told(act)


@attack(few=60, bounded=3_000, full=100_000)
def rosters(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Rosters, spoiled in their bytes."""
    for _ in range(count or 0):
        text = ROSTER
        for _ in range(dice.randrange(4)):
            text = spoiled_text(text, dice)
        path = folder / "r.csv"
        path.write_bytes(text.encode(dice.choice(("utf-8", "utf-16", "cp1252")), errors="replace"))

        def act(path: Path = path) -> str:
            students = read_roster(path, lambda line: None)
            return "" if len({student.id for student in students}) == len(students) else "two students are one"

        yield told(act)


@attack(few=15, bounded=600, full=20_000)
def sheets(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Sheets, spoiled in their front matter or their text, and printed."""
    texts = [path.read_text(encoding="utf-8") for path in sheet_files().values()]
    for _ in range(count or 0):
        text = dice.choice(texts)
        for _ in range(dice.randrange(1, 4)):
            text = spoiled_text(text, dice)

        def act(text: str = text) -> str:
            Pages(lower(*prepare(parse_sheet("x", text), Options()))).html("key", "screen")
            return ""

        yield told(act)


@attack(few=2, bounded=300, full=10_000)
def options(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Sheets with any seed, level, base and numbers: a page, or one clear line."""
    names = [*sheet_files()]
    for _ in range(count or 0):
        name, numbers = dice.choice(names), dice.choice((None, "exact", "decimal"))
        level, base = dice.choice((None, "easy", "standard", "stretch")), dice.choice((None, 2, 3, "e"))
        asked = Options(seed=dice.randrange(10**6), level=level, base=base, numbers=numbers, cache=False)

        def act(name: str = name, asked: Options = asked) -> str:
            prepare(load_sheet(name, "en"), asked)
            return ""

        wrong = told(act)
        yield f"{name}, {asked.seed}, {level}, {base}, {numbers}: {wrong}" if wrong else ""
