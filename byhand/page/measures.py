"""How large things are on paper: as usual, and in large print."""

from __future__ import annotations

from functools import cached_property
from math import ceil

from msgspec import Struct

from byhand.page.look import LARGE_LOOK, LOOK, Sizes

# kinds of columns: l token label, d narrow label, g printed cell, w printed cell with letters, a answer cell, b broad
# answer cell, j sign between, s small gap, o dots
# kinds of rows: c caption, h column labels (h2, h3: on two or three lines), u cell of the upper operand, t gap
# between the operands, r answer row, f answer row for fractions
Fits = tuple[tuple[float, Sizes], ...]  # from roomy to tight: the air of printed numbers, and the least widths


class Measures(Struct, frozen=True, dict=True):
    """How large figures are on paper. Lengths are in mm."""

    name: str
    """The name of the look that figures are set in."""
    look: Sizes
    """The sizes of type, lines and spaces, as of LOOK."""
    figure: float
    """The width of figures."""
    page: tuple[float, float]
    """The width of a page and its height: the room for a figure below its words."""
    widths: Sizes
    """The widths of columns by their kinds."""
    heights: Sizes
    """The heights of rows by their kinds."""
    scales: tuple[tuple[float, Fits], ...]
    """The sizes of numbers that are tried, relative to the largest, each with the least widths of columns."""
    widest: tuple[tuple[str, float], ...]
    """How wide kinds of columns may become where there is room."""
    airy_sign: float
    """The width of a sign between matrices where there is room."""
    least_fraction: float = 0.0
    """The least scale of numbers among which there are fractions, whose digits are smaller."""
    number_room: float = 1.2
    """The space round a number that needs all of its column."""
    beside: float = 2.2
    """The space of a label of a row."""
    over: float = 1.0
    """The space of a label of a column."""
    gutter: float = 4.0
    """How much of the space between words and figures a tight line of matrices with signs may have."""
    margin: float = 10.0
    """By how much empty cells of a figure may reach into the margin of the page."""
    ruled: float = 1.0
    """How many lines there are to write on for each that a sheet asks for."""
    part: str = ""
    """In large print, how a part of a matrix says which columns it has, in the language of the page."""
    below: bool = False
    """Whether figures stand below the words, also where they have room beside them."""
    phone: float = 1.0
    """How much larger figures are on a phone."""

    @property
    def is_large(self) -> bool:
        """Whether it is large print: one column, in which matrices that are too wide are cut in parts."""
        return self.name == "large"

    def lines(self, count: int) -> int:
        """How many lines there are to write on where a sheet asks for so many."""
        return ceil(count * self.ruled)

    @cached_property
    def ems(self) -> Sizes:
        """The sizes of the type of numbers, token labels, captions and other labels."""
        return {name: round(self.look[name] * 25.4 / 72, 2) for name in ("number", "token", "caption", "label")}


SMALLEST_BLANK = 9.0  # mm: the least width of a blank that one can write in
_FITS = (  # the third and the last only where they save smaller numbers
    (1.2, {"g": 8.0, "w": 8.0, "a": 11.0, "b": 15.0, "l": 13.0, "d": 5.0, "j": 7.0}),
    (0.8, {"g": 7.0, "w": 7.0, "a": 10.0, "b": 13.0, "l": 13.0, "d": 5.0, "j": 6.0}),
    (0.0, {"g": 6.5, "w": 6.5, "a": SMALLEST_BLANK, "b": SMALLEST_BLANK, "l": 9.0, "d": 5.0, "j": 4.7}),
    (0.0, {"g": 6.0, "w": 6.0, "a": SMALLEST_BLANK, "b": SMALLEST_BLANK, "l": 11.0, "d": 5.0, "j": 5.0}),
    (0.0, {"g": 6.0, "w": 6.0, "a": SMALLEST_BLANK, "b": SMALLEST_BLANK, "l": 9.0, "d": 5.0, "j": 4.2}),
)
_SMALL = (*_FITS[:2], _FITS[3])
PRINT = Measures(
    "", LOOK, 118.0, (174.0, 240.0),
    {"l": 13.0, "d": 5.0, "g": 8.0, "w": 8.0, "a": 11.0, "b": 15.0, "j": 7.0, "s": 3.0, "o": 7.0},
    {"c": 5.0, "h": 4.0, "h2": 7.4, "h3": 10.8, "u": 5.5, "t": 3.4, "r": 8.0, "f": 9.0, "e": 1.5},
    ((1.0, _FITS), (0.8, _SMALL), (0.65, _SMALL)),  # 11.5, 9 and nearly 8 pt
    (("g", 7.0), ("j", 6.0), ("g", 8.0)), 8.6,
)  # fmt: skip
_LARGE_FITS = (
    (2.4, {"g": 14.0, "w": 14.0, "a": 18.0, "b": 22.0, "l": 24.0, "d": 10.0, "j": 13.0}),
    (1.2, {"g": 12.0, "w": 12.0, "a": 15.0, "b": 18.0, "l": 20.0, "d": 9.0, "j": 11.0}),
    (0.0, {"g": 9.0, "w": 9.0, "a": 13.0, "b": 13.0, "l": 16.0, "d": 8.0, "j": 9.0}),
)
LARGE = Measures(
    "large", LARGE_LOOK, 174.0, (174.0, 226.0),
    {"l": 24.0, "d": 10.0, "g": 14.0, "w": 14.0, "a": 18.0, "b": 22.0, "j": 13.0, "s": 6.0, "o": 11.0},
    {"c": 10.0, "h": 8.5, "h2": 16.0, "h3": 23.5, "u": 11.0, "t": 6.0, "r": 14.0, "f": 19.0, "e": 4.0},
    ((1.0, _LARGE_FITS), (LARGE_LOOK["small"] / LARGE_LOOK["number"], _LARGE_FITS)),
    (("g", 14.0), ("j", 13.0)), 16.0,
    least_fraction=1.0, number_room=2.4, beside=4.8, over=2.4, gutter=0.0, margin=0.0, ruled=2.5, below=True,
    phone=1.4,
)  # fmt: skip
