"""The context of a sheet's calls: its run, and the run's steps as matrices in the page's orientation."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.arithmetic.expr import Div, Expr, Mul, Sub, Sum, changed, refs
from byhand.effort import working
from byhand.errors import SheetError, UnknownNameError
from byhand.mistakes import foil
from byhand.model.config import Config
from byhand.model.names import is_parameter, symbol
from byhand.notation.inline import checked
from byhand.notation.marks import Word, written, written_of
from byhand.notation.text import value_text
from byhand.tape import Place, Step, Tape
from byhand.worksheet.document import Cell, Falk, Panel, Role, Strip
from byhand.worksheet.excerpt import Excerpt
from byhand.worksheet.inverse import LeftOut, leave_out, places_of, solutions
from byhand.worksheet.messages import Messages, messages
from byhand.worksheet.sheet import Sheet
from byhand.worksheet.views import Level, Orientation

DOTS = r" = \dots"  # in place of what a matrix is computed as
PRODUCTS = ("matmul", "affine", "dot_rows")
# the sign of an operation between operands that stand side by side
OPERATOR_SIGNS = {"row_dots": "·", "multiply": "⊙", "add": "+", "subtract": "−"}
# axes whose places have words
_SPOKEN = ("pos", "so_far", "past", "mem", "new", "source", "d_vocab", "temperature", "last_place")
OF_ONE = {"column_mean": "", "gather_rows": "→"}  # the sign before the result of an operation on one operand


class Context(Struct, frozen=True, dict=True):
    """A sheet, its run, and the options of the page."""

    sheet: Sheet
    tape: Tape
    config: Config
    tokens: tuple[str, ...] = ()
    """The words that the model reads."""
    vocabulary: tuple[str, ...] = ()
    orientation: Orientation = "rows"
    source: tuple[str, ...] = ()
    """The words that an encoder reads."""
    level: Level = "standard"
    messages: Messages = field(default_factory=messages)
    left_out: LeftOut = field(default_factory=dict)
    """The entries that the sheet's inverse exercises leave out; entries that are chosen here are added to it."""
    minutes: tuple[int, ...] = ()
    """The minutes of each sitting, as the page says them; where there are none, they are counted."""
    spelled: Mapping[str, str] = field(default_factory=dict)
    """Where words are marks in slots, the word that each mark stands for."""
    behind: Tape | None = None
    """The tape behind the one of a page with slots, without these."""
    forms: str = ""
    """The forms of the numbers, as forms.py has them, where they are not the sheet's."""
    is_promised: bool = True
    """Whether the numbers keep the sheet's promises: somebody's own need not, nor any numbers in another base."""
    is_read: bool = False
    """Whether the page was read: it says what it leaves out, also while its numbers are yet to be read."""
    sources: Mapping[str, tuple[int, int]] = {}
    """On a sheet of the thread, for each step that an earlier one asks for: its number, and that of the section."""
    excerpt: Excerpt = Excerpt()
    """What is taken of the sheet."""
    large: bool = False
    """Whether the page is in large print."""
    look: str = ""
    """What it looks like, as looks.py has it in one line; "" for as usual."""

    @property
    def transposed(self) -> bool:
        """Whether tokens are columns, so that every matrix is shown transposed."""
        return self.orientation == "columns"

    @property
    def heads(self) -> int:
        """The number of heads that the sheet shows."""
        return 1 if self.sheet.model.one_head else self.config.n_heads

    def mistaken(self, mistake: str) -> Context:
        """The same context, its run computed with a mistake."""
        return replace(self, tape=foil(self.tape, mistake), behind=None)

    def symbol(self, name: str) -> str:
        """The symbol of a step, in LaTeX.

        Raises: SheetError for one that cannot be written.
        """
        shared = re.search(r"[kvKV]\[\d+\]$", name)  # heads may share keys and values
        heads = min(self.heads, self.config.key_value_heads) if shared else self.heads
        return checked(self.messages.formula(symbol(name, heads, self.sheet.symbols, self.transposed)))

    def formula(self, name: str, dot: bool = False) -> str:
        """What a step is computed as, in the symbols of what it reads: X W_Q, or W_Q X where tokens are columns.

        dot: whether a dot stands between the factors of a product.

        Raises: SheetError for a step that is given.
        """
        step = self.tape[name].step
        if step.op is None:
            raise SheetError(f"{name} is given, and so it has no formula")
        written = step.op.columns if self.transposed else step.op.formula
        if dot:
            written = written.replace("} {", r"} \cdot {")
        symbols = [*map(self.symbol, step.inputs)]
        if "…" in step.op.signature and "{1}" in written:  # what stands between two operands stands between all
            before, between, after = re.split(r"\{[01]\}", written)
            return before + between.join(symbols) + after
        return written.format(*symbols, **step.params)

    def worked_out(self, cell: Cell, rule: Expr) -> Cell:
        """A cell with its rule and, if it is a blank, the seconds that it takes; they are not counted on a page with
        slots whose minutes are known.
        """
        counts = cell.blank and not (self.behind and self.minutes)
        return replace(cell, rule=rule, seconds=working(rule, (self.behind or self.tape).value) if counts else 0.0)

    def panel(
        self, name: str, role: Role | None = None, *, caption: str = "", note: str = "", last: bool = False,
        given: int = 0, whole: bool = False,
    ) -> Panel:  # fmt: skip
        """A step as a matrix on the page; of some steps the last row only. The role is by default "parameter" or
        "given".

        given: of a step that is asked for, the number of first rows that are printed; of a single row, that of first
        numbers. At the easy level only the last row is asked for, or as many last rows as the sheet says, and the
        others are printed, unless the step is asked for whole; but rows that other steps have found are all copied.
        """
        matrix = self.tape[name]
        default: Role = "parameter" if is_learned(matrix.step) else "given"
        whole = whole or (role == "copy" and matrix.step.op is not None and matrix.step.op.name == "vstack")
        printed = max(given, matrix.rows - self.sheet.easy_rows) if self.level == "easy" and not whole else given

        def cell(value: Any, i: int, j: int) -> Cell:
            is_blank = role in ("ask", "copy") and (i >= printed if matrix.rows > 1 else j >= given)
            new = Cell(value, None, is_blank, name, (i, j))
            return self.worked_out(new, self.tape.cell(name, i, j)) if role == "ask" else new

        first = matrix.rows - 1 if last else 0
        rows = [*enumerate(matrix.values)][first:]
        cells = tuple(tuple(cell(x, i, j) for j, x in enumerate(row)) for i, row in rows)
        of_head = (f"{axis}[{matrix.step.head}]" for axis in matrix.axes)  # whose places have names of their own
        axes = [own if own in self.sheet.names else axis for own, axis in zip(of_head, matrix.axes, strict=True)]
        labels = [self._labels(axis, size) for axis, size in zip(axes, matrix.shape, strict=True)]
        along = [_direction(axis) for axis in matrix.axes]
        known, bead = self.known_from(name) if role is None else ("", "")
        symbol = self.symbol(name)
        panel = Panel(
            name,
            role or default,
            cells,
            labels[0][first:],
            labels[1],
            (along[0], along[1]),
            symbol,
            self._with_factor(name, symbol, checked(caption)),
            note or known,
            "" if note else bead,
            fractions=name in self.sheet.fractions,
        )
        if not self.transposed:
            return panel
        return _factors_swapped(transpose(panel)) if changes_order(matrix.step) else transpose(panel)

    def _with_factor(self, name: str, symbol: str, caption: str = "") -> str:
        """A matrix's caption, which ends with the factor that stands beside its numbers, if one does."""
        factor = self.tape[name].step.latex_factor
        return f"{caption or symbol + DOTS} {factor}" if factor else caption

    def known_from(self, name: str) -> tuple[str, str]:
        """From which sheet of the thread a step's numbers are known, in words, and its number; "" where it is from
        none.
        """
        if name not in self.sources:
            return "", ""
        sheet, step = self.sources[name]
        return self.messages.say("thread.source", sheet=sheet, step=step), str(sheet)

    def falk(
        self, name: str, copies: Sequence[str] = (), *, first: bool = False, note: str = "",
        unknown: Sequence[str | Place] = (), grown: Sequence[str] = (), computed: Sequence[str] = (),
        asked: bool = False, given: int = 0, last: bool = False,
    ) -> Falk:  # fmt: skip
        """A product in Falk's layout: the left operand to the left of the result, the right operand above it.

        copies: the inputs that the student copies. grown: inputs whose last row the student copies. computed: inputs
        that the student computes where they stand. first: whether the first cell is printed, with arrows from its row
        and column. unknown: entries of the inputs, to be found from the printed result; or, if the rest of the result
        is asked for, from one printed cell of it for each. given: the number of first rows of the result that are
        printed. last: whether only the last row of the result and of the left operand is on the page.
        """
        step = self.tape[name].step
        if step.op is None or step.op.name not in PRODUCTS:
            raise SheetError(f"{name} is not a product; use it without layout='falk'")
        roles: dict[str, Role] = {**dict.fromkeys((*copies, *grown), "copy"), **dict.fromkeys(computed, "ask")}
        for filled_in in roles:
            if filled_in not in step.inputs:
                raise UnknownNameError("input", filled_in, step.inputs)
        by_rows = replace(self, orientation="rows")
        solutions = self._solutions(name, unknown)
        operands = (by_rows._operand(n, roles.get(n), n in grown, last and k == 0) for k, n in enumerate(step.inputs))
        left, upper, *rest = (
            by_rows._with_blanks(self._called(panel, self.symbol(panel.step)), solutions) for panel in operands
        )
        if step.op.name == "dot_rows":
            upper = self._called(transpose(upper), upper.symbol + r"^{\mathrm{T}}")
        result = by_rows.panel(name, "given" if solutions and not asked else "ask", note=note, given=given, last=last)
        result = self._called(result, self.symbol(name))
        if solutions and asked:
            result = _printed_at(result, _sources(solutions, name))
        if first:
            (cell, *others), *below = result.cells
            result = replace(result, cells=((replace(cell, blank=False), *others), *below))
        equation = f"{result.symbol} = {self.formula(name)}"
        if any(self.tape[read].step.times for read in self.tape[name].step.inputs):  # and so the factor is in these
            equation += DOTS
        equation = self._with_factor(name, "", equation)
        bias = rest[0] if rest else None
        if self.transposed:
            left, upper, result = (_factors_swapped(transpose(p)) for p in (upper, left, result))
            bias = transpose(bias) if bias else None
        return Falk(left, upper, result, bias, equation, arrows=first)

    def _called(self, panel: Panel, symbol: str) -> Panel:
        """A matrix without a caption under a symbol."""
        return replace(panel, symbol=symbol, caption=self._with_factor(panel.step, symbol))

    def _operand(self, name: str, role: Role | None, has_grown: bool, last: bool = False) -> Panel:
        """An input of a product, or its last row, as given, copied or computed; of one that has grown, only the last
        row is blank.
        """
        panel = self.panel(name, role, last=last)
        if not has_grown:
            return panel
        *kept, end = panel.cells
        return replace(panel, cells=(*(tuple(replace(cell, blank=False) for cell in row) for row in kept), end))

    def equation(self, name: str, unknown: Sequence[str | Place]) -> Strip:
        """Operands with blanks for the unknown entries, side by side, and the printed result."""
        step = self.tape[name].step
        if step.op is None or step.op.name not in (*OPERATOR_SIGNS, *OF_ONE):
            raise SheetError(
                f"{name} is no product, sum, mean or look-up; leave out entries of another step's operands"
            )
        rules = self._solutions(name, unknown)
        panels = [self._with_blanks(self.panel(n), rules) for n in step.inputs]
        joints = [OPERATOR_SIGNS.get(step.op.name, "")] * (len(panels) - 1)
        return Strip((*panels, self.panel(name, "given")), (*joints, OF_ONE.get(step.op.name, "=")))

    def with_lost(self, panels: Sequence[Panel], name: str, lost: str) -> list[Panel]:
        """Panels with a blank for a lost entry of an operand, and with the number of the result printed from which
        it is found.
        """
        rules = self._solutions(name, [lost])
        sources = _sources(rules, name)
        return [_printed_at(p, sources) if p.step == name else self._with_blanks(p, rules) for p in panels]

    def _solutions(self, name: str, unknown: Sequence[str | Place]) -> Mapping[Place, Expr]:
        """The unknown entries of an inverse exercise, each with the rule by which it is found."""
        rules = solutions(self.tape, name, places_of(self.left_out, name, unknown))
        if any(isinstance(item, str) for item in unknown):
            leave_out(self.left_out, name, rules)
        return rules

    def _with_blanks(self, panel: Panel, rules: Mapping[Place, Expr]) -> Panel:
        """A matrix with blanks for its unknown entries, each with the rule by which it is found."""

        def as_blank(cell: Cell) -> Cell:
            rule = rules.get(cell.place) if cell.at else None
            return self.worked_out(replace(cell, blank=True), rule) if rule is not None else cell

        return replace(panel, cells=tuple(tuple(map(as_blank, row)) for row in panel.cells))

    def _labels(self, axis: str, size: int) -> tuple[str, ...]:
        """The labels of an axis: the words at its places, if it has words; else numbers from 1.

        Where the last token of a text is only predicted, it has no place.
        """
        placed = self.tokens[: max(size, len(self.tokens) - 1)]
        memory = self.sheet.names.get("mem", ())
        source = (*memory, *placed) if memory else self.source  # a memory is read with the text after it
        words = {"pos": placed, "so_far": self.tokens[:size], "past": self.tokens[:-1], "new": self.tokens[-1:],
                 "source": source, "d_vocab": self.vocabulary, "arrow": tuple("abc"),
                 "words": (*self.tokens[1:2], *self.tokens[-1:]), **self.sheet.names}  # fmt: skip
        words |= {f"word{t}": (token,) for t, token in enumerate(self.tokens)}
        if axis.startswith("tile"):
            tile = int(axis.removeprefix("tile"))
            before = sum(self._sizes[f"tile{t}"] for t in range(tile))
            words[axis] = self.tokens[before : before + size]
        elif axis == "temperature":
            words |= {axis: self._temperatures}
        elif axis in ("head", "group"):
            words |= {axis: tuple(self.messages.say(f"labels.{axis}", n=n + 1) for n in range(size))}
        elif axis[:1].isdigit():  # at each place a word, or words side by side, by their numbers: "0+2 2+1"
            places = [[self.vocabulary[int(n)] for n in place.split("+")] for place in axis.split()]
            side_by_side = partial(written_of, _side_by_side)
            words |= {axis: tuple(place[0] if len(place) == 1 else side_by_side(*place) for place in places)}
        if len(words.get(axis, ())) == size:
            return words[axis]
        return tuple(str(i + 1) for i in range(size)) if axis else ("",) * size

    @cached_property
    def _sizes(self) -> Mapping[str, int]:
        """The sizes of the axes of the tape's steps, by their names."""
        return {axis: n for step in self.tape.steps.values() for axis, n in zip(step.axes, step.shape, strict=True)}

    @cached_property
    def _temperatures(self) -> tuple[str, ...]:
        """The labels of temperatures, made once, so that matrices side by side have the same ones."""
        rows = self.tape.values("temperatures")
        return tuple(written(lambda t: f"T = {value_text(t)}", t) for (t,) in rows)


def is_learned(step: Step) -> bool:
    """Whether a step is a parameter, or a column of one, as a kernel is of the weights of a layer."""
    if step.op is None:
        return is_parameter(step.name)
    return step.op.name == "column_as_row" and all(map(is_parameter, step.inputs))


def changes_order(step: Step) -> bool:
    """Whether a step is a product, whose factors change places where tokens are columns."""
    return step.op is not None and step.op.columns.startswith("{1}") and step.op.columns != step.op.formula


def _side_by_side(*words: str) -> Word:
    return Word("+".join(words))


def _direction(axis: str) -> str:
    """Whether the labels of an axis are "token" or "dim" labels."""
    return "token" if axis.startswith(("word", "tile")) or axis in _SPOKEN or axis[:1].isdigit() else "dim"


def _sources(rules: Mapping[Place, Expr], name: str) -> set[tuple[int, int]]:
    """The places of a result from which unknown entries are found."""
    return {ref.index for rule in rules.values() for ref in refs(rule) if ref.matrix == name}  # type: ignore[misc]


def _printed_at(panel: Panel, places: Container[object]) -> Panel:
    """An answer whose cells at these places are printed."""
    cells = (tuple(replace(c, blank=c.blank and c.at not in places) for c in row) for row in panel.cells)
    return replace(panel, cells=tuple(cells))


def transpose(panel: Panel) -> Panel:
    """The transposed matrix, with its labels."""
    cells = tuple(zip(*panel.cells, strict=True))
    return replace(panel, cells=cells, rows=panel.cols, cols=panel.rows, along=(panel.along[1], panel.along[0]))


def _factors_swapped(panel: Panel) -> Panel:
    """A matrix whose rules have the factors of each product swapped: in W x, the weight comes first."""
    cells = tuple(tuple(replace(c, rule=_swapped(c.rule) if c.rule else None) for c in row) for row in panel.cells)
    return replace(panel, cells=cells)


def _swapped(node: Expr) -> Expr:
    match node:
        case Mul(left, right):
            return Mul(right, left)
        case Sum() | Sub() | Div():
            return changed(node, _swapped)
        case _:
            return node
