"""What a single copy has, of something in which the values and texts of many copies stand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.copies import Many
from byhand.arithmetic.expr import Fn, Num
from byhand.notation.marks import MARK, Mark, MarkedCopies, mark_number

OfCopy = Callable[[int], Any]  # what a copy has, by its number


def apart(thing: Any, domain: MarkedCopies) -> OfCopy:
    """What each copy has, by its number, of something that is made of values of this number system.

    What all copies have alike, they share; what stands in several places of a copy is one thing there, too.
    """
    return _Apart(domain).of(thing) or (lambda copy: thing)


class _Varying:
    """A part that differs from copy to copy. It is made once for a copy, however often it stands there."""

    __slots__ = ("copy", "made", "make")

    def __init__(self, make: OfCopy) -> None:
        self.make, self.copy, self.made = make, -1, None

    def __call__(self, copy: int) -> Any:
        if copy != self.copy:
            self.copy, self.made = copy, self.make(copy)
        return self.made


class _Apart:
    """Takes things apart. known: what was found, with the things themselves, by their identity."""

    def __init__(self, domain: MarkedCopies) -> None:
        self.domain = domain
        self.known = dict[int, tuple[Any, OfCopy | None]]()

    def of(self, thing: Any) -> OfCopy | None:
        """What makes a copy's own of a thing; None where all copies have it alike."""
        if isinstance(thing, str):
            return self._text(thing)
        if id(thing) not in self.known:
            make = self._of(thing)
            self.known[id(thing)] = thing, make and _Varying(make)
        return self.known[id(thing)][1]

    def _of(self, thing: Any) -> OfCopy | None:
        match thing:
            case Many():
                return self._value(thing)
            case MarkedCopies():
                return lambda copy: thing.inner
            case Fn("choose", (Num(Many() as index), *trees)):
                of_copy = self.of(tuple(trees)) or (lambda copy: trees)
                return lambda copy: of_copy(copy)[int(index.at(copy))]
            case Struct():
                parts = {name: getattr(thing, name) for name in thing.__struct_fields__}
                return self._made(parts, lambda of_copy: replace(thing, **of_copy))
            case Mapping():
                return self._made(thing, lambda of_copy: {**thing, **of_copy})
            case tuple() | list():
                kind = type(thing)
                return self._made(
                    dict(enumerate(thing)), lambda of_copy: kind(of_copy.get(*at) for at in enumerate(thing))
                )
        if dataclasses.is_dataclass(thing) and not isinstance(thing, type):  # a token of Markdown
            parts = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}
            return self._made(parts, lambda of_copy: dataclasses.replace(thing, **of_copy))
        return None

    def _made(self, parts: Mapping[Any, Any], whole: Callable[[dict[Any, Any]], Any]) -> OfCopy | None:
        """What makes a thing of its parts. whole: of those that a copy has for itself."""
        makers = {name: make for name, part in parts.items() if (make := self.of(part))}
        if not makers:
            return None
        return lambda copy: whole({name: make(copy) for name, make in makers.items()})

    def _text(self, text: str) -> OfCopy | None:
        if isinstance(text, Mark):
            return text.texts.at
        if not MARK.search(text):
            return None
        texts = self.domain.texts
        return lambda copy: MARK.sub(lambda mark: texts[mark_number(mark[0])].at(copy), text)

    def _value(self, many: Many) -> OfCopy:
        """The values of copies, of which words may be marks themselves."""
        by_code = [self.of(value) or (lambda copy, value=value: value) for value in many.categories]
        return lambda copy: by_code[many.codes[copy]](copy)
