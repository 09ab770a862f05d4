"""A worksheet as data: what stands on the page, whatever the format, and in every view.

A Document holds sections; a section has words (what is read) and figures (what is computed). The view decides only
what an answer cell shows: nothing on the worksheet, the answer on the key, the arithmetic too when worked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from byhand.arithmetic.expr import Expr

Kind = Literal["given", "parameter", "ask", "copy"]
View = Literal["worksheet", "key", "worked"]
VIEWS: tuple[View, ...] = ("worksheet", "key", "worked")


@dataclass(frozen=True)
class Cell:
    """A value of the run, the arithmetic that made it, and whether it is printed even on the worksheet."""

    value: Any
    work: Expr | None = None
    printed: bool = False


@dataclass(frozen=True)
class Panel:
    """One matrix on the page, in the sheet's orientation.

    rows, cols: labels; along: whether these are "token" or "dim" labels; symbol, formula: LaTeX.
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

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.cols)

    @property
    def is_answer(self) -> bool:
        return self.kind in ("ask", "copy")


@dataclass(frozen=True)
class Falk:
    """A product: the right operand above, the left one to the left, the result where they cross."""

    left: Panel
    upper: Panel
    result: Panel
    bias: Panel | None
    formula: str
    arrows: bool = False


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
    answers: tuple[str, ...]


Figure: TypeAlias = Falk | Strip | WordBoxes


@dataclass(frozen=True)
class Prose:
    """Parsed Markdown."""

    tokens: Sequence[Any]


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
    """Ruled lines to write on, and what the key says there."""

    lines: int
    tokens: Sequence[Any]


Word: TypeAlias = Prose | Remark | Answer


@dataclass(frozen=True)
class Section:
    """A numbered step or question."""

    number: int
    title: str
    words: tuple[Word, ...]
    figures: tuple[Figure, ...]

    @property
    def is_question(self) -> bool:
        return any(isinstance(w, Answer) for w in self.words)


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

    branches: the parts between which the stream runs beside a branch, first to ⊕.
    """

    boxes: tuple[Box, ...]
    inside: Mapping[str, tuple[Node, ...]]
    branches: tuple[tuple[str, str], ...]
    stream: str
    layers: int


@dataclass(frozen=True)
class Document:
    """A whole sheet."""

    name: str
    title: str
    number: int
    goal: Sequence[Any]
    minutes: int
    prerequisites: tuple[str, ...]
    conventions: tuple[Sequence[Any], ...]
    map: Map
    sections: tuple[Section, ...]
    orientation: Literal["rows", "columns"]
    stamp: Mapping[str, str] = field(default_factory=dict)

    def panels(self) -> list[Panel]:
        """Every matrix with blanks, in order."""
        found: list[Panel] = []
        for section in self.sections:
            for figure in section.figures:
                match figure:
                    case Falk():
                        found += [figure.left, figure.upper, figure.result]
                    case Strip():
                        found += figure.panels
                    case WordBoxes():
                        pass
                    case _:
                        raise TypeError(f"not a figure: {figure!r}")
        return [p for p in found if p.is_answer]
