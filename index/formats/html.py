"""Web pages: the article without what surrounds it, as `trafilatura` finds it.

https://trafilatura.readthedocs.io (Barbaresi, ACL 2021, https://aclanthology.org/2021.acl-demo.15)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.errors import UnreadableArticle
from index.formats.blocks import text_of
from index.formats.extract import Extract
from index.formats.text import decoded

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# A page of a whole book has 4 MB; trafilatura needs seconds for each megabyte.
_LARGEST = 10_000_000

_CHARSET = re.compile(rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,40})", re.IGNORECASE)
# A tag, or a comment; quoted values may hold ">". It always matches to its end, so the time is linear.
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<[A-Za-z](?:[^>=\"']+|=[ \t\r\n\f]*\"[^\"]*(?:\"|\Z)|=[ \t\r\n\f]*'[^']*(?:'|\Z)|[\"'=])*",
    re.DOTALL,
)
_VALUE = re.compile(r"=[ \t\r\n\f]*(?:\"[^\"]*\"|'[^']*')")
_BETWEEN = re.compile(r"[\s=/]+")
# libxml2 2.14 and trafilatura 2.3 compare each attribute of a tag with all others: 100,000 of them take minutes.
_MOST_ATTRIBUTES = 1000
_SHORTEST = 250  # trafilatura's MIN_EXTRACTED_SIZE
_AROUND = re.compile(r"(?:nav|header|footer|aside|form|script|style|template|noscript|svg|iframe|head|title)\Z")


def read_html(source: str, data: bytes, declared: str = "") -> Extract:
    """Read a web page; `declared` is the encoding that came with it. Raises `UnreadableArticle`."""
    if len(data) > _LARGEST:
        reason = f"the page has {len(data)} bytes, more than {_LARGEST}"
        raise UnreadableArticle(source, reason, "save the article alone as text")
    meta = _CHARSET.search(data[:4096])
    text = decoded(source, data, declared or (meta[1].decode("ascii") if meta else ""))
    if "\0" in text:
        raise UnreadableArticle(source, f"character {text.index(chr(0))} is NUL", "save it as a web page again")
    root = parsed(source, text)
    if root is None:
        raise UnreadableArticle(source, "there is no text in it", "give a page that holds an article")
    return _extract(root)


def parsed(source: str, text: str) -> HtmlElement | None:
    """Return the tree of a page, None when there is nothing in it. Raises `UnreadableArticle`."""
    if any(_attributes(tag[0]) > _MOST_ATTRIBUTES for tag in _TAG.finditer(text)):
        reason = f"a tag has more than {_MOST_ATTRIBUTES} attributes"
        raise UnreadableArticle(source, reason, "save the article alone as text")
    from lxml import etree, html  # imported here: only marked-up files need it, and it takes a moment

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # lxml's word for an empty document
        return None


def _attributes(tag: str) -> int:
    """Return how many attributes a tag may have at most; few for a short one or a comment."""
    if len(tag) < _MOST_ATTRIBUTES or tag.startswith("<!--"):
        return 0
    return len(_BETWEEN.findall(_VALUE.sub("= ", tag)))


def _extract(root: HtmlElement) -> Extract:
    """Return what trafilatura finds; all but navigation and the like where it finds nothing."""
    from trafilatura import bare_extraction  # imported here: it takes a third of a second
    from trafilatura.settings import Document

    whole = text_of(root, skip=_AROUND)
    found = bare_extraction(root, include_comments=False, include_tables=True, with_metadata=True)
    if not isinstance(found, Document) or found.body is None:
        return Extract(whole, title=" ".join((root.findtext(".//title") or "").split()))
    text = text_of(found.body, skip=None)
    # Below this length trafilatura takes what it can get, without its structure.
    return Extract(text if len(text) >= _SHORTEST else whole, found.title or "", found.author or "", found.date or "")
