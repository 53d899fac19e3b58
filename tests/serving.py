"""The web chat of a library, served on a port of its own while a test runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ui.access import Access
from ui.app import build_app, launch
from ui.programs import Programs
from ui.tools import mounted_tools
from ui.view import Library


@contextmanager
def served(
    library: Library, access: Access | None = None, *, tools: bool = False, feedback: Path | None = None
) -> Iterator[str]:
    """Serve a library's web chat and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = build_app(library, feedback=feedback)
    try:
        yield launch(app, port=port, access=access, tools=mounted_tools(Programs(library)) if tools else None)
    finally:
        app.close(verbose=False)
