"""Verify a run.json: it is held against the run that its model or sheet makes of its givens, and then judged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any, get_args

from msgspec.structs import replace

from byhand import __version__
from byhand.arithmetic.expr import NEG_INF
from byhand.arrange import arranged
from byhand.errors import (
    LONGEST_QUOTE,
    MOST_PROBLEMS,
    ByHandError,
    SheetError,
    UnknownNameError,
    UnreadableError,
    WitnessError,
)
from byhand.model import MODELS
from byhand.model.parameters import parameter_shapes, shape_of
from byhand.model.weights import Values
from byhand.notation.number import LETTER, shown
from byhand.options import Options
from byhand.own_numbers import run_as_given
from byhand.reading.verdict import SECRET_UNKNOWN, Verdict, unwired_of
from byhand.reading.ways import Judges
from byhand.record import entry, fingerprint, head, parsed, read
from byhand.runs import Run
from byhand.secret import Secret
from byhand.worksheet.front import languages_of
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.views import Level

Remade = tuple[Run, Collection[str]]  # a run, and the steps that its page shows, of which its hash is made
SINCE_SCHEMA_2 = ("axes", "part", "rule", "rules")


def judged(text: str, judges: Judges, secret: Secret | None = None) -> Verdict:
    """The verdict on a run.json.

    Raises: UnreadableError where it is none, or is of another course.
    """
    record = parsed(text)
    run = read(record)
    about, of_secret = f"{run.sheet or run.model}, {len(run.steps)} steps", run.sheet is not None and run.seed is None
    unknown = SECRET_UNKNOWN if of_secret and not secret else ""
    alone = unknown or _numbers_alone(record)
    try:
        values = _values(run)
        faults, hashes = _differences(record, run, values, secret if of_secret else None)
        if not faults and (instead := _given_instead(run, values)):
            about += f"; given in place of being computed: {_listed(instead)}"
        if run.quality is not None:  # which says of steps, too, that no page shows and no record has
            about += "; whether its seed gives these numbers, and their quality, no record can prove"
    except UnreadableError:
        raise
    except ByHandError as error:
        return Verdict(about, (f"its givens cannot be worked with: {error}",), alone)
    faults = faults or _denied(run, judges)
    if not faults and not unknown and record["schema"] > 1 and run.hash not in hashes:
        by = ", by this secret" if of_secret else ""
        faults = (f"its hash is {shown(run.hash)}; that of its numbers is {hashes[0]}{by}",)
    return Verdict(about, faults, alone, unwired=unwired_of(run))


def _numbers_alone(record: Mapping[str, Any]) -> str:
    """Why the numbers of a record alone are judged; empty where all of it is."""
    if (version := record.get("byhand")) != __version__:
        return f"byhand {shown(version)} made it, and this is {__version__}, whose steps may be others"
    if record["schema"] == 1:
        return f"it is of schema {record['schema']}, which has no rules and no hash"
    return ""


def _denied(run: Run, judges: Judges) -> tuple[str, ...]:
    """The messages of the judges that reject a run."""
    faults = []
    for each in judges:
        try:
            each(run)
        except WitnessError as error:
            faults.append(str(error))
    return tuple(faults)


def _values(run: Run) -> Values:
    """What a run starts from."""
    shapes = parameter_shapes(run.config)
    given: dict[str, dict[str, Any]] = {"inputs": {}, "weights": {}}
    for name in (name for name, step in run.steps.items() if step.op is None):
        rows = [[_given(name, x) for x in row] for row in run.texts[name]]
        try:
            given["weights"][name] = _shaped([x for row in rows for x in row], shape_of(name, shapes))
        except UnknownNameError:
            given["inputs"][name] = rows

    def token(t: str) -> str | int:
        """A token, or its number."""
        return t if t in run.vocabulary or not t.isdecimal() else int(t)

    tokens = tuple(map(token, run.tokens))
    return Values(
        run.config, tokens, run.vocabulary, source=run.source, target=tuple(map(token, run.target)), **given
    )


def _given(name: str, text: str) -> Fraction | float | str:
    """A given number or letter, which may have more digits than a values file's: 1e-300 as a fraction has 300."""
    if LETTER.fullmatch(text):
        return text
    try:
        return NEG_INF if text == "-inf" else Fraction(text)
    except ValueError:
        raise UnreadableError(f"{name} is given, and holds {shown(text)}, which is no number and no letter") from None


def _shaped(entries: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """Entries as a nested list of a shape, or as they are where they do not fill it."""
    for size in reversed(shape[1:]):
        entries = [entries[k : k + size] for k in range(0, len(entries), size)]
    return entries


def _remade(run: Run, values: Values) -> Iterator[Remade]:
    """The runs that a record may be of: its model's, or its sheet's, on each level and in each language.

    Raises: UnreadableError for a model or a sheet that is not known; SheetError where it can be of no level.
    """
    refused, made_any = None, False
    try:
        model = MODELS[run.model]
        if run.sheet is None:
            made = run_as_given(model.name, values, run.numbers, run.places or 2, run.rounding or "carry",  # type: ignore[arg-type]
                                backward=bool(run.loss))  # fmt: skip
            yield made, made.steps
            return
        for language in languages_of(run.sheet):
            sheet = load_sheet(run.sheet, language)
            if sheet.model is not model:
                raise UnreadableError(f"{sheet.name} is a sheet of {sheet.model.name}, and its model is {model.name}")
            options = Options(seed=run.seed, numbers=run.numbers, language=language, values={})  # perhaps own ones
            for level in get_args(Level):
                try:
                    document, made, _ = arranged(sheet, values, replace(options, level=level), run.domain)
                except SheetError as error:  # as where this level asks for steps that the run has not
                    refused = refused or error
                    continue
                made_any = True
                yield made, document.hashed
        if refused and not made_any:
            raise refused
    except UnknownNameError as error:
        if error.kind in ("model", "sheet"):
            raise UnreadableError(f"it is of another course: {error}") from None
        raise


def _differences(
    record: Mapping[str, Any], run: Run, values: Values, secret: Secret | None
) -> tuple[tuple[str, ...], list[str]]:
    """What a record has otherwise than each run that it may be of; or nothing, and the hashes that it may have.

    Numbers are left to the judges. secret: that of its class.
    """
    first, hashes = list[str](), list[str]()
    for made, shows in _remade(run, values):
        faults = [*_unlike(record, made)]
        first = first or faults
        hashes += [] if faults else [fingerprint(run, shows, secret)]
        if run.hash in hashes:
            break
    return (() if hashes else tuple(first)), hashes


def _unlike(record: Mapping[str, Any], made: Run) -> Iterator[str]:
    """A message for each step that a record lacks, has beside those of a run, or has otherwise."""
    recorded, remade = (
        {step["name"]: step for step in record["steps"]},
        {s.name: entry(made, s) for s in made.steps.values()},
    )
    by = made.sheet or made.model
    if (loss := record.get("loss", "")) != made.loss:
        yield f"its loss is {shown(loss)}; {by} makes {shown(made.loss)}"
    if missing := [name for name in remade if name not in recorded]:
        yield f"it lacks {_listed(missing)}, which {by} computes from its givens, or reads"
    if extra := [name for name in recorded if name not in remade]:
        yield f"it has {_listed(extra)}, which {by} neither computes from its givens nor reads"
    if not missing and not extra and (moved := [a for a, b in zip(recorded, remade, strict=True) if a != b]):
        yield f"{_name(moved[0])} does not stand where {by} has it among its steps"
    whole = not _numbers_alone(record)
    if whole and (unknown := [*(record.keys() - {*head(made), "quality", "steps"})]):
        yield f"it has {_listed(sorted(unknown))}, which byhand does not write"
    for name in (name for name in remade if name in recorded):
        if whole and (unknown := [*(recorded[name].keys() - {*remade[name], "params", *SINCE_SCHEMA_2})]):
            yield f"{name}: it has {_listed(sorted(unknown))}, which byhand does not write"
        for key in ("op", "inputs", "params", "shape", "times", *(SINCE_SCHEMA_2 if whole else ())):
            ours, theirs = (step.get(key, {} if key == "params" else None) for step in (remade[name], recorded[name]))
            if ours != theirs:
                yield f"{name}: its {key} is {shown(theirs)}; {by} makes {shown(ours)}"
                break


def _given_instead(run: Run, values: Values) -> list[str]:
    """The given steps that a model computes where they are left out, and which a sheet's own numbers do not give."""
    model = MODELS[run.model]
    computed = []
    for name in values.inputs:
        others = {other: rows for other, rows in values.inputs.items() if other != name}
        try:
            step = model.run(replace(values, inputs=others), run.domain, force=False).steps.get(name)
        except ByHandError:
            continue  # the model cannot do without it
        if step and step.op:
            computed.append(name)
    if not computed or run.sheet is None:
        return computed
    sheet = load_sheet(run.sheet)
    _, usual, _ = arranged(sheet, sheet.given(letters=False), Options(numbers=run.numbers), run.domain)
    return [name for name in computed if name not in usual.steps or usual.steps[name].op]


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_PROBLEMS
    return ", ".join(map(_name, names[:MOST_PROBLEMS])) + (f" and {more:,} more" if more > 0 else "")


def _name(name: str) -> str:
    return name if len(name) <= LONGEST_QUOTE and name.isprintable() else shown(name)
