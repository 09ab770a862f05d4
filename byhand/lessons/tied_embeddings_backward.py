"""The gradient of a table that is read twice: its steps, written down twice, its numbers and picture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from byhand.backward import gradients
from byhand.errors import ValuesError
from byhand.model.builder import Builder
from byhand.model.layers import mean_surprisal, softmax
from byhand.model.names import grad_name
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Dice
from byhand.numbers.draw import draw
from byhand.numbers.promises import sheet_promise
from byhand.numbers.refused import are_parallel
from byhand.numbers.registry import Entries, Task, exactly
from byhand.ops.linear import affine_rows, matmul
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import CAPTION, GREY, TOKEN, Canvas
from byhand.pictures.registry import UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

TABLE, MIXED = "embed.W_E", "hook_z"
TABLE_GRAD = f"{TABLE}.grad"
BY_SCORES, BY_LOOK_UP = f"{TABLE_GRAD}.by.logits", f"{TABLE_GRAD}.by.hook_embed"

# ---- the model ----


@model("tied-embeddings-backward", reads_words=True)
def _steps(build: Builder) -> Results:
    """Words are looked up in a table and mixed by the given `shares`; all words are scored by the same table,
    transposed, plus a bias. The last token is the right next word, which is not read; then the gradients of its
    surprise.

    Source: Press & Wolf 2017.

    Raises: ValuesError where there are fewer than two tokens.
    """
    c, tape, words = build.config, build.tape, build.values.ids()
    if len(words) < 2:
        raise ValuesError("give the words of a text as tokens, and after them the right next word")
    *read, right = words
    table = tape.given(TABLE, (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
    looked_up = gather_rows(table, name="hook_embed", sizes={"i": (len(read), "pos")}, rows=tuple(read))
    shares = tape.given("shares", (1, len(read)), ("", "pos"))
    mixed = matmul(shares, looked_up, name=MIXED)
    bias = tape.given("unembed.b_U", (1, c.d_vocab), ("", "d_vocab"))
    probs = softmax(affine_rows(mixed, table, bias, name="logits"), "probs", c.softmax_base)
    return gradients(mean_surprisal(probs, (right,), c.softmax_base), TABLE, "hook_embed")


# ---- the same, written down a second time ----


@wiring("tied-embeddings-backward")
def _second(w: Wiring) -> None:
    """Scores are products with the rows of the table that words are looked up in (Press & Wolf 2017)."""
    *read, right = w.ids
    mixed = w("hook_z", "matmul", "shares", w("hook_embed", "gather_rows", "embed.W_E", rows=read))
    logits = w("logits", "affine_rows", mixed, "embed.W_E", "unembed.b_U")
    w.surprise_at(w.softmax("probs", logits), [right])
    is_right = w("logits.grad.one_hot", "one_hot", shape=w.shapes["logits"], rows=[right])
    missed = w("logits.grad", "subtract", "probs", is_right)
    arrived = w("hook_embed_grad", "dot_columns", "shares", w("hook_z_grad", "matmul", missed, "embed.W_E"))
    by_look_up = w("embed.W_E.grad.by.hook_embed", "add_rows", arrived, rows=read, shape=w.shapes["embed.W_E"])
    w("embed.W_E.grad", "add", by_look_up, w("embed.W_E.grad.by.logits", "dot_columns", missed, mixed))


# ---- its numbers ----

LARGEST_MIXED = 4  # number of the mixture, and of its gradient: quarters of it are easy
LARGEST = 6  # of the table, and of a bias
LARGEST_SCORE = 9
SETS = 200  # of numbers, for a class
# shares of the three words, the first and the last of which are one
QUARTERS = np.array([[1, 1, 2], [2, 1, 1]]) * Fraction(1, 4)


def _is_short_text(task: Task) -> str:
    """Requires the words of the sheet, in its order: the right one, another one, and one that is read twice."""
    tokens, words = task.values.tokens, task.values.vocabulary
    fits = len(words) == 3 and tokens == tuple(words[k] for k in (2, 0, 2, 0))
    return "" if fits else "numbers are chosen for a text such as “on and on and”, of the vocabulary and, fish, on"


@draw(
    "tied-embeddings-backward", like_sheet=True, sets=("weights", SETS),
    requires=[exactly(4, d_model=2, d_vocab=3), _is_short_text],
)  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """A table whose mixture, and the gradient of that, are whole; and biases with which the right word has the
    probability 1/4, one of the others 1/4, too, and one 1/2.

    Method: the mixture z and its gradient g are drawn, and the row of the word that is read twice. The other two rows
    follow from z = (3 · twice + right) ÷ 4 and 4 g = −3 right + 2 unread + twice, or with 1 and 2 exchanged.
    """
    z, g = ((dice.below(LARGEST_MIXED, count, 2) + 1) * (2 * dice.below(2, count, 2) - 1) for _ in range(2))
    twice, is_unread = dice.below(2 * LARGEST + 1, count, 2) - LARGEST, dice.below(2, count) == 1
    right = 4 * z - 3 * twice
    unread = np.where(is_unread[:, None], (4 * g + 3 * right - twice) // 2, 4 * g + 3 * right - 2 * twice)
    table = np.stack([right, unread, twice], 1)
    above = np.stack([np.zeros_like(is_unread), is_unread, ~is_unread], 1).astype(int)  # of the scores, one is 1 more
    apart = above - np.einsum("nwd,nd->nw", table, z)
    middle = (apart.max(1) + apart.min(1)) // 2
    bias = apart - middle[:, None]
    fits = (np.abs(table).max((1, 2)) <= LARGEST) & (np.abs(bias).max(1) <= LARGEST)
    fits &= (np.abs(middle) < LARGEST_SCORE) & (twice != right).all(1) & (np.abs(z).max(1) > 1)
    fits &= z[:, 0] != z[:, 1]  # so that no two columns of a gradient are the same
    at = np.where(is_unread, dice.below(2, count), 1)  # so that the probabilities are not the shares once more
    return {TABLE: table[fits], "unembed.b_U": bias[fits], "shares": QUARTERS[at[fits], None]}


@sheet_promise
def every_number_of_the_table_moves(tape: Tape) -> bool:
    """No number of the table has the gradient 0, nor has any in its part by the scores."""
    return all(x for name in (TABLE_GRAD, BY_SCORES) for row in tape.values(name) for x in row)


@sheet_promise
def both_ways_lead_elsewhere(tape: Tape) -> bool:
    """The mixture and its gradient are not parallel, so that the table's two parts are not, either."""
    return not are_parallel(tape.values(MIXED)[0], tape.values(grad_name(MIXED))[0])


@sheet_promise
def a_place_left_out_shows(tape: Tape) -> bool:
    """The gradient of the word that is read twice, which is the table's last one, has in no place the number of its
    look-ups, if its first place is left out. And no two words have the same number in a column.
    """
    table, looked_up, (first, *_) = (tape.values(name) for name in (TABLE_GRAD, BY_LOOK_UP, "hook_embed_grad"))
    parts = zip(table[-1], first, looked_up[-1], strict=True)
    return all(x - left_out != part for x, left_out, part in parts) and all(
        len({*column}) == len(column) for column in zip(*table, strict=True)
    )


@sheet_promise
def one_right_word_of_four(tape: Tape) -> bool:
    """The probabilities are 1/4, 1/4 and 1/2 (in base 2), and the right word's is not the largest."""
    ((right,),), (row,) = tape.values("probs.right"), tape.values("probs")
    return right < max(row) and row.count(right) == 2


# ---- its picture ----

COLUMNS, WIDE, HIGH = (24.0, 47.0, 70.0), 21.0, 8.6  # mm: the middles of three columns, and the size of a row's box
SCORED, ROWS, READ = 3.2, 12.4, 31.6  # mm: the heights of the words that are scored, of the boxes, and of the text
CAPTIONS = 10.5  # mm: where the captions end


@picture(height=33, minutes=2)
def two_ways_back(on: Canvas, *, tokens: Sequence[str], vocabulary: Sequence[str]) -> None:
    """From every score, and from every word of a text, an arrow comes back to the row of its word. They are to be
    drawn, and counted at each row.
    """
    if len(tokens) != 3 or len(vocabulary) != 3 or not {*tokens} <= {*vocabulary}:
        raise UndrawableError("a text of three words and a vocabulary of three have room")
    heights = ("scores", SCORED), ("table", ROWS + HIGH / 2 + 1.0), ("text", READ)
    for name, y in heights:
        on.text(CAPTIONS, y, on.say(f"pictures.two_ways_back.{name}"), CAPTION, anchor="end", colour=GREY)
    told = list[str]()
    for x, word in zip(COLUMNS, vocabulary, strict=True):
        count = 1 + tokens.count(word)
        on.text(x, SCORED, word, TOKEN)
        on.pen.arrow((x, SCORED + 1.8), (x, ROWS - 0.5))
        on.box(x - WIDE / 2, ROWS, WIDE, HIGH, fill="#dcdcdc")
        on.text(x - WIDE / 2 + 1.6, ROWS + HIGH / 2 + 1.1, word, TOKEN, anchor="start", bold=True)
        on.blank(x + WIDE / 2 - 5.2, ROWS + HIGH / 2, count, 7.6, 6.4)
        told.append(on.say("pictures.two_ways_back.count", word=word, count=count))
    for x, word in zip(COLUMNS, tokens, strict=True):
        on.text(x, READ, word, TOKEN)
        to = COLUMNS[vocabulary.index(word)] + (x - COLUMNS[vocabulary.index(word)]) / 8
        on.pen.arrow((x, READ - 3.6), (to, ROWS + HIGH + 0.5))
    on.said(on.say("pictures.two_ways_back.said", words=listed(vocabulary), text=" ".join(tokens)),
            on.say("pictures.two_ways_back.to_do"), listed(told))  # fmt: skip
