"""Find characters in a text, of a person or a file, that cannot be printed; write them so that they are seen."""

from __future__ import annotations

import re

# control characters except tab and newline, surrogates, private use characters, and marks that reorder text
_BAD = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ue000-\uf8ff"
_IN_WORDS = rf"[\t\n{_BAD}\U000f0000-\U0010ffff]"
_IN_LINES = rf"[{_BAD}]"  # allows the planes from U+F0000 on: the marks of pages (notation/marks.py)
_ON_A_TERMINAL = rf"[\t\n{_BAD}\u061c\u200e\u200f\U000f0000-\U0010ffff]"  # and marks of order


def unprintable(text: str, lines: bool = False) -> str:
    """The first character of a text that cannot be printed, written as `\\x00`; "" where there is none.

    lines: whether the text may have several lines, and tabs.
    """
    if text.isprintable():  # what is looked for is not; and Python has no patterns to compile then
        return ""
    match = re.search(_IN_LINES if lines else _IN_WORDS, text)
    return ascii(match[0])[1:-1] if match else ""


def capital(text: str) -> str:
    """A text as a sentence begins."""
    return text[:1].upper() + text[1:]


def escaped(text: str) -> str:
    """A text as a terminal may show it, in one line: what a terminal would obey, or would not show, as `\\x1b`."""
    if text.isprintable():
        return text
    return re.sub(_ON_A_TERMINAL, lambda match: ascii(match[0])[1:-1], text)
