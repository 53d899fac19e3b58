"""Where a quoted sentence stands, in words."""

from __future__ import annotations

from qa.types import Citation


def place_words(citation: Citation) -> str:
    """Return where in its article a sentence stands: its page where there are pages, and its paragraph."""
    page = f"page {citation.page}, " if citation.page else ""
    return f"{page}paragraph {citation.paragraph + 1}"
