"""Sheets on disk: Markdown files with front matter, in the user's folder and in the shipped one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

from msgspec import Struct, field

from byhand.cache import cached_by
from byhand.errors import ByHandError, ConfigError, SheetError, UnknownNameError
from byhand.loading import load_lesson, trusted
from byhand.model import MODELS, Model
from byhand.model.config import SIZES, Config
from byhand.model.files import merged
from byhand.model.parameters import parameter_shapes
from byhand.model.weights import Values
from byhand.notation.number import shown
from byhand.numbers.promises import sheet_promise_named
from byhand.numbers.readings import draws_words
from byhand.numbers.refused import RULES, promises_but
from byhand.worksheet.folders import ENGLISH, folders
from byhand.worksheet.front import OF_THREAD, TABLES, all_files, file_of, known_language, parsed, read, sheet_files
from byhand.worksheet.messages import messages
from byhand.worksheet.order import number_of, place
from byhand.worksheet.program import code_key
from byhand.worksheet.thread import of_all_threads

_WORDS = ("title", "goal", "model")
NUMBER_SYSTEMS = ("exact", "decimal", "symbolic")


class ForLecturer(Struct, frozen=True):
    """What a lecturer is told of a sheet."""

    look_for: str = ""
    """The mistake to look for, in words."""
    thinks: str = ""
    """What the student may think."""
    ask: str = ""
    """What to ask the student."""
    mistake: str = ""
    """What `byhand foils` calls this mistake; "" where it does not have it."""
    right: str = ""
    """What is right instead. This and what follows may call for words and numbers of the run, as a sheet's prose."""
    answer: str = ""
    """The answer to what is asked."""
    asked_after: str = ""
    """The title of the step after which it is asked; "" for minute ten."""
    skip: str = ""
    """What to leave out if time is short."""
    board: str = ""
    """The sketch for the board, as pictures/board.py reads it."""


class Origin(Struct, frozen=True):
    """Where the idea of a sheet comes from, for the line at its foot; what is not known is left out."""

    who: str = ""
    when: str = ""
    """The year."""
    name: str = ""
    """What the idea is called elsewhere."""
    paper: str = ""
    """Where one reads of it."""
    runs: str = ""
    """Models that have it."""
    number: str = ""
    """A number of a real model, and what it means in the units of the sheet."""


class Delta(Struct, frozen=True):
    """How a sheet differs from the ordinary block: what its map draws in black."""

    draws: str = ""
    """The name of the drawing, one of those in page/delta_map.py."""
    sign: str = "+"
    """Whether something is put in (+), taken away (−), or stands there `instead of` something else."""
    label: str = ""
    """What stands in or beside what is black."""
    what: str = ""
    """What changes."""
    so: str = ""
    """What follows from it."""
    grid: str = ""
    """Of a pattern, who may look at whom: rows of signs, # for yes, + for in part, and . for no."""

    SIGNS: ClassVar[tuple[str, ...]] = ("+", "−", "instead of")


class OnPoster(Struct, frozen=True):
    """A sheet's row on the poster of its family, as somebody who did the sheet fills it in."""

    looks: str = ""
    """Who looks at whom of five words: five lines of five signs, # for yes, + for in part, - for a little, . for
    no, as in SIGNS."""
    exact: str = ""
    """Whether the shares are those of ordinary attention with the same queries and keys: yes or no."""
    causal: str = ""
    """Whether nobody looks ahead: yes or no."""
    scores: str = ""
    """How many scores there are for n words."""
    kept: str = ""
    """What must stay in memory to write the next word, in one head."""
    forgets: str = ""
    """What is lost."""
    name: str = ""
    """What the idea is called, if the origin does not say it; likewise its year."""
    year: str = ""

    SIGNS: ClassVar[str] = "#+-."
    WORDS: ClassVar[int] = 5
    REPLIES: ClassVar[tuple[str, ...]] = ("yes", "no")

    @property
    def grid(self) -> tuple[str, ...]:
        """Who looks at whom, a line for each word that asks."""
        return tuple(self.looks.split())

    @property
    def fault(self) -> str:
        """What is wrong with it, in words; "" for nothing."""
        for entry in ("exact", "causal"):
            if getattr(self, entry) not in self.REPLIES:
                return f"{entry}: {shown(getattr(self, entry))} is neither yes nor no"
        if [len(line) for line in self.grid] != [self.WORDS] * self.WORDS or {*self.looks} - {*self.SIGNS, " "}:
            return f"looks: {shown(self.looks)} is no grid; write five lines of five signs, each one of # + - ."
        missing = [entry for entry in ("scores", "kept", "forgets") if not getattr(self, entry)]
        return f"it has no {missing[0]}" if missing else ""


class CutOut(Struct, frozen=True):
    """A thing to cut out that one uses on a sheet."""

    draws: str = ""
    """The picture that draws it, from the config and the number of words."""
    name: str = ""
    """What it is called."""
    how: str = ""
    """How it is used."""


class Sheet(Struct, frozen=True):
    """A sheet's front matter and its body."""

    name: str
    file: str
    """The name of its file in messages: softmax.md, or de/softmax.md."""
    title: str
    model: Model
    goal: str
    body: str
    riddle: str = ""
    """The question with which the page begins, in place of the goal; it may have calls, as the body."""
    numbers: str = "exact"
    """The default number system: exact, decimal or symbolic."""
    places: int | None = None
    """The decimal places of decimals, if others than usual."""
    prerequisites: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    """The config, tokens, inputs and weights, as in a values file."""
    letters: Mapping[str, Any] = field(default_factory=dict)
    """The inputs and parameters of a symbolic run, with letters among their entries."""
    pick_words: bool = False
    """Whether a seed also picks the sentence."""
    answer: tuple[str, ...] = ()
    """The words that a run on new numbers gives at its last positions."""
    in_place: tuple[str, ...] = ()
    """Inputs and parameters whose numbers keep their places in every copy, because the text speaks of these
    places."""
    promises: tuple[str, ...] = ()
    """The names of functions in numbers/promises.py: what the numbers of every seed keep, so that they show the
    sheet's idea; and of those in numbers/refused.py, which every sheet promises, but for what it allows."""
    allows: Mapping[str, str] = field(default_factory=dict)
    """What this sheet's numbers may have although it is refused elsewhere, and why."""
    points: Mapping[int, int] = field(default_factory=dict)
    """What sections are worth, by number, in place of points by time."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words for the places of an axis, such as d_model, whose numbers keep their places and signs in every copy."""
    sittings: tuple[int, ...] = ()
    """The numbers of the steps with which sittings begin, where the text parts the steps into some."""
    fractions: tuple[str, ...] = ()
    """Steps whose numbers are whole with some seeds only."""
    easy_rows: int = 1
    """How many last rows are asked for at the easy level."""
    lecturer: ForLecturer = ForLecturer()
    """What a lecturer is told."""
    origin: Origin = Origin()
    """Where its idea comes from."""
    delta: Delta | None = None
    """How it differs from the ordinary block."""
    poster: OnPoster | None = None
    """Its row on the poster of its family, if it has one."""
    cut_out: CutOut | None = None
    """A thing to cut out, if it has one."""
    cost: Mapping[str, str] = field(default_factory=dict)
    """What it costs: formulas of the number n of words and of the sizes of the model, by what they count."""
    symbols: Mapping[str, str] = field(default_factory=dict)
    """The symbols of steps that other sheets do not have (model/names.py)."""
    group: str = ""
    """Its place in the course, together with after and meets: see Placed in order.py."""
    after: str = ""
    meets: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The sheet's place in the course; 0 if it is not of the course."""
        return number_of(self.name)

    @property
    def of_thread(self) -> bool:
        """Whether it is a sheet of the thread, whose numbers are those of all the others."""
        return self.name.startswith(OF_THREAD)

    @property
    def draws_words(self) -> bool:
        """Whether a seed draws the words that are read, and no numbers, which are the lesson."""
        return draws_words(self.name)

    def given(
        self, *, letters: bool, base: int | str | None = None, tokens: Sequence[str] = (), other: object = None
    ) -> Values:
        """The sheet's own values, with letters, the base of softmax, tokens or a file's entries in place of its own.

        Raises: ValuesError, UnknownNameError, ConfigError.
        """
        entries = dict(self.values)
        for name, rows in self.letters.items() if letters else ():
            key = "weights" if name in entries.get("weights", {}) else "inputs"
            entries[key] = {**entries.get(key, {}), name: rows}
        if other is not None:
            entries = merged(_fitting(entries, other), other)
            if not isinstance(entries, Mapping):
                return Values.of(entries)
        if base is not None:
            entries["config"] = {**entries.get("config", {}), "softmax_base": base}
        if tokens:
            entries["tokens"] = list(tokens)
        return Values.of(entries)


def _of_own(name: str) -> str:
    """What to say of a lesson of somebody's own whose Python has not been read."""
    for folder in folders()[:-1]:
        if (folder / "worksheets" / f"{name}.py").is_file() and folder.resolve() not in trusted():
            return f"; worksheets/{name}.py may have it, which is read with --trust {folder}"
    return ""


def _fitting(entries: dict[str, Any], other: object) -> dict[str, Any]:
    """A sheet's entries without the numbers that do not fit once another file changes the sizes of the model."""
    if not isinstance(other, Mapping) or other.keys().isdisjoint({"config", "vocabulary"}):
        return entries
    both = merged(entries, other)
    try:
        old, new = (Values.of({k: e[k] for k in ("config", "vocabulary") if k in e}).config for e in (entries, both))
    except ByHandError:  # reported later, along with all other problems of the file
        return entries
    if all(getattr(old, size) == getattr(new, size) for size in SIZES):
        return entries
    before, after = parameter_shapes(old), parameter_shapes(new)
    weights = {
        name: entry for name, entry in entries.get("weights", {}).items()
        if before.get(name.partition("[")[0]) == after.get(name.partition("[")[0])
    }  # fmt: skip
    return {**entries, "inputs": {}, "weights": weights}


OF_TEXTS: dict[str, type[ForLecturer] | type[Origin] | type[Delta] | type[OnPoster] | type[CutOut]] = {
    "lecturer": ForLecturer, "origin": Origin, "delta": Delta, "poster": OnPoster, "cut_out": CutOut,
}  # fmt: skip
_VALUES = ("config", "tokens", "source", "vocabulary", "inputs", "weights")


def check_room(sheet: Sheet, steps: Iterable[str]) -> None:
    """Check that a sheet shows every layer and head of a run on a file's numbers.

    Raises: ConfigError for steps of a layer or a head that the sheet does not have.
    """
    config = Config.of(sheet.values.get("config", {}))
    for name in steps:
        layer, head = re.match(r"\w+\.(\d+)\.", name), re.search(r"attn\..*\[(\d+)\]$", name)
        for match, most in ((layer, "n_layers"), (head, "n_heads")):
            if match and int(match[1]) >= getattr(config, most) and f"config.{most}" not in sheet.body:
                raise ConfigError(
                    f"{sheet.name} has steps for {most}={getattr(config, most)}, but these numbers also make {name}; "
                    f"use other numbers, or byhand run"
                )


def load_sheet(name: str, language: str = ENGLISH) -> Sheet:
    """Read a sheet in a language, or in English if it is not translated. Front matter that it lacks is English, too.

    Raises: UnknownNameError; SheetError where the file does not parse.
    """
    front, body = read(name, language)
    if name.startswith(OF_THREAD):
        front = of_all_threads(language) | front
    return _made(name, file_of(all_files(language)[name]), front | {"title": _title(name, front, language)}, body)


def all_names(language: str = ENGLISH) -> list[str]:
    """The name of every sheet: those of the course in its order, then one's own by name."""
    return sorted(sheet_files(known_language(language)), key=place)


def all_sheets(language: str = ENGLISH) -> list[Sheet]:
    """Every sheet, in the same order."""
    return [load_sheet(name, language) for name in all_names(language)]


class Named(Struct, frozen=True):
    """A sheet as the pages of others name it."""

    name: str
    number: int
    """Its place in the course; 0 where it has none."""
    title: str

    @property
    def called(self) -> str:
        """Its number and its title, as in "11 Scores"."""
        return f"{self.number} {self.title}" if self.number else self.title


def lettered() -> list[str]:
    """The names of the sheets that have letters, in the order of the course."""
    return [name for name in all_names() if read(name, ENGLISH)[0].get("letters")]


@cached_by("shipped", lambda names, language=ENGLISH: code_key("named", tuple(names), language))
def named(names: Sequence[str], language: str = ENGLISH) -> tuple[Named, ...]:
    """Sheets by number and title, in the order of the course. What is no sheet, as a chapter is, is its own title."""
    known = all_files(language)
    titles = {
        name: _title(name, read(name, language)[0], language) if name in known else name
        for name in sorted(names, key=place)
    }
    return tuple(Named(name, number_of(name), title) for name, title in titles.items())


def _title(name: str, front: Mapping[Any, Any], language: str) -> Any:
    """The title of a sheet: of one that a language does not have, that of its messages, if these have it."""
    title = front.get("title")
    if language == ENGLISH or all_files(language)[name] != all_files().get(name):
        return title
    return messages(language).texts.get(f"titles.{name}", title)


def parse_sheet(name: str, text: str, original: str = "") -> Sheet:
    """Parse the text of a sheet. original: the English text, whose front matter a translation adds to.

    Raises: SheetError with the line where the front matter does not parse.
    """
    return _made(name, f"{name}.md", *parsed(f"{name}.md", text, original))


def _made(name: str, file: str, front: dict[Any, Any], body: str) -> Sheet:
    """The sheet of a file, of its front matter and its body.

    Raises: SheetError.
    """
    for key in _WORDS:
        if not front.get(key):
            raise SheetError(f"{file}: the front matter has no {key}")
    if front.get("numbers", NUMBER_SYSTEMS[0]) not in NUMBER_SYSTEMS:
        raise SheetError(f"{file}: no numbers {front['numbers']!r}; use {', '.join(NUMBER_SYSTEMS)}")
    for section, worth in front.get("points", {}).items():
        if not (isinstance(section, int) and isinstance(worth, int) and worth >= 0):
            raise SheetError(f"{file}: points: write whole numbers by the number of a section, as in {{5: 4}}")
    if front.get("easy_rows", 1) not in (1, 2):
        raise SheetError(f"{file}: easy_rows: {shown(front['easy_rows'])} rows at the easy level; use 1 or 2")
    starts = front.get("sittings", [1, 2])
    if len(starts) < 2 or starts[0] != 1 or not all(type(b) is int and a < b for a, b in pairwise(starts)):
        raise SheetError(f"{file}: sittings: write the step with which each begins, as in [1, 10, 18]")
    load_lesson(name)
    try:
        model = MODELS[front["model"]]
    except UnknownNameError as error:
        raise SheetError(f"{file}: {error}{_of_own(name)}") from None
    kept = {k: v for k, v in front.items() if k not in _VALUES} | {"model": model}
    for key in ("prerequisites", "objectives", "answer", "in_place", "promises", "fractions", "meets"):
        if other := next((entry for entry in front.get(key, ()) if isinstance(entry, dict | list)), None):
            raise SheetError(f"{file}: {key}: {shown(other)} is no text; write it in quotes")
        kept[key] = tuple(str(x) for x in front.get(key, ()))
    values = {k: front[k] for k in _VALUES if k in front}
    given = {**values.get("inputs", {}), **values.get("weights", {})}
    if unknown := [key for key in kept["in_place"] if key not in given]:
        raise SheetError(f"{file}: in_place: {UnknownNameError('input or weight', unknown[0], given)}")
    try:
        for key in kept["promises"]:
            sheet_promise_named(key)
    except (UnknownNameError, SheetError) as error:
        raise SheetError(f"{file}: promises: {error}") from None
    for key in TABLES:
        if other := next((entry for entry in front.get(key, {}).values() if not isinstance(entry, str)), None):
            raise SheetError(f"{file}: {key}: {shown(other)} is no text; write it in quotes")
    for key, kind in OF_TEXTS.items():
        if unknown := [name for name in front.get(key, {}) if name not in kind.__struct_fields__]:
            raise SheetError(f"{file}: {UnknownNameError(key, unknown[0], kind.__struct_fields__)}")
        if key in front:
            kept[key] = kind(**front[key])
    if "delta" in kept and kept["delta"].sign not in Delta.SIGNS:
        raise SheetError(f"{file}: delta: no sign {kept['delta'].sign!r}; use {', '.join(Delta.SIGNS)}")
    if "poster" in kept and (fault := kept["poster"].fault):
        raise SheetError(f"{file}: poster: {fault}")
    if unknown := [key for key in front.get("allows", {}) if key not in RULES]:
        raise SheetError(f"{file}: allows: {UnknownNameError('rule', unknown[0], RULES)}")
    kept["promises"] += promises_but(front.get("allows", {}))
    kept["sittings"] = tuple(front.get("sittings", ()))
    kept["names"] = {str(axis): tuple(map(str, words)) for axis, words in front.get("names", {}).items()}
    kept["in_place"] += tuple(kept["names"])
    return Sheet(name=name, file=file, body=body, values=values, **kept)
