"""A sheet as Markdown, with its matrices as tables: for notes and chats. Formulas stand between dollars."""

from __future__ import annotations

import re
from typing import Any

from byhand.arithmetic.expr import Expr
from byhand.formats import Setup
from byhand.formats.written.inline import Marks, line, paragraphs
from byhand.notation.text import text, value_text
from byhand.page.page import Page
from byhand.page.parts import (
    Blanks,
    Entries,
    Example,
    Formula,
    Goals,
    Heading,
    Matrix,
    Options,
    Part,
    Pencil,
    Product,
    Room,
    Sketch,
    Text,
    Title,
    Words,
    Worked,
    text_in,
)
from byhand.tape import shape_text
from byhand.worksheet.document import Cell, Panel
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import View

BLANK = "____"  # to fill in; never alone in a line, where it would part paragraphs
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#$|~])")
_BEGINNING = re.compile(r"^(\d+)([.)])|^([-+=])", re.MULTILINE)  # what would begin a list, or a heading


def escaped(plain: str) -> str:
    """A plain text as Markdown."""
    return _BEGINNING.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", _SPECIAL.sub(r"\\\1", plain))


MARKS = Marks(
    text=escaped,
    math=lambda latex: f"${latex}$",
    code=lambda plain: f"`{plain}`",
    emphasis=("*", "*"),
    strong=("**", "**"),
    item="- ",
)


def markdown(page: Page, view: View, setup: Setup) -> bytes:
    """A page as a file of Markdown."""
    return ("\n\n".join(written(page, view, part) for part in page.parts(view)) + "\n").encode()


def half_page(page: Page, view: View, setup: Setup) -> bytes:
    """The lecturer's half page as a file of Markdown."""
    from byhand.worksheet.half_page import half_page

    marks = {"title": "# {}", "heading": "## {}", "question": "**{}**", "drawing": "> {}"}
    parts = (marks.get(kind, "{}").format(_line(words)) for kind, words in half_page(page.document).parts)
    return ("\n\n".join(parts) + "\n").encode()


def written(page: Page, view: View, part: Part) -> str:
    """A part as Markdown."""
    match part:
        case Title():
            return f"# {_line(part.views[view])}"
        case Heading():
            number = f"{part.number} " * bool(part.number)
            return f"## {number}{_line(part.words)}"
        case Text():
            lead = f"**{escaped(part.lead)}** " * bool(part.lead)
            return "- [ ] " * part.tick + lead + "\n\n".join(paragraphs(part.words, MARKS))
        case Pencil():
            options = "\n".join(f"- [ ] {escaped(option)}" for option in part.options)
            cells = "  \n".join(f"{escaped(name)}: {BLANK}" for name in part.cells)
            return "\n\n".join(filter(None, (f"**{escaped(part.lead)}** {_line(part.words)}", options, cells)))
        case Goals():
            return "\n".join([f"## {escaped(part.lead)}\n", *(f"- [ ] {_line(words)}" for words in part.lines)])
        case Blanks():
            return "  \n".join(f"{escaped(name)}: {BLANK}" for name in part.names)
        case Formula():
            return f"${part.latex}$"
        case Product():
            return "\n\n".join([f"${part.figure.formula}$", *(_matrix(page, view, each) for each in part.matrices)])
        case Matrix():
            return _matrix(page, view, part)
        case Entries():
            return _table([*map(_line, part.head)], [[_entry(view, x) for x in row] for row in part.rows])
        case Options():
            ticked = part.ticked(view)
            return "\n".join(f"- {_tick(n == ticked)} {escaped(label)}" for n, label in enumerate(part.labels))
        case Room():
            answer = part.answer(view)
            told = BLANK if answer is None else "\n\n".join(paragraphs(answer, MARKS))
            return f"**{escaped(part.lead)}** {told}"
        case Sketch():
            return f"> {escaped(page.messages.say('written.picture', said=part.said(view)))}"
        case Example():
            return f"**{escaped(part.lead)}** {escaped(_worked(page, part.rule, part.value))}"
        case Worked():
            name = f"${part.symbol}$ " * bool(part.symbol)
            lines = (
                f"- {f'{label}: ' * bool(label)}{escaped(_worked(page, rule, value))}"
                for label, rule, value in part.lines.rows
            )
            return "\n".join([f"{name}**{escaped(part.lines.label)}**\n", *lines])


def _worked(page: Page, rule: Expr, value: Any) -> str:
    return f"{text(page.worked_out(rule))} = {value_text(value)}"


def title(messages: Messages, panel: Panel, name: str) -> str:
    """What stands over a matrix: its name, its shape, and what it is for."""
    about = [shape_text(panel.shape), messages.say(f"legend.{panel.role}"), *filter(None, (panel.note,))]
    return f"**${name}$**, {escaped(', '.join(about))}"


def _matrix(page: Page, view: View, matrix: Matrix) -> str:
    panel, ticked = matrix.panel, matrix.ticked(view)
    box = f"- {_tick(ticked)} " if ticked is not None else ""
    rows = [
        [f"**{escaped(label)}**" * bool(label), *(_entry(view, cell) for cell in row)]
        for label, row in zip(panel.rows, panel.cells, strict=True)
    ]
    return f"{box}{title(page.messages, panel, matrix.titles[0])}\n\n{_table(['', *map(escaped, panel.cols)], rows)}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    width = max(map(len, rows), default=0)
    lines = [head or [""] * width, ["---"] * width, *rows]
    return "\n".join(f"| {' | '.join(entries)} |" for entries in lines)


def _tick(ticked: bool | None) -> str:
    return "[x]" if ticked else "[ ]"


def _entry(view: View, entry: Words | Cell) -> str:
    if not isinstance(entry, Cell):
        return _line(entry)
    text = text_in(entry, view)
    return BLANK if text is None else escaped(text)


def _line(words: Words) -> str:
    return line(words, MARKS).replace("\n", " ")
