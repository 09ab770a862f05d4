"""Runs that a second opinion is asked about: each operation, each variant of a model, and what others published."""

import json
import random
from fractions import Fraction
from pathlib import Path

from every_sheet import FULL
from msgspec.structs import replace

from byhand.model import MODELS
from byhand.model.config import CHOICES, DEFAULTS, Config
from byhand.model.weights import Values, parameter_shapes
from byhand.runs import Run
from byhand.tape import OPS, Tape
from byhand.witness import wiring
from byhand.witness.wiring import DECODER, ENCODER, MIDDLE, STREAM

FOLDER = Path(__file__).parent / "published"
PUBLISHED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
WIRED = sorted(set(MODELS) & set(wiring.WIRINGS))  # models that the witness wires by itself
EXAMPLES = [
    (name, n)  # an operation, and the number of its example
    for name, operation in sorted(OPS.items())
    for n, _ in enumerate((operation.example, *operation.edges))
]


def example_of(name, n):
    """An example of an operation: its own, or the n-th of its edges."""
    return (OPS[name].example, *OPS[name].edges)[n]


def step_of(op, example, domain, numbers=None):
    """An operation on the operands of an example, or on other numbers in their place: a step called y of x0, x1, …"""
    tape = Tape(domain, {f"x{n}": rows for n, rows in enumerate(numbers or example.operands)})
    operands = [tape.given(x, (len(rows), len(rows[0])), ("pos", "dim")) for x, rows in tape.numbers.items()]
    sizes = {letter: (size, letter) for letter, size in example.sizes.items()}
    return op(*operands, name="y", tape=tape, sizes=sizes, **example.params)


def record_of(name, example, domain, numbers=None):
    """A run of one operation."""
    tape = step_of(OPS[name], example, domain, numbers).tape
    tape.values("y")
    return Run.of(tape, "one operation", Config())


def run_on(tape, model, values):
    """The run of a tape that a model wrote for these values, its tokens by their numbers."""
    return Run.of(tape, model, values.config, tokens=tuple(map(str, values.ids())) if values.tokens else ())


def changed_number(run, name, i, j, text):
    """The run with another text in the place of one number."""
    rows = [list(row) for row in run.texts[name]]
    rows[i][j] = text
    return replace(run, texts={**run.texts, name: tuple(map(tuple, rows))})


def random_numbers(example, seed):
    """Small numbers in the place of an example's operands, all above 0, so that roots and quotients exist."""
    dice = random.Random(seed)
    return [[[Fraction(dice.randint(1, 9), 4) for _ in row] for row in rows] for rows in example.operands]


def entries(case):
    """A published run's model and its values, as a file of values has them."""
    config = dict(case["config"])
    made = {"config": config, "tokens": case.get("tokens"), "inputs": case["inputs"], "weights": case["weights"]}
    if case["model"] != "positional-encoding":
        return case["model"], made
    return "gpt", made | {"config": {**config, "d_vocab": 1}, "tokens": [0] * config["n_ctx"]}


def published(name, domain):
    """A published run, computed here."""
    model, made = entries(PUBLISHED[name])
    values = Values.of(made)
    tape = MODELS[model].run(values, domain, force=False)
    tape.values("hook_pos_embed" if PUBLISHED[name]["model"] == "positional-encoding" else list(tape.steps)[-1])
    return run_on(tape, model, values)


ROWS = [[3, 0, 1, -2], [-1, 2, 2, 0], [0, -3, 1, 1]]
GIVEN = {  # what each model starts from, where it is not the stream of a block
    "embedding": [], "sizing": [], "softmax": ["scores"], "gpt": [], "microgpt": [], "feed-forward": [MIDDLE], "mlp": ["x"], "linear-layer": ["x"],
    "sparse-patterns": [], "position-biases": [], "flash-attention": [], "grouped-query-attention": [],
    "mixture-of-experts": ["x"], "llama-block": [],
    "rotary": [f"blocks.0.attn.hook_{letter}[0]" for letter in "qkv"],
    "dot-product": ["u", "v"], "cross-attention": [ENCODER, DECODER], "encoder": [ENCODER], "encoder-decoder": [ENCODER, DECODER],
}  # fmt: skip
VARIANTS = [
    {},
    {"norm_position": "post", "act_fn": "gelu", "softmax_base": "e"},
    {"attn_only": True, "normalization_type": "RMS", "eps": "0.5"},
    {"attn_only": True, "norm_position": "post"},
    {
        "normalization_type": None,
        "attention_dir": "bidirectional",
        "use_attn_scale": False,
        "positional_embedding_type": "sinusoidal",
    },
    {"attention_dir": "bidirectional", "use_attn_result": True, "positional_embedding_type": None},
    {"correction": 1, "tie_word_embeddings": True},
    {
        "n_layers": 2,
        "normalization_type": "RMS",
        "positional_embedding_type": "sinusoidal",
        "sinusoidal_periods": [4, 12],
    },
    {"positional_embedding_type": "rotary", "rotary_periods": [4, 2], "n_heads": 4, "n_key_value_heads": 2,
     "act_fn": "silu", "gated_mlp": True, "normalization_type": "RMS", "n_layers": 2},
    {"positional_embedding_type": "rotary", "rotary_dim": 2, "rotary_adjacent_pairs": True, "rotary_base": 100,
     "n_key_value_heads": 1, "act_fn": "silu", "softmax_base": "e"},
    {"positional_embedding_type": "alibi", "alibi_slopes": [1, 2], "use_local_attn": True, "window_size": 2},
    {"positional_embedding_type": "alibi", "n_heads": 3, "n_layers": 2, "use_local_attn": True, "window_size": 1,
     "attn_types": ["global", "local"], "attn_pattern": "global", "attention_dir": "bidirectional"},
    {"positional_embedding_type": "relative_positional_bias", "relative_attention_num_buckets": 4, "n_layers": 2,
     "relative_attention_max_distance": 3, "use_attn_scale": False, "use_local_attn": True, "window_size": 2,
     "attn_pattern": "dilated"},
    {"positional_embedding_type": "relative_positional_bias", "attention_dir": "bidirectional"},
    {"num_experts": 3, "experts_per_token": 2, "gated_mlp": True, "act_fn": "silu", "normalization_type": None},
]  # fmt: skip


OF_WORDS = ("gpt", "microgpt", "nearest-neighbours", "llama-block", "embedding", "perplexity", "cross-entropy")
SHAPES = {  # of what models of a few steps are given; the variants of a config change little in them
    "position-biases": {"attn.raw": (1, 4), "attn.v": (4, 2), "t5.scores": (1, 6), "t5.table": (1, 4)},
    "sparse-patterns": {"attn.scores": (1, 5), "attn.v": (5, 2), "span.back": (1, 5), "span.z": (1, 1)},
    "flash-attention": {f"attn.tile{t}.{name}": size for t in (0, 1) for name, size in (("scores", (3, 2)), ("v", (2, 4)))},
    "grouped-query-attention": {"attn.q": (4, 1), **{f"{at}.{x}": (2, 3) for at in ("attn", "own") for x in "kv"}},
    "linear-attention": {f"blocks.0.attn.hook_{x}[0]": (3, 2) for x in "qkv"},
    "latent-attention": {STREAM: (3, 4)},
    "relative-positions": {"new.q": (1, 4), "blocks.0.attn.hook_k[0]": (3, 4), "blocks.0.attn.hook_v[0]": (3, 2)},
    "low-rank-attention": {f"blocks.0.attn.hook_{x}[0]": (3, 2 if x == "v" else 4) for x in "qkv"},
    "segment-memory": {STREAM: (2, 4)},
    "recurrent-depth": {STREAM: (3, 4), "halt.logits": (1, 3), "halt.states": (3, 2), "rev.x1": (1, 2), "rev.x2": (1, 2),
                        "rev.W_F": (2, 2), "rev.W_G": (2, 2), "own.W_Q": (4, 4), "own.W_K": (4, 4), "own.W_V": (4, 4)},
    "hashed-attention": {"again.R": (4, 2)},
    "embedding": {}, "sizing": {}, "sampling": {"r": (3, 1)}, "cross-entropy": {"logits": (2, 5)},
    "perplexity": {"ln_final.hook_normalized": (2, 4), "arrows.n": (1, 2), "arrows.words": (5, 2)},
    "positional-encoding": {"hook_embed": (3, 4)},
    "transformer-by-hand": {STREAM: (3, 4), "blocks.0.attn.hook_pattern[0]": (3, 3)},
    "nearest-neighbours": {"knn.keys": (3, 2), "knn.query": (1, 2), "logits": (1, 5)},
    "family-tree": {"attn.q": (4, 4), "attn.k": (4, 4), "hash.bucket": (4, 1), "short.E": (4, 2)},
}  # fmt: skip
# models that read next to none of the options; with BYHAND_FULL=1, fewer of them
PLAIN = {*SHAPES} if FULL else {*SHAPES, "dot-product", "linear-layer", "matrix-product"}
CASES = [(model, config) for config in VARIANTS for model in WIRED if model not in PLAIN or config in VARIANTS[:2]]
# and kinds of attention, each once
CASES += [
    ("multi-head-attention", config)
    for config in (
        {"attention_kernel": "elu", "positional_embedding_type": "rotary", "n_key_value_heads": 1},
        {"attention_kernel": "elu", "attention_dir": "bidirectional", "softmax_base": "e"},
        {"linformer_k": 2, "attention_dir": "bidirectional", "n_key_value_heads": 1},
        {"kv_lora_rank": 2},
        {"num_buckets": 4},
        {"num_buckets": 2, "attention_dir": "bidirectional"},
        {"positional_embedding_type": "relative", "max_relative_position": 1},
        {"positional_embedding_type": "relative", "mem_len": 3, "use_attn_scale": False},
        {
            "kv_lora_rank": 3,
            "positional_embedding_type": "rotary",
            "qk_rope_head_dim": 2,
            "use_local_attn": True,
            "window_size": 2,
        },
    )
]

CASES += [(model, {"share_layers": True, "n_layers": 2, "gated_mlp": True}) for model in ("gpt", "encoder-decoder")]


def small(model, **config):
    """Values of a model with two heads, every bias and every norm's parameters, without options that it does not
    read.
    """
    values = given_options(model, **config)
    while unread := MODELS[model].unread_options(values):
        config |= {option: DEFAULTS[option] for option in unread}
        if "n_layers" in unread:
            config.pop("attn_types", None)  # one for each layer
        values = given_options(model, **config)
    return values


def given_options(model, **config):
    """The same values, whether or not the model reads these options."""
    dice = random.Random(model)
    sizes = {
        "d_model": 4,
        "n_heads": 2,
        "d_head": 4,
        "d_v": 2,
        "d_mlp": 3,
        "d_vocab": 5,
        "n_ctx": 3,
        "softmax_base": 2,
    }
    if model == "mixture-of-experts":
        sizes |= {"num_experts": 3, "experts_per_token": 2}

    def numbers(*shape):
        return [numbers(*shape[1:]) for _ in range(shape[0])] if shape else dice.choice((-1, 0, 0, 1))

    if model in ("sparse-patterns", "family-tree"):
        sizes |= {"use_local_attn": True, "window_size": 2}
    if model == "relative-positions":
        sizes |= {"positional_embedding_type": "relative", "max_relative_position": 1}
    if model == "segment-memory":
        sizes |= {"n_ctx": 2, "positional_embedding_type": "relative", "mem_len": 2}
    if model == "hashed-attention":
        sizes |= {"num_buckets": 4}
    if model == "latent-attention":
        sizes |= {"kv_lora_rank": 2}
    if model == "low-rank-attention":
        sizes |= {"linformer_k": 2, "attention_dir": "bidirectional"}
    if model == "sizing":
        sizes |= {"d_v": 4}
    if model == "recurrent-depth":
        sizes |= {"n_heads": 1, "d_v": 4, "n_layers": 2, "share_layers": True}
    config = sizes | config
    weights = {name: numbers(*shape) for name, shape in parameter_shapes(Config.of(config)).items()}
    inputs = dict.fromkeys(GIVEN.get(model, [STREAM]), ROWS)
    if model == "matrix-product":
        inputs = {"A": ROWS, "B": numbers(4, 2)}
    if model in SHAPES:
        inputs = {name: numbers(*size) for name, size in SHAPES[model].items()}
    if model == "hashed-attention":
        inputs |= {"blocks.0.attn.hook_q[0]": ROWS}  # no row of length 0
    if model == "sparse-patterns":
        inputs |= {"span.ramp": [[2]]}
    if model == "sampling":
        inputs |= {"logits": [[1, 0, 3, 2]], "temperatures": [[1], ["1/2"]], "k": [[2]], "p": [["3/4"]],
                   "first": [["1/4"], ["1/2"], ["1/8"], ["1/8"]], "second": [["1/2", "1/4", "1/8", "1/8"]] * 4,
                   "r": [["1/8"], ["1/2"], ["9/10"]]}  # fmt: skip
    if config.get("mem_len"):
        inputs |= {"blocks.0.attn.mem": numbers(config["mem_len"], 4)}
    tokens = [3, 0, 4] if model in OF_WORDS else None
    return Values.of({"config": config, "weights": weights, "inputs": inputs, "tokens": tokens})


WITH = {  # other values of each option, with what they need beside them
    "positional_embedding_type": [
        {"positional_embedding_type": "sinusoidal"}, {"positional_embedding_type": None},
        {"positional_embedding_type": "rotary"}, {"positional_embedding_type": "alibi"},
        {"positional_embedding_type": "relative_positional_bias"}, {"positional_embedding_type": "relative"},
        {"positional_embedding_type": "relative", "max_relative_position": 1},
    ],
    "eps": [{"eps": "1/4"}],
    "sinusoidal_periods": [{"positional_embedding_type": "sinusoidal", "sinusoidal_periods": [4, 8]}],
    "sinusoidal_places": [
        {"positional_embedding_type": "sinusoidal", "sinusoidal_periods": [3, 8], "sinusoidal_places": 1}
    ],
    **{
        option: [{"positional_embedding_type": "rotary", option: value}]
        for option, value in {
            "rotary_dim": 2, "rotary_adjacent_pairs": True, "rotary_base": 100, "rotary_periods": [4, 2],
        }.items()
    },
    "alibi_slopes": [{"positional_embedding_type": "alibi", "n_heads": 2, "alibi_slopes": [1, 3]}],
    **{
        option: [{"positional_embedding_type": "relative_positional_bias", option: 4}]
        for option in ("relative_attention_num_buckets", "relative_attention_max_distance")
    },
    "use_local_attn": [{"use_local_attn": True, "window_size": 1}],
    "window_size": [{"use_local_attn": True, "window_size": 2}],
    "attn_types": [{"use_local_attn": True, "window_size": 1, "n_layers": 2, "attn_types": ["global", "local"]}],
    "attn_pattern": [
        {"use_local_attn": True, "window_size": 2, "attn_pattern": pattern} for pattern in CHOICES["attn_pattern"][1:]
    ],
    "num_experts": [{"num_experts": 2, "experts_per_token": 1}],
    "experts_per_token": [{"num_experts": 2, "experts_per_token": 2}],
    "linformer_k": [{"linformer_k": 2, "attention_dir": "bidirectional"}],
    "kv_lora_rank": [{"kv_lora_rank": 2}],
    "qk_rope_head_dim": [{"kv_lora_rank": 2, "positional_embedding_type": "rotary", "qk_rope_head_dim": 2}],
    "max_relative_position": [{"positional_embedding_type": "relative", "max_relative_position": 2}],
    "mem_len": [{"positional_embedding_type": "relative", "mem_len": 1}],
    "num_buckets": [{"num_buckets": 2}],
    "share_layers": [{"share_layers": True, "n_layers": 2}],
    "knn": [{"knn": 2}],
    "lmbda": [{"lmbda": "1/4"}],
}  # fmt: skip
FLIPS = [
    (option, config)
    for option in DEFAULTS
    for config in WITH.get(
        option,
        [{option: not DEFAULTS[option]}] if isinstance(DEFAULTS[option], bool) else
        [{option: choice} for choice in CHOICES.get(option, ()) if choice != DEFAULTS[option]],
    )
]  # fmt: skip

# Each model with a third of the options, which take turns; with BYHAND_FULL=1, with all of them
OPTIONS_IN_TURN = [(name, FLIPS if FULL else FLIPS[n % 3 :: 3]) for n, name in enumerate(sorted(MODELS))]
