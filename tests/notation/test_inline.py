"""Formulas of sheets as words, for those who hear them."""

import pytest

from byhand.notation.inline import spoken


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"Q K^{\mathrm{T}}", "Q Kᵀ"), (r"\text{powers } 2^s", "powers 2ˢ"), ("X^2", "X²"), (r"2^{-\infty}", "2^(−∞)"),
        ("10^{2i/d}", "10^(2i/d)"), (r"\frac{1}{d}", "1/d"), (r"S \div \sqrt{d_k}", "S ÷ √d_k"), ("X'", "X′"),
    ],
)  # fmt: skip
def test_a_formula_is_heard_with_its_powers(latex, said):
    assert spoken(latex) == said
