"""What was laid out or made before is not laid out or made again."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib


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
    once = [file.read_bytes() for file in (tmp_path / "own").glob("laid-out/*")]
    sheets = [zlib.decompress(file.read_bytes()[32:]) for file in (tmp_path / "own").glob("sheets/*")]
    assert [len(once), len(sheets)] == [2, 2]
    assert all(b"%PDF" in each for each in [*once, *sheets])
