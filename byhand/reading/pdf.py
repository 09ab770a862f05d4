"""Read a PDF as a person sees it: its drawn texts in the order of the structure tree, if their places agree."""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from typing import Any

import pikepdf
from msgspec import Struct, field

from byhand.errors import UnreadableError
from byhand.reading.line_order import is_right_to_left, mirrored
from byhand.reading.page import Collector, Page
from byhand.worksheet.asked import NAME as ASKED
from byhand.worksheet.asked import from_words
from byhand.worksheet.views import Paper

LARGEST_PDF = 10_000_000  # bytes of a file
MOST_UNPACKED = 20_000_000  # bytes of all that is packed in it
MOST_OBJECTS = 200_000
MOST_REFERENCES = 200_000  # from object to object, each of which takes 2.5 kB; the largest page of ours has 30,000
MOST_PAGES, MOST_SHOWN = 200, 200_000  # of all pages: the texts that they show, each part of a line one
MOST_DRAWN = 3_000_000  # bytes of the instructions of a page; one of ours has a tenth
READ = "BDC BMC EMC Tf Tm TJ Tj ' \" BI ID EI"  # what shows texts, says which and where, or draws pictures
OTHER_DRAWING = "it draws with instructions that byhand does not write"
LETTER_WIDTH = 612  # pt
NO_MARK = -1  # of what is part of no structure
IN_MARGIN = "/byhand"  # what an artifact in a margin has in place of an MCID
_CODE = re.compile(r"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")
_UNREAD = ("/Figure", "/Lbl")  # brackets, arrows, the map; what a list has before each item
_TABLES = {"/Table": "table", "/TR": "row", "/TD": "cell", "/TH": "cell"}
STREAM = re.compile(rb"(?<!end)stream\r?\n")
_LENGTH = re.compile(rb"/Length\s+([0-9]{1,9})(?!\s+[0-9]+\s+R)")
_PIECE = 1 << 16  # bytes that are unpacked at once
HEADER = 4_000  # bytes in which the entries of a packed part stand
_ODD_FILTERS = re.compile(rb"#|/(?:LZW|RunLength|ASCIIHex|ASCII85|DCT|JPX|CCITTFax|JBIG2)Decode")
_OUTSIDE, _INSIDE = re.compile(rb"[()%]"), re.compile(rb"\\.|[()]", re.DOTALL)  # what ends a part of entries
_FILTER_LIST = re.compile(rb"/Filter\s*\[")
Spot = tuple[int, float, float]  # a page, and where on it
_SLACK, LARGE_SLACK = 12.0, 24.0  # px by which the texts of a row stand higher or lower, and in large print


class Drawn(Struct):
    """The texts of a page, by their marked-content id (MCID), and the place where each begins."""

    number: int
    count: int = 0
    """How many texts there are, of which several may have one id."""
    texts: dict[int, str] = field(default_factory=dict)
    places: dict[int, tuple[float, float]] = field(default_factory=dict)


class Walk(Struct):
    """A walk over the structure tree, which takes the texts that it comes to off the pages."""

    drawn: Mapping[tuple[int, int], Drawn]
    collector: Collector = field(default_factory=Collector)
    rows: list[list[list[Spot]]] = field(default_factory=list)
    """The places of the texts in each cell of the current table."""
    unread: int = 0
    """The depth of open elements whose texts are not read."""
    slack: float = _SLACK

    def element(self, node: Any, page: tuple[int, int]) -> None:
        """Read an element of the structure tree, in order."""
        page = node["/Pg"].objgen if "/Pg" in node else page
        kind, children = str(node.get("/S")), node.get("/K", ())
        self.unread += kind in _UNREAD
        what = _TABLES.get(kind)
        if what == "table":
            self.rows = []
        if what == "row":
            self.rows.append([])
        if what == "cell":
            self.rows[-1].append([])
        if what:
            self.collector.open(what, head=kind == "/TH")
        for child in children if isinstance(children, pikepdf.Array | tuple) else [children]:
            if isinstance(child, int):
                self.text(child, page)
            elif child.get("/Type") == "/MCR":
                self.text(int(child["/MCID"]), child["/Pg"].objgen if "/Pg" in child else page)
            else:
                self.element(child, page)
        if what:
            self.collector.close(what)
        if what == "table":
            self.check()
        self.unread -= kind in _UNREAD

    def text(self, mark: int, page: tuple[int, int]) -> None:
        on = self.drawn[page]
        text = on.texts.pop(mark, "")
        if self.unread:
            return
        self.collector.text(text)
        if self.collector.inside == "cell" and text.strip():
            self.rows[-1][-1].append((on.number, *on.places[mark]))

    def check(self) -> None:
        """Check that the cells of the table are drawn in order: from left to right, and from top to bottom.

        Raises: UnreadableError where they are not.
        """
        rows = [cells for row in self.rows if (cells := [cell for cell in row if cell])]
        in_cells = all(_read_on(a, b, self.slack) for row in rows for cell in row for a, b in pairwise(cell))
        in_rows = all(_beside(a, b, self.slack) for row in rows for a, b in pairwise(row))
        bottoms = [max((page, y) for cell in row for page, _, y in cell) for row in rows]
        tops = [min((page, y) for cell in row for page, _, y in cell) for row in rows]
        below = all(above < top for above, top in zip(bottoms[:-1], tops[1:], strict=True))
        if not (in_cells and in_rows and below):
            number = len(self.collector.tables)
            raise UnreadableError(f"its table {number} is not drawn in the order of its structure: it was changed")


def _read_on(a: Spot, b: Spot, slack: float) -> bool:
    """Whether a text of a cell follows another: on the same line, or on the next."""
    return a[0] == b[0] and ((a[1] < b[1] and abs(a[2] - b[2]) < slack) or a[2] < b[2])


def _beside(a: Sequence[Spot], b: Sequence[Spot], slack: float) -> bool:
    """Whether a cell is to the right of another, some of their lines being as high."""
    pages = {page for page, _, _ in (*a, *b)}
    in_reach = any(abs(y - z) < slack for _, _, y in a for _, _, z in b)
    return len(pages) == 1 and max(x for _, x, _ in a) < min(x for _, x, _ in b) and in_reach


def read_pdf(content: bytes) -> Page:
    """A page, or several, from a PDF.

    Raises: UnreadableError where it is a scan, damaged, or none of byhand's.
    """
    with opened(content) as file:
        collector = _collector(file)
        if collector.asked:
            collector.says()
        _check_pages(file)
        pages, left = list[Drawn](), MOST_SHOWN
        for number, page in enumerate(file.pages):
            pages.append(_drawn(number, page))
            left -= pages[-1].count
            if left < 0:
                raise UnreadableError(f"it shows over {MOST_SHOWN:,} texts; no page of ours has as many")
        if not any(drawn.texts for drawn in pages):
            raise UnreadableError("it has no text in it: a scan cannot be verified, only the PDF that byhand wrote")
        slack = LARGE_SLACK if "large" in collector.says() else _SLACK
        if "/StructTreeRoot" not in file.Root:
            raise UnreadableError("it has no structure; verify the PDF as byhand wrote it")
        walk = Walk(
            {page.obj.objgen: drawn for page, drawn in zip(file.pages, pages, strict=True)}, collector, slack=slack
        )
        walk.element(file.Root.StructTreeRoot, (0, 0))
    return collector.page("".join(text for _, text in sorted(drawn.texts.items())) for drawn in pages)


def _check_pages(file: pikepdf.Pdf) -> None:
    """Check that a PDF has no more pages than a sheet.

    Raises: UnreadableError.
    """
    left, most = [file.Root.Pages], MOST_PAGES
    while left:
        kids = left.pop().get("/Kids", ())
        most -= len(kids)
        if most < 0:
            raise UnreadableError(f"it has over {MOST_PAGES} pages; no sheet of ours has as many")
        left.extend(kids)


def said_in(content: bytes) -> dict[str, str]:
    """What a PDF says of itself.

    Raises: UnreadableError where it does not, or cannot be read.
    """
    with opened(content) as file:
        return _collector(file).says()


def words_in(content: bytes) -> dict[str, str]:
    """What a PDF says of itself, whatever it holds; nothing where it says nothing.

    Raises: UnreadableError where it cannot be read.
    """
    with opened(content) as file:
        return from_words(about(file, f"/{ASKED}"))


def texts_of_pages(content: bytes) -> list[str]:
    """What stands on each page of a PDF, in the order in which it is drawn.

    Raises: UnreadableError where it cannot be read.
    """
    with opened(content) as file:
        _check_pages(file)
        pages = [_drawn(number, page) for number, page in enumerate(file.pages)]
        return ["".join(text for _, text in sorted(page.texts.items())) for page in pages]


def _collector(file: pikepdf.Pdf) -> Collector:
    return Collector(asked=about(file, f"/{ASKED}"), maker=about(file, "/Creator"))


def about(file: pikepdf.Pdf, name: str) -> str:
    """An entry of a PDF's information dictionary."""
    return str(file.trailer.Info.get(name, "")) if "/Info" in file.trailer else ""


def printing(content: bytes) -> tuple[Paper, str]:
    """The paper for which a PDF was laid out, A4 where it is none of ours; and what laid it out.

    Raises: UnreadableError where it cannot be read.
    """
    with opened(content) as file:
        return paper_of(file), about(file, "/Producer")


def paper_of(file: pikepdf.Pdf) -> Paper:
    """The paper on which a PDF is to be printed, by the width of its first page; A4 where it is neither."""
    return "letter" if abs(float(file.pages[0].MediaBox[2]) - LETTER_WIDTH) < 1 else "a4"


def is_oddly_packed(entries: bytes) -> bool:
    """Whether a part of a PDF may be packed in a way that is not read. entries: those before the part, or their end.

    A filter's name may be written with # for a letter. Within texts, such as the raw bytes of an /ID, that means
    nothing. Texts are told from names only where each ends; a comment, which could hide where one begins, is odd.
    """
    outside, depth, begin, at = list[bytes](), 0, 0, 0
    while match := (_INSIDE if depth else _OUTSIDE).search(entries, at):
        at = match.end()
        if not depth:
            outside.append(entries[begin : at - 1])
            if match[0] != b"(":
                return True
        depth += {b"(": 1, b")": -1}.get(match[0], 0)
        begin = at
    return depth > 0 or bool(_ODD_FILTERS.search(b" ".join([*outside, entries[begin:]])))


def check_room(content: bytes, *, saved: bool = False) -> None:
    """Check that a PDF is no longer than a page of ours, packed and unpacked.

    saved: whether another program may have saved it, so that its parts need not say how long they are.

    Raises: UnreadableError.
    """
    if len(content) > LARGEST_PDF:
        raise UnreadableError(f"it has over {LARGEST_PDF // 1_000_000} MB; no PDF of a page of ours is as long")
    whole, left, packed, references = memoryview(content), MOST_UNPACKED, 2 * len(content), content.count(b"R")
    for part in STREAM.finditer(content):
        header = content[max(content.rfind(b"obj", 0, part.start()), part.start() - HEADER) : part.start()]
        length = _LENGTH.search(header)
        is_ours = length and part.end() + int(length[1]) <= len(content) and not _FILTER_LIST.search(header)
        if is_oddly_packed(header) or not (saved or is_ours):
            told = "that is not read; save it with another program" if saved else "in which our pages are not"
            raise UnreadableError(f"it is packed in a way {told}")
        unpack, at = zlib.decompressobj(), part.end()
        with suppress(zlib.error):  # what is not packed
            while not unpack.eof and at < len(content) and left >= 0 and packed >= 0:
                piece = whole[at : at + _PIECE]
                unpacked = unpack.decompress(piece, left + 1)
                packed += len(unpack.unused_data) - len(piece)
                at, left = at + _PIECE, left - len(unpacked)
                references += unpacked.count(b"R") if b"/ObjStm" in header else 0
        if left < 0 or packed < 0:
            raise UnreadableError(f"it unpacks to over {MOST_UNPACKED // 1_000_000} MB; no page of ours is as long")
    if references > MOST_REFERENCES:
        raise UnreadableError(f"it has over {MOST_REFERENCES:,} references; no page of ours has as many")


@contextmanager
def opened(content: bytes, check: Callable[[bytes], None] = check_room) -> Iterator[pikepdf.Pdf]:
    """Within the block, a PDF that may be damaged or made to do harm: nothing is mended, and all has a limit.

    check: raises UnreadableError where it is too long, packed or unpacked.

    Raises: UnreadableError, also for what goes wrong in the block.
    """
    check(content)
    limits: dict[str, Any] = pikepdf.settings.set_qpdf_limits(max_stream_filters=1, flate_max_memory=MOST_UNPACKED)
    try:
        with pikepdf.open(BytesIO(content), attempt_recovery=False, suppress_warnings=True) as file:
            if file.is_encrypted:
                raise UnreadableError("it is encrypted; verify the PDF as byhand wrote it")
            if int(file.trailer.get("/Size", 0)) > MOST_OBJECTS:
                raise UnreadableError(f"it has over {MOST_OBJECTS:,} objects; no page of ours has as many")
            yield file
            if file.get_warnings():
                raise UnreadableError("it is no PDF that can be read (damaged)")
    except UnreadableError:
        raise
    except pikepdf.PasswordError:
        raise UnreadableError("it is encrypted; verify the PDF as byhand wrote it") from None
    except Exception as error:  # pikepdf and what reads its objects raise whatever their parts do
        raise UnreadableError(f"it is no PDF that can be read ({type(error).__name__})") from None
    finally:
        pikepdf.settings.set_qpdf_limits(**limits)


def _drawn(number: int, page: pikepdf.Page) -> Drawn:
    """The texts of a page, from its content streams."""
    drawn, resources, contents = Drawn(number), page.Resources, page.obj.get("/Contents", pikepdf.Array())
    fonts = {str(name): font for name, font in (resources.Font.items() if "/Font" in resources else ())}
    letters = {
        name: letters_of(font.ToUnicode.read_bytes() if "/ToUnicode" in font else b"") for name, font in fonts.items()
    }
    if any(is_right_to_left(letter) for of_font in letters.values() for text in of_font.values() for letter in text):
        letters = {name: of_font | _brackets(fonts[name], of_font) for name, of_font in letters.items()}
    for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
        for mark, font, glyphs, place in _shown(stream.read_bytes()):
            drawn.count += 1
            drawn.texts[mark] = drawn.texts.get(mark, "") + _text(glyphs, letters[font])
            drawn.places.setdefault(mark, place)
    return drawn


@lru_cache(32)  # the copies of a class have a stream in common
def _shown(content: bytes) -> tuple[tuple[int, str, bytes, tuple[float, float]], ...]:
    """The glyphs that a content stream shows: their mark, font and place.

    Raises: UnreadableError where it is too long, or has instructions that are none.
    """
    if len(content) > MOST_DRAWN:
        raise UnreadableError(f"it draws with over {MOST_DRAWN:,} characters; no page of ours has as many")
    texts, marks = list[tuple[int, str, bytes, tuple[float, float]]](), list[int | None]()
    font, place = "", (0.0, 0.0)
    for operands, operator in _instructions(content):
        match str(operator):
            case "BDC" | "BMC":
                about = operands[-1]
                has_entries = isinstance(about, pikepdf.Dictionary)
                mark = about.get("/MCID", about.get(IN_MARGIN)) if has_entries else None
                marks.append(None if mark is None else int(mark))
            case "EMC":
                marks.pop()
            case "Tf":
                font = str(operands[-2])
            case "Tm":
                place = float(operands[-2]), float(operands[-1])
            case "INLINE IMAGE":
                raise UnreadableError(OTHER_DRAWING)
            case _:  # shows a text
                mark_of = next((m for m in reversed(marks) if m is not None), NO_MARK)
                parts = operands[-1] if isinstance(operands[-1], pikepdf.Array) else operands
                glyphs = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
                texts.append((mark_of, font, glyphs, place))
    return tuple(texts)


def _instructions(content: bytes) -> Sequence[Any]:
    """The instructions of a content stream that are READ.

    Raises: UnreadableError where any instruction does not parse.
    """
    with pikepdf.new() as file, warnings.catch_warnings(record=True, action="always") as told:
        instructions = pikepdf.parse_content_stream(pikepdf.Stream(file, content), READ)
        if told or file.get_warnings():
            raise UnreadableError(OTHER_DRAWING)
    return instructions


@lru_cache(64)
def letters_of(to_unicode: bytes) -> dict[int, str]:
    """The characters that each glyph of a font stands for, from left to right, by its table ToUnicode."""
    parts = to_unicode.decode("latin-1").split("beginbfchar")[1:]
    blocks = (part.partition("endbfchar")[0] for part in parts)
    codes = (pair for block in blocks for pair in _CODE.findall(block))
    texts = ((int(code, 16), bytes.fromhex(text).decode("utf-16-be")) for code, text in codes)
    return {code: text[::-1] if any(map(is_right_to_left, text)) else text for code, text in texts}


def _brackets(font: Any, letters: Mapping[int, str]) -> dict[int, str]:
    """The brackets of a font as they look, by its file.

    WeasyPrint says of a glyph what it stood for first. From right to left, a bracket is drawn as its mirror image.
    """
    from fontTools.ttLib import TTFont

    pairs = {code for code, text in letters.items() if mirrored(text) != text}
    about = font.DescendantFonts[0].FontDescriptor
    if not pairs or "/FontFile2" not in about:
        return {}
    file = TTFont(BytesIO(about.FontFile2.read_bytes()))
    by_glyph = {file.getGlyphID(glyph): chr(letter) for letter, glyph in file.getBestCmap().items()}
    return {code: by_glyph[code] for code in pairs if code in by_glyph}


def _text(glyphs: bytes, letters: Mapping[int, str]) -> str:
    """The text of a string of glyphs, each two bytes."""
    return "".join(letters.get(int.from_bytes(glyphs[i : i + 2], "big"), "\ufffd") for i in range(0, len(glyphs), 2))
