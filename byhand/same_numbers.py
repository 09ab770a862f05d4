"""Which seeds of a sheet have the same numbers, of those whose files stand beside each other."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

HEAD = 500  # bytes of a run.json, in which its hash stands
_HASH = re.compile(rb'"hash": "([0-9a-f]+)"')


def with_the_same_numbers(folder: Path, name: str) -> list[str]:
    """The folders beside a sheet's with another seed that has the same numbers, as some seeds have."""
    hashes = {path.parent.name: _hash(path) for path in sorted(folder.parent.glob(f"{name}-seed*/run.json"))}
    own = hashes.pop(folder.name, b"")
    return [other for other, numbers in hashes.items() if own and numbers == own]


def _hash(record: Path) -> bytes:
    """The hash that a run.json says; nothing where it cannot be read."""
    with suppress(OSError), record.open("rb") as file:
        return found[1] if (found := _HASH.search(file.read(HEAD))) else b""
    return b""
