"""A class in other formats than print: files for each student, and banks of all copies' questions."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from msgspec import Struct, field

from byhand.classroom.plan import Plan
from byhand.classroom.roster import Student
from byhand.classroom.students import ClassPages, Copy, with_pages
from byhand.files import staged
from byhand.formats import Format, Make, ready
from byhand.options import Options
from byhand.page.page import Page
from byhand.worksheet.views import View

PRINTED, FORM = "pdf", "pdf-form"  # formats that a class has otherwise: as its pages, and with --forms
FOLDERS: Mapping[View, str] = {"worksheet": "worksheets", "key": "keys"}
Place = tuple[str, str]  # of a student's file: its folder, and how its name ends


class InFormats(Struct, frozen=True):
    """What is written of one copy."""

    files: Mapping[Place, bytes] = field(default_factory=dict)
    """The files, by their places."""
    parts: Mapping[str, Mapping[bytes, bytes]] = field(default_factory=dict)
    """By the name of a bank's format, what the copy adds to it."""


def chosen(names: Sequence[str], options: Options) -> tuple[str, ...]:
    """The formats beside print, each of which can be written.

    Raises: as `ready`.
    """
    for name in names:
        ready(name, options.setup)
    return tuple(name for name in dict.fromkeys(names) if name not in (PRINTED, FORM))


def folders(names: Sequence[str], options: Options) -> list[str]:
    """The folders of files for each student."""
    formats = (ready(name, options.setup) for name in names)
    of_files = (folder for format in formats if not format.bank for (folder, _), _, _ in _files(format))
    return [folder for folder in dict.fromkeys(of_files) if folder not in FOLDERS.values()]


def copies_in_formats(
    plan: Plan, pages: ClassPages, students: Sequence[Student], first: int, names: Sequence[str]
) -> list[tuple[Copy, InFormats]]:
    """The copies of students, in their order, and each in some formats. first: the place of the first in the class.

    Raises: as `with_pages`.
    """
    if first:
        gc.collect()  # else memory grows with every chunk by what is left of the copies before
    formats, setup = [ready(name, plan.options.setup) for name in names], plan.options.setup

    def in_formats(page: Page, number: int) -> InFormats:
        """A copy in these formats. number: its place in the class, from 1."""
        files = {
            place: make(page, view, setup)
            for format in formats if not format.bank for place, make, view in _files(format)
        }  # fmt: skip
        return InFormats(files, {each.name: each.bank.part(page, number) for each in formats if each.bank})

    copies = enumerate(with_pages(plan, pages, students), first + 1)
    return [(copy, in_formats(page(), n) if formats else InFormats()) for n, (copy, page) in copies]


def _files(format: Format) -> Iterator[tuple[Place, Make, View]]:
    """The files of each student: what each view has beside its PDF, and others in folders of their own."""
    for file, make in format.files.items():
        if "{view}" in file:
            yield from (((folder, file.replace("{view}", "")), make, view) for view, folder in FOLDERS.items())
        else:
            stem, dot, ending = file.partition(".")
            yield (format.name if len(format.files) == 1 else stem, dot + ending), make, "key"


class Banks:
    """The banks of a class as they grow: what stands under one heading is in a file until all copies are made."""

    def __init__(self, names: Sequence[str], options: Options, stack: ExitStack) -> None:
        self._formats = [format for name in names if (format := ready(name, options.setup)).bank]
        self._stack = stack
        self._under: dict[str, dict[bytes, IO[bytes]]] = {format.name: {} for format in self._formats}

    def add(self, parts: Mapping[str, Mapping[bytes, bytes]]) -> None:
        """Add what a copy adds."""
        for name, texts in parts.items():
            for heading, text in texts.items():
                if heading not in self._under[name]:
                    file = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
                    self._under[name][heading] = self._stack.enter_context(file)
                self._under[name][heading].write(text)

    def write(self, folder: Path, parts: Path, example: Callable[[], Page]) -> None:
        """Write the banks into a folder. example: makes a copy with which they begin."""
        for format in self._formats:
            assert format.bank
            with staged(folder / format.bank.file, parts) as file:
                file.write(format.bank.begin(example()))
                for heading, text in self._under[format.name].items():
                    file.write(heading)
                    text.seek(0)
                    shutil.copyfileobj(text, file)
                file.write(format.bank.end())
