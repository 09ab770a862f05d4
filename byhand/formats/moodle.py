"""Moodle XML: a cloze question a step, for a quiz; and a question bank of many variants, from which a quiz draws.

A field is {1:SHORTANSWER:=3/4~=0.75~%25%1/2#Feedback}. In it, } and # are escaped by a backslash; ~ and a backslash
cannot be written; a number is never written as an entity, since Moodle cuts a text at #.

Source: docs.moodle.org, Embedded Answers (Cloze) question type, and Moodle XML format.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from xml.etree.ElementTree import Element, tostring

from byhand.errors import SheetError
from byhand.formats.quiz.look import styled
from byhand.formats.quiz.questions import POINTS_OF_WORDS, Choice, Entry, Question, Quiz, Words, quiz_of
from byhand.notation.number import shown
from byhand.page.page import Page

BEGIN = b'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
END = b"</quiz>\n"
ROOT = "$course$/top/byhand"
ABOUT = "quiz.about"  # a message


def moodle(page: Page, *_: object) -> bytes:
    """A sheet as a category of questions, in its order."""
    quiz = quiz_of(page)
    writer = _Questions(quiz, page.stamp["hash"])
    seed, name = page.stamp["seed"], page.document.name
    category = _category(f"{ROOT}/{_named(name)}/{_named(f'seed {seed}')}", page.document.title)
    questions = "".join(writer.question(question) for question in (quiz.about, *quiz.questions))
    return BEGIN + (category + questions).encode() + END


def begun_bank(page: Page) -> bytes:
    """The beginning of a question bank: what the sheet is about, its map and its pictures, which stand here only.

    The pictures show the numbers of this run, as an example.
    """
    quiz = quiz_of(page)
    writer = _Questions(quiz, page.stamp["hash"])
    say, root = page.messages.say, _bank(page)
    texts = "".join(
        writer.question(question) for question in (quiz.about, *quiz.questions) if question.kind == "text"
    )
    about = _category(f"{root}/{_named(f'00 {say(ABOUT)}')}", "")
    return BEGIN + (_category(root, say("quiz.draw")) + about + texts).encode()


def bank_part(page: Page, number: int) -> Mapping[bytes, bytes]:
    """One variant's questions, by the category that each belongs to. number: the variant's."""
    quiz = quiz_of(page)
    writer, by_category = _Questions(quiz, f"{number:04}"), dict[bytes, bytes]()
    asked = [question for question in quiz.questions if question.kind != "text"]
    for n, question in enumerate(asked, 1):
        path = f"{_bank(page)}/{_named(f'{n:02} {question.title}')}"
        by_category[_category(path, "").encode()] = writer.question(question).encode()
    return by_category


def ended_bank() -> bytes:
    """The end of a question bank."""
    return END


def _bank(page: Page) -> str:
    seed = page.stamp["seed"]
    return f"{ROOT}/{_named(page.document.name)}/{_named(f'variants, seed {seed}')}"


def _named(name: str) -> str:
    """A category's name in a path, in which a slash stands between categories."""
    return name.replace("/", "//")


def _category(path: str, info: str) -> str:
    told = f'<info format="html"><text>{_data(escape(info))}</text></info>' if info else ""
    return f'<question type="category"><category><text>{escape(path)}</text></category>{told}</question>\n'


class _Questions:
    """Writes the questions of one sheet. variant: what tells its questions from those of other numbers."""

    def __init__(self, quiz: Quiz, variant: str) -> None:
        self.quiz, self.variant, self.count = quiz, variant, 0

    def question(self, question: Question) -> str:
        """A question, or a text between questions."""
        self.count += 1
        name = f"{self.quiz.page.document.name} {question.called} · {self.variant}"
        kind = {"text": "description", "words": "essay", "answers": "cloze"}[question.kind]
        return (
            f'<question type="{kind}"><name><text>{escape(name)}</text></name>'
            f'<questiontext format="html"><text>{_data(self._text(question))}</text>'
            f"{self._files(question)}</questiontext>"
            f'<generalfeedback format="html"><text>{_data(self._feedback(question))}</text></generalfeedback>'
            f"{self._rest(question)}<penalty>0.3333333</penalty><hidden>0</hidden>"
            f"<idnumber>{escape(f'{self.quiz.page.document.name}-{self.variant}-{self.count}')}</idnumber></question>\n"
        )

    def _rest(self, question: Question) -> str:
        if question.words:
            return _essay(question.words)
        return "<defaultgrade>0</defaultgrade>" if question.kind == "text" else ""

    def _text(self, question: Question) -> str:
        body = styled(question.body)
        for image in body.iter("img"):
            image.set("src", f"@@PLUGINFILE@@/{image.get('src')}.svg")
        html = tostring(body, encoding="unicode").replace("{", "&#123;").replace("}", "&#125;")
        of_matrix = [entry.blank.id.rpartition("/")[0] for entry in question.entries]
        wide = dict.fromkeys(of_matrix, 0)
        for name, entry in zip(of_matrix, question.entries, strict=True):
            wide[name] = max(wide[name], *map(len, _known(entry)))
        entries = map(_entry, question.entries, map(wide.__getitem__, of_matrix))
        for kind, fields in (("entry", entries), ("choice", map(_choice, question.choices))):
            for n, field in enumerate(fields):
                html = html.replace(tostring(Element(kind, n=str(n)), encoding="unicode"), field)
        return html

    def _files(self, question: Question) -> str:
        names = [node.get("src", "") for node in question.body.iter("img")]
        return "".join(
            f'<file name="{name}.svg" path="/" encoding="base64">'
            f"{base64.b64encode(self.quiz.pictures[name]).decode()}</file>"
            for name in names
        )

    def _feedback(self, question: Question) -> str:
        if not question.mend:
            return ""
        rows = (f"<li>{escape(told)} <b>{escape(mend)}</b></li>" for told, mend in question.mend.values())
        return f"<p>{escape(self.quiz.page.messages.say('quiz.mistakes'))}</p><ul>{''.join(rows)}</ul>"


def _is_number(entry: Entry) -> bool:
    """Whether numbers are compared. An exact number below 0 is compared as a text: to Moodle's numbers the minus of
    the page, −, is no sign.
    """
    return bool(entry.value) and (entry.tolerance != "0" or not entry.value.startswith("-"))


def _known(entry: Entry) -> list[str]:
    """All answers that a field knows, as Moodle keeps them."""
    if _is_number(entry):
        return [entry.value, *(wrong.value for wrong in entry.wrong)]
    texts = (*entry.texts, *(text for wrong in entry.wrong for text in wrong.texts))
    return [text.replace("*", r"\*") for text in texts]


def _entry(entry: Entry, wide: int = 0) -> str:
    """The field of a blank. Of equal answers the first counts, so the right ones come first.

    wide: the characters for which it has room. Moodle makes a field as wide as the longest answer that it knows, so
    one that is worth nothing is added where all are shorter.
    """
    room = [f"%0%{'9' * wide}"] if wide > max(map(len, _known(entry))) else []
    if _is_number(entry):
        answers = [f"={entry.value}:{entry.tolerance}"]
        answers += [f"%{w.credit}%{w.value}:0#{_told(w.told)}" for w in entry.wrong if w.value]
        return f"{{1:NUMERICAL:{'~'.join([*answers, *(f'{each}:0' for each in room)])}}}"
    answers = [f"={_typed(text)}" for text in entry.texts]
    right = {text.casefold() for text in entry.texts}
    for wrong in entry.wrong:
        told = _told(wrong.told)
        answers += [f"%{wrong.credit}%{_typed(text)}#{told}" for text in wrong.texts if text.casefold() not in right]
    return f"{{1:SHORTANSWER:{'~'.join([*answers, *room])}}}"


def _choice(choice: Choice) -> str:
    """The field of a choice; Moodle shuffles its options, of which the right one stands first in the file."""
    why = f"#{_told(choice.why)}" if choice.why else ""
    ordered = sorted(enumerate(choice.options), key=lambda option: option[0] != choice.right)
    options = (f"{'=' * (n == choice.right)}{_shown(option)}{why}" for n, option in ordered)
    return f"{{1:MULTICHOICE_S:{'~'.join(options)}}}"


def _typed(text: str) -> str:
    r"""A text that is typed, in a field; * is a wildcard there, and \* the sign.

    Raises: SheetError for one that a field cannot hold.
    """
    return _shown(text.replace("*", r"\*"), given=text)


def _shown(text: str, given: str = "") -> str:
    """A text in a field.

    Raises: SheetError for one that a field cannot hold.
    """
    answer = given or text
    if "~" in answer or "\\" in answer:
        raise SheetError(
            f"Moodle has no way to write the answer {shown(answer)}: ~ and \\ part its fields; use other words"
        )
    return escape(text).replace("&#x27;", "'").replace("}", r"\}").replace("#", r"\#")


def _told(text: str) -> str:
    """A feedback in a field: HTML, which is written as a text once more."""
    return _shown(escape(text, quote=False).replace("~", "∼").replace("\\", "∖"))


def _essay(words: Words) -> str:
    return (
        f"<defaultgrade>{POINTS_OF_WORDS}</defaultgrade><responseformat>editor</responseformat>"
        "<responserequired>0</responserequired><responsefieldlines>5</responsefieldlines><attachments>0</attachments>"
        f'<graderinfo format="html"><text>{_data(f"<p>{escape(words.key)}</p>")}</text></graderinfo>'
        '<responsetemplate format="html"><text></text></responsetemplate>'
    )


def _data(text: str) -> str:
    """A text as XML has it without escapes, which would make it longer."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>" if text else ""
