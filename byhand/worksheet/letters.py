"""Letters on a page: which ones a step holds, and for which value two of its entries are equal."""

from __future__ import annotations

from collections.abc import Iterable

from byhand.errors import SheetError
from byhand.notation.text import value_text
from byhand.tape import Tape


def letters(tape: Tape, name: str, row: int | None = None) -> list[str]:
    """The letters of a step, or of one of its rows."""
    rows = tape.values(name) if row is None else tape.values(name)[row : row + 1]
    return sorted(
        {str(letter) for x in (x for each in rows for x in each) for letter in getattr(x, "free_symbols", ())}
    )


def letter(tape: Tape, name: str) -> str:
    """The only letter of a step.

    Raises: SheetError where it has none, or several.
    """
    found = letters(tape, name)
    if len(found) != 1:
        raise SheetError(f"{name} holds {_listed(found)}; this sheet needs one letter there, or numbers alone")
    return found[0]


def tie(tape: Tape, name: str, i: int, j: int, k: int) -> str:
    """The letter's value for which two entries of a row are equal: "a = 3/2".

    Raises: SheetError where it is not one letter, or not one value, that decides.
    """
    import sympy

    row = tape.values(name)[i]
    difference = sympy.sympify(row[j] - row[k])
    found = sorted(difference.free_symbols, key=str)
    where = f"{name}, row {i + 1}: whether entries {j + 1} and {k + 1} are equal"
    if len(found) != 1:
        raise SheetError(f"{where} depends on {_listed(map(str, found))}; this sheet needs one letter there")
    line = sympy.Poly(difference, found[0]) if difference.is_polynomial(found[0]) else None
    if line is None or line.degree() != 1:
        raise SheetError(f"{where} is no linear equation for {found[0]}; give other numbers or letters")
    rate, rest = line.all_coeffs()
    return f"${found[0]} = {value_text(-rest / rate)}$"


def _listed(found: Iterable[str]) -> str:
    return ", ".join(found) or "no letter"
