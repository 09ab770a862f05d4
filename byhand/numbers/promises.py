"""What is promised of an instance, measured on the tape of its run.

Each promise is a function, registered under its own name: by `@promise` if it holds for every run, and by
`@sheet_promise` if it holds for the sheets that name it in their front matter, since their idea shows in such numbers
only.

How large numbers may be depends on the level (`LEVELS`). Every run also takes about as long as others of its
configuration (`usual_time`), so that no student has a longer sheet than another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, combinations, pairwise, product
from math import ceil, floor
from typing import Any

from msgspec import Struct

from byhand.arithmetic.domain import is_neg_inf
from byhand.arithmetic.expr import refs
from byhand.arithmetic.floats import FLOATS
from byhand.effort import STEP, seconds
from byhand.errors import DomainError, UnknownNameError
from byhand.mistakes.registry import applying, cells_changed, mistaken, resumed
from byhand.model.config import Config
from byhand.ops.attention import mask_future
from byhand.ops.norms import center, standardize
from byhand.tape import Rows, Step, Tape

AFTER_LOGITS = ("probs", "next_token")  # the names that steps after the logits begin with
IN_PICTURES = ("shadow", "bend", "dial")  # and those of steps from which pictures are drawn, as large as these allow
APART = Fraction(2, 5)  # how far apart points are whose dots do not touch
UGLY = 20  # a number with a larger numerator or denominator is ugly: hard to multiply and to add in one's head
LONGEST_FRACTION = 12  # the largest numerator of a fraction that is easy to carry on with
LONGEST_LINE = 11  # units of a line on which the numbers of a token are drawn
NEAR = Fraction(1, 50)  # how near a throw may be to a border between two words, or p to where top p keeps one more
LEAST_OVER = Fraction(1, 6)  # of the last pass's probability, for which there is no room
MOST_ALIKE = Fraction(6, 16)  # of the cells of a table, in which LayerNorm and BatchNorm may agree
SATURATED = Fraction(9, 10)  # a row of a pattern with a larger entry attends to hardly more than one token
LARGEST_OF_SHARES = 24  # the largest denominator of shares that are easy to draw
EASY_TOTALS_OF_LETTERS = (9, 10, 12, 16, 18, 20)  # of the powers that become shares of letters, the smallest being 1
FEW_TOKENS = 4  # up to this many, good patterns are common, and norms in blocks have wide rows (`Task.has_wide`)
BAND = 0.069  # how far a run's time may be from the usual, as a part of it: two differ by up to 1.069 / 0.931 < 1.15


class Limits(Struct, frozen=True):
    """How large the numbers of an instance may be, in absolute value."""

    integer: int = 9
    """The largest whole number before the last softmax: one digit."""
    denominator: int = 10
    """The largest denominator before the last softmax."""
    query: int = 5
    """The largest entry of a query, key or value."""
    stream: int = 5
    """The largest entry of the residual stream; after a sum it may be one more."""
    hidden: int = 6
    """The largest hidden unit before ReLU."""
    ugly: int = 2
    """How many numbers may be ugly."""
    drawn: int = 1
    """Of how many instances the one is taken that needs the least time."""


LEVELS = {
    "easy": Limits(query=4, stream=4, hidden=5, ugly=0, drawn=10),
    "standard": Limits(),
    "stretch": Limits(query=6, stream=6, hidden=8),
}


def limits_of(level: str) -> Limits:
    """The limits of a level.

    Raises: UnknownNameError.
    """
    if level not in LEVELS:
        raise UnknownNameError("level", level, LEVELS)
    return LEVELS[level]


# ---- the promises ----


class Case(Struct, frozen=True, dict=True):
    """An evaluated run, and what is asked of it.

    quality: its figures. steps: those that take time on the sheet. expected: the seconds that they should take.
    wanted: for a model that says words, the id of the right word at each position; None where any word will do.
    """

    tape: Tape
    quality: dict[str, Any]
    steps: Sequence[Step]
    limits: Limits
    expected: float
    wanted: tuple[int | None, ...] = ()

    @cached_property
    def seconds(self) -> float:
        """The seconds that the run takes."""
        return seconds(self.tape, [step.name for step in self.steps if step.op])


def case_of(tape: Tape, limits: Limits, expected: float, wanted: tuple[int | None, ...] = ()) -> Case:
    """An evaluated run with its figures. Steps that are evaluated later take no time on the sheet."""
    return Case(tape, quality(tape), tape.used(), limits, expected, wanted)


Promise = Callable[[Case], bool]
PROMISES: dict[str, Promise] = {}


def promise(keeps: Promise) -> Promise:
    """Register a function that says whether a run keeps the promise of the function's name."""
    PROMISES[keeps.__name__] = keeps
    return keeps


@promise
def largest_integer(case: Case) -> bool:
    """No whole number exceeds the level's limit."""
    return bool(case.quality["largest_integer"] <= case.limits.integer)


@promise
def largest_denominator(case: Case) -> bool:
    """No denominator exceeds the level's limit."""
    return bool(case.quality["largest_denominator"] <= case.limits.denominator)


@promise
def ugly(case: Case) -> bool:
    """No more numbers are ugly than the level allows."""
    return bool(case.quality["ugly"] <= case.limits.ugly)


@promise
def attention(case: Case) -> bool:
    """In each layer, uniform attention would change the last row and at least one other."""
    changed = zip(case.quality.get("attention", ()), _query_rows(case.tape), strict=True)
    return all(len(rows) >= min(2, n - 1) and rows[-1] == n for rows, n in changed)


@promise
def heads(case: Case) -> bool:
    """If a layer has several heads, each of them changes at least two rows of the layer's result."""
    layers = zip(_query_rows(case.tape), _patterns_by_layer(case.tape).values(), strict=True)
    counts = [n for n, steps in layers for _ in steps if len(steps) > 1]
    return all(len(rows) >= min(2, n - 1) for rows, n in zip(case.quality.get("heads", ()), counts, strict=True))


@promise
def alive(case: Case) -> bool:
    """Each hidden unit is positive for some token, and not for all, where there are several."""
    tokens = [s.shape[0] for s in _named(case.tape, "hook_post") for _ in range(s.shape[1])]
    return all(0 < count < n or n == 1 for count, n in zip(case.quality.get("alive", ()), tokens, strict=True))


@promise
def patterns(case: Case) -> bool:
    """No row of a pattern is saturated, the last row is not uniform, and at most half of the rows are."""
    asked = (step for steps in _patterns_by_layer(case.tape).values() for step in steps)
    return all(_tells_tokens_apart(case.tape.values(step.name)) for step in asked)


@promise
def scores(case: Case) -> bool:
    """No matrix of scores is symmetric, so that a student who transposes it gets other numbers; but all may be 0."""
    found = (case.tape.values(s.name) for s in _named(case.tape, "scores_scaled", "scores_raw"))
    return not any(_is_symmetric(each) for each in found if any(map(any, each)))


@promise
def rows(case: Case) -> bool:
    """No two tokens have the same row in the residual stream, or after a norm."""
    return all(len(set(case.tape.values(s.name))) == s.shape[0] for s in _stream(case.tape))


@promise
def margins(case: Case) -> bool:
    """The largest logit leads by a whole number, 1 or more."""
    return all(lead >= 1 for lead in case.quality.get("margins", ()))


@promise
def without_attention(case: Case) -> bool:
    """Without attention, the last answer would be another word."""
    return bool(case.quality.get("without_attention", True))


@promise
def answers(case: Case) -> bool:
    """The largest logits are those of the right words."""
    found = case.quality.get("answers", case.wanted)
    return all(
        word is None or word == answer for word, answer in zip(case.wanted[-len(found) :], found, strict=False)
    )


@promise
def foils(case: Case) -> bool:
    """Each mistake that can be made in the run changes at least one cell of the step where it is made."""
    return all(count > 0 for count in case.quality.get("foils", {}).values())


@promise
def as_long_as_others(case: Case) -> bool:
    """The run takes as long as expected, within BAND."""
    return abs(case.seconds - case.expected) <= BAND * case.expected


def broken(case: Case) -> list[str]:
    """The promises for every run that a run breaks."""
    return [name for name, keeps in PROMISES.items() if not keeps(case)]


def promised(
    tape: Tape, limits: Limits, expected: float, wanted: tuple[int | None, ...] = (), of_sheet: Sequence[str] = ()
) -> Case | None:
    """A run with its figures, if it keeps every promise; else None.

    of_sheet: the names of the sheet's own promises.

    Raises: DomainError where a step has no exact value.
    """
    case = case_of(tape, limits, expected, wanted)
    if not all(keeps(case) for keeps in PROMISES.values() if keeps is not as_long_as_others):
        return None
    if broken_of_sheet(tape, of_sheet) or not as_long_as_others(case):  # to tell the time takes longest
        return None
    case.quality["foils"] = foiled(tape)  # last: it takes as long as all others together, and seldom fails
    if of_sheet:
        case.quality["promises"] = dict.fromkeys(of_sheet, True)
    return case if foils(case) else None


# ---- the promises of single sheets ----

SheetPromise = Callable[[Tape], bool]
SHEET_PROMISES: dict[str, SheetPromise] = {}


def sheet_promise(keeps: SheetPromise) -> SheetPromise:
    """Register a promise of single sheets: a function that says whether an evaluated run keeps it.

    A sheet names it in its front matter: `promises: [its_name]`.
    """
    SHEET_PROMISES[keeps.__name__] = keeps
    return keeps


def broken_of_sheet(tape: Tape, names: Sequence[str]) -> list[str]:
    """Those of a sheet's own promises that an evaluated run breaks."""
    return [name for name in names if not SHEET_PROMISES[name](tape)]


@sheet_promise
def norms_have_two_sizes(tape: Tape) -> bool:
    """Each LayerNorm has a row whose results, before w and b, are of two sizes: it is more than a row of signs. This
    is asked of up to four tokens.
    """
    norms = [s for s in tape.used() if s.op is standardize and tape.steps[s.inputs[0]].op is center]
    many = any(s.shape[0] > FEW_TOKENS for s in norms)
    return many or all(_have_two_sizes(tape.values(s.name)) for s in norms)


def _have_two_sizes(rows: Rows) -> bool:
    """Whether a row has entries of two different absolute values."""
    return any(len({abs(x) for x in row}) > 1 for row in rows)


@sheet_promise
def last_token_is_stretched(tape: Tape) -> bool:
    """The last token's results of LayerNorm, before w and b, are of two sizes, and its numbers lie on a line of
    eleven units, before and after the mean is taken away. Another norm takes none away.
    """
    if "blocks.0.ln1.centered" not in tape.steps:
        return True
    x, centered, (sigma,), results = (
        tape.values(f"blocks.0.{name}")[-1]
        for name in ("hook_resid_mid", "ln1.centered", "ln1.hook_scale", "ln1.standardized")
    )
    ends = floor(min(*x, *centered, -sigma)), ceil(max(*x, *centered, sigma))
    return len({*map(abs, results)}) > 1 and ends[1] - ends[0] <= LONGEST_LINE


@sheet_promise
def last_token_tells_norms_apart(tape: Tape) -> bool:
    """A number of the last token becomes another in LayerNorm than in BatchNorm."""
    one, other = (tape.values(f"blocks.0.{norm}.hook_normalized")[-1] for norm in ("ln1", "bn"))
    return one != other


@sheet_promise
def norms_take_means_away(tape: Tape) -> bool:
    """In each LayerNorm, a token has another mean than 0: the table that remains is not the one before."""
    return all(any(x for (x,) in tape.values(step.name)) for step in _named(tape, ".mean"))


@sheet_promise
def fractions_are_short(tape: Tape) -> bool:
    """In the stream, in what attention brings and in the means, no fraction has a long numerator."""
    steps = (*_stream(tape), *_named(tape, "hook_z", ".mean"))
    numbers = (x for step in steps for row in tape.values(step.name) for x in row)
    return all(x.denominator == 1 or abs(x.numerator) <= LONGEST_FRACTION for x in numbers)


@sheet_promise
def tokens_have_their_own_scales(tape: Tape) -> bool:
    """The tokens have neither all the same mean nor all the same variance: a norm over the whole table would have
    other results.
    """
    return all(len({*tape.values(step.name)}) > 1 for step in _named(tape, "ln1.mean", "ln1.variance"))


@sheet_promise
def layer_norm_is_not_batch_norm(tape: Tape) -> bool:
    """LayerNorm and BatchNorm of one table have the same result in few cells, and both have results of two sizes. In
    neither are all deviations alike. The table is not symmetric: there, one norm would be the other one transposed.
    """
    table, layer, batch = (
        tape.values(f"blocks.0.{name}") for name in ("hook_resid_pre", "ln1.hook_normalized", "bn.hook_normalized")
    )
    scales = ({x for row in tape.values(f"blocks.0.{norm}.hook_scale") for x in row} for norm in ("ln1", "bn"))
    if any(len(each) == 1 for each in scales):
        return False
    alike = [x == y for one, other in zip(layer, batch, strict=True) for x, y in zip(one, other, strict=True)]
    both = _have_two_sizes(layer) and _have_two_sizes(_transposed(batch))
    return sum(alike) <= MOST_ALIKE * len(alike) and both and table != _transposed(table)


@sheet_promise
def first_token_tells_batch_norm(tape: Tape) -> bool:
    """The first token's results of BatchNorm do not add up to 0, as those of LayerNorm do."""
    return sum(tape.values("blocks.0.bn.hook_normalized")[0]) != 0


@sheet_promise
def tokens_wake_different_neurons(tape: Tape) -> bool:
    """Every token wakes other neurons than the others do, one at least, and none wakes all."""
    awake = [tuple(x > 0 for x in row) for row in tape.values("blocks.0.mlp.hook_post")]
    return len(set(awake)) == len(awake) and all(any(row) and not all(row) for row in awake)


@sheet_promise
def kernels_use_their_channels(tape: Tape) -> bool:
    """No kernel has more than one weight 0. No map is all 0, nor a token's maps, nor the last biases."""
    kernels = _transposed(tape.values("blocks.0.mlp.W_in"))
    maps = tape.values("blocks.0.conv_in.maps")
    sides = (*maps, *_transposed(maps), *tape.values("blocks.0.mlp.b_out"))
    return all(kernel.count(0) <= 1 for kernel in kernels) and all(map(any, sides))


@sheet_promise
def top_k_drops_a_word(tape: Tape) -> bool:
    """Top k keeps two words or more, but not all, and each that it keeps is likelier than any that it drops."""
    return _is_clear_cut(tape.values("probs.plain")[0], tape.values("top_k")[0])


@sheet_promise
def top_p_keeps_several_words(tape: Tape) -> bool:
    """Top p keeps two words or more, but not all; p is not near to what some of the likeliest words add up to; and at
    the first temperature it would keep another number of words.
    """
    shares, p = tape.values("probs.last")[0], tape.values("p")[0][0]
    is_near = any(abs(reached - p) < NEAR for reached in accumulate(sorted(shares, reverse=True)))
    others = words_reaching(tape.values("probs.plain")[0], p) != words_reaching(shares, p)
    return _is_clear_cut(shares, tape.values("top_p")[0]) and others and not is_near


def words_reaching(shares: Sequence[Any], p: Any) -> int:
    """How many words, the likeliest first, together reach p."""
    return 1 + sum(bool(reached < p) for reached in accumulate(sorted(shares, reverse=True)))


def _is_clear_cut(shares: Sequence[Any], kept: Sequence[Any]) -> bool:
    dropped = [share for share, x in zip(shares, kept, strict=True) if not x]
    return 2 <= len(shares) - len(dropped) < len(shares) and max(dropped) < min(x for x in kept if x)


@sheet_promise
def throws_are_clear(tape: Tape) -> bool:
    """Each throw has two decimals and is far from every border; two words or more are drawn; and one throw, but not
    the first, draws another word where top k has dropped some.
    """
    throws = [r for (r,) in tape.values("r")]
    borders = {0, *tape.values("plain.ends")[0], *tape.values("top_k.ends")[0]}
    drawn, again = ([word for (word,) in tape.values(f"{name}.drawn")] for name in ("plain", "top_k"))
    changes = [one != other for one, other in zip(drawn, again, strict=True)]
    is_far = all((100 * r).denominator == 1 and min(abs(r - x) for x in borders) >= NEAR for r in throws)
    return is_far and len(set(drawn)) > 1 and changes.count(True) == 1 and not changes[0]


@sheet_promise
def second_words_are_no_cut(tape: Tape) -> bool:
    """No row of the second words' shares is what top k or top p leaves: that is asked for on the same leaf."""
    cuts = {tape.values(f"{name}.probs")[0] for name in ("top_k", "top_p")}
    return not cuts & {*tape.values("second")}


@sheet_promise
def greedy_misses_the_best_path(tape: Tape) -> bool:
    """Only one path is the likeliest, and the greedy one is another."""
    best, paths = tape.values("best")[0][0], [x for row in tape.values("joint") for x in row]
    return tape.values("greedy")[0][0] < best and paths.count(best) == 1


@sheet_promise
def arrows_tell_along_from_long(tape: Tape) -> bool:
    """In the picture of words as arrows, the logits are 3, 2, 1 and 1, and the longest arrow has not the largest."""
    logits, lengths = tape.values("arrows.logits")[0], [_dot(row, row) for row in tape.values("arrows.words")]
    longest = [logit for logit, length in zip(logits, lengths, strict=True) if length == max(lengths)]
    return sorted(logits) == [1, 1, 2, 3] and len(longest) == 1 and longest[0] < 3


@sheet_promise
def guesses_among_no_more_than_all_words(tape: Tape) -> bool:
    """The perplexity is no larger than the vocabulary, or than the square of the base: whole surprises that differ
    have a whole mean of 2 or more.
    """
    step, (_, words) = tape["perplexity"].step, tape["probs"].shape
    return bool(tape.values("perplexity")[0][0] <= max(words, step.params["base"] ** 2))


@sheet_promise
def surprises_are_few_halvings(tape: Tape) -> bool:
    """Each right word's probability is 1 halved one to four times (in base 2), and the first two surprises differ."""
    surprises = [x for (x,) in tape.values("loss_per_token")]
    return {*surprises} <= {1, 2, 3, 4} and surprises[0] not in surprises[1:2]


@sheet_promise
def turning_changes_who_is_read(tape: Tape) -> bool:
    """The last token looks most at one token, and would look most at another one if nothing were turned."""
    return _look_most_elsewhere(*(tape.values(f"{name}.pattern")[0] for name in ("last", "plain")))


@sheet_promise
def arrows_meet_by_distance(tape: Tape) -> bool:
    """A query and a key have one dot product wherever they are neighbours, and another where they are not."""
    dots = tape.values("dial.dots")
    near, far = {dots[i + 1][i] for i in range(len(dots) - 1)}, dots[2][0]
    return len(near) == 1 and far not in {0, *near}


@sheet_promise
def rows_of_distances_change_who_is_read(tape: Tape) -> bool:
    """The last token looks most at one token, and at another one without positions. Its query has a product of its
    own with the row for each distance; that for two steps back is not 0, since farther words have it, too, and one
    of those for words before is larger than those for words that come after.
    """
    plain, told = (tape.values(name)[0] for name in ("plain.pattern", "new.pattern"))
    by_distance = tape.values("new.by_distance")[0]
    before, after = by_distance[:3], by_distance[3:]
    differ = len({*by_distance}) == len(by_distance) and before[0] != 0 and max(before) > max(after)
    return _look_most_elsewhere(plain, told) and differ


@sheet_promise
def memory_is_read_most(tape: Tape) -> bool:
    """Both tokens look most at one, the last of them at a token of the memory; without the memory, it looks most at
    one of its own segment. Both biases hold other numbers than 0, and they differ.
    """
    pattern, plain = tape.values("blocks.0.attn.hook_pattern[0]"), tape.values("plain.pattern")[0]
    biases = [tape.values(f"blocks.0.attn.{name}[0]")[0] for name in ("r_w_bias", "r_r_bias")]
    last, memory = pattern[-1], len(pattern[-1]) - len(plain)
    clear = all(map(_has_one_largest, (*pattern, plain)))
    return clear and last.index(max(last)) < memory and all(map(any, biases)) and biases[0] != biases[1]


@sheet_promise
def maximum_grows(tape: Tape) -> bool:
    """The second tile's largest score is 1 or 2 above the first's; in each tile, one is larger than its others. No
    mixture has one number for all dimensions.
    """
    rows = [tape.values(f"attn.tile{t}.scores")[0] for t in (0, 1)]
    mixtures = [tape.values(f"attn.{name}") for name in ("tile0.out", "tile1.new_out", "tile1.out")]
    grows = max(rows[1]) - max(rows[0]) in (1, 2) and all(map(_has_one_largest, rows))
    return grows and all(map(_has_columns_of_their_own, mixtures))


@sheet_promise
def heads_of_a_group_differ(tape: Tape) -> bool:
    """Each head looks most at one word, no two heads of a group alike, the last two at different words. At least
    three heads have patterns of their own, and so many have other queries. The cards differ in keys and in values,
    and heads 2 and 4 look otherwise with cards of their own. No card has the same value for all words.
    """
    pattern, own = (tape.values(f"{name}.pattern") for name in ("attn", "own"))
    pairs = [pattern[at : at + 2] for at in range(0, len(pattern), 2)]
    cards = all(len({*tape.values(name)}) > 1 for name in ("attn.k", "attn.v"))
    apart = all(one != other for one, other in (*pairs, *zip(own, pattern[1::2], strict=True)))
    several = min(len({*pattern}), len({*tape.values("attn.q")})) > 2
    elsewhere = _look_most_elsewhere(*pattern[-2:])
    told = all(len({*row}) > 1 for name in ("attn.v", "own.v") for row in tape.values(name))
    return all(map(_has_one_largest, pattern)) and apart and elsewhere and several and cards and told


@sheet_promise
def distance_changes_who_is_read(tape: Tape) -> bool:
    """With a fall for each step, the last token looks most at another one than without; each time at one only, and
    not at all others alike. No two trays have the same number.
    """
    plain, fallen, trays = (tape.values(name)[0] for name in ("plain.pattern", "attn.pattern[0]", "t5.pattern"))
    several = min(len({*plain}), len({*fallen})) > 2
    clear = all(map(_has_one_largest, (trays, tape.values("attn.biased[1]")[0])))
    (table,) = tape.values("t5.table")
    return _look_most_elsewhere(plain, fallen) and several and clear and len({*table}) == len(table)


@sheet_promise
def window_hides_whom_one_looks_at(tape: Tape) -> bool:
    """Without a window the last of six tokens looks most at the second, which is too far away for the window and is
    one of every second; in the window it looks most at one token.
    """
    plain, local, soft = (tape.values(f"{name}.pattern")[0] for name in ("plain", "attn", "span"))
    every_second = tape.values("seen.every_second")[-1]
    hidden = local[1] == 0 and every_second[1] == 1 and soft not in (plain, local)
    return hidden and plain.index(max(plain)) == 1 and all(map(_has_one_largest, (plain, local)))


@sheet_promise
def experts_share_the_work(tape: Tape) -> bool:
    """No word has two equal shares for its experts. Every expert is asked by a word, but not all are asked
    first equally often. What the last word takes is not what one of its experts says, nor what all do together.
    """
    shares, weights = (tape.values(f"blocks.0.mlp.{name}") for name in ("router_probs", "hook_expert_weights"))
    said = {*tape.values("all.said"), *tape.values("last.out"), *tape.values("all.out")}
    clear = all(len({*row}) == len(row) for row in shares)
    asked = all(map(any, zip(*weights, strict=True)))
    return clear and asked and tape.values("balance")[0][0] > 1 and len(said) == len(shares[0]) + 2


@sheet_promise
def state_grows_and_shares_are_clear(tape: Tape) -> bool:
    """No parcel and no state holds more than one 0. The second word's key has two numbers, and one of the first rows,
    which are printed, has a number below 1, made of a negative one. The last word looks most at one word, with shares
    of a kernel and with softmax, and the shares differ. What the second word would read from the last state, too, are
    whole numbers or fractions of one digit, and not what the last word reads.
    """
    at = "blocks.0.attn"
    packed = ("state0", "parcel1", "state1", "parcel2", "state2")
    grown = [sum(row.count(0) for row in tape.values(f"{at}.{name}")) for name in packed]
    shares, plain = (tape.values(f"{name}.pattern")[0] for name in ("shares", "plain"))
    query, state, total = (tape.values(f"{at}.{name}") for name in ("q1", "state2", "total2"))
    read_of = [_dot(query[0], column) for column in (*zip(*state, strict=True), total[0])]
    too_early = [Fraction(x) / read_of[-1] for x in read_of[:-1]]
    easy = all(max(abs(x.numerator), x.denominator) < 10 for x in too_early)
    easy &= too_early != [*tape.values(f"{at}.out2")[0]]
    printed = [*tape.values(f"{at}.q0")[0], *tape.values(f"{at}.k0")[0]]
    easy &= _has_columns_of_their_own(tape.values(f"{at}.k1")) and min(printed) < 1
    return max(grown) <= 1 and easy and shares != plain and all(map(_has_one_largest, (shares, plain)))


@sheet_promise
def a_gate_opens_and_another_turns_round(tape: Tape) -> bool:
    """The last token's gates have both signs, and none is 0. Its rows before each norm have entries of two sizes; its
    two heads look most at different tokens; and without gates, the network would say something else.
    """
    gates, before = tape.values("blocks.0.mlp.gate")[0], ("hook_resid_pre", "hook_resid_mid", "hook_resid_post")
    sizes = [len({abs(x) for x in tape.values(f"blocks.0.{name}")[-1]}) for name in before]
    heads = _look_most_elsewhere(*(tape.values(f"new.pattern[{h}]")[0] for h in (0, 1)))
    others = tape.values("plain.out") != tape.values("blocks.0.hook_mlp_out")
    return min(gates) < 0 < max(gates) and all(gates) and min(sizes) > 1 and heads and others


@sheet_promise
def logits_tell_words_apart(tape: Tape) -> bool:
    """No four words have the same logit after the last token."""
    logits = tape.values("logits")[-1]
    return all(logits.count(x) < 4 for x in logits)


@sheet_promise
def last_letter_shows_each_part(tape: Tape) -> bool:
    """For the last letter, both norms divide by another number than 1 and make results of two sizes, and few numbers
    of the stream are 0; its embedding and its position are no rows of one number; it looks at one letter most, the
    network has units of both kinds, and the shares of the letters that may come next are easy ones, none of them
    nearly all.
    """
    norms = ("embed.ln", "blocks.0.ln2")
    scales = [tape.values(f"{norm}.hook_scale")[-1][0] for norm in norms]
    sizes = [len({*map(abs, tape.values(f"{norm}.hook_normalized")[-1])}) for norm in norms]
    embedded = [len({*tape.values(name)[-1]}) for name in ("hook_embed", "hook_pos_embed")]
    hidden, shares = tape.values("blocks.0.mlp.hook_pre")[-1], tape.values("probs")[-1]
    alive = sum(x > 0 for x in hidden)
    looks = _has_one_largest(tape.values("blocks.0.attn.hook_pattern[0]")[-1])
    easy = max(shares) < SATURATED and max(share.denominator for share in shares) in EASY_TOTALS_OF_LETTERS
    stream = [tape.values(at)[-1] for at in ("embed.ln.hook_normalized", "blocks.0.hook_resid_post")]
    full = all(row.count(0) < 2 for row in stream)
    return 1 not in scales and min(*sizes, *embedded) > 1 and full and looks and 2 <= alive < len(hidden) and easy


@sheet_promise
def latents_tell_words_apart(tape: Tape) -> bool:
    """No two words have latents that are multiples of each other; the last word looks most at one word; and the query
    that W_UK has been multiplied into holds no 0.
    """
    latent, shares = tape.values("blocks.0.attn.latent"), tape.values("new.pattern")[0]
    areas = [a * d - b * c for (a, b), (c, d) in combinations(latent, 2)]
    return all(areas) and _has_one_largest(shares) and all(tape.values("absorbed.q")[0])


@sheet_promise
def a_friend_is_in_another_bucket(tape: Tape) -> bool:
    """The last token looks most at the second, without buckets. Its own bucket holds two others, at which it looks
    with different shares, and not the second; by other directions, it does. No number of Q R has the size of the
    other in its row.
    """
    at = "blocks.0.attn"
    plain, hashed = tape.values("plain.pattern")[0], tape.values("new.pattern")[0]
    seen, buckets = [x for x in hashed if x], tape.values("again.bucket")
    points = (*tape.values(f"{at}.hash_along[0]"), *tape.values("again.hash_along"))
    met = len(seen) == 2 and seen[0] != seen[1] and not hashed[1] and buckets[0] == buckets[1]
    return met and _has_one_largest(plain) and plain[1] == max(plain) and all(abs(x) != abs(y) for x, y in points)


@sheet_promise
def neighbours_change_the_word(tape: Tape) -> bool:
    """The three nearest places are nearer than the others, not all equally near, and stand for two words; their
    powers do not add up to 1. The model says one word by itself, and another one with its neighbours.
    """
    apart = sorted(tape.values("knn.distance")[0])
    near, own, mixed = (tape.values(name)[0] for name in ("knn.probs", "probs", "knn.mixed"))
    clear = apart[0] < apart[2] < apart[3] and near.count(0) == 1 and sum(tape.values("knn.kept")[0]) != 1
    return clear and _look_most_elsewhere(own, mixed)


@sheet_promise
def cups_blur_their_words(tape: Tape) -> bool:
    """Two cups hold two words each, whose keys and values differ. Every word looks at one cup more than at the other,
    some at the first and some at the second. The last word looks most at one cup, and among all words at one that is
    in it; no two words in one cup have the same share then, and it takes something else from them.
    """
    at = "blocks.0.attn"
    e, k, v, pattern, z = (
        tape.values(f"{at}.{name}") for name in ("E", "hook_k[0]", "hook_v[0]", "hook_pattern[0]", "hook_z[0]")
    )
    poured = [[word for word, share in enumerate(row) if share] for row in e]
    plain = tape.values("plain.pattern")[0]
    apart = all(len({rows[word] for word in words}) == 2 == len(words) for rows in (k, v, plain) for words in poured)
    elsewhere = {row.index(max(row)) for row in pattern} == {0, 1}
    clear = all(map(_has_one_largest, (*pattern, plain)))
    inside = plain.index(max(plain)) in poured[pattern[-1].index(max(pattern[-1]))]
    return apart and elsewhere and clear and inside and z[-1] != tape.values("plain.z")[0]


@sheet_promise
def members_look_elsewhere(tape: Tape) -> bool:
    """As in GPT, the last word looks most at the first, which a window hides; every other member of the family has
    another row, and no row's shares are hard to draw.
    """
    own = tape.values("gpt.pattern")[0]
    others = [tape.values(f"{name}.pattern")[0] for name in ("slope", "window", "hashed", "short", "linear")]
    easy = all(share.denominator <= LARGEST_OF_SHARES for row in (own, *others) for share in row)
    apart = len({own, *others}) == 1 + len(others)
    return easy and apart and own[0] == max(own) and _has_one_largest(own) and not others[1][0]


@sheet_promise
def passes_differ_though_weights_do_not(tape: Tape) -> bool:
    """W_Q reads only the second number of a word, which is 0 in all, so that the first pass has only 0 as queries.
    In the second, the last word looks most at one word, and with weights of its own at another one. No word has only
    0 as values, and no dimension; from the second pass on, no dimension has the values of the other, and with weights
    of its own the last word takes more than 0. Two passes leave a part of the last one's weight, and a sixth or more
    of it finds no room. In the reversible block, ReLU cuts off one of two numbers each time, and the wrong order
    would find something else.
    """
    first, _ = tape.values("blocks.0.attn.W_Q[0]")
    asks_nothing = not any(first) and not any(row[1] for row in tape.values("blocks.0.hook_resid_pre"))
    patterns = tape.values("blocks.1.attn.hook_pattern[0]")[-1], tape.values("own.pattern")[0]
    p, weights = tape.values("halt.p")[0], tape.values("halt.weight")[0]
    cut = all(sum(x > 0 for x in tape.values(f"back.{letter}_pre")[0]) == 1 for letter in "fg")
    early = [_dot(tape.values("rev.y2")[0], column) for column in zip(*tape.values("rev.W_F"), strict=True)]
    order = [max(0, x) for x in early] != [*tape.values("back.f")[0]]
    values = [tape.values(f"{at}.hook_v[0]") for at in ("blocks.0.attn", "blocks.1.attn")] + [tape.values("own.v")]
    full = all(any(side) for rows in values for side in (*rows, *_transposed(rows)))
    full &= all(map(_has_columns_of_their_own, values[1:])) and any(tape.values("own.z")[0])
    over = weights[-1] > 0 and weights[-1] + LEAST_OVER <= p[-1]
    return asks_nothing and _look_most_elsewhere(*patterns) and full and over and cut and order


@sheet_promise
def new_token_looks_most_at_one(tape: Tape) -> bool:
    """The token that is added looks at one token more than at every other, and not at all these alike; the query of
    the token before it would make another mixture.
    """
    shares, wrong = tape.values("new.pattern")[0], mistaken(tape, "query-from-cache")[0]
    several = len({*shares}) > min(2, len(shares) - 1)
    return _has_one_largest(shares) and several and wrong.values("new.z") != tape.values("new.z")


@sheet_promise
def shadows_are_whole(tape: Tape) -> bool:
    """The arrow u is 5 long. Of the three others, one has a positive dot product with it, one 0, one a negative one,
    all multiples of 5; none lies on its line, and all fit into a square of 4 each way.
    """
    (line,), arrows = tape.values("u2"), tape.values("v2")
    dots = [x for (x,) in tape.values("shadow.dot")]
    fits = all(max(abs(x), abs(y)) <= 4 and x * line[1] != y * line[0] for x, y in arrows)
    return fits and tape.values("shadow.length") == ((5,),) and {(x > 0) - (x < 0) for x in dots} == {1, 0, -1} and (
        all(x % 5 == 0 for x in dots)
    )  # fmt: skip


@sheet_promise
def rows_mix(tape: Tape) -> bool:
    """The first row of A has one 0 and an entry of 2 or more, in absolute value; the last has no 0, and a negative
    entry.
    """
    first, *_, last = tape.values("A")
    return first.count(0) == 1 and max(map(abs, first)) >= 2 and 0 not in last and min(last) < 0


@sheet_promise
def neurons_walk(tape: Tape) -> bool:
    """From its bias, which is not 0, each neuron comes to its output for the first token, and for the last, in two
    or three steps, one for each product that is not 0, and stays between −5 and 5.
    """
    (first, *_, last), (biases,) = tape.values("x"), tape.values("linear.b")
    neurons = [*zip(biases, zip(*tape.values("linear.W"), strict=True), strict=True)]
    for token, (bias, weights) in product((first, last), neurons):
        steps = [x * w for x, w in zip(token, weights, strict=True) if x * w]
        places = [*accumulate(steps, initial=bias)]
        if bias == 0 or len(steps) not in (2, 3) or max(map(abs, places)) > 5:
            return False
    return True


@sheet_promise
def two_units_bend(tape: Tape) -> bool:
    """Two units of one input bend at different whole numbers between −2 and 3, and their sum is between 0 and 4."""
    (w,), (b,), sums = (tape.values(f"bend.{name}") for name in ("W_in", "b_in", "sum"))
    at = [-bias / weight for weight, bias in zip(w, b, strict=True) if weight]
    whole = all(x.denominator == 1 and -2 < x < 3 for x in at) and len(set(at)) == len(w)
    units = max(x for row in tape.values("bend.post") for x in row)
    return whole and units <= 4 and all(0 <= x <= 4 for (x,) in sums) and len(set(sums)) > 1


@sheet_promise
def the_wrong_order_shows(tape: Tape) -> bool:
    """Who adds the bias after ReLU gets a negative number for some hidden unit."""
    (biases,) = tape.values("blocks.0.mlp.b_in")
    rows = tape.values("blocks.0.mlp.hook_pre")
    return any(bias < 0 and x <= bias for row in rows for x, bias in zip(row, biases, strict=True))


@sheet_promise
def mixtures_are_told_apart(tape: Tape) -> bool:
    """The second token takes shares of two tokens and none of a third; the last token takes most from one other."""
    rows = tape.values("blocks.0.attn.hook_pattern[0]")
    *others, own = rows[-1]
    return rows[1].count(0) == len(rows) - 2 and max(others) > own and _has_one_largest(others)


@sheet_promise
def factors_show(tape: Tape) -> bool:
    """Where all scores are doubled, so that each power is squared, a share of the first row changes by a tenth."""
    shares = tape.values("softmax")[0]
    total = sum(share * share for share in shares)
    return any(10 * abs(share - share * share / total) >= 1 for share in shares)


@sheet_promise
def scores_differ_by_little(tape: Tape) -> bool:
    """In each row one score is larger than all others, and none are more than 2 apart. In powers of 2, all scores
    differ in just one row. So the shares that the sheet asks for are 21sts at most.
    """
    scores, base = tape.values("scores"), tape.steps["softmax.exp"].params["base"]
    near = all(_has_one_largest(row) and max(row) - min(row) <= 2 for row in scores)
    return near and (base == 3 or sum(len({*row}) == len(row) for row in scores) == 1)


# The mistakes that some sheets show, which change the results of these steps. A student who sees a row that is right
# reads an answer from it.
SHOWN = {
    "no-powers": "softmax", "relu-before-bias": "blocks.0.hook_mlp_out", "transposed": "AB", "elementwise": "AB",
}  # fmt: skip


@sheet_promise
def mistakes_leave_no_row_right(tape: Tape) -> bool:
    """Who makes a mistake that the sheet shows has no row of the right results, not even in another place."""
    made = [(mistaken(tape, name)[0], step) for name, step in SHOWN.items() if step in tape.steps]
    return not any({*tape.values(step)} & {*wrong.values(step)} for wrong, step in made)


@sheet_promise
def a_turned_factor_shows(tape: Tape) -> bool:
    """Who takes rows of both factors has at most two numbers of the product right, and not the first."""
    wrong, _ = mistaken(tape, "transposed")
    same = [
        x == y
        for own, right in zip(wrong.values("AB"), tape.values("AB"), strict=True)
        for x, y in zip(own, right, strict=True)
    ]
    return sum(same) <= 2 and not same[0]


@sheet_promise
def query_in_words(tape: Tape) -> bool:
    """The second word's query can be said in words: it is positive at the features of the first word and nowhere
    else, and its score with the first word is the largest of its row.
    """
    x, q, scores = (
        tape.values(f"blocks.0.{name}") for name in ("hook_resid_pre", "attn.hook_q[0]", "attn.scores_raw[0]")
    )
    return (
        [a > 0 for a in q[1]] == [b > 0 for b in x[0]]
        and _has_one_largest(scores[1])
        and max(scores[1]) == scores[1][0]
    )


@sheet_promise
def each_word_looks_most_at_one(tape: Tape) -> bool:
    """In each row of a pattern with several shares that are not 0, one is larger than all others."""
    rows = [row for step in _named(tape, "hook_pattern") for row in tape.values(step.name)]
    return all(_has_one_largest(row) for row in rows if sum(map(bool, row)) > 1)


@sheet_promise
def rows_of_scores_tell(tape: Tape) -> bool:
    """No row of scores is one number again and again, no two words take the same shares, and at least two words, or
    one of two, have a positive score.
    """
    scores = [tape.values(step.name) for step in _named(tape, "hook_attn_scores")]
    seen = [[[x for x in row if not is_neg_inf(x)] for row in rows] for rows in scores]
    many = all(len(row) == 1 or len({*row}) > 1 for rows in seen for row in rows)
    positive = all(sum(max(row) > 0 for row in rows) >= min(2, len(rows) - 1) for rows in seen)
    shares = [tape.values(step.name) for step in _named(tape, "hook_pattern")]
    return many and positive and all(len({*rows}) == len(rows) for rows in shares)


@sheet_promise
def tokens_are_told_apart(tape: Tape) -> bool:
    """From the stream to what is added to it, no two tokens have the same row, nor, if it is wide, one with a single
    other number; no wide row is one number again and again, and no column of three tokens or more.
    """
    ends = ("resid_pre", "resid_mid", "resid_mid_cross", "resid_post", "hook_q", "hook_k", "hook_v", "hook_z",
            "attn_out", "mlp_out")  # fmt: skip
    return all(_are_told_apart(tape.values(step.name)) for step in _named(tape, *ends))


@sheet_promise
def cached_tokens_are_told_apart(tape: Tape) -> bool:
    """In the cache, no two keys are equal or differ in a single number, no two values are equal, no key is one number
    again and again, and no dimension of keys or values.
    """
    return all(_are_told_apart(tape.values(name)[:-1]) for name in ("all.k", "all.v"))


def _are_told_apart(rows: Rows) -> bool:
    """Whether this is so of the rows of a matrix, one for each token. A row is wide from three numbers on."""
    width = len(rows[0])
    least = 2 if width > 2 else 1
    apart = all(sum(x != y for x, y in zip(a, b, strict=True)) >= least for a, b in combinations(rows, 2))
    sides = (rows if width > 2 else ()), (_transposed(rows) if len(rows) > 2 else ())
    return apart and all(len({*side}) > 1 for group in sides for side in group)


@sheet_promise
def biases_matter(tape: Tape) -> bool:
    """No layer has only 0 as biases."""
    return all(any(tape.values(step.name)[0]) for step in _named(tape, "b_in", "b_out"))


@sheet_promise
def hidden_shares_are_short(tape: Tape) -> bool:
    """Without the mask, all shares would be short fractions, since a mistake shows them."""
    base = Fraction(next(s.params["base"] for s in _named(tape, "hook_pattern.exp")))
    powers = [[base ** int(x) for x in row] for s in _named(tape, "scores_scaled") for row in tape.values(s.name)]
    return all((x / sum(row)).denominator <= UGLY // 2 for row in powers for x in row)


@sheet_promise
def last_word_looks_at_all(tape: Tape) -> bool:
    """In the last row of the pattern no share is 0, and the largest is a half or more."""
    return all(
        all(row) and 2 * max(row) >= 1 for row in (tape.values(s.name)[-1] for s in _named(tape, "hook_pattern"))
    )


@sheet_promise
def scores_tell(tape: Tape) -> bool:
    """At least two rows of scores have a positive one, none has equal scores only, and the first word's score with
    the second, and its share, is not the second's with the first. The last word looks most at another one.
    """
    scores, shares = tape.values("blocks.0.attn.scores_raw[0]"), tape.values("blocks.0.attn.hook_pattern[0]")
    positive = sum(max(row) > 0 for row in scores)
    one_way = all(rows[0][1] != rows[1][0] for rows in (scores, shares))
    elsewhere = shares[-1][-1] < max(shares[-1])
    return positive > 1 and all(len(set(row)) > 1 for row in scores) and one_way and elsewhere


@sheet_promise
def values_span_a_triangle(tape: Tape) -> bool:
    """The values are three points that can be drawn, up to 4 from the axes, and do not lie on a line; nor do their
    arrows, any two of them. No two mixtures are so near to each other that their dots would touch, and none lies on
    an arrow or at its foot.
    """
    values = (a, b), (c, d), (e, f) = tape.values(_named(tape, "hook_v")[0].name)
    mixed = tape.values(_named(tape, "hook_z")[0].name)
    apart = all(max(abs(x - u), abs(y - v)) >= APART for (x, y), (u, v) in combinations(mixed, 2))
    fan_out = all(x * v != y * u for (x, y), (u, v) in combinations(values, 2))
    off_arrows = all(x * v != y * u or x * u + y * v < 0 for (x, y), (u, v) in product(mixed, values))
    fits = max(map(abs, (a, b, c, d, e, f))) <= 4
    return bool((c - a) * (f - b) != (e - a) * (d - b) and fits and fan_out and apart and off_arrows)


@sheet_promise
def queries_ask_for_several_things(tape: Tape) -> bool:
    """Each query has two numbers or more that are not 0."""
    return all(sum(map(bool, row)) > 1 for step in _named(tape, "hook_q") for row in tape.values(step.name))


@sheet_promise
def heads_look_different_ways(tape: Tape) -> bool:
    """The last word looks at all words in each head, and in no two heads most at the same one."""
    rows = [tape.values(step.name)[-1] for step in _named(tape, "hook_pattern")]
    best = [row.index(max(row)) for row in rows]
    return all(map(all, rows)) and all(map(_has_one_largest, rows)) and len({*best}) == len(best)


@sheet_promise
def words_look_at_their_translation(tape: Tape) -> bool:
    """The first word looks most at the first word of the source, and the last at the last."""
    rows = tape.values(_named(tape, "hook_pattern")[0].name)
    both = rows[0], rows[-1]
    return all(map(_has_one_largest, both)) and (both[0][0], both[1][-1]) == (max(both[0]), max(both[1]))


@sheet_promise
def each_word_looks_at_what_it_says_next(tape: Tape) -> bool:
    """Across, each token looks most at one word of the source: at the one after its own place."""
    rows = tape.values("decoder.0.cross_attn.hook_pattern[0]")
    return all(_has_one_largest(row) and row[t + 1] == max(row) for t, row in enumerate(rows))


@sheet_promise
def last_word_can_be_followed(tape: Tape) -> bool:
    """In the last row of an encoder's block with norms after its sums, one number stays whole all the way, is added
    to twice, and is changed by the first norm: a picture follows it.
    """
    names = (
        "hook_resid_pre", "hook_attn_out", "hook_resid_mid", "ln1.hook_normalized", "hook_mlp_out", "hook_resid_post",
        "hook_normalized_resid_post",
    )  # fmt: skip
    if f"encoder.0.{names[-1]}" not in tape.steps:  # norms before their layers have no such way
        return True
    ways = zip(*(tape.values(f"encoder.0.{name}")[-1] for name in names), strict=True)
    return any(all(x.denominator == 1 for x in way) and way[1] and way[4] and way[2] != way[3] for way in ways)


@sheet_promise
def last_shares_are_easy(tape: Tape) -> bool:
    """The last word's shares have denominators of at most LARGEST_OF_SHARES."""
    return all(share.denominator <= LARGEST_OF_SHARES for share in tape.values("probs")[-1])


@sheet_promise
def positions_tell_in_every_dimension(tape: Tape) -> bool:
    """No dimension of the positions is the same everywhere."""
    return all(len({*column}) > 1 for column in zip(*tape.values("hook_pos_embed"), strict=True))


@sheet_promise
def first_word_has_few_zeros(tape: Tape) -> bool:
    """The vector of the first word has one zero at most, so that it is known from the others."""
    return tape.values("hook_embed")[0].count(0) <= 1


@sheet_promise
def neighbours_have_other_vectors(tape: Tape) -> bool:
    """Words that follow each other in the vocabulary have vectors that do not point the same way: the angle between
    them is 60° or more.
    """
    pairs = pairwise(tape.values("embed.W_E"))
    return all((n := _dot(a, b)) <= 0 or 4 * n * n <= _dot(a, a) * _dot(b, b) for a, b in pairs)


def _dot(one: Sequence[Any], other: Sequence[Any]) -> Any:
    """The dot product of two rows."""
    return sum(x * y for x, y in zip(one, other, strict=True))


def _has_one_largest(row: Sequence[Any]) -> bool:
    """Whether one number of a row is larger than all others."""
    return row.count(max(row)) == 1


def _has_columns_of_their_own(rows: Rows) -> bool:
    """Whether no two columns are the same, so that none of them can be copied."""
    columns = _transposed(rows)
    return len({*columns}) == len(columns)


def _look_most_elsewhere(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two rows each have one largest number, and these stand at different places."""
    return all(map(_has_one_largest, (one, other))) and one.index(max(one)) != other.index(max(other))


@sheet_promise
def sizes_are_in_proportion(tape: Tape) -> bool:
    """In each model the heads side by side are as wide as the stream, and the MLP is two to four times as wide."""
    streams, heads, hidden = (tape.values(name)[0] for name in ("d_model", "width", "d_mlp"))
    return heads == streams and all(2 <= m / d <= 4 for d, m in zip(streams, hidden, strict=True))


# ---- the figures ----


def quality(tape: Tape) -> dict[str, Any]:
    """The figures of an evaluated run, as they stand in run.json.

    attention: for each layer, the rows that uniform attention would change. heads: for each head, the rows that it
    changes. alive: for each hidden unit, for how many tokens it is positive. margins: for each row of logits, by how
    much the largest leads, 0 if by no whole number. answers: the id of the word with the largest logit in each row.
    without_attention: whether the last answer would be another word without attention.
    """
    values = [x for step in _printed(tape) for row in tape.values(step.name) for x in row if not is_neg_inf(x)]
    whole = [x for x in values if x.denominator == 1]
    found: dict[str, Any] = {
        "largest_integer": int(max((abs(x) for x in whole), default=Fraction(0))),
        "largest_denominator": max((x.denominator for x in values), default=1),
        "ugly": sum(abs(x.numerator) > UGLY or x.denominator > UGLY for x in values),
        "share_of_integers": round(len(whole) / max(1, len(values)), 3),
        "values": len(values),
        "zeros_in_weights": round(_zeros(tape), 3),
    }
    layers = _patterns_by_layer(tape)
    if layers:
        found |= _attention_figures(tape, layers)
    post = _named(tape, "hook_post")
    if post:
        found["alive"] = [
            sum(x > 0 for x in column) for s in post for column in zip(*tape.values(s.name), strict=True)
        ]
    if "next_token" in tape.steps:
        found |= _logit_figures(tape)
    return found


def foiled(tape: Tape) -> dict[str, int]:
    """For each mistake that can be made in a run, how many cells it changes in the steps where it is made."""
    return {name: cells_changed(tape, name) for name in applying(tape)}


def _printed(tape: Tape) -> list[Step]:
    """The steps that a person reads or writes before the last softmax, but for those of pictures."""
    return [s for s in tape.used() if not s.name.startswith((*AFTER_LOGITS, *IN_PICTURES))]


def _named(tape: Tape, *parts: str) -> list[Step]:
    """The steps whose names end in one of these, whatever their layer and head."""
    return [s for s in tape.used() if s.stem.endswith(parts)]


def _stream(tape: Tape) -> list[Step]:
    """The steps in which no two tokens may have the same row: the residual stream, and the norms in blocks."""
    return _named(tape, "resid_pre", "resid_mid", "resid_mid_cross", "resid_post", "ln1.hook_normalized",
                  "ln2.hook_normalized", "ln3.hook_normalized")  # fmt: skip


def _zeros(tape: Tape) -> float:
    """The share of zeros in the weight matrices."""
    matrices = [tape.values(s.name) for s in tape.used() if s.name.rpartition(".")[2].startswith("W_")]
    entries = [x == 0 for rows in matrices for row in rows for x in row]
    return entries.count(True) / max(1, len(entries))


def _tells_tokens_apart(pattern: Rows) -> bool:
    """Whether no row is saturated, the last row is not uniform, and at most half of the rows are."""
    rows = [[x for x in row if x] for row in pattern]
    rows = [row for row in rows if len(row) > 1]
    uniform = [len(set(row)) == 1 for row in rows]
    return all(max(row) <= SATURATED for row in rows) and not uniform[-1] and 2 * sum(uniform) <= len(rows)


def _transposed(rows: Rows) -> Rows:
    return tuple(zip(*rows, strict=True))


def _is_symmetric(rows: Rows) -> bool:
    return rows == _transposed(rows)


def _changed_rows(tape: Tape, wrong: Tape, name: str) -> list[int]:
    """The rows, counted from 1, in which two runs differ."""
    pairs = zip(tape.values(name), wrong.values(name), strict=True)
    return [i + 1 for i, (row, other) in enumerate(pairs) if row != other]


def _patterns_by_layer(tape: Tape) -> dict[str, list[Step]]:
    """The steps that compute a pattern, one for each head, by the name of their layer, such as blocks.0.attn; without
    those whose queries are all 0, as they are meant to be where a whole pattern is uniform.
    """
    found: dict[str, list[Step]] = {}
    for step in (s for s in _named(tape, "hook_pattern") if s.op):
        query = step.name.replace("hook_pattern", "hook_q")
        if query in tape.steps and tape.steps[query].op and not any(map(any, tape.values(query))):
            continue
        found.setdefault(step.name.rpartition(".hook_pattern")[0], []).append(step)
    return found


def _query_rows(tape: Tape) -> list[int]:
    """For each attention layer, the number of rows of its queries."""
    return [steps[0].shape[0] for steps in _patterns_by_layer(tape).values()]


def _attention_figures(tape: Tape, layers: dict[str, list[Step]]) -> dict[str, Any]:
    """The figures `attention` and `heads`: what changes if attention is uniform, and if one head is zero."""
    attention, heads = [], []
    for at, steps in layers.items():
        out = "{}.hook_{}_out".format(*at.rpartition(".")[::2])
        out = out if out in tape.steps else f"{at}.hook_z[0]"
        uniform = resumed(tape, {}, {s.name: _uniform(tape.values(s.name)) for s in steps})
        attention.append(_changed_rows(tape, uniform, out))
        for step in steps if len(steps) > 1 else ():
            z = step.name.replace("hook_pattern", "hook_z")
            zero = resumed(tape, {}, {z: [[0] * len(row) for row in tape.values(z)]})
            heads.append(_changed_rows(tape, zero, out))
    return {"attention": attention} | ({"heads": heads} if heads else {})


def _uniform(pattern: Rows) -> list[list[Fraction]]:
    """A pattern with the same zeros, in which all that a token sees has equal shares."""
    return [[Fraction(x != 0, sum(y != 0 for y in row)) for x in row] for row in pattern]


def _logit_figures(tape: Tape) -> dict[str, Any]:
    """The figures `answers` and `margins`, and `without_attention` where it can be computed."""
    logits = tape.values("logits")
    ordered = [sorted(row) for row in logits]
    found: dict[str, Any] = {
        "answers": [int(row[0]) for row in tape.values("next_token")],
        "margins": [int(row[-1] - row[-2]) if (row[-1] - row[-2]).denominator == 1 else 0 for row in ordered],
    }
    outs = [s.name for s in _named(tape, "hook_attn_out", "hook_cross_attn_out")]
    silent = tape.replay(FLOATS, {**_inputs(tape, outs), **{o: [[0] * len(r) for r in tape.values(o)] for o in outs}})
    try:
        last = silent.values("next_token")[-1][0]
    except DomainError:  # without attention, a row has deviation 0
        return found
    return found | {"without_attention": int(last) != found["answers"][-1]}


def _inputs(tape: Tape, outs: list[str]) -> dict[str, Any]:
    """The rows that the first block reads, as given numbers for a replay."""
    first = "blocks.0.hook_resid_pre"
    return {first: tape.values(first)} if outs and first in tape.steps else {}


# ---- the time ----

# The seconds to compute and write a cell, divided by the number of numbers that it reads: means over instances of the
# search, by operation, and for some products by the step that they make. Operations that are not here take 1.
# `python bench/bench.py --only paces` measures them again and prints both.
SECONDS_A_NUMBER = {
    "power_of": 2.96, "row_sum": 1.41, "normalize_rows": 1.56, "divide_by_root": 2.86, "dot_rows": 1.0,
    "hstack": 1.35, "mask_future": 0.99, "hook_z": 1.8, "hook_attn_out": 1.24, "matmul": 0.77, "affine": 0.77,
    "add": 0.85, "relu": 0.6, "row_mean": 1.54, "center": 1.97, "mean_square": 4.2, "root": 4.18, "standardize": 1.01,
    "scale_and_shift": 1.43, "gather_rows": 0.79, "row_argmax": 0.1,
}  # fmt: skip
# The same in attention without a mask, where more entries of a pattern are fractions.
SECONDS_UNMASKED = {"power_of": 3.16, "row_sum": 2.09, "normalize_rows": 1.9, "hook_z": 2.86}
# Factors by which norms change the time of a run, since their rows have many zeros and ones; measured likewise.
NORM_OF_EIGHT = 0.85  # for d_model = 8
NORM_RMS = 0.98  # for RMSNorm
NORM_AFTER = 0.975  # for norms that follow each sum
NORM_WIDE = 1.075  # for LayerNorm in four dimensions, which has results of two sizes
NORM_WIDE_ALONE = 1.33  # for the same where there is no other layer
READ = 300  # the work of a number that is read: as long as a search takes for 300 numbers that it draws


def usual_time(tape: Tape, config: Config) -> float:
    """The seconds that runs of this configuration usually take, estimated from the steps, not from their numbers."""
    steps = [s for s in tape.used() if s.op]
    pairs = zip(steps, kinds(steps), strict=True)
    time = sum(STEP + numbers_read(tape, step) * seconds_a_number(*kind) for step, kind in pairs)
    in_block = any(s.part == "heads" for s in steps)
    if any(s.op is standardize for s in steps):
        time *= NORM_OF_EIGHT if config.d_model == 8 else 1.0
        tokens = max(s.shape[0] for s in steps if s.op is standardize)
        if (config.normalization_type, config.d_model) == ("LN", 4) and (tokens <= FEW_TOKENS or not in_block):
            time *= NORM_WIDE if in_block else NORM_WIDE_ALONE
        time *= NORM_RMS if config.normalization_type == "RMS" else 1.0
        time *= NORM_AFTER if config.norm_position == "post" and in_block else 1.0
    return time


def numbers_read(tape: Tape, step: Step) -> int:
    """How many numbers all cells of a step read, if each reads as many as the first cell of the last row."""
    return step.shape[0] * step.shape[1] * len(list(refs(tape.cell(step.name, step.shape[0] - 1, 0))))


def work_of(tape: Tape) -> int:
    """The work of a run and of judging it, as the dice of a search count it."""
    return READ * sum(numbers_read(tape, step) for step in tape.steps.values() if step.op)


def kinds(steps: Sequence[Step]) -> list[tuple[str, bool]]:
    """For each step, its key in SECONDS_A_NUMBER (the end of its name, or its operation), and whether it takes longer
    because its attention has no mask.
    """
    masked = {(s.layer, s.part) for s in steps if s.op is mask_future}
    unmasked = {(s.layer, s.part) for s in steps if s.layer} - masked
    found = []
    for step in steps:
        last = step.stem.rpartition(".")[2]
        kind = last if last in SECONDS_A_NUMBER else step.op_name
        found.append((kind, kind in SECONDS_UNMASKED and (step.layer, step.part) in unmasked))
    return found


def seconds_a_number(kind: str, is_unmasked: bool) -> float:
    """The usual seconds for each number that a cell reads, in a step of this kind."""
    return SECONDS_UNMASKED[kind] if is_unmasked else SECONDS_A_NUMBER.get(kind, 1.0)


def whole_time(tape: Tape) -> float:
    """The seconds that all steps of a run take."""
    return seconds(tape, [s.name for s in tape.used() if s.op])
