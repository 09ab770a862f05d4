"""A sheet's numbers for many copies: what was searched for once, renamed for each copy as its key says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from byhand.arithmetic.copies import FIRST_MARK, Copies, unequal, varies
from byhand.classroom.printing.slots import MARK
from byhand.errors import DomainError
from byhand.mistakes import applying, mistaken
from byhand.model.weights import Values
from byhand.notation.inline import spoken
from byhand.notation.number import parse, plain
from byhand.pipeline import Options, recorded
from byhand.record import numbers_text, short_hash
from byhand.runs import Run
from byhand.symmetry import renamed
from byhand.tape import Tape
from byhand.worksheet.document import Document
from byhand.worksheet.sheet import Sheet

Numbers = Sequence[Sequence[Any]]
ATTEMPTS, AGAIN = 60, "/again"  # to find numbers for a copy, and what their key then ends in
_ESCAPED = re.compile(r"\\u(db[89a-f][0-9a-f])\\u(d[c-f][0-9a-f]{2})")  # a mark, as JSON writes it


@dataclass(frozen=True)
class ClassRun:
    """The run of many copies: a document with marks, the run and its tape; what stands for the marks."""

    document: Document
    run: Run
    tape: Tape
    domain: Copies

    def text_of(self, mark: int, copy: int) -> str:
        """What stands in a copy in place of a mark."""
        text: str = self.domain.marks[mark].at(copy)
        return text

    def filled(self, text: str) -> Iterator[str]:
        """A text with marks as each copy has it."""
        parts = re.split(f"({MARK.pattern})", text)
        marks = [self.domain.marks[ord(mark) - FIRST_MARK] for mark in parts[1::2]]
        columns = [texts.tolist() for texts in marks]
        for copy in range(self.domain.count):
            parts[1::2] = [column[copy] for column in columns]
            yield "".join(parts)

    def runs(self) -> Iterator[Run]:
        """The run of each copy."""
        run = self.run
        rows, params = _columns(run.rows), {name: _columns(step.params) for name, step in run.steps.items()}
        texts = _columns({
            name: [[self.domain.marks[ord(x) - FIRST_MARK] if MARK.fullmatch(x) else x for x in row] for row in each]
            for name, each in run.texts.items()
        })  # fmt: skip
        for copy in range(self.domain.count):
            steps = {name: replace(step, params=params[name](copy)) for name, step in run.steps.items()}
            yield replace(run, domain=self.domain.inner, steps=steps, rows=rows(copy), texts=texts(copy), hash="")


def _columns(entry: Any) -> Callable[[int], Any]:
    """The copy's own of tables and lists in which numbers differ from copy to copy, by the copy's number."""
    if varies(entry):
        return entry.tolist().__getitem__
    if isinstance(entry, Mapping):
        table = {name: _columns(item) for name, item in entry.items()}
        return lambda copy: {name: item(copy) for name, item in table.items()}
    if isinstance(entry, Sequence) and not isinstance(entry, str):
        items = [_columns(item) for item in entry]
        return lambda copy: tuple([item(copy) for item in items])
    return lambda copy: entry


Made = tuple[int, int | str]  # of what a copy is made: the place of its set of numbers, and the key that renames it


def run_copies(sheet: Sheet, sets: Sequence[Values], copies: Sequence[Made], options: Options) -> ClassRun:
    """Run a sheet on many copies at once: each is one of these sets of numbers, renamed as a key says.

    The sets differ in nothing but their numbers; key 0 renames nothing.

    Copies that would have other words on the page than the first are noted in the run's domain.

    Raises: ConfigError where they cannot be renamed.
    """
    options = options.on(sheet)
    domain = Copies(options.domain, len(copies))
    values = many_values(sets, copies, domain, signs=options.numbers != "symbolic")
    page, run, tape = recorded(sheet, values, options, domain, None)
    made = ClassRun(page, run, tape, domain)
    text = _ESCAPED.sub(lambda m: str(json.loads(f'"{m[0]}"')), numbers_text(run, page.steps))
    hashes = domain.mark(domain.column([short_hash(each) for each in made.filled(text)]))
    return replace(made, document=replace(page, stamp={"seed": str(options.chosen_seed), "hash": hashes}))


def fitting(
    run_of: Callable[[tuple[str, ...]], ClassRun], keys: Sequence[str], attempts: int = ATTEMPTS
) -> list[str | None]:
    """For each key, itself or one that follows from it, whose copy has the page of copy 0 but for its numbers, and
    tells every mistake apart that copy 0 tells apart; None where that is hard to find.

    run_of: the run of copy 0, perhaps of others that fit, and of each key's copy.
    """
    left, drawn = dict(enumerate(keys)), Counter[int]()
    while left:
        run = run_of(tuple(left.values()))
        places = dict(enumerate(left, run.domain.count - len(left)))  # of the keys, by the copies made with them
        others = [places[copy] for copy in _unlike_first(run) if copy in places]
        if not others:
            break
        for at in others:
            drawn[at] += 1
            left[at] += AGAIN
            if drawn[at] == attempts:
                del left[at]
    return [left.get(at) for at in range(len(keys))]


def _unlike_first(run: ClassRun) -> list[int]:
    """The copies that would have another page than copy 0 but for its numbers; where there are none, those fooled."""
    others = [] if run.domain.differing.any() else fooled(run)
    return sorted({*others, *run.domain.differing.nonzero()[0].tolist()})


def fooled(run: ClassRun) -> list[int]:
    """The copies in which a mistake changes no number, though in copy 0 it does."""
    found: set[int] = set()
    for name in applying(run.tape):
        wrong, made = mistaken(run.tape, name)
        shown = [step.name for step in made if wrong.steps[step.name].shape == step.shape]
        changed = _changed({name: run.tape.values(name) for name in shown}, wrong, run.domain)
        if changed[0]:
            found.update((~changed).nonzero()[0].tolist())
    return sorted(found)


def _changed(right: Mapping[str, Numbers], wrong: Tape, domain: Copies) -> Any:
    """In which copies a wrong run has another number in these steps, or none; all, where there are no such steps.

    The copies whose wrong run would go another way than the first one's are run again by themselves.
    """
    import numpy as np

    changed = np.full(domain.count, not right)
    with domain.noted_apart() as differing:
        try:
            for name, rows in right.items():
                changed |= unequal(rows, wrong.values(name), domain.count)
                if changed.all():
                    break
        except DomainError:
            changed[:] = True
    if differing.any():
        copies = differing.nonzero()[0]
        own = Copies(domain.inner, len(copies))

        def among(rows: Numbers) -> Numbers:
            return [[x.among(own, copies) if varies(x) else x for x in row] for row in rows]

        again = wrong.replay(own, {name: among(rows) for name, rows in wrong.numbers.items()})
        changed[copies] = _changed({name: among(rows) for name, rows in right.items()}, again, own)
    return changed


def unchanged(run: ClassRun, sets: Sequence[int]) -> list[str]:
    """The symbols of the answers that renaming leaves as they are.

    sets: which set of numbers each copy is made from.
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


def many_values(sets: Sequence[Values], copies: Sequence[Made], domain: Copies, *, signs: bool = True) -> Values:
    """The values of copies, each a set renamed for its key: a number that differs is one a copy."""
    import numpy as np

    entries = [[values.weights, values.inputs] for values in sets]
    numbers = [[parse(leaf) for leaf in _leaves(each)] for each in entries]
    kinds = list(dict.fromkeys(_size(x) for own in numbers for x in own if x))
    codes = {kind: code for code, kind in enumerate(kinds, 1)}
    coded = []
    for values, each, own in zip(sets, entries, numbers, strict=True):
        weights, inputs = _refilled(each, iter([_sign(x) * codes[_size(x)] if x else 0 for x in own]))
        coded.append(replace(values, weights=weights, inputs=inputs))
    made = (renamed(coded[number], key, signs=signs) for number, key in copies)
    table = np.array([[int(leaf) for leaf in _leaves([copy.weights, copy.inputs])] for copy in made])

    def number(column: Any) -> Any:
        found, which = np.unique(column, return_inverse=True)
        own = [-kinds[-code - 1] if code < 0 else kinds[code - 1] if code else 0 for code in found.tolist()]
        return domain.number(own, which) if len(own) > 1 else plain(own[0])

    weights, inputs = _refilled(entries[0], map(number, table.T))
    return replace(sets[0], weights=weights, inputs=inputs)


def _size(x: Any) -> Any:
    return abs(x) if isinstance(x, Fraction) else x


def _sign(x: Any) -> int:
    return -1 if isinstance(x, int | Fraction) and x < 0 else 1


def _leaves(entry: Any) -> Iterator[Any]:
    """The numbers of nested tables and lists, in order; of a table, in that of its names."""
    if isinstance(entry, int | str) or not isinstance(entry, Mapping | Sequence):  # the first is quick to see
        yield entry
        return
    for item in (entry[name] for name in sorted(entry)) if isinstance(entry, Mapping) else entry:
        yield from _leaves(item)


def _refilled(entry: Any, leaves: Iterator[Any]) -> Any:
    """The same tables and lists with other numbers."""
    if isinstance(entry, Mapping):
        found = {name: _refilled(entry[name], leaves) for name in sorted(entry)}
        return {name: found[name] for name in entry}
    if isinstance(entry, Sequence) and not isinstance(entry, str):
        return [_refilled(item, leaves) for item in entry]
    return next(leaves)
