"""A paper: sheets of the course, or some of their steps, with points and texts of one's own, as a small file says.

exam.toml → ExamPaper → for each sheet what is taken of it → pages → one file for the printer, with a cover
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from byhand import __version__
from byhand.errors import ConfigError, UnknownNameError
from byhand.files import write
from byhand.formats import asked, ready
from byhand.notation.words import escaped, unprintable
from byhand.options import Options, Tell, unheard
from byhand.options_file import as_entries
from byhand.page.page import Page, lower
from byhand.pipeline import prepare
from byhand.tape import ancestors
from byhand.worksheet.asked import as_word
from byhand.worksheet.cover import Cover
from byhand.worksheet.document import Answer, Document, Sentence, steps_shown
from byhand.worksheet.excerpt import HEAD, TOGETHER, Excerpt, HeadPart
from byhand.worksheet.front import all_files
from byhand.worksheet.markdown import paragraphs
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.taken import draws
from byhand.worksheet.views import Level

ENDING = ".toml"
HOLDS = "paper"  # what a file of its says that it has
LARGEST = 20_000  # bytes of a file
MOST_SHEETS = 50
LONGEST_LINE = 120  # characters of a title
Order = Literal["fixed", "shuffled"]
Points = int | float | str

EXAMPLE = '''\
# A paper: sheets, or some of their steps, for one occasion.
#
#   byhand paper check {name}            what is in it: steps, minutes, pages, points
#   byhand generate {name} --seed 7      worksheet and key, and every other format
#   byhand class {name} --roster names.csv

title = "Attention, by hand"
course = "Neural networks"
date = "12 January"
time = 45                # minutes that students have; the cover says it
order = "fixed"          # or "shuffled": each student of a class has the sheets in another order
cover = true             # the conventions stand there once; without a cover, on each sheet
head = ["riddle"]        # what each sheet has: "riddle", "minutes", "date", "map", "conventions", "before", "goals"
help = true              # false: without hints, checks, guesses, riddles and minutes, as in an exam
text = """
Write your name on every sheet. **No** calculator is needed.
"""

[[parts]]
sheet = "softmax"        # `byhand list` has all names
steps = "1-3, 5"         # numbers and ranges, or titles; leave it out for the whole sheet
points = 8               # for all of these steps, which share them by the work in them

[[parts]]                # a text of your own stands above the sheet that follows
text = "The next sheet has the words that you know from the lecture."

[[parts]]
sheet = "attention-head"
steps = ["Scores", "Scale", "Softmax", "Mixture"]
points = {{ Scores = 4, Scale = 1, Softmax = 4, Mixture = 3.5 }}
lines = 1                # one more line to write on in each step
level = "easy"           # or "standard", "stretch"
'''


class PaperPart(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An entry of a file: a sheet, or a text."""

    sheet: str = ""
    steps: str | list[int | str] = ""
    points: Points | dict[str, Points] | None = None
    lines: int = 0
    level: Level | None = None
    text: str = ""


class PaperFile(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a file says."""

    title: str
    parts: list[PaperPart] = []
    course: str = ""
    date: str = ""
    time: int = 0
    order: Order = "fixed"
    cover: bool = True
    head: list[HeadPart] | None = None
    help: bool = True
    text: str = ""


class Part(Struct, frozen=True):
    """A sheet of a paper."""

    sheet: str
    excerpt: Excerpt
    level: Level | None = None

    def options(self, options: Options) -> Options:
        """The options of the whole paper for this sheet."""
        return replace(options, excerpt=self.excerpt, level=self.level or options.level)


class ExamPaper(Struct, frozen=True):
    """Sheets for one occasion."""

    name: str
    """That of its file, without its ending."""
    title: str
    parts: tuple[Part, ...]
    course: str = ""
    date: str = ""
    time: int = 0
    """The minutes that students have; 0 where nobody says it."""
    order: Order = "fixed"
    cover: bool = True
    text: str = ""
    """What stands on the cover, in Markdown."""
    source: str = ""
    """The file's text."""

    def of_pages(self, pages: Sequence[Page], options: Options) -> Cover:
        """What its cover says of these pages, its sheets in their order."""
        sheets = tuple(page.document for page in pages)
        return Cover(
            self.title, self.course, self.date, self.time, paragraphs(self.text), sheets,
            messages(options.language), options.printed_seed, self.name, self.said(options), self.cover,
        )  # fmt: skip

    def said(self, options: Options) -> dict[str, str]:
        """What its files say of themselves: the file and the options of which they are made, as words.

        They do not say what answers or numbers somebody brought.
        """
        told = {name: entry for name, entry in as_entries(options).items() if name not in ("answer", "values")}
        own = options.answer or options.values is not None
        return {
            "holds": HOLDS, "version": __version__, "name": as_word(self.name), "file": as_word(self.source),
            "options": as_word(msgspec.json.encode(told).decode()), "seed": options.printed_seed,
            "own": "yes" if own else "no",
        }  # fmt: skip


def read_paper(path: Path | str) -> ExamPaper:
    """The paper that a file says.

    Raises: ConfigError for a file that is none, or says what no paper can have.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path} has over {LARGEST:,} bytes; a paper has a few lines")
        source = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}; byhand paper new {path} writes an example") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no text in UTF-8") from None
    try:
        return paper_of(path.stem, source)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def paper_of(name: str, source: str) -> ExamPaper:
    """The paper that a file's text says. name: that of the file, without its ending.

    Raises: ConfigError.
    """
    return _paper(name, said_by(source), source)


def said_by(source: str) -> PaperFile:
    """What a file's text says, which need not make a paper yet.

    Raises: ConfigError where it is no text of such a file.
    """
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(source), PaperFile)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"it is no TOML: {escaped(str(error))}") from None
    except msgspec.ValidationError as error:
        raise ConfigError(_told(error)) from None


def as_source(said: PaperFile) -> str:
    """A file's text. It needs the extra `studio`, which brings what writes TOML."""
    import tomli_w

    entries = msgspec.to_builtins(said)
    parts = [tomli_w.dumps(part, multiline_strings=True) for part in entries.pop("parts", [])]
    parts = [f"\n[[parts]]\n{part}".replace("\n[points]\n", "\n[parts.points]\n") for part in parts]
    return "".join([tomli_w.dumps(entries, multiline_strings=True), *parts])


def _told(error: msgspec.ValidationError) -> str:
    """What is wrong in a file, as its reader would say it: not `$.parts[0]`, but part 1."""
    import re

    what, _, where = str(error).partition(" - at `$")
    inside = re.sub(r"\.?parts\[(\d+)\]\.?", lambda match: f"part {int(match[1]) + 1}, ", where.rstrip("`"))
    inside = inside.strip(" .,")
    return f"{inside}: {what}" if inside else what


def _paper(name: str, said: PaperFile, source: str) -> ExamPaper:
    for what, line in (("title", said.title), ("course", said.course), ("date", said.date)):
        if len(line) > LONGEST_LINE or "\n" in line or unprintable(line):
            raise ConfigError(f"{what} is one line of up to {LONGEST_LINE} characters that can be printed")
    if not said.title.strip():
        raise ConfigError("a paper has a title")
    if said.time < 0:
        raise ConfigError(f"time = {said.time}; give minutes, or leave it out")
    head = _usual_head(said) if said.head is None else tuple(said.head)
    parts = tuple(_parts(said.parts, head, said.help))
    if not parts:
        raise ConfigError('it names no sheet; begin one with [[parts]] and sheet = "softmax"')
    if len(parts) > MOST_SHEETS:
        raise ConfigError(f"it has {len(parts)} sheets; {MOST_SHEETS} are the most")
    names = [part.sheet for part in parts]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ConfigError(f"{twice} is in it twice, and would have the same numbers; put its steps into one part")
    paragraphs(said.text)
    return ExamPaper(
        name, said.title, parts, said.course, said.date, said.time, said.order, said.cover, said.text, source
    )


def _usual_head(said: PaperFile) -> Sequence[HeadPart]:
    """What each sheet has in its head where the file does not say it. In an exam, nothing that helps or hurries."""
    lesson: list[HeadPart] = ["riddle", "minutes"] if said.help else []
    date: list[HeadPart] = [] if said.cover and said.date else ["date"]
    return lesson + date + ([] if said.cover else ["conventions"])


def _parts(said: Sequence[PaperPart], head: Sequence[str], help: bool) -> Iterator[Part]:
    """The sheets of a paper; texts between them go with the sheet that follows, and the last with the last sheet.

    Raises: ConfigError.
    """
    parts, texts = list[Part](), list[str]()
    for number, each in enumerate(said, 1):
        if bool(each.sheet) == bool(each.text):
            raise ConfigError(f"part {number} has either a sheet or a text")
        if each.text:
            texts.append(each.text)
            continue
        if each.sheet not in all_files("en"):
            raise ConfigError(f"part {number}: {UnknownNameError('sheet', each.sheet, all_files('en'))}")
        try:
            excerpt = Excerpt(_steps(each.steps), _points(each.points), each.lines, "\n\n".join(texts), "",
                              tuple(part for part in HEAD if part in head), help)  # fmt: skip
        except ConfigError as error:
            raise ConfigError(f"part {number}, {each.sheet}: {error}") from None
        parts.append(Part(each.sheet, excerpt, each.level))
        texts = []
    if texts and parts:
        parts[-1] = replace(parts[-1], excerpt=replace(parts[-1].excerpt, after="\n\n".join(texts)))
    yield from parts


def _steps(said: str | list[int | str]) -> tuple[str, ...]:
    listed = said.split(",") if isinstance(said, str) else said
    return tuple(text for each in listed if (text := str(each).strip()))


def _points(said: Points | Mapping[str, Points] | None) -> dict[str, str]:
    if said is None:
        return {}
    return {step: f"{worth}" for step, worth in (said if isinstance(said, Mapping) else {TOGETHER: said}).items()}


# pages and files


def pages_of(paper: ExamPaper, options: Options, tell: Tell = unheard) -> list[Page]:
    """The pages of its sheets, in their order.

    Raises: ByHandError, which says of which sheet.
    """
    return [lower(*prepare(load_sheet(part.sheet, options.language), part.options(options), tell))
            for part in paper.parts]  # fmt: skip


def generate(
    paper: ExamPaper, options: Options | None = None, out: Path | str = "output", tell: Tell = unheard
) -> list[Path]:
    """Write a paper into OUT/NAME-seedN: worksheet.pdf and key.pdf with a cover, and each sheet's other files.

    Raises: ByHandError; then nothing has been written.
    """
    options = options or Options()
    files = files_of(paper, pages_of(paper, options, tell), options)
    return write(Path(out) / f"{paper.name}-seed{options.chosen_seed}", files)


def files_of(paper: ExamPaper, pages: Sequence[Page], options: Options) -> dict[str, bytes]:
    """The contents of a paper's files, by their names."""
    files, cover = dict[str, bytes](), paper.of_pages(pages, options)
    for format in [ready(name, options.setup, options.views) for name in options.formats]:
        if format.paper:
            files |= format.paper(cover, pages, options.views, options.setup)
        else:
            files |= {
                f"{page.document.name}-{file}": make(page, view, options.setup)
                for page in pages
                for file, make, view in asked([format], options.views)
            }
    return files


def checked(paper: ExamPaper, options: Options) -> Iterator[str]:
    """What is in a paper, a line for each sheet, then for all of them; then what a lecturer may have forgotten.

    Raises: ByHandError where it cannot be made.
    """
    from byhand.formats.pdf import filled  # what draws pages is heavy
    from byhand.formats.pdf import paper as bound_pdfs

    pages = pages_of(paper, options)
    cover, setup = paper.of_pages(pages, options), options.setup
    width = max(len(part.sheet) for part in paper.parts)
    for page in pages:
        yield f"{page.document.name:{width}}  {_counted(page.document, filled(page, 'worksheet', setup))}"
    yield f"{'in all':{width}}  {_counted(cover, bound_pdfs(cover, pages, ('worksheet',), setup)['worksheet.pdf'])}"
    yield from missing(paper, pages)


def _counted(of: Document | Cover, pdf: bytes) -> str:
    """What a sheet, or all of them, ask for and are worth. pdf: the worksheet."""
    from byhand.press import length_of

    pages = length_of(pdf)
    told = f"{of.steps_to_do:3} steps  {of.minutes:4} minutes  {pages:3} page{'s' * (pages != 1)}"
    return f"{told}  {of.told_points}" if of.told_points else told


def missing(paper: ExamPaper, pages: Sequence[Page]) -> Iterator[str]:
    """What a lecturer may have forgotten, a line each."""
    with_points = [page for page in pages if page.document.points]
    if with_points and len(with_points) < len(pages):
        without = next(page.document.name for page in pages if not page.document.points)
        yield f"{without} has no points, and others have"
    minutes = sum(page.document.minutes for page in pages)
    if paper.time and minutes > paper.time:
        yield f"students have {paper.time} minutes, and it takes about {minutes}"
    for page in pages:
        document = page.document
        for section in document.sections if document.whole else ():
            asks = {reply.asker.kind for reply in section.replies}
            if asks & {Answer.kind, Sentence.kind} and not section.blanks and not section.figures:
                yield (
                    f"{document.name}: step {section.number}, “{section.title}”, asks in words, perhaps about "
                    f"what is left out; look at it"
                )
            elif draws(section, document.gone):
                yield (
                    f"{document.name}: the picture of step {section.number}, “{section.title}”, is drawn from what a "
                    f"step computes that is left out; look at it"
                )
        yield from _given_away(page)


def _given_away(page: Page) -> Iterator[str]:
    """Which steps print, since they are left out, what is computed of numbers that a student is to find."""
    document, asked = page.document, dict[str, int]()
    for section in document.sections:
        if section.number and not (section.blanks or section.replies):
            printed = steps_shown([section]) & document.gone
            if before := max((asked.get(step, 0) for step in ancestors(page.run.steps, *printed)), default=0):
                yield (
                    f"{document.name}: step {section.number}, “{section.title}”, is left out, and its numbers are "
                    f"printed for a later one; they may give away those of step {before}"
                )
        asked |= dict.fromkeys(section.asked, section.number)


def example(name: str) -> str:
    """A paper to begin with, with comments."""
    return EXAMPLE.format(name=name)
