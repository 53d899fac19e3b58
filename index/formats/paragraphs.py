"""From the lines of all pages to a text: running heads dropped, paragraphs joined, headings and items marked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from index.formats.layout import Piece

# A heading's letters are this many times as high as the body's; those of a title more.
_HEADING, _TITLE = 1.15, 1.6
_LONGEST_HEADING = 200
# A paragraph begins where base lines are this many times as far apart as elsewhere, or with such an indent.
_GAP, _INDENT = 1.3, 0.8
# Lines of one paragraph stand at most so many heights of their letters apart, unless the whole page is like that.
_WIDEST = 1.8
# A line that ends a sentence and leaves this part of the width free ends a paragraph.
_FREE = 0.15
# A line at the top or bottom that so many pages share, numbers aside, is a running head.
_SHARED, _FEWEST_PAGES = 0.4, 2

_BULLET = re.compile(r"[•‣◦▪●■○·∙\uf0b7]\s*(?=\S)|[-–*]\s+(?=\S)")
_NUMBER = re.compile(r"(?:\(?\d{1,3}[.)]|\(?[a-z]\))\s+(?=\S)")
_ENDED = re.compile(r"[.!?:;…][\"'”’)\]]*\Z")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\xad\u2010]\Z")
_LAST_WORD = re.compile(r"[^\W\d_]+\Z")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_DIGITS = re.compile(r"\d+")


def text_of_pages(pages: Sequence[Sequence[Piece]]) -> tuple[str, tuple[int, ...]]:
    """Return the text of all pages, given as their lines, and the code point at which each page starts."""
    pages = _without_running_heads(pages)
    words = frozenset(word for lines in pages for line in lines for word in _WORD.findall(line.text.lower()))
    writer = _Writer(_body_height(pages), words)
    starts: list[int] = []
    for number, lines in enumerate(pages):
        page = _Page(lines)
        for line in lines:
            writer.add(line, page)
            # A page without text starts where the next one does.
            starts += [writer.start] * (number + 1 - len(starts))
    return writer.text(), (*starts, *[writer.length] * (len(pages) - len(starts)))


class _Writer:
    """Puts lines together to paragraphs."""

    def __init__(self, body: float, words: frozenset[str]) -> None:
        self._body, self._words = body, words
        self._parts: list[str] = []
        self._before: Piece | None = None
        self._kind = ""  # of the paragraph that is being written: "#" a heading, "-" a list item, or prose
        self.length = 0
        self.start = 0

    def add(self, line: Piece, page: _Page) -> None:
        """Write the next line of a page; `start` is then where it begins."""
        kind, text = self._marked(line)
        glue = self._glue(line, kind, page)
        if self._before is None or "\n" in glue:
            self._kind = kind
        else:
            text = line.text
        self._write(glue)
        self.start = self.length
        self._write(text)
        self._before = line

    def text(self) -> str:
        """Return all that was written."""
        return "".join(self._parts) + ("\n" if self._parts else "")

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)

    def _marked(self, line: Piece) -> tuple[str, str]:
        """Return the kind of paragraph that a line would begin, and its text with the mark of that kind."""
        if line.height >= _HEADING * self._body and len(line.text) <= _LONGEST_HEADING:
            return "#", ("# " if line.height >= _TITLE * self._body else "## ") + line.text
        bullet = _BULLET.match(line.text)
        if bullet:
            return "-", "- " + line.text[bullet.end() :]
        return ("-" if _NUMBER.match(line.text) else ""), line.text

    def _glue(self, line: Piece, kind: str, page: _Page) -> str:
        """Return what parts a line from the one before: nothing or a blank inside a paragraph, or line ends."""
        before = self._before
        if before is None:
            return ""
        if self._begins(before, line, kind, page):
            return "\n" if kind == self._kind == "-" else "\n\n"
        if not _HYPHEN.search(before.text) or not line.text[:1].islower():
            return " "
        head, tail = _LAST_WORD.search(before.text[:-1]), _FIRST_WORD.match(line.text)
        pair = head[0].lower() if head else "", tail[0].lower() if tail else ""
        written = "-".join(pair) in self._words and "".join(pair) not in self._words
        # Without that the hyphen was the printer's, not the writer's.
        self._parts[-1] = self._parts[-1][:-1] + ("-" if written else "")
        self.length -= not written
        return ""

    def _begins(self, before: Piece, line: Piece, kind: str, page: _Page) -> bool:
        """Tell whether a line begins a paragraph."""
        same_size = abs(line.height - before.height) <= (_HEADING - 1) * self._body
        if kind == "#" or self._kind == "#":
            return not (kind == self._kind and same_size and page.follows(before, line))
        if kind == "-" and (_BULLET.match(line.text) or self._kind == "-" or _ENDED.search(before.text)):
            return True
        if _HYPHEN.search(before.text) and line.text[:1].islower():
            return False
        if not page.follows(before, line):
            return _ENDED.search(before.text) is not None or not line.text[:1].islower()
        indented = self._kind != "-" and line.left > max(before.left, page.left_of(line)) + _INDENT * line.height
        ended = _ENDED.search(before.text) is not None
        return not same_size or indented or (ended and before.right < page.right_of(before) - _FREE * before.width)


class _Page:
    """The lines of a page: how far they stand apart, and how wide their columns are."""

    def __init__(self, lines: Sequence[Piece]) -> None:
        self.lines = lines
        down = [a.bottom - b.bottom for a, b in pairwise(lines) if b.bottom < a.bottom]
        # Where most paragraphs have one line, most steps are wider than lines of a paragraph stand apart.
        close = [step for step, line in zip(down, lines, strict=False) if step <= _WIDEST * line.height]
        steps = close if len(close) > 1 else down
        self._step = median(steps) if steps else 0.0
        self._order = {id(line): number for number, line in enumerate(lines)}
        # The column of a line is the lines around it that overlap it sideways.
        self._sides = [self._column(number) for number in range(len(lines))]

    def follows(self, before: Piece, line: Piece) -> bool:
        """Tell whether a line stands just below the one before, on the same page."""
        down = before.bottom - line.bottom
        return id(before) in self._order and 0 < down <= _GAP * max(self._step, line.height)

    def left_of(self, line: Piece) -> float:
        """Return where the column of a line begins."""
        return self._sides[self._order[id(line)]][0]

    def right_of(self, line: Piece) -> float:
        """Return where the column of a line ends."""
        return self._sides[self._order[id(line)]][1]

    def _column(self, number: int) -> tuple[float, float]:
        line = self.lines[number]
        near = [
            other
            for other in self.lines[max(0, number - 8) : number + 9]
            if min(other.right, line.right) > max(other.left, line.left) and other.width < 1.5 * max(line.width, 1)
        ]
        near = near or [line]
        return min(other.left for other in near), max(other.right for other in near)


def _body_height(pages: Sequence[Sequence[Piece]]) -> float:
    """Return the height of most letters."""
    heights: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            heights[round(line.height, 1)] += len(line.text)
    return heights.most_common(1)[0][0] if heights else 1.0


def _without_running_heads(pages: Sequence[Sequence[Piece]]) -> list[Sequence[Piece]]:
    """Return the pages without the lines at the top and bottom that many of them share, numbers aside."""
    if len(pages) < _FEWEST_PAGES:
        return list(pages)
    shared: Counter[tuple[str, str]] = Counter()
    for lines in pages:
        shared.update(set(_edges(lines)))
    least = max(_FEWEST_PAGES, _SHARED * len(pages))
    kept: list[Sequence[Piece]] = []
    for lines in pages:
        drop = {line for edge, line in _edge_lines(lines) if shared[edge, _pattern(line)] >= least}
        kept.append([line for line in lines if line not in drop])
    return kept


def _edges(lines: Sequence[Piece]) -> list[tuple[str, str]]:
    return [(edge, _pattern(line)) for edge, line in _edge_lines(lines)]


def _edge_lines(lines: Sequence[Piece]) -> list[tuple[str, Piece]]:
    """Return the two highest and the two lowest lines of a page, and which they are."""
    ordered = sorted(lines, key=lambda line: -line.top)
    return [("top", line) for line in ordered[:2]] + [("bottom", line) for line in ordered[-2:]]


def _pattern(line: Piece) -> str:
    return _DIGITS.sub("#", line.text)
