"""What a values file holds, checked before anything runs."""

from fractions import Fraction

import pytest

from byhand.arithmetic.expr import NEG_INF
from byhand.errors import ByHandError, UnknownNameError, ValuesError
from byhand.model.config import Config
from byhand.model.parameters import OF_LESSONS
from byhand.model.weights import Values, numbers, parameter_shapes

SIZES = {"d_model": 2, "n_heads": 2, "d_head": 1, "d_v": 1, "d_mlp": 3, "n_ctx": 3, "d_vocab": 4}
ATTN = "blocks.0.attn"
X = "blocks.0.hook_resid_pre"


def values(weights=None, inputs=None, **entries):
    return Values.of({"config": SIZES, "weights": weights, "inputs": inputs, **entries})


def test_a_parameter_with_heads_becomes_a_matrix_a_head():
    given = numbers(values({f"{ATTN}.W_Q": [[[1], [2]], [[3], [4]]], f"{ATTN}.b_K": [[5], [6]]}))
    assert given == {
        f"{ATTN}.W_Q[0]": ((1,), (2,)),
        f"{ATTN}.W_Q[1]": ((3,), (4,)),
        f"{ATTN}.b_K[0]": ((5,),),
        f"{ATTN}.b_K[1]": ((6,),),
    }


def test_w_o_is_the_heads_parts_one_below_the_other():
    assert numbers(values({f"{ATTN}.W_O": [[[1, 2]], [[3, 4]]]})) == {f"{ATTN}.W_O": ((1, 2), (3, 4))}


@pytest.mark.parametrize(
    ("name", "entry", "rows"),
    [
        (f"{ATTN}.W_Q[1]", [[1], [2]], ((1,), (2,))),
        (f"{ATTN}.W_O[1]", [[1, 2]], ((1, 2),)),
        (f"{ATTN}.b_Q[0]", [7], ((7,),)),
        (f"{ATTN}.b_O", [1, 2], ((1, 2),)),
        ("blocks.0.mlp.b_in", [1, "1/2", 0.25], ((1, Fraction(1, 2), Fraction(1, 4)),)),
        ("blocks.0.ln1.w", ["a", "-1"], (("a", -1),)),
        ("embed.W_E", ((1, 2),) * 4, ((1, 2),) * 4),
    ],
)
def test_a_parameter_becomes_rows(name, entry, rows):
    assert numbers(values({name: entry})) == {name: rows}


def test_every_parameter_has_a_shape():
    shapes = parameter_shapes(Config.of({**SIZES, "n_layers": 2}))
    own = shapes.keys() - OF_LESSONS
    assert len(own) == 4 + 2 * (16 + 16 + 18 + 8) + 2 * 2  # blocks, encoder, decoder, cross-attention; norms
    assert shapes["blocks.1.attn.W_O"] == (2, 1, 2)
    assert shapes["unembed.W_U"] == (2, 4)


def test_scores_and_masks_may_hold_minus_infinity():
    given = {f"{ATTN}.scores_raw[0]": [["-inf", 1]], f"{ATTN}.mask": [[0, "-∞"]]}
    assert numbers(values(inputs=given)) == {
        f"{ATTN}.scores_raw[0]": ((NEG_INF, 1),),
        f"{ATTN}.mask": ((0, NEG_INF),),
    }


def nested(depth):
    entry = 1
    for _ in range(depth):
        entry = [entry]
    return entry


W_IN, W_Q = "blocks.0.mlp.W_in", f"{ATTN}.W_Q"
NUMBER = "is not a number; write one as 3, 0.25 or '-1/2'"
BAD_WEIGHTS = [
    (W_IN, [[1, 2], [3, 4]], f"{W_IN} is 2 × 2; the config needs 2 × 3"),
    (W_IN, 5, f"{W_IN} is a single number; the config needs 2 × 3"),
    (W_IN, "123456", f"{W_IN} is a single number; the config needs 2 × 3"),
    (W_IN, None, f"{W_IN} is a single number; the config needs 2 × 3"),
    (W_IN, {"a": 1}, f"{W_IN} is a single number; the config needs 2 × 3"),
    (W_IN, [], f"{W_IN} is 0; the config needs 2 × 3"),
    (W_IN, [[], []], f"{W_IN} is 2 × 0; the config needs 2 × 3"),
    (W_Q, [[1], [2]], f"{W_Q} is 2 × 1; the config needs 2 × 2 × 1"),
    (f"{W_Q}[0]", [[[1], [2]]], f"{W_Q}[0] is 1 × 2 × 1; the config needs 2 × 1"),
    (W_IN, [[1, 2, 3], [4, 5]],
     f"{W_IN} is ragged: its rows have different lengths; every row needs as many entries"),
    (W_IN, [[1, 2, 3], 4], f"{W_IN} is ragged: its rows have different lengths; every row needs as many entries"),
    (W_IN, [1, [2, 3]], f"{W_IN} is ragged: it holds lists beside numbers; every row needs as many entries"),
    (W_IN, [[1, 2, [3]], [4, 5, 6]],
     f"{W_IN} is ragged: it holds lists beside numbers; every row needs as many entries"),
    (W_IN, [[1, 2, 3], [4, 5, "six"]], f"{W_IN}: 'six' {NUMBER}"),
    (W_IN, [[1, 2, 3], [4, 5, float("nan")]], f"{W_IN}: nan {NUMBER}"),
    (W_IN, [[1, 2, 3], [4, 5, True]], f"{W_IN}: True {NUMBER}"),
    (W_IN, [[1, 2, 3], [4, 5, None]], f"{W_IN}: None {NUMBER}"),
    (W_IN, [[1, 2, 3], [4, 5, "-inf"]], f"{W_IN} holds −∞, which only scores and masks may"),
    (W_IN, nested(100_000), f"{W_IN} is a list in a list more than 3 deep; give it as rows, [[…], […]]"),
    (W_IN, [[0] * 1000] * 1000, f"{W_IN} has more than 100,000 entries; a worksheet has a hundred"),
    (W_IN, [0] * 10**6, f"{W_IN} has more than 100,000 entries; a worksheet has a hundred"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "entry", "message"), BAD_WEIGHTS, ids=[case[2][:60] for case in BAD_WEIGHTS])
def test_a_parameter_that_does_not_fit_says_why(name, entry, message):
    with pytest.raises(ValuesError) as caught:
        numbers(values({name: entry}))
    assert str(caught.value) == message


def test_a_parameter_of_words_needs_a_vocabulary():
    for entry in ([[1, 2]], [], [[], []]):
        with pytest.raises(ValuesError, match=r"unembed\.W_U needs a vocabulary: give d_vocab, or a list of words"):
            numbers(Values.of({"config": {"d_model": 2}, "weights": {"unembed.W_U": entry}}))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ([1, 2], f"{X} is 2; give it as rows, [[…], […]]"),
        (7, f"{X} is a single number; give it as rows, [[…], […]]"),
        ([], f"{X} is 0; give it as rows, [[…], […]]"),
        ([[]], f"{X} is 1 × 0; give it as rows, [[…], […]]"),
        ([[[1]]], f"{X} is 1 × 1 × 1; give it as rows, [[…], […]]"),
        (nested(5000), f"{X} is a list in a list more than 3 deep; give it as rows, [[…], […]]"),
        ([[1, 2], [3]], f"{X} is ragged: its rows have different lengths; every row needs as many entries"),
        ([["-inf", 0]], f"{X} holds −∞, which only scores and masks may"),
        ([["one", 0]], f"{X}: 'one' {NUMBER}"),
    ],
)
def test_an_input_that_is_no_matrix_says_why(entry, message):
    with pytest.raises(ValuesError) as caught:
        numbers(values(inputs={X: entry}))
    assert str(caught.value) == message


def test_all_problems_are_reported_at_once():
    with pytest.raises(ValuesError) as caught:
        numbers(values({W_IN: [[1]], "embed.W_E": [["x y"] * 2] * 4}, {X: [1]}))
    assert str(caught.value) == (
        f"{W_IN} is 1 × 1; the config needs 2 × 3; embed.W_E: 'x y' {NUMBER}; {X} is 1; give it as rows, [[…], […]]"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("blocks.0.attn.W_P", "no parameter 'blocks.0.attn.W_P'; did you mean 'blocks.0.attn.W_"),
        ("blocks.1.ln1.w", "no parameter 'blocks.1.ln1.w'; did you mean 'blocks.0.ln1.w'?"),
        ("blocks.0.attn.W_Q[2]", "no parameter 'blocks.0.attn.W_Q[2]'; did you mean 'blocks.0.attn.W_Q'?"),
        ("blocks.0.attn.W_Q[x]", "no parameter 'blocks.0.attn.W_Q[x]'; did you mean 'blocks.0.attn.W_Q'?"),
        ("blocks.0.attn.W_Q[0", "no parameter 'blocks.0.attn.W_Q[0'; did you mean 'blocks.0.attn.W_Q'?"),
        ("blocks.0.ln1.w[0]", "no parameter 'blocks.0.ln1.w[0]'; did you mean 'blocks.0.ln1.w'?"),
    ],
)
def test_an_unknown_parameter_has_a_likely_one(name, message):
    with pytest.raises(UnknownNameError) as caught:
        numbers(values({name: [1]}))
    assert str(caught.value).startswith(message)


BAD_FILES = [
    ([1], "a values file is a table of config, tokens, source, vocabulary, target, inputs, weights; found list"),
    (None, "a values file is a table of config, tokens, source, vocabulary, target, inputs, weights; found NoneType"),
    ({"wieghts": {}}, "no entry of a values file 'wieghts'; did you mean 'weights'?"),
    ({"config": [1]}, "config is a table of names; found list"),
    ({"weights": 3}, "weights is a table of names; found int"),
    ({"tokens": 3}, "tokens is a list; found int"),
    ({"tokens": [True]}, "tokens holds True; write words in quotes"),
    ({"tokens": [1.5]}, "tokens holds 1.5; write words in quotes"),
    ({"tokens": [""]}, "tokens holds ''; write words in quotes"),
    ({"tokens": nested(50_000)}, "tokens holds [[[...]]]; write words in quotes"),
    ({"tokens": [0] * 100_001}, "tokens has more than 100,000 entries; a worksheet has ten"),
    ({"vocabulary": ["a", 2]}, "vocabulary holds 2; write words in quotes"),
    ({"vocabulary": ["a", "b", "a"]}, "vocabulary holds 'a' twice; a word has one place"),
]


@pytest.mark.parametrize(("entries", "message"), BAD_FILES, ids=[case[1][:40] for case in BAD_FILES])
def test_a_values_file_that_is_none_says_why(entries, message):
    with pytest.raises(ByHandError) as caught:
        Values.of(entries)
    assert str(caught.value) == message


def test_tokens_may_be_words_ids_or_a_sentence():
    words = ["the", "cat", "sat", "mat"]
    assert values(vocabulary=words, tokens=["cat", 3]).ids() == (1, 3)
    assert values(vocabulary="the cat sat mat", tokens="the cat").ids() == (0, 1)
    assert values(tokens=[3, 0]).ids() == (3, 0)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"vocabulary": ["a", "the", "cat", "sat"], "tokens": ["dog", "cat", "sun"]},
         "token 'dog' is not in the vocabulary; its words are a, the, cat, sat; "
         "token 'sun' is not in the vocabulary; its words are a, the, cat, sat"),
        ({"tokens": ["dog"]},
         "token 'dog' is not in the vocabulary; its words are none: give tokens as numbers, or a vocabulary"),
        ({"tokens": [4]}, "token 4 is not in the vocabulary of 4; use 0 to 3"),
        ({"tokens": [-1]}, "token -1 is not in the vocabulary of 4; use 0 to 3"),
    ],
)  # fmt: skip
def test_a_token_that_is_not_in_the_vocabulary_says_what_is(entries, message):
    with pytest.raises(ValuesError) as caught:
        values(**entries).ids()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("entries", "positions"),
    [({}, 3), ({"tokens": [0, 1]}, 2), ({"inputs": {X: [[1, 2]]}}, 1), ({"tokens": [0], "inputs": {X: [[1, 2]]}}, 1)],
)
def test_positions_are_counted_from_tokens_inputs_or_n_ctx(entries, positions):
    assert values(**entries).positions() == positions


@pytest.mark.parametrize("entries", [{"tokens": [0] * 4}, {"inputs": {X: [[1, 2]] * 4}}])
def test_more_tokens_than_n_ctx_are_refused(entries):
    with pytest.raises(ValuesError, match="4 tokens are more than n_ctx=3; use fewer, or a larger n_ctx"):
        values(**entries).positions()
