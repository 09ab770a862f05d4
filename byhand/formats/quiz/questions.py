"""The questions of a sheet: one a step, each by itself, so that a slip in one step costs nothing in the next.

A question prints what its step needs of those before it, right, and asks for what the page asks for. What is copied
on paper is printed. A question in words is by itself, since a person marks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, Literal
from xml.etree.ElementTree import Element

from msgspec import Struct

from byhand.arithmetic.expr import Fn, Ref, refs
from byhand.errors import ConfigError
from byhand.formats.quiz.body import Body
from byhand.formats.quiz.foils import Foil, Foils
from byhand.formats.quiz.spelling import (
    Number,
    decimal,
    number,
    rounded_spellings,
    shape_spellings,
    short_spellings,
    spellings,
)
from byhand.page.page import Page
from byhand.page.parts import labels
from byhand.page.reader import place_of
from byhand.tape import Place
from byhand.worksheet.document import (
    Blank,
    Cell,
    Claim,
    Figure,
    Panel,
    Prose,
    Reply,
    Section,
    Table,
    plain_words,
)

OF_NUMBERS = ("ask", "entry", "inverse", "size")
POINTS_OF_WORDS = 3  # of an answer in words, which a person marks; any other is worth one
ROUNDED = 50  # per cent: for a decimal in place of a fraction that has none


class Wrong(Struct, frozen=True):
    """A wrong answer that earns something."""

    texts: tuple[str, ...]
    value: str
    """The answer as a number, where numbers are compared."""
    credit: int
    """The credit in per cent."""
    told: str
    mistakes: tuple[str, ...]


class Entry(Struct, frozen=True):
    """A blank that is filled in."""

    blank: Blank
    called: str
    """What it is called for those who hear the page."""
    texts: tuple[str, ...]
    """What is taken as right, the usual text first."""
    value: str = ""
    """The number, where numbers are compared, and not texts; else ""."""
    tolerance: str = "0"
    """By how much a right answer may differ from it; wrong ones lie close to each other."""
    wrong: tuple[Wrong, ...] = ()


class Choice(Struct, frozen=True):
    """One of several options."""

    id: str
    called: str
    options: tuple[str, ...]
    right: int
    """The index of the right option."""
    why: str = ""
    """What the key says of it."""

    @property
    def is_claim(self) -> bool:
        """Whether a statement is to be judged true or false."""
        return self.id.split("/")[1] == "claim"


class Words(Struct, frozen=True):
    """An answer in words."""

    id: str
    key: str
    """What the key says."""


class Question(Struct, frozen=True):
    """One question, or with nothing to answer, a text that is read."""

    number: int
    title: str
    body: Element
    """Its text as XHTML, with an element `entry` or `choice` for each of these, whose attribute n is its number, and
    images whose source is the name of a picture."""
    entries: tuple[Entry, ...] = ()
    choices: tuple[Choice, ...] = ()
    words: Words | None = None
    mend: Mapping[str, tuple[str, str]] | None = None
    """The classic mistakes that can be made, by name: what each is, and how it is mended."""

    @property
    def called(self) -> str:
        """Its title, after the number of its step."""
        return f"{self.number} {self.title}" if self.number else self.title

    @property
    def kind(self) -> Literal["text", "words", "answers"]:
        """What it asks for."""
        return "words" if self.words else "answers" if self.entries or self.choices else "text"


class Quiz(Struct, frozen=True, eq=False, dict=True):
    """A sheet as questions.

    Raises: ConfigError for a sheet in letters, which no platform compares.
    """

    page: Page

    def __post_init__(self) -> None:
        if self.page.run.numbers == "symbolic":
            raise ConfigError(
                f"{self.page.document.name} has letters for numbers, which learning platforms cannot mark; use "
                "--numbers exact or decimal, or a sheet with numbers"
            )

    @cached_property
    def about(self) -> Question:
        """What the sheet is about, with its map, and how answers are typed."""
        return Question(0, self.page.document.title, self._body.about())

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions in the order of the sheet."""
        _ = self.about  # its picture comes first, whoever asks first
        return tuple(question for at in range(len(self.page.document.sections)) for question in self._of_section(at))

    @property
    def pictures(self) -> Mapping[str, bytes]:
        """The pictures in SVG, by their names in the questions."""
        _ = self.questions
        return self._body.pictures

    @cached_property
    def _body(self) -> Body:
        return Body(self.page)

    @cached_property
    def _foils(self) -> Foils:
        return Foils(self.page)

    def _of_section(self, at: int) -> Iterator[Question]:
        section = self.page.document.sections[at]
        blanks = [blank for blank in section.blanks if blank.role not in ("copy", "change")]
        chosen = [reply for reply in section.replies if reply.options]
        words = [reply for reply in section.replies if reply.role in ("lines", "line")]
        asks = bool(blanks or chosen)
        if asks or not words:
            entries = tuple(self._entries(section, blanks))
            body = self._body.of_section(at, blanks, chosen, self._before(at, blanks))
            choices = tuple(self._choice(section, reply) for reply in chosen)
            yield Question(section.number, section.title, body, entries, choices, mend=self._mend(entries))
        for n, reply in enumerate(words, 1):
            title = section.title if len(words) == 1 and not asks else f"{section.title} ({n + asks})"
            body = self._body.of_section(at, [], [], self._before(at, []))
            yield Question(section.number, title, body, words=Words(reply.id, reply.right))

    # what a question prints of the steps before it

    def _before(self, at: int, blanks: Sequence[Blank]) -> list[Panel | Figure]:
        """What a section's blanks are found from and the section does not show: of earlier sections, the matrices and
        tables that have it; and the givens that are printed in a picture, and as a matrix in a later section only.
        """
        by_id, reader = dict[int, Panel | Figure](), self.page.reader
        if not blanks:
            has_figures = bool(self.page.document.sections[at].figures)
            return [] if has_figures else [*self._named(at)] or self._found_last(at)
        places = [place for blank in blanks if blank.role in ("ask", "entry", "word") and (place := _place(blank))]
        for place in places:
            rule = self.page.run.rule(*place)
            for ref in refs(rule):
                if reader.source(at, place_of(ref)) is None and (later := self._given_later(at, ref.matrix)):
                    by_id[id(later)] = later
            for ref in refs(reader.on_page(at, rule)):
                source = reader.source(at, place_of(ref))
                if source is not None and source is reader.before(at, place_of(ref)):
                    shown = self._shown_before(at, source)
                    by_id[id(shown)] = shown
        return [*by_id.values(), *(self._named(at) if any(blank.role == "text" for blank in blanks) else [])]

    def _given_later(self, at: int, name: str) -> Panel | None:
        """The matrix of a given step in the sections after this one."""
        if self.page.run[name].op is not None:
            return None
        later = (panel for section in self.page.document.sections[at + 1 :]
                 for figure in section.figures for panel in figure.matrices)  # fmt: skip
        return next((panel for panel in later if panel.step == name and not panel.has_blanks), None)

    def _shown_before(self, at: int, source: Cell | Blank) -> Panel | Figure:
        """The nearest matrix, or other figure, of a section before that has a cell or a blank."""
        figures = [figure for section in reversed(self.page.document.sections[:at]) for figure in section.figures]
        things: Iterable[Panel | Figure] = chain.from_iterable((*figure.matrices, figure) for figure in figures)
        return next(each for each in things if any(cell is source.cell for cell in _cells(each)))

    def _named(self, at: int) -> list[Panel]:
        """The matrices of earlier sections, the nearest of each, that a section speaks of by their symbols."""
        section, by_symbol = self.page.document.sections[at], dict[str, Panel]()
        tables = (figure for figure in section.figures if isinstance(figure, Table))
        entries = (entry for table in tables for row in table.rows for entry in row)
        texts = [each.tokens for each in (*section.words, *entries) if isinstance(each, Prose | Claim)]
        symbols = {symbol.partition("^")[0] for tokens in texts for symbol in _formulas(tokens)}
        for before in self.page.document.sections[:at]:
            for panel in (panel for figure in before.figures for panel in figure.matrices):
                if panel.symbol in symbols and panel.right is None:
                    by_symbol[panel.symbol] = panel
        return [*by_symbol.values()]

    def _found_last(self, at: int) -> list[Panel | Figure]:
        """The matrices of the nearest section before that asks for one: what a question in words may speak of."""
        for section in reversed(self.page.document.sections[:at]):
            panels = [panel for block in section.blocks for panel in block.matrices if panel.role != "parameter"]
            if any(panel.role == "ask" for panel in panels):
                return [*panels]
        return []

    # answers

    def _entries(self, section: Section, blanks: Sequence[Blank]) -> Iterator[Entry]:
        foils = self._foils.of(section) if blanks else {}
        texts = {blank.cell.step for blank in blanks if blank.cell.step and self._has_fractions(blank, foils)}
        for blank in blanks:
            name = self._body.called(blank.id)
            if blank.role == "word":
                yield Entry(blank, name, tuple(self._words(blank)))
            elif blank.role == "text":
                yield Entry(blank, name, shape_spellings(str(blank.cell.value)))
            else:
                yield self._number(blank, name, foils.get(blank.id, ()), blank.cell.step in texts)

    def _has_fractions(self, blank: Blank, foils: Mapping[str, Sequence[Foil]]) -> bool:
        """Whether a right or wrong answer is a fraction, so that the answers of its whole matrix are texts."""
        if blank.role not in OF_NUMBERS or self.page.run.numbers == "decimal":
            return False
        values = [number(blank.cell.value), *(foil.value for foil in foils.get(blank.id, ()))]
        return any(isinstance(value, Fraction) and value.denominator > 1 for value in values)

    def _number(self, blank: Blank, called: str, foils: Sequence[Foil], as_text: bool) -> Entry:
        value, unit = number(blank.cell.value), self._unit(blank)
        foils = [foil for foil in foils if unit is None or not _near(foil.value, value, unit)]
        as_text = as_text or any(decimal(each) is None for each in (value, *(foil.value for foil in foils)))
        wrong = tuple(self._wrong(foil, as_text) for foil in foils)
        if as_text:
            return Entry(blank, called, spellings(value, unit), wrong=(*wrong, *self._rounded(value, foils)))
        tolerance = decimal(unit) if unit else "0"
        return Entry(blank, called, spellings(value, unit), decimal(value) or "", tolerance or "0", wrong)

    def _rounded(self, value: Number, foils: Sequence[Foil]) -> Iterator[Wrong]:
        """A rounded decimal in place of a fraction, where that is nobody else's answer."""
        others = {text for foil in foils for text in short_spellings(foil.value)}
        texts = tuple(text for text in rounded_spellings(value) if text not in others)
        if texts:
            yield Wrong(texts, "", ROUNDED, self.page.messages.say("quiz.rounded"), ())

    def _unit(self, blank: Blank) -> Fraction | None:
        """The unit of a decimal's last place, by which rounding on the way may move it; None for an exact number."""
        places = blank.cell.places if blank.cell.places is not None else self.page.run.places
        return None if places is None or blank.role == "size" else Fraction(1, 10**places)

    def _wrong(self, foil: Foil, as_text: bool) -> Wrong:
        told = " / ".join(self.page.mistake(name)[0] for name in foil.mistakes)
        value = "" if as_text else decimal(foil.value) or ""
        return Wrong(short_spellings(foil.value), value, foil.credit, told, foil.mistakes)

    def _words(self, blank: Blank) -> Iterator[str]:
        """The words that are right: where the largest number is there several times, each of theirs."""
        rule, answer = self.page.run.rule(*blank.cell.place), str(blank.cell.value)
        yield answer
        if isinstance(rule, Fn) and rule.name == "argmax" and all(isinstance(arg, Ref) for arg in rule.args):
            numbers = [number(self.page.run.value(arg)) for arg in rule.args if isinstance(arg, Ref)]
            tied = zip(self.page.run.vocabulary, numbers, strict=True)
            yield from (word for word, value in tied if value == max(numbers) and word != answer)

    def _choice(self, section: Section, reply: Reply) -> Choice:
        called, why, claim = section.title, "", reply.asker
        if isinstance(claim, Claim):
            called, why = plain_words(claim.tokens), plain_words(claim.reason)
        options, right = labels(reply, self.page.messages), reply.options.index(reply.right)
        return Choice(reply.id, called, options, right, why)

    def _mend(self, entries: Sequence[Entry]) -> Mapping[str, tuple[str, str]]:
        """The mistakes that a question tells apart: what each is, and how to mend it."""
        names = dict.fromkeys(name for entry in entries for wrong in entry.wrong for name in wrong.mistakes)
        return {name: self.page.mistake(name) for name in names}


@lru_cache(maxsize=2)
def quiz_of(page: Page) -> Quiz:
    """A page as questions, which several formats write."""
    return Quiz(page)


def _place(blank: Blank) -> Place | None:
    """The place of the run that a blank belongs to, if it has one."""
    return blank.cell.place if blank.cell.at else None


def _cells(thing: Panel | Figure) -> Iterable[Cell]:
    return thing.flat if isinstance(thing, Panel) else thing.cells


def _formulas(tokens: Iterable[Any]) -> Iterator[str]:
    """The formulas in parsed Markdown."""
    for token in tokens:
        if token.type == "math_inline":
            yield token.content
        yield from _formulas(token.children or ())


def _near(value: object, right: object, unit: Fraction) -> bool:
    """Whether a number cannot be told from the right one, which may be rounded otherwise."""
    return isinstance(value, Fraction) and isinstance(right, Fraction) and abs(value - right) <= unit
