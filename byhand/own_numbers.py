"""A model run on somebody's own numbers, without a sheet."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from byhand.arithmetic.systems import Rounding, number_system
from byhand.choose import rounded
from byhand.errors import MOST_PROBLEMS
from byhand.model import MODELS, unread
from byhand.model.files import load_entries
from byhand.model.weights import Values, complete
from byhand.options import Tell, unheard
from byhand.record import fingerprint
from byhand.runs import Run


def load_values(*paths: Path | str) -> Values:
    """Read the values for `run` from a file, or from several files, of which each adds to those before it.

    Raises: ValuesError where a file cannot be read or does not parse; the errors of Values.of.
    """
    return Values.of(load_entries(*paths))


def run_values(
    model: str, values: Values, numbers: str = "exact", places: int = 2, rounding: Rounding = "carry",
    weight_places: int | None = None, tell: Tell = unheard,
) -> Run:  # fmt: skip
    """Run a model on a values file's numbers."""
    MODELS[model].check_options(values)
    if weight_places is not None:
        values = rounded(MODELS[model], complete(values), weight_places, tell)
    return run_as_given(model, values, numbers, places, rounding, tell)


def run_as_given(
    model: str, values: Values, numbers: str, places: int, rounding: Rounding, tell: Tell = unheard
) -> Run:
    """Run a model on values, whose options it may not all read: those of a record may be of weights that it lacks."""
    values = complete(values)
    tape = MODELS[model].run(values, number_system(numbers, places, rounding))
    if spared := unread(tape, values):
        tell(f"{model} does not read {', '.join(spared[:MOST_PROBLEMS])}{' …' * (len(spared) > MOST_PROBLEMS)}")
    run = Run.of(
        tape, model, values.config, tokens=values.words() if values.tokens else (), vocabulary=values.vocabulary,
        source=tuple(map(str, values.source)),
    )  # fmt: skip
    return replace(run, hash=fingerprint(run, run.steps))
