"""Make a Document of a sheet and its run. Jinja renders the sheet, with markers where its calls return blocks; then
Markdown is parsed.

A sheet is not trusted: Jinja is sandboxed and strict, HTML in the text is escaped, and the numbers in the blocks come
from the run.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError, TemplateSyntaxError
from msgspec.structs import asdict, replace

from byhand.arithmetic.copies import varies
from byhand.effort import TYPICAL, minutes, parted
from byhand.errors import ByHandError, ConfigError, SheetError, UnchangedError, UnknownNameError
from byhand.model.config import SIZES, Config
from byhand.notation.marks import word_in_slot
from byhand.notation.number import shown
from byhand.notation.text import value_text
from byhand.notation.words import unprintable
from byhand.worksheet.architecture import map_of
from byhand.worksheet.asked import asked
from byhand.worksheet.calls import AsIs, sheet_globals
from byhand.worksheet.context import Context
from byhand.worksheet.conventions import conventions
from byhand.worksheet.document import (
    Block,
    Cell,
    Document,
    Figure,
    Guess,
    Prose,
    Section,
    Table,
    TextBlock,
    steps_asked,
    steps_shown,
)
from byhand.worksheet.front import LARGEST_SHEET, OF_THREAD
from byhand.worksheet.markdown import inline, paragraphs
from byhand.worksheet.messages import Messages
from byhand.worksheet.order import after, group_of, groups, has_met
from byhand.worksheet.sandbox import Sandbox
from byhand.worksheet.sheet import Delta, ForLecturer, Sheet, named
from byhand.worksheet.taken import points_of, taken, with_points
from byhand.worksheet.thread import place_in_thread, thread

if TYPE_CHECKING:
    from markdown_it.token import Token

SHEET_BUDGET = 20_000_000  # characters that the rendering of a sheet may produce
_SETS = re.compile(r"\A\s*(?:\{% set [^\n]*%\}\s*)*")
_MARKER = re.compile("\ue000(\\d+)\ue001")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#$|!~])")


def document(context: Context) -> Document:
    """The Document of a sheet and its run.

    Raises: SheetError where the sheet does not parse or asks for a step that the run does not have.
    """
    sheet, blocks = context.sheet, list[Block]()
    if re.search("[\U000f0000-\U0010ffff]", sheet.body):
        raise SheetError(f"{sheet.file} uses a character that is reserved, above U+EFFFF")
    text = _rendered(context, sheet.body, sheet_globals(context, blocks))
    try:
        tokens = paragraphs(text)
    except SheetError as error:
        raise SheetError(f"{sheet.file}: {error}") from None
    whole = tuple(_sections(sheet.file, tokens, blocks))
    excerpt, sections = context.excerpt, taken(context, whole)
    points = points_of(context, sections, whole)
    starts = (not excerpt.steps and sheet.sittings) or (1,)
    sittings = context.minutes or _sittings(sections, starts)
    if len(sittings) != len(starts):
        raise SheetError(f"{sheet.file} has {len(starts)} sittings, and minutes for {len(sittings)}")
    told = [word_in_slot(context.tape.domain, str(minutes)) for minutes in sittings]
    sections = tuple(with_points(_with_minutes(section, told), points, context.messages) for section in sections)
    config, tape, orientation, messages = context.config, context.tape, context.orientation, context.messages
    chart = map_of(
        config,
        sheet.model,
        tape,
        len(context.tokens),
        orientation,
        sections,
        messages,
        partial(has_met, sheet.name),
        sheet.symbols,
    )
    group = group_of(sheet.name)
    if group and not (sheet.model.counts or any(step.part for step in tape.steps.values())):
        chart = replace(chart, boxes=())  # of no part of the architecture: the strip of the course stands there
    riddle, note = _riddle(context), _given_at_easy(context, sections)
    goal = messages.turned(sheet.goal, context.transposed)
    made = Document(
        name=sheet.name,
        title=sheet.title,
        number=sheet.number,
        goal=inline(f"{goal} {note}".strip()),
        riddle=riddle,
        note=inline(note) if note else (),
        before=named(sheet.prerequisites, messages.language) if excerpt.keeps("before") else (),
        after=named(after(sheet.name), messages.language),
        conventions=tuple(map(inline, conventions(context, sections))),
        map=chart,
        sections=sections,
        orientation=orientation,
        level=context.level,
        messages=messages,
        asked=asked(context),
        objectives=tuple(inline(messages.turned(text, context.transposed)) for text in sheet.objectives)
        if excerpt.keeps("goals") and not excerpt.steps else (),
        origin=inline(_origin(context)) if excerpt.keeps("goals") else (),
        delta=sheet.delta and Delta(**{k: _line_of(context, text) for k, text in asdict(sheet.delta).items()}),
        beads=_beads(messages) if sheet.of_thread else (),
        bead=place_in_thread(sheet.name),
        sittings=sittings,
        points=points,
        head=excerpt.head,
        text=paragraphs(excerpt.before) if excerpt.before else (),
        text_after=paragraphs(excerpt.after) if excerpt.after else (),
        large=context.large,
        look=context.look,
        group=group,
        beside=named(groups().get(group, ()), messages.language),
        lecturer=partial(_told, context, whole),
    )  # fmt: skip
    if excerpt.is_whole:
        return made
    return replace(made, whole=steps_shown(whole), gone=steps_asked(whole) - steps_asked(sections))


def _told(context: Context, sections: Sequence[Section]) -> ForLecturer:
    """What a lecturer is told of a sheet, with the words and numbers of its run. What the sheet sets at its top is
    known here, too.

    Raises: as `document`.
    """
    blocks = list[Block]()
    sets = _SETS.match(context.sheet.body)
    begins = sets[0] if sets else ""
    known = sheet_globals(context, blocks) | {"steps": partial(_steps, context, sections)}

    def told(name: str, text: str) -> str:
        where, write = f"{context.sheet.file}: lecturer: {name}", _printable if name == "board" else _escaped
        made = _rendered(context, begins + text, known, where, write).strip()
        if blocks:
            raise SheetError(f"{where} is a text; call for its words and numbers only")
        return context.messages.turned(made, context.transposed)

    texts = asdict(context.sheet.lecturer)
    return ForLecturer(**{name: told(name, text) if "{" in text else text for name, text in texts.items()})


def _steps(context: Context, sections: Sequence[Section], *titles: str) -> str:
    """Steps by their titles, as a lecturer is told of them: "steps 3 and 5 (7 minutes)".

    Raises: UnknownNameError.
    """
    say, known = context.messages.say, {section.title: section for section in sections}
    if unknown := [title for title in titles if title not in known]:
        raise UnknownNameError("step", unknown[0], known)
    chosen = [known[title] for title in titles]
    which = context.messages.listed([str(section.number or f"“{section.title}”") for section in chosen])
    time = say("effort.time", n=minutes(TYPICAL * sum(section.seconds for section in chosen)))
    return say("half_page.steps", n=len(chosen), steps=which, time=time)


def _beads(messages: Messages) -> tuple[str, ...]:
    """The names under the beads of the thread."""
    return tuple(messages.say(f"thread.beads.{name.removeprefix(OF_THREAD)}") for name in thread().sheets)


def _sittings(sections: Sequence[Section], starts: Sequence[int]) -> tuple[int, ...]:
    """The minutes of each sitting; a part without a number goes with the step before it.

    starts: the numbers of the steps with which sittings begin.
    """
    numbers = accumulate((section.number for section in sections), max)
    seconds = [0.0] * len(starts)
    for section, number in zip(sections, numbers, strict=True):
        at = bisect(starts, max(number, 1)) - 1
        seconds[at] += TYPICAL * section.seconds
    return parted(seconds)


def _with_minutes(section: Section, minutes: Sequence[str]) -> Section:
    """A section whose tables say how long sittings take."""

    def told(entry: Prose | Cell) -> Prose | Cell:
        if isinstance(entry, Cell) and entry.shows == "minutes":
            return replace(entry, value=minutes[entry.value - 1])
        return entry

    figures = (
        replace(each, rows=tuple(tuple(map(told, row)) for row in each.rows)) if isinstance(each, Table) else each
        for each in section.figures
    )
    return replace(section, figures=tuple(figures))


def _riddle(context: Context) -> Sequence[Token]:
    """The question with which a page begins; nothing where its sheet has none.

    Raises: SheetError where it has more than words and formulas in one line.
    """
    blocks = list[Block]()
    try:
        riddle = _rendered(context, context.sheet.riddle, sheet_globals(context, blocks)).strip()
        if blocks or "\n" in riddle:
            raise SheetError("it is one line of words and formulas")
        return inline(riddle) if riddle else ()
    except SheetError as error:
        raise SheetError(f"{context.sheet.file}: riddle: {str(error).removeprefix(context.sheet.file)}") from None


def _given_at_easy(context: Context, sections: Sequence[Section]) -> str:
    """What is said of the rows that are given at the easy level; "" where none are."""
    panels = (panel for section in sections for block in section.blocks for panel in block.matrices)
    asked = (panel.cells for panel in panels if panel.role == "ask" and panel.has_blanks)
    rows = (row for cells in asked for row in (zip(*cells, strict=True) if context.transposed else cells))
    given = any(not any(cell.blank for cell in row) for row in rows)
    if context.level != "easy" or not given:
        return ""
    lines = context.messages.lines(context.transposed)
    says = "levels.easy_goal" if context.sheet.easy_rows == 1 else "levels.easy_goal_two"
    return context.messages.say(says, rows=lines["rows"])


def _origin(context: Context) -> str:
    """Where the idea of a sheet comes from, as a line of Markdown."""
    told, say = asdict(context.sheet.origin), context.messages.say
    return " · ".join(say(f"origin.{name}", **{name: _line_of(context, text)}) for name, text in told.items() if text)


def _line_of(context: Context, text: str) -> str:
    """A text of the front matter, in which expressions have their values, as in the sheet's body."""
    return _rendered(context, context.messages.turned(text, context.transposed), sheet_globals(context, []))


def _rendered(
    context: Context, source: str, known: dict[str, Any], where: str = "", write: Callable[[Any], Any] | None = None
) -> str:
    """A text of the sheet after Jinja, with a marker for each block that it calls for.

    known: as of `sheet_globals`. where: the text in messages, by default the sheet's file. write: makes the text that
    an expression prints; by default, it is escaped.

    Raises: SheetError, which names the line.
    """
    sheet, name = context.sheet, where or context.sheet.file
    environment = Sandbox(SHEET_BUDGET, finalize=write or _escaped, autoescape=False, keep_trailing_newline=True)
    environment.globals = known
    try:
        text = environment.rendered_text(source)
        if len(text) > LARGEST_SHEET:
            raise SheetError(f"the sheet makes {len(text):,} characters; {LARGEST_SHEET:,} are the most")
        return text
    except TemplateSyntaxError as error:
        raise SheetError(f"{name} line {error.lineno}: {error.message}") from None
    except ByHandError as error:
        because = of_other_choices(sheet, context.config, error)
        raise because or SheetError(f"{name}{_line(error) * (not where)}: {error}") from None
    except TypeError as error:
        # numbers are compared, or taken for what letters are not; what sympy says of it is no sentence for a reader
        domain = context.tape.domain
        about_letters = f"what it says of its numbers depends on the letters; {domain.advice}"
        told = about_letters if domain.name == "symbolic" else _readable(error)
        raise SheetError(f"{name}{_line(error) * (not where)}: {told}") from None
    except (TemplateError, ValueError, ArithmeticError, AttributeError, LookupError, NameError) as error:
        raise SheetError(f"{name}{_line(error) * (not where)}: {_readable(error)}") from None
    except (RecursionError, MemoryError):
        raise SheetError(f"{name}: the sheet does not end") from None


def of_other_choices(sheet: Sheet, config: Config, error: ByHandError) -> ConfigError | None:
    """What an error says where the options of a config leave out steps that the sheet is about; else None."""
    lacks = _lacking(error)
    other = _other_choices(sheet, config) if lacks else None
    if other is None:
        return None
    written_for, chosen = other
    return ConfigError(
        f"{sheet.name} is written for {written_for}, and with {chosen} {lacks}; "
        f"leave that out, or use byhand run {sheet.model.name}"
    )


def _lacking(error: ByHandError) -> str:
    """What a run lacks that a sheet shows, as one with other options may; "" of any other error."""
    match error:
        case UnknownNameError(kind="step" | "input" as kind):
            return f"there is no {kind} {error.name!r}"
        case UnchangedError():
            return error.told
        case _:
            return ""


def _other_choices(sheet: Sheet, config: Config) -> tuple[str, str] | None:
    """The options in which a config differs from that of the sheet, as texts: the sheet's, then the config's; None
    where they are the same. They decide which steps there are.
    """
    of_sheet = Config.of(sheet.values.get("config", {}))
    names = [name for name in Config.__struct_fields__ if name not in (*SIZES, "softmax_base")]
    differing = [n for n in names if getattr(of_sheet, n) != getattr(config, n)]
    if not differing:
        return None
    written_for, chosen = (", ".join(f"{n}={shown(getattr(c, n))}" for n in differing) for c in (of_sheet, config))
    return written_for, chosen


def _sections(file: str, tokens: Sequence[Token], blocks: Sequence[Block]) -> Iterator[Section]:
    """The sections: the Markdown tokens after each heading, with the blocks in the places of their markers.

    A heading with ## begins a numbered section, one with ### a part without a number. A section in which nothing can
    be shown is left out, and so is a part whose picture cannot be drawn, unless it has a box for a guess.

    Raises: SheetError for text before the first heading, and for a part without a number that asks for answers.
    """
    number, is_numbered, title, heading = 0, False, "", list[Any]()
    words: list[TextBlock] = []
    figures: list[Figure] = []
    prose: list[Token] = []

    def flush() -> None:
        if prose:
            words.append(Prose(tuple(prose)))
            prose.clear()

    def section() -> Iterator[Section]:
        nonlocal number
        number += is_numbered and bool(words or figures)
        made = Section(number if is_numbered else 0, title, tuple(words), tuple(figures), heading)
        if not made.number and (made.blanks or made.replies):
            raise SheetError(f"{file}: “{title}” asks for answers, so it has a number; begin it with ##, not ###")
        if title and (figures or (is_numbered and words) or any(isinstance(word, Guess) for word in words)):
            yield made

    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type == "heading_open":
            flush()
            if words and not title:
                break
            yield from section()
            is_numbered, title = token.tag != "h3", _plain(tokens[at + 1])
            heading = list(tokens[at + 1].children or ()) if "$" in tokens[at + 1].content else []
            words, figures = [], []
            at += 3
            continue
        markers = _MARKER.findall(token.content) if token.type == "inline" else []
        if markers:
            if _MARKER.sub("", token.content).strip() or not prose or prose[-1].type != "paragraph_open":
                raise SheetError(f"{file}: put {{{{ … }}}} of a block on a line of its own")
            prose.pop()
            flush()
            marked = [blocks[int(m)] for m in markers]
            words += (block for block in marked if isinstance(block, TextBlock))
            figures += (block for block in marked if isinstance(block, Figure))
            at += 2
            continue
        prose.append(token)
        at += 1
    flush()
    if words and not title:
        raise SheetError(f"{file} has text but no heading; begin its first step with ##")
    yield from section()


def _escaped(value: Any) -> Any:
    """The text that an expression prints, with Markdown's special characters escaped.

    Raises: SheetError for a character that cannot be printed.
    """
    return value if isinstance(value, AsIs) else _MARKDOWN.sub(r"\\\1", _printable(value))


def _printable(value: Any) -> str:
    """The text that an expression prints; a number of the run is as `text` writes it, also in a class.

    Raises: SheetError for a character that cannot be printed.
    """
    text = value_text(value) if varies(value) or isinstance(value, Fraction | Decimal) else str(value)
    if bad := unprintable(text, lines=True):
        raise SheetError(f"a text holds {bad}, which cannot be printed")
    return text


def _plain(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


def _line(error: BaseException) -> str:
    """The line of the sheet in which an error was raised."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" line {line}" if line else ""


def _readable(error: Exception) -> str:
    if isinstance(error, ZeroDivisionError):
        return "it divides by 0"
    return str(error).partition("\n")[0] or type(error).__name__
