"""What has to hold of the marks of simulated students, and how often it held.

A property tries one student, or a few, on a page, and yields for each try the name of a figure, whether it held (or to
what share), and, if it did not, an example. FIGURES says how often it has to hold.

The students share no code with the marker: they read the page, follow the rule of each blank with an arithmetic of their
own, and go on with what they wrote.

| property | the student | what has to hold |
|---|---|---|
| odd_notations, keys | writes the right numbers, in some notation; the key itself | all is right |
| one, two | makes one slip or two, of any kind, and goes on | these cells are wrong and no other; the kind of a single slip is among three reasons |
| calculators | makes one slip and goes on with a pocket calculator, where numbers are no longer rational | the slip alone is wrong, and costs its own points alone |
| stubborn | makes one slip and goes on with it, where the page prints other numbers | the same |
| mistakes, mistakes_in_part, decimal_mistakes | makes a classic mistake throughout, or in some cells | it is named, or one with the same numbers; no other is |
| noise, much_noise | writes any number in some blanks | what follows from them is not wrong |
| zeros, lazy | writes one number everywhere | zeros earn a tenth at most |
| decimals, decimal_slips | rounds in one of seven right ways; is off by some units of the last place | no right answer is wrong; the slip is seen |
| letters | writes formulas in any form; makes one slip | as in numbers |
| again | | the same answers have the same marks |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

import sympy
from oddly import odd, odd_formula, odd_text
from slips import KINDS, Made, one_slip
from students import CALCULATORS, EXACT, NEG_INF, Method, Page, Student, methods, telling

from byhand.errors import ByHandError
from byhand.marking.marker import Marker
from byhand.marking.marks import Marks
from byhand.notation.number import plain
from byhand.notation.text import value_text
from byhand.worksheet.document import Blank
from byhand.worksheet.front import sheet_files

SHEETS = sorted(sheet_files())
IN_LETTERS = "attention-in-letters"
Try = tuple[str, "float | bool", str]  # the figure, whether it held, and an example if it did not
Property = Callable[[str, int], Iterator[Try]]  # of a sheet and a seed

FIGURES: Mapping[str, float | None] = {
    # a figure, and the least share in which it has to hold; None if it is only told
    "right in odd notations": 1.0,
    "keys are right": 1.0,
    "letters: right in odd notations": 1.0,
    "letters, one slip: it alone is wrong": 0.999,
    "letters, one slip: its kind is among three": None,
    "one slip: it alone is wrong": 0.999,
    "one slip: its kind is among three": 0.9,
    "one slip: its kind is first": None,
    "one slip carried past printed numbers: it alone is wrong": 0.98,
    "a calculator's slip: it alone is wrong": 1.0,
    "a calculator's slip: it alone costs points": 1.0,
    "two slips: they alone are wrong": 0.98,
    "two slips: both kinds are among three": None,
    "a mistake on the page's numbers is named": 0.98,
    "a mistake on own numbers only is named": 0.98,
    "a mistake in 4 of 5 cells: named": None,
    "a mistake in 4 of 5 cells: no other named": 0.97,
    "a mistake in half of the cells: named": None,
    "a mistake in half of the cells: no other named": 0.97,
    "noise in 10 %: cells by the rule are not wrong": 0.999,
    "noise in 10 %: points": None,
    "noise in 10 %: no mistake named": None,
    "noise in 30 %: cells by the rule are not wrong": 0.999,
    "noise in 30 %: points": None,
    "noise in 30 %: no mistake named": None,
    "noise in 100 %: cells by the rule are not wrong": 0.999,
    "noise in 100 %: points": None,
    "noise in 100 %: no mistake named": None,
    "all 0: points lost": 0.9,
    "all 1: points lost": None,
    "all −∞: points lost": None,
    "0, and −∞ in its places: points lost": None,
    "decimals: seven methods are right": 1.0,
    "decimals: off by 1 last unit is seen": None,
    "decimals: off by 2 last units is seen": 0.85,
    "decimals: off by 10 last units is seen": 0.85,
    "decimals: off by 100 last units is seen": 0.85,
    "decimals: a slip makes no other cell wrong": 1.0,
    "decimals: a mistake on the page's numbers is named": 0.98,
    "the same answers have the same marks": 1.0,
}

PROPERTIES: dict[str, Property] = {}


def prop(function: Property) -> Property:
    """Register a property under the name of its function."""
    PROPERTIES[function.__name__] = function
    return function


@dataclass
class Count:
    """How often a figure was tried and held, and examples where it did not."""

    tried: int = 0
    held: float = 0
    examples: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.held / self.tried if self.tried else 1.0


def count(tries: Iterator[Try]) -> dict[str, Count]:
    """The tries of each figure, counted."""
    found: dict[str, Count] = {}
    for name, held, example in tries:
        one = found.setdefault(name, Count())
        one.tried += 1
        one.held += held
        if held < 1:
            one.examples.append(example)
    return found


def merge(found: dict[str, Count], new: Mapping[str, Count]) -> None:
    """Add some counts to others."""
    for name, more in new.items():
        one = found.setdefault(name, Count())
        one.tried, one.held = one.tried + more.tried, one.held + more.held
        one.examples += more.examples


def page_of(sheet: str, seed: int, **asked: Any) -> Page:
    """The page of a student's seed: ten students have the sheet's own numbers, the next ten others."""
    return Page.of(sheet, seed=seed // 10 % 4, **asked)


@lru_cache(maxsize=64)
def marker(page: Page) -> Marker:
    return Marker.of(page.document, page.run)


def marked(page: Page, student: Student | Mapping[str, str]) -> Marks:
    """The marks of a student, who also ticks what is right, or of some answers."""
    if isinstance(student, Student):
        student = {**student.answers(), **page.ticks}
    return marker(page).mark(student)


def wrong(marks: Marks) -> set[str]:
    """The blanks whose answers are not accepted; an empty one is no answer."""
    return {mark.id for mark in marks.blanks if mark.verdict in ("wrong", "unreadable")}


def named(marks: Marks) -> set[str]:
    """The classic mistakes that are named, without "perhaps"."""
    return {cause.foil for cause in marks.causes if cause.kind == "foil" and cause.sure}


def share(marks: Marks) -> float:
    return float(marks.points / marks.worth) if marks.worth else 0.0


def told(page: Page, marks: Marks, *ids: str) -> str:
    """Some marks of a page, in a line."""
    shown = [mark for mark in marks.blanks if mark.id in ids]
    each = [
        f"{m.id}: {m.answer!r} is {m.verdict} (key {m.key}, followed {m.followed}; {'; '.join(f'{r.kind} {r.detail} {r.foil} {r.weight:.2f}' for r in m.because)})"
        for m in shown[:3]
    ]
    options = f"seed {page.run.seed}, {page.run.numbers} {page.run.places or ''} {page.run.rounding or ''} {page.document.orientation} {page.document.level}"
    return f"{page.document.name} [{options}] " + ", ".join(each)


def _each(page: Page, marks: Marks, figure: str, verdicts: set[str], way: str = "") -> Iterator[Try]:
    """A try for each blank: whether its verdict is one of these."""
    for mark in marks.blanks:
        held = mark.verdict in verdicts
        yield figure, held, "" if held else f"{way} {told(page, marks, mark.id)}"


# right answers


@prop
def odd_notations(sheet: str, seed: int) -> Iterator[Try]:
    """All answers right, each written in some way."""
    dice = Random(f"odd {sheet} {seed}")
    numbers = dice.choice(("exact", "exact", "decimal"))
    page = page_of(sheet, seed, orientation=dice.choice(("rows", "columns")), numbers=numbers)
    marks = marked(page, {blank.id: _oddly(blank.cell.value, dice) for blank in page.blanks})
    yield from _each(page, marks, "right in odd notations", {"right"})


def _oddly(value: Any, dice: Random) -> str:
    if isinstance(value, str):
        return odd_text(value, dice)
    return odd_formula(value, dice) if isinstance(value, sympy.Expr) else odd(value, dice)


@prop
def letters(sheet: str, seed: int) -> Iterator[Try]:
    """A sheet in letters: all right, in odd notations; and with one slip, as far as it can be made with letters."""
    if sheet != IN_LETTERS:
        return
    page, dice = Page.of(sheet, seed=seed, numbers="symbolic"), Random(f"letters {seed}")
    marks = marked(page, {blank.id: _oddly(blank.cell.value, dice) for blank in page.blanks})
    yield from _each(page, marks, "letters: right in odd notations", {"right"})
    for made in slips_made(page, 1, dice.sample(KINDS, len(KINDS)), dice):
        marks = marked(page, who_made(page, [made]))
        example = f"{'/'.join(sorted(made.kinds))}: {told(page, marks, made.blank, *wrong(marks))}"
        yield "letters, one slip: it alone is wrong", wrong(marks) == {made.blank}, example
        yield "letters, one slip: its kind is among three", bool(made.kinds & {*_kinds(marks, made.blank)}), example


KEYS: tuple[Mapping[str, Any], ...] = (
    {},
    {"numbers": "symbolic"},
    {"orientation": "columns", "level": "easy"},
    {"numbers": "decimal", "base": "e"},
    {"level": "stretch", "seed": 1},
    {"numbers": "decimal", "places": 3, "rounding": "once", "orientation": "columns"},
    {"base": 3},
    {"numbers": "decimal", "places": 3, "base": "e", "rounding": "once", "level": "easy"},
    {"level": "easy", "seed": 2},
    {"numbers": "decimal", "places": 1, "level": "stretch"},
    {"orientation": "columns", "seed": 3},
    {"numbers": "symbolic", "orientation": "columns", "level": "stretch"},
)


@prop
def keys(sheet: str, seed: int) -> Iterator[Try]:
    """The key itself, as a page or a file writes it, in one of the ways in which the sheet is made."""
    try:
        page = Page.of(sheet, **KEYS[seed % len(KEYS)])
    except ByHandError:
        return  # such as base 3, where a deviation is then not rational
    write = value_text if seed % 2 else plain
    marks = marked(page, {**{blank.id: write(blank.cell.value) for blank in page.blanks}, **page.ticks})
    yield from _each(page, marks, "keys are right", {"right"})
    example = f"{told(page, marks)} {marks.points} points of {marks.worth}"
    yield "keys are right", marks.points == marks.worth > 0 or not marks.worth, example


# slips


def slips_made(page: Page, count: int, kinds: Iterable[str], dice: Random) -> list[Made]:
    """Slips of some of these kinds, in the order of the page; each on the numbers that follow from those before."""
    found: list[Made] = []
    for kind in kinds:
        made = one_slip(who_made(page, found), kind, dice, after=found[-1].blank if found else "")
        if made:
            found.append(made)
        if len(found) == count:
            break
    return found


def who_made(page: Page, slips: list[Made]) -> Student:
    return Student(page, written={made.blank: made.value for made in slips})


def _kinds(marks: Marks, name: str) -> list[str]:
    (mark,) = (mark for mark in marks.blanks if mark.id == name)
    return [reason.kind for reason in mark.because[:3]]


APART = 3  # kinds: so that a few students on a sheet make different slips, and all students those of every kind


@prop
def one(sheet: str, seed: int) -> Iterator[Try]:
    """One slip, and all that follows from it; no try where its kind cannot be made on the sheet."""
    page = page_of(sheet, seed)
    for made in slips_made(
        page, 1, [KINDS[(APART * seed + SHEETS.index(sheet)) % len(KINDS)]], Random(f"one {sheet} {seed}")
    ):
        marks = marked(page, who_made(page, [made]))
        example = f"{'/'.join(sorted(made.kinds))}: {told(page, marks, made.blank, *wrong(marks))}"
        yield "one slip: it alone is wrong", wrong(marks) == {made.blank}, example
        yield "one slip: its kind is among three", bool(made.kinds & {*_kinds(marks, made.blank)}), example
        yield "one slip: its kind is first", bool(made.kinds & {*_kinds(marks, made.blank)[:1]}), example


@prop
def calculators(sheet: str, seed: int) -> Iterator[Try]:
    """One slip from which numbers follow that are not rational, and a pocket calculator."""
    page, dice = page_of(sheet, seed), Random(f"calculators {sheet} {seed}")
    method = CALCULATORS[seed % len(CALCULATORS)]
    for kind in dice.sample(KINDS, len(KINDS)):
        for made in slips_made(page, 1, [kind], dice):
            student = Student(page, method, {made.blank: made.value})
            answers = student.answers()
            numbers = (student.answer(blank)[1] for blank in page.blanks)
            if not any(isinstance(number, float) and number != NEG_INF for number in numbers):
                continue
            marks = marked(page, student)
            lost = {mark.id for mark in marks.blanks if mark.points < mark.worth}
            empty = {name for name, text in answers.items() if not text}
            example = f"{method} {made}: {told(page, marks, *(wrong(marks) ^ {made.blank}))}"
            yield "a calculator's slip: it alone is wrong", wrong(marks) == {made.blank}, example
            example = f"{method} {made}: {told(page, marks, *lost)}"
            yield "a calculator's slip: it alone costs points", lost <= {made.blank} | empty, example
            return


@prop
def stubborn(sheet: str, seed: int) -> Iterator[Try]:
    """One slip of a student who goes on with what they wrote, where the page prints other numbers."""
    page, dice = page_of(sheet, seed), Random(f"stubborn {sheet} {seed}")
    for made in slips_made(page, 1, dice.sample(KINDS, len(KINDS)), dice):
        marks = marked(page, Student(page, written={made.blank: made.value}, stubborn=True))
        example = told(page, marks, *(wrong(marks) ^ {made.blank}))
        yield "one slip carried past printed numbers: it alone is wrong", wrong(marks) == {made.blank}, example


@prop
def two(sheet: str, seed: int) -> Iterator[Try]:
    """Two slips, the second one on the numbers that follow from the first."""
    page = page_of(sheet, seed)
    dice = Random(f"two {sheet} {seed}")
    slips = slips_made(page, 2, dice.sample(KINDS, len(KINDS)), dice)
    if len(slips) == 2:
        marks, blanks = marked(page, who_made(page, slips)), {made.blank for made in slips}
        example = f"{[sorted(made.kinds) for made in slips]}: {told(page, marks, *(wrong(marks) ^ blanks))}"
        yield "two slips: they alone are wrong", wrong(marks) == blanks, example
        both = all(made.kinds & {*_kinds(marks, made.blank)} for made in slips)
        yield "two slips: both kinds are among three", both, example


# classic mistakes


def _alike(page: Page, name: str, others: set[str], alone: bool = False) -> set[str]:
    """Of some named mistakes, those that give the same numbers in every blank."""
    if others <= {name}:
        return others
    answers = Student(page, mistaken=page.wrong[name], alone=alone).answers()
    return {o for o in others if Student(page, mistaken=page.wrong[o], alone=alone).answers() == answers}


def some_mistake(
    page: Page, dice: Random, alone: bool = False, method: Method = EXACT
) -> tuple[str, Student, list[str]] | None:
    """A mistake that two blanks tell, a student who makes it throughout, and the blanks that tell it."""
    for name in dice.sample(page.foils, len(page.foils)):
        student = Student(page, method, mistaken=page.wrong[name], alone=alone)
        cells = telling(page, student)
        if len(cells) >= 2:
            return name, student, cells
    return None


@prop
def mistakes(sheet: str, seed: int) -> Iterator[Try]:
    """A classic mistake made throughout: on the numbers that the page prints, or on own numbers only."""
    page = page_of(sheet, seed)
    for alone, way in ((False, "the page's numbers"), (True, "own numbers only")):
        found = some_mistake(page, Random(f"mistakes {sheet} {seed}"), alone)
        if found:
            name, student, cells = found
            marks = marked(page, student)
            example = f"{name} in {len(cells)} cells, named {named(marks)}: {told(page, marks, *cells)}"
            yield f"a mistake on {way} is named", bool(_alike(page, name, named(marks), alone)), example


@prop
def mistakes_in_part(sheet: str, seed: int) -> Iterator[Try]:
    """A classic mistake made in some of the cells that tell it."""
    page, dice = page_of(sheet, seed), Random(f"in part {sheet} {seed}")
    found = some_mistake(page, dice)
    if not found:
        return
    name, _, cells = found
    for part, amount in ((Fraction(4, 5), "4 of 5"), (Fraction(1, 2), "half of the")):
        only = dice.sample(cells, max(1, round(len(cells) * part)))
        marks = marked(page, Student(page, mistaken=page.wrong[name], only=only))
        example = f"{name} in {len(only)} of {len(cells)} cells, named {named(marks)}: {told(page, marks, *only)}"
        alike = _alike(page, name, named(marks))
        yield f"a mistake in {amount} cells: named", bool(alike), example
        yield f"a mistake in {amount} cells: no other named", named(marks) == alike, example


# those who guess


@prop
def noise(sheet: str, seed: int) -> Iterator[Try]:
    """Any number of the sheet in a tenth of the blanks; in the others what follows."""
    yield from _noise(sheet, seed, 10)


@prop
def much_noise(sheet: str, seed: int) -> Iterator[Try]:
    """Any number of the sheet in many of the blanks, or in all."""
    yield from _noise(sheet, seed, 30)
    yield from _noise(sheet, seed, 100)


def _noise(sheet: str, seed: int, amount: int) -> Iterator[Try]:
    page, dice = page_of(sheet, seed), Random(f"noise {sheet} {seed} {amount}")
    asked = [blank.id for blank in page.blanks if blank.role not in ("word", "text", "change", "inverse")]
    some = {name: dice.choice(page.numbers) for name in asked if dice.random() * 100 < amount}
    marks = marked(page, Student(page, written=some))
    by_rule = wrong(marks) - some.keys()
    yield f"noise in {amount} %: cells by the rule are not wrong", not by_rule, told(page, marks, *by_rule)
    yield f"noise in {amount} %: points", share(marks), ""
    yield f"noise in {amount} %: no mistake named", not named(marks), f"{named(marks)} {told(page, marks)}"


@prop
def zeros(sheet: str, seed: int) -> Iterator[Try]:
    """0 in every blank."""
    yield _points_lost(sheet, seed, "all 0", lambda blank: "0")


@prop
def lazy(sheet: str, seed: int) -> Iterator[Try]:
    """Another text in every blank; or −∞ where it is right, and 0 elsewhere."""
    yield _points_lost(sheet, seed, "all 1", lambda blank: "1")
    yield _points_lost(sheet, seed, "all −∞", lambda blank: "−∞")
    known = "0, and −∞ in its places"
    yield _points_lost(sheet, seed, known, lambda blank: "−∞" if blank.cell.value == NEG_INF else "0")


def _points_lost(sheet: str, seed: int, name: str, text: Callable[[Blank], str]) -> Try:
    page = page_of(sheet, seed)
    marks = marked(page, {blank.id: text(blank) for blank in page.blanks})
    return f"{name}: points lost", 1 - share(marks), f"{told(page, marks)} {marks.points} of {marks.worth}"


# decimals


WAYS = [
    {"numbers": "decimal", "places": places, "rounding": rounding, "base": base}
    for base in (None, "e")
    for places in (2, 3)
    for rounding in ("carry", "once")
]


def decimal_page(sheet: str, seed: int) -> Page:
    """A page in decimals. Powers of e have the sheet's own numbers: few sheets can search for others."""
    asked = WAYS[seed % len(WAYS)]
    return Page.of(sheet, seed=0 if asked["base"] else seed // len(WAYS) % 4, **asked)


@prop
def decimals(sheet: str, seed: int) -> Iterator[Try]:
    """A right way of computing with decimals."""
    asked = WAYS[seed % len(WAYS)]
    page = decimal_page(sheet, seed)
    tried: dict[tuple[str, ...], str] = {}  # the answers, and who wrote them first: many methods agree
    for name, method in methods(asked["places"]).items():
        tried.setdefault(tuple(Student(page, method).answers().values()), name)
    for answers, name in tried.items():
        marks = marked(page, dict(zip(page.by_id, answers, strict=True)))
        verdicts = {"right", "followed", "missing"}
        yield from _each(page, marks, "decimals: seven methods are right", verdicts, name)


@prop
def decimal_slips(sheet: str, seed: int) -> Iterator[Try]:
    """One number off by some units of its last place, and carried on."""
    asked, dice = WAYS[seed % len(WAYS)], Random(f"decimal slips {sheet} {seed}")
    page = decimal_page(sheet, seed)
    method = dice.choice([*methods(asked["places"]).values()])
    student = Student(page, method)
    numbers = {
        blank.id: student.answer(blank)[1]
        for blank in page.blanks
        if blank.role in ("ask", "copy") and isinstance(student.answer(blank)[1], Fraction)
    }
    if not numbers:
        return
    for units in (2, dice.choice((1, 10, 100))):
        name = dice.choice(sorted(numbers))
        off = Fraction(units * dice.choice((1, -1)), 10 ** asked["places"])
        own = numbers[name] if method.carried else method.rounded(numbers[name], asked["places"] + method.extra)
        written = own + off
        marks = marked(page, Student(page, method, {name: written}))
        yield (
            f"decimals: off by {units} last unit{'s' if units > 1 else ''} is seen",
            name in wrong(marks),
            told(page, marks, name),
        )
        others = wrong(marks) - {name}
        yield "decimals: a slip makes no other cell wrong", not others, f"{units}: {told(page, marks, name, *others)}"


@prop
def decimal_mistakes(sheet: str, seed: int) -> Iterator[Try]:
    """A classic mistake made throughout, in decimals."""
    page, dice = decimal_page(sheet, seed), Random(f"decimal mistakes {sheet} {seed}")
    method = dice.choice([*methods(page.run.places or 0).values()])
    found = some_mistake(page, dice, method=method)
    if found:
        name, student, cells = found
        marks = marked(page, student)
        answers = student.answers()
        same = {o for o in named(marks) if Student(page, method, mistaken=page.wrong[o]).answers() == answers}
        example = f"{name} in {len(cells)} cells, named {named(marks)}: {told(page, marks, *cells)}"
        yield "decimals: a mistake on the page's numbers is named", bool({name, *same} & named(marks)), example


# the marks


@prop
def again(sheet: str, seed: int) -> Iterator[Try]:
    """The same answers are marked twice, by two markers."""
    page = page_of(sheet, seed)
    dice = Random(f"again {sheet} {seed}")
    made = slips_made(page, 2, dice.sample(KINDS, len(KINDS)), dice)
    answers = who_made(page, made).answers()
    other = Marker.of(page.document, page.run).mark(dict(reversed(answers.items())))
    yield "the same answers have the same marks", repr(marked(page, answers)) == repr(other), f"{sheet} {made}"
