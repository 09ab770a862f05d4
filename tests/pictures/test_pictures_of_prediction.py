"""Pictures of prediction: what they draw is what the run has, and the alternative text of the key says it."""

import re
from fractions import Fraction

import pytest

from byhand.options import Options
from byhand.pictures import UndrawableError, picture_named
from byhand.pipeline import prepare
from byhand.worksheet.document import Picture
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet

EIGHTH, QUARTER, HALF = Fraction(1, 8), Fraction(1, 4), Fraction(1, 2)


def drawn(name, *rows, **options):
    picture = picture_named(name)
    return picture.sketch(messages().say, rows, options)


def on_sheet(sheet, seed):
    document, run = prepare(load_sheet(sheet), Options(seed=seed))
    (picture,) = (block for block in document.blocks if isinstance(block, Picture))
    return picture.sketch, run


ENDS = [[1, -1], [1, 1], [0, 2], [-1, 3]]
ARROWS = ([[2, 1]], ENDS, [[1, 3, 2, 1]], [[2, 8, 4, 2]], [[EIGHTH, HALF, QUARTER, EIGHTH]])


def test_the_word_along_the_vector_wins_and_not_the_longest_arrow():
    sketch = drawn("word_arrows", *ARROWS, words=["mat", "down", "on", "the"])
    assert "mat: 1, 2, 1/8." in sketch.worksheet_says
    assert "down: 3, 8, 1/2." not in sketch.worksheet_says
    assert "down: 3, 8, 1/2." in sketch.key_says
    assert sketch.key_says.endswith("The longest arrow, the, does not win.")


def test_arrows_that_tell_nothing_or_have_no_room_are_not_drawn():
    words = ["mat", "down", "on", "the"]
    with pytest.raises(UndrawableError):
        drawn("word_arrows", ARROWS[0], [*ENDS[:3], [-1, 9]], *ARROWS[2:], words=words)
    with pytest.raises(UndrawableError):
        drawn("word_arrows", *ARROWS[:2], [[2, 3, 2, 1]], *ARROWS[3:], words=words)


def test_a_surprise_has_a_hop_for_each_halving():
    sketch = drawn("halvings", [[QUARTER], [EIGHTH]], [[2], [3]], words=["the", "cat", "sat"])
    hops = [len(re.findall(r'd="M[^"]*Q', part)) for part in (sketch.printed, sketch.pen)]
    assert hops == [4, 2 + 3], "the example has a surprise that is not asked for"
    assert "filled up to 1/16, which is 4 hops from 1" in sketch.worksheet_says
    assert sketch.key_says.endswith("the → cat: 2, cat → sat: 3")
    with pytest.raises(UndrawableError):
        drawn("halvings", [[EIGHTH / 8]], [[6]], words=["the", "cat"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_throws_fall_where_the_run_says(seed):
    sketch, run = on_sheet("sampling", seed)
    words = run.vocabulary
    for row in (0, 1, 2):
        r = float(Fraction(run.texts["r"][row][0]))
        one, other = (words[int(run.texts[f"{name}.drawn"][row][0])] for name in ("plain", "top_k"))
        said = f"{r:.2f} falls on {one} above and on {other} below."
        assert said in sketch.key_says
        assert (said in sketch.worksheet_says) is (row == 0)


def test_a_word_above_its_stretch_stands_beside_the_arrow_that_falls_there():
    """At 3/4 of a strip from 12 to 112 mm is 87 mm."""
    shares = [[Fraction(n, 22) for n in (16, 1, 4, 1)]]
    words, said = ["sat", "ran", "off", "up"], {"temperature": ["1"], "k": ["4"]}
    sketch = drawn("throws", shares, shares, [[HALF + QUARTER]], [[1]], [[1]], words=words, **said)
    places = [float(x) for x in re.findall(r'<text x="([.\d]+)"[^>]*>ran<', sketch.pen)]
    assert len(places) == 2
    assert all(3 < abs(x - 87) < 5 for x in places)


def test_a_throw_outside_the_strip_is_not_drawn():
    shares = [[HALF, HALF]]
    with pytest.raises(UndrawableError):
        drawn("throws", shares, shares, [[2]], [[1]], [[1]], words=["a", "b"], temperature=["1"], k=["2"])


def test_the_new_key_is_in_the_key_only():
    keys = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [7, 8, 6, 5]]
    sketch = drawn("growing_cache", keys, words=["the", "cat", "sat", "down"])
    assert ">7<" not in sketch.printed
    assert ">7<" in sketch.pen
    assert "7, 8, 6, 5" in sketch.key_says
    assert "7, 8, 6, 5" not in sketch.worksheet_says


def test_the_area_of_parameters_has_the_shares_of_gpt_2():
    sketch, _ = on_sheet("sizing", 0)
    assert sketch.key_says.endswith(
        "words 31 %, positions 0.6 %, 12 × attention 23 %, 12 MLPs 46 %; norms: 0.02 %, too thin to draw."
    )


def test_a_letter_shares_half_and_half_where_both_scores_are_equal():
    sketch = drawn("letter_knob", at=1, base=2, letter=["a"], words=["the", "cat"])
    assert "The shares of the: 1/9, 1/5, 1/3, 1/2, 2/3, 4/5, 8/9" in sketch.key_says
    assert sketch.key_says.endswith("half and half at a = 1.")
    for at, base in ((None, 2), (1, "e")):
        with pytest.raises(UndrawableError):
            drawn("letter_knob", at=at, base=base, letter=["a"], words=["the", "cat"])
