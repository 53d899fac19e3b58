"""Build an index of articles, and search it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from index.encode import Encoder
from index.errors import ArticleNotFound, BadVectors, EmptyQuestion
from index.lexical import Lexical
from index.sentences import Sentences
from index.types import Article, Hit, Sentence
from index.vectors import EXACT_LIMIT, Vectors, checked_rows

# Told how many sentences are embedded, and of how many.
Progress = Callable[[int, int], None]

# Sentences embedded between two reports of progress: eight batches of sentence-transformers.
_REPORT_EVERY = 256


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
        lexical: Lexical,
        encoder: Encoder,
    ) -> None:
        self._articles = MappingProxyType({article.id: article for article in articles})
        self._sentences = sentences
        self._vectors, self._lexical, self._encoder = vectors, lexical, encoder
        if tuple(article.id for article in articles) != sentences.article_ids or not (
            len(self._articles) == len(articles) and len(sentences) == len(vectors.rows) == lexical.count
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

    def count(self, article_ids: Sequence[str] | None = None) -> int:
        """Return how many sentences some articles have, or all. Raises `ArticleNotFound`."""
        if article_ids is None:
            return len(self._sentences)
        return sum(len(self._rows_of(article_id)) for article_id in article_ids)

    def text_of(self, sentence: Sentence) -> str:
        """Return the slice of its article that a sentence is. Raises `ArticleNotFound`."""
        return self.article(sentence.article_id).text[sentence.start : sentence.end]

    def search(self, question: str, k: int, *, article_ids: Sequence[str] | None = None, around: int = 0) -> list[Hit]:
        """Return the k sentences nearest by cosine and the k best by BM25, each once: k to 2k hits.

        With `around` the sentences up to so far before and after each in its article come along: what answers may
        stand beside what was found. Hits come by similarity, best first, then by row; each has both scores. Sentences
        that share no word with the question are no lexical find, so fewer come back where there are fewer. With
        `article_ids` only those articles are searched; no score depends on that. Raises `EmptyQuestion`,
        `ArticleNotFound`.
        """
        if not question.strip():
            raise EmptyQuestion
        among = None if article_ids is None else self._rows_among(article_ids)
        vector = self._encoder.encode([question])[0]
        words = self._lexical.scores(question)
        found = np.union1d(self._vectors.nearest(vector, k, among=among), _best(words, k, among))
        if around:
            found = self._with_neighbours(found, around)
        similarities = self._vectors.similarities(vector, found)
        order = np.argsort(-similarities, kind="stable")
        rows = found[order]
        scores = zip(similarities[order].tolist(), words[rows].tolist(), strict=True)
        return [
            Hit(row, sentence, *both)
            for row, sentence, both in zip(rows.tolist(), self._sentences.at(rows), scores, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Write vectors and words into a folder that exists, not articles and sentences. Raises `OSError`."""
        self._vectors.save(folder)
        self._lexical.save(folder / "lexical")

    def _rows_of(self, article_id: str) -> range:
        """Return the rows of an article's sentences. Raises `ArticleNotFound`."""
        return self._sentences.rows_of(self.article(article_id).id)

    def _with_neighbours(self, rows: NDArray[np.int64], around: int) -> NDArray[np.int64]:
        """Return rows and those up to `around` before and after each in the same article, in order."""
        near = set(rows.tolist())
        for row in rows.tolist():
            own = self._sentences.rows_beside(row)
            near.update(range(max(own.start, row - around), min(own.stop, row + around + 1)))
        return np.array(sorted(near), dtype=np.int64)

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
) -> Index:
    """Split articles into sentences, embed what is new, and index it all; above `limit` sentences with a graph.

    `known` is an index of the same encoder: a sentence whose text is in it has its vector already, and its graph is
    extended when new sentences only follow. The same articles, encoder, known index and limit give the same index.
    Raises `ModelNotFound`, `BadVectors`.
    """
    if known and known.encoder.fingerprint != encoder.fingerprint:
        raise ValueError("the known vectors are of another encoder")
    sentences = Sentences.of(articles)
    of = {article.id: article.text for article in articles}
    texts = [of[sentence.article_id][sentence.start : sentence.end] for sentence in sentences]
    rows = _embedded(texts, encoder, progress=progress, known=known)
    vectors = Vectors.build(rows, limit=limit, known=known._vectors if known else None)
    return Index(articles, sentences, vectors=vectors, lexical=Lexical.build(texts), encoder=encoder)


def _embedded(
    texts: Sequence[str], encoder: Encoder, *, progress: Progress | None, known: Index | None
) -> NDArray[np.float32]:
    """Return the texts' vectors, `(n, dimension)` float32, read-only; each text is encoded once, if it is not known."""
    known_rows = {known.text_of(sentence): row for row, sentence in enumerate(known.sentences)} if known else {}
    # The longest first: batches of like length need little padding, and what remains is never slower than foretold.
    new = sorted((text for text in dict.fromkeys(texts) if text not in known_rows), key=lambda text: (-len(text), text))
    dimension = known.vectors.shape[1] if known and not new else encoder.dimension
    vectors = np.empty((len(texts), dimension), dtype=np.float32)
    first = {text: row for row, text in reversed(list(enumerate(texts)))}
    for start in range(0, len(new), _REPORT_EVERY):
        batch = new[start : start + _REPORT_EVERY]
        rows = checked_rows(encoder.encode(batch), dimension)
        if len(rows) != len(batch):
            raise BadVectors(f"{len(rows)} came for {len(batch)} sentences")
        vectors[[first[text] for text in batch]] = rows
        if progress:
            progress(start + len(batch), len(new))
    for row, text in enumerate(texts):
        if known and text in known_rows:
            vectors[row] = known.vectors[known_rows[text]]
        elif row != first[text]:
            vectors[row] = vectors[first[text]]
    vectors.flags.writeable = False
    return vectors


def _best(scores: NDArray[np.float32], k: int, among: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the rows of the k best scores above 0, ties by row; only rows `among` when they are given."""
    rows = np.flatnonzero(scores > 0) if among is None else among[scores[among] > 0]
    if 0 < k < len(rows):  # sorting is for the few that can be among them
        lowest = np.partition(scores[rows], len(rows) - k)[len(rows) - k]
        rows = rows[scores[rows] >= lowest]
    return rows[np.argsort(-scores[rows], kind="stable")[: max(k, 0)]]
