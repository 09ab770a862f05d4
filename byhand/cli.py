"""The command line. The only place that prints, and that turns errors into exit codes."""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from byhand import __version__
from byhand.classroom import MOST_STUDENTS
from byhand.errors import ByHandError, ConfigError, UnknownNameError
from byhand.interrupts import ended_in_order
from byhand.notation.words import escaped
from byhand.worksheet.views import MOST_VARIANTS

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # to start others takes 40 ms, and nothing here needs them
if TYPE_CHECKING:  # imported within functions, since --help needs nothing of it
    from pathlib import Path

    from byhand.classroom.classes import ClassSet
    from byhand.classroom.roster import Student
    from byhand.options import Options

T = TypeVar("T")
gc.set_threshold(500_000, 5, 2)  # with Python's own, searching for garbage takes 6 % of a command's time
atexit.register(gc.freeze)  # else Python searches all that is still there for garbage as it ends: 30 ms


class Group(click.Group):
    """Errors that the user can mend are one line and exit code 1; with --debug, a traceback."""

    def main(self, *args: Any, **extra: Any) -> Any:
        if sys.stderr is None:  # closed, so that nothing is to be told
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        if sys.stdout is None:  # else the first file that is written would be in its place
            _tell("standard output is closed; send it to a file, or to /dev/null")
            sys.exit(1)
        if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.encoding.lower().startswith("utf"):
            sys.stdout.reconfigure(errors="replace")  # it may lack a sign, as Windows' cp1252 lacks →
        try:
            return super().main(*args, **extra)
        except OSError as error:
            if not _is_of_output(error):
                raise
            with suppress(OSError):  # standard error may be as full
                _tell(f"cannot write to standard output: {error.strerror}; send it to another file")
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries again as it ends
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with ended_in_order():
                return super().invoke(ctx)
        except ByHandError as error:
            if ctx.params.get("debug"):
                raise
            _tell(": ".join([*getattr(error, "__notes__", ()), str(error)]))
            ctx.exit(1)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(1)


def _is_of_output(error: OSError) -> bool:
    """Whether an error is of what is printed, and of no other file."""
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    return last is not None and last.tb_frame.f_code is click.echo.__code__


@click.group(cls=Group)
@click.version_option(__version__, prog_name="byhand")
@click.option(
    "--debug",
    is_flag=True,
    help="Show tracebacks of errors, and which pages were laid out by themselves.",
)
@click.pass_context
def main(ctx: click.Context, debug: bool) -> None:
    """A tiny transformer as a lesson on paper: worksheets, and keys that are right.

    What you always ask for can stand in byhand.toml, in this folder or in your folder for settings.
    """
    if debug:
        import logging

        logging.basicConfig(format="%(message)s")
        logging.getLogger("byhand").setLevel(logging.DEBUG)
    from byhand.defaults import NAME, PARAMETERS, defaults, files

    read = files()
    if debug:
        _tell(f"options are read from {', '.join(map(str, read)) or 'no byhand.toml'}")
    if read:
        settings = defaults(read)
        ctx.default_map = {name: _of_command(command, settings) for name, command in main.commands.items()}
        of_folder = defaults([path for path in read if not path.is_absolute()])  # which may be another's
        asked = main.commands.get(ctx.invoked_subcommand or "")
        if asked and (taken := _of_command(asked, of_folder)):
            names = {parameter: name for name, parameter in PARAMETERS.items()}
            _tell(f"{NAME} in this folder says {', '.join(names.get(each, each) for each in taken)}")


def _of_command(command: click.Command, settings: dict[str, Any]) -> dict[str, Any]:
    """What a command takes of the options of a file: some have formats or kinds of numbers of their own."""
    names = {param.name for param in command.params}
    apart = {"mark": {"formats"}, "class": {"formats"}, "run": {"numbers"}}.get(command.name or "", set[str]())
    return {name: value for name, value in settings.items() if name in names - apart}


Completion = Callable[[click.Context, click.Parameter, str], list[str]]


def _completed(names: Callable[[], Iterable[str]], listed: bool = False) -> Completion:
    """What the shell completes a name by. listed: whether several stand there, with commas between them."""

    def beginning(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        before, comma, name = incomplete.rpartition(",") if listed else ("", "", incomplete)
        return [before + comma + each for each in sorted(names()) if each.startswith(name)]

    return beginning


def _sheet_names() -> Iterable[str]:
    from byhand.worksheet.front import sheet_files

    return sheet_files()


def _page_names() -> Iterable[str]:
    """What `generate` prints: the sheets, and the pages beside them."""
    from byhand.worksheet.front import EXTRA_PAGES

    return (*_sheet_names(), *EXTRA_PAGES)


def _format_names() -> Iterable[str]:
    from byhand.formats import names

    return names()


def _model_names() -> Iterable[str]:
    from byhand.loading import load_lessons
    from byhand.model import MODELS

    load_lessons()
    return MODELS


def _languages() -> Iterable[str]:
    from byhand.worksheet.front import languages

    return languages()


def _formats(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    from byhand.formats import OWN, names

    if value is None:
        return ()
    chosen = tuple(part.strip() for part in value.split(",") if part.strip())
    if not chosen:
        raise click.BadParameter(f"name at least one of {', '.join(names())}")
    for part in chosen:
        if part not in OWN and part not in names():  # other packages are looked up for what is not ours
            raise click.BadParameter(str(UnknownNameError("format", part, names())))
    return chosen


def _marks(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    known = ("json", "csv", "html", "pdf", "moodle", "canvas")
    chosen = tuple(part.strip() for part in value.split(",") if part.strip())
    for part in chosen or ("",):
        if part not in known:
            raise click.BadParameter(str(UnknownNameError("format of marks", part, known)))
    return chosen


class Seed(click.IntRange):
    """A seed that has room at the foot of a page."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from byhand.options import LONGEST_SEED  # not at the start, which --help does without

        if len(str(value)) > LONGEST_SEED:
            self.fail(f"it has {len(str(value)):,} digits; a seed has up to {LONGEST_SEED}", param, ctx)
        return super().convert(value, param, ctx)


_places = click.option(
    "--places", type=click.IntRange(1, 12), help="Places of decimals; by default those of the sheet, mostly 2."
)
_rounding = click.option(
    "--rounding", type=click.Choice(["carry", "once"]), default="carry", show_default=True,
    help="Decimals: go on with each rounded result, or round only what is printed.",
)  # fmt: skip
_orientation = click.option(
    "--orientation", type=click.Choice(["rows", "columns"]), default="rows", show_default=True,
    help="Tokens as rows (X W) or as columns (W X).",
)  # fmt: skip
_paper = click.option(
    "--paper", type=click.Choice(["a4", "letter"]), default="a4", show_default=True, help="Paper size."
)
_jobs = click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="How many cores to use."
)
_values = partial(
    click.option, "--values", "values_files", type=click.Path(), multiple=True,
    help="Your own numbers: a TOML, JSON, npz or safetensors file; a second adds to the first.",
)  # fmt: skip
_round_weights = click.option(
    "--round-weights", "weight_places", type=click.IntRange(0, 12), metavar="N",
    help="Round the weights to N places, and say what it changes.",
)  # fmt: skip
_feedback = click.option(
    "--feedback/--no-feedback", default=True,
    help="Whether a file that answers may say what is right; without it, it only collects answers.",
)  # fmt: skip
_language = click.option(
    "--language", default="en", show_default=True, shell_complete=_completed(_languages),
    help="The language of the pages; what it lacks is in English.",
)  # fmt: skip


def _say(*lines: object, err: bool = False) -> None:
    """Print lines for a person. All but JSON goes this way, so that no file's text moves a terminal."""
    for line in lines:
        click.echo(escaped(str(line)), err=err)


def _print_data(text: str) -> None:
    """Print what a program reads: in UTF-8, as a file has it, whatever signs a terminal lacks."""
    click.echo(text.encode(), nl=False)


def _tell(line: object) -> None:
    """Print a message for the user on standard error."""
    _say(f"byhand: {line}", err=True)


def _write(file: str, content: bytes, err: bool = False) -> None:
    """Write a file, and say so."""
    from pathlib import Path

    from byhand.files import write

    target = Path(file)
    _say(*write(target.parent, {target.name: content}), err=err)


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_language
def list_(as_json: bool, language: str) -> None:
    """The sheets, in the order of the course."""
    from byhand.course import without_errors

    sheets = [*without_errors(language, _tell)]
    if as_json:
        import json

        keys = ("name", "number", "title", "prerequisites", "model", "minutes")
        rows = [{key: getattr(sheet, key) for key in keys} for sheet in sheets]
        rows = [{**row, "number": row["number"] or None} for row in rows]  # one's own sheet has none
        _print_data(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    width = max(len(sheet.name) for sheet in sheets)
    for sheet in sheets:
        _say(f"{sheet.number or '':3}  {sheet.name:{width}}  {sheet.minutes:4} min  {sheet.title}")


@main.command()
@click.argument("sheet", default="", shell_complete=_completed(_sheet_names))
@_language
def show(sheet: str, language: str) -> None:
    """One sheet in full: its goal, its time, what comes before it. Without SHEET: routes through the course, and what
    each mistake means.
    """
    if sheet:
        _show_sheet(sheet, language)
    else:
        _show_course(language)


def _show_sheet(sheet: str, language: str) -> None:
    """One sheet in full."""
    from byhand.arrange import own_effort
    from byhand.worksheet.messages import messages
    from byhand.worksheet.order import group_of
    from byhand.worksheet.order import routes as all_routes
    from byhand.worksheet.sheet import load_sheet, named

    say, turned = messages(language).say, messages(language).turned
    loaded, routes = load_sheet(sheet, language), [(route, route.places(sheet)) for route in all_routes()]
    asked, before = own_effort(loaded), named(loaded.prerequisites, language)
    config = loaded.values.get("config", {})
    _say(f"{loaded.name}: {loaded.title}", "", *turned(loaded.goal).split("\n"), "")
    _say(f"model       {loaded.model.name}")
    _say(f"config      {', '.join(f'{k}={v}' for k, v in config.items())}")
    _say(f"tokens      {' '.join(map(str, loaded.values.get('tokens', ())))}")
    _say(f"time        {asked}")
    _say(f"before it   {', '.join(each.called for each in before) or 'nothing'}")
    if group_of(sheet):
        at = {say(f"lecturer.routes.{route.name}.short"): " and ".join(map(str, places)) for route, places in routes}
        _say(f"routes      {', '.join(f'{name} {numbers}' for name, numbers in at.items() if numbers)}")
    if (told := loaded.lecturer).look_for:
        _say(f"look for    {turned(told.look_for)}{f' ({told.mistake})' if told.mistake else ''}")
        _say(f"it may mean {turned(told.thinks)}", f"ask         {turned(told.ask)}")
    if loaded.objectives:
        _say("you learn to", *(f"  - {turned(o)}" for o in loaded.objectives))


def _show_course(language: str) -> None:
    """The lecturer's page: routes and their times, and what each mistake means."""
    from byhand.course import course
    from byhand.worksheet.lecturer import lecturer
    from byhand.worksheet.messages import messages
    from byhand.worksheet.order import group_of

    say = messages(language).say
    sheets = [(s.name, s.number, s.title, s.minutes) for s in course(language) if group_of(s.name)]
    page = lecturer(sheets, messages(language))
    of = {sheet.name: sheet for sheet in page.sheets}
    for route in page.routes:
        _say(f"{route.name}: {route.time}", route.about)
        for n, (names, minutes) in enumerate(zip(route.route.sittings, route.minutes, strict=True), 1):
            titles = ", ".join(f"{of[name].number} {of[name].title}" for name in names)
            _say(f"{n:4}  {minutes:3} min  {titles}")
        _say("")
    _say(say("lecturer.mistakes"))
    for sheet in page.sheets:
        _say(f"{sheet.number:4}  {sheet.title}: {sheet.look_for}{f' ({sheet.foil})' if sheet.foil else ''}")
        _say(f"      {sheet.thinks} → {sheet.ask}")


def _look(ctx: click.Context, param: click.Parameter, asked: str) -> str:
    """The look that is asked for, in words; its face is installed."""
    if not asked:
        return ""
    from byhand.worksheet.looks import look_of, words_of

    words = words_of(asked)
    if face := look_of(words).face:
        from byhand.press import check_face

        check_face(face)
    return words


def _tell_of_look(look: str, formats: Sequence[str]) -> None:
    """Say of which formats a look changes nothing."""
    from byhand.formats import known

    if look and (others := [name for name in formats or () if not known(name).large]):
        _tell(f"--look changes nothing in {', '.join(others)}: what opens such a file has a look of its own")


def _of_numbers(command: Callable[..., None]) -> Callable[..., None]:
    """The options that decide which numbers a sheet has, and how it is written: those of `_options`."""
    for option in reversed((
        click.option("--seed", type=Seed(min=0), help="0, the sheet's own numbers, or any other, new ones."),
        _values(),
        _round_weights,
        click.option("--tokens", help="The words of the sentence, with spaces between them."),
        click.option(
            "--answer", default="", help="What the model says: a word spelled by its answers, or words with spaces."
        ),
        click.option(
            "--numbers", type=click.Choice(["exact", "decimal", "symbolic"]),
            show_default="exact, or as the sheet has it",
            help="Exact fractions, classroom decimals, or letters for some weights.",
        ),
        _places,
        _rounding,
        click.option("--softmax", "base", type=click.Choice(["2", "3", "e"]), help="The base of softmax."),
        _orientation,
        click.option(
            "--level", type=click.Choice(["easy", "standard", "stretch"]),
            help="How large new numbers are; easy asks for last rows only, stretch has no hints.",
        ),
        _language,
        click.option(
            "--large/--no-large", default=False, show_default=True,
            help="Large print: 18 pt or more, one column, more room to write.",
        ),
        click.option(
            "--look", default="", metavar="NAME|FILE", callback=_look,
            help="Faces, spaces, colours and a logo: dyslexia, colour-blind, or a file of your own.",
        ),
    )):  # fmt: skip
        command = option(command)
    return command


def _options(values_files: tuple[str, ...], tokens: str | None, base: str | None, **asked: Any) -> Options:
    """The options that a command was given."""
    from byhand.options import Options

    values: object = None
    if values_files:
        from byhand.model.files import load_entries

        values = load_entries(*values_files)
    own_base = int(base) if base in ("2", "3") else base
    return Options(values=values, tokens=tuple(tokens.split()) if tokens else (), base=own_base, **asked)


_thread = click.option(
    "--thread", "threaded", is_flag=True,
    help="The sheets of the thread, which are one run of one small model; without SHEET, all of them.",
)  # fmt: skip


def _of_thread(sheets: Sequence[str]) -> tuple[str, ...]:
    """The names of these sheets of the thread, in its order; of all, where none is named.

    Raises: UnknownNameError.
    """
    from byhand.worksheet.thread import of_thread

    return of_thread(sheets)


@main.command()
@click.argument("sheets", nargs=-1, metavar="[SHEET | PAPER.toml …]", shell_complete=_completed(_page_names))
@click.option("--all", "every", is_flag=True, help="Every sheet of the course.")
@_thread
@_of_numbers
@click.option(
    "--view",
    type=click.Choice(["worksheet", "key", "worked", "lecturer"]),
    help="One view; worked adds the lines, lecturer is half a page for who teaches.",
)
@click.option(
    "--format", "formats", default="html,pdf,json", show_default=True, callback=_formats, help="What to write.",
    shell_complete=_completed(_format_names, listed=True),
)  # fmt: skip
@click.option(
    "--paper", type=click.Choice(["a4", "letter", "a3"]), default="a4", show_default=True,
    help="Paper size; a3 is for family-poster.",
)  # fmt: skip
@click.option("--book", is_flag=True, help="All in one PDF with contents, keys at the end, and pages with an index.")
@_feedback
@click.option(
    "--variants", type=click.IntRange(0, MOST_VARIANTS), default=0, metavar="N",
    help="A page for the screen brings N other sets of numbers along.",
)  # fmt: skip
@click.option("--nbgrader", is_flag=True, help="A notebook has the metadata that nbgrader needs.")
@click.option("--cache/--no-cache", default=True, help="Whether pages that were made before are made again.")
@click.option("--out", type=click.Path(), default="output", show_default=True, help="The folder to write to.")
def generate(
    sheets: tuple[str, ...], every: bool, threaded: bool, weight_places: int | None, language: str, view: str | None,
    formats: tuple[str, ...], paper: Any, book: bool, feedback: bool, variants: int, nbgrader: bool, cache: bool,
    out: str, **asked: Any,
) -> None:  # fmt: skip
    """Print a worksheet and its key; without SHEET, the flagship: a whole small language model.

    Beside the sheets there are two pages: family-poster, a row for each sheet of the family, and cut-outs.
    """
    from pathlib import Path

    from byhand import pipeline
    from byhand.course import course, write_index
    from byhand.options import views_asked

    if every and sheets:
        raise click.UsageError("give sheets or --all, not both")
    if every and threaded:
        raise click.UsageError("give --thread or --all, not both: the thread is none of the course's sheets")
    papers = tuple(name for name in sheets if _is_paper(name))
    if papers and (book or threaded):
        raise click.UsageError(
            f"{papers[0]} is a paper, which is bound as its file says; leave out --book and --thread"
        )
    beside = () if every or threaded or book else _beside(sheets)
    for name in beside:
        _say(*_made_beside(name, view, formats, paper, language, cache, out))
        if told := ", ".join(f"--{option}" for option in ("seed", "tokens", "answer") if asked[option]):
            _tell(f"{name} has no numbers: {told} changes nothing on it")
        if asked["large"]:
            _tell(f"{name} is not in large print; family-poster is larger with --paper a3")
        if asked["look"]:
            _tell(f"{name} looks as always: --look is for sheets")
    _tell_of_look(asked["look"], formats)
    sheets = tuple(name for name in sheets if name not in beside and name not in papers)
    if beside and not sheets and not papers:
        return
    if paper == "a3":
        raise ConfigError("--paper a3 is for family-poster; a sheet has room on a4 and on letter")
    options = _options(
        **asked, views=views_asked(view), formats=formats, paper=paper, weight_places=weight_places, cache=cache,
        language=language, feedback=feedback, variants=variants, nbgrader=nbgrader,
    )  # fmt: skip
    _generate_papers(papers, options, out)
    if papers and not sheets:
        return
    names = [sheet.name for sheet in course(language)] if every else list(sheets) or [pipeline.FLAGSHIP]
    names = [*_of_thread(sheets)] if threaded else names
    if book or (threaded and not sheets):
        from byhand.book import book as bind

        _say(*bind(names, options, out, _tell, "thread" if threaded else "book"))
        return
    made = {}
    for name in names:
        try:
            made[name] = pipeline.generate(name, options, out, _tell)
        except ByHandError as error:
            if len(names) > 1 and not str(error).startswith(name):
                error.add_note(name)  # which of the sheets it is
            raise
        _say(*made[name])
    if every and "html" in formats:
        _say(*write_index(made, options, Path(out)))


def _is_paper(name: str) -> bool:
    """Whether a name is that of a paper's file, and not of a sheet."""
    return name.lower().endswith(".toml")


def _generate_papers(files: Sequence[str], options: Options, out: str) -> None:
    """Write papers, all of which can be read.

    Raises: ConfigError where two have one name.
    """
    if not files:
        return
    from byhand import paper as room

    papers = [room.read_paper(file) for file in files]
    names = [each.name.casefold() for each in papers]  # some systems do not tell Exam from exam
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ConfigError(f"two papers are called {twice}, and would be written to one folder; rename one")
    for each in papers:
        _say(*room.generate(each, options, out, _tell))


def _beside(names: Sequence[str]) -> tuple[str, ...]:
    """Those of these names that are pages beside the sheets."""
    from byhand.worksheet.front import EXTRA_PAGES

    return tuple(name for name in names if name in EXTRA_PAGES)


def _made_beside(
    name: str, view: str | None, formats: Sequence[str], paper: Any, language: str, cache: bool, out: str
) -> list[Path]:
    """Write a page beside the sheets, and return the paths of its files."""
    from pathlib import Path

    from byhand.files import write
    from byhand.formats.extra import files_of

    return write(Path(out) / name, files_of(name, (view,) if view else None, formats, paper, language, cache))  # type: ignore[arg-type]


@main.group()
def paper() -> None:
    """A paper: sheets, or some of their steps, with points and texts of your own, in a small file."""


@paper.command("new")
@click.argument("file", default="exam.toml", type=click.Path())
def paper_new(file: str) -> None:
    """Write a commented example to FILE, exam.toml by default."""
    from pathlib import Path

    from byhand.paper import ENDING, example

    path = Path(file)
    if path.suffix != ENDING:
        raise ConfigError(f"{file}: the name of a paper ends in {ENDING}")
    if path.exists():
        raise ConfigError(f"{file} is there already; remove it, or choose another name")
    _write(file, example(path.name).encode())


@paper.command("check")
@click.argument("file", default="exam.toml", type=click.Path())
@_of_numbers
@_paper
def paper_check(file: str, **asked: Any) -> None:
    """What is in a paper: steps, minutes, pages and points, and what may be missing."""
    from byhand.paper import checked, read_paper

    _say(*checked(read_paper(file), _options(**asked)))


@main.command("class")
@click.argument("sheet", default="", shell_complete=_completed(_sheet_names))
@_thread
@click.option(
    "--roster", type=click.Path(), help="A CSV file or a spreadsheet with name, id and group, in any order."
)
@click.option(
    "--anonymous",
    type=click.IntRange(1, MOST_STUDENTS),
    metavar="N",
    help="N copies without names, without a roster.",
)
@_of_numbers
@click.option(
    "--secret", "secret_file", type=click.Path(), metavar="FILE",
    help="In place of a seed, a secret that the pages do not tell; the file is made if it is not there.",
)  # fmt: skip
@_paper
@click.option("--forms", is_flag=True, help="Each worksheet as a PDF to fill in on a screen, too.")
@click.option("--scan", is_flag=True, help="Marks in the corners of worksheets, by which byhand scan knows them.")
@click.option(
    "--format", "formats", callback=_formats, metavar="FORMAT,…",
    shell_complete=_completed(_format_names, listed=True),
    help="Other formats for each student beside the PDFs; moodle is one bank of all copies' questions.",
)  # fmt: skip
@_feedback
@_jobs
@click.option("--dask", default="", metavar="ADDRESS", help="A Dask scheduler, to use a cluster (needs distributed).")
@click.option("--out", type=click.Path(), default="output", show_default=True, help="The folder to write to.")
def class_(
    sheet: str, threaded: bool, roster: str | None, anonymous: int | None, secret_file: str | None, paper: str,
    forms: bool, formats: tuple[str, ...], feedback: bool, jobs: int, dask: str, out: str, seed: int | None,
    **asked: Any,
) -> None:  # fmt: skip
    """Print a class its worksheets: each student's numbers are their own, and as hard as all the others'."""
    from byhand.classroom import roster as rosters
    from byhand.secret import made_secret, read_secret

    if (roster is None) == (anonymous is None):
        raise click.UsageError("give --roster FILE or --anonymous N")
    if seed is not None and secret_file is not None:
        raise click.UsageError("give --seed or --secret, not both: either decides the numbers")
    students = rosters.read_roster(roster, _tell) if roster is not None else rosters.anonymous(anonymous or 0)
    secret = None
    if secret_file is not None:
        secret = made_secret(secret_file)
        if secret:
            _tell(f"made the secret {secret_file}; keep it: without it, nobody can make these numbers again")
        secret = secret or read_secret(secret_file)
    _tell_of_look(asked["look"], formats)
    options = _options(**asked, seed=seed, paper=paper, secret=secret, feedback=feedback)
    if not sheet and not threaded:
        raise click.UsageError("name a sheet or the file of a paper, or give --thread")
    if _is_paper(sheet) and threaded:
        raise click.UsageError(f"{sheet} is a paper, whose file says its sheets; leave out --thread")
    if _is_paper(sheet):
        _make_paper_class(sheet, students, options, out, forms=forms, formats=formats, jobs=jobs, dask=dask)
        return
    names = _of_thread([sheet] * bool(sheet)) if threaded else (sheet,)
    for name in names:
        _make_class(name, students, options, out, forms=forms, formats=formats, jobs=jobs, dask=dask)


def _make_class(name: str, students: Sequence[Student], options: Options, out: str, **how: Any) -> None:
    """Make a class of a sheet, and say what was made."""
    from byhand.classroom.classes import make_class

    made = _with_bar(name, students, lambda done: make_class(name, students, options, out, done=done, **how))
    _say(made.folder)
    _say(*_of_class(made), err=True)


def _make_paper_class(file: str, students: Sequence[Student], options: Options, out: str, **how: Any) -> None:
    """Make a class of a paper, and say what was made of each sheet."""
    from byhand.classroom.papers import make_paper_class
    from byhand.paper import read_paper

    paper = read_paper(file)
    made = _with_bar(
        paper.name, students, lambda done: make_paper_class(paper, students, options, out, done=done, **how)
    )
    _say(made[0].folder.parent)
    for each in made:
        _say(*(f"{each.folder.name}: {line}" for line in _of_class(each)), err=True)


def _with_bar(name: str, students: Sequence[Student], make: Callable[[Callable[[int], object]], T]) -> T:
    """What is made for students, one by one, with a bar of progress."""
    from byhand.classroom.workers import STANDS

    quiet = not sys.stderr.isatty()
    try:
        with click.progressbar(length=len(students), label=name, file=sys.stderr, hidden=quiet) as bar:
            return make(bar.update)
    except (KeyboardInterrupt, SystemExit) as stopped:
        _say("", f"byhand: stopped; {STANDS}", err=True)
        sys.exit(stopped.code if isinstance(stopped, SystemExit) else 128 + signal.SIGINT)


def _of_class(made: ClassSet) -> Iterator[str]:
    """What is told of a class that was made."""
    count = f"{made.students} student{'s' * (made.students > 1)}"
    if made.of_thread:
        yield f"{count}, {made.sets} base thread{'s' * (made.sets > 1)}; no two neighbours have the same"
        yield f"students whose scores somebody else has, too: {made.sharing}"
    elif made.words:
        yield f"{count}, {made.sets} of the {made.words} texts that the sheet reads; the numbers are the same for all"
        if made.students > made.words:
            yield f"there are only {made.words} texts: {made.sharing} students have one that somebody else has, too"
    elif made.renames:
        yield f"{count}, {made.sets} set{'s' * (made.sets > 1)} of numbers, each renamed for every student"
    else:
        yield f"{count}, each with numbers that were searched for: the sheet has too few renamings"
    if made.unchanged and not (made.of_thread or made.words):
        yield f"the same in every copy of a set: {', '.join(made.unchanged)}"
    if made.alike and not (made.of_thread or made.words):
        told = f"{made.alike} of {made.students} have the same answers as somebody else"
        yield f"{told}; other steps may have more numbers"
    if made.laid_out_alone:
        yield f"copies laid out by themselves: {made.laid_out_alone}"
    if made.mended:
        yield f"files that were there with other contents, and were made again: {made.mended}"


@main.command()
@click.argument("answers", nargs=-1, metavar="[ANSWERS …]", type=click.Path())
@click.option(
    "--blank", metavar="[SHEET|PAPER.toml]", is_flag=False, flag_value="", shell_complete=_completed(_sheet_names),
    help="Write a file of answers to fill in, with the id of every blank; with --class, for each of its students.",
)  # fmt: skip
@click.option(
    "--sheet",
    metavar="SHEET|PAPER.toml",
    shell_complete=_completed(_sheet_names),
    help="The sheet that is answered, where the files do not say it, or the file of a paper.",
)
@_of_numbers
@click.option("--class", "folder", type=click.Path(), help="The folder of the class, whose numbers are marked.")
@click.option("--secret", "secret_file", type=click.Path(), metavar="FILE", help="The secret of the class.")
@click.option(
    "--follow", type=click.Choice(["full", "half", "none"]), default="full", show_default=True,
    help="What an answer keeps of its points that is right from the student's own numbers.",
)  # fmt: skip
@click.option(
    "--rounded", type=click.Choice(["full", "half", "none"]), default="half", show_default=True,
    help="What a rounded decimal keeps of its points where the key is exact.",
)  # fmt: skip
@click.option(
    "--guard", type=click.FloatRange(0, 1), default=0.5, show_default=True,
    help="The share of the key's work below which answers that follow earn nothing.",
)  # fmt: skip
@click.option(
    "--points", "points_file", type=click.Path(), metavar="FILE|none",
    help='Points by section: {"5": 4}; with none, marked pages say no points.',
)  # fmt: skip
@click.option(
    "--overrides", type=click.Path(), metavar="FILE", help="What you changed by hand: a CSV, or marks.json."
)
@click.option(
    "--groups", type=click.Path(), metavar="FILE",
    help="Points for equal answers in words: a table, which is written if there is none, and read if there is.",
)  # fmt: skip
@click.option(
    "--history", type=click.Path(), metavar="FOLDER",
    help="Add the result to those in a folder: a page for each student over weeks, and one for the class.",
)  # fmt: skip
@click.option(
    "--format", "formats", default="json,csv,html,pdf", show_default=True, callback=_marks,
    help="What to write; moodle and canvas are tables of points that their gradebooks import.",
)  # fmt: skip
@click.option("--report/--no-report", default=True, help="Whether to report what the class did.")
@click.option("--names/--no-names", default=True, help="Whether the report names students, or numbers them.")
@_jobs
@click.option(
    "--out",
    type=click.Path(),
    help="The folder to write to; output by default. With --blank, a file, or of a paper a folder.",
)
def mark(
    answers: tuple[str, ...], blank: str | None, sheet: str | None, folder: str | None,
    secret_file: str | None, follow: Any, rounded: Any, guard: float, points_file: str | None, overrides: str | None,
    groups: str | None, history: str | None, formats: tuple[str, ...], report: bool, names: bool, jobs: int,
    out: str | None, weight_places: int | None, **asked: Any,
) -> None:  # fmt: skip
    """Mark what students wrote: every answer, right from their own numbers, too, and why it is wrong."""
    from pathlib import Path

    from byhand.classroom.again import is_of_paper
    from byhand.marking.marks import Policy
    from byhand.secret import read_secret

    options = _options(**asked, weight_places=weight_places)
    if blank is not None:
        if answers:
            raise click.UsageError("give answers to mark, or --blank SHEET, not both")
        of_blank = {*asked, "weight_places", "blank", "folder", "secret_file", "formats", "out"}
        if of_marking := _typed({*click.get_current_context().params} - of_blank):
            raise click.UsageError(f"--blank writes a file to fill in, and marks nothing; leave out {of_marking[0]}")
    elif not answers:
        raise click.UsageError("name the files of answers, or --blank SHEET")
    from byhand.marking import mark as marking

    named = _typed({*asked, "weight_places"})
    if folder is not None and (named or sheet):
        raise click.UsageError("--class says which sheet and numbers it is; leave out the other options of these")
    if blank is not None:
        _blank_answers(blank, options, folder, secret_file, formats if _typed({"formats"}) else ("json",), out)
        return
    how: dict[str, Any] = {
        "class_folder": folder, "secret": read_secret(secret_file) if secret_file is not None else None,
        "policy": Policy(follow, rounded, guard), "groups": groups, "history": history, "formats": formats,
        "report": report, "names": names, "jobs": jobs, "tell": _tell, "done": _say,
    }  # fmt: skip
    if (folder is not None and is_of_paper(Path(folder))) or (sheet is not None and _is_paper(sheet)):
        if unfit := _typed({"points_file", "overrides"}):
            raise click.UsageError(
                f"{unfit[0]} is of one sheet, and a paper says its points itself; mark a sheet of it alone for that"
            )
        _mark_paper(answers, sheet, options, out or "output", **how)
        return
    made = marking.mark(
        answers, sheet, options if named else None, out or "output", points=points_file, overrides=overrides, **how
    )
    if made.absent:
        _tell(f"nothing from {len(made.absent)} of the class: {', '.join(s.whose for s in made.absent[:10])}")
    for line in made.unmarked:
        _tell(f"not marked: {line}")
    _tell(f"wrote {made.folder}: {len(made.points)} marked" + f", {len(made.unmarked)} not" * bool(made.unmarked))
    click.get_current_context().exit(int(bool(made.unmarked)))


def _mark_paper(answers: Sequence[str], file: str | None, options: Options, out: str, **how: Any) -> None:
    """Mark answers to a paper, and say what was written."""
    from byhand.marking.papers import mark_paper
    from byhand.paper import read_paper

    paper = read_paper(file) if file is not None else None
    made = mark_paper(answers, paper, options, out, **how)
    for sheet, each in made.sheets.items():
        for line in each.unmarked:
            _tell(f"{sheet}: not marked: {line}")
    _tell(f"wrote {made.folder}: {made.students} marked on {', '.join(made.sheets)}")
    click.get_current_context().exit(int(any(each.unmarked for each in made.sheets.values())))


def _typed(names: Container[str]) -> list[str]:
    """The options of the command that were typed, as one types them, of those with these names."""
    ctx = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    return [p.opts[0] for p in ctx.command.params if p.name in names and ctx.get_parameter_source(p.name) == typed]


def _blank_answers(
    name: str, options: Options, folder: str | None, secret_file: str | None, formats: Sequence[str], out: str | None
) -> None:
    """Write answers to fill in, to a file or to standard output; of a paper, a file for each sheet to a folder."""
    from pathlib import Path

    from byhand.classroom.again import is_of_paper
    from byhand.files import write
    from byhand.marking.blank import FORMATS, BlankAnswers, blanks_of_class
    from byhand.paper import read_paper
    from byhand.secret import read_secret
    from byhand.worksheet.sheet import load_sheet

    if len(formats) > 1 or formats[0] not in FORMATS:
        raise click.UsageError(f"--blank writes one format, {' or '.join(FORMATS)}, and not {', '.join(formats)}")
    if folder is not None:
        secret = read_secret(secret_file) if secret_file is not None else None
        blanks = blanks_of_class(Path(folder), read_paper(name) if _is_paper(name) else name, secret)
    elif secret_file is not None:
        raise click.UsageError("--secret is of a class; give its folder with --class, too")
    elif not name:
        raise click.UsageError("name the sheet or the paper, or give the folder of a class with --class")
    elif _is_paper(name):
        parts = read_paper(name).parts
        blanks = [
            BlankAnswers.of_sheet(load_sheet(part.sheet, options.language), part.options(options)) for part in parts
        ]
    else:
        blanks = [BlankAnswers.of_sheet(load_sheet(name, options.language), options)]
    if _is_paper(name) or (not name and is_of_paper(Path(folder or ""))):
        files = {f"{each.sheet}.{formats[0]}": each.written(formats[0]) for each in blanks}
        _say(*write(Path(out or "output"), files))
    elif out is None:
        _print_data(blanks[0].written(formats[0]).decode())
    else:
        _write(out, blanks[0].written(formats[0]))


@main.command()
def formats() -> None:
    """What a sheet can be written as, and what has to be installed for it."""
    from byhand.errors import ExtraError
    from byhand.formats import known, names

    rows = []
    for name in names():
        try:
            kind = known(name)
            wanted = f"; needs {', '.join(kind.missing)}: {kind.help}" if kind.missing else ""
            rows.append((name, ", ".join(kind.files), kind.about + wanted))
        except ExtraError as error:  # another package's, which is broken
            rows.append((name, "", str(error)))
    names_wide, files_wide = (max(len(row[n]) for row in rows) for n in (0, 1))
    for name, file, about in rows:
        _say(f"{name:{names_wide}}  {file:{files_wide}}  {about}")


@main.command()
@click.option("--clear", is_flag=True, help="Delete all that is kept.")
def cache(clear: bool) -> None:
    """Where what was made before is kept, and how much of it there is."""
    from byhand import cache as room

    if clear:
        room.clear()
    kept = {kind: (len(sizes), sum(sizes)) for kind, sizes in room.kept().items()}
    kept["in all"] = (sum(count for count, _ in kept.values()), sum(size for _, size in kept.values()))
    _say(room.home())
    for kind, (count, size) in kept.items():
        _say(f"{kind:10}  {count:4} file{'s' if count != 1 else ' '}  {size / 1e6:6.1f} MB")
    for folder in room.not_own():
        _tell(f"{folder} is not used: it is another user's, or others may write to it; mend that, or remove it")


@main.command()
def doctor() -> None:
    """What byhand needs on this machine: what is there, what is missing, and the command that mends it."""
    from byhand.doctor import examined

    found = [*examined()]
    width = max(len(each.about) for each in found)
    for each in found:
        _say(f"{each.about:{width}}  {each.found}", *[f"{'':{width}}  → {each.mend}"] * bool(each.mend))
    if lacking := [each.about for each in found if each.needed and each.mend]:
        _tell(f"worksheets cannot be printed here without {' and '.join(lacking)}")
        click.get_current_context().exit(1)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens; a department's, 0.0.0.0.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, show_default="any free one", help="At which port it listens."
)
@click.option("--folder", type=click.Path(), help="Where papers are kept; byhand in your documents by default.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Whether a browser is opened.")
@click.option("--add-user", metavar="NAME", help="Make a user of a department's studio, and print their token once.")
def studio(host: str, port: int, folder: str | None, browser: bool, add_user: str | None) -> None:
    """A page in your browser on which papers are put together, printed for a class, and marked.

    Nothing leaves this computer. For a department, make users with --add-user, and put it behind a proxy with TLS.
    """
    import webbrowser
    from pathlib import Path

    from platformdirs import user_documents_path

    from byhand.studio import settings as rooms
    from byhand.studio.serve import serve

    place = Path(folder) if folder is not None else user_documents_path() / "byhand"
    if add_user is not None:
        token = rooms.add_user(place, add_user)
        _tell(f"the token of {add_user}, which is told only once:")
        _say(token)
        return

    def ready(settings: rooms.Settings) -> None:
        _tell(f"papers are in {place}; Ctrl-C ends the studio")
        _say(settings.printed_address if settings.local else f"{settings.host}:{settings.port}")
        if browser and settings.local:
            webbrowser.open(settings.opened_address)

    serve(rooms.settings_of(place.absolute(), host, port), ready)


@main.command()
def foils() -> None:
    """The classic mistakes that a sheet's numbers tell apart, and how to mend each."""
    from byhand.loading import load_lessons
    from byhand.mistakes import MISTAKES
    from byhand.worksheet.messages import messages

    load_lessons()
    english, width = messages(), max(map(len, MISTAKES))
    for name in MISTAKES:
        told, mend = english.mistake(name, "told"), english.mistake(name, "mend")
        _say(f"{name:{width}}  {told}", f"{'':{width}}  → {mend}")


@main.command()
@click.argument("model", shell_complete=_completed(_model_names))
@_values(required=True)
@_round_weights
@click.option(
    "--numbers", type=click.Choice(["exact", "float", "decimal"]), default="exact", show_default=True,
    help="Exact fractions, float64, or classroom decimals.",
)  # fmt: skip
@_places
@_rounding
@click.option(
    "--backward", is_flag=True,
    help="Go on with the gradients of the loss, which needs a target in the values file, or an upstream gradient.",
)  # fmt: skip
@click.option(
    "--loss", type=click.Choice(["last", "all"]),
    help="Whether the loss is that of the last token, or the mean of all; else the target says it.",
)  # fmt: skip
@click.option("--json", "json_file", help="Write run.json to a file, or to - for standard output.")
@click.option("--onnx", "onnx_file", type=click.Path(), help="Write the run as an ONNX graph, each step an output.")
def run(
    model: str, values_files: tuple[str, ...], weight_places: int | None, numbers: str, places: int | None,
    rounding: Any, backward: bool, loss: Any, json_file: str | None, onnx_file: str | None,
) -> None:  # fmt: skip
    """Run a model on your own numbers and print every step."""
    from byhand.own_numbers import load_values, run_values
    from byhand.record import as_table, as_text

    values = load_values(*values_files)
    made = run_values(model, values, numbers, places or 2, rounding, weight_places, _tell, backward, loss)
    if onnx_file:
        from byhand.formats.onnx import as_bytes

        _write(onnx_file, as_bytes(made), err=json_file == "-")
    if json_file == "-":
        _print_data(as_text(made))
    elif json_file:
        _write(json_file, as_text(made).encode())
    elif not onnx_file:
        _say(*as_table(made).split("\n"))


class Verifying(click.Command):
    """Its help ends with what a file can be found to be, and the exit code of each."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from byhand.reading.verdict import Finding

        with formatter.section("A file is found to be, from the best to the worst, which decides the exit code"):
            formatter.write_dl([(f"{each.word} (exit {each.code})", each.meaning) for each in Finding])


@main.command(cls=Verifying)
@click.argument("paths", nargs=-1, required=True, metavar="FILE|FOLDER …", type=click.Path())
@click.option("--onnx", is_flag=True, help="Let ONNX's reference implementation judge the numbers, too.")
@click.option("--secret", "secret_file", type=click.Path(), metavar="FILE", help="The secret of the class.")
@_jobs
def verify(paths: tuple[str, ...], onnx: bool, jobs: int, secret_file: str | None) -> None:
    """Check worksheets, keys and worked files, HTML or PDF, as printed, and run.json: each number of them.

    Of a folder, such as a class's, all files in it are checked, and only those that are not right are named.
    """
    from pathlib import Path

    from byhand.reading.verdict import Finding, counted, worst
    from byhand.reading.verify import report
    from byhand.secret import read_secret

    secret = read_secret(secret_file) if secret_file is not None else None
    findings = list[Finding]()  # of each file, and the worst of each folder
    given = [Path(path) for path in paths]
    for folder in filter(Path.is_dir, given):
        from collections import Counter

        from byhand.reading.many import files_in, findings_of

        counts, (files, others) = Counter[Finding](), files_in(folder)
        quiet = not sys.stderr.isatty()
        with click.progressbar(length=len(files), label=folder.name, file=sys.stderr, hidden=quiet) as bar:
            for tally in findings_of(files, jobs, onnx, secret):
                bar.update(tally.findings.total())
                counts += tally.findings
                for page, line in tally.lines:
                    _say(f"{page}: {line}")
        passed = f"; passed over: {', '.join(others)}" if others else ""
        _say(f"{folder}: {len(files):,} files, {counted(counts)}{passed}")
        findings.append(worst(counts))
    for file in given:
        if file.is_dir():
            continue
        lines, finding = report(file, onnx=onnx, secret=secret)
        _say(f"{file}: {lines[0]}", *(f"  {line}" for line in lines[1:]), err=finding is Finding.UNREADABLE)
        findings.append(finding)
    click.get_current_context().exit(worst(findings).code)


def _trust(ctx: click.Context, param: click.Parameter, folders: tuple[str, ...]) -> None:
    """Let the Python of the lessons in these folders run."""
    if folders:
        from pathlib import Path

        from byhand.loading import trust

        trust(*map(Path, folders))


for _each in main.commands.values():
    _of_all = click.Option(
        ["--trust"], multiple=True, metavar="FOLDER", type=click.Path(exists=True, file_okay=False), is_eager=True,
        expose_value=False, callback=_trust, help="A folder of your own: run the Python of its lessons.",
    )  # fmt: skip
    _each.params.append(_of_all)


if __name__ == "__main__":
    main()
