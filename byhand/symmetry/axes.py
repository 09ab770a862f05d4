"""What may change places and signs in a run, derived from its operations by a walk over the tape."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.arithmetic.expr import Ref
from byhand.arithmetic.floats import FLOATS
from byhand.symmetry.signs import sign_of
from byhand.tape import Found, Op, Step, Tape

Side = tuple[str, int]  # the rows (0) or the columns (1) of a step, or the sequence of its operands (2)
TOKEN_AXES = {"pos", "source"}  # the names of axes of tokens on the tape
DIGITS_COMPARED = 9  # decimal digits in which constants are compared


@dataclass(frozen=True)
class Lookup:
    """How an axis is looked up by a list: place i of the axis `of` looks up place `found[i]`."""

    of: Side
    found: tuple[int, ...]


@dataclass(frozen=True)
class Stack:
    """An axis along which operands are concatenated. parts: the axis of each operand.

    of: the axis of the sequence of operands, if these may change places as wholes.
    """

    of: Side | None
    parts: tuple[Side, ...]


@dataclass(frozen=True)
class Alike:
    """Operands that are computed by the same operations, such as heads, so that they may change places as wholes.

    makings: for each operand, the step that corresponds to each step of the first operand's computation.
    own: for each axis that only the first operand's computation has, the corresponding axes of all operands.
    """

    makings: tuple[Mapping[str, str], ...]
    own: Mapping[Side, tuple[Side, ...]]


@dataclass(frozen=True)
class Symmetries:
    """The symmetries of a run: what may change places and signs. An axis is named by the first of its sides.

    axes: the axis of each side. sizes: the number of places of an axis. held: the axes whose places keep their order.
    signed: the axes that may change sign. within: the axes that may have another order for each place of a second
    axis, and that axis. lookups, stacks, alike: which axes move along with which. kinds: for a given matrix whose
    cells may be exchanged one by one, the constants that each cell is combined with.
    """

    axes: Mapping[Side, Side]
    sizes: Mapping[Side, int]
    held: frozenset[Side]
    signed: frozenset[Side]
    within: Mapping[Side, Side]
    lookups: Mapping[Side, Lookup]
    stacks: Mapping[Side, Stack]
    alike: Mapping[Side, Alike]
    kinds: Mapping[str, Sequence[Sequence[tuple[float, ...]]]]


def symmetries(tape: Tape, in_place: Collection[str] = ()) -> Symmetries:
    """The symmetries of the steps of a tape, which need not be evaluated.

    in_place: given matrices whose numbers keep their places, whatever the operations allow.
    """
    walk = _Walk(tape)
    walk.tie()
    walk.find_what_moves_along()
    walk.hold_fast(in_place)
    walk.hold_what_moves_along()
    sides = [(name, which) for name in tape.steps for which in (0, 1)]
    return Symmetries(
        axes={side: walk.axis(side) for side in sides},
        sizes={walk.axis(side): walk.size(side) for side in [*sides, *walk.alike]},
        held=frozenset(walk.held),
        signed=frozenset(walk.signed()),
        within=walk.within(),
        lookups={axis: found[0] for axis, found in walk.lookups.items()},
        stacks={axis: found[0] for axis, found in walk.stacks.items()},
        alike=walk.alike,
        kinds=dict(walk.kinds()),
    )


def letters(step: Step) -> dict[str, list[Side]]:
    """For each letter in the signature of a computed step, the sides that it names; the result's is last."""
    assert step.op is not None
    operands, result = step.op.letters(len(step.inputs))
    found: dict[str, list[Side]] = {}
    for name, pair in zip((*step.inputs, step.name), (*operands, result), strict=True):
        for which, letter in enumerate(pair):
            found.setdefault(letter, []).append((name, which))
    return found


class _Walk:
    """A walk over the tape: union-find of the sides that are one axis, what moves along with what, what is held fast.

    held: the axes whose places keep their order, each with the names of the constant tables that hold it, or "" for
    any other reason. unsigned: the axes that keep their signs, whatever the rules are. stacked: the axes that change
    sign together.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.computed = [(step, step.op, letters(step)) for step in tape.steps.values() if step.op]
        self.order = {name: n for n, name in enumerate(tape.steps)}
        self.towards: dict[Side, Side] = {}  # an earlier side of the same axis
        self.alike: dict[Side, Alike] = {}
        self.lookups: dict[Side, list[Lookup]] = {}
        self.stacks: dict[Side, list[Stack]] = {}
        self.stacked: list[set[Side]] = []
        self.held: dict[Side, set[str]] = {}
        self.unsigned: set[Side] = set()

    def axis(self, side: Side) -> Side:
        """The axis of a side: the first of its sides."""
        while side in self.towards:
            side = self.towards[side]
        return side

    def size(self, side: Side) -> int:
        """The number of places of an axis."""
        step = self.tape.steps[side[0]]
        return len(step.inputs) if side[1] == 2 else step.shape[side[1]]

    def join(self, *sides: Side) -> None:
        """Make these sides one axis."""
        first, *others = sorted({*map(self.axis, sides)}, key=lambda side: (self.order[side[0]], side[1]))
        self.towards |= dict.fromkeys(others, first)

    def spoken(self) -> Iterator[tuple[Step, Mapping[str, list[Side]], str, str, str]]:
        """The params that name places: the step, the sides of its letters, the param, its letters, and the letter
        whose places it names.

        Params that a model computes from the numbers (Found) are left out: they move along with the numbers.
        """
        for step, op, sides in self.computed:
            for key, said in op.places.items():
                if key in step.params and not _is_found(step.params[key]):
                    own, _, named = said.partition("->")
                    yield step, sides, key, own, named

    # Which sides are one axis

    def tie(self) -> None:
        """Join the sides that one letter names, and axes that look up the same places of an axis."""
        for _, _, sides in self.computed:
            for letter in sides.keys() - {*"*1"}:
                self.join(*sides[letter])
        lookups = [
            (sides[named][0], step.params[key], sides[own][0])
            for step, sides, key, own, named in self.spoken()
            if own and named
        ]
        for table, found, of in lookups:
            for other, same, also in lookups:
                if found == same and self.axis(table) == self.axis(other):
                    self.join(of, also)

    # What moves along with what

    def find_what_moves_along(self) -> None:
        """Find operands that are computed alike, axes that are concatenated, and axes that are looked up."""
        copies: dict[str, tuple[Side, Alike]] = {}  # of each step in the making of operands that are alike
        for step, op, _ in self.computed:
            if "…" in {*op.signature} - {*op.by_place} and len(step.inputs) > 1:
                alike = self._made_alike(step)
                if alike and copies.keys().isdisjoint(name for making in alike.makings for name in making.values()):
                    self.alike[step.name, 2] = alike
                    copies |= {name: ((step.name, 2), alike) for making in alike.makings for name in making.values()}
        for step, op, _ in self.computed:
            if "*" in op.signature:
                self._stacked(step, op)
        for step, sides, key, own, named in self.spoken():
            if own and named:
                self._looked_up(sides[named][0], Lookup(self.axis(sides[own][0]), tuple(step.params[key])))
            elif named and step.name in copies:
                whole, alike = copies[step.name]
                if step.name in alike.makings[0]:
                    places = [self.tape.steps[making[step.name]].params[key] for making in alike.makings]
                    self._looked_up(sides[named][0], Lookup(whole, tuple(places)))
            else:
                for letter in own + named:
                    self.hold(sides[letter][0])

    def _made_alike(self, whole: Step) -> Alike | None:
        """The computations of a step's operands, if all are alike and nothing else reads their steps; else none."""
        first, *others = whole.inputs
        found = [making for name in others if (making := self._counterparts(first, name))]
        if len(found) < len(others) or any(making.keys() != found[0].keys() for making in found):
            return None
        makings = ({name: name for name in found[0]}, *found)
        inside = {name for making in makings for name in making.values()}
        outside = {name for step, _, _ in self.computed if step is not whole and step.name not in inside
                   for name in step.inputs}  # fmt: skip
        own = self._own_axes(makings)
        if own is None or len(inside) < sum(map(len, makings)) or inside & outside:
            return None
        return Alike(makings, own)

    def _counterparts(self, one: str, other: str) -> dict[str, str] | None:
        """Match the computations of two matrices step by step; None where they are not alike."""
        found: dict[str, str] = {}
        left = [(one, other)]
        while left:
            names = left.pop()
            if names[0] == names[1] or found.get(names[0]) == names[1]:
                continue
            a, b = (self.tape.steps[name] for name in names)
            if names[0] in found or self._kind(a) != self._kind(b) or (a.op is None and not found):
                return None  # two givens by themselves are what they are called
            looked_up = {key for key, said in a.op.places.items() if said.startswith("->")} if a.op else {*()}
            fixed = a.params.keys() - (looked_up if a.inputs == b.inputs else ())  # places of one table may differ
            if any(a.params[key] != b.params.get(key) for key in fixed):
                return None
            found[names[0]] = names[1]
            left += zip(a.inputs, b.inputs, strict=True)
        return found

    def _kind(self, step: Step) -> tuple[Any, ...]:
        outside = step.name in self.tape.numbers, step.name in self.tape.defaults
        return step.op, step.shape, step.axes, len(step.inputs), outside

    def _own_axes(self, makings: Sequence[Mapping[str, str]]) -> dict[Side, tuple[Side, ...]] | None:
        """For each axis that only the first computation has, the axes of all; None where they do not correspond."""
        own: dict[Side, tuple[Side, ...]] = {}
        for side in ((name, which) for name in makings[0] for which in (0, 1)):
            found = tuple(self.axis((making[side[0]], side[1])) for making in makings)
            if len({*found}) > 1 and (len({*found}) < len(found) or own.setdefault(found[0], found) != found):
                return None
        sides = (*own, *(side for side in self.towards if self.axis(side) in own))
        return own if all(name in makings[0] for name, _ in sides) else None

    def _stacked(self, step: Step, op: Op) -> None:
        """Record the axes along a stack; operands of one place each are places of the stack themselves."""
        operands, result = op.letters(len(step.inputs))
        side = (step.name, next(which for which in (0, 1) if result[which] in op.by_place))
        parts = tuple(self.axis((name, pair.index("*"))) for name, pair in zip(step.inputs, operands, strict=True))
        of = (step.name, 2) if (step.name, 2) in self.alike else None
        self.stacked.append({self.axis(side), *parts})
        if of and all(self.size(part) == 1 for part in parts):
            self._looked_up(side, Lookup(of, tuple(range(len(parts)))))
        else:
            self.stacks.setdefault(self.axis(side), []).append(Stack(of, parts))

    def _looked_up(self, table: Side, lookup: Lookup) -> None:
        if self.size(table) > 1:
            known = self.lookups.setdefault(self.axis(table), [])
            known += [lookup] if lookup not in known else []

    # What holds an axis fast

    def hold(self, side: Side, by: str = "", signs: bool = False) -> None:
        """Hold an axis fast: its places keep their order and, unless `signs`, their signs."""
        self.held.setdefault(self.axis(side), set()).add(by)
        if not signs:
            self.unsigned.add(self.axis(side))

    def hold_fast(self, in_place: Collection[str]) -> None:
        """Hold the axes that operations treat by place, tokens that attend to tokens, and matrices in `in_place`."""
        needed, read = self._needed(), {name for step, _, _ in self.computed for name in step.inputs}
        for step, op, sides in self.computed:
            if op.tells and step.name not in needed:
                continue  # only a page asks for the number of the place, which goes along
            stacked = op.letters(len(step.inputs))[1] if "*" in op.signature else ""
            for letter in {*op.by_place} - {*stacked, "…"}:
                self.hold(sides[letter][0], "" if step.inputs else step.name)
            for letter in {letter for said in op.places.values() for letter in said} & sides.keys():
                self.unsigned.add(self.axis(sides[letter][0]))
        for name, step in self.tape.steps.items():
            stays = not {name, name.partition("[")[0]}.isdisjoint(in_place)
            limit = step.op is None and name not in read  # such as how many words are kept, which the model reads
            for side in ((name, 0), (name, 1)):
                if stays or limit or TOKEN_AXES.issuperset(step.axes):
                    self.hold(side, signs=not limit and stays)

    def _needed(self) -> set[str]:
        """The steps that the results are computed from."""
        found, left = set[str](), [*self.tape.results]
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += self.tape.steps[name].inputs
        return found

    def hold_what_moves_along(self) -> None:
        """Hold every axis that could move only along with a held one, until nothing changes."""
        before, needs = -1, self._needs()
        while before < len(self.held):
            before = len(self.held)
            for axis, others in needs.items():
                looked_up_for = [lookup.of for lookup in self.lookups.get(axis, ())]
                stays = any(of in self.held or self.size(of) == 1 for of in looked_up_for)
                if stays or axis in self.held or self._contradicts(axis, needs):
                    self._hold_all([axis, *others])
            for axes in (axes for alike in self.alike.values() for axes in alike.own.values()):
                if any(axis in self.held for axis in axes):
                    self._hold_all(axes)
        self.lookups = {axis: found for axis, found in self.lookups.items() if axis not in self.held}
        self.stacks = {axis: found for axis, found in self.stacks.items() if axis not in self.held}

    def _contradicts(self, axis: Side, needs: Mapping[Side, Collection[Side]]) -> bool:
        """Whether an axis would have to move along with two different axes, or with itself."""
        found, left = set[Side](), [axis]
        while left:
            new = set(needs.get(left.pop(), ())) - found
            found |= new
            left += new
        return axis in found or len(self.lookups.get(axis, ())) + len(self.stacks.get(axis, ())) > 1

    def _needs(self) -> dict[Side, set[Side]]:
        """For each axis, the axes that it moves along with."""
        needs: dict[Side, set[Side]] = {}
        for axis, lookups in self.lookups.items():
            needs.setdefault(axis, set()).update(lookup.of for lookup in lookups)
        for axis, stacks in self.stacks.items():
            for stack in stacks:
                needs.setdefault(axis, set()).update((*stack.parts, stack.of) if stack.of else stack.parts)
        return needs

    def _hold_all(self, axes: Iterable[Side]) -> None:
        for axis in axes:
            self.hold(axis, signs=True)

    # What is freer than an axis

    def within(self) -> dict[Side, Side]:
        """The axes that may have an order of their own for each place of a second axis: every step has both."""
        needs = self._needs()
        tied = set().union(self.stacks, *needs.values(), *(
            axes for alike in self.alike.values() for axes in alike.own.values()
        ))  # fmt: skip
        beside: dict[Side, set[Side]] = {}
        for name in (name for name, step in self.tape.steps.items() if step.op is None and name in self.tape.numbers):
            for side, other in (((name, 0), (name, 1)), ((name, 1), (name, 0))):
                beside.setdefault(self.axis(side), set()).add(self.axis(other))
        found: dict[Side, Side] = {}
        for axis, (other, *others) in beside.items():
            alone = not others and other not in (axis, *found) and needs.get(axis, {other}) == {other}
            free = self.size(axis) > 1 and axis not in tied and axis not in self.held
            if alone and free and all(self._is_within(axis, *each) for each in self.computed):
                found[axis] = other
        return found

    def _is_within(self, axis: Side, step: Step, op: Op, sides: Mapping[str, list[Side]]) -> bool:
        """Whether an operation reads an axis separately for each place of the second one, or of a lookup of it."""
        looked_up = {said[-1]: said[0] for said in op.places.values() if said[1:-1] == "->"}
        operands, result = op.letters(len(step.inputs))
        for letter in (letter for letter, (side, *_) in sides.items() if self.axis(side) == axis):
            beside = {pair.replace(letter, "", 1) for pair in (*operands, result) if letter in pair}
            if len({looked_up.get(other, other) for other in beside}) > 1 or beside & {letter, "1", "*"}:
                return False
        return True

    def kinds(self) -> Iterator[tuple[str, list[list[tuple[float, ...]]]]]:
        """The given matrices whose places only constant tables tell apart, and the constants that each cell meets."""
        for name, step in self.tape.steps.items():
            axes = self.axis((name, 0)), self.axis((name, 1))
            tables = sorted(set[str]().union(*(self.held.get(axis, {""}) for axis in axes)))
            if step.op is None and name in self.tape.numbers and "" not in tables and self._cell_by_cell(axes):
                rows, cols = step.shape
                yield name, [[self._met(tables, i, j) for j in range(cols)] for i in range(rows)]

    def _cell_by_cell(self, axes: tuple[Side, Side]) -> bool:
        """Whether every operation on these rows and columns is elementwise."""
        for step, op, _ in self.computed:
            pairs = {(self.axis((name, 0)), self.axis((name, 1))) for name in (*step.inputs, step.name)}
            if not {*axes}.isdisjoint(axis for pair in pairs for axis in pair):
                operands, result = op.letters(len(step.inputs))
                moves = step.inputs and (op.by_place or op.places)
                if moves or {*operands} - {result} or pairs != {axes}:
                    return False
        return True

    def _met(self, tables: Sequence[str], i: int, j: int) -> tuple[float, ...]:
        """The constants in a cell of tables that read no other step, rounded to DIGITS_COMPARED digits."""
        trees = (self.tape.cell(name, i, j) for name in tables)
        return tuple(round(float(FLOATS.settle(tree, _nothing)), DIGITS_COMPARED) for tree in trees)

    # What may change sign

    def signed(self) -> Iterator[Side]:
        """The axes along which the given numbers may change sign, place by place."""
        together = {axis: {axis} for axis in (self.axis((n, which)) for n in self.tape.steps for which in (0, 1))}
        for group in (*self.stacked, *(axes for alike in self.alike.values() for axes in alike.own.values())):
            whole = set[Side]().union(*(together[axis] for axis in group))
            together |= dict.fromkeys(whole, whole)
        for whole in {id(whole): whole for whole in together.values()}.values():
            if whole.isdisjoint(self.unsigned) and self._may_change(whole):
                yield from whole

    def _may_change(self, axes: Collection[Side]) -> bool:
        """Whether every step changes sign as a whole, or not at all, if the given numbers along these axes do."""
        changes: dict[Side, bool] = {}
        for name, step in self.tape.steps.items():
            if step.op is None:
                given = name in self.tape.numbers and name not in self.tape.defaults
                changes |= {(name, which): given for which in (0, 1) if self.axis((name, which)) in axes}
                continue
            sides = letters(step)
            for letter in (letter for letter, own in sides.items() if any(self.axis(side) in axes for side in own)):
                sign = _sign(step, letter, sides, changes)
                if sign is None:
                    return False
                changes |= {(name, which): sign for end, which in sides[letter] if end == name}
        return any(changes.values())


def _sign(step: Step, letter: str, sides: Mapping[str, list[Side]], changes: Mapping[Side, bool]) -> bool | None:
    """Whether a step changes sign along a letter; None if only a part of it would."""
    assert step.op is not None
    if letter == "*" or ("*" in sides and letter in step.op.by_place):
        signs = {changes.get(side, False) for side in sides["*"]}
        return signs.pop() if len(signs) == 1 else None
    if letter == "1":
        return None if any(changes.get(side) for side in sides["1"]) else False
    return sign_of(step, letter, lambda n, which: changes.get((step.inputs[n], which), False))


def _nothing(ref: Ref) -> Any:
    raise TypeError(f"a constant table reads {ref.matrix}")


def _is_found(value: Any) -> bool:
    """Whether a model computed these places from the numbers of the run."""
    return all(map(_is_found, value)) if isinstance(value, tuple) else isinstance(value, Found)
