"""Configurations: defaults, and what cannot work."""

from fractions import Fraction

import pytest
from msgspec.structs import replace

from byhand.errors import ByHandError, ConfigError, UnknownNameError
from byhand.model.config import CHOICES, OF_SOME, Config


def test_sizes_left_out_follow_from_the_others():
    config = Config.of({"d_model": 6, "n_heads": 3})
    assert (config.d_head, config.d_v, config.d_mlp) == (2, 2, 24)
    config = Config.of({"d_model": 6, "n_heads": 4, "d_head": 5})
    assert (config.d_head, config.d_v) == (5, 5)
    assert Config.of({"d_head": 5, "d_v": 1}).d_v == 1


def test_numbers_are_read_exactly():
    assert Config.of({"eps": 1e-5}).eps == Fraction(1, 100_000)
    assert Config.of({"eps": "1/4"}).eps == Fraction(1, 4)
    assert Config.of({"d_model": 4, "sinusoidal_periods": [4, "25/2"]}).sinusoidal_periods == (4, Fraction(25, 2))
    assert Config(eps=Fraction(1, 2)).eps == Fraction(1, 2)


def test_a_config_is_checked_when_it_is_changed():
    with pytest.raises(ConfigError, match="window"):
        replace(Config(), use_local_attn=True)


def test_a_config_is_written_back_as_it_is_read():
    entries = {"eps": "1/4", "sinusoidal_periods": ["4", "25/2"], "softmax_base": 3, "normalization_type": None}
    config = Config.of(entries)
    assert Config.of(config.as_dict()) == config
    assert {name: config.as_dict()[name] for name in entries} == entries
    assert Config().as_dict()["eps"] == 0


def test_options_that_are_not_in_use_are_not_written_back():
    assert OF_SOME & Config().as_dict().keys() == set()
    llama = {"rotary_periods": ["4", "5/2"], "positional_embedding_type": "rotary", "n_heads": 2, "d_head": 4,
             "n_key_value_heads": 1, "gated_mlp": True, "rotary_base": "1/2"}  # fmt: skip
    config = Config.of(llama)
    assert Config.of(config.as_dict()) == config
    assert {name: config.as_dict()[name] for name in llama} == llama


BAD = [
    ({"d_modle": 4}, "no config option 'd_modle'; did you mean 'd_model'?"),
    ({"d_model": 6, "n_heads": 4},
     "d_model=6 is not n_heads=4 × a whole d_head; use d_model=8 or n_heads=3, or give d_head"),
    ({"d_model": 2, "n_heads": 3},
     "d_model=2 is not n_heads=3 × a whole d_head; use d_model=3 or n_heads=2, or give d_head"),
    ({"act_fn": "tanh"}, f"act_fn='tanh' is not known; use one of {', '.join(CHOICES['act_fn'])}"),
    ({"normalization_type": "BN"}, "normalization_type='BN' is not known; use one of LN, RMS, null"),
    ({"positional_embedding_type": "wavy"},
     "positional_embedding_type='wavy' is not known; use one of standard, sinusoidal, rotary, alibi, "
     "relative_positional_bias, relative, null"),
    ({"attention_dir": ["causal"]}, "attention_dir=['causal'] is not known; use one of causal, bidirectional"),
    ({"norm_position": None}, "norm_position=None is not known; use one of pre, post"),
    ({"softmax_base": 10}, "softmax_base=10 is not known; use one of 2, 3, e"),
    ({"softmax_base": True}, "softmax_base=True is not known; use one of 2, 3, e"),
    ({"d_model": "four"}, "d_model='four' is not a size; use a whole number from 1 to 10000"),
    ({"d_model": 4.0}, "d_model=4.0 is not a size; use a whole number from 1 to 10000"),
    ({"n_ctx": True}, "n_ctx=True is not a size; use a whole number from 1 to 10000"),
    ({"n_ctx": -1}, "n_ctx=-1 is not a size; use a whole number from 1 to 10000"),
    ({"n_ctx": 10**9}, "n_ctx=1000000000 is not a size; use a whole number from 1 to 10000"),
    ({"n_layers": 0}, "n_layers=0 leaves nothing to compute; use 1 or more"),
    ({"d_model": 0}, "d_model=0 leaves nothing to compute; use 1 or more"),
    ({"attn_only": "yes"}, "attn_only='yes' is not true or false"),
    ({"use_attn_scale": 1}, "use_attn_scale=1 is not true or false"),
    ({"eps": -1}, "eps=-1 is not a number of 0 or more"),
    ({"eps": "a"}, "eps='a' is not a number of 0 or more"),
    ({"eps": "-inf"}, "eps='-inf' is not a number of 0 or more"),
    ({"eps": "tiny"}, "eps: 'tiny' is not a number; write one as 3, 0.25 or '-1/2'"),
    ({"eps": None}, "eps: None is not a number; write one as 3, 0.25 or '-1/2'"),
    ({"sinusoidal_periods": [4]}, "sinusoidal_periods has 1 entries; use 2"),
    ({"sinusoidal_periods": [4, 0]}, "sinusoidal_periods holds a 0; a turn takes more than 0 positions"),
    ({"sinusoidal_periods": "12"}, "sinusoidal_periods='12' is not a list of numbers"),
    ({"sinusoidal_periods": None}, "sinusoidal_periods=None is not a list of numbers"),
    ({"sinusoidal_periods": ["x y", 1]},
     "sinusoidal_periods: 'x y' is not a number; write one as 3, 0.25 or '-1/2'"),
    ({"d_model": 768, "d_vocab": 10_000}, "22,440,192 parameters are too many; use sizes that make 1,000,000"),
    ({"positional_embedding_type": "relative", "max_relative_position": 10_000, "d_head": 100},
     "2,001,740 parameters are too many; use sizes that make 1,000,000"),
    ({"n_heads": 4, "n_key_value_heads": 3},
     "n_key_value_heads=3 does not divide n_heads=4; use one of 1, 2, 4"),
    ({"n_heads": 4, "n_key_value_heads": 8},
     "n_key_value_heads=8 does not divide n_heads=4; use one of 1, 2, 4"),
    ({"positional_embedding_type": "rotary", "rotary_dim": 3},
     "rotary_dim=3 has no pairs to turn within d_head=4; use an even one up to 4"),
    ({"positional_embedding_type": "rotary", "rotary_dim": 6},
     "rotary_dim=6 has no pairs to turn within d_head=4; use an even one up to 4"),
    ({"positional_embedding_type": "rotary", "n_heads": 4},
     "d_head=1 has no pairs to turn within d_head=1; use an even d_head, or null positions"),
    ({"positional_embedding_type": "rotary", "rotary_periods": [4]},
     "rotary_periods has 1 entries; use 2, one for each pair"),
    ({"rotary_base": 0}, "rotary_base=0 has no powers to turn by; use 10000"),
    ({"positional_embedding_type": "alibi", "alibi_slopes": [1, 2]},
     "alibi_slopes has 2 entries; use n_heads=1, or leave it out"),
    ({"positional_embedding_type": "relative_positional_bias", "relative_attention_num_buckets": 1},
     "relative_attention_num_buckets=1 tells nothing apart; use 2 or more"),
    ({"positional_embedding_type": "relative_positional_bias", "relative_attention_num_buckets": 2,
      "attention_dir": "bidirectional"},
     "relative_attention_num_buckets=2 tells nothing apart; use 4 or more"),
    ({"positional_embedding_type": "relative_positional_bias", "relative_attention_max_distance": 16},
     "relative_attention_max_distance=16 is within the 16 distances that have a bucket each; use 17 or more"),
    ({"use_local_attn": True}, "window_size=0 hides every token, even from itself; use 1 or more"),
    ({"use_local_attn": True, "window_size": 2, "attn_types": ["local", "global"]},
     "attn_types has 2 entries; use n_layers=1, or leave it out"),
    ({"attn_types": ["near"]}, "attn_types=['near'] is not a list of 'local' and 'global'"),
    ({"attn_pattern": "random"}, "attn_pattern='random' is not known; use one of window, strided, dilated, global"),
    ({"num_experts": 2, "experts_per_token": 3},
     "experts_per_token=3 does not fit num_experts=2; use 1 to 2"),
    ({"num_experts": 2}, "experts_per_token=0 does not fit num_experts=2; use 1 to 2"),
    ({"experts_per_token": 1}, "experts_per_token=1 does not fit num_experts=0; use both, or neither"),
    ({"attention_kernel": "relu"}, "attention_kernel='relu' is not known; use one of null, elu"),
    ({"attention_kernel": "elu", "positional_embedding_type": "alibi", "use_local_attn": True, "window_size": 1},
     "attention_kernel has no scores for positional_embedding_type=alibi to change; use standard, sinusoidal, rotary "
     "or null; attention_kernel has no scores for use_local_attn to hide; leave one of them out"),
    ({"linformer_k": 2},
     "linformer_k mixes all tokens, also those that come later; use attention_dir=bidirectional"),
    ({"n_heads": 2, "kv_lora_rank": 1, "n_key_value_heads": 1},
     "kv_lora_rank makes keys for all n_heads=2; leave n_key_value_heads out"),
    ({"qk_rope_head_dim": 2}, "qk_rope_head_dim is of keys from a latent; use it with kv_lora_rank and rotary positions"),
    ({"kv_lora_rank": 1, "positional_embedding_type": "rotary"},
     "qk_rope_head_dim=0 does not part d_head=4 in two; use an even one below it"),
    ({"kv_lora_rank": 1, "positional_embedding_type": "rotary", "qk_rope_head_dim": 3},
     "qk_rope_head_dim=3 has no pairs to turn within d_head=4; use an even one up to 4"),
    ({"mem_len": 2}, "mem_len is of Transformer-XL; use positional_embedding_type=relative without max_relative_position"),
    ({"positional_embedding_type": "relative", "attention_kernel": "elu"},
     "attention_kernel has no scores for positional_embedding_type=relative to change; use standard, sinusoidal, rotary "
     "or null"),
    ({"num_buckets": 3}, "num_buckets=3 has no two halves; use an even number"),
    ({"num_buckets": 2, "positional_embedding_type": "rotary", "use_local_attn": True, "window_size": 1},
     "num_buckets makes keys of queries and hides by their buckets; leave positional_embedding_type=rotary, "
     "use_local_attn=True out"),
    ({"lmbda": "3/2"}, "lmbda=3/2 is no share; use a number from 0 to 1"),
    ({"share_layers": 2}, "share_layers=2 is not true or false"),
    ({"gated_mlp": 1}, "gated_mlp=1 is not true or false"),
    ({"n_layers": 10_000}, "n_layers=10000 × n_heads=1 is more than 1,000 heads"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "message"), BAD)
def test_what_cannot_work_says_what_would(entries, message):
    with pytest.raises(ByHandError) as caught:
        Config.of(entries)
    assert type(caught.value) in (ConfigError, UnknownNameError)
    assert str(caught.value) == message


def nested(depth):
    entry = 1
    for _ in range(depth):
        entry = [entry]
    return entry


@pytest.mark.parametrize("name", Config.__struct_fields__)
@pytest.mark.parametrize("entry", [nested(50_000), 10**10_000, "x" * 10**6], ids=["deep", "huge", "long"])
def test_the_message_is_short_whatever_was_found(name, entry):
    with pytest.raises(ConfigError) as caught:
        Config.of({name: entry})
    assert len(str(caught.value)) - len(", ".join(map(str, CHOICES.get(name, ())))) < 120


def test_a_config_made_in_python_is_checked_too():
    with pytest.raises(ConfigError, match="eps=-1 is not a number of 0 or more"):
        Config(eps=-1)
