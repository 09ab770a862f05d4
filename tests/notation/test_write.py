"""The one fold that writes, in the other notations: the brackets are the same, the signs are theirs."""

from fractions import Fraction

import pytest
from trees import K, N

from byhand.arithmetic.expr import BigSum, Fn, Num, Ref, Sub, Sum, sqrt
from byhand.notation.html import html, value_html
from byhand.notation.latex import latex

X, Y = Ref("X", (0, K)), Ref("Y", (K, 1))


@pytest.mark.parametrize(
    ("tree", "written"),
    [
        (Num(-1) * 4 + Num(2) * 0, "(−1)·4 + 2·0"),
        (Num(Fraction(6, 5)) / 2, "6/5 ÷ 2"),
        (Num(2) ** -3, "2<sup>−3</sup>"),
        (Num(2) ** Fraction(1, 2), "2<sup>1/2</sup>"),
        (sqrt(Num(2) + 1), '<span class="root">√<span class="radicand">2 + 1</span></span>'),
        (Ref("a1") * 2 + Ref("b"), "<i>a</i><sub>1</sub>·2 + <i>b</i>"),
        (2 * Ref("a"), "2<i>a</i>"),
        (Ref("x<y", (0, 0)), "x&lt;y[1, 1]"),
        (Sub(Sum(()), Ref("a")), "−<i>a</i>"),
    ],
)
def test_a_tree_as_html(tree, written):
    assert html(tree) == written


def test_a_word_as_html_is_escaped():
    assert value_html("<b>") == "&lt;b&gt;"
    assert value_html(Fraction(-1, 2)) == "−1/2"


@pytest.mark.parametrize(
    ("tree", "written"),
    [
        (BigSum(K, N, X * Y), r"\sum_{k} {X}_{1 k} \cdot {Y}_{k 2}"),
        (BigSum(K, N, X) / Num(N), r"\frac{\sum_{k} {X}_{1 k}}{n}"),
        ((Num(-1) + 2) / 3, r"\frac{-1 + 2}{3}"),
        (sqrt(2) ** 2, r"\left(\sqrt{2}\right)^{2}"),
        (Num(2) ** Num(-3), "2^{-3}"),
        (Fn("argmax", (X,)), r"\operatorname{argmax}({X}_{1 k})"),
        (Fn("argmax", (Num(0), X)), "[{X}_{1 k} > 0]"),
        (Fn("cospi", (Num(Fraction(1, 2)),)), r"\operatorname{cos}(1/2 \cdot \pi)"),
    ],
)
def test_a_tree_as_latex(tree, written):
    assert latex(tree) == written
