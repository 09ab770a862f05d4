"""In which ways a page may have been asked for: what its conventions do not say shows in its sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Any, get_args

from byhand.arithmetic.domain import Domain, Lookup
from byhand.arithmetic.expr import Expr
from byhand.arithmetic.systems import ROUNDINGS, number_system
from byhand.errors import ByHandError, DomainError, SheetError, UnreadableError
from byhand.formats.html.page import Medium
from byhand.model.weights import Values, complete
from byhand.options import Options
from byhand.reading.back import Again, Print, Printed, Shown
from byhand.reading.guess import original, recorded_with_lost, values_of
from byhand.reading.page import Page, squeezed
from byhand.runs import Run
from byhand.worksheet.conventions import written
from byhand.worksheet.document import Level, Orientation
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import Sheet

Judges = Sequence[Callable[[Run], None]]
ROUGHLY = number_system("decimal", rounding="once")  # which loses nothing and fails at nothing
MOST_PLACES = 12


class Ones(Domain):
    """Whatever is computed is 1, at once and without fail: which tables a page has depends on no result.

    name, details: as of a number system, which a page's conventions say.
    """

    def __init__(self, system: Domain) -> None:
        self.name, self.details = system.name, system.details  # type: ignore[method-assign]

    def num(self, value: Any) -> Any:
        return value

    def settle(self, node: Expr, values: Lookup) -> Decimal:
        return Decimal(1)


@dataclass(frozen=True)
class Way:
    """How a page may have been asked for: the values to begin with, how values are printed, and their first print.

    trial: how they are printed to see which tables there are.
    """

    own: Values
    printer: Callable[[Values], Print]
    trial: Callable[[Values], Print]
    first: Again


def ways(page: Page, medium: Medium, sheet: Sheet, judges: Judges) -> list[Way]:
    """The ways whose first print has the sentences of the page, or most of them, each print once.

    Raises: UnreadableError where the page does not say how numbers are written; what all of them raise.
    """
    found: list[Way] = []
    errors: list[ByHandError] = []
    for options in _options_of(page):
        system, letters = options.domain, options.numbers == "symbolic"
        printer = _printer(page, sheet, options, system, judges)
        trial = _printer(page, sheet, options, system if letters else Ones(system), ())
        try:
            own = original(sheet, options, system, page) or complete(sheet.given(letters=letters, base=options.base))
            way = Way(own, printer, trial, Again(printer(own)(Shown(), True), page, medium))
        except ByHandError as error:
            errors.append(error)
            continue
        if not any(way.first.same(other.first) for other in found):
            found.append(way)
    if not found:
        raise errors[0]
    least = min(way.first.otherwise for way in found)
    return [way for way in found if way.first.otherwise == least]


def _printer(page: Page, sheet: Sheet, options: Options, domain: Domain, judges: Judges) -> Callable[[Values], Print]:
    """How values are printed, with what a page shows in their places; roughly, where the number system fails."""

    def printer(own: Values) -> Print:
        def print_again(shown: Shown, roughly: bool) -> Printed:
            values = values_of(own, shown)
            try:
                document, run = recorded_with_lost(sheet, values, options, domain, shown)
                for each in () if roughly else judges:
                    each(run)
            except (DomainError, SheetError):
                if not roughly:
                    raise
                document, run = recorded_with_lost(sheet, values, options, ROUGHLY, shown)
            stamp = {"seed": page.foot.seed, "hash": run.hash}
            words = {kind: tuple(map(str, getattr(values, kind))) for kind in ("tokens", "source", "vocabulary")}
            return Printed(replace(document, stamp=stamp), run, words)

        return print_again

    return printer


def _options_of(page: Page) -> list[Options]:
    """What a page may have been asked for, as its conventions say; what they do not say may be anything.

    Raises: UnreadableError where they do not say how numbers are written.
    """
    said = page.texts[0]
    level = re.search(rf"byhand(?:·worksheet\d+)?·({'|'.join(get_args(Level))})", said)
    systems = [Options(numbers="exact"), Options(numbers="symbolic")]
    for places, rounding in product(range(1, MOST_PLACES + 1), ROUNDINGS):
        systems.append(Options(numbers="decimal", places=places, rounding=rounding))
    system = next((o for o in systems if squeezed(written(o.domain, messages())) in said), None)
    if system is None:
        raise UnreadableError("its conventions do not say how its numbers are written, as our pages do")
    base = re.search(r"Softmaxhasbase(2|3|e)\.", said)
    bases: tuple[int | str | None, ...] = (_base(base[1]),) if base else (None, 2, 3, "e")
    ways = [way for way in get_args(Orientation) if f"{way.capitalize()}aretokens" in said] or get_args(Orientation)
    return [
        replace(system, seed=0, base=of, orientation=way, level=level[1] if level else None)  # type: ignore[arg-type]
        for of, way in product(bases, ways)
    ]


def _base(text: str) -> int | str:
    return int(text) if text.isdigit() else text
