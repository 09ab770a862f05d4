"""byhand.toml: what somebody always asks for, so that it need not be typed. What is typed wins.

It is looked for in the current folder and in the user's folder for settings; where both have an option, the current
folder's counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from byhand.errors import ConfigError, UnknownNameError
from byhand.formats import names
from byhand.notation.words import escaped
from byhand.worksheet.views import LECTURER, MOST_VARIANTS, VIEWS, Level, Orientation, Paper

NAME = "byhand.toml"
LARGEST = 100_000  # bytes

Check = Callable[[Any], bool]


def _one_of(*options: object) -> tuple[Check, str]:
    named = " or ".join([", ".join(map(str, options[:-1])), str(options[-1])])
    return lambda value: value in options and type(value) in map(type, options), named


def _whole(least: int, most: int) -> tuple[Check, str]:
    return lambda value: type(value) is int and least <= value <= most, f"a whole number from {least} to {most}"


TEXT: tuple[Check, str] = (lambda value: isinstance(value, str) and bool(value), "a text")
TRUTH: tuple[Check, str] = (lambda value: isinstance(value, bool), "true or false")
FORMATS: tuple[Check, str] = (
    lambda value: TEXT[0](value) or (isinstance(value, list) and bool(value) and all(map(TEXT[0], value))),
    'names of formats, such as ["html", "pdf"]',
)
# the options that a file may set, as on the command line: what they may be, and how that is said
OPTIONS: Mapping[str, tuple[Check, str]] = {
    "paper": _one_of(*get_args(Paper)),
    "large": TRUTH,
    "look": TEXT,
    "language": TEXT,
    "orientation": _one_of(*get_args(Orientation)),
    "numbers": _one_of("exact", "decimal", "symbolic"),
    "places": _whole(1, 12),
    "rounding": _one_of("carry", "once"),
    "softmax": _one_of(2, 3, "e"),
    "level": _one_of(*get_args(Level)),
    "view": _one_of(*VIEWS, LECTURER),
    "format": FORMATS,
    "out": TEXT,
    "feedback": TRUTH,
    "variants": _whole(0, MOST_VARIANTS),
    "nbgrader": TRUTH,
    "cache": TRUTH,
    "jobs": _whole(1, 1_000),
    "trust": (lambda value: isinstance(value, list) and all(map(TEXT[0], value)), 'folders, such as ["~/course"]'),
}
PARAMETERS = {"softmax": "base", "format": "formats"}  # of commands, where these have another name


def files() -> list[Path]:
    """The files that there are: the user's own, then the current folder's."""
    paths = {path.resolve(): path for path in (users_file(), Path(NAME)) if path.is_file()}
    return [*paths.values()]


def users_file() -> Path:
    """The user's own file, in the folder for settings."""
    from platformdirs import user_config_path

    return user_config_path("byhand") / NAME


def defaults(paths: list[Path]) -> dict[str, Any]:
    """The options of these files, by the names that commands have for them; a later file counts more.

    Raises: ConfigError where a file is none, or names what is no option, or a value that an option cannot have.
    """
    return {name: value for path in paths for name, value in _of_file(path)}


def _of_file(path: Path) -> Iterator[tuple[str, Any]]:
    import tomllib  # mostly there is no file

    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path} has over {LARGEST:,} bytes; a few lines are enough")
        entries = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no TOML file: {escaped(str(error))}") from None
    for name, value in entries.items():
        if name not in OPTIONS:
            raise ConfigError(f"{path}: {UnknownNameError('option', name, OPTIONS)}")
        if name == "trust" and path.resolve() != users_file().resolve():
            raise ConfigError(f"{path}: trust counts in your folder for settings only; write it into {users_file()}")
        fits, told = OPTIONS[name]
        if not fits(value):
            from byhand.notation.number import shown  # which pages from the cache need nothing of

            raise ConfigError(f"{path}: {name} = {shown(value)} is no value for it; use {told}")
        yield PARAMETERS.get(name, name), _as_typed(path, name, value)


def _as_typed(path: Path, name: str, value: Any) -> Any:
    """A value as it is typed on the command line; of cores, no more than there are.

    Raises: ConfigError for a format that there is not.
    """
    if name == "trust":
        return [str(Path(folder).expanduser()) for folder in value]
    if name == "look" and value.endswith(".toml"):  # beside the file that names it
        return str(path.parent / Path(value).expanduser())
    if name == "jobs":
        return min(value, os.cpu_count() or 1)
    if name != "format":
        return str(value) if name == "softmax" else value
    chosen = value if isinstance(value, list) else [part.strip() for part in value.split(",")]
    for each in chosen:
        if each not in names():
            raise ConfigError(f"{path}: {UnknownNameError('format', each, names())}")
    return ",".join(chosen)
