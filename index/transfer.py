"""One request over HTTP/1.1 to an address that was chosen before, with limits on its time and size."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import zlib
from contextlib import suppress
from types import TracebackType

LARGEST_BODY = 20_000_000  # bytes, unpacked

_CHUNK = 1 << 16
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_HEADERS = {
    "User-Agent": "pullquote",
    "Accept": "text/html, application/xhtml+xml, text/plain, text/markdown, application/pdf;q=0.9",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",
}


class Late(Exception):  # noqa: N818  (the name says what happened)
    """The time is over."""


class Connection(http.client.HTTPConnection):
    """A connection to `address`, for the host of that name: in the request, and in the certificate if there is one.

    At `until` (of `time.monotonic`) it is cut, whatever it is doing; each method then raises `Late`.
    """

    def __init__(self, host: str, port: int, *, address: str, context: ssl.SSLContext | None, until: float) -> None:
        super().__init__(host, port)
        self.default_port = 443 if context else 80  # which the Host header leaves out
        self._address, self._context, self._until = address, context, until
        # The body is read from it when `HTTPConnection` has let go of it already.
        self._open: socket.socket | None = None
        self._answer: http.client.HTTPResponse | None = None
        # A timeout of the socket is for each read: a server that sends a byte a second would never reach it.
        self._timer = threading.Timer(max(0.0, until - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Connection:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._answer is not None:
            self._answer.close()  # it holds the socket when the server closes after its answer
        self.close()
        if time.monotonic() >= self._until and (
            error is None or isinstance(error, (OSError, http.client.HTTPException))
        ):
            raise Late from error

    def connect(self) -> None:
        """Connect to the address; nothing is looked up any more."""
        left = max(0.001, self._until - time.monotonic())
        self.sock = self._open = socket.create_connection((self._address, self.port), timeout=left)
        if self._context:
            tls = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = self._open = tls
            tls.do_handshake()

    def response(self, target: str) -> http.client.HTTPResponse:
        """Ask for a path and return the answer, whose body is not read yet. Raises `OSError`, `HTTPException`."""
        self.request("GET", target, headers=_HEADERS)
        self._answer = self.getresponse()
        return self._answer

    def _cut(self) -> None:
        if self._open is not None:
            with suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)


def body_of(response: http.client.HTTPResponse) -> bytes | None:
    """Return the unpacked body, None when it is larger than `LARGEST_BODY`. Raises `OSError`, `HTTPException`."""
    packed = (response.headers["Content-Encoding"] or "identity").strip().lower()
    if packed not in _PACKED | {"identity"}:
        raise http.client.HTTPException(f"a body packed with {packed}")
    unpack = _Unpack() if packed in _PACKED else None
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += unpack(chunk, LARGEST_BODY + 1 - len(body)) if unpack else chunk
        if len(body) > LARGEST_BODY:
            return None
    if response.length or (unpack and not unpack.complete):
        raise http.client.IncompleteRead(bytes(body[:20]), response.length)
    return bytes(body)


class _Unpack:
    """Unpacks gzip and zlib a chunk at a time, never more than it is asked for."""

    def __init__(self) -> None:
        self._unpacker: zlib._Decompress | None = None
        self.complete = False

    def __call__(self, chunk: bytes, most: int) -> bytes:
        """Return what a chunk unpacks to, up to `most` bytes. Raises `HTTPException`."""
        out = bytearray()
        while chunk and len(out) < most:
            if self._unpacker is None or self._unpacker.eof:
                self._unpacker = _unpacker(chunk)
            try:
                out += self._unpacker.decompress(chunk, most - len(out))
            except zlib.error as error:
                raise http.client.HTTPException(f"a body that does not unpack: {error}") from error
            chunk = self._unpacker.unconsumed_tail or self._unpacker.unused_data
        self.complete = self._unpacker is not None and self._unpacker.eof
        return bytes(out)


def _unpacker(chunk: bytes) -> zlib._Decompress:
    """Return what unpacks gzip or zlib; some servers say deflate and send it without a header."""
    bare = chunk[0] & 0x0F != 8 and chunk[:1] != b"\x1f"
    return zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
