"""The web chat: a Gradio page with the conversation on the left and the article on the right.

Each file beside this one makes a part of the page and connects it: `ui.chatting` what is asked and read, `ui.keeping`
what is kept of it, `ui.librarian` the library, `ui.indexing` the index, `ui.endpoints` what programs ask.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from index.errors import InputError
from index.load import LARGEST_FILE
from ui.access import Access
from ui.chatting import connect_chat, lay_out_conversation, lay_out_reader
from ui.endpoints import add_endpoints
from ui.feedback import Feedback
from ui.frame import brand_html
from ui.gate import gate
from ui.indexing import connect_index, index_redraw, lay_out_index
from ui.keeping import Keeper, Page, connect_keep, lay_out_keep
from ui.librarian import connect_library, lay_out_library, library_redraw
from ui.programs import Programs
from ui.view import Library, View

if TYPE_CHECKING:
    from ui.tools import Mounted  # of an optional extra

_ASSETS = Path(__file__).parent / "assets"
_STYLES = ("frame", "chat", "composer", "article", "found", "kept", "library")
_SCRIPTS = ("article", "chat", "kept", "page", "library")


def build_app(library: Library, *, feedback: Path | None = None) -> gr.Blocks:
    """Return the web chat of a library, with named endpoints for programs; serve it with `launch`.

    In the folder `feedback` is kept what readers think of answers; without it they are not asked.
    """
    view = View(library, judges=feedback is not None)
    app = gr.Blocks(title="Pullquote", analytics_enabled=False, fill_width=True)
    with app:
        with gr.Row(elem_id="top"):
            gr.HTML(brand_html(), elem_id="brand", apply_default_css=False, js_on_load=None)
            new_chat = gr.Button("New chat", elem_id="new-chat", size="sm", scale=0)
        keep = lay_out_keep()
        with gr.Row(elem_id="panes"):
            conversation = lay_out_conversation()
            with gr.Column(elem_id="reader"):
                reader = lay_out_reader()
            with gr.Column(elem_id="library"):
                panel = lay_out_library(conversation)
                index = lay_out_index()
        add_endpoints(Programs(library))  # first: what follows has handlers of the same names
        redraw, asking = connect_chat(library, view, conversation, reader)
        judgements = Feedback(feedback) if feedback else None
        keeper = Keeper(library, view, judgements)
        connect_keep(app, keeper, Page(conversation, reader, keep, new_chat), redraw, asking)
        redraw_index = index_redraw(library, judgements, index)
        connect_library(app, library, panel, reader.article_id, [redraw.after, redraw_index])
        looks = [app.load, panel.listing.focus]
        redraws = [redraw.after, library_redraw(library, panel)]
        connect_index(library, judgements, index, looks=looks, redraws=redraws)
    return app


def launch(
    app: gr.Blocks,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    access: Access | None = None,
    tools: Mounted | None = None,
) -> str:
    """Serve the web chat in the background and return its address; `app.block_thread()` then waits for Ctrl-C.

    By default `access` asks for no password, and lets in what comes by an address or as localhost. `tools` are served
    beside the page.

    Raises `InputError` when the port cannot be had.
    """
    beside = {"routes": tools.routes, "lifespan": tools.lifespan} if tools else {}
    try:
        # Gradio's own look at the port leaves its socket open, and its message names no option of ours.
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
        _, address, _ = app.launch(
            server_name=host,
            server_port=port,
            app_kwargs={"middleware": [gate(access or Access())], **beside},
            allowed_paths=[],
            max_file_size=LARGEST_FILE,
            strict_cors=True,
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
    script = "".join((_ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    return f"<style>{style}</style><script>{script}</script>"
