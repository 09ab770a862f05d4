"""The map of a sheet that changes the ordinary block: what one knows is grey, at the same places on every sheet, and
what is new is black.

A drawing of DRAWINGS puts its black parts on the grey block. It may hide parts of the block for which others stand,
but it moves none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from byhand.errors import SheetError, UnknownNameError
from byhand.notation.inline import spoken
from byhand.pictures.canvas import Layer
from byhand.pictures.labels import SANS, formula, words
from byhand.pictures.shapes import Graphic, Look, Path, Point, Rectangle, Step, Text
from byhand.worksheet.messages import Messages
from byhand.worksheet.sheet import Delta

# all in mm
WIDTH, HEIGHT = 84.0, 46.0
GREY, GREY_TEXT, BLACK, WHITE = "#b4b4b4", "#646464", "#111111", "#ffffff"
THIN, BOLD, RING, STRUCK = 0.25, 0.5, 0.5, 0.35  # the widths of lines
TEXT, LETTER = 2.9, 3.4  # the sizes of texts
GREY_TIP, BLACK_TIP = 1.7, 2.1  # the lengths of the heads of arrows
CARD, APART, CARDS = (7.0, 5.0), 0.8, 4  # a query, key or value of one head; between two; how many
STREAM, Q, K, V = 5.0, 18.5, 25.9, 37.5  # the y of the wires
SUMS = (60.0, 80.5)  # the x of each ⊕ on the stream
SIGN = 2.1  # the radius of the ring around a sign that is new
CELL = 1.8  # of a pattern
BOXES = {"scores": (22.0, 16.0, 12.0, 12.0), "shares": (42.0, 17.0, 12.0, 10.0), "mix": (42.0, 33.0, 12.0, 9.0),
         "mlp": (67.0, 17.0, 10.0, 10.0)}  # fmt: skip
SIGNS = {"+": "put_in", "−": "taken_away", "instead of": "in_place"}
DASH = (1.0, 0.8)


def graphic(delta: Delta, messages: Messages) -> Graphic:
    """The map of a sheet that changes the ordinary block.

    Raises: SheetError for a drawing that there is not, or for a pattern that is none.
    """
    if delta.draws not in DRAWINGS:
        raise SheetError(f"delta: draws: {UnknownNameError('drawing', delta.draws, DRAWINGS)}")
    new, hidden = _Layer(), set[str]()
    DRAWINGS[delta.draws](_On(new, hidden, delta, messages))
    base = _Layer()
    _block(base, hidden, messages)
    return Graphic(WIDTH, HEIGHT, said(delta, messages), (*base.drawn, *new.drawn))


def said(delta: Delta, messages: Messages) -> str:
    """The map in words: the ordinary block, and what is new in it."""
    say = messages.say
    told = say(f"delta.spoken.{SIGNS[delta.sign]}", what=spoken(delta.what))
    whole = f"{say('delta.spoken.base')} {told}"
    return say("delta.spoken.so", said=whole, so=spoken(delta.so)) if delta.so else whole


def caption(delta: Delta, messages: Messages) -> tuple[str, str]:
    """What stands under the map, as lines of Markdown: what changes, and what follows from it."""
    follows = messages.say("delta.so", so=delta.so) if delta.so else ""
    return messages.say(f"delta.{SIGNS[delta.sign]}", what=delta.what), follows


class _Layer(Layer):
    """The shapes of one tone, which is grey or black."""

    def wire(self, *points: Point, black: bool = False, tip: bool = True) -> None:
        """A line through points, whose last piece is horizontal or vertical, with an arrow head at its end."""
        colour, width, length = (BLACK, BOLD, BLACK_TIP) if black else (GREY, THIN, GREY_TIP)
        if tip:
            (x0, y0), (x, y) = points[-2:]
            dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
            self.head((x, y), (dx, dy), colour, length, length * 0.42)
            points = (*points[:-1], (x - length * dx, y - length * dy))
        self.line(*points, width=width, colour=colour)

    def name(
        self, x: float, y: float, text: str, colour: str = BLACK, size: float = TEXT, anchor: str = "middle"
    ) -> None:
        """A name on a baseline, a letter as a formula; words that are new are bold. Formulas have no bold face."""
        label = formula(text, size) if size == LETTER else words(text, size)
        is_bold = colour != GREY_TEXT and all(span.face == SANS for span in label.spans)
        self.texts.append(Text(x, y, label, colour, anchor, bold=is_bold))

    def part(self, x: float, y: float, w: float, h: float, name: str = "", *, black: bool = False, size: float = TEXT,
             dash: tuple[float, ...] = ()) -> None:  # fmt: skip
        """A part of the block: a box by its upper left corner, with its name in it."""
        fill, colour, width = (BLACK, BLACK, BOLD) if black else (WHITE, GREY, THIN)
        self.box(x, y, w, h, fill=fill, colour=colour, width=width, rx=0.8, dash=dash)
        if name:
            self.name(x + w / 2, y + h / 2 + 0.34 * size, name, WHITE if black else GREY_TEXT, size)

    def ring(self, x: float, y: float, sign: str = "+", *, black: bool = False) -> None:
        """A ring with a sign."""
        r, colour, width = (SIGN, BLACK, RING) if black else (1.7, GREY, THIN)
        arm = 0.6 * r
        self.disc(x, y, r, fill=WHITE, width=width, colour=colour)
        for end in [(arm, 0.0), (0.0, arm)][: 2 if sign == "+" else 1]:
            self.line((x - end[0], y - end[1]), (x + end[0], y + end[1]), width=width, colour=colour)

    def cards(self, y: float, letter: str) -> None:
        """A query, key or value of each head, around a wire."""
        w, h = CARD
        for back in range(CARDS - 1, -1, -1):
            self.part(6.0 + APART * back, y - h / 2 - APART * back, w, h)
        self.name(6.0 + w / 2, y + 0.34 * LETTER, letter, GREY_TEXT, LETTER)

    def pattern(self, x: float, y: float, rows: Sequence[str]) -> None:
        """A small pattern by its upper left corner: black may look, and half black may in part."""
        tones = {"#": BLACK, "+": "#8a8a8a", ".": WHITE}
        for i, row in enumerate(rows):
            for j, sign in enumerate(row):
                at = x + CELL * j, y + CELL * i
                self.shapes.append(Rectangle(*at, CELL, CELL, Look(tones[sign], BLACK, 0.18)))

    def turn(self, x: float, y: float) -> None:
        """A ring that turns, on a wire."""
        r, handle = 1.7, 0.5523  # the second relative to the radius, for a quarter of a circle
        corners = [(0, -1), (-1, 0), (0, 1), (1, 0)]  # from the top, anticlockwise
        steps: list[Step] = [("M", (x, y - r))]
        for (ax, ay), (bx, by) in pairwise(corners):
            ends = (ax + handle * bx, ay + handle * by), (bx + handle * ax, by + handle * ay), (bx, by)
            steps.append(("C", tuple(c for px, py in ends for c in (x + r * px, y + r * py))))
        self.disc(x, y, r + 0.5, fill=WHITE)
        self.shapes.append(Path(tuple(steps), Look("none", BLACK, RING)))
        self.area([(x + r, y - 1.5), (x + r - 0.9, y + 0.3), (x + r + 0.9, y + 0.3)], BLACK)


class _On(Struct):
    """What a drawing draws on: the layer of what is new, and the parts of the ordinary block that it hides."""

    new: _Layer
    hidden: set[str]
    delta: Delta
    messages: Messages

    def hide(self, *parts: str) -> None:
        """Leave out parts of the ordinary block."""
        self.hidden.update(parts)


def _block(on: _Layer, hidden: set[str], messages: Messages) -> None:
    """The ordinary block, without the parts that are hidden."""
    on.wire((0, STREAM), (WIDTH, STREAM))
    for letter, y, to in (("q", Q, 22.0), ("k", K, 22.0), ("v", V, 42.0)):
        if f"to {letter}" not in hidden:
            on.wire((3, STREAM), (3, y), (6, y))
        if f"from {letter}" not in hidden:
            on.wire((13, y), (to, y))
        if letter not in hidden:
            on.cards(y, letter)
    for name, box in BOXES.items():
        if name not in hidden:
            on.part(*box, messages.say(f"delta.{name}"))
    if "scores" not in hidden:
        on.wire((34, 22), (42, 22))
    if "shares" not in hidden:
        on.wire((48, 27), (48, 33))
    on.wire((54, V), (SUMS[0], V), (SUMS[0], STREAM + 1.7))
    on.ring(SUMS[0], STREAM)
    on.wire((64, STREAM), (64, 22), (67, 22))
    if "from mlp" not in hidden:
        on.wire((77, 22), (SUMS[1], 22), (SUMS[1], STREAM + 1.7))
    if "second sum" not in hidden:
        on.ring(SUMS[1], STREAM)


# ---- what is new ----

Draw = Callable[[_On], None]
DRAWINGS: dict[str, Draw] = {}


def drawing(function: Draw) -> Draw:
    """Register what a sheet can name in `draws`, by the name of the function."""
    DRAWINGS[function.__name__] = function
    return function


@drawing
def turn(on: _On) -> None:
    """Queries and keys are turned on the way to the scores."""
    for y in (Q, K):
        on.new.turn(17.9, y)
    on.new.name(16.9, 13.2, on.delta.label, anchor="start")


@drawing
def to_keys(on: _On) -> None:
    """Something is added to the keys on the way to the scores."""
    on.new.part(15.8, 30.2, 22.0, 4.6, on.delta.label, black=True)
    on.new.wire((17.9, 30.2), (17.9, K + SIGN), black=True)
    on.new.ring(17.9, K, black=True)


@drawing
def to_scores(on: _On) -> None:
    """Something is added to the scores before they become shares."""
    on.new.part(24.0, 8.2, 28.0, 5.4, on.delta.label, black=True)
    on.new.wire((38, 13.6), (38, 22 - SIGN), black=True)
    on.new.ring(38, 22, black=True)


@drawing
def pattern(on: _On) -> None:
    """Scores are left out before they become shares: those that a pattern leaves white."""
    rows = on.delta.grid.split()
    if not rows or any(len(row) != len(rows) or set(row) - {"#", "+", "."} for row in rows):
        raise SheetError(
            f"delta: grid: {on.delta.grid!r} is no square of #, + and .; write rows with blanks between them"
        )
    left = 38 - CELL * len(rows) / 2
    on.new.pattern(left, 15.8 - CELL * len(rows), rows)
    on.new.name(left + CELL * len(rows) + 1.1, 12.4, on.delta.label, anchor="start")
    on.new.wire((38, 15.8), (38, 22 - SIGN), black=True)
    on.new.ring(38, 22, "−", black=True)


@drawing
def one_card(on: _On) -> None:
    """One key and one value for all heads of a group."""
    on.hide("k", "v")
    for y, letter in ((K, "k"), (V, "v")):
        on.new.part(6.0, y - CARD[1] / 2, *CARD, letter, black=True, size=LETTER)
    on.new.name(6, 32.6, on.delta.label, anchor="start")


@drawing
def latent(on: _On) -> None:
    """Keys and values are made from one short row."""
    on.hide("to k", "to v")
    on.new.wire((0.8, STREAM), (0.8, 31.2), (2.4, 31.2), black=True, tip=False)
    _before_keys_and_values(on, "c")


@drawing
def memory(on: _On) -> None:
    """Keys and values are made from a memory, too."""
    _before_keys_and_values(on, "M")


def _before_keys_and_values(on: _On, letter: str) -> None:
    on.new.wire((4.4, 28.7), (4.4, K), (6, K), black=True)
    on.new.wire((4.4, 33.7), (4.4, V), (6, V), black=True)
    on.new.part(2.4, 28.7, 4.6, 5.0, letter, black=True, size=LETTER)
    on.new.name(8.4, 31.4, on.delta.label, anchor="start")


@drawing
def few_keys(on: _On) -> None:
    """Keys and values of all words are poured into a few."""
    on.new.part(16.4, K - 2.1, 3.6, 4.2, "E", black=True, size=LETTER)
    on.new.part(16.4, V - 2.1, 3.6, 4.2, "F", black=True, size=LETTER)
    on.new.name(16.4, 32.4, on.delta.label, anchor="start")


@drawing
def state(on: _On) -> None:
    """One sum of keys times values, which queries read, in place of scores and shares."""
    on.hide("scores", "shares", "from q", "from k", "from v")
    for name in ("scores", "shares"):
        x, y, w, h = BOXES[name]
        on.new.part(x, y, w, h, on.messages.say(f"delta.{name}"), dash=DASH)
        on.new.line((x, y + h), (x + w, y), width=STRUCK, colour=BLACK)
    on.new.wire((13, K), (18.2, K), (18.2, 34.4), (22, 34.4), black=True)
    on.new.wire((13, V), (22, V), black=True)
    on.new.part(22, 32.6, 15, 9.4, on.delta.label, black=True)
    on.new.wire((37, V), (42, V), black=True)
    on.new.wire((13, Q), (20, Q), (20, 30.2), (47, 30.2), (47, 33), black=True)


@drawing
def tiles(on: _On) -> None:
    """Scores become shares tile by tile."""
    on.hide("scores", "shares")
    x, y, _, h = BOXES["scores"]
    on.new.part(x, y, 32, h, black=True)
    on.new.name(x + 16, y + 0.5 * h + 0.34 * TEXT, on.delta.label, WHITE)
    on.new.wire((48, y + h), (48, 33), black=True)


@drawing
def experts(on: _On) -> None:
    """A router sends each word to two of four networks."""
    on.hide("mlp", "from mlp")
    on.new.area([(64.1, 22), (66.3, 19.2), (68.5, 22), (66.3, 24.8)], BLACK)
    for n, (y, chosen) in enumerate(((13.0, True), (18.0, False), (23.0, True), (28.0, False)), 1):
        on.new.part(71.8, y, 5.6, 4.0, f"E{n}", black=chosen)
        if chosen:
            on.new.wire((68, 22 + (y - 20) / 8), (69.8, 22 + (y - 20) / 8), (69.8, y + 2), (71.8, y + 2), black=True)
            on.new.wire((77.4, y + 2), (79, y + 2), black=True, tip=False)
    on.new.wire((79, 25), (79, 15), black=True, tip=False)
    on.new.wire((79, 22), (SUMS[1], 22), (SUMS[1], STREAM + 1.7), black=True)
    on.new.name(83, 36.2, on.delta.label, anchor="end")


@drawing
def again(on: _On) -> None:
    """What comes out goes in again."""
    on.new.wire((83.2, STREAM), (83.2, 44.8), (1, 44.8), (1, STREAM + 0.2), black=True)
    on.new.name(82.4, 43.2, on.delta.label, anchor="end")


@drawing
def halves(on: _On) -> None:
    """A second stream, from which attention reads, and to which the network adds."""
    on.hide("to q", "to k", "to v", "from mlp", "second sum")
    below = 43.8
    on.new.wire((0, below), (WIDTH, below), black=True)
    on.new.wire((3, below), (3, Q), (6, Q), black=True)
    for y in (K, V):
        on.new.wire((3, y), (6, y), black=True)
    on.new.wire((77, 22), (SUMS[1] - 1.5, 22), (SUMS[1] - 1.5, below - SIGN), black=True)
    on.new.ring(SUMS[1] - 1.5, below, black=True)
    on.new.name(76, 41.8, on.delta.label, anchor="end")


@drawing
def after_it(on: _On) -> None:
    """Something is added to what the model says in the end."""
    on.new.part(63.0, 32.4, 17.0, 5.4, on.delta.label, black=True)
    on.new.wire((80, 35.1), (83, 35.1), (83, STREAM + 1.2), black=True)


@drawing
def llama(on: _On) -> None:
    """Queries and keys are turned, heads share a key and a value, and the network has a gate."""
    on.hide("k", "v", "mlp")
    for y, letter in ((K, "k"), (V, "v")):
        on.new.part(6.0, y - CARD[1] / 2, *CARD, letter, black=True, size=LETTER)
    for y in (Q, K):
        on.new.turn(17.9, y)
    on.new.part(*BOXES["mlp"], on.delta.label, black=True)
