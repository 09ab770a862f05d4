"""Compare the markup of an HTML page with its reprint's: only what a reader may fill in may differ.

A page says nothing that its reprint does not say: neither by an element, an attribute, a style or a script, nor by a
text that is drawn, spoken or hidden. What a browser changes when it saves a page, such as quotes, is no difference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import zip_longest

from byhand.notation.number import shown
from byhand.reading.page import VOID

Event = tuple[str, ...]  # of a page that is read: a kind, and what it is about
_EXACT = ("style", "script")  # elements in whose text a blank may mean something
_IMPLIED = ("html", "head", "tbody")  # elements that a browser adds or moves
_FILLED_IN = ("value", "checked")  # attributes of a field
_WRITTEN_IN = "textarea"  # the element whose text a reader writes
_ENCODING = {("charset", "utf-8")}, {("content", "text/html; charset=utf-8"), ("http-equiv", "content-type")}
_UTF_8: Event = ("<meta>", "charset=utf-8")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_END: Event = ("end of the page",)


class _Markup(HTMLParser):
    """All that a page holds, as a list of events.

    root: what it says of itself as a whole. drawn: the depth of open elements within a drawing.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.root: list[Event] = []
        self.drawn = 0
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        own = sorted((name, value or "") for name, value in attrs)
        if tag == "meta" and {(name, value.lower()) for name, value in own} in _ENCODING:
            self.root = [*filter(_UTF_8.__ne__, self.root), _UTF_8]
            return
        if tag == "input":
            own = [pair for pair in own if pair[0] not in _FILLED_IN]
        if own or tag not in _IMPLIED:
            to = self.root if tag == "html" else self.events
            to.append((f"<{tag}>", *(f"{name}={value}" for name, value in own)))
        if self.drawn or tag == "svg":
            self.drawn += 1
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.drawn = max(self.drawn - 1, 0)
        self.inside = ""
        if tag not in (*_IMPLIED, *VOID, "body"):
            self.events.append((f"</{tag}>",))

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.drawn:
            self.handle_endtag(tag)
        elif tag not in VOID:
            self.events.append((f"<{tag}/>",))  # which a browser reads as if it were not closed

    def handle_data(self, data: str) -> None:
        if self.inside == _WRITTEN_IN:
            return
        text = data if self.inside in _EXACT else _BLANKS.sub(" ", data)
        if self.events and self.events[-1][0] == "text":
            text = self.events.pop()[1] + text
            text = text if self.inside in _EXACT else _BLANKS.sub(" ", text)
        if self.events or text.strip():
            self.events.append(("text", text))

    def handle_comment(self, data: str) -> None:
        if re.search("[<>]|--", data):
            self.events.append(("a comment", data))

    def handle_decl(self, decl: str) -> None:
        self.root.append(("<!>", decl.lower()))

    def unknown_decl(self, data: str) -> None:
        self.root.append(("<!>", data))

    def handle_pi(self, data: str) -> None:
        self.events.append(("<?>", data))


def markup_difference(page: str, reprint: str) -> str:
    """The first difference of a page's markup from its reprint's; empty where there is none."""
    if page == reprint:
        return ""
    ours, theirs = ([*sorted(each.root), *each.events] for each in (_Markup(reprint), _Markup(page)))
    pairs = zip_longest(ours, theirs, fillvalue=_END)
    return next((_told(own, found) for own, found in pairs if own != found), "")


def _told(own: Event, found: Event) -> str:
    """Where an event differs from the one of the reprint."""
    if own[0] == found[0] and own[0].startswith("<") and found != own:
        more, less = ([x for x in a[1:] if x not in b] for a, b in ((found, own), (own, found)))
        return f"its {own[0]} has {_named(more)} where the reprint has {_named(less)}"
    return f"it has {_named(found)} where the reprint has {_named(own)}"


def _named(event: Sequence[str]) -> str:
    return shown(" ".join(event)) if event else "nothing more"
