"""What an index shows of a sheet."""

from __future__ import annotations

from msgspec import Struct


class Card(Struct, frozen=True):
    """A sheet on an index. goal, picture: HTML. time: how long the sheet takes, as its page says it."""

    name: str
    number: int
    title: str
    group: str
    goal: str
    time: str
    minutes: int
    picture: str
