"""The map on page 1: the model as a row of boxes, with panels that show the steps which the sheet computes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from math import fsum

from msgspec.structs import replace

from byhand.notation.inline import spoken
from byhand.page import course_strip, delta_map, thread_strip
from byhand.page.drawing import Drawing, Rect
from byhand.page.map_panel import LABEL, LOOKS, NUMBER, SHAPE, SYMBOL, draw, panels_that_fit
from byhand.pictures.labels import Label, formula, words
from byhand.pictures.shapes import Graphic
from byhand.worksheet.document import Box, Document, Map
from byhand.worksheet.messages import Messages

# all in mm, but for SCALES
WIDTH = 118.0  # of the whole map
STREAM, MIDDLE = 3.3, 11.2  # the y of the residual stream, and of the row of boxes under it
DOWN = 21.0  # from the row of an encoder to that of its decoder
BESIDE, MEMORY = 4.6, 5.0  # how much further down the row of boxes is under a memory; the height of that
BOX, HEAD = 8.0, 6.4  # the height of a box, and of each of several heads
STACK = 0.9  # between heads in a column
SUM = 3.6  # the diameter of a ⊕
TAIL = 4.0  # the length of the arrow after the last box
LEAST, MOST = 1.6, 12.0  # the least gap between columns, which an arrow needs, and the greatest
SCALES = (1.0, 0.87, 0.76)  # of labels: the largest that leaves such gaps


def graphic(document: Document) -> Graphic:
    """The map, 118 mm wide; of a sheet that changes the ordinary block, what it changes; where no part of it has been
    met yet, a strip of the course; and on a sheet of the thread the strip of its beads, as wide as the page.
    """
    if document.beads:
        return thread_strip.graphic(document)
    if document.delta:
        return delta_map.graphic(document.delta, document.messages)
    if not document.map.boxes:
        return course_strip.graphic(document, WIDTH)
    drawing, chart = Drawing(), _fitting(document.map)
    panels = panels_that_fit(chart, WIDTH, document.messages)
    row = _row(chart, DOWN if chart.encoder else BESIDE if chart.memory else 0.0)
    if not (chart.branches or chart.encoder):  # and so no residual stream above the boxes
        row = _row(chart, 0.2 - min(spot.top for column in row for _, spot in column))
    if chart.encoder:
        encoder = _row(_fitting(chart.encoder))
        _draw_row(drawing, chart.encoder, encoder, set(), document.messages, ends=False)
        for y, stack in ((0.0, "encoder"), (DOWN, "decoder")):
            name = words(document.messages.say(f"map.{stack}"), SHAPE)
            drawing.text(0.2, y + MIDDLE - BOX / 2 - 1.2, name, "#555", anchor="start")
        _feed(drawing, encoder[-1][0][1], next(spot for column in row for b, spot in column if b.part == "cross"))
    bottom = _draw_row(drawing, chart, row, {panel.part for panel in panels}, document.messages)
    here = {p.part: [s for col in row for b, s in col if b.part == p.part and b.state == "here"] for p in panels}
    numbered = any(b.sections and b.part not in here for b in chart.boxes)
    bottom = draw(drawing, panels, here, bottom, WIDTH, stem=numbered, turned=document.map.turned)
    return Graphic(WIDTH, bottom + 0.4, said(document), drawing.shapes)


def said(document: Document) -> str:
    """The map in a sentence, or the strip that stands in its place."""
    if document.beads:
        return thread_strip.said(document)
    if document.delta:
        return delta_map.said(document.delta, document.messages)
    return _sentence(document.map, document.messages) if document.map.boxes else course_strip.said(document)


Column = list[tuple[Box, Rect]]


def _fitting(chart: Map) -> Map:
    """The same map, without the shapes in the boxes if the row would be too wide."""
    columns = _columns(chart)
    if _fits(columns, 1.0):
        return chart
    return replace(chart, boxes=tuple(replace(box, shape="") for box in chart.boxes))


def _fits(columns: Sequence[Sequence[Box]], scale: float) -> bool:
    """Whether there is room for arrows between the boxes. scale: that of the labels."""
    return _spare(columns, scale) >= LEAST * sum(_forks(columns))


def _scale(columns: Sequence[Sequence[Box]]) -> float:
    """How large the labels of boxes are."""
    return next((scale for scale in SCALES if _fits(columns, scale)), SCALES[-1])


def _columns(chart: Map) -> list[list[Box]]:
    """The boxes in columns; those of several heads share a column."""
    return [list(group) for _, group in groupby(chart.boxes, key=lambda box: box.part)]


def _forks(columns: Sequence[Sequence[Box]]) -> list[float]:
    """The relative sizes of the gaps between columns: larger where lines fork."""
    return [1.5 if len(a) + len(b) > 2 else 1.0 for a, b in pairwise(columns)]


def _spare(columns: Sequence[Sequence[Box]], scale: float) -> float:
    """The room for all gaps together, in mm. scale: that of the labels."""
    tail = 0.0 if columns[-1][0].part == "unembed" else TAIL
    return WIDTH - 0.4 - fsum(_width(column, scale) for column in columns) - tail


def _row(chart: Map, down: float = 0.0) -> list[Column]:
    """The place of each box. down: the distance from the top row, in mm."""
    columns = _columns(chart)
    scale, forks = _scale(columns), _forks(columns)
    spare = _spare(columns, scale)
    boxes = sum(column[0].label != "+" for column in columns)
    more = min(max(spare - 4.6 * sum(forks), 0) / boxes, 4.0)
    gap = min((spare - more * boxes) / sum(forks), MOST) if forks else 0.0
    x, row = 0.2, []
    for column, fork in zip(columns, [*forks, 0.0], strict=True):
        plus = column[0].label == "+"
        w = _width(column, scale) + (0.0 if plus else more)
        h = SUM if plus else BOX if len(column) == 1 else HEAD
        top = down + MIDDLE - (h + STACK) * (len(column) - 1) / 2
        row.append([(box, Rect(x + w / 2, top + i * (h + STACK), w, h)) for i, box in enumerate(column)])
        x += w + gap * fork
    return row


def _width(column: Sequence[Box], scale: float) -> float:
    """The least width of a column of boxes, in mm."""
    if column[0].label == "+":
        return SUM
    return max(9.0, *(label.width + 1.9 for box in column for label in _labels(box, scale)))


def _labels(box: Box, scale: float) -> tuple[Label, Label]:
    return formula(box.label, (LABEL if r"\text" in box.label else SYMBOL) * scale), words(box.shape, SHAPE * scale)


def _draw_row(
    drawing: Drawing, chart: Map, row: list[Column], panelled: set[str], messages: Messages, ends: bool = True
) -> float:
    """Draw boxes and arrows, the stream above, and the sections' numbers below; returns the y of the lower end."""
    bottom = max(spot.bottom for column in row for _, spot in column)
    middle = _middle(row)
    for left, right in pairwise(row):
        _join(drawing, [s for _, s in left], [s for _, s in right], chart.turned)
    if row[-1][0][0].part != "unembed" and ends:
        end = row[-1][0][1].right
        drawing.line((end, middle), (min(end + MOST, WIDTH), middle), turned=chart.turned)
    scale = _scale([[box for box, _ in column] for column in row])
    for column in row:
        for box, spot in column:
            _draw_box(drawing, box, spot, scale)
        numbers = ranges(n for box, _ in column for n in box.sections)
        if numbers and column[0][0].part not in panelled:
            base = max(middle + BOX / 2, column[-1][1].bottom) + 2.9
            drawing.text(column[0][1].x, base, words(numbers, NUMBER), bold=True)
            bottom = max(bottom, base + 0.5)
    _draw_stream(drawing, chart, row, messages)
    if chart.memory:
        _draw_memory(drawing, chart, row, messages)
    return bottom


def _draw_memory(drawing: Drawing, chart: Map, row: list[Column], messages: Messages) -> None:
    """Draw the memory over the first box, and the arrow from it to the heads, which read it beside the stream."""
    label = words(messages.say("map.memory", shape=chart.memory), SHAPE)
    y, wide = 0.2 + MEMORY / 2, label.width + 2.4
    spot, to = Rect(0.2 + wide / 2, y, wide, MEMORY), _reading(row)
    fill, outline, ink = LOOKS["done"]
    drawing.box(spot, fill, outline)
    drawing.text(spot.x, y + 0.8, label, ink)
    drawing.line((spot.right, y), (to, y), (to, min(spot.top for spot in _heads(row))))


def _heads(row: list[Column]) -> list[Rect]:
    """The places of the boxes of heads."""
    return [spot for column in row for box, spot in column if box.part == "heads"]


def _reading(row: list[Column]) -> float:
    """The x of the arrow from a memory to the heads, left of their middle."""
    first = _heads(row)[0]
    return first.left + first.w / 4


def _middle(row: list[Column]) -> float:
    """The y of the arrows of a row."""
    return fsum(spot.y for _, spot in row[0]) / len(row[0])


def _feed(drawing: Drawing, end: Rect, to: Rect) -> None:
    """Draw the line from the end of the encoder to the decoder's attention, between the two rows."""
    x, y = WIDTH - 1.4, DOWN - 0.9
    drawing.line((end.right, end.y), (x, end.y), (x, y), (to.x, y), (to.x, to.top))


def _draw_stream(drawing: Drawing, chart: Map, row: list[Column], messages: Messages) -> None:
    """Draw the residual stream beside each branch, and its shape."""
    at = {column[0][0].part: i for i, column in enumerate(row)}
    middle = _middle(row)
    stream = middle - MIDDLE + STREAM
    text = "map.stream"
    if chart.layers > 1:
        text = "map.stream_passes" if chart.is_one_block else "map.stream_blocks"
    if chart.readers:
        text = "map.stream_readers"
    words_on_stream = messages.say(text, shape=chart.stream, n=chart.readers or chart.layers)
    for i, (start, end) in enumerate(chart.branches):
        before, first, plus = (row[k][0][1] for k in (at[start] - 1, at[start], at[end]))
        x = (before.right + first.left) / 2
        drawing.line((x, middle), (x, stream), (plus.x, stream), (plus.x, plus.top), turned=chart.turned)
        if i == 0:
            label = words(words_on_stream, SHAPE)
            from_left = _reading(row) + 0.8 if chart.memory else 0.0  # beside the arrow from a memory
            middle_of = max((x + plus.x) / 2, from_left + label.width / 2)
            drawing.text(middle_of, stream - 0.9, label, "#555")


def _draw_box(drawing: Drawing, box: Box, spot: Rect, scale: float) -> None:
    fill, outline, ink = LOOKS[box.state]
    if box.label == "+":
        drawing.box(spot, fill, outline or fill, rx=spot.w / 2)
        arm = 1.05
        drawing.line((spot.x - arm, spot.y), (spot.x + arm, spot.y), stroke=ink)
        drawing.line((spot.x, spot.y - arm), (spot.x, spot.y + arm), stroke=ink)
        return
    label, shape = _labels(box, scale)
    drawing.box(spot, fill, outline)
    baseline = spot.y + (-0.6 if shape.spans else 0.85)
    drawing.text(spot.x, baseline, label, ink, bold=box.state == "here" and r"\text" in box.label)
    drawing.text(spot.x, spot.y + 2.3, shape, ink)


def _join(drawing: Drawing, sources: Sequence[Rect], targets: Sequence[Rect], turned: bool) -> None:
    """Draw arrows from each box of a column to each box of the next, or turned, back."""
    for a in sources:
        for b in targets:
            x = (a.right + b.left) / 2
            drawing.line((a.right, a.y), (x, a.y), (x, b.y), (b.left, b.y), turned=turned)


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as ranges: [1, 2, 3, 7] is "1–3, 7"."""
    ordered = sorted(set(numbers))
    runs = [[n for _, n in run] for _, run in groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _sentence(chart: Map, messages: Messages, decoder: bool = False) -> str:
    """The alternative text of the map: the parts of the model, and which of them the sheet computes.

    decoder: whether the map is that of a decoder, whose attention layers say which tokens they see.
    """
    say = messages.say
    if chart.encoder:
        reads = _sentence(replace(chart, encoder=None), messages, decoder=True)
        return say("map.spoken.stacks", encoder=_sentence(chart.encoder, messages), decoder=reads)
    everything = all(box.state == "here" for box in chart.boxes)
    parts = ", ".join(
        _in_words(box, box.state == "here" and not everything, decoder, messages) for box in chart.boxes
    )
    stream = say("map.spoken.stream", shape=chart.stream) if chart.stream else ""
    said = say("map.spoken.model_here" if everything else "map.spoken.model", parts=parts, stream=stream)
    memory = [say("map.spoken.memory", shape=chart.memory)] if chart.memory else []
    return " ".join([said, *memory, *([say("map.spoken.turned")] if chart.turned else [])])


def _in_words(box: Box, here: bool, decoder: bool, messages: Messages) -> str:
    """A box in words, with the numbers of the sections that compute it."""
    say, name = messages.say, spoken(box.label)
    if box.kind in ("embed", "unembed", "out"):
        name = say(f"map.spoken.{box.kind}")
    elif box.label == "+":
        name = say("map.spoken.add")
    elif box.kind == "heads" and name != say("map.attention"):
        name = say("map.spoken.heads", heads=name)
    if decoder and box.part in ("heads", "cross"):
        name = f"{name}, {box.shape}"
    if box.sections:
        text = "map.spoken.here_steps" if here else "map.spoken.steps"
        return say(text, part=name, n=len(box.sections), numbers=ranges(box.sections))
    return say("map.spoken.here", part=name) if here else name
