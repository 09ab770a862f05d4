"""The count of lines that `make sizes` prints."""

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
