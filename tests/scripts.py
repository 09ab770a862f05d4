"""The scripts of a page for the screen, run without the page: in Node, or else in Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from byhand.formats import Setup
from byhand.formats.html.script import RULES, script
from byhand.formats.html.sheet import of_page
from byhand.page.page import lower
from byhand.runs import Run
from byhand.worksheet.document import Document

NODE = shutil.which("node")
SECONDS = 300
needs_node = pytest.mark.skipif(
    NODE is None, reason="there is no Node; Chromium runs the same scripts in test_page_that_answers"
)


def named(texts: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """The texts that a page brings along, by their whole names."""
    for name, text in texts.items():
        yield from [(before + name, text)] if isinstance(text, str) else named(text, f"{before}{name}.")


CALLED = """
for (const line of require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean)) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}
"""


def sheet_of(document: Document, run: Run) -> dict[str, Any]:
    """What a page knows of its sheet, as it comes out of a file."""
    return json.loads(json.dumps(of_page(lower(document, run), Setup())))


def answers_of(function: str, questions: Sequence[Any]) -> list[Any]:
    """What a function of JavaScript, called answer, returns for each of some questions."""
    done = subprocess.run(
        [NODE, "--input-type=commonjs", "-e", f"{script(RULES)}\n{function}\n{CALLED}"],
        input="\n".join(map(json.dumps, questions)), capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
