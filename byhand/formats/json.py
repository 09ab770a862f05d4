"""A run as run.json: every step with its numbers, for programs and for reading back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from typing import Any

from byhand import __version__
from byhand.model.config import Config
from byhand.notation.number import plain
from byhand.tape import Tape, shape_text

SCHEMA = 1


def steps(tape: Tape) -> list[dict[str, Any]]:
    """The steps that were evaluated, values as strings: "3", "-1/2", "0.25"."""
    return [
        {
            "name": step.name,
            "op": step.op.name if step.op else "given",
            "inputs": list(step.inputs),
            **({"params": {k: _plain(v) for k, v in step.params.items()}} if step.params else {}),
            "shape": list(step.shape),
            "axes": list(step.axes),
            "values": [[plain(x) for x in row] for row in tape.values(step.name)],
        }
        for step in tape.used()
    ]


def _plain(param: Any) -> Any:
    """A param for JSON: whole numbers and words as they are, fractions as text."""
    if isinstance(param, Sequence) and not isinstance(param, str):
        return [_plain(item) for item in param]
    return param if isinstance(param, int | str) else plain(param)


def run_record(
    tape: Tape,
    model: str,
    config: Config,
    tokens: Sequence[str],
    vocabulary: Sequence[str] = (),
    sheet: str | None = None,
    seed: int | None = None,
    quality: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What run.json holds."""
    return {
        "schema": SCHEMA,
        "byhand": __version__,
        "sheet": sheet,
        "model": model,
        "seed": seed,
        "config": config.as_dict(),
        "numbers": tape.domain.name,
        **tape.domain.details(),
        "tokens": list(tokens),
        "vocabulary": list(vocabulary),
        **({"quality": quality} if quality is not None else {}),
        "steps": steps(tape),
    }


def as_text(record: dict[str, Any]) -> str:
    """The record as JSON, a step a line."""
    head = {k: v for k, v in record.items() if k != "steps"}
    lines = [f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in head.items()]
    body = ",\n".join(f"    {json.dumps(step, ensure_ascii=False)}" for step in record["steps"])
    return "{\n" + ",\n".join(lines) + ',\n  "steps": [\n' + body + "\n  ]\n}\n"


def as_table(record: dict[str, Any]) -> str:
    """The steps for a person: each with its shape and op, and its numbers in columns."""
    lines = []
    for step in record["steps"]:
        lines.append(f"{step['name']}  {shape_text(step['shape'])}  {step['op']}")
        widths = [max(len(row[j]) for row in step["values"]) for j in range(step["shape"][1])]
        lines += ["  " + "  ".join(f"{x:>{w}}" for x, w in zip(row, widths, strict=True)) for row in step["values"]]
    return "\n".join(lines)


def fingerprint(record: dict[str, Any], shown: Collection[str]) -> str:
    """Seven hex digits that stand for the numbers of a run, and how they are written."""
    return short_hash(numbers_text(record, shown))


def numbers_text(record: dict[str, Any], shown: Collection[str]) -> str:
    """What a fingerprint is made of."""
    kept = {k: record.get(k) for k in ("model", "numbers", "places", "rounding", "tokens")}
    kept["steps"] = {step["name"]: step["values"] for step in record["steps"] if step["name"] in shown}
    return json.dumps(kept, sort_keys=True)


def short_hash(text: str) -> str:
    """Seven hex digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:7]
