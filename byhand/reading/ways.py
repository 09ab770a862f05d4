"""How a page is printed again: as it was asked for, which its metadata say."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any, get_args

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.domain import Domain, ValueOf
from byhand.arithmetic.expr import Expr
from byhand.arithmetic.systems import ROUNDINGS, number_system
from byhand.classroom.again import CLASS_FILE
from byhand.errors import ByHandError, ConfigError, DomainError, SheetError, UnknownNameError, UnreadableError
from byhand.model.weights import Values
from byhand.options import Options
from byhand.options_file import options_of as asked_options
from byhand.pipeline import prepare
from byhand.reading.back import Again, Print, Printed, Shown
from byhand.reading.givens import WORDS, original, recorded_with_lost, said_values, with_steps_before
from byhand.reading.page import Page
from byhand.runs import Run
from byhand.worksheet.asked import LARGE_ALONE, as_text, excerpt_of, left_out
from byhand.worksheet.excerpt import Excerpt
from byhand.worksheet.looks import look_of
from byhand.worksheet.sheet import NUMBER_SYSTEMS, Sheet, load_sheet
from byhand.worksheet.views import MOST_VARIANTS, Level, Medium, Orientation

Judges = Sequence[Callable[[Run], None]]
ROUGHLY = number_system("decimal", rounding="once")  # computes any function, without a loss from step to step
STAMP = ("version", "seed", "hash")  # of a page, taken from it as they are
MOST_PLACES, MOST_BASE = 12, 100


class Ones(Domain):
    """A number system in which every result is 1: fast, and enough to see which tables a page has.

    name, details: as of a number system, which a page's conventions name.
    """

    def __init__(self, system: Domain) -> None:
        self.name, self.details = system.name, system.details  # type: ignore[method-assign]

    def num(self, value: Any) -> Any:
        return value

    def settle(self, node: Expr, values: ValueOf) -> Decimal:
        return Decimal(1)


class Reprint(Struct, frozen=True):
    """How a page is printed again."""

    printer: Print
    """Prints the page with the givens that it shows in their places."""
    first: Again
    """The page as it is printed before any are read: with the numbers of its seed, or others of the forms it says."""


def way_of(page: Page, medium: Medium, judges: Judges) -> Reprint:
    """The way in which a page was asked for, as it says; what it says is compared with what it shows.

    Raises: UnreadableError where it says what cannot be asked for, or cannot be printed.
    """
    sheet, options = sheet_of(page), options_of(page)
    try:
        known = original(sheet, options, page)
        values = known or said_values(sheet, options, page)
        printer = _printer(page, sheet, options, values, options.domain, judges)
        roughly = options.domain if known or options.numbers == "symbolic" else Ones(options.domain)
        first = _printer(page, sheet, options, values, roughly, ())(Shown(), True)
        return Reprint(printer, Again(first, page, medium))
    except UnreadableError:
        raise
    except ByHandError as error:
        raise UnreadableError(f"it cannot be printed again as it says that it was asked for: {error}") from None


def with_others(again: Again) -> Again | None:
    """The same print, with the numbers of the next seeds within reach, which the page says that it brings along.

    None where the page's numbers are not those of its seed, as with an answer of somebody's own.

    Raises: UnreadableError where the page cannot bring as many along.
    """
    page, printed = again.page, again.printed
    count = int(page.said("variants", [*map(str, range(1, MOST_VARIANTS + 1))]))
    asked = replace(options_of(page), seed=page.seed, left_out={}, minutes=(), variants=count)
    for tokens in ((), again.words["tokens"]):  # the words of the sheet, or else those that the page says
        with suppress(ByHandError):
            document, run = prepare(sheet_of(page), replace(asked, tokens=tokens))
            if run.hash == page.foot.hash:
                with_them = replace(printed.document, others=document.others)
                return replace(again, printed=replace(printed, document=with_them))
    return None


def sheet_of(page: Page) -> Sheet:
    """The sheet that a page is of.

    Raises: UnreadableError where there is none of that name, or no such language.
    """
    try:
        return load_sheet(page.foot.sheet, page.asked.get("language", ""))
    except UnknownNameError as error:
        of = "of another course" if error.kind == "sheet" else "in another language"
        raise UnreadableError(f"it is {of}: {error}") from None


def _printer(page: Page, sheet: Sheet, options: Options, values: Values, domain: Domain, judges: Judges) -> Print:
    """A function that prints values with a page's givens in their places; in ROUGHLY if the number system fails.

    Raises: UnreadableError where the page does not say what it prints of itself.
    """
    told = {name: page.asked[name] for name in ("own", "scan") if name in page.asked}  # of a copy in a class
    stamp, student = {name: page.printed(name) for name in STAMP} | told, page.student

    def print_again(shown: Shown, roughly: bool) -> Printed:
        words = {kind: texts for kind, texts in shown.words.items() if texts}
        with_shown = replace(values, **words, inputs={**values.inputs, **shown.numbers})
        print_in = partial(recorded_with_lost, sheet, values, with_shown, shown)
        try:
            document, run = print_in(options, domain)
            for each in () if roughly else judges:
                each(run)
        except (DomainError, SheetError, ConfigError):
            if not roughly:
                raise
            # other numbers may not tell entries that the page leaves out; a construction that is left out has none
            others = replace(options, left_out={name: at for name, at in options.left_out.items() if not at})
            try:
                document, run = print_in(others, domain)
            except (DomainError, SheetError, ConfigError):
                document, run = print_in(others, ROUGHLY)
        alone = {"large": LARGE_ALONE} if page.asked.get("large") == LARGE_ALONE else {}
        document = replace(document, stamp=stamp, asked={**document.asked, **alone})
        if student:
            from byhand.classroom.students import signed

            document = signed(document, student)
        run = with_steps_before(run, sheet, with_shown, shown.computed) if shown.computed else run
        return Printed(document, run, {kind: tuple(map(str, getattr(with_shown, kind))) for kind in WORDS})

    return print_again


def _excerpt_of(page: Page) -> Excerpt:
    try:
        return excerpt_of(page.asked)
    except ConfigError as error:
        raise UnreadableError(f"it says what no paper can take of a sheet: {error}") from None


def _look_of(page: Page) -> str:
    """What a page says that it looks like.

    Raises: UnreadableError where none can look like that.
    """
    try:
        return look_of(as_text(page.asked.get("look", ""))).words
    except ConfigError as error:
        raise UnreadableError(f"it says that it looks like no page of ours: {error}") from None


def options_in(class_file: bytes) -> Options:
    """The options that the file of a class says.

    Raises: UnreadableError.
    """
    try:
        return asked_options(json.loads(class_file)["options"], CLASS_FILE)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"{CLASS_FILE} says no options of a class ({error})") from None


def options_of(page: Page) -> Options:
    """What a page says that it was asked for, or the file of its class, and the minutes that it says that it takes.

    Raises: UnreadableError where that cannot be asked for.
    """
    return replace(
        _options_said(page), seed=0, secret=page.secret, excerpt=_excerpt_of(page), left_out=left_out(page.asked),
        minutes=tuple(map(int, page.printed("minutes").split(","))), large="large" in page.asked,
        scan="scan" in page.asked,
        look=_look_of(page),
    )  # fmt: skip


def _options_said(page: Page) -> Options:
    if page.class_file:
        return options_in(page.class_file)
    level, base = page.said("level", get_args(Level)), page.said("base", ("e", *map(str, range(2, MOST_BASE + 1))))
    options = Options(
        numbers=page.said("numbers", NUMBER_SYSTEMS), base=int(base) if base.isdigit() else base,
        orientation=page.said("orientation", get_args(Orientation)),  # type: ignore[arg-type]
        level=None if level == "standard" else level,  # type: ignore[arg-type]
        language=page.asked["language"],
    )  # fmt: skip
    if options.numbers != "decimal":
        return options
    places = page.said("places", [*map(str, range(1, MOST_PLACES + 1))])
    return replace(options, places=int(places), rounding=page.said("rounding", ROUNDINGS))
