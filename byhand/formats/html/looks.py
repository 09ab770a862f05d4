"""A page as somebody's own look has it: its CSS variables, and on a screen the colours of its style and its drawings.

On paper, the press changes the colours as it writes them (press/palette.py), and reads them from the same variables.
"""

from __future__ import annotations

import re

from byhand.worksheet.looks import USUAL, Look

_IN_CSS = re.compile(r"#(?:([0-9a-f]{6})([0-9a-f]{2})?|([0-9a-f]{3}))(?![\w-])")
_IN_DRAWING = re.compile(r'(?<=[ ])(fill|stroke)="(#(?:[0-9a-f]{3}){1,2})"')


def variables(look: Look) -> str:
    """The rule that sets the variables of a look; "" where it sets none."""
    declared = ";".join(f"{name}:{value}" for name, value in look.variables.items())
    return f":root{{{declared}}}" if declared else ""


def in_css(css: str, look: Look) -> str:
    """A style sheet in the colours of a look: those that it names are its variables."""
    if not look.variables:
        return css
    named = {usual: f"var(--look-{role})" for role, usual in USUAL.items() if getattr(look, role)}

    def coloured(match: re.Match[str]) -> str:
        digits, alpha, short = match.groups("")
        usual = _long(digits or short)
        if alpha:
            return look.tone(usual) + alpha
        if usual == "#000000" and look.ink:
            return named[USUAL["ink"]]
        toned = named.get(usual) or look.tone(usual)
        return toned if toned != usual else match[0]

    return _IN_CSS.sub(coloured, css)


def in_drawings(page: str, look: Look) -> str:
    """Drawings in the colours of a look."""
    if not look.variables:
        return page

    def coloured(match: re.Match[str]) -> str:
        usual = _long(match[2][1:])
        return match[0] if look.tone(usual) == usual else f'{match[1]}="{look.tone(usual)}"'

    return _IN_DRAWING.sub(coloured, page)


def _long(digits: str) -> str:
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
