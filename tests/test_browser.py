"""The web chat as people use it, in a real Chromium: asking, reading, following citations, rebuilding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from chromium import PHONE, WIDE, chromium
from fakes import FakeLibrary, citation_of
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect
from serving import served

from index.errors import EmptyLibrary
from index.types import Article
from qa.types import Answer
from ui.library import Library

pytestmark = pytest.mark.browser

INJECTION = '<img src=x onerror="window.hacked=true"><script>window.hacked=true</script>{{value}}${window.hacked=true}'

# Long enough to be scrolled: the sentences asked for are far apart.
FILLER = "\n\n".join(f"Paragraph {number} tells of weather and little else. It is read slowly." for number in range(60))
HARBOUR = Article(
    "harbour",
    "The harbour",
    f"The harbour opened in 1912.\n\n{FILLER}\n\nThe pier is 212 metres long. Gulls nest there.\n\n{FILLER}",
    "harbour.txt",
)
KEEPER = Article(
    f"keeper {INJECTION}",
    f"The keeper {INJECTION}",
    f"# Tools {INJECTION}\n\n{INJECTION} The keeper owned a lamp.\n\n{FILLER}",
    f"keeper.txt {INJECTION}",
)
OPENED = citation_of(HARBOUR, "opened", probability=0.93, words="1912")
LONG = citation_of(HARBOUR, "212 metres", probability=0.71, words="212 metres")
LAMP = citation_of(KEEPER, "keeper owned", words="a lamp")
ANSWERS = {
    "How long is the pier, and how old?": [LONG, OPENED],
    "When did it open?": [OPENED],
    "What did the keeper own?": [LAMP, OPENED],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def library() -> FakeLibrary:
    return FakeLibrary(HARBOUR, answers=ANSWERS)


@pytest.fixture(scope="module")
def address(library: FakeLibrary) -> Iterator[str]:
    with served(library) as address:
        yield address


@contextmanager
def opened(browser: Browser, address: str, size: tuple[int, int] = WIDE, *, calm: bool = False) -> Iterator[Page]:
    """A fresh visitor's page, which must ask nothing of any other host and log no error."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce" if calm else "no-preference"
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    abroad: list[str] = []
    errors: list[str] = []

    def requested(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            abroad.append(request.url)

    page.on("request", requested)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(address)
    page.locator("#article").wait_for(state="attached")
    yield page
    assert page.evaluate("window.hacked") is None
    assert (abroad, errors) == ([], [])
    context.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address) as page:
        yield page


def ask(page: Page, question: str) -> None:
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(question)
    box.press("Enter")


def log(page: Page) -> Locator:
    return page.get_by_role("log")


def mark(page: Page, number: int) -> Locator:
    return page.locator(f'#article mark[data-citation="{number}"]')


def link(page: Page, number: int) -> Locator:
    return log(page).locator(f'a[data-citation="{number}"]')


def test_an_answer_is_quoted_and_highlighted_and_the_first_sentence_is_in_view(page: Page) -> None:
    ask(page, "How long is the pier, and how old?")
    expect(log(page).locator("blockquote")).to_have_text(
        ["The pier is 212 metres long.", "The harbour opened in 1912."]
    )
    expect(log(page).locator("blockquote strong")).to_have_text(["212 metres", "1912"])
    expect(log(page).locator("a[data-citation]")).to_have_text(["[1]", "[2]"])
    expect(log(page)).to_contain_text(re.compile(r"Paragraph 62 · Likely, 71\s%"))
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
    ask(page, INJECTION)
    expect(log(page).locator(".question")).to_have_text(INJECTION)
    expect(log(page).locator(".typing")).to_be_visible()
    expect(log(page).locator(".welcome")).to_be_hidden()
    held[0].continue_()
    expect(log(page).locator(".verdict")).to_be_visible()
    expect(log(page).locator(".question")).to_have_text([INJECTION])


def test_a_new_chat_while_waiting_drops_the_question(page: Page, library: FakeLibrary) -> None:
    library.go.clear()
    try:
        ask(page, "When did it open?")
        expect(log(page).locator(".typing")).to_be_visible()
        page.get_by_role("button", name="New chat").click()
        expect(log(page)).to_contain_text("Ask the article.")
    finally:
        library.go.set()
    page.wait_for_timeout(300)  # the answer would be here by now
    expect(log(page)).to_contain_text("Ask the article.")
    ask(page, "When did it open?")
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


def test_rebuilding_shows_its_progress_and_its_end(page: Page, library: FakeLibrary) -> None:
    sentences = len(library.sentences("harbour"))
    expect(page.get_by_text(f"Index: {sentences} sentences in 1 article.")).to_be_visible()
    before = library.rebuilds
    library.go.clear()
    try:
        page.get_by_role("button", name="Rebuild index").click()
        expect(page.get_by_text(f"Indexing 0 of {sentences}")).to_be_visible()
        expect(page.locator("#index .progress-bar")).to_be_attached()
    finally:
        library.go.set()
    expect(page.get_by_text(f"Index rebuilt: {sentences} sentences in 1 article.")).to_be_visible()
    assert library.rebuilds == before + 1


def test_rebuilding_keeps_the_chat_and_its_marks(page: Page) -> None:
    ask(page, "When did it open?")
    expect(mark(page, 1)).to_be_in_viewport()
    page.get_by_role("button", name="Rebuild index").click()
    expect(page.get_by_text("Index rebuilt")).to_be_visible()
    expect(link(page, 1)).to_be_visible()
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


def test_examples_are_offered_for_the_seed_article_alone_and_ask_when_clicked(browser: Browser, page: Page) -> None:
    expect(log(page).get_by_role("button")).to_have_count(0)
    seed = Article("us-troops-eastern-europe", "Seed", HARBOUR.text, "seed.txt")
    with served(FakeLibrary(seed)) as address, opened(browser, address) as other:
        example = log(other).get_by_role("button").first
        question = example.inner_text()
        example.click()
        expect(log(other).locator(".question")).to_have_text(question)
        expect(log(other).locator(".verdict").last).to_have_text("The article does not say.")
        expect(log(other).get_by_role("button")).to_have_count(0)


class EmptyFake(FakeLibrary):
    """A library with nothing in it, which says so as the real one does."""

    def articles(self) -> tuple[Article, ...]:
        raise EmptyLibrary(Path("/home/reader"))


class BrokenFake(FakeLibrary):
    """A library with a bug in it."""

    def ask(self, question: str, *, article_ids: Sequence[str] | None = None, history: Sequence[str] = ()) -> Answer:
        raise ZeroDivisionError(question)


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
        expect(log(page)).to_contain_text("No article '' in the library")


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
    assert page.get_by_role("button").all_inner_texts() == ["New chat", "Ask", "Rebuild index"]


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
            page.get_by_role("button", name="Rebuild index").click()
            expect(page.get_by_text(re.compile(r"Index rebuilt: \d+ sentences in 1 article\."))).to_be_visible()
            link(page, 1).click()
            expect(mark(page, 1)).to_have_class(re.compile("flash"))
        finally:
            expect.set_options(timeout=15_000)
