"""Every state of the page, light and dark, wide and narrow: nothing stands out at the side, everybody can use it, and a
picture is kept.

The pictures go to `screenshots/`, which git ignores: look at them after a change of style.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE, WIDE
from fakes import BrokenFake, EmptyFake, FakeLibrary, citation_of
from playwright.sync_api import Browser, Page, expect
from serving import served
from visitor import open_library

from index.load import load_article
from index.types import Article

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
SEED = load_article(ROOT / "seeds" / "articles" / "us-troops-eastern-europe.txt")
AXE = Axe()
QUESTION = "What are Denmark and Spain each contributing to NATO's defence of its eastern members?"
CITATIONS = [
    citation_of(SEED, "For example, Denmark", probability=0.96, words="a frigate and F-16 warplanes"),
    citation_of(SEED, "Spain, on the", probability=0.84, words="four fighter planes to Bulgaria and three ships"),
]


HARBOUR_IN_ARABIC = (
    "افتتح الميناء في عام 1912. يبلغ طول الرصيف 212 مترا.\n\n# الطيور\n\nتعشش النوارس هناك.\n\n- الأول\n- الثاني\n\n"
    + "\n\n".join(["فقرة أخرى عن الطقس والبحر."] * 30)
)


@pytest.fixture(scope="module")
def library() -> FakeLibrary:
    library = FakeLibrary(SEED, answers={QUESTION: CITATIONS})
    library.suggested = {SEED.id: ("When did Russia invade Georgia?", "How many documents were published by El Pais?")}
    return library


@pytest.fixture(scope="module")
def address(library: FakeLibrary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(library, feedback=tmp_path_factory.mktemp("feedback")) as address:
        yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_everybody_can_use_every_state(
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
        keep(page, f"{stem}-2-waiting", check=False)
    finally:
        library.go.set()
    expect(log.locator("a[data-citation]")).to_have_count(2)
    page.wait_for_timeout(800)  # until the article has scrolled
    keep(page, f"{stem}-3-answered", check=False)
    log.locator('a[data-citation="2"]').click()
    expect(page.locator("#article mark.flash")).to_have_count(1)
    keep(page, f"{stem}-4-followed", check=False)
    expect(page.locator("#article mark.flash")).to_have_count(0)
    keep(page, f"{stem}-5-read")
    if size == PHONE:
        page.get_by_role("button", name="Chat", exact=True).click()
    box.fill("And how many troops did Canada send?")
    box.press("Enter")
    expect(log.locator(".verdict")).to_be_visible()
    log.get_by_role("button", name="Context").first.click()
    log.get_by_role("button", name="Right").first.click()
    log.get_by_text("Nearest sentences").click()
    expect(log.locator("[aria-pressed=true]")).to_have_count(1)
    keep(page, f"{stem}-6-no-answer")
    page.get_by_role("button", name="Chats", exact=True).click()
    keep(page, f"{stem}-7-chats")
    page.keyboard.press("Escape")
    log.focus()
    page.keyboard.press("?")
    keep(page, f"{stem}-8-keys")
    page.keyboard.press("Escape")
    panel = open_library(page)
    keep(page, f"{stem}-9-library")
    library.go.clear()
    try:
        panel.get_by_role("button", name="Rebuild index").click()
        expect(page.get_by_text("Indexing 0 of")).to_be_visible()
        keep(page, f"{stem}-10-rebuilding")
    finally:
        library.go.set()
    expect(page.get_by_text("Index rebuilt")).to_be_visible()
    context.close()


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light-wide", "dark-phone"])
def test_an_article_from_right_to_left_is_set_so(
    browser: Browser, scheme: Literal["light", "dark"], size: tuple[int, int]
) -> None:
    harbour = Article("port", "الميناء", HARBOUR_IN_ARABIC, "port.pdf", "ليلى", "2026-11-24", (0, 77))
    length = citation_of(harbour, "212", probability=0.93, words="212 مترا")
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    with served(FakeLibrary(harbour, answers={"كم طول الرصيف؟": [length]})) as address:
        page.goto(address)
        page.locator("#article").wait_for(state="attached")
        page.get_by_role("textbox", name="Question", exact=True).fill("كم طول الرصيف؟")
        page.keyboard.press("Enter")
        expect(page.locator("#article mark")).to_have_text("يبلغ طول الرصيف 212 مترا.")
        sides = [
            page.locator(part).first.evaluate("each => getComputedStyle(each).direction")
            for part in ("#reading h2", "#article p", "#article li", "#article h3", "#log blockquote", "#log .question")
        ]
        assert sides == ["rtl"] * 6
        keep(page, f"{scheme}-{size[0]}-right-to-left")
        context.close()


def test_an_empty_library_and_a_failure_can_be_used_by_everybody(browser: Browser) -> None:
    for name, library in (("empty", EmptyFake()), ("failed", BrokenFake(SEED))):
        page = browser.new_page()
        with served(library) as address:
            page.goto(address)
            page.locator("#article").wait_for(state="attached")
            page.get_by_role("textbox", name="Question", exact=True).fill(QUESTION)
            page.keyboard.press("Enter")
            expect(page.get_by_role("log").locator(".notice")).to_be_visible()
            keep(page, f"light-{name}")
            page.close()


def test_a_server_that_is_gone_is_told_and_the_question_is_kept(browser: Browser, library: FakeLibrary) -> None:
    page = browser.new_page()
    with served(library) as address:
        page.goto(address)
        expect(page.get_by_role("group", name="Suggested questions")).to_be_visible()
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(QUESTION)
    box.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("No word from the server yet.")
    expect(box).to_have_value(QUESTION)
    keep(page, "light-gone")
    page.close()


def keep(page: Page, name: str, *, check: bool = True) -> None:
    """Keep a picture of the page; check that nothing is wider than its place, and its use by all with axe-core."""
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")
    too_wide = page.evaluate(
        "panes => [...document.querySelectorAll(panes)].filter(e => e.scrollWidth > e.clientWidth).length",
        "html, #log, #article, #library",
    )
    assert too_wide == 0, f"something stands out at the side of {name}"
    if not check:
        return
    # Gradio's own short messages are buttons within a button: not ours to mend.
    results = AXE.run(page, context={"exclude": [[".toast-wrap"]]}).response
    assert len(results["passes"]) > 15, "it has looked"
    grave = [
        (each["id"], each["impact"], [(node["target"], node["failureSummary"]) for node in each["nodes"]])
        for each in results["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
    assert grave == [], name
