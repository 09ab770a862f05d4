"""Adds to the wheel of a release what would else be made at first use: the fonts, the numbers of the first seeds, the
pages of the course, and what is read from its sheets and texts. `make wheel` asks for it; any other wheel, such as
that of `pip install .`, is built at once and has nothing of it.

BYHAND_BRINGS in the environment says what is added: `all`; `fonts`; or the fonts and what belongs to some sheets, by
their names, as in `shapes,gpt`.

The pages are those of every sheet in English with its own numbers and with those of four seeds, and of a class of
gpt, on A4 and on Letter; most other seeds have the same pages, of which only slots are filled in. With them the first
`generate` takes a quarter of the time, and needs no Pango. Those of the classes of all sheets would add 6 MB, and
take a quarter of the time off a first class. Where there is no Pango, the wheel has no pages.

A page is kept under all that made it: this code, the fonts, the templates, and the versions of the libraries that
write it and lay it out. Where others are installed beside it, it is not found, and is made at first use, as it is
from a checkout.
"""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOR_FONTS = ("brotli", "fonttools", "fontpkg-source-sans-3", "isal", "msgspec", "platformdirs", "ziamath")
BRINGS = os.environ.get("BYHAND_BRINGS", "")
ALL, FONTS = "all", "fonts"
LAID_OUT = (1, 2, 3, 4)  # seeds whose pages are made, where they are others than those of the sheet's own numbers
KINDS = ("laid-out", "pages", "shipped", "templates")  # of what making a page leaves in the cache


class Brought(BuildHookInterface):
    """Adds to a wheel what it brings; to an editable one nothing, since a checkout's set-up builds its own fonts."""

    def dependencies(self) -> list[str]:
        """What making it needs, of the requirements of the package: building fonts alone needs a few."""
        needs = self.metadata.core.dependencies if BRINGS else []
        return [need for need in needs if BRINGS != FONTS or need.startswith(FOR_FONTS)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or not BRINGS:
            return
        self.folder = TemporaryDirectory()
        package = Path(self.folder.name, "byhand")  # as it will be installed
        shutil.copytree(Path(self.root, "byhand"), package, ignore=shutil.ignore_patterns("__pycache__", "built"))
        shutil.copytree(Path(self.root, "templates"), package / "templates")
        sys.path.insert(0, self.folder.name)
        from byhand import brought
        from byhand.fonts import BROUGHT, bring

        bring()
        files = [BROUGHT]
        if BRINGS != FONTS:
            from byhand import cache

            os.environ.pop("BYHAND_TEMPLATES", None)  # one's own sheets are not the wheel's
            cache.home = lambda: Path(self.folder.name, "cache")
            results = self._numbers()
            brought.FILE.write_bytes(brought.packed(results))  # the pages are those of these numbers
            brought.FILE.write_bytes(brought.packed(results | self._pages()))
            files.append(brought.FILE)
        build_data["force_include"] |= {str(path): str(path.relative_to(package.parent)) for path in files}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable" and BRINGS:
            self.folder.cleanup()

    def _numbers(self) -> dict[str, bytes]:
        """The numbers of the sheets' first seeds, by their hashes."""
        from byhand.choose import first_numbers

        return dict(filter(None, map(first_numbers, self._sheets())))

    def _pages(self) -> dict[str, bytes]:
        """What making the pages leaves in the cache, by its hashes."""
        from byhand import cache
        from byhand.classroom.classes import make_class
        from byhand.classroom.roster import anonymous
        from byhand.errors import ExtraError
        from byhand.options import Options
        from byhand.pipeline import FLAGSHIP, generate
        from byhand.press import check_installed

        try:
            check_installed()
        except ExtraError as error:
            self.app.display_warning(f"The wheel has no laid-out pages: {error}")
            return {}
        out, found = Path(self.folder.name, "output"), {}
        for seed in (None, *LAID_OUT):
            for paper in ("a4", "letter"):
                options = Options(formats=("html", "pdf"), paper=paper, seed=seed)
                for name in self._sheets():
                    generate(name, options, out)
                if seed is None and BRINGS == ALL:
                    make_class(FLAGSHIP, anonymous(1), options, out / paper)
            paths = (path for kind in KINDS for path in (cache.home() / kind).iterdir())
            kept = {path.name: cache.content_of(path) for path in paths}
            # a page without slots is of use to one seed only
            found |= {name: page for name, page in kept.items() if seed is None or not page.startswith(b"%PDF")}
        return found

    def _sheets(self) -> list[str]:
        from byhand.worksheet.sheet import sheet_files

        return [*sheet_files()] if BRINGS == ALL else BRINGS.split(",")
