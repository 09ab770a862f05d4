"""Shows a canvas.zip about as Canvas does: its texts, its pictures, and its blanks to fill in, drawn from the file.

python tools/canvas_preview.py canvas.zip preview.png [--key]
"""

import base64
import re
import sys
import zipfile
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from moodle_preview import PAGE, draw

QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
META = "{http://canvas.instructure.com/xsd/cccv1p0}"
FILES = "$IMS-CC-FILEBASE$/"
LOOK = """<style>main { background: #fff; border-color: #c7cdd1 } aside { background: #f5f5f5; border-color: #c7cdd1 }
body { background: #fff }</style>"""


def preview(package: Path, key: bool = False) -> str:
    """The page. key: whether the blanks are filled in."""
    with zipfile.ZipFile(package) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    test, meta = (ElementTree.fromstring(files[name]) for name in [n for n in files if n.endswith(".xml")][1:])
    parts, number = [PAGE, LOOK, _article("About", "", meta.findtext(f"{META}description") or "", files)], 0
    for item in test.iter(f"{QTI}item"):
        facts = [each.text for each in item.iter(f"{QTI}fieldentry")]
        number += facts[0] != "text_only_question"
        name = "" if facts[0] == "text_only_question" else f"Question {number}"
        text = item.findtext(f"{QTI}presentation/{QTI}material/{QTI}mattext") or ""
        for response in item.iter(f"{QTI}response_lid"):
            blank = (response.get("ident") or "").removeprefix("response_")
            texts = [each.text or "" for each in response.find(f"{QTI}render_choice").iter(f"{QTI}mattext")]
            if f"[{blank}]" in text:
                size = max(3, *map(len, texts))
                text = text.replace(f"[{blank}]", f'<input size="{size}" value="{escape(texts[0]) if key else ""}">')
            else:
                text += "".join(f'<p><label><input type="radio"> {escape(each)}</label></p>' for each in texts)
        text += "<textarea></textarea>" * (facts[0] == "essay_question")
        parts.append(_article(name, f"{float(facts[1]):g} pts" if name else "", text, files))
    return "".join(parts)


def _article(name: str, points: str, text: str, files: dict[str, bytes]) -> str:
    def held(match: re.Match[str]) -> str:
        return f'src="data:image/svg+xml;base64,{base64.b64encode(files[match[1]]).decode()}"'

    text = re.sub(rf'src="{re.escape(FILES)}([^"]+)"', held, text)
    return f"<article><aside><b>{name}</b>{points}</aside><main>{text}</main></article>"


if __name__ == "__main__":
    source, target, *options = sys.argv[1:]
    page = preview(Path(source), "--key" in options)
    Path(target).write_bytes(draw(page) if target.endswith(".png") else page.encode())
