"""Pictures of the family of transformers."""

from fractions import Fraction

import pytest

from byhand.pictures.registry import UndrawableError, picture_named
from byhand.worksheet.messages import messages


def drawn(name, *rows, **options):
    return picture_named(name).sketch(messages().say, rows, options)


def test_arrows_that_turn_meet_in_the_same_way_wherever_they_are_neighbours():
    dots = [[0, -4, -3, 4], [4, 0, -4, -3], [3, 4, 0, -4], [-4, 3, 4, 0]]
    sketch = drawn("turned_arrows", [[2, 1]], [[-2, 1]], dots, period=[4])
    assert "their dot product is 4" in sketch.worksheet_says
    assert "it is 4 again; at 2 and 0, two words apart, it is 3" in sketch.key_says
    assert sketch.pen.count(">q<") == sketch.pen.count(">k<") == 3


def test_arrows_that_meet_in_the_same_way_everywhere_are_not_drawn():
    with pytest.raises(UndrawableError, match="meet otherwise at another distance"):
        drawn(
            "turned_arrows", [[1, 0]], [[0, 1]], [[0, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]], period=[4]
        )


def test_the_largest_score_so_far_is_drawn_over_each_tile():
    words = {"base": [2], "tokens": ("we", "saw", "the", "sea")}
    sketch = drawn("two_tiles", [[1, 3]], [[1, 4]], [[3]], [[4]], **words)
    assert "tile 1: 1, 3" in sketch.worksheet_says
    assert "3 over tile 1 and 4 over tile 2" in sketch.key_says
    assert sketch.pen.count("<rect") == 6
    assert sketch.printed.count(">saw<") == 3  # under its score, and under its bar after each tile
    long = drawn("two_tiles", [[1, 3]], [[1, 4]], [[3]], [[4]], base=[2], tokens=("we", "remember", "the", "sea"))
    assert "remember" not in long.printed
    with pytest.raises(UndrawableError, match="the second has a larger one"):
        drawn("two_tiles", [[1, 3]], [[1, 2]], [[3]], [[3]], **words)


def test_neighbours_read_one_card():
    sketch = drawn("askers_and_cards", [[-2], [-1], [1], [2]], [[0, 1], [2, 0]], [[1, 1], [0, 3]])
    assert "queries −2, −1, 1, 2" in sketch.worksheet_says
    assert sketch.pen.count("<rect") == 4 + 2
    with pytest.raises(UndrawableError, match="two groups"):
        drawn("askers_and_cards", [[1], [2]], [[0, 1]], [[1, 1]])


def test_scores_fall_by_one_for_every_word_further_back():
    told = {"tokens": ["we", "heard", "it", "rain"]}
    sketch = drawn("slopes", [[3, 2, 1, 2]], [[0, 0, 0, 2]], **told)
    assert "3, 2, 1, 2" not in sketch.worksheet_says
    assert "lie at 3, 2, 1, 2, and after the fall at 0, 0, 0, 2." in sketch.key_says
    for fallen in ([0, 0, 0, 1], [-3, -2, -1, 2]):  # the word itself falls, or all fall twice as far
        with pytest.raises(UndrawableError, match="by 1 with each step of distance"):
            drawn("slopes", [[3, 2, 1, 2]], [fallen], **told)
    with pytest.raises(UndrawableError, match="to 3 that fall"):
        drawn("slopes", [[4, 2, 1, 2]], [[1, 0, 0, 2]], **told)


@pytest.mark.parametrize(("furthest", "buckets", "bows"), [(8, "3, 3, 2, 2, 1, 0", 2), (16, "2, 2, 2, 2, 1, 0", 1)])
def test_the_buckets_are_those_of_the_furthest_distance(furthest, buckets, bows):
    told = {"tokens": ["bells", "that", "we", "never", "see", "ring"], "furthest": furthest}
    sketch = drawn("distance_buckets", [[5, 6, 7, 8]], **told)
    assert f"The buckets are {buckets}; a bow joins" in sketch.key_says
    assert buckets not in sketch.worksheet_says
    assert sketch.pen.count("<path") == bows
    with pytest.raises(UndrawableError, match="four buckets"):
        drawn("distance_buckets", [[5, 6, 7]], **told)


def test_the_edge_of_a_span_is_drawn_in_pen_only():
    told = {"tokens": ["the", "snow", "on", "our", "roof", "melts"]}
    sketch = drawn("soft_edge", [[0, 0, 0, Fraction(1, 2), 1, 1]], [[1]], [[2]], **told)
    assert sketch.pen.count("<circle") == 6
    assert "the points of the words are at 0, 0, 0, 1/2, 1, 1" in sketch.key_says
    assert "1/2, 1" not in sketch.worksheet_says
    wide = drawn("soft_edge", [[Fraction(1, 2), 1, 1, 1, 1, 1]], [[4]], [[2]], **told)
    assert wide.pen.count("<path") == 1
    with pytest.raises(UndrawableError, match="a span that ends"):
        drawn("soft_edge", [[1] * 6], [[1]], [[0]], **told)


def test_three_of_five_grids_are_to_be_shaded():
    def grid(sees):
        return [[int(j <= i and sees(i, j)) for j in range(6)] for i in range(6)]

    near, even = (lambda i, j: i - j < 2), (lambda i, j: (i - j) % 2 == 0)
    grids = [grid(lambda i, j: True), grid(lambda i, j: i - j < 3), grid(even),
             grid(lambda i, j: near(i, j) or even(i, j)), grid(lambda i, j: near(i, j) or j == 0)]  # fmt: skip
    sketch = drawn("sparse_grids", *grids)
    assert sketch.pen.count("<rect") == 12 + 17 + 15
    assert (
        "all before 21, window 15, every second 12, last 2 and every second 17, last 2 and the first 15"
        in sketch.key_says
    )
    with pytest.raises(UndrawableError, match="five patterns"):
        drawn("sparse_grids", *grids[:4])


def test_a_word_lights_the_lamps_of_its_experts():
    third, two = Fraction(1, 3), Fraction(2, 3)
    board = [[two, third, 0], [0, two, third], [third, two, 0], [0, third, two]]
    sketch = drawn("switchboard", board, tokens=["we", "ate", "seven", "figs"])
    assert "we: lamp 1 with 2/3, lamp 2 with 1/3" in sketch.worksheet_says
    assert "figs: lamp 2 with 1/3, lamp 3 with 2/3. 8 networks are computed for all words." in sketch.key_says
    assert sketch.pen.count("<circle") == 6
    with pytest.raises(UndrawableError, match="two of three experts"):
        drawn("switchboard", [[1, 0, 0]] * 4, tokens=["we", "ate", "seven", "figs"])


def test_a_suitcase_stays_as_large_while_a_cache_grows():
    sketch = drawn("suitcase", *[[[1, 2], [3, 4]]] * 3)
    assert "holds the state and the sum. Under it" in sketch.worksheet_says  # how many numbers these are is asked
    assert "the cache 8, 12, 400" in sketch.key_says
    assert sketch.pen.count("<rect") == 4 * (2 + 3)
    with pytest.raises(UndrawableError, match="two by two"):
        drawn("suitcase", *[[[1, 2]]] * 3)


def test_the_curve_of_a_gate_goes_through_its_six_points():
    gates = [[Fraction(k, n)] for k, n in ((-2, 5), (-1, 3), (0, 1), (2, 3), (8, 5), (8, 3))]
    places = [[k] for k in range(-2, 4)]
    sketch = drawn("gate_curve", places, gates)
    assert "2/3 at 1" in sketch.worksheet_says
    assert "at −2, −1, 2 and 3: −2/5, −1/3, 8/5, 8/3." in sketch.key_says
    assert (sketch.pen.count("<circle"), sketch.pen.count("<rect")) == (4, 4)
    with pytest.raises(UndrawableError, match="from −2 to 3"):
        drawn("gate_curve", places, [[max(0, k)] for k in range(-2, 4)])


def test_what_is_made_from_a_latent_is_struck_out():
    sketch = drawn("thin_pipe", [[1, 2, 3, 4]] * 3, [[1, 2]] * 3, [[1, 2, 3, 4]] * 3, [[5, 6]] * 3)
    assert "they hold 18 numbers, the pipe 6" in sketch.key_says
    assert "18" not in sketch.worksheet_says
    with pytest.raises(UndrawableError, match="a latent of two"):
        drawn("thin_pipe", [[1, 2, 3, 4]] * 3, [[1]] * 3, [[1, 2, 3, 4]] * 3, [[5, 6]] * 3)


def test_a_ruler_slides_to_the_word_that_asks():
    sketch = drawn("sliding_ruler", [[1]] * 5, tokens=["we", "heard", "it", "rain"])
    assert "it shows −2, −1, 0, and for “rain” −2, −2, −1, 0" in sketch.key_says
    assert "“heard” asks, and the ruler shows −1, 0" in sketch.worksheet_says
    with pytest.raises(UndrawableError, match="reaches two words back"):
        drawn("sliding_ruler", [[1]] * 3, tokens=["we", "heard", "it", "rain"])


def test_words_are_sorted_into_four_boxes_by_their_larger_number():
    told = {"tokens": ["our", "cat", "sings"]}
    sketch = drawn("four_boxes", [[3, -2], [-1, -4], [2, 5]], **told)
    assert "1: our" not in sketch.worksheet_says
    assert "1: our; 2: sings; 3: –; 4: cat" in sketch.key_says
    assert sketch.answers == ("our", "sings", "–", "cat")
    with pytest.raises(UndrawableError, match="none on a diagonal"):
        drawn("four_boxes", [[3, -2], [-4, -4], [2, 5]], **told)


def test_the_circle_goes_through_the_third_nearest_place():
    keys, apart = [[-1, 1], [3, -2], [2, -1], [1, 1], [2, 1]], [[5, 8, 2, 1, 2]]
    told = {"tokens": ["juice", "tea", "milk", "milk", "tea"], "count": [3]}
    sketch = drawn("nearest_places", keys, [[1, 0]], apart, **told)
    assert "C, D, E" not in sketch.worksheet_says
    assert "In the circle and on it are C, D, E" in sketch.key_says
    assert sketch.pen.count("<circle") == 1 + 2 * 3
    with pytest.raises(UndrawableError, match="from −3 to 3"):
        drawn("nearest_places", [[4, 0]] * 5, [[1, 0]], apart, **told)


def test_keys_are_poured_into_cups_and_half_of_the_scores_are_left():
    keys = [[1, 2, 0, 0], [0, 1, 1, 0], [0, 0, 1, 3], [2, 0, 0, 1]]
    sketch = drawn("cups", keys, [[1, 0, 0, 1], [0, 1, 1, 0]], tokens=list("abcd"))
    assert "each of a + d poured into cup 1" in sketch.worksheet_says
    assert "b + c" in sketch.key_says
    assert "b + c" not in sketch.worksheet_says
    with pytest.raises(UndrawableError, match="one of two cups"):
        drawn("cups", keys, [[1, 0, 0, 1], [0, 1, 1, 1]], tokens=list("abcd"))


def test_the_page_before_is_read_and_the_future_is_not():
    half, quarter = Fraction(1, 2), Fraction(1, 4)
    words = {"memory": ["the", "cat"], "tokens": ["sat", "down"]}
    sketch = drawn("page_before", [[quarter, half, quarter, 0], [half, quarter, 0, quarter]], **words)
    assert sketch.pen.count("<rect") == 4
    assert "“sat down” is shaded, and, lighter, “the cat”." in sketch.key_says
    assert (
        "how many steps back each word is: 2, 1 and 0 for “sat”, 3, 2, 1 and 0 for “down”." in sketch.worksheet_says
    )
    with pytest.raises(UndrawableError, match="two words on each of two pages"):
        drawn("page_before", [[half, half, 0]], **words)


def test_the_last_line_of_each_member_is_drawn():
    half, rows = Fraction(1, 2), [[1, 0, 0, 0]] * 3
    members = [[*rows, [half, 0, half, 0]]] * 7
    sketch = drawn("family", *members, [*rows, [0, 0, 0, 1]])
    assert (sketch.pen.count("<circle"), "State: 0, 0, 0, 1." in sketch.key_says) == (15, True)
    assert "1/2" not in sketch.worksheet_says
    with pytest.raises(UndrawableError, match="eight patterns"):
        drawn("family", *members)


def test_a_glass_is_filled_to_its_rim_and_no_further():
    halves, states = [[Fraction(1, 2), Fraction(1, 5), Fraction(2, 3)]], [[-2, 1], [3, 3], [3, -3]]
    weights = [[Fraction(1, 2), Fraction(1, 5), Fraction(3, 10)]]
    sketch = drawn("glasses", halves, weights, states, [[Fraction(1, 2), Fraction(1, 5)]])
    assert "a mark for every 1/10" in sketch.worksheet_says
    assert "full to 1/2, 7/10, 1" in sketch.key_says
    assert "room for 3/10 only" in sketch.key_says
    with pytest.raises(UndrawableError, match="add up to 1"):
        drawn("glasses", halves, halves, states, [[0, 0]])
