"""The texts of a figure in pieces of one face and size each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from math import fsum

from msgspec import Struct
from msgspec.structs import replace

from byhand.errors import SheetError
from byhand.notation import inline
from byhand.notation.marks import MARK, mark_number
from byhand.page.look import COLOURS, LOOK, PX, Sizes
from byhand.press.shape import has, shape

MM, PT = PX, 4 / 3  # px
SANS, BOLD, ITALIC, BOLD_ITALIC = "sans-400.ttf", "sans-600.ttf", "sans-400-italic.ttf", "sans-600-italic.ttf"
MATH, MATH_ITALIC = "math.ttf", "math-italic.ttf"
TextOf = Callable[[int], str]  # from a mark's number to the text that a copy has in its place
SPACES = re.compile(r"[ \t\r\n]+")


class UnknownLookError(SheetError):
    """What is left to WeasyPrint, as it has what the pen cannot write, or letters that our fonts lack."""

    def __init__(self) -> None:
        super().__init__("a figure has what the pen cannot write")


class TextStyle(Struct, frozen=True):
    """How a text is set."""

    face: str
    size: float
    """The size in px."""
    colour: str
    lift: float = 0.0
    """The height in px above the baseline."""
    under: TextStyle | None = None
    """The style of the root, or of the bar of a gradient, that it is under."""


class Piece(Struct, frozen=True):
    """A text in one face, or a box to tick with its check."""

    style: TextStyle
    text: str
    slot: int | None = None
    """The mark that the text stands for."""
    tick: float = 0.0
    """The width of a box to tick, with the space after it; 0 for a text."""
    before: float = 0.0
    """The space before it, in px."""
    room: str = ""
    """The name of the field that a box to tick has room for."""
    after: float = 0.0
    """The space after it, in px."""
    pill: tuple[float, float] | None = None
    """Where it is in the pill of a source: how wide the pill that begins with it is, and its bead, in px, or 0."""

    @property
    def width(self) -> float:
        """The width in px, with the space before it."""
        if self.tick:
            return self.tick
        return self.before + shape(self.style.face, self.text).width * self.style.size / 1000 + self.after


def pieces_of(
    formula: Iterable[inline.Piece], style: TextStyle, texts: TextOf, look: Sizes = LOOK
) -> Iterator[Piece]:
    """The pieces of a text, or of a formula. look: the sizes that it is set in.

    Raises: UnknownLookError.
    """
    for part in formula:
        if isinstance(part, str):
            yield from in_faces(part, style, texts)
            continue
        match part.kind:
            case "letters":
                yield from pieces_of(part.inside, replace(style, face=MATH_ITALIC), texts, look)
            case "math":
                yield from pieces_of(part.inside, replace(style, face=MATH), texts, look)
            case "upright" | "shape":
                yield from pieces_of(part.inside, replace(style, face=SANS), texts, look)
            case "root":
                style_of_root = replace(style, face=MATH)
                yield from in_faces("√", style_of_root, texts)
                before = look["bar_start"] * style.size
                for piece in pieces_of(part.inside, replace(style_of_root, under=style_of_root), texts, look):
                    yield replace(piece, before=before)
                    before = 0.0
            case "barred":
                yield from pieces_of(part.inside, replace(style, under=replace(style, face=MATH)), texts, look)
            case "raised" | "lowered" as way:
                size = look["index"] * style.size
                lift = style.lift + (look["sup"] if way == "raised" else -look["sub"]) * size
                yield from pieces_of(part.inside, replace(style, size=size, lift=lift), texts, look)
            case "source":
                yield from _pill(part.inside, texts, look)
            case _:
                raise UnknownLookError


def _pill(source: Sequence[inline.Piece], texts: TextOf, look: Sizes) -> Iterator[Piece]:
    """The pill of a source: its bead, and the words after it.

    Raises: UnknownLookError.
    """
    apart, gap, end, high = (look[f"pill_{name}"] * MM for name in ("apart", "gap", "end", "high"))
    size, seen = look["pill"] * PT, [part for part in source if isinstance(part, str) or part.kind == "bead"]
    styles = {False: TextStyle(SANS, size, COLOURS["tag"]), True: TextStyle(BOLD, size, COLOURS["ground"])}
    number, *words = (
        piece for part in seen for piece in in_faces(_plain(part), styles[isinstance(part, inline.Part)], texts)
    )
    bead = max(high, number.width + 2 * gap)
    side, whole = (bead - number.width) / 2, bead + gap + fsum(piece.width for piece in words) + end
    yield replace(number, before=apart + side, after=side, pill=(whole, bead))
    for piece in words:
        first, last = piece is words[0], piece is words[-1]
        yield replace(piece, before=gap * first, after=end * last, pill=(0.0, 0.0))


def _plain(part: inline.Piece) -> str:
    return part if isinstance(part, str) else "".join(map(_plain, part.inside))


def in_faces(text: str, style: TextStyle, texts: TextOf) -> Iterator[Piece]:
    """A text in pieces of one face each, and with slots by themselves.

    Raises: UnknownLookError.
    """
    for part in re.split(f"({MARK.pattern})", SPACES.sub(" ", text)):
        if MARK.fullmatch(part):
            mark = mark_number(part)
            if _faces(style.face, content := texts(mark)) != ((style.face, content),):
                raise UnknownLookError
            yield Piece(style, content, mark)
        else:
            for face, letters in _faces(style.face, part):
                yield Piece(replace(style, face=face), letters)


@lru_cache(10_000)
def _faces(face: str, text: str) -> tuple[tuple[str, str], ...]:
    """A text in parts that one face has all letters of: this face, or else another. Spaces have that of a neighbour.

    Raises: UnknownLookError where no face has a letter.
    """

    def face_of(letter: str) -> str:
        chosen = next((each for each in (face, SANS, MATH) if has(each, letter)), None)
        if chosen is None or unicodedata.combining(letter):
            raise UnknownLookError
        return chosen

    faces = [face_of(letter) for letter in text if letter != " "]
    of_next = iter(faces)
    last = faces[0] if faces else face
    chosen = [last := last if letter == " " else next(of_next) for letter in text]
    parts = groupby(zip(chosen, text, strict=True), lambda each: each[0])
    return tuple((part_face, "".join(letter for _, letter in part)) for part_face, part in parts)


def stripped(line: Sequence[Piece]) -> Iterator[Piece]:
    """A line without spaces at its ends, and without those that follow others."""
    space = True
    for at, piece in enumerate(line):
        text = piece.text.lstrip(" ") if space else piece.text
        text = text.rstrip(" ") if at == len(line) - 1 else text
        space = text.endswith(" ") or (space and not text)
        if text or piece.tick:
            yield piece if text == piece.text else replace(piece, text=text)
