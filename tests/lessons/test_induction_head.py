"""Look back, and copy: a proof by trying all texts, and what its mistakes make of them."""

from itertools import product

import pytest
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.lessons.induction_head import after_last
from byhand.mistakes.registry import foil
from byhand.numbers.readings import drawn
from byhand.options import Options
from byhand.pipeline import files_of, prepare, unheard
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import plain_words
from byhand.worksheet.sheet import load_sheet

MASK, W_Q, GAINS = "blocks.0.attn.mask", "blocks.1.attn.W_Q", "aside.gains"
TEXTS = [text for n in (3, 4, 5) for text in map("".join, product("DGR", repeat=n)) if after_last(text)]


def run(text, gain=3):
    """The run of a text, with as large a mask as it needs."""
    sheet = load_sheet("induction-head")
    given = sheet.given(letters=False)
    n = len(text) + 1
    mask = [[0 if j == max(i - 1, 0) else "-inf" for j in range(n)] for i in range(n)]
    query = [[[gain * (i == j) for j in range(3)] for i in range(6)]]
    values = replace(
        given, config=replace(given.config, n_ctx=n), tokens=("·", *text), inputs={MASK: mask, GAINS: [[2]]},
        weights={**given.weights, W_Q: query},
    )  # fmt: skip
    return sheet.model.run(values, RATIONALS)


def said(tape):
    """The letter with the largest logit after the last one; "" if two have it."""
    logits = tape.values("logits")[-1]
    return "·DGR"[logits.index(max(logits))] if logits.count(max(logits)) == 1 else ""


def test_it_is_right_for_all_183_texts_of_three_to_five_letters():
    assert len(TEXTS) == 183
    assert [text for text in TEXTS if said(run(text)) != after_last(text)] == []


def test_a_gain_of_2_is_too_small_for_30_of_them():
    wrong = [text for text in TEXTS if said(run(text, gain=2)) != after_last(text)]
    assert (len(wrong), "DRGD" in wrong) == (30, True)


def test_texts_that_are_too_long_go_wrong():
    assert said(run("DGRRRRRRRD")) == "G"
    assert said(run("DGRRRRRRRRD")) != "G"


@pytest.mark.parametrize(("count", "says"), [(1, "after"), (7, "after"), (8, ""), (9, "other"), (12, "other")])
def test_a_longer_text_has_the_logits_that_the_sheet_counts_for_it(count, says):
    sheet = load_sheet("induction-head")
    for values in drawn(sheet.name, sheet.model, sheet.given(letters=False), sheet.promises):
        text = "".join(values.tokens[1:])
        (other,) = {*"DGR"} - {text[-1], after_last(text)}
        inputs = {**values.inputs, "aside.further": [[count - 1]]}
        (counted,) = sheet.model.run(replace(values, inputs=inputs), RATIONALS).values("aside.longer_logits")
        longer = run(text.replace(other, other * count))
        assert counted == longer.values("logits")[-1]
        assert said(longer) == {"after": after_last(text), "other": other, "": ""}[says]


def test_its_construction_is_brought_about_by_eight_further_letters():
    for seed in range(12):
        document, run_ = prepare(load_sheet("induction-head"), Options(seed=seed))
        (construction,) = (block for block in document.blocks if isinstance(block, Construction))
        assert construction.solution(run_) == ("8",)


def test_the_last_letter_stood_at_either_of_two_places():
    sheet = load_sheet("induction-head")
    texts = drawn(sheet.name, sheet.model, sheet.given(letters=False), sheet.promises)
    assert {each.tokens.index(each.tokens[-1]) for each in texts} == {1, 2}


@pytest.mark.parametrize("mistake", ["keys-from-own-letter", "values-from-before", "gain-too-small", "one-layer"])
def test_each_mistake_makes_every_text_that_a_seed_draws_end_in_its_own_letter(mistake):
    sheet = load_sheet("induction-head")
    texts = [
        "".join(each.tokens[1:])
        for each in drawn(sheet.name, sheet.model, sheet.given(letters=False), sheet.promises)
    ]
    assert len(texts) == 12
    for text in texts:
        assert said(foil(run(text), mistake)) == text[-1]


def test_a_word_that_a_seed_draws_goes_on_in_a_circle():
    """What followed the last letter's earlier place comes again and again."""
    sheet = load_sheet("induction-head")
    for each in drawn(sheet.name, sheet.model, sheet.given(letters=False), sheet.promises):
        text = "".join(each.tokens[1:])
        circle = text[text.index(text[-1]) + 1 :]
        for n in range(6):
            text += said(run(text))
            assert text[-1] == circle[n % len(circle)]
        goes_on = sheet.model.run(each, RATIONALS).values("aside.goes_on")
        assert "".join(each.vocabulary[int(word)] for (word,) in goes_on) == text[4:8]


def test_what_an_ordinary_mask_lets_through_is_not_said_of_a_mask_of_its_own():
    sheets = [load_sheet(name) for name in ("writing", "induction-head")]
    told = {sheet.name: [*map(plain_words, prepare(sheet, Options())[0].conventions)] for sheet in sheets}
    causal = "Causal: a token sees itself and what came before."
    assert {name: causal in lines for name, lines in told.items()} == {"writing": True, "induction-head": False}


def test_its_page_for_a_screen_judges_the_longer_text():
    files = files_of("induction-head", Options(seed=1, views=("worksheet",), formats=("html",)), unheard)
    (page,) = (content.decode() for name, content in files.items() if name.endswith(".html"))
    assert "aside.further" in page
