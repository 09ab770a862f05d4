"""Run a sheet's model on its numbers and build the document that shows the run.

The two are built together: the document decides which steps are evaluated, and where it prints a rounded step without
the numbers behind it, the run starts from the printed numbers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from byhand.arithmetic.copies import has_slots, in_slot, one_copy, word_in_slot
from byhand.arithmetic.domain import Domain
from byhand.choose import Quality, choose
from byhand.model.weights import Values
from byhand.options import Options
from byhand.options_file import as_entries
from byhand.record import fingerprint
from byhand.runs import Run
from byhand.tape import Tape
from byhand.worksheet.context import Context
from byhand.worksheet.document import Document
from byhand.worksheet.effort import Effort, time_told
from byhand.worksheet.load import document
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import Sheet, check_room
from byhand.worksheet.starts import rounded_starts


def arrange(sheet: Sheet, values: Values, options: Options, quality: Quality | None = None) -> tuple[Document, Run]:
    """A sheet's document and the run that it shows.

    Raises: ConfigError where the numbers of a values file make steps that the sheet does not show; ByHandError.
    """
    page, run, _ = arranged(sheet, values, options, options.domain)
    if options.values is not None:
        check_room(sheet, [name for name, step in run.steps.items() if step.op])
    return page, replace(run, quality=quality)


def arranged(
    sheet: Sheet, values: Values, options: Options, domain: Domain, whole: bool = True
) -> tuple[Document, Run, Tape]:
    """The document and the run of `arrange`, in any number system, and the tape behind the run.

    In the number system of many copies, the document has slots for all words and numbers of the run.

    whole: whether to evaluate the steps that are not on the page, too.
    """
    while True:
        tape = sheet.model.run(values, domain, force=whole and domain.name != "symbolic")
        page, shown = _shown(sheet, values, options, tape, domain)
        starts = rounded_starts(page, shown)
        if not starts:
            break
        # a page with a rounded step, but without its inputs, starts from the rounded numbers, and so does the run
        values = replace(values, inputs={**values.inputs, **starts})
    for step in shown.used():
        tape.values(step.name)  # with slots, the page has evaluated steps on a tape of its own
    run = Run.of(
        tape, sheet.model.name, values.config, tokens=values.words(), vocabulary=values.vocabulary,
        source=tuple(map(str, values.source)), sheet=sheet.name, seed=options.chosen_seed,
    )  # fmt: skip
    stamp = {"seed": options.printed_seed, "hash": fingerprint(run, page.steps, options.secret)}
    page, run = replace(page, stamp=stamp, options=partial(_decided, options)), replace(run, hash=stamp["hash"])
    if not has_slots(domain) and domain.name != "symbolic":
        page = replace(page, in_slots=lru_cache(1)(partial(_in_slots, sheet, values, options, tape, run)))
    return page, run, tape


def _decided(options: Options) -> dict[str, Any]:
    """The options as files of answers have them; no seed where a secret stands in its place."""
    return as_entries(options) | {"seed": None if options.secret else options.chosen_seed}


def _shown(
    sheet: Sheet, values: Values, options: Options, tape: Tape, domain: Domain,
    minutes: tuple[str, ...] | None = None,
) -> tuple[Document, Tape]:  # fmt: skip
    """The document of a tape, and the tape as it shows it; it evaluates the steps that it shows.

    minutes: what the page says for the minutes of each sitting. Where it is None, the time of every blank is counted,
    and so are these.
    """
    lists = values.words(), values.vocabulary, values.source
    known = {
        word: word if word.isdecimal() else word_in_slot(domain, word)  # a decimal is the number of a place
        for word in dict.fromkeys(chain(*lists))
    }
    tokens, vocabulary, source = (tuple(map(known.__getitem__, words)) for words in lists)
    shown = tape.seen(domain, partial(in_slot, domain)) if has_slots(domain) else tape
    context = Context(
        sheet, shown, values.config, tokens, vocabulary, options.orientation, source,
        options.level or "standard", messages(options.language), dict(options.left_out),
        {mark: word for word, mark in known.items()}, minutes is None, minutes or (),
    )  # fmt: skip
    return document(context), shown


def _in_slots(
    sheet: Sheet, values: Values, options: Options, tape: Tape, run: Run, plain: Document
) -> tuple[Document, Run]:
    """A document and its run as those of one of many copies. plain: the document without slots."""
    domain = one_copy(run.domain)
    sittings = tuple(word_in_slot(domain, str(minutes)) for minutes in plain.sittings)
    page, _ = _shown(sheet, values, options, tape, domain, sittings)  # its minutes are those of the plain one
    minutes = plain.effort.minutes
    said = {"minutes": str(minutes), "time": time_told(minutes, plain.messages, len(sittings)), **plain.stamp}
    of_run = {name: word_in_slot(domain, said[name]) for name in ("seed", "hash", "minutes", "time")}
    return replace(page, stamp=said | of_run), replace(run, domain=domain).in_slots()


def own_effort(sheet: Sheet) -> Effort:
    """The effort that a sheet with its own numbers takes a student, as its page says it.

    Raises: ByHandError where the sheet cannot be made.
    """
    options = Options().on(sheet)
    values, _ = choose(sheet, options)
    return arrange(sheet, values, options)[0].effort
