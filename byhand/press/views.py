"""A worksheet and its key laid out as one page: what only one of them shows, by the classes of its elements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from byhand.errors import SheetError
from byhand.page.look import COLOURS
from byhand.press.inner import Box
from byhand.press.pen import artifact, box_to_tick, filled, line
from byhand.press.shape import shape
from byhand.press.stream import Cuts, TextRun, place, tagged, text_at
from byhand.worksheet.views import View

CLASSES = {"for-key": "key", "for-worksheet": "worksheet"}
Text = Mapping[tuple[str, str], tuple[TextRun, Cuts]]  # of a page, by the places of its runs


def view_of(box: Box | None) -> str:
    """The only view that shows a box; "" for both."""
    while box is not None:
        if view := next((CLASSES[name] for name in box.classes if name in CLASSES), ""):
            return view
        box = box.parent
    return ""


def only(
    box: Box, text: Text, in_blocks: Iterable[TextRun], views: Mapping[View, tuple[str, str]],
    faces: Mapping[str, str],
) -> tuple[dict[str, list[bytes]], Cuts]:  # fmt: skip
    """What only one of the views of a page shows, as PDF operators, and the parts of the page's stream that write it.

    in_blocks: runs of text that are filled in. views: of each, its title, and what it says before "page 1". faces: of
    each font, the name of its file.

    Raises: SheetError where it cannot be told apart.
    """
    by_view, cuts = defaultdict[str, list[bytes]](list), Cuts()
    known = {place(run.x, run.y) for run in in_blocks}
    for each in box.every():
        view = view_of(each)
        outer = each.kind in ("block", "inline block")  # the boxes within have its classes, too
        if outer and view == "worksheet" and "line" in each.classes and each.bottom_edge:
            (left, _, right, bottom), width = each.border, each.bottom_edge
            by_view[view].append(artifact(line(left, right, bottom - width / 2, width, COLOURS["grey"])))
        if view == "key" and is_bar(each):
            (left, top, right, _), width = each.border, each.top_edge
            by_view[view].append(artifact(line(left, right, top + width / 2, width, COLOURS["pen"])))
        if outer and "check" in each.classes and each.parent:
            (left, top, right, _), width = each.parent.border, each.parent.top_edge
            frame = box_to_tick(left, top, right - left, width)
            by_view[view].append(artifact(filled(frame, COLOURS["pen"], b"f*")))
        if each.kind == "text" and each.text.strip():
            at = place(each.x, each.y + each.baseline)
            if at in known or not (view or is_page_number(each)):
                continue
            if at not in text:
                raise SheetError(f"{each.text!r} is not printed as expected")
            run, run_cuts = text[at]
            cuts += run_cuts
            if view:
                by_view[view].append(tagged(run, text_at(run, run.x, run.y, run.shown)))
                continue
            for other, (_, before) in views.items():
                x = run.x - shape(faces[run.font], before).width * run.size / 1000
                shown = shape(faces[run.font], before + each.text).shown
                by_view[other].append(tagged(run, text_at(run, x, run.y, shown)))
    return by_view, cuts


def is_bar(box: Box) -> bool:
    """Whether the upper line of a box is the bar of a root or of a fraction within an answer's words."""
    in_fraction = box.parent is not None and "frac" in box.parent.classes
    return box.top_edge > 0 and ("radicand" in box.classes or in_fraction)


def is_page_number(box: Box | None) -> bool:
    """Whether a box is in the margin where the number of the page stands."""
    while box is not None and box.kind != "margin":
        box = box.parent
    return box is not None and box.margin == "@bottom-right"
