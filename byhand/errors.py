"""What can go wrong, as one tree. Each message is one line: what was asked, what was found, what would work.

ByHandError             exit 1
├── UnknownNameError    no such sheet, model, step, option …: "did you mean …?"
├── ConfigError         a configuration that cannot work
├── ValuesError         numbers that do not fit: shapes, ragged rows, NaN, tokens
│   └── MisfitError     a given step of another shape
├── DomainError         a step leaves the number system
├── SheetError          a sheet or template that does not parse
├── LimitError          a page that is too large, or takes too long to lay out
├── RosterError         a roster that cannot be read
├── AnswersError        answers that cannot be marked
├── WitnessError        a run that the second witness does not confirm
├── UnreadableError     a file that cannot be read back
├── WorkerError         a process of a class that was lost
├── ExtraError          an optional package that is not installed
└── OutputError         a file that cannot be written
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

MOST_PROBLEMS = 10  # problems in one message
MOST_SUGGESTIONS = 40  # names that a message lists where none is close to the one asked for
LONGEST_QUOTE = 80  # characters of a name that a message repeats


class ByHandError(Exception):
    """The root of the tree: any error that the user can mend."""

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[ByHandError], args: tuple[Any, ...], attributes: dict[str, Any]) -> ByHandError:
    """An error as it was, without its making: that of some needs what its message no longer tells."""
    error = kind.__new__(kind)
    error.args, error.__dict__ = args, attributes
    return error


class UnknownNameError(ByHandError):
    """A name that does not exist was asked for."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        from difflib import get_close_matches  # most commands name what there is

        names = sorted(known)
        alike = sorted((other for other in names if f".{other}".lower().endswith(f".{name}".lower())), key=len)
        close = alike or get_close_matches(name, names, n=1, cutoff=0.5)
        hint = (
            f"did you mean {close[0]!r}?"
            if close
            else f"there are: {', '.join(names[:MOST_SUGGESTIONS])}{', …' * (len(names) > MOST_SUGGESTIONS)}"
        )
        short = name if len(name) <= LONGEST_QUOTE else f"{name[:LONGEST_QUOTE]}…"
        super().__init__(f"no {kind} {short!r}; {hint}")
        self.kind, self.name = kind, short


class ConfigError(ByHandError):
    """A configuration that cannot work."""


class ValuesError(ByHandError):
    """Numbers or tokens that do not fit the model."""


class MisfitError(ValuesError):
    """A given step of another shape than the model's."""

    def __init__(self, step: str, problem: str) -> None:
        super().__init__(f"{step} is {problem}")
        self.step = step


class DomainError(ByHandError):
    """A step that leaves the number system of the run."""


class SheetError(ByHandError):
    """A sheet or a template that does not parse."""


class UnchangedError(SheetError):
    """A classic mistake that changes none of the steps that are to show it."""

    def __init__(self, mistake: str, steps: Iterable[str]) -> None:
        self.told = f"the foil {mistake} changes nothing in {', '.join(steps)}"
        super().__init__(f"{self.told}; choose other steps")


class LimitError(ByHandError):
    """A page that is too large, or takes too long to lay out."""


class RosterError(ByHandError):
    """A roster that cannot be read, or that names two students alike."""


class AnswersError(ByHandError):
    """Answers that cannot be marked: of another sheet or other numbers, of nobody, or in no form that is known."""


class WitnessError(ByHandError):
    """A run that the second witness does not confirm: a fault of byhand, or a file that was changed."""


class UnreadableError(ByHandError):
    """A file that cannot be read back: a scan, a copy by another program, none of byhand's."""


class WorkerError(ByHandError):
    """A process that computes copies of a class, or the scheduler of such processes, was lost."""


class ExtraError(ByHandError):
    """A feature whose optional package is not installed."""


class OutputError(ByHandError):
    """A file that cannot be written."""


@contextmanager
def collecting(problems: list[ByHandError]) -> Iterator[None]:
    """Within the block, add an error to the list of problems instead of raising it."""
    try:
        yield
    except ByHandError as error:
        problems.append(error)


def together(problems: Sequence[ByHandError]) -> ByHandError:
    """The problems as one error: a single problem unchanged, several as a ValuesError whose message is one line."""
    if len(problems) == 1:
        return problems[0]
    told = list(dict.fromkeys(str(problem) for problem in problems))
    return ValuesError("; ".join(told[:MOST_PROBLEMS] + ["and more"] * (len(told) > MOST_PROBLEMS)))


def tell_debug(line: str, *parts: object) -> None:
    """Tell whoever asks with --debug."""
    import logging  # slow, and seldom needed

    logging.getLogger("byhand").debug(line, *parts)
