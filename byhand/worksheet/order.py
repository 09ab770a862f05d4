"""The course: its sheets in order and in groups, and routes through it.

Each sheet says in its front matter to which group it belongs and after which sheet it comes; templates/course.toml
has the order of the groups, and the routes. A sheet's number is its place in all that, and is written nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.cache import cached_by
from byhand.errors import ByHandError, SheetError, UnknownNameError
from byhand.worksheet.folders import folders, shipped
from byhand.worksheet.front import parsed, text_of
from byhand.worksheet.program import code_key


class Placed(Struct, frozen=True):
    """Where a sheet belongs in the course, as its front matter says it."""

    group: str
    after: str = ""
    """The sheet of its group that it follows; "" for the first."""
    meets: tuple[str, ...] = ()
    """The parts of the map that one meets on it."""


class Route(Struct, frozen=True):
    """A way through some of the sheets. What it is called stands in the messages, as lecturer.routes.NAME."""

    name: str
    sittings: tuple[tuple[str, ...], ...]
    """The sheets of each day or week; one in several of them is spread evenly over these."""
    longest: int = 90
    """The minutes of paper that a sitting may take."""
    whole: bool = False
    """Whether it has every sheet of the course: one that no sitting names has a sitting of its own."""

    @property
    def names(self) -> set[str]:
        """The names of its sheets."""
        return set(chain.from_iterable(self.sittings))

    def with_all(self, course: Sequence[str]) -> Route:
        """The route with each sheet of the course that it does not have, after the sitting of the sheet before it."""
        sittings = [*self.sittings]
        for before, name in pairwise(("", *course)):
            if name not in self.names:
                at = max((n for n, names in enumerate(sittings, 1) if before in names), default=0)
                sittings.insert(at, (name,))
        return replace(self, sittings=tuple(sittings))

    def minutes(self, of: Mapping[str, int]) -> list[int]:
        """The minutes of each sitting. of: those of each sheet."""
        times = Counter(chain.from_iterable(self.sittings))
        return [round(sum(of[name] / times[name] for name in names)) for names in self.sittings]

    def places(self, name: str) -> list[int]:
        """In which sittings a sheet comes, from 1; for a route of one sitting, which in order the sheet is."""
        if len(self.sittings) == 1:
            return [place for place, each in enumerate(self.sittings[0], 1) if each == name]
        return [place for place, names in enumerate(self.sittings, 1) if name in names]


class Course(Struct, frozen=True):
    """The order of the groups, and the routes."""

    groups: tuple[str, ...]
    routes: tuple[Route, ...]


def groups() -> dict[str, tuple[str, ...]]:
    """The sheets of each group, in the order of the course."""
    return _groups(*_sheets())


def order() -> tuple[str, ...]:
    """The sheets of the course, in its order."""
    return tuple(chain.from_iterable(groups().values()))


def group_of(name: str) -> str:
    """The group of a sheet; "" for one that is not of the course."""
    return next((group for group, names in groups().items() if name in names), "")


def number_of(name: str) -> int:
    """The number of a sheet: its place in the course, from 1; 0 for a sheet that is not of the course."""
    names = order()
    return names.index(name) + 1 if name in names else 0


def after(name: str) -> tuple[str, ...]:
    """The sheet that comes after one in the course; none after the last one, or one that is not of the course."""
    number = number_of(name)
    return order()[number : number + 1] if number else ()


def place(name: str) -> tuple[int, str]:
    """What to sort sheets by: those of the course come first, in its order, and others after them, by name."""
    return number_of(name) or len(order()) + 1, name


def has_met(name: str, part: str) -> bool:
    """Whether one has met a part of the map on a sheet or before it; on one's own sheet, all parts are known."""
    meets = next((sheet for sheet, placed in _sheets()[0] if part in placed.meets), "")
    return number_of(name) == 0 or number_of(meets) <= number_of(name)


def routes() -> tuple[Route, ...]:
    """The routes through the course."""
    return tuple(route.with_all(order()) if route.whole else route for route in _course(folders()).routes)


def _sheets() -> tuple[tuple[tuple[str, Placed], ...], frozenset[str]]:
    """Where each sheet belongs that says so, and which of them are somebody's own."""
    own_sheets = _own_sheets(folders()[:-1])
    return tuple({**_shipped(), **own_sheets}.items()), frozenset(own_sheets)


@cache
def _shipped() -> Mapping[str, Placed]:
    return _shipped_places()


@cached_by("shipped", lambda: code_key("places"))
def _shipped_places() -> dict[str, Placed]:
    return _placed_in(shipped())


def _own_sheets(places: tuple[Path, ...]) -> dict[str, Placed]:
    """Where one's own sheets belong; one in place of a shipped sheet may leave it to that."""
    by_name = dict[str, Placed]()
    for folder in reversed(places):
        by_name |= _placed_in(folder)
    return by_name


def _placed_in(folder: Path) -> dict[str, Placed]:
    by_name = dict[str, Placed]()
    for path in sorted((folder / "worksheets").glob("*.md")):
        with suppress(ByHandError):  # which is told where the sheet is asked for
            if placed := _placed(parsed(path.name, text_of(path))[0]):
                by_name[path.stem] = placed
    return by_name


def _placed(front: Mapping[Any, Any]) -> Placed | None:
    if "group" not in front:
        return None
    return Placed(front["group"], front.get("after", ""), tuple(front.get("meets", ())))


@lru_cache(maxsize=2)
def _groups(sheets: tuple[tuple[str, Placed], ...], own_sheets: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The sheets of each group in their order: of two that follow the same sheet, one's own comes first.

    Raises: SheetError where a sheet names a group, or a sheet before it, that there is not.
    """
    names = _course(folders()).groups
    for name, placed in sheets:
        if placed.group not in names:
            raise SheetError(f"{name}.md: group: {UnknownNameError('group', placed.group, names)}")
    return {group: tuple(_chain({n: p.after for n, p in sheets if p.group == group}, own_sheets)) for group in names}


def _chain(after: Mapping[str, str], own_sheets: frozenset[str]) -> Iterator[str]:
    """The sheets of a group, each behind the one that it follows.

    Raises: SheetError where that is none of the group, or follows it itself.
    """
    left, seen = [""], set[str]()
    while left:
        name = left.pop()
        if name:
            seen.add(name)
            yield name
        behind = sorted((each for each in after if after[each] == name), key=lambda each: (each in own_sheets, each))
        left += behind
    if lost := sorted(after.keys() - seen):
        others = sorted(after.keys() - {lost[0]})
        raise SheetError(f"{lost[0]}.md: after: {UnknownNameError('sheet of its group', after[lost[0]], others)}")


@cache
def _course(places: tuple[Path, ...]) -> Course:
    """The course of one's own folder, or the shipped one."""
    path = next((path for folder in places[:-1] if (path := folder / "course.toml").is_file()), None)
    return _course_in(path) if path else _shipped_course()


@cached_by("shipped", lambda: code_key("course.toml"))
def _shipped_course() -> Course:
    return _course_in(shipped() / "course.toml")


def _course_in(path: Path) -> Course:
    import tomllib

    entries = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    routes = (
        Route(each["name"], tuple(map(tuple, each["sittings"])), whole=each.get("whole", False))
        for each in entries["routes"]
    )
    return Course(tuple(entries["groups"]), tuple(routes))
