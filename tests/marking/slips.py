"""Slips that a student can make in one blank, each computed from the numbers that the student has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from random import Random

from students import NEG_INF, NoNumberError, Number, Page, Student, alike, as_number, worked

from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Ref, Sub, Sum, changed, children, rebuild, refs
from byhand.worksheet.document import Blank

MINUS_ONE, TWO = Num(Fraction(-1)), Num(Fraction(2))

KINDS = (
    "sign", "sign-of-square", "term-dropped", "bias-forgotten", "term-twice", "product-as-sum",
    "factor-dropped", "neighbour", "wrong-row", "wrong-column", "mirrored", "transposed-operand", "not-divided",
    "multiplied-not-divided", "upside-down", "wrong-divisor", "root-forgotten", "halved", "not-squared",
    "doubled-not-squared", "added-not-subtracted", "reversed", "not-subtracted", "times-not-power",
    "power-reversed", "negative-power", "relu-forgotten", "absolute", "relu-all", "not-masked",
    "zero-for-minus-infinity", "masked-too-much", "sign-of-result", "off-by-1", "off-by-2", "off-by-10",
    "digits-swapped", "copied-neighbour", "copied-transposed", "exponent-itself",
)  # fmt: skip
OF_RESULTS = ("sign-of-result", "off-by-1", "off-by-2", "off-by-10", "digits-swapped")
OF_COPIES = ("copied-neighbour", "copied-transposed", *OF_RESULTS)
Slip = tuple[str, Expr]  # its kind, and what is computed in place of the rule


@dataclass(frozen=True)
class Made:
    """A slip that a student made. kinds: all kinds of slips in which the very same is computed; value: what came of it."""

    blank: str
    kinds: frozenset[str]
    value: Number


def slips(student: Student, blank: Blank, kind: str) -> list[Slip]:
    """The slips that can be made in a blank, if one of this kind is among them. Some give the right number, some none."""
    if blank.role not in ("ask", "entry", "copy", "size"):
        return []
    by_rule = _by_rule(student.page, blank.id)
    if kind not in OF_RESULTS and all(own != kind for own, _ in by_rule):
        return []
    return [*_of_results(student, blank, _tree(student.page, blank)), *by_rule]


def _tree(page: Page, blank: Blank) -> Expr:
    """The rule of a blank; of a copy, what it is copied from."""
    cell = blank.cell
    if blank.role == "size":
        return cell.rule or Num(as_number(cell.value))
    return Ref(cell.step, cell.at) if blank.role == "copy" else page.tape.cell(*cell.place)


@lru_cache(maxsize=512)  # for the next students on the page
def _by_rule(page: Page, name: str) -> tuple[Slip, ...]:
    """The slips in the rule of a blank, which are the same whoever makes them."""
    blank = page.by_id[name]
    tree = _tree(page, blank)
    if blank.role == "copy":
        named = {"mirrored": "copied-transposed", "neighbour": "copied-neighbour"}
        return tuple((named[kind], to) for kind, to in _around(page, tree))
    found = [*_of_trees(tree, page)]
    if blank.role == "ask":
        found += _of_places(page, blank.cell.step, blank.cell.at, tree)
    return tuple(found)


def possible(student: Student, blank: Blank, kind: str) -> list[Made]:
    """What a student who makes a slip of this kind can write in a blank; none of it is what the rule says."""
    if not (made := slips(student, blank, kind)):
        return []
    try:
        right = student.by_rule(blank)
        text = student.method.written(right, blank.cell.places)[0]
    except NoNumberError:
        return []
    read = student.reader(student.page.tape, student.page.section_of[blank.id], before=blank.role == "copy")
    found: dict[Number, Made] = {}
    for tree in dict.fromkeys(tree for own, tree in made if own == kind):
        try:
            value = worked(tree, read)
            other = student.method.written(value, blank.cell.places)[0]
        except NoNumberError:
            continue
        irrational = isinstance(value, float) and value != NEG_INF
        if other != text and not irrational and not alike(value, right):
            kinds = frozenset(own for own, same in made if same == tree)
            found.setdefault(value, Made(blank.id, kinds, value))
    return list(found.values())


def one_slip(student: Student, kind: str, dice: Random, after: str = "") -> Made | None:
    """A slip of a kind, in a blank behind another one; None where it cannot be made."""
    ids = [blank.id for blank in student.page.blanks]
    blanks = student.page.blanks[ids.index(after) + 1 :] if after else [*student.page.blanks]
    dice.shuffle(blanks)
    for blank in blanks:
        copies = kind.startswith("copied") or (kind in OF_COPIES and dice.random() < 0.2)
        if (blank.role == "copy") == copies and (found := possible(student, blank, kind)):
            return dice.choice(found)
    return None


# within a rule


def _of_trees(tree: Expr, page: Page) -> Iterator[tuple[str, Expr]]:
    """The rule with one slip in it, for each slip at each of its nodes."""
    yield from _at_node(tree, page)
    below = children(tree)
    if isinstance(tree, Fn) and tree.name == "pow" and _is_constant(tree.args[0]):
        below = tree.args[1:]  # the base of a power is printed on the whole page
    for child in below:
        for kind, wrong in _of_trees(child, page):
            yield kind, changed(tree, lambda own, child=child, wrong=wrong: wrong if own is child else own)


def _at_node(node: Expr, page: Page) -> Iterator[tuple[str, Expr]]:
    match node:
        case Sum(terms) if len(terms) > 1:
            products = any(isinstance(term, Mul) for term in terms)
            for n, term in enumerate(terms):
                before, behind = terms[:n], terms[n + 1 :]
                square = isinstance(term, Fn) and term.name == "pow" and term.args[1] == TWO
                yield "sign-of-square" if square else "sign", Sum((*before, Mul(MINUS_ONE, term), *behind))
                bias = products and isinstance(term, Ref)
                yield "bias-forgotten" if bias else "term-dropped", Sum((*before, *behind))
                yield "term-twice", Sum((*before, term, term, *behind))
        case Mul(a, b):
            yield "product-as-sum", Sum((a, b))
            yield "factor-dropped", a
            yield "factor-dropped", b
        case Div(a, b):
            yield "not-divided", a
            yield "multiplied-not-divided", Mul(a, b)
            yield "upside-down", Div(b, a)
            yield "wrong-divisor", Div(Div(a, b), b)
            if isinstance(b, Num):
                yield "wrong-divisor", Div(a, Num(b.value + 1))
                yield "wrong-divisor", Div(a, Num(b.value - 1))
        case Sub(a, b):
            yield "added-not-subtracted", Sum((a, b))
            yield "reversed", Sub(b, a)
            yield "not-subtracted", a
        case Fn("sqrt", (x,)):
            yield "root-forgotten", x
            yield "halved", Div(x, TWO)
        case Fn("pow", (base, exponent)) if exponent == TWO and not _is_constant(base):
            yield "not-squared", base
            yield "doubled-not-squared", Mul(TWO, base)
        case Fn("pow", (base, exponent)) if _is_constant(base) and not isinstance(exponent, Num):
            minus = Mul(MINUS_ONE, exponent)
            yield "times-not-power", Mul(base, exponent)
            yield "exponent-itself", exponent
            yield "power-reversed", Fn("pow", (exponent, base))
            yield "negative-power", Fn("pow", (base, minus))
            yield "negative-power", Mul(MINUS_ONE, Fn("pow", (base, minus)))
        case Fn("max", (Num(0), x)):
            yield "relu-forgotten", x
            yield "absolute", Fn("max", (x, Mul(MINUS_ONE, x)))
            yield "relu-all", Num(Fraction(0))
        case Ref():
            yield from (("neighbour", other) for kind, other in _around(page, node) if kind == "neighbour")


def _is_constant(node: Expr) -> bool:
    return isinstance(node, Num) or (isinstance(node, Fn) and not node.args)


# of places and results


AROUND = ((-1, 0), (1, 0), (0, -1), (0, 1))


def _around(page: Page, ref: Ref) -> Iterator[tuple[str, Ref]]:
    """The places around one, and the one on the other side of the diagonal."""
    (i, j), (rows, cols) = ref.index, page.tape.steps[ref.matrix].shape
    for down, right in AROUND:
        if 0 <= i + down < rows and 0 <= j + right < cols:
            yield "neighbour", Ref(ref.matrix, (i + down, j + right))
    if i != j and j < rows and i < cols:
        yield "mirrored", Ref(ref.matrix, (j, i))


def _of_places(page: Page, name: str, at: tuple[int, int], tree: Expr) -> Iterator[Slip]:
    """Another cell of the step in place of this one; one operand read at other places; a mask."""
    for kind, other in _around(page, Ref(name, at)):
        across = "wrong-column" if other.index[0] == at[0] else "wrong-row"
        yield across if kind == "neighbour" else kind, page.tape.cell(name, *other.index)
    step = page.tape.steps[name]
    read = Counter(ref.matrix for ref in refs(tree))
    for operand in (name for name, count in read.items() if count > 1):  # of a single number, that is a neighbour
        rows, cols = page.tape.steps[operand].shape
        for down, right in AROUND:
            moved = _moved(tree, operand, lambda i, j, down=down, right=right: (i + down, j + right))
            places = [ref.index for ref in refs(moved) if ref.matrix == operand]
            if all(0 <= i < rows and 0 <= j < cols for i, j in places):
                yield "wrong-row" if down else "wrong-column", moved
        if rows == cols:
            yield "transposed-operand", _moved(tree, operand, lambda i, j: (j, i))
    if step.op_name == "mask_future":
        if tree == Num(NEG_INF):
            yield "not-masked", Ref(step.inputs[0], at)
            yield "zero-for-minus-infinity", Num(Fraction(0))
        else:
            yield "masked-too-much", Num(NEG_INF)


def _moved(tree: Expr, operand: str, to: Callable[[int, int], tuple[int, int]]) -> Expr:
    """The rule with one operand read at other places."""
    return rebuild(
        tree, lambda leaf: Ref(operand, to(*leaf.index)) if isinstance(leaf, Ref) and leaf.matrix == operand else leaf
    )


def _of_results(student: Student, blank: Blank, tree: Expr) -> Iterator[Slip]:
    """Slips with the right number."""
    try:
        number = student.by_rule(blank)
    except NoNumberError:
        return
    if not isinstance(number, Fraction):
        return
    places = student.method.places if blank.cell.places is None else blank.cell.places
    if places is not None:
        number = student.method.rounded(number, places)
    if blank.role != "size" and not isinstance(tree, Sub):
        yield "sign-of-result", Mul(MINUS_ONE, tree)
    for kind, by in (("off-by-1", 1), ("off-by-2", 2), ("off-by-10", 10)):
        for sign in (1, -1):
            yield kind, Num(number + Fraction(sign * by, 10 ** (places or 0)))
    if places is not None:
        return
    top, bottom = number.numerator, number.denominator
    if bottom > 1:
        for a, b in ((top + 1, bottom), (top - 1, bottom), (top, bottom + 1), (top, bottom - 1)):
            yield "off-by-1", Num(Fraction(a, b))
    digits = str(abs(top))
    for n in range(len(digits) - 1):
        other = digits[:n] + digits[n + 1] + digits[n] + digits[n + 2 :]
        if other[0] != "0":
            yield "digits-swapped", Num(Fraction(int(other) if top > 0 else -int(other), bottom))
