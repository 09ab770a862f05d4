"""What QTI allows of the elements that byhand writes: their content, their attributes, and the types of these.

Sources: for 1.2.1, the DTD ims_qtiasiv1p2p1; for 2.1, the DTD of its public draft 2 (imsqti_v2p1), and for
mapEntry/@caseSensitive the information model of the final version (2012, §15.3); for 3.0, the names of its ASI
information model (2022, §8): those of 2.1 with hyphens, behind qti-, as the table below says them one by one.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

NAME, IDENTIFIER = r"[A-Za-z_][\w.-]*", r"[A-Za-z_][\w.-]*"
BOOLEAN, INTEGER, FLOAT = "true|false", r"-?\d+", r"-?\d+(\.\d+)?([eE][+-]?\d+)?"
TEXT, URI, SHORT = r"(.|\n)*", r"[^\s]+", r"(.|\n){0,256}"
LANGUAGE = "[a-z]{2,3}(-[A-Za-z0-9]+)*"
YES = "Yes|No"
XML = "{http://www.w3.org/XML/1998/namespace}"

# by element: its content as a regular expression over the names of its children, each followed by a blank; whether
# it holds text; and its attributes: those that must be there with a star
VAR = "(not|and|or|unanswered|other|varequal|varlt|varlte|vargt|vargte) "
Rule = tuple[str, bool, dict[str, str]]
QTI_1_2: dict[str, Rule] = {
    "questestinterop": (r"(qticomment )?(objectbank |assessment |((section|item) )+)", False, {}),
    "assessment": (r"(qtimetadata )*(objectives )*(assessmentcontrol )*(rubric )*((sectionref|section) )+", False,
                   {"*ident": TEXT, "title": TEXT}),
    "section": (r"(qtimetadata )*(objectives )*((itemref|item|sectionref|section) )*", False,
                {"*ident": TEXT, "title": TEXT}),
    "item": (r"(itemmetadata )?(objectives )*(itemcontrol )*((itemrubric|rubric) )*(presentation )?"
             r"(resprocessing )*(itemfeedback )*", False, {"*ident": NAME, "title": TEXT}),
    "itemmetadata": (r"(qtimetadata )*", False, {}),
    "qtimetadata": (r"(vocabulary )?(qtimetadatafield )+", False, {}),
    "qtimetadatafield": ("fieldlabel fieldentry ", False, {}),
    "fieldlabel": ("", True, {}),
    "fieldentry": ("", True, {}),
    "presentation": (r"((material|response_lid|response_xy|response_str|response_num|response_grp) )+", False, {}),
    "material": (r"((mattext|matemtext|matimage|matbreak|matref) )+", False, {"label": TEXT}),
    "mattext": ("", True, {"texttype": "text/plain|text/html"}),
    "response_lid": (r"(material )?(render_choice|render_fib) (material )?", False,
                     {"*ident": NAME, "rcardinality": "Single|Multiple|Ordered", "rtiming": YES}),
    "response_str": (r"(material )?(render_choice|render_fib) (material )?", False,
                     {"*ident": NAME, "rcardinality": "Single|Multiple|Ordered", "rtiming": YES}),
    "render_choice": (r"((material|response_label|flow_label) )*", False, {"shuffle": YES}),
    "render_fib": (r"((material|response_label|flow_label) )*", False,
                   {"fibtype": "String|Integer|Decimal|Scientific", "rows": INTEGER, "columns": INTEGER}),
    "response_label": (r"((material|flow_mat) )*", True, {"*ident": NAME, "rshuffle": YES}),
    "resprocessing": (r"outcomes (respcondition )+", False, {"scoremodel": TEXT}),
    "outcomes": (r"(decvar (interpretvar )*)+", False, {}),
    "decvar": ("", True, {"varname": TEXT, "vartype": "Integer|String|Decimal|Scientific|Boolean|Enumerated|Set",
                          "minvalue": FLOAT, "maxvalue": FLOAT, "defaultval": TEXT}),
    "respcondition": (r"conditionvar (setvar )*(displayfeedback )*", False, {"continue": YES, "title": TEXT}),
    "conditionvar": (f"({VAR})+", False, {}),
    "or": (f"({VAR})+", False, {}),
    "and": (f"({VAR})+", False, {}),
    "varequal": ("", True, {"*respident": NAME, "case": YES, "index": TEXT}),
    "vargte": ("", True, {"*respident": NAME, "index": TEXT}),
    "varlte": ("", True, {"*respident": NAME, "index": TEXT}),
    "other": ("", True, {}),
    "setvar": ("", True, {"varname": TEXT, "action": "Set|Add|Subtract|Multiply|Divide"}),
    "displayfeedback": ("", True, {"feedbacktype": "Response|Solution|Hint", "*linkrefid": NAME}),
    "itemfeedback": (r"((flow_mat|material|solution|hint) )+", False, {"*ident": NAME, "view": TEXT, "title": TEXT}),
    "flow_mat": (r"((flow_mat|material|material_ref) )+", False, {"class": TEXT}),
}  # fmt: skip

BODY = {"id": IDENTIFIER, "class": TEXT, "xml:lang": LANGUAGE, "label": SHORT}
INLINE = ("textEntryInteraction|inlineChoiceInteraction|img|br|object|em|a|code|span|sub|acronym|big|tt|kbd|q|i|dfn|"
          "feedbackInline|abbr|strong|sup|var|small|samp|b|cite")  # fmt: skip
BLOCK = ("choiceInteraction|extendedTextInteraction|pre|h1|h2|h3|h4|h5|h6|p|address|dl|ol|hr|rubricBlock|blockquote|"
         "feedbackBlock|ul|table|div")  # fmt: skip
STATIC = "pre|h1|h2|h3|h4|h5|h6|p|address|dl|ol|hr|rubricBlock|blockquote|feedbackBlock|ul|table|div"
EXPRESSION = ("and|gt|equal|multiple|member|correct|mapResponse|stringMatch|variable|baseValue|isNull|match|or|sum|"
              "not|testVariables|contains")  # fmt: skip
RULES = "responseCondition|setOutcomeValue|exitResponse|lookupOutcomeValue"
CARDINALITY = "multiple|ordered|record|single"
BASE = "boolean|directedPair|duration|file|float|identifier|integer|pair|point|string|uri"
DECLARED = {"*identifier": IDENTIFIER, "*cardinality": CARDINALITY, "baseType": BASE}
PART = {"*identifier": IDENTIFIER, "required": BOOLEAN, "fixed": BOOLEAN}
TOOL = {"toolName": SHORT, "toolVersion": SHORT}
FEEDBACK = {"*outcomeIdentifier": IDENTIFIER, "*showHide": "show|hide", "*identifier": IDENTIFIER}
CELL = {**BODY, "scope": "col|colgroup|row|rowgroup", "rowspan": INTEGER, "colspan": INTEGER, "headers": TEXT}
inline, flow = f"(({INLINE}) )*", f"(({INLINE}|{BLOCK}) )*"
QTI_2_1: dict[str, Rule] = {
    "assessmentItem": (r"(responseDeclaration )*(outcomeDeclaration )*(templateDeclaration )*(templateProcessing )?"
                       r"(stylesheet )*(itemBody )?(responseProcessing )?(modalFeedback )*", False,
                       {"*identifier": TEXT, "*title": TEXT, "label": SHORT, "xml:lang": LANGUAGE,
                        "*adaptive": BOOLEAN, "*timeDependent": BOOLEAN, **TOOL}),
    "responseDeclaration": (r"(defaultValue )?(correctResponse )?(mapping )?(areaMapping )?", False, DECLARED),
    "outcomeDeclaration": (r"(defaultValue )?((matchTable|interpolationTable) )?", False,
                           {**DECLARED, "view": TEXT, "interpretation": TEXT, "normalMaximum": FLOAT,
                            "normalMinimum": FLOAT, "masteryValue": FLOAT}),
    "defaultValue": ("(value )+", False, {"interpretation": TEXT}),
    "correctResponse": ("(value )+", False, {"interpretation": TEXT}),
    "value": ("", True, {"fieldIdentifier": IDENTIFIER, "baseType": BASE}),
    "mapping": ("(mapEntry )+", False, {"lowerBound": FLOAT, "upperBound": FLOAT, "*defaultValue": FLOAT}),
    "mapEntry": ("", False, {"*mapKey": TEXT, "*mappedValue": FLOAT, "caseSensitive": BOOLEAN}),
    "stylesheet": ("", False, {"*href": URI, "*type": r"\w+/[\w.+-]+", "media": TEXT, "title": TEXT}),
    "itemBody": (f"(({BLOCK}) )*", False, BODY),
    "rubricBlock": (f"(({STATIC}) )*", False,
                    {**BODY, "*view": "author|candidate|proctor|scorer|testConstructor|tutor"}),
    "textEntryInteraction": ("", False, {**BODY, "*responseIdentifier": IDENTIFIER, "base": INTEGER,
                                         "stringIdentifier": IDENTIFIER, "expectedLength": INTEGER,
                                         "patternMask": TEXT, "placeholderText": TEXT}),
    "extendedTextInteraction": ("(prompt )?", False,
                                {**BODY, "*responseIdentifier": IDENTIFIER, "expectedLength": INTEGER,
                                 "expectedLines": INTEGER, "maxStrings": INTEGER,
                                 "format": "plain|preFormatted|xhtml"}),
    "choiceInteraction": ("(prompt )?(simpleChoice )+", False,
                          {**BODY, "*responseIdentifier": IDENTIFIER, "*shuffle": BOOLEAN, "*maxChoices": INTEGER,
                           "minChoices": INTEGER}),
    "simpleChoice": (f"(({INLINE}|{STATIC}) )*", True, {**BODY, "*identifier": IDENTIFIER, "fixed": BOOLEAN}),
    "modalFeedback": (f"(({INLINE}|{STATIC}) )*", True, {**FEEDBACK, "title": TEXT}),
    "responseProcessing": (f"(({RULES}) )*", False, {"template": URI, "templateLocation": URI}),
    "responseCondition": ("responseIf (responseElseIf )*(responseElse )?", False, {}),
    "responseIf": (f"({EXPRESSION}) (({RULES}) )*", False, {}),
    "responseElseIf": (f"({EXPRESSION}) (({RULES}) )*", False, {}),
    "setOutcomeValue": (f"({EXPRESSION}) ", False, {"*identifier": IDENTIFIER}),
    "sum": (f"(({EXPRESSION}) )+", False, {}),
    "or": (f"(({EXPRESSION}) )+", False, {}),
    "multiple": (f"(({EXPRESSION}) )*", False, {}),
    "not": (f"({EXPRESSION}) ", False, {}),
    "isNull": (f"({EXPRESSION}) ", False, {}),
    "match": (f"({EXPRESSION}) ({EXPRESSION}) ", False, {}),
    "equal": (f"({EXPRESSION}) ({EXPRESSION}) ", False,
              {"*toleranceMode": "absolute|exact|relative", "tolerance": rf"{FLOAT}( {FLOAT})?",
               "includeLowerBound": BOOLEAN, "includeUpperBound": BOOLEAN}),
    "stringMatch": (f"({EXPRESSION}) ({EXPRESSION}) ", False, {"*caseSensitive": BOOLEAN, "substring": BOOLEAN}),
    "variable": ("", False, {"*identifier": IDENTIFIER, "weightIdentifier": IDENTIFIER}),
    "correct": ("", False, {"*identifier": IDENTIFIER}),
    "mapResponse": ("", False, {"*identifier": IDENTIFIER}),
    "baseValue": ("", True, {"*baseType": BASE}),
    "assessmentTest": (r"(outcomeDeclaration )*(timeLimits )?(testPart )+(outcomeProcessing )?(testFeedback )*", False,
                       {"*identifier": TEXT, "*title": TEXT, **TOOL}),
    "testPart": (r"(preCondition )*(branchRule )*(itemSessionControl )?(timeLimits )?(assessmentSection )+"
                 r"(testFeedback )*", False,
                 {"*identifier": IDENTIFIER, "*navigationMode": "linear|nonlinear",
                  "*submissionMode": "individual|simultaneous"}),
    "assessmentSection": (r"(itemSessionControl )?(selection )?(ordering )?(rubricBlock )*"
                          r"((assessmentItemRef|assessmentSection) )*", False,
                          {**PART, "*title": TEXT, "*visible": BOOLEAN, "keepTogether": BOOLEAN}),
    "assessmentItemRef": (r"(itemSessionControl )?(variableMapping )*(weight )*(templateDefault )*", False,
                          {**PART, "*href": URI, "category": TEXT}),
    "outcomeProcessing": (r"((setOutcomeValue|outcomeCondition|lookupOutcomeValue) )*", False, {}),
    "testVariables": ("", False, {"*variableIdentifier": IDENTIFIER, "sectionIdentifier": IDENTIFIER,
                                  "baseType": BASE}),
    "table": (r"(caption )?(col )*(colgroup )*(thead )?(tfoot )?(tbody )+", False, {**BODY, "summary": TEXT}),
    "tbody": ("(tr )+", False, BODY),
    "tr": ("((td|th) )+", False, BODY),
    "td": (flow, True, CELL),
    "th": (flow, True, CELL),
    "div": (flow, True, BODY),
    "li": (flow, True, BODY),
    "ul": ("(li )*", False, BODY),
    "ol": ("(li )*", False, BODY),
    "img": ("", False, {**BODY, "*src": URI, "*alt": SHORT, "longdesc": URI, "height": TEXT, "width": TEXT}),
    **dict.fromkeys(("p", "h4", "pre", "em", "strong", "span", "sub", "sup", "small", "b", "i", "code"), (inline, True, BODY)),
}  # fmt: skip

# each name of 2.1, and that of 3.0, where they differ
NAMES = {
    "assessmentItem": "qti-assessment-item", "responseDeclaration": "qti-response-declaration",
    "outcomeDeclaration": "qti-outcome-declaration", "defaultValue": "qti-default-value",
    "correctResponse": "qti-correct-response", "value": "qti-value", "mapping": "qti-mapping",
    "mapEntry": "qti-map-entry", "stylesheet": "qti-stylesheet", "itemBody": "qti-item-body",
    "rubricBlock": "qti-rubric-block", "textEntryInteraction": "qti-text-entry-interaction",
    "extendedTextInteraction": "qti-extended-text-interaction", "choiceInteraction": "qti-choice-interaction",
    "simpleChoice": "qti-simple-choice", "modalFeedback": "qti-modal-feedback",
    "responseProcessing": "qti-response-processing", "responseCondition": "qti-response-condition",
    "responseIf": "qti-response-if", "responseElseIf": "qti-response-else-if",
    "setOutcomeValue": "qti-set-outcome-value", "sum": "qti-sum", "not": "qti-not", "isNull": "qti-is-null", "or": "qti-or", "multiple": "qti-multiple",
    "match": "qti-match", "equal": "qti-equal", "stringMatch": "qti-string-match", "variable": "qti-variable",
    "correct": "qti-correct", "mapResponse": "qti-map-response", "baseValue": "qti-base-value",
    "assessmentTest": "qti-assessment-test", "testPart": "qti-test-part",
    "assessmentSection": "qti-assessment-section", "assessmentItemRef": "qti-assessment-item-ref",
    "outcomeProcessing": "qti-outcome-processing", "testVariables": "qti-test-variables",
}  # fmt: skip
ATTRIBUTES = {
    "timeDependent": "time-dependent", "toolName": "tool-name", "toolVersion": "tool-version",
    "baseType": "base-type", "normalMaximum": "normal-maximum", "defaultValue": "default-value",
    "mapKey": "map-key", "mappedValue": "mapped-value", "caseSensitive": "case-sensitive",
    "responseIdentifier": "response-identifier", "expectedLength": "expected-length",
    "expectedLines": "expected-lines", "maxChoices": "max-choices", "outcomeIdentifier": "outcome-identifier",
    "showHide": "show-hide", "toleranceMode": "tolerance-mode", "navigationMode": "navigation-mode",
    "submissionMode": "submission-mode", "variableIdentifier": "variable-identifier",
}  # fmt: skip
WITH_BODY = ("modalFeedback", "rubricBlock")  # in 3.0, their content stands in qti-content-body


def local(tree: Element, namespace: str) -> Element:
    """A tree without its namespace, which all its elements must have."""
    found = Element(_local(tree.tag, namespace), {_attribute(k): v for k, v in tree.attrib.items()})
    found.text, found.tail = tree.text, tree.tail
    found.extend(local(child, namespace) for child in tree)
    return found


def _local(tag: str, namespace: str) -> str:
    assert tag.startswith(f"{{{namespace}}}"), tag
    return tag.rpartition("}")[2]


def _attribute(name: str) -> str:
    return name.replace(XML, "xml:")


def problems(tree: Element, table: dict[str, Rule]) -> list[str]:
    """What the standard does not allow of a tree without namespaces."""
    return [problem for node in tree.iter() for problem in _of_node(node, table)]


def _of_node(node: Element, table: dict[str, Rule]) -> list[str]:
    if node.tag not in table:
        return [f"no element {node.tag}"]
    content, text, attributes = table[node.tag]
    children = "".join(f"{child.tag} " for child in node)
    found = [] if re.fullmatch(content, children) else [f"{node.tag} holds {children}"]
    written = "".join([node.text or "", *(child.tail or "" for child in node)])
    if written.strip() and not text:
        found.append(f"{node.tag} holds the text {written.strip()[:30]!r}")
    known = {name.lstrip("*"): kind for name, kind in attributes.items()}
    found += [f"{node.tag} has no {name}" for name in attributes if name[0] == "*" and name[1:] not in node.attrib]
    for name, value in node.attrib.items():
        if name not in known:
            found.append(f"{node.tag} has an attribute {name}")
        elif not re.fullmatch(known[name], value):
            found.append(f"{node.tag}/@{name} is {value!r}")
    return found


def as_two(tree: Element) -> Element:
    """An item or a test of 3.0 as one of 2.1, without namespaces."""
    back = {new: old for old, new in NAMES.items()}
    assert not tree.tag.startswith("qti-") or tree.tag in back, tree.tag
    attributes = {new: old for old, new in ATTRIBUTES.items()}
    given = {attributes.get(k, k): v for k, v in tree.attrib.items() if k not in ("external-scored", "use")}
    found = Element(back.get(tree.tag, tree.tag), given)
    assert not any("-" in name for name in given), given
    content = tree
    if found.tag in WITH_BODY:
        (content,) = tree
        assert content.tag == "qti-content-body"
        assert not content.attrib
    found.text, found.tail = content.text, tree.tail
    found.extend(as_two(child) for child in content)
    return found


def as_three(tree: Element) -> Element:
    """An item or a test of 2.1 as one of 3.0, without namespaces."""
    found = Element(NAMES.get(tree.tag, tree.tag), {ATTRIBUTES.get(k, k): v for k, v in tree.attrib.items()})
    content = found
    if tree.tag in WITH_BODY:
        content = Element("qti-content-body")
        found.append(content)
    if tree.tag == "rubricBlock":
        found.set("use", "scoring")  # must be there in 3.0: instructions, navigation or scoring
    content.text, found.tail = tree.text, tree.tail
    content.extend(as_three(child) for child in tree)
    return found
