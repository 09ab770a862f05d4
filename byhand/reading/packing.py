"""Whether every reader finds the same objects in a PDF: each stands in it once, where one table has it.

Readers differ in what they make of an object that is there twice, of one that no table names, of a second table, of a
wrong length, and of what is not written as ISO 32000-1 has it. Of such a file, a viewer may show another page than
qpdf finds, by which pages are judged. A file may have updates (7.5.6), as the copies of a class do, and may be
linearised (annex F).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate, chain, pairwise
from typing import Any, NoReturn, TypeGuard, cast

from msgspec import Struct, field

from byhand.errors import UnreadableError
from byhand.reading.pdf import MOST_UNPACKED

_HEADER = re.compile(rb"%PDF-[12]\.[0-9]\r?\n(?:%[^\r\n]*\r?\n)?")
_SPACE = re.compile(rb"[ \t\r\n]*")
_OBJECT, _END = re.compile(rb"([0-9]{1,7}) 0 obj(?=[ \r\n<\[(/])"), re.compile(rb"endobj(?=[ \r\n])")
_STREAM, _END_OF_STREAM = re.compile(rb"stream\r?\n"), re.compile(rb"\r?\n?endstream(?=[ \r\n])")
_TABLE, _TRAILER = re.compile(rb"xref ?\r?\n"), re.compile(rb"trailer(?=[ \r\n<])")
_RANGE, _ROW = (
    re.compile(rb"([0-9]{1,7}) ([0-9]{1,7}) ?\r?\n"),
    re.compile(rb"([0-9]{10}) ([0-9]{5}) ([nf])(?: \r| \n|\r\n)"),
)
_NUMBERS = re.compile(rb"(?:[0-9]{1,8}[ \r\n]+)*")
_START = re.compile(rb"startxref ?\r?\n([0-9]{1,9}) ?\r?\n%%EOF(?=[\r\n]|$)")
_LIKE_AN_OBJECT = re.compile(rb"[0-9][\s\0]+[0-9]+[\s\0]+obj")
_TOKEN = re.compile(
    rb"""[ \t\r\n]*(?:
      (?P<reference>[0-9]{1,7}[ ]0[ ]R(?![^ \t\r\n/<>\[\]()]))
    | (?P<number>[+-]?(?:[0-9]{1,10}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?![^ \t\r\n/<>\[\]()]))
    | (?P<name>/(?:[^\x00-\x20\x7f-\xff()<>\[\]{}/%#]
        |\#(?:[01][0-9A-Fa-f]|2[03589Ff]|3[CcEe]|[57][BbDd]|7[Ff]|[89A-Fa-f][0-9A-Fa-f]))+)
    | (?P<opens><<|\[)
    | (?P<closes>>>|\])
    | (?P<text><(?:[0-9A-Fa-f]{2})*>|\((?:[^()\\]|\\(?:[nrtbf()\\]|[0-3]?[0-7]{1,2}))*\))
    | (?P<word>(?:true|false|null)(?![^ \t\r\n/<>\[\]()]))
    )""",
    re.VERBOSE,
)
_OF_TABLES = {b"/Type", b"/Size", b"/W", b"/Index", b"/Root", b"/Info", b"/ID", b"/Prev", b"/Length", b"/Filter"}
_OF_OBJECT_STREAMS = {b"/Type", b"/N", b"/First", b"/Length", b"/Filter"}
_WIDEST = 4  # bytes of a number in a table
_DIFFERENCE = 2  # the filter of PNG by which a row is written as its difference from the row above
_OTHERWISE = "it is packed in a way in which our pages are not"
Value = Any  # an int; a list; a dictionary by its names; or a token as it is written
Place = int | tuple[int, int]  # of an object: after how many bytes; or in which object stream, and as which in it


class Section(Struct):
    """A part of a file: its objects by their numbers, and then a table of them."""

    objects: dict[int, Place] = field(default_factory=dict)
    table: dict[int, Place] = field(default_factory=dict)
    about: Mapping[bytes, Value] = field(default_factory=dict)
    """What the table says of the file."""
    at: int = 0
    """Where the table is."""
    start: int = 0
    """Where the file says, behind the table, that the table is."""
    linearised: bool = False
    """Whether an object says that the file is linearised."""

    def add(self, number: int, place: Place) -> None:
        """Add an object, which may not be there already.

        Raises: UnreadableError.
        """
        if number in self.objects:
            _refuse(f"it has object {number} twice")
        self.objects[number] = place


def check_packing(content: bytes) -> None:
    """Check that every reader finds the same objects in a PDF.

    Raises: UnreadableError.
    """
    reader = _Reader(content)
    sections = [*reader.sections()]
    first, last = sections[0], sections[-1]
    if first.linearised and len(sections) == 2:  # the first table leads to the last, which has the other objects
        order, starts = [last, first], [first.at, 0]
        for number, place in last.objects.items():
            first.add(number, place)
        last.objects = {number: first.objects.pop(number) for number in last.table if number in first.objects}
    elif any(each.linearised for each in sections):
        _refuse("it says that it is linearised, and is not")
    else:
        order, starts = sections, [each.at for each in sections]
    for each in order:
        if unlike := {n for n in {*each.objects, *each.table} if each.objects.get(n) != each.table.get(n)}:
            _refuse(f"its object {min(unlike)} is not where its table has it")
    before = None
    for each, start in zip(order, starts, strict=True):
        if each.start != start or each.about.get(b"/Prev") != before or each.about.keys() - _OF_TABLES:
            _refuse("its tables are not as in a page of ours")
        before = each.at
    numbers = {number for each in order for number in each.objects}
    if order[-1].about.get(b"/Size") != max(numbers, default=0) + 1:
        _refuse("its table has another size than it says")
    if any(len({each.about[name] for each in order if name in each.about}) > 1 for name in (b"/Root", b"/Info")):
        _refuse("its tables begin with different objects")
    places = [place for each in order for place in each.objects.values()]
    if len(_LIKE_AN_OBJECT.findall(content)) != sum(isinstance(place, int) for place in places):
        _refuse("something in it looks like an object, and is none")
    if missing := reader.references - numbers:
        _refuse(f"it has no object {min(missing)}, to which it refers")


def _refuse(what: str) -> NoReturn:
    raise UnreadableError(
        f"{what}, so that a viewer may show another page than is judged here; verify the PDF as byhand wrote it"
    )


class _Reader:
    """Reads all of a file, or of an object stream. references: the numbers of the objects to which it refers."""

    def __init__(self, content: bytes, at: int = 0) -> None:
        self.content = content
        self.at = at
        self.references = set[int]()

    def take(self, form: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """What stands here, if it has this form; go on behind it."""
        if match := form.match(self.content, self.at):
            self.at = match.end()
        return match

    def need(self, form: re.Pattern[bytes]) -> re.Match[bytes]:
        """What has to stand here, perhaps after spaces.

        Raises: UnreadableError where something else does.
        """
        self.take(_SPACE)
        return self.take(form) or self.fail()

    def fail(self) -> NoReturn:
        _refuse(f"it is not written as our pages are after {self.at:,} bytes")

    def sections(self) -> Iterator[Section]:
        """The sections of a file, which are all of it."""
        self.need(_HEADER)
        yield self.section()
        while self.take(_SPACE) and self.at < len(self.content):
            yield self.section()

    def section(self) -> Section:
        """Objects, their table, and where that is."""
        section = Section()
        while not section.at:
            self.take(_SPACE)
            at = self.at
            if self.take(_TABLE):
                section.at, section.table = at, self.table()
                self.need(_TRAILER)
                section.about = self.entries(self.value())
                section.start = int(self.need(_START)[1])
            else:
                self.object(section, at)
        return section

    def object(self, section: Section, at: int) -> None:
        """An object, those that are in it, or the table that it is. at: where it begins."""
        number, value, data = int(self.need(_OBJECT)[1]), self.value(), b""
        section.add(number, at)
        self.take(_SPACE)
        if is_stream := bool(self.take(_STREAM)):
            data = self.data(self.entries(value))
        self.need(_END)
        kind = value.get(b"/Type") if is_stream else b""
        if kind == b"/ObjStm":
            for n, member in enumerate(self.members(value, data)):
                section.add(member, (number, n))
        if kind == b"/XRef":
            self.take(_SPACE)
            start = self.take(_START)  # which may be missing behind the first table of a linearised file
            section.at, section.start, section.table = at, int(start[1]) if start else 0, _table(value, data)
            section.table.setdefault(number, at)  # a table need not name itself
            section.about = {name: each for name, each in value.items() if name != b"/DecodeParms"}
        elif is_stream and b"/DecodeParms" in value:
            _refuse(_OTHERWISE)
        section.linearised |= isinstance(value, dict) and b"/Linearized" in value

    def value(self) -> Value:
        """A value of any kind."""
        opened = list[list[Value]]()
        while True:
            token = self.take(_TOKEN) or self.fail()
            kind, made = token.lastgroup, cast(Value, token[0].strip(b" \t\r\n"))
            if kind == "opens":
                opened.append([made])
                continue
            if kind == "closes":
                if not opened or len(opened[-1][0]) != len(made):  # [ and ], or << and >>
                    self.fail()
                of_dictionary = made == b">>"
                _, *made = opened.pop()
                made = self.dictionary(made) if of_dictionary else made
            elif kind == "reference":
                self.references.add(int(made.split()[0]))
            elif kind == "number" and made.isdigit():
                made = int(made)
            if not opened:
                return made
            opened[-1].append(made)

    def dictionary(self, parts: Sequence[Value]) -> dict[bytes, Value]:
        """A dictionary of names and values in turn, each name once."""
        names, values = parts[::2], parts[1::2]
        if len(names) != len(values) or not all(isinstance(name, bytes) and name[:1] == b"/" for name in names):
            self.fail()
        entries = dict(zip(names, values, strict=True))
        return entries if len(entries) == len(names) else self.fail()

    def entries(self, value: Value) -> dict[bytes, Value]:
        """A value that has to be a dictionary."""
        return value if isinstance(value, dict) else self.fail()

    def data(self, about: Mapping[bytes, Value]) -> bytes:
        """The data of a stream, unpacked."""
        length = about.get(b"/Length")
        if type(length) is not int or b"/F" in about:
            self.fail()
        packed = self.content[self.at : self.at + length]
        self.at += length
        if b"endstream" in packed:
            self.fail()
        self.take(_END_OF_STREAM) or self.fail()
        if b"/Filter" not in about or not packed:  # qpdf says of what is empty that it is packed
            return packed
        unpack, data = zlib.decompressobj(), b""
        with suppress(zlib.error):
            data = unpack.decompress(packed, MOST_UNPACKED)
        if about[b"/Filter"] != b"/FlateDecode" or not unpack.eof or unpack.unused_data:
            _refuse(_OTHERWISE)
        return data

    def members(self, about: Mapping[bytes, Value], data: bytes) -> list[int]:
        """The numbers of the objects in an object stream."""
        first = about.get(b"/First")
        if type(first) is not int or not _NUMBERS.fullmatch(data, 0, first) or about.keys() - _OF_OBJECT_STREAMS:
            self.fail()
        head, inner = [*map(int, data[:first].split())], _Reader(data, first)
        numbers, offsets = head[::2], head[1::2]
        if not len(numbers) == len(offsets) == about.get(b"/N"):
            self.fail()
        for offset in offsets:
            inner.take(_SPACE)
            if inner.at != first + offset:
                self.fail()
            inner.value()
        inner.take(_SPACE)
        if inner.at != len(data):
            self.fail()
        self.references |= inner.references
        return numbers

    def table(self) -> dict[int, Place]:
        """A table that is written as text."""
        rows = list[tuple[int, int, int, int]]()
        while several := self.take(_RANGE):
            for number in range(int(several[1]), int(several[1]) + int(several[2])):
                at, generation, kind = (self.take(_ROW) or self.fail()).groups()
                rows.append((number, int(kind == b"n"), int(at), int(generation)))
        return _places(rows)


def _table(about: Mapping[bytes, Value], data: bytes) -> dict[int, Place]:
    """A table that is a stream."""
    widths, ranges = about.get(b"/W"), about.get(b"/Index", [0, about.get(b"/Size")])
    if not (_are_numbers(widths) and _are_numbers(ranges) and len(widths) == 3 and len(ranges) % 2 == 0):
        _refuse(_OTHERWISE)
    length = sum(widths)
    if b"/DecodeParms" in about:
        if about[b"/DecodeParms"] != {b"/Predictor": 12, b"/Columns": length} or len(data) % (length + 1):
            _refuse(_OTHERWISE)
        data = b"".join(_rows(data, length))
    if widths[0] != 1 or max(widths) > _WIDEST or len(data) != sum(ranges[1::2]) * length:
        _refuse(_OTHERWISE)
    numbers = chain.from_iterable(range(ranges[k], ranges[k] + ranges[k + 1]) for k in range(0, len(ranges), 2))
    ends = [*accumulate(widths, initial=0)]
    return _places(
        (number, *(int.from_bytes(data[at + start : at + end], "big") for start, end in pairwise(ends)))
        for number, at in zip(numbers, range(0, len(data), length), strict=True)
    )


def _rows(data: bytes, length: int) -> Iterator[bytes]:
    """The rows of a table of which each is written as its difference from the row above (PNG)."""
    row = bytes(length)
    for at in range(0, len(data), length + 1):
        if data[at] != _DIFFERENCE:
            _refuse(_OTHERWISE)
        row = bytes((one + more) % 256 for one, more in zip(row, data[at + 1 : at + 1 + length], strict=True))
        yield row


def _are_numbers(value: Value) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(each) is int for each in value)


def _places(rows: Iterable[tuple[int, ...]]) -> dict[int, Place]:
    """The places of objects from the rows of a table: each a number, a kind, and two numbers more."""
    by_number = dict[int, Place]()
    for number, kind, one, other in rows:
        if kind == 0 == number:
            continue  # the object that is never there
        if number in by_number or kind not in (1, 2) or (kind == 1 and other):
            _refuse(f"its table has object {number} in a way in which our pages have none")
        by_number[number] = one if kind == 1 else (one, other)
    return by_number
