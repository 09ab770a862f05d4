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
from byhand.pictures.canvas import TOKEN, Canvas
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
    mend="Take a letter away once it has been said: its row of W_E has a minus.",
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
def sorted_word_has_two_letters(tape: Tape) -> bool:
    """The letters that are sorted are not all the same one."""
    rows = tape.values("blocks.0.hook_resid_pre")
    return len({row for row in rows if sum(row) > 0}) > 1


# ---- its picture ----

ROW, COLUMN = 8.0, 13.0  # mm: of the table of what is owed


@picture(height=42, minutes=2)
def owed(on: Canvas, stream: Rows, *, words: Sequence[str]) -> None:
    """How many of each letter are still owed after each of some words, the last ones: a table to fill in."""
    first, left, top = len(stream) - len(words), 30.0, 9.0
    if len(words) > 4 or len(stream[0]) != len(LETTERS):
        raise UndrawableError("three letters are counted at four moments")
    for k, letter in enumerate(LETTERS.lower()):
        on.text(left + COLUMN * k, top - 4.2, letter, TOKEN, bold=True)
    counts = []
    for row, word in enumerate(words):
        y = top + ROW * (row + 0.4)
        on.text(
            left - COLUMN * 0.7, y + 1.1, on.say("pictures.owed.after", n=row + 1, word=word), TOKEN, anchor="end"
        )
        counts.append([sum(column) for column in zip(*stream[: first + row + 1], strict=True)])
        for k, count in enumerate(counts[-1]):
            on.blank(left + COLUMN * k, y, count)
    on.said(
        on.say("pictures.owed.said", words=listed(words)), on.say("pictures.owed.to_do"),
        on.say("pictures.owed.key", counts="; ".join(map(listed, counts))),
    )  # fmt: skip
