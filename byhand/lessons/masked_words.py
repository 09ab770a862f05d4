"""BERT: its steps, written down twice, its words and numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice, product
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.config import Config
from byhand.model.layers import output, read, softmax
from byhand.model.models import next_token
from byhand.model.names import ATTN, ATTN_OUT, RESID_MID, RESID_PRE
from byhand.model.registry import model
from byhand.model.weights import Values
from byhand.notation.text import listed, value_text
from byhand.numbers.attention import HEADS
from byhand.numbers.choice import accepted
from byhand.numbers.dice import Bools, Dice, Floats, Ints
from byhand.numbers.natural import are_natural_columns, columns_vary, distinct, grid, natural, point_apart
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import shares_are_short, totals
from byhand.ops.attention import divide_by_root, normalize_rows, row_sum
from byhand.ops.linear import add_all, dot_rows, matmul, shift
from byhand.ops.shapes import gather_rows, keep_entries, vstack
from byhand.pictures.attention import SMALL_NUMBER
from byhand.pictures.canvas import AXIS, GREY, INK, TOKEN, WHITE, Canvas
from byhand.pictures.labels import words
from byhand.pictures.names import beside, gap
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

CLS, WORD, GAP, BACK = range(4)  # a quiz card: CLS, a word, the hidden word, and on the back of the card a word
SEEN = ((1, 1, 1, 0), (0, 0, 1, 1), (1, 1, 1, 1))  # which of them a reader sees: of the left, the right, both sides

# ---- the model ----


@model("masked-words", reads_words=True, says_words=True, one_head=True, only={
    "attention_dir": ("bidirectional",), "norm_position": ("post",), "positional_embedding_type": ("standard",),
    "attn_only": (True,), "normalization_type": (None,),
})  # fmt: skip
def _steps(build: Builder) -> Matrix:
    """BERT, of which only CLS and the hidden word ask: the word that the mask hides, as one tells it who sees the
    left side only, the right side only, and both.

    Source: Devlin et al. 2018.
    """
    c, tape = build.config, build.tape
    x = _embedded(build)
    with tape.part("heads"):
        cls, hidden = (
            gather_rows(x, name=name, sizes={"i": (1, str(build.values.ids()[at]))}, rows=(at,))
            for name, at in (("cls.x", CLS), ("gap.x", GAP))
        )
        w_q, w_k, w_v = (
            tape.given(f"{ATTN}.W_{letter}[0]", (c.d_model, width), ("d_model", axis))
            for letter, width, axis in (("Q", c.d_head, "d_head"), ("K", c.d_head, "d_head"), ("V", c.d_v, "d_v"))
        )
        q, k, v = (
            matmul(of, weight, name=f"attn.{letter}")
            for of, weight, letter in ((hidden, w_q, "q"), (x, w_k, "k"), (x, w_v, "v"))
        )
        read(matmul(cls, w_q, name="cls.q"), k, v, "cls", c)
        shares = softmax(_scaled_scores(q, k, c), "attn.pattern", c.softmax_base)
        both = gather_rows(shares, name="sides.shares", sizes={"i": (2, "one_sided")}, rows=(0, 0))
        kept = keep_entries(both, name="sides.kept", kept=SEEN[:2])
        sides = normalize_rows(kept, row_sum(kept, name="sides.sum"), name="sides.pattern")
        pattern = vstack(sides, shares, name="seen.pattern", sizes={"i": (3, "sight")})
        seen = matmul(pattern, v, name="seen.z")
    with tape.part("out"):
        out = output([seen], ATTN, c, ATTN_OUT)
    with tape.part("add1"):
        return next_token(shift(out, hidden, name=RESID_MID), c)


def _scaled_scores(q: Matrix, k: Matrix, c: Config) -> Matrix:
    """The scores of the hidden word, scaled if the config says so. Shapes: (1, d_head), (pos, d_head) → (1, pos)."""
    scores = dot_rows(q, k, name="attn.scores")
    return divide_by_root(scores, name="attn.scores_scaled", of=c.d_head) if c.use_attn_scale else scores


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
    parts = (
        w("hook_embed", "gather_rows", "embed.W_E", rows=w.ids),
        w("hook_pos_embed", "gather_rows", "pos_embed.W_pos", rows=range(len(w.ids))),
        w("card.rows", "gather_rows", "card.W_C", rows=[0, 0, 0, 1]),
    )
    x, at = w("blocks.0.hook_resid_pre", "add_all", *parts), "blocks.0.attn"
    k, v = (w(f"attn.{letter.lower()}", "matmul", x, f"{at}.W_{letter}[0]") for letter in "KV")
    w.read(w("cls.q", "matmul", w("cls.x", "gather_rows", x, rows=[0]), f"{at}.W_Q[0]"), k, v, "cls")
    hidden = w("gap.x", "gather_rows", x, rows=[2])
    scores = w("attn.scores", "dot_rows", w("attn.q", "matmul", hidden, f"{at}.W_Q[0]"), k)
    if w.config["use_attn_scale"]:
        scores = w("attn.scores_scaled", "divide_by_root", scores, of=w.config["d_head"])
    shares = w.softmax("attn.pattern", scores)
    shared = w("sides.shares", "gather_rows", shares, rows=[0, 0])
    kept = w("sides.kept", "keep_entries", shared, kept=[[1, 1, 1, 0], [0, 0, 1, 1]])
    sides = w("sides.pattern", "normalize_rows", kept, w("sides.sum", "row_sum", kept))
    pattern = w("seen.pattern", "vstack", sides, shares)
    out = w.output([w("seen.z", "matmul", pattern, v)], at, "blocks.0.hook_attn_out")
    w.spoken(w("blocks.0.hook_resid_mid", "shift", out, hidden))


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
    """What the hidden word looks at is what CLS looks at."""
    of_word = step.name == "seen.pattern" and "attn.pattern" in step.inputs
    return [replace(step, inputs=("sides.pattern", "cls.pattern")) if of_word else step]


# ---- its words ----

# A word on the front of a card, and one on its back; what somebody says who sees the front only, and the back only;
# and the word that fits both, which most would guess
CARDS = tuple(
    tuple(line.split())
    for line in """
cats milk purr boil drink
dogs cats bark feed chase
bees honey buzz pour make
birds nests sing rob build
cows grass moo mow eat
cooks eggs chop lay fry
hens eggs cluck fry lay
kids kites play sell fly
frogs flies croak swat eat
ducks bread quack bake eat
crows corn caw pop eat
lambs milk bleat boil drink
mules hay bray stack eat
monks bells pray forge ring
moths wool flit knit eat
poets poems dream read write
fish worms swim dig eat
maids beds sweep buy make
bands songs tour sing play
teams games train watch play
oxen carts graze paint pull
shops shoes open tie sell
banks money open spend lend
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
FEATURE_OF = (START, DOER, HIDDEN, THING)  # by token
LARGEST_SUM = 9
# What a token may be as a word, which may do something or have something done to it; as CLS; and as MASK.
NOUNS = np.array([(*either, *other) for either in ((2, 1), (1, 1), (1, 2)) for other in product((0, -1), repeat=2)])
STARTS, GAPS = np.array([(0, 0, 0, 2), (0, 0, 0, 3)]), np.array([(0, 0, 2, 0), (0, 0, 3, 0)])
TRIED = 40  # times, what is looked for with one way to hear
PAIRS_TRIED = 60  # of the columns of W_V
CARDS_TRIED = 80  # for each of these pairs
CARDS_KEPT = 12
ROUNDING = 1e-6
QUERIES = np.array([*product((1, 2), (1, 2), (0, -1, -2), (0, -1, -2))])  # for a doer and a thing, and nothing else
QUERIES_ASKED = 8
LOWEST = (-1, 0)  # the smallest score of MASK, halved: those of the words beside it are not below 0
LEAST = -3  # of the doer in the key of a thing, and of the thing in that of a doer
DIGIT = 100  # the base of codes of four scores
COLUMNS_TRIED = 60  # of W_K, for each feature of a key
KEYS_TRIED = 10
COLUMNS_ASKED = 400  # of W_Q
HEADS_KEPT = 2
EASY_TOTALS = (5, 6, 7, 8, 9, 10)  # of the powers of CLS
UNEMBEDDINGS_TRIED = 1500
LARGEST_LOGIT = 12
SETS = 16  # for a class
IN_VAIN = 6  # attempts that find none, before a class gets none


class Way(Struct, frozen=True):
    """What MASK looks at, and what it hears."""

    scores: tuple[int, ...]
    """Of MASK, halved, less the smallest: (4)."""
    values: tuple[tuple[int, int], ...]
    """Of CLS, the word, MASK and the word on the back."""

    @property
    def v(self) -> Ints:
        """The values (4, 2)."""
        return np.array(self.values)

    @property
    def mixtures(self) -> Ints:
        """Of those who see the left, the right, and both sides, doubled, so that they are whole: (3, 2)."""
        shares = np.array(SEEN) * 2 ** np.array(self.scores)  # (3, 4)
        return np.asarray(2 * shares @ self.v // shares.sum(1, keepdims=True))


# MASK looks most at the words beside it, of which the one speaks of a doer, the other of a thing; CLS and MASK speak
# of hardly anything. What the left side says of a doer is more than twice what it says of a thing, and the right side
# the other way round; both speak of the two about alike.
WAYS = (
    Way((0, 1, 0, 1), ((1, 1), (4, 1), (1, 1), (1, 4))),
    Way((0, 1, 0, 1), ((1, 1), (4, 1), (1, -1), (1, 5))),
    Way((0, 1, 0, 1), ((-1, 1), (5, 1), (1, -1), (1, 5))),
    Way((0, 1, 0, 1), ((-1, 1), (5, 1), (1, 1), (1, 4))),
    Way((0, 1, 0, 2), ((1, 1), (3, 0), (1, -1), (1, 4))),
    Way((0, 1, 0, 2), ((1, -1), (3, 1), (1, -1), (1, 4))),
    Way((0, 1, 0, 2), ((-1, 1), (4, 0), (1, -1), (1, 4))),
    Way((0, 1, 0, 2), ((1, 1), (5, 0), (1, -1), (1, 4))),
    Way((0, 1, 0, 2), ((1, -1), (5, 1), (1, -1), (1, 4))),
    Way((0, 1, 0, 2), ((-1, 1), (6, 0), (1, -1), (1, 4))),
    Way((0, 1, 0, 2), ((1, -1), (5, 0), (1, 1), (1, 6))),
    Way((0, 1, 0, 2), ((-1, -1), (6, 0), (1, 1), (1, 6))),
    Way((0, 2, 0, 2), ((1, 1), (6, 1), (-1, 1), (-1, 6))),
)


class Card(Struct, frozen=True):
    """What the tokens are sums of, and W_V."""

    words: Ints
    """(4, 4)."""
    places: Ints
    """(4, 4)."""
    sides: Ints
    """Of the front and of the back: (2, 4)."""
    w_v: Ints

    @property
    def x(self) -> Ints:
        """The sums (4, 4)."""
        return self.words + self.places + self.sides[[0, 0, 0, 1]]


@cache
def _sums() -> list[tuple[Ints, Ints]]:
    """For each token, what it may be as a word, and what its place may add: (count, 4) each."""
    places = np.array([*product(range(2), repeat=4)][1:])
    return [
        (np.repeat(words, len(places), 0), np.tile(places, (len(words), 1))) for words in (STARTS, NOUNS, GAPS, NOUNS)
    ]


def _cards(dice: Dice, way: Way) -> Iterator[Card]:
    """Values and scores → tokens that are most of one feature each, and W_V, which makes the values of them.

    A word may do something, or have something done to it: its side tells, and its place a little.

    Method: for each token, all sums are listed, and all columns of W_V that make its value of one of them. Of the
    pairs of columns that fit all tokens, some are drawn, and with these the sums.
    """
    front, back = np.array([1, 0, *dice.below(2, 2)]), np.array([0, 1, 0, 0])
    back[HIDDEN:] = front[HIDDEN:] - 1
    columns = grid(4, 2)
    columns = columns[are_natural_columns(columns, twos=1) & (columns.max(1) > columns.min(1))]
    fits, of_tokens = np.ones((len(columns), len(columns)), dtype=bool), list[Any]()
    for at, (as_word, of_place) in enumerate(_sums()):
        x = as_word + of_place + (back if at == BACK else front)
        most = x[:, FEATURE_OF[at]] > np.delete(x, FEATURE_OF[at], 1).max(1)
        x, as_word, of_place = x[most], as_word[most], of_place[most]
        made = x @ columns.T
        doer, thing = (made == way.v[at, k] for k in (0, 1))  # (sums, columns)
        met = np.zeros_like(fits)
        for of_doer, of_thing in zip(doer, thing, strict=True):
            met[np.ix_(of_doer, of_thing)] = True
        fits &= met
        of_tokens.append((x, as_word, of_place, doer, thing))
    dice.pay(fits.size)
    pairs = np.flatnonzero(fits)
    pairs = pairs[dice.sample(len(pairs), PAIRS_TRIED)]
    if not len(pairs):
        return
    columns_of = np.repeat(np.stack(np.divmod(pairs, len(columns)), 1), CARDS_TRIED, 0)  # (tried, 2)
    drawn = []
    for *_, doer, thing in of_tokens:
        picks = (np.flatnonzero(doer[:, i] & thing[:, j]) for i, j in columns_of[::CARDS_TRIED])
        drawn.append(np.concatenate([pick[dice.below(len(pick), CARDS_TRIED)] for pick in picks]))
    x, as_words, places = (
        np.stack([each[k][n] for each, n in zip(of_tokens, drawn, strict=True)], 1) for k in range(3)
    )  # (tried, 4, 4)
    ok = point_apart(x) & columns_vary(x) & columns_vary(places)
    ok &= (as_words[:, WORD, :2] != as_words[:, BACK, :2]).any(1)
    ok[ok] = _can_be_met(x[ok], way.scores)
    found = np.flatnonzero(ok)
    for n in found[dice.sample(len(found), CARDS_KEPT)]:
        yield Card(as_words[n], places[n], np.stack([front, back]), columns[columns_of[n]].T)


def _can_be_met(x: Ints, scores: tuple[int, ...]) -> Bools:
    """Rows (count, 4, 4), and scores but for one number that is added to all → whether a key for each row can be made
    of it that meets a query with these scores: whether some whole numbers make the scores of the rows.
    """
    ok = np.zeros(len(x), dtype=bool)
    regular = np.rint(np.linalg.det(x)) != 0
    for lowest in LOWEST:
        wanted = np.tile(2.0 * (np.array(scores) + lowest)[:, None], (regular.sum(), 1, 1))
        made = np.linalg.solve(x[regular], wanted)  # (regular, 4, 1)
        ok[regular] |= (abs(made - np.rint(made)) < ROUNDING).all((1, 2)) & (abs(made) < 8).all((1, 2))
    return ok


def _updates(dice: Dice, hidden: Ints, mixtures: Ints) -> Ints | None:
    """MASK's row (4) and doubled mixtures (3, 2) → W_O (2, 4): what is heard of a doer and of a thing is added there,
    and fills the gap. None where there is none.
    """
    columns = grid(2, 2)
    doubled = columns @ mixtures.T
    doer, thing = columns.T
    fits = (
        (doer > abs(thing)), (thing > abs(doer)), (doer <= 0) & (thing <= 0) & (doer + thing < 0),
        (abs(columns).max(1) == 1),
    )  # fmt: skip
    pools = [np.flatnonzero(fit & (doubled % 2 == 0).all(1)) for fit in fits]
    if not all(map(len, pools)):
        return None
    picks = np.stack([pick.ravel() for pick in np.meshgrid(*pools)], 1)  # (count, 4)
    after = (doubled[picks] // 2).swapaxes(1, 2) + hidden  # (count, 3, 4)
    left, right, both = after.swapaxes(0, 1)
    ok = (abs(after).max((1, 2)) <= LARGEST_SUM) & point_apart(after) & columns_vary(after)
    ok &= left[:, DOER] > np.delete(left, DOER, 1).max(1)
    ok &= right[:, THING] > np.delete(right, THING, 1).max(1)
    ok &= both[:, :2].min(1) > np.maximum(both[:, 2:].max(1), hidden[:2].max())
    ok &= natural(columns[picks].swapaxes(1, 2), 0, 50)
    kept = picks[ok]
    return columns[kept[dice.one_below(len(kept))]].T if len(kept) else None


def _heads(dice: Dice, x: Ints, way: Way) -> Iterator[tuple[Ints, Ints]]:
    """Rows (4, 4), and what MASK looks at and hears → W_Q and W_K (4, 4).

    MASK asks for a doer and for a thing, and the words beside it can be found as these.

    Method: the keys' numbers of each feature, a column of W_K, are drawn from those that fit; of all choices at once,
    the ones that meet a query with these scores are looked up, by codes that have a digit for each token: what two
    features add to a code is what the other two leave.
    """
    columns, digits = grid(4, 2), DIGIT ** np.arange(4)
    columns = columns[columns.max(1) > columns.min(1)]
    made = columns @ x.T  # (columns, 4)
    small = (abs(made).max(1) <= 4) & columns_vary(made[:, :, None])
    pools = []
    for token in (WORD, BACK, None, None):  # in the order of features
        fit = small if token is None else small & (made[:, token] > np.maximum(np.delete(made, token, 1).max(1), 1))
        if token is not None:
            fit &= made[:, WORD + BACK - token] >= LEAST
        pool = np.flatnonzero(fit)
        pools.append(pool[dice.sample(len(pool), COLUMNS_TRIED)])
    if not all(map(len, pools)):
        return
    codes, target = made @ digits, 2 * np.array(way.scores) @ digits
    for asked in QUERIES[dice.permutation(len(QUERIES))[:QUERIES_ASKED]]:
        doer, thing, hidden, start = (q * codes[pool] for q, pool in zip(asked, pools, strict=True))
        front, rest = (doer[:, None] + thing).ravel(), (hidden[:, None] + start).ravel()
        dice.pay(front.size + rest.size)
        order = np.argsort(rest, kind="stable")
        missing = (target + 2 * digits.sum() * np.array(LOWEST)[:, None] - front).ravel()  # (lowest, front)
        second = order[np.searchsorted(rest[order], missing).clip(0, len(rest) - 1)]
        met = np.flatnonzero(rest[second] == missing)
        for place in met[dice.sample(len(met), KEYS_TRIED)]:
            pairs = divmod(place % len(front), len(thing)), divmod(second[place], len(start))
            at = [pool[k] for pool, k in zip(pools, (*pairs[0], *pairs[1]), strict=True)]
            k = made[at].T
            found = [k[token].argmax() == feature and (k[token] == k[token].max()).sum() == 1
                     for token, feature in ((WORD, DOER), (BACK, THING))]  # fmt: skip
            fits = all(found) and point_apart(k) and natural(columns[at].T, 10, 65)
            if fits and (w_q := _asking(dice, x, asked, k, way.v)) is not None:
                yield w_q, columns[at].T
                break


def _asking(dice: Dice, x: Ints, asked: Ints, keys: Ints, values: Ints) -> Ints | None:
    """W_Q (4, 4) with which MASK asks for this (4), and CLS has easy shares and hears about as much of a doer as of a
    thing; None where none is found. Of those that fit, the one with the fewest numbers beyond ±1.
    """
    rows = grid(4, 2)
    fits = [rows[(rows @ x[GAP] == number) & (rows.max(1) > rows.min(1))] for number in asked]
    if not all(map(len, fits)):
        return None
    w_q = np.stack([dice.choices(fit, COLUMNS_ASKED) for fit in fits], 2)
    q: Ints = x[CLS] @ w_q
    own = q @ keys.T
    ok = natural(w_q, 10, 60) & (own % 2 == 0).all(1) & (abs(q).max(1) <= 5) & (abs(own).max(1) <= LARGEST_SUM)
    ok &= np.isin(totals(own // 2, 2), EASY_TOTALS) & (own.max(1) > own.min(1))
    heard = 2.0 ** (own // 2) @ values  # (tried, 2)
    ok &= heard.max(1) <= 2 * heard.min(1)
    w_q = w_q[ok]
    return w_q[(abs(w_q) > 1).sum((1, 2)).argmin()] if len(w_q) else None


# What a column of W_U may be for the word that one says who sees the left, the right, both sides, for the words on
# the front and on the back, for MASK and CLS, and for any other: what it wants of each feature
ANY, LESS = (-1, 0, 1), (-1, 0)
WANTS = tuple(np.array([*product(*each)]) for each in (
    ((2,), (-2, -1), ANY, ANY), ((-2, -1), (2,), ANY, ANY), ((1,), (1,), ANY, ANY),
    ((1,), LESS, LESS, ANY), (LESS, (1,), LESS, ANY), (LESS, LESS, (1, 2), LESS), (LESS, LESS, LESS, (1, 2)),
    (LESS, LESS, ANY, ANY),
))  # fmt: skip


def _unembedding(
    dice: Dice, rows: Ints, hidden: Ints, likely: Sequence[Floats], ids: Sequence[int], words: int
) -> Ints | None:
    """Rows of three readers (3, 4) → W_U (4, words), in which each reader's word leads by 2 or more, and before
    attention MASK says MASK; the first one's word loses for the third reader by what both sides say of a
    thing, by nothing else more. None where none is found. Of those that fit, the one with the fewest numbers.

    hidden: the row of MASK before attention (4). likely: other rows of the readers (3, 4), with which they say the
    same. ids: the words of the WANTS, but for the last.
    """
    columns = [(ids.index(word) if word in ids else len(WANTS) - 1) for word in range(words)]
    w_u = np.stack([dice.choices(WANTS[want], UNEMBEDDINGS_TRIED) for want in columns], 2)
    said = np.array(ids[:3])
    logits = np.sort(rows @ w_u, 2)  # (tried, 3, words)
    ok = (logits[:, :, -1] - logits[:, :, -2] >= 2).all(1) & (logits[:, :, -2] > logits[:, :, -3]).all(1)
    ok &= (hidden @ w_u).argmax(1) == ids[5]
    ok &= (abs(logits).max((1, 2)) <= LARGEST_LOGIT) & distinct(w_u.swapaxes(1, 2))
    lost = (rows[0] - rows[2])[:, None] * w_u[:, :, ids[0]].T  # (features, tried)
    ok &= (lost[THING] == lost.max(0)) & (w_u[:, THING, ids[0]] < 0)
    for each in (rows, *likely):
        ok &= ((each @ w_u).argmax(2) == said).all(1)
    w_u = w_u[ok]
    return w_u[(w_u != 0).sum((1, 2)).argmin()] if len(w_u) else None


def _likely(way: Way, hidden: Ints, w_o: Ints) -> list[Floats]:
    """The rows of the three readers (3, 4) with powers of e, and both as a norm would make them, as BERT's does."""
    shares = np.array(SEEN) * np.exp(np.array(way.scores, float))
    of_e = hidden + shares @ way.v / shares.sum(1, keepdims=True) @ w_o
    rows = hidden + way.mixtures / 2 @ w_o
    normed = [(x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True) for x in (rows, of_e)]
    return [of_e, *normed]


@sheet_promise
def sides_can_be_read(tape: Tape) -> bool:
    """Each token is most of one feature: CLS of the start, the words of a doer and of a thing, and MASK of what is
    hidden. MASK asks for a doer and a thing and for nothing else; the words beside it can be found as these, and it
    looks at them most, with scores that are not below 0. From the left it hears most of a doer, from the right of a
    thing, and from both sides of both, so that it has most of these two then. CLS hears about as much of a doer
    as of a thing.
    """
    x, k, mixed, after = (tape.values(name) for name in (RESID_PRE, "attn.k", "seen.z", RESID_MID))
    asked, scores, whole = (tape.values(name)[0] for name in ("attn.q", "attn.scores", "cls.z"))
    left, right, both = mixed
    rows = (*zip(x, FEATURE_OF, strict=True), (k[WORD], DOER), (k[BACK], THING))
    most = all(has_one_largest(row) and row.index(max(row)) == feature for row, feature in rows)
    asks = [number > 0 for number in asked] == [True, True, False, False]
    least = min(scores[WORD], scores[BACK])
    looks = least >= 0 and least > max(scores[CLS], scores[GAP])
    answers = min(k[WORD][THING], k[BACK][DOER]) >= LEAST
    in_grey = 0 < max(whole) <= 2 * min(whole)
    sides = 2 * left[0] >= 5 * abs(left[1]) and 2 * right[1] >= 5 * abs(right[0]) and 2 * max(both) <= 3 * min(both)
    return (most and asks and looks and answers and sides and in_grey) and min(after[2][:2]) > max(after[2][2:])


@sheet_promise
def each_side_says_another_word(tape: Tape) -> bool:
    """Who sees the left side says one word, who sees the right another, and who sees both a third, each of which
    leads by 2 or more; also if a norm reads the rows that the words are read from. The first one's word loses for the
    third reader by what both sides say of a thing, by nothing else more: its number for that is negative.
    """
    said, logits = tape.values("next_token"), [sorted(row) for row in tape.values("logits")]
    rows, w_u = (np.array(tape.values(name), float) for name in (RESID_MID, "unembed.W_U"))
    normed = (rows - rows.mean(1, keepdims=True)) @ w_u
    leads = all(row[-1] - row[-2] >= 2 for row in logits)
    words_said = [int(word) for (word,) in said]
    lost = [*((rows[0] - rows[2]) * w_u[:, words_said[0]])]
    by_thing = bool(lost[THING] == max(lost) > 0 > w_u[THING, words_said[0]])
    return len({*said}) == len(said) and leads and by_thing and normed.argmax(1).tolist() == words_said


def _some_sets(task: Task, seconds: float) -> list[Values]:
    """Sets of numbers for a class, with which each reader says the same word as with the numbers of the task; none
    where hardly any are found.
    """
    said = task.model.run(task.values, RATIONALS).values("next_token")
    asked, found = replace(task, wanted=tuple(int(word) for (word,) in said)), list[Values]()
    dice, in_vain = Dice("some sets of masked-words"), 0
    while len(found) < SETS and in_vain < IN_VAIN:
        in_vain += 1
        for instance in _numbers(asked, dice):
            values = replace(task.values, inputs=instance.inputs, weights=instance.weights)
            if accepted(task.model, values, task.limits, asked.wanted, seconds):
                found.append(values)
                in_vain = 0
                break
    return found


@search("masked-words", like_sheet=True, sentence=card, list_all=_some_sets, requires=(
    exactly(4, d_model=4, d_head=4, d_v=2, n_heads=1, n_layers=1, attn_only=True, normalization_type=None),
    shares_are_short, *HEADS,
))  # fmt: skip
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """What MASK hears first; then tokens whose values are these, W_O and W_U; then queries and keys."""
    way, tokens = WAYS[dice.one_below(len(WAYS))], task.values.ids()
    free = (word for word in range(task.config.d_vocab) if word not in (*tokens, *task.wanted))
    said = [next(free, None) if word is None else word for word in task.wanted[-3:]]
    ids = [word for word in (*said, *(tokens[at] for at in (WORD, BACK, GAP, CLS))) if word is not None]
    if len(ids) < len(WANTS) - 1:
        return
    for found in chain.from_iterable(_cards(dice, way) for _ in range(TRIED)):  # so that all ways are found
        hidden = found.x[GAP]
        w_o = _updates(dice, hidden, way.mixtures)
        if w_o is None:
            continue
        rows = hidden + way.mixtures @ w_o // 2
        w_u = _unembedding(dice, rows, hidden, _likely(way, hidden, w_o), ids, task.config.d_vocab)
        if w_u is None:
            continue
        for w_q, w_k in islice(_heads(dice, found.x, way), HEADS_KEPT):
            w_e = _embeddings(dice, found.words, tokens, task.config.d_vocab)
            weights = {"W_Q": [w_q], "W_K": [w_k], "W_V": [found.w_v], "W_O": [w_o]}
            yield Instance(
                {"card.W_C": found.sides.tolist()},
                {f"{ATTN}.{name}": [w.tolist() for w in each] for name, each in weights.items()}
                | {"embed.W_E": w_e.tolist(), "pos_embed.W_pos": found.places.tolist(), "unembed.W_U": w_u.tolist()},
            )


def _embeddings(dice: Dice, words: Ints, ids: Sequence[int], count: int) -> Ints:
    """What the tokens are as words (4, 4), and their ids → W_E (count, 4). The words that are not on the card have
    any small numbers.
    """
    rows = grid(4, 2)
    while True:
        w_e = dice.choices(rows[abs(rows).sum(1) == 3], count)
        w_e[list(ids)] = words
        if point_apart(w_e) and columns_vary(w_e):
            return np.asarray(w_e)


# ---- its picture ----

WIDE, HIGH = 174.0, 40.0  # mm: of the picture
ROOM, EDGE, FOOT = 50.0, 9.6, 4.4  # of the plane, and what names and numbers take to the left of it and below
UNIT = 8.0  # the most that a unit of the plane takes
READERS, CARD, CELL, LOW = 60.0, 88.0, 21.5, 7.0  # their left edge, that of their tokens, and a token's size


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
    low = [int(min(0, *axis)) for axis in zip(*ends, *found, strict=True)]
    high = [int(max(0, *axis)) + 1 for axis in zip(*ends, *found, strict=True)]
    unit = min(UNIT, (ROOM - EDGE) / (high[0] - low[0]), (HIGH - 2 - FOOT) / (high[1] - low[1]))

    def at(point: Sequence[float]) -> Point:
        return EDGE + unit * (point[0] - low[0]), 2 + unit * (high[1] - point[1])

    half = min(high[0] / 2, high[1]), min(high[0], high[1] / 2)  # how far the lines of twice as much reach
    corner = [(high[0], high[1])] if high[0] / 2 < high[1] and high[1] / 2 < high[0] else []
    on.area([at(p) for p in ((0, 0), (2 * half[0], half[0]), *corner, (half[1], 2 * half[1]))], "#e9e9e9")
    on.plane(at, (low[0], low[1]), (high[0], high[1]))
    on.arrow(at((low[0], 0)), at((high[0], 0)), width=AXIS + 0.05, colour=INK)
    on.arrow(at((0, low[1])), at((0, high[1])), width=AXIS + 0.05, colour=INK)
    right, upper = at((high[0], 0)), at((0, high[1]))
    ticks = {(at((x, 0))[0], at((x, 0))[1] + 2.6): x for x in range(low[0], high[0]) if x}
    ticks |= {(at((0, y))[0] - 1.6, at((0, y))[1] + 0.8): y for y in range(low[1], high[1]) if y}
    on.text(right[0] + 1.2, right[1] + 0.9, names[0], TOKEN, anchor="start", bold=True)
    on.text(upper[0] - 1.2, upper[1] + 1.6, names[1], TOKEN, anchor="end", bold=True)
    said = {end: ", ".join(token for token, of in zip(tokens, ends, strict=True) if of == end) for end in ends}
    tips, named = [at(end) for end in said], [*said.values()]
    halves = [words(name, TOKEN).width / 2 + 0.4 for name in named]
    away = [*((at((0, 0)), tip) for tip in tips), *((at(point), at(point)) for point in found)]
    places = beside(tips, halves, away, (0, 1.5, ROOM, HIGH))
    for spot, number in ticks.items():
        near = [gap(spot, place, wide + 1.2) for place, wide in zip(places, halves, strict=True)]
        if min(near) > 1.6:
            on.text(*spot, value_text(number), SMALL_NUMBER, colour=GREY)
    for tip, place, wide, name in zip(tips, places, halves, named, strict=True):
        on.arrow(at((0, 0)), tip, width=0.8)
        on.box(place[0] - wide, place[1] - 2.9, 2 * wide, 3.8, fill=WHITE, width=0)
        on.text(*place, name, TOKEN, bold=True)
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
    for n, (side, places) in enumerate(zip(sides, SEEN, strict=True)):
        y = 1 + n * (LOW + 2.6)
        on.text(READERS, y + 4.8, str(n + 1), TOKEN, anchor="start", bold=True)
        on.text(READERS + 4, y + 4.8, side, TOKEN, anchor="start")
        for k, word in enumerate(tokens):
            x = CARD + k * CELL
            on.box(x, y, CELL, LOW, dash=(1.2, 0.8) if k == GAP else ())
            if places[k]:
                on.text(x + CELL / 2, y + LOW / 2 + 1.1, word, TOKEN)
            else:
                on.hatch(x, y, CELL, LOW)
    for k, line in enumerate(("ask", "mark")):
        on.text(READERS, 34.0 + 4.6 * k, on.say(f"pictures.both_sides.{line}"), TOKEN, anchor="start")
