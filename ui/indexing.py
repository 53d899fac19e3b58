"""The index as a part of the page: how much is in it, rebuilding it and going back to what it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial

import gradio as gr
from gradio.events import Dependency

from index.errors import PullquoteError
from ui.events import WRITING, After, Updates, on, then
from ui.feedback import Feedback
from ui.index_panel import done_html, history_html, index_error_html, index_html
from ui.plot import calibration_html
from ui.view import Library

# What the history says to Gradio: the number of the generation that was chosen.
_BRIDGE = """
element.addEventListener('click', (event) => {
  const pressed = event.target.closest('[data-number]');
  if (pressed) trigger('select', {number: pressed.dataset.number});
});
"""


class _Handlers:
    """What happens in the index's panel. Holds the library and nothing of any visitor's."""

    def __init__(self, library: Library, feedback: Feedback | None) -> None:
        self._library = library
        self._feedback = feedback

    def look(self) -> Updates:
        """Return what the index is like now. Outputs: index, sureness."""
        return self._index(), self._sureness()

    def _index(self) -> str:
        try:
            return index_html(self._library.status(), _now())
        except PullquoteError as error:
            return index_error_html(str(error))

    def _sureness(self) -> str:
        """Return what was said of answers against what readers judge of them."""
        try:
            judged = self._feedback.judgements() if self._feedback else ()
            return calibration_html([each.probability for each in judged], [bool(each.right) for each in judged])
        except PullquoteError as error:
            return index_error_html(str(error))

    def history(self) -> str:
        """Return the generations on disk, every byte of which is checked. Output: history."""
        try:
            return history_html(self._library.history(), _now())
        except PullquoteError as error:
            return index_error_html(str(error))

    def rebuild(self, progress: gr.Progress = gr.Progress()) -> Updates:  # noqa: B008  (how Gradio hands it over)
        """Rebuild the index, with a progress bar. Outputs: state, index, history."""

        def report(done: int, total: int) -> None:
            progress(done / max(total, 1), desc=f"Indexing {done:,} of {total:,}")

        try:
            size = self._library.rebuild(report)
        except PullquoteError as error:
            return index_error_html(str(error)), self._index(), ""
        return (
            done_html(f"Index rebuilt: {size.sentences:,} sentences, generation {size.generation}."),
            self._index(),
            "",
        )

    def rollback(self, event: gr.EventData) -> Updates:
        """Make a generation current again. Outputs: state, index, history."""
        try:
            number = self._library.rollback(int(event.number))
        except PullquoteError as error:
            return index_error_html(str(error)), self._index(), self.history()
        return done_html(f"The index is that of generation {number} again."), self._index(), self.history()


@dataclass(frozen=True, slots=True)
class IndexPanel:
    """The parts of the page that show the index."""

    index: gr.HTML
    state: gr.HTML
    rebuild: gr.Button
    show_history: gr.Button
    history: gr.HTML
    sureness: gr.HTML


def lay_out_index() -> IndexPanel:
    """Make the panel, still empty."""
    gr.HTML("<h3>Index</h3>", elem_id="index-title", apply_default_css=False, js_on_load=None)
    index = gr.HTML(elem_id="index", apply_default_css=False, js_on_load=None)
    state = gr.HTML(elem_id="index-state", apply_default_css=False, js_on_load=None)
    with gr.Row(elem_id="index-bar"):
        rebuild = gr.Button("Rebuild index", elem_id="rebuild", size="sm", scale=0)
        show_history = gr.Button("History", elem_id="show-history", size="sm", scale=0)
    history = gr.HTML(elem_id="history", apply_default_css=False, js_on_load=_BRIDGE)
    sureness = gr.HTML(elem_id="sureness", apply_default_css=False, js_on_load=None)
    return IndexPanel(index, state, rebuild, show_history, history, sureness)


def index_redraw(library: Library, feedback: Feedback | None, panel: IndexPanel) -> After:
    """Return what draws the panel anew."""
    return lambda event: then(event, _Handlers(library, feedback).look, [], [panel.index, panel.sureness])


def connect_index(
    library: Library,
    feedback: Feedback | None,
    panel: IndexPanel,
    *,
    looks: Sequence[Callable[..., Dependency]],
    redraws: Sequence[After],
) -> None:
    """Show the index at each of the events `looks`, rebuild it and go back; `redraws` draw the rest of the page."""
    handlers = _Handlers(library, feedback)
    on(list(looks), handlers.look, None, [panel.index, panel.sureness])
    on(panel.show_history.click, handlers.history, None, panel.history)
    drawn = [panel.state, panel.index, panel.history]
    write = partial(
        gr.on, show_progress_on=panel.state, api_visibility="private", concurrency_limit=1, concurrency_id=WRITING
    )
    for event in (
        write(panel.rebuild.click, handlers.rebuild, None, drawn),
        write(panel.history.select, handlers.rollback, None, drawn),
    ):
        for redraw in redraws:
            redraw(event)


def _now() -> datetime:
    return datetime.now(timezone.utc)
