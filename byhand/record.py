"""run.json: a run as text, for other programs and for reading back. `run.schema.json` beside this file describes it.

A tree is an array: ["num", "-1/2"], ["ref", STEP, i, j], ["letter", "a"], ["sum", …], ["sub", a, b], ["mul", a, b],
["div", a, b], ["fn", NAME, …], ["bigsum", "k", N, body]. i and j are whole numbers from 0, or letters.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from byhand import __version__
from byhand.arithmetic.domain import Domain
from byhand.arithmetic.expr import (
    NEG_INF,
    At,
    BigSum,
    Div,
    Expr,
    Fn,
    Index,
    Mul,
    Num,
    Ref,
    Sub,
    Sum,
    bind,
    spelled_out,
)
from byhand.arithmetic.systems import number_system
from byhand.errors import ByHandError, UnreadableError
from byhand.model.files import MOST_NUMBERS, without_twins
from byhand.model.weights import Values
from byhand.notation.number import LONGEST_RESULT, plain, shown
from byhand.runs import I, J, Run
from byhand.secret import Secret
from byhand.tape import OPS, Op, Rows, Step, example, shape_text

SCHEMA = 3  # of runs with a loss; others are of schema 2, which has nothing else of this one
FORMER_OPS = {  # in files of schema 1: an operation's former name, and today's
    "share_rows": "normalize_rows",
    "share_columns": "normalize_columns",
    "pick_rows": "gather_rows",
    "pick_entries": "gather_entries",
    "beside": "hstack",
    "below": "vstack",
    "surprise": "surprisal",
}
Json = Any  # what a JSON file holds
_WRITTEN = {"exact": r"-?\d+(/0*[1-9]\d*)?", "decimal": r"-?\d+(\.\d+)?", "float": r"-?\d+(\.\d+)?(e[+-]?\d{1,3})?"}


def as_text(run: Run) -> str:
    """A run as JSON, a step a line."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head(run).items()]
    body = ",\n".join(f"    {json.dumps(entry(run, step), ensure_ascii=False)}" for step in run.steps.values())
    return "{\n" + ",\n".join(lines) + ',\n  "steps": [\n' + body + "\n  ]\n}\n"


def head(run: Run) -> dict[str, Json]:
    """All that is written of a run before its steps."""
    return {
        "schema": SCHEMA if run.target or run.loss else 2, "byhand": __version__, "hash": run.hash,
        "sheet": run.sheet, "model": run.model,
        "seed": run.seed, "config": run.config.as_dict(), "numbers": run.numbers, **run.domain.details(),
        "tokens": list(run.tokens), **({"source": list(run.source)} if run.source else {}),
        "vocabulary": list(run.vocabulary), **({"target": list(run.target)} if run.target else {}),
        **({"loss": run.loss} if run.loss else {}), **({"quality": run.quality} if run.quality is not None else {}),
    }  # fmt: skip


def entry(run: Run, step: Step) -> dict[str, Json]:
    """One step: what it is, its rule once or cell by cell, and its values as text."""
    params = run.params(step.name)
    return {
        "name": step.name, "op": step.op_name, "inputs": list(step.inputs), **({"params": params} if params else {}),
        **({"times": step.times} if step.times else {}),
        "shape": list(step.shape), "axes": list(step.axes), "part": step.part, **rule_entry(run, step),
        "values": run.texts[step.name],
    }  # fmt: skip


def rule_entry(run: Run, step: Step) -> dict[str, Json]:
    """The rule of a step as an entry: one tree in i and j, or one tree for each cell; nothing for a given."""
    if step.op is None:
        return {}
    if (uniform := run.uniform(step.name)) is not None:
        return {"rule": array(uniform)}
    rows, cols = step.shape
    return {"rules": [[array(run.rule(step.name, i, j)) for j in range(cols)] for i in range(rows)]}


def array(node: Expr) -> list[Json]:
    """A tree as an array, as at the head of this file."""
    match node:
        case Num(Index()):
            raise TypeError(f"a size is bound before it is written: {node!r}")
        case Num(value):
            return ["num", plain(value)]
        case Ref(name, ()):
            return ["letter", name]
        case Ref(step, index):
            return ["ref", step, *map(_at, index)]
        case Sum(terms):
            return ["sum", *map(array, terms)]
        case Sub(left, right):
            return ["sub", array(left), array(right)]
        case Mul(left, right):
            return ["mul", array(left), array(right)]
        case Div(left, right):
            return ["div", array(left), array(right)]
        case Fn(name, args):
            return ["fn", name, *map(array, args)]
        case BigSum(index, count, body):
            return ["bigsum", index.name, _at(count), array(body)]
        case _:
            raise TypeError(f"not a node: {node!r}")


def _at(index: At) -> int | str:
    return index.name if isinstance(index, Index) else index


def tree(array: Json) -> Expr:
    """The tree that an array stands for.

    Raises: ValueError, TypeError where it stands for none.
    """
    match array:
        case ["num", "-inf"]:
            return Num(NEG_INF)
        case ["num", str(text)]:
            return Num(_number(text, number_system("exact")))
        case ["letter", str(name)]:
            return Ref(name)
        case ["ref", str(step), int() | str() as i, int() | str() as j]:
            return Ref(step, (_index(i), _index(j)))
        case ["sum", *terms]:
            return Sum(tuple(map(tree, terms)))
        case ["sub", left, right]:
            return Sub(tree(left), tree(right))
        case ["mul", left, right]:
            return Mul(tree(left), tree(right))
        case ["div", left, right]:
            return Div(tree(left), tree(right))
        case ["fn", str(name), *args]:
            return Fn(name, tuple(map(tree, args)))
        case ["bigsum", str(index), int(count), body]:
            return BigSum(Index(index), count, tree(body))
        case _:
            raise ValueError(f"not a tree: {array!r}")


def _index(at: int | str) -> At:
    return Index(at) if isinstance(at, str) else at


def parsed(text: str) -> dict[str, Json]:
    """The tables of a run.json of schema 3 or 2, or of schema 1, which has no rules.

    Raises: UnreadableError.
    """
    with _refusing():
        if (count := text.count(",")) > MOST_NUMBERS:
            raise UnreadableError(f"it lists {count:,} numbers and words; a record has up to {MOST_NUMBERS:,}")
        record = json.loads(text, object_pairs_hook=without_twins)
        if record["schema"] not in range(1, SCHEMA + 1):
            raise UnreadableError(f"its schema is {shown(record['schema'])}; this byhand reads 1 to {SCHEMA}")
        names = Counter(_text(step["name"]) for step in record["steps"])
        if twice := [name for name, count in names.items() if count > 1]:
            raise UnreadableError(f"two of its steps are called {shown(twice[0])}; a step has a name of its own")
        if record["schema"] == 1:
            record["steps"] = [step | {"op": FORMER_OPS.get(step["op"], step["op"])} for step in record["steps"]]
        return dict(record)
    raise AssertionError


def read(content: str | Mapping[str, Json]) -> Run:
    """The run that a run.json holds, as text or as its tables.

    Raises: UnreadableError.
    """
    record = parsed(content) if isinstance(content, str) else content
    with _refusing():
        domain = number_system(record["numbers"], record.get("places", 2), record.get("rounding", "carry"))
        words = {key: record.get(key, []) for key in ("tokens", "vocabulary", "source", "target")}
        given = Values.of({"config": record["config"], **words})
        steps = {step["name"]: _read_step(step) for step in record["steps"]}
        return Run(
            _text(record["model"]), given.config, domain, steps,
            {step["name"]: _read_values(step, domain) for step in record["steps"]},
            {step["name"]: tuple(map(tuple, step["values"])) for step in record["steps"]},
            tuple(map(str, given.tokens)), given.vocabulary, given.source,
            None if record["sheet"] is None else _text(record["sheet"]),
            None if record["seed"] is None else _size(record["seed"]),
            record.get("quality"), _text(record.get("hash", "")), tuple(map(str, given.target)),
            _text(record.get("loss", "")),
        )  # fmt: skip
    raise AssertionError


@contextmanager
def _refusing() -> Iterator[None]:
    """Within the block, any error says that the file is no run.json."""
    try:
        yield
    except ByHandError as error:
        raise UnreadableError(f"it is no run.json of byhand's: {error}") from None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        raise UnreadableError(
            "it is no run.json of byhand's: something in it is missing, or not as it should be"
        ) from None


def _text(entry: Json) -> str:
    if not isinstance(entry, str):
        raise TypeError(entry)
    return entry


def _size(entry: Json) -> int:
    if type(entry) is not int or entry < 0:
        raise TypeError(entry)
    return entry


def _read_step(entry: Mapping[str, Json]) -> Step:
    """A step as it was recorded: its operation's rule is what was recorded of it."""
    rows, cols = map(_size, entry["shape"])
    name = _text(entry["op"])
    op = None if name == "given" else _recorded(name, _read_rule(name, entry))
    axis, other = map(str, entry["axes"])
    inputs = tuple(map(str, entry["inputs"]))
    return Step(
        str(entry["name"]), op, inputs, dict(entry.get("params", {})), (rows, cols), (axis, other),
        str(entry.get("part", "")), str(entry.get("times", "")),
    )  # fmt: skip


def _recorded(name: str, rule: Callable[..., Expr]) -> Op:
    """An operation with a recorded rule. If byhand knows an operation of this name, all else is that operation's."""
    if name in OPS:
        return replace(OPS[name], rule=rule)
    return Op(name, rule, "", formula="", columns="", said="", undefined="", example=example(gives=[]), edges=())


def _read_rule(name: str, entry: Mapping[str, Json]) -> Callable[..., Expr]:
    """The rule of a recorded step's cells, whatever the operands are called.

    Raises: UnreadableError when it is asked where none was recorded.
    """
    if "rule" in entry:
        uniform = tree(entry["rule"])

        def bound(*operands: Any, i: At, j: At, **params: Any) -> Expr:
            cell = bind(uniform, {I: i, J: j})
            return cell if isinstance(i, Index) else spelled_out(cell)

        return bound
    if "rules" in entry:
        trees = [[tree(cell) for cell in row] for row in entry["rules"]]

        def at(*operands: Any, i: At, j: At, **params: Any) -> Expr:
            return trees[0 if isinstance(i, Index) else i][0 if isinstance(j, Index) else j]

        return at

    if name in OPS:
        return OPS[name].rule  # schema 1 holds no rules: today's

    def missing(*operands: Any, **params: Any) -> Expr:
        raise UnreadableError(f"its run.json holds no rules (schema 1), and byhand knows no operation {shown(name)}")

    return missing


def _read_values(entry: Mapping[str, Json], domain: Domain) -> Rows:
    """The numbers of a recorded step.

    Raises: UnreadableError for the first that is none.
    """
    rows, cols = entry["shape"]
    if len(entry["values"]) != rows or any(len(row) != cols for row in entry["values"]):
        raise UnreadableError(f"{entry['name']} is {shape_text((rows, cols))}, and its values are not")
    return tuple(tuple(_read_cell(entry, i, j, domain) for j in range(cols)) for i in range(rows))


def _read_cell(entry: Mapping[str, Json], i: int, j: int, domain: Domain) -> Any:
    text, where = entry["values"][i][j], f"{entry['name']}, row {i + 1}, column {j + 1}"
    if isinstance(text, str) and len(text) > LONGEST_RESULT:
        raise UnreadableError(
            f"{where}: a number of {len(text):,} characters; byhand writes up to {LONGEST_RESULT:,}"
        )
    try:
        number = NEG_INF if text == "-inf" else _number(text, domain)
    except (ByHandError, ArithmeticError, TypeError, ValueError, SyntaxError):
        raise UnreadableError(f"{where}: {shown(text)} is no number") from None
    if domain.name != "symbolic" and text != (written := plain(number)):
        raise UnreadableError(f"{where}: {shown(text)} is a number that byhand writes as {shown(written)}")
    return number


def _number(text: str, domain: Domain) -> Any:
    """A number of a domain as it was written.

    Raises: ValueError.
    """
    if domain.name == "symbolic":
        from byhand.arithmetic.symbols import read

        return read(text)
    if not re.fullmatch(_WRITTEN[domain.name], text):
        raise ValueError(text)
    if domain.name == "exact":
        top, _, bottom = text.partition("/")
        return Fraction(int(top), int(bottom or 1))  # Fraction(text) takes four times as long
    return {"decimal": Decimal, "float": float}[domain.name](text)


def as_table(run: Run) -> str:
    """The steps as a text for a person: each with its shape, its operation, and its numbers in columns."""
    lines = []
    for name, step in run.steps.items():
        texts = run.texts[name]
        times = f" · {step.times}" if step.times else ""
        lines.append(f"{name}{times}  {shape_text(step.shape)}  {step.op_name}")
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        lines += ["  " + "  ".join(f"{x:>{w}}" for x, w in zip(row, widths, strict=True)) for row in texts]
    return "\n".join(lines)


def fingerprint(run: Run, shown: Collection[str], secret: Secret | None = None) -> str:
    """The short hash of a run: of the numbers that a page shows, and of how they are written."""
    return short_hash(numbers_text(run, shown), secret)


def numbers_text(run: Run, shown: Collection[str]) -> str:
    """The text whose hash is a fingerprint."""
    hashed = {key: getattr(run, key) for key in ("model", "numbers", "places", "rounding", "tokens")}
    hashed["steps"] = {name: texts for name, texts in run.texts.items() if name in shown}
    return json.dumps(hashed, sort_keys=True)


def short_hash(text: str, secret: Secret | None = None) -> str:
    """The first seven hex digits of the SHA-256 of a text; with a secret, of its keyed hash."""
    whole = secret.hashed("numbers", text) if secret else hashlib.sha256(text.encode()).hexdigest()
    return whole[:7]
