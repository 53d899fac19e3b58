"""Programs and assistants use the library through endpoints and tools: both return what the command line prints."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeLibrary, citation_of
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ListToolsResult
from serving import served

from index.types import Article
from ui.programs import Programs
from ui.render import answer_to_dict
from ui.tools import mounted_tools

FEES = Article("fees", "Fees", "The fee is 5 euros. Dogs stay outside.", "/home/anna/fees.txt")
HOURS = Article("hours", "Hours", "It closes at five.", "https://e.example/hours")
QUESTION = "What is the fee?"
WEB = "https://news.example/bridge"


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary(FEES, HOURS, answers={QUESTION: [citation_of(FEES, "fee", words="5 euros")]})


@pytest.fixture
def address(library: FakeLibrary) -> Iterator[str]:
    with served(library, tools=True) as address:
        yield address


@pytest.fixture
def endpoints(address: str) -> Iterator[Client]:
    client = Client(address, verbose=False, analytics_enabled=False)
    yield client
    client.close()


def in_session(address: str, *calls: tuple[str, dict[str, object]]) -> list[CallToolResult]:
    """Call tools, one after the other, as an assistant does."""

    async def calling() -> list[CallToolResult]:
        async with streamable_http_client(f"{address}mcp") as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return [await session.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(calling())


def listed(address: str) -> ListToolsResult:
    async def listing() -> ListToolsResult:
        async with streamable_http_client(f"{address}mcp") as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return await session.list_tools()

    return asyncio.run(listing())


def test_a_page_a_text_and_a_file_are_added_listed_and_removed(
    endpoints: Client, library: FakeLibrary, tmp_path: Path
) -> None:
    (tmp_path / "boats.md").write_text("# Boats\n\nThe ferry sails at nine.\n")
    (tmp_path / "empty.txt").write_text(" ")
    files = [handle_file(str(tmp_path / name)) for name in ("boats.md", "empty.txt")]
    added = endpoints.predict(files, [WEB, f"{WEB}/2"], "It opens at ten.", "Doors", api_name="/add")
    assert added["articles"] == [
        {"article_id": "boats", "title": "Boats", "outcome": "added"},
        {"article_id": "bridge", "title": "Bridge", "outcome": "added"},
        {"article_id": "doors", "title": "Doors", "outcome": "added"},
    ]
    assert [each["source"] for each in added["failures"]] == ["upload: empty.txt", f"{WEB}/2"]
    assert "there is no text in it" in added["failures"][0]["reason"]
    assert "404 Not Found" in added["failures"][1]["reason"]
    rows = endpoints.predict(api_name="/articles")
    assert [(row["article_id"], row["source"], row["sentences"]) for row in rows] == [
        ("fees", "fees.txt", 2),
        ("hours", "https://e.example/hours", 1),
        ("boats", "upload: boats.md", 2),
        ("bridge", WEB, 2),
        ("doors", "pasted: Doors", 1),
    ]
    assert [row["sha256"] for row in rows] == [article.sha256 for article in library.articles()]
    assert endpoints.predict(["boats", "doors"], api_name="/remove") == {"removed": ["boats", "doors"]}
    assert [row["article_id"] for row in endpoints.predict(api_name="/articles")] == ["fees", "hours", "bridge"]


def test_rebuild_tells_how_much_is_in_the_index(endpoints: Client, library: FakeLibrary) -> None:
    assert endpoints.predict(api_name="/rebuild") == {"generation": 2, "articles": 2, "sentences": 3}
    assert library.rebuilds == 1


def test_several_articles_can_be_asked(endpoints: Client, library: FakeLibrary) -> None:
    endpoints.predict(QUESTION, ["hours", "fees"], api_name="/ask")
    assert library.asked[-1] == (QUESTION, ("hours", "fees"), ())


def event_of(address: str, name: str, *data: object) -> str:
    """Call an endpoint without the client, which would upload what it is told to; return the last event."""
    connection = http.client.HTTPConnection(address.removeprefix("http://").strip("/"), timeout=30)
    body = json.dumps({"data": data})
    connection.request("POST", f"/gradio_api/call/{name}", body, {"Content-Type": "application/json"})
    event = json.load(connection.getresponse())["event_id"]
    connection.request("GET", f"/gradio_api/call/{name}/{event}")
    said = connection.getresponse().read().decode()
    connection.close()
    return said.rpartition("event: ")[2].partition("\n")[0]


def test_a_file_that_was_not_uploaded_is_not_read(
    address: str, endpoints: Client, library: FakeLibrary, tmp_path: Path
) -> None:
    """A program may say where a file lies on the server: only what lies where uploads do is taken."""
    (tmp_path / "secret.txt").write_text("This is not for you.")
    for path in (tmp_path / "secret.txt", Path(__file__), Path("/etc/hostname")):
        for file in ({"path": str(path), "meta": {"_type": "gradio.FileData"}}, {"path": str(path)}, str(path)):
            assert event_of(address, "add", [file], None, None, None) == "error"
    assert event_of(address, "add", None, None, "A text.", "Title") == "complete"
    library.remove(["title"])
    with pytest.raises(AppError, match="is no URL"):
        endpoints.predict(None, [str(tmp_path / "secret.txt")], api_name="/add")
    with pytest.raises(AppError, match="is no URL"):
        endpoints.predict(None, [f"file://{tmp_path}/secret.txt"], api_name="/add")
    assert library.articles() == (FEES, HOURS)


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("/add", [None], "nothing to add"),
        ("/add", [None, None, "A text without a title."], "a text needs a title"),
        ("/remove", [["nowhere"]], "no article 'nowhere' in the library"),
        ("/ask", ["?", "nowhere"], "no article 'nowhere' in the library"),
    ],
)
def test_an_error_tells_its_reason(endpoints: Client, name: str, given: list[object], says: str) -> None:
    with pytest.raises(AppError, match=says):
        endpoints.predict(*given, api_name=name)


def test_tools_do_what_the_endpoints_do(address: str, endpoints: Client, library: FakeLibrary) -> None:
    asked, rows, added, removed, rebuilt = in_session(
        address,
        ("ask", {"question": QUESTION, "article_ids": ["fees"], "history": ["Before?"]}),
        ("articles", {}),
        ("add", {"urls": [WEB], "text": "It opens at ten.", "title": "Doors"}),
        ("remove", {"article_ids": ["doors"]}),
        ("rebuild", {}),
    )
    assert not any(each.isError for each in (asked, rows, added, removed, rebuilt))
    wanted = answer_to_dict(library.ask(QUESTION, article_ids=["fees"]))
    assert asked.structuredContent == json.loads(json.dumps(wanted))
    assert library.asked[0] == (QUESTION, ("fees",), ("Before?",))
    assert rows.structuredContent is not None
    assert rows.structuredContent["result"] == endpoints.predict(api_name="/articles")[:2]
    assert added.structuredContent == {
        "articles": [
            {"article_id": "bridge", "title": "Bridge", "outcome": "added"},
            {"article_id": "doors", "title": "Doors", "outcome": "added"},
        ],
        "failures": [],
    }
    assert removed.structuredContent == {"removed": ["doors"]}
    assert rebuilt.structuredContent == {"generation": 2, "articles": 3, "sentences": 5}


def test_a_tool_tells_its_error_and_reads_no_file_of_the_server(address: str, library: FakeLibrary) -> None:
    missing, path = in_session(
        address, ("ask", {"question": "?", "article_ids": ["nowhere"]}), ("add", {"urls": [str(Path(__file__))]})
    )
    assert missing.isError
    assert "no article 'nowhere' in the library" in missing.content[0].text  # type: ignore[union-attr]
    assert path.isError
    assert library.articles() == (FEES, HOURS)


def test_tools_say_what_they_do_and_which_of_them_change_something(address: str) -> None:
    tools = {tool.name: tool for tool in listed(address).tools}
    assert {name: bool(tool.annotations and tool.annotations.readOnlyHint) for name, tool in tools.items()} == {
        "ask": True,
        "articles": True,
        "add": False,
        "remove": False,
        "rebuild": False,
    }
    assert all(tool.description and tool.outputSchema for tool in tools.values())
    assert tools["ask"].inputSchema["required"] == ["question"]


def test_making_tools_leaves_logging_as_it_is(library: FakeLibrary) -> None:
    before = logging.getLogger().handlers[:]
    mounted_tools(Programs(library))
    assert logging.getLogger().handlers == before
