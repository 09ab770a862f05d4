"""The chart of a class's points: its axis."""

import pytest

from byhand.marking.charts import Points, points_plot


@pytest.mark.parametrize(("worth", "step"), [(12, 2), (13, 4), (24, 4), (25, 10), (600, 100), (20_000, 2000)])
def test_the_axis_has_about_seven_numbers(worth, step):
    assert Points({0: 1}, worth, [], []).step == step


def test_the_axis_is_in_points():
    drawn = points_plot(Points({0: 1, 24: 2}, 24, [6, 12, 18], []), "", "")
    assert [f">{points}<" in drawn for points in (0, 2, 4, 6, 8, 10, 12)] == [True] * 7
    assert ">24<" not in drawn
