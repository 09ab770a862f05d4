"""The marks of simulated students, a fixed few of them: by most properties on a few of the sheets, which take turns, and
with BYHAND_FULL=1 on all. `make students` marks many more.
"""

from __future__ import annotations

import pytest
from every_sheet import FULL
from properties import FIGURES, IN_LETTERS, PROPERTIES, SHEETS, Count, count, merge

STUDENTS = {  # on each sheet
    "odd_notations": 1, "keys": 2, "letters": 6, "one": 9, "calculators": 3, "stubborn": 1, "two": 5, "mistakes": 1,
    "mistakes_in_part": 2, "noise": 1, "zeros": 1, "decimals": 1, "decimal_slips": 2, "again": 1,
}  # fmt: skip
WITHOUT = {  # the sheets on which a property cannot be tried
    "mistakes": {"dot-product", "shapes"}, "mistakes_in_part": {"dot-product", "shapes"},
    "decimal_slips": {"family-tree", "shapes", "sizing"},
}  # fmt: skip
SELDOM = {  # those on which hardly any student can try it
    "one": {"shapes"}, "two": {"shapes"}, "mistakes_in_part": {"one-by-one-convolution"}, "decimal_slips": {"writing"},
}  # fmt: skip
ONLY = {  # the sheets on which a property is tried, if not on all
    "letters": {IN_LETTERS},
    "calculators": {"attention-head", "layer-norm", "transformer-block", "encoder", "gpt", "microgpt"},
}

ON_ALL = {
    *ONLY,
    "mistakes_in_part",
    "one",
    "two",
    "decimal_slips",
}  # whose figures would be of too few tries on a few of the sheets


@pytest.mark.parametrize("name", STUDENTS)
def test_marks_of_simulated_students(name):
    few, found, tried = STUDENTS[name], dict[str, Count](), set[str]()
    turn = [*STUDENTS].index(name) % 24
    sheets = [(n, sheet) for n, sheet in enumerate(SHEETS) if sheet in ONLY.get(name, SHEETS)]
    sheets = sheets[slice(None) if FULL or name in ON_ALL else slice(turn, None, 24)]
    for n, sheet in sheets:
        new = count(each for seed in seeds(n, few) for each in PROPERTIES[name](sheet, seed))
        tried |= {sheet} if new else set()
        merge(found, new)
    able = {sheet for _, sheet in sheets} - WITHOUT.get(name, set())
    assert able - SELDOM.get(name, set()) <= tried <= able
    for figure, one in found.items():
        least = FIGURES[figure]
        if least is not None:
            assert one.share >= least, f"{figure}: {one.share:.1%}\n" + "\n".join(sorted(one.examples, key=len)[:5])


def seeds(n: int, few: int) -> list[int]:
    """So many of the ten seeds from whose numbers the n-th sheet's page is made once for all properties; kinds and ways
    of sheets that follow each other take turns.
    """
    return [n // 10 * 10 + (n + k) % 10 for k in range(few)]
