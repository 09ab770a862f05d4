"""Where the boxes of a class stand on its pages: places.json, which `class --scan` writes and `scan` reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, field

from byhand import __version__
from byhand.errors import OutputError, RosterError
from byhand.press import MARK_SIDE, Edges, corners

PLACES_FILE, SCHEMA = "places.json", 1


class PlacesOfPage(Struct, frozen=True):
    """A page of a copy."""

    sheet: str
    """The sheet whose page it is; "" for a cover."""
    boxes: dict[str, Edges] = {}
    """The box of each answer by its id, in mm; where one of several is ticked, of each option."""


class PlacesOfCopy(Struct, frozen=True):
    """A copy that is to come back."""

    code: str
    """What its marks say of it."""
    student: str
    """The student's id."""
    pages: tuple[int, ...]
    """Its pages, by their places among those of the class."""


class Places(Struct, frozen=True):
    """The places of a class, as its file has them."""

    name: str
    """The name of the sheet or the paper."""
    paper: tuple[float, float]
    """The width and the height of a page, in mm."""
    side: float
    """The side of a mark, in mm."""
    corners: tuple[tuple[float, float], ...]
    """The upper left corners of the four marks, in mm."""
    pages: tuple[PlacesOfPage, ...]
    """The different pages."""
    copies: tuple[PlacesOfCopy, ...]
    schema: int = SCHEMA
    byhand: str = __version__


class PlacesWriter(Struct):
    """The places of a class that is being made."""

    name: str
    """The name of the sheet or the paper."""
    paper: tuple[float, float]
    """The width and the height of a page, in mm."""
    pages: dict[bytes, int] = field(default_factory=dict)
    """The different pages, as JSON, and their places."""
    copies: dict[str, PlacesOfCopy] = field(default_factory=dict)

    def add(self, code: str, student: str, pages: Sequence[PlacesOfPage]) -> None:
        """Add a copy.

        Raises: OutputError where another has its code, which hardly ever happens.
        """
        if code in self.copies:
            others = f"{self.copies[code].student!r} and {student!r}"
            raise OutputError(
                f"the marks of {others} would be the same; give one of them another id, or leave out --scan"
            )
        numbers = (
            self.pages.setdefault(json.dumps(msgspec.to_builtins(page)).encode(), len(self.pages)) for page in pages
        )
        self.copies[code] = PlacesOfCopy(code, student, tuple(numbers))

    def file(self) -> bytes:
        """The file."""
        pages = tuple(msgspec.json.decode(page, type=PlacesOfPage) for page in self.pages)
        whole = Places(self.name, self.paper, MARK_SIDE, corners(*self.paper), pages, tuple(self.copies.values()))
        return msgspec.json.encode(whole)


def read_places(folder: Path) -> Places:
    """The places of the class in a folder.

    Raises: RosterError where it has none.
    """
    try:
        content = (folder / PLACES_FILE).read_bytes()
        places = msgspec.json.decode(content, type=Places)
    except OSError as error:
        told = f"{folder} has no {PLACES_FILE} ({error.strerror or error})"
        raise RosterError(f"{told}: it holds no class whose pages come back; byhand class --scan makes one") from None
    except msgspec.DecodeError as error:
        raise RosterError(f"{folder / PLACES_FILE} was changed ({error}); make the class again") from None
    if places.schema != SCHEMA or any(at >= len(places.pages) for copy in places.copies for at in copy.pages):
        raise RosterError(f"{folder / PLACES_FILE} is of another byhand, or was changed; make the class again")
    return places
