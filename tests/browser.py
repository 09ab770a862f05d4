"""A page in Chromium, as a person uses it: keys and clicks by its DevTools protocol, at any size, light or dark."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from copy import copy
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from chromium import SECONDS, WITHOUT_CHROMIUM, Protocol, connected

needs_chromium = pytest.mark.skipif(WITHOUT_CHROMIUM, reason="there is no Chromium")
AXE = Path(os.environ.get("AXE", Path(__file__).parents[1] / ".screen" / "node_modules" / "axe-core" / "axe.min.js"))
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed; make test-screen installs it")
VIOLATIONS = """async () => {
  const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}"""
KEYS = {
    "Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Space": 32,
    "Backspace": 8,
}  # fmt: skip
WRITTEN = """(answers) => {
  for (const [id, text] of Object.entries(answers)) {
    for (const field of [byhand.page.fields.get(id)].flat()) {
      if (field.type === "radio") {
        if (field.value === text) field.click();
        continue;
      }
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
}"""


class Browser:
    """A browser with one page. Whatever a page tells of a fault is in `faults`.

    It is started with the first call. A call that takes too long closes it, so that what is called later has a fresh one.
    """

    def __init__(self) -> None:
        self.protocol: Protocol | None = None

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A call of the protocol."""
        if self.protocol is None:
            self._start()
        assert self.protocol is not None
        return self._run(self.protocol.call(method, self.session, **params))

    def _start(self) -> None:
        self.runner, self.kept, self.session = asyncio.Runner(), AsyncExitStack(), ""
        try:
            self.protocol = self.runner.run(self.kept.enter_async_context(connected("--hide-scrollbars")))
        except BaseException:
            self.runner.close()
            raise
        self._open_window()

    def _open_window(self) -> None:
        self.session = ""
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")
        self.call(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )
        told = "window.faults = []; for (const kind of ['error', 'unhandledrejection', 'securitypolicyviolation']) addEventListener(kind, (e) => faults.push(`${e.message ?? e.reason ?? e.violatedDirective}`))"
        self.call("Page.addScriptToEvaluateOnNewDocument", source=told)
        self.sized(1100, 900)
        self.dark(False)

    def window(self) -> Browser:
        """Another window of this browser."""
        other = copy(self)
        other._open_window()
        return other

    def _run(self, task: Any) -> Any:
        async def limited() -> Any:
            return await asyncio.wait_for(task, SECONDS)

        try:
            return self.runner.run(limited())
        except AssertionError:  # what was called has failed, and not the connection
            raise
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self.protocol is None:
            return
        self.protocol = None
        try:
            self.runner.run(self.kept.aclose())
        finally:
            self.runner.close()

    def sized(self, width: int, height: int) -> None:
        """Another size of the window; below 500 px a phone."""
        phone = width < 500
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)

    def dark(self, dark: bool) -> None:
        """What the system says of its colours; and that nothing glides, so that it is where it belongs at once."""
        asked = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in asked.items()]
        self.call("Emulation.setEmulatedMedia", media="", features=features)

    def open(self, page: Path, forget: bool = True) -> None:
        """Open a file, without what was kept of it before: all files share that, so the page before can take it away."""
        if forget and self.run("location.protocol") == "file:":
            self.run("localStorage.clear()")
        self.call("Page.navigate", url=page.as_uri())
        self.ready()

    def reload(self) -> None:
        self.run("window.old = true")
        self.call("Page.reload")
        self.ready()

    def ready(self) -> None:
        """Wait until the page is there."""
        self.until("document.readyState === 'complete' && !window.old && location.protocol !== 'about:'")

    def until(self, script: str, *others: Browser) -> None:
        """Wait until a script returns what is true; or, in several windows, the same everywhere."""
        end = monotonic() + SECONDS
        while monotonic() < end:
            with suppress(AssertionError):  # the page may be going away while it is asked
                found, *more = (window.run(script) for window in (self, *others))
                if found and all(each == found for each in more):
                    return
            sleep(0.02)
        self.close()
        raise TimeoutError(f"this never was so: {script}")

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns; a function is called with the arguments."""
        call = f"({script})({', '.join(map(json.dumps, arguments))})" if arguments else script
        found = self.call(
            "Runtime.evaluate", expression=call, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]["exception"].get("description")
        return found["result"].get("value")

    def violations(self) -> list[str]:
        """What axe finds on the page against WCAG 2.2 AA."""
        self.run(AXE.read_text(encoding="utf-8") + "; 1")
        return self.run(f"({VIOLATIONS})()")

    def write(self, answers: Mapping[str, str]) -> None:
        """Write answers into their fields, as typing does."""
        self.run(WRITTEN, dict(answers))

    def press(self, key: str, shift: bool = False, ctrl: bool = False) -> None:
        """Press a key, or type a letter."""
        letter = key not in KEYS
        text = (
            {"text": key}
            if letter and not ctrl
            else {"text": "\r"}
            if key == "Enter"
            else {"text": " "}
            if key == "Space"
            else {}
        )
        modifiers = (8 if shift else 0) + (2 if ctrl else 0)
        code = ord(key.upper()) if letter else KEYS[key]
        name = " " if key == "Space" else key
        self.call(
            "Input.dispatchKeyEvent",
            type="keyDown",
            key=name,
            windowsVirtualKeyCode=code,
            modifiers=modifiers,
            **text,
        )
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code, modifiers=modifiers)

    def type(self, text: str) -> None:
        for letter in text:
            self.press(letter)

    def tap(self, element: str) -> None:
        """Tap with a finger on the middle of an element that a script finds, scrolled to where it is out of sight."""
        x, y = self.run(f"""(async () => {{
          for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame); // until the page stands still
          const element = {element};
          const middle = ({{ x, y, width, height }}) => [x + width / 2, y + height / 2];
          if (document.elementFromPoint(...middle(element.getBoundingClientRect())) !== element) element.scrollIntoView({{ block: "center" }});
          return middle(element.getBoundingClientRect());
        }})()""")
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    @property
    def faults(self) -> list[str]:
        return self.run("faults")

    def picture(self, file: Path, whole: bool = False) -> None:
        """A screenshot, for who looks at it."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))
