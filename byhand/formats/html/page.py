"""Documents as HTML: the same page in two media, for the screen, and for print as WeasyPrint's input."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import Any
from urllib.parse import unquote

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, pass_context
from markupsafe import Markup, escape
from msgspec import Struct

from byhand import __version__
from byhand.errors import LimitError, SheetError
from byhand.fonts import fonts_of
from byhand.formats import Setup
from byhand.formats.html.looks import in_css, in_drawings, variables
from byhand.formats.html.marks import drawing, marks, radius
from byhand.formats.html.placed import Placing
from byhand.formats.html.table import labels, rows, tick
from byhand.notation.html import html, terms_html, value_html
from byhand.notation.inline import inline, source, spoken, tagged
from byhand.notation.marks import has_slots, texts_of
from byhand.notation.number import exact_text, plain
from byhand.notation.text import text, value_text
from byhand.notation.words import unprintable
from byhand.page import picture
from byhand.page.beside import beside
from byhand.page.delta_map import caption
from byhand.page.fields import Field, Thing, fields, nameless, numbered_fields, room
from byhand.page.grid import (
    PHONE_HEIGHTS,
    PHONE_LABEL_EM,
    PHONE_SMALL_LABEL_EM,
    PHONE_WIDTHS,
    Grid,
    ems,
)
from byhand.page.look import COLOURS_OF, LEAD
from byhand.page.measures import LARGE, PRINT, Measures
from byhand.page.page import Page, lower
from byhand.page.parts import are_paragraphs
from byhand.page.printed import PrintedFigure, PrintPage
from byhand.page.table import table
from byhand.pictures.labels import words
from byhand.tape import shape_text
from byhand.worksheet.asked import LEADS, as_word, as_words
from byhand.worksheet.document import Block, FirstCell, Guess, Lines, Working, plain_words
from byhand.worksheet.folders import folders
from byhand.worksheet.looks import look_of
from byhand.worksheet.markdown import inline as markdown_line
from byhand.worksheet.messages import Messages
from byhand.worksheet.sandbox import Sandbox, loader
from byhand.worksheet.views import Medium, Paper, View, in_one, shows_answers

# mm; the live area is the same on both papers, and so are the page breaks; later pages have a running line on top
PAPERS: dict[Paper, dict[str, Any]] = {
    "a4": {"size": "210mm 297mm", "side": 18.0, "top": 15.0, "later": 24.0, "bottom": 32.1, "foot": 10.1},
    "letter": {"size": "215.9mm 279.4mm", "side": 20.95, "top": 12.5, "later": 21.5, "bottom": 17.0, "foot": 0.0},
}
LARGE_PAPERS: dict[Paper, dict[str, Any]] = {  # the foot has two lines, and there is more room for a large head
    "a4": PAPERS["a4"] | {"later": 28.0, "bottom": 36.0, "foot": 0.0},
    "letter": PAPERS["letter"] | {"later": 24.0, "bottom": 32.0},
}
LARGE_NAME_LINE = 112.0  # mm
NAME_LINE, CODE_LEFT = 54.0, 117.0  # mm: the line for "Name" and the name; the left edge of a QR code
REASON_LEFT = 16.0  # mm: of the reason of a claim, after the word "because"
MEASURES = {
    "name_line": NAME_LINE, "code_left": CODE_LEFT, "reason": REASON_LEFT,
    "phone_widths": PHONE_WIDTHS, "phone_heights": PHONE_HEIGHTS,
    "phone_token": PHONE_LABEL_EM, "phone_label": PHONE_SMALL_LABEL_EM,
}  # fmt: skip
# what stands in a page with slots where its fonts come, and where it says what it was asked for
FONTS, ASKED = "/* the fonts */", "byhand: asked"
PAGE_BUDGET = (
    200_000_000  # characters that the rendering of a page may produce; the longest of the course takes 2 million
)
MOST_TAGS = 50_000  # of a page that is laid out; the longest of the course has 14,000
# the page's first words in its head, or before a template's own: it loads nothing from anywhere, and runs nothing but
# the scripts of a worksheet on a screen, by their hashes
DOCTYPE = "<!doctype html>"
POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; font-src data:; form-action 'none'; base-uri 'none'\">"
)
_BEGINNING = re.compile(DOCTYPE + r'\s*<html(?: lang="[\w-]*")?>\s*<head>')
# what means nothing in a style sheet: comments, blanks; no string that byhand writes there holds any
_COMMENT = re.compile(rf"(?!{re.escape(FONTS)})/\*.*?\*/", re.DOTALL)
_AROUND = re.compile(r"\s*([{};])\s*")
_SELECTORS = re.compile(r"[^{};@]+(?=\{)")
_BETWEEN = re.compile(r"\s*([,>])\s*")
_AFTER_NAME = re.compile(r"(?<=[{;])([-\w]+): ")
# the classes of what only some sheets hold, and which no script gives: a page without them leaves out their rules
RARE = (
    "answer", "boxes", "choice", "contrast", "delta", "gap", "guess", "midway", "of-thread", "origin", "own",
    "riddle", "sentence", "thread", "try",
)  # fmt: skip
_CLASSES = re.compile(r"""(?<= class=)(?:"[^"]*"|[^\s">]+)""")
_RULE = re.compile(r"(?<=[{}])([^{}@;]+)\{[^{}]*\}")
_OTHERS = re.compile(r":(?:is|not|has)\([^()]*\)")
_FIRST_SIGNS = re.compile(r"[.,:;?!)”’]*")  # that never begin a line
_LAST_WORD = re.compile(r"(?<=[^>\s]) (?=[^\s<>“”]+(?:</\w+>)*(?:</p>|$))")  # the blank before it; not in a quotation
_RANGE = re.compile(r"\d+–\d+")  # of steps, as 10–17
# what may lead a browser elsewhere in spite of the policy: a refresh, a connection in advance, another page within;
# a text has no "<", so these are elements wherever they stand
_LEAVING = re.compile(
    r'<(?:meta(?! charset="[\w-]+">| name="[\w-]+" content="[^"<>]*">)|link|base|i?frame)(?![\w-])[^>]{0,40}',
    re.IGNORECASE,
)
TITLE, TITLE_ROOM, SMALLEST_TITLE = 21.0, 86.5, 10.0  # pt, mm beside name and date, pt
PT = 25.4 / 72  # mm
LINE_EM = 2.963  # mm: worked lines at 8.4 pt
BEARINGS = 0.1  # em: beside the digits of a stacked fraction, which counts where a line has many
RESULT, LABEL = 6.0, 4.0  # mm: the least room for a result, and for what stands before a line
STAMPED = (
    "seed",
    "hash",
    "minutes",
    "student",
    "named",
    "moved",
    "own",
    "scan",
)  # of what a page prints, also in its metadata
LINE_ROOMS = ((3, 47.4), (2, 76.4))  # the number of tokens side by side, and the room for a line, in mm


class Script(Struct, frozen=True):
    """A script of a page."""

    text: str
    name: str = ""
    """The name by which a script reads the text, where the text is no script itself."""


class SideBySide(Struct, frozen=True):
    """Worked lines, laid out."""

    symbol: str
    """The name of their matrix, if there are several."""
    side: int
    """The number of tokens side by side."""
    tall: bool
    """Whether lines need more distance, for fractions."""
    label: float
    """The room for a label, in mm."""
    line: float
    """The room for a line, in mm; the result follows it."""
    tokens: tuple[Lines, ...]


@lru_cache(maxsize=2)  # a page, and the same with slots
def pages(page: Page) -> Pages:
    """A page as HTML, cached: what is said of it is the same for all views and media."""
    return Pages(page)


@cache
def _writers() -> Mapping[str, Callable[..., str]]:
    from byhand.formats.html.covered import pen_under
    from byhand.formats.html.sheet import sealed

    of_screen = pen_under, sealed, exact_text, unquote  # in what a script reads, the last of a student's name
    known = (value_html, value_text, plain, radius, *picture.WRITERS, *of_screen)
    return {write.__qualname__: write for write in known}


class Pages:
    """A page as HTML, in any view and medium."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.d = page.document
        # the worked first cells: the terms of their sums, as HTML
        self.first = {
            block: [Markup(term) for term in terms_html(page.worked_out(block.rule))]
            for block in self.d.blocks if isinstance(block, FirstCell)
        }  # fmt: skip

    def of(self, page: Page) -> Pages:
        """Another page."""
        return pages(page)

    @property
    def writers(self) -> Mapping[str, Callable[..., str]]:
        """What may write a text of a slot as a page is written, by the names under which pages are kept."""
        return _writers()

    def html(
        self, view: View, medium: Medium, paper: Paper = "a4", *, for_all: bool = False,
        leads: Mapping[str, str] | None = None, setup: Setup | None = None, placing: Placing | None = None,
    ) -> str:  # fmt: skip
        """The page in one view.

        leads: links to other sheets, by name, where these are beside the page.
        setup: whether the worksheet for a screen says what is right, and what it brings along.
        for_all: whether it is to be laid out for all runs, as it always is with slots. Then it does not say what it
        was asked for, and in print, worksheet and key are one page, that of the key.

        placing: takes the figures that the press draws, which do not stand there then.

        With slots, a page for the screen has ASKED and FONTS where it says what it was asked for and has its fonts.

        Raises: SheetError where a template does not parse; LimitError where a page for print is too large.
        """
        in_slots = has_slots(self.page.run.domain)
        shared = medium == "print" and self._is_shared(view, for_all)
        for_all = for_all or (in_slots and medium == "print")
        setup = setup or Setup()
        answers = medium == "screen" and view == "worksheet" and not for_all
        asked = "" if for_all else ASKED if in_slots else self.words(view, setup, leads or {})
        scripts = self.scripts(setup, leads or {}) if answers else ()
        view = "key" if shared else view
        page = rendered(
            "page.html", medium, paper, self.d.messages, shared=shared, d=self.d, view=view,
            shown=shows_answers(view),
            leads=leads or {}, map=placed_map(self.page, placing) if self.d.shows_map and not self.d.large else "",
            map_said=self.page.map_said, caption=self.caption, placing=placing,
            sections=self.page.sections,
            worked=self.worked,
            first=self.first, said=self.said, asked=asked, scripts=scripts, in_slots=in_slots and not for_all,
            forms=medium == "print" and (shared or view == "worksheet"), large=self.d.large,
            look=self.d.look,
        )  # fmt: skip
        count = page.count("<") + (placing.tags if placing else 0)
        if medium == "print" and count > MOST_TAGS:
            raise LimitError(
                f"{self.d.name} makes a page of {count:,} tags, and a PDF is laid out of {MOST_TAGS:,} at most; make "
                "it shorter, or use --format html"
            )
        return page

    def printed(self, view: View, paper: Paper = "a4", *, for_all: bool = False) -> PrintPage:
        """The page in print in one view, with its figures beside its HTML. for_all: as of `html`.

        Raises: as `html`.
        """
        is_shared = self._is_shared(view, for_all)
        placing = Placing(shared=is_shared)
        html = self.html(view, "print", paper, for_all=for_all, placing=placing)
        return PrintPage.of(html, placing.figures, self._views() if is_shared else ())

    @property
    def caption(self) -> Sequence[Any]:
        """What stands under the map of a sheet that changes the ordinary block, as the Markdown tokens of lines."""
        return [markdown_line(text) for text in caption(self.d.delta, self.d.messages)] if self.d.delta else ()

    @property
    def places(self) -> list[tuple[bool, list[tuple[int, ...]]]]:
        """Where figures stand: of each section, whether below the words, and the shapes of its tables."""
        return [(section.below, [figure.shape for figure in section.laid]) for section in self.page.sections]

    def _is_shared(self, view: View, for_all: bool) -> bool:
        """Whether a page in print is worksheet and key."""
        return in_one(view) and (for_all or has_slots(self.page.run.domain))

    def _views(self) -> tuple[tuple[View, str, str], ...]:
        """What differs in a worksheet and a key that are one page, as of `PrintPage`."""
        key = self.d.messages.say("views.key")
        return ("worksheet", self.d.title, ""), ("key", f"{self.d.title} ({key})", f"{key} · ")

    @cached_property
    def said(self) -> Mapping[str, str]:
        """What the pages print of themselves at head and foot: as the stamp says, or else as it is."""
        known = {"version": __version__, **self.d.stamp}
        return known if "time" in known else {**known, **self.d.told_time}

    def scripts(self, setup: Setup, leads: Mapping[str, str]) -> tuple[Script, ...]:
        """What a worksheet on a screen knows of its sheet, and the script that answers. leads: as of `html`."""
        from byhand.formats.html.script import script_for
        from byhand.formats.html.sheet import of_page

        known = of_page(self.page, setup)
        variants = self.variants(setup, known) if setup.variants and self.d.others else []
        others = (Script(as_data(variants), "variants"),) if variants else ()
        known["after"] = [[each.called, leads.get(each.name, "")] for each in self.d.after]
        changes = any("changes" in section for section in known["sections"])
        guesses = any(isinstance(block, Guess) for block in self.d.blocks)
        answers = script_for(self.page.run.numbers, others=bool(variants), constructions=changes, guesses=guesses)
        return (Script(as_data(known), "sheet"), *others, Script(answers))

    def variants(self, setup: Setup, known: Any) -> list[Any]:
        """What the page has otherwise with other seeds, as many as it brings along.

        known: what it knows of its sheet.

        Seeds with which the page has another structure, or numbers that it has already, are passed over.
        """
        from byhand.formats.html.sheet import of_page
        from byhand.formats.html.variants import Nodes, changes, differences

        def nodes(pages: Pages) -> Nodes:
            return Nodes(pages.html("worksheet", "screen", for_all=True))  # without a script

        variants, numbers, own_nodes, known = list[Any](), {self.page.run.hash}, nodes(self), as_json(known)
        assert self.d.others is not None
        for document, run in self.d.others():
            if run.hash in numbers:
                continue
            numbers.add(run.hash)
            other = lower(document, run)
            changed = changes(own_nodes, nodes(Pages(other)))
            if changed is not None:
                others = of_page(other, setup)
                variants.append({**changed, "sheet": [*differences(known, as_json(others))]})
            if len(variants) == setup.variants:
                break
        return variants

    def words(self, view: View, setup: Setup | None = None, leads: Container[str] = ()) -> str:
        """What the page in one view says of itself, for who reads it back. leads: the sheets to which it may lead."""
        printed = {"version": as_word(self.said["version"]), "sheet": as_word(self.d.name)}
        stamped = {name: self.said[name] for name in STAMPED if name in self.said}
        view_setup = setup if setup and view == "worksheet" else Setup()
        brought = {} if view_setup.feedback else {"feedback": "no"}
        brought |= {"variants": str(view_setup.variants)} if view_setup.variants else {}
        led_to = [sheet.name for sheet in (*self.d.before, *self.d.after) if sheet.name in leads]
        brought |= {LEADS: ",".join(map(as_word, led_to))} if led_to else {}
        return as_words({"view": view, **self.d.asked, **printed, **stamped, **brought})

    def numbered(self, view: View, page: int, pages: int) -> str:
        """What a page in one view says at its lower right corner on paper."""
        say = self.d.messages.say
        return f"{say(f'views.{view}')} · " * shows_answers(view) + say("foot.page", page=page, pages=pages)

    def worked(self, block: Block) -> list[SideBySide]:
        """The worked lines of a block, matrix by matrix."""
        return [self._side_by_side(working) for working in block.worked(self.d.transposed)]

    def _side_by_side(self, working: Working) -> SideBySide:
        """Lay out worked lines, with as many tokens side by side as have room for their lines."""
        tokens = tuple(
            Lines(token.label, tuple((label, self.page.worked_out(rule), value) for label, rule, value in token.rows))
            for token in working.lines
        )
        lines = [line for token in tokens for _, rule, _ in token.rows for line in texts_of(text(rule))]
        wide = (ems(line) + BEARINGS * line.count("/") for line in lines)
        longest = (max(wide, default=0.0) + 0.96) * LINE_EM  # with its " ="
        results = [part for token in tokens for *_, result in token.rows for one in texts_of(value_text(result))
                   for part in one.split("/")]  # fmt: skip
        room_after = max(RESULT, 1.1 * max(map(ems, results), default=0.0) * LINE_EM + 1.5)
        label = max(LABEL, 1 + 1.5 * max((len(label) for token in tokens for label, *_ in token.rows), default=0))
        tall = any("/" in line for line in lines)
        if self.d.large:  # a line that is longer than its room goes on below
            em = LARGE.ems["caption"]
            label = 2 + 0.6 * em * max(len(label) for token in tokens for label, *_ in token.rows)
            room = LARGE.page[0] - label - max(3 * em, 1.3 * em * max(map(ems, results), default=0.0) + em)
            return SideBySide(working.symbol, 1, tall, label, round(room, 1), tokens)
        beside = longest + room_after + label
        side = next((n for n, room in LINE_ROOMS if beside <= room + RESULT + LABEL), 1)
        return SideBySide(working.symbol, side, tall, label, round(longest, 1), tokens)


def beside_each_other(sheets: Iterable[str], view: View) -> dict[str, str]:
    """The names of the files of sheets in one view, where these are in one folder."""
    return {name: f"{name}-{view}.html" for name in sheets}


def as_json(known: Any) -> Any:
    """Something as it comes out of a file."""
    return json.loads(json.dumps(known))


def as_data(known: Any) -> str:
    """Something as JSON that may stand within a page."""
    return json.dumps(known, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def papers(large: bool) -> dict[Paper, dict[str, Any]]:
    """The papers and their margins."""
    return LARGE_PAPERS if large else PAPERS


def _measures(of: Measures) -> dict[str, Any]:
    """What templates know of measures."""
    on_paper = {"gutter": of.gutter, "widths": of.widths, "heights": of.heights, "lines": of.lines, "phone": of.phone}
    return MEASURES | on_paper | ({"name_line": LARGE_NAME_LINE} if of.is_large else {})


def paper_size(paper: Paper) -> tuple[float, float]:
    """The width and the height of a paper, in mm."""
    width, height = (float(side.removesuffix("mm")) for side in PAPERS[paper]["size"].split())
    return width, height


def rendered(
    template: str,
    medium: Medium,
    paper: Paper,
    messages: Messages,
    *,
    asked: str = "",
    shared: bool = False,
    forms: bool = False,
    placing: Placing | None = None,
    scripts: Sequence[Script] = (),
    in_slots: bool = False,
    large: bool = False,
    look: str = "",
    **values: Any,
) -> str:
    """Render a template for a medium, a paper size and a language. asked: the options to record in its metadata.

    large: whether in large print. look: what it looks like, as worksheet/looks.py has it. forms: whether the page
    says where the fields of a form have room. scripts: those that the page may run. in_slots: whether its fonts are
    put in when its slots are filled. placing: takes the figures that are not to stand there.

    Raises: SheetError where it does not parse; ConfigError for a look that there cannot be.
    """
    fonts, measures = Markup(FONTS) if medium == "screen" else "", LARGE if large else PRINT
    chosen = look_of(look)
    try:
        page = _environment().rendered(
            template, medium=medium, paper=papers(large)[paper], version=__version__, fonts=fonts,
            measures=_measures(measures), look=measures.look, colours=COLOURS_OF[measures.name], large=large,
            chosen=chosen, language=messages.language,
            asked=asked, shared=shared, forms=forms, placing=placing, to_sheet=LEAD,
            scripts=[(Markup(each.text), each.name) for each in scripts],
            page_of_pages=_page_of_pages(messages),
            say=lambda name, **places: Markup(messages.say(name, escape, **places)), **values,
        )  # fmt: skip
    except (RecursionError, MemoryError):
        raise SheetError(f"template {template} does not end") from None
    except TemplateNotFound as error:
        raise SheetError(f"there is no template {error.name} in {' or '.join(map(str, folders()))}") from None
    except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
        raise SheetError(f"template {template}: {error}") from None
    except TemplateError as error:
        where = f" line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        name = getattr(error, "name", None) or template
        raise SheetError(f"template {name}{where}: {error.message}") from None
    if bad := unprintable(page, lines=True):
        raise SheetError(f"the page holds {bad}, which cannot be printed")
    if leaving := _LEAVING.search(page):
        raise SheetError(
            f"template {template} makes {leaving[0]!r}, which a page may not hold: it can lead elsewhere"
        )
    if medium == "screen":
        head, style, rest = page.partition("<style>")
        css, end, body = rest.partition("</style>")
        css = without_rare(short(css), body)
        css, body = in_css(css, chosen), in_drawings(body, chosen)
        page = head + style + (css if in_slots else css.replace(FONTS, fonts_of(page), 1)) + end + body
    page = page.replace("<style>", "<style>" + variables(chosen), 1)
    policy = policy_with(scripts)
    policy = policy.replace("font-src data:", "font-src data:; img-src data:") if chosen.logo else policy
    if begins := _BEGINNING.match(page):
        return begins[0] + policy + page[begins.end() :]
    return DOCTYPE + policy + page.removeprefix(DOCTYPE)


def policy_with(scripts: Sequence[Script]) -> str:
    """The policy of a page that runs these scripts and no other."""
    if not scripts:
        return POLICY
    from byhand.formats.html.script import source_hash

    hashes = " ".join(source_hash(each.text) for each in scripts if not each.name)
    return POLICY.replace("default-src 'none';", f"default-src 'none'; script-src {hashes};")


@cache
def _environment() -> Sandbox:
    environment = Sandbox(
        PAGE_BUDGET, loader=loader(folders()), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "math": lambda latex: Markup(inline(latex)),
        "spoken": spoken,
        "plain": plain_words,
        "value": lambda value: Markup(value_html(value)),
        "expr": lambda node: Markup(html(node)),
        "prose": prose,
        "first_signs": lambda text: Markup(_FIRST_SIGNS.match(text)[0]),  # type: ignore[index]
        "mm": lambda x: f"{x:.3f}".rstrip("0").rstrip("."),
        "css_string": css_string,
    }
    environment.tests["range"] = _RANGE.fullmatch
    environment.globals |= {
        "drawing": lambda *args: Markup(drawing(*args)), "picture": _picture, "rows": _rows, "placed": _placed,
        "tick": lambda *args, **named: Markup(tick(*args, **named)),
        "field": _field, "room": _room,
        "title_size": title_size, "shape": shape_text,
        "labels": lambda grid: Markup(labels(grid)),
        "source": lambda panel: Markup(tagged(source(panel.note, panel.bead))),
    }  # fmt: skip
    return environment


@pass_context
def _rows(context: Any, grid: Grid, shown: bool, inputs: bool) -> Markup:
    """The rows of a figure's table."""
    return Markup(rows(grid, shown, inputs, None, _fields(context)))


@pass_context
def _picture(context: Any, laid: Any, shown: bool, shared: bool, whole: bool = False) -> Markup:
    """A picture that is laid out, or what stands in its place."""
    placing: Placing | None = context["placing"]
    large, in_print = context["large"], context["medium"] == "print"
    scale = laid.scale if in_print else laid.screen_scale
    placed = placing.place(picture.graphic(laid.figure, shown, shared, scale, large)) if placing else None
    return placed or Markup(picture.svg(laid.figure, shown, whole, scale, large, large and in_print))


@pass_context
def _placed(context: Any, grid: Grid, shown: bool) -> Markup | None:
    """What stands in the place of a figure; None where it stands there itself."""
    placing: Placing | None = context["placing"]
    if not placing:
        return None
    cells = table(grid, shown, context.get("writing"), _fields(context))
    return placing.place(PrintedFigure(cells, marks(grid, False, shown), beside(grid)))


def placed_map(page: Page, placing: Placing | None) -> Markup:
    """The map of a page, or what stands in its place."""
    return (placing and placing.place(page.map)) or Markup(page.map.svg)


@pass_context
def _field(context: Any, thing: Thing, part: object = "") -> str:
    """The name of a field of the section that is rendered; "" where the page has no fields."""
    return _fields(context)(thing, part)


@pass_context
def _room(context: Any, name: str) -> Markup:
    """The attribute of an element that is the room of a field in print."""
    return Markup(room(name) if context["forms"] else "")


def _fields(context: Any) -> Field:
    """The names of a page's fields: on a screen, and in print where a form may be made of it."""
    if context["medium"] == "screen":
        return numbered_fields(context["section"], context["d"])
    return fields(context["section"]) if context["forms"] else nameless


def _formula(latex: str) -> str:
    return f'<span class="math">{inline(latex)}</span>'


def prose(tokens: Iterable[Any], tied: bool = True, formula: Callable[[str], str] = _formula) -> Markup:
    """Markdown tokens as HTML.

    tied: whether the last word of a paragraph never stands on a line by itself. formula: one as HTML.
    """
    tokens, renderer = list(tokens), _markdown()
    write = renderer.renderer.render if are_paragraphs(tokens) else renderer.renderer.renderInline
    made = write(tokens, renderer.options, {"formula": formula})
    return Markup(_LAST_WORD.sub("\u00a0", made) if tied else made)


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False})
    markdown.add_render_rule(
        "math_inline", lambda self, tokens, at, options, env: env.get("formula", _formula)(tokens[at].content)
    )
    return markdown


def _page_of_pages(messages: Messages) -> Markup:
    """The CSS `content` for "page 2 of 5", in the language of the messages."""
    parts = re.split(r"\{(pages?)\}", messages.texts["foot.page"])
    texts = (f"counter({part})" if at % 2 else css_string(part) for at, part in enumerate(parts) if part)
    return Markup(" ".join(texts))


def short(css: str) -> str:
    """A style sheet without comments and all else that means nothing; the place of its fonts stays."""
    plain = _AFTER_NAME.sub(r"\1:", _AROUND.sub(r"\1", _COMMENT.sub("", css))).replace(";}", "}")
    return _SELECTORS.sub(lambda selectors: _BETWEEN.sub(r"\1", selectors[0]), plain)


def without_rare(css: str, body: str) -> str:
    """A short style sheet without the rules for what only some sheets hold, and this body of a page does not."""
    held = {name for each in _CLASSES.findall(body) for name in each.strip('"').split()}
    if not (rare := "|".join(each for each in RARE if each not in held)):
        return css
    names_one = re.compile(rf"\.(?:{rare})(?![-\w])")

    def kept(rule: re.Match[str]) -> str:
        selectors = _OTHERS.sub("", rule[1]).split(",")
        return "" if all(map(names_one.search, selectors)) else rule[0]

    return _RULE.sub(kept, css)


def css_string(value: str) -> Markup:
    """A text as a CSS string, escaped for a style element."""
    kept = "".join(c if c.isalnum() or c in " .,·-–—_:" else f"\\{ord(c):x} " for c in value)
    return Markup(f'"{kept}"')


def title_size(title: str) -> Markup:
    """The style of a title that is too long to stand beside name and date: smaller."""
    room = TITLE_ROOM / words(title, TITLE * PT).width
    return Markup("") if room >= 1 else Markup(f' style="font-size:{max(SMALLEST_TITLE, TITLE * room):.1f}pt"')
