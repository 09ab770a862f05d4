"""A model that writes: where the names of its picture stand, and what its key says of the construction."""

from fractions import Fraction
from itertools import combinations

import pytest

from byhand.lessons.writing import MIDDLE, ROUNDS, SIDE, _edge, _names, _parts, the_plane_is_clear
from byhand.options import Options
from byhand.pictures.canvas import TOKEN
from byhand.pictures.labels import words as label
from byhand.pipeline import prepare
from byhand.worksheet.construction import constructions
from byhand.worksheet.document import plain_words
from byhand.worksheet.sheet import load_sheet


def box(name):
    """The left, upper, right and lower edge of a name."""
    half = label(name.word, TOKEN).width / 2
    return name.x - half, name.y - 1.1, name.x + half, name.y + 1.1


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("seed", range(0, 51, 5))
def test_each_word_has_a_region_and_its_name_stands_there(seed):
    _, run = prepare(load_sheet("writing"), Options(seed=seed))
    assert the_plane_is_clear(run.tape())
    columns = run.values("unembed.W_U")
    parts, words = _parts(columns), run.vocabulary
    assert {word for *_, word in parts} == {*range(len(words))}
    names = _names(parts, words, [(MIDDLE, _edge(begins)) for begins, _, _ in parts], [])
    for name in names:
        left, upper, right, lower = box(name)
        assert MIDDLE[0] - SIDE <= left <= right <= MIDDLE[0] + SIDE
        assert MIDDLE[1] - SIDE <= upper <= lower <= MIDDLE[1] + SIDE
        across, up = name.x - MIDDLE[0], MIDDLE[1] - name.y
        logits = [across * float(a) + up * float(b) for a, b in zip(*columns, strict=True)]
        assert words[logits.index(max(logits))] == name.word
    assert not any(overlap(box(one), box(other)) for one, other in combinations(names, 2))


def test_words_and_sums_lie_off_the_borders_of_regions():
    for seed in range(0, 51, 10):
        _, run = prepare(load_sheet("writing"), Options(seed=seed))
        columns = [*zip(*run.values("unembed.W_U"), strict=True)]
        for n in range(1, ROUNDS + 1):
            for ((x, y),) in (run.values(f"round{n}.x"), run.values(f"round{n}.y")):
                logits = [x * a + y * b for a, b in columns]
                a, b = columns[logits.index(max(logits))]
                off = [
                    float(max(logits) - logit) / float((a - c) ** 2 + (b - d) ** 2) ** 0.5
                    for logit, (c, d) in zip(logits, columns, strict=True)
                    if (c, d) != (a, b)
                ]
                assert min(off) > 0.24


@pytest.mark.parametrize("seed", [0, 33, 36, 95])
def test_the_key_says_which_score_is_small_enough(seed):
    """With that score, and with any smaller one, the model goes on; with a larger one it does not."""
    document, run = prepare(load_sheet("writing"), Options(seed=seed))
    ((built, _),) = (each for section in document.sections for each in constructions(section))
    told = int(plain_words(built.tokens).partition("With ")[2].partition(" or less")[0].replace("−", "-"))
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
