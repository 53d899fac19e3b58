"""A visitor of the web chat in tests: what they open, ask and look at, and the articles they read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from chromium import WIDE
from fakes import citation_of
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request

from index.types import Article

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

# What each visitor's pages have asked the server for and not got yet.
_under_way: WeakKeyDictionary[BrowserContext, set[Request]] = WeakKeyDictionary()


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
    asked = _under_way[context] = set[Request]()

    def requested(request: Request) -> None:
        asked.add(request)
        if not request.url.startswith((address, "data:", "blob:")):
            abroad.append(request.url)

    def ended(request: Request) -> None:
        asked.discard(request)

    context.on("request", requested)
    context.on("requestfinished", ended)
    context.on("requestfailed", ended)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(address)
    page.locator("#article").wait_for(state="attached")
    yield page
    assert page.evaluate("window.hacked") is None
    assert (abroad, errors) == ([], []), f"asked of others: {abroad}, logged: {errors}"
    context.close()


def settle(page: Page) -> None:
    """Wait until nothing is under way between a page and the server."""
    quiet = 0
    for _ in range(150):
        page.wait_for_timeout(100)
        waiting = [each for each in _under_way[page.context] if "/heartbeat/" not in each.url]  # that one never ends
        quiet = 0 if waiting else quiet + 1
        if quiet == 3:  # once is not enough: an event's end begins the next one
            break


def reload(page: Page) -> None:
    """Reload a page once nothing is under way, so that what it keeps is kept."""
    settle(page)
    page.evaluate("console.error = () => {}")  # a stream not read to its end, Gradio logs as the page is left
    page.reload()


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


def open_library(page: Page) -> Locator:
    """Open the library's panel, by the button or by the tab, whichever is there."""
    page.locator('[data-view-tab="library"]:visible').click()
    return page.locator("#library")
