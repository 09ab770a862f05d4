"""A sheet and its run become a Document: Jinja first, whose calls leave block markers, then Markdown.

A sheet is somebody else's file: Jinja is sandboxed and strict, HTML in the prose is escaped, and what a call puts on
the page comes from the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from byhand.choosing.foils import foil
from byhand.errors import ByHandError, SheetError
from byhand.model.config import Config
from byhand.notation.text import value_text
from byhand.tape import Tape
from byhand.worksheet.architecture import conventions, map_of
from byhand.worksheet.document import (
    Answer,
    Cell,
    Document,
    Figure,
    Kind,
    Panel,
    Prose,
    Remark,
    Section,
    Strip,
    Word,
    WordBoxes,
)
from byhand.worksheet.figures import PRODUCTS, Bench, Orientation
from byhand.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKER = re.compile("\ue000(\\d+)\ue001")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#$|!~])")


class Marker(str):
    """Where a block stands in the text. Not escaped, unlike everything else that an expression prints."""


@dataclass(frozen=True)
class Made:
    """A sheet together with its run: what a Document is made from."""

    sheet: Sheet
    tape: Tape
    config: Config
    tokens: tuple[str, ...]
    vocabulary: tuple[str, ...]
    orientation: Orientation
    stamp: dict[str, str]


def document(made: Made) -> Document:
    """The Document of a sheet and its run.

    Raises: SheetError where the sheet does not parse or asks for what the run does not have.
    """
    builder = _Builder(made)
    text = builder.rendered()
    if re.search("[\ue000\ue001]", made.sheet.body):
        raise SheetError(f"{made.sheet.name}.md uses a character that is reserved, U+E000 or U+E001")
    sections = tuple(builder.sections(builder.parsed(text)))
    return Document(
        name=made.sheet.name,
        title=made.sheet.title,
        number=made.sheet.number,
        goal=builder.inline(made.sheet.goal),
        minutes=made.sheet.minutes,
        prerequisites=made.sheet.prerequisites,
        conventions=tuple(
            builder.inline(line) for line in conventions(made.config, made.sheet.model, made.tape, made.orientation)
        ),
        map=map_of(made.config, made.sheet.model, made.tape, len(made.tokens), made.orientation, sections),
        sections=sections,
        orientation=made.orientation,
        stamp=made.stamp,
    )


class _Builder:
    """The calls that a sheet may make, and the blocks that they have left."""

    def __init__(self, made: Made) -> None:
        from markdown_it import MarkdownIt
        from mdit_py_plugins.dollarmath import dollarmath_plugin

        self.made = made
        heads = made.config.n_heads if made.sheet.model != "attention-head" else 1
        self.bench = Bench(made.tape, heads, made.tokens, made.vocabulary, made.orientation)
        self.blocks: list[Word | Figure] = []
        self.markdown = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin, allow_space=False)

    def rendered(self) -> str:
        """The sheet's body with its expressions carried out.

        Raises: SheetError with the line.
        """
        name = f"{self.made.sheet.name}.md"
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, autoescape=False, finalize=_escaped, keep_trailing_newline=True
        )
        environment.globals.clear()
        environment.globals.update(self.calls())
        try:
            return environment.from_string(self.made.sheet.body).render()
        except TemplateSyntaxError as error:
            raise SheetError(f"{name} line {error.lineno}: {error.message}") from None
        except ByHandError as error:
            raise SheetError(f"{name}{_line(error)}: {error}") from None
        except (TemplateError, TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
            raise SheetError(f"{name}{_line(error)}: {_readable(error)}") from None
        except (RecursionError, MemoryError):
            raise SheetError(f"{name}: the sheet does not end") from None

    def calls(self) -> dict[str, Any]:
        """Everything that a sheet can say."""
        c, turned = self.made.config, self.bench.turned
        return {
            "ask": self.ask, "given": self.given, "strip": self.strip, "blank": self.blank, "copy": self.copy,
            "show": self.show, "softmax": self.softmax, "norm": self.norm, "hint": self.hint, "check": self.check,
            "checkpoint": self.checkpoint, "totals": self.totals, "lines": self.lines, "value": self.value, "tie": self.tie,
                        "find_the_error": self.find_the_error, "words": self.word_boxes, "range": range,
            "tokens": self.made.tokens, "vocabulary": self.made.vocabulary, "config": c, "numbers": self.made.tape.domain.name, "base": c.softmax_base,
            "row": "column" if turned else "row", "rows": "columns" if turned else "rows",
            "column": "row" if turned else "column", "columns": "rows" if turned else "columns",
        }  # fmt: skip

    # what stands on the right: figures

    def ask(
        self, name: str, layout: str = "", first: bool = False, note: str = "", copy: Any = (), caption: str = ""
    ) -> Marker:
        """A step to be computed. layout "falk" is the default for a product."""
        op = self.made.tape[name].step.op
        if layout not in ("", "falk", "strip"):
            raise SheetError(f"no layout {layout!r}; there are: falk, strip")
        if layout == "falk" or (not layout and op and op.name in PRODUCTS):
            copies = [copy] if isinstance(copy, str) else list(copy)
            figure = self.bench.falk(name, copies, first=first, note=note)
            marker = self._leave(figure)
            if first:
                cell = figure.result.cells[0][0]
                assert cell.work is not None
                marker = Marker(marker + self._leave(Remark("First cell", line=(cell.work, cell.value))))
            return marker
        return self.strip(self.blank(name, note=note, caption=caption))

    def given(self, *names: str) -> Marker:
        """Given matrices, each with its own rows."""
        return self._leave(Strip(tuple(self.bench.panel(n) for n in names), ("",) * (len(names) - 1)))

    def blank(self, name: str, caption: str = "", note: str = "", printed: bool = False) -> Panel:
        """A step with blanks, for a strip."""
        return self._panel(name, "ask", caption, note)

    def copy(self, name: str, caption: str = "", note: str = "") -> Panel:
        """A step that the student copies from above, for a strip."""
        return self._panel(name, "copy", caption, note)

    def show(self, name: str, caption: str = "", note: str = "") -> Panel:
        """A step that is printed, for a strip."""
        return self._panel(name, None, caption, note)

    def strip(self, *items: Panel | str, dots: bool = False, above: Sequence[Panel] = ()) -> Marker:
        """Matrices side by side: panels, and signs between them ("→", "+", "=", or "" for a gap)."""
        panels: list[Panel] = []
        joints: list[str] = []
        for item in items:
            if isinstance(item, Panel):
                if len(panels) > len(joints):
                    joints.append("")
                panels.append(item)
            else:
                joints.append(str(item))
        if len(joints) != len(panels) - 1:
            raise SheetError("a strip is matrices with one sign between two of them")
        strip = Strip(tuple(panels), tuple(joints), dots, tuple(above))
        return self._leave(strip)

    def softmax(self, name: str) -> Marker:
        """Powers, sums and shares of a pattern, and its dots."""
        from byhand.model.layers import steps_of

        base = self.made.config.softmax_base
        axis = "row" if not self.bench.turned else "column"
        return self.strip(
            self.blank(steps_of(name, "exp"), rf"\text{{powers }} {base}^s"),
            self.blank(steps_of(name, "sum"), rf"\text{{{axis} sum}}" if self.bench.turned else r"\text{sum}"),
            self.blank(name, r"\text{pattern = power ÷ sum}"),
            dots=True,
        )

    def norm(self, at: str, of: str, result: str = "") -> Marker:
        """LayerNorm or RMSNorm of a step, from the mean to the result."""
        tape = self.made.tape
        result = result or f"{at}.hook_normalized"
        spread = f"{at}.variance" if f"{at}.variance" in tape.steps else f"{at}.mean_square"
        centre: list[Panel | str] = []
        if spread.endswith("variance"):
            centre = [self.blank(f"{at}.mean", r"\text{mean}"), self.blank(f"{at}.centered", r"x - \text{mean}")]
        top = self.strip(
            self.show(of),
            *centre,
            self.blank(spread, r"\text{mean of squares}"),
            self.blank(f"{at}.hook_scale", r"\text{root}"),
        )
        parameters = [f"{at}.w", f"{at}.b"]
        if f"{at}.standardized" not in tape.steps:
            return Marker(top + self.strip(self.blank(result, r"\text{÷ root}")))
        above = [self.show(p) for p in parameters]
        bottom = self.strip(
            self.blank(f"{at}.standardized", r"\text{÷ root}"), "→", self.blank(result, r"\cdot\, w + b"), above=above
        )
        return Marker(top + bottom)

    def word_boxes(self, name: str = "next_token") -> Marker:
        """Boxes for the words that a step's answers spell."""
        vocabulary = self.made.vocabulary
        answers = tuple(vocabulary[int(row[0])] for row in self.made.tape.values(name))
        return self._leave(WordBoxes(self.made.tokens, answers))

    # what stands on the left: words

    def hint(self, text: str) -> Marker:
        """A hint."""
        return self._leave(Remark("Hint", self.inline(text)))

    def check(self, text: str) -> Marker:
        """A fact that can be checked without the key."""
        return self._leave(Remark("Check", self.inline(text)))

    def checkpoint(self, text: str) -> Marker:
        """Earlier results are printed here."""
        return self._leave(Remark("Checkpoint", self.inline(text)))

    def lines(self, count: int, answer: str) -> Marker:
        """Lines to write on, and the key's answer."""
        return self._leave(Answer(count, self.inline(answer)))

    def find_the_error(self, name: str, step: str, lines: int, answer: str) -> Marker:
        """A step as it comes out the wrong way, to be spotted."""
        wrong = replace(self.bench, tape=foil(self.made.tape, name)).panel(step, "given")
        return Marker(self._leave(Strip((wrong,), ())) + self.lines(lines, answer))

    # values for the prose

    def totals(self, name: str) -> str:
        """The sums over each token's numbers: "7, 3, 1"."""
        return ", ".join(value_text(x) for x in self.bench.totals(name))

    def value(self, name: str, i: int, j: int) -> str:
        """One number of a step, counted from 0."""
        return value_text(self.made.tape.values(name)[i][j])

    def tie(self, name: str, i: int, j: int, k: int) -> str:
        """The letter's value for which two entries of a row are equal: "a = 3/2"."""
        import sympy

        row = self.made.tape.values(name)[i]
        (letter,) = (row[j] - row[k]).free_symbols
        (solution,) = sympy.solve(row[j] - row[k], letter)
        return f"${letter} = {value_text(solution)}$"

    def inline(self, text: str) -> list[Token]:
        """A line of Markdown."""
        return list(self.markdown.parseInline(text)[0].children or [])

    def parsed(self, text: str) -> list[Token]:
        """The whole text as Markdown tokens."""
        return self.markdown.parse(text)

    def sections(self, tokens: list[Token]) -> Iterator[Section]:
        """The tokens between two headings, with the blocks in their places.

        Raises: SheetError for text before the first heading.
        """
        number, title = 0, ""
        words: list[Word] = []
        figures: list[Figure] = []
        prose: list[Token] = []

        def flush() -> None:
            if prose:
                words.append(Prose(tuple(prose)))
                prose.clear()

        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "heading_open":
                flush()
                if number:
                    yield Section(number, title, tuple(words), tuple(figures))
                number, title = number + 1, _plain(tokens[at + 1])
                words, figures = [], []
                at += 3
                continue
            markers = _MARKER.findall(token.content) if token.type == "inline" else []
            if markers:
                if _MARKER.sub("", token.content).strip() or not prose or prose[-1].type != "paragraph_open":
                    raise SheetError(f"{self.made.sheet.name}.md: put {{{{ … }}}} of a block on a line of its own")
                prose.pop()
                flush()
                for block in (self.blocks[int(m)] for m in markers):
                    (words if isinstance(block, Prose | Remark | Answer) else figures).append(block)  # type: ignore[arg-type]
                at += 2
                continue
            prose.append(token)
            at += 1
        flush()
        if number:
            yield Section(number, title, tuple(words), tuple(figures))
        elif words:
            raise SheetError(f"{self.made.sheet.name}.md has text but no heading; begin its first step with ##")

    def _panel(self, name: str, kind: Kind | None, caption: str, note: str) -> Panel:
        panel = self.bench.panel(name, kind, caption=caption, note=note)
        if name == "next_token" and self.made.vocabulary:
            cells = tuple(tuple(Cell(self.made.vocabulary[int(c.value)]) for c in row) for row in panel.cells)
            panel = replace(panel, cells=cells)
        return panel

    def _leave(self, block: Word | Figure) -> Marker:
        self.blocks.append(block)
        return Marker(f"\ue000{len(self.blocks) - 1}\ue001")


def _escaped(value: Any) -> Any:
    """What an expression prints is text, not Markdown."""
    return value if isinstance(value, Marker) else _MARKDOWN.sub(r"\\\1", str(value))


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
    return str(error).replace("_Builder.", "").partition("\n")[0] or type(error).__name__
