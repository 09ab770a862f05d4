"""The look of a figure's table on paper: sizes, distances and colours, for print.css and for the pen of PDFs."""

from collections.abc import Mapping

from byhand.pictures.canvas import GREY, INK, PEN, WHITE

Sizes = Mapping[str, float]  # by what has them
LOOK = {
    # type, in pt
    "number": 11.5, "answer": 10.5, "small": 9.0, "smaller": 8.0,
    "written": 10.8, "written_small": 8.0, "written_smaller": 6.0,  # by a student, as large as the box allows
    "token": 9.5, "label": 8.0, "caption": 8.4, "tag": 8.4, "tag_math": 10.5, "sign": 12.0, "check": 8.0,
    # a pill with a source: its text, in pt; its height, the space before it, in it and at its end, in mm; its line
    "pill": 7.6, "pill_high": 3.4, "pill_apart": 1.0, "pill_gap": 0.8, "pill_end": 1.2, "pill_edge": 0.5,
    "pill_mid": 0.9,  # its middle, over the baseline
    # lines round answers, copies and boxes to tick, in pt
    "edge": 0.8, "copy_edge": 0.6, "tick_edge": 0.6, "rule_edge": 0.5,
    # the room to the right of labels and captions; the line of a caption; from rule to rule; a box to tick, all in mm
    "token_room": 2.0, "inner_room": 1.6, "side_room": 1.4, "caption_line": 4.0,
    "rule": 8.0, "tick": 2.3, "tick_room": 1.4, "tick_down": 0.2,
    "field": 5.2,  # the height of a field for one line, on a form
    # the lines of tags and formulas, in pt
    "tag_line": 10.5, "formula_line": 18.0,
    # of formulas, in ems
    "index": 0.72, "sub": 0.24, "sup": 0.46, "bar": 0.045, "bar_room": 0.06, "bar_start": 0.02,
}  # fmt: skip
LARGE_LOOK = LOOK | {
    # in large print no text has less than 18 pt, nor have the digits of a built fraction, which are smaller ones
    "number": 24.0, "answer": 24.0, "small": 20.0, "smaller": 20.0,
    "written": 20.0, "written_small": 18.0, "written_smaller": 18.0,
    "token": 18.0, "label": 18.0, "caption": 18.0, "tag": 18.0, "tag_math": 18.0, "sign": 20.0, "check": 18.0,
    "pill": 18.0, "pill_high": 8.4, "pill_apart": 2.0, "pill_gap": 1.6, "pill_end": 2.4, "pill_edge": 1.0,
    "pill_mid": 2.2,
    "edge": 1.4, "copy_edge": 1.4, "tick_edge": 1.2, "rule_edge": 1.2,
    "token_room": 4.0, "inner_room": 3.2, "side_room": 2.8, "caption_line": 8.4,
    "rule": 14.0, "tick": 6.0, "tick_room": 3.0, "tick_down": 0.8, "tag_line": 22.0, "formula_line": 26.0,
    "index": 0.8,
    "field": 9.5,
}  # fmt: skip
LOOKS: Mapping[str, Sizes] = {"": LOOK, "large": LARGE_LOOK}
PX = 96 / 25.4  # in a mm
LEAD = "byhand:"  # begins the address of a link in print that a book may have; the name of a sheet follows
COLOURS = {
    "ink": INK, "grey": GREY, "tag": "#333333", "pen": PEN, "written": "#333333", "ground": WHITE, "rule": "#999999",
    "bead": "#444444",
}  # fmt: skip
# in large print nothing is grey but a pale ground, and that has a strong edge
LARGE_COLOURS = COLOURS | {"grey": INK, "tag": INK, "written": INK, "rule": INK, "bead": INK}
COLOURS_OF: Mapping[str, Mapping[str, str]] = {"": COLOURS, "large": LARGE_COLOURS}  # by the names of LOOKS
