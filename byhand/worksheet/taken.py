"""What an excerpt takes of a sheet.

A step that is left out stands there as done where a step that is taken needs its numbers: its matrices are printed.
All others that are left out are gone. Steps keep their numbers, so that a text that speaks of step 2 finds it, and an
answer has the id that it has on the whole sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from fractions import Fraction
from itertools import accumulate, chain

from msgspec.structs import replace

from byhand.arithmetic.expr import Ref, refs
from byhand.errors import ConfigError, UnknownNameError
from byhand.tape import Place
from byhand.worksheet.construction import Construction
from byhand.worksheet.context import Context
from byhand.worksheet.document import (
    MOST_LINES,
    Answer,
    Blank,
    Cell,
    Check,
    Claim,
    Falk,
    Figure,
    Guess,
    Hint,
    Panel,
    Prose,
    Section,
    Space,
    Strip,
    TextBlock,
    in_halves,
    points_told,
    steps_asked,
)
from byhand.worksheet.excerpt import LEAST, TOGETHER, Excerpt
from byhand.worksheet.markdown import inline, paragraphs
from byhand.worksheet.messages import Messages

_RANGE = re.compile(r"(\d{1,3})\s*[-–]\s*(\d{1,3})")


def taken(context: Context, sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections that the context's excerpt takes of a sheet.

    Raises: UnknownNameError for a step that the sheet does not have; ConfigError for one that has nothing left to do.
    """
    excerpt = context.excerpt
    if not excerpt.help:
        sections = tuple(_without_remarks(section) for section in sections)
    if not excerpt.is_whole:
        sections = _chosen(context, sections)
    return tuple(_with_lines(section, excerpt.lines) for section in sections)


def _chosen(context: Context, sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections of the steps that are taken, and what these need of others."""
    excerpt, name, titles = context.excerpt, context.sheet.name, _titles(sections)
    named = (numbers_of(name, step, titles) for step in excerpt.steps)
    chosen = set(chain.from_iterable(named)) if excerpt.steps else {*titles}
    gone = steps_asked(sections) - steps_asked(section for section in sections if section.number in chosen)
    of = list(accumulate((section.number for section in sections), max))  # a part without a number has that before it
    are_taken = [
        max(number, 1) in chosen and (bool(section.number) or not _is_idle(section, gone, excerpt))
        for number, section in zip(of, sections, strict=True)
    ]
    kept = [_without_copies(section, sections, are_taken) if is_taken and excerpt.steps else section
            for section, is_taken in zip(sections, are_taken, strict=True)]  # fmt: skip
    for before, now in zip(sections, kept, strict=True):
        if _asks(before) and not _asks(now):
            raise ConfigError(f"step {now.number} of {name}, “{now.title}”, only copies what another step computes; "
                              f"take that one, too, or leave out this")  # fmt: skip
    needed = _needed(context, kept, are_taken)
    made = (
        section if is_taken else _done(context, section, needed)
        for section, is_taken in zip(kept, are_taken, strict=True)
    )
    return tuple(section for section in made if section)


def _titles(sections: Sequence[Section]) -> dict[int, str]:
    return {section.number: section.title for section in sections if section.number}


def numbers_of(sheet: str, step: str, known: Mapping[int, str]) -> Sequence[int]:
    """The numbers of the steps that a word of an excerpt names. known: the titles of the sheet's steps.

    Raises: UnknownNameError; ConfigError for a range that is none.
    """
    if between := _RANGE.fullmatch(step.strip()):
        first, last = map(int, between.groups())
        if not 1 <= first <= last:
            raise ConfigError(f"{sheet}: {step} is no range of steps; write 2-4")
        numbers: Sequence[int] = range(first, last + 1)
    elif step.strip().isdecimal():
        numbers = [int(step)]
    else:
        same = [number for number, title in known.items() if title.casefold() == step.strip().casefold()]
        if not same:
            raise UnknownNameError(f"step of {sheet}", step, list(known.values()))
        numbers = same
    if unknown := [number for number in numbers if number not in known]:
        raise ConfigError(f"{sheet} has the steps 1 to {max(known)}, and no step {unknown[0]}")
    return numbers


def _asks(section: Section) -> bool:
    return bool(section.blanks or section.replies)


def _without_remarks(section: Section) -> Section:
    """A section without hints and checks; a step without guesses, too, where a part without a number that asks for a
    guess goes as a whole.
    """
    gone = Hint | Check | Guess if section.number else Hint | Check
    return replace(section, words=tuple(word for word in section.words if not isinstance(word, gone)))


def _is_idle(section: Section, gone: Set[str], excerpt: Excerpt) -> bool:
    """Whether a part without a number has nothing to say here: it tells how long the sittings of the whole sheet are,
    its picture is drawn from steps that are left out, or it asks for a guess where there is to be no help.
    """
    if not excerpt.help and any(isinstance(word, Guess) for word in section.words):
        return True
    if not excerpt.steps:
        return False
    return draws(section, gone) or any(cell.shows == "minutes" for block in section.blocks for cell in block.cells)


def draws(section: Section, steps: Set[str]) -> bool:
    """Whether a picture of a section is drawn from some of these steps."""
    return any(step in steps for figure in section.figures for step in figure.drawn)


def _shown(sections: Sequence[Section], are_taken: Sequence[bool]) -> Iterator[Mapping[Place, Cell | Blank]]:
    """What each section that is taken shows; nothing of others."""
    return (section.front if is_taken else {} for section, is_taken in zip(sections, are_taken, strict=True))


def _without_copies(section: Section, sections: Sequence[Section], are_taken: Sequence[bool]) -> Section:
    """A section in which numbers are printed that the student would copy from a step that is left out."""
    at = next(n for n, each in enumerate(sections) if each is section)
    found = set(chain.from_iterable([*_shown(sections, are_taken)][:at])) | section.asked_places

    def printed(panel: Panel) -> Panel:
        if panel.role != "copy" or not any(cell.blank and cell.place not in found for cell in panel.flat):
            return panel
        return _as_given(panel)

    return replace(section, figures=tuple(_with_panels(figure, printed) for figure in section.figures))


def _as_given(panel: Panel) -> Panel:
    """A matrix as it is printed where nothing is to be done."""
    cells = tuple(tuple(replace(cell, blank=False, rule=None, seconds=0.0) for cell in row) for row in panel.cells)
    return replace(panel, role="parameter" if panel.role == "parameter" else "given", cells=cells, right=None)


def _with_panels(figure: Figure, change: Callable[[Panel], Panel]) -> Figure:
    """A figure of matrices with others in their places."""
    match figure:
        case Falk():
            bias = figure.bias and change(figure.bias)
            return replace(figure, left=change(figure.left), upper=change(figure.upper), bias=bias)
        case Strip():
            return replace(figure, panels=tuple(map(change, figure.panels)), above=tuple(map(change, figure.above)))
        case _:
            return figure


def _needed(context: Context, sections: Sequence[Section], are_taken: Sequence[bool]) -> set[str]:
    """The steps of the run of which what is asked for is computed, and which only sections show that are left out."""
    here, elsewhere, needed = set[Place](), set[str](), set[str]()

    def look_for(found: Iterable[Ref], known: set[Place]) -> None:
        """Follow references to numbers that stand here, that are given, or that stand elsewhere only."""
        for place in (place for ref in found if (place := _place(ref)) and place not in here | known):
            known.add(place)
            if place[0] in elsewhere:
                needed.add(place[0])
            elif context.tape[place[0]].step.op is not None:
                look_for(refs(context.tape.cell(*place)), known)

    for section, is_taken in zip(sections, are_taken, strict=True):
        if not is_taken:
            elsewhere |= {step for step, *_ in section.front}
        else:
            here |= section.front.keys()
            rules = [refs(blank.cell.rule) for blank in section.blanks if blank.cell.rule is not None]
            changes = [word.test.refs for word in section.words if isinstance(word, Construction)]
            for found in (*rules, *changes):
                look_for(found, set())
    return needed


def _place(ref: Ref) -> Place | None:
    """The place that a reference names, if it names one."""
    match ref.index:
        case (int(i), int(j)):
            return ref.matrix, i, j
        case _:
            return None


def _done(context: Context, section: Section, needed: set[str]) -> Section | None:
    """A section that is left out, with the matrices of it that others need; None where they need none.

    needed: the steps that are yet to be printed; those of this section are taken out.
    """
    panels = [panel for block in section.blocks for panel in block.matrices if panel.step in needed]
    steps = dict.fromkeys(panel.step for panel in panels)
    steps |= dict.fromkeys(step for step, *_ in section.front if step in needed)  # in a table, or in a picture
    if not steps:
        return None
    of = {panel.step: panel for panel in reversed(panels) if panel.right is None}
    matrices = tuple(_as_given(of.get(step) or context.panel(step)) for step in steps)
    needed -= steps.keys()
    told = Prose(paragraphs(context.messages.say("excerpt.done")))
    return replace(section, words=(told,), figures=(Strip(matrices, ("",) * (len(matrices) - 1)),))


def _with_lines(section: Section, more: int) -> Section:
    """A section with so many more lines to write on, if it asks for something."""
    if not more or not section.number or not _asks(section):
        return section
    lengthened = [_longer(word, more) for word in section.words]
    if all(new is old for new, old in zip(lengthened, section.words, strict=True)):
        lengthened.append(Space(more))
    return replace(section, words=tuple(lengthened))


def _longer(word: TextBlock, more: int) -> TextBlock:
    match word:
        case Answer() if word.lines and not word.aside:
            return replace(word, lines=min(word.lines + more, MOST_LINES))
        case Claim():
            return replace(word, rules=min(word.rules + more, MOST_LINES))
        case _:
            return word


# points


def points_of(context: Context, sections: Sequence[Section], whole: Sequence[Section]) -> Mapping[int, Fraction]:
    """What each step is worth, by its number, as the excerpt says; nothing where it does not. whole: all sections.

    Raises: UnknownNameError for a step that the sheet does not have; ConfigError for points where nothing is done.
    """
    name, given, titles = context.sheet.name, context.excerpt.points, _titles(whole)
    work = {section.number: weight for section in sections if (weight := _weight(section))}
    if TOGETHER in given:
        return _shared(name, Fraction(given[TOGETHER]), work)
    points = dict[int, Fraction]()
    for step, worth in given.items():
        for number in numbers_of(name, step, titles):
            if number not in work:
                raise ConfigError(f"{name}: step {number} has points, and there is nothing to do in it here")
            points[number] = Fraction(worth)
    if points and (without := [number for number in work if number not in points]):
        raise ConfigError(f"{name}: step {without[0]} has no points, and others have; give it some, or leave it out")
    return dict(sorted(points.items()))


def _weight(section: Section) -> int:
    """The share of points that a step has: one for each number, and two for each answer in words."""
    numbers = sum(blank.role != "copy" for blank in section.blanks)
    return numbers + sum(1 if reply.options else 2 for reply in section.replies)


def points_of_words(section: Section, points: Fraction) -> Fraction:
    """What the answers in words of a step have of its points, in halves: two shares each, as a number has one."""
    words, work = 2 * sum(not reply.options for reply in section.replies), _weight(section)
    if not words or words == work:
        return points if words else Fraction(0)
    share = Fraction(round(2 * points * words / work), 2)
    return min(max(share, LEAST), points - LEAST) if points > LEAST else Fraction(0)


def _shared(sheet: str, whole: Fraction, work: Mapping[int, int]) -> dict[int, Fraction]:
    """Points shared among steps by the work in them, in halves: at least one half each, and in all so many.

    Raises: ConfigError where there are too few.
    """
    halves = int(whole / LEAST)
    if halves < len(work):
        least = len(work) * LEAST
        raise ConfigError(f"{sheet}: {whole} points for {len(work)} steps; give at least {least}")
    left, total = halves - len(work), sum(work.values())
    exact = {number: Fraction(left * weight, total) for number, weight in work.items()}
    parts = {number: int(share) for number, share in exact.items()}
    by_rest = sorted(exact, key=lambda number: (parts[number] - exact[number], number))
    for number in by_rest[: left - sum(parts.values())]:
        parts[number] += 1
    return {number: (1 + part) * LEAST for number, part in parts.items()}


def with_points(section: Section, points: Mapping[int, Fraction], messages: Messages) -> Section:
    """A section whose heading says what it is worth."""
    if section.number not in points:
        return section
    worth = points[section.number]
    of_words = points_of_words(section, worth)
    told = points_told(worth, messages)
    if 0 < of_words < worth:
        told = messages.say(
            "excerpt.of_words", points=told, rest=in_halves(worth - of_words), words=in_halves(of_words)
        )
    heading = section.heading or inline(section.title)
    return replace(section, title=f"{section.title} ({told})", heading=(*heading, *inline(f" *({told})*")))
