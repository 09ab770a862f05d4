"""Run a sheet's model on its numbers and build the document that shows the run.

The two are built together: the document decides which steps are evaluated, and where it prints a rounded step without
the numbers behind it, the run starts from the printed numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from msgspec.structs import replace

from byhand.arithmetic.domain import Domain
from byhand.cache import cached_by
from byhand.choose import Quality, choose
from byhand.model.nested import rows
from byhand.model.weights import Values
from byhand.notation.marks import has_slots, in_slot, is_word, word_in_slot
from byhand.options import Options
from byhand.options_file import as_entries
from byhand.record import fingerprint
from byhand.runs import Run
from byhand.tape import Tape
from byhand.worksheet.context import Context
from byhand.worksheet.document import Document
from byhand.worksheet.effort import Effort
from byhand.worksheet.forms import forms_of
from byhand.worksheet.load import document
from byhand.worksheet.messages import messages
from byhand.worksheet.program import code_key
from byhand.worksheet.sheet import Sheet, check_room, load_sheet
from byhand.worksheet.starts import rounded_starts
from byhand.worksheet.thread import place_in_thread, thread


def arrange(sheet: Sheet, values: Values, options: Options, quality: Quality | None = None) -> tuple[Document, Run]:
    """A sheet's document and the run that it shows.

    Raises: ConfigError where the numbers of a values file make steps that the sheet does not show; ByHandError.
    """
    page, run, _ = arranged(sheet, values, options, options.domain)
    if options.values is not None:
        check_room(sheet, [name for name, step in run.steps.items() if step.op])
    return page, replace(run, quality=quality)


def arranged(
    sheet: Sheet, values: Values, options: Options, domain: Domain, whole: bool = True, formed: Values | None = None,
    printed: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> tuple[Document, Run, Tape]:  # fmt: skip
    """The document and the run of `arrange`, in any number system, and the tape behind the run.

    In the number system of many copies, the document has slots for all words and numbers of the run.

    whole: whether to evaluate the steps that are not on the page, too. formed: the values whose forms the page
    says, where it was read; by default these. printed: the numbers of computed steps, as a page prints them that was
    read. They become givens once all is recorded, so that gradients have gone back through them.
    """
    given = {name: rows(name, texts) for name, texts in (printed or {}).items()}
    is_read, formed = formed is not None, formed or values
    sources = _sources(sheet.name, options.language) if sheet.of_thread else {}
    while True:
        forms = forms_of(formed, sheet.values)
        tape = sheet.model.run(values, domain, force=whole and domain.name != "symbolic")
        tape = tape.replay(numbers=given) if given else tape
        context = _context(sheet, values, options, tape, domain, forms, sources, is_read)
        page = document(context)
        for step in context.tape.used():
            tape.values(step.name)  # with slots, the page has evaluated steps on a tape of its own
        starts = rounded_starts(page, tape)
        if not starts:
            break
        # a page with a rounded step, but without its inputs, starts from the rounded numbers, and so does the run; it
        # says so among its forms
        values, formed = (replace(each, inputs={**each.inputs, **starts}) for each in (values, formed))
    run = Run.of(
        tape, sheet.model.name, values.config, tokens=values.words(), vocabulary=values.vocabulary,
        source=tuple(map(str, values.source)), sheet=sheet.name, seed=options.known_seed, target=values.right_words(),
    )  # fmt: skip
    run = replace(run, hash=fingerprint(run, page.hashed, options.secret))
    page = replace(page, stamp={"seed": options.printed_seed, "hash": run.hash}, options=partial(_decided, options))
    if not has_slots(domain) and domain.name != "symbolic":

        def over(other: Domain) -> tuple[Document, Run]:
            context = _context(sheet, values, replace(options, minutes=page.sittings), tape, other, forms, sources)
            words = {"tokens": context.tokens, "vocabulary": context.vocabulary, "source": context.source}
            return document(context), replace(run, domain=other, **words).in_slots()

        page = replace(page, over=over)
    return page, run, tape


def _decided(options: Options) -> dict[str, Any]:
    """The options as files of answers have them."""
    return as_entries(replace(options, look="")) | {"seed": options.known_seed}


def _context(
    sheet: Sheet, values: Values, options: Options, tape: Tape, domain: Domain, forms: str,
    sources: Mapping[str, tuple[int, int]], is_read: bool = False,
) -> Context:  # fmt: skip
    """What the page of a tape is made in; with slots, where the number system has them."""
    lists = values.words(), values.vocabulary, values.source
    places = {word for word in lists[0] if word.isdecimal()} - {*values.tokens, *values.vocabulary}  # by numbers
    known = {
        word: word if word in places or is_word(word) else word_in_slot(domain, word)
        for word in dict.fromkeys(chain(*lists))
    }
    tokens, vocabulary, source = (tuple(map(known.__getitem__, words)) for words in lists)
    shown = tape.seen(domain, partial(in_slot, domain)) if has_slots(domain) else tape
    is_exact = options.numbers != "decimal"  # a promise is kept by the numbers before they are rounded
    is_promised = options.values is None and options.base is None and is_exact
    return Context(
        sheet, shown, values.config, tokens, vocabulary, options.orientation, source,
        options.level or "standard", messages(options.language), dict(options.left_out), options.minutes,
        {mark: word for word, mark in known.items()}, tape, forms, is_promised, is_read, sources, options.excerpt,
        options.large, options.look,
    )  # fmt: skip


@cached_by("shipped", lambda name, language: code_key("sources", name, language))
def _sources(name: str, language: str) -> dict[str, tuple[int, int]]:
    """For each step that an earlier sheet of the thread asks for: the number of that sheet, and of its section."""
    found: dict[str, tuple[int, int]] = {}
    for number, before in enumerate(thread().sheets[: max(place_in_thread(name) - 1, 0)], 1):
        sheet = load_sheet(before, language)
        options = Options(seed=0, language=language).on(sheet)
        values = sheet.given(letters=False)
        tape = sheet.model.run(values, options.domain, force=False)
        forms = forms_of(values, sheet.values)
        for section in document(_context(sheet, values, options, tape, options.domain, forms, {})).sections:
            for step in section.asked:
                found.setdefault(step, (number, section.number))
    return found


def own_effort(sheet: Sheet) -> Effort:
    """The effort that a sheet with its own numbers takes a student, as its page says it.

    Raises: ByHandError where the sheet cannot be made.
    """
    options = Options().on(sheet)
    values, _ = choose(sheet, options)
    return arrange(sheet, values, options)[0].effort
