"""Many users at the same time: every question is answered, with an answer of its own, while the library changes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import FakeEncoder
from fakes import FakeLibrary
from gradio_client import Client
from playwright.sync_api import Browser, expect
from serving import served
from test_answer import WordReader
from visitor import ANSWERS, HARBOUR, ask, link, log, opened

from index.types import Article
from ui.library import Library

USERS, QUESTIONS = 20, 10
# Words that no other sentence has, so that each question has one right answer.
FACTS = [[f"keeper{user} kept lamp{user}x{number}" for number in range(QUESTIONS)] for user in range(USERS)]


@pytest.fixture
def library(home: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder(model or "words"))
    monkeypatch.setattr("ui.library.Reader", WordReader)
    library = Library(home)
    library.add(
        [
            Article(f"a{n}", f"A{n}", " ".join(f"The {each}." for each in facts), f"{n}.txt")
            for n, facts in enumerate(FACTS)
        ]
    )
    return library


@pytest.fixture
def clients(library: Library) -> Iterator[list[Client]]:
    with served(library) as address, ThreadPoolExecutor(USERS) as pool:
        clients = list(pool.map(lambda _: Client(address, verbose=False, analytics_enabled=False), range(USERS)))
        yield clients
        list(pool.map(Client.close, clients))


def test_twenty_users_ask_ten_questions_each_and_none_is_mixed_up(clients: list[Client], library: Library) -> None:
    def converse(user: int) -> list[tuple[str, str, str]]:
        answers = [
            clients[user].predict(f"Which {fact}?", "" if number % 2 else f"a{user}", [], api_name="/ask")
            for number, fact in enumerate(FACTS[user])
        ]
        return [(each["question"], each["status"], each["citations"][0]["text"]) for each in answers]

    with ThreadPoolExecutor(USERS + 1) as pool:
        asking = [pool.submit(converse, user) for user in range(USERS)]
        changing = pool.submit(
            clients[0].predict, None, None, "A ferry sails.", "Ferry", api_name="/add"
        )  # a new generation of the index, meanwhile
        answers = [each.result() for each in asking]
    assert answers == [[(f"Which {fact}?", "answered", f"The {fact}.") for fact in facts] for facts in FACTS]
    assert changing.result()["articles"][0]["outcome"] == "added"
    assert len(library.articles()) == USERS + 1


@pytest.mark.browser
def test_users_do_not_see_each_others_chats(browser: Browser) -> None:
    with (
        served(FakeLibrary(HARBOUR, answers=ANSWERS)) as address,
        opened(browser, address) as one,
        opened(browser, address) as other,
    ):
        ask(one, "When did it open?")
        expect(link(one, 1)).to_be_visible()
        ask(other, "Who was there?")
        expect(log(other).locator(".verdict")).to_be_visible()
        for page, question in ((one, "When did it open?"), (other, "Who was there?")):
            expect(log(page).locator(".question")).to_have_text([question])
            page.get_by_role("button", name="Chats", exact=True).click()
            expect(page.get_by_role("region", name="Chats").get_by_role("listitem")).to_contain_text([question])
