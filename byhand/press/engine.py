"""WeasyPrint lays a page out and writes it: with our fonts only, within a limit of time."""

from __future__ import annotations

import atexit
import gc
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout, suppress
from functools import cache, lru_cache
from shutil import which
from typing import Any

from byhand import fonts
from byhand.deadline import deadline
from byhand.errors import ConfigError, ExtraError, LimitError, OutputError, SheetError
from byhand.notation.number import shown
from byhand.press.inner import fonts_like, libraries_by_file, remove_files, without_font_tools
from byhand.worksheet.logo import from_url

# tagged, for readers that speak, as PDF/UA-1 asks for it; with what the page was asked for
OPTIONS = {"pdf_variant": "pdf/ua-1", "custom_metadata": True}
TAGGED = {"pdf_tags": True, "custom_metadata": True}  # without the claim of PDF/UA-1
LONGEST_WORD = 200  # letters; a word of the course has 27
_STYLE = re.compile("<style>(.*?)</style>", re.DOTALL)
_AT_RULES = re.compile("@(?!page|footnote|media|bottom|top|left|right)")
PANGO = {  # what installs Pango, by the program that does; source: WeasyPrint's First Steps
    "apt": "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "dnf": "dnf install pango",
    "brew": "brew install pango",
    "apk": "apk add pango",
    "pacman": "pacman -S pango",
}
ON_A_MAC = ("/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib")  # Homebrew's and MacPorts' libraries
MSYS2 = "in MSYS2: pacman -S mingw-w64-ucrt-x86_64-pango"  # for Windows
SECONDS = 10.0  # of the processor's time, to lay out a page, and to write it; the longest takes 2 and 0.5


def as_pdf(document: Any, options: Mapping[str, Any] = OPTIONS) -> bytes:
    """WeasyPrint's Document as PDF. options: OPTIONS, or TAGGED for what nobody completes.

    Raises: SheetError where the page loads a file; LimitError where it takes too long.
    """
    with _refusals(), _no_collection(), _in_time():
        result: bytes = document.write_pdf(**options)
    return result


def rendered_document(html: str, prepare: Callable[[Any], None] | None = None) -> Any:
    """A page laid out, as WeasyPrint's Document. prepare: what is done with its tree of elements before.

    Raises: SheetError where the page loads a file; LimitError where it takes too long; ExtraError where Pango is
    missing.
    """
    _check_words(html)
    engine, styles = weasyprint(), _STYLE.findall(html)
    with _refusals(), _no_collection(), _in_time():
        if any(map(_AT_RULES.search, styles)):  # it may have fonts of its own, which other pages have not
            (known, faces), own_styles = _fonts.__wrapped__(), []
        else:
            (known, faces), own_styles, html = _fonts(), list(map(_style, styles)), _STYLE.sub("", html)
        source = engine.HTML(string=html, url_fetcher=_fetcher()())
        if prepare:
            prepare(source.etree_element)
        return source.render(stylesheets=[faces, *own_styles], font_config=known, **OPTIONS)


@cache
def _fonts() -> tuple[Any, Any]:
    """Our fonts as WeasyPrint knows them, and their style sheet, for all pages."""
    known = weasyprint().text.fonts.FontConfiguration()
    atexit.register(remove_files, known)
    css = fonts.font_face_css(lambda face: face.address)
    return known, weasyprint().CSS(string=css, font_config=known, url_fetcher=_fetcher()())


@lru_cache(maxsize=4)
def _style(css: str) -> Any:
    """A style sheet, which pages mostly share."""
    return weasyprint().CSS(string=css, url_fetcher=_fetcher()())


def _check_words(html: str) -> None:
    """Check that no word is so long that it would take minutes to find where to break it.

    Raises: LimitError.
    """
    longest = max(re.split(r"<style.*?</style>|<[^>]*>|\s", html, flags=re.DOTALL), key=len)
    if len(longest) > LONGEST_WORD:
        raise LimitError(
            f"{shown(longest)} has {len(longest):,} letters without a blank; {LONGEST_WORD} are the most"
        )


def _in_time() -> AbstractContextManager[None]:
    return deadline(SECONDS, f"a page took over {SECONDS:.3g} seconds to lay out; make it shorter or simpler")


@cache
def weasyprint() -> Any:
    """WeasyPrint, which loads Pango as it is imported.

    Raises: ExtraError where Pango is missing.
    """
    try:
        with suppress(OSError), libraries_by_file(), without_font_tools():
            return _imported()
        return _imported()  # where libraries have other names
    except OSError as error:
        reason = str(error).partition(":")[0]
        raise ExtraError(
            f"a PDF needs Pango, which is not installed ({reason}); to have it: {pango_command()}; "
            "or do without PDF: byhand generate --format html"
        ) from None


def pango_command() -> str:
    """What installs Pango on this system."""
    by_hand = "install it as WeasyPrint's First Steps tell"
    return MSYS2 if sys.platform == "win32" else next((PANGO[each] for each in PANGO if which(each)), by_hand)


def check_installed() -> None:
    """Check that pages can be printed here.

    Raises: ExtraError where Pango is missing.
    """
    weasyprint()


def check_face(name: str) -> None:
    """Check that a font of this name is installed.

    Raises: ConfigError where it is not; ExtraError where Pango is missing.
    """
    weasyprint()
    names = fonts_like(name)
    if name.casefold() not in map(str.casefold, names):
        raise ConfigError(f"face {name!r}: no such font is installed; the nearest is {names[0]!r}")


def _imported() -> Any:
    if sys.platform == "darwin":  # there, a Python that is not Homebrew's, such as uv's, does not look in its folder
        os.environ.setdefault("DYLD_FALLBACK_LIBRARY_PATH", ":".join((*ON_A_MAC, "/usr/lib")))
    with redirect_stdout(io.StringIO()):  # where a library is missing, WeasyPrint prints some lines of its own
        import weasyprint as package
        import weasyprint.text.fonts
    return package


@contextmanager
def _refusals() -> Iterator[None]:
    """Within the block, say in our own words what WeasyPrint cannot do.

    Raises: SheetError for a file that a page may not load; OutputError where there is no room for its fonts.
    """
    try:
        yield
    except weasyprint().urls.FatalURLFetchingError as error:
        raise SheetError(str(error)) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"the folder for temporary files cannot be written to: {reason}; make room, or name another in TMPDIR"
        ) from None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Switch the garbage collector off in the block: it would take up to half of the time, and a page is small."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@cache
def _fetcher() -> type[Any]:
    """A class of URL fetchers that load our own fonts and a logo only, since templates are not trusted."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    known = {face.address: face for face in fonts.FACES}

    class FontsOnly(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            try:
                if logo := from_url(url):
                    return URLFetcherResponse(url, logo, {"Content-Type": url[5 : url.index(";")]})
            except ConfigError as error:
                raise FatalURLFetchingError(f"a template's picture {error}") from None
            if url not in known:
                raise FatalURLFetchingError(f"a template asks for {url[:80]!r}; it may use no files but the fonts")
            return URLFetcherResponse(url, known[url].font)

    return FontsOnly
