"""Random numbers that a text, such as a student's id, determines for ever.

They come from SHA-256 and need no numpy. The search draws arrays from a faster generator, `numbers.dice`. Neither may
ever change: the numbers of old sheets depend on them.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import count


class Draw:
    """A generator seeded by a text: SHA-256 of the text and a counter."""

    def __init__(self, start: str) -> None:
        self._words = (int.from_bytes(sha256(f"{start}/{n}".encode()).digest()[:8], "big") for n in count())

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound − 1, uniformly drawn."""
        most = 2**64 - 2**64 % bound
        return next(word for word in self._words if word < most) % bound

    def order(self, n: int) -> list[int]:
        """A permutation of 0 … n − 1, uniformly drawn."""
        items = list(range(n))
        for last in range(n - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
        return items
