"""One word, two meanings: its steps, written down twice, its words and numbers, its mistakes and its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import dist

from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.layers import softmax
from byhand.model.registry import Results, model
from byhand.model.weights import Values
from byhand.notation.text import by_word, listed, value_text
from byhand.numbers.dice import Dice
from byhand.numbers.promises import has_one_largest, promised, sheet_promise
from byhand.numbers.registry import Entries, Instance, Task, search
from byhand.ops.attention import row_argmax
from byhand.ops.linear import dot_rows, matmul
from byhand.ops.shapes import gather_rows
from byhand.pictures.attention import SMALL_NUMBER, THICKEST, arcs_between, as_words
from byhand.pictures.canvas import CAPTION, DASH, GREY, GUIDE, PALE, TOKEN, Canvas
from byhand.pictures.labels import words
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

# A word of two meanings; for each what it has to do with, and who does what to it: “The river soaks the bank.” The
# noun tells which meaning it is, and the verb has something to do with it, too. No word is longer than a column has
# room for (page/grid.py).
WORDS = tuple(
    tuple(line.split())
    for line in """
bank water river soaks money thief robs
bat birds owl hunts sport coach grips
ring gold smith casts sport boxer quits
match fire flame burns sport team wins
crane birds hawk hunts work crew hires
mouse paws cat hunts apps coder drags
pupil exams tutor tests eyes iris opens
bulb light lamp dims soil peat feeds
trunk wood saw cuts cars cabby locks
seal water orca hunts wax flame melts
fan fame idol hugs air wind spins
palm hands thumb taps trees axe fells
organ music choir hears blood vein feeds
tank water pump fills war enemy hits
court law judge rules sport coach marks
star space probe scans film movie casts
bill birds duck dips money buyer pays
wave water boat rides hair comb tames
horn cars cabby honks music band tunes
bark dogs puppy fears trees maple sheds
bow ships tide lifts prey deer fears
bug code coder fixes ponds frog gulps
pitch music choir holds sport coach walks
pen farms lamb flees ink poet dips
deck ships crew swabs cards joker tops
mole soil worm feeds skin cream fades
chest gold miser locks air lung fills
cell jails guard locks blood vein feeds
toast food baker burns love groom gives
track rails train rides music band plays
port ships fleet fills wine cask ages
scale music tenor sings fish carp sheds
plant soil mulch feeds work boss runs
nail iron smith bends hands salon files
ball sport coach kicks dance waltz opens
date food cook dices time clock shows
jam food cook boils roads truck joins
bass water shark hunts music band tunes
file iron smith heats data coder saves
case law judge hears bags valet packs
log wood saw cuts data coder reads
""".strip().splitlines()
)


def _as_words(line: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """A word with its two sentences, and what these have to do with."""
    word, one, who, does, other, whose, acts = line
    return {"tokens": (who, does, word, whose, acts, word), "vocabulary": (one, other)}


# ---- its numbers ----

Told = tuple[tuple[int, int], tuple[int, int]]
ITSELF = (1, 1)  # the word itself has as much to do with one thing as with the other
# how much a noun and its verb have to do with what their sentence is about, and with what the other is about
TOLD: tuple[Told, ...] = (((4, 0), (2, 0)), ((3, 0), (2, 0)), ((4, 0), (3, 0)))
TOLD_BY_NOUN: tuple[Told, ...] = (((4, 0), (2, 0)), ((3, 0), (2, 0)), ((3, 0), (1, 0)), ((4, 0), (2, 1)))
VERBS = """
ages bends cuts dips drags fades fears feeds files fills flees gives grips gulps hears heats hits holds hugs joins
lifts locks marks opens quits reads rides runs sheds shows spins tames taps tops walks
"""
GO_WITH_ALL = frozenset(VERBS.split())  # verbs that go with many things, and so tell little
CLEAR = 1  # how far a mixture is to one side, at least
ROOM = 0.3  # between two dots of the picture, in units of its numbers


def _table(first: Told, second: Told) -> Entries:
    """The numbers of the words of both sentences, (5, 2)."""
    return {"x": [*map(list, first), [*ITSELF], *([less, more] for more, less in second)]}


def _has_two_sentences(task: Task) -> str:
    fits = len(task.values.tokens) == 6 and len(task.values.vocabulary) == 2
    return "" if fits else "numbers are chosen for two sentences of three words, and what these have to do with"


def _all_told(tokens: Sequence[str]) -> list[tuple[Told, Told]]:
    """What the numbers of two sentences may be."""
    first, second = (TOLD_BY_NOUN if verb in GO_WITH_ALL else TOLD for verb in (tokens[1], tokens[4]))
    return [*product(first, second)]


def every_set(task: Task, expected: float) -> list[Values]:
    """All sets of numbers for all words that may be drawn, or for somebody's own words."""
    known = [replace(task.values, **_as_words(line)) for line in WORDS] if task.picks_words else [task.values]
    sets = [replace(of, inputs=_table(*told)) for of in known for told in _all_told(of.words())]
    return [values for values in sets if promised(task.model.run(values, RATIONALS), task.limits, expected)]


@search("word-in-context", like_sheet=True, requires=[_has_two_sentences], list_all=every_set)
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """A word of two meanings with its sentences, and numbers for them."""
    drawn = _as_words(WORDS[dice.one_below(len(WORDS))]) if task.picks_words else {}
    told = _all_told(drawn.get("tokens", task.values.words()))
    yield Instance(_table(*told[dice.one_below(len(told))]), {}, drawn)


@sheet_promise
def one_word_means_two_things(tape: Tape) -> bool:
    """The word itself has as much to do with one thing as with the other. In each sentence it looks most at the noun,
    and both other words have more to do with the one thing; the mixture clearly so. No number is below 0, and the
    shares of the sentences are not the same ones.
    """
    x, (first, second) = tape.values("x"), [tape.values(f"{at}.mixed")[0] for at in SENTENCES]
    shares = [tape.values(f"{at}.share")[0] for at in SENTENCES]
    tells = all(x[i][side] > x[i][1 - side] for side, rows in enumerate(SENTENCES.values()) for i in rows[:-1])
    turns = first[0] - first[1] >= CLEAR and second[1] - second[0] >= CLEAR
    at_noun = all(has_one_largest(row) and row[0] == max(row) for row in shares)
    differ = sorted(shares[0]) != sorted(shares[1])
    return bool(x[WORD][0] == x[WORD][1] and min(map(min, x)) >= 0 and tells and turns and at_noun and differ)


@sheet_promise
def both_meanings_can_be_drawn(tape: Tape) -> bool:
    """No two dots of the plane of both meanings touch: words, and what the word comes to in each sentence."""
    rows = [*tape.values("x"), *(tape.values(f"{at}.mixed")[0] for at in SENTENCES)]
    points = [(float(a), float(b)) for a, b in rows]
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

LOOP = ((1.6, 0.0), (2.4, 7.0), (5.2, 9.4), (7.6, 7.0), (2.8, 0.0))  # mm, to the right and up: from a word to itself


@picture(width=112, height=49, minutes=2)
def two_meanings(
    on: Canvas, table: Rows, first: Rows, second: Rows, *, tokens: Sequence[str], vocabulary: Sequence[str]
) -> None:
    """The plane of two meanings: a dot for each word, and an arrow from the word of both sentences to where it
    comes to lie in each.
    """
    if any(len(row) != 2 or min(row) < 0 or max(row) > 5 for row in table):
        raise UndrawableError("words of two meanings, from 0 to 5, have room")
    high = max(4, *(int(max(row)) for row in table))
    left, bottom, across, up = 16.0, 41.0, 64 / high, 36 / high

    def at(x: float, y: float) -> Point:
        return left + across * x, bottom - up * y

    on.plane(lambda point: at(*point), (0, 0), (high, high))
    on.text(at(high, 0)[0] + 3.0, bottom + 1.0, f"{vocabulary[0]} →", CAPTION, anchor="start", colour=GREY)
    on.text(left, at(0, high)[1] - 2.4, f"{vocabulary[1]} ↑", CAPTION, colour=GREY)
    for n in range(1, high + 1):
        on.text(at(n, 0)[0], bottom + 3.4, value_text(n), SMALL_NUMBER, colour=GREY)
        on.text(left - 2.0, at(0, n)[1] + 0.8, value_text(n), SMALL_NUMBER, colour=GREY, anchor="end")
    for n, ((a, b), word) in enumerate(zip(table, tokens, strict=False)):
        x, y = at(float(a), float(b))
        if not b:  # on an axis, the name stands outside, beyond the number
            on.text(x, y + 7.0, word, TOKEN)
        elif not a:
            on.text(x - 4.6, y + 1.0, word, TOKEN, anchor="end")
        else:
            on.text(x + 1.7, y - 1.4, word, TOKEN, anchor="start", bold=n == WORD)
        on.disc(x, y)
    start = at(*map(float, table[WORD]))
    for n, ((a, b),) in enumerate((first, second), 1):
        end = at(float(a), float(b))
        on.pen.arrow(start, end)
        on.pen.disc(*end)
        on.pen.text(end[0] + 1.7, end[1] - 1.3, str(n), CAPTION)
    named = ", ".join(f"{word} ({listed(row)})" for word, row in zip(tokens, table, strict=False))
    on.said(
        on.say("pictures.two_meanings.said", across=vocabulary[0], up=vocabulary[1], words=named),
        to_do=on.say("pictures.two_meanings.to_do", word=tokens[WORD]),
        key=on.say("pictures.two_meanings.key", word=tokens[WORD], first=listed(first[0]), second=listed(second[0])),
    )


@picture(width=112, height=29, minutes=2)
def company(on: Canvas, *patterns: Rows, tokens: Sequence[str]) -> None:
    """Whom the last word of each of two sentences looks at: an arc to each word, as thick as its share."""
    y, row = 23.0, 2
    apart, farther = 17.0, 68.0  # mm: from word to word, and from sentence to sentence
    sentences = [tokens[3 * n : 3 * n + 3] for n in range(len(patterns))]
    for n, (shares, sentence) in enumerate(zip((p[0] for p in patterns), sentences, strict=True)):
        xs = [6 + farther * n + apart * j for j, _ in enumerate(sentence)]
        as_words(on, xs, y + 4.6, sentence, row)
        arcs = arcs_between(xs, row, shares, y)
        for arc, share in zip(arcs[:row], shares, strict=False):
            on.arc(*arc, width=GUIDE, colour=PALE, dash=DASH)
            on.pen.arc(*arc, width=THICKEST * float(share))
        loop = [(xs[row] + right, y - up) for right, up in LOOP]
        on.curve(*loop, width=GUIDE, colour=PALE, dash=DASH)
        on.pen.curve(*loop, width=THICKEST * float(shares[row]))
    told = [by_word(sentence, rows[0]) for sentence, rows in zip(sentences, patterns, strict=True)]
    on.said(
        on.say("pictures.company.said", word=tokens[-1], first=listed(sentences[0]), second=listed(sentences[1])),
        to_do=on.say("pictures.company.to_do", word=tokens[-1]),
        key=on.say("pictures.company.key", first=told[0], second=told[1]),
    )


@picture(width=112, height=37, minutes=1)
def what_it_means(on: Canvas, _: Rows) -> None:
    """The sentence of 2017, twice: an arc from “it” to each of two nouns, thick where it looks most."""
    for n, name in enumerate(("tired", "wide")):
        y, x, ends = 15.5 + 19.5 * n, 0.0, list[Point]()
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
            over = (noun[0] + it[0]) / 2, noun[1] - (20 if k == 0 else 12)
            on.arc(it, over, noun, width=GUIDE, colour=PALE, dash=DASH)
            on.pen.arc(it, over, noun, width=3.0 if k == n else 0.5)
    on.said(
        on.say("pictures.what_it_means.said"),
        to_do=on.say("pictures.what_it_means.to_do"),
        key=on.say("pictures.what_it_means.key"),
    )
