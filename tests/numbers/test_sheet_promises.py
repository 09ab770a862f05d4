"""Every sheet keeps its own promises: with its own numbers, for every seed and level, and in a class's copies."""

import pytest
from class_runs import run_together
from every_sheet import FULL, a_share, in_turn
from msgspec.structs import replace

from byhand import choose as room
from byhand.classroom.fitting import AGAIN, breaking_promises, fitting
from byhand.classroom.plan import NumberSets, Plan
from byhand.errors import SheetError
from byhand.model.names import RESID_PRE
from byhand.model.weights import complete
from byhand.numbers.choice import evaluated
from byhand.numbers.promises import SHEET_PROMISES, broken_of_sheet, whole_time
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.symmetry.renaming import renamed
from byhand.worksheet.sheet import all_sheets, load_sheet, parse_sheet
from byhand.worksheet.thread import thread

SEEDS = range(0, 51, 1 if FULL else 25)  # a search judges all numbers that it finds
DISTANCES = "blocks.0.attn.rel_pos_keys[0]"  # a row for each, from the farthest to 0
PROMISING = {sheet.name: sheet for sheet in all_sheets() if sheet.promises}


def numbers_of(sheet, seed, level=None):
    """A sheet's numbers for a seed, and what is said of their quality; never letters."""
    return room.choose(sheet, Options(seed=seed, level=level, numbers="exact"))


def broken(sheet, values):
    return broken_of_sheet(evaluated(sheet.model, complete(values)), sheet.promises)


@pytest.mark.parametrize("name", a_share([*PROMISING], 4, 1))
def test_a_sheet_keeps_its_promises_for_every_seed(name):
    sheet = PROMISING[name]
    for seed in SEEDS:
        values, quality = numbers_of(sheet, seed)
        assert quality is None or quality["promises"] == dict.fromkeys(sheet.promises, True)
        if quality is None or seed in SEEDS[2::3]:  # what the search says it has looked at is looked at again
            assert not broken(sheet, values), seed


@pytest.mark.parametrize(
    ("name", "level", "seeds"),
    [
        (name, *asked)
        for name, asked in in_turn(
            ("easy", [1]), ("stretch", [1, 2, 3] if FULL else [2]), among=[*PROMISING][:: 1 if FULL else 3]
        )
    ],
)
def test_a_sheet_keeps_its_promises_at_every_level(name, level, seeds):
    for seed in seeds:
        assert not broken(PROMISING[name], numbers_of(PROMISING[name], seed, level)[0]), seed


@pytest.mark.parametrize("name", [*PROMISING][:: 1 if FULL else 4])
def test_class_copies_keep_the_promises_of_their_sheet(name):
    sheet = PROMISING[name]
    numbers = NumberSets(Plan(sheet, Options(seed=3, numbers="exact"), ""))
    if not numbers.renames:
        listed = numbers.plan.listed_sets()
        assert not any(broken(sheet, values) for values in listed[:: max(1, len(listed) // 10)])
        return
    own = numbers.first_set

    def run_of(keys):
        copies = (renamed(sheet.model, own, key, in_place=sheet.in_place) for key in keys)
        return run_together(sheet, [own, *copies], numbers.plan.options)

    keys = fitting(run_of, [f"student {n}" for n in range(8)])
    assert any(keys)
    assert breaking_promises(run_of([key for key in keys if key])) == []


def test_every_promise_is_named_by_a_sheet_and_says_what_it_is():
    named = {name for sheet in PROMISING.values() for name in sheet.promises if name.isidentifier()}
    assert named | {*thread().front["promises"]} == SHEET_PROMISES.keys()
    assert all(keeps.__doc__ for keeps in SHEET_PROMISES.values())


def test_the_run_of_a_seed_names_the_promises():
    _, run = prepare(load_sheet("layer-norm"), Options(seed=2))
    assert run.quality["promises"] == dict.fromkeys(load_sheet("layer-norm").promises, True)
    assert run.quality["promises"].keys() > {"last_token_is_stretched", "tokens_have_their_own_scales"}


def test_tokens_with_one_mean_or_one_variance_have_no_scales_of_their_own():
    sheet = load_sheet("layer-norm")
    own = sheet.given(letters=False)
    one_mean = [[-1, 3, -1, 3], [2, 2, 0, 0], [6, 0, 0, -2]]
    one_variance = [[3, -3, 3, -3], [-4, 2, 2, 4], [6, 0, 0, -2]]
    added = [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    for rows, also in ((one_mean, []), (one_variance, ["one_scale_is_far_larger"])):
        before = [[x - y for x, y in zip(*both, strict=True)] for both in zip(rows, added, strict=True)]
        given = {"blocks.0.hook_resid_pre": before, "blocks.0.hook_attn_out": added}
        assert broken(sheet, replace(own, inputs=given)) == ["tokens_have_their_own_scales", *also]


def test_norms_whose_deviations_are_all_alike_do_not_tell_that_each_has_its_own():
    sheet = load_sheet("layer-norm-or-batch-norm")
    alike = [[0, 2, 2, 8], [2, 0, 8, 2], [2, 8, 2, 0], [8, 2, 0, 2]]  # every row and column has a deviation of 3
    values = replace(sheet.given(letters=False), inputs={"blocks.0.hook_resid_pre": alike, "other.x": alike})
    assert broken(sheet, values) == [
        "three_norms_differ", "last_token_tells_batch_norm", "another_word_can_move_the_mean",
        "scales_differ_and_few_are_signs",
    ]  # fmt: skip


def test_a_last_word_that_looks_most_at_itself_breaks_a_promise():
    sheet = load_sheet("scores")
    own = sheet.given(letters=False)
    first, *rest = own.inputs[RESID_PRE]
    turned = replace(own, inputs={**own.inputs, RESID_PRE: [*rest, first]})
    shares = evaluated(sheet.model, complete(turned)).values("blocks.0.attn.hook_pattern[0]")[-1]
    assert shares[-1] == max(shares)
    assert "scores_tell" in broken(sheet, turned)


def test_values_on_one_line_and_a_query_for_one_thing_only_break_a_promise():
    sheet = load_sheet("cross-attention")
    own, w_v, w_q = sheet.given(letters=False), "decoder.0.cross_attn.W_V", "decoder.0.cross_attn.W_Q"
    opposite = {w_v: [[[-1, 0], [2, 2], [-1, 0], [1, 2]]]}  # the values are (2, 0), (−2, −2) and (2, 2)
    assert "values_span_a_triangle" in broken(sheet, replace(own, weights={**own.weights, **opposite}))
    narrow = {w_q: [[[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, -2], [0, 0, 0, 1]]]}
    assert "queries_ask_for_several_things" in broken(sheet, replace(own, weights={**own.weights, **narrow}))


@pytest.mark.parametrize(
    ("name", "changed", "promise"),
    [
        ("matrix-product", {"B": [[2, 0, 1], [0, -1, 2], [1, 2, 1]]}, "a_turned_factor_shows"),  # equal to Bᵀ
        ("softmax", {"scores": [[1, 2, 1]] * 3}, "mistakes_leave_no_row_right"),  # as shares also without powers
        ("byte-pairs", {"counts": [[5, 4, 2, 4]]}, "merges_are_decided"),  # two pairs come second
        ("byte-pairs", {"counts": [[8, 4, 4, 3]]}, "merges_are_decided"),  # the beginning is joined first
        ("counted-pairs", {"counts": [[3], [2], [3], [2]]}, "only_chosen_votes_are_right"),  # two words tie
        ("counted-pairs", {"counts": [[3], [8], [6], [1]]}, "only_chosen_votes_are_right"),  # a name is said more
        ("beam-search", {"next": [[4, 3, 3], [4, 3, 3], [1, 4, 5]]}, "beam_finds_what_greedy_misses"),  # greedy does
        (
            "word-in-context",
            {"x": [[4, 0], [2, 0], [1, 1], [3, 0], [2, 0]]},
            "one_word_means_two_things",
        ),  # the same thing twice
        (
            "word-in-context",
            {"x": [[2, 0], [4, 0], [1, 1], [0, 3], [0, 2]]},
            "one_word_means_two_things",
        ),  # the verb tells more than the noun
        (
            "word-in-context",
            {"x": [[4, 0], [3, 0], [1, 1], [0, 4], [0, -1]]},
            "one_word_means_two_things",
        ),  # a number that no words say
        (
            "word-in-context",
            {"x": [[4, 0], [4, 0], [1, 1], [0, 3], [0, 2]]},
            "both_meanings_can_be_drawn",
        ),  # two words in one place
        ("cross-entropy", {"logits": [[1, 3, 1, 2], [1, 1, 3, 2], [1, 1, 3, 2]]}, "surprises_are_few_halvings"),
        (
            "kv-cache",
            {"blocks.0.hook_resid_pre": [[-1, -1, 1, 0], [1, -1, -2, -2]] + [[1, 1, 1, 0]] * 2},
            "new_token_looks_most_at_one",
        ),
        (
            "position-biases",
            {"attn.raw": [[4, 2, 0, 0]]},
            "distance_changes_who_is_read",
        ),  # falls to three equal ones
        ("grouped-query-attention", {"attn.q": [[-2], [-1], [1], [2]]}, "heads_of_a_group_differ"),
        (
            "segment-memory",
            {DISTANCES: [[1, 0, 0, -1], [1, -1, -1, -1], [0, -1, 0, -1], [-7, 1, 1, 1]]},
            "memory_is_read_most",
        ),  # all look at themselves
    ],
)
def test_numbers_that_do_not_show_an_idea_break_its_promise(name, changed, promise):
    own = load_sheet(name).given(letters=False)
    assert promise in broken(load_sheet(name), replace(own, inputs={**own.inputs, **changed}))


@pytest.mark.parametrize(("last", "on_an_arrow"), [([-4, 2], True), ([-4, 3], False)])
def test_a_mixture_on_an_arrow_breaks_a_promise(last, on_an_arrow):
    """The values are (1, 2), (1, 0) and (−3, 2); the last word takes 2/7, 4/7 and 1/7 of them: 3/7 of the first."""
    sheet = load_sheet("attention-head")
    own = sheet.given(letters=False)
    weights = {**own.weights, "blocks.0.attn.W_V": [[[1, 0], [1, 0], [0, 2], last]]}
    assert ("values_span_a_triangle" in broken(sheet, replace(own, weights=weights))) == on_an_arrow


def test_two_sheets_of_one_seed_have_different_numbers():
    for names in (("feed-forward", "attention-head"), ("scores", "causal-mask")):
        one, other = (numbers_of(load_sheet(name), 5)[0].inputs for name in names)
        assert [*one.values()] != [*other.values()]


def test_a_copy_that_breaks_a_promise_gets_other_numbers():
    sheet, options = load_sheet("layer-norm"), Options(seed=3, numbers="exact")
    own = numbers_of(sheet, 3)[0]
    signs = [[1, -1, 1, -1], [3, 1, 1, 3], [0, 0, 2, 2]]  # every norm of these is 1 or −1
    flat = replace(own, inputs={"blocks.0.hook_resid_pre": signs, "blocks.0.hook_attn_out": [[0] * 4] * 3})

    def run_of(keys):
        return run_together(sheet, [own, *(own if key.endswith(AGAIN) else flat for key in keys)], options)

    assert breaking_promises(run_of(["a", "b" + AGAIN])) == [1]
    assert fitting(run_of, ["a", "b"]) == ["a" + AGAIN, "b" + AGAIN]
    assert breaking_promises(run_together(sheet, [flat, own], options)) == [], "copy 0 does not keep it"


def test_an_unknown_promise_is_an_error_of_one_line():
    text = "---\ntitle: T\ngoal: g\nmodel: softmax\npromises: [norms_have_to_sizes]\n---\n## A\n"
    with pytest.raises(SheetError) as caught:
        parse_sheet("own", text)
    assert str(caught.value).startswith(
        "own.md: promises: no promise 'norms_have_to_sizes'; did you mean 'norms_have_two_sizes'"
    )
    assert "\n" not in str(caught.value)


EASIER = ("dot-product", "layer-norm")


@pytest.mark.parametrize("name", [*EASIER, *(("attention-head", "encoder", "feed-forward", "gpt") if FULL else ())])
def test_the_numbers_of_the_easy_level_take_less_time(name):
    """By the effort model, over seeds; most single seeds are easier, too."""
    sheet = load_sheet(name)
    easy, usual = (
        [whole_time(evaluated(sheet.model, numbers_of(sheet, seed, level)[0])) for seed in range(1, 9)]
        for level in ("easy", "standard")
    )
    assert sum(easy) < 0.985 * sum(usual)
    assert sum(one < other for one, other in zip(easy, usual, strict=True)) >= 6


@pytest.mark.parametrize(("x", "keeps"), [([7, 4, 3, 0], True), ([8, 5, 4, 1], False), ([7, 1, 1, 7], False)])
def test_the_last_token_of_layer_norm_is_stretched_and_lies_on_eleven_units(x, keeps):
    """The first is from -4 to 7 with its mean taken away or not, the second from -4 to 8; the third has one size."""
    values = complete(load_sheet("layer-norm").given(letters=False))
    before, added = ("blocks.0.hook_resid_pre", "blocks.0.hook_attn_out")
    last = [total - other for total, other in zip(x, values.inputs[added][-1], strict=True)]
    with_last = replace(values, inputs={**values.inputs, before: [*values.inputs[before][:-1], last]})
    tape = evaluated(PROMISING["layer-norm"].model, with_last)
    assert broken_of_sheet(tape, ["last_token_is_stretched"]) == ([] if keeps else ["last_token_is_stretched"])
