"""The map of a sheet that changes the ordinary block: the grey is the same on every sheet, and stays where it is."""

from collections import Counter

import pytest

from byhand.errors import SheetError
from byhand.page.delta_map import DRAWINGS, GREY, HEIGHT, WIDTH, graphic, said
from byhand.pictures.shapes import Circle, Path, Rectangle, Text
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import Delta

SAY = messages("en")
OLD = {name: Delta(name, "+", "new", "a change", "it shows", "#. ##") for name in DRAWINGS}


def grey(delta):
    """The grey shapes, each as often as it is there."""
    shapes = graphic(delta, SAY).printed
    return Counter(
        shape for shape in shapes if not isinstance(shape, Text) and GREY in (shape.look.fill, shape.look.stroke)
    )


def points(shape):
    """The points that a shape reaches, those of curves without their handles."""
    match shape:
        case Rectangle(x, y, w, h):
            return [(x, y), (x + w, y + h)]
        case Circle(x, y, r):
            return [(x - r, y - r), (x + r, y + r)]
        case Path(steps):
            return [numbers[-2:] for _, numbers in steps if numbers]
    return []


@pytest.mark.parametrize("name", OLD)
def test_nothing_grey_moves(name):
    """The grey of a map is a part of the whole block, but for what is struck out, which is dashed, and for the two of
    four networks that rest.
    """
    whole, here = grey(OLD["to_scores"]), grey(OLD[name])
    new = {shape for shape in here if not shape.look.dash} - set(whole)
    assert len(new) == (2 if name == "experts" else 0)
    assert len(here) > len(whole) / 2


@pytest.mark.parametrize("name", OLD)
def test_all_that_is_drawn_has_its_place_on_the_map(name):
    reached = [point for shape in graphic(OLD[name], SAY).printed for point in points(shape)]
    assert all(-0.01 <= x <= WIDTH + 0.01 and -0.01 <= y <= HEIGHT + 0.01 for x, y in reached)


@pytest.mark.parametrize(
    ("sign", "told"),
    [("+", "New: a change."), ("−", "Taken away: a change."), ("instead of", "Instead of a change.")],
)
def test_the_alternative_text_says_the_block_and_the_change(sign, told):
    text = said(Delta("turn", sign, what="a change", so="it shows"), SAY)
    assert text.startswith("The ordinary block in grey: queries, keys and values")
    assert text.endswith(f"{told} So it shows.")


@pytest.mark.parametrize(
    ("delta", "message"),
    [
        (Delta("tunr"), "delta: draws: no drawing 'tunr'; did you mean 'turn'?"),
        (Delta("pattern", grid="#. #"), "delta: grid: '#. #' is no square of #, + and ."),
    ],
)
def test_what_cannot_be_drawn_is_one_line(delta, message):
    with pytest.raises(SheetError) as caught:
        graphic(delta, SAY)
    assert str(caught.value).startswith(message)
