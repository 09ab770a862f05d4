"""What a sheet means by its words."""

from __future__ import annotations

from byhand.model.config import Config
from byhand.tape import Tape
from byhand.worksheet.figures import Orientation


def conventions(config: Config, model: str, tape: Tape, orientation: Orientation) -> tuple[str, ...]:
    """What this sheet means by its words, as sentences of inline Markdown."""
    c = config
    steps = {s.name.partition("[")[0].rpartition(".")[2] for s in tape.used()}
    said = [
        "Rows are tokens, columns dimensions." if orientation == "rows" else "Columns are tokens, rows dimensions."
    ]
    if any(s.op and s.op.name == "share_rows" for s in tape.used()):
        base = "$e$" if c.softmax_base == "e" else str(c.softmax_base)
        said.append(f"Softmax has base {base}.")
    if "scores_scaled" in steps:
        said.append(rf"Scale: $\sqrt{{d_k}} = \sqrt{{{c.d_head}}}$.")
    if "hook_pattern" in steps and c.attention_dir == "causal":
        said.append("Causal: a token sees itself and what came before.")
    if "hook_scale" in steps:
        kind = "LayerNorm divides by $d$" if c.normalization_type == "LN" else "RMSNorm has no mean"
        said.append(rf"{kind}, $\varepsilon = {c.eps}$.")
    said.append(tape.domain.rule)
    return tuple(said)
