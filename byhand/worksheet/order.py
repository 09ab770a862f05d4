"""The course: its sheets in order and in groups, routes through it, and the mistake that each sheet is about.

A sheet's number is its place here, and is written nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import chain

from msgspec import Struct

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
    "family": (
        "relative-positions", "position-biases", "rotary", "segment-memory", "sparse-patterns",
        "grouped-query-attention", "latent-attention", "low-rank-attention", "linear-attention",
        "hashed-attention", "recurrent-depth", "nearest-neighbours", "flash-attention", "mixture-of-experts",
        "llama-block", "microgpt", "family-tree",
    ),
}  # fmt: skip
ORDER = tuple(chain.from_iterable(GROUPS.values()))
GROUP = {name: group for group, names in GROUPS.items() for name in names}
_NUMBERS = {name: number for number, name in enumerate(ORDER, 1)}


class Route(Struct, frozen=True):
    """A way through some of the sheets. What it is called stands in the messages, as lecturer.routes.NAME.

    sittings: the sheets of each day or week; one in several of them is spread evenly over these. longest: the minutes
    of paper that a sitting may take.
    """

    name: str
    sittings: tuple[tuple[str, ...], ...]
    longest: int = 90

    @property
    def names(self) -> set[str]:
        """The names of its sheets."""
        return set(chain.from_iterable(self.sittings))

    def minutes(self, of: Mapping[str, int]) -> list[int]:
        """The minutes of each sitting. of: those of each sheet."""
        times = Counter(chain.from_iterable(self.sittings))
        return [round(sum(of[name] / times[name] for name in names)) for names in self.sittings]

    def places(self, name: str) -> list[int]:
        """In which sittings a sheet comes, from 1; for a route of one sitting, which in order the sheet is."""
        if len(self.sittings) == 1:
            return [place for place, each in enumerate(self.sittings[0], 1) if each == name]
        return [place for place, names in enumerate(self.sittings, 1) if name in names]


ROUTES = (
    Route("lecture", (("dot-product", "transformer-by-hand", "softmax", "attention-head"),)),
    Route("week", (
        ("dot-product", "matrix-product", "mlp", "transformer-by-hand"),
        ("softmax", "embedding", "queries-keys-values", "scores"),
        ("attention-head", "causal-mask", "multi-head-attention"),
        ("layer-norm", "feed-forward", "logits-and-perplexity"),
        ("gpt",),
    )),
    Route("term", (
        ("shapes", "dot-product", "matrix-product", "linear-layer"),
        ("mlp", "transformer-by-hand", "softmax"),
        ("embedding", "positional-encoding", "queries-keys-values"),
        ("scores", "attention-head", "causal-mask"),
        ("multi-head-attention", "cross-attention"),
        ("layer-norm", "layer-norm-or-batch-norm"),
        ("feed-forward", "one-by-one-convolution"),
        ("transformer-block",),
        ("encoder",),
        ("logits-and-perplexity", "gpt"),
        ("gpt",),
        ("encoder-decoder",),
        ("encoder-decoder", "cross-entropy"),
        ("sampling", "kv-cache"),
        ("sizing", "attention-in-letters"),
        ("relative-positions", "position-biases", "rotary"),
        ("segment-memory", "sparse-patterns"),
        ("grouped-query-attention", "latent-attention"),
        ("low-rank-attention", "linear-attention"),
        ("hashed-attention", "recurrent-depth"),
        ("nearest-neighbours", "flash-attention"),
        ("mixture-of-experts",),
        ("llama-block",),
        ("microgpt", "family-tree"),
    )),
    Route("exam", (("attention-head", "layer-norm-or-batch-norm", "sampling"),)),
)  # fmt: skip
LOOK_FOR = {  # the classic mistake that each sheet is about; what it means stands in the messages, as lecturer.SHEET
    "shapes": "",  # none that can be computed: two shapes that do not fit
    "dot-product": "products-not-added",
    "matrix-product": "elementwise",
    "linear-layer": "bias-per-input",
    "mlp": "relu-before-bias",
    "transformer-by-hand": "",  # nor this one: of two tables that are not square, only one product exists
    "softmax": "no-powers",
    "embedding": "number-for-one",
    "positional-encoding": "position-for-dimension",
    "queries-keys-values": "keys-by-query-weights",
    "scores": "no-sqrt",
    "attention-head": "softmax-over-columns",
    "causal-mask": "zero-for-minus-infinity",
    "multi-head-attention": "heads-averaged",
    "cross-attention": "softmax-over-columns",
    "layer-norm": "n-minus-one",
    "layer-norm-or-batch-norm": "norm-over-sequence",
    "feed-forward": "no-relu",
    "one-by-one-convolution": "kernels-not-shared",
    "transformer-block": "no-residual",
    "encoder": "norm-before-sum",
    "logits-and-perplexity": "perplexity-averaged",
    "gpt": "heads-share-weights",
    "encoder-decoder": "mask-across",
    "cross-entropy": "gradient-sign",
    "sampling": "temperature-on-probabilities",
    "kv-cache": "query-from-cache",
    "sizing": "heads-counted-again",
    "attention-in-letters": "no-sqrt",
    "relative-positions": "distance-sign",
    "position-biases": "same-slope-for-all",
    "rotary": "queries-only",
    "segment-memory": "query-from-memory",
    "sparse-patterns": "window-off-by-one",
    "grouped-query-attention": "tiled-groups",
    "latent-attention": "latent-as-value",
    "low-rank-attention": "project-dimensions",
    "linear-attention": "state-includes-future",
    "hashed-attention": "self-attended",
    "recurrent-depth": "new-weights",
    "nearest-neighbours": "not-renormalised",
    "flash-attention": "no-rescale",
    "mixture-of-experts": "not-renormalised",
    "llama-block": "sigmoid-for-swish",
    "microgpt": "tied-unembedding",
    "family-tree": "window-off-by-one",
}
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
