"""Chosen numbers keep every promise, in many configurations, and are refused where there can be none."""

import json
from fractions import Fraction
from itertools import cycle

import pytest
from every_sheet import FULL, a_share
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ConfigError, UnknownNameError
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.numbers.choice import choose
from byhand.numbers.promises import LEVELS

SIZES = {"d_model": 4, "n_heads": 2, "d_head": 4, "d_v": 2, "d_mlp": 6, "softmax_base": 2}
# name: model, what is not as in SIZES, seeds
CONFIGURATIONS = {
    "softmax": ("softmax", {}, 12),
    "softmax, base 3": ("softmax", {"softmax_base": 3}, 12),
    "one head": ("attention-head", {"n_heads": 1}, 12),
    "one head, 4 tokens": ("attention-head", {"n_heads": 1, "n_ctx": 4}, 12),
    "one head, 5 tokens": ("attention-head", {"n_heads": 1, "n_ctx": 5}, 12),
    "one head, no mask": ("attention-head", {"n_heads": 1, "attention_dir": "bidirectional"}, 12),
    "two heads": ("multi-head-attention", {}, 6),
    "two heads, 4 tokens": ("multi-head-attention", {"n_ctx": 4}, 6),
    "LayerNorm": ("layer-norm", {}, 12),
    "feed-forward": ("feed-forward", {}, 12),
    "feed-forward, 4 units": ("feed-forward", {"d_mlp": 4}, 12),
    "feed-forward, 8 units": ("feed-forward", {"d_mlp": 8}, 12),
    "block": ("block", {}, 6),
    "block, post-norm": ("block", {"norm_position": "post"}, 6),
    "block, no norm": ("block", {"normalization_type": None}, 6),
    "block, 4 tokens": ("block", {"n_ctx": 4}, 6),
    "gpt": ("gpt", {}, 6),
    "gpt, post-norm": ("gpt", {"norm_position": "post"}, 6),
    "gpt, base 3": ("gpt", {"softmax_base": 3}, 6),
    "gpt, two blocks": ("gpt", {"n_layers": 2}, 6),
    "gpt, d_model 8": ("gpt", {"d_model": 8, "d_v": 4}, 6),
    "gpt, sinusoidal": ("gpt", {"positional_embedding_type": "sinusoidal", "sinusoidal_periods": (4, 2)}, 6),
    "gpt, RMSNorm": ("gpt", {"normalization_type": "RMS"}, 6),
    "RMSNorm": ("layer-norm", {"normalization_type": "RMS"}, 10),
    "block, RMSNorm, post-norm": ("block", {"normalization_type": "RMS", "norm_position": "post"}, 6),
    "block, d_model 8, post-norm": ("block", {"d_model": 8, "d_v": 4, "norm_position": "post"}, 6),
    "block, d_model 8, six wide": ("block", {"d_model": 8, "d_v": 3}, 3),
    "block, 5 tokens": ("block", {"n_ctx": 5}, 4),
    "block, 5 tokens, post-norm": ("block", {"n_ctx": 5, "norm_position": "post"}, 4),
    "block, 4 tokens, no mask": ("block", {"n_ctx": 4, "attention_dir": "bidirectional"}, 2),
    "encoder, 4 tokens": ("encoder", {"n_ctx": 4, "norm_position": "post"}, 2),
    "gpt, d_model 8, 4 tokens": ("gpt", {"d_model": 8, "d_v": 4, "n_ctx": 4}, 3),
    "gpt, d_model 8, 4 tokens, RMSNorm": (
        "gpt",
        {"d_model": 8, "d_v": 4, "n_ctx": 4, "normalization_type": "RMS"},
        3,
    ),
    "gpt, d_model 8, 5 tokens": ("gpt", {"d_model": 8, "d_v": 4, "n_ctx": 5}, 1),
    "encoder, 5 tokens": ("encoder", {"n_ctx": 5, "norm_position": "post"}, 2),
    "encoder, 5 tokens, pre-norm": ("encoder", {"n_ctx": 5}, 3),
    "encoder, 5 tokens, RMSNorm": ("encoder", {"n_ctx": 5, "normalization_type": "RMS"}, 1),
    "two heads, 5 tokens, no mask": ("multi-head-attention", {"n_ctx": 5, "attention_dir": "bidirectional"}, 1),
    "block, attention only": ("block", {"attn_only": True}, 6),
    "block, no mask": ("block", {"attention_dir": "bidirectional"}, 6),
    "cross-attention": ("cross-attention", {}, 10),
    "encoder": ("encoder", {"norm_position": "post"}, 6),
    "encoder, pre-norm": ("encoder", {}, 6),
    "encoder-decoder": ("encoder-decoder", {"norm_position": "post"}, 6),
    "encoder, base 3": ("encoder", {"norm_position": "post", "softmax_base": 3}, 4),
    "encoder-decoder, pre-norm": ("encoder-decoder", {}, 6),
    "encoder-decoder, RMSNorm, post-norm": (
        "encoder-decoder",
        {"normalization_type": "RMS", "norm_position": "post"},
        4,
    ),
    "encoder-decoder, d_model 8, 4 tokens": ("encoder-decoder", {"d_model": 8, "d_v": 4, "n_ctx": 4}, 3),
    "encoder-decoder, 5 tokens": ("encoder-decoder", {"n_ctx": 5}, 1),
    "encoder-decoder, words": ("encoder-decoder", {"norm_position": "post", "d_vocab": 6}, 3),
}
DECODERS = ("cross-attention", "encoder-decoder")
LAST = ("probs", "next_token")


def values(**config):
    return Values(Config(**{**SIZES, **config}))


def asked(model, config):
    """A decoder has one word less than it reads."""
    own = values(**config)
    source = ("we", "look", "on", "and", "see")[: own.config.n_ctx]
    return replace(own, tokens=source[1:], source=source) if model in DECODERS else own


def chosen(name, seed, **more):
    model, config, _ = CONFIGURATIONS[name]
    return choose(MODELS[model], asked(model, config), seed, pick_words=model == "gpt", **more)


def tape_of(name, found):
    return MODELS[CONFIGURATIONS[name][0]].run(found.values, RATIONALS)


def cells(tape):
    steps = [s for s in tape.used() if not s.name.startswith(LAST)]
    return [x for s in steps for row in tape.values(s.name) for x in row if isinstance(x, Fraction)]


@pytest.mark.parametrize(("name", "few"), a_share([*zip(CONFIGURATIONS, cycle((1, 1, 2)))], 5))
def test_every_seed_keeps_every_promise(name, few):
    limits = LEVELS["standard"]
    shown, most = set(), CONFIGURATIONS[name][2]
    seeds = range(1, 1 + (most if FULL else min(most, few)))
    for seed in seeds:
        found = chosen(name, seed)
        tape = tape_of(name, found)
        numbers = cells(tape)
        assert (
            max(abs(x) for x in numbers if x.denominator == 1) == found.quality["largest_integer"] <= limits.integer
        )
        assert max(x.denominator for x in numbers) == found.quality["largest_denominator"] <= limits.denominator
        assert sum(max(abs(x.numerator), x.denominator) > 20 for x in numbers) == found.quality["ugly"] <= 2
        assert all(found.quality["foils"].values()), seed
        says_something(tape)
        asking = {len(rows) for rows in patterns(tape)}
        assert all(len(r) >= min(min(asking) - 1, 2) and r[-1] in asking for r in found.quality.get("attention", []))
        assert all(len(r) >= min(min(asking) - 1, 2) for r in found.quality.get("heads", [])), seed
        shown.add(json.dumps([found.values.inputs, found.values.weights]))
    assert len(shown) == len(seeds), "two seeds with the same numbers"


def patterns(tape):
    return [tape.values(s.name) for s in tape.used() if s.name.partition("[")[0].endswith("hook_pattern")]


def says_something(tape):
    """No saturated, uniform or symmetric pattern, no dead unit, no two equal rows."""
    for step in tape.used():
        name, rows = step.name.partition("[")[0], tape.values(step.name)
        if name.endswith("hook_pattern"):
            several = [[x for x in row if x] for row in rows if sum(x > 0 for x in row) > 1]
            assert all(max(row) <= Fraction(9, 10) for row in several)
            assert len(set(several[-1])) > 1
            assert 2 * sum(len(set(row)) == 1 for row in several) <= len(several)
        if name.endswith(("scores_raw", "hook_attn_scores")):
            assert rows != tuple(zip(*rows, strict=True))
        if name.endswith("hook_post"):
            assert all(0 < sum(x > 0 for x in column) < len(rows) for column in zip(*rows, strict=True))
        if name.endswith(("resid_pre", "resid_mid", "resid_post", "hook_normalized")):
            assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("name", ["one head", "two heads", "feed-forward", "block", "gpt"])
def test_weights_look_natural(name):
    for seed in range(1, 9):
        for parameter, entries in chosen(name, seed).values.weights.items():
            if ".W_" in parameter:
                numbers = json.loads("[" + json.dumps(entries).replace("[", "").replace("]", "") + "]")
                assert max(map(abs, numbers)) <= 3, parameter
                assert min(numbers) < 0 < max(numbers), parameter
                assert numbers.count(0) <= 0.6 * len(numbers), parameter


@pytest.mark.parametrize("name", ["LayerNorm", "block", "gpt", "block, post-norm"])
def test_normalised_rows_are_more_than_ones(name):
    for seed in range(1, 9):
        weights = chosen(name, seed).values.weights
        for w in (v for k, v in weights.items() if k.endswith(".w")):
            assert len(set(w)) > 1
        for b in (v for k, v in weights.items() if k.endswith(".b")):
            assert sum(x != 0 for x in b) >= 2


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_keeps_its_own_limits(level):
    for seed in range(1, 6):
        found = chosen("block", seed, level=level)
        assert found.quality["ugly"] <= LEVELS[level].ugly
        queries = [
            x for h in (0, 1) for row in tape_of("block", found).values(f"blocks.0.attn.hook_q[{h}]") for x in row
        ]
        assert max(abs(x) for x in queries) <= LEVELS[level].query


def test_base_e_has_whole_scores():
    found = choose(MODELS["attention-head"], values(n_heads=1, softmax_base="e"), 1)
    tape = MODELS["attention-head"].run(found.values, RATIONALS, force=False)
    assert all(x.denominator == 1 for row in tape.values("blocks.0.attn.scores_scaled[0]") for x in row)
    assert found.values.config.softmax_base == "e"
    assert found.quality["judged_in_base"] == 2
    assert "judged_in_base" not in choose(MODELS["attention-head"], values(n_heads=1), 1).quality


@pytest.mark.parametrize(
    ("model", "config", "message"),
    [
        ("block", {"d_model": 3, "d_head": 4},
         "LayerNorm of 3 features is never rational; use d_model=4 or normalization_type=null"),
        ("layer-norm", {"d_model": 2}, "LayerNorm of 2 features is always 1 and −1; use d_model=4"),
        ("layer-norm", {"normalization_type": None},
         "normalization_type=null leaves no norm to compute; use normalization_type='LN'"),
        ("layer-norm", {"correction": 1},
         "numbers are chosen for a variance over n, not n − 1; use correction=0, or give values"),
        ("attention-head", {"d_head": 2, "n_heads": 1},
         "√d_head = √2 makes no small whole scores; use d_head=4 or use_attn_scale=false"),
        ("encoder", {"n_ctx": 5, "norm_position": "post", "d_v": 1}, "n_heads=2 × d_v=1 is too narrow; use d_v=2"),
        ("gpt", {"d_model": 8}, "n_heads=2 × d_v=2 is too narrow; use d_v=3"),
        ("cross-attention", {"n_heads": 1, "softmax_base": 3},
         "n_heads=1 × d_v=2 is too narrow for powers of 3; use softmax_base=2 or d_v=4"),
        ("encoder", {"softmax_base": 3},
         "no numbers are known for powers of 3 where tokens that a norm made all see each other in 4 dimensions; "
         "use softmax_base=2"),
        ("encoder-decoder", {"normalization_type": "RMS", "n_ctx": 5},
         "hardly any numbers are known for 4 tokens that read 5, with RMSNorm before the layers and d_model=4; "
         "use n_heads=1, a source of 4, d_model=8 or normalization_type='LN'"),
        ("gpt", {"positional_embedding_type": "sinusoidal"},
         "sines and cosines are whole at quarter turns only, and numbers are chosen for those; "
         "use sinusoidal_periods=[4, 2]"),
        ("gpt", {"positional_embedding_type": "sinusoidal", "sinusoidal_periods": (4, 12)},
         "sines and cosines are whole at quarter turns only, and numbers are chosen for those; "
         "use sinusoidal_periods=[4, 2]"),
        ("encoder-decoder", {"attn_only": True},
         "a decoder's block is not without its feed-forward network; use attn_only=false"),
        ("feed-forward", {"act_fn": "gelu"}, "no numbers are searched for act_fn='gelu', which is never rational; use act_fn='relu', or inputs and weights with --numbers decimal"),
        ("block", {"eps": Fraction(1, 100)}, "a root with eps=1/100 is not rational; use eps=0"),
        ("block", {"n_ctx": 2}, "numbers are chosen for 3 to 5 tokens, not 2; use n_ctx=3, or give values"),
        ("multi-head-attention", {"n_heads": 3}, "numbers are chosen for 1 or 2 heads, not 3; use n_heads=2"),
        ("attention-head", {"n_heads": 50}, "numbers are chosen for 1 or 2 heads, not 50; use n_heads=1"),
        ("sparse-patterns", {"window_size": 3, "n_ctx": 5}, "numbers are chosen for 6 tokens, not 5; use n_ctx=6, or give values"),
        ("microgpt", {"normalization_type": "LN"},
         "numbers are chosen for normalization_type='RMS', not 'LN'; use normalization_type='RMS', or give values"),
        ("relative-positions", {"softmax_base": 3}, "shares in powers of 3 are too long here; use softmax_base=2"),
        ("block", {"n_layers": 200}, "numbers are chosen for 1 to 4 layers, not 200; use n_layers=4"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_what_can(model, config, message):
    with pytest.raises(ConfigError) as caught:
        choose(MODELS[model], asked(model, config), 1, pick_words=True)
    assert str(caught.value) == message


def test_a_decoder_s_source_is_no_longer_than_any_other_sentence():
    long = Values(Config(**SIZES), tokens=("we", "see"), source=("a", "b", "c", "d", "e", "f"))
    with pytest.raises(ConfigError, match="a source of 3 to 5 tokens, not 6; use 5, or give values"):
        choose(MODELS["cross-attention"], long, 1)


def test_a_seed_is_1_or_more_and_a_model_and_a_level_have_names():
    with pytest.raises(ConfigError, match="seed=0 is not a seed; use 1 or more"):
        choose(MODELS["softmax"], values(), 0)
    with pytest.raises(UnknownNameError, match="did you mean 'block'"):
        choose(MODELS["blok"], values(), 1)
    with pytest.raises(UnknownNameError, match="no level 'hard'"):
        choose(MODELS["softmax"], values(), 1, level="hard")
    with pytest.raises(ConfigError, match="softmax says no words"):
        choose(MODELS["softmax"], values(), 1, answer=("down",))
