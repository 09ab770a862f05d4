"""Canvas, for its Classic Quizzes: a zip of QTI 1.2 as Canvas itself exports it, an item a step.

A step is a question with several blanks, whose answers are compared as texts; with a single number, it is a numerical
question; each statement is a question by itself. Identifiers begin with a letter: Canvas's own importer makes others
of those that are all digits.

Source: IMS QTI 1.2.1 ASI, the DTD ims_qtiasiv1p2p1; what Canvas exports (lib/cc/qti of instructure/canvas-lms).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from html import escape
from xml.etree.ElementTree import Element, SubElement, tostring

from byhand.formats.quiz.look import styled
from byhand.formats.quiz.package import package_name, packed, picture_file, resource, xml
from byhand.formats.quiz.questions import POINTS_OF_WORDS, Choice, Entry, Question, Quiz, quiz_of
from byhand.page.page import Page

QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
META = "http://canvas.instructure.com/xsd/cccv1p0"
OTHERS = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
FILES = "%24IMS-CC-FILEBASE%24/"  # how the text of a question names the folder of the package
APART = "[\u2060"  # with a sign that nobody sees: a word in brackets that would be taken for a blank
_LIKE_A_BLANK = re.compile(r"\[(?=b\d+\])")
NO_CHOICE = -1  # the number of no statement


def canvas(page: Page) -> bytes:
    """A sheet as a quiz, one question at a time."""
    quiz, name, title = quiz_of(page), package_name(page), page.document.title
    writer = _Writer(quiz)
    items = [item for question in quiz.questions for item in writer.items(question)]
    test = Element("questestinterop", {"xmlns": QTI})
    assessment = SubElement(test, "assessment", {"ident": name, "title": title})
    _metadata(assessment, {"cc_maxattempts": "1"})
    SubElement(assessment, "section", {"ident": "root_section"}).extend(items)
    files = {
        "imsmanifest.xml": xml(_manifest(name, list(quiz.pictures))),
        f"{name}/{name}.xml": xml(test),
        f"{name}/assessment_meta.xml": xml(_meta(name, title, writer.html(quiz.about.body), writer.points)),
    }
    return packed(files | {picture_file(picture): svg for picture, svg in quiz.pictures.items()})


def _manifest(name: str, pictures: list[str]) -> Element:
    manifest = Element("manifest", {"identifier": f"{name}-package", "xmlns": PACKAGE})
    metadata = SubElement(manifest, "metadata")
    SubElement(metadata, "schema").text, SubElement(metadata, "schemaversion").text = "IMS Content", "1.1.3"
    SubElement(manifest, "organizations")
    resources = SubElement(manifest, "resources")
    quiz = SubElement(resources, "resource", {"identifier": name, "type": "imsqti_xmlv1p2"})
    SubElement(quiz, "file", {"href": f"{name}/{name}.xml"})
    SubElement(quiz, "dependency", {"identifierref": f"{name}-meta"})
    resource(resources, f"{name}-meta", OTHERS, f"{name}/assessment_meta.xml")
    for picture in pictures:
        resource(resources, f"{name}-{picture}", "webcontent", picture_file(picture))
    return manifest


def _meta(name: str, title: str, about: str, points: int) -> Element:
    """What Canvas calls the settings of a quiz: one question at a time and no way back, since each prints answers."""
    meta = Element("quiz", {"identifier": name, "xmlns": META})
    settings = {
        "title": title, "description": about, "shuffle_answers": "false", "scoring_policy": "keep_highest",
        "quiz_type": "assignment", "points_possible": f"{points}.0", "one_question_at_a_time": "true",
        "cant_go_back": "true", "available": "false",
    }  # fmt: skip
    for each, text in settings.items():
        SubElement(meta, each).text = text
    return meta


class _Writer:
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
        for node in copy.iter():
            node.text, node.tail = (text and _LIKE_A_BLANK.sub(APART, text) for text in (node.text, node.tail))
        for parent in list(copy.iter()):
            for node in list(parent):
                if node.tag == "entry":
                    _replaced(parent, node, f"[b{int(node.get('n', '0')) + 1}]" if blanks else "____")
                elif node.tag == "choice":
                    _replaced(parent, node, "")
        for image in copy.iter("img"):
            image.set("src", FILES + picture_file(image.get("src", "")))
        return tostring(copy, encoding="unicode")

    def items(self, question: Question) -> Iterator[Element]:
        """The items of a question: one for its blanks, and one for each of its statements."""
        if question.words:
            item, presentation = self._item(question, "essay_question", POINTS_OF_WORDS, self.html(question.body))
            self._text_response(presentation)
            self._always(item, self.say("quiz.key", text=question.words.key))
            yield item
        elif question.kind == "text":
            yield self._item(question, "text_only_question", 0, self.html(question.body))[0]
        elif question.entries:
            yield self._numerical(question) if _is_numerical(question) else self._blanks(question)
        for n, choice in enumerate(question.choices):
            yield self._choice(question, n, choice)

    def _item(self, question: Question, kind: str, points: int, html: str) -> tuple[Element, Element]:
        """An item without answers, and its presentation."""
        self.count += 1
        self.points += points
        item = Element("item", {"ident": f"item{self.count}", "title": question.called})
        _metadata(SubElement(item, "itemmetadata"), {"question_type": kind, "points_possible": f"{points}.0"})
        presentation = SubElement(item, "presentation")
        _material(presentation, html, "text/html")
        return item, presentation

    def _blanks(self, question: Question) -> Element:
        """A question with several blanks; all answers that are listed are right."""
        count = len(question.entries)
        html = self.html(question.body, blanks=True, choice=NO_CHOICE)
        item, presentation = self._item(question, "fill_in_multiple_blanks_question", count, html)
        outcomes = _outcomes(item)
        for n, entry in enumerate(question.entries, 1):
            response = SubElement(presentation, "response_lid", {"ident": f"response_b{n}"})
            _material(response, f"b{n}")
            choices = SubElement(response, "render_choice")
            for k, text in enumerate(_texts(entry), 1):
                _material(SubElement(choices, "response_label", {"ident": f"b{n}a{k}"}), text)
            condition = SubElement(outcomes, "respcondition")
            variable = SubElement(condition, "conditionvar")
            SubElement(variable, "varequal", {"respident": f"response_b{n}"}).text = f"b{n}a1"
            SubElement(condition, "setvar", {"varname": "SCORE", "action": "Add"}).text = f"{100 / count:.4f}"
        self._mend(item, outcomes, question)
        return item

    def _numerical(self, question: Question) -> Element:
        """A question with one number, which may differ by its tolerance."""
        (entry,) = question.entries
        item, presentation = self._item(question, "numerical_question", 1, self.html(question.body, choice=NO_CHOICE))
        response = SubElement(presentation, "response_str", {"ident": "response1", "rcardinality": "Single"})
        fib = SubElement(response, "render_fib", {"fibtype": "Decimal"})
        SubElement(fib, "response_label", {"ident": "answer1"})
        outcomes = _outcomes(item)
        condition = SubElement(outcomes, "respcondition", {"continue": "No"})
        either = SubElement(SubElement(condition, "conditionvar"), "or")
        SubElement(either, "varequal", {"respident": "response1"}).text = entry.value
        between = SubElement(either, "and")
        value, tolerance = float(entry.value), float(entry.tolerance)
        SubElement(between, "vargte", {"respident": "response1"}).text = _number(value - tolerance)
        SubElement(between, "varlte", {"respident": "response1"}).text = _number(value + tolerance)
        SubElement(condition, "setvar", {"varname": "SCORE", "action": "Set"}).text = "100"
        self._mend(item, outcomes, question)
        return item

    def _choice(self, question: Question, n: int, choice: Choice) -> Element:
        kind = "true_false_question" if choice.is_claim else "multiple_choice_question"
        item, presentation = self._item(question, kind, 1, self.html(question.body, choice=n))
        response = SubElement(presentation, "response_lid", {"ident": "response1", "rcardinality": "Single"})
        choices = SubElement(response, "render_choice")
        for k, option in enumerate(choice.options, 1):
            _material(SubElement(choices, "response_label", {"ident": f"a{k}"}), option)
        outcomes = _outcomes(item)
        if choice.why:
            self._shown(outcomes, "general_fb")
        condition = SubElement(outcomes, "respcondition", {"continue": "No"})
        variable = SubElement(condition, "conditionvar")
        SubElement(variable, "varequal", {"respident": "response1"}).text = f"a{choice.right + 1}"
        SubElement(condition, "setvar", {"varname": "SCORE", "action": "Set"}).text = "100"
        if choice.why:
            self._feedback(item, "general_fb", f"<p>{escape(choice.why)}</p>")
        return item

    def _text_response(self, presentation: Element) -> None:
        response = SubElement(presentation, "response_str", {"ident": "response1", "rcardinality": "Single"})
        fib = SubElement(response, "render_fib")
        SubElement(fib, "response_label", {"ident": "answer1", "rshuffle": "No"})

    def _always(self, item: Element, text: str) -> None:
        """What is said of every answer, when the person who marks it has seen it."""
        outcomes = _outcomes(item)
        self._shown(outcomes, "general_fb")
        self._feedback(item, "general_fb", f"<p>{escape(text)}</p>")

    def _mend(self, item: Element, outcomes: Element, question: Question) -> None:
        """What is said where an answer is wrong: the classic mistakes of the step, and how to mend each."""
        if question.mend:
            rows = "".join(f"<li>{escape(told)} {escape(mend)}</li>" for told, mend in question.mend.values())
            self._shown(outcomes, "general_incorrect_fb")
            text = f"<p>{escape(self.say('quiz.mistakes'))}</p><ul>{rows}</ul>"
            self._feedback(item, "general_incorrect_fb", text)

    def _shown(self, outcomes: Element, name: str) -> None:
        condition = SubElement(outcomes, "respcondition", {"continue": "Yes"})
        SubElement(SubElement(condition, "conditionvar"), "other")
        SubElement(condition, "displayfeedback", {"feedbacktype": "Response", "linkrefid": name})

    def _feedback(self, item: Element, name: str, html: str) -> None:
        flow = SubElement(SubElement(item, "itemfeedback", {"ident": name}), "flow_mat")
        _material(flow, html, "text/html")


def _with_statement(body: Element, choice: int | None) -> Element:
    """The text with one of its statements only; as it is where none is asked about."""
    if choice is None:
        return body
    copy = deepcopy(body)
    for parent in list(copy.iter()):
        for node in list(parent):
            own = node.find(".//choice")
            if node.get("class") == "q" and own is not None and own.get("n") != str(choice):
                parent.remove(node)
    return copy


def _is_numerical(question: Question) -> bool:
    return len(question.entries) == 1 and bool(question.entries[0].value)


def _texts(entry: Entry) -> list[str]:
    """The right texts; Canvas compares them without capitals."""
    return list({text.casefold(): text for text in reversed(entry.texts)}.values())[::-1]


def _number(value: float) -> str:
    return f"{value:.12g}"


def _replaced(parent: Element, node: Element, text: str) -> None:
    """Put a text in the place of an element."""
    at = list(parent).index(node)
    text += node.tail or ""
    parent.remove(node)
    if at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _metadata(parent: Element, fields: dict[str, str]) -> None:
    metadata = SubElement(parent, "qtimetadata")
    for label, entry in fields.items():
        each = SubElement(metadata, "qtimetadatafield")
        SubElement(each, "fieldlabel").text, SubElement(each, "fieldentry").text = label, entry


def _material(parent: Element, text: str, kind: str = "text/plain") -> None:
    SubElement(SubElement(parent, "material"), "mattext", {"texttype": kind}).text = text


def _outcomes(item: Element) -> Element:
    """The element that the conditions of an item stand in, with the score that they set."""
    processing = SubElement(item, "resprocessing")
    score = {"maxvalue": "100", "minvalue": "0", "varname": "SCORE", "vartype": "Decimal"}
    SubElement(SubElement(processing, "outcomes"), "decvar", score)
    return processing
