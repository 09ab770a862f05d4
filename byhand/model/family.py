"""Small models of the family of transformers: another kind of attention or depth, and the ordinary one beside it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from byhand.errors import ConfigError, ValuesError
from byhand.model.builder import Builder
from byhand.model.layers import (
    buckets,
    head,
    kernel_features,
    keys_from_latent,
    last_row,
    of_one_row,
    only_largest,
    read,
    read_by,
    softmax,
)
from byhand.model.names import ATTN, RESID_PRE
from byhand.model.registry import model
from byhand.model.sizing import add_up, product
from byhand.ops.attention import (
    column_sum,
    mask_buckets,
    mask_future,
    mask_pattern,
    may_see,
    normalize_rows,
    power_of,
    row_argmax,
    row_sum,
    zero_future,
)
from byhand.ops.chance import halting_weights, ponder_cost
from byhand.ops.linear import (
    add,
    blend,
    copy,
    dot_columns,
    dot_rows,
    elu_plus_one,
    matmul,
    plus_number,
    quotient,
    relu,
    row_dots,
    sigmoid,
    squared_distances,
    subtract,
    times_number,
)
from byhand.ops.norms import unit_rows
from byhand.ops.positions import falling, pick_by_distance
from byhand.ops.shapes import gather_rows, one_hot
from byhand.tape import Matrix

Results = tuple[Matrix, ...]
DIRECTIONS = ("d_head", "direction")
MANY = 1000  # words, of which is counted what is kept


@model("relative-positions", part="heads", one_head=True, only=of_one_row(positional_embedding_type=("relative",)))
def _relative_positions(build: Builder) -> Results:
    """What the last token reads with its query, given keys and values, and a table with a row for each distance; and
    what it would read without the table.

    Source: Shaw, Uszkoreit & Vaswani 2018.
    """
    c, tape = build.config, build.tape
    query, k = build.matrix("new.q", ("new", "d_head")), build.matrix(f"{ATTN}.hook_k[0]", ("pos", "d_head"))
    v, reach = build.matrix(f"{ATTN}.hook_v[0]", ("pos", "d_v")), c.max_relative_position
    table = tape.given(f"{ATTN}.rel_pos_keys", (2 * reach + 1, c.d_head), ("distance", "d_head"))
    content = dot_rows(query, k, name="new.scores_content")  # (1, pos)
    by_distance = dot_rows(query, table, name="new.by_distance")  # (1, distance)
    start, sizes = reach - (k.rows - 1), {"j": (k.rows, "pos")}
    told = pick_by_distance(by_distance, name="new.scores_relative", sizes=sizes, start=start)
    scores = add(content, told, name="new.scores")
    return read_by(scores, v, "new", c), read_by(content, v, "plain", c)


@model("segment-memory", part="heads", one_head=True, only=of_one_row(
    positional_embedding_type=("relative",), norm_position=("post",),
))  # fmt: skip
def _segment_memory(build: Builder) -> Results:
    """A head that also reads the rows that its layer read in the segment before; and what the last token would read
    of its own segment alone, by ordinary scores.

    Source: Dai et al. 2019 (Transformer-XL).
    """
    c, tape = build.config, build.tape
    z = head(build.stream(RESID_PRE), ATTN, 0, c)
    last, own = tape[f"{ATTN}.hook_q[0]"].rows - 1, tuple(range(c.mem_len, tape[f"{ATTN}.hook_k[0]"].rows))
    parts = {"q": ("new", (last,)), "k": ("pos", own), "v": ("pos", own)}
    query, keys, values = (
        gather_rows(tape[f"{ATTN}.hook_{x}[0]"], name=f"plain.{x}", sizes={"i": (len(rows), axis)}, rows=rows)
        for x, (axis, rows) in parts.items()
    )
    return z, read(query, keys, values, "plain", c)


@model("linear-attention", part="heads", one_head=True, only=of_one_row(attention_kernel=("elu",)))
def _linear_attention(build: Builder) -> Results:
    """Linear attention of given queries, keys and values, word by word: each word adds φ(k)ᵀ v to a state and φ(k) to
    a sum, and reads both by φ(q). Also what the last word reads by its shares of all words, and by those of softmax.

    Source: Katharopoulos et al. 2020.
    """
    c, (q, k, v) = build.config, build.head()
    asking, answering = (kernel_features(x, f"{ATTN}.phi_{letter}[0]", c) for x, letter in ((q, "q"), (k, "k")))
    words, last = range(q.rows), q.rows - 1

    def word(x: Matrix, name: str, t: int, axis: str = "") -> Matrix:
        return gather_rows(x, name=name, sizes={"i": (1, axis)}, rows=(t,))

    keys = [word(answering, f"{ATTN}.k{t}", t) for t in words]  # each (1, d_head)
    values = [word(v, f"{ATTN}.v{t}", t) for t in words]  # each (1, d_v)
    state, total = dot_columns(keys[0], values[0], name=f"{ATTN}.state0"), copy(keys[0], name=f"{ATTN}.total0")
    states = [(state, total)]
    for t in words[1:]:
        total = add(total, keys[t], name=f"{ATTN}.total{t}")
        state = add(state, dot_columns(keys[t], values[t], name=f"{ATTN}.parcel{t}"), name=f"{ATTN}.state{t}")
        states.append((state, total))  # (d_head, d_v), (1, d_head)
    results = []
    for t, (state, total) in enumerate(states):
        query = word(asking, f"{ATTN}.q{t}", t, "new" if t == last else f"word{t}")
        found, norm = matmul(query, state, name=f"{ATTN}.read{t}"), row_dots(query, total, name=f"{ATTN}.norm{t}")
        results.append(normalize_rows(found, norm, name=f"{ATTN}.out{t}"))  # (1, d_v)
    scores = dot_rows(last_row(q, "plain.q"), k, name="plain.scores")  # (1, pos)
    products = dot_rows(query, answering, name="shares.scores")
    shares = normalize_rows(products, row_sum(products, name="shares.sum"), name="shares.pattern")
    both = (
        matmul(shares, v, name="shares.z"),
        matmul(softmax(scores, "plain.pattern", c.softmax_base), v, name="plain.z"),
    )
    return *results, *both


@model("latent-attention", part="heads", one_head=True, only=of_one_row("kv_lora_rank"))
def _latent_attention(build: Builder) -> Results:
    """Keys and values that are made from a latent, and what the last word reads with them. Its scores once more, from
    the latent itself, with a query that W_UK has been multiplied into. And how many times fewer numbers are kept.

    Source: DeepSeek-AI 2024 (DeepSeek-V2), section 2.1.
    """
    c, x = build.config, build.stream(RESID_PRE)
    k, v = keys_from_latent(x, ATTN, 0, c)
    latent, w_uk = build.tape[f"{ATTN}.latent"], build.tape[f"{ATTN}.W_UK[0]"]
    row = last_row(x, "new")  # (1, d_model)
    w_q = build.tape.given(f"{ATTN}.W_Q[0]", (c.d_model, c.d_head), ("d_model", "d_head"))
    q = matmul(row, w_q, name="new.q")
    z = read(q, k, v, "new", c)
    absorbed = dot_rows(q, w_uk, name="absorbed.q")  # (1, latent)
    again = dot_rows(absorbed, latent, name="absorbed.scores")
    card = add(build.size("d_head", 2), build.size("d_v", 2), name="count.card")  # a key and a value
    own = product(card, build.size("n_heads", 2), name="count.own")
    return z, again, quotient(own, build.size("kv_lora_rank", 2), name="count.times")


@model("low-rank-attention", part="heads", one_head=True, only=of_one_row("linformer_k"))
def _low_rank_attention(build: Builder) -> Results:
    """A head on given queries, keys and values, of which the last two are poured into linformer_k rows; and what the
    last word reads from the keys and values of all words. Also how many scores both compute.

    Source: Wang et al. 2020 (Linformer).
    """
    c, (q, k, v) = build.config, build.head()
    z = head(q, ATTN, 0, c)  # which finds its queries, keys and values, and reads no stream
    plain = read(last_row(q, "plain.q"), k, v, "plain", c)
    words, rows = build.size("n_ctx", 3), build.size("linformer_k", 3)
    every = product(words, words, name="count.all")
    return z, plain, quotient(every, product(words, rows, name="count.short"), name="count.times")


@model("hashed-attention", part="heads", one_head=True, only=of_one_row("num_buckets", use_attn_scale=(False,)))
def _hashed_attention(build: Builder) -> Results:
    """At whom the last token looks in its own bucket, with given queries, of which the keys are those of length 1, so
    that scores have no scale; and at whom it looks of all others. The second token and the last are hashed once more,
    by the directions `again.R`.

    Source: Kitaev, Kaiser & Levskaya 2020 (Reformer), section 2.
    """
    c, q = build.config, build.matrix(f"{ATTN}.hook_q[0]", ("pos", "d_head"))
    if not c.num_buckets:
        raise ConfigError("num_buckets=0 leaves no bucket to look into; use an even number, such as 4")
    if q.rows < 2:
        raise ValuesError(f"{ATTN}.hook_q[0] has one row; the second token is hashed again, so give two or more")
    k, last = unit_rows(q, name=f"{ATTN}.hook_k[0]"), q.rows - 1

    def rows(x: Matrix, name: str, axis: str, *which: int) -> Matrix:
        return gather_rows(x, name=name, sizes={"i": (len(which), axis)}, rows=which)

    bucket = buckets(q, build.tape.given(f"{ATTN}.W_R[0]", (c.d_head, c.num_buckets // 2), DIRECTIONS), ATTN, "[0]")
    query = last_row(q, "new.q")  # (1, d_head)
    scores, own = dot_rows(query, k, name="new.scores"), last_row(bucket, "new.bucket")
    hidden = mask_buckets(scores, own, bucket, name="new.scores_hashed", first=last)  # (1, pos)
    others = dot_rows(query, rows(k, "plain.k", "past", *range(last)), name="plain.scores")
    seen, plain = (softmax(x, f"{at}.pattern", c.softmax_base) for x, at in ((hidden, "new"), (others, "plain")))
    again = buckets(rows(q, "again.q", "words", 1, last), build.matrix("again.R", DIRECTIONS), "again")
    return seen, plain, plus_number(again, name="again.box", by=1)


@model("recurrent-depth", part="heads", one_head=True, only=of_one_row(share_layers=(True,)))
def _recurrent_depth(build: Builder) -> Results:
    """The same head of attention again in each of n_layers passes, its values added to the stream. Where they are
    given: what the last word takes from the last pass if that has weights of its own, `own.W_Q`, `own.W_K` and
    `own.W_V`; the states `halt.states` of several passes, mixed by the logits of halting after each, `halt.logits`;
    and a reversible block of `rev.x1` and `rev.x2`, there and back, or of `rev.y1` and `rev.y2`, only back.

    Source: Dehghani et al. 2018; Graves 2016; Gomez et al. 2017.
    """
    c, x = replace(build.config, share_layers=True), build.stream(RESID_PRE)
    before = x
    for n in range(c.n_layers):
        before, x = x, add(x, head(x, f"blocks.{n}.attn", 0, c), name=f"pass{n}")
    results = [x]
    if "own.W_Q" in build.tape.numbers:
        axes = {"Q": ("d_model", "d_head"), "K": ("d_model", "d_head"), "V": ("d_model", "d_v")}
        w_q, w_k, w_v = (build.matrix(f"own.W_{letter}", own) for letter, own in axes.items())
        row = last_row(before, "own.row")  # (1, d_model)
        keys, values = matmul(before, w_k, name="own.k"), matmul(before, w_v, name="own.v")
        results.append(add(row, read(matmul(row, w_q, name="own.q"), keys, values, "own", c), name="own.x"))
    if "halt.logits" in build.tape.numbers:
        states = build.matrix("halt.states", ("pass", "place"))
        p = sigmoid(build.matrix("halt.logits", ("", "pass")), name="halt.p", base=c.softmax_base)
        weights = halting_weights(p, name="halt.weight")
        results += matmul(weights, states, name="halt.state"), ponder_cost(weights, name="halt.ponder")
    return *results, *(_there_and_back(build) if "rev.W_F" in build.tape.numbers else ())


def _there_and_back(build: Builder) -> Results:
    """A reversible block, y₁ = x₁ + F(x₂) and y₂ = x₂ + G(y₁), if these are not given; and its inputs, from them."""
    weights = {letter: build.matrix(f"rev.W_{letter.upper()}", ("half", "half")) for letter in "fg"}

    def network(letter: str, x: Matrix, at: str) -> Matrix:
        return relu(matmul(x, weights[letter], name=f"{at}.{letter}_pre"), name=f"{at}.{letter}")

    there = "x" if "rev.x1" in build.tape.numbers else "y"
    y1, y2 = (build.matrix(f"rev.{there}{half}", ("new", "half")) for half in (1, 2))
    if there == "x":
        y1 = add(y1, network("f", y2, "rev"), name="rev.y1")
        y2 = add(y2, network("g", y1, "rev"), name="rev.y2")
    found = subtract(y2, network("g", y1, "back"), name="back.x2")
    return y1, y2, found, subtract(y1, network("f", found, "back"), name="back.x1")


@model("nearest-neighbours", part="unembed", reads_words=True)
def _nearest_neighbours(build: Builder) -> Results:
    """The next word as the nearest of the stored places `knn.keys` say it, mixed with what a model says, from its
    `logits`. The tokens are the words that came next at these places.

    Source: Khandelwal et al. 2020.
    """
    c, tape = build.config, build.tape
    keys, query = build.matrix("knn.keys", ("place", "d_model")), build.matrix("knn.query", ("", "d_model"))
    logits = build.matrix("logits", ("", "d_vocab"))
    said = build.values.ids(logits.cols)
    if len(said) != keys.rows:
        raise ValuesError(
            f"knn.keys has {keys.rows} rows, and there are {len(said)} tokens; give the word of each place"
        )
    apart = squared_distances(query, keys, name="knn.distance")  # (1, place)
    powers = power_of(times_number(apart, name="knn.negative", by=-1), name="knn.power", base=c.softmax_base)
    shares = only_largest(powers, "knn.kept", "knn.share", c.knn)
    sizes = {"i": (keys.rows, "place"), "j": (logits.cols, "d_vocab")}
    words = one_hot(name="knn.one_hot", tape=tape, sizes=sizes, rows=said)
    near = matmul(shares, words, name="knn.probs")  # (1, d_vocab)
    probs = softmax(logits, "probs", c.softmax_base)
    mixed = blend(probs, near, name="knn.mixed", keep=1 - c.lmbda, take=c.lmbda)
    row_argmax(probs, name="probs.next")  # computed only when requested
    return mixed, row_argmax(mixed, name="knn.mixed.next")


@model("family-tree", part="heads", one_head=True, only={"use_local_attn": (True,)})
def _family_tree(build: Builder) -> Results:
    """The last word's pattern in several members of the family: as in GPT, with a slope, in a window, in a bucket
    (`hash.bucket`), by few mixtures of the keys (`short.E`), and without powers. How many scores each computes for
    all words; and how many numbers a layer keeps, and by how many weights.

    The patterns of all words are computed only when requested, for a picture.

    Source: Vaswani et al. 2017; Radford et al. 2018; Press, Smith & Lewis 2021 (the slope); Kitaev, Kaiser & Levskaya
    2020 (buckets); Wang et al. 2020 (few mixtures); Katharopoulos et al. 2020 (no powers).
    """
    c, tape = build.config, build.tape
    q, k = (build.matrix(f"attn.{letter}", ("pos", "d_head")) for letter in "qk")
    bucket, mix = build.matrix("hash.bucket", ("pos", "")), build.matrix("short.E", ("pos", "short"))
    last, everyone = q.rows - 1, {"i": (q.rows, "pos"), "j": (q.rows, "pos")}
    near: dict[str, Any] = {"pattern": "window", "width": c.window_size}

    all_scores = dot_rows(q, k, name="all.scores")  # (pos, pos)
    falls = falling(name="slope.falls", tape=tape, sizes=everyone, slope=1)
    hashed = mask_buckets(all_scores, bucket, bucket, name="all.hashed", causal=True)
    keys = dot_columns(mix, k, name="short.k")  # (short, d_head)
    phi_q, phi_k = (elu_plus_one(x, name=f"linear.phi_{y}", base=c.softmax_base) for x, y in ((q, "q"), (k, "k")))

    seen = {
        "all": all_scores,
        "gpt": mask_future(all_scores, name="all.gpt"),
        "slope": mask_future(add(all_scores, falls, name="all.fallen"), name="all.slope"),
        "window": mask_future(mask_pattern(all_scores, name="all.near", **near), name="all.window"),
        "hashed": mask_future(hashed, name="all.bucket"),
    }
    for name, scores in seen.items():
        softmax(scores, f"grid.{name}", c.softmax_base)
    _mixed(dot_rows(q, keys, name="all.short"), mix, "grid.short", c.softmax_base)
    shares = zero_future(dot_rows(phi_q, phi_k, name="all.products"), name="all.linear")
    normalize_rows(shares, row_sum(shares, name="grid.linear.sum"), name="grid.linear")

    query = last_row(q, "new.q")
    row = dot_rows(query, k, name="new.scores")  # (1, pos)
    own = {
        "gpt": row,
        "slope": add(row, last_row(falls, "slope.fall"), name="slope.scores"),
        "window": mask_pattern(row, name="window.scores", first=last, **near),
        "hashed": last_row(hashed, "hashed.scores"),
    }
    products = dot_rows(last_row(phi_q, "new.phi_q"), phi_k, name="linear.scores")
    rows = (
        *(softmax(scores, f"{name}.pattern", c.softmax_base) for name, scores in own.items()),
        _mixed(dot_rows(query, keys, name="short.scores"), mix, "short.pattern", c.softmax_base),
        normalize_rows(products, row_sum(products, name="linear.sum"), name="linear.pattern"),
    )
    return *rows, *_savings(build, q.rows, mix.cols)


def _mixed(scores: Matrix, mix: Matrix, name: str, base: int | str) -> Matrix:
    """The shares of words by the scores of few mixtures: each word takes its part of the powers of its mixtures."""
    powers = dot_rows(power_of(scores, name=f"{name}.power", base=base), mix, name=f"{name}.exp")  # (…, pos)
    return normalize_rows(powers, row_sum(powers, name=f"{name}.sum"), name=name)


def _savings(build: Builder, n: int, mixtures: int) -> Results:
    """How many scores n words need in all; how many numbers a layer keeps of a word, and of MANY, and by how many
    weights: with a key and a value for each head, for two heads together, with a latent, in a window, and as a state.
    """
    tape, c = build.tape, build.config
    n_all, heads, width, reach, rows = (
        build.size(name) for name in ("n_ctx", "n_heads", "d_head", "window_size", "d_model")
    )
    counts = [product(n_all, n_all, name="count.all"), product(n_all, name="count.short", times=mixtures)]
    for name, pattern, wide in (("gpt", "all", 1), ("window", "window", c.window_size)):
        sizes = {"i": (n, "pos"), "j": (n, "pos")}
        seen = may_see(name=f"seen.{name}", tape=tape, sizes=sizes, pattern=pattern, width=wide)
        counts.append(column_sum(row_sum(seen, name=f"seen.{name}.each"), name=f"count.{name}"))

    latent = build.count("latent", 3)
    cards = {
        "gpt": product(heads, width, name="card.gpt", times=2),
        "shared": product(heads, width, name="card.shared"),
        "latent": latent,
    }
    kept = [product(card, name=f"kept.{name}", times=MANY) for name, card in cards.items()]
    state = product(heads, add_up(product(width, width, name="state.square"), width, name="state"), name="kept.state")
    weights = [product(rows, cards[name], name=f"weights.{name}") for name in ("gpt", "shared")]
    down, up = product(rows, latent, name="weights.down"), product(latent, cards["gpt"], name="weights.up")
    window = product(reach, cards["gpt"], name="kept.window")
    return *counts, *kept, window, state, *weights, add_up(down, up, name="weights.latent")
