"""The fonts of a page: their files and their style sheet.

The wheel brings the files, and in a checkout its set-up builds them. Without them, or where they are damaged or of
other code or other typefaces, they are built at first use and cached.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from byhand.cache import cached_by
from byhand.files import write
from byhand.fonts.faces import FEW, FEW_GREEK, MATH, SANS, SANS_ITALIC, SOURCES, build, locate, packed

BROUGHT = Path(__file__).with_name("built")  # the folder of the files that were built before
TABLE = "built.json"  # in it: what they were built from, and the checksum of each
_FAMILY = re.compile(r"'(byhand [^']+)'")  # as a drawing names it

# of a page, but not drawn with its fonts: ends of lines, and raised letters of what is spoken
UNDRAWN = {*map(ord, "\n\tᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ⁽⁾⁼▾")}


class Face(Struct, frozen=True):
    """A font: the name of its file, and its family, weight and style in CSS."""

    name: str
    family: str
    weight: int
    style: str

    @property
    def font(self) -> bytes:
        """The font file."""
        return _file(self.name)

    @property
    def address(self) -> str:
        """Where a page that is laid out here finds the font file; nothing on the disk has such an address."""
        return f"byhand:{self.name}"

    @property
    def data_url(self) -> str:
        """A data URL that holds the compressed font, for a page without other files."""
        return self.url()

    def url(self, few: bool = False) -> str:
        """The data URL of the font, or of the one with few letters."""
        return "data:font/woff2;base64," + base64.b64encode(_file(packed(self.name, few))).decode("ascii")


FACES = tuple(Face(name, family, weight, style) for name, (family, weight, style, _) in SOURCES.items())


def font_face_css(url: Callable[[Face], str], faces: Iterable[Face] | None = None) -> str:
    """The @font-face rules of all faces, or of some. url: gives the address of a face."""
    return "\n".join(
        f'@font-face {{ font-family: "{face.family}"; font-weight: {face.weight}; font-style: {face.style}; '
        f'src: url("{url(face)}") }}'
        for face in (FACES if faces is None else faces)
    )


def alone(svg: str) -> bytes:
    """A drawing as a file by itself, with the fonts that it uses."""
    families, bold = {*_FAMILY.findall(svg)}, 'font-weight="600"' in svg

    def is_used(face: Face) -> bool:
        upright = face.family != "byhand Sans" or face.style == "normal"
        return face.family in families and upright and (face.weight == 400 or bold)

    fonts = font_face_css(lambda face: face.data_url, filter(is_used, FACES))
    begin = svg.index(">") + 1
    return f"{svg[:begin]}<style>{fonts}</style>{svg[begin:]}".encode()


def fonts_of(page: str) -> str:
    """The @font-face rules of a page for the screen: its faces, with few letters where it has no others."""
    text = page.partition("<script")[0]
    few = {*map(ord, {*text})} <= FEW | FEW_GREEK | UNDRAWN
    used = {"sans-400-italic.ttf": "<em>" in text, "sans-600-italic.ttf": 'body class="worksheet' not in text}
    return _fonts_of(few, tuple(face for face in FACES if used.get(face.name, True)))


@lru_cache(8)
def _fonts_of(few: bool, faces: tuple[Face, ...]) -> str:
    return font_face_css(lambda face: face.url(few), faces)


@cache
def key() -> str:
    """A key for the fonts: the checksums of those that were built before, or all that building them depends on."""
    before = _built_before()
    return json.dumps(before) if before else _building()


def bring(folder: Path = BROUGHT) -> None:
    """Build the fonts into a folder, from which they are taken if it is the one of this package.

    Raises: OutputError where the folder cannot be written to.
    """
    files = build()
    table = {"sources": _sources(), "files": {name: sha256(file).hexdigest() for name, file in files.items()}}
    write(folder, {**files, TABLE: json.dumps(table, indent=1).encode()})


@cache
def _file(name: str) -> bytes:
    """A file of the fonts: as it was built before, if its checksum is right, or as it is built here and cached."""
    file = BROUGHT / name
    if name in _built_before() and file.is_file():
        content = file.read_bytes()
        if sha256(content).hexdigest() == _built_before()[name]:
            return content
    return _built()[name]


@cache
def _built_before() -> Mapping[str, str]:
    """The checksums of the files that were built before from these sources; empty where there are none."""
    if not (BROUGHT / TABLE).is_file():
        return {}
    try:
        table = json.loads((BROUGHT / TABLE).read_bytes())
    except ValueError:  # damaged
        return {}
    files: Mapping[str, str] = table.get("files", {}) if table.get("sources") == _sources() else {}
    return files


@cache
def _sources() -> str:
    """A hash of what the fonts are made of: the code that builds them, and the checksums in the typefaces' files."""
    here = Path(__file__)
    digest = sha256(b"".join(here.with_name(name).read_bytes() for name in ("faces.py", "glyphs.py")))
    for source in (SANS, SANS_ITALIC, MATH):
        digest.update(_head(source))
    return digest.hexdigest()


def _building() -> str:
    """A key for all that building the fonts depends on: their sources, and fontTools' version."""
    return sha256(_sources().encode() + _head(("fontTools", "__init__.py"))).hexdigest()


def _head(file: tuple[str, str]) -> bytes:
    """The beginning of a package's file, in which a font has the checksums of its tables."""
    with locate(file).open("rb") as opened:
        return opened.read(512)


@cache
@cached_by("fonts", _building, files=True)
def _built() -> dict[str, bytes]:
    """The files of the fonts as they are built here, or from the cache, which knows damaged files."""
    return build()
