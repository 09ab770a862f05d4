"""Which sheets and options tests try: `make test` a choice of them, `make test-formats` all."""

import os
import subprocess
import sys
from pathlib import Path

from every_sheet import FEW, ORDER

CODE = """
from every_sheet import CASES, ORDER, SHEETS, in_turn
turns = in_turn("rows", "columns")
assert {sheet for sheet, _ in turns} == {*ORDER} and {way for _, way in turns} == {"rows", "columns"}
print(*SHEETS, len(CASES), len(turns))
"""


def cases(**environment):
    tests = Path(__file__).parents[1]
    asked = {name: value for name, value in os.environ.items() if name != "BYHAND_FULL"} | environment
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tests, env=asked, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_few_sheets_are_read_back_by_themselves_and_all_with_three_seeds_where_it_is_asked_for():
    assert cases() == [*FEW, str(len(FEW)), str(len(ORDER))]
    assert cases(BYHAND_FULL="1") == [*ORDER, str(3 * len(ORDER)), str(2 * len(ORDER))]
