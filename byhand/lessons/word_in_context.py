"""One word, two meanings: its steps, written down twice, its words and numbers, its mistakes and its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import dist
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.layers import softmax
from byhand.model.registry import Results, model
from byhand.model.weights import Values
from byhand.notation.text import by_word, listed, value_text
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, Draws
from byhand.numbers.natural import point_apart
from byhand.numbers.promises import LARGEST_OF_SHARES, has_one_largest, promised, sheet_promise
from byhand.numbers.registry import Entries, Instance, Task, search
from byhand.ops.attention import row_argmax
from byhand.ops.linear import dot_rows, matmul
from byhand.ops.shapes import gather_rows
from byhand.pictures.attention import APART, SMALL_NUMBER, THICKEST, arcs_between, as_words
from byhand.pictures.canvas import CAPTION, DASH, GREY, GUIDE, PALE, TOKEN, WHITE, Canvas
from byhand.pictures.labels import words
from byhand.pictures.names import beside, gap
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----

WORD = 2  # the row of the word that stands in both sentences
SENTENCES = {"first": (0, 1, WORD), "second": (3, 4, WORD)}  # the rows of their words, which it ends


@model("word-in-context")
def _steps(build: Builder) -> Results:
    """What a word comes to mean in two sentences of three words, both of which it ends: a mixture of their rows of
    `x`, in shares by their dot products with its own row. A mixture says the word of the vocabulary at its largest
    number.

    The tokens are the words of both sentences.
    """
    x = build.matrix("x", ("pos", "d_vocab"))
    if x.rows != 2 * len(SENTENCES) + 1:
        raise ValuesError(
            f"x has {x.rows} rows; give 5: two words, the word that ends both sentences, and two others"
        )
    word = gather_rows(x, name="word", sizes={"i": (1, "new")}, rows=(WORD,))
    return tuple(_in(sentence, n, x, word, build) for n, sentence in enumerate(SENTENCES))


def _in(at: str, n: int, x: Matrix, word: Matrix, build: Builder) -> Matrix:
    """The word that it stands for in one of the sentences."""
    rows = SENTENCES[at]
    of_words = gather_rows(x, name=f"{at}.words", sizes={"i": (len(rows), f"tile{n}")}, rows=rows)
    scores = dot_rows(word, of_words, name=f"{at}.scores")
    shares = softmax(scores, f"{at}.share", build.config.softmax_base)
    return row_argmax(matmul(shares, of_words, name=f"{at}.mixed"), name=f"{at}.says")


# ---- the same, written down a second time ----


@wiring("word-in-context")
def _second(w: Wiring) -> None:
    """Attention without weights: queries, keys and values are the words' own rows."""
    word = w("word", "gather_rows", "x", rows=[2])
    for at, others in (("first", [0, 1]), ("second", [3, 4])):
        of_words = w(f"{at}.words", "gather_rows", "x", rows=[*others, 2])
        shares = w.softmax(f"{at}.share", w(f"{at}.scores", "dot_rows", word, of_words))
        w(f"{at}.says", "row_argmax", w(f"{at}.mixed", "matmul", shares, of_words))


# ---- its words ----

DOING = "doing"  # the third feature: whether a word says what is done
# A word of two meanings; for each meaning a feature, and who does what to it: “The river soaks the bank.” No word
# is longer than a column has room for (page/grid.py).
WORDS = tuple(
    tuple(line.split())
    for line in """
bank water river soaks money thief robs
bat wings owl hunts sport boy grips
ring gold bride wears sport boxer quits
match fire scout burns sport team wins
crane bird hawk hunts steel crew parks
mouse fur cat hunts click coder moves
pupil class tutor tests eye lens hides
bulb lamp wire feeds soil spade lifts
trunk wood saw cuts car thief opens
seal sea diver feeds wax king opens
fan stage star hugs air wind turns
palm hand glove hides tree storm bends
organ music choir hears body blood feeds
tank water trout hates war army buys
court law judge opens sport team rents
star sky comet nears film agent calls
bill bird duck dips money guest pays
wave sea boat rides hand actor fakes
key door lock needs music tenor finds
horn beast rhino lifts car taxi blows
bark sound thief fears tree moss hides
bow music cello needs hunt scout draws
bug wings frog eats code coder fixes
pitch music choir holds sport coach walks
pen farm lamb flees paper poet dips
deck ship crew swabs cards gamer cuts
mole soil fox hunts skin nurse sees
chest gold diver finds body nurse taps
cell jail guard locks body virus kills
toast food baker burns party groom gives
track rail train rides music band plays
port sea ferry nears wine guest pours
scale music tenor sings mass baker reads
plant soil rain feeds work boss runs
nail tool smith bends hand girl bites
ball game dog grabs dance king opens
date food camel eats time clerk notes
jam food bread needs road truck nears
bass sea diver sees music band needs
file tool smith needs code coder saves
""".strip().splitlines()
)


def _drawn_words(dice: Dice) -> dict[str, tuple[str, ...]]:
    """A word with its two sentences, and the features by which the model knows them."""
    word, one, who, does, other, whose, acts = WORDS[dice.one_below(len(WORDS))]
    return {"tokens": (who, does, word, whose, acts, word), "vocabulary": (one, other, DOING)}


# ---- its numbers ----

OF_BOTH = np.array([(1, 1, 0), (1, 1, -1)])  # the word itself has as much of one meaning as of the other
SETS = 60  # for a class
MOST_PARTS = 7  # the largest denominator of a share
CLEAR = 1  # how far a mixture is to one side, at least
ROOM = 0.6  # between two dots of the picture, in units of its numbers


def _has_two_sentences(task: Task) -> str:
    fits = len(task.values.tokens) == 6 and len(task.values.vocabulary) == 3
    return "" if fits else "numbers are chosen for two sentences of three words, and three features"


def _shares_are_short(run: Candidates) -> Bools:
    """The shares of both sentences have small denominators, and are not the same ones."""
    fit = [(run.denominators(f"{at}.share") <= MOST_PARTS).all((1, 2)) for at in SENTENCES]
    one, other = (np.sort(run(f"{at}.share")[:, 0], 1) for at in SENTENCES)
    return np.asarray(fit[0] & fit[1] & (abs(one - other) > 1 / LARGEST_OF_SHARES).any(1))


def _rows(task: Task, dice: Dice, count: int) -> Entries:
    """Who does what to the word, for each of its two meanings (5, 3): nouns have much of it, and verbs some."""

    def row(most: int, least: int, doing: tuple[int, int], side: int) -> Any:
        meaning, other = dice.below(most - least + 1, count) + least, dice.below(3, count) - 1
        done = dice.below(doing[1] - doing[0] + 1, count) + doing[0]
        return np.stack((meaning, other, done) if side == 0 else (other, meaning, done), 1)

    rows = [row(4, 2, (-1, 0), 0), row(3, 1, (1, 2), 0), dice.choices(OF_BOTH, count), row(4, 2, (-1, 0), 1),
            row(3, 1, (1, 2), 1)]  # fmt: skip
    return {"x": np.stack(rows, 1)}


DRAWS = Draws(_rows, [lambda run: point_apart(run("x")), _shares_are_short], (), 4000)


def every_set(task: Task, expected: float) -> list[Values]:
    """Sets of numbers for the sheet's own words, as many as a class needs."""
    task = replace(task, promises=(one_word_means_two_things.__name__, both_meanings_can_be_drawn.__name__))
    found, dice = dict[str, Values](), Dice("sets of word-in-context")
    while len(found) < SETS:
        for instance in DRAWS.find(task, dice):
            values = replace(task.values, inputs=instance.inputs)
            if promised(task.model.run(values, RATIONALS), task.limits, expected) is not None:
                found[str(instance.inputs)] = values
    return [*found.values()]


@search("word-in-context", like_sheet=True, requires=[_has_two_sentences], list_all=every_set)
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """A word of two meanings with its sentences, and numbers for them."""
    drawn = _drawn_words(dice) if task.picks_words else {}
    for instance in DRAWS.find(task, dice):
        yield replace(instance, words=drawn)


@sheet_promise
def one_word_means_two_things(tape: Tape) -> bool:
    """The word's own row has as much of one meaning as of the other. In each sentence it looks most at another word,
    and the mixture has clearly more of one meaning than of the other, and less of the third feature; in the first
    sentence of the first meaning, in the second of the second. So do the words of each sentence, each for itself.
    """
    x, mixed = tape.values("x"), [tape.values(f"{at}.mixed")[0] for at in SENTENCES]
    shares = [tape.values(f"{at}.share")[0] for at in SENTENCES]
    (a, b, _), (c, d, _) = mixed
    tells = a - b >= CLEAR and d - c >= CLEAR and max(row[2] for row in mixed) < min(a, d)
    elsewhere = all(has_one_largest(row) and max(row) > row[-1] for row in shares)
    clear = all(x[i][side] > max(0, x[i][1 - side]) for i, side in ((0, 0), (1, 0), (3, 1), (4, 1)))
    return bool(x[WORD][0] == x[WORD][1] and tells and elsewhere and clear and sorted(shares[0]) != sorted(shares[1]))


@sheet_promise
def both_meanings_can_be_drawn(tape: Tape) -> bool:
    """No two dots of the plane of both meanings touch: words, and what the word comes to in each sentence."""
    rows = [*tape.values("x"), *(tape.values(f"{at}.mixed")[0] for at in SENTENCES)]
    points = [(float(a), float(b)) for a, b, _ in rows]
    return all(dist(p, q) >= ROOM for n, p in enumerate(points) for q in points[:n])


# ---- its mistakes ----


@mistake(
    told="The shares of the first sentence taken for the second one, too.",
    mend="Compare the word with its own neighbours: in another sentence these are others, and so are the shares.",
    after="softmax-over-columns",
)
def shares_of_first_sentence(step: Step, tape: Tape) -> Iterable[Step]:
    """The second mixture is one in the shares of the first."""
    takes = step.name == "second.mixed" and "first.share" in tape.steps
    return [replace(step, inputs=("first.share", step.inputs[1])) if takes else step]


@mistake(
    told="The word's own {row} taken as it stands in the table, without its neighbours.",
    mend="Mix the {rows} of all words of the sentence, in the shares that the word gives them.",
    after="softmax-over-columns",
)
def word_by_itself(step: Step, tape: Tape) -> Iterable[Step]:
    """What the word comes to is its own row, whatever the sentence is."""
    alone = step.op is matmul and step.name in ("first.mixed", "second.mixed")
    return [replace(step, op=gather_rows, inputs=("x",), params={"rows": (WORD,)}) if alone else step]


# ---- its pictures ----


@picture(width=108, height=45, minutes=2)
def two_meanings(
    on: Canvas, table: Rows, first: Rows, second: Rows, *, tokens: Sequence[str], vocabulary: Sequence[str]
) -> None:
    """The plane of two meanings: a dot for each word, and an arrow from the word of both sentences to where it
    comes to lie in each.
    """
    if any(len(row) != 3 or max(map(abs, row[:2])) > 5 for row in table):
        raise UndrawableError("words of two meanings, from −5 to 5, and a third feature have room")
    points = [(float(row[0]), float(row[1])) for row in (*table, *first, *second)]
    low, high = ([int(f(0, *axis)) for axis in zip(*points[: len(table)], strict=True)] for f in (min, max))
    unit = min(7.5, 75 / (high[0] - low[0]), 35 / (high[1] - low[1]))
    left, top = 10.0, 6.0

    def at(x: float, y: float) -> Point:
        return left + unit * (x - low[0]), top + unit * (high[1] - y)

    on.plane(lambda point: at(*point), (low[0], low[1]), (high[0], high[1]))
    right_end, upper_end = at(high[0], 0), at(0, high[1])
    on.text(right_end[0] + 8.5, right_end[1] + 1.0, f"{vocabulary[0]} →", CAPTION, anchor="start", colour=GREY)
    on.text(upper_end[0], upper_end[1] - 3.4, f"{vocabulary[1]} ↑", CAPTION, colour=GREY)
    numbers = {(at(x, 0)[0], at(x, 0)[1] + 3.0): x for x in range(low[0], high[0] + 1) if x}
    numbers |= {(at(0, y)[0] - 1.8, at(0, y)[1] + 0.9): y for y in range(low[1], high[1] + 1) if y}
    dots = [at(*point) for point in points]
    start, ends = dots[WORD], dots[len(table) :]
    lines = [(at(low[0], 0), right_end), (at(0, low[1]), upper_end), *((start, end) for end in ends)]
    lines += [((x - 1.0, y - 0.9), (x + 1.0, y - 0.9)) for x, y in numbers]
    halves = [words(word, TOKEN).width / 2 for word in tokens[: len(table)]]
    names = beside(dots, [*halves, 0.5, 0.5], lines, (0, 4.0, 100.0, 44.0))
    taken = [*zip(names, halves, strict=False)]
    for spot, number in numbers.items():
        if all(gap(spot, name, half + 1.2) > 1.6 for name, half in taken):
            on.text(*spot, value_text(number), SMALL_NUMBER, colour=GREY)
    for n, (dot, (name, half), word) in enumerate(zip(dots, taken, tokens, strict=False)):
        on.box(name[0] - half, name[1] - 2.4, 2 * half, 2.9, fill=WHITE, width=0)
        on.text(*name, word, TOKEN, bold=n == WORD)
        on.disc(*dot)
    for n, (end, name) in enumerate(zip(ends, names[len(table) :], strict=True), 1):
        on.pen.arrow(start, end)
        on.pen.disc(*end)
        on.pen.text(*name, str(n), CAPTION)
    named = ", ".join(f"{word} ({listed(row[:2])})" for word, row in zip(tokens, table, strict=False))
    on.said(
        on.say("pictures.two_meanings.said", across=vocabulary[0], up=vocabulary[1], words=named),
        to_do=on.say("pictures.two_meanings.to_do", word=tokens[WORD]),
        key=on.say("pictures.two_meanings.key", word=tokens[WORD], first=listed(first[0][:2]),
                   second=listed(second[0][:2])),
    )  # fmt: skip


@picture(width=112, height=31, minutes=2)
def company(on: Canvas, *patterns: Rows, tokens: Sequence[str]) -> None:
    """Whom the last word of each of two sentences looks at: an arc to each word, as thick as its share."""
    y, row = 25.0, 2
    sentences = [tokens[3 * n : 3 * n + 3] for n in range(len(patterns))]
    for n, (shares, sentence) in enumerate(zip((p[0] for p in patterns), sentences, strict=True)):
        xs = [8 + 58 * n + APART * j for j, _ in enumerate(sentence)]
        as_words(on, xs, y + 4.6, sentence, row)
        for arc, share in zip(arcs_between(xs, row, shares, y), shares, strict=True):
            on.arc(*arc, width=GUIDE, colour=PALE, dash=DASH)
            on.pen.arc(*arc, width=THICKEST * float(share))
    told = [by_word(sentence, rows[0]) for sentence, rows in zip(sentences, patterns, strict=True)]
    on.said(
        on.say("pictures.company.said", word=tokens[-1], first=listed(sentences[0]), second=listed(sentences[1])),
        to_do=on.say("pictures.company.to_do", word=tokens[-1]),
        key=on.say("pictures.company.key", first=told[0], second=told[1]),
    )


@picture(width=112, height=46, minutes=1)
def what_it_means(on: Canvas, _: Rows) -> None:
    """The sentence of 2017, twice: an arc from “it” to each of two nouns, thick where it looks most."""
    for n, name in enumerate(("tired", "wide")):
        y, x, ends = 20.0 + 23.0 * n, 0.0, list[Point]()
        for part in on.say(f"pictures.what_it_means.{name}").split():
            word = part.strip("*.")
            is_end = part.startswith("*")
            text = part.replace("*", "")
            width = words(text, TOKEN).width
            on.text(x, y, text, TOKEN, anchor="start", bold=is_end)
            if is_end:
                ends.append((x + words(word, TOKEN).width / 2, y - 3.6))
            x += width + 1.4
        *nouns, it = ends
        for k, noun in enumerate(nouns):
            over = (noun[0] + it[0]) / 2, noun[1] - (24 if k == 0 else 13)
            on.arc(it, over, noun, width=GUIDE, colour=PALE, dash=DASH)
            on.pen.arc(it, over, noun, width=3.0 if k == n else 0.5)
    on.said(
        on.say("pictures.what_it_means.said"),
        to_do=on.say("pictures.what_it_means.to_do"),
        key=on.say("pictures.what_it_means.key"),
    )
