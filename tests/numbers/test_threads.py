"""The base threads: each keeps the promises of all sheets of the thread at once, and no two have the same scores."""

from itertools import permutations

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.choose import choose
from byhand.errors import ConfigError
from byhand.numbers.promises import broken_of_sheet
from byhand.numbers.threads import base, bases, with_base
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.thread import thread

AT = "blocks.0.attn."
SHEET = load_sheet("thread-scores")


def run(number):
    return SHEET.model.run(with_base(SHEET.given(letters=False), number, 0), RATIONALS)


TAPES = [run(number) for number in range(bases())]


def test_there_are_forty_base_threads_or_more():
    assert bases() >= 40


@pytest.mark.parametrize("number", range(bases()))
def test_a_base_thread_keeps_every_promise_of_every_sheet(number):
    assert broken_of_sheet(TAPES[number], SHEET.promises) == []


def test_no_two_base_threads_have_the_same_scores_up_to_signs_and_the_order_of_words_and_heads():
    def alike(tape):
        heads = [[[abs(x) for x in row] for row in tape.values(f"{AT}scores_raw[{h}]")] for h in (0, 1)]
        orders = (
            sorted([[s[i][j] for j in order] for i in order] for s in heads) for order in permutations(range(3))
        )
        return str(min(orders))

    assert len({*map(alike, TAPES)}) == bases()


def test_numbers_are_small_enough_for_a_pencil():
    """Before the probabilities no whole number has two digits but squares' means and sums of powers."""
    seen = (
        x for tape in TAPES for step in tape.used() for row in tape.values(step.name) for x in row
        if step.name.startswith(("hook_", "blocks.0.hook_", "blocks.0.mlp.hook_", f"{AT}hook_q", f"{AT}hook_k", f"{AT}hook_v"))
    )  # fmt: skip
    assert max(map(abs, seen)) <= 9


@pytest.mark.parametrize("seed", [1, 2, bases(), 10**6 + 7])
def test_a_seed_has_a_base_other_words_and_all_promises(seed):
    values, quality = choose(SHEET, Options(seed=seed))
    assert values.words() == thread().words(seed)
    assert sorted(values.vocabulary) == sorted([*values.words(), "and"])
    assert quality == {"promises": dict.fromkeys(SHEET.promises, True)}
    tape = SHEET.model.run(values, RATIONALS)
    assert broken_of_sheet(tape, SHEET.promises) == []
    assert tape.values(f"{AT}scores_raw[0]") == TAPES[seed % bases()].values(f"{AT}scores_raw[0]")
    assert tape.values("logits") != TAPES[seed % bases()].values("logits") or values.vocabulary[-1] == "and"


def test_all_sheets_of_the_thread_have_the_numbers_of_one_run():
    for seed in (0, 5, 46):
        first, *others = (choose(load_sheet(name), Options(seed=seed))[0] for name in thread().sheets)
        for other in others:
            assert (other.weights, other.vocabulary) == (first.weights, first.vocabulary)
            assert other.words() == first.words()[: len(other.words())]


def test_seed_0_has_the_first_base():
    assert choose(SHEET, Options(seed=0))[0].weights == base(0)


def test_the_base_that_it_has_may_be_asked_for():
    """As a page asks that says which it has."""
    assert choose(SHEET, Options(seed=5, base=2)) == choose(SHEET, Options(seed=5))


@pytest.mark.parametrize(("asked", "option"), [
    ({"values": {"config": {"d_mlp": 5}}}, "--values"), ({"tokens": ("cats",)}, "--tokens"),
    ({"answer": "cats"}, "--answer"), ({"numbers": "symbolic"}, "--numbers symbolic"), ({"base": 3}, "--softmax"),
])  # fmt: skip
def test_what_would_make_other_numbers_is_refused(asked, option):
    with pytest.raises(ConfigError, match=f"^the sheets of the thread share numbers .*; leave out {option}$"):
        choose(SHEET, Options(**asked))
