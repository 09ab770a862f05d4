"""A standing attack: what byhand is given is spoiled, its disk is filled, its work is stopped; it has to hold.

    python tests/attack                      every attack, bounded: minutes
    python tests/attack --full               and every number of every sheet once: hours
    python tests/attack pages --seed 3       one attack, otherwise spoiled

An attack is a function that tries so many times, in a folder of its own, and yields for each try what went wrong, or
nothing. Right is what a try has to end in: an answer that the second witness confirms, a fault that is found, or one
clear line; within ten seconds of processor time.

| attack | what is done | what is right |
|---|---|---|
| values, rosters, sheets | files are spoiled in their tables, their texts or their bytes | an answer that the second witness confirms, or one clear line |
| options | sheets are asked for with any seed, level, base and numbers | a page, or one clear line |
| records | a run.json is spoiled in a number, in a step, or anywhere | a changed number or step is found |
| pages, printed_pages | a digit of a page is another, in HTML and in PDF | it is found; in HTML, the minutes, the foot and drawings are left out |
| faces | objects of a PDF stand in several places, of which a viewer may take others than byhand | it is refused, or PDFium shows what is judged |
| disks, kills | files cannot grow beyond a limit; byhand is killed at any moment | a file that is there is whole, and the same command again makes the rest |
| numbers | classes are run on new numbers | the second witness confirms each of a million printed numbers |

What an attack finds becomes a test of its own where it belongs.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from byhand.errors import ByHandError, WitnessError

LONGEST_TRY = 10  # seconds of processor time
LONGEST_LINE = 5_000  # characters: ten problems, each with names
Attack = Callable[[Random, Path, "int | None"], Iterator[str]]


@dataclass(frozen=True)
class Kind:
    """An attack, and how often it tries: in the tests and bounded; None where it tries everything once."""

    attack: Attack
    few: int
    bounded: int
    full: int | None


ATTACKS: dict[str, Kind] = {}


def attack(few: int, bounded: int, full: int | None) -> Callable[[Attack], Attack]:
    """Register an attack under the name of its function."""

    def register(function: Attack) -> Attack:
        ATTACKS[function.__name__] = Kind(function, few, bounded, full)
        return function

    return register


class TooLongError(BaseException):
    """A try took too long; nothing that is tried catches it."""


@contextmanager
def _in_time() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooLongError(f"over {LONGEST_TRY} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LONGEST_TRY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def told(act: Callable[[], str]) -> str:
    """What went wrong: what the act returns, or an error that is not one clear line of byhand's."""
    try:
        with _in_time():
            return act()
    except WitnessError as error:
        return f"a run that the second witness denies: {error}"
    except ByHandError as error:
        line = str(error)
        clear = line and "\n" not in line and line.isprintable() and len(line) <= LONGEST_LINE
        return "" if clear else f"no clear line: {line[:200]!r}"
    except (Exception, TooLongError) as error:
        return f"{type(error).__name__}: {error}"[:300]
