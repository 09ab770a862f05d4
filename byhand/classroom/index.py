"""The index of a class, a CSV file that spreadsheets open, in which no text is taken for a formula.

A text that begins with = + - @, a tab or a new line gets an apostrophe before it, and every field is quoted, as OWASP
advises (owasp.org/www-community/attacks/CSV_Injection). So does a text that begins with apostrophes and then one of
these; then each text can be read back. A minus sign as on paper (−) is none of these, so answers stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

FIELDS = ("student", "id", "group", "variant", "seed", "hash", "answers")
_FORMULA = re.compile("'*[=+@\t\r\n＝＋－＠-]")


class IndexWriter:
    """Writes an index, or another table, row by row."""

    def __init__(self, file: IO[bytes], fields: Sequence[str] = FIELDS) -> None:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
        self._rows = csv.writer(text, quoting=csv.QUOTE_ALL)
        self.row(fields)

    def row(self, texts: Iterable[str]) -> None:
        """Write a row."""
        self._rows.writerow(f"'{text}" if _FORMULA.match(text) else text for text in texts)


def read_index(file: IO[bytes]) -> Iterator[dict[str, str]]:
    """The rows of an index, one by one, as they were before formulas were made texts. The file is closed."""
    with io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
        rows = ([*map(as_written, row)] for row in csv.reader(text))
        names = next(rows, [])
        for row in rows:
            yield dict(zip(names, row, strict=True))


def as_written(text: str) -> str:
    """A field as it was before it was made a text that is taken for no formula."""
    return text[text.startswith("'") and bool(_FORMULA.match(text)) :]
