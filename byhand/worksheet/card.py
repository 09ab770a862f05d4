"""What an index shows of a sheet."""

from __future__ import annotations

from msgspec import Struct


class Card(Struct, frozen=True):
    """A sheet on an index."""

    name: str
    number: int
    title: str
    group: str
    goal: str
    """HTML."""
    time: str
    """How long the sheet takes, as its page says it."""
    minutes: int
    picture: str
    """HTML."""
