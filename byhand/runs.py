"""A run of a model: its steps, their numbers, and the rule of every cell. Everything else reads it.

A tape computes steps as they are asked for. A run holds those that were computed, and no longer changes:

    run = Run.of(tape, "matrix-product", config)
    run.values("AB")         → ((Fraction(11, 1),),)
    run.rule("AB", 0, 0)     → the tree A[0,0]·B[0,0] + A[0,1]·B[1,0]
    run.worked("AB", 0, 0)   → the same tree with the numbers in it: 1·3 + 2·4
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.arithmetic.domain import Domain
from byhand.arithmetic.expr import At, Expr, Index, Num, Ref, Scalar, bind, is_at, nodes, substitute
from byhand.errors import UnknownNameError
from byhand.model.config import Config
from byhand.notation.marks import in_slot
from byhand.notation.number import plain
from byhand.tape import Named, Op, Rows, Step, Tape

I, J = Index("i"), Index("j")  # noqa: E741 - the row and the column of a cell, in a rule for all cells
Texts = tuple[tuple[str, ...], ...]


class Run(Struct, frozen=True, eq=False):
    """The steps of a model in the order of the tape, with their numbers in one number system."""

    model: str
    config: Config
    domain: Domain
    steps: Mapping[str, Step]
    rows: Mapping[str, Rows]
    """The numbers of each step."""
    texts: Mapping[str, Texts]
    """The numbers as they stand in files: "3", "-1/2", "0.25", "-inf", "2*a - b"."""
    tokens: tuple[str, ...] = ()
    """Words, or ids where there is no vocabulary."""
    vocabulary: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    """The words that an encoder reads."""
    sheet: str | None = None
    """The sheet that the run was made for."""
    seed: int | None = None
    """The seed that it was made for; None where a class's secret decided its numbers."""
    quality: Mapping[str, Any] | None = None
    """Figures of numbers that were searched for, such as the largest denominator."""
    hash: str = ""
    """Seven hex digits, computed from the numbers that a page shows."""
    target: tuple[str, ...] = ()
    """The right words, of which the loss is the mean surprisal: one after the last token, or one after each."""
    loss: str = ""
    """The step whose gradients the run has; "" for a run without gradients."""
    uniforms: dict[str, tuple[Step, list[tuple[int, int]], Expr | None]] = field(default_factory=dict)
    """What `uniform` has found, by steps' names, with the step and the shapes that it reads; runs that share steps
    share it."""

    @classmethod
    def of(cls, tape: Tape, model: str, config: Config, **about: Any) -> Run:
        """The run of the steps of a tape that were evaluated. about: the other fields."""
        steps = {step.name: step for step in tape.used()}
        rows = {name: tape.values(name) for name in steps}
        texts = {name: tuple(tuple(map(plain, row)) for row in values) for name, values in rows.items()}
        return cls(model, config, tape.domain, steps, rows, texts, loss=tape.loss, **about)

    def __getitem__(self, name: str) -> Step:
        """A step.

        Raises: UnknownNameError.
        """
        if name not in self.steps:
            raise UnknownNameError("step", name, self.steps)
        return self.steps[name]

    def values(self, name: str) -> Rows:
        """The numbers of a step."""
        return self.rows[self[name].name]

    def value(self, ref: Ref) -> Scalar:
        """The number of one cell."""
        i, j = ref.index
        return self.values(ref.matrix)[i][j]  # type: ignore[index]

    def rule(self, name: str, i: int, j: int) -> Expr:
        """The tree of one cell, over references to the cells that it reads; for a given, its number."""
        step = self[name]
        if step.op is None:
            return Num(self.values(name)[i][j])
        return step.cell(step.op, i, j, [self.steps[read].shape for read in step.inputs])

    def worked(self, name: str, i: int, j: int) -> Expr:
        """The tree of one cell with numbers in place of references: the worked line."""
        return substitute(self.rule(name, i, j), self.value)

    def tape(self) -> Tape:
        """A tape with its steps and numbers, for what reads one."""
        tape = Tape(self.domain, {name: self.rows[name] for name, step in self.steps.items() if step.op is None})
        tape.steps, tape.loss = dict(self.steps), self.loss
        return tape

    def uniform(self, name: str) -> Expr | None:
        """One tree in i and j for all cells of a step; None if there is none, as after a mask, or for a given.

        It is checked at every cell: with i and j bound and its sums written out, it is the tree of the cell.
        """
        step = self[name]
        shapes = [self.steps[read].shape for read in step.inputs]
        known = self.uniforms.get(name)
        if known is None or known[0] is not step or known[1] != shapes:
            cells = [(i, j) for i in range(step.shape[0]) for j in range(step.shape[1])]
            trees = () if step.op is None else self._general(step, step.op)
            same = (tree for tree in trees if all(is_at(tree, {I: i, J: j}, self.rule(name, i, j)) for i, j in cells))
            known = self.uniforms[name] = step, shapes, next(same, None)
        return known[2]

    def _general(self, step: Step, op: Op) -> Iterator[Expr]:
        """Candidates for `uniform`: the rule with sums as Σ, the rule with sums written out, the tree of the first
        cell.
        """
        known, sized, sizes = list[Named](), list[Named](), dict[Index, At]()
        for k, (read, (rows, cols)) in enumerate((read, self.steps[read].shape) for read in step.inputs):
            n, m = Index(f"rows of {k}"), Index(f"columns of {k}")
            known.append(Named(read, rows, cols))
            sized.append(Named(read, n, m))
            sizes |= {n: rows, m: cols}
        for operands in (sized, known):
            tree = bind(op.rule_at(I, J, operands, step.params), sizes)
            if not any(isinstance(node, Num) and isinstance(node.value, Index) for node in nodes(tree)):
                yield tree
        yield self.rule(step.name, 0, 0)

    def params(self, name: str) -> dict[str, Any]:
        """The parameters of a step's operation, as they stand in files: whole numbers, words, and fractions as
        text.
        """
        return {key: _plain(param) for key, param in self[name].params.items()}

    def in_slots(self) -> Run:
        """The run as a page with slots shows it: a number has a slot of its own, even if all copies share it."""
        show = partial(in_slot, self.domain)
        rows = {name: tuple(tuple(map(show, row)) for row in matrix) for name, matrix in self.rows.items()}
        return replace(self, rows=rows, texts=_Written(rows))

    @property
    def numbers(self) -> str:
        """The number system's name: exact, decimal, float or symbolic."""
        return self.domain.name

    @property
    def places(self) -> int | None:
        """The decimal places of classroom decimals; None in another number system."""
        return self.domain.details().get("places")

    @property
    def rounding(self) -> str | None:
        """Where classroom decimals are rounded: in each cell ("carry"), or only where they are printed ("once")."""
        return self.domain.details().get("rounding")


class _Written(Mapping[str, Texts]):
    """The numbers of steps as they stand in files, written when they are asked for."""

    def __init__(self, rows: Mapping[str, Rows]) -> None:
        self.rows = rows

    def __getitem__(self, name: str) -> Texts:
        return tuple(tuple(map(plain, row)) for row in self.rows[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def _plain(param: Any) -> Any:
    if isinstance(param, Sequence) and not isinstance(param, str):
        return [_plain(item) for item in param]
    return param if isinstance(param, int | str) else plain(param)
