"""The secret of a class: a key in a file of the teacher's, without which nobody can make its numbers again."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path

from msgspec import Struct

from byhand.errors import ConfigError, OutputError

DIGITS = 64  # hexadecimal ones, 256 bits
LARGEST_FILE = 1000  # bytes


class Secret(Struct, frozen=True):
    """A key for hashes."""

    digits: str

    def hashed(self, use: str, text: str) -> str:
        """The hash of a text (HMAC-SHA-256), in hexadecimal digits; it is another one for each use."""
        return hmac.digest(bytes.fromhex(self.digits), f"{use}\0{text}".encode(), "sha256").hex()

    def __repr__(self) -> str:
        """What tells this secret from others, and does not tell it."""
        return f"Secret({self.hashed('name', '')[:16]})"


def read_secret(path: Path | str) -> Secret:
    """The secret that a file holds.

    Raises: ConfigError where it holds none.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(LARGEST_FILE).decode("ascii", "replace").strip()
    except OSError as error:
        raise ConfigError(f"the secret {path} cannot be read: {error.strerror or error}") from None
    if not re.fullmatch(f"[0-9a-f]{{{DIGITS}}}", text):
        raise ConfigError(
            f"{path} holds no secret, which is {DIGITS} hexadecimal digits; name a file that is not there yet, "
            "and `byhand class` makes one"
        )
    return Secret(text)


def made_secret(path: Path | str) -> Secret | None:
    """Make a secret and write it into a new file that its owner only can read; None where the file is there already.

    Raises: OutputError where it cannot be written.
    """
    made = Secret(secrets.token_hex(DIGITS // 2))
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(f"{made.digits}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return None
    except OSError as error:
        raise OutputError(f"cannot write the secret {path}: {error.strerror or error}; name another file") from None
    return made
