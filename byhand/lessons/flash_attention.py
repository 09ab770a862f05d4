"""Softmax in tiles: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import e
from typing import Any

from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.layers import softmax
from byhand.model.registry import Results, model
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import has_columns_of_their_own, has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task
from byhand.numbers.scores import different, draw_values, only, totals
from byhand.ops.attention import max_so_far, normalize_rows, power_of, row_max, row_sum
from byhand.ops.linear import add, matmul, multiply, scale_rows, subtract
from byhand.ops.norms import center
from byhand.ops.shapes import hstack, vstack
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, GUIDE, PALE, PEN_AREA, TOKEN, Canvas
from byhand.pictures.labels import words
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("flash-attention", part="heads")
def _steps(build: Builder) -> Results:
    """Softmax and mixture in tiles, of which only one is looked at at a time: scores `attn.tile0.scores` and values
    `attn.tile0.v`, then those of tile 1, and so on. Also the same at once.

    Source: Milakov & Gimelshein 2018; Dao et al. 2022.
    """
    base, tape, tiles = build.config.softmax_base, build.tape, 0
    while f"attn.tile{tiles}.scores" in tape.numbers:
        tiles += 1
    given = [
        (
            build.matrix(f"attn.tile{t}.scores", ("new", f"tile{t}")),
            build.matrix(f"attn.tile{t}.v", (f"tile{t}", "d_v")),
        )
        for t in range(max(1, tiles))
    ]
    state: tuple[Matrix, Matrix, Matrix] | None = None  # the largest so far, the sum, the unfinished mixture
    for t, (scores, v) in enumerate(given):
        at = f"attn.tile{t}"
        top = max_so_far(scores, state[0], name=f"{at}.max") if state else row_max(scores, name=f"{at}.max")  # (1, 1)
        powers = power_of(center(scores, top, name=f"{at}.shifted"), name=f"{at}.exp", base=base)  # (1, tile)
        if state is None:
            state = top, row_sum(powers, name=f"{at}.sum"), matmul(powers, v, name=f"{at}.out")
            continue
        before, total, out = state
        factor = power_of(subtract(before, top, name=f"{at}.fall"), name=f"{at}.factor", base=base)  # (1, 1)
        kept, kept_out = (
            multiply(total, factor, name=f"{at}.kept_sum"),
            scale_rows(out, factor, name=f"{at}.kept_out"),
        )
        total = add(kept, row_sum(powers, name=f"{at}.new_sum"), name=f"{at}.sum")
        state = top, total, add(kept_out, matmul(powers, v, name=f"{at}.new_out"), name=f"{at}.out")
    assert state is not None
    length = sum(scores.cols for scores, _ in given), "pos"
    whole = hstack(*(scores for scores, _ in given), name="plain.scores", sizes={"j": length})  # (1, pos)
    values = vstack(*(v for _, v in given), name="plain.v", sizes={"i": length})  # (pos, d_v)
    plain = matmul(softmax(whole, "plain.pattern", base), values, name="plain.z")
    return normalize_rows(state[2], state[1], name="attn.z"), plain


# ---- the same, written down a second time ----


@wiring("flash-attention")
def _second(w: Wiring) -> None:
    """Softmax in tiles (Milakov & Gimelshein 2018; Dao et al. 2022, algorithm 1), and the same at once."""
    base, tiles = w.config["softmax_base"], len([name for name in w.given if name.endswith("scores")])
    total = out = top = ""
    for t in range(tiles):
        at = f"attn.tile{t}"
        before, scores = top, f"{at}.scores"
        top = w(f"{at}.max", "max_so_far", scores, before) if before else w(f"{at}.max", "row_max", scores)
        powers = w(f"{at}.exp", "power_of", w(f"{at}.shifted", "center", scores, top), base=base)
        if not before:
            total, out = w(f"{at}.sum", "row_sum", powers), w(f"{at}.out", "matmul", powers, f"{at}.v")
            continue
        factor = w(f"{at}.factor", "power_of", w(f"{at}.fall", "subtract", before, top), base=base)
        old = w(f"{at}.kept_sum", "multiply", total, factor), w(f"{at}.kept_out", "scale_rows", out, factor)
        total = w(f"{at}.sum", "add", old[0], w(f"{at}.new_sum", "row_sum", powers))
        out = w(f"{at}.out", "add", old[1], w(f"{at}.new_out", "matmul", powers, f"{at}.v"))
    w("attn.z", "normalize_rows", out, total)
    whole = w("plain.scores", "hstack", *(f"attn.tile{t}.scores" for t in range(tiles)))
    values = w("plain.v", "vstack", *(f"attn.tile{t}.v" for t in range(tiles)))
    w("plain.z", "matmul", w.softmax("plain.pattern", whole), values)


# ---- its numbers ----

TILE = 2
LARGEST_OF_TILES = 14  # of the powers of both tiles: with smaller ones, the largest score would always grow by 1


def _has_two_tiles(task: Task) -> str:
    tiles = [name for name in task.values.inputs if name.endswith("scores")]
    shape = {len(task.values.inputs[name][0]) for name in tiles}
    return "" if (len(tiles), shape) == (2, {TILE}) else "numbers are chosen for two tiles of two scores; use these"


def _shares_are_easy(run: Candidates) -> Bools:
    """All tokens' shares are easy, and their scores are not only two numbers."""
    scores = run("plain.scores")[:, 0]
    return (totals(scores, run.base) <= LARGEST_OF_TILES) & (different(scores) > 2)


@draw("flash-attention", like_sheet=True, requires=[_has_two_tiles], fits=[_shares_are_easy])
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Scores in two tiles, and values, of which no row is all zeros."""
    scores, v = dice.below(5, count, 1, 2 * TILE), draw_values(dice, count, 2 * TILE, task.config.d_v)
    v = only(v, (v != 0).any(2).all(1))
    tiles = [scores[..., :TILE], scores[..., TILE:]], [v[:, :TILE], v[:, TILE:]]
    return {f"attn.tile{t}.{name}": x[t] for name, x in zip(("scores", "v"), tiles, strict=True) for t in range(2)}


@sheet_promise
def maximum_grows(tape: Tape) -> bool:
    """The second tile's largest score is 1 or 2 above the first's; in each tile, one is larger than its others. No
    mixture has one number for all dimensions.
    """
    rows = [tape.values(f"attn.tile{t}.scores")[0] for t in (0, 1)]
    mixtures = [tape.values(f"attn.{name}") for name in ("tile0.out", "tile1.new_out", "tile1.out")]
    grows = max(rows[1]) - max(rows[0]) in (1, 2) and all(map(has_one_largest, rows))
    return grows and all(map(has_columns_of_their_own, mixtures))


# ---- its mistakes ----


@mistake(
    told="The sum and the mixture of the tiles before left as they were when a larger score came.",
    mend="Multiply both by the same power, as far as the largest score has risen, and then add the new tile.",
    after="u-for-v",
)
def no_rescale(step: Step, tape: Tape) -> Iterable[Step]:
    """Neither the sum nor the mixture so far is multiplied by the factor."""
    return [skipped(step) if step.name.endswith((".kept_sum", ".kept_out")) else step]


@mistake(
    told="The mixture so far multiplied by the factor, and its sum not.",
    mend="Multiply the sum, too: the sum and the mixture belong together.",
    after="u-for-v",
)
def only_o_rescaled(step: Step, tape: Tape) -> Iterable[Step]:
    """The sum so far is not multiplied by the factor."""
    return [skipped(step) if step.name.endswith(".kept_sum") else step]


# ---- its picture ----

SCORE, SHARE, TILE_TOP = 3.9, 14.0, 5.4  # the height of a score of 1, of a power of 1, and where the tiles begin
BAR_PITCH = 5.4  # from one power to the next


@picture(height=46.5, minutes=3)
def two_tiles(
    on: Canvas, first: Rows, second: Rows, before: Rows, after: Rows, *, base: Sequence[Any], tokens: Sequence[str]
) -> None:
    """Two tiles of scores, and the largest so far over each; the powers after the first tile, and after the second,
    when the old ones have shrunk.

    first, second: the scores of the tiles. before, after: the largest so far. tokens: the word of each score.
    """
    tiles, tops = (first[0], second[0]), (before[0][0], after[0][0])
    scores = [*tiles[0], *tiles[1]]
    if len(scores) != 4 or min(scores) < 0 or max(scores) > 6 or not 1 <= tops[1] - tops[0] <= 2:
        raise UndrawableError("two tiles of two scores from 0 to 6, of which the second has a larger one")
    if len(tokens) != 4 or max(words(token, CAPTION).width for token in tokens) > BAR_PITCH:
        tokens = "1234"
    floor = 33.0
    for t, (tile, top) in enumerate(zip(tiles, tops, strict=True)):
        left = 2.0 + 19 * t
        on.text(left + 8.5, 3.6, on.say("pictures.two_tiles.tile", n=t + 1), CAPTION)
        on.box(left, TILE_TOP, 17, floor - TILE_TOP + 1.6, dash=DASH, width=GUIDE, colour=PALE)
        for k, score in enumerate(tile):
            x, y = left + 4.5 + 8 * k, floor - SCORE * float(score)
            on.line((x, floor), (x, y), width=AXIS, colour=PALE)
            on.disc(x, y)
            on.number(x, floor + 4.2, score, TOKEN)
            on.text(x, floor + 8.4, tokens[2 * t + k], CAPTION, colour=GREY)
        height = floor - SCORE * float(top)
        on.pen.line((left, height), (left + 17, height), width=0.9)
    on.line((2, floor), (38, floor), width=AXIS)
    small = e if base[0] == "e" else float(base[0])
    powers = [[small ** float(x - tops[0]) for x in tiles[0]]]
    powers.append([small ** float(x - tops[1]) for x in scores])
    for n, (left, bars) in enumerate(zip((46.0, 62.0), powers, strict=True)):
        wide = BAR_PITCH * len(bars)
        on.text(left + wide / 2, 3.6, on.say("pictures.two_tiles.after", n=n + 1), CAPTION)
        on.line((left - 1, floor - SHARE), (left + wide + 0.4, floor - SHARE), width=GUIDE, colour=PALE, dash=DASH)
        on.text(left - 1.6, floor - SHARE + 1, "1", CAPTION, anchor="end", colour=GREY)
        on.line((left - 1, floor), (left + wide + 0.4, floor), width=AXIS)
        for k, power in enumerate(bars):
            x = left + BAR_PITCH * k
            on.pen.box(x, floor - SHARE * power, 4.2, SHARE * power, fill=PEN_AREA, width=0.4)
            on.text(x + 2.1, floor + 4.2, tokens[k], CAPTION, colour=GREY)
    on.text(2, 45.6, on.say("pictures.two_tiles.bars"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.two_tiles.said", first=listed(tiles[0]), second=listed(tiles[1])),
        to_do=on.say("pictures.two_tiles.to_do"),
        key=on.say("pictures.two_tiles.key", before=value_text(tops[0]), after=value_text(tops[1])),
    )
