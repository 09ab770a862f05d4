"""What can go wrong, as one tree. Each message is one line: what was asked, what was found, what would work.

ByHandError             exit 1
├── UnknownNameError    no such sheet, model, step, option …: "did you mean …?"
├── ConfigError         a configuration that cannot work
├── ValuesError         numbers that do not fit: shapes, ragged rows, NaN, tokens
├── DomainError         a step leaves the number system
├── SheetError          a sheet or template that does not parse
├── RosterError         a roster that cannot be read
├── WitnessError        a run that the second witness does not confirm
├── ExtraError          an optional package that is not installed
└── OutputError         a file that cannot be written
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ByHandError(Exception):
    """The root: anything that the user can mend."""


class UnknownNameError(ByHandError):
    """Asked for a name that does not exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names)}"
        super().__init__(f"no {kind} {name!r}; {hint}")


class ConfigError(ByHandError):
    """A configuration that cannot work."""


class ValuesError(ByHandError):
    """Numbers or tokens that do not fit the model."""


class DomainError(ByHandError):
    """A step that leaves the number system of the run."""


class SheetError(ByHandError):
    """A sheet or a template that does not parse."""


class RosterError(ByHandError):
    """A roster that cannot be read, or that names two students alike."""


class WitnessError(ByHandError):
    """A run that the second witness does not confirm: a fault of byhand, or a file that was changed."""


class ExtraError(ByHandError):
    """A feature whose optional package is not installed."""


class OutputError(ByHandError):
    """A file that cannot be written."""
