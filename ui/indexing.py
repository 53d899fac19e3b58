"""The index on the page: how much is in it, and rebuilding it."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.events import Redraw, on
from ui.view import View


@dataclass(frozen=True, slots=True)
class IndexBar:
    """The parts of the page that show the index."""

    index: gr.HTML
    rebuild: gr.Button


def lay_out_index() -> IndexBar:
    """Make the bar below the article, still empty."""
    with gr.Row(elem_id="index-bar"):
        index = gr.HTML(elem_id="index", apply_default_css=False, js_on_load=None)
        rebuild = gr.Button("Rebuild index", elem_id="rebuild", size="sm", scale=0)
    return IndexBar(index, rebuild)


def connect_index(app: gr.Blocks, bar: IndexBar, view: View, redraw: Redraw) -> None:
    """Draw the bar when the page is loaded and when the index is rebuilt."""

    def rebuilt(progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008  (how Gradio hands it over)
        def report(done: int, total: int) -> None:
            progress(done / max(total, 1), desc=f"Indexing {done:,} of {total:,}")

        return view.rebuilt(report)

    on(app.load, view.index, None, bar.index)
    redraw.after(gr.on(bar.rebuild.click, rebuilt, None, bar.index, api_visibility="private"))
