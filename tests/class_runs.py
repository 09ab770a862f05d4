"""Runs of many copies, from the numbers of sheets."""

import re

from byhand.choose import choose
from byhand.classroom.class_run import run_copies
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet

SAYS_FIRST = "\n{{ claim('The first word is the likeliest.', number('likeliest', 0, 0) == 0, 'Its logit is.') }}\n"


def own_numbers(name, seed=0, **asked):
    sheet = load_sheet(name)
    options = Options(seed=seed, **asked).on(sheet)
    return sheet, options, choose(sheet, options)[0]


def run_together(sheet, sets, options):
    return run_copies(sheet, sets, [(number, 0) for number in range(len(sets))], options)


def unmeasured(html):
    """A page without its metadata, fonts, measures, and the minutes that it takes: a copy has those of the sheet itself,
    and a page with slots has fonts for all that these may hold.

    So are rows of blanks as high as rows of fractions (f) on all copies if those of one copy are.
    """
    html = re.sub(r'\s*<meta name="byhand"[^>]*>\s*|<b>\d+ minutes', "", html)
    html = re.sub("@font-face [^\n]*", "", html)
    html = html.replace("<tr class=f>", "<tr class=r>")
    return re.sub(r"<[^>]*>", lambda tag: re.sub(r"[\d.]+", "", tag[0]), html)
