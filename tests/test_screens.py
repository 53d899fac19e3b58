"""Every state of the page, light and dark, wide and narrow: nothing stands out at the side, and a picture is kept.

The pictures go to `screenshots/`, which git ignores: look at them after a change of style.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from chromium import PHONE, WIDE
from fakes import FakeLibrary, citation_of
from playwright.sync_api import Browser, Page, expect

from index.load import load_article

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
SEED = load_article(ROOT / "seeds" / "articles" / "us-troops-eastern-europe.txt")
QUESTION = "What are Denmark and Spain each contributing to NATO's defence of its eastern members?"
CITATIONS = [
    citation_of(SEED, "For example, Denmark", probability=0.96, words="a frigate and F-16 warplanes"),
    citation_of(SEED, "Spain, on the", probability=0.84, words="four fighter planes to Bulgaria and three ships"),
]


@pytest.fixture(scope="module")
def library() -> FakeLibrary:
    return FakeLibrary(SEED, answers={QUESTION: CITATIONS})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_stands_out_at_the_side_in_any_state(
    browser: Browser, address: str, library: FakeLibrary, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    box = page.get_by_role("textbox", name="Question", exact=True)
    log = page.get_by_role("log")
    stem = f"{scheme}-{size[0]}"

    expect(page.get_by_role("group", name="Suggested questions")).to_be_visible()
    keep(page, f"{stem}-1-empty")
    library.go.clear()
    try:
        box.fill(QUESTION)
        box.press("Enter")
        expect(log.locator(".typing")).to_be_visible()
        keep(page, f"{stem}-2-waiting")
    finally:
        library.go.set()
    expect(log.locator("a[data-citation]")).to_have_count(2)
    page.wait_for_timeout(800)  # until the article has scrolled
    keep(page, f"{stem}-3-answered")
    log.locator('a[data-citation="2"]').click()
    expect(page.locator("#article mark.flash")).to_have_count(1)
    keep(page, f"{stem}-4-followed")
    if size == PHONE:
        page.get_by_role("button", name="Chat", exact=True).click()
    box.fill("How many troops did Canada send to Latvia?")
    box.press("Enter")
    expect(log.locator(".verdict")).to_be_visible()
    keep(page, f"{stem}-5-no-answer")
    log.get_by_text("Nearest sentences").click()
    keep(page, f"{stem}-6-nearest")
    if size == PHONE:
        page.get_by_role("button", name="Article", exact=True).click()
    library.go.clear()
    try:
        page.get_by_role("button", name="Rebuild index").click()
        expect(page.get_by_text("Indexing 0 of")).to_be_visible()
        keep(page, f"{stem}-7-rebuilding")
    finally:
        library.go.set()
    expect(page.get_by_text("Index rebuilt")).to_be_visible()
    keep(page, f"{stem}-8-rebuilt")
    context.close()


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page, and check that neither the page nor a pane is wider than its place."""
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")
    too_wide = page.evaluate(
        "[...document.querySelectorAll('html, #log, #article')].filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert too_wide == 0, f"something stands out at the side of {name}"
