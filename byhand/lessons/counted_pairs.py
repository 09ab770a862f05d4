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
from byhand.ops.attention import column_sum, row_sum
from byhand.ops.linear import dot_columns, dot_rows, matmul, scale_rows
from byhand.ops.shapes import column_as_row, gather_rows, one_hot
from byhand.pictures.canvas import BOX, CAPTION, DASH, GREY, STRIPE, STROKE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("counted-pairs", reads_words=True)
def _steps(build: Builder) -> Results:
    """How often the last word of each sentence came after each token, whichever words stood between them: its votes.
    They are added up for all tokens, and for those that a query and keys choose. The same one word
    earlier: a query that finds the first token, and votes for the word before the last of each sentence.

    The sentences are the source, each with its words, and `counts` says how often each was said.
    """
    known, tokens = build.values.vocabulary, build.values.words()
    sentences = [sentence.split() for sentence in build.values.source]
    if not sentences or unknown_in(sentences, known):
        raise ValuesError("counted-pairs counts sentences: give them as source, and all of their words as vocabulary")
    if min(map(len, sentences)) < 2 or len(tokens) < 2:
        raise ValuesError("counted-pairs counts pairs of words: give sentences and a text of two words or more")
    n = len(sentences)
    counts = build.tape.given("counts", (n, 1), ("sentence", ""), fixed=True)
    held = _held(build, sentences, tokens)
    votes = matmul(held, _ended(build, counts, [sentence[-1] for sentence in sentences]), name="votes")
    last = gather_rows(votes, name="last", sizes={"i": (1, "")}, rows=(len(tokens) - 1,))
    query = build.matrix("query", ("", "d_head"), fixed=True)
    keys = build.tape.given("keys", (len(tokens), query.cols), ("pos", "d_head"), fixed=True)
    chosen = matmul(dot_rows(query, keys, name="choice"), votes, name="chosen")
    before = {"i": (len(tokens) - 1, " ".join(str(known.index(token)) for token in tokens[:-1]))}
    heard, answers = (
        gather_rows(of, name=f"earlier.{name}", sizes=before, rows=tuple(range(len(tokens) - 1)))
        for of, name in ((held, "held"), (keys, "keys"))
    )
    asked = gather_rows(keys, name="earlier.query", sizes={"i": (1, "")}, rows=(0,))
    ended = _ended(build, counts, [sentence[-2] for sentence in sentences], "earlier.")
    goes_on = matmul(heard, ended, name="earlier.votes")
    matmul(dot_rows(asked, answers, name="earlier.choice"), goes_on, name="earlier.chosen")
    if "weights" in build.tape.numbers:
        matmul(build.tape.given("weights", (1, len(tokens)), ("", "pos"), fixed=True), votes, name="weighed")
    return last, column_sum(votes, name="all"), chosen


def unknown_in(sentences: Sequence[Sequence[str]], known: Sequence[str]) -> set[str]:
    """The words of sentences that are not known."""
    return {word for sentence in sentences for word in sentence} - {*known}


def _ended(build: Builder, counts: Matrix, words: Sequence[str], before: str = "") -> Matrix:
    """How often each sentence was said, in the column of its word among these. before: the beginning of all names."""
    known = build.values.vocabulary
    ends = sorted({known.index(word) for word in words})
    sizes = {"i": (len(words), "sentence"), "j": (len(ends), " ".join(map(str, ends)))}
    rows = tuple(ends.index(known.index(word)) for word in words)
    return scale_rows(
        one_hot(name=f"{before}ends", tape=build.tape, sizes=sizes, rows=rows), counts, name=f"{before}ended"
    )


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

    def ended(place: int, before: str) -> str:
        ends = [word for word in w.vocabulary if any(sentence[place] == word for sentence in sentences)]
        said = [ends.index(sentence[place]) for sentence in sentences]
        hot = w(f"{before}ends", "one_hot", shape=(len(said), len(ends)), rows=said)
        return w(f"{before}ended", "scale_rows", hot, "counts")

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
    votes = w("votes", "matmul", held, ended(-1, ""))
    w("last", "gather_rows", votes, rows=[len(w.tokens) - 1])
    w("all", "column_sum", votes)
    w("chosen", "matmul", w("choice", "dot_rows", "query", "keys"), votes)
    known = list(range(len(w.tokens) - 1))
    keys = w("earlier.keys", "gather_rows", "keys", rows=known)
    choice = w("earlier.choice", "dot_rows", w("earlier.query", "gather_rows", "keys", rows=[0]), keys)
    heard = w("earlier.held", "gather_rows", held, rows=known)
    w("earlier.chosen", "matmul", choice, w("earlier.votes", "matmul", heard, ended(-2, "earlier.")))
    w("weighed", "matmul", "weights", votes)


# ---- its words and its numbers ----

DAYS = (("yesterday", "today"), ("yesterday", "now"), ("once", "now"))
WOMEN = ("Ada", "Ann", "Eva", "Ida", "Jane", "Lea", "Mary", "Rosa")
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
    """Two days, three names, a verb in two times, and “her” and “his”, in this order, as sentences, and a text that
    goes on with the last of all, though nobody has said so: its name was there on the other day only.
    """
    (old, new), (wrong, right, third), (did, does), (its, others) = (known[a:b] for a, b in pairwise((0, 2, 5, 7, 9)))
    ways = ((old, wrong, did, its), (old, right, did, others), (new, wrong, does, its), (new, third, does, others))
    return {"source": tuple(map(" ".join, ways)), "tokens": (new, right, does), "vocabulary": tuple(known)}


def _tells(first: int, second: int, third: int, fourth: int) -> bool:
    """Whether the last word alone says the wrong end, and so do the votes of all words, which are not nearly tied;
    and whether the day was said more often than the name that tells.
    """
    clear = 2 * third > 2 * fourth + second + 1
    return second > 1 and clear and third + fourth > second and len({first, second, third, fourth}) > 2


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
    people = [(names, dice.one_below(len(names)), end) for names, end in ((WOMEN, "her"), (MEN, "his"))]
    (names, one, its), (others, other, end) = people[:: 1 - 2 * dice.one_below(2)]
    third = (other + 1 + dice.one_below(len(others) - 1)) % len(others)
    new = words_of((*days, names[one], others[other], others[third], *verbs, its, end))
    is_own = {name: getattr(values, name) for name in new} != words_of(values.vocabulary)
    yield Instance({**values.inputs, "counts": counts, "weights": weights}, {}, {} if is_own else new)


def _weights(k: int) -> list[list[int]]:
    return [[*WEIGHTS[k % len(WEIGHTS)]]]


@sheet_promise
def only_chosen_votes_are_right(tape: Tape) -> bool:
    """The last word alone, and all words together, say one word, and the words that are chosen another one. The first
    word has more votes than the second.
    """
    last, everybody, chosen = (tape.values(name)[0] for name in ("last", "all", "chosen"))
    first, second = map(sum, tape.values("votes")[:2])
    return bool(last[0] > last[1] and everybody[0] > everybody[1] and chosen[0] < chosen[1] and first > second)


# ---- its mistakes ----


@mistake(
    told="The votes of all words added up.",
    mend="Multiply each vote by the number of its word in the choice first: 0 takes it away.",
    after="not-renormalised",
)
def all_votes_counted(step: Step, tape: Tape) -> Iterable[Step]:
    """The choice is left out, so that every word votes."""
    of_choice = step.name == "chosen" and "choice" in step.inputs
    return [replace(step, op=column_sum, inputs=("votes",)) if of_choice else step]


@mistake(
    told="A query that asks every question.",
    mend="Look which question the last word asks: its query has a 1 for that one only.",
    after="not-renormalised",
)
def asks_everything(step: Step, tape: Tape) -> Iterable[Step]:
    """The query has a 1 for each question, so that every word with an answer has a vote."""
    if step.name != "choice" or "query" not in step.inputs:
        return [step]
    keys = tape["keys"]
    answers = replace(
        step, name="choice.answers", op=row_sum, inputs=("keys",), shape=(keys.rows, 1), axes=("pos", "")
    )
    return [answers, replace(step, op=column_as_row, inputs=(answers.name,), params={"which": 0})]


# ---- its picture ----

ACROSS, TOP, LOW, WIDE, HIGH = 32.0, 4.5, 24.5, 17.0, 7.0  # mm from word to word, the first and last, and a box
THICK = 0.34  # of a line, for each time


@picture(width=115, height=43, minutes=1)
def ways(on: Canvas, counts: Rows, *, sentences: Sequence[str], tokens: Sequence[str]) -> None:
    """Sentences as ways from word to word, the thicker the more often they were said; the pen goes one of them, along
    the last row, and on along the thickest line.
    """
    times = [int(n) for (n,) in counts]
    texts = [sentence.split() for sentence in sentences]
    columns = [sorted(dict.fromkeys(column), key=tokens.__contains__) for column in zip(*texts, strict=True)]
    if (
        len(columns) != 4
        or any(len(column) not in (2, 3) for column in columns)
        or not all(0 < n < 13 for n in times)
    ):
        raise UndrawableError("four words, two or three in each place, have room")

    def at(column: int, word: str) -> tuple[float, float]:
        place, last = columns[column].index(word), len(columns[column]) - 1
        return 9.5 + ACROSS * column, TOP + (LOW - TOP) * place / last

    def step(column: int, one: str, other: str) -> tuple[tuple[float, float], tuple[float, float]]:
        (x, y), (to, there) = at(column, one), at(column + 1, other)
        return (x + WIDE / 2, y), (to - WIDE / 2, there)

    said: dict[tuple[int, str, str], int] = {}
    for text, n in zip(texts, times, strict=True):
        for k, (one, other) in enumerate(pairwise(text)):
            said[k, one, other] = said.get((k, one, other), 0) + n
    for (k, one, other), n in said.items():
        on.line(*step(k, one, other), width=max(0.3, THICK * n), colour=STRIPE)
    last = {other: n for (k, one, other), n in said.items() if k == 2 and one == tokens[-1]}
    end = max(last, key=last.__getitem__)
    for k, (one, other) in enumerate(pairwise((*tokens, end))):
        on.pen.line(*step(k, one, other), width=STROKE, dash=DASH if k == 2 else ())
    for k, column in enumerate(columns):
        for word in column:
            x, y = at(k, word)
            on.box(x - WIDE / 2, y - HIGH / 2, WIDE, HIGH, fill=WHITE, width=BOX, rx=1.2)
            on.text(x, y + 1.1, word, TOKEN)
    for k, (sentence, n) in enumerate(zip(sentences, times, strict=True)):
        x, y = 1.0 + 58 * (k // 2), 33.0 + 4.6 * (k % 2)
        on.text(x, y, str(k + 1), CAPTION, anchor="start", colour=GREY)
        on.text(x + 4, y, f"{n} × {sentence} …", TOKEN, anchor="start")
    on.text(0, 42.4, on.say("pictures.ways.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.ways.said", sentences="; ".join(f"{s}: {n}" for s, n in zip(sentences, times, strict=True))),
        on.say("pictures.ways.to_do", text=" ".join(tokens)),
        on.say("pictures.ways.key", word=end),
    )
