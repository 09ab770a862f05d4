"""What a page was asked for, in words for machines: `view=key language=en level=standard …`.

It stands among the metadata of HTML and PDF. Who reads a page back prints it again as this says, and compares all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from byhand.worksheet.context import Context
from byhand.worksheet.inverse import LeftOut, leave_out

NAME = "byhand"  # of the entry among the metadata
_WORDS = re.compile(r"[a-z]+=[\w.:;,/\[\]-]+( [a-z]+=[\w.:;,/\[\]-]+)*")
_ENTRY = re.compile(r"([^:;,/]+)/([0-9]{1,4})\.([0-9]{1,4})")


def asked(context: Context) -> dict[str, str]:
    """What a sheet was asked for: as much as decides, besides numbers and words, what is printed of it."""
    domain, config = context.tape.domain, context.config
    known = {
        "language": context.messages.language, "level": context.level, "orientation": context.orientation,
        "numbers": domain.name, **domain.details(), "base": config.softmax_base,
    }  # fmt: skip
    chosen = ";".join(
        f"{name}:{','.join(f'{operand}/{i + 1}.{j + 1}' for operand, i, j in places)}"
        for (name, _), places in context.left_out.items()
    )
    return {name: str(value) for name, value in known.items()} | ({"left": chosen} if chosen else {})


def left_out(known: Mapping[str, str]) -> LeftOut:
    """The entries that a page says its inverse exercises leave out."""
    found: LeftOut = {}
    for exercise in known.get("left", "").split(";"):
        name, _, places = exercise.partition(":")
        leave_out(found, name, ((operand, int(i) - 1, int(j) - 1) for operand, i, j in _ENTRY.findall(places)))
    return found


def as_words(known: Mapping[str, str]) -> str:
    """What was asked for as one line."""
    return " ".join(f"{name}={value}" for name, value in known.items())


def from_words(line: str) -> dict[str, str]:
    """What a line says was asked for; nothing where it is none of ours."""
    return dict(word.split("=") for word in line.split()) if _WORDS.fullmatch(line) else {}
