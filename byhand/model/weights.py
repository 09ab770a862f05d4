"""What a model is run on: config, tokens, given steps and parameters, checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from byhand.arithmetic.expr import NEG_INF
from byhand.arithmetic.many import Many
from byhand.errors import UnknownNameError, ValuesError
from byhand.model.config import Config
from byhand.notation.number import parse, shown
from byhand.tape import shape_text

Numbers = dict[str, tuple[tuple[Any, ...], ...]]
MOST_ENTRIES = 100_000  # of one matrix: a worksheet has a hundred
DEEPEST = 3  # lists in a list: heads, rows, columns
KEYS = ("config", "tokens", "source", "vocabulary", "inputs", "weights")


@dataclass(frozen=True)
class Values:
    """A model's numbers as given: nested lists by parameter name (weights) and by step name (inputs).

    source: the words that an encoder reads for a decoder, whose own words are the tokens.
    """

    config: Config
    tokens: tuple[str | int, ...] = ()
    vocabulary: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Any] = field(default_factory=dict)
    source: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: object) -> Values:
        """From a values file's content.

        Raises: ValuesError, UnknownNameError, ConfigError.
        """
        if not isinstance(entries, Mapping):
            raise ValuesError(f"a values file is a table of {', '.join(KEYS)}; found {type(entries).__name__}")
        for key in entries:
            if key not in KEYS:
                raise UnknownNameError("entry of a values file", str(key), KEYS)
        parts = {key: _table(key, entries.get(key)) for key in ("config", "inputs", "weights")}
        return cls(
            Config.of(parts["config"]),
            tuple(_list("tokens", entries.get("tokens"), (str, int))),
            tuple(_list("vocabulary", entries.get("vocabulary"), (str,))),
            parts["inputs"],
            parts["weights"],
            tuple(_list("source", entries.get("source"), (str,))),
        )

    def positions(self) -> int:
        """The number of tokens: as given, or as many as the given steps have rows, else n_ctx."""
        if self.tokens:
            return self._fitting(len(self.tokens))
        own = (name for name in self.inputs if not name.startswith("encoder."))
        return self._fitting(self._rows(next(own, next(iter(self.inputs), ""))))

    def source_positions(self) -> int:
        """The number of positions that an encoder reads for a decoder."""
        return self._fitting(len(self.source) or self._rows("encoder.0.hook_resid_pre"))

    def _rows(self, name: str) -> int:
        """The rows of a given step, else n_ctx."""
        given = self.inputs.get(name)
        return len(given) if isinstance(given, Sequence) and not isinstance(given, str) else self.config.n_ctx

    def _fitting(self, n: int) -> int:
        if n > self.config.n_ctx:
            raise ValuesError(f"{n} tokens are more than n_ctx={self.config.n_ctx}; use fewer, or a larger n_ctx")
        return n

    def ids(self) -> tuple[int, ...]:
        """The tokens as rows of W_E.

        Raises: ValuesError for a token that is not in the vocabulary.
        """
        return tuple(self._id(t) for t in self.tokens)

    def _id(self, token: str | int) -> int:
        size = len(self.vocabulary) or self.config.d_vocab
        if isinstance(token, int):
            if not 0 <= token < size:
                raise ValuesError(f"token {token} is not in the vocabulary of {size}; use 0 to {size - 1}")
            return token
        if token not in self.vocabulary:
            words = ", ".join(self.vocabulary) or "none: give tokens as numbers, or a vocabulary"
            raise ValuesError(f"token {token!r} is not in the vocabulary; its words are {words}")
        return self.vocabulary.index(token)


def _table(key: str, entry: object) -> dict[str, Any]:
    if entry is None:
        return {}
    if not isinstance(entry, Mapping):
        raise ValuesError(f"{key} is a table of names; found {type(entry).__name__}")
    return {str(name): value for name, value in entry.items()}


def _list(key: str, entry: object, kinds: tuple[type, ...]) -> list[Any]:
    if entry is None:
        return []
    items = entry.split() if isinstance(entry, str) else entry
    if not isinstance(items, Sequence):
        raise ValuesError(f"{key} is a list; found {type(entry).__name__}")
    if len(items) > MOST_ENTRIES:
        raise ValuesError(f"{key} has more than {MOST_ENTRIES:,} entries; a worksheet has ten")
    for item in items:
        if isinstance(item, bool) or not isinstance(item, kinds) or item == "":
            raise ValuesError(f"{key} holds {shown(item)}; write words in quotes")
    if key == "vocabulary" and len(set(items)) < len(items):
        twice = next(item for n, item in enumerate(items) if item in items[:n])
        raise ValuesError(f"vocabulary holds {twice!r} twice; a word has one place")
    return list(items)


def attention_shapes(config: Config, at: str) -> dict[str, tuple[int, ...]]:
    """The parameters of attention and their shapes, as in TransformerLens."""
    c = config
    return {
        f"{at}.W_Q": (c.n_heads, c.d_model, c.d_head), f"{at}.b_Q": (c.n_heads, c.d_head),
        f"{at}.W_K": (c.n_heads, c.d_model, c.d_head), f"{at}.b_K": (c.n_heads, c.d_head),
        f"{at}.W_V": (c.n_heads, c.d_model, c.d_v), f"{at}.b_V": (c.n_heads, c.d_v),
        f"{at}.W_O": (c.n_heads, c.d_v, c.d_model), f"{at}.b_O": (c.d_model,),
    }  # fmt: skip


def norm_shapes(config: Config, at: str) -> dict[str, tuple[int, ...]]:
    """The parameters of a norm and their shapes."""
    return {f"{at}.w": (config.d_model,), f"{at}.b": (config.d_model,)}


def block_shapes(config: Config, at: str, norms: Sequence[str] = ("ln1", "ln2")) -> dict[str, tuple[int, ...]]:
    """The parameters of a block and their shapes, as in TransformerLens."""
    c, shapes = config, attention_shapes(config, f"{at}.attn")
    for norm in norms:
        shapes |= norm_shapes(c, f"{at}.{norm}")
    return shapes | {
        f"{at}.mlp.W_in": (c.d_model, c.d_mlp), f"{at}.mlp.b_in": (c.d_mlp,),
        f"{at}.mlp.W_out": (c.d_mlp, c.d_model), f"{at}.mlp.b_out": (c.d_model,),
    }  # fmt: skip


def parameter_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """Every parameter of every model and its shape: of blocks, of encoder and decoder, of lone layers."""
    c = config
    shapes: dict[str, tuple[int, ...]] = {
        "embed.W_E": (c.d_vocab, c.d_model),
        "pos_embed.W_pos": (c.n_ctx, c.d_model),
        "unembed.W_U": (c.d_model, c.d_vocab), "unembed.b_U": (c.d_vocab,),
        "linear.W": (c.d_model, c.d_mlp), "linear.b": (c.d_mlp,),
        "other.W": (c.d_model, c.d_mlp), "other.b": (c.d_mlp,),
    }  # fmt: skip
    for layer in range(c.n_layers):
        shapes |= block_shapes(c, f"blocks.{layer}") | block_shapes(c, f"encoder.{layer}")
        shapes |= block_shapes(c, f"decoder.{layer}", ("ln1", "ln2", "ln3"))
        shapes |= attention_shapes(c, f"decoder.{layer}.cross_attn")
    return shapes | norm_shapes(c, "ln_final") | norm_shapes(c, "blocks.0.bn")


def numbers(values: Values) -> Numbers:
    """Every given matrix by its name on the tape: exact numbers, −∞ or letters.

    A parameter with a head axis becomes a matrix a head, `blocks.0.attn.W_Q[0]`; W_O is the heads' matrices one
    below the other, as they are used.

    Raises: ValuesError with every problem of shape or entry at once; UnknownNameError.
    """
    shapes = parameter_shapes(values.config)
    given: Numbers = {}
    problems: list[str] = []
    for name, entry in values.weights.items():
        shape = _shape_of(name, shapes)
        try:
            given |= _matrices(name, _entries(name, entry, shape), shape)
        except ValuesError as error:
            problems.append(str(error))
    for name, entry in values.inputs.items():
        try:
            given[name] = _rows(name, entry)
        except ValuesError as error:
            problems.append(str(error))
    if problems:
        raise ValuesError("; ".join(problems))
    return given


def _shape_of(name: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of a parameter, or of one head's part of it: blocks.0.attn.W_Q[1]."""
    base, head = re.fullmatch(r"(.*?)(?:\[(\d{1,5})\])?", name, re.DOTALL).groups()  # type: ignore[union-attr]
    shape = shapes.get(base)
    if shape is None or (head and not (_has_heads(base) and int(head) < shape[0])):
        raise UnknownNameError("parameter", name, shapes)
    return shape[1:] if head else shape


def _has_heads(name: str) -> bool:
    return name.endswith(("attn.W_Q", "attn.W_K", "attn.W_V", "attn.W_O", "attn.b_Q", "attn.b_K", "attn.b_V"))


def _matrices(name: str, flat: list[Any], shape: tuple[int, ...]) -> Numbers:
    """The 2-D matrices of one parameter, from its entries in order."""
    cols = shape[-1]
    rows = [tuple(flat[i : i + cols]) for i in range(0, len(flat), cols)]
    if not _has_heads(name) or name.endswith("W_O"):
        return {name: tuple(rows)}
    each = len(rows) // shape[0]
    return {f"{name}[{h}]": tuple(rows[h * each : (h + 1) * each]) for h in range(shape[0])}


def _entries(name: str, entry: object, shape: tuple[int, ...]) -> list[Any]:
    """The numbers of a nested list, in order.

    Raises: ValuesError where the list is ragged, of another shape, or holds what is not a number.
    """
    found = _shape(name, entry)
    if 0 in shape:
        raise ValuesError(f"{name} needs a vocabulary: give d_vocab, or a list of words")
    if found != shape:
        raise ValuesError(f"{name} is {shape_text(found) or 'a single number'}; the config needs {shape_text(shape)}")
    flat = list(_leaves(name, entry))
    if NEG_INF in flat:
        raise ValuesError(f"{name} holds −∞, which only scores and masks may")
    return flat


def _shape(name: str, entry: object) -> tuple[int, ...]:
    """The sizes of a nested list, found level by level, so that no list is too deep or too long."""
    shape: tuple[int, ...] = ()
    level = [entry]
    while level and _is_list(level[0]):
        lengths = {len(item) if _is_list(item) else None for item in level}  # type: ignore[arg-type]
        if len(lengths) > 1:
            raise ValuesError(f"{name} is ragged: its rows have different lengths; every row needs as many entries")
        shape += (len(level[0]),)  # type: ignore[arg-type]
        if len(shape) > DEEPEST:
            raise ValuesError(f"{name} is a list in a list more than {DEEPEST} deep; give it as rows, [[…], […]]")
        if len(level) * shape[-1] > MOST_ENTRIES:
            raise ValuesError(f"{name} has more than {MOST_ENTRIES:,} entries; a worksheet has a hundred")
        level = [x for item in level for x in item]  # type: ignore[attr-defined]
    if any(_is_list(item) for item in level):
        raise ValuesError(f"{name} is ragged: it holds lists beside numbers; every row needs as many entries")
    return shape


def _leaves(name: str, entry: object) -> Iterator[Any]:
    if _is_list(entry):
        for item in entry:  # type: ignore[attr-defined]
            yield from _leaves(name, item)
        return
    try:
        yield entry if isinstance(entry, Many) else parse(entry)
    except ValuesError as error:
        raise ValuesError(f"{name}: {error}") from None


def _rows(name: str, entry: object) -> tuple[tuple[Any, ...], ...]:
    """A given step as rows."""
    shape = _shape(name, entry)
    if len(shape) != 2 or 0 in shape:
        raise ValuesError(f"{name} is {shape_text(shape) or 'a single number'}; give it as rows, [[…], […]]")
    flat = list(_leaves(name, entry))
    rows = tuple(tuple(flat[i : i + shape[1]]) for i in range(0, len(flat), shape[1]))
    if not ("scores" in name or name.endswith("mask")) and NEG_INF in flat:
        raise ValuesError(f"{name} holds −∞, which only scores and masks may")
    return rows


def _is_list(entry: object) -> bool:
    return isinstance(entry, Sequence) and not isinstance(entry, str)
