"""The run as the reader of a page has it: what is printed whole is given, and no mistake is made there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from math import prod

from msgspec.structs import replace

from byhand.mistakes import changes, changes_of
from byhand.runs import Run
from byhand.tape import Step
from byhand.worksheet.document import Cell, Document

Made = Mapping[str, Mapping[str, list[Step]]]  # by mistake, the steps that it changes, with those in their places


def printed_whole(document: Document, run: Run) -> Set[str]:
    """The steps of which a page prints every cell and asks for none."""
    places = {place: each for section in document.sections for place, each in section.front.items()}
    count = Counter(step for (step, _, _), each in places.items() if isinstance(each, Cell))
    # a step is asked for also where a lost number is to be found from it
    asked = {step for blank in document.blanks() for step in (blank.cell.step, blank.result)}
    return {name for name, cells in count.items() if name not in asked and cells == prod(run.steps[name].shape)}


def as_read(document: Document, run: Run) -> Run:
    """The run with what a page prints whole as given: nobody knows more of its numbers who has only the page.

    A step keeps its rule where numbers go into it that the reader writes, and all others that it is computed from
    stand on the page. Rounded once, a printed number is not what later steps are computed from, and keeps its rule.
    """
    if run.rounding == "once":
        return run
    printed = printed_whole(document, run)
    known = {name for name, step in on_page(document, _given(run, printed)).steps.items() if step.op is None}
    own, followed = {blank.cell.step for blank in document.blanks() if blank.cell.at is not None}, set[str]()
    for name, step in run.steps.items():
        if own.intersection(step.inputs):
            own.add(name)
        if step.op is not None and known.issuperset(step.inputs):
            known.add(name)
            followed.add(name)
    return _given(run, printed - (own & followed))


def _given(run: Run, given: Set[str]) -> Run:
    """The run with some steps given."""
    changed = {name: replace(run.steps[name], op=None, inputs=()) for name in given}
    return replace(run, steps={**run.steps, **changed})


def on_page(document: Document, run: Run) -> Run:
    """The run with the steps that a page shows, and all that these are computed from."""
    found, left = set[str](), [step for section in document.sections for step, _, _ in section.front]
    while left:
        step = left.pop()
        if step not in found:
            found.add(step)
            left += run.steps[step].inputs
    return replace(run, steps={name: step for name, step in run.steps.items() if name in found})


def made_by_readers(document: Document, run: Run) -> Made:
    """The classic mistakes that a reader of a page can make, each with the steps that it changes.

    The reader did not compute what is printed. A mistake that changes such a step is made only in the steps in which
    it is one also where the printed ones are given: weights are turned in each product by itself, but who has scores
    that are divided cannot divide the pattern in their place. Nor can a reader use what the page does not show.
    """
    printed = printed_whole(document, run)
    reader = _given(run, printed)
    seen, given = on_page(document, reader).steps, reader.tape()

    def can_be_made(name: str, new: list[Step]) -> bool:
        read = {other for step in new for other in step.inputs}
        return name in seen and seen[name].op is not None and read <= {*seen, *(step.name for step in new)}

    found = {}
    for mistake, made in changes_of(run).items():
        own = made if printed.isdisjoint(made) else changes(given, mistake)
        found[mistake] = {name: new for name, new in own.items() if can_be_made(name, new)}
    return {mistake: made for mistake, made in found.items() if made}
