"""Canvas, for its Classic Quizzes: a zip of QTI 1.2 as Canvas itself exports it, an item a step.

A step is a question with several blanks, whose answers are compared as texts; with a single number, it is a numerical
question; each statement is a question by itself. Identifiers begin with a letter: Canvas's own importer makes others
of those that are all digits.

Source: IMS QTI 1.2.1 ASI, the DTD ims_qtiasiv1p2p1; what Canvas exports (lib/cc/qti of instructure/canvas-lms).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from html import escape
from xml.etree.ElementTree import Element, tostring

from byhand.formats.packed import packed
from byhand.formats.quiz.look import styled
from byhand.formats.quiz.package import manifest, node, package_name, picture_file, resource, xml
from byhand.formats.quiz.questions import POINTS_OF_WORDS, Choice, Entry, Question, Quiz, quiz_of
from byhand.page.page import Page

QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
META = "http://canvas.instructure.com/xsd/cccv1p0"
OTHERS = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
FILES = "$IMS-CC-FILEBASE$/"  # how the text of a question names the folder of the package
APART = "[\u2060"  # with a sign that nobody sees: a word in brackets that would be taken for a blank
_LIKE_A_BLANK = re.compile(r"\[(?=b\d+\])")
NO_CHOICE = -1  # the number of no statement
ALWAYS = "general_fb"  # the name of what is said of every answer
ONE_RESPONSE, SINGLE = {"respident": "response1"}, {"ident": "response1", "rcardinality": "Single"}
LAST = {"continue": "No"}  # of a condition after which no other is tried


def canvas(page: Page, *_: object) -> bytes:
    """A sheet as a quiz, one question at a time."""
    quiz, name, title = quiz_of(page), package_name(page), page.document.title
    writer = _Items(quiz)
    items = [item for question in quiz.questions for item in writer.items(question)]
    section = node("section", {"ident": "root_section"}, *items)
    assessment = node("assessment", {"ident": name, "title": title}, _metadata({"cc_maxattempts": "1"}), section)
    files = {
        "imsmanifest.xml": xml(_manifest(name, list(quiz.pictures)), PACKAGE),
        f"{name}/{name}.xml": xml(node("questestinterop", {}, assessment), QTI),
        f"{name}/assessment_meta.xml": xml(_meta(name, title, writer.html(quiz.about.body), writer.points), META),
    }
    return packed(files | {picture_file(picture): svg for picture, svg in quiz.pictures.items()})


def _manifest(name: str, pictures: list[str]) -> Element:
    files = node("file", {"href": f"{name}/{name}.xml"}), node("dependency", {"identifierref": f"{name}-meta"})
    quiz = node("resource", {"identifier": name, "type": "imsqti_xmlv1p2"}, *files)
    meta = resource(f"{name}-meta", OTHERS, f"{name}/assessment_meta.xml")
    drawn = (resource(f"{name}-{picture}", "webcontent", picture_file(picture)) for picture in pictures)
    return manifest(name, "IMS Content", "1.1.3", [quiz, meta, *drawn])


def _meta(name: str, title: str, about: str, points: int) -> Element:
    """What Canvas calls the settings of a quiz: one question at a time and no way back, since each prints answers."""
    settings = {
        "title": title, "description": about, "shuffle_answers": "false", "scoring_policy": "keep_highest",
        "quiz_type": "assignment", "points_possible": f"{points}.0", "one_question_at_a_time": "true",
        "cant_go_back": "true", "available": "false",
    }  # fmt: skip
    return node("quiz", {"identifier": name}, *(node(each, {}, text) for each, text in settings.items()))


class _Items:
    """Writes the items of a quiz, and counts their points."""

    def __init__(self, quiz: Quiz) -> None:
        self.quiz, self.points, self.count = quiz, 0, 0
        self.say = quiz.page.messages.say

    def html(self, body: Element, *, blanks: bool = False, choice: int | None = None) -> str:
        """The text of a question.

        blanks: whether its entries are named in it; else each is a line to think of. choice: the number of the
        statement that it asks about, without the others.
        """
        copy = styled(_with_statement(body, choice))
        for each in copy.iter():
            each.text, each.tail = (text and _LIKE_A_BLANK.sub(APART, text) for text in (each.text, each.tail))
        for parent in list(copy.iter()):
            for each in list(parent):
                if each.tag == "entry":
                    _replaced(parent, each, f"[b{int(each.get('n', '0')) + 1}]" if blanks else "____")
                elif each.tag == "choice":
                    _replaced(parent, each, "")
        for image in copy.iter("img"):
            image.set("src", FILES + picture_file(image.get("src", "")))
        return tostring(copy, encoding="unicode")

    def items(self, question: Question) -> Iterator[Element]:
        """The items of a question: one for its blanks, and one for each of its statements."""
        if question.words:
            told = {ALWAYS: f"<p>{escape(self.say('quiz.key', text=question.words.key))}</p>"}
            responses, html = [_typed({}, {"rshuffle": "No"})], self.html(question.body)
            yield self._item(question, "essay_question", POINTS_OF_WORDS, html, responses, [_shown(ALWAYS)], told)
        elif question.kind == "text":
            yield self._item(question, "text_only_question", 0, self.html(question.body))
        elif question.entries:
            yield self._numerical(question) if _is_numerical(question) else self._blanks(question)
        for n, choice in enumerate(question.choices):
            yield self._choice(question, n, choice)

    def _item(
        self, question: Question, kind: str, points: int, html: str, responses: Iterable[Element] = (),
        conditions: Sequence[Element] = (), told: Mapping[str, str] | None = None,
    ) -> Element:  # fmt: skip
        """An item. conditions: under which it gives points, and says something. told: what it may say, by name."""
        self.count += 1
        self.points += points
        metadata = _metadata({"question_type": kind, "points_possible": f"{points}.0"})
        presentation = node("presentation", {}, _material(html, "text/html"), *responses)
        score = {"maxvalue": "100", "minvalue": "0", "varname": "SCORE", "vartype": "Decimal"}
        outcomes = node("outcomes", {}, node("decvar", score))
        return node(
            "item", {"ident": f"item{self.count}", "title": question.called},
            node("itemmetadata", {}, metadata), presentation,
            *([node("resprocessing", {}, outcomes, *conditions)] if question.kind != "text" else []),
            *(
                node("itemfeedback", {"ident": name}, node("flow_mat", {}, _material(text, "text/html")))
                for name, text in (told or {}).items()
            ),
        )  # fmt: skip

    def _blanks(self, question: Question) -> Element:
        """A question with several blanks; all answers that are listed are right."""
        count, responses, conditions = len(question.entries), list[Element](), list[Element]()
        for n, entry in enumerate(question.entries, 1):
            texts = {f"b{n}a{k}": text for k, text in enumerate(_texts(entry), 1)}
            responses.append(_chosen({"ident": f"response_b{n}"}, texts, _material(f"b{n}")))
            right = node("varequal", {"respident": f"response_b{n}"}, f"b{n}a1")
            conditions.append(_scored({}, right, "Add", f"{100 / count:.4f}"))
        html = self.html(question.body, blanks=True, choice=NO_CHOICE)
        told = self._mend(question)
        conditions += map(_shown, told)
        return self._item(question, "fill_in_multiple_blanks_question", count, html, responses, conditions, told)

    def _numerical(self, question: Question) -> Element:
        """A question with one number, which may differ by its tolerance."""
        (entry,) = question.entries
        value, tolerance = float(entry.value), float(entry.tolerance)
        ends = {"vargte": value - tolerance, "varlte": value + tolerance}
        between = node("and", {}, *(node(tag, ONE_RESPONSE, f"{end:.12g}") for tag, end in ends.items()))
        either = node("or", {}, node("varequal", ONE_RESPONSE, entry.value), between)
        told, html = self._mend(question), self.html(question.body, choice=NO_CHOICE)
        conditions = [_scored(LAST, either), *map(_shown, told)]
        return self._item(
            question, "numerical_question", 1, html, [_typed({"fibtype": "Decimal"}, {})], conditions, told
        )

    def _choice(self, question: Question, n: int, choice: Choice) -> Element:
        kind = "true_false_question" if choice.is_claim else "multiple_choice_question"
        options = {f"a{k}": option for k, option in enumerate(choice.options, 1)}
        told = {ALWAYS: f"<p>{escape(choice.why)}</p>"} if choice.why else {}
        right = _scored(LAST, node("varequal", ONE_RESPONSE, f"a{choice.right + 1}"))
        html = self.html(question.body, choice=n)
        return self._item(question, kind, 1, html, [_chosen(SINGLE, options)], [*map(_shown, told), right], told)

    def _mend(self, question: Question) -> dict[str, str]:
        """What is said where an answer is wrong: the classic mistakes of the step, and how to mend each."""
        if not question.mend:
            return {}
        rows = "".join(f"<li>{escape(told)} {escape(mend)}</li>" for told, mend in question.mend.values())
        return {"general_incorrect_fb": f"<p>{escape(self.say('quiz.mistakes'))}</p><ul>{rows}</ul>"}


def _with_statement(body: Element, choice: int | None) -> Element:
    """The text with one of its statements only; as it is where none is asked about."""
    if choice is None:
        return body
    copy = deepcopy(body)
    for parent in list(copy.iter()):
        for each in list(parent):
            own_choice = each.find(".//choice")
            if each.get("class") == "q" and own_choice is not None and own_choice.get("n") != str(choice):
                parent.remove(each)
    return copy


def _is_numerical(question: Question) -> bool:
    return len(question.entries) == 1 and bool(question.entries[0].value)


def _texts(entry: Entry) -> list[str]:
    """The right texts; Canvas compares them without capitals."""
    return list({text.casefold(): text for text in reversed(entry.texts)}.values())[::-1]


def _replaced(parent: Element, old: Element, text: str) -> None:
    """Put a text in the place of an element."""
    at = list(parent).index(old)
    text += old.tail or ""
    parent.remove(old)
    if at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _metadata(fields: Mapping[str, str]) -> Element:
    return node(
        "qtimetadata", {},
        *(
            node("qtimetadatafield", {}, node("fieldlabel", {}, label), node("fieldentry", {}, entry))
            for label, entry in fields.items()
        ),
    )  # fmt: skip


def _material(text: str, kind: str = "text/plain") -> Element:
    return node("material", {}, node("mattext", {"texttype": kind}, text))


def _typed(field: Mapping[str, str], label: Mapping[str, str]) -> Element:
    """What is typed. field, label: attributes of the field, and of its label."""
    return node(
        "response_str", SINGLE, node("render_fib", field, node("response_label", {"ident": "answer1", **label}))
    )


def _chosen(attributes: Mapping[str, str], options: Mapping[str, str], *before: Element) -> Element:
    """What is chosen among options, by their identifiers."""
    labels = (node("response_label", {"ident": ident}, _material(text)) for ident, text in options.items())
    return node("response_lid", attributes, *before, node("render_choice", {}, *labels))


def _scored(attributes: Mapping[str, str], test: Element, action: str = "Set", points: str = "100") -> Element:
    """A condition that gives points."""
    score = node("setvar", {"varname": "SCORE", "action": action}, points)
    return node("respcondition", attributes, node("conditionvar", {}, test), score)


def _shown(name: str) -> Element:
    """A condition under which something is said, by its name."""
    said = node("displayfeedback", {"feedbacktype": "Response", "linkrefid": name})
    return node("respcondition", {"continue": "Yes"}, node("conditionvar", {}, node("other")), said)
