"""The logo of a school, from a file: a picture that is small, whole, and loads and runs nothing."""

from __future__ import annotations

import base64
import io
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

from byhand.errors import ConfigError

LARGEST = 50_000  # bytes
MOST_PIXELS = 4_000_000
MOST_ELEMENTS = 2_000  # of an SVG
KINDS = {"PNG": "png", "JPEG": "jpeg"}  # as Pillow and as data URLs call them
LOGO = re.compile(r"(png|jpeg|svg),([\w-]+)")  # its kind, and its bytes in base64 (RFC 4648, URL-safe, without =)
_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}
_SVG = "{http://www.w3.org/2000/svg}"
_DRAWN = {  # the elements that an SVG may have
    "svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline",
    "polygon", "clipPath", "linearGradient", "radialGradient", "stop", "style",
}  # fmt: skip
_OUTSIDE = re.compile(r"url\((?!\s*['\"]?#)|@import|@font-face|javascript:|expression\(|\\", re.IGNORECASE)


def logo_in(path: Path) -> str:
    """The logo in a file, as LOGO.

    Raises: ConfigError where there is none, or one that cannot be used.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"logo {path}: {error.strerror or error}") from None
    try:
        return f"{checked(content)},{base64.urlsafe_b64encode(content).decode().rstrip('=')}"
    except ConfigError as error:
        raise ConfigError(f"logo {path.name} {error}") from None


def checked(content: bytes) -> str:
    """The kind of a logo that can be used.

    Raises: ConfigError where it cannot.
    """
    if len(content) > LARGEST:
        raise ConfigError(f"has over {LARGEST // 1000} kB; save it smaller, 600 pixels wide or so")
    if b"<svg" in content[:2_000] or content.lstrip()[:1] == b"<":
        _check_svg(content)
        return "svg"
    from PIL import Image, ImageFile, UnidentifiedImageError

    takes_parts = ImageFile.LOAD_TRUNCATED_IMAGES  # which WeasyPrint sets
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=tuple(KINDS)) as image:
            warnings.simplefilter("ignore")
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise ConfigError(f"has {width} × {height} pixels; save it smaller, 600 pixels wide or so")
            image.load()
            return KINDS[str(image.format)]
    except UnidentifiedImageError:
        raise ConfigError("is no PNG, no JPEG and no SVG, which a logo is") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ConfigError(f"cannot be read: {str(error) or type(error).__name__}; save it anew") from None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = takes_parts


def _check_svg(content: bytes) -> None:
    """Check that an SVG only draws: nothing runs in it, and nothing is loaded.

    Raises: ConfigError.
    """
    if b"<!ENTITY" in content.upper():
        raise ConfigError("has entities, which a logo may not have; save it as a plain SVG")
    try:
        root = ElementTree.fromstring(content.decode("utf-8-sig"))
    except (ElementTree.ParseError, ValueError) as error:
        raise ConfigError(f"is no SVG that can be read: {error}; save it as a plain SVG") from None
    if root.tag != f"{_SVG}svg":
        raise ConfigError("is no SVG: its first element is another")
    if not root.get("viewBox") and not (root.get("width") and root.get("height")):
        raise ConfigError("says no size; save it with a viewBox")
    elements = [*root.iter()]
    if len(elements) > MOST_ELEMENTS:
        raise ConfigError(f"has over {MOST_ELEMENTS:,} elements; save it simpler, or as a PNG")
    for element in elements:
        if not isinstance(element.tag, str) or not element.tag.startswith(_SVG):
            continue  # of another program, which nobody draws
        name = element.tag.removeprefix(_SVG)
        if name == "metadata":
            continue
        if name in ("text", "use"):
            raise ConfigError(f"holds <{name}>, which not every machine draws alike; save it with paths only")
        if name not in _DRAWN:
            raise ConfigError(f"holds <{name}>, which a logo may not have: it could run or load something")
        for attribute, value in element.items():
            called = attribute.rpartition("}")[2].lower()
            loads = called in ("href", "src") and not value.strip().startswith("#")
            if loads or called.startswith("on") or _OUTSIDE.search(value):
                raise ConfigError(f"has {called}={value[:40]!r}, which loads or runs something; save it without")
        if _OUTSIDE.search(element.text or ""):
            raise ConfigError("has a style that loads something; save it without")


def logo_url(logo: str) -> str:
    """A logo, as LOGO, as a data URL.

    Raises: ConfigError where it cannot be used.
    """
    content = logo_bytes(logo)
    try:
        kind = checked(content)
    except ConfigError as error:
        raise ConfigError(f"its logo {error}") from None
    return f"data:{_TYPES[kind]};base64,{base64.b64encode(content).decode()}"


def from_url(url: str) -> bytes | None:
    """The bytes of a logo from its data URL; None for another URL.

    Raises: ConfigError where it cannot be used.
    """
    head, _, text = url.partition(";base64,")
    if head.removeprefix("data:") not in _TYPES.values():
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        raise ConfigError("is no base64") from None
    checked(content)
    return content


def logo_bytes(logo: str) -> bytes:
    """The bytes of a logo, as LOGO."""
    kind, _, text = logo.partition(",")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if kind in _TYPES else b""
