"""A worksheet as data: what stands on the page, whatever the format, and in every view.

A Document holds sections; a section has words (what is read) and figures (what is computed). The view decides only
what an answer cell shows: nothing on the worksheet, the answer on the key, the arithmetic too when worked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from byhand.arithmetic.expr import Expr
from byhand.errors import SheetError
from byhand.notation.number import shown

MOST_LINES = 60  # to write on: more than a page has
Kind = Literal["given", "parameter", "ask", "copy"]
View = Literal["worksheet", "key", "worked"]
VIEWS: tuple[View, ...] = ("worksheet", "key", "worked")
Level = Literal["easy", "standard", "stretch"]


@dataclass(frozen=True)
class Cell:
    """A value of the run, the arithmetic that made it, and whether it is to be filled in.

    step: what it belongs to; at: in which row and column of the run, of a matrix's; shows: whether the value is the
    run's, a mistake's or a size.
    """

    value: Any
    work: Expr | None = None
    blank: bool = False
    step: str = ""
    at: tuple[int, int] | None = None
    shows: Literal["run", "mistake", "size"] = "run"


@dataclass(frozen=True)
class Panel:
    """One matrix on the page, in the sheet's orientation.

    rows, cols: labels; along: whether these are "token" or "dim" labels; symbol, formula: LaTeX; right: whether
    it is the one to be ticked, where one is to be picked.
    """

    step: str
    kind: Kind
    cells: tuple[tuple[Cell, ...], ...]
    rows: tuple[str, ...]
    cols: tuple[str, ...]
    along: tuple[str, str]
    symbol: str
    caption: str = ""
    note: str = ""
    right: bool | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.cols)

    @property
    def is_answer(self) -> bool:
        return self.kind in ("ask", "copy")

    def of_a_foil(self) -> Panel:
        """The same, of a mistake's run."""
        return replace(self, cells=tuple(tuple(replace(cell, shows="mistake") for cell in row) for row in self.cells))

    @property
    def has_blanks(self) -> bool:
        """Whether a cell is to be filled in: of an operand too, where it is to be found from the result."""
        return any(cell.blank for row in self.cells for cell in row)


@dataclass(frozen=True)
class Falk:
    """A product: the right operand above, the left one to the left, the result where they cross."""

    left: Panel
    upper: Panel
    result: Panel
    bias: Panel | None
    formula: str
    arrows: bool = False

    @property
    def panels(self) -> tuple[Panel, ...]:
        return (self.left, self.upper, *((self.bias,) if self.bias else ()), self.result)


@dataclass(frozen=True)
class Strip:
    """Matrices side by side, with a sign between two of them; parameters may stand above the last one.

    dots: whether the last panel's weights are drawn as dots at the end.
    """

    panels: tuple[Panel, ...]
    joints: tuple[str, ...]
    dots: bool = False
    above: tuple[Panel, ...] = ()


@dataclass(frozen=True)
class WordBoxes:
    """A row of boxes for the words that the answers spell."""

    labels: tuple[str, ...]
    answers: tuple[Cell, ...]


@dataclass(frozen=True)
class Prose:
    """Parsed Markdown."""

    tokens: Sequence[Any]


@dataclass(frozen=True)
class Table:
    """Rows under a head, each with its name in front: texts, values of the run, and blanks for them."""

    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose | Cell, ...], ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The values and blanks, row by row."""
        return tuple(cell for row in self.rows for cell in row if isinstance(cell, Cell))


Figure: TypeAlias = Falk | Strip | WordBoxes | Table


@dataclass(frozen=True)
class Remark:
    """A short line with a head: Hint, Check, Checkpoint, First cell. A check has a box to tick."""

    head: str
    tokens: Sequence[Any] = ()
    line: tuple[Expr, Any] | None = None

    @property
    def ticked(self) -> bool:
        return self.head == "Check"


@dataclass(frozen=True)
class Answer:
    """Ruled lines to write on, and what the key says there.

    Raises: SheetError for lines that no page has.
    """

    lines: int
    tokens: Sequence[Any]

    def __post_init__(self) -> None:
        if not (isinstance(self.lines, int) and 0 <= self.lines <= MOST_LINES):
            raise SheetError(f"{shown(self.lines)} lines are more than a page has; use up to {MOST_LINES}")


@dataclass(frozen=True)
class Claim:
    """A statement to be judged, true or false, and lines for the reason."""

    tokens: Sequence[Any]
    holds: bool
    reason: Sequence[Any]
    rules: int = 1


@dataclass(frozen=True)
class Choice:
    """Words to choose from: the one that a step comes to is right."""

    step: str
    words: tuple[str, ...]
    right: int


Word: TypeAlias = Prose | Remark | Answer | Claim | Choice


@dataclass(frozen=True)
class Section:
    """A numbered step or question."""

    number: int
    title: str
    words: tuple[Word, ...]
    figures: tuple[Figure, ...]

    @property
    def is_question(self) -> bool:
        return any(isinstance(w, Answer | Claim) for w in self.words)


State = Literal["done", "here", "later"]


@dataclass(frozen=True)
class Box:
    """A part of the architecture on the map, and the sections of this sheet that compute it.

    label: LaTeX, words in \\text{…}; "+" is where a branch joins the residual stream.
    """

    part: str
    label: str
    shape: str
    state: State
    sections: tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """A step inside a part: its sections, one for each head that has it, or none where it is given.

    word: what it is called, where that says more than its symbol (LaTeX); reads: places in the part's nodes.
    """

    sections: tuple[int, ...]
    symbol: str
    word: str
    shape: str
    reads: tuple[int, ...]


@dataclass(frozen=True)
class Map:
    """Where a sheet stands in the model. boxes: along the residual stream; inside: what it computes in each part.

    branches: the parts between which the stream runs beside a branch, first to ⊕. encoder: of what a decoder reads,
    where there is one.
    """

    boxes: tuple[Box, ...]
    inside: Mapping[str, tuple[Node, ...]]
    branches: tuple[tuple[str, str], ...]
    stream: str
    layers: int
    encoder: Map | None = None


@dataclass(frozen=True)
class Document:
    """A whole sheet."""

    name: str
    title: str
    number: int
    goal: Sequence[Any]
    prerequisites: tuple[str, ...]
    conventions: tuple[Sequence[Any], ...]
    map: Map
    sections: tuple[Section, ...]
    orientation: Literal["rows", "columns"]
    level: Level = "standard"
    stamp: Mapping[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> frozenset[str]:
        """The steps of which a number is shown, or a blank for one."""
        figures = [figure for section in self.sections for figure in section.figures]
        matrices = [f for f in figures if isinstance(f, Falk | Strip)]
        above = [panel.step for f in matrices if isinstance(f, Strip) for panel in f.above]
        panels = [panel.step for f in matrices for panel in f.panels]
        cells = [*self.blanks(), *(cell for f in figures if isinstance(f, Table) for cell in f.cells)]
        return frozenset([*above, *panels, *(c.step for c in cells if c.step and c.shows != "size")])

    def panels(self) -> list[Panel]:
        """Every matrix with blanks, in order."""
        figures = [figure for section in self.sections for figure in section.figures]
        found = [panel for figure in figures if isinstance(figure, Falk | Strip) for panel in figure.panels]
        return [panel for panel in found if panel.has_blanks]

    def blanks(self) -> list[Cell]:
        """Every cell that is to be filled in, in order."""
        found: list[Cell] = []
        for figure in (figure for section in self.sections for figure in section.figures):
            match figure:
                case Falk() | Strip():
                    found += [cell for panel in figure.panels for row in panel.cells for cell in row]
                case WordBoxes():
                    found += figure.answers
                case Table():
                    found += figure.cells
                case _:
                    raise TypeError(f"not a figure: {figure!r}")
        return [cell for cell in found if cell.blank]
