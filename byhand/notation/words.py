"""Words as a person or a file writes them."""

from __future__ import annotations

import unicodedata

# no character, half of one, one of a private meaning, or one that turns the order of what follows
_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def unprintable(text: str) -> str:
    """The first character that cannot stand on a page, as `\\x00`; "" where there is none."""
    bad = next((c for c in text if unicodedata.category(c) in _CATEGORIES or c in _TURNING), "")
    return repr(bad)[1:-1]
