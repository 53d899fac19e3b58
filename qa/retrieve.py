"""Candidate sentences for a question, and the windows of them that are worth reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.build import Index
from index.types import Hit
from qa.reader import Reader, Tokens
from qa.windows import Window, cut_windows, window_from

WHOLE = 3000  # up to so many sentences, each is a candidate; beyond, the best of either search
TOP_K = 60  # candidates of the dense and of the lexical search each, in a larger library
WINDOWS = 14  # read for a question: all of a news article, the likeliest of a longer text
LEAD = 2  # sentences before a candidate that are read with it, so that "he" and "they" have a name


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive sentences of an article that the reader reads together: rows of the index, and their tokens."""

    rows: tuple[int, ...]
    tokens: tuple[Tokens, ...]


def retrieve(question: str, index: Index, *, article_ids: Sequence[str] | None, history: Sequence[str]) -> list[Hit]:
    """Return the candidates, best first by the sum of both searches; `history` is the question that it leans on."""
    size = index.count(article_ids)
    query = " ".join([*history, question])
    if size <= WHOLE:
        hits = index.search(query, size, article_ids=article_ids)
    else:
        hits = index.search(query, TOP_K, article_ids=article_ids, around=LEAD)
    return [hits[i] for i in np.argsort(-fused(hits), kind="stable")]


def fused(hits: Sequence[Hit]) -> NDArray[np.float64]:
    """Return each hit's cosine plus its BM25 score as a share of the best one's, `(n,)`; their scales are alike."""
    similarity = np.array([hit.similarity for hit in hits])
    lexical = np.array([hit.lexical for hit in hits])
    return similarity + 0.5 * lexical / max(float(lexical.max(initial=0.0)), 1e-9)


def passages(hits: Sequence[Hit], index: Index, reader: Reader) -> list[Passage]:
    """Return what to read: the windows around the best candidates, or all windows of what is short."""
    chosen: list[Passage] = []
    tokens = _ArticleTokens(index, reader)
    covered: set[int] = set()
    short = _windows_of_short(hits, tokens)
    for hit in hits:
        if len(chosen) >= WINDOWS:
            break
        if hit.row in covered:
            continue
        article_id, first_row = hit.sentence.article_id, hit.row - hit.sentence.ordinal
        sentences = tokens.of(article_id)
        for window in short.get(article_id) or [_around(sentences, hit.sentence.ordinal)]:
            rows = tuple(first_row + window.first + j for j in range(len(window.sentences)))
            chosen.append(Passage(rows, sentences[window.first : window.first + len(rows)]))
            covered.update(rows)
    return chosen


def _windows_of_short(hits: Sequence[Hit], tokens: _ArticleTokens) -> Mapping[str, list[Window]]:
    """Return the windows of the only article asked, if all of them can be read; else nothing."""
    articles = {hit.sentence.article_id for hit in hits}
    if len(articles) != 1:
        return {}
    article_id = articles.pop()
    sentences = tokens.of(article_id)
    windows = cut_windows([t.ids for t in sentences], overlap=1)
    return {article_id: windows} if len(windows) <= WINDOWS else {}


def _around(sentences: Sequence[Tokens], target: int) -> Window:
    first = max(0, target - LEAD)
    ids = [t.ids for t in sentences[first : target + 40]]
    window = window_from(ids, 0)
    skipped = 0
    while first + skipped + len(window.sentences) <= target:
        skipped += 1
        window = window_from(ids, skipped)
    return Window(first + skipped, window.sentences)


class _ArticleTokens:
    """The tokens of articles' sentences, made once a question for each article that is read."""

    def __init__(self, index: Index, reader: Reader) -> None:
        self._index, self._reader = index, reader
        self._made: dict[str, tuple[Tokens, ...]] = {}

    def of(self, article_id: str) -> tuple[Tokens, ...]:
        if article_id not in self._made:
            texts = [self._index.text_of(s) for s in self._index.sentences_of(article_id)]
            self._made[article_id] = tuple(self._reader.tokens(texts))
        return self._made[article_id]
