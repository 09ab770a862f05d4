"""One run of many copies at once: each is a set of numbers, with its dimensions renamed as a key says."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import repeat
from typing import Any

from msgspec import Struct, structs
from msgspec.structs import replace

from byhand.arithmetic.copies import varies
from byhand.arithmetic.exact import RATIONALS
from byhand.arrange import arranged
from byhand.model.weights import Values
from byhand.notation.inline import spoken
from byhand.notation.marks import MARK, MarkedCopies, in_place, mark_number
from byhand.notation.number import parse, plain
from byhand.options import Options
from byhand.record import numbers_text, short_hash
from byhand.runs import Run
from byhand.symmetry.renaming import Moves, leaves, moves, refilled
from byhand.tape import Tape
from byhand.worksheet.document import Document
from byhand.worksheet.sheet import Sheet

Variant = tuple[int, int | str]  # what a copy is made from: the place of a set of numbers, and a key that renames it
_ESCAPED = re.compile(r"\\u(db[89a-f][0-9a-f])\\u(d[c-f][0-9a-f]{2})")  # a mark, as JSON writes it


class ClassRun(Struct, frozen=True):
    """The run of many copies, and a document with marks where copies have numbers of their own."""

    document: Document
    run: Run
    tape: Tape
    domain: MarkedCopies
    """The number system of the copies; it knows the texts for the marks, and which copies differ."""
    promises: tuple[str, ...] = ()
    """The names of the sheet's own promises."""
    draws_words: bool = False
    """Whether copies differ in the words that they read, and not in given numbers."""

    def text_of(self, mark: int, copy: int) -> str:
        """The text of a copy that stands in place of a mark."""
        text: str = self.domain.texts[mark].at(copy)
        return text

    def filled(self, text: str) -> Iterator[str]:
        """A text with marks, once for each copy, with the copy's texts in their place."""
        parts = re.split(f"({MARK.pattern})", text)
        marks = [self.domain.texts[mark_number(mark)] for mark in parts[1::2]]
        columns = [texts.tolist() for texts in marks]
        for copy in range(self.domain.count):
            parts[1::2] = [column[copy] for column in columns]
            yield "".join(parts)

    def runs(self) -> Iterator[Run]:
        """The run of each copy."""
        run, texts_of = self.run, self.domain.texts
        columns = {
            name: [[texts_of[mark_number(x)] if MARK.fullmatch(x) else x for x in row] for row in rows]
            for name, rows in run.texts.items()
        }
        words = [texts_of[mark_number(x)].tolist() if MARK.fullmatch(x) else repeat(x) for x in run.tokens]
        own_words = zip(*words, strict=False) if words else repeat(())
        own_params = {name: _copies(step.params) for name, step in run.steps.items() if _has_columns(step.params)}
        for _, rows, texts, tokens in zip(
            range(self.domain.count), _copies(run.rows), _copies(columns), own_words, strict=False
        ):
            changed = {name: structs.replace(run.steps[name], params=next(each)) for name, each in own_params.items()}
            yield structs.replace(
                run, domain=self.domain.inner, steps={**run.steps, **changed}, rows=rows, texts=texts, tokens=tokens,
                hash="",
            )  # fmt: skip

    def tapes(self) -> Iterator[Tape]:
        """The tape of each copy, in exact fractions."""
        for copy in range(self.domain.count):
            yield self.tape.seen(RATIONALS, partial(_exact_at, copy))


def _exact_at(copy: int, value: Any) -> Any:
    """The value of one copy, as an exact fraction if it is a decimal."""
    number = value.at(copy) if varies(value) else value
    return Fraction(number) if isinstance(number, Decimal) and number.is_finite() else number


def _copies(entry: Any) -> Iterator[Any]:
    """For each copy, the tables and tuples with its own values in place of columns; endless where there are none."""
    if varies(entry):
        return iter(entry.tolist())
    if isinstance(entry, Mapping):
        return (dict(zip(entry, values, strict=True)) for values in _side_by_side(entry.values()))
    if isinstance(entry, Sequence) and not isinstance(entry, str):
        return _side_by_side(entry)
    return repeat(entry)


def _side_by_side(entries: Collection[Any]) -> Iterator[tuple[Any, ...]]:
    return zip(*map(_copies, entries), strict=False) if entries else repeat(())


def _has_columns(entry: Any) -> bool:
    if isinstance(entry, Mapping | Sequence) and not isinstance(entry, str):
        return any(map(_has_columns, entry.values() if isinstance(entry, Mapping) else entry))
    return varies(entry)


def run_copies(sheet: Sheet, sets: Sequence[Values], variants: Sequence[Variant], options: Options) -> ClassRun:
    """Run a sheet on many copies at once.

    Copies that would have other words on the page than copy 0 are noted in the run's domain.

    sets: values that differ in their numbers only, or in the words that are read.
    variants: a set and a key for each copy; key 0 renames nothing.

    Raises: ConfigError where the numbers cannot be renamed.
    """
    domain = MarkedCopies(options.domain, len(variants))
    known = moves(sheet.model, sets[0], sheet.in_place) if any(key for _, key in variants) else None
    values = values_together(sets, variants, domain, known, signs=options.numbers != "symbolic")
    page, run, tape = arranged(sheet, values, options, domain)
    made = ClassRun(page, run, tape, domain, sheet.promises, sheet.draws_words)
    text = _ESCAPED.sub(lambda m: str(json.loads(f'"{m[0]}"')), numbers_text(run, page.hashed))
    hashes = in_place(domain.column([short_hash(each, options.secret) for each in made.filled(text)]))
    stamped = structs.replace(page, stamp={"seed": options.printed_seed, "hash": hashes, **options.told_by_class})
    return replace(made, document=stamped, run=structs.replace(run, hash=hashes))


def unchanged(run: ClassRun, sets: Sequence[int]) -> list[str]:
    """The symbols of the answers that are the same in all copies of a set of numbers.

    sets: the set that each copy is made from.
    """

    def varies_within_a_set(value: Any) -> bool:
        return varies(value) and len({*zip(sets, value.codes.tolist(), strict=True)}) > len({*sets})

    asked = [panel for panel in run.document.panels() if panel.role == "ask"]
    same = [
        panel.symbol
        for panel in asked
        if not any(varies_within_a_set(cell.value) for row in panel.cells for cell in row)
    ]
    return list(dict.fromkeys(map(spoken, same)))


def values_together(
    sets: Sequence[Values],
    variants: Sequence[Variant],
    domain: MarkedCopies,
    known: Moves | None,
    *,
    signs: bool = True,
) -> Values:
    """The values of all copies, in which a number that differs from copy to copy is a column.

    Renaming moves entries and changes signs. So each number is coded as an int, the place of its absolute value with
    the number's sign; the coded numbers are moved, and the columns decoded.

    known: what may move, where any copy is renamed.
    """
    import numpy as np  # heavy

    entries = [[values.weights, values.inputs] for values in sets]
    numbers = [[parse(leaf) for leaf in leaves(each)] for each in entries]
    sizes = list(dict.fromkeys(_size(x) for figures in numbers for x in figures if x))
    places = {size: place for place, size in enumerate(sizes, 1)}
    coded = [[_sign(x) * places[_size(x)] if x else 0 for x in figures] for figures in numbers]

    def moved(number: int, key: int | str) -> list[int]:
        figures = coded[number]
        if known is None or key == 0:
            return figures
        return [figures[place] * sign for place, sign in known.drawn(key, figures, signs=signs)]

    table = np.array([moved(number, key) for number, key in variants])

    def number(column: Any) -> Any:
        unique, codes = np.unique(column, return_inverse=True)
        figures = [-sizes[-place - 1] if place < 0 else sizes[place - 1] if place else 0 for place in unique.tolist()]
        return domain.number(figures, codes) if len(figures) > 1 else plain(figures[0])

    weights, inputs = refilled(entries[0], map(number, table.T))
    words = zip(*(sets[place].tokens for place, _ in variants), strict=True)
    tokens = tuple(domain.column(each) if len({*each}) > 1 else each[0] for each in words)
    return structs.replace(sets[0], weights=weights, inputs=inputs, tokens=tokens)


def _size(x: Any) -> Any:
    return abs(x) if isinstance(x, Fraction) else x


def _sign(x: Any) -> int:
    return -1 if isinstance(x, int | Fraction) and x < 0 else 1
