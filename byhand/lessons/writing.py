"""A model that writes: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
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
from byhand.pictures.names import beside
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
HEADS_TRIED, QUERIES_TRIED, VALUES_TRIED, OTHERS_TRIED = 60_000, 30_000, 40_000, 20_000
NEAR = 1e-9  # numbers that are no further apart are equal
MOST_CANDIDATES = 20  # for which words are looked for
# How much larger than the first word's and the second word's own score that of the third is, where the second word
# asks; the powers add up to 5, 7, 8, 9 or 12 then, and with two words to 2 or 3.
SCORES = {(1, 0, 2), (0, 0, 1), (0, 1, 2), (1, 0, 3), (0, 0, 2)}
TOTALS = (4, 5, 6, 7, 8, 10)  # of the powers of the third word
SHORT = ((1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5))  # the denominators that mixtures may have in rounds 2, 3 and 4
APART = 0.6  # how far sums lie from each other and from words, so that arrows are told apart
LEAD = 1  # by how much the largest logit leads
LARGEST_LOGIT = 9
LEAD_OF_E = 0.2  # the same where the powers are those of e


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
    found = found.among(dice.permutation(found.count)).again(OTHERS_TRIED if found.count else 0)
    w_e, w_u = dice.choices(PLACES, max(1, found.count), 2, words)[: found.count].swapaxes(0, 1)
    right = np.array(wanted)
    w_e[:, list(ids[:3])], w_u[:, list(wanted[1:])] = found["x"], found["said"][:, [1, 0, 2]]
    ok = point_apart(w_e) & distinct(w_u)
    for sums, lead in (("sums", LEAD), ("sums_e", LEAD_OF_E)):
        logits = found[sums] @ w_u.swapaxes(1, 2)
        first, second, other = np.moveaxis(np.sort(logits, 2)[..., :-4:-1], 2, 0)
        ok &= ((logits.argmax(2) == right) & (first - second > lead - NEAR) & (second - other > NEAR)).all(1)
        if sums == "sums":
            leads = first - second
            ok &= (abs(leads - np.round(leads)) < NEAR).all(1) & (abs(logits) <= LARGEST_LOGIT).all((1, 2))
    found = found.among(ok)
    weights = {f"{ATTN}.{name}": found[name][:, None] for name in ("W_Q", "W_K", "W_V")}
    return weights | {"embed.W_E": w_e[ok], "unembed.W_U": w_u[ok].swapaxes(1, 2)}


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

UNIT, MIDDLE = 7.2, (38.0, 26.6)  # mm: from one whole number to the next, and where 0 is
SIDE = UNIT * FAR  # mm: how far from there the edges of the plane are
LOG_AT, LINE = 77.0, 10.0  # mm: the left edge of what is written, and from one line to the next


@picture(width=118, height=57, minutes=3)
def compass(on: Canvas, w_u: Rows, *rounds: Rows, words: Sequence[str], tokens: Sequence[str]) -> None:
    """A plane, cut by dashed lines into the regions of the words that win there; for each round an arrow from the
    word to its sum, and a line for what it says. Those of the first round are printed, but for the word.

    rounds: the word of each round, its sum, and what it says, (1, 1), the three one after the other.
    """
    starts, sums, said = rounds[::3], rounds[1::3], rounds[2::3]
    parts = _parts(w_u)
    if len(sums) != ROUNDS or len(parts) < 2 or max(abs(float(x)) for (row,) in (*starts, *sums) for x in row) > FAR:
        raise UndrawableError("four rounds whose sums are no further than 3 have room")

    def at(row: Sequence[Any]) -> Point:
        return MIDDLE[0] + UNIT * float(row[0]), MIDDLE[1] - UNIT * float(row[1])

    on.plane(at, (-FAR, -FAR), (FAR, FAR))
    for n in range(-FAR, FAR + 1):
        on.number(at((n, 0))[0], MIDDLE[1] + SIDE + 2.2, n, SMALLEST, colour=GREY)
        on.number(MIDDLE[0] - SIDE - 1.0, at((0, n))[1], n, SMALLEST, anchor="end", colour=GREY)
    borders = [(MIDDLE, _edge(begins)) for begins, _, _ in parts]
    for border in borders:
        on.line(*border, width=STROKE, colour=GREY, dash=DASH)
    for x, y, anchor, word in _beyond(parts, words):
        on.text(x, y, word, TOKEN, anchor=anchor, bold=True)
    read = {name: at(row) for name, (row,) in zip(tokens, starts, strict=True)}
    arrows = [(at(start), at(end)) for (start,), (end,) in zip(starts, sums, strict=True)]
    texts = [*map(str, range(1, ROUNDS + 1)), *read]
    points = [*(end for _, end in arrows), *read.values()]
    edges = (MIDDLE[0] - SIDE, MIDDLE[1] - SIDE, MIDDLE[0] + SIDE, MIDDLE[1] + SIDE)
    places = beside(points, [label(text, CAPTION).width / 2 for text in texts], [*arrows, *borders], edges, borders)
    for spot in read.values():
        on.disc(*spot, 0.9, fill=WHITE, width=STROKE)
    for n, (arrow, ((word,),)) in enumerate(zip(arrows, said, strict=True), 1):
        pen: Layer = on.pen if n > 1 else on
        pen.arrow(*arrow, width=STROKE)
        pen.text(*places[n - 1], str(n), CAPTION, bold=True)
        y = 6.0 + LINE * n
        on.text(LOG_AT, y, on.say("pictures.compass.after", n=n), TOKEN, anchor="start")
        on.answer_line(LOG_AT + 18, y + 0.6, 22, words[int(word)], TOKEN)
    for place, name in zip(places[ROUNDS:], read, strict=True):
        on.text(*place, name, CAPTION, colour=GREY)
    on.text(LOG_AT, 6.0, on.say("pictures.compass.says"), anchor="start", colour=GREY)
    on.text(LOG_AT, 55.0, on.say("pictures.compass.axes"), anchor="start", colour=GREY)
    winners = [words[word] for *_, word in parts]
    told = [f"({', '.join(map(str, row))})" for (row,) in sums]
    on.said(
        on.say("pictures.compass.said", words=listed(winners), sum=told[0], word=tokens[0]),
        on.say("pictures.compass.to_do"),
        on.say("pictures.compass.key", sums=listed(told[1:]), words=listed([words[int(x)] for ((x,),) in said])),
    )


def _edge(angle: float) -> Point:
    """Where a line from the middle leaves the plane."""
    across, up = cos(angle), sin(angle)
    far = SIDE / max(abs(across), abs(up))
    return MIDDLE[0] + far * across, MIDDLE[1] - far * up


class _Name(NamedTuple):
    """A name beside the plane."""

    x: float
    y: float
    anchor: str
    word: str


def _beyond(parts: Sequence[tuple[float, float, int]], words: Sequence[str]) -> Iterator[_Name]:
    """The names of the regions, outside of the plane. Those on one side of it keep clear of each other."""
    sides: dict[tuple[bool, bool], list[tuple[float, float, str]]] = {}  # by whether it is above or below, and beyond
    for begins, ends, number in parts:
        x, y = _edge((begins + ends) / 2)
        right, down, word = x - MIDDLE[0], y - MIDDLE[1], words[number]
        if abs(right) < abs(down):
            sides.setdefault((True, down > 0), []).append((x, label(word, TOKEN).width / 2 + 0.8, word))
        else:
            sides.setdefault((False, right > 0), []).append((y, 2.0, word))
    for (is_upright, is_beyond), names in sides.items():
        places = _apart_by([each[:2] for each in sorted(names)])
        for place, (_, _, word) in zip(places, sorted(names), strict=True):
            if is_upright:
                yield _Name(place, MIDDLE[1] + (SIDE + 7.6 if is_beyond else -SIDE - 1.6), "middle", word)
            else:
                x = MIDDLE[0] + (SIDE + 1.4 if is_beyond else -SIDE - 5.0)
                yield _Name(x, place + 1.1, "start" if is_beyond else "end", word)


def _apart_by(spots: Sequence[tuple[float, float]]) -> list[float]:
    """Places on a line, moved until each has this room to both sides. spots: each with its room, in order."""
    places = [at for at, _ in spots]
    for _ in spots:
        for k, ((_, one), (_, other)) in enumerate(pairwise(spots)):
            over = max(0.0, one + other - (places[k + 1] - places[k])) / 2
            places[k], places[k + 1] = places[k] - over, places[k + 1] + over
    return places


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
