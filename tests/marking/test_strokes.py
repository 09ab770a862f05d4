"""A marker's strokes are where they belong."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from byhand.marking.strokes import CROSS, FILLED, FORM, LEGEND, OUTLINE, form, squares

STEP = re.compile(r"([MLlhv])(-?[\d.]+)(?: (-?[\d.]+))?|z")


def segments(path):
    """The straight lines of a path, as pairs of points in order."""
    x = y = 0.0
    lines = []
    for step, a, b in STEP.findall(path):
        before = x, y
        match step:
            case "M":
                x, y = float(a), float(b)
                continue
            case "l":
                x, y = x + float(a), y + float(b)
            case "h":
                x += float(a)
            case "v":
                y += float(a)
            case _:
                continue  # z, back to where it began
        x, y = round(x, 3), round(y, 3)
        lines.append(sorted([before, (x, y)]))
    return sorted(lines)


def paths(drawing):
    """The paths of a drawing, by their looks."""
    return {look: path for path, look in re.findall(r'<path d="([^"]*)" (.*?)/>', drawing)}


@pytest.mark.parametrize("count", [1, 15, 40])
def test_a_square_that_is_not_right_is_crossed_from_corner_to_corner(count):
    """The last of so many; the more there are, the smaller they are."""
    drawn = paths(squares(["right"] * (count - 1) + ["not"], "said"))
    box = {point for line in segments(drawn[OUTLINE]) for point in line}
    (left, top), (right, bottom) = min(box), max(box)
    assert box == {(x, y) for x in (left, right) for y in (top, bottom)}
    assert segments(drawn[CROSS]) == [[(left, top), (right, bottom)], [(left, bottom), (right, top)]]


def test_squares_stand_in_reading_order_and_do_not_touch():
    filled = paths(squares(["right"] * 40, "said"))[FILLED]
    boxes = [[point for line in segments(f"M{box}") for point in line] for box in filled.removeprefix("M").split("M")]
    corners = [(min(box), max(box)) for box in boxes]
    assert len(corners) == 40
    assert [corner for corner, _ in corners] == sorted((corner for corner, _ in corners), key=lambda c: (c[1], c[0]))
    for (_, (right, bottom)), ((left, top), _) in pairwise(corners):
        assert left > right or top > bottom


def test_the_ring_of_the_legend_is_whole():
    x, y, r, width, height = (
        float(re.search(rf' {name}="([\d.]+)', LEGEND["empty"])[1]) for name in ("cx", "cy", "r", "width", "height")
    )
    assert r <= min(x, y)
    assert x + r <= width
    assert y + r <= height


def test_the_usual_form_stands_within_the_upper_right_corner_of_its_box():
    """A letter reaches from its line upwards, by less than its size."""
    x, y = map(float, re.findall(r' [xy]="([\d.]+)"', form(50, 20, "1/2")))
    assert 49 < x < 50
    assert 20 + FORM * 0.7 <= y <= 20 + FORM * 1.3
