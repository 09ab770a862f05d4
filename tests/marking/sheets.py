"""Sheets to mark, and their keys as answers."""

from functools import lru_cache

from byhand.arrange import arrange
from byhand.choose import choose
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet


@lru_cache(maxsize=16)
def sheet(name, **asked):
    """A sheet's document and run, made once for all tests of a process."""
    loaded = load_sheet(name)
    options = Options(**asked).on(loaded)
    values, quality = choose(loaded, options)
    return arrange(loaded, values, options, quality)


def key(document):
    """The key as a student's answers, but for those in words."""
    cells = {blank.id: blank.cell.text for blank in document.blanks()}
    return cells | {reply.id: reply.right for reply in document.replies() if reply.options}
