"""A page's tree of elements, as WeasyPrint has parsed it: what they get before they are laid out.

A drawing gets its alternative text as a title, which is what WeasyPrint reads; an element with room for a field gets
an empty drawing, whose place WeasyPrint then says; and in attributes, marks become the texts of a copy. A QR code
that copies have otherwise becomes a slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from byhand.notation.marks import MARK, mark_number
from byhand.page.look import LOOKS, Sizes
from byhand.press.inner import SLOT
from byhand.press.pieces import SPACES, TextOf
from byhand.press.rooms import FIELD, ROOM, room_style

SVG = "{http://www.w3.org/2000/svg}"


def prepare(root: Any, texts: TextOf) -> Mapping[str, str]:
    """Make the elements of a page ready. texts: as of `lay_out`.

    Returns where its links lead to, and what each of them says.
    """
    words = dict[str, str]()
    body = root.find("body")
    look = LOOKS["large"] if body is not None and "large" in body.get("class", "").split() else LOOKS[""]
    for element in list(root.iter()):
        for name, value in element.items():
            if MARK.fullmatch(value) and name == "d":
                continue  # the path of a QR code
            if MARK.search(value):
                element.set(name, MARK.sub(lambda mark: texts(mark_number(mark[0])), value))
        for child in list(element):
            if child.tag == f"{SVG}svg" and (said := child.get("aria-label")):
                _title(child, said)
                _code_in_slot(element, child)
        if name := element.get(FIELD):
            _with_room(element, name, look)
        if element.tag == "a" and (target := element.get("href")):
            said = element.get("title") or SPACES.sub(" ", " ".join(element.itertext())).strip(" ")
            words[target.removeprefix("#")] = said
    return words


def _title(drawing: Any, said: str) -> None:
    """Give a drawing a title."""
    title = drawing.makeelement(f"{SVG}title", {})
    title.text = said
    drawing.insert(0, title)


def _code_in_slot(around: Any, drawing: Any) -> None:
    """Put a box, one module wide, in the place of a QR code whose path is a mark."""
    for path in drawing.findall(f"{SVG}path"):
        if MARK.fullmatch(mark := path.get("d", "")):
            drawing.remove(path)
            modules = float(drawing.get("viewBox").split()[2])
            width = float(drawing.get("width").removesuffix("mm")) / modules
            style = f"position:absolute;left:0;top:0;width:{width}mm;color:{path.get('fill')}"
            box = around.makeelement("b", {SLOT: str(mark_number(mark)), "style": style})
            around.insert(list(around).index(drawing) + 1, box)
            box.tail, drawing.tail = drawing.tail, None


def _with_room(element: Any, name: str, look: Sizes) -> None:
    """Put an empty drawing first in an element that has room for a field."""
    drawing = element.makeelement(f"{SVG}svg", {"style": room_style(element.tag, look)})
    _title(drawing, f"{ROOM}{name}")
    drawing.tail, element.text = element.text, None
    element.insert(0, drawing)
