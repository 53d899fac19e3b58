"""Text to HTML: everything is escaped, and some ranges of it are marked.

Two kinds of ranges, one inside the other: marks around sentences, and spans inside them (the answering words) or
anywhere else (the signs of Markdown). Taking the tags out of the HTML gives the text back, character for character.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from qa.types import Citation

Kind = Literal["citation", "nearest"]

# Halves of a UTF-16 pair have no UTF-8 form: they reach us in a question only, and would break the whole page.
_SURROGATE = re.compile("[\ud800-\udfff]")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Range:
    """A half-open range `[start, end)` of code points and the tags around it."""

    start: int
    end: int
    opening: str
    closing: str


def whole(text: str) -> str:
    """Return text with halves of a UTF-16 pair shown as unreadable: nothing can be done with them."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def escape(text: str) -> str:
    """Return text as HTML that shows this text and nothing else, in an element or in a quoted attribute."""
    # A bare carriage return would be read as a line feed.
    return html.escape(whole(text), quote=True).replace("\r", "&#13;")


def message_html(message: str) -> str:
    """Return a one-line message of ours as a sentence, with its `commands` set as code."""
    sentence = message[:1].upper() + message[1:]
    if sentence and sentence[-1] not in ".!?":
        sentence += "."
    return _CODE.sub(r"<code>\1</code>", escape(sentence))


def mark_range(citation: Citation, *, kind: Kind, number: int) -> Range:
    """Return the mark of a quoted sentence: `<mark data-citation="1">` or `<mark data-nearest="1">`."""
    return Range(citation.start, citation.end, f'<mark class="{kind}" data-{kind}="{number}" tabindex="-1">', "</mark>")


def answer_ranges(citations: Iterable[Citation]) -> tuple[Range, ...]:
    """Return the answering words of sentences, marked stronger than the sentences themselves."""
    quotes = (citation.answer for citation in citations)
    return tuple(Range(quote.start, quote.end, '<strong class="words">', "</strong>") for quote in quotes if quote)


def quote_html(citation: Citation) -> str:
    """Return the sentence of a citation, word for word, its answering words marked."""
    start = citation.start
    words = [
        Range(each.start - start, each.end - start, each.opening, each.closing) for each in answer_ranges([citation])
    ]
    return marked_html(citation.text, 0, len(citation.text), inner=words)


def marked_html(text: str, start: int, end: int, *, outer: Sequence[Range] = (), inner: Sequence[Range] = ()) -> str:
    """Return `text[start:end]` as HTML with the outer ranges marked, and the inner ranges inside and between them.

    Ranges are cut at `start` and `end`. Of two outer ranges that overlap, or two inner ones, the one given first is
    kept.
    """
    parts = []
    for piece in _pieces(start, end, outer):
        parts.append(piece.opening)
        for small in _pieces(piece.start, piece.end, inner):
            parts += small.opening, escape(text[small.start : small.end]), small.closing
        parts.append(piece.closing)
    return "".join(parts)


def _pieces(start: int, end: int, ranges: Sequence[Range]) -> list[Range]:
    """Cut `[start, end)` into the ranges that lie in it and, without tags, what is between them."""
    pieces = []
    at = start
    for each in sorted(_without_overlap(start, end, ranges), key=lambda kept: kept.start):
        if at < each.start:
            pieces.append(Range(at, each.start, "", ""))
        pieces.append(each)
        at = each.end
    if at < end:
        pieces.append(Range(at, end, "", ""))
    return pieces


def _without_overlap(start: int, end: int, ranges: Sequence[Range]) -> list[Range]:
    """Return the ranges cut to `[start, end)`, without the empty ones and without those that overlap an earlier one."""
    kept: list[Range] = []
    for each in ranges:
        cut = Range(max(start, each.start), min(end, each.end), each.opening, each.closing)
        if cut.start < cut.end and all(cut.end <= other.start or other.end <= cut.start for other in kept):
            kept.append(cut)
    return kept
