"""The registry of formats, by name. To add one: a file in this folder, and an entry in OWN.

Another package adds a format by an entry point that names a Format:

    [project.entry-points."byhand.formats"]
    count = "my_package:COUNT"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from byhand.errors import ConfigError, ExtraError, UnknownNameError
from byhand.extras import install_command
from byhand.worksheet.views import LECTURER, VIEWS, Paper, View

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from byhand.page.page import Page
    from byhand.worksheet.cover import Cover

ENTRY_POINT_GROUP = "byhand.formats"  # the group of the entry points by which other packages add formats


class Setup(Struct, frozen=True):
    """The options of a format."""

    paper: Paper = "a4"
    cache: bool = True
    """Whether pages may be taken from the cache."""
    feedback: bool = True
    """Whether a file that answers says what is right; without it, nothing in the file tells right from wrong."""
    variants: int = 0
    """How many other sets of numbers a page for the screen brings along."""
    nbgrader: bool = False
    """Whether a notebook has nbgrader's metadata."""
    fills: bool = False
    """Whether pages are filled at once into those that other runs of the sheet share; else only where they prove to
    be the same."""
    large: bool = False
    """Whether pages are in large print."""
    look: str = ""
    """What pages look like, as worksheet/looks.py has it in one line; "" for as usual."""


Make = Callable[["Page", View, Setup], bytes]
Bind = Callable[[Sequence["Page"], Sequence[View], Setup], Mapping[str, bytes]]
BindPaper = Callable[["Cover", Sequence["Page"], Sequence[View], Setup], Mapping[str, bytes]]


class Bank(Struct, frozen=True):
    """All copies of a class as one file, written piece by piece."""

    file: str
    """The name of the file."""
    begin: Callable[[Page], bytes]
    """What the file begins with, made of one copy as an example."""
    part: Callable[[Page, int], Mapping[bytes, bytes]]
    """What a copy adds, by its number: texts by the heading under which they stand, in the order of the file."""
    end: Callable[[], bytes]
    """What the file ends with."""


class Format(Struct, frozen=True):
    """A format in which sheets are written."""

    name: str
    about: str
    """Its description, in a line."""
    files: Mapping[str, Make]
    """The names of its files, and what writes each of them: a function of a page and a view. A name with {view} is of
    a file for each view; others are of one file for all views."""
    needs: tuple[str, ...] = ()
    """The modules that must be installed."""
    install: str = ""
    """The command that installs them, where they are no extra of byhand's."""
    extra: str = ""
    """The extra of byhand's that has them."""
    many: Bind | None = None
    """Writes several sheets as one set of files, such as a book; without it, each sheet is written by itself."""
    paper: BindPaper | None = None
    """Writes the sheets of a paper behind its cover; without this, each sheet is written by itself."""
    minds_feedback: bool = False
    """Whether its files, but for a key, tell nobody what is right where Setup asks for that; a format that does not
    say so is refused there."""
    bank: Bank | None = None
    """Writes a whole class as one file, where that is of more use than a file for each student."""
    half_page: Make | None = None
    """Writes its file of the lecturer's view, half a page; a format without it is refused there."""
    large: bool = False
    """Whether byhand lays it out, so that it has looks and large print; others are refused there, since what opens
    their files can enlarge them."""

    @property
    def missing(self) -> list[str]:
        """The needed modules that are not installed."""
        return [module for module in self.needs if find_spec(module) is None]

    @property
    def help(self) -> str:
        """The command that installs what it needs."""
        return install_command(self.extra) if self.extra else self.install


def _from(name: str) -> Callable[..., Any]:
    """A function of this room, by its module and its name, which is imported when it is first called."""

    def call(*given: Any) -> Any:
        module, _, function = name.partition(":")
        return getattr(import_module(f"{__name__}.{module}"), function)(*given)

    return call


def _json(page: Page, view: View, setup: Setup) -> bytes:
    from byhand.record import as_text

    return as_text(page.run).encode()


minding = partial(Format, minds_feedback=True)  # json, too: it is the run as the teacher has it
OWN = {
    format.name: format
    for format in (
        minding(
            "html",
            "a page for the screen and the phone",
            {"{view}.html": _from("html.filled:html")},
            large=True,
            many=_from("html.book:folder"),
            paper=_from("html.paper:folder"),
            half_page=_from("html.half_page:html"),
        ),
        minding(
            "pdf",
            "a page for the printer",
            {"{view}.pdf": _from("pdf:filled")},
            large=True,
            many=_from("pdf:book"),
            paper=_from("pdf:paper"),
            half_page=_from("pdf:half_page"),
        ),
        minding(
            "pdf-form",
            "a worksheet to fill in on the screen, with fields",
            {"worksheet-form.pdf": _from("pdf:form")},
            large=True,
        ),
        minding(
            "md",
            "Markdown with tables, for notes and chats",
            {"{view}.md": _from("written.markdown:markdown")},
            half_page=_from("written.markdown:half_page"),
        ),
        minding(
            "txt",
            "text for braille displays and screen readers, a number a line",
            {"{view}.txt": _from("written.linear:linear")},
            half_page=_from("written.linear:half_page"),
        ),
        minding(
            "tex",
            "LaTeX to edit, and an exam with solutions",
            {"{view}.tex": _from("written.latex:latex"), "exam.tex": _from("written.latex:exam")},
        ),
        minding(
            "docx",
            "a Word document to edit, with formulas and pictures",
            {"{view}.docx": _from("docx.document:docx_file")},
            needs=("docx", "pypdfium2"),
            extra="docx",
            half_page=_from("docx.document:half_page"),
        ),
        minding(
            "ipynb",
            "a Jupyter notebook that checks what is filled in",
            {"{view}.ipynb": _from("notebook.notebook:notebook")},
            needs=("nbformat",),
            extra="ipynb",
        ),
        minding(
            "xlsx",
            "a worksheet as a spreadsheet, which computes, and its key",
            {"worksheet.xlsx": _from("xlsx.workbook:workbook")},
            needs=("xlsxwriter",),
            extra="xlsx",
        ),
        minding(
            "json",
            "every step of the run, with its numbers and rules",
            {"run.json": _json},
            half_page=_json,
            large=True,
        ),
        minding(
            "page",
            "the page as data: texts, cells with their rules, and places",
            {"page.json": _from("page_json:page_json")},
        ),
        Format(
            "moodle",
            "questions for Moodle, one a step, and a question bank of a class",
            {"moodle.xml": _from("moodle:moodle")},
            bank=Bank("bank.xml", *map(_from, ("moodle:begun_bank", "moodle:bank_part", "moodle:ended_bank"))),
        ),
        Format(
            "canvas",
            "a quiz for Canvas's Classic Quizzes, an item a step",
            {"canvas.zip": _from("canvas:canvas")},
        ),
        Format(
            "qti",
            "a test in QTI 2.1 and in 3.0, an item a step",
            {"qti21.zip": _from("qti:qti21"), "qti30.zip": _from("qti:qti30")},
        ),
    )
}


def names() -> list[str]:
    """The names of all formats: ours, then those of other packages."""
    return [*OWN, *sorted({point.name for point in _others()} - OWN.keys())]


def known(name: str) -> Format:
    """A format by its name, even if modules that it needs are missing.

    Raises: UnknownNameError; ExtraError where another package's format cannot be loaded.
    """
    if name in OWN:
        return OWN[name]
    point = next((point for point in _others() if point.name == name), None)
    if point is None:
        raise UnknownNameError("format", name, names())
    return _loaded(point)


def ready(name: str, setup: Setup | None = None, views: Sequence[View] = ()) -> Format:
    """A format by its name, whose modules are all installed and which can do what its options ask for.

    Raises: as `known`; ExtraError where modules are missing; ConfigError where it cannot be without feedback, or has
    no large print, or no half page for a lecturer.
    """
    chosen = known(name)
    if chosen.missing:
        raise ExtraError(f"the format {name} needs {', '.join(chosen.missing)}; {chosen.help}")
    if setup and not (setup.feedback or chosen.minds_feedback):
        raise ConfigError(f"--no-feedback: the format {name} holds what is right; leave out one of the two")
    if setup and setup.large and not chosen.large:
        others = ", ".join(each.name for each in OWN.values() if each.large)
        raise ConfigError(f"--large: what opens the format {name} can enlarge it; large print is for {others}")
    if LECTURER in views and not chosen.half_page:
        others = ", ".join(each.name for each in OWN.values() if each.half_page)
        raise ConfigError(f"--view {LECTURER}: the format {name} has no half page for the teacher; use {others}")
    return chosen


def asked(formats: Sequence[Format], views: Sequence[View]) -> Iterator[tuple[str, Make, View]]:
    """The files to write: their names, what writes them, and the views. Files that a format has for each view come
    first, view by view; then those that it has once for all views, with the last view.
    """
    ordered = sorted(views, key=(*VIEWS, LECTURER).index)
    files = [(file, make, format.half_page) for format in formats for file, make in format.files.items()]
    for view in ordered:
        for file, make, half_page in files:
            if "{view}" in file:
                yield file.format(view=view), (half_page or make) if view == LECTURER else make, view
    yield from ((file, make, ordered[-1]) for file, make, _ in files if "{view}" not in file)


def _others() -> Sequence[EntryPoint]:
    from importlib.metadata import entry_points  # takes as long to import as all of this room

    return tuple(entry_points(group=ENTRY_POINT_GROUP))


def _loaded(point: EntryPoint) -> Format:
    try:
        loaded = point.load()
    except (ImportError, AttributeError) as error:
        raise ExtraError(f"the format {point.name} ({point.value}) cannot be loaded: {error}") from None
    if not isinstance(loaded, Format):
        raise ExtraError(f"the format {point.name} ({point.value}) is no byhand.formats.Format")
    return loaded
