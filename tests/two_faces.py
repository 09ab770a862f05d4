"""PDFs in which two readers may find different pages, written by hand."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pikepdf
import pypdfium2

Place = tuple[int, int, int]  # of an object, as a table has it: its kind, and two numbers


def shown(content: bytes) -> list[str]:
    """The texts of a PDF's pages, as PDFium finds them."""
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def judged(content: bytes) -> bytes:
    """A PDF as qpdf reads it, by which byhand judges, written anew."""
    with pikepdf.open(io.BytesIO(content), attempt_recovery=False, suppress_warnings=True) as file:
        file.save(out := io.BytesIO(), object_stream_mode=pikepdf.ObjectStreamMode.disable)
        assert not file.get_warnings()
    return out.getvalue()


def has_one_face(content: bytes) -> bool:
    """Whether PDFium shows what qpdf reads, and both can."""
    try:
        return shown(judged(content)) == shown(content)
    except (pikepdf.PdfError, pypdfium2.PdfiumError, AssertionError):
        return False


@dataclass(frozen=True)
class Parts:
    """The objects of a PDF, by their numbers, as they are written; that of its first page; and another one for it,
    which shows nothing.
    """

    objects: Mapping[int, bytes]
    page: int
    blank: bytes
    ends: bytes

    @property
    def free(self) -> int:
        """A number that no object has."""
        return max(self.objects) + 1

    def but(self, *numbers: int) -> dict[int, bytes]:
        """The objects without some."""
        return {number: body for number, body in self.objects.items() if number not in numbers}


def parts_of(content: bytes) -> Parts:
    with pikepdf.open(io.BytesIO(judged(content))) as file:
        page, empty = file.pages[0].obj, file.make_indirect(file.make_stream(b"q Q\n"))
        objects = {each.objgen[0]: _written(each) for each in file.objects}
        number, root, info = (each.objgen[0] for each in (page, file.Root, file.trailer.Info))
        page.Contents = empty
        return Parts(objects, number, _written(page), b"/Root %d 0 R/Info %d 0 R" % (root, info))


def _written(value: Any) -> bytes:
    if not isinstance(value, pikepdf.Stream):
        return bytes(value.unparse(resolved=True))
    about = pikepdf.Dictionary({name: each for name, each in value.items() if name not in ("/Length", "/Filter")})
    return stream(value.read_bytes(), about.unparse().strip()[2:-2])


def stream(data: bytes, about: bytes = b"", behind: bytes = b"") -> bytes:
    packed = zlib.compress(data) + behind
    return b"<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (about, len(packed), packed)


class Writer:
    """Writes a PDF. places: where each object stands that was written last. tables: where each table is."""

    def __init__(self) -> None:
        self.out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
        self.places: dict[int, Place] = {}
        self.tables: list[int] = []

    def put(self, number: int, body: bytes) -> Place:
        """Write an object."""
        self.places[number] = (1, len(self.out), 0)
        self.out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        return self.places[number]

    def put_all(self, objects: Mapping[int, bytes]) -> Writer:
        for number, body in objects.items():
            self.put(number, body)
        return self

    def pack(self, number: int, members: Sequence[tuple[int, bytes]], about: bytes = b"") -> list[Place]:
        """Write an object stream."""
        offsets = [sum(len(body) + 1 for _, body in members[:n]) for n in range(len(members))]
        head = b"".join(b"%d %d " % (member, at) for (member, _), at in zip(members, offsets, strict=True))
        data = head + b" ".join(body for _, body in members)
        about += b"/Type/ObjStm/N %d/First %d" % (len(members), len(head))
        self.put(number, stream(data, about))
        found = [(2, number, n) for n in range(len(members))]
        self.places.update(zip((member for member, _ in members), found, strict=True))
        return found

    def end(
        self, number: int, ends: bytes, places: Mapping[int, Place] | None = None, more: Sequence[tuple[int, Place]] = (),
        *, size: int = 0,
    ) -> bytes:  # fmt: skip
        """Write a table and the end of the file, or of an update. more: rows of the table beside those of places."""
        self.tables.append(at := len(self.out))
        rows = [(0, (0, 0, 0)), *(places or self.places).items(), *more, (number, (1, at, 0))]
        rows.sort(key=lambda row: row[0])
        index = b" ".join(b"%d 1" % each for each, _ in rows)
        data = b"".join(bytes([k]) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for _, (k, a, b) in rows)
        about = b"/Type/XRef/W[1 4 2]/Size %d/Index[%s]%s" % (size or number + 1, index, ends)
        self.out += b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, stream(data, about), at)
        return self.out


def whole(parts: Parts) -> bytes:
    """The PDF that has these objects, and one face."""
    return Writer().put_all(parts.objects).end(parts.free, parts.ends)


def _twice_in_a_stream(parts: Parts) -> bytes:
    file = Writer().put_all(parts.but(parts.page))
    first, _ = file.pack(parts.free, [(parts.page, parts.blank), (parts.page, parts.objects[parts.page])])
    return file.end(parts.free + 1, parts.ends, file.places | {parts.page: first})


def _as_another_in_a_stream(parts: Parts) -> bytes:
    file = Writer().put_all(parts.but(parts.page))
    file.pack(parts.free, [(parts.free + 1, parts.blank), (parts.page, parts.objects[parts.page])])
    return file.end(parts.free + 2, parts.ends, file.places | {parts.page: (2, parts.free, 0)})


def _twice(parts: Parts) -> bytes:
    file = Writer().put_all(parts.objects)
    places = dict(file.places)
    file.put(parts.page, parts.blank)
    return file.end(parts.free, parts.ends, places)


def _in_no_table(parts: Parts) -> bytes:
    file = Writer().put_all(parts.objects)
    places = dict(file.places)
    file.put(parts.free, parts.blank)
    return file.end(parts.free + 1, parts.ends, places)


def _in_a_table_twice(parts: Parts) -> bytes:
    file = Writer().put_all(parts.but(parts.page))
    (blank,) = file.pack(parts.free, [(parts.page, parts.blank)])
    own = file.put(parts.page, parts.objects[parts.page])
    return file.end(parts.free + 1, parts.ends, file.places, [(parts.page, blank), (parts.page, own)])


def _in_two_tables(parts: Parts) -> bytes:
    """The second section of a hybrid file (7.5.8.4), which some readers use and others do not."""
    file = Writer().put_all(parts.objects)
    (blank,) = file.pack(parts.free, [(parts.page, parts.blank)])
    file.end(parts.free + 1, parts.ends, {parts.page: blank})
    at, size = len(file.out), parts.free + 2
    own = {number: place for number, place in file.places.items() if place[0] == 1}
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (number, offset) for number, (_, offset, _) in own.items())
    file.out += b"xref\n0 1\n0000000000 65535 f \n%strailer\n<</Size %d%s/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        rows, size, parts.ends, file.tables[0], at,
    )  # fmt: skip
    return file.out


def _update_that_leads_nowhere(parts: Parts) -> bytes:
    """An update beside another one, to which no table leads."""
    file = Writer().put_all(parts.objects)
    file.end(parts.free, parts.ends)
    _updated(file, parts, parts.blank)
    return _updated(file, parts, parts.objects[parts.page], 2)


def _update_behind_the_end(parts: Parts) -> bytes:
    file = Writer().put_all(parts.objects)
    file.end(parts.free, parts.ends)
    content = _updated(file, parts, parts.blank)
    return re.sub(rb"startxref\n\d+(?=\n%%EOF\n$)", b"startxref\n%d" % file.tables[0], content)


def _there_and_not(parts: Parts) -> bytes:
    file = Writer().put_all(parts.objects)
    return file.end(parts.free + 1, parts.ends, file.places, [(parts.free, (0, 0, 0)), (parts.page, (0, 0, 1))])


def _page(entry: Callable[[Parts], bytes]) -> Callable[[Parts], bytes]:
    """A PDF with one more entry of its page."""

    def made(parts: Parts) -> bytes:
        body = parts.objects[parts.page].replace(b"<<", b"<<" + entry(parts), 1)
        return Writer().put_all({**parts.objects, parts.page: body}).end(parts.free, parts.ends)

    return made


def _contents(parts: Parts) -> bytes:
    found = re.search(rb"/Contents (\[[^\]]*\]|\d+ 0 R)", parts.blank)
    assert found
    return found[0]


def _file(change: Callable[[bytes, Parts], bytes]) -> Callable[[Parts], bytes]:
    """A PDF whose bytes were changed."""

    def made(parts: Parts) -> bytes:
        content = change(whole(parts), parts)
        assert content != whole(parts)
        return content

    return made


def _linearised(parts: Parts) -> bytes:
    """A PDF that says that it is linearised, for which a reader may take a table that is out of use."""
    file = Writer()
    file.put(parts.free, b"<</Linearized 1>>")
    file.put_all({**parts.objects, parts.page: parts.blank})
    file.end(parts.free + 1, parts.ends)
    return _updated(file, parts, parts.objects[parts.page], 2)


def _packed(about: bytes, data: bytes) -> Callable[[Parts], bytes]:
    """A PDF with an object stream written so."""

    def made(parts: Parts) -> bytes:
        file, number = Writer().put_all(parts.objects), parts.free
        file.put(number, stream(data % {b"a": number + 1, b"b": number + 2}, b"/Type/ObjStm" + about))
        file.places |= {number + 1: (2, number, 0), number + 2: (2, number, 1)}
        return file.end(number + 3, parts.ends)

    return made


def _other_root(parts: Parts) -> bytes:
    """A PDF whose first table begins with something else than its update."""
    file = Writer().put_all(parts.objects)
    file.end(parts.free, re.sub(rb"/Root \d+", b"/Root %d" % parts.page, parts.ends))
    return _updated(file, parts, parts.objects[parts.page])


def _updated(file: Writer, parts: Parts, page: bytes, number: int = 1) -> bytes:
    """A PDF with another page in an update."""
    place = file.put(parts.page, page)
    return file.end(parts.free + number, parts.ends + b"/Prev %d" % file.tables[0], {parts.page: place})


def _one_more(body: Callable[[Parts], bytes]) -> Callable[[Parts], bytes]:
    """A PDF with one more object."""
    return lambda parts: Writer().put_all({**parts.objects, parts.free: body(parts)}).end(parts.free + 1, parts.ends)


TWICE, ELSEWHERE = "it has object N twice", "its object N is not where its table has it"
TABLES, WRITTEN = "its tables are not as in a page of ours", "it is not written as our pages are after N bytes"
PACKED = "it is packed in a way in which our pages are not"
FACES: dict[str, tuple[str, Callable[[Parts], bytes]]] = {  # what is told of each
    "an object stream has it twice": (TWICE, _twice_in_a_stream),
    "the table has another place in the object stream": (ELSEWHERE, _as_another_in_a_stream),
    "an object stream continues another": (WRITTEN, _packed(b"/N 2/First 10/Extends 1 0 R", b"%(a)d 0 %(b)d 2 1 2")),
    "an object stream with a gap": (WRITTEN, _packed(b"/N 2/First 10", b"%(a)d 0 %(b)d 4 1 9 2")),
    "an object stream in another order": (WRITTEN, _packed(b"/N 2/First 10", b"%(a)d 2 %(b)d 0 1 2")),
    "an object stream with more": (WRITTEN, _packed(b"/N 2/First 10", b"%(a)d 0 %(b)d 2 1 2 3")),
    "an object stream of which one is left out": (WRITTEN, _packed(b"/N 1/First 10", b"%(a)d 0 %(b)d 2 1 2")),
    "the file has it twice": (TWICE, _twice),
    "no table has it": (ELSEWHERE, _in_no_table),
    "the table has it twice": (TWICE, _in_a_table_twice),
    "two tables beside each other": (TWICE, _in_two_tables),
    "a table says that there is another": (TABLES, lambda parts: (
        Writer().put_all(parts.objects).end(parts.free, parts.ends + b"/XRefStm 9"))),
    "an update to which no table leads": (TABLES, _update_that_leads_nowhere),
    "an update behind the end": (TABLES, _update_behind_the_end),
    "an update that begins elsewhere": ("its tables begin with different objects", _other_root),
    "it is there, and is not": ("its table has object N in a way in which our pages have none", _there_and_not),
    "a table that ends before": ("its table has another size than it says", lambda parts: (
        Writer().put_all(parts.objects).end(parts.free, parts.ends, size=parts.page + 1))),
    "it says that it is linearised, with an update": (TWICE, _linearised),
    "it says that it is linearised": (
        "it says that it is linearised, and is not", _one_more(lambda parts: b"<</Linearized 1>>")),
    "a name twice": (WRITTEN, _page(lambda parts: _contents(parts))),
    "a name in other letters": (WRITTEN, _page(lambda parts: b"/#41nnots[]")),
    "a comment": (WRITTEN, _page(lambda parts: b"%%%s\n" % _contents(parts))),
    "a reference to another generation": (WRITTEN, _page(lambda parts: b"/Annots %d 1 R" % parts.page)),
    "a reference to nothing": ("it has no object N, to which it refers", _page(lambda parts: b"/Annots %d 0 R" % (parts.free + 9))),
    "a number that is none": (WRITTEN, _page(lambda parts: b"/Rotate 9-0")),
    "a large number": (WRITTEN, _page(lambda parts: b"/Rotate 99999999999")),
    "a text that does not end": (WRITTEN, _page(lambda parts: b"/Lang(a(b)")),
    "a list that ends otherwise": (WRITTEN, _page(lambda parts: b"/Lang[>>")),
    "no name": (WRITTEN, _page(lambda parts: b"(Lang)(en)")),
    "an odd dictionary": (WRITTEN, _page(lambda parts: b"/A/B/C")),
    "an object in a text": ("something in it looks like an object, and is none", _one_more(lambda parts: b"( %d 0 obj)" % parts.page)),
    "a stream with something behind it": (PACKED, _one_more(lambda parts: stream(b"q Q", behind=zlib.compress(b"q")))),
    "a stream that is damaged": (PACKED, _one_more(lambda parts: stream(b"q Q").replace(b"\nx\x9c", b"\nx\x9d"))),
    "a stream in a file of its own": (WRITTEN, _one_more(lambda parts: stream(b"q Q", b"/F(x)"))),
    "a stream with rows": (PACKED, _one_more(lambda parts: stream(b"q Q", b"/DecodeParms<</Predictor 15/Columns 2>>"))),
    "a stream that ends twice": (WRITTEN, _one_more(lambda parts: b"<</Length 12>>\nstream\nq\nendstream\nQ\nendstream")),
    "a stream that is shorter than it says": (WRITTEN, _one_more(lambda parts: b"<</Length 9>>\nstream\nq Q\nendstream")),
    "a stream whose length is elsewhere": (WRITTEN, _one_more(lambda parts: b"<</Length 1 0 R>>\nstream\nq Q\nendstream")),
    "junk before it": (ELSEWHERE, _file(lambda content, parts: b"\n" + content)),
    "junk behind it": (WRITTEN, _file(lambda content, parts: content + b"%d 0 obj\n%s\nendobj\n" % (parts.page, parts.blank))),
    "junk in it": (WRITTEN, _file(lambda content, parts: content.replace(b"startxref", b"9 startxref"))),
    "another end": (WRITTEN, _file(lambda content, parts: content + content[content.rindex(b"startxref") :])),
}  # fmt: skip


def random_faces(parts: Parts, random: Random) -> bytes:
    """A PDF of one to three sections, with its page in several places, and any of these in its tables."""
    file, number = Writer(), parts.free
    everywhere = list[Place]()
    for section in range(random.randint(1, 3)):
        others = parts.but(parts.page) if section == 0 else {}
        pages = [random.choice([parts.objects[parts.page], parts.blank]) for _ in range(random.choice([1, 1, 1, 2]))]
        file.places, here = {}, list[Place]()
        file.put_all(others)
        while pages:
            if random.random() < 0.5:
                here.append(file.put(parts.page, pages.pop()))
            else:
                taken = [pages.pop() for _ in range(random.randint(1, len(pages)))]
                here += file.pack(number, [(parts.page, each) for each in taken])
                number += 1
        everywhere += here
        place = random.choice(here if random.random() < 0.8 else everywhere)
        if random.random() < 0.1:
            place = (*place[:2], 1 - place[2])
        leads = b"/Prev %d" % (file.tables[-1] if random.random() < 0.9 else file.tables[0]) if file.tables else b""
        file.end(number, parts.ends + leads, file.places | {parts.page: place})
        number += 1
    return file.out
