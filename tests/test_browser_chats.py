"""Chats that are kept, in a real Chromium: over reloads and rebuilds, listed, deleted, saved, judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeLibrary
from playwright.sync_api import Browser, Locator, Page, expect
from serving import served
from visitor import ANSWERS, HARBOUR, KEEPER, ask, link, log, mark, opened, reload

from qa.questions import load_questions

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feedback")


@pytest.fixture(scope="module")
def address(library: FakeLibrary, folder: Path) -> Iterator[str]:
    with served(library, feedback=folder) as address:
        yield address


def chats(page: Page) -> Locator:
    page.get_by_role("button", name="Chats", exact=True).click()
    return page.get_by_role("region", name="Chats")


def test_a_chat_is_there_again_after_a_reload_and_follow_ups_go_on(page: Page, library: FakeLibrary) -> None:
    ask(page, "How long is the pier, and how old?")
    expect(link(page, 2)).to_be_visible()
    ask(page, "Who painted it?")
    expect(log(page).locator(".verdict")).to_be_visible()
    page.wait_for_function("Boolean(localStorage.getItem('pullquote-chats'))")
    expect(chats(page).get_by_role("listitem")).to_contain_text(["The harbour · 2 questions"])
    reload(page)
    expect(log(page).locator(".verdict")).to_be_visible()
    link(page, 2).click()
    expect(mark(page, 2)).to_have_text("The harbour opened in 1912.")
    expect(mark(page, 2)).to_be_in_viewport(ratio=1)
    ask(page, "And then?")
    expect(log(page).locator(".question")).to_have_count(3)
    expect(log(page).locator(".typing")).to_have_count(0)
    assert library.asked[-1][2] == ("How long is the pier, and how old?", "Who painted it?")


def test_chats_are_switched_and_deleted(page: Page) -> None:
    ask(page, "When did it open?")
    expect(link(page, 1)).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    expect(log(page)).to_contain_text("Ask the article.")
    ask(page, "Who painted it?")
    expect(log(page).locator(".verdict")).to_be_visible()
    panel = chats(page)
    expect(panel.get_by_role("listitem")).to_contain_text(["Who painted it?", "When did it open?"])
    panel.get_by_role("button", name="When did it open? The harbour", exact=False).first.click()
    expect(log(page).locator(".question")).to_have_text(["When did it open?"])
    expect(mark(page, 1)).to_have_text("The harbour opened in 1912.")
    expect(panel).to_be_hidden()
    panel = chats(page)
    panel.get_by_role("button", name="Delete the chat When did it open?").click()
    expect(panel.get_by_role("listitem")).to_have_count(2)
    panel.get_by_role("button", name="Delete the chat When did it open?").click()
    expect(panel.get_by_role("listitem")).to_contain_text(["Who painted it?"])
    expect(log(page)).to_contain_text("Ask the article.")
    expect(mark(page, 1)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    reload(page)
    expect(log(page)).to_contain_text("Ask the article.")
    expect(chats(page).get_by_role("listitem")).to_contain_text(["Who painted it?"])


def test_a_chat_is_saved_as_markdown_and_as_json(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    expect(link(page, 2)).to_be_visible()
    panel = chats(page)
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Markdown").click()
    assert saved.value.suggested_filename == "pullquote-1.md"
    assert "> The pier is **212 metres** long." in Path(saved.value.path()).read_text(encoding="utf-8")
    with page.expect_download() as saved:
        panel.get_by_role("button", name="JSON").click()
    (chat,) = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))["chats"]
    for each in chat["turns"][0]["answer"]["citations"]:
        assert HARBOUR.text[each["start"] : each["end"]] == each["text"]


def test_judgements_become_a_question_file(page: Page, folder: Path) -> None:
    ask(page, "How long is the pier, and how old?")
    first = log(page).locator(".quote").first
    first.get_by_role("button", name="Context").click()
    first.get_by_role("button", name="Right").click()
    expect(first.get_by_role("button", name="Right")).to_have_attribute("aria-pressed", "true")
    expect(first.locator(".around").first).to_be_visible()
    ask(page, "Who painted it?")
    log(page).locator("[data-quote='1-nearest-0']").get_by_role("button", name="Right").click()
    expect(log(page).locator("[aria-pressed=true]")).to_have_count(2)
    found = load_questions(folder / "questions.jsonl")
    assert {question.text: len(question.answers) for question in found.questions} == {
        "How long is the pier, and how old?": 1,
        "Who painted it?": 0,
    }
    reload(page)
    expect(log(page).locator("[aria-pressed=true]")).to_have_count(2)
    first.get_by_role("button", name="Right").click()
    expect(log(page).locator("[aria-pressed=true]")).to_have_count(1)
    assert [question.text for question in load_questions(folder / "questions.jsonl").questions] == ["Who painted it?"]


def test_quotes_of_an_article_that_changed_or_is_gone_say_so(browser: Browser) -> None:
    library = FakeLibrary(HARBOUR, KEEPER, answers=ANSWERS)
    with served(library) as address, opened(browser, address) as page:
        page.get_by_label("Ask all articles").check()
        ask(page, "What did the keeper own?")
        expect(link(page, 2)).to_be_visible()
        page.wait_for_function("Boolean(localStorage.getItem('pullquote-chats'))")
        library.put(replace(HARBOUR, text=f"Foreword.\n\n{HARBOUR.text}"))
        library.drop(KEEPER.id)
        reload(page)
        expect(log(page).locator(".state")).to_have_text(
            [
                "This article is no longer in the library.",
                "The article has changed since; this sentence no longer stands there.",
            ]
        )
        link(page, 2).click()
        expect(page.locator("#finds")).to_contain_text("This article has changed since that answer.")
        expect(page.locator("#article mark")).to_have_count(0)
        link(page, 1).click()
        expect(page.locator("#article")).to_have_attribute("data-article", "harbour")


def test_a_tab_takes_up_what_another_has_kept_unless_something_is_written(page: Page, address: str) -> None:
    other = page.context.new_page()
    other.goto(address)
    ask(other, "When did it open?")
    expect(link(other, 1)).to_be_visible()
    reload(other)
    looked_at = "document.dispatchEvent(new Event('visibilitychange'))"
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill("Half a quest")
    page.evaluate(looked_at)
    expect(box).to_have_value("Half a quest")
    expect(log(page)).to_contain_text("Ask the article.")
    box.fill("")
    page.evaluate(looked_at)
    expect(log(page).locator(".question")).to_have_text("When did it open?")
