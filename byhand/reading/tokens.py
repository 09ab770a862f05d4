"""HTML as tokens, in the forms in which byhand and browsers write it, which every reader of HTML reads alike.

HTML allows far more, such as tags that do not end, and entities without a semicolon; readers differ in what they make
of it. Such a page is refused, so that what is judged is what a browser shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import unescape
from html.entities import html5
from typing import NamedTuple

from byhand.errors import UnreadableError
from byhand.notation.number import shown

# elements without an end
VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
_RAW = "script", "style", "iframe", "noembed", "noframes", "noscript", "xmp"  # whose text is taken as it stands
_TITLES = ("title", "textarea")  # elements whose text has no tags
_ENDLESS = "plaintext"  # the element that nothing ends
_DRAWING = "svg"  # the element within which others may close themselves
_IN_DRAWING = ("foreignobject", "desc")  # elements of a drawing that hold HTML, in which none closes itself
_PIECE = 25  # characters of a page that a message repeats
_NAME, _BLANK = r"[a-z][a-z0-9-]*+", r"[ \t\n]"
_ATTRIBUTE = rf"""{_BLANK}++([a-z][\w:.-]*+)(?:="([^"]*+)"|='([^']*+)'|=([\w%.:-]++)(?![^ \t\n>])|(?!=))"""
_TOKEN = re.compile(
    rf"(?P<text>[^<]++)"
    rf"|<(?P<start>{_NAME})(?P<attributes>(?:{_ATTRIBUTE})*+){_BLANK}*+(?P<closed>/?)>"
    rf"|</(?P<end>{_NAME})>"
    rf"|<!--(?P<comment>(?:[^<>-]++|-(?!->))*+)-->"
    rf"|(?P<doctype><!doctype html>)",
    re.ASCII | re.IGNORECASE,
)
_ATTRIBUTES = re.compile(_ATTRIBUTE, re.ASCII | re.IGNORECASE)
_ENTITY = re.compile(
    r"&(?:#(?P<decimal>\d{1,7})|#x(?P<hex>[\da-f]{1,6})|(?P<name>\w*)|#?)(?P<end>;?)", re.ASCII | re.IGNORECASE
)


class Start(NamedTuple):
    """The tag that begins an element."""

    name: str
    """Its name in small letters."""
    attributes: Mapping[str, str]
    """Its attributes, with their names in small letters."""


class End(NamedTuple):
    """The tag that ends an element."""

    name: str


class Text(NamedTuple):
    """A text as it is read, with characters for entities."""

    text: str


class Comment(NamedTuple):
    """What a comment says."""

    text: str


class Doctype(NamedTuple):
    """The first words of a page of HTML."""


Token = Start | End | Text | Comment | Doctype


def tokens(page: str) -> Iterator[Token]:
    """The tokens of a page. What closes itself, which is of a drawing, is its start and its end.

    Raises: UnreadableError for what neither byhand nor a browser writes.
    """
    at, within = 0, list[str]()
    while at < len(page):
        token = _TOKEN.match(page, at)
        if not token:
            raise _refused(page[at:])
        at = token.end()
        if text := token["text"]:
            yield Text(_decoded(text))
        elif name := (token["start"] or "").lower():
            closed = token["closed"] and name not in VOID
            if name == _ENDLESS or (closed and within[-1:] != [_DRAWING]):
                raise _refused(token[0])
            yield Start(name, _attributes(token))
            if closed:
                yield End(name)
            elif name in (*_RAW, *_TITLES):
                content = _content(name).match(page, at)
                if not content:
                    raise _refused(page[token.start() :])
                at = content.end()
                if content[1]:
                    yield Text(content[1] if name in _RAW else _decoded(content[1]))
                yield End(name)
            elif name == _DRAWING or name in _IN_DRAWING:
                within.append(name)
        elif name := (token["end"] or "").lower():
            yield End(name)
            if within[-1:] == [name]:
                within.pop()
        elif token["doctype"]:
            yield Doctype()
        else:
            yield Comment(token["comment"])


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    """The attributes of a tag.

    Raises: UnreadableError for one that is there twice.
    """
    attributes: dict[str, str] = {}
    for name, *values in _ATTRIBUTES.findall(tag["attributes"]):
        if name.lower() in attributes:
            raise _refused(tag[0])
        attributes[name.lower()] = _decoded("".join(values))
    return attributes


@cache
def _content(name: str) -> re.Pattern[str]:
    """The text of an element without tags, and its end."""
    text = rf"[^<]++|<(?!/?{name}|!--)" if name in _RAW else "[^<]++"
    return re.compile(rf"((?:{text})*+)</{name}>", re.IGNORECASE)


def _decoded(text: str) -> str:
    """A text with characters for entities."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    """What an entity stands for.

    Raises: UnreadableError where readers may differ.
    """
    if entity[0] == "&":
        return "&"
    character, code = unescape(entity[0]), int(entity["decimal"] or int(entity["hex"] or "0", 16))
    known = [*map(ord, character)] == [code] if code else f"{entity['name']};" in html5
    if not (known and entity["end"]):
        raise _refused(entity[0])
    return character


def _refused(piece: str) -> UnreadableError:
    return UnreadableError(f"its HTML has {shown(piece[:_PIECE])}, which neither byhand nor a browser writes so")
