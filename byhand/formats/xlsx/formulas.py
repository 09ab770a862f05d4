"""What cells of a spreadsheet compute: the numbers of the key from the givens, and what follows from a student's own.

A rule is a tree over places of the run. On the key, a place stands in the cell in which a reader of the section finds
it. In what follows from a student's own numbers, it stands in the check, where a blank has what the student wrote
there, or else the key's number. A place that stands nowhere on the page has a row of its own in the check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct, field

from byhand.arithmetic.decimals import PrintedDecimal
from byhand.arithmetic.domain import Real, is_neg_inf
from byhand.arithmetic.expr import NEG_INF, Expr, Fn, Num, Ref, expr, refs
from byhand.arithmetic.floats import FLOATS
from byhand.formats.xlsx.plan import Plan
from byhand.notation.spreadsheet import CLOSE, INFINITE, LOWEST, cell_name, formula, quoted, sheet_name
from byhand.notation.text import value_text
from byhand.numbers.conditions import Test
from byhand.page.page import Page
from byhand.page.reader import place_of
from byhand.runs import Run
from byhand.tape import Place
from byhand.worksheet.document import Blank, Cell
from byhand.worksheet.starts import starts

# the columns of the check
STEP, NAME, WRITTEN, READ, OWN, FOLLOWS, KEY, CODE, VERDICT, MARK, WORTH = range(11)
EMPTY, IS_RIGHT, IS_FOLLOWED, IS_NOT_YET, IS_ROUNDED = range(5)  # the codes of verdicts
VERDICT_NAMES = ("empty", "right", "follows", "not_yet", "rounded")
FIRST = 3  # the row of the first blank in it; above are a title, the sum, and the heads
MASKED = 2  # cells that a rule reads in which −∞ may stand by mistake
LOOKED_UP = ("", "copy", "inverse")  # what is printed, copied, or left out: it may have stood in a section before
Value = float | str
Whose = Literal["key", "own"]  # numbers: the key's, or the student's own


class Entry(Struct, frozen=True):
    """What is in a cell."""

    formula: str
    """The formula; "" for none."""
    value: Value


def number(value: Any) -> Value:
    """A value of a run as a spreadsheet has it: all digits of it, "-inf", or a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, PrintedDecimal):
        value = value.exact.within(FLOATS) if isinstance(value.exact, Real) else value.exact
    if is_neg_inf(value):
        return INFINITE
    try:
        return float(value)
    except TypeError:  # letters
        return value_text(value)


class Names(Struct, frozen=True):
    """The names of the sheets."""

    worksheet: str
    key: str
    check: str
    hidden: str


class Formulas(Struct, frozen=True, eq=False, dict=True):
    """The formulas of a workbook."""

    page: Page
    plan: Plan
    names: Names
    row_of: Mapping[str, int]
    """The row of each blank in the check."""
    words: str
    """The cells of the vocabulary."""
    between: dict[tuple[int, Place], int] = field(default_factory=dict)
    """The places that stand nowhere on the page, each for a reader of a section, with their rows in the check, in the
    order in which formulas first read them."""

    @property
    def run(self) -> Run:
        return self.page.run

    # places

    @cached_property
    def starts(self) -> frozenset[str]:
        """The steps that a reader of the page starts from: those of its numbers that can be changed."""
        return frozenset(starts(self.page.document.sections, self.run.steps.values()))

    @cached_property
    def inputs(self) -> Mapping[Place, Cell]:
        """For each place of these that is printed, the first cell in which it is."""
        cells: dict[Place, Cell] = {}
        for section, _ in enumerate(self.page.document.sections):
            for place, cell in self.page.reader.printed(section):
                if place[0] in self.starts and cell.shows == "run":
                    cells.setdefault(place, cell)
        return cells

    def is_input(self, cell: Cell) -> bool:
        """Whether a cell holds a number that can be changed."""
        return not cell.blank and cell.at is not None and self.inputs.get(cell.place) is cell

    def at(self, cell: Cell, sheet: str = "") -> str:
        """The name of the cell in which a cell of the page stands."""
        return cell_name(*self.plan.of_cell[id(cell)], sheet)

    def value(self, cell: Cell) -> Value:
        """The number of a cell of the key, with all digits; among letters, a fraction is a text as they are."""
        if cell.at is None or cell.shows != "run" or isinstance(cell.value, str):
            return number(cell.value)
        name, i, j = cell.place
        exact = number(self.run.values(name)[i][j])
        in_letters = self.run.numbers == "symbolic" and isinstance(exact, float) and not exact.is_integer()
        return value_text(cell.value) if in_letters else exact

    # the worksheet and the key

    def printed(self, cell: Cell) -> Entry:
        """What the worksheet has in a cell that is printed there."""
        value = self.value(cell)
        if not self._is_computed(cell) or self.is_input(cell):
            return Entry("", value)
        if first := self.inputs.get(cell.place):
            return Entry(self.at(first), value)
        return Entry(self.at(cell, self.names.key), value)

    def key(self, section: int, each: Cell | Blank) -> Entry:
        """What the key has in a cell, in the section with this index."""
        cell, role = each.cell, each.role
        value = self.value(cell)
        if role == "size" and cell.rule is not None:
            return Entry(formula(cell.rule, lambda ref: ""), value)
        if not self._is_computed(cell):
            return Entry("", value)
        place = cell.place
        looked_up = cell.shows == "run" and role in LOOKED_UP
        before = _numbered(self.page.reader.before(section, place)) if looked_up else None
        if place in self.inputs and (role != "copy" or before is None):
            return Entry(self.at(self.inputs[place], self.names.worksheet), value)
        if before is not None:
            return Entry(self.at(before.cell), value)
        if self.run.steps[place[0]].op is None:
            return Entry("", value)
        return Entry(self.rule(section, place, "key", self.names.key, cell.shows == "word"), value)

    def _is_computed(self, cell: Cell) -> bool:
        """Whether a cell shows a number of the run, in figures and not in letters."""
        return cell.at is not None and cell.shows in ("run", "word") and self.run.numbers != "symbolic"

    def rule(self, section: int, place: Place, whose: Whose, sheet: str, as_word: bool = False) -> str:
        """The formula of a place for a reader of a section, on a sheet. as_word: the word for its number."""
        written = self._written(section, self._rounded(place), whose, sheet)
        return f"INDEX({self.words},1+{written})" if as_word else written

    def _rounded(self, place: Place) -> Expr:
        """The rule of a place, rounded where the run carries rounded numbers on."""
        tree = self.run.rule(*place)
        is_number = isinstance(tree, Num | Ref) or (isinstance(tree, Fn) and tree.name == "argmax")
        if self.run.rounding != "carry" or is_number or self.run.steps[place[0]].op is None:
            return tree
        return Fn("round", (tree, expr(self.run.places or 0)))

    def _written(self, section: int, tree: Expr, whose: Whose, sheet: str) -> str:
        def cell(ref: Ref) -> str:
            name = self._name(section, place_of(ref), whose)
            return name.removeprefix(sheet_name(sheet))

        # who masks what should not be masked goes on with −∞, as far as numbers are not multiplied
        masks = whose == "own" and len([*refs(tree)]) <= MASKED
        return formula(tree, cell, lambda ref: masks or ref.matrix in self._infinite)

    def _name(self, section: int, place: Place, whose: Whose) -> str:
        """The name of the cell in which a place stands for a reader of a section."""
        shown = _numbered(self.page.reader.source(section, place)) or self.inputs.get(place)
        if shown is None:
            first = max(self.row_of.values(), default=FIRST - 1) + 3
            row = self.between.setdefault((section, place), first + len(self.between))
            return cell_name(row, KEY if whose == "key" else OWN, self.names.check)
        return self.at(shown.cell, self.names.key) if whose == "key" else self.own_cell(shown)

    @cached_property
    def _infinite(self) -> frozenset[str]:
        """The steps that hold −∞."""
        return frozenset(
            name for name, rows in self.run.rows.items() if any(x == NEG_INF for row in rows for x in row)
        )

    # the check

    def own_cell(self, shown: Cell | Blank) -> str:
        """The name of the cell that has a student's own number, or the one that is printed for them."""
        if isinstance(shown, Blank):
            return cell_name(self.row_of[shown.id], OWN, self.names.check)
        return self.at(shown, self.names.worksheet)

    def follows(self, section: int, blank: Blank) -> str:
        """The formula of what follows in a blank from the student's own numbers; "" where it is the key's number."""
        cell = blank.cell
        if not self._is_computed(cell) or blank.role in ("inverse", "size", "text", "change"):
            return ""
        place = cell.place
        if blank.role == "copy":
            original = _numbered(self.page.reader.copied(section, place))
            if original is not None:
                return (
                    self.own_cell(original).removeprefix(sheet_name(self.names.check))
                    if isinstance(original, Blank)
                    else ""
                )
        if not self.page.reader.reads(blank):
            return ""
        return self.rule(section, place, "own", self.names.check, cell.shows == "word")

    def results(self, section: int, blank: Blank) -> Iterator[tuple[str, str]]:
        """For an inverse, each printed result that reads it: its cell, and what the student's numbers make there."""
        if not blank.result or self.run.numbers == "symbolic":
            return
        unknown = Ref(blank.cell.step, blank.cell.at or ())
        for i, row in enumerate(self.run.values(blank.result)):
            for j, _ in enumerate(row):
                place = blank.result, i, j
                printed = self.page.reader.source(section, place)
                if isinstance(printed, Cell) and unknown in refs(self.run.rule(*place)):
                    made = self._written(section, self._rounded(place), "own", self.names.check)
                    yield self.at(printed, self.names.worksheet), made

    def condition(self, section: int, test: Test, changed: Callable[[Ref], str]) -> str:
        """The formula of whether a condition holds for a reader of a section. changed: the formula of a reference
        that may be changed; "" of any other.
        """
        if test.sign in ("and", "or", "not"):
            return f"{test.sign.upper()}({','.join(self.condition(section, part, changed) for part in test.parts)})"

        def cell(ref: Ref) -> str:
            return changed(ref) or self._name(section, place_of(ref), "key").removeprefix(
                sheet_name(self.names.check)
            )

        def side(tree: Expr) -> str:
            text = formula(tree, cell, lambda ref: ref.matrix in self._infinite)
            may_be = quoted(INFINITE) in text or any(ref.matrix in self._infinite for ref in refs(tree))
            return f"IF({text}={quoted(INFINITE)},{LOWEST},{text})" if may_be else text

        one, other = map(side, test.parts)
        difference = f"({one})-({other})"
        match test.sign:
            case "=":
                return f"ABS({difference})<={CLOSE}"
            case "!=":
                return f"ABS({difference})>{CLOSE}"
            case "<" | ">=":
                return f"{difference}{test.sign}-{CLOSE}"
            case _:
                return f"{difference}{test.sign}{CLOSE}"

    def changed(self, section: int, blank: Blank) -> str:
        """The formula of whether what is written into the boxes of a construction brings its condition about."""
        construction, boxes = self.page.reader.constructions[blank.id]
        names = [cell_name(self.row_of[name], READ) for name in boxes]
        where, becomes = dict(zip(construction.axes, names, strict=False)), names[-1]

        def before(place: tuple[int, int]) -> str:
            return self._name(section, (construction.step, *place), "key").removeprefix(sheet_name(self.names.check))

        def is_there(place: tuple[int, int]) -> str:
            tests = [f"{name}={place[axis] + 1}" for axis, name in where.items()]
            return tests[0] if len(tests) == 1 else f"AND({','.join(tests)})" if tests else "TRUE"

        def after(ref: Ref) -> str:
            place = ref.index
            free = ref.matrix == construction.step and place in construction.free
            return f"IF({is_there(place)},{becomes},{before(place)})" if free else ""  # type: ignore[arg-type]

        new = (f"AND({is_there(place)},ABS({becomes}-{before(place)})>{CLOSE})" for place in construction.free)
        return f"AND(OR({','.join(new)}),{self.condition(section, construction.test, after)})"

    def not_shown(self) -> Iterator[tuple[int, int, Place, Entry, Entry]]:
        """The places that stand nowhere on the page: the row and the section of each, and what is computed there from
        the student's own numbers, and from the key's. More of them may be found on the way.
        """
        done = 0
        while done < len(self.between):
            (section, place), row = list(self.between.items())[done]
            name, i, j = place
            value = number(self.run.values(name)[i][j])
            if self.run.steps[name].op is None:
                followed = key = Entry("", value)
            else:
                followed, key = (Entry(self.rule(section, place, w, self.names.check), value) for w in ("own", "key"))
            yield row, section, place, followed, key
            done += 1


def _numbered(shown: Cell | Blank | None) -> Cell | Blank | None:
    """What stands for a place, if it shows its number."""
    return None if shown is None or shown.cell.shows != "run" else shown
