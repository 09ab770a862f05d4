"""Read a PDF as a person sees it: its drawn texts in the order of the structure tree, if their places agree."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Any, cast

from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream, DictionaryObject

from byhand.errors import UnreadableError
from byhand.formats.pdf import is_right_to_left, mirrored
from byhand.reading.page import Collector, Page
from byhand.worksheet.asked import NAME as ASKED

logging.getLogger("pypdf").addHandler(logging.NullHandler())  # a damaged file gets our message of one line instead
logging.getLogger("pypdf").propagate = False
_CODE = re.compile(r"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")
_TABLES = {"/Table": "table", "/TR": "row", "/TD": "cell", "/TH": "cell"}
Spot = tuple[int, float, float]  # a page, and where on it
_SLACK = 12.0  # px by which the texts of a row stand higher or lower


@dataclass
class Drawn:
    """The texts of a page, by their marked-content id (MCID), and the place where each begins."""

    number: int
    texts: dict[int, str] = field(default_factory=dict)
    places: dict[int, tuple[float, float]] = field(default_factory=dict)


@dataclass
class Walk:
    """A walk over the structure tree, which takes the texts that it comes to off the pages.

    rows: the places of the texts in each cell of the current table.
    figures: the depth of open drawings, whose texts are not read.
    """

    drawn: Mapping[int, Drawn]
    found: Collector = field(default_factory=Collector)
    rows: list[list[list[Spot]]] = field(default_factory=list)
    figures: int = 0

    def element(self, node: Any, page: Any) -> None:
        """Read an element of the structure tree, in order."""
        page = node.get("/Pg", page)
        kind, children = node.get("/S"), node.get("/K", [])
        self.figures += kind == "/Figure"  # brackets, arrows, the map
        what = _TABLES.get(kind)
        if what == "table":
            self.rows = []
        if what == "row":
            self.rows.append([])
        if what == "cell":
            self.rows[-1].append([])
        if what:
            self.found.open(what, head=kind == "/TH")
        for child in children if isinstance(children, list) else [children]:
            self.child(child.get_object(), page)
        if what:
            self.found.close(what)
        if what == "table":
            self.check()
        self.figures -= kind == "/Figure"

    def child(self, child: Any, page: Any) -> None:
        if not isinstance(child, int) and child.get("/Type") != "/MCR":
            self.element(child, page)
            return
        content = child if isinstance(child, int) else child["/MCID"]
        on = self.drawn[(page if isinstance(child, int) else child.get("/Pg", page)).indirect_reference.idnum]
        text = on.texts.pop(content, "")
        if self.figures:
            return
        self.found.text(text)
        if self.found.inside == "cell" and text.strip():
            self.rows[-1][-1].append((on.number, *on.places[content]))

    def check(self) -> None:
        """Check that the cells of the table are drawn in order: from left to right, and from top to bottom.

        Raises: UnreadableError where they are not.
        """
        rows = [cells for row in self.rows if (cells := [cell for cell in row if cell])]
        in_cells = all(_read_on(a, b) for row in rows for cell in row for a, b in pairwise(cell))
        in_rows = all(_beside(a, b) for row in rows for a, b in pairwise(row))
        bottoms = [max((page, y) for cell in row for page, _, y in cell) for row in rows]
        tops = [min((page, y) for cell in row for page, _, y in cell) for row in rows]
        below = all(above < top for above, top in zip(bottoms[:-1], tops[1:], strict=True))
        if not (in_cells and in_rows and below):
            number = len(self.found.tables)
            raise UnreadableError(f"its table {number} is not drawn in the order of its structure: it was changed")


def _read_on(a: Spot, b: Spot) -> bool:
    """Whether a text of a cell follows another: on the same line, or on the next."""
    return a[0] == b[0] and ((a[1] < b[1] and abs(a[2] - b[2]) < _SLACK) or a[2] < b[2])


def _beside(a: Sequence[Spot], b: Sequence[Spot]) -> bool:
    """Whether a cell is to the right of another, some of their lines being as high."""
    pages = {page for page, _, _ in (*a, *b)}
    in_reach = any(abs(y - z) < _SLACK for _, _, y in a for _, _, z in b)
    return len(pages) == 1 and max(x for _, x, _ in a) < min(x for _, x, _ in b) and in_reach


def read_pdf(content: bytes) -> Page:
    """A page, or several, from a PDF.

    Raises: UnreadableError where it is a scan, damaged, or none of byhand's.
    """
    try:
        reader = PdfReader(BytesIO(content), strict=True)  # which mends nothing: that may take minutes
        if reader.is_encrypted:
            raise UnreadableError("it is encrypted; verify the PDF as byhand wrote it")
        pages = [_drawn(number, page, reader) for number, page in enumerate(reader.pages)]
        if not any(drawn.texts for drawn in pages):
            raise UnreadableError("it has no text in it: a scan cannot be verified, only the PDF that byhand wrote")
        root: Any = reader.root_object.get("/StructTreeRoot")
        about: Mapping[str, Any] = reader.metadata or {}
        found = Collector(asked=str(about.get(f"/{ASKED}", "")), maker=str(about.get("/Creator", "")))
        found.says()
        if root is None:
            raise UnreadableError("it has no structure; verify the PDF as byhand wrote it")
        ids = (page.indirect_reference.idnum for page in reader.pages if page.indirect_reference)
        walk = Walk(dict(zip(ids, pages, strict=True)), found)
        walk.element(root.get_object(), None)
    except UnreadableError:
        raise
    except Exception as error:  # pypdf raises whatever its parts do
        raise UnreadableError(f"it is no PDF that can be read ({type(error).__name__})") from None
    return found.page("".join(text for _, text in sorted(drawn.texts.items())) for drawn in pages)


def _drawn(number: int, page: PageObject, reader: PdfReader) -> Drawn:
    """The texts of a page, from its content stream."""
    drawn, resources = Drawn(number), cast(DictionaryObject, page["/Resources"])
    files = {name: font.get_object() for name, font in resources.get("/Font", {}).items()}
    fonts = {name: _letters(font) for name, font in files.items()}
    if any(is_right_to_left(letter) for letters in fonts.values() for text in letters.values() for letter in text):
        fonts = {name: letters | _brackets(files[name], letters) for name, letters in fonts.items()}
    marks: list[int | None] = []
    letters: dict[int, str] = {}
    place = (0.0, 0.0)
    for operands, operator in ContentStream(page.get("/Contents"), reader).operations:
        match operator:
            case b"BDC" | b"BMC":
                properties = operands[1] if operator == b"BDC" else {}
                marks.append(properties.get("/MCID") if isinstance(properties, dict) else None)
            case b"EMC":
                marks.pop()
            case b"Tf":
                letters = fonts[operands[0]]
            case b"Tm":
                place = float(operands[4]), float(operands[5])
            case b"TJ" | b"Tj":
                mark = next((m for m in reversed(marks) if m is not None), -1)  # -1: what is part of no structure
                text = _text(operands[0] if operator == b"TJ" else operands, letters)
                drawn.texts[mark] = drawn.texts.get(mark, "") + text
                drawn.places.setdefault(mark, place)
    return drawn


def _letters(font: Any) -> dict[int, str]:
    """The characters that each glyph of a font stands for, from left to right."""
    table = font["/ToUnicode"].get_object().get_data().decode("latin-1") if "/ToUnicode" in font else ""
    blocks = re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL)
    codes = (pair for block in blocks for pair in _CODE.findall(block))
    texts = ((int(code, 16), bytes.fromhex(text).decode("utf-16-be")) for code, text in codes)
    return {code: text[::-1] if any(map(is_right_to_left, text)) else text for code, text in texts}


def _brackets(font: Any, letters: Mapping[int, str]) -> dict[int, str]:
    """The brackets of a font as they look, by its file.

    WeasyPrint says of a glyph what it stood for first. From right to left, a bracket is drawn as its mirror image.
    """
    from fontTools.ttLib import TTFont

    pairs = {code for code, text in letters.items() if mirrored(text) != text}
    about = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
    if not pairs or "/FontFile2" not in about:
        return {}
    file = TTFont(BytesIO(about["/FontFile2"].get_object().get_data()))
    found = {file.getGlyphID(glyph): chr(letter) for letter, glyph in file.getBestCmap().items()}
    return {code: found[code] for code in pairs if code in found}


def _text(pieces: Any, letters: Mapping[int, str]) -> str:
    """The text of a string of glyphs, each two bytes."""
    glyphs = b"".join(piece.original_bytes for piece in pieces if hasattr(piece, "original_bytes"))
    return "".join(letters.get(int.from_bytes(glyphs[i : i + 2], "big"), "\ufffd") for i in range(0, len(glyphs), 2))
