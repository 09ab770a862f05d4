"""The texts that the program itself puts on a page, by language: templates/messages/LANG.toml.

A text that a language lacks is in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from byhand.cache import cached_by
from byhand.errors import SheetError, UnknownNameError, ValuesError
from byhand.loading import load_lessons
from byhand.mistakes import MISTAKES, mistake_named
from byhand.model.files import check_dots
from byhand.model.names import SYMBOLS
from byhand.notation.words import unprintable
from byhand.tape import OPS, Op
from byhand.worksheet.folders import ENGLISH, folders, shipped
from byhand.worksheet.front import known_language, read, sheet_files
from byhand.worksheet.program import code_key

READ_BACK = "foot.line"  # the text that `verify` reads on a page: the sheet, the seed and the hash
LARGEST_MESSAGES = 200_000  # characters
_PLACE = re.compile(r"(?<!\\text)\{([A-Za-z]\w*)\}")
_WORD = re.compile(r"\\text\{(\w+)\}")


class Messages(Struct, frozen=True):
    """The texts of one language."""

    language: str
    texts: Mapping[str, str]
    """The texts by name: "conventions.rows" is "Rows are tokens, columns dimensions."."""

    def say(self, name: str, write: Callable[[Any], str] = str, /, **places: Any) -> str:
        """A text with its placeholders filled in. If it has a singular and a plural, the one for the number n.

        write: a function of the text, and of each value that is filled in, such as one that escapes HTML.
        """
        text = self.texts.get(name)
        if text is None:
            text = self.texts[f"{name}.{'one' if places['n'] == 1 else 'other'}"]
        return _filled(write(text), places, write)

    def counted(self, n: int) -> str:
        """A number as a word, as far as it is one."""
        return self.texts.get(f"counts.{n}", f"{n:,}")

    def listed(self, texts: Sequence[str]) -> str:
        """Texts in a sentence: "3, 4 and 5"."""
        *before, last = texts
        return self.say("words.and", one=", ".join(before), other=last) if before else last

    def lines(self, transposed: bool) -> dict[str, str]:
        """The page's words for "rows" and "columns", and for how matrices stand together, exchanged where tokens are
        columns (transposed).
        """
        pairs = [("row", "column"), ("rows", "columns"), ("Rows", "Columns"), ("side_by_side", "stacked")]
        called = {word: other if transposed else word for pair in pairs for word, other in (pair, pair[::-1])}
        return {word: self.texts[f"words.{name}"] for word, name in called.items()}

    def turned(self, text: str, transposed: bool = False) -> str:
        """A text with {row}, {rows} and the like filled in."""
        return _filled(text, self.lines(transposed))

    def mistake(self, name: str, part: Literal["told", "mend"], transposed: bool = False) -> str:
        """What a classic mistake is ("told"), or how to mend it ("mend"), for a student."""
        return self.turned(
            self.texts.get(f"mistakes.{name}.{part}") or getattr(mistake_named(name), part), transposed
        )

    def slip(self, kind: str, part: Literal["name", "told", "mend"], transposed: bool) -> str:
        """What a kind of slip is called in a list, what may have happened ("told"), or how to mend it ("mend")."""
        return self.say(f"slips.{kind}.{part}", **self.lines(transposed))

    def why(self, kind: str, foil: str, part: Literal["told", "mend"], transposed: bool) -> str:
        """The same of a classic mistake, where it is one, or of a kind of slip."""
        return self.mistake(foil, part, transposed) if foil else self.slip(kind, part, transposed)

    def rule(self, op: Op, transposed: bool = False) -> str:
        """What is done in a cell of an operation."""
        return self.turned(self.texts.get(f"rules.{op.name}", op.said), transposed)

    def formula(self, latex: str) -> str:
        r"""A symbol with its words in this language: in place of `\text{loss}`, the text symbols.loss."""
        return _WORD.sub(lambda m: rf"\text{{{self.texts.get(f'symbols.{m[1]}', m[1])}}}", latex)


def _filled(text: str, places: Mapping[str, Any], write: Callable[[Any], str] = str) -> str:
    """A text with its placeholders filled in."""
    return _PLACE.sub(lambda m: write(places[m[1]]) if m[1] in places else m[0], text)


def messages(language: str = ENGLISH) -> Messages:
    """The texts of a language.

    Raises: UnknownNameError; SheetError where its file does not parse, or has a text that English does not have.
    """
    return _messages(language if language == ENGLISH else known_language(language), folders())


@cache
@cached_by("shipped", lambda language, where: code_key("messages", language))
def _messages(language: str, where: tuple[Path, ...]) -> Messages:
    english = _read(ENGLISH, shipped())
    texts = dict(english)
    others = [
        (name, _read(name, folder)) for name in dict.fromkeys((ENGLISH, language)) for folder in reversed(where)
    ]
    if any(name not in english for _, file in others for name in file):
        english |= dict(said_elsewhere())
    for name, file in others:
        texts |= _checked(name, file, english)
    return Messages(language, texts)


def said_elsewhere() -> Iterator[tuple[str, str]]:
    """The English texts that stand where the things themselves do, by name."""
    load_lessons()
    for mistake in MISTAKES.values():
        yield from ((f"mistakes.{mistake.name}.{part}", getattr(mistake, part)) for part in ("told", "mend"))
    yield from ((f"rules.{op.name}", op.said) for op in OPS.values())
    fronts = {name: read(name, ENGLISH)[0] for name in sheet_files()}
    yield from ((f"titles.{name}", str(front.get("title", name))) for name, front in fronts.items())
    of_sheets = (front.get("symbols", {}).values() for front in fronts.values())
    yield from ((f"symbols.{word}", word) for word in _WORD.findall(" ".join(chain(SYMBOLS.values(), *of_sheets))))


def _checked(language: str, texts: dict[str, str], english: Mapping[str, str]) -> dict[str, str]:
    """The texts of a file, unchanged.

    Raises: SheetError where English does not have a text, or not with these placeholders.
    """
    for name, text in texts.items():
        if name not in english:
            raise SheetError(f"messages/{language}.toml: {UnknownNameError('text', name, english)}")
        if others := set(_PLACE.findall(text)) - set(_PLACE.findall(english[name])):
            raise SheetError(f"messages/{language}.toml: {name} has no place {{{min(others)}}}")
        if name == READ_BACK and sorted(_PLACE.findall(text)) != sorted(_PLACE.findall(english[name])):
            raise SheetError(f"messages/{language}.toml: {name} is read back; write each of its places once")
    return texts


def _read(language: str, folder: Path) -> dict[str, str]:
    """The texts of a language in a folder; none where it has no file."""
    path = folder / "messages" / f"{language}.toml"
    return _parsed(path, folder) if path.exists() else {}


def _parsed(path: Path, folder: Path) -> dict[str, str]:
    """The texts of a file.

    Raises: SheetError where it does not parse, or is a link that leads out of its folder.
    """
    import tomllib  # the shipped texts are mostly in the cache

    name = f"messages/{path.name}"
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SheetError(f"{name} is a link that leads out of its folder")
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(LARGEST_MESSAGES + 1)
        if len(text) > LARGEST_MESSAGES:
            raise SheetError(f"{name} has over {LARGEST_MESSAGES:,} characters; English has ten thousand")
        check_dots(text)
        return dict(_flat(name, tomllib.loads(text)))
    except ValuesError as error:
        raise SheetError(f"{name}: {error}") from None
    except (OSError, ValueError, RecursionError) as error:  # TOML's and Unicode's errors are ValueErrors
        raise SheetError(f"{name}: {error}") from None


def _flat(file: str, table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The texts of nested tables by full name."""
    for key, entry in table.items():
        name = f"{above}{key}"
        if isinstance(entry, Mapping):
            yield from _flat(file, entry, f"{name}.")
        elif not isinstance(entry, str):
            raise SheetError(f"{file}: {name} is a text in quotes; found {entry!r}")
        elif bad := unprintable(entry, lines=True):
            raise SheetError(f"{file}: {name} holds {bad}, which cannot be printed")
        else:
            yield name, entry
