"""What a model is run on: config, tokens, and the numbers of given steps and parameters, checked before a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.arithmetic.copies import each, varies
from byhand.errors import (
    LONGEST_QUOTE,
    MOST_PROBLEMS,
    MOST_SUGGESTIONS,
    ByHandError,
    UnknownNameError,
    ValuesError,
    collecting,
    together,
)
from byhand.model.config import Config
from byhand.model.nested import MOST_ENTRIES, cut, flat, plain_lists, rows, sizes
from byhand.model.parameters import has_heads, parameter_shapes, shape_of
from byhand.notation.marks import in_place
from byhand.notation.number import shown
from byhand.notation.words import unprintable
from byhand.tape import Rows, shape_text

Numbers = dict[str, Rows]
UPSTREAM = "upstream"  # the input that is the gradient of a result which is no loss
MOST_NAMES = 20_000  # of weights or of inputs
LONGEST_WORD = 60  # characters
KEYS = ("config", "tokens", "source", "vocabulary", "target", "inputs", "weights")


class Values(Struct, frozen=True):
    """The numbers of a model as they are given, in nested lists."""

    config: Config
    tokens: tuple[str | int, ...] = ()
    """Words, or ids; of many copies that read other words, a column of words at each place."""
    vocabulary: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """The givens, by the name of their step."""
    weights: Mapping[str, Any] = field(default_factory=dict)
    """The parameters, by their names."""
    source: tuple[str, ...] = ()
    """The words that an encoder reads, where a decoder reads the tokens."""
    target: tuple[str | int, ...] = ()
    """The right word after the last token, or after each; the loss is their mean surprisal. Without one, there is no
    loss."""

    @classmethod
    def of(cls, entries: object) -> Values:
        """The values in the content of a values file.

        Raises: ValuesError with all that is wrong with it; a single UnknownNameError or ConfigError as it is.
        """
        if not isinstance(entries, Mapping):
            raise ValuesError(f"a values file is a table of {', '.join(KEYS)}; found {type(entries).__name__}")
        problems: list[ByHandError] = []
        for key in [key for key in entries if key not in KEYS][:MOST_PROBLEMS]:
            problems.append(UnknownNameError("entry of a values file", str(key), KEYS))
        parts: dict[str, dict[str, Any]] = {"config": {}, "inputs": {}, "weights": {}}
        lists: dict[str, tuple[Any, ...]] = {"tokens": (), "vocabulary": (), "source": (), "target": ()}
        for key in parts:
            with collecting(problems):
                parts[key] = _table(key, entries.get(key))
        for key in lists:
            with collecting(problems):
                entry = [entries[key]] if key == "target" and type(entries.get(key)) is int else entries.get(key)
                kinds = (str, int) if key in ("tokens", "target") else (str,)
                lists[key] = tuple(checked_words(key, entry, kinds))
        config = None
        with collecting(problems):
            config = Config.of(parts["config"])
        values = cls(config or Config(), inputs=parts["inputs"], weights=parts["weights"], **lists)
        with collecting(problems):
            values = complete(values)
        if problems:
            sound_numbers(values, problems, config_is_sound=config is not None)
            raise together(problems)
        return values

    def words(self) -> tuple[str, ...]:
        """The tokens as words: ids by the vocabulary, if there is one. Without tokens, the numbers of the
        positions.
        """
        return self._as_words(self.tokens or tuple(range(1, self.positions() + 1)))

    def right_words(self) -> tuple[str, ...]:
        """The target as words."""
        return self._as_words(self.target)

    def _as_words(self, tokens: Sequence[str | int]) -> tuple[str, ...]:
        known = self.vocabulary
        return tuple(
            in_place(t) if varies(t) else known[t] if isinstance(t, int) and known and t < len(known) else str(t)
            for t in tokens
        )

    def positions(self) -> int:
        """The number of tokens; without tokens, the number of rows of the given steps; without these, n_ctx.

        Raises: ValuesError where it is more than n_ctx.
        """
        if self.tokens:
            return self._fitting(len(self.tokens))
        names = (name for name in self.inputs if not _of_source(name) and name != UPSTREAM)
        return self._fitting(self._rows(next(names, next(iter(self.inputs), ""))))

    def source_positions(self) -> int:
        """The number of positions that an encoder reads.

        Raises: ValuesError where it is more than n_ctx.
        """
        return self._fitting(len(self.source) or self._rows(next(filter(_of_source, self.inputs), "")))

    def _rows(self, name: str) -> int:
        """The number of rows of a given step; n_ctx if it is not given."""
        given = self.inputs.get(name)
        return len(given) if isinstance(given, Sequence) and not isinstance(given, str) else self.config.n_ctx

    def _fitting(self, n: int) -> int:
        if n > self.config.n_ctx:
            raise ValuesError(f"{n} tokens are more than n_ctx={self.config.n_ctx}; use fewer, or a larger n_ctx")
        return n

    def ids(self, size: int = 0) -> tuple[int, ...]:
        """The tokens as ids, the rows of W_E. size: the number of words, if it is not that of the vocabulary.

        Raises: ValuesError for tokens that are not in the vocabulary.
        """
        problems: list[ByHandError] = []
        ids, places = [], {word: n for n, word in enumerate(self.vocabulary)}
        for token in dict.fromkeys(self.tokens):
            with collecting(problems):
                of_word = partial(self._id, places=places, size=size or len(places) or self.config.d_vocab)
                ids.append((token, each(of_word, token)))
        if problems:
            raise together(problems)
        return tuple(dict(ids)[token] for token in self.tokens)

    def _id(self, token: str | int, places: Mapping[str, int], size: int) -> int:
        if isinstance(token, int):
            if not 0 <= token < size:
                raise ValuesError(f"token {token} is not in the vocabulary of {size}; use 0 to {size - 1}")
            return token
        if token not in places:
            words = ", ".join(self.vocabulary[:MOST_SUGGESTIONS]) or "none: give tokens as numbers, or a vocabulary"
            more = ", …" * (len(places) > MOST_SUGGESTIONS)
            raise ValuesError(f"token {token!r} is not in the vocabulary; its words are {words}{more}")
        return places[token]


def complete(values: Values) -> Values:
    """The values with d_vocab taken from the vocabulary.

    Raises: ValuesError where the two disagree.
    """
    size, words = values.config.d_vocab, len(values.vocabulary)
    if not words or size == words:
        return values
    if size:
        raise ValuesError(f"d_vocab={size}, but the vocabulary has {words} words")
    return replace(values, config=replace(values.config, d_vocab=words))


def _of_source(name: str) -> bool:
    """Whether the rows of a given step are positions of the encoder."""
    return name.startswith("encoder.") or re.search(r"cross_attn\.hook_[kv]\[", name) is not None


def _table(key: str, entry: object) -> dict[str, Any]:
    if entry is None:
        return {}
    if not isinstance(entry, Mapping):
        raise ValuesError(f"{key} is a table of names; found {type(entry).__name__}")
    if len(entry) > MOST_NAMES:
        raise ValuesError(f"{key} has more than {MOST_NAMES:,} names; a model of one block has twenty")
    table = {str(name): value for name, value in entry.items()}
    for name in table:
        if len(name) > LONGEST_QUOTE or not name.isprintable():
            raise ValuesError(f"{key} holds {shown(name)}, which is no name")
    return {name: plain_lists(name, value) for name, value in table.items()}


def checked_words(key: str, entry: object, kinds: tuple[type, ...]) -> list[Any]:
    """A list of words, or of a text's words, each of which can be printed; of kinds (str, int), tokens' numbers, too.

    Raises: ValuesError for the first that cannot.
    """
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
        if isinstance(item, str) and (len(item) > LONGEST_WORD or unprintable(item)):
            raise ValuesError(f"{key} holds {shown(item)}; a word has up to {LONGEST_WORD} characters, all printable")
    if key == "vocabulary" and len(set(items)) < len(items):
        ((twice, _),) = Counter(items).most_common(1)
        raise ValuesError(f"vocabulary holds {twice!r} twice; a word has one place")
    return list(items)


def numbers(values: Values) -> Numbers:
    """Every given matrix by its name on the tape, in exact numbers, −∞ or letters.

    A parameter with a head axis becomes one matrix for each head, such as `blocks.0.attn.W_Q[0]`. W_O is one matrix:
    the heads' parts one below the other.

    Raises: ValuesError with every problem of name, shape or entry at once; UnknownNameError for a single one.
    """
    problems: list[ByHandError] = []
    given = sound_numbers(values, problems)
    if problems:
        raise together(problems)
    return given


def check_positions(values: Values) -> None:
    """Refuse values with more tokens than n_ctx.

    Raises: ValuesError with that problem, and every problem of the numbers.
    """
    problems: list[ByHandError] = []
    with collecting(problems):
        values.positions()
    if problems:
        sound_numbers(values, problems)
        raise together(problems)


def sound_numbers(values: Values, problems: list[ByHandError], config_is_sound: bool = True) -> Numbers:
    """The given matrices that are sound. What is wrong with the others is added to the problems.

    config_is_sound: whether the config can tell which names and shapes parameters have.
    """
    shapes = parameter_shapes(values.config)
    given: Numbers = {}
    for name, entry in values.weights.items():
        if len(problems) > MOST_PROBLEMS:
            break
        with collecting(problems):
            if not config_is_sound:
                flat(name, entry)
                continue
            given |= _matrices(name, entry, shape_of(name, shapes))
            whole, head, _ = name.partition("[")
            if head and whole in values.weights:
                raise ValuesError(f"{name} is given by itself and within {whole}; give it once")
    for name, entry in values.inputs.items():
        if len(problems) > MOST_PROBLEMS:
            break
        with collecting(problems):
            given[name] = rows(name, entry)
    return given


def _matrices(name: str, entry: object, shape: tuple[int, ...]) -> Numbers:
    """The 2-D matrices of one parameter.

    Raises: ValuesError where the list is ragged, of another shape, or holds what is not a number.
    """
    actual = sizes(name, entry)
    if 0 in shape:
        raise ValuesError(f"{name} needs a vocabulary: give d_vocab, or a list of words")
    if actual != shape:
        raise ValuesError(
            f"{name} is {shape_text(actual) or 'a single number'}; the config needs {shape_text(shape)}"
        )
    rows = cut(flat(name, entry), shape[-1])
    if not has_heads(name) or name.endswith("W_O"):
        return {name: rows}
    height = len(rows) // shape[0]
    return {f"{name}[{h}]": rows[h * height : (h + 1) * height] for h in range(shape[0])}
