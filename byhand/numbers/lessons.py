"""Numbers of the small models, which resemble those of their sheet: as many, as large, and as long to compute.

1. A model without a search is given the sheet's numbers in another order (`shuffled`), but for what a picture of its
   sheet is drawn from (`DRAWN`).
2. The models whose results have to be exact have a search each.
3. The model that counts a transformer's parameters and FLOPs has so few possible sizes that all can be listed.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import accumulate, combinations, permutations, product
from math import atan2, pi
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.arithmetic.copies import as_array, differing, each, together
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Expr, refs
from byhand.effort import STEP, operations, writing
from byhand.model import Model
from byhand.model.names import RESID_PRE
from byhand.model.weights import Values, numbers
from byhand.notation.number import parse
from byhand.numbers.attention import whole_base
from byhand.numbers.combine import combine_columns
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.feed_forward import find_first_layer, is_relu, plain_second_layer
from byhand.numbers.natural import distinct, weight_columns
from byhand.numbers.norms import have_two_sizes, unit_of, whole_sides
from byhand.numbers.promises import (
    BAND,
    MOST_ALIKE,
    NEAR,
    UGLY,
    Case,
    Limits,
    promised,
    whole_time,
    words_reaching,
    work_of,
)
from byhand.numbers.registry import Entries, Instance, Task, search
from byhand.numbers.stack import draw_plain_rows, mlp_weights
from byhand.tape import Tape

PATTERN, NORMALIZED = "blocks.0.attn.hook_pattern[0]", "ln_final.hook_normalized"

TABLE_REACH = 6  # the largest entry of BatchNorm's table, in absolute value
TABLE_BEAMS = 2000  # the time to find a table is proportional to it
BENDS = (-2, 3)  # the numbers between which a unit of one input is drawn
HIGHEST = 4  # the largest result of such a unit, and of the sum of two
# what the second and the last token of `transformer-by-hand` may take from the three: in halves, thirds and quarters
SECOND_ROWS = (["1/2", "1/2", 0], ["1/3", "2/3", 0], ["2/3", "1/3", 0], ["1/4", "3/4", 0], ["3/4", "1/4", 0])
LAST_ROWS = (["1/4", "1/2", "1/4"], ["1/2", "1/4", "1/4"])
MIXED_TRIED = 4000  # columns that a given pattern mixes: few of the mixtures are whole numbers
MIXED_REACH = 4  # the largest entry of such a column and of its mixture, in absolute value
LOGITS_TRIED = 3000  # rows of logits, for cross-entropy
LOGITS_TRIED_PERPLEXITY = 6000  # more for perplexity, where rows of logits have to be products with W_U, too
LOGIT_SPREAD = 4  # between the logits of a row: in base 2, one word is up to 16 times as likely as another


# ---- 1. a sheet's numbers in another order ----


def shuffled(
    model: Model, values: Values, dice: Dice, limits: Limits, promises: Sequence[str] = ()
) -> tuple[Values, Case]:
    """The values with their numbers in another order and with other signs, and their run with its figures.

    promises: the names of the sheet's own promises.

    Method: rejection sampling. About one order in ten fits.

    Raises: SpentError.
    """
    own = _evaluated(model, values)
    own_time, work = whole_time(own), work_of(own)
    while True:
        dice.pay(work)
        own_draw = DRAWN[model.name](dice) if model.name in DRAWN else {}
        inputs, weights = (
            {name: own_draw.get(name) or reordered(entry, dice) for name, entry in entries.items()}
            for entries in (values.inputs, values.weights)
        )
        new = replace(values, inputs=inputs, weights=weights)
        if not _rows_differ(np.array(rows, dtype=object) for rows in numbers(new).values()):
            continue
        found = promised(_evaluated(model, new), limits, own_time, of_sheet=promises)
        if found is not None:
            return new, found


def _evaluated(model: Model, values: Values) -> Tape:
    """A run with all its steps evaluated, except the counts of parameters, which are the same for every seed."""
    tape = model.run(values, RATIONALS, force=False)
    for name in tape.steps:
        if not name.startswith("count"):
            tape.values(name)
    return tape


def reordered(entry: Any, dice: Dice) -> Any:
    """A nested list of numbers in random order; with random signs, if one of the numbers is negative."""
    array = np.array(entry, dtype=object)
    exact: list[Any] = [parse(array.ravel()[place]) for place in dice.permutation(array.size)]
    signs = (2 * dice.below(2, array.size) - 1).tolist() if min(exact) < 0 else [1] * array.size
    entries = [_as_entry(sign * x) for sign, x in zip(signs, exact, strict=True)]
    return np.array(entries, dtype=object).reshape(array.shape).tolist()


def _as_entry(number: Fraction) -> int | str:
    """A number as it stands in a values file: 3, or "-1/2"."""
    return int(number) if number.denominator == 1 else str(number)


def _rows_differ(matrices: Iterable[Any]) -> bool:
    """Whether no row or column of a matrix is all zeros, and no two of its rows or columns are equal.

    Matrices of one row or one column are not looked at.
    """
    sides = [side for m in matrices if min(m.shape) > 1 for side in (m.tolist(), m.T.tolist())]
    return all(any(row) for rows in sides for row in rows) and all(len(set(map(tuple, r))) == len(r) for r in sides)


DRAWN: dict[str, Callable[[Dice], Entries]] = {}  # by model, what is drawn in place of being put in another order


def drawn(model: str) -> Callable[[Callable[[Dice], Entries]], Callable[[Dice], Entries]]:
    """Register a function that draws some of the inputs of a model without a search."""

    def register(draw: Callable[[Dice], Entries]) -> Callable[[Dice], Entries]:
        DRAWN[model] = draw
        return draw

    return register


@drawn("dot-product")
def _arrows_and_a_line(dice: Dice) -> Entries:
    """An arrow of length 5, and three others: ahead of it, at a right angle, and against it, with whole shadows."""
    line = dice.choices(np.array([(x, y) for x, y in product((-4, -3, 3, 4), repeat=2) if x * x + y * y == 25]), 1)[0]
    tips = np.array(list(product(range(-4, 5), repeat=2)))
    along, across = tips @ line, tips @ (line[1], -line[0])
    fit = (along % 5 == 0) & (across != 0) & (abs(tips).max(1) > 1)
    chosen = [dice.choices(tips[fit & side], 1)[0] for side in (along > 0, along == 0, along < 0)]
    return {"u2": [line.tolist()], "v2": [tip.tolist() for tip in chosen]}


@drawn("mlp")
def _two_bends(dice: Dice) -> Entries:
    """Two units of one input, and their weights in a sum."""
    pairs = _bending_pairs()
    w, b, out = pairs[dice.one_below(len(pairs))]
    return {"bend.W_in": [list(w)], "bend.b_in": [list(b)], "bend.W_out": [[factor] for factor in out]}


@cache
def _bending_pairs() -> Sequence[tuple[Sequence[int], Sequence[int], Sequence[int]]]:
    """The weights, biases and weights in a sum of two units that bend at different whole numbers. Their graphs and
    the sum fit into a picture.
    """
    places, found = range(BENDS[0], BENDS[1] + 1), []
    for w, at, out in product(
        product((1, -1), repeat=2), permutations(places[1:-1], 2), product((-2, -1, 1, 2), repeat=2)
    ):
        units = [[max(0, sign * (x - bend)) for x in places] for sign, bend in zip(w, at, strict=True)]
        sums = [sum(a * b for a, b in zip(out, pair, strict=True)) for pair in zip(*units, strict=True)]
        if max(map(max, units)) <= HIGHEST and min(sums) >= 0 and 0 < max(sums) <= HIGHEST:
            found.append((w, tuple(-sign * bend for sign, bend in zip(w, at, strict=True)), out))
    return found


# ---- 2. models whose results have to be exact ----


def _has_four_and_four(task: Task) -> str:
    d, n = task.config.d_model, task.n
    if (d, n) == (4, 4):
        return ""
    found = f"for 4 tokens and d_model=4, not {n} and {d}"
    return f"BatchNorm beside LayerNorm is rational {found}; use these, or give values"


@search("batch-norm", like_sheet=True, requires=[_has_four_and_four])
def _batch_norm(task: Task, dice: Dice) -> Iterator[Instance]:
    """A table (n, d_model) whose rows and columns have whole means and deviations of up to 3, so that LayerNorm and
    BatchNorm of it are rational. Both norms have a wide row, or column, and two deviations; most cells differ.

    Method: beam search over the rows (`combine_columns`), which combines such columns.
    """
    sides = whole_sides(TABLE_REACH)
    members = combine_columns(dice, sides, task.config.d_model, [sides] * task.n, beams=TABLE_BEAMS)
    x = sides[members].swapaxes(1, 2)  # (count, n, d)
    by_row, by_column = unit_of(x, "LN"), unit_of(x.swapaxes(1, 2), "LN").swapaxes(1, 2)
    ok = have_two_sizes(by_row) & have_two_sizes(by_column.swapaxes(1, 2)) & distinct(by_row)
    ok &= distinct(x) & distinct(x.swapaxes(1, 2)) & (x < 0).any((1, 2))
    ok &= (np.ptp(x.var(1), 1) > 0) & (np.ptp(x.var(2), 1) > 0)
    ok &= (by_row == by_column).sum((1, 2)) * MOST_ALIKE.denominator <= x[0].size * MOST_ALIKE.numerator
    others = np.flatnonzero(distinct(x) & distinct(x.swapaxes(1, 2)))
    for i in np.flatnonzero(ok)[: 3 * (len(others) > 1)]:
        inputs = {RESID_PRE: x[i].tolist()}
        if "other.x" in task.values.inputs:
            inputs["other.x"] = x[others[others != i][0]].tolist()
        yield Instance(inputs, {})


@search("transformer-by-hand", like_sheet=True, requires=[is_relu])
def _transformer_by_hand(task: Task, dice: Dice) -> Iterator[Instance]:
    """A pattern, rows (n, d_model) whose mixture by it is in whole numbers, and a feed-forward network on that.

    Where the sheet has three tokens, the shares of the second and of the last one are drawn.

    Method: rejection sampling, first of columns, then of matrices of the columns that fit.
    """
    pattern = task.values.inputs[PATTERN]
    if len(pattern) == len(pattern[0]) == 3:
        rows = (each[dice.one_below(len(each))] for each in (SECOND_ROWS, LAST_ROWS))
        pattern = [[1, 0, 0], *rows]
    shares = [[Fraction(x) for x in row] for row in pattern]
    common = [int(np.lcm.reduce([x.denominator for x in row])) for row in shares]
    powers = np.array([[int(x * m) for x in row] for row, m in zip(shares, common, strict=True)])
    drawn = dice.below(2 * MIXED_REACH + 1, MIXED_TRIED, powers.shape[1]) - MIXED_REACH  # columns of the rows
    sums = drawn @ powers.T
    fit = (sums % common == 0).all(1) & (abs(sums // common).max(1) <= MIXED_REACH) & (drawn.max(1) > drawn.min(1))
    picks = dice.below(int(fit.sum()), 50, task.config.d_model)
    x, z = (part[fit][picks].swapaxes(1, 2) for part in (drawn, sums // common))  # (count, n, d)
    zeros = (x == 0).sum((1, 2)) * 100
    ok = distinct(x) & distinct(z) & distinct(x.swapaxes(1, 2))
    ok &= (zeros >= 10 * x[0].size) & (zeros <= 35 * x[0].size)
    for i in np.flatnonzero(ok)[:1]:
        first = find_first_layer(dice, z[i], task.config.d_mlp, task.limits)
        second = first and plain_second_layer(dice, np.zeros_like(z[i]), first, task.limits)
        if first and second:
            yield Instance({RESID_PRE: x[i].tolist(), PATTERN: pattern}, mlp_weights("blocks.0", first, second))


def _is_power(totals: Ints, base: int) -> Bools:
    """Numbers → which of them are powers of the base: 1, base, base², …, up to 10⁹."""
    found: Bools = np.isin(totals, base ** np.arange(int(np.log(1e9) / np.log(base))))
    return found


def _has_whole_logarithms(logits: Ints, base: int) -> Bools:
    """Rows of logits (…, words) → (…), which of them have probabilities whose logarithms are whole numbers.

    The powers of such a row add up to a power of the base. Its logits are not all equal, and differ by up to
    LOGIT_SPREAD.
    """
    low = logits.min(-1, keepdims=True)
    above = np.minimum(logits - low, 12)
    ok: Bools = _is_power((base**above).sum(-1), base) & (logits.max(-1) > low[..., 0])
    ok &= above.max(-1) <= LOGIT_SPREAD
    return ok


def _adds_up_to_a_power(task: Task) -> str:
    c = task.config
    if c.softmax_base != 3 or c.d_vocab % 2:
        return ""
    return f"{c.d_vocab} powers of 3 never add up to one; use a vocabulary of an odd number of words, or base 2"


@search("cross-entropy", like_sheet=True, requires=[_adds_up_to_a_power])
def _cross_entropy(task: Task, dice: Dice) -> Iterator[Instance]:
    """Logits (n, words) whose probabilities have whole logarithms, and differ from position to position.

    Method: rejection sampling, first of rows, then of matrices of the rows that fit.
    """
    words = task.config.d_vocab
    drawn = dice.below(5, LOGITS_TRIED, words) - 1
    rows = drawn[_has_whole_logarithms(drawn, whole_base(task.config))]
    if len(rows):
        picks = rows[dice.below(len(rows), 40, task.n - 1)]  # (tries, n, words)
        for i in np.flatnonzero(distinct(picks - picks.min(2, keepdims=True)))[:3]:
            yield Instance({"logits": picks[i].tolist()}, {})


@search("perplexity", like_sheet=True, requires=[_adds_up_to_a_power])
def _perplexity(task: Task, dice: Dice) -> Iterator[Instance]:
    """Vectors (n, d_model) and W_U (d_model, words) whose probabilities have whole logarithms, and whose mean
    surprisal is whole, and so small that the perplexity is no larger than the vocabulary.

    Method: the vectors are drawn, then W_U is found by beam search over the tokens (`combine_columns`).
    """
    c, base, n = task.config, whole_base(task.config), task.n - 1  # the last token is only predicted
    x = draw_plain_rows(dice, n, c.d_model)
    if x is None:
        return
    columns = weight_columns(c.d_model)
    products = columns @ x.T
    fit = abs(products).max(1) <= 4
    columns, products = columns[fit], products[fit]
    drawn = dice.below(7, LOGITS_TRIED_PERPLEXITY, c.d_vocab) - 3
    allowed = drawn[_has_whole_logarithms(drawn, base)]
    picks = combine_columns(dice, products, c.d_vocab, [allowed] * n, beams=200)
    logits = products[picks].swapaxes(1, 2)  # (count, n, words)
    right = logits[:, np.arange(n), list(task.values.ids()[1:])]
    low = logits.min(2)
    totals = (base ** (logits - low[..., None])).sum(2)
    surprisals = np.rint(np.log(totals) / np.log(base)).astype(np.int64) - (right - low)
    mean, rest = np.divmod(surprisals.sum(1), n)
    ok = (rest == 0) & (surprisals.max(1) > surprisals.min(1)) & (base**mean <= max(c.d_vocab, base**2))
    ok &= distinct(columns[picks])
    for i in np.flatnonzero(ok)[:4]:
        weights = {"unembed.W_U": columns[picks[i]].T.tolist()}
        if c.tie_word_embeddings:
            weights = {"embed.W_E": columns[picks[i]].tolist()}
        elif "embed.W_E" in task.values.weights:
            weights["embed.W_E"] = reordered(task.values.weights["embed.W_E"], dice)
        arrows = _arrows(dice) if "arrows.n" in task.values.inputs else {}
        yield Instance({NORMALIZED: x.tolist(), **arrows}, weights)


def _arrows(dice: Dice) -> dict[str, Any]:
    """A vector, and the arrows of four words, for a picture: of logits 3, 2, 1 and 1, none along another, and the
    longest not that of the largest logit.
    """
    x, y = n = ((2, 1), (1, 2))[dice.one_below(2)]
    room = {(i, j): x * i + y * j for i in range(-2, 4) for j in range(-2, 5)}
    three, two, one = ([end for end, logit in room.items() if logit == wanted] for wanted in (3, 2, 1))
    fours = [(a, b, c, d) for a, b, (c, d) in product(three, two, combinations(one, 2)) if _fan_out(n, a, b, c, d)]
    ends = fours[dice.one_below(len(fours))]
    return {"arrows.n": [list(n)], "arrows.words": [list(ends[place]) for place in dice.permutation(4)]}


def _fan_out(n: tuple[int, int], best: tuple[int, int], *others: tuple[int, int]) -> bool:
    """Whether no two arrows lie near each other, and one of the others is longer than all."""
    lengths = sorted(i * i + j * j for i, j in others)
    apart = all(abs(atan2(j, i) - atan2(y, x)) > pi / 11 for (i, j), (x, y) in combinations((n, best, *others), 2))
    return apart and lengths[-1] > max(best[0] ** 2 + best[1] ** 2, lengths[-2])


LOGITS_DRAWN = (
    (2, 1, 0, 0),
    (2, 1, 1, 0),
)  # above the smallest: their shares are short fractions at both temperatures
NUCLEI = ("3/5", "2/3", "7/10", "3/4", "4/5", "5/6", "17/20", "9/10", "19/20")  # p of top-p
FIRST_WORDS = (("1/2", "1/4", "1/8", "1/8"), ("2/5", "3/10", "1/5", "1/10"), ("1/2", "3/10", "1/10", "1/10"))
AFTER_LIKELIEST = (("2/5", "1/5", "1/5", "1/5"), ("2/5", "3/10", "1/5", "1/10"), ("3/8", "1/4", "1/4", "1/8"))
AFTER_OTHERS = ((1, 0, 0, 0), ("1/2", "1/2", 0, 0), ("3/4", "1/4", 0, 0), ("2/3", "1/3", 0, 0))
THROWS_TRIED = 40  # throws and second words, for the same logits


def _has_four_words(task: Task) -> str:
    found = len(task.values.vocabulary)
    return "" if found == 4 else f"sampling has new numbers for 4 words, not {found}; use 4, or give values"


@search("sampling", like_sheet=True, requires=[_has_four_words])
def _sampling(task: Task, dice: Dice) -> Iterator[Instance]:
    """Logits whose top k and top p drop a word, throws that fall far from every border, and two words in a row, the
    likeliest of which does not begin with the likeliest first word.
    """

    def one_of(options: Sequence[Any]) -> Any:
        return options[dice.one_below(len(options))]

    base = whole_base(task.config)
    above, shift, temperatures = one_of(LOGITS_DRAWN), one_of((-1, 0, 1)), one_of(((1, "1/2"), ("1/2", 1)))
    logits = [int(above[i]) + shift for i in dice.permutation(4)]
    plain, last = (_shares(logits, base, Fraction(t)) for t in temperatures)
    cuts = [k for k in (2, 3) if _is_cut(plain, k)]
    nuclei = [p for p in NUCLEI if _is_cut(last, _reaching(last, Fraction(p))) and _reaching(last, Fraction(p)) > 1]
    nuclei = [p for p in nuclei if words_reaching(plain, Fraction(p)) != words_reaching(last, Fraction(p))]
    if not cuts or not nuclei:
        return
    clear = {k: _clear_throws(plain, k) for k in cuts}
    for _ in range(THROWS_TRIED):  # so that logits that seldom fit are chosen as often as others
        k, p = one_of(cuts), one_of(nuclei)
        throws = [*one_of(clear[k][0]), one_of(clear[k][1])] if all(clear[k]) else []
        first = one_of(FIRST_WORDS)
        rows = [one_of(AFTER_LIKELIEST), *(one_of(AFTER_OTHERS) for _ in range(3))]
        places = dice.permutation(4)
        second = [[rows[i][j] for j in dice.permutation(4)] for i in places]
        joint = [[Fraction(first[i]) * Fraction(x) for x in row] for i, row in zip(places, second, strict=True)]
        best, greedy = max(map(max, joint)), max(joint[list(places).index(0)])
        flat = [x for row in joint for x in row]
        if throws and greedy < best and flat.count(best) == 1 and flat.count(greedy) == 1:
            yield Instance({
                "logits": [logits], "temperatures": [[t] for t in temperatures], "k": [[k]], "p": [[p]],
                "r": [[_as_entry(r)] for r in throws], "first": [[first[i]] for i in places], "second": second,
            }, {})  # fmt: skip


def _shares(logits: Sequence[int], base: int, temperature: Fraction) -> list[Fraction]:
    powers = [Fraction(base) ** int(x / temperature) for x in logits]
    return [x / sum(powers) for x in powers]


def _reaching(shares: Sequence[Fraction], p: Fraction) -> int:
    """How many words, the likeliest first, together reach p; 0 where p is too near to what some of them reach."""
    ends = accumulate(sorted(shares, reverse=True))
    return 0 if any(abs(end - p) < NEAR for end in ends) else words_reaching(shares, p)


def _is_cut(shares: Sequence[Fraction], kept: int) -> bool:
    """Whether the `kept` likeliest words are told from the others: the next one is less likely."""
    ordered = sorted(shares, reverse=True)
    return 0 < kept < len(ordered) and ordered[kept - 1] > ordered[kept]


def _clear_throws(plain: Sequence[Fraction], k: int) -> tuple[list[tuple[Fraction, Fraction]], list[Fraction]]:
    """Throws in hundredths, each 2 or more of these from every border: pairs that fall on two words, which stay under
    top-k; and those that fall on another word there.
    """
    smallest = sorted(plain, reverse=True)[k - 1]
    kept = [x if x >= smallest else Fraction(0) for x in plain]
    ends, kept_ends = (list(accumulate(shares)) for shares in (plain, [x / sum(kept) for x in kept]))
    borders = {*ends, *kept_ends}
    far = [r for r in (Fraction(n, 100) for n in range(2, 99)) if all(abs(r - x) >= NEAR for x in borders)]
    fallen = [(r, bisect(ends, r), bisect(kept_ends, r)) for r in far]
    stay = [(r, word) for r, word, again in fallen if word == again]
    pairs = [(r, other) for r, word in stay for other, its_word in stay if word != its_word]
    return pairs, [r for r, word, again in fallen if word != again]


# ---- 3. sizes that are counted ----

Sizes = dict[str, int]

# The sizes that the first of the two models may have. It keeps the sheet's number of heads, since the map shows them.
MODEL_SIZES = {
    "n_layers": (1, 2), "d_model": (4, 6, 8), "d_head": (2, 3, 4), "d_mlp": (8, 12, 16, 18, 24),
    "d_vocab": (5, 6, 7, 8, 9, 10, 12), "n_ctx": (3, 4, 5, 6),
}  # fmt: skip
TRAIN_TOKENS = (450, 600, 900, 1200, 1800, 3600)  # divisors of 3600, which `_days_are_short` asks for
SECONDS_PER_FLOP = (2, 4, 5)  # so that a half, a quarter or a fifth of the machine is used: short decimals


def every_size(task: Task, expected: float) -> list[Values]:
    """All sizes of the first model whose figures are within the limits, and take about the expected seconds to
    compute.

    Method: all candidates are run at once, as copies of one run (arithmetic/copies.py).
    """
    candidates = [dict(zip(MODEL_SIZES, sizes, strict=True)) for sizes in product(*MODEL_SIZES.values())]
    candidates = [sizes for sizes in candidates if _are_in_proportion(task.values, sizes)]
    tape = _run_of_all(task, candidates)
    flops, parameters = (as_array(each(int, tape.values(name)[0][0])).tolist() for name in ("flops", "params"))
    candidates = [
        sizes | {"seconds": flops[k] * seconds, "train_tokens": tokens}
        for k, sizes in enumerate(candidates)
        for seconds, tokens in product(SECONDS_PER_FLOP, TRAIN_TOKENS)
        if _days_are_short(parameters[k], tokens)
    ]
    fit = _fitting(_run_of_all(task, candidates), len(candidates), task.limits, expected)
    return [_with_sizes(task.values, candidates[k]) for k in np.flatnonzero(fit)]


@search("sizing", like_sheet=True, list_all=every_size)
def _draw_sizes(task: Task, dice: Dice) -> Iterator[Instance]:
    """Other sizes of the first model, with a share of the machine and a number of days that are short decimals.

    Method: rejection sampling.
    """
    drawn = {name: sizes[dice.one_below(len(sizes))] for name, sizes in MODEL_SIZES.items()}
    if not _are_in_proportion(task.values, drawn):
        return
    tape = task.model.run(_with_sizes(task.values, drawn), RATIONALS, force=False)
    flops, parameters = (int(tape.values(name)[0][0]) for name in ("flops", "params"))
    tokens = [n for n in TRAIN_TOKENS if _days_are_short(parameters, n)]
    if tokens:
        seconds = flops * SECONDS_PER_FLOP[dice.one_below(len(SECONDS_PER_FLOP))]
        drawn |= {"seconds": seconds, "train_tokens": tokens[dice.one_below(len(tokens))]}
        yield Instance(dict(_with_sizes(task.values, drawn).inputs), {})


def _with_sizes(values: Values, sizes: Mapping[str, Any]) -> Values:
    """The values with other sizes of the first model; the second model keeps those of the sheet."""
    rows = {name: [[number, *values.inputs[name][0][1:]]] for name, number in sizes.items()}
    return replace(values, inputs={**values.inputs, **rows})


def _are_in_proportion(values: Values, sizes: Sizes) -> bool:
    """Whether the heads side by side are as wide as the model, and the MLP two to four times as wide."""
    width = sizes["d_model"]
    return bool(
        values.inputs["n_heads"][0][0] * sizes["d_head"] == width and 2 * width <= sizes["d_mlp"] <= 4 * width
    )


def _days_are_short(parameters: int, tokens: int) -> bool:
    """Whether the days of a training are a short decimal.

    They are 6 · parameters · tokens FLOPs over the FLOPs of a day. The speed of the machine stays that of the sheet.
    """
    return parameters * tokens % 3600 == 0


def _run_of_all(task: Task, candidates: Sequence[Sizes]) -> Tape:
    """The runs of all these sizes, as copies of one."""
    domain, sizes = together(RATIONALS, candidates)
    return task.model.run(_with_sizes(task.values, sizes), domain)


def _fitting(tape: Tape, count: int, limits: Limits, expected: float) -> Bools:
    """Copies of a run → which (count) have figures within the limits, and take about the expected seconds."""
    time, ugly, ok = np.zeros(count), np.zeros(count, int), np.ones(count, bool)

    def seconds(cell: Expr, x: Any) -> Any:
        read = list(dict.fromkeys(refs(cell)))
        return each(
            lambda x, *numbers: operations(cell, dict(zip(read, numbers, strict=True)).__getitem__) + writing(x),
            x, *map(tape.value, read),
        )  # fmt: skip

    for step in tape.used():
        time += STEP * (step.op is not None)
        for i, j in product(*map(range, step.shape)):
            x = tape.values(step.name)[i][j]
            ugly += as_array(each(lambda x: max(abs(x.numerator), x.denominator) > UGLY, x))
            ok &= as_array(each(lambda x: x.denominator <= limits.denominator, x))
            ok &= as_array(each(lambda x: x.denominator > 1 or abs(x) <= limits.integer, x))
            if step.op:
                time += as_array(each(float, seconds(tape.cell(step.name, i, j), x)))
    ok &= np.logical_not(differing(tape.domain))
    fitting: Bools = ok & (ugly <= limits.ugly) & (abs(time - expected) <= BAND * expected)
    return fitting
