"""Run a sheet's model on its numbers and build the document that shows the run.

The two are built together: the document decides which steps are evaluated, and where it prints a rounded step without
the numbers behind it, the run starts from the printed numbers.
"""

from __future__ import annotations

from dataclasses import replace

from byhand.arithmetic.domain import Domain
from byhand.arithmetic.exact import RATIONALS
from byhand.choose import Quality
from byhand.model.weights import Values, complete
from byhand.options import Options
from byhand.record import fingerprint
from byhand.runs import Run
from byhand.tape import Tape
from byhand.worksheet.context import Context
from byhand.worksheet.document import Document
from byhand.worksheet.effort import Effort
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

    whole: whether to evaluate the steps that are not on the page, too.
    """
    while True:
        tape = sheet.model.run(values, domain, force=whole and domain.name != "symbolic")
        context = Context(
            sheet, tape, values.config, values.words(), values.vocabulary, options.orientation, values.source,
            options.level or "standard", messages(options.language), dict(options.left_out),
        )  # fmt: skip
        page = document(context)  # evaluates the steps that it shows
        starts = rounded_starts(page, tape)
        if not starts:
            break
        # a page with a rounded step, but without its inputs, starts from the rounded numbers, and so does the run
        values = replace(values, inputs={**values.inputs, **starts})
    run = Run.of(
        tape, sheet.model.name, values.config, tokens=values.words(), vocabulary=values.vocabulary,
        source=tuple(map(str, values.source)), sheet=sheet.name, seed=options.chosen_seed,
    )  # fmt: skip
    stamp = {"seed": options.printed_seed, "hash": fingerprint(run, page.steps, options.secret)}
    return replace(page, stamp=stamp), replace(run, hash=stamp["hash"]), tape


def own_effort(sheet: Sheet) -> Effort:
    """The effort that a sheet with its own numbers takes a student.

    Raises: ByHandError where the sheet cannot be made.
    """
    values = complete(sheet.given(letters=False))
    tape = sheet.model.run(values, RATIONALS)
    context = Context(sheet, tape, values.config, values.words(), values.vocabulary, "rows", values.source)
    return document(context).effort
