"""All copies in one PDF for the printer: fonts and backgrounds once, and a few streams for each copy.

It is written while copies are added, so it needs little memory. It has no tags; those of a copy are in the copy's own
file. Every copy begins on a right-hand page.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import IO

from isal import isal_zlib as zlib
from msgspec import Struct, field

from byhand.press.shared import Shared, numbered, shared
from byhand.press.template import Template
from byhand.worksheet.asked import NAME, as_words

LARGE = 1000  # bytes of an object that is written once
COPIES_PER_NODE = 200  # copies in a node of the page tree
_CATALOG, _TREE = 1, 2  # object numbers


class Bundle(Struct, dict=True):
    """A PDF that is being written."""

    file: IO[bytes]
    offsets: IO[bytes]
    """A temporary file with the offset of each object in the PDF, eight bytes an object."""
    title: str
    language: str
    holds: str = "copies"
    """What the file says that it has, to whoever reads pages back."""
    at: int = 0
    """How many bytes are written."""
    objects: int = _TREE
    """How many objects are written."""
    copies: int = 0
    """How many copies are written."""
    count: int = 0
    """How many pages are written."""
    groups: list[int] = field(default_factory=list)
    """The finished nodes of the page tree."""
    kids: list[int] = field(default_factory=list)
    """The pages of the node that is open."""
    known: dict[bytes, list[tuple[bytes, bytes]]] = field(default_factory=dict)
    """For each template that was used, the frames of its pages."""
    bodies: dict[bytes, int] = field(default_factory=dict)
    """The numbers of large objects, by their hashes."""
    noted: int = -1
    """The object whose offset was written last."""

    def __post_init__(self) -> None:
        self._put(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self.node = self._number()

    def add(self, template: Template, contents: Sequence[bytes]) -> None:
        """Add a copy. contents: its compressed streams, in the order of the template's."""
        import pikepdf

        frames = self.known.get(template.digest)
        if frames is None:
            with pikepdf.open(io.BytesIO(template.pdf)) as file:
                frames = self.known[template.digest] = list(self._frames(shared(file)))
        *pages, everywhere = (
            self._object(b"<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (len(content), content))
            for content in contents
        )
        for (frame, background), page in zip(frames, pages, strict=True):
            self._page(frame + b"/Contents[%s %d 0 R %d 0 R]" % (background, page, everywhere))
        self._end_copy(frames)

    def add_pages(self, pdf: bytes) -> None:
        """Add the pages of a PDF that share nothing with others."""
        import pikepdf

        with pikepdf.open(io.BytesIO(pdf)) as file:
            for page in file.pages:
                page.contents_coalesce()
                page.Contents = pikepdf.Array([page.Contents])
            frames = list(self._frames(shared(file)))
        for frame, content in frames:
            self._page(frame + b"/Contents %s" % content)
        self._end_copy(frames)

    def _end_copy(self, frames: Sequence[tuple[bytes, bytes]]) -> None:
        """Go on to the next right-hand page."""
        if len(frames) % 2:
            self._page(frames[-1][0])
        self.copies += 1
        if self.copies % COPIES_PER_NODE == 0:
            self._close_group()

    def finish(self) -> None:
        """Write the end of the file: the root of the page tree, the catalog, and the cross-reference table."""
        if self.kids:
            self._close_group()
        self._object(b"null", self.node)
        kids = b" ".join(b"%d 0 R" % node for node in self.groups)
        self._object(b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, self.count), _TREE)
        self._object(
            b"<</Type/Catalog/Pages %d 0 R/Lang(%s)/ViewerPreferences<</DisplayDocTitle true>>>>"
            % (_TREE, self.language.encode()),
            _CATALOG,
        )
        title = ("\ufeff" + self.title).encode("utf-16-be").hex()
        info = self._object(f"<</Title<{title}>/{NAME}({as_words({'holds': self.holds})})>>".encode())
        start, number = self.at, self._number()
        self._note_offset(number)
        with tempfile.TemporaryFile() as table:
            length = 0
            for part in self._table():
                length += table.write(part)
            head = b"/W[1 8 0]/Root %d 0 R/Info %d 0 R/Filter/FlateDecode" % (_CATALOG, info)
            head = b"<</Type/XRef/Size %d%s/Length %d>>" % (number + 1, head, length)
            self._put(b"%d 0 obj\n%s\nstream\n" % (number, head))
            table.seek(0)
            while part := table.read(1 << 20):
                self._put(part)
        self._put(b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)

    def _table(self) -> Iterator[bytes]:
        """The cross-reference table, compressed: a row for each object."""
        press = zlib.compressobj()
        yield press.compress(bytes(9))
        self.offsets.seek(8)
        while part := self.offsets.read(8 << 14):
            yield press.compress(b"".join(b"\x01" + part[i : i + 8] for i in range(0, len(part), 8)))
        yield press.flush()

    def _frames(self, shared: Shared) -> Iterator[tuple[bytes, bytes]]:
        """Write the objects that a template's pages share; for each page, its frame's entries and its background.

        A large one that stands there already, such as a font of the copy before, is not written again.
        """
        numbers = dict[int, int]()
        for number, pieces in shared.objects.items():
            body = numbered(pieces, numbers)
            digest = sha256(body).digest() if len(body) > LARGE else b""
            if digest not in self.bodies:
                numbers[number] = self._object(body)
                if digest:
                    self.bodies[digest] = numbers[number]
            else:
                numbers[number] = self.bodies[digest]
        for frame, background in shared.frames:
            yield numbered(frame, numbers), numbered(background, numbers)

    def _page(self, entries: bytes) -> None:
        self.kids.append(self._object(b"<</Type/Page/Parent %d 0 R%s>>" % (self.node, entries)))

    def _close_group(self) -> None:
        kids = b" ".join(b"%d 0 R" % kid for kid in self.kids)
        self._object(b"<</Type/Pages/Parent %d 0 R/Kids[%s]/Count %d>>" % (_TREE, kids, len(self.kids)), self.node)
        self.groups.append(self.node)
        self.count += len(self.kids)
        self.kids, self.node = [], self._number()

    def _number(self) -> int:
        self.objects += 1
        return self.objects

    def _object(self, body: bytes, number: int = 0) -> int:
        number = number or self._number()
        self._note_offset(number)
        self._put(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        return number

    def _note_offset(self, number: int) -> None:
        if number != self.noted + 1:  # a seek writes out what is buffered
            self.offsets.seek(8 * number)
        self.offsets.write(self.at.to_bytes(8, "big"))
        self.noted = number

    def _put(self, content: bytes) -> None:
        self.file.write(content)
        self.at += len(content)
