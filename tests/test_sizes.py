"""The count of lines that `make sizes` prints."""

import re
from collections import Counter
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1] / "tools"
TEXT = '''"""A module:

of three lines."""

# a comment
X = """not a
docstring"""  # beside code


def f():
    """Says what."""

    return X


class C:
    x: int
    """What stands below a field."""
'''


def test_a_line_is_code_or_said_or_blank(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    from sizes import lines, sizes

    assert lines(TEXT) == Counter(code=6, docs=6, blank=6)
    files = {"byhand/ops/linear.py": TEXT, "byhand/tape.py": TEXT, "tests/golden/x.txt": "1\n2\n", "README.md": "x"}
    found = sizes(files)
    assert {room: count["code"] for room, count in found.items()} == {
        "ops/": 6,
        "files at the top": 6,
        "golden files": 2,
    }


def test_the_design_says_how_large_each_room_is(monkeypatch):
    """To a tenth: `python tools/sizes.py --write` writes the numbers anew."""
    monkeypatch.syspath_prepend(TOOLS)
    from sizes import DESIGN, ROOT, with_code

    paths = (ROOT / "byhand").rglob("*.py")
    files = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    told = DESIGN.read_text(encoding="utf-8")
    rows = (re.findall(r"^\| `.*`.* ([\d,]+) \|$", text, re.MULTILINE) for text in (told, with_code(told, files)))
    for said, counted in zip(*rows, strict=True):
        code = int(counted.replace(",", ""))
        assert abs(int(said.replace(",", "")) - code) <= max(20, code / 10)
