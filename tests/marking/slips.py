"""Slips that a student can make in one blank, each computed from the numbers that the student has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random

from students import NEG_INF, NoNumberError, Number, Student, worked

from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Ref, Sub, Sum, changed, children
from byhand.worksheet.document import Blank

MINUS_ONE, TWO = Num(Fraction(-1)), Num(Fraction(2))
Slip = tuple[str, Callable[[], Number]]  # its kind, and how to compute what is written

KINDS = (
    "sign", "sign-of-square", "term-dropped", "bias-forgotten", "term-twice", "product-as-sum",
    "factor-dropped", "neighbour", "wrong-row", "wrong-column", "mirrored", "transposed-operand", "not-divided",
    "multiplied-not-divided", "upside-down", "wrong-divisor", "root-forgotten", "halved", "not-squared",
    "doubled-not-squared", "added-not-subtracted", "reversed", "not-subtracted", "times-not-power",
    "power-reversed", "negative-power", "relu-forgotten", "absolute", "relu-all", "not-masked",
    "zero-for-minus-infinity", "masked-too-much", "sign-of-result", "off-by-1", "off-by-2", "off-by-10",
    "digits-swapped", "copied-neighbour", "copied-transposed",
)  # fmt: skip
OF_COPIES = ("copied-neighbour", "copied-transposed", "sign-of-result", "off-by-1", "off-by-2", "off-by-10", "digits-swapped")  # fmt: skip


def slips(student: Student, blank: Blank) -> Iterator[Slip]:
    """The slips that can be made in a blank. Some give the right number, some none."""
    try:
        right = student.by_rule(blank)
    except NoNumberError:
        return
    if blank.role == "ask":
        yield from _of_masks(student, blank)
    if blank.role not in ("ask", "entry", "copy", "size") or not isinstance(right, Fraction):
        return
    number = student.method.rounded(right, blank.cell.places) if blank.cell.places is not None else right
    yield from _of_results(student, blank, number)
    if blank.role == "copy":
        yield from _of_copies(student, blank)
        return
    tree, read = _rule(student, blank)
    for kind, wrong in _of_trees(tree, _shapes(student)):
        yield kind, lambda wrong=wrong: worked(wrong, read)
    if blank.role == "ask":
        yield from _of_places(student, blank, tree, read)


def possible(student: Student, blank: Blank, kind: str) -> list[Number]:
    """The numbers that a student who makes this slip can write in a blank; none of them is what the rule says."""
    try:
        right = student.by_rule(blank)
    except NoNumberError:
        return []
    found = []
    for made, compute in slips(student, blank):
        if made != kind:
            continue
        try:
            value = compute()
            student.method.written(value, blank.cell.places)
        except NoNumberError:
            continue
        if isinstance(value, Fraction) or value == NEG_INF:
            text = student.method.written(value, blank.cell.places)[0]
            if text != student.method.written(right, blank.cell.places)[0] and value not in found:
                found.append(value)
    return found


def one_slip(student: Student, kind: str, dice: Random, after: str = "") -> tuple[str, Number] | None:
    """A blank, behind another one, and what is written in it by a slip of this kind; None where it cannot be made."""
    ids = [blank.id for blank in student.page.blanks]
    blanks = student.page.blanks[ids.index(after) + 1 :] if after else list(student.page.blanks)
    dice.shuffle(blanks := list(blanks))
    for blank in blanks:
        if (blank.role == "copy") == (kind.startswith("copied") or (kind in OF_COPIES and dice.random() < 0.2)):
            found = possible(student, blank, kind)
            if found:
                return blank.id, dice.choice(found)
    return None


def _rule(student: Student, blank: Blank) -> tuple[Expr, Callable[[Ref], Number]]:
    page, cell = student.page, blank.cell
    read = student.reader(page.tape, page.section_of[blank.id])
    if blank.role == "size":
        return cell.rule or Num(cell.value), read
    return page.tape.cell(cell.step, *cell.at), read


def _shapes(student: Student) -> Callable[[str], tuple[int, int]]:
    return lambda name: student.page.tape.steps[name].shape


# within a rule


def _of_trees(tree: Expr, shape: Callable[[str], tuple[int, int]]) -> Iterator[tuple[str, Expr]]:
    """The rule with one slip in it, for each slip at each of its nodes."""
    yield from _at_node(tree, shape)
    below = children(tree)
    if isinstance(tree, Fn) and tree.name == "pow" and _is_constant(tree.args[0]):
        below = tree.args[1:]  # the base of a power is printed on the whole page
    for child in below:
        for kind, wrong in _of_trees(child, shape):
            yield kind, changed(tree, lambda own, child=child, wrong=wrong: wrong if own is child else own)


def _at_node(node: Expr, shape: Callable[[str], tuple[int, int]]) -> Iterator[tuple[str, Expr]]:
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
            yield "power-reversed", Fn("pow", (exponent, base))
            yield "negative-power", Fn("pow", (base, minus))
            yield "negative-power", Mul(MINUS_ONE, Fn("pow", (base, minus)))
        case Fn("max", (Num(0), x)):
            yield "relu-forgotten", x
            yield "absolute", Fn("max", (x, Mul(MINUS_ONE, x)))
            yield "relu-all", Num(Fraction(0))
        case Ref(name, (i, j)):
            for k, m in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                if 0 <= k < shape(name)[0] and 0 <= m < shape(name)[1]:
                    yield "neighbour", Ref(name, (k, m))


def _is_constant(node: Expr) -> bool:
    return isinstance(node, Num) or (isinstance(node, Fn) and not node.args)


# of places and results


def _of_places(student: Student, blank: Blank, tree: Expr, read: Callable[[Ref], Number]) -> Iterator[Slip]:
    """Another cell of the step in place of this one; one operand read at other places."""
    page, step = student.page, student.page.tape.steps[blank.cell.step]
    (i, j), (rows, cols) = blank.cell.at, step.shape
    for kind, k, m in (
        ("wrong-row", i - 1, j), ("wrong-row", i + 1, j), ("wrong-column", i, j - 1), ("wrong-column", i, j + 1),
        ("mirrored", j, i),
    ):  # fmt: skip
        if 0 <= k < rows and 0 <= m < cols:
            yield kind, lambda k=k, m=m: worked(page.tape.cell(step.name, k, m), read)
    for name in dict.fromkeys(step.inputs):
        shape = page.tape.steps[name].shape
        for kind, down, right in (("wrong-row", -1, 0), ("wrong-row", 1, 0), ("wrong-column", 0, -1), ("wrong-column", 0, 1)):  # fmt: skip

            def moved(ref: Ref, name=name, shape=shape, down=down, right=right) -> Number:
                if ref.matrix != name:
                    return read(ref)
                k, m = ref.index[0] + down, ref.index[1] + right
                if not (0 <= k < shape[0] and 0 <= m < shape[1]):
                    raise NoNumberError("outside")
                return read(Ref(name, (k, m)))

            yield kind, lambda moved=moved: worked(tree, moved)
        if shape[0] == shape[1] > 1:

            def turned(ref: Ref, name=name) -> Number:
                return read(Ref(name, ref.index[::-1]) if ref.matrix == name else ref)

            yield "transposed-operand", lambda turned=turned: worked(tree, turned)


def _of_masks(student: Student, blank: Blank) -> Iterator[Slip]:
    step = student.page.tape.steps[blank.cell.step]
    if step.op_name != "mask_future":
        return
    i, j = blank.cell.at
    read = student.reader(student.page.tape, student.page.section_of[blank.id])
    if j > i:
        yield "not-masked", lambda: read(Ref(step.inputs[0], (i, j)))
        yield "zero-for-minus-infinity", lambda: Fraction(0)
    else:
        yield "masked-too-much", lambda: NEG_INF


def _of_results(student: Student, blank: Blank, number: Fraction) -> Iterator[Slip]:
    cell, page = blank.cell, student.page
    rule = page.tape.cell(cell.step, *cell.at) if cell.at and blank.role == "ask" else None
    unit = Fraction(1)
    if cell.places is not None or student.method.places is not None:
        unit /= 10 ** (cell.places if cell.places is not None else student.method.places)
    if not isinstance(rule, Sub):
        yield "sign-of-result", lambda: -number
    for kind, by in (("off-by-1", 1), ("off-by-2", 2), ("off-by-10", 10)):
        yield kind, lambda by=by: number + by * unit
        yield kind, lambda by=by: number - by * unit
    top, bottom = number.numerator, number.denominator
    if bottom > 1 and unit == 1:
        for a, b in ((top + 1, bottom), (top - 1, bottom), (top, bottom + 1), (top, bottom - 1)):
            yield "off-by-1", lambda a=a, b=b: Fraction(a, b)
    if unit == 1:
        for size in _swapped(abs(top)):
            yield "digits-swapped", lambda size=size: Fraction(size if top > 0 else -size, bottom)


def _swapped(size: int) -> Iterator[int]:
    """A whole number with two neighbouring digits exchanged, its first digit no 0."""
    digits = str(size)
    for n in range(len(digits) - 1):
        other = digits[:n] + digits[n + 1] + digits[n] + digits[n + 2 :]
        if other[0] != "0":
            yield int(other)


def _of_copies(student: Student, blank: Blank) -> Iterator[Slip]:
    page, (step, (i, j)) = student.page, (blank.cell.step, blank.cell.at)
    rows, cols = page.tape.steps[step].shape
    section = page.section_of[blank.id]
    for kind, k, m in (
        ("copied-neighbour", i - 1, j), ("copied-neighbour", i + 1, j), ("copied-neighbour", i, j - 1),
        ("copied-neighbour", i, j + 1), ("copied-transposed", j, i),
    ):  # fmt: skip
        if 0 <= k < rows and 0 <= m < cols:
            yield kind, lambda k=k, m=m: student.look(page.tape, section, (step, k, m), before=True)
