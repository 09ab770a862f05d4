"""A player that is none of ours, citolab's qti-components, scores items of 3.0 as the tests' own player does.

BYHAND_QTI_PLAYER names its file cdn/index.global.js (npm install @citolab/qti-components); it runs in Chromium.
"""

import html
import json
import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from chromium import PROGRAM
from every_sheet import made
from qti_player import Item, opened
from qti_standard import local

from byhand.formats.qti import THREE, TWO, qti
from byhand.formats.quiz.questions import quiz_of
from byhand.page.page import lower

PLAYER = os.environ.get("BYHAND_QTI_PLAYER")
PAGE = """<!doctype html><meta charset="utf-8"><body><pre id="out"></pre><script src="PLAYER"></script><script>
(async () => {
  const results = [];
  for (const [xml, tries] of TRIES) {
    const item = document.createElement("qti-item"), container = document.createElement("item-container");
    item.append(container);
    document.body.append(item);
    await container.updateComplete;
    container.itemXML = xml;
    container.handleItemXMLChange();
    await new Promise(done => setTimeout(done, 400));
    const played = container.shadowRoot.querySelector("qti-assessment-item");
    for (const responses of tries) {
      played.resetResponses();
      for (const [name, value] of Object.entries(responses)) played.updateResponseVariable(name, value);
      played.processResponse();
      const value = name => played.variables.find(each => each.identifier == name)?.value;
      results.push([Number(value("SCORE")), value("FEEDBACK") ?? []]);
    }
  }
  return results;
})().catch(error => String(error.stack)).then(results => {
  document.getElementById("out").textContent = "{{" + JSON.stringify(results) + "}}";
});
</script>"""


@pytest.mark.skipif(not (PLAYER and PROGRAM), reason="BYHAND_QTI_PLAYER names no player, or there is no Chromium")
@pytest.mark.parametrize("sheet", ["attention-head", "causal-mask", "positional-encoding"])
def test_another_player_scores_the_key_and_every_mistake_alike(sheet, tmp_path):
    document, run = made(sheet, 3)
    two, three = (opened(qti(lower(document, run), version)) for version in (TWO, THREE))
    tries, expected = [], []
    for n, question in enumerate(quiz_of(lower(document, run)).questions, 1):
        if question.kind != "answers":
            continue
        item = Item(local(ElementTree.fromstring(two[f"q{n:02}.xml"]), TWO.items))
        own = [item.key()]
        for k, entry in enumerate(question.entries, 1):
            own += [{f"R{k}": wrong.value or wrong.texts[0]} for wrong in entry.wrong]
            own.append({f"R{k}": "77/78"})
        tries.append((three[f"q{n:02}.xml"].decode(), own))
        expected += [item.played(responses)[0] for responses in own]
    found = play(tries, tmp_path)
    assert isinstance(found, list), found
    assert [score for score, _ in found] == pytest.approx(expected)
    assert any(0 < score < 1 for score in expected)


def play(tries, folder):
    """The score of each try, and the names of the feedback, in the player."""
    page = PAGE.replace("PLAYER", Path(PLAYER).resolve().as_uri())
    page = page.replace("TRIES", json.dumps(tries).replace("</", "<\\/"))
    (folder / "page.html").write_text(page, encoding="utf-8")
    done = subprocess.run(
        [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/user",
         "--virtual-time-budget=60000", "--dump-dom", (folder / "page.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return json.loads(html.unescape(re.search('<pre id="out">{{(.*?)}}</pre>', done.stdout)[1]))
