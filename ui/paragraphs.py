"""An article's paragraphs as HTML: headings, lists, lines that stand as they are, prose. Pure functions.

Each is one element with its number, so that it can be drawn again by itself when something in it is marked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from index.types import Sentence
from ui.marks import Range, marked_html

_HEADING = re.compile(r"(\s{0,3}(#{1,6})\s+)\S.*", re.DOTALL)
_BULLET = re.compile(r"[-*+•–—]\s+(?=\S)")
_NUMBER = re.compile(r"\(?\d{1,3}[.)]\s+(?=\S)")
_DIALOGUE = "–—"  # one line that begins so is somebody speaking
# Lines of verse and addresses are shorter than wrapped prose, and only theirs are shown as they stand.
_VERSE = 50
_LINE = 65  # characters, about


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of an article: its number from 0, and its sentences, which are never none."""

    number: int
    sentences: tuple[Sentence, ...]

    @property
    def start(self) -> int:
        """The code point at which it begins."""
        return self.sentences[0].start

    @property
    def end(self) -> int:
        """The code point after its last."""
        return self.sentences[-1].end


def paragraphs_of(sentences: Sequence[Sentence]) -> tuple[Paragraph, ...]:
    """Return the paragraphs of an article, given all its sentences in order."""
    return tuple(
        Paragraph(number, tuple(group)) for number, group in groupby(sentences, key=lambda each: each.paragraph)
    )


def paragraph_html(
    text: str,
    paragraph: Paragraph,
    *,
    marks: Sequence[Range] = (),
    words: Sequence[Range] = (),
    pages: Sequence[int] = (),
) -> str:
    """Return one paragraph of an article's text; without its tags it is the text, character for character.

    `marks` and `words` as `outer` and `inner` of `marked_html`; `pages` holds where the article's pages start.
    """
    start, end = paragraph.start, paragraph.end
    inner = [*words, *_page_turns(paragraph, pages)]
    # How long it is says how high it will be before it is laid out.
    about = f'dir="auto" data-p="{paragraph.number}" style="--lines:{_lines(text, start, end)}"'
    heading = _HEADING.fullmatch(text, start, end)
    if heading and "\n" not in text[start:end]:
        # Articles' headings come below the page's title and the article's own.
        level = min(2 + len(heading[2]), 6)
        sign = Range(start, heading.end(1), '<span class="sign">', "</span>")
        return f"<h{level} {about}>{marked_html(text, start, end, outer=marks, inner=[sign, *inner])}</h{level}>"
    items = _items(text, paragraph)
    if items:
        return f'<div class="list" {about}>{_list_html(text, paragraph, items, marks, inner)}</div>'
    layout = ' class="lines"' if _stands_in_lines(text[start:end]) else ""
    return f"<p{layout} {about}>{marked_html(text, start, end, outer=marks, inner=inner)}</p>"


def page_turn(number: int) -> str:
    """Return the sign that a page begins here; its words are the style's, because they are not the article's."""
    return f'<span class="page" data-page="{number}"></span>'


def _page_turns(paragraph: Paragraph, pages: Sequence[int]) -> list[Range]:
    """Return the signs of the pages that begin inside a paragraph, each before the character that begins its page."""
    return [
        Range(start, start + 1, page_turn(number), "")
        for number, start in enumerate(pages, 1)
        if paragraph.start < start < paragraph.end
    ]


def _lines(text: str, start: int, end: int) -> int:
    return max(text.count("\n", start, end) + 1, -(-(end - start) // _LINE))


def _items(text: str, paragraph: Paragraph) -> list[int]:
    """Return where the items of a list begin, each with a sentence at the begin of a line; none when it is no list."""
    starts = [
        each.start
        for each in paragraph.sentences
        if (_BULLET.match(text, each.start) or _NUMBER.match(text, each.start)) and _begins_line(text, each.start)
    ]
    alone = len(starts) == 1 and (starts[0] > paragraph.start or not _BULLET.match(text, starts[0]))
    return [] if alone or (len(starts) == 1 and text[starts[0]] in _DIALOGUE) else starts


def _begins_line(text: str, at: int) -> bool:
    before = text[max(0, at - _LINE) : at]
    return not before[before.rfind("\n") + 1 :].strip()


def _list_html(
    text: str, paragraph: Paragraph, items: Sequence[int], marks: Sequence[Range], inner: Sequence[Range]
) -> str:
    intro = ""
    if items[0] > paragraph.start:
        intro = f"<p>{marked_html(text, paragraph.start, items[0], outer=marks, inner=inner)}</p>"
    parts = []
    for start, end in zip(items, [*items[1:], paragraph.end], strict=True):
        bullet = _BULLET.match(text, start)
        signs = [Range(start, bullet.end(), '<span class="sign">', "</span>")] if bullet else []
        kind = "" if bullet else ' class="numbered"'
        parts.append(f"<li{kind}>{marked_html(text, start, end, outer=marks, inner=[*signs, *inner])}</li>")
    return f"{intro}<ul>{''.join(parts)}</ul>"


def _stands_in_lines(paragraph: str) -> bool:
    """Tell whether a paragraph's line breaks mean something: verse, an address."""
    lines = paragraph.splitlines()
    return len(lines) > 1 and max(len(line) for line in lines) <= _VERSE
