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
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeGuard

from byhand.arithmetic.domain import Details, Domain, ValueOf
from byhand.arithmetic.expr import At, Expr, Fn, Num, Ref, Scalar, children, evaluate, rebuild, refs
from byhand.arithmetic.fractions64 import INT64, Fractions, parts
from byhand.errors import SheetError

if TYPE_CHECKING:
    import numpy as np

# how a text is written: by which function, and of what: values by their numbers, and texts and measures as they are
Recipe = tuple[str, tuple[int | str | float, ...]]
AnyRows = Sequence[Sequence[Any]]  # a matrix, row by row, in lists or tuples
FIRST_MARK = 0xF0000  # the first mark: a private use character that stands in a text where each copy has its own
MARK = re.compile(f"[{chr(FIRST_MARK)}-\U0010ffff]")
MOST_MARKS = 60_000  # in one page: a plane of private use characters has 65,534


class Word(str):
    """A word that another run has otherwise."""

    __slots__ = ()


class Html(str):
    """A piece of HTML that another run has otherwise. Unlike a word, it is not escaped where it stands in a page."""

    __slots__ = ()


class Svg(Html):
    """A drawing that another run has otherwise."""

    __slots__ = ()


class Said(str):
    """What is said of a picture, which another run has otherwise. It takes no room on paper."""

    __slots__ = ()


class Radius(str):
    """The radius of a dot that another run has otherwise."""

    __slots__ = ()


class Mark(Word):
    """A character that stands in a page where each copy has one of these texts."""

    texts: Many

    @classmethod
    def of(cls, number: int, texts: Many) -> Mark:
        """The mark with a number."""
        mark = cls(chr(FIRST_MARK + number))
        mark.texts = texts
        return mark


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

        found, codes = np.unique(self.codes[copies], return_inverse=True)
        return Many(domain, tuple(self.categories[k] for k in found.tolist()), codes)

    @cached_property
    def fractions(self) -> Fractions | None:
        """The values as fractions of 64 bits; None if one of them is not such a fraction."""
        found = Fractions.of(self.categories)
        return found and found.at(self.codes)

    def __str__(self) -> str:
        raise TypeError("a number differs from copy to copy, and is written as a mark only")

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

    def __add__(self, other: Any) -> Any:
        return each(operator.add, self, other)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return each(operator.mul, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return each(operator.truediv, self, other)

    def _answer(self, question: Callable[..., Any], *others: Any) -> Any:
        """The first copy's answer to a question about the value; copies with another answer are noted."""
        answers = each(question, self, *others)
        self.domain.note(answers.codes)
        return answers.at(0)


class Copies(Domain):
    """The number system of the values of many copies, each of which is a value of the `inner` number system. A value
    that all copies share is stored once, as a value of the inner number system.

    marks: for each mark, the texts of the copies. differing: (count), the copies whose answer to a question was not
    the first copy's.
    """

    def __init__(self, inner: Domain, count: int) -> None:
        import numpy as np  # heavy, and only a class needs it

        self.inner, self.count = inner, count
        self.name = inner.name
        self.advice = inner.advice
        self.marks: list[Many] = []
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

    def mark(self, texts: Many) -> str:
        """A new mark: a character that stands in a page where each copy has one of these texts.

        Raises: SheetError where there are too many.
        """
        if len(self.marks) == MOST_MARKS:
            raise SheetError(f"a page with slots may have {MOST_MARKS:,} numbers; this one has more")
        within = list(dict.fromkeys(mark for text in texts.categories for mark in MARK.findall(text)))
        if within:  # a text of words that have marks themselves
            texts = each(partial(_replaced, within), texts, *(self.marks[mark_number(mark)] for mark in within))
        self.marks.append(texts)
        return Mark.of(len(self.marks) - 1, texts)

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
        return each(lambda *own: self.inner.fn(name, own), *args)

    def settle(self, node: Expr, values: ValueOf) -> Scalar:
        """The value of a cell. Exact fractions are computed in 64 bits, if these hold every intermediate result."""
        if self.inner.name == "exact" and self.count > 1:
            found = evaluate(node, lambda ref: INT64.num(values(ref)), INT64)
            encoded = found.distinct() if isinstance(found, Fractions) else None
            if encoded is not None:
                return Many(self, *encoded)
            return evaluate(node, values, self) if found is None or isinstance(found, Fractions) else found
        constants: dict[Ref, Many] = {}  # numbers in the tree that differ from copy to copy, as references to them

        def as_ref(leaf: Num | Ref) -> Expr:
            if isinstance(leaf, Num) and isinstance(leaf.value, Many):
                ref = Ref("", (len(constants),))
                constants[ref] = leaf.value
                return ref
            return leaf

        node = rebuild(node, as_ref)
        read = list(dict.fromkeys(refs(node)))

        def settled(*numbers: Any) -> Any:
            return self.inner.settle(node, dict(zip(read, numbers, strict=True)).__getitem__)

        return each(settled, *(values(ref) if ref.matrix else constants[ref] for ref in read))


class OneCopy(Copies):
    """The number system of a single copy, as one of many: each of its numbers has a slot, and may be asked anything.

    values: all that has a slot, in the order in which it was made.
    """

    def __init__(self, inner: Domain) -> None:
        self.inner, self.count = inner, 1
        self.name = inner.name
        self.advice = inner.advice
        self.marks = []
        self.differing = False
        self.values: list[Many] = []
        self._writers: Mapping[Callable[..., str], str] | None = None  # those of a page that is kept
        self._recipes: dict[int, Recipe] = {}

    def constant(self, value: Any) -> Many:
        self.values.append(Many(self, (value,), (0,), len(self.values)))
        return self.values[-1]

    def ask(self) -> None:
        """Be asked for a value.

        Raises: SheetError where a page that is kept asks: with other numbers, it might be another.
        """
        if self._writers is not None:
            raise SheetError("with other words or numbers, its page may be another")

    def note(self, answers: np.ndarray) -> None:
        """A single copy's answer is that of the first."""

    @contextmanager
    def recorded(self, writers: Mapping[Callable[..., str], str]) -> Iterator[Mapping[int, Recipe]]:
        """Within the block, note how the text of each new mark is written; the recipes are the value of `as`.

        writers: the functions that may write one, and their names.
        """
        self._writers, self._recipes = writers, {}
        try:
            yield self._recipes
        finally:
            self._writers = None

    def write(self, write: Callable[..., str], values: Sequence[Any]) -> str:
        """A new mark for the text of values, of which one has a slot.

        Raises: SheetError where a page that is kept is written by another function than is known.
        """
        own = self.constant(write(*(value.categories[0] if isinstance(value, Many) else value for value in values)))
        mark = self.mark(own)
        if self._writers is not None:
            if write not in self._writers:
                raise SheetError(f"{write.__qualname__} writes a text of a page that is kept")
            if any(isinstance(value, int) for value in values):  # in a recipe, whole numbers are of values
                raise SheetError(f"{write.__qualname__} is given a whole number on a page that is kept")
            given = tuple(slot_number(value) if isinstance(value, Many) else value for value in values)
            self._recipes[mark_number(mark)] = self._writers[write], given
        return mark

    def settle(self, node: Expr, values: ValueOf) -> Scalar:
        """The value of a cell; it has a slot where a number has one from which it is computed."""
        read = [values(ref) for ref in refs(node)]
        own = [*_numbers(node)]
        if own:
            left = iter(own)
            node = rebuild(node, lambda leaf: Num(next(left).categories[0]) if _is_many(leaf) else leaf)
        self.ask()

        def value(ref: Ref) -> Scalar:
            found = values(ref)
            return found.categories[0] if isinstance(found, Many) else found

        found = self.inner.settle(node, value)
        return self.constant(found) if own or any(isinstance(each, Many) for each in read) else found


def _replaced(marks: Sequence[str], text: str, *texts: str) -> str:
    """A text with other texts in place of its marks."""
    known = dict(zip(marks, texts, strict=True))
    return MARK.sub(lambda mark: known[mark[0]], text)


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


def mark_number(mark: str) -> int:
    """The place of a mark among the marks of its number system."""
    return ord(mark) - FIRST_MARK


def one_copy(inner: Domain) -> Domain:
    """The number system of a single copy, as one of many."""
    return OneCopy(inner)


def recorded(
    domain: Domain, writers: Mapping[Callable[..., str], str]
) -> AbstractContextManager[Mapping[int, Recipe]]:
    """Within the block, a page of one copy is written that is kept: note how the text of each new mark is written.

    The recipes, by the numbers of their marks, are the value of `as`. writers: the functions that may write one, and
    their names.
    """
    assert isinstance(domain, OneCopy)
    return domain.recorded(writers)


def made_again(domain: Domain, recipe: Recipe, writers: Mapping[str, Callable[..., str]]) -> str:
    """The text of a recipe, of the values of one copy. writers: the functions, by the names that recipes have."""
    assert isinstance(domain, OneCopy)
    name, given = recipe
    return writers[name](*(domain.values[each].categories[0] if isinstance(each, int) else each for each in given))


def slot_number(value: Any) -> int:
    """The number of a value of one copy, by which recipes name it."""
    assert isinstance(value, Many)
    assert value.number is not None
    return value.number


def is_word(text: str) -> bool:
    """Whether a text is a word that another run has otherwise, or a mark, in whose place copies have other texts."""
    return isinstance(text, Word)


def texts_of(text: str) -> tuple[str, ...]:
    """The different texts that stand in the place of a mark; of any other text, itself."""
    return categories(text.texts) if isinstance(text, Mark) else (text,)


def longest(text: str) -> int:
    """The number of characters of a text; of one that is a mark, of the longest that stands in its place."""
    return max(map(len, texts_of(text)))


def has_slots(domain: Domain) -> bool:
    """Whether a page of this number system has slots for all that it shows of a run."""
    return isinstance(domain, Copies)


def in_slot(domain: Domain, value: Any) -> Any:
    """A value as a page with slots shows it: in a slot of its own, even where all copies share it."""
    return value if isinstance(value, Many) or not isinstance(domain, Copies) else domain.constant(value)


def word_in_slot(domain: Domain, word: str) -> str:
    """What a page shows of a word of a run: with slots, a mark that stands for it; else the word itself."""
    return domain.mark(domain.constant(word)) if isinstance(domain, Copies) else Word(word)


def mark_texts(domain: Domain) -> Sequence[Many]:
    """For each mark, the texts that stand in its place, one a copy."""
    return domain.marks if isinstance(domain, Copies) else ()


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
    """The value of the first copy, or its text in place of a mark."""
    value = value.texts if isinstance(value, Mark) else value
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


def written(write: Callable[..., str], *values: Any) -> str:
    """The text of values; if one of these differs from copy to copy, a mark that stands for each copy's text."""
    many = next((value for value in values if isinstance(value, Many)), None)
    if many is not None and isinstance(many.domain, OneCopy):
        return many.domain.write(write, values)
    text = each(write, *values)
    return text.domain.mark(text) if isinstance(text, Many) else text


def rewritten(write: Callable[[str], str], text: str) -> str:
    """What a function makes of a text; of a mark, a mark for what it makes of the texts in its place."""
    return written(write, text.texts) if isinstance(text, Mark) else write(text)


def written_tree(write: Callable[[Expr], str], node: Expr) -> str:
    """The text of a tree; if a number in it differs from copy to copy, a mark that stands for each copy's text."""
    many = [*_numbers(node)]
    if not many:
        return write(node)

    def write_one(*numbers: Any) -> str:
        left = iter(numbers)
        return write(rebuild(node, lambda leaf: Num(next(left)) if _is_many(leaf) else leaf))

    return written(write_one, *many)


def _numbers(node: Expr) -> Iterator[Many]:
    """The numbers in a tree that differ from copy to copy, from left to right."""
    if isinstance(node, Num):
        if isinstance(node.value, Many):
            yield node.value
        return
    for child in children(node):
        yield from _numbers(child)


def _is_many(leaf: Num | Ref) -> bool:
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


def together(inner: Domain, rows: Sequence[Mapping[str, Any]]) -> tuple[Domain, dict[str, Any]]:
    """The number system of as many copies as there are rows, and by name the numbers, each that of all copies."""
    import numpy as np

    domain = Copies(inner, len(rows))

    def number(name: str) -> Many:
        found, codes = np.unique([row[name] for row in rows], return_inverse=True)
        return domain.number(found.tolist(), codes)

    return domain, {name: number(name) for name in rows[0]}
