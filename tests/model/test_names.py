"""What steps are called on paper."""

import pytest

from byhand.model.names import symbol


@pytest.mark.parametrize(
    ("name", "heads", "expected"),
    [
        ("blocks.0.attn.hook_q[1]", 2, "Q_2"),
        ("blocks.0.attn.hook_q[0]", 1, "Q"),
        ("blocks.0.attn.W_Q[1]", 2, "W_{Q,2}"),
        ("blocks.0.attn.hook_q[9]", 10, "Q_{10}"),
        ("blocks.0.attn.W_Q[9]", 10, "W_{Q,10}"),
        ("blocks.0.ln2.hook_normalized", 1, "N'"),
        ("blocks.0.ln2.centered", 1, r"x - \mu"),
        ("blocks.0.ln1.standardized", 1, r"(x - \mu) \div \sigma"),
        ("blocks.0.bn.hook_normalized", 1, r"(x - \mu) \div \sigma"),
        ("blocks.0.hook_resid_post", 1, "X''"),
        ("no.such_step", 1, r"\text{no.such_step}"),
    ],
)
def test_a_step_has_the_symbol_of_its_kind(name, heads, expected):
    assert symbol(name, heads) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("blocks.0.attn.hook_q_grad[1]", r"\bar{Q}_2"),
        ("blocks.0.attn.W_Q.grad[1]", r"\bar{W}_{Q,2}"),
        ("blocks.0.mlp.W_in.grad", r"\bar{W}_{\mathrm{in}}"),
        ("blocks.0.ln2.hook_normalized_grad", r"\bar{N}'"),
        ("blocks.0.hook_resid_pre_grad.values", r"\bar{X}_V"),
        ("blocks.0.attn.hook_q_grad.scores[1]", r"\bar{Q}_{2,S}"),
        ("blocks.0.ln1.hook_normalized_grad.scores.by.blocks.0.attn.hook_q.1", r"\bar{N}_S(Q_2)"),
        ("blocks.0.hook_resid_mid_grad.by.blocks.0.ln2.hook_normalized", r"\bar{X}'(N')"),
        ("blocks.0.ln1.standardized.grad", r"\overline{(x - \mu) \div \sigma}"),
        ("logits.grad", r"\bar{L}"),
        ("logits.grad.subtract", "P - Y"),
        ("logits.grad.one_hot", "Y"),
        ("blocks.0.attn.hook_pattern.dot[1]", "r_2"),
        ("blocks.0.ln2.grad_mean", "m_1'"),
    ],
)
def test_a_gradient_is_a_bar_over_the_symbol_of_its_step(name, expected):
    assert symbol(name, 2) == expected


def test_a_sheet_has_symbols_for_its_own_gradients():
    assert symbol("logits.grad", of_sheet={"logits.grad": "G"}) == "G"


def test_a_sheet_has_symbols_for_its_own_steps():
    own = {"attn.state<t>": "S_<t>", "hook_q": "R<h>"}
    names = ("blocks.0.attn.state3", "blocks.0.attn.hook_q[1]", "blocks.0.attn.hook_k[1]")
    assert [symbol(name, 2, own) for name in names] == ["S_4", "R_2", "K_2"]


def test_the_sums_of_a_decoder_have_one_prime_more_each():
    sums = ("hook_resid_pre", "hook_resid_mid", "hook_resid_mid_cross", "hook_resid_post")
    assert [symbol(f"decoder.0.{name}") for name in sums] == ["X", "X'", "X''", "X'''"]
