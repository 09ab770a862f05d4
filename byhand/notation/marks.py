"""Texts that a run decides: on a page that many runs share, a mark stands for each.

A mark is a private use character. The number system of the copies knows for each of its marks the texts that stand in
its place, one a copy. A single run has such a page, too: in the number system of one copy, each of its numbers and
words has a slot, and is written as a mark.

Other rooms call the functions at the end of this file, and need not know whether a text is a mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from byhand.arithmetic.copies import Copies, Many, categories, each, first, is_many, numbers_of
from byhand.arithmetic.domain import Domain, ValueOf
from byhand.arithmetic.expr import Expr, Num, Ref, Scalar, rebuild, refs
from byhand.errors import SheetError

# how a text is written: by which function, and of what: values by their numbers, and texts and measures as they are
Recipe = tuple[str, tuple[int | str | float, ...]]
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


class MarkedCopies(Copies):
    """The number system of the copies of a page, with its marks.

    marks: for each mark, the texts of the copies.
    """

    def __init__(self, inner: Domain, count: int) -> None:
        super().__init__(inner, count)
        self.marks: list[Many] = []

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

    def write(self, write: Callable[..., str], values: Sequence[Any]) -> str:
        """A new mark for the text of values, of which one differs from copy to copy."""
        return self.mark(each(write, *values))


class OneCopy(MarkedCopies):
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

    def note(self, answers: Any) -> None:
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
        text = self.constant(write(*(value.categories[0] if isinstance(value, Many) else value for value in values)))
        mark = self.mark(text)
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
        numbers = [*numbers_of(node)]
        if numbers:
            left = iter(numbers)
            node = rebuild(node, lambda leaf: Num(next(left).categories[0]) if is_many(leaf) else leaf)
        self.ask()

        def value(ref: Ref) -> Scalar:
            number = values(ref)
            return number.categories[0] if isinstance(number, Many) else number

        number = self.inner.settle(node, value)
        return self.constant(number) if numbers or any(isinstance(each, Many) for each in read) else number


def _replaced(marks: Sequence[str], text: str, *texts: str) -> str:
    """A text with other texts in place of its marks."""
    known = dict(zip(marks, texts, strict=True))
    return known.get(text) or MARK.sub(lambda mark: known[mark[0]], text)  # a word stays one


# ---- what other rooms call ----


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


def first_text(text: str) -> str:
    """A text; of a mark, what the first copy has in its place."""
    return str(first(text.texts)) if isinstance(text, Mark) else text


def longest(text: str) -> int:
    """The number of characters of a text; of one that is a mark, of the longest that stands in its place."""
    return max(map(len, texts_of(text)))


def has_slots(domain: Domain) -> bool:
    """Whether a page of this number system has slots for all that it shows of a run."""
    return isinstance(domain, MarkedCopies)


def in_slot(domain: Domain, value: Any) -> Any:
    """A value as a page with slots shows it: in a slot of its own, even where all copies share it."""
    return value if isinstance(value, Many) or not isinstance(domain, MarkedCopies) else domain.constant(value)


def word_in_slot(domain: Domain, word: str) -> str:
    """What a page shows of a word of a run: with slots, a mark that stands for it; else the word itself."""
    text = Word(word)
    return domain.mark(domain.constant(text)) if isinstance(domain, MarkedCopies) else text


def mark_texts(domain: Domain) -> Sequence[Many]:
    """For each mark, the texts that stand in its place, one a copy."""
    return domain.marks if isinstance(domain, MarkedCopies) else ()


def written(write: Callable[..., str], *values: Any) -> str:
    """The text of values; if one of these differs from copy to copy, a mark that stands for each copy's text."""
    many = next((value for value in values if isinstance(value, Many)), None)
    if many is None:
        return write(*values)
    assert isinstance(many.domain, MarkedCopies)
    return many.domain.write(write, values)


def rewritten(write: Callable[[str], str], text: str) -> str:
    """What a function makes of a text; of a mark, a mark for what it makes of the texts in its place."""
    return written(write, text.texts) if isinstance(text, Mark) else write(text)


def written_tree(write: Callable[[Expr], str], node: Expr) -> str:
    """The text of a tree; if a number in it differs from copy to copy, a mark that stands for each copy's text."""
    many = [*numbers_of(node)]
    if not many:
        return write(node)

    def write_one(*numbers: Any) -> str:
        left = iter(numbers)
        return write(rebuild(node, lambda leaf: Num(next(left)) if is_many(leaf) else leaf))

    return written(write_one, *many)
