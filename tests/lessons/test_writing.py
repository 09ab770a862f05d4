"""A model that writes: where the names of its picture stand, and what its key says of the construction."""

from fractions import Fraction
from itertools import combinations
from random import Random

import pytest

from byhand.lessons.writing import MIDDLE, SIDE, _beyond, _parts
from byhand.options import Options
from byhand.pictures.canvas import TOKEN
from byhand.pictures.labels import words as label
from byhand.pipeline import prepare
from byhand.worksheet.construction import constructions
from byhand.worksheet.document import plain_words
from byhand.worksheet.sheet import load_sheet

WORDS = ("shone", "END", "sank", "and", "stars")


def box(name):
    """The left, upper, right and lower edge of a name."""
    wide = label(name.word, TOKEN).width
    left = name.x - wide * {"start": 0, "middle": 0.5, "end": 1}[name.anchor]
    return left, name.y - 2.2, left + wide, name.y + 0.6


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_the_names_of_regions_stand_outside_of_the_plane_and_clear_of_each_other():
    plane = MIDDLE[0] - SIDE, MIDDLE[1] - SIDE, MIDDLE[0] + SIDE, MIDDLE[1] + SIDE
    dice = Random(5)
    for _ in range(300):
        columns = dice.sample([(x, y) for x in range(-3, 4) for y in range(-3, 4) if (x, y) != (0, 0)], len(WORDS))
        parts = _parts(tuple(zip(*columns, strict=True)))
        boxes = [*map(box, _beyond(parts, WORDS))]
        assert len(boxes) == len(parts)
        assert not any(overlap(one, plane) for one in boxes)
        assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
        assert all(left >= 0 and upper >= 0 and lower <= 57 for left, upper, _, lower in boxes)


@pytest.mark.parametrize("seed", [0, 33, 36, 95])
def test_the_key_says_which_score_is_small_enough(seed):
    """With that score, and with any smaller one, the model goes on; with a larger one it does not."""
    document, run = prepare(load_sheet("writing"), Options(seed=seed))
    ((built, _),) = (each for section in document.sections for each in constructions(section))
    told = int(plain_words(built.told).rpartition("must become ")[2].removesuffix(" or less.").replace("−", "-"))
    (scores,), (x,), values, weights = (
        run.values(name) for name in ("round4.scores", "round4.x", "round4.values", "unembed.W_U")
    )
    again = int(run.values("round2.said")[0][0])

    def goes_on(score):
        powers = [Fraction(2) ** int(s) for s in (*scores[:2], score, scores[3])]
        mixed = [sum(p * v[k] for p, v in zip(powers, values, strict=True)) / sum(powers) for k in (0, 1)]
        logits = [
            sum((a + b) * w for a, b, w in zip(x, mixed, column, strict=True))
            for column in zip(*weights, strict=True)
        ]
        return logits.index(max(logits)) == again and logits.count(max(logits)) == 1

    assert told < scores[2]
    assert [n for n in range(-9, 10) if goes_on(n)] == [*range(-9, told + 1)]
