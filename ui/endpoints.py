"""The endpoints for programs: they take and return what the command line does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
from gradio.events import api

from index.errors import PullquoteError
from index.load import SUFFIXES
from ui.events import AT_ONCE, WRITING
from ui.programs import Programs
from ui.records import AddedDict, ArticleDict, IndexDict, RemovedDict
from ui.render import AnswerDict


class _Endpoints:
    """What the endpoints do; their docstrings are the descriptions that clients see."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    def ask(self, question: str, article_id: str | list[str] = "", history: list[str] | None = None) -> AnswerDict:
        """Answer a question from one article, from several (a list of ids), or from all when no article id is given.

        `history` holds the questions asked before in the same conversation, oldest first.
        """
        within = [article_id] if isinstance(article_id, str) else article_id
        with _told():
            return self._programs.ask(question, [each for each in within if each], history or [])

    def articles(self) -> list[ArticleDict]:
        """List the articles of the library."""
        with _told():
            return self._programs.articles()

    def add(
        self,
        files: list[str] | None = None,
        urls: list[str] | None = None,
        text: str | None = None,
        title: str | None = None,
    ) -> AddedDict:
        """Add uploaded files, pages of the web, and a text with its title."""
        paths = [Path(name) for name in files or []]
        try:
            with _told():
                return self._programs.add(urls or [], text or "", title or "", paths)
        finally:
            for path in paths:  # they have been read, and lie in the library now
                path.unlink(missing_ok=True)

    def remove(self, article_ids: list[str]) -> RemovedDict:
        """Remove articles by their ids."""
        with _told():
            return self._programs.remove(article_ids)

    def rebuild(self) -> IndexDict:
        """Split and embed all articles anew."""
        with _told():
            return self._programs.rebuild()


def add_endpoints(programs: Programs) -> None:
    """Name the endpoints of a library in the page that is being built."""
    endpoints = _Endpoints(programs)
    api(endpoints.ask, api_name="ask", concurrency_limit=AT_ONCE, concurrency_id="ask")
    api(endpoints.articles, api_name="articles")
    api(endpoints.remove, api_name="remove", concurrency_limit=1, concurrency_id=WRITING)
    api(endpoints.rebuild, api_name="rebuild", concurrency_limit=1, concurrency_id=WRITING)
    # Made of components, unseen: those see to it that a file is one that was uploaded, `api` would believe any path.
    files = gr.File(file_count="multiple", file_types=list(SUFFIXES), visible=False)
    urls, text, title = gr.JSON(visible=False), gr.Textbox(visible=False), gr.Textbox(visible=False)
    gr.Button(visible=False).click(
        endpoints.add,
        [files, urls, text, title],
        gr.JSON(visible=False),
        api_name="add",
        concurrency_limit=1,
        concurrency_id=WRITING,
    )


@contextmanager
def _told() -> Iterator[None]:
    """Tell clients of an error of ours in its own words, and of a bug that there was one."""
    try:
        yield
    except PullquoteError as error:
        raise gr.Error(str(error), print_exception=False) from error
