"""Sheets to mark, and their keys as answers."""

from byhand.arrange import arrange
from byhand.choose import choose
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet


def sheet(name, **asked):
    """A sheet's document and run."""
    loaded = load_sheet(name)
    options = Options(**asked).on(loaded)
    values, quality = choose(loaded, options)
    return arrange(loaded, values, options, quality)


def key(document):
    """The key as a student's answers."""
    return {blank.id: blank.cell.text for blank in document.blanks()}
