"""HTML and its like as text: blocks parted by blank lines, with headings, list items and table rows recognisable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

# The names of HTML and, where they differ, those of the TEI that trafilatura makes: head, list, item, row, cell.
_HEADING = re.compile(r"h[1-6]\Z")
_LISTS = frozenset({"ul", "ol", "list", "menu"})
_ITEMS = frozenset({"li", "item"})
_ROWS = frozenset({"tr", "row"})
_CELLS = frozenset({"td", "th", "cell"})
_BREAKS = frozenset({"br", "lb"})
_PREFORMATTED = frozenset({"pre", "code"})
_BLOCKS = re.compile(
    r"(?:p|div|section|article|main|body|header|footer|aside|nav|blockquote|quote|figure|figcaption|table|dl|dt|dd|hr|"
    r"address|details|summary|form|fieldset|pre|head|caption|hgroup|ab)\Z"
)
SKIPPED = re.compile(r"(?:script|style|template|noscript|svg|math|iframe|object|head|title|del)\Z")

_SPACE = re.compile(r"[ \t\r\n\f]+")
_AROUND_BREAK = re.compile(r" *\n *")


def text_of(root: _Element, *, skip: re.Pattern[str] | None = SKIPPED) -> str:
    """Return the text of an element as blocks, without the elements whose names `skip` matches.

    The time is linear in the size of the tree, whatever its depth.
    """
    from lxml import etree  # imported here: only marked-up files need it, and it takes a moment

    writer = _Writer()
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
        if event == "start":
            if not name or (skip and skip.match(name)):
                walk.skip_subtree()
            else:
                writer.start(name, element)
            continue
        if name and not (skip and skip.match(name)):
            writer.end(name)
        if element is not root:
            writer.write(element.tail or "")
    return writer.text()


class _Writer:
    """Puts blocks together while a tree is walked."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._parts: list[str] = []
        self._lists: list[int] = []  # of each list that is open: the number of its last item, -1 without numbers
        self._prefix = ""
        self._tight = False  # whether the block follows the one before without a blank line
        self._row = 0
        self._kept = 0

    def start(self, name: str, element: _Element) -> None:
        """Begin an element and write the text that stands before its first child."""
        rend = element.get("rend") or ""
        if name in _BREAKS:
            self._parts.append("\n")
        elif name in _CELLS:
            self._parts.append("| ")
        elif name in _ROWS:
            self._flush()
            self._row += 1
        elif name in _LISTS:
            self._flush(tight=bool(self._lists))
            self._lists.append(0 if name == "ol" or rend == "ol" else -1)
        elif name in _ITEMS:
            self._flush()
            self._begin_item()
        elif _HEADING.match(name) or _HEADING.match(rend):
            self._flush()
            self._prefix = "#" * int((name if _HEADING.match(name) else rend)[1]) + " "
        elif _BLOCKS.match(name):
            self._flush()
        self._kept += name in _PREFORMATTED
        self.write(element.text or "")

    def end(self, name: str) -> None:
        """End an element."""
        if name in _CELLS:
            self._parts.append(" ")
        elif name in _ROWS:
            self._parts.append("|")
            self._row -= 1
            self._flush(tight=True)
        elif name in _LISTS:
            self._flush()
            self._lists.pop()
            self._tight = bool(self._lists)
        elif name in _ITEMS:
            self._flush(tight=True)
        elif _BLOCKS.match(name) or _HEADING.match(name):
            self._flush()
            self._tight = self._tight and name != "table"
        self._kept -= name in _PREFORMATTED

    def write(self, text: str) -> None:
        """Write text; white space of the source is one blank, but for preformatted text."""
        self._parts.append(text if self._kept and not self._row else _SPACE.sub(" ", text))

    def text(self) -> str:
        """Return all blocks."""
        self._flush()
        return "".join(self._done).rstrip() + "\n" if self._done else ""

    def _begin_item(self) -> None:
        number = self._lists[-1] if self._lists else -1
        if number >= 0:
            self._lists[-1] = number = number + 1
        self._prefix = "  " * (len(self._lists) - 1) + (f"{number}. " if number > 0 else "- ")

    def _flush(self, *, tight: bool = False) -> None:
        """End the block, if there is anything in it; in a row of a table it goes on."""
        if self._row:
            self._parts.append(" ")
            return
        text = "".join(self._parts)
        self._parts.clear()
        if not self._kept:
            text = _AROUND_BREAK.sub("\n", re.sub(" {2,}", " ", text)).strip()
        if text.strip():
            if self._done:
                self._done.append("\n" if self._tight else "\n\n")
            self._done.append(self._prefix + text.strip("\n"))
            self._prefix, self._tight = "", False
        self._tight = self._tight or tight
