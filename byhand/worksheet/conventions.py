"""The conventions of a sheet: sentences that say how its numbers, shapes and functions are to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from byhand.arithmetic.domain import Domain
from byhand.worksheet.context import Context
from byhand.worksheet.document import Cell, Section, sections_asking
from byhand.worksheet.messages import Messages


def conventions(context: Context, sections: Sequence[Section]) -> tuple[str, ...]:
    """The conventions that a sheet needs, for the steps that it asks for, as sentences of inline Markdown."""
    c, tape, say = context.config, context.tape, context.messages.say
    asked = [tape.steps[name] for name in sections_asking(sections, tape.steps)]
    steps = {s.stem.rpartition(".")[2] for s in asked}
    sentences = []
    if any("pos" in s.axes for s in tape.steps.values()) and not any("head" in s.axes for s in asked):
        sentences.append(say(f"conventions.{context.orientation}"))
    has_powers = any(s.op and s.op.name == "power_of" for s in tape.steps.values())
    if has_powers and any(s.op and s.op.name == "normalize_rows" for s in asked):
        sentences.append(say("conventions.softmax", base="$e$" if c.softmax_base == "e" else c.softmax_base))
    if "scores_scaled" in steps:
        sentences.append(say("conventions.scale", d_head=c.d_head))
    teaches_mask = "hook_attn_scores" in steps and "scores_scaled" not in steps  # and so does not say it beforehand
    if steps & {"hook_pattern", "pattern"} and c.attention_dir == "causal" and not teaches_mask:
        sentences.append(say("conventions.causal"))
    if "hook_scale" in steps:
        sentences.append(say(f"conventions.{c.normalization_type}", eps=c.eps))
    if context.sources:
        sentences.append(say("thread.recalled"))
    if tape.domain.name == "exact" and any(cell.places is not None for cell in _blanks(sections)):
        return tuple(sentences)  # the sheet says where to round
    return (*sentences, written(tape.domain, context.messages))


def _blanks(sections: Sequence[Section]) -> Iterator[Cell]:
    return (cell for section in sections for block in section.blocks for cell in block.cells if cell.blank)


def written(domain: Domain, messages: Messages) -> str:
    """How numbers are written: as fractions, with letters, or as decimals of n places."""
    kind = domain.details()
    return messages.say(f"conventions.{kind.get('rounding', domain.name)}", n=kind.get("places"))
