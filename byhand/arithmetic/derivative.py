"""The derivative of a cell's tree, as trees over the same references: the oracle of every gradient.

    pushed(x·w, g)           → x gets g·w, w gets x·g
    pushed(max(0, x), g)     → x gets choose(argmax(0, x), 0, g)

A gradient is handed down from a node to its children, each of which gets its share. What gives a place, not a number
(argmax, and the first argument of choose), hands nothing on.
"""

from __future__ import annotations

from collections.abc import Iterator

from byhand.arithmetic.expr import BigSum, Div, Expr, Fn, Mul, Num, Ref, Sub, Sum, expr, sqrt, written_out

E = Fn("e")
PI = Fn("pi")


def share(node: Expr, of: Ref, gradient: Expr) -> Expr:
    """What one cell gets of the gradient of a tree: the sum over all places where the tree reads it."""
    return Sum(tuple(got for ref, got in pushed(node, gradient) if ref == of))


def pushed(node: Expr, g: Expr) -> Iterator[tuple[Ref, Expr]]:
    """What each reference in a tree gets of the tree's gradient g, from left to right, as often as it stands there.

    Raises: TypeError for a Σ whose count is symbolic.
    """
    match node:
        case Num():
            return
        case Ref():
            yield node, g
        case Sum(terms):
            for term in terms:
                yield from pushed(term, g)
        case Sub(left, right):
            yield from pushed(left, g)
            yield from pushed(right, _minus(g))
        case Mul(left, right):
            yield from pushed(left, g * right)
            yield from pushed(right, left * g)
        case Div(left, right):
            yield from pushed(left, g / right)
            yield from pushed(right, _minus(g * node / right))
        case Fn(_, args):
            for arg, slope in zip(args, _slopes(node, g), strict=True):
                if slope is not None:
                    yield from pushed(arg, slope)
        case BigSum():
            yield from pushed(written_out(node), g)
        case _:
            raise TypeError(f"not a node: {node!r}")


def _slopes(node: Fn, g: Expr) -> tuple[Expr | None, ...]:
    """What each argument of a function gets of the function's gradient; None for one that gets nothing."""
    match node:
        case Fn("e" | "pi"):
            return ()
        case Fn("argmax", args):
            return (None,) * len(args)
        case Fn("max", args):
            return tuple(_chosen(Fn("argmax", args), k, len(args), g) for k in range(len(args)))
        case Fn("choose", (place, *options)):
            return (None, *(_chosen(place, k, len(options), g) for k in range(len(options))))
        case Fn("pow", (base, x)):
            return g * (x * base ** (x - 1)), g * (_ln(base) * node)
        case Fn("log", (base, x)):
            return _minus(g * node / (base * _ln(base))), g / (x * _ln(base))
        case Fn("sqrt", (_,)):
            return (g / (2 * node),)
        case Fn("sin", (x,)):
            return (g * Fn("cos", (x,)),)
        case Fn("cos", (x,)):
            return (_minus(g * Fn("sin", (x,))),)
        case Fn("sinpi", (x,)):
            return (g * (PI * Fn("cospi", (x,))),)
        case Fn("cospi", (x,)):
            return (_minus(g * (PI * Fn("sinpi", (x,)))),)
        case Fn("erf", (x,)):
            return (g * (2 * _bell(x) / sqrt(PI)),)
        case Fn("gelu", (x,)):  # x Φ(x), with Φ(x) = (1 + erf(x ÷ √2)) ÷ 2
            bell = x * _bell(x / sqrt(2)) / sqrt(2 * PI)
            return (g * ((1 + Fn("erf", (x / sqrt(2),))) / 2 + bell),)
        case _:
            raise TypeError(f"no derivative of {node.name!r} of {len(node.args)} arguments")


def _minus(x: Expr) -> Expr:
    return Sum(()) - x


def _ln(x: Expr) -> Expr:
    return Fn("log", (E, x))


def _bell(x: Expr) -> Expr:
    """e^(−x²)."""
    return E ** _minus(x * x)


def _chosen(place: Expr, k: int, count: int, g: Expr) -> Expr:
    """g if the place is k, else 0."""
    return Fn("choose", (place, *(g if option == k else expr(0) for option in range(count))))
