"""What the later sheets tell their readers holds for the numbers that they print."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF
from byhand.choose import choose
from byhand.effort import TYPICAL
from byhand.formats.html.page import Pages
from byhand.mistakes import cells_changed, foil
from byhand.model.weights import complete
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import Answer, Prose, Table, plain_words
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import all_sheets, load_sheet


def own(name):
    """A sheet's run on its own numbers."""
    sheet = load_sheet(name)
    return sheet.model.run(complete(sheet.given(letters=False)), RATIONALS)


def hides(tape, name):
    return any(x == NEG_INF for row in tape.values(name) for x in row)


def test_the_cached_row_is_the_last_one_and_the_cache_holds_the_others():
    tape = own("kv-cache")
    assert tape.values("new.z")[0] == tape.values("blocks.0.attn.hook_z[0]")[-1]
    for letter in "kv":
        assert tape.values(f"cache.{letter}") == tape.values(f"blocks.0.attn.hook_{letter}[0]")[:-1]
        assert tape.values(f"all.{letter}") == tape.values(f"blocks.0.attn.hook_{letter}[0]")


def test_only_the_decoders_own_attention_hides_anything():
    tape = own("encoder-decoder")
    parts = {part: hides(tape, f"{part}.hook_attn_scores[0]")
             for part in ("encoder.0.attn", "decoder.0.attn", "decoder.0.cross_attn")}  # fmt: skip
    assert parts == {"encoder.0.attn": False, "decoder.0.attn": True, "decoder.0.cross_attn": False}
    assert not hides(own("encoder"), "encoder.0.attn.hook_attn_scores[0]")


def test_surprises_are_whole_bits_and_gradients_add_up_to_0():
    tape = own("cross-entropy")
    assert tape.values("loss_per_token") == ((1,), (3,), (2,))
    assert tape.values("logits.grad.sum") == ((0,), (0,), (0,))
    assert own("logits-and-perplexity").values("perplexity") == ((4,),)


def test_greedy_misses_the_likeliest_path():
    tape = own("beam-search")
    assert tape.values("greedy")[0][0] < tape.values("best")[0][0]


def test_the_sizes_of_a_tiny_model_and_of_gpt_2_stand_side_by_side():
    tape = own("sizing")
    assert tape.values("params") == ((180, 124337664),)
    assert tape.values("flops") == ((4416, 874944921600),)
    assert tape.values("checkpoint") == ((4 * 3 * 180, 1492051968),)
    assert tape.values("train.days")[0][0] == 15
    assert round(float(tape.values("train.days")[0][1]), 2) == 3.46
    assert [round(float(x), 2) for x in tape.values("mfu")[0]] == [50, 37.14]


def test_a_formula_of_the_tiny_models_parameters_gives_what_the_key_says_with_biases_and_without():
    for beta, rows in ((0, {"ln1": 4, "qkv.W": 3 * 4 * 4, "out.W": 4 * 4, "mlp_in.W": 4 * 8, "mlp_out.W": 8 * 4}),
                       (1, {"ln1": 2 * 4, "qkv": 3 * 5 * 4, "out": 5 * 4, "mlp_in": 5 * 8, "mlp_out": 9 * 4})):  # fmt: skip
        page, run = prepare(load_sheet("sizing"), Options(values={"inputs": {"bias": [[beta, beta]]}}))
        tiny = {blank.cell.step: blank.cell.value for blank in page.blanks() if blank.cell.at == (0, 0)}
        assert {name: tiny[f"params.{name}"] for name in rows} == rows
        assert ("β" in Pages(lower(page, run)).html("key", "screen")) == bool(beta)


@pytest.mark.parametrize(
    ("sheet", "mistakes"),
    [
        ("word-in-context", ["shares-of-first-sentence", "word-by-itself"]),
        ("cross-entropy", ["gradient-sign"]),
        ("logits-and-perplexity", ["perplexity-averaged"]),
        ("sampling", ["temperature-on-probabilities", "not-renormalised"]),
        ("beam-search", ["two-greedy-texts", "last-share-only"]),
        ("counted-pairs", ["all-votes-counted", "counted-once", "asks-everything"]),
        ("byte-pairs", ["not-recounted", "counted-once", "longest-piece-first"]),
        ("kv-cache", ["query-from-cache"]),
        ("sizing", ["mac-as-one", "embedding-twice", "heads-counted-again"]),
        ("encoder", ["norm-before-sum"]),
        ("encoder-decoder", ["mask-in-encoder", "mask-across", "no-mask", "norm-before-sum"]),
        ("attention-in-letters", ["no-sqrt"]),
        ("relative-positions", ["distance-sign", "place-for-distance", "no-clip"]),
        ("position-biases", ["slope-sign", "same-slope-for-all", "bias-before-scale"]),
        ("distance-buckets", ["bucket-is-distance", "counted-from-the-front"]),
        ("rotary", ["queries-only", "rotate-values", "turned-backwards", "other-pairs"]),
        ("segment-memory", ["query-from-memory", "u-for-v"]),
        ("sparse-patterns", ["window-off-by-one"]),
        ("adaptive-span", ["span-after-softmax", "itself-as-a-step"]),
        ("latent-attention", ["latent-as-value"]),
        ("low-rank-attention", ["project-dimensions", "causal-linformer", "softmax-over-columns"]),
        ("family-tree", ["window-off-by-one"]),
        (
            "recurrent-depth",
            ["new-weights", "remainder-forgotten", "last-state-only", "no-residual"],
        ),
        ("reversible", ["inverse-order", "both-halves-at-once"]),
        ("linear-attention", ["state-includes-future", "no-normaliser", "phi-of-product"]),
        ("hashed-attention", ["self-attended", "hash-of-one-sign", "keys-at-any-length"]),
        ("nearest-neighbours", ["not-renormalised", "all-places", "far-counts-more"]),
        ("flash-attention", ["no-rescale", "only-o-rescaled"]),
        ("grouped-query-attention", ["tiled-groups", "cache-counts-query-heads"]),
        ("mixture-of-experts", ["not-renormalised", "all-experts", "balance-without-n"]),
        ("llama-block", ["sigmoid-for-swish", "gate-on-wrong-side"]),
    ],
)
def test_the_mistakes_that_a_sheet_is_about_show(sheet, mistakes):
    tape = own(sheet)
    for step in tape.steps:
        tape.values(step)
    assert all(cells_changed(tape, mistake) for mistake in mistakes)


@pytest.mark.parametrize(
    ("sheet", "mistake", "step", "right", "wrong"),
    [
        ("byte-pairs", "counted-once", "round2", (5, 7, 4, 4, 3), (1, 2, 1, 1, 1)),
        ("byte-pairs", "counted-once", "letters", (15, 12, 12, 12), (3, 3, 3, 4)),
        ("counted-pairs", "counted-once", "chosen", (0, 2), (0, 1)),
        ("counted-pairs", "counted-once", "all", (12, 6), (2, 3)),
        ("counted-pairs", "asks-everything", "choice", (0, 1, 0), (1, 1, 0)),
        ("counted-pairs", "asks-everything", "chosen", (0, 2), (6, 4)),
    ],
)
def test_what_a_student_finds_who_counts_once_or_asks_everything(sheet, mistake, step, right, wrong):
    tape = own(sheet)
    assert tape.values(step) == (right,)
    assert foil(tape, mistake).values(step) == (wrong,)


@pytest.mark.parametrize("sheet", ["byte-pairs", "counted-pairs"])
def test_the_place_of_a_changed_count_is_called_what_it_is(sheet):
    document, _ = prepare(load_sheet(sheet), Options(seed=33))
    (built,) = (block for block in document.blocks if isinstance(block, Construction))
    assert built.heads == ({"byte-pairs": "word", "counted-pairs": "sentence"}[sheet], "becomes")


@pytest.mark.parametrize("seed", range(51))
def test_who_tells_was_never_said_on_this_day(seed):
    """What counted-pairs says of its sentences: which lines its picture lacks, and what a query of the name finds."""
    values = choose(load_sheet("counted-pairs"), Options(seed=seed))[0]
    (day, name, verb), sentences = values.tokens, [each.split() for each in values.source]
    pairs = {pair for each in sentences for pair in pairwise(each)}
    assert not {(day, name), (name, verb)} & pairs
    assert [each[2] for each in sentences if name in each] == [values.vocabulary[5]]
    assert {each[2] for each in sentences if day in each} == {verb} == {values.vocabulary[6]}
    assert {each[3] for each in sentences if day in each} == {*values.vocabulary[7:]}
    assert [day in each for each in sentences] == [verb in each for each in sentences]


@pytest.mark.parametrize(
    ("sheet", "words", "step", "labels"),
    [
        ("segment-memory", ("ran", "away"), "blocks.0.attn.hook_k[0]", ("the", "cat", "ran", "away")),
        ("hashed-attention", ("my", "dog", "in", "its", "box", "barks"), "again.hash_along", ("dog", "barks")),
    ],
)
def test_words_of_ones_own_label_what_the_last_one_reads_elsewhere(sheet, words, step, labels):
    document, _ = prepare(load_sheet(sheet), Options(tokens=words))
    (panel,) = (each for each in document.panels() if each.step == step)
    assert panel.rows == labels


def test_no_section_asks_twice_for_one_cell():
    """An answer is known by its section, its role and its place; two alike would stop a page that answers."""
    for sheet in all_sheets():
        document, _ = prepare(sheet, Options())
        for section in document.sections:
            asked = [(blank.role, blank.cell.step, blank.cell.at) for blank in section.blanks if blank.cell.at]
            assert len(asked) == len({*asked}), (sheet.name, section.title)


def test_what_is_needed_before_a_sheet_comes_before_it():
    numbers = {sheet.name: sheet.number for sheet in all_sheets()}
    for sheet in all_sheets():
        for before in sheet.prerequisites:
            assert before in sheet_files(), f"{sheet.name} needs {before}"
            assert numbers[before] < sheet.number, f"{sheet.name} needs {before}"


@pytest.mark.parametrize(
    "asked", [{}, {"level": "easy"}, {"level": "stretch"}, {"numbers": "decimal"}, {"numbers": "symbolic"}]
)
def test_the_sittings_of_gpt_hold_all_steps_and_take_together_what_the_head_says(asked):
    document, _ = prepare(load_sheet("gpt"), Options(**asked))
    (table,) = (block for section in document.sections for block in section.blocks if isinstance(block, Table))
    told = [int(row[-1].text) for row in table.rows]
    assert told == [*document.sittings]
    assert sum(told) == document.effort.minutes
    steps = [section for section in document.sections if section.number]
    assert [row[1].text for row in table.rows] == ["1–6", "7–15", f"16–{len(steps)}"]
    for (first, last), minutes in zip(((1, 6), (7, 15), (16, len(steps))), told, strict=True):
        seconds = sum(block.effort.seconds for section in steps[first - 1 : last] for block in section.blocks)
        assert abs(TYPICAL * seconds / 60 - minutes) <= 5, first


def test_the_step_that_tells_the_models_word_is_the_one_that_the_first_page_names():
    document, _ = prepare(load_sheet("gpt"), Options())
    assert next(section.title for section in document.sections if section.number == 22) == "The next word"


def test_rows_are_named_after_the_token_that_stands_there():
    for sheet in ("logits-and-perplexity", "cross-entropy"):
        document, run = prepare(load_sheet(sheet), Options())
        assert run.tokens == ("the", "cat", "sat", "down")
        assert {panel.rows for panel in document.panels() if panel.step == "probs"} == {("the", "cat", "sat")}
        assert {box.shape for box in document.map.boxes} == {"3 × 4", f"3 × {len(run.vocabulary)}"}


def test_only_the_last_row_of_what_has_grown_is_appended():
    document, _ = prepare(load_sheet("kv-cache"), Options())
    for step, shape in (("all.k", (4, 4)), ("all.v", (4, 2))):
        (panel,) = (panel for panel in document.panels() if panel.step == step)
        blanks = [cell.at for cell in panel.flat if cell.blank]
        assert len(panel.flat) == shape[0] * shape[1]
        assert blanks == [(3, j) for j in range(shape[1])]


def test_a_number_that_decimals_cannot_show_is_printed_as_it_is():
    for seconds, shown in (("0.755", "0.755"), ("1/3", "1/3")):
        document, _ = prepare(load_sheet("sizing"), Options(values={"inputs": {"seconds": [[1, seconds]]}}))
        assert shown in {cell.text for block in document.blocks for cell in block.cells if cell.step == "seconds"}


def test_throws_are_printed_with_two_decimals():
    document, _ = prepare(load_sheet("sampling"), Options())
    assert [cell.text for block in document.blocks for cell in block.cells if cell.step == "r"] == [
        "0.21",
        "0.57",
        "0.98",
    ]


@pytest.mark.parametrize(("temperatures", "sums"), [([[1], ["1/2"]], "1 and 2"), ([["1/2"], [1]], "2 and 1")])
def test_the_key_says_what_divided_probabilities_add_up_to_in_either_order_of_the_temperatures(temperatures, sums):
    sheet = load_sheet("sampling")
    given = replace(
        sheet, values={**sheet.values, "inputs": {**sheet.values["inputs"], "temperatures": temperatures}}
    )
    document, run = prepare(given, Options(numbers="exact"))
    assert " and ".join(str(1 / t) for (t,) in run.rows["temperatures"]) == sums, "shares add up to 1, and these by T"
    (section,) = (section for section in document.sections if section.title == "Find the error")
    (answer,) = (block for block in section.words if isinstance(block, Answer))
    assert f"her rows add up to {sums}; each must add up to 1" in plain_words(answer.tokens).replace("\u00a0", " ")


def test_rows_are_named_by_their_temperatures():
    document, run = prepare(load_sheet("sampling"), Options(seed=7, numbers="exact"))
    labels = tuple(f"T = {t}" for (t,) in run.texts["temperatures"])
    named = [panel for block in document.blocks for panel in block.matrices if panel.step in ("scaled", "probs")]
    assert [panel.rows for panel in named] == [labels] * 3, "as they are computed, and as Mia has them"


def test_heads_and_cards_are_named():
    document, _ = prepare(load_sheet("grouped-query-attention"), Options())
    rows = {panel.step: panel.rows for block in document.blocks for panel in block.matrices}
    assert (rows["attn.z"], rows["attn.k"]) == (("head 1", "head 2", "head 3", "head 4"), ("card 1", "card 2"))


@pytest.mark.parametrize("seed", [0, 6, 21])
def test_the_numbers_of_batch_norm_do_not_add_up_to_0_where_the_key_says_so(seed):
    document, run = prepare(load_sheet("layer-norm-or-batch-norm"), Options(seed=seed, numbers="exact"))
    total = sum(run.values("blocks.0.bn.hook_normalized")[-1])
    assert total != 0
    assert "0 in each column, but not for" in Pages(lower(document, run)).html("worksheet", "print")


def told(document):
    prose = (word for section in document.sections for word in section.words if isinstance(word, Prose))
    return " ".join(plain_words(token.children or ()) for word in prose for token in word.tokens)


@pytest.mark.parametrize(("furthest", "far"), [(8, 4), (16, 6), (17, 6), (18, 6), (20, 7)])
def test_the_buckets_that_are_told_are_those_of_the_biases(furthest, far):
    words = [f"w{k}" for k in range(far + 2)]
    config = {"n_ctx": len(words), "relative_attention_max_distance": furthest}
    inputs = {
        "attn.scores": [[0] * len(words)],
        "attn.table": [[0, 1, 2, 3]],
        "attn.v": [[1, k] for k in range(far + 2)],
    }
    values = {"config": config, "tokens": words, "inputs": inputs}
    document, run = prepare(load_sheet("distance-buckets"), Options(values=values, cache=False))
    (biases,) = run.values("attn.bias")
    assert [*biases][::-1] == [0, 1, *[2] * (far - 2), 3, 3]
    assert f"2 to {far - 1} steps back share bucket 2; {far} or more share bucket 3" in told(document)


def test_the_slopes_that_are_told_are_those_of_the_heads():
    values = {"config": {"alibi_slopes": [2, 3]}}
    document, _ = prepare(load_sheet("position-biases"), Options(values=values, cache=False))
    assert "a word loses 2 for every step back" in told(document)
    assert "Its slope is 3" in told(document)
