"""Options of a configuration: a model computes otherwise with an option, or refuses it."""

from fractions import Fraction

import numpy as np
import pytest
from every_sheet import FULL
from judged import FLIPS, OPTIONS_IN_TURN, given_options, small
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.errors import ByHandError, ConfigError, DomainError
from byhand.model import MODELS
from byhand.model.config import COMMON_SIZES, DEFAULTS, OF_SOME, Config
from byhand.model.layers import of_one_row
from byhand.model.registry import model
from byhand.model.weights import Values
from byhand.ops.linear import times_number
from byhand.options import Options
from byhand.own_numbers import run_values
from byhand.runs import Run
from byhand.witness.judge import judge
from byhand.witness.wiring import unwired
from byhand.worksheet.sheet import all_sheets, load_sheet

AT, X = "blocks.0.attn", "blocks.0.hook_resid_pre"


def test_each_option_that_is_no_size_is_flipped():
    assert {option for option, _ in FLIPS} == DEFAULTS.keys() - COMMON_SIZES


def flipped(name, config):
    """Values of a model with an option, or None where the model cannot have it."""
    try:
        return given_options(name, **config)
    except ConfigError:  # it does not go with what the model needs
        return None


ONLY_ADDS = {"before_mask"}  # options that only add steps, which no result needs and a page may show


def rules(name, values, every=False):
    """What the run of a model computes: the rules of the steps that its results need, and its numbers by default.

    every: the rules of all steps.
    """
    tape = MODELS[name].run(values, RATIONALS, force=False)
    needed = {step.name: step for result in tape.results for step in tape.needed(result)}
    return tape.steps if every else needed, tape.numbers


@pytest.mark.parametrize(("name", "flips"), OPTIONS_IN_TURN)
def test_a_model_computes_otherwise_with_an_option_or_refuses_it(name, flips):
    refused = []
    for option, config in flips:
        values = flipped(name, config)
        if values is None:
            continue
        if option in (unread := MODELS[name].unread_options(values)):
            refused.append((values, unread))
        elif option not in MODELS[name].only:
            try:
                with_it = rules(name, values, option in ONLY_ADDS)
                without = rules(name, given_options(name, **config | {option: DEFAULTS[option]}), option in ONLY_ADDS)
            except ByHandError:
                continue  # it is refused, or there is nothing without it
            assert with_it != without, f"{name} computes the same with {config}"
    for values, unread in refused if FULL else refused[:1]:
        with pytest.raises(ConfigError, match=rf"^{name} does not read {unread[0]}=[^\n]+; leave \w+ out[^\n]*$"):
            MODELS[name].check_options(values)


@pytest.mark.parametrize(("option", "config"), [flip for flip in FLIPS if flip[0] in OF_SOME])
def test_an_option_that_changes_a_head_is_refused_where_one_row_is_read(option, config):
    """A model that does not refuse it says so by name, and computes with it."""
    without = config | {option: DEFAULTS[option]}
    both = [flipped("attention-head", options) for options in (config, without)]
    steps = [rules("attention-head", values)[0] for values in both if values]
    if len(steps) < 2 or steps[0] == steps[1]:
        pytest.skip("it changes no head")
    refused = [o for o, read in of_one_row().items() if config.get(o, DEFAULTS[o]) not in (DEFAULTS[o], *read)]
    assert refused, f"{option} changes a head"


LAST = {  # models that read a row once more: their step, and the step of the model that reads all rows
    "kv-cache": ("new.z", "attention-head", f"{AT}.hook_z[0]"),
    "llama-block": ("logits", "gpt", "logits"),
    "rotary": ("last.z", "attention-head", f"{AT}.hook_z[0]"),
    "latent-attention": ("new.z", "attention-head", f"{AT}.hook_z[0]"),
    "hashed-attention": ("new.pattern", "attention-head", f"{AT}.hook_pattern[0]"),
}
ALWAYS = {"rotary": {"positional_embedding_type": "rotary", "d_v": 4}, "hashed-attention": {"use_attn_scale": False}}


@pytest.mark.parametrize("name", LAST)
def test_a_row_that_is_read_once_more_is_the_last_row_of_all_with_every_option(name):
    step, whole, same = LAST[name]
    read = set()
    for option, config in [("", {}), *FLIPS]:
        values = flipped(name, ALWAYS.get(name, {}) | config)
        if values is None or MODELS[name].unread_options(values):
            continue
        read.add(option)
        inputs = {n: rows for n, rows in values.inputs.items() if n.startswith("blocks.")}
        try:
            mine = MODELS[name].run(values, FLOATS, force=False).values(step)[-1]
            theirs = MODELS[whole].run(replace(values, inputs=inputs), FLOATS, force=False)
        except DomainError:
            continue  # a deviation of 0
        np.testing.assert_allclose([*map(float, mine)], [*map(float, theirs.values(same)[-1])], rtol=1e-12, atol=1e-12,
                                   err_msg=str(config))  # fmt: skip
    assert "softmax_base" in read


BEFORE_MASK = {
    "config": {"d_model": 2, "softmax_base": 2, "use_attn_scale": False, "before_mask": True},
    "inputs": {X: [[1, 0], [1, 1]], f"{AT}.hook_q[0]": [[1, 0], [0, 1]], f"{AT}.hook_k[0]": [[0, 1], [1, 0]],
               f"{AT}.hook_v[0]": [[3, 0], [6, 3]]},
}  # fmt: skip


def test_a_causal_head_has_its_pattern_and_mixture_before_the_mask_too():
    """Scores 0, 1 and 1, 0: without the mask, shares 1/3, 2/3 and 2/3, 1/3 of (3, 0) and (6, 3); with it, the first
    token reads itself alone. The second witness finds the same.
    """
    tape = MODELS["attention-head"].run(Values.of(BEFORE_MASK), RATIONALS)
    assert tape.values(f"{AT}.unmasked_pattern[0]") == (
        (Fraction(1, 3), Fraction(2, 3)),
        (Fraction(2, 3), Fraction(1, 3)),
    )
    assert tape.values(f"{AT}.unmasked_z[0]") == ((5, 2), (4, 1))
    assert tape.values(f"{AT}.hook_z[0]") == ((3, 0), (4, 1))
    run = Run.of(tape, "attention-head", Config.of(BEFORE_MASK["config"]))
    assert not unwired(run)
    judge(run)


def test_what_comes_before_a_mask_needs_one():
    with pytest.raises(
        ConfigError, match=r"^before_mask has no mask to come before; use attention_dir=causal and softmax$"
    ):
        Config(before_mask=True, attention_dir="bidirectional")


def test_a_gpt_has_the_loss_of_its_own_text_where_it_is_asked_for():
    """Logits of three tokens that say the second and the third with 1/2 and 1/4: surprises of 1 and 2 bits."""
    values = Values.of({
        "config": {"d_model": 2, "softmax_base": 2, "normalization_type": None, "n_ctx": 3},
        "vocabulary": ["a", "b", "c"], "tokens": ["a", "b", "c"],
        "inputs": {"logits": [[0, 1, 0], [2, 1, 1], [5, 0, 0]]},
    })  # fmt: skip
    tape = MODELS["gpt"].run(values, RATIONALS, force=False)
    assert tape.values("probs.right") == ((Fraction(1, 2),), (Fraction(1, 4),))
    assert tape.values("loss") == ((Fraction(3, 2),),)


TWO = {
    "config": {"d_model": 2, "softmax_base": 2, "use_attn_scale": False},
    "inputs": {X: [[1, 0], [1, 1]]},
    "weights": {f"{AT}.W_Q": [[[1, 0], [0, 1]]], f"{AT}.W_K": [[[1, 0], [0, 1]]], f"{AT}.W_V": [[[1, 2], [-3, 5]]]},
}


def two_tokens(**config):
    return Values.of(TWO | {"config": TWO["config"] | config})


def test_a_cache_holds_turned_keys():
    """q = (1, 1) and k = (1, 1) are turned alike, and k = (1, 0) not: shares 1/3 and 2/3 of values (1, 2), (−2, 7)."""
    run = run_values("kv-cache", two_tokens(positional_embedding_type="rotary", rotary_periods=[4]))
    assert run.texts[f"{AT}.hook_z[0]"][-1] == run.texts["new.z"][0] == ("-5/3", "58/9")


REFUSED = [
    ({"rotary_periods": [4]}, "kv-cache does not read rotary_periods=[4] beside the other options; leave it out"),
    ({"kv_lora_rank": 2, "d_v": 1}, "kv-cache does not read kv_lora_rank=2 beside the other options; leave it out, "
     "or use a model that reads it: attention-head, multi-head-attention, block, gpt, encoder, encoder-decoder, "
     "induction-head, latent-attention, microgpt, scores"),
    ({"act_fn": "gelu", "normalization_type": None}, "kv-cache does not read act_fn=gelu, normalization_type=null beside "
     "the other options; leave them out, or use a model that reads them: block, gpt, encoder, encoder-decoder, "
     "induction-head, llama-block, microgpt"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "message"), REFUSED)
def test_an_option_that_is_not_read_is_named_with_models_that_read_it(config, message):
    values = Values.of({"config": TWO["config"] | config, "inputs": TWO["inputs"]})
    with pytest.raises(ConfigError) as caught:
        run_values("kv-cache", values)
    assert str(caught.value) == message


def test_options_at_their_default_and_sizes_of_other_parts_are_no_matter():
    config = {"act_fn": "relu", "rotary_periods": [], "knn": 3, "d_mlp": 7, "n_layers": 3, "n_ctx": 9, "d_vocab": 5}
    assert run_values("kv-cache", two_tokens(**config)).texts["new.z"] == (("-1", "16/3"),)


def test_an_option_that_weights_need_is_no_matter_where_they_are_not_read():
    """A whole model's file will do for a part of it."""
    values = small("llama-block", gated_mlp=True)
    alone = {
        name: rows for name, rows in values.weights.items() if name.startswith(("blocks.0.mlp", "blocks.0.attn"))
    }
    config = {"gated_mlp": True, "d_model": 4, "d_head": 4, "d_v": 2, "d_mlp": 3, "n_heads": 2}
    MODELS["attention-head"].check_options(
        Values.of({"config": config, "weights": alone, "inputs": {X: [[1, 0, 0, 1]]}})
    )


@pytest.mark.parametrize("sheet", [sheet.name for sheet in all_sheets()])
def test_a_sheets_model_reads_all_options_of_its_front_matter(sheet):
    assert load_sheet(sheet).model.unread_options(load_sheet(sheet).given(letters=False)) == []


def test_a_sheet_is_not_made_with_an_option_that_its_model_does_not_read():
    with pytest.raises(
        ConfigError, match=r"^attention-head does not read act_fn=gelu beside the other options; leave"
    ):
        Options(values={"config": {"act_fn": "gelu"}}).on(load_sheet("attention-head"))


def test_of_an_option_with_some_values_only_no_run_has_others():
    @model("halved", only={"act_fn": ("silu",), "num_experts": ()})
    def halved(build):
        return times_number(build.stream("x"), name="doubled", by=2)

    try:
        given = {"x": [[1, 2]]}
        for config in ({}, {"act_fn": "silu"}):
            MODELS["halved"].run(Values.of({"config": {"d_model": 2, **config}, "inputs": given}), RATIONALS)
        for config in ({"act_fn": "gelu"}, {"num_experts": 2, "experts_per_token": 1}):
            with pytest.raises(ConfigError, match=r"^halved does not read (act_fn=gelu|num_experts=2) beside"):
                MODELS["halved"].run(Values.of({"config": {"d_model": 2, **config}, "inputs": given}), RATIONALS)
    finally:
        del MODELS["halved"]
