"""Compare the markup of an HTML page with its reprint's: only what a reader may fill in may differ.

A page says nothing that its reprint does not say: neither by an element, an attribute, a style or a script, nor by a
text that is drawn, spoken or hidden. What a browser changes when it saves a page, such as quotes, is no difference,
but only where a browser has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile, zip_longest

from byhand.notation.number import shown
from byhand.reading.tokens import Comment, Doctype, End, Start, Text, Token, tokens

Event = tuple[str, ...]  # of a page that is read: a kind, and what it is about
_EXACT = ("style", "script")  # elements in whose text a blank may mean something
_FILLED_IN = {"": "value", "text": "value", "radio": "checked", "checkbox": "checked"}  # by the type of a field
_WRITTEN_IN = "textarea"  # the element whose text a reader writes
_UTF_8 = Start("meta", {"charset": "utf-8"})
_ALSO_UTF_8 = Start("meta", {"http-equiv": "content-type", "content": "text/html; charset=utf-8"})
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_END: Event = ("end of the page",)


def _events(page: str) -> Iterator[Event]:
    """All that a page holds, in order, without what is filled in and what a browser adds when it saves the page."""
    inside, text = "", ""
    for token in _unframed(_unsaved(_declared([*tokens(page)]))):
        if isinstance(token, Text):
            text += token.text if inside != _WRITTEN_IN else ""
            continue
        if token == End("body"):
            text += " "  # a browser moves the blanks behind it to here
        if text:
            yield "text", text if inside in _EXACT else _BLANKS.sub(" ", text)
        inside, text = "", ""
        match token:
            case Start(name, attributes):
                inside = name
                filled_in = _FILLED_IN.get(attributes.get("type", "").lower()) if name == "input" else None
                held = (f"{key}={value}" for key, value in attributes.items() if key != filled_in)
                yield (f"<{name}>", *sorted(held))
            case End(name):
                yield (f"</{name}>",)
            case Comment(said):
                yield "a comment", said
            case Doctype():
                yield ("<!doctype html>",)
    if text:
        yield "text", text


def _declared(page: Sequence[Token]) -> list[Token]:
    """The tokens with what says that the page is in UTF-8, once or twice among its first metas, before these."""
    head = next((n for n, token in enumerate(page, 1) if isinstance(token, Start) and token.name == "head"), 0)
    metas = [
        *takewhile(lambda each: _is_blank(each) or (isinstance(each, Start) and each.name == "meta"), page[head:])
    ]
    others = [each for each in metas if not _is_utf_8(each)]
    return [*page[:head], *[_UTF_8] * (len(others) < len(metas)), *others, *page[head + len(metas) :]]


def _is_utf_8(token: Token) -> bool:
    match token:
        case Start(name, attributes):
            return Start(name, {key: value.lower() for key, value in attributes.items()}) in (_UTF_8, _ALSO_UTF_8)
    return False


def _unsaved(page: Sequence[Token]) -> Iterator[Token]:
    """The tokens without those that a browser adds, all of which stand between two others that are not blank."""
    solid = [n for n, token in enumerate(page) if not _is_blank(token)]
    threes = zip(solid, solid[1:], solid[2:], strict=False)
    added = {n for before, n, after in threes if _is_added(page[before], page[n], page[after])}
    return (token for n, token in enumerate(page) if n not in added)


def _is_added(before: Token, token: Token, after: Token) -> bool:
    """Whether a browser writes a token when it saves the page, and reads the page alike without it."""
    match before, token, after:
        case Doctype(), Comment(), Start("html"):  # where the page was saved from
            return True
        case ((Start("table" | "col") | End("colgroup" | "caption" | "thead")), Start("tbody", held), Start("tr")):
            return not held
        case End("tr"), End("tbody"), End("table"):
            return True
    return False


def _unframed(page: Iterator[Token]) -> Iterator[Token]:
    """The tokens without blanks that a browser leaves out or moves, or that it adds."""
    framed = True
    for token in page:
        if framed and _is_blank(token):
            continue
        match token:
            case Doctype() | Start("html" | "head" | "body") | End("html" | "head" | "body"):
                framed = True
            case _:
                framed = token is _UTF_8
        yield token


def _is_blank(token: Token) -> bool:
    return isinstance(token, Text) and not _BLANKS.sub("", token.text)


def markup_difference(page: str, reprint: str) -> str:
    """The first difference of a page's markup from its reprint's; empty where there is none."""
    if page == reprint:
        return ""
    pairs = zip_longest(_events(reprint), _events(page), fillvalue=_END)
    return next((_told(ours, page_event) for ours, page_event in pairs if ours != page_event), "")


def _told(ours: Event, theirs: Event) -> str:
    """Where an event differs from the one of the reprint."""
    if ours[0] == theirs[0] and ours[0].startswith("<") and theirs != ours:
        more, less = ([x for x in a[1:] if x not in b] for a, b in ((theirs, ours), (ours, theirs)))
        return f"its {ours[0]} has {_named(more)} where the reprint has {_named(less)}"
    return f"it has {_named(theirs)} where the reprint has {_named(ours)}"


def _named(event: Sequence[str]) -> str:
    return shown(" ".join(event)) if event else "nothing more"
