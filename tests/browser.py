"""A real browser for the tests of pages: headless Chromium from the system's packages, driven by Selenium; skipped where either is absent."""

from __future__ import annotations

import base64
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 20.0  # seconds until a page must be ready: a loaded machine is slow

# Every text in sight whose contrast to what is behind it is below WCAG's AA: 4.5, or 3 for large text.
FAINT = """
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const known = new Map(), rgba = (color) => {
  if (known.has(color)) return known.get(color);
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  known.set(color, [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255));
  return known.get(color);
};
const over = ([r, g, b, a], below) => [r, g, b].map((part, i) => part * a + below[i] * (1 - a));
const behind = (node) => node ? over(rgba(getComputedStyle(node).backgroundColor), behind(node.parentElement)) : [1, 1, 1];
const luminance = (color) => color.map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
return [...document.body.querySelectorAll("*")].filter((node) => node.checkVisibility() && (node.matches("input, select, .number")
    || [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))).map((node) => {
  const style = getComputedStyle(node), below = behind(node), size = parseFloat(style.fontSize);
  const [dark, light] = [luminance(over(rgba(style.color), below)), luminance(below)].sort((a, b) => a - b);
  const least = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
  return [(light + 0.05) / (dark + 0.05), least, node.tagName, node.className, node.textContent.slice(0, 40)];
}).filter(([contrast, least]) => contrast < least);
"""
# Every control in sight that a finger misses, every field that makes a phone zoom in, and by how much the page is too wide.
CRAMPED = """
const small = [...document.querySelectorAll("button, .button, nav a, input, select")].filter((node) => node.checkVisibility())
  .map((node) => [node.textContent || node.name, node.getBoundingClientRect().height, parseFloat(getComputedStyle(node).fontSize)])
  .filter(([, height, size]) => height < 44 || size < 16);
return [...small, ...(document.documentElement.scrollWidth > innerWidth ? [["page", document.documentElement.scrollWidth]] : [])];
"""


@contextmanager
def session() -> Iterator[Any]:
    """A browser."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary, driver = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no Chromium here (apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


@contextmanager
def opened(browser: Any, page: Path, hash: str = "", width: int = 1440) -> Iterator[Any]:
    """A page, once its script says that it is ready; whatever the console says, or a request to a network, fails the test."""
    look(browser, width)
    browser.get("about:blank")
    browser.get(page.resolve().as_uri() + hash)
    until(lambda: browser.execute_script("return document.body.dataset.ready") == "true")
    yield browser
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []


def look(browser: Any, width: int, scheme: str = "light") -> None:
    """Show the page as a window of that width shows it, and a phone if it is narrow; `scheme`: "light" or "dark"."""
    size = {"width": width, "height": 900 if width > 760 else 844, "deviceScaleFactor": 1, "mobile": width <= 760}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def until(holds: Any) -> Any:
    """Wait until `holds()` is true; returns what it gave."""
    deadline = time.monotonic() + PATIENCE
    while not (value := holds()):
        assert time.monotonic() < deadline, "the page does not get there"
        time.sleep(0.02)
    return value


def texts(browser: Any, selector: str) -> list[str]:
    """The texts of all elements that a CSS selector finds, as they are in the document."""
    return browser.execute_script("return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)", selector)


def main() -> None:
    """Take a picture of a page: `python tests/browser.py PAGE PICTURE.webp [WHAT STANDS BEHIND # IN THE ADDRESS]`."""
    page, picture, *hash = sys.argv[1:]
    with session() as browser, opened(browser, Path(page), "#" + "".join(hash)):
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": Path(picture).suffix[1:], "quality": 70})
        Path(picture).write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    main()
