"""Where a studio keeps its papers, who may use it, and how much of the machine.

On one's own computer there is nothing to set. The studio of a department has a file, studio.toml, in its folder: the
names under which it is reached, its users, each with the hash of a token, and the limits.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from byhand.errors import ConfigError, UnknownNameError
from byhand.files import output_errors, staging
from byhand.notation.number import shown
from byhand.notation.words import escaped
from byhand.secret import DIGITS, Secret

NAME = "studio.toml"
LARGEST = 1_000_000  # bytes of a file: of thousands of users
LONGEST_USER = 40  # characters
LIMITS = ("largest_upload", "most_papers", "most_bytes", "most_jobs", "longest_job")
ENTRIES = ("names", "users", *LIMITS)
_USER = re.compile(r"[a-z0-9][a-z0-9_-]*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_HASH = re.compile("[0-9a-f]{64}")
_USERS = re.compile(r"^\[users\].*$", re.MULTILINE)
_DEVICES = {"con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in range(10))}


class Settings(Struct, frozen=True):
    """What a studio is started with."""

    folder: Path
    """Where papers are kept; each user of a department has a folder in it, of their name."""
    host: str = "127.0.0.1"
    """The address at which it listens."""
    port: int = 0
    """0: any free one."""
    names: tuple[str, ...] = ()
    """The names under which a department's studio is reached: what browsers send as Host."""
    users: Mapping[str, str] = {}
    """The hash of each user's token, by the user's name; nobody on one's own computer."""
    largest_upload: int = 50_000_000
    """Bytes of a request."""
    most_papers: int = 200
    """Of a user."""
    most_bytes: int = 2_000_000_000
    """Of a user's folder."""
    most_jobs: int = 5
    """Of a user that wait or run."""
    longest_job: int = 3_600
    """Seconds."""
    secret: Secret = field(default_factory=lambda: Secret(secrets.token_hex(DIGITS // 2)))
    """From which the keys of one's own computer are made; another one each time that the studio is started."""

    @property
    def local(self) -> bool:
        """Whether it is for one's own computer."""
        return not self.users

    def key(self, use: str) -> str:
        """A key of one's own computer for this use, from which no other can be made."""
        return self.secret.hashed(f"studio {use}", "")[:32]

    @property
    def printed_address(self) -> str:
        """The address that the command prints in its window: good as long as the command runs."""
        return f"{self._origin}/?token={self.key('printed')}"

    @property
    def opened_address(self) -> str:
        """The address that the command opens in a browser: good for one visit."""
        return f"{self._origin}/?token={self.key('opened')}"

    @property
    def _origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def settings_of(folder: Path, host: str = "127.0.0.1", port: int = 0) -> Settings:
    """Those of the studio of this folder: a department's where the folder has a studio.toml.

    Raises: ConfigError where the file says what cannot be, and where others could reach a studio that has no users.
    """
    if (folder / NAME).is_file():
        return read_settings(folder / NAME, host, port)
    if not is_loopback(host):
        raise ConfigError(
            f"--host {escaped(host)} lets other computers in, and {folder} says nobody who may; "
            "byhand studio --add-user NAME makes a user, or leave --host out to work on this computer alone"
        )
    return local_settings(folder, port, host)


def local_settings(folder: Path, port: int, host: str = "127.0.0.1") -> Settings:
    """Those of one's own computer."""
    return Settings(folder, host, port)


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(path: Path, host: str, port: int) -> Settings:
    """Those of a department, as its file says.

    Raises: ConfigError for a file that cannot be read, or says what cannot be.
    """
    text = _text(path)
    try:
        said = _parsed(text)
        users, names = said.get("users", {}), said.get("names", [])
        _check_users(users)
        _check_names(names)
        for name in LIMITS:
            if name in said and (type(said[name]) is not int or said[name] < 1):
                raise ConfigError(f"{name} = {shown(said[name])} is no limit; use a whole number from 1")
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    limits = {name: said[name] for name in LIMITS if name in said}
    return Settings(path.parent, host, port, tuple(names), users, **limits)


def _text(path: Path) -> str:
    """What a file says, if only its owner may read it."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ConfigError(f"{path} may be read or changed by other users of this machine; chmod 600 {path}")
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path} has over {LARGEST:,} bytes; a line for each user is enough")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}; byhand studio --add-user NAME writes it") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no text in UTF-8") from None


def _parsed(text: str) -> dict[str, Any]:
    import tomllib  # most studios have no file

    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"it is no TOML: {escaped(str(error))}") from None
    for name in said:
        if name not in ENTRIES:
            raise ConfigError(str(UnknownNameError("entry", name, ENTRIES)))
    return said


def _check_users(users: Any) -> None:
    if not isinstance(users, dict) or not users:
        raise ConfigError("it has no users; byhand studio --add-user NAME makes one")
    by_hash = dict[str, str]()
    for user, digits in users.items():
        _check_user(user)
        if not isinstance(digits, str) or not _HASH.fullmatch(digits):
            raise ConfigError(
                f"{user} has no hash of a token, which is 64 hexadecimal digits; remove the line, "
                f"and byhand studio --add-user {user} makes a new one"
            )
        if digits in by_hash:
            raise ConfigError(f"{by_hash[digits]} and {user} have the same token; give each their own")
        by_hash[digits] = user


def _check_user(user: str) -> None:
    if not _USER.fullmatch(user) or len(user) > LONGEST_USER or user in _DEVICES:
        raise ConfigError(
            f"{shown(user)} is no name of a user, who has a folder of that name; use up to {LONGEST_USER} of a-z, "
            "0-9, - and _, a letter or a digit first, and no name that Windows keeps for itself, such as con"
        )


def _check_names(names: Any) -> None:
    if not isinstance(names, list) or not names:
        raise ConfigError(
            'it does not say under which names browsers reach the studio; write names = ["byhand.uni.example"]'
        )
    for name in names:
        if not isinstance(name, str) or not _HOST.fullmatch(name):
            raise ConfigError(
                f"{shown(name)} in names is no name of a computer; write it in small letters, without https:// and "
                'without a port, such as "byhand.uni.example"'
            )


def add_user(folder: Path, user: str) -> str:
    """Make a user, write the hash of a new token into the folder's studio.toml, and return the token.

    Raises: ConfigError where there is such a user, or the file has no place for the line; OutputError where it cannot
    be written.
    """
    _check_user(user)
    token = secrets.token_urlsafe(32)
    line = f'{user} = "{token_hash(token)}"'
    with output_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / NAME
    text = _text(path) if path.exists() else _new_text()
    try:
        if user in _users_of(text):
            raise ConfigError(f"there is a user {user}; for a new token, remove that line first")
        text = _with_line(text, line)
        if user not in _users_of(text):
            raise ConfigError("its users are not lines under [users]; write them so, and a line can be added")
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    _write_private(path, text)
    return token


def _users_of(text: str) -> dict[str, Any]:
    users = _parsed(text).get("users", {})
    return users if isinstance(users, dict) else {}


def token_hash(token: str) -> str:
    """What is kept of a token. Nobody guesses one of 256 bits, so a quick hash without salt is enough."""
    return sha256(token.encode()).hexdigest()


def _with_line(text: str, line: str) -> str:
    """A file's text with a line more for its users; as it was where it has other users than under [users]."""
    if _USERS.search(text):
        return _USERS.sub(lambda head: f"{head[0]}\n{line}", text, count=1)
    return text if "users" in _parsed(text) else f"{text.rstrip()}\n\n[users]\n{line}\n"


def _new_text() -> str:
    default = Settings(Path())
    told = ("bytes of a request", "of a user", "bytes of a user's folder", "of a user that wait or run", "seconds")
    limits = "".join(
        f"# {f'{name} = {getattr(default, name)}':<30} # {what}\n" for name, what in zip(LIMITS, told, strict=True)
    )
    return (
        "# Who may use this studio, and how much of this machine. After a change, start the studio again.\n\n"
        'names = []  # the names under which browsers reach it, such as ["byhand.uni.example"]\n\n'
        f"{limits}\n[users]  # byhand studio --add-user NAME writes a line: name and hash of a token\n"
    )


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    with output_errors(path.parent), staging(path.parent) as parts:
        part = parts / path.name
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
