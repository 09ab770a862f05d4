"""What a page may be: whom it is for, how hard it is, which way its matrices lie, and where it is seen."""

from __future__ import annotations

from typing import Literal

from byhand.worksheet.folders import own_templates

View = Literal["worksheet", "key", "worked", "lecturer"]
VIEWS: tuple[View, ...] = ("worksheet", "key", "worked")  # of a sheet's page
LECTURER: View = "lecturer"  # half a page for who teaches the sheet
Level = Literal["easy", "standard", "stretch"]
Orientation = Literal["rows", "columns"]  # what tokens are
Medium = Literal["print", "screen"]
Paper = Literal["a4", "letter"]
MOST_VARIANTS = 100  # each is some kilobytes of a page


def shows_answers(view: View) -> bool:
    """Whether a view shows what is to be written into its blanks."""
    return view != "worksheet"


def in_one(view: View) -> bool:
    """Whether a view is laid out together with another one, as one page with two faces: the worksheet and the key
    are. They are not where templates of somebody's own make them, which do not tell apart what is an answer.
    """
    return view != "worked" and not own_templates()
