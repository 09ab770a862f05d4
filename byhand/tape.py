"""The tape: matrices as named steps. A step has the rule of its cells; it is evaluated once, in one number system.

    tape = Tape(RATIONALS, {"x": [[1, 2]], "w": [[3], [4]]})
    y = matmul(tape.given("x", (1, 2)), tape.given("w", (2, 1)), name="y")
    y.values                 → ((Fraction(11, 1),),)
    tape.cell("y", 0, 0)     → the tree x[0,0]·w[0,0] + x[0,1]·w[1,0]

Calling an operation records a step. Its cells are evaluated lazily, at the first call of `values`. So a step that
nothing reads costs nothing, and a step whose numbers are given does not need its inputs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.domain import Domain, LeavesDomainError, NotRealError
from byhand.arithmetic.expr import At, Expr, Index, Num, Ref, Scalar
from byhand.errors import DomainError, MisfitError, UnknownNameError, ValuesError
from byhand.notation.text import RAISED


class Operand(Protocol):
    """A matrix as a rule sees it: its size, and a reference to each of its cells."""

    @property
    def rows(self) -> At: ...

    @property
    def cols(self) -> At: ...

    def __getitem__(self, at: tuple[At, At], /) -> Ref: ...


Rows = tuple[tuple[Scalar, ...], ...]
Shape = tuple[int, int]
LOWERED = {raised: plain for plain, raised in RAISED.items()}
Place = tuple[str, int, int]  # a cell: its step, row and column


class Example(Struct, frozen=True):
    """An operation with operands and the result, in numbers that a person can check."""

    operands: tuple[Sequence[Sequence[Any]], ...]
    params: Mapping[str, Any]
    sizes: Mapping[str, int]
    """The size of each letter of the signature that no operand has."""
    result: Sequence[Sequence[Any]]


def example(
    *operands: Sequence[Sequence[Any]],
    gives: Sequence[Sequence[Any]],
    sizes: Mapping[str, int] | None = None,
    **params: Any,
) -> Example:
    """Build an Example in the notation of a decorator: example([[1, 2]], [[3], [4]], gives=[[11]])."""
    return Example(operands, params, sizes or {}, gives)


class Line(Struct, frozen=True, eq=False):
    """A step that is not recorded yet: an operation, by its name, of matrices and of other such steps."""

    op: str
    operands: tuple[Matrix | Line, ...]
    params: Mapping[str, Any]
    shape: Shape | Matrix | None
    """Its shape, or a matrix of the same shape; None where the operands have all of it, or where it is that of the
    matrix whose gradient it is."""


def line(op: str, *operands: Matrix | Line, shape: Shape | Matrix | None = None, **params: Any) -> Line:
    """A Line in the notation of a call: line("scale_rows", s.g, line("row_sum", s.b))."""
    return Line(op, operands, params, shape)


class Arrived(Struct, frozen=True):
    """What the rule of a gradient is given: a step, and the gradient that has arrived at it."""

    x: tuple[Matrix, ...]
    """The operands of the step."""
    y: Matrix
    """Its result."""
    g: Matrix
    """The gradient of its result."""
    k: int
    """The number of the operand whose gradient is asked for."""
    params: Mapping[str, Any]
    """The parameters of the step's operation."""

    @property
    def a(self) -> Matrix:
        """The first operand."""
        return self.x[0]

    @property
    def b(self) -> Matrix:
        """The second operand."""
        return self.x[1]


class Way(Struct, frozen=True, eq=False):
    """How a gradient goes back through an operation to an operand: what is recorded then."""

    line: Callable[[Arrived], Line | Matrix]
    """The step that the gradient of the operand is; or the arrived gradient itself, where nothing changes."""
    power: int = 0
    """How many factors ln b it has beside its numbers, for powers of base b; b = e needs none."""


class Op(Struct, frozen=True, eq=False):
    """An operation: the rule of one output cell, its formula and its properties, and an example."""

    name: str
    rule: Callable[..., Expr]
    signature: str
    """The index letters of the operands and of the result, as in einsum: "ik,kj->ij". 1 is a single row or column;
    a … after the last operand stands for any number of operands like it; * is the axis along which these are
    stacked."""
    formula: str
    """The whole step in LaTeX, {0} and {1} being the operands."""
    columns: str
    """The formula where tokens are columns."""
    said: str
    """What is done in a cell, in English, the first step of help on a screen; with {row}, {column}, {rows} or
    {columns} in place of these words, as in the texts of a mistake. Another language has its own, as rules.NAME."""
    undefined: str
    """What is wrong if a cell divides by 0, for an error message."""
    example: Example
    edges: tuple[Example, ...] = ()
    """Further examples, of special cases."""
    by_place: str = ""
    """The letters whose places the rule tells apart, as a mask does; … for the order of the operands. In every other
    letter the rule is uniform: if the places of the operands are permuted, so are those of the result, or the result
    stays the same."""
    places: Mapping[str, str] = {}
    """The parameters that name places, by letters: "i->k" names a place of k for each place of i. They change when
    those places are permuted."""
    tells: str = ""
    """The letter whose places are the numbers of the result, as those of argmax are."""
    activation: str = ""
    """The choice of act_fn that it is; "" for none. If its rule takes a base, that is the base of softmax."""
    backward: tuple[str | tuple[Way, ...], ...] = ()
    """For each operand the ways of a gradient to it, whose sum is its gradient; or, in a sentence, why it has none.
    The last is that of all operands that a … stands for."""

    def ways(self, k: int) -> str | tuple[Way, ...]:
        """The ways of a gradient to an operand, by its number; or why there are none."""
        if not self.backward:
            return f"byhand does not know how a gradient goes back through {self.name}"
        return self.backward[min(k, len(self.backward) - 1)]

    def letters(self, operands: int) -> tuple[list[str], str]:
        """The index letters of each operand, for this number of operands, and of the result: ["ik", "kj"], "ij"."""
        inputs, result = self.signature.split("->")
        letters = inputs.split(",") if inputs else []
        if letters and letters[-1].endswith("…"):  # any number of operands like the last
            letters[-1] = letters[-1][:-1]
            letters += [letters[-1]] * (operands - len(letters))
        return letters, result

    def __call__(
        self, *operands: Matrix, name: str, tape: Tape | None = None,
        sizes: Mapping[str, tuple[int, str]] | None = None, **params: Any,
    ) -> Matrix:  # fmt: skip
        """Record a step on the tape of the operands; on `tape` if there are none.

        sizes: the size and the axis name of each letter that no operand has.

        Raises: ValuesError where the shapes do not fit.
        """
        on = operands[0].tape if operands else tape
        assert on is not None, f"{self.name} needs an operand or a tape"
        shape, axes = self._result(operands, dict(sizes or {}))
        return on.record(Step(name, self, tuple(m.name for m in operands), params, shape, axes, on.current_part))

    def _result(self, operands: Sequence[Matrix], sizes: dict[str, tuple[int, str]]) -> tuple[Shape, tuple[str, str]]:
        """The shape and the axes of the result.

        Raises: ValuesError where a letter has two sizes.
        """
        letters, result = self.letters(len(operands))
        for operand, pair in zip(operands, letters, strict=True):
            for letter, size, axis in zip(pair, operand.shape, operand.axes, strict=True):
                known = sizes.setdefault(letter, (size, axis)) if letter != "1" else (1, "")
                if letter != "*" and known[0] != size:
                    other = "1 here" if letter == "1" else f"{known[0]} elsewhere"
                    told = f"{operand.name} is {shape_text(operand.shape)}"
                    raise ValuesError(f"{self.name}: {told}, but {axis or letter} is {other}")
        (rows, row_axis), (cols, col_axis) = (sizes.get(x, (1, "")) for x in result)
        return (rows, cols), (row_axis, col_axis)

    def general_rule(self, names: Sequence[str], **params: Any) -> Expr:
        """The rule at symbolic indices i, j on matrices of unknown size, m × n."""
        return self.rule_at(Index("i"), Index("j"), [Named(n, Index("m"), Index("n")) for n in names], params)

    def rule_at(self, i: At, j: At, operands: Sequence[Operand], params: Mapping[str, Any]) -> Expr:
        """The tree of one cell, for operands of any size."""
        return self.rule(*operands, i=i, j=j, **params)


Backward = Callable[[Arrived], "Line | Matrix"] | Way | tuple[Way, ...] | str
OPS: dict[str, Op] = {}
ACTIVATIONS: dict[str, Op] = {}  # by the choice of act_fn


def op(
    signature: str,
    *,
    formula: str,
    said: str,
    columns: str = "",
    undefined: str = "its divisor is 0",
    example: Example,
    edges: tuple[Example, ...] = (),
    by_place: str = "",
    places: Mapping[str, str] | None = None,
    tells: str = "",
    activation: str = "",
    backward: Sequence[Backward] = (),
) -> Callable[[Callable[..., Expr]], Op]:
    """Register the rule of one cell as an operation.

    backward: for each operand the line of its gradient, or several ways, or a sentence that says why it has none.
    """
    ways = tuple((Way(each),) if callable(each) else (each,) if isinstance(each, Way) else each for each in backward)

    def register(rule: Callable[..., Expr]) -> Op:
        new = Op(
            rule.__name__, rule, signature, formula, columns or formula, said, undefined, example, edges, by_place,
            places or {}, tells, activation, ways,
        )  # fmt: skip
        OPS[new.name] = new
        if activation:
            ACTIVATIONS[activation] = new
        return new

    return register


class Computed(int):
    """A parameter of an operation that a model computes from the numbers of the run: an index, or 0 or 1.

    If a symmetry moves the numbers, such a parameter is computed anew, and so moves with them.
    """


class Step(Struct, frozen=True, dict=True):
    """One line on paper: a named matrix, with the operation and the inputs that it is computed from."""

    name: str
    op: Op | None
    """The operation; None for a given."""
    inputs: tuple[str, ...]
    params: Mapping[str, Any]
    shape: Shape
    axes: tuple[str, str]
    part: str = ""
    """The part of the architecture that the step belongs to: embed, ln1, heads, …; "" for none."""
    times: str = ""
    """The irrational factor that is printed beside the numbers of a gradient, "ln 2"; "" for none."""

    @property
    def factor(self) -> float:
        """The value of `times`: 0.69… for "ln 2", and 1 where nothing stands beside the numbers."""
        match = re.fullmatch(r"(1/)?\(?ln (\d+)\)?([⁰¹²³⁴⁵⁶⁷⁸⁹]*)", self.times)
        if match is None:
            return 1.0
        below, base, power = match.groups()
        value = math.log(int(base)) ** int(power.translate(LOWERED) or 1)
        return 1 / value if below else value

    @property
    def latex_factor(self) -> str:
        """`times` in LaTeX, with the sign before it."""
        sign = r"\div" if self.times.startswith("1/") else r"\cdot"
        return f"{sign} {self.times.removeprefix('1/')}".replace("ln", r"\ln") if self.times else ""

    @property
    def layer(self) -> str:
        """The layer in the step's name: blocks.0 in blocks.0.attn.hook_q[1]; "" for none."""
        return self._in_name[0]

    @property
    def stem(self) -> str:
        """The step's name without layer and head: attn.hook_q in blocks.0.attn.hook_q[1]."""
        return self._in_name[1]

    @property
    def head(self) -> int | None:
        """The head in the step's name: 1 in blocks.0.attn.hook_q[1]; None where it has none."""
        return self._in_name[2]

    @cached_property
    def _in_name(self) -> tuple[str, str, int | None]:
        match = re.fullmatch(r"(?:((?:blocks|encoder|decoder)\.\d+)\.)?(.*?)(?:\[(\d+)\])?", self.name)
        assert match is not None
        layer, stem, head = match.groups()
        return layer or "", stem, None if head is None else int(head)

    @property
    def op_name(self) -> str:
        """The name of the operation, or "given"."""
        return self.op.name if self.op else "given"

    @cached_property
    def _trees(self) -> dict[tuple[Any, ...], Expr]:
        """The trees that were built so far, by the cell and the shapes of the operands."""
        if all(type(param) in (int, str) for param in self.params.values()):
            return _shared_trees(self.op, self.inputs, tuple(self.params.items()))
        return {}

    def cell(self, op: Op, i: int, j: int, shapes: Sequence[Shape]) -> Expr:
        """The tree of one cell, over references to the inputs, which have these shapes; memoised."""
        place, trees = (i, j, *shapes), self._trees
        if place not in trees:
            operands = [Named(name, *shape) for name, shape in zip(self.inputs, shapes, strict=True)]
            trees[place] = op.rule_at(i, j, operands, self.params)
        return trees[place]


@lru_cache(maxsize=2000)
def _shared_trees(
    op: Op, inputs: tuple[str, ...], params: tuple[tuple[str, Any], ...]
) -> dict[tuple[Any, ...], Expr]:
    """One table of trees for all steps alike: a search for numbers runs the same steps again and again."""
    return {}


class Named(Struct, frozen=True):
    """An operand by its name and its size, which may be symbolic."""

    name: str
    rows: At
    cols: At

    def __getitem__(self, at: tuple[At, At]) -> Ref:
        return Ref(self.name, at)


class Matrix(Struct, frozen=True):
    """A step on a tape: what operations take and return. Rules index it, and layers pass it on."""

    tape: Tape
    name: str

    @property
    def step(self) -> Step:
        return self.tape.steps[self.name]

    @property
    def shape(self) -> Shape:
        return self.step.shape

    @property
    def axes(self) -> tuple[str, str]:
        return self.step.axes

    @property
    def rows(self) -> int:
        return self.step.shape[0]

    @property
    def cols(self) -> int:
        return self.step.shape[1]

    @property
    def values(self) -> Rows:
        return self.tape.values(self.name)

    def __getitem__(self, at: tuple[At, At]) -> Ref:
        return Ref(self.name, at)


class Tape:
    """Steps in the order in which they were recorded, and their values in one number system.

    numbers: the given matrices by name, as rows of exact numbers (int, Fraction), −∞ or letters. defaults: the names
    of the givens that were left out and are filled with a default. fixed: the names of the givens that say how the
    model is built or used, such as its sizes; each of their numbers has a meaning of its own, so no other numbers may
    take their places. results: the names of the steps that the model returns. loss: the step whose gradients were
    recorded.
    """

    def __init__(self, domain: Domain, numbers: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        self.domain = domain
        self.numbers = dict(numbers)
        self.steps: dict[str, Step] = {}
        self.defaults: set[str] = set()
        self.fixed: set[str] = set()
        self.results: tuple[str, ...] = ()
        self.loss = ""
        self.current_part = ""
        self._values: dict[str, Rows] = {}
        self._as_seen: Callable[[Scalar], Scalar] | None = None
        self._unseen: Mapping[str, Rows] = {}  # numbers of which `values` makes what they are seen as

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Within the block, steps are recorded as belonging to this part of the architecture. The innermost part
        counts.

        with tape.part("mlp"):
            hidden = matmul(x, w_in, name="hidden")    → tape.steps["hidden"].part is "mlp"
        """
        outer, self.current_part = self.current_part, name
        try:
            yield
        finally:
            self.current_part = outer

    def given(
        self, name: str, shape: Shape, axes: tuple[str, str] = ("", ""), default: int | Fraction | None = None,
        fixed: bool = False,
    ) -> Matrix:  # fmt: skip
        """A matrix whose numbers are given, recorded at the first call. If they are left out, it is filled with the
        default. fixed: whether it says how the model is built or used, as a size does.
        """
        if fixed:
            self.fixed.add(name)
        if default is not None and name not in self.numbers:
            self.numbers[name] = ((default,) * shape[1],) * shape[0]
            self.defaults.add(name)
        known = name in self.steps and self.steps[name].shape == shape
        return Matrix(self, name) if known else self.record(Step(name, None, (), {}, shape, axes, self.current_part))

    def record(self, step: Step) -> Matrix:
        """Record a step. If its numbers are given, it becomes a given and its op is dropped.

        Raises: MisfitError where the given numbers have another shape.
        """
        assert step.name not in self.steps, f"two steps are called {step.name}"
        if step.name in self.numbers:
            rows = self.numbers[step.name]
            shape = (len(rows), len(rows[0]) if rows else 0)
            if shape != step.shape:
                raise MisfitError(step.name, f"{shape_text(shape)}; the model needs {shape_text(step.shape)}")
            step = replace(step, op=None, inputs=()) if step.op else step
        self.steps[step.name] = step
        return Matrix(self, step.name)

    def __getitem__(self, name: str) -> Matrix:
        if name not in self.steps:
            raise UnknownNameError("step", name, self.steps)
        return Matrix(self, name)

    def cell(self, name: str, i: int, j: int) -> Expr:
        """The tree of one cell; for a given, its number."""
        step = self[name].step
        if step.op is None:
            return Num(self.values(name)[i][j])
        return step.cell(step.op, i, j, [self.steps[n].shape for n in step.inputs])

    def values(self, name: str) -> Rows:
        """The numbers of a step, evaluated at the first call.

        Raises: DomainError where a cell leaves the number system; ValuesError where a given is missing.
        """
        if name in self._values:
            return self._values[name]
        if name in self._unseen:
            self._values[name] = self._seen(self._unseen[name])
        else:
            for step in self.needed(name):
                rows = self._given(step) if step.op is None else self._computed(step, step.op)
                self._values[step.name] = self._seen(rows)
        return self._values[name]

    def needed(self, name: str) -> list[Step]:
        """The steps that are not evaluated yet and that this step needs, itself included, in the order of the
        tape.
        """
        unevaluated: set[str] = set()
        stack = [name]
        while stack:
            reached = stack.pop()
            if reached not in unevaluated and reached not in self._values and reached not in self._unseen:
                unevaluated.add(reached)
                stack += self[reached].step.inputs
        return [s for s in self.steps.values() if s.name in unevaluated]

    def used(self) -> list[Step]:
        """The steps that were evaluated, in the order of the tape."""
        return [s for s in self.steps.values() if s.name in self._values or s.name in self._unseen]

    def replay(
        self, domain: Domain | None = None, numbers: Mapping[str, Any] | None = None,
        rewrite: Callable[[Step], Iterable[Step]] = lambda step: (step,),
    ) -> Tape:  # fmt: skip
        """A new tape with the same steps, in another number system, with other given numbers, or with steps
        rewritten. What is evaluated here, and follows from nothing that is other there, is not evaluated again.

        numbers: by step; a computed step in it becomes a given. rewrite: the steps that take the place of a step.

        Raises: UnknownNameError for numbers of a step that the tape does not have.
        """
        for name in numbers or {}:
            if name not in self.steps and name not in self.numbers:
                raise UnknownNameError("step", name, self.steps)
        seen = {name: self.values(name) for name in self.numbers if name in self._unseen}
        copy = Tape(domain or self.domain, {**self.numbers, **seen, **(numbers or {})})
        kept = {} if domain or numbers else self._values
        for step in self.steps.values():
            steps = [*rewrite(step)]
            for new in steps:
                copy.record(new)
            if steps == [step] and step.name in kept and all(name in copy._values for name in step.inputs):
                copy._values[step.name] = kept[step.name]
        return copy

    def seen(self, domain: Domain, as_seen: Callable[[Scalar], Scalar]) -> Tape:
        """A new tape with the same steps in another number system, where each number is `as_seen` of the one here."""
        copy = Tape(domain, self.numbers)
        copy.steps, copy.defaults, copy.fixed = self.steps, self.defaults, self.fixed
        copy.results, copy.loss = self.results, self.loss
        copy._as_seen = as_seen
        copy._unseen = {s.name: self.values(s.name) for s in self.used()} if self._unseen else self._values
        return copy

    def _seen(self, rows: Rows) -> Rows:
        return tuple(tuple(map(self._as_seen, row)) for row in rows) if self._as_seen else rows

    def value(self, ref: Ref) -> Scalar:
        """The number of one cell."""
        i, j = ref.index
        rows = self._values.get(ref.matrix) or self.values(ref.matrix)
        return rows[i][j]  # type: ignore[index]

    def _given(self, step: Step) -> Rows:
        if step.name not in self.numbers:
            raise ValuesError(f"{step.name} is missing; give it ({shape_text(step.shape)}) or a later step")
        try:
            return tuple(tuple(self._in_domain(x) for x in row) for row in self.numbers[step.name])
        except LeavesDomainError as error:
            raise DomainError(f"{step.name}: {error}") from None

    def _in_domain(self, number: Any) -> Scalar:
        """A given number or letter as a value of the number system."""
        return self.domain.letter(number) if isinstance(number, str) else self.domain.num(number)

    def _computed(self, step: Step, op: Op) -> Rows:
        rows, cols = step.shape
        shapes = [self.steps[name].shape for name in step.inputs]
        return tuple(tuple([self._value_of_cell(step, op, i, j, shapes) for j in range(cols)]) for i in range(rows))

    def _value_of_cell(self, step: Step, op: Op, i: int, j: int, shapes: Sequence[Shape]) -> Scalar:
        """The value of a cell.

        Raises: DomainError that names the step and the cell.
        """
        try:
            return self.domain.settle(step.cell(op, i, j, shapes), self.value)
        except ZeroDivisionError:
            problem = op.undefined.format(row=i + 1)
        except NotRealError as error:
            problem = f"{error}; use other numbers"
        except LeavesDomainError as error:
            problem = f"{error}; {self.domain.advice}"
        raise DomainError(f"{step.name}, row {i + 1}, column {j + 1}: {problem}")


def power_of_logarithm(base: Any, power: int) -> str:
    """A power of ln b as it stands beside numbers: "ln 2", "(ln 2)²", "1/ln 2"; "" where there is none."""
    if not power:
        return ""
    text = f"ln {base}" if abs(power) == 1 else f"(ln {base}){str(abs(power)).translate(RAISED)}"
    return text if power > 0 else f"1/{text}"


def ancestors(steps: Mapping[str, Step], *names: str, up_to: Container[str] = ()) -> set[str]:
    """Steps, and all from which they are computed. up_to: steps behind which it does not go."""
    found, stack = set[str](), [*names]
    while stack:
        reached = stack.pop()
        if reached not in found:
            found.add(reached)
            stack += steps[reached].inputs if reached not in up_to else ()
    return found


def shape_text(shape: Sequence[int]) -> str:
    """A shape as text: 3 × 4."""
    return " × ".join(str(n) for n in shape)
