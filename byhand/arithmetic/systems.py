"""The number systems by name, as a command or a run.json asks for them."""

from __future__ import annotations

from typing import Literal

from byhand.arithmetic.decimals import Decimals, DecimalsOnce
from byhand.arithmetic.domain import Domain
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS

Rounding = Literal["carry", "once"]
ROUNDINGS: dict[Rounding, type[Decimals]] = {"carry": Decimals, "once": DecimalsOnce}


def number_system(name: str, places: int = 2, rounding: Rounding = "carry") -> Domain:
    """The number system of a name: exact, decimal, float or symbolic. places and rounding only matter for decimals.

    Raises: ValueError for another name; ConfigError for a number of places outside 0 to MOST_PLACES.
    """
    match name:
        case "exact":
            return RATIONALS
        case "decimal":
            return ROUNDINGS[rounding](places)
        case "float":
            return FLOATS
        case "symbolic":
            from byhand.arithmetic.symbols import SYMBOLS  # sympy is heavy

            return SYMBOLS
        case _:
            raise ValueError(name)
