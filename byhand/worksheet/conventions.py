"""What a sheet means by its words."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.model.config import Config
from byhand.tape import Tape
from byhand.worksheet.document import Section, sections_asking
from byhand.worksheet.figures import Orientation


def conventions(config: Config, tape: Tape, orientation: Orientation, sections: Sequence[Section]) -> tuple[str, ...]:
    """What this sheet means by its words, as sentences of inline Markdown: of what it asks for."""
    c = config
    asked = [tape.steps[name] for name in sections_asking(sections, tape.steps)]
    steps = {s.name.partition("[")[0].rpartition(".")[2] for s in asked}
    said = []
    if any("pos" in s.axes for s in tape.steps.values()):
        lines = ("Rows", "columns") if orientation == "rows" else ("Columns", "rows")
        said.append("{} are tokens, {} dimensions.".format(*lines))
    if any(s.op and s.op.name == "normalize_rows" for s in asked):
        base = "$e$" if c.softmax_base == "e" else str(c.softmax_base)
        said.append(f"Softmax has base {base}.")
    if "scores_scaled" in steps:
        said.append(rf"Scale: $\sqrt{{d_k}} = \sqrt{{{c.d_head}}}$.")
    if steps & {"hook_pattern", "pattern"} and c.attention_dir == "causal":
        said.append("Causal: a token sees itself and what came before.")
    if "hook_scale" in steps:
        kind = "LayerNorm divides by $d$" if c.normalization_type == "LN" else "RMSNorm has no mean"
        said.append(rf"{kind}, $\varepsilon = {c.eps}$.")
    said.append(tape.domain.rule)
    return tuple(said)
