"""What a page was asked for, in words for machines: `view=key language=en level=standard …`.

It stands among the metadata of HTML and PDF. Who reads a page back prints it again as this says, and compares all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from byhand.worksheet.context import Context

NAME = "byhand"  # of the entry among the metadata
_WORDS = re.compile(r"[a-z]+=[\w.-]+( [a-z]+=[\w.-]+)*")


def asked(context: Context) -> dict[str, str]:
    """What a sheet was asked for: as much as decides, besides numbers and words, what is printed of it."""
    domain, config = context.tape.domain, context.config
    known = {
        "language": context.messages.language, "level": context.level, "orientation": context.orientation,
        "numbers": domain.name, **domain.details(), "base": config.softmax_base,
    }  # fmt: skip
    return {name: str(value) for name, value in known.items()}


def as_words(known: Mapping[str, str]) -> str:
    """What was asked for as one line."""
    return " ".join(f"{name}={value}" for name, value in known.items())


def from_words(line: str) -> dict[str, str]:
    """What a line says was asked for; nothing where it is none of ours."""
    return dict(word.split("=") for word in line.split()) if _WORDS.fullmatch(line) else {}
