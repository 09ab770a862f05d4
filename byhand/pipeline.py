"""From a sheet's name to files, in one function: read this first.

sheet → values → run on the tape → document → second witness → each view in each format → files, all or none
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from byhand.arithmetic.domain import Domain
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.systems import Rounding, number_system
from byhand.errors import MOST_PROBLEMS, ConfigError
from byhand.files import write
from byhand.formats.cache import made_once, printed
from byhand.formats.html.book import Book
from byhand.formats.html.page import Pages, Paper
from byhand.model import MODELS, Model, unread
from byhand.model.files import load_entries
from byhand.model.weights import Values, check_positions, complete
from byhand.record import as_text, fingerprint
from byhand.runs import Run
from byhand.symmetry.renaming import renamed
from byhand.tape import Tape
from byhand.witness.judge import judge
from byhand.worksheet.context import Context
from byhand.worksheet.document import VIEWS, Document, Level, Orientation, View
from byhand.worksheet.effort import Effort
from byhand.worksheet.load import document
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import ENGLISH, Sheet, check_room, load_sheet
from byhand.worksheet.starts import rounded_starts

FLAGSHIP = "gpt"
Format = Literal["html", "pdf", "json"]
FORMATS: tuple[Format, ...] = ("html", "pdf", "json")


@dataclass(frozen=True)
class Options:
    """What `generate` can be asked for.

    seed: 0 for the sheet's own numbers, any other for new ones; None is 0, or 1 where tokens, an answer or a level
    need new ones. values: a values file's entries, which take the place of the sheet's. views: which are written.
    numbers: exact, decimal or symbolic; None is what the sheet has.
    places: of classroom decimals; rounding: whether a step goes on with rounded numbers or with all their digits.
    base: of softmax, where it is not the sheet's. answer: the words that gpt says.
    level: how large new numbers are, and how much the page gives away. cache: whether a page that was laid out before
    is taken from the cache. weight_places: what a file's weights are rounded to. language: of the pages; what it does
    not have is in English.
    """

    seed: int | None = None
    numbers: str | None = None
    places: int = 2
    rounding: Rounding = "carry"
    base: int | str | None = None
    orientation: Orientation = "rows"
    views: tuple[View, ...] = ("worksheet", "key")
    formats: tuple[Format, ...] = FORMATS
    paper: Paper = "a4"
    tokens: tuple[str, ...] = ()
    values: object = None
    answer: str = ""
    level: Level | None = None
    cache: bool = True
    weight_places: int | None = None
    language: str = ENGLISH

    def on(self, sheet: Sheet) -> Options:
        """The same, with the sheet's own numbers where none are asked for."""
        return replace(self, numbers=self.numbers or sheet.numbers)

    @property
    def kept(self) -> bool:
        """Whether the numbers are the sheet's or a file's own, in whatever places, and no new ones."""
        return self._own or self.chosen_seed == 0

    @property
    def _own(self) -> bool:
        """Whether letters or a teacher's numbers rule out new ones; a file may say sizes, choices and words alone."""
        only = isinstance(self.values, Mapping) and self.values.keys().isdisjoint({"inputs", "weights"})
        return self.numbers == "symbolic" or (self.values is not None and not only)

    @property
    def domain(self) -> Domain:
        """The number system that is asked for."""
        return number_system(self.numbers or "exact", self.places, self.rounding)

    @property
    def chosen_seed(self) -> int:
        """The seed, where none is given too."""
        if self.seed is not None:
            return self.seed
        return int(not self._own and bool(self.tokens or self.answer or self.level))


Tell = Callable[[object], None]  # where to say what rounding changes, and what was not read


def generate(
    name: str = FLAGSHIP, options: Options | None = None, out: Path | str = "output", tell: Tell = lambda line: None
) -> list[Path]:
    """Write a sheet's worksheet, key and run.json into OUT/SHEET-seedN; the files' paths.

    Raises: ByHandError; then nothing has been written.
    """
    options = options or Options()
    sheet = load_sheet(name, options.language)
    options = options.on(sheet)

    def made() -> dict[str, str]:
        return dict(_texts(*prepare(sheet, options, tell), options))

    again = options.cache and options.values is None
    texts = made_once("sheets", made, repr((sheet, options))) if again else made()
    files = {
        name: printed(text, options.cache) if name.endswith(".pdf") else text.encode() for name, text in texts.items()
    }
    return write(Path(out) / f"{sheet.name}-seed{options.chosen_seed}", files)


def book(
    names: Sequence[str], options: Options | None = None, out: Path | str = "output", tell: Tell = lambda line: None
) -> list[Path]:
    """Write sheets as one book into OUT/book-seedN: book.pdf, a folder's pages with their index, and each run.

    Raises: ByHandError; then nothing has been written.
    """
    options = options or Options()
    made = [prepare(load_sheet(name, options.language), options, tell) for name in dict.fromkeys(names)]
    views = tuple(sorted(options.views, key=VIEWS.index))
    bound = Book(tuple(Pages(*each) for each in made), views, options.chosen_seed, messages(options.language))
    files = dict(bound.folder(options.paper)) if "html" in options.formats else {}
    if "json" in options.formats:
        files |= {f"{page.name}-run.json": as_text(run) for page, run in made}
    contents = {name: text.encode() for name, text in files.items()}
    if "pdf" in options.formats:
        contents["book.pdf"] = printed(bound.printed(options.paper), options.cache)
    return write(Path(out) / f"book-seed{options.chosen_seed}", contents)


def prepare(sheet: Sheet, options: Options, tell: Tell = lambda line: None) -> tuple[Document, Run]:
    """Choose a sheet's numbers and run its model on them: the document, and the run.

    Raises: WitnessError where the second witness finds other numbers.
    """
    options = options.on(sheet)
    values, quality = choose_numbers(sheet, options)
    if options.weight_places is not None:
        values = _rounded(sheet.model, values, options.weight_places, tell)
    page, run, _ = recorded(sheet, values, options, options.domain, quality)
    if options.values is not None:
        check_room(sheet, [name for name, step in run.steps.items() if step.op])
    judge(run)
    return replace(page, stamp={"seed": str(options.chosen_seed), "hash": run.hash}), run


def recorded(
    sheet: Sheet, values: Values, options: Options, domain: Domain, quality: dict[str, Any] | None, whole: bool = True
) -> tuple[Document, Run, Tape]:
    """Run a sheet's model on these numbers: the document, which has no stamp yet, the run, and its tape.

    What a page prints rounded, and not what it comes from, is where its reader starts: so does the run.
    whole: whether what is not on the page is computed, too.
    """
    tape = sheet.model.run(values, domain, force=whole and domain.name != "symbolic")
    tokens, level = _words(values), options.level or "standard"
    context = Context(
        sheet, tape, values.config, tokens, values.vocabulary, options.orientation, values.source, level,
        messages(options.language),
    )  # fmt: skip
    page = document(context)  # which asks the tape for the steps that it needs
    if starts := rounded_starts(page, tape):
        values = replace(values, inputs={**values.inputs, **starts})
        return recorded(sheet, values, options, domain, quality, whole)
    run = Run.of(
        tape, sheet.model.name, values.config, tokens=tokens, vocabulary=values.vocabulary,
        source=tuple(map(str, values.source)), sheet=sheet.name, seed=options.chosen_seed, quality=quality,
    )  # fmt: skip
    return page, replace(run, hash=fingerprint(run, page.steps)), tape


def own_effort(sheet: Sheet) -> Effort:
    """What a sheet asks of a student with its own numbers.

    Raises: ByHandError where the sheet cannot be made.
    """
    values = complete(sheet.given(letters=False))
    tape = sheet.model.run(values, RATIONALS)
    context = Context(sheet, tape, values.config, _words(values), values.vocabulary, "rows", values.source)
    return document(context).effort


def choose_numbers(sheet: Sheet, options: Options) -> tuple[Values, dict[str, Any] | None]:
    """The numbers that a sheet is run on, and what is promised of them where they were searched for.

    Letters and a file's numbers are kept: another seed gives them other places and signs. Else it has new numbers.

    Raises: ConfigError, ValuesError.
    """
    seed, symbolic = options.chosen_seed, options.numbers == "symbolic"
    values = sheet.given(letters=symbolic, base=options.base, tokens=options.tokens, other=options.values)
    if values.vocabulary and not options.answer:
        values.ids()  # a word that the sheet does not know is an error, unless the vocabulary is made anew
    check_positions(values)
    if options.weight_places is not None and options.values is None:
        raise ConfigError("--round-weights rounds the weights of a values file; give one with --values")
    if options.kept and options.answer:
        raise ConfigError("--answer needs new numbers; leave out --values, --numbers symbolic and --seed 0")
    if options.kept:
        return renamed(sheet.model, values, seed, signs=not symbolic, in_place=sheet.in_place), None
    from byhand.numbers.choice import choose
    from byhand.numbers.words import spelled

    answer = spelled(options.answer, values)
    picks = sheet.pick_words and not options.tokens and not answer
    level = options.level or "standard"
    chosen = choose(sheet.model, values, seed, answer=answer, level=level, pick_words=picks)
    return complete(chosen.values), chosen.quality


def _words(values: Values) -> tuple[str, ...]:
    """The tokens as words, where there is a vocabulary; without tokens, the positions' numbers."""
    tokens = values.tokens or tuple(range(1, values.positions() + 1))
    words = values.vocabulary
    return tuple(words[t] if isinstance(t, int) and words and t < len(words) else str(t) for t in tokens)


def _texts(page: Document, run: Run, options: Options) -> Iterator[tuple[str, str]]:
    """The files by name; of a PDF, the HTML from which it is laid out."""
    pages = Pages(page, run)
    for view in sorted(options.views, key=VIEWS.index):
        if "html" in options.formats:
            yield f"{view}.html", pages.html(view, "screen", options.paper)
        if "pdf" in options.formats:
            yield f"{view}.pdf", pages.html(view, "print", options.paper)
    if "json" in options.formats:
        yield "run.json", as_text(run)


def load_values(*paths: Path | str) -> Values:
    """Read a values file for `run`; of several, each adds to those before it.

    Raises: ValuesError where it cannot be read or does not parse, and all that Values.of raises.
    """
    return Values.of(load_entries(*paths))


def run_values(
    model: str, values: Values, numbers: str = "exact", places: int = 2, rounding: Rounding = "carry",
    weight_places: int | None = None, tell: Tell = lambda line: None,
) -> Run:  # fmt: skip
    """Run a model on a values file's numbers, without a sheet."""
    values = complete(values)
    if weight_places is not None:
        values = _rounded(MODELS[model], values, weight_places, tell)
    tape = MODELS[model].run(values, number_system(numbers, places, rounding))
    if spared := unread(tape, values):
        tell(f"{model} does not read {', '.join(spared[:MOST_PROBLEMS])}{' …' * (len(spared) > MOST_PROBLEMS)}")
    tokens = _words(values) if values.tokens else ()
    run = Run.of(
        tape, model, values.config, tokens=tokens, vocabulary=values.vocabulary, source=tuple(map(str, values.source))
    )
    return replace(run, hash=fingerprint(run, run.steps))


def _rounded(model: Model, values: Values, places: int, tell: Tell) -> Values:
    from byhand.model.rounding import effect, rounded

    tell(effect(model, values, places))
    return rounded(values, places)


def onnx_graph(run: Run) -> bytes:
    """A run as an ONNX file.

    Raises: ExtraError where onnx is not installed.
    """
    from byhand.formats.onnx import graph

    content: bytes = graph(run).SerializeToString(deterministic=True)
    return content


def views_asked(view: str | None) -> tuple[View, ...]:
    """The views that `--view` stands for: worked comes with worksheet and key."""
    return ("worksheet", "key") if view is None else VIEWS if view == "worked" else (view,)  # type: ignore[return-value]
