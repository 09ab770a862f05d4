"""Which steps a section asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from byhand.tape import Tape
from byhand.worksheet.document import Choice, Falk, Panel, Section, Strip, Table, WordBoxes


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
