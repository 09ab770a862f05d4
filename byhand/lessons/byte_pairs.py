"""Byte pairs: its steps, written down twice, its words and numbers, its mistakes and its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise, product

from msgspec import Struct
from msgspec.structs import replace

from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.model.weights import Values
from byhand.numbers.dice import Dice
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Instance, Task, search
from byhand.ops.attention import column_sum, largest_entry, row_argmax, row_sum
from byhand.ops.linear import dot_columns, matmul, multiply, plus_number, subtract
from byhand.ops.shapes import one_hot
from byhand.pictures.canvas import CAPTION, FRAME, GREY, HAIR, NUMBER, PALE, STRIPE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

Pieces = tuple[str, ...]  # a word that is cut

# ---- the model ----


class Merge(Struct, frozen=True):
    """Before two pieces are joined: the words, cut, and the pairs of neighbours in them, in the order of the text."""

    words: tuple[Pieces, ...]
    pairs: tuple[Pieces, ...]


def merges_of(words: Sequence[str], pieces: Sequence[str]) -> list[Merge]:
    """What stands side by side before each merge, each of which makes the next of these pieces.

    Raises: ValuesError where no neighbours make it.
    """
    cut, found = [tuple(word) for word in words], list[Merge]()
    for piece in pieces:
        pairs = tuple(dict.fromkeys(pair for word in cut for pair in pairwise(word)))
        if piece not in map("".join, pairs):
            raise ValuesError(f"nothing that stands side by side in {' '.join(words)} makes {piece!r}")
        found.append(Merge(tuple(cut), pairs))
        cut = [joined(word, piece) for word in cut]
    return found


def joined(word: Pieces, piece: str) -> Pieces:
    """A word in which all neighbours that make a piece are joined, from the left."""
    done: list[str] = []
    left = list(word)
    while left:
        two = "".join(left[:2]) == piece and len(left) > 1
        done.append("".join(left[:2]) if two else left[0])
        del left[: 2 if two else 1]
    return tuple(done)


def longest_first(word: str, known: Sequence[str]) -> Pieces:
    """A word cut from the left, each time by the longest known piece that fits."""
    cut, rest = list[str](), word
    while rest:
        cut.append(max(filter(rest.startswith, known), key=len))
        rest = rest.removeprefix(cut[-1])
    return tuple(cut)


@model("byte-pairs", reads_words=True)
def _steps(build: Builder) -> Results:
    """The pairs of neighbours in a text, counted and joined; and a new word, whose letters are the tokens, cut so.

    The text is the words of the source, and `counts` says how often each stands in it. The vocabulary has the letters
    and then, in their order, the pieces that are joined.

    Source: Sennrich, Haddow & Birch 2016.
    """
    words, known = build.values.source, build.values.vocabulary
    ids, pieces = build.values.ids(), [piece for piece in known if len(piece) > 1]
    if unknown := {*"".join(words)} - {*known}:
        raise ValuesError(f"{sorted(unknown)[0]!r} is a letter of the source that is not in the vocabulary")
    if not words or not pieces:
        raise ValuesError("byte-pairs joins pieces of words: give the words as source, and the pieces as vocabulary")
    counts = build.tape.given("counts", (1, len(words)), ("", "source"), fixed=True)
    size = row_sum(multiply(counts, _lengths(build, words), name="letters"), name="size0")
    before, rounds = merges_of(words, pieces), list[Matrix]()
    for k, merge in enumerate(before, 1):
        rounds.append(_counted(build, merge, counts, known, k))
        size = subtract(size, largest_entry(rounds[-1], name=f"round{k}.most"), name=f"size{k}")
    # the pieces of the pairs before the last merge
    for which, of_pair in zip(("first", "second"), zip(*before[-1].pairs, strict=True), strict=True):
        _named(build, f"left.{which}", [known.index(piece) for piece in of_pair])
    _named(build, "merges", [known.index(piece) for piece in pieces])
    if "other.counts" in build.tape.numbers:
        other = build.tape.given("other.counts", (1, len(words)), ("", "source"), fixed=True)
        matmul(other, build.tape["round1.held"], name="other.round1")
    cuts = [*accumulate(pieces, joined, initial=tuple(known[k] for k in ids))]
    for k, cut in enumerate(cuts[:-1]):
        _named(build, f"cut{k}", [known.index(piece) for piece in cut])
    longest = longest_first("".join(cuts[0]), known)
    _named(build, "longest", [known.index(piece) for piece in longest])
    _named(build, "cut", [known.index(piece) for piece in cuts[-1]])
    places = row_argmax(build.tape["cut.hot"], name="cut.place")  # read as a number, where `cut` is read as a word
    return *rounds, size, plus_number(places, name="ids", by=1)


def _lengths(build: Builder, words: Sequence[str]) -> Matrix:
    """How many letters each word has, as a row."""
    places = [at for at, word in enumerate(words) for _ in word]
    sizes = {"i": (len(places), "place0"), "j": (len(words), "source")}
    return column_sum(one_hot(name="spelled", tape=build.tape, sizes=sizes, rows=tuple(places)), name="lengths")


def _counted(build: Builder, merge: Merge, counts: Matrix, known: Sequence[str], k: int) -> Matrix:
    """How often each pair stands in the text before merge k; and how often in each word."""
    found = [(merge.pairs.index(pair), at) for at, word in enumerate(merge.words) for pair in pairwise(word)]
    axis = " ".join("+".join(str(known.index(piece)) for piece in pair) for pair in merge.pairs)
    of_pair, of_word = (
        one_hot(name=f"round{k}.{name}", tape=build.tape, rows=tuple(rows),
                sizes={"i": (len(found), f"place{k}"), "j": to})
        for name, rows, to in (
            ("pairs", [pair for pair, _ in found], (len(merge.pairs), axis)),
            ("words", [word for _, word in found], (len(merge.words), "source")),
        )
    )  # fmt: skip
    return matmul(counts, dot_columns(of_word, of_pair, name=f"round{k}.held"), name=f"round{k}")


def _named(build: Builder, name: str, ids: Sequence[int]) -> Matrix:
    """Pieces by their numbers in the vocabulary, from 0, as a column."""
    sizes = {"i": (len(ids), f"{name}.piece"), "j": (build.config.d_vocab, "d_vocab")}
    return row_argmax(one_hot(name=f"{name}.hot", tape=build.tape, sizes=sizes, rows=tuple(ids)), name=name)


# ---- the same, written down a second time ----


@wiring("byte-pairs")
def _second(w: Wiring) -> None:
    """Sennrich et al. 2016, algorithm 1, on texts in which a stroke stands around each piece."""

    def cut(word: str) -> str:
        return "".join(f"|{letter}|" for letter in word)

    def pieces(text: str) -> list[str]:
        return text.strip("|").split("||") if text else []

    def neighbours(text: str) -> list[tuple[str, str]]:
        return list(zip(pieces(text)[:-1], pieces(text)[1:], strict=True))

    def named(name: str, words: list[str]) -> str:
        rows = [w.vocabulary.index(word) for word in words]
        return w(name, "row_argmax", w(f"{name}.hot", "one_hot", shape=(len(rows), len(w.vocabulary)), rows=rows))

    text, word = [cut(each) for each in w.source], cut("".join(w.tokens))
    lengths = [at for at, each in enumerate(w.source) for _ in each]
    spelled = w("spelled", "one_hot", shape=(len(lengths), len(text)), rows=lengths)
    size = w("size0", "row_sum", w("letters", "multiply", "counts", w("lengths", "column_sum", spelled)))
    made = [piece for piece in w.vocabulary if len(piece) > 1]
    for k, piece in enumerate(made, 1):
        named(f"cut{k - 1}", pieces(word))
        found = [(f"|{a}||{b}|", at) for at, each in enumerate(text) for a, b in neighbours(each)]
        kinds = list(dict.fromkeys(pair for pair, _ in found))
        of_pair = [kinds.index(pair) for pair, _ in found]
        held = w(
            f"round{k}.held", "dot_columns",
            w(f"round{k}.words", "one_hot", shape=(len(found), len(text)), rows=[at for _, at in found]),
            w(f"round{k}.pairs", "one_hot", shape=(len(found), len(kinds)), rows=of_pair),
        )  # fmt: skip
        most = w(f"round{k}.most", "largest_entry", w(f"round{k}", "matmul", "counts", held))
        size = w(f"size{k}", "subtract", size, most)
        pair = next(pair for pair in kinds if pair.replace("|", "") == piece)
        text, word = [each.replace(pair, f"|{piece}|") for each in text], word.replace(pair, f"|{piece}|")
    w("other.round1", "matmul", "other.counts", "round1.held")
    named("left.first", [pair.strip("|").split("||")[0] for pair in kinds])
    named("left.second", [pair.strip("|").split("||")[1] for pair in kinds])
    named("merges", made)
    longest, left = [], "".join(w.tokens)
    while left:
        longest.append(max((piece for piece in w.vocabulary if left.startswith(piece)), key=len))
        left = left[len(longest[-1]) :]
    named("longest", longest)
    named("cut", pieces(word))
    w("ids", "plus_number", w("cut.place", "row_argmax", "cut.hot"), by=1)


# ---- its words and its numbers ----

# Of each family the text, and a new word that none of it is. The first two words make it, with two letters in common:
# the new word is the first of them and one letter more, and one letter and the second. The third begins as the first
# does, and goes on otherwise; the fourth ends as the second does, and begins otherwise.
FAMILIES = {
    new: tuple(words.split())
    for new, words in (line.split(": ") for line in """
pear: pea ear pet year
care: car are cat hare
tape: tap ape tax cape
hate: hat ate has late
pink: pin ink pig link
farm: far arm fan warm
howl: how owl hot bowl
mend: men end met send
tear: tea ear ten hear
wink: win ink wig pink
band: ban and bat hand
pant: pan ant pad want
rage: rag age ran page
rate: rat ate ran gate
cart: car art can part
warm: war arm was farm
tone: ton one top bone
seat: sea eat sew heat
bare: bar are bag care
mate: mat ate man late
cape: cap ape can tape
bowl: bow owl box howl
town: tow own toy down
wage: wag age was page
gape: gap ape gas tape
tend: ten end tea send
boat: boa oat box goat
wash: was ash war cash
fare: far are fan hare
""".strip().splitlines())
}  # fmt: skip
MOST = 9  # of a word in the text


def _of_family(new: str) -> dict[str, tuple[str, ...]]:
    """A family's text, the letters of its new word, and its vocabulary, the letters as they come in the text."""
    words = FAMILIES[new]
    letters = dict.fromkeys("".join(words))
    return {"source": words, "tokens": tuple(new), "vocabulary": (*letters, new[1:3], words[1], words[0])}


def _tells(whole: int, end: int, begins: int, ends: int) -> bool:
    """Whether the middle of the new word is joined first, then its end, and then its beginning, each being the
    commonest pair by itself; and whether the pair that comes second at first is another one, which is rarer once its
    text has been joined.
    """
    middle, late = whole + end + ends, end + ends
    return middle > whole + begins > late > max(whole, begins) and whole > max(begins, ends)


COUNTS = [counts for counts in product(range(1, MOST + 1), repeat=4) if _tells(*counts)]


def _all_numbers(task: Task, seconds: float) -> list[Values]:
    """The task's words with all counts that tell, each beside other ones of another text."""
    others = COUNTS[len(COUNTS) // 2 :] + COUNTS[: len(COUNTS) // 2]
    inputs = [{"counts": [[*one]], "other.counts": [[*other]]} for one, other in zip(COUNTS, others, strict=True)]
    return [replace(task.values, inputs=each) for each in inputs]


@search("byte-pairs", like_sheet=True, list_all=_all_numbers)
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """A family of words, unless somebody has brought others, and how often each stands in the text."""
    drawn = [list(COUNTS[dice.one_below(len(COUNTS))]) for _ in range(2)]
    words = {name: getattr(task.values, name) for name in ("source", "tokens", "vocabulary")}
    families = [*map(_of_family, FAMILIES)]
    new = families[dice.one_below(len(families))] if words in families else {}
    yield Instance({"counts": drawn[:1], "other.counts": drawn[1:]}, {}, new)


@sheet_promise
def merges_are_decided(tape: Tape) -> bool:
    """Each time, one pair is the commonest: the second, the second and the first. At first another one comes second,
    which counted once more is not the commonest of the pairs that are left. The longest pieces first would be another
    cut.
    """
    rounds = [tape.values(f"round{k}")[0] for k in (1, 2, 3)]
    decided = all(has_one_largest(row) and row[at] == max(row) for row, at in zip(rounds, (1, 1, 0), strict=True))
    first, *others = rounds[0]
    return decided and first > sorted(others)[-2] and tape.values("cut") != tape.values("longest")


# ---- its mistakes ----


@mistake(
    told="Pairs counted as they stood before the last merge.",
    mend="Write the words once more, with what was joined as one piece, and count again.",
    after="not-renormalised",
)
def not_recounted(step: Step, tape: Tape) -> Iterable[Step]:
    """Pairs that were there before a merge are as common after it."""
    match = re.fullmatch(r"round(\d+)\.(pairs|words)", step.name)
    if match is None or match[1] == "1" or "merges.hot" not in tape.steps:
        return [step]
    now, before = (_places(tape, f"round{int(match[1]) - back}") for back in (0, 1))
    pairs = tape.steps[f"round{match[1]}.pairs"].axes[1].split()
    old = {pair for pair, _ in before}
    stand = [place for place in before if place[0] in pairs] + [place for place in now if place[0] not in old]
    rows = [pairs.index(pair) if match[2] == "pairs" else word for pair, word in stand]
    return [replace(step, params={"rows": tuple(rows)}, shape=(len(rows), step.shape[1]))]


def _places(tape: Tape, name: str) -> list[tuple[str, int]]:
    """Each place where two pieces stand side by side: the pair, as its axis says it, and the number of the word."""
    pairs, words = (tape.steps[f"{name}.{which}"] for which in ("pairs", "words"))
    said = pairs.axes[1].split()
    return [(said[pair], word) for pair, word in zip(pairs.params["rows"], words.params["rows"], strict=True)]


@mistake(
    told="From the left, the longest piece that fits, in place of the first merge.",
    mend="Go through the merges in the order in which they were made, and join what you find.",
    after="not-recounted",
)
def longest_piece_first(step: Step, tape: Tape) -> Iterable[Step]:
    """The new word is cut from the left, each time by the longest piece that fits."""
    if step.name not in ("cut.hot", "cut", "cut.place", "ids") or "longest.hot" not in tape.steps:
        return [step]
    other = tape.steps["longest.hot"]
    params = other.params if step.name == "cut.hot" else step.params
    return [replace(step, params=params, shape=(other.shape[0], step.shape[1]))]


# ---- its pictures ----

TILE, ROW = 6.6, 8.4  # mm: a letter's tile, and from one row to the next
TIMES_AT, SQUARE = 42.0, 2.6  # mm: where the counts begin, and a square for each time that a word stands in the text


@picture(height=37, minutes=1.5, target=TILE)
def tiles(on: Canvas, counts: Rows, *, words: Sequence[str], pieces: Sequence[str]) -> None:
    """Words as tiles, and a square for each time that a word stands in the text. The pen frames what is one piece
    once these pieces are joined.
    """
    times = [int(x) for x in counts[0]]
    if len(words) > 4 or max(map(len, words)) > 4 or not all(0 <= n <= 12 for n in times):
        raise UndrawableError("up to four words of four letters, and counts up to 12, have room")
    framed = list[str]()
    for row, (word, n) in enumerate(zip(words, times, strict=True)):
        y = 1.0 + ROW * row
        for k, letter in enumerate(word):
            on.box(1 + TILE * k, y, TILE, TILE, fill=WHITE)
            on.text(1 + TILE * (k + 0.5), y + 4.6, letter, NUMBER)
        on.text(TIMES_AT - 4, y + 4.4, f"{n} ×", TOKEN, anchor="end")
        for k in range(n):
            on.box(TIMES_AT + (SQUARE + 0.9) * k, y + (TILE - SQUARE) / 2, SQUARE, SQUARE, fill=STRIPE, width=0)
        start = 0
        for piece in [*accumulate(pieces, joined, initial=tuple(word))][-1]:
            if len(piece) > 1:
                wide = TILE * len(piece) + 1
                on.pen.box(1 + TILE * start - 0.5, y - 0.5, wide, TILE + 1, width=FRAME, rx=1.6)
                framed.append(on.say("pictures.tiles.framed", piece=piece, word=word))
            start += len(piece)
    on.text(0, 36.2, on.say("pictures.tiles.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.tiles.said", words=", ".join(f"{word} {n}" for word, n in zip(words, times, strict=True))),
        on.say("pictures.tiles.to_do" if len(pieces) == 1 else "pictures.tiles.to_do_again"),
        on.say("pictures.tiles.key", pieces=", ".join(framed)),
    )


@picture(height=38, minutes=1, target=TILE)
def cuts(on: Canvas, *, letters: Sequence[str], pieces: Sequence[str]) -> None:
    """A word before the merges, and after each: the pen frames its pieces."""
    if len(letters) > 6 or len(pieces) > 3:
        raise UndrawableError("up to six letters and three merges have room")
    states = [*accumulate(pieces, joined, initial=tuple(letters))]
    left = 34.0
    for row, state in enumerate(states):
        y = 1.0 + ROW * row
        label = on.say("pictures.cuts.start") if row == 0 else on.say("pictures.cuts.after", n=row)
        on.text(left - 4, y + 4.4, label, CAPTION, anchor="end", colour=GREY)
        for k, letter in enumerate(letters):
            on.box(left + (TILE + 1) * k, y, TILE, TILE, fill=WHITE, width=HAIR, colour=PALE)
            on.text(left + (TILE + 1) * (k + 0.5) - 0.5, y + 4.6, letter, NUMBER)
        start = 0
        for piece in state:
            wide = (TILE + 1) * len(piece) - 1
            layer = on.pen if row else on
            layer.box(left + (TILE + 1) * start, y, wide, TILE, width=FRAME, rx=1.0)
            start += len(piece)
    on.text(0, 37.2, on.say("pictures.cuts.caption"), CAPTION, anchor="start", colour=GREY)
    shown = ["+".join(state) for state in states]
    on.said(
        on.say("pictures.cuts.said", word="".join(letters), letters=shown[0]),
        on.say("pictures.cuts.to_do"),
        on.say("pictures.cuts.key", cuts="; ".join(shown[1:])),
    )
