"""Models by name: how one is added, and what it can say of itself."""

import pickle

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import UnknownNameError, ValuesError
from byhand.model import MODELS
from byhand.model.registry import model
from byhand.model.weights import Values
from byhand.ops.linear import times_number


@pytest.fixture
def toy():
    """A model of one's own, registered for a test."""

    @model("toy", part="mlp", reads_words=True)
    def toy(build):
        return times_number(build.stream("x", "embed"), name="doubled", by=2)

    yield MODELS["toy"]
    del MODELS["toy"]


def test_a_registered_model_runs_and_its_steps_are_of_its_part(toy):
    config = {"n_ctx": 1, "d_model": 2, "d_vocab": 1}
    tape = toy.run(Values.of({"config": config, "inputs": {"x": [[1, 2]]}}), RATIONALS)
    assert tape.values("doubled") == ((2, 4),)
    assert {name: step.part for name, step in tape.steps.items()} == {"x": "embed", "doubled": "mlp"}


def test_a_model_that_reads_words_needs_some(toy):
    with pytest.raises(ValuesError, match=r"^toy needs a vocabulary: give d_vocab, or a list of words$"):
        toy.run(Values.of({"inputs": {"x": [[1, 2, 3, 4]] * 3}}), RATIONALS)


def test_an_unknown_model_says_which_may_be_meant():
    with pytest.raises(UnknownNameError, match=r"^no model 'gpd'; did you mean 'gpt'"):
        MODELS["gpd"]


def test_a_model_can_be_sent_to_another_process_and_looks_the_same_in_each():
    assert pickle.loads(pickle.dumps(MODELS["gpt"])) == MODELS["gpt"]
    assert "0x" not in repr(MODELS["gpt"]), "it is part of the key of a cache"
