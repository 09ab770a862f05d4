"""Values of many copies of a sheet at once, as dictionary-encoded columns.

The run of a whole class has a value for each copy in every cell. Copies differ by a symmetry of the run, so a cell
has few different values. A `Many` holds these, its `categories`, and for each copy the place of its value among them,
its `codes`: a categorical in pandas, a dictionary array in Arrow. A function is computed once for each combination of
categories that occurs in some copy, exactly, in any number system.

Where the program asks something of such a value, as in `if x > 0`, the first copy's answer counts. Copies that would
answer otherwise are noted in `Copies.differing`. What the program then does may be wrong for them, so they get other
numbers.

Other rooms call the functions at the end of this file, and need not know whether a value is that of many copies.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeGuard

from byhand.arithmetic.domain import Details, Domain, ValueOf
from byhand.arithmetic.expr import At, Expr, Fn, Num, Ref, Scalar, children, evaluate, rebuild, refs
from byhand.arithmetic.fractions64 import INT64, Fractions, parts

if TYPE_CHECKING:
    import numpy as np

AnyRows = Sequence[Sequence[Any]]  # a matrix, row by row, in lists or tuples


def _either_side(operate: Callable[[Any, Any], Any]) -> tuple[Callable[[Many, Any], Any], Callable[[Many, Any], Any]]:
    """An operation with a value on the left of another, and with one on the right of it."""
    return lambda own, other: each(operate, own, other), lambda own, other: each(operate, other, own)


class Many:
    """A value for each copy: that of copy k is `categories[codes[k]]`. number: its place among those of one copy."""

    def __init__(self, domain: Copies, categories: tuple[Any, ...], codes: Any, number: int | None = None) -> None:
        self.domain, self.categories, self.codes, self.number = domain, categories, codes, number

    def at(self, copy: int) -> Any:
        """The value of one copy."""
        return self.categories[self.codes[copy]]

    def tolist(self) -> list[Any]:
        """The value of every copy."""
        return [self.categories[code] for code in self.codes.tolist()]

    def among(self, domain: Copies, copies: np.ndarray) -> Many:
        """The values of some of the copies, given by their numbers, in the number system of these copies."""
        import numpy as np

        distinct, codes = np.unique(self.codes[copies], return_inverse=True)
        return Many(domain, tuple(self.categories[k] for k in distinct.tolist()), codes)

    @cached_property
    def fractions(self) -> Fractions | None:
        """The values as fractions of 64 bits; None if one of them is not such a fraction."""
        of_categories = Fractions.of(self.categories)
        return of_categories and of_categories.at(self.codes)

    def __str__(self) -> str:
        raise TypeError("a number differs from copy to copy, and has no text of its own")

    def __bool__(self) -> bool:
        return bool(self._answer(bool))

    def __int__(self) -> int:
        return int(self._answer(int))

    def __float__(self) -> float:
        return float(self._answer(float))

    def __eq__(self, other: object) -> bool:
        return bool(self._answer(operator.eq, other))

    def __ne__(self, other: object) -> bool:
        return bool(self._answer(operator.ne, other))

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> bool:
        return bool(self._answer(operator.lt, other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._answer(operator.gt, other))

    def __le__(self, other: Any) -> bool:
        return bool(self._answer(operator.le, other))

    def __ge__(self, other: Any) -> bool:
        return bool(self._answer(operator.ge, other))

    def __abs__(self) -> Any:
        return each(abs, self)

    def __neg__(self) -> Any:
        return each(operator.neg, self)

    def __round__(self, places: int | None = None) -> Any:
        return each(round, self, places)

    __add__, __radd__ = _either_side(operator.add)
    __sub__, __rsub__ = _either_side(operator.sub)
    __mul__, __rmul__ = _either_side(operator.mul)
    __truediv__, __rtruediv__ = _either_side(operator.truediv)
    __floordiv__, __rfloordiv__ = _either_side(operator.floordiv)
    __mod__, __rmod__ = _either_side(operator.mod)
    __pow__, __rpow__ = _either_side(operator.pow)

    def _answer(self, question: Callable[..., Any], *others: Any) -> Any:
        """The first copy's answer to a question about the value; copies with another answer are noted."""
        answers = each(question, self, *others)
        self.domain.note(answers.codes)
        return answers.at(0)


class Copies(Domain):
    """The number system of the values of many copies, each of which is a value of the `inner` number system. A value
    that all copies share is stored once, as a value of the inner number system.

    differing: (count), the copies whose answer to a question was not the first copy's.
    """

    def __init__(self, inner: Domain, count: int) -> None:
        import numpy as np  # heavy, and only a class needs it

        self.inner, self.count = inner, count
        self.name = inner.name
        self.advice = inner.advice
        self.differing: Any = np.zeros(count, bool)
        self._zeros = np.zeros(count, np.intp)

    def number(self, categories: Sequence[Any], codes: np.ndarray) -> Many:
        """A number or letter that differs from copy to copy."""
        values = (self.inner.letter(x) if isinstance(x, str) else self.inner.num(x) for x in categories)
        return Many(self, tuple(values), codes)

    def column(self, values: Sequence[Any]) -> Many:
        """One value of any kind for each copy."""
        return Many(self, *_encoded(values))

    def constant(self, value: Any) -> Many:
        """One value of any kind that all copies share."""
        return Many(self, (value,), self._zeros)

    def ask(self) -> None:
        """Be asked for the values of copies; a page that is kept may not ask."""

    def note(self, answers: np.ndarray) -> None:
        """Note the copies whose answer to a question, given by its code, is not the first copy's."""
        self.differing |= answers != answers[0]

    @contextmanager
    def noted_apart(self) -> Iterator[np.ndarray]:
        """Within the block, note the copies that differ in a separate array, which is the value of `as`."""
        import numpy as np

        before, self.differing = self.differing, np.zeros(self.count, bool)
        try:
            yield self.differing
        finally:
            self.differing = before

    def details(self) -> Details:
        return self.inner.details()

    def num(self, value: Scalar) -> Scalar:
        return value if isinstance(value, Many) else self.inner.num(value)

    def as_given(self, value: Scalar) -> Scalar:
        if not isinstance(value, Many):
            return self.inner.as_given(value)
        given = each(self.inner.as_given, value)
        return value if [*map(id, given.categories)] == [*map(id, value.categories)] else given

    def letter(self, name: str) -> Scalar:
        return self.inner.letter(name)

    def add(self, a: Scalar, b: Scalar) -> Scalar:
        return each(self.inner.add, a, b)

    def sub(self, a: Scalar, b: Scalar) -> Scalar:
        return each(self.inner.sub, a, b)

    def mul(self, a: Scalar, b: Scalar) -> Scalar:
        return each(self.inner.mul, a, b)

    def div(self, a: Scalar, b: Scalar) -> Scalar:
        return each(self.inner.div, a, b)

    def fn(self, name: str, args: Sequence[Scalar]) -> Scalar:
        return each(lambda *numbers: self.inner.fn(name, numbers), *args)

    def settle(self, node: Expr, values: ValueOf) -> Scalar:
        """The value of a cell. Exact fractions are computed in 64 bits, if these hold every intermediate result."""
        if self.inner.name == "exact" and self.count > 1:
            value = evaluate(node, lambda ref: INT64.num(values(ref)), INT64)
            encoded = value.distinct() if isinstance(value, Fractions) else None
            if encoded is not None:
                return Many(self, *encoded)
            return evaluate(node, values, self) if value is None or isinstance(value, Fractions) else value
        constants: dict[Ref, Many] = {}  # numbers in the tree that differ from copy to copy, as references to them

        def as_ref(leaf: Num | Ref) -> Expr:
            if isinstance(leaf, Num) and isinstance(leaf.value, Many):
                ref = Ref("", (len(constants),))
                constants[ref] = leaf.value
                return ref
            return leaf

        node = rebuild(node, as_ref)
        read = list(dict.fromkeys(refs(node)))

        def value_of_copy(*numbers: Any) -> Any:
            return self.inner.settle(node, dict(zip(read, numbers, strict=True)).__getitem__)

        return each(value_of_copy, *(values(ref) if ref.matrix else constants[ref] for ref in read))


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
    values = [[value.categories[k] for k in column.tolist()] for value, column in zip(many, columns, strict=True)]
    categories, places = _encoded(_results(f, [*zip(*values, strict=True)], first.domain, codes))
    return Many(first.domain, categories, places[codes])


def _results(f: Callable[..., Any], arguments: Sequence[Any], domain: Copies, codes: np.ndarray) -> list[Any]:
    """A function of each of several tuples of arguments. codes: for each copy, the place of its tuple.

    If the function fails for some copies, but not for the first, these are noted as differing, and are given the
    first copy's result.

    Raises: ArithmeticError if it fails for the first copy.
    """
    import numpy as np

    results: list[Any] = []
    errors: dict[int, ArithmeticError] = {}
    for values in arguments:
        try:
            results.append(f(*values))
        except ArithmeticError as error:
            errors[len(results)] = error
            results.append(None)
    if errors:
        domain.note(np.isin(codes, [*errors]))
        first = int(codes[0])
        if first in errors:
            raise errors[first]
        for place in errors:
            results[place] = results[first]
    return results


def _encoded(values: Sequence[Any]) -> tuple[tuple[Any, ...], np.ndarray]:
    """The categories and codes of values. Two values are one category if they are the same number, written alike."""
    import numpy as np

    known: dict[Any, tuple[int, Any]] = {}
    codes = []
    for value in values:
        key = value.as_integer_ratio() if isinstance(value, int | Fraction) else value  # a Fraction's hash is slow
        key = (str(value), getattr(value, "exact", None)) if isinstance(value, Decimal) else key
        codes.append(known.setdefault(key, (len(known), value))[0])
    return tuple(value for _, value in known.values()), np.array(codes)


# ---- what other rooms call ----


def varies(value: Any) -> TypeGuard[Many]:
    """Whether a value may differ from copy to copy."""
    return isinstance(value, Many)


def each(f: Callable[..., Any], *values: Any) -> Any:
    """A function of values; if one of these differs from copy to copy, a `Many` with each copy's result."""
    many = [value for value in values if isinstance(value, Many)]
    if not many:
        return f(*values)
    if (domain := many[0].domain).count == 1:
        domain.ask()
        return domain.constant(f(*(value.categories[0] if isinstance(value, Many) else value for value in values)))
    if len(many) == len(values):
        return _combined(f, many)

    def with_constants(*arguments: Any) -> Any:
        left = iter(arguments)
        return f(*(next(left) if isinstance(value, Many) else value for value in values))

    return _combined(with_constants, many)


def first(value: Any) -> Any:
    """The value of the first copy."""
    return categories(value)[value.codes[0]] if isinstance(value, Many) else value


def categories(value: Any) -> tuple[Any, ...]:
    """The different values that the copies have."""
    if not isinstance(value, Many):
        return (value,)
    value.domain.ask()
    return value.categories


def as_array(value: Any) -> Any:
    """An array with the value of each copy; a value that all copies share, as it is."""
    import numpy as np

    return np.array(value.categories)[value.codes] if isinstance(value, Many) else value


def numbers_of(node: Expr) -> Iterator[Many]:
    """The numbers in a tree that differ from copy to copy, from left to right."""
    if isinstance(node, Num):
        if isinstance(node.value, Many):
            yield node.value
        return
    for child in children(node):
        yield from numbers_of(child)


def is_many(leaf: Num | Ref) -> bool:
    return isinstance(leaf, Num) and isinstance(leaf.value, Many)


def choose(index: Any, option: Callable[[int], Expr], count: At) -> Expr:
    """The tree with this index, of `count` trees; if the index differs from copy to copy, a tree that holds them all,
    and in which each copy chooses one.
    """
    if not isinstance(index, Many):
        return option(index)
    if index.domain.count == 1:
        return option(int(index.at(0)))
    assert isinstance(count, int), "copies have numbers"
    return Fn("choose", (Num(index), *map(option, range(count))))


def same(rows: AnyRows, others: AnyRows) -> bool:
    """Whether two matrices have the same numbers. The first copy's answer counts."""
    if [len(row) for row in rows] != [len(row) for row in others]:
        return False
    many = next((x for x in chain(*rows, *others) if isinstance(x, Many)), None)
    if many is None or many.domain.count == 1:
        return all(first(one) == first(other) for one, other in zip(chain(*rows), chain(*others), strict=True))
    differ = unequal(rows, others, many.domain.count)
    many.domain.note(differ)
    return not differ[0]


def unequal(rows: AnyRows, others: AnyRows, count: int) -> np.ndarray:
    """In which copies two matrices of one shape have different numbers: (count)."""
    import numpy as np

    differ = np.zeros(count, bool)
    for one, other in zip(chain(*rows), chain(*others), strict=True):
        if not (isinstance(one, Many) or isinstance(other, Many)):
            differ |= one != other
            continue
        left, right = INT64.num(one), INT64.num(other)
        if left is None or right is None:
            differ |= as_array(each(operator.ne, one, other))
        else:
            (p, q, _), (r, s, _) = parts(left), parts(right)
            differ |= (p != r) | (q != s)
    return differ


def alone(domain: Domain) -> Domain:
    """The number system of a single copy."""
    return domain.inner if isinstance(domain, Copies) else domain


def differing(domain: Domain) -> Any:
    """Which copies would have answered a question otherwise than the first: (count); False for a single run."""
    return domain.differing if isinstance(domain, Copies) else False


def together(inner: Domain, numbers: Mapping[str, Any]) -> tuple[Domain, dict[str, Any]]:
    """The number system of many copies, and by name their numbers: for an array (copies, …), nested lists in which
    each number is that of all copies.
    """
    import numpy as np

    arrays = {name: np.asarray(x) for name, x in numbers.items()}
    domain = Copies(inner, len(next(iter(arrays.values()))))

    def columns(array: np.ndarray) -> Any:
        if array.ndim > 1:
            return [columns(array[:, i]) for i in range(array.shape[1])]
        if array.dtype == object:  # fractions, which are slow to sort
            return domain.column(array.tolist())
        distinct, codes = np.unique(array, return_inverse=True)
        return domain.number(distinct.tolist(), codes)

    return domain, {name: columns(array) for name, array in arrays.items()}
