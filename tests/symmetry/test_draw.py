"""Numbers that a text begins."""

from collections import Counter

from byhand.symmetry.draw import Draw


def test_a_text_has_the_same_numbers_for_ever():
    assert Draw("x").order(8) == [2, 4, 6, 3, 0, 1, 7, 5]


def test_a_draw_is_fair():
    draw = Draw("dice")
    seen = Counter(draw.below(6) for _ in range(6000))
    assert set(seen) == set(range(6))
    assert all(850 < n < 1150 for n in seen.values())
