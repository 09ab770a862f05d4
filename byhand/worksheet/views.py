"""What a page may be: whom it is for, how hard it is, and which way its matrices lie."""

from __future__ import annotations

from typing import Literal

View = Literal["worksheet", "key", "worked"]
VIEWS: tuple[View, ...] = ("worksheet", "key", "worked")
Level = Literal["easy", "standard", "stretch"]
Orientation = Literal["rows", "columns"]  # what tokens are
MOST_VARIANTS = 100  # each is some kilobytes of a page


def shows_answers(view: View) -> bool:
    """Whether a view shows what is to be written into its blanks."""
    return view != "worksheet"
