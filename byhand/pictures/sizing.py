"""A picture of where the parameters of a model are."""

from __future__ import annotations

from byhand.pictures.canvas import AXIS, CAPTION, GREY, GUIDE, HAIR, PEN_AREA, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture

WIDE, HIGH, TOP = 84.0, 30.0, 1.0  # mm: the area that stands for all parameters, and its top
MOST_BLOCKS = 48  # columns that can be told apart


@picture(height=40, minutes=1)
def parameter_area(
    on: Canvas, words: Rows, positions: Rows, qkv: Rows, out: Rows, mlp_in: Rows, mlp_out: Rows, layers: Rows,
    all_parameters: Rows, *, model: int,
) -> None:  # fmt: skip
    """The parameters of a model as an area: words, a line of positions, and in each block attention and an MLP.

    model: the column of the model.
    """
    n, whole = int(layers[0][model]), float(all_parameters[0][model])
    parts = {"words": words, "positions": positions}
    shares = {name: float(rows[0][model]) / whole for name, rows in parts.items()}
    shares |= {"attention": n * float(qkv[0][model] + out[0][model]) / whole}
    shares |= {"mlp": n * float(mlp_in[0][model] + mlp_out[0][model]) / whole}
    norms = on.say("pictures.parameter_area.norms", share=f"{100 * (1 - sum(shares.values())):.2f} %")
    if n > MOST_BLOCKS or shares["words"] < 0.15 or shares["mlp"] + shares["attention"] < 0.4:
        raise UndrawableError("the parts of this model have no room for their names")
    on.box(0.0, TOP, WIDE, HIGH, width=0.4)
    on.text(WIDE / 2, TOP + HIGH / 2 + 1.0, on.say("pictures.parameter_area.ask"), CAPTION, colour=GREY)
    for tenth in range(11):
        x = WIDE * tenth / 10
        on.line((x, TOP + HIGH), (x, TOP + HIGH + (1.4 if tenth % 5 else 2.0)), width=GUIDE)
    for share, anchor in ((0, "start"), (50, "middle"), (100, "end")):
        on.text(WIDE * share / 100, TOP + HIGH + 5.0, f"{share} %", 2.5, anchor=anchor, colour=GREY)
    pen, left, line = on.pen, WIDE * shares["words"], WIDE * shares["positions"]
    pen.box(0.0, TOP, left, HIGH, fill=WHITE, width=0.4)
    pen.box(left, TOP, max(line, GUIDE), HIGH, fill=pen.ink, width=0)
    right = left + line
    width = WIDE - right
    height = HIGH * shares["mlp"] / (shares["mlp"] + shares["attention"])
    pen.box(right, TOP, width, height, fill=PEN_AREA, width=0.4)
    pen.box(right, TOP + height, width, HIGH - height, fill=WHITE, width=0.4)
    for block in range(1, n):
        x = right + width * block / n
        pen.line((x, TOP), (x, TOP + HIGH), width=AXIS if n < 25 else HAIR)
    places = {"words": (left / 2, HIGH / 2), "mlp": (right + width / 2, height / 2),
              "attention": (right + width / 2, (height + HIGH) / 2)}  # fmt: skip
    said = {name: on.say(f"pictures.parameter_area.{name}", n=n) for name in (*places, "positions")}
    percents = {
        name: f"{100 * share:.0f} %" if share > 0.02 else f"{100 * share:.1f} %" for name, share in shares.items()
    }
    for name, (x, y) in places.items():
        if name != "words":
            pen.box(x - 13.0, TOP + y - 3.9, 26.0, 7.8, fill=WHITE, width=0)
        pen.text(x, TOP + y - 0.4, said[name], TOKEN)
        pen.text(x, TOP + y + 3.1, percents[name], CAPTION)
    pen.text(left + line / 2, TOP + HIGH + 5.0, f"{said['positions']}: {percents['positions']}", 2.5)
    pen.text(WIDE, TOP + HIGH + 8.6, norms, 2.5, anchor="end")
    on.said(
        on.say("pictures.parameter_area.said"),
        on.say("pictures.parameter_area.to_do"),
        f"{', '.join(f'{said[name]} {percents[name]}' for name in shares)}; {norms}.",
    )
