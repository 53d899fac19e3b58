"""The web chat as programs see it: one named endpoint, which returns what `pullquote ask --json` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from fakes import FakeLibrary, citation_of
from gradio_client import Client
from gradio_client.exceptions import AppError

from index.errors import InputError
from index.types import Article
from ui.app import build_app, launch
from ui.render import answer_to_dict

FEES = Article("fees", "Fees", "The fee is 5 euros. Children <b>pay</b> nothing.\n\nDogs stay outside.", "fees.txt")
HOURS = Article("hours", "Hours", "It opens at nine 😀. It closes at five.", "hours.txt")
ANSWERS = {
    "What is the fee?": [citation_of(FEES, "fee", words="5 euros"), citation_of(FEES, "Children", probability=0.6)],
    "When does it close?": [citation_of(HOURS, "closes", words="five")],
}


@pytest.fixture(scope="module")
def library() -> FakeLibrary:
    return FakeLibrary(FEES, HOURS, answers=ANSWERS)


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    client = Client(address, verbose=False, analytics_enabled=False)
    yield client
    client.close()


def test_ask_returns_the_answer_as_the_command_line_does(client: Client, library: FakeLibrary) -> None:
    found = client.predict("What is the fee?", "fees", [], api_name="/ask")
    assert found == json.loads(json.dumps(answer_to_dict(library.ask("What is the fee?", article_ids=["fees"]))))
    assert [each["text"] for each in found["citations"]] == ["The fee is 5 euros.", "Children <b>pay</b> nothing."]
    for each in [*found["citations"], *found["nearest"]]:
        assert each["text"] == FEES.text[each["start"] : each["end"]]


def test_offsets_are_code_points(client: Client) -> None:
    (found,) = client.predict("When does it close?", "hours", [], api_name="/ask")["citations"]
    assert HOURS.text[found["start"] : found["end"]] == found["text"] == "It closes at five."
    assert HOURS.text[found["answer"]["start"] : found["answer"]["end"]] == "five"


def test_without_an_article_id_all_articles_are_asked(client: Client, library: FakeLibrary) -> None:
    assert client.predict("When does it close?", api_name="/ask")["status"] == "answered"
    assert library.asked[-1] == ("When does it close?", None, ())
    assert client.predict("When does it close?", "fees", api_name="/ask")["status"] == "no_answer"


def test_the_history_reaches_the_library_in_order(client: Client, library: FakeLibrary) -> None:
    client.predict("And then?", "fees", ["First?", "Second?"], api_name="/ask")
    assert library.asked[-1] == ("And then?", ("fees",), ("First?", "Second?"))


def test_parameters_have_names(client: Client) -> None:
    found = client.predict(question="What is the fee?", article_id="fees", history=[], api_name="/ask")
    assert found["status"] == "answered"


@pytest.mark.parametrize(
    ("question", "article_id", "message"),
    [("  ", "fees", "the question is empty"), ("What?", "nowhere", "no article 'nowhere' in the library")],
)
def test_an_error_is_told_in_its_own_words(client: Client, question: str, article_id: str, message: str) -> None:
    with pytest.raises(AppError, match=message):
        client.predict(question, article_id, [], api_name="/ask")


def test_no_endpoint_of_the_page_itself_is_offered(client: Client) -> None:
    assert list(client.view_api(return_format="dict", print_info=False)["named_endpoints"]) == [
        "/ask",
        "/articles",
        "/remove",
        "/rebuild",
        "/add",
    ]


def test_questions_at_the_same_time_are_not_mixed(address: str) -> None:
    def ask(question: str) -> dict[str, object]:
        # Each visitor has a client: one that threads share may drop an answer while its stream of events closes.
        with closing(Client(address, verbose=False, analytics_enabled=False)) as visitor:
            return visitor.predict(question, "", [], api_name="/ask")

    asked = ["What is the fee?", "When does it close?", "Who?"] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, asked))
    assert [answer["question"] for answer in answers] == asked
    assert [answer["status"] for answer in answers] == ["answered", "answered", "no_answer"] * 8


def test_a_taken_port_is_an_error_with_a_remedy(address: str, library: FakeLibrary) -> None:
    port = int(address.rstrip("/").rsplit(":", 1)[1])
    with pytest.raises(InputError, match=f"cannot serve on 127.0.0.1:{port}.*choose another --host or --port"):
        launch(build_app(library), port=port)
