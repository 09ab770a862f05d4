"""What is filled in on a form (AcroForm), by the ids of blanks and other answers. The PDF may be made to do harm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pikepdf
from msgspec import Struct

from byhand.errors import UnreadableError
from byhand.notation.number import shown
from byhand.reading.page import Collector, Page
from byhand.reading.pdf import about, check_room, opened
from byhand.worksheet.asked import DOT, FIELDS, NAME, as_text, as_word, field_name, from_words

MOST_FIELDS = 20_000  # of a file, each box to tick one
LONGEST_TEXT, LONGEST_NAME, LONGEST_WORDS = 5_000, 400, 50_000  # filled in; of a field; of what a page says of itself
AS_WRITTEN = "fill in the form as byhand wrote it"
_ID = re.compile(r"[1-9][0-9]{0,3}/\S+")


class FilledForm(Struct, frozen=True):
    """What one student has filled in."""

    page: Page
    """What the page says that it is, without its texts: `page.foot` has its sheet, seed and hash, and `page.student`
    whose it is; reading/ways has the options that it was asked for."""
    answers: Mapping[str, str]
    """What was answered, by the ids of blanks and replies in the order of the page; "" for an empty field."""


def filled_in(content: bytes) -> dict[str, FilledForm]:
    """What is filled in on a form, by the students' ids: one, "" if it is nobody's, or several that were joined.

    Raises: UnreadableError where it is no form of byhand's, or its fields were changed.
    """
    with opened(content, partial(check_room, saved=True)) as file:
        form = file.Root.get("/AcroForm")
        by_student, said, left = dict[str, dict[str, str]](), dict[str, str](), MOST_FIELDS
        for student, words, field in _fields(form.get("/Fields", ()) if form is not None else ()):
            name, boxes = _name(field), field.get("/Kids", ())
            left -= 1 + len(boxes)
            if left < 0:
                raise UnreadableError(f"it has over {MOST_FIELDS:,} fields; no page of ours has as many")
            entries = by_student.setdefault(student, {})
            if name in entries:
                raise UnreadableError(f"it has two fields {shown(name)}; {AS_WRITTEN}")
            entries[name], said[student] = _filled(field, boxes, name), words
        whole = Collector(asked=about(file, f"/{NAME}"), maker=about(file, "/Creator"))
        if not by_student:
            whole.says()
            raise UnreadableError("it has no fields; byhand generate --format pdf-form writes a page that has")
    return {
        student: _form(student, Collector(asked=said[student]) if said[student] else whole, answers)
        for student, answers in by_student.items()
    }


def _form(student: str, said: Collector, answers: Mapping[str, str]) -> FilledForm:
    """What one student has filled in. said: what the page says of itself.

    Raises: UnreadableError where that is of another page.
    """
    asked = said.says()
    if as_text(asked.get("student", "")) != student:
        raise UnreadableError(f"its fields are of {shown(student)}, and it says that it is of another student")
    count = asked.get(FIELDS, "")
    if not count.isdecimal() or int(count[:9]) != len(answers):
        raise UnreadableError(f"it has {len(answers)} of its {shown(count)} fields; {AS_WRITTEN}")
    return FilledForm(Page((), (), asked, ()), answers)


def _fields(tops: Any) -> Iterator[tuple[str, str, Any]]:
    """The fields of a form: whose each is, what the page says of itself where the field says it, and the field.

    Raises: UnreadableError where one that has a student's id was renamed.
    """
    for top in tops:
        kids = top.get("/Kids", ())
        if not len(kids) or "/T" not in kids[0]:  # else its kids are fields, and not its boxes
            yield "", "", top
            continue
        name, words = _text(top.get("/T")), _text(top.get("/TM"), LONGEST_WORDS)
        student = as_text(from_words(words).get("student", name.replace(DOT, ".")))
        if name != field_name(as_word(student)):
            raise UnreadableError(f"its field {shown(name)} was renamed; {AS_WRITTEN}")
        yield from ((student, words, kid) for kid in kids)


def _name(field: Any) -> str:
    """The id that a field is for.

    Raises: UnreadableError where it is none of ours, or was renamed.
    """
    name, mapped = _text(field.get("/T")), _text(field.get("/TM"))
    target = mapped or name.replace(DOT, ".")  # some programs leave the mapping name out
    if not _ID.fullmatch(target):
        raise UnreadableError(f"its field {shown(name)} is none of byhand's; {AS_WRITTEN}")
    if name != field_name(target):
        raise UnreadableError(f"its field {shown(name)} was renamed; it is for {shown(target)}: {AS_WRITTEN}")
    return target


def _filled(field: Any, boxes: Any, name: str) -> str:
    """What is filled in. boxes: those of the field, of which one may be ticked.

    Raises: UnreadableError where it is neither a text nor one of the boxes.
    """
    value, kind = field.get("/V"), field.get("/FT")
    if kind == "/Tx":
        return _text(value, LONGEST_TEXT).replace("\r\n", "\n").replace("\r", "\n").strip()
    if kind != "/Btn":
        raise UnreadableError(f"its field {shown(name)} is of another kind than byhand writes; {AS_WRITTEN}")
    on = (str(box.AS) for box in boxes if box.get("/AS", "/Off") != "/Off")  # as a program may say it alone
    ticked = str(value) if value is not None else next(on, "/Off")
    if ticked == "/Off":
        return ""
    if not any(ticked in box.AP.N for box in boxes):
        raise UnreadableError(f"its field {shown(name)} is ticked as {shown(ticked)}, which none of its boxes is")
    return ticked.removeprefix("/")


def _text(value: Any, most: int = LONGEST_NAME) -> str:
    """A text of a PDF; "" for none.

    Raises: UnreadableError where it is none, or too long.
    """
    if value is None:
        return ""
    if isinstance(value, pikepdf.Stream):  # as a long text may be
        value = pikepdf.String(value.read_bytes())
    if not isinstance(value, pikepdf.String | str):
        raise UnreadableError(f"a field of it holds no text; {AS_WRITTEN}")
    text = str(value)
    if len(text) > most:
        raise UnreadableError(f"a field of it holds {len(text):,} characters; {most:,} are the most")
    return text
