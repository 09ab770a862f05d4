"""What may change places and signs in a run, derived from its operations by a walk over the tape."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from byhand.arithmetic.expr import Ref
from byhand.arithmetic.floats import FLOATS
from byhand.symmetry.signs import sign_of
from byhand.tape import Computed, Op, Step, Tape

Side = tuple[str, int]  # the rows (0) or the columns (1) of a step, or the sequence of its operands (2)
TOKEN_AXES = {"pos", "source"}  # the names that axes of tokens have on the tape
DIGITS_COMPARED = 9  # decimal places in which two constants are compared: float64 errs less on every machine


class Lookup(Struct, frozen=True):
    """How the places of an axis are looked up by a list."""

    of: Side
    """The axis whose places look up."""
    looked_up: tuple[int, ...]
    """For each of those places, the place that it looks up."""


class Stack(Struct, frozen=True):
    """What an axis is made of along which operands are concatenated."""

    of: Side | None
    """The axis of the sequence of operands, if these may change places as wholes."""
    parts: tuple[Side, ...]
    """The axis of each operand."""


class Alike(Struct, frozen=True):
    """Operands that are computed by the same operations, such as heads, so that they may change places as wholes."""

    computations: tuple[Mapping[str, str], ...]
    """For each operand, the steps that it is computed by, by the names of the first operand's steps."""
    own_axes: Mapping[Side, tuple[Side, ...]]
    """For each axis that only the first operand has, the corresponding axes of all operands."""


class Symmetries(Struct, frozen=True):
    """The symmetries of a run: what may change places and signs. An axis is named by the first of its sides."""

    axes: Mapping[Side, Side]
    """The axis of each side."""
    sizes: Mapping[Side, int]
    """The number of places of each axis."""
    held: frozenset[Side]
    """The axes whose places keep their order."""
    signed: frozenset[Side]
    """The axes whose numbers may change sign, place by place."""
    within: Mapping[Side, Side]
    """For each axis that may have another order for each place of a second axis, that second axis."""
    lookups: Mapping[Side, Lookup]
    """For each axis that is looked up, how; it moves along with the axis whose places look up."""
    stacks: Mapping[Side, Stack]
    """For each axis along which operands are concatenated, what it is made of; it moves along with their axes."""
    alike: Mapping[Side, Alike]
    """For each axis whose places are operands that are computed alike, these operands; they move along with it."""
    kinds: Mapping[str, Sequence[Sequence[tuple[float, ...]]]]
    """For each given matrix whose cells may be exchanged one by one, the constants that meet each cell."""


def symmetries(tape: Tape, in_place: Collection[str] = ()) -> Symmetries:
    """The symmetries of the steps of a tape, which need not be evaluated.

    in_place: given matrices whose numbers keep their places, and names of axes whose numbers also keep their signs,
    whatever the operations allow.
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
        lookups={axis: entries[0] for axis, entries in walk.lookups.items()},
        stacks={axis: entries[0] for axis, entries in walk.stacks.items()},
        alike=walk.alike,
        kinds=dict(walk.kinds()),
    )


def letters(step: Step) -> dict[str, list[Side]]:
    """For each letter in the signature of a computed step, the sides that it stands for; that of the result is
    last.
    """
    assert step.op is not None
    operands, result = step.op.letters(len(step.inputs))
    by_letter: dict[str, list[Side]] = {}
    for name, pair in zip((*step.inputs, step.name), (*operands, result), strict=True):
        for which, letter in enumerate(pair):
            by_letter.setdefault(letter, []).append((name, which))
    return by_letter


class _Walk:
    """A walk over the tape that finds which sides are one axis, which axes move along with which, and which are held.

    parent: the forest of a union-find over the sides; the root of a tree names its axis.
    order: the place of each step on the tape.
    held: for each axis whose places keep their order, the constant tables that hold it, or "" for any other reason.
    unsigned: the axes that keep their signs, whatever the rules are.
    stacked: sets of axes that change sign together.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.computed = [(step, step.op, letters(step)) for step in tape.steps.values() if step.op]
        self.order = {name: n for n, name in enumerate(tape.steps)}
        self.parent: dict[Side, Side] = {}  # an earlier side of the same axis; a root has none
        self.alike: dict[Side, Alike] = {}
        self.lookups: dict[Side, list[Lookup]] = {}
        self.stacks: dict[Side, list[Stack]] = {}
        self.stacked: list[set[Side]] = []
        self.held: dict[Side, set[str]] = {}
        self.unsigned: set[Side] = set()

    def axis(self, side: Side) -> Side:
        """The axis of a side: the first of its sides."""
        while side in self.parent:
            side = self.parent[side]
        return side

    def size(self, side: Side) -> int:
        """The number of places of an axis."""
        step = self.tape.steps[side[0]]
        return len(step.inputs) if side[1] == 2 else step.shape[side[1]]

    def union(self, *sides: Side) -> None:
        """Make these sides one axis."""
        first, *others = sorted({*map(self.axis, sides)}, key=lambda side: (self.order[side[0]], side[1]))
        self.parent |= dict.fromkeys(others, first)

    def named_places(self) -> Iterator[tuple[Step, Mapping[str, list[Side]], str, str, str]]:
        """The parameters that name places (`Op.places`): for each, the step, the sides of its letters, the
        parameter's name, and the letters before and after the arrow.

        Parameters that a model computes from the numbers (`Computed`) are left out: they move along with the numbers.
        """
        for step, op, sides in self.computed:
            for key, arrow in op.places.items():
                if key in step.params and not _is_computed(step.params[key]):
                    before, _, after = arrow.partition("->")
                    yield step, sides, key, before, after

    # Which sides are one axis

    def tie(self) -> None:
        """Unite the sides that one letter stands for, and the axes that look up the same places of an axis."""
        for _, _, sides in self.computed:
            for letter in sides.keys() - {*"*1"}:
                self.union(*sides[letter])
        lookups = [
            (sides[after][0], step.params[key], sides[before][0])
            for step, sides, key, before, after in self.named_places()
            if before and after
        ]
        for table, places, of in lookups:
            for other, same, also in lookups:
                if places == same and self.axis(table) == self.axis(other):
                    self.union(of, also)

    # What moves along with what

    def find_what_moves_along(self) -> None:
        """Find operands that are computed alike, axes that are concatenated, and axes that are looked up."""
        member: dict[str, tuple[Side, Alike]] = {}  # by step: the operands that are alike, if it computes one
        for step, op, _ in self.computed:
            if "…" in {*op.signature} - {*op.by_place} and len(step.inputs) > 1:
                alike = self._computed_alike(step)
                steps = [name for computation in alike.computations for name in computation.values()] if alike else []
                if alike and member.keys().isdisjoint(steps):
                    self.alike[step.name, 2] = alike
                    member |= dict.fromkeys(steps, ((step.name, 2), alike))
        for step, op, _ in self.computed:
            if "*" in op.signature:
                self._stacked(step, op)
        for step, sides, key, before, after in self.named_places():
            if before and after:
                self._looked_up(sides[after][0], Lookup(self.axis(sides[before][0]), tuple(step.params[key])))
            elif after and step.name in member:
                whole, alike = member[step.name]
                if step.name in alike.computations[0]:
                    places = [
                        self.tape.steps[computation[step.name]].params[key] for computation in alike.computations
                    ]
                    self._looked_up(sides[after][0], Lookup(whole, tuple(places)))
            else:
                for letter in before + after:
                    self.hold(sides[letter][0])

    def _computed_alike(self, whole: Step) -> Alike | None:
        """The operands of a step, if they are computed alike and no other step reads what they are computed by; else
        None.
        """
        first, *others = whole.inputs
        counterparts = [computation for name in others if (computation := self._counterparts(first, name))]
        if len(counterparts) < len(others) or any(
            computation.keys() != counterparts[0].keys() for computation in counterparts
        ):
            return None
        computations = ({name: name for name in counterparts[0]}, *counterparts)
        inside = {name for computation in computations for name in computation.values()}
        outside = {name for step, _, _ in self.computed if step is not whole and step.name not in inside
                   for name in step.inputs}  # fmt: skip
        own_axes = self._own_axes(computations)
        if own_axes is None or len(inside) < sum(map(len, computations)) or inside & outside:
            return None
        return Alike(computations, own_axes)

    def _counterparts(self, one: str, other: str) -> dict[str, str] | None:
        """The steps that one matrix is computed by, each with the corresponding step of another; None where they
        differ.

        Method: a walk through the inputs of both at the same time.
        """
        counterparts: dict[str, str] = {}
        left = [(one, other)]
        while left:
            names = left.pop()
            if names[0] == names[1] or counterparts.get(names[0]) == names[1]:
                continue
            a, b = (self.tape.steps[name] for name in names)
            if names[0] in counterparts or self._kind(a) != self._kind(b) or (a.op is None and not counterparts):
                return None  # two givens that are operands themselves are not alike: a page tells them apart by name
            looked_up = {key for key, arrow in a.op.places.items() if arrow.startswith("->")} if a.op else {*()}
            fixed = a.params.keys() - (looked_up if a.inputs == b.inputs else ())  # places of one table may differ
            if any(a.params[key] != b.params.get(key) for key in fixed):
                return None
            counterparts[names[0]] = names[1]
            left += zip(a.inputs, b.inputs, strict=True)
        return counterparts

    def _kind(self, step: Step) -> tuple[Any, ...]:
        """What two corresponding steps must have in common."""
        given = step.name in self.tape.numbers, step.name in self.tape.defaults
        return step.op, step.shape, step.axes, len(step.inputs), given

    def _own_axes(self, computations: Sequence[Mapping[str, str]]) -> dict[Side, tuple[Side, ...]] | None:
        """For each axis that only the first operand has, the axes of all; None where they do not correspond."""
        by_axis: dict[Side, tuple[Side, ...]] = {}
        for side in ((name, which) for name in computations[0] for which in (0, 1)):
            corresponding = tuple(self.axis((computation[side[0]], side[1])) for computation in computations)
            if len({*corresponding}) > 1 and (
                len({*corresponding}) < len(corresponding)
                or by_axis.setdefault(corresponding[0], corresponding) != corresponding
            ):
                return None
        sides = (*by_axis, *(side for side in self.parent if self.axis(side) in by_axis))
        return by_axis if all(name in computations[0] for name, _ in sides) else None

    def _stacked(self, step: Step, op: Op) -> None:
        """Record what an axis is made of along which operands are stacked. If each operand has one place there, the
        axis looks the operands up.
        """
        operands, result = op.letters(len(step.inputs))
        side = (step.name, next(which for which in (0, 1) if result[which] in op.by_place))
        parts = tuple(self.axis((name, pair.index("*"))) for name, pair in zip(step.inputs, operands, strict=True))
        of = (step.name, 2) if (step.name, 2) in self.alike else None
        self.stacked.append({self.axis(side), *parts})
        if of and all(self.size(part) == 1 for part in parts):
            self._looked_up(side, Lookup(of, tuple(range(len(parts)))))
        else:
            known, stack = self.stacks.setdefault(self.axis(side), []), Stack(of, parts)
            known += [stack] if stack not in known else []  # of layers that share their parameters, the same

    def _looked_up(self, table: Side, lookup: Lookup) -> None:
        """Record how an axis is looked up."""
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
        """Hold the axes that operations treat by place, tokens that attend to tokens, givens that are fixed, such as
        sizes, and what `in_place` names.
        """
        needed, read = self._needed(), {name for step, _, _ in self.computed for name in step.inputs}
        for step, op, sides in self.computed:
            if op.tells and step.name not in needed:
                continue  # no step reads the place of the largest number, which moves along; a page prints it
            stacked = op.letters(len(step.inputs))[1] if "*" in op.signature else ""
            for letter in {*op.by_place} - {*stacked, "…"}:
                self.hold(sides[letter][0], "" if step.inputs else step.name)
            for letter in {letter for arrow in op.places.values() for letter in arrow} & sides.keys():
                self.unsigned.add(self.axis(sides[letter][0]))
        for name, step in self.tape.steps.items():
            stays = not {name, name.partition("[")[0]}.isdisjoint(in_place)
            fixed = name in self.tape.fixed or (step.op is None and name not in read)  # read by the model itself
            for side, axis in zip(((name, 0), (name, 1)), step.axes, strict=True):
                if axis in in_place:
                    self.hold(side)
                elif stays or fixed or TOKEN_AXES.issuperset(step.axes):
                    self.hold(side, signs=stays and not fixed)

    def _needed(self) -> set[str]:
        """The steps that the model's results are computed from, the results included."""
        needed, left = set[str](), [*self.tape.results]
        while left:
            name = left.pop()
            if name not in needed:
                needed.add(name)
                left += self.tape.steps[name].inputs
        return needed

    def hold_what_moves_along(self) -> None:
        """Hold every axis that could only move along with a held one; repeat until no axis is added."""
        before, needs = -1, self._needs()
        while before < len(self.held):
            before = len(self.held)
            for axis, others in needs.items():
                looked_up_for = [lookup.of for lookup in self.lookups.get(axis, ())]
                stays = any(of in self.held or self.size(of) == 1 for of in looked_up_for)
                if stays or axis in self.held or self._contradicts(axis, needs):
                    self._hold_all([axis, *others])
            for axes in (axes for alike in self.alike.values() for axes in alike.own_axes.values()):
                if any(axis in self.held for axis in axes):
                    self._hold_all(axes)
        self.lookups = {axis: entries for axis, entries in self.lookups.items() if axis not in self.held}
        self.stacks = {axis: entries for axis, entries in self.stacks.items() if axis not in self.held}

    def _contradicts(self, axis: Side, needs: Mapping[Side, Collection[Side]]) -> bool:
        """Whether an axis would have to move along with itself, or along with two axes that move differently."""
        moved, left = set[Side](), [axis]
        while left:
            new = set(needs.get(left.pop(), ())) - moved
            moved |= new
            left += new
        return axis in moved or len(self.lookups.get(axis, ())) + len(self.stacks.get(axis, ())) > 1

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
        """For each axis that may have another order for each place of a second axis, that axis: every step has
        both.
        """
        needs = self._needs()
        tied = set().union(self.stacks, *needs.values(), *(
            axes for alike in self.alike.values() for axes in alike.own_axes.values()
        ))  # fmt: skip
        beside: dict[Side, set[Side]] = {}
        for name in (name for name, step in self.tape.steps.items() if step.op is None and name in self.tape.numbers):
            for side, other in (((name, 0), (name, 1)), ((name, 1), (name, 0))):
                beside.setdefault(self.axis(side), set()).add(self.axis(other))
        by_axis: dict[Side, Side] = {}
        for axis, (other, *others) in beside.items():
            alone = not others and other not in (axis, *by_axis) and needs.get(axis, {other}) == {other}
            free = self.size(axis) > 1 and axis not in tied and axis not in self.held
            if alone and free and all(self._is_within(axis, *entry) for entry in self.computed):
                by_axis[axis] = other
        return by_axis

    def _is_within(self, axis: Side, step: Step, op: Op, sides: Mapping[str, list[Side]]) -> bool:
        """Whether an operation reads an axis separately for each place of the axis beside it, or of its lookup."""
        looked_up = {arrow[-1]: arrow[0] for arrow in op.places.values() if arrow[1:-1] == "->"}
        operands, result = op.letters(len(step.inputs))
        for letter in (letter for letter, (side, *_) in sides.items() if self.axis(side) == axis):
            beside = {pair.replace(letter, "", 1) for pair in (*operands, result) if letter in pair}
            if len({looked_up.get(other, other) for other in beside}) > 1 or beside & {letter, "1", "*"}:
                return False
        return True

    def kinds(self) -> Iterator[tuple[str, list[list[tuple[float, ...]]]]]:
        """The given matrices whose places are told apart by constant tables only, each with the constants that meet
        its cells.
        """
        for name, step in self.tape.steps.items():
            axes = self.axis((name, 0)), self.axis((name, 1))
            tables = sorted(set[str]().union(*(self.held.get(axis, {""}) for axis in axes)))
            if step.op is None and name in self.tape.numbers and "" not in tables and self._cell_by_cell(axes):
                rows, cols = step.shape
                yield name, [[self._constants_at(tables, i, j) for j in range(cols)] for i in range(rows)]

    def _cell_by_cell(self, axes: tuple[Side, Side]) -> bool:
        """Whether every operation on a matrix with these rows and columns is elementwise."""
        for step, op, _ in self.computed:
            pairs = {(self.axis((name, 0)), self.axis((name, 1))) for name in (*step.inputs, step.name)}
            if not {*axes}.isdisjoint(axis for pair in pairs for axis in pair):
                operands, result = op.letters(len(step.inputs))
                moves = step.inputs and (op.by_place or op.places)
                if moves or {*operands} - {result} or pairs != {axes}:
                    return False
        return True

    def _constants_at(self, tables: Sequence[str], i: int, j: int) -> tuple[float, ...]:
        """The constants of a cell in each of these tables, which read no other step, rounded to DIGITS_COMPARED
        places.
        """
        trees = (self.tape.cell(name, i, j) for name in tables)
        return tuple(round(float(FLOATS.settle(tree, _nothing)), DIGITS_COMPARED) for tree in trees)

    # What may change sign

    def signed(self) -> Iterator[Side]:
        """The axes along which the given numbers may change sign, place by place."""
        together = {axis: {axis} for axis in (self.axis((n, which)) for n in self.tape.steps for which in (0, 1))}
        for group in (*self.stacked, *(axes for alike in self.alike.values() for axes in alike.own_axes.values())):
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
            for letter in (
                letter for letter, of_letter in sides.items() if any(self.axis(side) in axes for side in of_letter)
            ):
                sign = _sign(step, letter, sides, changes)
                if sign is None:
                    return False
                changes |= {(name, which): sign for end, which in sides[letter] if end == name}
        return any(changes.values())


def _sign(step: Step, letter: str, sides: Mapping[str, list[Side]], changes: Mapping[Side, bool]) -> bool | None:
    """Whether a step changes sign along a letter; None if only some of its numbers would."""
    assert step.op is not None
    if letter == "*" or ("*" in sides and letter in step.op.by_place):
        signs = {changes.get(side, False) for side in sides["*"]}
        return signs.pop() if len(signs) == 1 else None
    if letter == "1":
        return None if any(changes.get(side) for side in sides["1"]) else False
    return sign_of(step, letter, lambda n, which: changes.get((step.inputs[n], which), False))


def _nothing(ref: Ref) -> Any:
    raise TypeError(f"a constant table reads {ref.matrix}")


def _is_computed(value: Any) -> bool:
    """Whether a parameter was computed by the model from the numbers of the run."""
    return all(map(_is_computed, value)) if isinstance(value, tuple) else isinstance(value, Computed)
