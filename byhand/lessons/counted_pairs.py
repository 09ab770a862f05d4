"""Counted pairs: its steps, written down twice, its words and numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product

from msgspec.structs import replace

from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.numbers.dice import Dice
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Instance, Task, search
from byhand.ops.attention import column_sum
from byhand.ops.linear import dot_columns, dot_rows, matmul, scale_rows
from byhand.ops.shapes import column_as_row, gather_rows, one_hot
from byhand.pictures.canvas import BOX, CAPTION, DASH, GREY, STRIPE, STROKE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("counted-pairs", part="heads", reads_words=True)
def _steps(build: Builder) -> Results:
    """How often the last word of each sentence came after each token, whichever words stood between them: its votes.
    They are added up for all tokens, and for those that a query and keys choose.

    The sentences are the source, each with its words, and `counts` says how often each was said.
    """
    known, tokens = build.values.vocabulary, build.values.words()
    sentences = [sentence.split() for sentence in build.values.source]
    if not sentences or unknown_in(sentences, known):
        raise ValuesError("counted-pairs counts sentences: give them as source, and all of their words as vocabulary")
    n, of = len(sentences), (len(sentences), "sentence")
    counts = build.tape.given("counts", (n, 1), ("sentence", ""), fixed=True)
    ends = sorted({known.index(sentence[-1]) for sentence in sentences})
    said = tuple(ends.index(known.index(sentence[-1])) for sentence in sentences)
    axis = " ".join(map(str, ends))
    ended = one_hot(name="ends", tape=build.tape, sizes={"i": of, "j": (len(ends), axis)}, rows=said)
    held = _held(build, sentences, tokens)
    votes = matmul(held, scale_rows(ended, counts, name="ended"), name="votes")
    last = gather_rows(votes, name="last", sizes={"i": (1, "")}, rows=(len(tokens) - 1,))
    query = build.matrix("query", ("", "d_head"), fixed=True)
    keys = build.tape.given("keys", (len(tokens), query.cols), ("pos", "d_head"), fixed=True)
    chosen = matmul(dot_rows(query, keys, name="mask"), votes, name="chosen")
    if "weights" in build.tape.numbers:
        matmul(build.tape.given("weights", (1, len(tokens)), ("", "pos"), fixed=True), votes, name="weighed")
    return last, column_sum(votes, name="all"), chosen


def unknown_in(sentences: Sequence[Sequence[str]], known: Sequence[str]) -> set[str]:
    """The words of sentences that are not known."""
    return {word for sentence in sentences for word in sentence} - {*known}


def _held(build: Builder, sentences: Sequence[Sequence[str]], tokens: Sequence[str]) -> Matrix:
    """How often each sentence has each token."""
    found = [(tokens.index(word), at) for at, each in enumerate(sentences) for word in each if word in tokens]
    of_token, of_sentence = (
        one_hot(name=f"held.{name}", tape=build.tape, sizes={"i": (len(found), "place"), "j": to}, rows=tuple(rows))
        for name, to, rows in (
            ("words", (len(tokens), "pos"), [word for word, _ in found]),
            ("sentences", (len(sentences), "sentence"), [at for _, at in found]),
        )
    )
    return dot_columns(of_token, of_sentence, name="held")


# ---- the same, written down a second time ----


@wiring("counted-pairs")
def _second(w: Wiring) -> None:
    """The votes of each word for what came last, and those of the words that a query finds by their keys."""
    sentences = [sentence.split() for sentence in w.source]
    ends = [word for word in w.vocabulary if any(sentence[-1] == word for sentence in sentences)]
    said = [ends.index(sentence[-1]) for sentence in sentences]
    ended = w("ended", "scale_rows", w("ends", "one_hot", shape=(len(said), len(ends)), rows=said), "counts")
    words, places = [], []
    for at, sentence in enumerate(sentences):
        for word in sentence:
            if word in w.tokens:
                words.append(w.tokens.index(word))
                places.append(at)
    held = w(
        "held", "dot_columns",
        w("held.words", "one_hot", shape=(len(words), len(w.tokens)), rows=words),
        w("held.sentences", "one_hot", shape=(len(words), len(sentences)), rows=places),
    )  # fmt: skip
    votes = w("votes", "matmul", held, ended)
    w("last", "gather_rows", votes, rows=[len(w.tokens) - 1])
    w("all", "column_sum", votes)
    w("chosen", "matmul", w("mask", "dot_rows", "query", "keys"), votes)
    w("weighed", "matmul", "weights", votes)


# ---- its words and its numbers ----

DAYS = (("yesterday", "today"), ("yesterday", "now"), ("once", "now"))
WOMEN = ("Ada", "Ann", "Eva", "Ida", "Kim", "Lea", "Mary", "Rosa")
MEN = ("Ben", "Carl", "Ivan", "John", "Max", "Noah", "Paul", "Tom")
# No word is longer than a column has room for.
VERBS = tuple((*verbs.split(),) for verbs in """
sang sings
wore wears
hid hides
rode rides
lost loses
found finds
drew draws
ate eats
took takes
sold sells
read reads
lent lends
""".strip().splitlines())  # fmt: skip
MOST = 9  # of a sentence
# of the votes of each word: those of the name count most
WEIGHTS = [(day, name, verb) for name in (5, 3, 4) for day, verb in product((1, 2), repeat=2)]


def words_of(known: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Two days, two names, a verb in two times, and “her” and “his”, in this order, as sentences, and a text that
    goes on with the last of all.
    """
    days, names, verbs, ends = (known[k : k + 2] for k in range(0, 8, 2))
    sentences = [" ".join((days[i], names[j], verbs[i], ends[j])) for i, j in product((0, 1), repeat=2)]
    return {"source": tuple(sentences), "tokens": (days[1], names[1], verbs[1]), "vocabulary": tuple(known)}


def _tells(first: int, second: int, third: int, fourth: int) -> bool:
    """Whether the last word alone says the wrong end, and so do the votes of all words, which are not nearly tied."""
    return second > 1 and 2 * third > 3 * fourth + second + 1 and len({first, second, third, fourth}) > 2


COUNTS = [counts for counts in product(range(1, MOST + 1), repeat=4) if _tells(*counts)]


@search("counted-pairs", like_sheet=True, list_all=lambda task, seconds: [
    replace(task.values, inputs={**task.values.inputs, "counts": [[n] for n in counts], "weights": _weights(k)})
    for k, counts in enumerate(COUNTS)
])  # fmt: skip
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """Days, names and a verb, unless somebody has brought other words, and how often each sentence was said."""
    counts = [[n] for n in COUNTS[dice.one_below(len(COUNTS))]]
    values, weights = task.values, _weights(dice.one_below(len(WEIGHTS)))
    days, verbs = DAYS[dice.one_below(len(DAYS))], VERBS[dice.one_below(len(VERBS))]
    people = [(WOMEN[dice.one_below(len(WOMEN))], "her"), (MEN[dice.one_below(len(MEN))], "his")]
    (one, its), (other, others) = people[:: 1 - 2 * dice.one_below(2)]
    new = words_of((*days, one, other, *verbs, its, others))
    is_own = {name: getattr(values, name) for name in new} != words_of(values.vocabulary)
    yield Instance({**values.inputs, "counts": counts, "weights": weights}, {}, {} if is_own else new)


def _weights(k: int) -> list[list[int]]:
    return [[*WEIGHTS[k % len(WEIGHTS)]]]


@sheet_promise
def only_chosen_votes_are_right(tape: Tape) -> bool:
    """The last word alone, and all words together, say one word, and the words that are chosen another one."""
    last, everybody, chosen = (tape.values(name)[0] for name in ("last", "all", "chosen"))
    return bool(last[0] > last[1] and everybody[0] > everybody[1] and chosen[0] < chosen[1])


# ---- its mistakes ----


@mistake(
    told="The votes of all words added up.",
    mend="Multiply each vote by the number of its word in the mask first: 0 takes it away.",
    after="not-renormalised",
)
def all_votes_counted(step: Step, tape: Tape) -> Iterable[Step]:
    """The mask is left out, so that every word votes."""
    of_mask = step.name == "chosen" and "mask" in step.inputs
    return [replace(step, op=column_sum, inputs=("votes",)) if of_mask else step]


@mistake(
    told="The query of another word.",
    mend="The last word asks: take its query, and compare it with each key.",
    after="not-renormalised",
)
def asks_for_another(step: Step, tape: Tape) -> Iterable[Step]:
    """The query asks for the first thing that keys tell, not for the second."""
    of_query = step.name == "mask" and "query" in step.inputs
    return [replace(step, op=column_as_row, inputs=("keys",), params={"which": 0}) if of_query else step]


# ---- its picture ----

ACROSS, DOWN, WIDE, HIGH = 27.0, 13.0, 17.0, 7.0  # mm from word to word, and the box of a word
THICK = 0.34  # of a line, for each time


@picture(width=115, height=42, minutes=1)
def ways(on: Canvas, counts: Rows, *, sentences: Sequence[str], tokens: Sequence[str]) -> None:
    """Sentences as ways from word to word, the thicker the more often they were said; the pen goes one of them, and
    on along the thickest line.
    """
    times = [int(n) for (n,) in counts]
    texts = [sentence.split() for sentence in sentences]
    columns = [list(dict.fromkeys(column)) for column in zip(*texts, strict=True)]
    if len(columns) != 4 or any(len(column) != 2 for column in columns) or not all(0 < n < 13 for n in times):
        raise UndrawableError("four words, two in each place, have room")

    def at(column: int, word: str) -> tuple[float, float]:
        return 9.5 + ACROSS * column, 8.0 + DOWN * columns[column].index(word)

    said: dict[tuple[int, str, str], int] = {}
    for text, n in zip(texts, times, strict=True):
        for k, (one, other) in enumerate(pairwise(text)):
            said[k, one, other] = said.get((k, one, other), 0) + n
    for (k, one, other), n in said.items():
        on.line(at(k, one), at(k + 1, other), width=max(0.3, THICK * n), colour=STRIPE)
    last = {other: n for (k, one, other), n in said.items() if k == 2 and one == tokens[-1]}
    end = max(last, key=last.__getitem__)
    way = [at(k, word) for k, word in enumerate((*tokens, end))]
    for k, (start, to) in enumerate(pairwise(way)):
        ends = (start[0] + WIDE / 2, start[1]), (to[0] - WIDE / 2, to[1])
        on.pen.line(*ends, width=STROKE, dash=DASH if k == 2 else ())
    for k, column in enumerate(columns):
        for word in column:
            x, y = at(k, word)
            on.box(x - WIDE / 2, y - HIGH / 2, WIDE, HIGH, fill=WHITE, width=BOX, rx=1.2)
            on.text(x, y + 1.1, word, TOKEN)
    for k, sentence in enumerate(sentences):
        x, y = 1.0 + 54 * (k // 2), 31.6 + 4.6 * (k % 2)
        on.text(x, y, str(k + 1), CAPTION, anchor="start", colour=GREY)
        on.text(x + 4, y, f"{sentence} …", TOKEN, anchor="start")
    on.text(0, 41.2, on.say("pictures.ways.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.ways.said", sentences="; ".join(f"{s}: {n}" for s, n in zip(sentences, times, strict=True))),
        on.say("pictures.ways.to_do", text=" ".join(tokens)),
        on.say("pictures.ways.key", word=end),
    )
