"""Who may look at whom: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from byhand.model.builder import Builder
from byhand.model.layers import last_row, softmax
from byhand.model.registry import Results, model
from byhand.notation.text import value_text
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import are_easy, different, draw_values, totals
from byhand.ops.attention import column_sum, heard_of, mask_pattern, may_see, row_sum
from byhand.ops.linear import matmul
from byhand.ops.shapes import vstack
from byhand.pictures.canvas import CAPTION, GREY, PEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----

SPARSE = {  # the patterns of who may look at whom, by name, each with its width; the window's is that of the config
    "causal": ("all", 1),
    "window": ("window", 0),
    "every_second": ("dilated", 2),
    "strided": ("strided", 2),
    "first": ("global", 2),
}
LAYERS_OF = ("window", "every_second")  # of these, what the last token has heard of after each of some layers
MOST_LAYERS = 3


@model("sparse-patterns", part="heads", only={"use_local_attn": (True,)})
def _steps(build: Builder) -> Results:
    """Who may look at whom by several patterns, and how many scores each computes; of some, what the last token has
    heard of after 1, 2 and 3 layers. And the last token's scores, `attn.scores`, in a window, and in none.

    Source: Child et al. 2019; Beltagy, Peters & Cohan 2020.
    """
    replace(build.config, use_local_attn=True)  # refuses a window that holds no token
    c, scores, v = build.config, build.matrix("attn.scores", ("new", "pos")), build.matrix("attn.v", ("pos", "d_v"))
    last, everyone = scores.cols - 1, {"i": (scores.cols, "pos"), "j": (scores.cols, "pos")}
    results, seen = [], {}
    for name, (pattern, width) in SPARSE.items():
        seen[name] = may_see(
            name=f"seen.{name}", tape=build.tape, sizes=everyone, pattern=pattern, width=width or c.window_size
        )
        each = row_sum(seen[name], name=f"seen.{name}.each")  # (pos, 1)
        results.append(column_sum(each, name=f"count.{name}"))
    for name in LAYERS_OF:
        rows = [last_row(seen[name], f"heard.{name}.1")]
        for layer in range(2, MOST_LAYERS + 1):
            rows.append(heard_of(rows[-1], seen[name], name=f"heard.{name}.{layer}"))
        results.append(vstack(*rows, name=f"heard.{name}", sizes={"i": (MOST_LAYERS, "layer")}))

    local = mask_pattern(scores, name="attn.local", pattern="window", width=c.window_size, first=last)
    results.append(matmul(softmax(local, "attn.pattern", c.softmax_base), v, name="attn.z"))
    return *results, softmax(scores, "plain.pattern", c.softmax_base)


# ---- the same, written down a second time ----


@wiring("sparse-patterns")
def _second(w: Wiring) -> None:
    """Who may look at whom, by Child et al. 2019 and Beltagy et al. 2020, with the window of the config; and one row
    in a window, and in none.
    """
    c, length = w.config, w.shapes["attn.scores"][1]
    near = {"pattern": "window", "width": c.get("window_size", 0)}
    patterns = {
        "causal": {"pattern": "all", "width": 1},
        "window": near,
        "every_second": {"pattern": "dilated", "width": 2},
        "strided": {"pattern": "strided", "width": 2},
        "first": {"pattern": "global", "width": 2},
    }
    for name, params in patterns.items():
        grid = w(f"seen.{name}", "may_see", shape=(length, length), **params)
        w(f"count.{name}", "column_sum", w(f"seen.{name}.each", "row_sum", grid))
    for name in ("window", "every_second"):
        rows = [w(f"heard.{name}.1", "gather_rows", f"seen.{name}", rows=[length - 1])]
        for layer in (2, 3):
            rows.append(w(f"heard.{name}.{layer}", "heard_of", rows[-1], f"seen.{name}"))
        w(f"heard.{name}", "vstack", *rows)
    local = w("attn.local", "mask_pattern", "attn.scores", first=length - 1, **near)
    w("attn.z", "matmul", w.softmax("attn.pattern", local), "attn.v")
    w.softmax("plain.pattern", "attn.scores")


# ---- its numbers ----


EASY_TOTALS = (10, 12, 15, 16, 18, 20)  # of six powers of 2, the smallest being 1


def _shares_are_easy(run: Candidates) -> Bools:
    """The last token's shares of all and of those in the window are easy, and its scores are not only two numbers."""
    scores = run("attn.scores")[:, 0]
    seen = scores[:, -run.task.config.window_size :]
    easy: Bools = np.isin(totals(scores, run.base), EASY_TOTALS) & are_easy(seen, run.base) & (different(scores) > 2)
    return easy


@draw("sparse-patterns", like_sheet=True, requires=[exactly(6, window_size=3)], fits=[_shares_are_easy])
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Scores of the last of six tokens, and values."""
    return {
        "attn.scores": dice.below(5, count, 1, task.n) - 1,
        "attn.v": draw_values(dice, count, task.n, task.config.d_v),
    }


@sheet_promise
def window_hides_whom_one_looks_at(tape: Tape) -> bool:
    """Without a window the last of six tokens looks most at the second, which is too far away for the window and is
    one of every second; in the window it looks most at one token.
    """
    plain, local = (tape.values(f"{name}.pattern")[0] for name in ("plain", "attn"))
    every_second = tape.values("seen.every_second")[-1]
    hidden = local[1] == 0 and every_second[1] == 1 and plain != local
    return hidden and plain.index(max(plain)) == 1 and all(map(has_one_largest, (plain, local)))


# ---- its picture ----

GRIDS = ("causal", "window", "every_second", "strided", "first")  # the patterns, of which the first two are printed
CELL = 3.4


@picture(width=118, height=36, minutes=3, target=CELL)
def sparse_grids(on: Canvas, *seen: Rows, transposed: bool = False) -> None:
    """Grids of who may look at whom, of which the last three are shaded by the student.

    seen: for each pattern (GRIDS), 1 where a token sees another, else 0. transposed: whether each column is a word
    that asks.
    """
    n = len(seen[0])
    width = int(max(map(sum, seen[1])))
    if len(seen) != len(GRIDS) or n != 6:
        raise UndrawableError("five patterns of six words have room")
    pitch = (118 - n * CELL) / (len(GRIDS) - 1)
    for k, (name, rows) in enumerate(zip(GRIDS, seen, strict=True)):
        left, top, pen = pitch * k, 9.4, on.pen if k > 1 else on
        lines = [name, f"{name}_2"] if name in ("strided", "first") else [name]
        for line, y in zip(reversed(lines), (7.2, 3.8), strict=False):
            on.text(left + n * CELL / 2, y, on.say(f"pictures.sparse_grids.{line}", width=width), CAPTION)
        for i, row in enumerate(rows):
            for j, sees in enumerate(row):
                if sees:
                    across, down = (i, j) if transposed else (j, i)
                    pen.box(left + CELL * across, top + CELL * down, CELL, CELL, fill=PEN if k > 1 else GREY, width=0)
        on.grid(left, top, n, n, CELL)
    kind = "columns" if transposed else "rows"
    on.text(0, 34.8, on.say(f"pictures.sparse_grids.{kind}"), CAPTION, anchor="start", colour=GREY)
    counts = {name: value_text(sum(map(sum, rows))) for name, rows in zip(GRIDS, seen, strict=True)}
    on.said(
        on.say(f"pictures.sparse_grids.said_{kind}", n=n, width=width, before=width - 1),
        on.say("pictures.sparse_grids.to_do"),
        on.say("pictures.sparse_grids.key", **counts),
    )
