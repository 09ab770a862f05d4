"""What was handed in: files, also in folders and zip files, as Moodle and Canvas give them, all read in place."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO
from unicodedata import normalize

from msgspec import Struct

from byhand.classroom.again import CLASS_FILE
from byhand.errors import AnswersError, ByHandError, collecting
from byhand.marking.folder import MARKS
from byhand.marking.json_files import Content, mapped

BEGINNING = b"PK\x03\x04", b"PK\x05\x06"  # of a zip file, and of one with nothing in it
SPREADSHEET = {"[Content_Types].xml", "mimetype"}  # one of which is in a file of a spreadsheet, or of a text
LARGEST_MEMBER, LARGEST_UNPACKED = 100_000_000, 4_000_000_000  # bytes: of a file in a zip file, and of all in it
DEEPEST, MOST_OPEN = 3, 4  # zip files in each other; those that are held open
OWN = (MARKS, CLASS_FILE)  # one of which is in each folder that byhand writes of a class
PASSED_OVER = re.compile(r"\..*|__MACOSX|Thumbs\.db|desktop\.ini", re.IGNORECASE)  # what systems add to folders
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
# how the platforms name what a student handed in: a folder or a file, with a number that only this student has
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_.*")
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<number>\d+)_\d{3,}_.+")


class HandedIn(Struct, frozen=True):
    """A file that was handed in."""

    path: Path
    inside: tuple[str, ...] = ()
    """Where the path is a zip file, what it is called there; of zip files in each other, each of its names."""
    under: str = ""
    """Its folder within the one that was named."""

    @property
    def name(self) -> str:
        """What it is called where something is told of it."""
        return str(PurePosixPath(self.under, self.path.name, *self.inside))

    @property
    def stamp(self) -> tuple[int, int]:
        """When the file on the disk was written, and its size.

        Raises: OSError.
        """
        told = self.path.stat()
        return told.st_mtime_ns, told.st_size

    @property
    def packed(self) -> zipfile.ZipFile:
        """The zip file that it is in.

        Raises: what BROKEN names.
        """
        return _zip(self.path, self.inside[:-1], self.stamp)

    def whole(self) -> bytes:
        """What is in it.

        Raises: OSError; AnswersError for what cannot be unpacked.
        """
        if not self.inside:
            return self.path.read_bytes()
        try:
            part = self.packed.getinfo(self.inside[-1])
            if part.file_size > LARGEST_MEMBER:
                raise AnswersError(f"{self.name} has over {LARGEST_MEMBER // 10**6} MB when it is unpacked; split it")
            return self.packed.read(part)
        except BROKEN as error:
            raise AnswersError(f"{self.name} cannot be unpacked ({error})") from None

    def open(self) -> IO[bytes]:
        """The same, for who reads it in parts.

        Raises: as `whole`.
        """
        return io.BytesIO(self.whole()) if self.inside else self.path.open("rb")

    @contextmanager
    def content(self) -> Iterator[Content]:
        """The same, for who looks into it here and there; of a file on a disk, no more is read than that.

        Raises: as `whole`.
        """
        if self.inside:
            yield self.whole()
        else:
            with mapped(self.path) as content:
                yield content

    @property
    def size(self) -> int:
        """Its size in bytes.

        Raises: what BROKEN names.
        """
        return self.packed.getinfo(self.inside[-1]).file_size if self.inside else self.stamp[1]


def handed_in(path: Path, problems: list[ByHandError]) -> Iterator[HandedIn]:
    """A file, or those in a folder or a zip file, in the order of their names. problems: gets what cannot be read."""
    before, empty = len(problems), True
    for file in _in_folder(path, problems) if path.is_dir() else [HandedIn(path)]:
        for each in _members(file, problems):
            yield each
            empty = False
    if empty and len(problems) == before:
        problems.append(AnswersError(f"{path} holds no files of answers"))


def whose(files: Sequence[HandedIn]) -> Iterator[tuple[str, str]]:
    """The id, and the name if it is known, of the student of each file, as its name or that of a folder says.

    A file is called after its student; of files with one name, the folders are, as far up as tells them apart.
    """
    places = [PurePosixPath(normalize("NFC", file.name)) for file in files]  # a Mac may write é as two letters
    deepest = max((len(at.parts) for at in places), default=0)
    alike = [Counter((at.stem, _above(at, k)) for at in places) for k in range(deepest)]
    for at in places:
        forms = (form.fullmatch(part) for form in (_MOODLE, _CANVAS) for part in at.parts)
        if said := next(filter(None, forms), None):
            yield f"{said['name']} {said['number']}", said["name"] if said.re is _MOODLE else ""
        else:
            tails = (_above(at, k) for k in range(deepest) if alike[k][at.stem, _above(at, k)] == 1)
            yield next(tails, str(at)) or at.stem, ""


def _above(at: PurePosixPath, count: int) -> str:
    """The names of that many folders around a file."""
    return "/".join(at.parent.parts[-count:]) if count else ""


def _in_folder(folder: Path, problems: list[ByHandError], under: str = "") -> Iterator[HandedIn]:
    """The files of a folder and of those in it, but for what a system or byhand itself has written there."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        problems.append(AnswersError(f"{folder}: {error.strerror or error}"))
        return
    for each in entries:
        if PASSED_OVER.fullmatch(each.name):
            continue
        if not each.is_dir():
            yield HandedIn(each, under=under)
        elif not each.is_symlink() and not any((each / own).exists() for own in OWN):
            yield from _in_folder(each, problems, str(PurePosixPath(under, each.name)))


def _members(file: HandedIn, problems: list[ByHandError]) -> Iterator[HandedIn]:
    """The file, or what is in it if it is a zip file."""
    with collecting(problems):
        packed = _opened(file)
        if packed is None:
            yield file
            return
        if len(file.inside) == DEEPEST:
            raise AnswersError(f"{file.name}: over {DEEPEST} zip files are in each other; unpack it")
        if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
            raise AnswersError(f"{file.name} has over {LARGEST_UNPACKED // 10**9} GB when it is unpacked; split it")
        for name in sorted(part.filename for part in packed.infolist() if not part.is_dir()):
            if not any(map(PASSED_OVER.fullmatch, PurePosixPath(name).parts)):
                yield from _members(HandedIn(file.path, (*file.inside, name), file.under), problems)


def _opened(file: HandedIn) -> zipfile.ZipFile | None:
    """A zip file; None for any other, such as a spreadsheet.

    Raises: AnswersError for a damaged one.
    """
    try:
        with file.packed.open(file.inside[-1]) if file.inside else file.path.open("rb") as opened:
            if opened.read(4) not in BEGINNING:
                return None
        packed = _zip(file.path, file.inside, file.stamp)
    except BROKEN as error:
        if isinstance(error, OSError) and not file.inside:
            return None  # who reads it says that it is not there, or may not be read
        if file.inside or file.path.suffix.lower() == ".zip":
            raise AnswersError(f"{file.name} cannot be unpacked ({error})") from None
        return None  # who reads it says what it is not
    return None if SPREADSHEET & set(packed.namelist()) else packed


@lru_cache(MOST_OPEN)
def _zip(path: Path, inside: tuple[str, ...], stamp: tuple[int, int]) -> zipfile.ZipFile:
    """A zip file that stands at a path, or within others there. stamp: tells it from what stood there before.

    Raises: what BROKEN names.
    """
    if not inside:
        return zipfile.ZipFile(path)
    return zipfile.ZipFile(io.BytesIO(HandedIn(path, inside).whole()))
