"""Words as a person or a file writes them."""

from __future__ import annotations

import re

# controls but tab and newline, halves of characters, characters of a private meaning, what reorders the rest
_BAD = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ue000-\uf8ff"
_IN_WORDS = re.compile(rf"[\t\n{_BAD}\U000f0000-\U0010ffff]")
_IN_LINES = re.compile(rf"[{_BAD}]")  # where the copies of a class have marks of their own


def unprintable(text: str, lines: bool = False) -> str:
    """The first character that cannot stand on a page, as `\\x00`; "" where there is none.

    lines: whether the text may be several, with tabs.
    """
    found = (_IN_LINES if lines else _IN_WORDS).search(text)
    return ascii(found[0])[1:-1] if found else ""
