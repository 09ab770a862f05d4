"""What a page for the screen knows of its sheet beside what page.json has: its texts, seals and slips, and no answer.

templates/screen computes every number from rules, as the marker does. What has no rule, such as whether a statement
is true, is kept as a seal: a hash of the sheet's name, the place and the text, which a look at the page does not
show. With no feedback, and with letters, a page knows the names of its blanks only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from byhand.arithmetic.expr import Ref
from byhand.errors import SheetError
from byhand.formats import Setup
from byhand.formats.html.covered import fnv, pen_under
from byhand.mistakes import slips
from byhand.notation.marks import MARK, written, written_of
from byhand.page.data import Data, add
from byhand.page.entries import EntryTable
from byhand.page.grid import Grid
from byhand.page.page import Page
from byhand.page.reader import place_of
from byhand.page.sections import LaidSection
from byhand.record import array
from byhand.runs import Run
from byhand.tape import Place
from byhand.worksheet.document import Cell, Document, Picture

Json = Any
TEXTS = (
    "screen.", "marked.perhaps", "marked.either", "marked.sure", "marked.once_more", "shapes.yes",
    "shapes.no",
)  # fmt: skip
OF_CHANGES = tuple(f"construction.{why}" for why in ("several", "no_", "fixed", "unchanged", "not_yet"))
OF_ROLES = {  # what is said of blanks with a role
    "screen.help.change": "change", "screen.rule.text": "text", "screen.rule.size": "size",
    "screen.rule.inverse": "inverse", "screen.rule.word": "word",
}  # fmt: skip
QUIET = ("screen.letters", "screen.silent")  # why a page does not say what is right
OF_DECIMALS = ("truncated", "too-few-places", "point-misplaced")  # slips that fractions do not have


def of_page(page: Page, setup: Setup) -> dict[str, Json]:
    """What the page for the screen knows of its sheet."""
    data = Data(page, setup.feedback and page.run.numbers != "symbolic")
    sections = [data.section(each.section) | {"tables": tables(each, data.numbers)} for each in page.sections]
    known = {**data.head(), "sections": sections, **data.rules(), "texts": by_parts(texts(data))}
    if covers := [*checkpoints(data)]:
        known["covers"] = covers
    if data.tells:
        known |= {"pictures": [*pictures(data)], "slips": slip_table(), "seals": dict(seals(page.document))}
        known |= {"products": products} if (products := dict(products_of(page))) else {}
    return known


def tables(laid: LaidSection, numbers: Mapping[str, int]) -> list[dict[str, Json]]:
    """Where the cells of a section's tables stand, and which step is drawn as dots.

    The cells of a table, in the order of the page, are told in stretches of a step; −1 stands for no step.
    """
    return [
        {"cells": stretches(figure, numbers)}
        | ({"dots": numbers[figure.dots.step]} if isinstance(figure, Grid) and figure.dots else {})
        for figure in laid.laid if isinstance(figure, Grid | EntryTable)
    ]  # fmt: skip


def stretches(figure: Grid | EntryTable, numbers: Mapping[str, int]) -> list[list[int]]:
    """The cells of a table in stretches: the number of their step, then the stretches themselves."""
    spans: list[list[int]] = []
    for cell in cells_of(figure):
        at = cell.at if cell.shows != "mistake" else None
        step = numbers.get(cell.step, -1) if at else -1
        if not spans or spans[-1][0] != step:
            spans.append([step, *(at or (0, 0)), 1])
        else:
            add(spans[-1], at or (0, spans[-1][-1]))
    return spans


def cells_of(figure: Grid | EntryTable) -> list[Cell]:
    """The cells of a table, in the order of the page."""
    return [slot.cell for slots in figure.slots_by_row() for slot in slots if slot.cell is not None]


def seals(document: Document) -> Iterator[tuple[str, int | str]]:
    """The seals of what has no rule, by id."""
    for blank in document.blanks():
        if blank.role == "text" or (blank.role == "size" and blank.cell.rule is None):
            yield blank.id, seal(document, blank.id, blank.cell.text)
    for reply in document.replies():
        if reply.gap and reply.options:  # what is right there, a run decides
            yield reply.id, written_of(sealed, document.name, reply.id, reply.right)
        elif reply.options:
            yield reply.id, seal(document, reply.id, reply.right)


def products_of(page: Page) -> Iterator[tuple[str, dict[str, str]]]:
    """For shapes in a table of products, by id: the blank beside it, and the shape of two matrices that fit."""
    for blank in page.document.blanks():
        if blank.role == "text" and (product := page.reader.product(blank)):
            exists, shape = product
            yield blank.id, {"exists": exists.id, "shape": shape}


def seal(document: Document, name: str, text: str) -> int:
    """The hash by which a page knows a text without holding it.

    Raises: SheetError for a text that has a slot.
    """
    if MARK.search(text):
        raise SheetError(f"{name} is known by a hash, and other runs have another text there")
    return int(sealed(document.name, name, text))


def sealed(sheet: str, name: str, text: str) -> str:
    """A seal, as a text."""
    return str(fnv(f"{sheet}/{name}/{text}"))


def pictures(data: Data) -> Iterator[dict[str, Json]]:
    """What the key draws into each picture, and says of it, covered with the numbers that it is drawn from.

    So a page can draw it that knows these numbers, and a look at its source does not show it.
    """
    document = data.page.document
    for figure in document.blocks:
        if isinstance(figure, Picture):
            steps = [name for name in figure.drawn if name in data.numbers]
            numbers = [number for name in steps for row in data.run.values(name) for number in row]
            pen = written(pen_under, figure.sketch, document.name, *numbers)
            yield {"steps": [data.numbers[name] for name in steps], "pen": pen}


def checkpoints(data: Data) -> Iterator[list[Any]]:
    """The printed numbers that a section before asks for, which a page covers until they are found there.

    Of each figure that has some: its section, its number in it, the section that asks for them, and their step there,
    then stretches of its cells, in the order of the page: the first, and how many.
    """
    asked: dict[Place, int] = {}
    for at, section in enumerate(data.page.sections):
        for n, figure in enumerate(each for each in section.laid if isinstance(each, Grid | EntryTable)):
            stretches: dict[tuple[int, int], list[int]] = {}
            for k, cell in enumerate(cells_of(figure)):
                place = _asked(cell, data.run, asked)
                if place is None:
                    continue
                stretch = stretches.setdefault((asked[place], data.numbers[place[0]]), [])
                if stretch and sum(stretch[-2:]) == k:
                    stretch[-1] += 1
                else:
                    stretch += [k, 1]
            yield from ([at, n, *where, *stretch] for where, stretch in stretches.items())
        asked |= dict.fromkeys(section.section.asked_places, at)


def _asked(cell: Cell, run: Run, asked: Mapping[Place, int]) -> Place | None:
    """The place, among those that are asked for, that a printed cell shows, also where it is a copy of that place."""
    if cell.blank or cell.at is None or cell.shows == "mistake":
        return None
    place = cell.place
    while place not in asked and place[0] in run.steps:
        rule = run.rule(*place)
        if not isinstance(rule, Ref):
            return None
        place = place_of(rule)
    return place if place in asked else None


def slip_table() -> dict[str, Json]:
    """The kinds of slip, as byhand/mistakes/slips.py has them."""
    forms = [
        [array(form), [[kind, detail, array(tree)] for kind, detail, tree in of_form]]
        for form, of_form in slips.BY_FORM
    ]
    return {
        "prior": slips.PRIOR, "blue": slips.OUT_OF_THE_BLUE, "noHabit": sorted(slips.NO_HABIT), "forms": forms,
        "perhaps": slips.PERHAPS, "either": slips.EITHER, "least": slips.LEAST, "most": slips.MOST_REASONS,
        "boost": slips.BOOST, "boosts": slips.MOST_BOOSTS, "hits": slips.LEAST_HITS,
    }  # fmt: skip


def texts(data: Data) -> Iterator[tuple[str, str]]:
    """The texts that the page may say, by name; words for rows and columns are filled in."""
    messages, document = data.page.messages, data.page.document
    transposed = document.transposed
    lines = messages.lines(transposed)
    roles = {blank.role for blank in document.blanks()}
    begins = (*TEXTS, *OF_CHANGES) if "change" in roles else TEXTS
    of_decimals = {f"slips.{kind}.{part}" for kind in OF_DECIMALS for part in ("told", "mend")}
    of_roles = {name for name, role in OF_ROLES.items() if role not in roles}
    left_out = of_roles if data.run.places else of_roles | of_decimals
    for name, text in messages.texts.items():
        of_slips = name.startswith("slips.") and not name.endswith(".name") and name not in left_out
        of_page = name.startswith(begins) and name not in left_out and not (data.tells and name in QUIET)
        if of_page or (data.tells and of_slips):
            yield name, _with(text, lines)
    if not data.tells:
        return
    for op in {step.op_name: step.op for step in data.run.steps.values() if step.op and step.op.said}.values():
        yield f"rules.{op.name}", messages.rule(op, transposed)
    for mistake in data.page.reader.mistakes:
        yield f"mistakes.{mistake}.told", messages.mistake(mistake, "told", transposed)
        yield f"mistakes.{mistake}.mend", messages.mistake(mistake, "mend", transposed)


def by_parts(named: Iterable[tuple[str, str]]) -> dict[str, Json]:
    """Texts by the parts of their names: that of "screen.check" stands under "screen", and there under "check"."""
    found: dict[str, Json] = {}
    for name, text in named:
        *groups, last = name.split(".")
        group = found
        for each in groups:
            group = group.setdefault(each, {})
        group[last] = text
    return found


def _with(text: str, lines: Mapping[str, str]) -> str:
    for word, said in lines.items():
        text = text.replace(f"{{{word}}}", said)
    return text
