"""Values of many copies of a sheet at once, as dictionary-encoded columns.

A class's run has a value for each copy in every cell. Renaming dimensions (symmetry) leaves few different ones, so a
`Many` holds these, its `categories`, and for each copy the place of its own among them, its `codes`: what Arrow calls
a dictionary array, and pandas a categorical. A function is computed once for each combination of categories that
occurs in some copy, exactly, in whatever number system.

What the program asks of such a value, as in `if x > 0`, is answered as the first copy would answer. Copies that would
answer otherwise are noted in `Copies.differing`: what follows says nothing about them, and they get other numbers.

Other rooms call the functions at the end of this file, and need not know whether a value is that of many copies.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeGuard

from byhand.arithmetic.domain import Domain, ValueOf
from byhand.arithmetic.expr import At, Expr, Fn, Num, Ref, children, evaluate, rebuild, refs
from byhand.arithmetic.fractions64 import INT64, Fractions, parts
from byhand.errors import SheetError

if TYPE_CHECKING:
    import numpy as np

AnyRows = Sequence[Sequence[Any]]  # a matrix, row by row, in lists or tuples
FIRST_MARK = 0xF0000  # of the private use planes: marks stand in text where a value of each copy will stand
MOST_MARKS = 60_000


@dataclass(frozen=True, eq=False)
class Many:
    """A value a copy: copy k has `categories[codes[k]]`."""

    domain: Copies
    categories: tuple[Any, ...]
    codes: np.ndarray

    def at(self, copy: int) -> Any:
        """The value of one copy."""
        return self.categories[self.codes[copy]]

    def tolist(self) -> list[Any]:
        """The value of every copy."""
        return [self.categories[code] for code in self.codes.tolist()]

    def among(self, domain: Copies, copies: np.ndarray) -> Many:
        """The values of some copies, in a number system of theirs."""
        import numpy as np

        found, codes = np.unique(self.codes[copies], return_inverse=True)
        return Many(domain, tuple(self.categories[k] for k in found.tolist()), codes)

    @cached_property
    def fractions(self) -> Fractions | None:
        """The values as fractions of 64 bits; None where one is something else."""
        found = Fractions.of(self.categories)
        return found and found.at(self.codes)

    def __str__(self) -> str:
        raise TypeError("a number differs from copy to copy, and is written as a mark only")

    def __bool__(self) -> bool:
        return bool(self._asked(bool))

    def __int__(self) -> int:
        return int(self._asked(int))

    def __float__(self) -> float:
        return float(self._asked(float))

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

    def __abs__(self) -> Any:
        return each(abs, self)

    def __neg__(self) -> Any:
        return each(operator.neg, self)

    def __add__(self, other: Any) -> Any:
        return each(operator.add, self, other)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return each(operator.mul, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return each(operator.truediv, self, other)

    def _asked(self, ask: Callable[..., Any], *others: Any) -> Any:
        answers = each(ask, self, *others)
        self.domain.note(answers.codes)
        return answers.at(0)


class Copies(Domain):
    """Values of many copies at once, in another number system. Numbers that all copies share stay as they are.

    marks: the texts that stand in each copy in place of a mark. differing: the copies, of all, that would have
    answered a question otherwise than the first.
    """

    def __init__(self, inner: Domain, count: int) -> None:
        import numpy as np  # heavy, and only a class needs it

        self.inner, self.count = inner, count
        self.name = inner.name
        self.advice = inner.advice
        self.marks: list[Many] = []
        self.differing = np.zeros(count, bool)

    def number(self, categories: Sequence[Any], codes: np.ndarray) -> Many:
        """A number or letter that differs from copy to copy."""
        own = (self.inner.letter(x) if isinstance(x, str) else self.inner.num(x) for x in categories)
        return Many(self, tuple(own), codes)

    def column(self, values: Sequence[Any]) -> Many:
        """Values of any kind, one a copy."""
        return Many(self, *_encoded(values))

    def mark(self, texts: Many) -> str:
        """A character that stands in a page where each copy has its own of these texts.

        Raises: SheetError where there are too many.
        """
        if len(self.marks) == MOST_MARKS:
            raise SheetError(f"a class's page may have {MOST_MARKS:,} numbers; this one has more")
        self.marks.append(texts)
        return chr(FIRST_MARK + len(self.marks) - 1)

    def note(self, answers: np.ndarray) -> None:
        """Note the copies whose answer to a question is not the first one's."""
        self.differing |= answers != answers[0]

    @contextmanager
    def noted_apart(self) -> Iterator[np.ndarray]:
        """Note the copies that differ within the block in an array of their own, which this gives."""
        import numpy as np

        before, self.differing = self.differing, np.zeros(self.count, bool)
        try:
            yield self.differing
        finally:
            self.differing = before

    def details(self) -> dict[str, Any]:
        return self.inner.details()

    def num(self, value: Any) -> Any:
        return value if isinstance(value, Many) else self.inner.num(value)

    def as_given(self, value: Any) -> Any:
        if not isinstance(value, Many):
            return self.inner.as_given(value)
        given = each(self.inner.as_given, value)
        return value if [*map(id, given.categories)] == [*map(id, value.categories)] else given

    def letter(self, name: str) -> Any:
        return self.inner.letter(name)

    def add(self, a: Any, b: Any) -> Any:
        return each(self.inner.add, a, b)

    def sub(self, a: Any, b: Any) -> Any:
        return each(self.inner.sub, a, b)

    def mul(self, a: Any, b: Any) -> Any:
        return each(self.inner.mul, a, b)

    def div(self, a: Any, b: Any) -> Any:
        return each(self.inner.div, a, b)

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        return each(lambda *own: self.inner.fn(name, own), *args)

    def settle(self, node: Expr, values: ValueOf) -> Any:
        """The value of a cell; of exact fractions, in 64 bits where these hold every result on the way."""
        if self.inner.name == "exact":
            found = evaluate(node, lambda ref: INT64.num(values(ref)), INT64)
            encoded = found.distinct() if isinstance(found, Fractions) else None
            if encoded is not None:
                return Many(self, *encoded)
            return evaluate(node, values, self) if found is None or isinstance(found, Fractions) else found
        own: list[Many] = []

        def named(leaf: Num | Ref) -> Expr:
            if isinstance(leaf, Num) and isinstance(leaf.value, Many):
                own.append(leaf.value)
                return Ref("", (len(own) - 1,))
            return leaf

        node = rebuild(node, named)
        found = list(dict.fromkeys(refs(node)))

        def settled(*numbers: Any) -> Any:
            return self.inner.settle(node, dict(zip(found, numbers, strict=True)).__getitem__)

        return each(settled, *(values(ref) if ref.matrix else own[ref.index[0]] for ref in found))


def _combined(f: Callable[..., Any], many: Sequence[Many]) -> Many:
    """A function of values of many copies, computed once for each combination of categories that occurs."""
    import numpy as np

    first, *others = many
    combinations, codes = np.arange(len(first.categories)), first.codes
    columns = [combinations]
    for other in others:
        pairs = codes * len(other.categories) + other.codes
        combinations = np.bincount(pairs).nonzero()[0]  # np.unique sorts them all
        table = np.zeros(combinations[-1] + 1, np.intp)
        table[combinations] = np.arange(len(combinations))
        codes = table[pairs]
        columns = [column[combinations // len(other.categories)] for column in columns]
        columns.append(combinations % len(other.categories))
    values = [[own.categories[k] for k in column.tolist()] for own, column in zip(many, columns, strict=True)]
    categories, places = _encoded(_results(f, [*zip(*values, strict=True)], first.domain, codes))
    return Many(first.domain, categories, places[codes])


def _results(f: Callable[..., Any], arguments: Sequence[Any], domain: Copies, codes: np.ndarray) -> list[Any]:
    """A function of each of these. codes: which of them each copy has.

    Where it cannot be computed for some copies only, those that are not as the first are noted; they get its result.

    Raises: ArithmeticError where the first copy's cannot be computed.
    """
    import numpy as np

    found: list[Any] = []
    errors: dict[int, ArithmeticError] = {}
    for own in arguments:
        try:
            found.append(f(*own))
        except ArithmeticError as error:
            errors[len(found)] = error
            found.append(None)
    if errors:
        domain.note(np.isin(codes, [*errors]))
        first = int(codes[0])
        if first in errors:
            raise errors[first]
        for place in errors:
            found[place] = found[first]
    return found


def _encoded(values: Sequence[Any]) -> tuple[tuple[Any, ...], np.ndarray]:
    """The values that are written differently or stand for other numbers, and the place of each value among them."""
    import numpy as np

    found: dict[Any, tuple[int, Any]] = {}
    codes = []
    for value in values:
        key = value.as_integer_ratio() if isinstance(value, int | Fraction) else value  # whose own hash takes longer
        key = (str(value), getattr(value, "exact", None)) if isinstance(value, Decimal) else key
        codes.append(found.setdefault(key, (len(found), value))[0])
    return tuple(value for _, value in found.values()), np.array(codes)


# ---- what other rooms call ----


def varies(value: Any) -> TypeGuard[Many]:
    """Whether a value may differ from copy to copy."""
    return isinstance(value, Many)


def each(f: Callable[..., Any], *values: Any) -> Any:
    """A function of values: one result, or one a copy where a value differs from copy to copy."""
    many = [value for value in values if isinstance(value, Many)]
    if not many:
        return f(*values)
    if len(many) == len(values):
        return _combined(f, many)

    def with_constants(*own: Any) -> Any:
        numbers = iter(own)
        return f(*(next(numbers) if isinstance(value, Many) else value for value in values))

    return _combined(with_constants, many)


def first(value: Any) -> Any:
    """The value of the first copy."""
    return value.at(0) if isinstance(value, Many) else value


def categories(value: Any) -> tuple[Any, ...]:
    """The values that some copy has."""
    return value.categories if isinstance(value, Many) else (value,)


def as_array(value: Any) -> Any:
    """An array with the value of each copy; a value that all share as it is."""
    import numpy as np

    return np.array(value.categories)[value.codes] if isinstance(value, Many) else value


def written(write: Callable[..., str], *values: Any) -> str:
    """A text made of values; where one differs from copy to copy, a mark for each copy's text."""
    found = each(write, *values)
    return found.domain.mark(found) if isinstance(found, Many) else found


def written_tree(write: Callable[[Expr], str], node: Expr) -> str:
    """The text of a tree; where a number in it differs from copy to copy, a mark for each copy's text."""
    own = [*_numbers(node)]
    if not own:
        return write(node)

    def write_own(*numbers: Any) -> str:
        left = iter(numbers)
        return write(rebuild(node, lambda leaf: Num(next(left)) if _is_many(leaf) else leaf))

    return written(write_own, *own)


def _numbers(node: Expr) -> Iterator[Many]:
    if isinstance(node, Num):
        if isinstance(node.value, Many):
            yield node.value
        return
    for child in children(node):
        yield from _numbers(child)


def _is_many(leaf: Num | Ref) -> bool:
    return isinstance(leaf, Num) and isinstance(leaf.value, Many)


def choose(index: Any, option: Callable[[int], Expr], count: At) -> Expr:
    """One of so many trees; where the index differs from copy to copy, a tree in which each copy chooses its own."""
    if not isinstance(index, Many):
        return option(index)
    assert isinstance(count, int), "copies have numbers"
    return Fn("choose", (Num(index), *map(option, range(count))))


def same(rows: AnyRows, others: AnyRows) -> bool:
    """Whether matrices have the same numbers, as the first copy answers."""
    if [len(row) for row in rows] != [len(row) for row in others]:
        return False
    many = next((x for x in chain(*rows, *others) if isinstance(x, Many)), None)
    if many is None:
        return all(one == other for one, other in zip(chain(*rows), chain(*others), strict=True))
    found = unequal(rows, others, many.domain.count)
    many.domain.note(found)
    return not found[0]


def unequal(rows: AnyRows, others: AnyRows, count: int) -> np.ndarray:
    """In which of so many copies matrices of one shape have different numbers."""
    import numpy as np

    found = np.zeros(count, bool)
    for one, other in zip(chain(*rows), chain(*others), strict=True):
        if not (isinstance(one, Many) or isinstance(other, Many)):
            found |= one != other
            continue
        own, its = INT64.num(one), INT64.num(other)
        if own is None or its is None:
            found |= as_array(each(operator.ne, one, other))
        else:
            (p, q, _), (r, s, _) = parts(own), parts(its)
            found |= (p != r) | (q != s)
    return found


def alone(domain: Domain) -> Domain:
    """The number system of one copy."""
    return domain.inner if isinstance(domain, Copies) else domain


def differing(domain: Domain) -> Any:
    """Which copies would have answered a question otherwise than the first; False where there is one run only."""
    return domain.differing if isinstance(domain, Copies) else False


def together(inner: Domain, rows: Sequence[Mapping[str, Any]]) -> tuple[Domain, dict[str, Any]]:
    """A number system of as many copies as there are rows, and the numbers of all rows by their names."""
    import numpy as np

    domain = Copies(inner, len(rows))

    def number(name: str) -> Many:
        found, codes = np.unique([row[name] for row in rows], return_inverse=True)
        return domain.number(found.tolist(), codes)

    return domain, {name: number(name) for name in rows[0]}
