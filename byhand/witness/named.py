"""What the names of a backward pass say: of what a step is the gradient, and which power of ln b is its factor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from byhand.errors import WitnessError
from byhand.witness.recorded import Recorded, computed_steps

PART = r"(?:\.values|\.scores\d*)?"
HEAD = r"(?P<head>\[\d+\])?"
GRADIENT = re.compile(rf"[._]grad{PART}(?:\.by\.(?P<reader>.+?)(?:\.again)*)?{HEAD}\Z")
FACTOR = re.compile(r"(?P<under>1/)?(?:ln (?P<base>[^\s()]+)|\(ln (?P<of>[^\s()]+)\)(?P<power>[²³⁴-⁹]))")
POWERS = str.maketrans("²³⁴⁵⁶⁷⁸⁹", "23456789")


class Gradient(Struct, frozen=True):
    """What a step is the gradient of: another step, wherever it is read, or only as one step reads it."""

    step: str
    reader: str = ""
    """The step that reads it, maybe by way of steps that have no gradient; empty for all that read it."""


def gradients(run: Recorded) -> dict[str, Gradient]:
    """The steps that are gradients, by their names."""
    found: dict[str, Gradient] = {}
    for name in computed_steps(run):
        match = GRADIENT.search(name)
        of = name[: match.start()] + (match["head"] or "") if match else ""
        if match and of in run.steps:
            reader = match["reader"] or ""
            if reader not in run.steps:
                reader = re.sub(r"\.(\d+)$", r"[\1]", reader)
            if not reader or reader in run.steps:
                found[name] = Gradient(of, reader)
    return found


def powers(run: Recorded, found: Mapping[str, Gradient]) -> dict[str, int]:
    """The power of ln b that each gradient's numbers are times. What comes by one reader may be a sum of several.

    Raises: WitnessError where a factor is no power, a shape is wrong, or two steps are the same gradient.
    """
    known, base = dict[str, int](), run.config.as_dict()["softmax_base"]
    taken: set[tuple[str, int]] = set()
    for name, gradient in found.items():
        known[name] = power = _power(name, run.steps[name].times, base)
        if run.steps[name].shape != run.steps[gradient.step].shape:
            raise WitnessError(f"{name} has another shape than {gradient.step}, of which it is the gradient")
        if not gradient.reader and (gradient.step, power) in taken:
            raise WitnessError(f"{name} is not the only step that is this gradient of {gradient.step}")
        if not gradient.reader:
            taken.add((gradient.step, power))
    return known


def _power(name: str, times: str, base: Any) -> int:
    """The power of ln b that a gradient's factor is.

    Raises: WitnessError where it is none.
    """
    if not times:
        return 0
    match = FACTOR.fullmatch(times)
    if not match or (match["base"] or match["of"]) != str(base):
        raise WitnessError(f"{name} is times {times!r}, which is no power of ln {base}")
    power = int((match["power"] or "1").translate(POWERS))
    return -power if match["under"] else power


def gradient_of(name: str, part: str = "") -> str:
    """The name of the gradient of a step, or of a part of it: of hook_q[0], hook_q_grad.scores[0]."""
    stem, bracket, head = name.partition("[")
    joint = "_" if stem.rpartition(".")[2].startswith("hook_") else "."
    return f"{stem}{joint}grad{part}{bracket}{head}"
