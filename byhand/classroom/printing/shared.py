"""What the pages of a laid-out PDF share, taken out of it: objects that get their numbers in another file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Pieces = tuple[bytes | int, ...]  # of an object; a whole number stands for another one of those that are shared
_SKIPPED = ("/Parent", "/StructParent", "/StructParents")


@dataclass(frozen=True)
class Shared:
    """objects: by number, those that an object refers to before it. frames: of each page, its size and resources, and
    its background.
    """

    objects: dict[int, Pieces]
    frames: tuple[tuple[Pieces, Pieces], ...]


def shared(file: Any) -> Shared:
    """What the pages of a PDF have in common with those of its copies: all but their own content streams."""
    found = _Objects()
    frames = []
    for page in file.pages:
        size = b" ".join(b"%f" % float(edge) for edge in page.MediaBox)
        resources = found.pieces(file.make_indirect(page.Resources))
        frame = (b"/MediaBox[%s]/Resources " % size, *resources)
        frames.append((frame, tuple(found.pieces(page.Contents[0]))))
    return Shared(found.objects, tuple(frames))


def numbered(pieces: Pieces, first: int) -> bytes:
    """An object in a file where the shared ones are numbered from `first`."""
    return b"".join(piece if isinstance(piece, bytes) else b"%d 0 R" % (first + piece) for piece in pieces)


@dataclass
class _Objects:
    """The objects of a file, as they are come upon."""

    known: dict[tuple[int, int], int] = field(default_factory=dict)
    objects: dict[int, Pieces] = field(default_factory=dict)

    def pieces(self, item: Any) -> Iterator[bytes | int]:
        """An object, or what refers to it."""
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
            case pikepdf.Array() if b" R" in item.unparse():  # a font's widths hold nothing that refers to others
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
