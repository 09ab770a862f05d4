"""Names of steps and parameters, and their symbols on paper, in LaTeX."""

from __future__ import annotations

import re

RESID_PRE, RESID_MID = "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid"
ATTN_OUT = "blocks.0.hook_attn_out"
ENCODER, DECODER = "encoder.0.hook_resid_pre", "decoder.0.hook_resid_pre"

# The symbol for each end of a name. <h> stands for the head's number as an index, <,h> for the same after a comma,
# <p> for the primes that tell the norms of a model apart. Words stand in \text{…}; each language has its own.
_SYMBOLS = {
    "hook_embed": "E",
    "hook_pos_embed": "P",
    "hook_resid_pre": "X",
    "hook_resid_mid": "X'",
    "hook_resid_post": "X''",
    "hook_resid_mid_cross": "X''",
    "decoder.hook_resid_post": "X'''",
    "hook_normalized_resid_post": "Y",
    "mean": r"\mu<p>",
    "centered": r"x - \mu",
    "variance": r"\sigma<p>^2",
    "mean_square": "r<p>^2",
    "hook_scale": r"\sigma<p>",
    "standardized": r"(x - \mu) \div \sigma",
    "hook_normalized": "N<p>",
    "bn.hook_normalized": r"(x - \mu) \div \sigma",
    "hook_q": "Q<h>",
    "hook_k": "K<h>",
    "hook_v": "V<h>",
    "hook_rot_q": r"\hat{Q}<h>",
    "hook_rot_k": r"\hat{K}<h>",
    "scores_raw": "S<h>",
    "scores_scaled": r"S<h> \div \sqrt{d_k}",
    "scores_biased": "S<h> + B<h>",
    "scores_visible": "S<h>",
    "scores_local": "M<h>",
    "attn.bias": "B<h>",
    "rel_pos_bias": "b<h>",
    "hook_attn_scores": "M<h>",
    "hook_pattern.exp": "P<h>",
    "hook_pattern.sum": "s<h>",
    "hook_pattern": "A<h>",
    "hook_z": "Z<h>",
    "attn.z": "Z",
    "cross_attn.z": "Z",
    "hook_result": "O<h>",
    "hook_attn_out": "O",
    "hook_pre": "H",
    "hook_post": "R",
    "hook_pre_linear": "U",
    "mlp.gate": "G",
    "gated": r"G \odot U",
    "hook_mlp_out": "F",
    "hook_cross_attn_out": "C",
    "conv_in.kernel": "K<h>",
    "conv_in.map": "M<h>",
    "conv_in.maps": "M",
    "conv_in.hook_pre": "H",
    "conv_in.hook_post": "R",
    "conv_out.kernel": "K'<h>",
    "conv_out.map": "M'<h>",
    "conv_out.maps": "M'",
    "hook_conv_out": "F",
    "count.weights": r"\text{weights}",
    "logits": "L",
    "tied_logits": r"L_{\text{tied}}",
    "next_token": r"\text{next}",
    "u": "u",
    "v": "v",
    "elementwise": r"u \odot v",
    "dot": r"u \cdot v",
    "p": "p",
    "q": "q",
    "pq": r"p \cdot q",
    "r": "r",
    "s": "s",
    "rs": r"r \cdot s",
    "u2": "u",
    "v2": "v",
    "shadow.square": r"u \cdot u",
    "shadow.dot": r"u \cdot v",
    "shadow.length": "|u|",
    "shadow": r"u \cdot v \div |u|",
    "bend.x": "x",
    "bend.pre": "h",
    "bend.post": "r",
    "bend.sum": "f",
    "bend.W_in": r"w_{\mathrm{in}}",
    "bend.W_out": r"w_{\mathrm{out}}",
    "A": "A",
    "B": "B",
    "AB": "C",
    "BA": "D",
    "other.A": "A'",
    "other.B": "B'",
    "other.AB": "C'",
    "x": "X",
    "y": "Y",
    "linear.W": "W",
    "linear.b": "b",
    "other.x": "X'",
    "other.y": "Y'",
    "other.W_E": "W_E'",
    "other.embed": "E'",
    "other.W": "W'",
    "other.b": "b'",
    "scores": "S",
    "softmax.exp": "P",
    "softmax.sum": "s",
    "softmax": "A",
    "shifted": "S + 5",
    "turns": r"t \div T",
    "doubled": r"2 \cdot S",
    "one_hot": "Y",
    "one_hot.product": "E",
    "probs.exp": "E",
    "probs.sum": "s",
    "probs": "P",
    "probs.right": "p",
    "probs.plain": "P",
    "probs.last": "P",
    "plain.ends": r"\text{ends}",
    "top_k.ends": r"\text{ends}",
    "loss_per_token": r"\text{surprise}",
    "loss": r"\text{loss}",
    "logits.grad": "G",
    "temperatures": "T",
    "scaled": r"L \div T",
    "new": "x",
    "new.q": "q",
    "new.k": "k",
    "new.v": "v",
    "cache.q": r"Q_{\text{cache}}",
    "cache.k": r"K_{\text{cache}}",
    "cache.v": r"V_{\text{cache}}",
    "all.k": "K",
    "all.v": "V",
    "new.scores": "s",
    "new.scores_scaled": r"s \div \sqrt{d_k}",
    "new.pattern": "a",
    "new.z": "z",
    "embed.W_E": "W_E",
    "pos_embed.W_pos": "W_P",
    "W_Q": "W_{Q<,h>}",
    "W_K": "W_{K<,h>}",
    "W_V": "W_{V<,h>}",
    "W_O": "W_O",
    "W_gate": r"W_{\mathrm{gate}}",
    "W_in": r"W_{\mathrm{in}}",
    "W_out": r"W_{\mathrm{out}}",
    "W_U": "W_U",
    "b_Q": "b_{Q<,h>}",
    "b_K": "b_{K<,h>}",
    "b_V": "b_{V<,h>}",
    "b_O": "b_O",
    "b_in": r"b_{\mathrm{in}}",
    "b_out": r"b_{\mathrm{out}}",
    "b_U": "b_U",
    "w": "w<p>",
    "b": "b<p>",
}
_PRIMES = {"ln1": "", "ln2": "'", "ln3": "''", "ln_final": "''"}


def symbol(name: str, heads: int = 1) -> str:
    """The symbol of a step or parameter, in LaTeX. It has the head's number only if there are several heads.

    `symbol("blocks.0.attn.hook_q[1]", heads=2)` is "Q_2".
    """
    stem, _, head = name.rstrip("]").partition("[")
    number = str(int(head) + 1) if head and heads > 1 else ""
    parts = stem.split(".")
    for key in (".".join(parts[-2:]), f"{parts[0]}.{parts[-1]}", parts[-1]):
        found = _SYMBOLS.get(key)
        if found is not None:
            primes = next((p for part, p in _PRIMES.items() if part in parts), "")
            fields = {"h": f"_{number}" if number else "", ",h": f",{number}" if number else "", "p": primes}
            for field, text in fields.items():
                found = found.replace(f"<{field}>", text)
            return found
    return rf"\text{{{stem}}}"


def is_parameter(name: str) -> bool:
    """Whether the name of a given is that of a learned parameter: a weight, a bias, a norm's w or b."""
    return re.fullmatch(r"(W|b)_\w+(\[\d+\])?|W|w|b", name.rpartition(".")[2]) is not None
