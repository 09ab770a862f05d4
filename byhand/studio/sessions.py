"""Who is logged in to a department's studio: kept in a file, so that nobody has to log in again after a restart."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from byhand.errors import ConfigError
from byhand.files import output_errors
from byhand.studio.settings import token_hash

NAME = ".sessions.sqlite3"
HOURS = 12
SECONDS = HOURS * 3600


class Sessions:
    """The sessions of a folder. Of a cookie, its hash is kept: who reads the file is not logged in by it.

    A session also has the hash of the token with which it began: it ends when its user has no such token any more.
    """

    def __init__(self, folder: Path) -> None:
        """Raises: ConfigError where the file is no database; OutputError where it cannot be written."""
        self._path = folder / NAME
        with output_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            with self._database() as database:
                database.execute("CREATE TABLE IF NOT EXISTS sessions (hash PRIMARY KEY, user, token, until)")
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"{self._path}: {error}; remove it, and everybody logs in again") from None

    def begin(self, user: str, token: str) -> str:
        """Log a user in who has shown a token with this hash; the cookie that says so for the next hours."""
        cookie, now = secrets.token_urlsafe(32), time.time()
        with self._database() as database:
            database.execute("DELETE FROM sessions WHERE until < ?", (now,))
            row = token_hash(cookie), user, token, now + SECONDS
            database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", row)
        return cookie

    def user(self, cookie: str, users: Mapping[str, str]) -> str | None:
        """The user whose cookie this is, of these users with their tokens' hashes; None where it is nobody's."""
        asked = "SELECT user, token FROM sessions WHERE hash = ? AND until > ?"
        with self._database() as database:
            row = database.execute(asked, (token_hash(cookie), time.time())).fetchone()
        return row[0] if row and users.get(row[0]) == row[1] else None

    def end(self, cookie: str) -> None:
        """Log out whoever has this cookie."""
        with self._database() as database:
            database.execute("DELETE FROM sessions WHERE hash = ?", (token_hash(cookie),))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Within the block, the database; what is done in the block is done as a whole."""
        with closing(sqlite3.connect(self._path)) as database, database:
            yield database
