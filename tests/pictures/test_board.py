"""The sketch for the board: words and arrows, read from a few lines."""

import pytest

from byhand.errors import SheetError
from byhand.pictures.board import HEIGHT, WIDTH, board
from byhand.pictures.shapes import Path, Rectangle, Text
from byhand.worksheet.messages import messages

HEAD = """
birds | *eat* | seeds
[4, −1] | ((1, 2)) |
eat => birds: 1/2
eat -> seeds
2.1 .> 2.2
> Thick: where “eat” looks.
"""


def paths(sketch, *commands):
    return [
        shape for shape in sketch.shapes if isinstance(shape, Path) and [c for c, _ in shape.steps] == [*commands]
    ]


def test_words_and_arrows_are_read():
    sketch = board(HEAD)
    assert [[(item.text, item.look, item.bold) for item in row] for row in sketch.rows] == [
        [("birds", "", False), ("eat", "", True), ("seeds", "", False)],
        [("4, −1", "box", False), ("1, 2", "ring", False), ("", "", False)],
    ]
    assert [(arrow.start, arrow.end, arrow.kind, arrow.label) for arrow in sketch.arrows] == [
        ((0, 1), (0, 0), "=>", "1/2"), ((0, 1), (0, 2), "->", ""), ((1, 0), (1, 1), ".>", ""),
    ]  # fmt: skip
    assert sketch.caption == "Thick: where “eat” looks."
    assert sketch.said(messages().say) == (
        "Board sketch. Rows of words: birds, eat, seeds; 4, −1, 1, 2. Arrows: eat to birds, 1/2; eat to seeds; 4, −1 to 1, 2."
    )


WIDTHS = {"1/2": 0.9, "0": 0.3, "0.25": 0.6, "1": 1.5, "3": 1.1, "−1/2": 1.1, "far": 1.1}


@pytest.mark.parametrize(("label", "wide"), WIDTHS.items())
def test_a_thick_arrow_is_as_thick_as_its_share(label, wide):
    (arrow,) = board(f"a | b\na => b: {label}").arrows
    assert arrow.width == pytest.approx(wide)
    (thin,) = board(f"a | b\na -> b: {label}").arrows
    assert thin.width == 0.45


def test_arrows_to_the_next_word_are_straight_and_others_are_bows():
    straight, bow = ("M", "L"), ("M", "Q")
    for lines, kinds in {
        "1.1 -> 1.2": (1, 0), "1.2 -> 1.1": (1, 0), "1.1 -> 1.3": (0, 1), "1.1 -> 1.1": (0, 1),
        "1.1 -> 1.2\n1.2 -> 1.3\n1.1 -> 1.3": (2, 1), "1.2 -> 1.1\n1.2 -> 1.3": (0, 2), "1.3 -> 1.2\n1.3 -> 1.1": (0, 2),
    }.items():  # fmt: skip
        sketch = board(f"a | b | c\n{lines}")
        assert (len(paths(sketch, *straight)), len(paths(sketch, *bow))) == kinds, lines


def test_rows_of_one_length_stand_in_columns():
    words = {}
    for text in board("position | 0 | 1\nfast | 3/4 | [2]").shapes:
        if isinstance(text, Text) and text.label.spans:
            words[text.label.spans[0].text] = text.x
    assert words["position"] == words["fast"] < words["0"] < words["1"] == words["2"]
    frame = board("a").shapes[0]
    assert isinstance(frame, Rectangle)
    assert (frame.x + frame.width, frame.y + frame.height) == pytest.approx((WIDTH - 0.3, HEIGHT - 0.3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            " | ".join(["a word that is far too long"] * 3),
            r"^“a word .*” has no room in one row; say it in fewer letters$",
        ),
        ("\n".join("abcdefghi"), r"^there are 9 rows of words; a board has room for 8$"),
        ("a -> " * 100, r"^a line has 499 characters; 300 are the most$"),
        ("", r"^a board has a row of words, such as birds \| eat \| seeds$"),
    ],
)
def test_what_has_no_room_is_told(text, message):
    with pytest.raises(SheetError, match=message):
        board(text)
