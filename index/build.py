"""Build an index of articles, and search it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from index.embed import Embedded, Encode, Progress, embed, encode_each
from index.encode import Encoder, fingerprint_of
from index.errors import ArticleNotFound
from index.late import TokenVectors
from index.lexical import Lexical
from index.query import Query
from index.sentences import Sentences
from index.types import Article, Hit, Sentence
from index.vectors import EXACT_LIMIT, Vectors


class Index:
    """Articles, their sentences and both sides of the search. Immutable, and safe to use from several threads.

    A sentence's place in `sentences` is its row. An article's sentences have consecutive rows.
    """

    def __init__(
        self,
        articles: Sequence[Article],
        sentences: Sentences,
        *,
        vectors: Vectors,
        tokens: TokenVectors,
        lexical: Lexical,
        encoder: Encoder,
    ) -> None:
        self._articles = MappingProxyType({article.id: article for article in articles})
        self._sentences = sentences
        self._vectors, self._tokens, self._lexical, self._encoder = vectors, tokens, lexical, encoder
        if tuple(article.id for article in articles) != sentences.article_ids or not (
            len(self._articles) == len(articles) and len(sentences) == len(vectors.rows) == len(tokens) == lexical.count
        ):
            raise ValueError("articles, sentences, vectors and words of an index do not belong together")

    @property
    def articles(self) -> Mapping[str, Article]:
        """The articles by id, in the order in which they were added."""
        return self._articles

    @property
    def sentences(self) -> Sentences:
        """The sentences of all articles, by row."""
        return self._sentences

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The vectors of all sentences, `(n, dimension)` float32 of unit length, read-only."""
        return self._vectors.rows

    @property
    def encoder(self) -> Encoder:
        """The encoder that the vectors were made with."""
        return self._encoder

    def article(self, article_id: str) -> Article:
        """Return an article. Raises `ArticleNotFound`."""
        if article_id not in self._articles:
            raise ArticleNotFound(article_id, tuple(self._articles))
        return self._articles[article_id]

    def sentences_of(self, article_id: str) -> tuple[Sentence, ...]:
        """Return all sentences of an article, in order. Raises `ArticleNotFound`."""
        rows = self._rows_of(article_id)
        return self._sentences[rows.start : rows.stop]

    def lengths_of(self, article_ids: Sequence[str]) -> list[list[int]]:
        """Return how many word pieces each sentence of some articles has, up to 126. Raises `ArticleNotFound`."""
        return [self._tokens.lengths(self._rows_of(article_id)) for article_id in article_ids]

    def count(self, article_ids: Sequence[str] | None = None) -> int:
        """Return how many sentences some articles have, or all. Raises `ArticleNotFound`."""
        if article_ids is None:
            return len(self._sentences)
        return sum(len(self._rows_of(article_id)) for article_id in article_ids)

    def text_of(self, sentence: Sentence) -> str:
        """Return the slice of its article that a sentence is. Raises `ArticleNotFound`."""
        return self.article(sentence.article_id).text[sentence.start : sentence.end]

    def texts_of(self, passages: Sequence[tuple[str, range]]) -> list[dict[Sentence, str]]:
        """Return the sentences of some passages, in order and with their texts. Raises `ArticleNotFound`."""
        texts = []
        for article_id, ordinals in passages:
            text, first = self.article(article_id).text, self._rows_of(article_id).start
            own = self._sentences[first + ordinals.start : first + ordinals.stop]
            texts.append({sentence: text[sentence.start : sentence.end] for sentence in own})
        return texts

    def query(self, question: str) -> Query:
        """Return a question as it is compared with sentences. Raises `EmptyQuestion`."""
        return Query.of(question, self._encoder)

    def search(self, query: Query, k: int, *, article_ids: Sequence[str] | None = None) -> list[Hit]:
        """Return the k sentences nearest by cosine and the k best by BM25, each once: k to 2k hits.

        Hits come by similarity, best first, then by row. Sentences that share no word with the question are no lexical
        find, so fewer come back where there are fewer. With `article_ids` only those articles are searched; no score
        depends on that. Raises `ArticleNotFound`.
        """
        among = None if article_ids is None else self._rows_among(article_ids)
        words = self._lexical.scores(query.text)
        found = np.union1d(self._vectors.nearest(query.vector, k, among=among), _best(words, k, among))
        similarities = self._vectors.similarities(query.vector, found)
        late = self._tokens.max_sim(query.pieces, found)
        order = np.argsort(-similarities, kind="stable")
        rows = found[order]
        scores = (each[order].tolist() for each in (similarities, words[found], late))
        return [Hit(*one) for one in zip(self._sentences.at(rows), *scores, strict=True)]

    def max_sims(self, query: Query, article_ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return by article the MaxSims in [-1, 1] of its sentences, alone and among those around, `(2, sentences)`.

        Raises `ArticleNotFound`.
        """
        return {each: self._tokens.max_sims(query.pieces, self._rows_of(each)) for each in article_ids}

    def embedded(self) -> Embedded:
        """Return the texts of all sentences with their vectors, so that none need be embedded again."""
        places = {self.text_of(sentence): row for row, sentence in enumerate(self._sentences)}
        return Embedded(places, self._vectors.rows, self._tokens)

    def save(self, folder: Path) -> None:
        """Write what is searched into a folder that exists, not articles and sentences. Raises `OSError`."""
        self._vectors.save(folder)
        self._tokens.save(folder)
        self._lexical.save(folder / "lexical")

    def _rows_of(self, article_id: str) -> range:
        """Return the rows of an article's sentences. Raises `ArticleNotFound`."""
        return self._sentences.rows_of(self.article(article_id).id)

    def _rows_among(self, article_ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the rows of some articles, in order. Raises `ArticleNotFound`."""
        ranges = [self._rows_of(article_id) for article_id in dict.fromkeys(article_ids)]
        among = [np.arange(rows.start, rows.stop) for rows in ranges]
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *among]))


def build_index(
    articles: Sequence[Article],
    encoder: Encoder,
    *,
    progress: Progress | None = None,
    known: Index | None = None,
    limit: int = EXACT_LIMIT,
    encode: Encode | None = None,
) -> Index:
    """Split articles into sentences, embed what is new, and index it all; above `limit` sentences with a graph.

    `known` is an index of the same encoder: a sentence whose text is in it has its vectors already, and its graph is
    extended when new sentences only follow. `encode` is asked for vectors in the encoder's place, whose they have to
    be. The same articles, encoder, known index and limit give the same index. Raises `ModelNotFound`, `BadVectors`.
    """
    if known and fingerprint_of(known.encoder) != fingerprint_of(encoder):
        raise ValueError("the known vectors are of another encoder")
    sentences = Sentences.of(articles)
    of = {article.id: article.text for article in articles}
    texts = [of[sentence.article_id][sentence.start : sentence.end] for sentence in sentences]
    made = embed(
        texts,
        encoder,
        encode=encode or partial(encode_each, encoder=encoder),
        known=known.embedded() if known else None,
        progress=progress,
    )
    vectors = Vectors.build(made.rows, limit=limit, known=known._vectors if known else None)
    lexical = Lexical.build(texts)
    return Index(articles, sentences, vectors=vectors, tokens=made.tokens, lexical=lexical, encoder=encoder)


def _best(scores: NDArray[np.float32], k: int, among: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the rows of the k best scores above 0, ties by row; only rows `among` when they are given."""
    rows = np.flatnonzero(scores > 0) if among is None else among[scores[among] > 0]
    if 0 < k < len(rows):  # sorting is for the few that can be among them
        lowest = np.partition(scores[rows], len(rows) - k)[len(rows) - k]
        rows = rows[scores[rows] >= lowest]
    return rows[np.argsort(-scores[rows], kind="stable")[: max(k, 0)]]
