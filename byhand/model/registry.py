"""Models by name: each is a function that records steps on a tape, with the facts that other rooms need.

@model("twice")
def twice(build: Builder) -> Matrix:
    return times_number(build.stream("x"), name="doubled", by=2)

MODELS["twice"].run(values, RATIONALS)    → a tape with the steps x and doubled
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.domain import Domain
from byhand.arithmetic.exact import RATIONALS
from byhand.errors import (
    MOST_PROBLEMS,
    ByHandError,
    ConfigError,
    MisfitError,
    UnknownNameError,
    ValuesError,
    collecting,
    together,
)
from byhand.loading import load_lesson, load_lessons
from byhand.model.builder import Builder
from byhand.model.config import COMMON_SIZES, DEFAULTS, Config
from byhand.model.layers import loss_of_target
from byhand.model.parameters import OF_LESSONS, parameter_shapes
from byhand.model.weights import UPSTREAM, Numbers, Values, complete, sound_numbers
from byhand.ops.shapes import gather_rows
from byhand.tape import Matrix, Step, Tape, shape_text

MOST_TERMS = 20_000_000  # of all sums of a run together: they take about a minute
Results = tuple[Matrix, ...]
Write = Callable[[Builder], "Matrix | Results"]


class Model(Struct, frozen=True):
    """A model that can be run on values."""

    name: str
    write: Write
    """Records the steps on a tape, and returns one result or several."""
    part: str = ""
    """The part of a transformer that a small model is about, and that its steps belong to."""
    one_head: bool = False
    """Whether it has one head of attention, whatever n_heads is."""
    reads_words: bool = False
    """Whether it looks tokens up in a vocabulary, so that it needs one."""
    says_words: bool = False
    """Whether its results are words where it has a vocabulary; they may be chosen (`--answer`)."""
    counts: bool = False
    """Whether its steps are figures about a transformer, such as its number of parameters."""
    only: Mapping[str, tuple[Any, ...]] = {}
    """Of options that it computes with some of their values only, these values."""

    def __repr__(self) -> str:
        """What tells this model from others, in the keys of the cache, too."""
        return f"Model({self.name!r})"

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[Callable[[str], Model], tuple[str]]:
        """For another process, its name: a lesson of somebody's own is no module that can be imported there."""
        return _model_named, (self.name,)

    def check_options(self, values: Values) -> None:
        """Refuse options that the model does not read.

        Raises: ConfigError.
        """
        self._refuse(self.unread_options(values), values.config)

    def unread_options(self, values: Values) -> list[str]:
        """The options in `only` that have another value; if there are none, those that are not at their default, and
        without which every step is the same. Sizes that every transformer has are not looked at.
        """
        values = complete(values)
        config, problems = values.config, list[ByHandError]()
        if others := self._others(config):
            return others
        looked_at = (option for option in DEFAULTS if option not in COMMON_SIZES and option not in self.only)
        asked = [option for option in looked_at if getattr(config, option) != DEFAULTS[option]]
        given = sound_numbers(values, problems) if asked else {}
        steps = self._steps(values, given) if not problems else None
        return [option for option in asked if steps and self._without(option, values, given) == steps]

    def _others(self, config: Config) -> list[str]:
        """The options in `only` that have another value."""
        return [o for o, allowed in self.only.items() if getattr(config, o) not in (DEFAULTS[o], *allowed)]

    def _without(self, option: str, values: Values, given: Numbers) -> tuple[Any, ...] | None:
        """The steps with an option at its default; None where there are none, as what is given does not fit there."""
        try:
            config = replace(values.config, **{option: DEFAULTS[option]})
        except ConfigError:
            return None
        here, there = parameter_shapes(values.config), parameter_shapes(config)
        bases = {name.partition("[")[0] for name in values.weights}
        fits = all(here[base] == there.get(base) for base in bases)
        return self._steps(replace(values, config=config), given) if fits else None

    def _steps(self, values: Values, given: Numbers) -> tuple[Any, ...] | None:
        """The steps that the model records, the numbers that it is given or takes by default, and its results; None
        where there are none.
        """
        problems: list[ByHandError] = []
        try:
            tape, results = _recorded(self, values, RATIONALS, given, problems)
        except ByHandError:
            return None
        return None if problems else (tape.steps, tape.numbers, [result.name for result in results])

    def _refuse(self, unread: Sequence[str], config: Config) -> None:
        """Refuse these options.

        Raises: ConfigError where there are any.
        """
        if not unread:
            return
        entries, it = config.as_dict(), "it" if len(unread) == 1 else "them"
        options = ", ".join(f"{option}={_shown(entries[option])}" for option in unread)
        alone = Values(replace(config, d_vocab=config.d_vocab or 1))
        load_lessons()
        others = [other.name for other in MODELS.values() if other._can_read(unread, alone)]
        instead = f", or use a model that reads {it}: {', '.join(others[:MOST_PROBLEMS])}" if others else ""
        raise ConfigError(f"{self.name} does not read {options} beside the other options; leave {it} out{instead}")

    def _can_read(self, options: Sequence[str], values: Values) -> bool:
        """Whether the model records steps with these options, and reads each of them."""
        return self._steps(values, {}) is not None and not {*options} & {*self.unread_options(values)}

    def run(self, values: Values, domain: Domain, force: bool = True) -> Tape:
        """The tape of a run in a number system. force: whether the results are evaluated, and checked before; else
        steps are evaluated when their values are asked for.

        Raises: ConfigError for options with other values than those in `only`; UnknownNameError for a step or a
        parameter that does not exist; ValuesError, which tells all problems
        at once, before anything is evaluated; DomainError.
        """
        problems: list[ByHandError] = []
        values = complete(values)
        self._refuse(self._others(values.config), values.config)
        tape, results = _recorded(self, values, domain, sound_numbers(values, problems), problems)
        tape.results = tuple(result.name for result in results)
        needed = list({step.name: step for result in results for step in tape.needed(result.name)}.values())
        with collecting(problems):
            _check_tokens(needed, values)
        if force:
            with collecting(problems):
                _check_givens(tape, needed, values)
            with collecting(problems):
                _check_terms(tape, needed)
        if problems:
            raise together(problems)
        if force:
            for result in results:
                tape.values(result.name)
        return tape


class Models(dict[str, Model]):
    """Models by name; a lesson's is there once it has been asked for. An unknown name raises UnknownNameError."""

    def __missing__(self, name: str) -> Model:
        load_lesson(name)
        if name not in self:  # a few models have another name than their sheet
            load_lessons()
        if name not in self:
            raise UnknownNameError("model", name, self)
        return self[name]


MODELS = Models()


def _model_named(name: str) -> Model:
    return MODELS[name]


def model(
    name: str, *, part: str = "", one_head: bool = False, reads_words: bool = False, says_words: bool = False,
    counts: bool = False, only: Mapping[str, tuple[Any, ...]] | None = None,
    parameters: Mapping[str, tuple[str | int, ...]] | None = None,
) -> Callable[[Write], Write]:  # fmt: skip
    """Register a function that records steps as a model, with its facts.

    parameters: those that no layer has, each with its shape, as sizes of the config or numbers.
    """

    def register(write: Write) -> Write:
        OF_LESSONS.update(parameters or {})
        MODELS[name] = Model(name, write, part, one_head, reads_words, says_words, counts, only or {})
        return write

    return register


def unread(tape: Tape, values: Values) -> list[str]:
    """The names of given parameters and steps that no evaluated step has read."""
    read = {step.name.partition("[")[0] for step in tape.used()}
    read_whole = {step.name for step in tape.used()}
    weights = [name for name in values.weights if name.partition("[")[0] not in read]
    return weights + [name for name in values.inputs if name not in read_whole]


def _shown(entry: Any) -> str:
    """An option as a values file has it."""
    if isinstance(entry, bool):
        return str(entry).lower()
    return "null" if entry is None else f"[{', '.join(entry)}]" if isinstance(entry, list) else str(entry)


def _recorded(
    model: Model, values: Values, domain: Domain, given: Numbers, problems: list[ByHandError]
) -> tuple[Tape, tuple[Matrix, ...]]:
    """A tape with the model's steps, none of them evaluated, and the results. What is wrong is added to the problems.

    given: the numbers of the values that are sound; those that do not fit are left out.

    Raises: ByHandError with the problems so far, where the steps cannot be recorded at all.
    """
    given = dict(given)
    inputs_are_sound = values.inputs.keys() <= given.keys()
    while True:
        tape = Tape(domain, given)
        try:
            if model.reads_words and not values.config.d_vocab:
                raise ValuesError(f"{model.name} needs a vocabulary: give d_vocab, or a list of words")
            with tape.part(model.part):
                results = model.write(build := Builder(tape, values))
                results = results if isinstance(results, tuple) else (results,)
                if values.target:
                    loss_of_target(build)
                if UPSTREAM in values.inputs and UPSTREAM not in tape.steps:
                    tape.given(UPSTREAM, results[0].shape, results[0].axes)
            break
        except MisfitError as misfit:  # leave the misfit out and try again: others may have a wrong shape, too
            problems.append(misfit)
            if misfit.step not in given or len(problems) > MOST_PROBLEMS:
                raise together(problems) from None
            del given[misfit.step]
        except ByHandError as error:  # told only if it cannot be due to an input that was left out as unsound
            raise together([*problems, *([error] if inputs_are_sound else [])]) from None
    for name in values.inputs:
        if len(problems) <= MOST_PROBLEMS:
            with collecting(problems):
                tape[name]  # an unknown step is an error
    return tape, results


def _check_tokens(needed: Sequence[Step], values: Values) -> None:
    """Refuse a run that needs tokens if none are given.

    Raises: ValuesError.
    """
    if any(step.op is gather_rows and not step.params["rows"] for step in needed):
        raise ValuesError(f"tokens is missing; give words or ids, up to n_ctx={values.config.n_ctx} of them")


def _check_givens(tape: Tape, needed: Sequence[Step], values: Values) -> None:
    """Refuse a run if matrices that it needs are missing; those that are given but unsound are told elsewhere.

    Raises: ValuesError.
    """
    known = values.inputs.keys() | values.weights.keys()
    givens = [step for step in needed if step.op is None and step.name not in tape.numbers]
    missing = [step for step in givens if step.name not in known and step.name.partition("[")[0] not in known]
    if len(missing) == 1:
        raise ValuesError(f"{missing[0].name} is missing; give it ({shape_text(missing[0].shape)}) or a later step")
    if missing:
        names = ", ".join(f"{step.name} ({shape_text(step.shape)})" for step in missing[:MOST_PROBLEMS])
        rest = f" and {len(missing) - MOST_PROBLEMS} more" if len(missing) > MOST_PROBLEMS else ""
        raise ValuesError(f"{names}{rest} are missing; give them or later steps")


def _check_terms(tape: Tape, needed: Sequence[Step]) -> None:
    """Refuse a run that would take minutes.

    Raises: ConfigError.
    """
    terms = sum(
        step.shape[0] * step.shape[1] * max([1, *(tape.steps[name].shape[1] for name in step.inputs)])
        for step in needed
        if step.op
    )
    if terms > MOST_TERMS:
        raise ConfigError(f"the run adds up {terms:,} numbers; use sizes that make {MOST_TERMS:,}")
