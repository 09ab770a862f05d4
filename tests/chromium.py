"""Chromium's PDF viewer as a person uses it: its DevTools protocol clicks, types, and takes what the viewer saves."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pypdf

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHOUT_CHROMIUM = PROGRAM is None
VIEWER = "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/"
WIDTH, HEIGHT, SECONDS = 900, 1200, 60
LOADED = "document.querySelector('pdf-viewer').loadState_ === 'success'"
SAVED = """(async () => {
    const saved = await document.querySelector('pdf-viewer').currentController.save('EDITED');
    const bytes = new Uint8Array(saved.dataToSave);
    let text = '';
    for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
})()"""


class Protocol:
    """A connection to a browser."""

    def __init__(self, socket: Any) -> None:
        self.socket, self.count = socket, 0

    async def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        self.count += 1
        message = {"id": self.count, "method": method, "params": params} | ({"sessionId": session} if session else {})
        await self.socket.write_message(json.dumps(message))
        while True:
            answer = json.loads(await self.socket.read_message())
            if answer.get("id") == self.count:
                assert "error" not in answer, answer
                return answer["result"]


def filled_by_chromium(pdf: bytes, answers: Mapping[str, str]) -> bytes:
    """A form that is filled in by Chromium's viewer, field by field with the tabulator key, as it saves it."""
    return asyncio.run(asyncio.wait_for(_filled(pdf, answers), SECONDS))


async def _filled(pdf: bytes, answers: Mapping[str, str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "form.pdf")
        file.write_bytes(pdf)
        browser = subprocess.Popen(
            [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
             f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            socket = await _connected(Path(folder, "profile"))
            saved = await _typed(Protocol(socket), file, _in_order(pdf, answers))
            socket.close()
            return saved
        finally:
            browser.terminate()
            browser.wait()


async def _connected(profile: Path) -> Any:
    from tornado.websocket import websocket_connect

    port = profile / "DevToolsActivePort"
    while not port.exists() or len(port.read_text().split()) < 2:
        await asyncio.sleep(0.1)
    number, path = port.read_text().split()
    return await websocket_connect(f"ws://127.0.0.1:{number}{path}", max_message_size=200_000_000)


def _in_order(pdf: bytes, answers: Mapping[str, str]) -> list[str | bool]:
    """For each box in the order of the tabulator key, what is typed, or whether it is ticked."""
    found: list[str | bool] = []
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        for reference in page["/Annots"]:
            widget = reference.get_object()
            if "/Parent" in widget and "/T" not in widget:
                (option,) = widget["/AP"]["/N"].keys() - {"/Off"}
                found.append(answers.get(widget["/Parent"].get_object()["/TM"], "") == option.removeprefix("/"))
            else:
                found.append(answers.get(widget["/TM"], ""))
    return found


async def _typed(browser: Protocol, file: Path, boxes: list[str | bool]) -> bytes:
    target = await browser.call("Target.createTarget", url=file.as_uri())
    page = (await browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True))["sessionId"]
    viewer = None
    while viewer is None:
        targets = (await browser.call("Target.getTargets", filter=[{}]))["targetInfos"]
        viewer = next((each for each in targets if each["url"].startswith(VIEWER)), None)
    session = (await browser.call("Target.attachToTarget", targetId=viewer["targetId"], flatten=True))["sessionId"]
    while await _value(browser, session, LOADED) is not True:
        await asyncio.sleep(0.1)
    for kind in ("mousePressed", "mouseReleased"):
        await browser.call(
            "Input.dispatchMouseEvent", page, type=kind, x=WIDTH * 0.65, y=80, button="left", clickCount=1
        )
    for box in boxes:
        for kind in ("keyDown", "keyUp"):
            await browser.call("Input.dispatchKeyEvent", page, type=kind, key="Tab", windowsVirtualKeyCode=9)
        if isinstance(box, bool):
            if box:
                await browser.call("Input.dispatchKeyEvent", page, type="char", key=" ", text=" ")
            continue
        for n, line in enumerate(box.split("\n") if box else ()):
            if n:
                await browser.call("Input.dispatchKeyEvent", page, type="char", key="Enter", text="\r")
            await browser.call("Input.insertText", page, text=line)
    while True:  # the viewer may not have come to the last keys yet
        saved = base64.b64decode(await _value(browser, session, SAVED))
        if _count(saved) >= sum(map(bool, boxes)):
            return saved
        await asyncio.sleep(0.1)


def _count(pdf: bytes) -> int:
    """How many fields are filled in."""
    fields = pypdf.PdfReader(io.BytesIO(pdf)).get_fields() or {}
    return sum(field.get("/V", "/Off") not in ("", "/Off") for field in fields.values())


async def _value(browser: Protocol, session: str, script: str) -> Any:
    """What a script of the viewer's page returns; None where it fails."""
    found = await browser.call("Runtime.evaluate", session, expression=script, awaitPromise=True, returnByValue=True)
    return None if "exceptionDetails" in found else found["result"].get("value")
