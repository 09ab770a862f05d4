"""A model that sorts: all that it reads, its mistake, its promise and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from msgspec.structs import replace

from byhand.arithmetic.copies import each
from byhand.mistakes.registry import mistake
from byhand.notation.text import listed
from byhand.numbers.promises import sheet_promise
from byhand.numbers.readings import Reading, reads
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import AXIS, STROKE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape

# ---- what it reads ----

LETTERS, LONGEST = "ABC", 3
COLON, END = ":", "."


@reads("counting-sorter")
def _moments() -> Iterator[Reading]:
    """All words of up to three letters, each at every moment of its being sorted: in the end, it says “.”."""
    for length in range(1, LONGEST + 1):
        for word in product(LETTERS, repeat=length):
            said = (*sorted(letter.lower() for letter in word), END)
            for moment in range(length + 1):
                yield Reading((*word, COLON, *said[:moment]), said[moment])


# ---- its mistake ----


@mistake(
    told="Letters that have been said counted like letters that are still to be said.",
    mend="Take a letter away once it has been said: its {row} of W_E has a minus.",
    after="heads-averaged",
)
def said_letters_plus(step: Step, tape: Tape) -> Iterable[Step]:
    """A letter that has been said is looked up as the letter that is to be sorted."""
    if step.op is not gather_rows or tape.steps[step.inputs[0]].shape != (2 * len(LETTERS) + 2, len(LETTERS)):
        return [step]
    first = len(LETTERS) + 1  # of the letters that are said
    rows = tuple(each(lambda row: row - first if first <= row < first + len(LETTERS) else row, row)
                 for row in step.params["rows"])  # fmt: skip
    return [replace(step, params={**step.params, "rows": rows})]


# ---- what its words promise ----


@sheet_promise
def word_is_one_to_sort(tape: Tape) -> bool:
    """The word has its first letter in the alphabet twice, so that their number shows to be no matter, and a later
    letter, which has more than that one once one of the two has been said: without the neurons, it would be said too
    early. It is not sorted already.
    """
    places = [_place(row) for row in tape.values("blocks.0.hook_resid_pre")[:LONGEST]]
    word = [place for place in places if place is not None]
    in_order = sorted(word)
    return len(word) == LONGEST and word != in_order and in_order[0] == in_order[1] < in_order[2]


# ---- its picture ----

ROW, FIRST = 6.6, 7.0  # mm: from moment to moment, and to the first
CHIPS, CHIP = 30.0, 8.0  # where the letters to be sorted begin, and from one to the next
BOXES, WIDE = 60.0, 9.4  # where the boxes begin, and from one to the next


@picture(height=31, minutes=2)
def owed(on: Canvas, stream: Rows, *, words: Sequence[str]) -> None:
    """At each of the moments after some words, the last ones: the letters to be sorted, of which those are struck out
    that have been said; and boxes for how many of each letter are still owed.
    """
    colon = len(stream) - len(words)
    places = [_place(row) for row in stream]
    if (colon, len(words)) != (LONGEST, LONGEST + 1) or None in (*places[:colon], *places[colon + 1 :]):
        raise UndrawableError("three letters and four moments are drawn")
    for k, letter in enumerate(LETTERS.lower()):
        on.text(BOXES + WIDE * k, FIRST - 4.6, letter, TOKEN, bold=True)
    left, counts = list(enumerate(places[:colon])), list[list[int]]()
    for row, word in enumerate(words):
        y = FIRST + ROW * (row + 0.1)
        if row:
            left.remove(next(chip for chip in left if chip[1] == places[colon + row]))
        on.text(CHIPS - 6.0, y + 1.1, on.say("pictures.owed.after", n=row + 1, word=word), TOKEN, anchor="end")
        for k, place in enumerate(places[:colon]):
            x = CHIPS + CHIP * k
            on.box(x - 3.0, y - 3.0, 6.0, 6.0, rx=1, width=AXIS)
            on.text(x, y + 1.2, LETTERS[place or 0], TOKEN)
            if (k, place) not in left:
                on.pen.line((x - 2.6, y + 2.6), (x + 2.6, y - 2.6), width=STROKE, colour=on.pen.ink)
        counts.append([sum(place == k for _, place in left) for k, _ in enumerate(LETTERS)])
        for k, count in enumerate(counts[-1]):
            on.blank(BOXES + WIDE * k, y, count, h=6.0)
    on.said(
        on.say("pictures.owed.said", letters=listed([LETTERS[place or 0] for place in places[:colon]])),
        on.say("pictures.owed.to_do"),
        on.say("pictures.owed.key", counts="; ".join(map(listed, counts))),
    )


def _place(row: Sequence[object]) -> int | None:
    """The place of the only number of a row that is not 0; None where there is no such."""
    found = [k for k, x in enumerate(row) if x]
    return found[0] if len(found) == 1 else None
