"""Where sheets and templates are: in the user's folder, if there is one, then in the shipped one."""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from pathlib import Path

ENGLISH = "en"  # the language of the shipped sheets
_TEMPLATES = ("*.html", "*.css", "blocks/*.html", "screen/*.js", "messages/*.toml")


def folders() -> tuple[Path, ...]:
    """The folders that are searched for sheets and templates: BYHAND_TEMPLATES, if set, then the shipped folder."""
    folder = os.environ.get("BYHAND_TEMPLATES")
    return (*((Path(folder),) if folder else ()), shipped())


def own_templates() -> str:
    """A short hash of the templates and messages in one's own folder; empty where there are none."""
    own_folders = folders()[:-1]
    files = [
        (folder, path) for folder in own_folders for pattern in _TEMPLATES for path in sorted(folder.glob(pattern))
    ]
    parts = [part for folder, path in files for part in (bytes(path.relative_to(folder)), path.read_bytes())]
    return sha256(b"\0".join(parts)).hexdigest()[:7] if parts else ""


@cache
def shipped() -> Path:
    """The shipped folder of templates: in the wheel inside the package, in a checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
