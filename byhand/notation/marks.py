"""Texts that a run decides: on a page that many runs share, a mark stands for each.

A mark is a private use character. For each of its marks, a page has a small value (`Decided`): what writes the text,
and of which values. It is written for each copy when it is asked for. A single run has such a page, too: in the
number system of one copy, each of its numbers and words has a slot, and is written as a mark.

Other rooms call the functions at the end of this file, and need not know whether a text is a mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from msgspec import Struct

from byhand.arithmetic.copies import Copies, Many, categories, each, first, is_many, numbers_of
from byhand.arithmetic.domain import Domain, ValueOf
from byhand.arithmetic.expr import Expr, Num, Ref, Scalar, rebuild, refs
from byhand.errors import SheetError

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
    """A drawing that another run has otherwise, as SVG. No word in it is a mark."""

    shapes: tuple[Any, ...] = ()
    """What it is made of (pictures/shapes.py)."""

    @classmethod
    def of(cls, svg: str, shapes: tuple[Any, ...]) -> Svg:
        """The drawing that these shapes make."""
        drawn = cls(svg)
        drawn.shapes = shapes
        return drawn


class Said(str):
    """What is said of a picture, which another run has otherwise. It takes no room on paper."""

    __slots__ = ()


class Radius(str):
    """The radius of a dot that another run has otherwise."""

    __slots__ = ()


class Mark(Word):
    """A character that stands in a page where each copy has one of these texts."""

    page: PageTexts

    @property
    def texts(self) -> Many:
        """The text of each copy."""
        texts: Many = self.page[mark_number(self)]
        return texts


class Decided(Struct, frozen=True):
    """A text that a run decides."""

    write: Callable[..., str]
    """What writes it."""
    given: tuple[Any, ...]
    """Of what: values, of which some differ from copy to copy, marks, and texts and measures as they are."""


class PageTexts(Sequence[Many]):
    """The texts of a page that its runs decide, each by the number of its mark. They are written when asked for."""

    def __init__(self, domain: MarkedCopies) -> None:
        self.domain = domain
        self.decided: list[Decided] = []
        self._written: dict[int, Many] = {}

    def __len__(self) -> int:
        return len(self.decided)

    def __getitem__(self, number: Any) -> Any:
        if number not in self._written:
            self._written[number] = self.written(self.decided[number])
        return self._written[number]

    def mark(self, decided: Decided) -> Mark:
        """A new mark: a character that stands in a page for this text.

        Raises: SheetError where there are too many.
        """
        if len(self) == MOST_MARKS:
            raise SheetError(f"a page with slots may have {MOST_MARKS:,} numbers; this one has more")
        self.decided.append(decided)
        mark = Mark(chr(FIRST_MARK + len(self) - 1))
        mark.page = self
        return mark

    def written(self, decided: Decided) -> Many:
        """The text of each copy, also where it has words in it that are marks themselves."""
        given = (self[mark_number(x)] if isinstance(x, str) and MARK.fullmatch(x) else x for x in decided.given)
        texts = self.domain.written(decided.write, *given)
        within = list(dict.fromkeys(mark for text in texts.categories for mark in MARK.findall(text)))
        if not within:
            return texts
        return self.domain.written(partial(_replaced, within), texts, *(self[mark_number(mark)] for mark in within))


class MarkedCopies(Copies):
    """The number system of the copies of a page that has marks. texts: those that stand in their place."""

    def __init__(self, inner: Domain, count: int) -> None:
        super().__init__(inner, count)
        self.texts = PageTexts(self)

    def written(self, write: Callable[..., str], *values: Any) -> Many:
        """The text that each copy has of values."""
        texts: Many = each(write, *values)
        return texts


class OneCopy(MarkedCopies):
    """The number system of a single copy, as one of many: each of its numbers has a slot, and may be asked anything.

    values: all that has a slot, in the order in which it was made.
    """

    def __init__(self, inner: Domain) -> None:
        self.inner, self.count = inner, 1
        self.name = inner.name
        self.advice = inner.advice
        self.differing = False
        self.values: list[Many] = []
        self.texts = PageTexts(self)
        self._asks = True

    def constant(self, value: Any) -> Many:
        self.values.append(Many(self, (value,), (0,), len(self.values)))
        return self.values[-1]

    def ask(self) -> None:
        """Be asked for a value.

        Raises: SheetError where a page that is kept asks: with other numbers, it might be another.
        """
        if not self._asks:
            raise SheetError("with other words or numbers, its page may be another")

    def note(self, answers: Any) -> None:
        """A single copy's answer is that of the first."""

    @contextmanager
    def unasked(self) -> Iterator[None]:
        """Within the block, no value may be asked for: what is written there is kept for other runs."""
        self._asks = False
        try:
            yield
        finally:
            self._asks = True

    def written(self, write: Callable[..., str], *values: Any) -> Many:
        return Many(self, (write(*(x.categories[0] if isinstance(x, Many) else x for x in values)),), (0,))

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
    return in_place(domain.constant(text)) if isinstance(domain, MarkedCopies) else text


def in_place(texts: Many) -> str:
    """A mark in whose place each copy has its own of these texts."""
    return written(_as_it_is, texts)


def _as_it_is(text: str) -> str:
    return text


def texts_of_page(domain: Domain) -> PageTexts | None:
    """The texts that stand in the place of the marks of a page; None for the page of a single run, which has none."""
    return domain.texts if isinstance(domain, MarkedCopies) else None


def written(write: Callable[..., str], *values: Any) -> str:
    """The text of values; if one of these differs from copy to copy, a mark that stands for each copy's text."""
    many = next((value for value in values if isinstance(value, Many)), None)
    if many is None:
        return write(*values)
    assert isinstance(many.domain, MarkedCopies)
    return many.domain.texts.mark(Decided(write, values))


def written_of(write: Callable[..., str], *texts: str) -> str:
    """The text of texts; if one of these is a mark, a mark that stands for each copy's text."""
    mark = next((text for text in texts if isinstance(text, Mark)), None)
    return write(*texts) if mark is None else mark.page.mark(Decided(write, texts))


def rewritten(write: Callable[[str], str], text: str) -> str:
    """What a function makes of a text; of a mark, a mark for what it makes of the texts in its place."""
    return text.page.mark(Decided(write, (text,))) if isinstance(text, Mark) else write(text)


def written_tree(write: Callable[[Expr], str], node: Expr) -> str:
    """The text of a tree; if a number in it differs from copy to copy, a mark that stands for each copy's text."""
    many = [*numbers_of(node)]
    if not many:
        return write(node)

    def write_one(*numbers: Any) -> str:
        left = iter(numbers)
        return write(rebuild(node, lambda leaf: Num(next(left)) if is_many(leaf) else leaf))

    return written(write_one, *many)
