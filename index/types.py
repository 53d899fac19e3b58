"""The data that travels through the index: articles, their sentences and what a search finds."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range `[start, end)` of Python code points into an article's text."""

    start: int
    end: int

    def overlaps(self, start: int, end: int) -> bool:
        """Tell whether it shares a code point with the range `[start, end)`."""
        return self.start < end and start < self.end


@dataclass(frozen=True, slots=True)
class Article:
    """One article, as stored. `text` is never changed: every offset points into it.

    `id` is unique in a library (a slug of the file's name or of the title), `source` says where the text came from (a
    path or a URL). `author` and `date` (ISO 8601) are empty when they are not known. `pages` holds the code point at
    which each page starts, in order, and nothing when the article has no pages.
    """

    id: str
    title: str
    text: str
    source: str
    author: str = ""
    date: str = ""
    pages: tuple[int, ...] = ()

    @property
    def sha256(self) -> str:
        """SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
        return sha256(self.text.encode("utf-8")).hexdigest()


def page_of(article: Article, offset: int) -> int | None:
    """Return the page on which a code point of the article's text stands, from 1; None when there are no pages."""
    return bisect_right(article.pages, offset) or None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article: `article.text[start:end]`.

    `ordinal` counts the article's sentences from 0, `paragraph` its paragraphs (parts between blank lines) from 0.
    """

    article_id: str
    ordinal: int
    paragraph: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A sentence that a search found, with its scores; higher is better, and they are on different scales.

    `similarity` is the cosine in [-1, 1] of question and sentence, `lexical` its BM25 score, 0 or more, `late` the
    MaxSim in [-1, 1] of their word pieces.
    """

    sentence: Sentence
    similarity: float
    lexical: float
    late: float
