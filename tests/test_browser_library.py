"""The web chat and its library, in a real Chromium: rebuilding, several articles, hostile, broken and empty ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fakes import BrokenFake, EmptyFake, FakeLibrary
from playwright.sync_api import Browser, Page, expect
from serving import served
from visitor import ANSWERS, HARBOUR, INJECTION, KEEPER, LAMP, ask, link, log, mark, open_library, opened

from index.types import Article
from ui.library import Library

pytestmark = pytest.mark.browser


def test_rebuilding_shows_its_progress_and_its_end(page: Page, library: FakeLibrary) -> None:
    sentences = len(library.sentences("harbour"))
    panel = open_library(page)
    expect(panel.locator("#index")).to_contain_text(f"Articles 1 Sentences {sentences} Made", use_inner_text=True)
    before = library.rebuilds
    library.go.clear()
    try:
        page.get_by_role("button", name="Rebuild index").click()
        expect(page.get_by_text(f"Indexing 0 of {sentences}")).to_be_visible()
        expect(page.locator("#index-state .progress-bar")).to_be_attached()
    finally:
        library.go.set()
    expect(page.get_by_text(f"Index rebuilt: {sentences} sentences, generation")).to_be_visible()
    assert library.rebuilds == before + 1


def test_rebuilding_keeps_the_chat_and_its_marks(page: Page) -> None:
    ask(page, "When did it open?")
    expect(mark(page, 1)).to_be_in_viewport()
    open_library(page).get_by_role("button", name="Rebuild index").click()
    expect(page.get_by_text("Index rebuilt")).to_be_visible()
    link(page, 1).click()
    expect(mark(page, 1)).to_have_text("The harbour opened in 1912.")


def test_nothing_injected_runs_and_all_of_it_is_shown(browser: Browser) -> None:
    answers = {**ANSWERS, INJECTION: [LAMP]}
    with served(FakeLibrary(KEEPER, answers=answers)) as address, opened(browser, address) as page:
        expect(page.locator("#article")).to_contain_text(INJECTION)
        expect(page.get_by_role("heading", name="The keeper")).to_have_text(KEEPER.title)
        ask(page, INJECTION)
        expect(log(page).locator(".question")).to_have_text(INJECTION)
        expect(mark(page, 1)).to_contain_text("The keeper owned a lamp.")
        link(page, 1).click()
        ask(page, f"Who? {INJECTION}")
        expect(log(page).locator(".verdict").last).to_have_text("The article does not say.")
        page.wait_for_timeout(300)  # an injected picture would fail to load by now
        assert page.locator("#article img, [role=log] img, #article script, [role=log] script").count() == 0


def test_several_articles_are_chosen_by_title_and_can_be_asked_together(browser: Browser) -> None:
    library = FakeLibrary(HARBOUR, KEEPER, answers=ANSWERS)
    with served(library) as address, opened(browser, address) as page:
        ask(page, "What did the keeper own?")
        expect(log(page).locator("blockquote")).to_have_text(["The harbour opened in 1912."])
        page.get_by_label("Ask all articles").check()
        ask(page, "What did the keeper own?")
        expect(page.locator("#article")).to_have_attribute("data-article", KEEPER.id)
        expect(mark(page, 1)).to_contain_text("The keeper owned a lamp.")
        expect(log(page)).to_contain_text(f"{KEEPER.title} · Paragraph 2")
        assert library.asked[-1] == ("What did the keeper own?", None, ("What did the keeper own?",))
        link(page, 2).last.click()
        expect(page.locator("#article")).to_have_attribute("data-article", "harbour")
        expect(mark(page, 2)).to_be_in_viewport(ratio=1)
        page.get_by_role("combobox", name="Article").click()
        page.get_by_role("option", name="The keeper").click()
        expect(page.locator("#article")).to_have_attribute("data-article", KEEPER.id)


def test_suggested_questions_are_asked_by_a_click_and_belong_to_their_article(browser: Browser) -> None:
    library = FakeLibrary(HARBOUR, KEEPER, Article("none", "None", "Nothing.", "none.txt"), answers=ANSWERS)
    library.suggested = {"harbour": ("When did it open?",), KEEPER.id: (INJECTION,)}
    with served(library) as address, opened(browser, address) as page:
        suggested = page.get_by_role("group", name="Suggested questions").get_by_role("button")
        expect(suggested).to_have_text(["When did it open?"])
        page.get_by_role("combobox", name="Article").click()
        page.get_by_role("option", name="The keeper").click()
        expect(suggested).to_have_text([INJECTION])
        page.get_by_role("combobox", name="Article").click()
        page.get_by_role("option", name="None").click()
        expect(suggested).to_have_count(0)
        page.get_by_role("combobox", name="Article").click()
        page.get_by_role("option", name="The harbour").click()
        suggested.click()
        expect(link(page, 1)).to_be_visible()
        expect(log(page).locator(".question")).to_have_text("When did it open?")
        expect(suggested).to_be_hidden()


def test_a_bug_ends_the_wait_with_a_message(browser: Browser) -> None:
    with served(BrokenFake(HARBOUR)) as address, opened(browser, address) as page:
        ask(page, "When did it open?")
        expect(log(page)).to_contain_text("Something went wrong here")
        expect(log(page).locator(".typing")).to_have_count(0)
        assert "Traceback" not in page.locator("body").inner_text()


def test_an_empty_library_says_what_to_do(browser: Browser) -> None:
    with served(EmptyFake()) as address, opened(browser, address) as page:
        expect(page.locator("#article")).to_contain_text("The library '/home/reader' is empty")
        expect(page.locator("#article code")).to_have_text("pullquote add PATH")
        ask(page, "Anything?")
        expect(log(page)).to_contain_text("The library '/home/reader' is empty")


@pytest.mark.model
def test_the_seed_article_is_asked_read_and_rebuilt_from_end_to_end(browser: Browser, home: Path) -> None:
    library = Library(home)
    library.add_seeds()
    with served(library) as address, opened(browser, address) as page:
        expect.set_options(timeout=60_000)
        try:
            ask(page, "How do I bake bread?")
            expect(log(page).locator(".verdict")).to_have_text("The article does not say.")
            page.get_by_role("button", name="New chat").click()
            expect(log(page)).to_contain_text("Ask the article.")
            ask(page, "What year did Russia invade Georgia?")
            expect(log(page).locator("blockquote").first).to_have_text("Russia invaded Georgia in 2008.")
            expect(mark(page, 1)).to_have_text("Russia invaded Georgia in 2008.")
            expect(mark(page, 1)).to_be_in_viewport(ratio=1)
            open_library(page).get_by_role("button", name="Rebuild index").click()
            expect(page.get_by_text("Index rebuilt: 64 sentences, generation 2.")).to_be_visible()
            link(page, 1).click()
            expect(mark(page, 1)).to_have_class(re.compile("flash"))
        finally:
            expect.set_options(timeout=15_000)
