"""The tools for assistants, over the Model Context Protocol. The only file that knows its SDK, an optional extra."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from anyio import CapacityLimiter, to_thread
from mcp.server.fastmcp import FastMCP
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from ui.events import AT_ONCE
from ui.programs import Programs
from ui.records import AddedDict, ArticleDict, IndexDict, RemovedDict
from ui.render import AnswerDict

# Where the tools are, below the server's address.
PATH = "/mcp"

_INSTRUCTIONS = (
    "Answers questions about the articles of a library with their own sentences, word for word, and says so when they "
    "do not answer. Quote what `ask` returns as it is; a citation's probability is the chance that it answers."
)
_READS = ToolAnnotations(readOnlyHint=True, openWorldHint=False)
_ADDS = ToolAnnotations(readOnlyHint=False, destructiveHint=False, idempotentHint=True, openWorldHint=True)
_REMOVES = ToolAnnotations(readOnlyHint=False, destructiveHint=True, idempotentHint=False, openWorldHint=False)
_REBUILDS = ToolAnnotations(readOnlyHint=False, destructiveHint=False, idempotentHint=True, openWorldHint=False)


@dataclass(frozen=True, slots=True)
class Mounted:
    """A part of a server: its routes, and what has to run as long as they are served."""

    routes: list[BaseRoute]
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]]


class _Tools:
    """What the tools do; their docstrings are the descriptions that assistants see. Each waits in a thread."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._asking, self._writing = CapacityLimiter(AT_ONCE), CapacityLimiter(1)

    async def ask(
        self, question: str, article_ids: list[str] | None = None, history: list[str] | None = None
    ) -> AnswerDict:
        """Answer a question with sentences quoted from some articles, or from all when no ids are given.

        `history` holds the questions asked before in the same conversation, oldest first. `status` is "no_answer" when
        the articles do not say; `nearest` then holds what came nearest, which is no answer. Offsets count code points.
        """
        work = partial(self._programs.ask, question, article_ids or [], history or [])
        return await to_thread.run_sync(work, limiter=self._asking)

    async def articles(self) -> list[ArticleDict]:
        """List the articles of the library with their ids."""
        return await to_thread.run_sync(self._programs.articles, limiter=self._asking)

    async def add(self, urls: list[str] | None = None, text: str = "", title: str = "") -> AddedDict:
        """Add pages of the web by their addresses, or a text with its title, to the library."""
        return await to_thread.run_sync(partial(self._programs.add, urls or [], text, title), limiter=self._writing)

    async def remove(self, article_ids: list[str]) -> RemovedDict:
        """Remove articles from the library by their ids."""
        return await to_thread.run_sync(partial(self._programs.remove, article_ids), limiter=self._writing)

    async def rebuild(self) -> IndexDict:
        """Split and embed all articles of the library anew; only needed when an error says so."""
        return await to_thread.run_sync(self._programs.rebuild, limiter=self._writing)


def mounted_tools(programs: Programs) -> Mounted:
    """Return the tools of a library as a part of a server, at `PATH`."""
    tools = _Tools(programs)
    with _logging_as_it_is():
        server = FastMCP(
            "Pullquote",
            instructions=_INSTRUCTIONS,
            streamable_http_path=PATH,
            stateless_http=True,
            json_response=True,
            # Host and Origin are looked at by the gate, before anything else of the server is reached.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
    server.add_tool(tools.ask, annotations=_READS)
    server.add_tool(tools.articles, annotations=_READS)
    server.add_tool(tools.add, annotations=_ADDS)
    server.add_tool(tools.remove, annotations=_REMOVES)
    server.add_tool(tools.rebuild, annotations=_REBUILDS)
    routes = list(server.streamable_http_app().routes)
    return Mounted(routes, lambda _app: server.session_manager.run())


@contextmanager
def _logging_as_it_is() -> Iterator[None]:
    """Take back what the SDK does to all logging when a server is made: every library's chatter would be printed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
