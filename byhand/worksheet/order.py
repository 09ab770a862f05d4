"""The order of the course: its sheets, in groups. A sheet's number is its place here, and is written nowhere else."""

from __future__ import annotations

from itertools import chain

GROUPS = {  # what a group is called stands in the messages, as course.groups.NAME
    "basics": (
        "shapes", "dot-product", "matrix-product", "linear-layer", "mlp", "transformer-by-hand", "softmax",
    ),
    "words-in": ("embedding", "positional-encoding"),
    "attention": (
        "queries-keys-values", "scores", "attention-head", "causal-mask", "multi-head-attention", "cross-attention",
    ),
    "layers": ("layer-norm", "layer-norm-or-batch-norm", "feed-forward", "one-by-one-convolution"),
    "models": ("transformer-block", "encoder", "logits-and-perplexity", "gpt", "encoder-decoder"),
    "words-out": ("cross-entropy", "sampling"),
    "practice": ("kv-cache", "sizing", "attention-in-letters"),
}  # fmt: skip
ORDER = tuple(chain.from_iterable(GROUPS.values()))
GROUP = {name: group for group, names in GROUPS.items() for name in names}
_NUMBERS = {name: number for number, name in enumerate(ORDER, 1)}


MET = {  # the parts of a map: the sheet on which a student meets each
    "embed": "embedding",
    "heads": "queries-keys-values",
    "out": "multi-head-attention",
    "cross": "cross-attention",
    "add1": "layer-norm",
    "add_cross": "layer-norm",
    "ln1": "layer-norm",
    "ln2": "feed-forward",
    "ln3": "feed-forward",
    "mlp": "feed-forward",
    "add2": "feed-forward",
    "ln_final": "transformer-block",
    "unembed": "logits-and-perplexity",
}


def has_met(name: str, part: str) -> bool:
    """Whether one has met a part of the map on a sheet or before it; on one's own sheet, all parts are known."""
    return number_of(name) == 0 or number_of(MET[part]) <= number_of(name)


def number_of(name: str) -> int:
    """The number of a sheet: its place in the course, from 1; 0 for a sheet that is not of the course."""
    return _NUMBERS.get(name, 0)


def place(name: str) -> tuple[int, str]:
    """What to sort sheets by: those of the course come first, in its order, and others after them, by name."""
    return _NUMBERS.get(name, len(ORDER) + 1), name
