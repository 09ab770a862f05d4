"""What a page looks like, as a file of somebody's own says it: look.toml, or one of those in templates/looks.

A look becomes one line of words, `tint:%23fbf5e6;letter:0.15`, which goes with the options, stands among what a page
says of itself, and is read again, with the same checks, when the page is verified. A page has it as CSS variables,
which its style sheets and the press read. An entry that is left out is as always.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from msgspec import Struct

from byhand.errors import ConfigError, UnknownNameError
from byhand.notation.number import shown
from byhand.notation.words import escaped, unprintable
from byhand.worksheet.folders import folders
from byhand.worksheet.logo import LOGO, logo_in, logo_url

LARGEST = 20_000  # bytes of a file
LEAST_CONTRAST = 4.5  # of words, WCAG 2.2, success criterion 1.4.3
USUAL = {"ink": "#111111", "tint": "#ffffff", "shade": "#e2e2e2", "pen": "#1c3f94", "lit": "#fff3c4"}
# of two colours, words in the first are read on the second
READ_ON = (("ink", "tint"), ("pen", "tint"), ("ink", "shade"), ("ink", "lit"))
_BLACK, _WHITE, _AREA, _EDGE = "#000000", "#ffffff", "#c9d1e8", "#7a5c00"  # an area in pen; the edge of what is lit
_COLOUR = re.compile("#(?:[0-9a-fA-F]{3}){1,2}")


class Look(Struct, frozen=True):
    """A look: entries as texts, "" where they are as always."""

    face: str = ""
    size: str = ""
    letter: str = ""
    word: str = ""
    line: str = ""
    tint: str = ""
    ink: str = ""
    shade: str = ""
    pen: str = ""
    lit: str = ""
    logo: str = ""
    name: str = ""

    @property
    def words(self) -> str:
        """The look as one line."""
        return ";".join(f"{key}:{quote(text, safe='')}" for key, text in self._entries.items())

    @property
    def variables(self) -> Mapping[str, str]:
        """The CSS variables that it sets, with their values."""
        return {KEYS[key].variable: KEYS[key].css(text) for key, text in self._entries.items() if KEYS[key].variable}

    @property
    def sets_words(self) -> bool:
        """Whether words are set otherwise than usual: then a page has one column, and is laid out by itself."""
        return any((self.face, self.size, self.letter, self.word, self.line))

    @property
    def logo_url(self) -> str:
        """The logo as a data URL; "" for none."""
        return self.logo and logo_url(self.logo)

    @property
    def _entries(self) -> Mapping[str, str]:
        return {key: text for key in self.__struct_fields__ if (text := getattr(self, key))}

    def tone(self, colour: str) -> str:
        """What stands in the place of a colour of the usual page, such as #555555.

        Greys lie between ink and paper as they did; one in which words are read stays dark enough for that.
        """
        ink, tint, pen = (getattr(self, name) or USUAL[name] for name in ("ink", "tint", "pen"))
        if colour == _AREA:
            return _mixed(pen, tint, 0.76) if self.pen or self.tint else colour
        if colour == _EDGE:
            return ink if self.lit else colour
        if role := next((role for role, usual in USUAL.items() if usual == colour), ""):
            return getattr(self, role) or colour
        red, green, blue = _parts(colour)
        if max(red, green, blue) - min(red, green, blue) > 1 or not (self.ink or self.tint):
            return colour
        black = _parts(USUAL["ink"])[0]
        share = max(red - black, 0) / (255 - black)
        toned = _mixed(ink, tint, share)
        while contrast(colour, _WHITE) >= LEAST_CONTRAST > contrast(toned, tint) and share > 0:
            share = max(share - 0.02, 0.0)
            toned = _mixed(ink, tint, share)
        return toned


class Key(Struct, frozen=True):
    """An entry of a look."""

    read: Callable[[Any], str | None]
    """What an entry becomes as a text; None for what it cannot be."""
    told: str
    """What it can be."""
    variable: str = ""
    """The CSS variable that it sets."""
    unit: str = ""
    """The unit of its value in CSS."""

    def css(self, text: str) -> str:
        """The value of the variable."""
        return f'"{text}"' if self.variable == "--look-face" else text + self.unit


def _number(least: float, most: float) -> Callable[[Any], str | None]:
    def read(value: Any) -> str | None:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            return None
        fits = not isinstance(value, bool) and isfinite(number) and least <= number <= most
        return f"{number:.4g}" if fits else None

    return read


def _colour(value: Any) -> str | None:
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        return None
    digits = value[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def _face(value: Any) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"[^\W_][\w .'-]{0,59}", value) else None


def _name(value: Any) -> str | None:
    fits = isinstance(value, str) and 0 < len(value.strip()) <= 80 and not unprintable(value)
    return value.strip() if fits else None


COLOUR = 'a colour such as "#fbf5e6"'
KEYS: Mapping[str, Key] = {
    "face": Key(_face, 'the name of an installed font, such as "OpenDyslexic"', "--look-face"),
    "size": Key(_number(9.5, 16), "a number of points from 9.5 to 16", "--look-size", "pt"),
    "letter": Key(_number(0, 0.3), "a number of ems from 0 to 0.3", "--look-letter", "em"),
    "word": Key(_number(0, 1), "a number of ems from 0 to 1", "--look-word", "em"),
    "line": Key(_number(1.2, 2.5), "a number from 1.2 to 2.5", "--look-line"),
    **{colour: Key(_colour, COLOUR, f"--look-{colour}") for colour in ("tint", "ink", "shade", "pen", "lit")},
    "logo": Key(lambda value: value if isinstance(value, str) and LOGO.fullmatch(value) else None, "a logo"),
    "name": Key(_name, "a text of up to 80 characters"),
}


def words_of(asked: str) -> str:
    """The look that is asked for, the name of a ready-made one or a file, as one line.

    Raises: UnknownNameError for another name; ConfigError for a file that cannot be read, or says what cannot be.
    """
    known = ready_made()
    if not asked or asked in known:
        return _of_file(known[asked]).words if asked else ""
    if not Path(asked).suffix and not Path(asked).exists():
        raise UnknownNameError("look", asked, [*known, "look.toml"])
    return _of_file(Path(asked)).words


def ready_made() -> Mapping[str, Path]:
    """The files of the ready-made looks, by their names."""
    return {path.stem: path for folder in reversed(folders()) for path in sorted(folder.glob("looks/*.toml"))}


def _of_file(path: Path) -> Look:
    import tomllib  # most pages look as always

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ConfigError(f"{path} has over {LARGEST:,} bytes; a look is a few lines")
        entries = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no TOML file: {escaped(str(error))}") from None
    before = Look()
    if like := entries.pop("like", ""):
        if like not in ready_made():
            raise ConfigError(f"{path}: like = {shown(like)}; use {' or '.join(map(repr, ready_made()))}")
        before = _of_file(ready_made()[like])
    try:
        if isinstance(entries.get("logo"), str):
            entries["logo"] = logo_in(path.parent / entries["logo"])
        return _checked({**before._entries, **entries})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _checked(entries: Mapping[str, Any]) -> Look:
    """A look of these entries.

    Raises: ConfigError for what is no entry, for a value that an entry cannot have, and for words that are too pale.
    """
    texts = {}
    for key, value in entries.items():
        if key not in KEYS:
            raise ConfigError(str(UnknownNameError("entry", key, [*KEYS, "like"])))
        text = KEYS[key].read(value)
        if text is None:
            raise ConfigError(f"{key} = {shown(value)} is no value for it; use {KEYS[key].told}")
        texts[key] = text
    look = Look(**texts)
    chosen = {role: getattr(look, role) or usual for role, usual in USUAL.items()}
    for words, ground in READ_ON:
        has = contrast(chosen[words], chosen[ground])
        if has < LEAST_CONTRAST and (words in texts or ground in texts):
            raise ConfigError(
                f"{words} {chosen[words]} on {ground} {chosen[ground]} has a contrast of {has:.1f}:1; "
                f"words need {LEAST_CONTRAST}:1 or more, so choose a darker {words} or a lighter {ground}"
            )
    if _light(chosen["tint"]) < _light(chosen["ink"]):
        raise ConfigError(
            f"tint {chosen['tint']} is darker than ink {chosen['ink']}; a page is written on with a pen"
        )
    return look


@lru_cache(64)
def look_of(words: str) -> Look:
    """The look that one line says.

    Raises: ConfigError where it cannot be.
    """
    entries = dict(each.split(":", 1) for each in words.split(";") if ":" in each)
    return _checked({key: unquote(text) for key, text in entries.items()})


def contrast(one: str, other: str) -> float:
    """How far two colours stand out from each other: 1 to 21, as WCAG has it."""
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


def _light(colour: str) -> float:
    """The relative luminance of a colour, as WCAG has it."""
    parts = (part / 255 for part in _parts(colour))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _mixed(one: str, other: str, share: float) -> str:
    """A colour between two. share: of the other."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
