"""The pictures of a class's report as SVG, with real text: its points, and dots in a list. All in mm.

They are drawn from the numbers by rules that hold for one student and for thousands. What a picture says is also said
in words, for those who have it read aloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from html import escape
from math import ceil

from msgspec import Struct

from byhand.marking.strokes import INK, PALE, SOLID, svg
from byhand.pictures.labels import words
from byhand.pictures.shapes import mm

DOT, STACK = 1.05, 2.5  # the radius of a dot, and the distance of dots
SMALLEST_STACK = 1.0  # the least distance of dots; of more students, a dot is several
SEVERAL = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)  # students that a dot can be
POINTS_WIDTH, POINTS_HEIGHT, AXIS = 82.0, 35.0, 25.0
NAMES = 30.0  # the room for names over a stack
SMALL = 2.4  # the size of type


def text(
    x: float, y: float, said: str, size: float = SMALL, anchor: str = "", fill: str = INK, bold: bool = False
) -> str:
    """A text on a baseline. anchor: "middle" or "end"."""
    look = f' text-anchor="{anchor}"' if anchor else ""
    look += ' font-weight="600"' if bold else ""
    return f'<text x="{mm(x)}" y="{mm(y)}" font-size="{mm(size)}" fill="{fill}"{look}>{escape(said)}</text>'


def cut(said: str, room: float, size: float = SMALL) -> str:
    """As much of a text as there is room for."""
    while words(said, size).width > room and len(said) > 2:
        said = said.removesuffix("…")[:-1].rstrip() + "…"
    return said


# points


class Points(Struct, frozen=True):
    """How the points of a class are distributed."""

    counts: Mapping[int, int]
    """How many students have so many points, by points in halves."""
    worth: int
    """The most that there are, in halves."""
    quartiles: Sequence[Fraction]
    """The first, the median and the third, in halves."""
    named: Sequence[tuple[int, str]]
    """Students with few points, by name."""

    @property
    def low(self) -> int:
        """Where the axis begins: at 0, or at a round number below all points."""
        step = self.step
        return min(self.counts, default=0) // step * step if min(self.counts, default=0) > step else 0

    @property
    def step(self) -> int:
        """The distance of the numbers on the axis, in halves: about seven of them."""
        wide = self.worth - min([*self.counts, self.worth])
        return next((step for step in (2, 4, 10, 20, 40, 100, 200, 400, 1000) if wide / step <= 6), 2000)

    @property
    def unit(self) -> int:
        """The points that share a stack, in halves."""
        room = (POINTS_WIDTH - 6) / max(self.worth - self.low, 1)
        return next((unit for unit in (1, 2, 4, 10, 20, 40, 100, 200) if unit * room >= 2 * DOT + 0.1), 400)

    @property
    def stacks(self) -> dict[int, int]:
        """How many students are in each stack, by the points of its middle."""
        stacks: dict[int, int] = {}
        for halves, count in sorted(self.counts.items()):
            at = self.worth if halves == self.worth else round(halves / self.unit) * self.unit
            stacks[min(at, self.worth)] = stacks.get(min(at, self.worth), 0) + count
        return stacks

    @property
    def students_of_a_dot(self) -> int:
        """How many students a dot is."""
        tallest, most = max(self.stacks.values(), default=1), int((AXIS - 5) / SMALLEST_STACK)
        return next((several for several in SEVERAL if tallest <= several * most), SEVERAL[-1])


def points_plot(points: Points, middle_half: str, said: str, described: str = "") -> str:
    """A dot for each student, or for several, over the points; below, the median and the middle half."""
    wide = max(points.worth - points.low, 1)
    several, stacks = points.students_of_a_dot, points.stacks

    def x(halves: float) -> float:
        return 3 + (POINTS_WIDTH - 6) * (halves - points.low) / wide

    tallest = max((ceil(count / several) for count in stacks.values()), default=1)
    step = min(STACK, (AXIS - 5) / tallest)
    radius = DOT * step / STACK if step < STACK else DOT
    parts = [f'<path d="M1 {mm(AXIS)}H{mm(POINTS_WIDTH - 1)}" stroke="{INK}" stroke-width="0.35"/>']
    ticks = [*range(points.low, points.worth + 1, points.step)]
    ticks = [at for at in ticks if points.worth - at > points.step / 2 or at == points.worth]
    for at in dict.fromkeys([*ticks, points.worth]):
        parts.append(f'<path d="M{mm(x(at))} {mm(AXIS)}v0.9" stroke="{INK}" stroke-width="0.25"/>')
        parts.append(text(x(at), AXIS + 3.6, f"{at / 2:g}", SMALL, "middle", PALE))
    for at, count in stacks.items():
        for k in range(ceil(count / several)):
            y = AXIS - 0.25 - radius - k * step
            parts.append(f'<circle cx="{mm(x(at))}" cy="{mm(y)}" r="{mm(radius)}" fill="{SOLID}"/>')
    parts += _names(points, x, {at: AXIS - 1.2 - step * ceil(count / several) for at, count in stacks.items()})
    first, median, third = map(float, points.quartiles)
    y, end = AXIS + 7, max(x(third), x(first) + 0.6)
    parts.append(f'<path d="M{mm(x(first))} {mm(y)}H{mm(end)}" stroke="#8e8e8e" stroke-width="1.1"/>')
    parts.append(f'<path d="M{mm(x(median))} {mm(y - 1.3)}v2.6" stroke="{INK}" stroke-width="0.6"/>')
    left = x(first) - 1.5 - words(middle_half, SMALL).width > 0
    at = x(first) - 1.5 if left else x(third) + 1.5
    parts.append(text(at, y + 0.9, middle_half, SMALL, "end" if left else "", PALE))
    return svg(parts, POINTS_WIDTH, POINTS_HEIGHT, said=said, name="points-plot", described=described)


def _names(points: Points, x: Callable[[float], float], tops: Mapping[int, float]) -> Iterator[str]:
    """The names over their stacks, as far as they do not cover each other."""
    over: dict[int, list[str]] = {}
    for halves, name in sorted(points.named):
        over.setdefault(min(tops, key=lambda at: abs(at - halves)), []).append(name)
    end = 0.0
    for stack, names in over.items():
        said = cut(", ".join(names), NAMES, SMALL)
        half = words(said, SMALL).width / 2
        middle = min(max(x(stack), half), POINTS_WIDTH - half)
        if middle - half > end:
            end = middle + half + 1
            yield text(middle, tops[stack] - 0.6, said, SMALL, "middle")


# in a list


def dots(count: int, largest: int, most: int = 7) -> str:
    """A row of dots for a number of students; where the largest number has no room, a dot is several."""
    several = next((each for each in SEVERAL if largest <= each * most), SEVERAL[-1])
    places = (DOT + k * STACK for k in range(ceil(count / several)))
    parts = (f'<circle cx="{mm(x)}" cy="{DOT}" r="{DOT}" fill="{SOLID}"/>' for x in places)
    return svg(parts, most * STACK, 2 * DOT)
