"""The teacher's word: gpt says it, position by position."""

from math import ceil

import pytest
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.errors import ConfigError
from byhand.lessons.masked_words import CARDS, card
from byhand.lessons.writing import WRITTEN, expected, written
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.numbers import choice
from byhand.numbers.choice import choose
from byhand.numbers.dice import DRAW
from byhand.numbers.registry import SEARCHES, Instance
from byhand.numbers.words import END, LONGER_SENTENCES, SENTENCES, answers, sentence, vocabulary
from byhand.page.grid import USUAL_WORD
from byhand.worksheet.sheet import load_sheet

CONFIG = Config(d_model=4, n_heads=2, d_head=4, d_v=2, d_mlp=6, softmax_base=2)
SHEET = Values(CONFIG, tokens=("the", "cat", "sat"), vocabulary=("the", "cat", "sat", "down", "on", "mat"))


def said(found, model="gpt"):
    """The words that the chosen numbers say, each larger than every other by 1 or more."""
    tape = MODELS[model].run(found.values, RATIONALS)
    for row in tape.values("logits"):
        first, second = sorted(row, reverse=True)[:2]
        assert first - second >= 1
    return tuple(found.values.vocabulary[int(row[0])] for row in tape.values("next_token"))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (("cat", "sat", "down"), ("cat", "sat", "down")),
        (("down", "on", "mat"), ("down", "on", "mat")),
        (("mat",), ("cat", "sat", "mat")),
        (("on", "mat"), ("cat", "on", "mat")),
        (("dog", "eats", "fish"), ("dog", "eats", "fish")),
        (("we", "we", "did"), ("we", "we", "did")),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_answer_is_what_gpt_says(answer, expected, seed):
    found = choose(MODELS["gpt"], SHEET, seed, answer=answer)
    assert said(found) == expected
    assert found.values.tokens == SHEET.tokens


def test_a_sheet_keeps_its_vocabulary_where_it_holds_the_answer():
    assert choose(MODELS["gpt"], SHEET, 1, answer=("mat",)).values.vocabulary == SHEET.vocabulary
    made = choose(MODELS["gpt"], SHEET, 1, answer=("dog",)).values
    assert {"the", "cat", "sat", "dog"} < {*made.vocabulary}
    assert [word for word in made.vocabulary if word in ("the", "cat", "sat")] != ["the", "cat", "sat"]
    assert made.config.d_vocab == len(made.vocabulary) == 6


def test_without_an_answer_the_sentence_goes_on_with_a_new_word():
    for seed in range(1, 5):
        first, second, last = said(choose(MODELS["gpt"], SHEET, seed))
        assert (first, second) == ("cat", "sat")
        assert last in ("down", "on", "mat")


def test_a_word_may_stand_twice_in_the_sentence():
    found = choose(MODELS["gpt"], Values(CONFIG, tokens=("the", "cat", "the")), 1, answer=("dog",))
    assert said(found) == ("cat", "the", "dog")


def test_the_seed_picks_a_sentence():
    seen = {choose(MODELS["gpt"], Values(CONFIG), seed, pick_words=True).values.tokens for seed in range(1, 9)}
    assert len(seen) == 8
    found = choose(MODELS["gpt"], Values(CONFIG), 3, pick_words=True)
    assert (*found.values.tokens[1:], said(found)[-1]) == said(found)


def test_a_search_may_pick_sentences_of_its_own():
    sheet = load_sheet("masked-words")
    for seed in (1, 2):
        found = choose(sheet.model, sheet.given(letters=False), seed, pick_words=True, sheet=sheet.name)
        assert (found.values.tokens, said(found, sheet.model.name)) == card(seed)


def test_three_readers_say_three_words_in_powers_of_e_too():
    sheet = load_sheet("masked-words")
    for seed in range(6):
        own = sheet.given(letters=False)
        values = choose(sheet.model, own, seed, pick_words=True, sheet=sheet.name).values if seed else own
        exact = sheet.model.run(values, RATIONALS).values("next_token")
        near = sheet.model.run(replace(values, config=replace(values.config, softmax_base="e")), FLOATS)
        assert [*map(int, sum(near.values("next_token"), ()))] == [*map(int, sum(exact, ()))]
        assert len({*exact}) == 3


def test_a_card_has_five_short_words():
    assert all(len({*line}) == 5 and max(map(len, line)) <= USUAL_WORD for line in CARDS)
    assert len({line[0] for line in CARDS}) == len(CARDS)


TRANSLATION = Values(
    Config(d_model=4, n_heads=1, d_head=4, d_v=4, d_mlp=4, norm_position="post", softmax_base=2),
    tokens=("the", "cat"), source=("le", "chat", "dort"), vocabulary=("the", "cat", "sleeps", "dog", "eats", "runs"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "expected"), [(("sleeps",), ("cat", "sleeps")), (("dog", "runs"), ("dog", "runs"))]
)
def test_a_translation_is_one_with_words(answer, expected):
    assert said(choose(MODELS["encoder-decoder"], TRANSLATION, 1, answer=answer), "encoder-decoder") == expected


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_last_word_has_an_easy_share(seed):
    tape = MODELS["gpt"].run(choose(MODELS["gpt"], SHEET, seed).values, RATIONALS)
    assert max(share.denominator for share in tape.values("probs")[-1]) <= 61


def test_more_tokens_have_longer_sentences():
    assert len(sentence(1, tokens=4)[0]) == 4
    assert len(sentence(1, tokens=5)[1]) == 5


WRITER = load_sheet("writing").given(letters=False)


def test_what_is_written_comes_back_to_its_second_word_and_ends():
    assert len(WRITTEN) >= 30
    assert len({words[:4] for words in WRITTEN}) == len(WRITTEN)
    for number, (first, second, third, again, other) in enumerate(WRITTEN):
        tokens, said_next = written(number)
        assert tokens == (first, second, third, again)
        assert said_next == (second, third, again, END)
        assert again == second
        known = vocabulary(tokens, said_next, WRITER.vocabulary, expected(tokens))
        assert {*known} == {first, second, third, END, other}
        assert len(known) == 5
        assert all(len(word) <= USUAL_WORD for word in known)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seed_picks_what_is_written(seed):
    found = choose(MODELS["writing"], WRITER, seed, pick_words=True)
    assert (found.values.tokens, said(found, "writing")) == written(seed)


@pytest.mark.parametrize(
    ("tokens", "answer"),
    [
        (("we", "sing", "or", "sing"), ()),
        (("my", "dog", "and", "dog"), ("barks",)),
        (("she", "sang", "and", "sang"), ("wept",)),
    ],
)
def test_a_text_of_ones_own_is_written_to_its_end(tokens, answer):
    found = choose(MODELS["writing"], replace(WRITER, tokens=tokens), 1, answer=answer)
    assert said(found, "writing") == (*tokens[1:], *(answer or (END,)))


@pytest.mark.parametrize(
    ("tokens", "answer", "told"),
    [
        (("rain", "fell", "and", "froze"), (), "writing has new numbers for a text whose fourth word is the second"),
        (("rain", "fell", "and", "fell"), ("and", "END"), "writing says its own text, and then one word more"),
        (("rain", "fell", "and", "fell"), ("and",), "writing says its own text, and then one word more"),
    ],
)
def test_a_text_that_nobody_could_write_is_refused_in_one_line(tokens, answer, told):
    with pytest.raises(ConfigError, match=told):
        choose(MODELS["writing"], replace(WRITER, tokens=tokens), 1, answer=answer)


def test_the_sentences_are_many_and_fit():
    assert len(SENTENCES) >= 30
    assert all(len(words) == 4 and len(set(words)) == 4 for words in SENTENCES)
    assert all(len(set(words)) == 6 == len(words) for words in LONGER_SENTENCES)
    assert len(set(SENTENCES)) == len(SENTENCES)
    assert all(len(word) <= USUAL_WORD for words in SENTENCES for word in words)


REFUSED = "no numbers for seed 1 in 1 million steps of the search, the most that it may take; use "
OTHER_SEED, OTHER_OPTIONS = (
    "other options or another answer; another seed may have some, or none",
    "other options, or other numbers to begin with: no seed is likely to have some",
)


def attempts(monkeypatch, find, other):
    """How many attempts a search makes that may do a million steps."""
    made = []
    monkeypatch.setattr(choice, "MOST_WORK", 1_000_000)
    monkeypatch.setitem(SEARCHES, "gpt", replace(SEARCHES["gpt"], find=lambda *given: made.append(0) or find(*given)))
    with pytest.raises(ConfigError, match=f"^{REFUSED}{other}$"):
        choose(MODELS["gpt"], SHEET, 1, answer=("dog",))
    return len(made)


def test_a_task_without_numbers_is_refused_after_as_many_attempts_on_every_machine(monkeypatch):
    assert attempts(monkeypatch, lambda task, dice: [], OTHER_OPTIONS) == 1_000_000 / DRAW
    assert attempts(monkeypatch, lambda task, dice: [][: dice.one_below(1)], OTHER_OPTIONS) == ceil(
        1_000_000 / (2 * DRAW + 1)
    )


def test_a_search_whose_instances_never_fit_is_refused_after_some_runs(monkeypatch):
    fit = choose(MODELS["gpt"], SHEET, 1, answer=("dog",)).values
    monkeypatch.setattr(choice, "accepted", lambda *_: None)
    assert attempts(monkeypatch, lambda task, dice: [Instance(fit.inputs, fit.weights)], OTHER_SEED) == 2


def test_an_answer_longer_than_the_sentence_is_refused():
    with pytest.raises(ConfigError, match="an answer of 3 words needs as many tokens; there are 2: the cat"):
        answers(["the", "cat"], ["a", "b", "c"])


def test_a_vocabulary_has_words_to_choose_from():
    words = vocabulary(("a", "b"), ("c",))  # not in the order of the sentence, which would tell what comes next
    assert sorted(words) == ["a", "b", "c", "mat", "moon", "on"]
    assert [word for word in words if word in "abc"] != ["a", "b", "c"]
    assert len(vocabulary(tuple("abcdefg"), ())) == 8
