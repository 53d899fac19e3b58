"""Who gets in: the choice made at the start, and what a running server answers to requests it should not trust."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeLibrary
from gradio_client import Client
from serving import served

from index.errors import InputError
from index.types import Article
from ui.access import Access, choose_access
from ui.passwords import parse_users

ARTICLE = Article("fees", "Fees", "The fee is 5 euros. Dogs stay outside.", "fees.txt")
# The hash of "long : enough" at costs that a test can wait for.
LINE = "anna:$scrypt$ln=4,r=8,p=1$c2FsdA$cuJdK+z5ajSlp/ioTyDJY3TcEzWF8qrhB+VBiEiT46k"
RIGHT = {"Authorization": "Basic " + base64.b64encode(b"anna:long : enough").decode()}
WRONG = {"Authorization": "Basic " + base64.b64encode(b"anna:something else").decode()}


def access_to(host: str, **options: object) -> Access:
    given = {"auth": None, "no_auth": False, "names": (), "environment": {}, **options}
    return choose_access(host, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
def test_a_server_for_this_machine_asks_for_no_password(host: str) -> None:
    assert access_to(host).users is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com", "", "127.1"])
def test_other_machines_get_in_by_a_password_or_a_plain_word_alone(host: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lets other machines in: give --auth FILE .*, or --no-auth"):
        access_to(host)
    assert access_to(host, no_auth=True).users is None
    (tmp_path / "users").write_text(LINE)
    for users in (
        access_to(host, auth=tmp_path / "users").users,
        access_to(host, environment={"PULLQUOTE_AUTH": LINE}).users,
    ):
        assert users is not None
        assert users.accept("anna", "long : enough")


def test_no_auth_stands_above_the_variable() -> None:
    assert access_to("127.0.0.1", no_auth=True, environment={"PULLQUOTE_AUTH": LINE}).users is None


def test_a_file_of_users_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the users of '.*nowhere'"):
        access_to("127.0.0.1", auth=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("host", "origin", "let_in"),
    [
        ("127.0.0.1:7860", None, True),
        ("[::1]:7860", None, True),
        ("LOCALHOST:7860", None, True),
        ("192.168.1.7", None, True),
        ("page.example:443", None, True),  # it was named
        ("evil.example:7860", None, False),
        ("localhost.evil.example", None, False),
        ("", None, False),
        ("[::1", None, False),
        ("127.0.0.1:7860", "http://127.0.0.1:7860", True),
        ("127.0.0.1:7860", "https://page.example", True),
        ("127.0.0.1:7860", "http://127.0.0.1:3000", False),
        ("127.0.0.1:7860", "http://localhost:7860", False),
        ("127.0.0.1:7860", "https://evil.example", False),
        ("127.0.0.1:7860", "https://page.example.evil.example", False),
        ("127.0.0.1:7860", "null", False),
        ("127.0.0.1:7860", "", False),
    ],
)
def test_requests_come_by_a_known_name_and_from_the_page_itself(host: str, origin: str | None, let_in: bool) -> None:
    assert (access_to("127.0.0.1", names=["page.example"]).refusal(host, origin) == "") == let_in


def test_with_a_password_any_name_may_lead_here_but_no_other_page_may_ask() -> None:
    access = access_to("0.0.0.0", environment={"PULLQUOTE_AUTH": LINE})
    assert access.refusal("anything.example", None) == ""
    assert access.refusal("anything.example", "http://anything.example") == ""
    assert "'http://evil.example'" in access.refusal("anything.example", "http://evil.example")


@pytest.fixture(scope="module")
def library() -> FakeLibrary:
    return FakeLibrary(ARTICLE)


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    with served(FakeLibrary(ARTICLE), Access(parse_users(LINE, place="the test"))) as address:
        yield address


def status_of(address: str, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
    connection = http.client.HTTPConnection(address.removeprefix("http://").strip("/"), timeout=30)
    try:
        connection.request(method, path, body=body or None, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


JOIN = json.dumps({"fn_index": 0, "data": ["", []], "session_hash": "x"}).encode()


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9", "null"])
def test_a_page_of_another_site_can_ask_nothing_of_the_server(address: str, origin: str) -> None:
    """A browser sends such a request without asking first: its kind of body is that of a plain form."""
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    for path in ("/gradio_api/queue/join", "/gradio_api/call/ask", "/gradio_api/upload", "/gradio_api/cancel"):
        assert status_of(address, "POST", path, headers, JOIN) == 403
    own = {"Origin": address.rstrip("/"), "Content-Type": "application/json"}
    assert status_of(address, "POST", "/gradio_api/queue/join", own, JOIN) not in (401, 403)


def test_a_name_that_was_made_to_lead_here_opens_nothing(address: str) -> None:
    for path in ("/", "/config", "/gradio_api/info", "/gradio_api/startup-events"):
        assert status_of(address, "GET", path, {"Host": "evil.example:7860"}) == 403
    assert status_of(address, "GET", "/", {}) == 200


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/proxy=https://a.hf.space/", "/gradio_api/file=https://example.com/", "/gradio_api/file=HTTP://e/"],
)
def test_the_server_fetches_nothing_for_anybody(address: str, path: str) -> None:
    assert status_of(address, "GET", path, {}) == 404


def test_no_file_but_what_was_uploaded_is_served(address: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    here = Path(__file__).resolve()
    outside = [tmp_path / "secret.txt", here, here.parent.parent / "README.md", Path("/etc/passwd")]
    for path in [*map(str, outside), "../../../../etc/passwd", "README.md", "/proc/self/environ"]:
        assert status_of(address, "GET", f"/gradio_api/file={path}", {}) in (403, 404)
        assert status_of(address, "GET", f"/gradio_api/file/{path}", {}) in (403, 404)


def test_uploads_are_limited_to_the_largest_file_that_is_read(address: str) -> None:
    connection = http.client.HTTPConnection(address.removeprefix("http://").strip("/"), timeout=30)
    connection.request("GET", "/config")
    assert json.load(connection.getresponse())["max_file_size"] == 200_000_000
    connection.close()


def test_without_the_password_nothing_is_told(guarded: str) -> None:
    for headers in (
        {},
        WRONG,
        {"Authorization": "Basic !"},
        {"Authorization": "Bearer x"},
        {"Cookie": "access-token=x"},
    ):
        for path in ("/", "/config", "/gradio_api/info", "/gradio_api/heartbeat/x", "/theme.css", "/mcp"):
            assert status_of(guarded, "GET", path, headers) == 401
        assert status_of(guarded, "POST", "/gradio_api/queue/join", headers, JOIN) == 401


def test_a_program_with_the_password_gets_its_answer(guarded: str) -> None:
    client = Client(guarded, verbose=False, analytics_enabled=False, headers=RIGHT)
    assert client.predict("What is the fee?", api_name="/ask")["status"] == "no_answer"
    client.close()
    assert status_of(guarded, "GET", "/", {**RIGHT, "Origin": "http://evil.example"}) == 403


def test_answers_say_that_nothing_comes_from_elsewhere(address: str) -> None:
    connection = http.client.HTTPConnection(address.removeprefix("http://").strip("/"), timeout=30)
    connection.request("GET", "/")
    headers = connection.getresponse().headers
    connection.close()
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "'self'"
    assert "http" not in headers["Content-Security-Policy"]
