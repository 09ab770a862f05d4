"""The objects that all copies of a page share, such as fonts and backgrounds, made ready for another PDF.

References between them are kept apart from their bytes, because they get other numbers in that file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

Pieces = tuple[bytes | int, ...]  # of an object: bytes as they are, and an int for a reference to another shared one
_SKIPPED = ("/Parent", "/StructParent", "/StructParents")  # they refer to the page tree and to tags


class Shared(Struct, frozen=True):
    """The shared objects of a PDF."""

    objects: dict[int, Pieces]
    """The objects by their numbers; an object comes after those that it refers to."""
    frames: tuple[tuple[Pieces, Pieces], ...]
    """For each page, the entries for its size and resources, and the reference to its background."""


def shared(file: Any) -> Shared:
    """The objects that the pages of a PDF need, except the content streams that each copy has for itself."""
    objects = _Objects()
    frames = []
    for page in file.pages:
        size = b" ".join(b"%f" % float(edge) for edge in page.MediaBox)
        resources = objects.pieces(file.make_indirect(page.Resources))
        frame = (b"/MediaBox[%s]/Resources " % size, *resources)
        frames.append((frame, tuple(objects.pieces(page.Contents[0]))))
    return Shared(objects.objects, tuple(frames))


def numbered(pieces: Pieces, numbers: Mapping[int, int]) -> bytes:
    """The bytes of an object in a file in which the shared objects have these numbers."""
    return b"".join(piece if isinstance(piece, bytes) else b"%d 0 R" % numbers[piece] for piece in pieces)


class _Objects(Struct):
    """The objects that have been found in a file, numbered in the order in which they were found."""

    known: dict[tuple[int, int], int] = field(default_factory=dict)
    """The new number of an object, by its number and generation in the file."""
    objects: dict[int, Pieces] = field(default_factory=dict)

    def pieces(self, item: Any) -> Iterator[bytes | int]:
        """An item, written out; where it is an object of its own, a reference to it."""
        import pikepdf

        if not isinstance(item, pikepdf.Object):
            yield {True: b"true", False: b"false"}[item] if isinstance(item, bool) else str(item).encode()
        elif not item.is_indirect:
            yield from self._written(item)
        else:
            if item.objgen not in self.known:
                number = self.known[item.objgen] = len(self.known)
                self.objects[number] = tuple(self._written(item))
            yield self.known[item.objgen]

    def _written(self, item: Any) -> Iterator[bytes | int]:
        import pikepdf

        match item:
            case pikepdf.Stream():
                data = item.read_raw_bytes()
                yield from self._entries({**dict(item.items()), "/Length": len(data)})
                yield b"\nstream\n" + data + b"\nendstream"
            case pikepdf.Dictionary():
                yield from self._entries(dict(item.items()))
            case pikepdf.Array() if b" R" in item.unparse():  # others, as of widths, are copied whole
                yield b"["
                for at, each in enumerate(item):
                    yield b" " * bool(at)
                    yield from self.pieces(each)
                yield b"]"
            case _:
                yield bytes(item.unparse())

    def _entries(self, entries: dict[str, Any]) -> Iterator[bytes | int]:
        yield b"<<"
        kept = [(name, value) for name, value in entries.items() if name not in _SKIPPED]
        for at, (name, value) in enumerate(kept):
            yield b" " * bool(at) + name.encode() + b" "
            yield from self.pieces(value)
        yield b">>"
