"""Random numbers that no release of any library can change: SplitMix64, written out, and our own mapping.

Source: Steele, Lea & Flood 2014.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_GAMMA = np.uint64(0x9E3779B97F4A7C15)


class Dice:
    """A stream of numbers that a text begins."""

    def __init__(self, start: str) -> None:
        self._state = int.from_bytes(sha256(start.encode()).digest()[:8], "little")

    def _raw(self, n: int) -> NDArray[np.uint64]:
        """The next n words of 64 bits."""
        z = np.arange(1, n + 1, dtype=np.uint64) * _GAMMA + np.full(n, self._state, dtype=np.uint64)
        self._state = (self._state + n * int(_GAMMA)) % 2**64
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))

    def below(self, bound: int, *shape: int) -> Ints:
        """Whole numbers from 0 to bound − 1."""
        words = self._raw(int(np.prod(shape, dtype=np.int64))) >> np.uint64(32)
        return ((words * np.uint64(bound)) >> np.uint64(32)).astype(np.int64).reshape(shape)

    def under(self, bounds: Ints) -> Ints:
        """Whole numbers, each below its own bound."""
        words = (self._raw(bounds.size) >> np.uint64(32)).reshape(bounds.shape)
        return ((words * bounds.astype(np.uint64)) >> np.uint64(32)).astype(np.int64)

    def one(self, bound: int) -> int:
        """A whole number from 0 to bound − 1."""
        return int(self.below(bound, 1)[0])

    def of(self, items: Ints, *shape: int) -> Ints:
        """Items, each as likely as another, with repetition."""
        return items[self.below(len(items), *shape)]

    def order(self, n: int) -> Ints:
        """0 … n − 1 in any order."""
        return np.argsort(self._raw(n)).astype(np.int64)  # no two words are equal, whatever way they are sorted

    def few(self, n: int, count: int) -> Ints:
        """Different numbers from 0 to n − 1, `count` of them or all."""
        if n <= count:
            return self.order(n)
        words = self._raw(n)
        some = np.argpartition(words, count)[:count]
        return some[np.argsort(words[some])].astype(np.int64)
