"""New numbers of the very same difficulty: a sheet's numbers acted on by a symmetry of the model.

A transformer computes the same after its dimensions are renamed: those of the residual stream, those that queries
and keys share, those that values and W_O share (these two may change sign as well), the heads, and the hidden units.
Every matrix keeps its numbers, up to their places and signs, so every sum is as long as before.

So do the small models: where a step treats each row by itself, its entries stand in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256
from itertools import chain, count
from typing import Any

from byhand.errors import ConfigError
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.notation.number import parse, plain

# each parameter's axes: d residual stream, h heads, q queries and keys, v values, m hidden units, e entries of a sum,
# f those that keep their places, t and r rows in any order, those of r with any sign, n places of a text, w words,
# . anything else
AXES = {
    "W_E": ".d", "W_pos": ".d", "w": "d", "b": "d",
    "W_Q": "hdq", "W_K": "hdq", "W_V": "hdv", "b_Q": "hq", "b_K": "hq", "b_V": "hv", "W_O": "hvd", "b_O": "d",
    "W_in": "dm", "b_in": "m", "W_out": "md", "b_out": "d", "W_U": "d.", "b_U": ".",
    "linear.W": "fr", "linear.b": "r", "other.W": "fe", "other.b": "e",
}  # fmt: skip
# what may be given as an input, and its axes
INPUTS = {
    "hook_resid_pre": ".d", "hook_resid_mid": ".d", "hook_attn_out": ".d", "hook_pattern[0]": "..",
    "u": "te", "v": "te", "p": ".f", "q": ".f", "A": "re", "B": "er", "x": "td", "ln_final.hook_normalized": "nd",
    "first": "w.", "temperatures": "..", "k": "..",
}  # fmt: skip
ROW_BY_ROW = {"logits": "n", "second": "w", "scores": "s"}  # and the axis of their rows
SIGNED = "qvefr"
NORMALIZED = "ln_final.hook_normalized"  # on its way to words
ATTEMPTS = 100  # to keep rows different
STACKS = ("blocks", "encoder", "decoder")  # one layer number, one renaming

Rows = Sequence[Sequence[Any]]


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
    c, draw = values.config, Draw(f"byhand/{seed}")
    known = {**AXES, **INPUTS, **_in_this_model(values)}
    mixed = {*ROW_BY_ROW, *(["hook_embed"] if c.sinusoidal_periods and not values.weights else [])}
    kinds = {name: name.rpartition(".")[2] for name in values.inputs}
    for name, kind in kinds.items():
        if not {name, kind} & {*INPUTS, *mixed} or (kind.endswith("]") and c.n_heads > 1):
            raise ConfigError(f"{name} is given, so there is one set of numbers only; use --seed 0")
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

    right = values.ids(c.d_vocab or len(values.vocabulary)) if {"logits", NORMALIZED} & {*values.inputs} else ()
    small = _of_words(draw, right, c.d_vocab) if right else {}  # axes whose sizes are no part of the configuration

    def of_size(axis: str, size: int) -> Renaming:
        if (axis, size) not in small:
            drawn = _renaming(draw, size, signs and axis in SIGNED)
            small[axis, size] = replace(drawn, places=range(size)) if axis == "f" else drawn
        return small[axis, size]

    def act(name: str, entry: Any) -> Any:
        parts, kind = name.split("."), name.rpartition(".")[2]
        if kind in mixed:
            order = of_size(ROW_BY_ROW[kind], len(entry)).places if kind in ROW_BY_ROW else ()
            return _mixed(draw, entry, *_parts(c, entry, order, right if kind == "logits" else ()))
        layer = layers[int(parts[1])] if parts[0] in STACKS else {}

        def choices(axis: str, size: int) -> Sequence[Renaming]:
            return layer.get(axis) or [stream if axis == "d" else of_size(axis, size)]

        return _acted(entry, known.get(name) or known[kind], choices, 0)

    weights = {name: act(name, entry) for name, entry in values.weights.items()}
    inputs = {name: act(name, entry) for name, entry in values.inputs.items()}
    return replace(values, weights=weights, inputs=inputs)


def _in_this_model(values: Values) -> dict[str, str]:
    """The axes that are others here: a lost weight keeps its place, norms read rows apart, or words are chosen."""
    found = {"x": ".f"} if "linear.W" in values.weights else {}
    if not any(".attn." in name for name in [*values.weights, *values.inputs]):
        found |= {"hook_resid_pre": "td", "hook_attn_out": "td"}
    if NORMALIZED in values.inputs:
        found |= {"W_U": "dw", "b_U": "w", "W_E": "wd" if values.config.tie_word_embeddings else "td"}
    return found | ({"p": ".."} if "temperatures" in values.inputs else {})


def _of_words(draw: Draw, right: Sequence[int], size: int) -> dict[tuple[str, int], Renaming]:
    """The places of a text in any order, and the words, in which each place keeps its right word's number."""
    n = len(right)
    places = draw.order(n) if len(set(right)) == n else range(n)
    pins = {right[new]: right[old] for new, old in enumerate(places)}
    left = [word for word in range(size) if word not in right]
    others = (left[k] for k in draw.order(len(left)))
    words = [pins[word] if word in pins else next(others) for word in range(size)]
    return {("n", n): Renaming(places, [1] * n), ("w", size): Renaming(words, [1] * size)}


def _parts(config: Config, rows: Rows, order: Sequence[int], right: Sequence[int]) -> tuple[Rows, Rows]:
    """The part that each new place plays, and each old one: that of its row, and its right word one of its own.

    Without an order of the rows, it is the sine that is added to the place.
    """
    if not order:
        turns = [[_turn(config, i, j) for j in range(len(row))] for i, row in enumerate(rows)]
        return turns, turns
    old = [[(i, j in right[i : i + 1]) for j in range(len(row))] for i, row in enumerate(rows)]
    return [[(order[i], is_right) for _, is_right in row] for i, row in enumerate(old)], old


def _turn(config: Config, i: int, j: int) -> Fraction:
    """A sine of a table of positions as its smaller angle, in turns."""
    turn = (i / config.sinusoidal_periods[j // 2] + Fraction(j % 2, 4)) % 1
    return min(turn, (Fraction(1, 2) - turn) % 1)


def _mixed(draw: Draw, rows: Rows, new: Rows, old: Rows) -> Rows:
    """Each new place filled from an old one that plays the same part; no two rows are equal that were not."""
    pools: dict[Any, list[Any]] = {}
    for part, entry in zip(chain(*old), chain(*rows), strict=True):
        pools.setdefault(part, []).append(entry)
    for _ in range(ATTEMPTS):
        left = {part: iter([pool[k] for k in draw.order(len(pool))]) for part, pool in pools.items()}
        found = [[next(left[part]) for part in parts] for parts in new]
        if _different(found) >= _different(rows):
            break
    return found


def _different(rows: Rows) -> int:
    return len({tuple(map(parse, row)) for row in rows})


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
    if isinstance(entry, int):
        return str(-entry)
    number = parse(entry)
    return plain(-number) if not isinstance(number, str) else entry
