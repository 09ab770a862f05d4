"""Low-rank adaptation: its steps, written down twice, its numbers, its mistake and its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.backward import gradients
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.names import steps_of
from byhand.model.registry import Results, model
from byhand.model.weights import UPSTREAM
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import point_apart
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.ops.gradients import descend
from byhand.ops.linear import add, dot_columns, dot_rows, matmul
from byhand.pictures.canvas import AXIS, BOX, CAPTION, GREY, HAIR, LIGHT, PALE, SMALLEST, STROKE, Canvas, plus
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import Wiring, wiring

W, A, B = "lora.W", "lora.W_A", "lora.W_B"

# ---- the model ----


@model("lora", parameters={W: ("d_model", "d_mlp"), A: ("d_model", 1), B: (1, "d_mlp")})
def _steps(build: Builder) -> Results:
    """A layer whose weights stay, and two tables beside it that learn: y = x W + (x A) B. From the gradient of y,
    which is the given `upstream`, those of A and B; B after one step; the gradient of A at the second step, where the
    same comes back; and W + A B with what it answers.

    Source: Hu et al. 2021 (LoRA), with rank 1 and no scale.
    """
    c, tape, x = build.config, build.tape, build.stream("x", "")
    weight = tape.given(W, (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
    tall, flat = tape.given(A, (c.d_model, 1), ("d_model", "")), tape.given(B, (1, c.d_mlp), ("", "d_mlp"))
    between = matmul(x, tall, name="u")
    y = add(matmul(x, weight, name="plain"), matmul(between, flat, name="beside"), name="y")
    arrived = tape.given(UPSTREAM, y.shape, y.axes)
    of_flat, of_tall = gradients(y, B, A)
    stepped = descend(flat, of_flat, build.matrix("rate", ("", ""), fixed=True), name=f"{B}.stepped")
    again = dot_columns(x, dot_rows(arrived, stepped, name="second.u"), name="second.A")
    merged = add(weight, matmul(tall, stepped, name="change"), name="merged")
    return of_tall, again, matmul(x, merged, name="merged.y")


# ---- the same, written down a second time ----


@wiring("lora")
def _second(w: Wiring) -> None:
    w("u", "matmul", "x", "lora.W_A")
    w("y", "add", w("plain", "matmul", "x", "lora.W"), w("beside", "matmul", "u", "lora.W_B"))
    arrived = w("y.grad", "copy", "upstream")
    w("beside.grad", "copy", arrived)
    w("lora.W_B.grad", "dot_columns", "u", "beside.grad")
    w("lora.W_A.grad", "dot_columns", "x", w("u.grad", "dot_rows", "beside.grad", "lora.W_B"))
    w("lora.W_B.stepped", "descend", "lora.W_B", "lora.W_B.grad", "rate")
    w("second.A", "dot_columns", "x", w("second.u", "dot_rows", "upstream", "lora.W_B.stepped"))
    w("merged", "add", "lora.W", w("change", "matmul", "lora.W_A", "lora.W_B.stepped"))
    w("merged.y", "matmul", "x", "merged")


# ---- its numbers ----

RATES = np.array([Fraction(1, 2), Fraction(1)])
REACH = 3  # of a property of the animal
SIZES_OF_A = np.array([*permutations(range(1, 5), 3)])  # so that no two rows of A B are alike but for the sign
SURE = 5  # how far "bird" leads: 2 to the 5 is 32, so that its share is 32/33 or more, and p − y about 1 and −1
LARGEST = 12  # of what is asked for, but of what comes back the second time
LARGEST_BETWEEN, LARGEST_OF_SECOND = 15, 30  # of the second gradients: of U, and of A
SETS = 400  # of numbers, for a class
SIGNS = np.array([[1, 1, -1]])  # small, flies, furry: of an owl
ARRIVES = np.array([[1, -1]])  # bird, pet: p − y, where "pet" is right


def _owl_becomes_a_pet(of: Candidates) -> Bools:
    """For the layer, who flies is a bird and who is furry a pet, and the owl almost surely a bird; with A and B it is
    a pet.
    """
    (bird, pet), (bird_now, pet_now) = (np.moveaxis(of(name)[:, 0], 1, 0) for name in ("plain", "merged.y"))
    _, flies, furry = np.moveaxis(of(W), 1, 0)
    says_so = (flies[:, 0] > flies[:, 1]) & (furry[:, 0] < furry[:, 1])
    has_swapped = bird_now == pet  # the two scores, which looks like a slip
    return says_so & (bird >= pet + SURE) & (bird > 0) & (bird_now < pet_now) & ~has_swapped  # type: ignore[no-any-return]


def _numbers_stay_small(of: Candidates) -> Bools:
    """Neither B nor its gradient is what has arrived, which stands beside them; no number is large."""
    times = of("u")  # the gradient of B is so many times what has arrived
    ok: Bools = ((abs(times) > 1) & (of("rate") * times != -1)).all((1, 2))
    ok &= (abs(of("second.A")) <= LARGEST_OF_SECOND).all((1, 2))
    ok &= (abs(of("second.u")) <= LARGEST_BETWEEN).all((1, 2))
    for name in ("u", "plain", f"{B}.grad", "change", "merged", "merged.y"):
        ok &= (abs(of(name)) <= LARGEST).all((1, 2))
    return ok


def _rows_differ(of: Candidates) -> Bools:
    """No row of W is a multiple of another one."""
    return point_apart(of(W))


@draw(
    "lora",
    like_sheet=True,
    sets=("weights", SETS),  # few of which have the same gradients
    fits=[_owl_becomes_a_pet, _numbers_stay_small, _rows_differ],
    requires=[exactly(1, d_model=3, d_mlp=2)],
)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """What is known of an owl; a layer that calls it a bird; A, and B, which begins at 0; and p − y, which asks for
    less "bird" and for more "pet".
    """
    weight = np.sort(dice.below(5, count, 3, 2) - 2)  # of pet, and of bird where that is not the larger one
    weight[:, 1] = weight[:, 1, ::-1]
    weight[:, 0] = np.where(dice.below(2, count, 1) == 0, weight[:, 0], weight[:, 0, ::-1])
    return {
        "x": SIGNS * (dice.below(REACH, count, 1, 3) + 1),
        W: weight,
        A: (2 * dice.below(2, count, 3, 1) - 1) * dice.choices(SIZES_OF_A, count)[:, :, None],
        B: np.zeros((count, 1, 2), int),
        UPSTREAM: np.broadcast_to(ARRIVES, (count, 1, 2)),
        "rate": dice.choices(RATES, count)[:, None, None],
    }


@sheet_promise
def numbers_are_whole(tape: Tape) -> bool:
    """After the step, which takes a gradient or half of it away, all numbers are whole."""
    names = f"{B}.stepped", "second.u", "second.A", "change", "merged", "merged.y"
    return all(x % 1 == 0 for name in names for row in tape.values(name) for x in row)


@sheet_promise
def rows_of_several_sizes(tape: Tape) -> bool:
    """What is known of the owl has two sizes or more, and each row of the table A B one of its own: one row is not as
    good as another.
    """
    (known,), whole = tape.values("x"), tape.values("change")
    return len({*map(abs, known)}) > 1 and len({abs(row[0]) for row in whole}) == len(whole)


@sheet_promise
def one_number_of_a_holds_b_back(tape: Tape) -> bool:
    """With another whole number in one place of A, nothing would come between, and B could not move either."""
    (known,), rows = tape.values("x"), tape.values(A)
    products = [x * row[0] for x, row in zip(known, rows, strict=True)]
    return any((sum(products) - own) % x == 0 for own, x in zip(products, known, strict=True))


# ---- its mistake ----


@mistake(
    told="A B counted twice: it is in the merged weights, and was added beside them once more.",
    mend="Once A B is merged into W, put A and B away: the merged weights answer alone.",
    after="step-before-gradient",
)
def merged_twice(step: Step, tape: Tape) -> Iterable[Step]:
    """What A and B have learned is added to what the merged weights answer, which have it already."""
    if step.op is not matmul or step.inputs[1] != "merged":
        return [step]
    between, stepped = tape.steps["u"], tape.steps[f"{B}.stepped"]
    own, beside = (replace(step, name=steps_of(step.name, part)) for part in ("own", "beside"))
    beside = replace(beside, inputs=(between.name, stepped.name))
    return [own, beside, replace(step, op=add, inputs=(own.name, beside.name))]


# ---- its pictures ----

WAY, WAY_BESIDE, WAY_APART = 5.4, 17.4, 1.1  # mm: the y of both ways; how far the way back is below the way there
X_AT, FORK, A_AT, U_AT, B_AT, SUM_AT, Y_AT = 3.0, 12.0, 22.0, 36.0, 50.0, 66.0, 78.0  # mm: across
LARGE_BOX, SMALL_BOX, CLEAR, RING = (20.0, 9.6), (6.0, 6.0), 3.0, 2.0  # mm: of W; of A and B; from a letter; of ⊕
BACK, CROSS = (0.9, 0.6), 1.3  # the dashes of the way back; half the side of a cross


@picture(height=21.4, minutes=1)
def two_ways(on: Canvas, known: Rows) -> None:
    """The way of what is known of a word through W, and the one beside it through A and B; and back from the gradient
    of the answer, where A hears only what B lets through. The key crosses out what brings back 0 while B is 0.
    """
    beside, half = WAY_BESIDE - WAY_APART, SMALL_BOX[0] / 2
    (w_wide, w_high), w_at = LARGE_BOX, U_AT
    on.math(X_AT, WAY + 1.3, "X")
    on.line((X_AT + CLEAR, WAY), (FORK, WAY))
    on.line((FORK, WAY), (FORK, beside))
    on.arrow((FORK, WAY), (w_at - w_wide / 2, WAY), width=AXIS)
    on.arrow((w_at + w_wide / 2, WAY), (SUM_AT - RING, WAY), width=AXIS)
    on.box(w_at - w_wide / 2, WAY - w_high / 2, w_wide, w_high, fill=LIGHT, width=BOX, colour=PALE)
    on.math(w_at, WAY + 1.3, "W")
    on.arrow((FORK, beside), (A_AT - half, beside), width=AXIS)
    on.arrow((A_AT + half, beside), (U_AT - CLEAR, beside), width=AXIS)
    on.arrow((U_AT + CLEAR, beside), (B_AT - half, beside), width=AXIS)
    on.line((B_AT + half, beside), (SUM_AT - WAY_APART, beside), width=AXIS)
    on.arrow((SUM_AT - WAY_APART, beside), (SUM_AT - WAY_APART, WAY + RING), width=AXIS)
    for at, letter in ((A_AT, "A"), (B_AT, "B")):
        on.box(at - half, WAY_BESIDE - half, 2 * half, 2 * half, fill=LIGHT, width=BOX, colour=PALE)
        on.math(at, WAY_BESIDE + 1.3, letter)
    on.math(U_AT, WAY_BESIDE + 1.3, "U")
    on.arrow((SUM_AT + RING, WAY), (Y_AT - CLEAR, WAY), width=AXIS)
    on.math(Y_AT, WAY + 1.3, "Y")
    back = WAY_BESIDE + WAY_APART
    on.math(Y_AT, back + 1.3, r"\bar{Y}")
    for start, end in ((Y_AT - CLEAR, B_AT + half), (B_AT - half, U_AT + CLEAR), (U_AT - CLEAR, A_AT + half)):
        on.arrow((start, back), (end, back), width=AXIS, dash=BACK)
    plus(on, SUM_AT, WAY, RING)
    for middle in ((B_AT - half + U_AT + CLEAR) / 2, (U_AT - CLEAR + A_AT + half) / 2):
        for way in (1, -1):
            on.pen.line((middle - CROSS, back - way * CROSS), (middle + CROSS, back + way * CROSS), width=STROKE)
    on.said(on.say("pictures.two_ways.said"), on.say("pictures.two_ways.to_do"), on.say("pictures.two_ways.told"))


MODEL_D, RANK = 4096, 8  # of a large model, and of the two tables beside one of its own
CELL_W, CELL_H, NAME_OFF = 10.4, 6.8, 1.6  # mm: of a number of the whole table; how far off a matrix is its name
BESIDE_AT, WHOLE_AT, TOP, APART = 19.0, 27.0, 4.8, 2.8  # mm: the column's middle, and the left edge of the table; the
# upper edge of the row, and how far below it the table begins
LARGE_OFF, LARGE, OFF = 19.0, 17.5, 1.4  # mm: how far off the large model's table is, its side, and how far off the
# lines are
NOTE_OFF, NOTE_TOP, NOTE_LINE = 4.0, 2.2, 4.0  # mm: how far off the large table is what is said of it; its lines


@picture(height=35.2, minutes=2)
def whole_from_two(
    on: Canvas,
    tall: Rows,
    flat: Rows,
    whole: Rows,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    transposed: bool,
) -> None:
    """The table A B, each number of which comes from the number of its row, from A, and that of its column, from B,
    which are to be copied; and a large model's table, of which A and B are lines.

    inputs, outputs: the names of rows and columns. transposed: whether it is the other way round on the page.
    """
    if (len(tall), len(tall[0]), len(flat), len(flat[0])) != (3, 1, 1, 2):
        raise UndrawableError("a table of three rows and two columns has room, made from one column and one row")
    sides = [("A", inputs, [own for (own,) in tall]), ("B'", outputs, [*flat[0]])]
    (beside, rows, column), (above, columns, row) = sides[::-1] if transposed else sides
    table = [*zip(*whole, strict=True)] if transposed else whole
    begin, right = TOP + CELL_H + APART, WHOLE_AT + CELL_W * len(columns) + NAME_OFF

    def number(name: str, x: float, y: float, value: Any) -> None:
        if name == "A":
            on.number(x, y, value)
        else:
            on.blank(x, y, value, CELL_W, CELL_H, copied=True)

    if above == "A":
        on.box(WHOLE_AT, TOP, CELL_W * len(row), CELL_H, fill=LIGHT, width=BOX, colour=PALE)
    else:
        on.box(BESIDE_AT - CELL_W / 2, begin, CELL_W, CELL_H * len(column), fill=LIGHT, width=BOX, colour=PALE)
    on.math(right, TOP + CELL_H / 2 + 1.2, above, anchor="start")
    on.math(BESIDE_AT, begin - NAME_OFF, beside)
    on.math(right, begin + CELL_H * len(rows) / 2 + 1.2, f"{beside} {above}", anchor="start")
    for j, (name, value) in enumerate(zip(columns, row, strict=True)):
        middle = WHOLE_AT + CELL_W * (j + 0.5)
        on.text(middle, TOP - 1.6, name, CAPTION, colour=GREY)
        number(above, middle, TOP + CELL_H / 2, value)
    for i, (name, value, products) in enumerate(zip(rows, column, table, strict=True)):
        middle = begin + CELL_H * (i + 0.5)
        on.text(BESIDE_AT - CELL_W / 2 - 1.2, middle + 1.0, name, CAPTION, anchor="end", colour=GREY)
        number(beside, BESIDE_AT, middle, value)
        for j, product in enumerate(products):
            on.blank(WHOLE_AT + CELL_W * (j + 0.5), middle, product, CELL_W, CELL_H)
    times = MODEL_D**2 // (2 * MODEL_D * RANK)
    left, name_at = WHOLE_AT + CELL_W * len(columns) + LARGE_OFF, begin + LARGE / 2
    end = left + LARGE, begin + LARGE
    on.box(left, begin, LARGE, LARGE, fill=LIGHT, width=0)
    on.line((left - OFF, begin), (left - OFF, end[1]), width=HAIR)
    on.line((left, begin - OFF), (end[0], begin - OFF), width=HAIR)
    on.math(left - OFF - 2.2, name_at + 1.2, beside, colour=GREY)
    on.math(left + LARGE / 2, begin - OFF - 1.2, above, colour=GREY)
    on.math(left + LARGE / 2, name_at - 0.6, "W", colour=GREY)
    on.text(left + LARGE / 2, name_at + 4.2, f"{MODEL_D:,} × {MODEL_D:,}", SMALLEST, colour=GREY)
    for i, line in enumerate(on.say("pictures.whole_from_two.rank", rank=RANK, times=times).splitlines()):
        on.text(end[0] + NOTE_OFF, begin + NOTE_TOP + NOTE_LINE * i, line, CAPTION, anchor="start", colour=GREY)
    table_said = listed([f"({listed(products)})" for products in table])
    on.said(
        on.say("pictures.whole_from_two.said", a=listed(sides[0][2]), side=f"{MODEL_D:,}", rank=RANK, times=times),
        on.say("pictures.whole_from_two.to_do"),
        on.say("pictures.whole_from_two.told", b=listed(flat[0]), table=table_said),
    )
