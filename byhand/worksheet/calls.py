"""What a sheet may say: each call puts a block on the page, or a number of the run into the prose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jinja2.sandbox import safe_range

from byhand.arithmetic.copies import same
from byhand.arithmetic.expr import NEG_INF
from byhand.errors import SheetError
from byhand.mistakes.registry import foil, foil_list
from byhand.model.config import Config
from byhand.model.layers import steps_of
from byhand.notation.text import value_text
from byhand.tape import Tape
from byhand.worksheet import questions
from byhand.worksheet.document import (
    Answer,
    Block,
    Cell,
    Check,
    Checkpoint,
    Claim,
    FirstCell,
    Hint,
    Kind,
    Level,
    Panel,
    Strip,
    WordBoxes,
)
from byhand.worksheet.figures import PRODUCTS, Bench, Orientation
from byhand.worksheet.letters import letter, letters, tie
from byhand.worksheet.messages import Messages, messages
from byhand.worksheet.sheet import Sheet


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
    source: tuple[str, ...] = ()
    level: Level = "standard"
    messages: Messages = field(default_factory=messages)


class Calls:
    """The calls, and the blocks that they have left."""

    def __init__(self, made: Made, inline: Callable[[str], Sequence[Any]]) -> None:
        heads = made.config.n_heads if made.sheet.model != "attention-head" else 1
        self.made = made
        self.inline = inline
        self.bench = Bench(
            made.tape, heads, made.tokens, made.vocabulary, made.orientation, made.source, made.level, made.messages
        )  # fmt: skip
        self.blocks: list[Block] = []

    def table(self) -> dict[str, Any]:
        """Everything that a sheet can say."""
        c, turned, tape, say = self.made.config, self.bench.turned, self.made.tape, self.made.messages.say
        lines = ("row", "column"), ("rows", "columns")
        return {
            "ask": self.ask, "inverse": self.inverse, "given": self.given, "strip": self.strip,
            "blank": self.blank, "copy": self.copy, "show": self.show,
            "softmax": self.softmax, "norm": self.norm, "words": self.word_boxes,
            "hint": self.hint, "check": self.check, "checkpoint": self.checkpoint, "lines": self.lines,
            "find_the_error": self.find_the_error, "claim": self.claim, "choose": self.choose,
            "table": self.sheet_table, "entry": self.entry, "printed": self.printed, "count": self.count,
            "shapes": self.shapes, "totals": self.totals, "total": self.total, "value": self.value,
            "word": self.word, "masked": self.masked, "number": self.number,
            "tie": lambda *at: tie(tape, *at), "letter": lambda name: letter(tape, name),
            "letters": lambda *at: letters(tape, *at),
            "path": lambda *at: questions.path(self.bench, *at),
            "sums": self.bench.totals, "equal": self.equal, "changed": self.changed,
            "tokens": self.made.tokens, "source": self.made.source, "vocabulary": self.made.vocabulary,
            "config": c, "base": c.softmax_base,
            "numbers": tape.domain.name, "about": say("words.about") if tape.domain.name == "decimal" else "",
            "level": self.made.level, "range": safe_range,
            "turned": turned,
            **{own: say(f"words.{other if turned else own}") for pair in lines for own, other in (pair, pair[::-1])},
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
                marker = Marker(marker + self._leave(FirstCell(cell.work, cell.value)))
            return marker
        return self.strip(self.blank(name, note=note, caption=caption))

    def inverse(self, name: str, unknown: Any, note: str = "") -> Marker:
        """A result printed, and entries of its operands left out: names, or (name, row, column)."""
        single = isinstance(unknown, str) or (len(unknown) == 3 and isinstance(unknown[1], int))
        missing = [unknown] if single else list(unknown)
        op = self.made.tape[name].step.op
        if op and op.name in PRODUCTS:
            return self._leave(self.bench.falk(name, note=note, unknown=missing))
        return self._leave(self.bench.equation(name, missing))

    def given(self, *names: str) -> Marker:
        """Given matrices, each with its own rows."""
        return self._leave(Strip(tuple(self.bench.panel(n) for n in names), ("",) * (len(names) - 1)))

    def blank(self, name: str, caption: str = "", note: str = "") -> Panel:
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
        caption = self.made.messages.say("captions.dots") if dots else ""
        return self._leave(Strip(tuple(panels), tuple(joints), caption, tuple(above)))

    def softmax(self, name: str) -> Marker:
        """Powers, sums and shares, of attention the pattern, and its dots."""
        say, powers = self.made.messages.say, steps_of(name, "exp")
        shares, caption = self.blank(name), "captions.pattern" if "hook_pattern" in name else "captions.share"
        how = "_how" if shares.shape[1] > 2 else ""  # where there is room for it
        return self.strip(
            self.blank(powers, say("captions.powers", base=self.made.tape[powers].step.params["base"])),
            self.blank(steps_of(name, "sum"), say("captions.sum")),
            replace(shares, caption=say(caption + how)),
            dots=True,
        )

    def norm(self, at: str, of: str, result: str = "") -> Marker:
        """LayerNorm or RMSNorm of a step, from the mean to the result."""
        tape = self.made.tape
        result = result or f"{at}.hook_normalized"
        has_mean = f"{at}.mean" in tape.steps
        spread, letter = ("variance", r"\sigma^2") if has_mean else ("mean_square", "r^2")
        centre = [self.blank(f"{at}.mean", r"\mu"), self.blank(f"{at}.centered", r"x - \mu")] if has_mean else []
        root, above_root = (r"\sigma", r"x - \mu") if has_mean else ("r", "x")
        top = self.strip(
            self.show(of), *centre, self.blank(f"{at}.{spread}", letter), self.blank(f"{at}.hook_scale", root)
        )
        shares = rf"({above_root}) \div {root}" if has_mean else rf"x \div {root}"
        parameters = [f"{at}.w", f"{at}.b"]
        if f"{at}.standardized" not in tape.steps:
            return Marker(top + self.strip(self.blank(result, shares)))
        above = [self.show(p) for p in parameters]
        bottom = self.strip(
            self.blank(f"{at}.standardized", shares), "→", self.blank(result, r"\cdot\, w + b"), above=above
        )
        return Marker(top + bottom)

    def word_boxes(self, name: str = "next_token") -> Marker:
        """Boxes for the words that a step's answers spell."""
        panel = self._panel(name, "ask", "", "")
        answers = tuple(cell for row in panel.cells for cell in row)
        return self._leave(WordBoxes(self.made.tokens, answers))

    def sheet_table(self, head: Sequence[Any], *rows: Sequence[Any]) -> Marker:
        """A table of texts and of entries to be filled in; each row begins with its name."""
        return self._leave(questions.table(self.inline, head, rows))

    def entry(self, name: str, i: int = 0, j: int = 0, word: bool = False, places: int | None = None) -> Cell:
        """A number of a step, to be filled in, for a table; or the word of the vocabulary that it stands for."""
        cell = questions.entry(self.made.tape, name, i, j, places)
        return replace(cell, value=self.word(name, i, j), work=None) if word or name == "next_token" else cell

    def printed(self, name: str, i: int = 0, j: int = 0) -> Cell:
        """A number of a step, printed, for a table: a given, which is read back from there."""
        return questions.entry(self.made.tape, name, i, j, blank=False)

    def count(self, names: str | Sequence[str], axis: int | None = None) -> Cell:
        """How many numbers matrices hold, or how many rows (0) or columns (1) of X W, to be filled in."""
        return questions.count(self.made.tape, [names] if isinstance(names, str) else names, axis)

    def shapes(self, *pairs: Sequence[Any]) -> Marker:
        """Which products exist, and their shapes; a pair is two names of the run or two shapes."""
        return self._leave(questions.shapes(self.bench, pairs, self.inline))

    # what stands on the left: words

    def hint(self, text: str) -> Marker:
        """A hint; the stretch level has none."""
        if self.made.level == "stretch":
            return Marker("")
        return self._leave(Hint(self.inline(text)))

    def check(self, text: str) -> Marker:
        """A fact that can be checked without the key."""
        return self._leave(Check(self.inline(text)))

    def checkpoint(self, text: str) -> Marker:
        """Earlier results are printed here."""
        return self._leave(Checkpoint(self.inline(text)))

    def lines(self, count: int, answer: str) -> Marker:
        """Lines to write on, and the key's answer."""
        return self._leave(Answer(count, self.inline(answer)))

    def find_the_error(
        self, name: str, steps: str | Sequence[str], lines: int, answer: str = "", caption: str = ""
    ) -> Marker:
        """A step as it comes out the wrong way, to be spotted; or several, whose first wrong one is to be ticked.

        Without an answer the key says what the mistake is.
        """
        bench, tape = replace(self.bench, tape=foil(self.made.tape, name)), self.made.tape
        wrong = [steps] if isinstance(steps, str) else steps
        panels = [bench.panel(step, "given", caption=caption).of_a_foil() for step in wrong]
        if not isinstance(steps, str):
            first = next((s for s in steps if not same(bench.tape.values(s), tape.values(s))), None)
            if first is None:
                raise SheetError(f"the foil {name} changes none of {', '.join(steps)}; choose other steps")
            panels = [replace(panel, right=panel.step == first) for panel in panels]
        joints = ("→",) * (len(panels) - 1)
        return Marker(
            self._leave(Strip(tuple(panels), joints)) + self.lines(lines, answer or dict(foil_list())[name])
        )

    def claim(self, text: str, holds: bool, reason: str, otherwise: str = "", lines: int = 1) -> Marker:
        """A statement, true or false as the run says, and the reason; `otherwise` is that of its being false."""
        return self._leave(
            Claim(self.inline(text), bool(holds), self.inline(reason if holds else otherwise or reason), lines)
        )

    def choose(self, name: str, i: int = -1) -> Marker:
        """The vocabulary to choose a word from: that of a step's row, the last if not said."""
        return self._leave(questions.choice(self.made.tape, name, i, self.made.vocabulary))

    # values for the prose

    def totals(self, name: str, mistake: str = "") -> str:
        """The sums over each token's numbers: "7, 3, 1", on one line; with a mistake, as it makes them."""
        bench = replace(self.bench, tape=foil(self.made.tape, mistake)) if mistake else self.bench
        return ", ".join(value_text(x) for x in bench.totals(name)).replace(" ", "\u00a0")

    def total(self, name: str) -> str:
        """The sum of all numbers of a step."""
        return value_text(self.bench.total(name))

    def value(self, name: str, i: int, j: int, mistake: str = "") -> str:
        """One number of a step, counted from 0; with a mistake, as it makes it."""
        return value_text(self.number(name, i, j, mistake))

    def number(self, name: str, i: int, j: int, mistake: str = "") -> Any:
        """One number of a step, to be compared or printed."""
        tape = foil(self.made.tape, mistake) if mistake else self.made.tape
        return tape.values(name)[i][j]

    def word(self, name: str, i: int = -1, j: int = 0) -> str:
        """The word of the vocabulary that a number of a step stands for."""
        return self.made.vocabulary[int(self.number(name, i, j))]

    def equal(self, name: str, other: str) -> bool:
        """Whether two steps have the same numbers."""
        return same(self.made.tape.values(name), self.made.tape.values(other))

    def changed(self, mistake: str, name: str) -> bool:
        """Whether a step comes out otherwise with a mistake."""
        return not same(foil(self.made.tape, mistake).values(name), self.made.tape.values(name))

    def masked(self, name: str) -> int:
        """How many cells of a step hold −∞."""
        return sum(x == NEG_INF for row in self.made.tape.values(name) for x in row)

    def _panel(self, name: str, kind: Kind | None, caption: str, note: str) -> Panel:
        panel = self.bench.panel(name, kind, caption=caption, note=note)
        if name == "next_token" and self.made.vocabulary:
            words = self.made.vocabulary
            cells = tuple(tuple(replace(c, value=words[int(c.value)], work=None) for c in row) for row in panel.cells)
            panel = replace(panel, cells=cells)
        return panel

    def _leave(self, block: Block) -> Marker:
        self.blocks.append(block)
        return Marker(f"\ue000{len(self.blocks) - 1}\ue001")
