"""Small models, each about one idea: a part of a transformer, or its training and use."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate
from typing import Any

from msgspec.structs import replace

from byhand.arithmetic.copies import each
from byhand.errors import ConfigError, ValuesError
from byhand.model.builder import Builder
from byhand.model.layers import (
    OF_LAST_ROW,
    activation,
    convolution,
    embedding,
    head,
    last_row,
    linear,
    mixed,
    mlp,
    norm,
    of_one_row,
    only_largest,
    output,
    read,
    read_last,
    routed,
    softmax,
    turned,
    unembedding,
    waves,
)
from byhand.model.names import ATTN, RESID_MID, RESID_PRE
from byhand.model.registry import model
from byhand.model.sizing import add_up, product
from byhand.ops.attention import (
    column_sum,
    divide_by_root,
    heard_of,
    largest_entry,
    mask_pattern,
    max_so_far,
    may_see,
    normalize_columns,
    normalize_rows,
    power_of,
    row_argmax,
    row_max,
    row_sum,
    soft_span,
    surprisal,
)
from byhand.ops.chance import running_sum, stretch_of
from byhand.ops.linear import (
    add,
    divided_by_each,
    dot_rows,
    matmul,
    multiply,
    plus_number,
    row_dots,
    scale_rows,
    subtract,
    times_number,
)
from byhand.ops.norms import center, column_mean, root
from byhand.ops.positions import bucket_biases, falling, turns
from byhand.ops.shapes import gather_entries, gather_rows, hstack, keep_entries, one_hot, vstack
from byhand.tape import Computed, Matrix

Results = tuple[Matrix, ...]


@model("dot-product", part="heads")
def _dot_product(build: Builder) -> Results:
    """The dot product of each row of `u` with the same row of `v`; of `p` and `q`, and of `r` and `s`, where they are
    given. Of arrows `v2`, where these are given, the dot products with an arrow `u2`, and their shadows on its line.

    The products entry by entry are computed only when requested.
    """
    u, v = (build.matrix(name, ("row", "entry")) for name in ("u", "v"))
    multiply(u, v, name="elementwise")
    dots: Results = (row_dots(u, v, name="dot"),)
    for one, other, axis in (("p", "q", "row"), ("r", "s", "")):
        if one in build.tape.numbers:
            pair = (build.matrix(name, (axis, "entry")) for name in (one, other))
            dots = (*dots, row_dots(*pair, name=one + other))
    if "u2" not in build.tape.numbers:
        return dots
    line, arrows = build.matrix("u2", ("", "place")), build.matrix("v2", ("arrow", "place"))
    length = root(row_dots(line, line, name="shadow.square"), name="shadow.length")  # (1, 1)
    along = dot_rows(arrows, line, name="shadow.dot")  # (arrow, 1)
    return *dots, normalize_columns(along, length, name="shadow")


@model("matrix-product", part="heads")
def _matrix_product(build: Builder) -> Matrix:
    """`A` times `B`. `B` times `A`, where the shapes allow it, and the product of two others, where these are given,
    are computed only when requested.
    """
    a, b = build.matrix("A", ("row", "inner")), build.matrix("B", ("inner", "column"))
    if a.rows == b.cols:
        matmul(b, a, name="BA")
    if "other.A" in build.tape.numbers:
        others = build.matrix("other.A", ("row'", "inner'")), build.matrix("other.B", ("inner'", "column'"))
        matmul(*others, name="other.AB")
    return matmul(a, b, name="AB")


@model("linear-layer", part="mlp")
def _linear_layer(build: Builder) -> Results:
    """A linear layer, x W + b, of d_mlp neurons with d_model weights each; and the number of its parameters.

    If the weights of a second layer are given, it reads the same x.
    """
    c, x = build.config, build.stream("x", "mlp")

    def layer(at: str, name: str) -> Matrix:
        weight = build.tape.given(f"{at}.W", (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
        return linear(x, weight, f"{at}.b", name)

    layers = [layer("linear", "y")]
    if "other.W" in build.tape.numbers:
        layers.append(layer("other", "other.y"))
    inputs, outputs = build.size("d_model"), build.size("d_mlp")
    return *layers, add_up(product(inputs, outputs, name="count.weights"), outputs, name="count")


@model("mlp", part="mlp")
def _mlp(build: Builder) -> Matrix:
    """Two linear layers with an activation between them: the feed-forward network outside of a transformer.

    It reads `x`; if that is not given, hook_resid_mid or hook_resid_pre, as in a block. If weights of two units that
    read one number are given (`bend.W_in`, `bend.b_in`, `bend.W_out`), these units and their sum are computed, too.
    """
    if "bend.W_in" in build.tape.numbers:
        _bends(build)
    block = "x" not in build.tape.numbers and build.tape.numbers.keys() & {RESID_PRE, RESID_MID}
    return mlp(build.middle() if block else build.stream("x", "mlp"), "blocks.0.mlp", build.config)


def _bends(build: Builder) -> Matrix:
    """Two hidden units that read one number, and their weighted sum, at each number from −2 to 3."""
    c, tape = build.config, build.tape
    start = turns(name="bend.start", tape=tape, sizes={"i": (6, "place"), "j": (1, "")}, periods=(1,))  # from 0 to 5
    x = plus_number(start, name="bend.x", by=-2)
    w_in, w_out = tape.given("bend.W_in", (1, 2), ("", "unit")), tape.given("bend.W_out", (2, 1), ("unit", ""))
    post = activation(linear(x, w_in, "bend.b_in", "bend.pre"), "bend.post", c)
    return matmul(post, w_out, name="bend.sum")


@model("softmax", part="heads")
def _softmax(build: Builder) -> Matrix:
    """The softmax of given `scores`.

    The softmax of the scores + 5 and × 2, and that in another base (3 beside 2, else 2), are computed only when
    requested.
    """
    scores, base = build.matrix("scores", ("row", "entry")), build.config.softmax_base
    softmax(scores, "other_base.softmax", 3 if base == 2 else 2)
    softmax(plus_number(scores, name="shifted", by=5), "shifted.softmax", base)
    softmax(times_number(scores, name="doubled", by=2), "doubled.softmax", base)
    return softmax(scores, "softmax", base)


@model("embedding", part="embed", reads_words=True)
def _embedding(build: Builder) -> Results:
    """Each token's row of W_E, found in two ways: looked up, and as the product of a one-hot row with W_E.

    If another table is given, each token's row of it, too.
    """
    c, ids, n = build.config, build.values.ids(), build.positions
    w_e = build.tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
    places = {"i": (n, "pos")}
    hot = one_hot(name="one_hot", tape=build.tape, sizes={**places, "j": (c.d_vocab, "d_vocab")}, rows=ids)
    if "other.W_E" in build.tape.numbers:  # computed only when requested
        other = build.tape.given("other.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
        gather_rows(other, name="other.embed", sizes=places, rows=ids)
    return gather_rows(w_e, name="hook_embed", sizes=places, rows=ids), matmul(hot, w_e, name="one_hot.product")


@model("positional-encoding", part="embed", only={"positional_embedding_type": ("sinusoidal",)})
def _positional_encoding(build: Builder) -> Matrix:
    """Sines and cosines for each position, and their sum with `hook_embed` where it is given.

    If periods are given, the turns of each pair of dimensions are computed, only when requested.
    """
    periods = build.config.sinusoidal_periods
    if periods:
        turns(name="turns", tape=build.tape, sizes={"i": (build.positions, "pos"), "j": (len(periods), "pair")},
              periods=periods)  # fmt: skip
    places = waves(build.tape, build.config, build.positions)
    if "hook_embed" not in build.tape.numbers:
        return places
    return add(build.stream("hook_embed"), places, name=RESID_PRE)


@model("convolution", part="mlp", only={"gated_mlp": (), "num_experts": (), "experts_per_token": ()})
def _convolution(build: Builder) -> Matrix:
    """The feed-forward network as two 1×1 convolutions; and the number of weights of the first, here, with more
    channels, and in GPT-2.

    The same network as two linear layers is computed only when requested.
    """
    c, tape, x = build.config, build.tape, build.middle()
    w_in = tape.given("blocks.0.mlp.W_in", (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
    pre = convolution(x, w_in, "blocks.0.mlp.b_in", "blocks.0.conv_in", "blocks.0.conv_in.hook_pre")
    post = activation(pre, "blocks.0.conv_in.hook_post", c)
    w_out = tape.given("blocks.0.mlp.W_out", (c.d_mlp, c.d_model), ("d_mlp", "d_model"))
    result = convolution(post, w_out, "blocks.0.mlp.b_out", "blocks.0.conv_out", "blocks.0.hook_conv_out")
    mlp(x, "blocks.0.mlp", c)
    channels, kernels, wide = build.size("d_model"), build.size("d_mlp"), build.count("channels", 32)
    add_up(product(channels, kernels, name="count.weights"), kernels, name="count")
    add_up(product(wide, kernels, name="count.wide.weights"), kernels, name="count.wide")
    channels, kernels = build.count("gpt2.channels", 768), build.count("gpt2.kernels", 3072)
    add_up(product(channels, kernels, name="count.gpt2.weights"), kernels, name="count.gpt2")
    return result


@model("transformer-by-hand", part="heads")
def _transformer_by_hand(build: Builder) -> Matrix:
    """A transformer at its simplest: rows mixed by a given pattern, then the feed-forward network."""
    x = build.stream(RESID_PRE)
    pattern = build.matrix("blocks.0.attn.hook_pattern[0]", ("pos", "pos"))
    return mlp(matmul(pattern, x, name="blocks.0.attn.hook_z[0]"), "blocks.0.mlp", build.config)


def _right(build: Builder, rows: int, words: int) -> tuple[int, ...]:
    """The right word for each row of a text's predictions, which is the token that follows: its number, from 0.

    Raises: ValuesError where there is not one token more than rows.
    """
    tokens = build.values.ids(words)
    if len(tokens) != rows + 1:
        found = f"there are {len(tokens)} tokens and {rows} rows of predictions"
        raise ValuesError(f"{found}; give one token more than rows: the right word of a row is the token after it")
    return tokens[1:]


def _loss(build: Builder, logits: Matrix) -> tuple[Matrix, Matrix]:
    """The probabilities of logits, and the loss: the mean surprisal of the right words."""
    base, right = build.config.softmax_base, _right(build, *logits.shape)
    probs = softmax(logits, "probs", base)
    chosen = gather_entries(probs, name="probs.right", cols=right)
    return probs, column_mean(surprisal(chosen, name="loss_per_token", base=base), name="loss")


@model("perplexity")
def _perplexity(build: Builder) -> Matrix:
    """The perplexity of a language model, from its last norm on: the base to the power of the mean surprisal.

    Also the logits and the shares of a few words in two dimensions, where these are given, for a picture: computed
    only when requested.
    """
    c, tape, x = build.config, build.tape, build.matrix("ln_final.hook_normalized", ("pos", "d_model"), "ln_final")
    logits = unembedding(x, c)
    also_tied = not c.tie_word_embeddings and "embed.W_E" in tape.numbers
    if also_tied:
        w_e = tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
    with tape.part("unembed"):
        if also_tied:  # computed only when requested
            dot_rows(x, w_e, name="tied_logits")
        if "arrows.n" in tape.numbers:
            last, words = (build.matrix(f"arrows.{name}", ("", "")) for name in ("n", "words"))
            softmax(dot_rows(last, words, name="arrows.logits"), "arrows.probs", c.softmax_base)
        _, loss = _loss(build, logits)
        return power_of(loss, name="perplexity", base=c.softmax_base)


@model("cross-entropy", part="unembed")
def _cross_entropy(build: Builder) -> Results:
    """The cross-entropy of given `logits`, that is the mean surprisal of the right words; and its gradient, p − y."""
    logits = build.matrix("logits", ("pos", "d_vocab"))
    probs, loss = _loss(build, logits)
    sizes = {"i": (logits.rows, "pos"), "j": (logits.cols, "d_vocab")}
    right = one_hot(name="one_hot", tape=build.tape, sizes=sizes, rows=_right(build, *logits.shape))
    gradient = subtract(probs, right, name="logits.grad")
    return loss, row_sum(gradient, name="logits.grad.sum")


@model("sampling", part="unembed")
def _sampling(build: Builder) -> Results:
    """Sampling from one row of `logits`: at several `temperatures`, with top k at the first of them and top p at the
    last; and the words that the throws `r` draw at the first temperature, from all words and from those of top k.

    Also texts of two words, from the probabilities of the `first` word and of the `second` after it: the probability
    of the greedy text, and that of the likeliest one.
    """
    logits = build.matrix("logits", ("", "d_vocab"))
    temperatures = build.matrix("temperatures", ("temperature", ""), fixed=True)
    probs = softmax(divided_by_each(logits, temperatures, name="scaled"), "probs", build.config.softmax_base)
    row_argmax(probs, name="likeliest")  # computed only when requested
    plain, last = (
        gather_rows(probs, name=name, sizes={"i": (1, "")}, rows=(row,))
        for name, row in (("probs.plain", 0), ("probs.last", probs.rows - 1))
    )
    k, p = (limit.values[0][0] for limit in (build.count("k", 2), build.number("p", Fraction(3, 4))))
    shares, nucleus = _renormalised(plain, "top_k", _top_k, k), _renormalised(last, "top_p", _top_p, p)
    count = len(build.tape.numbers.get("r", ((),)))
    throws = build.tape.given("r", (count, 1), ("throw", ""), default=Fraction(9, 20))
    drawn = [
        stretch_of(running_sum(row, name=f"{name}.ends"), throws, name=f"{name}.drawn")
        for name, row in (("plain", plain), ("top_k", shares))
    ]
    first, then = build.matrix("first", ("d_vocab", "")), build.matrix("second", ("d_vocab", "d_vocab"))
    joint = scale_rows(then, first, name="joint")
    likeliest = each(lambda *shares: Computed(shares.index(max(shares))), *(share for (share,) in first.values))
    path = gather_rows(joint, name="greedy.row", sizes={"i": (1, "")}, rows=(likeliest,))
    return nucleus, *drawn, largest_entry(path, name="greedy"), largest_entry(joint, name="best")


def _renormalised(probs: Matrix, name: str, pick: Callable[..., list[int]], limit: Any) -> Matrix:
    """The probabilities that are picked, divided by their sum, and 0 for the others.

    pick: the columns that are kept, from the limit and the probabilities.
    """

    def is_kept(j: int) -> Any:
        return each(lambda *arguments: Computed(j in pick(*arguments)), limit, *probs.values[0])

    kept = keep_entries(probs, name=name, kept=(tuple(map(is_kept, range(probs.cols))),))
    return normalize_rows(kept, row_sum(kept, name=f"{name}.sum"), name=f"{name}.probs")


def _top_k(k: Any, *probs: Any) -> list[int]:
    """The columns of the k largest probabilities, the largest first."""
    return sorted(range(len(probs)), key=lambda j: -probs[j])[: int(k)]


def _top_p(p: Any, *probs: Any) -> list[int]:
    """The columns of the fewest probabilities that add up to at least p, the largest first."""
    ordered = _top_k(len(probs), *probs)
    sums_before = accumulate((probs[j] for j in ordered), initial=0)
    return [j for j, before in zip(ordered, sums_before, strict=False) if before < p]


@model("kv-cache", part="heads", one_head=True, only=OF_LAST_ROW)
def _kv_cache(build: Builder) -> Results:
    """One head over all tokens; then the last token alone, with keys and values of the other tokens from a cache."""
    c, at, x = build.config, ATTN, build.stream(RESID_PRE)
    whole, n = head(x, at, 0, c), x.rows
    old, fresh = tuple(range(n - 1)), last_row(x, "new")  # (1, d_model)
    seen = {}
    for letter in "qkv":
        weight, turns = build.tape[f"{at}.W_{letter.upper()}[0]"], letter != "v" and c.turned_width > 0
        row = linear(fresh, weight, f"{at}.b_{letter.upper()}[0]", f"new.{letter}")  # (1, d_head)
        row = turned(row, f"new.rot_{letter}", c, start=n - 1) if turns else row
        before = build.tape[f"{at}.hook_{'rot_' if turns else ''}{letter}[0]"]
        past = gather_rows(before, name=f"cache.{letter}", sizes={"i": (n - 1, "past")}, rows=old)
        if letter == "q":
            query = row  # the cache's queries are computed only when requested: a mistake keeps them
        else:
            seen[letter] = vstack(past, row, name=f"all.{letter}", sizes={"i": (n, "pos")})
    return whole, read_last(query, seen["k"], seen["v"], "new", c, at, 0)


@model("rotary", part="heads", one_head=True, only=of_one_row(positional_embedding_type=("rotary",)))
def _rotary(build: Builder) -> Results:
    """Given queries and keys, turned by their positions, and what the last token reads with them; and what it would
    read if they were not turned.

    Of one query and one key (`dial.q`, `dial.k`), the dot products at all pairs of positions, for a picture.
    """
    c, at, n = replace(build.config, positional_embedding_type="rotary"), ATTN, build.positions
    q, k, v = build.head()
    turned_q, turned_k = (turned(x, f"{at}.hook_rot_{letter}[0]", c) for x, letter in ((q, "q"), (k, "k")))
    if "dial.q" in build.tape.numbers:
        small = replace(c, rotary_dim=2, rotary_periods=c.rotary_periods[:1])
        arrows = (build.matrix(f"dial.{letter}", ("", "place")) for letter in "qk")
        everywhere = [gather_rows(x, name=f"{x.name}.rows", sizes={"i": (n, "pos")}, rows=(0,) * n) for x in arrows]
        dot_rows(*(turned(x, x.name.replace("rows", "turned"), small) for x in everywhere), name="dial.dots")
    results = []
    for name, queries, keys in (("plain", q, k), ("last", turned_q, turned_k)):
        results.append(read(last_row(queries, f"{name}.q"), keys, v, name, c))
    return tuple(results)


@model("flash-attention", part="heads")
def _flash_attention(build: Builder) -> Results:
    """Softmax and mixture in tiles, of which only one is looked at at a time: scores `attn.tile0.scores` and values
    `attn.tile0.v`, then those of tile 1, and so on. Also the same at once.

    Source: Milakov & Gimelshein 2018; Dao et al. 2022.
    """
    base, tape, tiles = build.config.softmax_base, build.tape, 0
    while f"attn.tile{tiles}.scores" in tape.numbers:
        tiles += 1
    given = [
        (
            build.matrix(f"attn.tile{t}.scores", ("new", f"tile{t}")),
            build.matrix(f"attn.tile{t}.v", (f"tile{t}", "d_v")),
        )
        for t in range(max(1, tiles))
    ]
    state: tuple[Matrix, Matrix, Matrix] | None = None  # the largest so far, the sum, the unfinished mixture
    for t, (scores, v) in enumerate(given):
        at = f"attn.tile{t}"
        top = max_so_far(scores, state[0], name=f"{at}.max") if state else row_max(scores, name=f"{at}.max")  # (1, 1)
        powers = power_of(center(scores, top, name=f"{at}.shifted"), name=f"{at}.exp", base=base)  # (1, tile)
        if state is None:
            state = top, row_sum(powers, name=f"{at}.sum"), matmul(powers, v, name=f"{at}.out")
            continue
        before, total, out = state
        factor = power_of(subtract(before, top, name=f"{at}.fall"), name=f"{at}.factor", base=base)  # (1, 1)
        kept, kept_out = (
            multiply(total, factor, name=f"{at}.kept_sum"),
            scale_rows(out, factor, name=f"{at}.kept_out"),
        )
        total = add(kept, row_sum(powers, name=f"{at}.new_sum"), name=f"{at}.sum")
        state = top, total, add(kept_out, matmul(powers, v, name=f"{at}.new_out"), name=f"{at}.out")
    assert state is not None
    length = sum(scores.cols for scores, _ in given), "pos"
    whole = hstack(*(scores for scores, _ in given), name="plain.scores", sizes={"j": length})  # (1, pos)
    values = vstack(*(v for _, v in given), name="plain.v", sizes={"i": length})  # (pos, d_v)
    plain = matmul(softmax(whole, "plain.pattern", base), values, name="plain.z")
    return normalize_rows(state[2], state[1], name="attn.z"), plain


@model("grouped-query-attention", part="heads")
def _grouped_query_attention(build: Builder) -> Results:
    """Heads of one number each, which ask for one word: in groups, each of which reads one card of keys and values;
    some of them also with cards of their own. And how many numbers of a word are kept.

    attn.q: (head, 1). attn.k, attn.v: (group, pos). own.k, own.v: the cards of the last head of each group.

    Source: Ainslie et al. 2023.
    """
    base, q, cards = build.config.softmax_base, build.matrix("attn.q", ("head", "")), ("group", "pos")
    k, v = (build.matrix(f"attn.{x}", cards) for x in "kv")
    if build.config.n_key_value_heads not in (0, k.rows):
        found = (
            f"attn.k has {k.rows} rows, one for each group, and n_key_value_heads={build.config.n_key_value_heads}"
        )
        raise ValuesError(f"{found}; give as many, or leave it out")
    each = q.rows // k.rows  # as many heads read a card

    def mixed(at: str, asking: Matrix, keys: Matrix, values: Matrix) -> Matrix:
        """What each head reads with its own row of keys and of values. Shapes: (head, 1), (head, pos) → (head, 1)."""
        scores = scale_rows(keys, asking, name=f"{at}.scores")
        return row_dots(softmax(scores, f"{at}.pattern", base), values, name=f"{at}.z")

    heads = {"i": (q.rows, "head")}
    keys, values = (
        gather_rows(x, name=f"attn.{name}", sizes=heads, rows=tuple(h // each for h in range(q.rows)))
        for x, name in ((k, "keys"), (v, "values"))
    )
    results = [mixed("attn", q, keys, values)]
    if "own.k" in build.tape.numbers:
        last = tuple(range(each - 1, q.rows, each))
        asking = gather_rows(q, name="own.q", sizes={"i": (len(last), "own")}, rows=last)
        results.append(mixed("own", asking, *(build.matrix(f"own.{x}", ("own", "pos")) for x in "kv")))
    card = product(build.size("d_head", 2), name="count.card", times=2)  # a key and a value, each of d_head numbers
    counts = {"own": ("n_heads", q.rows), "shared": ("n_key_value_heads", k.rows)}
    kept = (product(card, build.count(*count, 2), name=f"count.{name}") for name, count in counts.items())
    return *results, *kept


@model("position-biases", part="heads", only={"positional_embedding_type": ("alibi",)})
def _position_biases(build: Builder) -> Results:
    """The last token's scores, `attn.raw`, with a fall for each step of distance, and without; and other scores,
    `t5.scores`, with a number for each bucket of distances, `t5.table`.

    What later heads make of their scores is computed only when requested.

    Source: Press et al. 2021; Raffel et al. 2020.
    """
    c, raw, v = build.config, build.matrix("attn.raw", ("new", "pos")), build.matrix("attn.v", ("pos", "d_v"))
    scaled = divide_by_root(raw, name="attn.scaled", of=c.d_head)
    results = [matmul(softmax(scaled, "plain.pattern", c.softmax_base), v, name="plain.z")]
    everyone = {"i": (raw.cols, "pos"), "j": (raw.cols, "pos")}
    for h, slope in enumerate(c.slopes):
        whole = falling(name=f"attn.falls[{h}]", tape=build.tape, sizes=everyone, slope=slope)
        biased = add(scaled, last_row(whole, f"attn.bias[{h}]"), name=f"attn.biased[{h}]")
        mixed = matmul(softmax(biased, f"attn.pattern[{h}]", c.softmax_base), v, name=f"attn.z[{h}]")
        results.append(biased if h else mixed)
    if "t5.scores" not in build.tape.numbers:
        return tuple(results)
    scores, table = build.matrix("t5.scores", ("last_place", "place")), build.matrix("t5.table", ("", "bucket"))
    everywhere = {"i": (scores.cols, "place"), "j": (scores.cols, "place")}
    furthest = c.relative_attention_max_distance
    whole = bucket_biases(table, name="t5.biases", sizes=everywhere, buckets=table.cols, furthest=furthest)
    bias = gather_rows(whole, name="t5.bias", sizes={"i": (1, "last_place")}, rows=(scores.cols - 1,))
    return *results, softmax(add(scores, bias, name="t5.biased"), "t5.pattern", c.softmax_base)


SPARSE = {  # the patterns of who may look at whom, by name, each with its width; the window's is that of the config
    "causal": ("all", 1),
    "window": ("window", 0),
    "every_second": ("dilated", 2),
    "strided": ("strided", 2),
    "first": ("global", 2),
}
LAYERS_OF = ("window", "every_second")  # of these, what the last token has heard of after each of some layers
MOST_LAYERS = 3


@model("sparse-patterns", part="heads", only={"use_local_attn": (True,)})
def _sparse_patterns(build: Builder) -> Results:
    """Who may look at whom by several patterns, and how many scores each computes; of some, what the last token has
    heard of after 1, 2 and 3 layers. And the last token's scores, `attn.scores`, in a window, in one that ends softly
    (`span.z`, `span.ramp`, for tokens that are `span.back` steps back), and in none.

    Source: Child et al. 2019; Beltagy, Peters & Cohan 2020; Sukhbaatar et al. 2019.
    """
    replace(build.config, use_local_attn=True)  # refuses a window that holds no token
    c, scores, v = build.config, build.matrix("attn.scores", ("new", "pos")), build.matrix("attn.v", ("pos", "d_v"))
    last, everyone = scores.cols - 1, {"i": (scores.cols, "pos"), "j": (scores.cols, "pos")}
    results, seen = [], {}
    for name, (pattern, width) in SPARSE.items():
        seen[name] = may_see(
            name=f"seen.{name}", tape=build.tape, sizes=everyone, pattern=pattern, width=width or c.window_size
        )
        each = row_sum(seen[name], name=f"seen.{name}.each")  # (pos, 1)
        results.append(column_sum(each, name=f"count.{name}"))
    for name in LAYERS_OF:
        rows = [last_row(seen[name], f"heard.{name}.1")]
        for layer in range(2, MOST_LAYERS + 1):
            rows.append(heard_of(rows[-1], seen[name], name=f"heard.{name}.{layer}"))
        results.append(vstack(*rows, name=f"heard.{name}", sizes={"i": (MOST_LAYERS, "layer")}))

    local = mask_pattern(scores, name="attn.local", pattern="window", width=c.window_size, first=last)
    results.append(matmul(softmax(local, "attn.pattern", c.softmax_base), v, name="attn.z"))
    plain = softmax(scores, "plain.pattern", c.softmax_base)
    if "span.z" in build.tape.numbers:
        back, z, ramp = (
            build.matrix(f"span.{x}", axes, fixed=True)
            for x, axes in (("back", ("new", "pos")), ("z", ("", "")), ("ramp", ("", "")))
        )
        mask = soft_span(back, z, ramp, name="span.mask")
        powers = multiply(build.tape["plain.pattern.exp"], mask, name="span.powers")
        results.append(normalize_rows(powers, row_sum(powers, name="span.sum"), name="span.pattern"))
    return *results, plain


@model("mixture-of-experts", part="mlp")
def _mixture_of_experts(build: Builder) -> Results:
    """A router that gives each token to a few of several networks, and what the last token takes from these; what it
    would take from all. Also how evenly the networks are asked, and how many parameters are there and at work.

    Source: Fedus, Zoph & Shazeer 2022, for the balance.
    """
    c, at, tape = build.config, "blocks.0.mlp", build.tape
    if not c.num_experts:
        raise ConfigError("num_experts=0 leaves no expert to ask; use 3, with experts_per_token=2")
    x = build.stream("x", "mlp")
    weights = routed(x, at, c)
    shares = tape[f"{at}.router_probs"]
    word, own, every = (
        last_row(rows, f"last.{name}") for name, rows in (("x", x), ("weights", weights), ("shares", shares))
    )
    found = mixed(word, own, at, c, "last.out")  # (1, d_model)
    said = (tape[f"{at}.experts.{e}.out"] for e in range(c.num_experts))
    together = vstack(*said, name="all.said", sizes={"i": (c.num_experts, "expert")})
    dense = matmul(every, together, name="all.out")
    first = column_mean(only_largest(shares, "first.kept", "first.chosen", 1), name="balance.first")
    likely = column_mean(shares, name="balance.mean")  # (1, expert)
    balance = multiply(row_dots(first, likely, name="balance.dot"), name="balance", times=c.num_experts)
    size = build.count("expert_size", c.network_size, 2)
    counts = (
        product(size, build.size(name, 2), name=f"count.{kind}")
        for kind, name in (("all", "num_experts"), ("active", "experts_per_token"))
    )
    return found, dense, balance, *counts


@model("llama-block", reads_words=True, says_words=True, only=OF_LAST_ROW | {"n_layers": ()})
def _llama_block(build: Builder) -> Results:
    """A language model of one block, of which only the last token goes through all, as where a text is written on:
    keys and values of the tokens before it come from a cache. Its next token; and what the feed-forward network would
    say with ReLU in place of its gate. Also the activation at each number from −2 to 3, for a picture.

    Source: Touvron et al. 2023.
    """
    c, tape, at, block = build.config, build.tape, ATTN, "blocks.0"
    x = embedding(tape, build.values.ids(), c, build.positions)
    rows, last = norm(x, f"{block}.ln1", c), x.rows - 1

    def projected(of: Matrix, letter: str, n: int, name: str) -> Matrix:
        weight = tape.given(f"{at}.W_{letter}[{n}]", (c.d_model, c.d_head if letter in "QK" else c.d_v),
                            ("d_model", "d_head" if letter in "QK" else "d_v"))  # fmt: skip
        return linear(of, weight, f"{at}.b_{letter}[{n}]", name)

    with tape.part("heads"):
        new = last_row(rows, "new.n")  # (1, d_model)
        keys: list[Matrix] = []
        values: list[Matrix] = []
        mixtures = []
        for group in range(c.key_value_heads):
            for letter, together in (("K", keys), ("V", values)):
                low, before = letter.lower(), projected(rows, letter, group, f"{at}.hook_{letter.lower()}[{group}]")
                own = projected(new, letter, group, f"new.{low}[{group}]")
                if letter == "K" and c.turned_width:
                    before = turned(before, f"{at}.hook_rot_k[{group}]", c)
                    own = turned(own, f"new.rot_k[{group}]", c, start=last)
                past = gather_rows(before, name=f"cache.{low}[{group}]", sizes={"i": (last, "past")},
                                   rows=tuple(range(last)))  # fmt: skip
                together.append(vstack(past, own, name=f"all.{low}[{group}]", sizes={"i": (x.rows, "pos")}))
        for h in range(c.n_heads):
            group = c.group(h)
            query = projected(new, "Q", h, f"new.q[{h}]")
            query = turned(query, f"new.rot_q[{h}]", c, start=last) if c.turned_width else query
            mixtures.append(read_last(query, keys[group], values[group], "new", c, at, h, f"[{h}]"))
    with tape.part("out"):
        out = output(mixtures, at, c, f"{block}.hook_attn_out")
    with tape.part("add1"):
        x = add(last_row(x, "new.x"), out, name=f"{block}.hook_resid_mid")
    found, results = mlp(norm(x, f"{block}.ln2", c), f"{block}.mlp", c), []
    with tape.part("mlp"):
        start = turns(name="curve.start", tape=tape, sizes={"i": (6, "place"), "j": (1, "")}, periods=(1,))
        activation(plus_number(start, name="curve.x", by=-2), "curve.y", c)  # computed only when requested
        if c.gated_mlp and not c.num_experts:
            plain = activation(tape[f"{block}.mlp.hook_pre_linear"], "plain.post", replace(c, act_fn="relu"))
            results.append(matmul(plain, tape[f"{block}.mlp.W_out"], name="plain.out"))
    with tape.part("add2"):
        x = add(x, found, name=f"{block}.hook_resid_post")
    logits = unembedding(norm(x, "ln_final", c), c)
    with tape.part("unembed"):
        softmax(logits, "probs", c.softmax_base)  # computed only when requested
        return row_argmax(logits, name="next_token"), *results
