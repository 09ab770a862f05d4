"""Shows the items of a qti30.zip in a player, citolab's qti-components, which is not part of byhand:

npm install @citolab/qti-components
python tools/qti_preview.py qti30.zip node_modules/@citolab/qti-components/cdn/index.global.js preview.png [--key]
"""

import base64
import json
import re
import sys
import zipfile
from pathlib import Path

from moodle_preview import draw

TYPES = {".css": "text/css", ".svg": "image/svg+xml"}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>qti30.zip</title><style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; background: #eef0f2; color: #1d2125 }
qti-item { display: block; max-width: 56em; margin: 1em auto; padding: .4em 1.4em; background: #fff;
  border: 1px solid #cad0d7 }
</style><body><script src="PLAYER"></script><script>
const items = ITEMS, key = KEY;
(async () => {
  for (const xml of items) {
    const item = document.createElement("qti-item"), container = document.createElement("item-container");
    item.append(container);
    document.body.append(item);
    await container.updateComplete;
    container.itemXML = xml;
    container.handleItemXMLChange();
    if (!key) continue;
    await new Promise(done => setTimeout(done, 300));
    const right = [...new DOMParser().parseFromString(xml, "application/xml").getElementsByTagName("qti-value")];
    for (const value of right.filter(each => each.parentNode.nodeName == "qti-correct-response")) {
      const name = value.parentNode.parentNode.getAttribute("identifier");
      container.shadowRoot.querySelector(`[response-identifier=${name}]`).response = value.textContent;
    }
  }
})();
</script>"""


def preview(package: Path, player: Path, key: bool = False) -> str:
    """The page. key: whether the blanks are filled in."""
    with zipfile.ZipFile(package) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    items = [_whole(files[name].decode(), files) for name in sorted(files) if re.fullmatch(r"q\d+\.xml", name)]
    page = PAGE.replace("PLAYER", player.resolve().as_uri()).replace("KEY", "true" if key else "false")
    return page.replace("ITEMS", json.dumps(items).replace("</", "<\\/"))


def _whole(item: str, files: dict[str, bytes]) -> str:
    """An item with its style sheet and its pictures in it."""

    def held(match: re.Match[str]) -> str:
        name = match[2]
        content = base64.b64encode(files[name]).decode()
        return f'{match[1]}="data:{TYPES[Path(name).suffix]};base64,{content}"'

    return re.sub(r'\b(href|src)="([\w/]+\.(?:css|svg))"', held, item)


if __name__ == "__main__":
    source, player, target, *options = sys.argv[1:]
    page = preview(Path(source), Path(player), "--key" in options)
    Path(target).write_bytes(draw(page) if target.endswith(".png") else page.encode())
