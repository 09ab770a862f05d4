"""The order in which the letters of a line are drawn, from left to right, also where a script runs the other way."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from itertools import groupby

from byhand.press import levels

_RIGHT_TO_LEFT = ("R", "AL", "AN")  # Unicode's classes of such characters
_MIRRORED = str.maketrans("()[]{}<>«»‹›≤≥", ")(][}{><»«›‹≥≤")
_MARKS = re.compile("[\u061c\u200e\u200f]")  # order the text around them, and are not drawn


def visual(text: str) -> str:
    """A text in the order in which it is drawn on a line from left to right, as Pango puts it for WeasyPrint."""
    if not any(map(is_right_to_left, text)):
        return _MARKS.sub("", text)
    of_letters = levels(text)
    drawn = [(mirrored(c) if level % 2 else c, level) for c, level in zip(text, of_letters, strict=True)]
    for depth in range(max(of_letters), 0, -1):
        runs = [[*run] for _, run in groupby(drawn, partial(_is_turned, depth))]
        drawn = [each for run in runs for each in (reversed(run) if _is_turned(depth, run[0]) else run)]
    return _MARKS.sub("", "".join(letter for letter, _ in drawn))


def _is_turned(depth: int, letter: tuple[str, int]) -> bool:
    return letter[1] >= depth


def mirrored(letter: str) -> str:
    """A character as it looks in a text from right to left."""
    return letter.translate(_MIRRORED)


def is_right_to_left(letter: str) -> bool:
    """Whether a character is of a script that is written from right to left."""
    return unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT
