"""Sheets as files, and their front matter: in the user's folder and in the shipped one, in English or translated."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from byhand.cache import cached_by
from byhand.errors import SheetError, UnknownNameError
from byhand.notation.words import unprintable
from byhand.worksheet.folders import ENGLISH, folders, shipped
from byhand.worksheet.program import code_key

LARGEST_SHEET = 200_000  # characters
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")  # a language tag, as in HTML and PDF
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
HOMES = ("worksheets", "thread")  # folders of sheets: those that stand by themselves, and those of the thread
OF_THREAD = "thread-"  # begins the name of a sheet of the thread
EXTRA_PAGES = ("family-poster", "cut-outs")  # beside the sheets, and without a file of their own
# of which a translation may have some entries only
TABLES = ("lecturer", "origin", "delta", "poster", "cut_out", "symbols", "allows")
_KEYS = {
    "title": str, "model": str, "goal": str, "riddle": str, "numbers": str, "prerequisites": list, "objectives": list,
    "letters": dict, "config": dict, "tokens": list, "source": list, "vocabulary": list, "inputs": dict,
    "weights": dict, "pick_words": bool, "answer": list, "in_place": list, "promises": list,
    "allows": dict, "points": dict, "names": dict, "places": int, "sittings": list,
    "fractions": list, "easy_rows": int, "group": str, "after": str, "meets": list, "lecturer": dict, "symbols": dict,
    "origin": dict, "delta": dict, "cost": dict, "poster": dict,
    "cut_out": dict,
}  # fmt: skip


def languages() -> set[str]:
    """The languages in which there are sheets or messages."""
    known = {ENGLISH}
    for folder in folders():
        known |= {path.stem for path in (folder / "messages").glob("*.toml")}
        known |= {path.parent.name for home in HOMES for path in (folder / home).glob("*/*.md")}
    return set(filter(_LANGUAGE.fullmatch, known))


def known_language(language: str) -> str:
    """The language, if there are sheets or messages in it.

    Raises: UnknownNameError where there are none.
    """
    if language not in languages():
        raise UnknownNameError("language", language, languages())
    return language


def sheet_files(language: str = ENGLISH) -> dict[str, Path]:
    """The file of each sheet that stands by itself: in the language if there is one, else in English; a user's before
    a shipped one.
    """
    return _files("worksheets", language)


def thread_files(language: str = ENGLISH) -> dict[str, Path]:
    """The file of each sheet of the thread, likewise, by names such as thread-scores."""
    return {f"{OF_THREAD}{stem}": path for stem, path in _files("thread", language).items()}


def all_files(language: str = ENGLISH) -> dict[str, Path]:
    """The files of all sheets."""
    return sheet_files(language) | thread_files(language)


def _files(home: str, language: str) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for inside in dict.fromkeys(("", "" if language == ENGLISH else language)):
        for place in (folder / home / inside for folder in reversed(folders())):
            with suppress(OSError):  # there is no such folder, or none that may be read
                files |= _sheets_among(place, tuple(os.listdir(place)))
    return files


@lru_cache(maxsize=16)  # each sheet that is loaded asks where all of them are
def _sheets_among(folder: Path, names: tuple[str, ...]) -> dict[str, Path]:
    """The sheets among the files of a folder."""
    return {name.removesuffix(".md"): folder / name for name in sorted(names) if name.endswith(".md")}


def languages_of(name: str) -> list[str]:
    """The languages in which there is a sheet: English first."""
    home, stem = ("thread", name.removeprefix(OF_THREAD)) if name in thread_files() else ("worksheets", name)
    files = [path for folder in folders() for path in (folder / home).glob("*/*.md") if path.stem == stem]
    return [ENGLISH, *sorted({path.parent.name for path in files if _LANGUAGE.fullmatch(path.parent.name)})]


@cached_by("shipped", lambda name, language: code_key("sheet", name, language))
def read(name: str, language: str) -> tuple[dict[Any, Any], str]:
    """The front matter of a sheet in a language and its body.

    Raises: as `load_sheet`.
    """
    files, originals = all_files(known_language(language)), all_files()
    if name in EXTRA_PAGES and name not in files:
        raise SheetError(f"{name} is a page beside the sheets, without numbers; byhand generate {name} prints it")
    if name not in files:
        raise UnknownNameError("sheet", name, {*sheet_files(language), *EXTRA_PAGES})
    other = next((each for each in files if each != name and each.casefold() == name.casefold()), "")
    if other and not files[name].is_relative_to(shipped()):
        raise SheetError(
            f"{file_of(files[name])}: there is a sheet {other}, whose files would have the same names on Windows and "
            "macOS; rename one"
        )
    translated = name in originals and files[name] != originals[name]
    return parsed(file_of(files[name]), text_of(files[name]), text_of(originals[name]) if translated else "")


def file_of(path: Path) -> str:
    """A sheet's file as messages name it: softmax.md, and of a translation de/softmax.md; thread/scores.md."""
    home = _home(path)
    return path.relative_to(home if home.name == "worksheets" else home.parent).as_posix()


def _home(path: Path) -> Path:
    """The folder of sheets that a sheet's file stands in."""
    return next(above for above in path.parents if above.name in HOMES)


def text_of(path: Path) -> str:
    """The text of a sheet's file.

    Raises: SheetError where the file cannot be read, is too large or links out of its folder.
    """
    if not path.resolve().is_relative_to(_home(path).resolve()):
        raise SheetError(f"{file_of(path)} is a link that leads out of its folder")
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(LARGEST_SHEET + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise SheetError(f"{file_of(path)}: cannot be read: {error}") from None
    if len(text) > LARGEST_SHEET:
        raise SheetError(f"{file_of(path)} has over {LARGEST_SHEET:,} characters; a sheet has ten thousand")
    return text


@lru_cache(maxsize=128)  # each page names other sheets by their titles
def parsed(file: str, text: str, original: str = "") -> tuple[dict[Any, Any], str]:
    """The front matter of a sheet, each entry of its kind, and its body. original: as for `parse_sheet`.

    Raises: SheetError.
    """
    if original:
        (front, body), (english, _) = parsed(file, text), parsed(file.rpartition("/")[2], original)
        merged = {key: english[key] | front[key] for key in TABLES if key in english.keys() & front.keys()}
        return english | front | merged, body
    text = text.replace("\r\n", "\n")
    if bad := unprintable(text, lines=True):
        raise SheetError(f"{file} holds {bad}, which cannot be printed")
    match = _FRONT.match(text)
    if match is None:
        raise SheetError(f"{file} has no front matter; begin with --- and end it with ---")
    front = _yaml(file, match[1])
    for key, value in front.items():
        if key not in _KEYS:
            raise SheetError(f"{file}: {UnknownNameError('front matter entry', str(key), _KEYS)}")
        if isinstance(value, str) and (bad := unprintable(value, lines=True)):
            raise SheetError(f"{file}: {key} holds {bad}, which cannot be printed")
        if not isinstance(value, _KEYS[key]):
            raise SheetError(f"{file}: {key} is a {_KEYS[key].__name__}; found {type(value).__name__}")
    # empty lines replace the front matter, so that line numbers in messages are those of the file
    return front, "\n" * match[0].count("\n") + text[match.end() :]


def _yaml(file: str, text: str) -> dict[Any, Any]:
    import yaml

    try:
        if "*" in text and any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, Loader=_loader())):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        front = yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 2}" if mark else ""
        raise SheetError(f"{file}{where}: {getattr(error, 'problem', None) or error}") from None
    except (RecursionError, ValueError) as error:
        raise SheetError(f"{file}: the front matter cannot be read: {error}") from None
    if not isinstance(front, dict):
        raise SheetError(f"{file}: the front matter is a table of names; found {type(front).__name__}")
    return front


@cache
def _loader() -> Any:
    """A safe YAML loader in which only `true` and `false` are booleans (not `on`), and dates are text."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """A subclass, so that its resolvers can be changed."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|false)$"), list("tf"))
    return Loader
