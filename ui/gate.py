"""The gate before everything that the server serves."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.access import Access

# Gradio's ways to have the server fetch something from elsewhere, or run a program; the page needs none of them.
_CLOSED = re.compile(r"/gradio_api/(?:proxy=|process_recording|file=\s*[a-z][a-z0-9+.-]+:)", re.IGNORECASE)
# Gradio asks for this itself, without a password, to see that the server is up. It tells and changes nothing.
_OPEN = "/gradio_api/startup-events"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Pullquote", charset="UTF-8"'}
# Gradio's page needs its inline scripts; nothing comes from elsewhere, and no other site shows the page in a frame.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def gate(access: Access) -> Middleware:
    """Return what lets through to a server what `access` lets in; for FastAPI's `middleware`."""
    return Middleware(Gate, access)


class Gate:
    """Lets a request through to `app` if `access` does, and answers it with 401, 403 or 404 otherwise."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        # Of credentials that were right a keyed digest is kept: scrypt takes too long for each of a page's requests.
        self._key = secrets.token_bytes(32)
        self._right: set[bytes] = set()
        self._one_at_a_time = CapacityLimiter(1)  # so that trying passwords stays slow, and takes little memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or have it answered."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = await self._refused(scope)
        await (refused or self._app)(scope, receive, _with_headers(send))

    async def _refused(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        reason = self._access.refusal(headers.get("host", ""), headers.get("origin"))
        if reason:
            return PlainTextResponse(f"pullquote: {reason}\n", 403)
        if _CLOSED.search(scope["path"]):
            return PlainTextResponse("pullquote: there is nothing here\n", 404)
        if scope["path"] == _OPEN or await self._may_enter(headers.get("authorization", "")):
            return None
        return PlainTextResponse("pullquote: give your user name and password\n", 401, _CHALLENGE)

    async def _may_enter(self, credentials: str) -> bool:
        """Tell whether an `Authorization` header (RFC 7617) is that of a user, or none is asked for."""
        users = self._access.users
        if users is None:
            return True
        digest = hashlib.blake2b(credentials.encode(), key=self._key).digest()
        if digest in self._right:
            return True
        name, found, password = _basic(credentials).partition(":")
        if not found or not await to_thread.run_sync(users.accept, name, password, limiter=self._one_at_a_time):
            return False
        self._right.add(digest)
        return True


def _basic(credentials: str) -> str:
    """Return the user and password of a header, with a colon between them; nothing when it holds none."""
    scheme, _, encoded = credentials.partition(" ")
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8") if scheme.lower() == "basic" else ""
    except ValueError:
        return ""


def _with_headers(send: Send) -> Send:
    """Return what sends as `send` does, with our headers before the body."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return sending
