"""Inverse questions: solve for unknown entries of the operands, given the printed result of a step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct

from byhand.arithmetic.copies import alone, categories, first
from byhand.arithmetic.expr import Div, Expr, Mul, Num, Ref, Sub, Sum, refs, substitute
from byhand.errors import SheetError
from byhand.notation.number import parse, plain
from byhand.tape import Place, Tape

LeftOut = dict[tuple[str, tuple[str, ...]], tuple[Place, ...]]  # by the result and the names of the entries' operands


class Solution(Struct, frozen=True):
    """How an unknown is found."""

    at: tuple[int, int]
    """The cell of the result from which it is found."""
    rule: Expr
    """The tree that gives it, over references."""
    worked: Expr
    """The same tree with numbers."""


def solutions(tape: Tape, name: str, unknown: Sequence[str | Place]) -> dict[Place, Expr]:
    """For each unknown, the rule by which it is found from the printed result of a step and its printed operands.

    If an unknown is only the name of an operand, the entry is taken that is found by the smallest division. In a
    class, the first copy decides which entries are unknown, and from which cells they are found.

    Raises: SheetError for an unknown that the result does not determine.
    """
    inputs = tape[name].step.inputs
    for operand in (item if isinstance(item, str) else item[0] for item in unknown):
        if operand not in inputs:
            raise SheetError(f"{name} does not read {operand!r}; it reads {', '.join(inputs)}")
    one, places = _of_first_copy(tape), list[Place]()
    for item in unknown:
        places.append(_easiest(one, name, item, places) if isinstance(item, str) else item)
    ways = _solved(one, name, places)
    for operand, i, j in places:
        if (operand, i, j) not in ways:
            raise SheetError(
                f"{operand}, row {i + 1}, column {j + 1}, cannot be found from {name}: where it counts, its factor "
                "is 0, the result is rounded or another blank stands; leave out another entry"
            )
    if one is tape:
        return {place: way.rule for place, way in ways.items()}
    rules: dict[Place, Expr] = {}
    for place, way in ways.items():
        left = [other for other in places if other not in rules]
        of_all = next(_ways(tape, name, place, left, [way.at]))
        _division(of_all.worked)  # its comparisons note the copies that divide by another number
        rules[place] = of_all.rule
    return rules


def places_of(left_out: LeftOut, name: str, unknown: Sequence[str | Place]) -> Sequence[str | Place]:
    """The unknowns of a result, in which entries that are known to be left out replace the names of operands."""
    known = left_out.get((name, _operands(unknown)), ())
    return known if known and {item for item in unknown if not isinstance(item, str)} <= {*known} else unknown


def leave_out(left_out: LeftOut, name: str, places: Iterable[Place]) -> None:
    """Record which entries are left out."""
    entries = tuple(sorted(places))
    left_out[name, _operands(entries)] = entries


def _operands(unknown: Sequence[str | Place]) -> tuple[str, ...]:
    """The names of the operands that hold unknowns, sorted."""
    return tuple(sorted(item if isinstance(item, str) else item[0] for item in unknown))


def _of_first_copy(tape: Tape) -> Tape:
    """The tape of the first copy of a class; any other tape unchanged."""
    domain = alone(tape.domain)
    if domain is tape.domain:
        return tape
    return tape.replay(domain, {name: [[*map(first, row)] for row in rows] for name, rows in tape.numbers.items()})


def recovered(
    tape: Tape, name: str, unknown: Sequence[Place], printed: Mapping[tuple[int, int], str]
) -> dict[Place, Any]:
    """The numbers of the unknowns, computed from the printed result of a step, without reading them in the run.

    If an unknown can be found from several cells, the first is taken whose number reproduces all printed results,
    since these may be rounded.
    """
    results = {at: parse(text) for at, text in printed.items()}
    known: dict[Ref, Any] = {}
    left = set(unknown)

    def number(ref: Ref) -> Any:
        return known[ref] if ref in known else tape.value(ref)

    def makes_what_is_printed(unknown: Ref, value: Any) -> bool:
        others = {_ref(place) for place in left} - {unknown}
        trees = {at: tape.cell(name, *at) for at in printed}
        values = {at: tape.domain.settle(tree, lambda ref: value if ref == unknown else number(ref))
                  for at, tree in trees.items() if not others.intersection(refs(tree))}  # fmt: skip
        return all(plain(value) == printed[at].replace("−", "-") for at, value in values.items())

    def numbers(place: Place) -> Iterator[Any]:
        for way in _undone(tape, name, place, left, number, results):
            with suppress(ArithmeticError):
                yield tape.domain.settle(way.worked, number)

    while place := next((place for place in sorted(left) if any(True for _ in numbers(place))), None):
        ways = list(numbers(place))
        known[_ref(place)] = next((x for x in ways if makes_what_is_printed(_ref(place), x)), ways[0])
        left.remove(place)
    return {place: known[_ref(place)] for place in unknown if _ref(place) in known}


def _easiest(tape: Tape, name: str, operand: str, others: list[Place]) -> Place:
    """The entry of an operand that, if it is unknown along with the others, is found with the smallest division.

    Rather one that is not 0 and not just copied from the result, and that shares its row or its column with few of
    the others.

    Raises: SheetError where no entry can be found.
    """
    rows, cols = tape[operand].shape
    ranked: list[tuple[bool, bool, float, int, Place]] = []
    for place in ((operand, i, j) for i in range(rows) for j in range(cols)):
        solutions = _solved(tape, name, [*others, place])
        if place not in others and len(solutions) == len(others) + 1:
            value, way = tape.value(_ref(place)), solutions[place]
            beside = sum((other[1] == place[1]) + (other[2] == place[2]) for other in others if other[0] == operand)
            copied = value == tape.value(Ref(name, way.at))
            ranked.append((value == 0, copied, _division(way.worked), beside, place))
    if not ranked:
        raise SheetError(f"no entry of {operand} can be found from {name}: in each, its factor is 0")
    return min(ranked)[-1]


def _solved(tape: Tape, name: str, places: Sequence[Place]) -> dict[Place, Solution]:
    """The unknowns that can be found one after the other, each from a cell in which no other unknown is left."""
    solutions: dict[Place, Solution] = {}
    while True:
        left = [place for place in places if place not in solutions]
        new = next(((p, ways) for p in left if (ways := list(_ways(tape, name, p, left)))), None)
        if new is None:
            return solutions
        solutions[new[0]] = min(new[1], key=lambda way: _division(way.worked))


def _ways(
    tape: Tape, name: str, place: Place, left: Sequence[Place], cells: Collection[tuple[int, int]] = ()
) -> Iterator[Solution]:
    """The ways to find an unknown from one cell of the result: any cell, or one of these, whose numbers are given."""
    operand, row, col = place
    results = {(i, j): x for i, values in enumerate(tape.values(name)) for j, x in enumerate(values)
               if not cells or (i, j) in cells}  # fmt: skip
    for way in _undone(tape, name, place, left, tape.value, results):
        with suppress(ArithmeticError):
            if tape.domain.settle(way.worked, tape.value) == tape.values(operand)[row][col]:
                yield way


def _undone(
    tape: Tape, name: str, place: Place, left: Collection[Place], number: Callable[[Ref], Any],
    results: Mapping[tuple[int, int], Any],
) -> Iterator[Solution]:  # fmt: skip
    """The ways to find an unknown from one cell of the result that holds none of the unknowns left."""
    unknown, others = _ref(place), {_ref(other) for other in left if other != place}

    def shown(ref: Ref) -> Any:
        return results[ref.index] if ref.matrix == name else number(ref)  # type: ignore[index]

    for at in results:
        tree = tape.cell(name, *at)
        read = list(refs(tree))
        if read.count(unknown) == 1 and not others.intersection(read):
            rule = undone(tree, unknown, Ref(name, at), shown)
            yield Solution(at, rule, substitute(rule, shown))


def _ref(place: Place) -> Ref:
    operand, i, j = place
    return Ref(operand, (i, j))


def undone(node: Expr, unknown: Ref, result: Expr, number: Callable[[Ref], Any]) -> Expr:
    """Solve tree = result for an unknown that occurs once in the tree. Factors and divisors of 1 are left out.

    Raises: SheetError where a function other than + − · ÷ encloses the unknown.
    """
    match node:
        case Ref():
            return result
        case Sum(terms):
            at = next(k for k, term in enumerate(terms) if unknown in refs(term))
            rest = terms[:at] + terms[at + 1 :]
            return undone(terms[at], unknown, Sub(result, Sum(rest)) if rest else result, number)
        case Sub(left, right) if unknown in refs(left):
            return undone(left, unknown, Sum((result, right)), number)
        case Sub(left, right):
            return undone(right, unknown, Sub(left, result), number)
        case Mul(left, right):
            inner, factor = (left, right) if unknown in refs(left) else (right, left)
            return undone(inner, unknown, result if _is_one(factor, number) else Div(result, factor), number)
        case Div(left, right) if unknown in refs(left):
            return undone(left, unknown, Mul(result, right), number)
        case _:
            raise SheetError("only sums, products and quotients can be undone")


def _is_one(node: Expr, number: Callable[[Ref], Any]) -> bool:
    """Whether a factor is 1 in every copy of a class."""
    if not isinstance(node, Num | Ref):
        return False
    value = number(node) if isinstance(node, Ref) else node.value
    return [*categories(value)] == [1]


def _division(line: Expr) -> float:
    """The size of a line's divisor, by which lines are sorted: 1 if there is none, and infinite for letters."""
    if not isinstance(line, Div):
        return 1.0
    divisor = line.right.value if isinstance(line.right, Num) else None
    try:
        return float(abs(divisor))  # type: ignore[arg-type]
    except TypeError:
        return float("inf")
