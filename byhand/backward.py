"""The backward pass: what a loss changes by where a number of a step or weight does, as steps like all others.

    made = backward(run, "loss")
    made.values("blocks.0.mlp.W_in.grad")    → by how much the loss grows for each 1 that a weight grows by

The tape of a backward pass begins with the steps of the run, and goes on from the loss to the givens, the other way
round. The gradient of a step is the sum of what comes by each step that reads it, as its operation's `backward` says.

Four groups of steps are passed at once, as on paper: softmax, the norm of a row, the mean surprisal of right words
under a softmax, whose gradient is p − y, and half the sum of all squares of y − t, whose gradient is y − t. The steps
within a group have no gradient of their own.

The slope of a power of a base b other than e has a factor ln b, which is irrational. It stays beside the numbers, as
`Step.times`. Where a gradient has terms with several powers of it, these are steps of their own (`part_of`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import signature
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.errors import ConfigError, ValuesError
from byhand.model.names import grad_name, steps_of
from byhand.model.weights import UPSTREAM
from byhand.ops.linear import HALF
from byhand.record import fingerprint
from byhand.runs import Run
from byhand.tape import (
    OPS,
    Arrived,
    Line,
    Matrix,
    Op,
    Step,
    Tape,
    Way,
    ancestors,
    line,
    power_of_logarithm,
    shape_text,
)  # fmt: skip

Steps = Mapping[str, Step]
Powers = dict[int, Matrix]  # of a gradient: the numbers that stand beside each power of ln b


def backward(run: Run, loss: str) -> Run:
    """A run with the gradients of a loss: of every step and given from which it is reached.

    loss: a step of one number; or any step, of which the given `upstream` is then the gradient.

    Raises: UnknownNameError; ValuesError where a gradient does not get through; ConfigError; DomainError.
    """
    tape = run.tape()
    recorded = record_gradients(tape, loss)
    for name in (*run.steps, *recorded):
        tape.values(name)
    made = Run.of(
        tape, run.model, run.config, tokens=run.tokens, vocabulary=run.vocabulary, source=run.source, sheet=run.sheet,
        seed=run.seed, quality=run.quality, target=run.target,
    )  # fmt: skip
    return replace(made, hash=fingerprint(made, made.steps))


def record_gradients(tape: Tape, loss: str) -> list[str]:
    """Record the gradients of a loss, and return the names of all steps that were recorded. Nothing is evaluated.

    Raises: as `backward`, but DomainError.
    """
    before, tape.loss = {*tape.steps}, loss
    _Pass(tape, tape[loss].step).record()
    return [name for name in tape.steps if name not in before]


def gradients(loss: Matrix, *of: str) -> tuple[Matrix, ...]:
    """Record the gradients of a loss in a model, and return those of some steps and givens.

    Raises: as `record_gradients`.
    """
    record_gradients(loss.tape, loss.name)
    return tuple(loss.tape[grad_name(name)] for name in of)


def part_of(gradient: str, power: int) -> str:
    """The name of the part of a gradient that has a power of ln b beside its numbers: what comes by the values of
    attention has none, and what comes by its scores has ln b.
    """
    return steps_of(gradient, _part(power))


def _part(power: int) -> str:
    return {0: "values", 1: "scores"}.get(power, f"scores{power}")


class _Edge(Struct, frozen=True, eq=False):
    """How a gradient comes to a step by one that reads it, or by the result of a group."""

    reader: str
    line: Callable[[Matrix, str], Line | Matrix]
    """What comes, given the gradient of the reader, and what that is called if it is one of several parts."""
    power: int
    """How many factors ln b it has beside its numbers that the gradient of the reader does not have."""


class _Group(Struct, frozen=True, eq=False):
    """Steps that a gradient passes at once, from their result to the step that they are computed from."""

    source: str
    inside: frozenset[str]
    edge: _Edge
    is_loss: bool = False
    """Whether its result is the loss, whose own gradient, 1, is not recorded."""


class _Pass:
    """One backward pass on a tape."""

    def __init__(self, tape: Tape, loss: Step) -> None:
        self.tape, self.loss = tape, loss
        self.base: Any = None  # of all powers on the way; None where there are none, or of base e only
        self.gradients: dict[str, Powers] = {}
        needed = ancestors(tape.steps, loss.name)
        self.steps = {name: step for name, step in tape.steps.items() if name in needed}
        self.moves = _moving(self.steps)
        self.groups = {name: group for group in self._groups() for name in (*group.inside, group.edge.reader)}

    def record(self) -> None:
        """Record the gradient of every step from which the loss is reached, from the last to the first.

        Raises: ValuesError; ConfigError.
        """
        edges = self._edges()
        for step in reversed(self.steps.values()):
            group = self.groups.get(step.name)
            if group and group.is_loss and group.edge.reader == step.name:
                self.gradients[step.name] = {0: self.tape[step.name]}  # 1, which no line reads
            elif step.name != UPSTREAM and not (group and step.name in group.inside):
                terms = self._terms(edges[step.name]) if step.name != self.loss.name else {0: [self._seed()]}
                self.gradients[step.name] = self._summed(step, terms)

    # ---- the ways of a gradient ----

    def _edges(self) -> dict[str, list[_Edge]]:
        """For each step, how a gradient comes to it, in the order of the steps by which it comes.

        Raises: ValuesError; ConfigError.
        """
        edges: dict[str, list[_Edge]] = defaultdict(list)
        for step in self.steps.values():
            group = self.groups.get(step.name)
            if group is None and step.op:
                for k, name in enumerate(step.inputs):
                    edges[name] += self._edges_of(step, k)
            elif group and group.edge.reader == step.name:
                edges[group.source].append(group.edge)
        return edges

    def _edges_of(self, step: Step, k: int) -> Iterator[_Edge]:
        """How a gradient comes by a step to one of its operands.

        Raises: ValuesError where it does not, and numbers that are given are behind it; ConfigError.
        """
        assert step.op is not None
        ways = step.op.ways(k)
        if isinstance(ways, str):
            if step.inputs[k] in self.moves:
                raise ValuesError(f"no gradient goes back through {step.name}: {ways}")
            return
        x, y = tuple(self.tape[name] for name in step.inputs), self.tape[step.name]

        def come(way: Way, g: Matrix, part: str) -> Line | Matrix:
            return way.line(Arrived(x, y, g, k, step.params))

        for way in ways:
            yield _Edge(step.name, partial(come, way), way.power and way.power * self._logarithms(step))

    def _logarithms(self, step: Step) -> int:
        """Whether the slope of a power has a factor ln b: 1, or 0 if the base is e.

        Raises: ConfigError where a step before had another base.
        """
        base = _base(step)
        if base == "e":
            return 0
        if self.base not in (None, base):
            raise ConfigError(f"the steps have powers of {self.base} and of {base}; use one base, or base e")
        self.base = base
        return 1

    # ---- groups ----

    def _groups(self) -> list[_Group]:
        """The groups of the steps; no step is in two of them.

        Raises: ConfigError.
        """
        groups, taken = list[_Group](), set[str]()
        readers: dict[str, set[str]] = defaultdict(set)
        for step in self.steps.values():
            for name in step.inputs:
                readers[name].add(step.name)
        for step in reversed(self.steps.values()):
            for group in filter(
                None,
                (self._surprisal(step), self._squares(step), self._norm(step), self._rms(step), self._softmax(step)),
            ):
                members = {*group.inside, step.name}
                if not members & taken and all(readers[name] <= members for name in group.inside):
                    groups.append(group)
                    taken |= members
        return groups

    def _softmax(self, step: Step) -> _Group | None:
        """The group of a softmax, if the step is the result of one: r = the sums of the rows of A ∘ its gradient; and
        A ∘ (its gradient − r).
        """
        if (found := softmax_of(self.steps, step)) is None:
            return None
        source, powers, sums = found
        shares = self.tape[step.name]

        def come(g: Matrix, part: str) -> Line:
            name = steps_of(step.name, "dot")
            dots = self._record(
                line("row_dots", shares, g), steps_of(name, part) if part else name, step, g.step.times
            )
            return line("softmax_backward", shares, g, dots)

        edge = _Edge(step.name, come, self._logarithms(self.steps[powers]))
        return _Group(source, frozenset((powers, sums)), edge)

    def _norm(self, step: Step) -> _Group | None:
        """The group of LayerNorm, if the step is the result of one."""
        if (found := _rms(self.steps, step)) is None:
            return None
        centered, inside = found
        match self.steps[centered]:
            case Step(op=Op(name="center"), inputs=(source, mean)) if mean in self.steps:
                if self.steps[mean].op_name == "row_mean" and self.steps[mean].inputs == (source,):
                    return self._of_norm(step, source, (*inside, centered, mean), "norm_backward")
        return None

    def _rms(self, step: Step) -> _Group | None:
        """The group of RMSNorm, if the step is the result of one."""
        found = _rms(self.steps, step)
        return found and self._of_norm(step, *found, "rms_backward")

    def _of_norm(self, step: Step, source: str, inside: tuple[str, ...], op: str) -> _Group:
        """The group of a norm: the mean of its gradient, that along the normalised row, and then both at once."""
        scale, square, *_ = inside
        at = scale.rpartition(".")[0]
        less: dict[str, Any] = {"less": 1} if self.steps[square].op_name == "sample_variance" else {}
        normal = self.tape[step.name]

        def mean(name: str, of: Line, part: str, times: str) -> Matrix:
            return self._record(of, f"{at}.{name}.{part}" if part else f"{at}.{name}", step, times)

        def come(g: Matrix, part: str) -> Line:
            times, means = g.step.times, list[Matrix]()
            if op == "norm_backward":
                means.append(mean("grad_mean", line("row_mean", g), part, times))
            along = mean("grad_along", line("mean_product", g, normal, **less), part, times)
            return line(op, g, *means, normal, along, self.tape[scale])

        return _Group(source, frozenset(inside), _Edge(step.name, come, 0))

    def _surprisal(self, step: Step) -> _Group | None:
        """The group of the loss, if it is the mean surprisal of right words under a softmax: p − y of each row."""
        steps, name, inside = self.steps, step.name, list[str]()
        for op in ("column_mean", "surprisal", "gather_entries"):
            if step.name != self.loss.name or steps[name].op_name != op:
                return None
            inside.append(name)
            (name,) = steps[name].inputs
        _, surprisal, right = map(steps.__getitem__, inside)
        some = steps[name] if steps[name].op_name == "gather_rows" else None  # rows of those that have a right word
        shares = some.inputs[0] if some else name
        found = softmax_of(steps, steps[shares])
        if found is None or _base(surprisal) != _base(steps[found[1]]):
            return None
        probs, words = self.tape[name], right.params["cols"]

        def come(g: Matrix, part: str) -> Line:
            less = line("subtract", probs, line("one_hot", rows=words, shape=probs))
            less = line("divide_by", less, of=len(words)) if len(words) > 1 else less
            return line("add_rows", less, rows=some.params["rows"]) if some else less

        return _Group(found[0], frozenset((*inside[1:], name, shares, *found[1:])), _Edge(step.name, come, 0), True)

    def _squares(self, step: Step) -> _Group | None:
        """The group of the loss, if it is half the sum of the squares of how far a result is away from what is right:
        its gradient is how far it is away.
        """
        steps, name, inside = self.steps, step.name, list[str]()
        for op in ("times_number", "column_sum", "row_dots"):
            if step.name != self.loss.name or steps[name].op_name != op:
                return None
            inside.append(name)
            name, *others = steps[name].inputs
        match steps[name]:
            case Step(op=Op(name="subtract"), inputs=(result, _)) if others == [name] and step.params["by"] == HALF:
                away, edge = self.tape[name], _Edge(step.name, lambda g, part: away, 0)
                return _Group(result, frozenset((*inside[1:], name)), edge, True)
        return None

    # ---- recording ----

    def _seed(self) -> tuple[str, Line | Matrix]:
        """What the loss changes by with itself, which is 1; or the given gradient of a result that is no loss.

        Raises: ValuesError where that is missing.
        """
        loss = self.loss
        if UPSTREAM in self.tape.numbers:
            return UPSTREAM, self.tape.given(UPSTREAM, loss.shape, loss.axes)
        if loss.shape != (1, 1):
            what = f"{loss.name} is {shape_text(loss.shape)}, and a loss is one number"
            raise ValuesError(f"{what}; give its gradient as the input {UPSTREAM}, of the same shape")
        return loss.name, line("one_hot", rows=(0,))

    def _terms(self, edges: list[_Edge]) -> dict[int, list[tuple[str, Line | Matrix]]]:
        """What comes to a step, and by which: for each power of ln b."""
        terms: dict[int, list[tuple[str, Line | Matrix]]] = defaultdict(list)
        for edge in edges:
            parts = self.gradients[edge.reader]
            for power, g in parts.items():
                come = edge.line(g, _part(power) if len(parts) > 1 else "")
                terms[power + edge.power].append((edge.reader, come))
        return terms

    def _summed(self, step: Step, terms: Mapping[int, list[tuple[str, Line | Matrix]]]) -> Powers:
        """The gradient of a step, recorded as the sum of what comes to it."""
        name = grad_name(step.name)
        names = {power: part_of(name, power) if len(terms) > 1 else name for power in sorted(terms)}
        return {
            power: self._sum(step, name, terms[power], power_of_logarithm(self.base, power))
            for power, name in names.items()
        }

    def _sum(self, step: Step, name: str, terms: list[tuple[str, Line | Matrix]], times: str) -> Matrix:
        """The sum of what comes to a step, recorded under a name; each term that is a line of its own before it."""
        if len(terms) == 1:
            ((_, come),) = terms
            return self._record(come if isinstance(come, Line) else line("copy", come), name, step, times)
        matrices, seen = list[Matrix](), Counter[str]()
        for reader, come in terms:
            seen[reader] += 1
            by = f"by.{reader.rstrip(']').replace('[', '.')}{'.again' * (seen[reader] - 1)}"
            matrices.append(self._record(come, steps_of(name, by), step, times) if isinstance(come, Line) else come)
        return self._record(line("add" if len(matrices) == 2 else "add_all", *matrices), name, step, times)

    def _record(self, made: Line, name: str, of: Step, times: str) -> Matrix:
        """Record a line under a name, and before it those that it reads, named by their operations.

        of: the step whose gradient it is, or is needed for.
        """
        known: dict[int, Matrix] = {}
        counts = Counter[str]()

        def operand(x: Line | Matrix) -> Matrix:
            if isinstance(x, Matrix):
                return x
            if id(x) not in known:
                read = [operand(y) for y in x.operands]
                counts[x.op] += 1
                helper = steps_of(name, f"{x.op}{counts[x.op] if counts[x.op] > 1 else ''}")
                tag = next((y.step.times for y in read if y.step.times), "")
                known[id(x)] = self._step(x, read, helper, of, tag)
            return known[id(x)]

        return self._step(made, [operand(x) for x in made.operands], name, of, times)

    def _step(self, made: Line, operands: list[Matrix], name: str, of: Step, times: str) -> Matrix:
        """Record one step.

        Raises: ValuesError where the run has a step of this name.
        """
        tape, op = self.tape, OPS[made.op]
        if name in tape.steps:
            raise ValuesError(f"the run has a step {name} already; take the gradient of a run without gradients")
        letters, result = op.letters(len(operands))
        shape, axes = (
            (made.shape.shape, made.shape.axes) if isinstance(made.shape, Matrix) else (made.shape, ("", ""))
        )
        if shape is None:
            shape, axes = of.shape, of.axes
        known = {*"".join(letters), "1"}
        sizes = {x: (n, axis) for x, n, axis in zip(result, shape, axes, strict=True) if x not in known}
        with tape.part(of.part):
            recorded = op(*operands, name=name, tape=tape, sizes=sizes, **made.params)
        tape.steps[name] = replace(recorded.step, times=times)
        return recorded


def _moving(steps: Steps) -> set[str]:
    """The steps that are given, or computed from what is given, and so may change."""
    moving: set[str] = set()
    for name, step in steps.items():
        if step.op is None or moving.intersection(step.inputs):
            moving.add(name)
    return moving


def _base(step: Step) -> Any:
    """The base of the powers in a step's rule."""
    return step.params.get("base", signature(OPS[step.op_name].rule).parameters["base"].default)


def softmax_of(steps: Steps, step: Step) -> tuple[str, str, str] | None:
    """The scores, the powers and the sums of a step that is a softmax; else None."""
    match step:
        case Step(op=Op(name="normalize_rows"), inputs=(powers, sums)):
            match steps[powers], steps[sums]:
                case Step(op=Op(name="power_of"), inputs=(scores,)), Step(op=Op(name="row_sum"), inputs=(summed,)):
                    return (scores, powers, sums) if summed == powers else None
    return None


def _rms(steps: Steps, step: Step) -> tuple[str, tuple[str, str]] | None:
    """What a step is normalised from, and the steps of the root of its mean square; None for another step."""
    match step:
        case Step(op=Op(name="standardize"), inputs=(x, scale)):
            match steps[scale]:
                case Step(op=Op(name="root"), inputs=(square,)):
                    squared = steps[square]
                    if squared.op_name in ("mean_square", "sample_variance") and squared.inputs == (x,):
                        return x, (scale, square)
    return None
