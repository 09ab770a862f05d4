"""Bind PDFs as a book: pages are numbered throughout, links lead from sheet to sheet, and all is read aloud as one
document.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from isal import isal_zlib as zlib
from msgspec import Struct, field

from byhand.press.inner import face_of, foot_at_right, glyph_texts, glyph_widths, is_slanted, parents
from byhand.press.pieces import MM, SANS
from byhand.press.shape import glyphs_of, shape
from byhand.press.structure import LEAD_TO, POINTS, kids_of
from byhand.press.template import set_glyphs
from byhand.worksheet.asked import NAME as ASKED


class Part(Struct, frozen=True, dict=True):
    """A part of a book: a PDF that begins on a right-hand page."""

    pdf: bytes
    name: str
    """What links call it, such as worksheet/softmax."""
    bookmarks: tuple[tuple[str, bool], ...]
    """The bookmarks that lead to it, and whether each stands below the one before."""

    @cached_property
    def length(self) -> int:
        """How many pages it has."""
        return length_of(self.pdf)


def bound(
    front: Callable[[Mapping[str, int]], bytes], parts: Sequence[Part], say: Callable[[int, int], str], right: float,
    says: str = "", right_hand: bool = True,
) -> bytes:  # fmt: skip
    """Parts as one PDF, behind what stands before them.

    front: what stands before them, as PDF, by the pages on which parts begin. say: what a page says of itself, by its
    number and that of all. right: the margin, in mm. says: what the whole says of itself to whoever reads it back, if
    not what its front says. right_hand: whether each part begins on a right-hand page.
    """
    length = 0
    while True:  # how many pages stand before the parts is known when these say on which pages the parts begin
        starts = _starts(parts, length, 2 if right_hand else 1)
        before = front({part.name: start + 1 for part, start in zip(parts, starts, strict=True)})
        if (pages := length_of(before)) == length:
            break
        length = pages
    binding = _Binding.of(before)
    for part, start in zip(parts, starts, strict=True):
        binding.add(part, start)
    binding.finish(say, right)
    if says:
        binding.book.docinfo[f"/{ASKED}"] = says
    return binding.written()


def _starts(parts: Sequence[Part], length: int, sides: int) -> list[int]:
    """The pages on which parts begin, from 0. length: how many pages stand before them. sides: 2 where each part
    begins on a right-hand page, else 1.
    """
    starts = list[int]()
    for part in parts:
        starts.append(length + length % sides)
        length = starts[-1] + part.length
    return starts


def length_of(pdf: bytes) -> int:
    """How many pages a file has. It is closed again: all parts of a course that are open take 270 MB."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as file:
        return len(file.pages)


class _Binding(Struct):
    """A book that is being bound, from its front on."""

    book: Any
    numbers: list[Any] = field(default_factory=list)
    """The numbers of pages and links, each with its elements, as the structure's tree of parents has them."""
    next: int = 0
    """The first number that is free."""
    labels: list[tuple[bytes, Any]] = field(default_factory=list)
    """The elements that tables name."""
    leads: list[tuple[str, Any]] = field(default_factory=list)
    """The elements that lead to a sheet, and their views."""
    starts: dict[str, int] = field(default_factory=dict)
    """The first page of each part, from 0, by its name."""

    @classmethod
    def of(cls, front: bytes) -> _Binding:
        """A book with what stands before its parts."""
        import pikepdf

        binding = cls(pikepdf.open(io.BytesIO(front)))
        binding._take(binding.book.Root.StructTreeRoot, 0, "", "")
        return binding

    def add(self, part: Part, start: int) -> None:
        """Add a part, which begins on this page, from 0."""
        import pikepdf

        book, root = self.book, self.book.Root.StructTreeRoot
        while len(book.pages) < start:
            book.add_blank_page(page_size=tuple(book.pages[0].MediaBox)[2:])
        with pikepdf.open(io.BytesIO(part.pdf)) as file:
            book.pages.extend(file.pages)
            tree = book.copy_foreign(file.Root.StructTreeRoot)
        (section,), (document,) = tree.K, root.K
        section.S, section.P = pikepdf.Name.Sect, document
        document.K.append(section)
        self._take(tree, start, f"{len(self.starts)}-", part.name.partition("/")[0])
        self.starts[part.name] = start
        with book.open_outline() as outline:
            for title, below in part.bookmarks:
                into = outline.root[-1].children if below else outline.root
                into.append(pikepdf.OutlineItem(title, self._top(start)))

    def _take(self, tree: Any, start: int, prefix: str, view: str) -> None:
        """Take over the structure of the pages from `start` on: with numbers and names that no others have.

        prefix: of the names of labels. view: in which it leads to sheets.
        """
        import pikepdf

        by_number = parents(tree)
        for page in list(self.book.pages)[start:]:
            page.StructParents += self.next
        self.numbers += [part for number, each in by_number.items() for part in (number + self.next, each)]
        self.next += 1 + max(by_number, default=-1)
        left = kids_of(tree)
        while left:
            element = left.pop()
            if LEAD_TO in element:
                self.leads.append((view, element))
            if "/ID" in element:
                element.ID = pikepdf.String(f"{prefix}{element.ID}")
                self.labels.append((bytes(element.ID), element))
            elif "/A" in element and "/Headers" in element.A:
                element.A.Headers = pikepdf.Array([pikepdf.String(f"{prefix}{head}") for head in element.A.Headers])
            left += [kid for kid in reversed(kids_of(element)) if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]

    def finish(self, say: Callable[[int, int], str], right: float) -> None:
        """Make links, share the fonts of all pages, and number these.

        say: what a page says, by its number and that of all. right: the margin, in mm.
        """
        self._make_links()
        self._share_fonts()
        for number, page in enumerate(self.book.pages, 1):
            _write_number(page, say(number, len(self.book.pages)), right)

    def written(self) -> bytes:
        """The book as PDF."""
        from pikepdf import ObjectStreamMode

        self.book.save(out := io.BytesIO(), object_stream_mode=ObjectStreamMode.generate, deterministic_id=True)
        return out.getvalue()

    def _make_links(self) -> None:
        from pikepdf import Array, Dictionary, Name

        for view, element in self.leads:
            lead = element[LEAD_TO]
            del element[LEAD_TO]
            start = self.starts.get(str(lead.To), self.starts.get(f"{view}/{lead.To}"))
            if start is None:  # the book does not hold that sheet
                continue
            page = element.Pg
            link = Dictionary(
                Type=Name.Annot, Subtype=Name.Link, Rect=lead.Rect, Border=[0, 0, 0], F=4, Dest=self._top(start),
                Contents=lead.Contents, StructParent=self.next,
            )  # fmt: skip
            page.Annots, page.Tabs = Array([*page.get("/Annots", ()), self.book.make_indirect(link)]), Name.S
            element.K.append(Dictionary(Type=Name.OBJR, Obj=page.Annots[-1], Pg=page))
            element.S = Name.Link
            self.numbers += [self.next, element]
            self.next += 1
        labels = [part for name, each in sorted(self.labels, key=lambda label: label[0]) for part in (each.ID, each)]
        root = self.book.Root.StructTreeRoot
        root.ParentTree = self.book.make_indirect(Dictionary(Nums=Array(self.numbers)))
        root.IDTree = self.book.make_indirect(Dictionary(Names=Array(labels)))

    def _top(self, start: int) -> Any:
        """The top of a page, as where links and bookmarks lead to."""
        import pikepdf

        page = self.book.pages[start]
        return pikepdf.Array([page.obj, pikepdf.Name.XYZ, 0, page.MediaBox[3], 0])

    def _share_fonts(self) -> None:
        """Let all pages have one font of each face, with the glyphs that any of them has."""
        places = defaultdict[tuple[str, bool], list[tuple[Any, str, Any]]](list)
        for page in self.book.pages:
            held = page.get("/Resources", {}).get("/Font", {})
            for name, font in held.items():
                if face := face_of(font):
                    places[face, is_slanted(font)].append((held, name, font))
        for (face, _), uses in places.items():
            texts, widths = dict[int, str](), dict[int, int]()
            for font in {font.objgen: font for *_, font in uses}.values():
                texts, widths = glyph_texts(font) | texts, glyph_widths(font) | widths
            digits = glyphs_of(face, ["0123456789"]) if face == SANS else {}
            shared = uses[0][2]
            set_glyphs(self.book, shared, face, texts, widths, digits)
            for held, name, _ in uses:
                held[name] = shared


def _write_number(page: Any, text: str, right: float) -> None:
    """Write the number of a page in the place of that which it has where its sheet is alone.

    right: the margin, in mm.
    """
    import pikepdf

    contents, width = page.get("/Contents", ()), float(page.MediaBox[2]) / POINTS
    streams = list(contents) if isinstance(contents, pikepdf.Array | tuple) else [contents]
    found = [(each, data, foot) for each in streams if (foot := foot_at_right(data := each.read_bytes(), width))]
    if found:
        stream, data, foot = max(found, key=lambda each: float(each[2]["y"]))
        x = width - right * MM - shape(SANS, text).width * float(foot["size"]) / 1000
        data = b"%s%.3f%s%s%s" % (
            data[: foot.start("x")], x, data[foot.end("x") : foot.start("shown")], shape(SANS, text).shown,
            data[foot.end("shown") :],
        )  # fmt: skip
        stream.write(zlib.compress(data), filter=pikepdf.Name.FlateDecode)
