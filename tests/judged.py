"""Runs that a second opinion is asked about: each operation, each variant of a model, and what others published."""

import json
import random
from fractions import Fraction
from pathlib import Path

from every_sheet import FULL
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.model import MODELS, models
from byhand.model.config import CHOICES, DEFAULTS, Config
from byhand.model.parameters import parameter_shapes
from byhand.model.weights import Values
from byhand.runs import Run
from byhand.tape import OPS, Tape
from byhand.witness import wiring
from byhand.witness.wiring import DECODER, ENCODER, MIDDLE, STREAM
from byhand.worksheet.sheet import all_sheets

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


def exactly(name):
    """The number system in which an operation's examples are exact: floats, if no fraction has a rational result."""
    return FLOATS if name == "gelu_slope" else RATIONALS


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
    return Run.of(
        tape,
        model,
        values.config,
        tokens=values.words() if values.tokens else (),
        source=values.source,
        vocabulary=values.vocabulary,
    )


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
GIVEN = {  # what models start from, where it is not the stream of a block
    "gpt": [], "microgpt": [], "feed-forward": [MIDDLE], "llama-block": [], "kv-cache": [STREAM],
    "mixture-of-experts": ["x"], "rotary": [f"blocks.0.attn.hook_{letter}[0]" for letter in "qkv"],
    "hashed-attention": ["blocks.0.attn.hook_q[0]"],
    "cross-attention": [ENCODER, DECODER], "encoder": [ENCODER], "encoder-decoder": [ENCODER, DECODER],
}  # fmt: skip
LESSONS = {  # models of lessons with the numbers of their sheets, of which options alone are changed
    sheet.model.name: sheet.given(letters=False)
    for sheet in all_sheets()
    if sheet.model.name not in GIVEN and sheet.model.write.__module__ != models.__name__
}
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
# The variants of a config change little in lessons, and do not go with buckets
PLAIN = {*LESSONS, "hashed-attention"}
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
    """Values of a model, without options that it does not read: those of a lesson's sheet, or with two heads, every
    bias and every norm's parameters.
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
    if model in LESSONS:
        values = LESSONS[model]
        words = values.tokens if values.vocabulary else ()  # else nothing looks them up
        return replace(values, config=Config.of(values.config.as_dict() | config), tokens=words)
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
    needed = {
        "mixture-of-experts": {"num_experts": 3, "experts_per_token": 2},
        "hashed-attention": {"num_buckets": 4},
    }

    def numbers(dice, *shape):
        return [numbers(dice, *shape[1:]) for _ in range(shape[0])] if shape else dice.choice((-1, 0, 0, 1))

    def named(name, *shape):  # the same whatever other parameters there are; no row has all its numbers alike
        return numbers(random.Random(f"{name}, {model} 0"), *shape)

    config = sizes | needed.get(model, {}) | config
    weights = {name: named(name, *shape) for name, shape in parameter_shapes(Config.of(config)).items()}
    for name in (name for name in weights if name.endswith("b_in")):  # so that no neuron stands at the kink of ReLU
        weights[name] = [f"{3 * x + 1}/3" for x in weights[name]]
    inputs = dict.fromkeys(GIVEN.get(model, [STREAM]), ROWS)
    if model == "hashed-attention":
        inputs |= {"again.R": named("again.R", 4, 2)}
    if config.get("mem_len"):
        inputs |= {"blocks.0.attn.mem": named("mem", config["mem_len"], 4)}
    tokens = [3, 0, 4] if model in ("gpt", "microgpt", "llama-block") else None
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
    "normalized_shape": [{"normalized_shape": [3, 4]}],
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

# Each model with a fifth of the options, which take turns; with BYHAND_FULL=1, with all of them
OPTIONS_IN_TURN = [(name, FLIPS if FULL else FLIPS[n % 5 :: 5]) for n, name in enumerate(sorted(MODELS))]
