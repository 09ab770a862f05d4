"""Mistakes in products, by hand on a small example."""

import pytest
from small_runs import made, rows

from byhand.mistakes import cells_changed, foil

PAIR = made("dot-product", inputs={"u": [[1, 2], [3, 0]], "v": [[4, -1], [1, 7]]})
PRODUCT = made("matrix-product", inputs={"A": [[1, 2], [0, 1]], "B": [[3, 1], [1, 0]]})
TURNED = made("matrix-product", inputs={"A": [[1, 2], [0, 1]], "B": [[3, 1], [0, 1]]})


@pytest.mark.parametrize(
    ("tape", "name", "step", "right", "wrong"),
    [
        (PAIR, "products-not-added", "dot", [[2], [3]], [[4, -2], [3, 0]]),
        (PRODUCT, "elementwise", "AB", [[5, 1], [1, 0]], [[3, 2], [0, 0]]),
        (PRODUCT, "factors-swapped", "AB", [[5, 1], [1, 0]], [[3, 7], [1, 2]]),
        (PRODUCT, "transposed", "AB", [[5, 1], [1, 0]], [[5, 1], [1, 0]]),
        (TURNED, "transposed", "AB", [[3, 3], [0, 1]], [[5, 2], [1, 1]]),
    ],
)
def test_a_mistake_in_a_product(tape, name, step, right, wrong):
    assert rows(tape, step) == right
    assert rows(foil(tape, name), step) == wrong
    assert (cells_changed(tape, name) > 0) == (right != wrong)
