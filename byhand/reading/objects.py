"""Compare a PDF with its reprint: all that is drawn, laid over it, spoken or done, object by object.

How a file packs and numbers its objects, and which program saved it, is no difference, as long as every reader finds
the same objects in it (reading/packing).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pikepdf

from byhand.notation.number import shown
from byhand.reading.packing import check_packing
from byhand.reading.pdf import about, opened

# what a reader knows the parts of a file as; of a path, the last of these that is in it is named
_PARTS = {
    "/Annots": "notes, links or fields over a page", "/AcroForm": "form", "/Names": "files or scripts",
    "/OCProperties": "layers", "/OpenAction": "actions", "/AA": "actions", "/Contents": "drawing", "/Font": "fonts",
    "/XObject": "pictures", "/ExtGState": "ways to draw", "/StructTreeRoot": "structure, which is read aloud",
    "/Title": "title", "/Outlines": "outline", "/MediaBox": "size of a page", "/CropBox": "size of a page",
    "/Rotate": "turn of a page", "/UserUnit": "size of a page", "/Pages": "pages",
}  # fmt: skip
_PACKING = ("/Length", "/Filter", "/DecodeParms", "/Metadata")
_TITLE, _TAG = re.compile(rb"<dc:title>(.*?)</dc:title>", re.DOTALL), re.compile(r"<[^>]*>")
MOST_PAIRS = 100_000  # of objects; a page of ours has some thousand
Path = tuple[str, ...]


def pdf_difference(page: bytes, reprint: bytes) -> str:
    """The first difference of a PDF from its reprint; empty where there is none.

    Raises: UnreadableError where it cannot be read.
    """
    if page == reprint:
        return ""
    with opened(page) as theirs, opened(reprint) as ours:
        check_packing(page)
        for each in (*theirs.pages, *ours.pages):
            each.contents_coalesce()  # a program may save the parts of a page's drawing as one
        path = _differing(ours.Root, theirs.Root)
        if path is None and _titles(ours) != _titles(theirs):
            return _told(("/Title",))
    return _told(path) if path is not None else ""


def _titles(file: pikepdf.Pdf) -> tuple[str, ...]:
    """The titles that a window shows for a file."""
    told = file.Root.Metadata.read_bytes() if "/Metadata" in file.Root else b""
    return (about(file, "/Title"), *(_TAG.sub("", each.decode()).strip() for each in _TITLE.findall(told)))


def _told(path: Path) -> str:
    part = next((_PARTS[name] for name in reversed(path) if name in _PARTS), "objects")
    return f"the reprint has not the same {part} ({shown(' '.join(path))})"


def _differing(ours: Any, theirs: Any) -> Path | None:
    """The path to the first difference below two objects; None where they are alike."""
    left = deque[tuple[Any, Any, Path]]([(ours, theirs, ())])
    seen = set[tuple[tuple[int, int], tuple[int, int]]]()
    while left:
        ours, theirs, path = left.popleft()
        if isinstance(ours, int | Decimal) and isinstance(theirs, int | Decimal):
            if ours != theirs or isinstance(ours, bool) != isinstance(theirs, bool):
                return path
            continue
        if not isinstance(ours, pikepdf.Object):
            if type(ours) is not type(theirs) or ours != theirs:
                return path
            continue
        if not isinstance(theirs, pikepdf.Object) or ours._type_code != theirs._type_code:
            return path
        if ours.is_indirect and theirs.is_indirect:
            pair = ours.objgen, theirs.objgen
            if pair in seen:
                continue
            seen.add(pair)
            if len(seen) > MOST_PAIRS:
                return path
        if isinstance(ours, pikepdf.Stream) and ours.read_bytes() != theirs.read_bytes():
            return path
        if isinstance(ours, pikepdf.Stream | pikepdf.Dictionary):
            names = _names(ours)
            if other := next(iter(sorted({*names} ^ {*_names(theirs)})), ""):
                return (*path, other)
            left += [(ours[name], theirs[name], (*path, name)) for name in names]
        elif isinstance(ours, pikepdf.Array):
            if len(ours) != len(theirs):
                return path
            left += [(a, b, (*path, str(n))) for n, (a, b) in enumerate(zip(ours, theirs, strict=True))]
        elif ours != theirs:
            return path
    return None


def _names(entries: Any) -> Sequence[str]:
    return [str(name) for name in entries.keys() if name not in _PACKING]  # noqa: SIM118 - a stream's, too
