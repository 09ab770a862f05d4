"""A symmetry that a seed draws, and a model's numbers after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain, count
from typing import Any

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ConfigError
from byhand.model import Model
from byhand.model.config import Config
from byhand.model.entries import sizes
from byhand.model.parameters import has_heads
from byhand.model.weights import Values, numbers
from byhand.notation.number import parse, plain
from byhand.symmetry.axes import Side, Symmetries, symmetries
from byhand.symmetry.draw import Draw

ROW_ATTEMPTS = 100  # to keep rows different

Numbering = tuple[tuple[int, ...], ...]  # the numbers of a matrix, by how many `leaves` come before each
RowColumn = tuple[int, int]
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Renaming:
    """Which old place each new place of an axis is filled from, and with which sign."""

    places: Sequence[int]
    signs: Sequence[int]


@dataclass(frozen=True)
class Moves:
    """What may change places and signs among a model's numbers: in its run, and where each number stands in it."""

    run: Symmetries
    tables: Mapping[str, Numbering]

    @cached_property
    def axes(self) -> tuple[Side, ...]:
        """The axes of the given matrices, in the order of the run."""
        sides = (axis for (name, _), axis in self.run.axes.items() if name in self.tables)
        return tuple(dict.fromkeys(sides))

    @cached_property
    def makings(self) -> dict[str, tuple[Side, int, str]]:
        """Of a given matrix in the making of an operand, the operands, which of them, and its like for the first."""
        return {
            name: (side, k, first)
            for side, alike in self.run.alike.items()
            for k, making in enumerate(alike.makings)
            for first, name in making.items()
            if name in self.tables
        }

    @cached_property
    def own(self) -> dict[Side, tuple[Side, tuple[Side, ...]]]:
        """Of an axis that each of several operands has one of, the operands and the axis for each of them."""
        families = ((side, axes) for side, alike in self.run.alike.items() for axes in alike.own.values())
        return {axis: (side, axes) for side, axes in families for axis in axes}

    @cached_property
    def none(self) -> bool:
        """Whether nothing may move."""
        free = (axis for axis in (*self.axes, *self.run.alike) if axis not in self.run.held)
        pools = (len(cells) > len({*cells}) for kinds in self.run.kinds.values() for cells in [[*chain(*kinds)]])
        return not (any(self.run.sizes[axis] > 1 for axis in free) or any(pools) or self.run.signed & {*self.axes})

    def drawn(self, seed: int | str, found: Sequence[Any], *, signs: bool = True) -> list[tuple[int, int]]:
        """For each number, which of those that were found takes its place, and its sign.

        Rows that differ stay different, also where each has an order of its own.
        """
        drawing = _Drawing(self, Draw(f"byhand/{seed}"), signs)
        moved = [(place, 1) for place, _ in enumerate(found)]
        by_themselves = [name for name in self.tables if drawing.is_by_itself(name)]
        values = [parse(number) for number in found] if by_themselves else []
        for _ in range(ROW_ATTEMPTS if by_themselves else 1):
            drawing.draw_each_by_itself()
            for name in self.tables:
                for new, old, sign in drawing.moved(name):
                    moved[new] = old, sign
            tables = [self.tables[name] for name in by_themselves]
            if all(_different(table, values, moved) >= _different(table, values) for table in tables):
                break
        return moved


def _different(table: Numbering, values: Sequence[Any], moved: Sequence[tuple[int, int]] = ()) -> int:
    """How many different rows a matrix has, as its numbers stand or after they have moved."""
    if not moved:
        return len({tuple(values[at] for at in row) for row in table})
    return len({tuple(values[old] * sign if sign < 0 else values[old] for old, sign in map(moved.__getitem__, row))
                for row in table})  # fmt: skip


class _Drawing:
    """One symmetry, as it is drawn: axis by axis, in the order of the run."""

    def __init__(self, moves: Moves, draw: Draw, signs: bool) -> None:
        self.moves, self.draw, self.signs = moves, draw, signs
        self.run = moves.run
        self.renamings: dict[Side, Renaming] = {}
        self.in_rows: dict[Side, list[Renaming]] = {}  # of an axis within another, for each place of that
        self.cells: dict[tuple[Side, Side], dict[RowColumn, RowColumn]] = {}
        for axis in moves.axes:
            if axis not in self.run.within:
                self.renaming(axis)

    def renaming(self, axis: Side) -> Renaming:
        """The renaming of an axis, after those that it depends on."""
        if axis not in self.renamings and axis in self.moves.own:
            side, axes = self.moves.own[axis]
            self.renaming(side)
            self.renamings |= {each: self._drawn(each) for each in axes}
        elif axis not in self.renamings:
            self.renamings[axis] = self._drawn(axis)
        return self.renamings[axis]

    def _drawn(self, axis: Side) -> Renaming:
        if axis in self.run.lookups:
            return self._looked_up(axis)
        if axis in self.run.stacks:
            return self._stacked(axis)
        size = self.run.sizes[axis]
        repeated = (found for found in self.run.lookups.values() if found.of == axis and len({*found.found}) < size)
        stays = axis in self.run.held or any(repeated)
        return Renaming(range(size) if stays else self.draw.order(size), self._signs(axis, size))

    def _signs(self, axis: Side, size: int) -> list[int]:
        return [1 - 2 * self.draw.below(2) if self.signs and axis in self.run.signed else 1 for _ in range(size)]

    def _looked_up(self, axis: Side) -> Renaming:
        """Places that are looked up go along with those that they are looked up for; the others come in any order."""
        lookup = self.run.lookups[axis]
        places = self.renaming(lookup.of).places
        pins = {found: lookup.found[old] for found, old in zip(lookup.found, places, strict=True)}
        return self._pinned(axis, pins)

    def _pinned(self, axis: Side, pins: Mapping[int, int]) -> Renaming:
        """Some places filled from given ones, the others in any order."""
        size, taken = self.run.sizes[axis], set(pins.values())
        left = [place for place in range(size) if place not in taken]
        others = (left[k] for k in self.draw.order(len(left)))
        return Renaming([pins[p] if p in pins else next(others) for p in range(size)], self._signs(axis, size))

    def _stacked(self, axis: Side) -> Renaming:
        """The places of operands that stand one after the other, each operand's as they are renamed."""
        stack = self.run.stacks[axis]
        parts = [self.renaming(part) for part in stack.parts]
        starts = [sum(len(part.places) for part in parts[:k]) for k, _ in enumerate(parts)]
        order = self.renaming(stack.of).places if stack.of else range(len(parts))
        return Renaming(
            [starts[k] + place for k in order for place in parts[k].places],
            [sign for k in order for sign in parts[k].signs],
        )

    def is_by_itself(self, name: str) -> bool:
        """Whether rows of a matrix have an order of their own, or its cells none at all."""
        return name in self.run.kinds or any(axis in self.run.within for axis in self._axes(name))

    def draw_each_by_itself(self) -> None:
        """Draw an order for each row where it has one of its own, and exchange cells where they have none."""
        for axis, other in self.run.within.items():
            lookup, places = self.run.lookups.get(axis), self.renaming(other).places
            pins = [{lookup.found[i]: lookup.found[old]} if lookup else {} for i, old in enumerate(places)]
            self.in_rows[axis] = [self._pinned(axis, each) for each in pins]
        self.cells = {self._axes(name): self._exchanged(kinds) for name, kinds in self.run.kinds.items()}

    def _exchanged(self, kinds: Sequence[Sequence[Any]]) -> dict[RowColumn, RowColumn]:
        """The cell that takes the place of each: one of its kind."""
        kind_of = {(i, j): kind for i, row in enumerate(kinds) for j, kind in enumerate(row)}
        pools: dict[Any, list[RowColumn]] = {}
        for cell, kind in kind_of.items():
            pools.setdefault(kind, []).append(cell)
        left = {kind: iter([pool[k] for k in self.draw.order(len(pool))]) for kind, pool in pools.items()}
        return {cell: next(left[kind]) for cell, kind in kind_of.items()}

    def _axes(self, name: str) -> tuple[Side, Side]:
        return self.run.axes[name, 0], self.run.axes[name, 1]

    def moved(self, name: str) -> Iterator[tuple[int, int, int]]:
        """For each number of a matrix, which one takes its place, and its sign."""
        old = name
        if name in self.moves.makings:
            side, k, first = self.moves.makings[name]
            old = self.run.alike[side].makings[self.renaming(side).places[k]][first]
        table, source, (rows, cols) = self.moves.tables[name], self.moves.tables[old], self._axes(old)
        if (rows, cols) in self.cells:
            for (i, j), (k, m) in self.cells[rows, cols].items():
                yield table[i][j], source[k][m], 1
            return
        size = len(table), len(table[0])
        by_row = self.in_rows.get(cols) or [self.renaming(cols)] * size[0]
        by_column = self.in_rows.get(rows) or [self.renaming(rows)] * size[1]
        for i, (new, along) in enumerate(zip(table, by_row, strict=True)):
            for j, (at, place, sign) in enumerate(zip(new, along.places, along.signs, strict=True)):
                across = by_column[j]
                yield at, source[across.places[i]][place], sign * across.signs[i]


def renamed(
    model: Model, values: Values, seed: int | str, *, signs: bool = True, in_place: Collection[str] = ()
) -> Values:
    """The values after a symmetry that the seed, or any other text, chooses; seed 0 changes nothing.

    signs: whether numbers may change their sign, which letters cannot. in_place: inputs and parameters whose numbers
    keep their places.

    Raises: ConfigError where nothing may move; ByHandError where the model does not run on such values.
    """
    if seed == 0:
        return values
    own = [values.weights, values.inputs]
    found = [*leaves(own)]
    moved = moves(model, values, in_place).drawn(seed, found, signs=signs)
    weights, inputs = refilled(own, iter([_signed(found[place], sign) for place, sign in moved]))
    return replace(values, weights=weights, inputs=inputs)


def moves(model: Model, values: Values, in_place: Collection[str] = ()) -> Moves:
    """What may change places and signs among a model's numbers.

    Raises: ConfigError where nothing may; ByHandError where the model does not run on such values.
    """
    weights, inputs = (
        tuple((name, sizes(name, entry)) for name, entry in given.items())
        for given in (values.weights, values.inputs)
    )
    known = _moves(
        model, values.config, values.tokens, values.vocabulary, values.source, weights, inputs, tuple(in_place)
    )
    if known.none:
        raise ConfigError("none of the numbers may change its place, so there is one set of them only; use --seed 0")
    return known


@lru_cache(64)
def _moves(
    model: Model, config: Config, tokens: tuple[str | int, ...], vocabulary: tuple[str, ...], source: tuple[str, ...],
    weights: Shapes, inputs: Shapes, in_place: tuple[str, ...],
) -> Moves:  # fmt: skip
    """The same for any numbers of these shapes; what a model picks while it is written down, it picks among ones."""
    ones = [{name: _filled(shape) for name, shape in shapes} for shapes in (weights, inputs)]
    choices = replace(config, softmax_base=2)  # whose powers are in every number system
    values = Values(choices, tokens, vocabulary, weights=ones[0], inputs=ones[1], source=source)
    tape = model.run(values, RATIONALS, force=False)
    counted = refilled(ones, count())
    tables = _tables(replace(values, weights=counted[0], inputs=counted[1]))
    given = {name: table for name, table in tables.items() if name in tape.steps and tape.steps[name].op is None}
    return Moves(symmetries(tape, in_place), {name: given[name] for name in tape.steps if name in given})


def _filled(shape: Sequence[int]) -> Any:
    return [_filled(shape[1:]) for _ in range(shape[0])] if shape else 1


def _tables(values: Values) -> dict[str, Numbering]:
    """Numbers that are counted, as matrices, and those that layers make of them: a parameter's heads one below the
    other where it is given head by head, and head by head where it is given as a whole.
    """
    found = {name: tuple(tuple(int(x) for x in row) for row in rows) for name, rows in numbers(values).items()}
    for name, table in [*found.items()]:
        whole, is_head, _ = name.partition("[")
        if is_head:
            found[whole] = (*found.get(whole, ()), *table)
        elif has_heads(name):
            each = len(table) // values.config.n_heads
            found |= {f"{name}[{h}]": table[h * each : (h + 1) * each] for h in range(values.config.n_heads)}
    return found


def leaves(entry: Any) -> Iterator[Any]:
    """The numbers of nested tables and lists, those of a table in the order of its names."""
    if isinstance(entry, int | str) or not isinstance(entry, Mapping | Sequence):  # the first test is the quick one
        yield entry
        return
    for item in (entry[name] for name in sorted(entry)) if isinstance(entry, Mapping) else entry:
        yield from leaves(item)


def refilled(entry: Any, numbers: Iterator[Any]) -> Any:
    """The same tables and lists with other numbers."""
    if isinstance(entry, Mapping):
        found = {name: refilled(entry[name], numbers) for name in sorted(entry)}
        return {name: found[name] for name in entry}
    if isinstance(entry, Sequence) and not isinstance(entry, str):
        return [refilled(item, numbers) for item in entry]
    return next(numbers)


def _signed(entry: Any, sign: int) -> Any:
    if sign == 1:
        return entry
    if isinstance(entry, int):
        return str(-entry)
    number = parse(entry)
    return plain(-number) if not isinstance(number, str) else entry
