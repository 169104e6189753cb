"""A real browser for the tests of pages: headless Chromium from the system's packages, driven by Selenium; skipped where either is absent."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 20.0  # seconds until a page must be ready: a loaded machine is slow


@contextmanager
def opened(page: Path) -> Iterator[Any]:
    """The page in a browser, once its script says it is ready; whatever the console says against it fails the test."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary, driver = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no Chromium here (apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        browser.get(page.resolve().as_uri())
        until(lambda: browser.execute_script("return document.body.dataset.ready") == "true")
        yield browser
        assert browser.get_log("browser") == []
    finally:
        browser.quit()


def until(holds: Any) -> Any:
    """Wait until `holds()` is true; returns what it gave."""
    deadline = time.monotonic() + PATIENCE
    while not (value := holds()):
        assert time.monotonic() < deadline, "the page does not get there"
        time.sleep(0.02)
    return value


def texts(browser: Any, selector: str) -> list[str]:
    """The texts of all elements that a CSS selector finds."""
    return [element.text for element in browser.find_elements("css selector", selector)]
