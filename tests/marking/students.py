"""Students who fill in a sheet: they read the page, follow the rule of each blank, and write down what they find.

They share no code with the marker but which mistakes a reader of the page can make, and do arithmetic by themselves. So
what the marker says of them is evidence.

    page = Page.of("attention-head")
    Student(page).answers()                              → the answers of one who makes no mistake
    Student(page, written={id: Fraction(7)}).answers()   → 7 in one blank, and what follows from it in the others

A student takes a number from the page where the section prints it, else from where they wrote it last.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import sympy

from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Ref, Sub, Sum
from byhand.arrange import arranged
from byhand.choose import choose
from byhand.options import Options
from byhand.page.reader import Reader
from byhand.runs import Run
from byhand.tape import Place, Step, Tape
from byhand.worksheet.document import Blank, Document
from byhand.worksheet.sheet import load_sheet

NEG_INF = float("-inf")
Number = Any  # a Fraction; −∞; a float where the value is not rational; or an expression in letters
LONGEST, LONGEST_FORMULA = 24, 120  # characters of a number or a formula that a student writes down
IRRATIONAL = 3  # decimal places of a number that has no end, on a sheet of fractions


class NoNumberError(ArithmeticError):
    """A rule without a value, such as a quotient by 0, or one that no one would write down."""


# the arithmetic of one cell


def worked(node: Expr, number: Callable[[Ref], Number], noted: Callable[[Number], Number] = lambda x: x) -> Number:
    """The value of a rule. noted: what a student writes down of a product, quotient, power or root within it.

    Raises: NoNumberError.
    """

    def value(node: Expr) -> Number:
        match node:
            case Num(x):
                return x if isinstance(x, float) else Fraction(x)
            case Ref():
                return number(node)
            case Sum(terms):
                return added([inner(term) for term in terms])
            case Sub(left, right):
                return added([inner(left), product(Fraction(-1), inner(right))])
            case Mul(left, right):
                return product(inner(left), inner(right))
            case Div(left, right):
                return quotient(inner(left), inner(right))
            case Fn(name, args):
                return function(name, [inner(arg) for arg in args])
        raise TypeError(f"no arithmetic for {node!r}")

    def inner(node: Expr) -> Number:
        found = value(node)
        written = isinstance(node, Mul | Div) or (isinstance(node, Fn) and node.name not in ("max", "e", "pi"))
        return noted(found) if written else found

    return as_number(value(node))


def added(terms: list[Number]) -> Number:
    return NEG_INF if NEG_INF in terms else sum(terms, Fraction(0))


def product(a: Number, b: Number) -> Number:
    if NEG_INF in (a, b):
        raise NoNumberError("−∞ in a product")
    return a * b


def quotient(a: Number, b: Number) -> Number:
    if b in (0, NEG_INF) or (a == NEG_INF and b < 0):
        raise NoNumberError("no quotient")
    return a if a == NEG_INF else a / b


def function(name: str, args: list[Number]) -> Number:
    if name == "max":
        return max(args)
    if name == "argmax":
        return Fraction(args.index(max(args)))
    if name == "choose":
        return args[1 + int(args[0])]
    if name == "pow":
        return power(*args)
    if NEG_INF in args:
        raise NoNumberError(f"{name} of −∞")
    if name == "sqrt":
        return root(*args)
    if name == "log":
        return logarithm(*args)
    if name in ("sinpi", "cospi"):
        return sine_of_half_turns(args[0] + (Fraction(1, 2) if name == "cospi" else 0))
    reals = {"e": math.e, "pi": math.pi}
    if name in reals:
        return reals[name]
    x = float(args[0])
    if name == "gelu":
        return x * math.erfc(-x / math.sqrt(2)) / 2
    return {"sin": math.sin, "cos": math.cos, "erf": math.erf}[name](x)


def power(base: Number, exponent: Number) -> Number:
    if isinstance(exponent, sympy.Expr) or (isinstance(base, sympy.Expr) and exponent != NEG_INF):
        return sympy.Pow(sympy.sympify(base), sympy.sympify(exponent))
    if exponent == NEG_INF:
        if base == NEG_INF or base <= 1:
            raise NoNumberError("no such power of −∞")
        return Fraction(0)
    if base == NEG_INF or abs(exponent) > 200 or (base == 0 and exponent <= 0):
        raise NoNumberError("no such power")
    whole = isinstance(exponent, Fraction) and exponent.denominator == 1
    if whole and isinstance(base, Fraction):
        return base**exponent.numerator
    if base < 0 and not whole:
        raise NoNumberError("a root of a negative number")
    if exponent == Fraction(1, 2):
        return root(base)
    return float(base) ** float(exponent)


def root(x: Number) -> Number:
    if x < 0:
        raise NoNumberError("a root of a negative number")
    if isinstance(x, Fraction):
        found = Fraction(math.isqrt(x.numerator), math.isqrt(x.denominator))
        if found * found == x:
            return found
    return math.sqrt(x)


def logarithm(base: Number, x: Number) -> Number:
    if x <= 0 or base <= 0 or base == 1:
        raise NoNumberError("no logarithm")
    found = math.log(x) / math.log(base)
    whole = isinstance(x, Fraction) and isinstance(base, Fraction) and base ** round(found) == x
    return Fraction(round(found)) if whole else found


def sine_of_half_turns(x: Number) -> Number:
    """sin(πx), exact where it is rational."""
    found = math.sin(math.pi * float(x % 2))
    return Fraction(round(2 * found), 2) if abs(2 * found - round(2 * found)) < 1e-9 else found


# how numbers are written and carried on


@dataclass(frozen=True)
class Method:
    """A right way of computing with decimals; with `places` None, with fractions.

    places: as asked for. extra: further places that are written. noted: whether products within a cell are rounded as
    they are written down. even: whether ties are rounded to even digits, not away from zero. carried: whether what is
    computed next starts from all digits of the calculator, not from what was written.
    """

    places: int | None = None
    extra: int = 0
    noted: bool = False
    even: bool = False
    carried: bool = False

    def rounded(self, value: Number, places: int) -> Number:
        if value == NEG_INF:
            return value
        scaled = Fraction(value) * 10**places
        size = round(scaled) if self.even else math.floor(abs(scaled) + Fraction(1, 2)) * (-1 if scaled < 0 else 1)
        return Fraction(size, 10**places)

    def within(self, value: Number) -> Number:
        """What is written down of a product within a cell."""
        return self.rounded(value, self.places + self.extra) if self.noted and self.places is not None else value

    def written(self, value: Number, places: int | None = None) -> tuple[str, Number]:
        """The text of a value, and the number from which the student goes on. places: those of an entry of a table.

        Raises: NoNumberError where no one would write it down.
        """
        if value == NEG_INF:
            return "−∞", value
        if isinstance(value, sympy.Expr):
            if len(str(value)) > LONGEST_FORMULA:
                raise NoNumberError("too long to write down")
            return str(value), value
        if places is None and self.places is not None:
            places = self.places + self.extra
        if places is not None:
            found = self.rounded(value, places)
            carried = self.carried or self.places is None  # a table of counts is filled in with a calculator
            whole = isinstance(value, Fraction) and value.denominator == 1
            return self._short(str(value) if whole else decimal_text(found, places)), value if carried else found
        if isinstance(value, Fraction):
            return self._short(str(value)), value
        places = IRRATIONAL if abs(value) > 0.5 else IRRATIONAL + 3
        found = self.rounded(value, places)
        if found == 0:
            raise NoNumberError("too small for a few places")
        return self._short(decimal_text(found, places)), found

    def _short(self, text: str) -> str:
        if len(text) > LONGEST:
            raise NoNumberError("too long to write down")
        return text


@dataclass(frozen=True)
class Calculator(Method):
    """Fractions as long as they last, and then what a pocket calculator shows.

    digits: significant ones of a number that is not rational. keeps: whether what is computed next starts from all
    digits, not from what was written. root: how a root is spelled, or "" for a decimal.
    """

    digits: int = 4
    keeps: bool = False
    root: str = ""

    def written(self, value: Number, places: int | None = None) -> tuple[str, Number]:
        if not isinstance(value, float) or value == NEG_INF or places is not None:
            return super().written(value, places)
        if abs(value - round(value)) < FLOATS_CLOSE:
            return self._short(str(round(value))), Fraction(round(value))
        rational, square = (Fraction(x).limit_denominator(1000) for x in (value, value * value))
        if math.isclose(rational, value, rel_tol=FLOATS_CLOSE):
            return super().written(rational)
        if self.root and math.isclose(square, value * value, rel_tol=FLOATS_CLOSE):
            top, bottom = square.as_integer_ratio()
            spelled = self.root.format(top=top, bottom=bottom, under=top * bottom)
            return self._short("-" * (value < 0) + spelled), value
        shown = max(2, self.digits - 1 - math.floor(math.log10(abs(value))))
        found = self.rounded(value, shown)
        return self._short(decimal_text(found, shown)), value if self.keeps or self.root else float(found)


FLOATS_CLOSE = 1e-11
ROOTS = (
    "√{under}/{bottom}",
    "{top}/√{under}",
    "{top}/sqrt({under})",
    "√({top}/{bottom})",
    "({top}/{bottom})^(1/2)",
    "{top}·{under}^-0.5",
)
CALCULATORS = [
    *(Calculator(digits=digits, keeps=keeps) for digits in (3, 4, 6) for keeps in (False, True)),
    *(Calculator(root=root) for root in ROOTS),
]


def decimal_text(value: Fraction, places: int) -> str:
    """A number with so many decimal places."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):.{places}f}"


EXACT = Method()


def methods(places: int) -> dict[str, Method]:
    """Seven right ways of computing with so many decimal places."""
    return {
        "each cell rounded": Method(places),
        "ties to even": Method(places, even=True),
        "products rounded, too": Method(places, noted=True),
        "products rounded, ties to even": Method(places, noted=True, even=True),
        "all digits carried": Method(places, carried=True),
        "one more place": Method(places, extra=1),
        "all digits carried, two more places": Method(places, extra=2, carried=True),
    }


# the page


def as_number(value: Any) -> Number:
    """A number of the run: a fraction, −∞, or an expression in letters."""
    if isinstance(value, float) or (isinstance(value, sympy.Expr) and not value.is_Rational):
        return value
    return Fraction(int(value.p), int(value.q)) if isinstance(value, sympy.Expr) else Fraction(value)


def alike(a: Number, b: Number) -> bool:
    """Whether two numbers are equal; expressions in letters, if their difference is 0."""
    if not isinstance(a, sympy.Expr) and not isinstance(b, sympy.Expr):
        return a == b
    return NEG_INF not in (a, b) and sympy.simplify(sympy.sympify(a) - sympy.sympify(b)) == 0


@dataclass(frozen=True, eq=False)
class Page:
    """A sheet as its reader has it before them. document, run, tape: as they were arranged."""

    document: Document
    run: Run
    tape: Tape

    @classmethod
    def of(cls, sheet: str, **asked: Any) -> Page:
        """The page of a sheet, with the options that were asked for; attention-in-letters in numbers.

        Raises: ByHandError.
        """
        return cls._in(os.environ.get("BYHAND_TEMPLATES", ""), sheet, **asked)

    @classmethod
    @lru_cache(maxsize=128)
    def _in(cls, folder: str, sheet: str, **asked: Any) -> Page:
        """The same, of sheets in a folder of one's own; kept, since tests of a process may use several."""
        found = load_sheet(sheet)
        options = Options(**{"seed": 0, "numbers": "exact", **asked})
        return cls(*arranged(found, choose(found, options)[0], options, options.domain))

    @cached_property
    def blanks(self) -> list[Blank]:
        return self.document.blanks()

    @cached_property
    def by_id(self) -> dict[str, Blank]:
        return {blank.id: blank for blank in self.blanks}

    @cached_property
    def section_of(self) -> dict[str, int]:
        """The section of each blank, counted from 0."""
        return {blank.id: n for n, section in enumerate(self.document.sections) for blank in section.blanks}

    @cached_property
    def sights(self) -> list[dict[Place, Any]]:
        """For each section, where its reader finds a number: in it, else in the last section that shows it."""
        found: list[dict[Place, Any]] = []
        for section in self.document.sections:
            here = {place: each if isinstance(each, Blank) else each.value for place, each in section.front.items()}
            found.append({**(found[-1] if found else {}), **here})
        return found

    @cached_property
    def own(self) -> list[dict[Place, Blank]]:
        """For each section, the last blank of each place that the reader filled in before it."""
        found: list[dict[Place, Blank]] = [{}]
        for section in self.document.sections:
            here = {place: each for place, each in section.front.items() if isinstance(each, Blank)}
            found.append({**found[-1], **here})
        return found[:-1]

    @cached_property
    def ticks(self) -> dict[str, str]:
        """The right option of each question that has some, such as true or false."""
        return {reply.id: reply.right for reply in self.document.replies() if reply.options}

    @cached_property
    def numbers(self) -> list[Number]:
        """The different numbers of the key."""
        values = {as_number(b.cell.value) for b in self.blanks if b.role not in ("word", "text", "change")}
        return sorted(values)

    @cached_property
    def foils(self) -> list[str]:
        """The classic mistakes that can be made on the sheet."""
        return [*self._made]

    @cached_property
    def wrong(self) -> Mapping[str, Tape]:
        """The tape of each classic mistake."""
        return {name: self._mistaken(made) for name, made in self._made.items()}

    def _mistaken(self, made: Mapping[str, list[Step]]) -> Tape:
        return self.tape.replay(rewrite=lambda step: made.get(step.name, [step]))

    @cached_property
    def _made(self) -> Mapping[str, Mapping[str, list[Step]]]:
        return Reader(self.document, self.run).mistakes

    @cached_property
    def given(self) -> Set[str]:
        """The steps that the page prints whole, and asks for nowhere: nobody computes them."""
        return Reader(self.document, self.run).printed_steps


# the students


@dataclass(eq=False)
class Student:
    """A student who follows the page's rules from the numbers before them.

    written: numbers or texts that they write in some blanks, whatever the rule says. mistaken: the tape of a classic
    mistake that they make; only: the blanks in which they make it, if not in all. alone: whether they use nothing that
    the page prints but what is given, and follow their own numbers only.
    """

    page: Page
    method: Method = EXACT
    written: Mapping[str, Number | str] = field(default_factory=dict)
    mistaken: Tape | None = None
    only: Collection[str] | None = None
    alone: bool = False
    stubborn: bool = False

    def __post_init__(self) -> None:
        self._found: dict[str, tuple[str, Number]] = {}
        self._hidden: dict[tuple[int, int, Place], Number] = {}

    def answers(self) -> dict[str, str]:
        """The text in each blank; empty where the student finds no number."""
        return {blank.id: self.answer(blank)[0] for blank in self.page.blanks}

    def answer(self, blank: Blank) -> tuple[str, Number]:
        """What the student writes in a blank, and the number from which they go on; None where there is none."""
        if blank.id not in self._found:
            try:
                self._found[blank.id] = self._answer(blank)
            except NoNumberError:
                self._found[blank.id] = "", None
        return self._found[blank.id]

    def _answer(self, blank: Blank) -> tuple[str, Number]:
        value = self.written[blank.id] if blank.id in self.written else self.by_rule(blank)
        if isinstance(value, str):
            return value, None
        if blank.role == "word":
            return self.page.run.vocabulary[int(value)], value
        if blank.role in ("size", "inverse"):
            return EXACT.written(value)
        return self.method.written(value, blank.cell.places)

    def by_rule(self, blank: Blank, mistaken: bool | None = None) -> Number | str:
        """What the rule of a blank says; of a mistake, if the student makes it there.

        Raises: NoNumberError.
        """
        cell, section = blank.cell, self.page.section_of[blank.id]
        if blank.role in ("text", "change"):
            return str(cell.value)
        if blank.role == "size":
            return worked(cell.rule, no_reference) if cell.rule else as_number(cell.value)
        if blank.role == "inverse":
            return as_number(cell.value)
        if mistaken is None:
            mistaken = self.mistaken is not None and (self.only is None or blank.id in self.only)
        tape = self.mistaken if mistaken and self.mistaken else self.page.tape
        assert cell.at is not None
        place = cell.place
        if blank.role == "copy":
            return self.copied(tape, section, place)
        at = self._at(tape, place)
        return self.computed(tape, section, at)

    def copied(self, tape: Tape, section: int, place: Place) -> Number:
        """What is copied into a section: what the student has just found in it, or what stands before it; of a step that
        changes no number, and stands nowhere, the matrix that it is made from.
        """
        found, (name, i, j) = self.page.sights[section][place], place
        if isinstance(found, Blank) and found.role == "ask":
            return self._number(found)
        if section and place in self.page.sights[section - 1]:
            return self.look(tape, section, place, before=True)
        values = self.page.run.values
        same = (other for other in self.page.run[name].inputs if values(other) == values(name))
        other = next(same, None)
        return self.look(tape, section, (other, i, j)) if other else self.look(tape, section, place, before=True)

    def computed(self, tape: Tape, section: int, at: Place) -> Number:
        """A cell by its rule, from what stands in a section. at: the cell as the tape has it."""
        tree = tape.cell(*at)
        return worked(tree, self.reader(tape, section), self.method.within)

    def reader(self, tape: Tape, section: int, before: bool = False) -> Callable[[Ref], Number]:
        """Where the student reads the numbers of a rule, in a section; before: of a copy, in the sections before."""
        known = self.page.tape.steps

        def number(ref: Ref) -> Number:
            i, j = ref.index
            at = (ref.matrix, int(i), int(j))
            shapes = tape.steps[ref.matrix].shape, known[ref.matrix].shape if ref.matrix in known else None
            if shapes[0] == shapes[1]:
                return self.look(tape, section, at, before)
            if shapes[1] and shapes[0] == shapes[1][::-1]:
                return self.look(tape, section, (ref.matrix, int(j), int(i)), before)
            return self._unseen(tape, section, at)

        return number

    def look(self, tape: Tape, section: int, place: Place, before: bool = False) -> Number:
        """The number of a place, as a reader of the section has it. before: not from the section itself."""
        sight = self.page.sights[section - before] if section >= before else {}
        if place not in sight or (self.alone and place[0] not in self.page.given):
            return self._unseen(tape, section, self._at(tape, place))
        found = sight[place]
        if isinstance(found, Blank):
            return self._number(found)
        printed = as_number(found)
        mine = self.page.own[section].get(place) if self.method.carried or self.stubborn else None
        if mine is None:
            tree = tape.cell(*self._at(tape, place))
            moved = self.stubborn and isinstance(tree, Ref)  # such as heads side by side
            return self.reader(tape, section)(tree) if moved else printed
        if self.stubborn:
            return self._number(mine)
        number = self._number(mine)
        near = printed != NEG_INF and self.method.rounded(number, self.method.places or 0) == printed
        return number if near else printed

    def _number(self, blank: Blank) -> Number:
        number = self.answer(blank)[1]
        if number is None:
            raise NoNumberError("left out")
        return number

    def _unseen(self, tape: Tape, section: int, at: Place) -> Number:
        """A cell that stands nowhere: a given, or computed in passing."""
        key = (id(tape), 0 if self.alone else section, at)
        if key not in self._hidden:
            step = tape.steps[at[0]]
            if step.op is None:
                self._hidden[key] = as_number(tape.values(at[0])[at[1]][at[2]])
            else:
                value = self.computed(tape, section, at)
                self._hidden[key] = self.method.written(value)[1] if self.alone else value
        return self._hidden[key]

    def _at(self, tape: Tape, place: Place) -> Place:
        """The cell of a tape that belongs to a place of the page.

        Raises: NoNumberError where a mistake has made a matrix of another shape.
        """
        name, i, j = place
        shape, usual = tape.steps[name].shape, self.page.tape.steps[name].shape
        if shape == usual:
            return place
        if shape == usual[::-1]:
            return name, j, i
        raise NoNumberError("no box for it")


def no_reference(ref: Ref) -> Number:
    raise TypeError(f"{ref} in a rule of sizes")


def telling(page: Page, student: Student) -> list[str]:
    """The blanks in which the student's mistake makes another number than the rule on the student's own numbers."""
    right = _Alone(student).by_rule if student.alone else lambda blank: student.by_rule(blank, mistaken=False)
    asked = (blank for blank in page.blanks if blank.role in ("ask", "entry", "word"))
    return [blank.id for blank in asked if student.answer(blank)[0] and _tells(student, blank, right)]


def _tells(student: Student, blank: Blank, right: Callable[[Blank], Number]) -> bool:
    """Whether what the student writes is not what the right rule gives."""
    try:
        value = right(blank)
        written = "" if blank.role == "word" else student.method.written(value, blank.cell.places)[0]
    except NoNumberError:
        return True
    return student.by_rule(blank) != value and student.answer(blank)[0] != written


class _Alone:
    """The rules on the numbers of a student who uses nothing that the page prints but what is given."""

    def __init__(self, student: Student) -> None:
        self.student, self.tape = student, student.page.tape
        blanks = [blank for blank in student.page.blanks if blank.role in ("ask", "entry", "copy") and blank.cell.at]
        self.written = {blank.cell.place: blank for blank in reversed(blanks)}

    def by_rule(self, blank: Blank) -> Number:
        return self._computed(blank.cell.place)

    def _computed(self, at: Place) -> Number:
        if self.tape.steps[at[0]].op is None or at[0] in self.student.page.given:
            return as_number(self.tape.values(at[0])[at[1]][at[2]])
        return worked(self.tape.cell(*at), self._read)

    def _read(self, ref: Ref) -> Number:
        at = (ref.matrix, *ref.index)
        if at not in self.written:
            return self._computed(at)
        number = self.student.answer(self.written[at])[1]
        if number is None:
            raise NoNumberError("left out")
        return number
