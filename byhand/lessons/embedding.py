"""Embedding: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.promises import dot_of, sheet_promise
from byhand.ops.linear import matmul
from byhand.ops.shapes import gather_rows, one_hot
from byhand.pictures.canvas import AXIS, BOX, CAPTION, FRAME, GREY, LIGHT, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("embedding", part="embed", reads_words=True, parameters={"other.W_E": ("d_vocab", "d_model")})
def _steps(build: Builder) -> Results:
    """Each token's row of W_E, found in two ways: looked up, and as the product of a one-hot row with W_E.

    If another table is given, each token's row of it, too; if shares of words are, the mixture of their rows.
    """
    c, ids, n = build.config, build.values.ids(), build.positions
    w_e = build.tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
    places = {"i": (n, "pos")}
    hot = one_hot(name="one_hot", tape=build.tape, sizes={**places, "j": (c.d_vocab, "d_vocab")}, rows=ids)
    if "other.W_E" in build.tape.numbers:  # computed only when requested
        other = build.tape.given("other.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
        gather_rows(other, name="other.embed", sizes=places, rows=ids)
    if "blend" in build.tape.numbers:
        blend = build.tape.given("blend", (1, c.d_vocab), ("", "d_vocab"))
        matmul(blend, w_e, name="blend.product")
    return gather_rows(w_e, name="hook_embed", sizes=places, rows=ids), matmul(hot, w_e, name="one_hot.product")


# ---- the same, written down a second time ----


@wiring("embedding")
def _second(w: Wiring) -> None:
    """A row of the table for each word, and the same as a product."""
    hot = w("one_hot", "one_hot", shape=(len(w.ids), w.config["d_vocab"]), rows=w.ids)
    w("one_hot.product", "matmul", hot, "embed.W_E")
    w("blend.product", "matmul", "blend", "embed.W_E")
    for name, table in (("hook_embed", "embed.W_E"), ("other.embed", "other.W_E")):
        w(name, "gather_rows", table, rows=w.ids)


# ---- its numbers ----


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
    return all((n := dot_of(a, b)) <= 0 or 4 * n * n <= dot_of(a, a) * dot_of(b, b) for a, b in pairs)


@sheet_promise
def like_words_point_alike(tape: Tape) -> bool:
    """No two words of the vocabulary have as large a dot product as the first and the last, which are used alike."""
    rows = tape.values("embed.W_E")
    pairs = {(i, j): dot_of(rows[i], rows[j]) for i, j in combinations(range(len(rows)), 2)}
    return bool(pairs.pop((0, len(rows) - 1)) > max(0, *pairs.values()))


# ---- its mistake ----


@mistake(
    told="The token's number in place of the 1 of a one-hot {row}.",
    mend="Write a 1 in the place of the token's number, and 0 everywhere else.",
    after="gate-on-wrong-side",
)
def number_for_one(step: Step, tape: Tape) -> Iterable[Step]:
    """The one-hot rows of an embedding have the token's number, counted from 1, as their entry."""
    of_embedding = step.op is one_hot and "one_hot.product" in tape.steps
    return [replace(step, params={**step.params, "numbered": True}) if of_embedding else step]


# ---- its picture ----

ROW = 5.6  # the height of a row of the table of words


@picture(height=37, minutes=2, target=ROW)
def row_let_through(
    on: Canvas, table: Rows, one_hot: Rows, looked_up: Rows, *, row: int, tokens: Sequence[str],
    vocabulary: Sequence[str], transposed: bool = False,
) -> None:  # fmt: skip
    """Embedding is a row let through: each number of a one-hot vector lets one row of the table through, or stops it.

    row: the token that is looked up. transposed: whether the page has the table's rows as columns.
    """
    word, switches, embedded = tokens[row], one_hot[row], looked_up[row]
    at, height = switches.index(1), min(ROW, 31 / len(table))
    top, left, width = 4.6, 26.0, min(7.0, 28 / len(table[0]))
    on.text(12.5, 2.6, on.say("pictures.row_let_through.word", word=word), TOKEN)
    of_table, of_row = ("turned", "column") if transposed else ("table", "row")
    on.math(left + len(table[0]) * width / 2, 2.8, on.say(f"pictures.row_let_through.{of_table}"))
    on.box(left, top, len(table[0]) * width, len(table) * height, fill=LIGHT, width=AXIS, colour=GREY)
    for n, (name, numbers, switch) in enumerate(zip(vocabulary, table, switches, strict=True)):
        middle = top + (n + 0.5) * height
        on.box(9.5, top + n * height, 6, height, width=BOX, fill=WHITE)
        on.pen.number(12.5, middle, switch, 3.4)
        on.text(left - 1.6, middle + 1.1, name, TOKEN, anchor="end")
        for k, number in enumerate(numbers):
            on.number(left + (k + 0.5) * width, middle, number, 3.6)
    middle, start = top + (at + 0.5) * height, 84 - 5.5 * len(embedded)
    called = on.say(f"pictures.row_let_through.{of_row}")
    on.text(start + 5.5 * len(embedded) / 2, middle - 4.6, called, CAPTION, colour=GREY)
    for k, number in enumerate(embedded):
        on.box(start + 5.5 * k, middle - 3.4, 5.5, 6.8, width=BOX, fill=WHITE)
        on.pen.number(start + 5.5 * (k + 0.5), middle, number, 3.4)
    right = left + len(table[0]) * width
    on.pen.box(left - 0.6, middle - height / 2, right - left + 1.2, height, width=FRAME)
    on.pen.arrow((right + 0.8, middle), (start - 0.6, middle))
    on.text(0, 36.2, on.say("pictures.row_let_through.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.row_let_through.said", word=word, words=", ".join(vocabulary)),
        to_do=on.say("pictures.row_let_through.to_do"),
        key=on.say("pictures.row_let_through.key", word=word, numbers=listed(embedded)),
    )
