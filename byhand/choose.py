"""Choose the numbers that a sheet is run on: its own, those of a values file, or new ones that are searched for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from byhand import first_seeds
from byhand.arithmetic.exact import RATIONALS
from byhand.cache import cached
from byhand.errors import ConfigError, UnknownNameError, ValuesError
from byhand.first_seeds import Search
from byhand.model import Model
from byhand.model.weights import Values, check_positions, complete
from byhand.notation.number import shown
from byhand.numbers.words import spelled
from byhand.options import Options, Tell, unheard
from byhand.tape import Tape
from byhand.worksheet.program import program_key
from byhand.worksheet.sheet import Sheet, lettered, load_sheet

Quality = Mapping[str, Any]  # the promises that numbers found by the search keep


def choose(sheet: Sheet, options: Options, tell: Tell = unheard) -> tuple[Values, Quality | None]:
    """The numbers that a sheet is run on, and their quality if they were searched for.

    A seed other than 0 searches for new numbers. Letters and the numbers of a file are kept: they only move to other
    places, a file's with changed signs. Round the letters of a sheet's head of attention, other numbers are put.

    Raises: ConfigError, as for letters that the sheet does not have; ValuesError.
    """
    seed, symbolic = options.chosen_seed, options.numbers == "symbolic"
    if sheet.of_thread:
        return _of_thread(sheet, options)
    if symbolic and not sheet.letters and not options.has_own_numbers:
        raise ConfigError(f"{sheet.name} has no letters; with --numbers symbolic, ask for {', '.join(lettered())}")
    values = sheet.given(letters=symbolic, base=options.base, tokens=options.tokens, other=options.values)
    # a sheet whose vocabulary is not of its tokens, but of what one may mean (word-in-context), does not look them up
    looks_up = {*sheet.values.get("tokens", ())} <= {*sheet.values.get("vocabulary", ())}
    if values.vocabulary and not options.answer and looks_up:
        values.ids()  # a word that the sheet does not know is an error, unless the vocabulary is made anew
    check_positions(values)
    if options.weight_places is not None and options.values is None:
        raise ConfigError("--round-weights rounds the weights of a values file; give one with --values")
    if options.keeps_numbers and options.answer:
        raise ConfigError("--answer needs new numbers; leave out --values, --numbers symbolic and --seed 0")
    quality: Quality | None = None
    if sheet.draws_words:
        values, quality = _reading(sheet, values, options)
    elif not options.keeps_numbers:
        values, quality = _new(sheet, values, options)
    elif seed != 0:
        from byhand.symmetry.renaming import renamed  # most pages have a sheet's own numbers, and need no symmetry

        if symbolic and options.values is None:
            from byhand.numbers.letters import with_other_numbers  # heavy

            values = with_other_numbers(values, seed) or values
        values = renamed(sheet.model, values, seed, signs=not symbolic, in_place=sheet.in_place)
    _check_rows(sheet, values, options)
    if options.weight_places is not None:
        values = rounded(sheet.model, values, options.weight_places, tell)
    return values, quality


def _check_rows(sheet: Sheet, values: Values, options: Options) -> None:
    """Check that tokens of one's own are as many as the sheet's, where the rows are still those of the latter.

    Raises: ConfigError.
    """
    if not options.tokens or options.values is not None or values.vocabulary:
        return
    own, count = len(sheet.values.get("tokens", ())), len(values.tokens)
    if own != count and any(len(rows) == own for rows in values.inputs.values()):
        given = f"“{' '.join(values.words())}” has {count}"
        raise ConfigError(f"number of tokens: {sheet.name} has {own}, with spaces between them; {given}")


def _of_thread(sheet: Sheet, options: Options) -> tuple[Values, Quality]:
    """The numbers of the thread for a seed, which are those of all its sheets, and the promises that they keep.

    Raises: ConfigError for what would make others of them.
    """
    values = sheet.given(letters=False)
    asked = {
        "--values": options.values is not None, "--tokens": options.tokens, "--answer": options.answer,
        "--numbers symbolic": options.numbers == "symbolic",
        "--softmax": options.base not in (None, values.config.softmax_base),
    }  # fmt: skip
    if refused := next((name for name, given in asked.items() if given), ""):
        raise ConfigError(f"the sheets of the thread share numbers that were searched for; leave out {refused}")
    from byhand.numbers.threads import of_seed
    from byhand.worksheet.thread import thread

    seed = options.chosen_seed
    words = thread(options.language).words(seed)
    quality = {"promises": dict.fromkeys(sheet.promises, True)}
    return of_seed(sheet.model, values, seed, sheet.in_place, words), quality


def _reading(sheet: Sheet, values: Values, options: Options) -> tuple[Values, Quality | None]:
    """The numbers of a sheet, or of somebody's file, with the words that a seed draws; the file's words stay.

    Raises: ConfigError for words that no seed draws, and for words that the model is to say.
    """
    if options.answer:
        raise ConfigError(f"what {sheet.name} says follows from what it reads; leave out --answer")
    if options.values is not None or (options.chosen_seed == 0 and not options.tokens):
        return values, None
    from byhand.numbers.readings import drawn

    own = sheet.given(letters=False)
    listed = drawn(sheet.name, sheet.model, own, sheet.promises)
    texts = [each.tokens for each in listed]
    if options.tokens and values.tokens not in texts:
        raise ConfigError(
            f"{sheet.name} reads one of {len(texts)} texts, such as {shown(' '.join(own.words()))}, and not "
            f"{shown(' '.join(values.words()))}"
        )
    tokens = values.tokens if options.tokens else texts[options.chosen_seed % len(texts)]
    return replace(values, tokens=tokens), {"promises": dict.fromkeys(sheet.promises, True)}


def _new(sheet: Sheet, values: Values, options: Options) -> tuple[Values, Quality]:
    """New numbers for a seed, and the promises that they keep: brought, kept in the cache, or searched for."""
    search, seed = _search(sheet, values, options), options.chosen_seed
    if (known := first_seeds.numbers(search, seed)) is not None:
        return known
    is_kept = options.cached and options.values is None
    key = program_key("numbers", search, seed, options.tokens) if is_kept else None
    if key is None:
        return _searched(sheet, values, options, search)
    content = cached("numbers", lambda: first_seeds.packed({seed: _searched(sheet, values, options, search)}), key)
    return first_seeds.unpacked(content, search, seed)


def _searched(sheet: Sheet, values: Values, options: Options, search: Search) -> tuple[Values, Quality]:
    """New numbers, which are searched for."""
    from byhand.numbers.choice import choose  # heavy

    try:
        chosen = choose(
            sheet.model, values, options.chosen_seed, answer=search.answer, level=search.level,
            pick_words=search.pick_words, sheet=sheet.name, promises=sheet.promises, before=_before(sheet, options),
        )  # fmt: skip
    except UnknownNameError as error:  # a promise is about a step that another config leaves out
        from byhand.worksheet.load import of_other_choices  # heavy

        raise of_other_choices(sheet, values.config, error) or error from None
    except ValuesError:
        _check_rows(sheet, values, options)
        raise
    return complete(chosen.values), chosen.quality


def _before(sheet: Sheet, options: Options) -> Tape | None:
    """The run of the sheet with which this one goes on, with the same seed, if it goes on with one."""
    from byhand.numbers.registry import GOES_ON  # heavy
    from byhand.numbers.shuffled import rational

    if sheet.name not in GOES_ON or options.tokens or options.values is not None:
        return None
    other = load_sheet(GOES_ON[sheet.name][0])
    values, _ = choose(other, Options(seed=options.chosen_seed, base=options.base, level=options.level))
    return other.model.run(rational(values), RATIONALS)


def _search(sheet: Sheet, values: Values, options: Options) -> Search:
    """What a search for a sheet's numbers starts from."""
    answer = spelled(options.answer, values) or sheet.answer
    picks = sheet.pick_words and not options.tokens and not answer
    return Search(
        sheet.name, sheet.model.name, values, answer, options.level or "standard", picks, tuple(sheet.promises)
    )


def first_numbers(name: str) -> tuple[str, bytes] | None:
    """The numbers of a sheet's first seeds, as a wheel brings them, and their hash; None where it searches for none.

    Raises: ByHandError.
    """
    sheet = load_sheet(name)
    first = Options(seed=first_seeds.SEEDS[0]).on(sheet)
    if first.keeps_numbers or sheet.draws_words:
        return None
    search = _search(sheet, sheet.given(letters=False), first)
    by_seed = {seed: choose(sheet, replace(first, seed=seed)) for seed in first_seeds.SEEDS}
    return first_seeds.digest(search), first_seeds.packed(by_seed)


def rounded(model: Model, values: Values, places: int, tell: Tell) -> Values:
    """Values with rounded weights; tells the user what the rounding changes."""
    from byhand.model import rounding

    tell(rounding.effect(model, values, places))
    return rounding.rounded(values, places)
