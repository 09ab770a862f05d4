"""Writes all sheets in all formats into a folder, or says how two such folders differ: for a change of the code after
which every page must be as it was.

    PYTHONPATH=. .venv/bin/python tools/baseline.py BEFORE                 on the old commit
    PYTHONPATH=. .venv/bin/python tools/baseline.py AFTER --against BEFORE on the new one

Each sheet is written with its own numbers and with two seeds, with tokens as rows and as columns, in all three views.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from itertools import product
from pathlib import Path
from zipfile import ZipFile

import click
import pypdfium2

from byhand.errors import ConfigError
from byhand.formats import OWN
from byhand.options import Options
from byhand.pipeline import generate
from byhand.worksheet.order import order
from byhand.worksheet.views import VIEWS

SEEDS, ORIENTATIONS = (0, 1, 60), ("rows", "columns")
DPI = 100
DATA = re.compile(rb"<script.*?</script>|script-src [^;]*", re.DOTALL)  # its data and its script


def write(case: tuple[str, int, str], out: Path) -> None:
    """Write a sheet with a seed and an orientation in all formats."""
    sheet, seed, orientation = case
    for format in OWN:
        options = Options(seed=seed, orientation=orientation, views=VIEWS, formats=(format,))
        with suppress(ConfigError):  # as for questions with letters, which no learning platform marks
            generate(sheet, options, out / orientation)


def differs(path: Path, before: Path) -> bool:
    """Whether a file is another one than before: a PDF by what it looks like, HTML without its data and script."""
    if not (path.exists() and before.exists()):
        return True
    old, new = before.read_bytes(), path.read_bytes()
    if old == new:
        return False
    if path.suffix == ".pdf":
        return any(one != other for one, other in zip(pictures(before), pictures(path), strict=True))
    if path.suffix == ".html":
        return DATA.sub(b"", old) != DATA.sub(b"", new)
    if path.suffix in (".zip", ".xlsx"):
        return members(before) != members(path)
    return True


def pictures(path: Path) -> Iterator[bytes]:
    """The pages of a PDF as pixels; of no page behind the last."""
    for page in pypdfium2.PdfDocument(path):
        yield page.render(scale=DPI / 72).to_numpy().tobytes()
    yield b""


def members(path: Path) -> dict[str, bytes]:
    """The files of an archive by their names."""
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--against", type=click.Path(path_type=Path, exists=True), help="a folder that was written before")
@click.option("--sheet", "sheets", multiple=True, type=click.Choice(list(order())), help="only these sheets")
@click.option("--jobs", default=1, help="how many processes")
def main(out: Path, against: Path | None, sheets: tuple[str, ...], jobs: int) -> None:
    """Write all sheets in all formats into OUT, and say which files differ from those AGAINST."""
    cases = [*product(sheets or order(), SEEDS, ORIENTATIONS)]
    with ProcessPoolExecutor(jobs) as pool:
        list(pool.map(write, cases, [out] * len(cases)))
    if against is None:
        return
    names = {path.relative_to(folder) for folder in (out, against) for path in folder.rglob("*") if path.is_file()}
    others = {name for name in names if differs(out / name, against / name)}
    for name in sorted(others):
        click.echo(name)
    totals, changed = (Counter(name.suffix for name in some) for some in (names, others))
    for suffix, total in sorted(totals.items()):
        click.echo(f"{suffix[1:]:6}{changed[suffix]:6} of {total} differ")


if __name__ == "__main__":
    main()
