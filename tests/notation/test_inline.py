"""Formulas of sheets: as words, for those who hear them, and as texts in a line, for cells and drawings."""

import re

import pytest

from byhand.errors import SheetError
from byhand.notation.inline import COMMANDS, LONGEST_FORMULA, checked, in_line, inline, parsed, spoken


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"Q K^{\mathrm{T}}", "Q Kᵀ"), (r"\text{powers } 2^s", "powers 2ˢ"), ("X^2", "X²"), (r"2^{-\infty}", "2^(−∞)"),
        ("10^{2i/d}", "10^(2i/d)"), (r"\frac{1}{d}", "1/d"), (r"S \div \sqrt{d_k}", "S ÷ √d_k"), ("X'", "X′"), (r"\bar{W}_1", "grad W_1"),
    ],
)  # fmt: skip
def test_a_formula_is_heard_with_its_powers(latex, said):
    assert spoken(latex) == said


def test_a_name_that_is_longer_than_a_formula_is_heard_as_it_is():
    name = "S, row " + "a" * LONGEST_FORMULA
    assert spoken(name) == name


@pytest.mark.parametrize(
    ("latex", "written"),
    [
        (r"\frac{1}{d}", "1/d"), (r"\bar{W}_1", "W1"), (r"\frac{a + b}{\sqrt{d_k}}", "(a + b)/(√dk)"), (r"\sqrt{\sigma^2 + \varepsilon}", "√(σ2 + ε)"),
        (r"X_{\text{own}}'", "Xown′"),
    ],
)  # fmt: skip
def test_what_is_drawn_in_a_formula_is_written_with_signs_where_it_cannot_be(latex, written):
    assert "".join(text for text, _ in in_line(parsed(latex))) == written


def test_each_text_of_a_formula_has_the_looks_of_all_that_it_is_in():
    assert dict(in_line(parsed(r"W_{Q,1}^{\mathrm{T}}"))) == {
        "W": {"letters"},
        "Q": {"letters", "lowered"},
        ",1": {"lowered"},
        "T": {"raised"},
    }


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"\hat{Q}", r"the formula \hat{Q} has \hat; there are: \Phi, \alpha"),
        (r"\mathbf{x}", r"\mathbf{x} has \mathbf"), ("W_{Q", "the formula W_{Q has a brace without its other one"),
        ("W}_{Q", "W}_{Q has a brace"), ("x}", "x} has a brace"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_an_error(latex, message):
    with pytest.raises(SheetError, match=re.escape(message)):
        checked(latex)


def test_every_command_is_written_as_something_else_than_its_name():
    """But for functions, whose names are what is written."""
    names = {"max", "min", "sin", "cos", "log", "ln"}
    for command in COMMANDS - names:
        assert command not in inline(rf"\{command}{{1}}{{2}}").replace('class="frac"', "")


def test_escaped_braces_and_blanks_are_text():
    assert spoken(checked(r"\{a\}\ \%")) == "{a}%"


def test_a_formula_is_text_between_tags():
    assert inline(r"x < \frac{1}{2}") == ('<i>x</i> &lt; <span class="frac"><span>1</span><span>2</span></span>')
