"""Other kinds of attention and of depth, in numbers that a person checks by hand."""

from fractions import Fraction

import pytest
from judged import run_on

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ValuesError
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.witness.judge import judge
from byhand.witness.wiring import unwired

AT, X = "blocks.0.attn.", "blocks.0.hook_resid_pre"


def matrix(text):
    """A matrix, written as its rows."""
    return [row.split() for row in text.split(";")]


def run(model, config, inputs=(), weights=(), **entries):
    """A run that the witness confirms; weights of one head are given as one matrix."""
    one = ("W_DKV", "rel_pos_keys", ".E", ".F", "_bias")
    heads = {name: matrix(x) if name.endswith(one) else [matrix(x)] for name, x in dict(weights).items()}
    given = {name: matrix(x) for name, x in dict(inputs).items()}
    config = {"softmax_base": 2, **config}
    values = Values.of({"config": config, "inputs": given, "weights": heads, **entries})
    tape = MODELS[model].run(values, RATIONALS)
    made = run_on(tape, model, values)
    assert unwired(made) == []
    judge(made)
    return tape


def rows(tape, name):
    return [[Fraction(x) if x != float("-inf") else "-" for x in row] for row in tape.values(name)]


def expected(text):
    return [["-" if x == "-" else Fraction(x) for x in row] for row in matrix(text)]


RELATIVE = run(
    "attention-head", {"n_ctx": 4, "d_v": 2, "positional_embedding_type": "relative", "max_relative_position": 2},
    {f"{AT}hook_q[0]": "1 2 0 -1; 0 0 2 0; -1 -1 2 0; 0 0 2 0", f"{AT}hook_v[0]": "3 -1; 1 -2; 1 1; 0 1",
     f"{AT}hook_k[0]": "2 -2 2 2; 2 0 1 0; 0 -2 2 0; -1 -1 2 -1"},
    {f"{AT}rel_pos_keys": "0 0 0 1; -1 -1 1 1; -1 1 0 -1; 0 -1 1 -1; 1 0 0 1"},
)  # fmt: skip
MEMORY = run(
    "segment-memory",
    {"n_ctx": 2, "d_v": 1, "positional_embedding_type": "relative", "mem_len": 2, "sinusoidal_periods": [4, 2]},
    {X: "0 -2 0 2; -2 -1 0 0", f"{AT}mem": "-1 1 0 2; 0 2 1 -2"},
    {f"{AT}W_Q": "0 0 0 0; 0 1 0 -1; 0 1 0 0; -1 1 0 -1", f"{AT}W_K": "1 1 1 -1; 0 -1 1 1; 1 -1 -1 -1; 0 0 1 1",
     f"{AT}W_KR": "0 0 1 0; 1 1 0 1; -1 -1 0 -1; 0 0 1 0", f"{AT}W_V": "1; 0; 0; 0",
     f"{AT}r_w_bias": "0 0 1 -1", f"{AT}r_r_bias": "1 0 1 0"},
)  # fmt: skip
LAST = run(
    "relative-positions", {"n_ctx": 4, "d_v": 2, "positional_embedding_type": "relative", "max_relative_position": 2},
    {"new.q": "0 0 2 0", f"{AT}hook_v[0]": "3 -1; 1 -2; 1 1; 0 1",
     f"{AT}hook_k[0]": "2 -2 2 2; 2 0 1 0; 0 -2 2 0; -1 -1 2 -1"},
    {f"{AT}rel_pos_keys": "0 0 0 1; -1 -1 1 1; -1 1 0 -1; 0 -1 1 -1; 1 0 0 1"},
)  # fmt: skip
LATENT = run(
    "latent-attention", {"n_ctx": 3, "d_v": 2, "kv_lora_rank": 2}, {X: "0 -1 -2 1; 0 -1 1 -2; 0 1 1 0"},
    {f"{AT}W_DKV": "-1 -1; 0 0; -1 1; 0 -1", f"{AT}W_UK": "-1 1 1 -1; 1 1 0 0", f"{AT}W_UV": "1 -1; 0 -1",
     f"{AT}W_Q": "-2 0 0 -2; 0 0 -2 0; 0 0 2 -2; -2 2 -2 -2"},
)  # fmt: skip
SHORT = run(
    "low-rank-attention", {"n_ctx": 4, "d_v": 2, "linformer_k": 2, "attention_dir": "bidirectional"},
    {f"{AT}hook_q[0]": "0 2 2 0; -2 2 0 0; -2 2 2 2; 0 0 2 0", f"{AT}hook_v[0]": "2 0; 0 -2; 0 -3; 2 3",
     f"{AT}hook_k[0]": "-1 -1 0 -1; 0 0 0 0; 0 -1 1 1; 1 1 -1 -1"},
    {f"{AT}E": "1 1 0 0; 0 0 1 1", f"{AT}F": "1/2 1/2 0 0; 0 0 1/2 1/2"},
)  # fmt: skip
LINEAR = run("linear-attention", {}, {
    f"{AT}hook_q[0]": "1 0; 1 1; 0 0", f"{AT}hook_k[0]": "0 1; -1 0; 0 -1", f"{AT}hook_v[0]": "1 -2; 0 3; 1 -1",
})  # fmt: skip
HASHED = run(
    "attention-head", {"n_ctx": 6, "d_v": 1, "num_buckets": 4, "use_attn_scale": False},
    {f"{AT}hook_q[0]": "1 -1 -1 1; -1 -1 1 -1; 1 1 -1 1; 1 -1 1 1; -1 1 -1 1; 1 -1 -1 -1",
     f"{AT}hook_v[0]": "1; 2; 3; 4; 5; 6"},
    {f"{AT}W_R": "2 1; 0 2; -1 0; 1 2"},
)  # fmt: skip
DEPTH = run(
    "recurrent-depth", {"d_model": 2, "n_ctx": 3, "d_head": 1, "d_v": 2, "n_layers": 2},
    {X: "0 0; 2 0; 1 0", "halt.logits": "0 -2 1", "halt.states": "-2 1; 3 3; 3 -3", "own.W_Q": "1; 1", "own.W_K": "1; 0", "own.W_V": "1 0; 1 -1"},
    {f"{AT}W_Q": "0; 1", f"{AT}W_K": "1; 1", f"{AT}W_V": "-1 -1; 1 1"},
)  # fmt: skip
HALVES = run(
    "reversible", {"d_model": 2, "n_ctx": 2},
    {"x": "2 -1; -3 1", "W_F": "-2 2; -1 2", "W_G": "1 1; -1 3", "back.y1": "-1 4", "back.y2": "-1 13"},
)  # fmt: skip
NEAR = run(
    "nearest-neighbours", {"n_ctx": 5}, {"knn.keys": "-1 1; 3 -2; 2 -1; 1 1; 2 -1", "knn.query": "1 0", "logits": "0 0 1"},
    vocabulary=["a", "b", "c"], tokens=["c", "a", "b", "b", "a"],
)  # fmt: skip
TREE = run(
    "family-tree", {"n_ctx": 4, "d_model": 8, "n_heads": 4, "d_head": 2, "use_local_attn": True, "window_size": 2},
    {"attn.q": "-2 2; 0 2; 2 -2; -1 2", "attn.k": "2 2; 0 0; -1 -1; 1 1", "hash.bucket": "2; 1; 1; 1",
     "short.E": "1/2 0; 1/2 0; 0 1/2; 0 1/2"},
)  # fmt: skip
BOXES = run(
    "hashed-attention", {"n_ctx": 6, "num_buckets": 4},
    {f"{AT}hook_q[0]": "1 -1 -1 1; -1 -1 1 -1; 1 1 -1 1; 1 -1 1 1; -1 1 -1 1; 1 -1 -1 -1", "again.R": "1 0; 0 0; 0 1; 0 0"},
    {f"{AT}W_R": "2 1; 0 2; -1 0; 1 2"},
)  # fmt: skip
CASES = [
    (RELATIVE, f"{AT}hook_attn_scores[0]", "-1 - - -; 3 1 - -; 2 2 3 -; 2 1 3 2"),
    (RELATIVE, f"{AT}hook_pattern[0]", "1 0 0 0; 4/5 1/5 0 0; 1/4 1/4 1/2 0; 2/9 1/9 4/9 2/9"),
    (LAST, "new.scores_relative", "0 0 2 0"),
    (LAST, "new.scores_scaled", "2 1 3 2"),
    (LAST, "new.z", "11/9 2/9"),
    (LAST, "plain.scores_scaled", "2 1 2 2"),
    (MEMORY, f"{AT}hook_q[0]", "-2 0 0 0; 0 -1 0 1"),
    (MEMORY, f"{AT}hook_attn_scores[0]", "1 -1 0 -; 1 1 -1 0"),
    (MEMORY, f"{AT}hook_pattern[0]", "4/7 1/7 2/7 0; 4/11 4/11 1/11 2/11"),
    (MEMORY, "plain.scores", "-2 0"),
    (LATENT, f"{AT}latent", "2 -3; -1 3; -1 1"),
    (LATENT, f"{AT}hook_k[0]", "-5 -1 2 -2; 4 2 -1 1; 2 0 -1 1"),
    (LATENT, f"{AT}hook_v[0]", "2 1; -1 -2; -1 0"),
    (LATENT, "new.scores_scaled", "2 -1 -1"),
    (LATENT, "new.z", "7/5 3/5"),
    (LATENT, "absorbed.q", "2 0"),
    (SHORT, f"{AT}hook_attn_scores[0]", "-1 0; 0 -1; -1 -1; 0 0"),
    (SHORT, f"{AT}hook_z[0]", "1 -1/3; 1 -2/3; 1 -1/2; 1 -1/2"),
    (SHORT, "plain.z", "2/3 -13/9"),
    (SHORT, "count.times", "2 2 2"),
    (LINEAR, f"{AT}state1", "1 -1/2; 2 -1"),
    (LINEAR, f"{AT}total2", "5/2 7/2"),
    (LINEAR, f"{AT}out2", "3/4 -1/2"),
    (LINEAR, f"{AT}out1", "2/3 -1/3"),
    (LINEAR, "shares.pattern", "1/2 1/4 1/4"),
    (LINEAR, "shares.z", "3/4 -1/2"),
    (LINEAR, "plain.pattern", "1/3 1/3 1/3"),
    (HASHED, f"{AT}hash_along[0]", "4 1; -4 -5; 4 5; 2 1; 0 3; 2 -3"),
    (HASHED, f"{AT}bucket[0]", "0; 3; 1; 0; 1; 3"),
    (
        HASHED,
        f"{AT}hook_attn_scores[0]",
        "2 - - - - -; - 2 - - - -; - - 2 - - -; 1 - - - - -; - - 1 - - -; - 0 - - - -",
    ),
    (BOXES, "new.scores", "1 0 0 0 -1 2"),
    (BOXES, "new.pattern", "0 1 0 0 0 0"),
    (BOXES, "plain.pattern", "4/11 2/11 2/11 2/11 1/11"),
    (BOXES, "again.hash_along", "-1 1; 1 -1"),
    (DEPTH, "pass0", "0 0; 1 -1; 0 -1"),
    (DEPTH, "pass1", "0 0; 0 -2; -1 -2"),
    (DEPTH, "blocks.1.attn.hook_pattern[0]", "1 0 0; 1/2 1/2 0; 1/4 1/4 1/2"),
    (DEPTH, "own.pattern", "2/5 1/5 2/5"),
    (DEPTH, "own.x", "-2/5 -2/5"),
    (DEPTH, "halt.p", "1/2 1/5 2/3"),
    (DEPTH, "halt.weight", "1/2 1/5 3/10"),
    (DEPTH, "halt.state", "1/2 1/5"),
    (DEPTH, "halt.ponder", "33/10"),
    (HALVES, "f", "0 2; 5 0"),
    (HALVES, "y1", "2 1; 2 1"),
    (HALVES, "y2", "3 4; -2 6"),
    (HALVES, "back.x2", "-1 2"),
    (HALVES, "back.x1", "-1 2"),
    (NEAR, "knn.distance", "5 8 2 1 2"),
    (NEAR, "knn.probs", "1/4 3/4 0"),
    (NEAR, "knn.mixed", "1/4 1/2 1/4"),
    (NEAR, "knn.mixed.next", "1"),
    (NEAR, "probs.next", "2"),
    (TREE, "gpt.pattern", "8/15 2/15 1/15 4/15"),
    (TREE, "slope.pattern", "1/6 1/12 1/12 2/3"),
    (TREE, "window.pattern", "0 0 1/5 4/5"),
    (TREE, "hashed.pattern", "0 2/3 1/3 0"),
    (TREE, "short.pattern", "1/3 1/3 1/6 1/6"),
    (TREE, "linear.pattern", "6/13 2/13 1/13 4/13"),
    (TREE, "grid.window", "1 0 0 0; 16/17 1/17 0 0; 0 1/2 1/2 0; 0 0 1/5 4/5"),
    (TREE, "count.gpt", "10"),
    (TREE, "count.window", "7"),
    (TREE, "count.short", "8"),
    (TREE, "short.pattern.exp", "1 1 1/2 1/2"),
    (TREE, "kept.gpt", "16000"),
    (TREE, "kept.state", "24"),
    (TREE, "weights.latent", "72"),
]


@pytest.mark.parametrize(("tape", "name", "numbers"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_a_step_is_what_a_person_computes(tape, name, numbers):
    assert rows(tape, name) == expected(numbers)


def test_the_latent_alone_gives_the_scores_of_the_keys():
    assert rows(LATENT, "absorbed.scores") == rows(LATENT, "new.scores")


def test_each_stored_place_has_a_word():
    given = {"knn.keys": "-1 1; 3 -2; 2 -1", "knn.query": "1 0", "logits": "0 0 1"}
    with pytest.raises(
        ValuesError, match=r"^knn\.keys has 3 rows, and there are 2 tokens; give the word of each place"
    ):
        run("nearest-neighbours", {"n_ctx": 3}, given, vocabulary=["a", "b", "c"], tokens=["c", "a"])
