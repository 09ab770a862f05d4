"""A model that writes: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, product
from math import atan2, cos, pi, sin
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from byhand.errors import ConfigError
from byhand.mistakes.registry import mistake, mistaken
from byhand.model.builder import Builder
from byhand.model.layers import of_one_row, read
from byhand.model.names import ATTN
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import draw
from byhand.numbers.natural import distinct, grid, point_apart
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import one_largest, powers, shares_are_short
from byhand.numbers.words import END, distractors
from byhand.ops.attention import row_argmax
from byhand.ops.linear import add, matmul
from byhand.ops.shapes import gather_rows, vstack
from byhand.pictures.canvas import CAPTION, DASH, GREY, SMALLEST, STROKE, TOKEN, WHITE, Canvas, Layer
from byhand.pictures.labels import words as label
from byhand.pictures.names import beside, gap
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

ROUNDS = 4

# ---- the model ----


READS = of_one_row(positional_embedding_type=(None,))


@model("writing", reads_words=True, says_words=True, one_head=True, only=READS)
def _steps(build: Builder) -> Results:
    """One head without positions, which reads a text word by word. In each round a word is looked up; its key and its
    value go into the cache; its query meets all keys of the cache; the mixture is added to it; and the logits say the
    word that comes next.
    """
    c, tape, ids = build.config, build.tape, build.values.ids()
    w_e = tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
    weights = {
        letter: tape.given(f"{ATTN}.W_{letter.upper()}[0]", (c.d_model, width), ("d_model", axis))
        for letter, width, axis in (("q", c.d_head, "d_head"), ("k", c.d_head, "d_head"), ("v", c.d_v, "d_v"))
    }
    w_u = tape.given("unembed.W_U", (c.d_model, c.d_vocab), ("d_model", "d_vocab"))
    cache, said = dict[str, Matrix](), list[Matrix]()
    for t in range(build.positions):
        at = f"round{t + 1}"
        with tape.part("embed"):
            x = gather_rows(w_e, name=f"{at}.x", sizes={"i": (1, f"word{t}")}, rows=ids[t : t + 1])
        with tape.part("heads"):
            row = {letter: matmul(x, weights[letter], name=f"{at}.{letter}") for letter in "qkv"}
            for letter, name in (("k", "keys"), ("v", "values")):
                before = (cache[letter],) if t else ()
                cache[letter] = vstack(*before, row[letter], name=f"{at}.{name}", sizes={"i": (t + 1, "so_far")})
            z = read(row["q"], cache["k"], cache["v"], at, c)
        with tape.part("add1"):
            y = add(x, z, name=f"{at}.y")
        with tape.part("unembed"):
            said.append(matmul(y, w_u, name=f"{at}.logits"))
        with tape.part("embed"):  # which is where the next round begins
            row_argmax(said[-1], name=f"{at}.said")  # computed only when requested
    with tape.part("unembed"):
        logits = vstack(*said, name="logits", sizes={"i": (len(said), "pos")})
        return (row_argmax(logits, name="next_token"),)


# ---- the same, written down a second time ----


@wiring("writing")
def _second(w: Wiring) -> None:
    """Greedy decoding with a cache: each word adds one key and one value, and reads them all."""
    said, keys, values = list[str](), list[str](), list[str]()
    for n, word in enumerate(w.ids, 1):
        x = w(f"round{n}.x", "gather_rows", "embed.W_E", rows=[word])
        q, k, v = (w(f"round{n}.{a}", "matmul", x, f"blocks.0.attn.W_{a.upper()}[0]") for a in "qkv")
        keys, values = [*keys, k], [*values, v]
        of_text = w(f"round{n}.keys", "vstack", *keys), w(f"round{n}.values", "vstack", *values)
        y = w(f"round{n}.y", "add", x, w.read(q, *of_text, f"round{n}"))
        said.append(w(f"round{n}.logits", "matmul", y, "unembed.W_U"))
        w(f"round{n}.said", "row_argmax", said[-1])
    w("next_token", "row_argmax", w("logits", "vstack", *said))


# ---- what it writes ----

# The third word leads back to the second, which comes twice. Behind them stands a word that it knows, too, and that a
# reader might expect. No word is longer than those that a column has room for (page/grid.py).
WRITTEN = tuple(
    tuple(line.split())
    for line in """
rain fell and fell froze
she sang and sang wept
he ran and ran fell
they spoke and spoke slept
we sat and sat read
birds sang and sang flew
dogs ran and ran slept
kids sang and sang ran
snow fell and fell froze
bells rang and rang shook
it grew and grew fell
you read and read wrote
I slept and slept woke
she wrote and wrote read
he slept and slept rose
they swam and swam dived
we swam and swam ran
stars shone and shone fell
she cried and cried slept
he tried and tried won
we ran and ran sat
frogs swam and swam ate
waves came and came went
cats slept and slept ate
they ate and ate drank
he paid and paid left
she asked and asked wept
you fell and fell rose
bread rose and rose fell
wind blew and blew died
they sang and sang sat
it shone and shone sank
""".strip().splitlines()
)


def written(number: int, tokens: int = ROUNDS) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a model writes, by its number: the words that it reads, and what it says after each: last END."""
    words = WRITTEN[number % len(WRITTEN)][:tokens]
    return words, (*words[1:], END)


def expected(tokens: Sequence[str]) -> tuple[str, ...]:
    """Words that a reader might expect after a text: first its own of WRITTEN."""
    return (*(words[-1] for words in WRITTEN if words[:-1] == tuple(tokens)), *distractors(tokens))


# ---- its numbers ----

REACH = 3  # the largest entry of an embedding, and of a word's column of W_U, in absolute value
LARGEST = 5  # the same of queries, keys and values
FAR = 3  # the same of sums, for which the plane of the picture has room
PLACES = np.array([place for place in grid(2, REACH) if place.any()])
# Two words whose queries, keys and values may be any whole numbers: the weights that make them are whole, too.
PAIRS = np.array([
    (a, b) for a in PLACES for b in PLACES if abs(a[0] * b[1] - a[1] * b[0]) == 1 and max(*abs(a), *abs(b)) < REACH
])  # fmt: skip
TIMES = np.array([times for times in grid(2, REACH) if times.all()])  # how often each of them is in the third word
HEADS_TRIED, QUERIES_TRIED, VALUES_TRIED, OTHERS_TRIED = 60_000, 30_000, 40_000, 8_000
TRIPLES_TRIED = 1_000
STRIDE = 19  # has no divisor in common with the number of PLACES
NEAR = 1e-9  # numbers that are no further apart are equal
MOST_CANDIDATES = 40  # for which words are looked for
# How much larger than the first word's and the second word's own score that of the third is, where the second word
# asks; the powers add up to 5, 7, 8, 9 or 12 then, and with two words to 2 or 3.
SCORES = {(1, 0, 2), (0, 0, 1), (0, 1, 2), (1, 0, 3), (0, 0, 2)}
TOTALS = (4, 5, 6, 7, 8, 10)  # of the powers of the third word
SHORT = ((1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5))  # the denominators that mixtures may have in rounds 2, 3 and 4
APART = 0.6  # how far sums lie from each other and from words, so that arrows are told apart
LEAD = 1  # by how much the largest logit leads
LARGEST_LOGIT = 9
LEAD_OF_E = 0.2  # the same where the powers are those of e
OFF_BORDERS = 0.25  # how far words and sums lie from the borders of regions
ANGLES = (np.arange(72) + 0.5) * pi / 36
WAYS = np.stack((np.cos(ANGLES), np.sin(ANGLES)), 1)  # from the middle of the plane: it is looked at who wins there
NARROWEST = 5  # in how many of them each word wins: in 25 degrees of 360


def _is_text(task: Task) -> str:
    words = task.values.tokens
    if len(words) == ROUNDS and words[1] == words[3] and len({*words}) == ROUNDS - 1:
        return ""
    return "writing has new numbers for a text whose fourth word is the second again, such as rain fell and fell"


def _third(two: Ints, times: Ints) -> Ints:
    """Rows of two words (count, 2, 2) → with those of the third word (count, 3, 2), which is made of the two."""
    return np.concatenate((two, np.einsum("ni,nid->nd", times, two)[:, None]), 1)


def _apart(*tables: Ints) -> Bools:
    """Whether the rows of tables (count, 3, 2) point apart, and are small."""
    ok: Bools = np.logical_and.reduce([point_apart(x) & (abs(x).max((1, 2)) <= LARGEST) for x in tables])
    return ok


class _Drawn(dict[str, Any]):
    """Arrays with one entry for each candidate."""

    def among(self, which: Any) -> _Drawn:
        return _Drawn({name: x[which] for name, x in self.items()})

    def again(self, count: int) -> _Drawn:
        """The candidates repeated until they are so many."""
        return self.among(np.arange(count if self.count else 0) % max(1, self.count))

    @property
    def count(self) -> int:
        return len(self["x"])

    def add_weights(self, name: str, rows: Ints) -> Bools:
        """Add the weights that make these rows of the first two words (count, 2, 2); whether they are small."""
        (a, b), (c, d) = self["x"][:, :2].transpose(1, 2, 0)
        inverse = np.moveaxis(np.array([[d, -b], [-c, a]]) * (a * d - b * c), 2, 0)
        self[name] = inverse @ rows
        ok: Bools = (abs(self[name]) <= 2).all((1, 2))
        return ok


@draw("writing", like_sheet=True, requires=[exactly(d_model=2, d_head=2, d_v=2), shares_are_short, _is_text],
      sentence=written, others=expected)  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Words, queries, keys and values; then what the rounds add up to; then words to be said."""
    ids = task.values.ids()
    wanted = task.wanted or (*ids[1:], *{*range(task.config.d_vocab)}.difference(ids))[:ROUNDS]
    if wanted[:-1] != ids[1:] or wanted[-1] in ids[1:]:
        raise ConfigError("writing says its own text, and then one word more; give that alone, as in --answer END")
    found = _with_words(dice, _with_values(dice, _with_queries(dice, _with_keys(dice))))
    return _entries(dice, found, ids, wanted, task.config.d_vocab)


def _with_keys(dice: Dice) -> _Drawn:
    """Three words, their keys, and the second word's query: it looks most at the third word, where there is one."""
    times = dice.choices(TIMES, HEADS_TRIED)
    x, k = (_third(two, times) for two in (dice.choices(PAIRS, HEADS_TRIED), dice.choices(PLACES, HEADS_TRIED, 2)))
    ask = dice.choices(PLACES, HEADS_TRIED)
    scores = np.einsum("nd,nkd->nk", ask, k)
    above = scores - scores.min(1, keepdims=True)
    ok = np.logical_or.reduce([(above == each).all(1) for each in sorted(SCORES)])
    ok &= _apart(x, k) & (abs(x) <= REACH).all((1, 2))
    found = _Drawn(times=times, x=x, k=k, ask=ask, scores=scores).among(ok)
    return found.among(found.add_weights("W_K", found["k"][:, :2]))


def _with_queries(dice: Dice, found: _Drawn) -> _Drawn:
    """With the queries of the other words, and what all words look at."""
    found = found.again(QUERIES_TRIED)
    two = np.stack((dice.choices(PLACES, QUERIES_TRIED)[: found.count], found["ask"]), 1)
    q = _third(two, found["times"])
    third = np.einsum("nd,nkd->nk", q[:, 2], found["k"])
    found["third"] = third
    ok = found.add_weights("W_Q", two) & _apart(q) & np.isin(powers(third, 2).sum(1), TOTALS) & one_largest(third)
    return found.among(ok)


def _with_values(dice: Dice, found: _Drawn) -> _Drawn:
    """With values whose mixtures are short; `sums` are the words with their mixtures in all rounds, and then those of
    the second and the third word without the cache; `sums_e` are the same in powers of e.
    """
    found = found.again(VALUES_TRIED)
    two = dice.choices(PLACES, VALUES_TRIED, 2)[: found.count]
    found["v"] = _third(two, found["times"])
    found = found.among(found.add_weights("W_V", two) & _apart(found["v"]))
    x, v = found["x"], found["v"]
    for name, base in (("sums", 2.0), ("sums_e", np.e)):
        mixtures = [v[:, 0]]
        for scores, seen in ((found["scores"], [0, 1]), (found["third"], [0, 1, 2]), (found["scores"], [0, 1, 2, 1])):
            power = base ** scores[:, seen]
            mixtures.append(np.einsum("nk,nkd->nd", power / power.sum(1, keepdims=True), v[:, seen]))
        found[name] = np.stack([x[:, word] + z for word, z in zip((0, 1, 2, 1), mixtures, strict=True)], 1)
    found["alone"], rounds = (x + v)[:, 1:], found["sums"]
    ok: Bools = (abs(rounds) <= FAR).all((1, 2))
    for row, denominators in zip(rounds.swapaxes(0, 1)[1:], SHORT, strict=True):
        ok &= np.logical_or.reduce([(abs(row * n - np.round(row * n)) < NEAR).all(1) for n in denominators])
    points = np.concatenate((rounds, x), 1)
    far = np.hypot(*np.moveaxis(points[:, :, None] - points[:, None], 3, 0)) + 9 * np.eye(points.shape[1])
    return found.among(ok & (far > APART).all((1, 2)))


def _with_words(dice: Dice, found: _Drawn) -> _Drawn:
    """With three columns of W_U that decide each round, and in the last one another way without the cache; each of
    the candidates has several such columns.
    """
    ends = np.concatenate((found["sums"], found["alone"]), 1)
    logits = ends @ PLACES.T  # (count, round, column)

    def beats(rounds: Sequence[int]) -> Bools:
        """Of each pair of columns (count, one, other), whether the one leads in these rounds."""
        return np.asarray((logits[:, rounds, :, None] - logits[:, rounds, None] > LEAD - NEAR).all(1))

    second, third, last = beats([0, 2, 5]), beats([1, 4]), beats([3])  # in the rounds in which each is said
    bc, be, ce = (a & b.swapaxes(1, 2) for a, b in ((second, third), (second, last), (third, last)))
    some = np.flatnonzero(np.logical_and.reduce([pair.any((1, 2)) for pair in (bc, be, ce)]))
    chosen, columns = list[int](), list[Ints]()
    for n in some[:MOST_CANDIDATES]:
        triples = np.argwhere(bc[n][:, :, None] & be[n][:, None] & ce[n][None])
        chosen += [n] * len(triples)
        columns.append(PLACES[triples])
    found = found.among(np.array(chosen, dtype=int))
    found["said"] = np.concatenate(columns) if columns else np.zeros((0, 3, 2), dtype=int)
    return found


def _entries(dice: Dice, found: _Drawn, ids: Sequence[int], wanted: Sequence[Any], words: int) -> Entries:
    """The weights, with rows and columns for the other words, none of which is ever said.

    ids, wanted: what is read, and what is said. words: how many there are.
    """
    found = found.among(_is_clear(found["said"], np.concatenate((found["x"], found["sums"]), 1)))
    found = found.among(dice.permutation(found.count)[:TRIPLES_TRIED])
    found["others"] = _others(found)
    found = found.among(found["others"].sum(1) >= words - 3)
    found = found.again(OTHERS_TRIED if found.count else 0)
    w_e, w_u = dice.choices(PLACES, max(1, found.count), 2, words)[: found.count].swapaxes(0, 1)
    first = dice.choices(np.arange(len(PLACES)), max(1, found.count))[: found.count, None]
    turned = (first + np.arange(len(PLACES)) * STRIDE) % len(PLACES)  # all columns, in an order of its own for each
    some = np.argsort(~np.take_along_axis(found["others"], turned, 1), 1, kind="stable")[:, : words - 3]
    right, others = np.array(wanted), [n for n in range(words) if n not in wanted[1:]]
    w_e[:, list(ids[:3])], w_u[:, list(wanted[1:])] = found["x"], found["said"][:, [1, 0, 2]]
    w_u[:, others] = PLACES[np.take_along_axis(turned, some, 1)]
    ok = point_apart(w_e) & distinct(w_u)
    for sums, lead in (("sums", LEAD), ("sums_e", LEAD_OF_E)):
        logits = found[sums] @ w_u.swapaxes(1, 2)
        first, second, other = np.moveaxis(np.sort(logits, 2)[..., :-4:-1], 2, 0)
        ok &= ((logits.argmax(2) == right) & (first - second > lead - NEAR) & (second - other > NEAR)).all(1)
        if sums == "sums":
            leads = first - second
            ok &= (abs(leads - np.round(leads)) < NEAR).all(1) & (abs(logits) <= LARGEST_LOGIT).all((1, 2))
    ok[ok] = _is_clear(w_u[ok], np.concatenate((found["x"], found["sums"]), 1)[ok])
    found = found.among(ok)
    weights = {f"{ATTN}.{name}": found[name][:, None] for name in ("W_Q", "W_K", "W_V")}
    return weights | {"embed.W_E": w_e[ok], "unembed.W_U": w_u[ok].swapaxes(1, 2)}


def _others(found: _Drawn) -> Bools:
    """Which of PLACES may be the column of a word that is never said, (count, PLACES): it leads in no round, and has
    a region beside those of the three.
    """
    leads = [found[sums] @ found["said"].swapaxes(1, 2) for sums in ("sums", "sums_e")]
    below = [found[sums] @ PLACES.T for sums in ("sums", "sums_e")]
    ok: Bools = (abs(below[0]) <= LARGEST_LOGIT).all(1)
    for each, logits, lead in zip(leads, below, (LEAD, LEAD_OF_E), strict=True):
        ok &= (each.max(2, keepdims=True) - logits > lead - NEAR).all(1)
    far = (found["said"] @ WAYS.T).max(1)[..., None]
    ok &= ((WAYS @ PLACES.T)[None] > far).sum(1) >= NARROWEST
    return ok


def _is_clear(columns: Any, points: Any) -> Bools:
    """Whether each word has a region of the plane that one sees, and no point lies near the border of one.

    columns: of W_U, (count, words, 2). points: (count, n, 2).
    """
    wins = (WAYS @ columns.swapaxes(1, 2)).argmax(2)
    seen = (wins[:, :, None] == np.arange(columns.shape[1])).sum(1) >= NARROWEST
    logits = points @ columns.swapaxes(1, 2)
    best = np.take_along_axis(columns, logits.argmax(2)[..., None], 1)
    far = np.hypot(*np.moveaxis(best[:, :, None] - columns[:, None], 3, 0))
    off = (logits.max(2, keepdims=True) - logits) / np.where(far > 0, far, np.inf)
    ok: Bools = seen.all(1) & ((off >= OFF_BORDERS - NEAR) | (far == 0)).all((1, 2))
    return ok


@sheet_promise
def it_writes_to_the_end(tape: Tape) -> bool:
    """Each round says the word that the next one reads, and the last says one that is read in none. The first says
    its word with one share, all others are decided among several, not all alike.
    """
    read = [tape.steps[f"round{n}.x"].params["rows"][0] for n in range(1, ROUNDS + 1)]
    *said, last = (int(word) for (word,) in tape.values("next_token"))
    return said == read[1:] and last not in read and _leads(tape) >= LEAD


@sheet_promise
def without_the_cache_it_never_ends(tape: Tape) -> bool:
    """A word that looks at itself alone says the same each time, so that the text goes round and round."""
    wrong = mistaken(tape, "no-cache")[0]
    said = [word for (word,) in tape.values("next_token")]
    return [word for (word,) in wrong.values("next_token")] == [*said[:3], said[1]] and _leads(wrong) >= LEAD


@sheet_promise
def the_plane_is_clear(tape: Tape) -> bool:
    """Each word has a region of the plane, and no word and no sum lies near the border of one."""
    columns = np.array(tape.values("unembed.W_U"), dtype=float).T
    rows = [tape.values(f"round{n}.{at}")[0] for n in range(1, ROUNDS + 1) for at in "xy"]
    return bool(_is_clear(columns[None], np.array(rows, dtype=float)[None])[0])


@sheet_promise
def the_word_that_comes_again_looks_elsewhere(tape: Tape) -> bool:
    """The second word, when it comes again, looks most at the third, which was not there before. Queries, keys and
    values point apart.
    """
    again = tape.values("round4.pattern")[0]
    rows = ([tape.values(f"round{n}.{x}")[0] for n in (1, 2, 3)] for x in "qkv")
    apart = all(a * d != b * c for each in rows for (a, b), (c, d) in combinations(each, 2))
    return apart and has_one_largest(again) and again[2] == max(again)


def _leads(tape: Tape) -> Any:
    """By how much the largest logit leads where it leads least."""
    ordered = (sorted(row, reverse=True) for row in tape.values("logits"))
    return min(first - second for first, second, *_ in ordered)


# ---- its mistake ----


@mistake(
    told="The word looked at itself alone, as if nothing had been written before it.",
    mend="Keep the keys and values of all words, and let the new word look at each of them.",
    after="heads-share-weights",
)
def no_cache(step: Step, tape: Tape) -> Iterable[Step]:
    """Each word of a text that is written takes its own value, and nothing else."""
    at, _, part = step.name.partition(".")
    if not at.startswith("round") or part != "z":
        return [step]
    return [replace(step, op=gather_rows, inputs=(f"{at}.v",), params={"rows": (0,)})]


# ---- its picture ----

UNIT, WIDEST = 5.0, 4  # mm: from one whole number to the next; the numbers at the edges of the plane
SIDE = UNIT * WIDEST  # mm: how far from the middle the edges are
MIDDLE = (26.0, SIDE + 0.6)  # mm: where 0 is
LOG_AT, LINE = 66.0, 8.4  # mm: the left edge of what is written, and from one line to the next


@picture(width=118, height=45, minutes=5)
def compass(on: Canvas, w_u: Rows, *rounds: Rows, words: Sequence[str], tokens: Sequence[str]) -> None:
    """A plane, cut by dashed lines into the regions of the words that win there; for each round an arrow from the
    word to its sum, and a line for what it says. Those of the first round are printed.

    rounds: the word of each round, its sum, and what it says, (1, 1), the three one after the other.
    """
    starts, sums, said = rounds[::3], rounds[1::3], rounds[2::3]
    parts = _parts(w_u)
    if len(sums) != ROUNDS or len(parts) < 2 or max(abs(float(x)) for (row,) in (*starts, *sums) for x in row) > FAR:
        raise UndrawableError("four rounds whose sums are no further than 3 have room")

    def at(row: Sequence[Any]) -> Point:
        return MIDDLE[0] + UNIT * float(row[0]), MIDDLE[1] - UNIT * float(row[1])

    on.plane(at, (-WIDEST, -WIDEST), (WIDEST, WIDEST))
    for n in range(-WIDEST, WIDEST + 1):
        on.number(at((n, 0))[0], MIDDLE[1] + SIDE + 2.2, n, SMALLEST, colour=GREY)
        on.number(MIDDLE[0] - SIDE - 1.0, at((0, n))[1], n, SMALLEST, anchor="end", colour=GREY)
    borders = [(MIDDLE, _edge(begins)) for begins, _, _ in parts]
    for border in borders:
        on.line(*border, width=STROKE, colour=GREY, dash=DASH)
    read = {name: at(row) for name, (row,) in zip(tokens, starts, strict=True)}
    arrows = [(at(start), at(end)) for (start,), (end,) in zip(starts, sums, strict=True)]
    regions = _names(parts, words, [*arrows, *borders], list(read.values()))
    for each in regions:
        on.text(each.x, each.y + 0.9, each.word, TOKEN, bold=True)
    texts = [*map(str, range(1, ROUNDS + 1)), *read]
    points = [*(end for _, end in arrows), *read.values()]
    edges = (MIDDLE[0] - SIDE, MIDDLE[1] - SIDE, MIDDLE[0] + SIDE, MIDDLE[1] + SIDE)
    lines = [*arrows, *borders, *(line for each in regions for line in each.lines)]
    places = beside(points, [label(text, CAPTION).width / 2 for text in texts], lines, edges, borders)
    for spot in read.values():
        on.disc(*spot, 0.9, fill=WHITE, width=STROKE)
    for n, (arrow, ((word,),)) in enumerate(zip(arrows, said, strict=True), 1):
        pen: Layer = on.pen if n > 1 else on
        pen.arrow(*arrow, width=STROKE)
        pen.text(*places[n - 1], str(n), CAPTION, bold=True)
        y = 3.6 + LINE * n
        on.text(LOG_AT, y, on.say("pictures.compass.after", n=n), TOKEN, anchor="start")
        if n == 1:
            on.text(LOG_AT + 32, y, words[int(word)], TOKEN, bold=True)
        else:
            on.answer_line(LOG_AT + 20, y + 0.6, 24, words[int(word)], TOKEN)
    for place, name in zip(places[ROUNDS:], read, strict=True):
        on.text(*place, name, CAPTION, colour=GREY)
    on.text(LOG_AT, 3.6, on.say("pictures.compass.says"), anchor="start", colour=GREY)
    on.text(LOG_AT, 43.8, on.say("pictures.compass.axes"), anchor="start", colour=GREY)
    winners = [words[word] for *_, word in parts]
    told = [f"({', '.join(map(str, row))})" for (row,) in sums]
    spoken = [words[int(x)] for ((x,),) in said]
    on.said(
        on.say("pictures.compass.said", words=listed(winners), sum=told[0], word=tokens[0], said=spoken[0]),
        on.say("pictures.compass.to_do"),
        on.say("pictures.compass.key", sums=listed(told[1:]), words=listed(spoken)),
    )


def _edge(angle: float, side: float = SIDE) -> Point:
    """Where a line from the middle leaves the plane, or the square whose edges are that far from the middle."""
    across, up = cos(angle), sin(angle)
    far = side / max(abs(across), abs(up))
    return MIDDLE[0] + far * across, MIDDLE[1] - far * up


class _Name(NamedTuple):
    """A name in its region: its middle, and half of its width, in mm."""

    x: float
    y: float
    half: float
    word: str

    @property
    def lines(self) -> tuple[tuple[Point, Point], ...]:
        """What other names keep clear of: its upper and its lower edge."""
        left, right = self.x - self.half, self.x + self.half
        return tuple(((left, self.y + up), (right, self.y + up)) for up in (-1.2, 1.2))


def _names(
    parts: Sequence[tuple[float, float, int]], words: Sequence[str], lines: Sequence[tuple[Point, Point]],
    points: Sequence[Point],
) -> list[_Name]:  # fmt: skip
    """The names of the regions, each farthest from lines and points, near the edge of the plane if it can.

    lines: arrows and borders.
    """
    along = [(a[0] + (b[0] - a[0]) * k / 30, a[1] + (b[1] - a[1]) * k / 30) for a, b in lines for k in range(31)]
    names = list[_Name]()
    for begins, ends, number in parts:
        half = label(words[number], TOKEN).width / 2 + 0.5
        spots = list[tuple[float, _Name]]()
        for k, side in product(range(1, 20), (0.95, 0.88, 0.8, 0.7, 0.6)):
            x, y = _edge(begins + (ends - begins) * k / 20, SIDE * side)
            x = min(max(x, MIDDLE[0] - SIDE + half), MIDDLE[0] + SIDE - half)
            y = min(max(y, MIDDLE[1] - SIDE + 2.0), MIDDLE[1] + SIDE - 2.0)
            off = min(gap((x, y), mark, half) for mark in (*along, *points))
            spots.append((min(off, 2.0) + side, _Name(x, y, half, words[number])))
        names.append(max(spots)[1])
    return names


def _parts(w_u: Rows) -> list[tuple[float, float, int]]:
    """The parts into which words divide the plane: the angles at which each begins and ends, and its word."""
    columns = [(float(x), float(y)) for x, y in zip(*w_u, strict=True)]
    borders = sorted({
        (atan2(a - c, d - b) + turn) % (2 * pi) for (a, b), (c, d) in combinations(columns, 2) for turn in (0.0, pi)
    })  # fmt: skip
    parts: list[tuple[float, float, int]] = []
    for begins, ends in zip(borders, (*borders[1:], borders[0] + 2 * pi), strict=True):
        if ends - begins < NEAR:
            continue
        middle = (begins + ends) / 2
        logits = [x * cos(middle) + y * sin(middle) for x, y in columns]
        word = logits.index(max(logits))
        if parts and parts[-1][2] == word:
            begins = parts.pop()[0]
        parts.append((begins, ends, word))
    if len(parts) > 1 and parts[0][2] == parts[-1][2]:
        _, ends, word = parts.pop(0)
        parts[-1] = (parts[-1][0], ends + 2 * pi, word)
    return parts
