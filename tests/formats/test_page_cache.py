"""What was laid out or made before is not laid out or made again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

from every_sheet import FULL

CHECKOUT = Path(__file__).resolve().parents[2]


def test_a_second_generate_makes_nothing(tmp_path):
    code = (
        "import sys; from byhand.cli import main; main(sys.argv[1:], standalone_mode=False);"
        "print(*[name in sys.modules for name in ('weasyprint', 'sympy')])"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    (tmp_path / "cache").mkdir()
    from platformdirs import user_cache_path

    (tmp_path / "cache" / "byhand").symlink_to(tmp_path / "own")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "fonts").symlink_to(user_cache_path("byhand") / "fonts")
    arguments = [
        "generate",
        "attention-in-letters",
        "--view",
        "key",
        "--format",
        "pdf",
        "--out",
        str(tmp_path / "out"),
    ]
    seen, files = [], []
    for more in ([], [], ["--no-cache"], ["--orientation", "columns"], []):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments, *more],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        seen.append(done.stdout.splitlines()[-1])
        files.append((tmp_path / "out" / "attention-in-letters-seed0" / "key.pdf").read_bytes())
    assert seen == ["True True", "False False", "True True", "True True", "False False"]
    assert files[0] == files[1] == files[2] == files[4] != files[3]
    once, sheets = (
        [zlib.decompress(file.read_bytes()[32:]) for file in (tmp_path / "own" / kind).iterdir()]
        for kind in ("laid-out", "sheets")
    )
    assert [len(once), len(sheets)] == [2, 2]
    assert all(b"%PDF" in each for each in [*once, *sheets])


def replace_in_place(file: Path, old: str, new: str) -> None:
    """Change a text without changing the file's size or times."""
    assert len(old.encode()) == len(new.encode())
    text, about = file.read_text(encoding="utf-8"), file.stat()
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))


def test_a_change_of_the_program_or_its_templates_is_seen_at_once(tmp_path):
    compiled = shutil.ignore_patterns("__pycache__")
    for folder in ("byhand", "templates"):
        shutil.copytree(CHECKOUT / folder, tmp_path / folder, ignore=compiled)
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}

    def said(*words: str) -> str:
        command = [sys.executable, "-c", "from byhand.cli import main; main()", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=tmp_path).stdout

    def page() -> str:
        said("generate", "shapes", "--format", "html", "--view", "worksheet")
        return Path(tmp_path, "output", "shapes-seed0", "worksheet.html").read_text(encoding="utf-8")

    listed = said("show", "shapes")
    assert not FULL or "Shapes" in said("list")
    assert "<h1>Shapes</h1>" in page()
    replace_in_place(tmp_path / "templates" / "worksheets" / "shapes.md", "title: Shapes", "title: Sizes!")
    told = said("show", "shapes")
    assert told == listed.replace("shapes: Shapes\n", "shapes: Sizes!\n") != listed
    assert "<h1>Sizes!</h1>" in page()
    replace_in_place(tmp_path / "byhand" / "effort.py", "TYPICAL = 1.6", "TYPICAL = 3.2")
    shutil.rmtree(tmp_path / "byhand" / "__pycache__")  # Python goes by the times and sizes of source files
    assert said("show", "shapes") != told
    replace_in_place(tmp_path / "templates" / "page.html", "<title>{{ d.title }}", "<title>{{ 'Other' }}")
    assert "<title>Other</title>" in page()
    assert not FULL or "Sizes!" in said("list")
