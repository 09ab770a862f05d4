"""The look of a question where a platform takes no style sheets: a style on each element."""

from __future__ import annotations

from copy import deepcopy
from xml.etree.ElementTree import Element

_CELL = "border:1px solid #bbb;padding:.2em .6em;text-align:center"
LOOKS = {
    "g": _CELL,
    "p": f"{_CELL};background:#ececec",
    "e": "border:1px solid #333;padding:.1em",
    "k": f"{_CELL};border-style:dashed",
    "c": "padding:.2em .5em;font-style:italic",
    "s": "padding:.2em .6em",
    "r": "text-decoration:overline",
    "t": "overflow-x:auto",
}
LABEL = "padding:.2em .5em;font-weight:normal;color:#555"
TABLE = "border-collapse:collapse;margin:.5em 0"


def styled(body: Element) -> Element:
    """A copy of a question's text with a style in place of each class."""
    copy = deepcopy(body)
    for node in copy.iter():
        kind = node.attrib.pop("class", "")
        if look := LOOKS.get(kind) or {"th": LABEL, "table": TABLE}.get(node.tag):
            node.set("style", look)
    return copy
