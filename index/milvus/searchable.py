"""The sentences of a library on a Milvus, to be searched: what `index.build.Index` is for one in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.encode import Encoder
from index.errors import ArticleNotFound, EmptyLibrary
from index.late import TokenVectors
from index.milvus.client import Client
from index.milvus.rows import Head, among, pieces_of, searched_words, sentence_of
from index.milvus.schema import VectorIndex
from index.milvus.shelf import Shelf, vectors_of
from index.milvus.version import Version
from index.query import Query
from index.types import Article, Hit, Sentence


class MilvusIndex:
    """One version of a library. Articles that are added and removed are there, and gone, with the next question.

    What was found counts only where it belongs to the text that its article has now: of articles that are being
    written nothing is seen. Safe to use from several threads.
    """

    def __init__(self, client: Client, version: Version, *, index: VectorIndex, encoder: Encoder) -> None:
        self._client, self._version, self._vectors, self._encoder = client, version, index, encoder
        self._shelf = Shelf(client, version.articles, version.sentences)

    @property
    def encoder(self) -> Encoder:
        """The encoder that the vectors were made with."""
        return self._encoder

    @property
    def articles(self) -> Mapping[str, Article]:
        """The articles by id, in the order in which they were added."""
        return {article.id: article for article in self._shelf.whole(self._all())}

    def article(self, article_id: str) -> Article:
        """Return an article. Raises `ArticleNotFound`."""
        return self._shelf.article(self._heads([article_id])[0])

    def sentences_of(self, article_id: str) -> tuple[Sentence, ...]:
        """Return all sentences of an article, in order. Raises `ArticleNotFound`."""
        return self._shelf.contents(self._heads([article_id]))[0].sentences

    def lengths_of(self, article_ids: Sequence[str]) -> list[list[int]]:
        """Return how many word pieces each sentence of some articles has, up to 126. Raises `ArticleNotFound`."""
        contents = self._shelf.contents(self._heads(article_ids))
        return [content.tokens.lengths(range(len(content.tokens))) for content in contents]

    def texts_of(self, passages: Sequence[tuple[str, range]]) -> list[dict[Sentence, str]]:
        """Return the sentences of some passages, in order and with their texts. Raises `ArticleNotFound`."""
        heads = self._heads([article_id for article_id, _ in passages])
        sentences = [
            content.sentences[ordinals.start : ordinals.stop]
            for content, (_, ordinals) in zip(self._shelf.contents(heads), passages, strict=True)
        ]
        wanted = [(h.revision, s.start, s.end) for h, own in zip(heads, sentences, strict=True) for s in own]
        texts = iter(self._shelf.slices(wanted))
        return [{sentence: next(texts) for sentence in own} for own in sentences]

    def count(self, article_ids: Sequence[str] | None = None) -> int:
        """Return how many sentences some articles have, or all, with those that are being written.

        Raises `ArticleNotFound`, and `EmptyLibrary` for all of none.
        """
        if article_ids is not None:
            return sum(head.sentences for head in self._heads(dict.fromkeys(article_ids)))
        if not (count := self._client.count(self._version.sentences)):
            raise EmptyLibrary(self._client.uri)
        return count

    def query(self, question: str) -> Query:
        """Return a question as it is compared with sentences. Raises `EmptyQuestion`."""
        return Query.of(question, self._encoder)

    def search(self, query: Query, k: int, *, article_ids: Sequence[str] | None = None) -> list[Hit]:
        """Return the k sentences nearest by cosine and the k best by BM25, each once.

        Hits come by similarity, best first, then in the order of the library. Raises `ArticleNotFound`.
        """
        among_them = None if article_ids is None else self._heads(dict.fromkeys(article_ids))
        if among_them is not None:
            among_them.sort(key=lambda head: head.number)
        if among_them == []:
            return []
        size = self._client.count(self._version.sentences) if among_them is None else _size(among_them)
        words = searched_words(query.text)
        if k >= size:
            return self._every(query, words, self._all() if among_them is None else among_them)
        where = "" if among_them is None else among("article", [head.revision.article for head in among_them])
        keys = self._client.nearest(self._version.sentences, (query.vector, words), k, self._vectors, where=where)
        return self._scored(query, words, keys)

    def max_sims(self, query: Query, article_ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return by article the MaxSims in [-1, 1] of its sentences, alone and among those around, `(2, sentences)`.

        Raises `ArticleNotFound`.
        """
        heads = self._heads(dict.fromkeys(article_ids))
        contents = self._shelf.contents(heads)
        return {
            head.article.id: content.tokens.max_sims(query.pieces, range(head.sentences))
            for head, content in zip(heads, contents, strict=True)
        }

    def _every(self, query: Query, words: str, heads: Sequence[Head]) -> list[Hit]:
        """Return all sentences of some articles as hits."""
        contents = self._shelf.contents(heads)
        keys = [head.revision.sentence(ordinal) for head in heads for ordinal in range(head.sentences)]
        where = among("article", [head.revision.article for head in heads])
        scores = self._client.word_scores(self._version.sentences, words, len(keys), where=where)
        return _hits(
            query,
            [sentence for content in contents for sentence in content.sentences],
            np.concatenate([content.vectors for content in contents]),
            late=np.concatenate([c.tokens.max_sim(query.pieces, np.arange(len(c.tokens))) for c in contents]),
            lexical=[scores.get(key, 0.0) for key in keys],
        )

    def _scored(self, query: Query, words: str, keys: Sequence[str]) -> list[Hit]:
        """Return the sentences of some keys as hits, as far as they are of texts that articles have now."""
        rows = self._shelf.rows(keys)
        own = self._shelf.heads_by_key({f"head{row['article']}" for row in rows})
        now = {head.revision.key for head in own.values()}
        rows = [row for row in rows if row["revision"] in now]
        rows.sort(key=lambda row: (own[str(row["article"])].number, str(row["id"])))
        keys = [str(row["id"]) for row in rows]
        scores = self._client.word_scores(self._version.sentences, words, len(keys), where=among("id", keys))
        return _hits(
            query,
            [sentence_of(row, own[str(row["article"])].article.id) for row in rows],
            vectors_of(rows),
            late=TokenVectors.build([pieces_of(row) for row in rows]).max_sim(query.pieces, np.arange(len(rows))),
            lexical=[scores.get(key, 0.0) for key in keys],
        )

    def _heads(self, article_ids: Sequence[str] | Mapping[str, None]) -> list[Head]:
        """Return the heads of articles, in the order of their ids. Raises `ArticleNotFound`."""
        found = self._shelf.heads(article_ids)
        for article_id in article_ids:
            if article_id not in found:
                raise ArticleNotFound(article_id)
        return [found[article_id] for article_id in article_ids]

    def _all(self) -> list[Head]:
        return sorted((head for page in self._shelf.all_heads() for head in page), key=lambda head: head.number)


def _size(heads: Sequence[Head]) -> int:
    return sum(head.sentences for head in heads)


def _hits(
    query: Query,
    sentences: Sequence[Sentence],
    vectors: NDArray[np.float32],
    *,
    late: NDArray[np.float32],
    lexical: Sequence[float],
) -> list[Hit]:
    """Return sentences as hits, by similarity, best first."""
    if not sentences:
        return []
    # as in index/vectors.py: each row is summed up by itself
    similarities = np.einsum("ij,j->i", vectors, query.vector).clip(-1, 1)
    order = np.argsort(-similarities, kind="stable").tolist()
    return [Hit(sentences[i], float(similarities[i]), lexical[i], float(late[i])) for i in order]
