"""The script of a page that answers: the files of templates/screen, one after the other."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from byhand.worksheet.folders import folders

RULES = ("exact", "enclosures", "rules", "read", "reckoning", "check", "slips", "reasons")  # what needs no page
PAGE = ("write", "answers", "page", "help", "hands", "pictures", "begin")


def script(names: Sequence[str] = (*RULES, *PAGE)) -> str:
    """The script. A file in a folder of somebody's own goes before the shipped one."""
    return _script(tuple(names), folders())


@lru_cache
def _script(names: tuple[str, ...], where: tuple[Path, ...]) -> str:
    paths = (next(path for folder in where if (path := folder / "screen" / f"{name}.js").exists()) for name in names)
    return '"use strict";\n' + "\n".join(path.read_text(encoding="utf-8") for path in paths)


def source_hash(content: str) -> str:
    """The hash by which a content security policy allows a script."""
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"
