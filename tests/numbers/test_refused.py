"""What every sheet refuses: each rule sees what it is for, and no sheet's numbers have what it does not allow."""

import pytest
from every_sheet import FULL
from msgspec.structs import replace

from byhand import choose as room
from byhand.arithmetic.exact import RATIONALS
from byhand.errors import SheetError
from byhand.model.weights import complete
from byhand.numbers.choice import evaluated
from byhand.numbers.promises import SHEET_PROMISES, broken_of_sheet, steps_named
from byhand.numbers.refused import RULES, are_parallel
from byhand.options import Options
from byhand.worksheet.sheet import all_sheets, load_sheet, parse_sheet

EVERY_SEED = range(1, 201)
SEEDS = range(1, 51) if FULL else range(1, 26)
# Whose rows have two different sets of shares over all seeds: W_O makes tenths whole too seldom in the first, and the
# second's shares are those of two heads, which are easy ones of four words. The third's are quarters and sixths, so that
# what comes back to scores is in quarters.
TWO_SETS = ("encoder", "llama-block", "gpt-backward")
SHEETS = {sheet.name: sheet for sheet in all_sheets()}
QUERY, KEY, VALUE = (f"blocks.0.attn.hook_{x}[0]" for x in "qkv")


def run_of(name, **given):
    """The run of a sheet's own numbers, some of its inputs and weights being others."""
    own = SHEETS[name].given(letters=False)
    inputs = {**own.inputs, **{k: v for k, v in given.items() if k in own.inputs}}
    weights = {**own.weights, **{k: v for k, v in given.items() if k in own.weights}}
    return evaluated(SHEETS[name].model, complete(replace(own, inputs=inputs, weights=weights)))


def refused(tape):
    return {what for what, promise in RULES.items() if not SHEET_PROMISES[promise](tape)}


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_s_own_numbers_have_nothing_that_is_refused(name):
    sheet = SHEETS[name]
    assert not broken_of_sheet(evaluated(sheet.model, complete(sheet.given(letters=False))), sheet.promises)


@pytest.mark.parametrize(("place", "name"), [*enumerate(SHEETS)])
def test_no_seed_has_what_is_refused(place, name):
    """With BYHAND_FULL=1, 200 seeds of each sheet; else one, and each sheet another, since a search keeps the rules."""
    sheet = SHEETS[name]
    for seed in EVERY_SEED if FULL else EVERY_SEED[place : place + 1]:
        values, _ = room.choose(sheet, Options(seed=seed, numbers="exact").on(sheet))
        assert not broken_of_sheet(evaluated(sheet.model, complete(values)), sheet.promises), seed


def test_what_sheets_allow_is_there_and_has_a_reason(capsys):
    allowed = {name: sheet.allows for name, sheet in SHEETS.items() if sheet.allows}
    for name, allows in allowed.items():
        assert refused(run_of(name)) == {*allows}, name
        with capsys.disabled():
            print(f"\n{name} allows", *(f"{what}: {reason}" for what, reason in allows.items()), sep="\n  ")


@pytest.mark.parametrize(
    ("name", "step", "rows", "seen"),
    [
        ("rotary", VALUE, [[1, 2], [2, 4], [1, 0], [0, 1]], {"parallel_values"}),
        ("rotary", VALUE, [[1, 2], [0, 0], [1, 0], [0, 1]], {"parallel_values"}),
        ("rotary", VALUE, [[1, 2], [1, 0], [1, -1], [1, 1]], {"constant_columns"}),
        ("linear-attention", QUERY, [[1, -1], [-1, 1], [1, 2]], {"parallel_queries"}),
        ("linear-attention", KEY, [[1, -1], [2, -2], [1, 2]], {"parallel_keys"}),
        ("mixture-of-experts", "x", [[1, 0, 2, 2], [-1, 0, -2, -2], [2, -1, 2, 1], [-1, 2, -2, -1]],
         {"parallel_tokens"}),
    ],
)  # fmt: skip
def test_a_rule_sees_rows_and_columns_that_say_the_same(name, step, rows, seen):
    assert seen <= refused(run_of(name, **{step: rows}))
    assert not refused(run_of(name)) & seen


def test_a_key_that_is_turned_is_compared_as_it_meets_queries():
    """Two equal keys are a quarter turn apart where they stand side by side."""
    keys = [[1, 1, 2, -1], [1, 1, 2, -1], [2, 1, 0, 1], [1, -2, 1, 0]]
    sheet = SHEETS["rotary"]
    own = sheet.given(letters=False)
    tape = sheet.model.run(replace(own, inputs={**own.inputs, KEY: keys}), RATIONALS, force=False)
    assert are_parallel(*tape.values(KEY)[:2])
    assert "parallel_keys" in refused(tape)  # as long as nothing is turned
    assert not are_parallel(*tape.values(KEY.replace("hook_k", "hook_rot_k"))[:2])
    assert "parallel_keys" not in refused(tape)


def test_heads_that_look_alike_and_only_at_themselves_are_refused():
    own = SHEETS["multi-head-attention"].given(letters=False).weights
    at = "blocks.0.attn."
    same = {f"{at}{w}": [own[f"{at}{w}"][0]] * 2 for w in ("W_Q", "W_K")}
    assert "heads_alike" in refused(run_of("multi-head-attention", **same))
    twice = [[[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 2]]] * 2
    rows = {"blocks.0.hook_resid_pre": [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]}
    themselves = run_of("multi-head-attention", **{f"{at}W_Q": twice, f"{at}W_K": twice}, **rows)
    assert "looking_at_oneself" in refused(themselves)


def test_two_words_that_tie_for_the_second_place_are_refused():
    own = SHEETS["gpt"].given(letters=False).weights["unembed.W_U"]
    tape = run_of("gpt")
    last = tape.values("logits")[-1]
    second = sorted(range(len(last)), key=lambda word: -last[word])[1]
    other = next(word for word in range(len(last)) if word not in (second, last.index(max(last))))
    columns = [[row[second] if word == other else x for word, x in enumerate(row)] for row in own]
    assert refused(tape) == set()
    assert "tied_words" in refused(run_of("gpt", **{"unembed.W_U": columns}))


@pytest.mark.parametrize(
    "name", [name for name in SHEETS if steps_named(run_of(name), "pattern") and name not in TWO_SETS]
)
def test_over_a_class_rows_have_three_different_sets_of_shares(name):
    """Most sheets have them within a few seeds."""
    sheet, sets = SHEETS[name], set()
    for seed in SEEDS:
        values, _ = room.choose(sheet, Options(seed=seed, numbers="exact").on(sheet))
        tape = evaluated(sheet.model, values)
        rows = (row for step in steps_named(tape, "pattern") for row in tape.values(step.name))
        sets |= {shares for row in rows if len(shares := tuple(sorted(filter(None, row)))) > 1}
        if len(sets) > 2:
            return
    pytest.fail(f"only {sets}")


def test_a_rule_that_there_is_not_is_no_rule_to_allow():
    text = "---\ntitle: T\ngoal: G\nmodel: softmax\nallows: {paralel_keys: they are places}\n---\n"
    with pytest.raises(SheetError, match="no rule 'paralel_keys'; did you mean 'parallel_keys'"):
        parse_sheet("own", text)
    assert "no_parallel_tokens" not in load_sheet("recurrent-depth").promises
