"""Which sheets tests try with which seeds and options: a choice of them; with BYHAND_FULL=1, all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import cycle, product
from typing import Any

from byhand.options import Options
from byhand.pipeline import prepare
from byhand.runs import Run
from byhand.worksheet.document import Document
from byhand.worksheet.order import order
from byhand.worksheet.sheet import lettered, load_sheet

ORDER = order()
LETTERED = lettered()
FULL = bool(os.environ.get("BYHAND_FULL"))
# tables of counts and words; fractions and dots; −∞ and mistakes; decimals and a clock; letters
FEW = ("shapes", "attention-head", "causal-mask", "positional-encoding", "attention-in-letters")
SHEETS = tuple(ORDER) if FULL else FEW
SEEDS = (0, 1, 2) if FULL else (3,)
CASES = [(sheet, seed) for sheet in SHEETS for seed in SEEDS]  # whose files are read back


def in_turn(*options: Any, among: Iterable[Any] = ORDER) -> list[tuple[Any, Any]]:
    """Each sheet, or other case, with one of these options, which take turns; with BYHAND_FULL=1, each with all of
    them. A sheet without letters is not asked for some: it has the first option again.
    """
    cases = product(among, options) if FULL else zip(among, cycle(options))
    if FULL:
        return [(case, option) for case, option in cases if not in_vain(case, option)]
    return [(case, options[0] if in_vain(case, option) else option) for case, option in cases]


def in_vain(sheet: Any, option: Any) -> bool:
    """Whether a sheet is asked for letters that it does not have."""
    numbers = option.get("numbers") if isinstance(option, dict) else option
    return numbers == "symbolic" and sheet in ORDER and sheet not in LETTERED


def a_share(cases: Sequence[Any], of: int = 2, first: int = 0) -> Sequence[Any]:
    """Every second case, or fewer, from the first on that is asked for; with BYHAND_FULL=1, all."""
    return cases if FULL else cases[first::of]


@lru_cache(maxsize=64)  # one of every sheet
def made(sheet: str, seed: int = 0, **options: Any) -> tuple[Document, Run]:
    """A sheet's document and run, made once for all tests of a process."""
    return prepare(load_sheet(sheet), Options(seed=seed, **options))
