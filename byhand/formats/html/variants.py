"""Other numbers on the same page: what a worksheet has otherwise with other seeds, for a page that brings some along.

A variant is what `byhand generate` makes with a later seed, so that answers to it are marked as those to any sheet.
It is told as changes of the page: of texts, attributes and whole drawings, and of what the page knows of its sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from html.parser import HTMLParser
from typing import Any

Json = Any
_LEFT_OUT = ("script", "style")  # with what is in them


class Nodes(HTMLParser):
    """The elements and texts of a page's body, in its order. A drawing is one element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.drawings: list[str] = []
        self.body = False
        self.left_out = ""
        self.drawing: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "svg" or self.drawing:
            self.drawing.append(self.get_starttag_text() or "")
        elif tag in _LEFT_OUT:
            self.left_out = tag
        elif tag == "body":
            self.body = True
        elif self.body:
            self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.drawing:
            self.drawing.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self.drawing:
            self.drawing.append(f"</{tag}>")
            if tag == "svg":
                self.drawings.append("".join(self.drawing))
                self.drawing = []
        elif tag == self.left_out:
            self.left_out = ""

    def handle_data(self, data: str) -> None:
        if self.drawing:
            self.drawing.append(escape(data))
        elif self.body and not self.left_out and data.strip():
            self.texts.append(data)


def changes(old: Nodes, new: Nodes) -> dict[str, Json] | None:
    """What a new page has otherwise than a sheet's own; None where they differ in more than texts, attributes and
    drawings.
    """
    tags = [[tag for tag, _ in each.elements] for each in (old, new)]
    if tags[0] != tags[1] or any(
        len(getattr(old, kind)) != len(getattr(new, kind)) for kind in ("texts", "drawings")
    ):
        return None
    return {
        "texts": [*_others(old.texts, new.texts)], "drawings": [*_others(old.drawings, new.drawings)],
        "attributes": [
            [at, name, after.get(name, "")]
            for at, ((_, before), (_, after)) in enumerate(zip(old.elements, new.elements, strict=True))
            for name in {**before, **after} if before.get(name) != after.get(name)
        ],
    }  # fmt: skip


def _others(before: Iterable[str], after: Iterable[str]) -> Iterator[list[Json]]:
    return ([at, new] for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new)


def differences(before: Json, after: Json, path: tuple[str | int, ...] = ()) -> Iterator[list[Json]]:
    """Where two things of JSON differ: a path of keys, and what stands there in the second."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key in before:
            yield from differences(before[key], after[key], (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, at))
    else:
        yield [list(path), after]
