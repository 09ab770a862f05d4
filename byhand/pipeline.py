"""From a sheet's name to files: the whole way. Read this first.

name → sheet → its numbers → the run of its model, and the document that shows it → the witness's verdict → the page →
files, all or none
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from byhand.cache import cached_by
from byhand.files import write
from byhand.formats import asked, ready
from byhand.options import Options, Tell, unheard
from byhand.same_numbers import with_the_same_numbers
from byhand.worksheet.program import program_key

if TYPE_CHECKING:  # and within functions: a sheet from the cache needs nothing of what makes one
    from byhand.runs import Run
    from byhand.worksheet.document import Document
    from byhand.worksheet.sheet import Sheet

FLAGSHIP = "gpt"


def generate(
    name: str = FLAGSHIP, options: Options | None = None, out: Path | str = "output", tell: Tell = unheard
) -> list[Path]:
    """Write a sheet's worksheet, key and run.json into OUT/SHEET-seedN, and return the paths of the files.

    Raises: ByHandError; then nothing has been written.
    """
    options = options or Options()
    files = files_of(name, options, tell)
    folder = Path(out) / f"{name}-seed{options.chosen_seed}"
    paths = write(folder, files)
    for other in with_the_same_numbers(folder, name) if "run.json" in files else ():
        tell(f"{folder.name} has the same numbers as {other}, which stands beside it; another seed may have others")
    return paths


def _key(name: str, options: Options, tell: Tell) -> str | None:
    return program_key(name, options) if options.cache and options.values is None else None


@cached_by("sheets", _key, files=True)
def files_of(name: str, options: Options, tell: Tell) -> dict[str, bytes]:
    """The contents of a sheet's files, by their names."""
    from byhand.page.page import lower
    from byhand.witness.wiring import WIRINGS
    from byhand.worksheet.sheet import load_sheet

    formats = [ready(name, options.setup, options.views) for name in options.formats]
    sheet = load_sheet(name, options.language)
    if sheet.model.name not in WIRINGS:
        tell(f"no second implementation has {sheet.model.name}: byhand verify will not call its pages right")
    page = lower(*prepare(sheet, options, tell))
    return {file: make(page, view, options.setup) for file, make, view in asked(formats, options.views)}


def prepare(sheet: Sheet, options: Options, tell: Tell = unheard) -> tuple[Document, Run]:
    """Choose a sheet's numbers, run its model on them and arrange its page; the second witness has the last word.

    Raises: WitnessError where it finds other numbers; ByHandError.
    """
    from byhand.arrange import arrange
    from byhand.choose import choose
    from byhand.variants import with_variants
    from byhand.witness.judge import judge

    options = options.on(sheet)
    values, quality = choose(sheet, options, tell)
    document, run = arrange(sheet, values, options, quality)
    judge(run)
    return with_variants(document, options, partial(prepare, sheet)), run
