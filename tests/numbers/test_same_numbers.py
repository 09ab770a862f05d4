"""The same seed gives the same numbers on every machine and in every release: those of some searches are kept."""

from __future__ import annotations

import json
from hashlib import sha256

from byhand.choose import choose
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet

SHEETS = (
    "softmax", "scores", "attention-head", "multi-head-attention", "cross-attention", "layer-norm", "feed-forward",
    "transformer-block", "encoder", "gpt", "encoder-decoder", "llama-block",
)  # fmt: skip


def digest(sheet):
    values, _ = choose(load_sheet(sheet), Options(seed=1, numbers="exact"))
    numbers = json.dumps([values.inputs, values.weights, values.tokens], default=str, sort_keys=True)
    return sha256(numbers.encode()).hexdigest()[:12]


def test_a_seed_has_the_numbers_that_it_always_had(golden):
    """Where a search has changed on purpose, write them anew with --update-golden, and say so to those with seeds."""
    golden("numbers-of-seed-1.txt", "".join(f"{sheet}: {digest(sheet)}\n" for sheet in SHEETS))
