"""What a picture is, and how it is drawn from the numbers of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import islice
from numbers import Real
from typing import Any

from msgspec import Struct

from byhand.arithmetic.copies import each
from byhand.arithmetic.domain import is_neg_inf
from byhand.errors import UnknownNameError
from byhand.loading import load_lessons
from byhand.notation.marks import Mark, Svg
from byhand.pictures.canvas import Canvas

WIDTH = 84.0  # mm: of a picture
Rows = Sequence[Sequence[Any]]  # a matrix, row by row
Draw = Callable[..., None]  # (Canvas, the rows of each step …, options of the sheet …)
Say = Callable[..., str]


class UndrawableError(ArithmeticError):
    """These numbers make no picture, because they are letters, or break a rule that a teacher's own may break."""


class Sketch(Struct, frozen=True):
    """A picture that is drawn."""

    printed: Svg
    """What is printed."""
    pen: Svg
    """What the key adds in pen."""
    worksheet_says: str
    """The alternative text on a worksheet."""
    key_says: str
    """The alternative text on a key."""
    answers: tuple[str, ...] = ()
    """What the key has in each box and on each line, as they are drawn."""
    reach: float = 0.0
    """How far to the right it goes, in mm: beyond its width where it has the margin of a page."""


class Picture(Struct, frozen=True):
    """A kind of picture. Its lengths are in mm."""

    name: str
    width: float
    height: float
    minutes: float
    """What a typical student takes to complete it."""
    draw: Draw
    target: float = 0.0
    """The least side of what one draws in, such as a cell or a dial, where that is less than a box to fill in."""

    def sketch(self, say: Say, steps: Sequence[Rows], options: Mapping[str, Any]) -> Any:
        """The Sketch of these numbers; where they differ from copy to copy, a value with each copy's.

        say: a message of the page's language, by its name. options: words, places and the like.

        Raises: UndrawableError; TypeError for options that the picture does not have.
        """
        shapes = [(len(rows), len(rows[0])) for rows in steps]
        words = {name: [_text(word) for word in value] for name, value in options.items() if _is_words(value)}
        rest = {name: value for name, value in options.items() if name not in words}
        numbers = [value for rows in steps for row in rows for value in row]
        draw = partial(self._draw, say, shapes, {name: len(texts) for name, texts in words.items()}, rest)
        return each(draw, *numbers, *(word for texts in words.values() for word in texts))

    def _draw(
        self, say: Say, shapes: Sequence[tuple[int, int]], words: Mapping[str, int], options: Mapping[str, Any],
        *values: Any,
    ) -> Sketch:  # fmt: skip
        """Draw the picture of one copy. shapes: of the matrices; words: the number of words of each option."""
        if not all(isinstance(value, Real | Decimal | str) or is_neg_inf(value) for value in values):
            raise UndrawableError(f"{self.name} is drawn from numbers")
        left = iter(values)
        rows = [tuple(tuple(islice(left, cols)) for _ in range(count)) for count, cols in shapes]
        spelled = {name: tuple(islice(left, count)) for name, count in words.items()}
        on = Canvas(self.width, self.height, say)
        self.draw(on, *rows, **options, **spelled)
        return Sketch(
            on.svg,
            on.pen.svg,
            on.worksheet_says,
            on.key_says,
            tuple(on.answers),
            max(on.reach, on.pen.reach),
        )


PICTURES: dict[str, Picture] = {}


def picture(
    *, height: float, minutes: float, width: float = WIDTH, target: float = 0.0
) -> Callable[[Draw], Draw]:  # fmt: skip
    """Register a function as a picture, under its own name. target: as of a Picture.

    It draws on a Canvas, from the rows of the steps that a sheet names, and the options that the sheet gives: lists
    of words, such as tokens, and numbers, such as a row. It raises UndrawableError where its rule does not hold.
    """

    def register(draw: Draw) -> Draw:
        PICTURES[draw.__name__] = Picture(draw.__name__, width, height, minutes, draw, target)
        return draw

    return register


def picture_named(name: str) -> Picture:
    """The picture of a name, also of another sheet's lesson.

    Raises: UnknownNameError.
    """
    if name not in PICTURES:
        load_lessons()
    if name not in PICTURES:
        raise UnknownNameError("picture", name, PICTURES)
    return PICTURES[name]


def _is_words(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)


def _text(word: str) -> Any:
    """A word, or in place of a mark the texts that copies have there."""
    return word.texts if isinstance(word, Mark) else str(word)
