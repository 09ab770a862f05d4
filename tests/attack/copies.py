"""A million printed numbers: the copies of classes, each judged by the second witness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from attack import attack, told
from byhand.classroom.fitting import fitting
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import anonymous
from byhand.options import Options
from byhand.witness.judge import judge
from byhand.witness.recorded import computed_steps
from byhand.worksheet.sheet import load_sheet

SHEETS = ("softmax", "attention-head", "layer-norm", "multi-head-attention", "feed-forward", "gpt")
COPIES = 500  # of a class
ASKED = ({}, {}, {}, {}, {"numbers": "decimal"})  # most of them exact, which are computed together


@attack(few=0, bounded=1_000_000, full=10_000_000)
def numbers(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Printed numbers, one after the other; a copy whose run the witness denies is wrong in all of them."""
    left = count or 0
    while left > 0:
        sheet, asked = load_sheet(dice.choice(SHEETS)), dice.choice(ASKED)
        options = Options(seed=dice.randrange(2**31), **asked).on(sheet)
        plan = Plan(sheet, options, "")
        sets = NumberSets(plan)
        keys = [key for key in fitting(sets.run, [plan.key(student) for student in anonymous(COPIES)]) if key]
        together = sets.run(tuple(keys))
        for own in together.runs():
            printed = [own.texts[name] for name in computed_steps(own) if name in together.document.steps]
            wrong = told(lambda own=own: judge(own) or "")
            each = sum(len(rows) * len(rows[0]) for rows in printed)
            yield from [wrong] * min(each, left)
            left -= each
