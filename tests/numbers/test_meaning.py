"""Heads that mean something."""

import numpy as np
import pytest
from msgspec.structs import replace

from byhand import choose as room
from byhand.numbers.meaning import FEATURES, means_something, questions
from byhand.numbers.promises import Limits
from byhand.numbers.registry import Task
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet

NOUN, VERB, FIRST, LAST = range(4)


@pytest.mark.parametrize("base", [2, 3])
def test_a_verb_asks_for_a_noun_that_comes_first_and_finds_the_subject(base):
    asked = questions(base)
    assert len(asked)
    assert (asked[:, VERB, [NOUN, FIRST]] > 0).all()
    assert (asked[:, VERB, [VERB, LAST]] <= 1).all()
    scores = FEATURES @ asked @ FEATURES.T
    assert (scores.argmax(2)[:, :2] == (1, 0)).all()


@pytest.mark.parametrize("name", ["queries-keys-values", "attention-head"])
def test_every_seed_keeps_the_words_and_asks_in_numbers_of_its_own(name):
    sheet = load_sheet(name)
    found = [room.choose(sheet, Options(seed=seed))[0] for seed in range(1, 9)]
    for values in found:
        assert np.array_equal(values.inputs["blocks.0.hook_resid_pre"], FEATURES)
        keys = np.array(values.weights["blocks.0.attn.W_K"][0])
        assert (np.diag(keys) > 0).all()
        assert np.count_nonzero(keys) == 4
    assert len({str(values.weights["blocks.0.attn.W_Q"]) for values in found}) > 4


def test_only_a_head_that_reads_features_means_something():
    values = load_sheet("attention-head").given(letters=False)
    model = load_sheet("attention-head").model
    assert means_something(Task(model, values, Limits()))
    for config in ({"attention_dir": "causal"}, {"use_attn_scale": False}):
        other = replace(values, config=replace(values.config, **config))
        assert not means_something(Task(model, other, Limits()))
    assert not means_something(Task(model, load_sheet("causal-mask").given(letters=False), Limits()))
