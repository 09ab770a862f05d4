"""The numbers of each sheet's first seeds, which the wheel brings: they were searched for as it was built.

So the seeds that most people use are there at once. The numbers are those that a search finds, since it always finds
the same; where there are none, as in a checkout, it does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand import brought
from byhand.model.weights import Values

SEEDS = range(1, 51)


class Search(Struct, frozen=True):
    """What a search for new numbers starts from, but for its seed."""

    sheet: str
    model: str
    values: Values
    """The values whose numbers new ones take the place of."""
    answer: tuple[str, ...]
    level: str
    pick_words: bool
    promises: tuple[str, ...]
    """The names of the sheet's own promises."""


def digest(search: Search) -> str:
    """The hash under which the numbers of the first seeds are brought."""
    return sha256(repr(("first seeds", search)).encode()).hexdigest()


def numbers(search: Search, seed: int) -> tuple[Values, dict[str, Any]] | None:
    """The numbers of a seed and their quality; None where the wheel has brought none."""
    content = brought.result(digest(search)) if seed in SEEDS else None
    return None if content is None else unpacked(content, search, seed)


def unpacked(content: bytes, search: Search, seed: int) -> tuple[Values, dict[str, Any]]:
    """The numbers of a seed and their quality, of what `packed` has written."""
    entries = json.loads(content)[str(seed)]
    config = replace(search.values.config, n_ctx=entries["n_ctx"], d_vocab=entries["d_vocab"])
    values = replace(
        search.values, config=config, tokens=tuple(entries["tokens"]), vocabulary=tuple(entries["vocabulary"]),
        source=tuple(entries["source"]), inputs=entries["inputs"], weights=entries["weights"],
    )  # fmt: skip
    return values, entries["quality"]


def packed(numbers: Mapping[int, tuple[Values, Mapping[str, Any] | None]]) -> bytes:
    """The numbers of seeds and their quality, as the wheel brings them."""
    entries = {
        seed: {
            "n_ctx": values.config.n_ctx, "d_vocab": values.config.d_vocab, "tokens": values.tokens,
            "source": values.source, "vocabulary": values.vocabulary, "inputs": values.inputs,
            "weights": values.weights, "quality": quality,
        }
        for seed, (values, quality) in numbers.items()
    }  # fmt: skip
    return json.dumps(entries, default=str, separators=(",", ":")).encode()
