"""A studio, and windows of Chromium in it. Tests that ask for `opened` are skipped where there is no Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import PROGRAM
from studios import Department, Running
from windows import PHONE, WIDE, Window


@pytest.fixture(scope="session")
def studio(tmp_path_factory) -> Iterator[Running]:
    """A studio for all tests that leave it as it is."""
    running = Running(tmp_path_factory.mktemp("papers"))
    yield running
    running.end()


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "on a phone"])
def size(request, every):
    """The size of a window; only `make test-studio` tries that of a phone."""
    if request.param == PHONE and not every:
        pytest.skip("make test-studio tries it on a phone, too")
    return request.param


@pytest.fixture
def long(every):
    """Skip what takes long; `make test-studio` tries it."""
    if not every:
        pytest.skip("it takes long; make test-studio tries it")


@pytest.fixture(scope="session")
def department(tmp_path_factory) -> Iterator[Department]:
    """A department's studio with two users, ada and noor."""
    running = Department(tmp_path_factory.mktemp("department"), "ada", "noor")
    yield running
    running.end()


@pytest.fixture(scope="module")
def chromium():
    """The browser. While Playwright runs, no other loop of asyncio can, so that it ends with the module."""
    playwright = pytest.importorskip("playwright.sync_api", reason="make test-studio installs Playwright")
    if PROGRAM is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, request):
    """Open a window in a studio; afterwards no page has asked for anything elsewhere, and nothing has failed."""
    windows = []

    def open(size=WIDE, at=None, **how) -> Window:
        windows.append(Window(chromium, at or request.getfixturevalue("studio").address, size, **how))
        return windows[-1]

    yield open
    for window in windows:
        window.close()
