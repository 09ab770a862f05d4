"""Shows a moodle.xml about as Moodle does: its texts, its pictures, and its fields to fill in, drawn from the file.

python tools/moodle_preview.py moodle.xml preview.html [--key]
python tools/moodle_preview.py moodle.xml preview.png [--key]      as Chromium draws it, where it is installed
"""

import re
import shutil
import subprocess
import sys
import tempfile
from html import escape, unescape
from pathlib import Path
from xml.etree import ElementTree

FIELD = re.compile(r"\{(\d*):([A-Z_]+):(.*?)(?<!\\)\}", re.DOTALL)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>moodle.xml</title><style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; background: #f0f1f3; color: #1d2125 }
article { display: grid; grid-template-columns: 8.5em minmax(0, 1fr); gap: 1em; margin: 1em auto; max-width: 62em }
aside { background: #fff; border: 1px solid #cad0d7; padding: .7em; align-self: start; font-size: 13px }
aside b { display: block; font-size: 15px }
main { background: #e7f3f5; border: 1px solid #b8dce2; padding: .5em 1.2em }
.description main { background: #fff; border-color: #cad0d7 }
input { font: inherit; padding: .1em .4em; border: 1px solid #8f959e; border-radius: 4px; text-align: center }
textarea { width: 100%; height: 4em } img { max-width: 100% } p { margin: .5em 0 }
</style>"""


def alternatives(text: str) -> list[tuple[bool, str]]:
    """The answers of a field: whether each is right, and its text."""
    found = []
    for part in re.split(r"(?<!\\)~", text):
        answer = re.split(r"(?<![\\&])#", part)[0]
        is_right = answer.startswith("=")
        answer = re.sub(r"^(=|%-?\d+%)", "", answer).replace(r"\}", "}").replace(r"\#", "#").replace(r"\*", "*")
        found.append((is_right, unescape(answer)))
    return found


def field(match: re.Match[str], key: bool) -> str:
    """A field as a box to type in, or as a list to choose from."""
    answers = alternatives(match[3])
    if match[2].startswith("MULTICHOICE"):
        options = "".join(f"<option>{escape(answer)}</option>" for _, answer in sorted(answers, key=lambda a: a[1]))
        return f"<select><option></option>{options}</select>"
    right = next(answer for is_right, answer in answers if is_right)
    value = right.partition(":")[0] if match[2] == "NUMERICAL" else right
    size = max(len(value), *(len(answer) for _, answer in answers), 3)
    return f'<input size="{size}" value="{escape(value) if key else ""}">'


def preview(xml: bytes, key: bool = False) -> str:
    """The page. key: whether the fields are filled in."""
    parts, number = [PAGE], 0
    for question in ElementTree.fromstring(xml).iter("question"):
        kind = question.get("type")
        if kind == "category":
            continue
        text = question.findtext("questiontext/text") or ""
        for file in question.iterfind("questiontext/file"):
            text = text.replace(f"@@PLUGINFILE@@/{file.get('name')}", f"data:image/svg+xml;base64,{file.text}")
        text = FIELD.sub(lambda match: field(match, key), text)
        number += kind != "description"
        name = "Information" if kind == "description" else f"Question {number}"
        text += "<textarea></textarea>" * (kind == "essay")
        worth = float(
            question.findtext("defaultgrade") or len(FIELD.findall(question.findtext("questiontext/text") or ""))
        )
        marked = f"Marked out of {worth:.2f}" if worth else ""
        parts.append(f'<article class="{kind}"><aside><b>{name}</b>{marked}</aside><main>{text}</main></article>')
    return "".join(parts)


def draw(page: str, width: int = 1000, height: int = 1500) -> bytes:
    """A picture of the top of a page, as Chromium draws it."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(page, encoding="utf-8")
        subprocess.run(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/user",
             f"--window-size={width},{height}", "--hide-scrollbars", "--virtual-time-budget=20000",
             f"--screenshot={folder}/page.png", f"file://{folder}/page.html"],
            check=True, capture_output=True, timeout=90,
        )  # fmt: skip
        return (Path(folder) / "page.png").read_bytes()


if __name__ == "__main__":
    source, target, *options = sys.argv[1:]
    page = preview(Path(source).read_bytes(), "--key" in options)
    Path(target).write_bytes(draw(page) if target.endswith(".png") else page.encode())
