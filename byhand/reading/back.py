"""Reading back: print the sheet again from the givens that a page shows, and compare everything with the page.

Which cells of the page are givens is found by fixed-point iteration: print the sheet with its own numbers, read the
page's numbers in the places of the givens, print again with these, until nothing changes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cached_property
from itertools import zip_longest

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.errors import UnreadableError
from byhand.formats import Setup
from byhand.formats.html.page import Pages, beside_each_other
from byhand.page import page as lowered
from byhand.page.grid import Slot
from byhand.reading.line_order import visual
from byhand.reading.page import Page, cut, differences, read_html, squeezed
from byhand.reading.places import Owner, laid_as, owners, place
from byhand.runs import Run
from byhand.tape import Place, Step
from byhand.worksheet.asked import LEADS, as_texts
from byhand.worksheet.document import Document
from byhand.worksheet.starts import starts
from byhand.worksheet.views import Medium, Paper

ROUNDS = 6  # the most times that the sheet is printed again
_NUMBER = re.compile(r"[−-]?\d+(?:[./]\d+)?|[−-](?:∞|inf)|[^\W\d_]\d{0,2}")  # or a single letter
PageNumbers = dict[str, list[list[str]]]
EntryTexts = dict[tuple[int, int], str]  # of one matrix


class Shown(Struct, frozen=True):
    """What a page shows of that from which its numbers are computed."""

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Its tokens, source and vocabulary."""
    numbers: PageNumbers = field(default_factory=dict)
    """The numbers of its givens."""
    computed: PageNumbers = field(default_factory=dict)
    """The numbers of the steps of which it does not show what they are computed from."""
    lost: Mapping[str, tuple[list[Place], EntryTexts]] = field(default_factory=dict)
    """For steps with inverse questions, the printed numbers from which unknown entries of their inputs are found."""


class Printed(Struct, frozen=True):
    """A sheet printed again."""

    document: Document
    run: Run
    words: Mapping[str, tuple[str, ...]]
    """Its tokens, source and vocabulary."""


Print = Callable[[Shown, bool], Printed]  # the flag: whether any number system will do


def with_givens_of_page(again: Again, print_again: Print) -> Again:
    """Print the sheet again until its givens are those that the page shows in their places.

    Raises: UnreadableError where the page's view is not known, or its tables are not the sheet's; the errors of
    print_again.
    """
    if other := again.misfit():
        raise UnreadableError(f"its table {other} is not as this sheet has it: it has other sizes, or was changed")
    shown = Shown()
    for _ in range(ROUNDS):
        latest = again.shown()
        if latest == shown:
            break
        shown = latest
        again = replace(again, printed=print_again(shown, True))
    return replace(again, printed=print_again(shown, False))


class Again(Struct, frozen=True, dict=True):
    """A sheet printed again, and the page to which it is compared."""

    printed: Printed
    page: Page
    medium: Medium

    @property
    def as_printed(self) -> bool:
        """Whether the hash says that the page was printed from these numbers."""
        return self.printed.run.hash == self.page.foot.hash

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The words that the page says it has; tokens without words are called by their numbers."""
        printed = self.printed.words
        said = {kind: as_texts(self.page.asked.get(kind, "")) or words for kind, words in printed.items()}
        numbered = tuple(str(n) for n, _ in enumerate(said["tokens"], 1))
        return said | {"tokens": ()} if said["tokens"] == numbered and not printed["tokens"] else said

    @cached_property
    def expected(self) -> Page:
        """The page as it is printed again."""
        return read_html(self.html("a4"), visual if self.medium == "print" else str)

    @cached_property
    def margins(self) -> tuple[str, ...]:
        """What stands in the margins as they are printed again: on paper, those of each sheet."""
        if self.medium == "screen":
            return self.expected.margins
        (foot, running), sheets = self.expected.margins, len(self.page.margins)
        numbers = (self.pages.numbered(self.page.view, n, sheets) for n in range(1, sheets + 1))
        return tuple(running * bool(n) + foot + squeezed(visual(number)) for n, number in enumerate(numbers))

    def html(self, paper: Paper) -> str:
        """The HTML of which the page is read, or laid out, as it is printed again."""
        asked = self.page.asked
        variants = asked.get("variants", "")  # the page is printed again without them, since nobody sees them on it
        setup = Setup(feedback="feedback" not in asked, variants=int(variants) if variants.isdecimal() else 0)
        leads = beside_each_other(as_texts(asked.get(LEADS, "")), self.page.view)
        return self.pages.html(self.page.view, self.medium, paper, leads=leads, setup=setup)

    @cached_property
    def laid(self) -> list[Owner]:
        """The owners of the page's tables, with strips broken as on the page."""
        return list(owners(self._laid, self.page.view))

    @cached_property
    def _laid(self) -> lowered.Page:
        return laid_as(
            self.printed.document, self.printed.run, self.page.view, [table.shape for table in self.page.tables]
        )

    @cached_property
    def pages(self) -> Pages:
        """The sheet, laid out with tables of the page's shapes if it can have as many."""
        if len(self.laid) == len(self.page.tables):
            return Pages(self._laid)
        return Pages(lowered.lower(self.printed.document, self.printed.run))

    @cached_property
    def owners(self) -> list[Owner]:
        """The owners of the tables of the printed sheet."""
        return list(owners(self.pages.page, self.page.view))

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of a table here and a table of the page: those of one shape, in order."""
        here, there = ([table.shape for table in page.tables] for page in (self.expected, self.page))
        if here == there:
            return [(n, n) for n in range(len(here))]
        blocks = SequenceMatcher(None, here, there, autojunk=False).get_matching_blocks()
        return [(a + k, b + k) for a, b, size in blocks for k in range(size)]

    def shown(self) -> Shown:
        """What the page shows in the places of the givens; the majority counts where one is shown several times."""
        places: dict[Place, Counter[str]] = {}
        empty: set[Place] = set()
        for slots, texts in self._rows():
            for slot, text in zip(slots, texts, strict=True):
                if slot.cell is not None and slot.cell.at is not None and slot.cell.shows == "run":
                    place = slot.cell.place
                    if text:
                        places.setdefault(place, Counter())[text.replace(",", "")] += 1
                    else:
                        empty.add(place)
        numbers, computed = PageNumbers(), PageNumbers()
        for name, step in self.starts().items():
            rows, read = [*map(list, self.printed.run.texts[name])], [at for at in places if at[0] == name]
            for _, i, j in read:
                rows[i][j] = places[name, i, j].most_common(1)[0][0]
            if not read:
                continue
            if step.op is None:
                numbers[name] = rows
            elif all(_NUMBER.fullmatch(x) for row in rows for x in row):
                computed[name] = rows
        said = {place: texts.most_common(1)[0][0] for place, texts in places.items()}
        lost = self._lost(said, empty - places.keys())
        return Shown(self.words, numbers, computed, lost)

    def _lost(self, said: Mapping[Place, str], empty: set[Place]) -> dict[str, tuple[list[Place], EntryTexts]]:
        """For the entries of givens that the page leaves empty, the page's numbers of each step that reads them."""
        steps = self.printed.run.steps
        lost = sorted(place for place in empty if place[0] in steps and steps[place[0]].op is None)
        by_step = {}
        for step in steps.values() if lost else ():
            read = [place for place in lost if place[0] in step.inputs]
            results = {(i, j): text for (name, i, j), text in said.items() if name == step.name}
            if read and results:
                by_step[step.name] = read, results
        return by_step

    def _rows(self) -> Iterator[tuple[list[Slot], tuple[str, ...]]]:
        """The rows of slots here, each with the row of the page."""
        for owner, table in zip(self.laid, self.page.tables, strict=False):
            if owner.slots and owner.shape == table.shape:
                yield from zip(owner.slots, table.rows, strict=True)

    def starts(self) -> dict[str, Step]:
        """The steps from which the page's numbers are computed."""
        steps = self.printed.run.steps
        return {name: steps[name] for name in starts(self.printed.document.sections, steps.values())}

    def hidden(self) -> list[str]:
        """The givens, other than zeros, from which the page's numbers are computed and which it does not print."""
        run, starts, shown = self.printed.run, self.starts(), self.printed.document.steps
        steps = run.steps
        read = {name for step in steps.values() for name in step.inputs}
        left, givens = [name for name in steps if name in shown or name not in read], set[str]()
        while left:
            name = left.pop()
            if name not in starts:
                left += steps[name].inputs
            elif name not in shown and any(x != "0" for row in run.texts[name] for x in row):
                givens.add(name)
        sizes = run.config.as_dict()  # the page's tables show these
        return [name for name in steps if name in givens and name not in sizes]

    def misfit(self) -> int:
        """The number, from 1, of the page's first table with another shape than here; 0 where there is none."""
        shapes = zip_longest(*([table.shape for table in tables] for tables in (self.laid, self.page.tables)))
        return next((n for n, (ours, theirs) in enumerate(shapes, 1) if ours != theirs), 0)

    def problems(self) -> Iterator[str]:
        """A message for each difference, table by table and text by text, and last for the hash."""
        other = self.misfit()
        if other:
            yield f"table {other} of the page is not as byhand prints this sheet from the page's givens"
        for here, there in self.pairs:
            yield from self._wrong_cells(here, there)
        for n, (shown, text) in enumerate(
            zip(self.page.texts, self.expected.texts, strict=False) if not other else ()
        ):
            section = self.owners[min(n, len(self.owners) - 1)].section if self.owners else None
            for wrong, right in differences(shown, text):
                where = f"before the end of section {section.number}" if section else "in the text"
                yield f"{where}: “{wrong}” is “{right}” where it is printed from the page's givens"
        for n, (shown, text) in enumerate(zip(self.page.margins, self.margins, strict=True), 1):
            for wrong, right in differences(shown, text):
                where = f"in the margins of page {n}" if self.medium == "print" else "at its foot"
                yield f"{where}: “{wrong}” is “{right}” where it is printed again"
        if not self.as_printed and not self.page.secret_unknown:
            shown, expected = self.page.foot.hash, self.printed.run.hash
            by = ", by this secret" if self.page.secret else ""
            yield f"the page says numbers {shown}; those of the page's givens are {expected}{by}"

    def _wrong_cells(self, here: int, there: int) -> Iterator[str]:
        section, slots = self.owners[here].section, self.owners[here].slots
        expected, actual = self.expected.tables[here], self.page.tables[there]
        for r, (row, others) in enumerate(zip(expected.rows, actual.rows, strict=True)):
            for c, (right, text) in enumerate(zip(row, others, strict=True)):
                if right != text:
                    slot = slots[r][c] if slots else None
                    where = (
                        place(slot) if slot else f"row {r + 1} of a table, “{cut(' '.join(filter(None, others)))}”"
                    )
                    yield (
                        f"{section.number} {section.title}: {where}: the page has {cut(text) or 'nothing'}; "
                        f"its givens make {right or 'no number there'}"
                    )
