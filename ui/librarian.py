"""The library as a part of the page: adding, choosing and removing articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gradio as gr
from gradio.components import Component

from index.errors import PullquoteError
from index.load import SUFFIXES
from index.types import Article
from ui.chatting import Conversation
from ui.events import WRITING, After, Updates, on, then
from ui.listing import added_html, failed_html, listing_html, removed_html, restored_html, search_html, together
from ui.programs import Programs
from ui.view import Library

# What the list says to Gradio: which of its buttons was pressed, for which article; or that somebody looks at it.
_BRIDGE = """
const events = {open: 'submit', choose: 'input', remove: 'select'};
element.addEventListener('click', (event) => {
  const pressed = event.target.closest('[data-act]');
  const told = pressed && {article: pressed.dataset.article, ticked: pressed.checked};
  if (pressed) trigger(events[pressed.dataset.act], told);
});
element.addEventListener('pullquote:look', () => trigger('focus'));
"""


class _Handlers:
    """What happens in the library's panel. Holds the library and nothing of any visitor's.

    Each returns what `LibraryPanel.drawn` shows: report, undo, removed, chosen, everywhere, listing.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._programs = Programs(library)

    def look(self, chosen: tuple[str, ...]) -> str:
        """Return the list as the library is now. Output: listing."""
        try:
            return listing_html(self._programs.articles(), chosen)
        except PullquoteError as error:
            return failed_html(str(error))

    def add_files(
        self,
        files: Sequence[str] | None,
        chosen: tuple[str, ...],
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (how Gradio hands it over)
    ) -> Updates:
        """Add uploaded files. Outputs: files, then what is drawn."""
        paths = [Path(name) for name in files or []]
        drawn = self._add(chosen, progress, files=paths)
        for path in paths:
            path.unlink(missing_ok=True)
        return None, *drawn

    def add_urls(
        self,
        urls: str,
        chosen: tuple[str, ...],
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Updates:
        """Add pages of the web, whose addresses stand between blanks. Outputs: urls, then what is drawn."""
        return "", *self._add(chosen, progress, urls=urls.split())

    def add_text(
        self,
        title: str,
        text: str,
        chosen: tuple[str, ...],
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Updates:
        """Add a text with its title. Outputs: title, text, then what is drawn."""
        drawn = self._add(chosen, progress, text=text, title=title)
        kept = (gr.skip(), gr.skip()) if not (text.strip() and title.strip()) else ("", "")
        return *kept, *drawn

    def _add(
        self,
        chosen: tuple[str, ...],
        progress: gr.Progress,
        *,
        files: Sequence[Path] = (),
        urls: Sequence[str] = (),
        text: str = "",
        title: str = "",
    ) -> Updates:
        reading, indexing = (partial(_report, progress, verb) for verb in ("Reading", "Indexing"))
        try:
            added = self._programs.add(urls, text, title, files, reading=reading, progress=indexing)
        except PullquoteError as error:
            return self._told(failed_html(str(error)), chosen)
        return self._told(added_html(added), chosen)

    def choose(self, chosen: tuple[str, ...], event: gr.EventData) -> Updates:
        """Have an article asked with the others that are ticked, or no more. Outputs: chosen, everywhere, listing."""
        others = tuple(each for each in chosen if each != event.article)
        now = (*others, str(event.article)) if event.ticked else others
        return now, gr.update(label=together(len(now)), value=bool(now)), self.look(now)

    def open(self, event: gr.EventData) -> str:
        """Return the article to show. Output: article id."""
        return str(event.article)

    def remove(self, chosen: tuple[str, ...], event: gr.EventData) -> Updates:
        """Remove an article, and keep it for `undo`."""
        article_id = str(event.article)
        try:
            removed = self._library.remove([article_id])
        except PullquoteError as error:
            return self._told(failed_html(str(error)), chosen)
        return self._told(removed_html(removed), tuple(each for each in chosen if each != article_id), removed)

    def undo(
        self,
        removed: tuple[Article, ...],
        chosen: tuple[str, ...],
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Updates:
        """Bring back what was removed last."""
        try:
            restored = self._library.restore(removed, partial(_report, progress, "Indexing"))
        except PullquoteError as error:
            return self._told(failed_html(str(error)), chosen, removed)
        return self._told(restored_html(restored, removed), chosen)

    def _told(self, report: str, chosen: tuple[str, ...], removed: tuple[Article, ...] = ()) -> Updates:
        everywhere = gr.update(label=together(len(chosen)))
        return report, gr.update(visible=bool(removed)), removed, chosen, everywhere, self.look(chosen)


def _report(progress: gr.Progress, verb: str, done: int, total: int) -> None:
    progress(done / max(total, 1), desc=f"{verb} {done:,} of {total:,}")


@dataclass(frozen=True, slots=True)
class LibraryPanel:
    """The parts of the library's panel, and those of the conversation that say which articles are asked."""

    files: gr.File
    urls: gr.Textbox
    fetch: gr.Button
    title: gr.Textbox
    text: gr.Textbox
    paste: gr.Button
    report: gr.HTML
    undo: gr.Button
    removed: gr.State
    chosen: gr.State
    everywhere: gr.Checkbox
    listing: gr.HTML

    @property
    def drawn(self) -> list[Component]:
        """What is drawn after a change, in the order in which the handlers return it."""
        return [self.report, self.undo, self.removed, self.chosen, self.everywhere, self.listing]


def lay_out_library(conversation: Conversation) -> LibraryPanel:
    """Make the panel, still empty."""
    removed = gr.State(())
    gr.HTML("<h2>Library</h2>", elem_id="library-title", apply_default_css=False, js_on_load=None)
    files = gr.File(label="Add files", file_count="multiple", file_types=list(SUFFIXES), elem_id="add-files", height=96)
    with gr.Row(elem_id="add-urls"):
        urls = gr.Textbox(
            label="Address of a page", placeholder="https://", show_label=False, container=False, max_lines=1
        )
        fetch = gr.Button("Add page", size="sm", scale=0)
    with gr.Accordion("Paste a text", open=False, elem_id="add-text"):
        title = gr.Textbox(label="Title", container=False, placeholder="Title", max_lines=1)
        text = gr.Textbox(label="Text", container=False, placeholder="Text", lines=5, max_lines=12)
        paste = gr.Button("Add text", size="sm", scale=0)
    with gr.Row(elem_id="report-bar"):
        report = gr.HTML(elem_id="report", apply_default_css=False, js_on_load=None)
        undo = gr.Button("Undo", size="sm", scale=0, visible=False, elem_id="undo")
    gr.HTML(search_html(), elem_id="search", apply_default_css=False, js_on_load=None)
    listing = gr.HTML(elem_id="list", apply_default_css=False, js_on_load=_BRIDGE)
    return LibraryPanel(
        files,
        urls,
        fetch,
        title,
        text,
        paste,
        report,
        undo,
        removed,
        conversation.chosen,
        conversation.everywhere,
        listing,
    )


def library_redraw(library: Library, panel: LibraryPanel) -> After:
    """Return what draws the list anew."""
    return lambda event: then(event, _Handlers(library).look, [panel.chosen], [panel.listing])


def connect_library(
    app: gr.Blocks, library: Library, panel: LibraryPanel, article_id: gr.State, redraws: Sequence[After]
) -> None:
    """Add, open, choose and remove articles.

    `article_id` is the article that is open, `redraws` draw the rest of the page; the first of them the article.
    """
    handlers = _Handlers(library)
    on([app.load, panel.listing.focus], handlers.look, panel.chosen, panel.listing)
    on(panel.listing.input, handlers.choose, panel.chosen, [panel.chosen, panel.everywhere, panel.listing])
    redraws[0](on(panel.listing.submit, handlers.open, None, article_id))
    write = partial(
        gr.on, show_progress_on=panel.report, api_visibility="private", concurrency_limit=1, concurrency_id=WRITING
    )
    chosen, drawn = panel.chosen, panel.drawn
    title, text = panel.title, panel.text
    for event in (
        write(panel.files.upload, handlers.add_files, [panel.files, chosen], [panel.files, *drawn]),
        write([panel.urls.submit, panel.fetch.click], handlers.add_urls, [panel.urls, chosen], [panel.urls, *drawn]),
        write(panel.paste.click, handlers.add_text, [title, text, chosen], [title, text, *drawn]),
        write(panel.listing.select, handlers.remove, chosen, drawn),
        write(panel.undo.click, handlers.undo, [panel.removed, chosen], drawn),
    ):
        for redraw in redraws:
            redraw(event)
