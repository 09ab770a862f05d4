"""What the sheets on models that work claim of them, tried with all that these may read."""

from fractions import Fraction
from itertools import product

import pytest
from msgspec.structs import replace

from byhand.mistakes.registry import foil, skipped
from byhand.numbers.choice import evaluated
from byhand.numbers.readings import Reading, drawn, readings
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import plain_words
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


def changed(name, changes, reads=()):
    """All that a model may read, or other words, each with its run in which a few givens are others, and the word
    that it says.
    """
    sheet = load_sheet(name)
    values = sheet.given(letters=False)
    values = replace(values, weights={**values.weights, **changes})
    for words in reads or [each.words for each in readings(name)]:
        tape = evaluated(sheet.model, replace(values, tokens=words))
        yield words, tape, said(tape, values)


def test_the_other_clock_of_the_adder_has_eight_hours():
    clock = {"blocks.0.mlp.b_in": (-7, -8), "blocks.0.mlp.W_out": ((-8,), (8,))}
    for (one, _, other, _), _, word in changed("adder", clock):
        if int(one) < 8 and int(other) < 8:
            assert word == str((int(one) + int(other)) % 8)


def test_the_clock_takes_nothing_from_2_plus_3_and_10_without_relu():
    ((_, tape, _),) = changed("adder", {}, [("2", "+", "3", "=")])
    assert tape.values("blocks.0.mlp.hook_pre")[3] == (-4, -5)
    assert tape.values("blocks.0.hook_mlp_out")[3] == (0,)
    assert foil(tape, "no-relu").values("blocks.0.hook_mlp_out")[3] == (-10,)


@pytest.mark.parametrize(("row", "number", "more"), [(10, 1, 1), (11, Fraction(1, 2), 1), (11, 1, 2)])
def test_a_sign_that_is_more_than_0_makes_each_sum_larger(row, number, more):
    digits = [*range(10), 0, 0]
    digits[row] = number
    table = {"embed.W_E": tuple((each,) for each in digits)}
    for (one, _, other, _), tape, _ in changed("adder", table):
        assert tape.values("blocks.0.hook_resid_mid")[3] == (int(one) + int(other) + more,)


def test_the_sorter_needs_no_residual_connection_round_its_head():
    def without(tape):
        return tape.replay(rewrite=lambda step: [
            replace(skipped(step), inputs=step.inputs[1:]) if step.name.endswith("resid_mid") else step
        ])  # fmt: skip

    assert wrong("counting-sorter", without) == []


def test_the_sorter_sorts_backwards_where_its_first_neurons_look_at_c_and_write_to_c():
    backwards = {
        "blocks.0.mlp.W_in": ((0, 0, 0, 0), (0, 0, 1, 1), (1, 1, 0, 0)),
        "blocks.0.mlp.W_out": ((0, 0, 12), (0, 0, -12), (0, 6, 0), (0, -6, 0)),
    }
    words = [each.words[:-1] for each in readings("counting-sorter") if each.words[-1] == ":"]
    ways = {word: (*sorted((letter.lower() for letter in word), reverse=True), ".") for word in words}
    reads = {(*word, ":", *way[:at]): way[at] for word, way in ways.items() for at in range(len(way))}
    assert len(reads) == 141
    assert all(word == reads[read] for read, _, word in changed("counting-sorter", backwards, [*reads]))


def test_the_sorter_has_more_moments_than_words():
    assert len([each for each in readings("counting-sorter") if each.words[-1] == ":"]) == 39
    assert len(readings("counting-sorter")) == 141


def test_the_words_that_the_sorter_draws():
    """In another order than sorted, and with three different tables, which no order of the letters changes."""
    sheet = load_sheet("counting-sorter")
    listed = drawn("counting-sorter", sheet.model, sheet.given(letters=False), sheet.promises)
    words = {"".join(each.tokens[:3]) for each in listed}
    assert words == {"ABA", "BAA", "ACA", "CAA", "BCB", "CBB"}
    assert len({evaluated(sheet.model, each).values("logits")[3:] for each in listed}) == 3


def test_only_the_neurons_say_the_letter_that_the_sorter_has_to_say_again():
    sheet = load_sheet("counting-sorter")
    for values in drawn("counting-sorter", sheet.model, sheet.given(letters=False), sheet.promises):
        tape = evaluated(sheet.model, values)
        first, other = ("abc".index(values.tokens[at]) for at in (4, 6))
        two_owed, one_owed = tape.values("blocks.0.hook_mlp_out")[3:5]
        assert two_owed == one_owed
        assert one_owed[first] > 0
        x = tape.values("blocks.0.hook_resid_mid")[4]
        assert x[other] > x[first] > 0


def test_a_sorter_that_adds_what_it_has_said_never_stops():
    sheet = load_sheet("counting-sorter")
    for values in drawn("counting-sorter", sheet.model, sheet.given(letters=False), sheet.promises):
        first = values.tokens[4]
        for more in range(6):
            tokens = (*values.tokens[:6], *[first] * more)
            longer = replace(values, tokens=tokens, config=replace(values.config, n_ctx=len(tokens)))
            row = foil(evaluated(sheet.model, longer), "said-letters-plus").values("logits")[-1]
            assert values.vocabulary[row.index(max(row))] == first


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


@pytest.mark.parametrize(("name", "said"), [("adder", False), ("counting-sorter", False), ("attention-head", True)])
def test_a_page_says_the_base_of_its_softmax_only_where_a_score_is_not_0(name, said):
    document, _ = prepare(load_sheet(name), Options(seed=0))
    assert any("base" in plain_words(each) for each in document.conventions) is said


@pytest.mark.parametrize("seed", range(3))
def test_the_sorter_stops_one_letter_too_early_with_the_number_that_the_key_says(seed):
    document, run = prepare(load_sheet("counting-sorter"), Options(seed=seed))
    (stop,) = (block for block in document.blocks if isinstance(block, Construction))
    (number,) = stop.solution(run)
    bias = [*load_sheet("counting-sorter").given(letters=False).weights["unembed.b_U"][:-1], number]
    says = {
        read: word
        for read, _, word in changed(
            "counting-sorter", {"unembed.b_U": bias}, [run.tokens[: at + 1] for at in range(3, 6)]
        )
    }
    assert [*says.values()] == [*run.tokens[4:6], "."]


def test_a_reading_is_what_it_says():
    assert Reading(("7", "+", "8", "="), "5") in readings("adder")
    assert Reading(("B", "A", ":"), "a") in readings("counting-sorter")
