"""The first contentful paint of pages in a browser, from the product's own server. Nothing where there is none."""

import math
import os
import shutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._server import served

TIMES, MOST_MS = 3, 10_000.0
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def first_paints(home: Path, addresses: Sequence[str], cookies: Mapping[str, str]) -> dict[str, float]:
    """Return, for each address, the median milliseconds until something of it is seen, styles and scripts cached.

    Infinity: the browser gave up waiting for it.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = os.environ.get("CLOSEKNIT_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        print("\nNo browser was found: install Debian's chromium, or set CLOSEKNIT_CHROMIUM. Without paints, then.")
        return {}
    from playwright.sync_api import sync_playwright

    from closeknit.web.assets import ensure_vega_bundle

    ensure_vega_bundle(home)
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    with served({"Cookie": header}) as (port, _, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        url = f"http://127.0.0.1:{port}"
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
        page = context.new_page()
        found = {address: _median(page, url + address) for address in addresses}
        browser.close()
    return found


def _median(page: Any, url: str) -> float:
    from playwright.sync_api import TimeoutError as TookTooLong

    taken = []
    for _ in range(TIMES):
        try:
            page.goto(url, wait_until="load", timeout=MOST_MS)
            # A page may be loaded before it is painted.
            page.wait_for_function(PAINTED, timeout=MOST_MS)
        except TookTooLong:
            return math.inf
        taken.append(float(page.evaluate(PAINTED)))
    return statistics.median(taken)
