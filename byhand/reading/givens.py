"""What a page's numbers are made from: those of its seed, or values of the forms that it says, into which its own are
read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache, partial
from itertools import chain

from msgspec.structs import replace

from byhand.arithmetic.domain import Domain
from byhand.arrange import arranged
from byhand.choose import choose
from byhand.classroom.fitting import AGAIN, COPY_ATTEMPTS
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import Student
from byhand.errors import ByHandError
from byhand.model.weights import Values
from byhand.notation.number import plain
from byhand.options import Options
from byhand.reading.back import Shown
from byhand.reading.page import Page
from byhand.runs import Run
from byhand.tape import ancestors
from byhand.worksheet.asked import FORMS, as_text, as_texts
from byhand.worksheet.document import Document
from byhand.worksheet.forms import with_forms
from byhand.worksheet.inverse import recovered
from byhand.worksheet.sheet import Sheet

WORDS = ("tokens", "source", "vocabulary")
SETS_KEPT = 4  # classes whose sets of numbers are kept


def original(sheet: Sheet, options: Options, page: Page) -> Values | None:
    """The numbers of the page's seed, or of the page's student in a class, if their hash is the page's; else None."""
    if page.secret_unknown:
        return None
    seeded = replace(options, seed=page.seed, minutes=(), left_out={})  # on which no number depends
    of_seed = () if page.of_secret else (lambda: choose(sheet, seeded)[0],)
    for numbers in chain(of_seed, _of_student(sheet, seeded, page.student)):
        try:
            values = numbers()
            _, run, _ = arranged(sheet, values, seeded, seeded.domain, whole=False)
        except ByHandError:
            continue  # there are no numbers for this seed: the page's come from a values file
        if run.hash == page.foot.hash:
            return values
    return None


def said_values(sheet: Sheet, options: Options, page: Page) -> Values:
    """Values of the forms and with the words that a page says it has; its numbers are yet to be read.

    Raises: UnreadableError; ValuesError and ConfigError where no sheet can have these.
    """
    said = {kind: list(texts) for kind in WORDS if (texts := as_texts(page.asked.get(kind, "")))}
    if said.get("tokens") == [str(n) for n, _ in enumerate(said.get("tokens", ()), 1)]:
        del said["tokens"]  # as positions are called that have no words
    other = {**with_forms(as_text(page.asked.get(FORMS, ""))), **said}
    return sheet.given(letters=options.numbers == "symbolic", base=options.base, other=other)


def _of_student(sheet: Sheet, options: Options, student: Student | None) -> Iterator[Callable[[], Values]]:
    """Functions that make the numbers that a class may have for a student."""
    if student is None:
        return
    plan = Plan(sheet, options, "")
    try:
        numbers = _sets(plan)
        numbers.of(plan.key(student))
    except ByHandError:
        return  # a sheet that has no class
    for attempt in range(COPY_ATTEMPTS):
        yield partial(numbers.of, plan.key(student) + AGAIN * attempt)


@lru_cache(SETS_KEPT)
def _sets(plan: Plan) -> NumberSets:
    """A class's sets of numbers, for its next copy."""
    return NumberSets(plan)


def recorded_with_lost(
    sheet: Sheet, formed: Values, values: Values, shown: Shown, options: Options, domain: Domain
) -> tuple[Document, Run]:
    """A sheet's document and run on these values, with unknown entries found from the results that a page prints.

    formed: the values of which the page says the forms.
    """
    document, run, tape = arranged(sheet, values, options, domain, False, formed, shown.computed)
    if not shown.lost:
        return document, run
    inputs = dict(values.inputs)
    for name, (places, printed) in shown.lost.items():
        for (operand, i, j), number in recovered(tape, name, places, printed).items():
            rows = [list(row) for row in inputs[operand]]
            rows[i][j] = plain(number)
            inputs[operand] = rows
    document, run, _ = arranged(sheet, replace(values, inputs=inputs), options, domain, False, formed, shown.computed)
    return document, run


def with_steps_before(run: Run, sheet: Sheet, values: Values, printed: Collection[str]) -> Run:
    """The run with the steps back from which its printed ones were computed, as the page was made of it.

    A page tells of these what is no number, such as a mistake that needs the width of a matrix; all of theirs are 1.
    """
    steps = sheet.model.run(values, run.domain, force=False).steps
    before = ancestors(steps, *printed)
    kept = {
        name: step if name in printed else run.steps.get(name, step)
        for name, step in steps.items() if name in before or name in run.steps
    }  # fmt: skip
    one = run.domain.num(1)
    ones = {name: ((one,) * step.shape[1],) * step.shape[0] for name, step in kept.items()}
    rows = {**ones, **run.rows}
    texts = {name: tuple(tuple(map(plain, row)) for row in each) for name, each in rows.items()}
    return replace(run, steps=kept, rows=rows, texts=texts)
