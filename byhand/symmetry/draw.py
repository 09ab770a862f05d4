"""Random numbers that are determined by a text, such as a student's id, and never change.

They are computed by SHA-256, without numpy. The search draws whole arrays from a faster generator, `numbers.dice`.
Neither may ever change, since the numbers of old sheets depend on them.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import count


class Draw:
    """A generator that is seeded by a text: its bits are SHA-256 of the text and a counter."""

    def __init__(self, seed: str) -> None:
        self._bits = (int.from_bytes(sha256(f"{seed}/{n}".encode()).digest()[:8], "big") for n in count())

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound − 1, each as likely as any other."""
        limit = 2**64 - 2**64 % bound  # a multiple of the bound: larger bits are rejected
        return next(bits for bits in self._bits if bits < limit) % bound

    def order(self, n: int) -> list[int]:
        """A permutation of 0 … n − 1, each as likely as any other: the shuffle of Fisher and Yates."""
        items = list(range(n))
        for last in range(n - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
        return items
