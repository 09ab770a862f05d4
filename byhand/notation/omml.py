"""Formulas and trees in Office's notation, OMML (ECMA-376-1, 22.1), which Word shows as formulas to edit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape

from msgspec.structs import replace

from byhand.arithmetic.expr import Expr, Scalar
from byhand.notation.html import in_parts, in_pieces
from byhand.notation.inline import Kind, Part, Piece, parsed
from byhand.notation.write import Style, write, write_value

NAMESPACES = {
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
}
FONT = "Cambria Math"
SCRIPTS = {"lowered": "sub", "raised": "sup"}
_BASE = re.compile(r"(.*?)([\w.]+|\S)", re.DOTALL)  # of a text: its last number, word or sign, and what is before it


def omml(latex: str, colour: str = "") -> str:
    """A formula in the LaTeX of `notation/inline.py`. colour: as Word has it, such as "1C3F94".

    Raises: as `parsed`.
    """
    return _formula(parsed(latex), colour)


def tree_omml(node: Expr, value: Scalar, colour: str = "") -> str:
    """A tree, and the value to which it is equal."""
    return _formula((*in_pieces(lambda part: write(node, style(part))), " = ", *_value(value)), colour)


def value_omml(value: Scalar, colour: str = "") -> str:
    """A value; a word stays as it is."""
    return _formula(_value(value), colour)


def style(part: Callable[[Kind, str], str]) -> Style:
    """The notation of trees. part: writes one, of what is in it."""

    def fraction(top: str, bottom: str) -> str:
        sign = "−" * top.startswith("−")
        return sign + part("fraction", part("above", top.removeprefix("−")) + part("below", bottom))

    return replace(
        in_parts(part, str, str),
        fraction=fraction,
        big_sum=lambda index, count, body: f"∑{part('lowered', index)} {body}",
    )


def _value(value: Scalar) -> tuple[Piece, ...]:
    return (value,) if isinstance(value, str) else in_pieces(lambda part: write_value(value, style(part)))


def _formula(pieces: Sequence[Piece], colour: str) -> str:
    spaces = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())
    return f"<m:oMath {spaces}>{_written(pieces, colour)}</m:oMath>"


def _written(pieces: Sequence[Piece], colour: str, kind: Kind | None = None) -> str:
    """Pieces as elements. kind: of the part in which they are."""
    return "".join(_elements(pieces, colour, kind))


def _elements(pieces: Sequence[Piece], colour: str, kind: Kind | None) -> Iterator[str]:
    at = 0
    while at < len(pieces):
        base, scripts = pieces[at], dict[str, str]()
        for each in pieces[at + 1 : at + 1 + len(SCRIPTS)]:
            if isinstance(each, str) or each.kind not in SCRIPTS or SCRIPTS[each.kind] in scripts:
                break
            scripts[SCRIPTS[each.kind]] = _written(each.inside, colour)
        at += 1 + len(scripts)
        if scripts and isinstance(base, str) and (match := _BASE.fullmatch(base)):
            yield _run(match[1], colour, kind) if match[1] else ""
            base = match[2]
        inside = _run(base, colour, kind) if isinstance(base, str) else _part(base, colour)
        yield _scripted(inside, scripts) if scripts else inside


def _scripted(base: str, scripts: dict[str, str]) -> str:
    """What has an index, a power, or both."""
    tag = "s" + "".join(each.capitalize() for each in sorted(scripts))
    return f"<m:{tag}><m:e>{base}</m:e>{''.join(f'<m:{x}>{scripts[x]}</m:{x}>' for x in sorted(scripts))}</m:{tag}>"


def _part(part: Part, colour: str) -> str:
    inside = _written(part.inside, colour, part.kind)
    match part.kind:
        case "root":
            return f'<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e>{inside}</m:e></m:rad>'
        case "barred":
            return f'<m:bar><m:barPr><m:pos m:val="top"/></m:barPr><m:e>{inside}</m:e></m:bar>'
        case "fraction":
            return f"<m:f>{inside}</m:f>"
        case "above" | "below":
            tag = "num" if part.kind == "above" else "den"
            return f"<m:{tag}>{inside}</m:{tag}>"
        case "lowered" | "raised":  # without anything before it
            return _scripted("", {SCRIPTS[part.kind]: inside})
        case _:
            return inside


def _run(text: str, colour: str, kind: Kind | None) -> str:
    """A text: letters in italics, words as words, and else as it is."""
    look = {"letters": "", "upright": "<m:rPr><m:nor/></m:rPr>"}.get(kind or "", '<m:rPr><m:sty m:val="p"/></m:rPr>')
    pen = f'<w:color w:val="{colour}"/>' * bool(colour)
    face = f'<w:rPr><w:rFonts w:ascii="{FONT}" w:hAnsi="{FONT}"/>{pen}</w:rPr>'
    return f'<m:r>{look}{face}<m:t xml:space="preserve">{escape(text)}</m:t></m:r>'
