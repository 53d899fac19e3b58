"""Word files (.docx), through `mammoth` (https://github.com/mwilliamson/python-mammoth), which knows their styles."""

from __future__ import annotations

import io

from index.errors import UnreadableArticle
from index.formats.archive import Archive
from index.formats.blocks import text_of
from index.formats.extract import Extract
from index.formats.html import parsed
from index.formats.text import first_heading
from index.formats.xml import date_at, text_at, xml_of

_CORE = "docProps/core.xml"
_BACK_LINK = "\N{UPWARDS ARROW}"  # what mammoth puts after each note


def read_docx(source: str, data: bytes, _declared: str = "") -> Extract:
    """Read a Word file: headings, lists, tables and notes; deleted words of tracked changes are left out."""
    archive = Archive(source, data)
    root = parsed(source, _html_of(source, data))
    text = text_of(root).replace(f" {_BACK_LINK}", "") if root is not None else ""
    core = xml_of(archive, _CORE) if _CORE in archive.names else None
    return Extract(
        text,
        title=text_at(core, "title") or first_heading(text),
        author=text_at(core, "creator"),
        date=date_at(core, "created"),
    )


def _html_of(source: str, data: bytes) -> str:
    """Return the document as HTML, without images. Raises `UnreadableArticle`."""
    import mammoth  # imported here: only Word files need it

    try:
        return str(mammoth.convert_to_html(io.BytesIO(data), convert_image=lambda _image: []).value)
    # mammoth has no errors of its own: what is amiss in a file comes out as any of Python's, RecursionError among them.
    except Exception as error:
        reason = f"it is no Word file, or a damaged one ({type(error).__name__}: {error})"
        raise UnreadableArticle(source, reason, "open it in a word processor and save it again") from error
