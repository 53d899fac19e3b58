"""The XML files inside of archives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.formats.archive import Archive

if TYPE_CHECKING:
    from lxml.etree import _Element

_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?(?!\d)")


def xml_of(archive: Archive, name: str) -> _Element:
    """Return the root of an XML file in an archive. Raises `UnreadableArticle`."""
    root = xml_or_none(archive.read(name))
    if root is None:
        raise archive.damaged(f"{name} is no XML")
    return root


def xml_or_none(data: bytes) -> _Element | None:
    """Return the root of an XML file, None when it is not well-formed. Entities stay unresolved: they may be bombs."""
    from lxml import etree  # imported here: only marked-up files need it, and it takes a moment

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def text_at(root: _Element | None, name: str) -> str:
    """Return the text of the first element of a name in any namespace, on one line; empty when there is none."""
    element = None if root is None else next(root.iter(f"{{*}}{name}"), None)
    return "" if element is None else " ".join("".join(element.itertext()).split())


def date_at(root: _Element | None, name: str) -> str:
    """Return the date in the first element of a name as ISO 8601, without the time; empty when it is none."""
    date = _DATE.match(text_at(root, name))
    return date[0] if date else ""
