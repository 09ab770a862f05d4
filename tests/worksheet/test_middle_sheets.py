"""What the sheets on attention, norms and the block state as a fact, tried out on their own numbers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from msgspec.structs import replace

from byhand.arithmetic.floats import FLOATS
from byhand.mistakes import foil
from byhand.model.weights import complete
from byhand.worksheet.sheet import load_sheet

ATTN, CROSS, MLP = "blocks.0.attn.", "decoder.0.cross_attn.", "blocks.0.mlp."
X, MID, OUT = "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid", "blocks.0.hook_mlp_out"
LN, BN = "blocks.0.ln1.hook_normalized", "blocks.0.bn.hook_normalized"
PATTERN, Z = ATTN + "hook_pattern[0]", ATTN + "hook_z[0]"


@cache
def run_of(sheet):
    """A sheet's run on its own numbers, in floats."""
    found = load_sheet(sheet)
    return found.model.run(complete(found.given(letters=False)), FLOATS)


def numbers(tape, step):
    return np.array(tape.values(step))


def with_other(sheet, name, change):
    """The run with a matrix changed."""
    tape = run_of(sheet)
    return tape.replay(numbers={name: change(numbers(tape, name)).tolist()})


def last_row(rows):
    """Other numbers for the last token."""
    return np.vstack([rows[:-1], rows[-1:] ** 2 - 3 * rows[-1:] + 1])


def same(one, other):
    return one.shape == other.shape and np.allclose(one, other)


@pytest.mark.parametrize(
    ("sheet", "name", "step"),
    [
        ("queries-keys-values", X, ATTN + "hook_k[0]"),
        ("causal-mask", ATTN + "hook_v[0]", Z),
        ("layer-norm", MID, LN),
        ("layer-norm-or-batch-norm", X, LN),
        ("feed-forward", MID, OUT),
        ("one-by-one-convolution", MID, "blocks.0.hook_conv_out"),
        ("transformer-by-hand", Z, OUT),
        ("transformer-block", X, "blocks.0.hook_resid_post"),
    ],
)
def test_another_last_token_leaves_the_others_as_they_are(sheet, name, step):
    right, other = numbers(run_of(sheet), step), numbers(with_other(sheet, name, last_row), step)
    assert same(other[:-1], right[:-1])
    assert not same(other[-1], right[-1])


@pytest.mark.parametrize(
    ("sheet", "name", "step", "change"),
    [
        ("layer-norm-or-batch-norm", X, BN, last_row),
        ("scores", ATTN + "hook_k[0]", PATTERN, last_row),
        ("transformer-by-hand", X, Z, lambda rows: np.vstack([rows[:1] + 1, rows[1:]])),
    ],
)
def test_what_reads_across_tokens_changes_with_another(sheet, name, step, change):
    right, other = numbers(run_of(sheet), step), numbers(with_other(sheet, name, change), step)
    assert not same(other[1], right[1])


def test_weights_of_keys_play_no_part_in_queries_and_values():
    other = with_other("queries-keys-values", ATTN + "W_K[0]", lambda w: w + 1)
    for step, kept in ((ATTN + "hook_q[0]", True), (ATTN + "hook_v[0]", True), (ATTN + "hook_k[0]", False)):
        assert same(numbers(other, step), numbers(run_of("queries-keys-values"), step)) is kept


def test_a_number_added_to_all_scores_of_a_row_keeps_its_shares():
    name = ATTN + "hook_attn_scores[0]"
    other = with_other("scores", name, lambda rows: rows + np.array([[1], [-2], [5]]))
    assert same(numbers(other, PATTERN), numbers(run_of("scores"), PATTERN))


def test_the_last_token_needs_no_mask():
    right, open_ = numbers(run_of("causal-mask"), PATTERN), numbers(foil(run_of("causal-mask"), "no-mask"), PATTERN)
    assert same(open_[-1], right[-1])
    assert not same(open_[0], right[0])


def test_a_longer_original_makes_no_more_mixtures():
    found, encoder = load_sheet("cross-attention"), "encoder.0.hook_resid_pre"
    values = found.given(letters=False)
    inputs = {**values.inputs, encoder: [*values.inputs[encoder], [1, 0, 0, 1]]}
    config = replace(values.config, n_ctx=4)
    tape = found.model.run(replace(values, config=config, source=("a", "b", "c", "d"), inputs=inputs), FLOATS)
    assert numbers(tape, CROSS + "hook_pattern[0]").shape == (2, 4)
    assert numbers(tape, CROSS + "hook_z[0]").shape == numbers(run_of("cross-attention"), CROSS + "hook_z[0]").shape


def test_a_norm_forgets_what_is_added_to_all_numbers_and_how_large_they_are():
    sheet, w = "layer-norm", "blocks.0.ln1.standardized"
    right = numbers(run_of(sheet), w)
    for change in (lambda rows: rows + 10, lambda rows: 2 * rows):
        assert same(numbers(with_other(sheet, MID, change), w), right)


def test_a_norm_over_the_tokens_is_batch_norm():
    tape = run_of("layer-norm-or-batch-norm")
    assert same(numbers(foil(tape, "norm-over-sequence"), LN), numbers(tape, BN))
    assert not same(numbers(tape, LN), numbers(tape, BN))


def test_another_word_changes_the_last_in_two_of_three_norms():
    sheet, norms = "layer-norm-or-batch-norm", ("blocks.0.all.ln1.hook_normalized", BN)
    other = with_other(sheet, X, lambda rows: rows + np.outer([1, 0, 0, 0], [1, 0, 0, 0]))
    assert same(numbers(other, LN)[-1], numbers(run_of(sheet), LN)[-1])
    assert not any(same(numbers(other, norm)[-1], numbers(run_of(sheet), norm)[-1]) for norm in norms)


def test_equal_tokens_have_equal_results_and_neurons_have_their_own_tokens():
    other = with_other("feed-forward", MID, lambda rows: rows[[0, 0, 2]])
    assert same(numbers(other, OUT)[0], numbers(other, OUT)[1])
    alive = numbers(run_of("feed-forward"), MLP + "hook_post") > 0
    assert (alive.any(0) & ~alive.all(0)).all(), "each neuron speaks for some tokens and is silent for others"


def test_a_convolution_gives_the_numbers_of_the_network():
    tape = run_of("one-by-one-convolution")
    assert same(numbers(tape, "blocks.0.conv_in.hook_pre"), numbers(tape, MLP + "hook_pre"))
    assert same(numbers(tape, "blocks.0.hook_conv_out"), numbers(tape, OUT))
    for j, kernel in enumerate(numbers(tape, MLP + "W_in").T):
        assert same(numbers(tape, f"blocks.0.conv_in.kernel[{j}]")[0], kernel)


def test_of_two_kernels_that_slide_one_reads_neighbours():
    sheet = "one-by-one-convolution"

    def brighter(rows):
        return rows + np.array([[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]])

    changed = [
        numbers(with_other(sheet, "aside.pixels", brighter), found) != numbers(run_of(sheet), found)
        for found in ("aside.one.found", "aside.wide.found")
    ]
    assert [own.sum(1).tolist() for own in changed] == [[1, 0], [3, 0]]


def test_a_block_whose_parts_say_nothing_leaves_the_stream():
    tape = run_of("transformer-block")
    nothing = np.zeros_like(numbers(tape, X)).tolist()
    silent = tape.replay(numbers={"blocks.0.hook_attn_out": nothing, OUT: nothing})
    assert same(numbers(silent, "blocks.0.hook_resid_post"), numbers(tape, X))


def test_the_same_weights_make_the_same_pattern():
    tape = run_of("multi-head-attention")
    wrong = foil(tape, "heads-share-weights")
    assert same(numbers(wrong, ATTN + "hook_pattern[1]"), numbers(tape, PATTERN))
    assert not same(numbers(tape, ATTN + "hook_pattern[1]"), numbers(tape, PATTERN))
