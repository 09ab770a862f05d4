"""Chromium by its DevTools protocol; and its PDF viewer as a person uses it, who clicks, types, and saves."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pypdf

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHOUT_CHROMIUM = PROGRAM is None
VIEWER = "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/"
WIDTH, HEIGHT = 900, 3600  # of three pages: the tabulator key does not go to a page that is out of sight
SECONDS = 60  # that a call of a page, or filling in a form, may take
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
            message = await self.socket.read_message()
            if message is None:
                raise ConnectionError("Chromium has ended")
            answer = json.loads(message)
            if answer.get("id") == self.count:
                assert "error" not in answer, answer
                return answer["result"]


def filled_by_chromium(pdf: bytes, answers: Mapping[str, str]) -> bytes:
    """A form that is filled in by Chromium's viewer, field by field with the tabulator key, as it saves it.

    On a busy machine the viewer may never say that it is there, so it is started twice.
    """
    try:
        return asyncio.run(_filled(pdf, answers, SECONDS / 2))
    except TimeoutError:
        return asyncio.run(_filled(pdf, answers, SECONDS))


async def _filled(pdf: bytes, answers: Mapping[str, str], seconds: float) -> bytes:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "form.pdf")
        file.write_bytes(pdf)
        async with connected(f"--window-size={WIDTH},{HEIGHT}") as browser:
            return await asyncio.wait_for(_typed(browser, file, _in_order(pdf, answers)), seconds)


@asynccontextmanager
async def connected(*options: str) -> AsyncIterator[Protocol]:
    """A connection to a browser that is started for it, and that ends with it, whatever happens in between.

    A busy machine may be too slow for the browser, so starting it is tried twice.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            program, socket = await _started(Path(folder, "first"), options)
        except (TimeoutError, OSError):
            program, socket = await _started(Path(folder, "second"), options)
        try:
            yield Protocol(socket)
        finally:
            socket.close()
            _end(program)
            with suppress(TimeoutError):
                await asyncio.wait_for(_closed(socket), 10)


async def _started(profile: Path, options: Sequence[str]) -> tuple[subprocess.Popen[bytes], Any]:
    """A browser, and a socket that leads to it."""
    program = subprocess.Popen(
        [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
         f"--user-data-dir={profile}", *options, "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return program, await asyncio.wait_for(_socket(profile), SECONDS / 2)
    except BaseException:
        _end(program)
        raise


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(10)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


async def _closed(socket: Any) -> None:
    """Read what is left of a connection, until it knows that its other end is gone."""
    while await socket.read_message() is not None:
        pass


async def _socket(profile: Path) -> Any:
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
