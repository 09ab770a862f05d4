"""From a sheet's name to files, in one function: read this first.

sheet → values → run on the tape → document → second witness → each view in each format → files, all or none
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from byhand.arithmetic.domains import FLOATS, RATIONALS, Decimals, Domain
from byhand.arithmetic.once import DecimalsOnce
from byhand.choosing.symmetry import renamed
from byhand.errors import ConfigError, ValuesError
from byhand.model.models import complete, run
from byhand.model.weights import Values
from byhand.render.book import Book
from byhand.render.cache import printed
from byhand.render.files import write
from byhand.render.html import Pages, Paper
from byhand.render.json import as_text, fingerprint, run_record
from byhand.tape import Tape
from byhand.verify.witness import judge
from byhand.worksheet.calls import Made
from byhand.worksheet.document import VIEWS, Document, Level, View
from byhand.worksheet.effort import Effort, effort
from byhand.worksheet.figures import Orientation
from byhand.worksheet.load import document
from byhand.worksheet.sheet import Sheet, load_sheet

FLAGSHIP = "gpt"
Format = Literal["html", "pdf", "json"]
Rounding = Literal["carry", "once"]
ROUNDINGS: dict[Rounding, type[Decimals]] = {"carry": Decimals, "once": DecimalsOnce}
FORMATS: tuple[Format, ...] = ("html", "pdf", "json")
LARGEST_VALUES_FILE = 20_000_000  # bytes


@dataclass(frozen=True)
class Options:
    """What `generate` can be asked for.

    seed: 0 for the sheet's own numbers, any other for new ones; None is 0, or 1 where tokens, an answer or a level
    need new ones. values: a values file's entries, which take the place of the sheet's. views: which are written.
    places: of classroom decimals; rounding: whether a step goes on with rounded numbers or with all their digits.
    base: of softmax, where it is not the sheet's. answer: the words that gpt says.
    level: how large new numbers are, and how much the page gives away. cache: whether a page that was laid out before
    is taken from the cache.
    """

    seed: int | None = None
    numbers: str = "exact"
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

    @property
    def kept(self) -> bool:
        """Whether the numbers are the sheet's or a file's own, in whatever places, and no new ones."""
        return self._own or self.chosen_seed == 0

    @property
    def _own(self) -> bool:
        """Whether letters or a teacher's numbers rule out new ones."""
        return self.numbers == "symbolic" or self.values is not None

    @property
    def chosen_seed(self) -> int:
        """The seed, where none is given too."""
        if self.seed is not None:
            return self.seed
        return int(not self._own and bool(self.tokens or self.answer or self.level))


def generate(name: str = FLAGSHIP, options: Options | None = None, out: Path | str = "output") -> list[Path]:
    """Write a sheet's worksheet, key and run.json into OUT/SHEET-seedN; the files' paths.

    Raises: ByHandError; then nothing has been written.
    """
    options = options or Options()
    sheet = load_sheet(name)
    page, record = prepare(sheet, options)
    folder = Path(out) / f"{sheet.name}-seed{options.chosen_seed}"
    return write(folder, dict(_files(page, record, options)))


def book(names: Sequence[str], options: Options | None = None, out: Path | str = "output") -> list[Path]:
    """Write sheets as one book into OUT/book-seedN: book.pdf, a folder's pages with their index, and each run.

    Raises: ByHandError; then nothing has been written.
    """
    options = options or Options()
    made = [prepare(load_sheet(name), options) for name in dict.fromkeys(names)]
    views = tuple(sorted(options.views, key=VIEWS.index))
    bound = Book(tuple(Pages(page) for page, _ in made), views, options.chosen_seed)
    files = dict(bound.folder(options.paper)) if "html" in options.formats else {}
    if "json" in options.formats:
        files |= {f"{page.name}-run.json": as_text(record) for page, record in made}
    contents = {name: text.encode() for name, text in files.items()}
    if "pdf" in options.formats:
        contents["book.pdf"] = printed(bound.printed(options.paper), options.cache)
    return write(Path(out) / f"book-seed{options.chosen_seed}", contents)


def prepare(sheet: Sheet, options: Options) -> tuple[Document, dict[str, Any]]:
    """Choose a sheet's numbers and run its model on them: the document, and the record of the run.

    Raises: WitnessError where the second witness finds other numbers.
    """
    values, quality = choose_numbers(sheet, options)
    domain = number_system(options.numbers, options.places, options.rounding)
    page, record, _ = recorded(sheet, values, options, domain, quality)
    judge(record)
    return replace(page, stamp={"seed": str(options.chosen_seed), "hash": fingerprint(record)}), record


def recorded(
    sheet: Sheet, values: Values, options: Options, domain: Domain, quality: dict[str, Any] | None
) -> tuple[Document, dict[str, Any], Tape]:
    """Run a sheet's model on these numbers: the document, which has no stamp yet, the record of the run, the run."""
    tape = run(sheet.model, values, domain, force=domain.name != "symbolic")
    tokens, level = _words(values), options.level or "standard"
    made = Made(sheet, tape, values.config, tokens, values.vocabulary, options.orientation, values.source, level)
    page, seed = document(made), options.chosen_seed  # the record is of the steps that the page needs
    record = run_record(tape, sheet.model, values.config, tokens, values.vocabulary, sheet.name, seed, quality)
    return page, record, tape


def own_effort(sheet: Sheet) -> Effort:
    """What a sheet asks of a student with its own numbers.

    Raises: ByHandError where the sheet cannot be made.
    """
    values = complete(sheet.given(letters=False))
    tape = run(sheet.model, values, RATIONALS)
    made = Made(sheet, tape, values.config, _words(values), values.vocabulary, "rows", values.source)
    return effort(document(made).sections)


def choose_numbers(sheet: Sheet, options: Options) -> tuple[Values, dict[str, Any] | None]:
    """The numbers that a sheet is run on, and what is promised of them where they were searched for.

    Letters and a file's numbers are kept: another seed gives them other places and signs. Else it has new numbers.

    Raises: ConfigError, ValuesError.
    """
    seed, symbolic = options.chosen_seed, options.numbers == "symbolic"
    values = complete(sheet.given(letters=symbolic, base=options.base, tokens=options.tokens, other=options.values))
    if values.vocabulary and not options.answer:
        values.ids()  # a word that the sheet does not know is an error, unless the vocabulary is made anew
    values.positions()
    if options.kept and options.answer:
        raise ConfigError("--answer needs new numbers; leave out --values, --numbers symbolic and --seed 0")
    if options.kept:
        return renamed(values, seed, signs=not symbolic), None
    from byhand.choosing.choice import choose

    answer = spelled(options.answer, values)
    picks = sheet.pick_words and not options.tokens and not answer
    level = options.level or "standard"
    chosen = choose(sheet.model, values, seed, answer=answer, level=level, pick_words=picks)
    return complete(chosen.values), chosen.quality


def spelled(answer: str, values: Values) -> tuple[str, ...]:
    """An answer as words: those given, or the letters of one that is as long as the sentence.

    Raises: ConfigError for a word that is neither known nor as long.
    """
    words = tuple(answer.split())
    if len(words) != 1 or answer in values.vocabulary:
        return words
    count = values.positions()
    if len(answer) != count:
        raise ConfigError(
            f"--answer {answer!r} has {len(answer)} letters and the sentence {count} tokens; use a word of {count} "
            f"letters, {count} words with spaces, or one of the vocabulary"
        )
    return tuple(answer)


def number_system(name: str, places: int = 2, rounding: Rounding = "carry") -> Domain:
    """The domain of that name: exact, decimal, float or symbolic."""
    match name:
        case "exact":
            return RATIONALS
        case "decimal":
            return ROUNDINGS[rounding](places)
        case "float":
            return FLOATS
        case "symbolic":
            from byhand.arithmetic.symbols import SYMBOLS

            return SYMBOLS
        case _:
            raise ValueError(name)


def _words(values: Values) -> tuple[str, ...]:
    """The tokens as words, where there is a vocabulary; without tokens, the positions' numbers."""
    tokens = values.tokens or tuple(range(1, values.positions() + 1))
    words = values.vocabulary
    return tuple(words[t] if isinstance(t, int) and words and t < len(words) else str(t) for t in tokens)


def _files(page: Document, record: dict[str, Any], options: Options) -> Iterator[tuple[str, bytes]]:
    pages = Pages(page)
    for view in sorted(options.views, key=VIEWS.index):
        if "html" in options.formats:
            yield f"{view}.html", pages.html(view, "screen", options.paper).encode()
        if "pdf" in options.formats:
            yield f"{view}.pdf", printed(pages.html(view, "print", options.paper), options.cache)
    if "json" in options.formats:
        yield "run.json", as_text(record).encode()


def load_values(path: Path | str) -> Values:
    """Read a values file, TOML or JSON, for `run`.

    Raises: ValuesError where it cannot be read or does not parse, and all that Values.of raises.
    """
    return Values.of(load_entries(path))


def load_entries(path: Path | str) -> Any:
    """A values file's entries as they are, for `Options.values`.

    Raises: ValuesError where it cannot be read or does not parse.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_VALUES_FILE:
            raise ValuesError(f"{path.name} has over {LARGEST_VALUES_FILE // 1_000_000} MB; a sheet needs a few kB")
        return _parsed(path, path.read_bytes())
    except OSError as error:
        raise ValuesError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ValuesError(f"{path.name} does not parse: {error}") from None


def _parsed(path: Path, content: bytes) -> Any:
    """A file's entries; decimals keep their digits as written, as text."""
    text = content.decode("utf-8")
    match path.suffix.lower():
        case ".toml":
            import tomllib

            return tomllib.loads(text, parse_float=str)
        case ".json":
            return json.loads(text, parse_float=str, parse_int=_integer, parse_constant=str)
        case _:
            raise ValuesError(f"{path.name} is neither .toml nor .json")


def _integer(digits: str) -> int | str:
    """An integer of a sane length, or its digits, which `parse` will refuse."""
    return int(digits) if len(digits) < 100 else digits


def run_values(
    model: str, values: Values, numbers: str = "exact", places: int = 2, rounding: Rounding = "carry"
) -> dict[str, Any]:
    """Run a model on a values file's numbers: what run.json holds, without a sheet."""
    values = complete(values)
    tape = run(model, values, number_system(numbers, places, rounding))
    return run_record(tape, model, values.config, _words(values) if values.tokens else (), values.vocabulary)


def onnx_graph(record: Mapping[str, Any]) -> bytes:
    """A run as an ONNX file.

    Raises: ExtraError where onnx is not installed.
    """
    from byhand.verify.graph import graph

    content: bytes = graph(record).SerializeToString(deterministic=True)
    return content


def views_asked(view: str | None) -> tuple[View, ...]:
    """The views that `--view` stands for: worked comes with worksheet and key."""
    return ("worksheet", "key") if view is None else VIEWS if view == "worked" else (view,)  # type: ignore[return-value]


def sheets_asked(names: Sequence[str]) -> list[str]:
    """The sheets that are to be made; without names, the flagship."""
    return list(names) or [FLAGSHIP]
