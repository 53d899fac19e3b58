"""What a library has of its articles at hand: fetched once, and kept until others need the room.

A revision's rows never change, so what was fetched of one is right for ever. Which revision an article is in is asked
each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.errors import BadRows
from index.late import TokenVectors
from index.milvus.client import Client, Value
from index.milvus.recent import Recent
from index.milvus.rows import (
    HEAD,
    PART,
    Head,
    Revision,
    among,
    head_key,
    head_of,
    of_revisions,
    parted,
    pieces_of,
    sentence_of,
)
from index.types import Article, Sentence

SENTENCE: Final = ("id", "article", "revision", "ordinal", "paragraph", "start", "end", "vector", "pieces")
HEADS: Final = ("article", "revision", "number", "sentences", "parts", "digest", "text")

_ROOM: Final = 64_000_000  # bytes of sentences, and code points of texts, that are kept
_AT_ONCE: Final = 1000  # sentences fetched by a call: about 5 MB of the 64 that Milvus sends
_HEADS: Final = 500  # articles whose sentences are fetched by a call


@dataclass(frozen=True, slots=True)
class Content:
    """All sentences of a revision, in order, their vectors `(n, dimension)` float32, and their word pieces."""

    sentences: tuple[Sentence, ...]
    vectors: NDArray[np.float32]
    tokens: TokenVectors


class Shelf:
    """Heads, sentences and texts of one version of a library. Safe to use from several threads."""

    def __init__(self, client: Client, articles: str, sentences: str) -> None:
        self._client, self._articles, self._sentences = client, articles, sentences
        self._contents: Recent[Content] = Recent(_ROOM)
        self._texts: Recent[str] = Recent(_ROOM)

    def heads(self, article_ids: Iterable[str]) -> dict[str, Head]:
        """Return the heads of articles by id, in their order, as far as they are there."""
        asked = list(dict.fromkeys(article_ids))
        found = self.heads_by_key(head_key(article_id) for article_id in asked)
        by_id = {head.article.id: head for head in found.values()}
        return {article_id: by_id[article_id] for article_id in asked if article_id in by_id}

    def heads_by_key(self, keys: Iterable[str]) -> dict[str, Head]:
        """Return heads by the keys of their articles, given the keys of their rows."""
        found: dict[str, Head] = {}
        for some in parted(list(keys), _AT_ONCE):
            rows = self._client.rows(self._articles, among("id", some), HEADS)
            found |= {head.revision.article: head for head in map(head_of, rows)}
        return found

    def all_heads(self) -> Iterator[list[Head]]:
        """Yield the heads of all articles, some at a time, in no order."""
        for page in self._client.scan(self._articles, f'kind == "{HEAD}"', HEADS):
            yield [head_of(row) for row in page]

    def contents(self, heads: Sequence[Head]) -> list[Content]:
        """Return the sentences of articles. Raises `BadRows` where rows are missing."""
        known = {head.revision.key: self._contents.get(head.revision.key) for head in heads}
        missing = {head.revision.key: head for head in heads if known[head.revision.key] is None}
        for some in grouped(missing.values(), _AT_ONCE):
            for head, fetched in self._fetched(some):
                known[head.revision.key] = fetched
                self._contents.put(head.revision.key, fetched, fetched.vectors.nbytes + fetched.tokens.bytes)
        return [content for head in heads if (content := known[head.revision.key]) is not None]

    def rows(self, keys: Sequence[str]) -> list[dict[str, Value]]:
        """Return the rows of sentences, by their keys, as far as they are there."""
        return [
            row
            for some in parted(keys, _AT_ONCE)
            for row in self._client.rows(self._sentences, among("id", some), SENTENCE)
        ]

    def article(self, head: Head) -> Article:
        """Return an article with its text. Raises `BadRows` where rows are missing."""
        return self.whole([head])[0]

    def whole(self, heads: Sequence[Head]) -> list[Article]:
        """Return articles with their texts. Raises `BadRows` where rows are missing."""
        parts = self._parts([head.revision.part(n) for head in heads for n in range(head.parts)])
        made = []
        for head in heads:
            text = "".join(parts[head.revision.part(number)] for number in range(head.parts))
            known = head.article
            made.append(Article(known.id, known.title, text, known.source, known.author, known.date, known.pages))
        return made

    def slices(self, wanted: Sequence[tuple[Revision, int, int]]) -> list[str]:
        """Return `text[start:end]` of revisions. Raises `BadRows` where rows are missing."""
        numbers = [range(start // PART, max(start, end - 1) // PART + 1) for _, start, end in wanted]
        pairs = list(zip(wanted, numbers, strict=True))
        parts = self._parts([revision.part(number) for (revision, _, _), own in pairs for number in own])
        return [
            "".join(parts[revision.part(number)] for number in own)[start - own.start * PART : end - own.start * PART]
            for (revision, start, end), own in pairs
        ]

    def _parts(self, keys: Sequence[str]) -> dict[str, str]:
        known = {key: self._texts.get(key) for key in keys}
        missing = [key for key, text in known.items() if text is None]
        for some in parted(missing, _AT_ONCE // 4):
            for row in self._client.rows(self._articles, among("id", some), ["id", "text"]):
                key, text = str(row["id"]), str(row["text"])
                known[key] = text
                self._texts.put(key, text, len(text))
        found = {key: text for key, text in known.items() if text is not None}
        if len(found) < len(known):
            raise BadRows(self._articles, f"lacks {len(known) - len(found)} parts of texts")
        return found

    def _fetched(self, heads: Sequence[Head]) -> Iterator[tuple[Head, Content]]:
        """Yield heads and their sentences: of several together, or of one that has many, some at a time."""
        total = sum(head.sentences for head in heads)
        found = sentence_rows(self._client, self._sentences, heads, SENTENCE, _AT_ONCE)
        rows = {str(row["id"]): row for row in found}
        if len(rows) < total:
            raise BadRows(self._sentences, f"lacks {total - len(rows)} of {total} sentences")
        for head in heads:
            own = [rows[head.revision.sentence(ordinal)] for ordinal in range(head.sentences)]
            yield head, content_of(own, head.article.id)


def content_of(rows: Sequence[Mapping[str, Value]], article_id: str) -> Content:
    """Return the sentences that rows are, in their order."""
    return Content(
        tuple(sentence_of(row, article_id) for row in rows),
        vectors_of(rows),
        TokenVectors.build([pieces_of(row) for row in rows]),
    )


def vectors_of(rows: Sequence[Mapping[str, Value]]) -> NDArray[np.float32]:
    """Return the vectors of rows of sentences, `(n, dimension)` float32."""
    return np.array([row["vector"] for row in rows], dtype=np.float32).reshape(len(rows), -1)


def sentence_rows(
    client: Client, collection: str, heads: Sequence[Head], fields: Sequence[str], most: int
) -> Iterator[dict[str, Value]]:
    """Yield the rows of the sentences of articles: of several together, or of one that has many, `most` at a time."""
    condition = of_revisions([head.revision for head in heads])
    for start in range(0, sum(head.sentences for head in heads) or 1, most):
        some = f" and ordinal >= {start} and ordinal < {start + most}" if len(heads) == 1 else ""
        yield from client.rows(collection, condition + some, fields)
        if not some:
            break


def grouped(heads: Iterable[Head], most: int) -> Iterator[list[Head]]:
    """Yield heads in groups of up to `most` sentences together; an article of more is a group of its own."""
    batch: list[Head] = []
    total = 0
    for head in heads:
        if batch and (total + head.sentences > most or len(batch) == _HEADS):
            yield batch
            batch, total = [], 0
        batch.append(head)
        total += head.sentences
    if batch:
        yield batch
