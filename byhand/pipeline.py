"""From a sheet's name to files: the whole way. Read this first.

name → sheet → its numbers → the run of its model, and the document that shows it → the witness's verdict → files,
all or none
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from byhand.cache import cached_by
from byhand.errors import SheetError
from byhand.files import write
from byhand.formats import Format, Make, asked, ready
from byhand.options import Options, Tell, unheard
from byhand.worksheet.program import program_key

if TYPE_CHECKING:  # and within functions: a sheet from the cache needs nothing of what makes one
    from byhand.choose import Quality
    from byhand.model.weights import Values
    from byhand.runs import Run
    from byhand.worksheet.document import Document
    from byhand.worksheet.sheet import Sheet
    from byhand.worksheet.views import View

log = logging.getLogger("byhand")
FLAGSHIP = "gpt"


def generate(
    name: str = FLAGSHIP, options: Options | None = None, out: Path | str = "output", tell: Tell = unheard
) -> list[Path]:
    """Write a sheet's worksheet, key and run.json into OUT/SHEET-seedN, and return the paths of the files.

    Raises: ByHandError; then nothing has been written.
    """
    options = options or Options()
    files = files_of(name, options, tell)
    return write(Path(out) / f"{name}-seed{options.chosen_seed}", files)


def _key(name: str, options: Options, tell: Tell) -> str | None:
    return program_key(name, options) if options.cache and options.values is None else None


@cached_by("sheets", _key, files=True)
def files_of(name: str, options: Options, tell: Tell) -> dict[str, bytes]:
    """The contents of a sheet's files, by their names."""
    from byhand.worksheet.sheet import load_sheet

    formats = [ready(name, options.setup) for name in options.formats]
    made = Prepared(load_sheet(name, options.language), options, tell)
    return {file: made.written(format, make, view) for file, format, make, view in asked(formats, options.views)}


@dataclass(frozen=True)
class Prepared:
    """A sheet with its numbers, its documents and its run, each of them made when it is asked for.

    The second witness has judged each run that it gives.
    """

    sheet: Sheet
    options: Options
    tell: Tell = unheard

    @cached_property
    def own(self) -> tuple[Document, Run]:
        """The sheet's document and its run.

        Raises: WitnessError where the second witness finds other numbers; ByHandError.
        """
        from byhand.arrange import arrange
        from byhand.variants import with_variants

        document, run = self._judged(arrange)
        return with_variants(document, self._options, partial(prepare, self.sheet)), run

    @cached_property
    def in_slots(self) -> tuple[Document, Run] | None:
        """The document and the run with slots, for files that are filled into pages that are known.

        None where these may be others: for words and numbers of somebody's own, letters, and one's own templates.

        Raises: as `own`.
        """
        from byhand.arrange import arrange_in_slots

        options = self._options
        of_own = options.values is not None or options.tokens or options.answer or options.numbers == "symbolic"
        if of_own or options.variants or not options.cache or program_key() is None:
            return None
        return self._judged(arrange_in_slots)

    def written(self, format: Format, make: Make, view: View) -> bytes:
        """A file of the sheet."""
        if format.slots and view != "worked" and self.in_slots:
            try:
                return make(*self.in_slots, view, self.options.setup)
            except SheetError as error:  # as where words are longer than any slot
                log.debug("%s, %s: written by itself; %s", self.sheet.name, view, error)
        return make(*self.own, view, self.options.setup)

    @cached_property
    def _options(self) -> Options:
        return self.options.on(self.sheet)

    @cached_property
    def _numbers(self) -> tuple[Values, Quality | None]:
        from byhand.choose import choose

        return choose(self.sheet, self._options, self.tell)

    def _judged(self, arrange: Callable[..., tuple[Document, Run]]) -> tuple[Document, Run]:
        from byhand.witness.judge import judge

        values, quality = self._numbers
        document, run = arrange(self.sheet, values, self._options, quality)
        judge(run.own or run)
        return document, run


def prepare(sheet: Sheet, options: Options, tell: Tell = unheard) -> tuple[Document, Run]:
    """Choose a sheet's numbers, run its model on them and arrange its page; the second witness has the last word.

    Raises: WitnessError where it finds other numbers; ByHandError.
    """
    return Prepared(sheet, options, tell).own
