"""Whether a student's answers are those of another student's numbers. A class knows the key of each of its copies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from byhand.classroom.again import Copy
from byhand.marking.answers import Filled
from byhand.marking.marks import Taken
from byhand.notation.typed import read

FEWEST = 10  # answers that are the same, and that the two keys have otherwise: of fewer, nothing is said
SHARE = (3, 4)  # of all in which the keys differ: of who computes, or guesses, it is half at most


class Keys(Struct, frozen=True):
    """The keys of a class."""

    copies: Sequence[Copy]
    blanks: Sequence[str]
    """The ids of the blanks, in the order of the page."""

    def taken(self, student: Filled, own: Copy) -> Taken | None:
        """What is the same as with another student's numbers: those that have most of it, or the first of these."""
        answers = {
            at: _number(text) for at, name in enumerate(self.blanks) if (text := student.answers.get(name, ""))
        }
        key = _numbers(own)
        if sum(answers[at] != key[at] for at in answers) < FEWEST:
            return None
        found = None
        for copy in self.copies:
            other = _numbers(copy)
            telling = [at for at in answers if other[at] != key[at]]
            same, of = sum(answers[at] == other[at] for at in telling), len(telling)
            if same >= FEWEST and same * SHARE[1] >= of * SHARE[0] and (found is None or same > found.same):
                found = Taken(copy.student.id, same, of)
        return found


def _numbers(copy: Copy) -> list[Any]:
    return [*map(_number, copy.answers.split())]


@lru_cache(100_000)
def _number(text: str) -> Any:
    """What an answer says, so that all forms of a number are one."""
    values = read(text).values
    return values[0] if values else text.casefold()
