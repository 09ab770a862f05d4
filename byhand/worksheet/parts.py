"""Which steps a section asks for, and to which part of a transformer a step belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from byhand.tape import Tape
from byhand.worksheet.document import Choice, Falk, Panel, Section, Strip, Table, WordBoxes

# which part of the architecture a step belongs to, by its name; the first match counts
_PARTS = (
    (r"^hook_(pos_)?embed|\.0\.hook_resid_pre|^(params|share\.params)\.(pos_)?embed", "embed"),
    (r"\.cross_attn\.|hook_cross_attn_out", "cross"),
    (r"hook_resid_mid_cross", "add_cross"),
    (r"\.ln3(\.|$)|^decoder\..*hook_normalized_resid_post", "ln3"),
    (r"\.(ln1|bn)(\.|$)", "ln1"),
    (r"\.attn\.(z$|result|b_O|W_O)|hook_attn_out|hook_result|^(share\.)?(params|flops)\.out", "out"),
    (r"\.attn\.|^(new|all|cache)\b|^(share\.)?(params|flops)\.(attn|qkv|scores|mixture)", "heads"),
    (r"hook_resid_mid", "add1"),
    (r"\.ln2(\.|$)|hook_normalized_resid_post", "ln2"),
    (r"\.mlp(\.|$)|hook_mlp_out|\.(hook_)?conv_|^(share\.)?(params|flops)\.mlp", "mlp"),
    (r"hook_resid_post", "add2"),
    (r"^ln_final\.|\.ln_final$", "ln_final"),
    (r"^unembed\.|\.unembed$|logits|^(probs|next_token|loss|perplexity|top_|joint|greedy|best)", "unembed"),
    (r"^(one_hot|scaled)$", "unembed"),
)


@cache
def part_of(step: str) -> str:
    """The part of the architecture that computes a step."""
    return next((part for pattern, part in _PARTS if re.search(pattern, step)), "")


def panels_of(section: Section) -> Iterator[Panel]:
    for figure in section.figures:
        match figure:
            case Falk():
                yield from figure.panels
            case Strip():
                yield from (*figure.panels, *figure.above)
            case WordBoxes() | Table():
                pass
            case _:
                raise TypeError(f"not a figure: {figure!r}")


def sections_asking(sections: Sequence[Section], tape: Tape) -> dict[str, list[int]]:
    """The steps with blanks, and the numbers of the sections that ask for them."""
    found: dict[str, list[int]] = {}
    for section in sections:
        for step in asked(section):
            numbers = found.setdefault(step, [])
            if step in tape.steps and section.number not in numbers:
                numbers.append(section.number)
    return {step: numbers for step, numbers in found.items() if numbers}


def asked(section: Section) -> Iterator[str]:
    """The steps that a section has blanks for; a product whose operands have some is asked for itself."""
    for figure in section.figures:
        match figure:
            case Falk():
                yield from (
                    figure.result.step for panel in figure.panels if panel.has_blanks and panel.kind != "copy"
                )
            case Strip():
                yield from (panel.step for panel in figure.panels if panel.kind == "ask")
            case WordBoxes():
                yield "next_token"
            case Table():
                yield from (cell.step for cell in figure.cells if cell.blank)
            case _:
                raise TypeError(f"not a figure: {figure!r}")
    yield from (word.step for word in section.words if isinstance(word, Choice))
