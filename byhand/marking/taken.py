"""Whether a student's answers are those of another student's numbers. A class knows the key of each of its copies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from msgspec import Struct

from byhand.classroom.again import Copy
from byhand.marking.answers import Filled
from byhand.marking.marks import Taken
from byhand.notation.typed import read

FEWEST = 10  # answers that are the same, and that the two keys have otherwise: of fewer, nothing is said
SHARE = (3, 4)  # of all in which the keys differ: of who computes, or guesses, it is half at most


class Keys(Struct, frozen=True, dict=True):
    """The keys of a class."""

    copies: Sequence[Copy]
    blanks: Sequence[str]
    """The ids of the blanks, in the order of the page."""

    @cached_property
    def _codes(self) -> dict[Any, int]:
        """A number for each answer that is in a key, or that a student gave."""
        return {}

    @cached_property
    def _table(self) -> np.ndarray[Any, Any]:
        """The keys, (copies, blanks): each answer by its code."""
        return np.array([[self._code(text) for text in copy.answers.split()] for copy in self.copies])

    @cached_property
    def _rows(self) -> dict[str, int]:
        """The row of each student's key."""
        return {copy.student.id: row for row, copy in enumerate(self.copies)}

    def _code(self, text: str) -> int:
        return self._codes.setdefault(_number(text), len(self._codes))

    def taken(self, student: Filled, own: Copy) -> Taken | None:
        """What is the same as with another student's numbers: those that have most of it, or the first of these."""
        at = [place for place, name in enumerate(self.blanks) if student.answers.get(name, "")]
        written = np.array([self._code(student.answers[self.blanks[place]]) for place in at], int)
        keys, key = self._table[:, at], self._table[self._rows[own.student.id], at]
        if (written != key).sum() < FEWEST:
            return None
        telling = keys != key
        same, of = ((keys == written) & telling).sum(1), telling.sum(1)
        found = np.where((same >= FEWEST) & (same * SHARE[1] >= of * SHARE[0]), same, 0)
        most = int(found.argmax())
        return Taken(self.copies[most].student.id, int(same[most]), int(of[most])) if found[most] else None


@lru_cache(100_000)
def _number(text: str) -> Any:
    """What an answer says, so that all forms of a number are one."""
    values = read(text).values
    return values[0] if values else text.casefold()
