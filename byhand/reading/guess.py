"""First values for a page, before its numbers are read: those of its seed, or others of the right sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from msgspec.structs import replace

from byhand.arithmetic.domain import Domain
from byhand.arrange import arranged
from byhand.choose import choose
from byhand.classroom.fitting import AGAIN, COPY_ATTEMPTS
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import Student
from byhand.errors import ByHandError
from byhand.model.parameters import parameter_shapes, shape_of
from byhand.model.weights import Values
from byhand.notation.number import plain
from byhand.options import Options
from byhand.reading.back import Again, Shown
from byhand.reading.page import Page
from byhand.runs import Run
from byhand.worksheet.asked import WIDTH
from byhand.worksheet.document import Document
from byhand.worksheet.inverse import recovered
from byhand.worksheet.sheet import Sheet

SIZES_TRIED = ("d_model", "d_head", "d_v", "d_mlp", "n_ctx")
CHOICES_TRIED: dict[str, tuple[Any, ...]] = {
    "attention_dir": ("causal", "bidirectional"),
    "use_attn_scale": (True, False),
    "normalization_type": ("LN", "RMS"),
}
SETS_KEPT = 4  # classes whose sets of numbers are kept
SWEEPS = 3  # over all changes
SMALL_SIZES = range(1, 9)  # that are tried where the page does not tell a size
LARGEST_SIZE_TRIED = 16  # that is tried of those that the page names
MOST_CELLS = 60_000  # printed in all to find values that fit; a page of the largest sheet has 2,000
_SIZE = re.compile(r"(\d+)×(\d+)")
Change = Callable[[Values, Page], Iterator[Values]]


def original(sheet: Sheet, options: Options, domain: Domain, page: Page) -> Values | None:
    """The numbers of the page's seed, or of the page's student in a class, if their hash is the page's; else None."""
    if page.secret_unknown:
        return None
    seeded = replace(options, seed=page.seed, minutes=())
    of_seed = () if page.of_secret else (lambda: choose(sheet, seeded)[0],)
    for numbers in chain(of_seed, _of_student(sheet, seeded, page.student)):
        try:
            values = numbers()
            _, run, _ = arranged(sheet, values, seeded, domain, whole=False)
        except ByHandError:
            continue  # there are no numbers for this seed: the page's come from a values file
        if run.hash == page.foot.hash:
            return values
    return None


def of_width(values: Values, page: Page) -> Values:
    """Values with the d_model that a page says it has, which may be on none of its tables."""
    said = page.asked.get(WIDTH, "")
    tried = said in map(str, range(1, LARGEST_SIZE_TRIED + 1))
    return _with(values, "d_model", int(said)) if tried else values


def _of_student(sheet: Sheet, options: Options, student: Student | None) -> Iterator[Callable[[], Values]]:
    """Functions that make the numbers that a class may have for a student."""
    if student is None:
        return
    plan = Plan(sheet, options, "")
    try:
        numbers = _sets(plan)
        numbers.of(plan.key(student))
    except ByHandError:
        return  # a sheet that has no class
    for attempt in range(COPY_ATTEMPTS):
        yield partial(numbers.of, plan.key(student) + AGAIN * attempt)


@lru_cache(SETS_KEPT)
def _sets(plan: Plan) -> NumberSets:
    """A class's sets of numbers, for its next copy."""
    return NumberSets(plan)


def values_of(own: Values, shown: Shown) -> Values:
    """Values with the givens that a page shows; before any are read, only cut to as many rows as it has words."""
    words = {kind: texts for kind, texts in shown.words.items() if texts}
    new = replace(own, **words)
    config = replace(
        own.config, n_ctx=max(own.config.n_ctx, len(new.tokens), len(new.source)),
        d_vocab=len(new.vocabulary) or own.config.d_vocab,
    )  # fmt: skip
    inputs = {}
    for name, rows in own.inputs.items():
        before, after = ((name.startswith("encoder.") and v.source) or v.tokens for v in (own, new))
        inputs[name] = _sized(rows, (len(after),)) if before and len(rows) == len(before) else rows
    return resized(replace(new, config=config, inputs={**inputs, **shown.numbers}))


def recorded_with_lost(
    sheet: Sheet, values: Values, options: Options, domain: Domain, shown: Shown
) -> tuple[Document, Run]:
    """A sheet's document and run on these values, with unknown entries found from the results that a page prints."""
    document, run, tape = arranged(sheet, values, options, domain, whole=False)
    if not shown.lost:
        return document, run
    inputs = dict(values.inputs)
    for name, (places, printed) in shown.lost.items():
        for (operand, i, j), number in recovered(tape, name, places, printed).items():
            rows = [list(row) for row in inputs[operand]]
            rows[i][j] = plain(number)
            inputs[operand] = rows
    document, run, _ = arranged(sheet, replace(values, inputs=inputs), options, domain, whole=False)
    return document, run


def resized(values: Values) -> Values:
    """Values whose weights have the sizes of the config: their entries are repeated or cut."""
    shapes = parameter_shapes(values.config)
    weights = {name: _sized(entry, shape_of(name, shapes)) for name, entry in values.weights.items()}
    return replace(values, weights=weights)


def fitted(own: Values, first: Again, print_again: Callable[[Values], Again]) -> tuple[Values, Again]:
    """Values whose sizes, choices and biases give the sheet the page's tables, if there are any, and their print.

    Method: coordinate descent. One property after the other is set to what fits best, except those that the page's
    words settle.
    """
    best = values_of(own, Shown(words=first.words))
    again = print_again(best)
    least = _misfit(again)
    room, size = MOST_CELLS, sum(sum(table.shape) for table in first.page.tables)
    for _ in range(SWEEPS):
        before = least
        for way in _open_ways(first, again):
            for values in [v for v in way(best, first.page) if v != best] if least else ():
                room -= size
                if room < 0:
                    return best, again
                try:
                    other = print_again(values)
                    misfit = _misfit(other)
                except (ByHandError, IndexError, TypeError):
                    continue  # no such sheet
                if misfit < least:
                    best, again, least = values, other, misfit
        if least == before:
            break
    return best, again


def _open_ways(first: Again, again: Again) -> list[Change]:
    """The changes of values by which a print of the sheet may come closer to the page."""
    ours, theirs = (_said_sizes(page) for page in (again.expected, again.page))
    sizes = [*map(_size, SIZES_TRIED), _one_size, _one_shape] if ours != theirs else []
    choices = [] if again.meant_alike else [*map(_choice, CHOICES_TRIED)]
    return [*sizes, *choices, *([_with_or_without, _with_ones(again)] if first.otherwise else [])]


def _said_sizes(page: Page) -> set[tuple[str, str]]:
    return {pair for text in page.texts for pair in _SIZE.findall(text)}


def _misfit(again: Again) -> int:
    """The distance of a printed sheet from the page: of its tables, in cells, and of its conventions."""
    return again.unlike() + (not again.meant_alike)


def _size(name: str) -> Change:
    """A change of one size of the config, to each number that the page names."""

    def way(values: Values, page: Page) -> Iterator[Values]:
        said = {int(n) for pair in _said_sizes(page) for n in pair}
        return (_with(values, name, n) for n in sorted(said) if n <= LARGEST_SIZE_TRIED)

    return way


def _choice(name: str) -> Change:
    """A change of one choice of the config."""
    return lambda values, page: (_with(values, name, choice) for choice in CHOICES_TRIED[name])


def _with(values: Values, name: str, choice: Any) -> Values:
    config = replace(values.config, **{name: choice})
    streams = {}
    for step, rows in values.inputs.items():
        wide = name == "d_model" and len(rows[0]) == values.config.d_model
        streams[step] = _sized(rows, (len(rows), choice)) if wide else rows
    return resized(replace(values, config=config, inputs=streams))


def _one_size(values: Values, page: Page) -> Iterator[Values]:
    """Values with another size, in all inputs that have a common one."""
    shapes = _shapes(values)
    for size in sorted({n for shape in shapes.values() for n in shape}):
        for n in SMALL_SIZES:
            yield _shaped(values, {x: tuple(n if m == size else m for m in s) for x, s in shapes.items()})


def _one_shape(values: Values, page: Page) -> Iterator[Values]:
    """Values with other rows or columns, in all inputs that have a common shape."""
    shapes = _shapes(values)
    for rows, cols in sorted(set(shapes.values())):
        for other in (*((n, cols) for n in SMALL_SIZES), *((rows, n) for n in SMALL_SIZES)):
            yield _shaped(values, {x: other for x, shape in shapes.items() if shape == (rows, cols)})


def _shapes(values: Values) -> dict[str, tuple[int, int]]:
    return {name: (len(rows), len(rows[0])) for name, rows in values.inputs.items()}


def _shaped(values: Values, shapes: Mapping[str, Sequence[int]]) -> Values:
    """Values with other shapes for some inputs."""
    return replace(values, inputs={**values.inputs, **{x: _sized(values.inputs[x], s) for x, s in shapes.items()}})


def _with_or_without(values: Values, page: Page) -> Iterator[Values]:
    """Values with one bias more or less."""
    parts = {name.rpartition(".")[0] for name in values.weights}
    for name, shape in parameter_shapes(values.config).items():
        at, _, last = name.rpartition(".")
        if last.startswith("b") and at in parts:
            without = {k: v for k, v in values.weights.items() if k.partition("[")[0] != name}
            changed = without if len(without) < len(values.weights) else {**without, name: _sized(0, shape)}
            yield replace(values, weights=changed)


def _with_ones(again: Again) -> Change:
    """Values with ones in place of a given of zeros, which the sheet prints only if it is not zero."""
    run, shown = again.printed.run, again.printed.document.steps
    hidden = [step for name, step in run.steps.items() if step.op is None and name not in shown]
    left = {step.name: _sized(1, step.shape) for step in hidden if {*chain(*run.texts[step.name])} == {"0"}}
    return lambda values, page: (replace(values, inputs={**values.inputs, n: left[n]}) for n in left)


def _sized(entry: Any, shape: Sequence[int]) -> Any:
    """A nested list of a shape, filled with the entries of another one, repeated."""
    if not shape:
        return entry
    items = entry if isinstance(entry, Sequence) and not isinstance(entry, str) else [entry]
    return [_sized(items[i % len(items)], shape[1:]) for i in range(shape[0])]
