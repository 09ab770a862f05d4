"""Names of steps and parameters, and their symbols on paper, in LaTeX. Those of a layer's steps stand above it in
layers.py, those of a lesson's in its sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

RESID_PRE, RESID_MID = "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid"
ATTN, ATTN_OUT = "blocks.0.attn", "blocks.0.hook_attn_out"
ENCODER, DECODER = "encoder.0.hook_resid_pre", "decoder.0.hook_resid_pre"

F = TypeVar("F")

# The symbol for each end of a name. <h> stands for the head's number as an index, <,h> for the same after a comma,
# <e> and <,e> for an expert's number, <p> for the primes that tell the norms of a model apart, <t> for the number
# of a word, with which the name ends. Names count from 0, symbols from 1. Words stand in \text{…}; each language has
# its own. What stands after " | " is the symbol where tokens are columns, if it is another one, as that of a product.
# Those here are of steps that several models have; layers add theirs.
SYMBOLS = {
    "logits.grad.subtract": "P - Y",
    "hook_pattern.dot": "r<h>",
    "grad_mean": "m_1<p>",
    "grad_along": "m_2<p>",
    "next_token": r"\text{next}",
    "dot": r"u \cdot v",
    "p": "p",
    "r": "r",
    "x": "X",
    "other.x": "X'",
    "scores": "S",
    "softmax": "A",
    "one_hot": "Y",
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
}
_GRADIENT = re.compile(
    r"(.*?)(?:_grad|\.grad)(?:\.(values|scores))?(?:\.by\.(.*))?"
)  # of what, which part, by which step
_PARTS = {"values": "V", "scores": "S"}
_PRIMES = {"ln1": "", "ln2": "'", "ln3": "''", "ln_final": "''"}


def symbols(of_steps: Mapping[str, str]) -> Callable[[F], F]:
    """Say above a layer what its steps and parameters are called on paper, as in `SYMBOLS`."""
    SYMBOLS.update(of_steps)
    return lambda layer: layer


def symbol(name: str, heads: int = 1, of_sheet: Mapping[str, str] = {}, transposed: bool = False) -> str:
    """The symbol of a step or parameter, in LaTeX. It has the head's number only if there are several heads.

    of_sheet: symbols that a sheet has for steps of its lesson, as in `SYMBOLS`. transposed: whether tokens are
    columns.

    `symbol("blocks.0.attn.hook_q[1]", heads=2)` is "Q_2".
    """
    stem, bracket, head = name.rstrip("]").partition("[")
    if stem not in of_sheet and (gradient := _GRADIENT.fullmatch(stem)):
        of, part, by = gradient.groups()
        barred = _barred(symbol(f"{of}{bracket}{head}", heads, of_sheet, transposed), _PARTS.get(part, ""))
        return f"{barred}({symbol(_with_head(by), heads, of_sheet, transposed)})" if by else barred
    number = str(int(head) + 1) if head and heads > 1 else ""
    parts = stem.split(".")
    for key in (stem, ".".join(parts[-2:]), f"{parts[0]}.{parts[-1]}", parts[-1]):
        numbered = re.fullmatch(r"(.*\D)(\d+)", key)
        ends = [key, *([f"{numbered[1]}<t>"] if numbered else [])]
        latex = next((table[end] for end in ends for table in (of_sheet, SYMBOLS) if end in table), None)
        if latex is not None:
            rows, _, columns = latex.partition(" | ")
            latex = columns if transposed and columns else rows
            primes = next((p for part, p in _PRIMES.items() if part in parts), "")
            expert = str(int(parts[parts.index("experts") + 1]) + 1) if "experts" in parts else ""
            fields = {"p": primes, "t": _index(str(int(numbered[2]) + 1)) if numbered else ""}
            for field, index in (("h", number), ("e", expert)):
                fields |= {field: f"_{_index(index)}" if index else "", f",{field}": f",{index}" if index else ""}
            for field, text in fields.items():
                latex = latex.replace(f"<{field}>", text)
            return latex
    return rf"\text{{{stem}}}"


def _barred(latex: str, part: str) -> str:
    r"""A symbol with a bar, for the gradient of what it names: \bar{Q}_1. part: a letter for its index."""
    simple = re.fullmatch(r"(\\?[A-Za-z]+)('*)(?:_(?:(\w)|\{((?:[^{}]|\{[^{}]*\})*)\}))?", latex)
    if simple is None:
        return rf"\overline{{{latex}}}{_sub(part)}"
    letter, primes, *indices = simple.groups()
    return rf"\bar{{{letter}}}{primes}{_sub(','.join(filter(None, (*indices, part))))}"


def _sub(index: str) -> str:
    return f"_{_index(index)}" if index else ""


def _with_head(by: str) -> str:
    """The name of a step as it stands in that of what came by it, hook_q.1, as its own: hook_q[1]."""
    stem, _, head = by.removesuffix(".again").rpartition(".")
    return f"{stem}[{head}]" if head.isdecimal() else by


def _index(number: str) -> str:
    """A number as an index, without the _: in braces if it has several digits."""
    return number if len(number) < 2 else f"{{{number}}}"


def steps_of(name: str, part: str) -> str:
    """The name of a finer step of a step: hook_pattern[0], exp → hook_pattern.exp[0]."""
    stem, bracket, head = name.partition("[")
    return f"{stem}.{part}{bracket}{head}"


def grad_name(name: str) -> str:
    """The name of the gradient of a step or parameter, as TransformerLens has it for a hook.

    hook_q[0] → hook_q_grad[0], W_Q[0] → W_Q.grad[0].
    """
    stem, bracket, head = name.partition("[")
    joined = "_" if stem.rpartition(".")[2].startswith("hook_") else "."
    return f"{stem}{joined}grad{bracket}{head}"


def is_gradient(name: str) -> bool:
    """Whether the name of a step is that of a gradient, as `grad_name` makes it."""
    return name.partition("[")[0].endswith(("_grad", ".grad"))


def is_parameter(name: str) -> bool:
    """Whether the name of a given is that of a learned parameter: a weight, a bias, a norm's w or b, what shortens a
    sequence (E, F), what attention knows of distances, a table of biases for them, or z, how far a span reaches.
    Directions for hashing, W_R, are not learned but drawn.
    """
    pattern = r"(W|b)_(?!R\b)\w+(\[\d+\])?|W|w|b|E|F|rel_pos_keys|rel_pos_bias|r_[wr]_bias(\[\d+\])?|table|z"
    return re.fullmatch(pattern, name.rpartition(".")[2]) is not None
