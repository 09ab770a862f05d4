"""The small models, in numbers that a person checks in the head."""

from fractions import Fraction

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.errors import ByHandError
from byhand.model import MODELS
from byhand.model.weights import Values


def values_of(model, name, domain=RATIONALS, **entries):
    """The rows of one step, as numbers or as the text of fractions."""
    rows = MODELS[model].run(Values.of(entries), domain).values(name)
    return [[int(x) if x == int(x) else str(x) for x in row] for row in rows]


PAIR = {"inputs": {"u": [[1, 2], [3, 4]], "v": [[5, 6], [1, 0]]}}
ARROWS = {"inputs": {**PAIR["inputs"], "u2": [[4, 3]], "v2": [[1, 2], [-3, 4], [-4, 2]]}}
TENT = {
    "config": {"d_model": 1, "d_mlp": 1}, "tokens": ["a"],
    "inputs": {"x": [[1]], "bend.W_in": [[1, 1]], "bend.b_in": [[1, -1]], "bend.W_out": [[1], [-2]]},
    "weights": {"blocks.0.mlp.W_in": [[1]], "blocks.0.mlp.W_out": [[1]]},
}  # fmt: skip
PRODUCT = {"inputs": {"A": [[1, 2], [3, 4]], "B": [[5, 6], [1, 0]]}}
LINEAR = {
    "config": {"d_model": 2, "d_mlp": 3},
    "inputs": {"x": [[1, 2], [0, 1]]},
    "weights": {"linear.W": [[1, 2, 3], [4, 5, 6]], "linear.b": [1, 0, -1]},
}
SCORES = {"config": {"softmax_base": 2}, "inputs": {"scores": [[0, 1, 0]]}}
WORDS = {
    "config": {"d_model": 2}, "vocabulary": ["a", "b", "c"], "tokens": ["c", "a"],
    "weights": {"embed.W_E": [[1, 2], [3, 4], [5, 6]]},
}  # fmt: skip
WAVES = {
    "config": {"d_model": 4, "n_ctx": 3, "sinusoidal_periods": [4, 2]},
    "inputs": {"hook_embed": [[1, 1, 1, 1]] * 3},
}
MIXED = {
    "config": {"d_model": 2, "d_mlp": 2},
    "inputs": {
        "blocks.0.hook_resid_pre": [[2, 0], [0, -4]],
        "blocks.0.attn.hook_pattern[0]": [[1, 0], ["1/2", "1/2"]],
    },
    "weights": {"blocks.0.mlp.W_in": [[1, 0], [0, 1]], "blocks.0.mlp.W_out": [[1, 1], [0, 5]]},
}
SPELLED = {
    "config": {"n_ctx": 4}, "tokens": [*"tear"], "source": ["tea", "ear", "ten"], "inputs": {"counts": [[2, 5, 1]]},
    "vocabulary": [*"tearn", "ea", "ear", "te"],
}  # fmt: skip
SAID = {
    "config": {"n_ctx": 2, "d_head": 2}, "tokens": ["she", "sat"], "vocabulary": ["he", "she", "ran", "sat", "up", "down"],
    "source": ["he ran up", "she ran up", "she sat down", "he sat up"],
    "inputs": {
        "counts": [[1], [2], [3], [4]], "query": [[0, 2]], "keys": [[1, 1], [5, 0]], "weights": [["1/2", 1]],
    },
}  # fmt: skip
JUDGED = {
    "config": {"softmax_base": 2, "d_vocab": 3, "d_model": 2}, "tokens": [0, 1, 2],
    "inputs": {"logits": [[0, 1, 0], [1, 0, 0]]},
}  # fmt: skip
UNEMBEDDED = {
    "config": {"softmax_base": 2, "d_model": 2}, "vocabulary": ["a", "b"], "tokens": ["b", "a", "b"],
    "inputs": {"ln_final.hook_normalized": [[1, 0], [0, 1]]},
    "weights": {"unembed.W_U": [[1, 1], [2, 2]], "embed.W_E": [[3, 4], [5, 6]]},
}  # fmt: skip
SAMPLED = {
    "config": {"softmax_base": 2, "d_vocab": 3},
    "inputs": {
        "logits": [[0, 2, 1]], "temperatures": [[1], ["1/2"]], "k": [[2]], "p": [["5/6"]],
        "r": [["1/10"], ["1/2"], ["9/10"]],
    },
}  # fmt: skip
HUMMED = {
    "config": {"d_vocab": 3}, "inputs": {"first": [[4], [1], [5]], "next": [[4, 3, 3], [0, 1, 9], [1, 4, 5]]},
}  # fmt: skip
IN_TWO = {
    "config": {"softmax_base": 2, "d_vocab": 2}, "vocabulary": ["wet", "dry"],
    "tokens": ["sea", "rise", "bank", "pay", "cash", "bank"], "inputs": {"x": [[3, 0], [0, 1], [1, 0], [0, 4], [1, 5]]},
}  # fmt: skip
CACHED = {
    "config": {"d_model": 2, "d_head": 1, "d_v": 1, "softmax_base": 2},
    "inputs": {"blocks.0.hook_resid_pre": [[1, 0], [0, 1], [1, 1]]},
    "weights": {
        "blocks.0.attn.W_Q": [[[1], [0]]], "blocks.0.attn.W_K": [[[1], [0]]], "blocks.0.attn.W_V": [[[3], [5]]],
    },
}  # fmt: skip
CASES = [
    ("dot-product", PAIR, "dot", [[17], [3]]),
    ("dot-product", PAIR, "elementwise", [[5, 12], [3, 0]]),
    ("dot-product", {"inputs": {**PAIR["inputs"], "p": [[1, -2]], "q": [[3, 1]]}}, "pq", [[1]]),
    ("dot-product", {"inputs": {**PAIR["inputs"], "r": [[1, -2, 0]], "s": [[3, 1, 9]]}}, "rs", [[1]]),
    ("dot-product", ARROWS, "shadow.length", [[5]]),
    ("dot-product", ARROWS, "shadow.dot", [[10], [0], [-10]]),
    ("dot-product", ARROWS, "shadow", [[2], [0], [-2]]),
    ("matrix-product", PRODUCT, "AB", [[7, 6], [19, 18]]),
    ("matrix-product", {"inputs": {**PRODUCT["inputs"], "other.A": [[2, 3]], "other.B": [[5], [7]]}}, "other.AB", [[31]]),
    ("mlp", TENT, "bend.x", [[-2], [-1], [0], [1], [2], [3]]),
    ("mlp", TENT, "bend.post", [[0, 0], [0, 0], [1, 0], [2, 0], [3, 1], [4, 2]]),
    ("mlp", TENT, "bend.sum", [[0], [0], [1], [2], [1], [0]]),
    ("matrix-product", PRODUCT, "BA", [[23, 34], [1, 2]]),
    ("linear-layer", LINEAR, "y", [[10, 12, 14], [5, 5, 5]]),
    ("linear-layer", LINEAR, "count", [[9]]),
    ("linear-layer", {**LINEAR, "weights": {**LINEAR["weights"], "other.W": [[1, 0, 0], [0, 1, 0]]}}, "other.y",
     [[1, 2, 0], [0, 1, 0]]),
    ("softmax", SCORES, "shifted.softmax.exp", [[32, 64, 32]]),
    ("softmax", SCORES, "shifted.softmax", [["1/4", "1/2", "1/4"]]),
    ("softmax", SCORES, "other_base.softmax", [["1/5", "3/5", "1/5"]]),
    ("softmax", SCORES, "doubled.softmax", [["1/6", "2/3", "1/6"]]),
    ("embedding", WORDS, "one_hot", [[0, 0, 1], [1, 0, 0]]),
    ("embedding", WORDS, "hook_embed", [[5, 6], [1, 2]]),
    ("embedding", WORDS, "one_hot.product", [[5, 6], [1, 2]]),
    ("embedding", {**WORDS, "weights": {**WORDS["weights"], "other.W_E": [[7, 8], [0, 0], [9, 4]]}}, "other.embed",
     [[9, 4], [7, 8]]),
    ("positional-encoding", WAVES, "turns", [[0, 0], ["1/4", "1/2"], ["1/2", 1]]),
    ("positional-encoding", WAVES, "hook_pos_embed", [[0, 1, 0, 1], [1, 0, 0, -1], [0, -1, 0, 1]]),
    ("positional-encoding", WAVES, "blocks.0.hook_resid_pre", [[1, 2, 1, 2], [2, 1, 1, 0], [1, 0, 1, 2]]),
    ("transformer-by-hand", MIXED, "blocks.0.attn.hook_z[0]", [[2, 0], [1, -2]]),
    ("transformer-by-hand", MIXED, "blocks.0.hook_mlp_out", [[2, 2], [1, 1]]),
    ("cross-entropy", JUDGED, "probs", [["1/4", "1/2", "1/4"], ["1/2", "1/4", "1/4"]]),
    ("cross-entropy", JUDGED, "loss_per_token", [[1], [2]]),
    ("cross-entropy", JUDGED, "loss", [["3/2"]]),
    ("cross-entropy", JUDGED, "logits.grad", [["1/4", "-1/2", "1/4"], ["1/2", "1/4", "-3/4"]]),
    ("cross-entropy", JUDGED, "logits.grad.sum", [[0], [0]]),
    ("perplexity", UNEMBEDDED, "logits", [[1, 1], [2, 2]]),
    ("perplexity", UNEMBEDDED, "tied_logits", [[3, 5], [4, 6]]),
    ("perplexity", UNEMBEDDED, "perplexity", [[2]]),
    ("sampling", SAMPLED, "probs", [["1/7", "4/7", "2/7"], ["1/21", "16/21", "4/21"]]),
    ("sampling", SAMPLED, "top_k.probs", [[0, "2/3", "1/3"]]),
    ("sampling", SAMPLED, "top_p.probs", [[0, "4/5", "1/5"]]),
    ("sampling", SAMPLED, "plain.ends", [["1/7", "5/7", 1]]),
    ("sampling", SAMPLED, "plain.drawn", [[0], [1], [2]]),
    ("sampling", SAMPLED, "top_k.ends", [[0, "2/3", 1]]),
    ("sampling", SAMPLED, "top_k.drawn", [[1], [1], [2]]),
    ("beam-search", HUMMED, "greedy.after2", [[1, 4, 5]]),
    ("beam-search", HUMMED, "greedy", [[125]]),
    ("beam-search", HUMMED, "first.kept", [[4], [0], [5]]),
    ("beam-search", HUMMED, "two", [[16, 12, 12], [0, 0, 0], [5, 20, 25]]),
    ("beam-search", HUMMED, "kept", [[25], [20]]),
    ("beam-search", HUMMED, "kept.word2", [[0, 0, 1], [0, 1, 0]]),
    ("beam-search", HUMMED, "dropped", [[16]]),
    ("beam-search", HUMMED, "three", [[25, 100, 125], [0, 20, 180]]),
    ("beam-search", HUMMED, "best.word2", [[0, 1, 0]]),
    ("beam-search", HUMMED, "best", [[180]]),
    ("beam-search", HUMMED, "all.two", [[21, 33, 46]]),
    ("beam-search", HUMMED, "all.three", [[130, 280, 590]]),
    ("byte-pairs", SPELLED, "round1", [[3, 7, 5, 1]]),
    ("byte-pairs", SPELLED, "round2.held", [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]),
    ("byte-pairs", SPELLED, "round2", [[2, 5, 1, 1]]),
    ("byte-pairs", SPELLED, "round3", [[2, 1, 1]]),
    ("byte-pairs", SPELLED, "left.first", [[0], [0], [1]]),
    ("byte-pairs", SPELLED, "left.second", [[5], [1], [4]]),
    ("byte-pairs", SPELLED, "letters", [[6, 15, 3]]),
    ("byte-pairs", SPELLED, "size0", [[24]]),
    ("byte-pairs", SPELLED, "size2", [[12]]),
    ("byte-pairs", SPELLED, "cut", [[0], [6]]),
    ("byte-pairs", SPELLED, "longest", [[7], [2], [3]]),
    ("byte-pairs", SPELLED, "ids", [[1], [7]]),
    ("counted-pairs", SAID, "held", [[0, 1, 1, 0], [0, 0, 1, 1]]),
    ("counted-pairs", SAID, "votes", [[2, 3], [4, 3]]),
    ("counted-pairs", SAID, "last", [[4, 3]]),
    ("counted-pairs", SAID, "all", [[6, 6]]),
    ("counted-pairs", SAID, "choice", [[2, 0]]),
    ("counted-pairs", SAID, "earlier.query", [[1, 1]]),
    ("counted-pairs", SAID, "earlier.choice", [[2]]),
    ("counted-pairs", SAID, "earlier.votes", [[2, 3]]),
    ("counted-pairs", SAID, "earlier.chosen", [[4, 6]]),
    ("counted-pairs", SAID, "chosen", [[4, 6]]),
    ("counted-pairs", SAID, "weighed", [[5, "9/2"]]),
    ("word-in-context", IN_TWO, "first.scores", [[3, 0, 1]]),
    ("word-in-context", IN_TWO, "first.share", [["8/11", "1/11", "2/11"]]),
    ("word-in-context", IN_TWO, "first.mixed", [["26/11", "1/11"]]),
    ("word-in-context", IN_TWO, "second.scores", [[0, 1, 1]]),
    ("word-in-context", IN_TWO, "second.mixed", [["4/5", "14/5"]]),
    ("word-in-context", IN_TWO, "second.says", [[1]]),
    ("kv-cache", CACHED, "new.scores", [[1, 0, 1]]),
    ("kv-cache", CACHED, "all.v", [[3], [5], [8]]),
    ("kv-cache", CACHED, "new.z", [["27/5"]]),
]  # fmt: skip


@pytest.mark.parametrize(("model", "entries", "step", "expected"), CASES)
def test_a_small_model_gives_what_a_person_computes(model, entries, step, expected):
    assert values_of(model, step, **entries) == expected


def test_tied_words_need_one_table_only():
    config = {**UNEMBEDDED["config"], "tie_word_embeddings": True}
    weights = {"embed.W_E": UNEMBEDDED["weights"]["embed.W_E"], "unembed.b_U": [10, 20]}
    assert values_of("perplexity", "logits", FLOATS, **{**UNEMBEDDED, "config": config, "weights": weights}) == [
        [13, 25],
        [14, 26],
    ]


def test_a_cached_row_is_the_last_row_of_the_whole_run():
    tape = MODELS["kv-cache"].run(Values.of(CACHED), RATIONALS)
    assert tape.values("new.z")[0] == tape.values("blocks.0.attn.hook_z[0]")[-1]


def test_a_1_by_1_convolution_is_the_feed_forward_network():
    weights = {
        "blocks.0.mlp.W_in": [[1, 2, -1], [0, -3, 4]], "blocks.0.mlp.b_in": [1, 0, -2],
        "blocks.0.mlp.W_out": [[1, 1], [0, 2], [-1, 3]], "blocks.0.mlp.b_out": [5, 7],
    }  # fmt: skip
    entries = {
        "config": {"d_model": 2, "d_mlp": 3},
        "inputs": {"blocks.0.hook_resid_mid": [[1, 2], [-1, 3]]},
        "weights": weights,
    }
    tape = MODELS["convolution"].run(Values.of(entries), RATIONALS)
    assert tape.values("blocks.0.hook_conv_out") == tape.values("blocks.0.hook_mlp_out")
    assert tape.values("blocks.0.conv_in.kernel[1]") == ((2, -3),)
    assert tape.values("count") == ((2 * 3 + 3,),)
    assert tape.values("count.colour") == ((3 * 3 + 3,),)


def test_a_decoder_sees_its_own_past_and_all_of_the_encoder():
    config = {"d_model": 2, "d_head": 1, "d_v": 1, "n_ctx": 3, "normalization_type": None, "softmax_base": 2}
    stacks = ("encoder.0.attn", "decoder.0.attn", "decoder.0.cross_attn")
    weights = {f"{at}.{w}": [[[0], [0]]] for at in stacks for w in ("W_Q", "W_K")}  # equal scores: means
    weights |= {f"{at}.W_V": [[[1], [0]]] for at in stacks} | {f"{at}.W_O": [[[0, 1]]] for at in stacks}
    weights |= {f"{at}.mlp.W_in": [[0] * 8] * 2 for at in ("encoder.0", "decoder.0")}
    weights |= {f"{at}.mlp.W_out": [[0, 0]] * 8 for at in ("encoder.0", "decoder.0")}
    inputs = {"encoder.0.hook_resid_pre": [[1, 0], [2, 0], [6, 0]], "decoder.0.hook_resid_pre": [[4, 0], [8, 0]]}
    tape = MODELS["encoder-decoder"].run(
        Values.of({"config": config, "inputs": inputs, "weights": weights}), RATIONALS
    )
    assert tape.values("encoder.0.attn.hook_z[0]") == ((3,), (3,), (3,))
    assert tape.values("decoder.0.attn.hook_z[0]") == ((4,), (6,))
    assert tape["decoder.0.cross_attn.hook_pattern[0]"].shape == (2, 3)
    assert tape["decoder.0.cross_attn.hook_pattern[0]"].axes == ("pos", "source")
    assert tape.values("decoder.0.hook_resid_post") == ((4, 4 + 3), (8, 6 + 3))


# nanoGPT, transformer_sizing.ipynb at commit 3adf61e: GPT-2 124M without biases, its words tied
SIZES = {"n_layers": 12, "d_model": 768, "n_heads": 12, "d_head": 64, "d_mlp": 3072, "d_vocab": 50257, "n_ctx": 1024}
FIGURES = {
    "params.pos_embed": (786432, 0.6325), "params.embed": (38597376, 31.0424), "params.embeddings": (39383808, 31.6749),
    "params.ln1": (768, 0.0006), "params.qkv": (1769472, 1.4231), "params.out": (589824, 0.4744),
    "params.attn": (2360064, 1.8981), "params.ln2": (768, 0.0006), "params.mlp_in": (2359296, 1.8975),
    "params.mlp_out": (2359296, 1.8975), "params.mlp": (4719360, 3.7956), "params.block": (7079424, 5.6937),
    "params.blocks": (84953088, 68.3245), "params.ln_final": (768, 0.0006), "params": (124337664, None),
    "flops.qkv": (3623878656, 1.2426), "flops.scores": (1610612736, 0.5522), "flops.mixture": (1610612736, 0.5522),
    "flops.out": (1207959552, 0.4142), "flops.attn": (8053063680, 2.7612), "flops.mlp_in": (4831838208, 1.6567),
    "flops.mlp_out": (4831838208, 1.6567), "flops.mlp": (9663676416, 3.3135), "flops.block": (17716740096, 6.0747),
    "flops.blocks": (212600881152, 72.8963), "flops.unembed": (79047426048, 27.1037), "flops.forward": (291648307200, None),
    "flops.backward": (583296614400, None), "flops": (874944921600, None), "checkpoint": (1492051968, None),
    "palm.flops": (875062886400, None),
}  # fmt: skip


def gpt2(**inputs):
    given = {name: [[number]] for name, number in (SIZES | inputs).items()}
    return Values.of({"config": {"tie_word_embeddings": True}, "inputs": given})


def test_the_published_size_of_gpt_2_comes_out():
    tape = MODELS["sizing"].run(gpt2(batch=100, seconds="0.755", train_tokens=300 * 10**9), RATIONALS)
    for name, (figure, share) in FIGURES.items():
        assert tape.values(name) == ((figure,),), name
        if share is not None:
            assert round(float(tape.values(f"share.{name}")[0][0]), 4) == share, name
    assert round(float(tape.values("mfu")[0][0]), 2) == 37.14
    assert round(float(tape.values("train.days")[0][0]), 2) == 3.46


# the same notebook's other configurations; with biases, as in the weights that OpenAI published
LARGER = [
    ({}, 124337664, 124439808),
    ({"n_layers": 24, "n_heads": 16, "d_model": 1024, "d_mlp": 4096}, 354551808, 354823168),
    ({"n_layers": 36, "n_heads": 20, "d_model": 1280, "d_mlp": 5120}, 773521920, 774030080),
    ({"n_layers": 48, "n_heads": 25, "d_model": 1600, "d_mlp": 6400}, 1556764800, 1557611200),
]


@pytest.mark.parametrize(("sizes", "without", "with_biases"), LARGER)
def test_the_family_of_gpt_2_has_its_sizes(sizes, without, with_biases):
    for bias, expected in enumerate((without, with_biases)):
        assert MODELS["sizing"].run(gpt2(bias=bias, **sizes), FLOATS).values("params") == ((expected,),)


def test_the_number_of_heads_does_not_change_the_number_of_parameters():
    counts = {
        MODELS["sizing"].run(gpt2(n_heads=h, d_head=768 // h), RATIONALS).values("params") for h in (1, 6, 12, 24)
    }
    assert counts == {((124337664,),)}


def test_models_of_several_sizes_stand_side_by_side():
    inputs = {"d_model": [[4, 768]], "n_layers": [[1, 12]], "n_heads": [[2, 12]], "d_head": [[4, 64]]}
    tape = MODELS["sizing"].run(Values.of({"config": {"d_vocab": 6, "d_mlp": 8}, "inputs": inputs}), RATIONALS)
    assert tape.values("params.qkv") == ((3 * 4 * 8, 3 * 768 * 768),)


BAD = [
    ("dot-product", {"inputs": {"u": [[1, 2]]}}, "v is missing; give it under inputs, as rows"),
    ("dot-product", {"inputs": {"u": [[1, 2]], "v": [[1]]}}, "multiply: v is 1 × 1, but entry is 2 elsewhere"),
    ("embedding", {}, "embedding needs a vocabulary: give d_vocab, or a list of words"),
    (
        "sizing",
        {"inputs": {"n_layers": [[2, -12]], "d_model": [[4, "1/2"]]}},
        "n_layers is -12; a count is a whole number, 0 or more; d_model is 1/2; a count is a whole number, 0 or more",
    ),
    ("sizing", {"inputs": {"gpus": [["1/2"]]}}, "gpus is 1/2; a count is a whole number, 0 or more"),
    *(
        (
            "cross-entropy",
            {**JUDGED, "tokens": tokens},
            f"there are {len(tokens)} tokens and 2 rows of predictions; give one token more than rows",
        )
        for tokens in ([0, 1], [0, 1, 2, 0])
    ),
]


@pytest.mark.parametrize(("model", "entries", "message"), BAD)
def test_a_small_model_says_what_it_misses(model, entries, message):
    with pytest.raises(ByHandError) as caught:
        MODELS[model].run(Values.of(entries), RATIONALS)
    assert message in str(caught.value)


def test_a_surprise_that_is_no_whole_number_of_bits_leaves_the_exact_numbers():
    entries = {**JUDGED, "inputs": {"logits": [[0, 1, 1], [1, 0, 0]]}}
    with pytest.raises(ByHandError, match="log 2 of 2/5 is not a whole number; use --numbers decimal"):
        MODELS["cross-entropy"].run(Values.of(entries), RATIONALS)
    loss = MODELS["cross-entropy"].run(Values.of(entries), FLOATS).values("loss_per_token")[0][0]
    assert loss == pytest.approx(1.3219280948873623)  # log₂ 5 − 1


def test_exact_fractions_of_a_run_are_fractions():
    tape = MODELS["cross-entropy"].run(Values.of(JUDGED), RATIONALS)
    assert tape.values("loss") == ((Fraction(3, 2),),)
