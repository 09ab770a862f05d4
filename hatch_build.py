"""Builds the fonts into the wheel, which else would be built at first use."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NEEDED = ("brotli", "fonttools", "fontpkg-source-sans-3", "msgspec", "platformdirs", "ziamath")


class Fonts(BuildHookInterface):
    """Adds the fonts to a wheel; not to an editable one, since a checkout's set-up builds its own."""

    def dependencies(self) -> list[str]:
        """The requirements of the package that building fonts needs, too."""
        return [need for need in self.metadata.core.dependencies if need.startswith(NEEDED)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from byhand.formats.fonts import BROUGHT, bring

        self.folder = TemporaryDirectory()
        bring(Path(self.folder.name))
        build_data["force_include"][self.folder.name] = str(BROUGHT.relative_to(self.root))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.folder.cleanup()
