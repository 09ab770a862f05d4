"""All that byhand knows of the inner forms of WeasyPrint, and of pydyf, which writes its PDF: no public interfaces.

Its boxes become `Box`es. In the PDF that it writes, the texts of a page become `TextRun`s, and where drawings stand,
the elements of the structure and the glyphs of fonts are found. Where a form is another than is known here,
UnknownFormError is raised, and pages are laid out by WeasyPrint alone, one by one, which takes longer.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from importlib import import_module
from shutil import rmtree
from types import ModuleType
from typing import Any

from msgspec import Struct

from byhand.errors import SheetError
from byhand.fonts import FACES
from byhand.press.stream import Cuts, TextRun, compact

MARK = b"byhand"  # the entry of an artifact in a margin that has its mark
SLOT = "data-slot"  # the attribute of an element that is a slot: the number of its mark
_KINDS = {
    "TextBox": "text", "LineBox": "line", "InlineBox": "inline",
    "BlockBox": "block", "InlineBlockBox": "inline block", "MarginBox": "margin",
}  # fmt: skip
_OBJECT = re.compile(
    rb"^(?:"
    rb"(?P<tag>(?:/Span\n<</MCID \d+>>|/Artifact\n<<[^>\n]*>>)\nBDC)"
    rb"|BT\n1 0 0 -1 (?P<x>\S+) (?P<y>\S+) Tm\n/(?P<font>\w+) (?P<size>\S+) Tf\n(?P<shown>[^\n]*) TJ\nET"
    rb"|(?P<colour>[^\n]* rg)|(?P<push>q)|(?P<pop>Q)|(?P<end>EMC)"
    rb")\n",
    re.MULTILINE,
)
_FOOT = re.compile(
    rb"/Artifact\s+<</Type/Pagination/Subtype/Footer[^>]*>>\s+BDC\n(?:/\S+ gs\n)?[^\n]* rg\nBT\n"
    rb"1 0 0 -1 (?P<x>[\d.]+) (?P<y>[\d.]+) Tm\n/\S+ (?P<size>[\d.]+) Tf\n(?P<shown>[^\n]*)\nET\nEMC"
)
_DRAWING = re.compile(rb"/Figure\n<</MCID (\d+)>>\nBDC\n.*?\n1 0 0 1 (\S+) (\S+) cm\n.*?\nEMC\n", re.DOTALL)
_TAG = re.compile(rb"/(?:Span|Figure)\n<</MCID (\d+)>>\nBDC\n")
_TEXT_PLACE = re.compile(rb"1 0 0 (?:-1|1) \S+ (\S+) (?:Tm|cm)\n")
_GLYPH_TEXT = re.compile(r"<([0-9a-f]{4})> <([0-9a-f]+)>")


class UnknownFormError(SheetError):
    """WeasyPrint or pydyf, in this version, has another inner form than is known here."""


class Box(Struct, frozen=True, eq=False):
    """A box of a page that is laid out. Lengths are in px; places count from the page's upper left corner."""

    kind: str
    """What it is: text, line, inline, block, inline block, or margin; "" for any other."""
    tag: str
    """The tag of its element; "" where it has none."""
    classes: tuple[str, ...]
    """The classes of its element."""
    parent: Box | None
    x: float
    """The left end of the box."""
    y: float
    """The upper end of the box."""
    outer_width: float
    """The width of the box with all margins."""
    border: tuple[float, float, float, float]
    """The left, upper, right and lower edge of its border box."""
    top_edge: float
    """The width of its upper line."""
    bottom_edge: float
    """The width of its lower line."""
    left: float
    """The left end of its content box."""
    top: float
    """The upper end of its content box."""
    width: float
    """The width of its content box."""
    height: float
    """The height of its content box."""
    min_height: float
    """The least height of its content box; 0 for none."""
    baseline: float
    """For a text or a line, the distance of its baseline below y."""
    in_flow: bool
    """Whether it neither floats nor has a place of its own."""
    in_frame: bool
    """Whether it has a border at the top."""
    anchor: float
    """0 where lines in it are aligned to the left, ½ where they are centred, 1 where they are at the right."""
    breaks: bool
    """Whether a line may break in it."""
    slot: int | None
    """The mark in whose slot it is."""
    colour: tuple[float, float, float]
    """The colour of a slot: red, green and blue."""
    text: str
    margin: str
    """The place of a margin, such as @bottom-right."""
    children: list[Box] = []
    """The boxes in it, floating and positioned ones included."""

    def every(self) -> Iterator[Box]:
        """The box and all boxes within it."""
        yield self
        for child in self.children:
            yield from child.every()


@contextmanager
def _known_form() -> Iterator[None]:
    """Within the block, what is missing in WeasyPrint or in its PDF is an unknown form."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, IndexError, StopIteration) as error:
        raise unknown(f"{type(error).__name__}: {error}") from error


def unknown(what: str) -> UnknownFormError:
    return UnknownFormError(
        f"this WeasyPrint has another form than byhand knows ({what}); install that of constraints.txt"
    )


def fonts_like(name: str) -> list[str]:
    """The names of the installed font that is the nearest to a name, as Fontconfig finds it."""
    from weasyprint.text.ffi import ffi, fontconfig

    config, pattern = fontconfig.FcInitLoadConfigAndFonts(), fontconfig.FcPatternCreate()
    fontconfig.FcPatternAddString(pattern, b"family", name.encode())
    fontconfig.FcConfigSubstitute(config, pattern, fontconfig.FcMatchPattern)
    fontconfig.FcDefaultSubstitute(pattern)
    nearest = fontconfig.FcFontMatch(config, pattern, ffi.new("FcResult *"))
    names, found = list[str](), ffi.new("FcChar8 **")
    while fontconfig.FcPatternGetString(nearest, b"family", len(names), found) == fontconfig.FcResultMatch:
        names.append(ffi.string(ffi.cast("char *", found[0])).decode("utf-8", "replace"))
    return names


@contextmanager
def libraries_by_file() -> Iterator[None]:
    """Within the block, WeasyPrint finds Pango and others by the names of their files only, which it tries, too.

    On Linux, Python looks for other names with programs such as ldconfig and gcc, which takes longer than the rest.
    """
    import ctypes.util  # imports as much as all of this room

    search = ctypes.util.find_library
    if sys.platform == "linux":
        ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = search


@contextmanager
def without_font_tools() -> Iterator[None]:
    """Within the block, WeasyPrint imports two parts of fontTools only when it calls them: for variable fonts, and
    where libharfbuzz-subset is missing. They take as long to import as all of WeasyPrint.
    """
    names = [name for name in ("fontTools.subset", "fontTools.varLib.instancer") if name not in sys.modules]
    sys.modules |= {name: _Later(name) for name in names}
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


class _Later(ModuleType):
    """A module in place of another one of this name, which is imported when something in it is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **named: getattr(import_module(self.__name__), name)(*args, **named)


def remove_files(fonts: Any) -> None:
    """Remove the files of a FontConfiguration; by itself it does so only if Python frees it before it ends."""
    if fonts._folder:
        rmtree(fonts._folder, ignore_errors=True)


def page_box(page: Any) -> Box:
    """The box of a page of WeasyPrint's Document.

    Raises: UnknownFormError.
    """
    with _known_form():
        return _box(page._page_box, None)


def _box(laid: Any, parent: Box | None) -> Box:
    laid = getattr(laid, "_box", laid)  # what has a place of its own is held by another object
    style, x, y = laid.style, laid.border_box_x(), laid.border_box_y()
    box = Box(
        kind=_KINDS.get(type(laid).__name__, ""),
        tag=laid.element_tag or "",
        classes=tuple((laid.element.get("class") or "").split()) if laid.element is not None else (),
        parent=parent,
        x=laid.position_x,
        y=laid.position_y,
        outer_width=laid.margin_width(),
        border=(x, y, x + laid.border_width(), y + laid.border_height()),
        top_edge=laid.border_top_width,
        bottom_edge=laid.border_bottom_width,
        left=laid.content_box_x(),
        top=laid.content_box_y(),
        width=laid.width,
        height=laid.height,
        min_height=laid.min_height,
        baseline=laid.baseline if hasattr(laid, "baseline") else 0.0,
        in_flow=laid.is_in_normal_flow(),
        in_frame=bool(style["border_top_width"]),
        anchor={"center": 0.5, "right": 1.0, "end": 1.0}.get(style["text_align_all"], 0.0),
        breaks=style["white_space"] != "nowrap",
        slot=(slot := _slot(laid.element)),
        colour=(0.0, 0.0, 0.0) if slot is None else tuple(style["color"].to("srgb").coordinates),
        text=laid.text if type(laid).__name__ == "TextBox" else "",
        margin=laid.at_keyword if type(laid).__name__ == "MarginBox" else "",
        children=[],
    )
    box.children.extend(_box(child, box) for child in getattr(laid, "children", ()))
    return box


def _slot(element: Any) -> int | None:
    mark = element.get(SLOT) if element is not None else None
    return None if mark is None else int(mark)


def text_runs(stream: bytes) -> dict[tuple[str, str], tuple[TextRun, Cuts]]:
    """The runs of text by their places, each with the parts of the stream that write it, except its colour."""
    by_place: dict[tuple[str, str], tuple[TextRun, Cuts]] = {}
    colour, colours = b"", list[bytes]()
    tag, text, cuts = b"", None, Cuts()
    for part in _OBJECT.finditer(stream):
        match part.lastgroup:
            case "push":
                colours.append(colour)
            case "pop":
                colour = colours.pop()
            case "colour":
                colour = part["colour"]
            case "tag":
                tag, text, cuts = part["tag"], None, [part.span()]
            case "shown":
                text = part
                cuts.append(part.span())
            case "end" if tag and text:
                x, y, font, size = (text[name].decode() for name in ("x", "y", "font", "size"))
                shown = compact(text["shown"]) + b" TJ"
                run = TextRun(tag, colour, float(x), float(y), font, float(size), shown, None)
                by_place[x, y] = run, [*cuts, part.span()]
                tag = b""
    return by_place


def drawn_in(stream: bytes) -> dict[int, tuple[int, int, float, float]]:
    """Where in the stream each drawing begins and ends, by its mark, and its place on the page in px."""
    return {int(match[1]): (*match.span(), float(match[2]), float(match[3])) for match in _DRAWING.finditer(stream)}


def foot_at_right(stream: bytes, width: float) -> re.Match[bytes] | None:
    """What writes the lowest text in the right half of a page's foot, where its number stands: its x, its size in
    px, and the glyphs shown. width: that of the page, in px.
    """
    at_right = (each for each in _FOOT.finditer(stream) if float(each["x"]) > width / 2)
    return max(at_right, key=lambda each: float(each["y"]), default=None)


def outermost(file: Any) -> frozenset[tuple[int, int]]:
    """The elements of a file's structure that are in no other, by their object numbers.

    Raises: UnknownFormError.
    """
    with _known_form():
        (document,) = file.Root.StructTreeRoot.K
        return frozenset(each.objgen for each in document.K)


def margins_apart(stream: bytes, elements: Any, top: frozenset[tuple[int, int]], height: float) -> bytes:
    """A page's stream in which the texts and the drawings of its margins are artifacts, as heads and feet are.

    WeasyPrint writes them with elements that are not in the structure. They are taken out of the page's elements, and
    their marks are kept in the artifacts, where they tell in which order they are read back.

    top: the elements that are in no other. height: that of the page in px.

    Raises: UnknownFormError.
    """
    known = dict.fromkeys(top, True)

    def is_there(element: Any) -> bool:
        if element.objgen not in known:
            around = element.P
            known[element.objgen] = around.S != "/Document" and is_there(around)
        return known[element.objgen]

    with _known_form():
        apart = {mark for mark, each in enumerate(elements) if not is_there(each)}
    for mark in apart:
        elements[mark] = None

    def artifact(match: re.Match[bytes]) -> bytes:
        mark = int(match[1])
        if mark not in apart:
            return match[0]
        place = _TEXT_PLACE.search(stream, match.end(), stream.index(b"EMC", match.end()))
        if place is None:  # it shows nothing
            return b"/Artifact\nBMC\n"
        kind = b"Header" if float(place[1]) < height / 2 else b"Footer"
        return b"/Artifact\n<</Type/Pagination/Subtype/%s/%s %d>>\nBDC\n" % (kind, MARK, mark)

    return _TAG.sub(artifact, stream) if apart else stream


def tag_end(stream: bytes, start: int) -> int:
    """Where the operators end that begin marked content, as /Figure\\n<</MCID 3>>\\nBDC."""
    return stream.index(b"BDC", start) + 3


def marked(file: Any, page: Any) -> Any:
    """The elements of a page, in an array by their marked-content ids (MCID).

    Raises: UnknownFormError.
    """
    with _known_form():
        return parents(file.Root.StructTreeRoot)[page.StructParents]


def parents(root: Any) -> dict[int, Any]:
    """The tree of parents of a structure: the elements of each page, and that of each annotation, by its number."""
    nums = list(root.ParentTree.Nums)
    return dict(zip(map(int, nums[::2]), nums[1::2], strict=True))


def titled_drawings(elements: Any) -> list[tuple[int, Any, str]]:
    """The drawings among the elements of a page: the mark, the element and the title of each; "" for none.

    Raises: UnknownFormError.
    """
    with _known_form():
        there = ((mark, each) for mark, each in enumerate(elements) if each is not None)
        return [(mark, each, str(each.get("/Alt", ""))) for mark, each in there if each.S == "/Figure"]


def drawing_box(element: Any) -> tuple[float, float, float, float]:
    """The left, upper, right and lower edge of a drawing, in px, by its element.

    Raises: UnknownFormError.
    """
    with _known_form():
        left, top, right, bottom = map(float, element.A.BBox)
        return left, top, right, bottom


def leave_out(elements: Any, mark: int, element: Any) -> tuple[Any, int]:
    """Take a drawing out of the structure; the element that it was in, and which child of it it was.

    Raises: UnknownFormError.
    """
    with _known_form():
        around, at = element.P, place_in(element.P, element)
        del around.K[at]
        elements[mark] = None
    return around, at


def place_in(around: Any, element: Any) -> int:
    """Which child of another element an element is."""
    return next(at for at, child in enumerate(around.K) if getattr(child, "objgen", None) == element.objgen)


def fonts_of(file: Any) -> dict[str, Any]:
    """The fonts of a file by their names in it."""
    held = [page.Resources.get("/Font", {}) for page in file.pages]
    return {str(name)[1:]: font for fonts in held for name, font in fonts.items()}


def face_of(font: Any) -> str | None:
    """The name of a font's file, by its name in the PDF: "ABCDEF+byhand-Sans-Semi-Bold-Italic"; None if not ours."""
    name = str(font.BaseFont)
    family = "byhand Math Italic" if "Math-Italic" in name else "byhand Math" if "Math" in name else "byhand Sans"
    weight, style = 600 if "Semi-Bold" in name else 400, "italic" if "Italic" in name else "normal"
    named = (face.name for face in FACES if (face.family, face.weight, face.style) == (family, weight, style))
    return next(named, None) if "+byhand-" in name else None


def is_slanted(font: Any) -> bool:
    """Whether a font is an upright face that Pango has slanted."""
    return str(font.BaseFont).endswith("Oblique")


def glyph_texts(font: Any) -> dict[int, str]:
    """The text of each glyph of a font, as UTF-16 in hexadecimal digits."""
    return {int(glyph, 16): text for glyph, text in _GLYPH_TEXT.findall(font.ToUnicode.read_bytes().decode())}


def glyph_widths(font: Any) -> dict[int, int]:
    """The widths of a font's glyphs, from arrays such as 3 [ 500 510 ] 9 [ 663 ]: glyph 3 is 500 wide, 4 is 510."""
    items = list(font.DescendantFonts[0].W)
    return {
        int(first) + i: int(width)
        for first, widths in zip(items[::2], items[1::2], strict=True)
        for i, width in enumerate(widths)
    }


def rename(file: Any, title: str) -> None:
    """Give a file another title."""
    about, told = file.docinfo, file.Root.Metadata
    told.write(
        told.read_bytes().replace(escape(str(about.Title), quote=False).encode(), escape(title, quote=False).encode())
    )
    about.Title = title


def levels(text: str) -> list[int]:
    """The embedding level of each character in a line that runs from left to right (Unicode's annex 9), by Pango."""
    ffi, pango = _pango()
    content, direction = text.encode(), ffi.new("int*", 0)
    return list(pango.pango_log2vis_get_embedding_levels(content, len(content), direction)[0 : len(text)])


@cache
def _pango() -> tuple[Any, Any]:
    """Pango with a function that WeasyPrint does not declare."""
    from weasyprint.text.ffi import ffi, pango

    ffi.cdef("uint8_t* pango_log2vis_get_embedding_levels(const char*, int, int*);")
    return ffi, pango
