"""E-books (.epub): the chapters in the order of the book's spine (https://www.w3.org/TR/epub-33)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from index.errors import UnreadableArticle
from index.formats.archive import Archive
from index.formats.blocks import text_of
from index.formats.extract import Extract
from index.formats.html import parsed
from index.formats.text import decoded
from index.formats.xml import date_at, text_at, xml_of, xml_or_none

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = frozenset({"application/xhtml+xml", "text/html"})


def read_epub(source: str, data: bytes, _declared: str = "") -> Extract:
    """Read an e-book. Raises `UnreadableArticle` when it is damaged or protected."""
    archive = Archive(source, data)
    container = xml_of(archive, _CONTAINER)
    rootfile = next(container.iter("{*}rootfile"), None)
    package_name = "" if rootfile is None else rootfile.get("full-path") or ""
    package = xml_of(archive, package_name)
    chapters = list(dict.fromkeys(_chapters(package, posixpath.dirname(package_name))))  # each once: no bomb
    _see_that_it_is_open(archive, chapters)
    texts = (_text_of_chapter(archive, name) for name in chapters if name in archive.names)
    return Extract(
        "\n".join(text for text in texts if text),
        title=text_at(package, "title"),
        author=text_at(package, "creator"),
        date=date_at(package, "date"),
    )


def _chapters(package: _Element, folder: str) -> Iterator[str]:
    """Yield the names of the chapters in the order of reading; the table of contents is none."""
    items = {item.get("id"): item for item in package.iter("{*}item")}
    for reference in package.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _CHAPTERS or reference.get("linear") == "no":
            continue
        if "nav" not in (item.get("properties") or "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))


def _see_that_it_is_open(archive: Archive, chapters: list[str]) -> None:
    """Raise `UnreadableArticle` when a chapter is encrypted; fonts may be."""
    if _ENCRYPTION not in archive.names:
        return
    locked = {unquote(each.get("URI") or "") for each in xml_of(archive, _ENCRYPTION).iter("{*}CipherReference")}
    if locked.intersection(chapters):
        raise UnreadableArticle(archive.source, "it is protected against copying", "give a copy without protection")


def _text_of_chapter(archive: Archive, name: str) -> str:
    """Return a chapter's text: it should be XML, but many a book's is HTML."""
    data = archive.read(name)
    root = xml_or_none(data)
    if root is None:
        text = decoded(archive.source, data)
        root = parsed(archive.source, text.partition("?>")[2] if text.lstrip().startswith("<?xml") else text)
    return "" if root is None else text_of(root)
