"""BERT by hand: what one computes is what a whole encoder computes, and it is what chooses the word."""

from fractions import Fraction

import pytest
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.classroom.classes import make_class
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import anonymous
from byhand.errors import ConfigError
from byhand.lessons.masked_words import BACK, CLS, GAP, SEEN, WAYS, WORD
from byhand.mistakes.registry import mistaken
from byhand.model import MODELS
from byhand.numbers.choice import choose
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet

SHEET = load_sheet("masked-words")


def of_seed(seed):
    own = SHEET.given(letters=False)
    if not seed:
        return own
    found = choose(SHEET.model, own, seed, pick_words=True, sheet=SHEET.name, promises=SHEET.promises)
    return found.values


def as_gpt(values, **options):
    """The same weights in a gpt that sees both sides; a place says which side of the card it is on."""
    front, back = values.inputs["card.W_C"]
    places = [
        [x + y for x, y in zip(row, back if at == BACK else front, strict=True)]
        for at, row in enumerate(values.weights["pos_embed.W_pos"])
    ]
    return replace(
        values, inputs={}, weights={**values.weights, "pos_embed.W_pos": places},
        config=replace(values.config, **options),
    )  # fmt: skip


@pytest.mark.parametrize("seed", [0, 33, 95, 61])
def test_the_third_reader_is_a_gpt_that_sees_both_sides(seed):
    values = of_seed(seed)
    own, gpt = SHEET.model.run(values, RATIONALS), MODELS["gpt"].run(as_gpt(values), FLOATS)
    assert gpt.values("logits")[GAP] == pytest.approx([float(x) for x in own.values("logits")[2]])
    normed = MODELS["gpt"].run(as_gpt(values, normalization_type="LN"), FLOATS)
    assert int(normed.values("next_token")[GAP][0]) == int(own.values("next_token")[2][0])


@pytest.mark.parametrize("seed", [0, 33, 95, 61])
def test_doer_and_thing_choose_the_word(seed):
    tape = SHEET.model.run(of_seed(seed), RATIONALS)
    left, right, both = (int(word) for (word,) in tape.values("next_token"))
    doer, thing, *_ = tape.values("unembed.W_U")
    assert doer[left] > 0 > thing[left]
    assert doer[right] < 0 < thing[right]
    assert doer[both] == thing[both] == 1
    before, after = tape.values("gap.x")[0], tape.values("blocks.0.hook_resid_mid")[2]
    assert [x > y for x, y in zip(after[:3], before, strict=False)] == [True, True, False]


@pytest.mark.parametrize("seed", [0, 33, 95, 61])
def test_nothing_counts_more_than_the_thing_against_the_word_from_the_left(seed):
    tape = SHEET.model.run(of_seed(seed), RATIONALS)
    first, _, third = tape.values("blocks.0.hook_resid_mid")
    word = int(tape.values("next_token")[0][0])
    lost = [(x - y) * row[word] for x, y, row in zip(first, third, tape.values("unembed.W_U"), strict=True)]
    assert max(lost) == lost[1] > 0


@pytest.mark.parametrize("seed", [0, 33, 95, 61])
def test_cls_hears_of_a_doer_and_of_a_thing(seed):
    doer, thing = SHEET.model.run(of_seed(seed), RATIONALS).values("cls.z")[0]
    assert thing <= 2 * doer <= 4 * thing


@pytest.mark.parametrize("way", WAYS)
def test_mixtures_are_halves(way):
    for seen, mixed in zip(SEEN, way.mixtures.tolist(), strict=True):
        powers = [of * 2**score for of, score in zip(seen, way.scores, strict=True)]
        for value, found in zip(zip(*way.values, strict=True), mixed, strict=True):
            total = sum(power * number for power, number in zip(powers, value, strict=True))
            assert Fraction(total, sum(powers)) == Fraction(found, 2)
    assert min(way.scores[WORD], way.scores[BACK]) > max(way.scores[CLS], way.scores[GAP]) == 0


def test_who_looks_as_cls_does_hears_what_cls_hears():
    tape = SHEET.model.run(of_seed(0), RATIONALS)
    wrong, _ = mistaken(tape, "word-from-cls")
    assert wrong.values("seen.z")[2] == tape.values("cls.z")[0]


def test_classes_of_two_seeds_with_one_cache_have_words_of_their_own(monkeypatch, tmp_path):
    """The listed sets are kept for all seeds; they once kept the words of the first class, too."""
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path / "cache")
    for seed in (1, 0):
        first = NumberSets(Plan(SHEET, Options(seed=seed), "")).first_set
        make_class("masked-words", anonymous(2), Options(seed=seed), tmp_path / f"{seed}", formats=("txt",))
        pages = [page.read_text() for page in (tmp_path / f"{seed}").rglob("*.txt")]
        assert pages
        assert all(word in page for page in pages for word in first.tokens if word.isalpha())


def test_a_class_in_powers_of_3_is_refused_in_a_line(tmp_path):
    """Hardly any numbers are found there: the search once went on for ever."""
    with pytest.raises(ConfigError, match="masked-words has one set of numbers only"):
        make_class("masked-words", anonymous(2), Options(numbers="decimal", base=3), tmp_path, formats=("txt",))
