"""Builds the site: every sheet of the course as pictures, files and a page of its own, and all of docs/ around them.

    python tools/website/make.py                          the whole course, in site/
    python tools/website/make.py --out FOLDER scores gpt  these sheets only

The pages of sheets and the reference are written beside a copy of docs/, and Sphinx makes HTML of all. Then every
link within the site is followed. If one of them leads nowhere, the site that was there before stays.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from checks import faults, megabytes
from course_pages import write_course
from reference_pages import write_reference
from sphinx.cmd.build import main as sphinx

from byhand.errors import ByHandError
from byhand.fonts import font_face_css

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GALLERY = "<!-- the gallery of all sheets stands here on the site -->"
MARK = "searchindex.js"  # a file that each site has
MOST_MEGABYTES = 60
_LINK_UP = re.compile(r"\[([^\[\]]*)\]\(((?:\.\./)+[^)#\s]+)\)")


def build(out: Path, sheets: Sequence[str] = ()) -> float:
    """Build the site of some sheets, or of all, as a folder, and return its size in megabytes.

    Raises: SystemExit where the folder holds something else, Sphinx warns of something, a link leads nowhere, or the
    site is too large; ByHandError where there is no such sheet.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        sys.exit(f"{out} holds something else than a site, which would be lost; name another folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".site-") as folder:
        source, made = Path(folder, "source"), Path(folder, "made")
        copy_docs(source)
        (source / "_static" / "fonts.css").write_text(font_face_css(lambda face: face.data_url), encoding="utf-8")
        course = write_course(source, made, sheets)
        reference = write_reference(source)
        front = source / "index.md"
        text = front.read_text(encoding="utf-8").replace(GALLERY, course.gallery)
        chapters = {"The course": course.pages, **OF_DOCS, "Reference": (*reference, "genindex")}
        front.write_text(text + contents(chapters), encoding="utf-8")
        options = ("-q", "-W", "--keep-going", "-n", "-d", str(Path(folder, "doctrees")))
        if sphinx(["-b", "html", *options, str(source), str(made)]):
            sys.exit("Sphinx warns of what stands above; the site is as it was before")
        size = megabytes(made)
        found = faults(made)
        if size > MOST_MEGABYTES:
            found.append(f"the site has {size:.1f} MB, and may have {MOST_MEGABYTES}")
        if found:
            sys.exit("\n".join([*found, "the site is as it was before"]))
        shutil.rmtree(out, ignore_errors=True)
        made.rename(out)
    return size


OF_DOCS = {
    "How to": ("install", "howto/tomorrow", "howto/graded", "howto/moodle", "howto/mark"),
    "In detail": (
        "papers",
        "classes",
        "marking",
        "screen",
        "large",
        "looks",
        "formats",
        "values",
        "sheets",
        "translating",
    ),
    "The studio": ("studio", "studio-department"),
    "How it is built": ("design", "sources", "licences"),
}


def contents(chapters: dict[str, Sequence[str]]) -> str:
    """The table of contents, which stands at the left of each page."""
    return "".join(
        "\n".join(["\n```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```", ""])
        for caption, pages in chapters.items()
    )


def copy_docs(source: Path) -> None:
    """Copy docs/; what a link leads to outside of it, such as a file of the program, comes with the site."""
    shutil.copytree(DOCS, source)
    for path in source.rglob("*.md"):
        home = (DOCS / path.relative_to(source)).parent

        def moved(link: re.Match[str], home: Path = home, here: Path = path.parent) -> str:
            target = Path(os.path.normpath(home / link[2]))
            if target.is_relative_to(DOCS):
                return link[0]
            return f"{{download}}`{link[1]} <{Path(os.path.relpath(target, here)).as_posix()}>`"

        path.write_text(_LINK_UP.sub(moved, path.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> None:
    """Build what is asked for, and say how large it is and how long it took."""
    parser = argparse.ArgumentParser(description="Build the site of the course.")
    parser.add_argument("sheets", nargs="*", help="their names; all without any")
    parser.add_argument("--out", type=Path, default=ROOT / "site")
    asked = parser.parse_args()
    start = perf_counter()
    try:
        size = build(asked.out, asked.sheets)
    except ByHandError as error:
        sys.exit(str(error))
    print(f"{asked.out / 'index.html'}: {size:.1f} MB, in {perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
