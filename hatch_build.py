"""Builds into the wheel what else would be made at first use: the fonts, and the laid-out pages of the course.

The pages are those of every sheet in English with its own numbers, and of a class of gpt, on A4 and on Letter;
most other seeds have the same pages. They have 8 MB of the wheel's 9 MB. With them the first `generate` takes a third
of the time, and needs no Pango. Those of the classes of all sheets would add 6 MB, and take a quarter of the time off
a first class. Laying the pages out takes a minute and a half. Where there is no Pango, or BYHAND_LAYOUTS in the
environment is empty, the wheel has fonts only; BYHAND_LAYOUTS=shapes,gpt lays out these two sheets, and no class.

A page is kept under all that made it: this code, the fonts, the templates, and the versions of WeasyPrint and pydyf.
Where others are installed beside it, it is not found, and is laid out at first use, as it is from a checkout.
"""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOR_FONTS = ("brotli", "fonttools", "fontpkg-source-sans-3", "msgspec", "platformdirs", "ziamath")
ASKED = os.environ.get("BYHAND_LAYOUTS")


class Brought(BuildHookInterface):
    """Adds to a wheel what it brings; not to an editable one, since a checkout's set-up builds its own fonts."""

    def dependencies(self) -> list[str]:
        """The requirements of the package: of these, building fonts alone needs a few."""
        return [need for need in self.metadata.core.dependencies if ASKED != "" or need.startswith(FOR_FONTS)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self.folder = TemporaryDirectory()
        package = Path(self.folder.name, "byhand")  # as it will be installed
        shutil.copytree(Path(self.root, "byhand"), package, ignore=shutil.ignore_patterns("__pycache__", "built"))
        shutil.copytree(Path(self.root, "templates"), package / "templates")
        sys.path.insert(0, self.folder.name)
        from byhand.brought import FILE, packed
        from byhand.formats.fonts import BROUGHT, bring

        bring()
        brought = [BROUGHT]
        if results := self._laid_out():
            FILE.write_bytes(packed(results))
            brought.append(FILE)
        build_data["force_include"] |= {str(path): str(path.relative_to(package.parent)) for path in brought}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.folder.cleanup()

    def _laid_out(self) -> dict[str, bytes]:
        """What laying the pages out leaves in the cache, by its hashes."""
        if ASKED == "":
            return {}
        from byhand import cache
        from byhand.classroom.classes import make_class
        from byhand.classroom.roster import anonymous
        from byhand.errors import ExtraError
        from byhand.formats.pdf.engine import weasyprint
        from byhand.options import Options
        from byhand.pipeline import FLAGSHIP, generate
        from byhand.worksheet.sheet import sheet_files

        try:
            weasyprint()
        except ExtraError as error:
            self.app.display_warning(f"The wheel has no laid-out pages: {error}")
            return {}
        os.environ.pop("BYHAND_TEMPLATES", None)  # one's own sheets are not the wheel's
        kept, out = Path(self.folder.name, "cache"), Path(self.folder.name, "output")
        cache.home = lambda: kept
        for paper in ("a4", "letter"):
            options = Options(formats=("pdf",), paper=paper)
            for name in ASKED.split(",") if ASKED else sheet_files():
                generate(name, options, out)
            if not ASKED:
                make_class(FLAGSHIP, anonymous(1), options, out / paper)
        return {path.name: cache.content_of(path) for path in (kept / "laid-out").iterdir()}
