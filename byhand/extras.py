"""Extras, what byhand can do with more packages than it brings: which are there, and the command that installs one.

It is that of the program with which byhand was installed, and of the folder or file from which it was.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # imported within functions, since every command knows the formats, and few what is missing
    from importlib.metadata import Distribution

FOR_DEVELOPERS = {"bench", "dev", "site", "test-formats"}  # extras that no user needs
BY_PLACE = {  # of the environment; such a command makes it anew
    "/pipx/venvs/": "pipx install --force {}",
    "/pipx/": "pipx run --spec {} byhand",
    "/uv/tools/": "uv tool install --force {}",
    "/archive-v": "uvx --from {} byhand",  # where uv keeps the environments of uvx
}
BY_INSTALLER = {"uv": "uv pip install {}"}
WITH_PIP = "pip install {}"
_EXTRA = re.compile(r"""(?P<package>[\w.-]+).*extra == ["'](?P<extra>[\w-]+)["']""")
T = TypeVar("T")


def extras() -> dict[str, list[str]]:
    """The packages of each extra, by its name."""
    packages: dict[str, list[str]] = {}
    for line in _of_byhand(lambda byhand: byhand.requires) or []:
        if (match := _EXTRA.match(line)) and match["extra"] not in FOR_DEVELOPERS:
            packages.setdefault(match["extra"], []).append(match["package"])
    return packages


def is_installed(package: str) -> bool:
    """Whether a package is installed."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return bool(distribution(package))
    except PackageNotFoundError:
        return False


def install_command(extra: str) -> str:
    """What installs an extra, as the shell of this system has it. Where that makes the environment anew, it has the
    extras that are there, too.
    """
    place, quote = f"{Path(sys.prefix).as_posix()}/", '"' if sys.platform == "win32" else "'"
    anew = next((command for part, command in BY_PLACE.items() if part in place), "")
    there = [name for name, packages in extras().items() if anew and all(map(is_installed, packages))]
    installer = (_of_byhand(lambda byhand: byhand.read_text("INSTALLER")) or "").strip()
    command = anew or BY_INSTALLER.get(installer, WITH_PIP)
    option, source = _source(",".join(dict.fromkeys([*there, extra])))
    return command.format(f"{option}{quote}{source}{quote}")


def _source(wanted: str) -> tuple[str, str]:
    """What is to be installed with these extras, and the option that goes before it."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    said = json.loads(_of_byhand(lambda byhand: byhand.read_text("direct_url.json") or "{}") or "{}")
    url = said.get("url", "")
    if url.startswith("file:"):
        editable = said.get("dir_info", {}).get("editable", False)
        return "-e " if editable else "", f"{url2pathname(urlsplit(url).path)}[{wanted}]"
    if url:
        kind = said.get("vcs_info", {}).get("vcs", "")
        return "", f"byhand[{wanted}] @ {kind and f'{kind}+'}{url}"
    return "", f"byhand[{wanted}]"


def _of_byhand(asked: Callable[[Distribution], T]) -> T | None:
    """What the packaging of byhand says; None where it is run from a folder and was never installed."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return asked(distribution("byhand"))
    except PackageNotFoundError:
        return None
