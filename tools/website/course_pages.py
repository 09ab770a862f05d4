"""The pages of the course: one for each sheet and its files, one for each group, one for the routes; and the gallery.

What they say of a sheet, the sheet says: its front matter, its document, and the lecturer's half page. What else its
idea is called stands in docs/names.toml.
"""

from __future__ import annotations

import io
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path

import pypdfium2
from msgspec import Struct

from byhand import Options, generate
from byhand.course import course
from byhand.formats.extra import files_of as files_beside
from byhand.formats.html.page import prose
from byhand.formats.written.inline import line
from byhand.formats.written.linear import MARKS
from byhand.formats.written.markdown import escaped
from byhand.page.page import Page, lower
from byhand.page.parts import Heading, Part, Pencil, Text, Words, are_paragraphs
from byhand.pipeline import prepare
from byhand.worksheet.document import Document
from byhand.worksheet.front import EXTRA_PAGES, OF_THREAD
from byhand.worksheet.half_page import half_page
from byhand.worksheet.lecturer import routes_told
from byhand.worksheet.messages import messages
from byhand.worksheet.order import groups, order
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.thread import thread

NAMES = "names.toml"
SEED = 0  # each sheet's own numbers
ANOTHER = 7  # a seed for the command that makes it with new ones
CARD, WHOLE = 480, 900  # px: the width of a picture on a card, where it is 240 px wide, and on the sheet's own page
FILES = (  # what a sheet's page leads to
    ("worksheet.pdf", "Worksheet", "to print"),
    ("key.pdf", "Key", "to print"),
    ("lecturer.pdf", "Half a page for you", "what to ask, what to skip, a sketch for the board"),
)
say = messages().say


class Made(Struct, frozen=True):
    """What is made of the course."""

    pages: tuple[str, ...]
    """The pages that stand in the table of contents, each of which leads to others."""
    gallery: str
    """All sheets as cards, group by group, as Markdown."""


class SheetOfSite(Struct, frozen=True, dict=True):
    """A sheet as the site shows it."""

    name: str
    page: Page
    also: tuple[str, ...]
    """What else its idea is called."""

    @property
    def document(self) -> Document:
        return self.page.document

    @property
    def files(self) -> str:
        """The folder of its files."""
        return f"{self.name}-seed{SEED}"

    @property
    def command(self) -> str:
        """The command that makes it with new numbers."""
        stem = self.name.removeprefix(OF_THREAD)
        return f"byhand generate {stem}{' --thread' * (stem != self.name)} --seed {ANOTHER}"

    @cached_property
    def teaches(self) -> str:
        """What it teaches, as plain text."""
        return line(self.document.goal, MARKS)

    @property
    def called(self) -> str:
        """Its number and its title."""
        return f"{self.document.bead or self.document.number} {self.document.title}"


def write_course(source: Path, made: Path, names: Sequence[str] = ()) -> Made:
    """Write the pages of these sheets, or of all, into `source`, and their files into `made`.

    Raises: UnknownNameError.
    """
    for name in names:
        load_sheet(name)
    by_group = {group: list(sheets) for group, sheets in groups().items()} | {"thread": list(thread().sheets)}
    by_group = {
        group: kept for group, sheets in by_group.items() if (kept := [s for s in sheets if not names or s in names])
    }
    (source / "course").mkdir()
    also = tomllib.loads((source / NAMES).read_text(encoding="utf-8"))
    if wrong := sorted(also.keys() ^ {*order()}):
        sys.exit(f"docs/{NAMES}: a line for each sheet of the course and for no other; look at {', '.join(wrong)}")
    sheets = {name: _sheet(name, made, also.get(name, ())) for kept in by_group.values() for name in kept}
    ways = _ways(sheets)
    for sheet in sheets.values():
        _write(source, f"course/{sheet.name}", _page_of(sheet, sheets, ways))
    for group, kept in by_group.items():
        cards = _cards(_card(sheets[name], "", "../") for name in kept)
        listed = "\n".join(["```{toctree}", ":hidden:", "", *kept, "```"])
        parts = (f"# {_title(group)}", ABOUT.get(group, ""), cards, listed)
        _write(source, f"course/group-{group}", "\n\n".join(parts) + "\n")
    pages = [f"course/group-{group}" for group in by_group]
    if routes := _routes(sheets):
        _write(source, "course/routes", routes)
        pages.insert(0, "course/routes")
    if not names:
        _write(source, "course/beside", _beside(made))
        pages.append("course/beside")
    shown = (_of_group(group, [sheets[name] for name in kept]) for group, kept in by_group.items())
    return Made(tuple(pages), "\n\n".join(shown))


ABOUT = {
    "thread": f"One small GPT reads “{' '.join(thread().words(SEED))}” and is cut into {len(thread().sheets)} "
    "sheets. Each prints what the sheets before it have found, and says where. Give them one after the other.",
    "family": "What others have changed in the transformer since 2017, one idea a sheet.",
    "training": "The way back: from a wrong answer to what each weight can do about it.",
}


def _title(group: str) -> str:
    return "The thread" if group == "thread" else say(f"course.groups.{group}")


def _sheet(name: str, made: Path, also: Sequence[str]) -> SheetOfSite:
    """A sheet whose files and pictures have been written."""
    views = ("worksheet", "key", "lecturer")
    folder = made / "sheets"
    generate(name, Options(seed=SEED, formats=("html",), views=("worksheet",)), folder)
    generate(name, Options(seed=SEED, formats=("pdf",), views=views), folder)
    sheet = SheetOfSite(name, lower(*prepare(load_sheet(name), Options(seed=SEED))), tuple(also))
    _draw(folder / sheet.files / "worksheet.pdf", folder / sheet.files)
    return sheet


def _draw(pdf: Path, folder: Path) -> None:
    """The first page of a PDF as two pictures. Lossless, as few greys and a blue are enough for ink on paper."""
    page = pypdfium2.PdfDocument(pdf)[0]
    for name, width in (("card", CARD), ("page", WHOLE)):
        picture = page.render(scale=width / page.get_width()).to_pil().convert("RGB")
        content = io.BytesIO()
        picture.quantize(16).convert("RGB").save(content, "WEBP", lossless=True, method=6)
        (folder / f"{name}.webp").write_bytes(content.getvalue())


def _write(source: Path, name: str, text: str) -> None:
    (source / f"{name}.md").write_text(text, encoding="utf-8")


def _html(words: Words) -> str:
    """Words of a sheet as HTML paragraphs, without empty lines, at which Markdown would end them."""
    made = escape(words) if isinstance(words, str) else str(prose(words, tied=False))
    made = made if not isinstance(words, str) and are_paragraphs(words) else f"<p>{made}</p>"
    return "\n".join(filter(None, made.split("\n")))


def _cards(cards: Iterator[str]) -> str:
    return "\n".join(['<ul class="cards">', *cards, "</ul>"])


def _card(sheet: SheetOfSite, course: str, site: str) -> str:
    """A sheet as a card. course, site: where the course's pages, and the site, are from the page that it is on."""
    document = sheet.document
    alt = escape(f"First page of the sheet {document.title}")
    return (
        f'<li><a href="{course}{sheet.name}.html">'
        f'<img src="{site}sheets/{sheet.files}/card.webp" alt="{alt}" width="240" height="340" loading="lazy">'
        f"<strong>{escape(sheet.called)}</strong></a>"
        f'<span class="teaches">{escape(sheet.teaches)}</span> <span class="time">{escape(document.time)}</span></li>'
    )


def _of_group(group: str, sheets: Sequence[SheetOfSite]) -> str:
    """A group on the front page."""
    cards = _cards(_card(sheet, "course/", "") for sheet in sheets)
    return f"## [{_title(group)}](course/group-{group}.md)\n\n{ABOUT.get(group, '')}\n\n{cards}"


def _page_of(sheet: SheetOfSite, sheets: Mapping[str, SheetOfSite], ways: Mapping[str, Sequence[str]]) -> str:
    """The page of a sheet."""
    document, files = sheet.document, f"../sheets/{sheet.files}/"
    alt = f"The first page of the worksheet “{document.title}”. {sheet.teaches}"
    parts = [
        *(f"```{{index}} !single: {name}\n```" for name in sheet.also),
        f"# {escaped(sheet.called)}",
        '<div class="riddle">' + _html(document.riddle or document.goal) + "</div>",
        *([_html(document.goal)] if document.riddle else []),
        f'<div class="sheet"><a class="first" href="{files}worksheet.html">'
        f'<img src="{files}page.webp" alt="{escape(alt)}" width="500" height="707"></a><div class="facts">',
        f'<p><a class="try" href="{files}worksheet.html">Try it on this screen</a></p>',
        "<ul>",
        *(f'<li><a href="{files}{file}">{name} (PDF)</a>, {what}</li>' for file, name, what in FILES),
        "</ul>",
        *(f"<p>{fact}</p>" for fact in _facts(sheet, sheets, ways)),
        "</div></div>",
        "\n".join(["With new numbers, as hard as these:", "", "```", sheet.command, "```"]),
    ]
    if document.objectives:
        goals = "\n".join(f"<li>{_html(words)}</li>" for words in document.objectives)
        parts.append(f"## Who has done it can\n\n<ul>\n{goals}\n</ul>")
    parts += ["## For the lecturer", *_for_lecturer(document), "## Step by step", *_steps(sheet.page)]
    if document.origin:
        parts += ["## Where the idea comes from", _html(document.origin)]
    return "\n\n".join(parts) + "\n"


def _facts(sheet: SheetOfSite, sheets: Mapping[str, SheetOfSite], ways: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """How long it takes, and where it is in the course, as HTML."""

    def linked(names: Sequence[str], called: Sequence[str]) -> str:
        return ", ".join(
            f'<a href="{name}.html">{escape(said)}</a>' if name in sheets else escape(said)
            for name, said in zip(names, called, strict=True)
        )

    document = sheet.document
    before, after = document.before, document.after
    yield f"<b>Time</b> {escape(document.time)}"
    if before:
        yield f"<b>Before it</b> {linked([each.name for each in before], [each.called for each in before])}"
    if after:
        yield f"<b>After it</b> {linked([each.name for each in after], [each.called for each in after])}"
    if told := ways.get(sheet.name):
        yield f"<b>Routes</b> {', '.join(told)}"
    if sheet.also:
        yield f"<b>Also called</b> {escape(', '.join(sheet.also))}"


def _for_lecturer(document: Document) -> Iterator[str]:
    """What its half page says, up to the sketch for the board."""
    half = half_page(document)
    for kind, words in half.parts:
        if words == half.heads["board"]:
            return
        if kind == "heading":
            yield f"**{escaped(str(words))}**"
        elif kind != "title":
            yield _html(words)


def _steps(page: Page) -> Iterator[str]:
    """What its steps tell and ask in words, each under its title: by these the search finds the sheet."""
    for section in page.sections:
        parts = [*section.in_view("worksheet")]
        (heading,) = (part for part in parts if isinstance(part, Heading))
        number = f"{heading.number} " * bool(heading.number)
        yield f"### {escaped(number + line(heading.words, MARKS))}"
        yield from (_html(words) for part in parts if (words := _told(part)))


def _told(part: Part) -> Words:
    """What a part tells or asks in words, without hints and checks, which need the numbers beside them."""
    if isinstance(part, Pencil) or (isinstance(part, Text) and not part.lead and not isinstance(part.words, str)):
        return part.words
    return ""


def _ways(sheets: Mapping[str, SheetOfSite]) -> dict[str, list[str]]:
    """For each sheet, in which sittings of which routes it is, as links."""
    ways: dict[str, list[str]] = {}
    for told in routes_told(_minutes(sheets), messages()):
        for name in told.route.names:
            places = " and ".join(map(str, told.route.places(name)))
            link = f'<a href="routes.html#{told.route.name}">{escape(told.name)}</a>'
            ways.setdefault(name, []).append(f"{link} ({places})")
    return ways


def _minutes(sheets: Mapping[str, SheetOfSite]) -> dict[str, int]:
    return {each.name: each.minutes for each in course() if each.name in sheets}


def _routes(sheets: Mapping[str, SheetOfSite]) -> str:
    """The page of the routes; "" where no route has all of its sheets here."""
    told = routes_told(_minutes(sheets), messages())
    if not told:
        return ""
    parts = ["# Ways through the course", "What to give when, for an afternoon, a week, a term or an exam."]
    for way in told:
        parts += [f"({way.route.name})=\n## {way.name}", f"{way.time[:1].upper()}{way.time[1:]}. {way.about}"]
        rows = [
            f"| {n} | {minutes} | {', '.join(f'[{escaped(sheets[name].called)}]({name}.md)' for name in names)} |"
            for n, (names, minutes) in enumerate(zip(way.route.sittings, way.minutes, strict=True), 1)
        ]
        parts.append("\n".join(["| | minutes | sheets |", "|--:|--:|---|", *rows]))
    return "\n\n".join(parts) + "\n"


BESIDE = {
    "family-poster": ("The poster of the family", "A row for each sheet of the family, to fill in, and its key."),
    "cut-outs": ("Things to cut out", "A ruler, a card and a dial, for three of the sheets."),
}


def _beside(made: Path) -> str:
    """The page of what is printed beside the sheets; its files are written into `made`."""
    parts = ["# Beside the sheets"]
    for name in EXTRA_PAGES:
        title, about = BESIDE[name]
        folder = made / "sheets" / name
        folder.mkdir()
        files = files_beside(name, None, ("pdf",), "a4", "en")
        for file, content in files.items():
            (folder / file).write_bytes(content)
        first, *_ = files
        _draw(folder / first, folder)
        links = ", ".join(f'<a href="../sheets/{name}/{file}">{file}</a>' for file in files)
        parts += [
            f"## {title}",
            about,
            f'<p><img class="alone" src="../sheets/{name}/page.webp" alt="First page of: {title}" width="500"></p>',
            f"<p>{links}</p>",
            f"```\nbyhand generate {name}\n```",
        ]
    return "\n\n".join(parts) + "\n"
