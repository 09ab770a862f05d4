"""Draw one of the symmetries of a run by a seed, and move a model's numbers by it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, count
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ConfigError
from byhand.model import Model
from byhand.model.config import Config
from byhand.model.nested import sizes
from byhand.model.parameters import has_heads, parameter_shapes, shape_of
from byhand.model.weights import Values, numbers
from byhand.notation.number import parse, plain
from byhand.symmetry.axes import Side, Symmetries, symmetries
from byhand.symmetry.draw import Draw

ROW_ATTEMPTS = 100  # draws in which to find one after which rows that differed still differ

Numbering = tuple[tuple[int, ...], ...]  # a matrix that holds, for each of its numbers, the index among `leaves`
RowColumn = tuple[int, int]
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


class Renaming(Struct, frozen=True):
    """A signed permutation of an axis: place i gets the numbers of place `places[i]`, times `signs[i]`."""

    places: Sequence[int]
    signs: Sequence[int]


class Moves(Struct, frozen=True, dict=True):
    """What may change places and signs among a model's numbers."""

    run: Symmetries
    """The symmetries of its run."""
    tables: Mapping[str, Numbering]
    """The given matrices, with the indices of their numbers."""

    @cached_property
    def axes(self) -> tuple[Side, ...]:
        """The axes of the given matrices, in the order of the run."""
        sides = (axis for (name, _), axis in self.run.axes.items() if name in self.tables)
        return tuple(dict.fromkeys(sides))

    @cached_property
    def operand_of(self) -> dict[str, tuple[Side, int, str]]:
        """For a given matrix that one of several alike operands reads: the operands, the index of its operand, and
        the corresponding matrix of the first operand.
        """
        return {
            name: (side, k, first)
            for side, alike in self.run.alike.items()
            for k, computation in enumerate(alike.computations)
            for first, name in computation.items()
            if name in self.tables
        }

    @cached_property
    def operand_axes(self) -> dict[Side, tuple[Side, tuple[Side, ...]]]:
        """For an axis of one of several alike operands: the operands, and the corresponding axis of each."""
        families = ((side, axes) for side, alike in self.run.alike.items() for axes in alike.own_axes.values())
        return {axis: (side, axes) for side, axes in families for axis in axes}

    @cached_property
    def is_empty(self) -> bool:
        """Whether nothing may move."""
        free = (axis for axis in (*self.axes, *self.run.alike) if axis not in self.run.held)
        pools = (len(cells) > len({*cells}) for kinds in self.run.kinds.values() for cells in [[*chain(*kinds)]])
        return not (any(self.run.sizes[axis] > 1 for axis in free) or any(pools) or self.run.signed & {*self.axes})

    def drawn(self, seed: int | str, entries: Sequence[Any], *, signs: bool = True) -> list[tuple[int, int]]:
        """Draw a symmetry: for each number, the index of the number that takes its place, and its sign.

        entries: the numbers, in the order of `leaves`. Rows that differ stay different, also where each row has
        another order.
        """
        drawing = _Drawing(self, Draw(f"byhand/{seed}"), signs)
        moved = [(place, 1) for place, _ in enumerate(entries)]
        row_by_row = [name for name in self.tables if drawing.is_row_by_row(name)]
        values = [parse(entry) for entry in entries] if row_by_row else []
        for _ in range(ROW_ATTEMPTS if row_by_row else 1):
            drawing.draw_row_by_row()
            for name in self.tables:
                for new, old, sign in drawing.moved(name):
                    moved[new] = old, sign
            tables = (self.tables[name] for name in row_by_row)
            if all(_different_rows(table, values, moved) >= _different_rows(table, values) for table in tables):
                break
        return moved


def _different_rows(table: Numbering, values: Sequence[Any], moved: Sequence[tuple[int, int]] = ()) -> int:
    """The number of different rows of a matrix, before or after its numbers are moved."""
    if not moved:
        return len({tuple(values[at] for at in row) for row in table})
    return len({tuple(values[old] * sign if sign < 0 else values[old] for old, sign in map(moved.__getitem__, row))
                for row in table})  # fmt: skip


class _Drawing:
    """A symmetry that is drawn axis by axis, in the order of the run.

    renamings: the renaming of each axis.
    in_rows: for an axis within a second one, its renaming at each place of the second.
    cells: for matrices whose cells are exchanged one by one, by their axes, the cell that takes the place of each.
    """

    def __init__(self, moves: Moves, draw: Draw, signs: bool) -> None:
        self.moves, self.draw, self.signs = moves, draw, signs
        self.run = moves.run
        self.renamings: dict[Side, Renaming] = {}
        self.in_rows: dict[Side, list[Renaming]] = {}
        self.cells: dict[tuple[Side, Side], dict[RowColumn, RowColumn]] = {}
        for axis in moves.axes:
            if axis not in self.run.within:
                self.renaming(axis)

    def renaming(self, axis: Side) -> Renaming:
        """The renaming of an axis; those that it depends on are drawn first."""
        if axis not in self.renamings and axis in self.moves.operand_axes:
            side, axes = self.moves.operand_axes[axis]
            self.renaming(side)
            self.renamings |= {operand_axis: self._drawn(operand_axis) for operand_axis in axes}
        elif axis not in self.renamings:
            self.renamings[axis] = self._drawn(axis)
        return self.renamings[axis]

    def _drawn(self, axis: Side) -> Renaming:
        if axis in self.run.lookups:
            return self._looked_up(axis)
        if axis in self.run.stacks:
            return self._stacked(axis)
        size = self.run.sizes[axis]
        lookups = (lookup for lookup in self.run.lookups.values() if lookup.of == axis)
        stays = axis in self.run.held or any(len({*lookup.looked_up}) < size for lookup in lookups)
        return Renaming(range(size) if stays else self.draw.order(size), self._signs(axis, size))

    def _signs(self, axis: Side, size: int) -> list[int]:
        return [1 - 2 * self.draw.below(2) if self.signs and axis in self.run.signed else 1 for _ in range(size)]

    def _looked_up(self, axis: Side) -> Renaming:
        """The renaming of an axis that is looked up: its places move along with the places that look them up, and
        those that nothing looks up are permuted at random.
        """
        lookup = self.run.lookups[axis]
        places = self.renaming(lookup.of).places
        pins = {place: lookup.looked_up[old] for place, old in zip(lookup.looked_up, places, strict=True)}
        return self._pinned(axis, pins)

    def _pinned(self, axis: Side, pins: Mapping[int, int]) -> Renaming:
        """A renaming with some places given (`pins`: place → old place), and the others permuted at random."""
        size, taken = self.run.sizes[axis], set(pins.values())
        left = [place for place in range(size) if place not in taken]
        others = (left[k] for k in self.draw.order(len(left)))
        return Renaming([pins[p] if p in pins else next(others) for p in range(size)], self._signs(axis, size))

    def _stacked(self, axis: Side) -> Renaming:
        """The renaming of an axis of concatenated operands: the renamings of the operands, concatenated."""
        stack = self.run.stacks[axis]
        parts = [self.renaming(part) for part in stack.parts]
        starts = [sum(len(part.places) for part in parts[:k]) for k, _ in enumerate(parts)]
        order = self.renaming(stack.of).places if stack.of else range(len(parts))
        return Renaming(
            [starts[k] + place for k in order for place in parts[k].places],
            [sign for k in order for sign in parts[k].signs],
        )

    def is_row_by_row(self, name: str) -> bool:
        """Whether each row of a matrix may have another order, or its cells are exchanged one by one."""
        return name in self.run.kinds or any(axis in self.run.within for axis in self._axes(name))

    def draw_row_by_row(self) -> None:
        """Draw, or draw again, the orders of single rows, and the exchanges of single cells."""
        for axis, other in self.run.within.items():
            lookup, places = self.run.lookups.get(axis), self.renaming(other).places
            pins = [{lookup.looked_up[i]: lookup.looked_up[old]} if lookup else {} for i, old in enumerate(places)]
            self.in_rows[axis] = [self._pinned(axis, pin) for pin in pins]
        self.cells = {self._axes(name): self._exchanged(kinds) for name, kinds in self.run.kinds.items()}

    def _exchanged(self, kinds: Sequence[Sequence[Any]]) -> dict[RowColumn, RowColumn]:
        """For each cell, the cell that takes its place: a random one of the same kind."""
        kind_of = {(i, j): kind for i, row in enumerate(kinds) for j, kind in enumerate(row)}
        pools: dict[Any, list[RowColumn]] = {}
        for cell, kind in kind_of.items():
            pools.setdefault(kind, []).append(cell)
        left = {kind: iter([pool[k] for k in self.draw.order(len(pool))]) for kind, pool in pools.items()}
        return {cell: next(left[kind]) for cell, kind in kind_of.items()}

    def _axes(self, name: str) -> tuple[Side, Side]:
        return self.run.axes[name, 0], self.run.axes[name, 1]

    def moved(self, name: str) -> Iterator[tuple[int, int, int]]:
        """For each number of a matrix: its index, the index of the number that takes its place, and the sign."""
        old = name
        if name in self.moves.operand_of:
            side, k, first = self.moves.operand_of[name]
            old = self.run.alike[side].computations[self.renaming(side).places[k]][first]
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
    """The values, moved by a symmetry that is drawn by a seed, a number or a text; seed 0 changes nothing.

    signs: whether numbers may change sign, which letters cannot. in_place: the inputs and parameters whose numbers
    keep their places.

    Raises: ConfigError where nothing may move; ByHandError where the model does not run on values of these shapes.
    """
    if seed == 0:
        return values
    given = [values.weights, values.inputs]
    entries = [*leaves(given)]
    moved = moves(model, values, in_place).drawn(seed, entries, signs=signs)
    weights, inputs = refilled(given, iter([_signed(entries[place], sign) for place, sign in moved]))
    return replace(values, weights=weights, inputs=inputs)


def moves(model: Model, values: Values, in_place: Collection[str] = ()) -> Moves:
    """What may change places and signs among a model's numbers.

    Raises: ConfigError where nothing may move; ByHandError where the model does not run on values of these shapes.
    """
    weights, inputs = (
        tuple((name, sizes(name, entry)) for name, entry in given.items())
        for given in (values.weights, values.inputs)
    )
    known = _moves(
        model, values.config, values.tokens, values.vocabulary, values.source, weights, inputs, tuple(in_place)
    )
    if known.is_empty:
        raise ConfigError("none of the numbers may change its place, so there is one set of them only; use --seed 0")
    return known


@lru_cache(64)
def _moves(
    model: Model, config: Config, tokens: tuple[str | int, ...], vocabulary: tuple[str, ...], source: tuple[str, ...],
    weights: Shapes, inputs: Shapes, in_place: tuple[str, ...],
) -> Moves:  # fmt: skip
    """`moves` for any numbers of these shapes, memoised: derived from a run in which every number is 1."""
    ones = [{name: _filled(shape) for name, shape in shapes} for shapes in (weights, inputs)]
    choices = replace(config, softmax_base=2)  # powers of 2 are rational
    values = Values(choices, tokens, vocabulary, weights=ones[0], inputs=ones[1], source=source)
    tape = model.run(values, RATIONALS, force=False)
    counted = refilled(ones, count())
    tables = _tables(replace(values, weights=counted[0], inputs=counted[1]))
    given = {name: table for name, table in tables.items() if name in tape.steps and tape.steps[name].op is None}
    return Moves(symmetries(tape, in_place), {name: given[name] for name in tape.steps if name in given})


def _filled(shape: Sequence[int]) -> Any:
    return [_filled(shape[1:]) for _ in range(shape[0])] if shape else 1


def _tables(values: Values) -> dict[str, Numbering]:
    """The matrices of indices, from values in which each number is its own index.

    A parameter with heads is there twice: as a whole, with the heads one below the other, and head by head.
    """
    tables = {name: tuple(tuple(int(x) for x in row) for row in rows) for name, rows in numbers(values).items()}
    for name, table in [*tables.items()]:
        whole, is_head, _ = name.partition("[")
        if is_head:
            tables[whole] = (*tables.get(whole, ()), *table)
        elif has_heads(name):
            heads = shape_of(name, parameter_shapes(values.config))[0]
            height = len(table) // heads
            tables |= {f"{name}[{h}]": table[h * height : (h + 1) * height] for h in range(heads)}
    return tables


def leaves(entry: Any) -> Iterator[Any]:
    """The numbers of nested tables and lists, in order; those of a table in the order of the names."""
    if isinstance(entry, int | str) or not isinstance(entry, Mapping | Sequence):  # the first test is fast
        yield entry
        return
    for item in (entry[name] for name in sorted(entry)) if isinstance(entry, Mapping) else entry:
        yield from leaves(item)


def refilled(entry: Any, numbers: Iterator[Any]) -> Any:
    """The same nested tables and lists with other numbers, which come in the order of `leaves`."""
    if isinstance(entry, Mapping):
        by_name = {name: refilled(entry[name], numbers) for name in sorted(entry)}
        return {name: by_name[name] for name in entry}
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
