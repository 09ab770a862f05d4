"""BERT: its steps, written down twice, its words and numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.layers import mlp, norm, output, read, read_by
from byhand.model.models import next_token
from byhand.model.names import ATTN, ATTN_OUT, RESID_MID, RESID_PRE
from byhand.model.registry import model
from byhand.notation.text import listed, value_text
from byhand.numbers.attention import HEADS, whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.embedding import find_embeddings, find_unembeddings, without_attention
from byhand.numbers.natural import codes, columns_vary, grid, natural, point_apart
from byhand.numbers.norms import NORM, Norm, find_norm, friendly_rows, rows_of_thirds, unit_of, vary_as_normed
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Instance, Task, exactly, search
from byhand.numbers.scores import one_largest, powers, totals
from byhand.numbers.stack import Stream, feed_forward_layer
from byhand.ops.linear import add, add_all, dot_rows, matmul, shift
from byhand.ops.shapes import gather_rows, vstack
from byhand.pictures.attention import SMALL_NUMBER
from byhand.pictures.canvas import AXIS, GREY, INK, TOKEN, WHITE, Canvas
from byhand.pictures.labels import words
from byhand.pictures.names import beside, gap
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

CLS, WORD, GAP, BACK = range(4)  # a quiz card: CLS, a word, the hidden word, and on the back of the card a word
SIDES = {"left": (CLS, WORD, GAP), "right": (GAP, BACK)}  # what one sees who reads from one side only

# ---- the model ----


@model("masked-words", reads_words=True, says_words=True, one_head=True, only={
    "attention_dir": ("bidirectional",), "norm_position": ("post",), "positional_embedding_type": ("standard",),
})  # fmt: skip
def _steps(build: Builder) -> Matrix:
    """BERT, of which only CLS and the hidden word ask: the word that the mask hides, as one tells it who sees the
    left side only, the right side only, and both.

    Source: Devlin et al. 2018.
    """
    c, tape = build.config, build.tape
    x = _embedded(build)
    with tape.part("heads"):
        asking = gather_rows(x, name="asking.x", sizes={"i": (2, "asking")}, rows=(CLS, GAP))
        weights = (
            tape.given(f"{ATTN}.W_{letter}[0]", (c.d_model, width), ("d_model", axis))
            for letter, width, axis in (("Q", c.d_head, "d_head"), ("K", c.d_head, "d_head"), ("V", c.d_v, "d_v"))
        )
        q, k, v = (
            matmul(of, weight, name=f"attn.{letter}")
            for of, weight, letter in zip((asking, x, x), weights, "qkv", strict=True)
        )
        z = read_by(dot_rows(q, k, name="attn.scores"), v, "attn", c)
        query = gather_rows(q, name="gap.q", sizes={"i": (1, "")}, rows=(1,))
        mixtures, ids = [], build.values.ids()
        for side, places in SIDES.items():
            size = {"i": (len(places), " ".join(str(ids[at]) for at in places))}  # their words
            keys = gather_rows(k, name=f"{side}.k", sizes=size, rows=places)
            values = gather_rows(v, name=f"{side}.v", sizes=size, rows=places)
            mixtures.append(read(query, keys, values, side, c))
        both = gather_rows(z, name="both.z", sizes={"i": (1, "")}, rows=(1,))
        seen = vstack(*mixtures, both, name="seen.z", sizes={"i": (3, "sight")})
    with tape.part("out"):
        out = output([seen], ATTN, c, ATTN_OUT)
    with tape.part("add1"):
        x = shift(out, gather_rows(x, name="gap.x", sizes={"i": (1, "")}, rows=(GAP,)), name=RESID_MID)
    x = norm(x, "blocks.0.ln1", c)
    fed = mlp(x, "blocks.0.mlp", c)
    with tape.part("add2"):
        x = add(x, fed, name="blocks.0.hook_resid_post")
    return next_token(norm(x, "blocks.0.ln2", c, "blocks.0.hook_normalized_resid_post"), c)


def _embedded(build: Builder) -> Matrix:
    """Each token's row of W_E, plus those of its place and of its side of the card, which BERT calls a segment."""
    c, tape, n = build.config, build.tape, build.positions
    with tape.part("embed"):
        w_e = tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
        w_pos = tape.given("pos_embed.W_pos", (c.n_ctx, c.d_model), ("n_ctx", "d_model"))
        w_c = build.matrix("card.W_C", ("side", "d_model"))
        tables = (
            ("hook_embed", w_e, build.values.ids()), ("hook_pos_embed", w_pos, range(n)),
            ("card.rows", w_c, [int(at > GAP) for at in range(n)]),
        )  # fmt: skip
        parts = [
            gather_rows(table, name=name, sizes={"i": (n, "pos")}, rows=tuple(rows)) for name, table, rows in tables
        ]
        return add_all(*parts, name=RESID_PRE)


# ---- the same, written down a second time ----


@wiring("masked-words")
def _second(w: Wiring) -> None:
    """Figure 2 of Devlin et al. 2018, and one layer of Vaswani et al. 2017 for the rows that are read."""
    places = range(len(w.ids))
    parts = (
        w("hook_embed", "gather_rows", "embed.W_E", rows=w.ids),
        w("hook_pos_embed", "gather_rows", "pos_embed.W_pos", rows=places),
        w("card.rows", "gather_rows", "card.W_C", rows=[0 if at < 3 else 1 for at in places]),
    )
    x, at = w("blocks.0.hook_resid_pre", "add_all", *parts), "blocks.0.attn"
    q = w("attn.q", "matmul", w("asking.x", "gather_rows", x, rows=[0, 2]), f"{at}.W_Q[0]")
    k, v = (w(f"attn.{letter.lower()}", "matmul", x, f"{at}.W_{letter}[0]") for letter in "KV")
    z = w.read(q, k, v, "attn")
    asked, mixtures = w("gap.q", "gather_rows", q, rows=[1]), list[str]()
    for side, seen in (("left", [0, 1, 2]), ("right", [2, 3])):
        keys, values = (w(f"{side}.{x}", "gather_rows", f"attn.{x}", rows=seen) for x in "kv")
        mixtures.append(w.read(asked, keys, values, side))
    mixtures.append(w("both.z", "gather_rows", z, rows=[1]))
    out = w.output([w("seen.z", "vstack", *mixtures)], at, "blocks.0.hook_attn_out")
    x = w("blocks.0.hook_resid_mid", "shift", out, w("gap.x", "gather_rows", x, rows=[2]))
    x = w.norm(x, "blocks.0.ln1")
    x = w("blocks.0.hook_resid_post", "add", x, w.mlp(x, "blocks.0.mlp", "blocks.0.hook_mlp_out"))
    w.spoken(w.norm(x, "blocks.0.ln2", "blocks.0.hook_normalized_resid_post"))


# ---- its mistakes ----


@mistake(
    told="The side of the card left out of the sum.",
    mend="Add three {rows} for each token: that of the word, that of its place and that of its side.",
    after="mask-across",
)
def no_side(step: Step, tape: Tape) -> Iterable[Step]:
    """A token is the sum of its word and its place only."""
    return [replace(step, inputs=step.inputs[:2]) if "card.rows" in step.inputs else step]


@mistake(
    told="The {row} of CLS taken for that of the hidden word.",
    mend="Go on with the {row} of MASK: there the word is missing. CLS stands for the whole card.",
    after="mask-across",
)
def word_from_cls(step: Step, tape: Tape) -> Iterable[Step]:
    """What is read as the hidden word's mixture is that of CLS."""
    return [replace(step, params={"rows": (0,)}) if step.name == "both.z" and step.op else step]


# ---- its words ----

# A word on the front of a card, and one on its back; what somebody says who sees the front only, and the back only;
# and the word that fits both
CARDS = tuple(
    tuple(line.split())
    for line in """
cats milk purr boil drink
dogs bones bark break gnaw
bees honey buzz pour make
birds nests sing rob build
cows grass moo mow eat
cooks eggs chop lay fry
hens eggs cluck fry lay
kids kites play sell fly
frogs flies croak swat catch
bears fish growl fry catch
ducks bread quack bake eat
goats roses bleat plant eat
owls mice hoot fear hunt
crows corn caw pop steal
apes nuts climb roast crack
lambs milk bleat boil drink
mules hay bray stack eat
monks bells pray forge ring
moths wool flit knit eat
bats moths hang shoo catch
""".strip().splitlines()
)


def card(number: int, tokens: int = 4) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens of a card by its number, and the words that fit into its gap for one who sees the front, the back,
    and both.
    """
    front, back, *words = CARDS[number % len(CARDS)]
    return ("CLS", front, "MASK", back), tuple(words)


# ---- its numbers ----

DOER, THING, HIDDEN, START = range(4)  # features: each token is most of one
SCORES = ((0, 1, 0, 2), (0, 2, 0, 1), (0, 1, 0, 1))  # of the hidden word, less the smallest: it looks to both sides
LOWEST_SCORES = (-4, -2, 0)  # of the hidden word, before they are halved
EASY_TOTALS = (5, 6, 7, 8, 9, 10)  # of the powers of CLS
LARGEST_VALUE = 5
SUMS = 6  # the largest entry of a sum that a norm reads
COLUMNS = (20, 20, 24, 40)  # of W_O, of which one is chosen for each feature
UPDATES_TRIED = 40
ROWS_TRIED = 40  # W_V, for which the rows of the tokens are looked for
ASKED_TRIED = 4
KEYS_TRIED = 1000
KEYS_KEPT = 3
QUERIES_TRIED = 600
NORMS_TRIED = 4
NETWORKS_TRIED = 6
HEADS_KEPT = 2


@cache
def _norms_read() -> tuple[Bools, Bools]:
    """By the code of a row with entries up to SUMS: whether its norm is rational, and whether it is wide, too."""
    tables = np.zeros((2, (2 * SUMS + 1) ** 4), dtype=bool)
    wide = codes(rows_of_thirds(SUMS), SUMS)
    tables[:, wide] = True
    tables[0, codes(friendly_rows(4, "LN", SUMS), SUMS)] = True
    return tables[0], tables[1]


@cache
def _values(scores: tuple[int, ...], base: int) -> tuple[Ints, Ints]:
    """Scores of the hidden word → all values (count, 4, 2) that say who does it, and what it is done to; and the
    mixtures of one who sees the left, the right, and both sides, (count, 3, 2), doubled, so that they are whole.

    A left side speaks of a doer, a right side of a thing, and both of the two about alike.
    """
    shares, columns = base ** np.array(scores), grid(4, LARGEST_VALUE)
    seen = [list(SIDES["left"]), list(SIDES["right"]), [CLS, WORD, GAP, BACK]]
    total = np.array([shares[at].sum() for at in seen])
    doubled = 2 * np.stack([columns[:, at] @ shares[at] for at in seen], 1)
    fit = (doubled % total == 0).all(1) & (abs(columns[:, [CLS, GAP]]) <= 3).all(1)
    columns, doubled = columns[fit], doubled[fit] // total
    sides = []
    for at, other in ((WORD, BACK), (BACK, WORD)):
        rest = np.delete(columns, at, 1)
        sides.append(np.flatnonzero((columns[:, at] > np.maximum(rest.max(1), 1)) & (abs(columns[:, other]) <= 1)))
    doer, thing = (side.ravel() for side in np.meshgrid(*sides))
    v, z = np.stack([columns[doer], columns[thing]], 2), np.stack([doubled[doer], doubled[thing]], 2)
    left, right, both = z.swapaxes(0, 1)
    ok = (left[:, 0] >= 2 * abs(left[:, 1])) & (right[:, 1] >= 2 * abs(right[:, 0])) & (both.min(1) > 0)
    ok &= (both.max(1) < 2 * both.min(1)) & point_apart(v) & point_apart(z)
    ok &= columns_vary(v[:, SIDES["left"]]) & columns_vary(z)
    if scores[WORD] != scores[BACK]:
        ok &= both.max(1) > 2  # few values make the mixture (1, 1), which would be found for most seeds
    return v[ok], z[ok]


def _updates(dice: Dice, z: Ints) -> tuple[Ints, Ints, Ints] | None:
    """Doubled mixtures (3, 2) → W_O (2, 4), the hidden word's row (4), and their sums (3, 4), whose norms are
    rational. None where there are none.

    What W_O makes of the doer goes to the first feature most, what it makes of the thing to the second; the hidden
    word is most of the third.

    Method: a column of W_O, with the number of the hidden word there, adds a number to each row's code. All choices
    of one column for each feature are looked up at once.
    """
    made = grid(3, 2)  # a column of W_O and a number of the hidden word
    added = made[:, :2] @ z.T
    sums = added // 2 + made[:, 2:]
    fit = (added % 2 == 0).all(1) & (abs(sums).max(1) <= SUMS) & (made[:, :2] != 0).any(1)
    made, sums = made[fit], sums[fit]
    doer, thing, x = made.T
    pools = [
        np.flatnonzero(which)
        for which in ((doer > abs(thing)) & (x < 2), (thing > abs(doer)) & (x < 2), x > 0, abs(x) < 2)
    ]
    if not all(map(len, pools)):
        return None
    picks = [pool[dice.sample(len(pool), most)] for pool, most in zip(pools, COLUMNS, strict=True)]
    dice.pay(int(np.prod([len(pick) for pick in picks])))
    rational, wide = _norms_read()
    digits = (2 * SUMS + 1) ** np.arange(4)
    parts = [(sums[pick] + SUMS) * digit for pick, digit in zip(picks, digits, strict=True)]  # (columns, 3)
    first, second, third, last = (part[:, 2] for part in parts)  # the row of who sees both sides, before the others
    code = first[:, None, None, None] + second[:, None, None] + third[:, None] + last
    places = np.flatnonzero(rational[code])
    at = np.unravel_index(places, code.shape)
    fits = sum(part[place] for part, place in zip(parts, at, strict=True))  # (count, 3)
    places = places[rational[fits].all(1) & wide[fits].any(1)]
    for place in places[dice.sample(len(places), UPDATES_TRIED)]:
        at = np.unravel_index(place, code.shape)
        chosen = [pick[k] for pick, k in zip(picks, at, strict=True)]
        w_o, hidden, after = made[chosen, :2].T, made[chosen, 2], sums[chosen].T
        leads = hidden[HIDDEN] > np.delete(hidden, HIDDEN).max()
        fits = point_apart(after) and columns_vary(after - hidden) and vary_as_normed(after, "LN")
        if leads and (hidden < 0).any() and natural(w_o, 0, 60) and fits:
            return w_o, hidden, after
    return None


@cache
def _most_of(feature: int) -> Ints:
    """Rows (count, 4) that have more of a feature than of all others."""
    rows = grid(4, 2)
    most: Ints = rows[rows[:, feature] > np.maximum(np.delete(rows, feature, 1).max(1), 0)]
    return most


def _rows(dice: Dice, hidden: Ints, v: Ints) -> Iterator[tuple[Ints, Ints]]:
    """The hidden word's row (4) and values (4, 2) → rows of all tokens (4, 4), each of which is most of one feature,
    and W_V (4, 2), which makes the values of them.
    """
    columns = grid(4, 2)
    fits = [columns[columns @ hidden == value] for value in v[GAP]]
    if not all(map(len, fits)):
        return
    drawn = np.stack([dice.choices(fit, ROWS_TRIED) for fit in fits], 2)
    for w_v in drawn[natural(drawn, 0, 60)]:
        x = np.zeros((4, 4), np.int64)
        x[GAP] = hidden
        for at, feature in ((CLS, START), (WORD, DOER), (BACK, THING)):
            rows = _most_of(feature)
            rows = rows[(rows @ w_v == v[at]).all(1)]
            x[at] = rows[dice.one_below(len(rows))] if len(rows) else 0
        if point_apart(x) and (x != x[0]).any(0).all() and (x == 0).sum() <= 6:
            yield x, w_v


def _heads(dice: Dice, x: Ints, v: Ints, scores: Ints, base: int) -> Iterator[tuple[Ints, Ints]]:
    """Rows (4, 4), values (4, 2) and the scores of the hidden word, but for one number that is added to all → W_Q and
    W_K (4, 4).

    The hidden word asks for a doer and for a thing, and the words beside it can be found as these. What CLS looks at
    speaks of both.

    Method: the scores are x W_K q, so W_K q is known first; each row of W_K is drawn from those that make a number of
    it with a query that fits.
    """
    found, rows = grid(4, 5), grid(4, 2)
    made = found @ x.T
    found = found[(made - made[:, :1] == 2 * (scores - scores[0])).all(1) & np.isin(made[:, 0], LOWEST_SCORES)]
    asked = rows[(rows[:, [DOER, THING]] > 0).all(1) & (rows[:, [HIDDEN, START]] <= 0).all(1)]
    asked = np.concatenate([asked, asked + np.eye(4, dtype=np.int64)[DOER], asked + np.eye(4, dtype=np.int64)[THING]])
    for product in found:
        for query in asked[dice.sample(len(asked), ASKED_TRIED)]:
            of_query = [rows[rows @ query == number] for number in product]
            of_hidden = [rows[rows @ x[GAP] == number] for number in query]
            if not all(map(len, (*of_query, *of_hidden))):
                continue
            w_k = np.stack([dice.choices(row, KEYS_TRIED) for row in of_query], 1)  # (tried, 4, 4)
            k = x @ w_k
            ok = natural(w_k) & (abs(k).max((1, 2)) <= 5) & point_apart(k) & columns_vary(k[:, SIDES["left"]])
            for at, feature in ((WORD, DOER), (BACK, THING)):
                ok &= k[:, at, feature] > np.maximum(np.delete(k[:, at], feature, 1).max(1), 0)
            for keys, weights in zip(k[ok][:KEYS_KEPT], w_k[ok], strict=False):
                w_q = np.stack([dice.choices(column, QUERIES_TRIED) for column in of_hidden], 2)
                if (chosen := _asking(w_q, x, keys, v, base)) is not None:
                    yield chosen, weights


def _asking(w_q: Ints, x: Ints, keys: Ints, v: Ints, base: int) -> Ints | None:
    """That of some W_Q (count, 4, 4) with which CLS has easy shares and hears of a doer and of a thing, and which has
    the fewest entries beyond ±1; None where none fits.
    """
    q = x[[CLS, GAP]] @ w_q  # (count, 2, 4)
    own = q[:, 0] @ keys.T
    fine = natural(w_q) & (own % 2 == 0).all(1) & (abs(q).max((1, 2)) <= 5) & point_apart(q)
    fine &= (own.min(1) >= -6) & ((float(base) ** (own / 2)).sum(1) <= 9)
    w_q, own = w_q[fine], own[fine] // 2
    fine = np.isin(totals(own, base), EASY_TOTALS) & one_largest(own) & (powers(own, base) @ v > 0).all(1)
    fine &= (np.exp(own.astype(float)) @ v > 0).all(1)
    return w_q[fine][(abs(w_q[fine]) > 1).sum((1, 2)).argmin()] if fine.any() else None


def _sides(dice: Dice) -> Ints:
    """What a token has of its side of the card (2, 4), no number of which both sides have: on the front, doers stand,
    and on the back, things.
    """
    front = dice.below(3, 4) - 1
    back = (front + 2 + dice.below(2, 4)) % 3 - 1
    front[[DOER, THING]], back[[DOER, THING]] = (1, dice.one_below(2) - 1), (dice.one_below(2) - 1, 1)
    return np.stack([front, back])


def _wins_clearly(logits: Ints, over: int) -> bool:
    """Whether the largest of some logits, numerators, leads by 2 or more."""
    second, first = np.sort(logits)[-2:]
    return bool(first - second >= 2 * over)


def _says_in_powers_of_e(
    v: Ints, scores: tuple[int, ...], hidden: Ints, weights: Entries, w_u: Ints, task: Task
) -> bool:
    """Whether the three readers say the same words if softmax takes powers of e."""
    shares, (w_o,) = np.exp(np.array(scores, dtype=float)), weights[f"{ATTN}.W_O"]
    for seen, word in zip((*SIDES.values(), (CLS, WORD, GAP, BACK)), task.wanted[-3:], strict=True):
        mixed = shares[list(seen)] @ v[list(seen)] / shares[list(seen)].sum()
        row = without_attention((hidden + mixed @ w_o)[None], weights, task.config)
        if row is None or (row @ w_u).argmax() != word:
            return False
    return True


def _keeps_features(norm: Norm) -> bool:
    """Whether a norm turns the sign of neither the doer nor the thing."""
    return norm.w is not None and bool((norm.w[[DOER, THING]] > 0).all())


@sheet_promise
def sides_can_be_read(tape: Tape) -> bool:
    """Each token is most of one feature: CLS of the start, the words of a doer and of a thing, and MASK of what is
    hidden. MASK asks for a doer and a thing and for nothing else, and the words beside it can be found as these. From
    the left it hears most of a doer, from the right of a thing, and from both sides of both; and so does CLS.
    """
    x, k, mixed = (tape.values(name) for name in (RESID_PRE, "attn.k", "seen.z"))
    (left, right, both), asked = mixed, tape.values("attn.q")[1]
    most = all(
        has_one_largest(row) and row.index(max(row)) == feature and max(row) > 0
        for row, feature in ((x[CLS], START), (x[WORD], DOER), (x[GAP], HIDDEN), (x[BACK], THING), (k[WORD], DOER),
                             (k[BACK], THING))
    )  # fmt: skip
    asks = [number > 0 for number in asked] == [True, True, False, False]
    sides = left[0] >= 2 * abs(left[1]) and right[1] >= 2 * abs(right[0]) and max(both) < 2 * min(both)
    return most and asks and sides and min(tape.values("attn.z")[0]) > 0


@sheet_promise
def each_side_says_another_word(tape: Tape) -> bool:
    """Who sees the left side says one word, who sees the right another, and who sees both a third, which leads by 2
    or more. The last norm makes results of two sizes of the third.
    """
    said, (*_, second, first) = tape.values("next_token"), sorted(tape.values("logits")[-1])
    sizes = {abs(x) for x in tape.values("blocks.0.ln2.centered")[-1]}
    return len({*said}) == len(said) and first - second >= 2 and len(sizes) > 1


def _ends_in_two_sizes(stream: Stream) -> bool:
    """Whether the last norm makes results of two sizes of the last row."""
    w, b = (np.array(stream.weights[f"blocks.0.ln2.{name}"]) for name in "wb")
    return len({*abs((stream.out[-1] - stream.over * b) // w).tolist()}) > 1


@search("masked-words", like_sheet=True, sentence=card, requires=(
    exactly(4, d_model=4, d_head=4, d_v=2, n_heads=1, n_layers=1, normalization_type="LN", norm_position="post"),
    *NORM, *HEADS,
))  # fmt: skip
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """Mixtures first, then W_O and the row of the hidden word, whose sums have rational norms; the network and W_U;
    then the rows of all tokens, queries and keys; and last what the rows are sums of.
    """
    c, base, limits = task.config, whole_base(task.config), task.limits
    scores = SCORES[dice.one_below(len(SCORES))]
    values, mixtures = _values(scores, base)
    if not len(values):
        return
    of_both = np.unique(mixtures[:, -1], axis=0)  # one of these first, so that all are found
    alike = np.flatnonzero((mixtures[:, -1] == of_both[dice.one_below(len(of_both))]).all(1))
    place = alike[dice.one_below(len(alike))]
    update = _updates(dice, mixtures[place])
    if update is None:
        return
    w_o, hidden, sums = update
    norms = (find_norm(dice, unit_of(sums, "LN"), "LN", is_added_to=True) for _ in range(NORMS_TRIED))
    after = next((norm for norm in norms if norm is not None and _keeps_features(norm)), None)
    if after is None:
        return
    given = {f"{ATTN}.W_O": [w_o.tolist()]} | after.weights("blocks.0.ln1")
    start = Stream(sums, after.rows, given, after.over)
    networks = (feed_forward_layer(task, dice, start, "blocks.0", "ln2", c, "") for _ in range(NETWORKS_TRIED))
    for stream in islice(filter(_ends_in_two_sizes, chain.from_iterable(networks)), 1):
        silent = without_attention(hidden[None], stream.weights, c)
        said = find_unembeddings(dice, stream.out, stream.over, c.d_vocab, task.wanted[-3:], limits, silent)
        clear = [
            w_u
            for w_u in said
            if _wins_clearly(stream.out[-1] @ w_u, stream.over)
            and _says_in_powers_of_e(values[place], scores, hidden, stream.weights, w_u, task)
        ][:1]
        rows = _rows(dice, hidden, values[place]) if clear else ()
        for x, w_v in rows:
            side = _sides(dice)
            embedded = find_embeddings(dice, x - side[[0, 0, 0, 1]], task.values.ids(), c)
            if embedded is None:
                continue
            for w_q, w_k in islice(_heads(dice, x, values[place], np.array(scores), base), HEADS_KEPT):
                made: Entries = {
                    f"{ATTN}.W_Q": [w_q.tolist()], f"{ATTN}.W_K": [w_k.tolist()], f"{ATTN}.W_V": [w_v.tolist()],
                    "unembed.W_U": clear[0].tolist(),
                }  # fmt: skip
                yield Instance({"card.W_C": side.tolist()}, stream.weights | embedded | made)


# ---- its picture ----

WIDE, HIGH = 174.0, 48.0  # mm: of the picture
ROOM = 80.0  # of the plane
UNIT = 8.0  # the most that a unit of the plane takes
READERS, CARD, CELL, LOW = 84.0, 110.0, 16.0, 8.0  # their left edge, that of their tokens, and a token's size


@picture(width=WIDE, height=HIGH, minutes=1)
def both_sides(
    on: Canvas, values: Rows, mixed: Rows, *, tokens: Sequence[str], names: Sequence[str], sides: Sequence[str]
) -> None:
    """Values of two numbers as arrows, and the part of the plane that speaks of both; and what three readers see,
    whose mixtures are to be marked there.

    names: of the two numbers. sides: what the readers are called.
    """
    ends, found = ([(float(x), float(y)) for x, y in rows] for rows in (values, mixed))
    if len(ends) != 4 or len(found) != 3 or max(abs(x) for end in (*ends, *found) for x in end) > 6:
        raise UndrawableError("four values of two small numbers are drawn, and three mixtures")
    low, high = (
        [int(edge(0, *axis)) + step for axis in zip(*ends, *found, strict=True)]
        for edge, step in ((min, -1), (max, 1))
    )
    unit = min(UNIT, (ROOM - 4) / (high[0] - low[0]), (HIGH - 7) / (high[1] - low[1]))
    high[0] = low[0] + int((ROOM - 4) / unit)  # the room to the right is used

    def at(point: Sequence[float]) -> Point:
        return 2 + unit * (point[0] - low[0]), 5 + unit * (high[1] - point[1])

    half = min(high[0] / 2, high[1]), min(high[0], high[1] / 2)  # how far the lines of twice as much reach
    corner = [(high[0], high[1])] if high[0] / 2 < high[1] and high[1] / 2 < high[0] else []
    on.area([at(p) for p in ((0, 0), (2 * half[0], half[0]), *corner, (half[1], 2 * half[1]))], "#e9e9e9")
    on.plane(at, (low[0], low[1]), (high[0], high[1]))
    on.arrow(at((low[0], 0)), at((high[0], 0)), width=AXIS + 0.05, colour=INK)
    on.arrow(at((0, low[1])), at((0, high[1])), width=AXIS + 0.05, colour=INK)
    right, upper = at((high[0], 0)), at((0, high[1]))
    ticks = {(at((x, 0))[0], at((x, 0))[1] + 2.6): x for x in range(low[0] + 1, high[0] - 1) if x}
    ticks |= {(at((0, y))[0] - 1.6, at((0, y))[1] + 0.8): y for y in range(low[1] + 1, high[1]) if y}
    on.text(right[0], right[1] + 3.8, names[0], TOKEN, anchor="end", bold=True)
    on.text(upper[0] + 1.4, upper[1] - 1.2, names[1], TOKEN, anchor="start", bold=True)
    tips = [at(end) for end in ends]
    halves = [words(word, TOKEN).width / 2 + 0.4 for word in tokens]
    away = [*((at((0, 0)), tip) for tip in tips), *((at(point), at(point)) for point in found)]
    places = beside(tips, halves, away, (0, 1.5, ROOM, HIGH))
    for spot, number in ticks.items():
        near = [gap(spot, place, wide + 1.2) for place, wide in zip(places, halves, strict=True)]
        if min(near) > 1.6 and spot[0] < right[0] - 2 * words(names[0], TOKEN).width:
            on.text(*spot, value_text(number), SMALL_NUMBER, colour=GREY)
    for tip, place, wide, word in zip(tips, places, halves, tokens, strict=True):
        on.arrow(at((0, 0)), tip, width=0.8)
        on.box(place[0] - wide, place[1] - 2.9, 2 * wide, 3.8, fill=WHITE, width=0)
        on.text(*place, word, TOKEN, bold=True)
    _readers(on, tokens, sides)
    for n, point in enumerate(found, 1):
        x, y = at(point)
        on.pen.disc(x, y, 1.9, fill=WHITE)
        on.pen.text(x, y + 1.05, str(n), TOKEN, bold=True)
    told = [listed(map(value_text, row)) for row in mixed]
    shown = "; ".join(f"{word} {listed(map(value_text, value))}" for word, value in zip(tokens, values, strict=True))
    on.said(
        on.say("pictures.both_sides.said", across=names[0], up=names[1], values=shown),
        on.say("pictures.both_sides.to_do"),
        on.say("pictures.both_sides.key", first=told[0], second=told[1], third=told[2]),
    )


def _readers(on: Canvas, tokens: Sequence[str], sides: Sequence[str]) -> None:
    """What each reader sees of the card: what is hidden from them is hatched."""
    seen = (*SIDES.values(), range(len(tokens)))
    for n, (side, places) in enumerate(zip(sides, seen, strict=True)):
        y = 2 + n * (LOW + 3.5)
        on.text(READERS, y + 5.1, str(n + 1), TOKEN, anchor="start", bold=True)
        on.text(READERS + 4, y + 5.1, side, TOKEN, anchor="start")
        for k, word in enumerate(tokens):
            x = CARD + k * CELL
            on.box(x, y, CELL, LOW, dash=(1.2, 0.8) if k == GAP else ())
            if k in places:
                on.text(x + CELL / 2, y + LOW / 2 + 1.1, word, TOKEN)
            else:
                on.hatch(x, y, CELL, LOW)
    for k, line in enumerate(("ask", "mark")):
        on.text(READERS, 41 + 4.6 * k, on.say(f"pictures.both_sides.{line}"), TOKEN, anchor="start")
