"""The conventions of a sheet: sentences that say how its numbers, shapes and functions are to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from byhand.arithmetic.copies import categories
from byhand.arithmetic.domain import Domain, is_neg_inf
from byhand.arithmetic.expr import Div, Expr, Fn, nodes
from byhand.tape import Step, Tape, ancestors
from byhand.worksheet.context import Context
from byhand.worksheet.document import Cell, Section, sections_asking
from byhand.worksheet.messages import Messages
from byhand.worksheet.starts import starts

WHOLE = ("argmax", "choose", "max", "one")  # functions of whole numbers that are whole


def conventions(context: Context, sections: Sequence[Section]) -> tuple[str, ...]:
    """The conventions that a sheet needs, for the steps that it asks for, as sentences of inline Markdown."""
    c, tape, say = context.config, context.tape, context.messages.say
    asked = [tape.steps[name] for name in sections_asking(sections, tape.steps)]
    steps = {s.stem.rpartition(".")[2] for s in asked}
    sentences = []
    if _has_rows_of_tokens(context, sections) and not any("head" in s.axes for s in asked):
        sentences.append(say(f"conventions.{context.orientation}"))
    has_powers = any(s.op and s.op.name == "power_of" for s in tape.steps.values())
    if has_powers and any(_needs_base(step, tape) for step in asked):
        sentences.append(say("conventions.softmax", base="$e$" if c.softmax_base == "e" else c.softmax_base))
    if "scores_scaled" in steps:
        sentences.append(say("conventions.scale", d_head=c.d_head))
    teaches_mask = "hook_attn_scores" in steps and "scores_scaled" not in steps  # and so does not say it beforehand
    has_other_mask = any(s.op is None and s.stem.endswith("attn.mask") for s in tape.steps.values())
    says_mask = c.attention_dir == "causal" and not teaches_mask and not has_other_mask
    if steps & {"hook_pattern", "pattern"} and says_mask:
        sentences.append(say("conventions.causal"))
    if "hook_scale" in steps:
        of_tokens = all(s.axes[0] for s in asked if s.stem.endswith("hook_scale"))
        norm = c.normalization_type if of_tokens else "several"
        sentences.append(say(f"conventions.{norm}", eps=c.eps))
    if context.sources:
        sentences.append(say("thread.recalled"))
    if tape.domain.name == "exact" and any(cell.places is not None for cell in _blanks(sections)):
        return tuple(sentences)  # the sheet says where to round
    if tape.domain.name == "exact" and not _may_have_fractions(context, sections):
        return tuple(sentences)
    return (*sentences, written(tape.domain, context.messages))


def _has_rows_of_tokens(context: Context, sections: Sequence[Section]) -> bool:
    """Whether a matrix has tokens one way and dimensions of the model the other, as it stands on the page."""
    along = ("dim", "token") if context.transposed else ("token", "dim")
    panels = (panel for section in sections for block in section.blocks for panel in block.matrices)
    of_model = (panel for panel in panels if context.tape.steps[panel.step].axes[1].startswith("d_"))
    return any(panel.along == along for panel in of_model)


def _may_have_fractions(context: Context, sections: Sequence[Section]) -> bool:
    """Whether a number on the page is a fraction, or comes on it from a division, a root or a power, with which other
    numbers make one, or is said to be one with other seeds.

    What is behind the numbers that the page starts from, as on a sheet of the thread, nobody sees there.
    """
    tape = context.tape
    shown = {cell.step for section in sections for block in section.blocks for cell in block.cells} & {*tape.steps}
    if shown.intersection(context.sheet.fractions):
        return True
    begins = starts(sections, tape.steps.values())
    steps = ancestors(tape.steps, *shown, up_to=begins)
    givens = (x for name in steps.intersection(begins) for row in tape.values(name) for x in row)
    return any(map(_divides, (tape.cell(name, 0, 0) for name in steps.difference(begins)))) or any(
        Fraction(x).denominator != 1 for given in givens for x in categories(given) if not is_neg_inf(x)
    )


def _divides(rule: Expr) -> bool:
    return any(isinstance(node, Div) or (isinstance(node, Fn) and node.name not in WHOLE) for node in nodes(rule))


def _needs_base(step: Step, tape: Tape) -> bool:
    """Whether the shares of a softmax depend on its base. They do not where all scores are 0, as in a mean."""
    if not (step.op and step.op.name == "normalize_rows"):
        return False
    powers = (cell for row in tape.values(step.inputs[0]) for cell in row)
    return any(x not in (0, 1) for power in powers for x in categories(power))


def _blanks(sections: Sequence[Section]) -> Iterator[Cell]:
    return (cell for section in sections for block in section.blocks for cell in block.cells if cell.blank)


def written(domain: Domain, messages: Messages) -> str:
    """How numbers are written: as fractions, with letters, or as decimals of n places."""
    kind = domain.details()
    return messages.say(f"conventions.{kind.get('rounding', domain.name)}", n=kind.get("places"))
