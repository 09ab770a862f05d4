"""How large the numbers of an instance may be, by level."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.errors import UnknownNameError


@dataclass(frozen=True)
class Limits:
    """integer: of anything before the last softmax. query: of queries, keys and values. stream: of the residual
    stream. hidden: of the feed-forward's first layer. ugly: values beyond 20 above or below the line.
    """

    integer: int = 9
    denominator: int = 10
    query: int = 5
    stream: int = 5
    hidden: int = 6
    ugly: int = 2


LEVELS = {
    "easy": Limits(query=4, stream=4, hidden=5, ugly=0),
    "standard": Limits(),
    "stretch": Limits(query=6, stream=6, hidden=8),
}


def limits_of(level: str) -> Limits:
    """The limits of a level.

    Raises: UnknownNameError.
    """
    if level not in LEVELS:
        raise UnknownNameError("level", level, LEVELS)
    return LEVELS[level]
