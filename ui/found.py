"""What an answer marks in the article: the paragraphs with the marks, a map of them, and the way from one to the next.

Pure functions. The page's script puts the paragraphs in the place of the plain ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from index.types import Article, Sentence
from qa.types import Citation
from ui.marks import Kind, answer_ranges, escape, mark_range
from ui.paragraphs import paragraph_html, paragraphs_of
from ui.place import place_words


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


def found_html(article: Article, sentences: Sequence[Sentence], shown: Shown) -> str:
    """Return what is marked in an article; `sentences` are all of the article's.

    Citations of other articles are left out, and so are those whose text no longer stands at their place: a wrong
    sentence is never marked.
    """
    wanted = [
        (number, each)
        for number, each in enumerate(shown.citations, 1)
        if shown.kind == "citation" or number == shown.focus
    ]
    here = [(number, each) for number, each in wanted if each.article_id == article.id]
    valid = [(number, each) for number, each in here if article.text[each.start : each.end] == each.text]
    focus = f"{shown.kind}:{shown.focus}" if shown.focus else ""
    stamp = f"{escape(article.id)}/{article.sha256[:16]}/{shown.turn}/{focus}/{len(shown.citations)}"
    steps = _steps_html(len(shown.citations)) if shown.kind == "citation" and shown.citations else ""
    return (
        f'<div id="found" data-article="{escape(article.id)}" data-turn="{shown.turn}" data-focus="{focus}" '
        f'data-count="{len(shown.citations)}" data-stamp="{stamp}">'
        f"{_map_html(article, valid, shown)}{_changed_html() if len(valid) < len(here) else ''}{steps}"
        f'<div class="marked" hidden>{_marked_html(article, sentences, valid, shown.kind)}</div></div>'
    )


def nothing_found_html() -> str:
    """Return what is marked where no article is open."""
    return '<div id="found" data-article="" data-turn="-1" data-focus="" data-count="0" data-stamp=""></div>'


def _marked_html(
    article: Article, sentences: Sequence[Sentence], valid: Sequence[tuple[int, Citation]], kind: Kind
) -> str:
    """Return the paragraphs in which something is marked, with their marks."""
    paragraphs = paragraphs_of(sentences)
    starts = [paragraph.start for paragraph in paragraphs]
    touched = {
        at
        for _, each in valid
        for at in range(max(bisect_right(starts, each.start) - 1, 0), bisect_right(starts, each.end - 1))
    }
    marks = [mark_range(each, kind=kind, number=number) for number, each in valid]
    words = answer_ranges(each for _, each in valid) if kind == "citation" else ()
    return "".join(
        paragraph_html(article.text, paragraphs[at], marks=marks, words=words, pages=article.pages)
        for at in sorted(touched)
    )


def _map_html(article: Article, valid: Sequence[tuple[int, Citation]], shown: Shown) -> str:
    """Return the map: the article from top to bottom, with a link where each marked sentence stands."""
    ticks = "".join(
        f'<a href="#article" class="{shown.kind}" data-{shown.kind}="{number}" data-turn="{shown.turn}" '
        f'style="top:{100 * each.start / max(len(article.text), 1):.2f}%" '
        f'aria-label="Sentence {number}, {place_words(each)}" title="[{number}] {place_words(each)}"></a>'
        for number, each in valid
    )
    return f'<nav class="map" aria-label="Where in the article">{ticks}</nav>' if ticks else ""


def _steps_html(count: int) -> str:
    """Return the buttons that lead from citation to citation; the script writes which one of how many is shown."""
    return (
        '<div class="steps" role="group" aria-label="Citations">'
        '<button type="button" data-step="-1" aria-label="Previous citation" title="Previous citation (k)">↑</button>'
        f'<span class="step">{count} cited</span>'
        '<button type="button" data-step="1" aria-label="Next citation" title="Next citation (j)">↓</button></div>'
    )


def _changed_html() -> str:
    return (
        '<p class="changed" role="status">This article has changed since that answer. '
        "What no longer stands in it is not marked.</p>"
    )
