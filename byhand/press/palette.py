"""The colours of a page in print as its look has them: changed in what the pen and WeasyPrint write."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from byhand.press.stream import rgb
from byhand.worksheet.looks import Look

_VARIABLE = re.compile(r"--look-(tint|ink|shade|pen):(#[0-9a-f]{6})")
_NUMBER = rb"(\d*\.?\d+)"
_COLOUR = re.compile(rb"(?<![\d.])%s %s %s (rg|RG)(?![\w])" % ((_NUMBER,) * 3))
Recolour = Callable[[bytes], bytes]


def palette(html: str) -> dict[str, str]:
    """The colours that the variables of a page set, by their names."""
    return dict(_VARIABLE.findall(html.partition("</style>")[0]))


def recolouring(colours: dict[str, str]) -> Recolour:
    """What changes the colours in PDF operators, as a look with these colours has them."""
    look = Look(**colours)

    @cache
    def toned(red: bytes, green: bytes, blue: bytes) -> bytes:
        usual = "#" + "".join(f"{round(255 * float(part)):02x}" for part in (red, green, blue))
        return rgb(look.tone(usual))

    def recoloured(operators: bytes) -> bytes:
        return _COLOUR.sub(lambda match: b"%s %s" % (toned(*match.group(1, 2, 3)), match[4]), operators)

    return recoloured if colours else bytes
