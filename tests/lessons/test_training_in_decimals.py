"""The sheets of training for a pocket calculator: in base e, no factor stands beside a gradient, and p − y adds up."""

from decimal import Decimal

import pytest

from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import all_sheets, load_sheet

TRAINING = [sheet.name for sheet in all_sheets() if sheet.group == "training"]
MISSED = {
    "training-step": "logits.grad",
    "softmax-backward": "aside.grad",
    "tied-embeddings-backward": "logits.grad",
}


@pytest.mark.parametrize("name", TRAINING)
@pytest.mark.parametrize("seed", [0, 8, 21])
def test_no_factor_stands_beside_a_gradient(name, seed):
    document, run = prepare(load_sheet(name), Options(seed=seed, base="e", numbers="decimal"))
    assert not [step.name for step in run.steps.values() if step.times]
    captions = [panel.caption for block in document.blocks for panel in block.matrices]
    assert not [caption for caption in captions if r"\ln" in caption]


@pytest.mark.parametrize("name", MISSED)
@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_what_is_missed_adds_up_to_0_in_the_places_that_are_printed(name, seed):
    _, run = prepare(load_sheet(name), Options(seed=seed, base="e", numbers="decimal"))
    for row in run.values(MISSED[name]):
        assert any(row)
        assert sum(map(Decimal, map(str, row))) == 0
