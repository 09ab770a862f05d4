"""A worksheet to fill in on a screen: a field (AcroForm) in each room of a page that is laid out.

A field's name is the id of its blank with each dot written ·, since PDF reads a dot as a step down a hierarchy; the
id itself is its mapping name (TM). In a copy of a class, all fields are below one that has the student's id, so that
the fields of several copies in one file have names of their own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from isal import isal_zlib as zlib
from msgspec import Struct
from msgspec.structs import replace

from byhand.cache import as_data, from_data
from byhand.errors import SheetError
from byhand.page.look import COLOURS, LOOK
from byhand.press.kept import Pages
from byhand.press.layout import lay_out
from byhand.press.pieces import TextOf
from byhand.press.printing import laid_out
from byhand.press.rooms import Edges, Room
from byhand.press.shape import ascent, descent, glyphs_of, subset, width
from byhand.press.slotted import shared
from byhand.press.template import Template, copy_pdf, said_in, template, template_of
from byhand.worksheet.asked import FIELDS, as_word, field_name
from byhand.worksheet.document import BETWEEN
from byhand.worksheet.spoken import Spoken, called
from byhand.worksheet.views import Paper

FACE = "sans-600-italic.ttf"  # of what is filled in
FONT, TICKS = "Answer", "ZaDb"  # the names of fonts in the PDF
POINTS = 0.75  # a px
MULTILINE, NO_SPELLING, PRINTED, CENTRED = 1 << 12, 1 << 22, 1 << 2, 1  # values of PDF
# the characters of the font: those of Windows-1252, and others in place of those that the face lacks, by PDF's names
OTHERS = {
    0x81: ("−", "minus"), 0x83: ("≤", "lessequal"), 0x87: ("≥", "greaterequal"), 0x88: ("→", "arrowright"),
    0x89: ("σ", "sigma"), 0x8D: ("∞", "infinity"), 0x8F: ("√", "radical"), 0x90: ("≠", "notequal"),
    0x98: ("ε", "epsilon"), 0x99: ("π", "pi"), 0x9D: ("≈", "approxequal"),
}  # fmt: skip
FIRST_CODE, LAST_CODE = 32, 255
CHECK = ((0.2, 0.5, "m"), (0.42, 0.24, "l"), (0.84, 0.8, "l"))  # its corners, where a box to tick is 1 wide


def filled_form(pages: Pages, paper: Paper, *, cache: bool, fills: bool) -> bytes:
    """A page's worksheet as a PDF to fill in.

    Raises: SheetError where the page has no room for an answer.
    """
    if fitted := shared(pages, "worksheet", paper, cache=cache, fills=fills):
        base, contents, texts = fitted.slotted.templates["worksheet"], fitted.contents, fitted.of_run
    else:
        base = _alone(pages, paper, cache)
        contents, texts = [zlib.compress(b"")] * len(base.contents), ()
    return copy_form(base, contents, pages.words("worksheet"), called(pages.page.document), texts.__getitem__)


def copy_form(
    base: Template, contents: Sequence[bytes], words: str, answers: tuple[Spoken, ...], texts: TextOf,
    student: str = "",
) -> bytes:  # fmt: skip
    """The PDF of a copy of a worksheet, with fields.

    base: the worksheet's template. contents, words: as of `copy_pdf`. texts: as of `said_in`. student: the id of
    whose copy it is.

    Raises: SheetError where the page has no room for an answer.
    """
    template, words = form(base, answers, bool(student)), f"{words} {FIELDS}={len(answers)}"
    if not student:
        return copy_pdf(template, contents, words, said_in(template, texts))
    number, kids = template.student
    name = field_name(as_word(student)).encode("latin-1")
    top = b"<</T(%s)/TM(%s)/Kids %d 0 R>>" % (name, words.encode(), kids)
    return copy_pdf(template, contents, words, [(number, top), *said_in(template, texts)])


def _alone(pages: Pages, paper: Paper, cache: bool) -> Template:
    """The template of a worksheet that is laid out by itself."""
    page = pages.printed("worksheet", paper)

    def made() -> bytes:
        return as_data(template(lay_out(page, str), "worksheet"))

    return from_data(Template, laid_out(made, "form", *page.parts) if cache else made())


@lru_cache(maxsize=4)  # the copies of a class mostly have one
def form(base: Template, answers: tuple[Spoken, ...], of_students: bool = False) -> Template:
    """A template of a worksheet with a field for each of these answers.

    of_students: whether its copies are those of students.

    Raises: SheetError where the page has no room for an answer, or several.
    """
    import pikepdf

    rooms = _rooms(base, answers)
    with pikepdf.open(io.BytesIO(base.pdf)) as file:
        _Fields(file, rooms).add(answers, of_students)
        file.save(out := io.BytesIO(), object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    made = template_of(out)
    if not of_students:
        return made
    with pikepdf.open(out) as file:
        (top,) = file.Root.AcroForm.Fields
        return replace(made, student=(top.objgen[0], top.Kids.objgen[0]))


def _rooms(base: Template, answers: Sequence[Spoken]) -> dict[str, tuple[int, Room]]:
    """The rooms of a template by their names, each with the number of its page.

    Raises: SheetError where an answer has none, or several.
    """
    by_name: dict[str, tuple[int, Room]] = {}
    for number, rooms in enumerate(from_data(list[list[Room]], base.rooms) if base.rooms else ()):
        for room in rooms:
            if room.name in by_name:
                raise SheetError(f"the page asks twice for {room.name}, so a form cannot tell the answers apart")
            by_name[room.name] = number, room
    if missing := next((name for answer in answers for name in _names(answer) if name not in by_name), ""):
        raise SheetError(f"the page has no room for {missing}; its template says where, with room(field(…))")
    return by_name


def _names(answer: Spoken) -> list[str]:
    """The names of an answer's rooms."""
    return [f"{answer.id}{BETWEEN}{option}" for option in answer.options] or [answer.id]


class _Fields(Struct, dict=True):
    """Writes fields into a PDF."""

    file: Any
    rooms: dict[str, tuple[int, Room]]
    """The rooms for fields by their names, each with the number of its page."""

    def __post_init__(self) -> None:
        root = self.file.Root.StructTreeRoot
        self.root, self.nums = root, root.ParentTree.Nums
        self.next = 1 + max(int(number) for number in list(self.nums)[::2])
        self.pages = [page.obj for page in self.file.pages]
        self.heights = [float(page.MediaBox[3]) for page in self.pages]
        self.off, self.on = (self._picture(operators) for operators in (b"", _check()))

    def add(self, answers: Sequence[Spoken], of_students: bool) -> None:
        """Write a field for each answer, and the form that they are of."""
        from pikepdf import Array, Dictionary, Name, String

        fields = [self._choice(answer) if answer.options else self._text(answer) for answer in answers]
        if of_students:
            top = self.file.make_indirect(Dictionary(T=String(""), Kids=self.file.make_indirect(Array(fields))))
            for each in fields:
                each.Parent = top
            fields = [top]
        fonts = Dictionary({f"/{FONT}": self._font(), f"/{TICKS}": Dictionary(
            Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.ZapfDingbats)})  # fmt: skip
        self.file.Root.AcroForm = self.file.make_indirect(
            Dictionary(Fields=Array(fields), NeedAppearances=True, DR=Dictionary(Font=fonts), DA=_appearance(FONT))
        )
        self.root.ParentTreeNextKey = self.next
        for page in self.pages:
            page.Tabs = Name.S  # the order of the structure

    def _text(self, answer: Spoken) -> Any:
        """A field for a text."""
        from pikepdf import Name

        field = self._widget(answer.id, answer.name)
        field.FT, field.DA = Name.Tx, _appearance(FONT)
        field.Ff = MULTILINE if answer.in_words else NO_SPELLING
        if not answer.in_words:
            field.Q = CENTRED
        self._name(field, answer)
        return field

    def _choice(self, answer: Spoken) -> Any:
        """Boxes of which one is ticked, as one field."""
        from pikepdf import Array, Dictionary, Name

        field = self.file.make_indirect(Dictionary(FT=Name.Btn, Kids=Array()))
        for name, option, label in zip(_names(answer), answer.options, answer.labels, strict=True):
            widget = self._widget(name, label)
            widget.Parent, widget.AS = field, Name.Off
            widget.AP = Dictionary(N=Dictionary({f"/{option}": self.on, "/Off": self.off}))
            widget.MK, widget.DA, widget.TU = Dictionary(CA="4"), _appearance(TICKS), label
            field.Kids.append(widget)
        self._name(field, answer)
        return field

    def _name(self, field: Any, answer: Spoken) -> None:
        field.T, field.TM, field.TU = field_name(answer.id), answer.id, answer.name

    def _widget(self, name: str, label: str) -> Any:
        """The annotation in a room, and its element in the structure."""
        from pikepdf import Array, Dictionary, Name

        number, room = self.rooms[name]
        page = self.pages[number]
        widget = self.file.make_indirect(Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, P=page, F=PRINTED, StructParent=self.next, BS=Dictionary(W=0),
            Rect=Array(_points(room.field, self.heights[number]))))  # fmt: skip
        if "/Annots" not in page:
            page.Annots = self.file.make_indirect(Array())
        page.Annots.append(widget)
        around = self.root
        for at in room.way[:-1]:
            around = around.K[at]
        element = self.file.make_indirect(Dictionary(
            Type=Name.StructElem, S=Name.Form, P=around, Pg=page, Alt=label,
            K=Array([Dictionary(Type=Name.OBJR, Obj=widget, Pg=page)])))  # fmt: skip
        around.K.insert(room.way[-1], element)
        self.nums.extend([self.next, element])
        self.next += 1
        return widget

    def _picture(self, operators: bytes) -> Any:
        """What a box to tick looks like: the operators of a drawing that is as large."""
        from pikepdf import Array, Name

        side = round(LOOK["tick"] * 72 / 25.4, 2)
        return self.file.make_stream(operators, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, side, side]))

    def _font(self) -> Any:
        """The font of what is typed, with one byte for each character, as all programs can write it."""
        from pikepdf import Array, Dictionary, Name

        typed = {code: bytes([code]).decode("cp1252", "replace") for code in range(FIRST_CODE, LAST_CODE + 1)}
        typed |= {code: letter for code, (letter, _) in OTHERS.items()}
        data = subset(FACE, set(glyphs_of(FACE, typed.values())))
        name, up, down = Name("/byhand-Sans-SemiBold-Italic"), round(1000 * ascent(FACE)), round(1000 * descent(FACE))
        descriptor = Dictionary(
            Type=Name.FontDescriptor, FontName=name, Flags=32 + 64, FontBBox=Array([-500, down, 1500, up]),
            ItalicAngle=-11, Ascent=up, Descent=down, CapHeight=660, StemV=120,
            FontFile2=self.file.make_stream(data, Length1=len(data)))  # fmt: skip
        differences = [item for code, (_, glyph) in OTHERS.items() for item in (code, Name(f"/{glyph}"))]
        return self.file.make_indirect(Dictionary(
            Type=Name.Font, Subtype=Name.TrueType, BaseFont=name, FirstChar=FIRST_CODE, LastChar=LAST_CODE,
            Widths=Array(width(FACE, letter) for letter in typed.values()),
            FontDescriptor=self.file.make_indirect(descriptor),
            Encoding=Dictionary(Type=Name.Encoding, BaseEncoding=Name.WinAnsiEncoding,
                                Differences=Array(differences))))  # fmt: skip


def _points(edges: Edges, height: float) -> Iterator[float]:
    """The corners of a box as PDF has them: in points, from the lower left corner of the page."""
    left, top, right, bottom = (edge * POINTS for edge in edges)
    return (round(each, 2) for each in (left, height - bottom, right, height - top))


def _appearance(font: str) -> str:
    """How what is filled in is written: the font, as large as there is room, in the colour of a pen."""
    return f"/{font} 0 Tf {_colour()} rg"


def _check() -> bytes:
    """The operators of a check."""
    side = LOOK["tick"] * 72 / 25.4
    points = " ".join(f"{x * side:.2f} {y * side:.2f} {way}" for x, y, way in CHECK)
    return f"q 1 J 1 j 1.1 w {_colour()} RG {points} S Q".encode()


def _colour() -> str:
    pen = COLOURS["pen"]
    return " ".join(f"{int(pen[i : i + 2], 16) / 255:.3f}" for i in (1, 3, 5))
