"""Runs of many copies, from the numbers of sheets."""

from byhand.choose import choose
from byhand.classroom.class_run import run_copies
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet

SAYS_FIRST = "\n{{ claim('The first word is the likeliest.', number('likeliest', 0, 0) == 0, 'Its logit is.') }}\n"


def own_numbers(name, seed=0):
    sheet = load_sheet(name)
    options = Options(seed=seed).on(sheet)
    return sheet, options, choose(sheet, options)[0]


def run_together(sheet, sets, options):
    return run_copies(sheet, sets, [(number, 0) for number in range(len(sets))], options)
