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
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from byhand.arithmetic.arrays import ARRAYS, Array, Unfit
from byhand.arithmetic.domain import Domain, Lookup
from byhand.arithmetic.expr import Expr, Num, Ref, evaluate, rebuild, refs
from byhand.errors import SheetError

if TYPE_CHECKING:
    import numpy as np

FIRST_MARK = 0xF0000  # of the private use planes: marks stand in text where a value of each copy will stand
MOST_MARKS = 60_000


class Differs(Exception):  # noqa: N818
    """No error, but the way out of a page that not all copies have: each copy's answer to what was asked."""

    def __init__(self, answers: Many) -> None:
        super().__init__("the answer differs from copy to copy")
        self.answers = answers


@dataclass(frozen=True, eq=False)
class Many:
    """A value a copy: copy k has `kinds[which[k]]`. What is asked of it must be true of all of them, or of none."""

    domain: Copies
    kinds: tuple[Any, ...]
    which: np.ndarray

    def at(self, copy: int) -> Any:
        """The value of one copy."""
        return self.kinds[self.which[copy]]

    @cached_property
    def array(self) -> Array:
        """The values as fractions.

        Raises: Unfit where they are something else.
        """
        return Array.of(self.kinds).at(self.which)

    def map(self, change: Callable[[Any], Any]) -> Many:
        """What a function makes of each value."""
        kinds, places = _distinct([change(kind) for kind in self.kinds])
        return Many(self.domain, kinds, places[self.which])

    def figures(self, figure: Callable[[Any], Any]) -> np.ndarray:
        """A figure of each copy's value."""
        import numpy as np

        each: np.ndarray = np.array([figure(kind) for kind in self.kinds])[self.which]
        return each

    def among(self, domain: Copies, copies: np.ndarray) -> Many:
        """The values of some copies."""
        import numpy as np

        found, which = np.unique(self.which[copies], return_inverse=True)
        return Many(domain, tuple(self.kinds[k] for k in found.tolist()), which)

    def mark(self, write: Callable[[Any], str]) -> str:
        """A character that stands in a text where each copy has the value, written so."""
        return self.domain.mark(self.map(write))

    def __str__(self) -> str:
        raise TypeError("a number differs from copy to copy, and is written as a mark only")

    def __bool__(self) -> bool:
        return bool(self.map(bool).agreed())

    def __int__(self) -> int:
        return int(self.map(int).agreed())

    def __float__(self) -> float:
        return float(self.map(float).agreed())

    def __eq__(self, other: object) -> bool:
        return bool(self._asked(operator.eq, other))

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> bool:
        return bool(self._asked(operator.lt, other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._asked(operator.gt, other))

    def __le__(self, other: Any) -> bool:
        return bool(self._asked(operator.le, other))

    def __ge__(self, other: Any) -> bool:
        return bool(self._asked(operator.ge, other))

    def __abs__(self) -> Many:
        return self.map(abs)

    def __neg__(self) -> Many:
        return self.map(operator.neg)

    def __add__(self, other: Any) -> Any:
        return self.domain.met(operator.add, self, other)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return self.domain.met(operator.mul, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self.domain.met(operator.truediv, self, other)

    def agreed(self) -> Any:
        """The value that all copies have.

        Raises: Differs where they have several, so that no page depends on one copy's numbers.
        """
        if len(self.kinds) > 1:
            raise Differs(self)
        return self.kinds[0]

    def _asked(self, ask: Callable[[Any, Any], Any], other: Any) -> Any:
        found = self.domain.met(ask, self, other)
        return found.agreed() if isinstance(found, Many) else found


class Copies(Domain):
    """Values of many copies at once, in another number system. Numbers that all copies share stay as they are.

    marks: what stands in each copy's text in place of each mark.
    """

    def __init__(self, inner: Domain, count: int) -> None:
        self.inner, self.count = inner, count
        self.name = inner.name
        self.advice = inner.advice
        self.marks: list[Many] = []

    def number(self, kinds: Sequence[Any], which: np.ndarray) -> Many:
        """A number or letter that differs from copy to copy."""
        own = (self.inner.letter(kind) if isinstance(kind, str) else self.inner.num(kind) for kind in kinds)
        return Many(self, tuple(own), which)

    def texts(self, texts: Sequence[Any]) -> Many:
        """A text, or an answer, a copy."""
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

    def as_given(self, value: Any) -> Any:
        if not isinstance(value, Many):
            return self.inner.as_given(value)
        given = value.map(self.inner.as_given)
        return value if [*map(id, given.kinds)] == [*map(id, value.kinds)] else given

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
            try:
                found = evaluate(node, lambda ref: ARRAYS.num(values(ref)), ARRAYS)
                return Many(self, *found.distinct()) if isinstance(found, Array) else found
            except Unfit:
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

        return self.met(settled, *(values(ref) if ref.matrix else own[ref.index[0]] for ref in found))

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
        codes = place * len(other.kinds) + other.which
        met = np.bincount(codes).nonzero()[0]  # np.unique sorts them all
        table = np.zeros(met[-1] + 1, np.intp)
        table[met] = np.arange(len(met))
        place = table[codes]
        columns = [column[met // len(other.kinds)] for column in columns]
        columns.append(met % len(other.kinds))
    values = [[each.kinds[k] for k in column.tolist()] for each, column in zip(many, columns, strict=True)]
    kinds, places = _distinct(_each(f, [*zip(*values, strict=True)], first.domain, place))
    return Many(first.domain, kinds, places[place])


def _each(f: Callable[..., Any], values: Sequence[Any], domain: Copies, place: np.ndarray) -> list[Any]:
    """A function's value for each of these; place: which of them each copy has.

    Raises: what it raises for all of them; Differs where it raises for some only.
    """
    found: list[Any] = []
    refused: list[ArithmeticError] = []
    for each in values:
        try:
            found.append(f(*each))
        except ArithmeticError as error:
            refused.append(error)
            found.append(None)
    if len(refused) == len(values):
        raise refused[0]
    if refused:
        kinds, places = _distinct([each is None for each in found])
        raise Differs(Many(domain, kinds, places[place]))
    return found


def _distinct(values: Sequence[Any]) -> tuple[tuple[Any, ...], np.ndarray]:
    """The values that are written differently or stand for other numbers, and the place of each value among them."""
    import numpy as np

    found: dict[Any, tuple[int, Any]] = {}
    which = []
    for value in values:
        key = value.as_integer_ratio() if isinstance(value, int | Fraction) else value  # whose own hash takes longer
        key = (str(value), getattr(value, "exact", None)) if isinstance(value, Decimal) else key
        which.append(found.setdefault(key, (len(found), value))[0])
    return tuple(kind for _, kind in found.values()), np.array(which)
