"""Find numbers for every student whose page is the class's, and on which each classic mistake shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from byhand.arithmetic.copies import AnyRows, Copies, unequal, varies
from byhand.classroom.class_run import ClassRun
from byhand.errors import DomainError
from byhand.mistakes import applying, mistaken
from byhand.numbers.promises import broken_of_sheet
from byhand.tape import Tape

COPY_ATTEMPTS = 60  # keys that are tried for a copy before it is laid out by itself
AGAIN = "/again"  # is added to a copy's key to draw other numbers


def fitting(
    run_of: Callable[[tuple[str, ...]], ClassRun], keys: Sequence[str], attempts: int = COPY_ATTEMPTS
) -> list[str | None]:
    """For each key, the first of KEY, KEY/again, KEY/again/again, … whose copy fits; None after `attempts` of them.

    A copy fits if its page is that of copy 0 but for its numbers, every mistake that changes a number in copy 0
    changes one in this copy too, and it keeps those of the sheet's own promises that copy 0 keeps.

    run_of: runs copy 0, perhaps others beside it, and at last the copies of these keys.
    """
    left, drawn = dict(enumerate(keys)), Counter[int]()
    unjudged, unfit = [*left], list[int]()
    while asked := unfit or unjudged:
        run = run_of(tuple(left[at] for at in asked))
        before = run.domain.count - len(asked)
        unfit = [asked[copy - before] for copy in _unfit(run) if copy >= before]
        if not unfit or not run.domain.differing.any():  # or only copies that differ were looked for
            fit = {*asked} - {*unfit}
            unjudged = [at for at in unjudged if at not in fit]
        drawn.update(unfit)
        left |= {at: left[at] + AGAIN for at in unfit}
        left = {at: key for at, key in left.items() if drawn[at] < attempts}
        unfit, unjudged = ([at for at in some if at in left] for some in (unfit, unjudged))
    return [left.get(at) for at in range(len(keys))]


def _unfit(run: ClassRun) -> list[int]:
    """The copies whose page differs from copy 0's in more than numbers; if none, those that hide a mistake or break a
    promise.
    """
    if run.domain.differing.any():
        return sorted(run.domain.differing.nonzero()[0].tolist())
    return sorted({*hiding_mistakes(run), *breaking_promises(run)})


def breaking_promises(run: ClassRun) -> list[int]:
    """The copies that break one of the sheet's own promises that copy 0 keeps."""
    if not run.promises or run.domain.inner.name == "symbolic":  # of letters, none can be judged
        return []
    broken = [{name for name in run.promises if not _keeps(tape, name)} for tape in run.tapes()]
    return [copy for copy, names in enumerate(broken) if not names <= broken[0]]


def _keeps(tape: Tape, promise: str) -> bool:
    """Whether a copy keeps a promise; one about numbers that are not rational, such as powers of e, is not judged."""
    try:
        return not broken_of_sheet(tape, [promise])
    except DomainError:
        return True


def hiding_mistakes(run: ClassRun) -> list[int]:
    """The copies in which some mistake changes no number, although it changes one in copy 0. Where copies read other
    words, a mistake may be harmless with some.
    """
    if run.draws_words:
        return []
    copies: set[int] = set()
    for name in applying(run.tape):
        wrong, made = mistaken(run.tape, name)
        shown = [step.name for step in made if wrong.steps[step.name].shape == step.shape]
        changed = _changed({name: run.tape.values(name) for name in shown}, wrong, run.domain)
        if changed[0]:
            copies.update((~changed).nonzero()[0].tolist())
    return sorted(copies)


def _changed(right: Mapping[str, AnyRows], wrong: Tape, domain: Copies) -> Any:
    """The copies in which a run with a mistake differs in one of these steps, or fails; all, if there are no steps.

    Copies whose wrong run takes another branch than the first one's are run again by themselves.
    """
    import numpy as np

    changed = np.full(domain.count, not right)
    with domain.noted_apart() as differing:
        try:
            for name, rows in right.items():
                changed |= unequal(rows, wrong.values(name), domain.count)
                if changed.all():
                    break
        except DomainError:
            changed[:] = True
    if differing.any():
        copies = differing.nonzero()[0]
        subdomain = Copies(domain.inner, len(copies))

        def among(rows: AnyRows) -> AnyRows:
            return [[x.among(subdomain, copies) if varies(x) else x for x in row] for row in rows]

        again = wrong.replay(subdomain, {name: among(rows) for name, rows in wrong.numbers.items()})
        changed[copies] = _changed({name: among(rows) for name, rows in right.items()}, again, subdomain)
    return changed
