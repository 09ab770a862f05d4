"""A run of a model: its steps, their numbers, and the rule of every cell. Everything else reads it.

A tape computes what someone asks for; a run is what it came to once everyone has asked, and no longer changes:

    run = Run.of(tape, "matrix-product", config)
    run.values("AB")         → ((Fraction(11, 1),),)
    run.rule("AB", 0, 0)     → the tree A[0,0]·B[0,0] + A[0,1]·B[1,0]
    run.worked("AB", 0, 0)   → the same tree with the numbers in it: 1·3 + 2·4
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.arithmetic.domain import Domain
from byhand.arithmetic.expr import At, Expr, Index, Num, Ref, bind, is_at, nodes, substitute
from byhand.errors import UnknownNameError
from byhand.model.config import Config
from byhand.notation.number import plain
from byhand.tape import Named, Op, Rows, Step, Tape

I, J = Index("i"), Index("j")  # noqa: E741 - a cell's row and column, in a rule for all cells
Texts = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Run:
    """The steps of a model in the order of writing, with their numbers in one number system.

    rows: the numbers of each step; texts: the same as files have them: "3", "-1/2", "0.25", "-inf", "2*a - b".
    tokens: as words, or as numbers where there is no vocabulary; source: those that an encoder reads.
    sheet, seed: what it was made for; quality: what is promised of numbers that were searched for.
    hash: seven hex digits that stand for the numbers, as a page shows them.
    """

    model: str
    config: Config
    domain: Domain
    steps: Mapping[str, Step]
    rows: Mapping[str, Rows]
    texts: Mapping[str, Texts]
    tokens: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    sheet: str | None = None
    seed: int | None = None
    quality: Mapping[str, Any] | None = None
    hash: str = ""

    @classmethod
    def of(cls, tape: Tape, model: str, config: Config, **about: Any) -> Run:
        """The steps of a tape that were evaluated, and what else is known of the run."""
        steps = {step.name: step for step in tape.used()}
        rows = {name: tape.values(name) for name in steps}
        texts = {name: tuple(tuple(map(plain, row)) for row in values) for name, values in rows.items()}
        return cls(model, config, tape.domain, steps, rows, texts, **about)

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

    def value(self, ref: Ref) -> Any:
        """The number of one cell."""
        i, j = ref.index
        return self.values(ref.matrix)[i][j]  # type: ignore[index]

    def rule(self, name: str, i: int, j: int) -> Expr:
        """The arithmetic of one cell, over references to what it reads; of a given, its number."""
        step = self[name]
        if step.op is None:
            return Num(self.values(name)[i][j])
        return step.cell(step.op, i, j, [self.steps[read].shape for read in step.inputs])

    def worked(self, name: str, i: int, j: int) -> Expr:
        """The arithmetic of one cell with the numbers in it."""
        return substitute(self.rule(name, i, j), self.value)

    def uniform(self, name: str) -> Expr | None:
        """The rule of all cells of a computed step as one tree in i and j; None where they differ in more than that.

        It is proven: at every cell, with the sums spelled out, it is the cell's own tree.
        """
        step = self[name]
        if step.op is None:
            return None
        cells = [(i, j) for i in range(step.shape[0]) for j in range(step.shape[1])]
        for tree in self._general(step, step.op):
            if all(is_at(tree, {I: i, J: j}, self.rule(name, i, j)) for i, j in cells):
                return tree
        return None

    def _general(self, step: Step, op: Op) -> Iterator[Expr]:
        """Trees that may hold for all cells: with sums as Σ, with the sums spelled out, and the first cell's own."""
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
        """The parameters of a step's operation, as files have them: whole numbers, words, fractions as text."""
        return {key: _plain(param) for key, param in self[name].params.items()}

    @property
    def numbers(self) -> str:
        """The number system's name: exact, decimal, float or symbolic."""
        return self.domain.name

    @property
    def places(self) -> int | None:
        """The places of classroom decimals."""
        return self.domain.details().get("places")

    @property
    def rounding(self) -> str | None:
        """Whether decimals are rounded in each cell ("carry") or only where they are printed ("once")."""
        return self.domain.details().get("rounding")


def _plain(param: Any) -> Any:
    if isinstance(param, Sequence) and not isinstance(param, str):
        return [_plain(item) for item in param]
    return param if isinstance(param, int | str) else plain(param)
