"""The papers of a lecturer: a folder for each, with the file that `byhand generate` takes, and what belongs to it.

exam.toml       the paper
studio.json     the options of the commands
roster.csv      the class, or roster.xlsx, as it was dropped
answers/        what students handed in
made/           what was made, a folder for each time
"""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import strftime
from typing import Any

import msgspec
from msgspec import Struct, field

from byhand.classroom.roster import Student, parse_roster, read_roster
from byhand.errors import ConfigError, LimitError, RosterError
from byhand.files import write
from byhand.options import Options
from byhand.options_file import as_entries, options_of
from byhand.paper import PaperFile, as_source, said_by

FILE, SETTINGS, ROSTER = "exam.toml", "studio.json", "roster"
MADE, ANSWERS, REMOVED = "made", "answers", ".removed"
ROSTERS = (".csv", ".tsv", ".txt", ".xlsx", ".ods", ".xls")  # the endings of rosters' files
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")  # names that no file may have on Windows


class Chosen(Struct, frozen=True, forbid_unknown_fields=True):
    """What was chosen for the commands, beside what the paper's file says."""

    options: dict[str, Any] = field(default_factory=lambda: {"seed": 1})
    """As files have them (options_file.py)."""
    secret: bool = False
    """Whether a class's numbers depend on a secret, and not on the seed."""
    marked: str = ""
    """The folder of the class by which answers are marked; "" for the one that was made last."""


def _written(chosen: Chosen) -> bytes:
    return msgspec.json.format(msgspec.json.encode(chosen))


class PaperFolder(Struct, frozen=True):
    """The folder of a paper."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the folder, which is part of addresses."""
        return self.path.name

    @property
    def source(self) -> str:
        """The text of the paper's file.

        Raises: ConfigError.
        """
        try:
            return (self.path / FILE).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"{self.name} has no {FILE} that can be read") from None

    @property
    def said(self) -> PaperFile:
        """What the paper's file says.

        Raises: ConfigError.
        """
        return said_by(self.source)

    @property
    def chosen(self) -> Chosen:
        """What was chosen for the commands."""
        with suppress(OSError, msgspec.DecodeError, msgspec.ValidationError, ConfigError):
            made = msgspec.json.decode((self.path / SETTINGS).read_bytes(), type=Chosen)
            options_of(made.options, SETTINGS)
            return made
        return Chosen()

    @property
    def options(self) -> Options:
        """The options that were chosen."""
        return options_of(self.chosen.options, SETTINGS)

    @property
    def asked(self) -> str:
        """The options that were chosen, as JSON, for previews."""
        return json.dumps(as_entries(self.options), sort_keys=True)

    def write(self, said: PaperFile, options: Options, secret: bool) -> None:
        """Write what the paper's file says, and what was chosen."""
        usual = as_entries(Options())
        entries = {name: each for name, each in as_entries(options).items() if each != usual.get(name)}
        chosen = Chosen(entries, secret, self.chosen.marked)
        write(self.path, {FILE: as_source(said).encode(), SETTINGS: _written(chosen)})

    def mark_by(self, made: str) -> None:
        """Mark answers by this class. made: its folder; "" for the class that was made last."""
        write(self.path, {SETTINGS: _written(msgspec.structs.replace(self.chosen, marked=made))})

    @property
    def roster(self) -> Path | None:
        """The file of the class, if there is one."""
        return next((path for path in sorted(self.path.glob(f"{ROSTER}.*")) if path.suffix in ROSTERS), None)

    def students(self, told: list[str]) -> list[Student]:
        """The class, in the roster's order. told: gets what there is to say of it.

        Raises: RosterError.
        """
        return read_roster(self.roster, lambda line: told.append(str(line))) if self.roster else []

    def take_roster(self, file: str, content: bytes) -> None:
        """Take a roster in place of the one that is there, if it can be read. file: its name, whose ending says what
        it is.

        Raises: RosterError.
        """
        ending = Path(file).suffix.lower() or ".csv"
        if ending not in ROSTERS:
            raise RosterError(f"{file} is no roster; drop a CSV file or a spreadsheet: {', '.join(ROSTERS)}")
        try:
            parse_roster(file, content)
        except RosterError as error:
            kept = f"; the names that were there are kept: {self.roster.name}" if self.roster else ""
            raise RosterError(f"{error}{kept}") from None
        old = self.roster
        write(self.path, {f"{ROSTER}{ending}": content})
        if old and old.suffix != ending:
            old.unlink()

    def size(self) -> int:
        """The bytes of all its files."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())


class Papers(Struct, frozen=True):
    """The papers of one person."""

    folder: Path
    most: int

    def all(self) -> list[PaperFolder]:
        """The papers, the one that was changed last first."""
        if not self.folder.is_dir():
            return []
        found = [PaperFolder(path) for path in self.folder.iterdir() if (path / FILE).is_file()]
        return sorted(found, key=lambda each: -(each.path / FILE).stat().st_mtime)

    def named(self, name: str) -> PaperFolder | None:
        """The paper of this name, if there is one. A name that is no folder's in here has none."""
        path = self.folder / name
        return PaperFolder(path) if _NAME.fullmatch(name) and (path / FILE).is_file() else None

    def begin(self, title: str) -> PaperFolder:
        """A new paper, of no sheet yet.

        Raises: LimitError.
        """
        if len(self.all()) >= self.most:
            raise LimitError(f"there are {self.most} papers; remove one first")
        made = PaperFolder(self.folder / next(self._free(title)))
        made.write(PaperFile(title, []), options_of(Chosen().options, SETTINGS), secret=False)
        return made

    def _free(self, title: str) -> Iterator[str]:
        """Names that no paper has yet, after its title."""
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        name = "-".join(re.findall(r"[a-z0-9]+", plain))[:50].strip("-") or "paper"
        name = f"paper-{name}" if _RESERVED.fullmatch(name) else name
        for n in range(1, self.most + 2):
            each = f"{name}-{n}" if n > 1 else name
            if not (self.folder / each).exists():
                yield each

    def remove(self, paper: PaperFolder) -> None:
        """Put a paper aside, where it can be found again."""
        aside = self.folder / REMOVED
        aside.mkdir(exist_ok=True)
        shutil.move(paper.path, aside / f"{paper.name} {strftime('%Y-%m-%d %H.%M.%S')}")

    def size(self) -> int:
        """The bytes of all files."""
        return sum(paper.size() for paper in self.all())
