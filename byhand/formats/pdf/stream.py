"""Find the runs of text in a page's content stream, which is read in the very form in which WeasyPrint writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from byhand.errors import SheetError

COLOUR_STEPS = 100_000  # the green of a slot's underline is the number of its mark, divided by this
_OBJECT = re.compile(
    rb"^(?:"
    rb"q\n/A1\.0 gs\n0 (?P<slot>[\d.]+) 1 RG\n[^\n]*w\n[^\n]*m\n[^\n]*l\nS\nQ"
    rb"|(?P<tag>/Span\n<</MCID \d+>>\nBDC)"
    rb"|BT\n1 0 0 -1 (?P<x>\S+) (?P<y>\S+) Tm\n/(?P<font>\w+) (?P<size>\S+) Tf\n(?P<shown>[^\n]*) TJ\nET"
    rb"|(?P<colour>[^\n]* rg)|(?P<push>q)|(?P<pop>Q)|(?P<end>EMC)"
    rb")\n",
    re.MULTILINE,
)
_GLYPHS = re.compile(rb"<([0-9a-f]+)>")
Cuts = list[tuple[int, int]]


@dataclass(frozen=True)
class TextRun:
    """A piece of text in one font, size and colour; its place in px from the page's upper left corner.

    slot: the mark in whose slot it is.
    """

    tag: bytes
    colour: bytes
    x: float
    y: float
    font: str
    size: float
    shown: bytes
    slot: int | None


def text_runs(stream: bytes) -> dict[tuple[str, str], tuple[TextRun, Cuts]]:
    """The runs of text by their places, each with the parts of the stream that write it, except its colour."""
    found: dict[tuple[str, str], tuple[TextRun, Cuts]] = {}
    colour, colours = b"", list[bytes]()
    tag, text, slot, cuts = b"", None, None, Cuts()
    for part in _OBJECT.finditer(stream):
        match part.lastgroup:
            case "push":
                colours.append(colour)
            case "pop":
                colour = colours.pop()
            case "colour":
                colour = part["colour"]
            case "tag":
                tag, text, slot, cuts = part["tag"], None, None, [part.span()]
            case "slot":
                slot = round(float(part["slot"]) * COLOUR_STEPS)
                cuts.append(part.span())
            case "shown":
                text = part
                cuts.append(part.span())
            case "end" if tag and text:
                x, y, font, size = (text[name].decode() for name in ("x", "y", "font", "size"))
                shown = _compact(text["shown"]) + b" TJ"
                run = TextRun(tag, colour, float(x), float(y), font, float(size), shown, slot)
                found[x, y] = run, [*cuts, part.span()]
                tag = b""
    return found


def glyphs(shown: bytes) -> bytes:
    """The glyphs of a shown text, without the distances between them."""
    return b"".join(_GLYPHS.findall(shown))


def text_at(run: TextRun, x: float, y: float, shown: bytes) -> bytes:
    """The PDF operators of a text in the face and size of a run."""
    return b"BT\n1 0 0 -1 %.3f %.3f Tm\n/%s %s Tf\n%s\nET\n" % (
        x, y, run.font.encode(), number(run.size).encode(), shown,
    )  # fmt: skip


def tagged(run: TextRun, *texts: bytes) -> bytes:
    """The PDF operators of texts that are read as a run."""
    return b"%s\n%s\n%sEMC\n" % (run.tag, run.colour, b"".join(texts))


def in_px(*parts: bytes) -> bytes:
    """PDF operators whose unit is px, after those of a page."""
    return b"".join((b"\nq\n0.75 0 0 0.75 0 0 cm\n", *parts, b"Q\n"))


def drawing(stream: bytes, mark: int) -> tuple[int, int, float, float]:
    """Where in the stream the empty drawing with a mark begins and ends, and its place on the page in px.

    Raises: SheetError where WeasyPrint has not written it as expected.
    """
    form = rb"/Figure\n<</MCID %d>>\nBDC\n.*?\n1 0 0 1 (\S+) (\S+) cm\n.*?\nEMC\n" % mark
    found = re.search(form, stream, re.DOTALL)
    if not found:
        raise SheetError(
            "this WeasyPrint writes drawings in another form than byhand knows; install that of constraints.txt"
        )
    return *found.span(), float(found[1]), float(found[2])


def replaced(stream: bytes, parts: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The stream with others in place of these parts."""
    kept, at = [], 0
    for start, end, other in sorted(parts):
        kept += [stream[at:start], other]
        at = end
    return _compact(b"".join([*kept, stream[at:]]))


def place(x: float, y: float) -> tuple[str, str]:
    """A place as the stream writes it."""
    return number(x), number(y)


def number(x: float) -> str:
    """A number as the stream writes it."""
    return f"{x:f}".rstrip("0").rstrip(".")


def _compact(stream: bytes) -> bytes:
    """Without distances of 0 between glyphs."""
    return stream.replace(b">0<", b"").replace(b">0]", b">]")
