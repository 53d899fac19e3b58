"""The web chat as people use it, in a real Chromium: asking, reading, following citations."""

from __future__ import annotations

import re

import pytest
from chromium import PHONE
from fakes import FakeLibrary, citation_of
from playwright.sync_api import Browser, Page, Route, expect
from serving import served
from visitor import HARBOUR, INJECTION, ask, link, log, mark, opened, settle

from index.types import Article

pytestmark = pytest.mark.browser


def test_an_answer_is_quoted_and_highlighted_and_the_first_sentence_is_in_view(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    expect(log(page).locator("blockquote")).to_have_text(
        ["The pier is 212 metres long.", "The harbour opened in 1912."]
    )
    expect(log(page).locator("blockquote strong")).to_have_text(["212 metres", "1912"])
    expect(log(page).locator("a[data-citation]")).to_have_text(["[1]", "[2]"])
    expect(log(page)).to_contain_text(re.compile(r"Paragraph 62 · Likely · 71\s% sure"))
    expect(mark(page, 1)).to_have_text("The pier is 212 metres long.")
    expect(mark(page, 2)).to_have_text("The harbour opened in 1912.")
    expect(mark(page, 1).locator("strong")).to_have_text("212 metres")
    expect(mark(page, 1)).to_be_in_viewport(ratio=1)
    expect(mark(page, 2)).not_to_be_in_viewport()
    assert page.locator("#article").evaluate("each => each.textContent") == HARBOUR.text


def test_a_click_on_a_citation_scrolls_to_its_sentence_and_flashes_it(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    link(page, 2).click()
    expect(mark(page, 2)).to_be_in_viewport(ratio=1)
    expect(mark(page, 2)).to_have_class(re.compile("flash"))
    expect(mark(page, 2)).not_to_have_class(re.compile("flash"))
    expect(mark(page, 1)).not_to_be_in_viewport()


def test_a_click_on_the_quoted_words_leads_there_too(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    log(page).locator("blockquote").nth(1).click()
    expect(mark(page, 2)).to_be_in_viewport(ratio=1)
    expect(mark(page, 2)).to_have_class(re.compile("flash"))


def test_the_keyboard_alone_leads_to_a_sentence_and_back(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    link(page, 2).focus()
    page.keyboard.press("Enter")
    expect(mark(page, 2)).to_be_in_viewport(ratio=1)
    expect(mark(page, 2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(link(page, 2)).to_be_focused()


def test_an_older_answers_citation_brings_its_own_marks_back(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    expect(link(page, 2)).to_be_visible()
    ask(page, "When did it open?")
    expect(mark(page, 1)).to_have_text("The harbour opened in 1912.")
    link(page, 1).first.click()
    expect(mark(page, 1)).to_have_text("The pier is 212 metres long.")
    expect(mark(page, 1)).to_be_in_viewport(ratio=1)


def test_a_question_is_shown_at_once_and_its_answer_when_there_is_one(page: Page, library: FakeLibrary) -> None:
    library.go.clear()
    try:
        ask(page, "When did it open?")
        expect(log(page)).to_contain_text("When did it open?")
        expect(log(page).locator(".typing")).to_be_visible()
        expect(page.get_by_role("textbox", name="Question", exact=True)).to_have_value("")
    finally:
        library.go.set()
    expect(link(page, 1)).to_be_visible()
    expect(log(page).locator(".typing")).to_have_count(0)


def test_a_question_is_shown_before_the_server_has_heard_of_it(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/queue/join*", hold)
    with page.expect_request("**/queue/join*"):  # which the page shows its question before
        ask(page, INJECTION)
    expect(log(page).locator(".question")).to_have_text(INJECTION)
    expect(log(page).locator(".typing")).to_be_visible()
    expect(log(page).locator(".welcome")).to_be_hidden()
    held[0].continue_()
    expect(log(page).locator(".verdict")).to_be_visible()
    expect(log(page).locator(".question")).to_have_text([INJECTION])


def leave_while_waiting(page: Page) -> None:
    """Ask something, and begin a new chat before there is an answer."""
    ask(page, "When did it open?")
    expect(log(page).locator(".typing")).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    expect(log(page)).to_contain_text("Ask the article.")


def test_a_new_chat_while_waiting_drops_the_question(page: Page, library: FakeLibrary) -> None:
    library.go.clear()
    try:
        leave_while_waiting(page)
    finally:
        library.go.set()
    settle(page)  # the answer would be here by now
    expect(log(page)).to_contain_text("Ask the article.")
    ask(page, "When did it open?")
    expect(link(page, 1)).to_have_count(1)


def test_a_question_that_is_asked_right_after_a_new_chat_is_answered(page: Page, library: FakeLibrary) -> None:
    library.go.clear()
    try:
        leave_while_waiting(page)
        page.wait_for_timeout(300)  # while the first one is still being looked for
        ask(page, "When did it open?")
        expect(log(page).locator(".typing")).to_be_visible()
    finally:
        library.go.set()
    expect(link(page, 1)).to_have_count(1)


def test_when_the_article_does_not_say_the_nearest_sentences_are_shown_as_such(page: Page) -> None:
    ask(page, "When did it open?")
    expect(mark(page, 1)).to_be_in_viewport()
    ask(page, "Who painted it?")
    expect(log(page).locator(".verdict").last).to_have_text("The article does not say.")
    expect(mark(page, 1)).to_have_count(0)
    expect(log(page).locator("a[data-nearest]").first).to_be_hidden()
    log(page).get_by_text("Nearest sentences").click()
    expect(log(page).locator("a[data-nearest]")).to_have_count(5)
    log(page).locator('a[data-nearest="2"]').click()
    nearest = page.locator("#article mark")
    expect(nearest).to_have_count(1)
    expect(nearest).to_have_attribute("data-nearest", "2")
    expect(nearest).to_be_in_viewport()


def test_shift_and_enter_begin_a_new_line(page: Page, library: FakeLibrary) -> None:
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill("When did it")
    box.press("Shift+Enter")
    box.press_sequentially("open?")
    expect(box).to_have_value("When did it\nopen?")
    box.press("Enter")
    expect(log(page).locator(".verdict").last).to_have_text("The article does not say.")
    assert library.asked[-1][0] == "When did it\nopen?"


def test_an_empty_question_is_met_with_a_hint(page: Page, library: FakeLibrary) -> None:
    before = len(library.asked)
    ask(page, "   ")
    expect(log(page)).to_contain_text("Write a question first.")
    ask(page, "When did it open?")
    expect(link(page, 1)).to_be_visible()
    expect(log(page)).not_to_contain_text("Write a question first.")
    assert len(library.asked) == before + 1


def test_follow_ups_carry_the_earlier_questions_of_this_chat_alone(
    browser: Browser, address: str, library: FakeLibrary
) -> None:
    with opened(browser, address) as one, opened(browser, address) as other:
        ask(one, "When did it open?")
        expect(link(one, 1)).to_be_visible()
        ask(other, "And who painted it?")
        expect(log(other).locator(".verdict").last).to_have_text("The article does not say.")
        assert library.asked[-1] == ("And who painted it?", ("harbour",), ())
        ask(one, "And then?")
        expect(log(one).locator(".verdict").last).to_have_text("The article does not say.")
        assert library.asked[-1] == ("And then?", ("harbour",), ("When did it open?",))
        expect(log(other)).not_to_contain_text("When did it open?")
        one.get_by_role("button", name="New chat").click()
        expect(log(one)).not_to_contain_text("When did it open?")
        expect(mark(one, 1)).to_have_count(0)
        ask(one, "When did it open?")
        expect(link(one, 1)).to_be_visible()
        assert library.asked[-1] == ("When did it open?", ("harbour",), ())


def test_on_a_phone_a_citation_brings_the_article_into_view(browser: Browser, address: str) -> None:
    with opened(browser, address, PHONE) as page:
        expect(page.get_by_role("region", name="Article: The harbour")).to_be_hidden()
        ask(page, "How long is the pier, and how old?")
        link(page, 1).click()
        expect(mark(page, 1)).to_be_in_viewport(ratio=1)
        expect(log(page)).to_be_hidden()
        page.get_by_role("button", name="Chat", exact=True).click()
        expect(link(page, 1)).to_be_visible()
        page.get_by_role("button", name="Article", exact=True).click()
        expect(mark(page, 1)).to_be_visible()
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, "nothing stands out at the side"


def test_those_who_want_no_motion_get_none(browser: Browser, address: str, library: FakeLibrary) -> None:
    with opened(browser, address, calm=True) as page:
        library.go.clear()
        try:
            ask(page, "How long is the pier, and how old?")
            expect(log(page).locator(".typing")).to_be_visible()
            running = "document.getAnimations().filter(each => each.playState === 'running').length"
            page.wait_for_timeout(100)
            assert page.evaluate(running) == 0
        finally:
            library.go.set()
        link(page, 2).click()
        expect(mark(page, 2)).to_be_in_viewport(ratio=1)


def test_the_page_is_ours_alone(page: Page) -> None:
    expect(page).to_have_title("Pullquote")
    assert page.locator("footer").count() == 0
    assert "gradio" not in page.locator("body").inner_text().lower()
    assert page.get_by_role("button").all_inner_texts() == ["Library", "Chats", "?", "New chat", "Ask"]


def test_the_article_stays_where_the_reader_scrolled_until_a_citation_is_followed(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    expect(mark(page, 1)).to_be_in_viewport(ratio=1)
    article = page.locator("#article")
    article.hover()
    page.mouse.wheel(0, 4000)
    page.wait_for_function("document.getElementById('article').scrollTop > 4000")
    page.wait_for_timeout(300)  # until it has come to rest
    before = article.evaluate("each => each.scrollTop")
    ask(page, "When did it open?")
    expect(mark(page, 1)).to_have_text("The harbour opened in 1912.")
    assert article.evaluate("each => each.scrollTop") == before
    link(page, 1).last.click()
    expect(mark(page, 1)).to_be_in_viewport(ratio=1)


def test_buttons_keys_and_the_map_lead_from_citation_to_citation(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    steps = page.get_by_role("group", name="Citations")
    expect(steps).to_have_text("↑1 of 2↓")
    steps.get_by_role("button", name="Next citation").click()
    expect(mark(page, 2)).to_be_focused()
    expect(steps).to_have_text("↑2 of 2↓")
    page.keyboard.press("j")
    expect(mark(page, 1)).to_be_focused()
    page.keyboard.press("k")
    expect(mark(page, 2)).to_be_focused()
    expect(mark(page, 2)).to_be_in_viewport(ratio=1)
    page.get_by_role("navigation", name="Where in the article").get_by_role("link").first.click()
    expect(mark(page, 1)).to_be_focused()
    expect(mark(page, 1)).to_be_in_viewport(ratio=1)
    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name="Question", exact=True)).to_be_focused()
    page.keyboard.type("j?")
    expect(page.get_by_role("textbox", name="Question", exact=True)).to_have_value("j?")


def test_the_keys_are_told_in_a_sheet(page: Page) -> None:
    log(page).focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("next and previous citation")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_sentences_beside_a_quote_are_shown_on_demand_and_stay(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    first = log(page).locator(".quote").first
    expect(first.locator(".around").last).to_be_hidden()
    first.get_by_role("button", name="Context").click()
    expect(first.locator(".around")).to_have_text(["It is read slowly.", "Gulls nest there."])
    expect(first.locator(".around").first).to_be_visible()
    ask(page, "Who painted it?")
    expect(log(page).locator(".verdict")).to_be_visible()
    expect(first.locator(".around").last).to_be_visible()
    expect(log(page)).to_contain_text("Understood as following How long is the pier, and how old?")


def test_a_quote_is_copied_with_its_reference(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "When did it open?")
    log(page).get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied with its reference")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "“The harbour opened in 1912.” — The harbour, paragraph 1"


def test_a_long_article_is_sent_once_and_its_last_sentence_is_reached(browser: Browser) -> None:
    filler = "\n\n".join(
        f"Paragraph {at} {'tells of weather and little else, read slowly, ' * 8}." for at in range(700)
    )
    long = Article("long", "Long", f"{filler}\n\nThe lamp is lit.\n\n{filler}", "long.txt")
    assert len(long.text.split()) > 50_000
    lamp = citation_of(long, "lamp", words="lit")
    with served(FakeLibrary(long, answers={"Is the lamp lit?": [lamp]})) as address, opened(browser, address) as page:
        expect(page.locator("#article")).to_have_attribute("data-article", "long")
        received: list[int] = []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
        ask(page, "Is the lamp lit?")
        expect(mark(page, 1)).to_be_in_viewport(ratio=1)
        expect(page.locator("#article mark")).to_have_text("The lamp is lit.")
        page.wait_for_timeout(300)
        assert 0 < sum(received) < 20_000 < len(long.text)
        assert page.locator("#article").evaluate("each => each.textContent") == long.text
