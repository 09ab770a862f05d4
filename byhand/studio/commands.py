"""The commands that the studio runs: each does in a terminal what a button does."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from byhand.options import Options
from byhand.options_file import as_entries
from byhand.studio.papers import ANSWERS, FILE
from byhand.worksheet.looks import ready_made, words_of

SECRET = "class.secret"  # the file of a class's secret
WORDS = "words.csv"  # the table of points of answers in words; of each sheet, with its name at its end
_OPTIONS = {  # by their names in files, as they are typed
    "seed": "--seed", "numbers": "--numbers", "places": "--places", "rounding": "--rounding", "base": "--softmax",
    "orientation": "--orientation", "level": "--level", "paper": "--paper", "language": "--language",
    "answer": "--answer",
}  # fmt: skip


def arguments(options: Options) -> list[str]:
    """The options as they are typed; those that are as by default are left out."""
    return [*_typed(options)]


def _typed(options: Options) -> Iterator[str]:
    usual, asked = as_entries(Options()), as_entries(options)
    for name, typed in _OPTIONS.items():
        if asked[name] != usual[name]:
            yield from (typed, str(asked[name]))
    if options.tokens:
        yield from ("--tokens", " ".join(options.tokens))
    if options.large:
        yield "--large"
    yield from (typed for name in ready_made() if words_of(name) == options.look for typed in ("--look", name))


def generate(options: Options, formats: Sequence[str], view: str = "") -> list[str]:
    """The command that prints a paper for all alike."""
    views = ["--view", view] if view else []
    return ["generate", FILE, *arguments(options), *views, "--format", ",".join(formats)]


def class_(options: Options, roster: Path, secret: bool, formats: Sequence[str] = ()) -> list[str]:
    """The command that prints a paper for a class."""
    typed = arguments(options)
    if secret and "--seed" in typed:
        at = typed.index("--seed")
        del typed[at : at + 2]
    asked = [*typed, *(["--secret", SECRET] if secret else []), *(["--format", ",".join(formats)] if formats else [])]
    return ["class", FILE, "--roster", roster.name, *asked]


def mark(folder: str, secret: bool) -> list[str]:
    """The command that marks what was handed in. folder: that of the class; beside it are the points of answers in
    words.
    """
    asked = ["--secret", SECRET] if secret else []
    return ["mark", ANSWERS, "--class", folder, *asked, "--groups", str(PurePosixPath(folder).with_name(WORDS))]


def blank(folder: str, secret: bool) -> list[str]:
    """The command that writes empty answers for a class, as tables. folder: that of the class."""
    asked = ["--secret", SECRET] if secret else []
    return ["mark", "--blank", "--class", folder, *asked, "--format", "csv", "--out", "empty"]


def shown(command: Sequence[str]) -> str:
    """A command as one types it."""
    return shlex.join(["byhand", *command])
