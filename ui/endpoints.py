"""The endpoints for programs: they take and return what the command line does."""

from __future__ import annotations

import gradio as gr
from gradio.events import api

from index.errors import PullquoteError
from ui.events import AT_ONCE
from ui.render import AnswerDict, answer_to_dict
from ui.view import Library


def add_endpoints(library: Library) -> None:
    """Name the endpoints of a library in the page that is being built."""

    def ask(question: str, article_id: str = "", history: list[str] | None = None) -> AnswerDict:
        """Answer a question from one article, or from all when no article id is given.

        `history` holds the questions asked before in the same conversation, oldest first.
        """
        within = [article_id] if article_id else None
        try:
            return answer_to_dict(library.ask(question, article_ids=within, history=tuple(history or ())))
        except PullquoteError as error:
            raise gr.Error(str(error), print_exception=False) from error

    api(ask, api_name="ask", concurrency_limit=AT_ONCE, concurrency_id="ask")
