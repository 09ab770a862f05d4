"""New numbers of the very same difficulty: a sheet's numbers acted on by a symmetry of the model.

A transformer computes the same after its dimensions are renamed: those of the residual stream, those that queries
and keys share, those that values and W_O share (these two may change sign as well), the heads, and the hidden units.
Every matrix keeps its numbers, up to their places and signs, so every sum is as long as before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from typing import Any

from byhand.errors import ConfigError
from byhand.model.weights import Values
from byhand.notation.number import parse, plain

# each parameter's axes: d residual stream, h heads, q queries and keys, v values, m hidden units, e entries of a sum,
# f those that keep their places, t and r rows in any order, those of r with any sign, . anything else
AXES = {
    "W_E": ".d", "W_pos": ".d", "w": "d", "b": "d",
    "W_Q": "hdq", "W_K": "hdq", "W_V": "hdv", "b_Q": "hq", "b_K": "hq", "b_V": "hv", "W_O": "hvd", "b_O": "d",
    "W_in": "dm", "b_in": "m", "W_out": "md", "b_out": "d", "W_U": "d.", "b_U": ".",
    "linear.W": "fr", "linear.b": "r", "other.W": "fe", "other.b": "e",
}  # fmt: skip
# what may be given as an input, and its axes
INPUTS = {
    "hook_resid_pre": ".d", "hook_resid_mid": ".d", "hook_attn_out": ".d", "hook_pattern[0]": "..",
    "u": "te", "v": "te", "p": ".f", "q": ".f", "A": "re", "B": "er", "x": "td",
}  # fmt: skip
SIGNED = "qvefr"
STACKS = ("blocks", "encoder", "decoder")  # one layer number, one renaming


class Draw:
    """Numbers that a text begins, the same for ever: SHA-256 of the text and a counter."""

    def __init__(self, start: str) -> None:
        self._words = (int.from_bytes(sha256(f"{start}/{n}".encode()).digest()[:8], "big") for n in count())

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound − 1, each as likely."""
        most = 2**64 - 2**64 % bound
        return next(word for word in self._words if word < most) % bound

    def order(self, n: int) -> list[int]:
        """0 … n − 1 in any order, each as likely."""
        items = list(range(n))
        for last in range(n - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
        return items


@dataclass(frozen=True)
class Renaming:
    """Which old place each new place of an axis is filled from, and with which sign."""

    places: Sequence[int]
    signs: Sequence[int]


def _renaming(draw: Draw, size: int, signs: bool = False) -> Renaming:
    return Renaming(draw.order(size), [1 - 2 * draw.below(2) if signs else 1 for _ in range(size)])


def renamed(values: Values, seed: int | str, *, signs: bool = True) -> Values:
    """The values after a symmetry that the seed, or any other text, chooses; seed 0 changes nothing.

    signs: whether numbers may change their sign, which letters cannot.

    Raises: ConfigError where numbers are given in the middle of the model.
    """
    if seed == 0:
        return values
    kinds = {name: name.rpartition(".")[2] for name in values.inputs}
    for name, kind in kinds.items():
        if kind not in INPUTS or (kind.endswith("]") and values.config.n_heads > 1):
            raise ConfigError(f"{name} is given, so there is one set of numbers only; use --seed 0")
    c, draw = values.config, Draw(f"byhand/{seed}")
    fixed = c.positional_embedding_type == "sinusoidal" and "embed.W_E" in values.weights
    stream = Renaming(range(c.d_model), [1] * c.d_model) if fixed else _renaming(draw, c.d_model)
    layers = [
        {
            "h": [_renaming(draw, c.n_heads)],
            "q": [_renaming(draw, c.d_head, signs) for _ in range(c.n_heads)],
            "v": [_renaming(draw, c.d_v, signs) for _ in range(c.n_heads)],
            "m": [_renaming(draw, c.d_mlp)],
        }
        for _ in range(c.n_layers)
    ]

    small: dict[tuple[str, int], Renaming] = {}  # of axes whose sizes are no part of the configuration

    def act(name: str, entry: Any, axes: str) -> Any:
        parts = name.split(".")
        layer = layers[int(parts[1])] if parts[0] in STACKS else {}

        def choices(axis: str, size: int) -> Sequence[Renaming]:
            known = layer.get(axis) or ([stream] if axis == "d" else [])
            if not known and (axis, size) not in small:
                drawn = _renaming(draw, size, signs and axis in SIGNED)
                small[axis, size] = replace(drawn, places=range(size)) if axis == "f" else drawn
            return known or [small[axis, size]]

        return _acted(entry, axes, choices, 0)

    of_layer = {"x": ".f"} if "linear.W" in values.weights else {}  # where a lost weight keeps its place
    known = {**AXES, **INPUTS, **of_layer}
    weights = {name: act(name, entry, known.get(name) or known[name.rpartition(".")[2]])
               for name, entry in values.weights.items()}  # fmt: skip
    inputs = {name: act(name, entry, known[kinds[name]]) for name, entry in values.inputs.items()}
    return replace(values, weights=weights, inputs=inputs)


def _acted(entry: Any, axes: str, renamings: Callable[[str, int], Sequence[Renaming]], head: int) -> Any:
    """A nested list with its axes renamed, the outermost first; `head` is the old one that stands here now."""
    if not axes:
        return entry
    axis, rest = axes[0], axes[1:]
    if axis == ".":
        return [_acted(item, rest, renamings, head) for item in entry]
    choices = renamings(axis, len(entry))
    renaming = choices[head if len(choices) > 1 else 0]
    return [
        _signed(_acted(entry[place], rest, renamings, place if axis == "h" else head), sign)
        for place, sign in zip(renaming.places, renaming.signs, strict=True)
    ]


def _signed(entry: Any, sign: int) -> Any:
    if sign == 1:
        return entry
    if isinstance(entry, list):
        return [_signed(item, sign) for item in entry]
    number = parse(entry)
    return plain(-number) if not isinstance(number, str) else entry
