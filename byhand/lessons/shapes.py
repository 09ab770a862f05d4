"""Shapes: its picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from byhand.pictures.canvas import AXIS, BOX, CAPTION, GREY, INK, STROKE, TOKEN, WHITE, Canvas, Layer
from byhand.pictures.registry import UndrawableError, picture

Shape = tuple[int, int]
HALF, CORNER, ROUND = 6.2, 0.9, 1.3  # mm: half a domino, its corner, the room between two
PIP, APART = 0.62, 1.75  # mm: the radius of a pip, and its distance from the middle
PIPS = {
    2: ((-1, 1), (1, -1)), 3: ((-1, 1), (0, 0), (1, -1)), 4: ((-1, -1), (-1, 1), (1, -1), (1, 1)),
    5: ((-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)),
    6: ((-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)),
}  # fmt: skip
RESULT_AT = 59.5  # mm: the left edge of a result


@picture(height=35.4, minutes=1, target=HALF)
def dominoes(on: Canvas, *, n: int, d_head: int, d_v: int, transposed: bool = False) -> None:
    """The shapes of a product are dominoes: the halves that touch have to be equal, and the outer ones are left.

    n: the number of tokens. transposed: whether they are columns, so that the factors stand the other way round.
    """
    size = {"F": (2, 5), "G": (5, 3), "Q": (n, d_head), "K": (n, d_head), "V": (n, d_v)}  # F G: an example
    if not all(n in PIPS for shape in size.values() for n in shape):
        raise UndrawableError("a domino has two to six pips")
    rows = [["F", "G"], ["Q", "K"], ["Q", "turned", "V"]]
    size["turned"] = size["K"][::-1]
    if transposed:
        rows, size = [row[::-1] for row in rows], {name: shape[::-1] for name, shape in size.items()}
    told = [_chain(on, 3.6 + 12 * at, row, [size[name] for name in row], is_printed=not at)
            for at, row in enumerate(rows)]  # fmt: skip
    on.said(
        on.say("pictures.dominoes.said", chain=told[0]),
        on.say("pictures.dominoes.to_do"),
        on.say("pictures.dominoes.key", second=told[1], third=told[2]),
    )


def _chain(on: Canvas, y: float, names: Sequence[str], shapes: Sequence[Shape], is_printed: bool) -> str:
    """A row of dominoes and what is left of them; returns the same in words."""
    layer: Layer = on if is_printed else on.pen
    places = [0.25 + at * (2 * HALF + ROUND) for at in range(len(names))]
    said = []
    for left, name, shape in zip(places, names, shapes, strict=True):
        is_turned = name == "turned"
        label = on.say("pictures.dominoes.turned") if is_turned else f"{name} {_times(shape)}"
        on.text(left + HALF, y - 1.0, label, CAPTION, colour=INK)
        _domino(on, on.pen if is_turned else on, left, y, shape)
        said.append(f"{on.say('pictures.dominoes.turned_k') if is_turned else name} {_times(shape)}")
    joints = [one[1] == other[0] for one, other in pairwise(shapes)]
    for left, fits in zip(places, joints, strict=False):
        joint = left + 2 * HALF + ROUND / 2
        if fits:
            ends, low = (joint - HALF, joint + HALF), y + HALF + 0.6
            layer.line((ends[0], low), (ends[0], low + 0.9), (ends[1], low + 0.9), (ends[1], low), width=STROKE)
        else:
            for slope in (-1, 1):
                layer.line((joint - 1.6, y + HALF / 2 - 2.6 * slope), (joint + 1.6, y + HALF / 2 + 2.6 * slope),
                           width=STROKE)  # fmt: skip
    inner = shapes[0][1], shapes[1][0]
    verdict = on.say(f"pictures.dominoes.{'fits' if joints[0] else 'fails'}", one=inner[0], other=inner[1])
    after = places[-1] + 2 * HALF + 1.5
    if is_printed:
        on.text(after, y + 4.2, verdict, CAPTION + 0.2, anchor="start", colour=INK)
    elif len(names) == 2:
        on.answer_line(after, y + 5.2, 18, verdict, CAPTION)
    on.arrow((49.5, y + HALF / 2), (56.5, y + HALF / 2))
    result = (shapes[0][0], shapes[-1][1]) if all(joints) else None
    text = _times(result) if result else on.say("pictures.dominoes.none")
    _domino(on, layer if result else None, RESULT_AT, y, result or (2, 2))
    if not result:
        on.pen.hatch(RESULT_AT, y, 2 * HALF, HALF)
    if is_printed:
        on.text(RESULT_AT + 2 * HALF + 2, y + 4.2, text, TOKEN, anchor="start", colour=INK)
    else:
        on.answer_line(RESULT_AT + 2 * HALF + 1.5, y + 5.2, 10.4, text)
    name = "left" if result else "nothing"
    return on.say(f"pictures.dominoes.{name}", pieces=", ".join(said), verdict=verdict, result=text)


def _domino(on: Canvas, pips: Layer | None, x: float, y: float, shape: Shape) -> None:
    """A domino by its upper left corner. pips: the layer on which these are drawn; None for none."""
    on.box(x, y, 2 * HALF, HALF, rx=CORNER, width=BOX, fill=WHITE)
    on.line((x + HALF, y + 0.8), (x + HALF, y + HALF - 0.8), width=AXIS, colour=GREY)
    for at, n in enumerate(shape if pips else ()):
        for right, up in PIPS[n]:
            assert pips is not None
            pips.disc(x + HALF * (at + 0.5) + APART * right, y + HALF / 2 - APART * up, PIP)


def _times(shape: Shape) -> str:
    return f"{shape[0]} × {shape[1]}"
