"""Pages of a server on this machine, which only these tests may reach, and addresses that nobody may."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from index import transfer
from index.errors import UnreadableArticle
from index.fetch import MOST_REDIRECTS, Fetched, fetch, is_public
from index.load import load_url

PAGE = b"<title>A page</title><p>The bridge was closed on Monday.</p>"


class Pages(BaseHTTPRequestHandler):
    """Answers each path with what a test put there: status, headers, body; or with a function of its own."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        answer = self.server.pages.get(self.path, (404, {"Content-Type": "text/html"}, b"none"))
        if callable(answer):
            answer(self)
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.pages: dict[str, object] = {}
        self.asked: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        pass  # a client that goes away is what these tests are about


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


get = partial(fetch, allow_private=True)
HTML = {"Content-Type": "text/html; charset=utf-8"}


def refused(url: str, **options: object) -> str:
    with pytest.raises(UnreadableArticle) as caught:
        fetch(url, **options)
    assert "\n" not in str(caught.value)
    assert url[:18] in str(caught.value)
    return str(caught.value)


def test_page_becomes_an_article(server: Server) -> None:
    server.pages["/news/bridge.html?a=1"] = (200, HTML, PAGE)
    url = f"{server.url}/news/bridge.html?a=1"
    article = load_url(url, get=get)
    assert (article.id, article.title, article.source) == ("a-page", "A page", url)
    assert article.text == "The bridge was closed on Monday.\n"
    assert server.asked == [(f"127.0.0.1:{server.server_port}", "/news/bridge.html?a=1")]


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("text/html", "/a", Fetched(b"x", ".html", "", "a")),
        ("application/xhtml+xml; charset=Latin-1", "/", Fetched(b"x", ".html", "latin-1", "127.0.0.1")),
        ("text/plain", "/notes.md", Fetched(b"x", ".md", "", "notes")),
        ("TEXT/PLAIN", "/notes", Fetched(b"x", ".txt", "", "notes")),
        ("text/markdown", "/notes", Fetched(b"x", ".md", "", "notes")),
        ("application/pdf", "/r.pdf", Fetched(b"x", ".pdf", "", "r")),
    ],
)
def test_kind_is_what_the_server_says(server: Server, kind: str, path: str, expected: Fetched) -> None:
    server.pages[path] = (200, {"Content-Type": kind}, b"x")
    assert get(server.url + path) == expected


@pytest.mark.parametrize("kind", ["image/png", "application/zip", "application/octet-stream", ""])
def test_other_kinds_are_refused(server: Server, kind: str) -> None:
    server.pages["/a.html"] = (200, {"Content-Type": kind}, b"x")
    assert f"it is {kind or 'of no kind'}; give a web page" in refused(f"{server.url}/a.html", allow_private=True)


@pytest.mark.parametrize("status", [204, 403, 404, 500, 304])
def test_errors_of_the_server_are_told(server: Server, status: int) -> None:
    server.pages["/"] = (status, HTML, b"")
    assert f"the server answered {status} " in refused(f"{server.url}/", allow_private=True)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.0.0.1", "127.0.0.1", "127.9.9.9", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1"),
        *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "100::1", "2001:db8::1"),
        *("2002:7f00:1::", "2002:a00:1::", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
        "nonsense",
    ],
)
def test_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)
    message = refused("http://printer.example/", resolve=lambda host, port: [address])
    assert f"printer.example is {address}, which is no public address" in message
    # One bad address among good ones is enough.
    assert address in refused("http://printer.example/", resolve=lambda host, port: ["8.8.8.8", address])


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "100.128.0.1", "172.32.0.1"])
def test_public_address_is_not_refused(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "017700000001", "127.1", "0x7f.1", "0", "[::1]", "[::]",
     "[::ffff:7f00:1]", "localhost.", "１２７.0.0.1"],
)  # fmt: skip
def test_this_machine_is_refused_however_it_is_spelled(server: Server, host: str) -> None:
    refused(f"http://{host}:{server.server_port}/")
    assert server.asked == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://example.com/a", "not http or https"),
        ("file:///etc/passwd", "not http or https"),
        ("http://user@example.com/", "holds a user name"),
        ("http://user:secret@example.com/", "holds a user name"),
        ("http://example.com\\@127.0.0.1/", "holds a user name"),
        ("http:///a", "no host name"),
        ("http://exa mple.com/", "no host name"),
        ("http://a..b/", "no URL"),
        ("http://example.com:99999/", "no URL"),
        ("http://[::1/", "no URL"),
    ],
)
def test_url_that_may_lead_astray_is_refused(url: str, message: str) -> None:
    assert message in refused(url, resolve=lambda host, port: pytest.fail("looked up"))


def test_name_that_does_not_exist() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError(f"unknown {host}")

    assert "unknown nowhere.example" in refused("http://nowhere.example/", resolve=unknown)


def test_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked(server: Server) -> None:
    # The first answer is this server's address, later ones would be another machine's: nobody asks for them.
    answers = iter([["127.0.0.1"], ["8.8.8.8"]])
    server.pages["/"] = (200, HTML, PAGE)
    url = f"http://rebinding.example:{server.server_port}/"
    assert fetch(url, resolve=lambda host, port: next(answers), allow_private=True).data == PAGE
    assert server.asked == [(f"rebinding.example:{server.server_port}", "/")]
    assert next(answers) == ["8.8.8.8"]


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority whose certificates this system trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


def secured(server: Server, certificate: trustme.LeafCert) -> str:
    """Let a server speak TLS, and return its address under the name news.example."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.pages["/"] = (200, HTML, PAGE)
    return f"https://news.example:{server.server_port}/"


def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_https_is_spoken_to_the_name_that_the_certificate_is_for(server: Server, authority: trustme.CA) -> None:
    url = secured(server, authority.issue_cert("news.example"))
    assert get(url, resolve=here).data == PAGE
    assert server.asked == [(f"news.example:{server.server_port}", "/")]


def test_certificate_for_another_name_is_refused(server: Server, authority: trustme.CA) -> None:
    url = secured(server, authority.issue_cert("evil.example"))
    assert "Hostname mismatch" in refused(url, resolve=here, allow_private=True)
    assert server.asked == []


@pytest.mark.usefixtures("authority")
def test_certificate_of_an_unknown_authority_is_refused(server: Server) -> None:
    url = secured(server, trustme.CA().issue_cert("news.example"))
    assert "CERTIFICATE_VERIFY_FAILED" in refused(url, resolve=here, allow_private=True)


def test_redirects_are_followed_and_each_address_is_looked_up_and_checked(server: Server) -> None:
    looked_up = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    server.pages["/a"] = (302, {"Location": "/b"}, b"")
    server.pages["/b"] = (301, {"Location": f"http://other.example:{server.server_port}/c#part"}, b"")
    server.pages["/c"] = (200, HTML, PAGE)
    url = f"http://first.example:{server.server_port}/a"
    assert fetch(url, resolve=resolve, allow_private=True).data == PAGE
    assert looked_up == ["first.example", "first.example", "other.example"]
    assert server.asked[-1] == (f"other.example:{server.server_port}", "/c")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://metadata.example/latest", "metadata.example is 169.254.169.254, which is no public address"),
        ("file:///etc/passwd", "not http or https"),
        ("http://a:b@first.example/", "holds a user name"),
        ("//metadata.example/", "169.254.169.254"),
    ],
)
def test_redirect_to_what_may_not_be_fetched_is_refused(
    server: Server, location: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This server stands for a public one.
    monkeypatch.setattr("index.fetch.is_public", lambda address: address == "127.0.0.1")
    where = {"first.example": "127.0.0.1", "metadata.example": "169.254.169.254"}
    server.pages["/a"] = (302, {"Location": location}, b"")
    url = f"http://first.example:{server.server_port}/a"
    assert message in refused(url, resolve=lambda host, port: [where[host]])


def test_number_of_redirects_is_limited(server: Server) -> None:
    for number in range(MOST_REDIRECTS + 1):
        server.pages[f"/{number}"] = (302, {"Location": f"/{number + 1}"}, b"")
    server.pages[f"/{MOST_REDIRECTS + 1}"] = (200, HTML, PAGE)
    assert get(f"{server.url}/1").data == PAGE
    assert "more than 5 redirects" in refused(f"{server.url}/0", allow_private=True)


BARE = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("gzip", gzip.compress(PAGE[:9]) + gzip.compress(PAGE[9:])),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", BARE.compress(PAGE) + BARE.flush()),
        ("identity", PAGE),
    ],
)
def test_packed_bodies_are_unpacked(server: Server, coding: str, body: bytes) -> None:
    server.pages["/"] = (200, {**HTML, "Content-Encoding": coding}, body)
    assert get(f"{server.url}/").data == PAGE


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"a" * 5001),
        ({"Content-Encoding": "gzip"}, gzip.compress(b"a" * 5001)),
        ({"Content-Encoding": "gzip"}, gzip.compress(b"a" * 3000) + gzip.compress(b"a" * 3000)),
    ],
)
def test_size_is_limited_after_unpacking(
    server: Server, headers: dict[str, str], body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "LARGEST_BODY", 5000)
    monkeypatch.setattr("index.fetch.LARGEST_BODY", 5000)
    server.pages["/"] = (200, {**HTML, **headers}, body)
    assert "it has more than 5000 bytes" in refused(f"{server.url}/", allow_private=True)
    server.pages["/"] = (200, HTML, b"a" * 5000)
    assert len(get(f"{server.url}/").data) == 5000


def test_bomb_is_unpacked_no_further_than_the_limit() -> None:
    packed = zlib.compress(b"\0" * 50_000_000)
    unpack = transfer._Unpack()
    assert len(unpack(packed, 1000)) == 1000


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Encoding": "br"}, b"x"),
        ({"Content-Encoding": "gzip"}, b"no gzip"),
        ({"Content-Encoding": "gzip"}, gzip.compress(PAGE)[:-12]),
        ({"Content-Length": "1000", "Connection": "close"}, b"cut"),
    ],
)
def test_body_that_cannot_be_read_whole_is_refused(server: Server, headers: dict[str, str], body: bytes) -> None:
    def answer(handler: Pages) -> None:
        handler.send_response(200)
        for name, value in {**HTML, "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    server.pages["/"] = answer
    assert "no answer from the server (" in refused(f"{server.url}/", allow_private=True)


@pytest.mark.parametrize("part", ["headers", "body", "nothing"])
def test_whole_time_is_limited_however_the_server_drips(server: Server, part: str) -> None:
    stop = threading.Event()

    def drip(handler: Pages) -> None:
        start = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + (b"\r\n" if part == "body" else b"X: ")
        if part != "nothing":
            handler.wfile.write(start)
        while not stop.wait(0.02):
            if part != "nothing":
                handler.wfile.write(b"a")
                handler.wfile.flush()

    server.pages["/"] = drip
    try:
        assert "it took longer than 0.3 s" in refused(f"{server.url}/", allow_private=True, seconds=0.3)
    finally:
        stop.set()


def test_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert "no answer from the server (ConnectionRefusedError" in refused(url, allow_private=True)
