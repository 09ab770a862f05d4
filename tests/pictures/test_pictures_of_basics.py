"""What the pictures of the first sheets draw and say follows from their numbers."""

import re
from fractions import Fraction
from itertools import combinations, product

import pytest

from byhand.pictures import UndrawableError, picture_named
from byhand.pictures.labels import words
from byhand.worksheet.messages import messages

SIZES = {"n": 3, "d_head": 4, "d_v": 2}


def rows(matrix):
    return tuple(tuple(map(Fraction, row)) for row in matrix)


def drawn(name, *steps, **options):
    return picture_named(name).sketch(messages().say, [rows(step) for step in steps], options)


def texts(svg):
    return re.findall(r">([^<>]+)</text>", svg)


def test_a_domino_fits_where_the_numbers_that_touch_are_equal():
    sketch = drawn("dominoes", **SIZES)
    assert sketch.key_says.endswith(
        "Q 3 × 4, K 3 × 4: 4 is not 3, nothing is left. Q 3 × 4, K turned round 4 × 3, V 3 × 2: 4 = 4: fits, 3 × 2 is left."
    )
    assert texts(sketch.pen) == ["4 is not 3", "none", "3 × 2"]
    assert texts(drawn("dominoes", **SIZES | {"d_head": 3}).pen) == ["3 = 3: fits", "3 × 3", "3 × 2"]
    assert "F 2 × 5" in sketch.worksheet_says
    assert "F 5 × 2" in drawn("dominoes", **SIZES, transposed=True).worksheet_says
    with pytest.raises(UndrawableError):
        drawn("dominoes", **SIZES | {"d_v": 7})


ARROWS = [[4, 3]], [[1, 2], [-3, 4], [-4, 2]], [[5]], [[10], [0], [-10]], [[2], [0], [-2]]


def test_a_shadow_times_the_length_is_the_dot_product():
    sketch = drawn("shadow", *ARROWS)
    assert "whose shadow on the line of w is 2: 2 · 5 = 10." in sketch.worksheet_says
    assert sketch.key_says.endswith(
        "b has the shadow 0 and the dot product 0, c the shadow −2 and the dot product −10."
    )
    assert texts(sketch.pen)[-4:] == ["0", "0", "−2", "−10"]
    assert sketch.pen.count("<rect") == 0, "a box is printed"
    with pytest.raises(UndrawableError):
        drawn("shadow", ARROWS[0], [[5, 0], [0, 1], [1, 1]], *ARROWS[2:])


def test_a_row_of_a_product_is_a_mixture_of_rows():
    a, b = [[0, 1, 2], [-1, 1, 3], [2, 0, -1]], [[2, 0, 1], [1, -1, 0], [0, 2, 1]]
    product = [[sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*b, strict=True)] for row in a]
    sketch = drawn("mixed_rows", a, b, product)
    assert "Row 1 of C is 0, 1, 2 times the rows of B, added up: 1, 3, 2." in sketch.worksheet_says
    assert "Row 3 of C is 2, 0, −1 times the rows of B: 4, −2, 1." in sketch.key_says
    mixed = [int(text.replace("−", "-")) for text in texts(sketch.pen)]
    assert [sum(mixed[at::3][:3]) for at in range(3)] == mixed[9:] == product[2]
    assert "Column 1 of C" in drawn("mixed_rows", a, b, product, transposed=True).worksheet_says


def test_a_walk_ends_at_the_output():
    x, weights, biases = [[1, 0, -1, 2]], [[1, 0, -1], [2, 1, 0], [0, -1, 1], [1, 2, 1]], [[1, -2, 2]]
    outputs = [[4, 3, 2]]
    sketch = drawn("walk", x, weights, biases, outputs, tokens=["the"])
    assert "Neuron 1 starts at 1, goes +1, +2 and ends at 4." in sketch.worksheet_says
    assert sketch.key_says.endswith(
        "Neuron 2 starts at −2, goes +1, +4 and ends at 3. Neuron 3 starts at 2, goes −1, −1, +2 and ends at 2."
    )
    with pytest.raises(UndrawableError):
        drawn("walk", x, weights, [[4, -2, 2]], outputs, tokens=["the"])


def test_a_sum_of_units_has_the_bends_of_all():
    places = range(-2, 4)
    units = [[max(0, x + 1), max(0, x - 1)] for x in places]
    sums = [[one - 2 * other] for one, other in units]
    sketch = drawn("bends", [[1, 1]], [[1, -1]], [[1], [-2]], units, sums)
    assert "ReLU(x + 1) bends at −1, ReLU(x − 1) bends at 1." in sketch.worksheet_says
    assert sketch.key_says.endswith("At −2, −1, 0, 1, 2, 3 the sum is 0, 0, 1, 2, 1, 0.")
    assert sketch.pen.count("<circle") == 2
    with pytest.raises(UndrawableError):
        drawn("bends", [[2, 1]], [[1, -1]], [[1], [-2]], units, sums)


def test_a_number_behind_the_layers_reads_the_tokens_that_its_own_token_took_from():
    x, pattern = [[1, 2, -1, 2], [-3, 0, 1, 0], [-3, 2, 3, -2]], [[1, 0, 0], ["1/2", "1/2", 0], ["1/4", "1/2", "1/4"]]
    sketch = drawn("down_then_along", x, x, pattern, tokens=["she", "sells", "pears"])
    assert sketch.key_says.endswith("in Z, and so those of she, sells in X. Not read: pears.")
    assert sketch.pen.count("<rect") == 3, "the token in Z, and two in X"
    with pytest.raises(UndrawableError):
        drawn("down_then_along", x[:2], x[:2], pattern[:2], tokens=["she", "sells"])


VALUES, SHARES = [[-1, -3], [1, 1], [-3, -1]], [["1/7", "4/7", "2/7"], ["2/3", "1/6", "1/6"], ["1/6", "2/3", "1/6"]]
MIXED = [
    [["-3/7", "-1/7"], [-1, -2], [0, 0]],
    [["-1/4", "-1/4"], ["-1/2", "-1/2"], ["-3/4", "-3/4"]],
    [[-1, -1], ["-9/8", "-1"], ["-1", "-9/8"]],
]


def boxes(svg):
    """Where the words of a drawing stand: left, top, right, bottom, in mm."""
    found = re.findall(r'<text x="([-.\d]+)" y="([-.\d]+)" font-size="([.\d]+)"[^>]*>([^<]+)</text>', svg)
    for x, y, size, text in found:
        half, foot = words(text, float(size)).width / 2, float(y)
        yield float(x) - half, foot - 0.6 * float(size), float(x) + half, foot


@pytest.mark.parametrize("mixed", MIXED)
def test_where_mixtures_crowd_each_name_has_a_place_of_its_own(mixed):
    """The names of the values, which begin the drawing's words, and those of the dots, which begin the pen's."""
    sketch = drawn("mixtures", VALUES, SHARES, mixed, tokens=["birds", "eat", "seeds"])
    values = [box for box in boxes(sketch.printed) if box[2] < 73]
    dots = [box for box in boxes(sketch.pen) if box[2] < 73]
    assert len(dots) == 3
    for one, other in [*combinations(dots, 2), *product(dots, values)]:
        assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]


TEXT = {"words": ("pea", "ear", "pet", "year")}


def test_tiles_are_framed_that_are_one_piece_once_all_is_joined():
    counts = [[5, 4, 4, 3]]
    first = drawn("tiles", counts, **TEXT, pieces=["ea"])
    assert first.key_says.endswith("Framed: ea in pea, ea in ear, ea in year.")
    second = drawn("tiles", counts, **TEXT, pieces=["ea", "ear"])
    assert second.key_says.endswith("Framed: ea in pea, ear in ear, ear in year.")
    assert texts(first.pen) == texts(second.pen) == []


def test_the_way_of_a_text_that_nobody_said_is_a_straight_row():
    said = ["yesterday Mary sang her", "yesterday John sang his", "today Mary sings her", "today Paul sings his"]
    sketch = drawn("ways", [[3], [2], [6], [2]], sentences=said, tokens=["today", "John", "sings"])
    ways = re.findall(r' d="(\S+ [^"]+)"', sketch.pen)
    assert ways == ["M18 24.5H33", "M50 24.5H65", "M82 24.5L97 4.5"]
    assert sketch.key_says.endswith("The thicker line leads to “her”.")
