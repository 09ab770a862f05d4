"""Slips: what may have led to a wrong number, found by changing the tree of its cell in one place.

Small integers coincide, so one wrong number rarely has one explanation. So every slip that gives the number is a
candidate, and has a weight: how often such slips are made, shared among all the numbers that a slip of its kind gives
here. Which kinds there are stands in byhand/mistakes/slips.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import Any

from msgspec import Struct

from byhand.arithmetic.decimals import decimal_of
from byhand.arithmetic.domain import half_away, is_neg_inf
from byhand.arithmetic.expr import (
    NEG_INF,
    Div,
    Expr,
    Fn,
    Mul,
    Num,
    Ref,
    Sub,
    Sum,
    changed,
    children,
    rebuild,
    refs,
)
from byhand.marking.reckoning import Exact, Rounded
from byhand.marking.spans import Span
from byhand.marking.verdicts import Judged, Judgement
from byhand.mistakes.slips import BY_FORM, PRIOR, filled, matched
from byhand.notation.number import plain
from byhand.ops.attention import mask_future
from byhand.page.reader import Detour, place_of
from byhand.tape import Shape
from byhand.worksheet.document import Blank

MOST_DIAGNOSES = 5000  # that are kept of a class with equal numbers
_MINUS_ONE, _ZERO = Num(Fraction(-1)), Num(Fraction(0))
Changed = tuple[str, str, Expr]  # the kind of a slip, its detail, and the tree with the slip in it
_AROUND = ((-1, 0), (1, 0), (0, -1), (0, 1))


class Slip(Struct, frozen=True):
    """A slip that gives a wrong number."""

    kind: str
    detail: str
    share: float
    """How probable such a slip is beforehand, over how many numbers slips of its kind give here."""


def slips(judged: Judged, judgement: Judgement) -> list[Slip]:
    """The slips that give a wrong answer, in the numbers that the student has in front of them.

    Only where none does, the numbers that they may have gone by in place of printed ones are tried.
    """
    reading = judgement.reading
    if judgement.blank.role in ("text", "change") or reading.kind != "number":
        return []
    if reading.values[0] == math.inf:
        return [Slip("sign-of-infinity", "", PRIOR["sign-of-infinity"])]
    if not isinstance(judged.reckoning, Exact):
        return _searched(judged, judgement)
    written, blank = judged.paper.written, judgement.blank
    around = ((name, written[name]) for name in judged.rules.around(blank) if not judged.is_key(name))
    case, known = (blank.id, judgement.answer, *around), judged.rules.diagnoses
    if case not in known:
        if len(known) == MOST_DIAGNOSES:
            known.clear()
        known[case] = _searched(judged, judgement)
    diagnosis: list[Slip] = known[case]
    return diagnosis


def _searched(judged: Judged, judgement: Judgement) -> list[Slip]:
    for detour in ("", *judged.detours(judgement.blank)):
        slips = _Search(judged, judgement, detour).slips()
        if slips:
            return slips
    return []


class _Search(Struct, frozen=True, eq=False, dict=True):
    """The search for the slips of one cell."""

    judged: Judged
    judgement: Judgement
    detour: Detour
    """Whose printed numbers the student replaced by others."""

    @property
    def blank(self) -> Blank:
        return self.judgement.blank

    def slips(self) -> list[Slip]:
        """The slips that give the answer."""
        known = dict[str, dict[str, Any]]()
        for kind, detail, value in self._values():
            if value is not None:
                known.setdefault(kind, {}).setdefault(detail, value)
        count = {kind: len({x if x.__hash__ else str(x) for x in values.values()}) for kind, values in known.items()}
        return [
            Slip(kind, detail, PRIOR[kind] / count[kind])
            for kind in PRIOR
            for detail, value in known.get(kind, {}).items()
            if self.judged.says(self.judgement, value)
        ]

    def _values(self) -> Iterator[tuple[str, str, Any]]:
        """The slips that can be made here: kind, detail, and the number that each gives."""
        rule = self._rule()
        if rule is None:
            yield from self._misread(self.judgement.followed)
            return
        if self.blank.role == "copy":
            yield from self._miscopied(rule)
        elif self.blank.role == "size":
            yield from ((kind, detail, self._value(tree)) for kind, detail, tree in _changed_nodes(rule, ()))
        elif self.blank.role != "word":
            yield from self._miscomputed(rule)
        if self.blank.role in ("ask", "entry", "word"):
            yield from ((kind, detail, self._value(tree)) for kind, detail, tree in self._other_cells())
        yield from self._misread(self.judgement.followed)

    def _rule(self) -> Expr | None:
        return self.blank.cell.rule if self.blank.role == "inverse" else self.judged.rules.rule(self.blank)

    def _value(self, tree: Expr) -> Any:
        return self.judged.reckoning.compute(tree, self._number)

    @cached_property
    def _number(self) -> Callable[[Ref], Any]:
        """What stands for a reference; most changed trees read the same ones."""
        return cache(lambda ref: self.judged.paper.number(self.blank, place_of(ref), self.detour))

    def _miscomputed(self, rule: Expr) -> Iterator[tuple[str, str, Any]]:
        """Slips within the cell's own arithmetic."""
        others = [tree for _, _, tree in self._other_cells()]
        for kind, detail, tree in _changed_nodes(rule, tuple(self._shapes(rule).items())):
            if kind != "neighbour" or tree not in others:
                yield kind, detail, self._value(tree)
        step = self.judged.rules.run.steps.get(self.blank.cell.step)
        if step is not None and step.op is mask_future and self.blank.role == "ask":
            if isinstance(rule, Num):
                score = Ref(step.inputs[0], self.blank.cell.place[1:])
                yield "not-masked", "", self._value(score)
                yield "zero-for-minus-infinity", "", self._value(_ZERO)
            else:
                yield "masked-too-much", "", self._value(Num(NEG_INF))
        right = self.judgement.followed
        if not isinstance(rule, Sub) and right is not None:
            yield "sign-of-result", "", self._value(Mul(_MINUS_ONE, rule))

    def _shapes(self, rule: Expr) -> Mapping[str, Shape]:
        steps = self.judged.rules.run.steps
        return {ref.matrix: steps[ref.matrix].shape for ref in refs(rule)}

    def _other_cells(self) -> Iterator[Changed]:
        """The rules of the cells around, and of the one on the other side of the diagonal."""
        if self.blank.cell.at is None:
            return
        run = self.judged.rules.run
        name, i, j = self.blank.cell.place
        rows, cols = run[name].shape
        for down, right in _AROUND:
            if 0 <= i + down < rows and 0 <= j + right < cols:
                kind, detail = ("wrong-row", f"{down:+}") if down else ("wrong-column", f"{right:+}")
                yield kind, detail, run.rule(name, i + down, j + right)
        if i != j and j < rows and i < cols:
            yield "mirrored", "", run.rule(name, j, i)

    def _miscopied(self, rule: Expr) -> Iterator[tuple[str, str, Any]]:
        """The numbers around the one that was to be copied."""
        shapes = self._shapes(rule)
        for detail, tree in _neighbours(rule, shapes):
            yield "copied-neighbour", detail, self._value(tree)
        if isinstance(rule, Ref) and (turned := _turned(rule, shapes)) is not None:
            yield "copied-transposed", "", self._value(turned)
        yield "sign-of-result", "", self._value(Mul(_MINUS_ONE, rule))

    def _misread(self, right: Any) -> Iterator[tuple[str, str, Any]]:
        """Slips with the digits of the right number."""
        right = self.judged.reckoning.real(right)
        if self.blank.role in ("word", "text", "change") or right is None:
            return
        rounded = isinstance(self.judged.reckoning, Rounded)
        if not isinstance(right, int | Fraction | Span) or (isinstance(right, Span) and not rounded):
            return
        places = self.blank.cell.places
        if isinstance(right, Span):
            if is_neg_inf(right.low):
                return
            places = self.judged.reckoning.places or 0 if places is None else places
            text = plain(right.rounded(places))
        elif places is not None:
            text = plain(decimal_of(half_away(right * 10**places), places))
        else:
            text, places = str(right), 0
        number = Fraction(text)
        unit = Fraction(1, 10**places)
        for kind, by in (("off-by-1", 1), ("off-by-2", 2), ("off-by-10", 10)):
            for sign in (1, -1):
                yield kind, f"{sign * by:+}", self._exactly(number + sign * by * unit)
        if not places and number.denominator != 1:
            top, bottom = number.as_integer_ratio()
            for sign in (1, -1):
                yield "off-by-1", f"above{sign:+}", Fraction(top + sign, bottom)
                if bottom + sign:
                    yield "off-by-1", f"below{sign:+}", Fraction(top, bottom + sign)
        for at, (one, other) in enumerate(pairwise(text)):
            if one.isdigit() and other.isdigit() and one != other:
                yield "digits-swapped", str(at), self._swapped(text, at)
        if rounded:
            yield from self._misplaced(right, number, places)

    def _misplaced(self, right: Any, number: Fraction, places: int) -> Iterator[tuple[str, str, Any]]:
        """Slips with the decimal point, and with rounding."""
        x, written = self.judgement.reading.values[0], self.judgement.reading.places
        if isinstance(x, Fraction) and written is not None and written < places and number != x:
            off = Fraction(1, 2 * 10**written) + Fraction(1, 2 * 10**places)
            if abs(x - number) <= off:
                yield "too-few-places", "", self._exactly(x)
        middle = Fraction((right.low + right.high) / 2)
        cut = Fraction(math.trunc(middle * 10**places), 10**places)
        if cut != number:
            yield "truncated", "", self._exactly(cut)
        yield "point-misplaced", "*10", self._exactly(number * 10)
        yield "point-misplaced", "/10", self._exactly(Fraction(round(number * 10 ** (places - 1)), 10**places))

    def _exactly(self, number: Fraction) -> Any:
        """A number that is meant as it is written, without the half unit of rounding."""
        if not isinstance(self.judged.reckoning, Rounded):
            return number
        x = self.judgement.reading.values[0]
        return self.judged.reckoning.answer(number) if x == number else None

    def _swapped(self, text: str, at: int) -> Any:
        swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        try:
            return self._exactly(Fraction(swapped))
        except ZeroDivisionError:
            return None


@lru_cache(maxsize=500)
def _changed_nodes(tree: Expr, shapes: tuple[tuple[str, Shape], ...]) -> tuple[Changed, ...]:
    """The trees with one slip in them: kind, detail, tree. shapes: of the matrices that the tree reads."""
    known = dict(shapes)
    within = _within(tree, lambda node: _node_slips(node, known))
    return (*within, *(slip for name, shape in shapes for slip in _operand_slips(tree, name, shape)))


def _within(node: Expr, slips_of: Callable[[Expr], Iterable[Changed]]) -> Iterator[Changed]:
    """The trees in which one node is changed by a slip. The base of a power is left as it is."""
    yield from slips_of(node)
    for at, child in enumerate(children(node)):
        if isinstance(node, Fn) and node.name == "pow" and at == 0 and not isinstance(child, Ref | Sum | Sub):
            continue
        term = str(at + 1) if isinstance(node, Sum) else ""
        for kind, detail, new in _within(child, slips_of):
            yield kind, " ".join(filter(None, (term, detail))), _with_child(node, at, new)


def _with_child(node: Expr, at: int, new: Expr) -> Expr:
    """The node with another child at a place."""
    those = iter([new if k == at else child for k, child in enumerate(children(node))])
    return changed(node, lambda child: next(those))


def _node_slips(node: Expr, shapes: Mapping[str, Shape]) -> Iterator[Changed]:
    """The slips that change one node."""
    match node:
        case Sum(terms) if len(terms) > 1:
            yield from _sum_slips(terms)
        case Ref():
            yield from (("neighbour", detail, new) for detail, new in _neighbours(node, shapes))
        case _:
            yield from _of_table(node)


def _of_table(node: Expr) -> Iterator[Changed]:
    """The slips of the first form that a node has."""
    for form, slips_of_form in BY_FORM:
        if (parts := matched(form, node)) is not None:
            yield from ((kind, detail, filled(tree, parts)) for kind, detail, tree in slips_of_form)
            break
    if isinstance(node, Div) and isinstance(node.right, Num) and isinstance(node.right.value, int | Fraction):
        for by in (1, -1):
            yield "wrong-divisor", f"{by:+}", Div(node.left, Num(node.right.value + by))


def _sum_slips(terms: tuple[Expr, ...]) -> Iterator[Changed]:
    has_products = any(isinstance(term, Mul) for term in terms)
    for at, term in enumerate(terms):
        others = terms[:at] + terms[at + 1 :]
        square = isinstance(term, Fn) and term.name == "pow"
        signed = Mul(_MINUS_ONE, term)
        yield "sign-of-square" if square else "sign", str(at + 1), Sum((*terms[:at], signed, *terms[at + 1 :]))
        is_bias = has_products and isinstance(term, Ref)
        yield "bias-forgotten" if is_bias else "term-dropped", str(at + 1), Sum(others)
        yield "term-twice", str(at + 1), Sum((*terms, term))


def _neighbours(ref: Expr, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, Expr]]:
    """The references around a reference."""
    if not isinstance(ref, Ref) or ref.matrix not in shapes:
        return
    for down, right in _AROUND:
        if (moved := _moved(ref, down, right, shapes[ref.matrix])) is not None:
            yield f"{ref.matrix} {down:+},{right:+}", moved


def _moved(ref: Ref, down: int, right: int, shape: Shape) -> Ref | None:
    _, i, j = place_of(ref)
    inside = 0 <= i + down < shape[0] and 0 <= j + right < shape[1]
    return Ref(ref.matrix, (i + down, j + right)) if inside else None


def _turned(ref: Ref, shapes: Mapping[str, Shape]) -> Ref | None:
    """A reference on the other side of the diagonal."""
    _, i, j = place_of(ref)
    rows, cols = shapes[ref.matrix]
    return Ref(ref.matrix, (j, i)) if i != j and j < rows and i < cols else None


def _operand_slips(tree: Expr, name: str, shape: Shape) -> Iterator[Changed]:
    """The trees in which one operand is read from another row or column, or turned."""
    of_operand = [ref for ref in refs(tree) if ref.matrix == name]
    if len(of_operand) < 2:
        return
    for down, right in _AROUND:
        kind, detail = ("wrong-row", f"{name} {down:+}") if down else ("wrong-column", f"{name} {right:+}")
        moved = {ref: _moved(ref, down, right, shape) for ref in of_operand}
        if all(moved.values()):
            yield kind, detail, _replaced(tree, moved)
    if shape[0] == shape[1]:
        yield "transposed-operand", name, _replaced(tree, {ref: Ref(name, ref.index[::-1]) for ref in of_operand})


def _replaced(tree: Expr, others: Mapping[Ref, Ref | None]) -> Expr:
    """The tree with other references in place of some."""
    return rebuild(tree, lambda leaf: (isinstance(leaf, Ref) and others.get(leaf)) or leaf)
