"""The values of many copies of a sheet at once: each number of a class's run is one value a copy.

A renaming of dimensions (choosing/symmetry) leaves few different values for a cell, so a `Many` holds these and, for
each copy, which one it has: an operation is carried out once for every pair of values that meet, exactly, and in
whatever number system.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from byhand.arithmetic.domain import Domain, Lookup
from byhand.arithmetic.expr import Expr, Num, Ref, evaluate, rebuild, refs
from byhand.errors import SheetError

if TYPE_CHECKING:
    import numpy as np

FIRST_MARK = 0xF0000  # of the private use planes: marks stand in text where a value of each copy will stand
MOST_MARKS = 60_000


@dataclass(frozen=True, eq=False)
class Many:
    """A value a copy: copy k has `kinds[which[k]]`. What is asked of it must be true of all of them, or of none."""

    domain: Copies
    kinds: tuple[Any, ...]
    which: np.ndarray

    def at(self, copy: int) -> Any:
        """The value of one copy."""
        return self.kinds[self.which[copy]]

    def map(self, change: Callable[[Any], Any]) -> Many:
        """What a function makes of each value."""
        kinds, places = _distinct([change(kind) for kind in self.kinds])
        return Many(self.domain, kinds, places[self.which])

    def mark(self, write: Callable[[Any], str]) -> str:
        """A character that stands in a text where each copy has the value, written so."""
        return self.domain.mark(self.map(write))

    def __str__(self) -> str:
        raise TypeError("a number differs from copy to copy, and is written as a mark only")

    def __bool__(self) -> bool:
        return bool(self._agreed(lambda own, _: bool(own), None))

    def __int__(self) -> int:
        return int(self._agreed(lambda own, _: int(own), None))

    def __eq__(self, other: object) -> bool:
        return bool(self._agreed(operator.eq, other))

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> bool:
        return bool(self._agreed(operator.lt, other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._agreed(operator.gt, other))

    def _agreed(self, ask: Callable[[Any, Any], Any], other: Any) -> Any:
        """An answer that is the same in every copy.

        Raises: TypeError where it is not, so that no page depends on one copy's numbers.
        """
        if isinstance(other, Many):
            answers = set(joined([self, other], ask).kinds)
        else:
            answers = {ask(kind, other) for kind in self.kinds}
        if len(answers) > 1:
            raise TypeError("the answer differs from copy to copy")
        return answers.pop()


class Copies(Domain):
    """Values of many copies at once, in another number system. Numbers that all copies share stay as they are.

    marks: what stands in each copy's text in place of each mark.
    """

    def __init__(self, inner: Domain, count: int) -> None:
        self.inner = inner
        self.count = count
        self.name = inner.name
        self.advice = inner.advice
        self.rule = inner.rule
        self.marks: list[Many] = []

    def number(self, kinds: Sequence[Any], which: np.ndarray) -> Many:
        """A number or letter that differs from copy to copy."""
        own = (self.inner.letter(kind) if isinstance(kind, str) else self.inner.num(kind) for kind in kinds)
        return Many(self, tuple(own), which)

    def number_of(self, numbers: Sequence[Any]) -> Many:
        """A number or letter a copy."""
        return self.number(*_distinct(numbers))

    def texts(self, texts: Sequence[str]) -> Many:
        """A text a copy."""
        return Many(self, *_distinct(texts))

    def mark(self, texts: Many) -> str:
        """A new mark for texts.

        Raises: SheetError where there are too many.
        """
        if len(self.marks) == MOST_MARKS:
            raise SheetError(f"a class's page may have {MOST_MARKS:,} numbers; this one has more")
        self.marks.append(texts)
        return chr(FIRST_MARK + len(self.marks) - 1)

    def mark_each(self, write: Callable[[int], str]) -> str:
        """A new mark for what is written for each copy."""
        return self.mark(self.texts([write(copy) for copy in range(self.count)]))

    def details(self) -> dict[str, Any]:
        return self.inner.details()

    def num(self, value: Any) -> Any:
        return value if isinstance(value, Many) else self.inner.num(value)

    def letter(self, name: str) -> Any:
        return self.inner.letter(name)

    def add(self, a: Any, b: Any) -> Any:
        return self.met(self.inner.add, a, b)

    def sub(self, a: Any, b: Any) -> Any:
        return self.met(self.inner.sub, a, b)

    def mul(self, a: Any, b: Any) -> Any:
        return self.met(self.inner.mul, a, b)

    def div(self, a: Any, b: Any) -> Any:
        return self.met(self.inner.div, a, b)

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        return self.met(lambda *values: self.inner.fn(name, values), *args)

    def settle(self, node: Expr, values: Lookup) -> Any:
        """The value of a cell: operation by operation where the number system keeps every value as it is."""
        if self.inner.name == "exact":
            return evaluate(node, values, self)
        own: list[Many] = []

        def named(leaf: Num | Ref) -> Expr:
            if isinstance(leaf, Num) and isinstance(leaf.value, Many):
                own.append(leaf.value)
                return Ref("", (len(own) - 1,))
            return leaf

        node = rebuild(node, named)
        found = list(dict.fromkeys(refs(node)))

        def settled(*met: Any) -> Any:
            return self.inner.settle(node, dict(zip(found, met, strict=True)).__getitem__)

        return self.met(settled, *(values(ref) if ref.matrix else own[ref.index[0]] for ref in found))  # type: ignore[index]

    def met(self, f: Callable[..., Any], *args: Any) -> Any:
        """A function's values, each computed once for those arguments that meet in a copy."""
        many = [arg for arg in args if isinstance(arg, Many)]
        if not many:
            return f(*args)
        if len(many) == len(args):
            return joined(many, f)

        def with_constants(*met: Any) -> Any:
            each = iter(met)
            return f(*(next(each) if isinstance(arg, Many) else arg for arg in args))

        return joined(many, with_constants)


def joined(many: Sequence[Many], f: Callable[..., Any]) -> Many:
    """A function's value in every copy, computed once for values that meet in several."""
    import numpy as np

    first, *others = many
    met, place = np.arange(len(first.kinds)), first.which
    columns = [met]
    for other in others:
        met, place = np.unique(place * len(other.kinds) + other.which, return_inverse=True)
        columns = [column[met // len(other.kinds)] for column in columns]
        columns.append(met % len(other.kinds))
    values = [[each.kinds[k] for k in column.tolist()] for each, column in zip(many, columns, strict=True)]
    kinds, places = _distinct([f(*each) for each in zip(*values, strict=True)])
    return Many(first.domain, kinds, places[place])


def copy_of(node: Expr, copy: int) -> Expr:
    """A worked line as one copy has it."""

    def own(leaf: Num | Ref) -> Expr:
        return Num(leaf.value.at(copy)) if isinstance(leaf, Num) and isinstance(leaf.value, Many) else leaf

    return rebuild(node, own)


def _distinct(values: Sequence[Any]) -> tuple[tuple[Any, ...], np.ndarray]:
    """The different values, and the place of each value among them. 0.5 and 0.50 are written differently."""
    import numpy as np

    places: dict[Any, int] = {}
    kinds: list[Any] = []
    which = []
    for value in values:
        key = str(value) if isinstance(value, Decimal) else value
        place = places.setdefault(key, len(kinds))
        if place == len(kinds):
            kinds.append(value)
        which.append(place)
    return tuple(kinds), np.array(which)
