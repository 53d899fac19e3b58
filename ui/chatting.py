"""The conversation and the article beside it, as parts of the page and what happens in them.

What is shown comes from `ui.view`; what is asked goes to a `Library`. A chat lives in its visitor's session and, by
`ui.keeping`, in their browser; nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from index.errors import PullquoteError
from ui.chat import Turns, asked, earlier_questions, last_shown, settled
from ui.events import AT_ONCE, Redraw, Updates, on
from ui.found import Shown, nothing_found_html
from ui.log import log_html
from ui.reading import opening_html
from ui.view import Library, View

# What the page's own script says to Gradio: a citation was followed, an example chosen, an answer judged.
_BRIDGE = """
element.addEventListener('pullquote:show', (event) => trigger('select', {index: event.detail, value: ''}));
element.addEventListener('pullquote:ask', (event) => trigger('submit', {value: event.detail}));
element.addEventListener('pullquote:judge', (event) => trigger('like', {value: event.detail}));
"""

# The outputs of the article's column, left as they are.
STAY: Updates = (gr.skip(),) * 5

_BUG = "something went wrong here: the terminal that serves this page says what"


class _Handlers:
    """What happens when something is asked, clicked or chosen. Holds the library and nothing of any visitor's.

    Those that end in the article return what `open_article` does.
    """

    def __init__(self, library: Library, view: View) -> None:
        self._library = library
        self._view = view

    def refresh(self, article_id: str, turns: Turns) -> Updates:
        """Draw the library as it is now. Outputs: everywhere, log, then the article's."""
        titles = self._view.titles()
        shown = article_id if article_id in titles else next(iter(titles), "")
        several = len(titles) > 1
        choices = [(title, each) for each, title in titles.items()]
        picker = gr.update(choices=choices, value=shown or None, visible=several)
        place, _, *drawn = open_article(self._view, shown, "", last_shown(turns))
        return gr.update(visible=several), self._view.log(turns), place, picker, *drawn

    async def converse(
        self, question: str, turns: Turns, article_id: str, everywhere: bool, chosen: tuple[str, ...], edition: str
    ) -> AsyncIterator[Updates]:
        """Show the question at once, then its answer. Outputs: question, turns, log, then the article's.

        Cancelled, it ends at once: until it does, the page sends no other question.
        """
        waiting = asked(turns, question, several=everywhere)
        if not question.strip():
            hint = settled(waiting, error="write a question first")
            yield "", turns, self._view.log(hint), *STAY
            return
        yield "", waiting, await asyncio.to_thread(self._view.log, waiting), *STAY
        find = partial(self._answered, question, waiting, article_id, everywhere, chosen, edition)
        try:
            answered = await asyncio.to_thread(find)
        except PullquoteError as error:
            yield *self._failed(waiting, str(error)), *STAY
            return
        except Exception:
            yield *self._failed(waiting, _BUG), *STAY
            raise  # a bug ends the wait as any error does, and keeps its traceback in the terminal
        yield answered

    def _answered(
        self, question: str, waiting: Turns, article_id: str, everywhere: bool, chosen: tuple[str, ...], edition: str
    ) -> Updates:
        within = self._view.asked(article_id, chosen, everywhere=everywhere)
        answer = self._library.ask(question, article_ids=within, history=earlier_questions(waiting))
        turns = settled(waiting, answer, articles=self._view.quoted(answer))
        place = answer.citations[0].article_id if answer.citations else article_id
        drawn = open_article(self._view, place, edition, last_shown(turns, focus=1))
        return gr.skip(), turns, self._view.log(turns), *drawn

    def _failed(self, waiting: Turns, message: str) -> Updates:
        turns = settled(waiting, error=message)
        return gr.skip(), turns, self._view.log(turns)

    async def converse_by_example(
        self,
        turns: Turns,
        article_id: str,
        everywhere: bool,
        chosen: tuple[str, ...],
        edition: str,
        event: gr.EventData,
    ) -> AsyncIterator[Updates]:
        """Ask an example that was clicked. Outputs as those of `converse`."""
        async for updates in self.converse(str(event.value), turns, article_id, everywhere, chosen, edition):
            yield updates

    def follow(self, turns: Turns, edition: str, event: gr.SelectData) -> Updates:
        """Show the place of a sentence of any turn."""
        turn, kind, number = event.index
        answer = turns[turn].answer
        if answer is None:
            return STAY
        citations = answer.citations if kind == "citation" else answer.nearest
        place = citations[number - 1].article_id
        if not self._view.edition(place):
            return STAY  # it is gone, and the quote says so
        return open_article(self._view, place, edition, Shown(citations, kind, turn, number))

    def read(self, article_id: str, turns: Turns) -> Updates:
        """Open an article that was chosen."""
        return open_article(self._view, article_id, "", last_shown(turns))


def open_article(view: View, article_id: str, drawn: str, shown: Shown) -> Updates:
    """Show an article and what is marked in it; its text is sent only where another edition is `drawn`.

    Outputs: those of `Reader.drawn`.
    """
    edition = view.edition(article_id)
    pane = gr.skip() if edition and edition == drawn else view.pane(article_id)
    return article_id, article_id if edition else None, edition, pane, view.found(article_id, shown)


@dataclass(frozen=True, slots=True)
class Conversation:
    """The parts of the page that are asked; `chosen` holds the ids of the articles asked `everywhere`, none for all."""

    turns: gr.State
    chosen: gr.State
    log: gr.HTML
    suggested: gr.HTML
    everywhere: gr.Checkbox
    question: gr.Textbox
    send: gr.Button


@dataclass(frozen=True, slots=True)
class Reader:
    """The parts of the page that are read; `edition` tells which text of which article is drawn."""

    article_id: gr.State
    picker: gr.Dropdown
    edition: gr.State
    pane: gr.HTML
    found: gr.HTML

    @property
    def drawn(self) -> list[Component]:
        """What is drawn when an article is opened, in the order in which the handlers return it."""
        return [self.article_id, self.picker, self.edition, self.pane, self.found]


def lay_out_conversation() -> Conversation:
    """Make the column of questions and answers, still empty."""
    turns, chosen = gr.State(()), gr.State(())
    with gr.Column(elem_id="chat"):
        log = gr.HTML(log_html(()), elem_id="conversation", apply_default_css=False, js_on_load=_BRIDGE)
        suggested = gr.HTML("", elem_id="suggested", apply_default_css=False, js_on_load=None)
        everywhere = gr.Checkbox(label="Ask all articles", elem_id="everywhere", container=False, visible=False)
        with gr.Row(elem_id="composer"):
            question = gr.Textbox(
                label="Question",
                placeholder="Ask the article a question",
                max_lines=6,
                elem_id="question",
                container=False,
                show_label=False,
            )
            send = gr.Button("Ask", elem_id="send", variant="primary", scale=0)
    return Conversation(turns, chosen, log, suggested, everywhere, question, send)


def lay_out_reader() -> Reader:
    """Make the parts of the article's column, still empty."""
    article_id, edition = gr.State(""), gr.State("")
    picker = gr.Dropdown([], label="Article", elem_id="picker", visible=False, container=False, show_label=False)
    with gr.Row(elem_id="sheet"):
        pane = gr.HTML(opening_html(), elem_id="reading", apply_default_css=False, js_on_load=None)
        found = gr.HTML(nothing_found_html(), elem_id="finds", apply_default_css=False, js_on_load=None)
    return Reader(article_id, picker, edition, pane, found)


Asking = list[Dependency]  # the events in which something is asked


def connect_chat(library: Library, view: View, conversation: Conversation, reader: Reader) -> tuple[Redraw, Asking]:
    """Ask, follow citations, open articles; return how to draw all that anew, and the events that ask."""
    handlers = _Handlers(library, view)
    turns, log, everywhere = conversation.turns, conversation.log, conversation.everywhere
    on(reader.picker.input, handlers.read, [reader.picker, turns], reader.drawn)
    # in its own time, after the article is drawn
    suggest = partial(on, concurrency_limit=1, trigger_mode="always_last")
    suggest(reader.edition.change, view.suggested, reader.article_id, conversation.suggested)
    on(log.select, handlers.follow, [turns, reader.edition], reader.drawn)

    state = [turns, reader.article_id, everywhere, conversation.chosen, reader.edition]
    ask = partial(
        on,
        outputs=[conversation.question, turns, log, *reader.drawn],
        concurrency_limit=AT_ONCE,
        concurrency_id="ask",
    )
    submitted = [conversation.question.submit, conversation.send.click]
    typed = ask(submitted, handlers.converse, [conversation.question, *state])
    example = ask(log.submit, handlers.converse_by_example, state)
    redraw = Redraw(handlers.refresh, (reader.article_id, turns), (everywhere, log, *reader.drawn))
    return redraw, [typed, example]
