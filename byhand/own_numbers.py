"""A model run on somebody's own numbers, without a sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from byhand.arithmetic.systems import Rounding, number_system
from byhand.choose import rounded
from byhand.errors import MOST_PROBLEMS, DomainError, ValuesError
from byhand.model import MODELS, unread
from byhand.model.files import load_entries
from byhand.model.weights import UPSTREAM, Values, complete
from byhand.options import Tell, unheard
from byhand.record import fingerprint
from byhand.runs import Run
from byhand.tape import Tape

Loss = Literal["last", "all"]
LOSS = "loss"  # the step


def load_values(*paths: Path | str) -> Values:
    """Read the values for `run` from a file, or from several files, of which each adds to those before it.

    Raises: ValuesError where a file cannot be read or does not parse; the errors of Values.of.
    """
    return Values.of(load_entries(*paths))


def run_values(
    model: str, values: Values, numbers: str = "exact", places: int = 2, rounding: Rounding = "carry",
    weight_places: int | None = None, tell: Tell = unheard, backward: bool = False, loss: Loss | None = None,
) -> Run:  # fmt: skip
    """Run a model on a values file's numbers.

    backward: whether the run goes on with the gradients of its loss, or of its result, of which `upstream` is the
    gradient. loss: of which tokens the loss is, the last one or all; otherwise, of those that `target` has words for.

    Raises: ByHandError.
    """
    MODELS[model].check_options(values)
    if weight_places is not None:
        values = rounded(MODELS[model], complete(values), weight_places, tell)
    return run_as_given(model, aimed(values, loss) if loss else values, numbers, places, rounding, tell, backward)


def aimed(values: Values, loss: Loss) -> Values:
    """Values with a right word for the last token, or for all: that of a token is the one after it.

    Raises: ValuesError where they have no target.
    """
    if not values.target:
        raise ValuesError("a loss needs the word that is right after the last token; give it as target")
    if loss == "last":
        return replace(values, target=values.target[-1:])
    return replace(values, target=(*values.tokens[1:], *values.target)) if len(values.target) == 1 else values


def run_as_given(
    model: str, values: Values, numbers: str, places: int, rounding: Rounding, tell: Tell = unheard,
    backward: bool = False,
) -> Run:  # fmt: skip
    """Run a model on values, whose options it may not all read: those of a record may be of weights that it lacks."""
    values = complete(values)
    tape = MODELS[model].run(values, number_system(numbers, places, rounding))
    if backward and not tape.loss:  # a model may have recorded them
        _with_gradients(model, tape)
    if values.target or tape.loss == LOSS:
        _evaluate_loss(tape, tell)
    if spared := unread(tape, values):
        tell(f"{model} does not read {', '.join(spared[:MOST_PROBLEMS])}{' …' * (len(spared) > MOST_PROBLEMS)}")
    run = Run.of(
        tape, model, values.config, tokens=values.words() if values.tokens else (), vocabulary=values.vocabulary,
        source=tuple(map(str, values.source)), target=values.right_words(),
    )  # fmt: skip
    return replace(run, hash=fingerprint(run, run.steps))


def _with_gradients(model: str, tape: Tape) -> None:
    """Record and evaluate the gradients of a run's loss, or of its result if it has an upstream gradient.

    Raises: ValuesError where there is neither; as `record_gradients`; DomainError.
    """
    from byhand.backward import record_gradients  # which most runs do without

    of = tape.results[0] if UPSTREAM in tape.steps else LOSS
    if of not in tape.steps:
        upstream = f"{UPSTREAM}, the gradient of {tape.results[0]}, under inputs"
        needed = "target, the right word after the last token" if "probs" in tape.steps else upstream
        raise ValuesError(f"{model} has no loss; give {needed}")
    for name in record_gradients(tape, of):
        tape.values(name)


def _evaluate_loss(tape: Tape, tell: Tell) -> None:
    """Evaluate the loss if it is a number of the run's number system: the logarithm of a fraction seldom is one."""
    try:
        tape.values(LOSS)
    except DomainError as error:
        tell(f"the loss is left out: {error}")
