"""Reads quizzes in QTI back as a learning platform does, and scores responses: in 2.1 by the rules of an item, in 1.2
by what Canvas makes of an item's kind. It shares nothing with what writes them.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def opened(package: bytes) -> dict[str, bytes]:
    """The files of a package; each has the first date, and none is there twice."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        assert not [name for name, count in Counter(archive.namelist()).items() if count > 1]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        return {name: archive.read(name) for name in archive.namelist()}


def rows(root: Element) -> list[list[Any]]:
    """The rows of the tables of a text: what each cell says."""
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


# 2.1


@dataclass
class Item:
    """An item of 2.1 in the hands of a candidate."""

    root: Element
    declared: dict[str, Element] = field(init=False)

    def __post_init__(self) -> None:
        self.declared = {each.get("identifier", ""): each for each in self.root.iter("responseDeclaration")}

    @property
    def worth(self) -> float:
        """The points that it has."""
        default = self.root.find("outcomeDeclaration[@identifier='MAXSCORE']/defaultValue/value")
        return float(default.text or 0) if default is not None else 0.0

    def key(self) -> dict[str, str]:
        """The right responses."""
        found = {name: each.findtext("correctResponse/value") for name, each in self.declared.items()}
        return {name: text for name, text in found.items() if text is not None}

    def played(self, responses: Mapping[str, str]) -> tuple[float, set[str]]:
        """The score for these responses, and what feedback is shown."""
        outcomes: dict[str, Any] = {"SCORE": 0.0, "FEEDBACK": []}
        for rule in self.root.iterfind("responseProcessing/*"):
            self._apply(rule, responses, outcomes)
        shown = {
            "".join(each.itertext())
            for each in self.root.iter("modalFeedback")
            if (each.get("identifier") in outcomes[each.get("outcomeIdentifier", "")])
            == (each.get("showHide") == "show")
        }
        return outcomes["SCORE"], shown

    def _apply(self, rule: Element, responses: Mapping[str, str], outcomes: dict[str, Any]) -> None:
        if rule.tag == "setOutcomeValue":
            outcomes[rule.get("identifier", "")] = self._value(rule[0], responses, outcomes)
            return
        assert rule.tag == "responseCondition", rule.tag
        for branch in rule:
            if branch.tag == "responseElse" or self._value(branch[0], responses, outcomes):
                for inner in branch[branch.tag != "responseElse" :]:
                    self._apply(inner, responses, outcomes)
                return

    def _value(self, node: Element, responses: Mapping[str, str], outcomes: Mapping[str, Any]) -> Any:
        def inner() -> list[Any]:
            return [self._value(child, responses, outcomes) for child in node]

        name = node.get("identifier", "")
        match node.tag:
            case "baseValue":
                return float(node.text or "") if node.get("baseType") == "float" else node.text
            case "variable":
                return outcomes[name] if name in outcomes else self._response(name, responses)
            case "correct":
                return self.declared[name].findtext("correctResponse/value")
            case "mapResponse":
                return self._mapped(self.declared[name], responses.get(name, ""))
            case "sum":
                return sum(inner())
            case "multiple":
                return [x for each in inner() for x in (each if isinstance(each, list) else [each])]
            case "or":
                return any(inner())
            case "not":
                return not inner()[0]
            case "isNull":
                return inner()[0] is None
            case "match":
                left, right = inner()
                return left is not None and left == right
            case "stringMatch":
                left, right = inner()
                assert node.get("caseSensitive") == "false"
                return left is not None and left.casefold() == right.casefold()
            case "equal":
                left, right = inner()
                if left is None:
                    return False
                if node.get("toleranceMode") == "exact":
                    return left == right
                assert node.get("toleranceMode") == "absolute"
                return abs(left - right) <= float(node.get("tolerance", "0")) + 1e-12
        raise AssertionError(node.tag)

    def _response(self, name: str, responses: Mapping[str, str]) -> Any:
        """A response as its type has it; None for one that is no such value."""
        text = responses.get(name, "").strip()
        if self.declared[name].get("baseType") == "float":
            return float(text) if FLOAT.fullmatch(text) else None
        return text or None

    def _mapped(self, declared: Element, text: str) -> float:
        mapping = declared.find("mapping")
        assert mapping is not None
        keys = [entry.get("mapKey", "").casefold() for entry in mapping]
        assert len(keys) == len(set(keys)), "a key stands twice"
        for entry in mapping:
            own, given = entry.get("mapKey", ""), text.strip()
            if entry.get("caseSensitive") == "false":
                own, given = own.casefold(), given.casefold()
            if own == given:
                return float(entry.get("mappedValue", ""))
        return float(mapping.get("defaultValue", ""))


# 1.2, as Canvas takes it


@dataclass
class CanvasItem:
    """An item of a quiz in Canvas."""

    root: Element

    @property
    def facts(self) -> dict[str, str]:
        """Its kind and its points."""
        fields = self.root.iter("qtimetadatafield")
        return {each.findtext("fieldlabel", ""): each.findtext("fieldentry", "") for each in fields}

    @property
    def kind(self) -> str:
        """The kind of question."""
        return self.facts["question_type"]

    @property
    def html(self) -> Element:
        """Its text."""
        return ElementTree.fromstring(self.root.findtext("presentation/material/mattext", ""))

    @property
    def answers(self) -> dict[str, list[str]]:
        """By blank, all texts that are listed; those of a choice under response1."""
        return {
            each.get("ident", "").removeprefix("response_"): [
                label.findtext("material/mattext", "") for label in each.iter("response_label")
            ]
            for each in self.root.iter("response_lid")
        }

    def score(self, responses: Mapping[str, str]) -> float:
        """Per cent of the points."""
        if self.kind == "fill_in_multiple_blanks_question":
            return sum(
                float(condition.findtext("setvar", ""))
                for condition in self.root.iter("respcondition")
                if condition.find("setvar") is not None and self._is_right(condition, responses)
            )
        for condition in self.root.iter("respcondition"):
            setvar = condition.find("setvar")
            if setvar is not None and self._holds(condition.find("conditionvar"), responses, any):
                return float(setvar.text or 0)
        return 0.0

    def _is_right(self, condition: Element, responses: Mapping[str, str]) -> bool:
        """Whether a blank has any of its listed answers, which Canvas compares without capitals."""
        (equal,) = condition.iter("varequal")
        blank = equal.get("respident", "").removeprefix("response_")
        typed = responses.get(blank, "").strip().casefold()
        return typed in [text.strip().casefold() for text in self.answers[blank]]

    def _holds(self, node: Element | None, responses: Mapping[str, str], how: Any) -> bool:
        assert node is not None
        return bool(how(self._one(each, responses) for each in node))

    def _one(self, node: Element, responses: Mapping[str, str]) -> bool:
        if node.tag in ("or", "and"):
            return self._holds(node, responses, any if node.tag == "or" else all)
        typed, own = responses.get(node.get("respident", ""), "").strip(), node.text or ""
        if self.kind == "numerical_question":
            if not FLOAT.fullmatch(typed):
                return False
            sign = {"varequal": float.__eq__, "vargte": float.__ge__, "varlte": float.__le__}[node.tag]
            return sign(float(typed), float(own))
        return node.tag == "varequal" and typed == own
