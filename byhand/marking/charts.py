"""The pictures of a class's report as SVG, with real text: points, steps, and where the class slipped. All in mm.

They are drawn from the numbers by rules that hold for one student and for thousands. What a picture says is also said
in words, for those who have it read aloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from html import escape
from math import ceil

from byhand.marking.notes import STATES, State
from byhand.marking.places import short_name
from byhand.marking.strokes import INK, PALE, SOLID, n, svg, texture
from byhand.page.drawing import Drawing
from byhand.pictures.labels import formula, words
from byhand.worksheet.document import Document, Panel, Section, Table, WordBoxes

DOT, STACK = 1.05, 2.5  # the radius of a dot, and the distance of dots
SMALLEST_STACK = 1.0  # the least distance of dots; of more students, a dot is several
SEVERAL = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)  # students that a dot can be
POINTS_WIDTH, POINTS_HEIGHT, AXIS = 82.0, 35.0, 25.0
NAMES = 30.0  # the room for names over a stack
STEPS_WIDTH, BAR_LEFT, BAR_WIDTH = 86.0, 33.0, 43.0
HEAT_WIDTH, LEGEND_LEFT = 174.0, 148.0
CELLS = ((7.4, 5.0), (5.6, 4.2), (4.4, 3.4))  # the sizes of a cell of the heat, from roomy to tight
HIGHEST_HEAT = 62.0
LABEL = 11.0  # the room for the label of a row
TEXT, SMALL = 2.7, 2.4  # sizes of type
TONES = ("#ffffff", "#e4e4e4", "#c4c4c4", "#8e8e8e", "#444444")


def text(
    x: float, y: float, said: str, size: float = TEXT, anchor: str = "", fill: str = INK, bold: bool = False
) -> str:
    """A text on a baseline. anchor: "middle" or "end"."""
    look = f' text-anchor="{anchor}"' if anchor else ""
    look += ' font-weight="600"' if bold else ""
    return f'<text x="{n(x)}" y="{n(y)}" font-size="{n(size)}" fill="{fill}"{look}>{escape(said)}</text>'


def cut(said: str, room: float, size: float = TEXT) -> str:
    """As much of a text as there is room for."""
    while words(said, size).width > room and len(said) > 2:
        said = said.removesuffix("…")[:-1].rstrip() + "…"
    return said


# points


@dataclass(frozen=True)
class Points:
    """How the points of a class are distributed.

    counts: by points in halves. worth: the most there are. quartiles: the first, the median and the third, in halves.
    named: students with few points, by name.
    """

    counts: Mapping[int, int]
    worth: int
    quartiles: Sequence[Fraction]
    named: Sequence[tuple[int, str]]

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
        found: dict[int, int] = {}
        for halves, count in sorted(self.counts.items()):
            at = self.worth if halves == self.worth else round(halves / self.unit) * self.unit
            found[min(at, self.worth)] = found.get(min(at, self.worth), 0) + count
        return found

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
    parts = [f'<path d="M1 {n(AXIS)}H{n(POINTS_WIDTH - 1)}" stroke="{INK}" stroke-width="0.35"/>']
    ticks = [*range(points.low, points.worth + 1, points.step)]
    ticks = [at for at in ticks if points.worth - at > points.step / 2 or at == points.worth]
    for at in dict.fromkeys([*ticks, points.worth]):
        parts.append(f'<path d="M{n(x(at))} {n(AXIS)}v0.9" stroke="{INK}" stroke-width="0.25"/>')
        parts.append(text(x(at), AXIS + 3.6, f"{at / 2:g}", SMALL, "middle", PALE))
    for at, count in stacks.items():
        for k in range(ceil(count / several)):
            y = AXIS - 0.25 - radius - k * step
            parts.append(f'<circle cx="{n(x(at))}" cy="{n(y)}" r="{n(radius)}" fill="{SOLID}"/>')
    parts += _names(points, x, {at: AXIS - 1.2 - step * ceil(count / several) for at, count in stacks.items()})
    first, median, third = map(float, points.quartiles)
    y, end = AXIS + 7, max(x(third), x(first) + 0.6)
    parts.append(f'<path d="M{n(x(first))} {n(y)}H{n(end)}" stroke="#8e8e8e" stroke-width="1.1"/>')
    parts.append(f'<path d="M{n(x(median))} {n(y - 1.3)}v2.6" stroke="{INK}" stroke-width="0.6"/>')
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


# steps


@dataclass(frozen=True)
class StepBar:
    """A step of the sheet: its number, its title, and how many answers are in each state."""

    number: int
    title: str
    counts: Mapping[State, int]

    @property
    def share(self) -> float:
        """The share of the answers that stand."""
        total = sum(self.counts.values())
        return (self.counts["right"] + self.counts["own"]) / total if total else 0.0


def steps_chart(bars: Sequence[StepBar], legend: Mapping[State, str], said: str, described: str = "") -> str:
    """A bar for each step, in four textures, and the share that stands."""
    pitch = 5.2 if len(bars) <= 9 else 4.4 if len(bars) <= 16 else 3.6
    size = TEXT if pitch > 4 else SMALL
    parts = []
    for at, bar in enumerate(bars):
        y, total = at * pitch + 0.3, sum(bar.counts.values()) or 1
        baseline = y + (pitch - 1.4) / 2 + 0.36 * size
        parts.append(text(0, baseline, str(bar.number), size, bold=True))
        parts.append(text(5, baseline, cut(bar.title, BAR_LEFT - 6, size), size))
        x = BAR_LEFT
        for state in STATES:
            wide = BAR_WIDTH * bar.counts[state] / total
            if wide:
                parts.append(texture(state, x, y, wide, pitch - 1.4))
            x += wide
        parts.append(text(STEPS_WIDTH, baseline, f"{round(100 * bar.share)} %", size, "end", bold=True))
    y, x = len(bars) * pitch + 1.2, 0.0
    for state in STATES:
        parts.append(texture(state, x + 0.3, y, 3.4, 2.2))
        parts.append(text(x + 4.6, y + 2.0, legend[state], SMALL))
        x += 7.4 + words(legend[state], SMALL).width
    return svg(parts, STEPS_WIDTH, y + 3.4, said=said, name="steps-chart", described=described)


# where the class slipped


@dataclass(frozen=True)
class HeatCell:
    """A cell: the blank that is asked there; "" where a number is given."""

    blank: str = ""


@dataclass(frozen=True)
class HeatMatrix:
    """A matrix of the sheet with its cells. name: in LaTeX. step: the number of its section, if it is its first."""

    name: str
    step: str
    rows: tuple[str, ...]
    cells: tuple[tuple[HeatCell, ...], ...]

    @property
    def asked(self) -> Iterator[str]:
        """The blanks of its cells."""
        return (cell.blank for row in self.cells for cell in row if cell.blank)


def matrices(document: Document, filled: Callable[[str], str] = str) -> list[HeatMatrix]:
    """What is computed on a sheet, as matrices, tables and boxes. filled: fills in the slots of a text."""
    return [
        replace(matrix, rows=tuple(map(filled, matrix.rows)))
        for section in document.sections
        for matrix in _numbered(section)
    ]


def _numbered(section: Section) -> Iterator[HeatMatrix]:
    blanks = {id(blank.cell): blank.id for blank in section.blanks if blank.role != "copy"}
    step = str(section.number)
    for name, rows, cells in _grids(section):
        found = tuple(tuple(HeatCell(blanks.get(id(cell), "")) for cell in row) for row in cells)
        if any(cell.blank for row in found for cell in row):
            yield HeatMatrix(name, step, rows, found)
            step = ""


def _grids(section: Section) -> Iterator[tuple[str, tuple[str, ...], Sequence[Sequence[object]]]]:
    """The matrices of a section: their names, the labels of their rows, and their cells."""
    for block in section.blocks:
        for panel in block.matrices:
            yield short_name(panel), _labels(panel), panel.cells
        if isinstance(block, Table):
            yield "", (), [row[1:] for row in block.rows]
        if isinstance(block, WordBoxes):
            yield "", (), [block.answers]


def _labels(panel: Panel) -> tuple[str, ...]:
    return panel.rows if panel.along[0] == "token" else ()


def thresholds(students: int) -> tuple[int, int, int, int]:
    """The numbers of students from which a cell is darker: 1, and about 8, 12 and 20 % of the class."""
    second = max(2, ceil(students * 0.08))
    third = max(second + 1, ceil(students * 0.12))
    return 1, second, third, max(third + 1, ceil(students * 0.2))


@dataclass(frozen=True)
class HeatWords:
    """What the heat says: a title, the words for no student and for a number and more, and a sentence."""

    title: str
    nobody: str
    more: Callable[[int], str]
    between: Callable[[int, int], str]
    given: str
    note: Sequence[str]


def heat(
    found: Sequence[HeatMatrix], slips: Mapping[str, int], students: int, said: str, own: HeatWords,
    described: str = "",
) -> str:  # fmt: skip
    """The sheet as its matrices; in each cell, how many students' slips begin there."""
    for size in CELLS:
        parts, height = _heat(found, slips, students, size, own)
        if height <= HIGHEST_HEAT:
            break
    legend, legend_height = _legend(students, own)
    whole = max(height, legend_height)
    return svg([*parts, *legend], HEAT_WIDTH, whole, said=said, name="heat", described=described)


def _heat(
    found: Sequence[HeatMatrix], slips: Mapping[str, int], students: int, size: tuple[float, float], own: HeatWords
) -> tuple[list[str], float]:
    """The matrices from left to right, in as many lines as it takes, and their height."""
    wide, high = size
    drawing = Drawing()
    parts: list[str] = []
    x = y = line = 0.0
    labelled: tuple[str, ...] = ()
    for matrix in found:
        across, down = len(matrix.cells[0]), len(matrix.cells)
        gap = 0.0 if not x else 6.0 if matrix.step else 3.6
        labels = matrix.rows if not x or matrix.rows != labelled else ()
        if x and x + gap + _room(labels) + across * wide > LEGEND_LEFT - 2:
            x, y, line, gap, labels = 0.0, y + line + 2.6, 0.0, 0.0, matrix.rows
        left, top = x + gap + _room(labels), y + 4.0
        name = formula(matrix.name, TEXT)
        end = max(left + across * wide, left + name.width + 1.4 + words(matrix.step, SMALL).width)
        drawing.text(left, top - 1.0, name, anchor="start")
        if matrix.step:
            parts.append(text(end, top - 1.0, matrix.step, SMALL, "end", PALE))
        for i, label in enumerate(labels):
            parts.append(text(left - 1.2, top + (i + 0.5) * high + 0.9, cut(label, LABEL, SMALL), SMALL, "end"))
        for i, row in enumerate(matrix.cells):
            for j, cell in enumerate(row):
                parts += _cell(left + j * wide, top + i * high, size, cell, slips, students, own)
        x, line, labelled = end, max(line, 4.0 + down * high), matrix.rows
    return [*parts, *drawing.texts], y + line + 0.4


def _room(labels: Sequence[str]) -> float:
    """The room for the labels of rows."""
    return max((words(cut(label, LABEL, SMALL), SMALL).width + 2.2 for label in labels), default=0.0)


def _cell(
    x: float, y: float, size: tuple[float, float], cell: HeatCell, slips: Mapping[str, int], students: int,
    own: HeatWords,
) -> Iterator[str]:  # fmt: skip
    wide, high = size
    count = slips.get(cell.blank, 0)
    tone = sum(count >= least for least in thresholds(students))
    yield (
        f'<rect x="{n(x)}" y="{n(y)}" width="{wide}" height="{high}" fill="{TONES[tone]}" stroke="#888" '
        'stroke-width="0.18"/>'
    )
    digits = min(TEXT, 1.9 * wide / len(f"{count:,}"))
    if count and digits >= 2.0 and high > 3.6:
        light, bold = "#fff" if tone == 4 else INK, tone == 4
        yield text(x + wide / 2, y + high / 2 + 0.36 * digits, f"{count:,}", digits, "middle", light, bold)
    elif not cell.blank and wide >= words(own.given, 1.9).width + 0.4:
        yield text(x + wide / 2, y + high / 2 + 0.7, own.given, 1.9, "middle", "#777")


def _legend(students: int, own: HeatWords) -> tuple[list[str], float]:
    """What the tones mean."""
    steps = thresholds(students)
    meanings = [own.nobody]
    for least, following in zip(steps, (*steps[1:], None), strict=True):
        if following is None:
            meanings.append(own.more(least))
        else:
            meanings.append(own.between(least, following - 1))
    parts, y = [text(LEGEND_LEFT, 3.0, own.title, SMALL, fill=PALE)], 5.0
    for tone, meaning in zip(TONES, meanings, strict=True):
        box = f'x="{LEGEND_LEFT}" y="{n(y)}" width="6" height="3.9"'
        parts.append(f'<rect {box} fill="{tone}" stroke="#888" stroke-width="0.18"/>')
        parts.append(text(LEGEND_LEFT + 7.6, y + 2.9, meaning, SMALL))
        y += 4.9
    for line in own.note:
        y += 3.2
        parts.append(text(LEGEND_LEFT, y, line, SMALL, fill=PALE))
    return parts, y + 1.0


# in a list


def dots(count: int, largest: int, most: int = 7) -> str:
    """A row of dots for a number of students; where the largest number has no room, a dot is several."""
    several = next((each for each in SEVERAL if largest <= each * most), SEVERAL[-1])
    places = (DOT + k * STACK for k in range(ceil(count / several)))
    parts = (f'<circle cx="{n(x)}" cy="{DOT}" r="{DOT}" fill="{SOLID}"/>' for x in places)
    return svg(parts, most * STACK, 2 * DOT)


def wrapped(said: str, room: float, size: float = SMALL) -> list[str]:
    """A text in lines that are no wider than this."""
    lines: list[str] = []
    for word in said.split():
        if lines and words(f"{lines[-1]} {word}", size).width <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
