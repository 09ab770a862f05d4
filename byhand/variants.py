"""A sheet that brings other numbers along: those of the next seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from byhand.errors import ByHandError, ConfigError

if TYPE_CHECKING:
    from byhand.options import Options
    from byhand.runs import Run
    from byhand.worksheet.document import Document

    Prepared = tuple[Document, Run]
TRIES = 3  # seeds for each variant: with some, a sheet has no numbers, or another page


def with_variants(document: Document, options: Options, prepared: Callable[[Options], Prepared]) -> Document:
    """A document with the numbers of the next seeds within reach, where a page is to bring some along.

    options: those that the sheet was prepared with. prepared: makes a sheet's document and run with other options.

    Raises: ConfigError where another seed has no other numbers.
    """
    if not options.variants:
        return document
    if options.keeps_its_numbers:
        raise ConfigError("--variants: letters, and numbers of a file of your own, are the same with every seed")
    return replace(document, others=partial(_with_next_seeds, options, prepared))


def _with_next_seeds(options: Options, prepared: Callable[[Options], Prepared]) -> Iterator[Prepared]:
    """The same sheet with the numbers of the next seeds, where there are some: more than it brings variants along."""
    for more in range(1, 1 + TRIES * options.variants):
        with suppress(ByHandError):
            yield prepared(replace(options, seed=options.chosen_seed + more, variants=0))
