"""The PDF that all copies of a layout begin with, and the PDF of a copy.

A copy is the template's bytes and an incremental update (ISO 32000-1, 7.5.6) with one content stream a page. So tags,
links and fonts are as WeasyPrint made them, except that each font holds every glyph that a slot may need.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from typing import Any

from msgspec import Struct

from byhand.cache import as_data, from_data
from byhand.notation.marks import MARK, mark_number
from byhand.page.look import PX
from byhand.press.inner import fonts_of, glyph_texts, glyph_widths, rename
from byhand.press.layout import Layout
from byhand.press.pieces import TextOf
from byhand.press.rooms import Edges, Room
from byhand.press.shape import alphabet, glyphs_of, subset
from byhand.press.structure import KEY_SAID, SAID
from byhand.worksheet.asked import NAME
from byhand.worksheet.views import View


class Template(Struct, frozen=True, dict=True):
    """A PDF whose pages have empty content streams where each copy has its own."""

    pdf: bytes
    contents: tuple[int, ...]
    """The object numbers of these streams, one for each page, and last the one that all pages show."""
    size: int
    """What the trailer says of the file, together with root, info and identity: an update of the file must repeat
    it."""
    root: int
    info: int
    about: bytes
    """The entries of its information dictionary, which a copy adds to."""
    identity: str
    rooms: bytes = b""
    """For each page, the rooms for the fields of a form, as `as_data` writes them, since few copies need them."""
    student: tuple[int, int] = (0, 0)
    """In a form for students, the object numbers of the field that has a student's id, and of the list of those below
    it."""
    said: tuple[tuple[int, bytes, int], ...] = ()
    """For each drawing whose alternative text differs from run to run, its object number, its element without the
    text, and the mark that stands for the text."""

    @cached_property
    def digest(self) -> bytes:
        """A hash that tells the template from others."""
        return sha256(self.pdf).digest()


def template(layout: Layout, view: View) -> Template:
    """The PDF that all copies of a layout begin with, in one view."""
    return templates(layout, [view])[view]


def templates(layout: Layout, views: Iterable[View]) -> dict[View, Template]:
    """The PDFs that all copies of a layout begin with, by their views."""
    import pikepdf

    by_view = {}
    with pikepdf.open(io.BytesIO(layout.pdf)) as file:
        _widen_fonts(file, layout)
        spoken = [(each, str(each.Alt), str(each.get(KEY_SAID, ""))) for each in file.Root.get(SAID, ())]
        for element, _, key_text in spoken:
            if key_text:
                del element[KEY_SAID]
        about, everywhere = file.docinfo, file.make_indirect(file.make_stream(b""))
        if f"/{NAME}" in about:
            del about[f"/{NAME}"]  # which says whose copy it is
        for view in views:
            for page, page_layout in zip(file.pages, layout.pages, strict=True):
                background = file.make_stream(page_layout.background + page_layout.only.get(view, b""))
                page.Contents = pikepdf.Array([background, file.make_indirect(file.make_stream(b"")), everywhere])
            if title := layout.titles.get(view):
                rename(file, title)
            for element, own_text, key_text in spoken:
                element.Alt = key_text if view == "key" and key_text else own_text
            file.save(
                out := io.BytesIO(), object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True
            )
            rooms = [page.rooms for page in layout.pages] if view == "worksheet" else []
            by_view[view] = template_of(out, as_data(rooms) if any(rooms) else b"")
    return by_view


def template_of(content: io.BytesIO, rooms: bytes = b"") -> Template:
    """A PDF as a template: a page's second content stream is a copy's own, and its third that of all pages."""
    import pikepdf

    with pikepdf.open(content) as file:
        trailer = file.trailer
        return Template(
            content.getvalue(),
            (*(page.Contents[1].objgen[0] for page in file.pages), file.pages[0].Contents[2].objgen[0]),
            int(trailer.Size),
            trailer.Root.objgen[0],
            trailer.Info.objgen[0],
            trailer.Info.unparse(resolved=True).strip().removesuffix(b">>"),
            bytes(trailer.ID[0]).hex(),
            rooms,
            said=tuple(_said(file)),
        )


def _said(file: Any) -> Iterator[tuple[int, bytes, int]]:
    """The drawings whose alternative text is a mark, as a Template has them."""
    for element in file.Root.get(SAID, ()):
        if MARK.fullmatch(text := str(element.Alt)):
            del element.Alt
            body = element.unparse(resolved=True).strip().removesuffix(b">>")
            yield element.objgen[0], body, mark_number(text)


def said_in(base: Template, texts: TextOf) -> list[tuple[int, bytes]]:
    """The drawings of a copy that have an alternative text of their own, by their numbers in its base.

    texts: the copy's, by the numbers of its marks.
    """
    return [
        (number, b"%s/Alt<FEFF%s>>>" % (body, texts(mark).encode("utf-16-be").hex().encode()))
        for number, body, mark in base.said
    ]


def whole(layout: Layout) -> bytes:
    """The PDF of a layout that has no slots."""
    import pikepdf

    with pikepdf.open(io.BytesIO(layout.pdf)) as file:
        _widen_fonts(file, layout)
        for page, laid in zip(file.pages, layout.pages, strict=True):
            page.Contents = file.make_stream(laid.background + laid.only.get("key", b""))
        file.save(out := io.BytesIO(), object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


def rooms_of(base: Template) -> list[dict[str, Edges]]:
    """For each page of a worksheet, the boxes of its answers by their names: left, top, right and bottom in mm."""
    pages = from_data(list[list[Room]], base.rooms) if base.rooms else []
    return [{room.name: tuple(round(edge / PX, 2) for edge in room.edges) for room in rooms} for rooms in pages]  # type: ignore[misc]


def copy_pdf(base: Template, contents: Sequence[bytes], words: str, more: Iterable[tuple[int, bytes]] = ()) -> bytes:
    """The PDF of a copy.

    contents: its compressed streams, in the order of its base. words: what it says of itself.
    more: other objects of its own, by their numbers in its base.
    """
    streams = [
        (number, b"<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (len(content), content))
        for number, content in zip(base.contents, contents, strict=True)
    ]
    parts, at, offsets = [base.pdf], len(base.pdf), []
    about = b"%s/%s(%s)>>" % (base.about, NAME.encode(), words.encode())
    for number, body in sorted([*streams, *more, (base.info, about)]):
        part = b"%d 0 obj\n%s\nendobj\n" % (number, body)
        offsets.append((number, at))
        parts.append(part)
        at += len(part)
    offsets.append((base.size, at))
    index = "".join(f"{number} 1 " for number, _ in offsets)
    rows = b"".join(b"\x01" + offset.to_bytes(4, "big") + b"\0\0" for _, offset in offsets)
    start = int(base.pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    parts.append(
        f"{base.size} 0 obj\n<</Type/XRef/Size {base.size + 1}/W[1 4 2]/Index[{index}]/Root {base.root} 0 R"
        f"/Info {base.info} 0 R/ID[<{base.identity}><{base.identity}>]/Prev {start}"
        f"/Length {len(rows)}>>\nstream\n".encode()
    )
    parts += [rows, b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at]
    return b"".join(parts)


def _widen_fonts(file: Any, layout: Layout) -> None:
    """Add to the fonts of a layout what the slots and the pen need."""
    fonts = fonts_of(file)
    for name in layout.texts | layout.letters:
        _widen(file, fonts[name], name, layout)


def _widen(file: Any, font: Any, name: str, layout: Layout) -> None:
    """Add to a font every glyph that a slot or the pen may need."""
    face = layout.faces[name]
    more = glyphs_of(face, layout.texts.get(name, ()))
    if name in layout.letters:
        more |= alphabet(face, layout.letters[name])
    set_glyphs(file, font, face, glyph_texts(font), glyph_widths(font), more)


def set_glyphs(
    file: Any, font: Any, face: str, texts: dict[int, str], widths: dict[int, int], more: dict[int, tuple[str, int]]
) -> None:
    """Let a font of a file hold these glyphs of its face.

    texts: what each stands for, as UTF-16 in hexadecimal digits. widths: in thousandths of the font's size. more:
    further glyphs, by what they stand for and their widths.
    """
    import pikepdf

    texts = {glyph: text.encode("utf-16-be").hex() for glyph, (text, _) in more.items()} | texts
    widths = widths | {glyph: width for glyph, (_, width) in more.items()}
    descendant = font.DescendantFonts[0]
    data = subset(face, set(widths))
    descendant.FontDescriptor.FontFile2 = file.make_stream(data, Length1=len(data))
    runs = groupby(enumerate(sorted(widths)), lambda pair: pair[1] - pair[0])  # of glyphs with neighbouring numbers
    glyphs = [[glyph for _, glyph in run] for _, run in runs]
    pairs = [(run[0], pikepdf.Array([widths[glyph] for glyph in run])) for run in glyphs]
    descendant.W = pikepdf.Array([item for pair in pairs for item in pair])
    font.ToUnicode = file.make_stream(_to_unicode(texts))


def _to_unicode(texts: dict[int, str]) -> bytes:
    pairs = [f"<{glyph:04x}> <{text}>" for glyph, text in sorted(texts.items())]
    blocks = [pairs[i : i + 100] for i in range(0, len(pairs), 100)]
    lines = [
        "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def", "/CMapType 2 def", "1 begincodespacerange", "<0000> <ffff>",
        "endcodespacerange",
    ]  # fmt: skip
    for block in blocks:
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode()
