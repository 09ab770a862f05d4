"""Reads a moodle.xml as Moodle 5 does, and marks what is typed into its fields: written from Moodle's documentation
(Embedded Answers; Numerical; Short-Answer) and from what its code was seen to do, without any of it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

NUMBER = re.compile(r"-?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?")
TYPED = re.compile(r"[+-]?(?:\d+[.]?\d*|[.]\d+)(?:[eE][-+]?\d+)?")
KINDS = ("NUMERICAL", "SHORTANSWER", "MULTICHOICE_S")
SHARE = re.compile(r"%(-?\d+)%")


@dataclass(frozen=True)
class Answer:
    """share: of the points. tolerance: of a number."""

    share: float
    text: str
    feedback: str
    tolerance: float = 0.0


@dataclass(frozen=True)
class Field:
    """n: its number in the question, from 0."""

    n: int
    weight: int
    kind: str
    answers: tuple[Answer, ...]
    raw: str

    @property
    def key(self) -> str:
        """The first answer with all points."""
        return next(answer.text for answer in self.answers if answer.share == 1)

    def mark(self, response: str) -> Answer | None:
        """The first answer that a response is; None where it is none."""
        response = response.strip()
        return next((answer for answer in self.answers if self._is(answer, response)), None)

    def _is(self, answer: Answer, response: str) -> bool:
        if self.kind == "NUMERICAL":
            own = float(answer.text)
            slack = answer.tolerance + 1e-14 * max(1.0, abs(own))
            return bool(TYPED.fullmatch(response)) and abs(float(response) - own) <= slack
        if self.kind == "SHORTANSWER":
            parts = re.split(r"(?<!\\)\*+", answer.text)
            pattern = ".*".join(re.escape(part.replace(r"\*", "*")) for part in parts)
            return re.fullmatch(pattern, response, re.IGNORECASE | re.DOTALL) is not None
        return response == answer.text


@dataclass(frozen=True)
class Question:
    kind: str
    name: str
    text: str
    category: str
    idnumber: str
    feedback: str
    grader: str
    files: dict[str, str]
    fields: tuple[Field, ...] = field(default=())

    @property
    def rows(self) -> list[list[str | Field]]:
        """The rows of its tables, cell by cell: what is printed, or the field that stands there."""
        plain = self.text
        for n, each in enumerate(self.fields):
            plain = plain.replace(each.raw, f"\0{n}\0", 1)
        root = ElementTree.fromstring(plain.replace("\0", "§"))
        return [[self._cell("".join(cell.itertext())) for cell in row] for row in root.iter("tr")]

    def _cell(self, text: str) -> str | Field:
        found = re.fullmatch(r"§(\d+)§", text)
        return self.fields[int(found[1])] if found else text


def read(xml: bytes) -> list[Question]:
    """The questions of a file, each with the category that it is put in."""
    root = ElementTree.fromstring(xml)
    assert root.tag == "quiz"
    found, category = [], ""
    for each in root:
        assert each.tag == "question"
        if each.get("type") == "category":
            category = each.findtext("category/text") or ""
            assert category.startswith("$course$/top/")
            continue
        text = each.findtext("questiontext/text") or ""
        files = {f.get("name") or "": f.text or "" for f in each.iterfind("questiontext/file")}
        fields = tuple(_fields(text)) if each.get("type") == "cloze" else ()
        said = [each.findtext(f"{part}/text") or "" for part in ("name", "generalfeedback", "graderinfo")]
        found.append(
            Question(each.get("type") or "", said[0], text, category, each.findtext("idnumber") or "", said[1],
                     said[2], files, fields)
        )  # fmt: skip
    return found


def _fields(text: str) -> list[Field]:
    """The fields of a text, sign by sign; what begins like a field and is none is an error."""
    found, at = [], 0
    while (begin := text.find("{", at)) >= 0:
        head = re.compile(r"\{(\d*):([A-Z_]+):").match(text, begin)
        assert head, f"no field: {text[begin : begin + 40]}"
        assert head[2] in KINDS, head[2]
        end = head.end()
        while text[end] != "}" or text[end - 1] == "\\":
            end += 1
        raw, inner = text[begin : end + 1], text[head.end() : end]
        assert not re.search(r"&#x?\w+;", raw), f"Moodle cuts an entity with a number at its #: {raw}"
        answers = tuple(_answer(part, head[2]) for part in re.split(r"(?<!\\)~", inner))
        assert any(answer.share == 1 for answer in answers), raw
        found.append(Field(len(found), int(head[1] or 1), head[2], answers, raw))
        at = end + 1
    return found


def _answer(part: str, kind: str) -> Answer:
    share, rest = 0.0, part
    if part.startswith("="):
        share, rest = 1.0, part[1:]
    elif percent := SHARE.match(part):
        share, rest = int(percent[1]) / 100, part[percent.end() :]
    text, _, feedback = re.sub(r"(?<![\\&])#", "\0", rest, count=1).partition("\0")
    assert text, f"an empty answer: {part}"
    assert not re.search(r"(?<![\\&])#", feedback), f"a second feedback: {part}"
    text, feedback = (html.unescape(each).replace(r"\}", "}").replace(r"\#", "#") for each in (text, feedback))
    if kind == "NUMERICAL":
        number, _, tolerance = text.partition(":")
        assert NUMBER.fullmatch(number), text
        return Answer(share, number, feedback, float(tolerance or 0))
    return Answer(share, text, feedback)
