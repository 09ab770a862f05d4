"""Names of steps and parameters, and their symbols on paper, in LaTeX. A sheet has those of its own steps."""

from __future__ import annotations

import re
from collections.abc import Mapping

RESID_PRE, RESID_MID = "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid"
ATTN, ATTN_OUT = "blocks.0.attn", "blocks.0.hook_attn_out"
ENCODER, DECODER = "encoder.0.hook_resid_pre", "decoder.0.hook_resid_pre"

# The symbol for each end of a name. <h> stands for the head's number as an index, <,h> for the same after a comma,
# <e> and <,e> for an expert's number, <p> for the primes that tell the norms of a model apart, <t> for the number
# of a word, with which the name ends. Names count from 0, symbols from 1. Words stand in \text{…}; each language has
# its own.
SYMBOLS = {
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
    "hook_rot_q": "Q'<h>",
    "hook_rot_k": "K'<h>",
    "phi_q": r"\varphi(Q<h>)",
    "phi_k": r"\varphi(K<h>)",
    "attn.norm": "s<h>",
    "attn.mem": "M",
    "attn.seen": r"[\,M ;\; X\,]",
    "distances": "R",
    "rel_pos_keys": "r<h>",
    "r_w_bias": "u<h>",
    "r_r_bias": "v<h>",
    "q_content": "(Q<h> + u<h>)",
    "q_position": "(Q<h> + v<h>)",
    "scores_content": "C<h>",
    "scores_by_distance": "D<h>",
    "scores_relative": r"S_{\text{distance}<,h>}",
    "scores_position": r"S_{\text{distance}<,h>}",
    "W_R": "R<h>",
    "hash_along": "H<h>",
    "hash_against": "-H<h>",
    "attn.hash": r"[\,H<h> \;\; -H<h>\,]",
    "attn.bucket": r"\text{bucket}",
    "scores_hashed": "S<h>",
    "latent": "C",
    "k_content": r"C W_{\mathrm{UK}<,h>}",
    "k_position": r"X W_{\mathrm{KR}}",
    "keys_short": r"K_{\text{short}<,h>}",
    "values_short": r"V_{\text{short}<,h>}",
    "attn.E": "E",
    "attn.F": "F",
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
    "attn.z": "Z<h>",
    "cross_attn.z": "Z",
    "hook_result": "O<h>",
    "hook_attn_out": "O",
    "hook_pre": "H<e>",
    "hook_post": "R<e>",
    "router": "L",
    "router_probs": "P",
    "router_kept": r"\text{kept}",
    "hook_expert_weights": "G",
    "hook_pre_linear": "U",
    "mlp.gate": "G",
    "gated": r"G \odot U",
    "out": "E<e>",
    "share": "g<e> E<e>",
    "hook_mlp_out": "F",
    "hook_cross_attn_out": "C",
    "logits": "L",
    "next_token": r"\text{next}",
    "dot": r"u \cdot v",
    "p": "p",
    "r": "r",
    "x": "X",
    "other.x": "X'",
    "scores": "S",
    "softmax": "A",
    "one_hot": "Y",
    "probs.exp": "E",
    "probs.sum": "s",
    "probs": "P",
    "probs.right": "p",
    "loss_per_token": r"\text{surprise}",
    "loss": r"\text{loss}",
    "new": "x",
    "new.q": "q<h>",
    "new.k": "k<h>",
    "new.v": "v<h>",
    "cache.k": r"K_{\text{cache}<,h>}",
    "cache.v": r"V_{\text{cache}<,h>}",
    "all.k": "K<h>",
    "all.v": "V<h>",
    "new.scores": "s<h>",
    "new.scores_scaled": r"s<h> \div \sqrt{d_k}",
    "new.pattern": "a<h>",
    "new.z": "z<h>",
    "attn.q": "q",
    "attn.k": "K",
    "attn.v": "V",
    "attn.scores": "S",
    "attn.pattern": "A<h>",
    "own.v": r"V_{\text{own}}",
    "own.pattern": r"A_{\text{own}}",
    "own.z": r"z_{\text{own}}",
    "plain.z": r"z_{\text{plain}}",
    "plain.q": "q",
    "plain.scores": r"s_{\text{plain}}",
    "plain.scores_scaled": r"s_{\text{plain}} \div \sqrt{d_k}",
    "plain.pattern": r"a_{\text{plain}}",
    "embed.W_E": "W_E",
    "pos_embed.W_pos": "W_P",
    "W_Q": "W_{Q<,h>}",
    "W_K": "W_{K<,h>}",
    "W_V": "W_{V<,h>}",
    "W_DKV": r"W_{\mathrm{DKV}}",
    "W_UK": r"W_{\mathrm{UK}<,h>}",
    "W_UV": r"W_{\mathrm{UV}<,h>}",
    "W_KR": r"W_{\mathrm{KR}<,h>}",
    "W_O": "W_O",
    "W_gate": r"W_{\mathrm{gate}}",
    "W_in": r"W_{\mathrm{in}<,e>}",
    "W_out": r"W_{\mathrm{out}<,e>}",
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


def symbol(name: str, heads: int = 1, of_sheet: Mapping[str, str] = {}) -> str:
    """The symbol of a step or parameter, in LaTeX. It has the head's number only if there are several heads.

    of_sheet: symbols that a sheet has for steps of its lesson, as in `SYMBOLS`.

    `symbol("blocks.0.attn.hook_q[1]", heads=2)` is "Q_2".
    """
    stem, _, head = name.rstrip("]").partition("[")
    number = str(int(head) + 1) if head and heads > 1 else ""
    parts = stem.split(".")
    for key in (".".join(parts[-2:]), f"{parts[0]}.{parts[-1]}", parts[-1]):
        numbered = re.fullmatch(r"(.*\D)(\d+)", key)
        ends = [key, *([f"{numbered[1]}<t>"] if numbered else [])]
        latex = next((table[end] for end in ends for table in (of_sheet, SYMBOLS) if end in table), None)
        if latex is not None:
            primes = next((p for part, p in _PRIMES.items() if part in parts), "")
            expert = str(int(parts[parts.index("experts") + 1]) + 1) if "experts" in parts else ""
            fields = {"p": primes, "t": _index(str(int(numbered[2]) + 1)) if numbered else ""}
            for field, index in (("h", number), ("e", expert)):
                fields |= {field: f"_{_index(index)}" if index else "", f",{field}": f",{index}" if index else ""}
            for field, text in fields.items():
                latex = latex.replace(f"<{field}>", text)
            return latex
    return rf"\text{{{stem}}}"


def _index(number: str) -> str:
    """A number as an index, without the _: in braces if it has several digits."""
    return number if len(number) < 2 else f"{{{number}}}"


def is_parameter(name: str) -> bool:
    """Whether the name of a given is that of a learned parameter: a weight, a bias, a norm's w or b, what shortens a
    sequence (E, F), or what attention knows of distances. Directions for hashing, W_R, are not learned but drawn.
    """
    pattern = r"(W|b)_(?!R\b)\w+(\[\d+\])?|W|w|b|E|F|rel_pos_keys|r_[wr]_bias(\[\d+\])?"
    return re.fullmatch(pattern, name.rpartition(".")[2]) is not None
