"""Get a page of the web, from public addresses only.

A URL that somebody passes on may lead to a router, a printer or a cloud's own address for secrets. So a name is looked
up once, all its addresses are checked, and the connection goes to the one that was checked; again for each redirect.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import SplitResult, quote, unquote, urldefrag, urljoin, urlsplit

from index.errors import UnreadableArticle
from index.transfer import LARGEST_BODY, Connection, Late, body_of

# Returns the addresses of a name and port. Raises `OSError`.
Resolve = Callable[[str, int], Sequence[str]]

MOST_REDIRECTS = 5
LONGEST_WAIT = 30.0  # seconds, redirects included

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What is read, and the suffix of files of that kind.
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
}
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})\Z")
# Azure's address for secrets is a public one; those of the other clouds are private or link-local.
_AZURE = ipaddress.ip_address("168.63.129.16")
# Oracle's is in here, which not every version of Python knows to be special (RFC 6890).
_SPECIAL = ipaddress.ip_network("192.0.0.0/24")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a URL gave: its bytes, the suffix of their kind of file, the declared encoding, a name made of the URL."""

    data: bytes
    suffix: str
    charset: str
    name: str


def resolve_name(host: str, port: int) -> list[str]:
    """Return the addresses of a name, as the operating system knows them. Raises `OSError`."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(
    url: str, *, resolve: Resolve = resolve_name, allow_private: bool = False, seconds: float = LONGEST_WAIT
) -> Fetched:
    """Get a page, following up to `MOST_REDIRECTS` redirects.

    `allow_private` lets it reach this machine and its network. Raises `UnreadableArticle` when the URL or an address
    behind it may not be fetched, when the server gives an error, another kind of file or too much, or takes longer.
    """
    until = time.monotonic() + seconds
    at = url
    try:
        for _ in range(MOST_REDIRECTS + 1):
            parts, host, port = _checked(url, at)
            address = _address_of(url, host, port, resolve=resolve, allow_private=allow_private)
            context = _tls() if parts.scheme == "https" else None
            with Connection(host, port, address=address, context=context, until=until) as connection:
                response = connection.response(_target_of(parts))
                if response.status not in _REDIRECTS or not response.headers["Location"]:
                    return _read(url, at, response)
                at = urldefrag(urljoin(at, response.headers["Location"])).url
    except Late as error:
        raise UnreadableArticle(url, f"it took longer than {seconds:g} s", "try again later, or save it") from error
    except (OSError, http.client.HTTPException) as error:
        reason = f"no answer from the server ({type(error).__name__}: {error})"
        raise UnreadableArticle(url, reason, "check the URL and the connection") from error
    raise UnreadableArticle(url, f"more than {MOST_REDIRECTS} redirects", "give the address it should lead to")


def _checked(url: str, at: str) -> tuple[SplitResult, str, int]:
    """Return the parts of an address, its host as ASCII, and its port. Raises `UnreadableArticle`."""
    behind = "" if at == url else f" behind it ({at[:60]})"
    try:
        parts = urlsplit(at)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except ValueError as error:  # UnicodeError among them
        raise UnreadableArticle(url, f"the address{behind} is no URL ({error})", "check it") from error
    if parts.scheme not in ("http", "https"):
        raise UnreadableArticle(url, f"the address{behind} is not http or https", "save the article as a file")
    if "@" in parts.netloc:
        raise UnreadableArticle(url, f"the address{behind} holds a user name", "leave out what is before the @")
    if not (_HOST.match(host) or ":" in host):
        raise UnreadableArticle(url, f"the address{behind} has no host name", "check it")
    return parts, host, port


def _address_of(url: str, host: str, port: int, *, resolve: Resolve, allow_private: bool) -> str:
    """Look a name up, once, and return the address to connect to. Raises `UnreadableArticle` unless all are public."""
    addresses = resolve(host, port)
    if not addresses:
        raise UnreadableArticle(url, f"{host} has no address", "check the URL")
    for address in addresses:
        if not (allow_private or is_public(address)):
            reason = f"{host} is {address}, which is no public address"
            raise UnreadableArticle(url, reason, "save the article as a file, or allow it with --allow-private")
    return addresses[0]


def is_public(address: str) -> bool:
    """Tell whether an IP address is one host of the public internet, and no cloud's address for secrets."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # with a zone, as in fe80::1%eth0
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip.ipv4_mapped or ip.is_site_local or (inner and not is_public(str(inner))):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip == _AZURE or ip in _SPECIAL)


def _tls() -> ssl.SSLContext:
    """Return what verifies certificates: by those of the system, and by Mozilla's where the system has none."""
    import certifi  # imported here: only https needs it

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _target_of(parts: SplitResult) -> str:
    """Return path and query as a request names them; what is no ASCII is percent-encoded."""
    query = f"?{parts.query}" if parts.query else ""
    return quote(f"{parts.path or '/'}{query}", safe="%/:=&?~+!$,;'@()*[]-._|")


def _read(url: str, at: str, response: http.client.HTTPResponse) -> Fetched:
    """Return what a server answered. Raises `UnreadableArticle`, `OSError`, `HTTPException`, `Late`."""
    if response.status != 200:
        reason = f"the server answered {response.status} {response.reason}"
        raise UnreadableArticle(url, reason, "check the URL, or save the article as a file")
    kind = response.headers.get_content_type() if response.headers["Content-Type"] else "of no kind"
    suffix = _SUFFIXES.get(kind)
    if suffix is None:
        raise UnreadableArticle(url, f"it is {kind}", "give a web page, a text or a PDF, or save it as a file")
    data = body_of(response)
    if data is None:
        reason = f"it has more than {LARGEST_BODY} bytes"
        raise UnreadableArticle(url, reason, "save the article as a file")
    path = PurePosixPath(unquote(urlsplit(at).path))
    if suffix == ".txt" and path.suffix.lower() == ".md":
        suffix = ".md"  # many servers do not know the kind
    return Fetched(
        data, suffix, response.headers.get_content_charset("") or "", path.stem or urlsplit(at).hostname or ""
    )
