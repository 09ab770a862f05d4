"""What a lecturer is told of the course: routes and their times, and what to look for on each sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from byhand.worksheet.messages import Messages
from byhand.worksheet.order import Route, group_of
from byhand.worksheet.order import routes as all_routes
from byhand.worksheet.sheet import load_sheet


class Told(Struct, frozen=True):
    """A sheet of the course as the lecturer is told of it."""

    name: str
    number: int
    title: str
    minutes: int
    group: str
    """The name of its group, where that begins; else ""."""
    places: tuple[str, ...]
    """For each route, in which of its sittings it is."""
    look_for: str
    """The mistake to look for."""
    thinks: str
    """What the student may think."""
    ask: str
    """What to ask the student."""
    foil: str
    """What `byhand foils` calls this mistake; "" where it does not have it."""


class RouteTold(Struct, frozen=True):
    """A route as the lecturer is told of it."""

    route: Route
    name: str
    short: str
    """The name that stands over a column."""
    minutes: tuple[int, ...]
    """The minutes of each sitting."""
    time: str
    about: str


class Lecturer(Struct, frozen=True):
    """The lecturer's page."""

    routes: tuple[RouteTold, ...]
    sheets: tuple[Told, ...]


def lecturer(sheets: Sequence[tuple[str, int, str, int]], messages: Messages, transposed: bool = False) -> Lecturer:
    """The lecturer's page for some sheets of the course, each with its name, number, title and minutes.

    Routes are those whose sheets are all among these. transposed: whether tokens are columns.
    """
    say = messages.say
    routes = routes_told({name: time for name, _, _, time in sheets}, messages)
    told, group = [], ""
    for name, number, title, time in sheets:
        begins, group = group_of(name) != group, group_of(name)
        of = load_sheet(name, messages.language).lecturer
        places = tuple("–".join(map(str, each.route.places(name))) for each in routes)
        heading = say(f"course.groups.{group}") if begins else ""
        look_for, thinks, ask = (messages.turned(text, transposed) for text in (of.look_for, of.thinks, of.ask))
        told.append(Told(name, number, title, time, heading, places, look_for, thinks, ask, of.mistake))
    return Lecturer(routes, tuple(told))


def routes_told(minutes: Mapping[str, int], messages: Messages) -> tuple[RouteTold, ...]:
    """The routes whose sheets are all there. minutes: of each sheet, by name."""
    return tuple(_route(route, minutes, messages) for route in all_routes() if route.names <= minutes.keys())


def _route(route: Route, minutes: Mapping[str, int], messages: Messages) -> RouteTold:
    times, at = route.minutes(minutes), f"lecturer.routes.{route.name}"
    places = {"n": len(times), "minutes": sum(times), "least": min(times), "most": max(times)}
    name, short, time, about = (messages.say(f"{at}.{part}", **places) for part in ("name", "short", "time", "about"))
    return RouteTold(route, name, short, tuple(times), time, about)
