"""Random numbers that no release of any library can change.

The generator SplitMix64 is written out here, and so is the way from its 64 random bits to whole numbers, choices and
permutations. 64 bits w become a number below b as the high half of (w >> 32) · b, without a division.

Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014.
"""

from __future__ import annotations

from hashlib import sha256
from math import inf

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

DRAW = 2_000  # the work of drawing numbers and of what is done with them, beside that of each number
GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ ÷ golden ratio, made odd: SplitMix64's step from state to state


class SpentError(Exception):
    """A search has done all the work that it may do."""


class Dice:
    """A SplitMix64 generator, seeded by a text.

    work: how much may be done with its numbers; as an attribute, how much has been done. It is counted, not timed, so
    that every machine ends a search at the same place: 1 for each number that is drawn, and DRAW for each array
    of them. What takes long without drawing anything pays for itself.
    """

    def __init__(self, seed: str, work: float = inf) -> None:
        self._seed = seed
        self._most = work
        self.work = 0
        self._state = int.from_bytes(sha256(seed.encode()).digest()[:8], "little")
        self._substreams: dict[str, Dice] = {}

    def substream(self, name: str) -> Dice:
        """A generator of its own, seeded by this one's seed and a name: to draw from it does not advance this one."""
        return self._substreams.setdefault(name, Dice(f"{self._seed} {name}"))

    def pay(self, work: int) -> None:
        """Count work.

        Raises: SpentError where it is more than may be done.
        """
        self.work += work
        if self.work > self._most:
            raise SpentError

    def _bits(self, count: int) -> NDArray[np.uint64]:
        """The next random bits, 64 in each number: (count)."""
        self.pay(count + DRAW)
        z = np.arange(1, count + 1, dtype=np.uint64) * GOLDEN_GAMMA + np.full(count, self._state, dtype=np.uint64)
        self._state = (self._state + count * int(GOLDEN_GAMMA)) % 2**64
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))

    def below(self, bound: int, *shape: int) -> Ints:
        """Whole numbers from 0 to bound − 1, in an array of this shape."""
        bits = self._bits(int(np.prod(shape, dtype=np.int64))) >> np.uint64(32)
        return ((bits * np.uint64(bound)) >> np.uint64(32)).astype(np.int64).reshape(shape)

    def below_each(self, bounds: Ints) -> Ints:
        """For each bound, a whole number from 0 to bound − 1, in an array of the same shape."""
        bits = (self._bits(bounds.size) >> np.uint64(32)).reshape(bounds.shape)
        return ((bits * bounds.astype(np.uint64)) >> np.uint64(32)).astype(np.int64)

    def one_below(self, bound: int) -> int:
        """A single whole number from 0 to bound − 1."""
        return int(self.below(bound, 1)[0])

    def choices(self, items: Ints, *shape: int) -> Ints:
        """Items drawn with replacement, each as likely as any other, in an array of this shape."""
        return items[self.below(len(items), *shape)]

    def choices_each(self, items: Ints, fit: Bools, number: int) -> Ints:
        """For each row of a mask (count, items), some of the items that it marks, drawn with replacement:
        (count, number, …). Where a row marks none, they are the first item.
        """
        places = np.argsort(~fit, axis=1, kind="stable")
        drawn = self.below_each(np.repeat(fit.sum(1)[:, None], number, 1))
        return items[np.take_along_axis(places, drawn, 1)]

    def permutation(self, n: int) -> Ints:
        """0 … n − 1 in random order."""
        return np.argsort(self._bits(n)).astype(np.int64)  # no two are equal, so every sorting algorithm agrees

    def sample(self, n: int, count: int) -> Ints:
        """`count` numbers from 0 to n − 1, drawn without replacement, in random order; all n if there are no more."""
        if n <= count:
            return self.permutation(n)
        bits = self._bits(n)
        smallest = np.argpartition(bits, count)[:count]
        return smallest[np.argsort(bits[smallest])].astype(np.int64)
