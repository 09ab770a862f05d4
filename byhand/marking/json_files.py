"""JSON in files that may be long, damaged, or made to do harm.

The objects of a list are found one by one, so that a file of any length takes little memory.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from byhand.errors import AnswersError

BOM = b"\xef\xbb\xbf"  # with which some programs begin a text
DEEPEST = 5  # objects within each other
MOST_HELD = 2**22  # bytes of a file that are held in memory
LARGEST_DECODED = 10_000_000  # bytes that are decoded at once: a thousand answers of the greatest length
Decoded = TypeVar("Decoded")
Content = mmap.mmap | bytes

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


def decoded(content: Content, kind: type[Decoded], start: int = 0, end: int | None = None) -> Decoded:
    """What a part of a file says in JSON; by default, the whole.

    Raises: AnswersError where it is no such JSON, or longer than what one student can say.
    """
    end = len(content) if end is None else end
    if end - start > LARGEST_DECODED:
        told = f"{(end - start) // 10**6:,} MB belong together; one student has up to {LARGEST_DECODED // 10**6}"
        raise AnswersError(told)
    try:
        return msgspec.json.decode(content[start:end], type=kind)
    except UnicodeDecodeError:
        raise AnswersError("a text in it is not UTF-8; save the file as UTF-8") from None
    except RecursionError:
        raise AnswersError("it has lists or objects too deep in each other") from None
    except msgspec.MsgspecError as error:
        told = "it ends in the middle; send or save it once more" if "truncated" in str(error) else str(error)
        raise AnswersError(told) from None


def begin(content: Content) -> int:
    """Where a text begins: behind a byte order mark and spaces."""
    start = re.compile(rb"(?:" + BOM + rb")?\s*+").match(content)
    return start.end() if start else 0


def list_of(content: Content, key: str = "") -> int | None:
    """The place behind the [ of the list that a file is, or that is the value of its first such key; None without."""
    pattern = rb'"' + key.encode() + rb'"\s*+:\s*+\[' if key else rb"\["
    start = re.compile(pattern)
    match = start.search(content) if key else start.match(content, begin(content))
    return match.end() if match else None


def entries(content: Content, at: int) -> Iterator[tuple[int, int]]:
    """The places where each object of a list begins and ends. at: behind the [ of the list.

    Raises: ValueError where anything else stands in the list, or it has no end.
    """
    entry, held = _FIRST, 0
    while match := entry.match(content, at):
        yield match.span(1)
        entry, at = _NEXT, match.end()
        if at - held > MOST_HELD and isinstance(content, mmap.mmap) and hasattr(content, "madvise"):
            held = at // mmap.PAGESIZE * mmap.PAGESIZE
            content.madvise(mmap.MADV_DONTNEED, 0, held)
    if not _END.match(content, at):
        raise ValueError(f"byte {at}")
