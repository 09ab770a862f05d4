"""Prints how many lines of code, of docstrings and comments, and of blanks each room has, beside those of a commit.

python tools/sizes.py [COMMIT]      by default the last release: the newest tag, if there is one
python tools/sizes.py --write       writes the lines of code into the table of rooms in docs/design.md
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tarfile
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DESIGN = ROOT / "docs" / "design.md"
KINDS = ("code", "docs", "blank")
TOP = "files at the top"
BESIDE = {".js": "JavaScript", ".css": "CSS", ".html": "HTML templates", ".toml": "messages", ".md": "sheets"}
Files = Mapping[str, str]  # texts by their paths
Sizes = Mapping[str, Counter[str]]  # by room


def sizes(files: Files) -> Sizes:
    """The lines of each room of the package, by their kinds; then of templates and tests, all as code."""
    rooms: dict[str, Counter[str]] = {}
    for path, text in sorted(files.items()):
        first, *rest = path.split("/")
        if first == "byhand" and path.endswith(".py"):
            room = f"{rest[0]}/" if len(rest) > 1 else TOP
            rooms[room] = rooms.get(room, Counter()) + lines(text)
        elif name := beside(path):
            rooms[name] = rooms.get(name, Counter()) + Counter(code=len(text.splitlines()))
    return rooms


def beside(path: str) -> str:
    """What a file beside the package counts as; "" for nothing."""
    if path.startswith("templates/"):
        return BESIDE.get(Path(path).suffix, "")
    if path.startswith("tests/golden/"):
        return "golden files"
    return "tests" if path.startswith("tests/") and path.endswith(".py") else ""


def lines(text: str) -> Counter[str]:
    """How many lines of a Python file are code, docstrings and comments, or blank."""
    kinds = dict.fromkeys(range(1, len(text.splitlines()) + 1), "blank")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            kinds[token.start[0]] = "docs" if kinds[token.start[0]] == "blank" else kinds[token.start[0]]
        elif token.string.strip():
            kinds |= dict.fromkeys(range(token.start[0], token.end[0] + 1), "code")
    for node in ast.walk(ast.parse(text)):
        # a text that is no value: the docstring of a function, or below a field
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            kinds |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), "docs")
    return Counter(kinds.values())


def here() -> Files:
    """The files of the checkout that git knows."""
    names = git("ls-files", "byhand", "templates", "tests").decode().splitlines()
    return {name: text for name in names if (text := _text((ROOT / name).read_bytes())) is not None}


def of_commit(commit: str) -> Files:
    """The files of a commit."""
    content = io.BytesIO(git("archive", commit, "byhand", "templates", "tests"))
    with tarfile.open(fileobj=content) as archive:
        members = [(member.name, archive.extractfile(member)) for member in archive if member.isfile()]
        texts = {name: _text(file.read()) for name, file in members if file}
    return {name: text for name, text in texts.items() if text is not None}


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:  # a picture
        return None


def git(*words: str) -> bytes:
    """What a command of git prints."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout


def table(now: Sizes, before: Sizes, commit: str) -> Iterator[str]:
    """The lines of a table in Markdown: the rooms, their sum, and what stands beside the package."""
    head = ["room", *KINDS, *([f"code at {commit}"] if commit else [])]
    yield _row(head)
    yield _row(["---", *["--:"] * (len(head) - 1)])
    names = sorted({*before, *now})
    rooms = [name for name in names if name.endswith("/") or name == TOP]
    both = {name: (now.get(name, Counter()), before.get(name, Counter())) for name in names}
    whole = tuple(sum((both[room][of] for room in rooms), Counter[str]()) for of in (0, 1))
    ordered = {room: both[room] for room in rooms} | {"**all of byhand/**": whole}
    for name, (new, old) in (ordered | {name: both[name] for name in names if name not in rooms}).items():
        counts = [new[kind] for kind in KINDS] + ([old["code"]] if commit else [])
        yield _row([name, *(f"{count:,}" for count in counts)])


def with_code(design: str, files: Files) -> str:
    """A text with the table of rooms in it (docs/design.md), each row with its lines of code."""

    def row(match: re.Match[str]) -> str:
        rooms = re.findall(r"`(.*?)`", match[1])
        of_rooms = (text for path, text in files.items() if path.endswith(".py") and _room(path) in rooms)
        return f"| {match[1]} | {match[2]} | {sum(lines(text)['code'] for text in of_rooms):,} |"

    return re.sub(r"^\| (`.*`) \| (.*?) \| [\d,]+ \|$", row, design, flags=re.MULTILINE)


def _room(path: str) -> str:
    """The room of a file of the package, as the table calls it: `ops/`, or `tape` of a file at the top."""
    _, first, *rest = path.split("/") if path.startswith("byhand/") else ("", path)
    return f"{first}/" if rest else first.removesuffix(".py")


def _row(entries: list[str]) -> str:
    return f"| {' | '.join(entries)} |"


if sys.argv[1:] == ["--write"]:
    DESIGN.write_text(with_code(DESIGN.read_text(encoding="utf-8"), here()), encoding="utf-8")
elif __name__ == "__main__":
    tags = git("tag", "--sort=-creatordate").decode().split()
    commit = next(iter([*sys.argv[1:], *tags]), "")
    print(*table(sizes(here()), sizes(of_commit(commit)) if commit else {}, commit), sep="\n")
