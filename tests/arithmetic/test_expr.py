"""The nodes and their folds."""

from fractions import Fraction

import pytest
from trees import KINDS, NODES, K, N, X

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import (
    NEG_INF,
    BigSum,
    Div,
    Expr,
    Fn,
    Index,
    Mul,
    Num,
    Ref,
    Sub,
    Sum,
    bind,
    children,
    evaluate,
    expr,
    largest,
    rebuild,
    refs,
    sqrt,
    substitute,
    total,
    written_out,
)
from byhand.arithmetic.floats import FLOATS
from byhand.notation.html import html
from byhand.notation.latex import latex
from byhand.notation.text import text

FOLDS = {
    "evaluate": lambda node: evaluate(node, lambda ref: 4.0, FLOATS),
    "children": children,
    "rebuild": lambda node: rebuild(node, lambda leaf: leaf),
    "substitute": lambda node: substitute(node, lambda ref: Fraction(4)),
    "bind": lambda node: bind(node, {N: 2}),
    "refs": lambda node: list(refs(node)),
    "text": text,
    "html": html,
    "latex": latex,
}


class Stranger(Expr):
    """A node of no known kind."""


@pytest.mark.parametrize("node", NODES.values(), ids=NODES.keys())
@pytest.mark.parametrize("fold", FOLDS.values(), ids=FOLDS.keys())
def test_every_fold_has_a_rule_for_every_node(fold, node):
    fold(node)


def test_the_nodes_of_these_tests_are_all_the_kinds_there_are():
    names = {kind.__name__ for kind in Expr.__subclasses__()} - {"Stranger"}
    assert names == {kind.__name__ for kind in KINDS} == {type(node).__name__ for node in NODES.values()}


@pytest.mark.parametrize("fold", FOLDS.values(), ids=FOLDS.keys())
@pytest.mark.parametrize("node", [Stranger(), Sum((expr(1), Stranger()))], ids=["alone", "in a sum"])
def test_an_unknown_node_is_refused(fold, node):
    if fold is children and isinstance(node, Sum):
        return
    with pytest.raises(TypeError, match="not a node"):
        fold(node)


@pytest.mark.parametrize(
    ("built", "tree"),
    [
        (X + 1, Sum((X, expr(1)))),
        (1 + X, Sum((expr(1), X))),
        (X - 1, Sub(X, expr(1))),
        (1 - X, Sub(expr(1), X)),
        (0 * X, Mul(expr(0), X)),
        (X * 1, Mul(X, expr(1))),
        (X / 2, Div(X, expr(2))),
        (2 / X, Div(expr(2), X)),
        (X**2, Fn("pow", (X, expr(2)))),
        (2**X, Fn("pow", (expr(2), X))),
        (sqrt(2), Fn("sqrt", (expr(2),))),
        (largest(0, X), Fn("max", (expr(0), X))),
        (X + 1 + 2, Sum((X, expr(1), expr(2)))),  # a sum that grows at its end stays flat
        (X + (expr(1) + 2), Sum((X, Sum((expr(1), expr(2)))))),
    ],
)
def test_the_operators_build_trees_and_move_nothing(built, tree):
    assert built == tree


def test_only_exact_numbers_become_nodes():
    assert expr(3) == Num(Fraction(3))
    assert expr(NEG_INF) == Num(NEG_INF)
    assert expr(N) == Num(N)
    with pytest.raises(TypeError, match=r"no node for 0\.1"):
        expr(0.1)


def test_a_sum_over_a_known_size_is_written_out():
    assert total(2, lambda k: Ref("x", (0, k))) == Sum((Ref("x", (0, 0)), Ref("x", (0, 1))))
    assert total(N, lambda k: Ref("x", (0, k))) == BigSum(K, N, Ref("x", (0, K)))


def test_a_symbolic_sum_gets_its_size_and_its_indices_by_bind():
    rule = BigSum(K, N, Ref("x", (Index("i"), K)) * Num(N)) / Num(N)
    bound = bind(rule, {Index("i"): 0, N: 3})
    assert bound == BigSum(K, 3, Ref("x", (0, K)) * 3) / 3
    values = {0: Fraction(1), 1: Fraction(2), 2: Fraction(6)}
    assert evaluate(bound, lambda ref: values[ref.index[1]], RATIONALS) == 9


def test_a_sum_keeps_its_own_index():
    assert bind(Ref("x", (K,)) + BigSum(K, 2, Ref("y", (K,))), {K: 5}) == Ref("x", (5,)) + BigSum(
        K, 2, Ref("y", (K,))
    )


def test_a_sum_without_a_size_has_no_value():
    with pytest.raises(TypeError, match="Σ up to n has no value"):
        written_out(BigSum(K, N, Num(K)))


def test_substitute_puts_numbers_in_and_keeps_the_tree():
    worked = substitute(Ref("x", (0, 0)) * Ref("w", (0, 0)) + 1, lambda ref: {"x": -1, "w": 4}[ref.matrix])
    assert worked == Num(-1) * Num(4) + 1


def test_references_are_listed_from_left_to_right_as_often_as_they_stand():
    y = Ref("y", (0, 0))
    assert list(refs(X * y + X / (y - 2))) == [X, y, X, y]
    assert list(refs(BigSum(K, 2, Ref("x", (0, K))))) == [Ref("x", (0, 0)), Ref("x", (0, 1))]
    assert list(refs(BigSum(K, N, Ref("x", (0, K))))) == [Ref("x", (0, K))]


NESTED = {
    "sums": lambda tree: Sum((expr(1), tree)),
    "differences": lambda tree: 1 - tree,
    "products": lambda tree: 1 * tree,
    "quotients": lambda tree: 1 / (1 + tree),
    "maxima": lambda tree: largest(1, tree),
}


@pytest.mark.parametrize("deeper", NESTED.values(), ids=NESTED.keys())
@pytest.mark.parametrize("fold", [*FOLDS.values(), hash], ids=[*FOLDS.keys(), "hash"])
def test_a_tree_may_be_200_levels_deep(fold, deeper):
    tree = expr(1)
    for _ in range(200 if deeper is not NESTED["quotients"] else 100):  # two nodes a level
        tree = deeper(tree)
    fold(tree)


def test_a_sum_of_1000_terms_is_one_node():
    tree = X
    for _ in range(999):
        tree = tree + X
    assert len(children(tree)) == 1000
    assert evaluate(tree, lambda ref: Fraction(1, 2), RATIONALS) == 500
    assert text(tree).count("+") == 999
