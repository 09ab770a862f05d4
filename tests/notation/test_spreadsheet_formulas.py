"""Trees as formulas of a spreadsheet, and what another program computes from them."""

import math
from fractions import Fraction

import openpyxl
import pytest
from cells import Parser

from byhand.arithmetic.expr import NEG_INF, Div, Fn, Mul, Ref, Sub, Sum, expr, largest, sqrt
from byhand.notation.spreadsheet import cell_name, formula, quoted

A, B, C = (Ref("x", (0, j)) for j in range(3))
E = Fn("e")


def name(ref):
    return cell_name(0, ref.index[1])


class Cells(dict):
    """The cells A1, B1 and C1."""

    def __init__(self, *values):
        super().__init__({("s", f"{letter}1"): value for letter, value in zip("ABC", values, strict=True)})


def computed(text, *values):
    return Parser(Cells(*values), "s", text).result()


FORMULAS = [
    (A * B + B * C, "A1*B1+B1*C1", (2, 3, 4), 18),
    (A - (B - C), "A1-(B1-C1)", (2, 3, 4), 3),
    (Mul(expr(Fraction(-1, 2)), A), "(-1/2)*A1", (2, 3, 4), -1),
    (Sub(Sum(()), A**2), "(-1)*A1^2", (3, 0, 0), -9),
    (Div(A, expr(Fraction(1, 2))), "A1/(1/2)", (3, 0, 0), 6),
    (expr(-2) ** A, "(-2)^A1", (2, 0, 0), 4),
    (expr(2) ** (A - B), "2^(A1-B1)", (1, 3, 0), 0.25),
    (E**A, "EXP(A1)", (1, 0, 0), math.e),
    (Fn("choose", (A, B, expr(NEG_INF))), 'CHOOSE(1+A1,B1,"-inf")', (1, 5, 0), "-inf"),
    (Div(A, sqrt(expr(4))), "A1/SQRT(4)", (6, 0, 0), 3),
    (Fn("log", (expr(2), A)), "LOG(A1,2)", (8, 0, 0), 3),
    (Fn("log", (E, A)), "LN(A1)", (1, 0, 0), 0),
    (largest(0, A), "MAX(0,A1)", (-3, 0, 0), 0),
    (Fn("sinpi", (A,)), "SIN(A1*PI())", (0.5, 0, 0), 1),
    (Fn("gelu", (A,)), "(A1)*(1+ERF((A1)/SQRT(2)))/2", (1, 0, 0), 0.8413447460685429),
    (Fn("choose", (A, B, C)), "CHOOSE(1+A1,B1,C1)", (1, 5, 7), 7),
    (Fn("round", (A, expr(2))), "ROUND(A1,2)", (-0.125, 0, 0), -0.13),
    (Sum((expr(12345), A)), "12345+A1", (1, 0, 0), 12346),
    (expr(NEG_INF), '"-inf"', (0, 0, 0), "-inf"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "text", "values", "result"), FORMULAS, ids=[each[1] for each in FORMULAS])
def test_a_tree_is_a_formula_of_the_same_value(tree, text, values, result):
    assert formula(tree, name) == text
    assert computed(text, *values) == (result if isinstance(result, str) else pytest.approx(result))


def test_minus_infinity_goes_on_as_it_does_in_a_run():
    def infinite(ref):
        return ref == A

    assert formula(Div(A, expr(2)), name, infinite) == 'IF(A1="-inf","-inf",A1/2)'
    assert formula(expr(2) ** A, name, infinite) == 'IF(A1="-inf",0,2^A1)'
    assert formula(A, name, infinite) == "A1"
    assert computed(formula(A + B, name, infinite), "-inf", 2, 3) == "-inf"
    assert computed(formula(Div(expr(2) ** A, expr(2) ** A + expr(2) ** B), name, infinite), "-inf", 1, 0) == 0


@pytest.mark.parametrize(("values", "first"), [
    ((1, 3, 3), 1), ((1 / 3 + 1 / 3, 2 / 3, 0), 0), (("-inf", -2, -1), 2), (("-inf", "-inf", -7), 2), ((5, 5, 5), 0),
])  # fmt: skip
def test_the_first_of_the_largest_is_found_and_minus_infinity_is_never_it(values, first):
    assert computed(formula(Fn("argmax", (A, B, C)), name), *values) == first


@pytest.mark.parametrize(("at", "text"), [
    ((0, 0), "A1"), ((6, 25), "Z7"), ((6, 26), "AA7"), ((0, 701), "ZZ1"), ((0, 702), "AAA1"),
])  # fmt: skip
def test_cells_have_the_names_that_other_programs_give_them(at, text):
    row, col = at
    assert cell_name(row, col) == text == openpyxl.utils.get_column_letter(col + 1) + str(row + 1)


def test_a_sheet_whose_name_has_blanks_is_quoted():
    assert cell_name(0, 0, "key") == "key!A1"
    assert cell_name(0, 0, "Lösung 1") == "'Lösung 1'!A1"
    assert cell_name(0, 0, "l'un", fixed=True) == "'l''un'!$A$1"
    assert quoted('say "a"') == '"say ""a"""'
