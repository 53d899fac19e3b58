"""The article pane: an article set for reading, with the sentences of an answer marked in it. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath

from index.types import Article, Sentence
from qa.types import Citation
from ui.marks import Kind, Range, answer_ranges, escape, mark_range, marked_html, message_html

_HEADING = re.compile(r"(\s{0,3}(#{1,6})\s+)\S.*", re.DOTALL)
_LIST_ITEM = re.compile(r"\s*(?:[-*+•–—]|\(?\d{1,3}[.)])\s+\S")
# Lines of verse and addresses are shorter than wrapped prose, and only theirs are shown as they stand.
_VERSE = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """What is marked in the article: sentences of the answer to the chat's question number `turn`.

    `focus` is the number of the sentence to bring into view, from 1; 0 leaves the article where the reader has it.
    Of the nearest sentences only this one is marked: together they would look like an answer.
    """

    citations: tuple[Citation, ...] = ()
    kind: Kind = "citation"
    turn: int = -1
    focus: int = 0


def article_html(article: Article, sentences: Sequence[Sentence], shown: Shown | None = None) -> str:
    """Return the article pane: title and source, then the text in an element with the id `article`.

    `sentences` are all of the article's. Citations of other articles are left out, and so are those whose text no
    longer stands at their place: a wrong sentence is never marked.
    """
    shown = shown or Shown()
    wanted = [
        (number, each)
        for number, each in enumerate(shown.citations, 1)
        if shown.kind == "citation" or number == shown.focus
    ]
    here = [(number, each) for number, each in wanted if each.article_id == article.id]
    valid = [(number, each) for number, each in here if article.text[each.start : each.end] == each.text]
    marks = [mark_range(each, kind=shown.kind, number=number) for number, each in valid]
    words = answer_ranges(each for _, each in valid) if shown.kind == "citation" else ()
    focus = f"{shown.kind}:{shown.focus}" if shown.focus else ""
    return (
        f"{_heading_html(article)}"
        f"{_changed_html() if len(valid) < len(here) else ''}"
        f'<section id="article" tabindex="0" aria-label="Article: {escape(article.title)}" '
        f'data-article="{escape(article.id)}" data-turn="{shown.turn}" data-focus="{focus}" '
        f'data-stamp="{escape(article.id)}/{shown.turn}/{focus}">'
        f"{text_html(article.text, sentences, marks=marks, words=words)}</section>"
    )


def opening_html() -> str:
    """Return the article pane until the library has been read."""
    return '<header class="title"><p>Opening the library</p></header>'


def no_article_html(message: str) -> str:
    """Return the article pane of a library that has nothing to show, with the reason."""
    return (
        '<header class="title"><h2>No article</h2></header>'
        '<section id="article" tabindex="0" aria-label="Article">'
        f'<p class="notice">{message_html(message)}</p></section>'
    )


def text_html(
    text: str, sentences: Sequence[Sentence], *, marks: Sequence[Range] = (), words: Sequence[Range] = ()
) -> str:
    """Return an article's text as paragraphs and headings; without its tags it is `text`, character for character."""
    parts: list[str] = []
    at = 0
    for _, group in groupby(sentences, key=lambda sentence: sentence.paragraph):
        paragraph = list(group)
        start, end = paragraph[0].start, paragraph[-1].end
        parts += escape(text[at:start]), _paragraph_html(text, start, end, marks, words)
        at = end
    return "".join([*parts, escape(text[at:])])


def _paragraph_html(text: str, start: int, end: int, marks: Sequence[Range], words: Sequence[Range]) -> str:
    """Return one paragraph: a heading, lines that stand as they are, or prose."""
    heading = _HEADING.fullmatch(text, start, end)
    if heading and "\n" not in text[start:end]:
        # Articles' headings come below the page's title and the article's own.
        level = min(2 + len(heading[2]), 6)
        sign = Range(start, heading.end(1), '<span class="sign">', "</span>")
        inner = marked_html(text, start, end, outer=marks, inner=[sign, *words])
        return f'<h{level} dir="auto">{inner}</h{level}>'
    layout = ' class="lines"' if _stands_in_lines(text[start:end]) else ""
    return f'<p dir="auto"{layout}>{marked_html(text, start, end, outer=marks, inner=words)}</p>'


def _stands_in_lines(paragraph: str) -> bool:
    """Tell whether a paragraph's line breaks mean something: a list, verse, an address."""
    lines = paragraph.splitlines()
    return len(lines) > 1 and (
        any(_LIST_ITEM.match(line) for line in lines) or max(len(line) for line in lines) <= _VERSE
    )


def _heading_html(article: Article) -> str:
    """Return the title of the article, where it comes from and how long it is."""
    length = f"{len(article.text.split()):,} words"
    # Of a path only the name of the file: where it lies on this machine is nobody else's business.
    name = article.source if "://" in article.source else PurePath(article.source).name
    source = f"{escape(name)} · " if name else ""
    return f'<header class="title"><h2 dir="auto">{escape(article.title)}</h2><p>{source}{length}</p></header>'


def _changed_html() -> str:
    return (
        '<p class="changed">This article has changed since that answer. What no longer stands in it is not marked.</p>'
    )
