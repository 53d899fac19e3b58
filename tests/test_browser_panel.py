"""The library's panel in a real Chromium: adding, choosing, removing, undoing, going back, on two sizes of screen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from chromium import PHONE, WIDE
from fakes import FakeLibrary
from playwright.sync_api import Browser, Locator, Page, expect
from serving import served
from visitor import ANSWERS, HARBOUR, INJECTION, KEEPER, ask, log, open_library, opened

from index.types import Article
from ui.feedback import Judgement

pytestmark = pytest.mark.browser

FERRY = Article("ferry", "The ferry", "The ferry sails at nine. It is green.", "ferry.txt")


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary(HARBOUR, FERRY, answers=ANSWERS)


@pytest.fixture
def address(library: FakeLibrary) -> Iterator[str]:
    with served(library) as address:
        yield address


def titles(panel: Locator) -> Locator:
    return panel.locator("#listing li:visible .name")


def test_files_pages_and_texts_are_added_and_failures_say_why(page: Page, tmp_path: Path) -> None:
    (tmp_path / "boats.md").write_text("# Boats\n\nThere are nine boats.\n")
    (tmp_path / "scan.txt").write_bytes(b"\x00")
    panel = open_library(page)
    panel.locator('input[type="file"]').set_input_files([tmp_path / "boats.md", tmp_path / "scan.txt"])
    expect(panel.get_by_role("status").first).to_have_text("Boats: added")
    expect(panel.get_by_role("alert")).to_contain_text("Cannot read the article 'upload: scan.txt'")
    panel.get_by_role("textbox", name="Address of a page").fill("https://news.example/bridge https://news.example/no")
    panel.get_by_role("textbox", name="Address of a page").press("Enter")
    expect(panel.locator("#report")).to_contain_text("Bridge: added")
    expect(panel.get_by_role("alert")).to_contain_text("404 Not Found")
    panel.get_by_role("button", name="Paste a text").click()
    panel.get_by_role("textbox", name="Text", exact=True).fill(f"{INJECTION} It rains.")
    panel.get_by_role("button", name="Add text").click()
    expect(panel.get_by_role("alert")).to_have_text("A text needs a title, and a title a text: give both.")
    panel.get_by_role("textbox", name="Title", exact=True).fill(f"Rain {INJECTION}")
    panel.get_by_role("button", name="Add text").click()
    expect(titles(panel)).to_have_text(["The harbour", "The ferry", "Boats", "Bridge", f"Rain {INJECTION}"])
    expect(panel.get_by_role("textbox", name="Text", exact=True)).to_have_value("")
    expect(panel.locator("#index")).to_contain_text("Articles 5", use_inner_text=True)
    titles(panel).last.click()
    expect(page.locator("#article")).to_contain_text(f"{INJECTION} It rains.")
    expect(panel).not_to_be_visible()


def test_an_article_that_was_removed_is_brought_back(page: Page, library: FakeLibrary) -> None:
    panel = open_library(page)
    panel.get_by_role("button", name="Remove The harbour").click()
    expect(titles(panel)).to_have_text(["The ferry"])
    expect(page.locator("#article")).to_have_attribute("data-article", "ferry")
    library.restore([KEEPER])  # somebody else's change stays
    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("status").first).to_have_text("There again: The harbour.")
    expect(titles(panel)).to_have_text(["The ferry", KEEPER.title, "The harbour"])
    expect(panel.get_by_role("button", name="Undo")).to_have_count(0)


def test_the_list_is_searched_and_ticked_articles_are_asked_together(
    browser: Browser, address: str, library: FakeLibrary
) -> None:
    library.restore([KEEPER])
    with opened(browser, address) as page:
        panel = open_library(page)
        expect(titles(panel)).to_have_count(3)
        panel.get_by_role("searchbox").fill("FERRY.txt the")
        expect(titles(panel)).to_have_text(["The ferry"])
        panel.get_by_role("checkbox", name="Ask The ferry").check()
        panel.get_by_role("searchbox").fill("nowhere")
        expect(panel.get_by_text("No article matches.")).to_be_visible()
        panel.get_by_role("searchbox").fill("")
        panel.get_by_role("checkbox", name="Ask The keeper").check()
        expect(page.get_by_label("Ask the 2 ticked articles")).to_be_checked()
        ask(page, "What did the keeper own?")
        expect(page.locator("#article")).to_have_attribute("data-article", KEEPER.id)
        assert library.asked[-1][1] == ("ferry", KEEPER.id)
        open_library(page).get_by_role("button", name="Remove The keeper").click()
        expect(page.get_by_label("Ask the 1 ticked article")).to_be_checked()
        expect(panel.get_by_role("checkbox", name="Ask The ferry")).to_be_checked()
        expect(panel.get_by_role("checkbox", name="Ask The harbour")).not_to_be_checked()


def test_the_index_goes_back_to_an_older_generation(page: Page, library: FakeLibrary) -> None:
    panel = open_library(page)
    panel.get_by_role("button", name="Rebuild index").click()
    expect(panel.get_by_text("Index rebuilt: ")).to_be_visible()
    panel.get_by_role("button", name="History").click()
    panel.get_by_role("button", name="Go back to generation 1").click()
    expect(panel.get_by_text("The index is that of generation 1 again.")).to_be_visible()
    assert library.rolled_back == [1]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_panel_is_opened_used_and_closed_with_the_keyboard(
    browser: Browser, address: str, size: tuple[int, int]
) -> None:
    with opened(browser, address, size) as page:
        button = page.locator('[data-view-tab="library"]:visible')
        button.focus()
        page.keyboard.press("Enter")
        panel = page.locator("#library")
        expect(panel).to_be_visible()
        panel.get_by_role("checkbox", name="Ask The ferry").focus()
        page.keyboard.press("Space")
        expect(page.get_by_label("Ask the 1 ticked article")).to_be_checked()
        page.keyboard.press("Escape")
        expect(panel).not_to_be_visible()
        expect(button).to_be_focused()


def test_sureness_is_drawn_once_there_are_enough_judgements(browser: Browser, tmp_path: Path) -> None:
    lines = [judged(number, right=number < 15) for number in range(19)]
    (tmp_path / "judgements.jsonl").write_text("\n".join(lines) + "\n")
    with served(FakeLibrary(HARBOUR, answers=ANSWERS), feedback=tmp_path) as address, opened(browser, address) as page:
        panel = open_library(page)
        expect(panel.locator("#sureness")).to_contain_text("19 of 20 judgements")
        ask(page, "When did it open?")
        log(page).get_by_role("button", name="Right").first.click()
        expect(log(page).locator("[aria-pressed=true]")).to_have_count(1)
        open_library(page)
        expect(panel.get_by_role("img")).to_have_accessible_name(
            re.compile("Of 20 judged answers 80\u00a0% were right")
        )


def judged(number: int, *, right: bool) -> str:
    """A line of the file that keeps what readers think."""
    judgement = Judgement("How long?", (), f"a{number}.txt", 0, 5, "Long.", "", 0.05 * number, right)
    return json.dumps(asdict(judgement))
