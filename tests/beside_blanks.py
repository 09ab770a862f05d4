"""Answers beside their blanks, on the laid-out pages of a worksheet.

A cell that the student is to find is not printed on the same leaf, a page and its back (pages 1 and 2, 3 and 4, …).
A place (step, row, column) that is a blank of a leaf is printed nowhere on it, nor another place that only repeats its
number, as one of a matrix does that is put together from several steps; and no printed matrix, a foil included,
holds the numbers of a whole blank matrix of four cells or more, unless the blank's own step reads it. A foil may not
hold them with all signs turned either, nor the numbers of one of its tokens.

Pictures are looked into, too: one prints a number if its worksheet has another number where this is another, and asks
for it if only its pen has. What is to be drawn of numbers, or said of them, is not looked at.

One exception: where a checkpoint opens the back of a leaf, its front is done, so the steps on the back may print what
the front asked for. Its questions may not.

For whoever writes a sheet, from the root of the repository:

    python tests/beside_blanks.py gpt                 the offenders of a sheet, each with its place; all sheets without
    python tests/beside_blanks.py gpt --seed 3        the same with the numbers of seed 3
    python -m pytest tests/worksheet/test_beside_blanks.py -k gpt
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from byhand.arithmetic.expr import Ref
from byhand.arrange import arrange
from byhand.choose import choose
from byhand.formats.html.page import Pages
from byhand.model.weights import Values
from byhand.notation.text import value_text
from byhand.options import Options
from byhand.page.page import lower
from byhand.pictures import UndrawableError
from byhand.press.engine import rendered_document
from byhand.press.figures import with_figures
from byhand.runs import Run
from byhand.worksheet.document import Blank, Checkpoint, Document, Panel, Picture, Section
from byhand.worksheet.front import sheet_files
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet

LEVELS, ORIENTATIONS = ("easy", "standard", "stretch"), ("rows", "columns")
SMALLEST = 4  # cells of a matrix that is looked for by its numbers
OTHER_BY = (
    Fraction(1),
    Fraction(-1),
    Fraction(1, 1000),
)  # by how much a number is another, tried in turn: not every one can be drawn
DIGITS = re.compile(r"\d+(?:\.\d+)?|√")
Place = tuple[str, int, int]
Numbers = list[list[Any]]
LOOKED_AT: dict[Any, tuple[set[Place], set[Place]]] = {}  # the pictures of this process, with what `numbers_of` finds


class Offender(NamedTuple):
    """An answer beside its blank. blank, printed: the numbers of their sections, and their pages, from 1."""

    step: str
    blank: tuple[int, int]
    printed: tuple[int, int]
    cells: int
    by_value: bool

    def __str__(self) -> str:
        how = "the numbers of" if self.by_value else f"{self.cells} cells of"
        (section, page), (other, on) = self.blank, self.printed
        return f"{how} {self.step}, blank in step {section} (page {page}), printed in step {other} (page {on})"


def offenders(sheet: str, level: str = "standard", orientation: str = "rows", seed: int = 0) -> list[Offender]:
    """The answers that a worksheet prints beside their blanks, as its pages are laid out."""
    options = Options(seed=seed, level=level, orientation=orientation).on(load_sheet(sheet))
    values, quality = chosen(sheet, level, seed)
    document, run = arrange(load_sheet(sheet), values, options, quality)
    return [*beside(document, run, pages_of(document, run))]


@lru_cache(maxsize=1)
def chosen(sheet: str, level: str, seed: int) -> tuple[Values, Any]:
    """A sheet's numbers, which are the same in both orientations, and their quality."""
    return choose(load_sheet(sheet), Options(seed=seed, level=level).on(load_sheet(sheet)))


def pages_of(document: Document, run: Run) -> dict[Section, list[int]]:
    """The pages, from 0, on which each section of a worksheet stands. Every page has one: none is left for the foot."""
    html, _ = with_figures(Pages(lower(document, run)).printed("worksheet"), str)
    return pages_among(document, rendered_document(html).pages)


def pages_among(document: Document, laid_out: Sequence[Any]) -> dict[Section, list[int]]:
    """The same, of pages that WeasyPrint has laid out."""
    found: dict[object, list[int]] = {}
    for number, page in enumerate(laid_out):
        for box in page._page_box.descendants(placeholders=True):
            of = box.element.get("class") if box.element_tag == "section" and box.element is not None else ""
            if of and {"step", "question"} & {*of.split()} and number not in found.setdefault(box.element, []):
                found[box.element].append(number)
    assert len(found) == len(document.sections)
    bare = {*range(len(laid_out))} - {number for numbers in found.values() for number in numbers}
    assert not bare, f"without a section: page {min(bare) + 1}, which holds only “Now I can …”"
    return dict(zip(document.sections, found.values(), strict=True))


def beside(document: Document, run: Run, pages: dict[Section, list[int]]) -> Iterator[Offender]:
    """The answers that stand beside their blanks, one Offender for each step and pair of sections."""
    firsts: dict[int, Section] = {}  # the section with which each page begins
    for section, own in pages.items():
        for page in own:
            firsts.setdefault(page, section)
    opened = {page for page, first in firsts.items() if any(isinstance(word, Checkpoint) for word in first.words)}

    def near(asking: Section, showing: Section) -> tuple[int, int] | None:
        """The pages on which a blank and what is printed are too close to each other."""
        for page, other in product(pages[asking], pages[showing]):
            turned = page % 2 == 0 and other == page + 1 and other in opened and not showing.is_question
            if page // 2 == other // 2 and not turned:
                return page + 1, other + 1
        return None

    asked = {section: blanks_by_step(section, run) for section in document.sections}
    printed = {section: printed_places(section, run) for section in document.sections}
    for asking, showing in product(document.sections, repeat=2):
        if at := near(asking, showing):
            where = (asking.number, at[0]), (showing.number, at[1])
            own = asked[asking]
            placed = {step: n for step, places in own.items() if (n := len(places & printed[showing]))}
            yield from (Offender(step, *where, n, False) for step, n in placed.items())
            for blank in (panel for block in asking.blocks for panel in block.matrices if asks_for(panel)):
                others = (panel for block in showing.blocks for panel in block.matrices if not panel.has_blanks)
                if blank.step not in placed and any(gives_away(other, blank, run) for other in others):
                    yield Offender(blank.step, *where, len(blank.flat), True)


def blanks_by_step(section: Section, run: Run) -> dict[str, set[Place]]:
    """The places of the run that a section asks for, by their steps. What is copied is printed elsewhere."""
    found: dict[str, set[Place]] = {}
    for each in section.blanks:
        if each.role != "copy" and each.cell.at is not None and each.cell.shows in ("run", "word"):
            found.setdefault(each.cell.step, set()).add(each.cell.place)
    for place in (place for picture in pictures(section) for place in numbers_of(picture, run)[1]):
        found.setdefault(place[0], set()).add(place)
    return found


def printed_places(section: Section, run: Run) -> set[Place]:
    """The places of the run that a section prints."""
    cells = [each for each in section.seen if not isinstance(each, Blank)]
    found = {cell.place for cell in cells if cell.at is not None and cell.shows in ("run", "word")}
    found = found.union(*(numbers_of(picture, run)[0] for picture in pictures(section)))
    return {each for place in found for each in repeated(place, run)}


def repeated(place: Place, run: Run) -> Iterator[Place]:
    """A place, and the computed ones whose number it only repeats, by its rule. A number of a given is found from it."""
    yield place
    if run[place[0]].op and isinstance(rule := run.rule(*place), Ref) and run[rule.matrix].op:
        yield from repeated((rule.matrix, *rule.index), run)


def pictures(section: Section) -> list[Picture]:
    """The pictures of a section."""
    return [block for block in section.blocks if isinstance(block, Picture)]


def numbers_of(figure: Picture, run: Run) -> tuple[set[Place], set[Place]]:
    """The computed numbers that a picture's worksheet prints, and those that it asks for: only its pen writes them.

    The same picture, of another level or orientation, has the same: it is not looked at again.
    """
    drawn = tuple((step, bool(run[step].op), run.values(step)) for step in figure.drawn)
    key = figure.picture.name, figure.sketch, repr(figure.options), drawn
    if key not in LOOKED_AT:
        LOOKED_AT[key] = looked_at(figure, run)
    return LOOKED_AT[key]


def looked_at(figure: Picture, run: Run) -> tuple[set[Place], set[Place]]:
    """The same, by drawing the picture with each number changed."""
    printed, asked = set[Place](), set[Place]()
    say, rows = messages("en").say, [[list(row) for row in run.values(step)] for step in figure.drawn]
    own = digits_of(figure.sketch)
    for step, numbers in zip(figure.drawn, rows, strict=True):
        for i, j in product(range(len(numbers)), range(len(numbers[0]))) if run[step].op else ():
            value, seen = numbers[i][j], []
            for by in OTHER_BY:
                numbers[i][j] = value + type(value)(by.numerator) / type(value)(by.denominator)
                new = Counter(DIGITS.findall(value_text(numbers[i][j])))
                with suppress(UndrawableError, ValueError, LookupError):
                    sketch = digits_of(figure.picture.sketch(say, rows, figure.options))
                    seen.append(tuple(new <= there - before for there, before in zip(sketch, own, strict=True)))
            numbers[i][j] = value
            if 2 * sum(worksheet for worksheet, _ in seen) > len(seen):
                printed.add((step, i, j))
            elif (False, True) in seen and not any(worksheet for worksheet, _ in seen):
                asked.add((step, i, j))
    return printed, asked


def digits_of(sketch: Any) -> tuple[Counter[str], Counter[str]]:
    """The numbers without their signs that a picture's worksheet has, also in words, and those that its pen writes."""
    texts = [">".join((sketch.printed, f">{sketch.worksheet_says}<")), sketch.pen]
    shown, pen = (re.findall(">([^<>]+)<", text) for text in texts)
    return tuple(Counter(DIGITS.findall(" ".join(words))) for words in (shown, pen))  # type: ignore[return-value]


def asks_for(panel: Panel) -> bool:
    """Whether a matrix is to be computed, and large enough to be known by its numbers."""
    return panel.role == "ask" and panel.has_blanks and len(panel.flat) >= SMALLEST


def gives_away(printed: Panel, blank: Panel, run: Run) -> bool:
    """Whether a printed matrix holds the numbers of a blank one, next to each other as there, by chance or not.

    A foil may not hold them with all signs turned either, nor one token's numbers.
    """
    is_foil = printed.flat[0].shows == "mistake"
    if printed.step in run.steps[blank.step].inputs and not is_foil:
        return False
    known, asked = ([[cell.value for cell in row] for row in panel.cells] for panel in (printed, blank))
    if not is_foil:
        return holds(known, asked)
    with suppress(TypeError):  # −∞ has no other sign
        if holds(known, [[-value for value in row] for row in asked]):
            return True
    return holds(known, asked) or tells_a_token(printed, blank)


def holds(known: Numbers, asked: Numbers) -> bool:
    """Whether a matrix stands in another one."""
    rows, cols = len(asked), len(asked[0])
    return any(
        [row[left : left + cols] for row in known[top : top + rows]] == asked
        for top in range(len(known) - rows + 1)
        for left in range(len(known[0]) - cols + 1)
    )


def tells_a_token(foil: Panel, blank: Panel) -> bool:
    """Whether a foil has right what a token's blanks ask for, or has four or more of a token's numbers elsewhere."""
    of_foil, of_blank = (
        [
            [cell for cell in panel.flat if cell.at and cell.at[0] == i]
            for i in {c.at[0]: 0 for c in panel.flat if c.at}
        ]
        for panel in (foil, blank)
    )
    asked = [row for row in of_blank if all(cell.blank for cell in row)]
    there = {tuple((cell.place, cell.value) for cell in row) for row in asked}
    lines = {tuple(cell.value for cell in row) for row in asked if len(row) >= SMALLEST}
    return any(
        tuple((cell.place, cell.value) for cell in row) in there or tuple(cell.value for cell in row) in lines
        for row in of_foil
    )


def main() -> int:
    """Print the offenders of sheets at every level and in every orientation."""
    parser = ArgumentParser(description="Answers that a worksheet prints beside their blanks.")
    parser.add_argument("sheets", nargs="*", default=sorted(sheet_files()))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--level", choices=LEVELS)
    parser.add_argument("--orientation", choices=ORIENTATIONS)
    asked = parser.parse_args()
    levels, ways = (
        [asked.level] if asked.level else LEVELS,
        [asked.orientation] if asked.orientation else ORIENTATIONS,
    )
    count = 0
    for sheet, level, orientation in product(asked.sheets, levels, ways):
        found = offenders(sheet, level, orientation, asked.seed)
        count += len(found)
        print(*(f"{sheet}, {level}, {orientation}: {each}" for each in found), sep="\n", end="\n" * bool(found))
    return count > 0


if __name__ == "__main__":
    sys.exit(main())
