"""QTI 2.1 and 3.0: packages with a test of one item a step, whose entries are numbers and short texts by position.

An item names the classic mistake that an answer shows, for part of the points. Both versions are one tree: in 3.0,
names are written with hyphens, and what feedback says stands in a body of its own.

Source: IMS QTI 2.1 Assessment, Section and Item Information Model (2012); 1EdTech QTI 3.0 ASI (2022).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement

from msgspec import Struct

from byhand import __version__
from byhand.formats.packed import packed
from byhand.formats.quiz.look import LABEL, LOOKS, TABLE
from byhand.formats.quiz.package import manifest, node, package_name, picture_file, resource, xml
from byhand.formats.quiz.questions import POINTS_OF_WORDS, Entry, Question, Quiz, quiz_of
from byhand.page.page import Page

ROUNDED = "rounded"  # the name of a feedback that belongs to no mistake
STYLES, MANIFEST, TEST = "style.css", "imsmanifest.xml", "test.xml"
WIDTHS = (4, 6, 10, 15, 20)  # of entries, in characters: those that the shared vocabulary of 3.0 has classes for
LONGEST_ALT = 256  # characters of a string256, of which the text for a picture is one
# elements that are those of XHTML in both versions
XHTML = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "div", "dl", "dt", "em", "h1",
     "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q", "small", "span", "strong", "sub",
     "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)  # fmt: skip
WRAPPED = ("modalFeedback", "rubricBlock")  # whose content has a body of its own in 3.0


class Version(Struct, frozen=True):
    """A version of the standard: its namespaces, and what a manifest says of it."""

    items: str
    package: str
    schema: str
    number: str
    suffix: str

    def item(self, tree: Element) -> bytes:
        """The bytes of an item or a test."""
        return xml(tree if self is TWO else as_three(tree), self.items)

    @property
    def kinds(self) -> tuple[str, str]:
        """The types of resources: of an item, and of a test."""
        return f"imsqti_item_{self.suffix}", f"imsqti_test_{self.suffix}"


TWO = Version(
    "http://www.imsglobal.org/xsd/imsqti_v2p1", "http://www.imsglobal.org/xsd/imscp_v1p1", "QTIv2.1 Package", "1.0.0",
    "xmlv2p1",
)  # fmt: skip
THREE = Version(
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0", "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
    "QTI Package", "3.0.0", "xmlv3p0",
)  # fmt: skip


def qti21(page: Page, *_: object) -> bytes:
    """A sheet as a package of version 2.1."""
    return qti(page, TWO)


def qti30(page: Page, *_: object) -> bytes:
    """A sheet as a package of version 3.0."""
    return qti(page, THREE)


def qti(page: Page, version: Version) -> bytes:
    """A sheet as a package of a version of the standard."""
    quiz, name = quiz_of(page), package_name(page)
    questions = (quiz.about, *quiz.questions)
    items = {f"q{n:02}": _item(quiz, f"{name}-q{n:02}", question) for n, question in enumerate(questions)}
    files = {MANIFEST: b"", TEST: version.item(_test(name, page.document.title, items))}
    files |= {f"{key}.xml": version.item(item) for key, item in items.items()}
    files |= {picture_file(picture): svg for picture, svg in quiz.pictures.items()} | {STYLES: _styles()}
    return packed(files | {MANIFEST: xml(_manifest(name, items, version), version.package)})


def _manifest(name: str, items: dict[str, Element], version: Version) -> Element:
    of_item, of_test = version.kinds
    test = resource(f"{name}-test", of_test, TEST, needs=[f"{name}-{key}" for key in items])
    pictures = {key: [image.get("src", "") for image in item.iter("img")] for key, item in items.items()}
    resources = (resource(f"{name}-{key}", of_item, f"{key}.xml", STYLES, *drawn) for key, drawn in pictures.items())
    return manifest(name, version.schema, version.number, [test, *resources])


def _test(name: str, title: str, items: dict[str, Element]) -> Element:
    """The test: its items one after the other, without a way back, since each prints answers of those before it."""
    linear = {"identifier": "part", "navigationMode": "linear", "submissionMode": "individual"}
    named = {"identifier": "steps", "title": title, "visible": "true"}
    parts = ({"identifier": f"{name}-{key}", "href": f"{key}.xml"} for key in items)
    section = node("assessmentSection", named, *(node("assessmentItemRef", part) for part in parts))
    total = node("sum", {}, node("testVariables", {"variableIdentifier": "SCORE"}))
    return _rooted(
        "assessmentTest", f"{name}-test", title,
        _outcome("SCORE", "float", "0"), node("testPart", linear, section),
        node("outcomeProcessing", {}, node("setOutcomeValue", {"identifier": "SCORE"}, total)),
    )  # fmt: skip


def _rooted(tag: str, identifier: str, title: str, *inside: Element) -> Element:
    made_by = {"toolName": "byhand", "toolVersion": __version__}
    return node(tag, {"identifier": identifier, "title": title, **made_by}, *inside)


# items


def _item(quiz: Quiz, identifier: str, question: Question) -> Element:
    """An item; without anything to answer, a text that is read."""
    item = _rooted("assessmentItem", identifier, question.called)
    item.attrib |= {"adaptive": "false", "timeDependent": "false", "xml:lang": quiz.page.messages.language}
    item.extend(_declared_entry(_entry_name(n), entry) for n, entry in enumerate(question.entries))
    for n, choice in enumerate(question.choices):
        item.append(_declared(_choice_name(n), "identifier", _option(choice.right)))
    if question.words:
        item.append(_declared("WORDS", "string"))
    worth = POINTS_OF_WORDS if question.words else len(question.entries) + len(question.choices)
    if worth:
        item.append(_outcome("SCORE", "float", "0", normalMaximum=f"{worth}"))
        item.append(_outcome("MAXSCORE", "float", f"{worth}"))
    feedback = dict(_feedback(quiz, question))
    if feedback:
        several = {"identifier": "FEEDBACK", "cardinality": "multiple", "baseType": "identifier"}
        item.append(node("outcomeDeclaration", several))
    item.extend((node("stylesheet", {"href": STYLES, "type": "text/css"}), _body(question)))
    if question.kind == "answers":
        item.append(node("responseProcessing", {}, *_processing(question)))
    for name, text in feedback.items():
        shown = {"outcomeIdentifier": "FEEDBACK", "showHide": "show", "identifier": name}
        item.append(node("modalFeedback", shown, node("p", {}, text)))
    return item


def _body(question: Question) -> Element:
    """The text of an item, with interactions in the places of answers."""
    body = deepcopy(question.body)
    body.tag = "itemBody"
    for parent in list(body.iter()):
        for at, each in enumerate(list(parent)):
            if each.tag == "entry":
                parent[at] = _text_entry(int(each.get("n", "0")), question, each.tail)
            elif each.tag == "p" and len(each) and each[0].tag == "choice":
                parent[at] = _choice(int(each[0].get("n", "0")), question)
            elif each.tag == "table":
                each[:] = [node("tbody", {}, *each)]
    for image in body.iter("img"):
        image.set("src", picture_file(image.get("src", "")))
        image.set("alt", _short(image.get("alt", "")))
    if question.words:
        body.append(node("rubricBlock", {"view": "scorer"}, node("p", {}, question.words.key)))
        body.append(node("extendedTextInteraction", {"responseIdentifier": "WORDS", "expectedLines": "5"}))
    return body


def _text_entry(n: int, question: Question, tail: str | None) -> Element:
    length = len(question.entries[n].texts[0]) + 2
    wide = next((width for width in WIDTHS if width >= length), WIDTHS[-1])
    named = {"class": f"qti-input-width-{wide}", "responseIdentifier": _entry_name(n), "expectedLength": str(length)}
    element = Element("textEntryInteraction", named)
    element.tail = tail
    return element


def _choice(n: int, question: Question) -> Element:
    named = {"responseIdentifier": _choice_name(n), "shuffle": "false", "maxChoices": "1"}
    options = enumerate(question.choices[n].options)
    return node(
        "choiceInteraction", named, *(node("simpleChoice", {"identifier": _option(k)}, text) for k, text in options)
    )


def _declared_entry(name: str, entry: Entry) -> Element:
    """The declaration of a blank's answer: a number, or a text with all texts that earn points."""
    if entry.value:
        return _declared(name, "float", entry.value)
    known = ({"mapKey": x, "mappedValue": worth, "caseSensitive": "false"} for x, worth in _worth(entry).items())
    mapping = node("mapping", {"defaultValue": "0"}, *(node("mapEntry", each) for each in known))
    return _declared(name, "string", entry.texts[0], mapping)


def _worth(entry: Entry) -> dict[str, str]:
    """By text, the points that it earns; of texts that differ in capitals only, the first."""
    points, seen = dict[str, str](), set[str]()
    pairs = [(text, "1") for text in entry.texts]
    pairs += [(text, f"{wrong.credit / 100}") for wrong in entry.wrong for text in wrong.texts]
    for text, worth in pairs:
        if text.casefold() not in seen:
            seen.add(text.casefold())
            points[text] = worth
    return points


def _processing(question: Question) -> Iterator[Element]:
    """The rules that turn responses into a score, and into the names of mistakes."""
    for n, entry in enumerate(question.entries):
        name = _entry_name(n)
        if entry.value:
            yield _compared(name, entry)
        else:
            yield _mapped(name, entry)
    for n, choice in enumerate(question.choices):
        name = _choice_name(n)
        match = node("match", {}, _variable(name), node("correct", {"identifier": name}))
        yield node("responseCondition", {}, node("responseIf", {}, match, _add("SCORE", _value("float", "1"))))
        if choice.why:
            yield _noted([_why(n)])


def _mapped(name: str, entry: Entry) -> Element:
    """The points for a text, and the mistakes that give it; where there is none, players stumble over it."""
    typed = node("not", {}, node("isNull", {}, _variable(name)))
    points = _add("SCORE", node("mapResponse", {"identifier": name}))
    return node("responseCondition", {}, node("responseIf", {}, typed, points, *_recognised(name, entry)))


def _compared(name: str, entry: Entry) -> Element:
    """The points for a number: all for the right one, a part for one that a mistake gives."""
    right = _equal(name, entry.value, entry.tolerance), _add("SCORE", _value("float", "1"))
    others = (
        node(
            "responseElseIf", {}, _equal(name, wrong.value, "0"),
            _add("SCORE", _value("float", f"{wrong.credit / 100}")), _noted(_names(wrong.mistakes)),
        )
        for wrong in entry.wrong
    )  # fmt: skip
    return node("responseCondition", {}, node("responseIf", {}, *right), *others)


def _equal(name: str, value: str, tolerance: str) -> Element:
    exact = float(tolerance) == 0
    mode = {"toleranceMode": "exact"} if exact else {"toleranceMode": "absolute", "tolerance": tolerance}
    return node("equal", mode, _variable(name), _value("float", value))


def _recognised(name: str, entry: Entry) -> Iterator[Element]:
    """The names of the mistakes that give a text."""
    right = {text.casefold() for text in entry.texts}
    for wrong in entry.wrong:
        texts = [_value("string", text) for text in wrong.texts if text.casefold() not in right]
        if texts:
            matches = (node("stringMatch", {"caseSensitive": "false"}, _variable(name), text) for text in texts)
            branch = node("responseIf", {}, node("or", {}, *matches), _noted(_names(wrong.mistakes)))
            yield node("responseCondition", {}, branch)


def _add(name: str, what: Element) -> Element:
    """The rule that adds to an outcome."""
    return node("setOutcomeValue", {"identifier": name}, node("sum", {}, _variable(name), what))


def _noted(names: Iterable[str]) -> Element:
    """The rule that adds the names of what is to be shown."""
    several = node("multiple", {}, _variable("FEEDBACK"), *(_value("identifier", name) for name in names))
    return node("setOutcomeValue", {"identifier": "FEEDBACK"}, several)


def _feedback(quiz: Quiz, question: Question) -> Iterator[tuple[str, str]]:
    """What is shown by the name of a mistake, or of a choice: what it is, and how to mend it."""
    for name, (told, mend) in (question.mend or {}).items():
        yield name, f"{told} {mend}"
    if any(not wrong.mistakes for entry in question.entries for wrong in entry.wrong):
        yield ROUNDED, quiz.page.messages.say("quiz.rounded")
    for n, choice in enumerate(question.choices):
        if choice.why:
            yield _why(n), choice.why


# names


def _names(mistakes: tuple[str, ...]) -> tuple[str, ...]:
    return mistakes or (ROUNDED,)


def _entry_name(n: int) -> str:
    return f"R{n + 1}"


def _choice_name(n: int) -> str:
    return f"C{n + 1}"


def _option(n: int) -> str:
    return f"option{n + 1}"


def _why(n: int) -> str:
    return f"why{n + 1}"


def _declared(name: str, kind: str, right: str = "", *inside: Element) -> Element:
    known = {"identifier": name, "cardinality": "single", "baseType": kind}
    correct = [node("correctResponse", {}, node("value", {}, right))] if right else []
    return node("responseDeclaration", known, *correct, *inside)


def _outcome(name: str, kind: str, default: str, **more: str) -> Element:
    known = {"identifier": name, "cardinality": "single", "baseType": kind, **more}
    return node("outcomeDeclaration", known, node("defaultValue", {}, node("value", {}, default)))


def _value(kind: str, text: str) -> Element:
    return node("baseValue", {"baseType": kind}, text)


def _variable(name: str) -> Element:
    return node("variable", {"identifier": name})


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_ALT else text[: LONGEST_ALT - 1] + "…"


def _styles() -> bytes:
    rules = [f".{name} {{ {look} }}" for name, look in LOOKS.items()]
    return "\n".join([f"table {{ {TABLE} }}", f"th {{ {LABEL} }}", *rules, ""]).encode()


# version 3.0


def as_three(tree: Element) -> Element:
    """An item or a test of version 2.1 as one of 3.0."""
    element = Element(_tag(tree.tag), {_hyphenated(name): text for name, text in tree.attrib.items()})
    element.text, element.tail = tree.text, tree.tail
    if tree.tag == "rubricBlock":
        element.set("use", "scoring")  # which every one has to say, in 3.0
    content = SubElement(element, "qti-content-body") if tree.tag in WRAPPED else element
    content.extend(map(as_three, tree))
    if tree.find(".//extendedTextInteraction") is not None and tree.tag == "assessmentItem":
        score = next(each for each in element if each.get("identifier") == "SCORE")
        score.set("external-scored", "human")  # which 2.1 has no way to say
    return element


def _tag(name: str) -> str:
    return name if name in XHTML else f"qti-{_hyphenated(name)}"


def _hyphenated(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", name)
