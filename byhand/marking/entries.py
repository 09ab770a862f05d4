"""The objects of a long JSON list in a file, one by one, so that a file of any length takes little memory."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BOM = b"\xef\xbb\xbf"  # with which some programs begin a text
DEEPEST = 5  # objects within each other
MOST_HELD = 2**22  # bytes of a file that are held in memory

_TEXT = rb'"(?>[^"\\]++|\\.)*+"'
_OBJECT = rb"\{\}"
for _ in range(DEEPEST):
    _OBJECT = rb'\{(?>[^{}"]++|' + _TEXT + rb"|" + _OBJECT + rb")*+\}"
_FIRST = re.compile(rb"\s*+(" + _OBJECT + rb")", re.DOTALL)
_NEXT = re.compile(rb"\s*+,\s*+(" + _OBJECT + rb")", re.DOTALL)
_END = re.compile(rb"\s*+\]")


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """The bytes of a file that is not empty, which are read as they are needed.

    Raises: OSError.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def begin(content: mmap.mmap) -> int:
    """Where a text begins: behind a byte order mark and spaces."""
    start = re.compile(rb"(?:" + BOM + rb")?\s*+").match(content)
    return start.end() if start else 0


def list_of(content: mmap.mmap, key: str = "") -> int | None:
    """The place behind the [ of the list that a file is, or that is the value of its first such key; None without."""
    pattern = rb'"' + key.encode() + rb'"\s*+:\s*+\[' if key else rb"\["
    start = re.compile(pattern)
    found = start.search(content) if key else start.match(content, begin(content))
    return found.end() if found else None


def entries(content: mmap.mmap, at: int) -> Iterator[tuple[int, int]]:
    """The places where each object of a list begins and ends. at: behind the [ of the list.

    Raises: ValueError where anything else stands in the list, or it has no end.
    """
    entry, held = _FIRST, 0
    while found := entry.match(content, at):
        yield found.span(1)
        entry, at = _NEXT, found.end()
        if at - held > MOST_HELD and hasattr(content, "madvise"):
            held = at // mmap.PAGESIZE * mmap.PAGESIZE
            content.madvise(mmap.MADV_DONTNEED, 0, held)
    if not _END.match(content, at):
        raise ValueError(f"byte {at}")
