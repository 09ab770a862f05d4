"""The configuration of a model. Most names are those of TransformerLens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr

from byhand.errors import MOST_PROBLEMS, ByHandError, ConfigError, UnknownNameError, ValuesError, collecting, together
from byhand.notation.number import parse, shown
from byhand.ops import ACTIVATIONS

CHOICES: dict[str, tuple[Any, ...]] = {
    "act_fn": tuple(ACTIVATIONS),
    "normalization_type": ("LN", "RMS", None),
    "positional_embedding_type": (
        "standard", "sinusoidal", "rotary", "alibi", "relative_positional_bias", "relative", None,
    ),
    "attention_dir": ("causal", "bidirectional"),
    "norm_position": ("pre", "post"),
    "softmax_base": (2, 3, "e"),
    "correction": (0, 1),
    "attn_pattern": ("window", "strided", "dilated", "global"),
    "attention_kernel": (None, "elu"),
}  # fmt: skip
LARGEST_SIZE = 10_000  # no worksheet has a larger size
MOST_PARAMETERS = 1_000_000  # of a whole model: a worksheet has a hundred
MOST_HEADS = 1_000  # in all layers together
MOST_PLACES = 12  # of sines and cosines that are read off
BIASES = ("alibi", "relative_positional_bias")  # positions that are told by numbers added to scores
ON_SCORES = (*BIASES, "relative")  # positions that scores depend on
# Kinds of attention without a score for each pair of tokens, or without its power
WITHOUT_SCORES = ("attention_kernel", "linformer_k")


class Config(Struct, frozen=True):
    """The sizes and choices of a model.

    Raises: ConfigError for sizes that cannot work together.
    """

    d_model: int = 4
    n_heads: int = 1
    d_head: int = 0
    """The width of a query and a key (default d_model ÷ n_heads)."""
    d_v: int = 0
    """The width of a value (default d_head)."""
    d_mlp: int = 0
    """The number of hidden units (default 4 d_model)."""
    n_ctx: int = 3
    n_layers: int = 1
    d_vocab: int = 0
    act_fn: str = "relu"
    normalization_type: str | None = "LN"
    positional_embedding_type: str | None = "standard"
    attention_dir: str = "causal"
    norm_position: str = "pre"
    softmax_base: int | str = "e"
    eps: Fraction = Fraction(0)
    use_attn_scale: bool = True
    use_attn_result: bool = False
    attn_only: bool = False
    correction: int = 0
    """What is subtracted from d in a norm's variance, as in PyTorch: 1 for n − 1."""
    tie_word_embeddings: bool = False
    """Whether W_U is W_E transposed."""
    sinusoidal_periods: tuple[Fraction, ...] = ()
    """For each pair of dimensions, the positions that a whole turn takes, in place of the frequencies of Vaswani et
    al. 2017."""
    sinusoidal_places: int = 0
    """The decimal places to which sines and cosines of positions are read off; 0 for exact ones."""
    # A transformer of 2017 does not have the options from here on (OF_SOME)
    n_key_value_heads: int = 0
    """The number of heads of keys and values, each of which is shared by as many heads of queries (default
    n_heads)."""
    rotary_dim: int = 0
    """How many dimensions of a query or key are turned (default d_head)."""
    rotary_adjacent_pairs: bool = False
    """Whether neighbours are turned in pairs; else each dimension of the first half with one of the second."""
    rotary_base: Fraction = Fraction(10_000)
    """The base of the frequencies of rotary positions."""
    rotary_periods: tuple[Fraction, ...] = ()
    """For each pair of dimensions that is turned, the positions that a whole turn takes, in place of such
    frequencies."""
    gated_mlp: bool = False
    """Whether each hidden unit is multiplied by a gate."""
    alibi_slopes: tuple[Fraction, ...] = ()
    """By how much a score falls for each step of distance, head by head (default those of Press et al. 2021)."""
    relative_attention_num_buckets: int = 32
    """The number of T5's buckets of distances, each of which has one position bias."""
    relative_attention_max_distance: int = 128
    """From this distance on, all distances share one bucket."""
    use_local_attn: bool = False
    """Whether a token sees only some of the others."""
    window_size: int = 0
    """With use_local_attn: how many tokens a token sees in a window, itself included."""
    attn_types: tuple[str, ...] = ()
    """With use_local_attn: for each layer "local" or "global"; in a global one no window and no pattern holds."""
    attn_pattern: str = "window"
    """With use_local_attn: which others a token sees, those in a window or in another pattern
    (ops.attention.mask_pattern)."""
    num_experts: int = 0
    """The number of feed-forward networks, of which a router picks some for each token; 0 for one network, without a
    router."""
    experts_per_token: int = 0
    """How many networks a router picks for each token."""
    attention_kernel: str | None = None
    """None for softmax, "elu" for linear attention: dot products of elu(q) + 1 and elu(k) + 1 in the place of the
    powers of softmax."""
    linformer_k: int = 0
    """To how many rows a sequence of n_ctx keys, and of values, is shortened."""
    kv_lora_rank: int = 0
    """The width of a latent from which each head makes its keys and values; 0 for none."""
    qk_rope_head_dim: int = 0
    """With rotary positions, how many first dimensions of a key are not made from the latent, but turned; heads share
    them."""
    max_relative_position: int = 0
    """With relative positions, the largest distance that has a learned row of its own, as in Shaw et al. 2018; 0 for
    sines of the distance, as in Transformer-XL."""
    mem_len: int = 0
    """With sines of the distance, how many rows of the segment before are seen, too."""
    num_buckets: int = 0
    """The number of buckets to which queries are hashed; 0 for none. Tokens see those of their own bucket, and keys
    are made from queries."""
    share_layers: bool = False
    """Whether all layers have the parameters of the first."""
    knn: int = 3
    """How many of the stored places, the nearest ones, have a say in the next word."""
    lmbda: Fraction = Fraction(1, 2)
    """What share of the probabilities the nearest places have; the model has the rest."""
    before_mask: bool = False
    """Whether a causal head also has its pattern and its mixture as they would be without the mask."""
    normalized_shape: tuple[int, ...] = ()
    """Over which sizes a norm takes its mean and deviation, as in PyTorch: (tokens, d_model) for all numbers together
    (default d_model alone: the numbers of one token)."""

    def __post_init__(self) -> None:
        problems = [*self._choice_problems(), *self._size_problems(), *self._flag_problems()]
        readers = {
            "eps": _number, "rotary_base": _number, "sinusoidal_periods": _periods, "rotary_periods": _periods,
            "lmbda": _number, "alibi_slopes": _numbers, "attn_types": _kinds, "normalized_shape": _whole_numbers,
        }  # fmt: skip
        for name, read in readers.items():
            try:
                self._set(name, read(name, getattr(self, name)))
            except ConfigError as error:
                problems.append(str(error))
        if problems:
            raise ConfigError("; ".join(problems))
        self._set("d_head", self.d_head or self._divided())
        self._set("d_v", self.d_v or self.d_head)
        self._set("d_mlp", self.d_mlp or 4 * self.d_model)
        self._set("normalized_shape", () if self.normalized_shape == (self.d_model,) else self.normalized_shape)
        pairs = (self.d_model + 1) // 2
        if self.sinusoidal_periods and len(self.sinusoidal_periods) != pairs:
            raise ConfigError(f"sinusoidal_periods has {len(self.sinusoidal_periods)} entries; use {pairs}")
        checks = (
            self._sharing_problems, self._turning_problems, self._distance_problems, self._mixing_problems,
            self._kind_problems, self._bucket_problems, self._latent_problems, self._norm_problems,
        )  # fmt: skip
        if problems := [problem for check in checks for problem in check()]:
            raise ConfigError("; ".join(problems))
        self._check_size()

    @property
    def key_value_heads(self) -> int:
        """The number of heads of keys and values."""
        return self.n_key_value_heads or self.n_heads

    def group(self, head: int) -> int:
        """The number of the head of keys and values that a head of queries reads."""
        return head * self.key_value_heads // self.n_heads

    @property
    def network_size(self) -> int:
        """How many numbers the weights of one feed-forward network hold."""
        return (3 if self.gated_mlp else 2) * self.d_model * self.d_mlp

    @property
    def turned_width(self) -> int:
        """How many dimensions of a query or key are turned by their position."""
        if self.positional_embedding_type != "rotary":
            return 0
        return self.qk_rope_head_dim if self.kv_lora_rank else self.rotary_dim or self.d_head

    @property
    def has_sines_of_distances(self) -> bool:
        """Whether scores depend on sines of the distance, as in Transformer-XL."""
        return self.positional_embedding_type == "relative" and not self.max_relative_position

    def _sharing_problems(self) -> Iterator[str]:
        """Whether as many heads of queries share each head of keys and values."""
        if self.n_heads % self.key_value_heads:
            fitting = [n for n in range(1, self.n_heads + 1) if self.n_heads % n == 0]
            yield (
                f"n_key_value_heads={self.n_key_value_heads} does not divide n_heads={self.n_heads}; "
                f"use one of {', '.join(map(str, fitting))}"
            )

    def _turning_problems(self) -> Iterator[str]:
        """Whether the turned dimensions make pairs, each with its period."""
        width, whole = self.turned_width, self.d_head
        if width % 2 or width > whole:
            least = "an even d_head, or null positions" if whole < 2 else f"an even one up to {whole}"
            name = "qk_rope_head_dim" if self.kv_lora_rank else "rotary_dim" if self.rotary_dim else "d_head"
            yield f"{name}={width} has no pairs to turn within d_head={whole}; use {least}"
        elif self.rotary_periods and width and len(self.rotary_periods) != width // 2:
            yield f"rotary_periods has {len(self.rotary_periods)} entries; use {width // 2}, one for each pair"
        if self.rotary_base == 0:
            yield "rotary_base=0 has no powers to turn by; use 10000"

    def _choice_problems(self) -> Iterator[str]:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices or isinstance(value, bool):
                allowed = ", ".join("null" if c is None else str(c) for c in choices)
                yield f"{name}={shown(value)} is not known; use one of {allowed}"

    def _size_problems(self) -> Iterator[str]:
        for name in SIZES:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_SIZE:
                yield f"{name}={shown(value)} is not a size; use a whole number from 1 to {LARGEST_SIZE}"
            elif value == 0 and name in ("d_model", "n_heads", "n_ctx", "n_layers"):
                yield f"{name}=0 leaves nothing to compute; use 1 or more"

    def _flag_problems(self) -> Iterator[str]:
        for name in FLAGS:
            if not isinstance(getattr(self, name), bool):
                yield f"{name}={shown(getattr(self, name))} is not true or false"
        if self.sinusoidal_places not in range(MOST_PLACES + 1) or isinstance(self.sinusoidal_places, bool):
            yield f"sinusoidal_places={shown(self.sinusoidal_places)} is not a number from 0 to {MOST_PLACES}"

    @property
    def slopes(self) -> tuple[Fraction, ...]:
        """By how much a score falls for each step of distance, head by head. Without alibi_slopes, those of Press et
        al. 2021: 2^(−8h/n); where n is no power of 2, those of the power below it, and between them of twice as many.
        """
        n = self.n_heads
        below = 1 << (n.bit_length() - 1)
        exponents = [Fraction(8 * h, below) for h in range(1, below + 1)]
        exponents += [Fraction(4 * h, below) for h in range(1, 2 * (n - below), 2)]
        return self.alibi_slopes or tuple(map(_power_of_half, exponents))

    def is_local(self, layer: int) -> bool:
        """Whether tokens see only some of the others in this layer."""
        return self.use_local_attn and (not self.attn_types or self.attn_types[layer] == "local")

    def _distance_problems(self) -> Iterator[str]:
        """Whether scores can be changed by distances, and tokens hidden by them."""
        c, slopes, kinds = self, len(self.alibi_slopes), len(self.attn_types)
        if c.positional_embedding_type == "alibi" and slopes not in (0, c.n_heads):
            yield f"alibi_slopes has {slopes} entries; use n_heads={c.n_heads}, or leave it out"
        sides = 1 if c.attention_dir == "causal" else 2  # a later token has buckets of its own
        alone, most = c.relative_attention_num_buckets // sides // 2, c.relative_attention_max_distance
        if c.positional_embedding_type == "relative_positional_bias" and not alone:
            setting = f"relative_attention_num_buckets={c.relative_attention_num_buckets}"
            yield f"{setting} tells nothing apart; use {2 * sides} or more"
        elif c.positional_embedding_type == "relative_positional_bias" and most <= alone:
            setting = f"relative_attention_max_distance={most}"
            yield f"{setting} is within the {alone} distances that have a bucket each; use {alone + 1} or more"
        if c.mem_len and not c.has_sines_of_distances:
            yield "mem_len is of Transformer-XL; use positional_embedding_type=relative without max_relative_position"
        if c.mem_len and c.use_local_attn:
            yield "mem_len and use_local_attn do not work together; leave one of them out"
        if c.use_local_attn and not c.window_size:
            yield "window_size=0 hides every token, even from itself; use 1 or more"
        if c.use_local_attn and kinds not in (0, c.n_layers):
            yield f"attn_types has {kinds} entries; use n_layers={c.n_layers}, or leave it out"

    def _kind_problems(self) -> Iterator[str]:
        """Whether a kind of attention that has no scores is asked to change them, or mixes what it must not see."""
        c = self
        for name in (name for name in WITHOUT_SCORES if getattr(c, name)):
            if c.positional_embedding_type in ON_SCORES:
                option = f"positional_embedding_type={c.positional_embedding_type}"
                yield f"{name} has no scores for {option} to change; use standard, sinusoidal, rotary or null"
            if c.use_local_attn:
                yield f"{name} has no scores for use_local_attn to hide; leave one of them out"
        if c.before_mask and (c.attention_dir != "causal" or c.attention_kernel):
            yield "before_mask has no mask to come before; use attention_dir=causal and softmax"
        if c.linformer_k and c.attention_dir == "causal":
            yield "linformer_k mixes all tokens, also those that come later; use attention_dir=bidirectional"

    def _mixing_problems(self) -> Iterator[str]:
        """Whether there are as many experts as a token asks, and whether what is mixed in is a share."""
        c = self
        if (c.num_experts or c.experts_per_token) and not 1 <= c.experts_per_token <= c.num_experts:
            misfit = f"experts_per_token={c.experts_per_token} does not fit num_experts={c.num_experts}"
            yield f"{misfit}; use {f'1 to {c.num_experts}' if c.num_experts else 'both, or neither'}"
        if c.lmbda > 1:
            yield f"lmbda={c.lmbda} is no share; use a number from 0 to 1"

    def _bucket_problems(self) -> Iterator[str]:
        """Whether queries can be hashed to buckets."""
        c = self
        if c.num_buckets % 2:
            yield f"num_buckets={c.num_buckets} has no two halves; use an even number"
        others = {
            "positional_embedding_type": c.positional_embedding_type in ("rotary", *ON_SCORES),
            "kv_lora_rank": c.kv_lora_rank, "n_key_value_heads": c.n_key_value_heads not in (0, c.n_heads),
            "use_local_attn": c.use_local_attn, **{name: getattr(c, name) for name in WITHOUT_SCORES},
        }  # fmt: skip
        clashes = [f"{name}={getattr(c, name)}" for name in others if c.num_buckets and others[name]]
        if clashes:
            yield f"num_buckets makes keys of queries and hides by their buckets; leave {', '.join(clashes)} out"

    def _latent_problems(self) -> Iterator[str]:
        """Whether keys and values can be made from a latent."""
        c, turns = self, self.positional_embedding_type == "rotary"
        if c.kv_lora_rank and c.n_key_value_heads not in (0, c.n_heads):
            yield f"kv_lora_rank makes keys for all n_heads={c.n_heads}; leave n_key_value_heads out"
        if c.qk_rope_head_dim and not (c.kv_lora_rank and turns):
            yield "qk_rope_head_dim is of keys from a latent; use it with kv_lora_rank and rotary positions"
        elif c.kv_lora_rank and turns and not 0 < c.qk_rope_head_dim < c.d_head:
            option = f"qk_rope_head_dim={c.qk_rope_head_dim}"
            yield f"{option} does not part d_head={c.d_head} in two; use an even one below it"

    def _norm_problems(self) -> Iterator[str]:
        """Whether a norm can read the numbers of all tokens together."""
        c, shape = self, list(self.normalized_shape)
        if shape and (len(shape) != 2 or shape[1] != c.d_model or not 0 < shape[0] <= c.n_ctx):
            yield f"normalized_shape={shape} is no shape of rows here; use {[c.d_model]} or {[c.n_ctx, c.d_model]}"
        elif shape and c.correction:
            yield "correction is of a norm that reads one row; leave it out, or normalized_shape"

    def _set(self, name: str, value: Any) -> None:
        force_setattr(self, name, value)

    def _check_size(self) -> None:
        if self.n_layers * self.n_heads > MOST_HEADS:
            raise ConfigError(f"n_layers={self.n_layers} × n_heads={self.n_heads} is more than {MOST_HEADS:,} heads")
        attention = self.d_model * (self.n_heads + self.key_value_heads) * (self.d_head + self.d_v)
        networks = max(1, self.num_experts) * self.network_size + self.d_model * self.num_experts
        inside = self.n_layers * (attention + networks)
        inside += self.n_layers * self.kv_lora_rank * (self.d_model + self.n_heads * (self.d_head + self.d_v))
        inside += self.n_layers * self.n_heads * self.d_head * self.num_buckets // 2
        inside += 2 * self.n_layers * self.linformer_k * self.n_ctx
        inside += self.n_layers * (2 * self.max_relative_position * self.d_head + self.mem_len * self.d_model)
        around = self.d_model * (self.n_ctx + 2 * self.d_vocab)
        if inside + around > MOST_PARAMETERS:
            raise ConfigError(f"{inside + around:,} parameters are too many; use sizes that make {MOST_PARAMETERS:,}")

    def _divided(self) -> int:
        """The default of d_head: d_model ÷ n_heads.

        Raises: ConfigError where that is no whole number.
        """
        size, rest = divmod(self.d_model, self.n_heads)
        if rest or not size:
            fitting = [n for n in range(1, self.d_model + 1) if self.d_model % n == 0]
            nearest = min(fitting, key=lambda n: (abs(n - self.n_heads), n))
            raise ConfigError(
                f"d_model={self.d_model} is not n_heads={self.n_heads} × a whole d_head; use "
                f"d_model={(size + 1) * self.n_heads} or n_heads={nearest}, or give d_head"
            )
        return size

    @classmethod
    def of(cls, entries: Mapping[str, Any]) -> Config:
        """A configuration from the entries of a file. The text "null" stands for null, which TOML does not have.

        Raises: ValuesError with all that is wrong; a single UnknownNameError or ConfigError as it is.
        """
        known = {*cls.__struct_fields__}
        problems: list[ByHandError] = []
        for name in [name for name in entries if name not in known][:MOST_PROBLEMS]:
            problems.append(UnknownNameError("config option", str(name), known))
        options: dict[str, Any] = {name: None if x == "null" else x for name, x in entries.items() if name in known}
        with collecting(problems):
            config = cls(**options)
        if problems:
            raise together(problems)
        return config

    def as_dict(self) -> dict[str, Any]:
        """The entries, for run.json; of those that only some models have (OF_SOME), the ones that are in use."""
        entries = {}
        for name, default in DEFAULTS.items():
            value = getattr(self, name)
            if name in OF_SOME and value == default:
                continue
            entries[name] = _entry(value)
        return entries


def _options(kind: str) -> tuple[str, ...]:
    """The options of one type, such as "int", that are neither a choice nor a number of decimal places."""
    others = (*CHOICES, "sinusoidal_places")
    return tuple(
        name for name, annotation in Config.__annotations__.items() if annotation == kind and name not in others
    )


SIZES, FLAGS = _options("int"), _options("bool")
_NAMES = Config.__struct_fields__
DEFAULTS = dict(zip(_NAMES, Config.__struct_defaults__, strict=True))
OF_SOME = frozenset(_NAMES[_NAMES.index("n_key_value_heads") :])  # options that only some models have
# Sizes that every transformer has. A part of it does not read them all, and what it is given has to fit them.
COMMON_SIZES = frozenset(SIZES) - OF_SOME | {"n_key_value_heads"}


def _entry(value: Any) -> Any:
    """An option as run.json has it: fractions as texts."""
    if isinstance(value, tuple):
        return [str(x) for x in value]
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else str(value)
    return value


def _number(name: str, entry: object) -> Fraction:
    try:
        number = entry if isinstance(entry, Fraction) else parse(entry)
    except ValuesError as error:
        raise ConfigError(f"{name}: {error}") from None
    if not isinstance(number, Fraction) or number < 0:
        raise ConfigError(f"{name}={shown(entry)} is not a number of 0 or more")
    return number


def _power_of_half(exponent: Fraction) -> Fraction:
    """2^−exponent; an irrational one as the shortest decimal of its float64."""
    whole = exponent.denominator == 1
    return Fraction(1, 2 ** int(exponent)) if whole else Fraction(repr(2.0 ** -float(exponent)))


def _kinds(name: str, entry: object) -> tuple[str, ...]:
    if not isinstance(entry, list | tuple) or any(kind not in ("local", "global") for kind in entry):
        raise ConfigError(f"{name}={shown(entry)} is not a list of 'local' and 'global'")
    return tuple(entry)


def _numbers(name: str, entry: object) -> tuple[Fraction, ...]:
    if not isinstance(entry, list | tuple):
        raise ConfigError(f"{name}={shown(entry)} is not a list of numbers")
    return tuple(_number(name, x) for x in entry)


def _whole_numbers(name: str, entry: object) -> tuple[int, ...]:
    numbers = _numbers(name, entry)
    if any(x.denominator > 1 or x > LARGEST_SIZE for x in numbers):
        raise ConfigError(f"{name}={shown(entry)} is not a list of sizes")
    return tuple(map(int, numbers))


def _periods(name: str, entry: object) -> tuple[Fraction, ...]:
    periods = _numbers(name, entry)
    if 0 in periods:
        raise ConfigError(f"{name} holds a 0; a turn takes more than 0 positions")
    return periods
