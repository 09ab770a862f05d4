"""The arithmetic of one output cell, kept as a small tree.

    Num   3, −1/2, −∞, or a size such as d_head
    Ref   a cell of a matrix, X[i, k]; with no index, a letter
    Sum   t₁ + t₂ + …         Sub   a − b
    Mul   a·b                 Div   a ÷ b
    Fn    a named function: pow sqrt log (base, x) max argmax sin cos sinpi cospi gelu erf, the constants e and pi,
          and choose (place, x₀, x₁, …)
    BigSum  Σₖ body           a sum at symbolic indices: the general rule

There are no other kinds. Everything that byhand does with arithmetic is a fold over them: one `match` that ends in
`raise TypeError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import repeat
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

NEG_INF = float("-inf")
# A value in some number system, such as a Fraction, a Decimal, a float, a sympy expression, or a `Many` of them
Scalar: TypeAlias = Any


class Index(Struct, frozen=True):
    """A symbolic index or size: i, k, d_head."""

    name: str


At: TypeAlias = "int | Index"


class Expr(Struct, frozen=True):
    """A node. Its operators build larger trees and simplify nothing: no term is dropped or moved."""

    def __add__(self, other: ExprLike) -> Sum:
        terms = self.terms if isinstance(self, Sum) else (self,)
        return Sum((*terms, expr(other)))

    def __radd__(self, other: ExprLike) -> Sum:
        return expr(other) + self

    def __sub__(self, other: ExprLike) -> Sub:
        return Sub(self, expr(other))

    def __rsub__(self, other: ExprLike) -> Sub:
        return Sub(expr(other), self)

    def __mul__(self, other: ExprLike) -> Mul:
        return Mul(self, expr(other))

    def __rmul__(self, other: ExprLike) -> Mul:
        return Mul(expr(other), self)

    def __truediv__(self, other: ExprLike) -> Div:
        return Div(self, expr(other))

    def __rtruediv__(self, other: ExprLike) -> Div:
        return Div(expr(other), self)

    def __pow__(self, other: ExprLike) -> Fn:
        return Fn("pow", (self, expr(other)))

    def __rpow__(self, other: ExprLike) -> Fn:
        return Fn("pow", (expr(other), self))


class Num(Expr, frozen=True):
    """A number: in a rule a Fraction, −∞ or a symbolic size; after `substitute` a value of the run."""

    value: Scalar


class Ref(Expr, frozen=True):
    """One cell of a named matrix; with an empty index, a letter."""

    matrix: str
    index: tuple[At, ...] = ()


class Sum(Expr, frozen=True):
    """t₁ + t₂ + …; with no terms, 0."""

    terms: tuple[Expr, ...]


class Sub(Expr, frozen=True):
    """left − right."""

    left: Expr
    right: Expr


class Mul(Expr, frozen=True):
    """left · right."""

    left: Expr
    right: Expr


class Div(Expr, frozen=True):
    """left ÷ right."""

    left: Expr
    right: Expr


class Fn(Expr, frozen=True):
    """A named function of its arguments."""

    name: str
    args: tuple[Expr, ...] = ()


class BigSum(Expr, frozen=True):
    """Σ body, for index = 0 … count − 1."""

    index: Index
    count: At
    body: Expr


ExprLike: TypeAlias = "Expr | int | Fraction"


def expr(value: ExprLike | Index | float) -> Expr:
    """A node of a number, a symbolic size or a node."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, int | Fraction):
        return Num(Fraction(value))
    if isinstance(value, Index) or value == NEG_INF:
        return Num(value)
    raise TypeError(f"no node for {value!r}")


def total(count: At, term: Callable[[At], Expr]) -> Expr:
    """Σ term(k) for k = 0 … count − 1: a Sum of all terms; a BigSum if the count is symbolic."""
    if isinstance(count, Index):
        return BigSum(Index("k"), count, term(Index("k")))
    return Sum(tuple(term(k) for k in range(count)))


def sqrt(x: ExprLike | Index) -> Expr:
    """√x."""
    return Fn("sqrt", (expr(x),))


def largest(*args: ExprLike) -> Expr:
    """The largest argument."""
    return Fn("max", tuple(expr(a) for a in args))


def children(node: Expr) -> tuple[Expr, ...]:
    """The nodes directly below."""
    match node:
        case Num() | Ref():
            return ()
        case Sum(terms):
            return terms
        case Sub(left, right) | Mul(left, right) | Div(left, right):
            return (left, right)
        case Fn(_, args):
            return args
        case BigSum(_, _, body):
            return (body,)
        case _:
            raise TypeError(f"not a node: {node!r}")


class Arithmetic(Protocol):
    """What `evaluate` needs of a number system: the value of a number, of the four operations and of functions."""

    def num(self, value: Scalar) -> Scalar: ...

    def add(self, a: Scalar, b: Scalar) -> Scalar: ...

    def sub(self, a: Scalar, b: Scalar) -> Scalar: ...

    def mul(self, a: Scalar, b: Scalar) -> Scalar: ...

    def div(self, a: Scalar, b: Scalar) -> Scalar: ...

    def fn(self, name: str, args: Sequence[Scalar]) -> Scalar: ...


def nodes(node: Expr) -> Iterator[Expr]:
    """The node and all below it."""
    yield node
    for child in children(node):
        yield from nodes(child)


def evaluate(node: Expr, values: Callable[[Ref], Scalar], domain: Arithmetic) -> Scalar:
    """The value of a tree in a number system.

    Raises: what the domain raises when a node leaves it; ZeroDivisionError.
    """
    if type(node) is Ref:  # most nodes are one of three kinds, and a pattern takes twice as long to match
        return values(node)
    if type(node) is Mul:
        return domain.mul(evaluate(node.left, values, domain), evaluate(node.right, values, domain))
    if type(node) is Sum:
        if not node.terms:
            return domain.num(Fraction(0))
        result = evaluate(node.terms[0], values, domain)
        for term in node.terms[1:]:
            result = domain.add(result, evaluate(term, values, domain))
        return result
    match node:
        case Num(value):
            return domain.num(value)
        case Sub(left, right):
            return domain.sub(evaluate(left, values, domain), evaluate(right, values, domain))
        case Div(left, right):
            return domain.div(evaluate(left, values, domain), evaluate(right, values, domain))
        case Fn(name, args):
            return domain.fn(name, tuple([evaluate(a, values, domain) for a in args]))
        case BigSum():
            return evaluate(written_out(node), values, domain)
        case _:
            raise TypeError(f"not a node: {node!r}")


def changed(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The node with a function applied to each of its children."""
    match node:
        case Num() | Ref():
            return node
        case Sum(terms):
            return Sum(tuple([change(t) for t in terms]))
        case Sub(left, right):
            return Sub(change(left), change(right))
        case Mul(left, right):
            return Mul(change(left), change(right))
        case Div(left, right):
            return Div(change(left), change(right))
        case Fn(name, args):
            return Fn(name, tuple([change(a) for a in args]))
        case BigSum(index, count, body):
            return BigSum(index, count, change(body))
        case _:
            raise TypeError(f"not a node: {node!r}")


def rebuild(node: Expr, leaf: Callable[[Num | Ref], Expr]) -> Expr:
    """The same tree with a function applied to each of its leaves."""
    return leaf(node) if isinstance(node, Num | Ref) else changed(node, lambda child: rebuild(child, leaf))


def substitute(node: Expr, values: Callable[[Ref], Scalar]) -> Expr:
    """The tree with every reference replaced by its value: the worked line."""
    return rebuild(node, lambda leaf: Num(values(leaf)) if isinstance(leaf, Ref) else leaf)


def without_choices(node: Expr, value: Callable[[Expr], Scalar]) -> Expr:
    """The tree with what each choice in it chooses in the place of the choice. value: that of a tree in it."""
    match node:
        case Fn("choose", (place, *options)):
            return without_choices(options[int(value(place))], value)
        case _:
            return changed(node, lambda child: without_choices(child, value))


def bind(node: Expr, at: Mapping[Index, At]) -> Expr:
    """The tree with symbolic indices and sizes replaced. A Σ keeps its own index."""
    match node:
        case Num(Index() as size) if size in at:
            return expr(at[size])
        case Ref(matrix, index):
            return Ref(matrix, tuple(at.get(i, i) if isinstance(i, Index) else i for i in index))
        case BigSum(index, count, body):
            others = {name: to for name, to in at.items() if name != index}
            return BigSum(index, at.get(count, count) if isinstance(count, Index) else count, bind(body, others))
        case _:
            return changed(node, lambda child: bind(child, at))


def is_at(node: Expr, at: Mapping[Index, At], cell: Expr) -> bool:
    """Whether a tree becomes the tree of a cell when these indices are bound and every Σ is written out.

    The same as `spelled_out(bind(node, at)) == cell`, without building that tree.
    """
    match node, cell:
        case Ref(matrix, index), Ref(other, place):
            bound = tuple([at.get(i, i) if isinstance(i, Index) else i for i in index])
            return matrix == other and bound == place
        case BigSum(k, int(count), body), Sum(terms):
            return len(terms) == count and all(is_at(body, {**at, k: n}, term) for n, term in enumerate(terms))
        case (Mul(), Mul()) | (Sub(), Sub()) | (Div(), Div()):
            return is_at(node.left, at, cell.left) and is_at(node.right, at, cell.right)  # type: ignore[attr-defined]
        case Sum(terms), Sum(others):
            return len(terms) == len(others) and all(map(is_at, terms, repeat(at), others))
        case Fn(name, args), Fn(other, others):
            return name == other and len(args) == len(others) and all(map(is_at, args, repeat(at), others))
        case _:
            return node == cell


def written_out(node: BigSum) -> Sum:
    """A BigSum as the sum of its terms.

    Raises: TypeError while its count is symbolic.
    """
    if isinstance(node.count, Index):
        raise TypeError(f"Σ up to {node.count.name} has no value: bind its size first")
    return Sum(tuple(bind(node.body, {node.index: k}) for k in range(node.count)))


def spelled_out(node: Expr) -> Expr:
    """The tree with every Σ of a known count written out."""
    if isinstance(node, BigSum) and isinstance(node.count, int):
        node = written_out(node)
    return changed(node, spelled_out)


def refs(node: Expr) -> Iterator[Ref]:
    """Every reference in a tree, from left to right, repeated as often as it stands there."""
    if isinstance(node, Ref):
        yield node
    elif isinstance(node, BigSum) and isinstance(node.count, int):
        yield from refs(written_out(node))
    else:
        for child in children(node):
            yield from refs(child)
