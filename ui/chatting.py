"""The conversation and the article beside it, as parts of the page and what happens in them.

What is shown comes from `ui.view`; what is asked goes to a `Library`. A chat lives in its visitor's session and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import gradio as gr

from index.errors import PullquoteError
from ui.chat import Turns, asked, earlier_questions, last_shown, log_html, settled
from ui.events import AT_ONCE, Redraw, Updates, on
from ui.reading import Shown, opening_html
from ui.view import Library, View

# What the page's own script says to Gradio: a citation was followed, an example was chosen.
_BRIDGE = """
element.addEventListener('pullquote:show', (event) => trigger('select', {index: event.detail, value: ''}));
element.addEventListener('pullquote:ask', (event) => trigger('submit', {value: event.detail}));
"""

_BUG = "something went wrong here: the terminal that serves this page says what"


class _Handlers:
    """What happens when something is asked, clicked or chosen. Holds the library and nothing of any visitor's."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._view = View(library)

    def refresh(self, article_id: str, turns: Turns) -> Updates:
        """Draw the library as it is now. Outputs: article id, picker, pane, everywhere, log."""
        titles = self._view.titles()
        shown = article_id if article_id in titles else next(iter(titles), "")
        several = len(titles) > 1
        choices = [(title, each) for each, title in titles.items()]
        picker = gr.update(choices=choices, value=shown or None, visible=several)
        pane = self._view.pane(shown, last_shown(turns))
        return shown, picker, pane, gr.update(visible=several), self._view.log(turns, shown)

    def converse(self, question: str, turns: Turns, article_id: str, everywhere: bool) -> Iterator[Updates]:
        """Show the question at once, then its answer. Outputs: question, turns, log, article id, picker, pane."""
        stay = (gr.skip(), gr.skip(), gr.skip())
        waiting = asked(turns, question, several=everywhere)
        if not question.strip():
            hint = settled(waiting, error="write a question first")
            yield "", turns, self._view.log(hint, article_id), *stay
            return
        yield "", waiting, self._view.log(waiting, article_id), *stay
        try:
            within = None if everywhere else [article_id]
            answer = self._library.ask(question, article_ids=within, history=earlier_questions(turns))
        except PullquoteError as error:
            yield *self._failed(waiting, article_id, str(error)), *stay
            return
        except Exception:
            yield *self._failed(waiting, article_id, _BUG), *stay
            raise  # a bug ends the wait as any error does, and keeps its traceback in the terminal
        answered = settled(waiting, answer)
        place = answer.citations[0].article_id if answer.citations else article_id
        pane = self._view.pane(place, last_shown(answered, focus=1))
        yield gr.skip(), answered, self._view.log(answered, place), place, place, pane

    def _failed(self, waiting: Turns, article_id: str, message: str) -> Updates:
        turns = settled(waiting, error=message)
        return gr.skip(), turns, self._view.log(turns, article_id)

    def converse_by_example(
        self, turns: Turns, article_id: str, everywhere: bool, event: gr.EventData
    ) -> Iterator[Updates]:
        """Ask an example that was clicked. Outputs as those of `converse`."""
        yield from self.converse(str(event.value), turns, article_id, everywhere)

    def follow(self, turns: Turns, event: gr.SelectData) -> Updates:
        """Show the place of a sentence of any turn. Outputs: article id, picker, pane."""
        turn, kind, number = event.index
        answer = turns[turn].answer
        if answer is None:
            return gr.skip(), gr.skip(), gr.skip()
        citations = answer.citations if kind == "citation" else answer.nearest
        place = citations[number - 1].article_id
        return place, place, self._view.pane(place, Shown(citations, kind, turn, number))

    def read(self, article_id: str, turns: Turns) -> Updates:
        """Open an article that was chosen. Outputs: article id, log, pane."""
        log = gr.skip() if turns else self._view.log(turns, article_id)
        return article_id, log, self._view.pane(article_id, last_shown(turns))

    def new_chat(self, article_id: str) -> Updates:
        """Forget the chat. Outputs: turns, log, pane."""
        return (), self._view.log((), article_id), self._view.pane(article_id)


@dataclass(frozen=True, slots=True)
class Conversation:
    """The parts of the page that are asked."""

    turns: gr.State
    log: gr.HTML
    everywhere: gr.Checkbox
    question: gr.Textbox
    send: gr.Button


@dataclass(frozen=True, slots=True)
class Reader:
    """The parts of the page that are read."""

    article_id: gr.State
    picker: gr.Dropdown
    pane: gr.HTML


def lay_out_conversation() -> Conversation:
    """Make the column of questions and answers, still empty."""
    turns = gr.State(())
    with gr.Column(elem_id="chat"):
        log = gr.HTML(log_html(()), elem_id="conversation", apply_default_css=False, js_on_load=_BRIDGE)
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
    return Conversation(turns, log, everywhere, question, send)


def lay_out_reader() -> Reader:
    """Make the parts of the article's column, still empty."""
    article_id = gr.State("")
    picker = gr.Dropdown([], label="Article", elem_id="picker", visible=False, container=False, show_label=False)
    pane = gr.HTML(opening_html(), elem_id="reading", apply_default_css=False, js_on_load=None)
    return Reader(article_id, picker, pane)


def connect_chat(
    app: gr.Blocks, library: Library, conversation: Conversation, reader: Reader, new_chat: gr.Button
) -> Redraw:
    """Ask, follow citations, open articles, begin again; return how to draw all that when the library has changed."""
    handlers = _Handlers(library)
    turns, log, everywhere = conversation.turns, conversation.log, conversation.everywhere
    redraw = Redraw(
        handlers.refresh,
        (reader.article_id, turns),
        (reader.article_id, reader.picker, reader.pane, everywhere, log),
    )
    on(app.load, redraw.handler, list(redraw.inputs), list(redraw.outputs))
    on(reader.picker.input, handlers.read, [reader.picker, turns], [reader.article_id, log, reader.pane])

    state = [turns, reader.article_id, everywhere]
    place = [reader.article_id, reader.picker, reader.pane]
    ask = partial(
        on,
        outputs=[conversation.question, turns, log, *place],
        concurrency_limit=AT_ONCE,
        concurrency_id="ask",
    )
    submitted = [conversation.question.submit, conversation.send.click]
    typed = ask(submitted, handlers.converse, [conversation.question, *state])
    example = ask(log.submit, handlers.converse_by_example, state)
    on(log.select, handlers.follow, turns, place)
    on(new_chat.click, handlers.new_chat, reader.article_id, [turns, log, reader.pane], cancels=[typed, example])
    return redraw
