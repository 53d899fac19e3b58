"""The article set for reading: its title, where it is from, its text. Pure functions.

What an answer marks in it is drawn apart, by `ui.found`: a long article is sent to the browser once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import PurePath
from urllib.parse import urlsplit

from index.types import Article, Sentence
from ui.marks import escape, message_html
from ui.paragraphs import page_turn, paragraph_html, paragraphs_of

# From so many paragraphs on, those out of sight are not laid out.
_LONG = 150


def article_html(article: Article, sentences: Sequence[Sentence]) -> str:
    """Return the article pane: title and source, then the text in an element with the id `article`.

    `sentences` are all of the article's.
    """
    name, edition = escape(article.id), article.sha256[:16]
    long = ' class="long"' if sentences and sentences[-1].paragraph >= _LONG else ""
    return (
        f"{_heading_html(article)}"
        f'<section id="article"{long} tabindex="0" aria-label="Article: {escape(article.title)}" '
        f'data-article="{name}" data-stamp="{name}/{edition}">'
        f"{text_html(article.text, sentences, pages=article.pages)}</section>"
    )


def opening_html() -> str:
    """Return the article pane until the library has been read."""
    return '<header class="title"><p role="status">Opening the library</p></header>'


def no_article_html(message: str) -> str:
    """Return the article pane of a library that has nothing to show, with the reason."""
    return (
        '<header class="title"><h2>No article</h2></header>'
        '<section id="article" tabindex="0" aria-label="Article" data-article="" data-stamp="">'
        f'<p class="notice">{message_html(message)}</p></section>'
    )


def text_html(text: str, sentences: Sequence[Sentence], *, pages: Sequence[int] = ()) -> str:
    """Return an article's text as paragraphs; without its tags it is `text`, character for character.

    `pages` holds the code points at which pages start, in order.
    """
    parts: list[str] = []
    at = 0
    for paragraph in paragraphs_of(sentences):
        parts.append(escape(text[at : paragraph.start]))
        # That the first page begins at the top needs no saying.
        parts += [page_turn(number) for number, start in enumerate(pages, 1) if 0 < at <= start <= paragraph.start]
        parts.append(paragraph_html(text, paragraph, pages=pages))
        at = paragraph.end
    return "".join([*parts, escape(text[at:])])


def _heading_html(article: Article) -> str:
    """Return the title of the article, who wrote it and when, where it comes from and how long it is."""
    about = [
        f"<bdi>{escape(article.author)}</bdi>" if article.author else "",
        _date_html(article.date),
        _source_html(article.source),
        f"{len(article.text.split()):,} words",
    ]
    if article.pages:
        about.append(f"{len(article.pages):,} page{'s' * (len(article.pages) > 1)}")
    line = " · ".join(part for part in about if part)
    return f'<header class="title"><h2 dir="auto">{escape(article.title)}</h2><p>{line}</p></header>'


def _date_html(written: str) -> str:
    """Return a date as people write it, "24 November 2026"; what is no whole date stays as it is."""
    try:
        day = date.fromisoformat(written[:10])
    except ValueError:
        return escape(written)
    return f'<time datetime="{day.isoformat()}">{day.day} {day:%B %Y}</time>'


def _source_html(source: str) -> str:
    """Return where an article comes from: a link to a page of the web, the name of a file."""
    try:
        parts = urlsplit(source)
        if parts.scheme in {"http", "https"} and parts.hostname:
            return f'<a href="{escape(source)}" target="_blank" rel="noopener noreferrer">{escape(parts.hostname)}</a>'
    except ValueError:  # no address after all
        pass
    # Of a path only the name of the file: where it lies on this machine is nobody else's business.
    return escape(source if "://" in source else PurePath(source).name)
