"""Place the matrices of a figure on a grid: a product in Falk's layout, or a strip of matrices.

In large print, a product has its left operand above the other two, and a matrix that is too wide is cut in parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, fsum

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.copies import categories
from byhand.errors import SheetError
from byhand.notation.inline import spoken
from byhand.notation.marks import is_word
from byhand.page.grid import (
    NARROW_TAG,
    TAG_WIDTH,
    Grid,
    Mark,
    Slot,
    Tag,
    answers,
    fitted,
    has_fractions,
    unlike,
    weights,
)
from byhand.page.measures import PRINT, Measures
from byhand.page.phone import on_phone
from byhand.pictures.labels import words
from byhand.tape import shape_text
from byhand.worksheet.document import Cell, Falk, Panel, Strip

NAME_ROOM = 5.0  # mm: how wide a name beside a row may be where a bracket ends on its other side


def falks(figure: Falk, measures: Measures = PRINT) -> list[Grid]:
    """The grids of a product: one in Falk's layout; in large print, one of the left operand, and below it one of each
    part of the others.
    """
    return [*_falk_in_parts(figure, measures)] if measures.is_large else [falk(figure)]


def falk(figure: Falk) -> Grid:
    """The grid of a product in Falk's layout, where an operand and the result share row or column labels."""
    left, upper, result, bias = figure.left, figure.upper, figure.result, figure.bias
    (n, k), m = left.shape, upper.shape[1]
    across = bias is not None and bias.shape[1] == m and bias.shape[0] == 1  # a row of biases goes above the result
    grid = Grid(formula=figure.formula, label=figure.formula)
    grid.add("l")
    at_left = grid.add(_widths(left))
    at_bias = grid.add("s" + _widths(bias)) + 1 if bias is not None and not across else 0
    gap = grid.formula_end = grid.add("d")
    at_result = grid.add(answers(result) * m)
    height = "f" if has_fractions(left, result) else "r"
    over = ["f" if has_fractions(upper) else "r" if upper.has_blanks else "u"] * k
    apart = "t" if k == 1 else "e"  # the tags of two single rows, of two lines each, do not touch
    beside = [apart, "f" if bias.has_blanks else "u"] if bias is not None and across else []
    grid.rows = ["h", *over, *beside, "t", *[height] * n]
    below = len(grid.rows) - n
    grid.head(upper, 0, at_result)
    if k > 1:  # the number of the only place says nothing, and stands in the way of the formula
        grid.side(replace(upper, along=("inner", "")), 1, gap)
    grid.put(upper, 1, at_result)
    grid.head(replace(left, along=("", "inner")), below - 1, at_left)
    grid.side(left, below, 0)
    grid.put(left, below, at_left)
    grid.put(result, below, at_result)
    grid.tags = [
        Tag(upper, "right", 1, at_result, 1 + k, at_result + m),
        Tag(result, "right", below, at_result, below + n, at_result + m),
        Tag(left, "over", below - 1, at_left, below - 1, at_left + k),
    ]
    if bias is not None and across:
        grid.put(bias, 2 + k, at_result)
        grid.tags.append(Tag(bias, "right", 2 + k, at_result, 3 + k, at_result + m))
    elif bias is not None:
        grid.put(bias, below, at_bias)
        grid.tags.append(Tag(bias, "over", below, at_bias, below, at_bias + 1, parted=True))
    if figure.arrows:
        grid.marks.append(Mark("right", below, gap, below + 1, gap + 1))
        grid.marks.append(Mark("down", below - 1, at_result, below, at_result + 1))
    room = grid.measures.figure
    return _on_paper(fitted(grid, room - TAG_WIDTH, room - NARROW_TAG))


def _falk_in_parts(figure: Falk, measures: Measures) -> Iterator[Grid]:
    """The grids of a product in large print: the left operand, then the other one over the result, by parts."""
    left = [replace(figure.left, caption=_tagged(figure.left))]
    if figure.bias is not None and figure.bias.shape[1] != figure.upper.shape[1]:  # a column, beside the left operand
        left.append(replace(figure.bias, caption=_tagged(figure.bias)))
    yield from strips(Strip(tuple(left), ("",) * (len(left) - 1)), measures)
    result = replace(figure.result, caption=_tagged(figure.result, figure.formula))
    over = [replace(figure.upper, caption=_tagged(figure.upper))]
    if len(left) == 1 and figure.bias is not None:
        over.append(replace(figure.bias, caption=_tagged(figure.bias)))
    for panels in zip(*(_parts(each, measures, [*over, result]) for each in [*over, result]), strict=True):
        stacked = _fitted(_stacked(panels, measures))
        if stacked.height <= measures.page[1]:
            yield _on_paper(stacked)
        else:
            for panel in panels:
                yield from strips(Strip((panel,), ()), measures)


def _tagged(panel: Panel, formula: str = "") -> str:
    """The caption of a matrix in place of its tag: its name, or what it is computed as, its shape, and its note."""
    told = f", {panel.note}" if panel.note and not panel.bead else ""
    return f"{formula or panel.symbol} \\text{{ {shape_text(panel.shape)}{told}}}"


def _stacked(panels: Sequence[Panel], measures: Measures) -> Grid:
    """The grid of matrices below each other that share their columns."""
    grid = Grid(label="; ".join(panel.caption for panel in panels), measures=measures)
    grid.add("l")
    blanks = any(panel.has_blanks or panel.is_answer for panel in panels)
    at = grid.add(max(map(answers, panels)) * panels[0].shape[1] if blanks else _widths(panels[0]))
    for number, panel in enumerate(panels):
        grid.rows += ["e"] * bool(number) + ["c"]
        grid.slots[len(grid.rows) - 1, at] = _caption(panel, panel.caption)
        if any(panel.cols) and (number == 0 or panel.cols != panels[number - 1].cols):
            grid.rows.append("h")
            grid.head(panel, len(grid.rows) - 1, at)
        top = len(grid.rows)
        high = "f" if has_fractions(panel) else "r" if panel.has_blanks or panel.is_answer else "u"
        grid.rows += [high] * panel.shape[0]
        if any(panel.rows):
            grid.side(panel, top, 0, "" if panel.along[0] == "token" else "inner")
        grid.put(panel, top, at)
    return grid


def _parts(panel: Panel, measures: Measures, together: Sequence[Panel] = ()) -> list[Panel]:
    """A matrix cut in parts of some columns each that have room on a page; it is one part where all of it has.

    together: the matrices that are cut alike.
    """
    columns = panel.shape[1]
    for count in range(1, columns + 1):
        size = -(-columns // count)
        starts = range(0, columns, size)
        if all(
            _has_room(_cut(each, start, size, measures), measures) for each in together or [panel] for start in starts
        ):
            break
    if count == 1:
        return [panel]
    return [_cut(panel, start, size, measures) for start in starts]


def _cut(panel: Panel, start: int, size: int, measures: Measures) -> Panel:
    """Some columns of a matrix, which say which they are."""
    columns, end = panel.shape[1], min(start + size, panel.shape[1])
    if (start, end) == (0, columns):
        return panel
    told = measures.part.format(first=start + 1, last=end, columns=columns)
    return replace(
        panel, cells=tuple(row[start:end] for row in panel.cells), cols=panel.cols[start:end],
        caption=f"{panel.caption or panel.symbol}\\text{{, {told}}}",
    )  # fmt: skip


def _has_room(panel: Panel, measures: Measures) -> bool:
    """Whether a matrix by itself is no wider than a page."""
    return _fitted(_stacked([panel], measures)).width <= measures.figure


def _on_paper(grid: Grid) -> Grid:
    """The grid, if a page has room for it, with what lays it out for a phone.

    Raises: SheetError where it is larger.
    """
    room, width = grid.measures.page, grid.tagged_width
    if width > room[0] + grid.measures.margin or grid.height > room[1]:
        raise SheetError(
            f"{spoken(grid.label)} is {width:.0f} mm wide and {grid.height:.0f} mm high even in small print; a "
            f"page has room for {room[0]:.0f} × {room[1]:.0f} mm: use smaller sizes, or fewer digits"
        )
    grid.on_phone = on_phone
    return grid


def _widths(panel: Panel) -> str:
    """The kinds of a matrix's columns: wide for columns with blanks, and for printed ones with letters."""
    wide = answers(panel)

    def kind(column: Iterable[Cell]) -> str:
        cells = [*column]
        lettered = any(getattr(x, "free_symbols", ()) for cell in cells for x in categories(cell.value))
        return wide if any(cell.blank for cell in cells) else "w" if lettered else "g"

    return "".join(map(kind, zip(*panel.cells, strict=True)))


def strips(figure: Strip, measures: Measures = PRINT) -> list[Grid]:
    """The grids of a strip: one, or several below each other if one would be too wide."""
    left, grids = _stacks(figure, measures), list[Grid]()
    while left:
        for count in range(len(left), 0, -1):  # as many as have room, and at least one
            grid = _fitted(_strip(left[:count], figure, count == len(left), measures))
            if grid.room <= measures.figure and (not measures.is_large or _captions_have_room(grid)):
                break
        grids.append(grid)
        left = left[count:]
    return [*map(_on_paper, grids)]


def _captions_have_room(grid: Grid) -> bool:
    """Whether no caption reaches over the next one, or over the margin."""
    em = grid.measures.ems["caption"]
    captions = [(at, slot) for at, slot in sorted(grid.slots.items()) if slot.cls == "caption"]
    for (row, col), slot in captions:
        after = [grid.x(other) for (below, other), _ in captions if below == row and other > col]
        if grid.x(col) + words(spoken(slot.label), em).width > min(after, default=grid.measures.page[0]):
            return False
    return True


def strips_as(figure: Strip, shapes: Sequence[Sequence[int]], measures: Measures = PRINT) -> list[Grid]:
    """The grids of a strip, broken into tables whose shapes are as close as possible to these."""
    columns = _stacks(figure, measures)
    grids: list[Grid] = []
    start = 0
    while start < len(columns):
        wanted = shapes[len(grids)] if len(grids) < len(shapes) else ()
        ends = range(start + 1, len(columns) + 1)
        candidates = {end: _strip(columns[start:end], figure, end == len(columns), measures) for end in ends}
        start = min(candidates, key=lambda end: unlike(candidates[end].shape, wanted))
        grids.append(_on_paper(_fitted(candidates[start])))
    return grids


def _fitted(grid: Grid) -> Grid:
    return fitted(grid, grid.measures.figure, grid.measures.figure)


class _Stack(Struct, frozen=True):
    """A matrix of a strip, the matrices of one row that are placed below it, and the sign before it."""

    panel: Panel
    joint: str
    below: tuple[Panel, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        return (self.panel, *self.below)


def _stacks(figure: Strip, measures: Measures) -> list[_Stack]:
    """The matrices of a strip as stacks: if tokens are columns, a matrix of one row goes below the one before it.

    In large print, each part of a matrix that is too wide is a stack, and no other goes below it.
    """
    stacks: list[_Stack] = []
    for panel, joint in zip(figure.panels, ("", *figure.joints), strict=True):
        if measures.is_large:
            parts = _parts(panel, measures)
            stacks += [_Stack(part, joint if part is parts[0] else "") for part in parts]
            continue
        above = stacks[-1] if stacks else None
        is_row = panel.shape[0] == 1 < panel.shape[1]
        if above and not joint and is_row and panel.cols == above.panel.cols and above.panel.shape[0] > 1:
            stacks[-1] = replace(above, below=(*above.below, panel))
        else:
            stacks.append(_Stack(panel, joint))
    return stacks


def _strip(stacks: list[_Stack], figure: Strip, last: bool, measures: Measures) -> Grid:
    """The grid of stacks side by side. Parameters are placed above the last one, or beside it if they are columns."""
    final = stacks[-1].panel
    above = figure.above if last else ()
    beside = bool(above) and above[0].shape[1] == 1 < above[0].shape[0]  # columns of parameters
    over = () if beside else above
    panels = [p for s in stacks for p in s.panels]
    heads = any(any(s.panel.cols) for s in stacks)
    tallest = max(s.panel.shape[0] for s in stacks)
    height = "f" if has_fractions(*panels) else "r" if any(p.is_answer or p.has_blanks for p in panels) else "u"
    grid = Grid(label="; ".join(p.caption or p.symbol for p in panels), measures=measures)
    upper = [("f" if has_fractions(each) else "r") if each.has_blanks else "u" for each in over]
    computed = any(each.has_blanks for each in over)  # what is divided by them has its caption below them
    first = int(not computed)
    grid.rows = [
        *("c" * first),
        *("h" * heads),
        *upper,
        *(("c" if computed else "t") * bool(over)),
        *(height * tallest),
    ]
    top = len(grid.rows) - tallest
    grid.rows += ["e", height] * max(len(s.below) for s in stacks)
    labels: tuple[str, ...] = ()
    for number, stack in enumerate(stacks):
        panel = stack.panel
        lower = min(each.panel.shape[0] for each in stacks[max(number - 1, 0) : number + 1])
        bracketed = number and any(each.role == "given" for each in stacks[number - 1].below)
        if bracketed and any(_name_width(each, measures) > NAME_ROOM for each in stack.below):
            grid.add("s")
        _before(grid, stack, top, labels, lower)
        labels = panel.rows if any(panel.rows) else labels
        if panel is final and beside:
            _beside(grid, above, top)
        wide = any(p.is_answer for p in stack.panels)
        at = grid.add(max(map(answers, stack.panels)) * panel.shape[1] if wide else _widths(panel))
        caption = (top - 1 if computed else 0) if panel is final or not over else top - 2  # close to its matrix
        name = panel.caption or panel.symbol
        if stack is stacks[0] and stack.joint:  # a new line begins, without a column for the sign
            name = f"{stack.joint} {name}"
        grid.slots[caption, at] = _caption(panel, name)
        if heads:
            grid.head(panel, first if panel is final else caption + 1, at)
        grid.put(panel, top, at)
        for i, row in enumerate(stack.below):
            _named_row(grid, row, top + tallest + 2 * i + 1, at)
    for i, parameter in enumerate(over):
        _named_row(grid, parameter, first + heads + i, len(grid.cols) - final.shape[1])
    if figure.dots and last:
        _dots(grid, final, top, figure)
    else:
        beyond = (_name_width(final, measures) - fsum(measures.widths[k] for k in grid.cols[at:])) / 2
        if beyond > 0 and not measures.is_large:
            grid.add("s" * ceil(beyond / measures.widths["s"]))  # room for its name, which is wider
    return grid


def _caption(panel: Panel, name: str) -> Slot:
    """The slot of a matrix's caption. name: what it says."""
    ticked = panel if panel.right is not None else None
    known = panel if panel.bead else None
    said = f"{spoken(name)} {panel.note}" if known else ""  # a sheet and its step, of which a pill shows less
    return Slot("caption", label=name, span=panel.shape[1], name=said, ticked=ticked, known=known)


def _name_width(panel: Panel, measures: Measures) -> float:
    """About how wide a matrix's name is, in mm."""
    return measures.ems["caption"] / 2 * len(spoken(panel.caption or panel.symbol))


def _before(grid: Grid, stack: _Stack, top: int, labels: tuple[str, ...], lower: int) -> None:
    """Put the sign or the gap before a matrix, and its row labels if they differ from those to the left.

    lower: the number of rows of the lower of the two matrices, in whose middle the sign stands.
    """
    panel = stack.panel
    labelled = any(panel.rows) and panel.rows != labels
    if grid.cols:
        at = grid.add("j" if stack.joint else "d" if stack.below and not labelled else "s")
        if stack.joint:
            grid.slots[top + (lower - 1) // 2, at] = Slot("sign", label=stack.joint)
    if labelled:
        wide = panel.along[0] == "token" and any(is_word(label) or len(label) > 2 for label in panel.rows)
        grid.side(panel, top, grid.add("l" if wide or not grid.cols else "d"), "" if wide else "inner")


def _beside(grid: Grid, parameters: tuple[Panel, ...], top: int) -> None:
    """Put parameters of one column beside the matrices."""
    for parameter in parameters:
        at = grid.add(_widths(parameter))
        grid.slots[0, at] = Slot("caption", label=parameter.caption or parameter.symbol)
        grid.put(parameter, top, at)
    grid.add("s")


def _named_row(grid: Grid, panel: Panel, row: int, at: int) -> None:
    """Put a matrix of one row on the grid, with its name at the left."""
    grid.slots[row, at - 1] = Slot("caption side", label=panel.caption or panel.symbol)
    grid.put(panel, row, at)


def _dots(grid: Grid, panel: Panel, top: int, figure: Strip) -> None:
    """Put the frames on the grid in which the weights of a pattern are drawn as dots."""
    grid.add("s")
    (height, width), at = panel.shape, grid.add("o" * panel.shape[1])
    grid.slots[0, at] = Slot("caption", label=figure.dots, span=width, name=figure.dots_said)
    grid.dots, grid.weights = panel, weights(panel)
    grid.marks.append(Mark("dots", top, at, top + height, at + width))
