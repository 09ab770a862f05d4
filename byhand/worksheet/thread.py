"""The thread: one sentence and one run of one small GPT, cut into sheets, each of which goes on from the last.

What all of them have in common stands in templates/thread/thread.toml; their numbers are those of a base thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from byhand.errors import UnknownNameError
from byhand.worksheet.folders import ENGLISH, folders, shipped
from byhand.worksheet.front import OF_THREAD

FILE = "thread.toml"


class Thread(Struct, frozen=True):
    """What the sheets of the thread have in common."""

    sheets: tuple[str, ...]
    """Their names, in their order."""
    sentences: tuple[tuple[str, ...], ...]
    """Sentences of three words of the same kinds."""
    joining: str
    """The word of the vocabulary that joins two things."""
    front: dict[str, Any]
    """The front matter of every sheet: its config, and the names of features."""

    def words(self, seed: int) -> tuple[str, ...]:
        """The sentence of a seed; seed 0 has the first."""
        return self.sentences[seed % len(self.sentences)]


def thread(language: str = ENGLISH) -> Thread:
    """The thread in a language: of one's own folder, or the shipped one."""
    places = [folder / "thread" for folder in folders()]
    inside = ("", "" if language == ENGLISH else language)
    files = (place / each / FILE for each in reversed(dict.fromkeys(inside)) for place in places)
    return _read(next((file for file in files if file.is_file()), shipped() / "thread" / FILE))


@cache
def _read(path: Path) -> Thread:
    import tomllib

    entries = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    sheets = tuple(f"{OF_THREAD}{name}" for name in entries["sheets"])
    return Thread(sheets, tuple(map(tuple, entries["sentences"])), entries["and"], entries["front"])


def place_in_thread(name: str) -> int:
    """The number of a sheet in the thread, from 1; 0 for one that is not of it."""
    names: Sequence[str] = thread().sheets if name.startswith(OF_THREAD) else ()
    return names.index(name) + 1 if name in names else 0


def of_thread(names: Sequence[str]) -> tuple[str, ...]:
    """The sheets of the thread of these names, such as scores, in its order; all of them, where none is named.

    Raises: UnknownNameError.
    """
    known = [name.removeprefix(OF_THREAD) for name in thread().sheets]
    for name in names:
        if name.removeprefix(OF_THREAD) not in known:
            raise UnknownNameError("sheet of the thread", name, known)
    asked = {name.removeprefix(OF_THREAD) for name in names} or {*known}
    return tuple(f"{OF_THREAD}{name}" for name in known if name in asked)


def of_all_threads(language: str = ENGLISH) -> dict[str, Any]:
    """The front matter that every sheet of the thread begins with: the first sentence, and the first base."""
    from byhand.numbers.threads import base

    known = thread(language)
    first, weights = known.words(0), base(0)
    return {**known.front, "tokens": [*first], "vocabulary": [*first, known.joining], "weights": weights}
