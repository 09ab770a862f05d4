"""Formulas and trees as OMML: each part of a formula is the element that Office has for it."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from byhand.arithmetic.expr import Fn, Mul, Num, Ref, Sum
from byhand.notation.omml import omml, tree_omml, value_omml

MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def shape(xml):
    """A formula as nested brackets: the name of each element, and what is in it."""

    def inside(node):
        if node.tag == f"{MATHS}t":
            return node.text
        texts = [inside(each) for each in node if each.tag.startswith(MATHS) and not each.tag.endswith("Pr")]
        name = node.tag.removeprefix(MATHS)
        return "".join(texts) if name in ("r", "oMath") else f"{name}[{''.join(texts)}]"

    return inside(ElementTree.fromstring(xml))


@pytest.mark.parametrize(
    ("latex", "told"),
    [
        (r"S = Q K^{\mathrm{T}}", "S = Q sSup[e[K]sup[T]]"),
        (r"W_{Q,1}", "sSub[e[W]sub[Q,1]]"),
        (r"x_1^2", "sSubSup[e[x]sub[1]sup[2]]"),
        (r"x^2_1", "sSubSup[e[x]sub[1]sup[2]]"),
        (r"2 \cdot 3^{-1}", "2 · sSup[e[3]sup[−1]]"),
        (r"\frac{1}{\sqrt{d_k}}", "f[num[1]den[rad[deg[]e[sSub[e[d]sub[k]]]]]]"),
        (r"\bar{W}", "bar[e[W]]"),
        (r"(a + b)^2", "(a + bsSup[e[)]sup[2]]"),
        (r"a < b", "a < b"),
        (r"\text{loss}", "loss"),
    ],
)
def test_a_formula(latex, told):
    assert shape(omml(latex)) == told


def test_letters_are_slanted_and_numbers_and_words_are_not():
    assert '<m:sty m:val="p"/>' not in omml("x")
    assert '<m:sty m:val="p"/>' in omml("3")
    assert "<m:nor/>" in omml(r"\text{loss}")


def test_a_tree_and_its_value():
    tree = Sum((Mul(Num(Fraction(1, 2)), Num(Fraction(4))), Fn("pow", (Num(Fraction(2)), Num(Fraction(3))))))
    assert shape(tree_omml(tree, Fraction(10))) == "f[num[1]den[2]]·4 + sSup[e[2]sup[3]] = 10"
    assert shape(value_omml(Fraction(-6, 5))) == "−f[num[6]den[5]]"
    assert shape(tree_omml(Mul(Num(Fraction(2)), Ref("a_1", ())), Fraction(2))) == "2sSub[e[a]sub[1]] = 2"


def test_a_colour_is_that_of_every_part():
    xml = omml(r"\frac{a}{2}", "1C3F94")
    assert len(re.findall("1C3F94", xml)) == len(re.findall("<m:r>", xml)) == 2
