"""What is looked at once a site is there: whether each link leads somewhere, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_ELSEWHERE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])(?:https?:)?//""")  # of a style sheet
LOADS = {
    "script",
    "link",
    "img",
    "source",
    "iframe",
    "video",
    "audio",
    "object",
    "embed",
}  # a browser does so by itself


class _Page(HTMLParser):
    """The links of a page, and the places in it to which others can lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.places: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.places.add(value)
            if name in ("href", "src", "data") and value:
                self.links.append((tag, value))
            if name == "srcset" and value:
                self.links += [(tag, each.split()[0]) for each in value.split(",")]


@cache
def _page(path: Path) -> _Page:
    return _Page(path.read_text(encoding="utf-8"))


def faults(site: Path) -> list[str]:
    """What is wrong with the links of a site, a line for each."""
    _page.cache_clear()
    found = []
    for path in sorted(site.rglob("*.html")):
        for tag, link in _page(path).links:
            if fault := _fault(path, tag, link):
                found.append(f"{path.relative_to(site)}: {link} {fault}")
    for path in sorted(site.rglob("*.css")):
        if _ELSEWHERE.search(path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site)}: loads something from elsewhere")
    return found


def _fault(path: Path, tag: str, link: str) -> str:
    """What is wrong with a link of a page; "" for nothing."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return "is loaded from elsewhere" if tag in LOADS and parts.scheme != "data" else ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return "leads nowhere"
    if target.suffix == ".html" and unquote(parts.fragment) not in _page(target).places:
        return "leads to a place that the page does not have"
    return ""


def megabytes(folder: Path) -> float:
    """The size of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
