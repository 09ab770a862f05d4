"""Mistakes in layers of neurons, by hand on a small example."""

import pytest
from small_runs import feed_forward, made, rows

from byhand.mistakes import cells_changed, foil

LAYER = made(
    "linear-layer", config={"d_model": 2, "d_mlp": 2}, inputs={"x": [[1, 2]]},
    weights={"linear.W": [[1, 0], [1, 1]], "linear.b": [5, -1]},
)  # fmt: skip


@pytest.mark.parametrize(("name", "wrong"), [("no-bias", [[3, 2]]), ("bias-per-input", [[13, 0]])])
def test_a_mistake_with_a_bias(name, wrong):
    assert rows(LAYER, "y") == [[8, 1]]
    assert rows(foil(LAYER, name), "y") == wrong
    assert cells_changed(LAYER, name) == 2


def test_mistakes_in_the_feed_forward_network():
    assert rows(feed_forward(), "blocks.0.mlp.hook_post") == [[0, 1]]
    assert rows(foil(feed_forward(), "no-relu"), "blocks.0.mlp.hook_post") == [[-1, 1]]
    assert rows(foil(feed_forward(), "relu-before-bias"), "blocks.0.mlp.hook_post") == [[-1, 3]]
