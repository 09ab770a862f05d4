"""A worksheet and its key laid out as one page: what only one of them shows, by the classes of its elements."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any

from byhand.errors import SheetError
from byhand.formats.look import COLOURS
from byhand.formats.pdf.boxes import every_box
from byhand.formats.pdf.pen import artifact, box_to_tick, filled, line
from byhand.formats.pdf.shape import shape
from byhand.formats.pdf.stream import Cuts, TextRun, place, tagged, text_at
from byhand.worksheet.views import View

CLASSES = {"for-key": "key", "for-worksheet": "worksheet"}
_VIEWS = re.compile('<body[^>]* data-views="([^"]*)"')
Text = Mapping[tuple[str, str], tuple[TextRun, Cuts]]  # of a page, by the places of its runs


def views_of(html: str) -> dict[View, tuple[str, str]]:
    """Of each view that shares a page, its title and what it says before "page 1"; empty for a page of one view."""
    found = _VIEWS.search(html)
    views = json.loads(unescape(found[1])) if found else {}
    return {view: (title, before) for view, (title, before) in views.items()}


def classes(box: Any) -> list[str]:
    """The CSS classes of a box."""
    return (box.element.get("class") or "").split() if box.element is not None else []


def view_of(box: Any, parents: Mapping[int, Any]) -> str:
    """The only view that shows a box; "" for both. parents: the box that contains a box, by the latter's id()."""
    while box is not None:
        if view := next((CLASSES[name] for name in classes(box) if name in CLASSES), ""):
            return view
        box = parents.get(id(box))
    return ""


def only(
    box: Any, text: Text, parents: Mapping[int, Any], in_blocks: Iterable[TextRun],
    views: Mapping[View, tuple[str, str]], faces: Mapping[str, str],
) -> tuple[dict[str, list[bytes]], Cuts]:  # fmt: skip
    """What only one of the views of a page shows, as PDF operators, and the parts of the page's stream that write it.

    in_blocks: runs of text that are filled in. views: as `views_of`. faces: of each font, the name of its file.

    Raises: SheetError where it cannot be told apart.
    """
    found, cuts = defaultdict[str, list[bytes]](list), Cuts()
    known = {place(run.x, run.y) for run in in_blocks}
    for each in every_box(box):
        view = view_of(each, parents)
        outer = type(each).__name__ in ("BlockBox", "InlineBlockBox")  # the boxes within have its classes, too
        if outer and view == "worksheet" and "line" in classes(each):
            width, left = each.border_bottom_width, each.border_box_x()
            y = each.border_box_y() + each.border_height() - width / 2
            found[view].append(artifact(line(left, left + each.border_width(), y, width, COLOURS["grey"])))
        if outer and "check" in classes(each):
            tick = parents[id(each)]
            frame = box_to_tick(tick.border_box_x(), tick.border_box_y())
            found[view].append(artifact(filled(frame, COLOURS["pen"], b"f*")))
        if type(each).__name__ == "TextBox" and each.text.strip():
            at = place(each.position_x, each.position_y + each.baseline)
            if at in known or not (view or is_page_number(each, parents)):
                continue
            if at not in text:
                raise SheetError(f"{each.text!r} is not printed as expected")
            run, own = text[at]
            cuts += own
            if view:
                found[view].append(tagged(run, text_at(run, run.x, run.y, run.shown)))
                continue
            for other, (_, before) in views.items():
                x = run.x - shape(faces[run.font], before).width * run.size / 1000
                shown = shape(faces[run.font], before + each.text).shown
                found[other].append(tagged(run, text_at(run, x, run.y, shown)))
    return found, cuts


def is_page_number(box: Any, parents: Mapping[int, Any]) -> bool:
    """Whether a box is in the margin where the number of the page stands."""
    while box is not None and type(box).__name__ != "MarginBox":
        box = parents.get(id(box))
    return box is not None and box.at_keyword == "@bottom-right"
