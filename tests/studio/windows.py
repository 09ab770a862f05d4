"""A window of Chromium that is in a studio, driven by Playwright."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from pathlib import Path
from time import monotonic
from typing import Any

ERRORS: tuple[type[Exception], ...] = ()  # of the drivers, where there are any
with suppress(ImportError):
    from playwright.sync_api import Error as PageError

    ERRORS += (PageError,)
with suppress(ImportError):
    from selenium.common.exceptions import WebDriverException

    ERRORS += (WebDriverException,)

WIDE, PHONE = (1366, 900), (390, 844)
SECONDS = 90  # that a busy machine may take for an answer
SMALLEST = 24  # px of a target, by WCAG 2.2
BUSY = """() => document.readyState !== "complete" || (document.querySelector("#picture")?.checkVisibility()
  && !document.querySelector("#picture").complete) || document.querySelector("#preview .note")?.innerText.includes("being drawn")"""
FOCUSED = """() => {
  const at = document.activeElement, name = at.id || (at.name ? `${at.name}=${at.value}` : at.innerText);
  if (at === document.body) return ["the focus is lost", name];
  const shown = at.matches(".row input[type=radio]") ? at.nextElementSibling : at, style = getComputedStyle(shown);
  const { top, bottom, left, right } = shown.getBoundingClientRect();
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return ["the focus is not seen", name];
  return [bottom > 0 && top < innerHeight && right > 0 && left < innerWidth ? "" : "the focus is out of sight", name];
}"""
SMALL = """(smallest) => [...document.querySelectorAll("a, button, input, select, textarea, summary")].filter((each) => {
  if (!each.checkVisibility() || each.disabled || each.closest(".hidden") || each.type === "hidden") return false;
  const boxes = [each, ...(each.labels ?? [])].map((one) => one.getBoundingClientRect());
  const words = each.tagName === "A" && getComputedStyle(each).display === "inline";
  return !words && !boxes.some(({ width, height }) => width >= smallest && height >= smallest);
}).map((each) => each.outerHTML.slice(0, 120))"""


class Window:
    """A window. It keeps what its pages ask of other computers, and each fault that the browser tells of."""

    def __init__(self, browser: Any, address: str, size: tuple[int, int] = WIDE, **how: Any) -> None:
        phone = size == PHONE
        self.size, self.origin = size, address.partition("?")[0].rstrip("/")
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=phone, is_mobile=phone, **how
        )
        self.context.set_default_timeout(SECONDS * 500)
        self.faults: list[str] = []
        self.waits: set[Any] = set()
        self.page = self.another()
        self.page.goto(address)

    def another(self) -> Any:
        """Another page of this window."""
        page = self.context.new_page()
        page.on("request", self._asked)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)
        page.on("console", lambda told: self.faults.append(told.text) if told.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        return page

    def beside(self) -> Window:
        """Another window at the same page, of the same user."""
        other = copy(self)
        other.page = self.another()
        other.page.goto(self.page.url)
        other.settle()
        return other

    def slow_down(self, latency: int) -> None:
        """Let each answer take this many milliseconds more."""
        connection = self.context.new_cdp_session(self.page)
        speed = {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
        connection.send("Network.emulateNetworkConditions", speed)

    def _asked(self, request: Any) -> None:
        if "/cards/" not in request.url:  # of which there are many, and nobody waits for them
            self.waits.add(request)
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:", "about:")):
            self.faults.append(f"asked for {request.url}")

    def _ended(self, request: Any) -> None:
        self.waits.discard(request)

    # what a browser does; that of Firefox (test_studio_firefox.py) does it by another driver

    def run(self, script: str, *given: Any) -> Any:
        """What a function of JavaScript returns for an argument."""
        return self.page.evaluate(script, *given)

    def go(self, address: str) -> None:
        """Go to a page."""
        self.page.goto(address)

    @property
    def address(self) -> str:
        """That of the page."""
        return str(self.page.url)

    def hit(self, selector: str) -> None:
        """Click on something, or tap it on a phone."""
        (self.page.tap if self.size == PHONE else self.page.click)(selector)

    def put(self, selector: str, text: str) -> None:
        """Type something into a field, in place of what is there."""
        self.page.fill(selector, text)

    def key(self, name: str) -> None:
        """Press a key, or several at once."""
        self.page.keyboard.press(name)

    def type(self, text: str) -> None:
        """Type something where the focus is."""
        self.page.keyboard.type(text)

    def pause(self) -> None:
        """Wait for a moment."""
        self.page.wait_for_timeout(40)

    def downloaded(self, selector: str) -> Path:
        """The file that a link gives."""
        with self.page.expect_download() as waited:
            self.press(selector)
        return Path(waited.value.path())

    def _waits(self) -> bool:
        return bool(self.waits)

    # what a lecturer does

    def begin(self, title: str) -> None:
        """Begin a paper on the first page."""
        self.go(self.origin)
        self.put("#title", title)
        self.press(".begin button")

    def log_in(self, token: str) -> None:
        """Log in to a department's studio."""
        self.page.goto(self.origin)
        self.page.fill("#token", token)
        self.page.click("main button")
        self.page.wait_for_selector("#title")

    def see(self, part: str) -> None:
        """On a phone, show a part of a paper's page: sheets, page or paper."""
        if self.size[0] < 900:
            self.hit(f"[data-tab={part}]")

    def press(self, selector: str) -> None:
        """Click on something, or tap it on a phone, and wait for what comes of it."""
        self.hit(selector)
        self.settle()

    def fill(self, selector: str, text: str) -> None:
        """Type something into a field, and leave it."""
        self.put(selector, text)
        self.run("() => document.activeElement.blur()")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is asked for any more, and the picture is there."""
        self.until(lambda: not self._waits() and not self._busy(), times=3)

    def _busy(self) -> bool:
        try:
            return bool(self.run(BUSY))
        except ERRORS:  # another page takes the place of this one
            return True

    def until(self, holds: Callable[[], bool], times: int = 1) -> None:
        """Wait until something holds; times: for a while."""
        held, end = 0, monotonic() + SECONDS
        while held < times:
            assert monotonic() < end, self.text("body")
            self.pause()
            held = held + 1 if holds() else 0

    def focused(self) -> str:
        """What has the focus, which can be seen: its id, or else its name and value."""
        fault, name = self.run(FOCUSED)
        assert not fault, fault
        return str(name)

    def tab_to(self, name: str, key: str = "Tab") -> None:
        """Press Tab, or Shift+Tab, until something has the focus, which can be seen all the way."""
        passed = []
        while not passed or passed[-1] != name:
            assert len(passed) < 300, passed
            self.key(key)
            passed.append(self.focused())

    def unusable(self) -> list[str]:
        """What is too small to touch, and whether the page is wider than the window."""
        wide = self.run("() => document.documentElement.scrollWidth")
        return [*self.run(SMALL, SMALLEST), *[f"{wide} px wide"] * (wide > self.size[0])]

    def text(self, selector: str) -> str:
        """The text of something."""
        return str(self.run("(at) => document.querySelector(at).innerText", selector))

    def wait_for(self, selector: str) -> None:
        """Wait until something is there."""
        self.until(lambda: bool(self.run("(at) => document.querySelector(at)?.checkVisibility() ?? false", selector)))

    def errors(self) -> list[str]:
        """The errors that are told on the page."""
        told = self.run(
            """() => [...document.querySelectorAll(".error")].filter((p) => p.checkVisibility()).map((p) => p.innerText)"""
        )
        return [re.sub(r"\s+", " ", each) for each in told]

    def close(self) -> None:
        """Close it; nothing has failed meanwhile."""
        self.context.close()
        assert self.faults == []
