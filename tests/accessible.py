"""What PDF/UA-1 (ISO 14289-1) asks of a file, and a program can check: what fails, in words, of a PDF."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pikepdf

_MEANING = re.compile(rb"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]+)>")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]|^byhand ")
GROUPS = {"Document", "Part", "Art", "Sect", "Div", "BlockQuote", "TOC", "TOCI", "Index", "NonStruct", "Private"}
HEADINGS = {f"H{level}": level for level in range(1, 7)}
TABLES = {"Table", "TR", "TH", "TD", "THead", "TBody", "TFoot", "Caption"}
LISTS = {"L", "LI", "Lbl", "LBody"}
TEXTS = {"P", "Span", "Quote", "Note", "Reference", "Code", "Link", "Annot"}
STANDARD = {*GROUPS, *HEADINGS, *TABLES, *LISTS, *TEXTS, "Figure", "Formula", "Form"}
WITHIN = {  # what an element must stand in
    "TR": {"Table", "THead", "TBody", "TFoot"},
    "TH": {"TR"},
    "TD": {"TR"},
    "LI": {"L"},
    "Lbl": {"LI"},
    "LBody": {"LI"},
}
ONLY = {"Table": {"TR", "THead", "TBody", "TFoot", "Caption"}, "TR": {"TH", "TD"}, "L": {"LI", "L", "Caption"}}
PAINTING = {"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "Tj", "TJ", "'", '"', "Do", "sh", "BI", "INLINE IMAGE"}


def faults(pdf: bytes) -> list[str]:
    """What a file lacks; empty where nothing was found."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        if "/StructTreeRoot" not in file.Root:
            return ["it has no structure"]
        found = [*_of_file(file), *_of_fonts(file), *_of_structure(file)]
        owners, there = _by_key(file), {element.objgen for element, _ in elements(file)}
        for number, page in enumerate(file.pages, 1):
            of_page = (*_of_content(page, owners, there), *_of_glyphs(page), *_of_annotations(page, owners))
            found += [f"page {number}: {fault}" for fault in of_page]
    return [f"{fault} ({count} times)" if count > 1 else fault for fault, count in Counter(found).items()]


def elements(file: Any) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """All elements of a file's structure, as they are read, each with the types of those around it."""

    def within(element: Any, around: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
        for child in children(element):
            yield child, around
            yield from within(child, (*around, kind(child)))

    yield from within(file.Root.StructTreeRoot, ())


def children(element: Any) -> list[Any]:
    """The elements in an element, without its content."""
    return [
        kid for kid in _kids(element) if isinstance(kid, pikepdf.Dictionary | pikepdf.Object) and _is_element(kid)
    ]


def kind(element: Any) -> str:
    """The type of an element, such as TD."""
    return str(element.S)[1:]


def attribute(element: Any, name: str) -> Any:
    """An attribute of an element, from any of its attribute objects; None where it has none."""
    held = element.get("/A", [])
    owners = list(held) if isinstance(held, pikepdf.Array) else [held]
    return next((owner[name] for owner in owners if isinstance(owner, pikepdf.Dictionary) and name in owner), None)


def _kids(element: Any) -> list[Any]:
    held = element.get("/K", [])
    return list(held) if isinstance(held, pikepdf.Array) else [held]


def _is_element(kid: Any) -> bool:
    return isinstance(kid, pikepdf.Dictionary) and "/S" in kid


def _of_file(file: Any) -> Iterator[str]:
    root = file.Root
    if not root.get("/MarkInfo", {}).get("/Marked", False):
        yield "it is not marked as tagged"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False):
        yield "its title is not shown"
    if not str(root.get("/Lang", "")):
        yield "it names no language"
    with file.open_metadata() as about:
        if not str(about.get("dc:title", "")).strip():
            yield "its metadata has no title"
        elif about["dc:title"] != str(file.docinfo.Title):
            yield "it has two titles"
        if about.get("pdfuaid:part") != "1":
            yield "it does not say that it conforms"


def _of_fonts(file: Any) -> Iterator[str]:
    for font in _fonts(file):
        name = str(font.get("/BaseFont", ""))
        whole = font.DescendantFonts[0] if "/DescendantFonts" in font else font
        if not any(f"/FontFile{n}" in whole.get("/FontDescriptor", {}) for n in ("", "2", "3")):
            yield f"{name} is not embedded"
        if "/DescendantFonts" not in font:
            if "/Encoding" not in font:
                yield f"{name} has no encoding"
            continue
        if str(whole.Subtype) == "/CIDFontType2" and "/CIDToGIDMap" not in whole:
            yield f"{name} does not say which glyph is which"
        if "/ToUnicode" not in font:
            yield f"{name} does not say what its glyphs mean"
            continue
        meant = dict(_MEANING.findall(font.ToUnicode.read_bytes()))
        if odd := {text.lower() for text in meant.values()} & {b"0000", b"feff", b"fffe", b"fffd"}:
            yield f"{name} has glyphs that mean {sorted(odd)}"


def _fonts(file: Any) -> Iterator[Any]:
    """The fonts of a file by which something is written: on its pages, and in fields for texts.

    What a box to tick looks like is drawn, so the font that its field names is none of them.
    """
    holders = [page.Resources.get("/Font", {}) for page in file.pages if "/Resources" in page]
    found = {font.objgen: font for holder in holders for font in holder.values()}
    form = file.Root.get("/AcroForm", {})
    for field in _fields(form.get("/Fields", ())):
        if str(field.get("/FT", "")) == "/Tx":
            font = form.DR.Font[str(field.DA).split()[0]]
            found[font.objgen] = font
    yield from found.values()


def _fields(fields: Any) -> Iterator[Any]:
    for field in fields:
        if "/FT" in field:
            yield field
        else:
            yield from _fields(field.get("/Kids", ()))


def _of_structure(file: Any) -> Iterator[str]:
    names, asked, level = set[str](), set[str](), 0
    for element, around in elements(file):
        own, outer = kind(element), around[-1] if around else ""
        if own not in STANDARD:
            yield f"{own} is no standard type"
        if own in WITHIN and outer not in WITHIN[own]:
            yield f"{own} stands in {outer}"
        if outer in ONLY and own not in ONLY[outer]:
            yield f"{outer} holds {own}"
        if own in ("Table", "L", "TR") and not children(element):
            yield f"{own} is empty"
        if own in ("Figure", "Formula") and not str(element.get("/Alt", "")).strip():
            yield f"{own} without an alternative text"
        if _PRIVATE.search(str(element.get("/Alt", ""))):
            yield f"{own} with an alternative text that is not filled in"
        if own == "Figure" and not _is_on_page(element):
            yield "Figure without a box on its page"
        if own == "Table" and len({_width(row) for row in rows(element)}) > 1:
            yield "the rows of a Table have not the same number of cells"
        if own == "TH":
            if attribute(element, "/Scope") is None:
                yield "TH without a scope"
            names.add(str(element.get("/ID", "")))
        for head in attribute(element, "/Headers") or ():
            asked.add(str(head))
        if own in HEADINGS:
            if HEADINGS[own] > level + 1:
                yield f"{own} follows H{level}" if level else f"the first heading is {own}"
            level = HEADINGS[own]
            if not any(True for _ in _content(element)):
                yield f"{own} without a text"
    for head in asked - names:
        yield f"no header is called {head}"


def _is_on_page(figure: Any) -> bool:
    """Whether a drawing says where on its page it is."""
    box, page = attribute(figure, "/BBox"), figure.get("/Pg")
    if box is None or page is None:
        return False
    left, bottom, right, top = map(float, box)
    _, _, width, height = map(float, page.MediaBox)
    return 0 <= left < right <= width and 0 <= bottom < top <= height


def rows(table: Any) -> Iterator[Any]:
    """The rows of a table, which may be in groups."""
    for child in children(table):
        if kind(child) == "TR":
            yield child
        elif kind(child) in ("THead", "TBody", "TFoot"):
            yield from rows(child)


def _width(row: Any) -> int:
    """The number of columns that a row of a table has."""
    return sum(int(attribute(cell, "/ColSpan") or 1) for cell in children(row))


def _content(element: Any) -> Iterator[Any]:
    """The marked content in an element and in those in it: its ids, and references to annotations."""
    for kid in _kids(element):
        if _is_element(kid):
            yield from _content(kid)
        else:
            yield kid


def _of_content(page: Any, by_key: dict[int, Any], there: set[tuple[int, int]]) -> Iterator[str]:
    """Whether all content of a page is either in the structure, each part once, or an artifact."""
    owners = by_key.get(int(page.get("/StructParents", -1)))
    used, stack = set[int](), list[str | int]()
    for instruction in pikepdf.parse_content_stream(page) if "/Contents" in page else ():
        operator = str(instruction.operator)
        if operator in ("BMC", "BDC"):
            tag = str(instruction.operands[0])[1:]
            about = instruction.operands[1] if operator == "BDC" else {}
            mark = about.get("/MCID") if isinstance(about, pikepdf.Dictionary | dict) else None
            stack.append("artifact" if tag == "Artifact" else int(mark) if mark is not None else "")
            if "artifact" in stack and any(isinstance(each, int) for each in stack):
                yield "an artifact and tagged content are in each other"
            if mark is not None:
                if int(mark) in used:
                    yield f"mark {mark} is used twice"
                used.add(int(mark))
        elif operator == "EMC":
            if not stack:
                yield "marked content ends that has not begun"
            else:
                stack.pop()
        elif operator in PAINTING and not any(stack_part != "" for stack_part in stack):
            yield f"untagged content ({operator})"
    if stack:
        yield "marked content does not end"
    for mark in sorted(used):
        owner = owners[mark] if owners is not None and mark < len(owners) else None
        if not isinstance(owner, pikepdf.Dictionary):
            yield "content belongs to no element"
        elif not any(_is_mark(kid, mark) for kid in _kids(owner)):
            yield f"{kind(owner)} does not hold its content"
        elif owner.objgen not in there:
            yield f"{kind(owner)} with content is not in the structure"
    if used and owners is None:
        yield "it has no entry in the tree of parents"


def _of_glyphs(page: Any) -> Iterator[str]:
    """Whether each glyph that a page shows means something, and its font holds it."""
    fonts = page.get("/Resources", {}).get("/Font", {})
    meant = {name: {*_meanings(font)} & {*_held(font)} for name, font in fonts.items() if "/DescendantFonts" in font}
    own = ""
    for operands, operator in pikepdf.parse_content_stream(page, "Tf Tj TJ") if meant else ():
        if str(operator) == "Tf":
            own = str(operands[0])
        elif own in meant:
            parts = operands[0] if str(operator) == "TJ" else operands
            shown = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
            pairs = {int.from_bytes(shown[at : at + 2], "big") for at in range(0, len(shown), 2)}
            for glyph in sorted(pairs - meant[own]):
                yield f"{fonts[own].BaseFont} shows glyph {glyph}, which it does not hold, or which means nothing"


def _meanings(font: Any) -> Iterator[int]:
    """The glyphs of a font that mean something."""
    return (int(glyph, 16) for glyph, _ in _MEANING.findall(font.ToUnicode.read_bytes()))


def _held(font: Any) -> Iterator[int]:
    """The glyphs of a font whose widths it says."""
    items = list(font.DescendantFonts[0].W)
    for first, widths in zip(items[::2], items[1::2], strict=True):
        yield from range(int(first), int(first) + len(widths))


def _is_mark(kid: Any, mark: int) -> bool:
    if isinstance(kid, pikepdf.Dictionary):
        return str(kid.get("/Type", "")) == "/MCR" and int(kid.MCID) == mark
    return int(kid) == mark


def _of_annotations(page: Any, by_key: dict[int, Any]) -> Iterator[str]:
    annotations = list(page.get("/Annots", []))
    if annotations and str(page.get("/Tabs", "")) != "/S":
        yield "the tab key does not follow the structure"
    for each in annotations:
        what = str(each.Subtype)[1:]
        wanted = {"Link": "Link", "Widget": "Form"}.get(what, "Annot")
        owner = by_key.get(int(each.get("/StructParent", -1)))
        if not isinstance(owner, pikepdf.Dictionary) or kind(owner) != wanted:
            yield f"{what} is not in {wanted}"
        elif not any(isinstance(kid, pikepdf.Dictionary) and kid.get("/Obj") == each for kid in _kids(owner)):
            yield f"{wanted} does not hold its {what}"
        if what == "Link" and not str(each.get("/Contents", "")).strip():
            yield "Link without a description"
        if what == "Widget" and not _named(each):
            yield "Widget without a name"


def _named(field: Any) -> bool:
    return bool(str(field.get("/TU", "")).strip()) or ("/Parent" in field and _named(field.Parent))


def _by_key(file: Any) -> dict[int, Any]:
    """The tree of parents: the elements of each page's content in the order of their marks, and those of annotations."""
    nums = list(file.Root.StructTreeRoot.ParentTree.Nums)
    return {int(key): owner for key, owner in zip(nums[::2], nums[1::2], strict=True)}
