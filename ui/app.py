"""The web chat: a Gradio page with the conversation on the left and the article on the right.

What is shown comes from `ui.view`; what is asked goes to a `Library`. This is the only file that knows Gradio. A chat
lives in its visitor's session and nowhere else.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gradio as gr
from gradio.events import api

from index.errors import InputError, PullquoteError
from ui.chat import Turns, asked, earlier_questions, last_shown, log_html, settled
from ui.frame import brand_html
from ui.reading import Shown, opening_html
from ui.render import AnswerDict, answer_to_dict
from ui.view import Library, View

_ASSETS = Path(__file__).parent / "assets"
_STYLES = ("frame", "chat", "composer", "article")

# How many questions are answered at the same time; more wait in line.
_AT_ONCE = 4

# What the page's own script says to Gradio: a citation was followed, an example was chosen.
_BRIDGE = """
element.addEventListener('pullquote:show', (event) => trigger('select', {index: event.detail, value: ''}));
element.addEventListener('pullquote:ask', (event) => trigger('submit', {value: event.detail}));
"""

_BUG = "something went wrong here: the terminal that serves this page says what"

# One value for each output of an event; `gr.skip()` leaves an output as it is.
_Updates = tuple[object, ...]


class _Handlers:
    """What happens when something is asked, clicked or chosen. Holds the library and nothing of any visitor's."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._view = View(library)

    def refresh(self, article_id: str, turns: Turns) -> _Updates:
        """Draw the library as it is now. Outputs: article id, picker, pane, everywhere, log."""
        titles = self._view.titles()
        shown = article_id if article_id in titles else next(iter(titles), "")
        several = len(titles) > 1
        choices = [(title, each) for each, title in titles.items()]
        picker = gr.update(choices=choices, value=shown or None, visible=several)
        pane = self._view.pane(shown, last_shown(turns))
        return shown, picker, pane, gr.update(visible=several), self._view.log(turns, shown)

    def converse(self, question: str, turns: Turns, article_id: str, everywhere: bool) -> Iterator[_Updates]:
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

    def _failed(self, waiting: Turns, article_id: str, message: str) -> _Updates:
        turns = settled(waiting, error=message)
        return gr.skip(), turns, self._view.log(turns, article_id)

    def converse_by_example(
        self, turns: Turns, article_id: str, everywhere: bool, event: gr.EventData
    ) -> Iterator[_Updates]:
        """Ask an example that was clicked. Outputs as those of `converse`."""
        yield from self.converse(str(event.value), turns, article_id, everywhere)

    def follow(self, turns: Turns, event: gr.SelectData) -> _Updates:
        """Show the place of a sentence of any turn. Outputs: article id, picker, pane."""
        turn, kind, number = event.index
        answer = turns[turn].answer
        if answer is None:
            return gr.skip(), gr.skip(), gr.skip()
        citations = answer.citations if kind == "citation" else answer.nearest
        place = citations[number - 1].article_id
        return place, place, self._view.pane(place, Shown(citations, kind, turn, number))

    def read(self, article_id: str, turns: Turns) -> _Updates:
        """Open an article that was chosen. Outputs: article id, log, pane."""
        log = gr.skip() if turns else self._view.log(turns, article_id)
        return article_id, log, self._view.pane(article_id, last_shown(turns))

    def new_chat(self, article_id: str) -> _Updates:
        """Forget the chat. Outputs: turns, log, pane."""
        return (), self._view.log((), article_id), self._view.pane(article_id)

    def rebuild(self, progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008  (how Gradio hands it over)
        """Rebuild the index, with a progress bar. Output: index."""

        def report(done: int, total: int) -> None:
            progress(done / max(total, 1), desc=f"Indexing {done:,} of {total:,}")

        return self._view.rebuilt(report)

    def ask(self, question: str, article_id: str = "", history: list[str] | None = None) -> AnswerDict:
        """Answer a question from one article, or from all when no article id is given.

        `history` holds the questions asked before in the same conversation, oldest first.
        """
        within = [article_id] if article_id else None
        try:
            return answer_to_dict(self._library.ask(question, article_ids=within, history=tuple(history or ())))
        except PullquoteError as error:
            raise gr.Error(str(error), print_exception=False) from error


@dataclass(frozen=True, slots=True)
class _Page:
    """The parts of the page that events read and draw."""

    turns: gr.State
    article_id: gr.State
    new_chat: gr.Button
    log: gr.HTML
    everywhere: gr.Checkbox
    question: gr.Textbox
    send: gr.Button
    picker: gr.Dropdown
    pane: gr.HTML
    index: gr.HTML
    rebuild: gr.Button


def build_app(library: Library) -> gr.Blocks:
    """Return the web chat of a library, with the named endpoint `/ask` for programs; serve it with `launch`."""
    handlers = _Handlers(library)
    app = gr.Blocks(title="Pullquote", analytics_enabled=False, fill_width=True)
    with app:
        page = _lay_out()
        _connect_library(app, page, handlers, View(library))
        _connect_chat(page, handlers)
        api(handlers.ask, api_name="ask", concurrency_limit=_AT_ONCE, concurrency_id="ask")
    return app


def launch(app: gr.Blocks, *, host: str = "127.0.0.1", port: int = 7860) -> str:
    """Serve the web chat in the background and return its address; `app.block_thread()` then waits for Ctrl-C.

    Raises `InputError` when the port cannot be had.
    """
    try:
        # Gradio's own look at the port leaves its socket open, and its message names no option of ours.
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
        _, address, _ = app.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            inbrowser=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            run_history=False,
            footer_links=[],
            favicon_path=_ASSETS / "pullquote.svg",
            theme=_theme(),
            head=_head(),
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot serve on {host}:{port} ({reason}): choose another --host or --port") from error
    return address


def _theme() -> gr.themes.Base:
    """Return Gradio's plainest theme with the system's fonts: nothing is fetched from anywhere."""
    return gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#f6f4ef", body_background_fill_dark="#161513"
    )


def _head() -> str:
    """Return the page's style and script, inlined: Gradio would change the selectors of what it is given as `css`."""
    style = "".join((_ASSETS / f"{name}.css").read_text(encoding="utf-8") for name in _STYLES)
    script = (_ASSETS / "pullquote.js").read_text(encoding="utf-8")
    return f"<style>{style}</style><script>{script}</script>"


def _lay_out() -> _Page:
    """Make the parts of the page, still empty."""
    turns, article_id = gr.State(()), gr.State("")
    with gr.Row(elem_id="top"):
        gr.HTML(brand_html(), elem_id="brand", apply_default_css=False, js_on_load=None)
        new_chat = gr.Button("New chat", elem_id="new-chat", size="sm", scale=0)
    with gr.Row(elem_id="panes"):
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
        with gr.Column(elem_id="reader"):
            picker = gr.Dropdown(
                [], label="Article", elem_id="picker", visible=False, container=False, show_label=False
            )
            pane = gr.HTML(opening_html(), elem_id="reading", apply_default_css=False, js_on_load=None)
            with gr.Row(elem_id="index-bar"):
                index = gr.HTML(elem_id="index", apply_default_css=False, js_on_load=None)
                rebuild = gr.Button("Rebuild index", elem_id="rebuild", size="sm", scale=0)
    return _Page(turns, article_id, new_chat, log, everywhere, question, send, picker, pane, index, rebuild)


# Events of the page's own: no progress over what they draw, and no endpoint for programs.
_on = partial(gr.on, show_progress="hidden", api_visibility="private")


def _connect_library(app: gr.Blocks, page: _Page, handlers: _Handlers, view: View) -> None:
    """Draw the library when the page is loaded, an article chosen or the index rebuilt."""
    here = [page.article_id, page.turns]
    drawn = [page.article_id, page.picker, page.pane, page.everywhere, page.log]
    _on(app.load, handlers.refresh, here, drawn)
    _on(app.load, view.index, None, page.index)
    _on(page.picker.input, handlers.read, [page.picker, page.turns], [page.article_id, page.log, page.pane])
    rebuilt = gr.on(page.rebuild.click, handlers.rebuild, None, page.index, api_visibility="private")
    rebuilt.then(handlers.refresh, here, drawn, show_progress="hidden", api_visibility="private")


def _connect_chat(page: _Page, handlers: _Handlers) -> None:
    """Ask, follow citations, begin again."""
    state = [page.turns, page.article_id, page.everywhere]
    place = [page.article_id, page.picker, page.pane]
    answered = [page.question, page.turns, page.log, *place]
    ask = partial(_on, outputs=answered, concurrency_limit=_AT_ONCE, concurrency_id="ask")
    typed = ask([page.question.submit, page.send.click], handlers.converse, [page.question, *state])
    example = ask(page.log.submit, handlers.converse_by_example, state)
    _on(page.log.select, handlers.follow, page.turns, place)
    _on(
        page.new_chat.click,
        handlers.new_chat,
        page.article_id,
        [page.turns, page.log, page.pane],
        cancels=[typed, example],
    )
