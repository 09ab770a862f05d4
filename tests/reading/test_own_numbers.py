"""Pages of somebody's own numbers, of which nothing is known but what they print, are right to verify."""

import re

import pytest
from every_sheet import FULL

from byhand.choose import choose
from byhand.errors import ConfigError
from byhand.options import Options
from byhand.pipeline import generate
from byhand.reading import ways
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.worksheet.sheet import all_sheets, load_sheet

VIEWS = ("worksheet", "key")
# mistakes that need what is behind the queries; counts of counts, and lines of a picture; gradients that go back
# through what is printed; a construction that is left out
FEW = ("scores", "family-tree", "gpt-backward", "dot-product")
SHEETS = [sheet.name for sheet in all_sheets() if not sheet.of_thread] if FULL else FEW


def own(sheet):
    """A sheet's own entries as a file of values, and a seed that moves them, if they may be moved."""
    values = load_sheet(sheet).values
    try:
        choose(load_sheet(sheet), Options(seed=1, values=values))
    except ConfigError:
        return values, 0
    return values, 1


def written(sheet, folder, **options):
    return generate(sheet, Options(views=VIEWS, formats=("html",), **options), folder)


@pytest.fixture
def unknown(monkeypatch):
    """Nothing is known of a page's seed."""
    monkeypatch.setattr(ways, "original", lambda *asked: None)


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_page_is_right_of_which_only_what_it_prints_is_known(sheet, tmp_path, unknown):
    values, seed = own(sheet)
    if sheet == "attention-in-letters":
        values = values | {"weights": {**values["weights"], **load_sheet(sheet).letters}}
    for path in written(sheet, tmp_path, values=values, seed=seed):
        assert report(path)[1] is Finding.RIGHT, report(path)[0]


def test_a_page_that_starts_from_rounded_numbers_says_so(tmp_path):
    """Nobody knows of these how they were made: a mistake that needs the width before them is not on its page."""
    stream = [
        ["-2.03", "-1.117", 0, 1, 0, 0, 1, 1],
        [-1, "1.031", 0, 1, -2, 0, -2, -2],
        [-1, 0, 1, "0.203", 0, -2, 1, -1],
    ]
    values = {"inputs": {"blocks.0.hook_resid_pre": stream}}
    for path in written("scores", tmp_path, values=values, numbers="decimal"):
        assert "hook_q" in re.search(r" forms=(\S+)", path.read_text(encoding="utf-8"))[1]
        assert report(path)[1] is Finding.RIGHT, report(path)[0]


def test_a_wrong_number_from_which_gradients_start_is_found(tmp_path, unknown):
    values, seed = own("gpt-backward")
    _, path = written("gpt-backward", tmp_path, values=values, seed=seed)
    html = path.read_text(encoding="utf-8")
    digits = [match.start(1) for match in re.finditer(r"<td class=g>−?(\d)<", html)]
    for at in digits[:: len(digits) // 5]:
        path.write_text(f"{html[:at]}{(int(html[at]) + 1) % 10}{html[at + 1 :]}", encoding="utf-8")
        assert report(path)[1] is Finding.WRONG
