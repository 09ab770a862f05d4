"""The lecturer's page: routes that add up, and for each sheet a mistake that its numbers show."""

import pytest
from every_sheet import ORDER
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.course import course
from byhand.mistakes import MISTAKES, cells_changed
from byhand.model.weights import complete
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.lecturer import lecturer
from byhand.worksheet.messages import messages
from byhand.worksheet.order import group_of, routes
from byhand.worksheet.sheet import load_sheet

LOOK_FOR = {name: load_sheet(name).lecturer.mistake for name in ORDER}


def page(names=ORDER):
    listed = {sheet.name: (sheet.name, sheet.number, sheet.title, sheet.minutes) for sheet in course()}
    return lecturer([listed[name] for name in names], messages())


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
def test_a_route_adds_up(route):
    minutes = route.minutes({sheet.name: sheet.minutes for sheet in course()})
    assert max(minutes) <= route.longest
    assert (
        min(at for at, names in zip(minutes, route.sittings, strict=True) if len(names) > 1 or not route.whole) >= 30
    )


def test_the_minutes_are_those_of_the_head_line():
    told = {sheet.name: sheet.minutes for sheet in page().sheets}
    for name in ORDER:  # in the sheet's own kind of numbers, which may be letters
        assert told[name] == prepare(load_sheet(name), Options().on(load_sheet(name)))[0].effort.minutes, name
    (lecture,) = (route for route in page().routes if route.route.name == "lecture")
    assert lecture.minutes == (sum(told[name] for name in lecture.route.names),)
    assert str(sum(lecture.minutes)) in lecture.time


def test_a_week_and_a_term_keep_the_order_of_the_course():
    for route in routes():
        names = list(dict.fromkeys(name for names in route.sittings for name in names))
        assert names == sorted(names, key=ORDER.index)
    (term,) = (route for route in routes() if route.name == "term")
    assert term.names == set(ORDER)
    less = replace(term, sittings=tuple(names for names in term.sittings if "softmax" not in names))
    assert ("softmax",) in less.with_all(ORDER).sittings
    assert less.with_all(ORDER).names == set(ORDER)


def test_a_sheet_in_two_sittings_is_spread_over_both():
    (term,) = (route for route in routes() if route.name == "term")
    minutes = {**dict.fromkeys(ORDER, 0), "encoder-decoder": 105}
    assert sorted(term.minutes(minutes))[-2:] == [52, 52]
    assert len(term.places("encoder-decoder")) == 2


def test_each_group_is_named_where_it_begins():
    assert [sheet.group for sheet in page().sheets if sheet.group] == [
        messages().say(f"course.groups.{group}") for group in dict.fromkeys(map(group_of, ORDER))
    ]


def test_a_part_of_the_course_has_only_the_routes_that_it_holds():
    assert page(("softmax",)).routes == ()
    names = {route.route.name for route in page([name for name in ORDER if name != "sampling"]).routes}
    assert names == {"lecture", "week"}


def test_each_sheet_has_a_mistake_to_look_for():
    assert {foil for foil in LOOK_FOR.values() if foil} <= MISTAKES.keys()
    told = [(sheet.look_for, sheet.thinks, sheet.ask) for sheet in page().sheets]
    assert len(set(told)) == len(ORDER)
    assert all(thinks.endswith(".") and ask.endswith(("?", ".", ")")) for _, thinks, ask in told)


@pytest.mark.parametrize("name", [name for name, foil in LOOK_FOR.items() if foil])
def test_the_mistake_to_look_for_shows_in_the_numbers_of_its_sheet(name):
    sheet = load_sheet(name)
    tape = sheet.model.run(complete(sheet.given(letters=False)), RATIONALS)
    for step in prepare(sheet, Options())[1].steps:  # a gpt has a loss besides, which few numbers make whole
        tape.values(step)
    assert cells_changed(tape, LOOK_FOR[name])
