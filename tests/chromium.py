"""The real Chromium that tests of the page drive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

_CHROMIUM = "/usr/bin/chromium"
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = (1440, 900)
PHONE = (390, 844)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium, and wait patiently for what is expected of it: a busy machine is no failure."""
    if not Path(_CHROMIUM).exists():
        pytest.fail(f"{_CHROMIUM} is missing: install it with `apt-get install chromium`")
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()
