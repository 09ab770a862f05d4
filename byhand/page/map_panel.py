"""The panels of the map: the steps inside a part of the model, with arrows from what each reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from math import fsum

from msgspec import Struct
from msgspec.structs import replace

from byhand.page.drawing import Drawing, Rect
from byhand.pictures.labels import Label, formula, words
from byhand.pictures.shapes import Point
from byhand.worksheet.document import Map, Node
from byhand.worksheet.messages import Messages

# all in mm
LABEL, SHAPE, NUMBER, SYMBOL = 2.45, 2.25, 2.5, 2.75  # type sizes
# of a box before, at and after what the sheet is about: its ground, its outline and its ink
LOOKS = {"done": ("#dcdcdc", "", "#111"), "here": ("#111", "", "#fff"), "later": ("#fff", "#8a8a8a", "#555")}
LINE, TALL, GIVEN = 4.7, 9.8, 5.0  # the height of a step: on one line, with its number above its name, without a box
PITCH = 5.7  # from one step of a column to the next
PAD, MARGIN = 2.4, 2.0  # the margins of a panel: at its sides, above and below
APART = 2.4  # between panels
WEDGE = 4.0  # the height of the wedge from a box of the map to its panel
LANE = 1.6  # between arrows that pass below the steps
HIGHEST = 24.0  # the greatest height of a panel
GAP = 1.4  # between a number and a name beside it
LEADING = 2.9  # from one line of text to the next


class PartPanel(Struct, frozen=True, dict=True):
    """The panel of a part: its steps in columns, each after the steps that it reads."""

    part: str
    nodes: tuple[Node, ...]
    tall: bool
    """Whether a step that is alone in its column has its number above its name, not beside it."""
    title: str = ""

    @cached_property
    def depth(self) -> list[int]:
        """The column of each step: the first after those of all steps that it reads; or, of one apart, the last."""
        depth: list[int] = []
        for i, node in enumerate(self.nodes):
            depth.append(max(depth) if i in self.apart else 1 + max((depth[r] for r in node.reads), default=-1))
        return depth

    @cached_property
    def apart(self) -> set[int]:
        """Later steps that read no other, and that no other reads."""
        read = {r for node in self.nodes for r in node.reads}
        return {i for i, node in enumerate(self.nodes) if i and node.sections and not node.reads and i not in read}

    @cached_property
    def columns(self) -> list[list[int]]:
        """The steps of each column; those apart stand above others that arrows come to, perhaps from below."""
        columns = [[i for i, d in enumerate(self.depth) if d == k] for k in range(max(self.depth) + 1)]
        reads = [any(self.nodes[i].reads for i in column) for column in columns]
        return [
            sorted(c, key=lambda i: (i not in self.apart, i in self.below)) if r else c
            for c, r in zip(columns, reads, strict=True)
        ]

    @cached_property
    def below(self) -> set[int]:
        """The steps to which an arrow from further away would come through the next step of their column, with those
        that lead to them: they stand below others.
        """
        below: set[int] = set()
        for i, node in reversed([*enumerate(self.nodes)]):
            is_far = any(self.depth[i] - self.depth[r] > 1 for r in node.reads)
            under = (d for k, d in enumerate(self.depth) if k > i and k not in self.apart)
            if i in below or (is_far and self.depth[i] in under):
                below |= {i, *node.reads}
        return below

    def labels(self, i: int) -> tuple[Label, Label, Label]:
        """The number, name and shape of a step. A step named by a word leaves out a shape that its input has, too, or
        has no arrow to.
        """
        node = self.nodes[i]
        known = node.word and ([self.nodes[r].shape for r in node.reads] == [node.shape] or i in self.apart)
        name = words(node.word, LABEL) if node.word else formula(node.symbol, SYMBOL)
        numbers = words(" · ".join(map(str, node.sections)), NUMBER)
        return numbers, name, words("" if known else node.shape, SHAPE)

    def is_tall(self, i: int) -> bool:
        """Whether a step has its number above its name."""
        return self.tall and bool(self.nodes[i].sections) and self.is_alone(i)

    def is_alone(self, i: int) -> bool:
        """Whether a step is alone in its column."""
        return [i] in self.columns

    def width(self, i: int) -> float:
        """The least width of a step."""
        number, name, shape = self.labels(i)
        if not self.nodes[i].sections:
            return max(name.width, shape.width) if self.is_alone(i) else name.width + GAP + shape.width
        if self.is_tall(i):
            return max(number.width, name.width, shape.width) + 2.2
        return 2.6 + number.width + GAP + name.width + (1.8 + shape.width if shape.spans else 0)

    def height(self, i: int) -> float:
        """The height of a step."""
        if not self.nodes[i].sections:
            return GIVEN if self.is_alone(i) else LINE
        return TALL if self.is_tall(i) else LINE

    def gaps(self) -> list[float]:
        """The gaps between columns: larger where lines fork."""
        return [4.4 if len(a) + len(b) > 2 else 3.2 for a, b in pairwise(self.columns)]

    def least_width(self) -> float:
        """The least width of the panel."""
        return 2 * PAD + fsum(max(self.width(i) for i in column) for column in self.columns) + fsum(self.gaps())

    def rows(self) -> list[float]:
        """The y of each step: the mean of those that it reads in the column before, but clear of its neighbours."""
        ys = [0.0] * len(self.nodes)
        before: list[int] = []
        for column in self.columns:
            wanted = []
            for i in column:
                near = [ys[r] for r in self.nodes[i].reads if r in before]
                wanted.append(fsum(near) / len(near) if near else 0.0)
            placed: list[float] = []
            for y in wanted:
                placed.append(max(y, placed[-1] + PITCH) if placed else y)
            shift = (fsum(wanted) - fsum(placed)) / len(column)
            for i, y in zip(column, placed, strict=True):
                ys[i] = y + shift
            before = column
        return ys

    def spots(self, left: float, wide: float) -> list[Rect]:
        """The rectangles of the steps, around y = 0, in a panel that begins at `left` and is `wide`."""
        columns, gaps, ys = self.columns, self.gaps(), self.rows()
        widths = [max(self.width(i) for i in column) for column in columns]
        boxed = [bool(self.nodes[column[0]].sections) for column in columns]
        spare = wide - self.least_width()
        wider = min(spare * 0.4 / max(len(gaps), 1), 2.4)
        more = min((spare - wider * len(gaps)) / max(sum(boxed), 1), 5.0)
        x = left + PAD + (spare - wider * len(gaps) - more * sum(boxed)) / 2
        spots: dict[int, Rect] = {}
        for column, w, is_boxed, gap in zip(columns, widths, boxed, [*gaps, 0.0], strict=True):
            w += more * is_boxed
            spots |= {i: Rect(x + w / 2, ys[i], w, self.height(i)) for i in column}
            x += w + gap + wider
        return [spots[i] for i in range(len(self.nodes))]

    def low(self) -> dict[tuple[int, int], int]:
        """The arrows that must pass below the steps between their ends, with the lane of each, counted downwards."""
        ys, depth, lanes, ends = self.rows(), self.depth, dict[tuple[int, int], int](), list[int]()
        for i, node in enumerate(self.nodes):
            for r in node.reads:
                between = [k for k, d in enumerate(depth) if depth[r] < d < depth[i]]
                reach = [self.height(k) / 2 + 0.6 for k in between]
                if not any(abs(ys[r] - ys[k]) < h for k, h in zip(between, reach, strict=True)):
                    continue
                lane = next((k for k, end in enumerate(ends) if end <= depth[r]), len(ends))
                ends[lane : lane + 1] = [depth[i]]
                lanes[r, i] = lane
        return lanes

    def extent(self) -> tuple[float, float]:
        """The y of the highest and of the lowest point."""
        reach = [(y, self.height(i) / 2) for i, y in enumerate(self.rows())]
        lanes = [2.2 + LANE * lane for lane in self.low().values()]
        return min(y - h for y, h in reach), max(y + h for y, h in reach) + max(lanes, default=0.0)

    def least_height(self) -> float:
        """The least height of the panel."""
        high, low = self.extent()
        return low - high + 2 * MARGIN

    def arrows(self, spots: Sequence[Rect]) -> Iterator[list[Point]]:
        """The points of an arrow from each step to each step that reads it."""
        low, depth, floor = self.low(), self.depth, max(s.bottom for s in spots)
        for i, node in enumerate(self.nodes):
            b = spots[i]
            for r in node.reads:
                a, aside = spots[r], 0.0 if self.nodes[r].sections else 0.8
                if (r, i) in low:
                    y, out = floor + 2.2 + LANE * low[r, i], a.x + (0.0 if aside else 1.6)
                    start: list[Point] = [(out, a.bottom + aside)]
                    if any(d == depth[r] and s.y > a.y for s, d in zip(spots, depth, strict=True)):  # is in the way
                        out = a.right + aside + 1.2
                        start = [(a.right + aside, a.y), (out, a.y)]
                    yield [*start, (out, y), (b.x - 1.6, y), (b.x - 1.6, b.bottom)]
                elif depth[i] - depth[r] > 1 and abs(a.y - b.y) >= b.h / 2:
                    yield [(a.right + aside, a.y), (b.x, a.y), (b.x, b.bottom if a.y > b.y else b.top)]
                else:
                    x = (max(s.right for s, d in zip(spots, depth, strict=True) if d == depth[i] - 1) + b.left) / 2
                    yield [(a.right + aside, a.y), (x, a.y), (x, b.y), (b.left, b.y)]

    def draw(self, drawing: Drawing, spots: Sequence[Rect], axis: float | None) -> None:
        """Draw the boxes, the labels and the arrows. axis: an x at which all places are mirrored, if any."""
        for i, spot in enumerate(spots):
            self.draw_step(drawing, i, spot if axis is None else replace(spot, x=2 * axis - spot.x))
        for points in self.arrows(spots):
            drawing.line(*(points if axis is None else [(2 * axis - x, y) for x, y in points]))

    def draw_step(self, drawing: Drawing, i: int, at: Rect) -> None:
        """Draw a step: in a box if the sheet computes it, without one if it is given."""
        number, name, shape = self.labels(i)
        edge, base = 0.0, at.y + 0.85
        if number.spans:
            drawing.box(at, "#fff", "#111", 0.35)
            edge = 1.3
        if self.is_tall(i) or (not number.spans and self.is_alone(i)):
            lines = [label for label in (number, name, shape) if label.spans]
            for k, label in enumerate(lines):
                y = base + LEADING * (k - (len(lines) - 1) / 2)
                drawing.text(at.x, y, label, "#555" if label is shape else "#111", bold=label is number)
            return
        x = at.left + edge if shape.spans else at.x - (number.width + GAP + name.width) / 2
        drawing.text(x, base, number, anchor="start", bold=True)
        drawing.text(x + (number.width + GAP if number.spans else 0), base, name, anchor="start")
        drawing.text(at.right - edge, base, shape, "#555", anchor="end")


def panels_that_fit(chart: Map, wide: float, messages: Messages) -> list[PartPanel]:
    """The panels: one for each part with several steps, as many as fit side by side; an only part always has one."""
    parts = [p for p, nodes in chart.inside.items() if not p or len(chart.inside) == 1 or _steps(nodes) > 1]
    while parts:
        for tall, sources in ((False, True), (True, True), (True, False)):
            panels = [
                PartPanel(p, nodes if sources else _bare(nodes), tall, _title(chart, p, messages))
                for p, nodes in chart.inside.items()
                if p in parts
            ]
            fits = fsum(p.least_width() for p in panels) + APART * (len(panels) - 1) <= wide
            if fits and all(p.least_height() <= HIGHEST for p in panels):
                return panels
        parts.remove(min(reversed(parts), key=lambda p: _steps(chart.inside[p])))
    return []


def _steps(nodes: Sequence[Node]) -> int:
    return sum(bool(node.sections) for node in nodes)


def _bare(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The computed steps, without the given ones."""
    kept = [i for i, node in enumerate(nodes) if node.sections]
    return tuple(
        Node(n.sections, n.symbol, n.word, n.shape, tuple(kept.index(r) for r in n.reads if r in kept))
        for n in (nodes[i] for i in kept)
    )


def _title(chart: Map, part: str, messages: Messages) -> str:
    """A title that explains several numbers in one box; "" where there are none."""
    single = all(len(node.sections) < 2 for node in chart.inside[part])
    if single or (chart.layers == 1 and part not in ("heads", "out")):
        return ""
    heads = [box.label[6:-1] for box in chart.boxes if box.part == part == "heads"]
    if chart.layers == 1 and len(heads) == 2:
        return messages.say("map.steps_of_heads", heads=" · ".join(heads))
    return messages.say("map.steps_of_each_head" if chart.layers == 1 else "map.steps_of_each_block")


def draw(
    drawing: Drawing,
    panels: Sequence[PartPanel],
    here: Mapping[str, Sequence[Rect]],
    top: float,
    wide: float,
    stem: bool,
    turned: bool,
) -> float:
    """Draw the panels side by side, each opening from its part; returns the y of the lower end.

    stem: whether numbers stand beside the wedges. turned: whether arrows go from right to left.
    """
    if not panels:
        return top
    top += WEDGE
    height = max(panel.least_height() for panel in panels)
    scale = (wide - APART * (len(panels) - 1)) / fsum(panel.least_width() for panel in panels)
    left = 0.0
    for panel in panels:
        ground = Rect(left + panel.least_width() * scale / 2, top + height / 2, panel.least_width() * scale, height)
        drawing.ground(ground)
        if spots := here.get(panel.part):
            at = max(spots, key=lambda spot: spot.bottom)
            drawing.wedge(at, ground, top - WEDGE if stem else at.bottom)
            title = words(panel.title, SHAPE)
            reach = title.width / 2
            drawing.text(min(max(at.x, reach), wide - reach), top - 1.0, title, "#555")
        y = ground.y - fsum(panel.extent()) / 2
        spots_here = [replace(spot, y=spot.y + y) for spot in panel.spots(left, ground.w)]
        panel.draw(drawing, spots_here, axis=ground.x if turned else None)
        left += ground.w + APART
    return top + height
