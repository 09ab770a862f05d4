"""What the sheets on models that work claim of them, tried with all that these may read."""

from itertools import product

import pytest
from msgspec.structs import replace

from byhand.mistakes.registry import foil, skipped
from byhand.numbers.choice import evaluated
from byhand.numbers.readings import Reading, drawn, readings
from byhand.worksheet.sheet import load_sheet


def said(tape, values):
    """The word that is said after the last one."""
    return values.vocabulary[int(tape.values("next_token")[-1][0])]


def wrong(name, rewrite):
    """What a model may read and gets wrong with some of its steps rewritten."""
    sheet = load_sheet(name)
    values = sheet.given(letters=False)
    tapes = ((each, evaluated(sheet.model, replace(values, tokens=each.words))) for each in readings(name))
    return [each for each, tape in tapes if said(rewrite(tape), values) != each.says]


@pytest.mark.parametrize(
    ("name", "mistake", "count"),
    [
        ("adder", "mean-for-sum", 93), ("adder", "no-unembedding-bias", 80), ("adder", "no-relu", 54),
        ("counting-sorter", "said-letters-plus", 84), ("counting-sorter", "no-relu", 105),
    ],
)  # fmt: skip
def test_a_mistake_makes_a_model_wrong(name, mistake, count):
    assert len(wrong(name, lambda tape: foil(tape, mistake))) == count


def test_the_adder_needs_no_relu_where_the_clock_goes_round():
    sheet = load_sheet("adder")
    listed = drawn("adder", sheet.model, sheet.given(letters=False), sheet.promises)
    assert len(listed) == 30
    for values in listed:
        tape = evaluated(sheet.model, values)
        assert foil(tape, "no-relu").values("logits")[-1] == tape.values("logits")[-1]


def test_the_sorter_needs_no_residual_connection_round_its_head():
    def without(tape):
        return tape.replay(rewrite=lambda step: [
            replace(skipped(step), inputs=step.inputs[1:]) if step.name.endswith("resid_mid") else step
        ])  # fmt: skip

    assert wrong("counting-sorter", without) == []


def test_the_sorter_has_more_moments_than_words():
    assert len([each for each in readings("counting-sorter") if each.words[-1] == ":"]) == 39
    assert len(readings("counting-sorter")) == 141


def test_no_two_words_that_the_sorter_draws_have_the_same_tables():
    sheet = load_sheet("counting-sorter")
    listed = drawn("counting-sorter", sheet.model, sheet.given(letters=False), sheet.promises)
    words = [each.tokens[:3] for each in listed]
    assert len({tuple(sorted(word)) for word in words}) == len(words) == 5
    assert all("B" in word and sorted(word) != list(word) for word in words)
    assert len({evaluated(sheet.model, each).values("logits")[3:] for each in listed}) == len(words)
    for values in listed:  # and its foil says the first letter again
        tape = foil(evaluated(sheet.model, values), "said-letters-plus")
        assert said(tape, values) == values.tokens[4]


def test_the_sorter_tells_what_is_owed_from_what_is_not():
    sheet = load_sheet("counting-sorter")
    values = sheet.given(letters=False)
    for each in readings("counting-sorter"):
        word, _, told = "".join(each.words).partition(":")
        numbers = evaluated(sheet.model, replace(values, tokens=each.words)).values("blocks.0.hook_resid_mid")[-1]
        for letter, number in zip("abc", numbers, strict=True):
            is_owed = word.lower().count(letter) > told.count(letter)
            assert number >= 1 if is_owed else number <= 0


def test_the_sorter_ties_at_the_last_of_four_equal_letters():
    sheet = load_sheet("counting-sorter")
    values = sheet.given(letters=False)
    longer = replace(values, config=replace(values.config, n_ctx=9))
    last = {}
    for word in product("ABC", repeat=4):
        spelled = sorted(letter.lower() for letter in word)
        row = evaluated(sheet.model, replace(longer, tokens=(*word, ":", *spelled[:3]))).values("logits")[-1]
        last[word] = row.count(max(row)) > 1
    assert last["C", "C", "C", "C"]
    assert sum(last.values()) == 33


def test_a_reading_is_what_it_says():
    assert Reading(("7", "+", "8", "="), "5") in readings("adder")
    assert Reading(("B", "A", ":"), "a") in readings("counting-sorter")
