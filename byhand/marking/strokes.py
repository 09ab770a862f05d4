"""The marks of a marker as SVG, all in millimetres: they differ by shape first, then by tone, and never by colour.

A page has them over the boxes of its figures, in the margin, and in the bars of its sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from markupsafe import Markup

from byhand.marking.notes import STATES, State
from byhand.pictures.labels import SANS
from byhand.pictures.shapes import mm

INK, SOLID, PALE = "#111", "#444", "#555"
SQUARE, GAP = 2.0, 0.55  # of a square in the margin, and between two
NARROW_GAP, NARROWEST = 0.42, 1.5  # between smaller squares, and the least distance from one to the next
LINE = 39.5  # the length of a line of squares
BAR_HEIGHT = 4.6
DISC = 1.9  # the radius of a disc
FORM = 2.05  # the size of the usual form of an accepted answer
# the looks of squares: those of one look share a path, because WeasyPrint takes its time over each element
FILLED = f'fill="{SOLID}" stroke="{INK}" stroke-width="0.2"'
OUTLINE, CROSS = (f'fill="none" stroke="{INK}" stroke-width="{width}"' for width in (0.2, 0.3))
DASHED = f'{OUTLINE} stroke-dasharray="0.5 0.4"'


def svg(
    parts: Iterable[str], width: float, height: float, *, said: str = "", name: str = "", described: str = ""
) -> str:
    """A drawing. said: its alternative text; without one it says nothing to who has the page read aloud.

    described: the id of the table that says the same.
    """
    about = f' role="img" aria-label="{escape(said)}"' if said else ' aria-hidden="true"'
    about += f' aria-describedby="{described}"' if described else ""
    cls = f' class="{name}"' if name else ""
    return (
        f'<svg{cls} width="{mm(width)}mm" height="{mm(height)}mm" viewBox="0 0 {mm(width)} {mm(height)}"{about} '
        f'font-family="{SANS}">{"".join(parts)}</svg>'
    )


# in the boxes of a figure


def frame(left: float, top: float, right: float, bottom: float) -> str:
    """A thick frame within a box: an answer that is not right."""
    inset = 0.55
    return (
        f'<rect x="{mm(left + inset)}" y="{mm(top + inset)}" width="{mm(right - left - 2 * inset)}" '
        f'height="{mm(bottom - top - 2 * inset)}" fill="none" stroke="{INK}" stroke-width="0.7"/>'
    )


def disc(x: float, y: float, number: str) -> str:
    """A black disc with the number of a note."""
    size = 2.7 if len(number) == 1 else 2.3 if len(number) == 2 else 1.7
    return (
        f'<circle cx="{mm(x)}" cy="{mm(y)}" r="{DISC}" fill="{INK}" stroke="#fff" stroke-width="0.2"/>'
        f'<text x="{mm(x)}" y="{mm(y + 0.36 * size)}" font-size="{mm(size)}" font-weight="600" fill="#fff" '
        f'text-anchor="middle">{escape(number)}</text>'
    )


def hook(left: float, bottom: float) -> str:
    """A hook, 2.5 wide and 2.2 high, with its lower left corner here: right from the student's own number."""
    y = bottom - 0.6
    return (
        f'<path d="M{mm(left + 0.2)} {mm(bottom - 2.2)}V{mm(y)}H{mm(left + 1.6)}" fill="none" stroke="{INK}" '
        f'stroke-width="0.35"/><path d="M{mm(left + 2.5)} {mm(y)}l-1.1 -0.6v1.2z" fill="{INK}"/>'
    )


def ring(x: float, y: float) -> str:
    """A dashed ring: an empty box."""
    return (
        f'<circle cx="{mm(x)}" cy="{mm(y)}" r="1.7" fill="none" stroke="{PALE}" stroke-width="0.3" '
        'stroke-dasharray="0.7 0.6"/>'
    )


def form(right: float, top: float, usual: str) -> str:
    """The usual form of an accepted answer, at the upper right corner of its box."""
    return (
        f'<text x="{mm(right - 0.5)}" y="{mm(top + 2.2)}" font-size="{FORM}" fill="{INK}" text-anchor="end">'
        f"= {escape(_built(usual))}</text>"
    )


_BUILT = {"1/2": "½", "1/4": "¼", "3/4": "¾"}  # the fractions that the faces have as one letter


def _built(number: str) -> str:
    sign = "−" if number.startswith("−") else ""
    return sign + _BUILT.get(number.removeprefix("−"), number.removeprefix("−"))


# in the margin


def squares(states: Sequence[State], said: str) -> str:
    """A square for each answer, in the order of reading; they are smaller where a line has no room for them."""
    lines = -(-len(states) // int(LINE / NARROWEST))
    in_line = -(-len(states) // lines)
    roomy = in_line * (SQUARE + GAP) <= LINE
    side, gap = (SQUARE, GAP) if roomy else (LINE / in_line - NARROW_GAP, NARROW_GAP)
    by_look = dict.fromkeys((FILLED, OUTLINE, CROSS, DASHED), "")
    for at, state in enumerate(states):
        row, column = divmod(at, in_line)
        for look, path in _paths(0.15 + column * (side + gap), 0.15 + row * (side + gap), side, state).items():
            by_look[look] += path
    parts = (f'<path d="{path}" {look}/>' for look, path in by_look.items() if path)
    return svg(parts, in_line * (side + gap), lines * (side + gap), said=said, name="squares")


def _paths(x: float, y: float, side: float, state: State) -> dict[str, str]:
    """What a square is drawn of, by its look."""
    box = f"M{mm(x)} {mm(y)}h{mm(side)}v{mm(side)}h{mm(-side)}z"
    match state:
        case "right":
            return {FILLED: box}
        case "own":
            return {FILLED: f"M{mm(x)} {mm(y)}v{mm(side)}h{mm(side)}z", OUTLINE: box}
        case "not":
            cross = f"M{mm(x)} {mm(y)}l{mm(side)} {mm(side)}M{mm(x)} {mm(y + side)}l{mm(side)} {mm(-side)}"
            return {OUTLINE: box, CROSS: cross}
    return {DASHED: box}


# in sums


def bar(counts: Mapping[State, int], width: float, height: float, said: str = "", name: str = "bar") -> str:
    """A bar in four textures, as long as the counts together."""
    total = sum(counts.values()) or 1
    parts, x = [], 0.15
    for state in STATES:
        part = (width - 0.3) * counts[state] / total
        if part:
            parts.append(texture(state, x, 0.15, part, height - 0.3))
        x += part
    return svg(parts, width, height, said=said, name=name)


def texture(state: State, x: float, y: float, width: float, height: float) -> str:
    """A part of a bar: full, hatched, open with a thick line, or open with a dashed line."""
    box = f'x="{mm(x)}" y="{mm(y)}" width="{mm(width)}" height="{mm(height)}"'
    match state:
        case "right":
            return f'<rect {box} fill="{SOLID}" stroke="{INK}" stroke-width="0.25"/>'
        case "own":
            lines = "".join(hatch(x, y, width, height))
            return (
                f'<rect {box} fill="#fff" stroke="{INK}" stroke-width="0.25"/>'
                f'<path d="{lines}" stroke="{INK}" stroke-width="0.25" fill="none"/>'
            )
        case "not":
            return f'<rect {box} fill="#fff" stroke="{INK}" stroke-width="0.5"/>'
    return f'<rect {box} fill="#fff" stroke="{PALE}" stroke-width="0.25" stroke-dasharray="0.8 0.6"/>'


def hatch(x: float, y: float, width: float, height: float, step: float = 1.0) -> Iterator[str]:
    """The lines of a hatch at 45°, rising to the right."""
    at = step
    while at < width + height:
        left, right = max(at - height, 0.0), min(at, width)
        yield f"M{mm(x + left)} {mm(y + at - left)}L{mm(x + right)} {mm(y + at - right)}"
        at += step


TEXTURES = {state: Markup(svg([texture(state, 0.15, 0.15, 3.4, 2.2)], 3.7, 2.5)) for state in STATES}
LEGEND: dict[str, str] = {
    "right": svg([texture("right", 0.3, 0.3, 2.2, 2.2)], 2.8, 2.8),
    "own": svg([hook(0.1, 2.6)], 2.8, 2.8),
    "not": svg([frame(-0.2, -0.2, 4.6, 3.4)], 4.4, 3.2),
    "empty": svg([ring(2.0, 2.0)], 4.0, 4.0),
}
