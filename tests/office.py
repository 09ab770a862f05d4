"""LibreOffice without its windows: it opens a file, computes every formula of a spreadsheet anew, and saves or prints it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

SOFFICE = shutil.which("soffice")
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>@language@</value></prop></item>
</oor:items>"""


def recomputed(files: Mapping[str, bytes], folder: Path, language: str = "en-US") -> dict[str, bytes]:
    """The same workbooks as LibreOffice computes and saves them: its profile says that no value in a file is believed."""
    return _converted(files, folder, "xlsx", "xlsx:Calc MS Excel 2007 XML", language)


def printed(files: Mapping[str, bytes], folder: Path, given: str = "xlsx") -> dict[str, bytes]:
    """The files as LibreOffice exports them as PDF. given: the end of their names."""
    return _converted(files, folder, "pdf", "pdf", given=given)


def _converted(
    files: Mapping[str, bytes], folder: Path, kind: str, way: str, language: str = "en-US", given: str = "xlsx"
) -> dict[str, bytes]:
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        ALWAYS.replace("@language@", language), encoding="utf-8"
    )
    for name, content in files.items():
        (folder / f"{name}.{given}").write_bytes(content)
    command = [SOFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", way]
    paths = [str(folder / f"{name}.{given}") for name in files]
    subprocess.run([*command, "--outdir", str(folder / "out"), *paths], check=True, capture_output=True, timeout=300)
    return {name: (folder / "out" / f"{name}.{kind}").read_bytes() for name in files}
