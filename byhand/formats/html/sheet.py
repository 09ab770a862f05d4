"""What a page for the screen knows of its sheet: givens, rules, mistakes and texts, and no answer.

templates/screen computes every number from these, as the marker does. What has no rule, such as whether a statement
is true, is kept as a seal: a hash of the sheet's name, the place and the text, which a look at the page does not
show. With no feedback, and with letters, a page knows the names of its blanks only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from byhand import __version__
from byhand.arithmetic.expr import Ref, refs
from byhand.errors import SheetError
from byhand.formats import Setup
from byhand.formats.html.covered import fnv, pen_under
from byhand.mistakes import slips
from byhand.notation.marks import MARK, written
from byhand.notation.number import exact_text
from byhand.page.entries import EntryTable
from byhand.page.grid import Grid
from byhand.page.page import Page
from byhand.page.reader import Made, Rewritten, place_of
from byhand.page.sections import LaidSection
from byhand.record import array, rule_entry
from byhand.runs import Run
from byhand.tape import Place, Step
from byhand.worksheet.asked import OPTIONS, as_text
from byhand.worksheet.document import Blank, Cell, Check, Document, Picture, Section, Table

Json = Any
SCHEMA = 1
TEXTS = (
    "screen.", "marked.perhaps", "marked.either", "marked.sure", "marked.once_more", "shapes.yes", "shapes.no",
)  # fmt: skip
OF_DECIMALS = ("truncated", "too-few-places", "point-misplaced")  # slips that fractions do not have
_SIZES = re.compile(r"(\d+) ?[x×] ?(\d+)")


def of_page(page: Page, setup: Setup) -> dict[str, Json]:
    """What the page for the screen knows of its sheet."""
    document, run = page.document, page.run
    feedback = setup.feedback and run.numbers != "symbolic"
    reader = page.reader
    printed, made = reader.printed_steps, reader.mistakes if feedback else {}
    run = reader.seen(reader.has)
    names = {name: at for at, name in enumerate(run.steps)}
    asked = {name: document.asked[name] for name in OPTIONS if name in document.asked}
    covers = [*checkpoints(page, run, names)]
    head = {
        "schema": SCHEMA, "byhand": __version__, "sheet": document.name, "title": document.title,
        "seed": document.stamp.get("seed", ""), "hash": document.stamp.get("hash", ""),
        "options": {name: int(text) if text.isdecimal() else text for name, text in asked.items()},
        "numbers": run.numbers, "places": run.places, "rounding": run.rounding,
        "columns": document.orientation == "columns", "feedback": feedback,
        "sections": [
            section_entry(each.section, names, document, feedback) | {"figures": figures(each, names)}
            for each in page.sections
        ],
        "texts": dict(texts(document, run, made, feedback)), **({"covers": covers} if covers else {}),
    }  # fmt: skip
    head |= student(document)
    return head | (
        rules(document, run, names, made, printed) if feedback else {"steps": [{"name": name} for name in names]}
    )


def student(document: Document) -> dict[str, Json]:
    """Whose copy a page of a class is: so that saved answers say it."""
    said = {name: as_text(document.stamp.get(word, "")) for name, word in (("id", "student"), ("name", "named"))}
    return {"student": said} if said["id"] else {}


def rules(document: Document, run: Run, names: Mapping[str, int], made: Made, whole: Set[str]) -> dict[str, Json]:
    """The steps of a run with their givens and rules, the mistakes as the rules that they rewrite, and the slips."""
    unknown = {blank.cell.place: blank for blank in document.blanks() if blank.role == "inverse"}
    printed = {
        f"{names[name]},{i},{j}": written(exact_text, run.values(name)[i][j])
        for blank in unknown.values() if blank.cell.rule is not None
        for name, i, j in map(place_of, refs(blank.cell.rule)) if name == blank.result
    }  # fmt: skip
    return {
        "vocabulary": list(run.vocabulary), "printed": printed, "pictures": [*pictures(document, run, names)],
        "steps": [step_entry(run, step, names, unknown, whole) for step in run.steps.values()],
        "mistakes": [*mistakes(run, names, made)], "slips": slip_table(),
    }  # fmt: skip


def pictures(document: Document, run: Run, names: Mapping[str, int]) -> Iterator[dict[str, Json]]:
    """What the key draws into each picture, and says of it, covered with the numbers that it is drawn from.

    So a page can draw it that knows these numbers, and a look at its source does not show it.
    """
    for figure in document.blocks:
        if isinstance(figure, Picture):
            steps = [name for name in figure.drawn if name in names]
            numbers = [number for name in steps for row in run.values(name) for number in row]
            pen = written(pen_under, figure.sketch, document.name, *numbers)
            yield {"steps": [names[name] for name in steps], "pen": pen}


def step_entry(
    run: Run, step: Step, names: Mapping[str, int], unknown: Mapping[Place, Blank], whole: Set[str]
) -> dict[str, Json]:
    """A step: its name, shape and inputs, and its rule, or else its numbers; without those that are to be found."""
    entry = {
        "name": step.name, "op": step.op_name, "shape": list(step.shape),
        "inputs": [names[name] for name in step.inputs],
    }  # fmt: skip
    if step.op is not None:
        printed = {"printed": True} if step.name in whole else {}
        return {**entry, **printed, **numbered(rule_entry(run, step), names)}
    texts = run.texts[step.name]
    values = [
        [None if (step.name, i, j) in unknown else text for j, text in enumerate(row)] for i, row in enumerate(texts)
    ]
    return entry | {"values": values}


def numbered(tree: Json, names: Mapping[str, int]) -> Json:
    """A tree, or what holds some, with the numbers of steps in place of their names."""
    if isinstance(tree, dict):
        return {key: numbered(each, names) for key, each in tree.items()}
    if isinstance(tree, list):
        if tree[:1] == ["ref"]:
            return ["ref", names[tree[1]], *tree[2:]]
        return [numbered(each, names) for each in tree]
    return tree


def mistakes(run: Run, names: Mapping[str, int], changes: Made) -> Iterator[dict[str, Json]]:
    """The classic mistakes that can be made in a run: the steps that they rewrite, and all steps with other
    rules: those too that read matrices of other shapes."""
    for name, made in changes.items():
        mistake = Rewritten(run, made)
        new, whole = mistake.steps, mistake.whole
        others = [
            step for name, step in run.steps.items()
            if step.op and name not in new and not all(map(mistake.fits, step.inputs))
        ]  # fmt: skip
        added = [each for each in new if each not in run.steps]
        known = {**names, **{each: len(names) + at for at, each in enumerate(added)}}
        steps = [
            [known[step.name], {"shape": list(step.shape), **numbered(rule_entry(whole, step), known)}]
            for step in (*new.values(), *others)
        ]
        yield {"name": name, "made": [names[each] for each in made], "steps": steps}


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


def section_entry(section: Section, names: Mapping[str, int], document: Document, feedback: bool) -> dict[str, Json]:
    """A section: its cells in the order of the page, and its other answers.

    Cells with one role in one step stand together: role ("" for a printed one), step, and stretches of cells, of each
    row and column of the first, and how many follow in its row; a negative number of them follows in its column. The
    fourth entry has what is known of a blank beside that.
    """
    seen: list[list[Json]] = []
    for each in section.seen:
        cell, role = (each.cell, each.role) if isinstance(each, Blank) else (each, "")
        if cell.shows == "mistake" or (not role and (cell.at is None or not feedback)):
            continue
        step, at = names.get(cell.step), [] if cell.at is None else [*cell.at, 1]
        more = beside(each, section, document, names, feedback) if isinstance(each, Blank) else {}
        if not more and seen and seen[-1][:2] == [role, step] and len(seen[-1]) == 3:
            last = seen[-1][2]
            if way := _way([0, *last[-3:]], 0, (at[0], at[1])):
                last[-1] = way
            else:
                last += at
        else:
            seen.append([role, step, at, *([more] if more else [])])
    replies = [
        {"id": reply.id, "role": reply.role, "options": list(reply.options)}
        | ({"seal": seal(document, reply.id, reply.right)} if reply.options and feedback else {})
        for reply in section.replies
    ]
    entry = {"number": section.number, "title": section.title, "seen": seen, "replies": replies}
    sums = [names.get(block.sums) for block in section.words if isinstance(block, Check)]
    return entry | ({"sums": sums} if feedback and any(step is not None for step in sums) else {})


def figures(laid: LaidSection, names: Mapping[str, int]) -> list[dict[str, Json]]:
    """Where the cells of a section's figures stand, and which step is drawn as dots.

    The cells of a table, in the order of the page, are told in stretches: step, row and column of the first cell, and
    how many follow in its row; a negative number of them follows in its column. The step is −1 for what has no place.
    """
    return [
        {"cells": stretches(figure, names)} | _dots(figure, names)
        for figure in laid.laid if isinstance(figure, Grid | EntryTable)
    ]  # fmt: skip


def checkpoints(page: Page, run: Run, names: Mapping[str, int]) -> Iterator[list[Any]]:
    """The printed numbers that a section before asks for, which a page covers until they are found there.

    Of each figure that has some: its section, its number in it, the section that asks for them, and their step there,
    then stretches of its cells, in the order of the page: the first, and how many.
    """
    asked: dict[Place, int] = {}
    for at, section in enumerate(page.sections):
        for n, figure in enumerate(each for each in section.laid if isinstance(each, Grid | EntryTable)):
            cells = [slot.cell for slots in figure.slots_by_row() for slot in slots if slot.cell is not None]
            found: dict[tuple[int, int], list[int]] = {}
            for k, cell in enumerate(cells):
                place = _asked(cell, run, asked)
                if place is None:
                    continue
                stretch = found.setdefault((asked[place], names[place[0]]), [])
                if stretch and sum(stretch[-2:]) == k:
                    stretch[-1] += 1
                else:
                    stretch += [k, 1]
            yield from ([at, n, *where, *stretch] for where, stretch in found.items())
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


def _dots(figure: Grid | EntryTable, names: Mapping[str, int]) -> dict[str, Json]:
    return {"dots": names[figure.dots.step]} if isinstance(figure, Grid) and figure.dots else {}


def stretches(figure: Grid | EntryTable, names: Mapping[str, int]) -> list[list[int]]:
    """The cells of a table in stretches."""
    found: list[list[int]] = []
    for slots in figure.slots_by_row():
        cells = [slot.cell for slot in slots if slot.cell is not None]
        before: Cell | None = None
        for cell in cells:
            step, at = names.get(cell.step, -1) if cell.at and cell.shows != "mistake" else -1, cell.at or (0, 0)
            last = found[-1] if before is not None else None
            if last is not None and last[0] == step and (way := _way(last, step, at)):
                last[3] = way
            else:
                found.append([step, *at, 1])
            before = cell
    return found


def _way(last: Sequence[int], step: int, at: tuple[int, int]) -> int:
    """The length of a stretch with one more cell; 0 where the cell does not belong to it."""
    _, i, j, count = last
    if step == -1 or (count > 0 and at == (i, j + count)):
        return abs(count) + 1
    return -(abs(count) + 1) if (count == 1 or count < 0) and at == (i + abs(count), j) else 0


def beside(
    blank: Blank, section: Section, document: Document, names: Mapping[str, int], feedback: bool
) -> dict[str, Json]:
    """What is known of a blank beside its role and place: its name, if that does not follow, and its own rule."""
    cell = blank.cell
    known: dict[str, Json] = {}
    if cell.at is None or blank.id != f"{section.number}/{blank.role}/{cell.step}/{cell.at[0] + 1},{cell.at[1] + 1}":
        known["id"] = blank.id
    if not feedback:
        return known
    if cell.places is not None:
        known["places"] = cell.places
    if blank.role == "text" or (blank.role == "size" and cell.rule is None):
        known["seal"] = seal(document, blank.id, cell.text)
    elif blank.role in ("size", "inverse"):
        known["rule"] = numbered(array(cell.rule), names) if cell.rule is not None else None
    if blank.role == "inverse":
        known["result"] = names[blank.result]
    return known | (_of_a_product(blank, section) if blank.role == "text" else {})


def _of_a_product(blank: Blank, section: Section) -> dict[str, Json]:
    """Of a shape in a table of products: the blank beside it, and the shape that two matrices that fit would have."""
    rows = [row for block in section.blocks if isinstance(block, Table) for row in block.rows]
    row: Sequence[Any] = next((row for row in rows if row[-1] is blank.cell), ())
    exists = next((other.id for other in section.blanks if other.cell in row and other is not blank), None)
    if exists is None:
        return {}
    left, right = (_SIZES.search(getattr(text, "text", "")) for text in row[:2])
    return {"exists": exists, **({"fits": f"{left[1]}×{right[2]}"} if left and right else {})}


def seal(document: Document, name: str, text: str) -> int:
    """The hash by which a page knows a text without holding it.

    Raises: SheetError for a text that has a slot.
    """
    if MARK.search(text):
        raise SheetError(f"{name} is known by a hash, and other runs have another text there")
    return fnv(f"{document.name}/{name}/{text}")


def texts(document: Document, run: Run, made: Made, feedback: bool) -> Iterator[tuple[str, str]]:
    """The texts that the page may say, by name; words for rows and columns are filled in."""
    messages = document.messages
    transposed = document.orientation == "columns"
    lines = messages.lines(transposed)
    ops = {f"rules.{step.op_name}" for step in run.steps.values()}
    left_out = () if run.places else {f"slips.{kind}.{part}" for kind in OF_DECIMALS for part in ("told", "mend")}
    for name, text in messages.texts.items():
        of_rules = name in ops or (name.startswith("slips.") and not name.endswith(".name") and name not in left_out)
        if name.startswith(TEXTS) or (feedback and of_rules):
            yield name, _with(text, lines)
    for mistake in made:
        yield f"mistakes.{mistake}.told", messages.mistake(mistake, "told", transposed)
        yield f"mistakes.{mistake}.mend", messages.mistake(mistake, "mend", transposed)


def _with(text: str, lines: Mapping[str, str]) -> str:
    for word, said in lines.items():
        text = text.replace(f"{{{word}}}", said)
    return text
