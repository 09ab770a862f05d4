"""Whether an instance takes about as long as others of its configuration, so that no student has the longer sheet."""

from __future__ import annotations

from byhand.arithmetic.expr import refs
from byhand.effort import STEP, seconds
from byhand.model.config import Config
from byhand.ops import mask_future, standardize
from byhand.tape import Step, Tape

BAND = 0.069  # either way: two instances differ by less than 15 %

# Seconds for each number that a cell reads, as measured on instances of the search: by op, and for products by what
# they make. Where there is no mask, more of the pattern is a fraction.
USUAL = {
    "power_of": 2.96, "row_sum": 1.41, "normalize_rows": 1.56, "divide_by_root": 2.86, "dot_rows": 1.0,
    "hstack": 1.35, "mask_future": 0.99, "hook_z": 1.8, "hook_attn_out": 1.24, "matmul": 0.77, "affine": 0.77,
    "add": 0.85, "relu": 0.6, "row_mean": 1.54, "center": 1.97, "mean_square": 4.2, "root": 4.18, "standardize": 1.01,
    "scale_and_shift": 1.43, "gather_rows": 0.79, "row_argmax": 0.1,
}  # fmt: skip
UNMASKED = {"power_of": 3.16, "row_sum": 2.09, "normalize_rows": 1.9, "hook_z": 2.86}
WIDE = 0.85  # under a norm of eight features
NO_MEAN = 0.98  # under RMSNorm
LATER = 0.975  # under a norm that follows each sum


def usual(tape: Tape, config: Config) -> float:
    """The seconds that a run of this configuration usually takes."""
    steps = [s for s in tape.used() if s.op]
    masked = {(s.layer, s.part) for s in steps if s.op is mask_future}
    unmasked = {(s.layer, s.part) for s in steps if s.layer} - masked
    total = sum(
        STEP + s.shape[0] * s.shape[1] * _read(tape, s) * _each(s, (s.layer, s.part) not in unmasked) for s in steps
    )
    in_block = any(s.part == "heads" for s in steps)
    normed = any(s.op is standardize for s in steps)
    if normed:
        total *= WIDE if config.d_model == 8 else 1.0
        total *= NO_MEAN if config.normalization_type == "RMS" else 1.0
        total *= LATER if config.norm_position == "post" and in_block else 1.0
    return total


def _read(tape: Tape, step: Step) -> int:
    """How many numbers a cell reads."""
    return len(list(refs(tape.cell(step.name, step.shape[0] - 1, 0))))


def _each(step: Step, masked: bool) -> float:
    """Seconds for each number that is read."""
    assert step.op is not None, f"{step.name} is given"
    last = step.stem.rpartition(".")[2]
    kind = last if last in USUAL else step.op.name
    return USUAL.get(kind, 1.0) if masked else UNMASKED.get(kind, USUAL.get(kind, 1.0))


def whole_time(tape: Tape) -> float:
    """The seconds that all steps of a run take."""
    return seconds(tape, [s.name for s in tape.used() if s.op])


def is_even(tape: Tape, expected: float) -> bool:
    """Whether a run takes as long as expected, by BAND."""
    return abs(whole_time(tape) - expected) <= BAND * expected
