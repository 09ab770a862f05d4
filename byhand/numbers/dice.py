"""Random numbers that no release of any library can change.

The generator SplitMix64 is written out, and so is how its words become whole numbers, choices and orders. A 64-bit
word w becomes a number below b as the high half of (w >> 32) · b, without division.

Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ ÷ golden ratio, made odd: SplitMix64's step from state to state


class Dice:
    """A SplitMix64 generator, seeded by a text."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._state = int.from_bytes(sha256(seed.encode()).digest()[:8], "little")
        self._beside: dict[str, Dice] = {}

    def beside(self, name: str) -> Dice:
        """Another generator, from which nothing is drawn here: each time the same, as far on as it was."""
        return self._beside.setdefault(name, Dice(f"{self._seed} {name}"))

    def _words(self, count: int) -> NDArray[np.uint64]:
        """The next words of 64 bits."""
        z = np.arange(1, count + 1, dtype=np.uint64) * GOLDEN_GAMMA + np.full(count, self._state, dtype=np.uint64)
        self._state = (self._state + count * int(GOLDEN_GAMMA)) % 2**64
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))

    def below(self, bound: int, *shape: int) -> Ints:
        """Whole numbers from 0 to bound − 1, in an array of this shape."""
        words = self._words(int(np.prod(shape, dtype=np.int64))) >> np.uint64(32)
        return ((words * np.uint64(bound)) >> np.uint64(32)).astype(np.int64).reshape(shape)

    def below_each(self, bounds: Ints) -> Ints:
        """For each bound, a whole number from 0 to bound − 1."""
        words = (self._words(bounds.size) >> np.uint64(32)).reshape(bounds.shape)
        return ((words * bounds.astype(np.uint64)) >> np.uint64(32)).astype(np.int64)

    def one_below(self, bound: int) -> int:
        """A single whole number from 0 to bound − 1."""
        return int(self.below(bound, 1)[0])

    def choices(self, items: Ints, *shape: int) -> Ints:
        """Items with replacement, each as likely as another."""
        return items[self.below(len(items), *shape)]

    def permutation(self, n: int) -> Ints:
        """0 … n − 1 in random order."""
        return np.argsort(self._words(n)).astype(np.int64)  # no two words are equal, so every sort gives the same

    def sample(self, n: int, count: int) -> Ints:
        """Different numbers from 0 to n − 1, in random order: `count` of them, or all n where there are no more."""
        if n <= count:
            return self.permutation(n)
        words = self._words(n)
        smallest = np.argpartition(words, count)[:count]
        return smallest[np.argsort(words[smallest])].astype(np.int64)
