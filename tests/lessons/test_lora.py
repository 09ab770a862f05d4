"""Low-rank adaptation: published numbers, gradients of the second step by another run, merging, and mistakes."""

from itertools import combinations

import pytest
from every_sheet import made

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.page.layout import strips
from byhand.pictures.registry import picture_named
from byhand.pipeline import prepare
from byhand.worksheet.document import Strip
from byhand.worksheet.sheet import load_sheet

WORKED = {  # an instance that was worked out apart from byhand
    "config": {"n_ctx": 1, "d_model": 3, "d_mlp": 2},
    "inputs": {"x": [[1, -1, 2]], "upstream": [[2, -2]], "rate": [["1/2"]]},
    "weights": {"lora.W": [[1, 0], [0, 2], [-1, 1]], "lora.W_A": [[1], [2], [1]], "lora.W_B": [[0, 0]]},
}


def run(name="", **weights):
    tape = MODELS["lora"].run(Values.of(WORKED | {"weights": WORKED["weights"] | weights}), RATIONALS)
    return foil(tape, name) if name else tape


def rows(tape, name):
    return [[*map(int, row)] if all(x == int(x) for x in row) else [*row] for row in tape.values(name)]


def test_a_worked_instance():
    tape = run()
    assert rows(tape, "u") == [[1]]
    assert rows(tape, "y") == rows(tape, "plain") == [[-1, 0]]
    assert rows(tape, "lora.W_B.grad") == [[2, -2]]
    assert rows(tape, "lora.W_A.grad") == [[0], [0], [0]]
    assert rows(tape, "lora.W_B.stepped") == [[-1, 1]]
    assert rows(tape, "change") == [[-1, 1], [-2, 2], [-1, 1]]
    assert rows(tape, "merged") == [[0, 1], [-2, 4], [-2, 2]]
    assert rows(tape, "second.A") == [[-4], [4], [-8]]


def test_with_both_at_0_no_gradient_is_anything_else():
    tape = run(**{"lora.W_A": [[0], [0], [0]]})
    for name in ("lora.W_B.grad", "lora.W_A.grad", "lora.W_B.stepped", "second.A", "change"):
        assert not any(x for row in tape.values(name) for x in row), name


def test_the_second_gradient_of_a_is_the_first_one_of_a_run_that_begins_with_the_new_b():
    tape = run()
    assert tape.values("second.A") == run(**{"lora.W_B": rows(tape, "lora.W_B.stepped")}).values("lora.W_A.grad")


def test_merged_weights_answer_as_the_layer_and_the_tables_beside_it():
    tape = run()
    assert tape.values("merged.y") == run(**{"lora.W_B": rows(tape, "lora.W_B.stepped")}).values("y")


def test_mistakes():
    right, twice, uphill, late = run(), run("merged-twice"), run("step-uphill"), run("step-before-gradient")
    answers = zip(right.values("merged.y")[0], right.values("plain")[0], strict=True)
    assert rows(twice, "merged.y") == [[2 * merged - plain for merged, plain in answers]]
    assert twice.values("merged") == right.values("merged")
    assert rows(uphill, "lora.W_B.stepped") == [[1, -1]]
    assert late.values("lora.W_A.grad") == right.values("second.A")
    assert late.values("lora.W_B.grad") == right.values("lora.W_B.grad")


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_a_step_with_b_lowers_the_loss(seed):
    """The loss of a given gradient is the sum of its products with the outputs. It falls by the rate times the square
    of B's gradient, since so much of that is taken away. Neither B nor its gradient is what has arrived.
    """
    made = prepare(load_sheet("lora"), Options(seed=seed))[1]
    (arrived,), (before,), (after,), (of_b,), (stepped,), ((rate,),) = (
        made.values(name) for name in ("upstream", "plain", "merged.y", "lora.W_B.grad", "lora.W_B.stepped", "rate")
    )
    assert arrived not in (of_b, stepped)
    falls = sum(g * (one - other) for g, one, other in zip(arrived, before, after, strict=True))
    assert falls == rate * sum(g * g for g in of_b)


@pytest.mark.parametrize("seed", range(0, 50, 7))
def test_no_row_is_as_good_as_another(seed):
    """No row of W is a multiple of another one, and A has three sizes, so that the rows of A B do."""
    made = prepare(load_sheet("lora"), Options(seed=seed))[1]
    rows_of_w = made.values("lora.W")
    assert all(a * d != b * c for (a, b), (c, d) in combinations(rows_of_w, 2))
    assert len({abs(number) for (number,) in made.values("lora.W_A")}) == 3


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_what_arrives_is_p_minus_y_of_a_layer_that_is_almost_sure_of_a_bird(seed):
    made = prepare(load_sheet("lora"), Options(seed=seed))[1]
    (bird, pet), (arrived,) = made.values("plain")[0], made.values("upstream")
    share = 1 / (1 + 2.0 ** float(pet - bird))
    assert [*arrived] == [round(share), -round(share)]
    assert share > 0.96


def test_seeds_have_several_numbers_between_and_several_gradients():
    made = [prepare(load_sheet("lora"), Options(seed=seed))[1] for seed in range(24)]
    for name in ("u", "lora.W_B.stepped", "second.u"):
        assert len({str(tape.values(name)) for tape in made}) >= 3


def test_the_copy_of_b_is_dashed_and_its_table_is_not():
    options = {"inputs": ["small", "flies", "furry"], "outputs": ["bird", "pet"], "transposed": False}
    drawn = picture_named("whole_from_two").sketch(
        lambda name, **_: name, [[[3], [1], [2]], [[-1, 2]], [[-3, 6], [-1, 2], [-2, 4]]], options
    )
    assert drawn.answers == ("−1", "2", "−3", "6", "−1", "2", "−2", "4")
    assert str(drawn.printed).count("stroke-dasharray") == 2


def test_the_name_of_the_merged_scores_stands_clear_of_the_bracket_before_it():
    document = made("lora", 0)[0]
    blocks = [block for section in document.sections for block in section.blocks if isinstance(block, Strip)]
    merge = next(block for block in blocks if block.panels[-1].step == "merged.y")
    (grid,) = strips(merge)
    assert [panel.step for panel in merge.panels] == ["lora.W", "plain", "merged", "merged.y"]
    assert "sj" in "".join(grid.cols)
