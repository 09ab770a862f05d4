"""The script of a page that answers: the files of templates/screen, one after the other, without comments."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from byhand.cache import cached_by
from byhand.worksheet.folders import folders
from byhand.worksheet.program import code_key

NUMBERS = ("exact", "decimals", "rules", "read")
ROUNDED = ("enclosures", "rounded")  # what only sheets in decimals need
CONSTRUCTIONS = ("constructions",)  # what only sheets need that ask for a changed number
GUESSES = ("guesses",)  # what only sheets need that ask for a guess
CHECKS = ("spans", "reckoning", "check", "slips", "reasons")
PAGE = (
    "write", "answers", "page", "sums", "help", "practice", "hands", "pictures", "sideways", "covers", "end", "pace",
    "begin",
)  # fmt: skip
OTHERS = ("variants",)  # what only a page with other numbers needs
RULES = (*NUMBERS, *ROUNDED, *CONSTRUCTIONS, *CHECKS)  # all that needs no page
# what can be said shorter: a declaration, a function of one parameter, and the end of a block, where each statement
# ends with a semicolon, and none is empty
_SHORTER = (
    (re.compile(r"\bconst(?= \w| ?[\[{])"), "let"), (re.compile(r"(?<![\w$])\((\w+)\)=>"), r"\1=>"),
    (re.compile(r";?\}\n?"), "}"),
)  # fmt: skip


def script(names: Sequence[str]) -> str:
    """A script of these files. A file in a folder of somebody's own goes before the shipped one."""
    return _script(tuple(names), folders())


def script_for(numbers: str, *, others: bool, constructions: bool, guesses: bool) -> str:
    """The script of a page whose numbers are in some number system.

    others: whether it brings others along. constructions, guesses: whether it asks for a changed number, for guesses.
    """
    needed = {ROUNDED: numbers == "decimal", CONSTRUCTIONS: constructions, OTHERS: others, GUESSES: guesses}
    parts = (NUMBERS, ROUNDED, CONSTRUCTIONS, CHECKS, OTHERS, GUESSES, PAGE)
    return script([name for part in parts if needed.get(part, True) for name in part])


@lru_cache
@cached_by("shipped", lambda names, where: code_key("script", names))
def _script(names: tuple[str, ...], where: tuple[Path, ...]) -> str:
    from rjsmin import jsmin  # a shipped script is mostly in the cache

    paths = (next(path for folder in where if (path := folder / "screen" / f"{name}.js").exists()) for name in names)
    whole = jsmin("\n".join(path.read_text(encoding="utf-8") for path in paths))
    for longer, shorter in _SHORTER:
        whole = longer.sub(shorter, whole)
    return f'"use strict";\n{whole}'


def source_hash(content: str) -> str:
    """The hash by which a content security policy allows a script."""
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"
